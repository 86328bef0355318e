using System.Globalization;
using System.Net;
using System.Net.Sockets;
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
internal sealed class SmtpSession : IMailSession
{
    // RFC 5321 4.5.3.1.4, without the line's end.
    private const int CommandLine = 510;

    private readonly MailOptions _options;
    private readonly SmtpChannel _channel;
    private readonly Standing _standing;
    private SmtpExtensions _server = SmtpExtensions.None;
    private SmtpReply? _greeting;
    private MailAuthentication? _login;
    private bool _loggedIn;
    private bool _needsReset;

    /// <summary>A session that is not open yet.</summary>
    /// <param name="options">The relay.</param>
    /// <param name="trusted">The certificates that are trusted; null: the machine's.</param>
    /// <param name="clock">Times the waits.</param>
    /// <param name="standing">What all sessions with the same relay find out; null for one that stands alone.</param>
    public SmtpSession(MailOptions options, X509Certificate2Collection? trusted, TimeProvider clock, Standing? standing = null) =>
        (_options, _channel, _standing) = (options, new SmtpChannel(options, trusted, clock), standing ?? new Standing(spared: 0));

    /// <inheritdoc/>
    public bool IsBroken => _channel.IsBroken;

    /// <inheritdoc/>
    public bool IsUsable => _channel.IsUsable;

    /// <summary>What the opening has found, as far as it came.</summary>
    public SmtpFacts Facts => new(_channel.RemoteEndPoint, _greeting, _channel.Secured, _channel.Certificate, _server, _login, _loggedIn);

    private string Server => _channel.Server;

    /// <summary>Sends by this session; connects with the first message.</summary>
    /// <exception cref="IOException">The file of <see cref="MailOptions.TrustedCertificate"/> can't be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">It holds no PEM certificate.</exception>
    public static RelayTransport Transport(MailOptions options, TimeProvider clock)
    {
        var trusted = options.TrustedCertificates();
        var standing = new Standing(spared: 1);
        return new(options, async ct => await OpenAsync(options, trusted, clock, standing, ct), clock);
    }

    /// <summary>Connects, greets, secures and logs in.</summary>
    /// <exception cref="SmtpFaultException">The session can't be had.</exception>
    private static async Task<SmtpSession> OpenAsync(
        MailOptions options, X509Certificate2Collection? trusted, TimeProvider clock, Standing standing, CancellationToken ct)
    {
        var session = new SmtpSession(options, trusted, clock, standing);
        try
        {
            await session.OpenAsync(ct);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Opens this one; what was found until a fault stays in <see cref="Facts"/>.</summary>
    /// <exception cref="SmtpFaultException">The session can't be had.</exception>
    public Task OpenAsync(CancellationToken ct) => _channel.RunAsync(GreetAsync, ct);

    /// <inheritdoc/>
    public async Task<Delivery> SendAsync(Envelope envelope, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        if (Unspeakable(envelope, message.Span) is { } refused)
        {
            return refused;
        }
        Delivery? delivery = null;
        await _channel.RunAsync(async () => delivery = await TransactAsync(envelope, message), ct);
        return delivery!;
    }

    /// <summary>Says goodbye without waiting for an answer, and closes.</summary>
    public void Dispose() => _channel.Dispose();

    // ---- Opening -------------------------------------------------------------------------------------------------------------

    private async Task GreetAsync()
    {
        await _channel.ConnectAsync();
        if (_options.Security == MailSecurity.Tls)
        {
            await _channel.SecureAsync();
        }
        _channel.Arm(SmtpChannel.Greeting);
        _greeting = await _channel.ReplyAsync();
        Opened(_greeting, "the greeting");
        await HelloAsync();

        if (_options.Security == MailSecurity.StartTls || (_options.Security == MailSecurity.Auto && _server.StartTls))
        {
            if (!_server.StartTls)
            {
                throw SmtpFaultException.Configuration($"{Server} does not offer STARTTLS, which Mail:Security asks for.");
            }
            Opened(await CommandAsync("STARTTLS"), "STARTTLS");
            if (_channel.HasUnread)
            {
                // What came in the clear behind the reply was put there by someone on the way (CVE-2011-0411).
                throw SmtpFaultException.Configuration($"{Server} sent more than a reply before the TLS handshake.");
            }
            await _channel.SecureAsync();
            await HelloAsync(); // RFC 3207 4.2: forget what was said in the clear
        }
        if (_options.User.Length > 0)
        {
            await LogInAsync();
        }
    }

    private Task<SmtpReply> CommandAsync(string command) => _channel.CommandAsync(command, "in the opening");

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
        var address = _channel.LocalEndPoint?.Address ?? IPAddress.Loopback;
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[IPv6:{address}]" : $"[{address}]";
    }

    /// <summary>RFC 4954; a password never goes out in the clear unless the settings say so.</summary>
    private async Task LogInAsync()
    {
        if (_channel.Tls is null && !_options.AllowAuthWithoutTls)
        {
            throw SmtpFaultException.Refusal(538, new(5, 7, 11), $"The login to {Server} was not tried, since the connection has no TLS: set Mail:Security, or Mail:AllowAuthWithoutTls.");
        }
        var (user, password) = (_options.User, _options.Password);
        _login = Mechanism();
        var reply = _login switch
        {
            MailAuthentication.Plain => await AnswerAsync("AUTH PLAIN", $"\0{user}\0{password}"),
            MailAuthentication.XOAuth2 => await AnswerAsync("AUTH XOAUTH2", $"user={user}\u0001auth=Bearer {password}\u0001\u0001"),
            _ => await AskedAsync("AUTH LOGIN", Base64(user), Base64(password)),
        };
        if (reply.IsClosing || reply.Is4xx)
        {
            throw SmtpFaultException.Connection($"{Server} can't check the login now ({reply.Code}).");
        }
        if (reply.Is5xx)
        {
            throw SmtpFaultException.Refusal(reply.Code, reply.Status, $"{Server} refused the login; look at Mail:User and Mail:Password.");
        }
        if (!reply.Is2xx)
        {
            throw _channel.Nonsense();
        }
        _loggedIn = true;

        // The answer goes along with the command where it fits (RFC 4954 4): a token may be longer than a line. A server that
        // asks for it all the same gets it once more, and one that explains a refusal in a 334 (XOAUTH2) gets the empty line
        // that it waits for.
        async Task<SmtpReply> AnswerAsync(string command, string answer)
        {
            var encoded = Base64(answer);
            return command.Length + 1 + encoded.Length > CommandLine ? await AskedAsync(command, encoded, "")
                : await AskedAsync($"{command} {encoded}", command == "AUTH PLAIN" ? encoded : "");
        }

        async Task<SmtpReply> AskedAsync(params string[] lines)
        {
            var reply = await CommandAsync(lines[0]);
            for (var i = 1; i < lines.Length && reply.Code == 334; i++)
            {
                reply = await CommandAsync(lines[i]);
            }
            return reply;
        }

        static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>The first mechanism that the settings allow and the server offers; no password goes to a server that did not ask for it.</summary>
    private MailAuthentication Mechanism()
    {
        var wanted = _options.Authentication;
        foreach (var (name, mechanism) in new[] { ("PLAIN", MailAuthentication.Plain), ("LOGIN", MailAuthentication.Login), ("XOAUTH2", MailAuthentication.XOAuth2) })
        {
            if ((wanted == MailAuthentication.Auto || wanted == mechanism) && _server.Logins.Contains(name))
            {
                return mechanism;
            }
        }
        throw SmtpFaultException.Refusal(504, new(5, 7, 4), wanted == MailAuthentication.Auto
            ? $"{Server} offers no login that we know (PLAIN, LOGIN, XOAUTH2); look at Mail:User and Mail:Security."
            : $"{Server} does not offer the login {wanted}; look at Mail:Authentication and Mail:Security.");
    }

    /// <summary>Passes a positive reply to a command of the opening; a 5xx there is meant for all our mail.</summary>
    private void Opened(SmtpReply reply, string command)
    {
        if (reply.Is5xx)
        {
            throw SmtpFaultException.Refusal(reply.Code, reply.Status, command == "STARTTLS"
                ? $"{Server} refused STARTTLS ({reply.Code} {reply.Status}), which it offers; look at the relay's TLS, and at Mail:Security."
                : $"{Server} refused {command} ({reply.Code} {reply.Status}): it does not take mail from this machine.");
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

        await _channel.MessageAsync(message); // a write that fails has not handed over its last bytes, so the dot is not out

        SmtpReply reply;
        try
        {
            reply = await _channel.ReplyAsync();
            if (reply.Code / 100 == 3)
            {
                throw SmtpFaultException.Connection("");
            }
        }
        catch (Exception e) when (SmtpChannel.IsCut(e))
        {
            _channel.Break();
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
            commands.ForEach(_channel.Write);
            _channel.Arm("in the envelope");
            await _channel.FlushAsync();
            foreach (var command in commands)
            {
                try
                {
                    replies.Add((command, await _channel.ReplyAsync()));
                }
                catch (Exception e) when (SmtpChannel.IsCut(e) && e is not OperationCanceledException && replies.Exists(r => !IsYes(r)))
                {
                    _channel.Break(); // some servers hang up after a refusal; the refusal stands
                    break;
                }
            }
        }
        else
        {
            foreach (var command in commands)
            {
                var reply = await _channel.CommandAsync(command, "in the envelope");
                replies.Add((command, reply));
                if (reply.Code / 100 is not (2 or 3))
                {
                    break;
                }
            }
        }

        _needsReset = true;
        if (replies.Exists(r => r.Command.StartsWith("RCPT", StringComparison.Ordinal) && r.Reply.Is2xx))
        {
            _standing.Accepted();
        }
        if (replies.TrueForAll(IsYes))
        {
            return null;
        }
        if (replies[^1].Reply.Code == 354)
        {
            // It waits for a message that has no recipient. No dot can be sent that surely means nothing: hang up.
            _channel.Break();
        }
        var (refused, refusal) = replies.Find(r => !IsYes(r));
        return refused == "RSET" ? throw _channel.Nonsense()
            : refused.StartsWith("MAIL", StringComparison.Ordinal) && refusal.Is5xx && !refusal.IsAboutLogin ? SenderRefused(refusal)
            : refused.StartsWith("RCPT", StringComparison.Ordinal) && MayRefuseUs(refusal) ? WeAreRefused(refusal)
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
            mail.Append(" RET=HDRS ENVID=").Append(Xtext(envelope.Id));
            rcpt.Append(" NOTIFY=FAILURE ORCPT=").Append(OriginalRecipient(envelope.To));
        }
        return _needsReset ? ["RSET", mail.ToString(), rcpt.ToString(), "DATA"] : [mail.ToString(), rcpt.ToString(), "DATA"];
    }

    /// <summary>Beyond ASCII the address stands as it is, with the same signs escaped in another way (RFC 6533 3).</summary>
    private static string OriginalRecipient(string address) => Ascii.IsValid(address)
        ? "rfc822;" + Xtext(address)
        : "utf-8;" + string.Concat(address.Select(c => c < '\x7f' && (c == '\\' || !IsXchar(c)) ? $"\\x{{{(int)c:X2}}}" : $"{c}"));

    /// <summary>RFC 3461 4: every sign but <c>!</c> to <c>~</c> without <c>+</c> and <c>=</c> as its hexadecimal code.</summary>
    private static string Xtext(string text) => string.Concat(text.Select(c => IsXchar(c) ? $"{c}" : $"+{(int)c:X2}"));

    private static bool IsXchar(char c) => c is >= '!' and <= '~' and not ('+' or '=');

    /// <summary>Whether we did without the login that the server offers, or may offer once there is TLS.</summary>
    private bool DoesWithoutLogin => _options.User.Length == 0 && (_server.Logins.Count > 0 || _server.StartTls);

    /// <summary>Whether a recipient may be refused because nobody is accepted from us: for want of a login, or since we may not relay.</summary>
    private bool MayRefuseUs(SmtpReply reply) =>
        !reply.IsAboutLogin && (reply.RefusesToRelay || (reply.IsPolicy && DoesWithoutLogin)) && !_standing.Relays;

    /// <summary>The first is put off, since he may be meant himself; the second stops us, lest all customers count as undelivered.</summary>
    private Delivery WeAreRefused(SmtpReply reply) =>
        _standing.Spare() ? new Delivery.TryLater(reply.Status)
        : new Delivery.MessageRefused(reply.Code, reply.Status, DoesWithoutLogin
            ? $"{Server} accepts no recipient from us ({reply.Status}), and no login is set; look at Mail:User, Mail:Password and Mail:Security."
            : $"{Server} accepts no recipient from us ({reply.Status}); look at Mail:User, and at the relay's rules for whom it relays.");

    private Delivery Refused(SmtpReply reply)
    {
        if (reply.IsClosing)
        {
            _channel.Break();
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
            _ => throw _channel.Nonsense(),
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

    /// <summary>What the relay has shown of its will to take mail from us, in all sessions: one reply to a recipient can't tell.</summary>
    /// <param name="spared">How many refusals that may be meant for us are taken for the recipient's.</param>
    internal sealed class Standing(int spared)
    {
        private volatile bool _relays;
        private int _left = spared;

        /// <summary>It has accepted a recipient, so that a refusal is meant for the one it names.</summary>
        public bool Relays => _relays;

        public void Accepted() => _relays = true;

        /// <summary>One more refusal; true when it is spared.</summary>
        public bool Spare() => Interlocked.Decrement(ref _left) >= 0;
    }
}
