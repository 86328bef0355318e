namespace Survey.Domain.Tests;

public class DispositionsTests
{
    [Theory]
    [InlineData("1.1", CallEffect.Interview)]
    [InlineData("1.2", CallEffect.Attempt)]
    [InlineData("2.11", CallEffect.Refused)]
    [InlineData("2.111", CallEffect.Refused)]
    [InlineData("2.112", CallEffect.Refused)]
    [InlineData("2.12", CallEffect.Attempt)]
    [InlineData("2.20", CallEffect.Attempt)]
    [InlineData("2.21", CallEffect.Attempt)]
    [InlineData("2.22", CallEffect.Attempt)]
    [InlineData("2.31", CallEffect.Unable)]
    [InlineData("2.32", CallEffect.Unable)]
    [InlineData("2.33", CallEffect.Unable)]
    [InlineData("2.36", CallEffect.Attempt)]
    [InlineData("3.11", CallEffect.Attempt)]
    [InlineData("3.12", CallEffect.Attempt)]
    [InlineData("3.13", CallEffect.Attempt)]
    [InlineData("3.14", CallEffect.Attempt)]
    [InlineData("3.16", CallEffect.Attempt)]
    [InlineData("4.20", CallEffect.BadNumber)]
    [InlineData("4.31", CallEffect.BadNumber)]
    [InlineData("4.32", CallEffect.BadNumber)]
    [InlineData("4.33", CallEffect.BadNumber)]
    [InlineData("4.41", CallEffect.BadNumber)]
    [InlineData("4.70", CallEffect.NotEligible)]
    [InlineData("9.1", CallEffect.Attempt)]
    public void EveryCodeOfTheContractHasItsEffect(string code, CallEffect effect) => Assert.Equal(effect, Dispositions.Find(code)?.Effect);

    [Fact]
    public void TheTableHoldsTheContractsCodesAndNoOther()
    {
        Assert.Equal(25, Dispositions.Table.Count);
        Assert.Equal(25, Dispositions.Table.Select(d => d.Code).Distinct(StringComparer.Ordinal).Count());
        Assert.All(Dispositions.Table, d => Assert.NotEmpty(d.InExports));
        Assert.All(Dispositions.Table, d => Assert.NotEmpty(d.Edition));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2")]
    [InlineData("2.1")]
    [InlineData("2.110")]
    [InlineData("2,11")]
    [InlineData("1.10")] // a spreadsheet's doing; 1.1 is another text
    [InlineData("3.15")]
    [InlineData("4.10")]
    public void AnUnknownCodeHasNone(string code) => Assert.Null(Dispositions.Find(code));
}
