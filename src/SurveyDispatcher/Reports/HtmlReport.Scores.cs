using Survey.Domain;

namespace SurveyDispatcher.Reports;

/// <content>Who stands where, and how it came about.</content>
public sealed partial class HtmlReport
{
    /// <summary>More go on in the next chart: so many fit on a sheet of paper, below a heading and above the legend.</summary>
    private const int LinesOfAChart = 50;

    private void Scores(SurveyFigures figures)
    {
        page.Write($"<h3>{words[IsDealers ? "standing" : "ranking"]}</h3>");
        if (IsDealers)
        {
            Standing(figures);
        }
        else if (figures.Dealers.Count == 0)
        {
            page.Write($"<p class=\"note\">{words["no_dealers"]}</p>");
        }
        else
        {
            page.Write($"<p>{words["ranking.read"]}</p>");
            RankingCharts(figures);
            RankingTable(figures);
        }

        Course(figures);
    }

    private void Standing(SurveyFigures figures)
    {
        if (OwnOf(figures) is not { } own)
        {
            page.Write($"<p class=\"note\">{words["nobody_answered"]}</p>");
            return;
        }

        var others = figures.Others;
        if (own.Score.CompletelySatisfied is { } satisfied && others.Count > 0)
        {
            var nation = figures.Nation.Score?.CompletelySatisfied?.Value;
            page.Write($"<figure><figcaption>{words.Say("strip.title", ("n", Words.Number(others.Count)))}</figcaption>");
            charts.Strip(
                words.Say("strip.title", ("n", Words.Number(others.Count))),
                words.Say("strip.text", ("own", Words.Percent(satisfied.Value)), ("better", Words.Number(others.Count(o => o.CompletelySatisfied!.Value.Value > satisfied.Value))), ("n", Words.Number(others.Count))),
                others, satisfied, nation);
            page.Write($"<p class=\"soft\">{words["strip.read"]}</p></figure>");
            OthersTable(others);
        }

        BeginTable("stick", words["standing.table"], words["scores.explained"]);
        page.Write($"<thead><tr>");
        Head("whose", "t");
        Head("n");
        Head("satisfied.head");
        Head("index");
        Head("recommend");
        Head("rank");
        Head("likely");
        Head("block");
        page.Write($"</tr></thead><tbody><tr class=\"total\"><th scope=\"row\" class=\"who\"><bdi>{NameOf(own.Dealer)}</bdi></th>");
        Cells(own.Score);
        page.Write($"<td>{Rank(own.InNation)}");
        if (own.InRegion is { } region)
        {
            page.Write($" <small>{words.Say("in_region", ("rank", Rank(region)))}</small>");
        }

        page.Write($"</td><td>{words.Ranks(own.InNation.Likely)}");
        if (own.InRegion?.Likely is { } likely)
        {
            page.Write($" <small>{words.Say("in_region", ("rank", words.Ranks(likely)))}</small>");
        }

        page.Write($"</td><td>{Optional(own.InNation.Block)}</td></tr>");
        foreach (var group in Groups(figures).Where(g => g.Score is not null))
        {
            page.Write($"<tr><th scope=\"row\" class=\"who\">");
            GroupName(group);
            page.Write($"</th>");
            Cells(group.Score!);
            page.Write($"<td colspan=\"3\">{words.Say("ranked_are", ("n", Words.Number(group.Ranked)))}</td></tr>");
        }

        EndTable();
        LeftOut(Groups(figures).Any(g => g.Score is null));
    }

    /// <summary>Says why something of the others is missing.</summary>
    private void LeftOut(bool isSomething)
    {
        if (isSomething)
        {
            page.Write($"<p class=\"note\">{words["hidden"]}</p>");
        }
    }

    private static IEnumerable<Group> Groups(SurveyFigures figures) => figures.Regions.Prepend(figures.Nation);

    /// <summary>The dots of the strip as numbers, ten in a line.</summary>
    private void OthersTable(IReadOnlyList<Score> others)
    {
        page.Write($"<details class=\"data\"><summary>{words["data.strip"]}</summary>");
        BeginTable("tight", words["data.strip"]);
        page.Write($"<tbody>");
        foreach (var (line, ten) in others.Chunk(10).Index())
        {
            page.Write($"<tr><th scope=\"row\">{words.Ranks(new((line * 10) + 1, (line * 10) + ten.Length))}</th>");
            foreach (var other in ten)
            {
                Cell(Words.Hundredths(other.CompletelySatisfied?.Value));
            }

            if (line > 0 && ten.Length < 10)
            {
                page.Write($"<td colspan=\"{10 - ten.Length}\"></td>");
            }

            page.Write($"</tr>");
        }

        EndTable();
        page.Write($"</details>");
    }

    private static string Rank(Standing standing) => Optional(standing.Rank);

    private static string Optional(int? number) => number is { } n ? Words.Plain(n) : Words.Nothing;

    private void GroupName(Group group)
    {
        if (group.Name.Length == 0)
        {
            page.Write($"{words["nation"]}");
        }
        else
        {
            page.Write($"<bdi>{PlainText.OneLine(group.Name)}</bdi>");
        }
    }

    private void RankingCharts(SurveyFigures figures)
    {
        var rows = figures.Dealers.Where(d => d.Score.CompletelySatisfied is not null)
            .Select(d => new RankRow(d.InNation.Rank, NameOf(d.Dealer), d.Score.CompletelySatisfied!.Value, d.InNation.Block)).ToArray();
        if (rows.Length == 0)
        {
            return;
        }

        var axis = Axis.Around(rows.Select(r => r.Score));
        var nation = figures.Nation.Score!.CompletelySatisfied?.Value;
        var parts = (rows.Length + LinesOfAChart - 1) / LinesOfAChart;
        var lines = (rows.Length + parts - 1) / parts;
        foreach (var (part, some) in rows.Chunk(lines).Index())
        {
            var title = parts == 1
                ? words.Say("chart.ranking", ("survey", words.Survey(figures.Survey)))
                : words.Say("chart.ranking_part", ("survey", words.Survey(figures.Survey)), ("part", Words.Plain(part + 1)), ("parts", Words.Plain(parts)));
            page.Write($"<figure><figcaption>{title}</figcaption>");
            charts.Ranking(
                title,
                words.Say("chart.ranking.text", ("first", some[0].Name), ("last", some[^1].Name), ("high", Words.Percent(some[0].Score.Value)), ("low", Words.Percent(some[^1].Score.Value)), ("nation", Words.Percent(nation))),
                some, nation, axis);
            page.Write($"<ul class=\"legend\"><li><svg aria-hidden=\"true\"><line class=\"whisker\" x1=\"1\" x2=\"33\" y1=\"7\" y2=\"7\"/><circle class=\"dot\" cx=\"17\" cy=\"7\" r=\"5\"/></svg>{words["legend.ranked"]}</li>");
            if (some.Any(r => r.Rank is null))
            {
                page.Write($"<li><svg aria-hidden=\"true\"><line class=\"whisker\" x1=\"1\" x2=\"33\" y1=\"7\" y2=\"7\"/><circle class=\"dot open\" cx=\"17\" cy=\"7\" r=\"5\"/></svg>{words["legend.unranked"]}</li>");
            }

            page.Write($"<li><svg aria-hidden=\"true\"><line class=\"nation\" x1=\"1\" x2=\"33\" y1=\"7\" y2=\"7\"/></svg>{words["nation"]}</li><li>{words["legend.blocks"]}</li></ul></figure>\n");
        }
    }

    private void RankingTable(SurveyFigures figures)
    {
        BeginTable("stick", words.Say("ranking.table", ("survey", words.Survey(figures.Survey))), words["scores.explained"]);
        page.Write($"<thead><tr>");
        page.Write($"<th scope=\"col\">{words["rank"]} <small>{words["likely"]}</small></th>");
        Head("block");
        Head("dealer", "t");
        Head("n");
        Head("satisfied.head");
        Head("index");
        Head("recommend");
        Head("region", "t");
        page.Write($"</tr></thead>");
        int? block = -1;
        foreach (var d in figures.Dealers)
        {
            if (d.InNation.Block != block)
            {
                if (block != -1)
                {
                    page.Write($"</tbody>");
                }

                block = d.InNation.Block;
                page.Write($"<tbody class=\"{(block is { } b && b % 2 == 0 ? "even" : "")}\">");
                if (block is null)
                {
                    page.Write($"<tr><th scope=\"rowgroup\" class=\"group\" colspan=\"8\"><span class=\"kept\">{words.Say("too_few", ("minimum", Words.Plain(report.MinimumResponses)))}</span></th></tr>");
                }
            }

            page.Write($"<tr><td><span class=\"v\">{Rank(d.InNation)}</span>");
            if (d.InNation.Likely is { } likely)
            {
                page.Write($" <small>{words.Ranks(likely)}</small>");
            }

            page.Write($"</td><td>{Optional(block)}</td>");
            page.Write($"<th scope=\"row\" class=\"who\"><bdi>{NameOf(d.Dealer)}</bdi> <small>{PlainText.OneLine(d.Dealer.Code)}</small></th>");
            Cells(d.Score);
            page.Write($"<td class=\"t\"><bdi>{(d.Dealer.Region.Length > 0 ? PlainText.OneLine(d.Dealer.Region) : Words.Nothing)}</bdi></td>");
            page.Write($"</tr>");
        }

        EndTable();
    }

    private void Regions(SurveyFigures figures)
    {
        if (IsDealers)
        {
            return; // his region stands beside him already
        }

        page.Write($"<h3>{words["regions"]}</h3>");
        if (figures.Regions.Count == 0)
        {
            page.Write($"<p class=\"note\">{words["no_regions"]}</p>");
        }

        BeginTable("stick", words.Say("regions.table", ("survey", words.Survey(figures.Survey))), words["scores.explained"]);
        page.Write($"<thead><tr>");
        Head("region", "t");
        Head("dealers");
        Head("dealers.ranked");
        Head("n");
        Head("satisfied.head");
        Head("index");
        Head("recommend");
        page.Write($"</tr></thead><tbody>");
        foreach (var group in Groups(figures))
        {
            page.Write($"<tr class=\"{(group.Name.Length == 0 ? "total" : "")}\"><th scope=\"row\" class=\"who\">");
            GroupName(group);
            page.Write($"</th>");
            Cell(Words.Number(group.Dealers));
            Cell(Words.Number(group.Ranked));
            Cells(group.Score!);
            page.Write($"</tr>");
        }

        EndTable();
    }

    private void Course(SurveyFigures figures)
    {
        page.Write($"<h3>{words["course"]}</h3>");
        var months = figures.Course;
        if (months.All(m => m.Score.CompletelySatisfied is null))
        {
            page.Write($"<p class=\"note\">{words["no_course"]}</p>");
            return;
        }

        var nation = figures.NationCourse.ToDictionary(m => m.Month, m => m.Score.CompletelySatisfied);
        var points = months.Select((m, i) => new CoursePoint(
            words.ShortMonth(m.Month), m.Month.Month == 1 || (i == 0 && m.Month.Month < 11) ? words.Year(m.Month) : "",
            m.Score.CompletelySatisfied, nation.GetValueOrDefault(m.Month)?.Value)).ToList();
        var title = words.Say(IsDealers ? "course.title.dealer" : "course.title", ("survey", words.Survey(figures.Survey)));
        var (first, last) = (months.First(m => m.Score.CompletelySatisfied is not null), months.Last(m => m.Score.CompletelySatisfied is not null));
        page.Write($"<figure><figcaption>{title}</figcaption>");
        charts.Course(
            title,
            words.Say("course.text", ("first", words.Month(first.Month)), ("from", Words.Percent(first.Score.CompletelySatisfied?.Value)), ("last", words.Month(last.Month)), ("to", Words.Percent(last.Score.CompletelySatisfied?.Value))),
            points, high: 1, height: 200);
        page.Write($"<ul class=\"legend\"><li><svg aria-hidden=\"true\"><rect class=\"range\" x=\"1\" y=\"0\" width=\"32\" height=\"14\"/><line class=\"line\" x1=\"1\" x2=\"33\" y1=\"7\" y2=\"7\"/><circle class=\"dot\" cx=\"17\" cy=\"7\" r=\"4\"/></svg>{words[IsDealers ? "legend.own" : "legend.value"]}</li>");
        if (nation.Count > 0)
        {
            page.Write($"<li><svg aria-hidden=\"true\"><line class=\"compared\" x1=\"1\" x2=\"33\" y1=\"7\" y2=\"7\"/><rect class=\"square\" x=\"14\" y=\"4\" width=\"6\" height=\"6\"/></svg>{words["nation"]}</li>");
        }

        page.Write($"</ul></figure><details class=\"data\"><summary>{words["data"]}</summary>");
        BeginTable("", title, words["scores.explained"]);
        page.Write($"<thead><tr>");
        Head("month", "t");
        Head("n");
        Head("satisfied.head");
        Head("index");
        Head("recommend");
        if (nation.Count > 0)
        {
            Head("nation.satisfied");
        }

        page.Write($"</tr></thead><tbody>");
        foreach (var m in months)
        {
            page.Write($"<tr><th scope=\"row\" class=\"v\">{words.Month(m.Month)}</th>");
            Cells(m.Score);
            if (nation.Count > 0)
            {
                Cell(nation.GetValueOrDefault(m.Month), 100);
            }

            page.Write($"</tr>");
        }

        EndTable();
        page.Write($"</details>");
        LeftOut(IsDealers && nation.Count < months.Count);
    }

    private void Rates(SurveyFigures figures)
    {
        page.Write($"<h3>{words["rates"]}</h3><p>{words["rates.read"]}</p>");
        var groups = Groups(figures).Where(g => g.Rates is not null).Select(g => (Name: g.Name.Length == 0 ? words["nation"] : PlainText.OneLine(g.Name), Rates: g.Rates!));
        if (!IsDealers)
        {
            RateTables(words.Say("rates.groups", ("survey", words.Survey(figures.Survey))), groups.ToList());
            var e = figures.Nation.Rates!;
            page.Write($"<p>{(e.EligibleShare is null ? words["e.none"] : words.Say("e.found", ("e", E(e)), ("eligible", Words.Number(e.Eligible)), ("not", Words.Number(e[OutcomeBucket.NotEligible]))))}</p>");
            if (figures.Dealers.Count > 0)
            {
                page.Write($"<details><summary>{words["rates.dealers"]}</summary>");
                RateTables(words.Say("rates.dealers.table", ("survey", words.Survey(figures.Survey))), figures.Dealers.Select(d => (NameOf(d.Dealer), d.Rates)).ToList());
                page.Write($"</details>");
            }
        }
        else
        {
            var own = OwnOf(figures)?.Rates ?? new OutcomeRates();
            RateTables(words.Say("rates.groups", ("survey", words.Survey(figures.Survey))), groups.Prepend((NameOf(report.Dealer!), own)).ToList());
            LeftOut(Groups(figures).Any(g => g.Rates is null));
            page.Write($"<p>{(own.EligibleShare is null ? words["e.none"] : words.Say("e.found", ("e", E(own)), ("eligible", Words.Number(own.Eligible)), ("not", Words.Number(own[OutcomeBucket.NotEligible]))))}</p>");
        }
    }

    private void RateTables(string caption, IReadOnlyList<(string Name, OutcomeRates Rates)> lines)
    {
        BeginTable("tight stick", words.Say("rates.counts", ("what", caption)), words["rates.counts.explained"]);
        page.Write($"<thead><tr>");
        Head("whose", "t");
        foreach (var bucket in Enum.GetValues<OutcomeBucket>())
        {
            var code = CsvReport.Name(bucket);
            page.Write($"<th scope=\"col\">{words[$"bucket.{code}"]}</th>");
        }

        page.Write($"<th scope=\"col\">e</th></tr></thead><tbody>");
        foreach (var (name, rates) in lines)
        {
            page.Write($"<tr><th scope=\"row\" class=\"who\"><bdi>{name}</bdi></th>");
            foreach (var bucket in Enum.GetValues<OutcomeBucket>())
            {
                Cell(Words.Number(rates[bucket]));
            }

            Cell(E(rates));
            page.Write($"</tr>");
        }

        EndTable();
        BeginTable("tight stick", words.Say("rates.percent", ("what", caption)), words["rates.percent.explained"]);
        page.Write($"<thead><tr>");
        Head("whose", "t");
        foreach (var (name, _) in CsvReport.AaporRates)
        {
            page.Write($"<th scope=\"col\">{name}</th>");
        }

        Head("trade");
        page.Write($"</tr></thead><tbody>");
        foreach (var (who, rates) in lines)
        {
            page.Write($"<tr><th scope=\"row\" class=\"who\"><bdi>{who}</bdi></th>");
            foreach (var (_, rate) in CsvReport.AaporRates)
            {
                Cell(Words.Hundredths(rate(rates)));
            }

            Cell(Words.Hundredths(rates.TradeRate));
            page.Write($"</tr>");
        }

        EndTable();
    }
}
