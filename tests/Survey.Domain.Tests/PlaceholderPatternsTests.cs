namespace Survey.Domain.Tests;

public class PlaceholderPatternsTests
{
    [Theory]
    [InlineData("noemail@*", "noemail@dealer.test", true)]
    [InlineData("noemail@*", "NoEmail@Dealer.Test", true)] // letter case ignored
    [InlineData("NOEMAIL@*", "noemail@dealer.test", true)] // on both sides
    [InlineData("noemail@*", "noemails@dealer.test", false)]
    [InlineData("noemail@*", "xnoemail@dealer.test", false)]
    [InlineData("*@example.com", "anybody@example.com", true)]
    [InlineData("*@example.com", "Anybody@EXAMPLE.com", true)]
    [InlineData("*@example.com", "anybody@example.com.au", false)]
    [InlineData("*@example.com", "anybody@myexample.com", false)]
    [InlineData("*@example.com", "anybody@sub.example.com", false)]
    [InlineData("no*mail@*.test", "no-e-mail@a.test", true)]
    [InlineData("*a*b@x.test", "aab@x.test", true)] // the star goes back and takes one more
    [InlineData("*a*b@x.test", "aba@x.test", false)]
    [InlineData("none@none.test", "none@none.test", true)]
    [InlineData("none@none.test", "none@none.tests", false)]
    [InlineData("*", "kim@mail.test", true)]
    [InlineData("", "kim@mail.test", false)]
    [InlineData("n?ne@none.test", "none@none.test", false)] // only the star is a wildcard
    public void AStarStandsForAnyRunOfCharacters(string pattern, string address, bool expected) =>
        Assert.Equal(expected, new PlaceholderPatterns([pattern]).Matches(EmailAddress.Parse(address)!));

    [Fact]
    public void OnePatternIsEnough()
    {
        var patterns = new PlaceholderPatterns(["noemail@*", "*@example.com"]);

        Assert.True(patterns.Matches(EmailAddress.Parse("kim@example.com")!));
        Assert.False(patterns.Matches(Some.Email));
        Assert.False(new PlaceholderPatterns([]).Matches(Some.Email));
    }
}
