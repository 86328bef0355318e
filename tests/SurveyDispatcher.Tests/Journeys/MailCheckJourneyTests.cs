using System.Text.Json;
using SurveyDispatcher.Tests.Mail;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary><c>mail check</c>, and the setting that keeps mail back without it, against name servers and relays on loopback.</summary>
public sealed class MailCheckJourneyTests
{
    private const string Key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    private static readonly (string Name, string Text)[] Good =
    [
        ("bounces.cvp.example", "v=spf1 include:relay.example -all"), ("s1._domainkey.cvp.example", Key), ("_dmarc.cvp.example", "v=DMARC1; p=reject"),
    ];

    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };
    private static readonly Row InNewZealand = Due with { Country = "NZ", Dealer = "NZ01", Transaction = "T2", Vin = "JTDBR32E720012346", Email = "kiri@mail.example", Phone1 = "021 123 4567" };

    private static World Checked(string dnsServer, Action<System.Text.Json.Nodes.JsonNode>? mail = null, TimeProvider? time = null) => new(
        settings: s =>
        {
            var section = s["Mail"]!;
            (section["DnsServer"], section["DkimSelectors"], section["BounceAddress"]) = (dnsServer, "s1", "reports@bounces.cvp.example");
            mail?.Invoke(section);
        },
        time: time);

    private static Action<System.Text.Json.Nodes.JsonNode> Relay(int port, string host = "127.0.0.1") => section =>
        (section["Transport"], section["Host"], section["Port"]) = ("Smtp", host, port);

    /// <summary>Health and what was found of a check, such as <c>good SPF bounces.cvp.example</c>.</summary>
    private static List<string> Lines(Ended ended) =>
        [.. ended.Json.GetProperty("checks").EnumerateArray().Select(c => $"{Text(c, "health")} {Text(c, "check")} {Text(c, "of")}")];

    private static JsonElement Line(Ended ended, string check) => Assert.Single(ended.Json.GetProperty("checks").EnumerateArray(), c => Text(c, "check") == check);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    [Fact]
    public async Task WithPickupNothingIsSentAndTheRecordsAreJudged()
    {
        using var names = await Dnsmasq.StartAsync(Good);
        using var world = Checked(names.Setting);

        var sheet = await world.RunAsync("mail", "check");
        var json = await world.RunAsync("mail", "check", "--json");

        Assert.Equal((0, 0, ""), (sheet.Code, json.Code, sheet.Error));
        Assert.Equal(
            [
                "good transport Pickup", $"good folder {world.In("mail")}", "good SPF bounces.cvp.example", "good DKIM s1._domainkey.cvp.example",
                "good DMARC _dmarc.cvp.example", "good alignment cvp.example",
            ],
            Lines(json));
        Assert.Equal(("Pickup", "good", Key), (Text(json.Json, "transport"), Text(json.Json, "health"), Text(Line(json, "DKIM"), "found")));
        Assert.Contains("good     SPF bounces.cvp.example: v=spf1 include:relay.example -all", sheet.Output, StringComparison.Ordinal);
        Assert.EndsWith("All is well.", sheet.Output.TrimEnd(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(world.Data));
    }

    [Fact]
    public async Task WithPickupTheTestMessageIsAFile()
    {
        using var names = await Dnsmasq.StartAsync(Good);
        using var world = Checked(names.Setting);

        var ended = await world.RunAsync("mail", "check", "--to", "admin@cvp.example", "--json");

        Assert.Equal("good test message admin@cvp.example", Lines(ended)[2]);
        var letter = Assert.Single(world.Mails());
        Assert.Equal(("test admin@cvp.example", "reports@bounces.cvp.example", "auto-generated"), (letter.ToString(), letter.Headers["Return-Path"].Trim('<', '>'), letter.Headers["Auto-Submitted"]));
        Assert.False(letter.Headers.ContainsKey("X-Survey-Case-Id"));
        Assert.Contains("not a survey", letter.Headers["Subject"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFolderThatCannotBeWrittenIsAFault()
    {
        using var names = await Dnsmasq.StartAsync(Good);
        using var world = Checked(names.Setting);
        Directory.CreateDirectory(world.Data);
        Directory.CreateSymbolicLink(world.In("mail"), "/proc");

        var ended = await world.RunAsync("mail", "check", "--json", "--to", "admin@cvp.example");

        Assert.Equal((1, "fault"), (ended.Code, Text(Line(ended, "folder"), "health")));
        Assert.DoesNotContain(Lines(ended), l => l.Contains("test message", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MissingRecordsAreFaultsThatSayWhatToPublish()
    {
        using var names = await Dnsmasq.StartAsync([("nobody.example", "x")]);
        using var world = Checked(names.Setting);

        var sheet = await world.RunAsync("mail", "check");

        Assert.Equal(1, sheet.Code);
        foreach (var word in new[] { "publish a TXT record at bounces.cvp.example", "fault    DKIM s1._domainkey.cvp.example", "publish a TXT record at _dmarc.cvp.example", "3 fault(s)." })
        {
            Assert.Contains(word, sheet.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ANameServerThatIsDownLeavesTheRecordsUnknown()
    {
        using var world = Checked($"127.0.0.1:{Smtp.ClosedPort()}");

        var ended = await world.RunAsync("mail", "check", "--json");

        Assert.Equal(1, ended.Code);
        Assert.Equal(["unknown SPF bounces.cvp.example", "unknown DKIM s1._domainkey.cvp.example", "unknown DMARC _dmarc.cvp.example"], Lines(ended)[2..]);
        Assert.Contains("Mail:DnsServer", Text(Line(ended, "SPF"), "advice"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutSelectorsDkimIsNotCheckedAndThatIsSaid()
    {
        using var names = await Dnsmasq.StartAsync(Good);
        using var world = Checked(names.Setting, m => m["DkimSelectors"] = new System.Text.Json.Nodes.JsonArray());

        var ended = await world.RunAsync("mail", "check", "--json");

        Assert.Equal((0, "warning"), (ended.Code, Text(Line(ended, "DKIM"), "health")));
        Assert.Contains("Mail:DkimSelectors", Text(Line(ended, "DKIM"), "advice"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EverySenderDomainIsCheckedOnce()
    {
        using var names = await Dnsmasq.StartAsync(Good);
        using var world = Checked(names.Setting, m => (m["BounceAddress"], m["DkimSelectors"]) = ("", new System.Text.Json.Nodes.JsonArray("s1", "s2")));
        world.Edit("programme.json", p => p["markets"]!["NZ"]!["sender"]!["address"] = "survey@zwölf.example");

        var checks = Lines(await world.RunAsync("mail", "check", "--json"));

        Assert.Equal(
            [
                "fault SPF cvp.example", "good DKIM s1._domainkey.cvp.example", "fault DKIM s2._domainkey.cvp.example", "good DMARC _dmarc.cvp.example", "good alignment cvp.example",
                "fault SPF xn--zwlf-6qa.example", "fault DKIM s1._domainkey.xn--zwlf-6qa.example", "fault DKIM s2._domainkey.xn--zwlf-6qa.example", "fault DMARC _dmarc.xn--zwlf-6qa.example",
            ],
            checks[2..]);
    }

    [Fact]
    public async Task ARelayIsShownWithItsTlsItsCertificateAndTheLogin()
    {
        using var names = await Dnsmasq.StartAsync(Good);
        using var certificate = Smtp.SelfMade("localhost");
        using var trusted = new Smtp.TempFile(certificate.ExportCertificatePem());
        await using var server = new ScriptedServer { Certificate = certificate, Extensions = ["STARTTLS", "AUTH LOGIN PLAIN", "PIPELINING", "SIZE 50000", "X-NEW a b"] };
        using var world = Checked(names.Setting, m =>
        {
            Relay(server.Port, "localhost")(m);
            (m["User"], m["Password"], m["TrustedCertificate"]) = ("us", "secret-word", trusted.Path);
        }, TimeProvider.System);

        var ended = await world.RunAsync("mail", "check", "--json");
        var sheet = await world.RunAsync("mail", "check");

        var server1 = $"localhost:{server.Port}";
        Assert.Equal((0, 0), (ended.Code, sheet.Code));
        Assert.Equal(
            [$"good connection {server1}", $"warning certificate {server1}", $"good TLS {server1}", $"good extensions {server1}", $"warning size {server1}", $"good login {server1}"],
            Lines(ended)[..6]);
        Assert.Matches(@"^(127\.0\.0\.1|\[::1\]):\d+, greets as test\.example$", Text(Line(ended, "connection"), "found"));
        Assert.StartsWith("CN=localhost, issued by CN=localhost, valid until 20", Text(Line(ended, "certificate"), "found"), StringComparison.Ordinal);
        Assert.Matches("^Tls1[23], TLS_", Text(Line(ended, "TLS"), "found"));
        Assert.Equal(("STARTTLS AUTH PIPELINING SIZE X-NEW", "PLAIN, accepted"), (Text(Line(ended, "extensions"), "found"), Text(Line(ended, "login"), "found")));
        Assert.DoesNotContain("secret-word", ended.Output + sheet.Output + ended.Error + sheet.Error, StringComparison.Ordinal);
        Assert.Empty(server.Messages);
    }

    [Fact]
    public async Task ARefusedLoginIsAFaultAndWhatWasFoundBeforeItIsShown()
    {
        using var names = await Dnsmasq.StartAsync(Good);
        await using var server = new ScriptedServer((_, c) => c.StartsWith("AUTH", StringComparison.Ordinal) ? "535 5.7.8 secret-word is wrong" : null) { Extensions = ["AUTH PLAIN"] };
        using var world = Checked(names.Setting, m =>
        {
            Relay(server.Port)(m);
            (m["User"], m["Password"], m["AllowAuthWithoutTls"]) = ("us", "secret-word", true);
        });

        var ended = await world.RunAsync("mail", "check", "--json", "--to", "admin@cvp.example");

        var at = $"127.0.0.1:{server.Port}";
        Assert.Equal(1, ended.Code);
        Assert.Equal([$"good connection {at}", $"good extensions {at}", $"fault login {at}", $"fault relay {at}", "good SPF bounces.cvp.example"], Lines(ended)[..5]);
        Assert.Contains("Mail:Password", Text(Line(ended, "relay"), "advice"), StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", ended.Output, StringComparison.Ordinal);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task ACertificateThatIsNotTrustedIsShown()
    {
        using var names = await Dnsmasq.StartAsync(Good);
        using var certificate = Smtp.SelfMade("other.example");
        await using var server = new ScriptedServer { Certificate = certificate, Extensions = ["STARTTLS"] };
        using var world = Checked(names.Setting, Relay(server.Port));

        var ended = await world.RunAsync("mail", "check", "--json");

        Assert.Equal(1, ended.Code);
        Assert.StartsWith("CN=other.example", Text(Line(ended, "certificate"), "found"), StringComparison.Ordinal);
        Assert.Contains("Mail:TrustedCertificate", Text(Line(ended, "relay"), "advice"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARelayThatIsNotThereIsAFaultAndTheRecordsAreStillJudged()
    {
        using var names = await Dnsmasq.StartAsync(Good);
        var port = Smtp.ClosedPort();
        using var world = Checked(names.Setting, Relay(port));

        var ended = await world.RunAsync("mail", "check", "--json", "--to", "admin@cvp.example");

        Assert.Equal(1, ended.Code);
        Assert.Equal([$"fault relay 127.0.0.1:{port}", "good SPF bounces.cvp.example"], Lines(ended)[..2]);
        Assert.Contains("can't be reached", Text(Line(ended, "relay"), "advice"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RCPT", "450 4.2.1 greylisted", "unknown", "4.2.1")]
    [InlineData("RCPT", "550 5.7.1 no", "fault", "5.7.1")]
    [InlineData("MAIL", "553 5.1.8 bad sender", "fault", "")]
    [InlineData("DATA", "421 4.3.2 closing", "unknown", "4.3.2")]
    [InlineData(".", ScriptedServer.Close, "unknown", "")]
    public async Task WhatBecomesOfTheTestMessageIsSaid(string command, string reply, string health, string found)
    {
        using var names = await Dnsmasq.StartAsync(Good);
        await using var server = new ScriptedServer((_, c) => c.StartsWith(command, StringComparison.Ordinal) ? reply : null);
        using var world = Checked(names.Setting, Relay(server.Port));

        var ended = await world.RunAsync("mail", "check", "--json", "--to", "admin@cvp.example");

        Assert.Equal((1, health, found), (ended.Code, Text(Line(ended, "test message"), "health"), Text(Line(ended, "test message"), "found")));
        Assert.NotEmpty(Text(Line(ended, "test message"), "advice"));
    }

    [Fact]
    public async Task ARealRelayTakesTheTestMessageAndRefusesAStranger()
    {
        using var names = await Dnsmasq.StartAsync(Good);
        using var postfix = Postfix.Start();
        using var world = Checked(names.Setting, Relay(postfix.Port));

        var sent = await world.RunAsync("mail", "check", "--to", "known@customers.example");
        var refused = await world.RunAsync("mail", "check", "--to", "stranger@customers.example", "--json");

        Assert.True(sent.Code == 0, sent.Output);
        Assert.Contains("good     test message known@customers.example: 250 2.0.0 Ok: queued as", sent.Output, StringComparison.Ordinal);
        Assert.Equal((1, "5.1.1"), (refused.Code, Text(Line(refused, "test message"), "found")));
        var letter = Letter.Read(Assert.Single(await postfix.MailboxAsync("known", 1)));
        Assert.Equal(("test", "Test message, not a survey"), (letter.Contact, letter.Headers["Subject"]));
    }

    [Fact]
    public async Task WithoutGoodRecordsAMarketsMailStaysQueuedAndTheOthersGoesOut()
    {
        using var names = await Dnsmasq.StartAsync(Good);
        await using var server = new ScriptedServer();
        using var world = Checked(names.Setting, m =>
        {
            Relay(server.Port)(m);
            m["RequireSenderRecords"] = true;
        });
        world.Edit("programme.json", p => p["markets"]!["NZ"]!["sender"]!["address"] = "survey@kiwi.example");
        world.Extract("a.csv", Due, InNewZealand);

        var dry = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--dry-run");
        var kept = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");

        Assert.Equal(0, dry.Code); // sends nothing, so asks nothing
        Assert.Equal((1, 1, 1), (kept.Code, kept.Json.GetProperty("invitationsSent").GetInt32(), kept.Json.GetProperty("mailDeferred").GetInt32()));
        Assert.Equal(("invited", "waiting"), (await world.StateAsync(), await world.StateAsync("T2")));
        Assert.Contains("No mail of NZ is sent: Mail:RequireSenderRecords asks for good DNS records, and the DKIM record of s1._domainkey.kiwi.example is not.", kept.Error, StringComparison.Ordinal);
        Assert.Contains("'mail check' shows all records", kept.Error, StringComparison.Ordinal);

        using var mended = await Dnsmasq.StartAsync([.. Good, ("s1._domainkey.kiwi.example", Key), ("_dmarc.kiwi.example", "v=DMARC1; p=none")]);
        world.Edit("appsettings.json", s => s["Mail"]!["DnsServer"] = mended.Setting);
        await world.CycleAsync("2026-03-03");

        Assert.Equal(("invited", 2), (await world.StateAsync("T2"), server.Messages.Count));
    }

    [Fact]
    public async Task WhenDnsIsDownMailStaysQueuedAndTheReasonIsAnother()
    {
        await using var server = new ScriptedServer();
        using var world = Checked($"127.0.0.1:{Smtp.ClosedPort()}", m =>
        {
            Relay(server.Port)(m);
            m["RequireSenderRecords"] = true;
        });
        world.Extract("a.csv", Due, InNewZealand);

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.Equal((1, 0), (ended.Code, server.Connections));
        Assert.Contains("No mail of AU, NZ is sent: Mail:RequireSenderRecords asks for good DNS records, and the SPF record of bounces.cvp.example could not be looked up.", ended.Error, StringComparison.Ordinal);
        Assert.Contains("the next cycle asks again", ended.Error, StringComparison.Ordinal);

        world.Edit("appsettings.json", s => s["Mail"]!["Transport"] = "Pickup");
        await world.CycleAsync("2026-03-03"); // files need no records
        Assert.Equal(2, world.Mails().Count);
    }
}
