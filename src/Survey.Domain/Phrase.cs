using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Survey.Domain;

/// <summary>A text for a person: an English sentence with gaps, and what fills them. Where it is shown it is said in the reader's language.</summary>
/// <remarks>
/// Wherever a <see cref="Phrase"/> is expected, <c>$"{count} rows were read."</c> makes one, without being put together first: its
/// <see cref="Pattern"/> <c>{0} rows were read.</c> is what a translation is found by. A plain string is none, so that no text goes untranslated by a slip;
/// what must not be translated (names, other programs' messages) is a value in a gap, or <see cref="Verbatim"/>.
/// </remarks>
[InterpolatedStringHandler]
public sealed class Phrase
{
    private readonly StringBuilder pattern;
    private readonly List<object?> values;

    /// <summary>Called by the compiler for an interpolated string.</summary>
    public Phrase(int literalLength, int formattedCount)
    {
        pattern = new StringBuilder(literalLength + (4 * formattedCount));
        values = new List<object?>(formattedCount);
    }

    /// <summary>The sentence with numbered gaps, as <see cref="string.Format(string, object?[])"/> takes it.</summary>
    public string Pattern => pattern.ToString();

    /// <summary>Others' words, to be shown as they are.</summary>
    public static Phrase Verbatim(string text) => $"{text}";

    /// <summary>Codes, names and the like in a row, parted as the language does.</summary>
    public static Phrase Listed(IEnumerable<string> items)
    {
        var all = new Phrase(0, 0);
        foreach (var item in items)
        {
            if (all.values.Count > 0)
            {
                all.AppendFormatted((Phrase)$", ");
            }

            all.AppendFormatted(item);
        }

        return all;
    }

    /// <summary>Called by the compiler.</summary>
    public void AppendLiteral(string text) => pattern.Append(Escaped(text));

    /// <summary>Called by the compiler; a phrase in a gap is translated, too.</summary>
    public void AppendFormatted<T>(T value, string? format = null)
    {
        pattern.Append('{').Append(values.Count);
        if (format is not null)
        {
            pattern.Append(':').Append(format);
        }

        pattern.Append('}');
        values.Add(value);
    }

    /// <summary>The sentence in a language, with its gaps filled. Numbers and days look the same in every language.</summary>
    /// <param name="translate">Gives the pattern in that language.</param>
    public string Render(Func<string, string> translate) =>
        string.Format(CultureInfo.InvariantCulture, translate(Pattern), [.. values.Select(v => v is Phrase inner ? inner.Render(translate) : v)]);

    /// <summary>The sentence in English.</summary>
    public override string ToString() => Render(english => english);

    /// <summary>A piece of text as patterns have it.</summary>
    public static string Escaped(string text) => text.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
}
