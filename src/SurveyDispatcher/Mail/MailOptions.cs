using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>How the connection to the relay is protected.</summary>
public enum MailSecurity
{
    /// <summary>STARTTLS where the server offers it, else in the clear. The certificate is checked all the same.</summary>
    Auto,

    /// <summary>In the clear, even where STARTTLS is offered.</summary>
    None,

    /// <summary>STARTTLS (RFC 3207); a server that does not offer it is refused.</summary>
    StartTls,

    /// <summary>TLS from the first byte (RFC 8314), usually on port 465.</summary>
    Tls,
}

/// <summary>How we log in, when <see cref="MailOptions.User"/> is set.</summary>
public enum MailAuthentication
{
    /// <summary>PLAIN, else LOGIN, else XOAUTH2, by what the server offers.</summary>
    Auto,

    /// <summary>RFC 4616.</summary>
    Plain,

    /// <summary>The two questions that older servers ask.</summary>
    Login,

    /// <summary><see cref="MailOptions.Password"/> is an OAuth 2.0 access token.</summary>
    XOAuth2,
}

/// <summary>The section <c>Mail</c> of <c>appsettings.json</c>.</summary>
public sealed class MailOptions : IValidatableObject
{
    /// <summary>The section's name.</summary>
    public const string Section = "Mail";

    /// <summary>
    /// <c>Pickup</c> writes <c>.eml</c> files to <c>mail/</c> in the data directory; <c>Smtp</c> sends; <c>MailKit</c> sends through
    /// that library, in a build that has it. The default is <c>Pickup</c>.
    /// </summary>
    [AllowedValues("Pickup", "Smtp", "MailKit", ErrorMessageResourceType = typeof(MailOptions), ErrorMessageResourceName = nameof(KnownTransports))]
    public string Transport { get; set; } = "Pickup";

    /// <summary>The relay's name or address; its certificate must be for this name. The default is <c>localhost</c>.</summary>
    [Required]
    public string Host { get; set; } = "localhost";

    /// <summary>The relay's port. The default is 25; 465 is usual with <see cref="MailSecurity.Tls"/>, 587 with a login.</summary>
    [Range(1, 65535)]
    public int Port { get; set; } = 25;

    /// <summary>How the connection is protected. The default is <see cref="MailSecurity.Auto"/>.</summary>
    [EnumDataType(typeof(MailSecurity))]
    public MailSecurity Security { get; set; } = MailSecurity.Auto;

    /// <summary>The login's name; empty (the default): no login.</summary>
    public string User { get; set; } = "";

    /// <summary>The login's password, or access token. Never in a file that is committed: <c>SURVEY_Mail__Password</c>.</summary>
    public string Password { get; set; } = "";

    /// <summary>The login's mechanism. The default is <see cref="MailAuthentication.Auto"/>.</summary>
    [EnumDataType(typeof(MailAuthentication))]
    public MailAuthentication Authentication { get; set; } = MailAuthentication.Auto;

    /// <summary>Logs in over a connection without TLS too, so that anyone on the way can read the password. The default is false.</summary>
    public bool AllowAuthWithoutTls { get; set; }

    /// <summary>A PEM file with the certificates of a private CA, trusted instead of the machine's. Empty (the default): the machine's.</summary>
    public string TrustedCertificate { get; set; } = "";

    /// <summary>Concurrent SMTP sessions, each kept open and reused. The default is 4.</summary>
    [Range(1, 100)]
    public int Connections { get; set; } = 4;

    /// <summary>Messages handed to the server in any 60 seconds, over all sessions. The default is 0: no limit.</summary>
    [Range(0, 1_000_000)]
    public int MaxPerMinute { get; set; }

    /// <summary>The same for each recipient domain, which its mailbox provider sees. The default is 0: no limit.</summary>
    /// <remarks>What finds no room waits while mail to other domains goes out.</remarks>
    [Range(0, 1_000_000)]
    public int MaxPerMinutePerDomain { get; set; }

    /// <summary>Minutes that one cycle sends for; what is left then stays queued for the next. The default is 50; 0: no limit.</summary>
    /// <remarks>So that opt-outs, answers and extracts are not kept waiting by a slow relay or a low limit: each cycle takes them first.</remarks>
    [Range(0, 1440)]
    public int MaxMinutes { get; set; } = 50;

    /// <summary>Seconds from a connection's first failure during which it is tried again, over all messages. The default is 30; 0: never.</summary>
    [Range(0, 86_400)]
    public int RetrySeconds { get; set; } = 30;

    /// <summary>Seconds to wait for a connection, a handshake, a write or a reply. The default is 60.</summary>
    /// <remarks>
    /// RFC 5321 4.5.3.2 would wait up to ten minutes. A relay of one's own answers in milliseconds, and what a time-out
    /// after the final dot leaves in doubt is sent again under the same Message-ID.
    /// </remarks>
    [Range(1, 600)]
    public int TimeoutSeconds { get; set; } = 60;

    /// <summary>Where reports come back to; the envelope sender is a VERP variant of it. Empty (the default): the market's sender.</summary>
    public string BounceAddress { get; set; } = "";

    /// <summary>A mailbox that reports are fetched from, in a build with MailKit. The default is none.</summary>
    public BounceMailboxOptions BounceMailbox { get; set; } = new();

    /// <summary>Sends a market's mail only when the DNS records of its sender are there and good: SPF, DMARC, and DKIM where selectors are set. The default is false.</summary>
    public bool RequireSenderRecords { get; set; }

    /// <summary>The DKIM selectors that the relay signs with (RFC 6376 3.1): a list, or one text parted by commas. The default is none: DKIM is not looked at.</summary>
    public string[] DkimSelectors { get; set; } = [];

    /// <summary>The name server that is asked for these records, <c>ADDRESS</c> or <c>ADDRESS:PORT</c>. Empty (the default): the machine's.</summary>
    public string DnsServer { get; set; } = "";

    /// <summary>What is said of any other transport.</summary>
    internal static string KnownTransports => Say($"'Pickup', 'Smtp' or 'MailKit' is expected.");

    /// <summary>Whether this build can speak through MailKit: <c>-p:MailKit=true</c>, docs/mailkit.md.</summary>
    internal static bool HasMailKit =>
#if MAILKIT
        true;
#else
        false;
#endif

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (BounceAddress.Length > 0 && EmailAddress.Parse(BounceAddress) is null)
        {
            yield return new(Say($"'{BounceAddress}' is no e-mail address."), [nameof(BounceAddress)]);
        }

        if (Array.FindIndex(DkimSelectors, s => !IsSelector(s)) is >= 0 and var wrong)
        {
            yield return new(Say($"'{DkimSelectors[wrong]}' is no DKIM selector: a name such as s2026 is expected."), [nameof(DkimSelectors)]);
        }

        if (DnsServer.Length > 0 && TxtLookup.ServerOf(DnsServer) is null)
        {
            yield return new(Say($"'{DnsServer}' is no name server: an address such as 192.0.2.53 or 192.0.2.53:5353 is expected."), [nameof(DnsServer)]);
        }

        if (TrustedCertificate.Length > 0 && CertificateProblem() is { } problem)
        {
            yield return new(Say($"'{TrustedCertificate}' is no file of PEM certificates: {problem}"), [nameof(TrustedCertificate)]);
        }

        if (Transport == "MailKit" && !HasMailKit)
        {
            yield return new(
                Say($"'MailKit' needs the library MailKit, which this build has not. Build one with 'dotnet publish src/SurveyDispatcher -c Release -p:MailKit=true -o bin' where the package MailKit can be had (docs/mailkit.md), or set 'Smtp'."),
                [nameof(Transport)]);
        }

        if (BounceMailbox.Host.Length > 0 && !HasMailKit)
        {
            yield return new(
                Say($"Reports are fetched by IMAP with the library MailKit, which this build has not. Build one with 'dotnet publish src/SurveyDispatcher -c Release -p:MailKit=true -o bin' where the package MailKit can be had (docs/mailkit.md), or let something else put them into inbox/bounces/."),
                [nameof(BounceMailbox)]);
        }

        var faults = new List<ValidationResult>();
        Validator.TryValidateObject(BounceMailbox, new ValidationContext(BounceMailbox), faults, validateAllProperties: true);
        foreach (var fault in faults)
        {
            yield return new(Reason.InWords(fault.ErrorMessage!), fault.MemberNames.Select(m => $"{nameof(BounceMailbox)}:{m}"));
        }
    }

    /// <summary>The certificates of <see cref="TrustedCertificate"/>; null where the machine's are trusted.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="CryptographicException">It holds no PEM certificate.</exception>
    internal X509Certificate2Collection? TrustedCertificates()
    {
        if (TrustedCertificate.Length == 0)
        {
            return null;
        }
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(TrustedCertificate);
        return certificates;
    }

    /// <summary>One label of DNS or several (RFC 6376 3.1).</summary>
    private static bool IsSelector(string? text) => text is not null && Array.TrueForAll(
        text.Split('.'), l => l.Length is > 0 and <= 63 && l.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));

    private string? CertificateProblem()
    {
        try
        {
            var certificates = TrustedCertificates()!;
            var found = certificates.Count;
            foreach (var certificate in certificates)
            {
                certificate.Dispose();
            }

            return found == 0 ? Say($"it holds none.") : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return Reason.Of(e);
        }
    }
}

/// <summary>The section <c>Mail:BounceMailbox</c>: where the reports on <see cref="MailOptions.BounceAddress"/> can be fetched by IMAP.</summary>
/// <remarks>Its certificate is checked as the relay's is, and <see cref="MailOptions.AllowAuthWithoutTls"/> and <see cref="MailOptions.TimeoutSeconds"/> hold here, too.</remarks>
public sealed class BounceMailboxOptions : IValidatableObject
{
    /// <summary>The IMAP server's name or address. Empty (the default): nothing is fetched.</summary>
    public string Host { get; set; } = "";

    /// <summary>Its port. The default is 993; 143 is usual with <see cref="MailSecurity.StartTls"/>.</summary>
    [Range(1, 65535)]
    public int Port { get; set; } = 993;

    /// <summary>How the connection is protected. The default is <see cref="MailSecurity.Tls"/>.</summary>
    [EnumDataType(typeof(MailSecurity))]
    public MailSecurity Security { get; set; } = MailSecurity.Tls;

    /// <summary>The login's name.</summary>
    public string User { get; set; } = "";

    /// <summary>The login's password. Never in a file that is committed: <c>SURVEY_Mail__BounceMailbox__Password</c>.</summary>
    public string Password { get; set; } = "";

    /// <summary>The folder whose unseen messages are fetched. The default is <c>INBOX</c>.</summary>
    [Required]
    public string Folder { get; set; } = "INBOX";

    /// <summary>The folder that what was fetched is moved to; it must be there. Empty (the default): it stays where it is, marked as seen.</summary>
    public string ProcessedFolder { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Host.Length > 0 && User.Length == 0)
        {
            yield return new(Say($"The mailbox needs the name of a login."), [nameof(User)]);
        }

        if (Host.Length == 0 && User.Length > 0)
        {
            yield return new(Say($"The mailbox needs the server's name."), [nameof(Host)]);
        }

        if (ProcessedFolder.Length > 0 && ProcessedFolder == Folder)
        {
            yield return new(Say($"What was fetched can't be moved to the folder that it is fetched from."), [nameof(ProcessedFolder)]);
        }
    }
}
