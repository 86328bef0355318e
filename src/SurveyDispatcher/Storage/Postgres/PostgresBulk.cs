using System.Buffers.Binary;
using System.Text;
using Npgsql;

namespace SurveyDispatcher.Storage;

/// <summary>Rows in bulk by COPY, where the insert resolves conflicts by way of a table of the session.</summary>
/// <remarks>
/// What is added is at once put into COPY's binary format: the types of the schema are five, and the driver's own writer, which knows
/// every type, takes as long over a row as the server. While the server takes in one buffer, the next is filled.
/// </remarks>
internal sealed class PostgresBulk(PostgresDatabase database, NpgsqlConnection connection, string table, string columns, int width, string onConflict, Statement one) : Bulk
{
    private const int EnoughBytes = 1 << 20, FewRows = 4;
    private const int DaysBefore2000 = 730_119;
    private const long TicksBefore2000 = DaysBefore2000 * TimeSpan.TicksPerDay;
    private static readonly byte[] Head = [.. "PGCOPY\n"u8, 0xff, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];
    private readonly List<object?[]> few = [];
    private byte[] buffer = [], other = [];
    private int used, rows;
    private bool staged;

    /// <inheritdoc/>
    public override void Add(params ReadOnlySpan<SqlValue> row)
    {
        if (row.Length != width)
        {
            throw new ArgumentException($"{width} values are expected, not {row.Length}: {table}");
        }

        if (rows++ < FewRows)
        {
            few.Add([.. Objects(row)]);
        }

        BinaryPrimitives.WriteInt16BigEndian(Room(2), (short)width);
        used += 2;
        foreach (ref readonly var value in row)
        {
            Put(value);
        }

        if (used >= EnoughBytes)
        {
            Flush();
        }
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        if (rows <= FewRows)
        {
            few.ForEach(row => one.Run(row));
        }
        else
        {
            Moment.Of("statement", $"copy {table}");
            var (data, length) = (buffer, used);
            database.Copy(() => Copy(data, length)); // which waits for the last one: the other buffer is free
            (buffer, other) = (other, buffer);
        }

        Empty();
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        Empty();
        database.AbandonCopy();
        staged = false; // the table may have been made by the transaction that was rolled back
    }

    private void Empty()
    {
        (used, rows) = (0, 0);
        few.Clear();
    }

    private static List<object?> Objects(ReadOnlySpan<SqlValue> row)
    {
        var objects = new List<object?>(row.Length);
        foreach (ref readonly var value in row)
        {
            objects.Add(value.ToObject());
        }

        return objects;
    }

    private void Copy(byte[] data, int length)
    {
        if (onConflict.Length == 0)
        {
            Copy(table, data.AsSpan(0, length));
            return;
        }

        var staging = $"staging_{table}";
        if (!staged)
        {
            Execute($"CREATE TEMP TABLE IF NOT EXISTS {staging} (LIKE {table}) ON COMMIT DELETE ROWS");
            staged = true;
        }

        Copy(staging, data.AsSpan(0, length));
        Execute($"INSERT INTO {table} ({columns}) SELECT {columns} FROM {staging} {onConflict}; TRUNCATE {staging}");
    }

    private void Copy(string into, ReadOnlySpan<byte> data)
    {
        using var stream = connection.BeginRawBinaryCopy($"COPY {into} ({columns}) FROM STDIN (FORMAT BINARY)");
        stream.Write(Head);
        stream.Write(data);
        stream.Write([0xff, 0xff]); // no more rows
    }

    /// <summary>A value with its length before it; -1: there is none.</summary>
    private void Put(in SqlValue value)
    {
        switch (value.Kind)
        {
            case SqlKind.Null:
                BinaryPrimitives.WriteInt32BigEndian(Room(4), -1);
                used += 4;
                break;
            case SqlKind.Number:
                Put(value.Number);
                break;
            case SqlKind.Instant:
                Put((value.Instant.UtcTicks - TicksBefore2000) / TimeSpan.TicksPerMicrosecond);
                break;
            case SqlKind.Day:
                var day = Room(8);
                BinaryPrimitives.WriteInt32BigEndian(day, 4);
                BinaryPrimitives.WriteInt32BigEndian(day[4..], value.Day.DayNumber - DaysBefore2000);
                used += 8;
                break;
            case SqlKind.Text:
                var text = Room(4 + Encoding.UTF8.GetMaxByteCount(value.Text.Length));
                var length = Encoding.UTF8.GetBytes(value.Text, text[4..]);
                BinaryPrimitives.WriteInt32BigEndian(text, length);
                used += 4 + length;
                break;
            case SqlKind.Bytes:
                var bytes = Room(4 + value.Bytes.Length);
                BinaryPrimitives.WriteInt32BigEndian(bytes, value.Bytes.Length);
                value.Bytes.CopyTo(bytes[4..]);
                used += 4 + value.Bytes.Length;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value.Kind, "No SQL value.");
        }
    }

    private void Put(long number)
    {
        var room = Room(12);
        BinaryPrimitives.WriteInt32BigEndian(room, 8);
        BinaryPrimitives.WriteInt64BigEndian(room[4..], number);
        used += 12;
    }

    private Span<byte> Room(int most)
    {
        if (used + most > buffer.Length)
        {
            Array.Resize(ref buffer, Math.Max(Math.Max(1 << 12, 2 * buffer.Length), used + most));
        }

        return buffer.AsSpan(used);
    }

    private void Execute(string text)
    {
        using var command = new NpgsqlCommand(text, connection);
        command.ExecuteNonQuery();
    }
}
