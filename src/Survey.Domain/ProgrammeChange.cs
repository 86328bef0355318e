namespace Survey.Domain;

/// <summary>What another programme does to a customer.</summary>
public enum ChangeEffect
{
    /// <summary>Nothing that counts: both contact him, this one no earlier, or neither does.</summary>
    None,

    /// <summary>The programme before would contact him no more; this one does, or will when his row comes again.</summary>
    NewlyContacted,

    /// <summary>The programme before would contact him, now or later; this one closes his case without another contact.</summary>
    Dropped,

    /// <summary>His case is open and both contact him, this one on an earlier day.</summary>
    ContactedEarlier,
}

/// <summary>A transaction with what is known of its customer without a look at his contact data.</summary>
/// <param name="Transaction">The row; its contact data is not looked at.</param>
/// <param name="FailedRules">The verdict on record.</param>
/// <param name="Case">Its case; null: none was ever opened.</param>
/// <param name="Draw">The number that sampling draws for it.</param>
public sealed record KnownTransaction(Transaction Transaction, ScreeningVerdict FailedRules, SurveyCase? Case, int Draw);

/// <summary>What a programme says of one market and survey on a day.</summary>
/// <param name="Market">The market; null: it has none of that name.</param>
/// <param name="Survey">The survey.</param>
/// <param name="Contact">The spacing of contacts.</param>
/// <param name="Today">The market's local date, by that programme.</param>
public sealed record RulesOnDay(Market? Market, SurveyKind Survey, ContactRules Contact, DateOnly Today)
{
    /// <summary>The survey's rules, or null where it is not offered.</summary>
    public SurveyPolicy? Policy => Market?.Policy(Survey);

    /// <summary>Whether two programmes can't differ over any customer of this market and survey. What depends on contact data is left out.</summary>
    public bool SayTheSameAs(RulesOnDay other) => Today == other.Today
        && Contact with { RestDays = 0 } == other.Contact with { RestDays = 0 } && Contact.RestDays == 0 == (other.Contact.RestDays == 0)
        && Market?.ActiveFrom == other.Market?.ActiveFrom && (Market is null) == (other.Market is null) && Same(Policy, other.Policy);

    private static bool Same(SurveyPolicy? a, SurveyPolicy? b) => (a is null && b is null)
        || (a is not null && b is not null && a.Window == b.Window && a.VehicleLimit == b.VehicleLimit && a.Sampling == b.Sampling
            && a.CustomerTypes.SetEquals(b.CustomerTypes) && (a.PaymentTypes is null) == (b.PaymentTypes is null)
            && (a.PaymentTypes is null || a.PaymentTypes.SetEquals(b.PaymentTypes!)));
}

/// <summary>Compares two programmes over one customer (docs/policy.md).</summary>
/// <remarks>
/// Contact data is sealed, and stays so: whoever flagged nothing is taken for reachable by mail and by phone, and rules that need more
/// than that keep the verdict on record. So changes of <c>restDays</c>, <c>placeholderEmails</c> and <c>dialling</c> don't count.
/// </remarks>
public static class ProgrammeChange
{
    private static readonly EmailAddress SomeAddress = EmailAddress.Parse("customer@mail.example")!;
    private static readonly PhoneNumber SomeNumber = PhoneNumber.Parse("+61293744000", new DiallingRule("61", "0", 9, 9), [new DiallingRule("61", "0", 9, 9)])!;

    /// <summary>What the programme <paramref name="after"/> does to a customer, seen from the one <paramref name="before"/>.</summary>
    public static ChangeEffect Of(KnownTransaction known, RulesOnDay before, RulesOnDay after) => (DaysToContact(known, before, before), DaysToContact(known, after, before)) switch
    {
        (null, not null) => ChangeEffect.NewlyContacted,
        (not null, null) when known.Case is { IsOpen: true } => ChangeEffect.Dropped, // who has no case yet loses none
        ({ } old, { } now) when now < old => ChangeEffect.ContactedEarlier,
        _ => ChangeEffect.None,
    };

    /// <summary>In how many days a customer is contacted next, if nothing but time goes by; null: never. Without an open case none is known: 0, when his row comes again.</summary>
    private static int? DaysToContact(KnownTransaction known, RulesOnDay rules, RulesOnDay inForce) => known.Case switch
    {
        { IsOpen: true } c => !CaseTransitions.MayBeScreenedAgain(c) || Passes(known, rules, inForce) ? NextContact(c, known.Transaction, rules)?.DayNumber - rules.Today.DayNumber : null,
        { } c => CaseTransitions.MayBeScreenedAgain(c) && Passes(known, rules, inForce) ? 0 : null,
        null => Passes(known, rules, inForce) ? 0 : null,
    };

    /// <summary>Plays the contact plan until it contacts, on the day that is returned, or closes.</summary>
    private static DateOnly? NextContact(SurveyCase c, Transaction transaction, RulesOnDay rules)
    {
        if (rules.Policy is null && c.State != CaseState.WithVendor)
        {
            return null;
        }

        var planned = new PlannedCase(c, transaction.EventDate, rules.Policy?.Window ?? new DayWindow(0, null), ReachOf(transaction), transaction.Cancelled, OtherContactOn: null);
        for (var day = rules.Today; ;)
        {
            switch (ContactPlan.Decide(planned, rules.Contact, day))
            {
                case ContactAction.Wait when c.State == CaseState.WithVendor:
                    return rules.Today; // he is being called
                case ContactAction.Wait wait:
                    day = wait.Until;
                    break;
                case ContactAction.Close or ContactAction.Rest:
                    return null;
                default:
                    return day;
            }
        }
    }

    private static bool Passes(KnownTransaction known, RulesOnDay rules, RulesOnDay inForce)
    {
        var input = new ScreeningInput(known.Transaction, rules.Market, rules.Today, ReachOf(known.Transaction), rules.Contact.RestDays, OtherContactOn: null);
        for (var i = 0; i < Screening.Rules.Count; i++)
        {
            var rule = Screening.Rules[i];
            var failed = rule.Reason == Sampling.NotSampled ? IsSampledOut(known, i, rules.Policy?.Sampling, inForce.Policy?.Sampling)
                : (rule.Holds(input) == false)
                    || (rule.NeedsContactData && known.FailedRules.Has(i) && !(rule.Reason == Screening.RecentlyContacted && rules.Contact.RestDays == 0));
            if (failed)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whoever had a case keeps it. While the rules are the same, so is the answer. A quota may be full by then: nobody knows, so it is not looked at.</summary>
    private static bool IsSampledOut(KnownTransaction known, int rule, SamplingRules? rules, SamplingRules? inForce) =>
        rules is not null && known.Case is null
        && ((rules == inForce && known.FailedRules.Has(rule)) || known.Draw >= (rules.Share ?? Sampling.Whole));

    private static Reach ReachOf(Transaction t) => Reach.Of(
        new ContactPoints(SomeAddress, Usability.Usable, SomeNumber, null), t.EmailOptOut, t.PhoneOptOut, Suppression.None, Suppression.None, Suppression.None);
}
