using System.Buffers.Text;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using Survey.Domain;
using HandshakeException = System.Security.Authentication.AuthenticationException;

namespace SurveyDispatcher.Mail;

/// <summary>One session with the relay through MailKit, for many messages, one after the other: the same bytes and the same outcomes as <see cref="SmtpSession"/>.</summary>
/// <remarks>
/// The library has one exception for a connection that is lost before the final dot and for one lost after it; what tells them
/// apart is <see cref="MailKitWatch"/>. Which member does what, and where in its source that was read: docs/mailkit.md.
/// </remarks>
internal sealed class MailKitSession : IMailSession
{
    private readonly MailOptions _options;
    private readonly Dialogue _dialogue;
    private readonly CertificateCheck _certificate;
    private readonly SmtpOutcome _outcome;
    private readonly MailKitWatch _watch;
    private readonly Client _client;
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private MailKitSession(MailOptions options, X509Certificate2Collection? trusted, TimeProvider clock, SmtpOutcome.Standing standing)
    {
        _options = options;
        _dialogue = new(options, clock);
        _certificate = new(MailOptions.Section, $"the relay", options.Host, trusted);
        _outcome = new(options, standing);
        _watch = new(_dialogue);
        _client = new(_watch, _certificate, _outcome)
        {
            Timeout = options.TimeoutSeconds * 1000, // of each read and write; the dialogue's limit is for whole replies
            CheckCertificateRevocation = false,
            ServerCertificateValidationCallback = _certificate.Passes,
            DeliveryStatusNotificationType = DeliveryStatusNotificationType.HeadersOnly, // reports need our headers, not the customer's link
        };
    }

    /// <inheritdoc/>
    public bool IsBroken => _dialogue.IsBroken || !_client.IsConnected;

    /// <inheritdoc/>
    public string? Announced => null; // the library begins each message by itself

    /// <inheritdoc/>
    public bool IsUsable => !_dialogue.IsBroken && _client.IsConnected && !_watch.IsOutOfStep && !_socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Sends by this session; connects with the first message.</summary>
    /// <exception cref="IOException">The file of <see cref="MailOptions.TrustedCertificate"/> can't be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">It holds no PEM certificate.</exception>
    public static RelayTransport Transport(MailOptions options, TimeProvider clock)
    {
        MailboxAddress.IdnMapping = new DomainsAsTheyAre();
        var trusted = options.TrustedCertificates();
        var standing = new SmtpOutcome.Standing(spared: 1);
        return new(options, async ct => await OpenAsync(options, trusted, clock, standing, ct), clock);
    }

    /// <inheritdoc/>
    public async Task<Delivery> SendAsync(Envelope envelope, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        if (_outcome.Unspeakable(envelope, message.Span) is { } refused)
        {
            return refused;
        }
        Delivery? delivery = null;
        await _dialogue.RunAsync(async () => delivery = await TransactAsync(envelope, message), ct);
        return delivery!;
    }

    /// <summary>Says goodbye, waits a second at most for the answer, and closes.</summary>
    public void Dispose()
    {
        try
        {
            if (!_dialogue.IsBroken && _client.IsConnected)
            {
                _client.Timeout = 1000;
                _client.Disconnect(quit: true);
            }
        }
        catch (Exception e) when (Dialogue.IsCut(e) || e is InvalidOperationException)
        {
            _dialogue.Break(); // it was gone already, which is all that goodbye is for
        }
        _client.Dispose();
        _socket.Dispose();
        _dialogue.Dispose();
    }

    /// <summary>An option of the library for each of ours.</summary>
    internal static SecureSocketOptions Option(MailSecurity security) => security switch
    {
        MailSecurity.Auto => SecureSocketOptions.StartTlsWhenAvailable,
        MailSecurity.None => SecureSocketOptions.None,
        MailSecurity.StartTls => SecureSocketOptions.StartTls,
        MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
        _ => throw new ArgumentOutOfRangeException(nameof(security), security, "Unknown security."),
    };

    private static async Task<MailKitSession> OpenAsync(
        MailOptions options, X509Certificate2Collection? trusted, TimeProvider clock, SmtpOutcome.Standing standing, CancellationToken ct)
    {
        var session = new MailKitSession(options, trusted, clock, standing);
        try
        {
            await session._dialogue.RunAsync(session.GreetAsync, ct);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    // ---- Opening -------------------------------------------------------------------------------------------------------------

    private async Task GreetAsync()
    {
        _dialogue.Arm(DialogueStep.Connection);
        await _socket.ConnectAsync(_options.Host, _options.Port, _dialogue.Limit);
        _client.LocalDomain = SmtpOutcome.HelloName(_socket.LocalEndPoint);
        _dialogue.Arm(_options.Security == MailSecurity.Tls ? DialogueStep.Handshake : DialogueStep.Greeting);
        try
        {
            await _client.ConnectAsync(_socket, _options.Host, _options.Port, Option(_options.Security), _dialogue.Limit);
        }
        catch (SmtpCommandException e)
        {
            _outcome.Opened(Reply(e), SmtpOutcome.Opening);
            throw _dialogue.Nonsense(); // another yes than the one that belongs there
        }
        catch (SslHandshakeException e)
        {
            throw Handshake(e);
        }
        catch (NotSupportedException)
        {
            throw _outcome.NoStartTls();
        }
        catch (ProtocolException e)
        {
            throw Cut(e);
        }
        _outcome.Offered = new()
        {
            SizeLimit = _client.MaxSize,
            EightBitMime = _client.Capabilities.HasFlag(SmtpCapabilities.EightBitMime),
            SmtpUtf8 = _client.Capabilities.HasFlag(SmtpCapabilities.UTF8),
            StartTls = _client.Capabilities.HasFlag(SmtpCapabilities.StartTLS) && !_client.IsSecure, // the library remembers the offer
            Logins = [.. _client.AuthenticationMechanisms.Select(m => m.ToUpperInvariant())],
        };
        if (_options.User.Length > 0)
        {
            await LogInAsync();
        }
    }

    private async Task LogInAsync()
    {
        var (user, password) = (_options.User, _options.Password);
        SaslMechanism mechanism = _outcome.Mechanism(_client.IsSecure) switch
        {
            MailAuthentication.Plain => new SaslMechanismPlain(user, password),
            MailAuthentication.XOAuth2 => new Token(user, password),
            _ => new SaslMechanismLogin(user, password),
        };
        try
        {
            await _client.AuthenticateAsync(mechanism, _dialogue.Limit);
        }
        catch (AuthenticationException e)
        {
            _outcome.LoggedIn(LoginReply(e.Message));
            throw _dialogue.Nonsense(); // another yes than 235
        }
        catch (NotSupportedException)
        {
            throw SmtpFaultException.Refusal(504, new(5, 7, 4), $"{_dialogue.Server} asks for the login in a way that MailKit does not know; set Mail:Authentication, or Mail:Transport to Smtp.");
        }
        catch (ProtocolException e)
        {
            throw Cut(e);
        }
    }

    /// <summary>The library wraps whatever ends a handshake, the end of the wait included.</summary>
    private Exception Handshake(SslHandshakeException e) => e.InnerException switch
    {
        HandshakeException => SmtpFaultException.Configuration(_certificate.Problem(_dialogue.Server), e),
        OperationCanceledException cancelled => cancelled,
        TimeoutException late => late,
        _ => Cut(e),
    };

    // ---- One message ---------------------------------------------------------------------------------------------------------

    private async Task<Delivery> TransactAsync(Envelope envelope, ReadOnlyMemory<byte> message)
    {
        if (Mailbox(envelope.From) is not { } from)
        {
            return new Delivery.MessageRefused(501, new(5, 1, 7), Say($"MailKit can't write the envelope sender as it is; look at Mail:BounceAddress, or set Mail:Transport to Smtp."));
        }
        if (Mailbox(envelope.To) is not { } to)
        {
            return Delivery.NotDelivered.With(new(5, 5, 4)); // which says nothing of the address
        }
        if (envelope.Ready() is { IsCompletedSuccessfully: false } ready)
        {
            await _dialogue.AwaitAsync(ready); // the library can't be stopped before the dot
        }
        using var mime = Parsed(message);
        var format = new FormatOptions { International = !Ascii.IsValid(SmtpOutcome.HeaderOf(message.Span)) };
        (_client.Original, _client.EnvelopeId) = (message, envelope.Id);
        _watch.Begin();
        _dialogue.Arm(_watch.Step);
        try
        {
            var answer = await _client.SendAsync(format, mime, from, [to], _dialogue.Limit, _watch);
            _outcome.MessageAccepted();
            return new Delivery.Accepted(new SmtpReply(250, answer.Split('\n')).Summary);
        }
        catch (SmtpCommandException e)
        {
            return Refused(e.ErrorCode switch { SmtpErrorCode.SenderNotAccepted => "MAIL", SmtpErrorCode.RecipientNotAccepted => "RCPT", _ => "" }, Reply(e), e);
        }
        catch (ServiceNotAuthenticatedException e)
        {
            return Refused("", new(530, e.Message.Split('\n')), e);
        }
        catch (Exception e) when (_watch.DotMayBeOut(e))
        {
            _dialogue.Break();
            return _outcome.Lost(e);
        }
        catch (Exception e) when (e is ProtocolException or ServiceNotConnectedException)
        {
            throw Cut(e);
        }
    }

    private Delivery Refused(string command, SmtpReply reply, Exception e)
    {
        if (reply.Is2xx && _watch.DotIsOut)
        {
            return new Delivery.Accepted(reply.Summary); // the library knows no yes but 250
        }
        if (_outcome.Refused(command, reply) is { } refused)
        {
            return refused;
        }
        var nonsense = _dialogue.Nonsense();
        return _watch.DotIsOut ? _outcome.Lost(e) : throw nonsense;
    }

    /// <summary>The message as the library wants it, every header marked to be written as it is.</summary>
    private static MimeMessage Parsed(ReadOnlyMemory<byte> message)
    {
        var mime = MimeMessage.Load(new MemoryStream(message.ToArray(), writable: false), persistent: true);
        var headers = mime.BodyParts.Append(mime.Body).Where(e => e is not null).SelectMany(e => e!.Headers);
        foreach (var header in mime.Headers.Concat(headers).ToList())
        {
            header.SetRawValue(header.RawValue);
        }
        return mime;
    }

    /// <summary>The address for the envelope, letter for letter; null when the library would write another, or none.</summary>
    private static MailboxAddress? Mailbox(string address)
    {
        try
        {
            var mailbox = new MailboxAddress("", address);
            return mailbox.Address == address ? mailbox : null;
        }
        catch (ParseException)
        {
            return null;
        }
    }

    private static SmtpReply Reply(SmtpCommandException e) => new((int)e.StatusCode, e.Message.Split('\n'));

    /// <summary>The reply in the text of a refused login: <c>535: 5.7.8 no</c>; only 534 comes without its code.</summary>
    private static SmtpReply LoginReply(string text) =>
        text.Length >= 5 && text[3] == ':' && int.TryParse(text.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? new(code, text[5..].Split('\n'))
            : new(534, text.Split('\n'));

    /// <summary>The library's word for a server that hung up or spoke nonsense, in ours.</summary>
    private static IOException Cut(Exception e) => new(e.Message, e);

    /// <summary>A token goes along with the command where it fits (RFC 4954 4).</summary>
    private sealed class Token(string user, string token) : SaslMechanismOAuth2(user, token)
    {
        public override bool SupportsInitialResponse { get; } =
            "AUTH XOAUTH2 ".Length + Base64.GetMaxEncodedToUtf8Length($"user={user} auth=Bearer {token}  ".Length) <= SmtpOutcome.CommandLine;
    }

    /// <summary>The library's client, told to leave the bytes alone.</summary>
    private sealed class Client(MailKitWatch watch, CertificateCheck certificate, SmtpOutcome outcome) : SmtpClient(watch)
    {
        private bool _senderIsAccepted;

        /// <summary>The message that is being sent.</summary>
        public ReadOnlyMemory<byte> Original { get; set; }

        /// <summary>Its contact's name.</summary>
        public string EnvelopeId { get; set; } = "";

        protected override SslClientAuthenticationOptions GetSslClientAuthenticationOptions(string host, RemoteCertificateValidationCallback remoteCertificateValidationCallback)
        {
            var tls = base.GetSslClientAuthenticationOptions(host, remoteCertificateValidationCallback);
            tls.CertificateChainPolicy = certificate.ChainPolicy;
            tls.AllowTlsResume = false; // each connection looks at the certificate that the server has now
            return tls;
        }

        protected override DeliveryStatusNotification? GetDeliveryStatusNotifications(MimeMessage message, MailboxAddress mailbox) => DeliveryStatusNotification.Failure;

        protected override string GetEnvelopeId(MimeMessage message) => EnvelopeId;

        protected override void OnSenderAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response) => _senderIsAccepted = true;

        protected override void OnSenderNotAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response)
        {
            _senderIsAccepted = false;
            base.OnSenderNotAccepted(message, mailbox, response);
        }

        /// <summary>With PIPELINING a server may say yes to a recipient behind a sender that it has refused: that shows nothing.</summary>
        protected override void OnRecipientAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response)
        {
            if (_senderIsAccepted)
            {
                outcome.RecipientAccepted();
            }
        }

        /// <summary>The library would choose other encodings for other servers; the composer has chosen one that suits all.</summary>
        protected override void Prepare(FormatOptions options, MimeMessage message, EncodingConstraint constraint, int maxLineLength) =>
            options.EnsureNewLine = false; // a last line without an end gets it with the final dot

        /// <summary>Writes the message once to learn its size, as the library does, and looks at what it wrote.</summary>
        protected override async Task<long> GetSizeAsync(FormatOptions options, MimeMessage message, CancellationToken cancellationToken)
        {
            using var written = new MemoryStream(Original.Length);
            await message.WriteToAsync(options, written, cancellationToken);
            return written.GetBuffer().AsSpan(0, (int)written.Length).SequenceEqual(Original.Span)
                ? written.Length
                : throw SmtpFaultException.Configuration($"The library MailKit would have sent other bytes than were composed; set Mail:Transport to Smtp, and report this line.");
        }
    }
}
