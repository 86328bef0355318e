using System.Data.Common;

namespace SurveyDispatcher.Storage;

/// <summary>A value of a row in bulk. As an object each number and day would be garbage of its own: an import has twenty of them a row.</summary>
public readonly struct SqlValue
{
    private readonly long number;
    private readonly object? reference;

    private SqlValue(SqlKind kind, long number, object? reference = null) => (Kind, this.number, this.reference) = (kind, number, reference);

    /// <summary>No value.</summary>
    public static SqlValue Null => default;

    /// <summary>What it is.</summary>
    public SqlKind Kind { get; }

    /// <summary>A number.</summary>
    public long Number => number;

    /// <summary>A text.</summary>
    public string Text => (string)reference!;

    /// <summary>Bytes.</summary>
    public byte[] Bytes => (byte[])reference!;

    /// <summary>A day.</summary>
    public DateOnly Day => DateOnly.FromDayNumber((int)number);

    /// <summary>A point in time.</summary>
    public DateTimeOffset Instant => new(number, TimeSpan.Zero);

    /// <summary>A number, or none.</summary>
    public static implicit operator SqlValue(long? value) => value is { } number ? new(SqlKind.Number, number) : default;

    /// <summary>A text, or none.</summary>
    public static implicit operator SqlValue(string? value) => value is null ? default : new(SqlKind.Text, 0, value);

    /// <summary>Bytes, or none.</summary>
    public static implicit operator SqlValue(byte[]? value) => value is null ? default : new(SqlKind.Bytes, 0, value);

    /// <summary>A day, or none.</summary>
    public static implicit operator SqlValue(DateOnly? value) => value is { } day ? new(SqlKind.Day, day.DayNumber) : default;

    /// <summary>A point in time.</summary>
    public static implicit operator SqlValue(DateTimeOffset value) => new(SqlKind.Instant, value.UtcTicks);

    /// <summary>The value of a column in a row that was read.</summary>
    public static SqlValue Of(DbDataReader row, int column, ColumnKind kind) => row.IsDBNull(column) ? Null : kind switch
    {
        ColumnKind.Integer => row.GetInt64(column),
        ColumnKind.Text => row.GetString(column),
        ColumnKind.Day => row.Day(column),
        ColumnKind.Instant => row.Instant(column),
        _ => row.Bytes(column),
    };

    /// <summary>The value as statements take it.</summary>
    public object? ToObject() => Kind switch
    {
        SqlKind.Null => null,
        SqlKind.Number => number,
        SqlKind.Day => Day,
        SqlKind.Instant => Instant,
        _ => reference,
    };
}

/// <summary>What a <see cref="SqlValue"/> is.</summary>
public enum SqlKind
{
    /// <summary>No value.</summary>
    Null,

    /// <summary>A number of 64 bits.</summary>
    Number,

    /// <summary>A text.</summary>
    Text,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>A market-local date.</summary>
    Day,

    /// <summary>A point in time.</summary>
    Instant,
}
