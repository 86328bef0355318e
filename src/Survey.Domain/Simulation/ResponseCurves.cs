using System.Collections.Concurrent;

namespace Survey.Domain;

/// <summary>The contacts after which customers answer, each with a curve of its own.</summary>
public enum ContactStage
{
    /// <summary>Since the invitation.</summary>
    Invitation,

    /// <summary>Since the reminder.</summary>
    Reminder,

    /// <summary>Since the hand-over to the vendor.</summary>
    Phone,
}

/// <summary>How many of those who have not answered yet answer on each day after a contact, per market and contact (docs/simulate.md).</summary>
/// <remarks>
/// A life table: on day k after a contact those are at risk whose contact was that long ago and who had neither answered nor ended
/// nor seen the next contact. The share of a market is drawn towards that of all markets, as if <see cref="PriorContacts"/> of its contacts
/// had gone as they go everywhere.
/// </remarks>
public sealed class ResponseCurves
{
    /// <summary>Days that a curve has; nobody answers later.</summary>
    public const int Days = 60;

    /// <summary>How many contacts a market must have before its own share counts as much as that of all markets.</summary>
    public const double PriorContacts = 50;

    /// <summary>Attempts for each case that the vendor was given, where no attempt was ever reported.</summary>
    public const double AttemptsWithoutHistory = 3;

    private static readonly int Stages = Enum.GetValues<ContactStage>().Length;

    private readonly Dictionary<string, Counts> markets = new(StringComparer.Ordinal);
    private readonly Counts all = new();
    private readonly ConcurrentDictionary<string, Curve> curves = new(StringComparer.Ordinal); // two simulations may ask at once

    /// <summary>Contacts that were observed.</summary>
    public long Contacts { get; private set; }

    /// <summary>Complete responses among them.</summary>
    public long Completes { get; private set; }

    /// <summary>Hand-overs among them.</summary>
    public long HandOvers { get; private set; }

    /// <summary>Attempts that the vendor reported.</summary>
    public long Attempts { get; private set; }

    /// <summary>Attempts for each case that the vendor is given, over all markets.</summary>
    public double AttemptsPerHandOver => Attempts > 0 && HandOvers > 0 ? (double)Attempts / HandOvers : AttemptsWithoutHistory;

    /// <summary>Counts a contact.</summary>
    /// <param name="market">Whose.</param>
    /// <param name="stage">Which.</param>
    /// <param name="days">For how many days it was observed: until the answer, the next contact, the end of the case, or the last cycle.</param>
    /// <param name="answered">It ended with an answer of the customer, of any kind.</param>
    /// <param name="complete">With a complete response.</param>
    public void Observe(string market, ContactStage stage, int days, bool answered, bool complete)
    {
        Contacts++;
        Completes += complete ? 1 : 0;
        HandOvers += stage == ContactStage.Phone ? 1 : 0;
        foreach (var counts in new[] { all, Of(market) })
        {
            counts.Add(stage, days, answered, complete);
        }
    }

    /// <summary>Counts an attempt of the vendor.</summary>
    /// <param name="market">Whose.</param>
    /// <param name="days">How long after the hand-over.</param>
    public void ObserveAttempt(string market, int days)
    {
        Attempts++;
        all.Attempts[Math.Clamp(days, 0, Days)]++;
        Of(market).Attempts[Math.Clamp(days, 0, Days)]++;
    }

    /// <summary>The probability that nobody has answered so many days after a contact.</summary>
    public double Silent(string market, ContactStage stage, int days) => CurveOf(market).Silent[(int)stage][Math.Clamp(days, 0, Days)];

    /// <summary>The probability that a complete response comes on that day after a contact, and none before.</summary>
    public double Complete(string market, ContactStage stage, int days) => days is < 0 or > Days ? 0 : CurveOf(market).Complete[(int)stage][days];

    /// <summary>Attempts on that day after a hand-over, for each case that the vendor was given.</summary>
    public double AttemptsOn(string market, int days) => days is < 0 or > Days ? 0 : CurveOf(market).Attempts[days];

    private Counts Of(string market)
    {
        if (!markets.TryGetValue(market, out var counts))
        {
            markets.Add(market, counts = new Counts());
        }

        return counts;
    }

    private Curve CurveOf(string market) => curves.GetOrAdd(market, m => Estimate(markets.GetValueOrDefault(m) ?? new Counts()));

    private Curve Estimate(Counts own)
    {
        var curve = new Curve();
        for (var stage = 0; stage < Stages; stage++)
        {
            double silent = 1, atRisk = own.Observed[stage].Sum(), allAtRisk = all.Observed[stage].Sum();
            for (var k = 0; k <= Days; k++)
            {
                double Share(Func<Counts, long[]> of) => (of(own)[k] + (PriorContacts * (allAtRisk > 0 ? of(all)[k] / allAtRisk : 0))) / (atRisk + PriorContacts);
                curve.Complete[stage][k] = silent * Share(c => c.Completed[stage]);
                silent *= 1 - Share(c => c.Answered[stage]);
                curve.Silent[stage][k] = silent;
                atRisk -= own.Observed[stage][k];
                allAtRisk -= all.Observed[stage][k];
            }
        }

        double handOvers = own.Observed[(int)ContactStage.Phone].Sum(), allHandOvers = all.Observed[(int)ContactStage.Phone].Sum();
        for (var k = 0; k <= Days; k++)
        {
            var everywhere = Attempts > 0 && allHandOvers > 0 ? all.Attempts[k] / allHandOvers : k == 0 ? AttemptsWithoutHistory : 0;
            curve.Attempts[k] = Attempts > 0 ? (own.Attempts[k] + (PriorContacts * everywhere)) / (handOvers + PriorContacts) : everywhere;
        }

        return curve;
    }

    private sealed class Counts
    {
        /// <summary>By stage, contacts by the days for which they were observed.</summary>
        public long[][] Observed { get; } = Table<long>();

        public long[][] Answered { get; } = Table<long>();

        public long[][] Completed { get; } = Table<long>();

        public long[] Attempts { get; } = new long[Days + 1];

        public void Add(ContactStage stage, int days, bool answered, bool complete)
        {
            var k = Math.Clamp(days, 0, Days);
            Observed[(int)stage][k]++;
            Answered[(int)stage][k] += answered ? 1 : 0;
            Completed[(int)stage][k] += complete ? 1 : 0;
        }
    }

    private sealed class Curve
    {
        public double[][] Silent { get; } = Table<double>();

        public double[][] Complete { get; } = Table<double>();

        public double[] Attempts { get; } = new double[Days + 1];
    }

    private static T[][] Table<T>() => [.. Enumerable.Range(0, Stages).Select(_ => new T[Days + 1])];
}
