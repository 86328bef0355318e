using FsCheck;
using FsCheck.Fluent;

namespace Survey.Domain.Tests;

/// <summary>What would have to be different for another verdict: whatever is named must be true when the rules are asked again.</summary>
public class ChangesTests
{
    private static readonly Circumstances Ordinary = new Circumstances(
        Some.ScreeningInput, new ContactPoints(Some.Email, Usability.Usable, Some.Mobile, null), 0, 0, 0).Renewed();

    [Fact]
    public void NothingHasToBeDifferentForWhomMayBeAsked()
    {
        Assert.Empty(ScreeningChanges.Remedies(Ordinary));
        Assert.Empty(ScreeningChanges.Together(Ordinary)!);
    }

    [Fact]
    public void EveryChangeFlipsItsRuleAndSaysRightlyWhetherThatIsEnough() => Always.Holds(AnyCircumstances, c =>
    {
        var verdict = Screening.Screen(c.Input);
        var remedies = ScreeningChanges.Remedies(c);
        Assert.Subset(Failed(verdict).ToHashSet(StringComparer.Ordinal), remedies.Select(r => r.Rule).ToHashSet(StringComparer.Ordinal));
        foreach (var remedy in remedies)
        {
            foreach (var choice in Enumerable.Range(0, Choices(remedy.Change)))
            {
                var after = c.After(remedy.Change, choice).Input;
                if (remedy.Change is not Change.MarketConfigured)
                {
                    Assert.True(Rule(remedy.Rule).Holds(after), $"{remedy.Change} does not make {remedy.Rule} pass");
                }

                if (remedy.Suffices is { } suffices)
                {
                    Assert.Equal(suffices, Screening.Screen(after).Eligible);
                }
            }
        }
    }, tests: 3000);

    [Fact]
    public void AllChangesTogetherFlipTheOutcome()
    {
        var (helped, hopeless) = (0, 0);
        Always.Holds(AnyCircumstances, c =>
        {
            if (ScreeningChanges.Together(c) is not { } changes)
            {
                // Only what nobody has written yet, and a policy that admits nobody, leave nothing to be named.
                Assert.True(c.Input.Policy is null or { CustomerTypes.Count: 0 } or { PaymentTypes.Count: 0 } or { VehicleLimit.MaxMileageKm: 0 });
                hopeless++;
                return;
            }

            var last = c;
            foreach (var change in changes)
            {
                Assert.Contains(change.Rule, Failed(Screening.Screen(last.Input)));
                last = last.After(change.Change);
            }

            Assert.True(Screening.Screen(last.Input).Eligible);
            helped += changes.Count > 1 ? 1 : 0;
        }, tests: 3000);
        Assert.True(helped > 500, $"only {helped} needed several changes");
        Assert.True(hopeless is > 0 and < 1500, $"{hopeless} could not be helped");
    }

    [Fact]
    public void DatesAndNumbersAreTheLeastThatIsEnough() => Always.Holds(AnyCircumstances, c =>
    {
        foreach (var remedy in ScreeningChanges.Remedies(c))
        {
            Change? less = remedy.Change switch
            {
                Change.EventFrom e => new Change.EventFrom(e.Day.AddDays(-1)),
                Change.WindowTo w => new Change.WindowTo(w.Day - 1),
                Change.MarketActiveFrom m => new Change.MarketActiveFrom(m.Day.AddDays(1)),
                Change.RestOver r => new Change.RestOver(r.Day.AddDays(-1)),
                Change.RestOf { Days: > 0 } r => new Change.RestOf(r.Days + 1),
                Change.Vehicle { BoughtFrom: { } day } v when day > DateOnly.MinValue => v with { BoughtFrom = day.AddDays(-1) },
                Change.Vehicle { BelowKm: { } km } v => v with { BelowKm = km + 1 },
                Change.Sampled { DrawBelow: { } below } s => s with { DrawBelow = below + 1 },
                Change.Sampled { PerDealerAndMonth: { } limit } s => s with { PerDealerAndMonth = limit - 1 },
                Change.ShareAbove s => new Change.ShareAbove(s.Draw - 1),
                _ => null,
            };
            if (less is not null)
            {
                Assert.False(Rule(remedy.Rule).Holds(c.After(less).Input), $"{less} would be enough, too");
            }
        }
    }, tests: 3000);

    /// <summary>The guard of the guards: the circumstances reach every rule and every kind of change that screening knows.</summary>
    [Fact]
    public void TheCircumstancesReachEveryRule()
    {
        var rules = new HashSet<string>(StringComparer.Ordinal);
        var changes = new HashSet<Type>();
        Always.Holds(AnyCircumstances, c =>
        {
            foreach (var remedy in ScreeningChanges.Remedies(c))
            {
                rules.Add(remedy.Rule);
                changes.Add(remedy.Change.GetType());
            }
        }, tests: 3000);

        Assert.Equal(
            [
                "customer_type_excluded", "market_not_active", "market_not_in_programme", "no_contact_channel", "not_sampled", "opted_out", "payment_type_excluded",
                "recently_contacted", "survey_not_offered", "transaction_cancelled", "vehicle_limit_exceeded", "window_passed",
            ],
            rules.Order(StringComparer.Ordinal));
        Assert.Equal(17, changes.Count);
    }

    /// <summary>Whoever would pass all other rules is drawn for then, and may not be sampled.</summary>
    [Fact]
    public void WhereOneIsNotDrawnForYetNoChangeIsSaidToBeEnough()
    {
        var c = Ordinary with
        {
            Input = Some.ScreeningInput with
            {
                Transaction = Some.Sale with { CustomerType = "rental" },
                Market = Some.Australia with { Sales = Some.SalesPolicy with { Sampling = new SamplingRules(1, null) } },
            },
        };

        Assert.Null(Assert.Single(ScreeningChanges.Remedies(c.Renewed())).Suffices);
        Assert.True(Assert.Single(ScreeningChanges.Remedies((c with { Input = c.Input with { Sample = new Sample(0, 1, 0, null, IsTaken: true) } }).Renewed())).Suffices);
        Assert.False(Assert.Single(ScreeningChanges.Remedies((c with { Input = c.Input with { Transaction = Some.Sale with { CustomerType = "rental", Cancelled = true } } }).Renewed()), r => r.Rule == "customer_type_excluded").Suffices);
    }

    [Fact]
    public void AVehicleBoughtOn29FebruaryIsCountedInCalendarYears()
    {
        var c = Ordinary with
        {
            Input = Some.ScreeningInput with
            {
                Transaction = Some.Visit with { EventDate = Some.Day("2028-02-29"), PurchaseDate = Some.Day("2020-01-01") },
                Today = Some.Day("2028-03-10"),
                Market = Some.Australia with { Service = Some.ServicePolicy with { VehicleLimit = new VehicleLimit(3, null, MatchAny: false) } },
            },
        };

        Assert.Equal(new Change.Vehicle(Some.Day("2025-03-01"), null), Assert.Single(ScreeningChanges.Remedies(c.Renewed())).Change);
    }

    [Theory]
    [InlineData(100_000, 250_000, 60, null, 61)] // the month was full
    [InlineData(421_337, 250_000, 7, 250_000, null)]
    [InlineData(421_337, 250_000, 60, 250_000, 61)]
    public void WhereANumberIsAimedAtAnotherDrawOrALargerNumberLetsInWhoWasNotSampled(int draw, int rate, int before, int? below, int? limit) => Assert.Equal(
        [new Remedy("not_sampled", new Change.Sampled(below, limit), Suffices: true)],
        ScreeningChanges.Remedies(Sampled(new SamplingRules(null, 60), new Sample(draw, rate, before, 60, IsTaken: false))));

    [Fact]
    public void OfAShareAloneALargerOneDoesToo() => Assert.Equal(
        [new Change.Sampled(250_000, null), new Change.ShareAbove(421_337)],
        ScreeningChanges.Remedies(Sampled(new SamplingRules(250_000, null), new Sample(421_337, 250_000, 0, null, IsTaken: false))).Select(r => r.Change));

    /// <summary>He was drawn for under another policy: nothing but his row has to come again.</summary>
    [Fact]
    public void NothingHasToBeDifferentForWhomTheSamplingOfTodayWouldTake() =>
        Assert.Empty(ScreeningChanges.Remedies(Sampled(new SamplingRules(250_000, null), new Sample(100_000, 250_000, 0, null, IsTaken: false))));

    [Fact]
    public void WhatSamplingWouldSayOfWhomItWasNotAskedAboutCannotBeTold()
    {
        var c = Sampled(new SamplingRules(250_000, null), null);

        Assert.Null(Assert.Single(ScreeningChanges.Remedies(c with { Input = c.Input with { Transaction = Some.Sale with { Cancelled = true } } })).Suffices);
    }

    private static Circumstances Sampled(SamplingRules rules, Sample? sample) => Ordinary with
    {
        Input = Ordinary.Input with { Market = Some.Australia with { Sales = Some.SalesPolicy with { Sampling = rules } }, Sample = sample },
    };

    private static ScreeningRule Rule(string reason) => Screening.Rules.Single(r => r.Reason == reason);

    private static IEnumerable<string> Failed(ScreeningVerdict verdict) =>
        Screening.Rules.Where((_, n) => (verdict.Failed & (1 << n)) != 0).Select(r => r.Reason);

    private static int Choices(Change change) => change switch
    {
        Change.CustomerTypeOneOf c => c.Types.Count,
        Change.PayerOneOf c => c.Payers.Count,
        _ => 1,
    };

    private static readonly Gen<bool> Seldom = Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true)));

    private static readonly Gen<Suppression> AnySuppression = Gen.Frequency(
        (6, Gen.Constant(Suppression.None)),
        (1, Gen.Elements(Suppression.OptOut, Suppression.Dead, Suppression.All, Suppression.All | Suppression.Erased, Suppression.OptOut | Suppression.Dead)));

    private static readonly Gen<VehicleLimit?> AnyLimit = Gen.Frequency<VehicleLimit?>(
        (2, Gen.Constant<VehicleLimit?>(null)),
        (3, from years in Gen.Choose(-1, 5) from km in Gen.Frequency((6, Gen.Elements(-1, 10_000, 100_000)), (1, Gen.Constant(0))) from any in Gen.Elements(true, false)
            select (VehicleLimit?)new VehicleLimit(years < 0 ? null : years, km < 0 ? null : km, any)));

    private static readonly Gen<SamplingRules?> AnySampling = Gen.Frequency<SamplingRules?>(
        (2, Gen.Constant<SamplingRules?>(null)),
        (3, from share in Gen.Elements<int?>(null, 1, 250_000, 900_000) from limit in Gen.Elements<int?>(null, 1, 3) select share is null && limit is null ? null : new SamplingRules(share, limit)));

    private static readonly Gen<SurveyPolicy?> AnyPolicy =
        from offered in Gen.Choose(0, 9)
        from first in Gen.Choose(0, 20)
        from length in Gen.Choose(-1, 30)
        from types in Gen.Frequency((9, Gen.Elements<IReadOnlySet<string>>(Some.Retail, Some.Payers("individual"))), (1, Gen.Constant<IReadOnlySet<string>>(Some.Payers())))
        from payers in Gen.Frequency((9, Gen.Elements<IReadOnlySet<string>?>(null, Some.Payers("warranty"), Some.Payers("warranty", "customer"))), (1, Gen.Constant<IReadOnlySet<string>?>(Some.Payers())))
        from limit in AnyLimit
        from sampling in AnySampling
        select offered == 0 ? null : new SurveyPolicy(new DayWindow(first, length < 0 ? null : first + length), types, payers, limit) { Sampling = sampling };

    private static readonly Gen<Circumstances> AnyCircumstances =
        from policy in AnyPolicy
        from market in Gen.Choose(0, 19)
        from activeFrom in Gen.Choose(-400, 30)
        from service in Gen.Elements(true, false)
        from cancelled in Seldom
        from age in Gen.Choose(0, 80)
        from bought in Gen.Choose(-1, 2500)
        from km in Gen.Choose(-1, 150_000)
        from type in Gen.Elements<string>([.. Intake.CustomerTypes.Order(StringComparer.Ordinal)])
        from payer in Gen.Elements<string>([.. Intake.PaymentTypes.Order(StringComparer.Ordinal)])
        from noEmail in Seldom from noPhone in Seldom from both in Seldom
        from email in Gen.Elements(Usability.Usable, Usability.Usable, Usability.None, Usability.Placeholder)
        from phones in Gen.Choose(0, 2)
        from emailListed in AnySuppression from phone1Listed in AnySuppression from phone2Listed in AnySuppression
        from rest in Gen.Elements(0, 0, 1, 30)
        from other in Gen.Choose(-1, 40)
        from drawn in Gen.Elements(true, true, false) from draw in Gen.Choose(0, 999_999) from rate in Gen.Choose(1, 1_000_000) from before in Gen.Choose(0, 4)
        select new Circumstances(
            new ScreeningInput(
                (service ? Some.Visit : Some.Sale) with
                {
                    Cancelled = cancelled,
                    EventDate = Some.Today.AddDays(-age),
                    PurchaseDate = bought < 0 ? null : Some.Today.AddDays(-bought),
                    MileageKm = km < 0 ? null : km,
                    CustomerType = type,
                    PaymentType = payer,
                    EmailOptOut = noEmail || both,
                    PhoneOptOut = noPhone || both,
                },
                market == 0 ? null : Some.Australia with { ActiveFrom = Some.Today.AddDays(activeFrom), Sales = policy, Service = policy },
                Some.Today, Some.Reach, rest, other < 0 ? null : Some.Today.AddDays(-other))
            {
                Sample = drawn && policy?.Sampling is { } sampling ? Drawn(sampling, draw, rate, before) : null,
            },
            new ContactPoints(email == Usability.Usable ? Some.Email : null, email, phones > 0 ? Some.Mobile : null, phones > 1 ? Some.Landline : null),
            emailListed, phone1Listed, phone2Listed).Renewed();

    private static Sample Drawn(SamplingRules rules, int draw, int stratumRate, int before)
    {
        var rate = Sampling.RateOf(rules, stratumRate);
        return rules.PerDealerAndMonth is { } limit ? new Sample(draw, rate, before, limit, draw < rate && before < limit) : new Sample(draw, rate, 0, null, draw < rate);
    }
}
