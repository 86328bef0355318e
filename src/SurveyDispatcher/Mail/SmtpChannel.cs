using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace SurveyDispatcher.Mail;

/// <summary>The bytes of one SMTP session: the socket, TLS, command lines out, replies in.</summary>
/// <remarks>
/// A command group goes out in one write over a socket without Nagle's algorithm, since a second small write would wait 40 ms
/// for the acknowledgement of the first. Every wait has a limit: see <see cref="Dialogue"/>.
/// </remarks>
internal sealed class SmtpChannel : IDisposable
{
    private const int ReplyLines = 100;

    private readonly MailOptions _options;
    private readonly Dialogue _dialogue;
    private readonly CertificateCheck _certificate;
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly ArrayBufferWriter<byte> _out = new(16 * 1024);
    private readonly byte[] _in = new byte[4096]; // and so the longest line of a reply
    private int _read, _filled;
    private Stream _stream = Stream.Null;

    public SmtpChannel(MailOptions options, Dialogue dialogue, CertificateCheck certificate) =>
        (_options, _dialogue, _certificate) = (options, dialogue, certificate);

    /// <summary>Whether the next dialogue can use it: nothing went wrong, and the server has neither closed nor said anything since.</summary>
    public bool IsUsable => !_dialogue.IsBroken && !HasUnread && !_socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Whether more has come than was asked for.</summary>
    public bool HasUnread => _read != _filled;

    /// <summary>The TLS connection; null in the clear.</summary>
    public SslStream? Tls => _stream as SslStream;

    /// <summary>What the server's certificate says, good or not; null before one was shown.</summary>
    public CertificateFacts? Certificate => _certificate.Shown;

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
            if (!_dialogue.IsBroken && _socket.Connected)
            {
                _socket.SendTimeout = 1000;
                _stream.Write("QUIT\r\n"u8);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            _dialogue.Break(); // it was gone already, which is all that goodbye is for
        }
        _stream.Dispose();
        _socket.Dispose();
    }

    public async ValueTask ConnectAsync()
    {
        _dialogue.Arm(DialogueStep.Connection);
        await _socket.ConnectAsync(_options.Host, _options.Port, _dialogue.Limit);
        RemoteEndPoint = _socket.RemoteEndPoint as IPEndPoint;
        _stream = new NetworkStream(_socket, ownsSocket: false);
    }

    /// <summary>The TLS handshake; the certificate must be good for the host of the settings.</summary>
    public async Task SecureAsync()
    {
        _dialogue.Arm(DialogueStep.Handshake);
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false);
        _stream = tls;
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = _options.Host,
                    AllowTlsResume = false, // each connection looks at the certificate that the relay has now
                    CertificateChainPolicy = _certificate.ChainPolicy,
                    RemoteCertificateValidationCallback = _certificate.Passes,
                },
                _dialogue.Limit);
            Secured = new(tls.SslProtocol, tls.NegotiatedCipherSuite);
        }
        catch (AuthenticationException e)
        {
            throw SmtpFaultException.Configuration(_certificate.Problem(_dialogue.Server), e);
        }
    }

    /// <summary>One command, and its reply.</summary>
    public async Task<SmtpReply> CommandAsync(string command, DialogueStep step)
    {
        Write(command);
        _dialogue.Arm(step);
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
            throw _dialogue.Nonsense();
        }
        await _stream.WriteAsync(_out.WrittenMemory, _dialogue.Limit);
        _out.ResetWrittenCount();
    }

    /// <summary>Waits for the caller. A server that has spoken or hung up meanwhile gets no message: whatever it said would be no answer to it.</summary>
    /// <param name="ready">Ends when the caller is ready.</param>
    /// <param name="rested">Whether time has passed since the server spoke last, even if the caller is ready.</param>
    public async ValueTask AwaitAsync(Task ready, bool rested)
    {
        if (!ready.IsCompletedSuccessfully)
        {
            await _dialogue.AwaitAsync(ready);
            rested = true;
        }
        if (HasUnread || (rested && _socket.Poll(0, SelectMode.SelectRead)))
        {
            throw _dialogue.Nonsense();
        }
    }

    /// <summary>The message with leading dots doubled (RFC 5321 4.5.2), kept until <see cref="FlushAsync"/>.</summary>
    public void WriteText(ReadOnlySpan<byte> message)
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
        _out.Write(message.EndsWith("\r\n"u8) || message.Length == 0 ? ""u8 : "\r\n"u8);
    }

    /// <summary>The end of the message, kept until <see cref="FlushAsync"/>.</summary>
    public void WriteDot() => _out.Write(".\r\n"u8);

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
                throw _dialogue.Nonsense();
            }
            var said = int.Parse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture);
            if (lines.Count > 0 && said != code)
            {
                throw _dialogue.Nonsense();
            }
            code = said;
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length == 3 || line[3] == ' ')
            {
                return new(code, lines);
            }
        }
        throw _dialogue.Nonsense();
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
                throw _dialogue.Nonsense();
            }
            var got = await _stream.ReadAsync(_in.AsMemory(_filled), _dialogue.Limit);
            if (got == 0)
            {
                throw new IOException("The server closed the connection.");
            }
            _filled += got;
        }
    }
}
