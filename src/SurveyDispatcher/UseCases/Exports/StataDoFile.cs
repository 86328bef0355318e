using System.Globalization;
using System.Text;

namespace SurveyDispatcher.UseCases;

/// <summary>The do-file with which Stata reads the table of responses, and labels it.</summary>
/// <remarks>Names are given by the do-file, not by the file's header: so its mark of UTF-8 can't become part of one.</remarks>
internal static class StataDoFile
{
    public const string FileName = "responses.do";

    private const int LongestVariableLabel = 80, LongestValueLabel = 240;

    /// <summary>Writes the do-file.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="table">The table.</param>
    /// <param name="language">Of the labels.</param>
    public static void Write(Stream stream, ExportTable table, string language)
    {
        var text = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"* {table.Title}.\n* Labels in {language}. Stata 14 or newer. Run it with this folder as the working directory: cd \"FOLDER\"\nversion 14\n\n")
            .Append("import delimited ///\n");
        foreach (var column in table.Columns)
        {
            text.Append(CultureInfo.InvariantCulture, $"    {column.Name} ///\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"    using \"{DataPackage.FileOf(table)}\", clear delimiters(\",\") varnames(nonames) rowrange(2) case(preserve) ///\n")
            .Append(CultureInfo.InvariantCulture, $"    bindquotes(strict) maxquotedrows(unlimited) encoding(\"UTF-8\") ///\n    stringcols({Places(table, isNumber: false)}) ///\n    numericcols({Places(table, isNumber: true)})\n\n");
        foreach (var column in table.Columns)
        {
            Transform(text, column, language);
        }

        text.Append("order ///\n");
        text.AppendJoin(" ///\n", table.Columns.SelectMany(c => c.Indicators(language).Select(i => i.Name).Prepend(c.Name)).Select(n => $"    {n}"));
        text.Append("\ncompress\n");
        stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static string Places(ExportTable table, bool isNumber) => string.Join(
        ' ', Enumerable.Range(0, table.Columns.Count).Where(i => (table.Columns[i].Type is ColumnType.Integer or ColumnType.Number) == isNumber).Select(i => (i + 1).ToString(CultureInfo.InvariantCulture)));

    private static void Transform(StringBuilder text, ExportColumn column, string language)
    {
        var name = column.Name;
        if (column.Type is ColumnType.Date or ColumnType.Instant)
        {
            text.Append(column.Type == ColumnType.Date
                ? $"generate long {name}_ = daily({name}, \"YMD\")\nformat {name}_ %tdCCYY-NN-DD\n"
                : $"generate str {name}_text = {name}\nlabel variable {name}_text {Quoted(Short($"{column.Description}, with its offset from UTC"))}\n"
                    + $"generate double {name}_ = clock(subinstr(substr({name}, 1, 19), \"T\", \" \", 1), \"YMDhms\")\nformat {name}_ %tcCCYY-NN-DD_HH:MM:SS\n");
            text.Append(CultureInfo.InvariantCulture, $"drop {name}\nrename {name}_ {name}\n");
        }
        else if (column.IsCoded())
        {
            text.Append(CultureInfo.InvariantCulture, $"generate byte {name}_ = .\n");
            foreach (var (number, code, _) in column.Numbered(language))
            {
                text.Append(CultureInfo.InvariantCulture, $"replace {name}_ = {number} if {name} == {Quoted(code)}\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"drop {name}\nrename {name}_ {name}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"label variable {name} {Quoted(Short(column.LabelIn(language)))}\n");
        if (column.IsCoded() || (column.Type == ColumnType.Integer && column.Values.Count > 0))
        {
            ValueLabels(text, name, column.Numbered(language).Select(v => (v.Number, v.Label)));
        }

        foreach (var (indicator, code, label) in column.Indicators(language))
        {
            text.Append(CultureInfo.InvariantCulture, $"generate byte {indicator} = strpos(\"|\" + {name} + \"|\", {Quoted($"|{code}|")}) > 0 if {name} != \"\"\nlabel variable {indicator} {Quoted(Short(label))}\n");
            ValueLabels(text, indicator, [(0, "no"), (1, "yes")]);
        }

        text.Append('\n');
    }

    private static void ValueLabels(StringBuilder text, string name, IEnumerable<(int Number, string Label)> values)
    {
        text.Append(CultureInfo.InvariantCulture, $"label define {name}");
        foreach (var (number, label) in values)
        {
            text.Append(CultureInfo.InvariantCulture, $" ///\n    {number} {Quoted(Coded.Cut(label, LongestValueLabel))}");
        }

        text.Append(CultureInfo.InvariantCulture, $"\nlabel values {name} {name}\n");
    }

    /// <summary>Stata counts characters.</summary>
    private static string Short(string label)
    {
        var characters = label.ReplaceLineEndings(" ").EnumerateRunes().ToList();
        return characters.Count <= LongestVariableLabel
            ? string.Concat(characters)
            : $"{string.Concat(characters.Take(LongestVariableLabel - 1))}…";
    }

    /// <summary>Compound quotes; what would be a macro is written as text.</summary>
    private static string Quoted(string text) =>
        $"`\"{text.Replace("\"'", "\u201d'", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal)}\"'";
}
