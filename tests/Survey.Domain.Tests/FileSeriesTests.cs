using FsCheck;
using FsCheck.Fluent;

namespace Survey.Domain.Tests;

/// <summary>When the next file of a series should come, and whether the last one is like those before it: learnt from the series itself.</summary>
public class FileSeriesTests
{
    private static readonly DateOnly Monday = new(2026, 1, 5);

    /// <summary>The weekdays on which a system delivers: any set of them but none.</summary>
    private static readonly Gen<bool[]> Weeks = from days in Gen.Elements(true, false).ListOf(7) where days.Contains(true) select days.ToArray();

    [Theory]
    [InlineData("tw_dms_20260302.csv", "tw_dms_#.csv")]
    [InlineData("2026-03-02_sales_v2.csv", "#-#-#_sales_v#.csv")]
    [InlineData("sales.csv", "sales.csv")]
    [InlineData("０３.csv", "０３.csv")] // digits of the East are names
    public void FilesThatDifferInTheirDigitsOnlyAreOneSeries(string file, string series) => Assert.Equal(series, FileSeries.NameOf(file));

    [Fact]
    public void WhatComesOnCertainWeekdaysIsNeverMissedWhileItComes() => Always.Holds(
        from week in Weeks from days in Gen.Choose(8, 70) select (week, days),
        x =>
        {
            var came = Days(x.week, x.days);
            for (var known = 3; known < came.Count; known++)
            {
                var due = FileSeries.DueOn(came.Take(known), null);
                Assert.True(due is null || due >= came[known], $"{due} for {came[known]}");
            }
        });

    [Fact]
    public void AFileThatDoesNotComeIsMissedOnTheDayAfterItsDay() => Always.Holds(
        from week in Weeks from weeks in Gen.Choose(5, 9) from more in Gen.Choose(0, 6) select (week, days: (7 * weeks) + more),
        x =>
        {
            var came = Days(x.week, x.days);
            var next = Days(x.week, x.days + 14).First(d => d > came[^1]);

            Assert.Equal(next, FileSeries.DueOn(came, null)); // by the end of that day; the day after it is missing
        });

    [Fact]
    public void TheOrderOfTheDaysAndTwoFilesOnADayChangeNothing() => Always.Holds(
        from days in Gen.Choose(0, 60).ListOf() from mixed in Gen.Shuffle(days.Concat(days).ToArray()) select (days, mixed),
        x => Assert.Equal(
            FileSeries.DueOn(x.days.Select(Monday.AddDays), null), FileSeries.DueOn(x.mixed.Select(Monday.AddDays), null)));

    [Fact]
    public void ALongerPauseThanEverBeforeIsNeeded() => Always.Holds(
        Gen.Choose(0, 60).ListOf(),
        days =>
        {
            var came = days.Select(Monday.AddDays).Distinct().Order().ToList();
            if (FileSeries.DueOn(came, null) is { } due)
            {
                var gaps = came.Zip(came.Skip(1), (a, b) => b.DayNumber - a.DayNumber).ToList();
                Assert.InRange(due.DayNumber - came[^1].DayNumber, gaps.Min(), gaps.Max());
            }
        });

    [Fact]
    public void TooLittleHistorySaysNothing()
    {
        Assert.Null(FileSeries.DueOn([], null));
        Assert.Null(FileSeries.DueOn([Monday, Monday.AddDays(8)], null)); // two files
        Assert.Null(FileSeries.DueOn([Monday, Monday.AddDays(1), Monday.AddDays(2), Monday.AddDays(3), Monday.AddDays(4)], null)); // no weekend yet
        Assert.Equal(Monday.AddDays(11), FileSeries.DueOn([Monday, Monday.AddDays(4), Monday.AddDays(7)], null));
    }

    [Fact]
    public void WhoKnowsTheRhythmFixesIt()
    {
        Assert.Equal(Monday.AddDays(31), FileSeries.DueOn([Monday], 31));
        Assert.Equal(Monday.AddDays(21), FileSeries.DueOn([Monday, Monday.AddDays(7), Monday.AddDays(14), Monday.AddDays(20)], 1));
        Assert.Null(FileSeries.DueOn([], 1)); // since when?
    }

    [Theory]
    [InlineData(400, false)]
    [InlineData(401, true)]
    [InlineData(25, false)]
    [InlineData(24, true)]
    public void RowsJumpPastAFactorOfTheMedian(int rows, bool jumps) =>
        Assert.Equal(jumps ? 100d : null, FileSeries.RowJump(Files(90, 100, 110, rows), factor: 4, atLeast: 50));

    [Fact]
    public void SmallFilesMayBeAnySize()
    {
        Assert.Null(FileSeries.RowJump(Files(9, 10, 11, 49), 4, 50));
        Assert.Equal(10, FileSeries.RowJump(Files(9, 10, 11, 50), 4, 50));
        Assert.Equal(50, FileSeries.RowJump(Files(50, 50, 50, 1), 4, 50));
    }

    [Fact]
    public void ThreeFilesAreNeededToCompareWith()
    {
        Assert.Null(FileSeries.RowJump(Files(100, 100, 1000), 4, 50));
        Assert.NotNull(FileSeries.RowJump(Files(100, 100, 100, 1000), 4, 50));
        Assert.Empty(FileSeries.EmptyJumps([Empty(0), Empty(0), Empty(100)], 20, 50));
        Assert.Single(FileSeries.EmptyJumps([Empty(0), Empty(0), Empty(0), Empty(100)], 20, 50));
    }

    [Theory]
    [InlineData(23, false)]
    [InlineData(24, true)]
    public void AColumnThatIsLeftEmptyJumpsPastSoManyPoints(int empty, bool jumps)
    {
        var found = FileSeries.EmptyJumps([Empty(1), Empty(3), Empty(50), Empty(empty)], 20, 50);

        Assert.Equal(jumps ? [new ShareJump("email", empty / 100.0, 0.03)] : [], found);
    }

    [Fact]
    public void AColumnThatNobodyCountedBeforeHasNothingToBeComparedWith()
    {
        SeriesFile older = new("a.csv", Monday, false, 100, 0, new Dictionary<string, long>());

        Assert.Empty(FileSeries.EmptyJumps([older, older, older, Empty(100)], 20, 50));
        Assert.Empty(FileSeries.EmptyJumps([Empty(0), Empty(0), Empty(0), Empty(49) with { Rows = 49 }], 20, 50)); // too few rows
    }

    [Theory]
    [InlineData(7, false)]
    [InlineData(8, true)]
    public void RejectedRowsJumpPastSoManyPoints(int rejected, bool jumps)
    {
        var files = new[] { 1, 2, 40, rejected }.Select(n => new SeriesFile("a.csv", Monday, false, 100, n, new Dictionary<string, long>())).ToList();

        Assert.Equal(jumps ? new ShareJump("", rejected / 100.0, 0.02) : null, FileSeries.RejectedJump(files, 5, 50));
    }

    private static List<DateOnly> Days(bool[] week, int days) => [.. Enumerable.Range(0, days).Select(Monday.AddDays).Where(d => week[(int)d.DayOfWeek])];

    private static List<SeriesFile> Files(params int[] rows) => [.. rows.Select(n => new SeriesFile("a.csv", Monday, false, n, 0, new Dictionary<string, long>()))];

    private static SeriesFile Empty(int cells) => new("a.csv", Monday, false, 100, 0, new Dictionary<string, long> { ["email"] = cells, ["phone_1"] = 0 });
}
