using System.Runtime.InteropServices;

namespace SurveyDispatcher.Reports;

/// <summary>Something that was counted of one dealer, and the sums that it is part of.</summary>
/// <param name="Dealer">His code.</param>
/// <param name="Sums">A bit for each sum. Parts do not overlap: an answer is in one part of each measure.</param>
internal readonly record struct Part(string Dealer, uint Sums);

/// <summary>Which sums over several dealers may be shown to one of them: those from which nobody can find what a single other dealer has.</summary>
/// <remarks>
/// The reader knows his own figures, and can add and subtract all that he is shown. So it is not enough that a sum has several other
/// dealers in it: the nation less the region may be one dealer, and so may a quarter less two of its months. A sum is shown only if no way to add
/// and subtract it and the others that are shown leaves something of exactly one other dealer. It may leave nothing (the nation
/// is he himself), or something of two and more. What can be found by comparing reports of different periods is not looked at.
/// </remarks>
internal static class Disclosure
{
    private const int Bits = 32;

    /// <summary>The sums that may be shown, each as a bit.</summary>
    /// <param name="sums">How many there are, the most important first: an earlier one is never left out for the sake of a later one.</param>
    /// <param name="measures">The parts of the other dealers, by what is counted; every measure of a sum is shown or none.</param>
    public static uint Shown(int sums, IReadOnlyList<IReadOnlyList<Part>> measures)
    {
        var shown = 0u;
        for (var sum = 0; sum < sums; sum++)
        {
            var more = shown | (1u << sum);
            shown = measures.Any(m => TellsOfOne(m, more)) ? shown : more;
        }

        return shown;
    }

    /// <summary>Whether a dealer's parts can be told from those of all others. Parts that are in the same sums never can, so they are one place.</summary>
    private static bool TellsOfOne(IReadOnlyList<Part> parts, uint shown)
    {
        var places = new Dictionary<uint, string?>(); // whose it is; null: of several
        foreach (var part in parts)
        {
            if ((part.Sums & shown) is > 0 and var place)
            {
                ref var whose = ref CollectionsMarshal.GetValueRefOrAddDefault(places, place, out var known);
                whose = !known || whose == part.Dealer ? part.Dealer : null;
            }
        }

        // What adding and subtracting can reach has as many dimensions as the places have. If fewer are left without those that are one dealer's alone,
        // some combination is 0 everywhere else.
        return places.Values.OfType<string>().Distinct(StringComparer.Ordinal).ToList() is { Count: > 0 } alone
            && Dimensions(places.Keys) is var all && alone.Exists(dealer => Dimensions(places.Where(p => p.Value != dealer).Select(p => p.Key)) < all);
    }

    /// <summary>The rank of a matrix of zeros and ones, a row each of the numbers' bits: Gauss's elimination in whole numbers (Bareiss).</summary>
    private static int Dimensions(IEnumerable<uint> places)
    {
        var rows = places.Select(p => Enumerable.Range(0, Bits).Select(bit => (long)((p >> bit) & 1)).ToArray()).ToList();
        var (rank, before) = (0, 1L);
        for (var column = 0; column < Bits && rank < rows.Count; column++)
        {
            var pivot = rows.FindIndex(rank, r => r[column] != 0);
            if (pivot < 0)
            {
                continue;
            }

            (rows[rank], rows[pivot]) = (rows[pivot], rows[rank]);
            var top = rows[rank++];
            foreach (var row in rows.Skip(rank))
            {
                var factor = row[column];
                for (var i = 0; i < row.Length; i++)
                {
                    row[i] = ((top[column] * row[i]) - (factor * top[i])) / before;
                }
            }

            before = top[column];
        }

        return rank;
    }
}
