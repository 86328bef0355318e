using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Reports;

namespace SurveyDispatcher.Tests.Reports;

/// <summary>Reports of dealers that nobody knows: the same seed gives the same, and what follows from the answers is found by the domain.</summary>
internal static class MadeUp
{
    public const string Hostile = "<script>alert(\"a\")</script> & 'Sons' ]]>\u202e\u0001";

    public const string Long = "Vereinigte Kraftfahrzeughandelsgesellschaft für Nord- und Süddeutschland, Filiale am Alten Güterbahnhof, Inhaber Krüger-Szczepanski";

    private static readonly string[] Cities = ["Harbour", "Lakeside", "North Gate", "Old Mill", "Station Road", "Valley", "上海浦东", "北京朝阳", "广州天河", "成都锦江", "深圳南山", "武汉光谷"];
    private static readonly string[] Kinds = ["Motors", "Autohaus", "Cars & Service", "汽车销售服务有限公司", "Automotive Group", "4S店"];
    private static readonly string[] RegionNames = ["华东", "华南", "North", "West & Co"];
    private static readonly DateOnly To = new(2026, 2, 28);

    private static readonly IsoWeek LastWeek = IsoWeek.Of(new(2026, 2, 22));

    private static readonly Questionnaires Asked = QuestionnaireFile.ReadAll(ConfigFolder.Embedded(), [])!;

    /// <summary>A market's report.</summary>
    /// <param name="dealers">How many; the first three have names that are hard to show.</param>
    /// <param name="answers">False: cases, and no answer to any.</param>
    /// <param name="seed">Of what is made up.</param>
    public static Report Market(int dealers, bool answers = true, ulong seed = 1)
    {
        var market = Make(dealers, answers, seed);
        return new("CN", "China mainland", null, new Period(new(2025, 12, 1), To), new(2026, 3, 9), LastWeek, 10, [.. market.Surveys.Select(s => s.Whole())], market.Quality);
    }

    /// <summary>The report of one dealer of the same market.</summary>
    public static Report Dealer(int dealers, int which, bool answers = true, ulong seed = 1)
    {
        var market = Make(dealers, answers, seed);
        var dealer = market.Names[which];
        return new(
            "CN", "China mainland", dealer, new Period(new(2025, 12, 1), To), new(2026, 3, 9), LastWeek, 10, [.. market.Surveys.Select(s => s.OfDealer(dealer))],
            [.. market.Quality.Where(q => q.Dealer.Code == dealer.Code)]);
    }

    /// <summary>The answers to <c>overall</c>, 5 to 1, as one tally.</summary>
    public static ScoreTally Tally(params ReadOnlySpan<int> fiveToOne)
    {
        var tally = new ScoreTally();
        for (var i = 0; i < fiveToOne.Length; i++)
        {
            for (var n = 0; n < fiveToOne[i]; n++)
            {
                tally.Add(5 - i, Math.Max(0, 10 - (i * 3)));
            }
        }

        return tally;
    }

    private static World Make(int dealers, bool answers, ulong seed)
    {
        var dice = new SplitMix64(seed);
        var names = new DealerName[dealers];
        for (var i = 0; i < dealers; i++)
        {
            var name = (i, dealers) switch
            {
                (0, > 3) => Hostile,
                (1, > 3) => Long,
                (2, > 3) => "",
                _ => $"{Cities[(int)(dice.Next() % (ulong)Cities.Length)]} {Kinds[(int)(dice.Next() % (ulong)Kinds.Length)]} {i}",
            };
            names[i] = new($"D{i:0000}", name, i % 17 == 16 ? "" : RegionNames[i % RegionNames.Length]);
        }

        return new(names, [.. Enum.GetValues<SurveyKind>().Select(s => new Made(s, names, answers, seed))], [.. names.Select((n, i) => Line(n, i, ref dice))]);
    }

    private static QualityLine Line(DealerName dealer, int i, ref SplitMix64 dice)
    {
        var rows = 40 + (long)(dice.Next() % 400);
        QualitySign[] signs = (i % 9) switch
        {
            3 => [new(i % 2 == 0 ? "cn_dms" : "tw_dms", QualitySigns.NoEmail, rows / 2, rows, 4_000, 90_000, 39, 3e-9, 4e-8, "")],
            5 => [new("", QualitySigns.RepeatedPhone, 12, rows, 310, 90_000, 39, 0.0004, 0.003, "+86 ••• •••• ••12"), new("", QualitySigns.OwnDomain, 9, rows, 25, 90_000, 39, 0.00001, 0.0001, "haus.example")],
            _ => [],
        };
        return new(
            dealer, i % 2 == 0 ? "cn_dms" : "tw_dms", rows, i % 3 == 0 ? new Dictionary<string, long> { ["bad_date"] = 3, ["a_new_reason"] = 2 } : [],
            new Dictionary<string, long> { ["window_passed"] = rows / 10, ["no_contact_channel"] = rows / 20 }, rows * 8 / 10, rows * 7 / 10, rows / 30, rows * 9 / 10, rows * 8 / 10,
            rows / 2, rows / 40, signs);
    }

    private sealed record World(DealerName[] Names, Made[] Surveys, QualityLine[] Quality);

    /// <summary>One survey's answers, and the figures that follow.</summary>
    private sealed class Made
    {
        private readonly SurveyKind survey;
        private readonly DealerName[] names;
        private readonly Questionnaire questionnaire;
        private readonly Dictionary<string, ScoreTally> tallies = [];
        private readonly Dictionary<string, OutcomeRates> rates = [];
        private readonly Dictionary<string, Standing> standings;
        private readonly Dictionary<string, Standing> inRegion;
        private readonly ProblemTally problems = new();
        private readonly ScoreTally[] months = [.. Enumerable.Range(0, 12).Select(_ => new ScoreTally())];
        private readonly ScoreTally[] nationMonths = [.. Enumerable.Range(0, 12).Select(_ => new ScoreTally())];

        public Made(SurveyKind survey, DealerName[] names, bool answers, ulong seed)
        {
            (this.survey, this.names) = (survey, names);
            questionnaire = Asked.Newest(survey);
            foreach (var (i, name) in names.Index())
            {
                var dice = new SplitMix64(seed, survey.Code() + name.Code);
                var tally = new ScoreTally();
                var n = !answers || i % 23 == 22 ? 0 : i % 11 == 10 ? 4 : 12 + (int)(dice.Next() % 120);
                var happy = 0.45 + (0.4 * dice.NextUnit());
                for (var a = 0; a < n; a++)
                {
                    Answer(tally, happy, ref dice);
                }

                tallies.Add(name.Code, tally);
                rates.Add(name.Code, Outcome(n, ref dice));
            }

            var all = tallies.Select(t => new Contender(t.Key, t.Value)).ToList();
            standings = Ranking.Of(all, 10).ToDictionary(s => s.Key);
            inRegion = names.Where(n => n.Region.Length > 0).GroupBy(n => n.Region)
                .SelectMany(g => Ranking.Of([.. g.Select(n => new Contender(n.Code, tallies[n.Code]))], 10)).ToDictionary(s => s.Key);
            if (answers)
            {
                Past(seed);
            }
        }

        public SurveyFigures Whole() => new(
            survey, questionnaire, Nation(), Regions(), [.. standings.Values.Select(s => Figures(names.First(n => n.Code == s.Key)))], [], Course(nationMonths), [],
            Sheet(), Sheet() is { } sheet ? [.. sheet.Lines.Take(5).Select(l => new ItemCourse(l.Question, ProblemSheet.Course(problems, l.Question, sheet.Week)))] : []);

        public SurveyFigures OfDealer(DealerName dealer)
        {
            var whole = Whole();
            var others = standings.Values.Where(s => s.Rank is not null && s.Key != dealer.Code).Select(s => Score.Of(tallies[s.Key])).ToList();
            uint Shown(Func<DealerName, bool> counts) => Disclosure.Shown(2, [[.. names.Where(n => n != dealer && counts(n)).Select(n => new Part(n.Code, n.Region == dealer.Region ? 3u : 1u))]]);
            var (scores, outcomes) = (Shown(n => tallies[n.Code].Responses > 0), Shown(_ => true));
            Group Part(Group group, uint bit) => group with { Score = (scores & bit) != 0 ? group.Score : null, Rates = (outcomes & bit) != 0 ? group.Rates : null };
            return whole with
            {
                Nation = Part(whole.Nation, 1),
                Regions = [.. whole.Regions.Where(r => r.Name == dealer.Region).Select(r => Part(r, 2))],
                Dealers = [Figures(dealer)],
                Others = others.Count > 1 ? others : [],
                Course = Course(months),
                NationCourse = (scores & 1) != 0 ? whole.Course : [],
            };
        }

        private static void Answer(ScoreTally tally, double happy, ref SplitMix64 dice)
        {
            var u = dice.NextUnit();
            var overall = u < happy ? 5 : u < happy + (0.6 * (1 - happy)) ? 4 : u < happy + (0.8 * (1 - happy)) ? 3 : u < happy + (0.9 * (1 - happy)) ? 2 : 1;
            tally.Add(overall, dice.NextUnit() < 0.05 ? -1 : Math.Clamp((overall * 2) - (int)(dice.Next() % 3), 0, 10));
        }

        private static OutcomeRates Outcome(int done, ref SplitMix64 dice)
        {
            var outcome = new OutcomeRates();
            void Add(OutcomeBucket bucket, int count, string? reason = null)
            {
                for (var i = 0; i < count; i++)
                {
                    outcome.Add(new("", bucket), new SurveyCase { State = bucket == OutcomeBucket.Complete ? CaseState.Completed : CaseState.Closed, CloseReason = reason, InvitedOn = To });
                }
            }

            Add(OutcomeBucket.Complete, done);
            Add(OutcomeBucket.Partial, (int)(dice.Next() % 5));
            Add(OutcomeBucket.Refusal, (int)(dice.Next() % 20));
            Add(OutcomeBucket.NonContact, (int)(dice.Next() % 30));
            Add(OutcomeBucket.Other, (int)(dice.Next() % 3));
            Add(OutcomeBucket.UnknownHousehold, 20 + (int)(dice.Next() % 200));
            Add(OutcomeBucket.UnknownOther, (int)(dice.Next() % 12));
            Add(OutcomeBucket.NotEligible, (int)(dice.Next() % 9), CloseReasons.RespondentNotEligible);
            return outcome;
        }

        private void Past(ulong seed)
        {
            var dice = new SplitMix64(seed, "past" + survey.Code());
            for (var m = 0; m < 12; m++)
            {
                for (var a = 0; a < 40 + (names.Length * 20); a++)
                {
                    Answer(nationMonths[m], 0.6 + (m * 0.01), ref dice);
                }

                for (var a = 0; a < (m is 4 or 6 ? 0 : 5 + (int)(dice.Next() % 30)); a++)
                {
                    Answer(months[m], 0.75 - (m * 0.02), ref dice);
                }
            }

            for (var w = -3; w <= 0; w++)
            {
                var week = LastWeek.Plus(w);
                var reached = 30 + (int)(dice.Next() % 40);
                problems.AddResponses(week, reached);
                foreach (var (i, q) in questionnaire.Questions.Where(q => q.ProblemAt.Count > 0).Index())
                {
                    var wrong = (int)(reached * (i == 3 && w == 0 ? 0.5 : i > 14 ? 0 : 0.25 / (1 + (i % 7))) * dice.NextUnit());
                    wrong += i == 3 && w == 0 ? reached / 3 : 0;
                    problems.AddAnswers(week, q, q.ProblemAt[0], wrong);
                    problems.AddAnswers(week, q, q.Scale.Codes.First(c => !q.ProblemAt.Contains(c.Code)).Code, reached - wrong);
                }
            }
        }

        private ProblemSheet? Sheet() => problems.Weeks is [.., var last] ? ProblemSheet.Of(problems, questionnaire, last) : null;

        private static List<MonthFigures> Course(ScoreTally[] of) => [.. of.Select((t, i) => new MonthFigures(new DateOnly(2025, 3, 1).AddMonths(i), Score.Of(t)))];

        private DealerFigures Figures(DealerName dealer) =>
            new(dealer, Score.Of(tallies[dealer.Code]), standings[dealer.Code], inRegion.GetValueOrDefault(dealer.Code), rates[dealer.Code]);

        private Group Nation() => Of("", names);

        private List<Group> Regions() => [.. names.Where(n => n.Region.Length > 0).GroupBy(n => n.Region).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => Of(g.Key, g))];

        private Group Of(string name, IEnumerable<DealerName> dealers)
        {
            var (tally, outcome, n, ranked) = (new ScoreTally(), new OutcomeRates(), 0, 0);
            foreach (var dealer in dealers)
            {
                tally.Add(tallies[dealer.Code]);
                n += tallies[dealer.Code].Responses > 0 ? 1 : 0;
                ranked += standings[dealer.Code].Rank is null ? 0 : 1;
                foreach (var bucket in Enum.GetValues<OutcomeBucket>())
                {
                    for (var i = 0L; i < rates[dealer.Code][bucket]; i++)
                    {
                        outcome.Add(new("", bucket), new SurveyCase { State = bucket == OutcomeBucket.Complete ? CaseState.Completed : CaseState.Closed, InvitedOn = To });
                    }
                }
            }

            return new(name, Score.Of(tally), outcome, n, ranked);
        }
    }
}
