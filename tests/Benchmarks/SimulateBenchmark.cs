using System.Globalization;
using System.Text.Json;

namespace Benchmarks;

/// <summary>A year of history replayed, alone and beside a draft.</summary>
/// <remarks>
/// The customers come in one extract, by a cycle of the program. Living a year through takes hours, so SQLite's shell spreads them over it:
/// each was invited on day 15 after the event; one in five answered, the others were reminded; one in eight of these answered, the others went to the vendor, who
/// reached three in seven. The replay must lead every one of them to the very days, else it is no measurement.
/// </remarks>
internal sealed class SimulateBenchmark(Pipeline pipeline, Options options, Action<string> note, CancellationToken stopping)
{
    private const string Year = """
        PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;
        DROP TRIGGER ledger_no_update; DROP TRIGGER ledger_no_delete;
        CREATE TEMP TABLE y AS SELECT id, id % 340 AS n, id * 2654435761 % 100 AS dice, date('2025-01-01', '+' || (id % 340) || ' days') AS event FROM transactions;
        CREATE TEMP TABLE d AS SELECT id, dice, n < 310 AS over, date(event, '+2 days') AS came, date(event, '+15 days') AS invited, date(event, '+18 days') AS reminded,
            date(event, '+22 days') AS phone, date(event, '+35 days') AS until, date(event, '+50 days') AS ended, event FROM y;
        CREATE UNIQUE INDEX temp.d_id ON d (id); -- else each customer is looked for among all
        UPDATE transactions SET event_date = (SELECT event FROM d WHERE d.id = transactions.id);
        DELETE FROM ledger; DELETE FROM cases; DELETE FROM endings;
        INSERT INTO ledger SELECT row_number() OVER (ORDER BY day, place, id), id, day, kind, detail, 1, 1, zeroblob(16) FROM (
            SELECT id, came AS day, 4 AS place, 'Opened' AS kind, '{}' AS detail FROM d
            UNION ALL SELECT id, invited, 5, 'MailAccepted', '{"contact":"invitation"}' FROM d
            UNION ALL SELECT id, date(invited, '+2 days'), 1, 'Responded', '{"mode":"web","status":"complete","completedOn":"' || invited || '","answers":""}' FROM d WHERE dice < 20
            UNION ALL SELECT id, reminded, 5, 'MailAccepted', '{"contact":"reminder"}' FROM d WHERE dice >= 20
            UNION ALL SELECT id, date(reminded, '+1 days'), 1, 'Responded', '{"mode":"web","status":"complete","completedOn":"' || reminded || '","answers":""}' FROM d WHERE dice BETWEEN 20 AND 29
            UNION ALL SELECT id, phone, 6, 'QueuedForPhone', '{"reason":"no_response"}' FROM d WHERE dice >= 30
            UNION ALL SELECT id, phone, 7, 'HandedOver', '{"callUntil":"' || until || '"}' FROM d WHERE dice >= 30
            UNION ALL SELECT id, date(phone, '+1 days'), 1, 'CallReported', '{"code":"3.13","final":"no","otherNumber":"no"}' FROM d WHERE dice >= 30
            UNION ALL SELECT id, date(phone, '+3 days'), 1, 'Responded', '{"mode":"phone","status":"complete","completedOn":"' || phone || '","answers":""}' FROM d WHERE dice BETWEEN 30 AND 59
            UNION ALL SELECT id, ended, 5, 'Ended', '{"reason":"window_closed"}' FROM d WHERE dice >= 60 AND over);
        INSERT INTO cases (id, market, survey, event_date, state, close_reason, invited_on, reminded_on, phone_on, phone_reason, call_until, completed_on, response_mode, mail_failed, next_look_on)
        SELECT t.id, country, survey, event, CASE WHEN dice < 60 THEN 'completed' WHEN over THEN 'closed' ELSE 'with_vendor' END, CASE WHEN dice >= 60 AND over THEN 'window_closed' END,
            invited, CASE WHEN dice >= 20 THEN reminded END, CASE WHEN dice >= 30 THEN phone END, CASE WHEN dice >= 30 THEN 'no_response' END, CASE WHEN dice >= 30 THEN until END,
            CASE WHEN dice < 20 THEN invited WHEN dice < 30 THEN reminded WHEN dice < 60 THEN phone END, CASE WHEN dice < 30 THEN 'web' WHEN dice < 60 THEN 'phone' END, 0,
            CASE WHEN dice >= 60 AND NOT over THEN ended END
        FROM transactions t JOIN d ON d.id = t.id;
        INSERT INTO endings SELECT id, CASE WHEN dice < 20 THEN date(invited, '+2 days') WHEN dice < 30 THEN date(reminded, '+1 days') WHEN dice < 60 THEN date(phone, '+3 days') ELSE ended END, NULL
        FROM d WHERE dice < 60 OR over;
        WITH RECURSIVE days(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM days WHERE n < 364)
        INSERT INTO cycles (id, as_of, day, started_at, ended_at, outcome, policy_id, counts)
        SELECT 1000 + n, date('2025-01-01', '+' || n || ' days'), date('2025-01-01', '+' || n || ' days'), '2025-01-01 00:00:00+00:00', '2025-01-01 00:00:00+00:00', 'done', 1, '' FROM days;

        """;

    private readonly List<double> replays = [], drafts = [], peaks = [];

    public IEnumerable<Measure> Run()
    {
        using var folder = new TemporaryFolder();
        var day = new DateOnly(2024, 12, 30);
        var extract = Path.Combine(folder.Path, "sales.csv");
        Extract.WriteSales(extract, options.Simulated, day);
        var data = folder.DataDirectory("store", extract);
        pipeline.Cycle(data, day);
        ChildProcess.Run("sqlite3", ["-batch", "-bail", Path.Combine(data, "survey.db")], stopping, Year);
        note($"simulate: {options.Simulated:N0} transactions, {options.Runs} run(s)");
        for (var run = 0; run < options.Runs; run++)
        {
            replays.Add(Replay(data));
            drafts.Add(Replay(data, "--with", pipeline.Config));
            note($"  run {run + 1}: a year {replays[^1]:F1} s, beside a draft {drafts[^1]:F1} s, peak {peaks[^1]:F0} MiB");
        }

        yield return new Measure($"a year of {options.Simulated:N0} transactions replayed", "s", replays, "the target", [Options.SimulatedYearTarget], 1);
        yield return new Measure("the same beside a draft", "s", drafts, "the target", [Options.SimulatedYearTarget], 1);
        yield return new Measure("peak memory, beside a draft", "MiB", peaks, "the budget", [Options.SimulatedMemory], 1);
    }

    private double Replay(string data, params string[] more)
    {
        var run = pipeline.Verb(data, ["simulate", "--from", "2025-01-01", "--to", "2025-12-31", "--json", .. more]);
        var basis = JsonDocument.Parse(run.Output).RootElement.GetProperty("basis");
        if (basis.GetProperty("replayed").GetInt32() != options.Simulated || basis.GetProperty("explained").GetInt32() != options.Simulated)
        {
            throw new BenchmarkException(string.Create(CultureInfo.InvariantCulture, $"This is not what the benchmark measures: the replay rests on {basis}."));
        }

        if (more.Length > 0)
        {
            peaks.Add(run.PeakBytes / 1048576.0);
        }

        return run.Time.TotalSeconds;
    }
}
