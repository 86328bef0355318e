using System.Globalization;
using SurveyDispatcher.Tests;

namespace Benchmarks;

/// <summary>What two and three workers on one store send, against what one does, to a relay whose replies come 50 ms late.</summary>
/// <remarks>
/// One is a cycle; the others are services that wait for it and have no cycle of their own to do. The time of a cycle that finds the
/// relay down, and so does all but the mail stage, is taken off. The helpers have composed nothing yet when they are called.
/// </remarks>
internal sealed class WorkersBenchmark(Pipeline pipeline, Options options, Action<string> note, CancellationToken stopping)
{
    private const int Sessions = 4, Most = 3;
    private static readonly DateOnly Day = new(2026, 3, 2);

    public IEnumerable<Measure> Run()
    {
        using var folder = new TemporaryFolder();
        using var server = new PostgresDatabases(stopping);
        using var sink = new MailSink(stopping);
        using var relay = new Cable(sink.Port, TimeSpan.FromMilliseconds(50));
        var (queue, data) = (server.New(), Path.Combine(folder.Path, "data"));
        var mails = Queue(folder, server.Settings(queue));
        note($"workers: {mails:N0} mails over {Sessions} sessions each, replies 50 ms late, {options.Runs} run(s)");
        var rates = Enumerable.Range(1, Most).ToDictionary(workers => workers, _ => new List<double>());
        for (var run = 0; run < options.Runs; run++)
        {
            foreach (var workers in run % 2 == 0 ? rates.Keys.Order() : rates.Keys.OrderDescending())
            {
                var database = server.New(like: queue);
                var copy = TemporaryFolder.CopyOfStore(data);
                rates[workers].Add(Rate(workers, mails, copy, server, database, relay.Port));
                Directory.Delete(copy, recursive: true);
                server.Drop(database);
            }

            note($"  run {run + 1}: {string.Join(", ", rates.Select(r => $"{r.Key}: {r.Value[^1]:N0}/s"))}");
        }

        yield return new Measure("2 workers, replies 50 ms late", "/s", rates[2], "1 worker", rates[1], options.TwoWorkersTarget);
        yield return new Measure("3 workers, replies 50 ms late", "/s", rates[3], "1 worker", rates[1], options.ThreeWorkersTarget);
    }

    private double Rate(int workers, int mails, string data, PostgresDatabases server, string database, int port)
    {
        var store = server.Settings(database);
        var idle = pipeline.Cycle(data, Day, With(store, MailSink.Relay(MailSink.FreePort(), Sessions, retrySeconds: 0)), fails: true);
        var service = With(store, MailSink.Relay(port, Sessions));
        service["Schedule__Cycle"] = "0 0 0 1 1 ? 2099";
        List<ChildProcess.Server> helpers = [];
        try
        {
            for (var helper = 1; helper < workers; helper++)
            {
                helpers.Add(pipeline.Serve(data, service));
            }

            WaitFor(helpers.Count, server, database);
            var sending = pipeline.Cycle(data, Day, With(store, MailSink.Relay(port, Sessions)));
            var stored = server.Psql(database, "SELECT count(*) FROM ledger WHERE kind = 'MailAccepted'").Output.Trim();
            var seconds = (sending.Process.Time - idle.Process.Time).TotalSeconds;
            if (seconds <= 0)
            {
                throw new BenchmarkException($"A cycle that sent {mails:N0} mails took no longer than one that sent none: the machine is too busy to measure on.");
            }

            return sending.Count("invitationsSent") == mails && stored == mails.ToString(CultureInfo.InvariantCulture)
                ? mails / seconds
                : throw new BenchmarkException($"This is not what the benchmark measures: {mails:N0} mails were queued, {stored} sent, and the cycle counted {sending.Counts}.");
        }
        finally
        {
            helpers.ForEach(h => h.Dispose());
        }
    }

    /// <summary>A store whose mails are all planned, because the relay was down; how many they are.</summary>
    private int Queue(TemporaryFolder folder, Dictionary<string, string> store)
    {
        var extract = Path.Combine(folder.Path, "due.csv");
        Extract.WriteOpenCases(extract, options.SharedMailsDue, options.SharedMailsDue, Day, "en");
        var planned = pipeline.Cycle(
            folder.DataDirectory("data", extract), Day, With(store, MailSink.Relay(MailSink.FreePort(), Sessions, retrySeconds: 0)), fails: true);
        return planned.Count("mailDeferred") is var mails && mails > 0.8 * options.SharedMailsDue && planned.Count("invitationsSent") == 0
            ? mails
            : throw new BenchmarkException($"The queue was not built as meant: {planned.Counts}.");
    }

    /// <summary>Waits until services have made themselves known in the store.</summary>
    private void WaitFor(int services, PostgresDatabases server, string database)
    {
        for (var left = 300; services > 0; left--)
        {
            var known = server.Psql(database, "SELECT to_regclass('qrtz_scheduler_state') IS NOT NULL").Output.Trim() == "t"
                ? server.Psql(database, "SELECT count(*) FROM qrtz_scheduler_state").Output.Trim() : "0";
            if (known == services.ToString(CultureInfo.InvariantCulture))
            {
                return;
            }

            if (left == 0)
            {
                throw new BenchmarkException($"{services} services should have started, {known} did.");
            }

            stopping.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(100));
            stopping.ThrowIfCancellationRequested();
        }
    }

    private static Dictionary<string, string> With(Dictionary<string, string> store, Dictionary<string, string> relay) =>
        store.Concat(relay).ToDictionary(StringComparer.Ordinal);
}
