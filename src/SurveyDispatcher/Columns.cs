using System.Globalization;
using System.Text;

namespace SurveyDispatcher;

/// <summary>Columns of text on a terminal, where a Chinese character takes the place of two letters.</summary>
/// <remarks>Wide is what Unicode calls wide or full-width (UAX 11, version 16); marks that stand on the letter before them, and what is only there for programs, take no place.</remarks>
internal static class Columns
{
    /// <summary>First and last of each range of wide characters; gaps that nobody has a character for yet are closed.</summary>
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x231A, 0x231B), (0x2329, 0x232A), (0x23E9, 0x23EC), (0x23F0, 0x23F0), (0x23F3, 0x23F3), (0x25FD, 0x25FE), (0x2614, 0x2615),
        (0x2630, 0x2637), (0x2648, 0x2653), (0x267F, 0x267F), (0x268A, 0x268F), (0x2693, 0x2693), (0x26A1, 0x26A1), (0x26AA, 0x26AB), (0x26BD, 0x26BE),
        (0x26C4, 0x26C5), (0x26CE, 0x26CE), (0x26D4, 0x26D4), (0x26EA, 0x26EA), (0x26F2, 0x26F3), (0x26F5, 0x26F5), (0x26FA, 0x26FA), (0x26FD, 0x26FD),
        (0x2705, 0x2705), (0x270A, 0x270B), (0x2728, 0x2728), (0x274C, 0x274C), (0x274E, 0x274E), (0x2753, 0x2755), (0x2757, 0x2757), (0x2795, 0x2797),
        (0x27B0, 0x27B0), (0x27BF, 0x27BF), (0x2B1B, 0x2B1C), (0x2B50, 0x2B50), (0x2B55, 0x2B55), (0x2E80, 0x303E), (0x3041, 0x3247), (0x3250, 0xA4C6),
        (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE10, 0xFE19), (0xFE30, 0xFE6B), (0xFF01, 0xFF60), (0xFFE0, 0xFFE6), (0x16FE0, 0x18D08),
        (0x1AFF0, 0x1B2FB), (0x1D300, 0x1D376), (0x1F004, 0x1F004), (0x1F0CF, 0x1F0CF), (0x1F18E, 0x1F18E), (0x1F191, 0x1F19A), (0x1F200, 0x1F320),
        (0x1F32D, 0x1F335), (0x1F337, 0x1F37C), (0x1F37E, 0x1F393), (0x1F3A0, 0x1F3CA), (0x1F3CF, 0x1F3D3), (0x1F3E0, 0x1F3F0), (0x1F3F4, 0x1F3F4),
        (0x1F3F8, 0x1F43E), (0x1F440, 0x1F440), (0x1F442, 0x1F4FC), (0x1F4FF, 0x1F53D), (0x1F54B, 0x1F54E), (0x1F550, 0x1F567), (0x1F57A, 0x1F57A),
        (0x1F595, 0x1F596), (0x1F5A4, 0x1F5A4), (0x1F5FB, 0x1F64F), (0x1F680, 0x1F6C5), (0x1F6CC, 0x1F6CC), (0x1F6D0, 0x1F6D2), (0x1F6D5, 0x1F6DF),
        (0x1F6EB, 0x1F6EC), (0x1F6F4, 0x1F6FC), (0x1F7E0, 0x1F7F0), (0x1F90C, 0x1F93A), (0x1F93C, 0x1F945), (0x1F947, 0x1F9FF), (0x1FA70, 0x1FAFF),
        (0x20000, 0x3FFFD),
    ];

    /// <summary>Marks that a line of Chinese must not begin with, and those that it must not end with.</summary>
    private const string NeverFirst = "，。、；：？！）”’》」…", NeverLast = "（“‘《「";

    /// <summary>How many cells of a terminal a text takes.</summary>
    public static int Width(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            width += rune.Value < 0x300 ? 1 : WidthOf(rune);
        }

        return width;
    }

    /// <summary>A text with spaces behind it until it fills its column; one that is too long stays as it is.</summary>
    public static string Left(string text, int width) => text + new string(' ', Math.Max(0, width - Width(text)));

    /// <summary>A text with spaces before it.</summary>
    public static string Right(string text, int width) => new string(' ', Math.Max(0, width - Width(text))) + text;

    /// <summary>As much of a text as fits.</summary>
    public static string Cut(string text, int width)
    {
        var end = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            width -= rune.Value < 0x300 ? 1 : WidthOf(rune);
            if (width < 0)
            {
                break;
            }

            end += rune.Utf16SequenceLength;
        }

        return text[..end];
    }

    /// <summary>A text in lines that are no wider than a screen: broken at a space, or beside a wide character, as those who write them do. A word that is too long stays whole.</summary>
    /// <param name="text">The text.</param>
    /// <param name="width">The screen's width.</param>
    /// <param name="indent">What each line but the first begins with.</param>
    public static IEnumerable<string> Wrapped(string text, int width, string indent)
    {
        var line = new StringBuilder();
        var filled = 0;
        foreach (var (piece, behindSpace) in text.Split(' ').SelectMany(Pieces))
        {
            var space = behindSpace && line.Length > 0 ? 1 : 0;
            if (line.Length > 0 && filled + space + Width(piece) > width)
            {
                yield return line.ToString();
                line.Clear().Append(indent);
                (filled, space) = (indent.Length, 0);
            }

            line.Append(' ', space).Append(piece);
            filled += space + Width(piece);
        }

        yield return line.ToString();
    }

    /// <summary>A word, parted where a line may end: before and behind each wide character, but for marks that must not begin a line, or end it.</summary>
    private static IEnumerable<(string Piece, bool BehindSpace)> Pieces(string word)
    {
        var (begin, at, first) = (0, 0, true);
        Rune? before = null;
        foreach (var rune in word.EnumerateRunes())
        {
            if (before is { } last && MayPart(last, rune))
            {
                yield return (word[begin..at], first);
                (begin, first) = (at, false);
            }

            at += rune.Utf16SequenceLength;
            before = rune;
        }

        yield return (word[begin..], first);
    }

    private static bool MayPart(Rune before, Rune behind) => WidthOf(behind) is var width && width > 0 && (width == 2 || WidthOf(before) == 2)
        && !NeverLast.Contains(before.ToString(), StringComparison.Ordinal) && !NeverFirst.Contains(behind.ToString(), StringComparison.Ordinal);

    private static int WidthOf(Rune rune)
    {
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format)
        {
            return 0;
        }

        var (low, high) = (0, Wide.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (rune.Value < Wide[middle].First)
            {
                high = middle - 1;
            }
            else if (rune.Value > Wide[middle].Last)
            {
                low = middle + 1;
            }
            else
            {
                return 2;
            }
        }

        return 1;
    }
}
