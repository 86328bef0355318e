namespace Survey.Domain;

/// <summary>What became of a customer in a simulation.</summary>
/// <param name="Invited">The day of the invitation.</param>
/// <param name="Reminded">The day of the reminder.</param>
/// <param name="Phone">The day on which the case last went to the phone.</param>
/// <param name="HandedOver">The vendor was given the case.</param>
/// <param name="Completed">The day on which the complete response was learnt.</param>
/// <param name="MailFailed">The last mail did not arrive.</param>
public readonly record struct SimulatedOutcome(DateOnly? Invited, DateOnly? Reminded, DateOnly? Phone, bool HandedOver, DateOnly? Completed, bool MailFailed)
{
    /// <summary>The first contact that reached the outside; null: there was none.</summary>
    public DateOnly? FirstContact => Invited ?? (HandedOver ? Phone : null);

    /// <summary>Whether the same contacts were made on the same days.</summary>
    public bool IsLike(SimulatedOutcome other) => (Invited, Reminded, Phone) == (other.Invited, other.Reminded, other.Phone);

    internal static SimulatedOutcome Of(in PackedCase c) => new(Day(c.Invited), Day(c.Reminded), Day(c.Phone), c.WasHandedOver, Day(c.Completed), c.MailFailed);

    private static DateOnly? Day(int number) => number == 0 ? null : DateOnly.FromDayNumber(number);
}

/// <summary>The virtual clock: lives through days, one cycle a day, by the very rules of the cycle, under one configuration.</summary>
/// <remarks>
/// Every mail is accepted, unless the ledger knows that it was rejected; nobody answers, unless the ledger knows that somebody did.
/// A case is touched on the days on which something happens to it, and on no other: the work is that of the contacts, and not of days
/// times cases. Two simulations may run side by side over the same customers.
/// </remarks>
public sealed class Simulation
{
    private const int Never = int.MaxValue;

    /// <summary>More steps than any case can take on one day: invitation rejected, queued, handed over, and what comes back at once.</summary>
    private const int MostSteps = 8;

    private static readonly Reach[] Reaches = [.. from email in Enum.GetValues<Usability>() from phone in Enum.GetValues<Usability>() from no in new[] { false, true } select Reach.Anonymous(email, phone, no)];

    private readonly SimulatedCustomers customers;
    private readonly CustomerView[] views, viewsOfToday;
    private readonly ContactRules rules;
    private readonly (Market? Market, SurveyPolicy? Policy, Transaction Row)[] pairs;
    private readonly Running[] running;
    private readonly bool samples;
    private readonly Dictionary<(int Pair, int Dealer, DateOnly Month), Stratum> strata = [];
    private readonly int[] heads, nexts;
    private readonly int first;
    private readonly List<int> due = [];
    private int lived;

    /// <summary>Begins on the eve of the first day.</summary>
    /// <param name="customers">Who takes part, completed.</param>
    /// <param name="programme">The configuration.</param>
    /// <param name="views">How it sees each customer's row.</param>
    /// <param name="viewsOfToday">How the configuration that is in force does; the same where that is the one.</param>
    /// <param name="from">The first day that is lived.</param>
    /// <param name="to">The last.</param>
    public Simulation(SimulatedCustomers customers, Programme programme, CustomerView[] views, CustomerView[] viewsOfToday, DateOnly from, DateOnly to)
    {
        (this.customers, this.views, this.viewsOfToday, rules) = (customers, views, viewsOfToday, programme.Contact);
        pairs = [.. customers.Pairs.Select(p => (programme.MarketOf(p.Market), programme.MarketOf(p.Market)?.Policy(p.Survey), new Transaction
        {
            Key = new TransactionKey(p.Market, "", p.Survey, ""), EventDate = default, Vin = "", CustomerType = "",
        }))];
        samples = pairs.Any(p => p.Policy?.Sampling is not null);
        running = new Running[customers.Count];
        first = from.DayNumber;
        lived = first - 1;
        heads = new int[to.DayNumber - first + 1];
        Array.Fill(heads, -1);
        nexts = new int[customers.Count];
        for (var i = 0; i < customers.Count; i++)
        {
            ref readonly var customer = ref customers[i];
            running[i] = new Running
            {
                Case = customers.StandingOf(i) ?? default,
                HasCase = customers.StandingOf(i) is not null,
                NextLook = customers.StandingOf(i) is null ? Never : customer.NextLook,
                Rescreen = Never,
                Email = customer.Removed ? Usability.Usable : views[i].Email,
                Phone = customer.Removed ? Usability.Usable : views[i].Phone,
                OptedOut = customer.OptedOut,
                Cancelled = customer.Cancelled,
                InvitationQueued = customer.InvitationQueued,
            };
            Schedule(i);
        }
    }

    /// <summary>Lives through one cycle. Days are given in order; what fell due on days that are left out is done on the next.</summary>
    public void Live(DateOnly today)
    {
        var t = today.DayNumber;
        due.Clear();
        for (var day = lived + 1; day <= t; day++)
        {
            for (var i = heads[day - first]; i >= 0; i = nexts[i])
            {
                due.Add(i);
            }
        }

        if (samples)
        {
            due.Sort(); // rows are drawn for in the order in which they came first
        }

        foreach (var i in due)
        {
            Learn(i, t);
        }

        if (rules.RestDays > 0)
        {
            due.Sort((a, b) => customers[a].EventDay != customers[b].EventDay
                ? customers[a].EventDay.CompareTo(customers[b].EventDay)
                : customers[a].Id.CompareTo(customers[b].Id)); // the order in which a cycle decides
        }

        foreach (var i in due)
        {
            Plan(i, t);
        }

        lived = t;
        foreach (var i in due)
        {
            Schedule(i);
        }
    }

    /// <summary>What became of a customer so far.</summary>
    public SimulatedOutcome OutcomeOf(int customer)
    {
        ref readonly var run = ref running[customer];
        return run.HasCase ? SimulatedOutcome.Of(run.Case) : default;
    }

    /// <summary>The case as it stands; null: none was opened.</summary>
    public SurveyCase? CaseOf(int customer) => running[customer].HasCase ? running[customer].Case.Unpack() : null;

    private static DateOnly? Day(int number) => number == 0 ? null : DateOnly.FromDayNumber(number);

    /// <summary>What came from outside since the last cycle: it comes before every decision of the day.</summary>
    private void Learn(int i, int t)
    {
        ref var run = ref running[i];
        var facts = customers.FactsOf(i);
        for (var n = 0; n < facts.Length; n++)
        {
            if (IsDue(facts[n], run, t))
            {
                Notice(i, facts, n);
            }
        }

        foreach (var fact in facts)
        {
            if (fact.Kind > KnownKind.Cancelled && IsDue(fact, run, t))
            {
                Apply(i, fact, t);
            }
        }

        foreach (var fact in facts)
        {
            if (fact.Kind == KnownKind.Screened && IsDue(fact, run, t))
            {
                Screen(i, fact, t);
            }
        }

        if (run.Rescreen <= t)
        {
            run.Rescreen = Never;
            Screen(i, null, t);
        }
    }

    /// <summary>Whether a fact falls between the last cycle and this one.</summary>
    private bool IsDue(KnownFact fact, in Running run, int t) => DayOf(fact, run) is var day && day > lived && day <= t;

    private static int DayOf(KnownFact fact, in Running run)
    {
        if (fact.Anchor == KnownFact.NoAnchor)
        {
            return fact.Day;
        }

        var contact = fact.Anchor switch
        {
            KnownFact.Invitation => run.Case.Invited,
            KnownFact.Reminder => run.Case.Reminded,
            KnownFact.FirstHandOver => run.FirstHandOver,
            _ => run.HandOvers > fact.Anchor - KnownFact.FirstHandOver ? run.Case.Phone : 0,
        };
        return contact == 0 ? Never : contact + fact.Delay;
    }

    /// <summary>How the customer can be reached from this day on.</summary>
    private void Notice(int i, ReadOnlySpan<KnownFact> facts, int n)
    {
        ref var run = ref running[i];
        var fact = facts[n];
        switch (fact.Kind)
        {
            case KnownKind.Screened:
                // A row brought its own contact data: what happened next tells of it, else the row that is stored.
                run.Email = Ahead(i, facts, n, KnownKind.Email);
                run.Phone = Ahead(i, facts, n, KnownKind.Phone);
                run.OptedOut = Ahead(facts, n, KnownKind.OptedOut, customers[i].OptedOut);
                run.Cancelled = Ahead(facts, n, KnownKind.Cancelled, customers[i].Cancelled);
                if ((fact.A == 0 || fact.A == Screening.RuleOfSampling + 1) && run.Email != Usability.Usable && run.Phone != Usability.Usable)
                {
                    run.Email = Usability.Usable; // it passed all other rules: there was a way, which nobody can name any more
                }

                break;
            case KnownKind.Email:
                run.Email = (Usability)fact.A;
                LookNow(ref run, fact.Day);
                break;
            case KnownKind.Phone:
                run.Phone = (Usability)fact.A;
                LookNow(ref run, fact.Day);
                break;
            case KnownKind.OptedOut:
                run.OptedOut = fact.A == 1;
                LookNow(ref run, fact.Day);
                break;
            case KnownKind.Cancelled:
                run.Cancelled = fact.A == 1;
                LookNow(ref run, fact.Day);
                break;
            default:
                break;
        }
    }

    private static void LookNow(ref Running run, int day)
    {
        if (run.HasCase && run.Case.IsOpen)
        {
            run.NextLook = Math.Min(run.NextLook, day);
        }
    }

    /// <summary>What the next contact tells of an address or number; else the row that is stored, against the list as it was on the day.</summary>
    private Usability Ahead(int i, ReadOnlySpan<KnownFact> facts, int n, KnownKind kind)
    {
        foreach (var later in facts[n..])
        {
            if (later.Kind == kind && later.B != SimulatedCustomers.FromTheList)
            {
                return (Usability)later.A;
            }
        }

        var state = kind == KnownKind.Email ? Stored(i).Email : Stored(i).Phone;
        foreach (var listed in facts)
        {
            if (listed.Kind == kind && listed.B == SimulatedCustomers.FromTheList && listed.Day <= facts[n].Day)
            {
                state = (Usability)listed.A;
            }
        }

        return state;
    }

    /// <summary>Whether a customer had opted out, or a transaction was cancelled, when a row was screened: later on the same day is now, and a pass says no.</summary>
    private static bool Ahead(ReadOnlySpan<KnownFact> facts, int n, KnownKind kind, bool stored)
    {
        foreach (var later in facts[n..])
        {
            if (later is { Kind: KnownKind.Screened, A: 0 })
            {
                return false;
            }

            if (later.Kind == kind)
            {
                return later.A == 1 && later.Day == facts[n].Day;
            }
        }

        foreach (var listed in facts[..n])
        {
            if (listed.Kind == kind && listed.B == SimulatedCustomers.FromTheList)
            {
                return true;
            }
        }

        return stored;
    }

    private (Usability Email, Usability Phone) Stored(int i) => customers[i].Removed ? (Usability.Usable, Usability.Usable) : (views[i].Email, views[i].Phone);

    private void Apply(int i, KnownFact fact, int t)
    {
        var today = DateOnly.FromDayNumber(t);
        switch (fact.Kind)
        {
            case KnownKind.Bounced:
                Happen(i, new CaseEvent.MailUndelivered(today, (MailContact)fact.A, Bounced: true, ""), t);
                break;
            case KnownKind.Responded:
                Happen(i, new CaseEvent.Responded(today, fact.B == 1 ? "phone" : "web", SimulatedCustomers.Statuses[fact.A], today), t);
                break;
            case KnownKind.Called:
                Happen(i, new CaseEvent.CallReported(today, Dispositions.Table[fact.A].Code, (fact.B & 1) != 0, (fact.B & 2) != 0), t);
                break;
            case KnownKind.Erased:
                Happen(i, new CaseEvent.Ended(today, CloseReasons.Erased), t);
                break;
            default:
                break;
        }
    }

    /// <summary>A row was screened, or would be on the day on which its market becomes active.</summary>
    private void Screen(int i, KnownFact? onRecord, int t)
    {
        ref var run = ref running[i];
        var (market, policy, row) = pairs[customers[i].Pair];
        var today = DateOnly.FromDayNumber(t);
        var failed = Screening.Screen(new ScreeningInput(
            row with { EventDate = DateOnly.FromDayNumber(customers[i].EventDay), Cancelled = run.Cancelled },
            market, today, ReachOf(run), rules.RestDays, OtherContactOn(i, t))).Failed & ~Screening.RowRules;
        var verdict = new ScreeningVerdict(failed | RowVerdict(i, onRecord));
        if (samples && verdict.Eligible && !run.HasCase && !IsSampled(i)) // who had a case is never sampled out later
        {
            verdict = verdict.With(default);
        }

        if (!verdict.Eligible && onRecord is { A: var recorded } && verdict.Failed == Screening.MarketNotActiveBit && 1 << (recorded - 1) != Screening.MarketNotActiveBit)
        {
            run.Rescreen = market!.ActiveFrom.DayNumber; // the rolling extracts bring the row again
        }

        var c = run.HasCase ? run.Case.Unpack() : null;
        if (c is null || CaseTransitions.MayOpenAgain(c))
        {
            if (verdict.Eligible)
            {
                run.HasCase = true;
                Become(ref run, i, CaseTransitions.After(c, new CaseEvent.Opened(today)).Case, t);
            }
        }
        else if (c is { State: CaseState.Waiting, HasBeenContacted: false } && !verdict.Eligible)
        {
            Happen(i, new CaseEvent.Ended(today, verdict.Reason!), t);
        }
    }

    /// <summary>What sampling says of a customer who passed every other rule: the first time it is drawn, then it stays.</summary>
    private bool IsSampled(int i)
    {
        ref var run = ref running[i];
        if (run.Sampled == Answer.None)
        {
            var (pair, months) = (customers[i].Pair, Sampling.MonthsOf(DateOnly.FromDayNumber(customers[i].EventDay)));
            if (pairs[pair].Policy?.Sampling is not { } sampling || customers.DrawOf(i) is not (var draw, var dealer))
            {
                return true;
            }

            var (sample, after) = Sampling.Draw(
                sampling, draw, strata.GetValueOrDefault((pair, dealer, months.Month)), () => strata.GetValueOrDefault((pair, dealer, months.Before)).Eligible);
            if (sampling.PerDealerAndMonth is not null)
            {
                strata[(pair, dealer, months.Month)] = after;
            }

            run.Sampled = sample.IsTaken ? Answer.Taken : Answer.NotTaken;
        }

        return run.Sampled == Answer.Taken;
    }

    /// <summary>What the row itself failed. Where the verdict on record contradicts the row that is stored, it was another row then.</summary>
    private int RowVerdict(int i, KnownFact? onRecord)
    {
        var now = (int)viewsOfToday[i].FailedRules;
        if (onRecord is not { B: 1, A: var place })
        {
            return views[i].FailedRules;
        }

        var recorded = place == 0 ? 0 : 1 << (place - 1);
        var agrees = recorded == 0 ? now == 0
            : (recorded & Screening.RowRules) != 0 ? (now & -now) == recorded
            : (now & (recorded - 1)) == 0;
        return agrees ? views[i].FailedRules : recorded & Screening.RowRules;
    }

    /// <summary>Decides, and does what was decided, until the case waits for another day.</summary>
    private void Plan(int i, int t)
    {
        ref var run = ref running[i];
        var today = DateOnly.FromDayNumber(t);
        for (var step = 0; step < MostSteps && run.HasCase && run.NextLook <= t; step++)
        {
            var c = run.Case.Unpack();
            ref readonly var customer = ref customers[i];
            var (market, policy, _) = pairs[customer.Pair];
            var action = ContactPlan.Decide(
                new PlannedCase(c, DateOnly.FromDayNumber(customer.EventDay), default, ReachOf(run), run.Cancelled, c.State == CaseState.Waiting ? OtherContactOn(i, t) : null),
                market, policy, rules, today);
            run.InvitationQueued = false;
            if (action is ContactAction.Wait wait)
            {
                run.NextLook = Math.Max(wait.Until.DayNumber, t + 1);
                return;
            }

            if (action is ContactAction.Rest)
            {
                run.NextLook = Never;
                return;
            }

            if (c.State == CaseState.Waiting && action is ContactAction.Send or ContactAction.QueueForPhone)
            {
                run.Touched = t;
            }

            Happen(i, ContactPlan.FactOf(action, today) ?? Sent(i, ((ContactAction.Send)action).Contact, today), t);
            foreach (var fact in customers.FactsOf(i))
            {
                if (fact is { Anchor: not KnownFact.NoAnchor, Delay: 0 } && DayOf(fact, run) == t && IsOf(fact, action))
                {
                    Apply(i, fact, t); // more than one cycle on that day
                }
            }
        }

        run.NextLook = run.NextLook <= t ? t + 1 : run.NextLook;
    }

    private CaseEvent Sent(int i, MailContact contact, DateOnly today) =>
        customers[i].Made.HasFlag(contact == MailContact.Invitation ? ContactsMade.InvitationRejected : ContactsMade.ReminderRejected)
            ? new CaseEvent.MailUndelivered(today, contact, Bounced: false, "")
            : new CaseEvent.MailAccepted(today, contact);

    private static bool IsOf(KnownFact fact, ContactAction action) => action switch
    {
        ContactAction.Send { Contact: MailContact.Invitation } => fact.Anchor == KnownFact.Invitation,
        ContactAction.Send => fact.Anchor == KnownFact.Reminder,
        ContactAction.HandOver => fact.Anchor >= KnownFact.FirstHandOver,
        _ => false,
    };

    private void Happen(int i, CaseEvent fact, int t)
    {
        ref var run = ref running[i];
        if (!run.HasCase)
        {
            return; // under this configuration there was never a case
        }

        if (fact is CaseEvent.HandedOver && run.Case.State == CaseState.PhoneQueued)
        {
            run.HandOvers++;
            run.FirstHandOver = run.HandOvers == 1 ? t : run.FirstHandOver;
        }

        Become(ref run, i, CaseTransitions.After(run.Case.Unpack(), fact).Case, t);
    }

    private void Become(ref Running run, int i, SurveyCase after, int t)
    {
        run.Case = PackedCase.Of(after);
        ref readonly var customer = ref customers[i];
        var next = ContactPlan.NextLook(after, DateOnly.FromDayNumber(customer.EventDay), pairs[customer.Pair].Policy, rules, DateOnly.FromDayNumber(t))?.DayNumber ?? Never;
        run.NextLook = after.IsOpen && run.NextLook <= t ? Math.Min(next, t) : next;
    }

    /// <summary>The latest first contact of the same customer for another case, those that are only a moment away included.</summary>
    private DateOnly? OtherContactOn(int i, int t)
    {
        if (rules.RestDays == 0)
        {
            return null;
        }

        var latest = 0;
        foreach (var other in customers.NeighboursOf(i))
        {
            ref readonly var run = ref running[other];
            if (run.HasCase)
            {
                var contact = run.Case.Invited > 0 ? run.Case.Invited
                    : run.Case.Phone > 0 ? run.Case.Phone
                    : run.Touched == t || (run.InvitationQueued && run.Case.State == CaseState.Waiting) ? t : 0;
                latest = Math.Max(latest, contact);
            }
        }

        return Day(latest);
    }

    private static Reach ReachOf(in Running run) => Reaches[((((int)run.Email * 5) + (int)run.Phone) * 2) + (run.OptedOut ? 1 : 0)];

    /// <summary>Puts the customer where the next thing happens to him.</summary>
    private void Schedule(int i)
    {
        ref readonly var run = ref running[i];
        var next = Math.Min(run.HasCase ? run.NextLook : Never, run.Rescreen);
        foreach (var fact in customers.FactsOf(i))
        {
            if (DayOf(fact, run) is var day && day > lived && day < next)
            {
                next = day;
            }
        }

        var place = Math.Max(next, lived + 1) - first;
        if (next != Never && place < heads.Length)
        {
            (nexts[i], heads[place]) = (heads[place], i);
        }
    }

    /// <summary>What sampling said of a customer.</summary>
    private enum Answer : byte
    {
        None,
        Taken,
        NotTaken,
    }

    private struct Running
    {
        public PackedCase Case;
        public bool HasCase, OptedOut, Cancelled, InvitationQueued;
        public Usability Email, Phone;
        public byte HandOvers;
        public Answer Sampled;
        public int NextLook, FirstHandOver, Rescreen, Touched;
    }
}
