using System.Text.Json;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>What comes back: answers, call results, bounces; and what the vendor is told of it.</summary>
public sealed class ReplyJourneyTests
{
    private const string ResponseHeader = "case_id,mode,status,completed_at,overall,recommend,comments,wants_contact,most_familiar";
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10", Phone2 = "0412 345 678" };

    private static async Task<(World World, string CaseId)> InvitedAsync()
    {
        var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        return (world, await world.CaseIdAsync());
    }

    private static async Task<(World World, string CaseId)> WithVendorAsync()
    {
        var world = new World();
        world.Extract("a.csv", Due with { Email = "" });
        await world.CycleAsync("2026-03-02");
        return (world, await world.CaseIdAsync());
    }

    [Theory]
    [InlineData("complete", "completed")]
    [InlineData("partial", "invited")]
    [InlineData("refused", "closed refused")]
    [InlineData("screened_out", "closed respondent_not_eligible")]
    [InlineData("opt_out", "closed opted_out")]
    public async Task AResponseEndsContactAsItsStatusSays(string status, string state)
    {
        var (world, id) = await InvitedAsync();
        using var _ = world;
        world.Responses("r.csv", ResponseHeader, $"{id},web,{status},2026-03-02T23:30:00+00:00,5,10,,no,yes");

        var counts = await world.CycleAsync("2026-03-05");

        Assert.Equal(1, counts.GetProperty("responses").GetInt64());
        Assert.Equal(state == "invited" ? "reminded" : state, await world.StateAsync());
        Assert.Equal(status == "complete" ? ("2026-03-03", "web") : ("", ""), ((await world.CaseAsync())["completed_on"], (await world.CaseAsync())["response_mode"]));
        Assert.Equal(status == "complete" ? 1 : 0, (await world.ExportAsync("responses")).Count);
        Assert.False(counts.GetProperty("closed").TryGetProperty("completed", out JsonElement _));
        await world.HoldsAsync();
    }

    /// <summary>The partial answer used to save the case with its next planned day, and the opt-out of the same day was acted on late.</summary>
    [Fact]
    public async Task AnEmailOptOutCountsOnItsDayThoughAPartialAnswerComesInToo()
    {
        var (world, id) = await InvitedAsync();
        using var _ = world;
        world.OptOut("o.csv", "email", "alice@mail.example");
        world.Responses("r.csv", ResponseHeader, $"{id},web,partial,2026-03-02T23:30:00+00:00,5,,,,");

        await world.CycleAsync("2026-03-04");

        Assert.Equal(("with_vendor", "email_opt_out"), ((await world.CaseAsync())["state"], (await world.CaseAsync())["phone_reason"]));
    }

    [Fact]
    public async Task AnOptOutInAResponseHoldsForTheCustomersOtherCases()
    {
        var (world, id) = await InvitedAsync();
        using var _ = world;
        world.Responses("r.csv", ResponseHeader, $"{id},web,opt_out,2026-03-03T10:00:00+11:00,,,,,");
        world.Extract("b.csv", Row.Sale with { Transaction = "T2", Email = "other@mail.example", Phone1 = "0412 345 678" });

        await world.CycleAsync("2026-03-03");

        Assert.Equal("screened_out opted_out", await world.ScreenedAsync("T2"));
    }

    [Fact]
    public async Task WhoKnowsLessThanAnotherIsNotCounted()
    {
        var (world, id) = await InvitedAsync();
        using var _ = world;
        world.Responses("r.csv", ResponseHeader, $"{id},web,complete,2026-03-03T10:00:00+11:00,5,10,,no,no");

        await world.CycleAsync("2026-03-03");

        Assert.Equal("closed respondent_not_eligible", await world.StateAsync());
        Assert.Empty(await world.ExportAsync("responses"));
    }

    [Fact]
    public async Task TheFirstCompleteResponseCountsAndTheSameOneTwiceDoesNoHarm()
    {
        var (world, id) = await InvitedAsync();
        using var _ = world;
        world.Responses("r1.csv", ResponseHeader, $"{id},web,complete,2026-03-03T10:00:00+11:00,5,10,\"=evil, \"\"quoted\"\"\",no,yes");
        world.Responses("r2.csv", ResponseHeader, $"{id},web,complete,2026-03-03T10:00:00+11:00,5,10,\"=evil, \"\"quoted\"\"\",no,yes", $"{id},phone,complete,2026-03-03T11:00:00+11:00,1,0,,no,yes");

        var counts = await world.CycleAsync("2026-03-03");

        Assert.Equal(2, counts.GetProperty("responses").GetInt64());
        var row = Assert.Single(await world.ExportAsync("responses"));
        Assert.Equal(("5", "'=evil, \"quoted\"", "web", "N", "2026-03-03T10:00:00+11:00"), (row["overall"], row["comments"], row["mode"], row["late"], row["completed_at"]));
    }

    [Theory]
    [InlineData("window_closed", "completed", "Y")]
    [InlineData("refused", "closed refused", "Y")]
    public async Task ALateAnswerIsKeptAndCountsUnlessTheCustomerHadSaidNo(string end, string state, string late)
    {
        var (world, id) = await WithVendorAsync();
        using var _ = world;
        if (end == "refused")
        {
            world.Calls("d.csv", $"{id},1,2026-03-03T10:00:00+11:00,,2.11,N,");
        }

        await world.CycleAsync("2026-04-01");
        Assert.Equal($"closed {end}", await world.StateAsync());
        world.Responses("r.csv", ResponseHeader, $"{id},web,complete,2026-04-01T10:00:00+11:00,5,10,,no,yes");

        await world.CycleAsync("2026-04-02");

        Assert.Equal(state, await world.StateAsync());
        Assert.Equal(late, Assert.Single(await world.ExportAsync("responses"))["late"]);
    }

    [Fact]
    public async Task BadResponseRowsAreRejectedEachWithItsReason()
    {
        var (world, id) = await InvitedAsync();
        using var _ = world;
        world.Responses("r.csv", ResponseHeader,
            $"{id},web,complete,2026-03-03T10:00:00+11:00,6,,,,",
            $"{id},web,complete,2026-03-03T10:00:00+11:00,5,11,,,",
            $"{id},web,complete,2026-03-03T10:00:00+11:00,5,,,Y,",
            "AU-12345678,web,complete,2026-03-03T10:00:00+11:00,5,,,,",
            $"NZ{id[2..]},web,complete,2026-03-03T10:00:00+11:00,5,,,,",
            $"{id},mail,complete,2026-03-03T10:00:00+11:00,5,,,,",
            $"{id},web,done,2026-03-03T10:00:00+11:00,5,,,,",
            $"{id},web,complete,2026-03-03T10:00:00,5,,,,",
            $"{id},web,,2026-03-03T10:00:00+11:00,5,,,,",
            $"{id},web,complete");

        await world.CycleAsync("2026-03-03");

        Assert.Equal(
            ["bad_answer overall", "bad_answer recommend", "bad_answer wants_contact", "unknown_case case_id", "unknown_case case_id", "bad_code mode", "bad_code status", "bad_date completed_at", "missing_value status", "malformed_row "],
            world.Rejects("r.csv").Select(r => $"{r["reason"]} {r["column"]}"));
        Assert.Equal("invited", await world.StateAsync());
    }

    [Theory]
    [InlineData("1.1", "N", "with_vendor", 0)]
    [InlineData("1.2", "N", "with_vendor", 0)]
    [InlineData("2.11", "N", "closed refused", 0)]
    [InlineData("2.111", "Y", "closed refused", 0)]
    [InlineData("2.112", "", "closed refused", 0)]
    [InlineData("2.12", "N", "with_vendor", 0)]
    [InlineData("2.20", "N", "with_vendor", 0)]
    [InlineData("2.21", "Y", "closed unreachable", 0)]
    [InlineData("2.22", "N", "with_vendor", 0)]
    [InlineData("2.31", "N", "closed unable", 0)]
    [InlineData("2.32", "N", "closed unable", 0)]
    [InlineData("2.33", "N", "closed unable", 0)]
    [InlineData("2.36", "Y", "closed unreachable", 0)]
    [InlineData("3.11", "N", "with_vendor", 0)]
    [InlineData("3.13", "Y", "closed unreachable", 0)]
    [InlineData("4.20", "N", "with_vendor", 1)]
    [InlineData("4.31", "Y", "with_vendor", 1)]
    [InlineData("4.41", "N", "with_vendor", 1)]
    [InlineData("4.70", "N", "closed respondent_not_eligible", 0)]
    [InlineData("9.1", "N", "with_vendor", 0)]
    [InlineData("1.1", "Y", "with_vendor", 0)]
    public async Task ACallResultDoesWhatItsCodeSays(string code, string final, string state, int listedAgain)
    {
        var (world, id) = await WithVendorAsync();
        using var _ = world;
        world.Calls("d.csv", $"{id},1,2026-03-03T10:00:00+11:00,,{code},{final},note");

        var counts = await world.CycleAsync("2026-03-03");

        Assert.Equal(1, counts.GetProperty("dispositions").GetInt64());
        Assert.Equal(state, await world.StateAsync());
        Assert.Equal(1 + listedAgain, world.PhoneRows().Count);
        Assert.Empty(world.WithdrawalRows()); // the vendor has told us himself
        if (listedAgain == 1)
        {
            Assert.Equal(("other_number", "+61412345678", "", "2026-03-03"), (world.PhoneRows()[1]["reason"], world.PhoneRows()[1]["phone_1"], world.PhoneRows()[1]["phone_2"], world.PhoneRows()[1]["call_from"]));
            Assert.Equal(("other_number", "2026-03-03"), ((await world.CaseAsync())["phone_reason"], (await world.CaseAsync())["phone_on"]));
        }
    }

    [Fact]
    public async Task WhenTheLastNumberIsDeadTheCaseIsUnreachable()
    {
        var (world, id) = await WithVendorAsync();
        using var _ = world;
        world.Calls("d.csv", $"{id},1,2026-03-03T10:00:00+11:00,,4.31,N,", $"{id},1,2026-03-03T10:00:00+11:00,,4.31,N,", $"{id},2,2026-03-03T11:00:00+11:00,0412 345 678,4.32,N,");

        var counts = await world.CycleAsync("2026-03-03");

        Assert.Equal(2, counts.GetProperty("dispositions").GetInt64());
        Assert.Equal("closed unreachable", await world.StateAsync());
        Assert.Single(world.PhoneRows());
    }

    [Fact]
    public async Task BadCallRowsAreRejectedEachWithItsReason()
    {
        var (world, id) = await WithVendorAsync();
        using var _ = world;
        world.Calls("d.csv",
            $"{id},1,2026-03-03T10:00:00+11:00,,5.1,N,", $"AU-00000099,1,2026-03-03T10:00:00+11:00,,1.1,N,", $"{id},0,2026-03-03T10:00:00+11:00,,1.1,N,",
            $"{id},1,3 March,,1.1,N,", $"{id},1,2026-03-03T10:00:00+11:00,,1.1,yes,", $"{id},,2026-03-03T10:00:00+11:00,,1.1,N,");

        await world.CycleAsync("2026-03-03");

        Assert.Equal(["bad_code", "unknown_case", "bad_number", "bad_date", "bad_code", "missing_value"], world.Rejects("d.csv").Select(r => r["reason"]));
    }

    [Theory]
    [InlineData("failed", "5.1.1", true, "with_vendor", "email_undeliverable", true)]
    [InlineData("failed", "5.0.0", false, "with_vendor", "email_undeliverable", true)]
    [InlineData("failed", "5.2.2", true, "with_vendor", "email_undeliverable", false)]
    [InlineData("failed", "5.7.1", false, "with_vendor", "email_undeliverable", false)]
    [InlineData("failed", "4.4.7", true, "with_vendor", "email_undeliverable", false)]
    [InlineData("Failed", "5.4.4", true, "with_vendor", "email_undeliverable", true)]
    [InlineData("delayed", "4.4.1", true, "invited", "", false)]
    [InlineData("delivered", "2.0.0", true, "invited", "", false)]
    public async Task ABounceDoesWhatItsActionAndStatusSay(string action, string status, bool byVerp, string state, string reason, bool suppressed)
    {
        using var world = new World(settings: s => s["Mail"]!["BounceAddress"] = "bounces@cvp.example");
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        var mail = Assert.Single(world.Mails());
        world.Drop("bounces", Path.Combine(byVerp ? "new" : "cur", "1.host:2,S"), Report(mail, action, status, byVerp));
        world.Extract("b.csv", Due with { Transaction = "T2", Event = "2026-02-16", Phone1 = "0412 345 679", Phone2 = "" });

        var counts = await world.CycleAsync("2026-03-03");

        Assert.Equal(1, counts.GetProperty("bounces").GetInt64());
        Assert.Equal(state, await world.StateAsync());
        Assert.Equal(reason, (await world.CaseAsync())["phone_reason"]);
        Assert.Equal(suppressed ? "no_email" : "", (await world.CaseAsync("T2"))["phone_reason"]);
        Assert.Empty(world.Files("inbox"));
    }

    [Theory]
    [InlineData("550 5.1.1 unknown", true, "with_vendor", true)]
    [InlineData("552 5.2.2 full", false, "with_vendor", false)]
    [InlineData("user unknown", false, "with_vendor", false)]
    public async Task ABounceOfAnOldMailerDoesTheSame(string said, bool byVerp, string state, bool suppressed)
    {
        using var world = new World(settings: s => s["Mail"]!["BounceAddress"] = "bounces@cvp.example");
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        var mail = Assert.Single(world.Mails());
        var bounce = $"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: {(byVerp ? mail.Headers["Return-Path"].Trim('<', '>') : "bounces@cvp.example")}\nSubject: failure notice\n\n"
            + $"Hi. This is the qmail-send program at mx.example.\nI gave up.\n\n<{mail.To}>:\nRemote host said: {said}\n\n--- Below this line is a copy of the message.\n\n"
            + (byVerp ? "Subject: x\n" : $"Message-ID: {mail.MessageId}\n");
        world.Drop("bounces", "new/1.host", bounce);
        world.Extract("b.csv", Due with { Transaction = "T2", Event = "2026-02-16", Phone1 = "0412 345 679", Phone2 = "" });

        var counts = await world.CycleAsync("2026-03-03");

        Assert.Equal((1, state, "email_undeliverable"), (counts.GetProperty("bounces").GetInt32(), await world.StateAsync(), (await world.CaseAsync())["phone_reason"]));
        Assert.Equal(suppressed ? "no_email" : "", (await world.CaseAsync("T2"))["phone_reason"]);
        Assert.Empty(world.Files("inbox"));
        await world.HoldsAsync();
    }

    [Theory]
    [InlineData("failed 5.2.2", "failed 5.1.1", "with_vendor", false)]
    [InlineData("delayed 4.4.1", "failed 5.1.1", "invited", false)]
    [InlineData("failed 5.1.1", "delivered 2.0.0", "with_vendor", true)]
    public async Task OfAReportAboutSeveralPeopleOnlyOursCounts(string ours, string another, string state, bool suppressed)
    {
        using var world = new World(settings: s => s["Mail"]!["BounceAddress"] = "bounces@cvp.example");
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        var mail = Assert.Single(world.Mails());
        var report = Report(mail, ours.Split(' ')[0], ours.Split(' ')[1], byVerp: true)
            .Replace("Reporting-MTA", $"X: y\r\n\r\nFinal-Recipient: rfc822; another@mail.example\r\nAction: {another.Split(' ')[0]}\r\nStatus: {another.Split(' ')[1]}\r\n\r\nReporting-MTA", StringComparison.Ordinal)
            .Replace(mail.To, mail.To.ToUpperInvariant(), StringComparison.Ordinal);
        world.Drop("bounces", "new/1.host", report);
        world.Extract("b.csv", Due with { Transaction = "T2", Event = "2026-02-16", Phone1 = "0412 345 679", Phone2 = "" });

        await world.CycleAsync("2026-03-03");

        Assert.Equal(state, await world.StateAsync());
        Assert.Equal(suppressed ? "no_email" : "", (await world.CaseAsync("T2"))["phone_reason"]);
        Assert.Equal("2", world.Query("SELECT count(*) FROM bounces WHERE case_id IS NOT NULL"));
    }

    [Fact]
    public async Task AForgedOrForeignBounceHasNoEffect()
    {
        using var world = new World(settings: s => s["Mail"]!["BounceAddress"] = "bounces@cvp.example");
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        var mail = Assert.Single(world.Mails());
        var id = (await world.CaseIdAsync()).ToLowerInvariant();
        var forged = mail with { Headers = new(mail.Headers) { ["Return-Path"] = $"<bounces+{id}.i.0123456789abcdef@cvp.example>", ["Message-ID"] = $"<{id}.i.0123456789abcdef@cvp.example>" } };
        world.Drop("bounces", "forged.eml", Report(forged, "failed", "5.1.1", true));
        world.Drop("bounces", "spam.eml", "From: a@b.example\nSubject: Undelivered Mail Returned\n\nUser unknown 5.1.1 " + mail.MessageId + "\n");
        world.Drop("bounces", "empty.eml", "");
        world.Drop("bounces", "junk.eml", [0, 1, 2, 255, 254]);

        await world.CycleAsync("2026-03-03");

        Assert.Equal("invited", await world.StateAsync());
        Assert.Empty(world.Files("inbox"));
    }

    [Theory]
    [InlineData("web", "complete", "completed")]
    [InlineData("web", "refused", "refused")]
    [InlineData("web", "screened_out", "respondent_not_eligible")]
    [InlineData("web", "opt_out", "opted_out")]
    [InlineData("phone", "complete", "")]
    [InlineData("phone", "refused", "")]
    [InlineData("phone", "opt_out", "")]
    public async Task TheVendorIsToldWhatHeDoesNotKnow(string mode, string status, string reason)
    {
        var (world, id) = await WithVendorAsync();
        using var _ = world;
        world.Responses("r.csv", ResponseHeader, $"{id},{mode},{status},2026-03-03T10:00:00+11:00,5,10,,no,yes");

        var counts = await world.CycleAsync("2026-03-03");

        Assert.Equal(reason.Length > 0 ? 1 : 0, counts.GetProperty("withdrawn").GetInt64());
        if (reason.Length > 0)
        {
            var row = Assert.Single(world.WithdrawalRows());
            Assert.Equal((id, reason, "withdrawals_AU_20260303_01.csv"), (row["case_id"], row["reason"], row["file"]));
        }
        else
        {
            Assert.Empty(world.WithdrawalRows());
        }
    }

    private static string Report(Letter mail, string action, string status, bool byVerp) => string.Join("\r\n",
        "From: MAILER-DAEMON@relay.example", $"To: {(byVerp ? mail.Headers["Return-Path"].Trim('<', '>') : "bounces@cvp.example")}", "Subject: report", "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"", "", "--b", "Content-Type: text/plain", "", "It did not work.", "--b",
        "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; relay.example", "", $"Final-Recipient: rfc822; {mail.To}", $"Action: {action}", $"Status: {status}", "",
        "--b", "Content-Type: text/rfc822-headers", "", byVerp ? "Subject: x" : $"Message-ID: {mail.MessageId}", "", "--b--", "");
}
