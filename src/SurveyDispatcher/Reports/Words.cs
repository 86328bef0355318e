using System.Globalization;
using System.Text;
using System.Text.Json;
using Survey.Domain;

namespace SurveyDispatcher.Reports;

/// <summary>A report's language: its words, and how it writes numbers and days.</summary>
/// <remarks>
/// One flat JSON file for each language, inside the program: a translator needs an editor and nothing of .NET, two languages
/// lie side by side in any comparison, and there is no satellite assembly that could be left behind. In a text <c>{name}</c> is filled in.
/// </remarks>
internal sealed class Words
{
    /// <summary>Where nothing can be said.</summary>
    public const string Nothing = "–";

    private static readonly Dictionary<string, Words> All = new[] { "en", "zh-CN" }.ToDictionary(l => l, l => new Words(l), StringComparer.Ordinal);

    private readonly Dictionary<string, string> texts;

    private Words(string language)
    {
        Language = language;
        using var stream = typeof(Words).Assembly.GetManifestResourceStream($"Reports/{language}.json")
            ?? throw new InvalidOperationException($"The words of {language} are not in the program.");
        texts = JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!;
    }

    /// <summary>The languages that there are.</summary>
    public static IReadOnlyCollection<string> Languages => All.Keys;

    /// <summary>The language's tag.</summary>
    public string Language { get; }

    /// <summary>All keys.</summary>
    public IReadOnlyCollection<string> Keys => texts.Keys;

    /// <summary>A text; each has to be there in each language.</summary>
    public string this[string key] => texts[key];

    /// <summary>A text that need not be there.</summary>
    public string? Find(string key) => texts.GetValueOrDefault(key);

    /// <summary>The words of a language.</summary>
    /// <exception cref="ArgumentException">There is none such.</exception>
    public static Words Of(string language) => All.GetValueOrDefault(language)
        ?? throw new ArgumentException($"Reports are written in {string.Join(" and ", Languages)}, not in '{language}'.", nameof(language));

    /// <summary>A text with its gaps filled.</summary>
    public string Say(string key, params ReadOnlySpan<(string Name, string Value)> gaps)
    {
        var text = texts[key];
        var said = new StringBuilder(text.Length + 32);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '{')
            {
                said.Append(text[at]);
                continue;
            }

            var end = text.IndexOf('}', at);
            var name = text.AsSpan((at + 1)..end);
            var found = false;
            foreach (var gap in gaps)
            {
                if (name.SequenceEqual(gap.Name))
                {
                    said.Append(gap.Value);
                    found = true;
                    break;
                }
            }

            at = found ? end : throw new ArgumentException($"Nobody fills {{{name}}} of '{key}'.", nameof(gaps));
        }

        return said.ToString();
    }

    /// <summary>What a code is called; a code that has no words yet stands for itself.</summary>
    public string Code(string family, string code) => texts.GetValueOrDefault($"{family}.{code}", code);

    /// <summary>A survey's name.</summary>
    public string Survey(SurveyKind survey) => texts[$"survey.{survey.Code()}"];

    /// <summary>The short name of a question: for charts and lists. Of one that has none yet the beginning of its wording.</summary>
    public string ItemName(Questionnaire questionnaire, string id) => texts.GetValueOrDefault($"item.{id}") ?? Short(Wording(questionnaire, id), 34);

    /// <summary>Whether a question has a short name of its own.</summary>
    public bool HasItemName(string id) => texts.ContainsKey($"item.{id}");

    /// <summary>How a question is worded.</summary>
    public string Wording(Questionnaire questionnaire, string id) =>
        questionnaire.Find(id)?.Text is { } text ? text.GetValueOrDefault(Language) ?? text.GetValueOrDefault("en") ?? id : id;

    /// <summary>A day.</summary>
    public string Day(DateOnly day) => day.ToString(texts["format.day"], CultureInfo.InvariantCulture);

    /// <summary>A month.</summary>
    public string Month(DateOnly day) => day.ToString(texts["format.month"], CultureInfo.InvariantCulture);

    /// <summary>A month without its year, for an axis.</summary>
    public string ShortMonth(DateOnly day) => day.ToString(texts["format.month_short"], CultureInfo.InvariantCulture);

    /// <summary>A year, for an axis.</summary>
    public string Year(DateOnly day) => day.ToString(texts["format.year"], CultureInfo.InvariantCulture);

    /// <summary>A week, with its days.</summary>
    public string Week(IsoWeek week) => Say("week", ("year", Plain(week.Year)), ("number", Plain(week.Number)), ("from", Day(week.Monday)), ("to", Day(week.Sunday)));

    /// <summary>A week, for an axis.</summary>
    public string ShortWeek(IsoWeek week) => Say("week_short", ("number", Plain(week.Number)));

    /// <summary>The months of a report.</summary>
    public string Period(Period period) => period.From.Year == period.To.Year && period.From.Month == period.To.Month
        ? Month(period.From)
        : Say("from_to", ("from", Month(period.From)), ("to", Month(period.To)));

    /// <summary>A count.</summary>
    public static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A number with one decimal and a true minus; nothing where nothing can be said.</summary>
    public static string Decimal(double? number) =>
        number is { } n ? Math.Round(n, 1, MidpointRounding.AwayFromZero).ToString("#,0.0;−#,0.0;0.0", CultureInfo.InvariantCulture) : Nothing;

    /// <summary>A share of 0 to 1 in percent, without the sign.</summary>
    public static string Hundredths(double? share) => Decimal(share * 100);

    /// <summary>A share of 0 to 1, with the sign.</summary>
    public static string Percent(double? share) => share is null ? Nothing : Hundredths(share) + "%";

    /// <summary>An interval's ends.</summary>
    public string Range(Interval? interval, double scale = 1) => interval is { } i
        ? Say("range", ("low", Decimal(i.Low * scale)), ("high", Decimal(i.High * scale)))
        : Nothing;

    /// <summary>Ranks.</summary>
    public string Ranks(RankRange? ranks) => ranks is { } r ? r.Best == r.Worst ? Plain(r.Best) : Say("ranks", ("best", Plain(r.Best)), ("worst", Plain(r.Worst))) : Nothing;

    /// <summary>A number that is a name.</summary>
    public static string Plain(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>How often chance does it: rounded to what a reader can picture.</summary>
    public string Chance(double chance) => chance < 0.0001
        ? Say("chance.rare", ("n", Number(10_000)))
        : Say("chance.about", ("n", Number((long)Math.Round(1 / chance))));

    /// <summary>A text that fits into so many half-width places; those of East Asian characters are two.</summary>
    public static string Short(string text, int places)
    {
        var width = 0;
        var fits = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            width += rune.Value >= 0x1100 ? 2 : 1;
            if (width > places)
            {
                return text[..fits].TrimEnd() + "…";
            }

            fits += width < places ? rune.Utf16SequenceLength : 0;
        }

        return text;
    }
}
