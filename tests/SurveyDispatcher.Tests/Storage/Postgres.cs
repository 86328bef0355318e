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
    /// <param name="like">The connection string of one to copy, to which nobody is connected.</param>
    public static string NewDatabase(string? like = null)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"world_{Interlocked.Increment(ref databases)}");
        Execute(ConnectionTo("postgres"), $"CREATE DATABASE {name} TEMPLATE {(like is null ? "template0" : new NpgsqlConnectionStringBuilder(like).Database)} STRATEGY file_copy");
        return ConnectionTo(name);
    }

    /// <summary>Removes a database.</summary>
    public static void Drop(string connectionString) =>
        Execute(ConnectionTo("postgres"), $"DROP DATABASE IF EXISTS {new NpgsqlConnectionStringBuilder(connectionString).Database} WITH (FORCE)");

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

    /// <summary>Without a pool: a connection that is kept open would stand in the way of whoever copies or drops the database.</summary>
    private static string ConnectionTo(string database) => $"{Server.Value.ConnectionTo(database)};Pooling=false";

    private static PostgresServer Start()
    {
        var server = new PostgresServer("fsync=off", "max_connections=200", "shared_buffers=64MB");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Dispose();
        return server;
    }
}
