using System.Text.Json;
using SurveyDispatcher.Files;
using SurveyDispatcher.Tests.Mail;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>What head office sees at six in the morning, after nights of all kinds.</summary>
public sealed class StatusJourneyTests
{
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };

    /// <summary>What is counted along with the facts is what counting the tables gives, whatever has happened to cases.</summary>
    [Fact]
    public async Task TheFunnelIsWhatTheTablesHoldAfterEverythingThatCanHappenToACase()
    {
        using var world = new World();
        world.Extract(
            "a.csv", Due with { Transaction = "ANSWERS", Email = "answers@mail.example" }, Due with { Transaction = "SILENT", Email = "silent@mail.example" },
            Due with { Transaction = "BOUNCES", Email = "bounces@mail.example" }, Due with { Transaction = "LEAVES", Email = "leaves@mail.example" },
            Due with { Transaction = "CALLED", Email = "" }, Due with { Transaction = "REFUSES", Email = "", Phone1 = "02 9374 4001" },
            Row.Sale with { Transaction = "LATER", Email = "later@mail.example" }, Row.Sale with { Transaction = "CANCELLED", Email = "cancelled@mail.example" },
            Due with { Transaction = "RENTAL", Customer = "rental" }, Due with { Transaction = "ABROAD", Country = "FR", Dealer = "FR01" }, Row.Service with { Transaction = "VISIT" });
        await world.CycleAsync("2026-03-02");
        world.Extract("b.csv", Row.Sale with { Transaction = "CANCELLED", Email = "cancelled@mail.example", Status = "cancelled" }, Due with { Transaction = "RENTAL", Customer = "individual", Email = "" });
        var (answers, refuses, called) = (await world.CaseIdAsync("ANSWERS"), await world.CaseIdAsync("REFUSES"), await world.CaseIdAsync("CALLED"));
        world.Responses("r.csv", "case_id,mode,status,completed_at", $"{answers},web,complete,2026-03-03T10:00:00+11:00");
        world.OptOut("o.csv", "all", "leaves@mail.example");
        world.Calls("d.csv", $"{refuses},1,2026-03-03T10:00:00+11:00,,2.11,N,", $"{called},1,2026-03-03T10:00:00+11:00,,3.13,N,");
        await world.CycleAsync("2026-03-04");
        world.Extract("c.csv", Row.Sale with { Transaction = "CANCELLED", Email = "cancelled@mail.example" });
        await world.RunAsync("erase", "--case", refuses, "--as-of", "2026-03-05");
        await world.DailyAsync("2026-03-05", "2026-03-14");
        await world.CycleAsync("2026-05-20");

        await CountsAgreeAsync(world);
        await world.HoldsAsync();
        Assert.Equal("1|1", world.Rows("SELECT sum(opted_out), (SELECT sum(vendor_reports) FROM movements) - 1 FROM movements").Single());
    }

    [Fact]
    public async Task AStoreFromBeforeTheCountsIsCountedOnce()
    {
        using var world = new World();
        world.Extract("a.csv", Due, Due with { Transaction = "T2", Email = "" }, Due with { Transaction = "T3", Customer = "rental" }, Row.Service);
        await world.CycleAsync("2026-03-02");
        world.BackToSchema8();

        await world.CycleAsync("2026-03-05");

        await CountsAgreeAsync(world);
        await world.HoldsAsync();
        Assert.Equal("0|1", world.Rows("SELECT (SELECT sum(mails_accepted) FROM movements WHERE day = '2026-03-02'), (SELECT sum(mails_accepted) FROM movements WHERE day = '2026-03-05')").Single()); // facts count from then on
    }

    /// <summary>What that one stores after the step would be counted nowhere.</summary>
    [Fact]
    [Trait("Store", "PostgreSql")] // a store in a file has one at a time
    public async Task AStoreOnWhichAnOlderVersionWorksIsNotBroughtUpToDate()
    {
        using var world = new World();
        if (!world.IsOnPostgres)
        {
            return;
        }

        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        world.BackToSchema8();
        world.Tamper("INSERT INTO workers (id, name, process, until) VALUES (77, 'north:/srv/survey', 4711, now() + interval '1 minute')");

        var refused = await world.RunAsync("cycle", "--as-of", "2026-03-05");
        Assert.Equal((1, true), (refused.Code, refused.Error.Contains("process 4711 of north:/srv/survey", StringComparison.Ordinal)));
        Assert.Equal("8", world.Query("SELECT version FROM schema_version"));

        world.Tamper("UPDATE workers SET until = now() - interval '1 second' WHERE id = 77");
        await world.CycleAsync("2026-03-05");
        await CountsAgreeAsync(world);
        await world.HoldsAsync();
    }

    [Fact]
    public async Task AnExtractThatDoesNotComeIsMissedOnTheNextMorningAndNoMondayIsMissed()
    {
        using var world = new World();
        for (var day = World.Day("2026-02-02"); day <= World.Day("2026-03-03"); day = day.AddDays(1))
        {
            if (day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday))
            {
                world.Extract($"apac_{day:yyyyMMdd}.csv", Due with { Transaction = $"T{day:MMdd}", Email = "" });
            }

            await world.CycleAsync($"{day:yyyy-MM-dd}");
        }

        Assert.Empty(await AlarmsAsync(world, "2026-03-04", "extractMissing")); // Wednesday's may yet come
        var missing = Assert.Single(await AlarmsAsync(world, "2026-03-05", "extractMissing"));
        Assert.Equal(("canonical apac_#.csv", "2026-03-04"), (missing.GetProperty("where").GetString(), missing.GetProperty("since").GetString()));
        world.Extract("apac_20260304.csv", Due with { Transaction = "T0304" });
        Assert.Empty(await AlarmsAsync(world, "2026-03-05", "extractMissing")); // it lies in the inbox
        await world.CycleAsync("2026-03-05");
        world.Extract("apac_20260306.csv", Due with { Transaction = "T0306" });
        await world.CycleAsync("2026-03-06"); // a Friday
        Assert.Empty(await AlarmsAsync(world, "2026-03-09", "extractMissing")); // the Monday after it
        Assert.Single(await AlarmsAsync(world, "2026-03-10", "extractMissing"));
    }

    [Fact]
    public async Task ASourceSaysHowOftenItsFilesComeAndIsMissedEvenBeforeTheFirst()
    {
        using var world = new World();
        world.Edit("sources/cn_dms.json", s => s["expectedEveryDays"] = 2);
        world.Edit("sources/tw_dms.json", s => s["expectedEveryDays"] = 40);
        await world.CycleAsync("2026-03-02");

        Assert.Empty(await AlarmsAsync(world, "2026-03-04", "extractMissing"));
        var missing = Assert.Single(await AlarmsAsync(world, "2026-03-05", "extractMissing"));

        Assert.Contains("No extract of cn_dms (cn_dms_*.csv) ever came; one was due by 2026-03-04", missing.GetProperty("text").GetString(), StringComparison.Ordinal);
        world.Edit("sources/cn_dms.json", s => s["expectedEveryDays"] = 0);
        var faulty = await world.RunAsync("config", "check");
        Assert.Contains("sources/cn_dms.json: expectedEveryDays: A whole number from 1 to 366 is expected, not 0.", faulty.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnExtractThatLosesAColumnAndGrowsIsTold()
    {
        using var world = new World(settings: s => s["Alarms"] = new System.Text.Json.Nodes.JsonObject { ["RowsAtLeast"] = 5 });
        for (var n = 1; n <= 4; n++)
        {
            world.Extract($"apac_{n}.csv", [.. Rows(10 * n, 10)]);
            await world.CycleAsync($"2026-03-{n:00}");
        }

        Assert.Empty(await AlarmsAsync(world, "2026-03-04"));
        world.Extract("apac_5.csv", [.. Rows(20, 20), .. Rows(100, 41).Select(r => r with { Email = " ", Event = r.Transaction.EndsWith('0') ? "soon" : r.Event })]); // some are known and not read any further
        await world.CycleAsync("2026-03-05");

        var alarms = await AlarmsAsync(world, "2026-03-05");
        Assert.Equal(["rowsJumped", "emptyJumped", "rejectedJumped"], alarms.Select(a => a.GetProperty("kind").GetString()));
        Assert.All(alarms, a => Assert.Equal("dms/apac_5.csv", a.GetProperty("where").GetString()));
        Assert.Contains("(email: 67.2 % empty, usually 0 %)", alarms[1].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(41, JsonDocument.Parse(world.Query("SELECT empty FROM file_shapes ORDER BY file_id DESC LIMIT 1")).RootElement.GetProperty("email").GetInt32());
    }

    /// <summary>Everybody of the extract would be called instead of mailed.</summary>
    [Fact]
    public async Task AColumnWhoseHeaderWasRenamedIsToldAsEmpty()
    {
        using var world = new World(settings: s => s["Alarms"] = new System.Text.Json.Nodes.JsonObject { ["RowsAtLeast"] = 5 });
        for (var n = 1; n <= 4; n++)
        {
            world.Extract($"apac_{n}.csv", [.. Rows(10 * n, 10)]);
            await world.CycleAsync($"2026-03-{n:00}");
        }

        world.Drop("dms", "apac_5.csv", Row.File([.. Rows(60, 10)]).Replace(",email,", ",e_mail,", StringComparison.Ordinal));
        await world.CycleAsync("2026-03-05");

        var alarm = Assert.Single(await AlarmsAsync(world, "2026-03-05", "emptyJumped"));
        Assert.Contains("(email: 100 % empty, usually 0 %)", alarm.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARefusedFileIsToldUntilAGoodOneOfItsSeriesComes()
    {
        using var world = new World();
        world.Drop("dms", "apac_1.csv", "nothing,of,ours\n1,2,3\n");
        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-02")).Code);

        var alarms = await AlarmsAsync(world, "2026-03-02");
        Assert.Equal(["cycleFailed", "fileRefused"], alarms.Select(a => a.GetProperty("kind").GetString()));
        Assert.Contains("failed with 1 problem(s): dms/apac_1.csv was refused: The header lacks", alarms[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        world.Extract("other_1.csv", Due);
        await world.CycleAsync("2026-03-03");
        Assert.Equal("fileRefused", Assert.Single(await AlarmsAsync(world, "2026-03-03")).GetProperty("kind").GetString());
        world.Extract("apac_2.csv", Due with { Transaction = "T2" });
        await world.CycleAsync("2026-03-04");

        Assert.Empty(await AlarmsAsync(world, "2026-03-04"));
        Assert.Contains("Files refused and not replaced: none", (await world.RunAsync("status")).Output, StringComparison.Ordinal);
    }

    /// <summary>An extract brings everything again; an opt-out is sent once, and who is not told goes on writing to him.</summary>
    [Theory]
    [InlineData("optouts", "kind,value\nemail,somebody@mail.example\n")]
    [InlineData("responses", "case_id,mode,status,completed_at\n")]
    [InlineData("dispositions", "case_id,attempt,attempted_at,phone,code,final,note\n")]
    public async Task ARefusedFileThatIsSentOnceIsToldUntilItComesItself(string kind, string good)
    {
        using var world = new World();
        world.Drop(kind, "from_crm_1.csv", "nothing,of,ours\n1,2,3\n");
        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-02")).Code);
        world.Drop(kind, "from_crm_2.csv", good);
        await world.CycleAsync("2026-03-03");

        var refused = Assert.Single(await AlarmsAsync(world, "2026-03-03", "fileRefused"));
        Assert.Equal($"{kind}/from_crm_1.csv", refused.GetProperty("where").GetString());
        world.Drop(kind, "from_crm_1.csv", good + "\n");
        await world.CycleAsync("2026-03-04");

        Assert.Empty(await AlarmsAsync(world, "2026-03-04", "fileRefused"));
    }

    [Fact]
    public async Task EveryFileThatWasRefusedIsTold()
    {
        using var world = new World();
        for (var n = 1; n <= 23; n++)
        {
            world.Drop("optouts", $"no_{n}.csv", $"nothing,of,ours\n{n},2,3\n");
        }

        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-02")).Code);

        Assert.Equal(23, (await AlarmsAsync(world, "2026-03-02", "fileRefused")).Count);
        Assert.Contains("Files refused and not replaced: 23, ", (await world.RunAsync("status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MailIsToldWithItsRelayAndALostRelayIsAnAlarmUntilItAnswers()
    {
        var refuses = false;
        await using var server = new ScriptedServer((_, command) => refuses && command == "" ? ScriptedServer.Close
            : command.StartsWith("RCPT TO:<later", StringComparison.Ordinal) ? "451 4.7.1 Greylisted"
            : command.StartsWith("RCPT TO:<no", StringComparison.Ordinal) ? "550 5.1.1 Nobody" : null);
        using var world = new World(settings: s =>
        {
            s["Mail"]!["Transport"] = "Smtp";
            s["Mail"]!["Host"] = "127.0.0.1";
            s["Mail"]!["Port"] = server.Port;
            s["Mail"]!["BounceAddress"] = "bounces@cvp.example";
        });
        world.Extract("a.csv", To("yes", 1), To("too", 2), To("no", 3), To("later", 4));
        await world.CycleAsync("2026-03-02");

        var good = await StatusAsync(world, "2026-03-02");
        var mail = good.GetProperty("mail");
        Assert.Equal((2, 1, 1), (mail.GetProperty("accepted").GetInt32(), mail.GetProperty("rejected").GetInt32(), mail.GetProperty("deferred").GetInt32()));
        Assert.Equal(("later", "4.7.1", false), (mail.GetProperty("fault").GetString(), mail.GetProperty("faultDetail").GetString(), mail.GetProperty("relayStopped").GetBoolean()));
        Assert.NotEqual(JsonValueKind.Null, mail.GetProperty("relayAnsweredAt").ValueKind);
        Assert.Equal((1, "2026-03-02", await world.CaseIdAsync("later")), (good.GetProperty("mailQueue").GetProperty("count").GetInt32(), good.GetProperty("mailQueue").GetProperty("oldestOn").GetString(), good.GetProperty("mailQueue").GetProperty("oldestCase").GetString()));
        Assert.Contains("a mail was put off with 4.7.1 (policy or security)", Line((await world.RunAsync("status")).Output), StringComparison.Ordinal);
        Assert.Empty(good.GetProperty("alarms").EnumerateArray());

        refuses = true;
        world.Extract("b.csv", To("late", 5));
        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-05")).Code);
        var kinds = (await AlarmsAsync(world, "2026-03-05")).Select(a => a.GetProperty("kind").GetString());
        Assert.Equal(["relayStopped", "mailQueued"], kinds);

        refuses = false;
        await world.CycleAsync("2026-03-06");
        var back = await StatusAsync(world, "2026-03-06");
        Assert.DoesNotContain(back.GetProperty("alarms").EnumerateArray(), a => a.GetProperty("kind").GetString() == "relayStopped");
        await world.HoldsAsync();
    }

    [Fact]
    public async Task AVendorWhoSendsNothingBackIsToldAndHisFirstWordEndsIt()
    {
        using var world = new World();
        world.Extract("a.csv", [.. Enumerable.Range(1, 3).Select(n => Due with { Transaction = $"T{n}", Email = "", Phone1 = $"02 9374 400{n}" })]);
        await world.CycleAsync("2026-03-02");
        var (one, two) = (await world.CaseIdAsync("T1"), await world.CaseIdAsync("T2"));
        await world.CycleAsync("2026-03-07");

        Assert.Empty(await AlarmsAsync(world, "2026-03-07"));
        var silent = Assert.Single(await AlarmsAsync(world, "2026-03-08"));
        Assert.Equal(("vendorSilent", "AU", "2026-03-02"), (silent.GetProperty("kind").GetString(), silent.GetProperty("where").GetString(), silent.GetProperty("since").GetString()));
        world.Calls("d.csv", $"{one},1,2026-03-08T10:00:00+11:00,,3.13,N,");
        await world.CycleAsync("2026-03-08");

        var status = await StatusAsync(world, "2026-03-08");
        Assert.Empty(await AlarmsAsync(world, "2026-03-08"));
        var list = Assert.Single(status.GetProperty("listsWaiting").EnumerateArray().ToList());
        Assert.Equal(("phone_AU_sales_20260302_01.csv", "2026-03-02", 3, 2), (list.GetProperty("file").GetString(), list.GetProperty("on").GetString(), list.GetProperty("rows").GetInt32(), list.GetProperty("casesWithoutResult").GetInt32()));
        world.Responses("r.csv", "case_id,mode,status,completed_at", $"{two},phone,complete,2026-03-09T10:00:00+11:00");
        await world.CycleAsync("2026-03-09");
        Assert.Equal(1, Assert.Single((await StatusAsync(world, "2026-03-09")).GetProperty("listsWaiting").EnumerateArray().ToList()).GetProperty("casesWithoutResult").GetInt32());
    }

    /// <summary>What came on the day of the list was taken before the list was written: of those on it he has said nothing.</summary>
    [Fact]
    public async Task AVendorWhoFallsSilentOnTheDayOfHisLastListIsTold()
    {
        using var world = new World();
        world.Extract("a.csv", Due with { Transaction = "T1", Email = "" });
        await world.CycleAsync("2026-03-02");
        world.Calls("d.csv", $"{await world.CaseIdAsync("T1")},1,2026-03-03T10:00:00+11:00,,3.13,N,");
        world.Extract("b.csv", Due with { Transaction = "T2", Email = "", Phone1 = "02 9374 4002" });
        await world.CycleAsync("2026-03-04");

        Assert.Empty(await AlarmsAsync(world, "2026-03-09", "vendorSilent"));
        var silent = Assert.Single(await AlarmsAsync(world, "2026-03-10", "vendorSilent"));
        Assert.Equal("2026-03-04", silent.GetProperty("since").GetString());
    }

    [Fact]
    public async Task BouncesAndOptOutsAboveTheirMarksAreToldByMarket()
    {
        using var world = new World(settings: s => s["Alarms"] = new System.Text.Json.Nodes.JsonObject { ["ContactsAtLeast"] = 4, ["BouncePercent"] = 25, ["OptOutPercent"] = 25 });
        world.Extract("a.csv", [.. Enumerable.Range(1, 4).Select(n => To($"c{n}", n))]);
        await world.CycleAsync("2026-03-02");
        world.Drop("bounces", "1.eml", Bounce(world, "c1"));
        world.OptOut("o1.csv", "all", "c3@customers.example");
        await world.CycleAsync("2026-03-03");

        Assert.Empty(await AlarmsAsync(world, "2026-03-03"));
        world.Drop("bounces", "2.eml", Bounce(world, "c2"));
        world.OptOut("o2.csv", "all", "c4@customers.example");
        await world.CycleAsync("2026-03-04");

        var alarms = await AlarmsAsync(world, "2026-03-04");
        Assert.Equal(["bounceRate", "optOutRate"], alarms.Select(a => a.GetProperty("kind").GetString()));
        Assert.Contains("In AU 50 % of the mails since 2026-02-26 did not arrive (2 of 4)", alarms[0].GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    /// <summary>His case goes on by phone, and counts once: also when he says no to that as well, or when his number is another one.</summary>
    [Fact]
    public async Task WhoWantsNoMoreMailCountsAmongTheOptOutsOnce()
    {
        using var world = new World(settings: s => s["Alarms"] = new System.Text.Json.Nodes.JsonObject { ["ContactsAtLeast"] = 4, ["OptOutPercent"] = 25 });
        world.Extract("a.csv", [.. Enumerable.Range(1, 4).Select(n => To($"c{n}", n) with { Phone2 = n == 1 ? "0412 345 699" : "" }), To("never", 5) with { NoEmail = "Y" }]);
        await world.CycleAsync("2026-03-02");
        Assert.Equal(0, await OptedOutAsync("2026-03-02")); // who was never written to has left nothing

        world.OptOut("o1.csv", "email", "c1@customers.example");
        world.OptOut("o2.csv", "email", "c2@customers.example");
        await world.CycleAsync("2026-03-03");
        Assert.Equal("with_vendor", await world.StateAsync("c1"));
        Assert.Equal(2, await OptedOutAsync("2026-03-03"));
        Assert.Contains("28.6 % of the contacts", Assert.Single(await AlarmsAsync(world, "2026-03-03", "optOutRate")).GetProperty("text").GetString(), StringComparison.Ordinal);

        world.Calls("d.csv", $"{await world.CaseIdAsync("c1")},1,2026-03-04T10:00:00+11:00,0412 345 671,4.32,N,"); // no such number: he is called at his other one
        world.OptOut("o3.csv", "phone", "0412 345 672");
        world.OptOut("o4.csv", "all", "c3@customers.example");
        await world.CycleAsync("2026-03-04");
        Assert.Equal("with_vendor|closed opted_out|closed opted_out", $"{await world.StateAsync("c1")}|{await world.StateAsync("c2")}|{await world.StateAsync("c3")}");
        Assert.Equal(3, await OptedOutAsync("2026-03-04"));
        Assert.Equal(0, await OptedOutAsync("2026-03-20"));
        await world.HoldsAsync();

        async Task<long> OptedOutAsync(string day) => (await StatusAsync(world, day)).GetProperty("rates").EnumerateArray().Sum(r => r.GetProperty("optedOut").GetInt64());
    }

    [Fact]
    public async Task TheNextCycleIsTheSchedulesAndFilesWaitForIt()
    {
        using var world = new World(settings: s => s["Schedule"]!["Cycle"] = "0 30 4 * * ?");
        await world.CycleAsync("2026-03-02");
        world.Extract("a.csv", Due);
        world.Drop("bounces", "new/1", "x");
        var status = await StatusAsync(world, "2026-03-02");

        var next = status.GetProperty("nextCycle").GetProperty("at").GetDateTimeOffset();
        Assert.Equal((4, 30, 0), (TimeZoneInfo.ConvertTime(next, TimeZoneInfo.Local).Hour, TimeZoneInfo.ConvertTime(next, TimeZoneInfo.Local).Minute, next.Second));
        Assert.Equal(["bounces 1", "dms 1"], status.GetProperty("inboxes").EnumerateArray().Select(i => $"{i.GetProperty("kind")} {i.GetProperty("files")}"));
        Assert.Equal(0, (await world.RunAsync("status")).Code); // also when something needs a person
    }

    /// <summary>A service goes by the settings that it was started with, which need not be those of the shell that asks.</summary>
    [Fact]
    public async Task TheNextCycleIsTheEarliestThatAServiceSaysAndAnotherTimeByTheSettingsHereIsTold()
    {
        using var world = new World(settings: s => s["Schedule"]!["Cycle"] = "0 30 4 * * ?");
        await world.CycleAsync("2026-03-02");
        var six = new At("2026-03-02").GetUtcNow();
        var (alone, here, _) = await NextAsync(world);
        Says(world, 1, next: null); // it has just begun
        Says(world, 2, next: six.AddSeconds(-1)); // it is about to begin its cycle, and will say the next time in a moment
        var (unknown, atUnknown, _) = await NextAsync(world);
        Says(world, 3, next: six.AddMinutes(20));
        Says(world, 4, next: six.AddMinutes(10));
        var (other, atOther, saidOther) = await NextAsync(world);
        Says(world, 5, next: here);
        foreach (var service in new[] { 3, 4 })
        {
            Says(world, service, next: null);
        }

        var (same, atSame, saidSame) = await NextAsync(world);

        Assert.EndsWith(", if a service runs (Schedule:Cycle '0 30 4 * * ?')", alone, StringComparison.Ordinal);
        Assert.Equal((here, alone.Replace(", if a service runs", "", StringComparison.Ordinal)), (atUnknown, unknown));
        Assert.Equal((six.AddMinutes(10), here), (atOther, saidOther.GetProperty("bySchedule").GetDateTimeOffset()));
        Assert.Contains(", says the service; by the settings of this shell (Schedule:Cycle '0 30 4 * * ?') it would be ", other, StringComparison.Ordinal);
        Assert.Equal((here, unknown), (atSame, same));
        Assert.Equal((true, true), (saidOther.GetProperty("isOfService").GetBoolean(), saidSame.GetProperty("isOfService").GetBoolean()));

        world.Edit("appsettings.json", s => s["Schedule"]!["Cycle"] = "0 0 0 1 1 ? 2020");
        var (over, _, ended) = await NextAsync(world);
        Assert.EndsWith("(Schedule:Cycle '0 0 0 1 1 ? 2020') there would be none", over, StringComparison.Ordinal);
        Assert.Equal((here, JsonValueKind.Null), (ended.GetProperty("at").GetDateTimeOffset(), ended.GetProperty("bySchedule").ValueKind));
    }

    [Fact]
    public async Task WhereTheSchedulesOfAllServicesHaveEndedThereIsNoNextCycle()
    {
        using var world = new World(settings: s => s["Schedule"]!["Cycle"] = "0 30 4 * * ?");
        await world.CycleAsync("2026-03-02");
        Says(world, 1, next: null, ended: true);
        Says(world, 2, next: null);
        var (one, _) = await NextLineAsync(world);
        Says(world, 2, next: null, ended: true);
        var (all, json) = await NextLineAsync(world);
        world.Edit("appsettings.json", s => s["Schedule"]!["Cycle"] = "0 0 0 1 1 ? 2020");
        var (here, _) = await NextLineAsync(world);

        Assert.EndsWith(" (Schedule:Cycle '0 30 4 * * ?')", one, StringComparison.Ordinal); // who has just begun will say it in a moment
        Assert.StartsWith("Next cycle: none, says the service, its schedule has come to its end; by the settings of this shell (Schedule:Cycle '0 30 4 * * ?') it would be 2026-03-0", all, StringComparison.Ordinal);
        Assert.Equal((JsonValueKind.Null, true), (json.GetProperty("at").ValueKind, json.GetProperty("isOfService").GetBoolean()));
        Assert.Equal("Next cycle: none, the schedule (Schedule:Cycle '0 0 0 1 1 ? 2020') has come to its end", here);
    }

    [Fact]
    public async Task ADiskWithTooLittleRoomIsTold()
    {
        using var world = new World(settings: s => s["Alarms"] = new System.Text.Json.Nodes.JsonObject { ["DiskFreeMiB"] = int.MaxValue });
        await world.CycleAsync("2026-03-02");

        Assert.Equal("diskNearlyFull", Assert.Single(await AlarmsAsync(world, "2026-03-02")).GetProperty("kind").GetString());
        Assert.Contains(world.Data, (await StatusAsync(world, "2026-03-02")).GetProperty("disk").GetProperty("directory").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACaseThatNobodyLookedAtIsTold()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale);
        await world.CycleAsync("2026-03-02");
        world.Tamper("UPDATE cases SET next_look_on = '2026-02-28'");
        Assert.Empty(await AlarmsAsync(world, "2026-03-02")); // two days may be the sending hours

        world.Tamper("UPDATE cases SET next_look_on = '2026-02-27'");

        var alarm = Assert.Single(await AlarmsAsync(world, "2026-03-02"));
        Assert.Equal(("casePastLook", await world.CaseIdAsync()), (alarm.GetProperty("kind").GetString(), alarm.GetProperty("where").GetString()));
    }

    /// <summary>Between cycles only the vendor is told of withdrawals: nobody's case was passed by.</summary>
    [Fact]
    public async Task APassBetweenCyclesLooksAtNoCase()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02"); // the reminder is due on 5 March

        Assert.Equal(0, (await world.RunAsync("cycle", "--only", "withdrawals", "--as-of", "2026-03-09T10:05:00+11:00")).Code);

        Assert.Empty(await AlarmsAsync(world, "2026-03-09", "casePastLook"));
    }

    [Fact]
    public async Task LookingChangesNothingAndNamesNobody()
    {
        using var world = new World();
        world.Extract("a.csv", Due, Due with { Transaction = "T2", Email = "" });
        await world.CycleAsync("2026-03-02");
        var before = world.Fingerprint();

        var output = (await world.RunAsync("status")).Output + (await world.RunAsync("status", "--json")).Output;

        Assert.Equal(before, world.Fingerprint());
        Assert.All(new[] { "Alice", "Walker", "alice@", "9374" }, word => Assert.DoesNotContain(word, output, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("soon")]
    [InlineData("3601")]
    public async Task AWatchNeedsSeconds(string seconds)
    {
        using var world = new World();

        var ended = await world.RunAsync("status", "--watch", seconds);

        Assert.Equal(2, ended.Code);
        Assert.Contains("seconds from 1 to 3600 are expected", ended.Error, StringComparison.Ordinal);
    }

    /// <summary>On a terminal of its own, 60 columns by 20 lines: drawn in place until Ctrl+C, and with 0 at the end, while a cycle goes by.</summary>
    [Fact]
    public async Task AWatchOnATerminalIsDrawnInPlaceUntilCtrlC()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        using var terminal = Child.Start(world, new() { ["TERM"] = "xterm" }, ["status", "--watch", "1"], shell: ["python3", "-c", Terminal, "dotnet"]);
        var output = await terminal.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await terminal.WaitForExitAsync(TestContext.Current.CancellationToken);

        var screens = output.Split("\u001b[H", StringSplitOptions.None)[1..];
        Assert.EndsWith("exit 0", output.TrimEnd(), StringComparison.Ordinal);
        Assert.True(screens.Length >= 2, output);
        Assert.Contains("Last cycle: as of 2026-03-02", screens[0], StringComparison.Ordinal);
        Assert.Contains("Last cycle: as of 2026-03-02", screens[1], StringComparison.Ordinal);
        var lines = screens[0].Split("\u001b[J")[0].Split("\r\n");
        Assert.Equal(20, lines.Length);
        Assert.All(lines, line => Assert.True(line.TrimEnd('\r').Replace("\u001b[K", "", StringComparison.Ordinal).Length <= 60, line));
        Assert.DoesNotContain("\u001b[2J", output, StringComparison.Ordinal); // a screen that is cleared first flickers
    }

    /// <summary>Runs a program on a terminal, presses Ctrl+C after its second screen, and says how it ended.</summary>
    private const string Terminal = """
        import fcntl, os, pty, signal, struct, sys, termios
        signal.alarm(120)
        pid, terminal = pty.fork()
        if pid == 0:
            for ignored in signal.SIGHUP, signal.SIGINT, signal.SIGQUIT: # by whoever started the tests in the background
                signal.signal(ignored, signal.SIG_DFL)
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 20, 60, 0, 0))
            os.execvp(sys.argv[1], sys.argv[1:])
        seen, pressed = b'', False
        while True:
            try:
                more = os.read(terminal, 65536)
            except OSError:
                break
            if not more:
                break
            seen += more
            if not pressed and seen.count(b'\x1b[J') >= 2:
                os.write(terminal, b'\x03')
                pressed = True
        sys.stdout.buffer.write(seen)
        print('\nexit', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """;

    private static Row To(string name, int n) => Due with { Transaction = name, Email = $"{name}@customers.example", Phone1 = $"0412 345 67{n}" };

    private static IEnumerable<Row> Rows(int from, int count) => Enumerable.Range(from, count).Select(n => Due with
    {
        Transaction = $"T{n}", Email = $"c{n}@customers.example", Event = "2025-01-01", Vin = $"JTDBR32E72{n:0000000}",
    });

    private static string Bounce(World world, string to)
    {
        var letter = world.Mails().First(m => m.To == $"{to}@customers.example");
        return $"""
            From: mailer@relay.example
            Content-Type: multipart/report; report-type=delivery-status; boundary=b

            --b
            Content-Type: text/plain

            It came back.
            --b
            Content-Type: message/delivery-status

            Reporting-MTA: dns; relay.example

            Final-Recipient: rfc822; {letter.To}
            Action: failed
            Status: 5.2.2
            --b
            Content-Type: message/rfc822

            Message-ID: {letter.MessageId}
            --b--
            """.ReplaceLineEndings("\r\n");
    }

    /// <summary>A service tells of itself at six in the morning.</summary>
    internal static void Says(World world, int process, DateTimeOffset? next, bool ended = false)
    {
        var six = new At("2026-03-02").GetUtcNow();
        RunningServices.Write(
            new DataDirectory(world.Data),
            new RunningService("north", world.Data, process, "1.0", six.AddDays(-1), six, next, next is null && !ended ? "starting" : "waiting", null, ended ? ["no_next_cycle"] : [], Live: true));
    }

    /// <summary>The line of the next cycle, and what the JSON has of it.</summary>
    private static async Task<(string Line, DateTimeOffset At, JsonElement Json)> NextAsync(World world)
    {
        var (line, json) = await NextLineAsync(world);
        return (line, json.GetProperty("at").GetDateTimeOffset(), json);
    }

    private static async Task<(string Line, JsonElement Json)> NextLineAsync(World world)
    {
        var screen = World.Unwrapped((await world.RunAsync(new At("2026-03-02"), "status")).Output);
        var json = (await StatusAsync(world, "2026-03-02")).GetProperty("nextCycle");
        return (Assert.Single(screen.ReplaceLineEndings("\n").Split('\n'), l => l.StartsWith("Next cycle: ", StringComparison.Ordinal)), json);
    }

    /// <summary>A line that was broken is one again.</summary>
    private static string Line(string text) => text.Replace($"{Environment.NewLine}  ", " ", StringComparison.Ordinal);

    private static async Task<JsonElement> StatusAsync(World world, string day)
    {
        var ended = await world.RunAsync(new At(day), "status", "--json");
        Assert.True(ended.Code == 0, ended.Error);
        return ended.Json;
    }

    /// <summary>The alarms of a morning; but for that of cycles, which are long ago by the clock that dates them, and the disk of this machine.</summary>
    private static async Task<List<JsonElement>> AlarmsAsync(World world, string day, string? kind = null) =>
        [.. (await StatusAsync(world, day)).GetProperty("alarms").EnumerateArray().Where(a => a.GetProperty("kind").GetString() is var k && (kind is null ? k is not "noCycle" : k == kind))];

    /// <summary>The sums of the counts are what counting cases and transactions gives.</summary>
    private static async Task CountsAgreeAsync(World world)
    {
        var status = (await world.RunAsync("status", "--json")).Json;
        var shown = status.GetProperty("funnels").EnumerateArray().Select(f => string.Join('|', new[]
        {
            "market", "survey", "transactions", "screenedOut", "waiting", "invited", "reminded", "phoneQueued", "withVendor", "completed", "closed",
        }.Select(key => f.GetProperty(key).ToString())));
        Assert.Equal(
            world.Rows("""
                SELECT t.country, t.survey, count(*), count(t.reason),
                    count(*) FILTER (WHERE c.state = 'waiting'), count(*) FILTER (WHERE c.state = 'invited'), count(*) FILTER (WHERE c.state = 'reminded'),
                    count(*) FILTER (WHERE c.state = 'phone_queued'), count(*) FILTER (WHERE c.state = 'with_vendor'),
                    count(*) FILTER (WHERE c.state = 'completed'), count(*) FILTER (WHERE c.state = 'closed')
                FROM transactions t LEFT JOIN cases c ON c.id = t.id GROUP BY t.country, t.survey ORDER BY t.country, t.survey
                """),
            shown);
        foreach (var (key, sql) in new[]
        {
            ("closed", "SELECT close_reason, count(*) FROM cases WHERE state = 'closed' GROUP BY close_reason ORDER BY close_reason"),
            ("screenedOut", "SELECT reason, count(*) FROM transactions WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason"),
        })
        {
            Assert.Equal(world.Rows(sql), status.GetProperty(key).EnumerateObject().Select(r => $"{r.Name}|{r.Value}").Order(StringComparer.Ordinal));
        }

        Assert.True(status.GetProperty("sumHolds").GetBoolean());
    }

    /// <summary>Six in the morning of a day.</summary>
    internal sealed class At(string day) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(World.Day(day), new TimeOnly(6, 0), TimeSpan.Zero);
    }
}
