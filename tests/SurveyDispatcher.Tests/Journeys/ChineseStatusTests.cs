using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SurveyDispatcher.Tests.UseCases;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Who looks after the pipeline in Chinese: the screen, a change of the programme, the vendor's accounts, and the service.</summary>
public sealed partial class ChineseStatusTests
{
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheScreenIsChineseAndItsColumnsStandBelowEachOther()
    {
        using var world = Chinese();
        var never = await world.RunAsync("status");
        world.Extract("a.csv", Due, Due with { Transaction = "T2", Customer = "rental" }, Due with { Transaction = "T3", Email = "", Phone1 = "02 9374 4001" });
        await world.CycleAsync("2026-03-02");
        world.OptOut("o.csv", "all", "nobody@mail.example");

        var ended = await world.RunAsync("status");

        Assert.Contains("请先运行 'cycle'", never.Error, StringComparison.Ordinal);
        var lines = Lines(ended.Output);
        Assert.StartsWith("现状，截至 20", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("需要人工处理", lines[1], StringComparison.Ordinal);
        Assert.Contains(lines, l => l.StartsWith("上一周期：截至 2026-03-02，已完成，开始于 ", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.EndsWith("前提是有服务在运行（Schedule:Cycle '0 0 * * * ?'）", StringComparison.Ordinal));
        Assert.Contains("抽取文件的行：读取 3 = 新增 3 + 更新 0 + 未变 0 + 拒收 0（合计相符）", lines);
        Assert.Contains(lines, l => l.StartsWith("已筛除：1 ", StringComparison.Ordinal));
        Assert.Contains("结案：无", lines);
        Assert.Contains(lines, l => l.StartsWith("收件箱中的文件：optouts 中 1 个（最早 ", StringComparison.Ordinal));
        Assert.All(lines, l => Assert.InRange(Columns.Width(l), 0, 100));
        var table = lines.SkipWhile(l => !l.StartsWith("市场", StringComparison.Ordinal)).TakeWhile(l => !l.StartsWith("已筛除", StringComparison.Ordinal)).ToList();
        Assert.True(table.Count > 1);
        Assert.Single(table.Select(Columns.Width).Distinct());
        ChineseJourneyTests.NoEnglish(ended.Output);
    }

    /// <summary>Sentences without a space are broken between two characters, and no line begins with a mark.</summary>
    [Fact]
    public void EveryAlarmIsChineseAndFitsOnTheScreen() => InChinese(() =>
    {
        var lines = Lines(AlarmsTests.Bad.ToText());

        Assert.Equal($"需要人工处理（{AlarmsTests.Bad.Alarms.Count} 项，最紧急的在前）：", lines[1]);
        Assert.All(lines, l => Assert.InRange(Columns.Width(l), 0, 100));
        Assert.All(lines, l => Assert.DoesNotMatch("^ *[，。；：）]", l));
        AlarmKind[] others = [AlarmKind.CyclesStop, AlarmKind.FileRefused, AlarmKind.RelayStopped, AlarmKind.NotAcknowledged, AlarmKind.AcknowledgementWrong, AlarmKind.Silent, AlarmKind.Quarantine]; // what others said of it is in their language
        Assert.All(AlarmsTests.Bad.Alarms.Where(a => !others.Contains(a.Kind)), a => ChineseJourneyTests.NoEnglish(StatusText.Sentence(a)));
        Assert.Contains("最近一次应答为 2026-03-15 06:00:00+00:00：无法使用（relay.example:25 can't be reached）；3 封邮件在等待", StatusText.Sentence(AlarmsTests.Bad.Alarms.Single(a => a.Kind == AlarmKind.RelayStopped)), StringComparison.Ordinal);
        Assert.Contains("自 2026-03-10 以来有 10 % 的邮件未送达（1,000 封中有 100 封）", AlarmsTests.Bad.ToJson(), StringComparison.Ordinal);
    });

    [Fact]
    public async Task AChangeOfTheProgrammeIsToldInChinese()
    {
        using var world = Chinese(s => s["Policy"] = new JsonObject { ["ConfirmAboveShare"] = 0.1, ["ConfirmAboveCases"] = 0 });
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        var same = await world.RunAsync("policy", "diff");
        world.Edit("programme.json", p =>
        {
            p["markets"]!["AU"]!["sales"]!["window"]!["toDay"] = 21;
            p["markets"]!.AsObject().Remove("ZA");
            p["contact"]!["restDays"] = 30;
        });

        var diff = await world.RunAsync("policy", "diff");
        var stopped = await world.RunAsync("cycle", "--as-of", "2026-03-03");
        var wrong = await world.RunAsync("policy", "accept", "1");
        var version = VersionIn().Match(diff.Output).Groups[1].Value;
        var accepted = await world.RunAsync("policy", "accept", version);
        await world.CycleAsync("2026-03-03");
        var list = await world.RunAsync("policy");

        Assert.Equal("programme.json 就是现行方案（策略 1）：上一周期即按它运行。", same.Output.TrimEnd());
        Assert.Contains("现在按它运行周期，会新增联系 0 位客户，不再联系 1 位，提前联系 0 位；目前有 1 个未结个案。", diff.Output, StringComparison.Ordinal);
        Assert.Contains("  markets.ZA：删除，原为 {\"name\":\"South Africa\"", diff.Output, StringComparison.Ordinal);
        Assert.Contains("  markets.AU.sales.window.toDay: 35 -> 21", diff.Output, StringComparison.Ordinal);
        Assert.Contains("  （restDays、placeholderEmails 和 dialling 的影响取决于已加密的联系数据", diff.Output, StringComparison.Ordinal);
        var table = Lines(diff.Output).SkipWhile(l => !l.StartsWith("  市场", StringComparison.Ordinal)).TakeWhile(l => !l.StartsWith("改动内容：", StringComparison.Ordinal)).ToList();
        Assert.True(table.Count > 1);
        Assert.Single(table.Select(Columns.Width).Distinct());
        Assert.StartsWith("programme.json 已改动（版本 ", stopped.Error, StringComparison.Ordinal);
        Assert.Contains($"请运行 'policy accept {version}'", stopped.Error, StringComparison.Ordinal);
        Assert.StartsWith("'1' 不是所配置的 programme.json 的版本：", wrong.Error, StringComparison.Ordinal);
        Assert.StartsWith($"已于 2026-03-02 确认版本 {version}，接在策略 1 之后。", accepted.Output, StringComparison.Ordinal);
        Assert.StartsWith("  编号  版本              自                 新增联系    不再联系        提前    未结个案  确认于", list.Output, StringComparison.Ordinal);
        Assert.All(new[] { same.Output, diff.Output, stopped.Error, wrong.Error, accepted.Output, list.Output }, ChineseJourneyTests.NoEnglish);
    }

    [Fact]
    public async Task TheVendorsAccountsAreToldInChinese()
    {
        using var world = Chinese();
        await world.CycleAsync("2026-03-01");
        var none = await world.RunAsync("vendor", "reconcile");
        world.Extract("a.csv", VendorWorld.ForThePhone(2));
        await world.CycleAsync("2026-03-02");
        world.Acknowledge("ack.csv", VendorWorld.Receipt(world.Manifests()[0]));
        await world.CycleAsync("2026-03-03");

        var ended = await world.RunAsync("vendor", "reconcile");

        Assert.Equal("尚未向供应商交付任何名单。", none.Output.TrimEnd());
        var lines = Lines(ended.Output);
        Assert.Equal(["序号", "名单", "确认", "已交付", "待回报", "已呼叫", "完成", "拒访", "其他终结", "无音讯", "已撤回"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("      1  phone_AU_sales_20260302_01.csv            loaded", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("         全部电话名单  ", lines[2], StringComparison.Ordinal);
        Assert.Single(lines[..3].Select(Columns.Width).Distinct());
        Assert.StartsWith("已交付 = 待回报 + ", lines[3], StringComparison.Ordinal);
        ChineseJourneyTests.NoEnglish(ended.Output);
    }

    [Fact]
    [Trait("Store", "Sqlite")] // a schedule in a shared store catches up with what it missed
    public async Task AServiceTellsItsLogAndSystemdAndWhoAsksInChinese()
    {
        var port = RunningProgram.FreePort();
        using var world = SystemdTests.Every("* * * * * ?", s => (s["Language"], s["Health"]) = ("zh-CN", new JsonObject { ["Port"] = port }));
        using var systemd = new Systemd(world);
        await using var service = new RunningProgram(world, new() { ["NOTIFY_SOCKET"] = systemd.Address, ["WATCHDOG_USEC"] = "3000000" });

        await service.SaidAsync("周期已完成：", times: 2);
        await service.UntilAsync(() => systemd.Heard.Any(m => m.StartsWith("STATUS=等待中；上一周期已完成，时间 20", StringComparison.Ordinal)));
        var health = await world.RunAsync("health");
        var status = await world.RunAsync("status");
        await service.StopAsync();

        Assert.Equal($"正常，来源 http://127.0.0.1:{port}/healthz 。", health.Output.TrimEnd());
        Assert.Contains("服务：", status.Output, StringComparison.Ordinal);
        Assert.Contains($"，进程 {service.Process.Id}，版本 ", World.Unwrapped(status.Output), StringComparison.Ordinal);
        Assert.Contains("STOPPING=1\nSTATUS=正在停止：先完成手头的批次或邮件。", systemd.Heard);
        Assert.All(systemd.Heard.Where(m => m.Contains("STATUS=", StringComparison.Ordinal)), ChineseJourneyTests.NoEnglish);
        Assert.Contains($"正在 {world.Data} 上运行，周期 '* * * * * ?'，撤回：无，健康检查端点：127.0.0.1 端口 {port}，版本 ", service.Lines[0], StringComparison.Ordinal);
        Assert.All(service.Lines, line => ChineseJourneyTests.NoEnglish(Field().Replace(line, "")));
    }

    /// <summary>Who watches a log with a program finds the same in every language.</summary>
    [Fact]
    [Trait("Store", "Sqlite")] // as above
    public async Task TheFieldsOfALogLineAreTheSameInEveryLanguage()
    {
        using var world = SystemdTests.Every("* * * * * ?", s => (s["Language"], s["Logging"]) = ("zh-CN", new JsonObject { ["Format"] = "Json" }));
        await using var service = new RunningProgram(world);
        await service.SaidAsync("周期已完成");
        await service.StopAsync();

        var lines = service.Lines.Select(l => JsonDocument.Parse(l).RootElement).ToList();
        var first = lines[0].GetProperty("State");
        Assert.Equal(
            (world.Data, "* * * * * ?", "none", "none"),
            (Text(first, "Directory"), Text(first, "Schedule"), Text(first, "Withdrawals"), Text(first, "Endpoint")));
        Assert.StartsWith("正在 ", lines[0].GetProperty("Message").GetString(), StringComparison.Ordinal);
        Assert.Equal("done", Text(lines[1].GetProperty("State"), "outcome"));

        static string? Text(JsonElement state, string name) => state.GetProperty(name).GetString();
    }

    /// <summary>Between two cycles no gap is too wide, but a store that was set back is told, in the reader's language.</summary>
    [Fact]
    [Trait("Store", "Sqlite")] // puts the file back
    public async Task AStoreThatWasSetBackIsToldInChineseBetweenTwoCyclesToo()
    {
        using var world = Chinese();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        File.Copy(world.Store, world.Store + ".backup");
        await world.CycleAsync("2026-03-03");
        File.Move(world.Store + ".backup", world.Store, overwrite: true);

        var ended = await world.RunAsync("cycle", "--only", "withdrawals", "--as-of", "2026-03-03");

        Assert.Equal(1, ended.Code);
        Assert.StartsWith("此数据目录中的周期已进行到 2026-03-03", ended.Error, StringComparison.Ordinal);
    }

    private static World Chinese(Action<JsonNode>? settings = null) => new(settings: s =>
    {
        s["Language"] = "zh-CN";
        settings?.Invoke(s);
    });

    private static string[] Lines(string screen) => screen.TrimEnd().ReplaceLineEndings("\n").Split('\n');

    private static void InChinese(Action test)
    {
        var before = CultureInfo.CurrentUICulture;
        try
        {
            Texts.Speak("zh-CN");
            test();
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }

    [GeneratedRegex("policy accept ([0-9a-f]{16})")]
    private static partial Regex VersionIn();

    [GeneratedRegex(@"[\w.]+=\S*")]
    private static partial Regex Field();
}
