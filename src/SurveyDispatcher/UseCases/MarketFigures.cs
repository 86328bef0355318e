using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Reports;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Everything that reports tell of one market in a period: read once, then told to each of its dealers.</summary>
internal sealed class MarketFigures
{
    private const int CourseMonths = 12, LeadingItems = 4;

    private readonly Market market;
    private readonly Period period;
    private readonly IsoWeek week;
    private readonly Dictionary<SurveyKind, SortedDictionary<string, DealerSums>> dealers = [];
    private readonly Dictionary<string, DealerName> names = new(StringComparer.Ordinal);
    private readonly Dictionary<SurveyKind, RankedSurvey> ranked = [];
    private readonly PipelineConfig config;
    private readonly DateOnly asOf, courseFrom;
    private readonly IReadOnlyList<QualityLine> quality;

    private MarketFigures(PipelineConfig config, Market market, Period period, DateOnly asOf, Database database, Vault vault)
    {
        (this.config, this.market, this.period, this.asOf) = (config, market, period, asOf);
        courseFrom = new DateOnly(period.To.Year, period.To.Month, 1).AddMonths(1 - CourseMonths);
        week = LastFullWeek(asOf < period.To ? asOf : period.To);
        foreach (var survey in Enum.GetValues<SurveyKind>().Where(s => market.Policy(s) is not null))
        {
            dealers.Add(survey, new SortedDictionary<string, DealerSums>(StringComparer.Ordinal));
        }

        ReadNames(database);
        var rates = Task.Run(() =>
        {
            using var other = database.OpenAnother();
            return other.AtOneMoment(() => Outcomes(other));
        });
        var contacts = Task.Run(() =>
        {
            using var other = database.OpenAnother();
            return other.AtOneMoment(() => ContactQuality.Of(other, vault, config.Programme, market, period));
        });
        ReadResponses(database);
        foreach (var ((survey, dealer), of) in rates.GetAwaiter().GetResult())
        {
            SumsOf(survey, dealer).Rates = of;
        }

        quality = new DealerQuality(database, market, period).Lines(contacts.GetAwaiter().GetResult(), NameOf);
        foreach (var survey in dealers.Keys)
        {
            ranked.Add(survey, Rank(survey));
        }
    }

    /// <summary>The dealers that have anything in the period.</summary>
    public IEnumerable<DealerName> Dealers => dealers.Values.SelectMany(d => d.Keys).Concat(quality.Select(q => q.Dealer.Code)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(NameOf);

    /// <summary>Reads a market.</summary>
    public static MarketFigures Read(PipelineConfig config, Market market, Period period, DateOnly asOf, Database database, Vault vault) =>
        database.AtOneMoment(() => new MarketFigures(config, market, period, asOf, database, vault));

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
    })], [.. quality.Where(q => q.Dealer.Code == code)]);

    private Report Report(DealerName? dealer, IReadOnlyList<SurveyFigures> surveys, IReadOnlyList<QualityLine> lines) =>
        new(market.Code, market.Name, dealer, period, asOf, config.Programme.MinimumResponses, surveys, lines);

    private SurveyFigures Figures(
        SurveyKind survey, IReadOnlyList<DealerFigures> shown, IReadOnlyList<Score> others, IReadOnlyList<MonthFigures> course, IReadOnlyList<MonthFigures> nationCourse,
        IReadOnlyCollection<DealerSums> ofProblems)
    {
        var questionnaire = config.Questionnaires.InForce(survey, asOf);
        var problems = new ProblemTally();
        foreach (var sums in ofProblems)
        {
            problems.Add(sums.Problems);
        }

        var sheet = problems.Weeks.Count == 0 ? null : ProblemSheet.Of(problems, questionnaire, week);
        var all = dealers[survey];
        return new SurveyFigures(
            survey, questionnaire, GroupOf("", all.Keys, survey),
            [.. all.Keys.GroupBy(d => NameOf(d).Region, StringComparer.Ordinal).Where(g => g.Key.Length > 0).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => GroupOf(g.Key, g, survey))],
            shown, others, course, nationCourse, sheet,
            [.. (sheet?.Lines ?? []).Where(l => l.Count.Problems > 0).Take(LeadingItems).Select(l => new ItemCourse(l.Question, ProblemSheet.Course(problems, l.Question, week)))]);
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

    private List<MonthFigures> Course(IReadOnlyCollection<DealerSums> of) => [.. Enumerable.Range(0, CourseMonths).Select(n =>
    {
        var tally = new ScoreTally();
        foreach (var sums in of)
        {
            if (sums.Months[n] is { } month)
            {
                tally.Add(month);
            }
        }

        return new MonthFigures(courseFrom.AddMonths(n), Score.Of(tally));
    })];

    private void ReadNames(Database database)
    {
        database["report.names"].Each(r => names[r.GetString(0)] = new DealerName(r.GetString(0), r.GetString(1), ""), market.Code);
        database["report.dealers"].Each(r => names[r.GetString(0)] = new DealerName(r.GetString(0), r.GetString(1), r.GetString(2)), market.Code); // the register knows better
    }

    private void ReadResponses(Database database)
    {
        var forms = AnsweredForm.ReadAll(database, config.Questionnaires);
        var answers = new AnswerCells();
        var zone = Instants.Zone(market);
        var (firstDay, lastDay) = (week.Plus(-3).Monday, week.Sunday);
        var from = courseFrom < period.From ? courseFrom : period.From;
        database["report.responses"].Each(
            r =>
            {
                var survey = SurveyKinds.FromCode(r.GetString(0));
                if (!dealers.ContainsKey(survey))
                {
                    return; // no longer offered
                }

                var sums = SumsOf(survey, r.GetString(1));
                var form = forms[r.GetInt64(4)];
                answers.Read(r.GetString(5));
                var (overall, recommend) = form.Scores(answers);
                var eventDate = r.Day(2);
                if (eventDate >= period.From && eventDate <= period.To)
                {
                    sums.Tally.Add(overall, recommend);
                }

                var month = (12 * (eventDate.Year - courseFrom.Year)) + eventDate.Month - courseFrom.Month;
                if (month is >= 0 and < CourseMonths)
                {
                    (sums.Months[month] ??= new ScoreTally()).Add(overall, recommend);
                }

                var completedOn = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(r.Instant(3), zone).DateTime);
                if (completedOn >= firstDay && completedOn <= lastDay)
                {
                    form.AddProblems(sums.Problems, IsoWeek.Of(completedOn), answers);
                }
            },
            market.Code, from, period.To, Instant(firstDay.AddDays(-1)), Instant(lastDay.AddDays(2)));
    }

    private Dictionary<(SurveyKind, string), OutcomeRates> Outcomes(Database database)
    {
        var found = new Dictionary<(SurveyKind, string), OutcomeRates>();
        database["report.outcomes"].Each(
            r =>
            {
                var row = CaseRow.Read(r);
                var calls = (IReadOnlyList<string>)(r.TextOrNull(16)?.Split('|') ?? []);
                if (dealers.ContainsKey(row.Survey) && FinalDisposition.Of(row.Case, r.GetInt64(17) > 0, calls) is { } disposition)
                {
                    var key = (row.Survey, r.GetString(15));
                    if (!found.TryGetValue(key, out var rates))
                    {
                        found.Add(key, rates = new OutcomeRates());
                    }

                    rates.Add(disposition, row.Case);
                }
            },
            market.Code, period.From, period.To);
        return found;
    }

    private DealerSums SumsOf(SurveyKind survey, string dealer)
    {
        if (!dealers[survey].TryGetValue(dealer, out var sums))
        {
            dealers[survey].Add(dealer, sums = new DealerSums());
        }

        return sums;
    }

    private DealerName NameOf(string code) => names.GetValueOrDefault(code) ?? new DealerName(code, "", "");

    private static IsoWeek LastFullWeek(DateOnly day) => IsoWeek.Of(day.AddDays(1)) is var next && next.Monday > day ? next.Plus(-1) : IsoWeek.Of(day).Plus(-1);

    private static DateTimeOffset Instant(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    /// <summary>What was counted of one dealer and survey.</summary>
    private sealed class DealerSums
    {
        public ScoreTally Tally { get; } = new();

        public ScoreTally?[] Months { get; } = new ScoreTally?[CourseMonths];

        public ProblemTally Problems { get; } = new();

        public OutcomeRates Rates { get; set; } = new();
    }

    private sealed record RankedSurvey(IReadOnlyList<Standing> Standings, IReadOnlyDictionary<string, Standing> InRegion, IReadOnlyDictionary<string, Score> Scores);
}

/// <summary>Reads the answers of the store, of one version of a questionnaire, for those who count.</summary>
internal sealed class AnsweredForm
{
    private readonly int overall, recommend;
    private readonly Question?[] problems;

    private AnsweredForm(IReadOnlyList<string> questions, Questionnaire? known, Questionnaires all)
    {
        (overall, recommend) = (PlaceOf("overall"), PlaceOf("recommend"));
        problems = [.. questions.Select(id => known?.Find(id) ?? all.All.Select(q => q.Find(id)).LastOrDefault(q => q is not null)).Select(q => q?.ProblemAt.Count > 0 ? q : null)];

        int PlaceOf(string id) => questions.Select((q, i) => (q, i)).Where(q => q.q == id).Select(q => (int?)q.i).FirstOrDefault() ?? -1;
    }

    /// <summary>By the number of the stored questionnaire.</summary>
    public static Dictionary<long, AnsweredForm> ReadAll(Database database, Questionnaires all)
    {
        var questions = StoredAnswers.QuestionsIn(database);
        return database["responses.questionnaires"].List(r => (Id: r.GetInt64(0), Survey: r.GetString(1), Version: r.GetInt32(2))).ToDictionary(
            q => q.Id, q => new AnsweredForm([.. (questions.GetValueOrDefault(q.Id) ?? []).Select(of => of.Id)], all.Find(SurveyKinds.FromCode(q.Survey), q.Version), all));
    }

    /// <summary>What was answered to the two questions that scores are made of; 0 and -1 where it was not.</summary>
    public (int Overall, int Recommend) Scores(AnswerCells answers) => (
        Number(answers, overall) is { } satisfied and >= 1 and <= 5 ? satisfied : 0,
        Number(answers, recommend) is { } likely and >= 0 and <= 10 ? likely : -1);

    /// <summary>Counts a response's problems.</summary>
    public void AddProblems(ProblemTally tally, IsoWeek week, AnswerCells answers)
    {
        tally.AddResponses(week);
        for (var place = 0; place < answers.Count && place < problems.Length; place++)
        {
            if (problems[place] is { } question && answers[place] is { IsEmpty: false } answer)
            {
                tally.AddAnswers(week, question, Encoding.UTF8.GetString(answer));
            }
        }
    }

    private static int? Number(AnswerCells answers, int place) =>
        place >= 0 && place < answers.Count && int.TryParse(answers[place], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
