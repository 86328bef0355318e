using System.Buffers;

namespace SurveyDispatcher;

/// <summary>Other people's text among ours: it may say what it likes, and do nothing.</summary>
/// <remarks>
/// Control characters drive terminals, end lines and begin headers. The characters that order a direction of writing (Unicode's
/// embeddings, overrides and isolates) turn round what stands behind them when nobody closes them, and a name in Arabic or
/// Hebrew letters needs none. The marks U+200E, U+200F and U+061C reach no further than their neighbours, and stay.
/// </remarks>
public static class PlainText
{
    private static readonly SearchValues<char> Unwelcome = SearchValues.Create(
        [.. Enumerable.Range(0, 0x206a).Select(c => (char)c).Where(c => EndsLine(c) || OrdersDirection(c))]);

    /// <summary>A piece of one line in a mail or on a list, which leaves the words around it as they are: orders go, all else becomes a space.</summary>
    public static string OneLine(string value) => !value.AsSpan().ContainsAny(Unwelcome)
        ? value.Trim()
        : string.Concat(value.Where(c => !OrdersDirection(c)).Select(c => EndsLine(c) ? ' ' : c)).Trim();

    /// <summary>What a terminal or a log may be given: each unwelcome character is seen as a question mark.</summary>
    public static string Shown(string value) => !value.AsSpan().ContainsAny(Unwelcome)
        ? value
        : string.Concat(value.Select(c => EndsLine(c) || OrdersDirection(c) ? '?' : c));

    private static bool EndsLine(char c) => char.IsControl(c) || c is '\u2028' or '\u2029';

    private static bool OrdersDirection(char c) => c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
