using System.Data.Common;
using System.Text.RegularExpressions;

namespace SurveyDispatcher.Storage;

/// <summary>One prepared statement; values are given in the order in which the parameters first appear in its text.</summary>
public abstract partial class Statement : IDisposable
{
    private readonly string name;
    private readonly int parameters;

    /// <param name="name">The name by which it is asked for.</param>
    /// <param name="command">The text, with its parameters.</param>
    /// <param name="parameters">How many values it takes.</param>
    protected Statement(string name, DbCommand command, int parameters) => (this.name, Command, this.parameters) = (name, command, parameters);

    /// <summary>The command that reads.</summary>
    protected DbCommand Command { get; }

    /// <summary>Runs the statement; returns the number of rows it changed.</summary>
    public abstract int Run(params ReadOnlySpan<object?> values);

    /// <summary>Whether there is any row. Cheaper than reading one: it is asked at the start of every transaction.</summary>
    public abstract bool Any(params ReadOnlySpan<object?> values);

    /// <summary>The first column of the first row, or the default when there is no row or no value.</summary>
    public T? Scalar<T>(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        using var reader = Command.ExecuteReader();
        return reader.Read() && !reader.IsDBNull(0) ? reader.GetFieldValue<T>(0) : default;
    }

    /// <summary>The first row, or the default when there is none.</summary>
    public T? First<T>(Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        Bind(values);
        using var reader = Command.ExecuteReader();
        return reader.Read() ? read(reader) : default;
    }

    /// <summary>All rows.</summary>
    public List<T> List<T>(Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        Bind(values);
        using var reader = Command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>Hands every row to <paramref name="row"/> as it comes, in constant memory.</summary>
    public void Each(Action<DbDataReader> row, params ReadOnlySpan<object?> values)
    {
        Bind(values);
        using var reader = Command.ExecuteReader();
        while (reader.Read())
        {
            row(reader);
        }
    }

    /// <summary>Every row as it is asked for, in constant memory; several statements may be under way at once, each of them once.</summary>
    public IEnumerable<T> Rows<T>(Func<DbDataReader, T> read)
    {
        Begin(0);
        return Stream(read);
    }

    /// <summary>Every row, a page at a time, in constant memory: for tables of millions of rows.</summary>
    /// <param name="room">Gives a page that may be written over.</param>
    /// <param name="full">Takes it when it is full, and the last one.</param>
    /// <param name="values">Of the parameters.</param>
    public abstract void EachPage(Func<RowPage> room, Action<RowPage> full, params ReadOnlySpan<object?> values);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        Command.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The parameters of a text, in the order in which they first appear.</summary>
    internal static IReadOnlyList<string> ParametersOf(string text) =>
        [.. ParameterName().Matches(text).Select(m => m.Value).Distinct(StringComparer.Ordinal)];

    /// <summary>The statement is about to run with so many values.</summary>
    protected void Begin(int count)
    {
        Moment.Of("statement", name);
        if (count != parameters)
        {
            throw new ArgumentException($"{parameters} values are expected, not {count}: {Command.CommandText}");
        }
    }

    /// <summary>The rows of a statement without values, one after the other.</summary>
    protected virtual IEnumerable<T> Stream<T>(Func<DbDataReader, T> read)
    {
        using var reader = Command.ExecuteReader();
        while (reader.Read())
        {
            yield return read(reader);
        }
    }

    /// <summary>Gives the command its values.</summary>
    protected abstract void Bind(ReadOnlySpan<object?> values);

    [GeneratedRegex(@"@\w+")]
    private static partial Regex ParameterName();
}

/// <summary>An insert of many rows; what is added is stored when there is enough of it, and with the transaction at the latest.</summary>
public abstract class Bulk : IDisposable
{
    /// <summary>Adds a row; the values in the order of the statement's columns.</summary>
    public abstract void Add(params ReadOnlySpan<SqlValue> row);

    /// <summary>Stores what was added.</summary>
    public abstract void Flush();

    /// <summary>Forgets what was added.</summary>
    public abstract void Clear();

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}

/// <summary>Values as SQL takes and gives them.</summary>
internal static class SqlValues
{
    /// <summary>A set of numbers as one parameter: <c>IN (SELECT value FROM json_each(@ids))</c>.</summary>
    public static object Set(IEnumerable<long> values) => values.ToArray();

    /// <summary>A set of codes as one parameter; they are letters and digits.</summary>
    public static object Set(IEnumerable<string> codes) => codes.ToArray();

    public static string? TextOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static DateOnly Day(this DbDataReader row, int column) => row.GetFieldValue<DateOnly>(column);

    public static DateOnly? DayOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateOnly>(column);

    public static int? IntOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

    public static long? LongOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static byte[]? BytesOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);

    public static byte[] Bytes(this DbDataReader row, int column) => row.GetFieldValue<byte[]>(column);

    public static DateTimeOffset Instant(this DbDataReader row, int column) => row.GetFieldValue<DateTimeOffset>(column);
}
