using System.Data.Common;
using System.Text.RegularExpressions;

namespace SurveyDispatcher.Storage;

/// <summary>What a column holds, whatever the database calls it.</summary>
public enum ColumnKind
{
    /// <summary>A number of 64 bits.</summary>
    Integer,

    /// <summary>A text.</summary>
    Text,

    /// <summary>A market-local date.</summary>
    Day,

    /// <summary>A point in time.</summary>
    Instant,

    /// <summary>Bytes.</summary>
    Bytes,
}

/// <summary>A table of the store, as the schema declares it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Columns">Its columns, in order.</param>
public sealed partial record StoreTable(string Name, IReadOnlyList<(string Name, ColumnKind Kind)> Columns)
{
    /// <summary>Every table, in the order of the schema.</summary>
    public static IReadOnlyList<StoreTable> All { get; } = ReadAll(string.Join('\n', SqlText.Schema("").Select(step => step.Text)));

    /// <summary>The table of a name.</summary>
    public static StoreTable Of(string name) => All.First(t => t.Name == name);

    /// <summary>The columns' names, as a statement lists them.</summary>
    public string ColumnList => string.Join(", ", Columns.Select(c => c.Name));

    /// <summary>The text that inserts a row.</summary>
    public string Insert => $"INSERT INTO {Name} ({ColumnList}) VALUES ({string.Join(", ", Columns.Select(c => $"@{c.Name}"))})";

    /// <summary>A row as values that can be inserted again.</summary>
    public SqlValue[] Read(DbDataReader row) => [.. Columns.Select((column, i) => SqlValue.Of(row, i, column.Kind))];

    /// <summary>Tables as the first step of the schema makes them, with the columns that later steps add.</summary>
    private static List<StoreTable> ReadAll(string schema)
    {
        var added = AddedColumn().Matches(schema).ToLookup(a => a.Groups["table"].Value, Column);
        return
        [
            .. from table in Table().Matches(schema)
               let name = table.Groups["name"].Value
               select new StoreTable(name, [.. OwnColumn().Matches(table.Groups["columns"].Value).Select(Column), .. added[name]]),
        ];
    }

    private static (string Name, ColumnKind Kind) Column(Match column) => (column.Groups["name"].Value, column.Groups["type"].Value switch
    {
        "INTEGER" => ColumnKind.Integer,
        "DAY" => ColumnKind.Day,
        "INSTANT" => ColumnKind.Instant,
        "BYTES" => ColumnKind.Bytes,
        _ => ColumnKind.Text,
    });

    [GeneratedRegex(@"CREATE TABLE (?<name>\w+) \((?<columns>.*?)\n\)", RegexOptions.Singleline)]
    private static partial Regex Table();

    [GeneratedRegex(@"^    (?<name>\w+)\s+(?<type>INTEGER|TEXT|DAY|INSTANT|BYTES)\b", RegexOptions.Multiline)]
    private static partial Regex OwnColumn();

    [GeneratedRegex(@"^ALTER TABLE (?<table>\w+) ADD COLUMN (?<name>\w+) (?<type>INTEGER|TEXT|DAY|INSTANT|BYTES)\b", RegexOptions.Multiline)]
    private static partial Regex AddedColumn();
}
