using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Benchmarks;

/// <summary>A PostgreSQL of our own on loopback, flushing as it is shipped, with its data in a folder that is gone at the end.</summary>
internal sealed class PostgresServer : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string programs;
    private readonly CancellationToken stopping;
    private int databases;

    public PostgresServer(CancellationToken stopping)
    {
        this.stopping = stopping;
        programs = Directory.Exists("/usr/lib/postgresql") && Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).LastOrDefault() is { } newest
            ? Path.Combine(newest, "bin")
            : throw new BenchmarkException("PostgreSQL is missing. Install it (Debian: apt-get install postgresql).");
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        if (Environment.IsPrivilegedProcess)
        {
            ChildProcess.Run("chown", ["postgres", folder.Path], stopping);
        }

        Owned("initdb", "-D", Data, "-A", "trust", "-U", "survey", "--locale=C.UTF-8", "-E", "UTF8");
        Owned("pg_ctl", "-D", Data, "-w", "-l", Path.Combine(folder.Path, "log"), "-o", $"-p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder.Path} -c max_wal_size=4GB", "start");
    }

    public int Port { get; }

    private string Data => Path.Combine(folder.Path, "data");

    /// <summary>A new database; its name.</summary>
    public string NewDatabase()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"benchmark_{++databases}");
        Psql("postgres", $"CREATE DATABASE {name}");
        return name;
    }

    /// <summary>Settings of the program that name a database.</summary>
    public Dictionary<string, string> Settings(string database) => new(StringComparer.Ordinal)
    {
        ["Store__Provider"] = "PostgreSql",
        ["Store__ConnectionString"] = string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Database={database};Username=survey"),
    };

    /// <summary>Runs commands, each a transaction of its own; what they print.</summary>
    public ProcessRun Psql(string database, params string[] commands) => ChildProcess.Run(
        Path.Combine(programs, "psql"),
        ["-h", "127.0.0.1", "-p", $"{Port}", "-U", "survey", "-d", database, "-qtA", "-v", "ON_ERROR_STOP=1", .. commands.SelectMany(c => new[] { "-c", c })],
        stopping);

    public void Dispose()
    {
        Owned("pg_ctl", "-D", Data, "-m", "immediate", "stop");
        folder.Dispose();
    }

    /// <summary>PostgreSQL refuses to run as root; Debian's package has a user for it. Its output goes nowhere: the server would keep a pipe of ours open.</summary>
    private void Owned(string program, params string[] arguments)
    {
        string[] line = [Path.Combine(programs, program), .. arguments];
        string[] shell = ["-c", "cd / && exec \"$0\" \"$@\" >/dev/null 2>&1", .. Environment.IsPrivilegedProcess ? ["runuser", "-u", "postgres", "--", .. line] : line];
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", shell))!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new BenchmarkException($"{string.Join(' ', line)} ended with {process.ExitCode}.");
        }
    }
}
