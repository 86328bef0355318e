using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Benchmarks;

/// <summary>Stands before a server and lets each reply out a while after it came, as a relay far away does.</summary>
internal sealed class SlowServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly int target;
    private readonly TimeSpan delay;

    public SlowServer(int target, TimeSpan delay)
    {
        (this.target, this.delay) = (target, delay);
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Dispose()
    {
        stop.Cancel();
        listener.Stop();
        stop.Dispose();
    }

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
            return; // the measurement is over
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using var _ = client;
        client.NoDelay = server.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, target, stop.Token);
            var replies = Channel.CreateUnbounded<(long Due, byte[] Bytes)>();
            await Task.WhenAny(
                client.GetStream().CopyToAsync(server.GetStream(), stop.Token),
                TakeAsync(server.GetStream(), replies.Writer),
                GiveAsync(client.GetStream(), replies.Reader));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            return; // one side has hung up
        }
    }

    private async Task TakeAsync(NetworkStream from, ChannelWriter<(long Due, byte[] Bytes)> replies)
    {
        var buffer = new byte[4096];
        for (var got = await from.ReadAsync(buffer, stop.Token); got > 0; got = await from.ReadAsync(buffer, stop.Token))
        {
            replies.TryWrite((TimeProvider.System.GetTimestamp(), buffer[..got]));
        }
    }

    /// <summary>Each reply waits from when it came, not from when the one before it went out.</summary>
    private async Task GiveAsync(NetworkStream to, ChannelReader<(long Due, byte[] Bytes)> replies)
    {
        await foreach (var (came, bytes) in replies.ReadAllAsync(stop.Token))
        {
            var left = delay - TimeProvider.System.GetElapsedTime(came);
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left, TimeProvider.System, stop.Token);
            }

            await to.WriteAsync(bytes, stop.Token);
        }
    }
}
