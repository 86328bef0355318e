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

    [Fact]
    public async Task WordsSmuggledInBehindStartTlsEndTheSession()
    {
        using var certificate = SelfMade("localhost");
        await using var server = new ScriptedServer((_, c) => c == "STARTTLS" ? "220 go on\r\n250 smuggled" : null) { Certificate = certificate, Extensions = ["STARTTLS"] };

        var unusable = Assert.IsType<Delivery.ServerUnusable>(await SendOne(server));
        Assert.Contains("more than a reply", unusable.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAddressBeyondAsciiIsTheOriginalRecipientInItsOwnForm()
    {
        await using var server = new ScriptedServer();
        await using var transport = Transport(server);

        await transport.SendAsync(ToAnna with { To = "用户+a@mail.example" }, "To: 用户+a@mail.example\r\n\r\nhello\r\n"u8.ToArray(), Ct);

        Assert.Contains(@"RCPT TO:<用户+a@mail.example> NOTIFY=FAILURE ORCPT=utf-8;用户\x{2B}a@mail.example", server.Commands);
    }
}
