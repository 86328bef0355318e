using System.Text.RegularExpressions;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Reports;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.Reports;

/// <summary>The reports' words: in every language the same ones, and none too many.</summary>
public sealed partial class WordsTests
{
    /// <summary>Keys that are put together from a code: the codes that there are.</summary>
    private static readonly Dictionary<string, IReadOnlyCollection<string>> Families = new()
    {
        ["item"] = [.. Questions.Where(q => q.ProblemAt.Count > 0).Select(q => q.Id).Distinct()],
        ["sign"] = [.. QualitySigns.All, "compared", "alone", "detail"],
        ["bucket"] = [.. Enum.GetValues<OutcomeBucket>().Select(CsvReport.Name)],
        ["survey"] = [.. Enum.GetValues<SurveyKind>().Select(s => s.Code())],
        ["fault"] = [.. Faults().Matches(Source("Survey.Domain", "Intake.cs") + Source("SurveyDispatcher", "UseCases", "TakeExtracts.cs")).Select(m => m.Groups[1].Value).Distinct()],
        ["reason"] = [.. Screening.Rules.Select(r => r.Reason)],
        ["market_name"] = [.. ProgrammeFile.Read(ConfigFolder.Embedded(), [])!.Markets.Keys],
    };

    public static TheoryData<string> Languages => [.. Words.Languages];

    private static IEnumerable<Question> Questions => QuestionnaireFile.ReadAll(ConfigFolder.Embedded(), [])!.All.SelectMany(q => q.Questions);

    [Theory]
    [MemberData(nameof(Languages))]
    public void EveryLanguageHasTheSameKeysAndGaps(string language)
    {
        var (english, other) = (Words.Of("en"), Words.Of(language));

        Assert.Equal(english.Keys.Order(), other.Keys.Order());
        Assert.All(english.Keys.Where(k => !k.StartsWith("format.", StringComparison.Ordinal)), key => Assert.Equal(Gaps(english[key]), Gaps(other[key])));
        Assert.All(other.Keys.Where(k => k != "gap"), key => Assert.NotEmpty(other[key].Trim()));
    }

    [Fact]
    public void EveryKeyIsUsedAndEveryUsedKeyIsThere()
    {
        var code = string.Concat(Directory.EnumerateFiles(Path.Combine(Root, "src", "SurveyDispatcher", "Reports"), "*.cs").Select(File.ReadAllText));
        var notes = Notes().Match(code).Groups[1].Value;
        var used = Literals().Matches(code).Select(m => m.Groups[1].Value)
            .Concat(Literals().Matches(notes).SelectMany(m => new[] { $"note.{m.Groups[1].Value}", $"note.{m.Groups[1].Value}.text" }))
            .Concat(Literals().Matches(code).Select(m => m.Groups[1].Value).Where(k => k.StartsWith("signs.", StringComparison.Ordinal)).Select(k => k + ".read"))
            .Concat(Families.SelectMany(f => f.Value.Select(c => $"{f.Key}.{c}")))
            .ToHashSet();
        var keys = Words.Of("en").Keys;

        Assert.Empty(keys.Except(used));
        Assert.Empty(Asked().Matches(code).Select(m => m.Groups[1].Value).Except(keys));
        Assert.Empty(Families.SelectMany(f => f.Value.Select(c => $"{f.Key}.{c}")).Except(keys));
    }

    [Theory]
    [InlineData("en", "28 February 2026", "February 2026", "December 2025 to February 2026", "week 9 of 2026 (23 February 2026 to 1 March 2026)", "−5.3 to 12.0")]
    [InlineData("zh-CN", "2026年2月28日", "2026年2月", "2025年12月至2026年2月", "2026年第9周（2026年2月23日至2026年3月1日）", "−5.3～12.0")]
    public void DaysAndRangesAreWrittenAsTheLanguageWritesThem(string language, string day, string month, string period, string week, string range)
    {
        var words = Words.Of(language);

        Assert.Equal(day, words.Day(new(2026, 2, 28)));
        Assert.Equal(month, words.Period(new Period(new(2026, 2, 1), new(2026, 2, 28))));
        Assert.Equal(period, words.Period(new Period(new(2025, 12, 1), new(2026, 2, 28))));
        Assert.Equal(week, words.Week(new IsoWeek(2026, 9)));
        Assert.Equal(range, words.Range(new Interval(-5.34, 12)));
    }

    [Fact]
    public void AMarketThatHeadOfficeHasRenamedKeepsItsName()
    {
        var renamed = MadeUp.Market(1) with { MarketName = "Greater China" };

        Assert.Contains("中国大陆客户满意度报告", HtmlReportTests.Write(MadeUp.Market(1), "zh-CN"), StringComparison.Ordinal);
        Assert.Contains("Greater China客户满意度报告", HtmlReportTests.Write(renamed, "zh-CN"), StringComparison.Ordinal);
    }

    [Fact]
    public void TheTablesOfColumnsInTheDocumentAreThoseOfTheProgram()
    {
        var document = File.ReadAllText(Path.Combine(Root, "docs", "reports.md")).ReplaceLineEndings("\n");
        foreach (var table in CsvReport.Tables(MadeUp.Market(1)))
        {
            var expected = $"### {table.Name}.csv\n\n| column | is |\n| --- | --- |\n" + string.Concat(table.Columns.Select(c => $"| `{c.Name}` | {c.Meaning} |\n"));
            Assert.True(document.Contains(expected, StringComparison.Ordinal), $"docs/reports.md should have:\n{expected}");
        }
    }

    private static string Root => Path.GetFullPath(Path.Combine(World.ShippedConfig, ".."));

    private static string Source(params string[] path) => File.ReadAllText(Path.Combine([Root, "src", .. path]));

    private static IEnumerable<string> Gaps(string text) => Gap().Matches(text).Select(m => m.Value).Distinct().Order(StringComparer.Ordinal);

    [GeneratedRegex(@"\{[a-z]+\}")]
    private static partial Regex Gap();

    [GeneratedRegex(@"""([a-z_0-9.]+)""")]
    private static partial Regex Literals();

    [GeneratedRegex(@"(?:words\[|words\.Say\(|texts\[|Head\()""([a-z_0-9.]+)""")]
    private static partial Regex Asked();

    [GeneratedRegex(@"var note in new\[\]\s*\{([^}]*)\}")]
    private static partial Regex Notes();

    [GeneratedRegex(@"Fault\(""([a-z_]+)""")]
    private static partial Regex Faults();
}
