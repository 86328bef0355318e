using FsCheck;
using FsCheck.Fluent;

namespace Survey.Domain.Tests;

/// <summary>What the plan will do, and would have done: told beforehand, it must be what then happens.</summary>
public class ForecastTests
{
    [Fact]
    public void TheWholePlanIsToldFromTheWindowToTheEnd() => Assert.Equal(
        [
            "2026-03-16 Invitation", "2026-03-19 Reminder", "2026-03-23 queue no_response", "2026-03-23 call until 2026-04-05", "2026-04-20 close window_closed",
        ],
        Words(Forecast.Of(Some.Planned, Some.Rules, Some.EventDate, Some.EventDate)));

    [Fact]
    public void AfterSendingHoursTheMailGoesOutOnTheNextDay()
    {
        var today = Some.Day("2026-03-16");

        Assert.Equal("2026-03-16 Invitation", Words(Forecast.Of(Some.Planned, Some.Rules, today, today))[0]);
        Assert.Equal(["2026-03-17 Invitation", "2026-03-20 Reminder"], Words(Forecast.Of(Some.Planned, Some.Rules, today, today.AddDays(1)))[..2]);
    }

    [Fact]
    public void OnTheLastDayOfTheWindowAMailThatMustWaitForTheMorningIsNotSent()
    {
        var last = Some.Day("2026-04-05");

        Assert.Equal(["2026-04-06 close window_closed"], Words(Forecast.Of(Some.Planned, Some.Rules, last, last.AddDays(1))));
    }

    /// <summary>Random histories are lived through to some day; what is foretold there must be what a quiet world then does.</summary>
    [Fact]
    public void WhatIsForetoldHappensIfNothingElseDoes()
    {
        var steps = 0;
        Always.Holds(from history in ContactPlanProperties.AnyHistory from day in Gen.Choose(0, 45) select (history, day), x =>
        {
            var history = x.history with { Happenings = [.. x.history.Happenings.Where(h => h.Day <= x.day && h.What is not (What.MailServer or What.NoLists or What.Missed))] };
            var run = new Run(history, onlyWhenDue: false);
            for (var day = 0; day <= x.day; day++)
            {
                run.Cycle(day, history.Happenings.Where(h => h.Day == day).Select(h => h.What));
            }

            if (run.End is null)
            {
                return;
            }

            var tomorrow = History.EventDate.AddDays(x.day + 1);
            var foretold = Forecast.Of(run.Planned, history.Rules, tomorrow, tomorrow);
            var known = run.Log.Count;
            for (var day = x.day + 1; day < x.day + 200; day++)
            {
                run.Cycle(day, []);
            }

            Assert.Equal(Words(run.Log.Skip(known).Select(e => e.Fact)), Words(foretold));
            Assert.False(run.End.IsOpen);
            steps += foretold.Count;
        }, tests: 1500);
        Assert.True(steps > 500, $"only {steps} steps were foretold");
    }

    [Fact]
    public void AnAnswerInTimeSparesEveryLaterContact()
    {
        var invited = Some.Planned with { Case = Some.Invited };

        var turns = Forecast.Turns(invited, Some.Rules, Some.Day("2026-03-17"), Some.Day("2026-03-17"));

        Assert.Equal(
            [
                ((Change)new Change.AnsweredBefore(Some.Day("2026-03-19")), (ContactAction?)new ContactAction.Send(MailContact.Reminder)),
                (new Change.AnsweredBefore(Some.Day("2026-03-23")), new ContactAction.HandOver(Some.Day("2026-04-05"))),
            ],
            turns.Select(t => (t.Change, t.Spared)));
        Assert.All(turns, t => Assert.Empty(t.Instead));
    }

    [Fact]
    public void ACustomerWithoutAnAddressWouldBeInvitedIfHeHadOne()
    {
        var turn = Assert.Single(Forecast.Turns(Some.Planned with { Reach = Some.NoEmail }, Some.Rules, Some.EventDate, Some.EventDate));

        Assert.Equal(new Change.UsableEmail(), turn.Change);
        Assert.Equal("2026-03-16 Invitation", Words(turn.Instead)[0]);
    }

    [Fact]
    public void ACaseThatEndedTellsWhatWouldHaveSparedTheCallAndKeptItOpen()
    {
        CaseEvent[] facts =
        [
            new CaseEvent.Opened(Some.EventDate), new CaseEvent.MailAccepted(Some.Day("2026-03-16"), MailContact.Invitation),
            new CaseEvent.MailAccepted(Some.Day("2026-03-19"), MailContact.Reminder), new CaseEvent.Ended(Some.Day("2026-03-23"), CloseReasons.NoResponse),
        ];

        var turns = Forecast.TurnsOfEnd(facts, Some.Planned with { Reach = Some.NoPhone, Case = Some.ClosedFor(CloseReasons.NoResponse) }, Some.Rules);

        Assert.Equal([new Change.AnsweredBefore(Some.Day("2026-03-19")), new Change.UsableNumber()], turns.Select(t => t.Change));
        Assert.Equal(["2026-03-23 queue no_response", "2026-03-23 call until 2026-04-05"], Words(turns[1].Instead)[..2]);
    }

    [Fact]
    public void WithoutARefusalThePlanWouldHaveGoneOn()
    {
        CaseEvent[] facts =
        [
            new CaseEvent.Opened(Some.EventDate), new CaseEvent.MailAccepted(Some.Day("2026-03-16"), MailContact.Invitation),
            new CaseEvent.Responded(Some.Day("2026-03-18"), "web", ResponseStatuses.Refused, Some.Day("2026-03-18")),
        ];

        var turn = Assert.Single(Forecast.TurnsOfEnd(facts, Some.Planned with { Case = Some.ClosedFor(CloseReasons.Refused) }, Some.Rules));

        Assert.Equal(new Change.Without(facts[^1]), turn.Change);
        Assert.Equal("2026-03-19 Reminder", Words(turn.Instead)[0]);
    }

    /// <summary>Over random histories: what is named would really have led elsewhere, and where the plan is asked again it says what was told.</summary>
    [Fact]
    public void EveryTurnOfAnEndIsOne()
    {
        var seen = new Dictionary<Type, int>();
        Always.Holds(ContactPlanProperties.AnyHistory, history =>
        {
            var run = history.Play();
            if (run.End is null || run.End.IsOpen)
            {
                return;
            }

            List<CaseEvent> facts = [.. run.Log.Select(e => e.Fact)];
            foreach (var turn in Forecast.TurnsOfEnd(facts, run.Planned, history.Rules))
            {
                seen[turn.Change.GetType()] = seen.GetValueOrDefault(turn.Change.GetType()) + 1;
                if (turn.Change is Change.AnsweredBefore answered)
                {
                    var before = run.Log.Last(e => e.Fact.Day == answered.Day && e.Fact is CaseEvent.MailAccepted or CaseEvent.HandedOver && e.Before is { IsOpen: true }).Before!;
                    Assert.True(before.FirstContactOn < answered.Day);
                    var after = CaseTransitions.After(before, new CaseEvent.Responded(answered.Day.AddDays(-1), "web", ResponseStatuses.Complete, answered.Day.AddDays(-1))).Case;
                    Assert.Equal(new ContactAction.Rest(), ContactPlan.Decide(run.Planned with { Case = after }, history.Rules, answered.Day));
                    continue;
                }

                var end = run.Log.Last(e => e.Before is { IsOpen: true } && !e.After.IsOpen);
                Assert.True(turn.Change is Change.Without || turn.Instead is not [{ Action: ContactAction.Close }]);
                Assert.All(turn.Instead, s => Assert.True(s.Day >= end.Fact.Day));
            }
        }, tests: 1500);
        Assert.True(seen.GetValueOrDefault(typeof(Change.AnsweredBefore)) > 50 && seen.GetValueOrDefault(typeof(Change.Without)) > 50
            && seen.GetValueOrDefault(typeof(Change.UsableNumber)) > 10 && seen.GetValueOrDefault(typeof(Change.NotCancelled)) > 5, string.Join(", ", seen));
    }

    private static List<string> Words(IEnumerable<PlannedStep> steps) => [.. steps.Select(s => $"{s.Day:yyyy-MM-dd} " + s.Action switch
    {
        ContactAction.Send send => $"{send.Contact}",
        ContactAction.QueueForPhone queue => $"queue {queue.Reason}",
        ContactAction.HandOver handOver => $"call until {handOver.CallUntil:yyyy-MM-dd}",
        ContactAction.Close close => $"close {close.Reason}",
        var other => $"{other}",
    })];

    private static List<string> Words(IEnumerable<CaseEvent> facts) => [.. facts.Select(f => $"{f.Day:yyyy-MM-dd} " + f switch
    {
        CaseEvent.MailAccepted mail => $"{mail.Contact}",
        CaseEvent.QueuedForPhone queue => $"queue {queue.Reason}",
        CaseEvent.HandedOver handOver => $"call until {handOver.CallUntil:yyyy-MM-dd}",
        CaseEvent.Ended end => $"close {end.Reason}",
        var other => $"{other}",
    })];
}
