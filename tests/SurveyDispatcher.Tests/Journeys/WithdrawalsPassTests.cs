namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Between two cycles the vendor is told whom not to call any more, and nothing else happens (<c>cycle --only withdrawals</c>).</summary>
public sealed class WithdrawalsPassTests
{
    private const string Ten = "2026-03-04T10:05:00+11:00";

    private static string[] Pass(string asOf) => ["cycle", "--only", "withdrawals", "--as-of", asOf, "--json"];

    private static async Task<World> HandedOverAsync()
    {
        var world = new World();
        world.Extract("a.csv", [.. VendorWorld.ForThePhone(5), Row.Sale with { Event = "2026-02-10", Transaction = "mail", Vin = "JTDBR32E720099001", Phone1 = "0414 000 000" }]);
        await world.CycleAsync("2026-03-02");
        return world;
    }

    [Fact]
    public async Task WhoSaidNoOrHasAnsweredOrWasErasedIsWithdrawnAtOnce()
    {
        using var world = await HandedOverAsync();
        var ids = (await world.ExportAsync("cases")).ToDictionary(c => c["transaction_id"], c => c["case_id"]);
        world.Drop("optouts", "o.csv", $"kind,value\nphone,0412 001 000\nall,{ids["c1"]}\n");
        world.Responses("r.csv", "case_id,mode,status,completed_at,overall", $"{ids["c2"]},web,complete,2026-03-04T10:00:00+11:00,5");
        Assert.Equal(0, (await world.RunAsync("erase", "--case", ids["c3"], "--as-of", "2026-03-04")).Code);

        var ended = await world.RunAsync(Pass(Ten));

        Assert.Equal((0, "", 4, 2, 1), (ended.Code, ended.Error, ended.Json.GetProperty("withdrawn").GetInt32(), ended.Json.GetProperty("optOuts").GetInt32(), ended.Json.GetProperty("responses").GetInt32()));
        Assert.Equal(
            [$"{ids["c0"]} opted_out", $"{ids["c1"]} opted_out", $"{ids["c2"]} completed", $"{ids["c3"]} erased"],
            world.WithdrawalRows().Select(r => $"{r["case_id"]} {r["reason"]}").Order(StringComparer.Ordinal));
        world.AssertUnbroken();
        await world.HoldsAsync();

        Assert.Equal(0, (await world.RunAsync(Pass("2026-03-04T10:15:00+11:00"))).Json.GetProperty("withdrawn").GetInt32()); // once
        await world.CycleAsync("2026-03-05");
        Assert.Equal(4, world.WithdrawalRows().Count);
        await world.HoldsAsync();
    }

    /// <summary>The list has both of his numbers: nobody can take back one of them.</summary>
    [Theory]
    [InlineData("0412 345 671")]
    [InlineData("0412 345 672")]
    public async Task WhoSaysNoToOneOfHisNumbersIsWithdrawnWholly(string number)
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-10", Email = "", Phone1 = "0412 345 671", Phone2 = "0412 345 672" });
        await world.CycleAsync("2026-03-02");
        world.OptOut("o.csv", "phone", number);

        Assert.Equal(1, (await world.RunAsync(Pass(Ten))).Json.GetProperty("withdrawn").GetInt32());

        Assert.Equal("opted_out", Assert.Single(world.WithdrawalRows())["reason"]);
        Assert.Equal("closed opted_out", await world.StateAsync());
        await world.HoldsAsync();
    }

    /// <summary>The vendor never had that number; a no that comes again says nothing new.</summary>
    [Fact]
    public async Task WhoHadSaidNoToANumberBeforeIsCalledAtHisOther()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-10", Email = "", Phone1 = "0412 345 671", Phone2 = "0412 345 672" });
        world.OptOut("o.csv", "phone", "0412 345 671");
        await world.CycleAsync("2026-03-02");
        world.OptOut("p.csv", "phone", "0412 345 671");
        await world.CycleAsync("2026-03-03");

        Assert.Equal(["+61412345672"], world.PhoneRows().Select(r => r["phone_1"]));
        Assert.Equal("with_vendor", await world.StateAsync());
        Assert.Empty(world.WithdrawalRows());
        await world.HoldsAsync();
    }

    [Fact]
    public async Task NothingElseHappens()
    {
        using var world = await HandedOverAsync();
        world.Extract("b.csv", VendorWorld.ForThePhone(1, "late", 7));
        world.Calls("d.csv", $"{await world.CaseIdAsync("c0")},1,2026-03-03T10:00:00+11:00,,2.11,,");
        world.Acknowledge("ack.csv", VendorWorld.Receipt(world.Manifests()[0]));
        world.Drop("dealers", "dealers.csv", "dealer_code,dealer_name,market,region\nAU01,Harbour Motors Sydney,AU,East\n");
        world.OptOut("o.csv", "email", "alice@mail.example");
        var cases = (await world.RunAsync("export", "cases")).Output;
        var mails = world.Names("mail");

        Assert.Equal(0, (await world.RunAsync(Pass("2026-03-09T10:05:00+11:00"))).Code); // when the reminder would be due

        Assert.Equal(cases, (await world.RunAsync("export", "cases")).Output);
        Assert.Equal(mails, world.Names("mail"));
        Assert.Equal(["acknowledgements/ack.csv", "dealers/dealers.csv", "dispositions/d.csv", "dms/b.csv"], world.Names("inbox"));
        Assert.Single(world.Manifests());
        await world.HoldsAsync();
        await world.CycleAsync("2026-03-09");
        Assert.Equal("with_vendor", Assert.Single(await world.ExportAsync("cases"), c => c["transaction_id"] == "mail")["state"]); // what follows from the opt-out is the cycle's
        await world.HoldsAsync();
    }

    /// <summary>The last cycle is still the last one, for the gap, for status and for what dates reports.</summary>
    [Fact]
    public async Task ItIsNoCycle()
    {
        using var world = new World(settings: s => s["Data"]!["MaxGapDays"] = 10);
        world.Extract("a.csv", VendorWorld.ForThePhone(2));
        await world.CycleAsync("2026-03-02");
        world.OptOut("o.csv", "phone", "0412 001 000");

        Assert.Equal(0, (await world.RunAsync(Pass("2026-03-20T10:05:00+11:00"))).Code); // no gap is too wide

        Assert.Equal("2026-03-02", (await world.RunAsync("status", "--json")).Json.GetProperty("lastCycle").GetProperty("asOf").GetString());
        Assert.Single(world.WithdrawalRows());
        var stopped = await world.RunAsync("cycle", "--as-of", "2026-03-20");
        Assert.Equal(1, stopped.Code);
        Assert.Contains("The last cycle was dated 2026-03-02", stopped.Error, StringComparison.Ordinal);
        await world.CycleAsync("2026-03-05");
        await world.HoldsAsync();
    }

    /// <summary>A case is looked at by cycles; that none ran for weeks is another alarm than that one did not look.</summary>
    [Fact]
    public async Task ItLooksAtNoCaseSoStatusDoesNotSayThatOneWasOverlooked()
    {
        using var world = new World();
        world.Extract("a.csv", [.. VendorWorld.ForThePhone(1), Row.Sale with { Event = "2026-02-18", Transaction = "later", Vin = "JTDBR32E720099001" }]);
        await world.CycleAsync("2026-03-02"); // the window of "later" opens on the 5th

        Assert.Equal(0, (await world.RunAsync(Pass("2026-03-20T10:05:00+11:00"))).Code);

        Assert.DoesNotContain("should have been looked at", World.Unwrapped((await world.RunAsync("status")).Output), StringComparison.Ordinal);
    }

    /// <summary>Both are started by cron at the same minute, every hour: the hour's cycle must not be the one that is lost.</summary>
    [Fact]
    public async Task ACycleWaitsForItAndIsNotLost()
    {
        using var world = await HandedOverAsync();
        var stalled = await Child.StopAsync(world, "statement cycles.end", 1, Pass(Ten));
        var waits = new Waits(3);
        var cycle = world.RunAsync(waits, "cycle", "--as-of", "2026-03-05");
        Assert.Same(waits.Came, await Task.WhenAny(waits.Came, cycle)); // the first wait is for anybody's

        Assert.Equal(0, (await stalled.GoOnAsync()).Code);

        Assert.Equal((0, ""), ((await cycle).Code, (await cycle).Error));
        Assert.Equal("2", world.Query("SELECT count(*) FROM cycles WHERE kind = 'full'"));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task WhereNobodyWasEverHandedOverThereIsNothingToDo()
    {
        using var world = new World();

        var ended = await world.RunAsync(Pass(Ten));

        Assert.Equal((0, "", false), (ended.Code, ended.Error, Directory.Exists(world.Data)));
    }

    [Fact]
    public async Task AStoreThatWasSetBackIsLeftAloneSoThatItStaysKnownForThat()
    {
        using var world = await HandedOverAsync();
        using var backup = world.Copy();
        await world.CycleAsync("2026-03-03");
        await world.CycleAsync("2026-03-04");
        File.Copy(world.In("cycle.lock"), backup.In("cycle.lock"), overwrite: true);
        backup.OptOut("o.csv", "phone", "0412 001 000");

        var ended = await backup.RunAsync(Pass(Ten));

        Assert.Equal(1, ended.Code);
        Assert.Contains("restored from a backup", ended.Error, StringComparison.Ordinal);
        Assert.Equal("o.csv", Assert.Single(backup.Names("inbox/optouts")));
    }

    [Fact]
    public async Task ACycleThatRunsComesFirst()
    {
        using var world = await HandedOverAsync();
        await using var stalled = await Child.StopAsync(world, "statement files.", 1, "cycle", "--as-of", "2026-03-03");

        var ended = await world.RunAsync(Pass(Ten));

        Assert.Equal(1, ended.Code);
        Assert.Contains("Another cycle is running", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADryRunTellsAndDoesNothing()
    {
        using var world = await HandedOverAsync();
        world.OptOut("o.csv", "phone", "0412 001 000");
        var before = world.Fingerprint();

        var dry = await world.RunAsync([.. Pass(Ten), "--dry-run"]);

        Assert.Equal((before, 1), (world.Fingerprint(), dry.Json.GetProperty("withdrawn").GetInt32()));
    }

    [Fact]
    public async Task AGapIsNothingToAcceptHere()
    {
        using var world = new World();

        Assert.Equal(2, (await world.RunAsync("cycle", "--only", "withdrawals", "--accept-gap")).Code);
    }

    /// <summary>Killed at any moment, then done again, then the cycle: as if nothing had happened.</summary>
    [Fact]
    [Trait("Campaign", "crash")]
    public async Task AKillAtAnyMomentChangesNothingThatAnybodySees()
    {
        using var eve = await HandedOverAsync();
        var ids = (await eve.ExportAsync("cases")).ToDictionary(c => c["transaction_id"], c => c["case_id"]);
        eve.Drop("optouts", "o.csv", $"kind,value\nphone,0412 001 000\nall,{ids["c1"]}\nphone,nonsense\n");
        eve.Responses("r.csv", "case_id,mode,status,completed_at,overall", $"{ids["c2"]},web,complete,2026-03-04T10:00:00+11:00,5", "AU-00000000,web,complete,2026-03-04T10:00:00+11:00,5");
        using var undisturbed = eve.Copy();
        var moments = await Child.MomentsAsync(undisturbed, Pass(Ten));
        var expected = await StoryAsync(undisturbed);
        var kinds = moments.Select((m, i) => (Kind: string.Join(' ', m.Split(' ').Take(2).Select(Path.GetFileName)), At: i + 1)).GroupBy(m => m.Kind).Select(g => g.ElementAt(g.Count() / 2).At).ToList();
        var chosen = Environment.GetEnvironmentVariable("LONG_TESTS") == "1" ? [.. Enumerable.Range(1, moments.Length)] : kinds;
        Assert.InRange(chosen.Count, 20, moments.Length);
        foreach (var at in chosen)
        {
            using var world = eve.Copy();
            Assert.True(await Child.KillAsync(world, "", at, Pass(Ten)), $"moment {at}");
            TestContext.Current.TestOutputHelper?.WriteLine($"killed before moment {at} ({moments[at - 1]})");
            Assert.Equal(0, (await world.RunAsync(Pass(Ten))).Code);
            var story = await StoryAsync(world);
            Assert.True(expected == story, $"killed before moment {at} ({moments[at - 1]}):\n{expected}\n-- became --\n{story}");
        }
    }

    /// <summary>What the vendor and everybody else sees, before and after the next cycle.</summary>
    private static async Task<string> StoryAsync(World world)
    {
        var story = new System.Text.StringBuilder();
        foreach (var asOf in new[] { "", "2026-03-05" })
        {
            if (asOf.Length > 0)
            {
                await world.CycleAsync(asOf);
            }

            await world.HoldsAsync();
            world.AssertUnbroken();
            story.Append((await world.RunAsync("export", "cases")).Output);
            world.Rows("SELECT case_id, day, kind, detail FROM ledger ORDER BY case_id, seq").ForEach(l => story.AppendLine(l));
            world.Rows("SELECT file_name, state, rows, sha256 FROM lists ORDER BY id").ForEach(l => story.AppendLine(l));
            world.Rows("SELECT kind, name, state, rows_read, rows_new, rows_unchanged, rows_rejected FROM files ORDER BY id").ForEach(l => story.AppendLine(l));
            foreach (var folder in new[] { "inbox", "taking", "archive", "rejects", "outbox", "mail" })
            {
                story.AppendJoin('\n', world.Names(folder).Prepend(folder)).AppendLine();
            }
        }

        return story.ToString();
    }

    /// <summary>The clock of somebody who waits again and again.</summary>
    private sealed class Waits(int until) : TimeProvider
    {
        private readonly TaskCompletionSource came = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int begun;

        /// <summary>He has begun to wait for so many times.</summary>
        public Task Came => came.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (Interlocked.Increment(ref begun) == until)
            {
                came.SetResult();
            }

            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
