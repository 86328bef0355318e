using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using System.Text.Json.Nodes;
using SurveyDispatcher.Cli;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>What an operator whose language is Chinese reads while learning the program and setting it up.</summary>
public sealed class ChineseCommandTests
{
    /// <summary>Every verb of the command line.</summary>
    public static TheoryData<string> Verbs =>
    [
        "", "demo", "cycle", "run", "health", "status", "vendor", "vendor reconcile", "explain", "simulate", "export", "report", "verify", "config", "config check", "source",
        "source check", "mail", "mail check", "templates", "templates preview", "bounces", "bounces read", "erase", "keys", "keys list", "keys rotate", "keys drop-old", "store",
        "store copy", "policy", "policy show", "policy diff", "policy accept", "completion",
    ];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task TheHelpOfEveryVerbIsChinese(string verb)
    {
        using var world = ChineseJourneyTests.Chinese();

        var ended = await world.RunAsync([.. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.StartsWith("说明：", ended.Output, StringComparison.Ordinal);
        Assert.Contains("用法：", ended.Output, StringComparison.Ordinal);
        Assert.Contains("选项：", ended.Output, StringComparison.Ordinal);
        Assert.All(["[default", "(REQUIRED)", "[options]", "[command]"], word => Assert.DoesNotContain(word, ended.Output, StringComparison.Ordinal));
        ChineseJourneyTests.NoEnglish(string.Join('\n', ended.Output.Split('\n').Where(l => !l.StartsWith("  SurveyDispatcher", StringComparison.Ordinal))));
    }

    /// <summary>Who is stuck in the middle of a command gets the page, and not what is wrong with it.</summary>
    [Theory]
    [InlineData("cycle", "--nonsense", "--help")]
    [InlineData("source", "check", "--rows", "many", "--help")]
    public async Task HelpIsGivenWhateverElseIsTyped(params string[] command)
    {
        using var world = ChineseJourneyTests.Chinese();

        var ended = await world.RunAsync(command);

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.StartsWith("说明：", ended.Output, StringComparison.Ordinal);
    }

    /// <summary>No verb is forgotten above.</summary>
    [Fact]
    public async Task TheListOfVerbsIsWhole()
    {
        using var world = ChineseJourneyTests.Chinese();
        var (known, found) = (Verbs.Select(v => v.Data).ToHashSet(StringComparer.Ordinal), new List<string> { "" });
        for (var i = 0; i < found.Count; i++)
        {
            var page = (await world.RunAsync([.. found[i].Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"])).Output;
            var below = page.Split('\n').Select(l => l.TrimEnd()).SkipWhile(l => l != "命令：").Skip(1).TakeWhile(l => l.Length > 0);
            found.AddRange(below.Select(l => $"{found[i]} {l.Trim().Split(' ')[0]}".Trim()));
        }

        Assert.Equal(found.Order(StringComparer.Ordinal), known.Order(StringComparer.Ordinal));
    }

    /// <summary>A Chinese character takes two cells of a terminal, and a line may end behind it.</summary>
    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    public void LinesOfTheHelpFitTheTerminal(int width)
    {
        var (help, parsed) = Made("zh-CN");
        var page = InChinese(() => HelpPage.Of(help, parsed, width));

        var lines = page.Split('\n').Select(l => l.TrimEnd()).ToList();
        Assert.All(lines, l => Assert.InRange(Columns.Width(l), 0, width));
        Assert.Contains(lines, l => Columns.Width(l) > width - 6); // and are made use of
        Assert.DoesNotContain(lines, l => l.Trim() is ['，' or '。' or '：', ..]);
        var text = string.Concat(lines.SkipWhile(l => !l.Contains("--one", StringComparison.Ordinal)).TakeWhile(l => !l.Contains("--two", StringComparison.Ordinal)).Select(l => l.Trim()));
        Assert.EndsWith(string.Concat(Enumerable.Repeat("甲乙丙丁，戊己庚辛。", 12)), text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(int.MaxValue)]
    public void InEnglishTheHelpIsThatOfTheLibrary(int width)
    {
        var (help, parsed) = Made("en");
        var ours = HelpPage.Of(help, parsed, width);

        using var theirs = new StringWriter();
        parsed.InvocationConfiguration.Output = theirs;
        help.Invoke(parsed);
        Assert.Equal(theirs.ToString(), ours);
        Assert.Contains("(REQUIRED)", ours, StringComparison.Ordinal);
        Assert.Contains("[default: ", ours, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AShellShowsTheSameWordsBesideWhatItProposes()
    {
        using var world = ChineseJourneyTests.Chinese();

        var script = await world.RunAsync("completion", "fish");

        Assert.Contains("-l json -d '输出 JSON'", script.Output, StringComparison.Ordinal);
        Assert.Contains("-a verify -d '校验合计", script.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("缺少命令。", "config")]
    [InlineData("缺少必需的选项 '--from'。", "simulate")]
    [InlineData("命令 'export' 缺少必需的参数。", "export")]
    [InlineData("无法识别参数 'tables'。必须是以下之一：", "export", "tables")]
    [InlineData("选项 '--rows' 的参数 'many' 不是有效的 'System.Int32'。", "source", "check", "a.csv", "--rows", "many")]
    [InlineData("命令 'show' 的参数 'first' 不是有效的 'System.Int64'。", "policy", "show", "first")]
    [InlineData("选项 '--as-of' 只接受一个参数，但给出了 2 个。", "cycle", "--as-of", "2026-03-01", "--as-of", "2026-03-02")]
    [InlineData("选项 --version 不能与其他参数同时使用。", "--version", "status")]
    [InlineData("无法识别的命令或参数 'now'。", "cycle", "now")]
    [InlineData("--watch 0：应为 1 到 3600 之间的秒数。", "status", "--watch", "0")]
    [InlineData("--out 为空：应为路径。", "report", "--out", "")]
    public async Task WhatIsWrongWithACommandIsToldInChinese(string said, params string[] command)
    {
        using var world = ChineseJourneyTests.Chinese();

        var ended = await world.RunAsync(command);

        Assert.Equal(2, ended.Code);
        Assert.Contains(said, ended.Error, StringComparison.Ordinal);
        ChineseJourneyTests.NoEnglish(ended.Error);
    }

    /// <summary>The sentence is that of the library: another version may word it otherwise.</summary>
    [Fact]
    public void AnOptionWithoutItsValueIsToldInChinese() =>
        Assert.Contains("选项 '--one' 缺少参数。", InChinese(() => Made("zh-CN", "--two x --one").Parsed.Errors.Select(e => HelpPage.Fault(e.Message)).ToList()));

    [Fact]
    public async Task FaultsOfTheConfigurationAreToldInChinese()
    {
        using var world = ChineseJourneyTests.Chinese(s =>
        {
            s["Mail"]!["Prot"] = 25;
            s["Schedule"] = "hourly";
            s["Policy"]!["ConfirmAboveShare"] = "ten percent";
        });
        world.Edit("programme.json", p =>
        {
            p["contact"]!["restDays"] = -1;
            p["contact"]!["phoneDays"] = "thirty";
            p["markets"]!["AU"]!["activeFrom"] = "1 August";
            p["markets"]!["AU"]!["sendingHours"]!["from"] = "21:00";
            p["markets"]!["AU"]!["sales"]!["customerTypes"] = new JsonArray("individuals");
            p["markets"]!["AU"]!["name"] = null;
            p["markets"]!["AU"]!["sender"]!["address"] = "nobody";
        });
        world.Edit("sources/in_dms.json", s => (s["delimiter"], s["encoding"], s["columns"]!["vin"]) = (";;", "gbk2000", null));
        world.Edit("questionnaires/sales.json", q => q["minutes"] = null);
        File.WriteAllText(Path.Combine(world.Config, "vendor.json"), """{ "phoneList": { "format": "fixed", "columns": [ { "column": "case_id", "width": 5 } ] } }""");

        var ended = await world.RunAsync("config", "check");
        var json = await world.RunAsync("config", "check", "--json");

        Assert.Equal(2, ended.Code);
        var lines = ended.Output.TrimEnd().Split('\n');
        Assert.Equal($"{world.Config} 中有 {lines.Length - 1} 处错误：", lines[0].TrimEnd());
        Assert.All(lines[1..], l => ChineseJourneyTests.NoEnglish(l.Split(": ", 3)[^1])); // behind the file and the key
        Assert.Contains(lines, l => l.Contains("programme.json: contact.restDays: 应为 0 到 3650 的整数，而不是 -1。", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("contact.phoneDays: 应为数字，而不是 \"thirty\"。", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("markets.AU.name: 缺失：应为文本。", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("sendingHours.to: 结束时间（20:00）早于开始时间（21:00）。", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("Mail:Prot: 未知的键。此处可用：", StringComparison.Ordinal) && l.Contains("（该值也可能来自环境变量 SURVEY_Mail__Prot。）", StringComparison.Ordinal));
        Assert.Equal(lines.Length - 1, json.Json.GetProperty("faults").GetArrayLength());
        Assert.All(json.Json.GetProperty("faults").EnumerateArray(), f => ChineseJourneyTests.NoEnglish(f.GetProperty("problem").GetString()!));
    }

    [Fact]
    public async Task WhatASampleWouldBecomeIsToldInChinese()
    {
        using var world = ChineseJourneyTests.Chinese();
        var path = Path.Combine(world.Root, "open_20260302.csv");
        File.WriteAllText(path, "Type,Dealer Code,RO No,Delivery Date,VIN,Customer Type,Mobile\nsale,AU01,T1,02/01/2026,JTDBR32E720012345,individual,+61 2 9374 4000\nsale,AU01,T2,01/02/2026,SHORT,martian,\n");

        var unread = await world.RunAsync("source", "check", path, "--as-of", "2026-03-20", "--constant", "country=AU");
        var refused = await world.RunAsync("source", "check", path, "--as-of", "2026-03-20", "--write", "open");
        var told = await world.RunAsync("source", "check", path, "--as-of", "2026-03-20", "--constant", "country=AU", "--date-format", "dd/MM/yyyy", "--write", "open");
        var valid = await world.RunAsync("config", "check");

        var lines = unread.Output.TrimEnd().Split('\n').Select(l => l.TrimEnd()).ToList();
        Assert.Equal("  来源       config/sources 中没有与文件名匹配的来源，因此按 docs/extract.md 读取", lines[1]);
        Assert.Contains(lines, l => l.StartsWith("  按现状     整个文件会被拒收：表头缺少 ", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("02/01/2026 是 2026年1月2日 (d/M/yyyy) 或 2026年2月1日 (M/d/yyyy)。请向发送方确认，并用 --date-format 指定。", StringComparison.Ordinal));
        Assert.Contains("  第 3 行：拒收，bad_vin：vin 为 'SHORT'", lines);
        Assert.Contains("  拒收                1  bad_vin（vin 列）", lines);
        Assert.All(lines.Where(IsProse), ChineseJourneyTests.NoEnglish);

        Assert.Equal(2, refused.Code);
        Assert.EndsWith("未写入任何内容。", refused.Error.TrimEnd(), StringComparison.Ordinal);
        ChineseJourneyTests.NoEnglish(refused.Error);
        Assert.Equal(0, told.Code);
        Assert.StartsWith("已写入 ", told.Error, StringComparison.Ordinal);
        Assert.Contains("请在 sources/open.json 中确认，然后从 toConfirm 中删除：", valid.Output, StringComparison.Ordinal);
        Assert.All(valid.Output.TrimEnd().Split('\n'), ChineseJourneyTests.NoEnglish);
    }

    [Theory]
    [InlineData("PK\u0003\u0004 anything", "这是 Excel 工作簿")]
    [InlineData("<html><table><tr><td>VIN</td></tr></table></html>", "这是网页")]
    public async Task ASampleThatIsNoTableIsNamedInChinese(string content, string said)
    {
        using var world = ChineseJourneyTests.Chinese();
        var path = Path.Combine(world.Root, "sample.csv");
        File.WriteAllText(path, content);

        var ended = await world.RunAsync("source", "check", path);

        Assert.Equal(1, ended.Code);
        Assert.Contains(said, ended.Output, StringComparison.Ordinal);
        ChineseJourneyTests.NoEnglish(ended.Output);
    }

    [Fact]
    public async Task WhyAFileWasRefusedIsToldInChineseAndWhatAReasonIsCalledStays()
    {
        using var world = ChineseJourneyTests.Chinese();
        world.Extract("a.csv", Row.Sale, Row.Sale with { Transaction = "T2", Vin = "SHORT" });
        world.Drop("dms", "b.csv", "a;b;c\n1;2;3\n");
        world.Drop("dms", "c.csv", "");
        world.Drop("dms", "d.csv", [.. "record_type\n"u8, 0xff, 0xfe, 0x41]);

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.Equal(1, ended.Code);
        var problems = ended.Error.TrimEnd().Split('\n');
        Assert.Equal(3, problems.Length);
        Assert.All(problems, ChineseJourneyTests.NoEnglish);
        Assert.Contains("其单元格似乎以 ';' 分隔，而不是 ','。", Assert.Single(problems, p => p.Contains("b.csv", StringComparison.Ordinal)), StringComparison.Ordinal);
        ChineseJourneyTests.NoEnglish(File.ReadAllText(world.In("failed", "c.csv.error.txt")));
        Assert.Contains(",bad_vin,vin,SHORT,", File.ReadAllText(world.In("rejects", "a.csv.rejects.csv")), StringComparison.Ordinal);
    }

    /// <summary>What a file says, and the draft as JSON, is no sentence of ours.</summary>
    private static bool IsProse(string line) => line.Any(c => c > 127);

    private static (HelpAction Help, ParseResult Parsed) Made(string language, string command = "--help")
    {
        var sentence = language == "en" ? "It says what the option is for, at such a length that it has to be broken. " : "甲乙丙丁，戊己庚辛。";
        var root = new RootCommand(string.Concat(Enumerable.Repeat(sentence, 20)).Trim())
        {
            new Option<string>("--one") { Description = string.Concat(Enumerable.Repeat(sentence, 12)).Trim(), HelpName = "N" },
            new Option<string>("--two") { Description = sentence.Trim(), Required = true },
            new Option<string>("--three") { Description = sentence.Trim(), DefaultValueFactory = _ => "week" },
            new Command("four", sentence.Trim()),
        };
        HelpPage.Speak(root);
        return (new HelpAction(), root.Parse(command));
    }

    private static T InChinese<T>(Func<T> say)
    {
        var before = CultureInfo.CurrentUICulture;
        try
        {
            Texts.Speak("zh-CN");
            return say();
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }
}
