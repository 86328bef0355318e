using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Reports;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The data-quality sheet as docs/data-quality.md describes it: whose line a row stands in, and who is accused of nothing.</summary>
public sealed class QualitySheetTests
{
    private static readonly Period March = Period.Parse("2026-03")!;
    private static readonly Period Both = Period.Parse("2026-02..2026-03")!;

    private static Row Of(string dealer, int n, string day = "2026-02-10") => Row.Sale with
    {
        Dealer = dealer, DealerName = $"Dealer {dealer}", Transaction = $"{dealer}{n:000}", Vin = $"JTDBR32E7{dealer[1..]}{n:000000}", Event = day,
        Email = $"{dealer}{n}@mail{dealer}{n}.example", Name = $"Customer {dealer} {n}", Phone1 = $"04{int.Parse(dealer[1..], CultureInfo.InvariantCulture):0000}{n:0000}",
    };

    private static Row[] Dealers(int count, int rows = 30) => [.. Enumerable.Range(1, count).SelectMany(d => Enumerable.Range(0, rows).Select(n => Of($"A{d:00}", n)))];

    private static async Task<World> TakenAsync(params Row[] rows)
    {
        var world = new World();
        world.Extract("a.csv", rows);
        await world.CycleAsync("2026-03-02");
        return world;
    }

    private static List<string> Signs(Report report) => [.. report.Quality.SelectMany(q => q.Signs.Select(s => $"{q.Dealer.Code} {s.Code} {s.Count}/{s.Of} {s.Detail}".TrimEnd()))];

    private static List<Dictionary<string, string>> Table(Report report, string name)
    {
        var table = CsvReport.Tables(report).Single(t => t.Name == name);
        return [.. table.Rows.Select(r => table.Columns.Select((c, i) => (c.Name, Value: r[i] ?? "")).ToDictionary(c => c.Name, c => c.Value))];
    }

    private static string Page(Report report, string language = "en")
    {
        using var stream = new MemoryStream();
        HtmlReport.Write(report, language, stream);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    [Fact]
    public async Task APublicMailDomainIsNobodysOwn()
    {
        using var world = await TakenAsync([
            .. Enumerable.Range(0, 100).Select(n => Of("A01", n) with { Email = $"a{n}@{(n % 2 == 0 ? "gmail.com" : "bigpond.com")}" }),
            .. Enumerable.Range(0, 20).Select(n => Of("A02", n) with { Email = $"b{n}@{(n % 2 == 0 ? "gmail.com" : "bigpond.com")}" })]);

        Assert.Empty(Signs(ReportFigureTests.Read(world, Both)));
    }

    [Fact]
    public async Task OneCustomerIsOneHoweverSheIsSpelledAndHoweverOftenSheComes()
    {
        string[] names = ["Ann Lee", "LEE, Ann", "Mrs Ann Lee", "Mrs. Ann M. Lee", "ANN LEE", "Ann Lee", "Ann Lee", "Ann Lee"];
        using var world = await TakenAsync([.. Dealers(6), .. names.Select((name, n) => Of("A01", 50 + n) with { Name = name, Phone1 = "0412 345 678", Email = "ann@lee.example" })]);

        Assert.Empty(Signs(ReportFigureTests.Read(world, Both)));
    }

    [Fact]
    public async Task AFamilyIsNoSign()
    {
        string[] family = ["Ann Lee", "Bob Lee", "Cid Lee", "Ann Lee", "Bob Lee"];
        using var world = await TakenAsync([.. Dealers(6), .. family.Select((name, n) => Of("A01", 50 + n) with { Name = name, Phone1 = "0412 345 678", Email = $"lee{n % 3}@home{n % 3}.example" })]);

        Assert.Empty(Signs(ReportFigureTests.Read(world, Both)));
    }

    [Theory]
    [InlineData("small_fleet")]
    [InlineData("small_business")]
    public async Task AFirmsOfficeIsNoSign(string type)
    {
        using var world = await TakenAsync([
            .. Dealers(6), .. Enumerable.Range(0, 12).Select(n => Of("A01", 50 + n) with { Customer = type, Phone1 = "02 9374 4000", Email = n < 6 ? "office@fleet.example" : $"d{n}@fleet.example" })]);

        Assert.Empty(Signs(ReportFigureTests.Read(world, Both)));
    }

    [Theory]
    [InlineData(8, "A01 repeated_phone 5/38 +61******678")]
    [InlineData(7)]
    public async Task PeopleBeyondAHouseholdAtOneNumberAreASign(int people, params string[] signs)
    {
        using var world = await TakenAsync([.. Dealers(6), .. Enumerable.Range(0, people).Select(n => Of("A01", 50 + n) with { Phone1 = "0412 345 678" })]);

        Assert.Equal(signs, Signs(ReportFigureTests.Read(world, Both)));
    }

    [Fact]
    public async Task OfTwoNumbersThatAsManyHaveTheSmallerIsShown()
    {
        foreach (var first in new[] { 0, 1 })
        {
            using var world = await TakenAsync([
                .. Dealers(6), .. Enumerable.Range(0, 16).Select(n => Of("A01", 50 + n) with { Phone1 = n % 2 == first ? "0412 345 678" : "0412 345 999" })]);

            Assert.Equal(["A01 repeated_phone 10/46 +61******678"], Signs(ReportFigureTests.Read(world, Both)));
        }
    }

    [Fact]
    public async Task ARejectedRowCountsInTheMarketThatItNamesThoughInSmallLetters()
    {
        using var world = await TakenAsync(Of("A01", 1) with { Country = "au" }, Of("A01", 2) with { Country = "au", Vin = "SHORT" });

        var line = Assert.Single(ReportFigureTests.Read(world, March).Quality);

        Assert.Equal((1L, 1L), (line.New, line.Rejected.Values.Sum()));
    }

    /// <summary>Many systems write when they exported a row, or get a column more.</summary>
    [Fact]
    public async Task ARejectedRowIsCountedOnceWhateverElseChangesInTheFile()
    {
        using var world = new World();
        for (var day = 2; day <= 6; day++)
        {
            var lines = Row.File([Of("A01", 1), Of("A01", 2) with { Vin = "SHORT" }]).TrimEnd('\n').Split('\n');
            var more = day < 5 ? "" : ",more";
            world.Drop("dms", $"a{day}.csv", string.Join('\n', lines.Select((l, i) => l + (i == 0 ? $",exported_on{more}" : $",2026-03-0{day}{more}"))) + "\n");
            await world.CycleAsync($"2026-03-0{day}");
        }

        var line = Assert.Single(ReportFigureTests.Read(world, March).Quality);

        Assert.Equal((1L, 1L), (line.New, line.Rejected.Values.Sum()));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task ARejectedRowThatSaysSomethingElseIsAnother()
    {
        using var world = await TakenAsync(Of("A01", 1) with { Vin = "SHORT" });
        world.Extract("b.csv", Of("A01", 1) with { Vin = "SHORTER" }, Of("A01", 1) with { Vin = "SHORT" });
        await world.CycleAsync("2026-03-03");

        Assert.Equal(2L, Assert.Single(ReportFigureTests.Read(world, March).Quality).Rejected.Values.Sum());
    }

    [Fact]
    public async Task ARowThatCanNotBeReadStandsInEachMarketThatItsSourceDeliversTo()
    {
        using var world = new World();
        var text = Row.File([Of("A01", 1), Of("A01", 2), Of("A01", 3) with { Country = "NZ" }]) + "sale,AU,A01,\"broken\" quote,X\n";
        world.Drop("dms", "a.csv", text);
        await world.CycleAsync("2026-03-02");
        world.Drop("dms", "b.csv", text);
        await world.CycleAsync("2026-03-03");

        var rejects = world.Rejects("a.csv");
        var report = ReportFigureTests.Read(world, March);

        Assert.NotEmpty(rejects);
        var nobody = Assert.Single(report.Quality, q => q.Dealer.Code == "");
        Assert.Equal(("canonical", 0L, rejects.Count), (nobody.Source, nobody.New, (int)nobody.Rejected["malformed_row"]));
        Assert.Contains("Rows that name no dealer, or can't be read", System.Net.WebUtility.HtmlDecode(Page(report)), StringComparison.Ordinal);
        world.Tamper("INSERT INTO tallies (month, source, country, dealer_code, what, count) VALUES ('2026-03', 'elsewhere', 'NZ', 'N1', 'new', 1), ('2026-03', 'elsewhere', '', '', 'rejected:malformed_row', 7), ('2026-03', 'broken', '', '', 'rejected:malformed_row', 9)");
        Assert.Equal(["broken", "canonical"], ReportFigureTests.Read(world, March).Quality.Where(q => q.Dealer.Code == "").Select(q => q.Source).Order());
    }

    [Fact]
    public async Task AMarketOfWhichAllRowsAreRejectedIsReported()
    {
        using var world = await TakenAsync([.. Enumerable.Range(0, 9).Select(n => Of("A01", n)), .. Enumerable.Range(0, 30).Select(n => Of("A05", n) with { Country = "NZ", Vin = "SHORT" })]);
        var folder = world.In("out");

        var ended = await world.RunAsync("report", "--out", folder);

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Equal(["report_AU", "report_NZ"], Directory.GetFiles(folder, "*.html").Select(f => Path.GetFileName(f)![..9]).Order());
    }

    [Fact]
    public async Task RowsWithoutADealerHaveALineAndAreNoDealer()
    {
        using var world = await TakenAsync([.. Dealers(2), .. Enumerable.Range(0, 12).Select(n => Of("A01", 60 + n) with { Dealer = "" })]);
        var folder = world.In("out");

        var ended = await world.RunAsync("report", "--market", "AU", "--each-dealer", "--period", "2026-03", "--out", folder);

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Equal(["report_AU_2026-03.html", "report_AU_A01_2026-03.html", "report_AU_A02_2026-03.html"], Directory.GetFiles(folder, "*.html").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        var report = ReportFigureTests.Read(world, March);
        Assert.Empty(Signs(report));
        Assert.Equal(12L, Assert.Single(report.Quality, q => q.Dealer.Code == "").Rejected["missing_value"]);
        Assert.Equal(["", "A01", "A02"], Table(report, "quality").Select(r => r["dealer_code"]).Distinct());
    }

    /// <summary>Of a dealer's two systems one writes placeholders; bounces and numbers are no system's.</summary>
    [Fact]
    public async Task ASignNamesTheSystemThatItIsAbout()
    {
        using var world = await TakenAsync([.. Dealers(3, 60), .. Enumerable.Range(0, 12).Select(n => Of("A01", 70 + n) with { Phone1 = "0412 345 678" })]);
        world.Tamper("INSERT INTO tallies (month, source, country, dealer_code, what, count) VALUES ('2026-03', 'other_dms', 'AU', 'A01', 'new', 40), ('2026-03', 'other_dms', 'AU', 'A01', 'email_given', 40), ('2026-03', 'other_dms', 'AU', 'A01', 'email_placeholder', 40), ('2026-03', 'other_dms', 'AU', 'A01', 'phone_usable', 40)");

        var report = ReportFigureTests.Read(world, Both);

        Assert.Equal(["placeholder_email other_dms", "repeated_phone "], Table(report, "signs").Select(s => $"{s["sign"]} {s["source"]}").Order());
        Assert.Equal(["canonical", "other_dms", ""], report.Quality.Where(q => q.Dealer.Code == "A01").Select(q => q.Source));
        Assert.Equal([0L, 0L, 72L], report.Quality.Where(q => q.Dealer.Code == "A01").Select(q => q.Mailed));
        Assert.Equal(60L, Assert.Single(report.Quality, q => q.Dealer.Code == "A02").Mailed);
        var page = Page(report);
        Assert.Contains("</bdi></b> (other_dms): ", page, StringComparison.Ordinal);
        Assert.DoesNotContain("()", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASignIsShownThoughTheRowsCameInAnotherMonth()
    {
        using var world = await TakenAsync([
            .. Enumerable.Range(1, 4).SelectMany(d => Enumerable.Range(0, 30).Select(n => Of($"A{d:00}", n) with { Email = "" })),
            .. Enumerable.Range(0, 10).Select(n => Of("A01", 50 + n) with { Email = "", Phone1 = "0412 345 678" })]);

        Assert.Equal(["A01 repeated_phone 7/40 +61******678"], Signs(ReportFigureTests.Read(world, Both)));
        Assert.Equal(["A01 repeated_phone 7/40 +61******678"], Signs(ReportFigureTests.Read(world, Period.Parse("2026-02")!)));
    }

    [Fact]
    public async Task ADealersOwnReportDoesNotTellTheCountsOfTheOneOther()
    {
        using var world = await TakenAsync([
            .. Enumerable.Range(0, 40).Select(n => Of("A01", n) with { Email = n < 20 ? "noemail@x.example" : Of("A01", n).Email }),
            .. Enumerable.Range(0, 37).Select(n => Of("A02", n) with { Email = n < 3 ? "noemail@x.example" : Of("A02", n).Email })]);

        var own = ReportFigureTests.Read(world, March, "A01");

        var sign = Assert.Single(Table(own, "signs"));
        Assert.Equal(("placeholder_email", "20", "40", "", "", "", "", ""), (sign["sign"], sign["count"], sign["of"], sign["peer_count"], sign["peer_of"], sign["peer_share"], sign["chance"], sign["adjusted"]));
        Assert.Contains("What he has is not shown", Page(own), StringComparison.Ordinal);
        var market = Assert.Single(Table(ReportFigureTests.Read(world, March), "signs"));
        Assert.Equal(("3", "37"), (market["peer_count"], market["peer_of"]));
    }

    [Fact]
    public async Task APlaceholderIsOneFaultAndAMissingAddressAnother()
    {
        using var world = await TakenAsync([
            .. Dealers(4), .. Enumerable.Range(0, 20).Select(n => Of("A01", 50 + n) with { Email = "noemail@x.example" }),
            .. Enumerable.Range(0, 20).Select(n => Of("A02", 50 + n) with { Email = n % 2 == 0 ? "" : "no address" })]);

        Assert.Equal(["A01 placeholder_email 20/50", "A02 no_email 20/50"], Signs(ReportFigureTests.Read(world, March)));
    }

    [Fact]
    public async Task TheOddsInWordsAreThoseBeforeTheAdjustment()
    {
        using var world = await TakenAsync([.. Dealers(4, 40), .. Enumerable.Range(0, 6).Select(n => Of("A01", 50 + n) with { Email = "" })]);
        var report = ReportFigureTests.Read(world, March);

        var sign = Assert.Single(report.Quality, q => q.Dealer.Code == "A01").Signs[0];
        var row = Table(report, "signs")[0];

        Assert.Equal(Statistics.FisherExact(6, 40, 0, 120), sign.Chance, 12);
        Assert.True(sign.Adjusted > 10 * sign.Chance);
        Assert.Equal(sign.Chance, double.Parse(row["chance"], CultureInfo.InvariantCulture), 6);
        Assert.Equal(sign.Adjusted, double.Parse(row["adjusted"], CultureInfo.InvariantCulture), 6);
        Assert.Contains($"about once in {Words.Number((long)Math.Round(1 / sign.Chance))} times", Page(report), StringComparison.Ordinal);
    }

    /// <summary>Of evidence there is on the page what the note says, and no more.</summary>
    [Theory]
    [InlineData("en", "a phone number of which only the first two and the last three digits are shown")]
    [InlineData("zh-CN", "只显示前两位和后三位数字的电话号码")]
    public async Task ThePrivacyNoteSaysWhatOfCustomersIsOnThePage(string language, string words)
    {
        using var world = await TakenAsync([.. Dealers(6), .. Enumerable.Range(0, 10).Select(n => Of("A01", 50 + n) with { Phone1 = "0412 345 678" })]);

        var page = Page(ReportFigureTests.Read(world, Both), language);

        Assert.Contains("+61******678", page, StringComparison.Ordinal);
        Assert.Contains(words, page, StringComparison.Ordinal);
    }

    /// <summary>Rejected at once, or returned later; a reminder is no case more.</summary>
    [Fact]
    public async Task AReturnedMailCountsAsBouncedAndAReminderNotAsMailed()
    {
        using var world = await TakenAsync([.. Enumerable.Range(0, 3).Select(n => Of("A01", n))]);
        await world.DailyAsync("2026-03-03", "2026-03-06");
        var mails = world.Rows("SELECT contact, count(*) FROM mails WHERE state = 'accepted' GROUP BY contact ORDER BY contact");
        var ids = world.Rows("SELECT case_id FROM mails WHERE contact = 1 ORDER BY case_id");
        world.Tamper($"INSERT INTO bounces (id, file_name, sha256, case_id, contact, action, status, class, read_at) VALUES (1, 'b', 'b', {ids[0]}, 1, 'failed', '5.1.1', 'dead', '2026-03-03 00:00:00+00:00'), (2, 'c', 'c', {ids[1]}, 1, 'delayed', '4.4.1', 'delayed', '2026-03-03 00:00:00+00:00'), (3, 'd', 'd', {ids[2]}, 2, 'failed', '5.1.1', 'dead', '2026-03-03 00:00:00+00:00')");

        var line = Assert.Single(ReportFigureTests.Read(world, Both).Quality);

        Assert.Equal(["1|3", "2|3"], mails);
        Assert.Equal((3L, 1L), (line.Mailed, line.Bounced));
    }

    [Fact]
    public async Task TheAgeOfARowIsItsDistanceToTheWindowsLastDay()
    {
        using var world = new World();
        var market = ProgrammeFile.Read(ConfigFolder.OnDisk(world.Config), [])!.MarketOf("AU")!;
        var today = World.Day("2026-03-02");
        var last = Enumerable.Range(0, 400).Select(d => today.AddDays(-d)).First(e => market.Sales!.Window.LastDay(e) == today);
        var days = new[] { 4, 3, 2, 0, -1, -7, -8 }; // to the last day
        world.Extract("a.csv", [.. days.Select((d, n) => Of("A01", n, last.AddDays(d).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)))]);
        await world.CycleAsync("2026-03-02");

        Assert.Equal(
            ["age_just_passed|2", "age_last_days|2", "age_open|2", "age_passed|1"],
            world.Rows("SELECT what, count FROM tallies WHERE what LIKE 'age%' ORDER BY what"));
    }
}
