namespace Survey.Domain.Tests;

public class DayWindowTests
{
    [Theory]
    [InlineData("2026-03-01", true, false)]  // the day of the event
    [InlineData("2026-03-15", true, false)]  // day 14
    [InlineData("2026-03-16", false, false)] // day 15: the first day belongs to the window
    [InlineData("2026-03-17", false, false)]
    [InlineData("2026-04-04", false, false)] // day 34
    [InlineData("2026-04-05", false, false)] // day 35: so does the last
    [InlineData("2026-04-06", false, true)]  // day 36
    [InlineData("2027-03-01", false, true)]
    public void BothEndsOfTheWindowBelongToIt(string today, bool ahead, bool passed)
    {
        var window = new DayWindow(15, 35);

        Assert.Equal(ahead, window.IsAhead(Some.EventDate, Some.Day(today)));
        Assert.Equal(passed, window.HasPassed(Some.EventDate, Some.Day(today)));
    }

    [Theory]
    [InlineData("2026-02-28", true)]  // an event in the future is rejected before, but the window doesn't rely on it
    [InlineData("2026-03-01", false)] // no limit at either end: open on the day of the event
    [InlineData("2036-03-01", false)]
    public void AWindowWithoutLimitsIsOpenFromTheEventForEver(string today, bool ahead)
    {
        var window = new DayWindow(0, null);

        Assert.Equal(ahead, window.IsAhead(Some.EventDate, Some.Day(today)));
        Assert.False(window.HasPassed(Some.EventDate, Some.Day(today)));
        Assert.Null(window.LastDay(Some.EventDate));
    }

    [Theory]
    [InlineData("2026-03-15", true, false)]
    [InlineData("2026-03-16", false, false)]
    [InlineData("2026-03-17", false, true)]
    public void AWindowOfOneDayIsThatDay(string today, bool ahead, bool passed)
    {
        var window = new DayWindow(15, 15);

        Assert.Equal(ahead, window.IsAhead(Some.EventDate, Some.Day(today)));
        Assert.Equal(passed, window.HasPassed(Some.EventDate, Some.Day(today)));
    }

    [Theory]
    [InlineData("2024-02-28", "2024-03-14")] // over a leap day
    [InlineData("2026-02-28", "2026-03-15")]
    [InlineData("2026-12-31", "2027-01-15")]
    public void DaysAreCountedByTheCalendar(string eventDate, string opens) =>
        Assert.Equal(Some.Day(opens), new DayWindow(15, 35).Opens(Some.Day(eventDate)));

    [Theory]
    [InlineData(15, 35, "15-35")]
    [InlineData(0, null, "0-")]
    public void AWindowIsWrittenAsTheMarketsWriteIt(int from, int? to, string expected) =>
        Assert.Equal(expected, new DayWindow(from, to).ToString());
}
