using System.Globalization;
using Survey.Domain;

namespace SurveyDispatcher.Reports;

/// <summary>A column of a table, and what stands in it.</summary>
/// <param name="Name">Of the column.</param>
/// <param name="Meaning">For the codebook: Markdown.</param>
/// <param name="IsNumber">Numbers are written as they are: a minus is no formula, and a cell of a column of numbers never comes from outside.</param>
public sealed record ReportColumn(string Name, string Meaning, bool IsNumber = false);

/// <summary>A table of a report: one file.</summary>
/// <param name="Name">The file's name without its ending.</param>
/// <param name="Columns">In order.</param>
/// <param name="Rows">Cells in the columns' order; null is an empty cell: nothing can be said.</param>
public sealed record ReportTable(string Name, IReadOnlyList<ReportColumn> Columns, IEnumerable<string?[]> Rows);

/// <summary>The figures of a report as tidy tables: one row a thing, one column a property, numbers unrounded and without units (docs/reports.md).</summary>
public static class CsvReport
{
    private static readonly ReportColumn Survey = new("survey", "`sales` or `service`");

    private static readonly ReportColumn[] OfLevel =
    [
        new("level", "`nation`, `region` or `dealer`"), new("key", "the market's code, the region's name, or the dealer's code"), Survey,
    ];

    private static readonly ReportColumn[] OfScore =
    [
        Figure("responses", "complete responses that count"), Figure("n_overall", "those that answered `overall`: the base of the next six columns"),
        Figure("satisfied", "completely satisfied, 0 to 1"), Figure("satisfied_low", "lower end of its 95 % interval"), Figure("satisfied_high", "upper end"),
        Figure("index", "0 to 100"), Figure("index_low", "lower end of its 95 % interval"), Figure("index_high", "upper end"),
        Figure("n_recommend", "those that answered `recommend`: the base of the next three columns"),
        Figure("recommend", "in points, -100 to 100"), Figure("recommend_low", "lower end of its 95 % interval"), Figure("recommend_high", "upper end"),
    ];

    private static readonly OutcomeBucket[] Buckets = Enum.GetValues<OutcomeBucket>();

    /// <summary>The AAPOR rates by their names, in the order of the Standard Definitions.</summary>
    internal static IReadOnlyList<(string Name, Func<OutcomeRates, double?> Rate)> AaporRates { get; } =
    [
        .. Enumerable.Range(1, 6).Select(n => ($"RR{n}", (Func<OutcomeRates, double?>)(r => r.ResponseRate(n)))),
        .. Enumerable.Range(1, 4).Select(n => ($"COOP{n}", (Func<OutcomeRates, double?>)(r => r.CooperationRate(n)))),
        .. Enumerable.Range(1, 3).Select(n => ($"REF{n}", (Func<OutcomeRates, double?>)(r => r.RefusalRate(n)))),
        .. Enumerable.Range(1, 3).Select(n => ($"CON{n}", (Func<OutcomeRates, double?>)(r => r.ContactRate(n)))),
    ];

    /// <summary>The tables of a report. Rows are made while they are read.</summary>
    public static IReadOnlyList<ReportTable> Tables(Report report) =>
    [
        new("scores", [
            .. OfLevel, new("name", "the dealer's name, else empty"), new("region", "the dealer's region, else empty"), .. OfScore,
            Figure("rank", "a dealer's rank in the market; empty: too few to be ranked"), Figure("rank_best", "the best of the ranks he might as well have, 95 %"), Figure("rank_worst", "the worst of them"),
            Figure("block", "dealers of one block can't be told apart from its first"),
            Figure("region_rank", "his rank in his region"), Figure("region_rank_best", "the best of the ranks he might as well have there"), Figure("region_rank_worst", "the worst of them"),
        ], Scores(report)),
        new("rates", [
            .. OfLevel, .. Buckets.Select(b => Figure(Name(b), $"cases: {Meaning(b)}")), Figure("e", "estimated eligible share of the unknown"),
            new("e_basis", "how e was found"), .. AaporRates.Select(r => Figure(r.Name.ToLowerInvariant(), $"AAPOR's {r.Name}, 0 to 1")),
            Figure("trade_rate", "done / (dispatched - bounced - screened out), 0 to 1: the trade's own, no AAPOR rate"),
        ], Rates(report)),
        new("course", [
            new("level", "`nation` or `dealer`"), new("key", "the market's code, or the dealer's code"), Survey, new("month", "of the event: `2026-02`"), .. OfScore,
        ], Course(report)),
        new("problems", [
            Survey, new("week", "ISO 8601: `2026-W09`"), new("question", "the item"), Figure("place", "its place in the list of the last week, from 1"), Figure("responses", "customers reached in the week"),
            Figure("problems", "answers that are a problem"), Figure("answered", "answers to the item"), Figure("of_reached", "problems / responses, 0 to 1"),
            Figure("of_reached_low", "lower end of its 95 % interval; in the last week empty for an item without a course"), Figure("of_reached_high", "upper end"),
            Figure("of_problems", "share of all problems of the week; for the last week only, as all that follow"), Figure("cumulative", "the same, of this item and all before it"),
            Figure("now", "problems / answered"), Figure("before", "the same, of the three weeks before taken together"), Figure("p", "Fisher's exact test, two-sided"), Figure("p_adjusted", "Benjamini-Hochberg"),
            new("more_than_chance", "`Y` or `N`"),
        ], Problems(report)),
        new("quality", [
            new("dealer_code", "the dealer; empty: rows that don't say whose they are, or can't be read"),
            new("source", "the dealer system, by the name of its description; empty: all of the dealer's together"), new("measure", "`new`, `rejected`, `screened_out`, `email_given`, `email_usable`, `email_placeholder`, `phone_given`, `phone_usable`, `mailed` or `bounced`"),
            new("reason", "of `rejected` and `screened_out`; empty: the total"), Figure("count", "how many"), Figure("of", "out of how many; empty where it is no share"),
        ], Quality(report)),
        new("signs", [
            new("dealer_code", "the dealer"), new("source", "the system that it is about; empty: the dealer, whichever of his systems sent it"), new("sign", "what stands out"), Figure("count", "how many of his"), Figure("of", "out of how many"), Figure("share", "the same, 0 to 1"),
            Figure("peer_count", "of all other dealers of the market together; in a dealer's own report empty, as all that follows from it, where there is only one other"), Figure("peer_of", "out of how many"), Figure("peer_share", "the same, 0 to 1"),
            Figure("chance", "Fisher's exact test, two-sided; of `own_domain` times the number of domains tried"),
            Figure("adjusted", "the same, adjusted for all that was compared (Benjamini-Hochberg): below 0.05"), new("detail", "the evidence that can be shown"),
        ], Signs(report)),
    ];

    /// <summary>AAPOR's letters for a group of dispositions.</summary>
    internal static string Name(OutcomeBucket bucket) => bucket switch
    {
        OutcomeBucket.Complete => "i",
        OutcomeBucket.Partial => "p",
        OutcomeBucket.Refusal => "r",
        OutcomeBucket.NonContact => "nc",
        OutcomeBucket.Other => "o",
        OutcomeBucket.UnknownHousehold => "uh",
        OutcomeBucket.UnknownOther => "uo",
        OutcomeBucket.NotEligible => "not_eligible",
        _ => throw new ArgumentOutOfRangeException(nameof(bucket), bucket, "Unknown bucket."),
    };

    private static string Meaning(OutcomeBucket bucket) => bucket switch
    {
        OutcomeBucket.Complete => "complete",
        OutcomeBucket.Partial => "partial",
        OutcomeBucket.Refusal => "refusal and break-off",
        OutcomeBucket.NonContact => "non-contact",
        OutcomeBucket.Other => "other, eligible",
        OutcomeBucket.UnknownHousehold => "unknown if eligible, nothing known",
        OutcomeBucket.UnknownOther => "unknown, other",
        OutcomeBucket.NotEligible => "not eligible, outside every rate",
        _ => throw new ArgumentOutOfRangeException(nameof(bucket), bucket, "Unknown bucket."),
    };

    private static ReportColumn Figure(string name, string meaning) => new(name, meaning, IsNumber: true);

    private static IEnumerable<string?[]> Scores(Report report)
    {
        foreach (var figures in report.Surveys)
        {
            var survey = figures.Survey.Code();
            foreach (var group in Groups(figures).Where(g => g.Score is not null))
            {
                yield return [.. Level(report, group), survey, null, null, .. Of(group.Score!), null, null, null, null, null, null, null];
            }

            foreach (var d in figures.Dealers)
            {
                yield return
                [
                    "dealer", d.Dealer.Code, survey, Text(d.Dealer.Name), Text(d.Dealer.Region), .. Of(d.Score), .. Of(d.InNation), Count(d.InNation.Block),
                    .. d.InRegion is { } region ? Of(region) : [null, null, null],
                ];
            }
        }
    }

    private static IEnumerable<string?[]> Rates(Report report)
    {
        foreach (var figures in report.Surveys)
        {
            var lines = Groups(figures).Where(g => g.Rates is not null).Select(g => (Level: Level(report, g), Rates: g.Rates!))
                .Concat(figures.Dealers.Select(d => (Level: new[] { "dealer", d.Dealer.Code }, d.Rates)));
            foreach (var (level, rates) in lines)
            {
                yield return
                [
                    .. level, figures.Survey.Code(), .. Buckets.Select(b => Count(rates[b])), Number(rates.EligibleShare),
                    rates.EligibleShare is null ? null : $"E / (E + not eligible) = {Count(rates.Eligible)} / ({Count(rates.Eligible)} + {Count(rates[OutcomeBucket.NotEligible])})",
                    .. AaporRates.Select(r => Number(r.Rate(rates))), Number(rates.TradeRate),
                ];
            }
        }
    }

    private static IEnumerable<string?[]> Course(Report report)
    {
        foreach (var figures in report.Surveys)
        {
            foreach (var m in report.Dealer is null ? figures.Course : figures.NationCourse)
            {
                yield return ["nation", report.Market, figures.Survey.Code(), Month(m.Month), .. Of(m.Score)];
            }

            foreach (var m in report.Dealer is null ? [] : figures.Course)
            {
                yield return ["dealer", report.Dealer!.Code, figures.Survey.Code(), Month(m.Month), .. Of(m.Score)];
            }
        }
    }

    private static IEnumerable<string?[]> Problems(Report report)
    {
        foreach (var figures in report.Surveys)
        {
            var survey = figures.Survey.Code();
            var (last, lines) = (figures.Problems?.Week, figures.Problems?.Lines ?? []);
            var courses = figures.ItemCourses.ToDictionary(c => c.Question, c => c.Weeks, StringComparer.Ordinal);
            foreach (var (i, line) in lines.Index())
            {
                var weeks = courses.GetValueOrDefault(line.Question) ?? [];
                foreach (var w in weeks.Where(w => w.Week != last))
                {
                    yield return
                    [
                        survey, w.Week.ToString(), line.Question, Count(i + 1), Count(w.Responses), Count(w.Count.Problems), Count(w.Count.Answered),
                        .. Of(w.OfReached), null, null, null, null, null, null, null,
                    ];
                }

                var interval = weeks.FirstOrDefault(w => w.Week == last)?.OfReached?.Interval;
                var m = line.Movement;
                yield return
                [
                    survey, last.ToString(), line.Question, Count(i + 1), Count(figures.Problems!.Responses), Count(line.Count.Problems), Count(line.Count.Answered),
                    Number(line.OfReached), Number(interval?.Low), Number(interval?.High), Number(line.OfProblems), Number(line.Cumulative),
                    Number(line.Now), Number(line.Before), Number(m?.Chance), Number(m?.Adjusted), m is null ? null : m.IsMoreThanChance ? "Y" : "N",
                ];
            }
        }
    }

    private static IEnumerable<string?[]> Quality(Report report)
    {
        foreach (var q in report.Quality)
        {
            string?[] Row(string measure, string? reason, long count, long? of) => [q.Dealer.Code, q.Source, measure, reason, Count(count), Count(of)];

            yield return Row("new", null, q.New, null);
            yield return Row("rejected", null, q.Rejected.Values.Sum(), null);
            foreach (var (reason, count) in q.Rejected.OrderBy(r => r.Key, StringComparer.Ordinal))
            {
                yield return Row("rejected", reason, count, null);
            }

            yield return Row("screened_out", null, q.ScreenedOut.Values.Sum(), q.New);
            foreach (var (reason, count) in q.ScreenedOut.OrderBy(r => r.Key, StringComparer.Ordinal))
            {
                yield return Row("screened_out", reason, count, q.New);
            }

            yield return Row("email_given", null, q.EmailGiven, q.New);
            yield return Row("email_usable", null, q.EmailUsable, q.New);
            yield return Row("email_placeholder", null, q.EmailPlaceholder, q.New);
            yield return Row("phone_given", null, q.PhoneGiven, q.New);
            yield return Row("phone_usable", null, q.PhoneUsable, q.New);
            yield return Row("mailed", null, q.Mailed, null);
            yield return Row("bounced", null, q.Bounced, q.Mailed);
        }
    }

    private static IEnumerable<string?[]> Signs(Report report) =>
        from q in report.Quality
        from s in q.Signs
        let told = s.PeerOf > 0
        select new[]
        {
            q.Dealer.Code, Text(s.Source), s.Code, Count(s.Count), Count(s.Of), Number(s.Share),
            told ? Count(s.PeerCount) : null, told ? Count(s.PeerOf) : null, Number(s.PeerShare), told ? Number(s.Chance) : null, told ? Number(s.Adjusted) : null, Text(s.Detail),
        };

    private static IEnumerable<Group> Groups(SurveyFigures figures) => figures.Regions.Prepend(figures.Nation);

    private static string[] Level(Report report, Group group) => group.Name.Length == 0 ? ["nation", report.Market] : ["region", group.Name];

    private static string?[] Of(Score s) =>
        [Count(s.Responses), Count(s.WithOverall), .. Of(s.CompletelySatisfied), .. Of(s.Index), Count(s.WithRecommend), .. Of(s.Recommend)];

    private static string?[] Of(Estimate? e) => [Number(e?.Value), Number(e?.Interval?.Low), Number(e?.Interval?.High)];

    private static string?[] Of(Standing s) => [Count(s.Rank), Count(s.Likely?.Best), Count(s.Likely?.Worst)];

    private static string? Text(string text) => text.Length == 0 ? null : text;

    private static string Month(DateOnly month) => month.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    private static string? Count(long? count) => count?.ToString(CultureInfo.InvariantCulture);

    /// <summary>Six places say all that a sample of any size can; without an exponent every program reads them.</summary>
    private static string? Number(double? number) => number?.ToString("0.######", CultureInfo.InvariantCulture);
}
