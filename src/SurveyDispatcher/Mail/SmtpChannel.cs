using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace SurveyDispatcher.Mail;

/// <summary>The bytes of one SMTP session: the socket, TLS, command lines out, replies in, and a limit on every wait.</summary>
/// <remarks>
/// A command group goes out in one write over a socket without Nagle's algorithm, since a second small write would wait 40 ms
/// for the acknowledgement of the first. What goes wrong is said in one vocabulary: see <see cref="RunAsync"/>.
/// </remarks>
internal sealed class SmtpChannel : IDisposable
{
    /// <summary>The step in which the server speaks first.</summary>
    public const string Greeting = "at the greeting";

    private const int ReplyLines = 100;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly MailOptions _options;
    private readonly X509Certificate2Collection? _trusted;
    private readonly TimeSpan _timeout;
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _limit;
    private readonly ArrayBufferWriter<byte> _out = new(16 * 1024);
    private readonly byte[] _in = new byte[4096]; // and so the longest line of a reply
    private int _read, _filled;
    private Stream _stream = Stream.Null;
    private string _step = "while connecting";
    private volatile bool _dotOnItsWay;
    private bool _broken;

    public SmtpChannel(MailOptions options, X509Certificate2Collection? trusted, TimeProvider clock)
    {
        _options = options;
        _trusted = trusted;
        _timeout = TimeSpan.FromSeconds(options.TimeoutSeconds);
        _limit = new(_timeout, clock);
    }

    /// <summary>The server as the settings name it, for messages.</summary>
    public string Server => $"{_options.Host}:{_options.Port}";

    /// <summary>Whether something went wrong, so that no more dialogue is possible.</summary>
    public bool IsBroken => _broken || _limit.IsCancellationRequested;

    /// <summary>Whether the next dialogue can use it: nothing went wrong, and the server has neither closed nor said anything since.</summary>
    public bool IsUsable => !IsBroken && !HasUnread && !_socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Whether more has come than was asked for.</summary>
    public bool HasUnread => _read != _filled;

    /// <summary>The TLS connection; null in the clear.</summary>
    public SslStream? Tls => _stream as SslStream;

    /// <summary>What the server's certificate says, good or not; null before one was shown.</summary>
    public CertificateFacts? Certificate { get; private set; }

    /// <summary>How the connection is protected; null in the clear, and before the handshake is done.</summary>
    public TlsFacts? Secured { get; private set; }

    /// <summary>The server's end; null before there was a connection.</summary>
    public IPEndPoint? RemoteEndPoint { get; private set; }

    /// <summary>Our end.</summary>
    public IPEndPoint? LocalEndPoint => _socket.LocalEndPoint as IPEndPoint;

    /// <summary>Says goodbye without waiting for an answer, and closes.</summary>
    public void Dispose()
    {
        try
        {
            if (!_broken && _socket.Connected)
            {
                _socket.SendTimeout = 1000;
                _stream.Write("QUIT\r\n"u8);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            _broken = true; // it was gone already, which is all that goodbye is for
        }
        _stream.Dispose();
        _socket.Dispose();
        _limit.Dispose();
    }

    /// <summary>Runs a piece of dialogue, and says in one vocabulary how it was cut, if it was.</summary>
    /// <exception cref="SmtpFaultException">The connection was lost, or a wait took too long.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up, and the dot was surely not out.</exception>
    public async Task RunAsync(Func<Task> dialogue, CancellationToken ct)
    {
        _dotOnItsWay = false;
        using var cancel = ct.UnsafeRegister(static channel => ((SmtpChannel)channel!).Cancel(), this);
        try
        {
            await dialogue();
            _limit.CancelAfter(Timeout.InfiniteTimeSpan);
        }
        catch (Exception e) when (IsCut(e))
        {
            _broken = true;
            throw e switch
            {
                OperationCanceledException when ct.IsCancellationRequested => new OperationCanceledException(ct),
                OperationCanceledException => SmtpFaultException.Connection($"{Server} did not answer within {_options.TimeoutSeconds} s {_step}.{Hint}", e),
                SmtpFaultException => e,
                _ => SmtpFaultException.Connection($"{Server} can't be reached or closed the connection {_step}.", e),
            };
        }
    }

    /// <summary>Whether an exception means that the dialogue ended before its time.</summary>
    public static bool IsCut(Exception e) => e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or SmtpFaultException;

    /// <summary>The session is at an end, whatever the server still says.</summary>
    public void Break() => _broken = true;

    /// <summary>The server does not keep to the protocol: no session with it.</summary>
    public SmtpFaultException Nonsense()
    {
        _broken = true;
        return SmtpFaultException.Connection($"{Server} does not speak SMTP {_step}.");
    }

    public async ValueTask ConnectAsync()
    {
        Arm("while connecting");
        await _socket.ConnectAsync(_options.Host, _options.Port, _limit.Token);
        RemoteEndPoint = _socket.RemoteEndPoint as IPEndPoint;
        _stream = new NetworkStream(_socket, ownsSocket: false);
    }

    /// <summary>The TLS handshake; the certificate must be good for the host of the settings.</summary>
    public async Task SecureAsync()
    {
        Arm("in the TLS handshake");
        var fault = "";
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false);
        _stream = tls;
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = _options.Host,
                    CertificateChainPolicy = _trusted is null ? null : Trusting(_trusted),
                    RemoteCertificateValidationCallback = (_, shown, chain, found) =>
                    {
                        Certificate = CertificateFacts.Of(shown);
                        return (fault = FaultOf(found, chain)).Length == 0;
                    },
                },
                _limit.Token);
            Secured = new(tls.SslProtocol, tls.NegotiatedCipherSuite);
        }
        catch (AuthenticationException e)
        {
            throw SmtpFaultException.Configuration(
                fault.Length == 0
                    ? $"The TLS handshake with {Server} failed; look at Mail:Security and Mail:Port."
                    : $"The certificate of {Server} is not good: {fault}.",
                e);
        }
    }

    /// <summary>Starts the wait for a step; the same limit holds for a whole group of commands and replies.</summary>
    public void Arm(string step)
    {
        _step = step;
        if (!_dotOnItsWay)
        {
            _limit.CancelAfter(_timeout);
        }
    }

    /// <summary>One command, and its reply.</summary>
    public async Task<SmtpReply> CommandAsync(string command, string step)
    {
        Write(command);
        Arm(step);
        await FlushAsync();
        return await ReplyAsync();
    }

    /// <summary>A command line, kept until <see cref="FlushAsync"/>.</summary>
    public void Write(string command)
    {
        Encoding.UTF8.GetBytes(command, _out);
        _out.Write("\r\n"u8);
    }

    /// <summary>Sends what was written, unless the server has spoken before it was asked: that would be taken for an answer.</summary>
    /// <exception cref="SmtpFaultException">It has; nothing was sent.</exception>
    public async ValueTask FlushAsync()
    {
        if (HasUnread)
        {
            throw Nonsense();
        }
        await _stream.WriteAsync(_out.WrittenMemory, _limit.Token);
        _out.ResetWrittenCount();
    }

    /// <summary>The message with leading dots doubled, and the final dot (RFC 5321 4.5.2), in one write.</summary>
    /// <remarks>From here on a cancellation waits a moment for the answer, which may be on its way.</remarks>
    public async ValueTask MessageAsync(ReadOnlyMemory<byte> message)
    {
        WriteStuffed(message.Span);
        Arm("while sending the message");
        _dotOnItsWay = true;
        await FlushAsync();
        Arm("after the final dot");
    }

    public async ValueTask<SmtpReply> ReplyAsync()
    {
        var lines = new List<string>(1);
        var code = 0;
        while (lines.Count < ReplyLines)
        {
            var line = await LineAsync();
            if (line.Length < 3 || line[0] is < '2' or > '5' || !char.IsAsciiDigit(line[1]) || !char.IsAsciiDigit(line[2])
                || (line.Length > 3 && line[3] is not (' ' or '-')))
            {
                throw Nonsense();
            }
            var said = int.Parse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture);
            if (lines.Count > 0 && said != code)
            {
                throw Nonsense();
            }
            code = said;
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length == 3 || line[3] == ' ')
            {
                return new(code, lines);
            }
        }
        throw Nonsense();
    }

    /// <summary>One line without its end; a bare LF ends it too. Bytes beyond ASCII are somebody's Latin-1 and harm nobody.</summary>
    private async ValueTask<string> LineAsync()
    {
        var searched = _read;
        while (true)
        {
            var end = _in.AsSpan(searched, _filled - searched).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = _in.AsSpan(_read, searched + end - _read);
                _read = searched + end + 1;
                return Encoding.Latin1.GetString(line.EndsWith("\r"u8) ? line[..^1] : line);
            }
            _in.AsSpan(_read, _filled - _read).CopyTo(_in);
            (_filled, _read) = (_filled - _read, 0);
            searched = _filled;
            if (_filled == _in.Length)
            {
                throw Nonsense();
            }
            var got = await _stream.ReadAsync(_in.AsMemory(_filled), _limit.Token);
            if (got == 0)
            {
                throw new IOException("The server closed the connection.");
            }
            _filled += got;
        }
    }

    private void WriteStuffed(ReadOnlySpan<byte> message)
    {
        if (message.StartsWith("."u8))
        {
            _out.Write("."u8);
        }
        var rest = message;
        for (var dot = rest.IndexOf("\n."u8); dot >= 0; dot = rest.IndexOf("\n."u8))
        {
            _out.Write(rest[..(dot + 2)]);
            _out.Write("."u8);
            rest = rest[(dot + 2)..];
        }
        _out.Write(rest);
        _out.Write(message.EndsWith("\r\n"u8) || message.Length == 0 ? ".\r\n"u8 : "\r\n.\r\n"u8);
    }

    /// <summary>The caller gives up: at once, or, when the dot may be out, after a moment in which its answer can still come.</summary>
    private void Cancel()
    {
        if (_dotOnItsWay)
        {
            _limit.CancelAfter(Grace);
        }
        else
        {
            _limit.Cancel();
        }
    }

    /// <summary>All that is wrong with a certificate, and what to look at; empty when nothing is.</summary>
    private string FaultOf(SslPolicyErrors errors, X509Chain? chain)
    {
        var faults = new List<string>();
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            faults.Add("the relay shows none");
        }
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            faults.Add($"it is not for {_options.Host} (look at Mail:Host)");
        }
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            var found = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status) ?? X509ChainStatusFlags.NoError;
            if (found.HasFlag(X509ChainStatusFlags.NotTimeValid))
            {
                faults.Add("it has expired or is not valid yet (the relay needs a new one, unless this machine's clock is wrong)");
            }
            if (found != X509ChainStatusFlags.NotTimeValid)
            {
                faults.Add("it was made by nobody whom this machine trusts (look at Mail:TrustedCertificate)");
            }
        }
        return string.Join(", and ", faults);
    }

    /// <summary>A port for TLS from the first byte waits for us as we wait for its greeting.</summary>
    private string Hint => _step == Greeting && Tls is null ? " If it is a port for TLS from the first byte, set Mail:Security to Tls." : "";

    private static X509ChainPolicy Trusting(X509Certificate2Collection roots)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(roots);
        return policy;
    }
}
