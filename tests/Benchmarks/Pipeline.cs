using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Benchmarks;

/// <summary>The program under test, run as an operator runs it.</summary>
internal sealed class Pipeline(string assembly, string config, CancellationToken stopping)
{
    /// <summary>A command that runs another one with every flush to the disk left out (libeatmydata).</summary>
    public const string WithoutFlushing = "eatmydata";

    /// <summary>Publishes the program as it is installed, so that no old build is measured, and runs it once: the first start reads it from the disk.</summary>
    /// <param name="assembly">Another build to measure; null: this one.</param>
    /// <param name="quick">Builds it only: compiling everything beforehand takes a minute.</param>
    /// <param name="stopping">Ends it early.</param>
    public static Pipeline Build(string? assembly, bool quick, CancellationToken stopping)
    {
        var root = FindRoot();
        if (assembly is null)
        {
            var output = Path.Combine(root, "src", "SurveyDispatcher", "bin", "Release", "net10.0");
            string[] how = ["build"];
            if (!quick && RuntimeInformation.OSArchitecture == Architecture.X64)
            {
                (how, output) = (["publish", "--runtime", "linux-x64"], Path.Combine(output, "linux-x64", "publish"));
            }

            ChildProcess.Run(
                "dotnet", [.. how, "--configuration", "Release", "--nologo", "--verbosity", "quiet", "src/SurveyDispatcher"], stopping, workingDirectory: root);
            assembly = Path.Combine(output, "SurveyDispatcher.dll");
        }

        var (program, config) = (Path.GetFullPath(assembly), Path.Combine(root, "config"));
        ChildProcess.Run("dotnet", [program, "config", "check", "--config", config], stopping);
        return new Pipeline(program, config, stopping);
    }

    /// <summary>The configuration that it runs under.</summary>
    public string Config => config;

    /// <summary>One cycle on a data directory, from start to exit.</summary>
    /// <param name="data">The data directory.</param>
    /// <param name="day">The date of the cycle.</param>
    /// <param name="settings">Settings other than the shipped ones, by the name of their variable.</param>
    /// <param name="fails">Whether it must end with 1.</param>
    /// <param name="flushes">False: what it flushes is left to the kernel, as if nothing needed to outlive a loss of power.</param>
    public CycleRun Cycle(string data, DateOnly day, IReadOnlyDictionary<string, string>? settings = null, bool fails = false, bool flushes = true)
    {
        var run = ChildProcess.Run(
            flushes ? "dotnet" : WithoutFlushing,
            [.. flushes ? Array.Empty<string>() : ["dotnet"], assembly, "cycle", "--as-of", day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), "--json", "--data", data, "--config", config],
            stopping, settings: settings, exitCode: fails ? 1 : 0);
        return new CycleRun(run, JsonDocument.Parse(run.Output).RootElement);
    }

    /// <summary>Another verb on a data directory, from start to exit.</summary>
    public ProcessRun Verb(string data, params ReadOnlySpan<string> words) =>
        ChildProcess.Run("dotnet", [assembly, .. words, "--data", data, "--config", config], stopping);

    /// <summary>The same with settings other than the shipped ones, by the name of their variable.</summary>
    public ProcessRun Verb(string data, IReadOnlyDictionary<string, string>? settings, params ReadOnlySpan<string> words) =>
        ChildProcess.Run("dotnet", [assembly, .. words, "--data", data, "--config", config], stopping, settings: settings);

    /// <summary>A service on a data directory, which runs until it is disposed of.</summary>
    public ChildProcess.Server Serve(string data, IReadOnlyDictionary<string, string> settings) =>
        ChildProcess.Serve("dotnet", [assembly, "run", "--data", data, "--config", config], settings);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SurveyPipeline.sln")))
            {
                return folder.FullName;
            }
        }

        throw new BenchmarkException("SurveyPipeline.sln was not found above the benchmark program: run it from its place in the repository.");
    }
}

/// <summary>A cycle and what it says it did.</summary>
internal sealed record CycleRun(ProcessRun Process, JsonElement Counts)
{
    /// <summary>The most memory that it ever had.</summary>
    public double Mebibytes => Process.PeakBytes / 1048576.0;

    public int Count(string name) => Counts.GetProperty(name).GetInt32();

    public int Sum(string name) => Counts.GetProperty(name).EnumerateObject().Sum(p => p.Value.GetInt32());
}
