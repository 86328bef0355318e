using System.Diagnostics;

namespace Fuzz;

/// <summary>One input after the other, each watched: exceptions, time, memory.</summary>
internal sealed class Run(ulong seed, IReadOnlyList<ITarget> targets)
{
    private const int MostFindings = 25;

    /// <summary>Bytes that an input may make the program allocate, and bytes for each of its own.</summary>
    private const long Memory = 32 << 20, MemoryPerByte = 600;

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(2), Hung = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, (long Count, TimeSpan Time)> done = [];
    private readonly Dictionary<string, long> findings = new(StringComparer.Ordinal);
    private long current, startedAt, mostMemory, mostMemoryAt;

    /// <summary>So many inputs, the first of them with the index <paramref name="from"/>; several processes can share a long run.</summary>
    public int All(long from, long inputs, string? only)
    {
        using var end = new ManualResetEvent(false);
        var watchdog = new Thread(() => Watch(end)) { IsBackground = true };
        watchdog.Start();
        var began = Stopwatch.GetTimestamp();
        for (current = from; current < from + inputs && findings.Count < MostFindings; current++)
        {
            var target = TargetOf(current);
            if (only is null || target.Name == only)
            {
                Try(target);
            }
        }

        end.Set();
        watchdog.Join();
        foreach (var (name, (count, time)) in done)
        {
            Console.WriteLine($"{name,-8} {count,9:N0} inputs {time.TotalSeconds,7:N0} s");
        }

        Console.WriteLine($"{done.Values.Sum(d => d.Count):N0} inputs of seed {seed} from index {from} in {Stopwatch.GetElapsedTime(began).TotalSeconds:N0} s, "
            + $"{mostMemory >> 20} MiB allocated for one at most (index {mostMemoryAt}), {findings.Count} findings");
        return findings.Count == 0 ? 0 : 1;
    }

    /// <summary>One input again, with the whole story of what it does.</summary>
    public int One(long index, string? file)
    {
        var target = TargetOf(index);
        var bytes = target.Make(Of(index));
        Console.WriteLine($"{target.Name}, {bytes.Length:N0} bytes");
        if (file is not null)
        {
            File.WriteAllBytes(file, bytes);
        }

        try
        {
            target.Try(bytes, Of(index));
            Console.WriteLine("Nothing is wrong with it.");
            return 0;
        }
        catch (Exception e)
        {
            Console.WriteLine(e);
            return 1;
        }
    }

    /// <summary>A whole cycle takes as long as a hundred files; one in two hundred inputs is one.</summary>
    private ITarget TargetOf(long index) => targets[index % 200 == 199 ? 4 : (index % 20) switch
    {
        < 8 => 0,
        < 13 => 1,
        < 18 => 2,
        _ => 3,
    }];

    private Dice Of(long index) => new(seed, index);

    private void Try(ITarget target)
    {
        var bytes = target.Make(Of(current));
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var began = Stopwatch.GetTimestamp();
        var processor = Environment.CpuUsage.TotalTime;
        Volatile.Write(ref startedAt, began);
        try
        {
            target.Try(bytes, Of(current));
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            var took = Environment.CpuUsage.TotalTime - processor; // on the clock, a busy machine would be a finding
            if (target is not CycleTarget)
            {
                Finding.Unless(allocated < Memory + (MemoryPerByte * bytes.Length), $"{allocated >> 20} MiB were allocated for {bytes.Length:N0} bytes");
                Finding.Unless(took < Slow || !IsSlowAgain(target, bytes), $"{took.TotalSeconds:N1} s for {bytes.Length:N0} bytes");
            }

            (mostMemory, mostMemoryAt) = target is not CycleTarget && allocated > mostMemory ? (allocated, current) : (mostMemory, mostMemoryAt);
        }
        catch (Exception e)
        {
            Report(target, e);
        }
        finally
        {
            Volatile.Write(ref startedAt, 0);
            var (count, time) = done.GetValueOrDefault(target.Name);
            done[target.Name] = (count + 1, time + Stopwatch.GetElapsedTime(began));
        }
    }

    /// <summary>Once may be the collector's fault, or the compiler's.</summary>
    private bool IsSlowAgain(ITarget target, byte[] bytes)
    {
        var began = Environment.CpuUsage.TotalTime;
        target.Try(bytes, Of(current));
        return Environment.CpuUsage.TotalTime - began >= Slow;
    }

    /// <summary>Each kind of finding once: the second of a kind is mended with the first.</summary>
    private void Report(ITarget target, Exception e)
    {
        var where = e is Finding ? "" : e.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains("SurveyDispatcher", StringComparison.Ordinal) || l.Contains("Survey.Domain", StringComparison.Ordinal))?.Trim() ?? "";
        var key = $"{target.Name} {e.GetType().Name} {string.Concat(e.Message.Where(c => !char.IsDigit(c))).AsSpan(0, Math.Min(60, e.Message.Count(c => !char.IsDigit(c))))} {where.Split(" in ")[0]}";
        if (findings.TryGetValue(key, out var times))
        {
            findings[key] = times + 1;
            return;
        }

        findings.Add(key, 1);
        Console.WriteLine($"FINDING in {target.Name}: {(e is Finding ? e.Message : $"{e.GetType().Name}: {e.Message} {where}")}");
        Console.WriteLine($"  again: dotnet run -c Release --project tests/Fuzz -- --seed {seed} --index {current} --out input.bin");
    }

    private void Watch(ManualResetEvent end)
    {
        while (!end.WaitOne(TimeSpan.FromSeconds(1)))
        {
            var started = Volatile.Read(ref startedAt);
            if (started != 0 && Stopwatch.GetElapsedTime(started) > Hung) // this one on the clock: whoever waits takes no processor
            {
                Console.WriteLine($"FINDING: a hang of {Hung.TotalSeconds:N0} s");
                Console.WriteLine($"  again: dotnet run -c Release --project tests/Fuzz -- --seed {seed} --index {current} --out input.bin");
                Environment.Exit(1);
            }
        }
    }
}
