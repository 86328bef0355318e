using System.Text;
using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.Tests.Storage;

/// <summary>Two readers of the ledger, and one meaning.</summary>
public sealed class LedgerBytesTests
{
    private static readonly DateOnly Day = new(2026, 3, 2);

    private static readonly CaseEvent[] Facts =
    [
        new CaseEvent.Opened(Day),
        new CaseEvent.MailAccepted(Day, MailContact.Invitation),
        new CaseEvent.MailAccepted(Day, MailContact.Reminder),
        new CaseEvent.MailUndelivered(Day, MailContact.Reminder, Bounced: true, "dead"),
        new CaseEvent.MailUndelivered(Day, MailContact.Invitation, Bounced: false, "other"),
        new CaseEvent.QueuedForPhone(Day, PhoneReasons.NoEmail),
        new CaseEvent.HandedOver(Day, Day.AddDays(20)),
        new CaseEvent.Ended(Day, CloseReasons.WindowClosed),
        new CaseEvent.Responded(Day, "web", ResponseStatuses.Complete, Day.AddDays(-1)) { Answers = "00ff" },
        new CaseEvent.CallReported(Day, "2.111", Final: true, OtherNumber: false),
        new CaseEvent.CallReported(Day, "4.32", Final: false, OtherNumber: true),
    ];

    [Fact]
    public void BytesSayWhatTextsSay() => Assert.All(Facts, fact =>
    {
        var (kind, detail) = LedgerText.Of(fact);
        Assert.Equal(fact, new LedgerBytes().Fact(Day, Encoding.UTF8.GetBytes(kind), Encoding.UTF8.GetBytes(detail)));
    });

    [Fact]
    public void AVerdictIsNoFactAndHasItsReason()
    {
        var (reader, kind) = (new LedgerBytes(), Encoding.UTF8.GetBytes(Ledger.ScreenedOut));

        Assert.Null(reader.Fact(Day, kind, "{\"reason\":\"opted_out\"}"u8));
        Assert.True(reader.IsScreenedOut(kind));
        Assert.Equal("opted_out", reader.Reason("{\"reason\":\"opted_out\"}"u8));
    }
}
