using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>What DNS says of a name's TXT records. "There is none" and "nobody could say" lead to different deeds.</summary>
internal abstract record TxtAnswer
{
    private TxtAnswer()
    {
    }

    /// <summary>All records of the name, each with its strings joined; none when the name is not there or has none.</summary>
    public sealed record Texts(IReadOnlyList<string> Records) : TxtAnswer;

    /// <summary>No name server gave an answer.</summary>
    /// <param name="Why">Which server, and what went wrong, as a sentence without its full stop.</param>
    public sealed record NotKnown(string Why) : TxtAnswer
    {
        /// <summary>The same, said now.</summary>
        public static NotKnown Since(Phrase why) => new(Say(why));
    }
}

/// <summary>Asks name servers for TXT records (a stub resolver, RFC 1034 5.3.1), which the framework can't.</summary>
/// <remarks>
/// Each server is asked twice, for 3 seconds each time: with EDNS0, then without, since some firewalls drop what they don't know. A
/// truncated answer is fetched over TCP. "No such name" is an answer; anything else but records makes us ask the next server.
/// </remarks>
internal sealed class TxtLookup(IReadOnlyList<IPEndPoint> servers, TimeProvider clock)
{
    private const int Port = 53;
    private const int MostServers = 3; // as resolv.conf(5) has it
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>A lookup on the servers that the settings name, or the machine's.</summary>
    public static TxtLookup For(MailOptions options, TimeProvider clock) =>
        new(ServerOf(options.DnsServer) is { } named ? [named] : ServersOfTheMachine(), clock);

    /// <summary>The server of <see cref="MailOptions.DnsServer"/>; null when the text is none.</summary>
    public static IPEndPoint? ServerOf(string text) =>
        text.AsSpan().ContainsAny('.', ':') && IPEndPoint.TryParse(text, out var server) // "53" would be the address 0.0.0.53
            ? new IPEndPoint(server.Address, server.Port == 0 ? Port : server.Port)
            : null;

    /// <summary>The TXT records of a name.</summary>
    /// <param name="name">A domain name, in Unicode or ASCII.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<TxtAnswer> FindAsync(string name, CancellationToken ct)
    {
        Phrase why = $"This machine names no DNS server; set Mail:DnsServer";
        foreach (var extended in new[] { true, false })
        {
            foreach (var server in servers)
            {
                if (DnsQuestion.For(name, extended) is not { } question)
                {
                    return TxtAnswer.NotKnown.Since($"'{name}' is no domain name");
                }
                var reply = await AskAsync(server, question, ProtocolType.Udp, ct);
                if (reply.Kind == DnsReplyKind.Truncated)
                {
                    reply = await AskAsync(server, question, ProtocolType.Tcp, ct);
                }
                if (reply.Kind == DnsReplyKind.Texts)
                {
                    return new TxtAnswer.Texts(reply.Texts);
                }
                why = $"The name server {server} {reply.Problem}";
            }
        }
        return TxtAnswer.NotKnown.Since(why);
    }

    private async Task<DnsReply> AskAsync(IPEndPoint server, DnsQuestion question, ProtocolType protocol, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            // Connected, so that the kernel keeps away what others send, from a port that it draws.
            using var socket = new Socket(server.AddressFamily, protocol == ProtocolType.Udp ? SocketType.Dgram : SocketType.Stream, protocol);
            await socket.ConnectAsync(server, limit.Token);
            return protocol == ProtocolType.Udp
                ? await DatagramAsync(socket, question, limit.Token)
                : await StreamAsync(socket, question, limit.Token);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return DnsReply.Failed($"can't be reached, or hung up");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return DnsReply.Failed($"did not answer within {Patience.TotalSeconds:0} s");
        }
    }

    private static async Task<DnsReply> DatagramAsync(Socket socket, DnsQuestion question, CancellationToken ct)
    {
        await socket.SendAsync(question.Bytes, ct);
        var buffer = new byte[4096]; // more than was asked for, for servers that don't listen
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, ct);
            if (question.Read(buffer.AsSpan(0, length)) is { Kind: not DnsReplyKind.Foreign } reply)
            {
                return reply;
            }
        }
    }

    private static async Task<DnsReply> StreamAsync(Socket socket, DnsQuestion question, CancellationToken ct)
    {
        await using var stream = new NetworkStream(socket);
        var framed = new byte[question.Bytes.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)question.Bytes.Length);
        question.Bytes.CopyTo(framed.AsMemory(2));
        await stream.WriteAsync(framed, ct);
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, ct);
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(message, ct);
        return question.Read(message) is { Kind: DnsReplyKind.Texts or DnsReplyKind.Failed } reply
            ? reply
            : DnsReply.Failed($"gave an answer that can't be read");
    }

    /// <summary>/etc/resolv.conf, or what Windows was told for its connections; the framework reads both.</summary>
    private static IReadOnlyList<IPEndPoint> ServersOfTheMachine()
    {
        try
        {
            return
            [
                .. NetworkInterface.GetAllNetworkInterfaces()
                    .Where(i => i.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
                    .SelectMany(i => i.GetIPProperties().DnsAddresses)
                    .Where(a => !a.IsIPv6SiteLocal) // Windows' placeholders for "none"
                    .Distinct()
                    .Take(MostServers)
                    .Select(a => new IPEndPoint(a, Port)),
            ];
        }
        catch (Exception e) when (e is NetworkInformationException or PlatformNotSupportedException)
        {
            return []; // no /etc/resolv.conf: "not known" says what to set
        }
    }
}
