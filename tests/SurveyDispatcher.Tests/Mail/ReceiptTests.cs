using Survey.Domain;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Tests.Mail;

public sealed class ReceiptTests
{
    private static readonly DateTimeOffset At = new(2026, 3, 2, 12, 30, 5, TimeSpan.FromHours(11));

    [Theory]
    [InlineData("250 2.0.0 Ok: queued as 4Zb6Xk3Q9Rz2Bj", "2.0.0", "4Zb6Xk3Q9Rz2Bj")] // Postfix
    [InlineData("250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 9F2C81A0", "2.0.0", "9F2C81A0")] // Postfix behind a filter
    [InlineData("250 OK id=1rXabC-0005Tz-2N", null, "1rXabC-0005Tz-2N")] // Exim
    [InlineData("250 OK id=1tZabC-00000003xQz-0abC", null, "1tZabC-00000003xQz-0abC")] // Exim 4.97 and later
    [InlineData("250 2.6.0 * [InternalId=123456789012, Hostname=EX01.contoso.example] 12345 bytes in 0.123, 98.142 KB/sec Queued mail for delivery", "2.6.0", "123456789012")] // Exchange
    [InlineData("250 2.0.0 OK  1709294405 d2e1a72fcca58-6be12a3456sm1234567b3a.12 - gsmtp", "2.0.0", "d2e1a72fcca58-6be12a3456sm1234567b3a.12")] // Gmail
    [InlineData("250 Ok 0102018e1f2a3b4c-1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d-000000", null, "0102018e1f2a3b4c-1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d-000000")] // Amazon SES
    [InlineData("250 2.0.0 42213x0A012345 Message accepted for delivery", "2.0.0", "42213x0A012345")] // Sendmail
    [InlineData("250 ok 1709294405 qp 12345", null, "12345")] // qmail
    [InlineData("250 2.0.0 Ok", "2.0.0", null)]
    [InlineData("250 Great success", null, null)]
    [InlineData("250", null, null)]
    [InlineData("", null, null)]
    public void OfAReplyTheStatusAndTheQueueIdAreKept(string reply, string? status, string? id)
    {
        var receipt = Receipt.Of(At, new Delivery.Accepted(reply));

        Assert.Equal((status, id, null), (receipt.Status?.ToString(), receipt.QueueId, receipt.File));
        Assert.Equal(receipt with { At = At.ToUniversalTime() }, Receipt.Parse(receipt.ToString()));
        Assert.Equal(2, receipt.ToString().Count(c => c == ' '));
    }

    [Theory]
    [InlineData("250 2.0.0 Ok: queued as alice@mail.example")]
    [InlineData("250 OK id=alice@mail.example")]
    [InlineData("250 Ok alice@mail.example")]
    [InlineData("250 2.1.5 alice@mail.example Message accepted for delivery")]
    [InlineData("250 2.0.0 accepted for Alice Walker")]
    [InlineData("250 2.0.0 queued as \u00c4licew\u00e4lker")]
    [InlineData("250 2.0.0 queued as aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")] // 65 signs
    [InlineData("250 2.0.0 queued as")]
    [InlineData("250 2.0.0 queued as ...")]
    public void NothingThatMayBeAPersonIsKept(string reply) => Assert.Null(Receipt.Of(At, new Delivery.Accepted(reply)).QueueId);

    [Fact]
    public void WhereMailsBecomeFilesTheFilesNameIsTheProof()
    {
        var receipt = Receipt.Of(At, new Delivery.Accepted(PickupTransport.Written + "AU-00000013-invitation.eml"));

        Assert.Equal("2026-03-02T01:30:05Z - file:AU-00000013-invitation.eml", receipt.ToString());
        Assert.Equal(receipt with { At = At.ToUniversalTime() }, Receipt.Parse(receipt.ToString()));
    }

    /// <summary>Stores of before have three words.</summary>
    [Theory]
    [InlineData("2026-03-02T01:30:05Z 2.0.0 4Zb6Xk3Q9Rz2Bj", null)]
    [InlineData("2026-03-02T01:30:05Z 2.0.0 4Zb6Xk3Q9Rz2Bj zh-TW", "zh-TW")]
    [InlineData("2026-03-02T01:30:05Z - file:AU-00000013-invitation.eml en", "en")]
    [InlineData("2026-03-02T01:30:05Z - - ja", "ja")]
    public void TheLanguageStandsBehindTheProofWhereItIsKnown(string kept, string? language)
    {
        var receipt = Receipt.Parse(kept);

        Assert.Equal(language, receipt?.Language);
        Assert.Equal(kept, receipt?.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("yesterday - -")]
    public void WhatIsNoReceiptIsNone(string? text) => Assert.Null(Receipt.Parse(text));
}
