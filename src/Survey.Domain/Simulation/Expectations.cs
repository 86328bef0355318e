namespace Survey.Domain;

/// <summary>What one day of a simulation brings in one market and survey.</summary>
/// <param name="Date">The day.</param>
/// <param name="Market">The market.</param>
/// <param name="Survey">The survey.</param>
/// <param name="Invitations">Cases invited, if nobody answers of whom nothing is known.</param>
/// <param name="Reminders">Cases reminded.</param>
/// <param name="Phone">Cases that go to the vendor.</param>
/// <param name="ExpectedReminders">Reminders, when customers answer as they have answered so far.</param>
/// <param name="ExpectedPhone">Hand-overs, when they do.</param>
/// <param name="ExpectedCompletes">Complete responses, of whatever mode and to whatever contact.</param>
/// <param name="ExpectedAttempts">Attempts of the vendor.</param>
public readonly record struct ForecastDay(
    DateOnly Date, string Market, SurveyKind Survey, long Invitations, long Reminders, long Phone,
    double ExpectedReminders, double ExpectedPhone, double ExpectedCompletes, double ExpectedAttempts);

/// <summary>Adds up what simulations bring, day by day; with the curves by which customers answer.</summary>
/// <param name="curves">How customers answer.</param>
/// <param name="from">The first day that is told.</param>
/// <param name="to">The last.</param>
public sealed class Expectations(ResponseCurves curves, DateOnly from, DateOnly to)
{
    private readonly SortedDictionary<(string Market, SurveyKind Survey), Sums[]> pairs = new(Comparer<(string Market, SurveyKind Survey)>.Create(
        (a, b) => string.CompareOrdinal(a.Market, b.Market) is var order && order != 0 ? order : a.Survey.CompareTo(b.Survey)));

    /// <summary>The days, each market and survey that anything happens in on each of them.</summary>
    public IEnumerable<ForecastDay> Days()
    {
        var told = pairs.Where(p => p.Value.Any(s => s is not { Invitations: 0, Reminders: 0, Phone: 0, ExpectedReminders: 0, ExpectedPhone: 0, ExpectedCompletes: 0, ExpectedAttempts: 0 })).ToList();
        for (var n = 0; n <= to.DayNumber - from.DayNumber; n++)
        {
            foreach (var ((market, survey), days) in told)
            {
                var s = days[n];
                yield return new ForecastDay(from.AddDays(n), market, survey, s.Invitations, s.Reminders, s.Phone, s.ExpectedReminders, s.ExpectedPhone, s.ExpectedCompletes, s.ExpectedAttempts);
            }
        }
    }

    /// <summary>Adds what a simulation brings on some of the days.</summary>
    /// <param name="customers">Its customers.</param>
    /// <param name="outcomeOf">What became of each when all the days had been lived.</param>
    /// <param name="first">The first day that counts. Who was contacted before it has not answered until then.</param>
    /// <param name="last">The last day that counts.</param>
    public void Add(SimulatedCustomers customers, Func<int, SimulatedOutcome> outcomeOf, DateOnly first, DateOnly last)
    {
        var shares = new Dictionary<Cohort, double>();
        var span = new DaySpan(Math.Max(first.DayNumber, from.DayNumber), Math.Min(last.DayNumber, to.DayNumber), first.DayNumber);
        for (var i = 0; i < customers.Count; i++)
        {
            var outcome = outcomeOf(i);
            if (outcome.Invited is not null || outcome.Phone is not null || outcome.Completed is not null)
            {
                Add(customers.Pairs[customers.PairOf(i)], outcome, customers.MadeTo(i), span, shares);
            }
        }

        foreach (var (cohort, share) in shares)
        {
            Unfold(cohort, share, span);
        }
    }

    private void Add((string Market, SurveyKind Survey) pair, SimulatedOutcome outcome, ContactsMade made, DaySpan span, Dictionary<Cohort, double> shares)
    {
        var (invited, reminded, phone) = (outcome.Invited?.DayNumber ?? 0, outcome.Reminded?.DayNumber ?? 0, outcome.Phone?.DayNumber ?? 0);
        var handedOver = outcome.HandedOver ? phone : 0;
        var days = SumsOf(pair);
        var silent = 1.0; // how likely it is that the customer has not answered yet
        if (span.Has(invited))
        {
            days[invited - from.DayNumber].Invitations++;
        }

        if (invited > 0 && !made.HasFlag(ContactsMade.Invitation) && !(outcome.MailFailed && reminded == 0))
        {
            silent = Wait(new Cohort(pair.Market, pair.Survey, ContactStage.Invitation, invited, reminded > 0 ? reminded : handedOver), silent, span, shares);
        }

        if (span.Has(reminded))
        {
            days[reminded - from.DayNumber].Reminders++;
            days[reminded - from.DayNumber].ExpectedReminders += silent;
        }

        if (reminded > 0 && !made.HasFlag(ContactsMade.Reminder) && !outcome.MailFailed)
        {
            silent = Wait(new Cohort(pair.Market, pair.Survey, ContactStage.Reminder, reminded, handedOver), silent, span, shares);
        }

        if (span.Has(phone))
        {
            days[phone - from.DayNumber].Phone++;
            days[phone - from.DayNumber].ExpectedPhone += silent;
        }

        if (handedOver > 0)
        {
            Wait(new Cohort(pair.Market, pair.Survey, ContactStage.Phone, handedOver, 0) { Answers = !made.HasFlag(ContactsMade.Phone) }, silent, span, shares);
        }

        if (outcome.Completed is { DayNumber: var completed } && span.Has(completed))
        {
            days[completed - from.DayNumber].ExpectedCompletes++;
        }
    }

    /// <summary>A customer waits with others for an answer or the next contact; returns how likely it is that the latter comes first.</summary>
    private double Wait(Cohort cohort, double silent, DaySpan span, Dictionary<Cohort, double> shares)
    {
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(shares, cohort, out _) += silent;
        return cohort.End == 0 ? silent : silent * curves.Silent(cohort.Market, cohort.Stage, cohort.End - cohort.Start) / SilentBefore(cohort, span);
    }

    /// <summary>How likely it was that a contact made before the first day is still without an answer: it is, as the store knows.</summary>
    private double SilentBefore(Cohort cohort, DaySpan span) =>
        cohort.Start < span.Lived && curves.Silent(cohort.Market, cohort.Stage, span.Lived - 1 - cohort.Start) is > 0 and var so ? so : 1;

    private void Unfold(Cohort cohort, double share, DaySpan span)
    {
        var days = SumsOf((cohort.Market, cohort.Survey));
        var before = SilentBefore(cohort, span);
        var end = Math.Min(span.Last, cohort.Start + ResponseCurves.Days);
        for (var day = Math.Max(cohort.Start, span.First); day <= end; day++)
        {
            var sums = days[day - from.DayNumber];
            if (cohort.Answers && (cohort.End == 0 || day <= cohort.End) && day >= span.Lived)
            {
                sums.ExpectedCompletes += share * curves.Complete(cohort.Market, cohort.Stage, day - cohort.Start) / before;
            }

            if (cohort.Stage == ContactStage.Phone)
            {
                sums.ExpectedAttempts += share * curves.AttemptsOn(cohort.Market, day - cohort.Start);
            }
        }
    }

    private Sums[] SumsOf((string Market, SurveyKind Survey) pair)
    {
        if (!pairs.TryGetValue(pair, out var sums))
        {
            pairs.Add(pair, sums = [.. Enumerable.Range(from.DayNumber, to.DayNumber - from.DayNumber + 1).Select(_ => new Sums())]);
        }

        return sums;
    }

    /// <summary>Customers of one market and survey who were contacted on one day, and are contacted again on the same day (0: never).</summary>
    private readonly record struct Cohort(string Market, SurveyKind Survey, ContactStage Stage, int Start, int End)
    {
        /// <summary>Nobody knows whether they answered: the curve tells.</summary>
        public bool Answers { get; init; } = true;
    }

    /// <summary>The days that count, and the first that was lived.</summary>
    private readonly record struct DaySpan(int First, int Last, int Lived)
    {
        public bool Has(int day) => day >= First && day <= Last && day > 0;
    }

    private sealed class Sums
    {
        public long Invitations { get; set; }

        public long Reminders { get; set; }

        public long Phone { get; set; }

        public double ExpectedReminders { get; set; }

        public double ExpectedPhone { get; set; }

        public double ExpectedCompletes { get; set; }

        public double ExpectedAttempts { get; set; }
    }
}
