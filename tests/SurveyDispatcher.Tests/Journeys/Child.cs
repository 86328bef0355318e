using System.Diagnostics;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The program in a process of its own, as it was built.</summary>
internal static class Child
{
    /// <summary>Runs a command line to its end.</summary>
    public static async Task<Ended> RunAsync(World world, Dictionary<string, string> environment, params string[] args)
    {
        using var process = Start(world, environment, args);
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

    /// <summary>Starts a command line; who starts it reads what it writes, and ends it.</summary>
    public static Process Start(World world, Dictionary<string, string> environment, string[] args)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = world.Root };
        foreach (var arg in (string[])[World.Program, .. args, "--config", world.Config, "--data", world.Data])
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
