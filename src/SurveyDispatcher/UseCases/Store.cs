using System.Data.Common;
using Microsoft.Data.Sqlite;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>The store of a data directory: which database it is, and where.</summary>
internal sealed class Store(DataDirectory directory, StoreOptions options)
{
    private readonly string connectionString = options.ConnectionString.Length > 0
        ? options.ConnectionString
        : new SqliteConnectionStringBuilder { DataSource = directory.StorePath, Pooling = false }.ConnectionString;

    /// <summary>How messages name it.</summary>
    public string Name => options.IsPostgres ? PostgresDatabase.Name(connectionString) : Path;

    /// <summary>Whether there is anything in it: a first cycle that was killed may have left an empty file.</summary>
    public bool Exists => options.IsPostgres ? PostgresDatabase.Exists(connectionString) : new FileInfo(Path) is { Exists: true, Length: > 0 };

    /// <summary>Whether a path is the store's file.</summary>
    public bool IsAt(string path) => !options.IsPostgres && System.IO.Path.GetFullPath(Path) == System.IO.Path.GetFullPath(path);

    private string Path => new SqliteConnectionStringBuilder(connectionString).DataSource;

    /// <summary>What an error of it means to the operator.</summary>
    public static string Explain(DbException e) => Database.Explain(e);

    /// <summary>Whether an error of it may pass by itself.</summary>
    public static bool MayPass(DbException e) => Database.MayPass(e);

    /// <summary>How the scheduler reaches a store that is shared, for the schedule that all keep in it.</summary>
    /// <exception cref="OperatorException">It can't be reached now.</exception>
    public string ForSchedule()
    {
        _ = Exists; // a server that is not there is told as such
        return PostgresDatabase.ConnectionForSchedule(connectionString);
    }

    /// <summary>Opens it to help another's cycle; only a store that is shared.</summary>
    public Database OpenToHelp() => PostgresDatabase.OpenToHelp(connectionString, TimeSpan.FromSeconds(20));

    /// <summary>Opens it for writing, and makes it when it is not there.</summary>
    public Database Open()
    {
        if (options.IsPostgres)
        {
            return PostgresDatabase.Open(connectionString, write: true);
        }

        if (!File.Exists(Path) && Directory.Exists(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))))
        {
            using var store = DurableFile.Create(Path); // SQLite would make it readable for others; its journals follow suit
        }

        return SqliteDatabase.Open(connectionString, write: true);
    }

    /// <summary>Opens it for reading.</summary>
    /// <param name="older">Whether a store will do that was not brought up to date yet.</param>
    /// <exception cref="OperatorException">There is none yet, or another version made it.</exception>
    public Database OpenExisting(bool older = false) => options.IsPostgres ? PostgresDatabase.Open(connectionString, write: false, older) : OpenFile(older);

    /// <summary>Says so when there is none yet, or none of ours; an older one will do.</summary>
    /// <exception cref="OperatorException">There is none.</exception>
    public void CheckExists()
    {
        if (options.IsPostgres && !PostgresDatabase.Exists(connectionString))
        {
            throw new OperatorException($"There is no store in {Name} yet. Run 'cycle' first.");
        }

        if (!options.IsPostgres)
        {
            OpenFile(older: true).Dispose();
        }
    }

    /// <summary>Copies it as it stands into a file for SQLite, which must not be there yet.</summary>
    public void CopyTo(string path)
    {
        if (options.IsPostgres)
        {
            using var source = OpenExisting();
            using var target = SqliteDatabase.Open(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString, write: true);
            new StoreCopy(source, target, new NoProgress()).Run();
        }
        else
        {
            using var original = OpenFile(older: true);
            original.CopyTo(path);
        }
    }

    private SqliteDatabase OpenFile(bool older)
    {
        if (!File.Exists(Path))
        {
            throw new OperatorException($"There is no store at {Path} yet. Run 'cycle' first, or name the data directory with --data DIR.");
        }

        return new FileInfo(Path).Length > 0
            ? SqliteDatabase.Open(connectionString, write: false, older)
            : throw new OperatorException(
                $"The store {Path} is empty: no cycle has stored anything, or what was in it is lost. Run 'cycle' first; if cycles have run here, restore the store (docs/operations.md). Nothing was done.");
    }
}
