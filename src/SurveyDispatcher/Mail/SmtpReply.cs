using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>A server's reply (RFC 5321 4.2): one code and the text of each line.</summary>
internal sealed record SmtpReply(int Code, IReadOnlyList<string> Lines)
{
    public bool Is2xx => Code / 100 == 2;

    public bool Is4xx => Code / 100 == 4;

    public bool Is5xx => Code / 100 == 5;

    /// <summary>The server closes the channel (RFC 5321 3.8), at whatever command it says so.</summary>
    public bool IsClosing => Code == 421;

    /// <summary>The login is missing, wrong, too weak or needs encryption (RFC 4954 6).</summary>
    public bool IsAboutLogin => Code is 530 or 534 or 535 or 538;

    public EnhancedStatus Status => EnhancedStatus.FromReply(Code, Lines.FirstOrDefault(l => EnhancedStatus.TryParse(l, out _)) ?? Lines[0]);

    /// <summary>The recipient is refused because of a policy (RFC 3463 X.7.x), be it about him or about us.</summary>
    public bool IsPolicy => Is5xx && Status.Subject == 7;

    /// <summary>The relay relays for others, not for us. No code says that, but every common server does: "Relay access denied", "relay not permitted", "Unable to relay".</summary>
    /// <remarks>Names of hosts and addresses are no words; and where a status of another kind is given, that counts: "5.1.1 User unknown in relay recipient table".</remarks>
    public bool RefusesToRelay => Is5xx && (IsPolicy || !Lines.Any(l => EnhancedStatus.TryParse(l, out _)))
        && Lines.Any(l => l.Split(' ').Any(w => w.StartsWith("relay", StringComparison.OrdinalIgnoreCase) && w.TrimEnd('.', ',', ';', ':', '!').All(char.IsAsciiLetter)));

    /// <summary>Code and last line for the record: short, printable, and without anything like an address.</summary>
    public string Summary
    {
        get
        {
            var text = Lines[^1].Length > 160 ? Lines[^1][..160] : Lines[^1];
            var words = text.Split(' ').Select(w => w.Contains('@', StringComparison.Ordinal) ? "*" : w);
            return $"{Code} {string.Concat(string.Join(' ', words).Select(c => c is >= ' ' and < '\x7f' ? c : '?'))}";
        }
    }
}
