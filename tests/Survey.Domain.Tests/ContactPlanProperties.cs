using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Survey.Domain.Tests;

/// <summary>What must hold for every customer, whatever happens, over random histories.</summary>
/// <remarks>
/// The seed is fixed, so that a red build is red again on the next machine. To look elsewhere set the environment variable
/// PLAN_SEED to <c>random</c>; to replay a failure, to the numbers that FsCheck prints (<c>123,457</c>, or with the size
/// <c>123,457,1</c> to begin at the failing step). PLAN_HISTORIES changes how many are played.
/// </remarks>
public class ContactPlanProperties
{
    private const int Histories = 3000;

    private static readonly string[] Withdrawable =
    [
        "completed", CloseReasons.Refused, CloseReasons.OptedOut, CloseReasons.RespondentNotEligible,
        CloseReasons.TransactionCancelled, CloseReasons.WindowClosed, CloseReasons.Erased,
    ];

    [Fact]
    public void NobodyGetsMoreThanOneInvitationAndOneReminder() => ForAll(run =>
    {
        Assert.InRange(Facts<CaseEvent.MailAccepted>(run).Count(m => m.Contact == MailContact.Invitation), 0, 1);
        Assert.InRange(Facts<CaseEvent.MailAccepted>(run).Count(m => m.Contact == MailContact.Reminder), 0, 1);
    });

    [Fact]
    public void ContactsKeepTheirDistance() => ForAll((history, run) =>
    {
        var invited = Facts<CaseEvent.MailAccepted>(run).FirstOrDefault(m => m.Contact == MailContact.Invitation);
        var reminded = Facts<CaseEvent.MailAccepted>(run).FirstOrDefault(m => m.Contact == MailContact.Reminder);
        Assert.True(reminded is null || invited is not null, "a reminder of nothing");
        if (reminded is not null)
        {
            Assert.True(Days(invited!, reminded) >= history.Rules.DaysFromInvitationToReminder, "reminded too early");
        }

        // A bounce or an e-mail opt-out moves the case to the phone at once; silence does not.
        foreach (var queued in Facts<CaseEvent.QueuedForPhone>(run).Where(q => q.Reason == PhoneReasons.NoResponse))
        {
            Assert.True(reminded is not null && Days(reminded, queued) >= history.Rules.DaysFromReminderToPhone, "queued too early");
        }
    });

    [Fact]
    public void NobodyIsContactedOutsideTheWindow() => ForAll((history, run) =>
    {
        var opens = history.Window.FromDay;
        var last = history.Window.ToDay ?? int.MaxValue;
        Assert.All(run.Attempts, a => Assert.InRange(a.Day, opens, last));
        foreach (var entry in run.Log.Where(e => e.Fact is CaseEvent.MailAccepted or CaseEvent.HandedOver))
        {
            Assert.InRange(entry.Day, opens, last);
            if (entry.Fact is CaseEvent.HandedOver { CallUntil: var until })
            {
                Assert.Equal(history.Window.LastDay(History.EventDate) ?? entry.Fact.Day.AddDays(history.Rules.PhoneDays), until);
            }
        }
    });

    [Fact]
    public void NobodyIsContactedAfterAnAnswerARefusalAnOptOutOrACancellation() => ForAll(run =>
    {
        Assert.All(run.Attempts, a => Assert.Null(a.Silenced));
        Assert.All(run.Log.Where(e => e.Fact is CaseEvent.MailAccepted or CaseEvent.HandedOver), e => Assert.Null(e.Silenced));
    });

    [Fact]
    public void NobodyIsContactedOnAChannelThatIsNotUsable() => ForAll(run =>
    {
        Assert.All(run.Attempts, a => Assert.True(a.ByEmail));
        Assert.All(run.Log.Where(e => e.Fact is CaseEvent.HandedOver), e => Assert.True(e.Reach.ByPhone));
    });

    [Fact]
    public void EveryHistoryThatRunsLongEnoughEndsOnceWithAReason() => ForAll(run =>
    {
        if (run.End is not { } end)
        {
            Assert.Empty(run.Log); // never eligible
            return;
        }

        Assert.False(end.IsOpen, $"still {end.State}");
        Assert.Equal(end.State == CaseState.Closed, end.CloseReason is not null);
        Assert.Equal(end.State == CaseState.Completed, end is { CompletedOn: not null, ResponseMode: not null } && end.CloseReason is null);

        // An end is left by a late complete answer, an erasure, or by opening a case that nobody was contacted for.
        foreach (var entry in run.Log.Where(e => e.Before is { IsOpen: false } && (e.Before.State, e.Before.CloseReason) != (e.After.State, e.After.CloseReason)))
        {
            Assert.True(
                entry.Fact is CaseEvent.Ended { Reason: CloseReasons.Erased }
                || (entry.Fact is CaseEvent.Opened && !entry.Before!.HasBeenContacted)
                || (entry.Fact is CaseEvent.Responded { Status: ResponseStatuses.Complete } && entry.Before!.State == CaseState.Closed),
                $"{entry}");
        }
    });

    [Fact]
    public void ACaseIsWithdrawnExactlyWhenTheVendorHasItAndSomebodyElseEndedIt() => ForAll(run =>
    {
        foreach (var entry in run.Log)
        {
            var byVendor = entry.Fact is CaseEvent.CallReported or CaseEvent.Responded { Mode: "phone" };
            Assert.Equal(entry.Vendor && !entry.After.IsOpen && !byVendor, entry.Withdraw);
            if (entry.Withdraw)
            {
                Assert.Contains(entry.After.CloseReason ?? "completed", Withdrawable);
            }
        }
    });

    [Fact]
    public void LookingOnlyWhenDueGivesTheSameHistoryAsLookingDaily() => ForAll((history, daily) =>
    {
        var due = history.Play(onlyWhenDue: true);

        Assert.Equal(daily.Log, due.Log);
        Assert.Equal(daily.Attempts, due.Attempts);
        Assert.True(due.Looks <= daily.Looks);
    });

    /// <summary>The guard of the guards: the histories reach every state, every reason and every kind of late fact.</summary>
    [Fact]
    public void TheHistoriesReachEveryCornerOfThePlan()
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        ForAll(run =>
        {
            foreach (var entry in run.Log)
            {
                See($"state {entry.After.State}");
                See($"end {entry.After.CloseReason}");
                See($"phone {entry.After.PhoneReason}");
                See(entry.Withdraw ? $"withdrawn {entry.After.CloseReason ?? "completed"}" : "not withdrawn");
                See(entry.Fact is CaseEvent.Opened && entry.Before is { IsOpen: false } && entry.After.IsOpen ? "opened again" : "");
                See(entry.Before is { State: CaseState.Closed } && entry.After.State == CaseState.Completed ? "late" : "");
                See(entry is { Fact: CaseEvent.HandedOver, Before.PhoneOn: not null } ? "handed over again" : "");
            }
        });

        string[] corners =
        [
            .. Enum.GetNames<CaseState>().Select(s => $"state {s}"),
            "end window_closed", "end no_contact_channel", "end no_response", "end refused", "end opted_out", "end unable",
            "end unreachable", "end respondent_not_eligible", "end transaction_cancelled", "end erased", "end recently_contacted",
            "phone no_email", "phone email_undeliverable", "phone email_opt_out", "phone no_response", "phone other_number",
            .. Withdrawable.Select(r => $"withdrawn {r}"), "opened again", "late", "handed over again",
        ];
        Assert.All(corners, c => Assert.True(seen.GetValueOrDefault(c) >= 3, $"{c}: {seen.GetValueOrDefault(c)} in {Histories} histories"));

        void See(string what) => seen[what] = seen.GetValueOrDefault(what) + 1;
    }

    private static void ForAll(Action<Run> holds) => ForAll((_, run) => holds(run));

    private static void ForAll(Action<History, Run> holds)
    {
        var config = Config.QuickThrowOnFailure
            .WithMaxTest(int.Parse(Environment.GetEnvironmentVariable("PLAN_HISTORIES") ?? $"{Histories}", CultureInfo.InvariantCulture))
            .WithQuietOnSuccess(true)
            .WithReplay(Seed(Environment.GetEnvironmentVariable("PLAN_SEED") ?? "20260301,35"));
        Check.One(config, Prop.ForAll(Arb.From(AnyHistory, Smaller), history => holds(history, history.Play())));
    }

    private static FSharpOption<Replay>? Seed(string seed)
    {
        if (seed == "random")
        {
            return FSharpOption<Replay>.None;
        }

        var numbers = seed.Trim('(', ')').Split(',');
        var rnd = new Rnd(ulong.Parse(numbers[0], CultureInfo.InvariantCulture), ulong.Parse(numbers[1], CultureInfo.InvariantCulture));
        var size = numbers.Length > 2 ? FSharpOption<int>.Some(int.Parse(numbers[2], CultureInfo.InvariantCulture)) : FSharpOption<int>.None;
        return FSharpOption<Replay>.Some(new Replay(rnd, size));
    }

    private static IEnumerable<T> Facts<T>(Run run)
        where T : CaseEvent => run.Log.Select(e => e.Fact).OfType<T>();

    private static int Days(CaseEvent from, CaseEvent to) => to.Day.DayNumber - from.Day.DayNumber;

    private static readonly Gen<bool> Flag = Gen.Elements(true, false);

    private static readonly Gen<DayWindow> AnyWindow =
        from first in Gen.Choose(0, 20)
        from length in Gen.Frequency((5, Gen.Choose(0, 30)), (1, Gen.Constant(-1)))
        select new DayWindow(first, length < 0 ? null : first + length);

    private static readonly Gen<ContactRules> AnyRules =
        from reminder in Gen.Frequency((3, Gen.Constant(3)), (1, Gen.Choose(1, 7)))
        from phone in Gen.Frequency((3, Gen.Constant(4)), (1, Gen.Choose(1, 7)))
        from rest in Gen.Elements(0, 0, 1, 30)
        from grace in Gen.Choose(0, 20)
        from phoneDays in Gen.Choose(1, 40)
        select new ContactRules(reminder, phone, rest, grace, phoneDays);

    private static readonly Gen<What> AnyWhat = Gen.Frequency(
        (5, from status in Gen.Elements<string>([.. ResponseStatuses.All]) from mode in Gen.Elements("web", "phone")
            select (What)new What.Answer(status, mode)),
        (8, from code in Gen.Elements<string>([.. Dispositions.Table.Select(d => d.Code)]) from final in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
            select (What)new What.Call(code, final)),
        (3, from kind in Gen.Choose(0, 2) select (What)new What.OptOut(kind == 0, kind == 1, kind == 2)),
        (1, Gen.Constant<What>(new What.Cancel())),
        (2, Gen.Constant<What>(new What.Reactivate())),
        (3, from contact in Gen.Elements(MailContact.Invitation, MailContact.Reminder) from dead in Flag select (What)new What.Bounce(contact, dead)),
        (2, from email in Flag from phones in Gen.Choose(0, 2) select (What)new What.NewContactData(email, phones)),
        (4, Gen.Constant<What>(new What.RowAgain())),
        (2, Gen.Constant<What>(new What.OtherContact())),
        (1, Gen.Constant<What>(new What.Erase())),
        (3, from days in Gen.Choose(1, 8) select (What)new What.Missed(days)),
        (3, from answers in Gen.Elements(Enum.GetValues<Smtp>()) from days in Gen.Choose(1, 8) select (What)new What.MailServer(answers, days)),
        (1, from days in Gen.Choose(1, 8) select (What)new What.NoLists(days)));

    internal static readonly Gen<History> AnyHistory =
        from window in AnyWindow
        from rules in AnyRules
        from firstSeen in Gen.Choose(0, 15)
        from email in Gen.Frequency((3, Gen.Constant(true)), (1, Gen.Constant(false)))
        from phones in Gen.Choose(0, 2)
        from count in Gen.Choose(0, 12)
        from happenings in (from day in Gen.Choose(0, 50) from what in AnyWhat select new Happening(day, what)).ListOf(count)
        select new History(window, rules, firstSeen, email, phones, [.. happenings.OrderBy(h => h.Day)]);

    /// <summary>A failing history is told with as few happenings as it takes.</summary>
    private static IEnumerable<History> Smaller(History history)
    {
        for (var n = 0; n < history.Happenings.Count; n++)
        {
            yield return history with { Happenings = [.. history.Happenings.Where((_, i) => i != n)] };
        }

        if (history.Rules != Some.Rules)
        {
            yield return history with { Rules = Some.Rules };
        }

        if (history.Window != Some.Window)
        {
            yield return history with { Window = Some.Window };
        }

        if (history.FirstSeen > 0)
        {
            yield return history with { FirstSeen = 0 };
        }
    }
}
