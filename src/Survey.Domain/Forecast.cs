namespace Survey.Domain;

/// <summary>Something that the contact plan will do.</summary>
public sealed record PlannedStep(DateOnly Day, ContactAction Action);

/// <summary>Another way that a case would go, or would have gone.</summary>
/// <param name="Change">What would have to be different.</param>
/// <param name="Spared">The contact that would not be made; null where the change is no answer.</param>
/// <param name="Instead">What the plan would do instead, to the end.</param>
public sealed record Turn(Change Change, ContactAction? Spared, IReadOnlyList<PlannedStep> Instead);

/// <summary>What the contact plan will do with a case, and what it would have done: <see cref="ContactPlan.Decide"/> asked day by day.</summary>
public static class Forecast
{
    private const int MostSteps = 20;

    /// <summary>Everything that the plan does if nothing happens: every mail is accepted, every list is written, nobody answers. It ends with the end of the case.</summary>
    /// <param name="p">The case as it stands.</param>
    /// <param name="rules">The spacing.</param>
    /// <param name="today">The first day to decide on.</param>
    /// <param name="mailFrom">The first day on which there are sending hours left: today, or tomorrow when they are over.</param>
    public static IReadOnlyList<PlannedStep> Of(PlannedCase p, ContactRules rules, DateOnly today, DateOnly mailFrom)
    {
        var steps = new List<PlannedStep>();
        for (var (day, n) = (today, 0); n < MostSteps; n++)
        {
            var action = ContactPlan.Decide(p, rules, day);
            switch (action)
            {
                case ContactAction.Rest:
                    return steps;
                case ContactAction.Wait wait:
                    day = wait.Until;
                    continue;
                case ContactAction.Send when day < mailFrom:
                    day = mailFrom;
                    continue;
            }

            steps.Add(new PlannedStep(day, action));
            p = p with { Case = CaseTransitions.After(p.Case, FactOf(steps[^1])).Case };
        }

        return steps;
    }

    /// <summary>What would lead an open case elsewhere.</summary>
    /// <param name="p">The case as it stands.</param>
    /// <param name="rules">The spacing.</param>
    /// <param name="today">The first day to decide on.</param>
    /// <param name="mailFrom">The first day on which there are sending hours left.</param>
    public static IReadOnlyList<Turn> Turns(PlannedCase p, ContactRules rules, DateOnly today, DateOnly mailFrom)
    {
        var expected = Of(p, rules, today, mailFrom);
        var turns = new List<Turn>();
        var then = p.Case;
        foreach (var step in expected)
        {
            if (Contact(FactOf(step)) is { } contact && then.FirstContactOn is { } first && step.Day > today && step.Day > first)
            {
                var answered = CaseTransitions.After(then, new CaseEvent.Responded(step.Day.AddDays(-1), "web", ResponseStatuses.Complete, step.Day.AddDays(-1))).Case;
                turns.Add(new Turn(new Change.AnsweredBefore(step.Day), contact, Of(p with { Case = answered }, rules, step.Day, step.Day)));
            }

            then = CaseTransitions.After(then, FactOf(step)).Case;
        }

        foreach (var change in new Change[] { new Change.UsableEmail(), new Change.UsableNumber() })
        {
            var instead = Of(After(p, change), rules, today, mailFrom);
            if (!instead.SequenceEqual(expected))
            {
                turns.Add(new Turn(change, null, instead));
            }
        }

        return turns;
    }

    /// <summary>What would have led a case elsewhere that has ended.</summary>
    /// <param name="facts">All facts about the case, in their order.</param>
    /// <param name="p">What the plan looks at, as far as it is known now.</param>
    /// <param name="rules">The spacing.</param>
    public static IReadOnlyList<Turn> TurnsOfEnd(IReadOnlyList<CaseEvent> facts, PlannedCase p, ContactRules rules)
    {
        var turns = new List<Turn>();
        SurveyCase? now = null;
        (SurveyCase Case, CaseEvent Fact)? end = null;
        foreach (var fact in facts)
        {
            var after = CaseTransitions.After(now, fact).Case;
            if (now is { IsOpen: true } before)
            {
                end = after.IsOpen ? end : (before, fact);
                if (before.FirstContactOn < fact.Day && Contact(fact) is { } contact)
                {
                    turns.Add(new Turn(new Change.AnsweredBefore(fact.Day), contact, []));
                }
            }

            if (after.IsOpen)
            {
                end = null; // opened, or opened again
            }

            now = after;
        }

        if (end is not { } last || now is { IsOpen: true })
        {
            return turns;
        }

        var atTheEnd = p with { Case = last.Case };
        if (last.Fact is not CaseEvent.Ended { Reason: var reason })
        {
            turns.Add(new Turn(new Change.Without(last.Fact), null, Of(atTheEnd, rules, last.Fact.Day, last.Fact.Day)));
        }
        else if (ContactPlan.Decide(atTheEnd, rules, last.Fact.Day) is ContactAction.Close close && close.Reason == reason)
        {
            foreach (var change in Candidates(atTheEnd, last.Fact.Day))
            {
                var instead = Of(After(atTheEnd, change), change is Change.RestOf rest ? rules with { RestDays = rest.Days } : rules, last.Fact.Day, last.Fact.Day);
                if (instead is not [{ Action: ContactAction.Close }])
                {
                    turns.Add(new Turn(change, null, instead));
                }
            }
        }

        return turns;
    }

    /// <summary>What may have kept the plan from going on, seen from the day on which it ended a case.</summary>
    private static IEnumerable<Change> Candidates(PlannedCase p, DateOnly day)
    {
        yield return new Change.UsableEmail();
        yield return new Change.UsableNumber();
        yield return new Change.NotCancelled();
        yield return new Change.NoOptOut();
        if (p.Window.HasPassed(p.EventDate, day))
        {
            yield return new Change.WindowTo(day.DayNumber - p.EventDate.DayNumber);
        }

        if (p.OtherContactOn is { } other)
        {
            yield return new Change.RestOf(Math.Max(0, day.DayNumber - other.DayNumber));
        }
    }

    private static PlannedCase After(PlannedCase p, Change change) => change switch
    {
        Change.UsableEmail => p with { Reach = p.Reach with { Email = Circumstances.SomeEmail, EmailState = Usability.Usable } },
        Change.UsableNumber => p with { Reach = p.Reach with { Phone1 = Circumstances.SomeNumber, PhoneState = Usability.Usable } },
        Change.NotCancelled => p with { Cancelled = false },
        Change.NoOptOut => p with { Reach = p.Reach with { OptedOut = false } },
        Change.WindowTo window => p with { Window = p.Window with { ToDay = window.Day } },
        _ => p,
    };

    private static ContactAction? Contact(CaseEvent fact) => fact switch
    {
        CaseEvent.MailAccepted mail => new ContactAction.Send(mail.Contact),
        CaseEvent.HandedOver list => new ContactAction.HandOver(list.CallUntil),
        _ => null,
    };

    /// <summary>What is learnt when a step is done and all goes well.</summary>
    private static CaseEvent FactOf(PlannedStep step) => step.Action switch
    {
        ContactAction.Send send => new CaseEvent.MailAccepted(step.Day, send.Contact),
        ContactAction.QueueForPhone queue => new CaseEvent.QueuedForPhone(step.Day, queue.Reason),
        ContactAction.HandOver handOver => new CaseEvent.HandedOver(step.Day, handOver.CallUntil),
        ContactAction.Close close => new CaseEvent.Ended(step.Day, close.Reason),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step.Action, "No fact follows from it."),
    };
}
