using System.Globalization;

namespace Survey.Domain;

/// <summary>The name of a case that people read and type: market, running number, check digit, such as <c>AU-00000123</c>.</summary>
/// <remarks>The check digit (Damm's) finds every single wrong digit and every swap of neighbours, as callers mistype them.</remarks>
public static class CaseId
{
    private const string Damm = "0317598642709215486342068713591750983426612304597836742095815869720134894536201794386172052581436790";

    /// <summary>The name of a case.</summary>
    public static string Format(string market, long number)
    {
        var digits = number.ToString("D7", CultureInfo.InvariantCulture);
        return $"{market}-{digits}{CheckDigit(digits)}";
    }

    /// <summary>The same in UTF-8, for tables of millions of rows; returns its length.</summary>
    public static int Format(ReadOnlySpan<byte> market, long number, Span<byte> utf8)
    {
        market.CopyTo(utf8);
        utf8[market.Length] = (byte)'-';
        var digits = utf8[(market.Length + 1)..];
        number.TryFormat(digits, out var length, "D7", CultureInfo.InvariantCulture);
        var interim = 0;
        foreach (var digit in digits[..length])
        {
            interim = Damm[(interim * 10) + digit - '0'] - '0';
        }

        digits[length] = (byte)('0' + interim);
        return market.Length + 1 + length + 1;
    }

    /// <summary>The market and number in a name; false when it is none, or mistyped.</summary>
    public static bool TryParse(string text, out string market, out long number)
    {
        market = "";
        number = 0;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 1 || text.Length - dash < 9)
        {
            return false;
        }

        market = text[..dash].ToUpperInvariant();
        var digits = text[(dash + 1)..^1];
        return market.All(char.IsAsciiLetterUpper) && digits.All(char.IsAsciiDigit) && CheckDigit(digits) == text[^1]
            && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static char CheckDigit(string digits)
    {
        var interim = 0;
        foreach (var digit in digits)
        {
            interim = Damm[(interim * 10) + digit - '0'] - '0';
        }

        return (char)('0' + interim);
    }
}
