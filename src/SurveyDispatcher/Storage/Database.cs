using System.Collections.Frozen;
using System.Data.Common;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace SurveyDispatcher.Storage;

/// <summary>The store's connection: named statements from <c>Sql/*.sql</c>, prepared once, and transactions.</summary>
/// <remarks>Not thread-safe: one thread plans, and it owns the connection.</remarks>
public sealed partial class Database : IDisposable
{
    /// <summary>SQLITE_IOERR_SHMSIZE: there was no room for the file of shared memory, the first that a connection makes.</summary>
    private const int SharedMemorySize = 4874;

    /// <summary>SQLITE_IOERR_WRITE.</summary>
    private const int WriteFailed = 778;

    private static readonly FrozenDictionary<string, string> Statements = LoadStatements();
    private readonly SqliteConnection connection;
    private readonly Dictionary<string, Statement> prepared = new(StringComparer.Ordinal);
    private Statement? begin, commit, rollback;
    private bool inTransaction;
    private WriteBehind? behind;

    /// <summary>One thread owns a connection: SQLite's own locks around every call, and its memory statistics, would only cost time.</summary>
    static Database()
    {
        Batteries_V2.Init();
        raw.sqlite3_shutdown();
        SqliteException.ThrowExceptionForRC(raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD), null);
        SqliteException.ThrowExceptionForRC(raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0), null);
        raw.sqlite3_initialize();
    }

    private Database(SqliteConnection connection) => this.connection = connection;

    /// <summary>Raised after a rollback: what was counted on in memory must be read again.</summary>
    public event Action? RolledBack;

    /// <summary>Looks, at the start of every transaction, whether this process may still write; throws if not.</summary>
    public Action? Guard { get; set; }

    /// <summary>Opens a store, creating or migrating it first when <paramref name="write"/> is set.</summary>
    /// <param name="connectionString">Which one.</param>
    /// <param name="write">Whether it may be changed.</param>
    /// <param name="older">Whether a reader can do with a store that was not migrated yet: to copy it.</param>
    /// <exception cref="OperatorException">The file is no store of ours, or can't be used.</exception>
    public static Database Open(string connectionString, bool write, bool older = false)
    {
        try
        {
            var database = new Database(new SqliteConnection(connectionString));
            try
            {
                database.connection.Open();
                database.Configure();
                database.CheckOurs();
                if (write)
                {
                    database.ConfigureWriting();
                    database.Migrate();
                }
                else if (!older)
                {
                    database.CheckVersion();
                }

                return database;
            }
            catch
            {
                database.Dispose();
                throw;
            }
        }
        catch (SqliteException e)
        {
            var path = new SqliteConnectionStringBuilder(connectionString).DataSource;
            throw new OperatorException($"The store {path} can't be used: {Explain(e)}", e);
        }
    }

    /// <summary>What a database error means to the operator.</summary>
    public static string Explain(SqliteException e) => e.SqliteErrorCode switch
    {
        5 or 6 => "another program holds it locked (a backup, a database browser?). Close that program, then run the same command again.",
        8 => "it is read-only for this user, or a file beside it is (survey.db-wal, survey.db-shm). Give the user that runs the cycle the right to write to all of them, then run the same command again.",
        11 or 26 => "the file is damaged or no database. Restore the last backup (docs/operations.md), then run the same command again.",
        13 or 10 when e.SqliteErrorCode == 13 || e.SqliteExtendedErrorCode is SharedMemorySize or WriteFailed =>
            "the disk is full (or it fails). Make room, then run the same command again: what was stored is kept.",
        14 => "it can't be opened or created. Check that the data directory exists and that this user may write there.",
        _ => $"{e.Message} (SQLite {e.SqliteExtendedErrorCode}).",
    };

    /// <summary>A statement by its name in the <c>.sql</c> files.</summary>
    public Statement this[string name]
    {
        get
        {
            if (!prepared.TryGetValue(name, out var statement))
            {
                statement = new Statement(connection, name, Statements[name]);
                prepared.Add(name, statement);
            }

            return statement;
        }
    }

    /// <summary>Runs <paramref name="work"/> in one transaction: all of it is stored, or nothing.</summary>
    public void InTransaction(Action work)
    {
        if (inTransaction)
        {
            throw new InvalidOperationException("Transactions do not nest.");
        }

        // Prepared once: ADO.NET would parse several statements for each of the many small ones of the mail stage.
        (begin ??= new(connection, "begin", "BEGIN IMMEDIATE")).Run();
        inTransaction = true;
        try
        {
            Guard?.Invoke();
            work();
            (commit ??= new(connection, "commit", "COMMIT")).Run();
            inTransaction = false;
            Moment.Of("committed", "");
            behind?.Written();
        }
        catch
        {
            inTransaction = false;
            Rollback();
            RolledBack?.Invoke();
            throw;
        }
    }

    /// <summary>Runs <paramref name="work"/>, which only reads, on the store as it is at this moment, whatever a cycle writes meanwhile.</summary>
    public T AtOneMoment<T>(Func<T> work)
    {
        Execute("BEGIN");
        try
        {
            return work();
        }
        finally
        {
            Execute("ROLLBACK");
        }
    }

    /// <summary>
    /// Runs <paramref name="work"/> with commits that don't wait for the disk, which follows a few milliseconds behind. When this
    /// returns, everything is on the disk.
    /// </summary>
    /// <remarks>A process that is killed loses nothing. A machine that loses power may lose the last commits, in order and whole.</remarks>
    public async Task WriteBehindAsync(Func<Task> work)
    {
        var log = connection.DataSource + "-wal";
        if (!File.Exists(log))
        {
            await work(); // a file system on which SQLite can't have such a log: then each commit waits
            return;
        }

        Execute("PRAGMA synchronous = NORMAL");
        try
        {
            using (behind = new WriteBehind(log))
            {
                await work();
            }
        }
        finally
        {
            behind = null;
            Execute("PRAGMA synchronous = FULL");
        }
    }

    /// <summary>Writes the store anew, so that nothing that was removed is left in free pages, and empties its log.</summary>
    /// <remarks>It needs as much room again on the disk for a moment; SQLite's temporary file goes to a file, since it has the store's size.</remarks>
    /// <returns>False when somebody reads the store: while he does, the pages that he sees stay where they are.</returns>
    public bool Compact()
    {
        Execute("PRAGMA temp_store = FILE");
        try
        {
            Execute("VACUUM");
            return this["erase.empty_log"].Scalar<long>() == 0;
        }
        finally
        {
            Execute("PRAGMA temp_store = MEMORY");
        }
    }

    /// <summary>Copies the store as it stands into a file.</summary>
    public void CopyTo(string path)
    {
        using var target = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        target.Open();
        connection.BackupDatabase(target);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var statement in prepared.Values)
        {
            statement.Dispose();
        }

        begin?.Dispose();
        commit?.Dispose();
        rollback?.Dispose();
        connection.Dispose();
    }

    private void Rollback()
    {
        try
        {
            (rollback ??= new(connection, "rollback", "ROLLBACK")).Run();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself (disk full, I/O error); the error that led here says why.
            return;
        }
    }

    private void Configure() => Execute("PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA busy_timeout = 15000;");

    /// <summary>What is removed is overwritten with zeros, where that costs no page more.</summary>
    private void ConfigureWriting() => Execute("PRAGMA secure_delete = FAST; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000;");

    private void Execute(string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    /// <summary>Somebody else's database is left as it is: not even its journal mode is changed.</summary>
    private void CheckOurs()
    {
        using var strangers = connection.CreateCommand();
        strangers.CommandText = "SELECT count(*) > 0 AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'ledger') FROM sqlite_master";
        if (Convert.ToInt64(strangers.ExecuteScalar(), CultureInfo.InvariantCulture) != 0)
        {
            throw new OperatorException(
                $"{connection.DataSource} is a database, but no store of this program: it has no ledger. It was left as it is. Name the right data directory with --data DIR, or restore the store (docs/operations.md).");
        }
    }

    private void Migrate()
    {
        var steps = ResourceNames("Schema/").Order(StringComparer.Ordinal).ToList();
        var current = Version(steps.Count);
        for (var step = current; step < steps.Count; step++)
        {
            using var migration = connection.BeginTransaction();
            using var command = connection.CreateCommand();
            command.Transaction = migration;
            command.CommandText = Resource(steps[step]) + $"\nPRAGMA user_version = {step + 1};";
            command.ExecuteNonQuery();
            migration.Commit();
        }
    }

    /// <summary>A reader changes nothing, so it can't bring an older store up to date.</summary>
    private void CheckVersion()
    {
        var known = ResourceNames("Schema/").Count();
        if (Version(known) is var current && current < known)
        {
            throw new OperatorException(
                $"The store {connection.DataSource} was made by an older version of the program (schema {current}, this one needs {known}). Run 'cycle' once: it brings the store up to date.");
        }
    }

    private int Version(int known)
    {
        using var version = connection.CreateCommand();
        version.CommandText = "PRAGMA user_version";
        var current = Convert.ToInt32(version.ExecuteScalar(), CultureInfo.InvariantCulture);
        return current <= known ? current : throw new OperatorException(
            $"The store {connection.DataSource} was made by a newer version of the program (schema {current}, this one knows {known}). Install the newer version.");
    }

    private static IEnumerable<string> ResourceNames(string prefix) => Assembly.GetExecutingAssembly()
        .GetManifestResourceNames().Where(n => n.StartsWith(prefix, StringComparison.Ordinal));

    private static string Resource(string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    private static FrozenDictionary<string, string> LoadStatements()
    {
        var statements = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var resource in ResourceNames("Sql/"))
        {
            var theme = Path.GetFileNameWithoutExtension(resource["Sql/".Length..]);
            foreach (var part in StatementName().Split(Resource(resource)).Skip(1).Chunk(2))
            {
                statements.Add($"{theme}.{part[0]}", part[1].Trim());
            }
        }

        return statements.ToFrozenDictionary(StringComparer.Ordinal);
    }

    [GeneratedRegex(@"^-- name: (\w+)[^\n]*\n", RegexOptions.Multiline)]
    private static partial Regex StatementName();
}

/// <summary>One prepared statement; values are given in the order in which the parameters first appear in its text.</summary>
/// <remarks>
/// Reads go through ADO.NET. Writes bind to SQLite directly: ADO.NET looks every parameter up by name on every run, which
/// took a third of the time of an import.
/// </remarks>
public sealed partial class Statement : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly string name;
    private readonly SqliteCommand command;
    private sqlite3_stmt? direct;

    internal Statement(SqliteConnection connection, string name, string text)
    {
        this.connection = connection;
        this.name = name;
        command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var parameter in ParameterName().Matches(text).Select(m => m.Value).Distinct(StringComparer.Ordinal))
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        }
    }

    /// <summary>Runs the statement; returns the number of rows it changed.</summary>
    public int Run(params ReadOnlySpan<object?> values)
    {
        var statement = Bound(values);
        var result = raw.sqlite3_step(statement);
        var changed = raw.sqlite3_changes(connection.Handle);
        var reset = raw.sqlite3_reset(statement);
        Check(result is raw.SQLITE_DONE or raw.SQLITE_ROW ? raw.SQLITE_OK : reset);
        return changed;
    }

    /// <summary>Whether there is any row. Cheaper than reading one: it is asked at the start of every transaction.</summary>
    public bool Any(params ReadOnlySpan<object?> values)
    {
        var statement = Bound(values);
        var result = raw.sqlite3_step(statement);
        var reset = raw.sqlite3_reset(statement);
        Check(result is raw.SQLITE_DONE or raw.SQLITE_ROW ? raw.SQLITE_OK : reset);
        return result == raw.SQLITE_ROW;
    }

    /// <summary>The first column of the first row, or the default when there is no row or no value.</summary>
    public T? Scalar<T>(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        using var reader = command.ExecuteReader();
        return reader.Read() && !reader.IsDBNull(0) ? reader.GetFieldValue<T>(0) : default;
    }

    /// <summary>The first row, or the default when there is none.</summary>
    public T? First<T>(Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        Bind(values);
        using var reader = command.ExecuteReader();
        return reader.Read() ? read(reader) : default;
    }

    /// <summary>All rows.</summary>
    public List<T> List<T>(Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        Bind(values);
        using var reader = command.ExecuteReader();
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
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            row(reader);
        }
    }

    /// <summary>Every row as it is asked for, in constant memory; several statements may be under way at once, each of them once.</summary>
    public IEnumerable<T> Rows<T>(Func<DbDataReader, T> read)
    {
        Begin(0);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return read(reader);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        direct?.Dispose();
        command.Dispose();
    }

    /// <summary>The statement, prepared and with its values.</summary>
    private sqlite3_stmt Bound(ReadOnlySpan<object?> values)
    {
        Begin(values.Length);
        if (direct is null)
        {
            Check(raw.sqlite3_prepare_v2(connection.Handle, command.CommandText, out direct));
        }

        var statement = direct.DangerousGetHandle();
        for (var i = 0; i < values.Length; i++)
        {
            Check(BindDirectly(statement, i + 1, values[i]));
        }

        return direct;
    }

    /// <summary>The same representation as ADO.NET's, so that what is written here is read there.</summary>
    private static int BindDirectly(nint statement, int position, object? value) => value switch
    {
        null => SqliteBinding.Null(statement, position),
        string text => BindText(statement, position, text),
        long number => SqliteBinding.Int64(statement, position, number),
        int number => SqliteBinding.Int64(statement, position, number),
        byte[] bytes => SqliteBinding.Blob(statement, position, bytes),
        DateOnly day => BindText(statement, position, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        DateTimeOffset instant => BindText(statement, position, instant.ToString(@"yyyy\-MM\-dd HH\:mm\:ss.FFFFFFFzzz", CultureInfo.InvariantCulture)),
        _ => throw new ArgumentOutOfRangeException(nameof(value), value.GetType(), "No SQL value."),
    };

    private static int BindText(nint statement, int position, string text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        Span<byte> utf8 = most <= 512 ? stackalloc byte[most] : new byte[most];
        return SqliteBinding.Text(statement, position, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, connection.Handle);

    private void Begin(int count)
    {
        Moment.Of("statement", name);
        if (count != command.Parameters.Count)
        {
            throw new ArgumentException($"{command.Parameters.Count} values are expected, not {count}: {command.CommandText}");
        }
    }

    private void Bind(ReadOnlySpan<object?> values)
    {
        Begin(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }
    }

    [GeneratedRegex(@"@\w+")]
    private static partial Regex ParameterName();
}

/// <summary>Values as SQL takes and gives them.</summary>
internal static class SqlValues
{
    /// <summary>A set of numbers as one parameter: <c>IN (SELECT value FROM json_each(@ids))</c>.</summary>
    public static string Set(IEnumerable<long> values) => $"[{string.Join(',', values)}]";

    /// <summary>A set of codes as one parameter; they are letters and digits.</summary>
    public static string Set(IEnumerable<string> codes) => $"[{string.Join(',', codes.Select(c => $"\"{c}\""))}]";

    public static string? TextOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static DateOnly Day(this DbDataReader row, int column) => row.GetFieldValue<DateOnly>(column);

    public static DateOnly? DayOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateOnly>(column);

    public static int? IntOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

    public static long? LongOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static byte[] Bytes(this DbDataReader row, int column) => row.GetFieldValue<byte[]>(column);

    public static DateTimeOffset Instant(this DbDataReader row, int column) => row.GetFieldValue<DateTimeOffset>(column);
}
