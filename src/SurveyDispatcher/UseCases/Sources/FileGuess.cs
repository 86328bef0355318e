using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.UseCases.Sources;

/// <summary>What a file looks like to somebody who was told nothing about it.</summary>
/// <param name="Encoding">A .NET name of the encoding; null where the file is no text.</param>
/// <param name="Delimiter">What stands between cells.</param>
/// <param name="Why">The evidence, in sentences.</param>
/// <param name="NoTable">What it is instead of a text, and what to do; null where it is one.</param>
/// <param name="HeaderLine">The line that looks like the header; 1 where it should be.</param>
internal sealed record FileGuess(string? Encoding, char Delimiter, IReadOnlyList<string> Why, string? NoTable, int HeaderLine)
{
    /// <summary>It has no letter beyond ASCII, so that nearly any encoding reads it alike.</summary>
    public bool IsAscii { get; init; }

    /// <summary>Enough to tell encodings apart, and little enough to be read at once.</summary>
    private const int MostBytes = 4 << 20;

    private static readonly string[] Legacy = ["gb18030", "big5", "shift_jis", "euc-jp", "windows-1252"];

    private static readonly char[] Delimiters = [',', ';', '\t', '|'];

    /// <summary>Looks at a file.</summary>
    public static FileGuess Of(string path)
    {
        using var stream = File.OpenRead(path);
        var bytes = new byte[Math.Min(MostBytes, stream.Length)];
        stream.ReadExactly(bytes);
        if (Foreign(bytes) is { } foreign)
        {
            return new FileGuess(null, ',', [], Say(foreign), 1);
        }

        var why = new List<string>();
        if (EncodingOf(bytes, bytes.Length == stream.Length, why) is not { } name || Decode(name, bytes, whole: false)?.TrimStart('\uFEFF') is not { } text)
        {
            return new FileGuess(null, ',', [], Say($"The bytes are no text in any encoding that is known here. Ask the sender for CSV in UTF-8."), 1);
        }

        var lines = Lines(text[..Math.Min(text.Length, 1 << 16)]).Take(200).ToList();
        var (delimiter, headerLine) = DelimiterOf(lines, why);
        return new FileGuess(name, delimiter, why, null, headerLine) { IsAscii = text.All(char.IsAscii) };
    }

    /// <summary>How a delimiter is called in a sentence.</summary>
    public static Phrase Word(char delimiter) => delimiter == '\t' ? (Phrase)$"a tab" : $"'{delimiter}'";

    private static Phrase? Foreign(byte[] bytes)
    {
        var start = System.Text.Encoding.Latin1.GetString(bytes, 0, Math.Min(bytes.Length, 512)).TrimStart();
        return start.StartsWith("PK\u0003\u0004", StringComparison.Ordinal) ? (Phrase)$"This is an Excel workbook (or another zip file), whatever its name says. Save it as 'CSV UTF-8', or ask the sender for CSV."
            : start.StartsWith("\u00d0\u00cf\u0011\u00e0", StringComparison.Ordinal) ? (Phrase)$"This is an old Excel workbook, whatever its name says. Save it as CSV, or ask the sender for CSV."
            : start.StartsWith("<html", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<table", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase)
                ? (Phrase)$"This is a web page, as some systems send it under the name of a spreadsheet. Open it in one and save it as CSV, or ask the sender for CSV."
            : start.StartsWith("<?xml", StringComparison.Ordinal) ? (Phrase)$"This is XML, no CSV. Ask the sender for CSV."
            : start.StartsWith("%PDF", StringComparison.Ordinal) ? (Phrase)$"This is a PDF, no CSV. Ask the sender for CSV."
            : null;
    }

    private static string? EncodingOf(byte[] bytes, bool whole, List<string> why)
    {
        if (bytes is [0xEF, 0xBB, 0xBF, ..] && Decode("utf-8", bytes, whole) is not null)
        {
            why.Add(Say($"It begins with the mark of UTF-8."));
            return "utf-8";
        }

        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            why.Add(Say($"It begins with the mark of UTF-16."));
            return bytes[0] == 0xFF ? "utf-16" : "utf-16BE";
        }

        var zeros = bytes.Count(b => b == 0);
        if (zeros > 0)
        {
            var even = Enumerable.Range(0, (bytes.Length + 1) / 2).Count(i => bytes[2 * i] == 0);
            if (zeros * 5 < bytes.Length && Math.Max(even, zeros - even) * 20 < bytes.Length)
            {
                return null;
            }

            why.Add(Say($"Every other byte of its plain letters is zero, as in UTF-16 without a mark."));
            return even > zeros - even ? "utf-16BE" : "utf-16";
        }

        var high = bytes.Count(b => b >= 0x80);
        if (high == 0)
        {
            why.Add(Say($"All bytes are ASCII: any encoding would do, and UTF-8 is one."));
            return "utf-8";
        }

        if (Decode("utf-8", bytes, whole) is not null)
        {
            why.Add(Say($"It has letters beyond ASCII, and all of its bytes are UTF-8."));
            return "utf-8";
        }

        var scores = Legacy
            .Select(name => (Name: name, Text: Decode(name, bytes, whole)))
            .Where(c => c.Text is not null)
            .Select(c => (c.Name, Score: Likeness(c.Name, c.Text!, high) + Math.Min(3, Words(c.Text!).Count), Words: Words(c.Text!)))
            .OrderByDescending(c => c.Score)
            .ToList();
        if (scores.Count == 0 || scores[0].Score < 0.2)
        {
            return null;
        }

        var (best, _, words) = scores[0];
        var others = scores.Skip(1).Where(c => c.Score > scores[0].Score - 0.3).Select(c => c.Name).ToList();
        why.Add(Say(words.Count > 0
            ? (Phrase)$"Its bytes are not UTF-8, and they are {best}: the header then says {Listed(words.Take(4))}."
            : $"Its bytes are not UTF-8, and they are {best}."));
        if (others.Count > 0)
        {
            why.Add(Say($"They could as well be {string.Join(Say($" or "), others)}: look whether names below read right."));
        }

        return best;
    }

    /// <summary>The text, or null where the bytes can't be in the encoding. What is cut off at the end of a part is no fault.</summary>
    private static string? Decode(string name, byte[] bytes, bool whole)
    {
        var decoder = StrictEncoding.Get(name).GetDecoder();
        try
        {
            var chars = new char[bytes.Length + 16];
            return new string(chars, 0, decoder.GetChars(bytes, chars, flush: whole));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>How much of the bytes beyond ASCII makes letters that people write in this encoding: 1 when all do, negative when few.</summary>
    /// <remarks>
    /// The same bytes are often valid in several encodings. What is read in the wrong one becomes rare characters: each of the old
    /// double-byte sets has its common characters in one range of lead bytes.
    /// </remarks>
    private static double Likeness(string name, string text, int high)
    {
        var encoding = StrictEncoding.Get(name);
        var sum = 0.0;
        Span<byte> bytes = stackalloc byte[8];
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c < 0x80)
            {
                continue;
            }

            if (char.IsSurrogate(c))
            {
                sum -= 1;
                continue;
            }

            int count;
            try
            {
                count = encoding.GetBytes(text.AsSpan(i, 1), bytes);
            }
            catch (EncoderFallbackException) // a character that two codes stand for
            {
                count = 0;
            }

            var (lead, trail) = count > 1 ? (bytes[0], bytes[1]) : count == 1 ? (bytes[0], (byte)0) : ((byte)0, (byte)0);
            sum += (trail >= 0x80 ? 2 : 1) * (name == "windows-1252" ? Western(text, i) : c switch
            {
                >= '\u3041' and <= '\u30ff' => name is "shift_jis" or "euc-jp" ? 1 : -0.5,
                >= '\uff61' and <= '\uff9f' => -0.5,
                >= '\u4e00' and <= '\u9fff' => name switch
                {
                    "gb18030" => trail < 0xA1 || lead < 0xB0 ? -1 : lead <= 0xD7 ? 1 : -0.3,
                    "big5" => lead is >= 0xA4 and <= 0xC6 ? 1 : -0.3,
                    "shift_jis" => lead is >= 0x88 and <= 0x97 ? 1 : -0.3,
                    _ => lead is >= 0xB0 and <= 0xCF ? 0.9 : -0.3,
                },
                >= '\u3000' and <= '\u303f' or >= '\uff01' and <= '\uff5e' => 0.3,
                >= '\ue000' and <= '\uf8ff' => -3,
                _ => -1,
            });
        }

        return sum / high;
    }

    /// <summary>In Western languages a letter with an accent stands alone, beside plain letters.</summary>
    private static double Western(string text, int i)
    {
        if (text[i] is (>= '\u00c0' and <= '\u00ff' and not ('×' or '÷')) or 'Š' or 'š' or 'Ž' or 'ž' or 'Œ' or 'œ')
        {
            var beside = (i > 0 && char.IsAsciiLetter(text[i - 1])) || (i + 1 < text.Length && char.IsAsciiLetter(text[i + 1]));
            var inRun = (i > 0 && text[i - 1] >= 0x80 ? 1 : 0) + (i + 1 < text.Length && text[i + 1] >= 0x80 ? 1 : 0);
            return inRun == 0 && beside ? 1 : inRun == 1 && beside ? 0 : -1;
        }

        return text[i] is '\u00a0' or '’' or '‘' or '“' or '”' or '–' or '€' ? 0.3 : -1;
    }

    /// <summary>The words of the first lines that name a column.</summary>
    private static List<string> Words(string text) =>
        [.. Lines(text[..Math.Min(text.Length, 1 << 14)]).Take(5).SelectMany(l => l.Split(Delimiters)).Select(c => c.Trim().Trim('"')).Where(c => c.Any(l => l >= 0x80) && Terms.Known.Exact(Terms.Normalised(c)).Count > 0).Distinct()];

    private static (char Delimiter, int HeaderLine) DelimiterOf(List<string> lines, List<string> why)
    {
        var counts = Delimiters.Select(d => (Delimiter: d, Counts: lines.ConvertAll(l => Count(l, d)))).ToList();
        var best = counts
            .Select(c => (c.Delimiter, c.Counts, Usual: c.Counts.Where(n => n > 0).GroupBy(n => n).OrderByDescending(g => g.Count()).ThenByDescending(g => g.Key).FirstOrDefault()))
            .Where(c => c.Usual is not null)
            .OrderByDescending(c => (double)c.Usual!.Count() / lines.Count * Math.Min(c.Usual!.Key, 8))
            .FirstOrDefault();
        if (best.Usual is null)
        {
            why.Add(Say($"No line has a comma, semicolon, tab or bar: it has one column, or is no CSV."));
            return (',', 1);
        }

        var first = best.Counts.FindIndex(n => n == best.Usual.Key);
        why.Add(Say($"{best.Usual.Count()} of its first {lines.Count} line(s) have {best.Usual.Key + 1} cells when {Word(best.Delimiter)} stands between them."));
        return (best.Delimiter, first + 1);
    }

    private static int Count(string line, char delimiter)
    {
        var (count, quoted) = (0, false);
        foreach (var c in line)
        {
            quoted ^= c == '"';
            count += c == delimiter && !quoted ? 1 : 0;
        }

        return count;
    }

    private static IEnumerable<string> Lines(string text)
    {
        using var reader = new StringReader(text);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
