using System.Diagnostics;
using System.Text.RegularExpressions;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>An operator whose language is Chinese reads nothing else, but for codes, names and what is typed.</summary>
public sealed partial class ChineseJourneyTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AWrongCommandIsAnsweredInChinese()
    {
        using var world = Chinese();

        var ended = await world.RunAsync("cylce");

        Assert.Equal(2, ended.Code);
        Assert.Contains("cylce", ended.Error, StringComparison.Ordinal);
        Assert.Contains("运行 'SurveyDispatcher --help' 可查看用法。", ended.Error, StringComparison.Ordinal);
        NoEnglish(ended.Error);
    }

    [Fact]
    public async Task TheFrameOfTheHelpIsChinese()
    {
        using var world = Chinese();

        var ended = await world.RunAsync("cycle", "--help");

        Assert.Equal(0, ended.Code);
        Assert.Contains("用法", ended.Output, StringComparison.Ordinal);
        Assert.Contains("选项", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Usage", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACycleAndWhatItCouldNotTakeAreToldInChinese()
    {
        using var world = Chinese();
        world.Extract("a.csv", Row.Sale, Row.Sale with { Transaction = "T2", Customer = "rental" });
        File.CreateSymbolicLink(world.In("inbox", "dms", "b.csv"), "/etc/hostname");
        world.Drop("dms", "c.csv", [0, 0, 0, 0]);
        world.Responses("r.csv", "case_id,mode,status,completed_at,overal", "AU-1,web,complete,2026-03-01T10:00:00Z,5");

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.Equal(1, ended.Code);
        var lines = ended.Output.TrimEnd().Split('\n');
        Assert.Equal("周期，截至 2026-03-02", lines[0].TrimEnd());
        Assert.All(lines[1..], line => Assert.Equal(16, Columns.Width(Label().Match(line).Value)));
        Assert.Contains("overal", ended.Output, StringComparison.Ordinal); // a note about a mistyped question
        NoEnglish(ended.Output);

        var problems = ended.Error.TrimEnd().Split('\n');
        NoEnglish(Assert.Single(problems, p => p.Contains("b.csv", StringComparison.Ordinal)));
        Assert.Contains("dms/c.csv 被拒收：", Assert.Single(problems, p => p.Contains("c.csv", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(2, problems.Length);
    }

    /// <summary>A sheet of columns, whose marks are full-width where a sentence is.</summary>
    [Fact]
    public async Task TheSheetOfTheMailCheckIsChinese()
    {
        using var world = Chinese(s => s["Mail"]!["DnsServer"] = "127.0.0.1:1");

        var ended = await world.RunAsync("mail", "check");

        var lines = ended.Output.TrimEnd().Split('\n');
        Assert.Equal("正常     传输方式 Pickup", lines[0].TrimEnd());
        Assert.Equal($"正常     文件夹 {world.In("mail")}：尚不存在；可以创建", lines[2].TrimEnd());
        Assert.EndsWith(" 项未知、1 项警告。", lines[^1].TrimEnd(), StringComparison.Ordinal);
        NoEnglish(ended.Output);
    }

    [Fact]
    public async Task WhatVerifyFindsIsToldInChinese()
    {
        using var world = Chinese();
        world.Extract("a.csv", Row.Sale);
        await world.CycleAsync("2026-03-02");

        var holds = await world.RunAsync("verify");
        world.TamperLedger("UPDATE ledger SET day = '2026-03-01' WHERE seq = 1");
        var broken = await world.RunAsync("verify");

        Assert.StartsWith("全部相符：", holds.Output, StringComparison.Ordinal);
        NoEnglish(holds.Output);
        Assert.StartsWith("台账的链条在第 1 行断裂", broken.Output, StringComparison.Ordinal);
        NoEnglish(broken.Output);
    }

    /// <summary>The relay is asked by threads of their own, and its fault is told by another.</summary>
    [Fact]
    public async Task EveryThreadSpeaksTheSameLanguage()
    {
        using var world = Chinese(s => (s["Mail"]!["Transport"], s["Mail"]!["Host"], s["Mail"]!["Port"]) = ("Smtp", "127.0.0.1", 1));
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-10" });

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.Equal(1, ended.Code);
        Assert.StartsWith("无法使用邮件服务器：无法连接 127.0.0.1:1，或它在“建立连接”阶段关闭了连接。1 封邮件留在队列中", ended.Error, StringComparison.Ordinal);
        NoEnglish(ended.Error);
    }

    [Fact]
    public async Task ABrokenConfigurationIsToldInItsLanguage()
    {
        using var world = Chinese();
        var path = Path.Combine(world.Config, "appsettings.json");
        File.WriteAllText(path, "{ \"Language\": \"zh-CN\", \"Data\": ");

        var ended = await world.RunAsync("status");

        Assert.Equal(2, ended.Code);
        Assert.StartsWith($"{world.Config} 中的配置有 1 处错误：", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUnknownLanguageIsAFaultThatNamesTheKnownOnes()
    {
        using var world = new World(settings: s => s["Language"] = "klingon");

        var ended = await world.RunAsync("config", "check");

        Assert.Equal(2, ended.Code);
        Assert.Contains("appsettings.json: Language: 'klingon' is no language that this program speaks. Known: en, zh-CN.", ended.Output, StringComparison.Ordinal);
    }

    /// <summary>Who writes traditional characters would be given others' in place of his own.</summary>
    [Theory]
    [InlineData("zh-TW")]
    [InlineData("zh-Hant")]
    [InlineData("zh-hant-hk")]
    public async Task ChineseInTraditionalCharactersIsRefusedWithAWord(string tag)
    {
        using var world = new World(settings: s => s["Language"] = tag);

        var ended = await world.RunAsync("config", "check");

        Assert.Equal(2, ended.Code);
        Assert.Contains($"appsettings.json: Language: '{tag}' is Chinese in traditional characters, which this program does not speak. Known: en, zh-CN.", ended.Output, StringComparison.Ordinal);
    }

    /// <summary>Names of the language as other programs have them.</summary>
    [Theory]
    [InlineData("zh", "全部相符")]
    [InlineData("zh-Hans", "全部相符")]
    [InlineData("zh-hans-CN", "全部相符")]
    [InlineData("zh-SG", "全部相符")]
    [InlineData("en-GB", "All holds")]
    [InlineData("zh-Hans-TW", "全部相符")]
    [InlineData("EN-us", "All holds")]
    public async Task ALanguageIsKnownByTheTagsThatMeanIt(string tag, string said)
    {
        using var world = new World(settings: s => s["Language"] = tag);
        await world.CycleAsync("2026-03-02");

        var ended = await world.RunAsync("verify");

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Contains(said, ended.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("en-")]
    [InlineData("english")]
    [InlineData("zh-yue")]
    [InlineData("zh-CN-TW")]
    [InlineData("de")]
    public void ATagThatMeansNothingOfTheseIsNoLanguage(string tag) => Assert.Null(Texts.Find(tag));

    [Theory]
    [InlineData("ZH-cn", "en", "全部相符")] // the environment comes first, in whatever case
    [InlineData("en", "zh-CN", "All holds")]
    [InlineData("", "zh-CN", "全部相符")]
    public async Task TheEnvironmentComesBeforeTheFileAndTheTerminalGetsUtf8(string variable, string setting, string said)
    {
        using var world = new World(settings: s => s["Language"] = setting);
        world.Extract("a.csv", Row.Sale);
        await world.CycleAsync("2026-03-02");
        var environment = new Dictionary<string, string> { ["LANG"] = "C", ["LC_ALL"] = "en_US.ISO-8859-1" };
        if (variable.Length > 0)
        {
            environment["SURVEY_Language"] = variable;
        }

        var ended = await Child.RunAsync(world, environment, "verify");

        Assert.StartsWith(said, ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Store", "Sqlite")] // a schedule in a shared store catches up with what it missed: see WorkersJourneyTests
    public async Task AServiceSaysInChineseWhyACycleIsRefused()
    {
        using var world = new World(
            settings: s => (s["Language"], s["Data"]!["MaxGapDays"], s["Schedule"]!["Cycle"]) = ("zh-CN", 10, "* * * * * ?"), time: TimeProvider.System);
        world.Extract("a.csv", Row.Sale);
        await world.CycleAsync("2026-03-02");
        using var service = Child.Start(world, [], ["run"]);
        try
        {
            _ = service.StandardError.ReadToEndAsync(CancellationToken.None);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            limit.CancelAfter(TimeSpan.FromMinutes(1));
            string? line;
            do
            {
                line = await service.StandardOutput.ReadLineAsync(limit.Token);
                Assert.NotNull(line);
            }
            while (!line.Contains("--accept-gap", StringComparison.Ordinal));

            Assert.Contains("上一周期的日期为 2026-03-02", line, StringComparison.Ordinal);
        }
        finally
        {
            service.Kill();
            await service.WaitForExitAsync(CancellationToken.None);
        }
    }

    internal static World Chinese(Action<System.Text.Json.Nodes.JsonNode>? settings = null) => new(settings: s =>
    {
        s["Language"] = "zh-CN";
        settings?.Invoke(s);
    });

    /// <summary>What stands in quotes was typed, or is to be typed; a code is one word, and a domain no word at all.</summary>
    internal static void NoEnglish(string text)
    {
        Assert.Matches("[\u4e00-\u9fff]", text);
        Assert.DoesNotMatch(TwoWords(), Quoted().Replace(text, ""));
    }

    [GeneratedRegex(@"[A-Za-z]{2,}[,.:]? [a-z]{2,}(?!\.?\w)")]
    private static partial Regex TwoWords();

    [GeneratedRegex("'[^']*'")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^  \S* *")]
    private static partial Regex Label();
}
