namespace Survey.Domain;

/// <summary>A closed range in which a quantity is believed to lie; both ends belong to it.</summary>
/// <param name="Low">The lower end, in the unit of the quantity.</param>
/// <param name="High">The upper end; never below <paramref name="Low"/>.</param>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>Whether a value lies in the range, an end included.</summary>
    public bool Contains(double value) => value >= Low && value <= High;
}

/// <summary>The few statistical tools that scores, rankings and problem statistics are made of.</summary>
/// <remarks>
/// Shares are 0 to 1, intervals have a confidence of 95 %, counts may be 0 and go to 10 million and beyond. A count that is
/// negative or above its total is a fault of the caller and throws; where nothing can be said the answer is null.
/// </remarks>
public static class Statistics
{
    /// <summary>The 97.5 % point of the normal distribution: 95 % lie within so many standard deviations.</summary>
    private const double Z = 1.959963984540054;

    /// <summary>The interval of a share: the score interval, without continuity correction.</summary>
    /// <remarks>
    /// E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212. It always lies
    /// within 0 to 1, contains the share that was seen, and has a width even when that is 0 or 1.
    /// </remarks>
    /// <param name="count">How many had the property.</param>
    /// <param name="total">Out of how many.</param>
    /// <returns>Null out of none.</returns>
    public static Interval? Wilson(long count, long total)
    {
        CheckShare(count, total);
        if (total == 0)
        {
            return null;
        }

        double n = total;
        var p = count / n;
        var centre = p + (Z * Z / (2 * n));
        var reach = Z * Math.Sqrt((p * (1 - p) / n) + (Z * Z / (4 * n * n)));
        var scale = 1 + (Z * Z / n);

        // By the formula the ends at 0 and 1 are exact; in floating point they miss by a hair.
        return new(count == 0 ? 0 : Math.Min(p, (centre - reach) / scale), count == total ? 1 : Math.Max(p, (centre + reach) / scale));
    }

    /// <summary>The interval of the difference of two independent shares, the first minus the second.</summary>
    /// <remarks>
    /// Method 10 (square and add, from Wilson's intervals) of R. G. Newcombe, Interval estimation for the difference between
    /// independent proportions, Statistics in Medicine 17 (1998) 873-890. It lies within -1 to 1. When it excludes 0, the shares differ by more than chance.
    /// </remarks>
    /// <returns>Null when either share is out of none.</returns>
    public static Interval? Difference(long count1, long total1, long count2, long total2)
    {
        if (Wilson(count1, total1) is not { } first || Wilson(count2, total2) is not { } second)
        {
            return null;
        }

        var p1 = count1 / (double)total1;
        var p2 = count2 / (double)total2;
        return new(
            p1 - p2 - Math.Sqrt(Square(p1 - first.Low) + Square(second.High - p2)),
            p1 - p2 + Math.Sqrt(Square(first.High - p1) + Square(p2 - second.Low)));
    }

    /// <summary>How probable a table as uneven as this is, or a more uneven one, if rows and columns have nothing to do with each other.</summary>
    /// <remarks>
    /// R. A. Fisher's exact test, two-sided: the tables with the same sums that are no more probable than this one, as R's
    /// <c>fisher.test</c> takes them (equal within a relative 1e-7). Work and error grow with the standard deviation of a cell,
    /// not with the counts: sums along the row start at the most probable table, so that no factorial is needed. Below 1e-300 it is 0.
    /// </remarks>
    /// <param name="a">First row, first column.</param>
    /// <param name="b">First row, second column.</param>
    /// <param name="c">Second row, first column.</param>
    /// <param name="d">Second row, second column.</param>
    /// <returns>A probability, above 0 to 1; 1 where a row or column is empty, for then there is only this table.</returns>
    public static double FisherExact(long a, long b, long c, long d)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(a);
        ArgumentOutOfRangeException.ThrowIfNegative(b);
        ArgumentOutOfRangeException.ThrowIfNegative(c);
        ArgumentOutOfRangeException.ThrowIfNegative(d);
        double row1 = a + b, row2 = c + d, column1 = a + c;
        var lowest = Math.Max(0, column1 - row2);
        var highest = Math.Min(row1, column1);
        var mode = Math.Clamp(Math.Floor((row1 + 1) * (column1 + 1) / (row1 + row2 + 2)), lowest, highest);

        double Up(double x) => (row1 - x) * (column1 - x) / ((x + 1) * (row2 - column1 + x + 1)); // P(x + 1) / P(x)

        double observed = 1;
        for (var x = mode; x < a && observed > 0; x++)
        {
            observed *= Up(x);
        }

        for (var x = mode; x > a && observed > 0; x--)
        {
            observed /= Up(x - 1);
        }

        var limit = observed * (1 + 1e-7);
        double all = 0, tail = 0;
        void Count(double weight)
        {
            all += weight;
            tail += weight <= limit ? weight : 0;
        }

        var relative = 1.0;
        for (var x = mode; x <= highest && relative > 0; x++)
        {
            Count(relative);
            relative *= Up(x);
        }

        relative = 1.0;
        for (var x = mode - 1; x >= lowest && relative > 0; x--)
        {
            relative /= Up(x);
            Count(relative);
        }

        return Math.Min(1, tail / all);
    }

    /// <summary>
    /// P-values adjusted for their number: of those that are then below 0.05, no more than 1 in 20 is expected to be chance.
    /// </summary>
    /// <remarks>
    /// Y. Benjamini and Y. Hochberg, Controlling the false discovery rate, JRSS B 57 (1995) 289-300; R's <c>p.adjust(p, "BH")</c>.
    /// Preferred to Holm's method, which guards against one wrong finding on a sheet: somebody who looks at twenty items each
    /// week would hardly ever be shown a movement.
    /// </remarks>
    /// <param name="values">Probabilities, 0 to 1.</param>
    /// <returns>In the order of <paramref name="values"/>; never below the value itself, at most 1.</returns>
    public static double[] BenjaminiHochberg(IReadOnlyList<double> values)
    {
        var adjusted = new double[values.Count];
        var order = Enumerable.Range(0, values.Count).OrderByDescending(i => values[i]).ToArray();
        var least = 1.0;
        for (var n = 0; n < order.Length; n++)
        {
            var value = values[order[n]];
            if (!(value >= 0 && value <= 1))
            {
                throw new ArgumentOutOfRangeException(nameof(values), value, "A p-value lies between 0 and 1.");
            }

            least = Math.Min(least, value * order.Length / (order.Length - n));
            adjusted[order[n]] = least;
        }

        return adjusted;
    }

    /// <summary>The probability of exactly so many successes.</summary>
    /// <remarks>
    /// C. Loader, Fast and accurate computation of binomial probabilities (2000), as R's <c>dbinom</c>. Differences of
    /// log-gammas would lose eight digits at 10 million; here what is large never arises.
    /// </remarks>
    /// <param name="successes">0 to <paramref name="trials"/>.</param>
    /// <param name="trials">How many.</param>
    /// <param name="share">The probability of one, 0 to 1.</param>
    public static double BinomialProbability(long successes, long trials, double share)
    {
        CheckShare(successes, trials);
        CheckProbability(share);
        if (share is 0 or 1)
        {
            return successes == (share == 0 ? 0 : trials) ? 1 : 0;
        }

        double x = successes, n = trials;
        if (successes == 0 || successes == trials)
        {
            return Math.Exp(successes == 0 ? n * LogOfRest(share) : n * Math.Log(share));
        }

        var exponent = StirlingError(n) - StirlingError(x) - StirlingError(n - x) - Deviance(x, n * share) - Deviance(n - x, n * (1 - share));
        return Math.Exp(exponent) * Math.Sqrt(n / (2 * Math.PI * x * (n - x)));
    }

    /// <summary>A draw from the binomial distribution: the successes among <paramref name="trials"/>.</summary>
    /// <remarks>
    /// By inversion, beginning at the most probable number and going outwards by turns (C. D. Kemp, A modal method for generating
    /// binomial variables, Communications in Statistics 15 (1986) 805-813). It is exact, takes one number of the source, and
    /// as many steps as the draw is standard deviations away: some 1,600 for a half of 10 million.
    /// </remarks>
    /// <param name="random">The source; moves on by one.</param>
    /// <param name="trials">How many, 0 or more.</param>
    /// <param name="share">The probability of one, 0 to 1.</param>
    public static long Binomial(ref SplitMix64 random, long trials, double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(trials);
        CheckProbability(share);
        var u = random.NextUnit();
        if (share is 0 or 1 || trials == 0)
        {
            return share == 1 ? trials : 0;
        }

        var mode = Math.Min(trials, (long)((trials + 1) * share));
        double low = mode, high = mode, n = trials;
        var odds = share / (1 - share);
        var atLow = BinomialProbability(mode, trials, share);
        var atHigh = atLow;
        u -= atLow;
        while (u > 0)
        {
            atHigh *= (n - high) / (high + 1) * odds; // 0 beyond n
            high++;
            u -= atHigh;
            if (u <= 0)
            {
                return (long)high;
            }

            atLow *= low / ((n - low + 1) * odds); // 0 below 0
            low--;
            u -= atLow;
            if (u <= 0)
            {
                return (long)low;
            }

            if (atHigh + atLow == 0)
            {
                return mode; // the probabilities add up to a hair less than 1, and u lay in the gap
            }
        }

        return mode;
    }

    /// <summary>What Stirling's formula lacks of the logarithm of n!.</summary>
    private static double StirlingError(double n)
    {
        if (n < SmallStirlingErrors.Length)
        {
            return SmallStirlingErrors[(int)n];
        }

        var square = n * n;
        return ((1 / 12.0) - (((1 / 360.0) - (((1 / 1260.0) - (1 / (1680 * square))) / square)) / square)) / n;
    }

    /// <summary>ln(n!) - (n + 1/2) ln n + n - ln(2 pi) / 2 for n below 16, where the series is too short; 0 is not asked for.</summary>
    private static readonly double[] SmallStirlingErrors = [.. Enumerable.Range(0, 16).Select(n =>
        n == 0 ? 0 : Enumerable.Range(1, n).Sum(i => Math.Log(i)) - ((n + 0.5) * Math.Log(n)) + n - (0.5 * Math.Log(2 * Math.PI)))];

    /// <summary>x ln(x / mean) + mean - x, without cancellation when both are near each other.</summary>
    private static double Deviance(double x, double mean)
    {
        var difference = x - mean;
        if (Math.Abs(difference) >= 0.1 * (x + mean))
        {
            return (x * Math.Log(x / mean)) - difference;
        }

        var ratio = difference / (x + mean);
        var sum = difference * ratio;
        var term = 2 * x * ratio;
        for (var j = 3; ; j += 2)
        {
            term *= ratio * ratio;
            var next = sum + (term / j);
            if (next == sum)
            {
                return sum;
            }

            sum = next;
        }
    }

    /// <summary>ln(1 - share). <c>double.LogP1</c> subtracts first, which loses the last digits of a small share.</summary>
    private static double LogOfRest(double share) =>
        share > 0.1 ? Math.Log(1 - share) : -2 * Math.Atanh(share / (2 - share));

    private static double Square(double x) => x * x;

    private static void CheckShare(long count, long total)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, total);
    }

    private static void CheckProbability(double share)
    {
        if (!(share >= 0 && share <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "A probability lies between 0 and 1.");
        }
    }
}

/// <summary>Numbers that look like chance and are the same for ever, on every machine: a seed and a name give the same row of them.</summary>
/// <remarks>
/// SplitMix64: G. L. Steele, D. Lea, C. H. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014. Not
/// <c>System.Random</c>, whose seeded numbers may change from one runtime to the next; not for secrets.
/// </remarks>
public struct SplitMix64
{
    private ulong state;

    /// <summary>Begins the row of a seed.</summary>
    public SplitMix64(ulong seed) => state = seed;

    /// <summary>Begins a row of its own for a name: what is drawn for it does not depend on what else is drawn, or in which order.</summary>
    public SplitMix64(ulong seed, string name)
    {
        var hash = 14695981039346656037UL; // FNV-1a, over UTF-16
        foreach (var c in name)
        {
            hash = unchecked((hash ^ c) * 1099511628211UL);
        }

        state = Mixed(seed ^ Mixed(hash));
    }

    /// <summary>The next number, 0 to 2^64 - 1.</summary>
    public ulong Next()
    {
        state = unchecked(state + 0x9E3779B97F4A7C15UL);
        return Mixed(state);
    }

    /// <summary>The next number, above 0 and below 1.</summary>
    public double NextUnit() => ((Next() >> 11) + 0.5) / (1UL << 53);

    private static ulong Mixed(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }
}

/// <summary>What came of drawing as many answers as there were, with replacement.</summary>
/// <param name="Top">Answers in the highest category.</param>
/// <param name="Sum">The sum of all answers, the categories counting 0, 1, 2, ...</param>
public readonly record struct Resample(long Top, long Sum);

/// <summary>Draws resamples of answers in a few ordered categories (the bootstrap: B. Efron, Annals of Statistics 7 (1979) 1-26).</summary>
/// <remarks>
/// Only the sum and the number of highest answers are wanted, so answers are not drawn one by one. Up to <see cref="Parted"/>
/// of them are drawn in parts: the joint distribution of both sums over one part is worked out, and drawn from by
/// M. D. Vose's alias method (IEEE Transactions on Software Engineering 17 (1991) 972-975). More are drawn as a multinomial, by
/// one binomial for each category. Both are exact. Up to there only sums, products and quotients are taken, which every machine rounds alike.
/// </remarks>
public sealed class Resampler
{
    /// <summary>Above it binomials are quicker than parts.</summary>
    private const long Parted = 1 << 16;

    /// <summary>Largest part: its table has some 6,000 rows for five categories, which a processor's cache still holds.</summary>
    private const int LargestPart = 64;

    /// <summary>Where the number of highest answers stands in a packed outcome; below it is the sum of the others, at most 3 * 65,536.</summary>
    private const int TopBits = 20;

    private readonly long size;
    private readonly double[] weights;
    private readonly double total;
    private readonly long parts;
    private readonly long rests;
    private readonly AliasTable ofPart;
    private readonly AliasTable ofRest;

    /// <summary>Prepares resamples.</summary>
    /// <param name="weights">How often each of two to five categories is drawn, lowest first: counts, or any weights, none negative and not all 0.</param>
    /// <param name="size">Answers in a resample; 0 or more.</param>
    public Resampler(ReadOnlySpan<double> weights, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        if (weights.Length is < 2 or > 5)
        {
            throw new ArgumentOutOfRangeException(nameof(weights), weights.Length, "Two to five categories.");
        }

        foreach (var weight in weights)
        {
            total += weight >= 0 ? weight : throw new ArgumentOutOfRangeException(nameof(weights), weight, "No weight is negative.");
        }

        if (!(total > 0 && double.IsFinite(total)))
        {
            throw new ArgumentOutOfRangeException(nameof(weights), total, "The weights are not all 0.");
        }

        this.size = size;
        this.weights = weights.ToArray();
        if (size is 0 or > Parted)
        {
            (ofPart, ofRest) = (AliasTable.Empty, AliasTable.Empty);
            return;
        }

        // The larger the part, the fewer draws, and the more rows its table has (the square of the part, times the categories
        // between): at about this size 2,000 resamples cost least. Then a little smaller, so that a small rest is left. In whole
        // numbers: what is drawn hangs on it, so it must be the same on every machine.
        long most = 1;
        while (most < LargestPart && (most + 1) * (most + 1) * (most + 1) * Math.Max(1, weights.Length - 2) <= 500 * size)
        {
            most++;
        }

        var part = size / ((size + most - 1) / most);
        (parts, var left) = Math.DivRem(size, part);
        ofPart = AliasTable.OfPart(this.weights, total, (int)part);
        ofRest = left == 0 ? AliasTable.Empty : AliasTable.OfPart(this.weights, total, (int)left);
        rests = left == 0 ? 0 : 1;
    }

    /// <summary>The next resample.</summary>
    public Resample Next(ref SplitMix64 random)
    {
        if (size > Parted)
        {
            return Multinomial(ref random);
        }

        unchecked
        {
            var packed = ofPart.DrawSum(ref random, parts) + ofRest.DrawSum(ref random, rests);
            var top = (long)(packed >> TopBits);
            return new(top, (long)(packed & ((1UL << TopBits) - 1)) + (top * (weights.Length - 1)));
        }
    }

    private Resample Multinomial(ref SplitMix64 random)
    {
        var left = size;
        var weightLeft = total;
        long top = 0, sum = 0;
        for (var category = weights.Length - 1; category > 0 && left > 0; category--)
        {
            var share = weightLeft > 0 ? Math.Clamp(weights[category] / weightLeft, 0, 1) : 0;
            var drawn = Statistics.Binomial(ref random, left, share);
            top = category == weights.Length - 1 ? drawn : top;
            sum += category * drawn;
            left -= drawn;
            weightLeft -= weights[category];
        }

        return new(top, sum);
    }

    /// <summary>A table from which one number draws one outcome.</summary>
    private sealed class AliasTable
    {
        public static readonly AliasTable Empty = new([], []);

        private readonly long[] thresholds; // 63 bits
        private readonly uint[] outcomes; // two for each row: the one that shares it, and its own, which is drawn below the threshold

        private AliasTable(long[] thresholds, uint[] outcomes) => (this.thresholds, this.outcomes) = (thresholds, outcomes);

        /// <summary>The sum of some draws.</summary>
        public ulong DrawSum(ref SplitMix64 random, long draws)
        {
            var (source, limits, values) = (random, thresholds, outcomes); // locals, which the processor keeps in registers
            ulong sum = 0;
            unchecked
            {
                for (; draws > 0; draws--)
                {
                    // The number, as a fraction of 2^64, times the rows: the whole part is the row, the rest a fraction of its own.
                    // Which of the two is the sign of a difference: the processor could not foresee a branch.
                    var row = (int)Math.BigMul(source.Next(), (ulong)limits.Length, out var rest);
                    sum += values[(2 * row) + (int)((ulong)((long)(rest >> 1) - limits[row]) >> 63)];
                }
            }

            random = source;
            return sum;
        }

        /// <summary>The outcomes of one part: the highest answers, and the sum of the others.</summary>
        public static AliasTable OfPart(double[] weights, double total, int part)
        {
            var lower = weights.Length - 1; // categories below the highest
            var most = lower - 1; // what one of them can add
            var rows = (part + 1) * ((part * most) + 2) / 2; // the sum of others * most + 1
            var probabilities = new double[rows];
            var outcomes = new uint[rows];
            var count = 0;

            // sums[s] is the weight of the sum s over the answers that are not highest, of which there are `others`.
            var sums = new double[(part * most) + 1];
            sums[0] = 1;
            var powers = new double[part + 1]; // of the highest category's share; not by Math.Pow, whose last digit is the machine's
            powers[0] = 1;
            for (var top = 1; top <= part; top++)
            {
                powers[top] = powers[top - 1] * (weights[lower] / total);
            }

            for (var others = 0; others <= part; others++)
            {
                if (others > 0)
                {
                    for (var s = others * most; s >= 0; s--)
                    {
                        double sum = 0;
                        for (var category = Math.Min(s, most); category >= 0; category--)
                        {
                            sum += sums[s - category] * weights[category];
                        }

                        sums[s] = sum / total;
                    }
                }

                var top = part - others;
                var weightOfTop = Choose(part, top) * powers[top];
                for (var s = 0; s <= others * most; s++)
                {
                    var probability = weightOfTop * sums[s];
                    if (probability > 0)
                    {
                        probabilities[count] = probability;
                        outcomes[count++] = ((uint)top << TopBits) + (uint)s;
                    }
                }
            }

            return Vose(probabilities.AsSpan(0, count), outcomes);
        }

        private static AliasTable Vose(ReadOnlySpan<double> probabilities, uint[] values)
        {
            var n = probabilities.Length;
            double total = 0;
            foreach (var probability in probabilities)
            {
                total += probability;
            }

            // Rows that have too little from the left, rows that have too much from the right, in one array.
            var scaled = new double[n];
            var waiting = new int[n];
            int poor = 0, rich = n;
            for (var i = 0; i < n; i++)
            {
                scaled[i] = probabilities[i] * n / total;
                waiting[scaled[i] < 1 ? poor++ : --rich] = i;
            }

            var thresholds = new long[n];
            var outcomes = new uint[2 * n];
            while (poor > 0 && rich < n)
            {
                var needs = waiting[--poor];
                var gives = waiting[rich];
                thresholds[needs] = (long)(scaled[needs] * TwoTo63);
                outcomes[2 * needs] = values[gives];
                outcomes[(2 * needs) + 1] = values[needs];
                scaled[gives] -= 1 - scaled[needs];
                if (scaled[gives] < 1)
                {
                    rich++;
                    waiting[poor++] = gives;
                }
            }

            // What is left is full, but for rounding.
            for (; poor > 0 || rich < n;)
            {
                var full = poor > 0 ? waiting[--poor] : waiting[rich++];
                thresholds[full] = long.MaxValue;
                outcomes[2 * full] = outcomes[(2 * full) + 1] = values[full];
            }

            return new(thresholds, outcomes);
        }

        private const double TwoTo63 = 9223372036854775808.0;

        private static double Choose(int n, int k)
        {
            double ways = 1;
            for (var i = 1; i <= k; i++)
            {
                ways = ways * (n - k + i) / i;
            }

            return ways;
        }
    }
}
