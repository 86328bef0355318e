namespace Survey.Domain.Tests;

public class CaseTransitionsTests
{
    private static readonly SurveyCase[] EveryCase =
    [
        .. Enum.GetValues<CaseState>().Select(Some.CaseIn), Some.ClosedUncontacted, Some.Waiting with { MailFailed = true },
        .. new[]
        {
            CloseReasons.Refused, CloseReasons.OptedOut, CloseReasons.TransactionCancelled, CloseReasons.Erased, CloseReasons.NoResponse,
            CloseReasons.Unable, CloseReasons.Unreachable, CloseReasons.RespondentNotEligible, Screening.RecentlyContacted,
        }.Select(Some.ClosedFor),
    ];

    /// <summary>Total: late, doubled and impossible facts have an answer, and the answer is a sound case.</summary>
    [Fact]
    public void EveryFactHasAnAnswerInEveryState()
    {
        foreach (var before in EveryCase)
        {
            foreach (var (words, fact) in Facts.All)
            {
                var after = CaseTransitions.After(before, fact).Case;

                Assert.True(after.State == CaseState.Closed == (after.CloseReason is not null), $"{before} {words} {after}");
                Assert.True(after.State != CaseState.Completed || (after.CompletedOn, after.ResponseMode) is ({ }, { }), $"{before} {words} {after}");
                Assert.True(after.State != CaseState.Invited || after.InvitedOn is not null, $"{before} {words} {after}");
                Assert.True(after.State != CaseState.Reminded || after.RemindedOn is not null, $"{before} {words} {after}");
                Assert.True(after.State != CaseState.WithVendor || (after.PhoneOn, after.CallUntil) is ({ }, { }), $"{before} {words} {after}");
            }
        }
    }

    [Fact]
    public void EveryDispositionHasAnAnswerInEveryState()
    {
        foreach (var before in EveryCase)
        {
            foreach (var code in Dispositions.Table.Select(d => d.Code))
            {
                foreach (var (final, other) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
                {
                    var transition = CaseTransitions.After(before, Facts.Called(code, final, other));

                    Assert.False(transition.Withdraw, "What the vendor itself reported is not withdrawn from it.");
                    Assert.True(before.IsOpen || transition.Case == before, "A report about a case that has ended changes nothing.");
                }
            }
        }
    }

    /// <summary>The same fact twice does no harm: files come again.</summary>
    [Fact]
    public void TheSameFactTwiceIsTheSameFactOnce()
    {
        foreach (var before in EveryCase)
        {
            foreach (var (words, fact) in Facts.All)
            {
                var once = CaseTransitions.After(before, fact).Case;
                var twice = CaseTransitions.After(once, fact);

                Assert.True(once == twice.Case && !twice.Withdraw, $"{before} {words}");
            }
        }
    }

    [Fact]
    public void EveryKindOfFactIsAmongThoseTested()
    {
        var kinds = typeof(CaseEvent).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(CaseEvent))).Select(t => t.Name);

        Assert.Equal(kinds.Order(StringComparer.Ordinal), Facts.All.Select(f => f.Fact.GetType().Name).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ACaseBeginsWithItsOpening()
    {
        Assert.Equal(Some.Waiting, CaseTransitions.After(null, new CaseEvent.Opened(Facts.Day)).Case);
        Assert.All(
            Facts.All.Where(f => f.Fact is not CaseEvent.Opened),
            f => Assert.Throws<ArgumentException>(() => CaseTransitions.After(null, f.Fact)));
    }

    [Theory]
    [InlineData("no_contact_channel", true)] // "one that failed can pass"
    [InlineData("transaction_cancelled", true)]
    [InlineData("recently_contacted", true)]
    [InlineData("customer_type_excluded", true)]
    [InlineData("opted_out", true)] // an opt-out flag that the dealer took back; what the list holds fails screening again
    [InlineData("refused", false)]  // "An answer at any time, in either mode, ends all further contact"
    [InlineData("respondent_not_eligible", false)]
    [InlineData("unable", false)]
    [InlineData("erased", false)]
    public void ACaseClosedBeforeAnyContactOpensAgainUnlessAPersonEndedIt(string reason, bool opens)
    {
        var closed = Some.ClosedUncontacted with { CloseReason = reason };

        Assert.Equal(opens ? Some.Waiting : closed, After(closed, new CaseEvent.Opened(Facts.Day)));
    }

    [Fact]
    public void ACaseThatWasContactedNeverOpensAgain()
    {
        SurveyCase[] contacted =
        [
            Some.Closed, Some.Completed, Some.ClosedUncontacted with { MailFailed = true },
            Some.ClosedUncontacted with { InvitedOn = Some.Today }, Some.ClosedUncontacted with { PhoneOn = Some.Today, CallUntil = Facts.CallUntil },
        ];

        Assert.All(contacted, c => Assert.Equal(c, After(c, new CaseEvent.Opened(Facts.Day))));
    }

    [Fact]
    public void AnAcceptedMailIsDatedByItsAcceptance()
    {
        Assert.Equal(
            Some.Waiting with { State = CaseState.Invited, InvitedOn = Facts.Day },
            After(Some.Waiting, Facts.Accepted(MailContact.Invitation)));
        Assert.Equal(
            Some.Invited with { State = CaseState.Reminded, RemindedOn = Facts.Day },
            After(Some.Invited, Facts.Accepted(MailContact.Reminder)));
    }

    [Theory]
    [InlineData(CaseState.Completed)]
    [InlineData(CaseState.Closed)]
    public void AnEndThatOvertookAMailStays(CaseState state)
    {
        var ended = Some.CaseIn(state) with { InvitedOn = null };

        Assert.Equal(ended with { InvitedOn = Facts.Day }, After(ended, Facts.Accepted(MailContact.Invitation)));
    }

    [Fact]
    public void OnlyTheLastMailCounts()
    {
        Assert.True(After(Some.Waiting, Facts.Undelivered(MailContact.Invitation)).MailFailed);
        Assert.True(After(Some.Invited, Facts.Undelivered(MailContact.Invitation)).MailFailed);
        Assert.True(After(Some.Invited, Facts.Undelivered(MailContact.Reminder)).MailFailed); // rejected while sending
        Assert.True(After(Some.Reminded, Facts.Undelivered(MailContact.Reminder)).MailFailed);
        Assert.Equal(Some.Reminded, After(Some.Reminded, Facts.Undelivered(MailContact.Invitation))); // a late bounce
        Assert.Equal(CaseState.Invited, After(Some.Invited, Facts.Undelivered(MailContact.Reminder)).State);
    }

    [Theory]
    [InlineData(CaseState.Waiting)]
    [InlineData(CaseState.Invited)]
    [InlineData(CaseState.Reminded)]
    public void AQueuedCaseKeepsItsReason(CaseState state)
    {
        var queued = After(Some.CaseIn(state), new CaseEvent.QueuedForPhone(Facts.Day, PhoneReasons.EmailOptOut));

        Assert.Equal((CaseState.PhoneQueued, PhoneReasons.EmailOptOut, Facts.Day), (queued.State, queued.PhoneReason, queued.PhoneOn));
    }

    [Fact]
    public void ARepeatedHandOverIsTheLatest()
    {
        var again = After(
            After(Some.WithVendor, Facts.Called("4.32", other: true)), new CaseEvent.HandedOver(Facts.Day, Facts.CallUntil));

        Assert.Equal((CaseState.WithVendor, PhoneReasons.OtherNumber, Facts.Day), (again.State, again.PhoneReason, again.PhoneOn));
    }

    [Theory]
    [InlineData(CaseState.Waiting)]
    [InlineData(CaseState.Invited)]
    [InlineData(CaseState.Reminded)]
    [InlineData(CaseState.PhoneQueued)]
    [InlineData(CaseState.WithVendor)]
    public void AnyOpenCaseIsEndedByAnAnswer(CaseState state)
    {
        var c = Some.CaseIn(state);

        var completed = After(c, Facts.Responded(ResponseStatuses.Complete));
        Assert.Equal((CaseState.Completed, null, Facts.Day.AddDays(-1), "web"), (completed.State, completed.CloseReason, completed.CompletedOn, completed.ResponseMode));
        Assert.Equal("phone", After(c, Facts.Responded(ResponseStatuses.Complete, "phone")).ResponseMode);
        Assert.Equal(CloseReasons.Refused, After(c, Facts.Responded(ResponseStatuses.Refused)).CloseReason);
        Assert.Equal(CloseReasons.RespondentNotEligible, After(c, Facts.Responded(ResponseStatuses.ScreenedOut)).CloseReason);
        Assert.Equal(CloseReasons.OptedOut, After(c, Facts.Responded(ResponseStatuses.OptOut)).CloseReason);
        Assert.Equal(c, After(c, Facts.Responded(ResponseStatuses.Partial))); // "kept and changes no contact"
    }

    [Theory]
    [InlineData("window_closed", true)]
    [InlineData("no_response", true)]
    [InlineData("no_contact_channel", true)]
    [InlineData("unable", true)]
    [InlineData("unreachable", true)]
    [InlineData("respondent_not_eligible", true)]
    [InlineData("recently_contacted", true)]
    [InlineData("refused", false)]
    [InlineData("opted_out", false)]
    [InlineData("transaction_cancelled", false)]
    [InlineData("erased", false)]
    public void ALateCompleteResponseCompletesUnlessRefusedOptedOutOrCancelled(string reason, bool completes)
    {
        var closed = Some.ClosedFor(reason);

        var transition = CaseTransitions.After(closed, Facts.Responded(ResponseStatuses.Complete));

        Assert.Equal(completes ? CaseState.Completed : CaseState.Closed, transition.Case.State);
        Assert.Equal(completes ? null : reason, transition.Case.CloseReason);
        Assert.False(transition.Withdraw); // it was withdrawn, or reported, when it closed
    }

    [Theory]
    [InlineData("partial")]
    [InlineData("refused")]
    [InlineData("screened_out")]
    [InlineData("opt_out")]
    public void AnyOtherLateResponseChangesNothing(string status)
    {
        Assert.Equal(Some.Closed, After(Some.Closed, Facts.Responded(status)));
        Assert.Equal(Some.Completed, After(Some.Completed, Facts.Responded(status)));
    }

    [Fact]
    public void TheFirstCompleteResponseCounts() =>
        Assert.Equal(Some.Completed, After(Some.Completed, Facts.Responded(ResponseStatuses.Complete, "phone")));

    [Theory]
    [InlineData("1.1", null)] // the answers come in a response file
    [InlineData("1.2", null)]
    [InlineData("2.11", "refused")]
    [InlineData("2.111", "refused")]
    [InlineData("2.112", "refused")]
    [InlineData("2.12", null)]
    [InlineData("2.20", null)]
    [InlineData("2.21", null)]
    [InlineData("2.22", null)]
    [InlineData("2.31", "unable")]
    [InlineData("2.32", "unable")]
    [InlineData("2.33", "unable")]
    [InlineData("2.36", null)]
    [InlineData("3.11", null)]
    [InlineData("3.12", null)]
    [InlineData("3.13", null)]
    [InlineData("3.14", null)]
    [InlineData("3.16", null)]
    [InlineData("4.20", "unreachable")] // no other number is left
    [InlineData("4.31", "unreachable")]
    [InlineData("4.32", "unreachable")]
    [InlineData("4.33", "unreachable")]
    [InlineData("4.41", "unreachable")]
    [InlineData("4.70", "respondent_not_eligible")]
    [InlineData("9.1", null)]
    public void ADispositionDoesWhatTheContractSays(string code, string? closes)
    {
        var after = After(Some.WithVendor, Facts.Called(code));

        Assert.Equal(closes, after.CloseReason);
        Assert.Equal(closes is null ? CaseState.WithVendor : CaseState.Closed, after.State);
    }

    [Theory]
    [InlineData("1.1", null)] // "final means nothing beside 1.1 and the codes that close"
    [InlineData("1.2", "unreachable")]
    [InlineData("2.12", "unreachable")]
    [InlineData("2.20", "unreachable")]
    [InlineData("2.36", "unreachable")]
    [InlineData("3.13", "unreachable")]
    [InlineData("9.1", "unreachable")]
    [InlineData("2.11", "refused")]
    [InlineData("2.33", "unable")]
    [InlineData("4.70", "respondent_not_eligible")]
    public void AFinalAttemptClosesUnreachable(string code, string? closes) =>
        Assert.Equal(closes, After(Some.WithVendor, Facts.Called(code, final: true)).CloseReason);

    [Theory]
    [InlineData("4.20")]
    [InlineData("4.31")]
    [InlineData("4.32")]
    [InlineData("4.33")]
    [InlineData("4.41")]
    public void ABadNumberQueuesTheCaseAgainWhenAnotherIsLeft(string code) => Assert.Equal(
        Some.WithVendor with { State = CaseState.PhoneQueued, PhoneOn = Facts.Day, PhoneReason = PhoneReasons.OtherNumber },
        After(Some.WithVendor, Facts.Called(code, other: true)));

    [Fact]
    public void ASecondBadNumberOfTheSameFileIsAnsweredInTheQueue() =>
        Assert.Equal(CloseReasons.Unreachable, After(Some.PhoneQueued, Facts.Called("4.32")).CloseReason);

    [Theory]
    [InlineData(CaseState.Waiting)]
    [InlineData(CaseState.Invited)]
    [InlineData(CaseState.Reminded)]
    public void AnAttemptAtACaseThatIsNotAtThePhoneChangesNothing(CaseState state)
    {
        var c = Some.CaseIn(state);

        Assert.Equal(c, After(c, Facts.Called("3.13", final: true)));
        Assert.Equal(c, After(c, Facts.Called("4.32")));
        Assert.Equal(CloseReasons.Refused, After(c, Facts.Called("2.112")).CloseReason); // a no is a no, however early
    }

    [Fact]
    public void AnUnknownCodeIsAFaultOfTheProgrammeNotAFact() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => CaseTransitions.After(Some.WithVendor, Facts.Called("7.77")));

    [Fact]
    public void AnErasureEndsEveryCaseWhateverEndedItBefore() =>
        Assert.All(EveryCase, c => Assert.Equal((CaseState.Closed, CloseReasons.Erased), (After(c, Facts.Ended(CloseReasons.Erased)).State, After(c, Facts.Ended(CloseReasons.Erased)).CloseReason)));

    [Theory]
    [InlineData("window_closed")]
    [InlineData("opted_out")]
    [InlineData("transaction_cancelled")]
    public void AnEndReachesOpenCasesOnly(string reason)
    {
        Assert.Equal(reason, After(Some.Invited, Facts.Ended(reason)).CloseReason);
        Assert.Equal(Some.Completed, After(Some.Completed, Facts.Ended(reason)));
        Assert.Equal(Some.ClosedFor(CloseReasons.Refused), After(Some.ClosedFor(CloseReasons.Refused), Facts.Ended(reason)));
    }

    [Theory]
    [InlineData("complete", "web", true)]
    [InlineData("complete", "phone", false)] // what the vendor itself reported is not withdrawn
    [InlineData("refused", "web", true)]
    [InlineData("refused", "phone", false)]
    [InlineData("screened_out", "web", true)]
    [InlineData("screened_out", "phone", false)]
    [InlineData("opt_out", "web", true)]
    [InlineData("opt_out", "phone", false)]
    [InlineData("partial", "web", false)]
    [InlineData("partial", "phone", false)]
    public void AWebAnswerWithdrawsTheCaseFromTheVendorAndAPhoneAnswerDoesNot(string status, string mode, bool withdrawn)
    {
        Assert.Equal(withdrawn, CaseTransitions.After(Some.WithVendor, Facts.Responded(status, mode)).Withdraw);
        Assert.False(CaseTransitions.After(Some.PhoneQueued, Facts.Responded(status, mode)).Withdraw); // the vendor does not have it yet
    }

    [Theory]
    [InlineData("opted_out")]
    [InlineData("transaction_cancelled")]
    [InlineData("window_closed")]
    [InlineData("erased")]
    public void WhatWeEndWhileTheVendorHasItIsWithdrawn(string reason)
    {
        Assert.True(CaseTransitions.After(Some.WithVendor, Facts.Ended(reason)).Withdraw);
        Assert.False(CaseTransitions.After(Some.PhoneQueued, Facts.Ended(reason)).Withdraw);
        Assert.False(CaseTransitions.After(Some.Closed, Facts.Ended(reason)).Withdraw);
    }

    private static SurveyCase After(SurveyCase before, CaseEvent fact) => CaseTransitions.After(before, fact).Case;

    /// <summary>The vendor has the list on which the case stood, whatever it reported of one number.</summary>
    [Theory]
    [InlineData(CloseReasons.OptedOut, true)]
    [InlineData(CloseReasons.TransactionCancelled, true)]
    [InlineData(CloseReasons.Erased, true)]
    [InlineData(CloseReasons.WindowClosed, false)]
    [InlineData(CloseReasons.NoContactChannel, false)]
    public void ACaseThatIsQueuedAgainIsWithdrawn(string reason, bool withdrawn)
    {
        var again = Some.CaseIn(CaseState.WithVendor) with { State = CaseState.PhoneQueued, PhoneReason = PhoneReasons.OtherNumber };
        var ended = new CaseEvent.Ended(Some.EventDate, reason);

        Assert.Equal(withdrawn, CaseTransitions.After(again, ended).Withdraw);
        Assert.False(CaseTransitions.After(again with { CallUntil = null }, ended).Withdraw);
    }
}
