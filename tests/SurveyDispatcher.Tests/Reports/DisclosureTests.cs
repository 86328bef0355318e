using FsCheck;
using FsCheck.Fluent;
using SurveyDispatcher.Reports;

namespace SurveyDispatcher.Tests.Reports;

/// <summary>Nobody finds out by adding and subtracting what he is shown what one other dealer has.</summary>
public sealed class DisclosureTests
{
    private const uint Nation = 1;
    private const uint Region = 2;
    private const uint March = 4;
    private const uint February = 8;
    private const uint January = 16;
    private const int Sums = 5;

    /// <summary>What each of up to five other dealers has anything in. The period is the three months; what is of none of them lies before the course.</summary>
    private static readonly Gen<Part[]> Others =
        from dealers in Gen.Choose(0, 5)
        from inRegion in Gen.Elements(0u, Region).ArrayOf(5)
        from months in Gen.SubListOf(0u, March, February, January).ArrayOf(5)
        select Enumerable.Range(0, dealers).SelectMany(d => months[d].Select(month => new Part($"D{d}", Nation | inRegion[d] | month))).ToArray();

    [Fact]
    public void AddingAndSubtractingWhatIsShownNeverLeavesOneOtherDealer() => Holds(parts =>
    {
        var shown = Disclosure.Shown(Sums, [parts]);

        foreach (var factors in Combinations().Where(f => Enumerable.Range(0, Sums).All(sum => f[sum] == 0 || (shown & (1u << sum)) != 0)))
        {
            var left = parts.Where(p => Enumerable.Range(0, Sums).Sum(sum => (p.Sums & (1u << sum)) != 0 ? factors[sum] : 0) != 0).Select(p => p.Dealer).Distinct();
            Assert.False(left.Count() == 1, $"{string.Join(" ", factors)} of {string.Join("; ", parts)}");
        }
    });

    [Fact]
    public void WhatEveryPlaceHasOfTwoDealersIsShownWhole() => Holds(parts =>
        Assert.Equal((1u << Sums) - 1, Disclosure.Shown(Sums, [[.. parts, .. parts.Select(p => p with { Dealer = p.Dealer + "'s brother" })]])));

    [Fact]
    public void ASumIsShownIfEachOfItsMeasuresMayBe() => Holds(parts =>
    {
        Part[] lonely = [new("D0", Nation | February)];

        Assert.Equal(Disclosure.Shown(Sums, [parts]), Disclosure.Shown(Sums, [parts, [], parts]));
        Assert.Equal(0u, Disclosure.Shown(Sums, [parts, lonely]) & (Nation | February));
    });

    /// <summary>By hand; A is alone in the south.</summary>
    [Theory]
    [InlineData("", Nation | Region | March | February | January)]
    [InlineData("A:NF", Region | March | January)] // he is the nation, and its February
    [InlineData("A:NF B:NF", Nation | Region | March | February | January)]
    [InlineData("A:NF B:NRF", Nation | March | February | January)] // the region is B
    [InlineData("A:NF B:NRF C:NRF", Nation | March | February | January)] // the nation less the region is A
    [InlineData("A:NF B:NF C:NRF D:NRF", Nation | Region | March | February | January)]
    [InlineData("A:NF B:NF B:NM C:NM A:NJ", Nation | Region | March)] // January is A; were February shown, too, the quarter less both would be January
    [InlineData("A:NF B:NF A:NM C:NJ B:NJ D:NJ", Nation | Region | February)] // the same with March
    public void BothTheSumAndWhatIsLeftOfAnotherAreLookedAt(string others, uint shown)
    {
        var parts = others.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(o => new Part(o[..1], o[2..].Aggregate(0u, (sums, letter) => sums | (1u << "NRMFJ".IndexOf(letter, StringComparison.Ordinal)))));

        Assert.Equal(shown, Disclosure.Shown(Sums, [[.. parts]]));
    }

    private static IEnumerable<int[]> Combinations() => Enumerable.Range(0, (int)Math.Pow(5, Sums)).Select(n => Enumerable.Range(0, Sums).Select(sum => (n / (int)Math.Pow(5, sum) % 5) - 2).ToArray());

    private static void Holds(Action<Part[]> holds) => Check.QuickThrowOnFailure(Prop.ForAll(Others.ToArbitrary(), holds));
}
