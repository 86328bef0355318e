using System.Diagnostics;
using SurveyDispatcher.Tests.Storage;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The program in a process of its own, as it was built.</summary>
internal static class Child
{
    /// <summary>The same program with its moments counted (tests/Killable).</summary>
    public static readonly string Killable = Path.Combine(AppContext.BaseDirectory, "Killable.dll");

    /// <summary>Runs a command line to its end.</summary>
    public static Task<Ended> RunAsync(World world, Dictionary<string, string> environment, params string[] args) => EndAsync(Start(world, environment, args));

    /// <summary>Runs a command line with a umask that lets everybody read and write.</summary>
    public static Task<Ended> RunWithoutUmaskAsync(World world, Dictionary<string, string> environment, params string[] args) =>
        EndAsync(Start(world, environment, args, shell: ["sh", "-c", "umask 000; exec dotnet \"$@\"", "sh"]));

    /// <summary>Runs a command line until its output has a text, then kills it; returns the output.</summary>
    public static async Task<string> RunUntilAsync(World world, Dictionary<string, string> environment, string text, params string[] args)
    {
        using var process = Start(world, environment, args);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = new System.Text.StringBuilder();
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            output.AppendLine(line);
            if (line.Contains(text, StringComparison.Ordinal))
            {
                break;
            }
        }

        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output + await errors;
    }

    /// <summary>Runs a command line that kills itself (SIGKILL) before the <paramref name="count"/>-th moment whose words contain <paramref name="pattern"/>; true when it came to that.</summary>
    public static async Task<bool> KillAsync(World world, string pattern, int count, params string[] args)
    {
        var ended = await KillableAsync(world, [], pattern, $"{count}", args);
        Assert.True(ended.Code is 137 or 0, ended.Error); // a moment that never came is the test's affair; a failure is not
        return ended.Code == 137;
    }

    /// <summary>Starts a command line that stops itself (SIGSTOP) before a moment, as on a machine that stalls, and waits until it stands.</summary>
    public static async Task<Stalled> StopAsync(World world, string pattern, int count, params string[] args)
    {
        var process = Start(world, [], [pattern, $"stop:{count}", .. args], Killable);
        var stalled = new Stalled(process, EndAsync(process));
        for (var state = ' '; state != 'T'; state = StateOf(process.Id))
        {
            Assert.False(process.HasExited, "The cycle ended before the moment came.");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        return stalled;
    }

    /// <summary>Runs a command line to its end; returns its moments, in order.</summary>
    public static async Task<string[]> MomentsAsync(World world, params string[] args)
    {
        var path = Path.Combine(world.Root, "moments.txt");
        var ended = await KillableAsync(world, [], path, "list", args);
        Assert.True(ended.Code == 0, ended.Error);
        return await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken);
    }

    private static Task<Ended> KillableAsync(World world, Dictionary<string, string> environment, string pattern, string what, string[] args) =>
        EndAsync(Start(world, environment, [pattern, what, .. args], Killable));

    /// <summary>The state in proc(5), behind the name in brackets.</summary>
    private static char StateOf(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        return stat[stat.LastIndexOf(')') + 2];
    }

    private static async Task<Ended> EndAsync(Process started)
    {
        using var process = started;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Ended(process.ExitCode, await output, await error);
    }

    /// <summary>Runs a command line to its end, and tells the most memory that it ever had resident: the kernel's own high-water mark.</summary>
    public static async Task<(Ended Ended, long Peak)> MeasureAsync(World world, Dictionary<string, string> environment, params string[] args)
    {
        using var process = Start(world, environment, args);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        long peak = 0;
        do
        {
            peak = Math.Max(peak, PeakOf(process.Id));
        }
        while (!process.WaitForExit(10));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (new Ended(process.ExitCode, await output, await error), peak);
    }

    /// <summary>0 once the process has given its memory back.</summary>
    private static long PeakOf(int process)
    {
        try
        {
            var mark = Array.Find(File.ReadAllLines($"/proc/{process}/status"), l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return mark is null ? 0 : 1024 * long.Parse(mark[6..^2], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Starts a command line; who starts it reads what it writes, and ends it.</summary>
    public static Process Start(World world, Dictionary<string, string> environment, string[] args, string? program = null, string[]? shell = null, string? data = null)
    {
        shell ??= ["dotnet"];
        var start = new ProcessStartInfo(shell[0]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = world.Root };
        foreach (var arg in (string[])[.. shell[1..], program ?? World.Program, .. args, "--config", world.Config, "--data", data ?? world.Data])
        {
            start.ArgumentList.Add(arg);
        }

        if (world.IsOnPostgres)
        {
            start.Environment["SURVEY_Store__ConnectionString"] = Postgres.WithoutPool(world.ConnectionString);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>A process that stands still.</summary>
    internal sealed class Stalled(Process process, Task<Ended> end) : IAsyncDisposable
    {
        /// <summary>The number of its process.</summary>
        public int Id { get; } = process.Id;

        /// <summary>Wakes it up, and waits for its end.</summary>
        public async Task<Ended> GoOnAsync()
        {
            using var signal = Process.Start("kill", ["-CONT", $"{process.Id}"]);
            await signal.WaitForExitAsync(TestContext.Current.CancellationToken);
            return await end;
        }

        /// <summary>Kills it, and waits for its end.</summary>
        public async ValueTask DisposeAsync()
        {
            if (!end.IsCompleted)
            {
                process.Kill();
            }

            await end;
        }
    }
}
