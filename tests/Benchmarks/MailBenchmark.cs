using System.Globalization;

namespace Benchmarks;

/// <summary>The transport and the whole mail stage against Postfix's own load generator, all of them into Postfix's <c>smtp-sink</c>.</summary>
internal sealed class MailBenchmark(Pipeline pipeline, Options options, Action<string> note, CancellationToken stopping)
{
    private const int Sessions = 4;
    private const int ManySessions = 16;
    private const string Source = "/usr/sbin/smtp-source";
    private static readonly DateOnly Day = new(2026, 3, 2);
    private static readonly TimeSpan ReplyDelay = TimeSpan.FromMilliseconds(50);

    public IEnumerable<Measure> Run()
    {
        using var folder = new TemporaryFolder();
        using var sink = new MailSink(stopping);
        var port = sink.Port;
        var queue = Queue(folder, options.MailsDue);
        var bytes = MeanSize(folder);
        note($"mail: {options.Mails:N0} messages of {bytes:N0} bytes over {Sessions} sessions; a stage of {queue.Mails:N0}; {options.Runs} run(s)");
        List<double> source = [], alone = [], stage = [], unflushed = [], sealing = [], peaks = [];
        for (var run = 0; run < options.Runs; run++)
        {
            Action[] peers = [() => source.Add(SourceRate(port, bytes)), () => alone.Add(TransportRate(port, Sessions, options.Mails, bytes)), () => Stage(queue, port, stage, peaks), () => Stage(queue, port, unflushed, [], flushes: false)];
            foreach (var peer in run % 2 == 0 ? peers : peers.Reverse())
            {
                peer();
            }

            sealing.Add(SealDriver.SecondsOfMail(queue.Mails, stopping));
            note($"  run {run + 1}: smtp-source {source[^1]:N0}/s, transport {alone[^1]:N0}/s, stage {stage[^1]:N0}/s, unflushed {unflushed[^1]:N0}/s, sealing {sealing[^1]:F2} s, peak {peaks[^1]:F0} MiB");
        }

        List<double> manyRates = [], manyPeaks = [];
        Stage(Queue(folder, options.ManyMailsDue), port, manyRates, manyPeaks);
        note($"  a stage of {options.ManyMailsDue:N0} customers: {manyRates[0]:N0}/s, peak {manyPeaks[0]:F0} MiB");

        List<double> one = [], many = [];
        using (var slow = new SlowServer(port, ReplyDelay))
        {
            for (var run = 0; run < options.Runs; run++)
            {
                one.Add(TransportRate(slow.Port, 1, options.SlowMails, bytes));
                many.Add(TransportRate(slow.Port, ManySessions, ManySessions * options.SlowMails, bytes));
            }
        }

        yield return new Measure($"transport alone, {Sessions} sessions", "/s", alone, $"smtp-source -d, {Sessions} sessions", source, options.TransportTarget);
        yield return new Measure("the whole mail stage", "/s", stage, $"smtp-source -d, {Sessions} sessions", source, options.StageTarget);
        yield return new Measure("the cost of durability", "/s", stage, "the stage, never flushed", unflushed, options.DurableStageTarget);
        yield return new Measure("the cost of encryption", "s", sealing, "the stage", stage.ConvertAll(rate => queue.Mails / rate), options.SealingTarget);
        yield return new Measure("peak memory, the mail stage", "MiB", [Math.Max(peaks.Max(), manyPeaks[0])], "the budget", [Options.MemoryBudget], 1);
        yield return new Measure($"peak memory, {options.ManyMailsDue:N0} customers", "MiB", manyPeaks, $"{options.MailsDue:N0} customers", peaks, options.MemoryGrowthTarget);
        yield return new Measure($"{ManySessions} sessions, replies 50 ms late", "/s", many, "1 session", one, options.SessionsTarget);
    }

    /// <summary>A store whose mails are all planned, because the relay was down.</summary>
    private (string Data, int Mails) Queue(TemporaryFolder folder, int due)
    {
        var extract = Path.Combine(folder.Path, $"due-{due}.csv");
        Extract.WriteOpenCases(extract, due, due, Day, "en");
        var data = folder.DataDirectory($"queue-{due}", extract);
        var planned = pipeline.Cycle(data, Day, MailSink.Relay(MailSink.FreePort(), Sessions, retrySeconds: 0), fails: true);
        return planned.Count("mailDeferred") is var mails && mails > 0.8 * due && planned.Count("invitationsSent") == 0
            ? (data, mails)
            : throw new BenchmarkException($"The queue was not built as meant: {planned.Counts}.");
    }

    /// <summary>
    /// The cycle that finds its relay again, less a cycle that finds it still down, which starts, looks at all queued cases once
    /// more and ends: claiming, composing, sending and recording each message durably.
    /// </summary>
    private void Stage((string Data, int Mails) queue, int port, List<double> rates, List<double> peaks, bool flushes = true)
    {
        var copy = TemporaryFolder.CopyOfStore(queue.Data);
        var idle = pipeline.Cycle(copy, Day, MailSink.Relay(MailSink.FreePort(), Sessions, retrySeconds: 0), fails: true, flushes);
        var sending = pipeline.Cycle(copy, Day, MailSink.Relay(port, Sessions), flushes: flushes);
        Directory.Delete(copy, recursive: true);
        if (sending.Count("invitationsSent") != queue.Mails || idle.Count("mailDeferred") != queue.Mails)
        {
            throw new BenchmarkException($"This is not what the benchmark measures: {queue.Mails:N0} mails were queued, the cycle counted {sending.Counts}.");
        }

        rates.Add(queue.Mails / (sending.Process.Time - idle.Process.Time).TotalSeconds);
        peaks.Add(sending.Mebibytes);
    }

    private double SourceRate(int port, int bytes)
    {
        var run = ChildProcess.Run(
            Source,
            ["-d", "-s", $"{Sessions}", "-m", $"{options.Mails}", "-l", $"{bytes}", "-f", "bounces@cvp.example", "-t", "anna@mail.example", $"127.0.0.1:{port}"],
            stopping);
        return options.Mails / run.Time.TotalSeconds;
    }

    private double TransportRate(int port, int sessions, int count, int bytes)
    {
        var run = ChildProcess.Run("dotnet", [typeof(MailBenchmark).Assembly.Location, "send", $"{port}", $"{sessions}", $"{count}", $"{bytes}"], stopping);
        return count / double.Parse(run.Output, CultureInfo.InvariantCulture);
    }

    /// <summary>What an invitation in English weighs; in other scripts one is longer.</summary>
    private int MeanSize(TemporaryFolder folder)
    {
        var extract = Path.Combine(folder.Path, "some.csv");
        Extract.WriteOpenCases(extract, 500, 500, Day, "en");
        var data = folder.DataDirectory("some", extract);
        pipeline.Cycle(data, Day);
        return (int)new DirectoryInfo(Path.Combine(data, "mail")).EnumerateFiles().Average(f => f.Length);
    }
}
