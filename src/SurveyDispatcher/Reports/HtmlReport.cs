using System.Security.Cryptography;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Reports;

/// <summary>Writes a report as one HTML file that needs nothing else: no script, no other file, and no browser newer than a few years (docs/reports.md).</summary>
/// <remarks>The page is XML as well, so that any program can read its tables. Its policy lets it use its own style sheet, by its hash, and nothing else.</remarks>
public sealed partial class HtmlReport
{
    private static readonly string Sheet = ReadSheet();
    private static readonly string SheetHash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Sheet)));

    private readonly Report report;
    private readonly Words words;
    private readonly Markup page;
    private readonly Charts charts;

    private HtmlReport(Report report, Words words, Markup page)
    {
        (this.report, this.words, this.page) = (report, words, page);
        charts = new Charts(page, words);
    }

    /// <summary>The market's name: its translation where it has the name that is shipped, else as head office calls it.</summary>
    private string MarketName => $"market_name.{report.Market}" is var key && Words.Of("en").Find(key) == report.MarketName ? words[key] : PlainText.OneLine(report.MarketName);

    private bool IsDealers => report.Dealer is not null;

    /// <summary>The languages in which a report can be written.</summary>
    public static IReadOnlyCollection<string> Languages => Words.Languages;

    /// <summary>Writes a report, UTF-8 without a mark; the stream stays open.</summary>
    /// <exception cref="ArgumentException">The language is none of <see cref="Languages"/>.</exception>
    public static void Write(Report report, string language, Stream output)
    {
        var words = Words.Of(language);
        using var writer = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 1 << 16, leaveOpen: true);
        new HtmlReport(report, words, new Markup(writer)).Whole();
    }

    private static string ReadSheet()
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("Reports/report.css")
            ?? throw new InvalidOperationException("The reports' style sheet is not in the program.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    /// <summary>A dealer's or region's name as a line of text; without one, his code.</summary>
    private static string NameOf(DealerName dealer) => PlainText.OneLine(dealer.Name) is { Length: > 0 } name ? name : dealer.Code;

    private void Whole()
    {
        var who = report.Dealer is { } dealer ? NameOf(dealer) : MarketName;
        var title = words.Say(IsDealers ? "title.dealer" : "title.market", ("who", who));
        page.Write($"<!DOCTYPE html>\n<html lang=\"{words.Language}\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head><meta charset=\"utf-8\"/>");
        page.Write($"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{SheetHash}'; base-uri 'none'; form-action 'none'\"/>");
        page.Write($"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><meta name=\"referrer\" content=\"no-referrer\"/>");
        page.Write($"<title>{title}, {words.Period(report.Period)}</title>");
        page.Style(Sheet);
        page.Write($"</head>\n<body>\n<header><h1>{title}</h1>");
        Meta();
        foreach (var sentence in new[] { IsDealers ? "intro.dealer" : "intro.market", "intro.intervals", "intro.nothing" })
        {
            page.Write($"<p>{words[sentence]}</p>");
        }

        Contents();
        page.Write($"</header>\n<main>\n<h2 id=\"glance\">{words["glance"]}</h2>");
        foreach (var survey in report.Surveys)
        {
            Tiles(survey);
        }

        foreach (var survey in report.Surveys)
        {
            page.Write($"\n<h2 class=\"new\" id=\"{survey.Survey.Code()}\">{words.Survey(survey.Survey)}</h2>");
            Scores(survey);
            Regions(survey);
            Rates(survey);
            Problems(survey);
        }

        Quality();
        Notes();
        page.Write($"</main>\n</body>\n</html>\n");
    }

    private void Meta()
    {
        page.Write($"<dl class=\"meta\"><dt>{words["market"]}</dt><dd>{MarketName} ({report.Market})</dd>");
        if (report.Dealer is { } dealer)
        {
            page.Write($"<dt>{words["dealer"]}</dt><dd><bdi>{NameOf(dealer)}</bdi> ({PlainText.OneLine(dealer.Code)})</dd>");
            if (dealer.Region.Length > 0)
            {
                page.Write($"<dt>{words["region"]}</dt><dd><bdi>{PlainText.OneLine(dealer.Region)}</bdi></dd>");
            }
        }

        page.Write($"<dt>{words["period"]}</dt><dd>{words.Period(report.Period)} <span class=\"soft\">{words["period.of_events"]}</span></dd>");
        page.Write($"<dt>{words["as_of"]}</dt><dd>{words.Day(report.AsOf)}</dd></dl>");
    }

    private void Contents()
    {
        page.Write($"<nav aria-label=\"{words["contents"]}\"><ul><li><a href=\"#glance\">{words["glance"]}</a></li>");
        foreach (var survey in report.Surveys)
        {
            page.Write($"<li><a href=\"#{survey.Survey.Code()}\">{words.Survey(survey.Survey)}</a></li>");
        }

        page.Write($"<li><a href=\"#quality\">{words["quality"]}</a></li><li><a href=\"#notes\">{words["notes"]}</a></li></ul></nav>");
    }

    private void Tiles(SurveyFigures figures)
    {
        var own = OwnOf(figures);
        var (score, rates) = IsDealers ? (own?.Score ?? None, own?.Rates ?? new OutcomeRates()) : (figures.Nation.Score!, figures.Nation.Rates!);
        var nation = IsDealers ? figures.Nation : null;
        page.Write($"<h3>{words.Survey(figures.Survey)}</h3>");
        if (score.Responses == 0)
        {
            page.Write($"<p class=\"note\">{words["nobody_answered"]}</p>");
        }

        page.Write($"<ul class=\"tiles\">");
        Tile("satisfied", Words.Percent(score.CompletelySatisfied?.Value), score.CompletelySatisfied?.Interval, 100, score.WithOverall, Words.Percent(nation?.Score?.CompletelySatisfied?.Value));
        Tile("index", Words.Decimal(score.Index?.Value), score.Index?.Interval, 1, score.WithOverall, Words.Decimal(nation?.Score?.Index?.Value));
        Tile("recommend", Words.Decimal(score.Recommend?.Value), score.Recommend?.Interval, 1, score.WithRecommend, Words.Decimal(nation?.Score?.Recommend?.Value));
        page.Write($"<li><b>{words["rr3"]}</b> <span class=\"big\">{Words.Percent(rates.ResponseRate(3))}</span> <span>{words.Say("e_is", ("e", E(rates)))}</span> ");
        Nation(nation?.Rates, Words.Percent(nation?.Rates?.ResponseRate(3)));
        page.Write($" <span>{words.Say("trade_is", ("rate", Words.Percent(rates.TradeRate)))}</span></li></ul>");
        if (own is not null)
        {
            Verdict(figures, own);
        }

        void Tile(string name, string value, Interval? interval, double scale, long n, string compared)
        {
            page.Write($"<li><b>{words[name]}</b> <span class=\"big\">{value}</span> ");
            if (interval is not null)
            {
                page.Write($"<span>{words.Say("interval_is", ("range", words.Range(interval, scale)))}</span> ");
            }

            page.Write($"<span>{words.Say("n_is", ("n", Words.Number(n)), ("responses", Words.Number(score.Responses)))}</span>");
            Nation(nation?.Score, compared);
            page.Write($"</li>");
        }

        void Nation(object? shown, string value)
        {
            if (shown is not null)
            {
                page.Write($" <span class=\"soft\">{words.Say("nation_is", ("value", value))}</span>");
            }
        }
    }

    /// <summary>In words where a dealer stands, and whether a difference is one.</summary>
    private void Verdict(SurveyFigures figures, DealerFigures own)
    {
        page.Write($"<p class=\"note\">");
        if (own.InNation is { Rank: { } rank, Likely: { } likely })
        {
            page.Write($"{words.Say("verdict.rank", ("rank", Words.Plain(rank)), ("of", Words.Number(figures.Nation.Ranked)), ("likely", words.Ranks(likely)))}{words["gap"]}");
            if (own.InRegion is { Rank: { } inRegion, Likely: { } likelyInRegion })
            {
                page.Write($"{words.Say("verdict.region", ("rank", Words.Plain(inRegion)), ("likely", words.Ranks(likelyInRegion)))}{words["gap"]}");
            }
        }
        else
        {
            page.Write($"{words.Say("verdict.unranked", ("minimum", Words.Plain(report.MinimumResponses)))}{words["gap"]}");
        }

        if (figures.Nation.Score is { } nation && Others(nation, own.Score) is { } difference)
        {
            page.Write($"{words[difference.Low > 0 ? "verdict.better" : difference.High < 0 ? "verdict.worse" : "verdict.same"]}");
        }

        page.Write($"</p>");
    }

    /// <summary>The dealer's share minus that of all others: he is part of the nation, and can't be compared with himself.</summary>
    private static Interval? Others(Score nation, Score own)
    {
        var (all, n) = (Satisfied(nation), Satisfied(own));
        return own.WithOverall == 0 || nation.WithOverall <= own.WithOverall || all < n || nation.WithOverall - own.WithOverall < all - n
            ? null
            : Statistics.Difference(n, own.WithOverall, all - n, nation.WithOverall - own.WithOverall);
    }

    private static long Satisfied(Score score) => (long)Math.Round((score.CompletelySatisfied?.Value ?? 0) * score.WithOverall);

    private static Score None { get; } = new(0, 0, 0, null, null, null);

    private DealerFigures? OwnOf(SurveyFigures figures) => figures.Dealers.FirstOrDefault(d => d.Dealer.Code == report.Dealer?.Code);

    private static string E(OutcomeRates rates) => rates.EligibleShare is { } e ? e.ToString("0.000", System.Globalization.CultureInfo.InvariantCulture) : Words.Nothing;

    /// <summary>A table that can be scrolled sideways on a phone, by the keyboard too.</summary>
    private void BeginTable(string kind, string caption, string explained = "")
    {
        page.Write($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table class=\"{kind}\"><caption><span class=\"kept\">{caption}");
        if (explained.Length > 0)
        {
            page.Write($" <small>{explained}</small>");
        }

        page.Write($"</span></caption>");
    }

    private void Head(string key, string kind = "") => page.Write($"<th scope=\"col\" class=\"{kind}\">{words[key]}</th>");

    private void EndTable() => page.Write($"</tbody></table></div>\n");

    private void Cell(string text) => page.Write($"<td>{text}</td>");

    /// <summary>A value and its interval, in one cell.</summary>
    private void Cell(Estimate? estimate, double scale)
    {
        if (estimate is { } e)
        {
            page.Write($"<td><span class=\"v\">{Words.Decimal(e.Value * scale)}</span>");
            if (e.Interval is { } interval)
            {
                page.Write($" <small>{words.Range(interval, scale)}</small>");
            }

            page.Write($"</td>");
        }
        else
        {
            Cell(Words.Nothing);
        }
    }

    private void Cells(Score score)
    {
        Cell(Words.Number(score.WithOverall));
        Cell(score.CompletelySatisfied, 100);
        Cell(score.Index, 1);
        Cell(score.Recommend, 1);
    }

    private void Notes()
    {
        page.Write($"\n<h2 class=\"new\" id=\"notes\">{words["notes"]}</h2><dl class=\"notes\">");
        foreach (var note in new[]
        {
            "responses", "satisfied", "index", "recommend", "intervals", "ranks", "blocks", "unranked", "rates", "e", "trade", "weeks", "chance", "signs", "privacy",
        })
        {
            page.Write($"<dt>{words[$"note.{note}"]}</dt><dd>{words.Say($"note.{note}.text", ("minimum", Words.Plain(report.MinimumResponses)))}</dd>");
        }

        page.Write($"</dl><h3>{words["sources"]}</h3><ul>");
        foreach (var source in new[]
        {
            "The American Association for Public Opinion Research. Standard Definitions: Final Dispositions of Case Codes and Outcome Rates for Surveys. AAPOR.",
            "E. B. Wilson. Probable inference, the law of succession, and statistical inference. JASA 22 (1927) 209–212.",
            "R. G. Newcombe. Interval estimation for the difference between independent proportions: comparison of eleven methods. Statistics in Medicine 17 (1998) 873–890.",
            "B. Efron, R. J. Tibshirani. An Introduction to the Bootstrap. Chapman & Hall, 1993.",
            "R. A. Fisher. Statistical Methods for Research Workers. Oliver & Boyd, 5th edition, 1934.",
            "Y. Benjamini, Y. Hochberg. Controlling the false discovery rate. JRSS B 57 (1995) 289–300.",
        })
        {
            page.Write($"<li lang=\"en\">{source}</li>");
        }

        page.Write($"</ul>");
    }
}
