using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Survey.Domain;

namespace SurveyDispatcher;

/// <summary>What the program says to the people who run it, in their language: the setting <c>Language</c>.</summary>
/// <remarks>
/// English stands in the code, where it is read together with what it is about. Every other language is one flat JSON file in the
/// program, <c>Texts.LANGUAGE.json</c>: the English pattern, and the translation beside it. A test holds each file complete. Codes, verbs,
/// settings, names of files and the keys of JSON are the same in every language, as are numbers and days.
/// </remarks>
internal static class Texts
{
    /// <summary>The language of the code.</summary>
    public const string English = "en";

    private const string Chinese = "zh-CN";

    /// <summary>The script, and the countries that write it.</summary>
    private static readonly HashSet<string> Simplified = ["HANS", "CN", "SG", "MY"];

    private static readonly Dictionary<string, Lazy<Dictionary<string, string>>> Translations = new[] { Chinese }
        .ToDictionary(language => language, language => new Lazy<Dictionary<string, string>>(() => Read(language)), StringComparer.Ordinal);

    /// <summary>Leaves the letters of all languages as they are, for JSON that has sentences in it.</summary>
    public static JavaScriptEncoder InJson { get; } = JavaScriptEncoder.Create(UnicodeRanges.All);

    /// <summary>The languages that there are.</summary>
    public static IReadOnlyList<string> Languages { get; } = [English, .. Translations.Keys];

    /// <summary>The patterns of a language with their translations.</summary>
    public static IReadOnlyDictionary<string, string> Of(string language) => Translations[language].Value;

    /// <summary>Says everything from here on in a language.</summary>
    public static void Speak(string language) => CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(language);

    /// <summary>A sentence in the language that is spoken.</summary>
    public static string Say(Phrase phrase) => phrase.Render(
        Translations.TryGetValue(CultureInfo.CurrentUICulture.Name, out var translations)
            ? pattern => translations.Value.GetValueOrDefault(pattern, pattern)
            : pattern => pattern);

    /// <summary>Codes, names and the like in a row, parted as the language does.</summary>
    public static string Listed(IEnumerable<string> items) => string.Join(Say($", "), items);

    /// <summary>The tag of the language that is spoken.</summary>
    public static string Spoken => Translations.ContainsKey(CultureInfo.CurrentUICulture.Name) ? CultureInfo.CurrentUICulture.Name : English;

    /// <summary>The language that a tag means, in whatever case: <c>en-GB</c> is English, <c>zh</c> and <c>zh-Hans</c> are the Chinese that is spoken here; null when there is none.</summary>
    public static string? Find(string name) => name.ToUpperInvariant().Split('-') switch
    {
        ["EN", .. var more] when more.All(IsSubtag) => English,
        ["ZH", "HANS", .. var more] when more.All(IsSubtag) => Chinese, // in whatever country
        ["ZH", .. var more] when more.All(subtag => Simplified.Contains(subtag)) => Chinese,
        _ => null,
    };

    /// <summary>Whether a tag means Chinese in traditional characters, whose readers would not be at home in the other.</summary>
    public static bool IsTraditional(string name) => name.ToUpperInvariant().Split('-') is ["ZH", .. var more] && !more.Contains("HANS") && more.Any(subtag => subtag is "HANT" or "TW" or "HK" or "MO");

    private static bool IsSubtag(string text) => text.Length > 0 && text.All(char.IsAsciiLetterOrDigit);

    private static Dictionary<string, string> Read(string language)
    {
        using var stream = typeof(Texts).Assembly.GetManifestResourceStream($"Texts.{language}.json")
            ?? throw new InvalidOperationException($"The texts of {language} are not in the program.");
        return JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!;
    }
}
