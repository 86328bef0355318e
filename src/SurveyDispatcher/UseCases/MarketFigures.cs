using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Reports;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>The days that a report of a market is about.</summary>
/// <param name="Period">The months of the events.</param>
/// <param name="AsOf">The day of the last cycle in the market.</param>
internal sealed record ReportedDays(Period Period, DateOnly AsOf)
{
    /// <summary>Months of a score's course.</summary>
    public const int CourseMonths = 12;

    private const int WeeksOfProblems = 4;

    /// <summary>The first day of the course, which ends with the period.</summary>
    public DateOnly CourseFrom { get; } = new DateOnly(Period.To.Year, Period.To.Month, 1).AddMonths(1 - CourseMonths);

    /// <summary>The week of the problem sheet: the last that ended in the period, and before the last cycle's day, which need not be over itself.</summary>
    public IsoWeek? Week { get; } = LastFullWeek(Period, AsOf.AddDays(-1));

    /// <summary>The place of a month in the course; null for one outside.</summary>
    public int? MonthOf(DateOnly day) => (12 * (day.Year - CourseFrom.Year)) + day.Month - CourseFrom.Month is >= 0 and < CourseMonths and var month ? month : null;

    /// <summary>Whether problems that were reported on a day are shown.</summary>
    public bool HasProblemsOf(DateOnly day) => Week is { } last && day <= last.Sunday && day >= last.Plus(1 - WeeksOfProblems).Monday;

    private static IsoWeek? LastFullWeek(Period period, DateOnly over)
    {
        var last = IsoWeek.Of((over < period.To ? over : period.To).AddDays(1)).Plus(-1);
        return last.Sunday >= period.From ? last : null;
    }
}

/// <summary>A dealer, and one of the two surveys.</summary>
internal readonly record struct DealerSurvey(SurveyKind Survey, string Dealer);

/// <summary>Everything that reports tell of one market: read once (<see cref="FiguresReader"/>), then told to each of its dealers.</summary>
internal sealed class MarketFigures
{
    private const int LeadingItems = 4;
    private const uint OfNation = 1;
    private const uint OfRegion = 2;

    private static readonly Func<ScoreTally, long>[] Measures = [t => t.Responses, t => t.WithOverall, t => t.WithRecommend];

    private readonly PipelineConfig config;
    private readonly ReportedDays days;
    private readonly TimeZoneInfo zone;
    private readonly Dictionary<SurveyKind, SortedDictionary<string, DealerSums>> dealers = [];
    private readonly Dictionary<string, DealerName> names = new(StringComparer.Ordinal);
    private readonly Dictionary<SurveyKind, RankedSurvey> ranked = [];
    private IReadOnlyList<QualityLine> quality = [];

    public MarketFigures(PipelineConfig config, Market market, ReportedDays days)
    {
        (this.config, this.days, Market, zone) = (config, days, market, Instants.Zone(market));
        foreach (var survey in Enum.GetValues<SurveyKind>().Where(s => market.Policy(s) is not null))
        {
            dealers.Add(survey, new SortedDictionary<string, DealerSums>(StringComparer.Ordinal));
        }
    }

    public Market Market { get; }

    /// <summary>The dealers that have anything in the period: a case, or something that was received.</summary>
    public IEnumerable<DealerName> Dealers => dealers.Keys.SelectMany(Listed).Select(d => d.Key).Concat(quality.Select(q => q.Dealer.Code).Where(c => c.Length > 0)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(NameOf);

    /// <summary>What a dealer is called.</summary>
    public void Name(DealerName name) => names[name.Code] = name;

    /// <summary>How a dealer is called.</summary>
    public DealerName NameOf(string code) => names.GetValueOrDefault(code) ?? new DealerName(code, "", "");

    /// <summary>What is counted of a dealer and a survey that the market offers.</summary>
    public DealerSums SumsOf(DealerSurvey of)
    {
        if (!dealers[of.Survey].TryGetValue(of.Dealer, out var sums))
        {
            dealers[of.Survey].Add(of.Dealer, sums = new DealerSums());
        }

        return sums;
    }

    /// <summary>Counts a complete response, where it belongs to the days that are reported.</summary>
    /// <param name="of">Whose it is.</param>
    /// <param name="eventDate">Of its case.</param>
    /// <param name="completedAt">In ticks of UTC.</param>
    /// <param name="form">What the answers are to.</param>
    /// <param name="answers">Its answers.</param>
    public void Add(DealerSurvey of, DateOnly eventDate, long completedAt, AnsweredForm form, AnswerCells answers)
    {
        var (overall, recommend) = form.Scores(answers);
        if (days.Period.Has(eventDate))
        {
            SumsOf(of).Tally.Add(overall, recommend);
        }

        if (days.MonthOf(eventDate) is { } month)
        {
            (SumsOf(of).Months[month] ??= new ScoreTally()).Add(overall, recommend);
        }

        var completedOn = DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(new DateTime(completedAt, DateTimeKind.Utc), zone));
        if (days.HasProblemsOf(completedOn))
        {
            form.AddProblems(SumsOf(of).Problems, IsoWeek.Of(completedOn), answers);
        }
    }

    /// <summary>Everything has been counted: ranks the dealers.</summary>
    public void Finish(IReadOnlyList<QualityLine> lines)
    {
        quality = lines;
        foreach (var survey in dealers.Keys)
        {
            ranked.Add(survey, Rank(survey));
        }
    }

    /// <summary>The market's report.</summary>
    public Report OfMarket() => Report(null, [.. dealers.Keys.Select(survey =>
    {
        var all = dealers[survey].Values;
        return Figures(
            survey, GroupOf("", Listed(survey), withScore: true, withRates: true),
            [.. Listed(survey).GroupBy(d => NameOf(d.Key).Region, StringComparer.Ordinal).Where(g => g.Key.Length > 0).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => GroupOf(g.Key, g, withScore: true, withRates: true))],
            [.. ranked[survey].Standings.Select(s => Dealer(survey, s))], [], Course(all), [], all);
    })], quality);

    /// <summary>A dealer's own report: of the others no name, the scores of those who are ranked if they are several, and no sum that would tell of one of them.</summary>
    public Report OfDealer(string code) => Report(NameOf(code), [.. dealers.Keys.Select(survey =>
    {
        var (all, name) = (ranked[survey], NameOf(code));
        List<DealerSums> own = dealers[survey].GetValueOrDefault(code) is { } sums ? [sums] : [];
        var others = all.Standings.Where(s => s.Rank is not null && s.Key != code).Select(s => all.Scores[s.Key]).ToList();
        var (scores, rates) = SumsShownTo(survey, name);
        var region = Listed(survey).Where(d => NameOf(d.Key).Region == name.Region).ToList();
        return Figures(
            survey, GroupOf("", Listed(survey), (scores & OfNation) != 0, (rates & OfNation) != 0),
            name.Region.Length > 0 && region.Count > 0 ? [GroupOf(name.Region, region, (scores & OfRegion) != 0, (rates & OfRegion) != 0)] : [],
            [.. all.Standings.Where(s => s.Key == code).Select(s => Dealer(survey, s))], others.Count > 1 ? others : [],
            Course(own), [.. Course(dealers[survey].Values).Where((_, month) => (scores & OfMonth(month)) != 0)], own);
    })], [.. quality.Where(q => q.Dealer.Code == code).Select(q => q with { Signs = [.. q.Signs.Select(s => s.ForTheDealer())] })]);

    private static uint OfMonth(int month) => OfRegion << (ReportedDays.CourseMonths - month); // the newest first

    private Report Report(DealerName? dealer, IReadOnlyList<SurveyFigures> surveys, IReadOnlyList<QualityLine> lines) =>
        new(Market.Code, Market.Name, dealer, days.Period, days.AsOf, days.Week, config.Programme.MinimumResponses, surveys, lines);

    private SurveyFigures Figures(
        SurveyKind survey, Group nation, IReadOnlyList<Group> regions, IReadOnlyList<DealerFigures> shown, IReadOnlyList<Score> others, IReadOnlyList<MonthFigures> course,
        IReadOnlyList<MonthFigures> nationCourse, IReadOnlyCollection<DealerSums> ofProblems)
    {
        var questionnaire = config.Questionnaires.InForce(survey, days.Week?.Sunday ?? days.Period.To);
        var problems = new ProblemTally();
        foreach (var sums in ofProblems)
        {
            problems.Add(sums.Problems);
        }

        var sheet = days.Week is { } week && problems.Weeks.Count > 0 ? ProblemSheet.Of(problems, questionnaire, week) : null;
        return new SurveyFigures(
            survey, questionnaire, nation, regions, shown, others, course, nationCourse, sheet,
            [.. (sheet?.Lines ?? []).Where(l => l.Count.Problems > 0).Take(LeadingItems).Select(l => new ItemCourse(l.Question, ProblemSheet.Course(problems, l.Question, sheet!.Week)))]);
    }

    /// <summary>Those who have a case in the period. Others may have answers to older ones.</summary>
    private IEnumerable<KeyValuePair<string, DealerSums>> Listed(SurveyKind survey) => dealers[survey].Where(d => d.Value.HasCase);

    /// <summary>Which scores and which rates a dealer may see of the nation, its months and his region. A dealer is in a score if he has an answer that it is out of, in rates if he has an ended case.</summary>
    private (uint Scores, uint Rates) SumsShownTo(SurveyKind survey, DealerName reader)
    {
        var others = dealers[survey].Where(d => d.Key != reader.Code).Select(d => (d.Key, d.Value, Groups: OfNation | (reader.Region.Length > 0 && NameOf(d.Key).Region == reader.Region ? OfRegion : 0))).ToList();
        var scores = Measures.Select(measure => others.SelectMany(o => Parts(o.Key, o.Value, o.Groups, measure)).ToList()).ToList();
        var rates = others.Where(o => o.Value.Rates is var r && r.Eligible + r.Unknown + r[OutcomeBucket.NotEligible] > 0).Select(o => new Part(o.Key, o.Groups)).ToList();
        return (Disclosure.Shown(2 + ReportedDays.CourseMonths, scores), Disclosure.Shown(2, [rates]));
    }

    /// <summary>A dealer's months, and what he has in the period before them.</summary>
    private IEnumerable<Part> Parts(string code, DealerSums sums, uint groups, Func<ScoreTally, long> measure)
    {
        var before = measure(sums.Tally);
        foreach (var (month, tally) in sums.Months.Index())
        {
            if (tally is not null && measure(tally) is > 0 and var count)
            {
                var inPeriod = days.Period.Has(days.CourseFrom.AddMonths(month));
                before -= inPeriod ? count : 0;
                yield return new Part(code, OfMonth(month) | (inPeriod ? groups : 0));
            }
        }

        if (before > 0)
        {
            yield return new Part(code, groups);
        }
    }

    private Group GroupOf(string name, IEnumerable<KeyValuePair<string, DealerSums>> of, bool withScore, bool withRates)
    {
        var (tally, rates, count, rankedOnes) = (new ScoreTally(), new OutcomeRates(), 0, 0);
        foreach (var (_, sums) in of)
        {
            tally.Add(sums.Tally);
            rates.Add(sums.Rates);
            count += sums.Tally.Responses > 0 ? 1 : 0;
            rankedOnes += sums.Tally.WithOverall >= config.Programme.MinimumResponses ? 1 : 0;
        }

        return new Group(name, withScore ? Score.Of(tally) : null, withRates ? rates : null, count, rankedOnes);
    }

    private DealerFigures Dealer(SurveyKind survey, Standing standing) => new(
        NameOf(standing.Key), ranked[survey].Scores[standing.Key], standing, ranked[survey].InRegion.GetValueOrDefault(standing.Key), dealers[survey][standing.Key].Rates);

    private RankedSurvey Rank(SurveyKind survey)
    {
        var contenders = Listed(survey).Select(d => new Contender(d.Key, d.Value.Tally)).ToList();
        var minimum = config.Programme.MinimumResponses;
        return new RankedSurvey(
            Ranking.Of(contenders, minimum),
            contenders.GroupBy(c => NameOf(c.Key).Region, StringComparer.Ordinal).Where(g => g.Key.Length > 0)
                .SelectMany(g => Ranking.Of([.. g], minimum)).ToDictionary(s => s.Key, StringComparer.Ordinal),
            contenders.ToDictionary(c => c.Key, c => Score.Of(c.Tally), StringComparer.Ordinal));
    }

    private List<MonthFigures> Course(IReadOnlyCollection<DealerSums> of) => [.. Enumerable.Range(0, ReportedDays.CourseMonths).Select(n =>
    {
        var tally = new ScoreTally();
        foreach (var sums in of)
        {
            if (sums.Months[n] is { } month)
            {
                tally.Add(month);
            }
        }

        return new MonthFigures(days.CourseFrom.AddMonths(n), Score.Of(tally));
    })];

    /// <summary>What was counted of one dealer and survey.</summary>
    internal sealed class DealerSums
    {
        /// <summary>Whether a case belongs to the period, ended or open.</summary>
        public bool HasCase { get; set; }

        public ScoreTally Tally { get; } = new();

        public ScoreTally?[] Months { get; } = new ScoreTally?[ReportedDays.CourseMonths];

        public ProblemTally Problems { get; } = new();

        public OutcomeRates Rates { get; } = new();
    }

    private sealed record RankedSurvey(IReadOnlyList<Standing> Standings, IReadOnlyDictionary<string, Standing> InRegion, IReadOnlyDictionary<string, Score> Scores);
}
