namespace Survey.Domain.Tests;

public class ReachTests
{
    private static readonly ContactPoints Points = new(Some.Email, Usability.Usable, Some.Mobile, Some.Landline);

    [Theory]
    [InlineData("kim@mail.test", Usability.Usable)]
    [InlineData("", Usability.None)]
    [InlineData("kim", Usability.None)]
    [InlineData("NoEmail@dealer.test", Usability.Placeholder)]
    [InlineData("kim@EXAMPLE.com", Usability.Placeholder)]
    public void AnEmailIsReadFromTheRow(string email, Usability expected)
    {
        var points = Read(email, "", "");

        Assert.Equal(expected, points.EmailState);
        Assert.Equal(expected == Usability.Usable, points.Email is not null);
    }

    [Theory]
    [InlineData("0412345678", "0298765432", "+61412345678", "+61298765432")]
    [InlineData("0412345678", "+61 412 345 678", "+61412345678", null)] // the same number twice is one number
    [InlineData("0412345678", "", "+61412345678", null)]
    [InlineData("", "0298765432", null, "+61298765432")]
    [InlineData("12", "n/a", null, null)]
    public void PhonesAreReadByTheMarketsRule(string first, string second, string? expected1, string? expected2)
    {
        var points = Read("", first, second);

        Assert.Equal((expected1, expected2), (points.Phone1?.E164, points.Phone2?.E164));
    }

    [Theory]
    [InlineData(false, Suppression.None, Usability.Usable)]
    [InlineData(true, Suppression.None, Usability.OptedOut)]
    [InlineData(false, Suppression.OptOut, Usability.OptedOut)]
    [InlineData(false, Suppression.All, Usability.OptedOut)]
    [InlineData(false, Suppression.Dead, Usability.Dead)]
    [InlineData(false, Suppression.Dead | Suppression.OptOut, Usability.OptedOut)] // what the customer said weighs more than what a server said
    [InlineData(true, Suppression.Dead, Usability.OptedOut)]
    public void AnEmailIsUsableWhenNothingSpeaksAgainstIt(bool flagged, Suppression suppression, Usability expected)
    {
        var reach = Reach.Of(Points, flagged, false, suppression, Suppression.None, Suppression.None);

        Assert.Equal(expected, reach.EmailState);
        Assert.Equal(expected == Usability.Usable, reach.ByEmail);
        Assert.True(reach.ByPhone);
    }

    [Theory]
    [InlineData(Suppression.None, Suppression.None, "+61412345678", "+61298765432", Usability.Usable)]
    [InlineData(Suppression.Dead, Suppression.None, "+61298765432", null, Usability.Usable)] // phone 2 moves up
    [InlineData(Suppression.OptOut, Suppression.None, "+61298765432", null, Usability.Usable)]
    [InlineData(Suppression.None, Suppression.Dead, "+61412345678", null, Usability.Usable)]
    [InlineData(Suppression.None, Suppression.OptOut, "+61412345678", null, Usability.Usable)]
    [InlineData(Suppression.Dead, Suppression.Dead, null, null, Usability.Dead)]
    [InlineData(Suppression.OptOut, Suppression.Dead, null, null, Usability.OptedOut)]
    [InlineData(Suppression.Dead, Suppression.OptOut, null, null, Usability.OptedOut)]
    public void TheFirstUsableNumberIsDialled(Suppression first, Suppression second, string? phone1, string? phone2, Usability expected)
    {
        var reach = Reach.Of(Points, false, false, Suppression.None, first, second);

        Assert.Equal((phone1, phone2, expected), (reach.Phone1?.E164, reach.Phone2?.E164, reach.PhoneState));
        Assert.Equal(phone1 is not null, reach.ByPhone);
        Assert.True(reach.ByEmail);
        Assert.False(reach.OptedOut);
    }

    [Fact]
    public void ARowFlaggedForThePhoneHasNoNumber()
    {
        var reach = Reach.Of(Points, false, true, Suppression.None, Suppression.None, Suppression.None);

        Assert.Equal((false, Usability.OptedOut), (reach.ByPhone, reach.PhoneState));
        Assert.False(reach.OptedOut);
    }

    [Fact]
    public void WithoutPointsThereIsNoChannel()
    {
        var reach = Reach.Of(new ContactPoints(null, Usability.None, null, null), false, false, Suppression.None, Suppression.None, Suppression.None);

        Assert.Equal((false, Usability.None, false, Usability.None), (reach.ByEmail, reach.EmailState, reach.ByPhone, reach.PhoneState));
    }

    [Fact]
    public void APlaceholderIsOneEvenInARowFlaggedForEmail()
    {
        var reach = Reach.Of(Points with { Email = null, EmailState = Usability.Placeholder }, true, false, Suppression.None, Suppression.None, Suppression.None);

        Assert.Equal((false, Usability.Placeholder), (reach.ByEmail, reach.EmailState));
    }

    [Theory]
    [InlineData(true, true, Suppression.None, Suppression.None, Suppression.None, true)] // a row flagged for both
    [InlineData(true, false, Suppression.None, Suppression.None, Suppression.None, false)]
    [InlineData(false, true, Suppression.None, Suppression.None, Suppression.None, false)]
    [InlineData(false, false, Suppression.All, Suppression.None, Suppression.None, true)] // an `all` opt-out, by whichever address
    [InlineData(false, false, Suppression.None, Suppression.All, Suppression.None, true)]
    [InlineData(false, false, Suppression.None, Suppression.None, Suppression.All, true)]
    [InlineData(false, false, Suppression.OptOut, Suppression.OptOut, Suppression.OptOut, false)] // one by one is not "in any mode"
    [InlineData(false, false, Suppression.Dead, Suppression.Dead, Suppression.Dead, false)]
    public void OptedOutMeansOfEverything(
        bool emailFlag, bool phoneFlag, Suppression email, Suppression phone1, Suppression phone2, bool expected) =>
        Assert.Equal(expected, Reach.Of(Points, emailFlag, phoneFlag, email, phone1, phone2).OptedOut);

    private static ContactPoints Read(string email, string phone1, string phone2) =>
        ContactPoints.From(new ContactData("Kim Lee", email, phone1, phone2, ""), Some.Australia, Some.Programme);
}
