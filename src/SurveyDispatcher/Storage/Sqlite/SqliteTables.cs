using System.Buffers.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace SurveyDispatcher.Storage;

/// <summary>A column of <see cref="SqliteTables"/>: its name, its declared type, and what it holds.</summary>
internal sealed record SqliteColumn(string Name, string Type, string Description);

/// <summary>A new database of plain tables in one file, which R, pandas and DuckDB open directly. It is no store.</summary>
/// <remarks>It is written once, under a temporary name: no journal, no waiting for the disk; whoever calls flushes it.</remarks>
internal sealed class SqliteTables : ITableOutput, IDisposable
{
    private readonly SqliteConnection connection;
    private sqlite3_stmt? insert;
    private nint statement;
    private int columns, bound, result;

    /// <summary>Begins to write into a file that is empty.</summary>
    public SqliteTables(string path)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
            Execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN");
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Makes a table; the rows that follow are its own. The schema says what each column holds.</summary>
    public void Begin(string table, IReadOnlyList<SqliteColumn> of)
    {
        insert?.Dispose();
        columns = of.Count;
        Execute($"CREATE TABLE {Quoted(table)} (\n{string.Concat(of.Select((c, i) => $"    {Quoted(c.Name)} {c.Type}{(i + 1 < columns ? "," : "")} -- {c.Description.ReplaceLineEndings(" ")}\n"))})");
        Check(raw.sqlite3_prepare_v2(connection.Handle, $"INSERT INTO {Quoted(table)} VALUES ({string.Join(',', Enumerable.Repeat('?', columns))})", out insert));
        statement = insert.DangerousGetHandle();
    }

    /// <summary>All tables are complete.</summary>
    public void Finish()
    {
        insert?.Dispose();
        insert = null;
        Execute("COMMIT");
    }

    /// <inheritdoc/>
    public void Text(ReadOnlySpan<byte> utf8) =>
        result |= utf8.IsEmpty ? SqliteBinding.Null(statement, ++bound) : SqliteBinding.Text(statement, ++bound, utf8);

    /// <inheritdoc/>
    public void Phone(ReadOnlySpan<byte> utf8) => Text(utf8);

    /// <inheritdoc/>
    public void Integer(long number) => result |= SqliteBinding.Int64(statement, ++bound, number);

    /// <inheritdoc/>
    public void Integer(ReadOnlySpan<byte> digits)
    {
        if (Utf8Parser.TryParse(digits, out long number, out var length) && length == digits.Length)
        {
            Integer(number);
        }
        else
        {
            Text(digits);
        }
    }

    /// <inheritdoc/>
    public void Decimal(double number, int decimals) => result |= SqliteBinding.Double(statement, ++bound, Math.Round(number, decimals));

    /// <inheritdoc/>
    public void EndRow()
    {
        if (bound != columns)
        {
            throw new InvalidOperationException($"{columns} cells are expected, not {bound}.");
        }

        Check(result);
        result = raw.sqlite3_step(insert!);
        var reset = raw.sqlite3_reset(insert!);
        Check(result == raw.SQLITE_DONE ? raw.SQLITE_OK : reset);
        (bound, result) = (0, raw.SQLITE_OK);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        insert?.Dispose();
        connection.Dispose();
    }

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private void Execute(string text) => Check(raw.sqlite3_exec(connection.Handle, text));

    /// <summary>It is a file that can't be written, as any other; the store is well.</summary>
    private void Check(int code)
    {
        if (code is not raw.SQLITE_OK)
        {
            throw new IOException(code == raw.SQLITE_FULL ? Say($"no space left for the database.") : $"{raw.sqlite3_errmsg(connection.Handle).utf8_to_string()} (SQLite {code}).");
        }
    }
}
