using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Benchmarks;

/// <summary>Postfix's <c>smtp-sink</c>: a server that takes mail and throws it away.</summary>
internal sealed class MailSink : IDisposable
{
    private const string Program = "/usr/sbin/smtp-sink";
    private readonly ChildProcess.Server server;

    public MailSink(CancellationToken stopping)
    {
        if (!File.Exists(Program))
        {
            throw new BenchmarkException($"{Program} is missing. Install it (Debian: apt-get install postfix).");
        }

        Port = FreePort();
        server = ChildProcess.Serve(Program, "-u", "nobody", $"127.0.0.1:{Port}", "1000");
        WaitUntilItListens(stopping);
    }

    public int Port { get; }

    /// <summary>Settings of the program that name a relay.</summary>
    public static Dictionary<string, string> Relay(int port, int sessions, int retrySeconds = 30) => new(StringComparer.Ordinal)
    {
        ["Mail__Transport"] = "Smtp",
        ["Mail__Host"] = "127.0.0.1",
        ["Mail__Port"] = port.ToString(CultureInfo.InvariantCulture),
        ["Mail__Connections"] = sessions.ToString(CultureInfo.InvariantCulture),
        ["Mail__RetrySeconds"] = retrySeconds.ToString(CultureInfo.InvariantCulture),
        ["Mail__BounceAddress"] = "bounces@cvp.example",
    };

    /// <summary>A port at which nobody listens.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose() => server.Dispose();

    private void WaitUntilItListens(CancellationToken stopping)
    {
        for (var left = 200; ; left--)
        {
            try
            {
                using var client = new TcpClient();
                client.Connect(IPAddress.Loopback, Port);
                return;
            }
            catch (SocketException) when (left > 0)
            {
                stopping.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(50));
                stopping.ThrowIfCancellationRequested();
            }
        }
    }
}
