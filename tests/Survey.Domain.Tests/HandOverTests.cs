using FsCheck;
using FsCheck.Fluent;

namespace Survey.Domain.Tests;

public sealed class HandOverTests
{
    private static readonly DateOnly Until = new(2026, 3, 17);

    [Theory]
    [InlineData(CaseState.WithVendor, "", 0, false, false, HandOverOutcome.Pending)]
    [InlineData(CaseState.WithVendor, "", 14, false, false, HandOverOutcome.Pending)]
    [InlineData(CaseState.WithVendor, "", 15, false, false, HandOverOutcome.Silent)]
    [InlineData(CaseState.WithVendor, "", 0, false, true, HandOverOutcome.Attempted)]
    [InlineData(CaseState.WithVendor, "", 15, false, true, HandOverOutcome.Attempted)]
    [InlineData(CaseState.Closed, CloseReasons.WindowClosed, 15, false, false, HandOverOutcome.Silent)]
    [InlineData(CaseState.Closed, CloseReasons.WindowClosed, 15, false, true, HandOverOutcome.Attempted)]
    [InlineData(CaseState.Closed, CloseReasons.Refused, 1, false, true, HandOverOutcome.Refused)]
    [InlineData(CaseState.Closed, CloseReasons.Unreachable, 1, false, true, HandOverOutcome.OtherFinal)]
    [InlineData(CaseState.Completed, "", 1, false, true, HandOverOutcome.Completed)]
    [InlineData(CaseState.Completed, "", 1, true, false, HandOverOutcome.Withdrawn)]
    [InlineData(CaseState.Closed, CloseReasons.OptedOut, 1, true, false, HandOverOutcome.Withdrawn)]
    public void ACaseOnAListHasOneOutcome(CaseState state, string reason, int daysAfter, bool withdrawn, bool reported, HandOverOutcome expected)
    {
        Assert.Equal(expected, new HandedOverCase(state, reason, Until, false, withdrawn, reported).Outcome(14, Until.AddDays(daysAfter)));
    }

    [Fact]
    public void WhatStandsOnALaterListWasTriedOnThisOne() =>
        Assert.Equal(HandOverOutcome.Attempted, new HandedOverCase(CaseState.WithVendor, "", Until, true, false, false).Outcome(14, Until.AddDays(99)));

    [Fact]
    public void TheTotalsAreTheSumsThatTheGuideAddsUpByHand()
    {
        var totals = new ControlTotals();
        totals.Add("AU-00000014", "+61293744000"); // 14; 6+1+2+9+3+7+4+4 = 36
        totals.Add("AU-00000028", "+61412345678"); // 28; 6+1+4+1+2+3+4+5+6+7+8 = 47
        totals.Add("AU-00000014", null);

        Assert.Equal((3, 2, 56, 83), (totals.Rows, totals.Cases, totals.CaseNumbers, totals.PhoneDigits));
    }

    [Fact]
    public void TheTotalsDoNotDependOnTheOrderAndMissNoLostRow() => Always.Holds(
        from count in Gen.Choose(1, 30)
        from rows in (from number in Gen.Choose(1, 9_999_999) from phone in Gen.Choose(1, 99_999_999) select (number, phone)).ListOf(count)
        select rows.ToList(),
        rows =>
        {
            static ControlTotals Of(IEnumerable<(int Case, int Phone)> some)
            {
                var totals = new ControlTotals();
                foreach (var (number, phone) in some)
                {
                    totals.Add(CaseId.Format("AU", number), $"+61{phone}");
                }

                return totals;
            }

            static (long, long, long, long) Sums(ControlTotals t) => (t.Rows, t.Cases, t.CaseNumbers, t.PhoneDigits);
            Assert.Equal(Sums(Of(rows)), Sums(Of(rows.AsEnumerable().Reverse())));
            Assert.True(Of(rows).CaseNumbers > Of(rows.Skip(1)).CaseNumbers);
            Assert.True(Of(rows).PhoneDigits > Of(rows.Skip(1)).PhoneDigits);
        });
}
