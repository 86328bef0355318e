using System.Globalization;

namespace SurveyDispatcher.Mail;

/// <summary>What the server said in its answer to EHLO (RFC 5321 4.1.1.1).</summary>
internal sealed record SmtpExtensions
{
    public static readonly SmtpExtensions None = new();

    public bool Pipelining { get; init; }

    public bool EightBitMime { get; init; }

    public bool SmtpUtf8 { get; init; }

    public bool Dsn { get; init; }

    public bool StartTls { get; init; }

    public bool Size { get; init; }

    /// <summary>The largest message in bytes (RFC 1870); 0: not said.</summary>
    public long SizeLimit { get; init; }

    public IReadOnlyList<string> Logins { get; init; } = [];

    /// <summary>Every keyword that was offered, known to us or not.</summary>
    public IReadOnlyList<string> Keywords { get; private init; } = [];

    public static SmtpExtensions From(SmtpReply ehlo)
    {
        var found = None;
        foreach (var line in ehlo.Lines.Skip(1)) // the first greets
        {
            var words = line.ToUpperInvariant().Split([' ', '='], StringSplitOptions.RemoveEmptyEntries); // "AUTH=LOGIN" of old servers
            found = words switch
            {
                ["PIPELINING", ..] => found with { Pipelining = true },
                ["8BITMIME", ..] => found with { EightBitMime = true },
                ["SMTPUTF8", ..] => found with { SmtpUtf8 = true },
                ["DSN", ..] => found with { Dsn = true },
                ["STARTTLS", ..] => found with { StartTls = true },
                ["SIZE", var n, ..] when long.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) => found with { Size = true, SizeLimit = limit },
                ["SIZE", ..] => found with { Size = true },
                ["AUTH", .. var logins] => found with { Logins = [.. found.Logins, .. logins] },
                _ => found,
            };
        }
        return found with { Keywords = [.. ehlo.Lines.Skip(1).Select(l => l.ToUpperInvariant().Split([' ', '='], 2)[0]).Where(k => k.Length > 0).Distinct()] };
    }
}
