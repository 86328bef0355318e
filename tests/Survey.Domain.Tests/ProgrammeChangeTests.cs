using FsCheck;
using FsCheck.Fluent;

namespace Survey.Domain.Tests;

public class ProgrammeChangeTests
{
    private static readonly RulesOnDay Ordinary = new(Some.Australia, SurveyKind.Sales, Some.Rules, Some.Today);

    private static readonly Gen<DayWindow> AnyWindow =
        from first in Gen.Choose(0, 25)
        from length in Gen.Frequency((5, Gen.Choose(0, 30)), (1, Gen.Constant(-1)))
        select new DayWindow(first, length < 0 ? null : first + length);

    private static readonly Gen<SurveyPolicy?> AnyPolicy = Gen.Frequency(
        (1, Gen.Constant<SurveyPolicy?>(null)),
        (6, from window in AnyWindow
            from types in Gen.Elements("individual", "individual small_business", "large_fleet")
            from payers in Gen.Elements("", "warranty", "warranty customer")
            from years in Gen.Choose(0, 4)
            from share in Gen.Elements(0, 0, 0, 300_000, 700_000)
            select (SurveyPolicy?)new SurveyPolicy(window, Some.Payers(types.Split(' ')), payers.Length == 0 ? null : Some.Payers(payers.Split(' ')), years == 0 ? null : new VehicleLimit(years, null, false))
            {
                Sampling = share == 0 ? null : new SamplingRules(share, null),
            }));

    private static readonly Gen<RulesOnDay> AnyRules =
        from policy in AnyPolicy
        from market in Gen.Frequency((1, Gen.Constant(false)), (8, Gen.Constant(true)))
        from activeFrom in Gen.Frequency((5, Gen.Constant(Some.Day("2010-08-01"))), (1, Gen.Constant(Some.Day("2026-04-01"))))
        from reminder in Gen.Choose(1, 9)
        from phone in Gen.Choose(1, 9)
        from grace in Gen.Choose(0, 20)
        from rest in Gen.Elements(0, 30)
        select new RulesOnDay(
            market ? Some.Australia with { ActiveFrom = activeFrom, Sales = policy, Service = policy } : null, SurveyKind.Service,
            Some.Rules with { DaysFromInvitationToReminder = reminder, DaysFromReminderToPhone = phone, VendorGraceDays = grace, RestDays = rest }, Some.Today);

    /// <summary>An ordinary visit, or one with something about it, some days ago.</summary>
    private static readonly Gen<Transaction> AnyTransaction =
        from age in Gen.Choose(0, 60)
        from type in Gen.Elements("individual", "small_business", "large_fleet")
        from payer in Gen.Elements("warranty", "customer")
        from bought in Gen.Choose(0, 5)
        from cancelled in Gen.Frequency((1, Gen.Constant(true)), (9, Gen.Constant(false)))
        from email in Gen.Frequency((1, Gen.Constant(true)), (4, Gen.Constant(false)))
        from phone in Gen.Frequency((1, Gen.Constant(true)), (4, Gen.Constant(false)))
        select Some.Visit with
        {
            EventDate = Some.Today.AddDays(-age), CustomerType = type, PaymentType = payer, PurchaseDate = Some.Today.AddYears(-bought), Cancelled = cancelled,
            EmailOptOut = email, PhoneOptOut = phone,
        };

    private static readonly Gen<int> AnyDraw = Gen.Choose(0, Sampling.Whole - 1);

    private static readonly Gen<KnownTransaction> Open =
        from transaction in AnyTransaction
        from draw in AnyDraw
        from state in Gen.Elements(CaseState.Waiting, CaseState.Invited, CaseState.Reminded, CaseState.PhoneQueued, CaseState.WithVendor)
        from ago in Gen.Choose(0, 12)
        from failed in Gen.Frequency((1, Gen.Constant(true)), (4, Gen.Constant(false)))
        let day = Some.Today.AddDays(-ago)
        let c = Some.CaseIn(state)
        select new KnownTransaction(transaction, default, c with
        {
            InvitedOn = c.InvitedOn is null ? null : day, RemindedOn = c.RemindedOn is null ? null : day, CallUntil = c.CallUntil is null ? null : day.AddDays(5), MailFailed = failed,
        }, draw);

    private static readonly Gen<KnownTransaction> WithoutCase =
        from transaction in AnyTransaction from draw in AnyDraw select new KnownTransaction(transaction, default, null, draw);

    [Fact]
    public void ProgrammesThatSayTheSameChangeNothing()
    {
        Always.Holds(
            from known in Gen.OneOf(Open, WithoutCase) from failed in Gen.Choose(0, (1 << Screening.Rules.Count) - 1) from rules in AnyRules select (known with { FailedRules = new(failed) }, rules),
            x => Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(x.Item1, x.rules, x.rules)));

        // Whoever leaves out markets by this must not leave out anybody who is affected.
        Always.Holds(
            from known in Gen.OneOf(Open, WithoutCase)
            from failed in Gen.Elements(0, 1 << (Screening.Rules.Count - 2), 1 << (Screening.Rules.Count - 1))
            from before in AnyRules
            from other in AnyRules
            from part in Gen.Choose(0, 12)
            select (known with { FailedRules = new(known.Case is null ? failed : 0) }, before, after: WithOnePartOf(before, other, part)),
            x => Assert.True(!x.before.SayTheSameAs(x.after) || ProgrammeChange.Of(x.Item1, x.before, x.after) == ChangeEffect.None),
            tests: 20_000);
        Assert.True(Ordinary.SayTheSameAs(Ordinary with { Market = Some.Australia with { Sales = Some.SalesPolicy with { CustomerTypes = Some.Payers("small_fleet", "small_business", "individual") } } }));
    }

    /// <summary>And whom the one contacts earlier, the other contacts later, which does not count.</summary>
    [Fact]
    public void WhatOneDirectionDropsTheOtherNewlyContacts() => Always.Holds(
        from known in Open from before in AnyRules from after in AnyRules select (known, before, after),
        x =>
        {
            var back = ProgrammeChange.Of(x.known, x.after, x.before);

            Assert.Contains(back, ProgrammeChange.Of(x.known, x.before, x.after) switch
            {
                ChangeEffect.Dropped => new[] { ChangeEffect.NewlyContacted },
                ChangeEffect.NewlyContacted => [ChangeEffect.Dropped],
                ChangeEffect.ContactedEarlier => [ChangeEffect.None],
                _ => [ChangeEffect.None, ChangeEffect.ContactedEarlier],
            });
        },
        tests: 2000);

    /// <summary>A customer without a case who can be reached: newly contacted is whom screening lets in now and did not before; nobody is dropped.</summary>
    [Fact]
    public void WithoutACaseItSaysWhatScreeningSays() => Always.Holds(
        from known in WithoutCase from before in AnyRules from after in AnyRules select (known, before, after),
        x =>
        {
            var (old, now) = (Screened(x.known, x.before), Screened(x.known, x.after));
            var onRecord = x.known with { FailedRules = old };

            Assert.Equal(!old.Eligible && now.Eligible ? ChangeEffect.NewlyContacted : ChangeEffect.None, ProgrammeChange.Of(onRecord, x.before, x.after));
        },
        tests: 2000);

    /// <summary>A case whose row may not be screened again: dropped is whom the plan, asked day by day, contacts by the one programme and closes by the other; the earlier day counts.</summary>
    [Fact]
    public void WithAnOpenCaseItSaysWhatTheContactPlanSays() => Always.Holds(
        from known in Open.Where(k => !CaseTransitions.MayBeScreenedAgain(k.Case!)) from before in AnyRules from after in AnyRules select (known, before, after),
        x => Assert.Equal(
            EffectOf(PlanContacts(x.known, x.before), PlanContacts(x.known, x.after)),
            ProgrammeChange.Of(x.known, x.before, x.after)),
        tests: 2000);

    /// <summary>His row comes again, and is screened again.</summary>
    [Fact]
    public void AWaitingCaseMustPassBoth() => Always.Holds(
        from known in Open.Where(k => CaseTransitions.MayBeScreenedAgain(k.Case!)) from before in AnyRules from after in AnyRules select (known, before, after),
        x =>
        {
            DateOnly? In(RulesOnDay rules) => Screened(x.known, rules).Eligible ? PlanContacts(x.known, rules) : null;

            Assert.Equal(
                EffectOf(In(x.before), In(x.after)),
                ProgrammeChange.Of(x.known, x.before, x.after));
        },
        tests: 2000);

    /// <summary>His event was 19 days ago, and the window before opens on day 25: in six days. A case that is due is contacted today, however early it might have been.</summary>
    [Theory]
    [InlineData(1, ChangeEffect.ContactedEarlier)]
    [InlineData(24, ChangeEffect.ContactedEarlier)]
    [InlineData(25, ChangeEffect.None)]
    [InlineData(26, ChangeEffect.None)] // later
    public void AWindowThatOpensEarlierContactsEarlier(int fromDay, ChangeEffect effect)
    {
        RulesOnDay From(int day) => Ordinary with { Market = Selling(new DayWindow(day, 35)) };
        var waiting = new KnownTransaction(Some.Sale, default, Some.Waiting, 0);

        Assert.Equal(effect, ProgrammeChange.Of(waiting, From(25), From(fromDay)));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(waiting, From(19), From(fromDay)));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(waiting with { Case = null }, From(25), From(fromDay))); // nobody knows when his row comes again
    }

    [Fact]
    public void WhatComesAfterTheInvitationMayComeEarlierToo()
    {
        RulesOnDay Spaced(int reminder, int phone) => Ordinary with { Contact = Some.Rules with { DaysFromInvitationToReminder = reminder, DaysFromReminderToPhone = phone } };
        var invited = new KnownTransaction(Some.Sale, default, Some.Invited with { InvitedOn = Some.Today }, 0);
        var reminded = new KnownTransaction(Some.Sale, default, Some.Reminded with { RemindedOn = Some.Today }, 0);
        var called = new KnownTransaction(Some.Sale, default, Some.WithVendor with { CallUntil = Some.Today.AddDays(3) }, 0);

        Assert.Equal(ChangeEffect.ContactedEarlier, ProgrammeChange.Of(invited, Spaced(3, 4), Spaced(2, 4)));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(invited, Spaced(3, 4), Spaced(3, 1))); // his next contact is the reminder
        Assert.Equal(ChangeEffect.ContactedEarlier, ProgrammeChange.Of(reminded, Spaced(3, 4), Spaced(3, 1)));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(reminded, Spaced(3, 4), Spaced(1, 4)));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(called, Spaced(3, 4), Spaced(1, 1)));
    }

    /// <summary>In another time zone it may be another day: what is due is due now in both.</summary>
    [Fact]
    public void AnotherDateIsNoEarlierContact()
    {
        var due = new KnownTransaction(Some.Sale, default, Some.Waiting, 0);

        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(due, Ordinary, Ordinary with { Today = Some.Today.AddDays(-1) }));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(due, Ordinary, Ordinary with { Today = Some.Today.AddDays(1) }));
    }

    [Theory]
    [InlineData(35, ChangeEffect.None)]
    [InlineData(22, ChangeEffect.None)] // day 19 is today: the reminder is due on day 22
    [InlineData(21, ChangeEffect.Dropped)]
    [InlineData(18, ChangeEffect.Dropped)]
    public void AShorterWindowDropsWhoeverIsNoLongerReached(int toDay, ChangeEffect effect) => Assert.Equal(
        effect,
        ProgrammeChange.Of(new KnownTransaction(Some.Sale, default, Some.Invited with { InvitedOn = Some.Today }, 0), Ordinary, Ordinary with { Market = Selling(new DayWindow(15, toDay)) }));

    [Fact]
    public void ACaseThatTheVendorHasIsDroppedOnlyWhenItIsTakenFromHim()
    {
        var called = new KnownTransaction(Some.Sale, default, Some.WithVendor with { CallUntil = Some.Today.AddDays(-3) }, 0);

        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(called, Ordinary, Ordinary with { Market = null }));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(called, Ordinary, Ordinary with { Contact = Some.Rules with { VendorGraceDays = 3 } }));
        Assert.Equal(ChangeEffect.Dropped, ProgrammeChange.Of(called, Ordinary, Ordinary with { Contact = Some.Rules with { VendorGraceDays = 2 } }));
    }

    /// <summary>Nobody looks at his address: what is on record of it stays.</summary>
    [Theory]
    [InlineData("no_contact_channel", ChangeEffect.None)]
    [InlineData("opted_out", ChangeEffect.None)]
    [InlineData("recently_contacted", ChangeEffect.NewlyContacted)] // by no rest period nobody rests
    [InlineData("customer_type_excluded", ChangeEffect.NewlyContacted)]
    public void RulesThatNeedContactDataKeepTheirVerdict(string reason, ChangeEffect effect)
    {
        var excluded = Ordinary with { Contact = Some.Rules with { RestDays = 30 }, Market = Some.Australia with { Sales = Some.SalesPolicy with { CustomerTypes = Some.Payers("small_fleet") } } };
        var bit = Screening.Rules.Select(r => r.Reason).ToList().IndexOf(reason);

        Assert.Equal(effect, ProgrammeChange.Of(new KnownTransaction(Some.Sale, new ScreeningVerdict(1 << bit), null, 0), excluded, Ordinary));
    }

    [Fact]
    public void WhoEndedWithoutContactMayBeOpenedAgainAndNobodyElse()
    {
        var closed = new KnownTransaction(Some.Sale with { EventDate = Some.Today.AddDays(-40) }, default, Some.Waiting with { State = CaseState.Closed, CloseReason = CloseReasons.WindowClosed }, 0);
        var longer = Ordinary with { Market = Selling(new DayWindow(15, 49)) };

        Assert.Equal(ChangeEffect.NewlyContacted, ProgrammeChange.Of(closed, Ordinary, longer));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(closed with { Case = Some.Closed }, Ordinary, longer));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(closed with { Case = Some.Completed }, Ordinary, longer));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(closed with { Case = closed.Case! with { CloseReason = CloseReasons.Refused } }, Ordinary, longer));
    }

    [Fact]
    public void SamplingLetsInByTheNumberDrawnAndTakesNobodyOut()
    {
        RulesOnDay Share(int? share, int? target = null) => Ordinary with { Market = Some.Australia with { Sales = Some.SalesPolicy with { Sampling = share is null && target is null ? null : new SamplingRules(share, target) } } };
        KnownTransaction Drawn(int draw, SurveyCase? c = null) => new(Some.Sale, new ScreeningVerdict(c is null ? 1 << (Screening.Rules.Count - 1) : 0), c, draw);

        Assert.Equal(ChangeEffect.NewlyContacted, ProgrammeChange.Of(Drawn(400_000), Share(300_000), Share(null)));
        Assert.Equal(ChangeEffect.NewlyContacted, ProgrammeChange.Of(Drawn(400_000), Share(300_000), Share(500_000)));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(Drawn(400_000), Share(300_000), Share(400_000)));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(Drawn(100_000), Share(null, 60), Share(null, 60) with { Contact = Some.Rules with { PhoneDays = 20 } })); // the quota was full, and is
        Assert.Equal(ChangeEffect.NewlyContacted, ProgrammeChange.Of(Drawn(100_000), Share(null, 60), Share(null, 90)));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(Drawn(900_000, Some.Waiting), Share(null), Share(300_000)));
        Assert.Equal(ChangeEffect.None, ProgrammeChange.Of(Drawn(900_000, Some.Waiting), Share(null), Share(null, 1)));
    }

    /// <summary>A programme that differs in one thing at most.</summary>
    private static RulesOnDay WithOnePartOf(RulesOnDay rules, RulesOnDay other, int part)
    {
        RulesOnDay With(Func<SurveyPolicy, SurveyPolicy, SurveyPolicy> change) => rules.Policy is { } mine && other.Policy is { } theirs
            ? rules with { Market = rules.Market! with { Service = change(mine, theirs) } }
            : rules;
        return part switch
        {
            0 => rules with { Market = other.Market },
            1 => rules with { Market = rules.Market is { } m && other.Market is { } o ? m with { ActiveFrom = o.ActiveFrom } : rules.Market },
            2 => rules with { Contact = rules.Contact with { DaysFromInvitationToReminder = other.Contact.DaysFromInvitationToReminder } },
            3 => rules with { Contact = rules.Contact with { DaysFromReminderToPhone = other.Contact.DaysFromReminderToPhone } },
            4 => rules with { Contact = rules.Contact with { VendorGraceDays = other.Contact.VendorGraceDays } },
            5 => rules with { Contact = rules.Contact with { RestDays = 30 - rules.Contact.RestDays } },
            6 => rules with { Today = rules.Today.AddDays(1) },
            7 => rules with { Market = rules.Market is { } m ? m with { Service = null } : null },
            8 => With((mine, theirs) => mine with { Window = theirs.Window }),
            9 => With((mine, theirs) => mine with { CustomerTypes = theirs.CustomerTypes }),
            10 => With((mine, theirs) => mine with { PaymentTypes = theirs.PaymentTypes }),
            11 => With((mine, theirs) => mine with { VehicleLimit = theirs.VehicleLimit }),
            _ => With((mine, theirs) => mine with { Sampling = theirs.Sampling }),
        };
    }

    private static Market Selling(DayWindow window) => Some.Australia with { Sales = Some.SalesPolicy with { Window = window } };

    private static ScreeningVerdict Screened(KnownTransaction known, RulesOnDay rules)
    {
        var t = known.Transaction;
        var reach = Reach.Of(new ContactPoints(Some.Email, Usability.Usable, Some.Mobile, null), t.EmailOptOut, t.PhoneOptOut, 0, 0, 0);
        var input = new ScreeningInput(t, rules.Market, rules.Today, reach, rules.Contact.RestDays, null);
        var sampling = known.Case is null ? rules.Policy?.Sampling : null;
        return Screening.Screen(input with { Sample = sampling is null ? new Sample(0, 1, 0, null, true) : Sampling.Draw(sampling, known.Draw, default, () => 0).Sample });
    }

    private static ChangeEffect EffectOf(DateOnly? before, DateOnly? after) => (before, after) switch
    {
        (not null, null) => ChangeEffect.Dropped,
        (null, not null) => ChangeEffect.NewlyContacted,
        _ => after < before ? ChangeEffect.ContactedEarlier : ChangeEffect.None,
    };

    /// <summary>The day of the next contact.</summary>
    private static DateOnly? PlanContacts(KnownTransaction known, RulesOnDay rules)
    {
        if (rules.Policy is null && known.Case!.State != CaseState.WithVendor)
        {
            return null;
        }

        var t = known.Transaction;
        var reach = Reach.Of(new ContactPoints(Some.Email, Usability.Usable, Some.Mobile, null), t.EmailOptOut, t.PhoneOptOut, 0, 0, 0);
        var planned = new PlannedCase(known.Case!, t.EventDate, rules.Policy?.Window ?? new DayWindow(0, null), reach, t.Cancelled, null);
        for (var day = rules.Today; ; day = day.AddDays(1))
        {
            switch (ContactPlan.Decide(planned, rules.Contact, day))
            {
                case ContactAction.Wait when known.Case!.State == CaseState.WithVendor:
                    return rules.Today;
                case ContactAction.Wait:
                    continue;
                case ContactAction.Close or ContactAction.Rest:
                    return null;
                default:
                    return day;
            }
        }
    }
}
