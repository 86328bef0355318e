namespace Benchmarks;

/// <summary>The same days over a small and a large store: work must follow what is due, not what is stored.</summary>
internal sealed class CycleBenchmark(Pipeline pipeline, Options options, Action<string> note, CancellationToken stopping)
{
    private const int Sessions = 4;

    public IEnumerable<Measure> Run()
    {
        using var sink = new MailSink(stopping);
        var relay = MailSink.Relay(sink.Port, Sessions);
        using (var folder = new TemporaryFolder())
        {
            foreach (var measure in Compare("", folder, relay, options.Cycle, () => []))
            {
                yield return measure;
            }
        }

        if (options.PostgresCycle is not { } postgres)
        {
            yield break;
        }

        using (var folder = new TemporaryFolder())
        using (var server = new PostgresDatabases(stopping))
        {
            foreach (var measure in Compare(", PostgreSQL", folder, relay, postgres, () => server.Settings(server.New())))
            {
                yield return measure;
            }
        }
    }

    private List<Measure> Compare(
        string where, TemporaryFolder folder, Dictionary<string, string> relay, StoreSizes sizes, Func<Dictionary<string, string>> settings)
    {
        note($"cycle{where}: {sizes.Due:N0} due over {sizes.Few:N0} and {sizes.Many:N0} stored cases, {options.CycleRuns} day(s)");
        var (few, many) = (Store(sizes.Few), Store(sizes.Many));
        List<double> overFew = [], overMany = [], peaks = [];
        for (var day = 0; day < few.Days; day++)
        {
            var (first, second) = day % 2 == 0 ? (few, many) : (many, few);
            CycleRun[] runs = [first.NextDay(), second.NextDay()];
            var (small, large) = day % 2 == 0 ? (runs[0], runs[1]) : (runs[1], runs[0]);
            note($"  day {day + 1}: {small.Process.Time.TotalSeconds:F2} s over few, {large.Process.Time.TotalSeconds:F2} s over many (processor time {small.Process.Processor.TotalSeconds:F2} s, {large.Process.Processor.TotalSeconds:F2} s; peak {large.Mebibytes:F0} MiB)");
            if (day >= StoreWithPast.LeadIn)
            {
                overFew.Add(small.Process.Time.TotalSeconds);
                overMany.Add(large.Process.Time.TotalSeconds);
                peaks.Add(large.Mebibytes);
            }
        }

        return
        [
            new Measure($"cycle, {sizes.Due:N0} due over {sizes.Many:N0} stored{where}", "s", overMany, $"over {sizes.Few:N0} stored", overFew, options.CycleTarget),
            new Measure($"peak memory, cycle over {sizes.Many:N0}{where}", "MiB", peaks, "the budget", [Options.MemoryBudget], 1),
        ];

        StoreWithPast Store(int cases)
        {
            var store = new StoreWithPast(
                pipeline, Path.Combine(folder.Path, $"store-{cases}"), new(relay.Concat(settings()), StringComparer.Ordinal), sizes, cases, options.CycleRuns);
            store.Build(note);
            return store;
        }
    }
}
