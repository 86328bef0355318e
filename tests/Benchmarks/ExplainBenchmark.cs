using System.Text.Json;

namespace Benchmarks;

/// <summary>One customer's story over a store of many cases, from the start of the program to its end, on both databases.</summary>
/// <remarks>The keys are transaction ids, vehicles and full keys in turn, of customers all over the store; one that nobody has is asked for, too, since then rejects are looked through.</remarks>
internal sealed class ExplainBenchmark(Pipeline pipeline, Options options, Action<string> note, CancellationToken stopping)
{
    private const int Keys = 9;
    private static readonly DateOnly Day = new(2026, 3, 2);

    public IEnumerable<Measure> Run()
    {
        using var folder = new TemporaryFolder();
        var extract = Path.Combine(folder.Path, "sales.csv");
        Extract.WriteSales(extract, options.Explained, Day);
        var keys = KeysOf(extract).ToList();
        yield return new Measure($"explain over {options.Explained:N0} cases", "s", Ask(folder.DataDirectory("sqlite", extract), keys, null), "the target", [options.ExplainTarget], 1);
        using var server = new PostgresDatabases(stopping);
        yield return new Measure($"explain over {options.Explained:N0} cases, PostgreSQL", "s", Ask(folder.DataDirectory("postgres", extract), keys, server.Settings(server.New())), "the target", [options.ExplainTarget], 1);
    }

    private IEnumerable<string> KeysOf(string extract)
    {
        var header = File.ReadLines(extract).First().Split(',');
        int Column(string name) => Array.IndexOf(header, name);
        var (id, vin, country, dealer) = (Column("transaction_id"), Column("vin"), Column("country"), Column("dealer_code"));
        var step = Math.Max(1, options.Explained / Keys / 2); // enough lines are left without a quoted cell, which a comma would cut
        return File.ReadLines(extract).Skip(1).Where(line => !line.Contains('"', StringComparison.Ordinal)).Where((_, n) => n % step == step / 2).Take(Keys).Select(line => line.Split(',')).Select((cells, n) => (n % 3) switch
        {
            0 => cells[id],
            1 => cells[vin],
            _ => $"{cells[country]}/{cells[dealer]}/{cells[id]}",
        });
    }

    private List<double> Ask(string data, List<string> keys, Dictionary<string, string>? settings)
    {
        var cycle = pipeline.Cycle(data, Day, settings);
        if (cycle.Count("casesOpened") != options.Explained)
        {
            throw new BenchmarkException($"This is not what the benchmark measures: the extract counted {cycle.Counts}.");
        }

        var (times, processor) = (new List<double>(), new List<double>());
        foreach (var key in keys)
        {
            var run = pipeline.Verb(data, settings, "explain", key, "--as-of", "2026-03-03", "--json");
            if (JsonDocument.Parse(run.Output).RootElement is not { ValueKind: JsonValueKind.Array } stories || !stories.EnumerateArray().Any(s => s.GetProperty("plan").GetArrayLength() > 0))
            {
                throw new BenchmarkException($"This is not what the benchmark measures: explain {key} told {run.Output}");
            }

            times.Add(run.Time.TotalSeconds);
            processor.Add(run.Processor.TotalSeconds);
        }

        note($"  explain{(settings is null ? "" : ", PostgreSQL")}: {times.Min():F2} to {times.Max():F2} s over {keys.Count} keys; processor time {processor.Average():F2} s");
        return times;
    }
}
