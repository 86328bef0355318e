using FsCheck;
using FsCheck.Fluent;

namespace Survey.Domain.Tests;

public class SamplingTests
{
    private static readonly Gen<int> AnyDraw = Gen.Choose(0, Sampling.Whole - 1);

    private static readonly Gen<int> AnyShare = Gen.Frequency((1, Gen.Constant(1)), (1, Gen.Constant(Sampling.Whole)), (6, Gen.Choose(1, Sampling.Whole)));

    private static readonly Gen<int?> AnyTarget = Gen.Frequency((1, Gen.Constant<int?>(null)), (4, Gen.Choose(1, 40).Select(t => (int?)t)));

    /// <summary>A dealer's month: the rules, the size of the month before, and what is drawn for its transactions, in order.</summary>
    private static readonly Gen<(SamplingRules Rules, int MonthBefore, int[] Draws)> AnyMonth =
        from share in Gen.Frequency((1, Gen.Constant<int?>(null)), (2, AnyShare.Select(s => (int?)s)))
        from target in AnyTarget
        from before in Gen.Choose(0, 120)
        from count in Gen.Choose(0, 120)
        from draws in AnyDraw.ListOf(count)
        select (new SamplingRules(share, target), before, draws.ToArray());

    [Theory]
    [InlineData(0UL, 0)]
    [InlineData(ulong.MaxValue / 4, 249_999)]
    [InlineData(1UL << 63, 500_000)]
    [InlineData(ulong.MaxValue, 999_999)]
    public void ADrawIsEvenOverAllMillionths(ulong hash, int draw) => Assert.Equal(draw, Sampling.DrawOf(unchecked((long)hash)));

    [Theory]
    [InlineData(60, 0, 1_000_000)] // no month before: all, up to the quota
    [InlineData(60, 60, 1_000_000)]
    [InlineData(60, 61, 983_606)]
    [InlineData(60, 240, 250_000)]
    [InlineData(1, 2_000_000_000, 1)] // never nobody
    public void TheRateAimsAtTheTargetByTheMonthBefore(int target, long monthBefore, int rate) => Assert.Equal(rate, Sampling.RateOf(target, monthBefore));

    [Fact]
    public void WithBothTheSmallerCounts()
    {
        Assert.Equal(250_000, Sampling.RateOf(new SamplingRules(500_000, 60), 250_000));
        Assert.Equal(500_000, Sampling.RateOf(new SamplingRules(500_000, 60), 750_000));
        Assert.Equal(500_000, Sampling.RateOf(new SamplingRules(500_000, null), 250_000)); // a rate of old, from when a number was aimed at
    }

    [Theory]
    [InlineData("2026-03-31", "2026-03-01", "2026-02-01")]
    [InlineData("2026-01-01", "2026-01-01", "2025-12-01")]
    [InlineData("0001-01-31", "0001-01-01", "0001-01-01")]
    public void AStratumIsAMonthOfTheEvent(string day, string month, string before) =>
        Assert.Equal((Some.Day(month), Some.Day(before)), Sampling.MonthsOf(Some.Day(day)));

    [Fact]
    public void WhoIsInASmallerShareIsInALargerOne() => Always.Holds(
        from draw in AnyDraw from a in AnyShare from b in AnyShare select (draw, a, b),
        x =>
        {
            var (small, large) = (new SamplingRules(Math.Min(x.a, x.b), null), new SamplingRules(Math.Max(x.a, x.b), null));
            Assert.True(!Draw(small, x.draw).IsTaken || Draw(large, x.draw).IsTaken);
        });

    [Fact]
    public void AShareAsksNothingButTheTransaction() => Always.Holds(
        from draw in AnyDraw from share in AnyShare from eligible in Gen.Choose(0, 1000) from taken in Gen.Choose(0, 1000) from rate in AnyShare select (draw, share, new Stratum(eligible, taken, rate)),
        x =>
        {
            var (sample, after) = Sampling.Draw(new SamplingRules(x.share, null), x.draw, x.Item3, () => throw new InvalidOperationException("The month before was asked for."));

            Assert.Equal(x.draw < x.share, sample.IsTaken);
            Assert.Equal(x.Item3, after);
        });

    [Fact]
    public void TheQuotaIsNeverExceededAndTheRateOfAStratumNeverChanges() => Always.Holds(AnyMonth, m =>
    {
        var (samples, end) = Play(m.Rules, m.MonthBefore, m.Draws);

        Assert.True(samples.Count(s => s.IsTaken) <= (m.Rules.PerDealerAndMonth ?? int.MaxValue));
        Assert.True(samples.Select(s => s.Rate).Distinct().Count() <= 1);
        Assert.All(samples, s => Assert.Equal(s.Draw < s.Rate && s.Before < (s.Quota ?? int.MaxValue), s.IsTaken));
        if (m.Rules.PerDealerAndMonth is not null)
        {
            Assert.Equal((m.Draws.Length, samples.Count(s => s.IsTaken)), ((int)end.Eligible, (int)end.Taken));
        }
    });

    /// <summary>Without a full quota the same transactions are taken in whatever order they come; with one, as many.</summary>
    [Fact]
    public void TheOrderOfRowsDecidesNothingButWhoFillsTheQuota() => Always.Holds(AnyMonth, m =>
    {
        var (forwards, backwards) = (Play(m.Rules, m.MonthBefore, m.Draws).Samples, Play(m.Rules, m.MonthBefore, [.. m.Draws.Reverse()]).Samples);

        Assert.Equal(forwards.Count(s => s.IsTaken), backwards.Count(s => s.IsTaken));
        if (!forwards.Exists(s => s.QuotaWasFull))
        {
            Assert.Equal(forwards.Where(s => s.IsTaken).Select(s => s.Draw).Order(), backwards.Where(s => s.IsTaken).Select(s => s.Draw).Order());
        }
    });

    [Fact]
    public void WhoWasDrawnForBeforeIsNotCountedAgain()
    {
        var (_, after) = Sampling.Draw(new SamplingRules(null, 5), 0, new Stratum(7, 2, 500_000), () => 0, counted: true);

        Assert.Equal(new Stratum(7, 3, 500_000), after);
    }

    [Fact]
    public void TheVerdictIsThatOfTheRule() => Always.Holds(
        from draw in AnyDraw from rate in AnyShare from full in Gen.Elements(true, false) select new Sample(draw, rate, full ? 5 : 4, 5, draw < rate && !full),
        sample =>
        {
            var input = Some.ScreeningInput with { Market = Some.Australia with { Sales = Some.SalesPolicy with { Sampling = new SamplingRules(null, 5) } } };
            var asked = Screening.Screen(input with { Sample = sample });

            Assert.True(Screening.Screen(input).Eligible); // nobody fails before he was drawn for
            Assert.Equal(asked, Screening.Screen(input).With(sample));
            Assert.Equal(sample.IsTaken ? null : "not_sampled", asked.Reason);
        });

    [Fact]
    public void TheRuleSaysWhatWasDrawnAndWhy()
    {
        var rule = Screening.Rules[^1];
        var off = Some.ScreeningInput;
        var on = off with { Market = Some.Australia with { Sales = Some.SalesPolicy with { Sampling = new SamplingRules(null, 60) } } };

        Assert.Equal("not_sampled", rule.Reason);
        Assert.Equal((true, "no sampling"), (rule.Holds(off), rule.Facts(off).ToString()));
        Assert.Null(rule.Holds(on));
        Assert.Null(rule.Holds(on with { Market = null }));
        Assert.Equal("drew 0.421337, sampled below 0.250000; 60 of the dealer and month may be taken, 7 were", rule.Facts(on with { Sample = new Sample(421_337, 250_000, 7, 60, false) }).ToString());
        Assert.Equal("drew 0.100000, sampled below 0.250000; 60 of the dealer and month may be taken, 60 were: full", rule.Facts(on with { Sample = new Sample(100_000, 250_000, 60, 60, false) }).ToString());
        Assert.Equal("drew 0.100000, sampled below 0.250000", rule.Facts(on with { Sample = new Sample(100_000, 250_000, 0, null, true) }).ToString());
    }

    private static Sample Draw(SamplingRules rules, int draw) => Sampling.Draw(rules, draw, default, () => 0).Sample;

    private static (List<Sample> Samples, Stratum End) Play(SamplingRules rules, int monthBefore, int[] draws)
    {
        var (samples, stratum) = (new List<Sample>(), default(Stratum));
        foreach (var draw in draws)
        {
            (var sample, stratum) = Sampling.Draw(rules, draw, stratum, () => monthBefore);
            samples.Add(sample);
        }

        return (samples, stratum);
    }
}
