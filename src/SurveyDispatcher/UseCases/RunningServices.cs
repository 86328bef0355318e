using System.Globalization;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Files;

namespace SurveyDispatcher.UseCases;

/// <summary>A service (<c>run</c>) on a data directory, as it last told of itself.</summary>
/// <param name="Host">Its machine.</param>
/// <param name="Directory">The data directory, as it is called there.</param>
/// <param name="Process">The number that its machine gave the process.</param>
/// <param name="Version">The program's version.</param>
/// <param name="Since">When it began.</param>
/// <param name="LastSeen">When it told this.</param>
/// <param name="NextCycle">When the schedule starts the next cycle; null when that is not known.</param>
/// <param name="Doing">What it does: <c>starting</c>, <c>waiting</c>, <c>cycle</c>, <c>helping</c>, <c>stopping</c>.</param>
/// <param name="Step">The step that the cycle has come to.</param>
/// <param name="Faults">Why it is not alive or not ready, as codes; empty: all is well.</param>
/// <param name="Live">Whether it can go on by itself.</param>
public sealed record RunningService(
    string Host, string Directory, int Process, string Version, DateTimeOffset Since, DateTimeOffset LastSeen, DateTimeOffset? NextCycle,
    string Doing, string? Step, IReadOnlyList<string> Faults, bool Live)
{
    /// <summary>The fault of a service whose schedule starts no cycle any more.</summary>
    internal const string NoNextCycle = "no_next_cycle";

    /// <summary>Whether its schedule has come to its end.</summary>
    internal bool HasNoNextCycle => Faults.Contains(NoNextCycle);

    /// <summary>As a line of a screen.</summary>
    public Phrase InWords() =>
        $"{PlainText.Shown(Host)}:{PlainText.Shown(Directory)}, process {Process}, version {PlainText.Shown(Version)}, since {Since:yyyy-MM-dd HH:mm:ss} UTC: {DoingInWords()}{(Step is null ? (Phrase)$"" : $" ({PlainText.Shown(Step)})")}, "
        + $"next cycle {(NextCycle is { } next ? (Phrase)$"{next:yyyy-MM-dd HH:mm:ss} UTC" : $"unknown")}{(Faults.Count == 0 ? (Phrase)$"" : $"; NOT WELL: {PlainText.Shown(Listed(Faults))}")}";

    private Phrase DoingInWords() => Doing switch
    {
        "starting" => $"starting",
        "waiting" => $"waiting",
        "cycle" => $"cycle",
        "helping" => $"helping",
        "stopping" => $"stopping",
        _ => $"{PlainText.Shown(Doing)}", // a newer version's
    };
}

/// <summary>The services on a data directory: each keeps a file in <c>services/</c>, and who was not heard of for a while is gone.</summary>
/// <remarks>
/// Files and no table: a service must be seen before there is a store, and while the store can't be reached; and a store in one file
/// has one writer at a time, which is the cycle. Services that share a store share the directory, too (docs/decisions/0020).
/// </remarks>
internal static class RunningServices
{
    /// <summary>How often a service tells of itself.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    /// <summary>Who was not heard of for so long is gone. Machines' clocks may differ by most of it.</summary>
    public static readonly TimeSpan Term = TimeSpan.FromSeconds(75);

    /// <summary>Files of dead services are removed after a day, by whoever lives.</summary>
    private static readonly TimeSpan Keep = TimeSpan.FromDays(1);

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for people and programs, not for HTML
    };

    /// <summary>Those that live, the oldest first.</summary>
    public static IReadOnlyList<RunningService> Read(DataDirectory directory, DateTimeOffset now) => !Directory.Exists(directory.Services)
        ? []
        : [.. Directory.EnumerateFiles(directory.Services, "*.json").Select(Read).OfType<RunningService>()
            .Where(s => (now - s.LastSeen).Duration() <= Term).OrderBy(s => s.Since).ThenBy(s => s.Host, StringComparer.Ordinal).ThenBy(s => s.Process)];

    /// <summary>A service tells of itself.</summary>
    public static void Write(DataDirectory directory, RunningService service)
    {
        DurableFile.CreateFolder(directory.Services);
        var path = PathOf(directory, service);
        using (var file = DurableFile.Create(path + ".tmp"))
        {
            JsonSerializer.Serialize(file, service, Json); // not flushed to the disk: after a crash of the machine nobody lives
        }

        File.Move(path + ".tmp", path, overwrite: true);
        foreach (var old in Directory.EnumerateFiles(directory.Services).Where(f => service.LastSeen.UtcDateTime - File.GetLastWriteTimeUtc(f) > Keep))
        {
            File.Delete(old);
        }
    }

    /// <summary>A service has ended.</summary>
    public static void Remove(DataDirectory directory, RunningService service)
    {
        if (Directory.Exists(directory.Services))
        {
            File.Delete(PathOf(directory, service));
        }
    }

    /// <summary>Machine and process, and the time of its start: in containers all processes are number 1.</summary>
    private static string PathOf(DataDirectory directory, RunningService service) => Path.Combine(
        directory.Services,
        string.Create(CultureInfo.InvariantCulture, $"{string.Concat(service.Host.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.'))}-{service.Process}-{service.Since:yyyyMMddHHmmssfff}.json"));

    private static RunningService? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunningService>(File.ReadAllText(path), Json) is { Host: not null, Directory: not null, Version: not null, Doing: not null, Faults: not null } service ? service : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // gone meanwhile, or cut by a crash of the machine: then it is nobody's
        }
    }
}
