using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace SurveyDispatcher.Mail;

/// <summary>Which certificate a server must show: one rule for every connection, whoever makes the handshake.</summary>
/// <param name="section">The section of the settings that names the host, for messages.</param>
/// <param name="trusted">The roots of a private CA, trusted instead of the machine's; null: the machine's.</param>
internal sealed class CertificateCheck(string section, X509Certificate2Collection? trusted)
{
    private SslPolicyErrors _problems;

    /// <summary>What the certificate says, good or not; null before one was shown.</summary>
    public CertificateFacts? Shown { get; private set; }

    /// <summary>How the chain is built; null: as the machine does it. Certificates of a private CA name no place to ask for revocations.</summary>
    public X509ChainPolicy? ChainPolicy
    {
        get
        {
            if (trusted is null)
            {
                return null;
            }
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(trusted);
            return policy;
        }
    }

    /// <summary>Whether the handshake found no fault at all; keeps what it found for <see cref="Problem"/>.</summary>
    public bool Passes(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors found)
    {
        Shown = CertificateFacts.Of(certificate);
        return (_problems = found) == SslPolicyErrors.None;
    }

    /// <summary>What to tell of a handshake that failed; another try would fail, too.</summary>
    public string Problem(string server) => _problems == SslPolicyErrors.None
        ? $"The TLS handshake with {server} failed; look at {section}:Security and {section}:Port."
        : $"The certificate of {server} is not good for this host ({_problems}); look at {section}:Host and Mail:TrustedCertificate.";
}
