using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>A name server on loopback that answers as a test tells it, over UDP and over TCP.</summary>
/// <remarks>The script is asked with each query, its number (from 1) and whether it came over TCP; it gives the messages to send back, none for silence.</remarks>
internal sealed class ScriptedNameServer : IAsyncDisposable
{
    private readonly Socket udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly TcpListener tcp;
    private readonly CancellationTokenSource stop = new();
    private readonly Func<byte[], int, bool, byte[][]> script;
    private readonly Task[] serving;
    private int asked;

    public ScriptedNameServer(Func<byte[], int, bool, byte[][]> script)
    {
        this.script = script;
        tcp = Bind();
        serving = [ServeUdpAsync(), ServeTcpAsync()];
    }

    /// <summary>Both protocols on one port: the first one that is free for TCP and then for UDP, too.</summary>
    private TcpListener Bind()
    {
        while (true)
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            try
            {
                udp.Bind(listener.LocalEndpoint);
                return listener;
            }
            catch (SocketException)
            {
                listener.Stop(); // somebody has that number for UDP: another one
            }
        }
    }

    public IPEndPoint EndPoint => (IPEndPoint)udp.LocalEndPoint!;

    /// <summary>The queries as they came.</summary>
    public ConcurrentQueue<byte[]> Queries { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(serving);
        udp.Dispose();
        tcp.Dispose();
        stop.Dispose();
    }

    private async Task ServeUdpAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var got = await udp.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), stop.Token);
                foreach (var message in Answer(buffer[..got.ReceivedBytes], overTcp: false))
                {
                    await udp.SendToAsync(message, SocketFlags.None, got.RemoteEndPoint, stop.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return; // the test is over
        }
    }

    private async Task ServeTcpAsync()
    {
        try
        {
            while (true)
            {
                using var client = await tcp.AcceptTcpClientAsync(stop.Token);
                var stream = client.GetStream();
                var length = new byte[2];
                await stream.ReadExactlyAsync(length, stop.Token);
                var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(query, stop.Token);
                foreach (var message in Answer(query, overTcp: true))
                {
                    BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)message.Length);
                    await stream.WriteAsync(length.Concat(message).ToArray(), stop.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return; // the test is over
        }
    }

    private byte[][] Answer(byte[] query, bool overTcp)
    {
        Queries.Enqueue(query);
        return script(query, Interlocked.Increment(ref asked), overTcp);
    }
}

/// <summary>DNS messages by hand: what reads ours must not be what wrote them.</summary>
internal static class DnsBytes
{
    public const int Authoritative = 0x8580, Resolved = 0x8180, Truncated = 0x8380;

    /// <summary>A pointer to the name in the question.</summary>
    public static readonly byte[] ToQuestion = [0xc0, 12];

    /// <summary>A reply to a query.</summary>
    /// <param name="query">What was asked.</param>
    /// <param name="flags">The second word of the header.</param>
    /// <param name="count">The number of answers that the header claims; null: the number of records.</param>
    /// <param name="records">Whole records.</param>
    public static byte[] Reply(byte[] query, int flags = Resolved, int? count = null, params byte[][] records)
    {
        var end = 12;
        while (query[end] != 0)
        {
            end += query[end] + 1;
        }

        var reply = query[..(end + 5)];
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(2), (ushort)flags);
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(6), (ushort)(count ?? records.Length));
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(10), 0);
        return [.. reply, .. records.SelectMany(r => r)];
    }

    public static byte[] Txt(string text, byte[]? owner = null) => Record(16, [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)], owner);

    public static byte[] Record(int type, byte[] data, byte[]? owner = null) =>
        [.. owner ?? ToQuestion, 0, (byte)type, 0, 1, 0, 0, 0, 60, (byte)(data.Length >> 8), (byte)data.Length, .. data];

    public static byte[] Name(string name) => [.. name.Split('.').SelectMany(l => new[] { (byte)l.Length }.Concat(Encoding.ASCII.GetBytes(l))), 0];
}
