using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Tests.Mail;

public class TemplatesTests
{
    private const string Kind = """{"subject":"Visit to {{dealer}}","preheader":"p","heading":"h","greeting":"Dear {{name}}","paragraphs":["Your {{model}} of {{eventDate}}","two"],"button":"b","linkHint":"l","deadline":"{{#if lastDay}}until {{lastDay}}{{/if}}"}""";

    private static readonly MailValues Values = new()
    {
        Name = "<b>Anna</b> & {{dealer}} {{{x}}}",
        Dealer = "O'Hara\r\nMotors",
        Model = "X1",
        EventDate = new(2026, 3, 1),
        LastDay = new(2026, 4, 1),
        Sender = "Drive",
        Market = "Australia",
        ReplyTo = "",
        Link = "https://cvp.example/s/1",
        UnsubscribeLink = "https://cvp.example/u/1",
    };

    [Fact]
    public void DataIsEscapedOnceInHtmlAndNotInTextAndNeverRunAsTemplate()
    {
        var mail = Loaded().Render("en", "service", "reminder", Values);

        Assert.Equal("Visit to O'Hara  Motors", mail.Subject);
        Assert.Equal("Dear <b>Anna</b> & {{dealer}} {{{x}}}|Your X1 of 1 March 2026|two|until 1 April 2026|https://cvp.example/s/1", mail.Text);
        Assert.Equal("<p>Dear &lt;b&gt;Anna&lt;/b&gt; &amp; {{dealer}} {{{x}}}</p><p>Your X1 of 1 March 2026</p><p>two</p><p>until 1 April 2026</p>", mail.Html);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void EveryMessageIsWhatTheLibraryMakesOfIt(int seed)
    {
        var folder = Path.Combine(Journeys.World.ShippedConfig, "templates");
        var templates = Loaded(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(f => Path.GetRelativePath(folder, f).Replace('\\', '/'), File.ReadAllText, StringComparer.Ordinal));
        var random = new Random(seed);
        string[] odd = ["", "", "Anna", "<b>&amp;\"'`=</b>", "{{name}}", "\uFDD00\uFDD1", "佐藤 花子", "a\u00a0b", "x=1&y=2", "]]>"];
        for (var i = 0; i < 400; i++)
        {
            string Any() => odd[random.Next(odd.Length)];
            var values = new MailValues
            {
                Name = Any(), Dealer = Any(), Model = Any(), Sender = Any(), Market = Any(), ReplyTo = Any(), MayCall = random.Next(2) == 0,
                EventDate = new DateOnly(2026, 1, 1).AddDays(random.Next(400)), LastDay = random.Next(2) == 0 ? null : new DateOnly(2026, 5, 1),
                Link = "https://cvp.example/s/?a=1&b=" + i, UnsubscribeLink = "https://cvp.example/u/" + i,
            };
            foreach (var language in templates.Languages)
            {
                var (survey, contact) = (random.Next(2) == 0 ? "sales" : "service", random.Next(2) == 0 ? "invitation" : "reminder");
                Assert.Equal(templates.RenderByLibrary(language, survey, contact, templates.DataOf(language, values)), templates.Render(language, survey, contact, values));
            }
        }
    }

    [Theory]
    [InlineData("Anna\u202e gnol", "Dear Anna gnol")] // an override that is never closed would turn round all that follows
    [InlineData("\u202aAnna\u202b\u202c\u202d", "Dear Anna")]
    [InlineData("\u2066Anna\u2067 \u2068Bo\u2069", "Dear Anna Bo")]
    [InlineData("Anna\u200e (\u05d0\u05e0\u05d4)\u200f", "Dear Anna\u200e (\u05d0\u05e0\u05d4)\u200f")]
    [InlineData("Anna\u2028Bo\u2029Cy\u0085\vDi\t", "Dear Anna Bo Cy  Di")]
    [InlineData("क्ष\u200dा 👩\u200d🔧", "Dear क्ष\u200dा 👩\u200d🔧")] // joiners are part of letters and of pictures
    [InlineData(" \u202e\r\n ", "Dear ")]
    public void DataIsAPieceOfOneLineAndTurnsNoDirection(string name, string greeting) =>
        Assert.StartsWith(greeting + "|", Loaded().Render("en", "sales", "invitation", Values with { Name = name }).Text, StringComparison.Ordinal);

    [Fact]
    public void ANameOfNothingButControlsIsNone()
    {
        var files = Files();
        files["en/messages.json"] = files["en/messages.json"].Replace("Dear {{name}}", "{{#if name}}Dear {{name}}{{else}}Dear customer{{/if}}", StringComparison.Ordinal);

        var mail = Loaded(files).Render("en", "sales", "invitation", Values with { Name = "\u202e \r\n" });

        Assert.StartsWith("Dear customer|", mail.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "Dear Anna|We may call|")]
    [InlineData(false, "Dear Anna|until")] // no empty paragraph is left behind
    public void ACallIsAnnouncedOnlyWhereOneMayFollow(bool mayCall, string start)
    {
        var files = Files();
        files["en/messages.json"] = files["en/messages.json"]
            .Replace("\"Your {{model}} of {{eventDate}}\",\"two\"", "\"{{#if mayCall}}We may call{{/if}}\"", StringComparison.Ordinal);

        var mail = Loaded(files).Render("en", "sales", "reminder", Values with { Name = "Anna", MayCall = mayCall });

        Assert.StartsWith(start, mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("<p></p>", mail.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutALastDayThereIsNoDeadline() =>
        Assert.DoesNotContain("until", Loaded().Render("en", "sales", "invitation", Values with { LastDay = null }).Html, StringComparison.Ordinal);

    [Theory]
    [InlineData("EN", "zh-TW", "en")]
    [InlineData("en-AU", "zh-TW", "en")]
    [InlineData("zh-tw", "en", "zh-TW")]
    [InlineData("zh", "en", "en")]
    [InlineData("fr", "zh-TW", "zh-TW")]
    [InlineData("", "en-IN", "en")]
    [InlineData("fr", "de", null)]
    public void TheRowsLanguageIsUsedIfThereAreTextsForItElseTheMarketsFirst(string row, string market, string? expected) =>
        Assert.Equal(expected, Loaded().LanguageFor(row, [market, "en"]));

    [Theory]
    [InlineData("\"button\":\"b\"", "\"button\":\"{{colour}}\"", "invitation.sales.button: ")]
    [InlineData("\"button\":\"b\"", "\"button\":\"{{#if colour}}x{{/if}}\"", "invitation.sales.button: ")]
    [InlineData("\"button\":\"b\"", "\"button\":\"{{#if name}}\"", "invitation.sales.button: ")]
    [InlineData("\"button\":\"b\"", "\"button\":\"{{name\"", "invitation.sales.button: ")]
    [InlineData("\"button\":\"b\",", "", "invitation.sales.button must be a string")]
    [InlineData("\"button\":\"b\",", "\"button\":\"b\",\"buton\":\"b\",", "invitation.sales.buton is not a known key")]
    [InlineData("\"dealer\":\"D\"", "\"dealr\":\"D\"", "sample.dealr is not a known key")]
    [InlineData("\"dealer\":\"D\",", "", "sample.dealer must be a string")]
    [InlineData("\"two\"", "2", "invitation.sales.paragraphs must be a list of strings")]
    [InlineData("\"d MMMM yyyy\"", "\"%\"", "dateFormat % is not a date format")]
    [InlineData("\"en-GB\"", "\"no such culture\"", "culture no such culture is not known")]
    [InlineData("\"language\":\"en\"", "\"language\":\"de\"", "language must be that of the folder, en")]
    [InlineData("{", "[", "is not JSON: ")]
    public void EveryFaultIsNamedWithItsPlace(string good, string bad, string problem)
    {
        var files = Files();
        files["en/messages.json"] = files["en/messages.json"].Replace(good, bad, StringComparison.Ordinal);
        var faults = new List<TemplateFault>();

        Assert.Null(Templates.Load(files, faults));
        Assert.Contains(faults, f => f.Path == "en/messages.json" && f.Problem.StartsWith(problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("layout.html", "{{{greeting}}}")]
    [InlineData("layout.html", "{{nothing}}")]
    [InlineData("layout.txt", "{{#each paragraphs}}")]
    [InlineData("en/other.json", "{}")]
    public void ALayoutOrFileThatWillNotDoIsAFault(string path, string content)
    {
        var files = Files();
        files[path] = content;
        var faults = new List<TemplateFault>();

        Assert.Null(Templates.Load(files, faults));
        Assert.Equal(path, Assert.Single(faults).Path);
    }

    [Fact]
    public void AllFaultsAreFoundAtOnce()
    {
        var faults = new List<TemplateFault>();

        Assert.Null(Templates.Load(new Dictionary<string, string> { ["en/messages.json"] = "{}" }, faults));
        Assert.InRange(faults.Count, 10, 100);
    }

    private static Templates Loaded(Dictionary<string, string>? files = null)
    {
        var faults = new List<TemplateFault>();
        var templates = Templates.Load(files ?? Files(), faults);
        Assert.Empty(faults);
        return templates!;
    }

    private static Dictionary<string, string> Files() => new()
    {
        ["layout.html"] = "<p>{{greeting}}</p>{{#each paragraphs}}<p>{{this}}</p>{{/each}}{{#if deadline}}<p>{{deadline}}</p>{{/if}}",
        ["layout.txt"] = "{{greeting}}|{{#each paragraphs}}{{this}}|{{/each}}{{deadline}}|{{link}}",
        ["en/messages.json"] = Messages("en", "en-GB", "d MMMM yyyy"),
        ["zh-TW/messages.json"] = Messages("zh-TW", "zh-TW", "yyyy年M月d日"),
    };

    private static string Messages(string language, string culture, string format) =>
        $$$"""{"language":"{{{language}}}","culture":"{{{culture}}}","dateFormat":"{{{format}}}","sample":{"name":"N","dealer":"D","model":"M"},"invitation":{"sales":{{{Kind}}},"service":{{{Kind}}}},"reminder":{"sales":{{{Kind}}},"service":{{{Kind}}}},"footer":{"why":"w","optOut":"o","contact":"c","closing":"cl","signature":"s"}}""";
}
