using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>The benchmark can't be run here, or what ran did not do what is measured; the message says what to do.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);

/// <summary>What a process took from start to exit.</summary>
/// <param name="Time">On the clock, start-up and exit included.</param>
/// <param name="Processor">On all cores together: other work on the machine hardly moves it, so it explains a strange time.</param>
/// <param name="PeakBytes">The most memory it ever had resident.</param>
/// <param name="Output">What it wrote to standard output.</param>
internal sealed record ProcessRun(TimeSpan Time, TimeSpan Processor, long PeakBytes, string Output);

/// <summary>Runs a process to its end and measures it.</summary>
internal static class ChildProcess
{
    private const int PollMilliseconds = 10;

    /// <summary>Runs a program; any other exit code is an error.</summary>
    /// <remarks>
    /// The peak is the kernel's own high-water mark (<c>VmHWM</c>), which only ever grows: reading it every 10 ms can miss
    /// nothing but growth within the last of them. The peak that <c>wait4</c> gives is worse: on Linux it starts from what
    /// the parent had when it forked.
    /// </remarks>
    public static ProcessRun Run(
        string program, IEnumerable<string> arguments, CancellationToken stopping, string input = "", string? workingDirectory = null,
        IReadOnlyDictionary<string, string>? settings = null, int exitCode = 0)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        start.Environment["SURVEY_Data__SettleSeconds"] = "0";
        AddSettings(start, settings);
        var began = Stopwatch.GetTimestamp();
        using var process = Start(start);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(stopping);
            var error = process.StandardError.ReadToEndAsync(stopping);
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            long peak = 0;
            var processor = TimeSpan.Zero;
            do
            {
                stopping.ThrowIfCancellationRequested();
                peak = Math.Max(peak, PeakOf(process.Id));
                processor = ProcessorTimeOf(process.Id) ?? processor;
            }
            while (!process.WaitForExit(PollMilliseconds));
            var time = Stopwatch.GetElapsedTime(began);
            process.WaitForExit();
            return process.ExitCode == exitCode
                ? new ProcessRun(time, processor, peak, output.GetAwaiter().GetResult())
                : throw new BenchmarkException(
                    $"{start.FileName} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}:{Environment.NewLine}"
                    + $"{error.GetAwaiter().GetResult()}{output.GetAwaiter().GetResult()}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }
        }
    }

    /// <summary>Starts a server that runs until it is disposed of.</summary>
    public static Server Serve(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? settings = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = settings is not null };
        AddSettings(start, settings);
        var process = Start(start);
        if (settings is not null)
        {
            process.BeginOutputReadLine(); // nobody wants to see what a service says
        }

        return new Server(process);
    }

    private static void AddSettings(ProcessStartInfo start, IReadOnlyDictionary<string, string>? settings)
    {
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            start.Environment["SURVEY_" + name] = value;
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new BenchmarkException(
                $"'{start.FileName}' can't be started. Install it (Debian: apt-get install {start.FileName}), or put it on the PATH.");
        }
    }

    /// <summary>A process that is killed at the end.</summary>
    internal sealed class Server(Process process) : IDisposable
    {
        public void Dispose()
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
    }

    /// <summary>0 once the process has given its memory back.</summary>
    private static long PeakOf(int processId)
    {
        try
        {
            foreach (var line in File.ReadLines($"/proc/{processId}/status"))
            {
                if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                {
                    return 1024 * long.Parse(line.AsSpan(6, line.Length - 6 - 2), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
                }
            }
        }
        catch (IOException)
        {
            return 0; // it ended between two looks
        }

        return 0;
    }

    /// <summary>Null once the process is gone.</summary>
    private static TimeSpan? ProcessorTimeOf(int processId)
    {
        try
        {
            // proc(5): utime and stime are fields 14 and 15; the name in field 2 may hold spaces, but it ends with the last bracket.
            var text = File.ReadAllText($"/proc/{processId}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromMilliseconds(10 * (Ticks(fields[11]) + Ticks(fields[12])));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static long Ticks(string field) => long.Parse(field, CultureInfo.InvariantCulture);
}
