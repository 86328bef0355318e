using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Survey.Domain;
using SurveyDispatcher.Reports;

namespace SurveyDispatcher.Tests.Reports;

/// <summary>What stands in a report. How it looks is seen in <see cref="ReportLooksTests"/>.</summary>
public sealed class HtmlReportTests
{
    private static readonly XNamespace X = "http://www.w3.org/1999/xhtml";
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    public static TheoryData<string> Languages => [.. HtmlReport.Languages];

    [Theory]
    [MemberData(nameof(Languages))]
    public void EveryReportIsWellFormedHasOneTitleAndItsHeadingsInOrder(string language)
    {
        foreach (var report in EveryKind())
        {
            var page = Read(report, language);
            Assert.Equal(language, page.Root!.Attribute("lang")!.Value);
            Assert.Single(page.Descendants(X + "h1"));
            var levels = page.Descendants().Where(e => e.Name.Namespace == X && e.Name.LocalName is ['h', >= '1' and <= '6']).Select(e => e.Name.LocalName[1] - '0').ToList();
            Assert.All(levels.Zip(levels.Skip(1)), pair => Assert.True(pair.Second <= pair.First + 1, $"h{pair.First} is followed by h{pair.Second}"));
            var ids = page.Descendants().Attributes("id").Select(a => a.Value).ToList();
            Assert.Equal(ids.Count, ids.Distinct().Count());
            Assert.All(page.Descendants(X + "a"), a => Assert.Contains(a.Attribute("href")!.Value[1..], ids));
        }
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void NothingIsLoadedOrRunAndThePolicyForbidsIt(string language)
    {
        foreach (var report in EveryKind())
        {
            var page = Read(report, language);
            string[] foreign = ["script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use", "foreignObject", "animate", "set"];
            Assert.DoesNotContain(page.Descendants(), e => foreign.Contains(e.Name.LocalName));
            Assert.DoesNotContain(page.Descendants().Attributes(), a => a.Name.LocalName is "style" or "src" || a.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
            Assert.DoesNotContain("url(", page.Descendants(X + "style").Single().Value, StringComparison.Ordinal);
            var policy = page.Descendants(X + "meta").Single(m => m.Attribute("http-equiv") is not null).Attribute("content")!.Value;
            var hash = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(page.Descendants(X + "style").Single().Value)));
            Assert.Equal($"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'", policy);
        }
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void TablesAndChartsSayWhatTheyAre(string language)
    {
        foreach (var report in EveryKind())
        {
            var page = Read(report, language);
            Assert.All(page.Descendants(X + "table"), table =>
            {
                Assert.NotEmpty(table.Element(X + "caption")!.Value);
                Assert.All(table.Descendants(X + "th"), th => Assert.Contains(th.Attribute("scope")?.Value, new[] { "col", "row", "rowgroup" }));
                Assert.All(table.Descendants(X + "tr"), tr => Assert.NotEmpty(tr.Elements(X + "th")));
                var widths = table.Descendants(X + "tr").Select(tr => tr.Elements().Sum(c => (int?)c.Attribute("colspan") ?? 1)).Distinct();
                Assert.Single(widths);
            });
            Assert.All(page.Descendants(Svg + "svg").Where(s => s.Attribute("role") is not null), chart =>
            {
                Assert.Equal("img", chart.Attribute("role")!.Value);
                Assert.NotEmpty(chart.Element(Svg + "title")!.Value);
                Assert.NotEmpty(chart.Element(Svg + "desc")!.Value);
                Assert.Equal($"{chart.Element(Svg + "title")!.Attribute("id")!.Value} {chart.Element(Svg + "desc")!.Attribute("id")!.Value}", chart.Attribute("aria-labelledby")!.Value);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void TheRankingShowsEveryDealersScoresAsTheModelHasThem(string language)
    {
        var report = MadeUp.Market(40);
        var page = Read(report, language);
        var rankings = page.Descendants(X + "table").Where(t => t.Descendants(X + "th").Any(th => th.Attribute("class")?.Value == "group")).ToList();
        Assert.Equal(report.Surveys.Count, rankings.Count);
        foreach (var (figures, table) in report.Surveys.Zip(rankings))
        {
            var rows = table.Elements(X + "tbody").Elements(X + "tr").Where(r => r.Elements(X + "td").Any()).ToList();
            Assert.Equal(figures.Dealers.Select(d => d.Dealer.Code), rows.Select(r => r.Element(X + "th")!.Element(X + "small")!.Value));
            foreach (var (d, row) in figures.Dealers.Zip(rows))
            {
                var cells = row.Elements(X + "td").Select(c => c.Value).ToList();
                Assert.Equal(Rank(d.InNation), Numbers(cells[0]));
                Assert.Equal(d.InNation.Block is { } block ? [block] : [], Numbers(cells[1]));
                Assert.Equal([d.Score.WithOverall], Numbers(cells[2]));
                Assert.Equal(Of(d.Score.CompletelySatisfied, 100), Numbers(cells[3]));
                Assert.Equal(Of(d.Score.Index, 1), Numbers(cells[4]));
                Assert.Equal(Of(d.Score.Recommend, 1), Numbers(cells[5]));
            }

            Assert.Equal(figures.Dealers.Select(d => d.InNation.Block).Distinct().Count(), table.Elements(X + "tbody").Count());
        }
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void RatesAreThoseOfTheDomain(string language)
    {
        var report = MadeUp.Market(12);
        var page = Read(report, language);
        var tables = page.Descendants(X + "table").Where(t => t.Attribute("class")!.Value == "tight stick").ToList();
        Assert.Equal(8, tables.Count);
        foreach (var (figures, four) in report.Surveys.Zip(tables.Chunk(4)))
        {
            List<OutcomeRates> groups = [figures.Nation.Rates!, .. figures.Regions.Select(r => r.Rates!)];
            var dealers = figures.Dealers.Select(d => d.Rates).ToList();
            foreach (var (table, i) in four.Select((t, i) => (t, i)))
            {
                var rows = table.Element(X + "tbody")!.Elements(X + "tr").Select(r => r.Elements(X + "td").SelectMany(c => Numbers(c.Value)).ToList()).ToList();
                Assert.Equal((i < 2 ? groups : dealers).Select(r => i % 2 == 0 ? Counts(r) : Percents(r)), rows);
            }
        }

        static List<double> Counts(OutcomeRates r) => [.. Enum.GetValues<OutcomeBucket>().Select(b => (double)r[b]), .. r.EligibleShare is { } e ? [Math.Round(e, 3)] : Array.Empty<double>()];
        static List<double> Percents(OutcomeRates r) =>
            [.. new[]
            {
                r.ResponseRate(1), r.ResponseRate(2), r.ResponseRate(3), r.ResponseRate(4), r.ResponseRate(5), r.ResponseRate(6),
                r.CooperationRate(1), r.CooperationRate(2), r.CooperationRate(3), r.CooperationRate(4),
                r.RefusalRate(1), r.RefusalRate(2), r.RefusalRate(3), r.ContactRate(1), r.ContactRate(2), r.ContactRate(3), r.TradeRate,
            }.Where(n => n is not null).Select(n => Tenth(100 * n!.Value))];
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void ProblemsStandInTheOrderOfTheSheetWithTheirMovement(string language)
    {
        var report = MadeUp.Market(12);
        var words = Words.Of(language);
        var page = Read(report, language);
        foreach (var figures in report.Surveys)
        {
            var sheet = figures.Problems!;
            var table = page.Descendants(X + "table").Single(t => t.Element(X + "caption")!.Value.StartsWith(words.Say("problems.table", ("survey", words.Survey(figures.Survey)), ("week", words.ShortWeek(sheet.Week))), StringComparison.Ordinal));
            var rows = table.Element(X + "tbody")!.Elements(X + "tr").ToList();
            Assert.Equal(sheet.Lines.Select(l => figures.Questionnaire.Find(l.Question)!.Text[language]), rows.Select(r => r.Element(X + "th")!.Element(X + "small")!.Value));
            foreach (var (line, row) in sheet.Lines.Zip(rows))
            {
                var cells = row.Elements(X + "td").ToList();
                Assert.Equal([line.Count.Problems], Numbers(cells[1].Value));
                Assert.Equal([line.Count.Answered], Numbers(cells[2].Value));
                Assert.Equal([Tenth(100 * line.OfProblems!.Value)], Numbers(cells[3].Value));
                Assert.Equal([Tenth(100 * line.Cumulative!.Value)], Numbers(cells[4].Value));
                Assert.Equal([Tenth(100 * line.OfReached!.Value)], Numbers(cells[5].Value));
                Assert.Equal(line.Movement!.IsMoreThanChance, cells[6].Value.StartsWith('▲') || cells[6].Value.StartsWith('▼'));
            }

            Assert.Contains(sheet.Lines, l => l.Movement!.IsMoreThanChance);
        }
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void ADealersReportHasNothingOfAnotherDealer(string language)
    {
        var market = MadeUp.Market(40);
        var mine = MadeUp.Dealer(40, 5);
        var text = Write(mine, language);
        var tables = string.Concat(CsvReport.Tables(mine).SelectMany(t => t.Rows).SelectMany(r => r).Select(c => c + "\n"));
        foreach (var other in market.Quality.Select(q => q.Dealer).Where(d => d.Code != "D0005"))
        {
            Assert.DoesNotContain(other.Code, text, StringComparison.Ordinal);
            Assert.DoesNotContain(other.Code, tables, StringComparison.Ordinal);
            if (other.Name.Length > 0 && other.Name != MadeUp.Hostile)
            {
                Assert.DoesNotContain(other.Name, text, StringComparison.Ordinal);
            }
        }

        Assert.DoesNotContain(market.Surveys[0].Regions.Where(r => r.Name != mine.Dealer!.Region), r => text.Contains($">{r.Name}<", StringComparison.Ordinal));
    }

    [Fact]
    public void WithOneOtherDealerTheNationIsNotShownForItWouldBeHim()
    {
        var report = MadeUp.Dealer(2, 0);
        var nation = MadeUp.Market(2).Surveys[0].Nation.Score!;
        var text = Write(report, "en");

        Assert.Contains("It is not shown.", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Words.Percent(nation.CompletelySatisfied!.Value.Value), text, StringComparison.Ordinal);
        Assert.DoesNotContain(CsvReport.Tables(report).SelectMany(t => t.Rows), r => r[0] == "nation");
        Assert.Contains(CsvReport.Tables(MadeUp.Dealer(12, 5))[0].Rows, r => r[0] == "nation");
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void AHostileNameStaysAName(string language)
    {
        var page = Read(MadeUp.Dealer(40, 0), language);
        var shown = PlainText.OneLine(MadeUp.Hostile);

        Assert.Contains(shown, page.Descendants(X + "h1").Single().Value, StringComparison.Ordinal);
        Assert.Equal(shown, page.Descendants(X + "dd").Elements(X + "bdi").First().Value);
    }

    [Fact]
    public void TextBecomesTextWhateverItsCharacters()
    {
        static (string Element, string Attribute) Read(string text)
        {
            var output = new StringWriter();
            new Markup(output).Write($"<p title=\"{text}\">{text}</p>");
            var element = XElement.Parse(output.ToString());
            return (element.Value, element.Attribute("title")!.Value);
        }

        Assert.Equal(("a\ufffdb\ufffdc\ufffd", "a\ufffdb\ufffdc\ufffd"), Read("a\u0001b\ud800c\uffff"));
        Assert.Equal(("𠮷野家 & <b>'\"", "𠮷野家 & <b>'\""), Read("𠮷野家 & <b>'\""));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void WhereNobodyAnsweredDashesStandAndNoZero(string language)
    {
        var page = Read(MadeUp.Market(12, answers: false), language);

        Assert.All(page.Descendants(X + "li").Where(li => li.Parent!.Attribute("class")?.Value == "tiles").Chunk(4).SelectMany(t => t.Take(3)), tile =>
            Assert.Equal("–", tile.Elements(X + "span").First().Value));
        Assert.DoesNotContain(page.Descendants(Svg + "circle"), c => c.Attribute("class")!.Value == "dot" && c.Ancestors(Svg + "svg").Any(s => s.Attribute("role") is not null));
    }

    [Fact]
    public void ADealerWhoDiffersByChanceOnlyIsTold()
    {
        var words = Words.Of("en");
        var score = Score.Of(MadeUp.Tally(20, 6, 2, 1, 1));
        string Says(Score nation)
        {
            var made = MadeUp.Dealer(12, 5);
            var s = made.Surveys[0];
            var changed = s with { Nation = s.Nation with { Score = nation, Dealers = 12 }, Dealers = [s.Dealers[0] with { Score = score }] };
            return Write(made with { Surveys = [changed] }, "en");
        }

        Assert.Contains(words["verdict.same"], Says(Score.Of(MadeUp.Tally(620, 200, 60, 20, 10))), StringComparison.Ordinal);
        Assert.Contains(words["verdict.worse"], Says(Score.Of(MadeUp.Tally(900, 60, 20, 5, 5))), StringComparison.Ordinal);
        Assert.Contains(words["verdict.better"], Says(Score.Of(MadeUp.Tally(300, 400, 200, 50, 50))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en", "n = 24 of 30 responses")]
    [InlineData("zh-CN", "n = 24（共30份答卷）")]
    public void AScoreSaysHowManyAnsweredItsQuestionAndHowManyTheSurvey(string language, string expected)
    {
        var market = MadeUp.Market(12);
        var tally = MadeUp.Tally(20, 4);
        for (var n = 0; n < 6; n++)
        {
            tally.Add(0, -1);
        }

        var figures = market.Surveys[0];
        var tile = Read(market with { Surveys = [figures with { Nation = figures.Nation with { Score = Score.Of(tally) } }] }, language)
            .Descendants(X + "ul").First(u => u.Attribute("class")?.Value == "tiles").Elements().First();

        Assert.Contains("83.3%", tile.Value, StringComparison.Ordinal); // 20 of 24
        Assert.Contains(expected, tile.Value, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void WhatMayNotBeShownOfOthersIsAGapAndThePageSaysWhy(string language)
    {
        var report = MadeUp.Dealer(12, 5);
        var made = report.Surveys[0];
        var hidden = Words.Of(language)["hidden"];
        int Notes(SurveyFigures figures) => Write(report with { Surveys = [figures] }, language).Split(hidden).Length - 1;

        Assert.Equal(0, Notes(made));
        Assert.Equal(1, Notes(made with { NationCourse = [.. made.NationCourse.Skip(1)] }));
        Assert.Equal(2, Notes(made with { Nation = made.Nation with { Score = null, Rates = null } }));
        Assert.Equal(2, Notes(made with { Regions = [made.Regions[0] with { Score = null, Rates = null }] }));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void ASheetWithoutProblemsSaysWhetherAnybodyAnswered(string language)
    {
        var words = Words.Of(language);
        var report = MadeUp.Market(12);
        var (figures, week) = (report.Surveys[0], report.Week!.Value);
        string Says(int responses)
        {
            var tally = new ProblemTally();
            tally.AddResponses(week, responses);
            return Write(report with { Surveys = [figures with { Problems = ProblemSheet.Of(tally, figures.Questionnaire, week), ItemCourses = [] }] }, language);
        }

        Assert.Contains(words["problems.zero"], Says(3), StringComparison.Ordinal);
        Assert.DoesNotContain(words["problems.zero"], Says(0), StringComparison.Ordinal);
        Assert.Contains(words["problems.nobody"], Says(0), StringComparison.Ordinal);
        var without = figures with { Problems = null, ItemCourses = [] };
        Assert.Contains(words["problems.none"], Write(report with { Surveys = [without] }, language), StringComparison.Ordinal);
        Assert.Contains(words["problems.no_week"], Write(report with { Surveys = [without], Week = null }, language), StringComparison.Ordinal);
    }

    [Fact]
    public void AnItemThatNobodyAnsweredThisWeekStillSaysHowItWasBefore()
    {
        var report = MadeUp.Market(12);
        var (figures, week) = (report.Surveys[0], report.Week!.Value);
        var tally = new ProblemTally();
        tally.AddResponses(week, 4);
        tally.AddResponses(week.Plus(-2), 10);
        tally.AddAnswers(week.Plus(-2), "cleanliness", new ItemCount(3, 10));

        var page = Write(report with { Surveys = [figures with { Problems = ProblemSheet.Of(tally, figures.Questionnaire, week), ItemCourses = [] }] }, "en");

        Assert.Contains("now –, before 30.0%", page, StringComparison.Ordinal);
    }

    /// <summary>Dealers who are too few to be ranked count in the nation, and are no circles.</summary>
    [Fact]
    public void TheNationStandsAtItsPlaceOnTheAxisOfTheRanked()
    {
        static Score Of(int five, int n) => Score.Of(MadeUp.Tally(five, n - five));
        using var text = new StringWriter();

        new Charts(new Markup(text), Words.Of("en")).Strip("t", "d", [Of(184, 200), Of(180, 200)], Of(182, 200).CompletelySatisfied!.Value, nation: 0.63);

        var places = System.Text.RegularExpressions.Regex.Matches(text.ToString(), "x=\"([0-9.]+)%\" y=\"[0-9]+\">([0-9]+)%")
            .ToDictionary(m => double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture), m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));
        var nation = double.Parse(System.Text.RegularExpressions.Regex.Match(text.ToString(), "class=\"nation\" x1=\"([0-9.]+)%").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.Equal(places[60] + ((places[80] - places[60]) * 3 / 20), nation, 1);
    }

    [Fact]
    public void SignsComeWithTheirEvidenceAndWithoutAVerdict()
    {
        var text = Read(MadeUp.Market(12), "en").Root!.Value;

        Assert.Contains("Seen: +86 ••• •••• ••12", text, StringComparison.Ordinal);
        Assert.Contains("It proves nothing", text, StringComparison.Ordinal);
        Assert.Contains("less than once in 10,000 times", text, StringComparison.Ordinal);
        Assert.Contains("about once in 2,500 times", text, StringComparison.Ordinal);
    }

    [Fact]
    public void FiveHundredDealersAreLessThanTwoMegabytes()
    {
        using var file = new MemoryStream();
        HtmlReport.Write(MadeUp.Market(500), "en", file);

        Assert.InRange(file.Length, 1, 2_000_000);
    }

    [Fact]
    public void ALanguageThatThereIsNotIsRefused() =>
        Assert.Contains("en and zh-CN", Assert.Throws<ArgumentException>(() => HtmlReport.Write(MadeUp.Market(1), "de", Stream.Null)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("short", 10, "short")]
    [InlineData("exactly ten", 11, "exactly ten")]
    [InlineData("one too long", 11, "one too lo…")]
    [InlineData("汽车销售服务", 12, "汽车销售服务")]
    [InlineData("汽车销售服务", 11, "汽车销售服…")]
    public void NamesAreCutByTheRoomTheyNeed(string name, int places, string expected) => Assert.Equal(expected, Words.Short(name, places));

    internal static string Write(Report report, string language)
    {
        using var file = new MemoryStream();
        HtmlReport.Write(report, language, file);
        return Encoding.UTF8.GetString(file.GetBuffer().AsSpan(0, (int)file.Length));
    }

    internal static IEnumerable<Report> EveryKind() =>
    [
        MadeUp.Market(0), MadeUp.Market(1), MadeUp.Market(40), MadeUp.Market(12, answers: false), MadeUp.Market(130) with { Quality = [] },
        MadeUp.Dealer(1, 0), MadeUp.Dealer(2, 1), MadeUp.Dealer(40, 0), MadeUp.Dealer(40, 1), MadeUp.Dealer(40, 22), MadeUp.Dealer(12, 3, answers: false),
    ];

    private static XDocument Read(Report report, string language)
    {
        using var reader = XmlReader.Create(new StringReader(Write(report, language)), new() { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader);
    }

    private static double Tenth(double number) => Math.Round(number, 1, MidpointRounding.AwayFromZero);

    private static List<double> Of(Estimate? estimate, double scale) => estimate is not { } e ? []
        : e.Interval is { } i ? [Tenth(e.Value * scale), Tenth(i.Low * scale), Tenth(i.High * scale)] : [Tenth(e.Value * scale)];

    private static List<double> Rank(Standing standing) => standing is not { Rank: { } rank, Likely: { } likely } ? []
        : likely.Best == likely.Worst ? [rank, likely.Best] : [rank, likely.Best, likely.Worst];

    /// <summary>The numbers in a cell, in their order; a dash is none.</summary>
    private static List<double> Numbers(string cell) =>
        [.. System.Text.RegularExpressions.Regex.Matches(cell.Replace(",", "", StringComparison.Ordinal), @"−?\d+(\.\d+)?")
            .Select(m => double.Parse(m.Value.Replace('−', '-'), CultureInfo.InvariantCulture))];
}
