using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Reports;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The figures of a report, counted by hand from what came in.</summary>
public sealed class ReportFigureTests
{
    private const string Header = "case_id,mode,status,completed_at,overall,recommend,ready_on_time,most_familiar";
    private static readonly Period February = Period.Parse("2026-02")!;

    internal static Report Read(World world, Period period, string? dealer = null, string asOf = "2026-03-15")
    {
        var config = PipelineConfig.Load(ConfigFolder.OnDisk(world.Config), forMail: false);
        var directory = new DataDirectory(world.Data);
        using var database = new Store(directory, config.Settings.Store).OpenExisting();
        using var vault = Cycle.OpenVault(directory, config.Settings, storeExists: true, write: false);
        var figures = new FiguresReader(config, period, AsOf.Parse(asOf), database, vault).Read([config.Programme.MarketOf("AU")!])[0];
        return dealer is null ? figures.OfMarket() : figures.OfDealer(dealer);
    }

    private static SurveyFigures Sales(Report report) => Assert.Single(report.Surveys, s => s.Survey == SurveyKind.Sales);

    private static Row Of(string dealer, int n, string day = "2026-02-10") => Row.Sale with
    {
        Dealer = dealer, DealerName = $"Dealer {dealer}", Transaction = $"{dealer}{n:00}", Vin = $"JTDBR32E7{dealer[1..]}{n:000000}", Event = day,
        Email = $"{dealer}{n}@mail.example", Name = $"Customer {dealer} {n}", Phone1 = $"04{Math.Abs(dealer.GetHashCode(StringComparison.Ordinal) % 9000) + 1000:0000}{n:0000}",
    };

    /// <summary>A1 has twelve responses, A2 ten, A3 three; A1 and A3 are in the north. One more customer of A1's has not answered.</summary>
    private static async Task<World> MarketAsync()
    {
        var world = new World();
        world.Drop("dealers", "d.csv", "dealer_code,dealer_name,market,region\nA01,Alpha Motors,AU,North\nA02,Beta Autos,AU,South\nA03,Gamma Cars,AU,North\n");
        world.Extract("a.csv", [
            .. Enumerable.Range(0, 13).Select(n => Of("A01", n)), .. Enumerable.Range(0, 10).Select(n => Of("A02", n)), .. Enumerable.Range(0, 3).Select(n => Of("A03", n)),
            Of("A03", 9, "2026-01-30")]);
        await world.CycleAsync("2026-03-02");
        var ids = (await world.ExportAsync("cases")).ToDictionary(c => c["transaction_id"], c => c["case_id"]);
        world.Responses("r.csv", [Header,
            .. Enumerable.Range(0, 12).Select(n => $"{ids[$"A01{n:00}"]},web,complete,2026-03-{3 + (n / 6):00}T10:00:00+11:00,{(n < 6 ? 5 : n < 11 ? 4 : 1)},{(n < 6 ? 10 : 7)},{(n < 11 ? "yes" : "no")},yes"),
            .. Enumerable.Range(0, 10).Select(n => $"{ids[$"A02{n:00}"]},web,complete,2026-03-04T10:00:00+11:00,{(n < 7 ? 5 : 3)},{(n < 7 ? 9 : 2)},no,yes"),
            .. Enumerable.Range(0, 3).Select(n => $"{ids[$"A03{n:00}"]},phone,complete,2026-03-04T10:00:00+11:00,{(n == 0 ? "" : "5")},,,yes"),
            $"{ids["A0309"]},web,complete,2026-03-04T10:00:00+11:00,1,0,yes,yes"]); // of January
        await world.CycleAsync("2026-03-05");
        return world;
    }

    [Fact]
    public async Task ScoresAndRanksAreThoseOfThePeriodsEvents()
    {
        using var world = await MarketAsync();

        var sales = Sales(Read(world, February));

        Assert.Equal(["A02", "A01", "A03"], sales.Dealers.Select(d => d.Dealer.Code)); // 7 of 10, 6 of 12, too few
        Assert.Equal([1, 2, null], sales.Dealers.Select(d => d.InNation.Rank));
        Assert.Equal([1, 1, null], sales.Dealers.Select(d => d.InRegion!.Rank));
        Assert.Equal([(10, 10, 10), (12, 12, 12), (3, 2, 0)], sales.Dealers.Select(d => ((int)d.Score.Responses, (int)d.Score.WithOverall, (int)d.Score.WithRecommend)));
        Assert.Equal(0.7, sales.Dealers[0].Score.CompletelySatisfied!.Value.Value, 6);
        Assert.Equal(0.5, sales.Dealers[1].Score.CompletelySatisfied!.Value.Value, 6);
        Assert.Equal(100 * ((6 * 4) + (5 * 3)) / 48.0, sales.Dealers[1].Score.Index!.Value.Value, 6);
        Assert.Equal(50, sales.Dealers[1].Score.Recommend!.Value.Value, 6);
        Assert.Null(sales.Dealers[2].Score.Recommend);
        Assert.Equal((25L, 15 / 24.0), (sales.Nation.Score!.Responses, Math.Round(sales.Nation.Score.CompletelySatisfied!.Value.Value, 6)));
        Assert.Equal(["North", "South"], sales.Regions.Select(r => r.Name));
        Assert.Equal((2, 1), (sales.Regions[0].Dealers, sales.Regions[0].Ranked));
        Assert.Equal(("Alpha Motors", "North"), (sales.Dealers[1].Dealer.Name, sales.Dealers[1].Dealer.Region));
    }

    [Fact]
    public async Task OutcomeRatesCountEndedCases()
    {
        using var world = await MarketAsync();
        await world.DailyAsync("2026-03-06", "2026-03-31"); // the one who has not answered goes to the vendor, and her window ends

        var sales = Sales(Read(world, February));
        await world.CycleAsync("2026-04-15");
        var later = Sales(Read(world, February));

        Assert.Equal(25, sales.Nation.Rates!.Eligible);
        Assert.Equal(1.0, sales.Nation.Rates.ResponseRate(1)!.Value, 6);
        Assert.Equal(25 / 26.0, later.Nation.Rates!.ResponseRate(1)!.Value, 6);
        Assert.Equal(12 / 13.0, later.Dealers[1].Rates.ResponseRate(1)!.Value, 6);
    }

    [Fact]
    public async Task TheCourseHasTwelveMonthsAndTheWeekItsProblems()
    {
        using var world = await MarketAsync();

        var sales = Sales(Read(world, Period.Parse("2026-03")!));

        Assert.Equal(12, sales.Course.Count);
        Assert.Equal(World.Day("2025-04-01"), sales.Course[0].Month);
        Assert.Equal([1L, 25L, 0L], sales.Course.Skip(9).Select(m => m.Score.Responses));
        Assert.Equal(("2026-W10", 26L), (sales.Problems!.Week.ToString(), sales.Problems.Responses)); // the last full one on 15 March, a Sunday that is not over
        var week11 = Sales(Read(world, Period.Parse("2026-03")!, asOf: "2026-03-16"));
        Assert.Equal(("2026-W11", 0L), (week11.Problems!.Week.ToString(), week11.Problems.Responses));
        var week10 = Sales(Read(world, Period.Parse("2026-03")!, asOf: "2026-03-09"));
        Assert.Equal(("2026-W10", 26L), (week10.Problems!.Week.ToString(), week10.Problems.Responses));
        Assert.Equal(("ready_on_time", new ItemCount(11, 23)), (week10.Problems.Lines[0].Question, week10.Problems.Lines[0].Count));
        Assert.Equal(("ready_on_time", 4, 26L), (week10.ItemCourses[0].Question, week10.ItemCourses[0].Weeks.Count, week10.ItemCourses[0].Weeks[^1].Responses));
    }

    [Fact]
    public async Task ADealerSeesHisOwnAndNobodyElsesName()
    {
        using var world = await MarketAsync();

        var report = Read(world, February, "A01");

        var sales = Sales(report);
        Assert.Equal("A01", Assert.Single(sales.Dealers).Dealer.Code);
        Assert.Empty(sales.Others); // one other is ranked: everybody knows whose the score is
        Assert.Equal("North", Assert.Single(sales.Regions).Name);
        Assert.Equal(12L, sales.Course[11].Score.Responses);
        Assert.All(report.Quality, line => Assert.Equal("A01", line.Dealer.Code));
    }

    [Fact]
    public async Task WhatADealerSentIsCountedOnceHoweverOftenItComes()
    {
        using var world = new World();
        Row[] rows =
        [
            Of("A01", 1), Of("A01", 2) with { Email = "noemail@dealer.example" }, Of("A01", 3) with { Email = "", Phone1 = "12" }, Of("A01", 4) with { Customer = "rental" },
            Of("A01", 5) with { Vin = "SHORT" }, Of("A01", 6) with { Event = "2026-02-30" }, Of("A01", 7, "2026-01-20"), Of("A01", 8, "2025-10-01"), Of("A01", 9, "2026-01-27"),
        ];
        world.Extract("a.csv", rows);
        await world.CycleAsync("2026-03-02");
        world.Extract("b.csv", [.. rows, Of("A01", 10, "2026-03-01")]);
        await world.CycleAsync("2026-03-03");

        var line = Assert.Single(Read(world, Period.Parse("2026-03")!).Quality);

        Assert.Equal((8, "canonical"), (line.New, line.Source));
        Assert.Equal([("bad_date", 1L), ("bad_vin", 1L)], line.Rejected.OrderBy(r => r.Key).Select(r => (r.Key, r.Value)));
        Assert.Equal([("customer_type_excluded", 1L), ("no_contact_channel", 1L), ("window_passed", 2L)], line.ScreenedOut.OrderBy(r => r.Key).Select(r => (r.Key, r.Value)));
        Assert.Equal((7L, 6L, 1L, 8L, 7L), (line.EmailGiven, line.EmailUsable, line.EmailPlaceholder, line.PhoneGiven, line.PhoneUsable));
        Assert.Equal(
            ["age_just_passed|1", "age_last_days|1", "age_open|4", "age_passed|1", "age_young|1"],
            world.Rows("SELECT what, count FROM tallies WHERE what LIKE 'age%' ORDER BY what"));
        await world.HoldsAsync();
    }

    /// <summary>One dealer gives his own number for the customers, addresses at his own domain, and sends what has just passed.</summary>
    [Fact]
    public async Task SignsThatAListWasTamperedWithStandOutAgainstThePeers()
    {
        using var world = new World();
        world.Extract("a.csv", [
            .. new[] { "A01", "A02", "A03" }.SelectMany(d => Enumerable.Range(0, 40).Select(n => Of(d, n))),
            .. Enumerable.Range(0, 40).Select(n => Of("A09", n, n < 12 ? "2026-01-24" : "2026-02-10") with
            {
                Email = n % 2 == 0 ? $"c{n}@harbour.example" : $"own{n}@mail.example", Phone1 = n < 10 ? "0412 345 678" : Of("A09", n).Phone1,
            }),
        ]);
        await world.CycleAsync("2026-03-02");

        var report = Read(world, Period.Parse("2026-01..2026-03")!);

        var signs = Assert.Single(report.Quality, q => q.Dealer.Code == "A09").Signs.ToDictionary(s => s.Code);
        Assert.Equal(["own_domain", "repeated_phone", "window_just_passed"], signs.Keys.Order());
        Assert.Equal((20L, 40L, 0L, 120L, "harbour.example"), (signs["own_domain"].Count, signs["own_domain"].Of, signs["own_domain"].PeerCount, signs["own_domain"].PeerOf, signs["own_domain"].Detail));
        Assert.Equal((7L, 40L, "+61******678"), (signs["repeated_phone"].Count, signs["repeated_phone"].Of, signs["repeated_phone"].Detail)); // ten people, less a household
        Assert.Equal(12, signs["window_just_passed"].Count);
        Assert.All(report.Quality.Where(q => q.Dealer.Code != "A09"), q => Assert.Empty(q.Signs));
    }

    [Fact]
    public async Task TheVerbWritesAPageAndTablesForTheMarketAndForEachDealer()
    {
        using var world = await MarketAsync();
        var folder = world.In("to read");

        var ended = await world.RunAsync("report", "--market", "au", "--each-dealer", "--period", "2026-01", "--out", folder);

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Equal(
            ["report_AU_2026-01.html", "report_AU_A03_2026-01.html"], // the others have nothing in January
            Directory.GetFiles(folder, "*.html").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        var scores = Csv.Table(File.ReadAllText(Path.Combine(folder, "report_AU_A03_2026-01_scores.csv")));
        Assert.Contains(scores, s => s.ContainsValue("-100")); // a number, not a formula that was made harmless
        Assert.Contains("Gamma Cars", File.ReadAllText(Path.Combine(folder, "report_AU_A03_2026-01.html")), StringComparison.Ordinal);
        var inChinese = await world.RunAsync("report", "--market", "AU", "--dealer", "A03", "--period", "2026-01", "--out", folder, "--language", "zh-CN");
        Assert.Equal((0, ""), (inChinese.Code, inChinese.Error));
        Assert.Contains("lang=\"en\"", File.ReadAllText(Path.Combine(folder, "report_AU_A03_2026-01.html")), StringComparison.Ordinal); // the one stands beside the other
        Assert.Contains("lang=\"zh-CN\"", File.ReadAllText(Path.Combine(folder, "report_AU_A03_2026-01_zh-CN.html")), StringComparison.Ordinal);
        Assert.DoesNotContain("Alpha Motors", string.Concat(Directory.GetFiles(folder, "report_AU_A03_*").Select(File.ReadAllText)), StringComparison.Ordinal);
    }

    /// <summary>Some dealers' February, and what each had in January; all customers answer, of some dealers with a no of their own.</summary>
    private static async Task<World> AnsweredAsync(string dealers, (string Dealer, int N, string Day)[] sent, Func<string, int, int?> overall)
    {
        var world = new World();
        world.Drop("dealers", "d.csv", "dealer_code,dealer_name,market,region\n" + dealers);
        world.Extract("a.csv", [.. sent.SelectMany(s => Enumerable.Range(0, s.N).Select(n => Of(s.Dealer, n + (s.Day == "2026-02-10" ? 0 : 50), s.Day)))]);
        await world.CycleAsync("2026-03-02");
        var ids = (await world.ExportAsync("cases")).ToDictionary(c => c["transaction_id"], c => c["case_id"]);
        world.Responses("r.csv", [Header, .. ids.OrderBy(i => i.Key).Select(i => (i.Value, Overall: overall(i.Key[..3], int.Parse(i.Key[3..], CultureInfo.InvariantCulture))))
            .Where(i => i.Overall is not null).Select(i => $"{i.Value},web,complete,2026-03-04T10:00:00+11:00,{i.Overall},9,yes,yes")]);
        await world.CycleAsync("2026-03-05");
        return world;
    }

    private static List<Dictionary<string, string?>> SalesRows(Report report, string name)
    {
        var table = CsvReport.Tables(report).Single(t => t.Name == name);
        return [.. table.Rows.Select(r => table.Columns.Zip(r).ToDictionary(c => c.First.Name, c => c.Second)).Where(r => r["survey"] == "sales")];
    }

    [Theory]
    [InlineData("A01", "nation")] // the nation less the north would be A04
    [InlineData("A04", "nation region")] // he is the south himself, and tells himself nothing new
    public async Task TheNationLessTheRegionIsNotOneOtherDealer(string reader, string shown)
    {
        using var world = await AnsweredAsync(
            "A01,Alpha,AU,North\nA02,Beta,AU,North\nA03,Gamma,AU,North\nA04,Delta,AU,South\n",
            [("A01", 12, "2026-02-10"), ("A02", 12, "2026-02-10"), ("A03", 12, "2026-02-10"), ("A04", 12, "2026-02-10")], (d, n) => d == "A04" ? (n < 3 ? 5 : 1) : n < 9 ? 5 : 4);

        var report = Read(world, February, reader);

        Assert.Equal(shown, string.Join(' ', SalesRows(report, "scores").Select(r => r["level"]).Where(l => l != "dealer")));
        Assert.Equal(shown, string.Join(' ', SalesRows(report, "rates").Select(r => r["level"]).Where(l => l != "dealer")));
        Assert.Equal(3, Sales(report).Others.Count);
    }

    [Fact]
    public async Task NeitherAMonthOfTheNationNorWhatTheOthersLeaveOfThePeriodIsOneOtherDealer()
    {
        using var world = await AnsweredAsync(
            "A01,Alpha,AU,\nA02,Beta,AU,\nA03,Gamma,AU,\n", [("A01", 12, "2026-02-10"), ("A02", 12, "2026-02-10"), ("A03", 12, "2026-02-10"), ("A02", 4, "2026-01-28")], (d, n) => n < 9 ? 5 : 4);

        string Months(Period period) => string.Join(' ', SalesRows(Read(world, period, "A01"), "course").Where(r => r["level"] == "nation" && r["responses"] != "0").Select(r => r["month"]));

        Assert.Equal("2026-02", Months(February)); // in January A02 alone had answers
        Assert.Equal("", Months(Period.Parse("2026-Q1")!)); // the quarter is shown: less February it would be A02's January
        Assert.Contains(SalesRows(Read(world, Period.Parse("2026-Q1")!, "A01"), "scores"), r => r["level"] == "nation" && r["responses"] == "40");
    }

    [Fact]
    public async Task TheRatesOfTheNationAreNotThoseOfOneOtherDealerThoughNobodyAnsweredHim()
    {
        using var world = await AnsweredAsync("A01,Alpha,AU,\nA02,Beta,AU,\n", [("A01", 12, "2026-02-10"), ("A02", 8, "2026-02-10")], (d, n) => d == "A01" ? 5 : null);
        world.OptOut("o.csv", "email", "A020@mail.example");
        await world.CycleAsync("2026-03-06");
        await world.CycleAsync("2026-04-15");

        var report = Read(world, February, "A01");

        Assert.Equal(8, Read(world, February).Surveys[0].Dealers.Single(d => d.Dealer.Code == "A02").Rates is var r ? r.Eligible + r.Unknown + r[OutcomeBucket.NotEligible] : 0);
        Assert.Equal(["dealer"], SalesRows(report, "rates").Select(r => r["level"]));
        Assert.Equal(["nation", "dealer"], SalesRows(report, "scores").Select(r => r["level"])); // the nation's answers are his own
    }

    [Fact]
    public async Task WhoHasNothingInThePeriodIsNotListed()
    {
        using var world = await AnsweredAsync("A01,Alpha,AU,\nA02,Beta,AU,South\n", [("A01", 12, "2026-02-10"), ("A02", 4, "2026-01-28")], (d, n) => 5);

        var sales = Sales(Read(world, February));

        Assert.Equal(["A01"], sales.Dealers.Select(d => d.Dealer.Code));
        Assert.Empty(sales.Regions);
        Assert.Equal([4L, 12L], sales.Course.Skip(10).Select(m => m.Score.Responses)); // the market's course has them
    }

    [Fact]
    public async Task WhoHasOpenCasesIsListedWithoutAScore()
    {
        using var world = new World();
        world.Extract("a.csv", [.. Enumerable.Range(0, 5).Select(n => Of("A01", n))]);
        await world.CycleAsync("2026-03-02");

        var dealer = Assert.Single(Sales(Read(world, February)).Dealers);

        Assert.Equal(("A01", 0L, null), (dealer.Dealer.Code, dealer.Score.Responses, dealer.InNation.Rank));
    }

    /// <summary>The last cycle is known by its day, or by its instant: each market has its own date then.</summary>
    [Theory]
    [InlineData("2026-03", "2026-03-15", "2026-W10")] // a Sunday
    [InlineData("2026-03", "2026-03-16", "2026-W11")]
    [InlineData("2026-03", "2026-03-15T00:30:00Z", "2026-W10")] // Sunday in Sydney
    [InlineData("2026-03", "2026-03-15T13:30:00Z", "2026-W11")] // Monday, half past midnight
    [InlineData("2026-02", "2026-03-16", "2026-W08")] // the ninth ends in March
    [InlineData("2026-03", "2026-03-02", "2026-W09")] // it touches March
    [InlineData("2026-03", "2026-03-01", null)]
    [InlineData("2026-05", "2026-04-20", null)]
    [InlineData("2026-04", "2026-04-02", null)]
    public async Task TheWeekOfTheProblemSheetIsTheLastThatIsOverAndTouchesThePeriod(string period, string asOf, string? week)
    {
        using var world = new World();
        world.Extract("a.csv", Of("A01", 1));
        await world.CycleAsync("2026-03-02");

        var report = Read(world, Period.Parse(period)!, asOf: asOf);

        Assert.Equal(week, report.Week?.ToString());
        Assert.Null(Sales(report).Problems);
    }

    [Theory]
    [InlineData(2, "is no period", "--period", "January")]
    [InlineData(2, "is no period", "--period", "20१२")]
    [InlineData(2, "There is no market 'XX'. Known: AU", "--market", "XX")]
    [InlineData(2, "The dealer 'A77' has nothing in AU in 2026-02. Known there: A01", "--market", "AU", "--dealer", "A77", "--period", "2026-02")]
    [InlineData(2, "--dealer needs --market", "--dealer", "A01")]
    [InlineData(2, "fr", "--language", "fr")]
    public async Task WhatCanNotBeReportedIsSaid(int code, string words, params string[] args)
    {
        using var world = await MarketAsync();

        var ended = await world.RunAsync(["report", .. args]);

        Assert.Equal(code, ended.Code);
        Assert.Contains(words, ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-02", "2026-02-01", "2026-02-28", "2026-02")]
    [InlineData("2026-Q1", "2026-01-01", "2026-03-31", "2026-01..2026-03")]
    [InlineData("2024", "2024-01-01", "2024-12-31", "2024-01..2024-12")]
    [InlineData("2025-12..2026-02", "2025-12-01", "2026-02-28", "2025-12..2026-02")]
    [InlineData("2026-13", null, null, null)]
    [InlineData("2026-03..2026-02", null, null, null)]
    [InlineData("2026-Q5", null, null, null)]
    [InlineData("26-02", null, null, null)]
    [InlineData("last month", null, null, null)]
    [InlineData("20१२", null, null, null)]
    [InlineData("20२६-Q1", null, null, null)]
    [InlineData("2026-०2", null, null, null)]
    [InlineData("2026\n", null, null, null)]
    public void APeriodIsWrittenInMonths(string text, string? from, string? to, string? again)
    {
        var period = Period.Parse(text);

        Assert.Equal(from, period?.From.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        Assert.Equal(to, period?.To.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        Assert.Equal(again, period?.ToString());
        Assert.Equal(period, again is null ? null : Period.Parse(again));
    }
}
