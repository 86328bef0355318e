using System.Globalization;
using System.Text;

namespace SurveyDispatcher.UseCases;

/// <summary>The syntax with which SPSS (or PSPP) reads the table of responses, and labels it.</summary>
/// <remarks>
/// The data are a file of their own (<see cref="TabOutput"/>). Text codes become labelled numbers, so that an empty cell is a missing value.
/// </remarks>
internal static class SpssSyntax
{
    public const string FileName = "responses.sps";

    public const string DataName = "responses.tab";

    private const int LongestVariableLabel = 240, LongestValueLabel = 120, LongestString = 32_767;

    /// <summary>What a name gets while it still is text.</summary>
    private const string AsText = "_text";

    /// <summary>Writes the syntax.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="table">The table.</param>
    /// <param name="widths">The bytes of the longest cell of each column.</param>
    /// <param name="language">Of the labels.</param>
    public static void Write(Stream stream, ExportTable table, IReadOnlyList<int> widths, string language)
    {
        var text = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"* Encoding: UTF-8.\n* {table.Title}.\n* Labels in {language}. Run it with this folder as the working directory: CD 'FOLDER'.\n\n")
            .Append(CultureInfo.InvariantCulture, $"GET DATA\n  /TYPE=TXT\n  /FILE='{DataName}'\n  /ENCODING='UTF8'\n  /ARRANGEMENT=DELIMITED\n  /DELCASE=LINE\n  /FIRSTCASE=2\n  /DELIMITERS='\\t'\n  /VARIABLES=");
        for (var i = 0; i < table.Columns.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n    {NameInFile(table.Columns[i])} {FormatOf(table.Columns[i], widths[i])}");
        }

        text.Append(".\n\n");
        foreach (var column in table.Columns)
        {
            Transform(text, column, language);
        }

        text.Append("EXECUTE.\n\nADD FILES FILE=*\n  /KEEP=");
        text.AppendJoin("\n    ", table.Columns.SelectMany(c => c.Indicators(language).Select(i => i.Name).Prepend(c.Name)));
        text.AppendJoin("", table.Columns.Where(c => c.Type == ColumnType.Instant).Select(c => $"\n    {c.Name}{AsText}")).Append(".\n\n");
        foreach (var column in table.Columns)
        {
            Label(text, column, language);
        }

        text.Append("EXECUTE.\n");
        stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static string NameInFile(ExportColumn column) => column.IsCoded() || column.Type == ColumnType.Instant ? column.Name + AsText : column.Name;

    private static string FormatOf(ExportColumn column, int width) => column.Type switch
    {
        ColumnType.Integer => string.Create(CultureInfo.InvariantCulture, $"F{Math.Max(1, width)}.0"),
        ColumnType.Number => "F20.6",
        ColumnType.Date => "SDATE10",
        _ => string.Create(CultureInfo.InvariantCulture, $"A{Math.Clamp(width, column.IsCoded() ? column.Values.Max(v => Encoding.UTF8.GetByteCount(v.Code)) : 1, LongestString)}"),
    };

    private static void Transform(StringBuilder text, ExportColumn column, string language)
    {
        if (column.IsCoded())
        {
            text.Append(CultureInfo.InvariantCulture, $"RECODE {column.Name}{AsText}");
            foreach (var (number, code, _) in column.Numbered(language))
            {
                text.Append(CultureInfo.InvariantCulture, $" ({Quoted(code)}={number})");
            }

            text.Append(CultureInfo.InvariantCulture, $" INTO {column.Name}.\nFORMATS {column.Name} (F2.0).\n");
        }
        else if (column.Type == ColumnType.Instant)
        {
            string Part(int start, int length) => string.Create(CultureInfo.InvariantCulture, $"NUMBER(SUBSTR({column.Name}{AsText},{start},{length}),F{length}.0)");
            text.Append(CultureInfo.InvariantCulture, $"COMPUTE {column.Name}=DATE.DMY({Part(9, 2)},{Part(6, 2)},{Part(1, 4)})\n  +TIME.HMS({Part(12, 2)},{Part(15, 2)},{Part(18, 2)}).\nFORMATS {column.Name} (DATETIME20).\n");
        }

        foreach (var (name, code, _) in column.Indicators(language))
        {
            text.Append(CultureInfo.InvariantCulture, $"IF ({column.Name} NE '') {name}=(INDEX(CONCAT('|',RTRIM({column.Name}),'|'),{Quoted($"|{code}|")}) GT 0).\nFORMATS {name} (F1.0).\n");
        }
    }

    private static void Label(StringBuilder text, ExportColumn column, string language)
    {
        text.Append(CultureInfo.InvariantCulture, $"VARIABLE LABELS {column.Name} {Quoted(Coded.Cut(column.LabelIn(language), LongestVariableLabel))}.\n");
        if (column.IsCoded() || (column.Type == ColumnType.Integer && column.Values.Count > 0))
        {
            ValueLabels(text, column.Name, column.Numbered(language).Select(v => (v.Number, v.Label)));
        }

        foreach (var (name, _, label) in column.Indicators(language))
        {
            text.Append(CultureInfo.InvariantCulture, $"VARIABLE LABELS {name} {Quoted(Coded.Cut(label, LongestVariableLabel))}.\n");
            ValueLabels(text, name, [(0, "no"), (1, "yes")]);
            text.Append(CultureInfo.InvariantCulture, $"VARIABLE LEVEL {name} (NOMINAL).\n");
        }

        if (column.Type == ColumnType.Instant)
        {
            text.Append(CultureInfo.InvariantCulture, $"VARIABLE LABELS {column.Name}{AsText} {Quoted(Coded.Cut(column.Description + ", with its offset from UTC", LongestVariableLabel))}.\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"VARIABLE LEVEL {column.Name} ({LevelOf(column)}).\n");
    }

    private static void ValueLabels(StringBuilder text, string name, IEnumerable<(int Number, string Label)> values)
    {
        text.Append(CultureInfo.InvariantCulture, $"VALUE LABELS {name}");
        foreach (var (number, label) in values)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n  {number} {Quoted(Coded.Cut(label, LongestValueLabel))}");
        }

        text.Append(".\n");
    }

    private static string LevelOf(ExportColumn column) => column switch
    {
        { IsOrdered: true } => "ORDINAL",
        { Type: ColumnType.Integer or ColumnType.Number or ColumnType.Date or ColumnType.Instant } => "SCALE",
        _ => "NOMINAL",
    };

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
