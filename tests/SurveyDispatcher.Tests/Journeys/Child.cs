using System.Diagnostics;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The program in a process of its own, as it was built.</summary>
internal static class Child
{
    /// <summary>The same program with its moments counted (tests/Killable).</summary>
    private static readonly string Killable = Path.Combine(AppContext.BaseDirectory, "Killable.dll");

    /// <summary>Runs a command line to its end.</summary>
    public static async Task<Ended> RunAsync(World world, Dictionary<string, string> environment, params string[] args)
    {
        using var process = Start(world, environment, args);
        return await EndAsync(process);
    }

    /// <summary>Runs a command line that kills itself (SIGKILL) before the <paramref name="count"/>-th moment whose words contain <paramref name="pattern"/>; true when it came to that.</summary>
    public static async Task<bool> KillAsync(World world, string pattern, int count, params string[] args)
    {
        var ended = await KillableAsync(world, [], pattern, $"{count}", args);
        Assert.True(ended.Code is 137 or 0, ended.Error); // a moment that never came is the test's affair; a failure is not
        return ended.Code == 137;
    }

    /// <summary>Runs a command line to its end; returns its moments, in order.</summary>
    public static async Task<string[]> MomentsAsync(World world, params string[] args)
    {
        var path = Path.Combine(world.Root, "moments.txt");
        var ended = await KillableAsync(world, [], path, "list", args);
        Assert.True(ended.Code == 0, ended.Error);
        return await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken);
    }

    private static async Task<Ended> KillableAsync(World world, Dictionary<string, string> environment, string pattern, string what, string[] args)
    {
        using var process = Start(world, environment, [pattern, what, .. args], Killable);
        return await EndAsync(process);
    }

    private static async Task<Ended> EndAsync(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Ended(process.ExitCode, await output, await error);
    }

    private static Process Start(World world, Dictionary<string, string> environment, string[] args, string? program = null)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = world.Root };
        foreach (var arg in (string[])[program ?? World.Program, .. args, "--config", world.Config, "--data", world.Data])
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
