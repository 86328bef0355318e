using System.Runtime.CompilerServices;
using System.Text;
using SurveyDispatcher.Configuration;

namespace Fuzz;

/// <summary>The real files that inputs are made from: the shipped configuration, the demo's files, and the bounces of the tests.</summary>
internal static class Samples
{
    /// <summary>The project's folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The shipped configuration.</summary>
    public static string Config { get; } = Path.Combine(Root, "config");

    /// <summary>The demo's files of a kind; the call centre's guide has the acknowledgements.</summary>
    public static IReadOnlyList<string> Of(string kind) => FilesIn(kind == "acknowledgements"
        ? Path.Combine(Root, "docs", "vendor", kind)
        : Path.Combine(Config, "demo", "inbox", kind));

    /// <summary>Every bounce that there is.</summary>
    public static IReadOnlyList<byte[]> Bounces { get; } =
        [.. Of("bounces").Concat(FilesIn(Path.Combine(Root, "tests", "SurveyDispatcher.Tests", "Mail", "Bounces"))).Select(File.ReadAllBytes)];

    /// <summary>A sample as a table, in its encoding.</summary>
    public static Table Read(string path, Source source)
    {
        var text = Encoding.GetEncoding(source.Encoding.CodePage).GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF');
        var rows = PlainCsv.Records(text, source.Delimiter) ?? throw new InvalidOperationException($"{path} is no plain CSV.");
        return new Table(source.Delimiter, rows[0], [.. rows.Skip(1)]);
    }

    private static List<string> FilesIn(string folder) => [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)];

    private static string FindRoot([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
