namespace Survey.Domain;

/// <summary>Something about a dealer's data that stands out against the other dealers of his market. A sign is a reason to look, no proof.</summary>
/// <param name="Code">One of <see cref="QualitySigns"/>.</param>
/// <param name="Count">How many of his it was.</param>
/// <param name="Of">Out of how many.</param>
/// <param name="PeerCount">The same of all other dealers of the market together.</param>
/// <param name="PeerOf">Out of how many.</param>
/// <param name="Chance">How often dealers of whom nothing is different show so much of a difference or more (Fisher), adjusted for all that was compared (Benjamini-Hochberg).</param>
/// <param name="Detail">The evidence that can be shown: a mail domain, or a number of which most digits are hidden; empty where the counts are all there is.</param>
public sealed record QualitySign(string Code, long Count, long Of, long PeerCount, long PeerOf, double Chance, string Detail)
{
    /// <summary>His share.</summary>
    public double Share => (double)Count / Of;

    /// <summary>That of the others; null where there are none.</summary>
    public double? PeerShare => PeerOf == 0 ? null : (double)PeerCount / PeerOf;
}

/// <summary>A count that is held against the other dealers'.</summary>
/// <param name="Dealer">Whose.</param>
/// <param name="Code">What was counted.</param>
/// <param name="Count">How many.</param>
/// <param name="Of">Out of how many.</param>
/// <param name="Detail">The evidence, see <see cref="QualitySign.Detail"/>.</param>
public sealed record QualityCount(string Dealer, string Code, long Count, long Of, string Detail = "");

/// <summary>Finds dealers whose data stands out (docs/data-quality.md).</summary>
public static class QualitySigns
{
    // what a dealer has to mend to be heard
    public const string Rejected = "rejected";
    public const string NoEmail = "no_email";
    public const string Placeholder = "placeholder_email";
    public const string NoPhone = "no_phone";
    public const string Bounced = "bounced";

    // and what may be somebody's hand on the list: who is unhappy is easily left out, or answered for
    public const string RepeatedEmail = "repeated_email";
    public const string RepeatedPhone = "repeated_phone";
    public const string OwnDomain = "own_domain";
    public const string JustPassed = "window_just_passed";
    public const string Passed = "window_passed";
    public const string LastDays = "window_last_days";

    /// <summary>All of them, in the order in which they are explained.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Rejected, NoEmail, Placeholder, NoPhone, Bounced, RepeatedEmail, RepeatedPhone, OwnDomain, JustPassed, Passed, LastDays];

    /// <summary>Fewer are no sign, however unlikely.</summary>
    public const int Least = 5;

    /// <summary>A share less than so many times that of the others is no sign, however sure: with many rows every dealer differs from all others.</summary>
    public const double Times = 1.5;

    private const double Chance = 0.05;

    /// <summary>The signs, by dealer; who has none is not among them.</summary>
    /// <param name="counts">Of every dealer of the market; of each dealer and code once.</param>
    public static IReadOnlyDictionary<string, IReadOnlyList<QualitySign>> Find(IReadOnlyList<QualityCount> counts)
    {
        var sums = counts.GroupBy(c => c.Code, StringComparer.Ordinal).ToDictionary(g => g.Key, g => (Count: g.Sum(c => c.Count), Of: g.Sum(c => c.Of)), StringComparer.Ordinal);
        var compared = counts.Where(c => c.Of > 0 && sums[c.Code].Of > c.Of).ToList();
        var chances = Statistics.BenjaminiHochberg(compared.ConvertAll(c =>
        {
            var (count, of) = (sums[c.Code].Count - c.Count, sums[c.Code].Of - c.Of);
            return Statistics.FisherExact(c.Count, c.Of - c.Count, count, of - count);
        }));
        return compared
            .Select((c, i) => new QualitySign(c.Code, c.Count, c.Of, sums[c.Code].Count - c.Count, sums[c.Code].Of - c.Of, chances[i], c.Detail))
            .Zip(compared, (sign, c) => (c.Dealer, Sign: sign))
            .Where(s => s.Sign.Count >= Least && s.Sign.Chance < Chance && s.Sign.Share >= Times * s.Sign.PeerShare)
            .GroupBy(s => s.Dealer, s => s.Sign, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, IReadOnlyList<QualitySign> (g) => [.. g.OrderBy(s => s.Chance).ThenBy(s => s.Code, StringComparer.Ordinal)], StringComparer.Ordinal);
    }
}
