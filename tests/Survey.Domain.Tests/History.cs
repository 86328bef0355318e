using System.Globalization;

namespace Survey.Domain.Tests;

/// <summary>What the world does to a case; days count from the event.</summary>
internal sealed record Happening(int Day, What What)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"day {Day}: {What}");
}

internal abstract record What
{
    public sealed record Answer(string Status, string Mode) : What;

    public sealed record Call(string Code, bool Final) : What;

    public sealed record OptOut(bool Email, bool Phone, bool All) : What;

    public sealed record Cancel : What;

    public sealed record Reactivate : What;

    public sealed record Bounce(MailContact Contact, bool Dead) : What;

    /// <summary>A newer row: with another address and other numbers, or without.</summary>
    public sealed record NewContactData(bool Email, int Phones) : What;

    public sealed record RowAgain : What;

    public sealed record OtherContact : What;

    public sealed record Erase : What;

    /// <summary>No cycle on these days; what arrives is taken by the next one.</summary>
    public sealed record Missed(int Days) : What;

    public sealed record MailServer(Smtp Answers, int Days) : What;

    /// <summary>No phone list could be written on these days.</summary>
    public sealed record NoLists(int Days) : What;
}

internal enum Smtp
{
    Accepts,
    RejectsTheAddress,
    RejectsByPolicy,
    Defers,

    /// <summary>Takes the mail, but the reply is lost: nobody knows, the case waits on.</summary>
    LosesTheReply,
}

/// <summary>A case's world from the day of the event on, and what the plan makes of it.</summary>
internal sealed record History(
    DayWindow Window, ContactRules Rules, int FirstSeen, bool Email, int Phones, IReadOnlyList<Happening> Happenings)
{
    public static readonly DateOnly EventDate = Some.EventDate;

    /// <summary>Runs the history until every deadline has passed.</summary>
    /// <param name="onlyWhenDue">True: decides only on days from <see cref="ContactPlan.NextLook"/> on, or when something arrived.</param>
    public Run Play(bool onlyWhenDue = false)
    {
        var run = new Run(this, onlyWhenDue);
        var quiet = Math.Max(FirstSeen, Happenings.Select(h => h.Day).DefaultIfEmpty(0).Max()) + 10;
        var end = Math.Max(quiet, Window.ToDay ?? Window.FromDay) + Rules.DaysFromInvitationToReminder + Rules.DaysFromReminderToPhone
            + Rules.PhoneDays + Rules.VendorGraceDays + 10;
        var from = 0;
        for (var day = 0; day <= end; day++)
        {
            if (!Is<What.Missed>(day, m => m.Days))
            {
                run.Cycle(day, Happenings.Where(h => h.Day >= from && h.Day <= day).Select(h => h.What));
                from = day + 1;
            }
        }

        return run;
    }

    public Smtp MailServerOn(int day) =>
        Happenings.LastOrDefault(h => h.What is What.MailServer m && day >= h.Day && day < h.Day + m.Days)?.What is What.MailServer found
            ? found.Answers
            : Smtp.Accepts;

    public bool HasNoListsOn(int day) => Is<What.NoLists>(day, n => n.Days);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"window {Window}, {Rules}, first seen day {FirstSeen}, email {Email}, phones {Phones}\n    {string.Join("\n    ", Happenings)}\n{string.Join('\n', Play().Log)}");

    private bool Is<T>(int day, Func<T, int> days)
        where T : What => Happenings.Any(h => h.What is T t && day >= h.Day && day < h.Day + days(t));
}

/// <summary>A fact as it was applied, with what the world looked like at that moment.</summary>
/// <param name="Vendor">The vendor had the case, by the books of the simulation.</param>
/// <param name="Silenced">Why the customer must not be contacted any more, by the books of the simulation; null: he may.</param>
internal sealed record Entry(int Day, CaseEvent Fact, SurveyCase? Before, SurveyCase After, bool Withdraw, bool Vendor, string? Silenced, Reach Reach)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"    day {Day}: {Fact.GetType().Name} -> {After.State} {After.CloseReason}{(Withdraw ? " withdraw" : "")}{(Silenced is null ? "" : $" (silenced: {Silenced})")}");
}

/// <summary>One play of a history: a pipeline without files, mail and store.</summary>
internal sealed class Run(History history, bool onlyWhenDue)
{
    private SurveyCase? current;
    private DateOnly? nextLook;
    private DateOnly today;
    private int day;
    private bool vendor;
    private string? silenced;

    private bool hasEmail = history.Email;
    private int phones = history.Phones;
    private Suppression email;
    private Suppression phone1;
    private Suppression phone2;
    private bool optedOut;
    private bool cancelled;
    private DateOnly? otherContactOn;

    public List<Entry> Log { get; } = [];

    /// <summary>The days on which a mail was given to a server, whatever became of it.</summary>
    public List<(int Day, MailContact Contact, string? Silenced, bool ByEmail)> Attempts { get; } = [];

    public SurveyCase? End => current;

    /// <summary>How often a decision was asked for.</summary>
    public int Looks { get; private set; }

    private Reach Reach => Reach.Of(
        new ContactPoints(
            hasEmail ? Some.Email : null, hasEmail ? Usability.Usable : Usability.None,
            phones > 0 ? Some.Mobile : null, phones > 1 ? Some.Landline : null),
        emailOptOut: false, phoneOptOut: false, email | (optedOut ? Suppression.All : Suppression.None), phone1, phone2);

    /// <summary>The case as the plan sees it now; only of a case that there is.</summary>
    public PlannedCase Planned => new(current!, History.EventDate, history.Window, Reach, cancelled, otherContactOn);

    /// <summary>A cycle in the pipeline's order: what came in, then decisions until nothing more is due today.</summary>
    public void Cycle(int onDay, IEnumerable<What> arrived)
    {
        day = onDay;
        today = History.EventDate.AddDays(onDay);
        var news = false;
        if (onDay == history.FirstSeen)
        {
            Open();
            news = true;
        }

        foreach (var what in arrived)
        {
            TakeIn(what);
            news = true;
        }

        if (current is not null && (!onlyWhenDue || news || today >= nextLook))
        {
            Act();
        }

        nextLook = current is null ? null : ContactPlan.NextLook(current, History.EventDate, history.Window, history.Rules, today);
    }

    private void Act()
    {
        for (var step = 0; step < 10; step++)
        {
            Looks++;
            switch (ContactPlan.Decide(Planned, history.Rules, today))
            {
                case ContactAction.Wait or ContactAction.Rest:
                    return;
                case ContactAction.Send send when Send(send.Contact):
                    break;
                case ContactAction.Send:
                    return;
                case ContactAction.QueueForPhone queue:
                    Apply(new CaseEvent.QueuedForPhone(today, queue.Reason));
                    break;
                case ContactAction.HandOver when history.HasNoListsOn(day):
                    return;
                case ContactAction.HandOver handOver:
                    Apply(new CaseEvent.HandedOver(today, handOver.CallUntil));
                    break;
                case ContactAction.Close close:
                    Apply(new CaseEvent.Ended(today, close.Reason));
                    break;
                case var other:
                    throw new InvalidOperationException($"Unknown action {other}.");
            }
        }

        throw new InvalidOperationException("The plan does not come to rest within a day.");
    }

    /// <summary>Returns whether anything was learnt.</summary>
    private bool Send(MailContact contact)
    {
        Attempts.Add((day, contact, silenced, Reach.ByEmail));
        switch (history.MailServerOn(day))
        {
            case Smtp.Accepts:
                Apply(new CaseEvent.MailAccepted(today, contact));
                return true;
            case Smtp.RejectsTheAddress:
                email |= Suppression.Dead;
                Apply(new CaseEvent.MailUndelivered(today, contact, Bounced: false, "dead"));
                return true;
            case Smtp.RejectsByPolicy:
                Apply(new CaseEvent.MailUndelivered(today, contact, Bounced: false, "policy"));
                return true;
            default:
                return false;
        }
    }

    private void TakeIn(What what)
    {
        switch (what)
        {
            case What.OtherContact:
                otherContactOn = today;
                break;
            case What.OptOut o:
                email |= o.Email ? Suppression.OptOut : Suppression.None;
                phone1 |= o.Phone ? Suppression.OptOut : Suppression.None;
                phone2 |= o.Phone ? Suppression.OptOut : Suppression.None;
                optedOut |= o.All;
                silenced ??= o.All ? "opted out" : null;
                break;
            case What.Cancel:
                cancelled = true;
                silenced ??= "cancelled";
                break;
            case What.Reactivate when current?.HasBeenContacted != true:
                cancelled = false;
                silenced = silenced == "cancelled" ? null : silenced;
                Open();
                break;
            case What.NewContactData d:
                (hasEmail, phones) = (d.Email, d.Phones);
                (email, phone1, phone2) = (Suppression.None, Suppression.None, Suppression.None);
                Open();
                break;
            case What.RowAgain:
                Open();
                break;
            default:
                TakeInFact(what);
                break;
        }
    }

    private void TakeInFact(What what)
    {
        if (current is null)
        {
            return; // unknown_case
        }

        switch (what)
        {
            case What.Answer a:
                var answer = new CaseEvent.Responded(today, a.Mode, a.Status, today);
                Silence(answer, a.Status != ResponseStatuses.Partial, $"answer {a.Status}");
                optedOut |= a.Status == ResponseStatuses.OptOut;
                break;
            case What.Call c:
                var effect = Dispositions.Find(c.Code)!.Effect;
                if (effect == CallEffect.BadNumber && phones > 0)
                {
                    (phone1, phone2) = Reach.Phone1 == Some.Mobile ? (phone1 | Suppression.Dead, phone2) : (phone1, phone2 | Suppression.Dead);
                }

                var ends = effect is CallEffect.Refused or CallEffect.Unable or CallEffect.NotEligible;
                Silence(new CaseEvent.CallReported(today, c.Code, c.Final, Reach.ByPhone), ends, $"call {c.Code}");
                break;
            case What.Bounce b when Log.Any(e => e.Fact is CaseEvent.MailAccepted m && m.Contact == b.Contact):
                email |= b.Dead ? Suppression.Dead : Suppression.None;
                Apply(new CaseEvent.MailUndelivered(today, b.Contact, Bounced: true, b.Dead ? "dead" : "full"));
                break;
            case What.Erase:
                Silence(new CaseEvent.Ended(today, CloseReasons.Erased), true, "erased");
                break;
        }
    }

    /// <summary>An answer silences an open case; one to a case that has ended for another reason is late and changes nothing.</summary>
    private void Silence(CaseEvent fact, bool silences, string why)
    {
        var wasOpen = current!.IsOpen;
        Apply(fact);
        silenced ??= silences && (wasOpen || current.State == CaseState.Completed || current.CloseReason == CloseReasons.Erased) ? why : null;
    }

    /// <summary>Screening, as far as this world has it, for a row that comes the first time or again.</summary>
    private void Open()
    {
        var passes = !cancelled && !optedOut && (Reach.ByEmail || Reach.ByPhone) && !history.Window.HasPassed(History.EventDate, today)
            && !Screening.IsResting(history.Rules.RestDays, otherContactOn, today);
        if (passes && current is not { IsOpen: true } && day >= history.FirstSeen)
        {
            Apply(new CaseEvent.Opened(today));
        }
        else if (!passes && current is { State: CaseState.Waiting, HasBeenContacted: false })
        {
            Apply(new CaseEvent.Ended(today, CloseReasons.NoContactChannel));
        }
    }

    private void Apply(CaseEvent fact)
    {
        var before = current;
        var transition = CaseTransitions.After(before, fact);
        current = transition.Case;
        Log.Add(new Entry(day, fact, before, current, transition.Withdraw, vendor, silenced, Reach));
        vendor = fact is CaseEvent.HandedOver ? true : vendor && current.State == CaseState.WithVendor;
    }
}
