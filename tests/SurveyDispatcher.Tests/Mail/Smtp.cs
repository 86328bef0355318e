using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Survey.Domain;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>Ordinary values for tests of the SMTP transport.</summary>
internal static class Smtp
{
    public static readonly byte[] Message = "Subject: hello\r\n\r\n.first\r\nsecond\r\n..third\r\n"u8.ToArray();
    public static readonly Envelope ToAnna = new("bounces+1@cvp.example", "anna@mail.example", "1.eml", "au-1.i.0");

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static string Words(Delivery delivery) => delivery switch
    {
        Delivery.NotDelivered n => $"NotDelivered {n.Status} {n.Class}",
        Delivery.MessageRefused r => $"MessageRefused {r.Code} {r.Status}",
        Delivery.TryLater t => $"TryLater {t.Status}",
        _ => delivery.GetType().Name,
    };

    public static RelayTransport Transport(int port, Action<MailOptions>? change = null, Func<MailOptions, TimeProvider, RelayTransport>? via = null)
    {
        var options = new MailOptions { Host = "127.0.0.1", Port = port, TimeoutSeconds = 10 };
        change?.Invoke(options);
        return (via ?? SmtpSession.Transport)(options, TimeProvider.System);
    }

    public static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static X509Certificate2 SelfMade(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var today = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(today.AddDays(-1), today.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }

    public sealed class TempFile : IDisposable
    {
        public TempFile(string content) => File.WriteAllText(Path, content);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
