using System.Text;
using Survey.Domain;
using SurveyDispatcher.Mail;
using static SurveyDispatcher.Tests.Mail.ScriptedServer;
using static SurveyDispatcher.Tests.Mail.Smtp;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>What a message, a login and a certificate come to, whichever transport speaks to the relay.</summary>
public abstract class RelayTransportTests(Func<MailOptions, TimeProvider, RelayTransport> via) : RelayTests(via)
{
    [Fact]
    public async Task AMessageArrivesAsItWasWritten()
    {
        await using var server = new ScriptedServer();

        var delivery = await SendOne(server);

        Assert.Equal(new Delivery.Accepted("250 2.0.0 queued as 4X for *"), delivery);
        Assert.Equal(Encoding.ASCII.GetString(Message), Assert.Single(server.Messages));
        Assert.Equal(["ENVID=au-1.i.0", "FROM:<bounces+1@cvp.example>", "MAIL", "RET=HDRS", $"SIZE={Message.Length}"], Mail(server));
        Assert.Contains("RCPT TO:<anna@mail.example> NOTIFY=FAILURE ORCPT=rfc822;anna@mail.example", server.Commands);
    }

    [Theory]
    [InlineData("a+b=c@mail.example", "rfc822;a+2Bb+3Dc@mail.example")]
    [InlineData("\"a b\\+\"@mail.example", "rfc822;\"a+20b\\+2B\"@mail.example")]
    public async Task ReportsAreAskedForInSignsThatAServerCanTakeApart(string to, string original)
    {
        await using var server = new ScriptedServer();
        await using var transport = Transport(server);

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna with { To = to, Id = "a+b c=" }, Message, Ct));

        Assert.Contains($"RCPT TO:<{to}> NOTIFY=FAILURE ORCPT={original}", server.Commands);
        Assert.Contains("ENVID=a+2Bb+20c+3D", Mail(server));
    }

    [Fact]
    public async Task ABareServerFromBefore2001WillDo()
    {
        await using var server = new ScriptedServer((_, command) => command.StartsWith("EHLO", StringComparison.Ordinal) ? "502 what?" : null);

        Assert.IsType<Delivery.Accepted>(await SendOne(server));
        Assert.Contains("MAIL FROM:<bounces+1@cvp.example>", server.Commands);
    }

    [Fact]
    public async Task RepliesMayComeByteByByteWithManyLinesAndWithoutCr()
    {
        await using var server = new ScriptedServer((_, command) => command.StartsWith("RCPT", StringComparison.Ordinal) ? "250-2.1.5 fine\n250-\xe9\xff\n250" : null) { Splits = true };

        Assert.IsType<Delivery.Accepted>(await SendOne(server));
    }

    [Fact]
    public async Task SessionsAreReusedAndNeverMoreThanAllowed()
    {
        await using var server = new ScriptedServer();
        await using var transport = Transport(server, o => o.Connections = 3);

        var deliveries = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => transport.SendAsync(ToAnna, Message, Ct)));

        Assert.All(deliveries, d => Assert.IsType<Delivery.Accepted>(d));
        Assert.Equal(200, server.Messages.Count);
        Assert.InRange(server.Connections, 1, 3);
    }

    [Theory]
    [InlineData("RCPT", "550 5.1.1 no such user", "NotDelivered 5.1.1 Dead")]
    [InlineData("RCPT", "550 no such user", "NotDelivered 5.1.1 Dead")]
    [InlineData("RCPT", "552 full", "NotDelivered 5.2.2 Full")]
    [InlineData("RCPT", "550 5.7.1 not for you", "NotDelivered 5.7.1 Policy")]
    [InlineData("RCPT", "550 5.1.8 sender's domain not found", "MessageRefused 550 5.1.8")]
    [InlineData("RCPT", "530 5.7.0 log in first", "MessageRefused 530 5.7.0")]
    [InlineData("RCPT", "450 4.2.1 greylisted", "TryLater 4.2.1")]
    [InlineData("RCPT", "452 4.2.2 full", "TryLater 4.2.2")]
    [InlineData("MAIL", "553 5.1.8 bad sender", "MessageRefused 553 5.1.8")]
    [InlineData("MAIL", "550 5.7.1 not you", "MessageRefused 550 5.7.1")]
    [InlineData("MAIL", "552 too big", "NotDelivered 5.3.4 Policy")]
    [InlineData("MAIL", "451 4.3.0 busy", "TryLater 4.3.0")]
    [InlineData("DATA", "554 5.7.1 no", "NotDelivered 5.7.1 Policy")]
    [InlineData(".", "554 5.6.0 content", "NotDelivered 5.6.0 Policy")]
    [InlineData(".", "500 what", "NotDelivered 5.5.0 Other")]
    [InlineData(".", "451 4.7.1 later", "TryLater 4.7.1")]
    [InlineData(".", "354 what", "InDoubt")]
    [InlineData(".", "nonsense", "InDoubt")]
    [InlineData(".", Close, "InDoubt")]
    public async Task EachAnswerHasItsOutcomeAndTheNextMessageGoesThrough(string command, string reply, string expected)
    {
        foreach (var extensions in new string[][] { ["PIPELINING", "8BITMIME"], ["8BITMIME"] })
        {
            var refused = 0;
            await using var server = new ScriptedServer((_, c) =>
                c.StartsWith(command, StringComparison.Ordinal) && Interlocked.Increment(ref refused) == 1 ? reply
                : c == "DATA" && refused == 1 && command != "." && Interlocked.Increment(ref refused) > 0 ? "503 5.5.1 no"
                : null) { Extensions = extensions };
            await using var transport = Transport(server);

            var first = await transport.SendAsync(ToAnna, Message, Ct);
            refused = 9;
            var second = await transport.SendAsync(ToAnna, Message, Ct);

            Assert.Equal(expected, Words(first));
            Assert.IsType<Delivery.Accepted>(second);
            Assert.Single(server.Messages);
        }
    }

    [Fact]
    public async Task ARefusalStandsWhenTheServerHangsUpBehindIt()
    {
        await using var server = new ScriptedServer((n, c) => n > 1 ? null : c.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 no" : c == "DATA" ? Close : null);

        Assert.Equal("NotDelivered 5.1.1 Dead", Words(await SendOne(server)));
    }

    [Fact]
    public async Task AGreetingThatRefusesUsIsForTheOperator()
    {
        await using var server = new ScriptedServer((_, c) => c.Length == 0 ? "554 5.7.1 your address is on a list" : null);

        Assert.Equal("MessageRefused 554 5.7.1", Words(await SendOne(server)));
        Assert.Equal(1, server.Connections);
    }

    [Theory]
    [InlineData(MailSecurity.StartTls)]
    [InlineData(MailSecurity.Auto)]
    [InlineData(MailSecurity.Tls)]
    public async Task TlsIsUsedAndTheLoginGoesOverIt(MailSecurity security)
    {
        using var certificate = SelfMade("localhost");
        await using var server = new ScriptedServer { Certificate = certificate, ImplicitTls = security == MailSecurity.Tls, Extensions = ["STARTTLS", "AUTH LOGIN PLAIN", "PIPELINING", "8BITMIME"] };
        using var trusted = new TempFile(certificate.ExportCertificatePem());
        await using var transport = Transport(server, o => (o.Host, o.Security, o.User, o.Password, o.TrustedCertificate) = ("localhost", security, "us", "päss", trusted.Path));

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.Contains("AUTH PLAIN " + Convert.ToBase64String("\0us\0päss"u8), server.Commands);
        Assert.Equal(security != MailSecurity.Tls, server.Commands.Contains("STARTTLS"));
    }

    [Theory]
    [InlineData("localhost", false)]      // made by nobody we know
    [InlineData("other.example", true)]   // known, but for another host
    public async Task ACertificateThatIsNotGoodIsRefusedAndNotTriedAgain(string name, bool trust)
    {
        using var certificate = SelfMade(name);
        await using var server = new ScriptedServer { Certificate = certificate, Extensions = ["STARTTLS", "PIPELINING"] };
        using var trusted = new TempFile(certificate.ExportCertificatePem());
        await using var transport = Transport(server, o => (o.Host, o.TrustedCertificate) = ("localhost", trust ? trusted.Path : ""));

        var unusable = Assert.IsType<Delivery.ServerUnusable>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.Contains("certificate", unusable.What, StringComparison.Ordinal);
        Assert.Equal(1, server.Connections);
        Assert.DoesNotContain(server.Commands, c => c.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AServerWithoutStartTlsIsRefusedWhereItIsAskedFor()
    {
        await using var server = new ScriptedServer();
        await using var transport = Transport(server, o => o.Security = MailSecurity.StartTls);

        Assert.Equal("ServerUnusable", Words(await transport.SendAsync(ToAnna, Message, Ct)));
        Assert.Empty(server.Messages);
    }

    [Fact]
    public async Task WordsSmuggledInBehindStartTlsEndTheSession()
    {
        using var certificate = SelfMade("localhost");
        await using var server = new ScriptedServer((_, c) => c == "STARTTLS" ? "220 go on\r\n250 smuggled" : null) { Certificate = certificate, Extensions = ["STARTTLS"] };

        var unusable = Assert.IsType<Delivery.ServerUnusable>(await SendOne(server));
        Assert.Contains("more than a reply", unusable.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MailAuthentication.Auto, "AUTH PLAIN", "AUTH PLAIN AHVzAHB3")]
    [InlineData(MailAuthentication.Auto, "AUTH=LOGIN", "AUTH LOGIN|dXM=|cHc=")]
    [InlineData(MailAuthentication.Login, "AUTH PLAIN LOGIN", "AUTH LOGIN|dXM=|cHc=")]
    [InlineData(MailAuthentication.XOAuth2, "AUTH XOAUTH2", "AUTH XOAUTH2 dXNlcj11cwFhdXRoPUJlYXJlciBwdwEB")]
    public async Task TheLoginSpeaksTheServersMechanism(MailAuthentication mechanism, string offered, string expected)
    {
        await using var server = new ScriptedServer((_, c) => c switch
        {
            "AUTH LOGIN" => "334 VXNlcm5hbWU6",
            "dXM=" => "334 UGFzc3dvcmQ6",
            "cHc=" => "235 2.7.0 welcome",
            _ => null,
        }) { Extensions = [offered, "PIPELINING"] };
        await using var transport = Transport(server, o => (o.User, o.Password, o.AllowAuthWithoutTls, o.Authentication) = ("us", "pw", true, mechanism));

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.Contains(expected, string.Join('|', server.Commands), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AUTH PLAIN", "535 5.7.8 wrong", "MessageRefused 535 5.7.8")]
    [InlineData("AUTH PLAIN", "534 5.7.9 too weak", "MessageRefused 534 5.7.9")]
    [InlineData("AUTH XOAUTH2", "334 eyJzdGF0dXMiOiI0MDAifQ==", "MessageRefused 535 5.7.8")]
    [InlineData("AUTH GSSAPI", null, "MessageRefused 504 5.7.4")]
    [InlineData("HELP", null, "MessageRefused 504 5.7.4")]
    public async Task ARefusedLoginStopsAndIsNotTriedWithEveryMessage(string offered, string? reply, string expected)
    {
        var greeted = false;
        await using var server = new ScriptedServer((_, c) =>
        {
            var answersChallenge = c.Length == 0 && greeted;
            greeted = true;
            return answersChallenge ? "535 5.7.8 no" : c.StartsWith("AUTH", StringComparison.Ordinal) ? reply : null;
        }) { Extensions = [offered] };
        await using var transport = Transport(server, o => (o.User, o.Password, o.AllowAuthWithoutTls, o.Connections) = ("us", "pw", true, 1));

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(expected, Words(await transport.SendAsync(ToAnna, Message, Ct)));
        }
        Assert.Equal(1, server.Connections);
    }

    [Theory]
    [InlineData(MailAuthentication.Plain, "AUTH PLAIN AHVzAHB3")]
    [InlineData(MailAuthentication.Login, "AUTH LOGIN")]
    [InlineData(MailAuthentication.Login, "dXM=")]
    [InlineData(MailAuthentication.Login, "cHc=")]
    public async Task ALoginThatCannotBeCheckedNowIsTriedAgain(MailAuthentication mechanism, string at)
    {
        foreach (var later in new[] { "454 4.7.0 try later", "421 4.3.2 closing" })
        {
            await using var server = new ScriptedServer((n, c) => n == 1 && c == at ? later : c switch
            {
                "AUTH LOGIN" or "dXM=" => "334 go on",
                "cHc=" => "235 2.7.0 welcome",
                _ => null,
            }) { Extensions = ["AUTH LOGIN PLAIN"] };
            await using var transport = Transport(server, o => (o.User, o.Password, o.AllowAuthWithoutTls, o.Authentication) = ("us", "pw", true, mechanism));

            Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
            Assert.Equal(2, server.Connections);
        }
    }

    [Fact]
    public async Task NoPasswordGoesToAServerThatDoesNotOfferTheMechanism()
    {
        await using var server = new ScriptedServer { Extensions = ["AUTH LOGIN"] };
        await using var transport = Transport(server, o => (o.User, o.Password, o.AllowAuthWithoutTls, o.Authentication) = ("us", "pw", true, MailAuthentication.Plain));

        var refused = Assert.IsType<Delivery.MessageRefused>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.Contains("Mail:Authentication", refused.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Commands, c => c.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("554 5.7.1 <anna@mail.example>: Relay access denied")]            // Postfix
    [InlineData("550 5.7.1 <anna@mail.example>... Relaying denied.")]             // Sendmail
    [InlineData("550 relay not permitted")]                                       // Exim
    [InlineData("550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain")] // Exchange
    public async Task ARelayThatDoesNotRelayForUsStopsUs(string reply)
    {
        await using var server = new ScriptedServer((_, c) => c.StartsWith("RCPT", StringComparison.Ordinal) ? reply : null);
        await using var transport = Transport(server, o => o.Connections = 1);

        Assert.StartsWith("TryLater 5.", Words(await transport.SendAsync(ToAnna, Message, Ct)), StringComparison.Ordinal);
        var refused = Assert.IsType<Delivery.MessageRefused>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.Contains("for whom it relays", refused.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("550 5.1.1 <anna@mail.example>: User unknown in relay recipient table", "NotDelivered 5.1.1 Dead")]
    [InlineData("550 5.7.1 relay.mail.example does not like you", "NotDelivered 5.7.1 Policy")]
    public async Task ARecipientThatIsRefusedByARelayIsNotTakenForUs(string reply, string expected)
    {
        await using var server = new ScriptedServer((_, c) => c.StartsWith("RCPT", StringComparison.Ordinal) ? reply : null);

        Assert.Equal(expected, Words(await SendOne(server)));
    }

    [Fact]
    public async Task OneRecipientWhomAPolicyRefusesDoesNotStopTheOthersWhereALoginIsOffered()
    {
        await using var server = new ScriptedServer((_, c) => c.StartsWith("RCPT TO:<blocked@", StringComparison.Ordinal) ? "554 5.7.1 no" : null) { Extensions = ["AUTH PLAIN"] };
        await using var transport = Transport(server, o => o.Connections = 1);
        var blocked = ToAnna with { To = "blocked@mail.example" };

        Assert.Equal("TryLater 5.7.1", Words(await transport.SendAsync(blocked, Message, Ct)));
        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.Equal("NotDelivered 5.7.1 Policy", Words(await transport.SendAsync(blocked, Message, Ct)));
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task APasswordNeverGoesOutInTheClearUnlessAllowed()
    {
        await using var server = new ScriptedServer { Extensions = ["AUTH PLAIN LOGIN"] };
        await using var transport = Transport(server, o => (o.User, o.Password) = ("us", "pw"));

        Assert.Equal("MessageRefused 538 5.7.11", Words(await transport.SendAsync(ToAnna, Message, Ct)));
        Assert.DoesNotContain(server.Commands, c => c.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("SMTPUTF8", "Accepted")]
    [InlineData("HELP", "NotDelivered 5.6.7 Policy")]
    public async Task AnAddressBeyondAsciiNeedsAServerThatTakesIt(string offered, string expected)
    {
        await using var server = new ScriptedServer { Extensions = ["PIPELINING", "8BITMIME", "DSN", offered] };
        await using var transport = Transport(server);

        var delivery = await transport.SendAsync(ToAnna with { To = "用户+a@mail.example" }, "To: 用户+a@mail.example\r\n\r\nhello\r\n"u8.ToArray(), Ct);

        Assert.Equal(expected, Words(delivery));
        Assert.Equal(expected == "Accepted", Mail(server).Contains("SMTPUTF8"));
        Assert.Equal(expected == "Accepted", server.Commands.Any(c => c.StartsWith("RCPT TO:<用户+a@mail.example>", StringComparison.Ordinal)));
        Assert.Equal(expected == "Accepted", server.Messages.Contains("To: 用户+a@mail.example\r\n\r\nhello\r\n"));
    }

    [Fact]
    public async Task ATooLargeMessageIsNotEvenOffered()
    {
        await using var server = new ScriptedServer { Extensions = ["SIZE 10"] };

        Assert.Equal("NotDelivered 5.3.4 Policy", Words(await SendOne(server)));
        Assert.DoesNotContain(server.Commands, c => c.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ADomainInAsciiStaysInAsciiOnAServerWithSmtpUtf8()
    {
        await using var server = new ScriptedServer();
        await using var transport = Transport(server);

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna with { To = "anna@xn--strae-oqa.example" }, Message, Ct));
        Assert.Contains("RCPT TO:<anna@xn--strae-oqa.example> NOTIFY=FAILURE ORCPT=rfc822;anna@xn--strae-oqa.example", server.Commands);
        Assert.DoesNotContain(server.Commands, c => c.Contains("SMTPUTF8", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReportsOnReportsAreNotAskedFor()
    {
        await using var server = new ScriptedServer();
        await using var transport = Transport(server);

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna with { From = "" }, Message, Ct));
        Assert.Contains(server.Commands, c => c.StartsWith("MAIL FROM:<>", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("en", "Your visit: how was it?", "A line of text.\r\n.\r\n")]
    [InlineData("ja", "先日のご来店についてお聞かせください", "ご購入について\r\n\r\n")]
    public async Task AComposedMessageArrivesByteForByte(string language, string subject, string lines)
    {
        await using var server = new ScriptedServer();
        await using var transport = Transport(server);
        var text = string.Concat(Enumerable.Repeat(lines, 200));
        var bytes = MessageComposer.Compose(new()
        {
            MessageId = "m1@cvp.example", FromName = "Bücher & Co.", FromAddress = "survey@cvp.example", To = "anna@mail.example",
            Subject = subject, Text = text, Html = $"<p>{text}</p>", CaseId = "AU-00000001", Contact = "invitation", Language = language,
            UnsubscribeUri = "https://cvp.example/u/abc", Date = new(2026, 3, 1, 12, 0, 0, TimeSpan.FromHours(9)), EnvelopeFrom = "bounces@cvp.example",
        });

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, bytes, Ct));
        Assert.Equal(Encoding.UTF8.GetString(bytes), Assert.Single(server.Messages));
    }

    [Theory]
    [InlineData(null, "Accepted")]
    [InlineData(Close, "InDoubt")]
    public async Task AMessageMayEndAnywhereInABlockOfBytes(string? answer, string expected)
    {
        await using var server = new ScriptedServer((_, c) => c == "." ? answer : null);
        await using var transport = Transport(server);

        for (var sent = 8180; sent < 8205; sent++) // a library may write in blocks of 4,096
        {
            var message = "Subject: hello\r\n\r\n" + string.Concat(Enumerable.Repeat("..\r\n", 1000)) + new string('x', sent - 1000 - 4020) + "\r\n";

            Assert.Equal(expected, Words(await transport.SendAsync(ToAnna, Encoding.ASCII.GetBytes(message), Ct)));
            Assert.Equal(answer is null ? message : null, server.Messages.LastOrDefault());
        }
    }

    [Theory]
    [InlineData("a@b.example>\r\nRCPT TO:<c@d.example")]
    [InlineData("a b@c.example")]
    [InlineData("")]
    public async Task ARecipientThatIsNoAddressNeverReachesTheServer(string to)
    {
        await using var server = new ScriptedServer();
        await using var transport = Transport(server);

        Assert.Equal("NotDelivered 5.1.3 Dead", Words(await transport.SendAsync(ToAnna with { To = to }, Message, Ct)));
        Assert.DoesNotContain(server.Commands, c => c.StartsWith("RCPT", StringComparison.Ordinal));
    }

    /// <summary>The words of MAIL: their order means nothing.</summary>
    private static List<string> Mail(ScriptedServer server) =>
        [.. server.Commands.Where(c => c.StartsWith("MAIL", StringComparison.Ordinal)).SelectMany(c => c.Split(' ')).Order(StringComparer.Ordinal)];
}
