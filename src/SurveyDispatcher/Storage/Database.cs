using System.Data.Common;

namespace SurveyDispatcher.Storage;

/// <summary>A connection to a store: named statements, prepared once, and transactions. One class for each kind of database.</summary>
/// <remarks>Not thread-safe: one thread owns a connection.</remarks>
public abstract class Database : IDisposable
{
    private readonly Dictionary<string, Statement> prepared = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Bulk> bulks = new(StringComparer.Ordinal);
    private bool inTransaction;

    /// <summary>Raised after a rollback: what was counted on in memory must be read again.</summary>
    public event Action? RolledBack;

    /// <summary>Raised at the end of a transaction's work, before it is committed: what has to be the last thing in it.</summary>
    public event Action? Committing;

    /// <summary>Whether others may write to the store at the same time: what is remembered of it may have changed.</summary>
    public abstract bool IsShared { get; }

    /// <summary>Looks, at the start of every transaction, whether this process may still write; throws if not.</summary>
    public Action? Guard { get; set; }

    /// <summary>A statement by its name in the <c>.sql</c> files.</summary>
    public Statement this[string name]
    {
        get
        {
            if (!prepared.TryGetValue(name, out var statement))
            {
                prepared.Add(name, statement = Prepare(name, Text(name)));
            }

            return statement;
        }
    }

    /// <summary>What an error of any database means to the operator.</summary>
    public static string Explain(DbException e) => e switch
    {
        Microsoft.Data.Sqlite.SqliteException sqlite => SqliteDatabase.Explain(sqlite),
        Npgsql.NpgsqlException postgres => PostgresDatabase.Explain(postgres),
        _ => Reason.Of(e),
    };

    /// <summary>
    /// Whether an error may pass by itself: the server is gone for a while, or two transactions were in each other's way. The next
    /// transaction connects anew. (SQLite itself waits for a lock as long as we would.)
    /// </summary>
    public static bool MayPass(DbException e) => e is Npgsql.NpgsqlException postgres && PostgresDatabase.MayPass(postgres);

    /// <summary>An insert of many rows, by the name of its statement. What was added is stored with the transaction.</summary>
    public Bulk Bulk(string name)
    {
        if (!bulks.TryGetValue(name, out var bulk))
        {
            bulks.Add(name, bulk = PrepareBulk(name, Text(name), this[name]));
        }

        return inTransaction ? bulk : throw new InvalidOperationException($"'{name}' adds rows outside a transaction.");
    }

    /// <summary>For which of many keys a statement has a row; the key is its first value, the others are the same for all.</summary>
    public abstract bool[] Exist(string name, byte[][] keys, params object?[] others);

    /// <summary>For which of many numbers a statement has a row.</summary>
    public abstract List<long> Exist(string name, long[] keys);

    /// <summary>Stores what was added in bulk so far: whoever reads it in the same transaction asks for this first.</summary>
    public void Flush()
    {
        foreach (var bulk in bulks.Values)
        {
            bulk.Flush();
        }
    }

    /// <summary>Runs <paramref name="work"/> in one transaction: all of it is stored, or nothing.</summary>
    public void InTransaction(Action work)
    {
        if (inTransaction)
        {
            throw new InvalidOperationException("Transactions do not nest.");
        }

        Begin();
        inTransaction = true;
        try
        {
            Guard?.Invoke();
            work();
            Committing?.Invoke();
            Flush();
            Commit();
            inTransaction = false;
            Moment.Of("committed", "");
            Committed();
        }
        catch
        {
            inTransaction = false;
            foreach (var bulk in bulks.Values)
            {
                bulk.Clear();
            }

            Rollback();
            RolledBack?.Invoke();
            throw;
        }
    }

    /// <summary>Runs <paramref name="work"/>, which only reads, on the store as it is at this moment, whatever a cycle writes meanwhile.</summary>
    public abstract T AtOneMoment<T>(Func<T> work);

    /// <summary>The clock that all who share the store go by: the server's, or this machine's.</summary>
    public abstract DateTimeOffset Now(TimeProvider time);

    /// <summary>Another connection to the same store, for another thread.</summary>
    /// <param name="patience">How long it waits for an answer; null: as long as it takes.</param>
    public abstract Database OpenAnother(TimeSpan? patience = null);

    /// <summary>
    /// Runs <paramref name="work"/> with commits that don't wait for the disk, which follows a few milliseconds behind. When this
    /// returns, everything is on the disk.
    /// </summary>
    /// <remarks>A process that is killed loses nothing. A machine that loses power may lose the last commits, in order and whole.</remarks>
    public abstract Task WriteBehindAsync(Func<Task> work);

    /// <summary>Makes sure that nothing that was removed is left in the store's files.</summary>
    /// <returns>False when somebody reads the store: while he does, the pages that he sees stay where they are.</returns>
    public abstract bool Compact();

    /// <summary>Every row of a table, to be copied; inside <see cref="AtOneMoment"/>.</summary>
    public IEnumerable<SqlValue[]> RowsOf(StoreTable table) =>
        Prepare(table.Name, $"SELECT {table.ColumnList} FROM {table.Name} ORDER BY 1").Rows(table.Read);

    /// <summary>Removes what the schema put into a table of an empty store.</summary>
    public void Clear(StoreTable table)
    {
        using var delete = Prepare(table.Name, $"DELETE FROM {table.Name}");
        delete.Run();
    }

    /// <summary>An insert of many rows into a table.</summary>
    public Bulk BulkInto(StoreTable table)
    {
        if (!bulks.TryGetValue(table.Name, out var bulk))
        {
            bulks.Add(table.Name, bulk = PrepareBulk(table.Name, table.Insert, Prepare(table.Name, table.Insert)));
        }

        return bulk;
    }

    /// <summary>Called when all tables have been copied into this store.</summary>
    public virtual void AfterCopy()
    {
        // Only a database that gives out numbers by itself has anything to do.
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        foreach (var bulk in bulks.Values)
        {
            bulk.Dispose();
        }

        foreach (var statement in prepared.Values)
        {
            statement.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>The text of a named statement.</summary>
    protected abstract string Text(string name);

    /// <summary>Prepares a statement in the words that both databases know, or in this one's own.</summary>
    protected abstract Statement Prepare(string name, string text);

    /// <summary>Prepares an insert of many rows, given that of one.</summary>
    protected abstract Bulk PrepareBulk(string name, string text, Statement one);

    /// <summary>Begins a transaction that will write.</summary>
    protected abstract void Begin();

    /// <summary>Stores what the transaction did.</summary>
    protected abstract void Commit();

    /// <summary>Called after each commit.</summary>
    protected virtual void Committed()
    {
        // Only a store that writes behind has anything to do.
    }

    /// <summary>Undoes what the transaction did.</summary>
    protected abstract void Rollback();
}
