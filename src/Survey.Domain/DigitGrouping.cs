using System.Globalization;
using System.Text;

namespace Survey.Domain;

/// <summary>Whole numbers whose digits stand in groups of three, as in 24,500.</summary>
public static class DigitGrouping
{
    /// <summary>The marks between groups that are known.</summary>
    public static IReadOnlyList<char> Marks { get; } = [',', '.', ' ', '\''];

    /// <summary>The number, or null: not whole, not well grouped, or larger than numbers get.</summary>
    /// <param name="text">The number; its digits and marks may be full-width, and it may have no group at all.</param>
    /// <param name="mark">What stands between groups, one of <see cref="Marks"/>: a space is any that can stand there, an apostrophe a curved one, too.</param>
    public static int? Read(string text, char mark)
    {
        var digits = new StringBuilder(text.Length);
        var (inGroup, grouped) = (0, false);
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c) || c is >= '\uff10' and <= '\uff19')
            {
                digits.Append((char)('0' + (c & 0xf)));
                inGroup++;
            }
            else if (Means(c, mark) && (grouped ? inGroup == 3 : inGroup is >= 1 and <= 3))
            {
                (inGroup, grouped) = (0, true);
            }
            else
            {
                return null;
            }
        }

        // 0,500 is half of something.
        return grouped && (inGroup != 3 || digits[0] == '0') ? null
            : int.TryParse(digits.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static bool Means(char c, char mark) => mark switch
    {
        ',' => c is ',' or '\uff0c',
        '.' => c is '.' or '\uff0e',
        ' ' => c is ' ' or '\u00a0' or '\u202f' or '\u2009' or '\u3000',
        _ => c is '\'' or '\u2019',
    };
}
