using System.Globalization;
using System.Text;
using System.Text.Json;
using Survey.Domain;

namespace SurveyDispatcher.UseCases.Sources;

/// <summary>A word that headers use for a column.</summary>
/// <param name="Column">The column.</param>
/// <param name="Text">As the dictionary has it.</param>
/// <param name="Language">en, zh or ja.</param>
/// <param name="Weak">It may mean something else, too: <c>Date</c>, <c>Type</c>.</param>
/// <param name="Reversed">It says the opposite: who agreed, where the column says who objected.</param>
internal sealed record Term(DmsColumn Column, string Text, string Language, bool Weak, bool Reversed)
{
    /// <summary>What is compared.</summary>
    public string Key { get; } = Terms.Normalised(Text);

    /// <summary>Its words, where it is written in Latin letters.</summary>
    public IReadOnlySet<string> Words { get; } = Terms.WordsOf(Text);
}

/// <summary>What dealer systems call the columns and codes of an extract, in English, Chinese and Japanese (<c>terms.json</c>).</summary>
internal sealed class Terms
{
    private readonly Dictionary<string, List<Term>> byKey;
    private readonly Dictionary<DmsColumn, Dictionary<string, string>> codes = [];
    private readonly Dictionary<string, string[]> events;
    private readonly string[] agreement, denial;

    private Terms(JsonElement root)
    {
        All = [.. root.GetProperty("columns").EnumerateObject().SelectMany(column => column.Value.EnumerateObject().SelectMany(language => language.Value.EnumerateArray()
                .Select(t => t.GetString()!)
                .Select(t => new Term(ColumnOf(column.Name), t.TrimStart('~'), language.Name, t.StartsWith('~'), Reversed: false)))),
            .. root.GetProperty("reversed").EnumerateObject().SelectMany(column => column.Value.EnumerateArray()
                .Select(t => new Term(ColumnOf(column.Name), t.GetString()!, "", Weak: false, Reversed: true)))];
        byKey = All.GroupBy(t => t.Key).ToDictionary(g => g.Key, g => g.ToList(), StringComparer.Ordinal);
        foreach (var column in root.GetProperty("codes").EnumerateObject())
        {
            codes[ColumnOf(column.Name)] = column.Value.EnumerateObject()
                .SelectMany(code => code.Value.EnumerateArray().Select(t => (Key: CodeKey(t.GetString()!), Code: code.Name)))
                .DistinctBy(c => c.Key)
                .ToDictionary(c => c.Key, c => c.Code, StringComparer.Ordinal);
        }

        agreement = Words("agreement");
        denial = Words("denial");
        string[] Words(string name) => [.. root.GetProperty(name).EnumerateArray().Select(t => t.GetString()!)];
        events = root.GetProperty("events").EnumerateObject().ToDictionary(e => e.Name, e => e.Value.EnumerateArray().Select(t => t.GetString()!).ToArray(), StringComparer.Ordinal);
    }

    public static Terms Known { get; } = Load();

    public IReadOnlyList<Term> All { get; }

    /// <summary>The columns whose values are codes of a closed list, or are read by one.</summary>
    public IEnumerable<DmsColumn> CodeColumns => codes.Keys;

    /// <summary>Whether a header asks who agreed, or may be asked: it has a word of agreement and none that denies it.</summary>
    public bool SpeaksOfConsent(string header)
    {
        var key = Normalised(header);
        var words = WordsOf(header);
        bool Has(string word) => char.IsAscii(word[0]) ? words.Contains(word) : key.Contains(word, StringComparison.Ordinal);
        return agreement.Any(Has) && !denial.Any(Has);
    }

    /// <summary>The words that are written so, but for case, width, spaces and punctuation.</summary>
    public IReadOnlyList<Term> Exact(string key) => byKey.GetValueOrDefault(key) ?? [];

    /// <summary>What a code of a file means in a column, as far as is known; null: nobody knows.</summary>
    public string? Meaning(DmsColumn column, string code) => codes.GetValueOrDefault(column)?.GetValueOrDefault(CodeKey(code));

    /// <summary>How many of these texts speak of a kind of event, <c>sale</c> or <c>service</c>.</summary>
    public int Mentions(string recordType, IEnumerable<string> texts) => texts.Count(text =>
        events[recordType].Any(word => char.IsAscii(word[0]) ? WordsOf(text).Contains(word) : text.Contains(word, StringComparison.Ordinal)));

    /// <summary>NFKC, small letters, and nothing but letters and digits.</summary>
    public static string Normalised(string text) => string.Concat(text.Normalize(NormalizationForm.FormKC).ToLowerInvariant().Where(char.IsLetterOrDigit));

    /// <summary>Words in Latin letters; <c>dealerCode</c>, <c>DEALER_CODE</c> and <c>Dealer Code</c> are two.</summary>
    public static IReadOnlySet<string> WordsOf(string text)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        var word = new StringBuilder();
        var before = ' ';
        foreach (var c in text.Normalize(NormalizationForm.FormKC).Append(' '))
        {
            var isPart = (char.IsLetterOrDigit(c) && c < 0x250) || c == '\'';
            if (word.Length > 0 && (!isPart || (char.IsUpper(c) && char.IsLower(before))))
            {
                words.Add(word.ToString().ToLowerInvariant());
                word.Clear();
            }

            if (isPart && c != '\'')
            {
                word.Append(c);
            }

            before = c;
        }

        return words;
    }

    private static string CodeKey(string text) => Normalised(text) is { Length: > 0 } key ? key : text.Trim();

    private static DmsColumn ColumnOf(string name) => (DmsColumn)Intake.Columns.ToList().IndexOf(name);

    private static Terms Load()
    {
        using var stream = typeof(Terms).Assembly.GetManifestResourceStream("Sources/terms.json")!;
        using var document = JsonDocument.Parse(stream);
        return new Terms(document.RootElement);
    }
}
