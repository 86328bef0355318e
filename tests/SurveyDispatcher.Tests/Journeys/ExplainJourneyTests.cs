using System.Text.Json;
using System.Text.RegularExpressions;
using SurveyDispatcher.Tests.Mail;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>One customer's story, as <c>explain</c> tells it.</summary>
public sealed partial class ExplainJourneyTests
{
    /// <summary>A sale of 10 February: day 20 on 2 March, the last day is 17 March.</summary>
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };

    /// <summary>UPDATE_GOLDEN=1 writes the story anew; read it before it is committed. What hangs on keys and configuration is blanked out.</summary>
    [Fact]
    public async Task AFullStoryReadsAsItAlwaysDid()
    {
        using var world = new World();
        world.Extract("a.csv", Due with { Email = "old@mail.example" }, Row.Sale with { Transaction = "RENTAL", Customer = "rental", Event = "2026-01-01" });
        await world.CycleAsync("2026-03-01");
        world.Extract("b.csv", Due with { Transaction = "T0", Email = "", Phone1 = "", Vin = "JTDBR32E720012346" }, Due);
        await LiveFromTheSecondDayAsync(world);
        await world.HoldsAsync();

        var story = await ToldAsync(world, "T1", "--as-of", "2026-03-14");
        var keptOut = await ToldAsync(world, "RENTAL", "--as-of", "2026-03-14");

        var actual = Blank().Replace($"{story}\n{keptOut}", "...").Replace("\r\n", "\n", StringComparison.Ordinal);
        var golden = Path.Combine(World.Project, "Journeys", "golden", "explain.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(golden, actual, TestContext.Current.CancellationToken);
        }

        Assert.Equal(await File.ReadAllTextAsync(golden, TestContext.Current.CancellationToken), actual);
        foreach (var personal in new[] { "Alice", "mail.example", "9374", "Bob" })
        {
            Assert.DoesNotContain(personal, story + (await StoriesAsync(world, "T1")).GetRawText(), StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task WhatIsForetoldIsWhatThenHappens()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale);
        await world.CycleAsync("2026-03-02");

        var story = await StoryAsync(world, "T1", "--as-of", "2026-03-03");
        var plan = story.GetProperty("plan").EnumerateArray().Select(s => (s.GetProperty("day").GetString(), s.GetProperty("what").GetString())).ToList();
        await world.DailyAsync("2026-03-03", "2026-04-21");

        Assert.Equal("nothing before 2026-03-17, then the invitation by e-mail (language en)", story.GetProperty("next").GetString());
        Assert.Equal(
            [("2026-03-17", "invitation"), ("2026-03-20", "reminder"), ("2026-03-24", "phone_queue"), ("2026-03-24", "phone_list"), ("2026-04-21", "close")],
            plan.TakeWhile(s => s.Item2 != "forget_contact"));
        Assert.Equal(
            [("2026-03-17", "MailAccepted"), ("2026-03-20", "MailAccepted"), ("2026-03-24", "QueuedForPhone"), ("2026-03-24", "HandedOver"), ("2026-04-21", "Ended")],
            Ledger(await StoryAsync(world, "T1")).Skip(1));
    }

    [Theory]
    [InlineData("2026-03-17T10:00:00+11:00", "2026-03-17")]
    [InlineData("2026-03-17T23:30:00+11:00", "2026-03-18")] // the hours of that day are over
    public async Task AMailIsForetoldForADayWithSendingHoursLeft(string asOf, string day)
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale);
        await world.CycleAsync("2026-03-02");

        var story = await StoryAsync(world, "T1", "--as-of", asOf);

        Assert.Equal(day, story.GetProperty("plan")[0].GetProperty("day").GetString());
        Assert.EndsWith($"on {day} at the earliest", story.GetProperty("next").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatWouldHaveToBeDifferentIsEnoughWhenTheDealerSendsIt()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Customer = "rental", Event = "2026-01-01", Email = "", Phone1 = "" });
        await world.CycleAsync("2026-03-02");
        Assert.Equal("screened_out customer_type_excluded", await world.ScreenedAsync());

        var story = await StoryAsync(world, "T1", "--as-of", "2026-03-03");
        var then = Changes(story, "changesThen");
        var all = Changes(story, "together");

        Assert.Equal(["customer_type", "event_from", "window_to", "usable_email", "usable_number"], then.Select(c => c.Kind));
        Assert.All(then, c => Assert.False(c.Suffices));
        Assert.Equal("2026-01-26", then[1].Day);
        Assert.Equal([("customer_type", "customer_type_excluded"), ("event_from", "window_passed"), ("usable_email", "no_contact_channel")], all.Select(c => (c.Kind, c.Rule!)));
        world.Extract("b.csv", Row.Sale with { Customer = all[0].OneOf[^1], Event = all[1].Day!, Phone1 = "" });
        await world.CycleAsync("2026-03-03");
        Assert.Equal("eligible", await world.ScreenedAsync());
    }

    [Fact]
    public async Task TheRulesAreThoseOfThePolicyThatReachedTheVerdictAndThoseOfNow()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-01-01" });
        await world.CycleAsync("2026-03-02");
        world.Edit("programme.json", p => p["markets"]!["AU"]!["sales"]!["window"]!["toDay"] = 90);

        var before = await ToldAsync(world, "T1", "--as-of", "2026-03-04");
        await world.CycleAsync("2026-03-04");
        var after = await StoryAsync(world, "T1", "--as-of", "2026-03-04");
        world.Tamper("UPDATE policies SET programme = '{\"kept\": \"by a version that is to come\"}' WHERE id = 1");
        var unreadable = await ToldAsync(world, "T1", "--as-of", "2026-03-04");

        Assert.Contains("failed    window_passed            event 2026-01-01, day 60 of 15-35", before, StringComparison.Ordinal);
        Assert.Contains("passed    window_passed            event 2026-01-01, day 62 of 15-90", before, StringComparison.Ordinal);
        Assert.Contains("no cycle has run with it yet", before, StringComparison.Ordinal);
        Assert.Equal((1, "2026-03-02"), Policy(after, "atVerdict"));
        Assert.Equal((2, "2026-03-04"), Policy(after, "asOf"));
        Assert.Contains("can't read the programme of then", unreadable, StringComparison.Ordinal);
        Assert.Contains("passed    window_passed            event 2026-01-01, day 62 of 15-90", unreadable, StringComparison.Ordinal);
    }

    /// <summary>The verdict on record is what counts; the data may have changed since.</summary>
    [Fact]
    public async Task AVerdictStaysOnRecordWhenWhatItSawHasChangedSince()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-25" });
        await world.CycleAsync("2026-03-02");
        world.Extract("b.csv", Row.Sale with { Event = "2026-02-25", Email = "other@mail.example" });
        world.OptOut("no.csv", "all", await world.CaseIdAsync());
        await world.CycleAsync("2026-03-03");

        var story = await StoryAsync(world, "T1", "--as-of", "2026-03-03");

        Assert.Equal(("closed (opted_out)", "opted_out"), (story.GetProperty("state").GetString(), story.GetProperty("outcome").GetString()));
        Assert.Contains("ScreenedOut", Ledger(story).Select(l => l.What));
        Assert.Contains(("2026-03-03", "OptedOut"), Timeline(story));
        Assert.Equal(["no_opt_out"], Changes(story, "changesNow").Select(c => c.Kind));
    }

    /// <summary>Whoever calls and asks why he was written to after he had said no must not be told that he was, when he was not.</summary>
    [Theory]
    [InlineData("2026-03-02T12:00:00+11:00", "2026-03-02T14:00:00+11:00")] // two cycles of one day
    [InlineData("2026-03-02T10:00:00+11:00", "2026-03-02T12:00:00+11:00")] // one day in Sydney, two in UTC
    [InlineData("2026-03-02T12:00:00+11:00", "2026-03-03T09:30:00+11:00")] // two days in Sydney, one in UTC
    public async Task AnOptOutStandsBehindTheMailThatWentOutBeforeIt(string mailed, string saidNo)
    {
        using var world = new World();
        world.Extract("a.csv", Due, Due with { Transaction = "T2", Email = "bob@mail.example", Phone1 = "02 9374 5000" });
        await world.CycleAsync(mailed);
        world.OptOut("no.csv", "email", "alice@mail.example");
        world.OptOut("never.csv", "all", "bob@mail.example");
        await world.CycleAsync(saidNo);

        foreach (var (transaction, no) in new[] { ("T1", "OptedOutOf"), ("T2", "OptedOut") })
        {
            var told = Timeline(await StoryAsync(world, transaction, "--as-of", saidNo));
            var (sent, out2) = (told.FindIndex(e => e.What == "MailAccepted"), told.FindIndex(e => e.What == no));
            Assert.True(sent >= 0 && sent < out2, string.Join(", ", told));
            Assert.Equal(told.Select(e => e.Day).Order(StringComparer.Ordinal), told.Select(e => e.Day));
        }
    }

    [Fact]
    public async Task ANoIsNotDatedByTheBounceThatCameBeforeIt()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        world.Drop("bounces", "b.eml", DeadReport(world));
        await world.CycleAsync("2026-03-03");
        world.Responses("no.csv", "case_id,mode,status,completed_at", $"{await world.CaseIdAsync()},phone,opt_out,2026-03-05T10:00:00+11:00");
        await world.CycleAsync("2026-03-05");

        var story = await StoryAsync(world, "T1", "--as-of", "2026-03-05");

        Assert.Contains(("2026-03-03", "HandedOver"), Timeline(story));
        Assert.Contains(("2026-03-03", "FoundDead"), Timeline(story));
        Assert.Equal([("2026-03-05", "OptedOut")], Timeline(story).Where(e => e.What == "OptedOut"));
    }

    /// <summary>Days are the market's: of the cycle that took the row it is known when it was.</summary>
    [Fact]
    public async Task ARowThatCameAgainStandsOnTheMarketsDayBehindWhatWasThereBefore()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02T12:00:00+11:00");
        world.Extract("b.csv", Due with { Email = "other@mail.example" });
        await world.CycleAsync("2026-03-03T09:30:00+11:00"); // still 2 March in UTC

        var told = Timeline(await StoryAsync(world, "T1", "--as-of", "2026-03-03T09:45:00+11:00"));

        Assert.Equal(("2026-03-03", "ReceivedAgain"), told[^1]);
    }

    /// <summary>A customer who was kept out is opened and mailed while his story is being read.</summary>
    [Fact]
    public async Task AStoryIsThatOfOneMomentWhateverACycleWritesMeanwhile()
    {
        using var world = new World();
        world.Extract("a.csv", Due with { Customer = "rental" });
        await world.CycleAsync("2026-03-02");
        world.Extract("b.csv", Due);
        await using var reading = await Child.StopAsync(world, "statement ledger.of_case", 1, "explain", "T1", "--as-of", "2026-03-02", "--json");

        await world.CycleAsync("2026-03-03");
        var ended = await reading.GoOnAsync();

        Assert.True(ended.Code == 0, ended.Error);
        var story = Assert.Single(ended.Json.EnumerateArray());
        Assert.Equal((JsonValueKind.Null, "customer_type_excluded"), (story.GetProperty("state").ValueKind, story.GetProperty("outcome").GetString()));
        Assert.Equal(["ScreenedOut"], Ledger(story).Select(l => l.What));
    }

    [Theory]
    [InlineData("250 2.0.0 Ok: queued as 4Zb6Xk3Q9Rz2Bj", "2.0.0", "4Zb6Xk3Q9Rz2Bj")]
    [InlineData("250 OK id=1rXabC-0005Tz-2N", null, "1rXabC-0005Tz-2N")]
    [InlineData("250 2.0.0 queued as alice@mail.example", "2.0.0", null)]
    public async Task TheRelaysAnswerIsTheProofOfAMail(string reply, string? status, string? queueId)
    {
        await using var server = new ScriptedServer((_, command) => command == "." ? reply : null);
        using var world = new World(settings: s =>
        {
            (s["Mail"]!["Transport"], s["Mail"]!["Host"], s["Mail"]!["Port"]) = ("Smtp", "127.0.0.1", server.Port);
        });
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02T10:20:30+11:00");

        var story = await StoryAsync(world, "T1", "--as-of", "2026-03-03");
        var proof = Assert.Single(story.GetProperty("proofs").EnumerateArray());

        Assert.Equal(("invitation", "2026-03-02T10:20:30+11:00", status, queueId), (
            proof.GetProperty("contact").GetString(), proof.GetProperty("at").GetString(), proof.GetProperty("status").GetString(), proof.GetProperty("queueId").GetString()));
        Assert.Contains($"Message-ID: {proof.GetProperty("messageId").GetString()}", Assert.Single(server.Messages), StringComparison.Ordinal);
        Assert.DoesNotContain("alice", world.Query("SELECT receipt FROM mails"), StringComparison.Ordinal);
        await world.HoldsAsync();
    }

    /// <summary>The language is that of the mail as it went out, whatever the row says by now. Where a version before did not note it, nobody guesses.</summary>
    [Fact]
    public async Task AMailIsToldWithTheLanguageThatItWentOutInAndTheNextOneWithItsOwn()
    {
        using var world = new World(whole: true);
        world.Extract("a.csv", Due with { Language = "zh-TW" });
        await world.CycleAsync("2026-03-02");
        world.Extract("b.csv", Due with { Language = "ja-JP" });
        await world.CycleAsync("2026-03-03");

        var story = await StoryAsync(world, "T1", "--as-of", "2026-03-03");
        var told = await ToldAsync(world, "T1", "--as-of", "2026-03-03");
        world.Tamper("UPDATE mails SET receipt = replace(receipt, ' zh-TW', '')");
        var before = await ToldAsync(world, "T1", "--as-of", "2026-03-03");

        Assert.Contains("Content-Language: zh-TW", await File.ReadAllTextAsync(world.Files("mail", "*.eml")[0], TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("zh-TW", Fact(story, "MailAccepted", "language"));
        Assert.Equal("ja", story.GetProperty("plan")[0].GetProperty("language").GetString());
        Assert.Contains("the invitation was written to AU-00000013-invitation.eml; language zh-TW; at 2026-03-02", told, StringComparison.Ordinal);
        Assert.Contains("next: nothing before 2026-03-05, then the reminder by e-mail (language ja)", told, StringComparison.Ordinal);
        Assert.Contains("the invitation was written to AU-00000013-invitation.eml; at 2026-03-02", before, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AListIsToldWithTheNumberThatItsManifestHas()
    {
        using var world = new World();
        world.Extract("a.csv", Due with { Email = "" }, Due with { Transaction = "T2", Country = "NZ", Dealer = "NZ01", Email = "", Phone1 = "021 123 4567" });
        await world.CycleAsync("2026-03-02");
        world.Responses("web.csv", "case_id,mode,status,completed_at", $"{(await StoryAsync(world, "T2")).GetProperty("caseId").GetString()},web,complete,2026-03-02T20:00:00+13:00");
        await world.CycleAsync("2026-03-03");

        var story = await StoryAsync(world, "T2", "--as-of", "2026-03-03");
        var told = await ToldAsync(world, "T2", "--as-of", "2026-03-03");
        var numbers = world.Manifests().ToDictionary(m => m.GetProperty("file").GetString()!, m => m.GetProperty("sequence").GetRawText());

        Assert.Equal(["1", "2", "3"], numbers.Values);
        foreach (var what in new[] { "HandedOver", "WithdrawalTold" })
        {
            Assert.Equal(numbers[Fact(story, what, "file")], Fact(story, what, "sequence"));
        }

        var proof = Assert.Single(story.GetProperty("proofs").EnumerateArray());
        Assert.Equal(2, proof.GetProperty("sequence").GetInt64());
        Assert.Contains("; list phone_NZ_sales_20260302_01.csv, number 2; written at ", told, StringComparison.Ordinal);
        Assert.Contains("; list withdrawals_NZ_20260303_01.csv, number 3; written at ", told, StringComparison.Ordinal);
        Assert.Contains("  list phone_NZ_sales_20260302_01.csv, number 2, sha256 ", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABounceIsToldWithItsStatusAndWhatThatMeans()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        world.Drop("bounces", "b.eml", DeadReport(world));
        await world.CycleAsync("2026-03-03");

        var told = await ToldAsync(world, "T1", "--as-of", "2026-03-03");

        Assert.Contains("2026-03-03  MailUndelivered  the invitation came back; status 5.1.1; class dead: nobody is there; report b.eml; read at 2026-03-03T23:00:00+11:00", told, StringComparison.Ordinal);
        Assert.Contains("2026-03-03  FoundDead        found dead: the e-mail address", told, StringComparison.Ordinal);
        Assert.Contains("2026-03-03  QueuedForPhone   queued for the phone: email_undeliverable", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnIdOfSeveralDealersGivesATableOfWhatToType()
    {
        using var world = new World();
        world.Extract(
            "a.csv", Due with { Transaction = "7" }, Due with { Transaction = "7", Dealer = "AU02" }, Row.Service with { Transaction = "7" },
            Due with { Transaction = "7", Country = "NZ", Dealer = "NZ01", Phone1 = "" });
        await world.CycleAsync("2026-03-02");

        var table = await ToldAsync(world, "7");
        string[] keys = [.. table.Split('\n').Skip(2).Select(l => l.Trim().Split(' ')[0]).Where(k => k.Length > 0)];

        Assert.Equal(["AU/AU01/7/sale", "AU/AU02/7/sale", "AU/AU01/7/service", "NZ/NZ01/7/sale"], keys);
        Assert.StartsWith("4 transaction(s) fit.", table, StringComparison.Ordinal);
        foreach (var key in keys)
        {
            Assert.Equal(key, (await StoryAsync(world, key)).GetProperty("key").GetString());
        }

        Assert.Equal(2, (await StoriesAsync(world, "au/AU01/7")).GetArrayLength());
        Assert.Equal(4, (await StoriesAsync(world, "7")).GetArrayLength());
        Assert.Equal(3, (await StoriesAsync(world, "7", "--market", "au")).GetArrayLength());
        Assert.Equal("AU/AU02/7/sale", (await StoryAsync(world, "7", "--dealer", "AU02")).GetProperty("key").GetString());
        Assert.Equal("AU/AU01/7/service", (await StoryAsync(world, "7", "--survey", "service")).GetProperty("key").GetString());
        Assert.Equal(4, Regex.Count(await ToldAsync(world, "7", "--all"), "^Transaction ", RegexOptions.Multiline));
        Assert.Equal(1, (await world.RunAsync("explain", "7", "--dealer", "AU09")).Code);
    }

    [Theory]
    [InlineData("7/8")]
    [InlineData("AU/AU01/7")]
    [InlineData("7/sale")]
    public async Task AnIdMayHaveASlashInIt(string id)
    {
        using var world = new World();
        world.Extract("a.csv", Due with { Transaction = id });
        await world.CycleAsync("2026-03-02");

        var key = (await StoryAsync(world, id)).GetProperty("key").GetString()!;

        Assert.Equal($"AU/AU01/{id}/sale", key);
        Assert.Equal(key, (await StoryAsync(world, key)).GetProperty("key").GetString());
    }

    [Fact]
    public async Task ARejectedRowIsToldByFileLineAndReason()
    {
        using var world = new World();
        world.Extract("a.csv", Due, Due with { Transaction = "BAD9", Event = "yesterday" });
        await world.CycleAsync("2026-03-02");

        var rejected = await world.RunAsync("explain", "bad9");
        var unknown = await world.RunAsync("explain", "NOBODY");

        Assert.Equal((1, 1), (rejected.Code, unknown.Code));
        Assert.Contains("It stands in rejected rows: a.csv.rejects.csv, line 3 of the extract (bad_date event_date).", rejected.Error, StringComparison.Ordinal);
        Assert.Contains("It stands in no rejected row, either", unknown.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("alice", rejected.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task OfAnErasedPersonTheStoryIsLeftAndNobodyIsNamed()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        var id = await world.CaseIdAsync();
        Assert.Equal(0, (await world.RunAsync("erase", "--case", id, "--as-of", "2026-03-03")).Code);

        var story = await StoryAsync(world, id, "--as-of", "2026-03-04");
        var told = await ToldAsync(world, id, "--as-of", "2026-03-04");

        Assert.Contains(("2026-03-03", "Ended"), Timeline(story));
        Assert.Equal(("closed (erased)", "nothing: the data was erased", ""), (story.GetProperty("state").GetString(), story.GetProperty("next").GetString(), story.GetProperty("vin").GetString()));
        Assert.Contains("The person's data was erased; what is left names nobody.", told, StringComparison.Ordinal);
        Assert.Contains("of the relay's answer nothing is kept", told, StringComparison.Ordinal);
        Assert.Equal("1", world.Query("SELECT count(*) FROM mails WHERE receipt IS NULL AND state = 'accepted'"));
        Assert.Empty(Changes(story, "turns"));
        Assert.DoesNotContain("T1", story.GetRawText(), StringComparison.Ordinal);
        await world.HoldsAsync();
    }

    [Fact]
    public async Task WhatRetentionHasRemovedIsSaid()
    {
        using var world = new World(programme: p => p["retention"] = new System.Text.Json.Nodes.JsonObject { ["contactDays"] = 10 });
        world.Extract("a.csv", Due with { Customer = "rental" });
        await world.CycleAsync("2026-03-02");
        await world.CycleAsync("2026-03-13");

        var story = await StoryAsync(world, "T1", "--as-of", "2026-03-13");
        var told = await ToldAsync(world, "T1", "--as-of", "2026-03-13");

        Assert.True(story.GetProperty("contactDataRemoved").GetBoolean());
        Assert.Contains(("2026-03-12", "ContactForgotten"), Timeline(story));
        Assert.Contains("were removed by the first cycle from here on (10 days after 2026-03-02)", told, StringComparison.Ordinal);
        Assert.Contains("passed    no_contact_channel       as it is known now: e-mail missing or invalid, phone missing or invalid", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACaseThatWaitsSaysWhatAnAddressOrAnAnswerWouldChange()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Email = "noemail@dealer.example" }, Due with { Transaction = "T2", Email = "other@mail.example", Phone1 = "02 9374 5000" });
        await world.CycleAsync("2026-03-02");

        var waiting = await ToldAsync(world, "T1", "--as-of", "2026-03-03");
        var invited = await ToldAsync(world, "T2", "--as-of", "2026-03-03");

        Assert.Contains("with a usable e-mail address: the invitation by e-mail on 2026-03-17", waiting, StringComparison.Ordinal);
        Assert.Contains("an answer before 2026-03-05 spares: the reminder by e-mail", invited, StringComparison.Ordinal);
        Assert.Contains("an answer before 2026-03-09 spares: on a phone list, to be called until 2026-03-17", invited, StringComparison.Ordinal);
    }

    private static string DeadReport(World world) =>
        "From: m@mx.example\nTo: bounces@cvp.example\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n"
        + $"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; alice@mail.example\nAction: failed\nStatus: 5.1.1\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: {world.Mails()[0].MessageId}\n\n--b--\n";

    /// <summary>The customer is mailed, reminded, called and answers, says no to mail and answers again; on from the second cycle of a world that has one.</summary>
    internal static async Task LiveFromTheSecondDayAsync(World world)
    {
        await world.CycleAsync("2026-03-02");
        await world.CycleAsync("2026-03-04");
        await world.CycleAsync("2026-03-08");
        var id = await world.CaseIdAsync();
        world.Calls("calls.csv", $"{id},1,2026-03-09T10:00:00+11:00,,3.13,N,ask for Alice");
        await world.CycleAsync("2026-03-09");
        world.Responses("web.csv", "case_id,mode,status,completed_at,overall", $"{id},web,complete,2026-03-09T20:15:00+11:00,5");
        await world.CycleAsync("2026-03-10");
        world.OptOut("no.csv", "email", "alice@mail.example");
        world.Responses("again.csv", "case_id,mode,status,completed_at,overall", $"{id},phone,complete,2026-03-10T11:00:00+11:00,4");
        await world.CycleAsync("2026-03-11");
    }

    private static async Task<string> ToldAsync(World world, string key, params string[] more)
    {
        var ended = await world.RunAsync(["explain", key, .. more]);
        Assert.True(ended.Code == 0, ended.Error);
        return ended.Output;
    }

    private static async Task<JsonElement> StoriesAsync(World world, string key, params string[] more)
    {
        var ended = await world.RunAsync(["explain", key, .. more, "--json"]);
        Assert.True(ended.Code == 0, ended.Error);
        return ended.Json;
    }

    private static async Task<JsonElement> StoryAsync(World world, string key, params string[] more) => Assert.Single((await StoriesAsync(world, key, more)).EnumerateArray());

    private static List<(string Day, string What)> Timeline(JsonElement story) => Days(story.GetProperty("timeline"));

    private static string Fact(JsonElement story, string what, string fact) =>
        story.GetProperty("timeline").EnumerateArray().Single(e => e.GetProperty("what").GetString() == what).GetProperty("facts").GetProperty(fact).GetString()!;

    private static List<(string Day, string What)> Ledger(JsonElement story) => Days(story.GetProperty("ledger"));

    private static List<(string Day, string What)> Days(JsonElement lines) =>
        [.. lines.EnumerateArray().Select(l => (l.GetProperty("day").GetString()!, l.GetProperty("what").GetString()!))];

    private static (int Number, string FirstUsedOn) Policy(JsonElement story, string verdict) => story.GetProperty(verdict).GetProperty("policy") is var policy
        ? (policy.GetProperty("number").GetInt32(), policy.GetProperty("firstUsedOn").GetString()!)
        : default;

    private static List<(string Kind, string? Rule, string? Day, List<string> OneOf, bool? Suffices)> Changes(JsonElement story, string which) =>
    [
        .. story.GetProperty(which).EnumerateArray().Select(c => (
            c.GetProperty("kind").GetString()!, c.GetProperty("rule").GetString(), c.GetProperty("day").GetString(),
            c.GetProperty("oneOf").EnumerateArray().Select(o => o.GetString()!).ToList(),
            c.GetProperty("suffices").ValueKind == JsonValueKind.Null ? (bool?)null : c.GetProperty("suffices").GetBoolean())),
    ];

    [GeneratedRegex("(?<=version |sha256 )[0-9a-f]{16,64}|(?<=-?[0-9]{8}\\.[ir]\\.)[0-9a-f]{16}")]
    private static partial Regex Blank();
}
