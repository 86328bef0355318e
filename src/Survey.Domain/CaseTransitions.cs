namespace Survey.Domain;

/// <summary>The outcome of a fact.</summary>
/// <param name="Case">The case after it.</param>
/// <param name="Withdraw">The vendor has the case and must be told to leave it.</param>
public readonly record struct Transition(SurveyCase Case, bool Withdraw);

/// <summary>What each fact does in each state: a total table, so that late and doubled facts have an answer, too.</summary>
public static class CaseTransitions
{
    /// <summary>The case after a fact. A fact that comes too late changes nothing.</summary>
    /// <param name="before">The case, or null before it was opened.</param>
    /// <param name="fact">What happened.</param>
    public static Transition After(SurveyCase? before, CaseEvent fact)
    {
        var after = before is null ? First(fact) : Next(before, fact);
        var withdraw = before is not null && VendorHas(before, fact) && !after.IsOpen && !ToldByVendor(fact);
        return new Transition(after, withdraw);
    }

    private static SurveyCase First(CaseEvent fact) => fact is CaseEvent.Opened
        ? new SurveyCase { State = CaseState.Waiting }
        : throw new ArgumentException($"A case begins with {nameof(CaseEvent.Opened)}, not with {fact.GetType().Name}.", nameof(fact));

    private static SurveyCase Next(SurveyCase c, CaseEvent fact) => fact switch
    {
        CaseEvent.Opened => MayOpenAgain(c) ? new SurveyCase { State = CaseState.Waiting } : c,
        CaseEvent.MailAccepted e => AfterMail(c, e),
        CaseEvent.MailUndelivered e => AfterReturn(c, e),
        CaseEvent.QueuedForPhone e => c.State is CaseState.Waiting or CaseState.Invited or CaseState.Reminded
            ? c with { State = CaseState.PhoneQueued, PhoneOn = e.Day, PhoneReason = e.Reason }
            : c,
        CaseEvent.HandedOver e => c.State == CaseState.PhoneQueued
            ? c with { State = CaseState.WithVendor, PhoneOn = e.Day, CallUntil = e.CallUntil }
            : c,
        CaseEvent.Ended e => e.Reason == CloseReasons.Erased || c.IsOpen ? Close(c, e.Reason) : c,
        CaseEvent.Responded e => AfterResponse(c, e),
        CaseEvent.CallReported e => AfterCall(c, e),
        _ => throw new ArgumentOutOfRangeException(nameof(fact), fact, "Unknown fact."),
    };

    /// <summary>Only a case that was closed without any contact, and not by a person's answer, can be opened again.</summary>
    /// <remarks>
    /// An answer without a contact on record is no contradiction: when the reply to a mail is lost, the customer has the link and the
    /// case is still waiting. The next day's extract brings the row again, and must not bring the invitation again.
    /// </remarks>
    public static bool MayOpenAgain(SurveyCase c) => c.State == CaseState.Closed && !c.HasBeenContacted && c.CloseReason is not
        (CloseReasons.Refused or CloseReasons.RespondentNotEligible or CloseReasons.Unable or CloseReasons.Erased);

    /// <summary>Whether a row that comes again is screened again: while no contact has been made, and unless the customer himself has ended it.</summary>
    public static bool MayBeScreenedAgain(SurveyCase c) => (c.State == CaseState.Waiting && !c.HasBeenContacted) || MayOpenAgain(c);

    private static SurveyCase AfterMail(SurveyCase c, CaseEvent.MailAccepted e) => (c.State, e.Contact) switch
    {
        (CaseState.Waiting, MailContact.Invitation) => c with { State = CaseState.Invited, InvitedOn = e.Day, MailFailed = false },
        (CaseState.Invited, MailContact.Reminder) => c with { State = CaseState.Reminded, RemindedOn = e.Day, MailFailed = false },

        // An answer or a no overtook a mail that was already under way: the contact is a fact, the state stays.
        (_, MailContact.Invitation) => c with { InvitedOn = c.InvitedOn ?? e.Day },
        (_, MailContact.Reminder) => c with { RemindedOn = c.RemindedOn ?? e.Day },
        _ => throw new ArgumentOutOfRangeException(nameof(e), e.Contact, "Unknown contact."),
    };

    // Only the last mail counts: a late bounce of the invitation says nothing about a reminder that arrived.
    private static SurveyCase AfterReturn(SurveyCase c, CaseEvent.MailUndelivered e) =>
        e.Contact == MailContact.Invitation && c.RemindedOn is not null ? c : c with { MailFailed = true };

    private static SurveyCase AfterResponse(SurveyCase c, CaseEvent.Responded e) => (c.State, e.Status) switch
    {
        (_, ResponseStatuses.Partial) => c,
        (CaseState.Completed, _) => c,
        (CaseState.Closed, ResponseStatuses.Complete) => IsFinal(c.CloseReason) ? c : Complete(c, e),
        (CaseState.Closed, _) => c,
        (_, ResponseStatuses.Complete) => Complete(c, e),
        (_, ResponseStatuses.Refused) => Close(c, CloseReasons.Refused),
        (_, ResponseStatuses.ScreenedOut) => Close(c, CloseReasons.RespondentNotEligible),
        (_, ResponseStatuses.OptOut) => Close(c, CloseReasons.OptedOut),
        _ => throw new ArgumentOutOfRangeException(nameof(e), e.Status, "Unknown response status."),
    };

    private static SurveyCase AfterCall(SurveyCase c, CaseEvent.CallReported e)
    {
        if (!c.IsOpen)
        {
            return c;
        }

        var onPhone = c.State is CaseState.PhoneQueued or CaseState.WithVendor;
        return Dispositions.Find(e.Code)?.Effect switch
        {
            CallEffect.Refused => Close(c, CloseReasons.Refused),
            CallEffect.Unable => Close(c, CloseReasons.Unable),
            CallEffect.NotEligible => Close(c, CloseReasons.RespondentNotEligible),
            CallEffect.Interview => c,
            CallEffect.Attempt => onPhone && e.Final ? Close(c, CloseReasons.Unreachable) : c,
            CallEffect.BadNumber when !onPhone => c,
            CallEffect.BadNumber => e.OtherNumber
                ? c with { State = CaseState.PhoneQueued, PhoneOn = e.Day, PhoneReason = PhoneReasons.OtherNumber }
                : Close(c, CloseReasons.Unreachable),
            _ => throw new ArgumentOutOfRangeException(nameof(e), e.Code, "Unknown disposition code."),
        };
    }

    private static SurveyCase Complete(SurveyCase c, CaseEvent.Responded e) => c with
    {
        State = CaseState.Completed,
        CloseReason = null,
        CompletedOn = e.CompletedOn,
        ResponseMode = e.Mode,
    };

    private static SurveyCase Close(SurveyCase c, string reason) => c with { State = CaseState.Closed, CloseReason = reason };

    /// <summary>Ends that not even a complete response undoes.</summary>
    private static bool IsFinal(string? reason) => reason is
        CloseReasons.Refused or CloseReasons.OptedOut or CloseReasons.TransactionCancelled or CloseReasons.Erased;

    /// <summary>A case that is queued again stands on the vendor's last list, too, until its last day of calling.</summary>
    private static bool VendorHas(SurveyCase c, CaseEvent fact) => c.State switch
    {
        CaseState.WithVendor => true,
        CaseState.PhoneQueued => c.CallUntil is not null && fact is not CaseEvent.Ended
        {
            Reason: CloseReasons.WindowClosed or CloseReasons.NoContactChannel or CloseReasons.NoResponse,
        },
        _ => false,
    };

    private static bool ToldByVendor(CaseEvent fact) => fact is CaseEvent.CallReported or CaseEvent.Responded { Mode: "phone" };
}
