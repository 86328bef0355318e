using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>A service as a process of its own, with all that it says.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly ConcurrentQueue<string> lines = new();

    /// <summary>Starts <c>run</c>.</summary>
    /// <param name="world">Where.</param>
    /// <param name="environment">Settings and sockets.</param>
    /// <param name="hangsAt">A moment at which the thread that comes there stands still for ever; null: none.</param>
    public RunningProgram(World world, Dictionary<string, string>? environment = null, string? hangsAt = null)
    {
        Process = hangsAt is null
            ? Child.Start(world, environment ?? [], ["run"])
            : Child.Start(world, environment ?? [], [hangsAt, "hang:1", "run"], Child.Killable);
        Process.OutputDataReceived += (_, line) => Keep(line.Data);
        Process.ErrorDataReceived += (_, line) => Keep(line.Data);
        Process.BeginOutputReadLine();
        Process.BeginErrorReadLine();
    }

    public Process Process { get; }

    public string[] Lines => [.. lines];

    public string Output => string.Join('\n', lines);

    /// <summary>A port of loopback that nobody has.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Waits for something that is looked for again and again.</summary>
    public async Task UntilAsync(Func<bool> holds)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(since) < Patience, $"It did not come to that.\n{Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until it has said something so many times.</summary>
    public Task SaidAsync(string text, int times = 1) => UntilAsync(() => lines.Count(l => l.Contains(text, StringComparison.Ordinal)) >= times);

    /// <summary>Asks it to stop, and waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        using var signal = Process.Start("kill", ["-TERM", Process.Id.ToString(CultureInfo.InvariantCulture)]);
        return await EndAsync();
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> EndAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        await Process.WaitForExitAsync(limit.Token);
        return Process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
        {
            Process.Kill();
            await Process.WaitForExitAsync(CancellationToken.None);
        }

        Process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }
}

/// <summary>The side of systemd that a service talks to: a socket that takes what it says.</summary>
internal sealed class Systemd : IDisposable
{
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly ConcurrentQueue<(long At, string Message)> heard = new();

    public Systemd(World world)
    {
        Address = Path.Combine(world.Root, "notify");
        socket.Bind(new UnixDomainSocketEndPoint(Address));
        _ = ListenAsync();
    }

    public string Address { get; }

    public string[] Heard => [.. heard.Select(h => h.Message)];

    /// <summary>What was heard after a moment.</summary>
    public string[] HeardSince(long moment) => [.. heard.Where(h => h.At > moment).Select(h => h.Message)];

    public void Dispose() => socket.Dispose();

    private async Task ListenAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var length = await socket.ReceiveAsync(buffer);
                heard.Enqueue((TimeProvider.System.GetTimestamp(), System.Text.Encoding.UTF8.GetString(buffer, 0, length)));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return; // the test is over
        }
    }
}
