using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>A certificate authority that lives as long as a test; its certificates are files, as a server wants them.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly TimeProvider Clock = TimeProvider.System;

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 certificate;
    private int issued;

    public TestAuthority()
    {
        var request = new CertificateRequest("CN=Authority of a test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        certificate = request.CreateSelfSigned(Clock.GetUtcNow().AddDays(-30), Clock.GetUtcNow().AddDays(30));
    }

    /// <summary>What a client has to trust.</summary>
    public string Pem => certificate.ExportCertificatePem();

    /// <summary>Key and certificate for a host, in one PEM file.</summary>
    /// <param name="path">Where to write it.</param>
    /// <param name="host">The host's name.</param>
    /// <param name="days">For how many days from now on it is good; negative: it has expired.</param>
    public void Issue(string path, string host, int days = 2)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", own, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false)); // a TLS server
        using var made = request.Create(certificate, Clock.GetUtcNow().AddDays(-20), Clock.GetUtcNow().AddDays(days), BitConverter.GetBytes(IPAddress.HostToNetworkOrder(++issued)));
        File.WriteAllText(path, own.ExportPkcs8PrivateKeyPem() + "\n" + made.ExportCertificatePem() + "\n");
    }

    public void Dispose()
    {
        certificate.Dispose();
        key.Dispose();
    }
}
