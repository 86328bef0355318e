namespace Survey.Domain;

/// <summary>How one configuration sees a customer's latest row.</summary>
/// <param name="Email">Whether the address could be used, no list considered.</param>
/// <param name="Phone">Whether a number could be used.</param>
/// <param name="FailedRules">The rules of <see cref="Screening.RowRules"/> that the row fails.</param>
public readonly record struct CustomerView(Usability Email, Usability Phone, int FailedRules);

/// <summary>Which contacts were really made to a customer: what came after them is known, what would come after others is not.</summary>
[Flags]
public enum ContactsMade : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The invitation was accepted by a mail server.</summary>
    Invitation = 1,

    /// <summary>The reminder was.</summary>
    Reminder = 2,

    /// <summary>The vendor was given the case.</summary>
    Phone = 4,

    /// <summary>The invitation was rejected by a mail server.</summary>
    InvitationRejected = 8,

    /// <summary>The reminder was rejected.</summary>
    ReminderRejected = 16,
}

/// <summary>
/// Who takes part in a simulation, and what is known of each whatever the configuration: where the case stands, or every fact that the
/// ledger has. Nothing in it says who anybody is.
/// </summary>
/// <remarks>
/// A history is made of customers with facts, the coming weeks of customers with a case. Facts are given in the order of the ledger, then
/// <see cref="Complete"/> puts those of each customer together. A customer takes about 120 bytes with all that one simulation keeps of him, a fact 12
/// (28 while the ledger is read).
/// </remarks>
public sealed class SimulatedCustomers
{
    private const int ChunkBits = 16, ChunkMask = (1 << ChunkBits) - 1;

    private readonly List<(string Market, SurveyKind Survey)> pairs = [];
    private readonly Dictionary<(string, SurveyKind), int> pairNumbers = [];
    private readonly List<Customer> customers = [];
    private readonly List<PackedCase> standings = [];
    private PackedCase[] real = [];
    private readonly Dictionary<int, int[]> neighbours = [];
    private readonly HashSet<int> withSuppressions = [];
    private readonly Dictionary<string, int> dealers = new(StringComparer.Ordinal);
    private (int Draw, int Dealer)[] draws = [];
    private readonly List<(int Customer, KnownFact Fact)[]> arriving = [];
    private int arrived;
    private Trace[] traces = [];
    private int[] starts = [];
    private KnownFact[] facts = [];

    /// <summary>How many there are.</summary>
    public int Count => customers.Count;

    /// <summary>The markets and surveys that they belong to.</summary>
    public IReadOnlyList<(string Market, SurveyKind Survey)> Pairs => pairs;

    /// <summary>Adds a customer of whom a row is known, for a history.</summary>
    /// <param name="id">The transaction's number.</param>
    /// <param name="market">Its country.</param>
    /// <param name="survey">Its survey.</param>
    /// <param name="eventDate">Its day.</param>
    /// <param name="cancelled">What the latest row says.</param>
    /// <param name="optedOut">The latest row is flagged for both modes.</param>
    /// <param name="removed">The contact data was removed: how the customer could be reached is inferred from what happened.</param>
    public int Add(long id, string market, SurveyKind survey, DateOnly eventDate, bool cancelled, bool optedOut, bool removed) => Add(new Customer
    {
        Id = id,
        Pair = PairOf(market, survey),
        EventDay = eventDate.DayNumber,
        Cancelled = cancelled,
        OptedOut = optedOut && !removed,
        Removed = removed,
    });

    /// <summary>Adds a customer whose case stands somewhere, for the coming weeks.</summary>
    /// <param name="id">The case's number.</param>
    /// <param name="market">Its market.</param>
    /// <param name="survey">Its survey.</param>
    /// <param name="eventDate">The day from which its window counts.</param>
    /// <param name="standing">Where it stands.</param>
    /// <param name="nextLook">The day on which it is looked at; null: it has ended.</param>
    /// <param name="cancelled">The transaction was cancelled.</param>
    /// <param name="optedOut">The customer wants no contact.</param>
    /// <param name="invitationQueued">An invitation is on its way already.</param>
    public int Add(
        long id, string market, SurveyKind survey, DateOnly eventDate, SurveyCase standing, DateOnly? nextLook, bool cancelled, bool optedOut, bool invitationQueued)
    {
        standings.Add(PackedCase.Of(standing));
        return Add(new Customer
        {
            Id = id,
            Pair = PairOf(market, survey),
            EventDay = eventDate.DayNumber,
            NextLook = nextLook?.DayNumber ?? int.MaxValue,
            Cancelled = cancelled,
            OptedOut = optedOut,
            InvitationQueued = invitationQueued,
        });
    }

    /// <summary>The number of a customer's transaction or case.</summary>
    public long IdOf(int customer) => customers[customer].Id;

    /// <summary>The market and survey of a customer, as a place in <see cref="Pairs"/>.</summary>
    public int PairOf(int customer) => customers[customer].Pair;

    /// <summary>The contacts that were really made.</summary>
    public ContactsMade MadeTo(int customer) => customers[customer].Made;

    /// <summary>What really became of a customer, as the facts tell; the day of a complete response is that on which it was learnt.</summary>
    public SimulatedOutcome RealityOf(int customer) => customer < real.Length && customers[customer].HadCase ? SimulatedOutcome.Of(real[customer]) : default;

    /// <summary>Whether everything on record was decided by the policy of today.</summary>
    public bool IsOfPolicyOfToday(int customer) => !customers[customer].OfOtherPolicy;

    /// <summary>Something was decided by another policy than that of today.</summary>
    public void DecidedOtherwise(int customer) => customers[customer] = customers[customer] with { OfOtherPolicy = true };

    /// <summary>Other customers by the same address or number: a first contact of one makes the others rest.</summary>
    public void Share(int customer, int[] others) => neighbours[customer] = others;

    /// <summary>What sampling goes by, where a configuration samples; all customers are there. Who has no number is always sampled.</summary>
    /// <param name="customer">Whose.</param>
    /// <param name="draw">The number of his transaction.</param>
    /// <param name="dealer">Its dealer.</param>
    public void DrawnFor(int customer, int draw, string dealer)
    {
        if (draws.Length == 0)
        {
            draws = new (int, int)[Count];
        }

        if (!dealers.TryGetValue(dealer, out var number))
        {
            dealers.Add(dealer, number = dealers.Count);
        }

        draws[customer] = (draw, number);
    }

    /// <summary>The list says something of a customer's address since a day.</summary>
    public void SuppressEmail(int customer, DateOnly since, Usability state) => Suppress(customer, since, KnownKind.Email, (byte)state);

    /// <summary>The list leaves no number of a customer since a day.</summary>
    public void SuppressPhone(int customer, DateOnly since, Usability state) => Suppress(customer, since, KnownKind.Phone, (byte)state);

    /// <summary>The customer wants no contact in any mode since a day.</summary>
    public void SuppressAll(int customer, DateOnly since) => Suppress(customer, since, KnownKind.OptedOut, 1);

    /// <summary>A row of the transaction was screened.</summary>
    /// <param name="customer">Whose.</param>
    /// <param name="day">When.</param>
    /// <param name="reason">The rule that failed; null: eligible.</param>
    /// <param name="byPolicyOfToday">The policy was that of today: where the latest row would be judged otherwise, it was another row then.</param>
    public void Screened(int customer, DateOnly day, string? reason, bool byPolicyOfToday)
    {
        ref var trace = ref TraceOf(customer);
        if (reason is null)
        {
            trace = default; // a case that is opened again begins anew
            Really(customer, new CaseEvent.Opened(day));
        }

        var bit = Screening.BitOf(reason);
        Add(customer, day, KnownKind.Screened, reason is null ? (byte)0 : (byte)(System.Numerics.BitOperations.TrailingZeroCount(bit) + 1), byPolicyOfToday ? (byte)1 : (byte)0);
        switch (reason)
        {
            case CloseReasons.TransactionCancelled:
                Add(customer, day, KnownKind.Cancelled, 1);
                break;
            case CloseReasons.OptedOut:
                Add(customer, day, KnownKind.OptedOut, 1);
                break;
            case CloseReasons.NoContactChannel:
                Add(customer, day, KnownKind.Email, (byte)Usability.None);
                Add(customer, day, KnownKind.Phone, (byte)Usability.None);
                break;
            default:
                break; // the row says why, or the calendar
        }
    }

    /// <summary>A fact of the ledger. What we decided ourselves is kept only as far as it tells how the customer could be reached.</summary>
    public void Happened(int customer, CaseEvent fact)
    {
        ref var trace = ref TraceOf(customer);
        Really(customer, fact is CaseEvent.Responded r ? r with { CompletedOn = r.Day } : fact);
        var made = customers[customer].Made;
        switch (fact)
        {
            case CaseEvent.MailAccepted e:
                Add(customer, e.Day, KnownKind.Email, (byte)Usability.Usable);
                trace = e.Contact == MailContact.Invitation
                    ? trace with { Invited = e.Day.DayNumber, MailFailed = false }
                    : trace with { Reminded = e.Day.DayNumber, MailFailed = false };
                made |= e.Contact == MailContact.Invitation ? ContactsMade.Invitation : ContactsMade.Reminder;
                break;
            case CaseEvent.MailUndelivered { Bounced: false } e:
                made |= e.Contact == MailContact.Invitation ? ContactsMade.InvitationRejected : ContactsMade.ReminderRejected;
                trace = trace with { MailFailed = true };
                break;
            case CaseEvent.MailUndelivered e:
                Follow(customer, e.Day, e.Contact == MailContact.Invitation ? KnownFact.Invitation : KnownFact.Reminder, trace, KnownKind.Bounced, (byte)e.Contact);
                trace = trace with { MailFailed = trace.MailFailed || e.Contact == MailContact.Reminder || trace.Reminded == 0 };
                break;
            case CaseEvent.QueuedForPhone e:
                if (e.Reason is PhoneReasons.NoEmail or PhoneReasons.EmailOptOut || (e.Reason == PhoneReasons.EmailUndeliverable && !trace.MailFailed))
                {
                    Add(customer, e.Day, KnownKind.Email, (byte)(e.Reason == PhoneReasons.EmailOptOut ? Usability.OptedOut : Usability.None));
                }

                Add(customer, e.Day, KnownKind.Phone, (byte)Usability.Usable);
                break;
            case CaseEvent.HandedOver e:
                Add(customer, e.Day, KnownKind.Phone, (byte)Usability.Usable);
                trace = trace with { HandedOver = e.Day.DayNumber, HandOvers = (byte)Math.Min(trace.HandOvers + 1, 100) };
                made |= ContactsMade.Phone;
                break;
            case CaseEvent.Ended e:
                Ended(customer, e, trace);
                break;
            case CaseEvent.Responded e:
                Follow(customer, e.Day, trace.LatestContact(e.Mode == "phone"), trace, KnownKind.Responded, (byte)Array.IndexOf(Statuses, e.Status), e.Mode == "phone" ? (byte)1 : (byte)0);
                break;
            case CaseEvent.CallReported e:
                Follow(customer, e.Day, trace.LatestContact(byPhone: true), trace, KnownKind.Called, CodeOf(e.Code), (byte)((e.Final ? 1 : 0) | (e.OtherNumber ? 2 : 0)));
                break;
            default:
                break; // opened: see Screened
        }

        if (made != customers[customer].Made)
        {
            customers[customer] = customers[customer] with { Made = made };
        }
    }

    /// <summary>All are there: puts the facts of each customer together.</summary>
    public void Complete()
    {
        starts = new int[Count + 1];
        for (var n = 0; n < arrived; n++)
        {
            starts[arriving[n >> ChunkBits][n & ChunkMask].Customer + 1]++;
        }

        for (var i = 0; i < Count; i++)
        {
            starts[i + 1] += starts[i];
        }

        facts = new KnownFact[arrived];
        var next = starts.AsSpan(0, Count).ToArray();
        for (var n = 0; n < arrived; n++)
        {
            var (customer, fact) = arriving[n >> ChunkBits][n & ChunkMask];
            facts[next[customer]++] = fact;
        }

        arriving.Clear();
        traces = [];
        foreach (var customer in withSuppressions)
        {
            // They were added first; a list that speaks since a day does so before that day's contacts.
            var own = facts.AsSpan(starts[customer], starts[customer + 1] - starts[customer]);
            var sorted = own.ToArray().OrderBy(f => f.Day).ToArray();
            sorted.CopyTo(own);
        }
    }

    internal ReadOnlySpan<KnownFact> FactsOf(int customer) => starts.Length == 0 ? default : facts.AsSpan(starts[customer], starts[customer + 1] - starts[customer]);

    /// <summary>Where the case of a customer stands at the beginning; null in a history.</summary>
    internal PackedCase? StandingOf(int customer) => standings.Count == 0 ? null : standings[customer];

    internal ref readonly Customer this[int customer] => ref System.Runtime.InteropServices.CollectionsMarshal.AsSpan(customers)[customer];

    /// <summary>A customer's number, and his dealer's; null where nobody is drawn for.</summary>
    internal (int Draw, int Dealer)? DrawOf(int customer) => draws.Length == 0 ? null : draws[customer];

    internal ReadOnlySpan<int> NeighboursOf(int customer) => neighbours.GetValueOrDefault(customer);

    internal static readonly string[] Statuses = [.. ResponseStatuses.All];

    private static byte CodeOf(string code)
    {
        for (var i = 0; i < Dispositions.Table.Count; i++)
        {
            if (Dispositions.Table[i].Code == code)
            {
                return (byte)i;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(code), code, "Unknown disposition code.");
    }

    private void Really(int customer, CaseEvent fact)
    {
        if (real.Length <= customer)
        {
            Array.Resize(ref real, Math.Max(Count, 2 * real.Length));
        }

        real[customer] = PackedCase.Of(CaseTransitions.After(customers[customer].HadCase ? real[customer].Unpack() : null, fact).Case);
        if (!customers[customer].HadCase)
        {
            customers[customer] = customers[customer] with { HadCase = true };
        }
    }

    private void Ended(int customer, CaseEvent.Ended e, Trace trace)
    {
        switch (e.Reason)
        {
            case CloseReasons.Erased:
                Add(customer, e.Day, KnownKind.Erased);
                break;
            case CloseReasons.TransactionCancelled:
                Add(customer, e.Day, KnownKind.Cancelled, 1);
                break;
            case CloseReasons.OptedOut:
                Add(customer, e.Day, KnownKind.OptedOut, 1);
                break;
            case CloseReasons.NoResponse:
                Add(customer, e.Day, KnownKind.Phone, (byte)Usability.None);
                break;
            case CloseReasons.NoContactChannel:
                Add(customer, e.Day, KnownKind.Phone, (byte)Usability.None);
                if (!trace.MailFailed)
                {
                    Add(customer, e.Day, KnownKind.Email, (byte)Usability.None);
                }

                break;
            default:
                break; // the plan ended it, and decides anew
        }
    }

    private int Add(Customer customer)
    {
        customers.Add(customer);
        return customers.Count - 1;
    }

    private void Add(int customer, DateOnly day, KnownKind kind, byte a = 0, byte b = 0) =>
        Add(customer, new KnownFact(day.DayNumber, kind, KnownFact.NoAnchor, 0, a, b));

    private void Add(int customer, KnownFact fact)
    {
        if (arrived >> ChunkBits == arriving.Count)
        {
            arriving.Add(new (int, KnownFact)[1 << ChunkBits]);
        }

        arriving[arrived >> ChunkBits][arrived++ & ChunkMask] = (customer, fact);
    }

    private void Follow(int customer, DateOnly day, byte anchor, Trace trace, KnownKind kind, byte a, byte b = 0)
    {
        var contact = anchor switch
        {
            KnownFact.NoAnchor => 0,
            KnownFact.Invitation => trace.Invited,
            KnownFact.Reminder => trace.Reminded,
            _ => trace.HandedOver,
        };
        var delay = day.DayNumber - contact;
        var (at, after) = contact > 0 && delay is >= 0 and <= short.MaxValue ? (anchor, (short)delay) : (KnownFact.NoAnchor, (short)0);
        Add(customer, new KnownFact(day.DayNumber, kind, at, after, a, b));
    }

    private void Suppress(int customer, DateOnly since, KnownKind kind, byte state)
    {
        withSuppressions.Add(customer);
        Add(customer, new KnownFact(since.DayNumber, kind, KnownFact.NoAnchor, 0, state, FromTheList));
    }

    /// <summary>B of a fact that the suppression list told, and not a contact.</summary>
    internal const byte FromTheList = 1;

    private ref Trace TraceOf(int customer)
    {
        if (traces.Length <= customer)
        {
            Array.Resize(ref traces, Math.Max(Count, 2 * traces.Length));
        }

        return ref traces[customer];
    }

    private int PairOf(string market, SurveyKind survey)
    {
        if (!pairNumbers.TryGetValue((market, survey), out var number))
        {
            pairs.Add((market, survey));
            pairNumbers.Add((market, survey), number = pairs.Count - 1);
        }

        return number;
    }

    /// <summary>One customer.</summary>
    internal readonly record struct Customer
    {
        public long Id { get; init; }

        public int Pair { get; init; }

        public int EventDay { get; init; }

        public int NextLook { get; init; }

        public ContactsMade Made { get; init; }

        public bool Cancelled { get; init; }

        public bool OptedOut { get; init; }

        public bool Removed { get; init; }

        public bool InvitationQueued { get; init; }

        public bool HadCase { get; init; }

        public bool OfOtherPolicy { get; init; }
    }

    /// <summary>How far the ledger has come with a customer, while it is read.</summary>
    private readonly record struct Trace(int Invited, int Reminded, int HandedOver, byte HandOvers, bool MailFailed)
    {
        public byte LatestContact(bool byPhone) =>
            HandOvers > 0 && (byPhone || HandedOver >= Math.Max(Invited, Reminded)) ? (byte)(KnownFact.FirstHandOver + HandOvers - 1)
            : Reminded > 0 ? KnownFact.Reminder
            : Invited > 0 ? KnownFact.Invitation
            : KnownFact.NoAnchor;
    }
}
