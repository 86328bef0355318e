using System.Globalization;

namespace Survey.Domain.Tests;

/// <summary>Every kind of fact, with the variants that the table of transitions tells apart.</summary>
internal static class Facts
{
    /// <summary>The day on which all of them are learnt.</summary>
    public static readonly DateOnly Day = Some.Day("2026-03-25");

    public static readonly DateOnly CallUntil = Some.Day("2026-04-05");

    /// <summary>The facts with the words in which the table names them, in the order of the contact plan.</summary>
    public static IReadOnlyList<(string Words, CaseEvent Fact)> All { get; } =
    [
        ("Opened", new CaseEvent.Opened(Day)),
        ("MailAccepted invitation", Accepted(MailContact.Invitation)),
        ("MailAccepted reminder", Accepted(MailContact.Reminder)),
        ("MailUndelivered invitation, rejected", Undelivered(MailContact.Invitation, bounced: false)),
        ("MailUndelivered invitation, bounced", Undelivered(MailContact.Invitation, bounced: true)),
        ("MailUndelivered reminder, rejected", Undelivered(MailContact.Reminder, bounced: false)),
        ("MailUndelivered reminder, bounced", Undelivered(MailContact.Reminder, bounced: true)),
        ("QueuedForPhone no_email", new CaseEvent.QueuedForPhone(Day, PhoneReasons.NoEmail)),
        ("HandedOver", new CaseEvent.HandedOver(Day, CallUntil)),
        .. new[]
        {
            CloseReasons.WindowClosed, CloseReasons.NoContactChannel, CloseReasons.NoResponse, CloseReasons.OptedOut,
            CloseReasons.TransactionCancelled, Screening.RecentlyContacted, CloseReasons.Erased,
        }.Select(reason => ($"Ended {reason}", (CaseEvent)new CaseEvent.Ended(Day, reason))),
        .. ResponseStatuses.All.SelectMany(status => new[] { "web", "phone" }
            .Select(mode => ($"Responded {status}, {mode}", (CaseEvent)Responded(status, mode)))),
        ("CallReported interview (1.1)", Called("1.1")),
        ("CallReported interview (1.1), final", Called("1.1", final: true)),
        ("CallReported attempt (2.20)", Called("2.20")),
        ("CallReported attempt (2.20), final", Called("2.20", final: true)),
        ("CallReported refusal (2.11)", Called("2.11")),
        ("CallReported unable (2.32)", Called("2.32")),
        ("CallReported not eligible (4.70)", Called("4.70")),
        ("CallReported bad number (4.32), another is left", Called("4.32", other: true)),
        ("CallReported bad number (4.32), none is left", Called("4.32")),
    ];

    public static CaseEvent Accepted(MailContact contact) => new CaseEvent.MailAccepted(Day, contact);

    public static CaseEvent Undelivered(MailContact contact, bool bounced = true) =>
        new CaseEvent.MailUndelivered(Day, contact, bounced, "dead");

    public static CaseEvent.Responded Responded(string status, string mode = "web") => new(Day, mode, status, Day.AddDays(-1));

    public static CaseEvent.CallReported Called(string code, bool final = false, bool other = false) => new(Day, code, final, other);

    public static CaseEvent Ended(string reason) => new CaseEvent.Ended(Day, reason);

    public static string Iso(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "-";
}
