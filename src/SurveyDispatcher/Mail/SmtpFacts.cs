using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace SurveyDispatcher.Mail;

/// <summary>What the opening of a session has found, as far as it came; what it did not come to is null.</summary>
/// <param name="Address">The address that was connected to.</param>
/// <param name="Greeting">The server's first words.</param>
/// <param name="Tls">How the connection is protected; null in the clear.</param>
/// <param name="Certificate">The certificate that the server showed, good or not.</param>
/// <param name="Extensions">What the server offers, said last.</param>
/// <param name="Login">The mechanism that was tried.</param>
/// <param name="LoggedIn">Whether the login was accepted.</param>
internal sealed record SmtpFacts(
    IPEndPoint? Address, SmtpReply? Greeting, TlsFacts? Tls, CertificateFacts? Certificate, SmtpExtensions Extensions, MailAuthentication? Login, bool LoggedIn);

/// <summary>How a connection is protected.</summary>
internal sealed record TlsFacts(SslProtocols Protocol, TlsCipherSuite Cipher);

/// <summary>What a certificate says.</summary>
internal sealed record CertificateFacts(string Subject, string Issuer, DateTimeOffset NotAfter)
{
    /// <summary>The facts of a certificate in a handshake; null where none was shown.</summary>
    public static CertificateFacts? Of(X509Certificate? shown) =>
        shown is X509Certificate2 c ? new(c.Subject, c.Issuer, c.NotAfter.ToUniversalTime()) : null;
}
