using System.Text;
using System.Data.Common;
using Survey.Domain;
using SurveyDispatcher.Files;

namespace SurveyDispatcher.UseCases;

/// <summary>What a kind of file does with its rows.</summary>
internal interface IRowTaker
{
    /// <summary>The headers without which the file is refused.</summary>
    IReadOnlyList<string> Required { get; }

    /// <summary>How a file is written; without a description of its own as contracts.md says.</summary>
    FileForm FormOf(string fileName) => new(new UTF8Encoding(false, throwOnInvalidBytes: true), ',', Required);

    /// <summary>Called once the header is known.</summary>
    void Begin(CsvInput input);

    /// <summary>Takes a row, inside a transaction of the store; returns what became of it.</summary>
    RowResult Take(CsvRow row, long fileId);
}

/// <summary>How a file of rows is written.</summary>
/// <param name="Encoding">Strict.</param>
/// <param name="Delimiter">Between cells.</param>
/// <param name="Required">The headers without which it is refused.</param>
internal sealed record FileForm(Encoding Encoding, char Delimiter, IReadOnlyList<string> Required);

/// <summary>What became of a row.</summary>
internal readonly record struct RowResult(RowOutcome Outcome, string Reason = "", string Column = "", string Value = "")
{
    /// <summary>The row is about somebody whose data was erased: its text is not kept, neither in rejects nor in the archive.</summary>
    public bool IsOfErased { get; init; }

    public static RowResult New { get; } = new(RowOutcome.New);

    /// <summary>Taken, but its text is not kept.</summary>
    public static RowResult NewOfErased { get; } = New with { IsOfErased = true };

    public static RowResult Unchanged { get; } = new(RowOutcome.Unchanged);

    /// <summary>Kept aside until somebody says what its code means.</summary>
    public static RowResult Quarantined { get; } = new(RowOutcome.Quarantined);

    /// <summary>An erased case is unknown, whoever asks.</summary>
    public static RowResult OfErased(string column, string value) => Rejected("unknown_case", column, value) with { IsOfErased = true };

    public static RowResult Rejected(string reason, string column, string value) => new(RowOutcome.Rejected, reason, column, value);
}

/// <summary>Each row read has exactly one outcome.</summary>
internal enum RowOutcome
{
    New,
    Updated,
    Unchanged,
    Rejected,
    Quarantined,
}

/// <summary>A file being taken: its record in the store, its tallies, and its rejects.</summary>
/// <remarks>
/// Rows are taken in pages, each page one transaction that also stores how far the file has come. After a crash the
/// same file goes on where the last page ended: no row counts twice.
/// </remarks>
internal sealed class FileInTaking : IDisposable
{
    private readonly CycleContext context;
    private readonly IncomingFile file;
    private readonly string rejectsPath;
    private readonly string rejectsPart;
    private FileStream? rejects;
    private CsvOutput? rejectsCsv;
    private long rejectedBefore;
    private bool sawErased;

    private FileInTaking(CycleContext context, IncomingFile file, long id)
    {
        this.context = context;
        this.file = file;
        Id = id;
        rejectsPath = Path.Combine(context.Directory.Rejects, DataDirectory.Named(file.Name, ".rejects.csv"));
        rejectsPart = Path.Combine(context.Directory.Rejects, DataDirectory.Named(file.Name, $".{file.Kind}.rejects.csv.part")); // files of two kinds may share a name
    }

    public long Id { get; }

    public long Read { get; private set; }

    public long New { get; private set; }

    public long Updated { get; private set; }

    public long Unchanged { get; private set; }

    public long Rejected { get; private set; }

    public long Quarantined { get; private set; }

    /// <summary>Begins with a file, or goes on with one that an interrupted cycle had begun.</summary>
    public static FileInTaking Begin(CycleContext context, IncomingFile file, string sha256)
    {
        var begun = context.Database["files.begun"].First(
            r => (Id: r.GetInt64(0), Read: r.GetInt64(1), New: r.GetInt64(2), Updated: r.GetInt64(3), Unchanged: r.GetInt64(4), Rejected: r.GetInt64(5), Bytes: r.GetInt64(6), Quarantined: r.GetInt64(7)),
            file.Kind, file.Name, sha256);
        if (begun.Id > 0)
        {
            var resumed = new FileInTaking(context, file, begun.Id)
            {
                Read = begun.Read,
                New = begun.New,
                Updated = begun.Updated,
                Unchanged = begun.Unchanged,
                Rejected = begun.Rejected,
                Quarantined = begun.Quarantined,
                sawErased = true, // what was seen before the interruption nobody knows
            };
            resumed.ResumeRejects(begun.Bytes);
            return resumed;
        }

        var id = context.Database["files.last_id"].Scalar<long>() + 1;
        context.Database["files.begin"].Run(id, file.Kind, file.Name, sha256, context.Ledger.CycleId);
        return new FileInTaking(context, file, id);
    }

    public void Count(RowResult result, long line, Func<string> raw)
    {
        Read++;
        if (result.Outcome == RowOutcome.Rejected && !result.IsOfErased && context.Erased.Any && context.Erased.Names(raw()))
        {
            result = result with { Value = "", IsOfErased = true }; // understood or not: it names her
        }

        sawErased |= result.IsOfErased;
        switch (result.Outcome)
        {
            case RowOutcome.New:
                New++;
                break;
            case RowOutcome.Updated:
                Updated++;
                break;
            case RowOutcome.Unchanged:
                Unchanged++;
                break;
            case RowOutcome.Rejected:
                Rejected++;
                Reject(result, line, result.IsOfErased ? "" : raw());
                break;
            case RowOutcome.Quarantined:
                Quarantined++;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(result), result.Outcome, "Unknown outcome.");
        }
    }

    /// <summary>Counts rows that change nothing.</summary>
    public void CountUnchanged(int rows)
    {
        Read += rows;
        Unchanged += rows;
    }

    /// <summary>A row was of somebody whose data was erased.</summary>
    public void SawErased() => sawErased = true;

    /// <summary>Stores how far the file has come; inside the page's transaction.</summary>
    public void SaveProgress()
    {
        rejectsCsv?.Dispose();
        rejectsCsv = null;
        if (rejects is not null)
        {
            DurableFile.Flush(rejects);
        }

        context.Database["files.progress"].Run(Read, New, Updated, Unchanged, Rejected, rejects?.Position ?? rejectedBefore, Quarantined, Id);
    }

    /// <summary>The whole file was taken: the rejects get their name, the file goes to the archive.</summary>
    /// <param name="alongside">What is stored in the transaction that says so; it may be stored twice.</param>
    /// <remarks>Whatever moment the process dies at: a file that lies in taking/ still is moved by the next cycle, and <see cref="TakeFiles.Recover"/> knows that it was.</remarks>
    public void Finish(Action? alongside = null)
    {
        if (rejects is not null)
        {
            rejects.Dispose();
            rejects = null;
            DurableFile.Rename(rejectsPart, FreeName(rejectsPath));
        }

        context.Database.InTransaction(() =>
        {
            context.Database["files.end"].Run("stored", null, Id);
            alongside?.Invoke();
        });
        if (sawErased && !context.DryRun)
        {
            new SweepFiles(context).Sweep(file.Path, file.Name);
        }

        context.Inbox.Archive(file, context.AsOf.Day);
        context.Database.InTransaction(() => context.Database["files.end"].Run("taken", null, Id));
        context.Counts.FilesImported++;
    }

    public void Dispose()
    {
        rejectsCsv?.Dispose();
        rejects?.Dispose();
    }

    /// <summary>A file of the same name on another day keeps its own rejects.</summary>
    private string FreeName(string path)
    {
        var free = path;
        for (var n = 2; File.Exists(free); n++)
        {
            free = Path.Combine(context.Directory.Rejects, DataDirectory.Named(file.Name, $".{n}.rejects.csv"));
        }

        return free;
    }

    private void Reject(RowResult result, long line, string raw)
    {
        if (rejects is null)
        {
            rejects = DurableFile.Create(rejectsPart);
            using var header = new CsvOutput(rejects);
            header.Row("line", "reason", "column", "value", "raw");
        }

        rejectsCsv ??= new CsvOutput(rejects, withMark: false);
        rejectsCsv.Row(
            line.ToString(System.Globalization.CultureInfo.InvariantCulture), result.Reason, result.Column, result.Value, raw);
    }

    private void ResumeRejects(long bytes)
    {
        rejectedBefore = bytes;
        if (bytes > 0 && File.Exists(rejectsPart)) // else the file was finished but for its last step, and the rejects have their name
        {
            rejects = new FileStream(rejectsPart, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            rejects.SetLength(Math.Min(bytes, rejects.Length));
            rejects.Seek(0, SeekOrigin.End);
        }
    }
}

/// <summary>Takes the canonical files of one kind, row by row.</summary>
internal static class TakeFiles
{
    private const int PageRows = 1000;
    /// <summary>Notes of files that an interrupted cycle had moved to the archive that they are taken.</summary>
    public static void Recover(CycleContext context)
    {
        var moved = context.Database["files.stored"].List(r => (Id: r.GetInt64(0), Path: Path.Combine(context.Directory.Taking, r.GetString(1), r.GetString(2))))
            .FindAll(f => !File.Exists(f.Path));
        if (moved.Count > 0)
        {
            context.Database.InTransaction(() => moved.ForEach(f => context.Database["files.end"].Run("taken", null, f.Id)));
        }
    }

    /// <summary>Takes every file of a kind that has arrived.</summary>
    public static void Run(CycleContext context, string kind, IRowTaker taker)
    {
        foreach (var file in context.Inbox.Take(kind, context.Report, context.Note))
        {
            context.Stopping.ThrowIfCancellationRequested();
            Guard(context, file, () => Take(context, file, taker));
        }
    }

    /// <summary>A file that can't be taken is refused or left, and said so; the rest of the cycle goes on.</summary>
    public static void Guard(CycleContext context, IncomingFile file, Action take)
    {
        try
        {
            take();
        }
        catch (FileRefusedException e)
        {
            context.Database.InTransaction(() =>
            {
                var id = context.Database["files.last_id"].Scalar<long>() + 1;
                context.Database["files.refuse"].Run(id, file.Kind, file.Name, context.Ledger.CycleId, e.Message);
            });
            context.Counts.FilesRefused++;
            context.Report($"{file.Kind}/{file.Name} was refused: {e.Message} {PutAside(context, file, e.Message)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Report($"{file.Kind}/{file.Name} could not be taken: {Reason.Of(e).TrimEnd('.', '。')}. Mend that; it will be tried again in the next cycle.");
        }
        catch (Exception e) when (e is not (OperationCanceledException or DbException or OperatorException))
        {
            // The last resort: one file must not keep the others, the mail and the lists from their day.
            context.Report(
                $"{file.Kind}/{file.Name} could not be taken, by a fault of this program ({Unexpected.Describe(e)}). "
                + $"It lies at {file.Path} and will be tried again in the next cycle; please report this line.");
        }
    }

    private static Phrase PutAside(CycleContext context, IncomingFile file, string problem)
    {
        try
        {
            context.Inbox.Refuse(file, problem);
            return $"It lies in {context.Directory.Failed}.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"It could not be put into {context.Directory.Failed} ({Reason.Of(e)}) and still lies at {file.Path}.";
        }
    }

    private static void Take(CycleContext context, IncomingFile file, IRowTaker taker)
    {
        var form = taker.FormOf(file.Name);
        var input = CsvInput.Open(file.Path, form.Encoding, form.Delimiter, form.Required);
        taker.Begin(input);
        FileInTaking? begun = null;
        context.Database.InTransaction(() => begun = FileInTaking.Begin(context, file, input.Sha256));
        using var taking = begun!;
        using var rows = input.Rows().Skip((int)taking.Read).GetEnumerator();
        var more = true;
        while (more)
        {
            context.Stopping.ThrowIfCancellationRequested();
            context.Database.InTransaction(() =>
            {
                for (var i = 0; i < PageRows && (more = rows.MoveNext()); i++)
                {
                    var row = rows.Current;
                    var result = row.IsMalformed ? RowResult.Rejected("malformed_row", "", "") : taker.Take(row, taking.Id);
                    taking.Count(result, row.Line, () => row.Raw);
                    context.Counts.OtherRowsRejected += result.Outcome == RowOutcome.Rejected ? 1 : 0;
                }

                taking.SaveProgress();
            });
        }

        taking.Finish();
    }
}
