using System.Diagnostics;
using System.Text;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>What waits: for the relay, for a list, for the vendor to be told.</summary>
/// <param name="Mail">Mails that are planned and not settled.</param>
/// <param name="Phone">Cases that stand on no list yet.</param>
/// <param name="Withdrawals">Cases that the vendor has to give back and does not know of.</param>
public sealed record Queues(long Mail, long Phone, long Withdrawals)
{
    /// <summary>Reads the store.</summary>
    internal static Queues Read(Database database) => database["service.queues"].First(r => new Queues(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2)))!;
}

/// <summary>A cycle as a collector sees it: one span, and what it counted as measures.</summary>
internal static class CycleTrace
{
    /// <summary>Runs a cycle inside its span.</summary>
    public static async Task<CycleResult> OfAsync(CycleRequest request, TimeProvider time, Func<Task<CycleResult>> run)
    {
        using var span = Telemetry.Source.StartActivity(request.OnlyWithdrawals ? "withdrawals" : "cycle");
        span?.SetTag("survey.cycle.as_of", request.AsOf.ToString()).SetTag("survey.cycle.dry_run", request.DryRun);
        var began = time.GetTimestamp();
        var outcome = "failed";
        try
        {
            var result = await run();
            outcome = result.Problems.Count == 0 ? "done" : "failed";
            span?.SetTag("survey.cycle.problems", result.Problems.Count).SetStatus(result.Problems.Count == 0 ? ActivityStatusCode.Ok : ActivityStatusCode.Error);
            if (span is { IsAllDataRequested: true })
            {
                Tag(span, result.Counts.Numbers());
            }

            if (!request.DryRun)
            {
                Measure(result);
            }

            return result;
        }
        catch (OperationCanceledException)
        {
            outcome = "stopped";
            throw;
        }
        catch (Exception e)
        {
            span?.SetTag("error.type", e.GetType().FullName).SetStatus(ActivityStatusCode.Error); // its message may name files, which are others' text
            throw;
        }
        finally
        {
            span?.SetTag("survey.cycle.outcome", outcome);
            if (request is { DryRun: false, OnlyWithdrawals: false })
            {
                Telemetry.CycleDuration.Record(time.GetElapsedTime(began).TotalSeconds, new KeyValuePair<string, object?>("survey.cycle.outcome", outcome));
            }
        }
    }

    /// <summary>Counts as attributes: <c>rowsRead</c> is <c>survey.count.rows_read</c>.</summary>
    public static void Tag(Activity span, IEnumerable<KeyValuePair<string, long>> counts)
    {
        foreach (var (name, count) in counts)
        {
            span.SetTag($"survey.count.{Snake(name)}", count);
        }
    }

    private static void Measure(CycleResult result)
    {
        var counts = result.Counts;
        Telemetry.Problems.Add(result.Problems.Count);
        Add(Telemetry.Rows, "survey.row.outcome", ("new", counts.TransactionsNew), ("updated", counts.TransactionsUpdated), ("unchanged", counts.RowsUnchanged), ("rejected", counts.RowsRejected));
        Add(Telemetry.Files, "survey.file.outcome", ("taken", counts.FilesImported), ("refused", counts.FilesRefused));
        Add(Telemetry.ScreenedOut, "survey.reason", counts.ScreenedOut);
        Telemetry.CasesOpened.Add(counts.CasesOpened);
        Add(Telemetry.CasesClosed, "survey.reason", counts.Closed);
        Add(Telemetry.Received, "survey.item", ("response", counts.Responses), ("disposition", counts.Dispositions), ("bounce", counts.Bounces), ("opt_out", counts.OptOuts), ("rejected_row", counts.OtherRowsRejected));
        Add(Telemetry.PhoneReleased, "survey.reason", counts.PhoneReleased);
        Telemetry.PhoneWithdrawn.Add(counts.Withdrawn);
    }

    private static void Add(System.Diagnostics.Metrics.Counter<long> counter, string attribute, params ReadOnlySpan<(string Value, long Count)> counts)
    {
        foreach (var (value, count) in counts)
        {
            counter.Add(count, new KeyValuePair<string, object?>(attribute, value));
        }
    }

    private static void Add(System.Diagnostics.Metrics.Counter<long> counter, string attribute, SortedDictionary<string, long> counts)
    {
        foreach (var (value, count) in counts)
        {
            counter.Add(count, new KeyValuePair<string, object?>(attribute, value));
        }
    }

    private static string Snake(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            _ = char.IsAsciiLetterUpper(c) ? text.Append('_').Append(char.ToLowerInvariant(c)) : text.Append(c);
        }

        return text.ToString();
    }
}

/// <summary>The steps of a cycle, one after the other: each is a span with what it counted, and whoever watches over the cycle is told.</summary>
internal sealed class CycleSteps : IDisposable
{
    private readonly CycleContext context;
    private Activity? span;
    private SortedDictionary<string, long> before = [];
    private int problemsBefore;

    public CycleSteps(CycleContext context)
    {
        this.context = context;
        context.Database.Committing += context.Progress.Alive;
    }

    /// <summary>The last step has ended, and this one begins.</summary>
    public void Begin(string name)
    {
        End();
        context.Progress.Step(name);
        span = Telemetry.Source.StartActivity(name);
        if (span is { IsAllDataRequested: true })
        {
            (before, problemsBefore) = (context.Counts.Numbers(), context.Problems.Count);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        context.Database.Committing -= context.Progress.Alive;
        End();
    }

    private void End()
    {
        if (span is { IsAllDataRequested: true })
        {
            CycleTrace.Tag(span, context.Counts.Numbers()
                .Select(n => KeyValuePair.Create(n.Key, n.Value - before.GetValueOrDefault(n.Key))).Where(n => n.Value != 0));
            if (context.Problems.Count > problemsBefore)
            {
                span.SetTag("survey.cycle.problems", context.Problems.Count - problemsBefore).SetStatus(ActivityStatusCode.Error);
            }
        }

        span?.Dispose();
        span = null;
    }
}
