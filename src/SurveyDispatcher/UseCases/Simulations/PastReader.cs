using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases.Simulations;

/// <summary>Those who take part in a simulation, and how each configuration sees them.</summary>
/// <param name="Customers">Without names, addresses or numbers.</param>
/// <param name="Views">By configuration, by customer.</param>
/// <param name="Days">The days to live.</param>
internal sealed record Cast(SimulatedCustomers Customers, IReadOnlyList<CustomerView[]> Views, IReadOnlyList<DateOnly> Days);

/// <summary>Reads a store's whole history into memory: every transaction with its facts.</summary>
/// <param name="database">The store, at one moment.</param>
/// <param name="vault">Reads contact data, which is dropped at once.</param>
/// <param name="configs">The configurations, first the one in force.</param>
internal sealed class PastReader(Database database, Vault vault, IReadOnlyList<PipelineConfig> configs)
{
    private readonly SimulatedCustomers customers = new();
    private readonly List<CustomerView>[] views = [.. configs.Select(_ => new List<CustomerView>())];
    private readonly SharedPoints points = new();
    private readonly Utf8Words words = new();
    private readonly bool rests = configs.Any(c => c.Programme.Contact.RestDays > 0);
    private int[] numbers = [];

    /// <summary>Reads it.</summary>
    public Cast Read(IProgressView progress)
    {
        numbers = new int[database["simulate.last_transaction"].Scalar<long>() + 1];
        var suppressed = new Dictionary<long, (Suppression Flags, DateOnly Since)>();
        database["simulate.suppressions"].Each(r => suppressed[r.GetInt64(0)] = ((Suppression)r.GetInt32(1), r.Day(2)));
        RowPipe.Run(database["simulate.transactions"], (page, row) =>
        {
            Add(page, row, suppressed);
            Report(progress, $"reading customers", customers.Count);
        });
        if (rests)
        {
            points.ShareAmong(customers, database, id => id < numbers.Length ? numbers[id] - 1 : -1);
        }

        if (configs.Any(c => c.Programme.Markets.Values.Any(m => (m.Sales?.Sampling ?? m.Service?.Sampling) is not null)))
        {
            RowPipe.Run(database["simulate.draws"], (page, row) =>
            {
                var key = new TransactionKey(
                    words.Of(page.Text(row, 1)), words.Of(page.Text(row, 2)), SurveyKinds.FromCode(words.Of(page.Text(row, 3))), Encoding.UTF8.GetString(page.Text(row, 4)));
                customers.DrawnFor(numbers[page.Number(row, 0)] - 1, Sampling.DrawOf(vault.Hash(key)), key.DealerCode);
            });
        }

        var days = new HashSet<DateOnly>();
        database["simulate.days"].Each(r => days.Add(r.Day(0)));
        ReadLedger(days, progress);
        customers.Complete();
        return new Cast(customers, [.. views.Select(v => v.ToArray())], [.. days.Order()]);
    }

    private void Add(RowPage page, int row, Dictionary<long, (Suppression Flags, DateOnly Since)> suppressed)
    {
        var flags = (OptOutFlags)page.Number(row, 9);
        var contact = page.Text(row, 10);
        var removed = contact.IsEmpty;
        var transaction = new Transaction
        {
            Key = new TransactionKey(words.Of(page.Text(row, 1)), "", SurveyKinds.FromCode(words.Of(page.Text(row, 2))), ""),
            EventDate = page.DayOrNull(row, 3)!.Value,
            PurchaseDate = page.DayOrNull(row, 4),
            MileageKm = (int?)page.NumberOrNull(row, 5),
            CustomerType = words.Of(page.Text(row, 6)),
            PaymentType = words.Of(page.Text(row, 7)),
            Cancelled = page.Number(row, 8) != 0,
            Vin = "",
            Contact = removed ? ContactData.None : vault.UnsealContact(contact.ToArray()),
            EmailOptOut = flags.HasFlag(OptOutFlags.Email),
            PhoneOptOut = flags.HasFlag(OptOutFlags.Phone),
        };
        var customer = customers.Add(
            page.Number(row, 0), transaction.Key.Country, transaction.Key.Survey, transaction.EventDate, transaction.Cancelled,
            flags == (OptOutFlags.Email | OptOutFlags.Phone), removed);
        numbers[page.Number(row, 0)] = customer + 1;
        ContactPoints? seen = null;
        for (var c = 0; c < configs.Count; c++)
        {
            var programme = configs[c].Programme;
            var market = programme.MarketOf(transaction.Key.Country);
            var read = market is null ? null : c > 0 && ReadsAlike(configs[0].Programme, programme, market) ? seen : ContactPoints.From(transaction.Contact, market, programme);
            seen = c == 0 ? read : seen;
            var reach = Reach.Of(read ?? Nowhere, transaction.EmailOptOut, transaction.PhoneOptOut, 0, 0, 0);
            var failed = Screening.Screen(new ScreeningInput(transaction, market, transaction.EventDate, reach, 0, null)).Failed & Screening.RowRules;
            views[c].Add(new CustomerView(reach.EmailState, reach.PhoneState, failed));
        }

        if (seen is not null && (suppressed.Count > 0 || rests))
        {
            var hashes = new CaseStore(database, vault).Hashes(seen);
            Suppress(customer, seen, hashes, suppressed);
            if (rests)
            {
                points.Add(customer, CaseStore.Set(hashes));
            }
        }

        if (rests && removed)
        {
            points.Add(customer, MemoryMarshal.Cast<byte, long>(page.Text(row, 11)));
        }
    }

    internal static readonly ContactPoints Nowhere = new(null, Usability.None, null, null);

    /// <summary>Two programmes take the same contact data of a market alike.</summary>
    private static bool ReadsAlike(Programme a, Programme b, Market market) =>
        a.MarketOf(market.Code)?.Dialling == market.Dialling && a.DiallingRules.SequenceEqual(b.DiallingRules) && a.Placeholders.Patterns.SequenceEqual(b.Placeholders.Patterns);

    /// <summary>What the list says, since when. Where an entry has grown (a dead address, then a no to everything) only its first day is known.</summary>
    private void Suppress(
        int customer, ContactPoints seen, (long Email, long Phone1, long Phone2) hashes, Dictionary<long, (Suppression Flags, DateOnly Since)> suppressed)
    {
        if (suppressed.Count == 0)
        {
            return;
        }

        var email = Entry(hashes.Email);
        var phones = new[] { (Has: seen.Phone1 is not null, Entry: Entry(hashes.Phone1)), (Has: seen.Phone2 is not null, Entry: Entry(hashes.Phone2)) }.Where(p => p.Has).ToList();
        if (email is { } e && StateOf(e.Flags) is var state and not Usability.Usable)
        {
            customers.SuppressEmail(customer, e.Since, state);
        }

        if (phones.Count > 0 && phones.TrueForAll(p => p.Entry is { } entry && StateOf(entry.Flags) != Usability.Usable))
        {
            var last = phones.MaxBy(p => p.Entry!.Value.Since).Entry!.Value;
            customers.SuppressPhone(customer, last.Since, phones.Exists(p => StateOf(p.Entry!.Value.Flags) == Usability.OptedOut) ? Usability.OptedOut : Usability.Dead);
        }

        var all = phones.Select(p => p.Entry).Append(email).OfType<(Suppression Flags, DateOnly Since)>()
            .Where(x => x.Flags.HasFlag(Suppression.All) && (x.Flags & (Suppression.OptOut | Suppression.Dead)) == 0).Select(x => (DateOnly?)x.Since).Min();
        if (all is { } since)
        {
            customers.SuppressAll(customer, since);
        }

        (Suppression Flags, DateOnly Since)? Entry(long hash) => hash != 0 && suppressed.TryGetValue(hash, out var found) ? found : null;
    }

    private static Usability StateOf(Suppression flags) =>
        (flags & (Suppression.OptOut | Suppression.All)) != 0 ? Usability.OptedOut : (flags & Suppression.Dead) != 0 ? Usability.Dead : Usability.Usable;

    private void ReadLedger(HashSet<DateOnly> days, IProgressView progress)
    {
        var ofToday = PoliciesOfToday();
        var between = database["simulate.between"].List(r => r.GetInt64(0)).ToHashSet();
        var ledger = new LedgerBytes();
        long lines = 0;
        RowPipe.Run(database["simulate.ledger"], (page, row) =>
        {
            Report(progress, $"reading the ledger", ++lines);
            if (page.Number(row, 0) is var id && (id >= numbers.Length || numbers[id] == 0))
            {
                return;
            }

            var (customer, day) = (numbers[id] - 1, page.DayOrNull(row, 1)!.Value);
            var kind = page.Text(row, 2);
            var detail = page.Text(row, 3);
            if (!between.Contains(page.Number(row, 5)))
            {
                days.Add(day);
            }

            if (!ofToday.Contains(page.Number(row, 4)))
            {
                customers.DecidedOtherwise(customer);
            }

            switch (ledger.Fact(day, kind, detail))
            {
                case CaseEvent.Opened:
                    customers.Screened(customer, day, null, ofToday.Contains(page.Number(row, 4)));
                    break;
                case { } fact:
                    customers.Happened(customer, fact);
                    break;
                case null when ledger.IsScreenedOut(kind):
                    customers.Screened(customer, day, ledger.Reason(detail), ofToday.Contains(page.Number(row, 4)));
                    break;
                default:
                    break; // the erasure of somebody who was never asked
            }
        });
    }

    /// <summary>The policies on record that say what the one in force says, however they were written.</summary>
    private HashSet<long> PoliciesOfToday()
    {
        var today = Parsed(configs[0].ProgrammeText);
        return [.. database["simulate.policies"].List(r => (Id: r.GetInt64(0), Text: r.GetString(1))).Where(p => JsonNode.DeepEquals(Parsed(p.Text), today)).Select(p => p.Id)];

        static JsonNode? Parsed(string text)
        {
            try
            {
                return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            }
            catch (JsonException)
            {
                return null; // what an older version of the program could read: it is another one
            }
        }
    }

    private static void Report(IProgressView progress, Phrase step, long done)
    {
        if (done % 10_000 == 0)
        {
            progress.Report(step, done, 0);
        }
    }
}

/// <summary>Which customers have an address or a number in common: a first contact of one makes the others rest.</summary>
internal sealed class SharedPoints
{
    private readonly Dictionary<long, List<int>> owners = [];

    /// <summary>A customer is contacted by these.</summary>
    public void Add(int customer, ReadOnlySpan<long> hashes)
    {
        foreach (var hash in hashes)
        {
            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(owners, hash, out _);
            (list ??= new List<int>(1)).Add(customer);
        }
    }

    /// <summary>Tells each customer who else is found by what he is contacted by now, former addresses included.</summary>
    /// <param name="customers">All.</param>
    /// <param name="database">The store.</param>
    /// <param name="numberOf">The customer of a case's number; negative: none.</param>
    public void ShareAmong(SimulatedCustomers customers, Database database, Func<long, int> numberOf)
    {
        var others = new Dictionary<int, HashSet<int>>();
        var (hash, members) = (0L, new List<int>());
        database["simulate.identities"].Each(r =>
        {
            if (r.GetInt64(0) != hash)
            {
                Close();
                hash = r.GetInt64(0);
            }

            if (owners.ContainsKey(hash) && numberOf(r.GetInt64(1)) is >= 0 and var number)
            {
                members.Add(number);
            }
        });
        Close();
        foreach (var (customer, found) in others)
        {
            customers.Share(customer, [.. found]);
        }

        void Close()
        {
            foreach (var owner in members.Count > 0 ? owners.GetValueOrDefault(hash) ?? [] : [])
            {
                foreach (var member in members.Where(m => m != owner))
                {
                    ref var found = ref CollectionsMarshal.GetValueRefOrAddDefault(others, owner, out _);
                    (found ??= []).Add(member);
                }
            }

            members.Clear();
        }
    }
}
