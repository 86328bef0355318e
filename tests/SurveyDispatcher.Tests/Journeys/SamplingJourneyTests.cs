using System.Text.Json.Nodes;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Not everybody is asked: who is, that the answer stays, and what analysts are told.</summary>
public sealed class SamplingJourneyTests
{
    private static readonly Row[] Many = [.. Enumerable.Range(1, 400).Select(n => Sold(n))];

    [Fact]
    public async Task WithoutSamplingEverybodyIsTakenAndNothingIsCounted()
    {
        using var world = new World();
        world.Extract("a.csv", [.. Many.Take(20)]);

        await world.CycleAsync("2026-03-02");

        Assert.Equal(["0|0|20"], world.Rows("SELECT (SELECT count(*) FROM samples), (SELECT count(*) FROM strata), (SELECT count(*) FROM cases)"));
        Assert.All(await world.ExportAsync("cases"), c => Assert.Equal("1.000000", c["weight"]));
        Assert.Matches("passed +not_sampled +no sampling", (await world.RunAsync("explain", "T1", "--as-of", "2026-03-02")).Output);
    }

    /// <summary>Half of 400, give or take five standard deviations.</summary>
    [Fact]
    public async Task AShareOfTheCustomersIsTakenAndEachKeepsHisAnswer()
    {
        using var world = Sampling(("share", 0.5));
        await TakeAsync(world, "2026-03-02", Many);
        var taken = await TakenAsync(world);

        await TakeAsync(world, "2026-03-03", Many);
        Assert.Equal(taken, await TakenAsync(world));
        await TakeAsync(world, "2026-03-04", [.. Many.Select(r => r with { Model = "Other", Email = $"new{r.Email}", Event = "2026-02-27" })]);

        Assert.InRange(taken.Count, 150, 250);
        Assert.Equal(taken, await TakenAsync(world));
        Assert.All(await world.ExportAsync("screening"), s => Assert.Equal(taken.Contains(s["transaction_id"]) ? "eligible " : "screened_out not_sampled", $"{s["outcome"]} {s["reason"]}"));
        Assert.All(await world.ExportAsync("cases"), c => Assert.Equal("2.000000", c["weight"]));
        Assert.Equal("0", world.Query("SELECT count(*) FROM strata")); // a share needs no counting
        await world.HoldsAsync();
    }

    [Fact]
    public async Task ALargerShareLetsInMoreAndASmallerOneTakesNobodyOut()
    {
        using var world = Sampling(("share", 0.3));
        world.Edit("appsettings.json", s => s["Policy"]!["ConfirmAboveCases"] = 1000);
        await TakeAsync(world, "2026-03-02", Many);
        var first = await TakenAsync(world);

        Share(world, 0.7);
        await TakeAsync(world, "2026-03-03", Many);
        var second = await TakenAsync(world);
        Share(world, 0.1);
        await TakeAsync(world, "2026-03-04", [.. Many.Select(r => r with { Model = "Other" })]);

        Assert.Empty(first.Except(second));
        Assert.InRange(second.Count - first.Count, 110, 210);
        Assert.Equal(second, await TakenAsync(world));
        Assert.Equal(["1.428571", "3.333333"], (await world.ExportAsync("cases")).Select(c => c["weight"]).Distinct().Order()); // each by the rate at which he came in
        await world.HoldsAsync();
    }

    /// <summary>Who was not sampled comes in when all are asked: by no draw.</summary>
    [Fact]
    public async Task WhoComesInWhenSamplingIsSwitchedOffHasNoWeightOfADraw()
    {
        using var world = Sampling(("share", 0.3));
        world.Edit("appsettings.json", s => s["Policy"]!["ConfirmAboveCases"] = 1000);
        await TakeAsync(world, "2026-03-02", Many);
        var first = await TakenAsync(world);

        world.Edit("programme.json", s => ((JsonObject)s["markets"]!["AU"]!["sales"]!).Remove("sampling"));
        await TakeAsync(world, "2026-03-03", Many);

        Assert.Equal(400, (await TakenAsync(world)).Count);
        Assert.All(await world.ExportAsync("cases"), c => Assert.Equal(first.Contains(c["transaction_id"]) ? "3.333333" : "1.000000", c["weight"]));
        await world.HoldsAsync();
    }

    /// <summary>Before the change somebody was told how many it lets in; so many it does.</summary>
    [Fact]
    public async Task ThePolicyGuardCountsWhomALargerShareLetsIn()
    {
        using var world = Sampling(("share", 0.3));
        world.Edit("appsettings.json", s => s["Policy"]!["ConfirmAboveCases"] = 5);
        await TakeAsync(world, "2026-03-02", Many);
        var first = await TakenAsync(world);
        Share(world, 0.7);

        var diff = (await world.RunAsync("policy", "diff", "--json")).Json.GetProperty("pending");
        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-03")).Code);
        Assert.Contains("CYCLES STOP NOW", (await world.RunAsync("status")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await world.RunAsync("policy", "accept", diff.GetProperty("version").GetString()!)).Code);
        await TakeAsync(world, "2026-03-03", Many);

        Assert.Equal((await TakenAsync(world)).Count - first.Count, diff.GetProperty("newlyContacted").GetInt32());
        Assert.Equal(0, diff.GetProperty("dropped").GetInt32());
    }

    [Fact]
    public async Task ADealerAndMonthHasAsManyAsAreAimedAtAtMostAndItsRateComesFromTheMonthBefore()
    {
        using var world = Sampling(("perDealerAndMonth", 5));
        await TakeAsync(
            world, "2026-03-02",
            [
                .. Range(1, 10).Select(n => Sold(n, "LARGE") with { Customer = "rental" }), .. Range(11, 3).Select(n => Sold(n, "LARGE") with { Status = "cancelled" }),
                .. Range(21, 12).Select(n => Sold(n, "LARGE")), .. Range(41, 3).Select(n => Sold(n, "SMALL")),
            ]);

        Assert.Equal(["LARGE|2026-02|12|5|1000000", "SMALL|2026-02|3|3|1000000"], Strata(world)); // who can't be asked takes nobody's place
        Assert.Equal(Range(21, 5).Concat(Range(41, 3)).Select(n => $"T{n}"), (await TakenAsync(world)).OrderBy(t => t, StringComparer.Ordinal)); // no month before: the first five

        await TakeAsync(world, "2026-03-20", [.. Range(101, 30).Select(n => Sold(n, "LARGE") with { Event = "2026-03-15" }), .. Range(201, 8).Select(n => Sold(n, "SMALL") with { Event = "2026-03-15" })]);
        await TakeAsync(world, "2026-03-21", [.. Range(131, 200).Select(n => Sold(n, "LARGE") with { Event = "2026-03-16" })]);

        var march = Strata(world).Where(s => s.Contains("2026-03", StringComparison.Ordinal)).ToList();
        Assert.Equal(["LARGE|2026-03|230|5|416666", "SMALL|2026-03|8|5|1000000"], march); // 5 of 12; of 200 more somebody is surely below that
        Assert.Equal(18, (await TakenAsync(world)).Count);
        var weights = (await world.ExportAsync("cases")).Where(c => c["dealer_code"] == "LARGE").ToLookup(c => c["event_date"][..7], c => c["weight"]);
        Assert.All(weights["2026-02"], w => Assert.Equal("1.000000", w));
        Assert.All(weights["2026-03"], w => Assert.Equal("2.400004", w));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task WhoHasACaseKeepsItAndWhoHasNoneGetsNoneByACorrection()
    {
        using var world = Sampling(("perDealerAndMonth", 1));
        var (first, second) = (Sold(1) with { Event = "2026-02-26" }, Sold(2) with { Event = "2026-02-26" });
        await TakeAsync(world, "2026-03-02", first, second);
        Assert.Equal(["T1"], await TakenAsync(world));

        // Into another month, in which nobody has been taken: the one stays in, the other stays out.
        await TakeAsync(world, "2026-03-03", first with { Event = "2026-03-01" }, second with { Event = "2026-03-01" });
        Assert.Equal(("waiting", "screened_out not_sampled"), (await world.StateAsync("T1"), await world.ScreenedAsync("T2")));

        // A place that was taken stays taken, and is there when he comes back.
        await TakeAsync(world, "2026-03-04", first with { Status = "cancelled" }, second with { Status = "cancelled" });
        Assert.Equal(("closed transaction_cancelled", "screened_out transaction_cancelled"), (await world.StateAsync("T1"), await world.ScreenedAsync("T2")));
        await TakeAsync(world, "2026-03-05", first, second);
        Assert.Equal(("waiting", "screened_out not_sampled"), (await world.StateAsync("T1"), await world.ScreenedAsync("T2")));

        Assert.Equal(["AU01|2026-02|2|1|1000000"], Strata(world));
        await world.HoldsAsync();
    }

    /// <summary>Why he was not asked is that he was not sampled, also once it is too late to ask.</summary>
    [Fact]
    public async Task WhoWasNotSampledStaysSoWhenHisWindowHasPassed()
    {
        using var world = Sampling(("perDealerAndMonth", 1));
        await TakeAsync(world, "2026-03-02", Sold(1), Sold(2));

        await TakeAsync(world, "2026-04-20", Sold(2) with { Model = "Other" });
        await TakeAsync(world, "2026-04-21", Sold(2));

        Assert.Equal("screened_out not_sampled", await world.ScreenedAsync("T2"));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task ExplainShowsWhatWasDrawnAndHowFullTheMonthWas()
    {
        using var world = Sampling(("perDealerAndMonth", 1), ("share", 0.999999));
        await TakeAsync(world, "2026-03-02", Sold(1), Sold(2));

        var (taken, out2) = (await world.RunAsync("explain", "T1", "--as-of", "2026-03-02"), await world.RunAsync("explain", "T2", "--as-of", "2026-03-02"));

        Assert.Matches(@"passed +not_sampled +drew 0\.\d{6}, sampled below 0\.999999; 1 of the dealer and month may be taken, 1 were\r?\n", taken.Output);
        Assert.Matches(@"failed +not_sampled +drew 0\.\d{6}, sampled below 0\.999999; 1 of the dealer and month may be taken, 1 were: full\r?\n", out2.Output);
        Assert.Contains("now: no case was opened (not_sampled)", out2.Output, StringComparison.Ordinal);
        Assert.Contains("The rules at the verdict on record of 2026-03-02: not_sampled (policy 1", out2.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExplainSaysWhatWouldHaveToBeDifferentForWhomWasNotSampled()
    {
        using var world = Sampling(("perDealerAndMonth", 1));
        await TakeAsync(world, "2026-03-02", Sold(1), Sold(2));

        var told = (await world.RunAsync("explain", "T2", "--as-of", "2026-03-02")).Output;
        var change = (await world.RunAsync("explain", "T2", "--as-of", "2026-03-02", "--json")).Json[0].GetProperty("changesNow")[0];

        Assert.Contains("a perDealerAndMonth of 2 or more; that alone would be enough", told, StringComparison.Ordinal);
        Assert.Equal(("sample", "not_sampled", 2), (change.GetProperty("kind").GetString(), change.GetProperty("rule").GetString(), change.GetProperty("number").GetInt32()));
    }

    [Fact]
    public async Task OfAShareExplainNamesTheDrawAndTheShareThatWouldDo()
    {
        using var world = Sampling(("share", 0.3));
        await TakeAsync(world, "2026-03-02", [.. Many.Take(40)]);
        var taken = await TakenAsync(world);
        var left = Many.Take(40).Select(r => r.Transaction).First(t => !taken.Contains(t));

        var told = (await world.RunAsync("explain", left, "--as-of", "2026-03-02")).Output;

        Assert.Contains("another draw, below 0.300000 (that of a transaction never changes); that alone would be enough", told, StringComparison.Ordinal);
        Assert.Matches(@"a share above (0\.\d{6}); that alone would be enough", told);
        Assert.Matches(@"drew (?<draw>0\.\d{6}), sampled below 0\.300000[\s\S]*a share above \k<draw>;", told);
    }

    /// <summary>The same customers in two stores with the same keys: of which those are asked whom sampling takes, and all in the other.</summary>
    [Theory]
    [InlineData("share", 0.4)]
    [InlineData("perDealerAndMonth", 5)]
    public async Task ASimulationWithADraftsSamplingTakesThoseWhomTheDraftWouldHaveTaken(string key, double value)
    {
        using var all = Sampling();
        await all.CycleAsync("2026-03-01"); // makes the keys
        using var some = all.Copy();
        some.Edit("programme.json", p => p["markets"]!["AU"]!["sales"]!["sampling"] = new JsonObject { [key] = value });
        foreach (var world in new[] { all, some })
        {
            await TakeAsync(world, "2026-03-02", [.. Range(1, 12).Select(n => Sold(n, "LARGE") with { Event = "2026-02-10" }), .. Range(21, 3).Select(n => Sold(n, "SMALL") with { Event = "2026-02-10" })]);
            await TakeAsync(world, "2026-03-20", [.. Range(101, 60).Select(n => Sold(n, "LARGE") with { Event = "2026-03-02" }), .. Range(201, 8).Select(n => Sold(n, "SMALL") with { Event = "2026-03-02" })]);
            await TakeAsync(world, "2026-03-21", [.. Range(131, 40).Select(n => Sold(n, "LARGE") with { Event = "2026-03-02" })]);
        }

        var left = (await TakenAsync(all)).Except(await TakenAsync(some)).Order(StringComparer.Ordinal).ToList();

        Assert.True(left.Count > 20, $"only {left.Count} were left out");
        Assert.Equal(left.Select(t => $"no_longer_contacted {t}"), await ChangedAsync(all, some));
        Assert.Equal(left.Select(t => $"newly_contacted {t}"), await ChangedAsync(some, all));
        Assert.Empty(await ChangedAsync(some, some));
    }

    /// <summary>The month before, and the month in which it begins, count as they are.</summary>
    [Fact]
    public async Task WhereANumberIsAimedAtLaterWhatCameBeforeCounts()
    {
        using var world = Sampling();
        await AimLaterAsync(world);
    }

    /// <summary>The month of a day is what it is, however the server writes days for others.</summary>
    [Fact]
    [Trait("Store", "Sqlite")] // asks PostgreSQL by itself
    public async Task TheMonthsOfWhatCameBeforeAreTheSameWhateverTheServersDateStyleIs()
    {
        using var world = new World(postgres: true);
        world.Tamper($"ALTER DATABASE {new Npgsql.NpgsqlConnectionStringBuilder(world.ConnectionString).Database} SET DateStyle = 'SQL, DMY'");
        await AimLaterAsync(world);
    }

    private static async Task AimLaterAsync(World world)
    {
        await TakeAsync(world, "2026-03-02", [.. Range(1, 8).Select(n => Sold(n)), Sold(9) with { Customer = "rental" }, Sold(10) with { Type = "service", Payment = "warranty" }]);

        world.Edit("programme.json", p => p["markets"]!["AU"]!["sales"]!["sampling"] = new JsonObject { ["perDealerAndMonth"] = 4 });
        await TakeAsync(world, "2026-03-10", [.. Range(101, 100).Select(n => Sold(n) with { Event = "2026-03-08" }), .. Range(21, 5).Select(n => Sold(n))]);

        Assert.Equal(["AU01|2026-02|13|8|1000000", "AU01|2026-03|100|4|500000"], Strata(world));
        Assert.Equal("screened_out not_sampled", await world.ScreenedAsync("T21"));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task WhoWasErasedIsNotDrawnForAgain()
    {
        using var world = Sampling(("perDealerAndMonth", 1));
        await TakeAsync(world, "2026-03-02", Sold(1), Sold(2));
        foreach (var n in new[] { 1, 2 })
        {
            Assert.Equal(0, (await world.RunAsync("erase", "--email", $"t{n}@mail.example", "--as-of", "2026-03-02")).Code);
        }

        Share(world, 1);
        await TakeAsync(world, "2026-03-03", Sold(1), Sold(2), Sold(3));

        Assert.Equal("3", world.Query("SELECT count(*) FROM transactions"));
        Assert.Equal(["T3"], (await TakenAsync(world)).Where(t => !t.StartsWith("erased-", StringComparison.Ordinal)));
        await world.HoldsAsync();
    }

    /// <summary>What was counted is stored with the rows, in one transaction: after a kill both are there or neither is.</summary>
    [Theory]
    [InlineData("statement files.progress", 1)]
    [InlineData("committed", 4)]
    [InlineData("statement cases.create_due", 1)]
    public async Task AKilledCycleHasCountedWhatItHasStored(string moment, int count)
    {
        using var world = Sampling(("perDealerAndMonth", 20), ("share", 0.6));
        await world.CycleAsync("2026-03-02"); // makes the keys
        world.Extract("a.csv", [.. Many.Take(100).Select((r, n) => r with { Dealer = n % 3 == 0 ? "A" : "B", Event = n % 2 == 0 ? "2026-02-26" : "2026-03-01" })]);
        using var undisturbed = world.Copy();
        await undisturbed.CycleAsync("2026-03-02");

        Assert.True(await Child.KillAsync(world, moment, count, "cycle", "--as-of", "2026-03-02"), "The cycle ended before the moment came.");
        await world.CycleAsync("2026-03-02");

        Assert.Equal(Strata(undisturbed), Strata(world));
        Assert.Equal(undisturbed.Rows("SELECT id, rate, taken FROM samples ORDER BY id"), world.Rows("SELECT id, rate, taken FROM samples ORDER BY id"));
        Assert.Equal(await TakenAsync(undisturbed), await TakenAsync(world));
        await world.HoldsAsync();
    }

    /// <summary>Strata and answers move with the rest: the next row gets the same answer there.</summary>
    [Fact]
    [Trait("Store", "Sqlite")] // it begins in a file
    public async Task AStoreThatIsCopiedKeepsItsAnswers()
    {
        using var world = Sampling(("perDealerAndMonth", 10));
        await TakeAsync(world, "2026-03-02", [.. Many.Take(30)]);
        var (strata, taken, there) = (Strata(world), await TakenAsync(world), world.In("there.db"));

        Assert.Equal(0, (await world.RunAsync("store", "copy", "--provider", "Sqlite", "--to", $"Data Source={there};Pooling=False")).Code);
        world.Edit("appsettings.json", s => s["Store"]!["ConnectionString"] = $"Data Source={there};Pooling=False");
        await TakeAsync(world, "2026-03-03", [.. Many.Take(30).Select(r => r with { Model = "Other" })]);

        Assert.Equal(taken, await TakenAsync(world));
        File.Move(there, world.Store, overwrite: true);
        Assert.Equal(strata, Strata(world));
    }

    /// <summary>A sale that waits on 2 March: its window opens on 12 March or later.</summary>
    private static Row Sold(int n, string dealer = "AU01") => Row.Sale with
    {
        Transaction = $"T{n}", Dealer = dealer, Vin = $"VCTM{n:D13}", Email = $"t{n}@mail.example", Phone1 = $"02 9374 {n:D4}", Event = "2026-02-25",
    };

    private static IEnumerable<int> Range(int from, int count) => Enumerable.Range(from, count);

    private static World Sampling(params (string Key, double Value)[] rules) => new(programme: p =>
    {
        if (rules.Length > 0)
        {
            p["markets"]!["AU"]!["sales"]!["sampling"] = JsonNode.Parse($"{{{string.Join(',', rules.Select(r => FormattableString.Invariant($"\"{r.Key}\":{r.Value}")))}}}");
        }
    });

    private static void Share(World world, double share) => world.Edit("programme.json", p => p["markets"]!["AU"]!["sales"]!["sampling"] = new JsonObject { ["share"] = share });

    private static async Task TakeAsync(World world, string day, params Row[] rows)
    {
        world.Extract($"{day}.csv", rows);
        await world.CycleAsync(day);
    }

    /// <summary>Whom another world's configuration would have contacted otherwise.</summary>
    private static async Task<List<string>> ChangedAsync(World world, World draft)
    {
        var list = Path.Combine(world.Root, "changed.csv");
        var ended = await world.RunAsync("simulate", "--from", "2026-03-01", "--to", "2026-03-21", "--with", draft.Config, "--list", list);
        Assert.True(ended.Code == 0, ended.Error);
        return [.. Csv.Table(await File.ReadAllTextAsync(list, TestContext.Current.CancellationToken)).Select(r => $"{r["change"]} {r["transaction_id"]}").Order(StringComparer.Ordinal)];
    }

    private static async Task<List<string>> TakenAsync(World world) => [.. (await world.ExportAsync("cases")).Select(c => c["transaction_id"])];

    private static List<string> Strata(World world) => world.Rows("SELECT dealer_code, month, eligible, taken, rate FROM strata ORDER BY month, dealer_code");
}
