using System.Text.Json;
using System.Text.Json.Nodes;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Data is kept as long as programme.json says, and no longer.</summary>
public sealed class RetentionJourneyTests
{
    private static readonly Row Answered = Row.Sale with { Event = "2026-02-10", Transaction = "T1", Email = "alice@mail.example" };
    private static readonly Row KeptOut = Row.Sale with { Event = "2026-02-10", Transaction = "OUT", Customer = "rental", Email = "rental@mail.example", Phone1 = "" };
    private static readonly Row Open = Row.Sale with { Event = "2026-03-01", Transaction = "OPEN", Email = "open@mail.example", Phone1 = "02 9374 5000" };

    /// <summary>Answered on 3 March, kept out on 2 March, and still open.</summary>
    private static async Task<World> Lived(object retention, Action<JsonNode>? more = null)
    {
        var world = new World(programme: j =>
        {
            j["retention"] = JsonSerializer.SerializeToNode(retention);
            more?.Invoke(j);
        });
        world.Extract("a.csv", Answered, KeptOut, Open);
        await world.CycleAsync("2026-03-02");
        world.Responses("r.csv", "case_id,mode,status,completed_at,overall,comments", $"{await world.CaseIdAsync()},web,complete,2026-03-03T10:00:00+11:00,5,Thank you Harry");
        world.Calls("d.csv", $"{await world.CaseIdAsync()},1,2026-03-03T10:00:00+11:00,+61293744000,2.20,N,ask for Alice");
        await world.CycleAsync("2026-03-03");
        return world;
    }

    [Theory]
    [InlineData("contactDays", "contact", "length(t.contact) = 0")]
    [InlineData("vehicleDays", "vehicle", "t.vin = '' AND t.customer_id = ''")]
    [InlineData("freeTextDays", "freeText", "length((SELECT texts FROM responses)) = 0")]
    [InlineData("callNotesDays", "callNotes", "length((SELECT number FROM attempts)) = 0")]
    public async Task AFieldGoesOnItsDayAndNoOther(string key, string counted, string gone)
    {
        using var world = await Lived(new Dictionary<string, int> { [key] = 10 });

        var before = await world.CycleAsync("2026-03-12"); // day 10 of the one kept out, day 9 of the answer
        Assert.Equal("0", world.Query($"SELECT {gone} FROM transactions t WHERE transaction_id = 'T1'"));
        var then = await world.CycleAsync("2026-03-13");

        Assert.Equal("1", world.Query($"SELECT {gone} FROM transactions t WHERE transaction_id = 'T1'"));
        Assert.Equal(1, then.GetProperty("forgotten").GetProperty(counted).GetInt32());
        Assert.Equal(counted is "contact" or "vehicle", before.GetProperty("forgotten").TryGetProperty(counted, out _));
        Assert.Single(then.GetProperty("forgotten").EnumerateObject());
        Assert.Empty((await world.CycleAsync("2026-03-14")).GetProperty("forgotten").EnumerateObject());
        Assert.Equal("0", world.Query("SELECT length(contact) = 0 OR vin = '' FROM transactions WHERE transaction_id = 'OPEN'"));
        await AssertAllWorks(world);
    }

    [Fact]
    public async Task WithoutAWordAboutItNothingIsRemoved()
    {
        using var world = await Lived(new { });

        Assert.Empty((await world.CycleAsync("2028-03-13")).GetProperty("forgotten").EnumerateObject());
        Assert.Equal("3", world.Query("SELECT count(*) FROM transactions WHERE length(contact) > 0"));
        Assert.NotEmpty(world.Files("archive"));
    }

    [Fact]
    public async Task AMarketMayKeepLongerThanTheOthers()
    {
        using var world = await Lived(new { contactDays = 10 }, j => j["markets"]!["AU"]!["retention"] = new JsonObject { ["contactDays"] = 20 });

        Assert.Empty((await world.CycleAsync("2026-03-13")).GetProperty("forgotten").EnumerateObject());
        Assert.Equal(2, (await world.CycleAsync("2026-03-23")).GetProperty("forgotten").GetProperty("contact").GetInt32());
    }

    [Fact]
    public async Task AChangedRuleCountsFromTheNextCycle()
    {
        using var world = await Lived(new { contactDays = 365 });
        await world.CycleAsync("2026-03-13");
        world.Edit("programme.json", j => j["retention"]!["contactDays"] = 5);

        Assert.Equal(2, (await world.CycleAsync("2026-03-14")).GetProperty("forgotten").GetProperty("contact").GetInt32());
        Assert.Empty((await world.CycleAsync("2026-03-15")).GetProperty("forgotten").EnumerateObject());
    }

    [Fact]
    public async Task ARowThatComesAgainDoesNotBringBackWhatWasRemoved()
    {
        using var world = await Lived(new { contactDays = 5, vehicleDays = 5 });
        await world.CycleAsync("2026-03-10");

        world.Extract("same.csv", Answered, KeptOut);
        var same = await world.CycleAsync("2026-03-11");
        world.Extract("changed.csv", Answered with { Model = "Lark", Email = "alice.new@mail.example" }, KeptOut with { Mileage = "12" });
        var changed = await world.CycleAsync("2026-03-12");

        Assert.Equal((2, 0), (same.GetProperty("rowsUnchanged").GetInt32(), same.GetProperty("transactionsUpdated").GetInt32()));
        Assert.Equal(2, changed.GetProperty("transactionsUpdated").GetInt32());
        Assert.Equal("2", world.Query("SELECT count(*) FROM transactions WHERE length(contact) = 0 AND vin = ''"));
        await AssertAllWorks(world);
    }

    [Fact]
    public async Task ACustomerWhoMayBeAskedAfterAllHasHisDataAgain()
    {
        using var world = await Lived(new { contactDays = 5, vehicleDays = 5 });
        await world.CycleAsync("2026-03-10");

        world.Edit("programme.json", j => j["markets"]!["AU"]!["sales"]!["customerTypes"]!.AsArray().Add("rental"));
        world.Extract("same.csv", KeptOut);
        await world.CycleAsync("2026-03-11");

        Assert.Contains(world.Mails(), m => m.To == "rental@mail.example");
        Assert.Equal("JTDBR32E720012345", world.Query("SELECT vin FROM transactions WHERE transaction_id = 'OUT'"));
        await world.CycleAsync("2026-04-30"); // his window closes
        Assert.NotEqual("0", world.Query("SELECT length(contact) FROM transactions WHERE transaction_id = 'OUT'"));
        await world.CycleAsync("2026-05-05");
        Assert.Equal("0", world.Query("SELECT length(contact) FROM transactions WHERE transaction_id = 'OUT'"));
        await AssertAllWorks(world);
    }

    [Fact]
    public async Task ALateNoOfACustomerWhoseDataHasGoneIsHonoured()
    {
        using var world = await Lived(new { contactDays = 5, freeTextDays = 5 });
        await world.CycleAsync("2026-03-10");
        var caseId = await world.CaseIdAsync();

        world.Responses("late.csv", "case_id,mode,status,completed_at,comments", $"{caseId},web,opt_out,2026-03-10T10:00:00+11:00,leave Harry alone");
        await world.CycleAsync("2026-03-11");
        world.Extract("new.csv", Answered with { Transaction = "T9", Event = "2026-02-20" });
        await world.CycleAsync("2026-03-12");

        Assert.Equal("screened_out opted_out", await world.ScreenedAsync("T9"));
        Assert.Equal("1", world.Query("SELECT count(*) FROM responses WHERE length(texts) > 0")); // it has five days of its own
        await world.CycleAsync("2026-03-16");
        Assert.Equal("0", world.Query("SELECT count(*) FROM responses WHERE length(texts) > 0"));
    }

    [Theory]
    [InlineData("email", true)]
    [InlineData("all", true)]
    public async Task AnOptOutByCaseReachesACustomerWhoseDataHasGone(string kind, bool kept)
    {
        using var world = await Lived(new { contactDays = 5 });
        await world.CycleAsync("2026-03-10");

        world.OptOut("o.csv", kind, await world.CaseIdAsync());
        await world.CycleAsync("2026-03-11");
        world.Extract("new.csv", Answered with { Transaction = "T9", Event = "2026-02-20" });
        await world.CycleAsync("2026-03-12");

        Assert.Equal(kept, !world.Mails().Exists(m => m.To == "alice@mail.example" && world.Query($"SELECT count(*) FROM mails WHERE case_id = (SELECT id FROM transactions WHERE transaction_id = 'T9')") != "0"));
    }

    [Fact]
    public async Task ACustomerWhoseContactDataHasGoneIsStillFoundForAnErasure()
    {
        using var world = await Lived(new { contactDays = 5 });
        await world.CycleAsync("2026-03-10");

        var ended = await world.RunAsync("erase", "--email", "alice@mail.example", "--as-of", "2026-03-10", "--json");

        Assert.Equal((1, 1), (ended.Json.GetProperty("transactions").GetInt32(), ended.Json.GetProperty("casesErased").GetInt32()));
        Assert.Equal("0", world.Query("SELECT count(*) FROM transactions WHERE transaction_id = 'T1'"));
    }

    [Fact]
    public async Task FilesGoWhenTheMarketThatKeepsLongestSaysSo()
    {
        using var world = await Lived(new { filesDays = 10 }, j => j["markets"]!["NZ"]!["retention"] = new JsonObject { ["filesDays"] = 30 });
        world.Extract("n.csv", Answered with { Transaction = "P1", Email = "" }, Answered with { Transaction = "N1", Country = "NZ", Dealer = "NZ01", Email = "", Phone1 = "09 123 4567" }, Row.Sale with { Vin = "bad" });
        await world.CycleAsync("2026-03-04");
        var reject = Assert.Single(world.Files("rejects"));
        File.SetLastWriteTimeUtc(reject, new DateTime(2026, 3, 4, 0, 0, 0, DateTimeKind.Utc));
        world.Files("mail").ForEach(m => File.SetLastWriteTimeUtc(m, new DateTime(2026, 3, 2, 0, 0, 0, DateTimeKind.Utc)));
        Assert.Equal(4, world.Files(Path.Combine("outbox", "phone")).Count);

        var first = await world.CycleAsync("2026-03-14");
        Assert.Equal(["phone_NZ_sales_20260304_01.csv", "phone_NZ_sales_20260304_01.csv.manifest.json"], world.Names(Path.Combine("outbox", "phone")).Where(n => n.Contains("20260304", StringComparison.Ordinal)));
        Assert.DoesNotContain(world.Mails(), m => m.To == "alice@mail.example");
        Assert.NotEmpty(world.Files("rejects"));
        Assert.Equal(3, first.GetProperty("forgotten").GetProperty("files").GetInt32());

        await world.CycleAsync("2026-04-02");
        Assert.NotEmpty(world.Files("archive"));
        await world.CycleAsync("2026-04-03");
        Assert.Empty(world.Files("rejects"));
        Assert.Empty(world.Files("archive"));
        Assert.DoesNotContain(world.Names(Path.Combine("outbox", "phone")), n => n.Contains("20260304", StringComparison.Ordinal));
        Assert.False(Directory.Exists(world.In("archive", "2026", "03")));
    }

    /// <summary>A mail that a kill left half written, of a case that has ended since: no later mail takes its name.</summary>
    [Fact]
    public async Task AMailUnderItsTemporaryNameGoesLikeAnyOther()
    {
        using var world = await Lived(new { filesDays = 10 });
        var mail = world.Files("mail")[0] + ".tmp";
        File.Copy(world.Files("mail")[0], mail);
        File.SetLastWriteTimeUtc(mail, new DateTime(2026, 3, 2, 0, 0, 0, DateTimeKind.Utc));

        await world.CycleAsync("2026-03-11");
        Assert.True(File.Exists(mail));
        await world.CycleAsync("2026-03-12");
        Assert.False(File.Exists(mail));
    }

    [Fact]
    public async Task FilesOfNoKnownAgeAreKeptWhereOneMarketKeepsForEver()
    {
        using var world = await Lived(new { contactDays = 10 }, j => j["markets"]!["NZ"]!["retention"] = new JsonObject { ["filesDays"] = 10 });

        await world.CycleAsync("2027-03-14");

        Assert.NotEmpty(world.Files("archive"));
    }

    [Fact]
    public async Task ManyPagesAreRemovedInOneCycleAndADryRunRemovesNothing()
    {
        using var world = new World(programme: j => j["retention"] = new JsonObject { ["contactDays"] = 3 });
        world.Extract("many.csv", [.. Enumerable.Range(0, 4100).Select(n => Row.Sale with { Transaction = $"M{n}", Customer = "rental" })]);
        await world.CycleAsync("2026-03-02");

        var dry = await world.RunAsync("cycle", "--as-of", "2026-03-05", "--dry-run", "--json");
        Assert.Equal(4100, dry.Json.GetProperty("forgotten").GetProperty("contact").GetInt32());
        Assert.Equal("4100", world.Query("SELECT count(*) FROM transactions WHERE length(contact) > 0"));
        Assert.Equal(4100, (await world.CycleAsync("2026-03-05")).GetProperty("forgotten").GetProperty("contact").GetInt32());
        Assert.Equal("0", world.Query("SELECT count(*) FROM transactions WHERE length(contact) > 0"));
    }

    private static async Task AssertAllWorks(World world)
    {
        await world.HoldsAsync();
        Assert.Equal(0, (await world.RunAsync("status")).Code);
        Assert.Equal(0, (await world.RunAsync("explain", "T1")).Code);
        foreach (var table in new[] { "cases", "screening", "responses", "outcomes" })
        {
            Assert.Equal((0, ""), await world.RunAsync("export", table) is var ended ? (ended.Code, ended.Error) : default);
        }
    }
}
