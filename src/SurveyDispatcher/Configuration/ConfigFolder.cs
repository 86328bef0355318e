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

    /// <summary>The files that a draft lays over another folder; empty: this is no draft.</summary>
    public IReadOnlyList<string> OfDraft { get; private init; } = [];

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

    /// <summary>A draft: what lies in this folder, and everything else as it is in another one.</summary>
    /// <exception cref="UsageException">Nothing lies in it.</exception>
    public ConfigFolder Over(ConfigFolder current)
    {
        if (files.Count == 0)
        {
            throw new UsageException($"--with {PlainText.Shown(Name)} holds no file. Copy what is to change there from the current configuration, and change it.");
        }

        var all = new SortedDictionary<string, Func<Stream>>(current.files, StringComparer.Ordinal);
        foreach (var (path, open) in files)
        {
            all[path] = open;
        }

        return new ConfigFolder(Name, all) { OfDraft = [.. files.Keys] };
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

    /// <summary>A single file, given as its text.</summary>
    public static ConfigFolder OfText(string name, string file, string text) => new(
        name, new SortedDictionary<string, Func<Stream>>(StringComparer.Ordinal) { [file] = () => new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)) });

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
