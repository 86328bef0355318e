using System.Globalization;
using Npgsql;

namespace SurveyDispatcher.Tests.Storage;

/// <summary>The PostgreSQL of all tests, with a database for each world.</summary>
/// <remarks>
/// The package is not optional: without it the tests fail. It is started when the first test asks for it, and stopped with the process.
/// It flushes nothing: the tests kill our program, not the server.
/// </remarks>
internal static class Postgres
{
    private static readonly Lazy<PostgresServer> Server = new(Start);
    private static int databases;

    /// <summary>A new database: its connection string.</summary>
    /// <param name="like">The connection string of one to copy, in which nobody is at work.</param>
    /// <param name="pooled">Whether the program keeps its connections; by itself it does not.</param>
    public static string NewDatabase(string? like = null, bool pooled = true)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"world_{Interlocked.Increment(ref databases)}");
        if (like is not null)
        {
            NpgsqlConnection.ClearAllPools(); // it gives the connections that end now five seconds
        }

        Execute(ConnectionTo("postgres"), $"CREATE DATABASE {name} TEMPLATE {(like is null ? "template0" : new NpgsqlConnectionStringBuilder(like).Database)} STRATEGY file_copy");
        return pooled ? ConnectionTo(name) : WithoutPool(ConnectionTo(name));
    }

    /// <summary>Removes a database.</summary>
    /// <param name="connectionString">Its connection string.</param>
    /// <param name="force">Whoever is connected is thrown out; else it fails, five seconds later.</param>
    public static void Drop(string connectionString, bool force = true) =>
        Execute(ConnectionTo("postgres"), $"DROP DATABASE IF EXISTS {new NpgsqlConnectionStringBuilder(connectionString).Database} {(force ? "WITH (FORCE)" : "")}");

    /// <summary>As the program reaches a database by itself: each connection ends when it is closed.</summary>
    public static string WithoutPool(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        settings.Remove("Pooling");
        return settings.ConnectionString;
    }

    /// <summary>Runs some statements; returns how many rows they changed.</summary>
    public static int Execute(string connectionString, string sql)
    {
        using var connection = new NpgsqlConnection(connectionString);
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteNonQuery();
    }

    /// <summary>The first column of the first row.</summary>
    public static object? Scalar(string connectionString, string sql)
    {
        using var connection = new NpgsqlConnection(connectionString);
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }

    /// <summary>With a pool: this process asks a world dozens of things, and each new connection costs a process of the server.</summary>
    private static string ConnectionTo(string database) => $"{Server.Value.ConnectionTo(database)};Pooling=true";

    private static PostgresServer Start()
    {
        var server = new PostgresServer("fsync=off", "max_connections=200", "shared_buffers=64MB");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Dispose();
        return server;
    }
}
