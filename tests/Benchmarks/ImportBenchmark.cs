namespace Benchmarks;

/// <summary>An extract into a fresh data directory, against SQLite's own shell, against itself repeated, and against a larger one.</summary>
internal sealed class ImportBenchmark(Pipeline pipeline, Options options, Action<string> note, CancellationToken stopping)
{
    private static readonly DateOnly Day = new(2026, 3, 2);

    private readonly List<double> shell = [];
    private readonly List<double> shellProcessor = [];
    private readonly List<double> firstProcessor = [];
    private readonly List<double> first = [];
    private readonly List<double> again = [];
    private readonly List<double> unflushed = [];
    private readonly List<double> sealing = [];
    private readonly List<double> copy = [];
    private readonly List<double> postgres = [];
    private readonly List<double> postgresAgain = [];
    private readonly List<double> postgresPeaks = [];
    private readonly List<double> peaks = [];
    private readonly List<double> firstPeaks = [];

    public IEnumerable<Measure> Run()
    {
        using var folder = new TemporaryFolder();
        var extract = Path.Combine(folder.Path, "extract.csv");
        Extract.WriteMixture(extract, options.Rows, Day);
        note($"import: {options.Rows:N0} rows, {new FileInfo(extract).Length / 1048576.0:F0} MiB, {options.Runs} run(s)");
        for (var run = 0; run < options.Runs; run++)
        {
            // Each goes first in turn: whatever else the machine does, and whatever lies in its caches, meets both.
            Action[] peers = [() => Shell(folder, extract), () => Pipeline(folder, extract), () => Unflushed(folder, extract)];
            foreach (var peer in run % 2 == 0 ? peers : peers.Reverse())
            {
                peer();
            }

            sealing.Add(SealDriver.SecondsOfImport(options.Rows, stopping));
            note($"  run {run + 1}: sqlite3 {shell[^1]:F2} s, cycle {first[^1]:F2} s, again {again[^1]:F2} s, unflushed {unflushed[^1]:F2} s, "
                + $"sealing {sealing[^1]:F2} s, peak {peaks[^1]:F0} MiB; "
                + $"processor time {shellProcessor[^1]:F2} s and {firstProcessor[^1]:F2} s");
        }

        using (var server = new PostgresDatabases(stopping))
        {
            for (var run = 0; run < options.Runs; run++)
            {
                Action[] peers = [() => Copy(server, extract), () => Postgres(server, folder, extract)];
                foreach (var peer in run % 2 == 0 ? peers : peers.Reverse())
                {
                    peer();
                }

                note($"  PostgreSQL, run {run + 1}: \\copy {copy[^1]:F2} s, cycle {postgres[^1]:F2} s, again {postgresAgain[^1]:F2} s, peak {postgresPeaks[^1]:F0} MiB");
            }
        }

        var largePeak = Large(folder);
        yield return new Measure($"import {options.Rows:N0} rows", "s", first, "sqlite3 .import, one unique index", shell, options.ImportTarget);
        yield return new Measure("the same content a day later", "s", again, "its first import", first, options.AgainTarget);
        yield return new Measure($"import {options.Rows:N0} rows, PostgreSQL", "s", postgres, "psql's \\copy, one unique index", copy, options.PostgresTarget);
        yield return new Measure("the same content a day later", "s", postgresAgain, "its first import", postgres, options.AgainTarget);
        yield return new Measure("peak memory, PostgreSQL", "MiB", postgresPeaks, "the budget", [Options.MemoryBudget], 1);
        yield return new Measure("the cost of durability", "s", first, "the first import, never flushed", unflushed, options.DurableImportTarget);
        yield return new Measure("the cost of encryption", "s", sealing, "the first import", first, options.SealingTarget);
        yield return new Measure("peak memory, both imports", "MiB", peaks, "the budget", [Options.MemoryBudget], 1);
        yield return new Measure($"peak memory, {options.LargeRows:N0} rows", "MiB", [largePeak], $"{options.Rows:N0} rows", firstPeaks, options.MemoryGrowthTarget);
    }

    private void Shell(TemporaryFolder folder, string extract)
    {
        var store = Path.Combine(folder.Path, "shell.db");
        var columns = File.ReadLines(extract).First().Split(',');
        var run = ChildProcess.Run(
            "sqlite3", ["-batch", store], stopping, $"""
            CREATE TABLE t ({string.Join(" TEXT, ", columns)} TEXT);
            CREATE UNIQUE INDEX t_key ON t (country, dealer_code, record_type, transaction_id);
            .mode csv
            .import --skip 1 {extract} t
            SELECT count(*) FROM t;

            """);
        File.Delete(store);
        Expect(int.Parse(run.Output, System.Globalization.CultureInfo.InvariantCulture) == options.Rows, $"sqlite3 imported {run.Output.Trim()} rows");
        shell.Add(run.Time.TotalSeconds);
        shellProcessor.Add(run.Processor.TotalSeconds);
    }

    private void Pipeline(TemporaryFolder folder, string extract)
    {
        var data = folder.DataDirectory("data", extract);
        var one = Import(data, Day, options.Rows);
        TemporaryFolder.Receive(data, extract, "extract_2.csv");
        var two = pipeline.Cycle(data, Day.AddDays(1));
        Expect(two.Count("rowsRead") == options.Rows && two.Count("transactionsUpdated") == 0, $"the second import counted {two.Counts}");
        Expect(two.Count("invitationsSent") == 0, "the second import sent mail");
        Directory.Delete(data, recursive: true);
        first.Add(one.Process.Time.TotalSeconds);
        firstProcessor.Add(one.Process.Processor.TotalSeconds);
        again.Add(two.Process.Time.TotalSeconds);
        firstPeaks.Add(one.Mebibytes);
        peaks.Add(Math.Max(one.Mebibytes, two.Mebibytes));
    }

    private void Copy(PostgresDatabases server, string extract)
    {
        var database = server.New();
        var columns = File.ReadLines(extract).First().Split(',');
        server.Psql(database, $"CREATE TABLE t ({string.Join(" text, ", columns)} text)", "CREATE UNIQUE INDEX t_key ON t (country, dealer_code, record_type, transaction_id)");
        var run = server.Psql(database, $"\\copy t from '{extract}' with (format csv, header)", "SELECT count(*) FROM t");
        Expect(int.Parse(run.Output, System.Globalization.CultureInfo.InvariantCulture) == options.Rows, $"psql copied {run.Output.Trim()} rows");
        server.Drop(database);
        copy.Add(run.Time.TotalSeconds);
    }

    private void Postgres(PostgresDatabases server, TemporaryFolder folder, string extract)
    {
        var database = server.New();
        var data = folder.DataDirectory("postgres", extract);
        var one = pipeline.Cycle(data, Day, server.Settings(database));
        TemporaryFolder.Receive(data, extract, "extract_2.csv");
        var two = pipeline.Cycle(data, Day.AddDays(1), server.Settings(database));
        Expect(one.Count("rowsRead") == options.Rows && one.Count("casesOpened") > 0.8 * options.Rows, $"the import counted {one.Counts}");
        Expect(two.Count("rowsRead") == options.Rows && two.Count("transactionsUpdated") == 0, $"the second import counted {two.Counts}");
        Directory.Delete(data, recursive: true);
        server.Drop(database);
        postgres.Add(one.Process.Time.TotalSeconds);
        postgresAgain.Add(two.Process.Time.TotalSeconds);
        postgresPeaks.Add(Math.Max(one.Mebibytes, two.Mebibytes));
    }

    private void Unflushed(TemporaryFolder folder, string extract)
    {
        var data = folder.DataDirectory("unflushed", extract);
        unflushed.Add(Import(data, Day, options.Rows, flushes: false).Process.Time.TotalSeconds);
        Directory.Delete(data, recursive: true);
    }

    private double Large(TemporaryFolder folder)
    {
        var extract = Path.Combine(folder.Path, "large.csv");
        Extract.WriteMixture(extract, options.LargeRows, Day);
        var run = Import(folder.DataDirectory("large", extract), Day, options.LargeRows);
        note($"  {options.LargeRows:N0} rows: cycle {run.Process.Time.TotalSeconds:F2} s, peak {run.Mebibytes:F0} MiB");
        return run.Mebibytes;
    }

    /// <summary>A run that did something else than what is measured is no measurement.</summary>
    private CycleRun Import(string data, DateOnly day, int rows, bool flushes = true)
    {
        var run = pipeline.Cycle(data, day, flushes: flushes);
        Expect(
            run.Count("rowsRead") == rows && run.Count("casesOpened") > 0.8 * rows && run.Sum("screenedOut") > 0.03 * rows
            && run.Count("rowsRejected") > 0.01 * rows && run.Count("invitationsSent") == 0,
            $"the import counted {run.Counts}");
        return run;
    }

    private static void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new BenchmarkException($"This is not what the benchmark measures: {otherwise}.");
        }
    }
}
