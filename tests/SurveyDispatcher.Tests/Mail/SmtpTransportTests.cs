using Survey.Domain;
using SurveyDispatcher.Mail;
using static SurveyDispatcher.Tests.Mail.ScriptedServer;
using static SurveyDispatcher.Tests.Mail.Smtp;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>Our own session: all that a transport must do, and what is special about its words on the wire.</summary>
public sealed class SmtpTransportTests() : RelayTransportTests(SmtpSession.Transport)
{
    [Fact]
    public async Task NoDotIsSentToAServerThatWantsTheMessageOfARefusedRecipient()
    {
        await using var server = new ScriptedServer((n, c) => n == 1 && c.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 no" : null);
        await using var transport = Transport(server);

        Assert.Equal("NotDelivered 5.1.1 Dead", Words(await transport.SendAsync(ToAnna, Message, Ct)));
        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.Single(server.Commands, ".");
        Assert.Equal(2, server.Connections);
    }

    [Theory]
    [InlineData("用户+a@mail.example", @"utf-8;用户\x{2B}a@mail.example")]
    [InlineData("\"用 户\\+\"@mail.example", @"utf-8;""用\x{20}户\x{5C}\x{2B}""@mail.example")]
    public async Task AnAddressBeyondAsciiIsTheOriginalRecipientInItsOwnForm(string to, string original)
    {
        await using var server = new ScriptedServer();
        await using var transport = Transport(server);

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna with { To = to }, Message, Ct));

        Assert.Contains($"RCPT TO:<{to}> NOTIFY=FAILURE ORCPT={original}", server.Commands);
    }

    [Fact]
    public async Task TheNextEnvelopeGoesAlongWithTheDot()
    {
        var announced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ScriptedServer(Second("DATA", announced));
        await using var transport = Transport(server);

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna with { Next = () => new(ToBert, Message) }, Message, Ct));
        await announced.Task.WaitAsync(TimeSpan.FromSeconds(30), Ct); // nobody has asked for the second message yet
        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToBert, Message, Ct));

        Assert.Equal(2, server.Messages.Count);
        Assert.Equal(["MAIL", "RCPT", "DATA", ".", "MAIL", "RCPT", "DATA", "."], server.Commands.Skip(2).Select(c => c[..Math.Min(4, c.Length)]));
        Assert.Equal(1, server.Connections);
    }

    [Theory]
    [InlineData("RCPT", "550 5.1.1 no", "NotDelivered 5.1.1 Dead")]
    [InlineData("RCPT", "451 4.7.1 later", "TryLater 4.7.1")]
    [InlineData("MAIL", "552 5.3.4 too big", "NotDelivered 5.3.4 Policy")]
    [InlineData("DATA", "451 4.3.0 later", "TryLater 4.3.0")]
    public async Task WhatTheServerSaysOfAnAnnouncedMessageIsThatMessagesFate(string command, string reply, string expected)
    {
        var messages = 0;
        await using var server = new ScriptedServer((_, c) => (messages += c.StartsWith("MAIL", StringComparison.Ordinal) ? 1 : 0) != 2 ? null
            : c.StartsWith(command, StringComparison.Ordinal) ? reply
            : c == "DATA" ? "503 5.5.1 no recipient"
            : null);
        await using var transport = Transport(server);

        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna with { Next = () => new(ToBert, Message) }, Message, Ct));
        Assert.Equal(expected, Words(await transport.SendAsync(ToBert, Message, Ct)));
        Assert.Equal("Accepted", Words(await transport.SendAsync(ToAnna, Message, Ct)));
        Assert.Equal(2, server.Messages.Count);
    }

    [Fact]
    public async Task AnAnnouncedMessageThatDoesNotComeIsNeverSentAndNothingIsTakenForItsText()
    {
        var announced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ScriptedServer(Second("DATA", announced));
        await using (var transport = Transport(server, o => o.Connections = 1))
        {
            Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna with { Next = () => new(ToBert, Message) }, Message, Ct));
            await announced.Task.WaitAsync(TimeSpan.FromSeconds(30), Ct);
            Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna with { Id = "au-2.i.0", Next = () => new(ToBert, Message) }, Message, Ct));
        }

        Assert.Equal(2, server.Messages.Count);
        Assert.Equal(2, server.Connections); // the first was given up, since it waited for another message
        Assert.DoesNotContain("QUIT", server.Commands);
    }

    [Fact]
    public async Task AConnectionThatIsLostAfterTheDotLeavesTheAnnouncedMessageUnsent()
    {
        await using var server = new ScriptedServer((n, c) => n == 1 && c == "." ? Close : null);
        await using var transport = Transport(server);

        Assert.Equal("InDoubt", Words(await transport.SendAsync(ToAnna with { Next = () => new(ToBert, Message) }, Message, Ct)));
        Assert.Equal("Accepted", Words(await transport.SendAsync(ToBert, Message, Ct)));
        Assert.Single(server.Messages);
    }

    [Fact]
    public async Task NothingIsAnnouncedToAServerWithoutPipeliningNorWhatItCantTake()
    {
        foreach (var (extensions, next) in new (string[], Envelope)[] { (["8BITMIME"], ToBert), (["PIPELINING"], ToBert with { To = "用户@mail.example" }) })
        {
            await using var server = new ScriptedServer { Extensions = extensions };
            await using var transport = Transport(server);

            Assert.Equal("Accepted", Words(await transport.SendAsync(ToAnna with { Next = () => new(next, Message) }, Message, Ct)));
            Assert.Equal("Accepted", Words(await transport.SendAsync(ToAnna, Message, Ct)));

            Assert.Equal(2, server.Commands.Count(c => c.StartsWith("MAIL", StringComparison.Ordinal)));
            Assert.Equal(1, server.Connections);
        }
    }

    [Fact]
    public async Task AServerMayKeepItsAnswerToTheDotWhileItLooksAtWhatCameAlong()
    {
        await using var server = new ScriptedServer((_, c) => c == "." ? Slowly + "250 2.0.0 ok" : null); // takes 1.4 s
        await using var transport = Transport(server, o => o.TimeoutSeconds = 1);

        Assert.Equal("Accepted", Words(await transport.SendAsync(ToAnna with { Next = () => new(ToBert, Message) }, Message, Ct)));
        Assert.Equal("InDoubt", Words(await transport.SendAsync(ToBert, Message, Ct)));
    }

    [Fact]
    public async Task ALongMessageThatIsCutInItsTextWasSurelyNotSentWhateverIsAnnounced()
    {
        byte[] large = [.. "Subject: large\r\n\r\n"u8, .. Enumerable.Repeat((byte)'x', 12_000_000), .. "\r\n"u8];
        await using var server = new ScriptedServer((n, c) => n == 1 && c == Text ? Close : null) { Extensions = ["PIPELINING"] };
        await using var transport = Transport(server);

        Assert.Equal("Accepted", Words(await transport.SendAsync(ToAnna with { Next = () => new(ToBert, Message) }, large, Ct)));
        Assert.Equal("Accepted", Words(await transport.SendAsync(ToBert, Message, Ct)));
        Assert.Equal(2, server.Messages.Count);
    }

    [Fact]
    public async Task AnnouncedMessagesThatDontComeLeaveNoMoreSessionsThanAreAllowed()
    {
        await using var server = new ScriptedServer((_, c) => c.Length == 0 ? Slowly + "220 hi" : null);
        await using var transport = Transport(server, o => o.Connections = 4);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => transport.SendAsync(ToAnna with { Id = $"a{i}", Next = () => new(ToBert with { Id = $"b{i}" }, Message) }, Message, Ct)));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => transport.SendAsync(ToAnna with { Id = $"c{i}" }, Message, Ct)));

        Assert.Equal(8, server.Messages.Count);
        Assert.Equal(4, server.MostAtOnce);
    }

    [Fact]
    public async Task AServerThatThrowsAwayWhatComesWithTheDotIsToldNothingMoreThere()
    {
        await using var server = new ScriptedServer { ForgetsBehindDot = true };
        await using var transport = Transport(server, o => o.TimeoutSeconds = 1);

        for (var i = 0; i < 5; i++)
        {
            var next = ToBert with { Id = $"m{i + 1}" };
            Assert.Equal("Accepted", Words(await transport.SendAsync(ToAnna with { Id = $"m{i}", Next = () => new(next, Message) }, Message, Ct)));
        }

        Assert.Equal(5, server.Messages.Count);
        Assert.Equal(2, server.Connections); // one wait in vain is enough
    }

    [Fact]
    public async Task AReplyTooManyAfterTheDotIsNotTheNextMessagesFate()
    {
        await using var server = new ScriptedServer((n, c) => n == 1 && c == "." ? "250 2.0.0 queued\r\n550 5.7.1 stray" : null);
        await using var transport = Transport(server);

        Assert.Equal("Accepted", Words(await transport.SendAsync(ToAnna with { Next = () => new(ToBert, Message) }, Message, Ct)));
        Assert.Equal("Accepted", Words(await transport.SendAsync(ToBert, Message, Ct)));
        Assert.Equal(2, server.Messages.Count);
    }

    [Fact]
    public async Task WhateverGoesWrongInTheCallerNoMessageGoesOutWithTheNext()
    {
        await using var server = new ScriptedServer();
        await using var transport = Transport(server);

        await Assert.ThrowsAsync<ArithmeticException>(() => transport.SendAsync(ToAnna with { Next = () => throw new ArithmeticException() }, Message, Ct));
        Assert.Equal("Accepted", Words(await transport.SendAsync(ToBert, Message, Ct)));
        Assert.Single(server.Messages);
    }

    private static Envelope ToBert => ToAnna with { To = "bert@mail.example", Id = "au-3.i.0", FileName = "3.eml" };

    /// <summary>A script that ends <paramref name="seen"/> when a command comes for the second time, and leaves the replies as they are.</summary>
    private static Func<int, string, string?> Second(string wanted, TaskCompletionSource seen)
    {
        var count = 0;
        return (_, c) =>
        {
            if (c.StartsWith(wanted, StringComparison.Ordinal) && Interlocked.Increment(ref count) == 2)
            {
                seen.SetResult();
            }

            return null;
        };
    }
}
