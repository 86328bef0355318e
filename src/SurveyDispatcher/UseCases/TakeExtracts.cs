using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Takes DMS extracts: each row becomes a transaction with a verdict, and a case when it passes screening.</summary>
/// <remarks>One thread reads and understands rows; the other, which owns the store, screens and stores them page by page.</remarks>
internal sealed class TakeExtracts(CycleContext context)
{
    /// <summary>Rows that are handed from one thread to the other at a time: few, so that they die young.</summary>
    private const int PageRows = 1_000;

    /// <summary>Rows of one transaction: many, so that an index page is written once and not for every page of rows.</summary>
    private const int TransactionRows = 50_000;

    private readonly HashSet<TransactionKey> seen = [];
    private readonly List<(long Hash, long CaseId)> newIdentities = [];
    private long lastId;

    /// <summary>Rolling extracts bring what is known: then a page asks for all its transactions at once, else each row is tried as new.</summary>
    private bool mostAreKnown = true;

    /// <summary>Takes every extract that has arrived.</summary>
    public void Run()
    {
        foreach (var file in context.Inbox.Take("dms", context.Problems.Add))
        {
            context.Stopping.ThrowIfCancellationRequested();
            TakeFiles.Guard(context, file, () => Take(file));
        }
    }

    private void Take(IncomingFile file)
    {
        var source = context.Config.SourceOf(file.Name);
        var required = Intake.RequiredColumns.Where(c => source.Constants[(int)c] is null).Select(c => source.Headers[(int)c]!);
        var input = CsvInput.Open(file.Path, source.Encoding, source.Delimiter, required);
        FileInTaking? begun = null;
        context.Database.InTransaction(() => begun = FileInTaking.Begin(context, file, input.Sha256));
        using var taking = begun!;
        lastId = context.Database["transactions.last_id"].Scalar<long>();
        using var pages = new BlockingCollection<List<Understood>>(boundedCapacity: 4);
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(context.Stopping);
        var reading = Task.Run(() => Understand(input, new SourceReader(source, input), taking.Read, pages, abandoned.Token), abandoned.Token);
        try
        {
            while (!pages.IsCompleted)
            {
                var (read, isNew, updated, unchanged, rejected) = (taking.Read, taking.New, taking.Updated, taking.Unchanged, taking.Rejected);
                context.Database.InTransaction(() =>
                {
                    while (taking.Read - read < TransactionRows && pages.TryTake(out var page, Timeout.Infinite, context.Stopping))
                    {
                        Store(page, taking);
                    }

                    SaveIdentities();
                    taking.SaveProgress();
                });
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
            newIdentities.Clear();
            lastId = context.Database["transactions.last_id"].Scalar<long>();
            throw;
        }

        taking.Finish();
    }

    private void Understand(
        CsvInput input, SourceReader reader, long skip, BlockingCollection<List<Understood>> pages, CancellationToken ct)
    {
        try
        {
            var page = new List<Understood>(PageRows);
            foreach (var row in input.Rows())
            {
                if (skip > 0)
                {
                    skip--;
                    continue;
                }

                page.Add(Prepare(reader.Read(row, LocalDate)));
                if (page.Count == PageRows)
                {
                    pages.Add(page, ct);
                    page = new List<Understood>(PageRows);
                }
            }

            pages.Add(page, ct);
        }
        finally
        {
            pages.CompleteAdding();
        }
    }

    /// <summary>What costs time and needs no store is done on the reading thread, too: contact points, their hashes, the encryption.</summary>
    private Understood Prepare(Understood understood)
    {
        if (understood.Transaction is not { } t)
        {
            return understood;
        }

        var points = context.Config.Programme.MarketOf(t.Key.Country) is { } market
            ? ContactPoints.From(t.Contact, market, context.Config.Programme)
            : null;
        return understood with
        {
            Customer = new Customer(points, points is null ? default : context.Cases.Hashes(points), context.Vault.Seal(t.Contact)),
        };
    }

    /// <summary>Called from the reading thread; the context's cache belongs to the other one.</summary>
    private DateOnly LocalDate(string country) =>
        context.Config.Programme.MarketOf(country) is { } market ? context.AsOf.LocalDate(market) : context.AsOf.Day;

    private void Store(List<Understood> page, FileInTaking taking)
    {
        seen.Clear();
        ForgetErased(page, taking);
        var suppressed = context.Cases.SuppressionsOf(page.Select(u => u.Customer.Hashes));
        var contacts = context.Cases.FirstContacts(page.Select(u => u.Customer.Hashes), context.Config.Programme.Contact.RestDays, context.AsOf.Day);
        var stored = mostAreKnown ? StoredTransactions(page) : null;
        var newBefore = taking.New;
        for (var i = 0; i < page.Count; i++)
        {
            var understood = page[i];
            var result = understood.Transaction is { } transaction
                ? new RowResult(Take(transaction, understood, stored, suppressed, contacts, taking.Id))
                : RowResult.Rejected(understood.Fault.Reason, understood.Fault.Column, understood.Fault.Value);
            taking.Count(result, understood.Line, () => understood.Raw!);
        }

        mostAreKnown = (taking.New - newBefore) * 2 < page.Count;
    }

    /// <summary>Of a customer whose data was erased only the fact that something came is kept, under a name that means nobody.</summary>
    private void ForgetErased(List<Understood> page, FileInTaking taking)
    {
        if (!context.Erased.Any)
        {
            return;
        }

        for (var i = 0; i < page.Count; i++)
        {
            if (page[i].Transaction is { } t && context.Erased.Has(t, page[i].Customer.Hashes))
            {
                page[i] = page[i] with
                {
                    Transaction = t with
                    {
                        Key = t.Key with { TransactionId = context.Vault.Pseudonym(t.Key) },
                        Vin = "",
                        CustomerId = "",
                        PurchaseDate = null,
                        MileageKm = null,
                        Contact = ContactData.None,
                        EmailOptOut = true,
                        PhoneOptOut = true,
                    },
                    RowHash = 0,
                    Customer = new Customer(new ContactPoints(null, Usability.None, null, null), default, []),
                };
                taking.SawErased();
            }
        }
    }

    /// <summary>Keyed hashes fall anywhere in their index: in order, many of them touch each of its pages once.</summary>
    private void SaveIdentities()
    {
        newIdentities.Sort();
        foreach (var (hash, caseId) in newIdentities)
        {
            context.Database["cases.add_identity"].Run(hash, caseId);
        }

        newIdentities.Clear();
    }

    /// <summary>What the store has of a page's transactions. One that comes twice on the page is asked for again: the first may have stored it.</summary>
    private Dictionary<TransactionKey, StoredTransaction> StoredTransactions(List<Understood> page)
    {
        var keys = page.Where(u => u.Transaction is not null).Select(u => u.Transaction!.Key)
            .Select(k => new[] { k.TransactionId, k.DealerCode, k.Survey.Code(), k.Country });
        var stored = new Dictionary<TransactionKey, StoredTransaction>();
        context.Database["transactions.by_keys"].Each(
            r => stored[new TransactionKey(r.GetString(22), r.GetString(20), SurveyKinds.FromCode(r.GetString(21)), r.GetString(19))] = StoredTransaction.Read(r),
            JsonSerializer.Serialize(keys));
        return stored;
    }

    private StoredTransaction? Again(TransactionKey key) => context.Database["transactions.by_key"].First(
        StoredTransaction.Read, key.TransactionId, key.DealerCode, key.Survey.Code(), key.Country);

    private RowOutcome Take(
        Transaction incoming, Understood understood, Dictionary<TransactionKey, StoredTransaction>? known, Dictionary<long, Suppression> suppressed,
        Dictionary<long, List<(long CaseId, DateOnly On)>> contacts, long fileId)
    {
        var (key, customer) = (incoming.Key, understood.Customer);
        var stored = known is null ? null : seen.Add(key) ? known.GetValueOrDefault(key) : Again(key);
        var market = context.Config.Programme.MarketOf(key.Country);
        var reach = market is null
            ? Reach.Of(new ContactPoints(null, Usability.None, null, null), incoming.EmailOptOut, incoming.PhoneOptOut, 0, 0, 0)
            : CaseStore.ReachOf(customer.Points!, Flags(incoming), customer.Hashes, suppressed);
        var today = context.TodayIn(key.Country);
        ScreeningVerdict Screen(long self) => Screening.Screen(new ScreeningInput(
            incoming, market, today, reach, context.Config.Programme.Contact.RestDays, CaseStore.LatestOther(contacts, customer.Hashes, self)));

        if (stored is null)
        {
            var id = lastId + 1;
            var verdict = Screen(id);
            if (Insert(id, incoming, understood, fileId, verdict, today))
            {
                lastId = id;
                if (verdict.Eligible)
                {
                    Open(id, incoming, customer, today);
                }
                else
                {
                    ScreenOut(id, verdict, today);
                }

                return RowOutcome.New;
            }

            stored = Again(key)!;
        }

        var changed = stored.RowHash != understood.RowHash;
        if (stored.Case is { } contacted && !MayBeScreenedAgain(contacted.Case))
        {
            if (changed)
            {
                UpdateAfterContact(contacted, stored, incoming, understood, customer, fileId, today);
            }

            return changed ? RowOutcome.Updated : RowOutcome.Unchanged;
        }

        var again = Screen(stored.Id);
        if (changed || (stored.Contact.Length == 0 && again.Eligible))
        {
            UpdateRow(stored, incoming, understood, customer, fileId, forgotten: !again.Eligible);
        }

        ScreenAgain(stored, incoming, customer, again, today);
        return changed ? RowOutcome.Updated : RowOutcome.Unchanged;
    }

    /// <summary>While no contact has been made, and unless the customer himself has ended it.</summary>
    private static bool MayBeScreenedAgain(SurveyCase c) =>
        (c.State == CaseState.Waiting && !c.HasBeenContacted) || CaseTransitions.MayOpenAgain(c);

    private void ScreenAgain(StoredTransaction stored, Transaction incoming, Customer customer, ScreeningVerdict verdict, DateOnly today)
    {
        if (verdict.Reason != stored.Reason)
        {
            context.Database["transactions.update_verdict"].Run(verdict.Reason, verdict.Failed, today, context.Ledger.PolicyId, ForgetOn(incoming, verdict, today), stored.Id);
            if (!verdict.Eligible)
            {
                ScreenOut(stored.Id, verdict, today);
            }
        }

        if (stored.Case is not { } row)
        {
            if (verdict.Eligible)
            {
                Open(stored.Id, incoming, customer, today);
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

    private void UpdateAfterContact(
        CaseRow row, StoredTransaction stored, Transaction incoming, Understood understood, Customer customer, long fileId, DateOnly today)
    {
        context.Database["transactions.update_contact"].Run(
            incoming.Language, (int)Flags(incoming), understood.Customer.Sealed!, incoming.Cancelled ? 1 : 0,
            understood.RowHash, fileId, understood.Line, stored.Id);
        if (stored.Contact.Length > 0)
        {
            context.Cases.Identify(stored.Id, customer.Hashes); // the contact was made to the old points: for a rest they still count
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

    private void UpdateRow(StoredTransaction stored, Transaction t, Understood understood, Customer customer, long fileId, bool forgotten)
    {
        context.Database["transactions.update_row"].Run(
            t.DealerName, t.Cancelled ? 1 : 0, t.EventDate, t.PurchaseDate, forgotten ? 1 : 0, t.Vin, t.Model, t.MileageKm, t.CustomerType,
            t.PaymentType, t.CustomerId, t.Language, (int)Flags(t), understood.Customer.Sealed!, understood.RowHash, fileId,
            understood.Line, stored.Id);
        if (stored.Case is not null && !(forgotten && stored.Contact.Length == 0))
        {
            Reidentify(stored, t.Key.Country, customer);
        }
    }

    /// <summary>The customer's old contact points no longer lead to the case; the new ones do.</summary>
    private void Reidentify(StoredTransaction stored, string country, Customer customer)
    {
        if (context.Config.Programme.MarketOf(country) is { } market)
        {
            SaveIdentities();
            var old = ContactPoints.From(context.Vault.UnsealContact(stored.Contact), market, context.Config.Programme);
            context.Cases.Forget(stored.Id, context.Cases.Hashes(old));
            context.Cases.Identify(stored.Id, customer.Hashes);
        }
    }

    private void Open(long id, Transaction t, Customer customer, DateOnly today)
    {
        var opened = new CaseEvent.Opened(today);
        context.Ledger.Append(id, opened);
        var row = new CaseRow(id, t.Key.Country, t.Key.Survey, t.EventDate, CaseTransitions.After(null, opened).Case, null);
        context.Cases.Open(row with { NextLookOn = context.NextLook(row, row.Case) });
        newIdentities.AddRange(CaseStore.Set(customer.Hashes).Select(h => (h, id)));
        context.Counts.CasesOpened++;
    }

    private void ScreenOut(long id, ScreeningVerdict verdict, DateOnly today)
    {
        context.Ledger.AppendScreenedOut(id, today, verdict.Reason!);
        CycleCounts.Add(context.Counts.ScreenedOut, verdict.Reason!);
    }

    /// <summary>False when the transaction is known.</summary>
    private bool Insert(long id, Transaction t, Understood understood, long fileId, ScreeningVerdict verdict, DateOnly today) =>
        context.Database["transactions.insert"].Run(
            id, t.Key.TransactionId, t.Key.DealerCode, t.Key.Survey.Code(), t.Key.Country, t.DealerName, t.Cancelled ? 1 : 0,
            t.EventDate, t.PurchaseDate, t.Vin, t.Model, t.MileageKm, t.CustomerType, t.PaymentType, t.CustomerId, t.Language,
            (int)Flags(t), understood.Customer.Sealed!, understood.RowHash, fileId, understood.Line,
            verdict.Reason, verdict.Failed, today, context.Ledger.PolicyId, ForgetOn(t, verdict, today)) > 0;

    /// <summary>When retention looks at a customer who was kept out; null for one who has a case.</summary>
    private DateOnly? ForgetOn(Transaction t, ScreeningVerdict verdict, DateOnly today) =>
        verdict.Eligible ? null : context.Config.Programme.RetentionOf(t.Key.Country).FirstDue(today);

    private static OptOutFlags Flags(Transaction t) =>
        (t.EmailOptOut ? OptOutFlags.Email : 0) | (t.PhoneOptOut ? OptOutFlags.Phone : 0);

    /// <summary>What the store has of a transaction, with its case if it has one.</summary>
    private sealed record StoredTransaction(long Id, long RowHash, string? Reason, byte[] Contact, CaseRow? Case)
    {
        public static StoredTransaction Read(System.Data.Common.DbDataReader r) => new(
            r.GetInt64(0), r.GetInt64(1), r.TextOrNull(2), r.Bytes(3), r.IsDBNull(4) ? null : CaseRow.Read(r, 4));
    }
}

/// <summary>A row after <see cref="Intake"/>: a transaction, or a fault with the raw record.</summary>
internal readonly record struct Understood(long Line, Transaction? Transaction, long RowHash, RowFault Fault, string? Raw)
{
    /// <summary>The customer of a transaction.</summary>
    public Customer Customer { get; init; }
}

/// <summary>A customer's contact points, their keyed hashes, and his contact data encrypted; no points for a country in no market.</summary>
internal readonly record struct Customer(ContactPoints? Points, (long Email, long Phone1, long Phone2) Hashes, byte[]? Sealed);

/// <summary>Reads rows as a source describes them.</summary>
internal sealed class SourceReader
{
    private readonly Source source;
    private readonly int[] positions;
    private readonly string[] cells = new string[Intake.Columns.Count];

    public SourceReader(Source source, CsvInput input)
    {
        this.source = source;
        positions = [.. source.Headers.Select(h => h is null ? -1 : input.IndexOf(h))];
    }

    /// <summary>Reads one row.</summary>
    public Understood Read(CsvRow row, Func<string, DateOnly> localDate)
    {
        if (row.IsMalformed)
        {
            return new Understood(row.Line, null, 0, new RowFault("malformed_row", "", ""), row.Raw);
        }

        for (var i = 0; i < cells.Length; i++)
        {
            var cell = positions[i] >= 0 ? row.Cell(positions[i]) : "";
            cells[i] = source.Constants[i] ?? (cell.Length > 0 && source.Values[i] is { } table
                ? table.GetValueOrDefault(cell) ?? Intake.Unknown(cell)
                : cell);
        }

        return Intake.Read(cells, source.DateFormats, localDate, out var transaction) is { } fault
            ? new Understood(row.Line, null, 0, fault, row.Raw)
            : new Understood(row.Line, transaction, HashOf(cells), default, null);
    }

    /// <summary>Equal for rows that say the same, whatever their columns' order and their file.</summary>
    private static long HashOf(string[] cells)
    {
        var text = string.Join('\u001f', cells);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(MemoryMarshal.AsBytes(text.AsSpan()), hash);
        return BitConverter.ToInt64(hash);
    }
}
