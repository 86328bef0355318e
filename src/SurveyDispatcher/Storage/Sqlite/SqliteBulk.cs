using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace SurveyDispatcher.Storage;

/// <summary>An insert of many rows: a statement for sixty of them costs a third of sixty statements.</summary>
/// <remarks>
/// What is added is at once put into the form in which SQLite keeps it: numbers as they are, texts, days and bytes one behind the other
/// in a buffer that the collector does not move. SQLite reads it there, and copies nothing before it writes its own pages.
/// </remarks>
internal sealed partial class SqliteBulk : Bulk
{
    private const int MostRows = 64, MostValues = 2_000, DayLength = 10;
    private readonly SqliteConnection connection;
    private readonly string name, one, many;
    private readonly (SqlKind Kind, long NumberOrStart, int Length)[] values;
    private readonly int columns;
    private sqlite3_stmt? insertOne, insertMany;
    private byte[] buffer = NewBuffer(1 << 15);
    private int count, used;

    public SqliteBulk(SqliteConnection connection, string name, string text)
    {
        (this.connection, this.name, one) = (connection, name, text);
        var tuple = Tuple().Match(text);
        columns = tuple.Value.Count(c => c == '@');
        var rows = Math.Min(MostRows, MostValues / columns);
        values = new (SqlKind, long, int)[rows * columns];
        var places = $"({string.Join(',', Enumerable.Repeat('?', columns))})";

        // OR FAIL: what breaks a constraint is our fault, and ends the transaction; SQLite need not be able to undo the statement alone.
        var start = text[..tuple.Index].Replace("INSERT INTO", "INSERT OR FAIL INTO", StringComparison.Ordinal);
        many = $"{start}{string.Join(',', Enumerable.Repeat(places, rows))}{text[(tuple.Index + tuple.Length)..]}";
    }

    /// <inheritdoc/>
    public override void Add(params ReadOnlySpan<SqlValue> row)
    {
        if (row.Length != columns)
        {
            throw new ArgumentException($"{columns} values are expected, not {row.Length}.");
        }

        foreach (ref readonly var value in row)
        {
            values[count++] = value.Kind switch
            {
                SqlKind.Text => (SqlKind.Text, used, Put(value.Text)),
                SqlKind.Bytes => (SqlKind.Bytes, used, Put(value.Bytes)),
                SqlKind.Day => (SqlKind.Text, used, Put(value.Day)),
                SqlKind.Instant => (SqlKind.Text, used, Put(SqliteStatement.TextOf(value.Instant))),
                SqlKind.Number => (SqlKind.Number, value.Number, 0),
                _ => default,
            };
        }

        if (count == values.Length)
        {
            Insert(ref insertMany, many, values);
            Clear();
        }
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        for (var at = 0; at < count; at += columns)
        {
            Insert(ref insertOne, one, values.AsSpan(at, columns));
        }

        Clear();
    }

    /// <inheritdoc/>
    public override void Clear() => (count, used) = (0, 0);

    /// <inheritdoc/>
    public override void Dispose()
    {
        insertOne?.Dispose();
        insertMany?.Dispose();
        base.Dispose();
    }

    private static byte[] NewBuffer(int size) => GC.AllocateUninitializedArray<byte>(size, pinned: true);

    private void Insert(ref sqlite3_stmt? prepared, string text, ReadOnlySpan<(SqlKind Kind, long NumberOrStart, int Length)> row)
    {
        Moment.Of("statement", name);
        if (prepared is null)
        {
            Check(raw.sqlite3_prepare_v2(connection.Handle, text, out prepared));
        }

        var (statement, start) = (prepared.DangerousGetHandle(), Marshal.UnsafeAddrOfPinnedArrayElement(buffer, 0));
        var result = raw.SQLITE_OK;
        for (var i = 0; i < row.Length; i++)
        {
            ref readonly var value = ref row[i];
            result |= value.Kind switch
            {
                SqlKind.Number => SqliteBinding.Int64(statement, i + 1, value.NumberOrStart),
                SqlKind.Text => SqliteBinding.TextInPlace(statement, i + 1, start + (nint)value.NumberOrStart, value.Length),
                SqlKind.Bytes => SqliteBinding.BlobInPlace(statement, i + 1, start + (nint)value.NumberOrStart, value.Length),
                _ => SqliteBinding.Null(statement, i + 1),
            };
        }

        Check(result);
        result = raw.sqlite3_step(prepared);
        var reset = raw.sqlite3_reset(prepared);
        Check(result == raw.SQLITE_DONE ? raw.SQLITE_OK : reset);
    }

    private int Put(string text)
    {
        var room = Room(Encoding.UTF8.GetMaxByteCount(text.Length));
        return Used(Encoding.UTF8.GetBytes(text, room));
    }

    private int Put(byte[] bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        return Used(bytes.Length);
    }

    /// <summary>yyyy-MM-dd.</summary>
    private int Put(DateOnly day)
    {
        SqliteStatement.Format(day, Room(DayLength));
        return Used(DayLength);
    }

    private Span<byte> Room(int most)
    {
        if (used + most > buffer.Length)
        {
            var larger = NewBuffer(Math.Max(2 * buffer.Length, used + most));
            buffer.AsSpan(0, used).CopyTo(larger);
            buffer = larger;
        }

        return buffer.AsSpan(used);
    }

    private int Used(int length)
    {
        used += length;
        return length;
    }

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, connection.Handle);

    [GeneratedRegex(@"(?<=\bVALUES )\([^()]*\)")]
    private static partial Regex Tuple();
}
