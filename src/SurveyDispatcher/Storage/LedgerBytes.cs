using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Storage;

/// <summary>Reads facts from lines of the ledger in UTF-8: the same as <see cref="LedgerText.Fact"/>, for whoever reads millions of them.</summary>
internal sealed class LedgerBytes
{
    private readonly Utf8Words words = new();

    /// <summary>The fact of a line; null for a line that is no fact about a case.</summary>
    public CaseEvent? Fact(DateOnly day, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> detail)
    {
        switch (words.Of(kind))
        {
            case nameof(CaseEvent.Opened):
                return new CaseEvent.Opened(day);
            case nameof(CaseEvent.MailAccepted):
                return new CaseEvent.MailAccepted(day, Contact(detail));
            case nameof(CaseEvent.MailUndelivered):
                return new CaseEvent.MailUndelivered(day, Contact(detail), Yes(detail, "bounced"u8), Word(detail, "class"u8));
            case nameof(CaseEvent.QueuedForPhone):
                return new CaseEvent.QueuedForPhone(day, Word(detail, "reason"u8));
            case nameof(CaseEvent.Ended):
                return new CaseEvent.Ended(day, Word(detail, "reason"u8));
            case nameof(CaseEvent.CallReported):
                return new CaseEvent.CallReported(day, Word(detail, "code"u8), Yes(detail, "final"u8), Yes(detail, "otherNumber"u8));
            case Ledger.ScreenedOut:
                return null;
            default:
                return LedgerText.Fact(day, Encoding.UTF8.GetString(kind), Encoding.UTF8.GetString(detail));
        }
    }

    /// <summary>Whether a line records a verdict that keeps a customer out.</summary>
    public bool IsScreenedOut(ReadOnlySpan<byte> kind) => words.Of(kind) == Ledger.ScreenedOut;

    /// <summary>The reason in such a line.</summary>
    public string Reason(ReadOnlySpan<byte> detail) => Word(detail, "reason"u8);

    private static MailContact Contact(ReadOnlySpan<byte> detail) => Value(detail, "contact"u8).SequenceEqual("invitation"u8) ? MailContact.Invitation : MailContact.Reminder;

    private static bool Yes(ReadOnlySpan<byte> detail, ReadOnlySpan<byte> key) => Value(detail, key).SequenceEqual("yes"u8);

    private string Word(ReadOnlySpan<byte> detail, ReadOnlySpan<byte> key) => words.Of(Value(detail, key));

    /// <summary>What stands behind a key. Keys and values are codes and dates of ours: nothing in them is escaped, and no value is a key.</summary>
    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> detail, ReadOnlySpan<byte> key)
    {
        for (var rest = detail; rest.IndexOf(key) is >= 1 and var at; rest = rest[(at + key.Length)..])
        {
            if (rest[at - 1] == '"' && rest[(at + key.Length)..].StartsWith("\":\""u8))
            {
                var value = rest[(at + key.Length + 3)..];
                return value[..value.IndexOf((byte)'"')];
            }
        }

        throw new InvalidDataException($"A line of the ledger lacks '{Encoding.UTF8.GetString(key)}'.");
    }
}

/// <summary>The few words that millions of rows repeat, each as one string.</summary>
internal sealed class Utf8Words
{
    private const int Most = 4_096;
    private readonly Dictionary<string, string> known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> lookup;

    public Utf8Words() => lookup = known.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The text of some bytes.</summary>
    public string Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > 128)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        Span<char> text = stackalloc char[128];
        text = text[..Encoding.UTF8.GetChars(utf8, text)];
        if (!lookup.TryGetValue(text, out var word))
        {
            word = text.ToString();
            if (known.Count < Most)
            {
                known.Add(word, word);
            }
        }

        return word;
    }
}
