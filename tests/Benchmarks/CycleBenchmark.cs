namespace Benchmarks;

/// <summary>The same number of due cases over few and over many open ones: work must follow what is due, not what is stored.</summary>
internal sealed class CycleBenchmark(Pipeline pipeline, Options options, Action<string> note)
{
    private static readonly DateOnly Day = new(2026, 3, 2);

    public IEnumerable<Measure> Run()
    {
        using var folder = new TemporaryFolder();
        var few = Build(folder, options.FewOpen);
        var many = Build(folder, options.ManyOpen);
        note($"cycle: {options.Due:N0} due over {options.FewOpen:N0} and {options.ManyOpen:N0} open cases, {options.CycleRuns} run(s)");
        List<double> overFew = [], overMany = [];
        for (var run = 0; run < options.CycleRuns; run++)
        {
            if (run % 2 == 0)
            {
                overFew.Add(Cycle(few));
                overMany.Add(Cycle(many));
            }
            else
            {
                overMany.Add(Cycle(many));
                overFew.Add(Cycle(few));
            }

            note($"  run {run + 1}: {overFew[^1]:F2} s over few, {overMany[^1]:F2} s over many");
        }

        yield return new Measure(
            $"cycle, {options.Due:N0} due over {options.ManyOpen:N0} open", "s", overMany, $"over {options.FewOpen:N0} open", overFew, 2);
    }

    /// <summary>A store whose cases were opened the day before they fall due.</summary>
    private string Build(TemporaryFolder folder, int open)
    {
        var extract = Path.Combine(folder.Path, $"open-{open}.csv");
        Extract.WriteOpenCases(extract, open, options.Due, Day);
        var data = folder.DataDirectory($"store-{open}", extract);
        var built = pipeline.Cycle(data, Day.AddDays(-1));
        return built.Count("casesOpened") == open && built.Count("invitationsSent") == 0
            ? data
            : throw new BenchmarkException($"The store of {open:N0} open cases was not built as meant: {built.Counts}.");
    }

    private double Cycle(string data)
    {
        var copy = TemporaryFolder.CopyOfStore(data);
        var run = pipeline.Cycle(copy, Day);
        Directory.Delete(copy, recursive: true);
        return run.Count("invitationsSent") + run.Sum("phoneReleased") == options.Due
            ? run.Process.Time.TotalSeconds
            : throw new BenchmarkException($"This is not what the benchmark measures: {options.Due:N0} cases were due, the cycle counted {run.Counts}.");
    }
}
