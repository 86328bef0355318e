using System.Globalization;

namespace Survey.Domain;

/// <summary>How many customers of a dealer and month are asked, where not all of them are (docs/sampling.md).</summary>
/// <param name="Share">The share of each dealer's and month's transactions, in millionths; null: all.</param>
/// <param name="PerDealerAndMonth">How many cases of a dealer and month are aimed at, and never exceeded; null: any number.</param>
public sealed record SamplingRules(int? Share, int? PerDealerAndMonth);

/// <summary>What is known of a stratum: a dealer's transactions of one survey whose event fell into one month.</summary>
/// <param name="Eligible">How many were drawn for: every other rule of screening had passed.</param>
/// <param name="Taken">How many of them were taken.</param>
/// <param name="Rate">The rate, in millionths, that was fixed when the first was drawn for; null: none was yet.</param>
public readonly record struct Stratum(long Eligible, long Taken, int? Rate);

/// <summary>What sampling said of one transaction.</summary>
/// <param name="Draw">The number drawn for it, from 0 to 999,999: a keyed hash of its natural key.</param>
/// <param name="Rate">Numbers below this are sampled.</param>
/// <param name="Before">How many of its stratum had been taken.</param>
/// <param name="Quota">How many may be; null: any number.</param>
/// <param name="IsTaken">It was sampled.</param>
public readonly record struct Sample(int Draw, int Rate, long Before, int? Quota, bool IsTaken)
{
    /// <summary>It would have been sampled, but the stratum had all that it may have.</summary>
    public bool QuotaWasFull => !IsTaken && Draw < Rate;
}

/// <summary>Which transactions are sampled: by a number that depends on nothing but the transaction, so that the same row gets the same answer again.</summary>
public static class Sampling
{
    /// <summary>The reason of the rule.</summary>
    public const string NotSampled = "not_sampled";

    /// <summary>All of them, in millionths.</summary>
    public const int Whole = 1_000_000;

    /// <summary>A number of millionths as people write it: from 0.000000 to 1.000000.</summary>
    public static string Text(int millionths) => (millionths / (decimal)Whole).ToString("0.000000", CultureInfo.InvariantCulture);

    /// <summary>The number drawn for a transaction: even over 0 to 999,999 when the hash is.</summary>
    /// <param name="hash">A keyed hash of its natural key.</param>
    public static int DrawOf(long hash) => (int)Math.BigMul(unchecked((ulong)hash), Whole, out _);

    /// <summary>The rate that gives a stratum as many as are aimed at, if it is as large as the dealer's month before; without one, all.</summary>
    public static int RateOf(int target, long monthBefore) => monthBefore <= target ? Whole : (int)Math.Max(1, (long)target * Whole / monthBefore);

    /// <summary>Below which number a transaction is sampled: the smaller of the share and the stratum's rate.</summary>
    public static int RateOf(SamplingRules rules, int? stratumRate) =>
        Math.Min(rules.Share ?? Whole, rules.PerDealerAndMonth is null ? Whole : stratumRate ?? Whole);

    /// <summary>Draws for a transaction that passed every other rule.</summary>
    /// <param name="rules">The rules of its market and survey.</param>
    /// <param name="draw">Its number.</param>
    /// <param name="stratum">Its stratum as it is.</param>
    /// <param name="monthBefore">How many of the dealer's transactions of the month before were drawn for; asked only while the stratum has no rate.</param>
    /// <param name="counted">It was drawn for before, under another policy: its stratum has counted it.</param>
    /// <returns>The answer, and the stratum afterwards.</returns>
    public static (Sample Sample, Stratum After) Draw(SamplingRules rules, int draw, Stratum stratum, Func<long> monthBefore, bool counted = false)
    {
        if (rules.PerDealerAndMonth is not { } target)
        {
            return (new Sample(draw, RateOf(rules, null), 0, null, draw < RateOf(rules, null)), stratum);
        }

        var fixedRate = stratum.Rate ?? RateOf(target, monthBefore());
        var rate = RateOf(rules, fixedRate);
        var sample = new Sample(draw, rate, stratum.Taken, target, draw < rate && stratum.Taken < target);
        return (sample, new Stratum(stratum.Eligible + (counted ? 0 : 1), stratum.Taken + (sample.IsTaken ? 1 : 0), fixedRate));
    }

    /// <summary>The month of a stratum, and the one before it.</summary>
    public static (DateOnly Month, DateOnly Before) MonthsOf(DateOnly eventDate)
    {
        var month = new DateOnly(eventDate.Year, eventDate.Month, 1);
        return (month, month == DateOnly.MinValue ? month : month.AddMonths(-1));
    }
}
