using System.Text.Json.Nodes;
using static SurveyDispatcher.Tests.Journeys.StatusJourneyTests;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The programme is changed: what is on record of it, and when cycles stop until somebody has looked.</summary>
public sealed class PolicyJourneyTests
{
    /// <summary>Five customers in AU who are invited on 2 March, on day 20 of 15 to 35; their reminder is due on day 23.</summary>
    private static readonly Row[] Sales = [.. Enumerable.Range(1, 5).Select(n => Row.Sale with
    {
        Transaction = $"S{n}", Vin = $"VCTM{n:D13}", Email = $"s{n}@mail.example", Phone1 = $"02 9374 400{n}", Event = "2026-02-10",
    })];

    /// <summary>Three whose visits they pay themselves, which is not surveyed.</summary>
    private static readonly Row[] Paid = [.. Enumerable.Range(1, 3).Select(n => Row.Service with
    {
        Transaction = $"P{n}", Vin = $"VCTP{n:D13}", Email = $"p{n}@mail.example", Phone1 = $"02 9374 500{n}", Event = "2026-02-20", Payment = "customer",
    })];

    [Fact]
    public async Task AChangeThatDropsManyStopsCyclesUntilItIsConfirmed()
    {
        using var world = await BegunAsync();
        world.Edit("programme.json", p => Window(p, 21));
        world.Drop("dms", "next.csv", Row.File(Sales[0] with { Model = "Other" }));
        var version = await VersionAsync(world);

        var stopped = await world.RunAsync("cycle", "--as-of", "2026-03-03");
        var dry = await world.RunAsync("cycle", "--as-of", "2026-03-03", "--dry-run");

        Assert.Equal((1, 1, ""), (stopped.Code, dry.Code, stopped.Output));
        Assert.Equal(stopped.Error, dry.Error);
        foreach (var words in new[]
        {
            "5 customer(s) would be affected, 0 newly contacted, 5 dropped and 0 contacted earlier, against 5 open case(s)", "Policy:ConfirmAboveCases = 2", "Policy:ConfirmAboveShare = 0.1 ",
            "Nothing was done", "  AU      sales              5                0           5           0", "markets.AU.sales.window.toDay: 35 -> 21", $"'policy accept {version}'", "'policy show 1'",
        })
        {
            Assert.Contains(words, stopped.Error, StringComparison.Ordinal);
        }

        Assert.Equal(["next.csv"], world.Names("inbox/dms"));
        Assert.Equal(["1|1|0"], world.Rows("SELECT (SELECT count(*) FROM cycles), (SELECT count(*) FROM policies), (SELECT count(*) FROM workers)"));

        var accepted = await world.RunAsync("policy", "accept", version);
        Assert.Equal((0, ""), (accepted.Code, accepted.Error));
        await world.CycleAsync("2026-03-03");

        Assert.Equal("closed window_closed", await StateOn("2026-03-04"));
        await world.HoldsAsync();

        async Task<string> StateOn(string day)
        {
            await world.CycleAsync(day); // day 22
            return await world.StateAsync("S1");
        }
    }

    [Fact]
    public async Task PuttingTheOldProgrammeBackIsEnough()
    {
        using var world = await BegunAsync();
        var path = Path.Combine(world.Config, "programme.json");
        var before = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        world.Edit("programme.json", p => Window(p, 21));
        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-03")).Code);

        await File.WriteAllTextAsync(path, (await world.RunAsync("policy", "show", "1")).Output, TestContext.Current.CancellationToken); // to the byte

        Assert.Equal(before, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        await world.CycleAsync("2026-03-03");
        Assert.Equal("1", world.Query("SELECT count(*) FROM policy_changes"));
    }

    /// <summary>Whom the old rules had screened out: as many as the new ones would let in when their rows come again.</summary>
    [Fact]
    public async Task AChangeThatNewlyContactsManyStopsCyclesToo()
    {
        using var world = await BegunAsync();
        world.Edit("programme.json", p => p["markets"]!["AU"]!["service"]!["paymentTypes"] = new JsonArray("warranty", "customer"));

        var stopped = await world.RunAsync("cycle", "--as-of", "2026-03-03");
        var late = await world.RunAsync("cycle", "--as-of", "2026-03-28"); // their windows have passed by then: nobody is affected

        Assert.Equal((1, 0), (stopped.Code, late.Code));
        Assert.Contains("3 newly contacted, 0 dropped and 0 contacted earlier, against 5 open case(s)", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("  AU      service            0                3           0           0", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("markets.AU.service.paymentTypes: [\"warranty\"] -> [\"warranty\",\"customer\"]", stopped.Error, StringComparison.Ordinal);
    }

    /// <summary>Three who would be asked from day 15 on, the 12th; by a slip from day 1 on: today.</summary>
    [Fact]
    public async Task AChangeThatContactsManyEarlierStopsCyclesToo()
    {
        using var world = await BegunAsync();
        world.Extract("b.csv", [.. Enumerable.Range(1, 3).Select(n => Sales[0] with
        {
            Transaction = $"W{n}", Vin = $"VCTW{n:D13}", Email = $"w{n}@mail.example", Phone1 = $"02 9374 600{n}", Event = "2026-02-25",
        })]);
        await world.CycleAsync("2026-03-02");
        world.Edit("programme.json", p => p["markets"]!["AU"]!["sales"]!["window"]!["fromDay"] = 1);

        var stopped = await world.RunAsync("cycle", "--as-of", "2026-03-03");
        var pending = (await world.RunAsync("policy", "diff", "--json")).Json.GetProperty("pending");
        await AcceptAsync(world);
        await world.CycleAsync("2026-03-03");
        var step = (await world.RunAsync("policy", "--json")).Json.GetProperty("policies")[1];

        Assert.Equal(1, stopped.Code);
        Assert.Contains("3 customer(s) would be affected, 0 newly contacted, 0 dropped and 3 contacted earlier, against 8 open case(s)", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("  AU      sales              8                0           0           3", stopped.Error, StringComparison.Ordinal);
        Assert.Equal((3, 3), (pending.GetProperty("contactedEarlier").GetInt32(), pending.GetProperty("effect")[0].GetProperty("contactedEarlier").GetInt32()));
        Assert.Equal(8, world.Mails().Count);
        Assert.Equal((3, "3|0|0|8"), (step.GetProperty("contactedEarlier").GetInt32(), world.Rows("SELECT earlier, dropped, contacted, open_cases FROM policy_changes WHERE before_id IS NOT NULL").Single()));
        Assert.Contains("2026-03-03                0           0           3           8", (await world.RunAsync("policy")).Output, StringComparison.Ordinal);
        await world.HoldsAsync();
    }

    /// <summary>docs/policy.md: "a slip of the pen in a large market always is" stopped. Here a whole market is dropped, which has less than a tenth of all open cases.</summary>
    [Fact]
    public async Task ASlipThatDropsAWholeMarketStopsCyclesThoughOthersAreLarger()
    {
        using var world = new World(settings: s => s["Policy"] = new JsonObject { ["ConfirmAboveShare"] = 0.1, ["ConfirmAboveCases"] = 2 });
        world.Extract("a.csv", [
            .. Enumerable.Range(1, 40).Select(n => Row.Sale with { Transaction = $"A{n}", Vin = $"VCTA{n:D13}", Email = $"a{n}@mail.example", Phone1 = "" }),
            .. Enumerable.Range(1, 4).Select(n => Row.Sale with { Country = "NZ", Dealer = "NZ01", Transaction = $"N{n}", Vin = $"VCTN{n:D13}", Email = $"n{n}@mail.example", Phone1 = "" }),
        ]);
        await world.CycleAsync("2026-03-02");
        world.Edit("programme.json", p => p["markets"]!.AsObject().Remove("NZ"));

        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-03")).Code);
    }

    /// <summary>Both marks have to be passed.</summary>
    [Theory]
    [InlineData(0.1, 4, 1)]
    [InlineData(0.1, 5, 0)] // a small pilot
    [InlineData(0.99, 2, 1)]
    [InlineData(1.0, 2, 0)] // five of five are not more than all
    public async Task HowMuchIsTooMuchIsASetting(double share, int cases, int code)
    {
        using var world = await BegunAsync(share, cases);
        world.Edit("programme.json", p => Window(p, 21));

        Assert.Equal(code, (await world.RunAsync("cycle", "--as-of", "2026-03-03")).Code);
    }

    [Fact]
    public async Task APolicyIsOnRecordWithItsDayItsDifferenceAndWhatItDid()
    {
        using var world = await BegunAsync(cases: 100);
        var first = world.Query("SELECT version FROM policies");
        world.Edit("programme.json", p =>
        {
            Window(p, 21);
            p["markets"]!["AU"]!["sales"]!["sampling"] = new JsonObject { ["share"] = 0.5 };
            p["contact"]!["restDays"] = 30;
            p["markets"]!.AsObject().Remove("ZA");
        });
        var second = await VersionAsync(world);
        await world.CycleAsync("2026-03-03");

        var text = (await world.RunAsync("policy")).Output;
        var json = (await world.RunAsync("policy", "--json")).Json.GetProperty("policies")[1];

        Assert.Contains($"     1  {first}  2026-03-02                -           -           -           -\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains($"     2  {second}  2026-03-03                0           5           0           5\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        foreach (var words in new[] { "after policy 1", "markets.AU.sales.window.toDay: 35 -> 21", "markets.AU.sales.sampling: added, {\"share\":0.5}", "contact.restDays: 0 -> 30", "markets.ZA: removed, was {\"name\":\"South Africa\"", "is not counted" })
        {
            Assert.Contains(words, text, StringComparison.Ordinal);
        }

        Assert.Equal((2, second, "2026-03-03", 5), (json.GetProperty("number").GetInt32(), json.GetProperty("version").GetString(), json.GetProperty("since").GetString(), json.GetProperty("dropped").GetInt32()));
        Assert.Equal(
            ["contact.restDays 0 30", "markets.AU.sales.sampling  {\"share\":0.5}", "markets.AU.sales.window.toDay 35 21"],
            json.GetProperty("differences").EnumerateArray().Select(d => $"{d.GetProperty("path")} {d.GetProperty("before")} {d.GetProperty("after")}").Take(3));
        Assert.Contains("markets.AU.sales.window.toDay: 21 -> 35", (await world.RunAsync("policy", "diff", "2", "1")).Output, StringComparison.Ordinal);
        Assert.Contains("markets.AU.sales.window.toDay: 35 -> 21", (await world.RunAsync("policy", "diff", "1")).Output, StringComparison.Ordinal);
        await world.HoldsAsync();
    }

    /// <summary>Nobody was asked, so it is told: on the day by the cycle, and by the screen until the next one.</summary>
    [Fact]
    public async Task ACycleUnderAnotherProgrammeSaysSoOnce()
    {
        using var world = await BegunAsync(cases: 100);
        var first = world.Query("SELECT version FROM policies");
        world.Edit("programme.json", p => Window(p, 21));
        var told = $"programme.json was changed (version {first} -> {await VersionAsync(world)}): 0 customer(s) newly contacted, 5 dropped, 0 contacted earlier, against 5 open case(s); ";

        var dry = await world.RunAsync("cycle", "--as-of", "2026-03-03", "--dry-run", "--json");
        var cycle = await world.CycleAsync("2026-03-03");
        var status = await world.RunAsync("status");
        var next = await world.CycleAsync("2026-03-04");

        Assert.Equal([$"{told}'policy diff' tells what changed."], dry.Json.GetProperty("notes").EnumerateArray().Select(n => n.GetString()));
        Assert.Equal([$"{told}'policy diff 1 2' tells what changed."], cycle.GetProperty("notes").EnumerateArray().Select(n => n.GetString()));
        Assert.Contains($"Note of the last cycle: {told}'policy diff 1 2' tells what changed.", World.Unwrapped(status.Output), StringComparison.Ordinal);
        Assert.Empty(next.GetProperty("notes").EnumerateArray());
    }

    [Fact]
    public async Task AChangeThatNoCycleHasUsedYetIsShownWithWhatItWouldDo()
    {
        using var world = await BegunAsync();
        var same = await world.RunAsync("policy", "diff");
        world.Edit("programme.json", p => Window(p, 21));

        var diff = await world.RunAsync("policy", "diff");
        var list = await world.RunAsync("policy");
        var status = await world.RunAsync("status");
        var json = (await world.RunAsync("policy", "diff", "--json")).Json.GetProperty("pending");
        var later = await world.RunAsync("policy", "diff", "--as-of", "2026-04-01"); // by then all windows have passed by either programme
        await world.RunAsync("policy", "accept", await VersionAsync(world));
        var confirmed = await world.RunAsync("policy", "diff");

        Assert.Contains("is the one in force (policy 1)", same.Output, StringComparison.Ordinal);
        Assert.Contains("would newly contact 0 customer(s), drop 5 and contact 0 earlier, against 5 open case(s)", diff.Output, StringComparison.Ordinal);
        Assert.Contains("Cycles stop until it is confirmed", diff.Output, StringComparison.Ordinal);
        Assert.Contains("would newly contact 0 customer(s), drop 0 and contact 0 earlier, against", later.Output, StringComparison.Ordinal);
        Assert.Contains(diff.Output, list.Output, StringComparison.Ordinal);
        Assert.Contains("CYCLES STOP NOW: programme.json was changed", status.Output, StringComparison.Ordinal);
        Assert.Equal((5, true), (json.GetProperty("dropped").GetInt32(), json.GetProperty("mustBeConfirmed").GetBoolean()));
        Assert.Contains("It was confirmed on 2026-03-02", confirmed.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("STOP", (await world.RunAsync("status")).Output, StringComparison.Ordinal);
    }

    /// <summary>Before it is put in place: a folder with nothing but the draft says what the same file says in its place.</summary>
    [Fact]
    public async Task ADraftIsComparedAsIfItWereInPlace()
    {
        using var world = await BegunAsync();
        var draft = Draft(world, p => Window(p, 21));
        var file = Path.Combine(draft, "programme.json");

        var check = await world.RunAsync("config", "check", "--with", draft);
        var diff = await world.RunAsync("policy", "diff", "--with", draft);
        var json = (await world.RunAsync("policy", "diff", "--with", draft, "--json")).Json.GetProperty("pending").GetRawText();
        var one = await world.RunAsync("policy", "diff", "1", "--with", draft);
        var untouched = await world.RunAsync("policy", "diff");
        var small = await world.RunAsync("policy", "diff", "--with", Draft(world, p => p["report"]!["minimumResponses"] = 20));
        File.Copy(file, Path.Combine(world.Config, "programme.json"), overwrite: true);
        var inPlace = await world.RunAsync("policy", "diff");
        var inPlaceJson = (await world.RunAsync("policy", "diff", "--json")).Json.GetProperty("pending").GetRawText();

        Assert.Equal((0, 0), (check.Code, diff.Code));
        Assert.Contains("1 file(s) of the draft: programme.json;", check.Output, StringComparison.Ordinal);
        Assert.StartsWith($"{file} is version ", diff.Output, StringComparison.Ordinal);
        Assert.Contains("In the place of programme.json it stops cycles until it is confirmed", diff.Output, StringComparison.Ordinal);
        Assert.Contains("In the place of programme.json it stops no cycle", small.Output, StringComparison.Ordinal);
        Assert.Equal(Told(inPlace), Told(diff));
        Assert.Equal(inPlaceJson, json);
        Assert.Contains($"From policy 1 to {file}:", one.Output, StringComparison.Ordinal);
        Assert.Contains("is the one in force", untouched.Output, StringComparison.Ordinal);

        static IEnumerable<string> Told(Ended ended) => ended.Output.ReplaceLineEndings("\n").Split('\n').Where(line => !line.Contains("programme.json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ADraftMustHoldAProgrammeWithoutFaultsAndStandInOnePlace()
    {
        using var world = await BegunAsync();
        var faulty = Draft(world, p => Window(p, 1));
        var empty = Directory.CreateDirectory(Path.Combine(world.Root, "empty")).FullName;
        var other = Directory.CreateDirectory(Path.Combine(world.Root, "other")).FullName;
        File.Copy(Path.Combine(world.Config, "appsettings.json"), Path.Combine(other, "appsettings.json"));

        async Task<(int, string)> Run(params string[] args) => await world.RunAsync(args) is var ended ? (ended.Code, ended.Error + ended.Output) : default;

        foreach (var ((code, told), expected) in new[]
        {
            (await Run("config", "check", "--with", faulty), "markets.AU.sales.window.toDay: The window ends"), (await Run("policy", "diff", "--with", faulty), "markets.AU.sales.window.toDay: The window ends"),
            (await Run("config", "check", "--with", empty), "holds no file"), (await Run("policy", "diff", "--with", other), "holds no programme.json"),
            (await Run("policy", "diff", "1", "1", "--with", Draft(world, p => Window(p, 21))), "--with stands in the place of M"),
        })
        {
            Assert.Equal(2, code);
            Assert.Contains(expected, told, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await world.RunAsync("config", "check", "--with", other)).Code);
        Assert.Equal(["appsettings.json"], (await world.RunAsync("config", "check", "--with", other, "--json")).Json.GetProperty("draft").EnumerateArray().Select(f => f.GetString()));
    }

    /// <summary>Whom a change affects is another matter weeks later: a confirmation is good for some days, by those of the cycles.</summary>
    [Theory]
    [InlineData(7, "2026-03-09", true)]
    [InlineData(7, "2026-03-10", false)]
    [InlineData(0, "2026-03-02", true)]
    [InlineData(0, "2026-03-03", false)]
    public async Task AConfirmationIsGoodForSomeDays(int days, string asOf, bool isGood)
    {
        using var world = await BegunAsync();
        world.Edit("appsettings.json", s => s["Policy"]!["ConfirmationDays"] = days);
        world.Edit("programme.json", p => Window(p, 21));

        var accepted = await world.RunAsync("policy", "accept", await VersionAsync(world));
        var diff = await world.RunAsync("policy", "diff", "--as-of", asOf);
        var json = (await world.RunAsync("policy", "diff", "--as-of", asOf, "--json")).Json.GetProperty("pending");
        var cycle = await world.RunAsync("cycle", "--as-of", asOf);

        Assert.Contains($"if it is of 2026-03-0{2 + days} at the latest", accepted.Output, StringComparison.Ordinal);
        Assert.Equal(isGood ? 0 : 1, cycle.Code);
        Assert.Equal(isGood, diff.Output.Contains("It was confirmed on 2026-03-02", StringComparison.Ordinal));
        Assert.Equal(!isGood, diff.Output.Contains("The confirmation of 2026-03-02 has expired", StringComparison.Ordinal));
        Assert.Equal(!isGood, cycle.Error.Contains("The confirmation of 2026-03-02 has expired", StringComparison.Ordinal));
        Assert.Equal((isGood ? "2026-03-02" : null, isGood ? null : "2026-03-02", !isGood), (
            json.GetProperty("confirmedOn").GetString(), json.GetProperty("expiredConfirmation").GetString(), json.GetProperty("mustBeConfirmed").GetBoolean()));
    }

    /// <summary>What a service's next cycle will do is asked of its day; without a service the next one may be this minute's.</summary>
    [Fact]
    public async Task StatusTellsOfAConfirmationThatWillHaveExpiredAtTheNextCycle()
    {
        using var world = await BegunAsync();
        world.Edit("appsettings.json", s => s["Policy"]!["ConfirmationDays"] = 0);
        world.Edit("programme.json", p => Window(p, 21));
        await AcceptAsync(world);

        var alone = await world.RunAsync(new At("2026-03-02"), "status");
        Says(world, 1, next: new At("2026-03-02").GetUtcNow().AddMinutes(10));
        var today = await world.RunAsync(new At("2026-03-02"), "status");
        Says(world, 1, next: new At("2026-03-03").GetUtcNow());
        var tomorrow = await world.RunAsync(new At("2026-03-02"), "status");

        Assert.DoesNotContain("it would stop, see above", alone.Output + today.Output, StringComparison.Ordinal);
        Assert.Contains("The confirmation of 2026-03-02 has expired", World.Unwrapped(tomorrow.Output), StringComparison.Ordinal);
        Assert.Contains("it would stop, see above", World.Unwrapped(tomorrow.Output), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AConfirmationThatHasExpiredCanBeGivenAgain()
    {
        using var world = await BegunAsync();
        world.Edit("programme.json", p => Window(p, 21));
        await AcceptAsync(world);
        world.Tamper("UPDATE policy_confirmations SET day = '2026-02-01'");
        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-03")).Code);

        await AcceptAsync(world);
        await world.CycleAsync("2026-03-03");

        Assert.Equal(["2026-03-02"], world.Rows("SELECT accepted_on FROM policy_changes WHERE before_id IS NOT NULL"));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task WhereCyclesAreAheadOfTheClockAConfirmationIsOfTheirDay()
    {
        using var world = await BegunAsync();
        await world.CycleAsync("2026-03-11");
        world.Edit("programme.json", p => Window(p, 21));

        await AcceptAsync(world);
        await world.CycleAsync("2026-03-12");

        Assert.Equal(["2026-03-11"], world.Rows("SELECT accepted_on FROM policy_changes WHERE before_id IS NOT NULL"));
    }

    /// <summary>There and back: a confirmation is for one change, from one programme to another, and once.</summary>
    [Fact]
    public async Task AProgrammeThatComesBackIsAChangeOfItsOwn()
    {
        using var world = await BegunAsync();
        var path = Path.Combine(world.Config, "programme.json");
        var a = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        world.Edit("programme.json", p => p["markets"]!["AU"]!["service"]!["paymentTypes"] = new JsonArray("warranty", "customer"));
        var b = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        await AcceptAsync(world);
        world.Extract("again.csv", Paid);
        await world.CycleAsync("2026-03-03"); // three more are invited; one more waits
        world.Extract("more.csv", [.. Paid.Select(p => p with { Transaction = $"{p.Transaction}0", Event = "2026-03-02", Vin = $"{p.Vin[..16]}9", Email = $"x{p.Email}" })]);
        await world.CycleAsync("2026-03-03");

        await File.WriteAllTextAsync(path, a, TestContext.Current.CancellationToken);
        var back = await world.RunAsync("cycle", "--as-of", "2026-03-04");
        await AcceptAsync(world);
        await world.CycleAsync("2026-03-04");
        await File.WriteAllTextAsync(path, b, TestContext.Current.CancellationToken);
        var again = await world.RunAsync("cycle", "--as-of", "2026-03-05");

        Assert.Equal(1, back.Code);
        Assert.Contains("0 newly contacted, 3 dropped and 0 contacted earlier, against 11 open case(s)", back.Error, StringComparison.Ordinal); // whoever was invited is led to the end
        Assert.Equal(1, again.Code); // accepted two days ago; but that was another change
        Assert.Equal(["1||", "2|1|2026-03-02", "1|2|2026-03-03"], world.Rows("SELECT policy_id, before_id, accepted_on FROM policy_changes ORDER BY cycle_id"));
        Assert.Equal("0", world.Query("SELECT count(*) FROM policy_confirmations"));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task OnlyTheVersionThatIsConfiguredCanBeConfirmed()
    {
        using var world = new World();
        var none = await world.RunAsync("policy", "accept", await VersionAsync(world));
        await world.CycleAsync("2026-03-02");

        var other = await world.RunAsync("policy", "accept", "0123456789abcdef");
        var inForce = await world.RunAsync("policy", "accept", await VersionAsync(world));
        var missing = await world.RunAsync("policy", "show", "7");

        Assert.Equal((1, 2, 0, 1), (none.Code, other.Code, inForce.Code, missing.Code));
        Assert.Contains("Run 'cycle' first", none.Error, StringComparison.Ordinal);
        Assert.Contains(await VersionAsync(world), other.Error, StringComparison.Ordinal);
        Assert.Contains("in force already", inForce.Output, StringComparison.Ordinal);
        Assert.Contains("There is no policy 7", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoWasErasedIsNotCounted()
    {
        using var world = await BegunAsync(cases: 0);
        Assert.Equal(0, (await world.RunAsync("erase", "--email", "s1@mail.example", "--as-of", "2026-03-02")).Code);
        Assert.Equal(0, (await world.RunAsync("erase", "--email", "p1@mail.example", "--as-of", "2026-03-02")).Code);
        world.Edit("programme.json", p =>
        {
            Window(p, 21);
            p["markets"]!["AU"]!["service"]!["paymentTypes"] = new JsonArray("warranty", "customer");
        });

        Assert.Contains("2 newly contacted, 4 dropped and 0 contacted earlier, against 4 open case(s)", (await world.RunAsync("cycle", "--as-of", "2026-03-03")).Error, StringComparison.Ordinal);
    }

    /// <summary>Killed before the first cycle under it is on record: nothing is. Killed behind that: it is in force, and is not asked for again.</summary>
    [Theory]
    [InlineData("statement policies.add_change", 1, "1|1")]
    [InlineData("statement cases.create_due", 1, "2|2")]
    public async Task AKilledCycleLeavesTheChangeOnRecordOrNot(string moment, int count, string policiesAndCycles)
    {
        using var world = await BegunAsync();
        world.Edit("programme.json", p => Window(p, 21));
        await AcceptAsync(world);

        Assert.True(await Child.KillAsync(world, moment, count, "cycle", "--as-of", "2026-03-03"));
        Assert.Equal(policiesAndCycles, world.Rows("SELECT (SELECT count(*) FROM policies), (SELECT count(*) FROM cycles)")[0]);
        await world.CycleAsync("2026-03-03");

        Assert.Equal("1|2|5|2026-03-02", Assert.Single(world.Rows("SELECT before_id, policy_id, dropped, accepted_on FROM policy_changes WHERE before_id IS NOT NULL")));
        await world.HoldsAsync();
    }

    /// <summary>It costs something only when the programme has changed.</summary>
    [Fact]
    public async Task ACycleUnderTheSameProgrammeComparesNothing()
    {
        using var world = await BegunAsync(cases: 100);
        world.Edit("programme.json", p => Window(p, 21));

        var changed = await Child.MomentsAsync(world, "cycle", "--as-of", "2026-03-03");
        var same = await Child.MomentsAsync(world, "cycle", "--as-of", "2026-03-04");

        Assert.Contains("statement policies.known", changed);
        Assert.Equal(["statement policies.in_force"], same.Where(m => m.Contains("policies.", StringComparison.Ordinal)).Distinct());
        world.Edit("programme.json", p => p["report"]!["minimumResponses"] = 20);
        var other = await Child.MomentsAsync(world, "cycle", "--as-of", "2026-03-05");
        Assert.DoesNotContain("statement policies.known", other); // nobody can be affected
        Assert.Contains("statement policies.add_change", other);
    }

    /// <summary>A change that is confirmed stops nothing, whomever it affects: nobody has to be counted to say so.</summary>
    [Fact]
    public async Task StatusComparesOnlyWhileTheCycleMayStop()
    {
        using var world = await BegunAsync();
        world.Edit("programme.json", p => Window(p, 21));

        var waiting = await Child.MomentsAsync(world, "status");
        Assert.Equal(0, (await world.RunAsync(TimeProvider.System, "policy", "accept", await VersionAsync(world))).Code); // by the clock of the child
        var confirmed = await Child.MomentsAsync(world, "status");

        Assert.Contains("statement policies.known", waiting);
        Assert.DoesNotContain("statement policies.known", confirmed);
        Assert.Contains("statement policies.confirmed_on", confirmed);
    }

    /// <summary>Made by a program that kept policies and nothing of their changes.</summary>
    [Fact]
    [Trait("Store", "Sqlite")] // takes a step of the schema back
    public async Task AnOlderStoreIsBroughtUpToDateWithThePoliciesThatItHas()
    {
        using var world = await BegunAsync(cases: 100);
        world.Edit("programme.json", p => Window(p, 21));
        await world.CycleAsync("2026-03-03");
        world.BackToSchema8();

        await world.CycleAsync("2026-03-04");

        Assert.Equal(["1|1||2026-03-02", "2|2|1|2026-03-03"], world.Rows("SELECT cycle_id, policy_id, before_id, day FROM policy_changes ORDER BY 1"));
        Assert.Contains("not on record", (await world.RunAsync("policy")).Output, StringComparison.Ordinal);
        await world.HoldsAsync();
    }

    /// <summary>Made by a program that did not count who is contacted earlier.</summary>
    [Fact]
    public async Task AStoreThatDidNotCountEarlierContactsIsBroughtUpToDate()
    {
        using var world = await BegunAsync(cases: 100);
        world.Edit("programme.json", p => Window(p, 21));
        await world.CycleAsync("2026-03-03");
        world.Tamper("ALTER TABLE policy_changes DROP COLUMN earlier");
        world.Tamper(world.IsOnPostgres ? "UPDATE schema_version SET version = 9" : "PRAGMA user_version = 9");
        Assert.Contains("Run 'cycle' once", (await world.RunAsync("policy")).Error, StringComparison.Ordinal);

        await world.CycleAsync("2026-03-04");

        Assert.Contains("2026-03-03                0           5           -           5", (await world.RunAsync("policy")).Output, StringComparison.Ordinal);
        await world.HoldsAsync();
    }

    /// <summary>A service has read its configuration when it began: it says at every cycle why it does nothing, and goes on when somebody has confirmed.</summary>
    [Fact]
    [Trait("Store", "Sqlite")] // a schedule in a shared store catches up with what it missed
    public async Task AServiceSaysAtEveryCycleThatItStopsAndGoesOnOnceTheChangeIsConfirmed()
    {
        using var world = new World(
            programme: p => (p["markets"]!["AU"]!["sendingHours"]!["from"], p["markets"]!["AU"]!["sendingHours"]!["to"]) = ("00:00", "23:59"),
            settings: s => (s["Policy"]!["ConfirmAboveCases"], s["Schedule"]!["Cycle"]) = (2, "* * * * * ?"), time: TimeProvider.System);
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        world.Extract("a.csv", [.. Sales.Select(s => s with { Event = $"{today.AddDays(-20):yyyy-MM-dd}" })]);
        await world.CycleAsync($"{today:yyyy-MM-dd}");
        world.Edit("programme.json", p => Window(p, 16));
        using var service = Child.Start(world, [], ["run"]);
        try
        {
            _ = service.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var said = new[] { await ServiceTests.SaidAsync(service, "policy accept"), await ServiceTests.SaidAsync(service, "policy accept") };
            Ended accepted;
            do
            {
                accepted = await world.RunAsync("policy", "accept", await VersionAsync(world));
            }
            while (accepted.Error.Contains("Another cycle is running", StringComparison.Ordinal));

            await ServiceTests.SaidAsync(service, "Cycle done");

            Assert.Equal(0, accepted.Code);
            Assert.All(said, line => Assert.Contains("5 dropped and 0 contacted earlier, against 5 open case(s)", line, StringComparison.Ordinal));
            Assert.Equal("closed window_closed", await world.StateAsync("S1"));
        }
        finally
        {
            service.Kill();
            await service.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Small numbers stand for large ones.</summary>
    private static async Task<World> BegunAsync(double share = 0.1, int cases = 2)
    {
        var world = new World(settings: s => s["Policy"] = new JsonObject { ["ConfirmAboveShare"] = share, ["ConfirmAboveCases"] = cases });
        world.Extract("a.csv", [.. Sales, .. Paid]);
        await world.CycleAsync("2026-03-02");
        Assert.Equal(5, world.Mails().Count);
        return world;
    }

    /// <summary>A folder that holds only the changed programme.</summary>
    private static string Draft(World world, Action<JsonNode> change)
    {
        var draft = Directory.CreateDirectory(Path.Combine(world.Root, $"draft-{Directory.GetDirectories(world.Root).Length}")).FullName;
        var programme = JsonNode.Parse(File.ReadAllText(Path.Combine(world.Config, "programme.json")))!;
        change(programme);
        File.WriteAllText(Path.Combine(draft, "programme.json"), programme.ToJsonString());
        return draft;
    }

    private static void Window(JsonNode programme, int toDay) => programme["markets"]!["AU"]!["sales"]!["window"]!["toDay"] = toDay;

    private static async Task AcceptAsync(World world) => Assert.Equal(0, (await world.RunAsync("policy", "accept", await VersionAsync(world))).Code);

    /// <summary>The version of the programme that is configured, as nothing but the text gives it.</summary>
    private static async Task<string> VersionAsync(World world) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(
        await File.ReadAllBytesAsync(Path.Combine(world.Config, "programme.json"), TestContext.Current.CancellationToken)))[..16];
}
