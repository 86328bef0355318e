namespace Survey.Domain;

/// <summary>Something that has happened to a case. Facts are in the past tense; the ledger holds them and nothing else.</summary>
public abstract record CaseEvent
{
    private CaseEvent(DateOnly day) => Day = day;

    /// <summary>The market's local date on which it was learnt.</summary>
    public DateOnly Day { get; init; }

    /// <summary>Screening passed: the case is open, or open again.</summary>
    public sealed record Opened(DateOnly Day) : CaseEvent(Day);

    /// <summary>The mail server accepted a mail.</summary>
    public sealed record MailAccepted(DateOnly Day, MailContact Contact) : CaseEvent(Day);

    /// <summary>A mail was rejected, or a report said that it was not delivered.</summary>
    /// <param name="Day">When it was learnt.</param>
    /// <param name="Contact">Which mail.</param>
    /// <param name="Bounced">False: rejected in the SMTP dialogue; true: accepted first, then returned.</param>
    /// <param name="Class">What the status says of the address: dead, full, policy, transient, other.</param>
    public sealed record MailUndelivered(DateOnly Day, MailContact Contact, bool Bounced, string Class) : CaseEvent(Day);

    /// <summary>The case was queued for the phone.</summary>
    /// <param name="Day">The day of the decision.</param>
    /// <param name="Reason">One of <see cref="PhoneReasons"/>.</param>
    public sealed record QueuedForPhone(DateOnly Day, string Reason) : CaseEvent(Day);

    /// <summary>The vendor was given the case on a list.</summary>
    /// <param name="Day">The day of the list.</param>
    /// <param name="CallUntil">The last day of calling.</param>
    public sealed record HandedOver(DateOnly Day, DateOnly CallUntil) : CaseEvent(Day);

    /// <summary>The contact plan, screening or an erasure ended the case.</summary>
    /// <param name="Day">The day of the decision.</param>
    /// <param name="Reason">One of <see cref="CloseReasons"/>, or a reason of <see cref="Screening"/>.</param>
    public sealed record Ended(DateOnly Day, string Reason) : CaseEvent(Day);

    /// <summary>A response came in.</summary>
    /// <param name="Day">When it was learnt.</param>
    /// <param name="Mode"><c>web</c> or <c>phone</c>; what came by phone the vendor knows already.</param>
    /// <param name="Status">One of <see cref="ResponseStatuses"/>.</param>
    /// <param name="CompletedOn">The market's local date of completed_at.</param>
    public sealed record Responded(DateOnly Day, string Mode, string Status, DateOnly CompletedOn) : CaseEvent(Day)
    {
        /// <summary>A hash of the answers, by which a change of them is found; empty: none was kept.</summary>
        public string Answers { get; init; } = "";
    }

    /// <summary>The vendor reported an attempt.</summary>
    /// <param name="Day">When it was learnt.</param>
    /// <param name="Code">The AAPOR code; see <see cref="Dispositions"/>.</param>
    /// <param name="Final">The vendor will not try again.</param>
    /// <param name="OtherNumber">Another usable number is left after this report.</param>
    public sealed record CallReported(DateOnly Day, string Code, bool Final, bool OtherNumber) : CaseEvent(Day);
}

/// <summary>The status column of a response file.</summary>
public static class ResponseStatuses
{
    // the contract's codes
    public const string Complete = "complete";
    public const string Partial = "partial";
    public const string Refused = "refused";
    public const string ScreenedOut = "screened_out";
    public const string OptOut = "opt_out";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Complete, Partial, Refused, ScreenedOut, OptOut];
}
