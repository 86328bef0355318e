using System.Globalization;

namespace Survey.Domain.Tests;

/// <summary>One test a row of the table in programme.md. The window is day 15 to day 35: 2026-03-16 to 2026-04-05.</summary>
public class ContactPlanTests
{
    [Theory]
    [InlineData(CaseState.Completed)]
    [InlineData(CaseState.Closed)]
    public void AnEndedCaseRestsWhateverElseHolds(CaseState state)
    {
        var p = Some.Planned with { Case = Some.CaseIn(state), Cancelled = true, Reach = Some.Nowhere with { OptedOut = true } };

        Assert.Equal("Rest", Decide(p, "2026-03-20"));
    }

    [Theory]
    [InlineData(CaseState.Waiting)]
    [InlineData(CaseState.Invited)]
    [InlineData(CaseState.Reminded)]
    [InlineData(CaseState.PhoneQueued)]
    [InlineData(CaseState.WithVendor)]
    public void AnOpenCaseClosesOnAnOptOutOrACancellationOnAnyDay(CaseState state)
    {
        var p = Some.Planned with { Case = Some.CaseIn(state) };
        var optedOut = p with { Reach = Some.Reach with { OptedOut = true } };

        foreach (var day in (string[])["2026-03-01", "2026-03-16", "2026-04-05", "2026-04-06", "2026-06-01"])
        {
            Assert.Equal("Close opted_out", Decide(optedOut, day));
            Assert.Equal("Close transaction_cancelled", Decide(p with { Cancelled = true }, day));
            Assert.Equal("Close opted_out", Decide(optedOut with { Cancelled = true }, day));
        }
    }

    [Theory]
    [InlineData(CaseState.Waiting)]
    [InlineData(CaseState.Invited)]
    [InlineData(CaseState.Reminded)]
    [InlineData(CaseState.PhoneQueued)]
    public void AboveTheWindowACaseThatIsNotWithTheVendorCloses(CaseState state)
    {
        var p = Some.Planned with { Case = Some.CaseIn(state) };

        Assert.NotEqual("Close window_closed", Decide(p, "2026-04-05")); // day 35
        Assert.Equal("Close window_closed", Decide(p, "2026-04-06"));
        Assert.Equal("Close window_closed", Decide(p with { Reach = Some.Nowhere }, "2026-04-06"));
        Assert.Equal("Close window_closed", Decide(p with { Case = p.Case with { MailFailed = true } }, "2026-04-06"));
    }

    [Theory]
    [InlineData("2026-03-01", "Wait 2026-03-16")]
    [InlineData("2026-03-15", "Wait 2026-03-16")]
    [InlineData("2026-03-16", "Send Invitation")] // day 15
    [InlineData("2026-03-17", "Send Invitation")] // the cycle of day 15 was missed
    [InlineData("2026-04-05", "Send Invitation")] // day 35
    [InlineData("2026-04-06", "Close window_closed")]
    public void AWaitingCaseIsInvitedWithinTheWindow(string today, string expected) => Assert.Equal(expected, Decide(Some.Planned, today));

    [Fact]
    public void AWindowWithoutLimitsInvitesOnTheDayOfTheEventAndYearsLater()
    {
        var p = Some.Planned with { Window = new DayWindow(0, null) };

        Assert.Equal("Send Invitation", Decide(p, "2026-03-01"));
        Assert.Equal("Send Invitation", Decide(p, "2030-03-01"));
    }

    [Theory]
    [InlineData("2026-03-20", true)]
    [InlineData("2026-04-01", true)] // four days later is day 35
    [InlineData("2026-04-02", false)]
    public void ACallFollowsAReminderExactlyWhenThePlanWouldMakeIt(string reminded, bool follows)
    {
        var day = Some.Day(reminded);
        foreach (var reach in (Reach[])[Some.Reach, Some.Reach with { Phone1 = null, Phone2 = null, PhoneState = Usability.OptedOut }])
        {
            var p = Some.Planned with { Case = Some.CaseIn(CaseState.Reminded) with { RemindedOn = day }, Reach = reach };
            var announced = ContactPlan.CallFollowsReminder(p.Window, p.EventDate, reach, Some.Rules, day);

            Assert.Equal(follows && reach.ByPhone, announced);
            Assert.Equal(announced, Decide(p, $"{day.AddDays(4):yyyy-MM-dd}") == "QueueForPhone no_response");
        }
    }

    [Theory]
    [InlineData("2026-03-15", "Wait 2026-03-16")] // nobody is queued before the window either
    [InlineData("2026-03-16", "QueueForPhone no_email")]
    [InlineData("2026-04-05", "QueueForPhone no_email")]
    [InlineData("2026-04-06", "Close window_closed")]
    public void AWaitingCaseWithoutEmailGoesToThePhone(string today, string expected) =>
        Assert.Equal(expected, Decide(Some.Planned with { Reach = Some.NoEmail }, today));

    [Fact]
    public void ARejectedInvitationSendsTheCaseToThePhone()
    {
        var rejected = Some.Planned with { Case = Some.Waiting with { MailFailed = true } };

        Assert.Equal("QueueForPhone email_undeliverable", Decide(rejected, "2026-03-16")); // though the address itself may still be usable
        Assert.Equal("QueueForPhone email_undeliverable", Decide(rejected with { Reach = Some.NoEmail }, "2026-03-16"));
        Assert.Equal("Close no_contact_channel", Decide(rejected with { Reach = Some.NoPhone }, "2026-03-16"));
    }

    [Theory]
    [InlineData("2026-03-15", "Wait 2026-03-16")] // contact data may still come
    [InlineData("2026-03-16", "Close no_contact_channel")]
    public void AWaitingCaseWithNeitherCloses(string today, string expected) =>
        Assert.Equal(expected, Decide(Some.Planned with { Reach = Some.Nowhere }, today));

    [Theory]
    [InlineData("2026-03-15", "2026-03-14", "Wait 2026-03-16")] // checked right before the first contact, not earlier
    [InlineData("2026-03-16", "2026-02-14", "Send Invitation")] // 30 days ago
    [InlineData("2026-03-16", "2026-02-15", "Close recently_contacted")] // 29
    [InlineData("2026-03-16", "2026-03-16", "Close recently_contacted")]
    public void ARestingCustomerIsNotContacted(string today, string otherContactOn, string expected)
    {
        var p = Some.Planned with { OtherContactOn = Some.Day(otherContactOn) };

        Assert.Equal(expected, Decide(p, today, Some.Rules with { RestDays = 30 }));
        Assert.StartsWith("Close recently_contacted", Decide(p with { Reach = Some.NoEmail, OtherContactOn = Some.Today }, "2026-03-20", Some.Rules with { RestDays = 1 }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CaseState.Invited)]
    [InlineData(CaseState.Reminded)]
    [InlineData(CaseState.PhoneQueued)]
    [InlineData(CaseState.WithVendor)]
    public void ACaseThatWasContactedFinishesWhateverOtherCasesDo(CaseState state)
    {
        var p = Some.Planned with { Case = Some.CaseIn(state), OtherContactOn = Some.Today };

        Assert.DoesNotContain("recently", Decide(p, "2026-03-23", Some.Rules with { RestDays = 90 }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CaseState.Invited, "2026-03-16")] // invited that day: a bounce is answered at once
    [InlineData(CaseState.Invited, "2026-03-19")] // the reminder would be due: it is not sent
    [InlineData(CaseState.Invited, "2026-04-05")]
    [InlineData(CaseState.Reminded, "2026-03-19")]
    [InlineData(CaseState.Reminded, "2026-03-23")]
    public void AMailThatWasNotDeliveredSendsTheCaseToThePhone(CaseState state, string today)
    {
        var p = Some.Planned with { Case = Some.CaseIn(state) with { MailFailed = true } };

        Assert.Equal("QueueForPhone email_undeliverable", Decide(p, today));
        Assert.Equal("Close no_contact_channel", Decide(p with { Reach = Some.NoPhone }, today));
    }

    [Theory]
    [InlineData(Usability.OptedOut, "email_opt_out")]
    [InlineData(Usability.Dead, "email_undeliverable")]
    [InlineData(Usability.None, "email_undeliverable")] // new contact data without an address
    [InlineData(Usability.Placeholder, "email_undeliverable")]
    public void AnAddressThatIsNoLongerUsableSendsTheCaseToThePhone(Usability email, string reason)
    {
        foreach (var c in (SurveyCase[])[Some.Invited, Some.Reminded])
        {
            var p = Some.Planned with { Case = c, Reach = Some.NoEmail with { EmailState = email } };

            Assert.Equal($"QueueForPhone {reason}", Decide(p, "2026-03-19"));
            Assert.Equal("Close no_contact_channel", Decide(p with { Reach = Some.Nowhere with { EmailState = email } }, "2026-03-19"));
        }
    }

    [Theory]
    [InlineData("2026-03-16", "Wait 2026-03-19")]
    [InlineData("2026-03-18", "Wait 2026-03-19")]
    [InlineData("2026-03-19", "Send Reminder")] // invited on + 3
    [InlineData("2026-03-20", "Send Reminder")]
    [InlineData("2026-03-30", "Send Reminder")] // cycles were missed: what is due, once
    [InlineData("2026-04-05", "Send Reminder")]
    [InlineData("2026-04-06", "Close window_closed")]
    public void AnInvitedCaseIsRemindedAfterThreeDays(string today, string expected)
    {
        Assert.Equal(expected, Decide(Some.Planned with { Case = Some.Invited }, today));
        Assert.Equal(expected, Decide(Some.Planned with { Case = Some.Invited, Reach = Some.NoPhone }, today));
    }

    [Theory]
    [InlineData("2026-03-19", "Wait 2026-03-23")]
    [InlineData("2026-03-22", "Wait 2026-03-23")]
    [InlineData("2026-03-23", "QueueForPhone no_response")] // reminded on + 4
    [InlineData("2026-03-24", "QueueForPhone no_response")]
    [InlineData("2026-04-05", "QueueForPhone no_response")]
    [InlineData("2026-04-06", "Close window_closed")]
    public void ARemindedCaseGoesToThePhoneAfterFourDays(string today, string expected) =>
        Assert.Equal(expected, Decide(Some.Planned with { Case = Some.Reminded }, today));

    [Theory]
    [InlineData("2026-03-22", "Wait 2026-03-23")] // an answer may still come
    [InlineData("2026-03-23", "Close no_response")]
    public void ARemindedCaseWithoutPhoneClosesAfterFourDays(string today, string expected) =>
        Assert.Equal(expected, Decide(Some.Planned with { Case = Some.Reminded, Reach = Some.NoPhone }, today));

    [Fact]
    public void TheSpacingIsHeadOfficesToChange()
    {
        var rules = Some.Rules with { DaysFromInvitationToReminder = 5, DaysFromReminderToPhone = 1 };

        Assert.Equal("Wait 2026-03-21", Decide(Some.Planned with { Case = Some.Invited }, "2026-03-20", rules));
        Assert.Equal("Send Reminder", Decide(Some.Planned with { Case = Some.Invited }, "2026-03-21", rules));
        Assert.Equal("Wait 2026-03-20", Decide(Some.Planned with { Case = Some.Reminded }, "2026-03-19", rules));
        Assert.Equal("QueueForPhone no_response", Decide(Some.Planned with { Case = Some.Reminded }, "2026-03-20", rules));
    }

    [Theory]
    [InlineData("2026-04-01", "Wait 2026-04-04")] // before the window's end
    [InlineData("2026-04-02", "Wait 2026-04-05")]
    [InlineData("2026-04-03", "Wait 2026-04-06")] // the reminder would be due the day after the window: no reminder, a close
    [InlineData("2026-04-04", "Wait 2026-04-06")]
    [InlineData("2026-04-05", "Wait 2026-04-06")]
    public void ACaseInvitedLateIsLookedAtWhenItsWindowIsOver(string invitedOn, string expected) =>
        Assert.Equal(expected, Decide(Some.Planned with { Case = Some.Invited with { InvitedOn = Some.Day(invitedOn) } }, invitedOn));

    [Theory]
    [InlineData("2026-03-23", "HandOver 2026-04-05")] // until the window's last day
    [InlineData("2026-04-05", "HandOver 2026-04-05")] // even if that is today
    [InlineData("2026-04-06", "Close window_closed")]
    public void AQueuedCaseIsHandedOverUntilTheWindowsLastDay(string today, string expected) =>
        Assert.Equal(expected, Decide(Some.Planned with { Case = Some.PhoneQueued }, today));

    [Fact]
    public void WithoutAWindowsEndTheVendorHasThePhoneDays() => Assert.Equal(
        "HandOver 2026-04-22",
        Decide(Some.Planned with { Case = Some.PhoneQueued, Window = new DayWindow(0, null) }, "2026-03-23"));

    [Fact]
    public void AQueuedCaseWhoseNumberWentCloses() => Assert.Equal(
        "Close no_contact_channel",
        Decide(Some.Planned with { Case = Some.PhoneQueued, Reach = Some.NoPhone }, "2026-03-23"));

    [Theory]
    [InlineData("2026-03-24", "Wait 2026-04-20")]
    [InlineData("2026-04-05", "Wait 2026-04-20")]
    [InlineData("2026-04-06", "Wait 2026-04-20")] // the window is over: reports may come for 14 days
    [InlineData("2026-04-19", "Wait 2026-04-20")] // last day of calling + 14
    [InlineData("2026-04-20", "Close window_closed")]
    [InlineData("2026-05-20", "Close window_closed")]
    public void ACaseWithTheVendorClosesWhenItsGraceIsOver(string today, string expected) =>
        Assert.Equal(expected, Decide(Some.Planned with { Case = Some.WithVendor }, today));

    [Theory]
    [InlineData("2026-05-06", "Wait 2026-05-07")]
    [InlineData("2026-05-07", "Close window_closed")]
    public void WithoutAWindowsEndTheGraceRunsFromTheLastDayOfCalling(string today, string expected)
    {
        var c = Some.WithVendor with { CallUntil = Some.Day("2026-04-22") };

        Assert.Equal(expected, Decide(Some.Planned with { Case = c, Window = new DayWindow(0, null) }, today));
    }

    [Theory]
    [InlineData(Usability.OptedOut, "Close opted_out")] // "no one who already answered or opted out"
    [InlineData(Usability.Dead, "Wait 2026-04-20")] // the vendor's report decides
    [InlineData(Usability.None, "Wait 2026-04-20")]
    public void TheVendorKeepsACaseUnlessTheCustomerWantsNoCalls(Usability phone, string expected) => Assert.Equal(
        expected,
        Decide(Some.Planned with { Case = Some.WithVendor, Reach = Some.NoPhone with { PhoneState = phone } }, "2026-03-24"));

    /// <summary>The plan's day to look again is the first on which it does something, and a look on a day before it waits.</summary>
    [Theory]
    [InlineData(CaseState.Waiting, "2026-03-10", "2026-03-16")]
    [InlineData(CaseState.Invited, "2026-03-16", "2026-03-19")]
    [InlineData(CaseState.Reminded, "2026-03-19", "2026-03-23")]
    [InlineData(CaseState.PhoneQueued, "2026-03-23", "2026-03-23")]
    [InlineData(CaseState.WithVendor, "2026-03-24", "2026-04-20")]
    [InlineData(CaseState.Completed, "2026-03-24", null)]
    [InlineData(CaseState.Closed, "2026-03-24", null)]
    public void TheNextLookIsTheDayOnWhichSomethingIsDue(CaseState state, string today, string? expected)
    {
        var c = Some.CaseIn(state);

        var next = ContactPlan.NextLook(c, Some.EventDate, Some.Window, Some.Rules, Some.Day(today));

        Assert.Equal(Some.DayOrNone(expected), next);
        if (next is { } day)
        {
            var p = Some.Planned with { Case = c };
            Assert.False(ContactPlan.Decide(p, Some.Rules, day) is ContactAction.Wait or ContactAction.Rest);
            for (var d = Some.Day(today); d < day; d = d.AddDays(1))
            {
                Assert.IsType<ContactAction.Wait>(ContactPlan.Decide(p, Some.Rules, d));
            }
        }
    }

    [Theory]
    [InlineData(CaseState.Invited)]
    [InlineData(CaseState.Reminded)]
    public void AMailThatCameBackIsLookedAtToday(CaseState state) => Assert.Equal(
        Some.Today, ContactPlan.NextLook(Some.CaseIn(state) with { MailFailed = true }, Some.EventDate, Some.Window, Some.Rules, Some.Today));

    public static TheoryData<CaseEvent, string?> Facts => new()
    {
        { new CaseEvent.Opened(Some.Today), "screening: every rule passed" },
        { new CaseEvent.MailAccepted(Some.Today, MailContact.Invitation), "contact plan: the invitation in the window" },
        { new CaseEvent.MailAccepted(Some.Today, MailContact.Reminder), "contact plan: the reminder after the invitation" },
        { new CaseEvent.QueuedForPhone(Some.Today, PhoneReasons.NoEmail), "contact plan: to the phone, no_email" },
        { new CaseEvent.HandedOver(Some.Today, Some.Today), "contact plan: what is queued for the phone is handed over" },
        { new CaseEvent.Ended(Some.Today, CloseReasons.WindowClosed), "closed by the rule window_closed" },
        { new CaseEvent.MailUndelivered(Some.Today, MailContact.Invitation, true, "dead"), null },
        { new CaseEvent.Responded(Some.Today, "web", ResponseStatuses.Complete, Some.Today), null },
        { new CaseEvent.CallReported(Some.Today, "2.20", false, false), null },
    };

    [Theory]
    [MemberData(nameof(Facts))]
    public void EveryDecisionOnRecordHasItsRuleAndWhatOthersDidHasNone(CaseEvent fact, string? rule) => Assert.Equal(rule, ContactPlan.RuleOf(fact)?.ToString());

    private static string Decide(PlannedCase p, string today) => Decide(p, today, Some.Rules);

    private static string Decide(PlannedCase p, string today, ContactRules rules) => ContactPlan.Decide(p, rules, Some.Day(today)) switch
    {
        ContactAction.Wait w => $"Wait {w.Until.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}",
        ContactAction.Rest => "Rest",
        ContactAction.Send s => $"Send {s.Contact}",
        ContactAction.QueueForPhone q => $"QueueForPhone {q.Reason}",
        ContactAction.HandOver h => $"HandOver {h.CallUntil.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}",
        ContactAction.Close c => $"Close {c.Reason}",
        var other => throw new InvalidOperationException($"Unknown action {other}."),
    };
}
