using Survey.Domain;

namespace SurveyDispatcher.Reports;

/// <content>What the dealers' systems sent, and what of it stands out.</content>
public sealed partial class HtmlReport
{
    private static readonly string[] ToMend =
        [QualitySigns.Rejected, QualitySigns.NoEmail, QualitySigns.Placeholder, QualitySigns.NoPhone, QualitySigns.Bounced];

    private void Quality()
    {
        page.Write($"\n<h2 class=\"new\" id=\"quality\">{words["quality"]}</h2><p>{words["quality.read"]}</p>");
        if (report.Quality.Count == 0)
        {
            page.Write($"<p class=\"note\">{words["quality.none"]}</p>");
            return;
        }

        QualityTable();
        page.Write($"<h3>{words["signs"]}</h3><p>{words["signs.read"]}</p>");
        if (report.Quality.All(q => q.Signs.Count == 0))
        {
            page.Write($"<p class=\"note\">{words["signs.none"]}</p>");
            return;
        }

        Signs("signs.mend", s => ToMend.Contains(s.Code));
        Signs("signs.look", s => !ToMend.Contains(s.Code));
    }

    private void QualityTable()
    {
        BeginTable("stick", words["quality.table"], words["quality.explained"]);
        page.Write($"<thead><tr>");
        Head("dealer", "t");
        Head("source", "t");
        Head("new");
        Head("rejected", "t");
        Head("screened", "t");
        Head("email");
        Head("phone");
        Head("bounced");
        page.Write($"</tr></thead><tbody>");
        foreach (var q in report.Quality)
        {
            page.Write($"<tr><th scope=\"row\" class=\"who\">");
            if (q.Dealer.Code.Length == 0)
            {
                page.Write($"{words["quality.nobody"]}");
            }
            else
            {
                page.Write($"<bdi>{NameOf(q.Dealer)}</bdi> <small>{PlainText.OneLine(q.Dealer.Code)}</small>");
            }

            page.Write($"</th><td class=\"t\">{(q.Source.Length > 0 ? q.Source : Words.Nothing)}</td>");
            Cell(Words.Number(q.New));
            Reasons("fault", q.Rejected);
            Reasons("reason", q.ScreenedOut);
            Share(q.EmailUsable, q.New);
            Share(q.PhoneUsable, q.New);
            Share(q.Bounced, q.Mailed);
            page.Write($"</tr>");
        }

        EndTable();
    }

    private void Reasons(string family, IReadOnlyDictionary<string, long> reasons)
    {
        page.Write($"<td class=\"t\">{Words.Number(reasons.Values.Sum())}");
        foreach (var (code, count) in reasons.Where(r => r.Value > 0).OrderByDescending(r => r.Value).ThenBy(r => r.Key, StringComparer.Ordinal))
        {
            page.Write($" <small>{words.Say("reason_is", ("reason", words.Code(family, code)), ("count", Words.Number(count)))}</small>");
        }

        page.Write($"</td>");
    }

    private void Share(long count, long of)
    {
        if (of == 0)
        {
            Cell(Words.Nothing);
        }
        else
        {
            page.Write($"<td>{Words.Percent((double)count / of)} <small>{words.Say("count_of", ("count", Words.Number(count)), ("of", Words.Number(of)))}</small></td>");
        }
    }

    private void Signs(string title, Func<QualitySign, bool> kind)
    {
        var lines = report.Quality.Where(q => q.Signs.Any(kind)).ToList();
        if (lines.Count == 0)
        {
            return;
        }

        page.Write($"<h4>{words[title]}</h4><p>{words[$"{title}.read"]}</p><ul class=\"signs\">");
        foreach (var q in lines)
        {
            foreach (var sign in q.Signs.Where(kind))
            {
                page.Write($"<li><b><bdi>{NameOf(q.Dealer)}</bdi></b>{(sign.Source.Length > 0 ? $" ({sign.Source})" : "")}: {Evidence(sign)}</li>");
            }
        }

        page.Write($"</ul>");
    }

    private string Evidence(QualitySign sign)
    {
        var what = words.Code("sign", sign.Code);
        var said = words.Say(
            sign.PeerShare is null ? "sign.alone" : "sign.compared",
            ("what", what), ("share", Words.Percent(sign.Share)), ("count", Words.Number(sign.Count)), ("of", Words.Number(sign.Of)),
            ("peers", Words.Percent(sign.PeerShare)), ("chance", words.Chance(sign.Chance)));
        return sign.Detail.Length > 0 ? words.Say("sign.detail", ("said", said), ("detail", PlainText.OneLine(sign.Detail))) : said;
    }
}
