namespace Survey.Domain;

/// <summary>Counts of what a group's customers answered to <c>overall</c> and <c>recommend</c>; everything that a score needs.</summary>
/// <remarks>
/// Only complete responses that count are added: no partials, no duplicates. Late ones count. To add is to raise counters, so
/// a million responses cost milliseconds, and groups add up: a region's tally is the sum of its dealers'.
/// </remarks>
public sealed class ScoreTally
{
    private const int Overalls = 6; // 0 for none, 1 to 5
    private const int Recommends = 12; // none, 0 to 10

    // `overall` first, then `recommend` from -1.
    private readonly long[] counts = new long[Overalls + Recommends];

    /// <summary>Complete responses that count, whatever they answered.</summary>
    public long Responses => WithOverall + counts[0];

    /// <summary>Those that answered <c>overall</c>: the base of the headline and of the index.</summary>
    public long WithOverall => counts[1] + counts[2] + counts[3] + counts[4] + counts[5];

    /// <summary>Those that answered <c>recommend</c>.</summary>
    public long WithRecommend => Recommending(0, 10);

    /// <summary>Adds one response.</summary>
    /// <param name="overall">1 to 5; 0 where it was not answered.</param>
    /// <param name="recommend">0 to 10; -1 where it was not answered.</param>
    /// <exception cref="ArgumentOutOfRangeException">An answer that the questionnaire does not know.</exception>
    public void Add(int overall, int recommend)
    {
        if (overall is < 0 or >= Overalls)
        {
            throw new ArgumentOutOfRangeException(nameof(overall), overall, "overall is 1 to 5, or 0 where it was not answered.");
        }

        if (recommend is < -1 or >= Recommends - 1)
        {
            throw new ArgumentOutOfRangeException(nameof(recommend), recommend, "recommend is 0 to 10, or -1 where it was not answered.");
        }

        counts[overall]++;
        counts[Overalls + 1 + recommend]++;
    }

    /// <summary>Adds all responses of another group; that one stays as it is.</summary>
    public void Add(ScoreTally other)
    {
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] += other.counts[i];
        }
    }

    /// <summary>Responses with this answer to <c>overall</c>, 1 to 5; 0: with none.</summary>
    public long Overall(int answer) => answer is >= 0 and < Overalls
        ? counts[answer]
        : throw new ArgumentOutOfRangeException(nameof(answer), answer, "overall is 1 to 5, or 0 where it was not answered.");

    /// <summary>Responses whose answer to <c>recommend</c> lies in a range, both ends included; -1 stands for none.</summary>
    public long Recommending(int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(from, -1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(to, Recommends - 2);
        long sum = 0;
        for (var answer = from; answer <= to; answer++)
        {
            sum += counts[Overalls + 1 + answer];
        }

        return sum;
    }

    /// <summary>The sum of all answers to <c>overall</c>, counted from 0: 1 adds nothing, 5 adds 4.</summary>
    internal long OverallSum => counts[2] + (2 * counts[3]) + (3 * counts[4]) + (4 * counts[5]);
}

/// <summary>A number found from a sample, and how sure it is.</summary>
/// <param name="Value">What the answers say.</param>
/// <param name="Interval">
/// The range that holds the truth in 95 of 100 such samples; null where none can be found: a bootstrap of answers that are all
/// the same knows no other answer.
/// </param>
public readonly record struct Estimate(double Value, Interval? Interval);

/// <summary>The scores of a group (programme.md, <i>Scores and ranking</i>). Null, never 0, where nobody answered.</summary>
/// <param name="Responses">Complete responses that count.</param>
/// <param name="WithOverall">Those that answered <c>overall</c>: what <paramref name="CompletelySatisfied"/> and <paramref name="Index"/> are out of.</param>
/// <param name="WithRecommend">Those that answered <c>recommend</c>.</param>
/// <param name="CompletelySatisfied">The headline: the share with 5, 0 to 1, with Wilson's interval.</param>
/// <param name="Index">The mean, mapped so that 1 is 0 and 5 is 100, with a bootstrap interval.</param>
/// <param name="Recommend">The share of 9-10 minus the share of 0-6, in points, -100 to 100, with a bootstrap interval.</param>
/// <remarks>
/// Those who left a question out are in no share of it, neither above nor below the line. The bootstrap is the percentile
/// bootstrap: of <see cref="Bootstrap.Resamples"/> resamples the middle 95 %. Its seed is fixed and its draws depend on the
/// counts alone, so that the same answers have the same interval in every report.
/// </remarks>
public sealed record Score(
    long Responses, long WithOverall, long WithRecommend, Estimate? CompletelySatisfied, Estimate? Index, Estimate? Recommend)
{
    /// <summary>The scores of a tally.</summary>
    public static Score Of(ScoreTally tally, ulong seed = Bootstrap.Seed)
    {
        var n = tally.WithOverall;
        var m = tally.WithRecommend;
        Estimate? satisfied = n == 0 ? null : new(tally.Overall(5) / (double)n, Statistics.Wilson(tally.Overall(5), n));
        ReadOnlySpan<double> overall = [tally.Overall(1), tally.Overall(2), tally.Overall(3), tally.Overall(4), tally.Overall(5)];
        ReadOnlySpan<double> recommend = [tally.Recommending(0, 6), tally.Recommending(7, 8), tally.Recommending(9, 10)];
        return new(
            tally.Responses, n, m, satisfied,
            Mean(overall, n, from: 0, to: 100, seed),
            Mean(recommend, m, from: -100, to: 100, seed));
    }

    /// <summary>The mean of answers in ordered categories, the lowest counting <paramref name="from"/>, the highest <paramref name="to"/>.</summary>
    private static Estimate? Mean(ReadOnlySpan<double> counts, long answers, double from, double to, ulong seed)
    {
        if (answers == 0)
        {
            return null;
        }

        var sum = 0.0;
        var different = 0;
        for (var category = 0; category < counts.Length; category++)
        {
            sum += category * counts[category];
            different += counts[category] > 0 ? 1 : 0;
        }

        var range = (counts.Length - 1) * (double)answers;
        double Scaled(double total) => from + (total * (to - from) / range);
        if (different == 1)
        {
            return new(Scaled(sum), null);
        }

        var resampler = new Resampler(counts, answers);
        var random = new SplitMix64(seed);
        var sums = new long[Bootstrap.Resamples];
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] = resampler.Next(ref random).Sum;
        }

        var (low, high) = Bootstrap.Middle(sums);
        return new(Scaled(sum), new Interval(Scaled(low), Scaled(high)));
    }
}

/// <summary>How often, and from which seed, resamples are drawn.</summary>
public static class Bootstrap
{
    /// <summary>Resamples for one interval. An end of an interval moves by about a twentieth of its width when another seed is taken.</summary>
    public const int Resamples = 2000;

    /// <summary>The seed of every report: the day on which the programme began. It is fixed, so that a number that was published can be found again.</summary>
    public const ulong Seed = 20100801;

    /// <summary>The lowest and the highest of the middle 95 % of some draws, in any order: of 2,000 the 50 lowest and the 50 highest are left out.</summary>
    public static (long Low, long High) Middle(ReadOnlySpan<long> draws)
    {
        var leftOut = draws.Length / 40;
        long least = draws[0], most = draws[0];
        foreach (var draw in draws)
        {
            least = Math.Min(least, draw);
            most = Math.Max(most, draw);
        }

        // Counted, not sorted: draws of a sum of n answers spread over a few times the root of n.
        var counts = new int[most - least + 1];
        foreach (var draw in draws)
        {
            counts[draw - least]++;
        }

        var low = 0;
        for (var below = counts[0]; below <= leftOut; below += counts[++low])
        {
        }

        var high = counts.Length - 1;
        for (var above = counts[high]; above <= leftOut; above += counts[--high])
        {
        }

        return (least + low, least + high);
    }
}
