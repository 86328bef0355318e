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
}
