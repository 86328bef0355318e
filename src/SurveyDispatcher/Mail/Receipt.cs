using System.Globalization;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>What is kept as the proof that a mail was taken: by it the relay's own log can be asked.</summary>
/// <param name="At">When the answer to the final dot came, by the cycle's clock.</param>
/// <param name="Status">The enhanced status of that answer; null where it has none.</param>
/// <param name="QueueId">The name that the relay gave the message; null where none was found.</param>
/// <param name="File">Where mails become files: the file's name.</param>
public sealed record Receipt(DateTimeOffset At, EnhancedStatus? Status, string? QueueId, string? File)
{
    /// <summary>The language that the mail was written in; null: a version that did not note it has sent it.</summary>
    public string? Language { get; init; }

    private const int Longest = 64;
    private const string FilePrefix = "file:"; // a queue id has no colon
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>The proof in a relay's reply; of its words only the status and the queue id are kept.</summary>
    public static Receipt Of(DateTimeOffset at, Delivery.Accepted accepted)
    {
        if (accepted.Reply.StartsWith(PickupTransport.Written, StringComparison.Ordinal))
        {
            return new Receipt(at, null, null, accepted.Reply[PickupTransport.Written.Length..]);
        }

        // The reply's code stands in front of its text.
        var text = accepted.Reply.Length > 4 && accepted.Reply[..3].All(char.IsAsciiDigit) ? accepted.Reply[4..] : accepted.Reply;
        var status = EnhancedStatus.Parse(text);
        return new Receipt(at, status, QueueIdIn(status is null ? text : text.TrimStart()[status.Value.ToString().Length..]), null);
    }

    /// <summary>Reads what <see cref="ToString"/> wrote; null: nothing is kept.</summary>
    public static Receipt? Parse(string? text) =>
        text?.Split(' ', 4) is [var at, var status, var name, .. var language]
        && DateTimeOffset.TryParseExact(at, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? new Receipt(
                instant, EnhancedStatus.Parse(status), name == "-" || name.StartsWith(FilePrefix, StringComparison.Ordinal) ? null : name,
                name.StartsWith(FilePrefix, StringComparison.Ordinal) ? name[FilePrefix.Length..] : null)
            {
                Language = language is [var tag] ? tag : null,
            }
            : null;

    /// <summary>As the store keeps it: three words, and the language behind them where it is known.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{At.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture)} {Status?.ToString() ?? "-"} {(File is null ? QueueId ?? "-" : FilePrefix + File)}{(Language is null ? "" : " " + Language)}");

    /// <summary>
    /// The queue id in a reply's text, where it stands as one of the common servers writes it; nothing else of the text is looked at, since it may
    /// hold an address. No standard says how a reply names it.
    /// </summary>
    public static string? QueueIdIn(string text)
    {
        var words = text.Split((char[])[' ', '\t', ',', '[', ']', '(', ')', '<', '>'], StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < words.Length; i++)
        {
            string? Next(int n = 1) => i + n < words.Length ? words[i + n] : null;
            var found = words[i] switch
            {
                _ when Is(words[i], "queued") && Is(Next(), "as") => Next(2),                                            // Postfix, and many like it
                _ when After(words[i], "InternalId=") is { } id => id,                                                   // Exchange
                _ when After(words[i], "id=") is { } id => id,                                                           // Exim
                _ when Is(words[i], "message") && Is(Next(), "accepted") && Is(Next(2), "for") && i > 0 => words[i - 1], // Sendmail, OpenSMTPD
                _ when Is(words[i], "ok") && Is(Next(2), "qp") => Next(3),                                               // qmail
                _ when words[i] == "-" && Is(Next(), "gsmtp") && i > 0 => words[i - 1],                                  // Gmail
                _ when i == 0 && Is(words[i], "ok") && words.Length == 2 && Next()!.Any(char.IsAsciiDigit) && !Next()!.Contains('=', StringComparison.Ordinal) => Next(), // Amazon SES
                _ => null,
            };
            if (found is not null)
            {
                return Id(found);
            }
        }

        return null;
    }

    private static bool Is(string? word, string expected) => string.Equals(word?.TrimEnd(':', '.', ';'), expected, StringComparison.OrdinalIgnoreCase);

    private static string? After(string word, string name) => word.StartsWith(name, StringComparison.OrdinalIgnoreCase) ? word[name.Length..] : null;

    /// <summary>A word that can be an id: ASCII, no sign of an address, not longer than ids are.</summary>
    private static string? Id(string word)
    {
        var id = word.Trim('.', ';', '"', '\'');
        return id.Length is > 0 and <= Longest && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '+' or '=' or '/') && id.Any(char.IsAsciiLetterOrDigit) ? id : null;
    }
}
