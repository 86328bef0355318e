using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Survey.Domain;

namespace SurveyDispatcher.Storage;

/// <summary>A store in one file.</summary>
public sealed partial class SqliteDatabase : Database
{
    /// <summary>The pages that a connection keeps, in KiB: a writer those that it will change again; a thread that looks things up for it;
    /// and reports and exports, which read a table from its start to its end and never come back.</summary>
    private const int WriterCache = 65_536, LookupCache = 16_384, ScanCache = 4_096;

    /// <summary>SQLITE_IOERR_SHMSIZE: there was no room for the file of shared memory, the first that a connection makes.</summary>
    private const int SharedMemorySize = 4874;

    /// <summary>SQLITE_IOERR_WRITE.</summary>
    private const int WriteFailed = 778;

    private static readonly FrozenDictionary<string, string> Statements = SqlText.Statements("Sqlite");
    private static readonly IReadOnlyList<(int Version, string Text)> Steps = SqlText.Schema("Sqlite");
    private readonly SqliteConnection connection;
    private Statement? begin, commit, rollback;
    private int cache;
    private WriteBehind? behind;

    /// <summary>One thread owns a connection: SQLite's own locks around every call, and its memory statistics, would only cost time.</summary>
    static SqliteDatabase()
    {
        Batteries_V2.Init();
        raw.sqlite3_shutdown();
        SqliteException.ThrowExceptionForRC(raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD), null);
        SqliteException.ThrowExceptionForRC(raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0), null);
        raw.sqlite3_initialize();
    }

    private SqliteDatabase(SqliteConnection connection) => this.connection = connection;

    /// <summary>Opens a store, creating or migrating it first when <paramref name="write"/> is set.</summary>
    /// <param name="connectionString">Which one.</param>
    /// <param name="write">Whether it may be changed.</param>
    /// <param name="older">Whether a reader can do with a store that was not migrated yet: to copy it.</param>
    /// <exception cref="OperatorException">The file is no store of ours, or can't be used.</exception>
    public static SqliteDatabase Open(string connectionString, bool write, bool older = false)
    {
        try
        {
            var database = new SqliteDatabase(new SqliteConnection(connectionString));
            try
            {
                database.connection.Open();
                database.Configure(write ? WriterCache : ScanCache);
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
    public static string Explain(SqliteException e) => Say(Cause(e));

    private static Phrase Cause(SqliteException e) => e.SqliteErrorCode switch
    {
        5 or 6 => $"another program holds it locked (a backup, a database browser?). Close that program, then run the same command again.",
        8 => $"it is read-only for this user, or a file beside it is (survey.db-wal, survey.db-shm). Give the user that runs the cycle the right to write to all of them, then run the same command again.",
        11 or 26 => $"the file is damaged or no database. Restore the last backup (docs/operations.md), then run the same command again.",
        13 or 10 when e.SqliteErrorCode == 13 || e.SqliteExtendedErrorCode is SharedMemorySize or WriteFailed =>
            $"the disk is full (or it fails). Make room, then run the same command again: what was stored is kept.",
        14 => $"it can't be opened or created. Check that the data directory exists and that this user may write there.",
        _ => $"{e.Message} (SQLite {e.SqliteExtendedErrorCode}).",
    };

    /// <inheritdoc/>
    public override List<long> Exist(string name, long[] keys) => Reading(() =>
    {
        var statement = this[name];
        var found = new List<long>();
        foreach (var key in keys)
        {
            if (statement.Any(key))
            {
                found.Add(key);
            }
        }

        return found;
    });

    /// <inheritdoc/>
    public override bool IsShared => false;

    /// <inheritdoc/>
    public override DateTimeOffset Now(TimeProvider time) => time.GetUtcNow();

    /// <inheritdoc/>
    public override bool[] Exist(string name, byte[][] keys, params object?[] others) => Reading(() =>
    {
        var statement = this[name];
        object?[] values = [null, .. others];
        return Array.ConvertAll(keys, key =>
        {
            values[0] = key;
            return statement.Any(values);
        });
    });

    /// <inheritdoc/>
    public override Database OpenAnother(TimeSpan? patience = null)
    {
        var reader = new SqliteDatabase(new SqliteConnection(connection.ConnectionString));
        reader.connection.Open();
        reader.Configure(Math.Min(LookupCache, cache));
        return reader;
    }

    /// <inheritdoc/>
    public override T AtOneMoment<T>(Func<T> work)
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

    /// <inheritdoc/>
    public override async Task WriteBehindAsync(Func<Task> work)
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

    /// <inheritdoc/>
    /// <remarks>The store is written anew, so that nothing is left in free pages, and its log is emptied. It needs as much room again on the disk for a moment; SQLite's temporary file goes to a file, since it has the store's size.</remarks>
    public override bool Compact()
    {
        Execute("PRAGMA temp_store = FILE");
        try
        {
            Execute("VACUUM");
            using var emptyLog = connection.CreateCommand();
            emptyLog.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            return Convert.ToInt64(emptyLog.ExecuteScalar(), CultureInfo.InvariantCulture) == 0; // 1 when a reader kept it from being done: that is no error to SQLite
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
    public override void Dispose()
    {
        base.Dispose();
        begin?.Dispose();
        commit?.Dispose();
        rollback?.Dispose();
        connection.Dispose();
    }

    /// <inheritdoc/>
    protected override string Text(string name) => Statements[name];

    /// <inheritdoc/>
    protected override Statement Prepare(string name, string text) => new SqliteStatement(connection, name, text);

    /// <inheritdoc/>
    protected override Bulk PrepareBulk(string name, string text, Statement one) => new SqliteBulk(connection, name, text);

    /// <inheritdoc/>
    protected override void Begin() =>
        (begin ??= new SqliteStatement(connection, "begin", "BEGIN IMMEDIATE")).Run(); // prepared once: ADO.NET would parse several statements for each of the many small ones of the mail stage

    /// <inheritdoc/>
    protected override void Commit() => (commit ??= new SqliteStatement(connection, "commit", "COMMIT")).Run();

    /// <inheritdoc/>
    protected override void Committed() => behind?.Written();

    /// <inheritdoc/>
    protected override void Rollback()
    {
        try
        {
            (rollback ??= new SqliteStatement(connection, "rollback", "ROLLBACK")).Run();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself (disk full, I/O error); the error that led here says why.
            return;
        }
    }

    /// <summary>Many questions in one transaction: each by itself would take and give back a lock of the file.</summary>
    private T Reading<T>(Func<T> ask) => raw.sqlite3_get_autocommit(connection.Handle) != 0 ? AtOneMoment(ask) : ask();

    private void Configure(int kibibytes)
    {
        cache = kibibytes;
        Execute($"PRAGMA cache_size = -{kibibytes}; PRAGMA temp_store = MEMORY; PRAGMA busy_timeout = 15000;");
    }

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
        foreach (var (version, text) in SqlText.StepsAfter(Steps, Version(), connection.DataSource))
        {
            using var migration = connection.BeginTransaction();
            using var command = connection.CreateCommand();
            command.Transaction = migration;
            command.CommandText = $"{SqlTypes().Replace(text, m => m.Value == "BYTES" ? "BLOB" : "TEXT")}\nPRAGMA user_version = {version};";
            command.ExecuteNonQuery();
            migration.Commit();
        }
    }

    /// <summary>A reader changes nothing, so it can't bring an older store up to date.</summary>
    private void CheckVersion()
    {
        var current = Version();
        if (SqlText.StepsAfter(Steps, current, connection.DataSource).Any())
        {
            throw new OperatorException(
                $"The store {connection.DataSource} was made by an older version of the program (schema {current}, this one needs {Steps[^1].Version}). Run 'cycle' once: it brings the store up to date.");
        }
    }

    private int Version()
    {
        using var version = connection.CreateCommand();
        version.CommandText = "PRAGMA user_version";
        return Convert.ToInt32(version.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"\b(DAY|INSTANT|BYTES)\b")]
    private static partial Regex SqlTypes();
}

/// <summary>A statement of SQLite.</summary>
/// <remarks>
/// Reads go through ADO.NET. Writes bind to SQLite directly: ADO.NET looks every parameter up by name on every run, which
/// took a third of the time of an import.
/// </remarks>
internal sealed class SqliteStatement : Statement
{
    private readonly SqliteConnection connection;
    private sqlite3_stmt? direct;

    public SqliteStatement(SqliteConnection connection, string name, string text)
        : this(connection, name, text, ParametersOf(text))
    {
    }

    private SqliteStatement(SqliteConnection connection, string name, string text, IReadOnlyList<string> parameters)
        : base(name, CommandOf(connection, text, parameters), parameters.Count) => this.connection = connection;

    /// <inheritdoc/>
    public override int Run(params ReadOnlySpan<object?> values)
    {
        var statement = Bound(values);
        var result = raw.sqlite3_step(statement);
        var changed = raw.sqlite3_changes(connection.Handle);
        var reset = raw.sqlite3_reset(statement);
        Check(result is raw.SQLITE_DONE or raw.SQLITE_ROW ? raw.SQLITE_OK : reset);
        return changed;
    }

    /// <inheritdoc/>
    public override bool Any(params ReadOnlySpan<object?> values)
    {
        var statement = Bound(values);
        var result = raw.sqlite3_step(statement);
        var reset = raw.sqlite3_reset(statement);
        Check(result is raw.SQLITE_DONE or raw.SQLITE_ROW ? raw.SQLITE_OK : reset);
        return result == raw.SQLITE_ROW;
    }

    /// <inheritdoc/>
    public override void EachPage(Func<RowPage> room, Action<RowPage> full, params ReadOnlySpan<object?> values)
    {
        var statement = Bound(values);
        var handle = statement.DangerousGetHandle();
        var columns = raw.sqlite3_column_count(statement);
        var page = room();
        page.Clear(columns);
        try
        {
            int result;
            while ((result = raw.sqlite3_step(statement)) == raw.SQLITE_ROW)
            {
                if (page.IsFull)
                {
                    full(page);
                    page = room();
                    page.Clear(columns);
                }

                SqliteReading.AddRow(handle, columns, page);
            }

            Check(result == raw.SQLITE_DONE ? raw.SQLITE_OK : result);
            full(page);
        }
        finally
        {
            raw.sqlite3_reset(statement);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        direct?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override void Bind(ReadOnlySpan<object?> values)
    {
        Begin(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            Command.Parameters[i].Value = values[i] switch
            {
                null => DBNull.Value,
                Array set when Json(set) is { } json => json,
                var value => value,
            };
        }
    }

    private static SqliteCommand CommandOf(SqliteConnection connection, string text, IReadOnlyList<string> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        }

        return command;
    }

    /// <summary>A set as one parameter; codes are letters and digits.</summary>
    private static string? Json(Array set) => set switch
    {
        long[] numbers => $"[{string.Join(',', numbers)}]",
        string[] codes => $"[{string.Join(',', codes.Select(c => $"\"{c}\""))}]",
        _ => null,
    };

    /// <summary>The statement, prepared and with its values.</summary>
    private sqlite3_stmt Bound(ReadOnlySpan<object?> values)
    {
        Begin(values.Length);
        if (direct is null)
        {
            Check(raw.sqlite3_prepare_v2(connection.Handle, Command.CommandText, out direct));
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
        Array set when Json(set) is { } json => BindText(statement, position, json),
        DateOnly day => BindDay(statement, position, day),
        DateTimeOffset instant => BindText(statement, position, TextOf(instant)),
        _ => throw new ArgumentOutOfRangeException(nameof(value), value.GetType(), "No SQL value."),
    };

    /// <summary>A point in time as SQLite's columns hold it.</summary>
    internal static string TextOf(DateTimeOffset instant) => instant.ToString(@"yyyy\-MM\-dd HH\:mm\:ss.FFFFFFFzzz", CultureInfo.InvariantCulture);

    /// <summary>A day as SQLite's columns hold it: yyyy-MM-dd.</summary>
    internal static void Format(DateOnly day, Span<byte> utf8) => day.TryFormat(utf8, out _, "O", CultureInfo.InvariantCulture);

    private static int BindDay(nint statement, int position, DateOnly day)
    {
        Span<byte> utf8 = stackalloc byte[10];
        Format(day, utf8);
        return SqliteBinding.Text(statement, position, utf8);
    }

    private static int BindText(nint statement, int position, string text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        Span<byte> utf8 = most <= 512 ? stackalloc byte[most] : new byte[most];
        return SqliteBinding.Text(statement, position, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, connection.Handle);
}
