using System.Diagnostics;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The program in a process of its own, as it was built.</summary>
internal static class Child
{
    /// <summary>Runs a command line to its end.</summary>
    public static Task<Ended> RunAsync(World world, Dictionary<string, string> environment, params string[] args) => EndAsync(Start(world, environment, args));

    /// <summary>Runs a command line with a umask that lets everybody read and write.</summary>
    public static Task<Ended> RunWithoutUmaskAsync(World world, Dictionary<string, string> environment, params string[] args) =>
        EndAsync(Start(world, environment, args, ["sh", "-c", "umask 000; exec dotnet \"$@\"", "sh"]));

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

    private static async Task<Ended> EndAsync(Process started)
    {
        using var process = started;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Ended(process.ExitCode, await output, await error);
    }

    /// <summary>Starts a command line and kills it (SIGKILL) as soon as something appears below the data directory; true when it came to that.</summary>
    public static async Task<bool> KillAsync(World world, Func<string, bool> moment, params string[] args)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Directory.CreateDirectory(world.Data);
        using var watcher = new FileSystemWatcher(world.Data) { IncludeSubdirectories = true, InternalBufferSize = 1 << 16 };
        void Look(object sender, FileSystemEventArgs e)
        {
            if (moment(Path.GetRelativePath(world.Data, e.FullPath)))
            {
                reached.TrySetResult();
            }
        }

        watcher.Created += Look;
        watcher.Renamed += Look;
        watcher.EnableRaisingEvents = true;
        using var process = Start(world, [], args);
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var ended = process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var first = await Task.WhenAny(reached.Task, ended);
        process.Kill();
        await ended;
        return first == reached.Task && process.ExitCode == 137;
    }

    private static Process Start(World world, Dictionary<string, string> environment, string[] args, string[]? shell = null)
    {
        shell ??= ["dotnet"];
        var start = new ProcessStartInfo(shell[0]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = world.Root };
        foreach (var arg in (string[])[.. shell[1..], World.Program, .. args, "--config", world.Config, "--data", world.Data])
        {
            start.ArgumentList.Add(arg);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
