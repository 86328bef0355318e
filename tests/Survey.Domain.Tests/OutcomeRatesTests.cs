namespace Survey.Domain.Tests;

public class OutcomeRatesTests
{
    private static readonly SurveyCase CalledInVain = Some.ClosedFor(CloseReasons.Unreachable);

    [Theory]
    [InlineData(CaseState.Waiting)]
    [InlineData(CaseState.Invited)]
    [InlineData(CaseState.Reminded)]
    [InlineData(CaseState.PhoneQueued)]
    [InlineData(CaseState.WithVendor)]
    public void OpenCasesDoNotCount(CaseState state) => Assert.Null(FinalDisposition.Of(Some.CaseIn(state), responses: ["partial"], ["2.20"]));

    [Fact]
    public void ACompleteInEitherModeComesBeforeEverything() =>
        Assert.Equal(new("1.1", OutcomeBucket.Complete), FinalDisposition.Of(Some.Completed, responses: ["partial"], ["2.111", "4.70"]));

    [Theory]
    [InlineData("refused", "", "2.11", OutcomeBucket.Refusal)]
    [InlineData("refused", "2.20 2.112", "2.112", OutcomeBucket.Refusal)]
    [InlineData("opted_out", "", "2.11", OutcomeBucket.Refusal)]
    [InlineData("unable", "2.31", "2.31", OutcomeBucket.Other)]
    [InlineData("unable", "2.20 2.33", "2.33", OutcomeBucket.Other)]
    [InlineData("respondent_not_eligible", "4.70", "4.70", OutcomeBucket.NotEligible)]
    [InlineData("respondent_not_eligible", "", "4.70", OutcomeBucket.NotEligible)]
    [InlineData("transaction_cancelled", "", "4.10", OutcomeBucket.NotEligible)]
    [InlineData("transaction_cancelled", "2.20", "4.10", OutcomeBucket.NotEligible)]
    [InlineData("recently_contacted", "", "4.10", OutcomeBucket.NotEligible)]
    [InlineData("erased", "", "4.10", OutcomeBucket.NotEligible)]
    public void OurOwnEndsMeanWhatTheTableSays(string reason, string calls, string code, OutcomeBucket bucket) =>
        Assert.Equal(new(code, bucket), Of(Some.ClosedFor(reason), calls));

    [Theory]
    [InlineData("window_closed", true)]
    [InlineData("no_response", true)]
    [InlineData("unreachable", true)]
    [InlineData("unable", true)]
    [InlineData("no_contact_channel", true)]
    [InlineData("transaction_cancelled", true)] // "any other end"
    [InlineData("refused", false)]
    [InlineData("opted_out", false)]
    public void APartialCountsAtAnyEndButARefusal(string reason, bool partial)
    {
        var expected = partial ? new FinalDisposition("1.2", OutcomeBucket.Partial) : new FinalDisposition("2.11", OutcomeBucket.Refusal);

        Assert.Equal(expected, FinalDisposition.Of(Some.ClosedFor(reason), responses: ["partial"], []));
        Assert.Equal(expected, FinalDisposition.Of(Some.ClosedFor(reason), responses: [], ["2.20", "1.2"]));
    }

    /// <summary>Precedence, whenever it was said and in whatever mode: a refusal, a partial, another final code of a person reached.</summary>
    [Theory]
    [InlineData("refused", "", "2.11", OutcomeBucket.Refusal)]
    [InlineData("opt_out", "", "2.11", OutcomeBucket.Refusal)]
    [InlineData("partial refused", "", "2.11", OutcomeBucket.Refusal)]
    [InlineData("opt_out partial", "2.22", "2.11", OutcomeBucket.Refusal)]
    [InlineData("refused", "2.112", "2.112", OutcomeBucket.Refusal)] // the call says who refused
    [InlineData("screened_out", "", "4.70", OutcomeBucket.NotEligible)]
    [InlineData("screened_out", "2.12 3.13", "4.70", OutcomeBucket.NotEligible)] // before a break-off
    [InlineData("screened_out partial", "", "1.2", OutcomeBucket.Partial)]
    public void WhatIsSaidAfterTheEndOfACaseCounts(string responses, string calls, string code, OutcomeBucket bucket)
    {
        foreach (var reason in new[] { "window_closed", "no_response", "unreachable", "no_contact_channel" })
        {
            Assert.Equal(new(code, bucket), FinalDisposition.Of(Some.ClosedFor(reason), responses.Split(' '), calls.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        }
    }

    [Theory]
    [InlineData("2.12", "2.12", OutcomeBucket.Refusal)]
    [InlineData("2.20", "2.20", OutcomeBucket.NonContact)]
    [InlineData("2.21", "2.21", OutcomeBucket.NonContact)]
    [InlineData("2.22", "2.22", OutcomeBucket.NonContact)]
    [InlineData("2.36", "2.36", OutcomeBucket.Other)]
    [InlineData("3.11", "3.11", OutcomeBucket.UnknownHousehold)]
    [InlineData("3.13", "3.13", OutcomeBucket.UnknownHousehold)]
    [InlineData("3.16", "3.16", OutcomeBucket.UnknownHousehold)]
    [InlineData("4.32", "3.30", OutcomeBucket.UnknownOther)]       // "a dead number does not make a known customer ineligible"
    [InlineData("4.32 4.20", "3.30", OutcomeBucket.UnknownOther)]
    [InlineData("2.36 2.12", "2.36", OutcomeBucket.Other)]         // a final code of a person reached, then break-off
    [InlineData("2.12 2.20", "2.12", OutcomeBucket.Refusal)]       // then evidence of the person
    [InlineData("2.20 3.13 3.13", "2.20", OutcomeBucket.NonContact)] // "if there was ever"
    [InlineData("3.13 2.22 4.32", "2.22", OutcomeBucket.NonContact)]
    [InlineData("2.20 2.22", "2.22", OutcomeBucket.NonContact)]
    [InlineData("3.12 3.13", "3.13", OutcomeBucket.UnknownHousehold)] // then the last unknown
    [InlineData("3.13 4.32", "3.13", OutcomeBucket.UnknownHousehold)] // not only dead numbers
    [InlineData("3.13 2.11", "2.11", OutcomeBucket.Refusal)]       // a refusal that was reported after the case had closed
    [InlineData("2.112 1.2", "2.112", OutcomeBucket.Refusal)]      // comes before a partial
    [InlineData("2.20 2.33", "2.33", OutcomeBucket.Other)]         // so do the other late codes of a person reached
    [InlineData("3.13 4.70", "4.70", OutcomeBucket.NotEligible)]
    public void ACaseThatWasCalledIsWhatItsCallsSay(string calls, string code, OutcomeBucket bucket)
    {
        Assert.Equal(new(code, bucket), Of(CalledInVain, calls));
        Assert.Equal(new(code, bucket), Of(Some.ClosedFor(CloseReasons.WindowClosed), calls));
    }

    [Theory]
    [InlineData("window_closed")]
    [InlineData("no_response")]
    public void WithoutACallTheLastMailDecides(string reason)
    {
        var delivered = Some.Reminded with { State = CaseState.Closed, CloseReason = reason };

        Assert.Equal(new("3.19", OutcomeBucket.UnknownHousehold), Of(delivered));
        Assert.Equal(new("3.30", OutcomeBucket.UnknownOther), Of(delivered with { MailFailed = true }));
        Assert.Equal(new("3.11", OutcomeBucket.UnknownHousehold), Of(delivered with { InvitedOn = null, RemindedOn = null }));
        Assert.Equal(new("3.30", OutcomeBucket.UnknownOther), Of(delivered with { InvitedOn = null, RemindedOn = null, MailFailed = true })); // rejected
    }

    [Theory]
    [InlineData(false, "3.11", OutcomeBucket.UnknownHousehold)]
    [InlineData(true, "3.30", OutcomeBucket.UnknownOther)]
    public void NoContactChannelIsUndeliveredAfterAMail(bool mailFailed, string code, OutcomeBucket bucket) =>
        Assert.Equal(new(code, bucket), Of(Some.ClosedUncontacted with { MailFailed = mailFailed }));

    /// <summary>I 30, P 4, R 10, NC 16, O 5, UH 20, UO 15, not eligible 6: E = 65, U = 35, e = 65/71, E + eU = 65 + 2275/71 = 6890/71.</summary>
    [Theory]
    [InlineData("rr1", 0.300000)]  // 30/100
    [InlineData("rr2", 0.340000)]  // 34/100
    [InlineData("rr3", 0.309144)]  // 2130/6890
    [InlineData("rr4", 0.350363)]  // 2414/6890
    [InlineData("rr5", 0.461538)]  // 30/65
    [InlineData("rr6", 0.523077)]  // 34/65
    [InlineData("coop1", 0.612245)] // 30/49
    [InlineData("coop2", 0.693878)] // 34/49
    [InlineData("coop3", 0.681818)] // 30/44
    [InlineData("coop4", 0.772727)] // 34/44
    [InlineData("ref1", 0.100000)] // 10/100
    [InlineData("ref2", 0.103048)] // 710/6890
    [InlineData("ref3", 0.153846)] // 10/65
    [InlineData("con1", 0.490000)] // 49/100
    [InlineData("con2", 0.504935)] // 3479/6890
    [InlineData("con3", 0.753846)] // 49/65
    [InlineData("e", 0.915493)]    // 65/71
    public void TheRatesAreThoseComputedByHand(string rate, double expected) =>
        Assert.Equal(expected, Rate(Counts(30, 4, 10, 16, 5, 20, 15, 6), rate)!.Value, 6);

    /// <summary>A second vector without anything not eligible: e = 1, and the estimated rates are those over E + U.</summary>
    [Theory]
    [InlineData("rr1", 0.142857)]
    [InlineData("rr2", 0.285714)]
    [InlineData("rr3", 0.142857)]
    [InlineData("rr4", 0.285714)]
    [InlineData("rr5", 0.200000)]
    [InlineData("rr6", 0.400000)]
    [InlineData("coop1", 0.250000)]
    [InlineData("coop2", 0.500000)]
    [InlineData("coop3", 0.333333)]
    [InlineData("coop4", 0.666667)]
    [InlineData("ref1", 0.142857)]
    [InlineData("ref2", 0.142857)]
    [InlineData("ref3", 0.200000)]
    [InlineData("con1", 0.571429)]
    [InlineData("con2", 0.571429)]
    [InlineData("con3", 0.800000)]
    [InlineData("e", 1.000000)]
    public void OneOfEachBucketGivesSevenths(string rate, double expected) =>
        Assert.Equal(expected, Rate(Counts(1, 1, 1, 1, 1, 1, 1, 0), rate)!.Value, 6);

    [Theory]
    [InlineData("rr1")]
    [InlineData("rr2")]
    [InlineData("rr3")]
    [InlineData("rr4")]
    [InlineData("rr5")]
    [InlineData("rr6")]
    [InlineData("coop1")]
    [InlineData("coop2")]
    [InlineData("coop3")]
    [InlineData("coop4")]
    [InlineData("ref1")]
    [InlineData("ref2")]
    [InlineData("ref3")]
    [InlineData("con1")]
    [InlineData("con2")]
    [InlineData("con3")]
    public void ARateIsEmptyWhereItsDenominatorIsZero(string rate)
    {
        Assert.Null(Rate(new OutcomeRates(), rate));
        Assert.Null(Rate(Counts(0, 0, 0, 0, 0, 0, 0, 3), rate)); // not eligible cases stand outside every rate
    }

    [Fact]
    public void EachRateLooksAtItsOwnDenominator()
    {
        var unknownOnly = Counts(0, 0, 0, 0, 0, 2, 1, 1);
        Assert.Equal(0, unknownOnly.ResponseRate(1));
        Assert.Null(unknownOnly.ResponseRate(5));
        Assert.Null(unknownOnly.CooperationRate(1));
        Assert.Equal(0, unknownOnly.EligibleShare);
        Assert.Null(unknownOnly.ResponseRate(3)); // E + eU is 0

        var otherOnly = Counts(0, 0, 0, 0, 2, 0, 0, 0);
        Assert.Equal(0, otherOnly.CooperationRate(1));
        Assert.Null(otherOnly.CooperationRate(3));
        Assert.Equal(1, otherOnly.ContactRate(3));

        Assert.Null(new OutcomeRates().EligibleShare);
        Assert.Null(new OutcomeRates().TradeRate);
    }

    [Fact]
    public void NotEligibleCasesMoveNoRateButE()
    {
        var without = Counts(30, 4, 10, 16, 5, 20, 15, 0);
        var with = Counts(30, 4, 10, 16, 5, 20, 15, 60);

        foreach (var rate in (string[])["rr1", "rr2", "rr5", "rr6", "coop1", "coop4", "ref1", "ref3", "con1", "con3"])
        {
            Assert.Equal(Rate(without, rate), Rate(with, rate));
        }

        Assert.Equal(0.52, with.EligibleShare!.Value, 6); // 65/125
    }

    /// <summary>Dispatched 6, bounced 1, screened out 1: 2 done of 4.</summary>
    [Fact]
    public void TheTradesOwnRateIsDoneOfWhatArrivedAndWasEligible()
    {
        var rates = new OutcomeRates();
        SurveyCase[] cases =
        [
            Some.Completed, Some.Completed, Some.Closed, Some.ClosedFor(CloseReasons.Refused),
            Some.ClosedFor(CloseReasons.RespondentNotEligible),
            Some.ClosedUncontacted with { MailFailed = true }, // bounced
            Some.ClosedUncontacted,                            // never dispatched
        ];
        foreach (var c in cases)
        {
            rates.Add(FinalDisposition.Of(c, responses: [], [])!.Value, c);
        }

        Assert.Equal((6, 1, 1), (rates.Dispatched, rates.Bounced, rates.ScreenedOut));
        Assert.Equal(0.5, rates.TradeRate!.Value, 6);
    }

    [Fact]
    public void AMailThatCameBackAndThenACallIsNotBounced()
    {
        var rates = new OutcomeRates();
        rates.Add(new("2.20", OutcomeBucket.NonContact), Some.Closed with { MailFailed = true });

        Assert.Equal((1, 0), (rates.Dispatched, rates.Bounced));
    }

    [Fact]
    public void NoCaseIsSubtractedFromTheTradesRateTwice()
    {
        var rates = new OutcomeRates();
        var screenedOutAndBounced = Some.Invited with
        {
            State = CaseState.Closed, CloseReason = CloseReasons.RespondentNotEligible, MailFailed = true,
        };
        rates.Add(new("1.1", OutcomeBucket.Complete), Some.Completed);
        rates.Add(new("1.1", OutcomeBucket.Complete), Some.Completed);
        rates.Add(new("4.70", OutcomeBucket.NotEligible), screenedOutAndBounced);

        Assert.Equal(1.0, rates.TradeRate!.Value, 6);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void ThereAreSixResponseRatesAndNoMore(int n) => Assert.Throws<ArgumentOutOfRangeException>(() => new OutcomeRates().ResponseRate(n));

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void ThereAreThreeRefusalAndContactRates(int n)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new OutcomeRates().RefusalRate(n));
        Assert.Throws<ArgumentOutOfRangeException>(() => new OutcomeRates().ContactRate(n));
        Assert.Throws<ArgumentOutOfRangeException>(() => new OutcomeRates().CooperationRate(n == 4 ? 5 : 0));
    }

    private static FinalDisposition? Of(SurveyCase c, string calls = "") =>
        FinalDisposition.Of(c, responses: [], calls.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static OutcomeRates Counts(params int[] counts)
    {
        var rates = new OutcomeRates();
        for (var bucket = 0; bucket < counts.Length; bucket++)
        {
            for (var n = 0; n < counts[bucket]; n++)
            {
                rates.Add(new("", (OutcomeBucket)bucket), Some.Closed);
            }
        }

        return rates;
    }

    private static double? Rate(OutcomeRates rates, string name)
    {
        var n = name[^1] - '0';
        return name[..^1] switch
        {
            "rr" => rates.ResponseRate(n),
            "coop" => rates.CooperationRate(n),
            "ref" => rates.RefusalRate(n),
            "con" => rates.ContactRate(n),
            _ => rates.EligibleShare,
        };
    }
}
