using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Takes web and phone responses (contracts.md, <c>inbox/responses/</c>; docs/responses.md).</summary>
/// <remarks>
/// One thread reads rows, in the order of their cases (<see cref="RowsByCase"/>), looks those up and understands the answers; the other, which
/// owns the store, decides and stores.
/// </remarks>
internal sealed class TakeResponses(CycleContext context)
{
    /// <summary>Rows of one transaction.</summary>
    internal const int TransactionRows = 50_000;

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly List<(long Line, RowResult Result, string Raw)> faults = [];
    private HashSet<long> changed = [], changedBefore = [];
    private long lastId;

    /// <summary>Takes every file that has arrived.</summary>
    public void Run()
    {
        foreach (var file in context.Inbox.Take("responses", context.Report, context.Note))
        {
            context.Stopping.ThrowIfCancellationRequested();
            TakeFiles.Guard(context, file, () => Take(file));
        }
    }

    private void Take(IncomingFile file)
    {
        var input = CsvInput.Open(file.Path, Utf8, ',', ResponseReader.Required);
        input.RefuseTwice(ResponseReader.Optional.Concat(context.Config.Questionnaires.QuestionIds));
        FileInTaking? begun = null;
        List<StoredAnswers> forms = [];
        context.Database.InTransaction(() =>
        {
            begun = FileInTaking.Begin(context, file, input.Sha256);
            forms = Begin();
        });
        using var taking = begun!;
        if (ResponseReader.IgnoredColumns(input, context.Config.Questionnaires) is { Count: > 0 } ignored)
        {
            context.Note($"responses/{file.Name}: {ignored.Count} column(s) are no question of any version and were not read: {Listed(ignored.Take(10))}{(ignored.Count > 10 ? " ..." : "")}.");
        }

        using var pages = new BlockingCollection<ResponsePage>(boundedCapacity: 4);
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(context.Stopping);
        var reader = new ResponseReader(context, input, forms);
        var reading = Task.Run(() => Read(input, reader, taking.Read, pages, abandoned.Token), abandoned.Token);
        try
        {
            while (pages.TryTake(out var page, Timeout.Infinite, context.Stopping)) // outside a transaction: the first one may take a while
            {
                var (read, rejected) = (taking.Read, taking.Rejected);
                context.Database.InTransaction(() =>
                {
                    faults.Clear();
                    do
                    {
                        Store(page.Answered, taking.Id, (response, result) => taking.Count(result, response.Line, () => ""));
                        faults.AddRange(page.Faults);
                    }
                    while (taking.Read - read + faults.Count < TransactionRows && pages.TryTake(out page, Timeout.Infinite, context.Stopping));

                    foreach (var (line, result, raw) in faults.OrderBy(f => f.Line)) // whoever mends them has the file before him
                    {
                        taking.Count(result, line, () => raw);
                    }

                    taking.SaveProgress();
                });
                (changedBefore, changed) = (changed, changedBefore);
                changed.Clear();
                context.Counts.OtherRowsRejected += taking.Rejected - rejected;
                context.Progress.Report($"reading {file.Name}", taking.Read, 0);
            }

            reading.GetAwaiter().GetResult();
        }
        catch
        {
            abandoned.Cancel();
            ((IAsyncResult)reading).AsyncWaitHandle.WaitOne(); // it uses what is given back now
            throw;
        }

        taking.Finish();
    }

    /// <summary>What was stored before; and the forms in which answers are kept. In a transaction.</summary>
    internal List<StoredAnswers> Begin()
    {
        changed.Clear();
        changedBefore.Clear();
        lastId = context.Database["responses.last_id"].Scalar<long>();
        return StoredAnswers.NoteAll(context.Config.Questionnaires, context.Database);
    }

    /// <summary>Stores responses, those of one case behind each other, in a transaction; tells of each what became of it.</summary>
    internal void Store(List<Answered> responses, long fileId, Action<Answered, RowResult> tell)
    {
        for (var from = 0; from < responses.Count;)
        {
            var until = from + 1;
            while (until < responses.Count && responses[until].Case.Id == responses[from].Case.Id)
            {
                until++;
            }

            Store(CollectionsMarshal.AsSpan(responses)[from..until], fileId, tell);
            from = until;
        }
    }

    private void Read(CsvInput input, ResponseReader reader, long skip, BlockingCollection<ResponsePage> pages, CancellationToken ct)
    {
        try
        {
            using var store = context.Database.OpenAnother();
            foreach (var page in new RowsByCase(input, input.IndexOf("case_id")).Pages(skip, ct))
            {
                pages.Add(reader.Understand(page, store), ct);
            }
        }
        finally
        {
            pages.CompleteAdding();
        }
    }

    /// <summary>Stores the responses of one case.</summary>
    private void Store(ReadOnlySpan<Answered> responses, long fileId, Action<Answered, RowResult> tell)
    {
        var (row, known) = (responses[0].Case, responses[0].Known);
        if (changed.Contains(row.Id) || changedBefore.Contains(row.Id)) // since the other thread looked
        {
            context.Database.Flush();
            row = context.Cases.Find(row.Id)!;
            known = KnownResponses.Of(context.Database, [row.Id]).GetValueOrDefault(row.Id);
        }

        var (stored, optedOut) = (0, false);
        foreach (var response in responses)
        {
            if (known?.Hashes.Contains(response.Hash) == true)
            {
                tell(response, RowResult.Unchanged);
                continue;
            }

            known ??= new KnownResponses();
            known.Hashes.Add(response.Hash);
            row = Store(row, known, response, fileId);
            tell(response, RowResult.New);
            stored++;
            optedOut |= response.Status == ResponseStatuses.OptOut;
        }

        if (stored > 0)
        {
            changed.Add(row.Id);
            context.SaveInBulk(row);
        }

        if (optedOut)
        {
            OptOut(row);
        }
    }

    private CaseRow Store(CaseRow row, KnownResponses known, Answered response, long fileId)
    {
        var today = context.TodayIn(row.Market);
        var isComplete = response.Status == ResponseStatuses.Complete;
        var flags = response.Flags | ResponseReview.OfDay(response.CompletedOn, today, row.EventDate, row.Case.FirstContactOn);
        context.Database.Bulk("responses.insert").Add(
            ++lastId, row.Id, response.Mode, response.Status, response.At.ToUniversalTime(), response.Form.Id, response.Language, response.Seconds,
            (int)flags, row.Case.State == CaseState.Closed ? 1 : 0, isComplete ? known.FirstComplete : null, response.Answers, response.Texts, response.Hash, fileId, response.Line);
        if (isComplete)
        {
            known.FirstComplete ??= lastId;
        }

        context.Counts.Responses++;
        return context.Note(row, new CaseEvent.Responded(today, response.Mode, response.Status, response.CompletedOn)
        {
            Answers = StoredAnswers.HashOf(response.Form.Meaning, response.Answers),
        });
    }

    /// <summary>The customer is left alone in every mode. Other cases of his may be among those that were read already.</summary>
    private void OptOut(CaseRow row)
    {
        context.Database.Flush();
        foreach (var hash in context.AllHashesOf(row))
        {
            context.Cases.Suppress(hash, Suppression.All, context.AsOf.Day);
            context.Database["identities.of"].Each(r => changed.Add(r.GetInt64(0)), hash);
        }
    }
}

/// <summary>What the store has of a case's responses.</summary>
internal sealed class KnownResponses
{
    /// <summary>Of all of them.</summary>
    public List<long> Hashes { get; } = [];

    /// <summary>The first complete one, which counts.</summary>
    public long? FirstComplete { get; set; }

    /// <summary>By case; a case without a response is not among them.</summary>
    public static Dictionary<long, KnownResponses> Of(Database store, IEnumerable<long> cases)
    {
        var found = new Dictionary<long, KnownResponses>();
        store["responses.of_cases"].Each(
            r =>
            {
                if (!found.TryGetValue(r.GetInt64(0), out var known))
                {
                    found.Add(r.GetInt64(0), known = new KnownResponses());
                }

                known.Hashes.Add(r.GetInt64(1));
                known.FirstComplete ??= r.LongOrNull(2);
            },
            SqlValues.Set(cases));
        return found;
    }
}

/// <summary>A row that was understood, with its case as it was when it was looked up.</summary>
internal sealed record Answered(
    long Line, CaseRow Case, KnownResponses? Known, StoredAnswers Form, string Mode, string Status, DateTimeOffset At, DateOnly CompletedOn,
    string Language, int? Seconds, ResponseFlags Flags, string Answers, byte[] Texts, long Hash);

/// <summary>What became of some rows, on its way from the thread that reads to the one that stores.</summary>
internal sealed class ResponsePage
{
    /// <summary>Rows that can't be taken.</summary>
    public List<(long Line, RowResult Result, string Raw)> Faults { get; } = [];

    /// <summary>Rows to be stored.</summary>
    public List<Answered> Answered { get; } = [];
}
