using System.Diagnostics;
using Survey.Domain;
using SurveyDispatcher.Mail;
using static SurveyDispatcher.Tests.Mail.ScriptedServer;
using static SurveyDispatcher.Tests.Mail.Smtp;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>What happens to a message when the connection, the server or the caller gives up, whichever transport speaks to the relay.</summary>
public abstract class RelayFaultTests(Func<MailOptions, TimeProvider, RelayTransport> via) : RelayTests(via)
{
    [Fact]
    public async Task AConnectionThatFailsBeforeTheMessageIsOutIsTriedAgain()
    {
        var endless = string.Concat(Enumerable.Repeat("250-more\r\n", 200)) + "250 end";
        (string Command, string Reply)[] faults =
        [
            ("", Close), ("", "421 4.3.2 busy"), ("", "nonsense"), ("", endless),
            ("EHLO", Close), ("EHLO", "421 4.3.2 busy"), ("EHLO", endless),
            ("MAIL", Close), ("MAIL", "421 4.3.2 closing"), ("MAIL", endless),
            ("RCPT", Close), ("RCPT", "421 4.3.2 closing"),
            ("DATA", Close), ("DATA", "421 4.3.2 closing"),
            (".", "421 4.3.2 closing"),
        ];

        // All at once, since each waits for its back-off.
        await Task.WhenAll(faults.Select(async fault =>
        {
            await using var server = new ScriptedServer((n, c) => n <= 2 && IsAt(fault.Command, c) ? fault.Reply : null);

            Assert.IsType<Delivery.Accepted>(await SendOne(server));
            Assert.Equal(3, server.Connections);
            Assert.Single(server.Messages);
        }));
    }

    [Fact]
    public async Task ALineWithoutEndIsCut()
    {
        await using var server = new ScriptedServer((n, c) => n == 1 && c.Length == 0 ? "220 " + new string('x', 100_000) : null);

        Assert.IsType<Delivery.Accepted>(await SendOne(server));
        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public async Task AnIdleSessionThatTheServerClosedIsReplacedAtOnce()
    {
        var mails = 0;
        await using var server = new ScriptedServer((_, c) => c.StartsWith("MAIL", StringComparison.Ordinal) && ++mails == 2 ? Close : null);
        await using var transport = Transport(server, o => (o.Connections, o.RetrySeconds) = (1, 0));

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.Equal(2, server.Messages.Count);
        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public Task ASilentServerIsWaitedForNoLongerThanTheTimeOut() => Task.WhenAll(new[] { "", "EHLO", "RCPT", "DATA", "." }.Select(async command =>
    {
        await using var server = new ScriptedServer((_, c) => IsAt(command, c) ? Silence : null);
        await using var transport = Transport(server, o => (o.TimeoutSeconds, o.RetrySeconds) = (1, 0));

        Assert.Equal(command == "." ? "InDoubt" : "ServerUnusable", Words(await transport.SendAsync(ToAnna, Message, Ct)));
    }));

    [Fact]
    public async Task ARelayThatIsDownIsTriedForItsBudgetAndThenFailsAtOnce()
    {
        await using var transport = Transport(ClosedPort(), o => o.RetrySeconds = 1);
        var watch = Stopwatch.StartNew();

        Assert.Equal("ServerUnusable", Words(await transport.SendAsync(ToAnna, Message, Ct)));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.9, 6);

        watch.Restart();
        var rest = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => transport.SendAsync(ToAnna, Message, Ct)));
        Assert.All(rest, d => Assert.Equal("ServerUnusable", Words(d)));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 0.9);
    }

    [Fact]
    public async Task ARelayThatComesBackInTimeIsUsed()
    {
        await using var server = new ScriptedServer((n, c) => n <= 3 && c.Length == 0 ? Close : null);
        await using var transport = Transport(server);

        var deliveries = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => transport.SendAsync(ToAnna, Message, Ct)));

        Assert.All(deliveries, d => Assert.IsType<Delivery.Accepted>(d));
        Assert.Equal(20, server.Messages.Count);
    }

    [Fact]
    public async Task CancellingBeforeTheMessageIsOutThrowsAndTheSlotIsFree()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await using var server = new ScriptedServer((n, c) =>
        {
            if (n == 1 && c.StartsWith("RCPT", StringComparison.Ordinal))
            {
                cancel.Cancel();
                return Silence;
            }
            return null;
        });
        await using var transport = Transport(server, o => o.Connections = 1);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => transport.SendAsync(ToAnna, Message, cancel.Token));
        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
    }

    [Theory]
    [InlineData("250 2.0.0 just in time", "Accepted")]
    [InlineData(Silence, "InDoubt")]
    public async Task CancellingAfterTheFinalDotStillSaysWhatIsKnown(string reply, string expected)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await using var server = new ScriptedServer((_, c) =>
        {
            if (c == ".")
            {
                cancel.Cancel();
                return reply;
            }
            return null;
        });
        await using var transport = Transport(server);

        Assert.Equal(expected, Words(await transport.SendAsync(ToAnna, Message, cancel.Token)));
    }

    [Theory]
    [InlineData("421 4.3.2 closing", "TryLater 4.3.2")]
    [InlineData(Close, "ServerUnusable")]
    public async Task AServerThatClosesOnEveryMessageIsUnusableUnlessItSaysLater(string reply, string expected)
    {
        await using var server = new ScriptedServer((_, c) => c.StartsWith("MAIL", StringComparison.Ordinal) ? reply : null);
        await using var transport = Transport(server, o => o.RetrySeconds = 0);

        Assert.Equal(expected, Words(await transport.SendAsync(ToAnna, Message, Ct)));
    }

    [Fact]
    public async Task AMessageThatBreaksEverySessionWhileOthersGetThroughIsForLater()
    {
        await using var server = new ScriptedServer((_, c) => c.Contains("poison", StringComparison.Ordinal) ? Close : null);
        await using var transport = Transport(server, o => (o.Connections, o.RetrySeconds) = (2, 1));

        var poisoned = transport.SendAsync(ToAnna with { To = "poison@mail.example" }, Message, Ct);
        while (!poisoned.IsCompleted)
        {
            Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
        }
        Assert.Equal("TryLater 4.4.2", Words(await poisoned));
    }

    /// <summary>The script's "" is the greeting and nothing else.</summary>
    private static bool IsAt(string step, string command) => step.Length == 0 ? command.Length == 0 : command.StartsWith(step, StringComparison.Ordinal);
}

public sealed class SmtpFaultTests() : RelayFaultTests(SmtpSession.Transport);
