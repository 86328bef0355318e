using System.Numerics;

namespace Survey.Domain;

/// <summary>Everything that decides whether the customer of a transaction may be asked.</summary>
/// <param name="Transaction">The row.</param>
/// <param name="Market">The market of its country; null when the country is in none.</param>
/// <param name="Today">The market's local date.</param>
/// <param name="Reach">How the customer can be reached.</param>
/// <param name="RestDays">How long a customer rests after a first contact; 0: no rest.</param>
/// <param name="OtherContactOn">The latest first contact of the same customer for another case, if any.</param>
public readonly record struct ScreeningInput(
    Transaction Transaction, Market? Market, DateOnly Today, Reach Reach, int RestDays, DateOnly? OtherContactOn)
{
    /// <summary>The survey's rules, or null where the market does not offer it.</summary>
    public SurveyPolicy? Policy => Market?.Policy(Transaction.Key.Survey);

    /// <summary>What sampling said; null: it was not asked.</summary>
    public Sample? Sample { get; init; }
}

/// <summary>One rule of screening.</summary>
/// <param name="Reason">The reason on record when it fails; programme.md defines each.</param>
/// <param name="Holds">True: passed; false: failed; null: can't be asked, since an earlier rule already failed.</param>
/// <param name="Facts">What the rule looked at, for <c>explain</c>; no personal data.</param>
public sealed record ScreeningRule(string Reason, Func<ScreeningInput, bool?> Holds, Func<ScreeningInput, Phrase> Facts)
{
    /// <summary>The customer's address and numbers decide: it can't be asked of the store's clear text alone.</summary>
    public bool NeedsContactData { get; init; }
}

/// <summary>The verdict on a transaction: which rules failed.</summary>
/// <param name="Failed">Bit n is set when rule n of <see cref="Screening.Rules"/> failed.</param>
public readonly record struct ScreeningVerdict(int Failed)
{
    /// <summary>No rule failed.</summary>
    public bool Eligible => Failed == 0;

    /// <summary>The reason on record: that of the first rule that failed; null when none did.</summary>
    public string? Reason => Failed == 0 ? null : Screening.Rules[BitOperations.TrailingZeroCount(Failed)].Reason;

    /// <summary>Whether a rule failed, by its place in <see cref="Screening.Rules"/>.</summary>
    public bool Has(int rule) => (Failed & (1 << rule)) != 0;

    /// <summary>The verdict on a transaction that passed every other rule, once sampling was asked.</summary>
    public ScreeningVerdict With(Sample sample) => sample.IsTaken ? this : new(Failed | (1 << Screening.RuleOfSampling));
}

/// <summary>Who may be asked (programme.md, <i>Screening</i>).</summary>
public static class Screening
{
    /// <summary>The reason of the rule that is checked once more right before the first contact.</summary>
    public const string RecentlyContacted = "recently_contacted";

    /// <summary>The reason of a row that came, or came again, too late.</summary>
    public const string WindowPassed = "window_passed";
    /// <summary>The reasons that a case ends with, too, when the programme no longer has its market or survey.</summary>
    public const string MarketNotInProgramme = "market_not_in_programme", SurveyNotOffered = "survey_not_offered";

    private const string MarketNotActive = "market_not_active";

    /// <summary>The rules that ask more than the row and the programme: the day, the lists, other contacts, or what dealers take back.</summary>
    private static readonly string[] OfMoreThanTheRow =
        [MarketNotActive, CloseReasons.TransactionCancelled, "window_passed", CloseReasons.OptedOut, CloseReasons.NoContactChannel, RecentlyContacted, Sampling.NotSampled];

    /// <summary>The rules in order: all are evaluated, the first that fails gives the reason.</summary>
    public static IReadOnlyList<ScreeningRule> Rules { get; } =
    [
        new(MarketNotInProgramme,
            i => i.Market is not null,
            i => $"country {i.Transaction.Key.Country}"),
        new(MarketNotActive,
            i => i.Market is { } m ? i.Today >= m.ActiveFrom : null,
            i => i.Market is { } m ? (Phrase)$"active from {Day(m.ActiveFrom)}, today {Day(i.Today)}" : $"no market"),
        new(SurveyNotOffered,
            i => i.Market is null ? null : i.Policy is not null,
            i => $"survey {i.Transaction.Key.Survey.Code()}"),
        new("transaction_cancelled",
            i => !i.Transaction.Cancelled,
            i => i.Transaction.Cancelled ? (Phrase)$"cancelled" : $"active"),
        new("customer_type_excluded",
            i => i.Policy?.CustomerTypes.Contains(i.Transaction.CustomerType),
            i => $"customer type {i.Transaction.CustomerType}"),
        new("payment_type_excluded",
            i => i.Policy is { } p ? p.PaymentTypes is null || p.PaymentTypes.Contains(i.Transaction.PaymentType) : null,
            i => i.Policy is { PaymentTypes: { } types }
                ? (Phrase)$"paid by {i.Transaction.PaymentType}, surveyed: {Phrase.Listed(types.Order(StringComparer.Ordinal))}"
                : $"the payer does not matter"),
        new("vehicle_limit_exceeded",
            i => i.Policy is { } p
                ? p.VehicleLimit is null || p.VehicleLimit.Admits(i.Transaction.PurchaseDate, i.Transaction.MileageKm, i.Transaction.EventDate)
                : null,
            i => i.Policy?.VehicleLimit is { } l ? VehicleFacts(i.Transaction, l) : $"no vehicle limit"),
        new(WindowPassed,
            i => i.Policy is { } p ? !p.Window.HasPassed(i.Transaction.EventDate, i.Today) : null,
            i => i.Policy is { } p
                ? (Phrase)$"event {Day(i.Transaction.EventDate)}, day {i.Today.DayNumber - i.Transaction.EventDate.DayNumber} of {p.Window}"
                : $"no window"),
        new("opted_out",
            i => !i.Reach.OptedOut,
            i => i.Reach.OptedOut ? (Phrase)$"asked for no contact" : $"no opt-out of everything") { NeedsContactData = true },
        new("no_contact_channel",
            i => i.Market is null ? null : i.Reach.ByEmail || i.Reach.ByPhone,
            i => $"{Email(i.Reach.EmailState)}, {Phone(i.Reach.PhoneState)}") { NeedsContactData = true },
        new(RecentlyContacted,
            i => !IsResting(i.RestDays, i.OtherContactOn, i.Today),
            i => i.RestDays == 0 ? (Phrase)$"no rest period" : $"rest {i.RestDays} days, last other contact {Day(i.OtherContactOn)}") { NeedsContactData = true },
        new(Sampling.NotSampled,
            i => i.Policy is null ? null : i.Policy.Sampling is null ? true : i.Sample?.IsTaken,
            SampleFacts),
    ];

    /// <summary>The place of the rule that is asked when all others have passed.</summary>
    internal static int RuleOfSampling { get; } = Rules.TakeWhile(r => r.Reason != Sampling.NotSampled).Count();
    /// <summary>The bits of the rules whose verdict on a row is the same on every day.</summary>
    public static int RowRules { get; } = Rules.Select((rule, n) => OfMoreThanTheRow.Contains(rule.Reason) ? 0 : 1 << n).Sum();

    /// <summary>The bit of a rule, by its reason; 0 for a reason of another kind.</summary>
    public static int BitOf(string? reason)
    {
        for (var n = 0; n < Rules.Count; n++)
        {
            if (Rules[n].Reason == reason)
            {
                return 1 << n;
            }
        }

        return 0;
    }

    /// <summary>The bit of the rule that a market of a later day fails.</summary>
    internal static int MarketNotActiveBit { get; } = BitOf(MarketNotActive);

    /// <summary>The bit of the rule that leaves customers out by lot.</summary>
    internal static int NotSampledBit { get; } = BitOf(Sampling.NotSampled);

    /// <summary>Evaluates every rule.</summary>
    public static ScreeningVerdict Screen(ScreeningInput input)
    {
        var failed = 0;
        for (var i = 0; i < Rules.Count; i++)
        {
            if (Rules[i].Holds(input) == false)
            {
                failed |= 1 << i;
            }
        }

        return new ScreeningVerdict(failed);
    }

    /// <summary>
    /// The first day on which the same row may get another verdict, if nothing but the date changes; <see cref="DateOnly.MaxValue"/>: none.
    /// With a rest period every day may be that day.
    /// </summary>
    public static DateOnly StableUntil(ScreeningInput input)
    {
        if (input.RestDays > 0)
        {
            return input.Today;
        }

        var until = DateOnly.MaxValue;
        if (input.Market is { } market && market.ActiveFrom > input.Today)
        {
            until = market.ActiveFrom;
        }

        return input.Policy?.Window.LastDay(input.Transaction.EventDate) is { } last && last >= input.Today && last < until ? last.AddDays(1) : until;
    }

    /// <summary>Whether the customer still rests from a contact for another case: on day <c>restDays</c> the rest is over.</summary>
    public static bool IsResting(int restDays, DateOnly? otherContactOn, DateOnly today) =>
        restDays > 0 && otherContactOn is { } on && today.DayNumber - on.DayNumber < restDays;

    private static Phrase Email(Usability usability) => usability switch
    {
        Usability.Usable => $"e-mail usable",
        Usability.None => $"e-mail missing or invalid",
        Usability.Placeholder => $"e-mail a placeholder",
        Usability.OptedOut => $"e-mail opted out",
        Usability.Dead => $"e-mail dead",
        _ => throw new ArgumentOutOfRangeException(nameof(usability), usability, "Unknown usability."),
    };

    private static Phrase Phone(Usability usability) => usability switch
    {
        Usability.Usable => $"phone usable",
        Usability.None => $"phone missing or invalid",
        Usability.Placeholder => $"phone a placeholder",
        Usability.OptedOut => $"phone opted out",
        Usability.Dead => $"phone dead",
        _ => throw new ArgumentOutOfRangeException(nameof(usability), usability, "Unknown usability."),
    };

    private static Phrase VehicleFacts(Transaction t, VehicleLimit limit)
    {
        var driven = t.MileageKm is { } km ? (Phrase)$"{km} km" : $"any km";
        var age = limit.MaxAgeYears is { } years ? (Phrase)$"{years} years" : $"any years";
        var below = limit.MaxMileageKm is { } most ? (Phrase)$"below {most} km" : $"below any km";
        return limit.MatchAny
            ? (Phrase)$"bought {Day(t.PurchaseDate)}, event {Day(t.EventDate)}, {driven}; limit {age}, {below}, any"
            : $"bought {Day(t.PurchaseDate)}, event {Day(t.EventDate)}, {driven}; limit {age}, {below}, all";
    }

    private static Phrase SampleFacts(ScreeningInput input) => (input.Policy?.Sampling, input.Sample) switch
    {
        (null, _) => $"no sampling",
        (_, null) => $"not drawn for: another rule failed first, or its case was opened before sampling began",
        (_, { Quota: { } quota, QuotaWasFull: true } s) =>
            $"drew {Sampling.Text(s.Draw)}, sampled below {Sampling.Text(s.Rate)}; {quota} of the dealer and month may be taken, {s.Before} were: full",
        (_, { Quota: { } quota } s) => $"drew {Sampling.Text(s.Draw)}, sampled below {Sampling.Text(s.Rate)}; {quota} of the dealer and month may be taken, {s.Before} were",
        (_, { } s) => $"drew {Sampling.Text(s.Draw)}, sampled below {Sampling.Text(s.Rate)}",
    };

    private static Phrase Day(DateOnly? day) => day is { } known ? (Phrase)$"{known:yyyy-MM-dd}" : $"unknown";
}
