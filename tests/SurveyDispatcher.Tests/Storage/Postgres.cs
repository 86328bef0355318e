using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace SurveyDispatcher.Tests.Storage;

/// <summary>A real PostgreSQL of our own on loopback, with its data in a temporary folder: one for all tests, a database for each world.</summary>
/// <remarks>
/// The package is not optional: without it the tests fail. It is started when the first test asks for it, and stopped with the process.
/// It flushes nothing: the tests kill our program, not the server.
/// </remarks>
internal sealed class Postgres
{
    private static readonly Lazy<Postgres> Server = new(() => new Postgres());
    private readonly string root = Directory.CreateTempSubdirectory("postgres-").FullName;
    private readonly int port = FreePort();
    private int databases;

    private Postgres()
    {
        var programs = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).LastOrDefault() : null;
        Assert.True(programs is not null, "PostgreSQL is missing: apt-get install -y postgresql (tests/run does it).");
        var bin = Path.Combine(programs, "bin");
        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", "postgres", root);
        }

        AppDomain.CurrentDomain.ProcessExit += (_, _) => Stop();
        Owned(Path.Combine(bin, "initdb"), "-D", Data, "-A", "trust", "-U", "survey", "--locale=C.UTF-8", "-E", "UTF8", "--no-sync");
        Owned(
            Path.Combine(bin, "pg_ctl"), "-D", Data, "-w", "-l", Path.Combine(root, "log"), "-o",
            $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={root} -c fsync=off -c max_connections=200 -c shared_buffers=64MB", "start");
    }

    private string Data => Path.Combine(root, "data");

    /// <summary>A new database: its connection string.</summary>
    /// <param name="like">The connection string of one to copy, to which nobody is connected.</param>
    public static string NewDatabase(string? like = null)
    {
        var server = Server.Value;
        var name = string.Create(CultureInfo.InvariantCulture, $"world_{Interlocked.Increment(ref server.databases)}");
        Execute(server.ConnectionTo("postgres"), $"CREATE DATABASE {name} TEMPLATE {(like is null ? "template0" : new NpgsqlConnectionStringBuilder(like).Database)}");
        return server.ConnectionTo(name);
    }

    /// <summary>Removes a database.</summary>
    public static void Drop(string connectionString) =>
        Execute(Server.Value.ConnectionTo("postgres"), $"DROP DATABASE IF EXISTS {new NpgsqlConnectionStringBuilder(connectionString).Database} WITH (FORCE)");

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

    private string ConnectionTo(string database) => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Database={database};Username=survey;Pooling=false");

    private void Stop()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            using var server = Process.GetProcessById(int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture));
            Run("kill", "-INT", server.Id.ToString(CultureInfo.InvariantCulture));
            server.WaitForExit(TimeSpan.FromSeconds(10));
        }

        Directory.Delete(root, recursive: true);
    }

    /// <summary>PostgreSQL refuses to run as root; Debian's package has a user for it.</summary>
    private static void Owned(string program, params string[] arguments)
    {
        if (Environment.IsPrivilegedProcess)
        {
            Run("runuser", ["-u", "postgres", "--", program, .. arguments]);
        }
        else
        {
            Run(program, arguments);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        // Its output goes nowhere: the server would keep a pipe of ours open.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1", program, .. arguments]) { WorkingDirectory = "/" })!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
