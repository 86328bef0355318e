using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using SurveyDispatcher.Reports;

namespace SurveyDispatcher.Tests.Reports;

/// <summary>Reports as Chromium shows and prints them: on a phone, a tablet and a desk, by day, by night and in forced colours.</summary>
/// <remarks>Chromium comes from Debian, as for <see cref="Mail.MessageLooksTests"/>. After a failure the message tells where the page lies.</remarks>
public sealed partial class ReportLooksTests(ReportBrowser browser) : IClassFixture<ReportBrowser>
{
    /// <summary>All in English; in another language those that are full, for there words have other widths.</summary>
    public static TheoryData<string, string> Reports => new(
        from language in HtmlReport.Languages
        from name in Made.Keys
        where language == "en" || name is "market of 40" or "dealer" or "dealer with a long name"
        select (language, name));

    private static Dictionary<string, Func<Report>> Made { get; } = new()
    {
        ["market of 40"] = () => MadeUp.Market(40),
        ["market of 1"] = () => MadeUp.Market(1),
        ["market where nobody answered"] = () => MadeUp.Market(12, answers: false),
        ["dealer"] = () => MadeUp.Dealer(130, 5),
        ["dealer with a hostile name"] = () => MadeUp.Dealer(40, 0),
        ["dealer with a long name"] = () => MadeUp.Dealer(40, 1),
    };

    [Theory]
    [MemberData(nameof(Reports))]
    public async Task ItReadsWellOnEveryScreen(string language, string name)
    {
        var file = browser.Save(Made[name](), language);
        var problems = new List<string>();
        foreach (var (how, options) in Screens())
        {
            await using var context = await browser.Context(options);
            var page = await context.NewPageAsync();
            page.Console += (_, line) => problems.Add($"{how}: writes to the console: {line.Text}");
            page.PageError += (_, error) => problems.Add($"{how}: has a fault: {error}");
            page.Request += (_, request) => problems.AddRange(request.Url == file ? [] : [$"{how}: asks for {request.Url}"]);
            await page.GotoAsync(file);
            problems.AddRange((await page.EvaluateAsync<string[]>(Look)).Select(p => $"{how}: {p}"));
            await page.EvaluateAsync("() => document.querySelectorAll('details').forEach(d => d.open = true)");
            problems.AddRange((await page.EvaluateAsync<string[]>(Look)).Select(p => $"{how}, all open: {p}"));
        }

        browser.KeepsFiles |= problems.Count > 0;
        Assert.True(problems.Count == 0, $"{file}\n  {string.Join("\n  ", problems.Distinct().Take(25))}");
    }

    [Theory]
    [MemberData(nameof(Reports))]
    public async Task ItPrintsOnSheetsOfPaperWithItsTablesOpen(string language, string name)
    {
        var file = browser.Save(Made[name](), language);
        await using var context = await browser.Context(new() { ViewportSize = new() { Width = 688, Height = 1000 } });
        var page = await context.NewPageAsync();
        await page.GotoAsync(file);
        await page.EmulateMediaAsync(new() { Media = Media.Print });

        Assert.Empty(await page.EvaluateAsync<string[]>(Hidden));
        Assert.Empty(await page.EvaluateAsync<string[]>(TooLarge));
        var sheets = Sheet().Count(Encoding.Latin1.GetString(await page.PdfAsync(new() { PreferCSSPageSize = true })));
        Assert.InRange(sheets, 4, name == "market of 40" ? 32 : 18);
    }

    [Fact]
    public async Task FiveHundredDealersStayReadable()
    {
        var file = browser.Save(MadeUp.Market(500), "zh-CN");
        await using var context = await browser.Context(new() { ViewportSize = new() { Width = 1280, Height = 800 } });
        var page = await context.NewPageAsync();
        await page.GotoAsync(file);

        Assert.Empty(await page.EvaluateAsync<string[]>(Look));
        var heights = await page.EvaluateAsync<double[]>("() => [...document.querySelectorAll('.chart.rows')].map(c => c.getBoundingClientRect().height)");
        Assert.All(heights, h => Assert.InRange(h, 60, 960));
    }

    private static IEnumerable<(string How, BrowserNewContextOptions Options)> Screens()
    {
        foreach (var width in (int[])[360, 768, 1280])
        {
            yield return ($"{width} px", new() { ViewportSize = new() { Width = width, Height = 800 }, JavaScriptEnabled = true });
        }

        yield return ("dark", new() { ViewportSize = new() { Width = 768, Height = 800 }, ColorScheme = ColorScheme.Dark });
        yield return ("forced colours", new() { ViewportSize = new() { Width = 768, Height = 800 }, ForcedColors = ForcedColors.Active });
    }

    [GeneratedRegex(@"/Type\s*/Page\b")]
    private static partial Regex Sheet();

    /// <summary>Widths, letters on top of each other in a chart, letters that leave it, contrasts, and marks that can't be seen.</summary>
    private const string Look = """
        () => {
            const problems = [], page = document.documentElement;
            if (page.scrollWidth > innerWidth) problems.push(`the page is ${page.scrollWidth} px wide`);
            const seen = e => e.checkVisibility() && getComputedStyle(e).display !== 'none';
            const rgba = color => { const n = color.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
            const backgroundOf = e => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
            const luminance = c => { const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
            const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
            for (const chart of document.querySelectorAll('svg.chart')) {
                if (!seen(chart)) continue;
                const name = chart.querySelector('title').textContent;
                const texts = [...chart.querySelectorAll('text')].filter(seen).map(t => ({ text: t.textContent, box: t.getBoundingClientRect(), color: rgba(getComputedStyle(t).fill) }));
                for (let i = 0; i < texts.length; i++) {
                    const a = texts[i];
                    if (a.box.left < 0 || a.box.right > innerWidth) problems.push(`${name}: "${a.text}" leaves the page`);
                    if (contrast(a.color, backgroundOf(chart)) < 4.5) problems.push(`${name}: "${a.text}" is pale`);
                    for (let j = i + 1; j < texts.length; j++) {
                        const b = texts[j], over = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left), down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
                        if (over > 0.5 && down > 3) problems.push(`${name}: "${a.text}" and "${b.text}" overlap by ${over.toFixed(1)} x ${down.toFixed(1)} px`);
                    }
                }
                for (const label of chart.matches('.rows') ? chart.querySelectorAll(':scope > text:not(.last)') : [])
                    if (seen(label) && label.getBoundingClientRect().right > chart.getBoundingClientRect().left + 0.34 * chart.getBoundingClientRect().width + 4) problems.push(`${name}: "${label.textContent}" runs into the drawing`);
                for (const mark of chart.querySelectorAll('.dot, .sumdot, .whisker, .own, .line')) {
                    const style = getComputedStyle(mark), paint = rgba(mark.matches('.whisker, .line, .open') ? style.stroke : style.fill);
                    if (contrast(paint, backgroundOf(chart)) < 3) { problems.push(`${name}: a ${mark.getAttribute('class')} is pale`); break; }
                }
            }
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const node = walker.currentNode, e = node.parentElement;
                if (!node.data.trim() || e.namespaceURI.endsWith('svg') || !seen(e)) continue;
                if (contrast(rgba(getComputedStyle(e).color), backgroundOf(e)) < 4.5) problems.push(`pale: ${node.data.trim().slice(0, 40)}`);
                if (parseFloat(getComputedStyle(e).fontSize) < 12.9) problems.push(`${getComputedStyle(e).fontSize}: ${node.data.trim().slice(0, 40)}`);
                const box = e.getBoundingClientRect();
                if (!e.closest('.scroll') && (box.left < 0 || box.right > innerWidth + 0.5)) problems.push(`leaves the page: ${node.data.trim().slice(0, 40)}`);
            }
            return problems;
        }
        """;

    /// <summary>The numbers of charts that paper does not show. (Of the style, for whether they are visible is known from the next frame on only.)</summary>
    private const string Hidden = """
        () => [...document.querySelectorAll('details.data')].filter(d => getComputedStyle(d, '::details-content').contentVisibility !== 'visible').map(d => d.textContent)
        """;

    /// <summary>What is wider than the sheet, or taller.</summary>
    private const string TooLarge = """
        () => [...document.querySelectorAll('table, svg.chart, p, ul')].map(e => [e, e.getBoundingClientRect()])
            .filter(([e, b]) => b.right > innerWidth + 1 || (e.matches('svg') && b.height > 1000)).map(([e, b]) => `${e.tagName} ${e.textContent.slice(0, 40)} reaches ${b.right} px, ${b.height} px high`)
        """;
}

/// <summary>One Chromium for all looks at reports, and a folder for their files.</summary>
public sealed class ReportBrowser : IAsyncLifetime
{
    private static readonly string? Program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("survey-reports-");
    private IPlaywright? playwright;
    private IBrowser? browser;
    private int saved;

    public async ValueTask InitializeAsync()
    {
        if (Program is not null)
        {
            playwright = await Playwright.CreateAsync();
            browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = ["--host-resolver-rules=MAP * ~NOTFOUND"] });
        }
    }

    /// <summary>Somebody wants to look at them himself.</summary>
    internal bool KeepsFiles { get; set; }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync();
        }

        playwright?.Dispose();
        if (!KeepsFiles)
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Writes a report to a file and returns its address.</summary>
    internal string Save(Report report, string language)
    {
        var path = Path.Combine(folder.FullName, $"{Interlocked.Increment(ref saved)}.{language}.html");
        using (var file = File.Create(path))
        {
            HtmlReport.Write(report, language, file);
        }

        return new Uri(path).AbsoluteUri;
    }

    internal Task<IBrowserContext> Context(BrowserNewContextOptions options)
    {
        Assert.True(browser is not null, "Chromium is missing: apt-get install -y chromium fonts-noto-cjk fonts-noto-core (tests/run does it).");
        return browser.NewContextAsync(options);
    }
}
