using System.Security.Cryptography;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The vendor can tell that he has every list, and all of it; we can tell that he has it.</summary>
public sealed class VendorReceiptsTests
{
    private const string First = "phone_AU_sales_20260302_01.csv";

    [Fact]
    public async Task AManifestHasTheNumberOfItsListTheOneBeforeItAndSumsThatALoaderCanForm()
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(3));
        await world.CycleAsync("2026-03-02");
        world.OptOut("o.csv", "phone", "0412 001 001");
        world.Extract("b.csv", VendorWorld.ForThePhone(1, "n", 2, r => r with { Country = "NZ", Dealer = "NZ01", Phone1 = "021 345 678" }));
        await world.CycleAsync("2026-03-03");

        var manifests = world.Manifests();

        Assert.Equal(
            ["1|phone_AU_sales_20260302_01.csv||phone|sales", "2|withdrawals_AU_20260303_01.csv|phone_AU_sales_20260302_01.csv|withdrawals|", "3|phone_NZ_sales_20260303_01.csv|withdrawals_AU_20260303_01.csv|phone|sales"],
            manifests.Select(m => string.Join('|', new[] { "sequence", "file", "previous", "kind", "survey" }.Select(k => m.GetProperty(k).ToString()))));
        foreach (var manifest in manifests)
        {
            var rows = Csv.Table(await File.ReadAllTextAsync(world.In("outbox", "phone", manifest.GetProperty("file").GetString()!), TestContext.Current.CancellationToken));
            Assert.Equal(
                (rows.Count, rows.Select(r => r["case_id"]).Distinct().Count(), rows.Sum(r => long.Parse(r["case_id"].Split('-')[1], System.Globalization.CultureInfo.InvariantCulture))),
                (manifest.GetProperty("rows").GetInt32(), manifest.GetProperty("cases").GetInt32(), manifest.GetProperty("caseNumberTotal").GetInt64()));
            Assert.Equal(
                rows.All(r => r.ContainsKey("phone_1")) ? rows.Sum(r => r["phone_1"].Where(char.IsAsciiDigit).Sum(c => c - '0')) : null,
                manifest.TryGetProperty("phone1DigitTotal", out var digits) ? digits.GetInt32() : (int?)null);
        }

        await world.HoldsAsync();
    }

    /// <summary>Whatever moment a cycle dies at, no number is given twice and none is left out.</summary>
    [Theory]
    [InlineData("statement lists.add_entry", 1)]
    [InlineData("open OUTBOX", 1)]
    [InlineData("open OUTBOX", 2)]
    [InlineData("rename OUTBOX", 1)]
    [InlineData("rename OUTBOX", 2)]
    [InlineData("rename OUTBOX", 3)]
    [InlineData("statement lists.settle", 1)]
    [InlineData("statement lists.settle", 2)]
    [InlineData("statement lists.add_version", 2)]
    [InlineData("statement lists.publish", 1)]
    [InlineData("statement lists.publish", 2)]
    public async Task TheSeriesIsUnbrokenWhateverIsKilled(string moment, int count)
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(3));
        await world.CycleAsync("2026-03-02");
        world.OptOut("o.csv", "phone", "0412 001 001");
        world.Extract("b.csv", VendorWorld.ForThePhone(2, "n", 2, r => r with { Country = "NZ", Dealer = "NZ01", Phone1 = "021 345 678" }));

        Assert.True(await Child.KillAsync(world, moment.Replace("OUTBOX", world.In("outbox", "phone"), StringComparison.Ordinal), count, "cycle", "--as-of", "2026-03-03"));
        await world.CycleAsync("2026-03-03");
        world.Extract("c.csv", VendorWorld.ForThePhone(2, "d", 3));
        await world.CycleAsync("2026-03-04");

        world.AssertUnbroken();
        Assert.Equal(4, world.Manifests().Count);
        await world.HoldsAsync();
    }

    [Fact]
    public async Task AMissingListIsFoundByVerify()
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(1));
        world.Extract("b.csv", VendorWorld.ForThePhone(1, "n", 2, r => r with { Country = "NZ", Dealer = "NZ01", Phone1 = "021 345 678" }));
        await world.CycleAsync("2026-03-02");
        world.Tamper("UPDATE lists SET id = 3 WHERE id = 2; UPDATE list_entries SET list_id = 3 WHERE list_id = 2");

        Assert.Contains("numbered up to 3, but 2 are on record", (await world.RunAsync("verify")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatWasLoadedIsOnRecordWithTheList()
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(2));
        await world.CycleAsync("2026-03-02");
        var receipt = VendorWorld.Receipt(world.Manifests()[0]);
        world.Acknowledge("ack.csv", receipt);
        await world.CycleAsync("2026-03-03");
        world.Acknowledge("ack.csv", receipt); // once more
        world.Acknowledge("again.csv", receipt);
        await world.CycleAsync("2026-03-04");

        Assert.Equal([$"{First}|loaded|"], world.Rows("SELECT file_name, status, problem FROM acknowledgements"));
        Assert.Equal(["ack.csv|1|0|0", "ack.csv|0|1|0", "again.csv|0|1|0"], world.Rows("SELECT name, rows_new, rows_unchanged, rows_rejected FROM files WHERE kind = 'acknowledgements' ORDER BY id"));
        Assert.Contains("loaded", (await world.RunAsync("vendor", "reconcile")).Output, StringComparison.Ordinal);
        Assert.Empty(await world.AlarmsAsync());
        await world.HoldsAsync();
    }

    [Theory]
    [InlineData("unknown_list", "phone_XX_sales_20260302_01.csv", null, null, null, "loaded")]
    [InlineData("wrong_sequence", null, 7, null, null, "loaded")]
    [InlineData("wrong_rows", null, null, 1, null, "loaded")]
    [InlineData("wrong_hash", null, null, null, "0000", "loaded")]
    [InlineData("refused", null, null, null, null, "refused")]
    public async Task WhatDoesNotAgreeIsARejectAndAnAlarmUntilTheListIsLoaded(string problem, string? file, int? sequence, int? rows, string? sha256, string status)
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(2));
        await world.CycleAsync("2026-03-02");
        var manifest = world.Manifests()[0];
        world.Acknowledge("ack.csv", VendorWorld.Receipt(manifest, status, file, sequence, rows, sha256));
        await world.CycleAsync("2026-03-03");

        Assert.Equal(problem, Assert.Single(world.Rejects("ack.csv"))["reason"]);
        Assert.StartsWith($"acknowledgementWrong {file ?? First}", Assert.Single(await world.AlarmsAsync()), StringComparison.Ordinal);
        Assert.Contains(problem, (await world.RunAsync("status")).Output, StringComparison.Ordinal);

        world.Acknowledge("again.csv", VendorWorld.Receipt(manifest, at: "2026-03-03T15:00:00+08:00"));
        await world.CycleAsync("2026-03-04");

        Assert.Equal(file is null ? 0 : 1, (await world.AlarmsAsync()).Count); // a name of nobody's stays until it is old
        await world.CycleAsync("2026-03-18");
        Assert.DoesNotContain(await world.AlarmsAsync(), a => a.StartsWith("acknowledgementWrong", StringComparison.Ordinal));
        await world.HoldsAsync();
    }

    /// <summary>Files are taken in the order of their names, which tells nothing of which came first.</summary>
    [Theory]
    [InlineData("loaded", "refused", "refused")]
    [InlineData("refused", "loaded", "loaded")]
    public async Task TheLastWordByTheVendorsClockCountsInWhateverOrderHisFilesAreTaken(string first, string last, string receipt)
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(2));
        await world.CycleAsync("2026-03-02");
        var manifest = world.Manifests()[0];
        world.Acknowledge("b.csv", VendorWorld.Receipt(manifest, first, at: "2026-03-02T14:00:00+08:00"));
        world.Acknowledge("a.csv", VendorWorld.Receipt(manifest, last, at: "2026-03-02T15:00:00+08:00"));
        await world.CycleAsync("2026-03-03");

        Assert.Equal(receipt == "loaded" ? [] : [$"acknowledgementWrong {First} 2"], await world.AlarmsAsync());
        Assert.Matches($@"{First} +{receipt} ", (await world.RunAsync("vendor", "reconcile")).Output);
    }

    [Theory]
    [InlineData("phone_AU_sales_20260302_01.csv,1,2,,lost,,2026-03-02T14:00:00+08:00", "bad_code", "status")]
    [InlineData("phone_AU_sales_20260302_01.csv,one,2,,loaded,,2026-03-02T14:00:00+08:00", "bad_number", "sequence")]
    [InlineData("phone_AU_sales_20260302_01.csv,1,,,loaded,,2026-03-02T14:00:00+08:00", "missing_value", "rows")]
    [InlineData("phone_AU_sales_20260302_01.csv,1,2,,loaded,,yesterday", "bad_date", "acknowledged_at")]
    [InlineData(",1,2,,loaded,,2026-03-02T14:00:00+08:00", "missing_value", "file")]
    public async Task ARowThatIsNoAcknowledgementIsRejected(string line, string reason, string column)
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(2));
        await world.CycleAsync("2026-03-02");
        world.Acknowledge("ack.csv", line);
        await world.CycleAsync("2026-03-03");

        Assert.Equal((reason, column), (world.Rejects("ack.csv")[0]["reason"], world.Rejects("ack.csv")[0]["column"]));
        Assert.Equal("0", world.Query("SELECT count(*) FROM acknowledgements"));
    }

    /// <summary>Whatever a file says, the screen stays one that somebody can read.</summary>
    [Fact]
    public async Task AFileFullOfNamesThatAreNobodysDoesNotFloodTheScreen()
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(1));
        await world.CycleAsync("2026-03-02");
        world.Acknowledge("ack.csv", [.. Enumerable.Range(0, 300).Select(n => $"phone_XX_{new string('x', 5000)}_{n}.csv,{n},1,,loaded,,2026-03-02T14:00:00+08:00")]);
        await world.CycleAsync("2026-03-03");

        Assert.Equal(4, (await world.AlarmsAsync()).Count);
        var screen = (await world.RunAsync("status")).Output;
        Assert.Contains("297 more list(s) that are none of this store", World.Unwrapped(screen), StringComparison.Ordinal);
        Assert.InRange(screen.Length, 0, 20_000);
    }

    [Fact]
    public async Task ALoaderThatCannotHashLeavesTheCellEmpty()
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(2));
        await world.CycleAsync("2026-03-02");
        world.Acknowledge("ack.csv", VendorWorld.Receipt(world.Manifests()[0], sha256: ""));
        await world.CycleAsync("2026-03-03");

        Assert.Equal("loaded|", Assert.Single(world.Rows("SELECT status, problem FROM acknowledgements")));
    }

    [Fact]
    public async Task SilenceIsNoAlarmWithAVendorWhoNeverAcknowledges()
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(1));
        await world.CycleAsync("2026-03-02");
        await world.CycleAsync("2026-03-05");

        Assert.Empty(await world.AlarmsAsync());

        world.Agree("""{"acknowledgeWithinHours": 8}""");
        Assert.Equal([$"notAcknowledged {First} 1"], await world.AlarmsAsync());
    }

    [Fact]
    public async Task SilenceIsAnAlarmWithAVendorWhoHasAcknowledgedBefore()
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(1));
        await world.CycleAsync("2026-03-02");
        world.Acknowledge("ack.csv", VendorWorld.Receipt(world.Manifests()[0]));
        world.Extract("b.csv", VendorWorld.ForThePhone(2, "d", 2));
        await world.CycleAsync("2026-03-03");
        await world.CycleAsync("2026-03-04");
        Assert.Empty(await world.AlarmsAsync());

        await world.CycleAsync("2026-03-05");

        Assert.Equal(["notAcknowledged phone_AU_sales_20260303_01.csv 2"], await world.AlarmsAsync());
    }

    /// <summary>The vendor may have fetched the list before the row was taken out of it, or after.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AListThatAnErasureHasWrittenAnewMayBeAcknowledgedAsItWasOrAsItIs(bool asItWas)
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(3));
        await world.CycleAsync("2026-03-02");
        var before = world.Manifests()[0];
        Assert.Equal(0, (await world.RunAsync("erase", "--case", await world.CaseIdAsync("c1"), "--as-of", "2026-03-02")).Code);
        var after = world.Manifests()[0];

        world.Acknowledge("ack.csv", VendorWorld.Receipt(asItWas ? before : after));
        await world.CycleAsync("2026-03-03");

        Assert.Equal((3, 2, 2), (before.GetProperty("rows").GetInt32(), after.GetProperty("rows").GetInt32(), after.GetProperty("cases").GetInt32()));
        Assert.True(after.GetProperty("caseNumberTotal").GetInt64() < before.GetProperty("caseNumberTotal").GetInt64());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(world.In("outbox", "phone", First), TestContext.Current.CancellationToken))), after.GetProperty("sha256").GetString());
        Assert.Empty(await world.AlarmsAsync());
        await world.HoldsAsync();
    }

    [Fact]
    public async Task ACaseOfWhichNothingCameBackIsAnAlarmUntilSomethingDoes()
    {
        using var world = new World();
        world.Agree("""{"answerWithinDays": 5}""");
        world.Extract("a.csv", VendorWorld.ForThePhone(3));
        await world.CycleAsync("2026-03-02");
        world.Calls("d.csv", $"{await world.CaseIdAsync("c0")},1,2026-03-03T10:00:00+11:00,,3.13,,");
        await world.CycleAsync("2026-03-07");
        Assert.Empty(await world.AlarmsAsync());

        await world.CycleAsync("2026-03-08");

        Assert.Equal([$"silent {First} 2"], await world.AlarmsAsync());
        Assert.Contains("2 case(s) of phone_AU_sales_20260302_01.csv, handed over on 2026-03-02, came back with nothing in 5 days.", World.Unwrapped((await world.RunAsync("status")).Output), StringComparison.Ordinal);

        world.Calls("e.csv", $"{await world.CaseIdAsync("c1")},1,2026-03-08T10:00:00+11:00,,3.13,,");
        world.Responses("r.csv", "case_id,mode,status,completed_at", $"{await world.CaseIdAsync("c2")},phone,partial,2026-03-08T10:00:00+11:00");
        await world.CycleAsync("2026-03-09");

        Assert.Empty(await world.AlarmsAsync());
    }

    /// <summary>What was reported before belongs to the list before.</summary>
    [Fact]
    public async Task ACaseThatWasHandedOverAgainIsWaitedForAgain()
    {
        using var world = new World();
        world.Agree("""{"answerWithinDays": 5}""");
        world.Extract("a.csv", VendorWorld.ForThePhone(1, but: r => r with { Phone2 = "0413 000 000" }));
        await world.CycleAsync("2026-03-02");
        world.Calls("d.csv", $"{await world.CaseIdAsync("c0")},1,2026-03-03T10:00:00+11:00,,4.32,,");
        await world.CycleAsync("2026-03-03");
        await world.CycleAsync("2026-03-09");

        Assert.Equal(["silent phone_AU_sales_20260303_01.csv 1"], await world.AlarmsAsync());
        Assert.Equal([$"{First} 1 0 1 0 0 0 0 0", "phone_AU_sales_20260303_01.csv 1 1 0 0 0 0 0 0"], await world.AccountsAsync());
    }

    [Fact]
    public async Task EveryCaseOfEveryListIsAccountedFor()
    {
        using var world = new World();
        world.Extract("a.csv", VendorWorld.ForThePhone(8));
        await world.CycleAsync("2026-03-02");
        Assert.Equal([$"{First} 8 8 0 0 0 0 0 0"], await world.AccountsAsync());
        var ids = (await world.ExportAsync("cases")).ToDictionary(c => c["transaction_id"], c => c["case_id"]);
        world.Calls(
            "d.csv", $"{ids["c0"]},1,2026-03-03T10:00:00+11:00,,3.13,,", $"{ids["c1"]},1,2026-03-03T10:00:00+11:00,,2.11,,", $"{ids["c2"]},1,2026-03-03T10:00:00+11:00,,4.32,,",
            $"{ids["c3"]},1,2026-03-03T10:00:00+11:00,,1.1,,");
        world.Responses(
            "r.csv", "case_id,mode,status,completed_at,overall", $"{ids["c3"]},phone,complete,2026-03-03T10:00:00+11:00,5", $"{ids["c4"]},web,complete,2026-03-03T10:00:00+11:00,5");
        world.OptOut("o.csv", "all", ids["c5"]);
        await world.CycleAsync("2026-03-03");
        Assert.Equal([$"{First} 8 2 1 1 1 1 0 2"], await world.AccountsAsync());

        await world.CycleAsync("2026-03-30"); // calling ended on 2026-03-22; the grace goes on

        Assert.Equal([$"{First} 8 2 1 1 1 1 0 2"], await world.AccountsAsync());
        await world.CycleAsync("2026-04-11");
        Assert.Equal([$"{First} 8 0 1 1 1 1 2 2"], await world.AccountsAsync());
        var text = (await world.RunAsync("vendor", "reconcile")).Output;
        Assert.Contains("the sums hold", text, StringComparison.Ordinal);
        Assert.Contains("all phone lists", text, StringComparison.Ordinal);
        await world.HoldsAsync();
    }
}
