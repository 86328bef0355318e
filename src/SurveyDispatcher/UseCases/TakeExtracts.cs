using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Takes DMS extracts: each row becomes a transaction with a verdict, and a case when it passes screening.</summary>
/// <remarks>
/// One thread reads, understands and screens rows; the other, which owns the store, stores them page by page. Where the store has something
/// to say about a row, that one screens it.
/// </remarks>
internal sealed class TakeExtracts(CycleContext context)
{
    /// <summary>Rows of one transaction: many, so that an index page is written once and not for every page of rows.</summary>
    internal const int TransactionRows = 150_000;

    /// <summary>Rows that are handed from one thread to the other at a time: few, so that they die young.</summary>
    private const int PageRows = 1_000;

    private readonly SampleTransactions sampling = new(context);
    private readonly HashSet<long> seen = [];
    private readonly List<long> newIdentities = [], ownersOfNew = [];
    private readonly List<UInt128> newSightings = [];
    private readonly List<DateOnly> untilOfNew = [];
    private readonly Dictionary<UInt128, DateOnly> sightingsAgain = [];
    private readonly HashSet<(string, string, SurveyKind)> dealerSurveys = [];
    private HashSet<UInt128> removedSightings = [], removedBefore = [];
    private HashSet<long> newKeys = [], newKeysBefore = [];
    private long lastId, lastSavedId;

    /// <summary>Takes every extract that has arrived.</summary>
    public void Run()
    {
        foreach (var file in context.Inbox.Take("dms", context.Report, context.Note))
        {
            context.Stopping.ThrowIfCancellationRequested();
            TakeFiles.Guard(context, file, () => Take(file));
        }
    }

    private void Take(IncomingFile file)
    {
        var source = context.Config.SourceOf(file.Name);
        if (source.Refusal is { } why)
        {
            throw new FileRefusedException(why);
        }

        var required = Intake.RequiredColumns.Where(c => source.Constants[(int)c] is null).Select(c => source.Headers[(int)c]!);
        var input = CsvInput.Open(file.Path, source.Encoding, source.Delimiter, required);
        FileInTaking? begun = null;
        context.Database.InTransaction(() => begun = FileInTaking.Begin(context, file, input.Sha256));
        using var taking = begun!;
        FindEnd();
        var tallies = new DealerTallies(context, source.Name);
        using var pages = new BlockingCollection<Page>(boundedCapacity: 4);
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(context.Stopping);
        var reader = new SourceReader(source, input, context.Vault);
        var reading = Task.Run(() => Understand(input, reader, taking.Read, pages, abandoned.Token), abandoned.Token);
        try
        {
            while (!pages.IsCompleted)
            {
                var (read, isNew, updated, unchanged, rejected) = (taking.Read, taking.New, taking.Updated, taking.Unchanged, taking.Rejected);
                context.Database.InTransaction(() =>
                {
                    tallies.Clear();
                    while (taking.Read - read < TransactionRows && pages.TryTake(out var page, Timeout.Infinite, context.Stopping))
                    {
                        using (page)
                        {
                            Store(page, input, reader, taking, tallies);
                        }
                    }

                    SaveIdentities();
                    SaveSightings();
                    sampling.Save();
                    tallies.Save();
                    taking.SaveProgress();
                });
                (newKeysBefore, newKeys) = (newKeys, newKeysBefore);
                newKeys.Clear();
                (removedBefore, removedSightings) = (removedSightings, removedBefore);
                removedSightings.Clear();
                context.Counts.RowsRead += taking.Read - read;
                context.Counts.TransactionsNew += taking.New - isNew;
                context.Counts.TransactionsUpdated += taking.Updated - updated;
                context.Counts.RowsUnchanged += taking.Unchanged - unchanged;
                context.Counts.RowsRejected += taking.Rejected - rejected;
                context.Progress.Report($"reading {file.Name}", taking.Read, 0);
            }

            reading.GetAwaiter().GetResult();
        }
        catch
        {
            abandoned.Cancel();
            throw;
        }

        taking.Finish(() => context.Database["files.add_shape"].Run(taking.Id, reader.EmptyCells));
    }

    /// <summary>What was stored before the file, and nothing of one that could not be taken to its end.</summary>
    private void FindEnd()
    {
        lastId = lastSavedId = context.Database["transactions.last_id"].Scalar<long>();
        newIdentities.Clear();
        ownersOfNew.Clear();
        newSightings.Clear();
        untilOfNew.Clear();
        sightingsAgain.Clear();
        newKeys.Clear();
        newKeysBefore.Clear();
        removedSightings.Clear();
        removedBefore.Clear();
        sampling.Clear();
        dealerSurveys.Clear();
        dealerSurveys.UnionWith(context.Database["transactions.dealer_surveys"].List(r => (r.GetString(0), r.GetString(1), SurveyKinds.FromCode(r.GetString(2)))));
    }

    private void Understand(CsvInput input, SourceReader reader, long skip, BlockingCollection<Page> pages, CancellationToken ct)
    {
        try
        {
            using var store = context.Database.OpenAnother();
            var looking = store["sightings.any"].Any();
            var page = new Page();
            foreach (var row in input.Rows())
            {
                reader.CountEmpty(row);
                if (skip > 0)
                {
                    skip--;
                    continue;
                }

                if (looking && !row.IsMalformed)
                {
                    page.AddSeen(row, reader.SightingOf(row));
                }
                else
                {
                    page.Rows.Add(Prepare(reader.Read(row, context.TodayIn)));
                }

                if (page.Count == PageRows)
                {
                    LookUp(page, store, input, reader);
                    pages.Add(page, ct);
                    page = new Page();
                }
            }

            LookUp(page, store, input, reader);
            pages.Add(page, ct);
        }
        finally
        {
            pages.CompleteAdding();
        }
    }

    /// <summary>Asks the store which rows of a page it has seen, reads the others, and asks which of their transactions it has.</summary>
    private void LookUp(Page page, Database store, CsvInput input, SourceReader reader)
    {
        page.AddKnown(store, page.Rows);
        if (page.Seen.Count > 0)
        {
            var known = store.Exist("sightings.seen", [.. page.Seen.Select(s => Bytes(s.Sighting))], context.LatestToday, context.Ledger.PolicyId);
            var at = 0;
            GoTheLongWay(page, _ => !known[at++], 0, store, input, reader);
        }

        foreach (var row in page.Rows)
        {
            if (row.Transaction is { } transaction && !page.Known.Contains(row.Customer.KeyHash))
            {
                row.Verdict = Screen(transaction, row.Customer, page.Suppressed, null);
            }
        }
    }

    /// <summary>Reads rows that may change something after all, and puts them where they stood.</summary>
    private void GoTheLongWay(Page page, Predicate<SeenRow> which, int from, Database store, CsvInput input, SourceReader reader)
    {
        var back = page.TakeBack(which);
        if (back.Count == 0)
        {
            return;
        }

        var rows = input.Again(page.Records(back), back.Select(row => row.Line)).Select(row => Prepare(reader.Read(row, context.TodayIn))).ToList();
        page.AddKnown(store, rows);
        page.Rows.AddRange(rows);
        page.Rows.Sort(from, page.Rows.Count - from, Comparer<Understood>.Create((a, b) => a.Line.CompareTo(b.Line)));
    }

    /// <summary>What costs time and needs no store is done on the reading thread, too: contact points, their hashes, the encryption.</summary>
    private Understood Prepare(Understood understood)
    {
        if (understood.Transaction is not { } t)
        {
            return understood;
        }

        var vault = context.Vault;
        var points = context.Config.Programme.MarketOf(t.Key.Country) is { } market
            ? ContactPoints.From(t.Contact, market, context.Config.Programme)
            : null;
        var hashes = points is null ? default : context.Cases.Hashes(points);
        long[] others = points is null ? [.. context.PointHashes(t.Key.Country, t.Contact)] : CaseStore.Set(hashes);
        return understood with
        {
            Customer = new Customer(points, hashes, [vault.Hash(t.Key), vault.HashOfVehicle(t.Vin), .. others], vault.Seal(t.Contact)),
        };
    }

    private void Store(Page page, CsvInput input, SourceReader reader, FileInTaking taking, DealerTallies tallies)
    {
        // The reading thread sees what was committed when it looked; a row of the same transaction may have changed it since.
        GoTheLongWay(page, s => removedSightings.Contains(s.Sighting) || removedBefore.Contains(s.Sighting), 0, context.Database, input, reader);
        for (var done = 0; done < page.Rows.Count;)
        {
            done = StoreRows(page, done, taking, tallies);
            var line = page.Rows[done - 1].Line;
            GoTheLongWay(page, s => s.Line > line && removedSightings.Contains(s.Sighting), done, context.Database, input, reader);
        }

        taking.CountUnchanged(page.Seen.Count);
    }

    /// <summary>Stores the rows of a page from <paramref name="from"/> on, until one overtakes a row that had been seen; returns where to go on.</summary>
    private int StoreRows(Page page, int from, FileInTaking taking, DealerTallies tallies)
    {
        seen.Clear();
        ForgetErased(page, from, taking);
        var rows = page.Rows.Skip(from).Where(u => u.Transaction is not null).ToList();
        var stored = page.Known.Count == 0 ? [] : StoredTransactions(rows.Select(u => u.Customer.KeyHash).Where(page.Known.Contains));
        var contacts = context.Cases.FirstContacts(rows.Select(u => u.Customer.Hashes), context.Config.Programme.Contact.RestDays, context.AsOf.Day);
        for (var at = from; at < page.Rows.Count; at++)
        {
            var (understood, removed) = (page.Rows[at], removedSightings.Count);
            var result = understood.Transaction is { } transaction
                ? new RowResult(Take(transaction, understood, stored, page.Suppressed, contacts, taking.Id, tallies))
                : RowResult.Rejected(understood.Fault.Reason, understood.Fault.Column, understood.Fault.Value);
            taking.Count(result, understood.Line, () => understood.Raw!);
            if (understood.Transaction is null && IsFirstTime(understood))
            {
                tallies.CountRejected(understood.Country, understood.DealerCode, understood.Fault.Reason);
            }

            if (removedSightings.Count > removed && page.Seen.Exists(s => s.Line > understood.Line && removedSightings.Contains(s.Sighting)))
            {
                return at + 1;
            }
        }

        return page.Rows.Count;
    }

    /// <summary>A row that is rejected comes again every day, until somebody mends it.</summary>
    private bool IsFirstTime(Understood rejected)
    {
        var known = ~rejected.Sighting;
        return sightingsAgain.TryAdd(known, context.AsOf.Day) && !context.Database["sightings.there"].Any(Bytes(known));
    }

    /// <summary>Of a customer whose data was erased only the fact that something came is kept, under a name that means nobody.</summary>
    private void ForgetErased(Page page, int from, FileInTaking taking)
    {
        if (!context.Erased.Any)
        {
            return;
        }

        for (var i = from; i < page.Rows.Count; i++)
        {
            if (page.Rows[i].Transaction is { } t && context.Erased.Has(page.Rows[i].Customer.Identities))
            {
                var key = t.Key with { TransactionId = context.Vault.Pseudonym(t.Key) };
                page.Rows[i] = page.Rows[i] with
                {
                    Transaction = t with
                    {
                        Key = key,
                        Vin = "",
                        CustomerId = "",
                        PurchaseDate = null,
                        MileageKm = null,
                        Contact = ContactData.None,
                        EmailOptOut = true,
                        PhoneOptOut = true,
                    },
                    RowHash = 0,
                    Sighting = 0,
                    Verdict = null,
                    Customer = new Customer(new ContactPoints(null, Usability.None, null, null), default, [context.Vault.Hash(key)], []),
                };
                page.AddKnown(context.Database, [page.Rows[i]]);
                taking.SawErased();
            }
        }
    }

    /// <summary>Keyed hashes fall anywhere in their tree: in order, many of them touch each of its pages once.</summary>
    private void SaveIdentities()
    {
        var hashes = CollectionsMarshal.AsSpan(newIdentities);
        var owners = CollectionsMarshal.AsSpan(ownersOfNew);
        hashes.Sort(owners);
        var bulk = context.Database.Bulk("identities.insert");
        for (var i = 0; i < hashes.Length; i++)
        {
            bulk.Add(hashes[i], owners[i]);
        }

        newIdentities.Clear();
        ownersOfNew.Clear();
    }

    private void SaveSightings()
    {
        Save("sightings.insert", CollectionsMarshal.AsSpan(newSightings), CollectionsMarshal.AsSpan(untilOfNew));
        Save("sightings.add", [.. sightingsAgain.Keys], [.. sightingsAgain.Values]);
        newSightings.Clear();
        untilOfNew.Clear();
        sightingsAgain.Clear();
        lastSavedId = lastId;

        void Save(string statement, Span<UInt128> sightings, Span<DateOnly> days)
        {
            sightings.Sort(days);
            var bulk = context.Database.Bulk(statement);
            for (var i = 0; i < sightings.Length; i++)
            {
                bulk.Add(Bytes(sightings[i]), days[i], context.Ledger.PolicyId);
            }
        }
    }

    /// <summary>What the store has of transactions, by the hashes of their keys.</summary>
    private Dictionary<TransactionKey, StoredTransaction> StoredTransactions(IEnumerable<long> keys)
    {
        var stored = new Dictionary<TransactionKey, StoredTransaction>();
        context.Database["transactions.by_hashes"].Each(
            r =>
            {
                var transaction = StoredTransaction.Read(r);
                stored[transaction.Key] = transaction;
            },
            SqlValues.Set(keys));
        return stored;
    }

    /// <summary>What the store has of a transaction that came before in this file: maybe too late for whoever asked for the page.</summary>
    private StoredTransaction? Again(Understood understood)
    {
        SaveIdentities();
        context.Database.Flush();
        return StoredTransactions([understood.Customer.KeyHash]).GetValueOrDefault(understood.Transaction!.Key);
    }

    private RowOutcome Take(
        Transaction incoming, Understood understood, Dictionary<TransactionKey, StoredTransaction> known, Dictionary<long, Suppression> suppressed,
        Dictionary<long, List<(long CaseId, DateOnly On)>> contacts, long fileId, DealerTallies tallies)
    {
        var (key, customer) = (incoming.Key, understood.Customer);
        var cameBefore = !seen.Add(customer.KeyHash) || newKeys.Contains(customer.KeyHash) || newKeysBefore.Contains(customer.KeyHash);
        var stored = cameBefore ? Again(understood) : known.GetValueOrDefault(key);
        var today = context.TodayIn(key.Country);
        var others = CaseStore.LatestOther(contacts, customer.Hashes, stored?.Id ?? lastId + 1);

        if (stored is null)
        {
            var id = ++lastId;
            var (verdict, until) = others is null && understood.Verdict is { } reached ? reached : Screen(incoming, customer, suppressed, others);
            verdict = sampling.Ask(id, incoming, customer.KeyHash, verdict, reasonOnRecord: null, isNew: true);
            Insert(id, incoming, understood, fileId, verdict, today);
            tallies.Count(incoming, customer.Points, verdict, today);
            if (verdict.Eligible)
            {
                Open(id, incoming, today);
            }
            else
            {
                ScreenOut(id, verdict, today);
            }

            if (MayBeSighted(understood, until))
            {
                newSightings.Add(understood.Sighting); // of a row that is new: no other has it
                untilOfNew.Add(until);
            }

            return RowOutcome.New;
        }

        var changed = stored.RowHash != understood.RowHash;
        if (stored.Case is { } contacted && !CaseTransitions.MayBeScreenedAgain(contacted.Case))
        {
            if (changed)
            {
                UpdateAfterContact(contacted, stored, incoming, understood, fileId, today);
            }

            SightAgain(stored, understood, changed, DateOnly.MaxValue);
            return changed ? RowOutcome.Updated : RowOutcome.Unchanged;
        }

        var (again, stableUntil) = Screen(incoming, customer, suppressed, others);
        if (stored.Case is null) // who had a case is never sampled out later
        {
            again = sampling.Ask(stored.Id, incoming, customer.KeyHash, again, stored.Reason, isNew: false);
        }

        if (changed || (stored.Contact.Length == 0 && again.Eligible))
        {
            UpdateRow(stored, incoming, understood, fileId, forgotten: !again.Eligible);
        }

        ScreenAgain(stored, incoming, again, today);
        SightAgain(stored, understood, changed, stableUntil);
        return changed ? RowOutcome.Updated : RowOutcome.Unchanged;
    }

    /// <summary>The verdict on a row, and the day on which it may become another. Asks no store: the reading thread does it, too.</summary>
    /// <param name="incoming">The row.</param>
    /// <param name="customer">Its customer.</param>
    /// <param name="suppressed">What stands on the suppression list.</param>
    /// <param name="otherContactOn">The latest first contact of the same customer for another case.</param>
    private Verdict Screen(Transaction incoming, Customer customer, Dictionary<long, Suppression> suppressed, DateOnly? otherContactOn)
    {
        var market = context.Config.Programme.MarketOf(incoming.Key.Country);
        var reach = market is null
            ? Reach.Of(new ContactPoints(null, Usability.None, null, null), incoming.EmailOptOut, incoming.PhoneOptOut, 0, 0, 0)
            : CaseStore.ReachOf(customer.Points!, Flags(incoming), customer.Hashes, suppressed);
        var input = new ScreeningInput(
            incoming, market, context.TodayIn(incoming.Key.Country), reach, context.Config.Programme.Contact.RestDays, otherContactOn);
        return new Verdict(Screening.Screen(input), Screening.StableUntil(input));
    }

    /// <summary>The row changes nothing when it comes again, until a day; in markets where that day has come, it may at any time.</summary>
    private bool MayBeSighted(Understood understood, DateOnly until) => understood.Sighting != 0 && until > context.LatestToday;

    private void SightAgain(StoredTransaction stored, Understood understood, bool changed, DateOnly until)
    {
        if (stored.Sighting != understood.Sighting)
        {
            if (stored.Sighting != 0)
            {
                if (stored.Id > lastSavedId)
                {
                    SaveSightings();
                    context.Database.Flush();
                }

                sightingsAgain.Remove(stored.Sighting);
                removedSightings.Add(stored.Sighting);
                context.Database["sightings.remove"].Run(Bytes(stored.Sighting));
            }

            if (!changed) // else it was stored with the row
            {
                context.Database["transactions.set_sighting"].Run(BytesOrNull(understood.Sighting), stored.Id);
            }
        }

        // Where retention has removed the contact points, an opt-out that comes later can't find the row.
        if (MayBeSighted(understood, until) && (stored.Contact.Length > 0 || until == DateOnly.MaxValue))
        {
            sightingsAgain[understood.Sighting] = until;
        }
    }

    private void ScreenAgain(StoredTransaction stored, Transaction incoming, ScreeningVerdict verdict, DateOnly today)
    {
        if (verdict.Reason != stored.Reason)
        {
            context.Database["transactions.update_verdict"].Run(verdict.Reason, verdict.Failed, today, context.Ledger.PolicyId, stored.Id);
            context.Moved.AddVerdict(today, stored.Key.Country, stored.Key.Survey, isNew: false, stored.Reason, verdict.Reason);
            if (verdict.Eligible)
            {
                context.Database["retention.open"].Run(stored.Id);
            }
            else
            {
                context.Database["retention.ended"].Run(stored.Id, today, ForgetOn(incoming, today));
                ScreenOut(stored.Id, verdict, today);
            }
        }

        if (stored.Case is not { } row)
        {
            if (verdict.Eligible)
            {
                Open(stored.Id, incoming, today);
            }

            return;
        }

        row = row with { EventDate = incoming.EventDate };
        if (row.Case.State == CaseState.Waiting && !verdict.Eligible)
        {
            context.Learn(row, new CaseEvent.Ended(today, verdict.Reason!));
        }
        else if (row.Case.State == CaseState.Closed && verdict.Eligible)
        {
            context.Learn(row, new CaseEvent.Opened(today));
            context.Counts.CasesOpened++;
        }
        else if (row.EventDate != stored.Case.EventDate)
        {
            context.Cases.Save(row);
            context.Cases.LookNow(row.Id, context.AsOf.Day);
        }
    }

    private void UpdateAfterContact(CaseRow row, StoredTransaction stored, Transaction incoming, Understood understood, long fileId, DateOnly today)
    {
        context.Database["transactions.update_contact"].Run(
            incoming.Language, (int)Flags(incoming), understood.Customer.Sealed, incoming.Cancelled ? 1 : 0,
            understood.RowHash, BytesOrNull(understood.Sighting), fileId, understood.Line, stored.Id);
        if (stored.Contact.Length > 0)
        {
            // The contact was made to the old points: for a rest they still count.
            var points = CaseStore.Set(understood.Customer.Hashes).ToHashSet();
            context.Cases.Remember(stored.Id, context.PointHashes(incoming.Key.Country, context.Vault.UnsealContact(stored.Contact)).Where(h => !points.Contains(h)));
            context.Cases.Identify(stored.Id, points);
        }

        if (incoming.Cancelled && row.Case.IsOpen)
        {
            context.Learn(row, new CaseEvent.Ended(today, CloseReasons.TransactionCancelled));
        }
        else
        {
            context.Cases.LookNow(stored.Id, context.AsOf.Day);
        }
    }

    private void UpdateRow(StoredTransaction stored, Transaction t, Understood understood, long fileId, bool forgotten)
    {
        context.Database["transactions.update_row"].Run(
            t.DealerName, t.Cancelled ? 1 : 0, t.EventDate, t.PurchaseDate, forgotten ? 1 : 0, t.Vin, t.Model, t.MileageKm, t.CustomerType,
            t.PaymentType, t.CustomerId, t.Language, (int)Flags(t), understood.Customer.Sealed, understood.RowHash, BytesOrNull(understood.Sighting), fileId,
            understood.Line, stored.Id);
        if (!(forgotten && stored.Contact.Length == 0))
        {
            var before = context.PointHashes(t.Key.Country, context.Vault.UnsealContact(stored.Contact)).Append(context.Vault.HashOfVehicle(stored.Vin));
            context.Cases.Forget(stored.Id, before.Except(understood.Customer.Identities));
            context.Cases.Identify(stored.Id, understood.Customer.Identities);
        }
    }

    private void Open(long id, Transaction t, DateOnly today)
    {
        var opened = new CaseEvent.Opened(today);
        context.Ledger.Append(id, opened);
        var row = new CaseRow(id, t.Key.Country, t.Key.Survey, t.EventDate, CaseTransitions.After(null, opened).Case, null);
        context.Moved.Add(row.Market, row.Survey, null, opened, row.Case);
        context.Cases.Open(row with { NextLookOn = context.NextLook(row, row.Case) });
        context.Counts.CasesOpened++;
    }

    private void ScreenOut(long id, ScreeningVerdict verdict, DateOnly today)
    {
        context.Ledger.AppendScreenedOut(id, today, verdict.Reason!);
        CycleCounts.Add(context.Counts.ScreenedOut, verdict.Reason!);
    }

    private void Insert(long id, Transaction t, Understood understood, long fileId, ScreeningVerdict verdict, DateOnly today)
    {
        context.Database.Bulk("transactions.insert").Add(
            id, t.Key.TransactionId, t.Key.DealerCode, t.Key.Survey.Code(), t.Key.Country, t.DealerName, t.Cancelled ? 1 : 0,
            t.EventDate, t.PurchaseDate, t.Vin, t.Model, t.MileageKm, t.CustomerType, t.PaymentType, t.CustomerId, t.Language,
            (int)Flags(t), understood.Customer.Sealed, understood.RowHash, BytesOrNull(understood.Sighting), fileId, understood.Line,
            verdict.Reason, verdict.Failed, today, context.Ledger.PolicyId);
        context.Moved.AddVerdict(today, t.Key.Country, t.Key.Survey, isNew: true, null, verdict.Reason);
        if (!verdict.Eligible)
        {
            context.Database.Bulk("retention.ended").Add(id, today, ForgetOn(t, today));
        }

        newKeys.Add(understood.Customer.KeyHash);
        var hashes = understood.Customer.Identities;
        for (var i = 0; i < hashes.Length; i++)
        {
            if (!hashes.AsSpan(0, i).Contains(hashes[i])) // a number that was given twice
            {
                newIdentities.Add(hashes[i]);
                ownersOfNew.Add(id);
            }
        }

        if (dealerSurveys.Add((t.Key.Country, t.Key.DealerCode, t.Key.Survey)))
        {
            context.Database["transactions.add_dealer_survey"].Run(t.Key.Country, t.Key.DealerCode, t.Key.Survey.Code());
        }
    }

    /// <summary>When retention looks at a customer who was kept out.</summary>
    private DateOnly? ForgetOn(Transaction t, DateOnly today) => context.Config.Programme.RetentionOf(t.Key.Country).FirstDue(today);

    private static OptOutFlags Flags(Transaction t) =>
        (t.EmailOptOut ? OptOutFlags.Email : 0) | (t.PhoneOptOut ? OptOutFlags.Phone : 0);

    private static byte[] Bytes(UInt128 sighting)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, sighting);
        return bytes;
    }

    private static byte[]? BytesOrNull(UInt128 sighting) => sighting == 0 ? null : Bytes(sighting);

    /// <summary>What the store has of a transaction, with its case if it has one.</summary>
    private sealed record StoredTransaction(
        long Id, long RowHash, UInt128 Sighting, string? Reason, byte[] Contact, string Vin, TransactionKey Key, CaseRow? Case)
    {
        public static StoredTransaction Read(System.Data.Common.DbDataReader r) => new(
            r.GetInt64(0), r.GetInt64(1), r.BytesOrNull(2) is { } row ? BinaryPrimitives.ReadUInt128BigEndian(row) : 0, r.TextOrNull(3), r.Bytes(4), r.GetString(5),
            new TransactionKey(r.GetString(9), r.GetString(7), SurveyKinds.FromCode(r.GetString(8)), r.GetString(6)),
            r.IsDBNull(10) ? null : CaseRow.Read(r, 10));
    }
}

/// <summary>Rows on their way from the thread that reads to the one that stores.</summary>
internal sealed class Page : IDisposable
{
    private byte[] raw = [];
    private int length;

    /// <summary>Rows to be stored, in the file's order.</summary>
    public List<Understood> Rows { get; } = [];

    /// <summary>Rows that change nothing, as far as the reading thread saw.</summary>
    public List<SeenRow> Seen { get; } = [];

    /// <summary>The hashes of keys under which the store has a transaction, as far as who asked it saw.</summary>
    public HashSet<long> Known { get; } = [];

    public int Count => Rows.Count + Seen.Count;

    /// <summary>What stands on the suppression list about the customers; it does not change while extracts are taken.</summary>
    public Dictionary<long, Suppression> Suppressed { get; } = [];

    /// <summary>Asks a store which of some rows' transactions it has, and what is known of their customers.</summary>
    public void AddKnown(Database store, List<Understood> rows)
    {
        if (rows.Count > 0)
        {
            foreach (var (hash, suppression) in CaseStore.SuppressionsOf(rows.Where(u => u.Transaction is not null).Select(u => u.Customer.Hashes), store))
            {
                Suppressed[hash] = suppression;
            }

            if (store["identities.any"].Any())
            {
                Known.UnionWith(store.Exist("identities.exists", [.. rows.Where(u => u.Transaction is not null).Select(u => u.Customer.KeyHash).Order()])); // in order: neighbours in the tree
            }
        }
    }

    /// <summary>Keeps the row's text: it may yet have to be read.</summary>
    public void AddSeen(CsvRow row, UInt128 sighting)
    {
        var bytes = row.RawBytes;
        if (length + bytes.Length > raw.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(1 << 18, 2 * (length + bytes.Length)));
            raw.AsSpan(0, length).CopyTo(larger);
            Return();
            raw = larger;
        }

        bytes.CopyTo(raw.AsSpan(length));
        Seen.Add(new SeenRow(row.Line, sighting, length, bytes.Length));
        length += bytes.Length;
    }

    /// <summary>Takes rows out of those that change nothing; each is asked once, in order.</summary>
    public List<SeenRow> TakeBack(Predicate<SeenRow> which)
    {
        var back = new List<SeenRow>();
        Seen.RemoveAll(row =>
        {
            if (which(row))
            {
                back.Add(row);
                return true;
            }

            return false;
        });
        return back;
    }

    /// <summary>The text of some rows, a line feed behind each.</summary>
    public byte[] Records(List<SeenRow> rows)
    {
        var records = new byte[rows.Sum(row => row.Length + 1)];
        var at = 0;
        foreach (var row in rows)
        {
            raw.AsSpan(row.Start, row.Length).CopyTo(records.AsSpan(at));
            at += row.Length;
            records[at++] = (byte)'\n';
        }

        return records;
    }

    public void Dispose()
    {
        Return();
        raw = [];
    }

    private void Return()
    {
        if (raw.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(raw);
        }
    }
}

/// <summary>A row that was seen before: where it stands in the file, and on its page.</summary>
internal readonly record struct SeenRow(long Line, UInt128 Sighting, int Start, int Length);

/// <summary>A row after <see cref="Intake"/>: a transaction, or a fault with the raw record; and by what it is known when it comes again.</summary>
internal sealed record Understood(long Line, Transaction? Transaction, long RowHash, UInt128 Sighting, RowFault Fault, string? Raw)
{
    /// <summary>The customer of a transaction; nobody where there is a fault.</summary>
    public Customer Customer { get; init; } = Customer.Nobody;

    /// <summary>Whose row it is, as far as it can be read, where there is a fault.</summary>
    public string Country { get; init; } = "";

    public string DealerCode { get; init; } = "";

    /// <summary>The verdict of the thread that reads, of use when the transaction is new and the customer does not rest.</summary>
    public Verdict? Verdict { get; set; }
}

/// <summary>The verdict on a row, and the first day on which the same row may get another one.</summary>
internal readonly record struct Verdict(ScreeningVerdict Screened, DateOnly Until);

/// <summary>
/// A customer's contact points (none for a country in no market), their keyed hashes, all by which the transaction is found, the hash of
/// its key first, and his contact data encrypted.
/// </summary>
internal sealed record Customer(ContactPoints? Points, (long Email, long Phone1, long Phone2) Hashes, long[] Identities, byte[] Sealed)
{
    public static readonly Customer Nobody = new(null, default, [], []);

    /// <summary>The hash of the transaction's natural key.</summary>
    public long KeyHash => Identities[0];
}

/// <summary>Reads rows as a source describes them.</summary>
internal sealed class SourceReader
{
    private const int MostOnStack = 2_048;

    /// <summary>Rows whose empty cells are all counted; of those behind them one in so many, which then stands for them.</summary>
    private const int AllCounted = 10_000, OneIn = 8;

    private readonly Source source;
    private readonly int[] positions;
    private readonly SipHash sightings, contents, rejects;
    private readonly (int Position, string Column)[] given;
    private readonly string[] lacking;
    private readonly long[] empty;
    private long rows;

    public SourceReader(Source source, CsvInput input, Vault vault)
    {
        this.source = source;
        positions = [.. source.Headers.Select(h => h is null ? -1 : input.IndexOf(h))];
        given = [.. positions.Select((position, i) => (position, Intake.Columns[i])).Where(c => c.position >= 0)];
        lacking = [.. Intake.Columns.Where((_, i) => source.Headers[i] is not null && positions[i] < 0)];
        empty = new long[given.Length];
        sightings = vault.HashesFor(Encoding.UTF8.GetBytes($"sightings {Convert.ToHexString(source.ReadingHash)} {input.Headers.Count} {string.Join(' ', positions)}"));
        contents = vault.HashesFor(Encoding.UTF8.GetBytes($"contents {Convert.ToHexString(source.ReadingHash)}"));
        rejects = vault.HashesFor(Encoding.UTF8.GetBytes($"rejects {source.Name}")); // though the source is described anew, it was counted
    }

    /// <summary>How many rows so far leave each column empty, as a JSON object: names of columns and counts. A column that the file has not (its header was renamed) is empty in all of them.</summary>
    public string EmptyCells =>
        $"{{{string.Join(',', given.Select((column, i) => $"\"{column.Column}\":{empty[i]}").Concat(lacking.Select(column => $"\"{column}\":{rows}")))}}}";

    /// <summary>Counts the cells that a row leaves empty: also of rows that are known and not read any further, which cost next to nothing else.</summary>
    public void CountEmpty(CsvRow row)
    {
        var weight = rows < AllCounted ? 1 : OneIn;
        if (rows++ % weight != 0 || row.IsMalformed)
        {
            return;
        }

        for (var i = 0; i < given.Length; i++)
        {
            var cell = row.CellBytes(given[i].Position);
            if (cell.Length == 0 || (cell[0] <= ' ' && cell.Trim(" \t"u8).IsEmpty))
            {
                empty[i] += weight;
            }
        }
    }

    /// <summary>By what the row is known when it comes again in the same form.</summary>
    public UInt128 SightingOf(CsvRow row) => sightings.LongOf(row.RawBytes);

    /// <summary>Reads one row.</summary>
    public Understood Read(CsvRow row, Func<string, DateOnly> localDate)
    {
        if (row.IsMalformed)
        {
            return new Understood(row.Line, null, 0, rejects.LongOf(row.RawBytes), new RowFault("malformed_row", "", ""), row.Raw);
        }

        var cells = CanonicalCells(row);
        return Intake.Read(cells, source.DateFormats, localDate, out var transaction) is { } fault
            ? new Understood(row.Line, null, 0, RejectOf(row), fault, row.Raw) { Country = CodeIn(cells, DmsColumn.Country).ToUpperInvariant(), DealerCode = CodeIn(cells, DmsColumn.DealerCode) }
            : new Understood(row.Line, transaction, HashOf(row), SightingOf(row), default, null);
    }

    /// <summary>What the source makes of a row that is not malformed, indexed by <see cref="DmsColumn"/>.</summary>
    public string[] CanonicalCells(CsvRow row)
    {
        var cells = new string[Intake.Columns.Count];
        for (var i = 0; i < cells.Length; i++)
        {
            var cell = positions[i] >= 0 ? row.Cell(positions[i]) : "";
            cells[i] = source.Constants[i] ?? (cell.Length > 0 && source.Values[i] is { } table
                ? table.GetValueOrDefault(cell) ?? Intake.Unknown(cell)
                : cell);
        }

        if (source.Grouping is { } mark && DigitGrouping.Read(cells[(int)DmsColumn.MileageKm], mark) is { } km)
        {
            cells[(int)DmsColumn.MileageKm] = km.ToString(CultureInfo.InvariantCulture);
        }

        return cells;
    }

    /// <summary>A code that a rejected row has all the same, for whoever counts; none that no store could index.</summary>
    private static string CodeIn(string[] cells, DmsColumn column) => cells[(int)column] is { Length: <= Intake.MostOfCode } code && !Intake.IsUnknown(code) ? code : "";

    /// <summary>Equal for rows that say the same, whatever the order of their columns and the way in which they are quoted.</summary>
    private long HashOf(CsvRow row)
    {
        var most = MostOf(row);
        var text = most <= MostOnStack ? stackalloc byte[most] : new byte[most];
        return unchecked((long)contents.Of(text[..CellsOf(row, text)]));
    }

    /// <summary>By what a rejected row is known when it comes again: by what it says, as an accepted one, whatever else stands in the file.</summary>
    private UInt128 RejectOf(CsvRow row)
    {
        var most = MostOf(row);
        var text = most <= MostOnStack ? stackalloc byte[most] : new byte[most];
        return rejects.LongOf(text[..CellsOf(row, text)]);
    }

    private int MostOf(CsvRow row) => row.RawBytes.Length + positions.Length;

    /// <summary>Writes the cells that are read, and returns how many bytes they are.</summary>
    private int CellsOf(CsvRow row, Span<byte> text)
    {
        var length = 0;
        foreach (var position in positions)
        {
            var cell = position < 0 ? [] : row.CellBytes(position).Trim(" \t"u8);
            cell.CopyTo(text[length..]);
            length += cell.Length;
            text[length++] = 0x1f;
        }

        return length;
    }
}
