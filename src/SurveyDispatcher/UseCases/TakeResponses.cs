using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Takes web and phone responses (contracts.md, <c>inbox/responses/</c>; docs/responses.md).</summary>
/// <remarks>
/// One thread reads rows, looks their cases up and understands the answers; the other, which owns the store, decides and stores. It does so in
/// the order of the cases, many at a time: responses come in no order, and each page of a tree is written once for all of them.
/// </remarks>
internal sealed class TakeResponses(CycleContext context)
{
    /// <summary>Rows of one transaction.</summary>
    internal const int TransactionRows = 50_000;

    private const int PageRows = 1_000;
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly List<Answered> batch = [];
    private HashSet<long> changed = [], changedBefore = [];
    private long lastId;

    /// <summary>Takes every file that has arrived.</summary>
    public void Run()
    {
        foreach (var file in context.Inbox.Take("responses", context.Problems.Add))
        {
            context.Stopping.ThrowIfCancellationRequested();
            TakeFiles.Guard(context, file, () => Take(file));
        }
    }

    private void Take(IncomingFile file)
    {
        var input = CsvInput.Open(file.Path, Utf8, ',', ResponseReader.Required);
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
            context.Counts.Notes.Add(PlainText.Shown(
                $"responses/{file.Name}: {ignored.Count} column(s) are no question of any version and were not read: {string.Join(", ", ignored.Take(10))}{(ignored.Count > 10 ? " ..." : "")}."));
        }

        using var pages = new BlockingCollection<ResponsePage>(boundedCapacity: 4);
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(context.Stopping);
        var reader = new ResponseReader(context, input, forms);
        var reading = Task.Run(() => Read(input, reader, taking.Read, pages, abandoned.Token), abandoned.Token);
        try
        {
            while (!pages.IsCompleted)
            {
                var (read, rejected) = (taking.Read, taking.Rejected);
                context.Database.InTransaction(() =>
                {
                    batch.Clear();
                    while (taking.Read - read + batch.Count < TransactionRows && pages.TryTake(out var page, Timeout.Infinite, context.Stopping))
                    {
                        Sort(page, taking);
                    }

                    Store(batch, taking.Id, (response, result) => taking.Count(result, response.Line, () => ""));
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

    /// <summary>Stores responses, in a transaction; tells of each what became of it.</summary>
    internal void Store(List<Answered> responses, long fileId, Action<Answered, RowResult> tell)
    {
        var ordered = responses.OrderBy(a => a.Case.Id).ToList(); // stable: those of one case stay in the order of the file
        for (var from = 0; from < ordered.Count;)
        {
            var until = from + 1;
            while (until < ordered.Count && ordered[until].Case.Id == ordered[from].Case.Id)
            {
                until++;
            }

            Store(CollectionsMarshal.AsSpan(ordered)[from..until], fileId, tell);
            from = until;
        }
    }

    private void Read(CsvInput input, ResponseReader reader, long skip, BlockingCollection<ResponsePage> pages, CancellationToken ct)
    {
        try
        {
            using var store = context.Database.OpenAnother();
            var page = new ResponsePage(input.Headers.Count);
            foreach (var row in input.Rows())
            {
                if (skip > 0)
                {
                    skip--;
                    continue;
                }

                page.Add(row);
                if (page.Count == PageRows)
                {
                    reader.Understand(page, store);
                    pages.Add(page, ct);
                    page = new ResponsePage(input.Headers.Count);
                }
            }

            reader.Understand(page, store);
            pages.Add(page, ct);
        }
        finally
        {
            pages.CompleteAdding();
        }
    }

    /// <summary>Rejects are written in the order of the file; what is to be stored is put with the rest of the transaction.</summary>
    private void Sort(ResponsePage page, FileInTaking taking)
    {
        foreach (var (line, result, raw) in page.Faults)
        {
            taking.Count(result, line, () => raw);
        }

        batch.AddRange(page.Answered);
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
            Answers = StoredAnswers.HashOf(response.Form.Id, response.Answers),
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

/// <summary>Rows on their way from the thread that reads to the one that stores.</summary>
internal sealed class ResponsePage(int columns)
{
    private readonly List<(long Line, bool IsMalformed, int Start, int FirstEnd, int Raw, int RawLength)> rows = [];
    private readonly List<int> ends = [];
    private byte[] bytes = new byte[1 << 18];
    private int length;

    public int Count => rows.Count;

    /// <summary>Rows that can't be taken, in the order of the file.</summary>
    public List<(long Line, RowResult Result, string Raw)> Faults { get; } = [];

    /// <summary>Rows to be stored, in the order of the file.</summary>
    public List<Answered> Answered { get; } = [];

    /// <summary>Keeps a row's cells and text until its case has been looked up.</summary>
    public void Add(CsvRow row)
    {
        var (start, firstEnd) = (length, ends.Count);
        for (var i = 0; i < columns && !row.IsMalformed; i++)
        {
            Put(row.CellBytes(i));
            ends.Add(length);
        }

        var raw = length;
        Put(row.RawBytes);
        rows.Add((row.Line, row.IsMalformed, start, firstEnd, raw, length - raw));
    }

    /// <summary>The line of a row; and whether it has cells that can be read.</summary>
    public (long Line, bool IsMalformed) this[int row] => (rows[row].Line, rows[row].IsMalformed);

    /// <summary>A cell in UTF-8, ASCII white space around it removed; empty for a column that is not there (index -1).</summary>
    public ReadOnlySpan<byte> Cell(int row, int column)
    {
        if (column < 0)
        {
            return [];
        }

        var (_, _, start, firstEnd, _, _) = rows[row];
        return bytes.AsSpan((column == 0 ? start : ends[firstEnd + column - 1])..ends[firstEnd + column]).Trim(" \t\r\n"u8);
    }

    /// <summary>A cell as text, white space around it removed.</summary>
    public string Text(int row, int column) => Encoding.UTF8.GetString(Cell(row, column)).Trim();

    /// <summary>Whether a cell has nothing but white space in it.</summary>
    public bool IsBlank(int row, int column) => Cell(row, column) is var cell && (cell.IsEmpty || (cell[0] >= 0x80 && Text(row, column).Length == 0));

    /// <summary>The record as the file has it.</summary>
    public string Raw(int row) => Encoding.UTF8.GetString(bytes, rows[row].Raw, rows[row].RawLength);

    /// <summary>The cells are not needed any more.</summary>
    public void Release() => bytes = [];

    private void Put(ReadOnlySpan<byte> text)
    {
        if (length + text.Length > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(2 * bytes.Length, length + text.Length));
        }

        text.CopyTo(bytes.AsSpan(length));
        length += text.Length;
    }
}
