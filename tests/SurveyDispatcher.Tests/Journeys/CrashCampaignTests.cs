using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Npgsql;
using SurveyDispatcher.Tests.Mail;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>
/// A day on which everything happens is killed (SIGKILL) at its statements, commits, flushes, renames and sends; the next cycle
/// goes on, and afterwards nobody can tell: the same cases, ledger, lists, rejects and archive, and every mail once. Only a mail
/// in doubt may go out twice, under the same Message-ID, at most one for each connection and kill.
/// </summary>
/// <remarks>
/// In short form one moment of each kind. LONG_TESTS=1 (<c>tests/run --long</c>) takes every moment, and kills the cycle
/// that goes on a second time.
/// </remarks>
[Trait("Campaign", "crash")]
public sealed partial class CrashCampaignTests(CrashCampaignTests.Undisturbed undisturbed) : IClassFixture<CrashCampaignTests.Undisturbed>
{
    private const int Connections = 2;

    private static readonly bool Long = Environment.GetEnvironmentVariable("LONG_TESTS") == "1";

    [Fact]
    public async Task AKillAtAnyMomentChangesNothingThatAnybodySees()
    {
        var moments = undisturbed.Moments;
        List<int> chosen = Long
            ? [.. Enumerable.Range(1, moments.Length)]
            : [.. moments.Select((m, i) => (Kind: Kind(m), At: i + 1)).GroupBy(m => m.Kind).Select(g => g.ElementAt(g.Count() / 2).At)];
        var failures = new ConcurrentBag<string>();
        var (kills, twice) = (0, 0);
        await Parallel.ForEachAsync(chosen, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = TestContext.Current.CancellationToken }, async (at, _) =>
        {
            var (killed, duplicates, difference) = await KilledAsync(at, again: Long && at % 3 == 0 ? 1 + (at * 7919 % moments.Length) : 0);
            Interlocked.Add(ref kills, killed);
            Interlocked.Add(ref twice, duplicates);
            // One line a moment, for a reader, and because xunit's runner takes a test process for crashed that ends after a minute without a message.
            TestContext.Current.TestOutputHelper?.WriteLine($"killed before moment {at} ({Kind(moments[at - 1])})");
            if (difference is not null)
            {
                failures.Add($"killed before moment {at} ({Kind(moments[at - 1])}): {difference}");
            }
        });

        Assert.True(failures.IsEmpty, string.Join('\n', failures.Order(StringComparer.Ordinal)));
        TestContext.Current.TestOutputHelper?.WriteLine($"{kills} kills at {moments.Length} moments; {twice} mails in doubt went out twice, under their Message-IDs");
        Assert.InRange(kills, chosen.Count * 9 / 10, 2 * chosen.Count); // senders run side by side: the last moments of a cycle may come a little earlier or later
    }

    /// <summary>Kills the day before a moment, perhaps kills the cycle that goes on as well, and compares with the day that nobody disturbed.</summary>
    private async Task<(int Kills, int Duplicates, string? Difference)> KilledAsync(int at, int again)
    {
        await using var server = Relay();
        using var world = undisturbed.Eve.Copy();
        SendTo(world, server);
        var kills = await Child.KillAsync(world, "", at, "cycle", "--as-of", TheDay) ? 1 : 0;
        kills += again > 0 && await Child.KillAsync(world, "", again, "cycle", "--as-of", TheDay) ? 1 : 0;
        await FinishAsync(world);

        var duplicates = server.Messages.Count - undisturbed.Mails.Count;
        var difference = Difference(undisturbed.Story, await StoryAsync(world))
            ?? Difference(Sorted(undisturbed.Mails), Sorted(server.Messages.Distinct()))
            ?? (duplicates <= kills * Connections ? null : $"{duplicates} mails went out twice");
        return (kills, duplicates, difference);
    }

    private const string TheDay = "2026-03-12";

    /// <summary>The rest of the day, and the day after, which must find nothing undone.</summary>
    private static async Task FinishAsync(World world)
    {
        await world.CycleAsync(TheDay);
        await world.CycleAsync("2026-03-13");
    }

    private static ScriptedServer Relay() => new((_, command) =>
        command.StartsWith("RCPT TO:<dead", StringComparison.Ordinal) ? "550 5.1.1 unknown"
        : command.StartsWith("RCPT TO:<later", StringComparison.Ordinal) ? "451 4.7.1 later"
        : null);

    private static void SendTo(World world, ScriptedServer server) => world.Edit("appsettings.json", s => s["Mail"]!["Port"] = server.Port);

    /// <summary>A fortnight before the day: cases in every state.</summary>
    private static async Task<World> EveAsync(ScriptedServer server)
    {
        var world = new World(settings: s =>
        {
            s["Mail"]!["Transport"] = "Smtp";
            s["Mail"]!["Host"] = "127.0.0.1";
            s["Mail"]!["Port"] = server.Port;
            s["Mail"]!["Connections"] = Connections;
            s["Mail"]!["BounceAddress"] = "bounces@cvp.example";
        });
        world.Extract("a.csv", [.. Cases("vendor", 1, 8, r => r with { Email = "" }), .. Cases("silent", 2, 3)]);
        await world.CycleAsync("2026-03-05");
        world.Extract("b.csv", Cases("reminded", 3, 4));
        await world.CycleAsync("2026-03-08");
        await world.CycleAsync("2026-03-09");
        world.Extract("c.csv", [.. Cases("bounced", 4, 3), .. Cases("waiting", 5, 2, on: "2026-03-01")]);
        await world.CycleAsync("2026-03-11");

        var ids = (await world.ExportAsync("cases")).ToDictionary(c => c["transaction_id"], c => c["case_id"]);
        world.Drop("dealers", "dealers.csv", "dealer_code,dealer_name,market,region\nAU01,Harbour Motors Sydney,AU,East\nNZ01,Bay Autos,NZ,North\n");
        world.Drop("optouts", "o.csv", $"kind,value\nemail,reminded0@customers.example\nall,{ids["vendor0"]}\nphone,nonsense\n");
        world.Responses(
            "r.csv", "case_id,mode,status,completed_at,overall,comments", $"{ids["vendor1"]},phone,complete,2026-03-11T10:00:00+11:00,5,good",
            $"{ids["reminded1"]},web,complete,2026-03-11T10:00:00+11:00,4,", $"{ids["silent0"]},web,partial,2026-03-11T11:00:00+11:00,3,",
            "AU-00000000,web,complete,2026-03-11T10:00:00+11:00,5,");
        world.Calls(
            "d.csv", $"{ids["vendor2"]},1,2026-03-11T10:00:00+11:00,,2.11,,", $"{ids["vendor3"]},1,2026-03-11T10:00:00+11:00,,4.32,,",
            $"{ids["vendor4"]},1,2026-03-11T10:00:00+11:00,,3.13,,", $"{ids["vendor5"]},2,2026-03-11T12:00:00+11:00,,3.13,Y,tried", $"{ids["vendor6"]},1,2026-03-11T10:00:00+11:00,,9.99,,");
        foreach (var message in server.Messages.Where(m => m.Contains("To: bounced0@", StringComparison.Ordinal) || m.Contains("To: bounced1@", StringComparison.Ordinal)))
        {
            var id = MessageId().Match(message).Value;
            world.Drop("bounces", $"{id.Length}-{Math.Abs(string.GetHashCode(id, StringComparison.Ordinal)) % 1000}.eml", $"""
                Content-Type: multipart/report; report-type=delivery-status; boundary=b

                --b
                Content-Type: message/delivery-status

                Reporting-MTA: dns; mx.example

                Final-Recipient: rfc822; someone@customers.example
                Action: failed
                Status: 5.1.1

                --b
                Content-Type: message/rfc822

                {id}

                --b--

                """.ReplaceLineEndings("\r\n"));
        }

        world.Drop("bounces", "auto.eml", "Subject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n");
        world.Extract("k1.csv", [
            .. Cases("reminded", 3, 3), .. Cases("new", 6, 4), .. Cases("dead", 7, 1), .. Cases("later", 8, 1), .. Cases("nomail", 9, 2, r => r with { Email = "" }),
            .. Cases("silent", 2, 1, r => r with { Status = "cancelled" }), .. Cases("waiting", 5, 1, r => r with { Customer = "rental" }, on: "2026-03-01"),
            .. Cases("fleet", 10, 2, r => r with { Customer = "large_fleet" }), .. Cases("bad", 11, 2, r => r with { Vin = "nonsense" }),
        ]);
        world.Extract("k2.csv", [.. Cases("kiwi", 12, 3, r => r with { Country = "NZ", Dealer = "NZ01", DealerName = "Bay Autos", Phone1 = "021 345 678" })]);
        return world;
    }

    private static Row[] Cases(string name, int block, int count, Func<Row, Row>? but = null, string on = "2026-02-18") =>
    [
        .. Enumerable.Range(0, count).Select(i => Row.Sale with
        {
            Transaction = $"{name}{i}", Event = on, Email = $"{name}{i}@customers.example", Vin = $"JTDBR32E7200{block:D2}{i:D3}",
            Phone1 = $"0412 {block:D3} {i:D3}", Phone2 = $"0413 {block:D3} {i:D3}",
        }).Select(but ?? (r => r)),
    ];

    /// <summary>All that anybody sees: cases, ledger, suppressions, attempts, lists, rejects, archive.</summary>
    private static async Task<string> StoryAsync(World world)
    {
        await world.HoldsAsync();
        var story = new StringBuilder();
        foreach (var table in new[] { "cases", "screening", "responses", "outcomes" })
        {
            story.AppendLine(table).Append((await world.RunAsync("export", table)).Output);
        }

        foreach (var query in new[]
        {
            "SELECT case_id, day, kind, detail FROM ledger ORDER BY case_id, seq",
            "SELECT case_id, contact, state, status, to_hash FROM mails ORDER BY case_id, contact",
            "SELECT hash, flags FROM suppressions ORDER BY hash",
            "SELECT case_id, attempt, code, final FROM attempts ORDER BY case_id, attempt",
            "SELECT case_id, contact, action, status, class FROM bounces ORDER BY case_id, contact, class",
            "SELECT case_id, reason FROM withdrawals ORDER BY case_id, reason",
            "SELECT file_name, state, rows, sha256 FROM lists ORDER BY file_name",
            "SELECT kind, name, state, rows_read, rows_new, rows_updated, rows_unchanged, rows_rejected FROM files ORDER BY kind, name, id",
            "SELECT market, code, name, region FROM dealers ORDER BY market, code",
            "SELECT id, next_look_on FROM cases ORDER BY id",
        })
        {
            story.AppendLine(query).Append(Rows(world, query));
        }

        foreach (var folder in new[] { "inbox", "taking", "failed", "archive", "rejects", "outbox" })
        {
            foreach (var file in world.Files(folder))
            {
                story.Append(Path.GetRelativePath(world.Data, file)).Append(' ').AppendLine(folder is "rejects" or "outbox" ? await File.ReadAllTextAsync(file) : "");
            }
        }

        return story.ToString();
    }

    private static string Rows(World world, string query)
    {
        using DbConnection connection = world.IsOnPostgres ? new NpgsqlConnection(world.ConnectionString) : new SqliteConnection($"Data Source={world.Store};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = query;
        using var reader = command.ExecuteReader();
        var text = new StringBuilder();
        while (reader.Read())
        {
            var cells = new object[reader.FieldCount];
            reader.GetValues(cells);
            text.AppendJoin('|', cells.Select(c => Convert.ToString(c, CultureInfo.InvariantCulture))).AppendLine();
        }

        return text.ToString();
    }

    private static string Sorted(IEnumerable<string> messages) => string.Join('\n', messages.Order(StringComparer.Ordinal));

    /// <summary>The first line that differs; null when none does.</summary>
    private static string? Difference(string expected, string actual)
    {
        var (should, is_) = (expected.Split('\n'), actual.Split('\n'));
        for (var i = 0; i < Math.Max(should.Length, is_.Length); i++)
        {
            var (a, b) = (should.ElementAtOrDefault(i), is_.ElementAtOrDefault(i));
            if (a != b)
            {
                return $"'{a}' became '{b}'";
            }
        }

        return null;
    }

    /// <summary>What a moment is, without the names of temporary folders and of single cases.</summary>
    private static string Kind(string moment) => Number().Replace(Folder().Replace(moment, " "), "N");

    [GeneratedRegex(@" /\S*/var/")]
    private static partial Regex Folder();

    [GeneratedRegex(@"[A-Za-z]{2}-\d{8}|au-\S+|\d{3,}")]
    private static partial Regex Number();

    [GeneratedRegex(@"Message-ID:[^\r\n]+")]
    private static partial Regex MessageId();

    /// <summary>The same day without a disturbance, and its moments.</summary>
    public sealed class Undisturbed : IAsyncLifetime
    {
        internal World Eve { get; private set; } = null!;

        internal string[] Moments { get; private set; } = [];

        internal string Story { get; private set; } = "";

        internal IReadOnlyList<string> Mails { get; private set; } = [];

        public async ValueTask InitializeAsync()
        {
            await using (var before = Relay())
            {
                Eve = await EveAsync(before);
            }

            await using var server = Relay();
            using var world = Eve.Copy();
            SendTo(world, server);
            Moments = await Child.MomentsAsync(world, "cycle", "--as-of", TheDay);
            await FinishAsync(world);
            Story = await StoryAsync(world);
            Mails = [.. server.Messages];
        }

        public ValueTask DisposeAsync()
        {
            Eve.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
