using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>A mail server on loopback that answers as a test tells it, and keeps what it was told.</summary>
/// <remarks>
/// The script is asked with the connection's number (from 1) and the command ("" for the greeting, "." for the end of a
/// message), and answers with a reply, with <see cref="Close"/> or <see cref="Silence"/>, or a reply behind
/// <see cref="Endless"/> or <see cref="Slowly"/>; null means the usual reply. It is asked about <see cref="Handshake"/> and
/// <see cref="Text"/>, too, which are not commands: what is sent there takes the place of TLS, or comes before the dot.
/// </remarks>
internal sealed class ScriptedServer : IAsyncDisposable
{
    public const string Close = "\0close", Silence = "\0silence", Endless = "\0endless", Slowly = "\0slowly";

    /// <summary>Before the TLS handshake, and when the first line of a message has come.</summary>
    public const string Handshake = "\0handshake", Text = "\0text";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<int, string, string?> _script;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _sessions = [];
    private readonly Task _accepting;
    private int _connections, _open;

    public ScriptedServer(Func<int, string, string?>? script = null)
    {
        _script = script ?? ((_, _) => null);
        _listener.Server.ReceiveBufferSize = 1 << 16; // so that a client notices when nobody reads
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string[] Extensions { get; init; } = ["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 1000000", "DSN", "ENHANCEDSTATUSCODES"];

    public X509Certificate2? Certificate { get; init; }

    public bool ImplicitTls { get; init; }

    /// <summary>Sends replies byte by byte.</summary>
    public bool Splits { get; init; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections => _connections;

    /// <summary>The most connections that were open when a command came.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>Throws away what has come along with a final dot, as some filters do.</summary>
    public bool ForgetsBehindDot { get; init; }

    public ConcurrentQueue<string> Commands { get; } = new();

    /// <summary>The accepted messages as they came, dots removed.</summary>
    public ConcurrentQueue<string> Messages { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_sessions);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                client.NoDelay = true;
                _sessions.Add(ServeAsync(client, Interlocked.Increment(ref _connections)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            return;
        }
    }

    private async Task ServeAsync(TcpClient client, int number)
    {
        using var _ = client;
        Interlocked.Increment(ref _open);
        try
        {
            Stream stream = client.GetStream();
            if (ImplicitTls)
            {
                if (await SecureAsync(stream, number) is not { } tls)
                {
                    return;
                }
                stream = tls;
            }
            var reader = new LineReader(stream);
            for (var command = ""; command is not null; command = await reader.LineAsync(_stop.Token))
            {
                Commands.Enqueue(command);
                MostAtOnce = Math.Max(MostAtOnce, command.Length > 0 ? _open : 0); // a moment after a connection is there, its forerunner is surely gone
                var reply = _script(number, command) ?? Usual(command);
                if (reply == Close)
                {
                    return;
                }
                await ReplyAsync(stream, reply);
                if (command == "STARTTLS" && reply.StartsWith("220", StringComparison.Ordinal))
                {
                    if (await SecureAsync(stream, number) is not { } tls)
                    {
                        return;
                    }
                    reader = new LineReader(stream = tls);
                }
                if (command == "DATA" && reply.StartsWith("354", StringComparison.Ordinal))
                {
                    var message = new StringBuilder();
                    for (var line = await reader.LineAsync(_stop.Token); line != "."; line = await reader.LineAsync(_stop.Token))
                    {
                        if (line is null)
                        {
                            return;
                        }
                        if (message.Length == 0 && _script(number, Text) is { } early)
                        {
                            if (early == Close)
                            {
                                return;
                            }
                            await ReplyAsync(stream, early);
                        }
                        message.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
                    }
                    Commands.Enqueue(".");
                    if (ForgetsBehindDot)
                    {
                        reader.Forget();
                    }
                    reply = _script(number, ".") ?? "250 2.0.0 queued as 4X for a@b.example";
                    if (reply.StartsWith('2'))
                    {
                        Messages.Enqueue(message.ToString());
                    }
                    if (reply == Close)
                    {
                        return;
                    }
                    await ReplyAsync(stream, reply);
                }
                if (command == "QUIT" || reply.StartsWith("421", StringComparison.Ordinal))
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            return; // the client hung up, or the test is over
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    /// <summary>null when the script wanted something else.</summary>
    private async Task<Stream?> SecureAsync(Stream stream, int number)
    {
        if (_script(number, Handshake) is { } instead)
        {
            if (instead != Close)
            {
                await ReplyAsync(stream, instead);
                await ReplyAsync(stream, Silence);
            }
            return null;
        }
        var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(Certificate!);
        return tls;
    }

    private async Task ReplyAsync(Stream stream, string reply)
    {
        if (reply == Silence)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token);
        }
        if (reply.StartsWith(Endless, StringComparison.Ordinal))
        {
            for (var piece = Encoding.Latin1.GetBytes(reply[Endless.Length..]); ;)
            {
                await stream.WriteAsync(piece, _stop.Token);
            }
        }
        if (reply.StartsWith(Slowly, StringComparison.Ordinal))
        {
            foreach (var piece in Encoding.Latin1.GetBytes(reply[Slowly.Length..] + "\r\n"))
            {
                await stream.WriteAsync(new[] { piece }, _stop.Token);
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, _stop.Token);
            }
            return;
        }
        var bytes = Encoding.Latin1.GetBytes(reply + "\r\n");
        for (var i = 0; i < bytes.Length; i += Splits ? 1 : bytes.Length)
        {
            await stream.WriteAsync(bytes.AsMemory(i, Splits ? 1 : bytes.Length), _stop.Token);
        }
    }

    private string Usual(string command) => command.Split(' ', ':')[0] switch
    {
        "" => "220 test.example ESMTP",
        "EHLO" => string.Join("\r\n", new[] { "test.example" }.Concat(Extensions).Select((l, i) => (i < Extensions.Length ? "250-" : "250 ") + l)),
        "DATA" => "354 go on",
        "STARTTLS" => "220 2.0.0 go on",
        "AUTH" => "235 2.7.0 welcome",
        "QUIT" => "221 2.0.0 bye",
        _ => "250 2.0.0 ok",
    };

    private sealed class LineReader(Stream stream)
    {
        private readonly byte[] _buffer = new byte[8192];
        private int _at, _end;

        public void Forget() => _at = _end;

        public async Task<string?> LineAsync(CancellationToken ct)
        {
            var line = new List<byte>();
            while (true)
            {
                if (_at == _end)
                {
                    (_at, _end) = (0, await stream.ReadAsync(_buffer, ct));
                    if (_end == 0)
                    {
                        return null;
                    }
                }
                var b = _buffer[_at++];
                if (b == '\n')
                {
                    return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
                }
                line.Add(b);
            }
        }
    }
}
