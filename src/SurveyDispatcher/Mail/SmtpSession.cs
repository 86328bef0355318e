using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>One SMTP session (RFC 5321) for many messages, one after the other.</summary>
/// <remarks>
/// It keeps apart what the framework's client mixes up. Until the final dot is written, any cut is a
/// <see cref="SmtpFaultException"/> or a cancellation and the message was surely not sent; from then on a lost reply is
/// <see cref="Delivery.InDoubt"/>. A command group goes out in one write over a socket without Nagle's algorithm, since a
/// second small write would wait 40 ms for the acknowledgement of the first.
/// </remarks>
internal sealed class SmtpSession : IDisposable
{
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
    private SmtpExtensions _server = SmtpExtensions.None;
    private string _step = "while connecting";
    private bool _needsReset;
    private volatile bool _dotOnItsWay;
    private bool _broken;

    private SmtpSession(MailOptions options, X509Certificate2Collection? trusted, TimeProvider clock)
    {
        _options = options;
        _trusted = trusted;
        _timeout = TimeSpan.FromSeconds(options.TimeoutSeconds);
        _limit = new(_timeout, clock);
    }

    /// <summary>Whether the next message can use it: nothing went wrong, and the server has neither closed nor said anything since.</summary>
    public bool IsUsable => !_broken && !_limit.IsCancellationRequested && _read == _filled && !_socket.Poll(0, SelectMode.SelectRead);

    private string Server => $"{_options.Host}:{_options.Port}";

    /// <summary>Connects, greets, secures and logs in.</summary>
    /// <exception cref="SmtpFaultException">The session can't be had.</exception>
    public static async Task<SmtpSession> OpenAsync(MailOptions options, X509Certificate2Collection? trusted, TimeProvider clock, CancellationToken ct)
    {
        var session = new SmtpSession(options, trusted, clock);
        try
        {
            await session.TalkAsync(session.GreetAsync, ct);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>One mail transaction (RFC 5321 3.3).</summary>
    /// <exception cref="SmtpFaultException">The session broke before the final dot; use another.</exception>
    public async Task<Delivery> SendAsync(Envelope envelope, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        if (Unspeakable(envelope, message.Span) is { } refused)
        {
            return refused;
        }
        Delivery? delivery = null;
        await TalkAsync(async () => delivery = await TransactAsync(envelope, message), ct);
        return delivery!;
    }

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

    // ---- Opening -------------------------------------------------------------------------------------------------------------

    private async Task GreetAsync()
    {
        Arm("while connecting");
        await _socket.ConnectAsync(_options.Host, _options.Port, _limit.Token);
        _stream = new NetworkStream(_socket, ownsSocket: false);
        if (_options.Security == MailSecurity.Tls)
        {
            await SecureAsync();
        }
        Arm("at the greeting");
        Opened(await ReplyAsync(), "the greeting");
        await HelloAsync();

        if (_options.Security == MailSecurity.StartTls || (_options.Security == MailSecurity.Auto && _server.StartTls))
        {
            if (!_server.StartTls)
            {
                throw SmtpFaultException.Configuration($"{Server} does not offer STARTTLS, which Mail:Security asks for.");
            }
            Opened(await CommandAsync("STARTTLS"), "STARTTLS");
            if (_read != _filled)
            {
                // What came in the clear behind the reply was put there by someone on the way (CVE-2011-0411).
                throw SmtpFaultException.Configuration($"{Server} sent more than a reply before the TLS handshake.");
            }
            await SecureAsync();
            await HelloAsync(); // RFC 3207 4.2: forget what was said in the clear
        }
        if (_options.User.Length > 0)
        {
            await LogInAsync();
        }
    }

    private async Task HelloAsync()
    {
        var name = HelloName();
        var reply = await CommandAsync($"EHLO {name}");
        if (reply.Is5xx && !reply.IsAboutLogin)
        {
            _server = SmtpExtensions.None;
            reply = await CommandAsync($"HELO {name}"); // a server from before 2001 (RFC 5321 3.2)
        }
        else if (reply.Is2xx)
        {
            _server = SmtpExtensions.From(reply);
        }
        Opened(reply, "EHLO");
    }

    /// <summary>The machine's name where it is a host name, else the address literal of our end (RFC 5321 4.1.3).</summary>
    private string HelloName()
    {
        var name = Dns.GetHostName();
        if (Uri.CheckHostName(name) == UriHostNameType.Dns && Ascii.IsValid(name) && !name.Contains('_', StringComparison.Ordinal))
        {
            return name;
        }
        var address = (_socket.LocalEndPoint as IPEndPoint)?.Address ?? IPAddress.Loopback;
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[IPv6:{address}]" : $"[{address}]";
    }

    private async Task SecureAsync()
    {
        Arm("in the TLS handshake");
        var problems = SslPolicyErrors.None;
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false);
        _stream = tls;
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = _options.Host,
                    CertificateChainPolicy = _trusted is null ? null : Trusting(_trusted),
                    RemoteCertificateValidationCallback = (_, _, _, found) => (problems = found) == SslPolicyErrors.None,
                },
                _limit.Token);
        }
        catch (AuthenticationException e)
        {
            throw SmtpFaultException.Configuration(
                problems == SslPolicyErrors.None
                    ? $"The TLS handshake with {Server} failed; look at Mail:Security and Mail:Port."
                    : $"The certificate of {Server} is not good for this host ({problems}); look at Mail:Host and Mail:TrustedCertificate.",
                e);
        }
    }

    private static X509ChainPolicy Trusting(X509Certificate2Collection roots)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(roots);
        return policy;
    }

    /// <summary>RFC 4954; a password never goes out in the clear unless the settings say so.</summary>
    private async Task LogInAsync()
    {
        if (_stream is not SslStream && !_options.AllowAuthWithoutTls)
        {
            throw SmtpFaultException.Refusal(538, new(5, 7, 11), $"The login to {Server} was not tried, since the connection has no TLS: set Mail:Security, or Mail:AllowAuthWithoutTls.");
        }
        var (user, password) = (_options.User, _options.Password);
        var reply = Mechanism() switch
        {
            MailAuthentication.Plain => await AnswerAsync("AUTH PLAIN", $"\0{user}\0{password}"),
            MailAuthentication.XOAuth2 => await AnswerAsync("AUTH XOAUTH2", $"user={user}\u0001auth=Bearer {password}\u0001\u0001"),
            _ => await CommandAsync("AUTH LOGIN") is { Code: 334 } && await CommandAsync(Base64(user)) is { Code: 334 }
                ? await CommandAsync(Base64(password))
                : throw SmtpFaultException.Refusal(504, new(5, 7, 4), $"{Server} does not accept AUTH LOGIN; look at Mail:Authentication."),
        };
        if (reply.IsClosing || reply.Is4xx)
        {
            throw SmtpFaultException.Connection($"{Server} can't check the login now ({reply.Code}).");
        }
        if (!reply.Is2xx)
        {
            throw SmtpFaultException.Refusal(reply.Code, reply.Status, $"{Server} refused the login; look at Mail:User and Mail:Password.");
        }

        // The answer goes along with the command; a server that asks for it all the same gets it once more, and one that
        // explains a refusal in a 334 (XOAUTH2) gets the empty line that it waits for.
        async Task<SmtpReply> AnswerAsync(string command, string answer)
        {
            var first = await CommandAsync($"{command} {Base64(answer)}");
            return first.Code != 334 ? first : await CommandAsync(command == "AUTH PLAIN" ? Base64(answer) : "");
        }

        static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
    }

    private MailAuthentication Mechanism()
    {
        if (_options.Authentication != MailAuthentication.Auto)
        {
            return _options.Authentication;
        }
        foreach (var (name, mechanism) in new[] { ("PLAIN", MailAuthentication.Plain), ("LOGIN", MailAuthentication.Login), ("XOAUTH2", MailAuthentication.XOAuth2) })
        {
            if (_server.Logins.Contains(name))
            {
                return mechanism;
            }
        }
        throw SmtpFaultException.Refusal(504, new(5, 7, 4), $"{Server} offers no login that we know (PLAIN, LOGIN, XOAUTH2); look at Mail:User and Mail:Security.");
    }

    /// <summary>Passes a positive reply to a command of the opening; a 5xx there is meant for all our mail.</summary>
    private void Opened(SmtpReply reply, string command)
    {
        if (reply.Is5xx)
        {
            throw SmtpFaultException.Refusal(reply.Code, reply.Status, $"{Server} refused {command} ({reply.Code} {reply.Status}): it does not take mail from this machine.");
        }
        if (!reply.Is2xx)
        {
            throw SmtpFaultException.Connection($"{Server} is not ready ({reply.Code} to {command}).");
        }
    }

    // ---- One message ---------------------------------------------------------------------------------------------------------

    /// <summary>What is clear before a word is said: an address that is none, or a message that this server can't take.</summary>
    private Delivery? Unspeakable(Envelope envelope, ReadOnlySpan<byte> message)
    {
        if (!IsPath(envelope.From))
        {
            return new Delivery.MessageRefused(501, new(5, 1, 7), "The envelope sender is not an address; look at Mail:BounceAddress.");
        }
        return !IsPath(envelope.To) || envelope.To.Length == 0 ? Delivery.NotDelivered.With(new(5, 1, 3))
            : _server.SizeLimit > 0 && message.Length > _server.SizeLimit ? Delivery.NotDelivered.With(new(5, 3, 4))
            : NeedsUtf8(envelope, message) && !_server.SmtpUtf8 ? Delivery.NotDelivered.With(new(5, 6, 7))
            : !Ascii.IsValid(message) && !_server.EightBitMime ? Delivery.NotDelivered.With(new(5, 6, 3))
            : null;

        static bool IsPath(string address) => !address.Any(char.IsControl) && (address.StartsWith('"') || !address.AsSpan().ContainsAny("<> "));
    }

    private static bool NeedsUtf8(Envelope envelope, ReadOnlySpan<byte> message) =>
        !Ascii.IsValid(envelope.From) || !Ascii.IsValid(envelope.To)
        || (message.IndexOf("\r\n\r\n"u8) is var end && !Ascii.IsValid(end < 0 ? message : message[..end]));

    private async Task<Delivery> TransactAsync(Envelope envelope, ReadOnlyMemory<byte> message)
    {
        if (await EnvelopeAsync(envelope, message) is { } refused)
        {
            return refused;
        }

        WriteStuffed(message.Span);
        Arm("while sending the message");
        _dotOnItsWay = true;
        await FlushAsync(); // a write that fails has not handed over its last bytes, so the dot is not out

        SmtpReply reply;
        try
        {
            Arm("after the final dot");
            reply = await ReplyAsync();
            if (reply.Code / 100 == 3)
            {
                throw SmtpFaultException.Connection("");
            }
        }
        catch (Exception e) when (IsCut(e))
        {
            _broken = true;
            return new Delivery.InDoubt(e is OperationCanceledException
                ? $"{Server} did not answer to the final dot in time."
                : $"The connection to {Server} was lost after the final dot.");
        }
        _needsReset = false;
        return reply switch
        {
            { Is2xx: true } => new Delivery.Accepted(reply.Summary),
            _ => Refused(reply),
        };
    }

    /// <summary>MAIL, RCPT and DATA, in one write where the server allows (RFC 2920).</summary>
    /// <returns>null when the server waits for the message.</returns>
    private async Task<Delivery?> EnvelopeAsync(Envelope envelope, ReadOnlyMemory<byte> message)
    {
        var commands = Commands(envelope, message.Span);
        var replies = new List<(string Command, SmtpReply Reply)>(commands.Count);
        if (_server.Pipelining)
        {
            commands.ForEach(Write);
            Arm("in the envelope");
            await FlushAsync();
            foreach (var command in commands)
            {
                try
                {
                    replies.Add((command, await ReplyAsync()));
                }
                catch (Exception e) when (IsCut(e) && e is not OperationCanceledException && replies.Exists(r => !IsYes(r)))
                {
                    _broken = true; // some servers hang up after a refusal; the refusal stands
                    break;
                }
            }
        }
        else
        {
            foreach (var command in commands)
            {
                var reply = await CommandAsync(command, "in the envelope");
                replies.Add((command, reply));
                if (reply.Code / 100 is not (2 or 3))
                {
                    break;
                }
            }
        }

        _needsReset = true;
        if (replies.TrueForAll(IsYes))
        {
            return null;
        }
        if (replies[^1].Reply.Code == 354)
        {
            // It waits for a message that has no recipient. No dot can be sent that surely means nothing: hang up.
            _broken = true;
        }
        var (refused, refusal) = replies.Find(r => !IsYes(r));
        return refused == "RSET" ? throw Nonsense()
            : refused.StartsWith("MAIL", StringComparison.Ordinal) && refusal.Is5xx && !refusal.IsAboutLogin ? SenderRefused(refusal)
            : Refused(refusal);

        static bool IsYes((string Command, SmtpReply Reply) r) => r.Command == "DATA" ? r.Reply.Code == 354 : r.Reply.Is2xx;
    }

    private List<string> Commands(Envelope envelope, ReadOnlySpan<byte> message)
    {
        var mail = new StringBuilder($"MAIL FROM:<{envelope.From}>");
        var rcpt = new StringBuilder($"RCPT TO:<{envelope.To}>");
        if (_server.Size)
        {
            mail.Append(CultureInfo.InvariantCulture, $" SIZE={message.Length}");
        }
        if (!Ascii.IsValid(message))
        {
            mail.Append(" BODY=8BITMIME");
        }
        if (NeedsUtf8(envelope, message))
        {
            mail.Append(" SMTPUTF8");
        }
        if (_server.Dsn)
        {
            // Reports need our headers, for the Message-ID, and not the whole text with the customer's link.
            mail.Append(" RET=HDRS");
            rcpt.Append(" NOTIFY=FAILURE ORCPT=").Append(OriginalRecipient(envelope.To));
        }
        return _needsReset ? ["RSET", mail.ToString(), rcpt.ToString(), "DATA"] : [mail.ToString(), rcpt.ToString(), "DATA"];
    }

    /// <summary>As xtext (RFC 3461 4); beyond ASCII the address stands as it is, with the same signs escaped in another way (RFC 6533 3).</summary>
    private static string OriginalRecipient(string address) => Ascii.IsValid(address)
        ? "rfc822;" + address.Replace("+", "+2B", StringComparison.Ordinal).Replace("=", "+3D", StringComparison.Ordinal)
        : "utf-8;" + address.Replace("\\", @"\x{5C}", StringComparison.Ordinal).Replace("+", @"\x{2B}", StringComparison.Ordinal).Replace("=", @"\x{3D}", StringComparison.Ordinal);

    private Delivery Refused(SmtpReply reply)
    {
        if (reply.IsClosing)
        {
            _broken = true;
            throw new SmtpFaultException(new Delivery.TryLater(reply.Status), retry: true);
        }
        if (reply.IsAboutLogin)
        {
            return new Delivery.MessageRefused(reply.Code, reply.Status, $"{Server} wants a login, or another one; look at Mail:User and Mail:Security.");
        }
        return reply switch
        {
            { Is4xx: true } => new Delivery.TryLater(reply.Status),
            // Postfix and others judge the sender only at RCPT; to hold it against the customer would suppress everyone.
            { Is5xx: true, Status: { Subject: 1, Detail: 7 or 8 } } => SenderRefused(reply),
            { Is5xx: true } => Delivery.NotDelivered.With(reply.Status),
            _ => throw Nonsense(),
        };
    }

    /// <summary>A refusal that is meant for the sender; size (RFC 1870) and content are refused at MAIL too, and then mean this message.</summary>
    private Delivery SenderRefused(SmtpReply reply) =>
        reply.Code == 552 || reply.Status is { Subject: 3, Detail: 4 } ? Delivery.NotDelivered.With(new(5, 3, 4))
        : reply.Status.Subject == 6 ? Delivery.NotDelivered.With(reply.Status)
        : new Delivery.MessageRefused(
            reply.Code,
            reply.Status,
            $"{Server} refused our envelope sender ({reply.Code} {reply.Status}); look at Mail:BounceAddress and the relay's rules for senders.");

    private SmtpFaultException Nonsense()
    {
        _broken = true;
        return SmtpFaultException.Connection($"{Server} does not speak SMTP {_step}.");
    }

    // ---- Bytes ---------------------------------------------------------------------------------------------------------------

    /// <summary>Runs a piece of dialogue, and says in one vocabulary how it was cut, if it was.</summary>
    private async Task TalkAsync(Func<Task> dialogue, CancellationToken ct)
    {
        _dotOnItsWay = false;
        using var cancel = ct.UnsafeRegister(static session => ((SmtpSession)session!).Cancel(), this);
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
                OperationCanceledException => SmtpFaultException.Connection($"{Server} did not answer within {_options.TimeoutSeconds} s {_step}.", e),
                SmtpFaultException => e,
                _ => SmtpFaultException.Connection($"{Server} can't be reached or closed the connection {_step}.", e),
            };
        }
    }

    private static bool IsCut(Exception e) => e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or SmtpFaultException;

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

    /// <summary>Starts the wait for a step; the same limit holds for a whole group of commands and replies.</summary>
    private void Arm(string step)
    {
        _step = step;
        if (!_dotOnItsWay)
        {
            _limit.CancelAfter(_timeout);
        }
    }

    private async Task<SmtpReply> CommandAsync(string command, string? step = null)
    {
        Write(command);
        Arm(step ?? "in the opening");
        await FlushAsync();
        return await ReplyAsync();
    }

    private void Write(string command)
    {
        Encoding.UTF8.GetBytes(command, _out);
        _out.Write("\r\n"u8);
    }

    /// <summary>The message with leading dots doubled, and the final dot (RFC 5321 4.5.2).</summary>
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

    private async ValueTask FlushAsync()
    {
        await _stream.WriteAsync(_out.WrittenMemory, _limit.Token);
        _out.ResetWrittenCount();
    }

    private async ValueTask<SmtpReply> ReplyAsync()
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
}
