using System.Text;

namespace Survey.Domain;

/// <summary>How a market's numbers are written (contracts.md, <i>Dialling</i>).</summary>
/// <param name="CountryCode">The calling code without the plus sign, such as <c>61</c>.</param>
/// <param name="TrunkPrefix">The digit dialled before a national number at home, such as <c>0</c>; may be empty.</param>
/// <param name="MinLength">The fewest digits of a national number, trunk prefix not counted.</param>
/// <param name="MaxLength">The most digits of a national number, trunk prefix not counted.</param>
public sealed record DiallingRule(string CountryCode, string TrunkPrefix, int MinLength, int MaxLength)
{
    internal bool HasRightLength(ReadOnlySpan<char> national) => national.Length >= MinLength && national.Length <= MaxLength;

    internal ReadOnlySpan<char> WithoutTrunk(ReadOnlySpan<char> number) =>
        TrunkPrefix.Length > 0 && number.StartsWith(TrunkPrefix, StringComparison.Ordinal) ? number[TrunkPrefix.Length..] : number;
}

/// <summary>A phone number in E.164 form, valid by the dialling rule of a market.</summary>
public sealed record PhoneNumber
{
    private PhoneNumber(string e164) => E164 = e164;

    /// <summary>Plus sign, country code and national number.</summary>
    public string E164 { get; }

    /// <summary>The number in <paramref name="raw"/>, or null when the rule makes none of it.</summary>
    /// <param name="raw">The number as the dealer wrote it, full-width digits and all.</param>
    /// <param name="home">The rule of the customer's market.</param>
    /// <param name="rules">The rules of all markets: an international number must belong to one of them.</param>
    public static PhoneNumber? Parse(string raw, DiallingRule home, IReadOnlyList<DiallingRule> rules)
    {
        Span<char> buffer = stackalloc char[40];
        if (Digits(raw, buffer, out var plus) is not { } length)
        {
            return null;
        }

        ReadOnlySpan<char> digits = buffer[..length];
        if (plus || digits.StartsWith("00", StringComparison.Ordinal))
        {
            return International(plus ? digits : digits[2..], rules);
        }

        if (digits.StartsWith(home.CountryCode, StringComparison.Ordinal))
        {
            var rest = home.WithoutTrunk(digits[home.CountryCode.Length..]);
            if (home.HasRightLength(rest))
            {
                return Create(home, rest);
            }
        }

        var national = home.WithoutTrunk(digits);
        return home.HasRightLength(national) ? Create(home, national) : null;
    }

    /// <inheritdoc/>
    public override string ToString() => E164;

    private static PhoneNumber? International(ReadOnlySpan<char> digits, IReadOnlyList<DiallingRule> rules)
    {
        DiallingRule? best = null;
        foreach (var rule in rules)
        {
            if (digits.StartsWith(rule.CountryCode, StringComparison.Ordinal)
                && (best is null || rule.CountryCode.Length > best.CountryCode.Length))
            {
                best = rule;
            }
        }

        if (best is null)
        {
            return null;
        }

        var national = best.WithoutTrunk(digits[best.CountryCode.Length..]);
        return best.HasRightLength(national) ? Create(best, national) : null;
    }

    private static PhoneNumber Create(DiallingRule rule, ReadOnlySpan<char> national) => new($"+{rule.CountryCode}{national}");

    /// <summary>NFKC, separators dropped; null when anything else than digits (and one leading plus) is left.</summary>
    private static int? Digits(string raw, Span<char> digits, out bool plus)
    {
        plus = false;
        var length = 0;
        if (Compatible(raw) is not { } text)
        {
            return null;
        }

        foreach (var c in text)
        {
            if (c == '+' && length == 0 && !plus)
            {
                plus = true;
            }
            else if (char.IsAsciiDigit(c))
            {
                if (length == digits.Length)
                {
                    return null;
                }

                digits[length++] = c;
            }
            else if (!IsSeparator(c))
            {
                return null;
            }
        }

        return length > 0 ? length : null;
    }

    /// <summary>NFKC; null for what Unicode has no form for: lone surrogates, U+FFFE and other noncharacters.</summary>
    private static string? Compatible(string raw)
    {
        if (System.Text.Ascii.IsValid(raw))
        {
            return raw;
        }

        try
        {
            return raw.Normalize(NormalizationForm.FormKC);
        }
        catch (ArgumentException)
        {
            return null; // there is no other way to ask
        }
    }

    /// <summary>Spaces, hyphens, dots, slashes and brackets, in whatever script; a minus sign is a hyphen, too.</summary>
    private static bool IsSeparator(char c) => c is '.' or '/' or '\u2212' || char.IsWhiteSpace(c)
        || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.DashPunctuation
            or System.Globalization.UnicodeCategory.OpenPunctuation or System.Globalization.UnicodeCategory.ClosePunctuation;
}
