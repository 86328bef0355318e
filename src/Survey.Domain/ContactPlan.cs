namespace Survey.Domain;

/// <summary>What is wanted next. Decisions are in the imperative; a case moves when the fact comes back.</summary>
public abstract record ContactAction
{
    private ContactAction()
    {
    }

    /// <summary>Nothing before a day.</summary>
    public sealed record Wait(DateOnly Until) : ContactAction;

    /// <summary>Nothing ever again.</summary>
    public sealed record Rest : ContactAction;

    /// <summary>Send a mail.</summary>
    public sealed record Send(MailContact Contact) : ContactAction;

    /// <summary>Queue the case for the phone.</summary>
    public sealed record QueueForPhone(string Reason) : ContactAction;

    /// <summary>Put the case on a phone list.</summary>
    public sealed record HandOver(DateOnly CallUntil) : ContactAction;

    /// <summary>Close the case.</summary>
    public sealed record Close(string Reason) : ContactAction;
}

/// <summary>A case with all that the plan looks at.</summary>
/// <param name="Case">Where it stands.</param>
/// <param name="EventDate">The day from which the window counts.</param>
/// <param name="Window">The days on which the customer may be contacted.</param>
/// <param name="Reach">How the customer can be reached today.</param>
/// <param name="Cancelled">The dealer took the transaction back.</param>
/// <param name="OtherContactOn">The latest first contact of the same customer for another case, if any.</param>
public readonly record struct PlannedCase(
    SurveyCase Case, DateOnly EventDate, DayWindow Window, Reach Reach, bool Cancelled, DateOnly? OtherContactOn);

/// <summary>The contact plan (programme.md): one decision per case and cycle, the first row that applies.</summary>
/// <remarks>
/// <code>
/// state               condition                                      decision
/// any open            opted out of everything                        close opted_out
/// any open            transaction cancelled                          close transaction_cancelled
/// waiting - reminded  age above the window                           close window_closed
/// waiting             age below the window                           wait
/// waiting             the customer rests from another case           close recently_contacted
/// waiting             e-mail usable, invitation not rejected         send the invitation
/// waiting             phone usable                                   queue: no_email | email_undeliverable
/// waiting             neither                                        close no_contact_channel
/// invited, reminded   last mail not delivered, or e-mail unusable    queue: email_undeliverable | email_opt_out
///                                                                    or, without a phone, close no_contact_channel
/// invited             3 days after the invitation                    send the reminder
/// reminded            4 days after the reminder                      queue: no_response, or close no_response
/// phone queued        age above the window                           close window_closed
/// phone queued        no usable phone any more                       close no_contact_channel
/// phone queued                                                       hand over until the window's last day
/// with the vendor     no number left that the customer allows        close opted_out
/// with the vendor     last day of calling + grace is over            close window_closed
/// </code>
/// Answers, refusals and call results are facts: <see cref="CaseTransitions"/> applies them as they come in. So is the no of a customer to a
/// number that the vendor has, also when he has another: it closes the case as opted_out.
/// </remarks>
public static class ContactPlan
{
    /// <summary>The decision for a case on a day.</summary>
    public static ContactAction Decide(PlannedCase p, ContactRules rules, DateOnly today) => p.Case.State switch
    {
        CaseState.Completed or CaseState.Closed => new ContactAction.Rest(),
        _ when p.Reach.OptedOut => new ContactAction.Close(CloseReasons.OptedOut),
        _ when p.Cancelled => new ContactAction.Close(CloseReasons.TransactionCancelled),
        CaseState.WithVendor => WithVendor(p, rules, today),
        _ when p.Window.HasPassed(p.EventDate, today) => new ContactAction.Close(CloseReasons.WindowClosed),
        CaseState.Waiting => Waiting(p, rules, today),
        CaseState.Invited or CaseState.Reminded when p.Case.MailFailed || !p.Reach.ByEmail => OffMail(p),
        CaseState.Invited => DueOn(p.Case.InvitedOn!.Value.AddDays(rules.DaysFromInvitationToReminder), p, today,
            new ContactAction.Send(MailContact.Reminder)),
        CaseState.Reminded => DueOn(p.Case.RemindedOn!.Value.AddDays(rules.DaysFromReminderToPhone), p, today,
            PhoneOr(p, PhoneReasons.NoResponse, CloseReasons.NoResponse)),
        CaseState.PhoneQueued => p.Reach.ByPhone
            ? new ContactAction.HandOver(CallUntil(p.Window, p.EventDate, rules, today))
            : new ContactAction.Close(CloseReasons.NoContactChannel),
        _ => throw new ArgumentOutOfRangeException(nameof(p), p.Case.State, "Unknown case state."),
    };

    /// <summary>The same for a case whose market or survey may no longer be configured: then it ends, unless the vendor has it.</summary>
    /// <param name="p">The case; its window counts for nothing where there is no policy.</param>
    /// <param name="market">Its market; null when it is no longer configured.</param>
    /// <param name="policy">Its survey's rules; null when the market no longer offers it.</param>
    /// <param name="rules">The spacing of contacts.</param>
    /// <param name="today">The market's local date.</param>
    public static ContactAction Decide(PlannedCase p, Market? market, SurveyPolicy? policy, ContactRules rules, DateOnly today) =>
        policy is null && p.Case.IsOpen && p.Case.State != CaseState.WithVendor
            ? new ContactAction.Close(market is null ? Screening.MarketNotInProgramme : Screening.SurveyNotOffered)
            : Decide(p with { Window = policy?.Window ?? new DayWindow(0, null) }, rules, today);

    /// <summary>The fact that a decision makes by itself; null for one that waits for somebody else: a mail server, or a day.</summary>
    public static CaseEvent? FactOf(ContactAction action, DateOnly today) => action switch
    {
        ContactAction.QueueForPhone a => new CaseEvent.QueuedForPhone(today, a.Reason),
        ContactAction.HandOver a => new CaseEvent.HandedOver(today, a.CallUntil),
        ContactAction.Close a => new CaseEvent.Ended(today, a.Reason),
        _ => null,
    };

    /// <summary>The rule that a fact of ours goes back to; null where somebody else made it: a customer, the vendor, a mail server.</summary>
    public static Phrase? RuleOf(CaseEvent fact) => fact switch
    {
        CaseEvent.Opened => $"screening: every rule passed",
        CaseEvent.MailAccepted { Contact: MailContact.Invitation } => $"contact plan: the invitation in the window",
        CaseEvent.MailAccepted => $"contact plan: the reminder after the invitation",
        CaseEvent.QueuedForPhone e => $"contact plan: to the phone, {e.Reason}",
        CaseEvent.HandedOver => $"contact plan: what is queued for the phone is handed over",
        CaseEvent.Ended e => $"closed by the rule {e.Reason}",
        CaseEvent.MailUndelivered or CaseEvent.Responded or CaseEvent.CallReported => null,
        _ => throw new ArgumentOutOfRangeException(nameof(fact), fact, "Unknown fact."),
    };

    /// <summary>Whether a call follows a reminder sent today, if nothing else happens: its text may announce the call only then.</summary>
    public static bool CallFollowsReminder(DayWindow window, DateOnly eventDate, Reach reach, ContactRules rules, DateOnly today) =>
        reach.ByPhone && !window.HasPassed(eventDate, today.AddDays(rules.DaysFromReminderToPhone));

    /// <summary>The last day of calling for a case handed over today: the window's last day, else <c>phoneDays</c> from now.</summary>
    public static DateOnly CallUntil(DayWindow window, DateOnly eventDate, ContactRules rules, DateOnly today) =>
        window.LastDay(eventDate) ?? today.AddDays(rules.PhoneDays);

    /// <summary>The day on which the case must be looked at again; null when somebody else moves first.</summary>
    /// <remarks>What arrives from outside (an answer, an opt-out, a bounce, a new row) is looked at when it arrives.</remarks>
    public static DateOnly? NextLook(SurveyCase c, DateOnly eventDate, DayWindow window, ContactRules rules, DateOnly today)
    {
        DateOnly? planned = c.State switch
        {
            CaseState.Completed or CaseState.Closed => null,
            CaseState.Waiting => window.Opens(eventDate),
            _ when c.MailFailed && c.State is CaseState.Invited or CaseState.Reminded => today,
            CaseState.Invited => c.InvitedOn!.Value.AddDays(rules.DaysFromInvitationToReminder),
            CaseState.Reminded => c.RemindedOn!.Value.AddDays(rules.DaysFromReminderToPhone),
            CaseState.PhoneQueued => today,
            CaseState.WithVendor => c.CallUntil!.Value.AddDays(rules.VendorGraceDays + 1),
            _ => throw new ArgumentOutOfRangeException(nameof(c), c.State, "Unknown case state."),
        };
        return planned is { } day && c.State != CaseState.WithVendor ? Earlier(day, window.LastDay(eventDate)?.AddDays(1)) : planned;
    }

    /// <summary>The same where the market or survey may no longer be configured: then an open case is looked at today.</summary>
    public static DateOnly? NextLook(SurveyCase c, DateOnly eventDate, SurveyPolicy? policy, ContactRules rules, DateOnly today) => policy is not null
        ? NextLook(c, eventDate, policy.Window, rules, today)
        : c.IsOpen ? today : null;

    private static ContactAction Waiting(PlannedCase p, ContactRules rules, DateOnly today)
    {
        if (p.Window.IsAhead(p.EventDate, today))
        {
            return new ContactAction.Wait(p.Window.Opens(p.EventDate));
        }

        if (Screening.IsResting(rules.RestDays, p.OtherContactOn, today))
        {
            return new ContactAction.Close(Screening.RecentlyContacted);
        }

        return p.Reach.ByEmail && !p.Case.MailFailed
            ? new ContactAction.Send(MailContact.Invitation)
            : PhoneOr(p, p.Case.MailFailed ? PhoneReasons.EmailUndeliverable : PhoneReasons.NoEmail, CloseReasons.NoContactChannel);
    }

    private static ContactAction OffMail(PlannedCase p) => PhoneOr(
        p,
        !p.Case.MailFailed && p.Reach.EmailState == Usability.OptedOut ? PhoneReasons.EmailOptOut : PhoneReasons.EmailUndeliverable,
        CloseReasons.NoContactChannel);

    private static ContactAction WithVendor(PlannedCase p, ContactRules rules, DateOnly today)
    {
        if (p.Reach.PhoneState == Usability.OptedOut)
        {
            return new ContactAction.Close(CloseReasons.OptedOut);
        }

        var lastReport = p.Case.CallUntil!.Value.AddDays(rules.VendorGraceDays);
        return today > lastReport ? new ContactAction.Close(CloseReasons.WindowClosed) : new ContactAction.Wait(lastReport.AddDays(1));
    }

    private static ContactAction PhoneOr(PlannedCase p, string reason, string closeReason) =>
        p.Reach.ByPhone ? new ContactAction.QueueForPhone(reason) : new ContactAction.Close(closeReason);

    private static ContactAction DueOn(DateOnly day, PlannedCase p, DateOnly today, ContactAction action) =>
        today >= day ? action : new ContactAction.Wait(Earlier(day, p.Window.LastDay(p.EventDate)?.AddDays(1)));

    private static DateOnly Earlier(DateOnly day, DateOnly? other) => other is { } o && o < day ? o : day;
}
