namespace Survey.Domain;

/// <summary>Something that would have to be different. Each names the least that is enough for its rule.</summary>
public abstract record Change
{
    private Change()
    {
    }

    /// <summary>The country is a market of the programme. What its rules would say nobody can know.</summary>
    public sealed record MarketConfigured(string Country) : Change;

    /// <summary>The market is active from this day or an earlier one.</summary>
    public sealed record MarketActiveFrom(DateOnly Day) : Change;

    /// <summary>The market offers the survey. What its rules would say nobody can know.</summary>
    public sealed record SurveyOffered(SurveyKind Survey) : Change;

    /// <summary>The dealer did not take the transaction back.</summary>
    public sealed record NotCancelled : Change;

    /// <summary>The customer is of another type: one of these.</summary>
    public sealed record CustomerTypeOneOf(IReadOnlyList<string> Types) : Change;

    /// <summary>Another paid: one of these.</summary>
    public sealed record PayerOneOf(IReadOnlyList<string> Payers) : Change;

    /// <summary>A younger vehicle, or one with fewer kilometres; where both are given, both.</summary>
    public sealed record Vehicle(DateOnly? BoughtFrom, int? BelowKm) : Change;

    /// <summary>The event was on this day or later.</summary>
    public sealed record EventFrom(DateOnly Day) : Change;

    /// <summary>The policy's window reaches to this day at least, counted from the event.</summary>
    public sealed record WindowTo(int Day) : Change;

    /// <summary>The row says no to e-mail or to calls, and not to both.</summary>
    public sealed record OneFlag : Change;

    /// <summary>There is no opt-out of everything on record, and not both flags on the row.</summary>
    public sealed record NoOptOut : Change;

    /// <summary>An e-mail address that is valid, no placeholder, and neither flagged nor suppressed.</summary>
    public sealed record UsableEmail : Change;

    /// <summary>A number that is valid, and neither flagged nor suppressed.</summary>
    public sealed record UsableNumber : Change;

    /// <summary>A later day: the customer's rest is over on this one.</summary>
    public sealed record RestOver(DateOnly Day) : Change;

    /// <summary>A rest of so many days at most.</summary>
    public sealed record RestOf(int Days) : Change;

    /// <summary>Another draw, below this number of millionths, or more of the dealer and month that may be taken; where both are given, both.</summary>
    public sealed record Sampled(int? DrawBelow, int? PerDealerAndMonth) : Change;

    /// <summary>A share above this number of millionths.</summary>
    public sealed record ShareAbove(int Draw) : Change;

    /// <summary>The customer answered completely before this day.</summary>
    public sealed record AnsweredBefore(DateOnly Day) : Change;

    /// <summary>What ended the case did not happen.</summary>
    public sealed record Without(CaseEvent Fact) : Change;
}

/// <summary>All that a verdict rests on, down to the customer's addresses and what the suppression list says of them.</summary>
/// <param name="Input">What the rules see.</param>
/// <param name="Points">The addresses of the row.</param>
/// <param name="Email">What stands on the list about the address.</param>
/// <param name="Phone1">About the first number.</param>
/// <param name="Phone2">About the second.</param>
public readonly record struct Circumstances(ScreeningInput Input, ContactPoints Points, Suppression Email, Suppression Phone1, Suppression Phone2)
{
    // Any address and number will do: only whether there is one counts.
    internal static readonly EmailAddress SomeEmail = EmailAddress.Parse("somebody@mail.example")!;
    internal static readonly PhoneNumber SomeNumber = PhoneNumber.Parse("0293744000", new DiallingRule("61", "0", 9, 9), [])!;

    // What a policy that nobody has written yet admits: everything.
    private static readonly SurveyPolicy Open = new(new DayWindow(0, null), Intake.CustomerTypes, null, null);

    /// <summary>These circumstances with what the rules see of them found again.</summary>
    public Circumstances Renewed() => this with
    {
        Input = Input with { Reach = Reach.Of(Points, Input.Transaction.EmailOptOut, Input.Transaction.PhoneOptOut, Email, Phone1, Phone2) },
    };

    /// <summary>The circumstances after a change; what happened to a case is no matter of screening.</summary>
    /// <param name="change">The change.</param>
    /// <param name="choice">Which of several values, where the change leaves a choice.</param>
    public Circumstances After(Change change, int choice = 0) => (change switch
    {
        Change.MarketConfigured or Change.AnsweredBefore or Change.Without => this,
        Change.MarketActiveFrom c => this with { Input = Input with { Market = Input.Market! with { ActiveFrom = c.Day } } },
        Change.SurveyOffered => WithPolicy(Open),
        Change.NotCancelled => With(Input.Transaction with { Cancelled = false }),
        Change.CustomerTypeOneOf c => With(Input.Transaction with { CustomerType = c.Types[choice] }),
        Change.PayerOneOf c => With(Input.Transaction with { PaymentType = c.Payers[choice] }),
        Change.Vehicle c => With(Input.Transaction with
        {
            PurchaseDate = c.BoughtFrom ?? Input.Transaction.PurchaseDate,
            MileageKm = c.BelowKm is { } km ? km - 1 : Input.Transaction.MileageKm,
        }),
        Change.EventFrom c => With(Input.Transaction with { EventDate = c.Day }),
        Change.WindowTo c => WithPolicy(Input.Policy! with { Window = Input.Policy!.Window with { ToDay = c.Day } }),
        Change.OneFlag => With(Input.Transaction with { EmailOptOut = Points.Email is null, PhoneOptOut = Points.Email is not null }),
        Change.NoOptOut => (this with { Email = WithoutNo(Email), Phone1 = WithoutNo(Phone1), Phone2 = WithoutNo(Phone2) })
            .With(Input.Transaction with { EmailOptOut = false, PhoneOptOut = false }),
        Change.UsableEmail => (this with { Points = Points with { Email = SomeEmail, EmailState = Usability.Usable }, Email = Suppression.None })
            .With(Input.Transaction with { EmailOptOut = false }),
        Change.UsableNumber => (this with { Points = Points with { Phone1 = SomeNumber }, Phone1 = Suppression.None })
            .With(Input.Transaction with { PhoneOptOut = false }),
        Change.RestOver c => this with { Input = Input with { Today = c.Day } },
        Change.RestOf c => this with { Input = Input with { RestDays = c.Days } },
        Change.Sampled c => With(Input.Sample!.Value with { Draw = c.DrawBelow - 1 ?? Input.Sample.Value.Draw, Quota = c.PerDealerAndMonth ?? Input.Sample.Value.Quota }),
        Change.ShareAbove c => With(Input.Sample!.Value with { Rate = Math.Max(Input.Sample.Value.Rate, c.Draw + 1) }),
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, "Unknown change."),
    }).Renewed();

    private static Suppression WithoutNo(Suppression s) => s & ~(Suppression.All | Suppression.Erased);

    private Circumstances With(Transaction t) => this with { Input = Input with { Transaction = t } };

    private Circumstances With(Sample s) => this with { Input = Input with { Sample = s with { IsTaken = s.Draw < s.Rate && !(s.Before >= s.Quota) } } };

    private Circumstances WithPolicy(SurveyPolicy policy) => this with
    {
        Input = Input with
        {
            Market = Input.Transaction.Key.Survey == SurveyKind.Sales ? Input.Market! with { Sales = policy } : Input.Market! with { Service = policy },
        },
    };
}

/// <summary>A change that makes a failed rule pass.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Change">The change; where a rule has several, each is enough for it.</param>
/// <param name="Suffices">Whether the customer may be asked after it alone; null: it can't be told, since rules would come into force that nobody has written, or a draw that was never made.</param>
public sealed record Remedy(string Rule, Change Change, bool? Suffices);

/// <summary>What would have to be different for another verdict: found by changing the circumstances and asking the rules again.</summary>
public static class ScreeningChanges
{
    /// <summary>For every rule that fails, the changes that make it pass, each by itself. A rule that nothing can change has none.</summary>
    /// <remarks>Where sampling would be asked next, nobody can tell what it would say: the number may be known, how many will be taken before is not.</remarks>
    public static IReadOnlyList<Remedy> Remedies(Circumstances c)
    {
        var verdict = Screening.Screen(c.Input);
        var remedies = new List<Remedy>();
        for (var i = 0; i < Screening.Rules.Count; i++)
        {
            if ((verdict.Failed & (1 << i)) != 0)
            {
                var rule = Screening.Rules[i].Reason;
                remedies.AddRange(Of(rule, c).Select(change => new Remedy(rule, change, change is Change.MarketConfigured or Change.SurveyOffered ? null : Suffices(c.After(change).Input))));
            }
        }

        return remedies;
    }

    /// <summary>Changes after all of which the customer may be asked, as few as one rule after the other takes; null when nothing helps, or it can't be told.</summary>
    public static IReadOnlyList<Remedy>? Together(Circumstances c)
    {
        var changes = new List<Remedy>();
        while (changes.Count <= 2 * Screening.Rules.Count)
        {
            if (Screening.Screen(c.Input).Reason is not { } rule)
            {
                return changes;
            }

            // The change that leaves the fewest rules failed; the first of equals.
            var now = c;
            if (Of(rule, now).MinBy(change => System.Numerics.BitOperations.PopCount((uint)Screening.Screen(now.After(change).Input).Failed)) is not { } best
                || best is Change.MarketConfigured or Change.SurveyOffered)
            {
                return null;
            }

            changes.Add(new Remedy(rule, best, null));
            c = c.After(best);
        }

        return null;
    }

    /// <summary>Who would pass every other rule may still not be sampled: whoever was never drawn for can't be told.</summary>
    private static bool? Suffices(ScreeningInput input) =>
        Screening.Screen(input).Eligible ? input.Policy?.Sampling is not null && input.Sample is null ? null : true : false;

    private static List<Change> Of(string rule, Circumstances c)
    {
        var i = c.Input;
        return rule switch
        {
            "market_not_in_programme" => [new Change.MarketConfigured(i.Transaction.Key.Country)],
            "market_not_active" => [new Change.MarketActiveFrom(i.Today)],
            "survey_not_offered" => [new Change.SurveyOffered(i.Transaction.Key.Survey)],
            CloseReasons.TransactionCancelled => [new Change.NotCancelled()],
            "customer_type_excluded" => i.Policy!.CustomerTypes is { Count: > 0 } types ? [new Change.CustomerTypeOneOf([.. types.Order(StringComparer.Ordinal)])] : [],
            "payment_type_excluded" => i.Policy!.PaymentTypes is { Count: > 0 } payers ? [new Change.PayerOneOf([.. payers.Order(StringComparer.Ordinal)])] : [],
            "vehicle_limit_exceeded" => Vehicles(i.Policy!.VehicleLimit!, i.Transaction),
            "window_passed" => [new Change.EventFrom(i.Today.AddDays(-i.Policy!.Window.ToDay!.Value)), new Change.WindowTo(i.Today.DayNumber - i.Transaction.EventDate.DayNumber)],
            CloseReasons.OptedOut => ((c.Email | c.Phone1 | c.Phone2) & Suppression.All) == 0 ? [new Change.OneFlag()] : [new Change.NoOptOut()],
            CloseReasons.NoContactChannel => [new Change.UsableEmail(), new Change.UsableNumber()],
            Screening.RecentlyContacted => [new Change.RestOver(i.OtherContactOn!.Value.AddDays(i.RestDays)), new Change.RestOf(Math.Max(0, i.Today.DayNumber - i.OtherContactOn!.Value.DayNumber))],
            Sampling.NotSampled => Samples(i.Policy!.Sampling!, i.Sample!.Value),
            _ => [],
        };
    }

    /// <summary>Where a number is aimed at, too, nobody can tell whether a larger share would be enough: the stratum has a rate of its own.</summary>
    private static List<Change> Samples(SamplingRules rules, Sample s)
    {
        int? below = s.Draw >= s.Rate ? s.Rate : null;
        int? limit = s.Quota is { } quota && (s.QuotaWasFull || s.Before >= quota) ? (int)s.Before + 1 : null;
        if (below is null && limit is null)
        {
            return []; // he was drawn for under another policy; under this one he would be taken, once his row comes again
        }

        var drawn = new Change.Sampled(below, limit);
        return below is not null && rules.PerDealerAndMonth is null ? [drawn, new Change.ShareAbove(s.Draw)] : [drawn];
    }

    private static List<Change> Vehicles(VehicleLimit limit, Transaction t)
    {
        DateOnly? bought = limit.MaxAgeYears is { } years ? FirstBought(t.EventDate, years) : null;
        int? below = limit.MaxMileageKm is > 0 and var km ? km : null;
        if (limit.MatchAny)
        {
            var either = new List<Change>();
            if (bought is not null)
            {
                either.Add(new Change.Vehicle(bought, null));
            }

            if (below is not null)
            {
                either.Add(new Change.Vehicle(null, below));
            }

            return either;
        }

        var tooOld = bought is not null && !new VehicleLimit(limit.MaxAgeYears, null, false).Admits(t.PurchaseDate, t.MileageKm, t.EventDate);
        var tooFar = limit.MaxMileageKm is not null && !new VehicleLimit(null, limit.MaxMileageKm, false).Admits(t.PurchaseDate, t.MileageKm, t.EventDate);
        return tooFar && below is null ? [] : [new Change.Vehicle(tooOld ? bought : null, tooFar ? below : null)];
    }

    /// <summary>The first day on which a vehicle may have been bought so that it is not older than so many years at the event.</summary>
    private static DateOnly FirstBought(DateOnly eventDate, int years)
    {
        if (eventDate.Year <= years)
        {
            return DateOnly.MinValue;
        }

        var day = eventDate.AddYears(-years);
        return day.AddYears(years) < eventDate ? day.AddDays(1) : day; // 29 February
    }
}
