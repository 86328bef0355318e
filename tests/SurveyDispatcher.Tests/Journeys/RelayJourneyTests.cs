using System.Net;
using System.Net.Sockets;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The pipeline against a real mail server.</summary>
public sealed class RelayJourneyTests
{
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };

    private static World Sending(int port) => new(settings: s =>
    {
        s["Mail"]!["Transport"] = "Smtp";
        s["Mail"]!["Host"] = "127.0.0.1";
        s["Mail"]!["Port"] = port;
        s["Mail"]!["BounceAddress"] = "bounces@cvp.example";
    });

    private static Row To(string name, int n) => Due with { Transaction = name, Email = $"{name}@customers.example", Phone1 = $"0412 345 67{n}" };

    [Fact]
    public async Task APostfixAcceptsRejectsPutsOffAndBounces()
    {
        using var postfix = Postfix.Start();
        using var world = Sending(postfix.Port);
        world.Extract("a.csv", To("known", 1), To("unknown", 2), To("later", 3), To("gone", 4));

        var first = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");

        Assert.True(first.Code == 0, first.Error); // single rejections and deferrals are normal work
        Assert.Equal((2, 1, 1), (first.Json.GetProperty("invitationsSent").GetInt32(), first.Json.GetProperty("mailRejected").GetInt32(), first.Json.GetProperty("mailDeferred").GetInt32()));
        Assert.Equal(("invited", "with_vendor", "waiting", "invited"), (await world.StateAsync("known"), await world.StateAsync("unknown"), await world.StateAsync("later"), await world.StateAsync("gone")));
        var called = Assert.Single(world.PhoneRows());
        Assert.Equal(("email_undeliverable", "+61412345672", "2026-03-02"), (called["reason"], called["phone_1"], called["call_from"]));
        var letter = Letter.Read(Assert.Single(await postfix.MailboxAsync("known", 1)));
        Assert.Equal(("invitation known@customers.example", await world.CaseIdAsync("known")), (letter.ToString(), letter.CaseId));
        Assert.Equal("List-Unsubscribe=One-Click", letter.Headers["List-Unsubscribe-Post"]);

        // What Postfix itself writes to the VERP address is what a relay's customer gets.
        var bounce = Assert.Single(await postfix.MailboxAsync("bounces", 1));
        world.Drop("bounces", Path.Combine("new", Path.GetFileName(bounce)), await File.ReadAllBytesAsync(bounce, TestContext.Current.CancellationToken));
        postfix.PutOff(false);
        var second = await world.CycleAsync("2026-03-03");

        Assert.Equal((1, 1, 0), (second.GetProperty("bounces").GetInt32(), second.GetProperty("invitationsSent").GetInt32(), second.GetProperty("mailDeferred").GetInt32()));
        Assert.Equal(("invited", "2026-03-03"), (await world.StateAsync("later"), (await world.CaseAsync("later"))["invited_on"]));
        Assert.Equal(("with_vendor", "email_undeliverable", "2026-03-03"), (await world.StateAsync("gone"), (await world.CaseAsync("gone"))["phone_reason"], (await world.CaseAsync("gone"))["phone_on"]));
        Assert.Single(await postfix.MailboxAsync("later", 1));
        await world.CycleAsync("2026-03-05");
        Assert.Equal(2, (await postfix.MailboxAsync("known", 2)).Count);
        await world.HoldsAsync();
    }

    [Fact]
    public async Task ARelayWithTlsAndALoginTakesNothingUntilTheLoginIsRight()
    {
        using var postfix = Postfix.Start(secure: true);
        using var world = new World(settings: s =>
        {
            var mail = s["Mail"]!;
            (mail["Transport"], mail["Host"], mail["Port"], mail["Security"]) = ("Smtp", "localhost", postfix.SubmissionPort, "StartTls");
            (mail["TrustedCertificate"], mail["BounceAddress"]) = (postfix.Authority, "bounces@cvp.example");
        });
        world.Extract("a.csv", To("known", 1), To("unknown", 2), To("gone", 3));
        static (int Sent, int Rejected, int Deferred) Counts(Ended e) =>
            (e.Json.GetProperty("invitationsSent").GetInt32(), e.Json.GetProperty("mailRejected").GetInt32(), e.Json.GetProperty("mailDeferred").GetInt32());
        Task<Ended> CycleAs(string user, string password) => Child.RunAsync(
            world, new() { ["SURVEY_Mail__User"] = user, ["SURVEY_Mail__Password"] = password }, "cycle", "--as-of", "2026-03-02", "--json");

        var without = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");
        var wrong = await CycleAs(Dovecot.User, "not-the-password");

        Assert.Contains($"The mail server refuses us (554): localhost:{postfix.SubmissionPort} accepts no recipient from us (5.7.1), and no login is set; look at Mail:User", without.Error, StringComparison.Ordinal);
        Assert.Contains($"The mail server refuses us (535): localhost:{postfix.SubmissionPort} refused the login; look at Mail:User and Mail:Password.", wrong.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-password", wrong.Error + wrong.Output, StringComparison.Ordinal);
        Assert.Equal(((1, (0, 0, 3)), (1, (0, 0, 3))), ((without.Code, Counts(without)), (wrong.Code, Counts(wrong))));
        Assert.Empty(world.PhoneRows());

        var right = await CycleAs(Dovecot.User, Dovecot.Password);

        Assert.True(right.Code == 0, right.Error);
        Assert.Equal((2, 1, 0), Counts(right));
        var letter = Assert.Single(await postfix.MailboxAsync("known", 1));
        Assert.Contains("with ESMTPSA ", await File.ReadAllTextAsync(letter, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("email_undeliverable", Assert.Single(world.PhoneRows())["reason"]);
        var bounce = Assert.Single(await postfix.MailboxAsync("bounces", 1));
        world.Drop("bounces", Path.Combine("new", Path.GetFileName(bounce)), await File.ReadAllBytesAsync(bounce, TestContext.Current.CancellationToken));
        Assert.Equal(1, (await world.CycleAsync("2026-03-02")).GetProperty("bounces").GetInt32());
        Assert.Equal(("invited", "with_vendor", "with_vendor"), (await world.StateAsync("known"), await world.StateAsync("unknown"), await world.StateAsync("gone")));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task AServerThatIsDownEndsTheCycleWithOneAndKeepsTheMailsQueued()
    {
        using var world = Sending(Mail.Smtp.ClosedPort());
        world.Extract("a.csv", To("known", 1), To("other", 2), Due with { Transaction = "NOMAIL", Email = "" });

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");

        Assert.Equal(1, ended.Code);
        Assert.Contains("The mail server can't be used", ended.Error, StringComparison.Ordinal);
        Assert.Equal((0, 2), (ended.Json.GetProperty("invitationsSent").GetInt32(), ended.Json.GetProperty("mailDeferred").GetInt32()));
        Assert.Equal(("waiting", "with_vendor"), (await world.StateAsync("known"), await world.StateAsync("NOMAIL")));

        world.Edit("appsettings.json", s => s["Mail"]!["Transport"] = "Pickup");
        await world.CycleAsync("2026-03-03");
        Assert.Equal(2, world.Mails().Count);
        Assert.Equal("2026-03-03", (await world.CaseAsync("known"))["invited_on"]);
    }

    [Fact]
    public async Task ALostAnswerCountsAsSentOnlyTheSecondTimeAndNotForWhatAKillHadOnlyClaimed()
    {
        await using var server = new Mail.ScriptedServer((_, c) => c == "." ? Mail.ScriptedServer.Close : null);
        using var world = Sending(server.Port);
        world.Extract("a.csv", To("known", 1));
        world.Edit("appsettings.json", s => s["Mail"]!["Port"] = Mail.Smtp.ClosedPort());
        await world.RunAsync("cycle", "--as-of", "2026-03-02");
        world.Edit("appsettings.json", s => s["Mail"]!["Port"] = server.Port);
        world.Tamper("UPDATE mails SET state = 'claimed'"); // as a killed cycle leaves it

        var first = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");
        Assert.Equal((0, 1), (first.Json.GetProperty("invitationsSent").GetInt32(), first.Json.GetProperty("mailDeferred").GetInt32()));
        Assert.Equal("waiting", await world.StateAsync("known"));
        Assert.Contains("the server's answer to it got lost", (await world.RunAsync("explain", "known")).Output, StringComparison.Ordinal);

        var second = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");
        Assert.Equal((1, 0), (second.Json.GetProperty("invitationsSent").GetInt32(), second.Json.GetProperty("mailDeferred").GetInt32()));
        Assert.Equal("invited", await world.StateAsync("known"));
    }

    [Fact]
    public async Task MailsThatAKillLeftInDoubtGoOnceMoreUnderTheirName()
    {
        await using var server = new Mail.ScriptedServer();
        using var world = Sending(server.Port);
        world.Extract("a.csv", [.. Enumerable.Range(0, 300).Select(i => To($"c{i}", 1))]);
        Assert.True(await Child.KillAsync(world, "sent ", 100, "cycle", "--as-of", "2026-03-02"));

        await world.CycleAsync("2026-03-02");

        var ids = server.Messages.Select(m => m.Split('\n').First(l => l.StartsWith("Message-ID:", StringComparison.Ordinal))).ToList();
        Assert.Equal(300, ids.Distinct().Count());
        Assert.InRange(ids.Count, 301, 304); // the one whose answer was read but not stored, and at most one for each other connection
        Assert.Equal(300, (await world.ExportAsync("cases")).Count(c => c["state"] == "invited"));
        await world.HoldsAsync();
    }
}
