using System.Globalization;
using System.Text.Json;

namespace Benchmarks;

/// <summary><c>status</c> over a store on its worst day: everybody is due, the relay is down, and the vendor has a seventh of all cases.</summary>
internal sealed class StatusBenchmark(Pipeline pipeline, Options options, Action<string> note, CancellationToken stopping)
{
    private static readonly DateOnly Day = new(2026, 3, 2);

    public IEnumerable<Measure> Run()
    {
        using var folder = new TemporaryFolder();
        var extract = Path.Combine(folder.Path, "service.csv");
        Extract.WriteOpenCases(extract, options.StatusCases, options.StatusCases, Day);
        var data = folder.DataDirectory("store", extract);
        note($"status: {options.StatusCases:N0} cases");
        var made = pipeline.Cycle(data, Day, MailSink.Relay(MailSink.FreePort(), 4, retrySeconds: 0), fails: true);
        var (queued, called) = (made.Count("mailDeferred"), made.Sum("phoneReleased"));
        if (made.Count("casesOpened") != options.StatusCases || queued == 0 || called == 0 || queued + called != options.StatusCases)
        {
            throw new BenchmarkException($"This is not what the benchmark measures: the cycle counted {made.Counts}.");
        }

        note($"  {made.Process.Time.TotalSeconds:F1} s to make: {queued:N0} mails queued, {called:N0} cases with the vendor");
        yield return Over("", data, [], queued, called);
        using var server = new PostgresDatabases(stopping);
        var database = server.New();
        var settings = server.Settings(database);
        pipeline.Verb(data, "store", "copy", "--to", settings["Store__ConnectionString"]); // by a cycle of its own it would take ten times as long
        server.Psql(database, "VACUUM ANALYZE"); // as the server does by itself a minute after so many new rows
        yield return Over(", PostgreSQL", data, settings, queued, called);
    }

    private Measure Over(string where, string data, Dictionary<string, string> settings, int queued, int called)
    {
        List<double> times = [];
        for (var run = 0; run <= options.StatusRuns; run++)
        {
            var looked = pipeline.Verb(data, settings, "status", "--json");
            var shown = JsonDocument.Parse(looked.Output).RootElement;
            if (shown.GetProperty("mailQueued").GetInt32() != queued
                || shown.GetProperty("listsWaiting").EnumerateArray().Sum(l => l.GetProperty("casesWithoutResult").GetInt32()) != called)
            {
                throw new BenchmarkException($"This is not what the benchmark measures: status shows other queues than the cycle left{where}.");
            }

            note(string.Create(CultureInfo.InvariantCulture, $"  look {run}: {looked.Time.TotalSeconds:F2} s (processor time {looked.Processor.TotalSeconds:F2} s)"));
            if (run > 0) // the first one reads the store from the disk
            {
                times.Add(looked.Time.TotalSeconds);
            }
        }

        return new Measure($"status over {options.StatusCases:N0} cases{where}", "s", times, "the target", [options.StatusTarget], 1);
    }
}
