using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>Every message as Chromium shows it: on a phone, a tablet and a desk, by day and by night, with and without its styles.</summary>
/// <remarks>Chromium comes from Debian (<c>tests/run</c> installs it); without it these tests fail. After a failure the message tells where its picture lies.</remarks>
public sealed partial class MessageLooksTests(PreviewedMails previews, Chromium chromium) : IClassFixture<PreviewedMails>, IClassFixture<Chromium>
{
    public static TheoryData<string> Languages => PreviewedMails.Languages;

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task EveryMessageReadsWellOnEveryScreen(string language)
    {
        var skeletons = new Dictionary<string, string>();
        foreach (var message in previews.Messages.Where(m => m.Language == language))
        {
            var seen = await Task.WhenAll(chromium.Screens.Select(s => LookAsync(s, message)));
            var problems = seen.SelectMany(s => s).GroupBy(p => p.What, p => p.Where).Select(p => $"{p.Key} (at {string.Join("; ", p)})").ToList();
            var tab = chromium.Screens[0].Tab;
            await chromium.Screens[0].ShowAsync(message);
            problems.AddRange(await StructureAsync(tab, message));
            if (message.Customer == "full")
            {
                problems.AddRange(await tab.EvaluateAsync<string[]>(MissingGlyphs));
            }

            // The same elements and attributes whatever the data: it can inject neither.
            var skeleton = await tab.EvaluateAsync<string>("() => [...document.querySelectorAll('*')].map(e => `${e.tagName}(${e.getAttributeNames()})`).join(' ')");
            var key = $"{message.Survey} {message.Contact}";
            if (message.Customer != "bare" && !skeletons.TryAdd(key, skeleton) && skeletons[key] != skeleton)
            {
                problems.Add("its data changes its elements");
            }

            await tab.EvaluateAsync("() => document.querySelectorAll('*').forEach(e => ['style', 'bgcolor', 'class', 'align'].forEach(a => e.removeAttribute(a)))");
            problems.AddRange((await OrderAsync(tab, message)).Select(p => "without any style, " + p));
            if (problems.Count > 0)
            {
                Assert.Fail($"{message.Name}, picture in {await chromium.PictureAsync(message)}:\n  {string.Join("\n  ", problems)}");
            }
        }

        Assert.Equal(4, skeletons.Count);
    }

    [Fact]
    public async Task TheIndexLeadsToEveryMessage()
    {
        var tab = chromium.Screens[0].Tab;
        var folder = Path.GetDirectoryName(previews.Messages[0].Html)!;
        await tab.GotoAsync(new Uri(Path.Combine(folder, "index.html")).AbsoluteUri);

        var links = await tab.EvaluateAsync<string[]>("() => [...document.links].map(a => a.href)");
        var text = await tab.InnerTextAsync("body");

        Assert.Equal(
            previews.Messages.SelectMany(m => new[] { m.Html, m.Text, m.Eml }).Select(f => new Uri(f).AbsoluteUri).Order(StringComparer.Ordinal),
            links.Order(StringComparer.Ordinal));
        Assert.All(previews.Messages.Where(m => m.Customer == "full"), m =>
        {
            Assert.Contains(m.Subject, text, StringComparison.Ordinal);
            Assert.Contains(m.Preheader, text, StringComparison.Ordinal);
        });
    }

    private static async Task<IEnumerable<(string Where, string What)>> LookAsync(Screen screen, Previewed message)
    {
        await screen.ShowAsync(message);
        var seen = await screen.Tab.EvaluateAsync<string[]>(Look, new { link = Previewed.Link, unsubscribe = Previewed.Unsubscribe });
        return seen.Concat(screen.Noticed).Select(problem => ($"{screen}", problem));
    }

    private static async Task<List<string>> StructureAsync(IPage tab, Previewed message)
    {
        var facts = await tab.EvaluateAsync<JsonElement>("""
            () => ({
                lang: [...document.querySelectorAll('[lang]')].map(e => e.lang),
                headings: document.querySelectorAll('h1, h2, h3, h4, h5, h6').length,
                tables: [...document.querySelectorAll('table')].filter(t => t.getAttribute('role') !== 'presentation').length,
                foreign: document.querySelectorAll('script, img, svg, iframe, object, embed, link, base, form, input, video, audio, [onerror], [onload], [background]').length,
                links: [...document.querySelectorAll('[href]')].map(e => e.getAttribute('href')),
                title: document.title,
            })
            """);
        string[] Strings(string name) => [.. facts.GetProperty(name).EnumerateArray().Select(e => e.GetString()!)];
        var problems = await OrderAsync(tab, message);
        void Expect(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add(problem);
            }
        }

        Expect(Strings("lang") is [_, _] lang && Array.TrueForAll(lang, l => l == message.Language), "lang is not the language's tag");
        Expect(facts.GetProperty("headings").GetInt32() == 1, "has not exactly one heading");
        Expect(facts.GetProperty("tables").GetInt32() == 0, "has a table that a screen reader would announce");
        Expect(facts.GetProperty("foreign").GetInt32() == 0, "has an element that loads or runs something");
        string[] contact = message.Customer == "bare" ? [] : [$"mailto:help-{message.Market.ToLowerInvariant()}@cvp.example"];
        Expect(
            Strings("links").SequenceEqual([Previewed.Link, Previewed.Link, .. contact, Previewed.Unsubscribe]),
            "does not link to the survey twice, to the helpdesk, and to the way out");
        Expect(facts.GetProperty("title").GetString() == Spaced(message.Subject), "its title is not the subject");
        var heard = await tab.Locator("body").AriaSnapshotAsync();
        Expect(Heard().Matches(heard).Select(m => m.Groups[1].Value).SequenceEqual(["article", "heading", "link", "link", "contentinfo", .. contact.Select(_ => "link"), "link"]), $"a screen reader finds {heard}");
        return problems;
    }

    /// <summary>What is read, in the order in which it is read: the lines of the plain text say it, and the HTML adds its own few.</summary>
    private static async Task<List<string>> OrderAsync(IPage tab, Previewed message)
    {
        var text = Spaced(await tab.InnerTextAsync("body"));
        var lines = (await File.ReadAllLinesAsync(message.Text, TestContext.Current.CancellationToken)).Select(Spaced).Where(l => l.Length > 0 && l != Previewed.Unsubscribe);
        var problems = new List<string>();
        var at = 0;
        foreach (var line in lines)
        {
            var found = text.IndexOf(line, at, StringComparison.Ordinal);
            if (found < 0)
            {
                problems.Add($"does not say, or not in its place: {line}");
            }
            else
            {
                at = found + line.Length;
            }
        }

        return problems;
    }

    private static string Spaced(string text) => Spaces().Replace(text, " ").Trim();

    [GeneratedRegex(@"[\s\uFEFF]+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"^\s*- '?(article|heading|link|contentinfo|table|row|cell|img|button|banner|main|navigation)\b", RegexOptions.Multiline)]
    private static partial Regex Heard();

    /// <summary>Sizes, edges and contrasts of all text that is seen, as the browser has computed them.</summary>
    private const string Look = """
        o => {
          const look = () => {
            const problems = [];
            const page = document.documentElement;
            if (page.scrollWidth > innerWidth) problems.push(`the page is ${page.scrollWidth} px wide`);
            const canvas = document.createElement('i');
            canvas.style.backgroundColor = 'Canvas';
            page.append(canvas);
            const paper = getComputedStyle(canvas).backgroundColor;
            canvas.remove();
            const rgba = color => { const n = color.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
            const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
            const backgroundOf = e => {
                if (!e) return rgba(paper);
                const own = rgba(getComputedStyle(e).backgroundColor);
                return own[3] === 1 ? own : [...over(own, backgroundOf(e.parentElement)), 1];
            };
            const luminance = color => {
                const [r, g, b] = color.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
            const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (texts.nextNode()) {
                const node = texts.currentNode, e = node.parentElement;
                if (!node.data.trim() || !e.checkVisibility()) continue;
                const say = what => problems.push(`${what}: ${node.data.trim().slice(0, 40)}`);
                const style = getComputedStyle(e), range = document.createRange();
                range.selectNodeContents(node);
                for (const box of range.getClientRects())
                    if (box.left < 0 || box.right > innerWidth + 0.5) { say(`is cut at ${Math.round(box.left)} to ${Math.round(box.right)} px`); break; }
                for (let up = e; up; up = up.parentElement)
                    if (getComputedStyle(up).overflow !== 'visible' && (up.scrollWidth > up.clientWidth || up.scrollHeight > up.clientHeight) && up !== page && up !== document.body) say('is cut by its frame');
                const least = e.closest('[role=contentinfo]') ? 13 : 16;
                if (parseFloat(style.fontSize) < least) say(`has ${style.fontSize}`);
                if (parseFloat(style.lineHeight) < 1.3 * parseFloat(style.fontSize)) say(`has lines of ${style.lineHeight} only`);
                const background = backgroundOf(e), ratio = contrast(over(rgba(style.color), background), background);
                if (ratio < 4.5) say(`has contrast ${ratio.toFixed(2)}`);
            }
            const [button] = document.querySelectorAll(`a[href="${o.link}"]`), [out] = document.querySelectorAll(`a[href="${o.unsubscribe}"]`);
            for (const [name, e] of [['the button', button], ['the way out', out]]) {
                const box = e?.getBoundingClientRect();
                if (!(box?.height >= 44 && box.width >= 44)) problems.push(`${name} is ${Math.round(box?.width)} x ${Math.round(box?.height)} px`);
            }
            const card = document.querySelector('h1').parentElement.getBoundingClientRect();
            if (card.width > 640) problems.push(`lines run over ${card.width} px`);
            if (innerWidth > 700 && Math.abs(card.left + card.right - page.clientWidth) > 2) problems.push('stands out of the middle');
            return problems;
          };
          const problems = look();
          document.querySelectorAll('style').forEach(s => s.remove()); // as some mailboxes do
          return [...problems, ...look().map(p => `without its style element, ${p}`)];
        }
        """;

    /// <summary>Characters that no font has, or that no language uses: they look like one that is none.</summary>
    private const string MissingGlyphs = """
        () => {
            const c = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
            c.canvas.width = c.canvas.height = 48;
            c.canvas.lang = document.documentElement.lang;
            c.font = '24px ' + getComputedStyle(document.querySelector('h1')).fontFamily;
            const draw = text => { c.clearRect(0, 0, 48, 48); c.fillText(text, 4, 32); return c.getImageData(0, 0, 48, 48).data.join(); };
            const none = draw('\u{10fffe}');
            return [...new Set(document.body.innerText.replace(/\s/g, ''))].filter(ch => ch === '\ufffd' || draw(ch) === none)
                .map(ch => `no font has U+${ch.codePointAt(0).toString(16)} ${ch}`);
        }
        """;
}

/// <summary>One Chromium for a class of tests, with a tab for each kind of screen.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string? Program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    private readonly List<Screen> screens = [];
    private IPlaywright? playwright;
    private IBrowser? browser;

    /// <summary>A phone, a tablet and a desk, each by day and by night.</summary>
    internal IReadOnlyList<Screen> Screens
    {
        get
        {
            Assert.True(browser is not null, "Chromium is missing: apt-get install -y chromium fonts-noto-cjk fonts-noto-core (tests/run does it).");
            return screens;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (Program is null)
        {
            return;
        }

        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = ["--host-resolver-rules=MAP * ~NOTFOUND"] });
        foreach (var width in (int[])[360, 600, 1280])
        {
            foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
            {
                screens.Add(new($"{width} px, {scheme}", await browser.NewPageAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 800 } })));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync();
        }

        playwright?.Dispose();
    }

    /// <summary>The path of a picture of the whole message on a phone.</summary>
    internal async Task<string> PictureAsync(Previewed message)
    {
        var path = Path.Combine(Path.GetTempPath(), $"survey-preview-{message.Name}.png");
        await Screens[0].ShowAsync(message);
        await Screens[0].Tab.ScreenshotAsync(new() { Path = path, FullPage = true });
        return path;
    }
}

/// <summary>A tab, and what its pages ask for and do.</summary>
internal sealed class Screen
{
    private readonly string name;

    public Screen(string name, IPage tab)
    {
        (this.name, Tab) = (name, tab);
        tab.Request += (_, request) => Noticed.Add($"asks for {request.Url}");
        tab.Console += (_, line) => Noticed.Add($"writes to the console: {line.Text}");
        tab.PageError += (_, error) => Noticed.Add($"has a fault: {error}");
        tab.Dialog += (_, dialog) =>
        {
            Noticed.Add($"opens a dialog: {dialog.Message}");
            _ = dialog.DismissAsync();
        };
    }

    public IPage Tab { get; }

    public List<string> Noticed { get; } = [];

    /// <summary>Shows a message. Its HTML takes the place of a page of the same folder: a page of its own would take four times as long.</summary>
    public async Task ShowAsync(Previewed message)
    {
        if (!Tab.Url.StartsWith("file:", StringComparison.Ordinal))
        {
            await Tab.GotoAsync(new Uri(message.Html).AbsoluteUri);
        }

        Noticed.Clear();
        await Tab.SetContentAsync(await File.ReadAllTextAsync(message.Html));
    }

    public override string ToString() => name;
}
