using FsCheck;
using FsCheck.Fluent;

namespace Survey.Domain.Tests;

public class StatisticsTests
{
    // By hand, 15 of 20: z = 1.959964, z^2 = 3.841459; (0.75 + 0.096036 -+ 1.959964 sqrt(0.009375 + 0.002401)) / 1.192073.
    // R 4.2: prop.test(x, n, correct = FALSE)$conf.int
    [Theory]
    [InlineData(15, 20, 0.5312991224, 0.8881382986)]
    [InlineData(0, 10, 0, 0.2775327999)]
    [InlineData(10, 10, 0.7224672001, 1)]
    [InlineData(1, 10, 0.0178762131, 0.4041500268)]
    [InlineData(0, 1, 0, 0.7934506856)]
    [InlineData(1, 1, 0.2065493144, 1)]
    [InlineData(81, 263, 0.2552885199, 0.3662095770)]
    [InlineData(263, 1000, 0.2366568598, 0.2911570237)]
    [InlineData(5, 10_000_000, 0.0000002135701321, 0.000001170575218)]
    [InlineData(9_999_999, 10_000_000, 0.9999994335, 0.9999999823)]
    [InlineData(5_000_000, 10_000_000, 0.49969010254, 0.50030989746)]
    public void TheIntervalOfAShareIsWilsons(long count, long total, double low, double high)
    {
        var interval = Statistics.Wilson(count, total)!.Value;

        Assert.Equal(low, interval.Low, 9);
        Assert.Equal(high, interval.High, 9);
    }

    // Computed by the formula these would be 3e-21 and 0.9999999999999998.
    [Fact]
    public void TheIntervalOfNoneOrAllReachesItsEndExactly()
    {
        Assert.Equal(0, Statistics.Wilson(0, 99_995)!.Value.Low);
        Assert.Equal(1, Statistics.Wilson(99_999, 99_999)!.Value.High);
    }

    [Fact]
    public void OfNoneNothingCanBeSaid()
    {
        Assert.Null(Statistics.Wilson(0, 0));
        Assert.Null(Statistics.Difference(0, 0, 3, 10));
        Assert.Null(Statistics.Difference(3, 10, 0, 0));
    }

    [Theory]
    [InlineData(-1, 10)]
    [InlineData(11, 10)]
    [InlineData(0, -1)]
    public void ACountThatIsNoPartOfItsTotalIsAFaultOfTheCaller(long count, long total) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Statistics.Wilson(count, total));

    [Fact]
    public void TheIntervalOfAShareContainsItAndLiesWithin0To1() => Always.Holds(Always.Share, share =>
    {
        var interval = Statistics.Wilson(share.Count, share.Total)!.Value;

        Assert.True(interval.Contains(share.Count / (double)share.Total), $"{interval}");
        Assert.InRange(interval.Low, 0, interval.High);
        Assert.InRange(interval.High, interval.Low, 1);
        Assert.True(interval.Low < interval.High, $"{interval}");
    });

    [Fact]
    public void TheIntervalOfTheOppositeIsTheOppositeInterval() => Always.Holds(Always.Share, share =>
    {
        var (low, high) = Statistics.Wilson(share.Count, share.Total)!.Value;
        var opposite = Statistics.Wilson(share.Total - share.Count, share.Total)!.Value;

        Assert.Equal(1 - high, opposite.Low, 12);
        Assert.Equal(1 - low, opposite.High, 12);
    });

    // Newcombe 1998, Statistics in Medicine 17: 873-890, table II, method 10, all eight contrasts.
    [Theory]
    [InlineData(56, 70, 48, 80, 0.0524, 0.3339)]
    [InlineData(9, 10, 3, 10, 0.1705, 0.8090)]
    [InlineData(6, 7, 2, 7, 0.0582, 0.8062)]
    [InlineData(5, 56, 0, 29, -0.0381, 0.1926)]
    [InlineData(0, 10, 0, 20, -0.1611, 0.2775)]
    [InlineData(0, 10, 0, 10, -0.2775, 0.2775)]
    [InlineData(10, 10, 0, 20, 0.6791, 1.0000)]
    [InlineData(10, 10, 0, 10, 0.6075, 1.0000)]
    public void TheIntervalOfADifferenceIsNewcombes(long count1, long total1, long count2, long total2, double low, double high)
    {
        var interval = Statistics.Difference(count1, total1, count2, total2)!.Value;

        Assert.Equal(low, interval.Low, 4);
        Assert.Equal(high, interval.High, 4);
    }

    [Fact]
    public void TheIntervalOfADifferenceContainsItAndTurnsRoundWithIt() => Always.Holds(Pairs(), pair =>
    {
        var ((count1, total1), (count2, total2)) = pair;
        var (low, high) = Statistics.Difference(count1, total1, count2, total2)!.Value;
        var turned = Statistics.Difference(count2, total2, count1, total1)!.Value;

        Assert.InRange((count1 / (double)total1) - (count2 / (double)total2), low, high);
        Assert.InRange(low, -1, high);
        Assert.InRange(high, low, 1);
        Assert.Equal(-high, turned.Low, 12);
        Assert.Equal(-low, turned.High, 12);
    });

    // By hand, the lady who tasted tea, 3 of 4 right: 70 tables, (16 + 1 + 16 + 1) / 70 = 0.485714.
    // R 4.2: fisher.test(matrix(c(a, b, c, d), 2, byrow = TRUE))$p.value
    [Theory]
    [InlineData(3, 1, 1, 3, 0.485714285714)]
    [InlineData(1, 9, 11, 3, 0.00275945618522)]
    [InlineData(0, 10, 0, 30, 1)]
    [InlineData(0, 0, 3, 4, 1)]
    [InlineData(0, 0, 0, 0, 1)]
    [InlineData(7, 33, 4, 116, 0.00570153200207)]
    [InlineData(12, 5, 29, 2, 0.0802685520741)]
    [InlineData(20, 80, 30, 270, 0.0136713559553)]
    [InlineData(2, 98, 3, 297, 0.602503316948)]
    [InlineData(0, 5, 5, 0, 0.00793650793651)] // two tables equally probable: both count
    [InlineData(150, 850, 300, 2700, 0.0000236721398188)]
    [InlineData(1000, 9000, 900, 9100, 0.016947123526)]
    [InlineData(5000, 995_000, 15_500, 2_984_500, 0.0432404512244)]
    public void ATableIsAsRareAsFishersTestSays(long a, long b, long c, long d, double expected) =>
        Assert.Equal(expected, Statistics.FisherExact(a, b, c, d), 9);

    [Fact]
    public void WhatIsVeryRareKeepsItsDigits() =>
        Assert.Equal(1.8603403656, Statistics.FisherExact(40, 0, 0, 40) * 1e23, 6); // R: 1.8603403656e-23

    [Fact]
    public void WhatCantBeToldFromImpossibleIs0() =>
        Assert.Equal(0, Statistics.FisherExact(5_000_000, 0, 0, 5_000_000));

    [Theory]
    [InlineData(-1, 1, 1, 1)]
    [InlineData(1, -1, 1, 1)]
    [InlineData(1, 1, -1, 1)]
    [InlineData(1, 1, 1, -1)]
    public void ATableHasNoNegativeCounts(long a, long b, long c, long d) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Statistics.FisherExact(a, b, c, d));

    [Fact]
    public void HowATableIsTurnedDoesNotMatter() => Always.Holds(Pairs(), pair =>
    {
        var ((a, total1), (c, total2)) = pair;
        var (b, d) = (total1 - a, total2 - c);
        var p = Statistics.FisherExact(a, b, c, d);

        Assert.InRange(p, 0, 1);
        Assert.Equal(p, Statistics.FisherExact(c, d, a, b), 9);
        Assert.Equal(p, Statistics.FisherExact(b, a, d, c), 9);
        Assert.Equal(p, Statistics.FisherExact(a, c, b, d), 9);
    });

    // The 15 p-values of Benjamini and Hochberg 1995, section 4. R 4.2: p.adjust(p, "BH")
    [Theory]
    [InlineData("0.0001 0.0004 0.0019 0.0095 0.0201 0.0278 0.0298 0.0344 0.0459 0.3240 0.4262 0.5719 0.6528 0.7590 1.0",
        "0.0015 0.003 0.0095 0.035625 0.0603 0.06385714286 0.06385714286 0.0645 0.0765 0.486 0.58118181818 0.714875 0.75323076923 0.81321428571 1")]
    [InlineData("0.01 0.02 0.03 0.04 0.05", "0.05 0.05 0.05 0.05 0.05")]
    [InlineData("0.9 0.002 0.04 0.04 0.5 1 0.0005", "1 0.007 0.07 0.07 0.7 1 0.0035")]
    [InlineData("0.04", "0.04")]
    [InlineData("", "")]
    public void ManyChancesAreAdjustedAsBenjaminiAndHochbergSay(string values, string expected)
    {
        var adjusted = Statistics.BenjaminiHochberg(Numbers(values));

        Assert.Equal(Numbers(expected).Length, adjusted.Length);
        Assert.All(Numbers(expected).Zip(adjusted), pair => Assert.Equal(pair.First, pair.Second, 9));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void AChanceThatIsNoneCantBeAdjusted(double value) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Statistics.BenjaminiHochberg([0.5, value]));

    // R 4.2: dbinom(x, n, p)
    [Theory]
    [InlineData(0, 10, 0.3, 0.0282475249)]
    [InlineData(3, 10, 0.3, 0.266827932)]
    [InlineData(10, 10, 0.3, 5.90489999999999e-06)]
    [InlineData(500, 1000, 0.5, 0.0252250181783608)]
    [InlineData(20, 1000, 0.5, 3.16826956895801e-260)]
    [InlineData(17, 40, 0.9, 1.47980600389123e-13)]
    [InlineData(5_000_000, 10_000_000, 0.5, 0.000252313245894184)]
    [InlineData(5_004_000, 10_000_000, 0.5, 1.02848437761724e-05)]
    [InlineData(0, 10_000_000, 1e-7, 0.36787942277747)]
    [InlineData(3, 10_000_000, 1e-7, 0.0613132371295776)]
    [InlineData(1, 1, 0.25, 0.25)]
    [InlineData(0, 0, 0.25, 1)]
    [InlineData(0, 5, 0.0, 1)]
    [InlineData(1, 5, 0.0, 0)]
    [InlineData(5, 5, 1.0, 1)]
    [InlineData(4, 5, 1.0, 0)]
    public void ABinomialProbabilityIsGoodToTenDigitsUpToTenMillion(long successes, long trials, double share, double expected)
    {
        var probability = Statistics.BinomialProbability(successes, trials, share);

        Assert.InRange(probability, expected * (1 - 1e-10), expected * (1 + 1e-10));
    }

    [Fact]
    public void BinomialDrawsHaveTheMeanAndTheVarianceThatTheyShould() => Always.Holds(
        from trials in Gen.Frequency((4, Gen.Choose(1, 50)), (3, Gen.Choose(1, 3000)), (1, Gen.Choose(1, 10_000_000)))
        from thousandths in Gen.Choose(0, 1000)
        from seed in Gen.Choose(0, int.MaxValue)
        select (trials, share: thousandths / 1000.0, seed),
        x =>
        {
            const int Draws = 2000;
            var random = new SplitMix64((ulong)x.seed);
            double sum = 0, squares = 0;
            var mean = x.trials * x.share;
            for (var i = 0; i < Draws; i++)
            {
                var draw = Statistics.Binomial(ref random, x.trials, x.share);
                Assert.InRange(draw, 0, x.trials);
                sum += draw - mean;
                squares += (draw - mean) * (draw - mean);
            }

            // Five standard errors; that of the variance needs the fourth moment: npq (1 + 3 (n - 2) pq).
            var variance = mean * (1 - x.share);
            var fourth = variance * (1 + (3 * (x.trials - 2) * x.share * (1 - x.share)));
            Assert.InRange(sum / Draws, -5 * Math.Sqrt(variance / Draws), 5 * Math.Sqrt(variance / Draws));
            var error = 5 * Math.Sqrt(Math.Max(0, fourth - (variance * variance)) / Draws);
            Assert.InRange(squares / Draws, variance - error - 1e-9, variance + error + (1e-9 * variance) + 1e-9);
        },
        tests: 100);

    [Fact]
    public void BinomialDrawsComeAsOftenAsTheyShould()
    {
        const int Draws = 200_000;
        var random = new SplitMix64(1);
        var seen = new int[13];
        for (var i = 0; i < Draws; i++)
        {
            seen[Statistics.Binomial(ref random, 12, 0.7)]++;
        }

        for (var k = 0; k <= 12; k++)
        {
            var p = Statistics.BinomialProbability(k, 12, 0.7);
            Assert.InRange(seen[k] / (double)Draws, p - Error(p, Draws), p + Error(p, Draws));
        }
    }

    // The values that Java's SplittableRandom and Rosetta Code give for the seed 1234567.
    [Fact]
    public void TheNumbersOfASeedAreTheSameForEver()
    {
        var random = new SplitMix64(1234567);

        Assert.Equal(
            [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821],
            Enumerable.Range(0, 5).Select(_ => random.Next()));
    }

    [Fact]
    public void ANameHasNumbersOfItsOwn()
    {
        ulong First(ulong seed, string name) => new SplitMix64(seed, name).Next();

        Assert.Equal(First(1, "AU/D001"), First(1, "AU/D001"));
        Assert.Equal(4, new[] { First(1, "AU/D001"), First(1, "AU/D002"), First(2, "AU/D001"), First(1, "") }.Distinct().Count());
    }

    [Theory]
    [InlineData(new double[] { 1, 2, 3 }, 4)] // one part
    [InlineData(new double[] { 3, 0, 1, 2, 4 }, 3)]
    [InlineData(new double[] { 5, 1 }, 3)]
    [InlineData(new double[] { 0.5, 0, 0, 0, 0.25 }, 4)] // weights that are no counts
    public void ResamplesComeAsOftenAsIfAnswersWereDrawnOneByOne(double[] weights, int size)
    {
        const int Draws = 200_000;
        var resampler = new Resampler(weights, size);
        var random = new SplitMix64(7);
        var seen = new Dictionary<Resample, int>();
        for (var i = 0; i < Draws; i++)
        {
            var resample = resampler.Next(ref random);
            seen[resample] = seen.GetValueOrDefault(resample) + 1;
        }

        var expected = OneByOne(weights, size);
        Assert.All(seen.Keys, r => Assert.True(expected.ContainsKey(r), $"{r} can't be"));
        Assert.All(expected, e => Assert.InRange(seen.GetValueOrDefault(e.Key) / (double)Draws, e.Value - Error(e.Value, Draws), e.Value + Error(e.Value, Draws)));
    }

    [Theory]
    [InlineData(40)] // parts, and a rest
    [InlineData(42)]
    [InlineData(1009)]
    [InlineData(65_535)]
    [InlineData(65_536)] // the last that is drawn in parts
    [InlineData(65_537)]
    [InlineData(10_000_000)]
    public void ResamplesOfAnySizeHaveTheMeanAndTheSpreadThatTheyShould(long size)
    {
        const int Draws = 20_000;
        double[] weights = [3, 2, 4, 10, 21];
        var resampler = new Resampler(weights, size);
        var random = new SplitMix64(3);
        var draws = Enumerable.Range(0, Draws).Select(_ => resampler.Next(ref random)).ToArray();

        // Of one answer: the sum has mean 3.1 and variance 1.49, the share of the highest 0.525 and 0.249375, their covariance 0.4725.
        Assert.All(draws, r => Assert.True(r.Top >= 0 && r.Top <= size && r.Sum >= 4 * r.Top && r.Sum <= (4 * r.Top) + (3 * (size - r.Top)), $"{r}"));
        Moments([.. draws.Select(r => (double)r.Sum)], 3.1 * size, 1.49 * size);
        Moments([.. draws.Select(r => (double)r.Top)], 0.525 * size, 0.249375 * size);
        Moments([.. draws.Select(r => (double)(r.Sum + r.Top))], 3.625 * size, (1.49 + 0.249375 + (2 * 0.4725)) * size);

        static void Moments(double[] values, double mean, double variance)
        {
            var seen = values.Average();
            Assert.InRange(seen, mean - (5 * Math.Sqrt(variance / Draws)), mean + (5 * Math.Sqrt(variance / Draws)));
            Assert.InRange(values.Sum(v => (v - mean) * (v - mean)) / Draws / variance, 1 - (5 * Math.Sqrt(2.0 / Draws)), 1 + (5 * Math.Sqrt(2.0 / Draws)));
        }
    }

    [Fact]
    public void AResampleOfNothingIsNothing()
    {
        var random = new SplitMix64(1);

        Assert.Equal(new Resample(0, 0), new Resampler([1, 1], 0).Next(ref random));
    }

    [Theory]
    [InlineData(new double[] { 1 }, 1)]
    [InlineData(new double[] { 1, 1, 1, 1, 1, 1 }, 1)]
    [InlineData(new double[] { 0, 0 }, 1)]
    [InlineData(new double[] { 1, -1 }, 1)]
    [InlineData(new double[] { 1, double.NaN }, 1)]
    [InlineData(new double[] { 1, 1 }, -1)]
    public void WhatCantBeDrawnFromIsRefused(double[] weights, long size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Resampler(weights, size));

    /// <summary>The probability of every resample, by drawing every row of answers.</summary>
    private static Dictionary<Resample, double> OneByOne(double[] weights, int size)
    {
        var all = new Dictionary<Resample, double> { [new(0, 0)] = 1 };
        for (var i = 0; i < size; i++)
        {
            all = all.SelectMany(r => weights.Select((w, answer) => (
                    Resample: new Resample(r.Key.Top + (answer == weights.Length - 1 ? 1 : 0), r.Key.Sum + answer),
                    Probability: r.Value * w / weights.Sum())))
                .Where(r => r.Probability > 0)
                .GroupBy(r => r.Resample, r => r.Probability)
                .ToDictionary(g => g.Key, g => g.Sum());
        }

        return all;
    }

    private static double Error(double probability, int draws) => 5 * Math.Sqrt(probability * (1 - probability) / draws);

    private static double[] Numbers(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => double.Parse(n, System.Globalization.CultureInfo.InvariantCulture))];

    private static Gen<((long Count, long Total), (long Count, long Total))> Pairs() =>
        from first in Always.Share from second in Always.Share select (first, second);
}
