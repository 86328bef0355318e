using System.Globalization;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.UseCases;

/// <summary>What statistics packages make of a column: text codes become labelled numbers, in the order of the codes.</summary>
internal static class Coded
{
    /// <summary>Whether the cells are text codes, one in each.</summary>
    public static bool IsCoded(this ExportColumn column) => column is { Type: ColumnType.Text or ColumnType.YesNo, Values.Count: > 0, IsSeveral: false };

    /// <summary>The number, code and label of each value: of yes and no 1 and 0, of others 1, 2, ...; of a scale of numbers the numbers themselves.</summary>
    public static IEnumerable<(int Number, string Code, string Label)> Numbered(this ExportColumn column, string language) => column.Values.Select((value, i) =>
        (column.Type switch
        {
            ColumnType.YesNo => 1 - i,
            ColumnType.Integer => int.Parse(value.Code, CultureInfo.InvariantCulture),
            _ => i + 1,
        }, value.Code, ExportColumn.LabelOf(value, language)));

    /// <summary>A column for each value that can stand beside others in a cell: 1 where it does.</summary>
    public static IEnumerable<(string Name, string Code, string Label)> Indicators(this ExportColumn column, string language) => column.IsSeveral
        ? column.Values.Select((value, i) => ($"{column.Name}_{i + 1}", value.Code, $"{ExportColumn.LabelOf(value, language)}: {column.LabelIn(language)}"))
        : [];

    /// <summary>One line of a label, no longer than a program takes it: in bytes of UTF-8.</summary>
    public static string Cut(string label, int mostBytes)
    {
        var line = label.ReplaceLineEndings(" ");
        if (Encoding.UTF8.GetByteCount(line) <= mostBytes)
        {
            return line;
        }

        var cut = new StringBuilder();
        var left = mostBytes - "…"u8.Length;
        foreach (var rune in line.EnumerateRunes())
        {
            if ((left -= rune.Utf8SequenceLength) < 0)
            {
                break;
            }

            cut.Append(rune.ToString());
        }

        return cut.Append('…').ToString();
    }
}
