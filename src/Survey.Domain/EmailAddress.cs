using System.Globalization;
using System.Text;

namespace Survey.Domain;

/// <summary>One syntactically valid addr-spec (RFC 5322, 6531) with a domain that can be on the public Internet.</summary>
/// <remarks>
/// Internationalised domains are held in their ASCII form (RFC 5890). Domain literals (<c>[192.0.2.1]</c>) and
/// domains of a single label are refused: a relay would complete them with its own domain and deliver to a stranger.
/// </remarks>
public sealed record EmailAddress
{
    private const int MaxLocalLength = 64;
    private const int MaxLength = 254;
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    private EmailAddress(string local, string domain)
    {
        Domain = domain;
        Value = $"{local}@{domain}";
        Key = Value.ToLowerInvariant();
    }

    /// <summary>The address to send to: the local part as written, the domain in ASCII and lower case.</summary>
    public string Value { get; }

    /// <summary>What stands behind the @, in ASCII and lower case.</summary>
    public string Domain { get; }

    /// <summary>What identifies the mailbox: letter case is ignored throughout, as every large provider does.</summary>
    public string Key { get; }

    /// <summary>The address in <paramref name="text"/>, or null when it is none, or more than one.</summary>
    public static EmailAddress? Parse(string text)
    {
        var at = text.LastIndexOf('@');
        if (at <= 0 || at == text.Length - 1 || text.Length > MaxLength || !IsWellFormed(text))
        {
            return null;
        }

        var local = text[..at];
        return IsLocalPart(local) && AsciiDomain(text[(at + 1)..]) is { } domain && local.Length + 1 + domain.Length <= MaxLength
            ? new EmailAddress(local, domain)
            : null;
    }

    /// <inheritdoc/>
    public bool Equals(EmailAddress? other) => other is not null && Key == other.Key;

    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Value;

    /// <summary>Lone surrogates and noncharacters are no text: no mail could carry them.</summary>
    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]) || text[i] >= '\uFFFE')
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLocalPart(string local)
    {
        if (Encoding.UTF8.GetByteCount(local) > MaxLocalLength)
        {
            return false;
        }

        return local.StartsWith('"') ? IsQuotedString(local) : IsDotAtom(local);
    }

    private static bool IsDotAtom(string local)
    {
        var previous = '.';
        foreach (var c in local)
        {
            if (c == '.' ? previous == '.' : !IsAtext(c))
            {
                return false;
            }

            previous = c;
        }

        return previous != '.';
    }

    private static bool IsQuotedString(string local)
    {
        if (local.Length < 3 || !local.EndsWith('"'))
        {
            return false;
        }

        var inner = local[1..^1];
        for (var i = 0; i < inner.Length; i++)
        {
            if (char.IsControl(inner[i]) || inner[i] == '"')
            {
                return false;
            }

            if (inner[i] == '\\')
            {
                i++;
                if (i == inner.Length || char.IsControl(inner[i]))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool IsAtext(char c) =>
        char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~".Contains(c, StringComparison.Ordinal)
        || (c > 127 && !char.IsControl(c) && !char.IsWhiteSpace(c) && CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.Format);

    private static string? AsciiDomain(string domain)
    {
        if (!System.Text.Ascii.IsValid(domain))
        {
            try
            {
                domain = Idn.GetAscii(domain);
            }
            catch (ArgumentException)
            {
                return null; // IdnMapping has no other way to say that a name is not a domain
            }
        }

        domain = domain.ToLowerInvariant();
        var labels = domain.Split('.');
        return domain.Length <= 253 && labels.Length >= 2 && Array.TrueForAll(labels, IsLabel) && !labels[^1].All(char.IsAsciiDigit)
            ? domain
            : null;
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
