using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>Which certificate a server must show: one rule for every connection, whoever makes the handshake.</summary>
/// <param name="section">The section of the settings that names the server, for messages.</param>
/// <param name="who">What the server is, for messages.</param>
/// <param name="host">The host that the certificate must be for.</param>
/// <param name="trusted">The roots of a private CA, trusted instead of the machine's; null: the machine's.</param>
internal sealed class CertificateCheck(string section, Phrase who, string host, X509Certificate2Collection? trusted)
{
    private Phrase? _fault;

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
        return (_fault = FaultOf(found, chain)) is null;
    }

    /// <summary>What to tell of a handshake that failed; another try would fail, too.</summary>
    public Phrase Problem(string server) => _fault is null
        ? (Phrase)$"The TLS handshake with {server} failed; look at {section}:Security and {section}:Port."
        : $"The certificate of {server} is not good: {_fault}.";

    /// <summary>All that is wrong with a certificate, and what to look at; null when nothing is.</summary>
    private Phrase? FaultOf(SslPolicyErrors errors, X509Chain? chain)
    {
        var faults = new List<Phrase>();
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            faults.Add($"{who} shows none");
        }
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            faults.Add($"it is not for {host} (look at {section}:Host)");
        }
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            var found = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status) ?? X509ChainStatusFlags.NoError;
            if (found.HasFlag(X509ChainStatusFlags.NotTimeValid))
            {
                faults.Add($"it has expired or is not valid yet ({who} needs a new one, unless this machine's clock is wrong)");
            }
            if (found != X509ChainStatusFlags.NotTimeValid)
            {
                faults.Add($"it was made by nobody whom this machine trusts (look at Mail:TrustedCertificate)");
            }
        }
        return faults.Count == 0 ? null : faults.Aggregate((first, next) => $"{first}, and {next}");
    }
}
