using System.Net;
using System.Net.Sockets;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>What a relay's words mean: one place, so that every transport which speaks SMTP comes to the same outcome.</summary>
/// <param name="options">The relay, and how we come to it.</param>
/// <param name="standing">What all sessions with the same relay find out.</param>
internal sealed class SmtpOutcome(MailOptions options, SmtpOutcome.Standing standing)
{
    /// <summary>The longest command that a server has to take (RFC 5321 4.5.3.1.4), without the line's end.</summary>
    public const int CommandLine = 510;

    /// <summary>Instead of a command: what the server says first.</summary>
    public const string Greeting = "greeting";

    /// <summary>Instead of a command: whatever was said until the server waits for mail.</summary>
    public const string Opening = "opening";

    /// <summary>What the server offers, said last.</summary>
    public SmtpExtensions Offered { get; set; } = SmtpExtensions.None;

    private string Server => $"{options.Host}:{options.Port}";

    /// <summary>Whether we did without the login that the server offers, or may offer once there is TLS.</summary>
    private bool DoesWithoutLogin => options.User.Length == 0 && (Offered.Logins.Count > 0 || Offered.StartTls);

    // ---- Opening -------------------------------------------------------------------------------------------------------------

    /// <summary>The machine's name where it is a host name, else the address literal of our end (RFC 5321 4.1.3).</summary>
    public static string HelloName(EndPoint? ours)
    {
        var name = Dns.GetHostName();
        if (Uri.CheckHostName(name) == UriHostNameType.Dns && Ascii.IsValid(name) && !name.Contains('_', StringComparison.Ordinal))
        {
            return name;
        }
        var address = (ours as IPEndPoint)?.Address ?? IPAddress.Loopback;
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[IPv6:{address}]" : $"[{address}]";
    }

    /// <summary>Passes a positive reply to a command of the opening; a 5xx there is meant for all our mail.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="command">The command, <see cref="Greeting"/> or <see cref="Opening"/>.</param>
    /// <exception cref="SmtpFaultException">The reply was no yes.</exception>
    public void Opened(SmtpReply reply, string command)
    {
        if (reply.Is2xx)
        {
            return;
        }

        Phrase what = command switch
        {
            Greeting => $"the greeting",
            Opening => $"our opening",
            _ => $"{command}",
        };
        if (reply.Is5xx)
        {
            throw SmtpFaultException.Refusal(reply.Code, reply.Status, command == "STARTTLS"
                ? (Phrase)$"{Server} refused STARTTLS ({reply.Code} {reply.Status}), which it offers; look at the relay's TLS, and at Mail:Security."
                : $"{Server} refused {what} ({reply.Code} {reply.Status}): it does not take mail from this machine.");
        }
        throw SmtpFaultException.Connection($"{Server} is not ready ({reply.Code} to {what}).");
    }

    /// <summary>The server offers no STARTTLS where we insist on it.</summary>
    public SmtpFaultException NoStartTls() => SmtpFaultException.Configuration($"{Server} does not offer STARTTLS, which Mail:Security asks for.");

    /// <summary>The first mechanism that the settings allow and the server offers; no password goes to a server that did not ask for it, nor in the clear unless the settings say so.</summary>
    /// <param name="secure">Whether the connection has TLS.</param>
    /// <exception cref="SmtpFaultException">There must be no login, or there can be none.</exception>
    public MailAuthentication Mechanism(bool secure)
    {
        if (!secure && !options.AllowAuthWithoutTls)
        {
            throw SmtpFaultException.Refusal(538, new(5, 7, 11), $"The login to {Server} was not tried, since the connection has no TLS: set Mail:Security, or Mail:AllowAuthWithoutTls.");
        }
        var wanted = options.Authentication;
        foreach (var (name, mechanism) in new[] { ("PLAIN", MailAuthentication.Plain), ("LOGIN", MailAuthentication.Login), ("XOAUTH2", MailAuthentication.XOAuth2) })
        {
            if ((wanted == MailAuthentication.Auto || wanted == mechanism) && Offered.Logins.Contains(name))
            {
                return mechanism;
            }
        }
        throw SmtpFaultException.Refusal(504, new(5, 7, 4), wanted == MailAuthentication.Auto
            ? (Phrase)$"{Server} offers no login that we know (PLAIN, LOGIN, XOAUTH2); look at Mail:User and Mail:Security."
            : $"{Server} does not offer the login {wanted}; look at Mail:Authentication and Mail:Security.");
    }

    /// <summary>Passes a reply to a login that is no refusal (RFC 4954).</summary>
    /// <exception cref="SmtpFaultException">It is one, for now or for good.</exception>
    public void LoggedIn(SmtpReply reply)
    {
        if (reply.IsClosing || reply.Is4xx)
        {
            throw SmtpFaultException.Connection($"{Server} can't check the login now ({reply.Code}).");
        }
        if (reply.Is5xx)
        {
            throw SmtpFaultException.Refusal(reply.Code, reply.Status, $"{Server} refused the login; look at Mail:User and Mail:Password.");
        }
    }

    // ---- One message ---------------------------------------------------------------------------------------------------------

    /// <summary>What is clear before a word is said: an address that is none, or a message that this server can't take; else null.</summary>
    public Delivery? Unspeakable(Envelope envelope, ReadOnlySpan<byte> message)
    {
        return !IsPath(envelope.From) ? new Delivery.MessageRefused(501, new(5, 1, 7), Say($"The envelope sender is not an address; look at Mail:BounceAddress."))
            : !IsPath(envelope.To) || envelope.To.Length == 0 ? Delivery.NotDelivered.With(new(5, 1, 3))
            : Offered.SizeLimit > 0 && message.Length > Offered.SizeLimit ? Delivery.NotDelivered.With(new(5, 3, 4))
            : NeedsUtf8(envelope, message) && !Offered.SmtpUtf8 ? Delivery.NotDelivered.With(new(5, 6, 7))
            : !Ascii.IsValid(message) && !Offered.EightBitMime ? Delivery.NotDelivered.With(new(5, 6, 3))
            : null;

        static bool IsPath(string address) => !address.Any(char.IsControl) && (address.StartsWith('"') || !address.AsSpan().ContainsAny("<> "));
    }

    /// <summary>Whether only a server with SMTPUTF8 can take it (RFC 6531).</summary>
    public static bool NeedsUtf8(Envelope envelope, ReadOnlySpan<byte> message) =>
        !Ascii.IsValid(envelope.From) || !Ascii.IsValid(envelope.To) || !Ascii.IsValid(HeaderOf(message));

    /// <summary>All before the first empty line.</summary>
    public static ReadOnlySpan<byte> HeaderOf(ReadOnlySpan<byte> message)
    {
        var end = message.IndexOf("\r\n\r\n"u8);
        return end < 0 ? message : message[..end];
    }

    /// <summary>A recipient was accepted.</summary>
    public void RecipientAccepted() => standing.Accepted();

    /// <summary>A message was accepted.</summary>
    public void MessageAccepted() => standing.Taken();

    /// <summary>Whether the server can be told of the next message along with the dot of the last.</summary>
    public bool HearsAnnouncements => standing.HearsAnnouncements;

    /// <summary>The server answered to what stood behind a dot.</summary>
    public void AnnouncementHeard() => standing.AnnouncementHeard();

    /// <summary>The server did not answer to what stood behind a dot, as one does that throws away what came with it.</summary>
    /// <param name="late">It was waited for in vain; else the connection was lost, which has other reasons, too.</param>
    public void AnnouncementLost(bool late) => standing.AnnouncementLost(late);

    /// <summary>What a refusal of MAIL, RCPT, DATA or the message means.</summary>
    /// <param name="command">The command that was refused.</param>
    /// <param name="reply">Anything but the answer that the command hoped for.</param>
    /// <returns>null when the reply means nothing there.</returns>
    /// <exception cref="SmtpFaultException">421: the session ends with this reply.</exception>
    public Delivery? Refused(string command, SmtpReply reply)
    {
        if (command.StartsWith("RCPT", StringComparison.Ordinal) && MayRefuseUs(reply))
        {
            return WeAreRefused(reply);
        }
        if (reply.IsClosing)
        {
            throw new SmtpFaultException(new Delivery.TryLater(reply.Status), retry: true);
        }
        if (reply.IsAboutLogin)
        {
            return new Delivery.MessageRefused(reply.Code, reply.Status, Say($"{Server} wants a login, or another one; look at Mail:User and Mail:Security."));
        }
        return reply switch
        {
            { Is4xx: true } => new Delivery.TryLater(reply.Status),
            { Is5xx: true } when command.StartsWith("MAIL", StringComparison.Ordinal) => SenderRefused(reply),
            { Is5xx: true } when !command.StartsWith("RCPT", StringComparison.Ordinal) && !standing.SpareMessage() => new Delivery.MessageRefused(
                reply.Code, reply.Status, Say($"{Server} accepts recipients, but has refused every message so far ({reply.Code} {reply.Status}); look at the relay's filters and its log.")),
            // Postfix and others judge the sender only at RCPT; to hold it against the customer would suppress everyone.
            { Is5xx: true, Status: { Subject: 1, Detail: 7 or 8 } } => SenderRefused(reply),
            { Is5xx: true } => Delivery.NotDelivered.With(reply.Status),
            _ => null,
        };
    }

    /// <summary>The answer to the final dot did not come, or none can be made of it.</summary>
    public Delivery Lost(Exception e) => new Delivery.InDoubt(Say(e is OperationCanceledException or TimeoutException
        ? (Phrase)$"{Server} did not answer to the final dot in time."
        : $"The connection to {Server} was lost after the final dot."));

    /// <summary>Whether a recipient may be refused because nobody is accepted from us: for want of a login, or since we may not relay.</summary>
    private bool MayRefuseUs(SmtpReply reply) =>
        !reply.IsAboutLogin && (reply.RefusesToRelay || (reply.IsPolicy && DoesWithoutLogin)) && !standing.Relays;

    /// <summary>The first is put off, since he may be meant himself; the second stops us, lest all customers count as undelivered.</summary>
    private Delivery WeAreRefused(SmtpReply reply) =>
        standing.Spare() ? new Delivery.TryLater(reply.Status)
        : new Delivery.MessageRefused(reply.Code, reply.Status, Say(DoesWithoutLogin
            ? (Phrase)$"{Server} accepts no recipient from us ({reply.Status}), and no login is set; look at Mail:User, Mail:Password and Mail:Security."
            : $"{Server} accepts no recipient from us ({reply.Status}); look at Mail:User, and at the relay's rules for whom it relays."));

    /// <summary>A refusal that is meant for the sender; size (RFC 1870) and content are refused at MAIL too, and then mean this message.</summary>
    private Delivery SenderRefused(SmtpReply reply) =>
        reply.Code == 552 || reply.Status is { Subject: 3, Detail: 4 } ? Delivery.NotDelivered.With(new(5, 3, 4))
        : reply.Status.Subject == 6 ? Delivery.NotDelivered.With(reply.Status)
        : standing.SpareSender() ? new Delivery.NotDelivered(reply.Status, AddressClass.Policy)
        : new Delivery.MessageRefused(
            reply.Code,
            reply.Status,
            Say($"{Server} refused our envelope sender ({reply.Code} {reply.Status}); look at Mail:BounceAddress and the relay's rules for senders."));

    /// <summary>What the relay has shown of its will to take mail from us, in all sessions: one reply to a recipient can't tell.</summary>
    /// <param name="spared">How many refusals that may be meant for us are taken for the recipient's.</param>
    internal sealed class Standing(int spared)
    {
        private const int Many = 10, Few = 3;

        private volatile bool _relays, _takes;
        private int _messages, _senders, _lost;
        private int _left = spared;

        /// <summary>It has accepted a recipient, so that a refusal is meant for the one it names.</summary>
        public bool Relays => _relays;

        /// <summary>False once an announcement was waited for in vain, or several connections in a row ended at one.</summary>
        public bool HearsAnnouncements => Volatile.Read(ref _lost) < Few;

        public void AnnouncementHeard()
        {
            if (HearsAnnouncements)
            {
                Volatile.Write(ref _lost, 0);
            }
        }

        public void AnnouncementLost(bool late) => Interlocked.Add(ref _lost, late ? Few : 1);

        public void Accepted()
        {
            _relays = true;
            Interlocked.Exchange(ref _senders, 0);
        }

        public void Taken() => _takes = true;

        /// <summary>One more message refused whose recipient was accepted; false when that was the fate of so many, and of all, that it is no matter of one.</summary>
        public bool SpareMessage() => _takes || Interlocked.Increment(ref _messages) <= Many;

        /// <summary>One more envelope sender refused; true when that is a matter of one message, since others' were accepted before and will be again.</summary>
        public bool SpareSender() => _relays && Interlocked.Increment(ref _senders) <= Few;

        /// <summary>One more refusal; true when it is spared.</summary>
        public bool Spare() => Interlocked.Decrement(ref _left) >= 0;
    }
}
