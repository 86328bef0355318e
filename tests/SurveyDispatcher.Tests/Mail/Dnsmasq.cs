using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>A real name server of our own on loopback. It knows the TXT records that it is given, and that nothing else is below <c>.example</c>.</summary>
/// <remarks>The package is not optional: without it the tests fail.</remarks>
internal sealed class Dnsmasq : IDisposable
{
    private const int StringSize = 200; // of a TXT record's strings, which hold 255 bytes at most
    private readonly Process process;

    private Dnsmasq(Process process, int port) => (this.process, Port) = (process, port);

    public int Port { get; }

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Port);

    /// <summary>As the setting <c>Mail:DnsServer</c>.</summary>
    public string Setting => EndPoint.ToString();

    /// <summary>Starts a server and waits until it listens.</summary>
    /// <param name="records">The TXT records; a long text is cut into several strings. A comma would cut it, too.</param>
    /// <param name="more">More options, such as <c>--cname=ALIAS,NAME</c>.</param>
    public static async Task<Dnsmasq> StartAsync((string Name, string Text)[] records, params string[] more)
    {
        const string program = "/usr/sbin/dnsmasq";
        Assert.True(File.Exists(program), "dnsmasq is missing: apt-get install -y dnsmasq-base (tests/run does it).");
        var port = Smtp.ClosedPort();
        var start = new ProcessStartInfo(program) { RedirectStandardError = true };
        string[] arguments =
        [
            "--keep-in-foreground", $"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts",
            "--conf-file=/dev/null", "--pid-file", "--user=", "--log-facility=-", "--local=/example/",
            .. records.Select(r => $"--txt-record={r.Name},{string.Join(',', r.Text.Chunk(StringSize).Select(c => new string(c)))}"),
            .. more,
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        var said = "";
        while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            said += line + "\n";
            if (line.Contains("started, version", StringComparison.Ordinal))
            {
                _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
                return new Dnsmasq(process, port);
            }
        }

        process.Dispose();
        throw new InvalidOperationException($"dnsmasq did not start: {said}");
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }
}
