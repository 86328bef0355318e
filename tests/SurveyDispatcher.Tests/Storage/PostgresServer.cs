using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SurveyDispatcher.Tests.Storage;

/// <summary>A real PostgreSQL of our own on loopback, with its data in a temporary folder that is gone at the end. The benchmarks have this file, too.</summary>
internal sealed class PostgresServer : IDisposable
{
    private const string Versions = "/usr/lib/postgresql", User = "survey";
    private readonly string root = Directory.CreateTempSubdirectory("postgres-").FullName;
    private readonly string programs;

    /// <summary>Starts it.</summary>
    /// <param name="settings">What is set otherwise than it is shipped.</param>
    /// <exception cref="InvalidOperationException">It is not installed, or does not start.</exception>
    public PostgresServer(params string[] settings)
    {
        programs = Directory.Exists(Versions) && Directory.GetDirectories(Versions).Order(StringComparer.Ordinal).LastOrDefault() is { } newest
            ? Path.Combine(newest, "bin")
            : throw new InvalidOperationException("PostgreSQL is missing. Install it (Debian: apt-get install postgresql; tests/run does it).");
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", "postgres", root);
        }

        Owned("initdb", "-D", Data, "-A", "trust", "-U", User, "--locale=C.UTF-8", "-E", "UTF8", "--no-sync");
        string[] all = [$"port={Port}", "listen_addresses=127.0.0.1", $"unix_socket_directories={root}", .. settings];
        Owned("pg_ctl", "-D", Data, "-w", "-l", Path.Combine(root, "log"), "-o", string.Join(' ', all.Select(s => $"-c {s}")), "start");
    }

    public int Port { get; }

    private string Data => Path.Combine(root, "data");

    /// <summary>One of its programs.</summary>
    public string Program(string name) => Path.Combine(programs, name);

    /// <summary>How one of its databases is reached.</summary>
    public string ConnectionTo(string database) => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Database={database};Username={User}");

    /// <summary>Stops it, whatever it is doing: nobody will ask for its data again.</summary>
    public void Dispose()
    {
        Owned("pg_ctl", "-D", Data, "-w", "-m", "immediate", "stop");
        Directory.Delete(root, recursive: true);
    }

    /// <summary>It refuses to run as root; Debian's package has a user for it.</summary>
    private void Owned(string program, params string[] arguments)
    {
        if (Environment.IsPrivilegedProcess)
        {
            Run("runuser", ["-u", "postgres", "--", Program(program), .. arguments]);
        }
        else
        {
            Run(Program(program), arguments);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        // Its output goes nowhere: the server would keep a pipe of ours open.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1", program, .. arguments]) { WorkingDirectory = "/" })!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        }
    }
}
