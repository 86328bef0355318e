using System.Net.Sockets;
using System.Threading.Channels;

namespace SurveyDispatcher.Tests;

/// <summary>The way to a server on loopback: replies may take a while, as from far away, and the way may be cut.</summary>
internal sealed class Cable : Proxy
{
    private readonly TimeSpan delay;
    private TaskCompletionSource whole = Whole();

    public Cable(int target, TimeSpan delay = default)
        : base(target)
    {
        this.delay = delay;
        whole.SetResult();
        _ = AcceptAsync();
    }

    /// <summary>From now on nothing gets through, in either direction, and nobody is told: neither those who are connected nor those who connect.</summary>
    public void Cut() => whole = Whole();

    /// <summary>What was held up goes on, and everything after it.</summary>
    public void Mend() => whole.TrySetResult();

    protected override Task BeforeAsync(CancellationToken ct) => whole.Task.WaitAsync(ct);

    protected override Task PassAsync(NetworkStream client, NetworkStream server, CancellationToken ct) => Task.WhenAny(
        OneWayAsync(client, server, TimeSpan.Zero, ct),
        OneWayAsync(server, client, delay, ct));

    private static TaskCompletionSource Whole() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task OneWayAsync(NetworkStream from, NetworkStream to, TimeSpan after, CancellationToken ct)
    {
        var pieces = Channel.CreateUnbounded<(long Came, byte[] Bytes)>();
        await Task.WhenAny(TakeAsync(from, pieces.Writer, ct), GiveAsync(to, pieces.Reader, after, ct)).Unwrap();
    }

    private static async Task TakeAsync(NetworkStream from, ChannelWriter<(long Came, byte[] Bytes)> pieces, CancellationToken ct)
    {
        var buffer = new byte[16384];
        for (var got = await from.ReadAsync(buffer, ct); got > 0; got = await from.ReadAsync(buffer, ct))
        {
            pieces.TryWrite((TimeProvider.System.GetTimestamp(), buffer[..got]));
        }
    }

    /// <summary>Each piece waits from when it came, not from when the one before it went out.</summary>
    private async Task GiveAsync(NetworkStream to, ChannelReader<(long Came, byte[] Bytes)> pieces, TimeSpan after, CancellationToken ct)
    {
        await foreach (var (came, bytes) in pieces.ReadAllAsync(ct))
        {
            var left = after - TimeProvider.System.GetElapsedTime(came);
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left, TimeProvider.System, ct);
            }

            await whole.Task.WaitAsync(ct);
            await to.WriteAsync(bytes, ct);
        }
    }
}
