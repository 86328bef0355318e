using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using SurveyDispatcher.Tests.Mail;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Who a customer is stays where it must be known, and there only its owner can read it.</summary>
public sealed class PrivacyJourneyTests
{
    /// <summary>Where personal data lies by its nature: what came in, what was refused of it, and what goes out.</summary>
    private static readonly string[] Open = ["inbox", "archive", "failed", "rejects", "mail", "outbox"];

    private static readonly string[] Marks =
    [
        "Qwendolin", "Marksdotter", "qwendolin", "mailmark", "markfree", "marknote", "Bob Seller", "93747001", "9374 7001", "491570701", "491 570 701", "rejectmark", "refusedmark",
    ];

    private static readonly Row Marked = Row.Sale with
    {
        Event = "2026-02-10", Name = "Qwendolin Marksdotter", Email = "qwendolin@mailmark.example", Phone1 = "02 9374 7001", Phone2 = "0491 570 701",
    };

    [Fact]
    public async Task NothingPersonalIsInTheStoreTheLogsOrWhatAnyCommandPrints()
    {
        await using var relay = new ScriptedServer((_, c) => c.StartsWith("RCPT", StringComparison.Ordinal) && c.Contains("qwendolin+", StringComparison.Ordinal)
            ? $"{(c.Contains("+4", StringComparison.Ordinal) ? "451 4.2.1" : "550 5.1.1")} no <qwendolin@mailmark.example> (Qwendolin Marksdotter) here" : null);
        using var world = new World(settings: j => (j["Mail"]!["Transport"], j["Mail"]!["Host"], j["Mail"]!["Port"], j["Mail"]!["Security"], j["Mail"]!["BounceAddress"]) =
            ("Smtp", "127.0.0.1", relay.Port, "None", "bounces@cvp.example"));
        var said = new StringBuilder();
        async Task Say(params string[] args)
        {
            var ended = await world.RunAsync(args);
            said.AppendLine(string.Join(' ', args)).AppendLine(ended.Output).AppendLine(ended.Error);
        }

        world.Extract(
            "a.csv", Marked, Marked with { Transaction = "T2", Email = "" }, Marked with { Transaction = "T3", Email = "qwendolin+4@mailmark.example" },
            Marked with { Transaction = "T4", Email = "qwendolin+5@mailmark.example" }, Marked with { Transaction = "T5", Customer = "rental" },
            Marked with { Transaction = "T6", Vin = "rejectmark" }, Marked with { Transaction = "T7", Event = "rejectmark" });
        world.Drop("dms", "headless.csv", Marked.Line + "\n" + Marked.Line + "\n");
        world.Drop("dms", "broken.csv", [.. Encoding.UTF8.GetBytes(Row.Header + "\nrefusedmark,Qwendolin"), 0xFF, 0xFE]);
        world.Drop("dms", "binary.csv", "refusedmark\0Qwendolin");
        world.OptOut("o.csv", "all", "rejectmark qwendolin@mailmark");
        await Say("cycle", "--as-of", "2026-03-02", "--dry-run");
        await Say("cycle", "--as-of", "2026-03-02");
        var (one, two) = (await world.CaseIdAsync(), await world.CaseIdAsync("T2"));

        await using var reading = new SqliteConnection($"Data Source={world.Store};Pooling=False");
        await reading.OpenAsync(TestContext.Current.CancellationToken); // so that the log stays, and is looked at, too
        world.Responses(
            "r.csv", "case_id,mode,status,completed_at,overall,comments", $"{one},web,complete,2026-03-03T10:00:00+11:00,5,markfree words of Qwendolin",
            "AU-00000000,web,complete,2026-03-03T10:00:00+11:00,5,rejectmark", $"{two},web,complete,2026-03-03T10:00:00+11:00,rejectmark,x");
        world.Calls("d.csv", $"{two},1,2026-03-03T10:00:00+11:00,02 9374 7001,4.32,N,marknote by Qwendolin", $"{two},2,2026-03-03T10:00:00+11:00,rejectmark,2.20,N,marknote");
        world.Drop("bounces", "b.eml", "From: x@y.example\nSubject: Qwendolin\n\nFinal-Recipient: rfc822; qwendolin@mailmark.example\n");
        await Say("cycle", "--as-of", "2026-03-03", "--json");
        foreach (var verb in new[] { "status", "verify", "explain T1", "explain T2", $"explain {one}", "explain JTDBR32E720012345", "config check", "keys list" })
        {
            await Say(verb.Split(' '));
            await Say([.. verb.Split(' '), "--json"]);
        }

        foreach (var table in new[] { "cases", "screening", "outcomes", "codebook" })
        {
            await Say("export", table);
        }

        AssertClean(world, said.ToString());
        await Say("keys", "rotate");
        await Say("erase", "--case", two, "--dry-run");
        await Say("erase", "--case", two, "--dry-run", "--json");
        await Say("erase", "--case", one, "--as-of", "2026-03-03");
        AssertClean(world, said.ToString());
        Assert.Contains("Erased:", said.ToString(), StringComparison.Ordinal);
        Assert.Contains("mailDeferred\":1", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheWorkersLogHasNothingPersonal()
    {
        using var world = new World();
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-20)).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        world.Extract("a.csv", Marked with { Event = today }, Marked with { Transaction = "T6", Vin = "rejectmark" });
        world.Drop("dms", "headless.csv", Marked.Line + "\n");

        var log = await Child.RunUntilAsync(world, new() { ["SURVEY_Schedule__Cycle"] = "* * * * * ?" }, "rowsRejected=1", "run");

        Assert.Contains("was refused", log, StringComparison.Ordinal);
        AssertClean(world, log);
    }

    [Theory]
    [Trait("Store", "Sqlite")] // about the file
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhateverTheUmaskFilesAndFoldersAreTheirOwnersOnly(bool storeElsewhere)
    {
        var elsewhere = Directory.CreateTempSubdirectory("survey-store-").FullName;
        var temporary = Directory.CreateTempSubdirectory("survey-tmp-").FullName;
        try
        {
            using var world = new World();
            var store = Path.Combine(elsewhere, "store.db");
            if (storeElsewhere)
            {
                world.Edit("appsettings.json", j => j["Store"]!["ConnectionString"] = $"Data Source={store};Pooling=False");
            }

            async Task<Ended> Run(params string[] args)
            {
                var ended = await Child.RunWithoutUmaskAsync(world, new() { ["TMPDIR"] = temporary }, args);
                Assert.DoesNotContain("fault of this program", ended.Error, StringComparison.Ordinal);
                return ended;
            }

            await Run("cycle", "--as-of", "2026-03-01");
            foreach (var (name, content) in new[]
            {
                ("a.csv", Row.File(Marked, Marked with { Transaction = "T2", Email = "" }, Marked with { Transaction = "T6", Vin = "bad" })), ("bad.csv", "nonsense\n"),
            })
            {
                File.SetUnixFileMode(world.Drop("dms", name, content), (UnixFileMode)0b110_110_110); // as a sender leaves it
            }

            await Run("cycle", "--as-of", "2026-03-02", "--dry-run");
            await Run("cycle", "--as-of", "2026-03-02");
            await using var reading = new SqliteConnection($"Data Source={(storeElsewhere ? store : world.Store)};Pooling=False");
            await reading.OpenAsync(TestContext.Current.CancellationToken);
            await using (var command = reading.CreateCommand())
            {
                command.CommandText = "SELECT count(*) FROM cases";
                await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
            }

            await Run("cycle", "--as-of", "2026-03-03");
            await Run("keys", "rotate");
            await Run("export", "responses", "--out", world.In("responses.csv"));
            await Run("erase", "--email", "qwendolin@mailmark.example", "--as-of", "2026-03-03");

            var files = Directory.GetFiles(world.Data, "*", SearchOption.AllDirectories).Concat(Directory.GetFiles(elsewhere)).ToList();
            foreach (var expected in new[] { "keys.json", ".db", ".db-wal", ".db-shm", "cycle.lock", "responses.csv", ".error.txt", ".rejects.csv", ".manifest.json", "a.csv" })
            {
                Assert.Contains(files, f => f.EndsWith(expected, StringComparison.Ordinal));
            }

            Assert.All(files, f => Assert.Equal((f, UnixFileMode.UserRead | UnixFileMode.UserWrite), (f, File.GetUnixFileMode(f))));
            Assert.All(
                Directory.GetDirectories(world.Data, "*", SearchOption.AllDirectories).Append(world.Data),
                d => Assert.Equal((d, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute), (d, File.GetUnixFileMode(d))));
            Assert.DoesNotContain(Directory.GetFileSystemEntries(temporary), f => Path.GetFileName(f).StartsWith("survey", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
            Directory.Delete(temporary, recursive: true);
        }
    }

    [Fact]
    public async Task PersonsWhoseDataWentToAVendorAbroadAreCountedOnceAYear()
    {
        using var world = new World(programme: j =>
        {
            j["vendorCountry"] = "NZ";
            j["markets"]!["AU"]!["abroadMarks"] = new JsonArray(2, 100);
            j["markets"]!["PH"]!["vendorCountry"] = "PH";
        });
        var called = Row.Sale with { Event = "2026-02-10", Email = "" };
        world.Extract(
            "a.csv", called, called with { Transaction = "T2" }, called with { Transaction = "T3", Name = "Another One" }, called with { Transaction = "T4", Name = " alice WALKER " },
            called with { Transaction = "N1", Country = "NZ", Dealer = "NZ01", Phone1 = "09 123 4567" }, called with { Transaction = "P1", Country = "PH", Dealer = "PH01", Phone1 = "02 8123 4567" });
        await world.CycleAsync("2026-03-02");
        world.Extract("b.csv", called with { Transaction = "T9", Event = "2027-01-02" });
        await world.CycleAsync("2027-01-20");

        var status = await world.RunAsync("status", "--json");
        Assert.Equal(
            ["2027 AU NZ 1 0", "2026 AU NZ 2 1"],
            status.Json.GetProperty("handedAbroad").EnumerateArray().Select(a => $"{a.GetProperty("year")} {a.GetProperty("market")} {a.GetProperty("vendor")} {a.GetProperty("persons")} {a.GetProperty("marksReached")}"));
        Assert.Contains("2026 AU: 2, vendor in NZ (marks: 2, 100; 1 reached)", (await world.RunAsync("status")).Output, StringComparison.Ordinal);

        await world.RunAsync("erase", "--case", await world.CaseIdAsync(), "--as-of", "2027-01-20");
        Assert.Contains("2026 AU: 2, vendor", (await world.RunAsync("status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SomebodyWhoIsHandedOverAgainWithAnotherNumberIsOnePerson()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-10", Email = "", Phone2 = "0491 570 006" });
        await world.CycleAsync("2026-03-02");
        world.Calls("d.csv", $"{await world.CaseIdAsync()},1,2026-03-02T10:00:00+11:00,,4.32,N,");
        await world.CycleAsync("2026-03-03");
        Assert.Equal(2, world.PhoneRows().Count);

        Assert.Contains("2026 AU: 1, vendor", (await world.RunAsync("status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AVendorWhoseCountryNobodyNamedCountsAsAbroad()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-10", Email = "" });
        await world.CycleAsync("2026-03-02");

        Assert.Contains("2026 AU: 1, vendor in a country that vendorCountry does not name", (await world.RunAsync("status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ChinasMarksAreShipped()
    {
        var programme = JsonNode.Parse(File.ReadAllText(Path.Combine(World.ShippedConfig, "programme.json")))!;

        Assert.Equal([100_000, 1_000_000], programme["markets"]!["CN"]!["abroadMarks"]!.AsArray().Select(m => m!.GetValue<int>()));
    }

    private static void AssertClean(World world, string said)
    {
        var files = world.Files("").Where(f => !Open.Contains(Path.GetRelativePath(world.Data, f).Split('/')[0])
            || f.EndsWith(".error.txt", StringComparison.Ordinal) || f.EndsWith(".manifest.json", StringComparison.Ordinal)).ToList();
        Assert.True(world.IsOnPostgres || files.Exists(f => f.EndsWith("survey.db", StringComparison.Ordinal)));
        foreach (var mark in Marks)
        {
            Assert.DoesNotContain(mark, said, StringComparison.OrdinalIgnoreCase);
            foreach (var file in files)
            {
                using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                using var reader = new StreamReader(stream, Encoding.Latin1);
                Assert.False(reader.ReadToEnd().Contains(mark, StringComparison.OrdinalIgnoreCase), $"{mark} is in {file}.");
            }
        }
    }
}
