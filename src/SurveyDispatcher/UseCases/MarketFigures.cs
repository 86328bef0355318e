using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Reports;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>The days that a report is about.</summary>
/// <param name="Period">The months of the events.</param>
/// <param name="AsOf">The day of the last cycle.</param>
internal sealed record ReportedDays(Period Period, DateOnly AsOf)
{
    /// <summary>Months of a score's course.</summary>
    public const int CourseMonths = 12;

    private const int WeeksOfProblems = 4;

    /// <summary>The first day of the course, which ends with the period.</summary>
    public DateOnly CourseFrom { get; } = new DateOnly(Period.To.Year, Period.To.Month, 1).AddMonths(1 - CourseMonths);

    /// <summary>The week of the problem sheet: the last full one.</summary>
    public IsoWeek Week { get; } = LastFullWeek(AsOf < Period.To ? AsOf : Period.To);

    /// <summary>The first day of the weeks whose problems are shown.</summary>
    public DateOnly ProblemsFrom { get; } = LastFullWeek(AsOf < Period.To ? AsOf : Period.To).Plus(1 - WeeksOfProblems).Monday;

    /// <summary>The last day of them.</summary>
    public DateOnly ProblemsTo => Week.Sunday;

    private static IsoWeek LastFullWeek(DateOnly day) => IsoWeek.Of(day.AddDays(1)) is var next && next.Monday > day ? next.Plus(-1) : IsoWeek.Of(day).Plus(-1);
}

/// <summary>A dealer, and one of the two surveys.</summary>
internal readonly record struct DealerSurvey(SurveyKind Survey, string Dealer);

/// <summary>Everything that reports tell of one market: read once (<see cref="FiguresReader"/>), then told to each of its dealers.</summary>
internal sealed class MarketFigures
{
    private const int LeadingItems = 4;

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

    /// <summary>The dealers that have anything in the period.</summary>
    public IEnumerable<DealerName> Dealers => dealers.Values.SelectMany(d => d.Keys).Concat(quality.Select(q => q.Dealer.Code).Where(c => c.Length > 0)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(NameOf);

    /// <summary>What a dealer is called.</summary>
    public void Name(DealerName name) => names[name.Code] = name;

    /// <summary>How a dealer is called.</summary>
    public DealerName NameOf(string code) => names.GetValueOrDefault(code) ?? new DealerName(code, "", "");

    /// <summary>What is counted of a dealer and a survey that the market offers. To ask makes him one who has something to report.</summary>
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

        var month = (12 * (eventDate.Year - days.CourseFrom.Year)) + eventDate.Month - days.CourseFrom.Month;
        if (month is >= 0 and < ReportedDays.CourseMonths)
        {
            (SumsOf(of).Months[month] ??= new ScoreTally()).Add(overall, recommend);
        }

        var completedOn = DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(new DateTime(completedAt, DateTimeKind.Utc), zone));
        if (completedOn >= days.ProblemsFrom && completedOn <= days.ProblemsTo)
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
        var (sums, all) = (dealers[survey], ranked[survey]);
        return Figures(survey, [.. all.Standings.Select(s => Dealer(survey, s))], [], Course(sums.Values), [], sums.Values);
    })], quality);

    /// <summary>A dealer's own report: of the others no name, and nothing but the scores of those who are ranked.</summary>
    public Report OfDealer(string code) => Report(NameOf(code), [.. dealers.Keys.Select(survey =>
    {
        var (sums, all) = (dealers[survey], ranked[survey]);
        var own = sums.GetValueOrDefault(code);
        var standing = all.Standings.FirstOrDefault(s => s.Key == code);
        return Figures(
            survey, standing is null ? [] : [Dealer(survey, standing)], [.. all.Standings.Where(s => s.Rank is not null && s.Key != code).Select(s => all.Scores[s.Key])],
            Course(own is null ? [] : [own]), Course(sums.Values), own is null ? [] : [own]);
    })], [.. quality.Where(q => q.Dealer.Code == code).Select(q => q with { Signs = [.. q.Signs.Select(s => s.ForTheDealer())] })]);

    private Report Report(DealerName? dealer, IReadOnlyList<SurveyFigures> surveys, IReadOnlyList<QualityLine> lines) =>
        new(Market.Code, Market.Name, dealer, days.Period, days.AsOf, config.Programme.MinimumResponses, surveys, lines);

    private SurveyFigures Figures(
        SurveyKind survey, IReadOnlyList<DealerFigures> shown, IReadOnlyList<Score> others, IReadOnlyList<MonthFigures> course, IReadOnlyList<MonthFigures> nationCourse,
        IReadOnlyCollection<DealerSums> ofProblems)
    {
        var questionnaire = config.Questionnaires.InForce(survey, days.ProblemsTo);
        var problems = new ProblemTally();
        foreach (var sums in ofProblems)
        {
            problems.Add(sums.Problems);
        }

        var sheet = problems.Weeks.Count == 0 ? null : ProblemSheet.Of(problems, questionnaire, days.Week);
        var all = dealers[survey];
        return new SurveyFigures(
            survey, questionnaire, GroupOf("", all.Keys, survey),
            [.. all.Keys.GroupBy(d => NameOf(d).Region, StringComparer.Ordinal).Where(g => g.Key.Length > 0).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => GroupOf(g.Key, g, survey))],
            shown, others, course, nationCourse, sheet,
            [.. (sheet?.Lines ?? []).Where(l => l.Count.Problems > 0).Take(LeadingItems).Select(l => new ItemCourse(l.Question, ProblemSheet.Course(problems, l.Question, days.Week)))]);
    }

    private Group GroupOf(string name, IEnumerable<string> codes, SurveyKind survey)
    {
        var (tally, rates, count, rankedOnes) = (new ScoreTally(), new OutcomeRates(), 0, 0);
        foreach (var code in codes)
        {
            var sums = dealers[survey][code];
            tally.Add(sums.Tally);
            rates.Add(sums.Rates);
            count += sums.Tally.Responses > 0 ? 1 : 0;
            rankedOnes += sums.Tally.WithOverall >= config.Programme.MinimumResponses ? 1 : 0;
        }

        return new Group(name, Score.Of(tally), rates, count, rankedOnes);
    }

    private DealerFigures Dealer(SurveyKind survey, Standing standing) => new(
        NameOf(standing.Key), ranked[survey].Scores[standing.Key], standing, ranked[survey].InRegion.GetValueOrDefault(standing.Key), dealers[survey][standing.Key].Rates);

    private RankedSurvey Rank(SurveyKind survey)
    {
        var contenders = dealers[survey].Select(d => new Contender(d.Key, d.Value.Tally)).ToList();
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
        public ScoreTally Tally { get; } = new();

        public ScoreTally?[] Months { get; } = new ScoreTally?[ReportedDays.CourseMonths];

        public ProblemTally Problems { get; } = new();

        public OutcomeRates Rates { get; } = new();
    }

    private sealed record RankedSurvey(IReadOnlyList<Standing> Standings, IReadOnlyDictionary<string, Standing> InRegion, IReadOnlyDictionary<string, Score> Scores);
}
