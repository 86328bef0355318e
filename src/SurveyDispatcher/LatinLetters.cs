using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using AnyAscii;

namespace SurveyDispatcher;

/// <summary>Names in Latin letters of ASCII, for systems that know no others (docs/vendor.md).</summary>
/// <remarks>
/// Letter by letter, by the tables of AnyAscii: good for accents (Vietnamese, European), Cyrillic and Thai, and Chinese as pinyin. Its kana lack
/// digraphs and doubled consonants, its Devanagari the vowel that is not written: both are done here. How a Japanese name in Chinese characters is
/// read its spelling does not say, and the Chinese reading is another name: there is no answer, rather than a wrong one.
/// </remarks>
public static class LatinLetters
{
    private const char Virama = '\u094d', Nukta = '\u093c';

    private static readonly FrozenDictionary<char, string> Consonants = Pairs(
        "क k ख kh ग g घ gh ङ n च ch छ chh ज j झ jh ञ n ट t ठ th ड d ढ dh ण n त t थ th द d ध dh न n प p फ ph ब b भ bh म m य y र r ल l ळ l व v श sh ष sh स s ह h");

    private static readonly FrozenDictionary<char, string> WithNukta = Pairs("क q ख kh ग g ज z ड r ढ rh फ f");

    private static readonly FrozenDictionary<char, string> Vowels = Pairs(
        "अ a आ a इ i ई i उ u ऊ u ऋ ri ऍ e ए e ऐ ai ऑ o ओ o औ au \u093e a \u093f i \u0940 i \u0941 u \u0942 u \u0943 ri \u0945 e \u0947 e \u0948 ai \u0949 o \u094b o \u094c au");

    /// <summary>A text in Latin letters; null where nobody can say how it is read.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isJapanese">It is of a market whose language is Japanese.</param>
    public static string? Of(string text, bool isJapanese)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        var plain = text.Normalize(NormalizationForm.FormKC);
        if (plain.EnumerateRunes().Any(IsHan) && (isJapanese || plain.Any(IsKana)))
        {
            return null;
        }

        var latin = new StringBuilder(plain.Length * 2);
        for (var i = 0; i < plain.Length;)
        {
            if (IsKana(plain[i]))
            {
                i = Run(plain, i, IsKana, Kana, latin);
            }
            else if (IsDevanagari(plain[i]))
            {
                i = Run(plain, i, IsDevanagari, Devanagari, latin);
            }
            else
            {
                Rune.DecodeFromUtf16(plain.AsSpan(i), out var rune, out var length);
                if (IsHan(rune) && latin.Length > 0 && char.IsAsciiLetter(latin[^1]))
                {
                    latin.Append(' '); // each syllable can be told from the next
                }

                latin.Append(Rune.GetUnicodeCategory(rune) is UnicodeCategory.OtherSymbol ? "" : rune.ToString().Transliterate());
                i += length;
            }
        }

        return string.Join(' ', latin.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private static int Run(string text, int from, Func<char, bool> belongs, Func<string, string> read, StringBuilder latin)
    {
        var to = from;
        while (to < text.Length && belongs(text[to]))
        {
            to++;
        }

        var word = read(text[from..to]);
        latin.Append(word.Length > 0 && (latin.Length == 0 || !char.IsAsciiLetter(latin[^1])) ? char.ToUpperInvariant(word[0]) + word[1..] : word);
        return to;
    }

    /// <summary>Hepburn's way, long vowels as they are spelt: きょうこ is kyouko, ハットリ hattori, ファン fan.</summary>
    private static string Kana(string word)
    {
        var latin = new StringBuilder();
        var doubled = false;
        foreach (var kana in word)
        {
            if (kana is 'っ' or 'ッ')
            {
                doubled = true;
                continue;
            }

            var syllable = kana == 'ー' ? "" : kana.ToString().Transliterate().ToLowerInvariant();
            if (doubled && syllable.Length > 0)
            {
                latin.Append(syllable.StartsWith("ch", StringComparison.Ordinal) ? "t" : syllable[0] is 'a' or 'i' or 'u' or 'e' or 'o' ? "" : syllable[..1]);
                doubled = false;
            }

            var before = latin.ToString();
            if (kana is 'ゃ' or 'ゅ' or 'ょ' or 'ャ' or 'ュ' or 'ョ' && before.EndsWith('i') && before.Length > 1)
            {
                latin.Length--;
                latin.Append(before.EndsWith("shi", StringComparison.Ordinal) || before.EndsWith("chi", StringComparison.Ordinal) || before.EndsWith("ji", StringComparison.Ordinal) ? syllable[^1..] : syllable);
            }
            else if (kana is 'ァ' or 'ィ' or 'ゥ' or 'ェ' or 'ォ' or 'ぁ' or 'ぃ' or 'ぅ' or 'ぇ' or 'ぉ' && before.Length > 0 && before[^1] is 'a' or 'i' or 'u' or 'e' or 'o')
            {
                latin.Length--;
                latin.Append(before is "u" ? "w" : "").Append(syllable);
            }
            else
            {
                latin.Append(syllable);
            }
        }

        return latin.ToString();
    }

    /// <summary>With the vowel that is not written, but for the end of a word: शर्मा is sharma, राजेश rajesh.</summary>
    private static string Devanagari(string word)
    {
        var latin = new StringBuilder();
        for (var i = 0; i < word.Length; i++)
        {
            if (Consonants.TryGetValue(word[i], out var consonant))
            {
                var afterVirama = i > 0 && word[i - 1] == Virama;
                if (i + 1 < word.Length && word[i + 1] == Nukta)
                {
                    consonant = WithNukta.GetValueOrDefault(word[i], consonant);
                    i++;
                }

                var next = i + 1 < word.Length ? word[i + 1] : '\0';
                latin.Append(consonant).Append(
                    next == Virama || Vowels.ContainsKey(next) && next >= '\u093e' ? ""
                    : next == '\0' && !afterVirama && latin.Length > consonant.Length ? ""
                    : "a");
            }
            else if (word[i] is '\u0902' or '\u0901')
            {
                latin.Append(i + 1 < word.Length && word[i + 1] == 'ह' ? "ng" : "n");
            }
            else if (word[i] != Virama)
            {
                latin.Append(Vowels.GetValueOrDefault(word[i]) ?? word[i].ToString().Transliterate());
            }
        }

        return latin.ToString();
    }

    private static bool IsKana(char c) => c is (>= '\u3041' and <= '\u3096') or (>= '\u30a1' and <= '\u30fa') or 'ー';

    private static bool IsDevanagari(char c) => c is >= '\u0900' and <= '\u0963';

    private static bool IsHan(Rune rune) => rune.Value is 0x3005 or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFF);

    private static FrozenDictionary<char, string> Pairs(string text) =>
        text.Split(' ').Chunk(2).ToFrozenDictionary(pair => pair[0][0], pair => pair[1]);
}
