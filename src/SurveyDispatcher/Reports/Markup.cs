using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace SurveyDispatcher.Reports;

/// <summary>Writes HTML that is XML as well: what stands in the literal parts is markup, what stands in the holes is text.</summary>
/// <remarks>So no name can become an element by somebody's forgetting to escape it: there is no other way to write one.</remarks>
internal sealed class Markup(TextWriter output)
{
    private static readonly SearchValues<char> Special = SearchValues.Create(
        [.. Enumerable.Range(0, char.MaxValue + 1).Select(c => (char)c).Where(c => c is '<' or '>' or '&' or '"' or '\'' || char.IsSurrogate(c) || !IsXml(c))]);

    /// <summary>Writes a piece.</summary>
#pragma warning disable CA1822 // it writes by the handler, which holds this object
    public void Write([InterpolatedStringHandlerArgument("")] Piece piece) => _ = piece;
#pragma warning restore CA1822

    /// <summary>Writes a style sheet as it is: the rules are ours, and their hash stands in the head.</summary>
    public void Style(string rules)
    {
        output.Write("<style>");
        output.Write(rules);
        output.Write("</style>");
    }

    private void Text(ReadOnlySpan<char> text)
    {
        while (text.IndexOfAny(Special) is >= 0 and var at)
        {
            output.Write(text[..at]);
            var length = 1;
            switch (text[at])
            {
                case '<':
                    output.Write("&lt;");
                    break;
                case '>':
                    output.Write("&gt;");
                    break;
                case '&':
                    output.Write("&amp;");
                    break;
                case '"':
                    output.Write("&quot;");
                    break;
                case '\'':
                    output.Write("&#39;");
                    break;
                case var high when char.IsHighSurrogate(high) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]):
                    length = 2;
                    output.Write(text.Slice(at, length));
                    break;
                default:
                    output.Write('\ufffd'); // no character of XML: seen, and harmless
                    break;
            }

            text = text[(at + length)..];
        }

        output.Write(text);
    }

    private static bool IsXml(char c) => c is '\t' or '\n' or '\r' || (c >= ' ' && c is not ('\ufffe' or '\uffff'));

    /// <summary>An interpolated string on its way into the page.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Piece
    {
        private readonly Markup page;

        public Piece(int literals, int holes, Markup page)
        {
            _ = (literals, holes);
            this.page = page;
        }

        private readonly TextWriter Output => page.Output;

        public readonly void AppendLiteral(string markup) => Output.Write(markup);

        public readonly void AppendFormatted(string? text) => page.Text(text);

        public readonly void AppendFormatted(long number) => Output.Write(number.ToString(CultureInfo.InvariantCulture));

        /// <summary>A length or a place in a drawing: two decimals are finer than any screen.</summary>
        public readonly void AppendFormatted(double place)
        {
            Span<char> digits = stackalloc char[32];
            var rounded = Math.Round(place, 2) + 0.0; // no "-0"
            Output.Write(rounded.TryFormat(digits, out var length, "0.##", CultureInfo.InvariantCulture) ? digits[..length] : []);
        }
    }

    private TextWriter Output => output;
}
