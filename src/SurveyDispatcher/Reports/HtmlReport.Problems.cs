using System.Globalization;
using Survey.Domain;

namespace SurveyDispatcher.Reports;

/// <content>What customers were unhappy about in the last week of the period.</content>
public sealed partial class HtmlReport
{
    private void Problems(SurveyFigures figures)
    {
        page.Write($"<h3>{words["problems"]}</h3>");
        if (figures.Problems is not { } sheet)
        {
            page.Write($"<p class=\"note\">{words[report.Week is null ? "problems.no_week" : "problems.none"]}</p>");
            return;
        }

        page.Write($"<p>{words.Say("problems.week", ("week", words.Week(sheet.Week)), ("responses", Words.Number(sheet.Responses)), ("problems", Words.Number(sheet.Problems)))}</p><p>{words["problems.read"]}</p>");
        Pareto(figures, sheet);
        ProblemTable(figures, sheet);
        ItemCourses(figures);
    }

    private void Pareto(SurveyFigures figures, ProblemSheet sheet)
    {
        var bars = sheet.Lines.Where(l => l.Count.Problems > 0)
            .Select(l => (words.ItemName(figures.Questionnaire, l.Question), l.Count.Problems, l.OfProblems ?? 0, l.Cumulative ?? 0)).ToList();
        if (bars.Count == 0)
        {
            page.Write($"<p class=\"note\">{words[sheet.Responses == 0 ? "problems.nobody" : "problems.zero"]}</p>");
            return;
        }

        var title = words.Say("pareto.title", ("survey", words.Survey(figures.Survey)), ("week", words.ShortWeek(sheet.Week)));
        page.Write($"<figure><figcaption>{title}</figcaption>");
        charts.Pareto(title, words.Say("pareto.text", ("item", bars[0].Item1), ("count", Words.Number(bars[0].Problems)), ("share", Words.Percent(bars[0].Item3))), bars);
        page.Write($"<ul class=\"legend\"><li><svg aria-hidden=\"true\"><rect class=\"bar\" x=\"1\" y=\"1\" width=\"32\" height=\"12\"/></svg>{words["of_problems"]}</li>");
        page.Write($"<li><svg aria-hidden=\"true\"><line class=\"sum\" x1=\"1\" x2=\"33\" y1=\"7\" y2=\"7\"/><circle class=\"sumdot\" cx=\"17\" cy=\"7\" r=\"3\"/></svg>{words["cumulative"]}</li></ul></figure>");
    }

    private void ProblemTable(SurveyFigures figures, ProblemSheet sheet)
    {
        BeginTable("", words.Say("problems.table", ("survey", words.Survey(figures.Survey)), ("week", words.ShortWeek(sheet.Week))), words["problems.explained"]);
        page.Write($"<thead><tr>");
        Head("number");
        Head("item", "t");
        Head("count");
        Head("answered");
        Head("of_problems");
        Head("cumulative");
        Head("of_reached");
        Head("movement", "t moved");
        page.Write($"</tr></thead><tbody>");
        foreach (var (i, line) in sheet.Lines.Index())
        {
            page.Write($"<tr><td>{i + 1}</td><th scope=\"row\" class=\"words\">");
            if (words.HasItemName(line.Question))
            {
                page.Write($"{words.ItemName(figures.Questionnaire, line.Question)} <small class=\"wording\">{words.Wording(figures.Questionnaire, line.Question)}</small></th>");
            }
            else
            {
                page.Write($"{words.Wording(figures.Questionnaire, line.Question)}</th>");
            }

            Cell(Words.Number(line.Count.Problems));
            Cell(Words.Number(line.Count.Answered));
            Cell(Words.Hundredths(line.OfProblems));
            Cell(Words.Hundredths(line.Cumulative));
            Cell(Words.Hundredths(line.OfReached));
            page.Write($"<td class=\"t\">");
            Movement(line);
            page.Write($"</td></tr>");
        }

        EndTable();
    }

    private void Movement(ProblemLine line)
    {
        var (now, before) = (("now", Words.Percent(line.Now)), ("before", Words.Percent(line.Before)));
        if (line.Movement is { } m)
        {
            page.Write($"{words[!m.IsMoreThanChance ? "movement.none" : m.IsWorse ? "movement.worse" : "movement.better"]} ");
            page.Write($"<small>{words.Say("movement.now", now, before, ("p", P(m.Adjusted)))}</small>");
            return;
        }

        page.Write($"{Words.Nothing}");
        if (line.Now is not null || line.Before is not null)
        {
            page.Write($" <small>{words.Say("movement.apart", now, before)}</small>");
        }
    }

    private static string P(double p) => p < 0.001 ? "< 0.001" : "= " + p.ToString("0.000", CultureInfo.InvariantCulture);

    private void ItemCourses(SurveyFigures figures)
    {
        var items = figures.ItemCourses;
        if (items.Count == 0)
        {
            return;
        }

        var top = items.SelectMany(i => i.Weeks).Max(w => w.OfReached is { } e ? e.Interval?.High ?? e.Value : 0);
        var high = Math.Max(0.2, Math.Ceiling(top * 10) / 10);
        page.Write($"<h4>{words["items.title"]}</h4><p>{words["items.read"]}</p><div class=\"several\">");
        foreach (var item in items)
        {
            var name = words.ItemName(figures.Questionnaire, item.Question);
            page.Write($"<figure><figcaption>{name}</figcaption>");
            charts.Course(
                words.Say("items.chart", ("item", name)), words["items.text"],
                [.. item.Weeks.Select(w => new CoursePoint(words.ShortWeek(w.Week), "", w.OfReached, null))], high, height: 96);
            page.Write($"</figure>");
        }

        page.Write($"</div><details class=\"data\"><summary>{words["data"]}</summary>");
        BeginTable("", words["items.title"], words["items.explained"]);
        page.Write($"<thead><tr>");
        Head("item", "t");
        foreach (var week in items[0].Weeks)
        {
            page.Write($"<th scope=\"col\">{words.ShortWeek(week.Week)}</th>");
        }

        page.Write($"</tr></thead><tbody>");
        foreach (var item in items)
        {
            page.Write($"<tr><th scope=\"row\" class=\"who\">{words.ItemName(figures.Questionnaire, item.Question)}</th>");
            foreach (var week in item.Weeks)
            {
                page.Write($"<td>{(week.OfReached is { } e ? Words.Hundredths(e.Value) : Words.Nothing)}");
                if (week.OfReached is { Interval: { } interval })
                {
                    page.Write($" <small>{words.Range(interval, 100)}</small> <small>{words.Say("count_of", ("count", Words.Number(week.Count.Problems)), ("of", Words.Number(week.Responses)))}</small>");
                }

                page.Write($"</td>");
            }

            page.Write($"</tr>");
        }

        EndTable();
        page.Write($"</details>");
    }
}
