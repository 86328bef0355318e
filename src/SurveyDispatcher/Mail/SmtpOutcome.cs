using System.Net;
using System.Net.Sockets;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>What a relay's words mean: one place, so that every transport which speaks SMTP comes to the same outcome.</summary>
internal sealed class SmtpOutcome(string server)
{
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
    /// <exception cref="SmtpFaultException">The reply was no yes.</exception>
    public void Opened(SmtpReply reply, string command)
    {
        if (reply.Is5xx)
        {
            throw SmtpFaultException.Refusal(reply.Code, reply.Status, $"{server} refused {command} ({reply.Code} {reply.Status}): it does not take mail from this machine.");
        }
        if (!reply.Is2xx)
        {
            throw SmtpFaultException.Connection($"{server} is not ready ({reply.Code} to {command}).");
        }
    }

    /// <summary>The server offers no STARTTLS where we insist on it.</summary>
    public SmtpFaultException NoStartTls() => SmtpFaultException.Configuration($"{server} does not offer STARTTLS, which Mail:Security asks for.");

    /// <summary>The mechanism of the login; a password never goes out in the clear unless the settings say so.</summary>
    /// <param name="options">What the settings want.</param>
    /// <param name="secure">Whether the connection has TLS.</param>
    /// <param name="offered">The mechanisms that the server offers, in capitals.</param>
    /// <exception cref="SmtpFaultException">There must be no login, or there can be none.</exception>
    public MailAuthentication Mechanism(MailOptions options, bool secure, IReadOnlyCollection<string> offered)
    {
        if (!secure && !options.AllowAuthWithoutTls)
        {
            throw SmtpFaultException.Refusal(538, new(5, 7, 11), $"The login to {server} was not tried, since the connection has no TLS: set Mail:Security, or Mail:AllowAuthWithoutTls.");
        }
        if (options.Authentication != MailAuthentication.Auto)
        {
            return options.Authentication;
        }
        foreach (var (name, mechanism) in new[] { ("PLAIN", MailAuthentication.Plain), ("LOGIN", MailAuthentication.Login), ("XOAUTH2", MailAuthentication.XOAuth2) })
        {
            if (offered.Contains(name))
            {
                return mechanism;
            }
        }
        throw SmtpFaultException.Refusal(504, new(5, 7, 4), $"{server} offers no login that we know (PLAIN, LOGIN, XOAUTH2); look at Mail:User and Mail:Security.");
    }

    /// <summary>The server does not know a mechanism that the settings name.</summary>
    public SmtpFaultException NotAccepted(string mechanism) =>
        SmtpFaultException.Refusal(504, new(5, 7, 4), $"{server} does not accept AUTH {mechanism}; look at Mail:Authentication.");

    /// <summary>Passes a login that the server took (RFC 4954).</summary>
    /// <exception cref="SmtpFaultException">The reply was no yes.</exception>
    public void LoggedIn(SmtpReply reply)
    {
        if (reply.IsClosing || reply.Is4xx)
        {
            throw SmtpFaultException.Connection($"{server} can't check the login now ({reply.Code}).");
        }
        if (!reply.Is2xx)
        {
            throw SmtpFaultException.Refusal(reply.Code, reply.Status, $"{server} refused the login; look at Mail:User and Mail:Password.");
        }
    }

    // ---- One message ---------------------------------------------------------------------------------------------------------

    /// <summary>What is clear before a word is said: an address that is none, or a message that this server can't take; else null.</summary>
    public static Delivery? Unspeakable(Envelope envelope, ReadOnlySpan<byte> message, SmtpExtensions offered)
    {
        return !IsPath(envelope.From) ? NoSender()
            : !IsPath(envelope.To) || envelope.To.Length == 0 ? NoRecipient()
            : offered.SizeLimit > 0 && message.Length > offered.SizeLimit ? Delivery.NotDelivered.With(new(5, 3, 4))
            : NeedsUtf8(envelope, message) && !offered.SmtpUtf8 ? Delivery.NotDelivered.With(new(5, 6, 7))
            : !Ascii.IsValid(message) && !offered.EightBitMime ? Delivery.NotDelivered.With(new(5, 6, 3))
            : null;

        static bool IsPath(string address) => !address.Any(char.IsControl) && (address.StartsWith('"') || !address.AsSpan().ContainsAny("<> "));
    }

    public static Delivery NoSender() => new Delivery.MessageRefused(501, new(5, 1, 7), "The envelope sender is not an address; look at Mail:BounceAddress.");

    public static Delivery NoRecipient() => Delivery.NotDelivered.With(new(5, 1, 3));

    /// <summary>Whether only a server with SMTPUTF8 can take it (RFC 6531).</summary>
    public static bool NeedsUtf8(Envelope envelope, ReadOnlySpan<byte> message) =>
        !Ascii.IsValid(envelope.From) || !Ascii.IsValid(envelope.To) || !Ascii.IsValid(HeaderOf(message));

    /// <summary>All before the first empty line.</summary>
    public static ReadOnlySpan<byte> HeaderOf(ReadOnlySpan<byte> message)
    {
        var end = message.IndexOf("\r\n\r\n"u8);
        return end < 0 ? message : message[..end];
    }

    /// <summary>What a refusal of MAIL, RCPT, DATA or the message means.</summary>
    /// <param name="reply">Anything but the answer that the command hoped for.</param>
    /// <param name="toSender">Whether it answered MAIL.</param>
    /// <returns>null when the reply means nothing there.</returns>
    /// <exception cref="SmtpFaultException">421: the session ends with this reply.</exception>
    public Delivery? Refused(SmtpReply reply, bool toSender)
    {
        if (reply.IsClosing)
        {
            throw new SmtpFaultException(new Delivery.TryLater(reply.Status), retry: true);
        }
        if (reply.IsAboutLogin)
        {
            return new Delivery.MessageRefused(reply.Code, reply.Status, $"{server} wants a login, or another one; look at Mail:User and Mail:Security.");
        }
        return reply switch
        {
            { Is4xx: true } => new Delivery.TryLater(reply.Status),
            // Postfix and others judge the sender only at RCPT; to hold it against the customer would suppress everyone.
            { Is5xx: true } => toSender || reply.Status is { Subject: 1, Detail: 7 or 8 } ? SenderRefused(reply) : Delivery.NotDelivered.With(reply.Status),
            _ => null,
        };
    }

    /// <summary>The answer to the final dot did not come, or none can be made of it.</summary>
    public Delivery Lost(Exception e) => new Delivery.InDoubt(e is OperationCanceledException or TimeoutException
        ? $"{server} did not answer to the final dot in time."
        : $"The connection to {server} was lost after the final dot.");

    /// <summary>A refusal that is meant for the sender; size (RFC 1870) and content are refused at MAIL too, and then mean this message.</summary>
    private Delivery SenderRefused(SmtpReply reply) =>
        reply.Code == 552 || reply.Status is { Subject: 3, Detail: 4 } ? Delivery.NotDelivered.With(new(5, 3, 4))
        : reply.Status.Subject == 6 ? Delivery.NotDelivered.With(reply.Status)
        : new Delivery.MessageRefused(
            reply.Code,
            reply.Status,
            $"{server} refused our envelope sender ({reply.Code} {reply.Status}); look at Mail:BounceAddress and the relay's rules for senders.");
}
