namespace Survey.Domain;

/// <summary>A group that is to be ranked.</summary>
/// <param name="Key">Its name, unique in the ranking, the same in every report: its draws hang on it.</param>
/// <param name="Tally">What its customers answered.</param>
public sealed record Contender(string Key, ScoreTally Tally);

/// <summary>Where a group stands.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Rank">From 1; equal scores share one, and the next is skipped. Null: fewer responses than are needed, not ranked.</param>
/// <param name="Likely">The ranks it might as well have, 95 %; null without a rank.</param>
/// <param name="Block">From 1: groups of one block can't be told apart from the first of it. Null without a rank.</param>
public sealed record Standing(string Key, int? Rank, RankRange? Likely, int? Block);

/// <summary>Ranks from the better to the worse; both ends belong to it.</summary>
/// <param name="Best">The smaller number.</param>
/// <param name="Worst">The larger number.</param>
public readonly record struct RankRange(int Best, int Worst);

/// <summary>Ranks groups by completely satisfied, then by index (programme.md, <i>Scores and ranking</i>).</summary>
/// <remarks>
/// <para>
/// <b>Ranges.</b> All groups are drawn anew at once, <see cref="Resamples"/> times, and ranked each time; the range
/// is the middle 95 % of a group's ranks, widened to the rank it has if need be (the first of many equals is seldom the first
/// again). A resample of a group is drawn from its own answers and one more, which is half a 5 and half one of the others, as
/// H. Jeffreys would have it. Without it a group whose ten customers all answered 5 could never be drawn otherwise, and its
/// first rank would look certain; with it, it is drawn about as widely as Wilson's interval goes. (Not one answer of the
/// average group, tried first: that is mostly a 5 itself.) Each group has draws of its own, by its key: neither the order nor the presence of others changes them.
/// </para>
/// <para>
/// <b>Blocks.</b> Going down the list, a group belongs to the block of the first in it unless the difference of their shares
/// excludes 0 (<see cref="Statistics.Difference"/>); then a new block begins with it. Blocks cut a list where its head has
/// surely been left behind. They don't say that the last of one differs from the first of the next, nor that a small group
/// differs from everybody in the block above.
/// </para>
/// </remarks>
public static class Ranking
{
    /// <summary>Resamples of all groups: half of those of an interval, for ranks are whole numbers, and to sort is what costs.</summary>
    private const int Resamples = 1000;

    /// <summary>Resamples drawn for all groups before they are ranked, a divisor of all: what is kept at a time stays small.</summary>
    private const int Chunk = 250;

    private const int ShareBits = 16;
    private const int IndexBits = 16;
    private const int GroupBits = 20;

    /// <summary>The standings: ranked groups in their order, equals by key; then those that are not ranked, by key.</summary>
    /// <param name="groups">In any order; the result is the same. Up to a million; one that is ranked takes some 12 KB meanwhile.</param>
    /// <param name="minimumResponses">Fewer responses with an <c>overall</c> than this are not ranked; nor is none, whatever the minimum.</param>
    /// <param name="seed">Of the draws.</param>
    /// <exception cref="ArgumentException">Two groups have the same key.</exception>
    public static IReadOnlyList<Standing> Of(IReadOnlyList<Contender> groups, int minimumResponses, ulong seed = Bootstrap.Seed)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(groups.Count, 1 << GroupBits, nameof(groups));
        var keys = new HashSet<string>(groups.Count, StringComparer.Ordinal);
        if (groups.FirstOrDefault(g => !keys.Add(g.Key)) is { } twice)
        {
            throw new ArgumentException($"Two groups have the key '{twice.Key}'.", nameof(groups));
        }

        var needed = Math.Max(1, minimumResponses);
        var ranked = groups.Where(g => g.Tally.WithOverall >= needed).ToArray();
        Array.Sort(ranked, (a, b) => BestFirst(a.Tally, b.Tally) is var order and not 0 ? order : string.CompareOrdinal(a.Key, b.Key));

        var ranks = Ranks(ranked);
        var likely = Likely(ranked, ranks, seed);
        var standings = new List<Standing>(groups.Count);
        var first = 0;
        var block = 1;
        for (var i = 0; i < ranked.Length; i++)
        {
            if (AreApart(ranked[first].Tally, ranked[i].Tally))
            {
                first = i;
                block++;
            }

            standings.Add(new(ranked[i].Key, ranks[i], likely[i], block));
        }

        standings.AddRange(groups.Where(g => g.Tally.WithOverall < needed)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new Standing(g.Key, Rank: null, Likely: null, Block: null)));
        return standings;
    }

    /// <summary>Compares exactly, by cross-multiplying: shares as floating-point numbers might differ where they are equal.</summary>
    private static int BestFirst(ScoreTally a, ScoreTally b)
    {
        var share = ((Int128)b.Overall(5) * a.WithOverall).CompareTo((Int128)a.Overall(5) * b.WithOverall);
        return share != 0 ? share : ((Int128)b.OverallSum * a.WithOverall).CompareTo((Int128)a.OverallSum * b.WithOverall);
    }

    private static bool AreApart(ScoreTally better, ScoreTally worse) =>
        Statistics.Difference(better.Overall(5), better.WithOverall, worse.Overall(5), worse.WithOverall) is { Low: > 0 };

    private static int[] Ranks(Contender[] ranked)
    {
        var ranks = new int[ranked.Length];
        for (var i = 0; i < ranked.Length; i++)
        {
            ranks[i] = i > 0 && BestFirst(ranked[i - 1].Tally, ranked[i].Tally) == 0 ? ranks[i - 1] : i + 1;
        }

        return ranks;
    }

    private static RankRange[] Likely(Contender[] ranked, int[] ranks, ulong seed)
    {
        var groups = ranked.Length;
        var draws = new GroupDraws[groups];
        for (var g = 0; g < groups; g++)
        {
            draws[g] = new GroupDraws(ranked[g], g, seed);
        }

        var keys = new ulong[Chunk * groups];
        var scratch = new ulong[groups];
        var drawn = new int[Resamples * groups];
        for (var done = 0; done < Resamples; done += Chunk)
        {
            for (var g = 0; g < groups; g++)
            {
                draws[g].Fill(keys.AsSpan(g), groups, Chunk);
            }

            for (var i = 0; i < Chunk; i++)
            {
                RankOne(keys.AsSpan(i * groups, groups), scratch, drawn.AsSpan((done + i) * groups, groups));
            }
        }

        var ranges = new RankRange[groups];
        var own = new long[Resamples];
        for (var g = 0; g < groups; g++)
        {
            for (var i = 0; i < own.Length; i++)
            {
                own[i] = drawn[(i * groups) + g];
            }

            var (best, worst) = Bootstrap.Middle(own);
            ranges[g] = new(Math.Min((int)best, ranks[g]), Math.Max((int)worst, ranks[g]));
        }

        return ranges;
    }

    /// <summary>Ranks one resample of all groups: equals share a rank, the next is skipped.</summary>
    private static void RankOne(Span<ulong> keys, Span<ulong> scratch, Span<int> ranks)
    {
        Sort(keys, scratch);
        unchecked
        {
            var rank = 0;
            var previous = ulong.MaxValue;
            for (var i = keys.Length - 1; i >= 0; i--)
            {
                var score = keys[i] >> GroupBits;
                rank = score == previous ? rank : keys.Length - i;
                previous = score;
                ranks[(int)(keys[i] & ((1UL << GroupBits) - 1))] = rank;
            }
        }
    }

    /// <summary>Sorts by score, digit by digit: for the hundreds of groups of a market it takes a third of what comparing takes.</summary>
    private static void Sort(Span<ulong> keys, Span<ulong> scratch)
    {
        if (keys.Length < 64)
        {
            keys.Sort();
            return;
        }

        unchecked
        {
            Span<int> places = stackalloc int[4 * 256];
            foreach (var key in keys)
            {
                places[(byte)(key >> GroupBits)]++;
                places[256 + (byte)(key >> (GroupBits + 8))]++;
                places[512 + (byte)(key >> (GroupBits + 16))]++;
                places[768 + (byte)(key >> (GroupBits + 24))]++;
            }

            for (var digit = 0; digit < 4; digit++)
            {
                var next = places.Slice(256 * digit, 256);
                var place = 0;
                foreach (ref var count in next)
                {
                    (count, place) = (place, place + count);
                }

                var shift = GroupBits + (8 * digit);
                foreach (var key in keys)
                {
                    scratch[next[(byte)(key >> shift)]++] = key;
                }

                var sorted = scratch;
                scratch = keys;
                keys = sorted;
            }
        }
    }

    /// <summary>The resamples of one group.</summary>
    private sealed class GroupDraws
    {
        /// <summary>Answers that are added to a group's own before it is drawn from.</summary>
        private const double Extra = 1;

        private readonly Resampler resampler;
        private readonly ulong group;
        private readonly double shareScale;
        private readonly double indexScale;
        private SplitMix64 random;

        public GroupDraws(Contender contender, int group, ulong seed)
        {
            var tally = contender.Tally;
            var n = tally.WithOverall;
            ReadOnlySpan<double> weights =
            [
                tally.Overall(1) + (Extra / 8), tally.Overall(2) + (Extra / 8), tally.Overall(3) + (Extra / 8), tally.Overall(4) + (Extra / 8),
                tally.Overall(5) + (Extra / 2),
            ];
            resampler = new Resampler(weights, n);
            random = new SplitMix64(seed, contender.Key);
            this.group = (ulong)group;
            shareScale = ((1 << (ShareBits)) - 1) / (double)n;
            indexScale = ((1 << IndexBits) - 1) / (4.0 * n);
        }

        /// <summary>Writes the next resamples, one in <paramref name="stride"/> places, as numbers that sort as their scores do.</summary>
        /// <remarks>
        /// Share, index and group stand in one number, rounded to 16 bits: equal scores stay equal, and scores that are less than
        /// 1/65,535 of their range apart may become so, for this one draw.
        /// </remarks>
        public void Fill(Span<ulong> keys, int stride, int count)
        {
            unchecked
            {
                var source = random;
                for (var i = 0; i < count; i++)
                {
                    var resample = resampler.Next(ref source);
                    var share = (ulong)(long)((resample.Top * shareScale) + 0.5);
                    var index = (ulong)(long)((resample.Sum * indexScale) + 0.5);
                    keys[i * stride] = (((share << IndexBits) + index) << GroupBits) + group;
                }

                random = source;
            }
        }
    }
}
