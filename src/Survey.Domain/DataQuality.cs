namespace Survey.Domain;

/// <summary>Something about a dealer's data that stands out against the other dealers of his market. A sign is a reason to look, no proof.</summary>
/// <param name="Source">The system that it is about; empty: the dealer, whichever of his systems sent it.</param>
/// <param name="Code">One of <see cref="QualitySigns"/>.</param>
/// <param name="Count">How many of his it was.</param>
/// <param name="Of">Out of how many.</param>
/// <param name="PeerCount">The same of all other dealers of the market together.</param>
/// <param name="PeerOf">Out of how many; 0: nothing is told of them, see <see cref="ForTheDealer"/>.</param>
/// <param name="Peers">How many other dealers these are.</param>
/// <param name="Chance">How often dealers of whom nothing is different show so much of a difference or more (Fisher).</param>
/// <param name="Adjusted">The same, adjusted for all that was compared (Benjamini-Hochberg): by this it is decided.</param>
/// <param name="Detail">The evidence that can be shown: a mail domain, or a number of which most digits are hidden; empty where the counts are all there is.</param>
public sealed record QualitySign(
    string Source, string Code, long Count, long Of, long PeerCount, long PeerOf, int Peers, double Chance, double Adjusted, string Detail)
{
    /// <summary>His share.</summary>
    public double Share => (double)Count / Of;

    /// <summary>That of the others; null where nothing is told of them.</summary>
    public double? PeerShare => PeerOf == 0 ? null : (double)PeerCount / PeerOf;

    /// <summary>As the dealer himself may see it: where "the others" are one, their counts would be that one's, and so would what can be computed from the odds.</summary>
    public QualitySign ForTheDealer() => Peers == 1 ? this with { PeerCount = 0, PeerOf = 0 } : this;
}

/// <summary>A count that is held against the other dealers'.</summary>
/// <param name="Dealer">Whose.</param>
/// <param name="Code">What was counted.</param>
/// <param name="Count">How many.</param>
/// <param name="Of">Out of how many.</param>
/// <param name="Source">The system that sent it; empty: all of the dealer's.</param>
/// <param name="Detail">The evidence, see <see cref="QualitySign.Detail"/>.</param>
public sealed record QualityCount(string Dealer, string Code, long Count, long Of, string Source = "", string Detail = "")
{
    /// <summary>What it is compared with at the others; null: the sum of their counts of the same code.</summary>
    public long? PeerCount { get; init; }

    /// <summary>Of how many such counts this one was chosen: so many times likelier is it that chance shows it.</summary>
    public int ChosenOf { get; init; } = 1;
}

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

    /// <summary>A domain is a dealer's own, or his group's, where nearly all of the market's addresses at it are his: as they are, and if all others together had as many customers as he.</summary>
    private const double NearlyAll = 0.8;

    private const double Chance = 0.05;

    /// <summary>The signs, by dealer; who has none is not among them.</summary>
    /// <param name="counts">Of every dealer of the market; of each dealer, system and code once.</param>
    public static IReadOnlyDictionary<string, IReadOnlyList<QualitySign>> Find(IReadOnlyList<QualityCount> counts)
    {
        var sums = counts.GroupBy(c => c.Code, StringComparer.Ordinal).ToDictionary(g => g.Key, g => new Sums(g), StringComparer.Ordinal);
        var signs = counts.Where(c => c.Of > 0).Select(c => (c.Dealer, Sign: Compare(c, sums[c.Code]))).Where(s => s.Sign.PeerOf > 0).ToList();
        var adjusted = Statistics.BenjaminiHochberg(signs.ConvertAll(s => s.Sign.Chance));
        return signs
            .Select((s, i) => s with { Sign = s.Sign with { Adjusted = adjusted[i] } })
            .Where(s => s.Sign.Count >= Least && s.Sign.Adjusted < Chance && IsTimes(s.Sign))
            .GroupBy(s => s.Dealer, s => s.Sign, StringComparer.Ordinal)
            .ToDictionary(
                g => g.Key, IReadOnlyList<QualitySign> (g) => [.. g.OrderBy(s => s.Chance).ThenBy(s => s.Code, StringComparer.Ordinal).ThenBy(s => s.Source, StringComparer.Ordinal)], StringComparer.Ordinal);
    }

    /// <summary>Of the mail domains of each dealer the one that looks most like his own, held against what the others have at that domain.</summary>
    /// <param name="addresses">How many different addresses each dealer's customers have at each domain; of each dealer and domain once.</param>
    public static IReadOnlyList<QualityCount> OwnDomains(IReadOnlyList<(string Dealer, string Domain, long Addresses)> addresses)
    {
        var atDomain = addresses.GroupBy(a => a.Domain, a => a.Addresses, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(), StringComparer.Ordinal);
        var market = addresses.Sum(a => a.Addresses);
        return [.. addresses.GroupBy(a => a.Dealer, StringComparer.Ordinal).Select(dealer =>
        {
            var his = dealer.Sum(a => a.Addresses);
            var tried = dealer.Where(a => a.Addresses >= Least).ToList();
            var own = tried.Select(a => (a.Domain, a.Addresses, Others: atDomain[a.Domain] - a.Addresses))
                .Where(a => IsNearlyAll(a.Addresses, a.Others) && IsNearlyAll((double)a.Addresses / his, a.Others / Math.Max(1.0, market - his)))
                .OrderBy(a => Fisher(a.Addresses, his, a.Others, market - his)).ThenByDescending(a => a.Addresses).ThenBy(a => a.Domain, StringComparer.Ordinal)
                .FirstOrDefault();
            return new QualityCount(dealer.Key, OwnDomain, own.Addresses, his, Detail: own.Domain ?? "") { PeerCount = own.Others, ChosenOf = Math.Max(1, tried.Count) };
        })];
    }

    private static bool IsTimes(QualitySign s) => (double)s.Count * s.PeerOf >= Times * s.PeerCount * s.Of; // shares would be rounded

    private static bool IsNearlyAll(double own, double others) => own >= NearlyAll * (own + others);

    private static QualitySign Compare(QualityCount count, Sums sums)
    {
        var (all, dealers) = sums.But(count.Dealer);
        var peers = count.PeerCount ?? all.Count;
        var chance = Math.Min(1, count.ChosenOf * Fisher(count.Count, count.Of, peers, all.Of));
        return new QualitySign(count.Source, count.Code, count.Count, count.Of, peers, all.Of, dealers, chance, chance, count.Detail);
    }

    private static double Fisher(long count, long of, long peers, long ofPeers) => Statistics.FisherExact(count, of - count, peers, ofPeers - peers);

    /// <summary>What all dealers have of a code, and each of them.</summary>
    private sealed class Sums
    {
        private readonly Dictionary<string, (long Count, long Of)> byDealer;
        private readonly long count, of;
        private readonly int dealers;

        public Sums(IEnumerable<QualityCount> counts)
        {
            byDealer = counts.GroupBy(c => c.Dealer, StringComparer.Ordinal).ToDictionary(g => g.Key, g => (g.Sum(c => c.Count), g.Sum(c => c.Of)), StringComparer.Ordinal);
            (count, of, dealers) = (byDealer.Values.Sum(d => d.Count), byDealer.Values.Sum(d => d.Of), byDealer.Values.Count(d => d.Of > 0));
        }

        /// <summary>Those of all others, and how many these are.</summary>
        public ((long Count, long Of) All, int Dealers) But(string dealer) =>
            byDealer[dealer] is var own ? ((count - own.Count, of - own.Of), dealers - (own.Of > 0 ? 1 : 0)) : default;
    }
}
