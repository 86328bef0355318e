namespace Survey.Domain.Tests;

public class ProgrammeTests
{
    [Theory]
    // Age: at most 3 calendar years from purchase to event, inclusive.
    [InlineData("2023-03-01", "2026-02-28", true)]
    [InlineData("2023-03-01", "2026-03-01", true)]
    [InlineData("2023-03-01", "2026-03-02", false)]
    [InlineData("2023-02-28", "2026-02-28", true)]
    [InlineData("2023-02-28", "2026-03-01", false)]
    [InlineData("2024-02-29", "2027-02-28", true)]  // bought on a leap day
    [InlineData("2021-02-28", "2024-02-28", true)]
    [InlineData("2021-02-28", "2024-02-29", false)] // the anniversary was yesterday
    [InlineData("2026-03-01", "2026-03-01", true)]  // on the day of purchase
    [InlineData("2026-03-05", "2026-03-01", true)]  // bought after the visit: an odd row, but not too old
    [InlineData("9999-12-31", "2026-03-01", true)]  // "no date" as many systems write it must not stop the cycle
    [InlineData("0001-01-01", "2026-03-01", false)]
    [InlineData(null, "2026-03-01", false)]         // missing data does not hold
    public void AtMostThreeYearsOldCountsTheAnniversary(string? purchased, string eventDate, bool expected) =>
        Assert.Equal(expected, new VehicleLimit(3, null, MatchAny: false).Admits(Some.DayOrNone(purchased), 999_999, Some.Day(eventDate)));

    [Theory]
    [InlineData(0, true)]
    [InlineData(99_999, true)]
    [InlineData(100_000, false)] // strictly below
    [InlineData(100_001, false)]
    [InlineData(null, false)]
    public void MileageMustBeStrictlyBelow(int? mileage, bool expected) =>
        Assert.Equal(expected, new VehicleLimit(null, 100_000, MatchAny: true).Admits(null, mileage, Some.EventDate));

    [Theory]
    [InlineData("2025-01-01", 50_000, true, true)]
    [InlineData("2025-01-01", 150_000, true, false)]
    [InlineData("2015-01-01", 50_000, true, false)]
    [InlineData("2015-01-01", 150_000, false, false)]
    [InlineData(null, 50_000, true, false)]      // the other criterion is enough for any, not for all
    [InlineData("2025-01-01", null, true, false)]
    [InlineData(null, 150_000, false, false)]
    [InlineData("2015-01-01", null, false, false)]
    [InlineData(null, null, false, false)]
    public void AnyNeedsOneCriterionAndAllNeedsBoth(string? purchased, int? mileage, bool any, bool all)
    {
        Assert.Equal(any, new VehicleLimit(3, 100_000, MatchAny: true).Admits(Some.DayOrNone(purchased), mileage, Some.EventDate));
        Assert.Equal(all, new VehicleLimit(3, 100_000, MatchAny: false).Admits(Some.DayOrNone(purchased), mileage, Some.EventDate));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ALimitWithoutCriteriaAdmitsEveryVehicle(bool matchAny) =>
        Assert.True(new VehicleLimit(null, null, matchAny).Admits(null, null, Some.EventDate));

    [Theory]
    [InlineData("08:59", false)]
    [InlineData("09:00", true)]
    [InlineData("19:59", true)]
    [InlineData("20:00", false)]
    public void HoursIncludeTheirFirstMinuteAndNotTheirLast(string time, bool expected) =>
        Assert.Equal(expected, new Hours(new TimeOnly(9, 0), new TimeOnly(20, 0))
            .Contains(TimeOnly.ParseExact(time, "HH:mm", System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void AMarketIsFoundByItsCountryAndAPolicyByItsSurvey()
    {
        Assert.Same(Some.Australia, Some.Programme.MarketOf("AU"));
        Assert.Null(Some.Programme.MarketOf("DE"));
        Assert.Same(Some.SalesPolicy, Some.Australia.Policy(SurveyKind.Sales));
        Assert.Same(Some.ServicePolicy, Some.Australia.Policy(SurveyKind.Service));
        Assert.Null((Some.Australia with { Service = null }).Policy(SurveyKind.Service));
    }

    [Theory]
    [InlineData(null, null, null, null, null)]
    [InlineData(90, 730, 365, 180, "2026-05-31")]
    [InlineData(null, 30, null, null, "2026-04-01")]
    [InlineData(null, null, null, 1, "2026-03-03")]
    public void NothingIsDueBeforeTheShortestRetention(int? contact, int? vehicle, int? freeText, int? callNotes, string? first) =>
        Assert.Equal(Some.DayOrNone(first), new RetentionRules(contact, vehicle, freeText, callNotes, 1).FirstDue(Some.Day("2026-03-02")));

    [Theory]
    [InlineData(10, 20, 30, 30)]
    [InlineData(40, 20, 30, 40)]
    [InlineData(10, null, 30, null)] // one that keeps for ever
    [InlineData(null, 20, 30, null)]
    public void AFileOfUnknownMarketStaysAsLongAsTheMarketThatKeepsLongest(int? general, int? one, int? other, int? expected)
    {
        RetentionRules Files(int? days) => RetentionRules.ForEver with { FilesDays = days };
        var programme = Some.Programme with
        {
            Retention = Files(general),
            Markets = new Dictionary<string, Market>
            {
                ["AU"] = Some.Australia with { Retention = Files(one) }, ["NZ"] = Some.Australia with { Code = "NZ", Retention = Files(other) },
            },
        };

        Assert.Equal(expected, programme.LongestFilesDays);
        Assert.Equal(one, programme.RetentionOf("AU").FilesDays);
        Assert.Equal(general, programme.RetentionOf("XX").FilesDays);
    }
}
