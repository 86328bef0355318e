using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Survey.Domain.Tests;

public class RankingTests
{
    private const int Minimum = 10;

    [Fact]
    public void RanksGoByCompletelySatisfiedAndThenByIndex() => Assert.Equal(
        ["best 1", "same share, better index 2", "same share 3", "last 4"],
        Ranks(
            ("last", "5*5 4*5"),
            ("same share", "5*6 4*3 1*1"),
            ("best", "5*7 1*3"),
            ("same share, better index", "5*6 4*3 2*1")));

    [Fact]
    public void EqualScoresShareARankAndTheNextIsSkipped() => Assert.Equal(
        ["a 1", "b 2", "c 2", "d 2", "e 5"],
        Ranks(("e", "5*4 4*6"), ("d", "5*30 4*20"), ("c", "5*6 4*4"), ("b", "5*12 4*8"), ("a", "5*8 4*2")));

    // 1/3 of 15 and of 300,000, 7/21 with an index that differs in the last place only.
    [Fact]
    public void SharesAreComparedExactly() => Assert.Equal(
        ["a 1", "b 1", "c 3"],
        Ranks(("c", "5*7 4*13 3*1"), ("b", "5*100000 4*200000"), ("a", "5*5 4*10")));

    [Fact]
    public void AGroupUnderTheMinimumIsShownAndNotRanked()
    {
        var standings = Ranking.Of([Group("few", "5*9"), Group("enough", "5*2 1*8"), Group("none", "none*50"), Group("nearly", "5*9 none*5")], Minimum);

        Assert.Equal(["enough", "few", "nearly", "none"], standings.Select(s => s.Key)); // those without a rank by name: not even a hint of one
        Assert.Equal(new Standing("enough", 1, new RankRange(1, 1), 1), standings[0]);
        Assert.All(standings.Skip(1), s => Assert.Equal((null, null, null), (s.Rank, s.Likely, s.Block)));
    }

    [Fact]
    public void WithoutAMinimumAGroupNeedsAnAnswerAllTheSame() =>
        Assert.Equal(["a 1", "b "], [.. Ranking.Of([Group("b", "none*3"), Group("a", "1*1")], 0).Select(s => $"{s.Key} {s.Rank}")]);

    [Fact]
    public void NoGroupsHaveNoStandings()
    {
        Assert.Empty(Ranking.Of([], Minimum));
        Assert.Null(Assert.Single(Ranking.Of([Group("few", "5*1")], Minimum)).Rank);
    }

    [Fact]
    public void TwoGroupsOfOneNameCantBeRanked() =>
        Assert.Contains("'AU/D001'", Assert.Throws<ArgumentException>(() => Ranking.Of([Group("AU/D001", "5*1"), Group("AU/D001", "5*2")], Minimum)).Message, StringComparison.Ordinal);

    // Newcombe's method 10, computed apart: 80/100 - 68/100 is 0.12, -0.002 to 0.237; 80/100 - 67/100 is 0.13, 0.008 to 0.247.
    [Fact]
    public void ABlockEndsWhereItsFirstGroupHasSurelyBeenLeftBehind()
    {
        var standings = Ranking.Of(
            [
                Group("a", "5*80 4*20"), Group("b", "5*68 4*32"),
                Group("c", "5*67 4*33"), Group("d", "5*60 4*40"),
                Group("small", "5*6 4*6"),
                Group("e", "5*35 4*65"),
            ], Minimum);

        Assert.Equal(["a 1", "b 1", "c 2", "d 2", "small 2", "e 3"], standings.Select(s => $"{s.Key} {s.Block}"));
    }

    [Fact]
    public void GroupsFarApartHaveTheRankTheyHave() => Assert.Equal(
        [new RankRange(1, 1), new RankRange(2, 2), new RankRange(3, 3)],
        Ranking.Of([Group("a", "5*190 4*10"), Group("b", "5*100 4*100"), Group("c", "5*20 4*180")], Minimum).Select(s => s.Likely!.Value));

    [Fact]
    public void GroupsThatAreEqualMightEachBeFirstOrLast() => Assert.All(
        Ranking.Of([Group("a", "5*20 4*20"), Group("b", "5*20 4*20"), Group("c", "5*20 4*20")], Minimum),
        s => Assert.Equal(new RankRange(1, 3), s.Likely));

    [Fact]
    public void TheFirstAndTheLastOfManyNearlyEqualsKeepTheirRankInTheirRange()
    {
        (string, string)[] equals = [.. Enumerable.Range(0, 200).Select(i => ($"equal {i}", "5*20 4*20"))];
        var standings = Standings([("first", "5*21 4*19"), .. equals, ("last", "5*19 4*21")]);

        Assert.Equal((1, 1), (standings[0].Rank, standings[0].Likely!.Value.Best)); // drawn anew it is first in 1 of 100
        Assert.Equal((202, 202), (standings[^1].Rank, standings[^1].Likely!.Value.Worst));
    }

    /// <summary>
    /// A hundred groups of one answer: a quarter of the time one is drawn as no 5, in 6 of 100 as a 1. Then some 93 are better and 6
    /// the same, so its rank is about 94, and not up to 100.
    /// </summary>
    [Fact]
    public void EqualsShareARankInEachResampleToo() => Assert.All(
        Ranking.Of([.. Enumerable.Range(0, 100).Select(i => Group($"{i}", "5*1"))], minimumResponses: 1),
        s => Assert.InRange(s.Likely!.Value.Worst, 92, 96));

    [Fact]
    public void AGroupFarAboveMovesTheOthersDownByOneAndLeavesTheirDrawsAlone()
    {
        (string Key, string)[] groups = [.. Enumerable.Range(0, 40).Select(i => ($"{i}", $"5*{20 + (i % 9)} 4*{20 - (i % 7)}"))];
        var without = Standings(groups);
        var with = Standings([("far above", "5*1000"), .. groups]);

        Assert.Equal(
            without.Select(s => (s.Key, s.Rank + 1, new RankRange(s.Likely!.Value.Best + 1, s.Likely.Value.Worst + 1))),
            with.Skip(1).Select(s => (s.Key, s.Rank, s.Likely!.Value)));
    }

    [Fact]
    public void AnotherSeedDrawsOtherRanges()
    {
        Contender[] groups = [.. Enumerable.Range(0, 40).Select(i => Group($"{i}", $"5*{20 + (i % 9)} 4*20"))];

        Assert.NotEqual(Ranking.Of(groups, Minimum, 1), Ranking.Of(groups, Minimum, 2));
    }

    [Fact]
    public void AFewCustomersWhoAreAllHappyDontMakeAFirstRankCertain()
    {
        (string, string)[] others = [.. Enumerable.Range(0, 20).Select(i => ($"other {i}", "5*85 4*15"))];
        var standings = Standings([("all happy", "5*10"), .. others]);

        Assert.Equal("all happy", standings[0].Key);
        Assert.Equal(1, standings[0].Likely!.Value.Best);
        Assert.True(standings[0].Likely!.Value.Worst >= 15, $"{standings[0]}"); // 8 of 10 might as well have been, and are worse than most
    }

    /// <summary>The same by the longest way: answers drawn one by one from other numbers, ranks by comparing everybody.</summary>
    [Theory]
    [InlineData(12)]
    [InlineData(90)] // from 64 groups on, ranks are found in another way
    public void RangesAreThoseOfAnswersDrawnOneByOne(int count)
    {
        var random = new SplitMix64(5);
        var groups = Enumerable.Range(0, count).Select(g =>
        {
            var n = 20 + (int)(random.Next() % 40);
            return Enumerable.Range(0, n).Select(_ => random.NextUnit() < 0.3 + (0.5 * g / count) ? 5 : 1 + (int)(random.Next() % 4)).ToArray();
        }).ToArray();

        var expected = OneByOne(groups);
        var standings = Ranking.Of([.. groups.Select((a, g) => new Contender($"{g}", Tallies.Of(a.Select(o => (o, -1)))))], Minimum);

        var miss = Math.Max(1, count / 16);
        Assert.All(standings, s =>
        {
            var (best, worst) = expected[int.Parse(s.Key, CultureInfo.InvariantCulture)];
            Assert.InRange(s.Likely!.Value.Best, Math.Min(best - miss, s.Rank!.Value), best + miss);
            Assert.InRange(s.Likely.Value.Worst, worst - miss, Math.Max(worst + miss, s.Rank.Value));
        });
    }

    [Fact]
    public void RanksAreAPermutationWithSkips() => Always.Holds(Groups(), groups =>
    {
        var ranked = Ranking.Of(groups, Minimum).Where(s => s.Rank is not null).ToArray();

        for (var i = 0; i < ranked.Length; i++)
        {
            Assert.True(ranked[i].Rank == i + 1 || (i > 0 && ranked[i].Rank == ranked[i - 1].Rank), $"{i}: {ranked[i]}");
        }

        Assert.All(ranked.Zip(ranked.Skip(1)), pair =>
        {
            var (better, worse) = (Scores(pair.First), Scores(pair.Second));
            Assert.Equal(pair.First.Rank == pair.Second.Rank, better == worse);
            Assert.True(better.CompareTo(worse) >= 0);
        });

        (decimal, decimal) Scores(Standing s)
        {
            var tally = groups.Single(g => g.Key == s.Key).Tally;
            var n = (decimal)tally.WithOverall;
            return (tally.Overall(5) / n, Enumerable.Range(1, 5).Sum(a => a * tally.Overall(a)) / n);
        }
    }, tests: 60);

    [Fact]
    public void AGroupIsRankedIfAndOnlyIfItHasTheMinimum() => Always.Holds(Groups(), groups =>
    {
        var standings = Ranking.Of(groups, Minimum);

        Assert.Equal(groups.Select(g => g.Key).Order(StringComparer.Ordinal), standings.Select(s => s.Key).Order(StringComparer.Ordinal));
        Assert.All(standings, s => Assert.Equal(groups.Single(g => g.Key == s.Key).Tally.WithOverall >= Minimum, s.Rank is not null));
        Assert.All(standings, s => Assert.Equal((s.Rank is null, s.Rank is null), (s.Likely is null, s.Block is null)));
    }, tests: 60);

    [Fact]
    public void ARangeContainsTheRankAndLiesAmongTheRanksThereAre() => Always.Holds(Groups(), groups =>
    {
        var ranked = Ranking.Of(groups, Minimum).Where(s => s.Rank is not null).ToArray();

        Assert.All(ranked, s =>
        {
            Assert.InRange(s.Rank!.Value, s.Likely!.Value.Best, s.Likely.Value.Worst);
            Assert.InRange(s.Likely.Value.Best, 1, ranked.Length);
            Assert.InRange(s.Likely.Value.Worst, 1, ranked.Length);
        });
    }, tests: 60);

    [Fact]
    public void BlocksFollowEachOtherDownTheList() => Always.Holds(Groups(), groups =>
    {
        var blocks = Ranking.Of(groups, Minimum).Where(s => s.Block is not null).Select(s => s.Block!.Value).ToArray();

        Assert.All(blocks.Take(1), b => Assert.Equal(1, b));
        Assert.All(blocks.Zip(blocks.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 0, 1));
    }, tests: 60);

    [Fact]
    public void TheOrderInWhichGroupsComeDoesNotMatter() => Always.Holds(
        from groups in Groups() from shuffled in Gen.Shuffle(groups) select (groups, shuffled),
        x => Assert.Equal(Ranking.Of(x.groups, Minimum), Ranking.Of(x.shuffled, Minimum)),
        tests: 60);

    [Fact]
    public void TheSameSeedGivesTheSameRanges() => Always.Holds(
        from groups in Groups() from seed in Gen.Choose(0, int.MaxValue) select (groups, seed: (ulong)seed),
        x => Assert.Equal(Ranking.Of(x.groups, Minimum, x.seed), Ranking.Of(x.groups, Minimum, x.seed)),
        tests: 30);

    [Fact]
    public void AGroupThatIsNotRankedChangesNothingForTheOthers() => Always.Holds(Groups(), groups =>
    {
        var alone = Ranking.Of([.. groups.Where(g => g.Tally.WithOverall >= Minimum)], Minimum);

        Assert.Equal(alone, Ranking.Of(groups, Minimum).Where(s => s.Rank is not null));
    }, tests: 60);

    private static RankRange[] OneByOne(int[][] groups)
    {
        const int Times = 2000;
        var random = new SplitMix64(99);
        var ranks = groups.Select(_ => new int[Times]).ToArray();
        for (var t = 0; t < Times; t++)
        {
            var scores = groups.Select(answers =>
            {
                double top = 0, sum = 0;
                for (var i = 0; i < answers.Length; i++)
                {
                    // One of n + 1 answers; the last is a 5 or not, both alike.
                    var at = (int)(random.Next() % (ulong)(answers.Length + 1));
                    var answer = at < answers.Length ? answers[at] : random.Next() % 2 == 0 ? 5 : 1 + (int)(random.Next() % 4);
                    top += answer == 5 ? 1 : 0;
                    sum += answer;
                }

                return (top / answers.Length, sum / answers.Length);
            }).ToArray();
            for (var g = 0; g < groups.Length; g++)
            {
                ranks[g][t] = 1 + scores.Count(s => s.CompareTo(scores[g]) > 0);
            }
        }

        return [.. ranks.Select(r => r.Order().ToArray()).Select(r => new RankRange(r[50], r[Times - 51]))];
    }

    private static Gen<Contender[]> Groups() =>
        from count in Gen.Frequency((6, Gen.Choose(0, 12)), (1, Gen.Choose(60, 80)))
        from tallies in (from r in Always.Responses select Tallies.Of(r)).ListOf(count)
        select tallies.Select((t, i) => new Contender($"D{i}", t)).ToArray();

    private static string[] Ranks(params (string Key, string Overall)[] groups) => [.. Standings(groups).Select(s => $"{s.Key} {s.Rank}")];

    private static IReadOnlyList<Standing> Standings((string Key, string Overall)[] groups) =>
        Ranking.Of([.. groups.Select(g => Group(g.Key, g.Overall))], Minimum);

    private static Contender Group(string key, string overall) => new(key, Tallies.Of(overall));
}
