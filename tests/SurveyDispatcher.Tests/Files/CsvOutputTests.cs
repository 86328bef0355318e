using System.Text;
using SurveyDispatcher.Files;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.Files;

public sealed class CsvOutputTests
{
    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+61412345678", "'+61412345678")]
    [InlineData("-2", "'-2")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("\r=1", "'\r=1")]
    [InlineData("＝1+1", "'＝1+1")]
    [InlineData("＋1", "'＋1")]
    [InlineData("－1", "'－1")]
    [InlineData("＠x", "'＠x")]
    [InlineData("a=1", "a=1")]
    public void ACellThatASpreadsheetWouldRunIsNeutralised(string cell, string written) =>
        Assert.Equal($"{(written.AsSpan().IndexOfAny("\r\n") >= 0 ? $"\"{written}\"" : written)}\r\n", Written(c => c.Row(cell)).TrimStart('\uFEFF'));

    [Fact]
    public void APhoneNumberKeepsItsPlus() => Assert.Equal("\uFEFF+61412345678\r\n", Written(c =>
    {
        c.Phone("+61412345678");
        c.EndRow();
    }));

    [Fact]
    public void AFileBeginsWithTheMarkAndItsLinesEndWithCrLf() => Assert.Equal("\uFEFFa,b\r\nc,\r\n", Written(c =>
    {
        c.Row("a", "b");
        c.Row("c", null);
    }));

    [Fact]
    public void WhatIsWrittenCanBeReadBack()
    {
        string[] cells = ["plain", "with, comma", "with \"quotes\"", "two\nlines", "two\r\nlines", " padded ", "王小明", "\"", ",", "'"];

        var rows = Csv.Rows(Written(c => c.Row(cells)).TrimStart('\uFEFF').Replace("\r\nlines", "\nlines", StringComparison.Ordinal));

        Assert.Equal(cells.Select(c => c.Replace("\r\n", "\n", StringComparison.Ordinal)), Assert.Single(rows));
    }

    private static string Written(Action<CsvOutput> write)
    {
        using var stream = new MemoryStream();
        using (var csv = new CsvOutput(stream))
        {
            write(csv);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
