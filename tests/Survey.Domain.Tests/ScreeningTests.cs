namespace Survey.Domain.Tests;

public class ScreeningTests
{
    private static readonly ScreeningInput Visit = Some.ScreeningInput with { Transaction = Some.Visit };

    [Fact]
    public void AnOrdinaryCustomerIsEligible()
    {
        Assert.True(Screening.Screen(Some.ScreeningInput).Eligible);
        Assert.True(Screening.Screen(Visit).Eligible);
        Assert.Null(Screening.Screen(Visit).Reason);
    }

    [Fact]
    public void TheRulesStandInTheProgrammesOrder() => Assert.Equal(
        [
            "market_not_in_programme", "market_not_active", "survey_not_offered", "transaction_cancelled", "customer_type_excluded",
            "payment_type_excluded", "vehicle_limit_exceeded", "window_passed", "opted_out", "no_contact_channel", "recently_contacted",
            "not_sampled",
        ],
        Screening.Rules.Select(r => r.Reason));

    [Fact]
    public void ACountryInNoMarketIsNotInTheProgramme() =>
        Assert.Equal(["market_not_in_programme"], Failed(Some.ScreeningInput with { Market = null }));

    [Theory]
    [InlineData("2026-03-19", true)]
    [InlineData("2026-03-20", true)] // active from today
    [InlineData("2026-03-21", false)]
    public void AMarketIsActiveFromItsFirstDay(string activeFrom, bool passes) => Expect(
        passes, "market_not_active", Some.ScreeningInput with { Market = Some.Australia with { ActiveFrom = Some.Day(activeFrom) } });

    [Fact]
    public void ASurveyThatTheMarketDoesNotOfferIsNotSent()
    {
        Expect(false, "survey_not_offered", Visit with { Market = Some.Australia with { Service = null } });
        Expect(true, "survey_not_offered", Some.ScreeningInput with { Market = Some.Australia with { Service = null } });
        Expect(false, "survey_not_offered", Some.ScreeningInput with { Market = Some.Australia with { Sales = null } });
    }

    /// <summary>Over every day from long before the window until long after it, for windows with and without an end, and markets that begin late.</summary>
    [Theory]
    [InlineData(15, 35, "2010-08-01")]
    [InlineData(15, 35, "2026-03-25")]
    [InlineData(15, 35, "2026-04-20")]
    [InlineData(8, null, "2026-03-10")]
    [InlineData(0, 0, "2026-03-01")]
    public void AVerdictStaysTheSameUntilTheDayOnWhichItMayBeAnother(int from, int? to, string activeFrom)
    {
        var policy = Some.SalesPolicy with { Window = new DayWindow(from, to) };
        var market = Some.Australia with { ActiveFrom = Some.Day(activeFrom), Sales = policy };
        for (var today = Some.EventDate.AddDays(-10); today < Some.EventDate.AddDays(80); today = today.AddDays(1))
        {
            var input = Some.ScreeningInput with { Market = market, Today = today };
            var until = Screening.StableUntil(input);

            Assert.True(until > today);
            for (var later = today; later < until && later < today.AddDays(120); later = later.AddDays(1))
            {
                Assert.Equal(Screening.Screen(input), Screening.Screen(input with { Today = later }));
            }

            Assert.True(until == DateOnly.MaxValue || Screening.Screen(input) != Screening.Screen(input with { Today = until }), "it may stay the same for longer");
        }
    }

    [Fact]
    public void WithARestPeriodAVerdictMayBeAnotherOnAnyDay() =>
        Assert.Equal(Some.Today, Screening.StableUntil(Some.ScreeningInput with { RestDays = 30 }));

    [Fact]
    public void ACancelledTransactionFails() =>
        Expect(false, "transaction_cancelled", Some.ScreeningInput with { Transaction = Some.Sale with { Cancelled = true } });

    [Theory]
    [InlineData("individual", true)]
    [InlineData("small_business", true)]
    [InlineData("small_fleet", true)]
    [InlineData("large_fleet", false)]
    [InlineData("government", false)]
    [InlineData("rental", false)]
    [InlineData("dealer", false)]
    [InlineData("employee", false)]
    public void OnlyRetailOwnersAreSurveyed(string customerType, bool passes) => Expect(
        passes, "customer_type_excluded", Some.ScreeningInput with { Transaction = Some.Sale with { CustomerType = customerType } });

    [Theory]
    [InlineData("warranty", true)]
    [InlineData("customer", false)]
    [InlineData("internal", false)]
    [InlineData("insurance", false)]
    public void ThePayerMustBeSurveyedInTheMarket(string payer, bool passes) =>
        Expect(passes, "payment_type_excluded", Visit with { Transaction = Some.Visit with { PaymentType = payer } });

    [Fact]
    public void RetailServiceIsSurveyedWhereTheMarketSaysSo() => Expect(
        true,
        "payment_type_excluded",
        Visit with
        {
            Transaction = Some.Visit with { PaymentType = "customer" },
            Market = Some.Australia with { Service = Some.ServicePolicy with { PaymentTypes = Some.Payers("warranty", "customer") } },
        });

    [Theory]
    [InlineData("2023-03-01", true)] // three years to the day
    [InlineData("2023-02-28", false)]
    [InlineData("9999-12-31", true)] // a row's odd date is an answer, not an exception
    public void TheVehicleMustBeWithinTheLimit(string purchased, bool passes) => Expect(
        passes,
        "vehicle_limit_exceeded",
        Visit with
        {
            Transaction = Some.Visit with { PurchaseDate = Some.Day(purchased) },
            Market = Some.Australia with { Service = Some.ServicePolicy with { VehicleLimit = new VehicleLimit(3, null, MatchAny: false) } },
        });

    [Theory]
    [InlineData("2026-03-01", true)] // day 0: too young is eligible, it waits
    [InlineData("2026-03-15", true)]
    [InlineData("2026-04-05", true)] // day 35
    [InlineData("2026-04-06", false)]
    public void OnlyAPassedWindowFails(string today, bool passes) =>
        Expect(passes, "window_passed", Some.ScreeningInput with { Today = Some.Day(today) });

    [Fact]
    public void AWindowWithoutEndNeverPasses() => Expect(
        true,
        "window_passed",
        Some.ScreeningInput with
        {
            Today = Some.Day("2036-03-01"),
            Market = Some.Australia with { Sales = Some.SalesPolicy with { Window = new DayWindow(0, null) } },
        });

    [Fact]
    public void ACustomerWhoAskedForNoContactFails() =>
        Assert.Equal(["opted_out"], Failed(Some.ScreeningInput with { Reach = Some.Reach with { OptedOut = true } }));

    [Fact]
    public void OneChannelIsEnough()
    {
        Expect(true, "no_contact_channel", Some.ScreeningInput with { Reach = Some.NoEmail });
        Expect(true, "no_contact_channel", Some.ScreeningInput with { Reach = Some.NoPhone });
        Expect(false, "no_contact_channel", Some.ScreeningInput with { Reach = Some.Nowhere });
    }

    [Theory]
    [InlineData(0, "2026-03-20", true)]    // shipped: the rule is off
    [InlineData(30, null, true)]
    [InlineData(30, "2026-02-17", true)]   // 31 days ago
    [InlineData(30, "2026-02-18", true)]   // 30 days ago is not less than 30
    [InlineData(30, "2026-02-19", false)]  // 29
    [InlineData(30, "2026-03-20", false)]  // earlier today
    [InlineData(1, "2026-03-20", false)]
    [InlineData(1, "2026-03-19", true)]
    public void ACustomerRestsFromAnotherCase(int restDays, string? otherContactOn, bool passes) => Expect(
        passes,
        "recently_contacted",
        Some.ScreeningInput with { RestDays = restDays, OtherContactOn = Some.DayOrNone(otherContactOn) });

    /// <summary>Repairs a row that fails everything it can, one rule at a time.</summary>
    [Fact]
    public void TheFirstRuleThatFailsGivesTheReason()
    {
        var hopeless = Visit with
        {
            Transaction = Some.Visit with { Cancelled = true, CustomerType = "rental", PaymentType = "internal", PurchaseDate = null },
            Market = Some.Australia with
            {
                ActiveFrom = Some.Day("2027-01-01"),
                Service = Some.ServicePolicy with { VehicleLimit = new VehicleLimit(3, null, MatchAny: false) },
            },
            Today = Some.Day("2026-06-01"),
            Reach = Some.Nowhere with { OptedOut = true },
            RestDays = 30,
            OtherContactOn = Some.Day("2026-05-31"),
        };
        (string Reason, Func<ScreeningInput, ScreeningInput> Repair)[] order =
        [
            ("market_not_active", i => i with { Market = i.Market! with { ActiveFrom = Some.Day("2010-08-01") } }),
            ("transaction_cancelled", i => i with { Transaction = i.Transaction with { Cancelled = false } }),
            ("customer_type_excluded", i => i with { Transaction = i.Transaction with { CustomerType = "individual" } }),
            ("payment_type_excluded", i => i with { Transaction = i.Transaction with { PaymentType = "warranty" } }),
            ("vehicle_limit_exceeded", i => i with { Transaction = i.Transaction with { PurchaseDate = Some.Day("2025-01-01") } }),
            ("window_passed", i => i with { Transaction = i.Transaction with { EventDate = Some.Day("2026-05-20") } }),
            ("opted_out", i => i with { Reach = Some.Nowhere }),
            ("no_contact_channel", i => i with { Reach = Some.Reach }),
            ("recently_contacted", i => i with { OtherContactOn = null }),
        ];

        for (var n = 0; n < order.Length; n++)
        {
            // All rules are evaluated: everything not repaired yet shows, the first gives the reason.
            Assert.Equal(order[n..].Select(o => o.Reason), Failed(hopeless));
            Assert.Equal(order[n].Reason, Screening.Screen(hopeless).Reason);
            hopeless = order[n].Repair(hopeless);
        }

        Assert.True(Screening.Screen(hopeless).Eligible);
    }

    [Fact]
    public void WhatNeedsNoMarketIsAskedWithoutOneAndTheRestIsNot()
    {
        var input = Some.ScreeningInput with
        {
            Market = null, Transaction = Some.Sale with { Cancelled = true }, Reach = Some.Nowhere with { OptedOut = true },
        };

        Assert.Equal(["market_not_in_programme", "transaction_cancelled", "opted_out"], Failed(input));
    }

    [Fact]
    public void EveryRuleExplainsItselfWithoutPersonalData()
    {
        ScreeningInput[] inputs = [Some.ScreeningInput, Visit, Some.ScreeningInput with { Market = null }];

        foreach (var facts in inputs.SelectMany(i => Screening.Rules.Select(r => r.Facts(i).ToString())))
        {
            Assert.NotEmpty(facts);
            Assert.DoesNotContain("Kim", facts, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("@", facts, StringComparison.Ordinal);
            Assert.DoesNotContain("412", facts, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void EveryUsabilityHasAWord() =>
        Assert.Equal(5, Enum.GetValues<Usability>().Select(FactsOf).Distinct(StringComparer.Ordinal).Count());

    private static string FactsOf(Usability email) => Screening.Rules.Single(r => r.Reason == CloseReasons.NoContactChannel)
        .Facts(Some.ScreeningInput with { Reach = Reach.Anonymous(email, Usability.Usable, optedOut: false) }).ToString();

    private static string[] Failed(ScreeningInput input)
    {
        var verdict = Screening.Screen(input);
        return [.. Screening.Rules.Where((_, n) => (verdict.Failed & (1 << n)) != 0).Select(r => r.Reason)];
    }

    private static void Expect(bool passes, string reason, ScreeningInput input) => Assert.Equal(passes ? [] : [reason], Failed(input));
}
