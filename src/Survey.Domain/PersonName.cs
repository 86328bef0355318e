using System.Collections.Frozen;
using System.Text;

namespace Survey.Domain;

/// <summary>Names as dealers' staff type them: one person comes as <c>Ann Lee</c>, <c>LEE, Ann</c> and <c>Mrs. Ann M. Lee</c>.</summary>
public static class PersonName
{
    /// <summary>How people are addressed in the markets, without accents and in capitals.</summary>
    private static readonly FrozenSet<string> Titles = FrozenSet.Create(
        StringComparer.Ordinal,
        "MR", "MRS", "MS", "MISS", "MX", "MADAM", "MDM", "DR", "PROF", "SIR", "MNR", "MEV", "SHRI", "SRI", "SMT", "SHRIMATI", "KUMARI", "BAPAK", "BPK", "PAK", "IBU", "ONG", "BA", "ANH", "CHI",
        "श्री", "श्रीमती", "सुश्री", "जी", "先生", "女士", "小姐", "太太", "様", "殿");

    /// <summary>The same, where it stands behind the name without a space.</summary>
    private static readonly string[] Endings = ["先生", "女士", "小姐", "太太", "様", "殿"];

    /// <summary>
    /// Equal for names that may be one person's: the letters in the order of the alphabet, whatever the order of the words; without titles, initials, accents and capitals.
    /// Where it errs it takes two persons for one. Digits count as letters. Empty for a name without any.
    /// </summary>
    public static string Key(string name)
    {
        var letters = new StringBuilder(name.Length);
        var words = Words(name);
        foreach (var word in words.FindAll(w => !Titles.Contains(w) && !(w.Length == 1 && char.IsLetter(w[0]) && w[0] < '\u0530')) is { Count: > 0 } kept ? kept : words)
        {
            letters.Append(Endings.FirstOrDefault(e => word.Length > e.Length && word.EndsWith(e, StringComparison.Ordinal)) is { } ending ? word[..^ending.Length] : word);
        }

        var key = letters.ToString().ToCharArray();
        Array.Sort(key);
        return new string(key);
    }

    private static List<string> Words(string name)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var c in Ascii.IsValid(name) ? name : string.Concat(name.EnumerateRunes()).Normalize(NormalizationForm.FormKD)) // runes: half a character has no normal form
        {
            if (char.IsLetterOrDigit(c) || char.IsSurrogate(c) || (IsMark(c) && word.Length > 0 && word[^1] >= '\u0530'))
            {
                word.Append(char.ToUpperInvariant(c));
            }
            else if (!(IsMark(c) || c is '\'' or '\u2019' or '\u02bc')) // an accent, or as in O'Brien
            {
                End();
            }
        }

        End();
        return words;

        void End()
        {
            if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
    }

    private static bool IsMark(char c) =>
        char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark;
}
