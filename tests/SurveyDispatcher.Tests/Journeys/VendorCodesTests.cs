using System.Text;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The vendor reports in his own form and codes; what nobody knows is kept and not guessed.</summary>
public sealed class VendorCodesTests
{
    private const string His = """
        {"dispositions": {"encoding": "shift_jis", "delimiter": ";", "dateFormats": ["dd/MM/yyyy HH:mm"], "timeZone": "Asia/Manila",
            "columns": {"case_id": "Ref", "attempt": "Try", "attempted_at": "When", "phone": "Tel", "code": "Result", "final": "Done", "note": "Memo"},
            "finalValues": {"1": "Y", "0": "N"}, "finalCodes": ["MAX"], "codes": {"NA": "3.13", "REF": "2.11", "MAX": "3.13", "DEAD": "4.32"}}}
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<(World World, Dictionary<string, string> Ids)> HandedOverAsync(int count = 5, string agreement = His)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var world = new World();
        world.Agree(agreement);
        world.Extract("a.csv", VendorWorld.ForThePhone(count));
        await world.CycleAsync("2026-03-02");
        return (world, (await world.ExportAsync("cases")).ToDictionary(c => c["transaction_id"], c => c["case_id"]));
    }

    private static void Results(World world, string name, params string[] lines) => world.Drop(
        "dispositions", name, Encoding.GetEncoding("shift_jis").GetBytes("Ref;Try;When;Tel;Result;Done;Memo\r\n" + string.Join("\r\n", lines) + "\r\n"));

    [Fact]
    public async Task HisFileIsReadByHisHeadersDatesAndCodes()
    {
        var (world, ids) = await HandedOverAsync();
        using var disposing = world;
        Results(
            world, "calls.csv", $"{ids["c0"]};1;03/03/2026 09:30;;NA;0;留守", $"{ids["c1"]};1;03/03/2026 09:30;;REF;;", $"{ids["c2"]};1;03/03/2026 09:30;;MAX;;",
            $"{ids["c3"]};1;03/03/2026 09:30;;NA;1;", $"{ids["c4"]};1;03/03/2026 09:30;;MAX;0;", $"{ids["c4"]};2;2026-03-03T09:30:00+08:00;;NA;;", $"{ids["c4"]};3;03/03/2026 09:30;;NA;maybe;");
        await world.CycleAsync("2026-03-04");

        Assert.Equal(
            ["with_vendor", "closed refused", "closed unreachable", "closed unreachable", "with_vendor"],
            new[] { "c0", "c1", "c2", "c3", "c4" }.Select(t => world.StateAsync(t).GetAwaiter().GetResult()));
        Assert.Equal(["bad_date attempted_at", "bad_code final"], world.Rejects("calls.csv").Select(r => $"{r["reason"]} {r["column"]}"));
        Assert.Equal("2026-03-03 01:30:00+00:00", world.Rows("SELECT attempted_at FROM attempts ORDER BY id")[0][..25]);
        await world.HoldsAsync();
    }

    [Fact]
    public async Task WithoutACrosswalkAnUnknownCodeIsARejectAsTheContractSays()
    {
        var (world, ids) = await HandedOverAsync(1, """{"answerWithinDays": 9}""");
        using var disposing = world;
        world.Calls("d.csv", $"{ids["c0"]},1,2026-03-03T10:00:00+11:00,,ZZ,,");
        await world.CycleAsync("2026-03-04");

        Assert.Equal("bad_code", Assert.Single(world.Rejects("d.csv"))["reason"]);
        Assert.Empty(world.Names("quarantine"));
    }

    [Fact]
    public async Task AnUnknownCodeLiesInQuarantineUntilTheCrosswalkKnowsIt()
    {
        var (world, ids) = await HandedOverAsync();
        using var disposing = world;
        Results(world, "calls.csv", $"{ids["c0"]};1;03/03/2026 09:30;;ZZ;;秘密", $"{ids["c1"]};1;03/03/2026 09:30;;NA;;", $"{ids["c2"]};1;03/03/2026 09:30;;2.11;;");
        await world.CycleAsync("2026-03-04");

        Assert.Equal("2|calls.csv|2|1", string.Join('|', world.Rows("SELECT rows_quarantined, name, rows_quarantined, rows_new FROM files WHERE kind = 'dispositions'")));
        Assert.Equal(["quarantine 2.11 1", "quarantine ZZ 1"], await world.AlarmsAsync()); // the contract's own code is none of his
        Assert.Equal("with_vendor", await world.StateAsync("c0"));
        var rows = Csv.Table(await File.ReadAllTextAsync(world.In("quarantine", "dispositions.csv"), Ct));
        Assert.Equal(
            [$"calls.csv|2|{ids["c0"]}|1|ZZ|2026-03-04|{ids["c0"]};1;03/03/2026 09:30;;ZZ;;秘密", $"calls.csv|4|{ids["c2"]}|1|2.11|2026-03-04|{ids["c2"]};1;03/03/2026 09:30;;2.11;;"],
            rows.Select(r => string.Join('|', r.Values)));
        await world.HoldsAsync();

        world.Agree(His.Replace("\"NA\"", "\"ZZ\": \"2.11\", \"NA\"", StringComparison.Ordinal));
        var counts = await world.CycleAsync("2026-03-05");

        Assert.Equal(1, counts.GetProperty("dispositions").GetInt32());
        Assert.Equal("closed refused", await world.StateAsync("c0"));
        Assert.Equal(["quarantine 2.11 1"], await world.AlarmsAsync());
        Assert.Equal("1|2", Assert.Single(world.Rows("SELECT rows_quarantined, rows_new FROM files WHERE kind = 'dispositions'")));
        await world.HoldsAsync();

        world.Agree(His.Replace("\"NA\"", "\"ZZ\": \"2.11\", \"2.11\": \"3.12\", \"NA\"", StringComparison.Ordinal));
        await world.CycleAsync("2026-03-06");
        Assert.Empty(world.Names("quarantine"));
        Assert.Empty(await world.AlarmsAsync());
        await world.HoldsAsync();
    }

    [Fact]
    public async Task AVendorWhoseResultsAllLieInQuarantineIsToldAsOneWhoseCodesNobodyKnows()
    {
        var (world, ids) = await HandedOverAsync();
        using var disposing = world;
        Results(world, "calls.csv", $"{ids["c0"]};1;03/03/2026 09:30;;ZZ;;", $"{ids["c1"]};1;03/03/2026 09:30;;YY;;");
        await world.CycleAsync("2026-03-04");

        var kept = Assert.Single((await StatusAsync()).GetProperty("silentVendors").EnumerateArray());
        Assert.Equal(("2026-03-02", 2), (kept.GetProperty("since").GetString(), kept.GetProperty("quarantined").GetInt32()));
        var alarm = Assert.Single((await StatusAsync()).GetProperty("alarms").EnumerateArray(), a => a.GetProperty("kind").GetString() == "vendorSilent");
        Assert.Contains("all his 2 call result(s) have codes that config/vendor.json does not know", alarm.GetProperty("text").GetString(), StringComparison.Ordinal);

        Results(world, "calls2.csv", $"{ids["c2"]};1;03/03/2026 09:30;;NA;;");
        await world.CycleAsync("2026-03-08");
        Assert.Empty((await StatusAsync()).GetProperty("silentVendors").EnumerateArray());

        async Task<System.Text.Json.JsonElement> StatusAsync()
        {
            var ended = await world.RunAsync(new StatusJourneyTests.At("2026-03-08"), "status", "--json");
            Assert.True(ended.Code == 0, ended.Error);
            return ended.Json;
        }
    }

    [Fact]
    public async Task TheSameRowIsCountedOnceHoweverOftenItComes()
    {
        var (world, ids) = await HandedOverAsync();
        using var disposing = world;
        var unknown = $"{ids["c0"]};1;03/03/2026 09:30;;ZZ;;";
        Results(world, "calls.csv", unknown, unknown);
        Results(world, "calls2.csv", unknown);
        await world.CycleAsync("2026-03-04");
        Assert.Equal(["calls.csv|1|1|0", "calls2.csv|0|1|0"], world.Rows("SELECT name, rows_quarantined, rows_unchanged, rows_new FROM files WHERE kind = 'dispositions' ORDER BY name"));

        world.Agree(His.Replace("\"NA\"", "\"ZZ\": \"3.12\", \"NA\"", StringComparison.Ordinal));
        Results(world, "calls3.csv", unknown);
        await world.CycleAsync("2026-03-05");

        Assert.Equal(["calls.csv|0|1|1", "calls2.csv|0|1|0", "calls3.csv|0|1|0"], world.Rows("SELECT name, rows_quarantined, rows_unchanged, rows_new FROM files WHERE kind = 'dispositions' ORDER BY name"));
        Assert.Equal("1", world.Query("SELECT count(*) FROM attempts"));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task AnAttemptThatComesAgainWithAKnownCodeSettlesTheOldRow()
    {
        var (world, ids) = await HandedOverAsync();
        using var disposing = world;
        Results(world, "calls.csv", $"{ids["c0"]};1;03/03/2026 09:30;;ZZ;;");
        await world.CycleAsync("2026-03-04");
        Results(world, "calls2.csv", $"{ids["c0"]};1;03/03/2026 09:30;;NA;;");
        await world.CycleAsync("2026-03-05");

        Assert.Empty(await world.AlarmsAsync());
        Assert.Equal(["calls.csv|0|1|0", "calls2.csv|0|0|1"], world.Rows("SELECT name, rows_quarantined, rows_unchanged, rows_new FROM files WHERE kind = 'dispositions' ORDER BY name"));
        await world.HoldsAsync();
    }

    [Theory]
    [InlineData("statement quarantine.add")]
    [InlineData("statement files.progress")]
    [InlineData("rename QUARANTINE")]
    [InlineData("statement quarantine.remove")]
    [InlineData("statement quarantine.count_new")]
    [InlineData("statement attempts.add")]
    public async Task AKillOnTheWayIntoQuarantineOrOutOfItChangesNothing(string moment)
    {
        var (world, ids) = await HandedOverAsync();
        using var disposing = world;
        Results(world, "calls.csv", $"{ids["c0"]};1;03/03/2026 09:30;;ZZ;;", $"{ids["c1"]};1;03/03/2026 09:30;;ZZ;;");
        var pattern = moment.Replace("QUARANTINE", world.In("quarantine"), StringComparison.Ordinal);
        var killed = await Child.KillAsync(world, pattern, 1, "cycle", "--as-of", "2026-03-04");
        await world.CycleAsync("2026-03-04");
        Assert.Equal("2|0", Assert.Single(world.Rows("SELECT rows_quarantined, rows_new FROM files WHERE kind = 'dispositions'")));
        Assert.Single(world.Names("quarantine"));
        await world.HoldsAsync();

        world.Agree(His.Replace("\"NA\"", "\"ZZ\": \"2.11\", \"NA\"", StringComparison.Ordinal));
        killed |= await Child.KillAsync(world, pattern, 1, "cycle", "--as-of", "2026-03-05");
        await world.CycleAsync("2026-03-05");

        Assert.True(killed, "The moment never came.");
        Assert.Equal("0|2", Assert.Single(world.Rows("SELECT rows_quarantined, rows_new FROM files WHERE kind = 'dispositions'")));
        Assert.Equal(("closed refused", "closed refused"), (await world.StateAsync("c0"), await world.StateAsync("c1")));
        Assert.Empty(world.Names("quarantine"));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task WhoIsErasedLeavesTheQuarantineToo()
    {
        var (world, ids) = await HandedOverAsync();
        using var disposing = world;
        Results(world, "calls.csv", $"{ids["c0"]};1;03/03/2026 09:30;;ZZ;;tell Jane 0412 001 000", $"{ids["c1"]};1;03/03/2026 09:30;;ZZ;;留守");
        await world.CycleAsync("2026-03-04");

        Assert.Equal(0, (await world.RunAsync("erase", "--case", ids["c0"], "--as-of", "2026-03-04")).Code);

        Assert.DoesNotContain(ids["c0"], await File.ReadAllTextAsync(world.In("quarantine", "dispositions.csv"), Ct), StringComparison.Ordinal);
        Assert.Equal("1|1", Assert.Single(world.Rows("SELECT rows_quarantined, rows_rejected FROM files WHERE kind = 'dispositions'")));
        Assert.Equal("1", world.Query("SELECT count(*) FROM quarantine"));
        var archived = Encoding.GetEncoding("shift_jis").GetString(await File.ReadAllBytesAsync(world.Files("archive", "calls.csv")[0], Ct));
        Assert.Equal((false, true), (archived.Contains(ids["c0"], StringComparison.Ordinal), archived.Contains("留守", StringComparison.Ordinal))); // his file is read in his encoding
        await world.HoldsAsync();
        await world.CycleAsync("2026-03-05");
        await world.HoldsAsync();
    }

    [Fact]
    public async Task TheQuarantineIsSealedAnewAndKeptNoLongerThanFilesAre()
    {
        var (world, ids) = await HandedOverAsync();
        using var disposing = world;
        Results(world, "calls.csv", $"{ids["c0"]};1;03/03/2026 09:30;;ZZ;;memo");
        await world.CycleAsync("2026-03-04");
        Assert.Equal(0, (await world.RunAsync("keys", "rotate")).Code);
        Assert.Equal(0, (await world.RunAsync("keys", "drop-old")).Code);
        File.Delete(world.In("quarantine", "dispositions.csv"));
        await world.CycleAsync("2026-03-05");
        Assert.Contains("memo", await File.ReadAllTextAsync(world.In("quarantine", "dispositions.csv"), Ct), StringComparison.Ordinal); // readable with the new key

        world.Edit("programme.json", p => p["retention"] = System.Text.Json.Nodes.JsonNode.Parse("""{"filesDays": 7}"""));
        await world.CycleAsync("2026-03-10");
        Assert.Single(world.Names("quarantine"));
        await world.CycleAsync("2026-03-11");

        Assert.Empty(world.Names("quarantine"));
        Assert.Equal("0|1", Assert.Single(world.Rows("SELECT rows_quarantined, rows_rejected FROM files WHERE kind = 'dispositions'")));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task ANoteInQuarantineIsKeptNoLongerThanOtherNotes()
    {
        var (world, ids) = await HandedOverAsync();
        using var disposing = world;
        world.Edit("programme.json", p => p["retention"] = System.Text.Json.Nodes.JsonNode.Parse("""{"callNotesDays": 5}"""));
        Results(world, "calls.csv", $"{ids["c0"]};1;03/03/2026 09:30;;ZZ;;memo");
        world.OptOut("o.csv", "all", ids["c0"]);
        await world.CycleAsync("2026-03-04");
        await world.CycleAsync("2026-03-09");

        Assert.Equal("0", world.Query("SELECT length(content) FROM quarantine"));
        Assert.DoesNotContain("memo", await File.ReadAllTextAsync(world.In("quarantine", "dispositions.csv"), Ct), StringComparison.Ordinal);
    }

    /// <summary>Which number was bad nobody knows any more, and the customer's good one stays.</summary>
    [Fact]
    public async Task ABadNumberThatIsForgottenWhenItsCodeIsLearntTakesNoOtherWithIt()
    {
        var (world, ids) = await HandedOverAsync();
        using var disposing = world;
        world.Edit("programme.json", p => p["retention"] = System.Text.Json.Nodes.JsonNode.Parse("""{"callNotesDays": 5}"""));
        Results(world, "calls.csv", $"{ids["c0"]};1;03/03/2026 09:30;0413 999 999;ZZ;;memo");
        world.Responses("r.csv", "case_id,mode,status,completed_at,overall", $"{ids["c0"]},web,complete,2026-03-03T10:00:00+11:00,5");
        await world.CycleAsync("2026-03-04");
        await world.CycleAsync("2026-03-09");
        Assert.Equal("0", world.Query("SELECT length(content) FROM quarantine"));

        world.Agree(His.Replace("\"NA\"", "\"ZZ\": \"4.32\", \"NA\"", StringComparison.Ordinal));
        await world.CycleAsync("2026-03-10");

        Assert.Equal("1|0", Assert.Single(world.Rows("SELECT (SELECT count(*) FROM attempts), (SELECT count(*) FROM suppressions)")));
        await world.HoldsAsync();
    }

    /// <summary>A cell too many, and a number stands where the code belongs: it is nothing for a screen or a log.</summary>
    [Fact]
    public async Task WhatLooksLikeANumberOrAnAddressIsNotShownAsACode()
    {
        var (world, ids) = await HandedOverAsync();
        using var disposing = world;
        Results(world, "calls.csv", $"{ids["c0"]};1;03/03/2026 09:30;;0412 001 000;;", $"{ids["c1"]};1;03/03/2026 09:30;;jane@mail.example;;");
        await world.CycleAsync("2026-03-04");

        foreach (var screen in new[] { await world.RunAsync("status"), await world.RunAsync("status", "--json") })
        {
            Assert.Contains("quarantine", screen.Output, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("0412 001", screen.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("jane@", screen.Output, StringComparison.Ordinal);
        }
    }

    /// <summary>The vendor's line is one cell for whoever does not know what divides it.</summary>
    [Fact]
    public async Task WhoIsErasedLeavesAFileWhoseCellsAreDividedByASignOfTheVendorsOwn()
    {
        var (world, ids) = await HandedOverAsync(2, """{"dispositions": {"delimiter": "^"}}""");
        using var disposing = world;
        world.Drop("dispositions", "calls.csv", $"case_id^attempt^attempted_at^phone^code^final^note\n{ids["c0"]}^1^2026-03-03T10:00:00+11:00^^3.13^^call Jane\n{ids["c1"]}^1^2026-03-03T10:00:00+11:00^^3.13^^\n");
        await world.CycleAsync("2026-03-04");
        Assert.Equal("2", world.Query("SELECT count(*) FROM attempts"));

        Assert.Equal(0, (await world.RunAsync("erase", "--case", ids["c0"], "--as-of", "2026-03-04")).Code);

        var archived = await File.ReadAllTextAsync(world.Files("archive", "calls.csv")[0], Ct);
        Assert.Equal((false, true), (archived.Contains(ids["c0"], StringComparison.Ordinal), archived.Contains(ids["c1"], StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AMarketsVendorHasCodesOfHisOwn()
    {
        var (world, ids) = await HandedOverAsync(2, """
            {"dispositions": {"codes": {"A": "3.13"}}, "markets": {"AU": {"dispositions": {"filePattern": "au_*.csv", "codes": {"A": "2.11"}}}}}
            """);
        using var disposing = world;
        world.Calls("au_1.csv", $"{ids["c0"]},1,2026-03-03T10:00:00+11:00,,A,,");
        world.Calls("other.csv", $"{ids["c1"]},1,2026-03-03T10:00:00+11:00,,A,,");
        await world.CycleAsync("2026-03-04");

        Assert.Equal(("closed refused", "with_vendor"), (await world.StateAsync("c0"), await world.StateAsync("c1")));
    }
}
