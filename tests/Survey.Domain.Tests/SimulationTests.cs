using FsCheck;
using FsCheck.Fluent;

namespace Survey.Domain.Tests;

/// <summary>The virtual clock, over made-up customers.</summary>
public sealed class SimulationTests
{
    private static readonly DateOnly First = Some.Day("2026-03-01");

    private static readonly Gen<Person[]> People =
        from count in Gen.Choose(1, 25)
        from people in (
            from eventAge in Gen.Choose(0, 40)
            from email in Gen.Elements(Usability.Usable, Usability.Usable, Usability.None, Usability.OptedOut, Usability.Dead)
            from phone in Gen.Elements(Usability.Usable, Usability.Usable, Usability.None, Usability.Dead)
            from cancelled in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true)))
            from optedOut in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true)))
            from service in Gen.Elements(false, true)
            from household in Gen.Choose(0, 5)
            select new Person(First.AddDays(-eventAge), email, phone, cancelled, optedOut, service, household)).ListOf(count)
        select people.ToArray();

    private static readonly Gen<DayWindow> Windows =
        from opens in Gen.Choose(0, 20) from length in Gen.Choose(-1, 30) select new DayWindow(opens, length < 0 ? null : opens + length);

    [Fact]
    public void SomeDaysAndThenTheOthersAreAllDaysAtOnce() => Always.Holds(
        from people in People from window in Windows from rest in Gen.Elements(0, 0, 5, 40) from split in Gen.Choose(0, 58) select (people, window, rest, split),
        x =>
        {
            var programme = Programme(x.window, x.rest);
            var (_, whole) = Live(Cast(x.people), programme, First, First.AddDays(59), x.people);

            var (_, half) = Live(Cast(x.people), programme, First, First.AddDays(x.split), x.people);
            var between = First.AddDays(x.split + 1);
            var later = new SimulatedCustomers();
            for (var i = 0; i < x.people.Length; i++)
            {
                var p = x.people[i];
                var c = half.CaseOf(i)!;
                later.Add(i, "AU", p.Survey, p.EventDate, c, c.IsOpen ? between : null, p.Cancelled, p.OptedOut, invitationQueued: false);
                later.Share(i, Household(x.people, i));
            }

            later.Complete();
            var (_, others) = Live(later, programme, between, First.AddDays(59), x.people);
            Assert.All(Enumerable.Range(0, x.people.Length), i => Assert.Equal(whole.OutcomeOf(i), others.OutcomeOf(i)));
        });

    [Fact]
    public void AWiderWindowNeverContactsFewer() => Always.Holds(
        from people in People from window in Windows from before in Gen.Choose(0, 10) from after in Gen.Choose(0, 10) select (people, window, before, after),
        x =>
        {
            var wide = new DayWindow(Math.Max(0, x.window.FromDay - x.before), x.window.ToDay + x.after);
            var (_, narrowly) = Live(Cast(x.people), Programme(x.window, 0), First, First.AddDays(80), x.people);
            var (_, widely) = Live(Cast(x.people), Programme(wide, 0), First, First.AddDays(80), x.people);
            Assert.All(Enumerable.Range(0, x.people.Length), i => Assert.True(
                narrowly.OutcomeOf(i).FirstContact is null || widely.OutcomeOf(i).FirstContact <= narrowly.OutcomeOf(i).FirstContact, $"{x.people[i]}"));
        });

    [Fact]
    public void NobodyOfAHouseholdIsContactedWhileItRests() => Always.Holds(
        from people in People from window in Windows from rest in Gen.Choose(1, 40) select (people, window, rest),
        x =>
        {
            var (_, lived) = Live(Cast(x.people), Programme(x.window, x.rest), First, First.AddDays(80), x.people);
            foreach (var i in Enumerable.Range(0, x.people.Length))
            {
                foreach (var other in Household(x.people, i))
                {
                    if (lived.OutcomeOf(i).FirstContact is { } one && lived.OutcomeOf(other).FirstContact is { } two)
                    {
                        Assert.True(Math.Abs(one.DayNumber - two.DayNumber) >= x.rest, $"{one} and {two}");
                    }
                }
            }
        });

    [Fact]
    public void ABounceComesAsLongAfterAContactAsItDid()
    {
        // Invited on the 17th, returned on the 19th and called on that day; a window that opens two days earlier moves all of it.
        var customers = new SimulatedCustomers();
        var customer = customers.Add(1, "AU", SurveyKind.Sales, Some.Day("2026-03-02"), cancelled: false, optedOut: false, removed: false);
        customers.Screened(customer, Some.Day("2026-03-05"), null, byPolicyOfToday: true);
        customers.Happened(customer, new CaseEvent.MailAccepted(Some.Day("2026-03-17"), MailContact.Invitation));
        customers.Happened(customer, new CaseEvent.MailUndelivered(Some.Day("2026-03-19"), MailContact.Invitation, Bounced: true, "dead"));
        customers.Happened(customer, new CaseEvent.QueuedForPhone(Some.Day("2026-03-19"), PhoneReasons.EmailUndeliverable));
        customers.Happened(customer, new CaseEvent.HandedOver(Some.Day("2026-03-19"), Some.Day("2026-04-06")));
        customers.Complete();

        var asItWas = Live(customers, Programme(new DayWindow(15, 35), 0), First, First.AddDays(40)).Lived.OutcomeOf(customer);
        var earlier = Live(customers, Programme(new DayWindow(13, 35), 0), First, First.AddDays(40)).Lived.OutcomeOf(customer);

        Assert.Equal(customers.RealityOf(customer), asItWas);
        Assert.Equal((Some.Day("2026-03-15"), null, Some.Day("2026-03-17")), (earlier.Invited, earlier.Reminded, earlier.Phone));
    }

    [Fact]
    public void ARowThatWasAnotherOneThenKeepsTheVerdictOnRecord()
    {
        var customers = new SimulatedCustomers();
        var customer = customers.Add(1, "AU", SurveyKind.Sales, Some.Day("2026-03-02"), cancelled: false, optedOut: false, removed: false);
        customers.Screened(customer, Some.Day("2026-03-05"), "customer_type_excluded", byPolicyOfToday: true); // the row that is stored says individual
        customers.Screened(customer, Some.Day("2026-03-20"), null, byPolicyOfToday: true);
        customers.Complete();

        var lived = Live(customers, Programme(new DayWindow(15, 35), 0), First, First.AddDays(40)).Lived;

        Assert.Equal(Some.Day("2026-03-20"), lived.OutcomeOf(customer).Invited);
    }

    [Fact]
    public void OfAShareThoseAreContactedWhoseDrawIsBelowItAsIfThereWereNoSampling() => Always.Holds(
        from people in People from share in Gen.Choose(1, Sampling.Whole) from draws in Gen.Choose(0, Sampling.Whole - 1).ArrayOf(people.Length) select (people, share, draws),
        x =>
        {
            var (_, all) = Live(Arriving(x.people, x.draws), Programme(Some.Window, 0), First, First.AddDays(80), x.people);
            var (_, some) = Live(Arriving(x.people, x.draws), Programme(Some.Window, 0, new SamplingRules(x.share, null)), First, First.AddDays(80), x.people);
            Assert.All(Enumerable.Range(0, x.people.Length), i => Assert.Equal(x.draws[i] < x.share ? all.OutcomeOf(i) : default, some.OutcomeOf(i)));
        });

    [Fact]
    public void OfADealerAndMonthNoMoreAreTakenThanAreAimedAtAndWithoutAMonthBeforeTheFirstOnes()
    {
        var full = 0;
        Always.Holds(
            from people in People from limit in Gen.Choose(1, 3) from draws in Gen.Choose(0, Sampling.Whole - 1).ArrayOf(people.Length) select (people, limit, draws),
            x =>
            {
                var (_, all) = Live(Arriving(x.people, x.draws), Programme(Some.Window, 0), First, First.AddDays(80), x.people);
                var (_, some) = Live(Arriving(x.people, x.draws), Programme(Some.Window, 0, new SamplingRules(null, x.limit)), First, First.AddDays(80), x.people);
                var strata = Enumerable.Range(0, x.people.Length).Where(i => all.CaseOf(i) is not null)
                    .ToLookup(i => (x.people[i].Household, x.people[i].Survey, Sampling.MonthsOf(x.people[i].EventDate).Month));
                foreach (var stratum in strata)
                {
                    var taken = stratum.Where(i => some.CaseOf(i) is not null).ToList();
                    Assert.True(taken.Count <= x.limit);
                    full += stratum.Count() > x.limit ? 1 : 0;
                    if (!strata.Contains(stratum.Key with { Month = stratum.Key.Month.AddMonths(-1) }))
                    {
                        Assert.Equal(stratum.Take(x.limit), taken);
                    }
                }
            });
        Assert.True(full > 50, $"only {full} had more than they may");
    }

    [Theory]
    [InlineData(null, "2026-03-05", ContactChange.NewlyContacted)]
    [InlineData("2026-03-05", null, ContactChange.NoLongerContacted)]
    [InlineData("2026-03-05", "2026-03-04", ContactChange.Earlier)]
    [InlineData("2026-03-05", "2026-03-06", ContactChange.Later)]
    [InlineData("2026-03-05", "2026-03-05", ContactChange.None)]
    [InlineData("2026-02-05", "2026-02-06", ContactChange.None)] // both before the days that are asked about
    [InlineData("2026-03-05", "2026-02-27", ContactChange.Earlier)]
    [InlineData("2026-03-05", "2026-04-01", ContactChange.NoLongerContacted)] // on these days
    [InlineData(null, "2026-04-01", ContactChange.None)]
    public void AChangeIsWhatTheseDaysShow(string? current, string? draft, ContactChange change) => Assert.Equal(
        change, ContactChanges.Of(Some.DayOrNone(current), Some.DayOrNone(draft), First, Some.Day("2026-03-31")));

    [Fact]
    public void ACurveIsTheShareOfThoseWhoAreStillWaited()
    {
        var curves = new ResponseCurves();
        for (var n = 0; n < 1000; n++)
        {
            // 200 answer on the first day, 80 of the 800 left on the third; 720 are reminded then.
            curves.Observe("AU", ContactStage.Invitation, n < 200 ? 1 : 3, answered: n < 280, complete: n < 280);
        }

        Assert.Equal(0.2, curves.Complete("AU", ContactStage.Invitation, 1), 1e-9);
        Assert.Equal(0.08, curves.Complete("AU", ContactStage.Invitation, 3), 1e-9);
        Assert.Equal(0.72, curves.Silent("AU", ContactStage.Invitation, 3), 1e-9);
        Assert.Equal(0.72, curves.Silent("AU", ContactStage.Invitation, 50), 1e-9);
    }

    [Fact]
    public void AMarketWithLittleIsDrawnToTheWhole()
    {
        var curves = new ResponseCurves();
        for (var n = 0; n < 950; n++)
        {
            curves.Observe("AU", ContactStage.Phone, 2, answered: n < 475, complete: n < 475);
        }

        for (var n = 0; n < 50; n++)
        {
            curves.Observe("NZ", ContactStage.Phone, 2, answered: false, complete: false);
        }

        // NZ: 0 of 50 of its own, and 50 that went as the 1,000 of all did (475).
        Assert.Equal(50 * 0.475 / 100, curves.Complete("NZ", ContactStage.Phone, 2), 1e-9);
        Assert.Equal(0.475, curves.Complete("ZA", ContactStage.Phone, 2), 1e-9); // has none
    }

    private static SimulatedCustomers Cast(Person[] people)
    {
        var customers = new SimulatedCustomers();
        for (var i = 0; i < people.Length; i++)
        {
            var p = people[i];
            customers.Add(i, "AU", p.Survey, p.EventDate, Some.Waiting, First, p.Cancelled, p.OptedOut, invitationQueued: false);
            customers.Share(i, Household(people, i));
        }

        customers.Complete();
        return customers;
    }

    /// <summary>A history of one day, on which everybody's row comes; the household is the dealer.</summary>
    private static SimulatedCustomers Arriving(Person[] people, int[] draws)
    {
        var customers = new SimulatedCustomers();
        foreach (var p in people)
        {
            customers.Screened(customers.Add(customers.Count, "AU", p.Survey, p.EventDate, p.Cancelled, p.OptedOut, removed: false), First, null, byPolicyOfToday: false);
        }

        for (var i = 0; i < people.Length; i++)
        {
            customers.DrawnFor(i, draws[i], $"D{people[i].Household}");
        }

        customers.Complete();
        return customers;
    }

    private static int[] Household(Person[] people, int i) =>
        [.. Enumerable.Range(0, people.Length).Where(other => other != i && people[other].Household == people[i].Household)];

    private static Programme Programme(DayWindow window, int restDays, SamplingRules? sampling = null)
    {
        var policy = Some.SalesPolicy with { Window = window, Sampling = sampling };
        var market = Some.Australia with { Sales = policy, Service = Some.ServicePolicy with { Window = window, Sampling = sampling } };
        return new Programme(
            Some.Rules with { RestDays = restDays }, Some.Programme.Placeholders, new Dictionary<string, Market>(StringComparer.Ordinal) { ["AU"] = market }, "draft");
    }

    private static (SimulatedCustomers Customers, Simulation Lived) Live(SimulatedCustomers customers, Programme programme, DateOnly first, DateOnly last, Person[]? people = null)
    {
        var views = Enumerable.Range(0, customers.Count).Select(i => people is null ? default : new CustomerView(people[i].Email, people[i].Phone, 0)).ToArray();
        var simulation = new Simulation(customers, programme, views, views, first, last);
        for (var day = first; day <= last; day = day.AddDays(1))
        {
            simulation.Live(day);
        }

        return (customers, simulation);
    }

    private sealed record Person(DateOnly EventDate, Usability Email, Usability Phone, bool Cancelled, bool OptedOut, bool IsService, int Household)
    {
        public SurveyKind Survey => IsService ? SurveyKind.Service : SurveyKind.Sales;
    }
}
