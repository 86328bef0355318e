using FsCheck;
using FsCheck.Fluent;

namespace Survey.Domain.Tests;

public class ScoresTests
{
    /// <summary>40 answers to overall (3, 2, 4, 10, 21), 38 to recommend (7 of 0-6, 12 of 7-8, 19 of 9-10).</summary>
    private static ScoreTally Ordinary => Tallies.Of("1*3 2*2 3*4 4*10 5*21", "0*3 6*4 7*6 8*6 9*9 10*10 none*2");

    // By hand: 21 / 40; (2 + 8 + 30 + 84) / 160; (19 - 7) / 38.
    // R 4.2: prop.test(21, 40, correct = FALSE)$conf.int
    [Fact]
    public void AScoreIsWhatAHandWouldCompute()
    {
        var score = Score.Of(Ordinary);

        Assert.Equal((40, 40, 38), (score.Responses, score.WithOverall, score.WithRecommend));
        Assert.Equal(0.525, score.CompletelySatisfied!.Value.Value, 6);
        Assert.Equal(0.374974, score.CompletelySatisfied.Value.Interval!.Value.Low, 6);
        Assert.Equal(0.670645, score.CompletelySatisfied.Value.Interval.Value.High, 6);
        Assert.Equal(77.5, score.Index!.Value.Value, 6);
        Assert.Equal(31.578947, score.Recommend!.Value.Value, 6);
    }

    // R 4.2: x <- rep(0:4, c(3, 2, 4, 10, 21)); set.seed(1)
    //        quantile(replicate(1e5, mean(sample(x, 40, TRUE))) * 25, c(.025, .975), type = 1)   67.5 86.25
    //        y <- rep(c(-100, 0, 100), c(7, 12, 19))
    //        quantile(replicate(1e5, mean(sample(y, 38, TRUE))), c(.025, .975), type = 1)        7.894737 55.263158
    // The means lie on a lattice of 0.625 and 2.631579: 2,000 resamples may miss by one step.
    [Theory]
    [InlineData(20100801)]
    [InlineData(1)]
    [InlineData(2)]
    public void TheBootstrapFindsTheIntervalsThatROtherwiseFinds(ulong seed)
    {
        var score = Score.Of(Ordinary, seed);

        Near(67.5, 86.25, 0.626, score.Index);
        Near(7.894737, 55.263158, 2.632, score.Recommend);
    }

    // R 4.2: x <- rep(0:4, c(3, 2, 4, 10, 21) * 2500); 25 * sd(x) / sqrt(length(x))   0.0965 0.0763: by the normal law 1.959964 of
    // these from 77.5. Of a million and of ten million the root of ten less.
    [Theory]
    [InlineData(2500, 0.0965018)] // 100,000
    [InlineData(25_000, 0.0305165)]
    [InlineData(250_000, 0.00965013)] // 10 million
    public void ManyAnswersHaveTheIntervalOfTheNormalLaw(int times, double standardError)
    {
        var tally = new ScoreTally();
        for (var i = 0; i < times; i++)
        {
            tally.Add(Ordinary);
        }

        Near(77.5 - (1.959964 * standardError), 77.5 + (1.959964 * standardError), 0.15 * standardError, Score.Of(tally).Index);
    }

    /// <summary>A change of how resamples are drawn is no fault in itself; but reports that are out there could no longer be found again.</summary>
    [Theory]
    [InlineData(1, 68.125, 86.875)]
    [InlineData(30, 75.8125, 79.125)] // 1,200 answers
    [InlineData(1000, 77.186875, 77.82)] // 40,000
    [InlineData(2500, 77.30975, 77.69)] // 100,000, by binomials
    public void APublishedIntervalIsFoundAgain(int times, double low, double high)
    {
        var tally = new ScoreTally();
        for (var i = 0; i < times; i++)
        {
            tally.Add(Ordinary);
        }

        var interval = Score.Of(tally).Index!.Value.Interval!.Value;
        Assert.Equal((low, high), (Math.Round(interval.Low, 6), Math.Round(interval.High, 6)));
    }

    [Fact]
    public void OfNobodyNothingIsSaid()
    {
        var score = Score.Of(new ScoreTally());

        Assert.Equal(new Score(0, 0, 0, null, null, null), score);
    }

    [Fact]
    public void WhoLeftAQuestionOutIsInNoShareOfIt()
    {
        var score = Score.Of(Tallies.Of("none*3 5*1 1*1", "none*1 10*4"));

        Assert.Equal((5, 2, 4), (score.Responses, score.WithOverall, score.WithRecommend));
        Assert.Equal(0.5, score.CompletelySatisfied!.Value.Value, 6);
        Assert.Equal(50, score.Index!.Value.Value, 6);
        Assert.Equal(100, score.Recommend!.Value.Value, 6);
    }

    [Fact]
    public void OnlyTheQuestionThatNobodyAnsweredIsEmpty()
    {
        var score = Score.Of(Tallies.Of("none*3", "10*2 0*1"));

        Assert.Null(score.CompletelySatisfied);
        Assert.Null(score.Index);
        Assert.NotNull(score.Recommend);
    }

    [Theory]
    [InlineData("5*12", 1.0, 100)]
    [InlineData("1*12", 0.0, 0)]
    [InlineData("3*1", 0.0, 50)]
    public void AnswersThatAreAllTheSameHaveAnIndexAndNoIntervalOfIt(string overall, double satisfied, double index)
    {
        var score = Score.Of(Tallies.Of(overall, "none*12"));

        Assert.Equal(new Estimate(index, null), score.Index);
        Assert.Equal(satisfied, score.CompletelySatisfied!.Value.Value);
        Assert.NotNull(score.CompletelySatisfied.Value.Interval); // Wilson's has a width all the same
    }

    [Theory]
    [InlineData(0, -100)]
    [InlineData(6, -100)]
    [InlineData(7, 0)]
    [InlineData(8, 0)]
    [InlineData(9, 100)]
    [InlineData(10, 100)]
    public void WhoRecommendsIs9Or10AndWhoDoesNotIs0To6(int answer, double points)
    {
        var tally = new ScoreTally();
        tally.Add(5, answer);

        Assert.Equal(points, Score.Of(tally).Recommend!.Value.Value);
    }

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(6, 5)]
    [InlineData(5, -2)]
    [InlineData(5, 11)]
    [InlineData(int.MinValue, int.MaxValue)]
    public void AnAnswerOutsideItsScaleIsRefusedAndCountsNowhere(int overall, int recommend)
    {
        var tally = new ScoreTally();

        Assert.Throws<ArgumentOutOfRangeException>(() => tally.Add(overall, recommend));
        Assert.Equal(0, tally.Responses);
        Assert.Equal(0, tally.WithRecommend);
    }

    [Fact]
    public void ATallySaysWhatWasAdded() => Always.Holds(Always.Responses, responses =>
    {
        var tally = Tallies.Of(responses);

        Assert.Equal(responses.Length, tally.Responses);
        Assert.Equal(responses.Count(r => r.Overall > 0), tally.WithOverall);
        Assert.Equal(responses.Count(r => r.Recommend >= 0), tally.WithRecommend);
        Assert.All(Enumerable.Range(0, 6), a => Assert.Equal(responses.Count(r => r.Overall == a), tally.Overall(a)));
        Assert.All(Enumerable.Range(-1, 12), a => Assert.Equal(responses.Count(r => r.Recommend == a), tally.Recommending(a, a)));
        Assert.Equal(responses.Count(r => r.Recommend is >= 3 and <= 8), tally.Recommending(3, 8));
    });

    [Fact]
    public void ATallyIsAskedForAnswersThatThereAre()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Ordinary.Overall(6));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ordinary.Overall(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ordinary.Recommending(-2, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ordinary.Recommending(0, 11));
    }

    [Fact]
    public void ToAddTalliesIsToAddAllResponses() => Always.Holds(
        from first in Always.Responses from second in Always.Responses select (first, second),
        x =>
        {
            var merged = Tallies.Of(x.first);
            var second = Tallies.Of(x.second);
            merged.Add(second);

            Assert.Equal(Score.Of(Tallies.Of([.. x.first, .. x.second])), Score.Of(merged));
            Assert.Equal(x.second.Length, second.Responses); // the other is as it was
        },
        tests: 100);

    [Fact]
    public void AnIntervalContainsItsScoreAndLiesWithinWhatTheScoreCanBe() => Always.Holds(Always.Responses, responses =>
    {
        var score = Score.Of(Tallies.Of(responses));

        Within(score.CompletelySatisfied, 0, 1);
        Within(score.Index, 0, 100);
        Within(score.Recommend, -100, 100);
    });

    [Fact]
    public void TheSameAnswersAndTheSameSeedHaveTheSameScoreInAnyOrder() => Always.Holds(
        from responses in Always.Responses from seed in Gen.Choose(0, int.MaxValue) select (responses, seed: (ulong)seed),
        x => Assert.Equal(
            Score.Of(Tallies.Of(x.responses), x.seed),
            Score.Of(Tallies.Of(x.responses.OrderBy(r => r.Recommend)), x.seed)),
        tests: 100);

    [Fact]
    public void AnotherSeedDrawsOtherResamples() =>
        Assert.True(Enumerable.Range(0, 20).Select(seed => Score.Of(Ordinary, (ulong)seed)).Distinct().Count() > 1);

    // 1 to 2,000, shuffled or not: 50 are left out at each end.
    [Fact]
    public void TheMiddleLeavesOutOneInFortyAtEachEnd() => Always.Holds(Gen.Choose(-1_000_000, 1_000_000), shift =>
    {
        var draws = Enumerable.Range(1, 2000).Select(n => (long)n + shift).ToArray();
        Gen.Shuffle(draws).Sample(1).Single().CopyTo(draws, 0);

        Assert.Equal((51 + shift, 1950 + shift), Bootstrap.Middle(draws));
    }, tests: 10);

    private static void Within(Estimate? estimate, double least, double most)
    {
        if (estimate is { Interval: { } interval } e)
        {
            Assert.True(interval.Contains(e.Value), $"{e}");
            Assert.InRange(interval.Low, least, most);
            Assert.InRange(interval.High, least, most);
        }

        Assert.True(estimate is null || (estimate.Value.Value >= least && estimate.Value.Value <= most), $"{estimate}");
    }

    private static void Near(double low, double high, double error, Estimate? estimate)
    {
        var interval = estimate!.Value.Interval!.Value;
        Assert.InRange(interval.Low, low - error, low + error);
        Assert.InRange(interval.High, high - error, high + error);
    }
}
