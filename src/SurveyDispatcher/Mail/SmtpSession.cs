using System.Globalization;
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
    /// <summary>What the kernel surely takes at once, so that a write of no more than this is not cut in the middle.</summary>
    private const int OneWrite = 16 * 1024;

    private readonly MailOptions _options;
    private readonly Dialogue _dialogue;
    private readonly SmtpChannel _channel;
    private readonly SmtpOutcome _outcome;
    private SmtpReply? _greeting;
    private MailAuthentication? _login;
    private bool _loggedIn;
    private bool _needsReset;
    private (string Id, List<string> Commands)? _announced;

    /// <summary>A session that is not open yet.</summary>
    /// <param name="options">The relay.</param>
    /// <param name="trusted">The certificates that are trusted; null: the machine's.</param>
    /// <param name="clock">Times the waits.</param>
    /// <param name="standing">What all sessions with the same relay find out; null for one that stands alone.</param>
    public SmtpSession(MailOptions options, X509Certificate2Collection? trusted, TimeProvider clock, SmtpOutcome.Standing? standing = null)
    {
        _options = options;
        _dialogue = new(options, clock);
        _channel = new(options, _dialogue, new(MailOptions.Section, $"the relay", options.Host, trusted));
        _outcome = new(options, standing ?? new(spared: 0));
    }

    /// <inheritdoc/>
    public bool IsBroken => _dialogue.IsBroken;

    /// <inheritdoc/>
    public bool IsUsable => _announced is null ? _channel.IsUsable : !IsBroken;

    /// <inheritdoc/>
    public string? Announced => _announced?.Id;

    /// <summary>What the opening has found, as far as it came.</summary>
    public SmtpFacts Facts => new(_channel.RemoteEndPoint, _greeting, _channel.Secured, _channel.Certificate, Offered, _login, _loggedIn);

    private SmtpExtensions Offered => _outcome.Offered;

    /// <summary>Sends by this session; connects with the first message.</summary>
    /// <exception cref="IOException">The file of <see cref="MailOptions.TrustedCertificate"/> can't be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">It holds no PEM certificate.</exception>
    public static RelayTransport Transport(MailOptions options, TimeProvider clock)
    {
        var trusted = options.TrustedCertificates();
        var standing = new SmtpOutcome.Standing(spared: 1);
        return new(options, async ct => await OpenAsync(options, trusted, clock, standing, ct), clock);
    }

    /// <summary>Connects, greets, secures and logs in.</summary>
    /// <exception cref="SmtpFaultException">The session can't be had.</exception>
    private static async Task<SmtpSession> OpenAsync(
        MailOptions options, X509Certificate2Collection? trusted, TimeProvider clock, SmtpOutcome.Standing standing, CancellationToken ct)
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
    public Task OpenAsync(CancellationToken ct) => _dialogue.RunAsync(GreetAsync, ct);

    /// <inheritdoc/>
    public async Task<Delivery> SendAsync(Envelope envelope, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        if (_announced is { } announced && announced.Id != envelope.Id)
        {
            throw new InvalidOperationException($"The session has announced {announced.Id} and can't send {envelope.Id}.");
        }
        if (_outcome.Unspeakable(envelope, message.Span) is { } refused)
        {
            return refused;
        }
        Delivery? delivery = null;
        await _dialogue.RunAsync(async () => delivery = await TransactAsync(envelope, message), ct);
        return delivery!;
    }

    /// <summary>Says goodbye without waiting for an answer, and closes. Where the server waits for a message, a goodbye would be a line of it.</summary>
    public void Dispose()
    {
        if (_announced is not null)
        {
            _dialogue.Break();
        }
        _channel.Dispose();
        _dialogue.Dispose();
    }

    // ---- Opening -------------------------------------------------------------------------------------------------------------

    private async Task GreetAsync()
    {
        await _channel.ConnectAsync();
        if (_options.Security == MailSecurity.Tls)
        {
            await _channel.SecureAsync();
        }
        _dialogue.Arm(DialogueStep.Greeting);
        _greeting = await _channel.ReplyAsync();
        _outcome.Opened(_greeting, SmtpOutcome.Greeting);
        await HelloAsync();

        if (_options.Security == MailSecurity.StartTls || (_options.Security == MailSecurity.Auto && Offered.StartTls))
        {
            if (!Offered.StartTls)
            {
                throw _outcome.NoStartTls();
            }
            _outcome.Opened(await CommandAsync("STARTTLS"), "STARTTLS");
            if (_channel.HasUnread)
            {
                throw _dialogue.Smuggled();
            }
            await _channel.SecureAsync();
            await HelloAsync(); // RFC 3207 4.2: forget what was said in the clear
        }
        if (_options.User.Length > 0)
        {
            await LogInAsync();
        }
    }

    private Task<SmtpReply> CommandAsync(string command) => _channel.CommandAsync(command, DialogueStep.Opening);

    private async Task HelloAsync()
    {
        var name = SmtpOutcome.HelloName(_channel.LocalEndPoint);
        var reply = await CommandAsync($"EHLO {name}");
        if (reply.Is5xx && !reply.IsAboutLogin)
        {
            _outcome.Offered = SmtpExtensions.None;
            reply = await CommandAsync($"HELO {name}"); // a server from before 2001 (RFC 5321 3.2)
        }
        else if (reply.Is2xx)
        {
            _outcome.Offered = SmtpExtensions.From(reply);
        }
        _outcome.Opened(reply, "EHLO");
    }

    /// <summary>RFC 4954.</summary>
    private async Task LogInAsync()
    {
        var (user, password) = (_options.User, _options.Password);
        _login = _outcome.Mechanism(_channel.Tls is not null);
        var reply = _login switch
        {
            MailAuthentication.Plain => await AnswerAsync("AUTH PLAIN", $"\0{user}\0{password}"),
            MailAuthentication.XOAuth2 => await AnswerAsync("AUTH XOAUTH2", $"user={user}\u0001auth=Bearer {password}\u0001\u0001"),
            _ => await AskedAsync("AUTH LOGIN", Base64(user), Base64(password)),
        };
        _outcome.LoggedIn(reply);
        if (!reply.Is2xx)
        {
            throw _dialogue.Nonsense();
        }
        _loggedIn = true;

        // The answer goes along with the command where it fits (RFC 4954 4): a token may be longer than a line. A server that
        // asks for it all the same gets it once more, and one that explains a refusal in a 334 (XOAUTH2) gets the empty line
        // that it waits for.
        async Task<SmtpReply> AnswerAsync(string command, string answer)
        {
            var encoded = Base64(answer);
            return command.Length + 1 + encoded.Length > SmtpOutcome.CommandLine ? await AskedAsync(command, encoded, "")
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

    // ---- One message ---------------------------------------------------------------------------------------------------------

    private async Task<Delivery> TransactAsync(Envelope envelope, ReadOnlyMemory<byte> message)
    {
        var wasAnnounced = _announced is not null;
        if (await EnvelopeAsync(envelope, message) is { } refused)
        {
            return refused;
        }

        await _channel.AwaitAsync(envelope.Ready(), wasAnnounced);
        var next = Announceable(envelope.Next());
        _channel.WriteText(message.Span);
        if (next is not null && message.Length > OneWrite)
        {
            _dialogue.Arm(DialogueStep.Message);
            await _channel.FlushAsync();
        }
        _channel.WriteDot();
        _dialogue.ArmForDot();
        Announce(next);

        // A write that fails has not handed over its last bytes. With an announcement the dot is no longer among them.
        var dotMayBeOut = _announced is not null;
        SmtpReply reply;
        try
        {
            Moment.Of("send", envelope.Id);
            await _channel.FlushAsync();
            dotMayBeOut = true;
            // A server may keep its answer until it has looked at what else came with the dot, as Postfix does for a while.
            _dialogue.Arm(DialogueStep.FinalDot, _announced is null ? 1 : 2);
            reply = await _channel.ReplyAsync();
            Moment.Of("sent", envelope.Id);
            if (reply.Code / 100 == 3)
            {
                throw SmtpFaultException.Connection($"");
            }
        }
        catch (Exception e) when (dotMayBeOut && Dialogue.IsCut(e))
        {
            _dialogue.Break();
            return _outcome.Lost(e);
        }
        _needsReset = false;
        if (!reply.Is2xx)
        {
            return Refused("", reply);
        }
        _outcome.MessageAccepted();
        return new Delivery.Accepted(reply.Summary);
    }

    private Upcoming? Announceable(Upcoming? next) =>
        next is not null && Offered.Pipelining && _outcome.HearsAnnouncements && _outcome.Unspeakable(next.Envelope, next.Message.Span) is null ? next : null;

    /// <summary>The next envelope goes in one write with the final dot where the server allows (RFC 2920 3.1): a round trip less for each message.</summary>
    private void Announce(Upcoming? next)
    {
        if (next is not null)
        {
            var commands = Commands(next.Envelope, next.Message.Span);
            commands.ForEach(_channel.Write);
            _announced = (next.Envelope.Id, commands);
        }
    }

    /// <summary>MAIL, RCPT and DATA, in one write where the server allows (RFC 2920), unless the last message announced them.</summary>
    /// <returns>null when the server waits for the message.</returns>
    private async Task<Delivery?> EnvelopeAsync(Envelope envelope, ReadOnlyMemory<byte> message)
    {
        var commands = _announced?.Commands ?? [.. _needsReset ? ["RSET"] : Array.Empty<string>(), .. Commands(envelope, message.Span)];
        var replies = new List<(string Command, SmtpReply Reply)>(commands.Count);
        if (Offered.Pipelining)
        {
            _dialogue.Arm(DialogueStep.Envelope);
            var announced = _announced is not null;
            if (!announced)
            {
                commands.ForEach(_channel.Write);
                await _channel.FlushAsync();
            }
            _announced = null;
            foreach (var command in commands)
            {
                try
                {
                    replies.Add((command, await _channel.ReplyAsync()));
                    if (announced)
                    {
                        _outcome.AnnouncementHeard();
                    }
                }
                catch (Exception e) when (announced && replies.Count == 0 && Dialogue.IsCut(e))
                {
                    _outcome.AnnouncementLost(late: e is OperationCanceledException);
                    throw;
                }
                catch (Exception e) when (Dialogue.IsCut(e) && e is not OperationCanceledException && replies.Exists(r => !IsYes(r)))
                {
                    _dialogue.Break(); // some servers hang up after a refusal; the refusal stands
                    break;
                }
            }
        }
        else
        {
            foreach (var command in commands)
            {
                var reply = await _channel.CommandAsync(command, DialogueStep.Envelope);
                replies.Add((command, reply));
                if (reply.Code / 100 is not (2 or 3))
                {
                    break;
                }
            }
        }

        _needsReset = true;
        if (Accepts("MAIL") && Accepts("RCPT"))
        {
            _outcome.RecipientAccepted();
        }
        if (replies.TrueForAll(IsYes))
        {
            return null;
        }
        if (replies[^1] is ("DATA", { Code: not 354 and < 400 }))
        {
            throw _dialogue.Nonsense(); // no answer to DATA: somewhere before it there was a reply too many
        }
        if (replies[^1].Reply.Code == 354)
        {
            // It waits for a message that has no recipient. No dot can be sent that surely means nothing: hang up.
            _dialogue.Break();
        }
        var (refused, refusal) = replies.Find(r => !IsYes(r));
        return refused == "RSET" ? throw _dialogue.Nonsense() : Refused(refused, refusal);

        bool Accepts(string command) => replies.Exists(r => r.Command.StartsWith(command, StringComparison.Ordinal) && r.Reply.Is2xx);

        static bool IsYes((string Command, SmtpReply Reply) r) => r.Command == "DATA" ? r.Reply.Code == 354 : r.Reply.Is2xx;
    }

    private List<string> Commands(Envelope envelope, ReadOnlySpan<byte> message)
    {
        var mail = new StringBuilder($"MAIL FROM:<{envelope.From}>");
        var rcpt = new StringBuilder($"RCPT TO:<{envelope.To}>");
        if (Offered.Size)
        {
            mail.Append(CultureInfo.InvariantCulture, $" SIZE={message.Length}");
        }
        if (!Ascii.IsValid(message))
        {
            mail.Append(" BODY=8BITMIME");
        }
        if (SmtpOutcome.NeedsUtf8(envelope, message))
        {
            mail.Append(" SMTPUTF8");
        }
        if (Offered.Dsn)
        {
            // Reports need our headers, for the Message-ID, and not the whole text with the customer's link.
            mail.Append(" RET=HDRS ENVID=").Append(Xtext(envelope.Id));
            rcpt.Append(" NOTIFY=FAILURE ORCPT=").Append(OriginalRecipient(envelope.To));
        }
        return [mail.ToString(), rcpt.ToString(), "DATA"];
    }

    /// <summary>Beyond ASCII the address stands as it is, with the same signs escaped in another way (RFC 6533 3).</summary>
    private static string OriginalRecipient(string address) => Ascii.IsValid(address)
        ? "rfc822;" + Xtext(address)
        : "utf-8;" + string.Concat(address.Select(c => c < '\x7f' && (c == '\\' || !IsXchar(c)) ? $"\\x{{{(int)c:X2}}}" : $"{c}"));

    /// <summary>RFC 3461 4: every sign but <c>!</c> to <c>~</c> without <c>+</c> and <c>=</c> as its hexadecimal code.</summary>
    private static string Xtext(string text) => string.Concat(text.Select(c => IsXchar(c) ? $"{c}" : $"+{(int)c:X2}"));

    private static bool IsXchar(char c) => c is >= '!' and <= '~' and not ('+' or '=');

    private Delivery Refused(string command, SmtpReply reply) => _outcome.Refused(command, reply) ?? throw _dialogue.Nonsense();
}
