using System.Globalization;
using SurveyDispatcher.Tests.Storage;

namespace Benchmarks;

/// <summary>Databases on a PostgreSQL of our own that flushes as it is shipped.</summary>
internal sealed class PostgresDatabases(CancellationToken stopping) : IDisposable
{
    private readonly PostgresServer server = Start();
    private int databases;

    /// <summary>A new database; its name.</summary>
    public string New()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"benchmark_{++databases}");
        Psql("postgres", $"CREATE DATABASE {name}");
        return name;
    }

    /// <summary>Removes a database.</summary>
    public void Drop(string database) => Psql("postgres", $"DROP DATABASE {database}");

    /// <summary>Settings of the program that name a database.</summary>
    public Dictionary<string, string> Settings(string database) => new(StringComparer.Ordinal)
    {
        ["Store__Provider"] = "PostgreSql",
        ["Store__ConnectionString"] = server.ConnectionTo(database),
    };

    /// <summary>Runs commands, each a transaction of its own; what they print.</summary>
    public ProcessRun Psql(string database, params string[] commands) => ChildProcess.Run(
        server.Program("psql"),
        ["-h", "127.0.0.1", "-p", $"{server.Port}", "-U", "survey", "-d", database, "-qtA", "-v", "ON_ERROR_STOP=1", .. commands.SelectMany(c => new[] { "-c", c })],
        stopping);

    public void Dispose() => server.Dispose();

    private static PostgresServer Start()
    {
        try
        {
            return new PostgresServer("max_wal_size=4GB");
        }
        catch (InvalidOperationException e)
        {
            throw new BenchmarkException(e.Message);
        }
    }
}
