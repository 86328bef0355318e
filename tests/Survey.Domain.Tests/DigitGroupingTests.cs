namespace Survey.Domain.Tests;

public sealed class DigitGroupingTests
{
    [Theory]
    [InlineData("24,500", ',', 24_500)]
    [InlineData("1,234,567", ',', 1_234_567)]
    [InlineData("24.500", '.', 24_500)]
    [InlineData("24 500", ' ', 24_500)]
    [InlineData("24\u00a0500", ' ', 24_500)]
    [InlineData("24\u202f500", ' ', 24_500)]
    [InlineData("24\u2009500", ' ', 24_500)]
    [InlineData("24'500", '\'', 24_500)]
    [InlineData("24\u2019500", '\'', 24_500)]
    [InlineData("２４，５００", ',', 24_500)]
    [InlineData("２４　５００", ' ', 24_500)]
    [InlineData("２４．５００", '.', 24_500)]
    [InlineData("０１２３４５６７８９", ',', 123_456_789)]
    [InlineData("24500", ',', 24_500)] // whoever groups large numbers leaves small ones as they are
    [InlineData("950", ',', 950)]
    [InlineData("0", ',', 0)]
    [InlineData("2,147,483,647", ',', int.MaxValue)]
    public void AWholeNumberIsReadWhereItIsWellGrouped(string text, char mark, int number) => Assert.Equal(number, DigitGrouping.Read(text, mark));

    [Theory]
    [InlineData("24,5", ',')]
    [InlineData("2,4500", ',')]
    [InlineData("2450,0", ',')]
    [InlineData("2450,000", ',')]
    [InlineData("1,23,456", ',')]
    [InlineData("24,,500", ',')]
    [InlineData(",500", ',')]
    [InlineData("24,500,", ',')]
    [InlineData("0,500", ',')]
    [InlineData("24,500.0", ',')]
    [InlineData("24.500", ',')]
    [InlineData("24,500", '.')]
    [InlineData("24 500", ',')]
    [InlineData("-24,500", ',')]
    [InlineData("24,500 km", ',')]
    [InlineData("1l,000", ',')]
    [InlineData("2,147,483,648", ',')]
    [InlineData("99,999,999,999,999,999,999", ',')]
    [InlineData("٢٤,٥٠٠", ',')]
    [InlineData("", ',')]
    public void WhatIsElseIsNoNumber(string text, char mark) => Assert.Null(DigitGrouping.Read(text, mark));
}
