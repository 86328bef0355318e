namespace Survey.Domain;

/// <summary>Where a case stands. The order is that of the contact plan.</summary>
public enum CaseState
{
    /// <summary>Eligible, not contacted yet.</summary>
    Waiting,

    /// <summary>The mail server accepted the invitation.</summary>
    Invited,

    /// <summary>The mail server accepted the reminder.</summary>
    Reminded,

    /// <summary>To be called; not on a list yet.</summary>
    PhoneQueued,

    /// <summary>On a list that the vendor has.</summary>
    WithVendor,

    /// <summary>A complete response is in.</summary>
    Completed,

    /// <summary>Ended without a complete response, for the reason on record.</summary>
    Closed,
}

/// <summary>A customer's way through the programme: the sum of the facts in the ledger, and nothing else.</summary>
public sealed record SurveyCase
{
    /// <summary>Where the case stands.</summary>
    public required CaseState State { get; init; }

    /// <summary>Why the case is closed; null in every other state.</summary>
    public string? CloseReason { get; init; }

    /// <summary>The local date on which the mail server accepted the invitation.</summary>
    public DateOnly? InvitedOn { get; init; }

    /// <summary>The local date on which the mail server accepted the reminder.</summary>
    public DateOnly? RemindedOn { get; init; }

    /// <summary>The local date on which the case last went to the phone: queued, and, with the list, handed over.</summary>
    public DateOnly? PhoneOn { get; init; }

    /// <summary>Why the case was queued for the phone, the latest time.</summary>
    public string? PhoneReason { get; init; }

    /// <summary>The last day of calling that the vendor was given, the latest time; null until the first hand-over.</summary>
    public DateOnly? CallUntil { get; init; }

    /// <summary>The local date of the complete response.</summary>
    public DateOnly? CompletedOn { get; init; }

    /// <summary><c>web</c> or <c>phone</c>: how the complete response came.</summary>
    public string? ResponseMode { get; init; }

    /// <summary>The last mail was rejected or came back.</summary>
    public bool MailFailed { get; init; }

    /// <summary>The case has not ended.</summary>
    public bool IsOpen => State is not (CaseState.Completed or CaseState.Closed);

    /// <summary>The day of the first contact that reached the outside: a mail that was accepted, or the hand-over to the vendor; null: there was none.</summary>
    public DateOnly? FirstContactOn => InvitedOn ?? (CallUntil is null ? null : PhoneOn);

    /// <summary>A contact was made or tried: from now on a newer row brings contact data or a cancellation, nothing else.</summary>
    public bool HasBeenContacted => InvitedOn is not null || CallUntil is not null || MailFailed;
}

/// <summary>The codes of states, reasons and contacts as exports and lists write them.</summary>
public static class CaseCodes
{
    private static readonly string[] States =
        ["waiting", "invited", "reminded", "phone_queued", "with_vendor", "completed", "closed"];

    /// <summary>The state's code.</summary>
    public static string Code(this CaseState state) => States[(int)state];

    /// <summary>The state of a code.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such state.</exception>
    public static CaseState State(string code) => Array.IndexOf(States, code) is var index and >= 0
        ? (CaseState)index
        : throw new ArgumentOutOfRangeException(nameof(code), code, "Unknown case state.");

    /// <summary>The mail contact's code: the value of X-Survey-Contact.</summary>
    public static string Code(this MailContact contact) => contact == MailContact.Invitation ? "invitation" : "reminder";
}

/// <summary>The two mails of the contact plan.</summary>
public enum MailContact
{
    /// <summary>The first mail.</summary>
    Invitation = 1,

    /// <summary>The second and last.</summary>
    Reminder = 2,
}

/// <summary>Why a case ended, other than by a reason of <see cref="Screening"/> or by an answer.</summary>
public static class CloseReasons
{
    // the contract's codes; programme.md and contracts.md define them
    public const string WindowClosed = "window_closed";
    public const string NoContactChannel = "no_contact_channel";
    public const string NoResponse = "no_response";
    public const string Refused = "refused";
    public const string OptedOut = "opted_out";
    public const string Unable = "unable";
    public const string Unreachable = "unreachable";
    public const string RespondentNotEligible = "respondent_not_eligible";
    public const string TransactionCancelled = "transaction_cancelled";
    public const string Erased = "erased";
}

/// <summary>Why a case goes to the phone.</summary>
public static class PhoneReasons
{
    public const string NoEmail = "no_email";
    public const string EmailUndeliverable = "email_undeliverable";
    public const string EmailOptOut = "email_opt_out";
    public const string NoResponse = "no_response";
    public const string OtherNumber = "other_number";
}
