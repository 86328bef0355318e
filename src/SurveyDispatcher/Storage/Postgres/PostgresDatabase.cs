using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using Survey.Domain;

namespace SurveyDispatcher.Storage;

/// <summary>A store in a PostgreSQL database (15 or newer), which several machines may share.</summary>
public sealed partial class PostgresDatabase : Database
{
    /// <summary>Any number, as long as no other program on the same database takes it for its own: it guards the making of the tables.</summary>
    private const long MigrationLock = 0x53757276657931;

    /// <summary>
    /// What the server is to know of a connection that writes: whoever is cut off or stands still inside a transaction, with its locks, is given up before
    /// the others' patience is (<see cref="Lease.SharedTerm"/>).
    /// </summary>
    private const string WriterSettings =
        "SET idle_in_transaction_session_timeout = '25s'; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 2; SET tcp_user_timeout = '15s'";

    private static readonly FrozenDictionary<string, string> Statements = SqlText.Statements("Postgres");

    private static readonly IReadOnlyList<(int Version, string Text)> Steps = SqlText.Schema("Postgres");
    private readonly string settings;
    private readonly bool writes;
    private readonly NpgsqlConnection connection;
    private NpgsqlTransaction? transaction;
    private Task copying = Task.CompletedTask;

    /// <param name="settings">With the password, which the connection hides once it is open.</param>
    /// <param name="writes">Whether the store is changed over it.</param>
    private PostgresDatabase(NpgsqlConnectionStringBuilder settings, bool writes) =>
        (this.settings, connection, this.writes) = (settings.ConnectionString, new(settings.ConnectionString), writes);

    /// <summary>Opens a store, creating or migrating it first when <paramref name="write"/> is set.</summary>
    /// <param name="connectionString">Which one.</param>
    /// <param name="write">Whether it may be changed.</param>
    /// <param name="older">Whether a reader can do with a store that was not migrated yet.</param>
    /// <exception cref="OperatorException">There is no store of ours, or it can't be used.</exception>
    public static PostgresDatabase Open(string connectionString, bool write, bool older = false) =>
        Open(connectionString, writes: write, migrates: write, TimeSpan.Zero, older);

    /// <summary>Opens a store that another's cycle has brought up to date, to help it: with short transactions, whose statements never take long.</summary>
    /// <param name="connectionString">Which one.</param>
    /// <param name="patience">How long a statement may take.</param>
    /// <exception cref="OperatorException">There is no store of ours, or it can't be used.</exception>
    public static PostgresDatabase OpenToHelp(string connectionString, TimeSpan patience) => Open(connectionString, writes: true, migrates: false, patience);

    private static PostgresDatabase Open(string connectionString, bool writes, bool migrates, TimeSpan patience, bool older = false)
    {
        var database = new PostgresDatabase(
            new NpgsqlConnectionStringBuilder(Settings(connectionString).ConnectionString) { CommandTimeout = (int)patience.TotalSeconds }, writes);
        try
        {
            database.Connect();
            if (migrates)
            {
                database.Migrate();
            }
            else
            {
                database.CheckVersion(older);
            }

            return database;
        }
        catch (NpgsqlException e)
        {
            database.Dispose();
            throw new OperatorException($"The store {Name(connectionString)} can't be used: {Explain(e)}", e);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Whether there are tables of ours.</summary>
    public static bool Exists(string connectionString)
    {
        using var connection = new NpgsqlConnection(Settings(connectionString).ConnectionString);
        try
        {
            connection.Open();
            using var command = new NpgsqlCommand("SELECT to_regclass('ledger') IS NOT NULL", connection);
            return (bool)command.ExecuteScalar()!;
        }
        catch (NpgsqlException e)
        {
            throw new OperatorException($"The store {Name(connectionString)} can't be used: {Explain(e)}", e);
        }
    }

    /// <summary>How messages name a store: never with its password.</summary>
    public static string Name(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        return Say($"{settings.Database ?? settings.Username} on {settings.Host}:{settings.Port}");
    }

    /// <summary>Whether an error may pass by itself.</summary>
    public static bool MayPass(NpgsqlException e) => e is not PostgresException { SqlState: var state }
        || state is "40001" or "40P01" or "55P03" or "57P01" or "57P02" or "57P03" or "25P03" or "53300" || state.StartsWith("08", StringComparison.Ordinal);

    /// <summary>The same database for the scheduler, which keeps a few connections of its own.</summary>
    public static string ConnectionForSchedule(string connectionString) => new NpgsqlConnectionStringBuilder(Settings(connectionString).ConnectionString)
    {
        Pooling = true, MaxPoolSize = 5, ApplicationName = "survey schedule", CommandTimeout = 30,
    }.ConnectionString;

    /// <summary>What a database error means to the operator.</summary>
    public static string Explain(NpgsqlException e) => Say(Cause(e));

    private static Phrase Cause(NpgsqlException e) => e switch
    {
        PostgresException { SqlState: "28P01" or "28000" } => $"it refuses this user or password. Check Store:ConnectionString (SURVEY_Store__ConnectionString).",
        PostgresException { SqlState: "3D000" } p => $"{p.MessageText}. Create it (createdb), then run this again.",
        PostgresException { SqlState: "42501" } p => $"{p.MessageText}. Give the user the right to create and change tables there, then run this again.",
        PostgresException { SqlState: "25006" } => $"it is read-only: a standby? Name the primary in Store:ConnectionString.",
        PostgresException { SqlState: "53100" } => $"its disk is full. Make room, then run the same command again: what was stored is kept.",
        PostgresException { SqlState: "53300" } => $"it has no connection left. Raise max_connections, or stop what holds them, then run the same command again.",
        PostgresException { SqlState: "57P01" or "57P02" or "57P03" } => $"the server is stopping or starting. Run the same command again when it is up: what was stored is kept. If it does not come up, its own log says why (a full disk, for one).",
        PostgresException { SqlState: "25P03" } => $"it gave up this connection, which had been silent inside a transaction for 25 s. Look at why this machine stood still (its disk, its network, a file server), then run the same command again: what was stored is kept.",
        PostgresException p => $"{p.MessageText} (PostgreSQL {p.SqlState}).",
        { Message: var message } when message.StartsWith("No password", StringComparison.Ordinal) =>
            $"it asks for a password, and none was given. Put it into the file that PGPASSFILE names (HOST:PORT:DATABASE:USER:PASSWORD, readable by its owner only), then run this again.",
        _ => $"the server can't be reached, or was lost: {(e.InnerException ?? e).Message.TrimEnd('.')}. Start it, or mend Store:ConnectionString, then run the same command again: what was stored is kept.",
    };

    /// <inheritdoc/>
    public override List<long> Exist(string name, long[] keys) => this[name].List(r => r.GetInt64(0), (object)keys);

    /// <inheritdoc/>
    public override bool IsShared => true;

    /// <inheritdoc/>
    public override DateTimeOffset Now(TimeProvider time)
    {
        using var command = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        using var reader = command.ExecuteReader();
        reader.Read();
        return reader.Instant(0);
    }

    /// <inheritdoc/>
    /// <remarks>In this dialect the statement takes all keys at once, and returns those that it finds.</remarks>
    public override bool[] Exist(string name, byte[][] keys, params object?[] others)
    {
        var found = new HashSet<UInt128>();
        this[name].Each(r => found.Add(BinaryPrimitives.ReadUInt128BigEndian(r.Bytes(0))), [keys, .. others]);
        return Array.ConvertAll(keys, key => found.Contains(BinaryPrimitives.ReadUInt128BigEndian(key)));
    }

    /// <inheritdoc/>
    public override Database OpenAnother(TimeSpan? patience = null)
    {
        var others = new NpgsqlConnectionStringBuilder(settings);
        if (patience is { TotalSeconds: var seconds })
        {
            (others.CommandTimeout, others.Timeout, others.CancellationTimeout) = ((int)seconds, (int)seconds, -1);
        }

        var another = new PostgresDatabase(others, writes);
        another.Connect();
        return another;
    }

    /// <inheritdoc/>
    public override T AtOneMoment<T>(Func<T> work)
    {
        transaction = connection.BeginTransaction(IsolationLevel.RepeatableRead);
        try
        {
            return work();
        }
        finally
        {
            Rollback();
        }
    }

    /// <inheritdoc/>
    /// <remarks>The server gathers the flushes of several connections by itself; with each commit durable, no answer of a relay is ever lost.</remarks>
    public override Task WriteBehindAsync(Func<Task> work) => work();

    /// <inheritdoc/>
    /// <remarks>The tables are written anew. The server's own log and its backups are the administrator's.</remarks>
    public override bool Compact()
    {
        using var command = new NpgsqlCommand("VACUUM (FULL) transactions, identities, sightings, responses, attempts, mails, handed_over, quarantine", connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
        return true;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        transaction?.Dispose();
        connection.Dispose();
    }

    /// <inheritdoc/>
    protected override string Text(string name) => Statements[name];

    /// <inheritdoc/>
    protected override Statement Prepare(string name, string text) => new PostgresStatement(this, connection, name, InWordsOfPostgres(text));

    /// <inheritdoc/>
    protected override Bulk PrepareBulk(string name, string text, Statement one)
    {
        var insert = Insert().Match(text);
        var columns = insert.Groups["columns"].Value.Split(',', StringSplitOptions.TrimEntries);
        return new PostgresBulk(
            this, connection, insert.Groups["table"].Value, string.Join(", ", columns), columns.Length, text[(insert.Index + insert.Length)..].Trim(), one);
    }

    /// <inheritdoc/>
    public override void AfterCopy()
    {
        // Numbers that the database gives out go on after those that were copied.
        foreach (var table in StoreTable.All.Where(t => t.Columns[0].Name == "id"))
        {
            using var sequence = new NpgsqlCommand($"SELECT pg_get_serial_sequence('{table.Name}', 'id')", connection);
            if (sequence.ExecuteScalar() is string name)
            {
                Execute($"SELECT setval('{name}', coalesce((SELECT max(id) FROM {table.Name}), 0) + 1, false)");
            }
        }
    }

    /// <inheritdoc/>
    protected override void Begin()
    {
        Moment.Of("statement", "begin");
        if (connection.State != ConnectionState.Open)
        {
            connection.Close(); // it was lost
            Connect();
        }

        transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
    }

    /// <inheritdoc/>
    protected override void Commit()
    {
        Moment.Of("statement", "commit");
        WaitForCopy();
        transaction!.Commit();
        transaction.Dispose();
        transaction = null;
    }

    /// <inheritdoc/>
    protected override void Rollback()
    {
        try
        {
            AbandonCopy();
            transaction?.Rollback();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // The connection is lost, and the transaction with it; the error that led here says why.
            return;
        }
        finally
        {
            transaction?.Dispose();
            transaction = null;
        }
    }

    /// <summary>Has rows copied while the caller goes on; the connection is the copy's until then.</summary>
    internal void Copy(Action copy)
    {
        WaitForCopy();
        copying = Task.Run(copy);
    }

    /// <summary>Waits until the connection is free; whatever kept rows from being copied is thrown here.</summary>
    internal void WaitForCopy()
    {
        var last = copying;
        copying = Task.CompletedTask;
        last.GetAwaiter().GetResult();
    }

    /// <summary>Waits until the connection is free, for somebody who rolls back: whether the rows were copied does not matter any more.</summary>
    internal void AbandonCopy()
    {
        ((IAsyncResult)copying).AsyncWaitHandle.WaitOne();
        copying = Task.CompletedTask;
    }

    private void Connect()
    {
        connection.Open();
        if (writes)
        {
            Execute(WriterSettings);
        }
    }

    private static NpgsqlConnectionStringBuilder Settings(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "survey" };
        settings.Pooling &= new DbConnectionStringBuilder { ConnectionString = connectionString }.ContainsKey("Pooling"); // a kept connection may have died since
        settings.MaxAutoPrepare = Math.Max(settings.MaxAutoPrepare, 200);
        settings.AutoPrepareMinUsages = 2;
        settings.IncludeErrorDetail = false; // it would show values of rows
        settings.KeepAlive = settings.KeepAlive == 0 ? 10 : settings.KeepAlive;
        settings.TcpKeepAlive = true; // a server that is gone without a word is found out within half a minute
        (settings.TcpKeepAliveTime, settings.TcpKeepAliveInterval) = (10, 5);
        if (settings.CommandTimeout == 30)
        {
            settings.CommandTimeout = 0;
        }

        return settings;
    }

    /// <summary>The common words that PostgreSQL says otherwise.</summary>
    internal static string InWordsOfPostgres(string text)
    {
        var parameters = Statement.ParametersOf(text);
        text = Set().Replace(text, "= ANY($1)").Replace("x''", "''::bytea", StringComparison.Ordinal);
        return Parameter().Replace(text, m => $"${parameters.ToList().IndexOf(m.Value) + 1}");
    }

    private static string Tables(string schema) => Types().Replace(schema.Replace(") WITHOUT ROWID;", ");", StringComparison.Ordinal), m => m.Value switch
    {
        "INTEGER PRIMARY KEY" => "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        "INTEGER" => "bigint",
        "TEXT" => "text COLLATE \"C\"",
        "DAY" => "date",
        "INSTANT" => "timestamptz",
        _ => "bytea",
    });

    private void Migrate()
    {
        using var migration = connection.BeginTransaction();
        Execute($"SELECT pg_advisory_xact_lock({MigrationLock})");
        foreach (var (version, text) in SqlText.StepsAfter(Steps, Version(), Name(connection.ConnectionString)))
        {
            CheckNobodyIsAtWork(version);
            Execute(Tables(text));
            Execute($"CREATE TABLE IF NOT EXISTS schema_version (version bigint NOT NULL); DELETE FROM schema_version; INSERT INTO schema_version VALUES ({version})");
        }

        migration.Commit();
    }

    /// <summary>A program of the version before knows nothing of what the step adds: what it stores afterwards would be missing there for good.</summary>
    private void CheckNobodyIsAtWork(int step)
    {
        if (step == Steps[0].Version)
        {
            return; // there is no store yet
        }

        using var atWork = new NpgsqlCommand("SELECT process, name FROM workers WHERE until > now() ORDER BY id LIMIT 1", connection);
        using var reader = atWork.ExecuteReader();
        if (reader.Read())
        {
            throw new OperatorException(
                $"This version has to bring the store {Name(connection.ConnectionString)} up to date, and one of the version before is at work on it: process {reader.GetInt64(0)} of {PlainText.Shown(reader.GetString(1))}. "
                + $"Stop every service of that version (docs/operations.md, Upgrade); one that was killed counts for a minute. Then run the same command again: nothing was done.");
        }
    }

    private void CheckVersion(bool older)
    {
        var current = Version();
        if (SqlText.StepsAfter(Steps, current, Name(connection.ConnectionString)).Any() && !older)
        {
            throw new OperatorException(current == 0
                ? (Phrase)$"There is no store in {Name(connection.ConnectionString)} yet. Run 'cycle' first."
                : $"The store {Name(connection.ConnectionString)} was made by an older version of the program (schema {current}, this one needs {Steps[^1].Version}). Run 'cycle' once: it brings the store up to date.");
        }
    }

    private int Version()
    {
        using var exists = new NpgsqlCommand("SELECT to_regclass('schema_version') IS NOT NULL", connection);
        if (!(bool)exists.ExecuteScalar()!)
        {
            return 0;
        }

        using var version = new NpgsqlCommand("SELECT version FROM schema_version", connection);
        return Convert.ToInt32(version.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private void Execute(string text)
    {
        WaitForCopy();
        using var command = new NpgsqlCommand(text, connection);
        command.ExecuteNonQuery();
    }

    [GeneratedRegex(@"IN \(SELECT value FROM json_each\((@\w+)\)\)")]
    private static partial Regex Set();

    [GeneratedRegex(@"@\w+")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\b(INTEGER PRIMARY KEY|INTEGER|TEXT|DAY|INSTANT|BYTES)\b")]
    private static partial Regex Types();

    [GeneratedRegex(@"INSERT INTO (?<table>\w+) \((?<columns>[^)]*)\)\s*VALUES \([^()]*\)", RegexOptions.Singleline)]
    private static partial Regex Insert();
}

/// <summary>A statement of PostgreSQL; the driver prepares it when it is used again.</summary>
internal sealed class PostgresStatement(PostgresDatabase database, NpgsqlConnection connection, string name, string text)
    : Statement(name, new NpgsqlCommand(text, connection), CountOf(text))
{
    private const int CursorRows = 2_000;

    /// <inheritdoc/>
    public override int Run(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        return Command.ExecuteNonQuery();
    }

    /// <inheritdoc/>
    public override bool Any(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        using var reader = Command.ExecuteReader();
        return reader.Read();
    }

    /// <inheritdoc/>
    public override void EachPage(Func<RowPage> room, Action<RowPage> full, params ReadOnlySpan<object?> values)
    {
        Bind(values);
        using var reader = Command.ExecuteReader(); // gives rows as they arrive
        var page = room();
        page.Clear(reader.FieldCount);
        try
        {
            var kinds = Enumerable.Range(0, reader.FieldCount).Select(reader.GetDataTypeName).ToArray();
            while (reader.Read())
            {
                if (page.IsFull)
                {
                    full(page);
                    page = room();
                    page.Clear(kinds.Length);
                }

                AddRow(reader, kinds, page);
            }

            full(page);
        }
        catch
        {
            Command.Cancel(); // else the rest would be read before the error is told
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void Bind(ReadOnlySpan<object?> values)
    {
        Begin(values.Length);
        database.WaitForCopy();
        Command.Parameters.Clear();
        foreach (var value in values)
        {
            Command.Parameters.Add(new NpgsqlParameter { Value = ValueOf(value) });
        }
    }

    /// <inheritdoc/>
    protected override IEnumerable<T> Stream<T>(Func<DbDataReader, T> read)
    {
        // A connection has one result at a time; a cursor is asked for a page of it.
        database.WaitForCopy();
        var cursor = $"cursor_{Command.GetHashCode()}";
        using (var declare = new NpgsqlCommand($"DECLARE {cursor} NO SCROLL CURSOR FOR {Command.CommandText}", connection))
        {
            declare.ExecuteNonQuery();
        }

        using var fetch = new NpgsqlCommand($"FETCH {CursorRows} FROM {cursor}", connection);
        var page = new List<T>();
        do
        {
            page.Clear();
            using (var reader = fetch.ExecuteReader())
            {
                while (reader.Read())
                {
                    page.Add(read(reader));
                }
            }

            foreach (var row in page)
            {
                yield return row;
            }
        }
        while (page.Count == CursorRows);
        using var close = new NpgsqlCommand($"CLOSE {cursor}", connection);
        close.ExecuteNonQuery();
    }

    private static void AddRow(DbDataReader row, string[] kinds, RowPage page)
    {
        Span<byte> utf8 = stackalloc byte[40];
        for (var i = 0; i < kinds.Length; i++)
        {
            if (row.IsDBNull(i))
            {
                page.AddNull();
                continue;
            }

            switch (kinds[i])
            {
                case "bigint" or "integer":
                    page.Add(row.GetInt64(i));
                    break;
                case "date":
                    row.Day(i).TryFormat(utf8, out var length, "O", CultureInfo.InvariantCulture);
                    page.Add(utf8[..length]);
                    break;
                case "timestamp with time zone":
                    row.Instant(i).TryFormat(utf8, out length, @"yyyy\-MM\-dd HH\:mm\:ss.FFFFFFFzzz", CultureInfo.InvariantCulture);
                    page.Add(utf8[..length]);
                    break;
                case "bytea":
                    page.Add(row.Bytes(i));
                    break;
                default:
                    page.Add(System.Text.Encoding.UTF8.GetBytes(row.GetString(i)));
                    break;
            }
        }

        page.EndRow();
    }

    /// <summary>The value as the driver takes it.</summary>
    private static object ValueOf(object? value) => value switch
    {
        null => DBNull.Value,
        int number => (long)number,
        DateTimeOffset instant => instant.ToUniversalTime(),
        _ => value,
    };

    private static int CountOf(string text) =>
        System.Text.RegularExpressions.Regex.Matches(text, @"\$(\d+)").Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).DefaultIfEmpty(0).Max();
}
