using System.Globalization;
using System.Text;

namespace Benchmarks;

/// <summary>Responses taken into a store that has their cases, against SQLite's own shell; then exported.</summary>
internal sealed class ResponsesBenchmark(Pipeline pipeline, Options options, Action<string> note, CancellationToken stopping)
{
    private static readonly DateOnly Day = new(2026, 3, 2);

    private readonly List<double> shell = [];
    private readonly List<double> taking = [];
    private readonly List<double> idle = [];
    private readonly List<double> peaks = [];
    private readonly List<double> exportRates = [];
    private readonly List<double> exportPeaks = [];
    private readonly List<double> reporting = [];
    private readonly List<double> reportPeaks = [];

    public IEnumerable<Measure> Run()
    {
        using var folder = new TemporaryFolder();
        var responses = Path.Combine(folder.Path, "responses.csv");
        var store = StoreWithCases(folder, responses);
        note($"responses: {options.Responses:N0}, {new FileInfo(responses).Length / 1048576.0:F0} MiB, {options.Runs} run(s)");
        for (var run = 0; run < options.Runs; run++)
        {
            Action[] peers = [() => Shell(folder, responses), () => Take(store, responses)];
            foreach (var peer in run % 2 == 0 ? peers : peers.Reverse())
            {
                peer();
            }

            note($"  run {run + 1}: sqlite3 {shell[^1]:F2} s, cycle {taking[^1]:F2} s (without responses {idle[^1]:F2} s), peak {peaks[^1]:F0} MiB; "
                + $"export {exportRates[^1]:F0} MiB/s, peak {exportPeaks[^1]:F0} MiB; report {reporting[^1]:F2} s, peak {reportPeaks[^1]:F0} MiB");
        }

        yield return new Measure($"{options.Responses:N0} responses taken", "s", taking, "sqlite3 .import, one unique index", shell, options.ResponsesTarget);
        yield return new Measure("export responses, MiB of CSV", "/s", exportRates, "the target", [options.ExportTarget], 1);
        yield return new Measure("a year's scores, ranks and rates", "s", reporting, "the target", [Options.YearTarget], 1);
        yield return new Measure("peak memory, responses taken", "MiB", peaks, "the budget", [Options.MemoryBudget], 1);
        yield return new Measure("peak memory, export", "MiB", exportPeaks, "the budget", [Options.MemoryBudget], 1);
    }

    /// <summary>A store whose every case gets a response, in no order.</summary>
    private string StoreWithCases(TemporaryFolder folder, string responses)
    {
        var extract = Path.Combine(folder.Path, "sales.csv");
        Extract.WriteSales(extract, options.Responses, Day);
        var data = folder.DataDirectory("store", extract);
        var run = pipeline.Cycle(data, Day);
        if (run.Count("casesOpened") != options.Responses)
        {
            throw new BenchmarkException($"This is not what the benchmark measures: the extract counted {run.Counts}.");
        }

        var cases = Path.Combine(folder.Path, "cases.csv");
        pipeline.Verb(data, "export", "cases", "--out", cases);
        Answers.Write(responses, [.. File.ReadLines(cases).Skip(1).Select(line => line[..line.IndexOf(',')])], Day);
        return data;
    }

    private void Shell(TemporaryFolder folder, string responses)
    {
        var store = Path.Combine(folder.Path, "shell.db");
        var run = ChildProcess.Run(
            "sqlite3", ["-batch", store], stopping, $"""
            CREATE TABLE t ({string.Join(" TEXT, ", Answers.Columns)} TEXT);
            CREATE UNIQUE INDEX t_case ON t (case_id);
            .mode csv
            .import --skip 1 {responses} t
            SELECT count(*) FROM t;

            """);
        File.Delete(store);
        if (int.Parse(run.Output, CultureInfo.InvariantCulture) != options.Responses)
        {
            throw new BenchmarkException($"This is not what the benchmark measures: sqlite3 imported {run.Output.Trim()} rows.");
        }

        shell.Add(run.Time.TotalSeconds);
    }

    private void Take(string store, string responses)
    {
        var data = TemporaryFolder.CopyOfStore(store);
        idle.Add(pipeline.Cycle(data, Day.AddDays(1)).Process.Time.TotalSeconds);
        TemporaryFolder.Receive(data, responses, "responses_1.csv", "responses");
        var run = pipeline.Cycle(data, Day.AddDays(1));
        if (run.Count("responses") != options.Responses)
        {
            throw new BenchmarkException($"This is not what the benchmark measures: the cycle counted {run.Counts}.");
        }

        taking.Add(run.Process.Time.TotalSeconds);
        peaks.Add(run.Mebibytes);
        var table = Path.Combine(data, "responses-exported.csv");
        var export = pipeline.Verb(data, "export", "responses", "--out", table);
        exportRates.Add(new FileInfo(table).Length / 1048576.0 / export.Time.TotalSeconds);
        exportPeaks.Add(export.PeakBytes / 1048576.0);
        var report = pipeline.Verb(data, "report", "--period", Day.Year.ToString(CultureInfo.InvariantCulture));
        reporting.Add(report.Time.TotalSeconds);
        reportPeaks.Add(report.PeakBytes / 1048576.0);
        Directory.Delete(data, recursive: true);
    }
}

/// <summary>A made-up file of complete responses to the sales questionnaire, with 25 answers each: the same for the same cases.</summary>
internal static class Answers
{
    private static readonly string[] Satisfaction =
    [
        "overall", "first_impression", "salesperson", "product_knowledge", "vehicle_fit", "no_pressure", "payment", "cleanliness",
        "problem_resolution", "dealer_trust", "vehicle_quality", "brand_trust",
    ];

    private static readonly string[] YesNo =
    [
        "visited_dealer", "test_drive_offered", "delivery_date_informed", "ready_on_time", "equipment_works", "contacted_after", "wants_contact",
    ];

    private static readonly string[] Comments =
    [
        "Very friendly, thank you.", "交车时间比说好的晚了两天。", "The salesperson, Mr. \"Lee\", knew everything; the rest did not.",
        "納車の説明が丁寧でした。", "Nhân viên nhiệt tình nhưng chờ hơi lâu.", "Nothing to add",
    ];

    /// <summary>The columns of the file.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        ["case_id", "mode", "status", "completed_at", "most_familiar", .. Satisfaction, .. YesNo, "recommend", "first_vehicle", "age_band", "gender", "comments"];

    /// <summary>Writes a response for each case, in no order.</summary>
    public static void Write(string path, string[] cases, DateOnly day)
    {
        var random = new SplitMix(20261126);
        for (var i = cases.Length - 1; i > 0; i--)
        {
            var other = random.Below(i + 1);
            (cases[i], cases[other]) = (cases[other], cases[i]);
        }

        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16) { NewLine = "\r\n" };
        writer.WriteLine(string.Join(',', Columns));
        foreach (var id in cases)
        {
            writer.Write($"{id},{(random.Chance(70) ? "web" : "phone")},complete,{day:yyyy-MM-dd}T{random.Below(10):D2}:{random.Below(60):D2}:{random.Below(60):D2}+00:00,yes");
            var mood = random.Below(5);
            for (var i = 0; i < Satisfaction.Length; i++)
            {
                writer.Write($",{Math.Clamp(5 - random.Below(mood + 1), 1, 5)}");
            }

            for (var i = 0; i < YesNo.Length; i++)
            {
                writer.Write(random.Chance(80) ? ",yes" : ",no");
            }

            writer.Write($",{10 - random.Below((2 * mood) + 1)},{random.Of(["first", "additional", "replacement"])},{random.Of(["25_34", "35_44", "45_54", "no_answer"])},{random.Of(["female", "male", "no_answer"])},");
            writer.WriteLine($"\"{random.Of(Comments).Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        }

        writer.Flush();
        ((FileStream)writer.BaseStream).Flush(flushToDisk: true);
    }
}
