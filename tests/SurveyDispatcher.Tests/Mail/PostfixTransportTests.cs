using System.Collections.Concurrent;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Mail;
using SurveyDispatcher.Tests.Journeys;
using static SurveyDispatcher.Tests.Mail.Smtp;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>The transport against a real relay, with TLS and logins; what counts is what lies in the mailbox afterwards.</summary>
public abstract class PostfixTransportTests(Func<MailOptions, TimeProvider, RelayTransport> via, PostfixTransportTests.Relay shared)
    : RelayTests(via), IClassFixture<PostfixTransportTests.Relay>
{
    private readonly Postfix relay = shared.Server;

    [Theory]
    [InlineData("clear", MailSecurity.None, null, "with ESMTP ")]
    [InlineData("clear", MailSecurity.Auto, null, "with ESMTP ")]
    [InlineData("starttls", MailSecurity.None, null, "with ESMTP ")]
    [InlineData("starttls", MailSecurity.Auto, null, "with ESMTPS ")]
    [InlineData("starttls", MailSecurity.StartTls, null, "with ESMTPS ")]
    [InlineData("submission", MailSecurity.StartTls, MailAuthentication.Plain, "with ESMTPSA ")]
    [InlineData("submission", MailSecurity.StartTls, MailAuthentication.Login, "with ESMTPSA ")]
    [InlineData("submission", MailSecurity.StartTls, MailAuthentication.XOAuth2, "with ESMTPSA ")]
    [InlineData("submission", MailSecurity.Auto, MailAuthentication.Auto, "with ESMTPSA ")]
    [InlineData("tls", MailSecurity.Tls, MailAuthentication.Plain, "with ESMTPSA ")]
    [InlineData("tls", MailSecurity.Tls, MailAuthentication.Login, "with ESMTPSA ")]
    [InlineData("tls", MailSecurity.Tls, MailAuthentication.XOAuth2, "with ESMTPSA ")]
    [InlineData("clear login", MailSecurity.None, MailAuthentication.Auto, "with ESMTPA ")]
    public async Task AMessageGoesThroughEachDoor(string door, MailSecurity security, MailAuthentication? login, string with)
    {
        var box = relay.NewBox();
        await using var transport = Through(Port(door), o =>
        {
            o.Security = security;
            o.AllowAuthWithoutTls = door == "clear login";
            if (login is { } mechanism)
            {
                (o.Authentication, o.User, o.Password) = (mechanism, Dovecot.User, mechanism == MailAuthentication.XOAuth2 ? Dovecot.Token(TimeSpan.FromHours(1)) : Dovecot.Password);
            }
        });

        var delivery = await transport.SendAsync(To(box), Letter("one"), Ct);

        Assert.IsType<Delivery.Accepted>(delivery);
        Assert.Contains(with, Trace(await OnlyAsync(box)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("submission", MailSecurity.StartTls)]
    [InlineData("tls", MailSecurity.Tls)]
    public async Task ATokenMayBeLongerThanALine(string door, MailSecurity security)
    {
        var box = relay.NewBox();
        await using var transport = Through(Port(door), o =>
            (o.Security, o.Authentication, o.User, o.Password) = (security, MailAuthentication.XOAuth2, Dovecot.User, Dovecot.Token(TimeSpan.FromHours(1), claims: 5000)));

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(To(box), Letter("one"), Ct));
        Assert.Contains("with ESMTPSA ", Trace(await OnlyAsync(box)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task APortThatIsSpokenToInTheWrongWayIsNamed()
    {
        await using var tls = Through(relay.Port, o => o.Security = MailSecurity.Tls);
        var handshake = Assert.IsType<Delivery.ServerUnusable>(await tls.SendAsync(To("nobody"), Letter("x"), Ct));
        Assert.Contains("The TLS handshake", handshake.What, StringComparison.Ordinal);
        Assert.Contains("Mail:Security", handshake.What, StringComparison.Ordinal);

        await using var clear = Through(relay.TlsPort, o => (o.TimeoutSeconds, o.RetrySeconds) = (1, 0));
        var silence = Assert.IsType<Delivery.ServerUnusable>(await clear.SendAsync(To("nobody"), Letter("x"), Ct));
        Assert.Contains("at the greeting", silence.What, StringComparison.Ordinal);
        Assert.Contains("Mail:Security", silence.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expired", true, "not good: it has expired or is not valid yet (the relay needs a new one, unless this machine's clock is wrong).")]
    [InlineData("other name", true, "not good: it is not for localhost (look at Mail:Host).")]
    [InlineData("starttls", false, "not good: it was made by nobody whom this machine trusts (look at Mail:TrustedCertificate).")]   // made by an authority that we don't know
    [InlineData("tls", false, "not good: it was made by nobody whom this machine trusts (look at Mail:TrustedCertificate).")]
    [InlineData("submission", false, "not good: it was made by nobody whom this machine trusts (look at Mail:TrustedCertificate).")]
    public async Task NothingGoesToARelayWhoseCertificateIsNotGood(string door, bool known, string why)
    {
        using var other = new TestAuthority();
        using var stranger = new TempFile(other.Pem);
        if (known)
        {
            // A session of TLS that the relay's other door would resume says nothing about this door's certificate.
            await using var good = Through(relay.StartTlsPort, o => o.TrustedCertificate = relay.Authority);
            Assert.IsType<Delivery.Accepted>(await good.SendAsync(To(relay.NewBox()), Letter("x"), Ct));
        }

        var box = relay.NewBox();
        var tried = relay.Logins;
        await using (var transport = Through(Port(door), o =>
        {
            o.TrustedCertificate = known ? relay.Authority : stranger.Path;
            o.Security = door == "tls" ? MailSecurity.Tls : MailSecurity.Auto;
            (o.User, o.Password) = (Dovecot.User, Dovecot.Password);
        }))
        {
            var delivery = await transport.SendAsync(To(box), Letter("secret"), Ct);
            var unusable = delivery as Delivery.ServerUnusable;
            Assert.True(unusable is not null, $"{delivery} {relay.Log()}");
            Assert.EndsWith(why, unusable.What, StringComparison.Ordinal);
        }

        Assert.Equal(tried, relay.Logins);
        await OnlyThisAsync(box);
    }

    [Theory]
    [InlineData("submission", MailAuthentication.Plain)]
    [InlineData("submission", MailAuthentication.Login)]
    [InlineData("tls", MailAuthentication.Plain)]
    [InlineData("tls", MailAuthentication.XOAuth2)]
    public async Task AWrongPasswordIsTriedOnceAndNothingGoesWithoutALogin(string door, MailAuthentication mechanism)
    {
        var box = relay.NewBox();
        var tried = relay.Logins;
        await using (var transport = Through(Port(door), o =>
        {
            o.Security = door == "tls" ? MailSecurity.Tls : MailSecurity.StartTls;
            o.Connections = 1;
            (o.Authentication, o.User, o.Password) = (mechanism, Dovecot.User, mechanism == MailAuthentication.XOAuth2 ? Dovecot.Token(TimeSpan.FromHours(-1)) : "wrong");
        }))
        {
            for (var i = 0; i < 5; i++)
            {
                var refused = Assert.IsType<Delivery.MessageRefused>(await transport.SendAsync(To(box), Letter("secret"), Ct));
                Assert.Equal((535, new EnhancedStatus(5, 7, 8)), (refused.Code, refused.Status));
                Assert.Contains("Mail:Password", refused.Advice, StringComparison.Ordinal);
            }
        }

        Assert.Equal(1, relay.Logins - tried);
        await OnlyThisAsync(box);
    }

    [Theory]
    [InlineData("submission", MailSecurity.StartTls)]
    [InlineData("tls", MailSecurity.Tls)]
    [InlineData("clear login", MailSecurity.None)]
    [InlineData("submission", MailSecurity.None)] // where the login waits behind TLS
    public async Task ARelayThatWantsALoginStopsUsWhenNoneIsSet(string door, MailSecurity security)
    {
        var box = relay.NewBox();
        await using (var transport = Through(Port(door), o => (o.Security, o.Connections) = (security, 1)))
        {
            // The first may be meant for its recipient.
            Assert.Equal("TryLater 5.7.1", Words(await transport.SendAsync(To(box), Letter("secret"), Ct)));
            var refused = Assert.IsType<Delivery.MessageRefused>(await transport.SendAsync(To(box), Letter("secret"), Ct));

            Assert.Equal((554, new EnhancedStatus(5, 7, 1)), (refused.Code, refused.Status));
            Assert.Contains("Mail:User", refused.Advice, StringComparison.Ordinal);
        }
        await OnlyThisAsync(box);
    }

    [Theory]
    [InlineData(MailSecurity.None, false, "MessageRefused 538 5.7.11")]     // we don't
    [InlineData(MailSecurity.None, true, "MessageRefused 504 5.7.4")]       // the relay doesn't offer it
    [InlineData(MailSecurity.Auto, false, "Accepted")]
    public async Task ALoginIsOfferedOnlyOverTls(MailSecurity security, bool allowed, string expected)
    {
        var box = relay.NewBox();
        var tried = relay.Logins;
        await using (var transport = Through(relay.SubmissionPort, o => (o.User, o.Password, o.Security, o.AllowAuthWithoutTls) = (Dovecot.User, Dovecot.Password, security, allowed)))
        {
            Assert.Equal(expected, Words(await transport.SendAsync(To(box), Letter("this"), Ct)));
        }

        Assert.Equal(expected == "Accepted" ? 1 : 0, relay.Logins - tried);
    }

    [Fact]
    public async Task TheSessionOverTlsIsUsedForManyMessages()
    {
        var box = relay.NewBox();
        var tried = relay.Logins;
        await using (var transport = Through(relay.TlsPort, o => (o.Security, o.User, o.Password, o.Connections) = (MailSecurity.Tls, Dovecot.User, Dovecot.Password, 1)))
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.IsType<Delivery.Accepted>(await transport.SendAsync(To(box), Letter($"message {i}"), Ct));
                // A refusal in between does not end it.
                Assert.Equal("NotDelivered 5.1.1 Dead", Words(await transport.SendAsync(To("nobody"), Letter("x"), Ct)));
            }
        }

        Assert.Equal(20, (await relay.MailboxAsync(box, 20)).Count);
        Assert.Equal(1, relay.Logins - tried);
    }

    [Theory]
    [InlineData("clear")]
    [InlineData("tls")]
    public async Task EveryByteArrives(string door)
    {
        // Dots at every place of a line, a line of 998 bytes, no line end at the end of the text, and bytes that are nobody's UTF-8.
        var bodies = new[]
        {
            Encoding.UTF8.GetBytes("."), Encoding.UTF8.GetBytes(".\r\n"), Encoding.UTF8.GetBytes("..\r\n.\r\n...\r\n"),
            Encoding.UTF8.GetBytes("a\r\n.\r\nb\r\n.b\r\n\r\n\r\n.\r\n\r\n"), Encoding.UTF8.GetBytes("." + new string('x', 997) + "\r\n" + new string('.', 998) + "\r\n"),
            Encoding.UTF8.GetBytes("用户の方へ ¡hola!\r\n.\r\n"), [0x2e, 0xe9, 0xff, 0x80, 0x0d, 0x0a, 0x2e, 0x0d, 0x0a],
            Encoding.UTF8.GetBytes("QUIT\r\nRSET\r\nMAIL FROM:<>\r\n"), [],
        };
        var box = relay.NewBox();
        await using var transport = Through(Port(door), o =>
        {
            o.Connections = 1;
            if (door == "tls")
            {
                (o.Security, o.User, o.Password) = (MailSecurity.Tls, Dovecot.User, Dovecot.Password);
            }
        });
        var sent = bodies.Select((body, i) => Letter($"body {i}", body)).ToList();
        foreach (var message in sent)
        {
            Assert.IsType<Delivery.Accepted>(await transport.SendAsync(To(box), message, Ct));
        }

        var arrived = (await relay.MailboxAsync(box, sent.Count)).Select(Text).ToHashSet();
        Assert.Equal(sent.Select(Unix).ToHashSet(), arrived);

        // A mailbox has lines, and ends with one.
        static string Unix(byte[] message)
        {
            var text = Encoding.Latin1.GetString(message).Replace("\r\n", "\n", StringComparison.Ordinal);
            return text.EndsWith('\n') ? text : text + "\n";
        }
    }

    [Theory]
    [InlineData("clear")]      // says its limit, so that the message is not even offered
    [InlineData("bare")]       // refuses it after the dot
    public async Task ATooLargeMessageIsNotDeliveredAndNoFaultOfTheAddress(string door)
    {
        var box = relay.NewBox();
        await using (var transport = Through(Port(door), o => o.Connections = 1))
        {
            var tooLarge = Letter("large", Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('x', 70) + "\r\n", Postfix.SizeLimit / 72 + 1))));

            Assert.Equal("NotDelivered 5.3.4 Policy", Words(await transport.SendAsync(To(box), tooLarge, Ct)));
            Assert.IsType<Delivery.Accepted>(await transport.SendAsync(To(box), Letter("this"), Ct));
        }

        Assert.Contains("this", Text(await OnlyAsync(box)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAddressInUtf8IsDelivered()
    {
        await using var transport = Through(relay.StartTlsPort);
        var message = Encoding.UTF8.GetBytes("Message-ID: <utf8@cvp.example>\r\nFrom: a@cvp.example\r\nTo: 用户@customers.example\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\nSubject: 问卷\r\n\r\n.你好\r\n");

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna with { To = "用户@customers.example" }, message, Ct));

        var file = Assert.Single(await relay.MailboxAsync("utf8", 1));
        Assert.Equal(Encoding.UTF8.GetString(message).Replace("\r\n", "\n", StringComparison.Ordinal), Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(Text(file))));
        Assert.Contains("with UTF8SMTPS ", Trace(file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatABareRelayCannotTakeIsNotSentToIt()
    {
        var box = relay.NewBox();
        await using var transport = Through(relay.BarePort);

        Assert.Equal("NotDelivered 5.6.7 Policy", Words(await transport.SendAsync(ToAnna with { To = "用户@customers.example" }, Letter("x"), Ct)));
        Assert.Equal("NotDelivered 5.6.3 Policy", Words(await transport.SendAsync(To(box), Letter("x", [0xe9]), Ct)));
        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(To(box), Letter("this"), Ct));
        Assert.Contains("this", Text(await OnlyAsync(box)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsPutOffGoesThroughLater()
    {
        await using var transport = Through(relay.Port, o => o.Connections = 1);
        var to = ToAnna with { To = "later@customers.example" };
        relay.PutOff(true);

        Assert.Equal("TryLater 4.2.1", Words(await transport.SendAsync(to, Letter("first"), Ct)));
        Assert.Equal("TryLater 4.2.1", Words(await transport.SendAsync(to, Letter("second"), Ct)));

        relay.PutOff(false);
        await using var next = Through(relay.Port); // its process reads the table anew
        Assert.IsType<Delivery.Accepted>(await next.SendAsync(to, Letter("third"), Ct));
        Assert.Contains("third", Text(await OnlyAsync("later")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone+a=b@customers.example")]
    [InlineData("\"gone+a b\"@customers.example")]
    public async Task ABounceNamesTheContactAndTheRecipientAsWeDid(string to)
    {
        var box = relay.NewBox();
        await using var transport = Through(relay.StartTlsPort);

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(new($"{box}+verp@customers.example", to, "x.eml", "au-00000001.i.0123+="), Letter("lost"), Ct));

        var report = Text(await OnlyAsync(box), "");
        Assert.StartsWith($"Return-Path: <>\nX-Original-To: {box}+verp@customers.example\n", report, StringComparison.Ordinal);
        Assert.Contains("\nOriginal-Envelope-Id: au-00000001.i.0123+=\n", report, StringComparison.Ordinal);
        Assert.Contains($"Final-Recipient: rfc822; {to}\nOriginal-Recipient: rfc822;{to}\nAction: failed\nStatus: 5.1.1\n", report, StringComparison.Ordinal);
        Assert.Contains("Message-ID: <lost@cvp.example>", report, StringComparison.Ordinal);
        Assert.DoesNotContain("The text.", report, StringComparison.Ordinal); // RET=HDRS
    }

    [Fact]
    public async Task TheNullSenderGetsNoReport()
    {
        var box = relay.NewBox();
        await using var transport = Through(relay.Port);

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(To(box) with { From = "" }, Letter("nobody's"), Ct));

        Assert.StartsWith("Return-Path: <>\n", Trace(await OnlyAsync(box)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AThousandMessagesOverFourSessionsArriveOnceEach()
    {
        var box = relay.NewBox();
        var tried = relay.Logins;
        await using (var transport = Through(relay.TlsPort, o => (o.Security, o.User, o.Password) = (MailSecurity.Tls, Dovecot.User, Dovecot.Password)))
        {
            var deliveries = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => transport.SendAsync(To(box), Letter($"m{i}"), Ct)));
            Assert.All(deliveries, d => Assert.IsType<Delivery.Accepted>(d));
        }

        Assert.Equal(1000, (await relay.MailboxAsync(box, 1000)).Select(f => Journeys.Letter.Read(f).MessageId).Distinct().Count());
        Assert.Equal(1000, relay.Mailbox(box).Count);
        Assert.InRange(relay.Logins - tried, 1, 4);
    }

    [Fact]
    public async Task ARelayThatIsStoppedAndStartedLosesNothingAndDoublesOnlyWhatIsInDoubt()
    {
        using var own = Postfix.Start();
        var box = own.NewBox();
        await using var transport = Through(own.Port);
        var doubts = new ConcurrentDictionary<string, int>();
        var accepted = 0;
        using var begun = new SemaphoreSlim(0);

        var sending = Task.WhenAll(Enumerable.Range(0, 600).Select(async i =>
        {
            for (var tries = 0; ; tries++)
            {
                var delivery = await transport.SendAsync(To(box), Letter($"m{i}"), Ct);
                if (delivery is Delivery.Accepted)
                {
                    if (Interlocked.Increment(ref accepted) % 200 == 100)
                    {
                        begun.Release();
                    }
                    return;
                }

                // As SendMail does: what is in doubt or put off goes again, under the same Message-ID.
                Assert.True(delivery is Delivery.InDoubt or Delivery.TryLater && tries < 20, delivery.ToString());
                if (delivery is Delivery.InDoubt)
                {
                    doubts.AddOrUpdate($"<m{i}@cvp.example>", 1, (_, n) => n + 1);
                }
            }
        }));
        foreach (var interrupt in new Action[] { own.Stop, own.Reload, own.Stop })
        {
            await begun.WaitAsync(Ct);
            interrupt();
            if (interrupt != own.Reload)
            {
                own.StartAgain();
            }
        }
        await sending;

        // Doubles come before the last single one. What Postfix itself delivers twice, since it was stopped in between, has one queue id.
        var handedOver = new HashSet<(string Message, string Queue)>();
        for (var files = 600; handedOver.Select(h => h.Message).Distinct().Count() < 600; files++)
        {
            handedOver = [.. (await own.MailboxAsync(box, files)).Select(f => (Journeys.Letter.Read(f).MessageId, Queue(Trace(f))))];
        }
        Assert.All(handedOver.CountBy(h => h.Message), h => Assert.InRange(h.Value, 1, 1 + doubts.GetValueOrDefault(h.Key)));

        static string Queue(string trace) => trace[(trace.IndexOf(" id ", StringComparison.Ordinal) + 4)..].Split('\n')[0];
    }

    private int Port(string door) => door switch
    {
        "clear" => relay.Port,
        "bare" => relay.BarePort,
        "starttls" => relay.StartTlsPort,
        "submission" => relay.SubmissionPort,
        "tls" => relay.TlsPort,
        "clear login" => relay.ClearLoginPort,
        "expired" => relay.ExpiredPort,
        "other name" => relay.OtherNamePort,
        _ => throw new ArgumentOutOfRangeException(nameof(door), door, "No such door."),
    };

    private RelayTransport Through(int port, Action<MailOptions>? change = null) => Transport(port, o =>
    {
        (o.Host, o.TrustedCertificate) = ("localhost", relay.Authority);
        change?.Invoke(o);
    });

    private static Envelope To(string box) => ToAnna with { To = $"{box}@customers.example" };

    private static byte[] Letter(string name, byte[]? body = null) =>
    [
        .. Encoding.ASCII.GetBytes($"Message-ID: <{name.Replace(' ', '-')}@cvp.example>\r\nFrom: a@cvp.example\r\nTo: b@customers.example\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\nSubject: {name}\r\n\r\n"),
        .. body ?? "The text.\r\n"u8.ToArray(),
    ];

    private async Task<string> OnlyAsync(string box) => Assert.Single(await relay.MailboxAsync(box, 1));

    /// <summary>That nothing came is seen by what is sent now: it is alone.</summary>
    private async Task OnlyThisAsync(string box)
    {
        await using var transport = Through(relay.Port);
        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(To(box), Letter("this"), Ct));
        Assert.Contains("Subject: this", Text(await OnlyAsync(box)), StringComparison.Ordinal);
    }

    /// <summary>What was sent: the file from our first header on.</summary>
    private static string Text(string file) => Text(file, "Message-ID: ");

    private static string Text(string file, string from)
    {
        var text = Encoding.Latin1.GetString(File.ReadAllBytes(file));
        return text[text.IndexOf(from, StringComparison.Ordinal)..];
    }

    /// <summary>What Postfix put before it.</summary>
    private static string Trace(string file) => Text(file, "")[..^Text(file).Length];

    /// <summary>One server for all tests of the class.</summary>
    public sealed class Relay : IDisposable
    {
        internal Postfix Server { get; } = Postfix.Start(secure: true);

        public void Dispose() => Server.Dispose();
    }
}

public sealed class SmtpPostfixTests(PostfixTransportTests.Relay shared) : PostfixTransportTests(SmtpSession.Transport, shared);
