using System.Collections;
using System.Text.Json;
using System.Text.RegularExpressions;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.Cli;

/// <summary>The setting <c>Language</c>, read before anything is said: also what is wrong with the command or with the configuration is said in it.</summary>
/// <remarks>Nothing is a fault here. An unknown language is one when the configuration is read, and is then said in English.</remarks>
internal static partial class LanguageSetting
{
    private const string Variable = "SURVEY_Language";
    private const string Folder = "--config";

    /// <summary>From the environment, else from the configuration folder that the command names, else from the one that the program was built with.</summary>
    public static string Of(IReadOnlyList<string> args) => Find(FromEnvironment()) ?? Find(FromFile(FolderOf(args))) ?? Texts.English;

    private static string? Find(string? name) => name is null ? null : Texts.Find(name.Trim());

    /// <summary>In whatever case, as the configuration takes it.</summary>
    private static string? FromEnvironment() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .FirstOrDefault(v => Variable.Equals((string)v.Key, StringComparison.OrdinalIgnoreCase)).Value as string;

    private static string FolderOf(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            if (args[i] == Folder && i + 1 < args.Count)
            {
                return args[i + 1];
            }

            if (args[i].StartsWith(Folder, StringComparison.Ordinal) && args[i].Length > Folder.Length && args[i][Folder.Length] is '=' or ':')
            {
                return args[i][(Folder.Length + 1)..];
            }
        }

        return "config";
    }

    private static string? FromFile(string folder)
    {
        var text = TextIn(folder);
        try
        {
            using var settings = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return settings.RootElement.ValueKind != JsonValueKind.Object ? null : settings.RootElement.EnumerateObject()
                .LastOrDefault(p => p.Name.Equals(nameof(Settings.Language), StringComparison.OrdinalIgnoreCase)) is { Value.ValueKind: JsonValueKind.String } found
                    ? found.Value.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The file will be refused. Whoever has to mend it reads that best in his language.
            return InBrokenFile().Match(text) is { Success: true } guess ? guess.Groups[1].Value : null;
        }
    }

    private static string TextIn(string folder)
    {
        try
        {
            var path = Path.Combine(folder, Settings.FileName);
            return File.Exists(path) ? File.ReadAllText(path) : ConfigFolder.Embedded().Text(Settings.FileName)!;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "{}"; // who reads the configuration next says so
        }
    }

    [GeneratedRegex("""
        "Language"\s*:\s*"([A-Za-z-]+)"
        """, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex InBrokenFile();
}
