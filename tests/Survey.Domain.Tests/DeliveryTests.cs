using Survey.Domain;

namespace Survey.Domain.Tests;

public class DeliveryTests
{
    [Theory]
    [InlineData("5.1.1", "dead")]
    [InlineData("5.1.10", "dead")]
    [InlineData("5.2.1", "dead")]
    [InlineData("5.4.4", "dead")]
    [InlineData("5.0.0", "dead")]
    [InlineData("5.2.2", "full")]
    [InlineData("4.2.2", "full")]
    [InlineData("5.3.4", "policy")]
    [InlineData("5.6.7", "policy")]
    [InlineData("5.7.1", "policy")]
    [InlineData("5.7.606", "policy")]
    [InlineData("4.4.7", "transient")]
    [InlineData("4.1.1", "transient")]
    [InlineData("4.7.1", "transient")]
    [InlineData("5.2.0", "other")]
    [InlineData("5.2.3", "other")]
    [InlineData("5.4.1", "other")]
    [InlineData("5.5.0", "other")]
    [InlineData("5.0.1", "other")]
    [InlineData("2.1.5", "other")]
    public void EachStatusSaysOneThingAboutTheAddress(string status, string expected) =>
        Assert.Equal(expected, EnhancedStatus.Parse(status)!.Value.Classify().Code());

    [Theory]
    [InlineData(550, "5.7.1 blocked", "5.7.1")]
    [InlineData(550, "#5.1.0 Address rejected", "5.1.0")]
    [InlineData(550, "[5.2.1] disabled", "5.2.1")]
    [InlineData(450, "5.1.1 contradiction", "4.1.1")] // the code decides
    [InlineData(550, "4.7.1 contradiction", "5.7.1")]
    [InlineData(550, "No such user", "5.1.1")]
    [InlineData(551, "", "5.1.1")]
    [InlineData(553, "", "5.1.1")]
    [InlineData(552, "quota", "5.2.2")]
    [InlineData(554, "no", "5.7.1")]
    [InlineData(501, "syntax", "5.5.0")] // never dead
    [InlineData(571, "", "5.5.0")]
    [InlineData(451, "local error", "4.0.0")]
    [InlineData(550, "5.1.1.1 is no status", "5.1.1")]
    public void AReplyHasItsEnhancedStatusOrThatOfItsBareCode(int code, string text, string expected) =>
        Assert.Equal(expected, EnhancedStatus.FromReply(code, text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("5.1")]
    [InlineData("5.1.")]
    [InlineData("3.1.1")]
    [InlineData("5.1.1234")]
    [InlineData("5.1.99999999999999")]
    [InlineData("5.1.1x")]
    [InlineData("10.1.1.1")]
    [InlineData("failed")]
    public void WhatIsNoStatusIsNone(string text) => Assert.Null(EnhancedStatus.Parse(text));

    [Fact]
    public void ACommentBehindAStatusIsPassedOver() => Assert.Equal(new(5, 1, 1), EnhancedStatus.Parse(" 5.1.1 (bad mailbox)"));

    [Fact]
    public void EveryClassHasACode() => Assert.Equal(["dead", "full", "policy", "transient", "other"], Enum.GetValues<AddressClass>().Select(c => c.Code()));
}
