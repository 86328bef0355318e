using System.Reflection;

namespace SurveyDispatcher.Configuration;

/// <summary>Where configuration files come from: a folder on disk, or the defaults embedded in the program.</summary>
public sealed class ConfigFolder
{
    private readonly SortedDictionary<string, Func<Stream>> files;

    private ConfigFolder(string name, SortedDictionary<string, Func<Stream>> files)
    {
        Name = name;
        this.files = files;
    }

    /// <summary>How messages name the folder.</summary>
    public string Name { get; }

    /// <summary>A folder on disk.</summary>
    /// <exception cref="UsageException">There is no such folder.</exception>
    public static ConfigFolder OnDisk(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new UsageException(
                $"The configuration folder '{path}' does not exist. Run from the project's folder, or name one with --config DIR.");
        }

        var files = new SortedDictionary<string, Func<Stream>>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories))
        {
            files.Add(Path.GetRelativePath(path, file).Replace('\\', '/'), () => File.OpenRead(file));
        }

        return new ConfigFolder(path, files);
    }

    /// <summary>The configuration that the program was built with; the demo runs on it.</summary>
    public static ConfigFolder Embedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var files = new SortedDictionary<string, Func<Stream>>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith("config/", StringComparison.Ordinal)))
        {
            files.Add(name["config/".Length..], () => assembly.GetManifestResourceStream(name)!);
        }

        return new ConfigFolder(Say($"embedded defaults"), files);
    }

    /// <summary>The files below a folder, their paths relative to the configuration folder, in order of name.</summary>
    public IEnumerable<string> Below(string folder) =>
        files.Keys.Where(f => f.StartsWith(folder + "/", StringComparison.Ordinal));

    /// <summary>Opens a file, or returns null when it is not there.</summary>
    public Stream? Open(string path) => files.TryGetValue(path, out var open) ? open() : null;

    /// <summary>The text of a file (UTF-8), or null when it is not there.</summary>
    public string? Text(string path)
    {
        if (Open(path) is not { } stream)
        {
            return null;
        }

        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
