using static SurveyDispatcher.Tests.Journeys.ChineseJourneyTests;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary><c>explain</c> and <c>simulate</c> in Chinese; and that nothing of it gets into the store, which everybody reads in his own language.</summary>
public sealed class ChineseStoryTests
{
    /// <summary>A sale of 10 February: day 20 on 2 March, the last day is 17 March.</summary>
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };

    [Fact]
    public async Task WhoMayBeAskedIsToldWhatComesNext()
    {
        using var world = Chinese();
        world.Extract("a.csv", Row.Sale with { Email = "noemail@dealer.example" }, Row.Sale with { Transaction = "T2", Email = "b@mail.example", Phone1 = "02 9374 4002" });
        await world.CycleAsync("2026-03-02");

        var waiting = await ToldAsync(world, "T2", "--as-of", "2026-03-03");
        var byPhone = await ToldAsync(world, "T1", "--as-of", "2026-03-03");

        Assert.Contains("  下一步：2026-03-17 之前无操作，之后通过电子邮件发送邀请", waiting, StringComparison.Ordinal);
        Assert.Contains("    通过      no_contact_channel       电子邮件可用，电话可用", waiting, StringComparison.Ordinal);
        Assert.Contains("2026-03-02  Opened           所有筛选规则均通过，已建立个案（筛选：所有规则均通过；第 1 号周期，策略 1，版本 ", waiting, StringComparison.Ordinal);
        Assert.Contains("    若有可用的电子邮件地址：2026-03-17 通过电子邮件发送邀请", byPhone, StringComparison.Ordinal);
        NoEnglish(waiting);
        NoEnglish(byPhone);
    }

    [Fact]
    public async Task WhoWasScreenedOutIsToldWhyAndWhatWouldHaveToBeDifferent()
    {
        using var world = Chinese(p =>
        {
            p["contact"]!["restDays"] = 30;
            p["markets"]!["AU"]!["service"]!["vehicleLimit"] = System.Text.Json.Nodes.JsonNode.Parse("""{"maxAgeYears":3,"maxMileageKm":100000,"match":"all"}""");
        });
        world.Extract(
            "a.csv", Row.Sale with { Customer = "rental", Event = "2026-01-01", Email = "", Phone1 = "" },
            Row.Service with { Transaction = "T2", Customer = "rental", Payment = "customer", Purchase = "2019-01-01", Mileage = "", NoEmail = "Y", NoPhone = "Y", Status = "cancelled" });
        await world.CycleAsync("2026-03-02");

        var told = await ToldAsync(world, "T1", "--as-of", "2026-03-03");
        var hopeless = await ToldAsync(world, "T2", "--as-of", "2026-03-03");

        Assert.Contains("  当前：未建立个案（customer_type_excluded）", told, StringComparison.Ordinal);
        Assert.Contains("    未通过    window_passed            事件日 2026-01-01，第 60 天，窗口为第 15-35 天", told, StringComparison.Ordinal);
        Assert.Contains("    客户类型为 individual、small_business、small_fleet；仅此一项还不够", told, StringComparison.Ordinal);
        Assert.Contains("  须同时满足以下各项：", told, StringComparison.Ordinal);
        NoEnglish(told);
        NoEnglish(hopeless);
    }

    [Fact]
    public async Task WhoWasNotSampledIsToldSo()
    {
        using var world = Chinese(p => p["markets"]!["AU"]!["sales"]!["sampling"] = System.Text.Json.Nodes.JsonNode.Parse("""{"perDealerAndMonth":1}"""));
        world.Extract("a.csv", Row.Sale, Row.Sale with { Transaction = "T2", Email = "b@mail.example", Phone1 = "02 9374 4002" });
        await world.CycleAsync("2026-03-02");

        var told = await ToldAsync(world, "T2", "--as-of", "2026-03-03");

        Assert.Matches(@"未通过    not_sampled              抽签值 0\.\d{6}，低于 1\.000000 即抽中；该经销商当月可抽取 1 个，已抽取 1 个：名额已满", told);
        Assert.Contains("    perDealerAndMonth 为 2 或以上；仅此一项即可", told, StringComparison.Ordinal);
        NoEnglish(told);
    }

    /// <summary>Mailed, returned by the vendor, answered twice, opted out: every kind of line that a usual case has.</summary>
    [Fact]
    public async Task AWholeStoryIsToldInTheLanguageOfTheReaderAndNotInThatOfTheCycle()
    {
        using var world = Chinese();
        world.Extract("a.csv", Due with { Email = "old@mail.example" });
        await world.CycleAsync("2026-03-01");
        world.Extract("b.csv", Due);
        await ExplainJourneyTests.LiveFromTheSecondDayAsync(world);

        var chinese = await ToldAsync(world, "T1", "--as-of", "2026-03-14");
        Speak(world, "en");
        var english = await ToldAsync(world, "T1", "--as-of", "2026-03-14");
        var json = await ToldAsync(world, "T1", "--as-of", "2026-03-14", "--json");
        await world.HoldsAsync();

        Assert.Contains("2026-03-01  MailAccepted     邀请已写入 AU-00000013-invitation.eml；语言 en；时间 2026-03-01T12:00:00+11:00（联系计划：在窗口内发出邀请；第 1 号周期", chinese, StringComparison.Ordinal);
        Assert.Contains("2026-03-09  CallReported     通话结果为 3.13（无人接听），非最终；第 1 次呼叫；时间 2026-03-09T10:00:00+11:00；calls.csv ，第 2 行（第 5 号周期", chinese, StringComparison.Ordinal);
        Assert.Contains("    邀请        2026-03-01T12:00:00+11:00  Message-ID <", chinese, StringComparison.Ordinal);
        NoEnglish(chinese);
        Assert.Equal(english.Split('\n').Length, chinese.Split('\n').Length);
        Assert.Contains("a call ended with 3.13 (no answer), not final; attempt 1", english, StringComparison.Ordinal);
        Assert.DoesNotMatch("[\u3000-\u9fff\uff00-\uffef]", english + json);
    }

    [Fact]
    public async Task SeveralTransactionsAndNoneAreToldInChinese()
    {
        using var world = Chinese();
        world.Extract("a.csv", Due with { Transaction = "7" }, Row.Service with { Transaction = "7" }, Due with { Transaction = "BAD9", Event = "yesterday" });
        await world.CycleAsync("2026-03-02");

        var table = (await ToldAsync(world, "7")).Split('\n');
        var rejected = await world.RunAsync("explain", "bad9");
        var unknown = await world.RunAsync("explain", "NOBODY", "--market", "AU");

        Assert.StartsWith("有 2 笔交易符合。", table[0], StringComparison.Ordinal);
        Assert.Equal(Columns.Width(table[2][..table[2].IndexOf("2026", StringComparison.Ordinal)]), Columns.Width(table[1][..table[1].IndexOf("事件日", StringComparison.Ordinal)]));
        Assert.Contains("它在被拒收的行中：a.csv.rejects.csv ，抽取文件第 4 行（bad_date event_date）。", rejected.Error, StringComparison.Ordinal);
        Assert.Contains("在所给的 --market、--dealer 或 --survey 条件下，没有关于 'NOBODY' 的任何记录。", unknown.Error, StringComparison.Ordinal);
        NoEnglish(string.Join('\n', table));
        NoEnglish(rejected.Error);
        NoEnglish(unknown.Error);
    }

    [Fact]
    public async Task ASimulationIsToldInChineseInStraightColumns()
    {
        using var world = Chinese();
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-20" });
        await world.CycleAsync("2026-03-02");
        world.Edit("programme.json", p => p["markets"]!["AU"]!["sales"]!["window"]!["fromDay"] = 12);
        string[] days = ["simulate", "--from", "2026-03-03", "--to", "2026-03-31", "--with", world.Config];

        var chinese = (await world.RunAsync(days)).Output;
        Speak(world, "en");
        var english = (await world.RunAsync(days)).Output;

        Assert.StartsWith("自 2026-03-03 至 2026-03-31，按草案。这些日期在未来，即上一周期 2026-03-02 之后。", chinese, StringComparison.Ordinal);
        Assert.Contains("备注：存储库中尚无完整答卷：预计值假设无人作答。", chinese, StringComparison.Ordinal);
        NoEnglish(chinese);
        Assert.Equal("            invitations  reminders    phone  |  expected: reminders    phone  completes  vendor hours", Lines(english)[2]);
        Assert.StartsWith("From 2026-03-03 to 2026-03-31, under the draft. These days are to come, after the last cycle of 2026-03-02.", english, StringComparison.Ordinal);
        Assert.Equal(Columns.Width(Lines(english)[2]), Columns.Width(Lines(chinese)[2]));
        Assert.Equal(Columns.Width(Lines(chinese)[2]), Columns.Width(Assert.Single(Lines(chinese).Distinct(), l => l.StartsWith("合计", StringComparison.Ordinal))));
    }

    private static string[] Lines(string text) => [.. text.Split('\n').Select(l => l.TrimEnd('\r'))];

    private static World Chinese(Action<System.Text.Json.Nodes.JsonNode>? programme = null) => new(programme, settings: s => s["Language"] = "zh-CN");

    private static void Speak(World world, string language) => world.Edit("appsettings.json", s => s["Language"] = language);

    private static async Task<string> ToldAsync(World world, string key, params string[] more)
    {
        var ended = await world.RunAsync(["explain", key, .. more]);
        Assert.True(ended.Code == 0, ended.Error);
        return ended.Output;
    }
}
