using System.Globalization;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.UseCases;

/// <summary>A table for analysts.</summary>
/// <param name="Name">As the command line and files name it.</param>
/// <param name="Title">What a row is.</param>
/// <param name="Columns">In order, which is contract: new ones come last.</param>
/// <param name="Write">Writes all rows, each with a cell for every column.</param>
internal sealed record ExportTable(string Name, string Title, IReadOnlyList<ExportColumn> Columns, Action<ITableOutput> Write);

/// <summary>What the cells of a column are.</summary>
internal enum ColumnType
{
    /// <summary>Any text: an id with its leading zeros, a code, words.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with decimals.</summary>
    Number,

    /// <summary>A market-local day, yyyy-MM-dd.</summary>
    Date,

    /// <summary>A point in time, market-local with its offset, yyyy-MM-ddTHH:mm:sszzz.</summary>
    Instant,

    /// <summary>Y or N.</summary>
    YesNo,
}

/// <summary>A column: the one place from which CSV, SQLite, datapackage.json, SPSS and Stata know it.</summary>
internal sealed record ExportColumn(string Name, ColumnType Type, string Description)
{
    /// <summary>The values that it can have, with their labels; empty: any of its type.</summary>
    public IReadOnlyList<ScaleCode> Values { get; init; } = [];

    /// <summary>Several of the values can stand in a cell, joined by <c>|</c>.</summary>
    public bool IsSeveral { get; init; }

    /// <summary>The values have an order.</summary>
    public bool IsOrdered { get; init; }

    /// <summary>Words of a customer, of any length.</summary>
    public bool IsFreeText { get; init; }

    /// <summary>What a respondent was asked, per language.</summary>
    public IReadOnlyDictionary<string, string> Wording { get; init; } = new Dictionary<string, string>();

    /// <summary>What labels in a language say of the column.</summary>
    public string LabelIn(string language) => In(Wording, language) ?? Description;

    /// <summary>What a language says of a value.</summary>
    public static string LabelOf(ScaleCode value, string language) => In(value.Label, language) ?? value.Code;

    private static string? In(IReadOnlyDictionary<string, string> texts, string language) =>
        texts.TryGetValue(language, out var text) || texts.TryGetValue("en", out text) ? text : null;
}

/// <summary>Short names for columns and cells.</summary>
internal static class Exported
{
    public static ExportColumn Text(string name, string description, params ReadOnlySpan<(string Code, string Label)> values) =>
        new(name, ColumnType.Text, description) { Values = Labelled(values) };

    public static ExportColumn Integer(string name, string description) => new(name, ColumnType.Integer, description);

    public static ExportColumn Number(string name, string description) => new(name, ColumnType.Number, description);

    public static ExportColumn Date(string name, string description) => new(name, ColumnType.Date, description);

    public static ExportColumn Instant(string name, string description) => new(name, ColumnType.Instant, description);

    public static ExportColumn YesNo(string name, string description) =>
        new(name, ColumnType.YesNo, description) { Values = Labelled([("Y", "yes"), ("N", "no")]) };

    public static void Text(this ITableOutput output, string? text)
    {
        const int mostOnStack = 1024;
        if (text is null)
        {
            output.Text(default(ReadOnlySpan<byte>));
            return;
        }

        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        var utf8 = most <= mostOnStack ? stackalloc byte[most] : new byte[most];
        output.Text(utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }

    public static void Phone(this ITableOutput output, string text) => output.Phone(Encoding.UTF8.GetBytes(text));

    public static void Empty(this ITableOutput output) => output.Text(default(ReadOnlySpan<byte>));

    public static void YesNo(this ITableOutput output, bool yes) => output.Text(yes ? "Y"u8 : "N"u8);

    public static void DecimalOrEmpty(this ITableOutput output, double? number, int decimals)
    {
        if (number is { } value)
        {
            output.Decimal(value, decimals);
        }
        else
        {
            output.Empty();
        }
    }

    /// <summary>The labels of a value list in the language of the documents.</summary>
    private static ScaleCode[] Labelled(ReadOnlySpan<(string Code, string Label)> values)
    {
        var labelled = new ScaleCode[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            labelled[i] = new ScaleCode(values[i].Code, new Dictionary<string, string> { ["en"] = values[i].Label });
        }

        return labelled;
    }

    /// <summary>A month as tables have it.</summary>
    public static string Month(DateOnly day) => day.ToString("yyyy-MM", CultureInfo.InvariantCulture);
}
