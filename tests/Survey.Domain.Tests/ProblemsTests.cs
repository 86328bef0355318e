using FsCheck;
using FsCheck.Fluent;

namespace Survey.Domain.Tests;

public class ProblemsTests
{
    private static readonly IsoWeek Now = new(2026, 10);

    private static readonly Scale Satisfaction = Scale("satisfaction", ScaleKind.Scale, "1", "2", "3", "4", "5");

    private static readonly Scale YesNo = Scale("yes_no", ScaleKind.Scale, "yes", "no");

    private static readonly Question Overall = Ask("overall", Satisfaction, "1", "2");

    private static readonly Question Fixed = Ask("fixed_first_time", YesNo, "no");

    private static readonly Question Paid = Ask("paid", YesNo);

    private static readonly Question Value = Ask("value_for_money", Satisfaction, "1", "2") with { AskedIf = new AskedIf("paid", ["yes"]) };

    private static readonly Question Damage = Ask("damage", Scale("damage", ScaleKind.Choices, "none", "paint", "glass", "seat"), "paint", "glass");

    private static readonly Questionnaire Service = new(
        "service", 1, Some.Day("2010-08-01"), 10, new CareRules(null, null), Words("Service"), [new Section("overall", Words("Overall"))], [Overall, Fixed, Paid, Value, Damage]);

    [Theory]
    [InlineData("2026-03-02", "2026-W10", "2026-03-02")] // Monday
    [InlineData("2026-03-08", "2026-W10", "2026-03-02")] // Sunday
    [InlineData("2026-03-09", "2026-W11", "2026-03-09")]
    [InlineData("2025-12-29", "2026-W01", "2025-12-29")] // the week of 1 January, a Thursday
    [InlineData("2027-01-03", "2026-W53", "2026-12-28")] // a year of 53 weeks
    [InlineData("2021-01-03", "2020-W53", "2020-12-28")]
    public void AWeekIsThatOfIso8601(string day, string week, string monday)
    {
        var iso = IsoWeek.Of(Some.Day(day));

        Assert.Equal(week, iso.ToString());
        Assert.Equal(Some.Day(monday), iso.Monday);
        Assert.Equal(Some.Day(monday).AddDays(6), iso.Sunday);
    }

    [Theory]
    [InlineData(2026, 1, -1, "2025-W52")]
    [InlineData(2026, 53, 1, "2027-W01")]
    [InlineData(2020, 52, 1, "2020-W53")]
    [InlineData(2026, 10, -3, "2026-W07")]
    [InlineData(2026, 10, 0, "2026-W10")]
    public void WeeksFollowEachOtherOverNewYear(int year, int number, int later, string expected)
    {
        var week = new IsoWeek(year, number);

        Assert.Equal(expected, week.Plus(later).ToString());
        Assert.Equal(later > 0, week.Plus(later) > week);
        Assert.Equal(later < 0, week.Plus(later) < week);
        Assert.Equal(later >= 0, week.Plus(later) >= week);
        Assert.Equal(later <= 0, week.Plus(later) <= week);
    }

    // By hand: 10 reached, 6 problems; 3, 2 and 1 of them are 1/2, 1/3, 1/6.
    [Fact]
    public void TheSheetIsAParetoOfTheWeek()
    {
        var tally = Week(Now, 10, (Overall, "1 2*1 3 4 5*5"), (Fixed, "no*3 yes*7"), (Value, "2 5*3"), (Damage, "none*10"));

        var sheet = ProblemSheet.Of(tally, Service, Now);

        Assert.Equal((Now, 10, 6), (sheet.Week, sheet.Responses, sheet.Problems));
        Assert.Equal(["fixed_first_time", "overall", "value_for_money", "damage"], sheet.Lines.Select(l => l.Question));
        Assert.Equal([new(3, 10), new(2, 9), new(1, 4), new(0, 10)], sheet.Lines.Select(l => l.Count));
        Near([0.5, 0.333333, 0.166667, 0], sheet.Lines.Select(l => l.OfProblems));
        Near([0.5, 0.833333, 1, 1], sheet.Lines.Select(l => l.Cumulative));
        Near([0.3, 0.2, 0.1, 0], sheet.Lines.Select(l => l.OfReached)); // of the ten, although four were asked for the value
    }

    [Fact]
    public void EqualCountsStandInTheOrderOfTheQuestionnaire()
    {
        var tally = Week(Now, 5, (Damage, "paint"), (Value, "1"), (Fixed, "no*2"), (Overall, "2"));

        Assert.Equal(
            ["fixed_first_time", "overall", "value_for_money", "damage"],
            ProblemSheet.Of(tally, Service, Now).Lines.Select(l => l.Question));
    }

    [Theory]
    [InlineData("none", 0)]
    [InlineData("seat", 0)]
    [InlineData("paint", 1)]
    [InlineData("seat|glass", 1)]
    [InlineData("paint|glass", 1)] // one answer, one problem
    public void OfSeveralChoicesOneProblemSuffices(string answer, long problems) =>
        Assert.Equal(new ItemCount(problems, 1), Week(Now, 1, (Damage, answer))[Now, "damage"]);

    [Fact]
    public void WhatIsNoProblemItemOrNotAnsweredIsNotCounted()
    {
        var tally = Week(Now, 2, (Paid, "no"), (Overall, "1"));
        tally.AddAnswers(Now, Overall, "");

        Assert.Equal(new ItemCount(0, 0), tally[Now, "paid"]);
        Assert.Equal(new ItemCount(1, 1), tally[Now, "overall"]);
        Assert.DoesNotContain("paid", ProblemSheet.Of(tally, Service, Now).Lines.Select(l => l.Question));
    }

    [Fact]
    public void AnAnswerIsJudgedByTheVersionThatWasAnswered()
    {
        var older = Overall with { ProblemAt = ["1"] };
        var tally = Week(Now, 2, (Overall, "2"), (older, "2"));

        Assert.Equal(new ItemCount(1, 2), tally[Now, "overall"]);
    }

    [Fact]
    public void AWeekWithoutResponsesHasASheetThatSaysNothing()
    {
        var sheet = ProblemSheet.Of(new ProblemTally(), Service, Now);

        Assert.Equal((0, 0), (sheet.Responses, sheet.Problems));
        Assert.Equal(4, sheet.Lines.Count);
        Assert.All(sheet.Lines, l => Assert.Equal((null, null, null, null), (l.OfProblems, l.Cumulative, l.OfReached, l.Movement)));
    }

    [Fact]
    public void AWeekWithoutAProblemHasSharesOfTheReachedOnly()
    {
        var line = ProblemSheet.Of(Week(Now, 3, (Overall, "5*3")), Service, Now).Lines[0];

        Assert.Equal((null, null, 0.0), (line.OfProblems, line.Cumulative, line.OfReached));
    }

    [Fact]
    public void AResponseThatWasNotAddedIsMissed()
    {
        var tally = Week(Now, 2, (Overall, "1*3"));

        var e = Assert.Throws<ArgumentException>(() => ProblemSheet.Of(tally, Service, Now));
        Assert.StartsWith("2026-W10 has 3 answers to overall, and 2 responses", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ProblemSheet.Course(tally, "overall", Now));
    }

    [Fact]
    public void NothingIsAddedLessThanOnce()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProblemTally().AddResponses(Now, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProblemTally().AddAnswers(Now, Overall, "1", -1));
    }

    // R 4.2: prop.test(4, 40, correct = FALSE)$conf.int   0.039580 0.230518
    [Fact]
    public void TheCourseOfAnItemIsFourWeeksWhateverTheyHold()
    {
        var tally = Week(Now, 40, (Overall, "1*4 5*30"));
        tally.Add(Week(Now.Plus(-2), 10, (Fixed, "no*10")));
        tally.Add(Week(Now.Plus(-4), 10, (Overall, "1*10")));
        tally.Add(Week(Now.Plus(1), 10, (Overall, "1*10")));

        var course = ProblemSheet.Course(tally, "overall", Now);

        Assert.Equal(["2026-W07", "2026-W08", "2026-W09", "2026-W10"], course.Select(w => w.Week.ToString()));
        Assert.Equal([0, 10, 0, 40], course.Select(w => w.Responses));
        Assert.Equal([new(0, 0), new(0, 0), new(0, 0), new(4, 34)], course.Select(w => w.Count));
        Assert.Null(course[0].OfReached); // nobody reached; in the week after ten, and none had the problem
        Assert.Equal(0, course[1].OfReached!.Value.Value);
        Assert.Equal(0.1, course[3].OfReached!.Value.Value, 6);
        Assert.Equal(0.039580, course[3].OfReached!.Value.Interval!.Value.Low, 6);
        Assert.Equal(0.230518, course[3].OfReached!.Value.Interval!.Value.High, 6);
    }

    // R 4.2: fisher.test(matrix(c(20, 80, 30, 270), 2, byrow = TRUE))$p.value   0.0136713559553
    //        fisher.test(matrix(c(2, 98, 3, 297), 2, byrow = TRUE))$p.value     0.602503316948
    //        p.adjust(c(0.0136713559553, 0.602503316948, 1), "BH")              0.0410140678659 0.903754975422 1
    [Fact]
    public void AMovementIsTestedAgainstTheThreeWeeksBeforeAndAdjustedForAllItems()
    {
        var tally = Week(Now, 100, (Overall, "1*20 5*80"), (Fixed, "no*2 yes*98"), (Damage, "none*100"));
        for (var n = 1; n <= 3; n++)
        {
            tally.Add(Week(Now.Plus(-n), 100, (Overall, "2*10 4*90"), (Fixed, "no*1 yes*99"), (Damage, "none*100")));
        }

        tally.Add(Week(Now.Plus(-4), 100, (Overall, "2*100"))); // a week too early
        tally.Add(Week(Now.Plus(1), 100, (Overall, "2*100"))); // a week too late

        var sheet = ProblemSheet.Of(tally, Service, Now);

        Assert.Equal((0.2, 0.1), (sheet.Lines[0].Now, sheet.Lines[0].Before));
        var lines = sheet.Lines.ToDictionary(l => l.Question, l => l.Movement);
        var overall = lines["overall"]!;
        Assert.Equal(0.013671, overall.Chance, 6);
        Assert.Equal(0.041014, overall.Adjusted, 6);
        Assert.True(overall is { IsMoreThanChance: true, IsWorse: true });
        Assert.Equal(0.602503, lines["fixed_first_time"]!.Chance, 6);
        Assert.Equal(0.903755, lines["fixed_first_time"]!.Adjusted, 6);
        Assert.False(lines["fixed_first_time"]!.IsMoreThanChance);
        Assert.Equal(1, lines["damage"]!.Adjusted);
        Assert.Null(lines["value_for_money"]); // nobody was asked: it is none of the items that are compared
    }

    [Fact]
    public void WhatWasAskedInOneOfBothOnlyHasNoMovement()
    {
        var tally = Week(Now, 10, (Overall, "1*2 5*8"));
        tally.Add(Week(Now.Plus(-1), 10, (Fixed, "no*2 yes*8")));

        var lines = ProblemSheet.Of(tally, Service, Now).Lines;

        Assert.All(lines, l => Assert.Null(l.Movement));
        Assert.Equal([("overall", 0.2, null), ("fixed_first_time", null, 0.2), ("value_for_money", null, null), ("damage", null, null)], lines.Select(l => (l.Question, l.Now, l.Before)));
    }

    [Fact]
    public void FewerProblemsAreAMovementForTheBetter()
    {
        var tally = Week(Now, 100, (Overall, "1*2 5*98"));
        tally.Add(Week(Now.Plus(-1), 100, (Overall, "1*20 5*80")));

        Assert.True(ProblemSheet.Of(tally, Service, Now).Lines[0].Movement is { IsMoreThanChance: true, IsWorse: false });
    }

    /// <summary>Twice as many paid: twice as many of the reached are unhappy with the price, and the price is as it was.</summary>
    [Fact]
    public void AnItemThatMoreCustomersWereAskedHasNotMoved()
    {
        var tally = Week(Now, 1000, (Value, "1*180 5*720"));
        tally.Add(Week(Now.Plus(-1), 1000, (Value, "1*60 5*240")));

        var line = ProblemSheet.Of(tally, Service, Now).Lines[0];

        Assert.Equal(0.18, line.OfReached!.Value, 6);
        Assert.Equal((0.2, 0.2), (line.Now, line.Before));
        Assert.Equal(1, line.Movement!.Chance, 6);
    }

    [Fact]
    public void SharesOfAllProblemsAddUpTo1AndGoDown() => Always.Holds(Tallies(), tally =>
    {
        var sheet = ProblemSheet.Of(tally, Service, Now);

        Assert.Equal(sheet.Problems, sheet.Lines.Sum(l => l.Count.Problems));
        Assert.Equal(4, sheet.Lines.Count);
        Assert.All(sheet.Lines.Zip(sheet.Lines.Skip(1)), pair => Assert.True(pair.First.Count.Problems >= pair.Second.Count.Problems));
        if (sheet.Problems > 0)
        {
            Assert.Equal(1, sheet.Lines.Sum(l => l.OfProblems!.Value), 9);
            Assert.Equal(1, sheet.Lines[^1].Cumulative);
            Assert.All(sheet.Lines, l => Assert.Equal(sheet.Lines.TakeWhile(x => x != l).Append(l).Sum(x => x.OfProblems!.Value), l.Cumulative!.Value, 9));
        }
        else
        {
            Assert.All(sheet.Lines, l => Assert.Null(l.OfProblems));
        }

        Assert.All(sheet.Lines.Where(l => l.Movement is not null), l => Assert.InRange(l.Movement!.Adjusted, l.Movement.Chance, 1));
    });

    [Fact]
    public void ToAddTalliesIsToAddAllAnswers() => Always.Holds(
        from first in Answers() from second in Answers() select (first, second),
        x =>
        {
            var merged = Tally(x.first);
            var second = Tally(x.second);
            merged.Add(second);
            var all = Tally([.. x.first, .. x.second]);

            Assert.Equal(all.Weeks, merged.Weeks);
            Assert.All(all.Weeks, w => Assert.Equal(all.Responses(w), merged.Responses(w)));
            Assert.All(all.Weeks, w => Assert.Equal(ProblemSheet.Of(all, Service, w).Lines, ProblemSheet.Of(merged, Service, w).Lines));
            Assert.Equal(x.second.Length, second.Weeks.Sum(second.Responses)); // the other is as it was
        },
        tests: 100);

    private static Gen<ProblemTally> Tallies() => from answers in Answers() select Tally(answers);

    /// <summary>Responses: the week, and what was answered to each item.</summary>
    private static Gen<(IsoWeek Week, string[] Answers)[]> Answers() =>
        from count in Gen.Choose(0, 60)
        from responses in (
            from ago in Gen.Choose(0, 4)
            from overall in Gen.Elements("", "1", "2", "3", "4", "5")
            from repaired in Gen.Elements("", "yes", "no")
            from value in Gen.Elements("", "", "1", "5")
            from damage in Gen.Elements("", "none", "paint|seat")
            select (Now.Plus(-ago), new[] { overall, repaired, value, damage })).ListOf(count)
        select responses.ToArray();

    private static ProblemTally Tally((IsoWeek Week, string[] Answers)[] responses)
    {
        Question[] items = [Overall, Fixed, Value, Damage];
        var tally = new ProblemTally();
        foreach (var (week, answers) in responses)
        {
            tally.AddResponses(week);
            for (var i = 0; i < items.Length; i++)
            {
                tally.AddAnswers(week, items[i], answers[i]);
            }
        }

        return tally;
    }

    /// <summary>A week's responses, with the answers to some items, each with how often it was given: <c>1 5*3</c>.</summary>
    private static ProblemTally Week(IsoWeek week, long responses, params (Question Question, string Answers)[] items)
    {
        var tally = new ProblemTally();
        tally.AddResponses(week, responses);
        foreach (var (question, answers) in items)
        {
            foreach (var answer in answers.Split(' ').Select(a => a.Split('*')))
            {
                tally.AddAnswers(week, question, answer[0], answer.Length > 1 ? long.Parse(answer[1], System.Globalization.CultureInfo.InvariantCulture) : 1);
            }
        }

        return tally;
    }

    private static void Near(double[] expected, IEnumerable<double?> actual) =>
        Assert.All(expected.Zip(actual, (e, a) => (e, a)), x => Assert.Equal(x.e, x.a!.Value, 6));

    private static Question Ask(string id, Scale scale, params string[] problemAt) =>
        new(id, "overall", scale, Words(id), AskedIf: null, [], problemAt, []);

    private static Scale Scale(string id, ScaleKind kind, params string[] codes) => new(id, kind, [.. codes.Select(c => new ScaleCode(c, Words(c)))]);

    private static Dictionary<string, string> Words(string english) => new(StringComparer.Ordinal) { ["en"] = english };
}
