using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Reports;

namespace SurveyDispatcher.Tests.Reports;

/// <summary>The same figures for a program.</summary>
public sealed class CsvReportTests
{
    [Fact]
    public void EveryRowHasACellForEveryColumnAndColumnsHaveDifferentNames()
    {
        foreach (var table in HtmlReportTests.EveryKind().SelectMany(CsvReport.Tables))
        {
            Assert.Equal(table.Columns.Count, table.Columns.Select(c => c.Name).Distinct().Count());
            Assert.All(table.Rows, row => Assert.Equal(table.Columns.Count, row.Length));
        }
    }

    [Fact]
    public void ColumnsOfNumbersHoldNumbersOnly()
    {
        foreach (var table in HtmlReportTests.EveryKind().SelectMany(CsvReport.Tables))
        {
            foreach (var (i, column) in table.Columns.Index().Where(c => c.Item.IsNumber))
            {
                Assert.All(table.Rows, row => Assert.True(
                    row[i] is null || double.TryParse(row[i], NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _), $"{table.Name}.{column.Name}: {row[i]}"));
            }
        }
    }

    [Fact]
    public void ScoresAreThoseOfTheModel()
    {
        var report = MadeUp.Market(40);
        var rows = Cells(report, "scores");
        foreach (var figures in report.Surveys)
        {
            foreach (var d in figures.Dealers)
            {
                var row = rows.Single(r => r["level"] == "dealer" && r["key"] == d.Dealer.Code && r["survey"] == (figures.Survey == 0 ? "sales" : "service"));
                Same(d.Score.Responses, row["responses"]);
                Same(d.Score.CompletelySatisfied?.Value, row["satisfied"]);
                Same(d.Score.CompletelySatisfied?.Interval?.High, row["satisfied_high"]);
                Same(d.Score.Index?.Interval?.Low, row["index_low"]);
                Same(d.Score.Recommend?.Value, row["recommend"]);
                Same(d.InNation.Rank, row["rank"]);
                Same(d.InNation.Likely?.Worst, row["rank_worst"]);
                Same(d.InNation.Block, row["block"]);
                Same(d.InRegion?.Rank, row["region_rank"]);
            }

            Assert.Equal(figures.Regions.Count + 1, rows.Count(r => r["level"] is "nation" or "region" && r["survey"] == (figures.Survey == 0 ? "sales" : "service")));
        }
    }

    [Fact]
    public void RatesComeWithTheBasisOfE()
    {
        var report = MadeUp.Market(12);
        var nation = Cells(report, "rates").First(r => r["level"] == "nation");
        var rates = report.Surveys[0].Nation.Rates!;

        Same(rates.ResponseRate(3), nation["rr3"]);
        Same(rates.ContactRate(2), nation["con2"]);
        Same(rates.TradeRate, nation["trade_rate"]);
        Assert.StartsWith("E / (E + not eligible) = ", nation["e_basis"], StringComparison.Ordinal);
    }

    [Fact]
    public void FourWeeksOfTheLeadingItemsAndTheLastWeekOfAllAreThere()
    {
        var report = MadeUp.Market(12);
        var rows = Cells(report, "problems").Where(r => r["survey"] == "sales").ToList();
        var sheet = report.Surveys[0].Problems!;

        Assert.Equal(sheet.Lines.Count + (3 * report.Surveys[0].ItemCourses.Count), rows.Count);
        var first = rows.Single(r => r["question"] == sheet.Lines[0].Question && r["week"] == sheet.Week.ToString());
        Same(sheet.Lines[0].OfProblems, first["of_problems"]);
        Same(sheet.Lines[0].Movement!.Adjusted, first["p_adjusted"]);
        Assert.Equal("Y", first["more_than_chance"]);
    }

    [Fact]
    public void WhatWasAnsweredInTheWeeksBeforeOnlyIsThereAsWell()
    {
        var report = MadeUp.Market(12);
        var figures = report.Surveys[0];
        var tally = new ProblemTally();
        tally.AddResponses(report.Week!.Value, 4);
        tally.AddResponses(report.Week.Value.Plus(-2), 10);
        tally.AddAnswers(report.Week.Value.Plus(-2), "cleanliness", new ItemCount(3, 10));
        var changed = report with { Surveys = [figures with { Problems = ProblemSheet.Of(tally, figures.Questionnaire, report.Week.Value), ItemCourses = [] }] };

        var row = Cells(changed, "problems").Single(r => r["question"] == "cleanliness");

        Assert.Equal((null, "0.3", null, null), (row["now"], row["before"], row["p"], row["more_than_chance"]));
    }

    [Fact]
    public void WhereNothingCanBeSaidTheCellIsEmpty()
    {
        var rows = Cells(MadeUp.Market(12, answers: false), "scores");

        Assert.All(rows, r => Assert.Equal(("0", null, null, null), (r["responses"], r["satisfied"], r["index"], r["rank"])));
        Assert.Empty(Cells(MadeUp.Market(12, answers: false), "problems"));
    }

    private static List<Dictionary<string, string?>> Cells(Report report, string name)
    {
        var table = CsvReport.Tables(report).Single(t => t.Name == name);
        return [.. table.Rows.Select(r => table.Columns.Zip(r).ToDictionary(c => c.First.Name, c => c.Second))];
    }

    private static void Same(double? expected, string? cell)
    {
        Assert.Equal(expected is null, cell is null);
        if (expected is { } number)
        {
            Assert.Equal(number, double.Parse(cell!, CultureInfo.InvariantCulture), 6);
        }
    }
}
