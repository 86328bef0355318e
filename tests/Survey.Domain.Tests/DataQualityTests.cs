using FsCheck.Fluent;

namespace Survey.Domain.Tests;

/// <summary>The rules of docs/data-quality.md for signs.</summary>
public sealed class DataQualityTests
{
    private const string What = QualitySigns.NoPhone;

    private static QualityCount Of(string dealer, long count, long of, string source = "", string code = What) => new(dealer, code, count, of, source);

    private static List<(string Dealer, QualitySign Sign)> Find(params QualityCount[] counts) =>
        [.. QualitySigns.Find(counts).SelectMany(d => d.Value.Select(s => (d.Key, s)))];

    /// <summary>What looks like A's own domain.</summary>
    private static (string Domain, long Count, long Others)? Own(params (string Dealer, string Domain, long Addresses)[] addresses) =>
        QualitySigns.OwnDomains(addresses).Single(c => c.Dealer == "A") is { Count: > 0 } own ? (own.Detail, own.Count, own.PeerCount!.Value) : null;

    /// <summary>The odds by exact whole numbers: 12 and 28 against 6 and 114.</summary>
    [Fact]
    public void ADealerIsComparedWithAllOthersTogether()
    {
        var (dealer, sign) = Assert.Single(Find(Of("A", 12, 40), Of("B", 4, 60), Of("C", 2, 60)));

        Assert.Equal("A", dealer);
        Assert.Equal((12L, 40L, 6L, 120L, 2), (sign.Count, sign.Of, sign.PeerCount, sign.PeerOf, sign.Peers));
        Assert.Equal((0.3, 0.05), (sign.Share, sign.PeerShare));
        Assert.Equal(8.382910756200767e-05, sign.Chance, 12);
    }

    [Fact]
    public void TheOddsAreToldAsTheyAreAndDecidedByAdjusted()
    {
        QualityCount[] others = [.. Enumerable.Range(0, 11).Select(i => Of("A", 10, 100, code: $"x{i}")), .. Enumerable.Range(0, 11).Select(i => Of("B", 10, 100, code: $"x{i}"))];
        var chance = Statistics.FisherExact(14, 86, 3, 97); // 0.0093

        var alone = Assert.Single(Find(Of("A", 14, 100), Of("B", 3, 100))).Sign;

        Assert.Equal((chance, chance), (alone.Chance, alone.Adjusted)); // the same test twice: 2 x 0.0093 / 2
        Assert.True(12 * chance > 0.05);
        Assert.Empty(Find([Of("A", 14, 100), Of("B", 3, 100), .. others]));
        var surer = Assert.Single(Find([Of("A", 24, 100), Of("B", 3, 100), .. others])).Sign;
        Assert.Equal(12 * surer.Chance, surer.Adjusted, 15); // 24 tests, two of them the least
    }

    [Theory]
    [InlineData(5, 1)]
    [InlineData(4, 0)]
    public void FewerThanFiveAreNoSign(long count, int signs) => Assert.Equal(signs, Find(Of("A", count, 10), Of("B", 0, 1000)).Count);

    [Theory]
    [InlineData(1500, 1)]
    [InlineData(1499, 0)]
    public void AShareOfLessThanHalfAsMuchAgainIsNoSignHoweverSure(long count, int signs) => Assert.Equal(signs, Find(Of("A", count, 10_000), Of("B", 1000, 10_000)).Count);

    [Theory]
    [InlineData(14, 0)] // 0.0513
    [InlineData(15, 1)] // 0.0317
    public void WhatChanceShowsOnceInTwentyTimesIsNoSign(long count, int signs)
    {
        Assert.Equal(signs == 1, Statistics.FisherExact(count, 100 - count, 5, 95) < 0.05);

        Assert.Equal(signs, Find(Of("A", count, 100), Of("B", 5, 100)).Count);
    }

    [Fact]
    public void WhoHasLessThanTheOthersHasNoSign() => Assert.All(Find(Of("A", 0, 100), Of("B", 50, 100), Of("C", 50, 100)), s => Assert.NotEqual("A", s.Dealer));

    [Fact]
    public void AMarketWithOneDealerHasNoSigns()
    {
        Assert.Empty(Find(Of("A", 50, 100)));
        Assert.Empty(Find(Of("A", 50, 100, "one"), Of("A", 0, 1000, "other")));
        Assert.Empty(Find(Of("A", 50, 100), Of("B", 0, 0)));
    }

    [Fact]
    public void WhatNobodyElseHasIsNoComparisonMore()
    {
        QualityCount[] alone = [.. Enumerable.Range(0, 50).Select(i => Of("A", 50, 100, code: $"x{i}"))];

        Assert.Single(Find([Of("A", 15, 100), Of("B", 5, 100), .. alone]));
    }

    [Fact]
    public void ASignIsOfTheSystemThatItWasCountedOf()
    {
        var (dealer, sign) = Assert.Single(Find(Of("A", 0, 1000, "good"), Of("A", 30, 40, "bad"), Of("B", 2, 100, "good")));

        Assert.Equal(("A", "bad", 30L, 40L, 2L, 100L, 1), (dealer, sign.Source, sign.Count, sign.Of, sign.PeerCount, sign.PeerOf, sign.Peers));
    }

    [Fact]
    public void TheSurestSignStandsFirst() =>
        Assert.Equal(
            [QualitySigns.Rejected, QualitySigns.Bounced],
            Find(Of("A", 10, 100, code: QualitySigns.Bounced), Of("A", 30, 100, code: QualitySigns.Rejected), Of("B", 0, 300, code: QualitySigns.Bounced), Of("B", 0, 300, code: QualitySigns.Rejected)).Select(s => s.Sign.Code));

    [Fact]
    public void InHisOwnReportADealerSeesNoFiguresOfTheOneOther()
    {
        var ofOne = Assert.Single(Find(Of("A", 12, 40), Of("B", 4, 60), Of("C", 0, 0))).Sign.ForTheDealer();
        var ofTwo = Assert.Single(Find(Of("A", 12, 40), Of("B", 4, 60), Of("C", 0, 10))).Sign.ForTheDealer();

        Assert.Equal((0L, 0L, null), (ofOne.PeerCount, ofOne.PeerOf, ofOne.PeerShare));
        Assert.Equal((4L, 70L), (ofTwo.PeerCount, ofTwo.PeerOf));
    }

    [Fact]
    public void SignsDoNotDependOnTheOrderOfTheCounts() => Always.Holds(
        from counts in (from d in Gen.Choose(0, 4) from c in Gen.Choose(0, 2) from of in Gen.Choose(0, 60) from n in Gen.Choose(0, of) select (d, c, n, of)).ListOf(15) from seed in Gen.Choose(0, 1000) select (counts, seed),
        made =>
        {
            var counts = made.counts.DistinctBy(c => (c.d, c.c)).Select(c => Of($"D{c.d}", c.n, c.of, code: QualitySigns.All[c.c])).ToArray();
            var shuffled = counts.ToArray();
            new Random(made.seed).Shuffle(shuffled);

            Assert.Equal(Find(counts).OrderBy(s => s.Dealer, StringComparer.Ordinal), Find(shuffled).OrderBy(s => s.Dealer, StringComparer.Ordinal));
        });

    [Fact]
    public void TheDomainThatOnlyOneDealerHasIsHisOwn() =>
        Assert.Equal(("harbour.example", 20, 0), Own(("A", "harbour.example", 20), ("A", "gmail.com", 20), ("B", "gmail.com", 100), ("B", "bigpond.com", 20)));

    /// <summary>Who has most of a market's customers has most of those at every public domain.</summary>
    [Fact]
    public void APublicDomainIsNotTheLargestDealersOwn()
    {
        Assert.Null(Own(("A", "gmail.com", 50), ("A", "bigpond.com", 50), ("B", "gmail.com", 10), ("B", "bigpond.com", 10)));
        Assert.Null(Own(("A", "gmail.com", 600), ("A", "bigpond.com", 400), ("B", "gmail.com", 80), ("B", "bigpond.com", 120))); // nearly all of Gmail's, and more than chance
    }

    /// <summary>A small dealer in the provider's region.</summary>
    [Fact]
    public void ADomainThatManyDealersShareIsNobodysOwn() =>
        Assert.Null(Own([("A", "region.example", 30), ("A", "gmail.com", 10), .. Enumerable.Range(0, 30).SelectMany(d => new[] { ($"B{d}", "region.example", 3L), ($"B{d}", "gmail.com", 100L) })]));

    [Theory]
    [InlineData(20, 5, true)]
    [InlineData(19, 5, false)]
    public void NearlyAllIsFourInFive(long his, long others, bool own) =>
        Assert.Equal(own, Own(("A", "x.example", his), ("A", "gmail.com", 40), ("B", "x.example", others), ("B", "gmail.com", 4000)) is not null);

    [Theory]
    [InlineData(80, true)]
    [InlineData(81, false)]
    public void NearlyAllIsSoSizeForSize(long ofOthers, bool own) => // of his 1,000 four in ten; of the others' 800 one in ten, or more
        Assert.Equal(own, Own(("A", "x.example", 400), ("A", "gmail.com", 600), ("B", "x.example", ofOthers), ("B", "gmail.com", 800 - ofOthers)) is not null);

    [Theory]
    [InlineData(5, true)]
    [InlineData(4, false)]
    public void ADomainWithFewAddressesIsNoFirms(long addresses, bool own) =>
        Assert.Equal(own, Own(("A", "x.example", addresses), ("A", "gmail.com", 1), ("B", "gmail.com", 1000)) is not null);

    /// <summary>Of many domains one will look odd.</summary>
    [Fact]
    public void ADomainIsHeldAgainstTheOthersAtThatDomainAndItsOddsAgainstTheNumberTried()
    {
        (string, string, long)[] others = [("B", "gmail.com", 100), ("B", "x.example", 2), ("C", "y.example", 50)];
        var counts = QualitySigns.OwnDomains([("A", "x.example", 10), ("A", "gmail.com", 7), ("A", "third.example", 6), ("A", "too.few.example", 4), .. others]);

        var sign = Assert.Single(QualitySigns.Find(counts).Single(d => d.Key == "A").Value);

        Assert.Equal(("x.example", 10L, 27L, 2L, 152L), (sign.Detail, sign.Count, sign.Of, sign.PeerCount, sign.PeerOf));
        Assert.Equal(3 * Statistics.FisherExact(10, 17, 2, 150), sign.Chance, 15);
    }

    [Fact]
    public void OddsAreNeverMoreThanCertain() => // three domains tried, none of them odd
        Assert.Empty(QualitySigns.Find(QualitySigns.OwnDomains([("A", "x.example", 5), ("A", "y.example", 5), ("A", "z.example", 5), ("B", "x.example", 1)])));

    [Fact]
    public void OfTwoDomainsThatAreAlikeTheFirstOfTheAlphabetIsNamed()
    {
        (string, string, long)[] addresses = [("A", "b.example", 10), ("A", "a.example", 10), ("A", "c.example", 10), ("B", "gmail.com", 100)];

        Assert.Equal("a.example", Own(addresses)?.Domain);
        Assert.Equal("a.example", Own([.. addresses.Reverse()])?.Domain);
    }
}
