using Survey.Domain;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>Tests that every transport to a relay must pass: one subclass for each transport that the build has.</summary>
/// <param name="via">Makes the transport.</param>
public abstract class RelayTests(Func<MailOptions, TimeProvider, RelayTransport> via)
{
    private protected RelayTransport Transport(ScriptedServer server, Action<MailOptions>? change = null) => Transport(server.Port, change);

    private protected RelayTransport Transport(int port, Action<MailOptions>? change = null) => Smtp.Transport(port, change, via);

    private protected async Task<Delivery> SendOne(ScriptedServer server)
    {
        await using var transport = Transport(server);
        return await transport.SendAsync(Smtp.ToAnna, Smtp.Message, Smtp.Ct);
    }
}
