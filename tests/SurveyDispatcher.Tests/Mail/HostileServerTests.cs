using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Survey.Domain;
using SurveyDispatcher.Mail;
using static SurveyDispatcher.Tests.Mail.ScriptedServer;
using static SurveyDispatcher.Tests.Mail.Smtp;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>A server that misbehaves at each step of the dialogue, from the first byte to the answer to the final dot, with TLS and a login on the way.</summary>
/// <remarks>The rule: before the dot the message was surely not sent and goes again, over another connection; after it nobody knows.</remarks>
public abstract class HostileServerTests(Func<MailOptions, TimeProvider, RelayTransport> via, HostileServerTests.Shown shown) : RelayTests(via), IClassFixture<HostileServerTests.Shown>
{
    private const string Greeting = "", Dot = ".", Drop = "250-one byte after the other, which takes much longer than anybody waits\r\n";

    // In the order of the dialogue. The password of AUTH LOGIN is a step of its own.
    private static readonly string[] Steps = [Greeting, "EHLO", "STARTTLS", Handshake, "AUTH", "cHc=", "MAIL", "RCPT", "DATA", Text, Dot];

    // More than the kernel takes for a server that reads no more.
    private static readonly byte[] Large = [.. "Subject: large\r\n\r\n"u8, .. Enumerable.Repeat((byte)'x', 12_000_000), .. "\r\n"u8];

    [Theory]
    [InlineData("closes", Close)]
    [InlineData("is silent", Silence)]
    [InlineData("never ends its reply", Endless + "250-more\r\n")]
    [InlineData("never ends its line", Endless + "250 more and more")]
    [InlineData("drips its reply", Slowly + Drop + Drop + Drop + Drop + "250 end")]
    [InlineData("sends bytes beyond ASCII", "\x80\xff\xfe\xe9 \xa0\r\n\xff")]
    [InlineData("sends zeros", "\0\0\0\0\r\n\0")]
    [InlineData("sends lines of nothing", "\r\n\r\n\r\n")]
    [InlineData("changes its code within a reply", "250-a\r\n550 b")]
    [InlineData("answers as nobody does", "199 what")]
    [InlineData("wants something more", "399 what")]
    public Task AtWhicheverStepAServerMisbehavesTheMessageIsSentOnceOrInDoubt(string manner, string reply) => Task.WhenAll(Steps.Select(async step =>
    {
        var met = 0;
        await using var server = Server(c => IsAt(step, c) && Interlocked.Exchange(ref met, 1) == 0 ? reply : null);
        // On a busy machine a large text takes its seconds on the connection after.
        await using var transport = Patient(server, o => o.TimeoutSeconds = !Hangs(reply) ? 60 : step == Text ? 15 : 4);

        var delivery = await transport.SendAsync(ToAnna, step == Text ? Large : Message, Ct);

        var taken = server.Messages.Count;
        var (expected, messages) = step switch
        {
            Dot => ("InDoubt", reply.StartsWith('2') ? 1 : 0),
            // Looks like a port without TLS, which no other connection mends.
            Handshake when reply is not (Close or Silence) => ("ServerUnusable", 0),
            // The server goes on and takes the text, or does not.
            Text when !Hangs(reply) => ("InDoubt", taken),
            _ => ("Accepted", 1),
        };
        Assert.Equal($"{manner} at '{step}': {expected}, {messages} message(s)", $"{manner} at '{step}': {Words(delivery)}, {taken} message(s)");
        Assert.Equal(1, met);
    }));

    [Fact]
    public Task CancellingAtAnyStepBeforeTheDotMeansThatNothingWasSent() => Task.WhenAll(Steps.Select(async step =>
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var watch = new Stopwatch();
        await using var server = Server(c =>
        {
            if (watch.IsRunning || !IsAt(step, c))
            {
                return null;
            }
            watch.Start();
            cancel.Cancel();
            return Silence;
        });
        await using var transport = Patient(server, o => (o.Connections, o.TimeoutSeconds) = (1, 120));

        var sending = transport.SendAsync(ToAnna, step == Text ? Large : Message, cancel.Token);

        if (step == Dot)
        {
            Assert.Equal("InDoubt", Words(await sending));
        }
        else
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        }
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"{step}: {watch.Elapsed}");
        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.Single(server.Messages);
    }));

    [Fact]
    public async Task AConnectionThatNobodyAcceptsIsWaitedForAndCanBeCancelled()
    {
        using var full = new Socket(SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var there = (IPEndPoint)full.LocalEndPoint!;
        using var first = new TcpClient();
        await first.ConnectAsync(IPAddress.Loopback, there.Port, Ct); // takes the only place there is
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        await using var transport = Transport(there.Port, o => (o.TimeoutSeconds, o.RetrySeconds) = (1, 0));
        var unusable = Assert.IsType<Delivery.ServerUnusable>(await transport.SendAsync(ToAnna, Message, Ct));
        await using var patient = Transport(there.Port, o => o.TimeoutSeconds = 60);
        var sending = patient.SendAsync(ToAnna, Message, cancel.Token);
        await cancel.CancelAsync();

        Assert.Contains("within 1 s while connecting", unusable.What, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    [Theory]
    [InlineData("", "220 hello\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n250 2.0.0 queued")]
    [InlineData("EHLO", "250 PIPELINING\r\n250 ok\r\n250 ok\r\n354 go on\r\n250 2.0.0 queued")]
    [InlineData("MAIL", "250 ok\r\n250 ok\r\n354 go on\r\n250 2.0.0 queued")]
    [InlineData("RCPT", "250 ok\r\n354 go on\r\n250 2.0.0 queued")]
    [InlineData("DATA", "354 go on\r\n250 2.0.0 queued")]
    public async Task AReplyThatWasNotAskedForIsNoAnswer(string command, string early)
    {
        foreach (var extensions in new string[][] { ["PIPELINING", "8BITMIME"], ["8BITMIME"] })
        {
            await using var server = new ScriptedServer((n, c) => n > 1 ? null : IsAt(command, c) ? early : c == Dot ? "554 5.6.0 no" : null) { Extensions = extensions };

            Assert.IsType<Delivery.Accepted>(await SendOne(server));
            Assert.Equal(2, server.Connections); // what the first one said is worth nothing
            Assert.Single(server.Messages);
        }
    }

    [Fact]
    public async Task ASessionIsNotUsedAgainWhenTheServerSaidMoreThanItsAnswer()
    {
        await using var server = new ScriptedServer((_, c) => c == Dot ? "250 2.0.0 queued\r\n250 2.0.0 queued" : null);
        await using var transport = Transport(server, o => o.Connections = 1);

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.Equal((2, 2), (server.Connections, server.Messages.Count));
    }

    [Theory]
    [InlineData("QUIT", Close)]
    [InlineData("QUIT", Silence)]
    [InlineData("QUIT", Endless + "250-more\r\n")]
    public async Task GoodbyeIsNotWaitedFor(string command, string reply)
    {
        await using var server = Server(c => IsAt(command, c) ? reply : null);
        var transport = Patient(server);
        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));

        var watch = Stopwatch.StartNew();
        await transport.DisposeAsync();

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"{watch.Elapsed}");
    }

    private static bool Hangs(string reply) => reply == Close || reply == Silence || reply.StartsWith(Endless, StringComparison.Ordinal) || reply.StartsWith(Slowly, StringComparison.Ordinal);

    private static bool IsAt(string step, string command) => step == Greeting ? command == Greeting : command.StartsWith(step, StringComparison.Ordinal);

    /// <summary>STARTTLS and then AUTH LOGIN; the script is asked first.</summary>
    private ScriptedServer Server(Func<string, string?> script) => new((_, c) => script(c) ?? c switch
    {
        "AUTH LOGIN" or "dXM=" => "334 go on",
        "cHc=" => "235 2.7.0 welcome",
        _ => null,
    }) { Certificate = shown.Certificate, Extensions = ["STARTTLS", "AUTH LOGIN", "PIPELINING", "8BITMIME"] };

    private RelayTransport Patient(ScriptedServer server, Action<MailOptions>? change = null) => Transport(server, o =>
    {
        (o.Host, o.TrustedCertificate, o.User, o.Password, o.TimeoutSeconds) = ("localhost", shown.Trusted, "us", "pw", 60);
        change?.Invoke(o);
    });

    /// <summary>The server's certificate, made once for all tests of the class.</summary>
    public sealed class Shown : IDisposable
    {
        private readonly TempFile trusted;

        public Shown() => trusted = new(Certificate.ExportCertificatePem());

        public X509Certificate2 Certificate { get; } = SelfMade("localhost");

        public string Trusted => trusted.Path;

        public void Dispose()
        {
            trusted.Dispose();
            Certificate.Dispose();
        }
    }
}

public sealed class SmtpHostileServerTests(HostileServerTests.Shown shown) : HostileServerTests(SmtpSession.Transport, shown);
