using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace SurveyDispatcher.Tests;

/// <summary>The way to a server on loopback: replies may take a while, as from far away, and the way may be cut.</summary>
internal sealed class Cable : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly int target;
    private readonly TimeSpan delay;
    private TaskCompletionSource whole = Whole();

    public Cable(int target, TimeSpan delay = default)
    {
        (this.target, this.delay) = (target, delay);
        whole.SetResult();
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>From now on nothing gets through, in either direction, and nobody is told: neither those who are connected nor those who connect.</summary>
    public void Cut() => whole = Whole();

    /// <summary>What was held up goes on, and everything after it.</summary>
    public void Mend() => whole.TrySetResult();

    public void Dispose()
    {
        stop.Cancel();
        listener.Stop();
        stop.Dispose();
    }

    private static TaskCompletionSource Whole() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptTcpClientAsync(stop.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return; // nobody needs it any more
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using var _ = client;
        client.NoDelay = server.NoDelay = true;
        try
        {
            await whole.Task.WaitAsync(stop.Token);
            await server.ConnectAsync(IPAddress.Loopback, target, stop.Token);
            await Task.WhenAny(
                PassAsync(client.GetStream(), server.GetStream(), TimeSpan.Zero),
                PassAsync(server.GetStream(), client.GetStream(), delay));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            return; // one side has hung up
        }
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to, TimeSpan after)
    {
        var pieces = Channel.CreateUnbounded<(long Came, byte[] Bytes)>();
        await Task.WhenAny(TakeAsync(from, pieces.Writer), GiveAsync(to, pieces.Reader, after)).Unwrap();
    }

    private async Task TakeAsync(NetworkStream from, ChannelWriter<(long Came, byte[] Bytes)> pieces)
    {
        var buffer = new byte[16384];
        for (var got = await from.ReadAsync(buffer, stop.Token); got > 0; got = await from.ReadAsync(buffer, stop.Token))
        {
            pieces.TryWrite((TimeProvider.System.GetTimestamp(), buffer[..got]));
        }
    }

    /// <summary>Each piece waits from when it came, not from when the one before it went out.</summary>
    private async Task GiveAsync(NetworkStream to, ChannelReader<(long Came, byte[] Bytes)> pieces, TimeSpan after)
    {
        await foreach (var (came, bytes) in pieces.ReadAllAsync(stop.Token))
        {
            var left = after - TimeProvider.System.GetElapsedTime(came);
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left, TimeProvider.System, stop.Token);
            }

            await whole.Task.WaitAsync(stop.Token);
            await to.WriteAsync(bytes, stop.Token);
        }
    }
}
