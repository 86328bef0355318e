using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Call results whose code the crosswalk does not know: kept, not guessed, and taken as soon as it does (docs/vendor.md).</summary>
/// <remarks>
/// The store has them; what lies in <c>quarantine/</c> is for people. A row moves from one tally of its file to another: it is counted once,
/// wherever it is.
/// </remarks>
internal sealed class Quarantine(CycleContext context)
{
    /// <summary>The file that people look at.</summary>
    public const string FileName = "dispositions.csv";

    private const char Separator = '\u001f';

    private sealed record Waiting(
        long Id, long CaseId, string Market, int Attempt, DateTimeOffset At, string Code, string Final, byte[] Content, DateOnly Since, long FileId, long Line, string File);

    /// <summary>Keeps a row; one that lies there already, or was taken since, changes nothing.</summary>
    public RowResult Keep(CaseRow known, CallResult call, string code, string final, string raw, long fileId, long line)
    {
        if (context.Database["attempts.has"].Any(known.Id, call.Attempt))
        {
            return RowResult.Unchanged;
        }

        var content = context.Vault.Seal(string.Join(Separator, call.Dialled, call.Note, raw));
        return context.Database["quarantine.add"].Run(
            context.Database["quarantine.last_id"].Scalar<long>() + 1, known.Id, call.Attempt, call.At.ToUniversalTime(), code, final, content,
            context.TodayIn(known.Market), fileId, line) == 0 ? RowResult.Unchanged : RowResult.Quarantined;
    }

    /// <summary>The vendor has sent the attempt again, with a code that is known: what lies here is no news any more.</summary>
    public void Settled(long caseId, int attempt)
    {
        var (id, fileId) = context.Database["quarantine.find"].First(r => (r.GetInt64(0), r.GetInt64(1)), caseId, attempt);
        if (id > 0)
        {
            context.Database["quarantine.remove"].Run(id);
            context.Database["quarantine.count_unchanged"].Run(fileId);
        }
    }

    /// <summary>Takes what is understood by now.</summary>
    public void Release()
    {
        var understood = All().ConvertAll(row => (Row: row, Form: context.Config.Vendor.FormOf(row.File)))
            .ConvertAll(q => (q.Row, q.Form, Known: Known(q.Form, q.Row.Code))).FindAll(q => q.Known is not null);
        if (understood.Count == 0)
        {
            return;
        }

        context.Database.InTransaction(() =>
        {
            foreach (var (row, form, known) in understood)
            {
                var parts = Parts(row);
                context.Database["quarantine.remove"].Run(row.Id);
                var isNew = TakeDispositions.Take(
                    context, context.Cases.Find(row.CaseId)!, new CallResult(row.Attempt, row.At, parts[0], parts[1]) { NumberIsForgotten = row.Content.Length == 0 }, known!,
                    TakeDispositions.IsFinal(form, row.Code, row.Final), row.FileId, row.Line);
                context.Database[isNew ? "quarantine.count_new" : "quarantine.count_unchanged"].Run(row.FileId);
            }
        });
    }

    private static Disposition? Known(CallResultForm? form, string code) =>
        (form?.Codes is { } codes ? codes.GetValueOrDefault(code) : code) is { } ours ? Dispositions.Find(ours) : null;

    /// <summary>Gives up what has lain as long as files are kept.</summary>
    public void Forget(int? days)
    {
        if (days is { } n && All().FindAll(r => r.Since.AddDays(n) <= context.AsOf.Day) is { Count: > 0 } old)
        {
            context.Database.InTransaction(() => old.ForEach(row =>
            {
                context.Database["quarantine.remove"].Run(row.Id);
                context.Database["quarantine.count_rejected"].Run(row.FileId);
                CycleCounts.Add(context.Counts.Forgotten, "quarantine");
            }));
        }
    }

    /// <summary>Writes the file that people look at, if it is not as the store has it.</summary>
    public void Show()
    {
        var path = Path.Combine(context.Directory.Quarantine, FileName);
        try
        {
            var rows = All();
            if (rows.Count == 0)
            {
                File.Delete(path);
                return;
            }

            using var content = new MemoryStream();
            using (var csv = new CsvOutput(content))
            {
                csv.Row("file", "line", "case_id", "attempt", "code", "since", "raw");
                foreach (var row in rows)
                {
                    csv.Row(
                        row.File, row.Line.ToString(CultureInfo.InvariantCulture), CaseId.Format(row.Market, row.CaseId), row.Attempt.ToString(CultureInfo.InvariantCulture),
                        row.Code, row.Since.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), Parts(row)[2]);
                }
            }

            if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(content.ToArray()))
            {
                DurableFile.CreateFolder(context.Directory.Quarantine);
                DurableFile.Write(path, s => s.Write(content.ToArray()));
            }
        }
        catch (DirectoryNotFoundException)
        {
            return; // nothing lies there, nor ever did
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Report($"{path} could not be written: {Reason.Of(e)} Mend that; the next cycle writes it. The store has what belongs there, nothing is lost.");
        }
    }

    private List<Waiting> All() => context.Database["quarantine.all"].List(r => new Waiting(
        r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.GetInt32(3), r.Instant(4), r.GetString(5), r.GetString(6), r.Bytes(7), r.Day(8), r.GetInt64(9), r.GetInt64(10), r.GetString(11)));

    /// <summary>Number, note and row; empty when retention has removed them.</summary>
    private string[] Parts(Waiting row) => row.Content.Length == 0 ? ["", "", ""] : context.Vault.Unseal(row.Content).Split(Separator, 3);
}
