using Survey.Domain;
using SurveyDispatcher.Mail;
using static SurveyDispatcher.Tests.Mail.Smtp;

namespace SurveyDispatcher.Tests.Mail;

public sealed class MailKitTransportTests() : RelayTransportTests(MailKitSession.Transport)
{
    [Fact]
    public async Task NothingIsSaidOfAMessageBeforeTheCallerIsReady()
    {
        await using var server = new ScriptedServer();
        await using var transport = Transport(server, o => o.TimeoutSeconds = 1);
        var (never, soon) = (new TaskCompletionSource(), new TaskCompletionSource());

        var abandoned = transport.SendAsync(ToAnna with { Ready = () => never.Task }, Message, Ct);
        var sending = transport.SendAsync(ToAnna with { Ready = () => soon.Task }, Message, Ct);
        await Assert.ThrowsAsync<TimeoutException>(() => sending.WaitAsync(TimeSpan.FromSeconds(2), Ct)); // the server is not late: we are
        Assert.DoesNotContain(server.Commands, c => c.StartsWith("MAIL", StringComparison.Ordinal));
        never.SetCanceled(Ct);
        soon.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        Assert.IsType<Delivery.Accepted>(await sending);
        Assert.Single(server.Messages);
    }
}

public sealed class MailKitFaultTests() : RelayFaultTests(MailKitSession.Transport);

public sealed class MailKitHostileServerTests(HostileServerTests.Shown shown) : HostileServerTests(MailKitSession.Transport, shown);

public sealed class MailKitPostfixTests(PostfixTransportTests.Relay shared) : PostfixTransportTests(MailKitSession.Transport, shared);
