namespace Survey.Domain.Tests;

public class TransactionTests
{
    [Fact]
    public void AfterTheFirstContactANewerRowBringsContactDataAndNothingElse()
    {
        var newer = Some.Sale with
        {
            EventDate = Some.EventDate.AddDays(2), Vin = "WBA00000000000001", CustomerType = "rental", Model = "other",
            Contact = Some.Sale.Contact with { Email = "new@mail.test" }, Language = "zh-TW", EmailOptOut = true, PhoneOptOut = true,
        };

        var kept = Some.Sale.WithContactDataOf(newer);

        Assert.Equal(
            Some.Sale with { Contact = newer.Contact, Language = "zh-TW", EmailOptOut = true, PhoneOptOut = true },
            kept);
    }

    [Fact]
    public void ACancellationTakesEffectAndStays()
    {
        var cancelled = Some.Sale.WithContactDataOf(Some.Sale with { Cancelled = true });

        Assert.True(cancelled.Cancelled);
        Assert.True(cancelled.WithContactDataOf(Some.Sale).Cancelled);
    }
}
