using System.Globalization;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>One customer, and what the days bring.</summary>
public sealed class ContactJourneyTests
{
    // The sale of 10 February opens on 25 February and closes after 17 March.
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };

    [Fact]
    public async Task MissedCyclesNeverSendInvitationAndReminderTogether()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-02-12");
        await world.CycleAsync("2026-03-04");
        Assert.Equal(["invitation alice@mail.example"], world.Mails().Select(m => m.ToString()));

        await world.CycleAsync("2026-03-15");
        await world.CycleAsync("2026-03-15");

        var c = await world.CaseAsync();
        Assert.Equal(("2026-03-04", "2026-03-15", "reminded"), (c["invited_on"], c["reminded_on"], c["state"]));
    }

    [Theory]
    [InlineData("2026-03-17", "invited")]
    [InlineData("2026-03-18", "closed window_closed")]
    public async Task NobodyIsContactedAfterTheWindowsLastDay(string firstCycle, string state)
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-02-12");

        await world.CycleAsync(firstCycle);

        Assert.Equal(state, await world.StateAsync());
    }

    [Theory]
    [InlineData("02 9374 4000", "N", "", "2026-03-04", true)]
    [InlineData("", "N", "", "2026-03-04", false)] // no number
    [InlineData("02 9374 4000", "Y", "", "2026-03-04", false)] // the dealer's flag
    [InlineData("02 9374 4000", "N", "02 9374 4000", "2026-03-04", false)] // an opt-out of the number
    [InlineData("02 9374 4000", "N", "", "2026-03-10", true)] // reminded on the 13th, the 17th is the last day
    [InlineData("02 9374 4000", "N", "", "2026-03-11", false)]
    public async Task AReminderAnnouncesACallOnlyWhereOneCanFollow(string phone, string phoneOptOut, string suppressed, string invited, bool announced)
    {
        using var world = new World();
        world.Extract("a.csv", Due with { Phone1 = phone, NoPhone = phoneOptOut });
        if (suppressed.Length > 0)
        {
            world.OptOut("o.csv", "phone", suppressed);
        }

        await world.CycleAsync(invited);
        await world.CycleAsync($"{World.Day(invited).AddDays(3):yyyy-MM-dd}");

        var reminder = Assert.Single(world.Mails(), m => m.Contact == "reminder");
        var text = (await File.ReadAllTextAsync(reminder.Path, TestContext.Current.CancellationToken)).Replace("=\r\n", "", StringComparison.Ordinal);
        Assert.Equal(announced, text.Contains("our survey partner may call you", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AReminderThatFallsBehindTheWindowIsNeverSent()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-16");
        await world.CycleAsync("2026-03-18");
        await world.CycleAsync("2026-03-19");

        Assert.Equal("closed window_closed", await world.StateAsync());
        Assert.Single(world.Mails());
        Assert.Empty(world.PhoneRows());
    }

    [Theory]
    [InlineData("2026-03-16T21:59:00+11:00", 0)] // day 14 in Sydney
    [InlineData("2026-03-16T22:30:00Z", 1)] // 09:30 of 17 March in Sydney, still the 16th in Greenwich
    [InlineData("2026-03-17T00:10:00+11:00", 0)] // day 15, but at night
    [InlineData("2026-03-17T08:58:00+11:00", 0)] // a cycle's clock goes on: it has two minutes to be done
    [InlineData("2026-03-17T09:00:00+11:00", 1)]
    [InlineData("2026-03-17T19:58:00+11:00", 1)]
    [InlineData("2026-03-17T20:00:01+11:00", 0)]
    [InlineData("2026-03-17", 1)]
    public async Task AMailGoesOutOnTheMarketsDayAndInItsSendingHours(string asOf, int mails)
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale);

        await world.CycleAsync(asOf);

        Assert.Equal(mails, world.Mails().Count);
        Assert.Equal(mails == 1 ? "2026-03-17" : "", (await world.CaseAsync())["invited_on"]);
    }

    [Theory]
    [InlineData("AU", "2026-04-04T22:30:00Z", "08:30", "+1000", 0)] // the night summer time ends: 08:30, it was 09:30 the day before
    [InlineData("AU", "2026-04-04T23:30:00Z", "09:30", "+1000", 1)]
    [InlineData("AU", "2026-10-03T22:30:00Z", "09:30", "+1100", 1)] // the night it begins
    [InlineData("NZ", "2026-04-04T20:30:00Z", "08:30", "+1200", 0)]
    [InlineData("NZ", "2026-04-04T21:30:00Z", "09:30", "+1200", 1)]
    [InlineData("NZ", "2026-09-26T20:30:00Z", "09:30", "+1300", 1)]
    public async Task SendingHoursFollowTheClocksOfTheMarket(string market, string asOf, string local, string offset, int mails)
    {
        var day = DateOnly.FromDateTime(DateTime.Parse(asOf, CultureInfo.InvariantCulture));
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Country = market, Phone1 = "", Event = day.AddDays(-20).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) });

        await world.CycleAsync(asOf);

        Assert.Equal(mails, world.Mails().Count);
        Assert.All(world.Mails(), m => Assert.Matches($@" {local}:\d\d \{offset}$", m.Headers["Date"])); // the seconds go on
    }

    [Fact]
    public async Task TheDaysOfAnInstantAreThoseOfTheMarket()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-03-17" }, Row.Sale with { Country = "ZA", Phone1 = "082 123 4567", Transaction = "Z", Event = "2026-03-17" });

        var counts = await world.CycleAsync("2026-03-16T20:00:00Z"); // the 17th in Sydney, the 16th in Johannesburg

        Assert.Equal(1, counts.GetProperty("rowsRejected").GetInt64());
        Assert.Equal("future_event_date", Assert.Single(world.Rejects("a.csv"))["reason"]);
        Assert.Equal("waiting", await world.StateAsync());
    }

    [Fact]
    public async Task AFutureRowOfYesterdayIsReadAgainFromTheSameFileToday()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-03-03" });
        await world.CycleAsync("2026-03-02");
        world.Extract("a.csv", Row.Sale with { Event = "2026-03-03" });
        await world.CycleAsync("2026-03-03");

        Assert.Equal("waiting", await world.StateAsync());
    }

    [Fact]
    public async Task WithoutAUsableAddressTheCustomerIsCalled()
    {
        using var world = new World();
        world.Extract("a.csv", Due with { Email = "" }, Due with { Transaction = "P", Email = "NoEmail@Dealer.example" }, Due with { Transaction = "B", Email = "not an address", Phone1 = "123", Phone2 = "0412 345 678" });

        await world.CycleAsync("2026-03-02");

        Assert.Equal(["no_email", "no_email", "no_email"], world.PhoneRows().Select(r => r["reason"]));
        Assert.Equal("+61412345678", world.PhoneRows()[2]["phone_1"]);
        Assert.Equal("", world.PhoneRows()[2]["phone_2"]);
        Assert.Empty(world.Mails());
    }

    [Theory]
    [InlineData("email", "alice@mail.example", "with_vendor", "email_opt_out")]
    [InlineData("email", "ALICE@MAIL.EXAMPLE", "with_vendor", "email_opt_out")]
    [InlineData("all", "alice@mail.example", "closed opted_out", "")]
    [InlineData("all", "+61 2 9374 4000", "closed opted_out", "")]
    [InlineData("all", "(02) 9374-4000", "closed opted_out", "")]
    [InlineData("phone", "02 9374 4000", "invited", "")]
    [InlineData("phone", "0061293744000", "invited", "")]
    [InlineData("phone", "０２９３７４４０００", "invited", "")]
    public async Task AnOptOutTakesEffectInTheNextCycle(string kind, string value, string state, string phoneReason)
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        world.OptOut("o.csv", kind, value);

        var counts = await world.CycleAsync("2026-03-03");

        Assert.Equal(1, counts.GetProperty("optOuts").GetInt64());
        Assert.Equal(state, await world.StateAsync());
        Assert.Equal(phoneReason, (await world.CaseAsync())["phone_reason"]);
    }

    [Theory]
    [InlineData("email", "with_vendor")]
    [InlineData("phone", "invited")]
    [InlineData("all", "closed opted_out")]
    public async Task AnOptOutMayNameTheCase(string kind, string state)
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        world.OptOut("o.csv", kind, (await world.CaseIdAsync()).ToLowerInvariant());

        await world.CycleAsync("2026-03-03");

        Assert.Equal(state, await world.StateAsync());
    }

    [Fact]
    public async Task APhoneOptOutOfOneWhoNeverAnsweredLeavesNoWayOn()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        world.OptOut("o.csv", "phone", "02 9374 4000");
        await world.CycleAsync("2026-03-05");

        await world.CycleAsync("2026-03-09");

        Assert.Equal("closed no_response", await world.StateAsync());
        Assert.Empty(world.PhoneRows());
    }

    [Fact]
    public async Task AnOptOutOfEverythingClosesAndWithdrawsWhatTheVendorHas()
    {
        using var world = new World();
        world.Extract("a.csv", Due with { Email = "" });
        await world.CycleAsync("2026-03-02");
        world.OptOut("o.csv", "all", "0293744000");

        await world.CycleAsync("2026-03-03");

        Assert.Equal("closed opted_out", await world.StateAsync());
        Assert.Equal("opted_out", Assert.Single(world.WithdrawalRows())["reason"]);
    }

    [Theory]
    [InlineData("Y", "N", "with_vendor", "no_email")]
    [InlineData("N", "Y", "invited", "")]
    [InlineData("Y", "Y", "", "")]
    public async Task ARowsFlagsAreHonoured(string noEmail, string noPhone, string state, string reason)
    {
        using var world = new World();
        world.Extract("a.csv", Due with { NoEmail = noEmail, NoPhone = noPhone });

        await world.CycleAsync("2026-03-02");

        if (state.Length == 0)
        {
            Assert.Equal("screened_out opted_out", await world.ScreenedAsync());
            return;
        }

        Assert.Equal(state, await world.StateAsync());
        Assert.Equal(reason, (await world.CaseAsync())["phone_reason"]);
    }

    [Fact]
    public async Task BadOptOutRowsAreRejectedAndTheOthersCount()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        world.Drop("optouts", "o.csv", "kind,value\nfax,x@mail.example\nemail,\n,x@mail.example\nall,nonsense\nemail,AU-00000099\nall,alice@mail.example\n");

        var counts = await world.CycleAsync("2026-03-02");

        Assert.Equal(1, counts.GetProperty("optOuts").GetInt64());
        Assert.Equal(["2", "3", "4", "5", "6"], world.Rejects("o.csv").Select(r => r["line"]));
        Assert.Equal("screened_out opted_out", await world.ScreenedAsync());
    }

    [Fact]
    public async Task APlaceholderIdentifiesNobody()
    {
        using var world = new World(p => p["contact"]!["restDays"] = 90);
        world.Extract("a.csv",
            Due with { Email = "noemail@dealer.example", Phone1 = "0412 345 671" },
            Due with { Transaction = "T2", Email = "NOEMAIL@dealer.example", Phone1 = "0412 345 672" });
        world.OptOut("o.csv", "all", "NoEmail@Dealer.Example");

        await world.CycleAsync("2026-03-02");

        Assert.Equal(["with_vendor", "with_vendor"], [await world.StateAsync(), await world.StateAsync("T2")]);
    }

    [Fact]
    public async Task OfSeveralDueCasesOfOneCustomerTheEarliestEventGoesFirst()
    {
        using var world = new World(p => p["contact"]!["restDays"] = 30);
        world.Extract("a.csv",
            Due with { Transaction = "LATER", Event = "2026-02-11" },
            Due with { Transaction = "B", Event = "2026-02-10", Phone1 = "0412 345 671" },
            Due with { Transaction = "A", Event = "2026-02-10", Email = "ALICE@mail.example", Phone1 = "" });

        await world.CycleAsync("2026-02-12");
        await world.CycleAsync("2026-03-02");

        Assert.Equal("invited", await world.StateAsync("B"));
        Assert.Equal("closed recently_contacted", await world.StateAsync("A"));
        Assert.Equal("closed recently_contacted", await world.StateAsync("LATER"));
    }

    [Theory]
    [InlineData(29, "closed recently_contacted")]
    [InlineData(30, "invited")]
    public async Task ARestIsOverOnItsLastDay(int daysLater, string state)
    {
        using var world = new World(p =>
        {
            p["contact"]!["restDays"] = 30;
            p["markets"]!["AU"]!["sales"]!["window"]!["toDay"] = 100;
        });
        world.Extract("a.csv", Due, Row.Service with { Transaction = "OTHER", Country = "NZ", Email = "bob@mail.example", Phone1 = "021 123 4567", Event = "2026-03-02" });
        await world.CycleAsync("2026-03-02");
        var second = World.Day("2026-03-02").AddDays(daysLater);
        world.Extract("b.csv", Due with { Transaction = "T2", Event = second.AddDays(-15).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) });
        await world.CycleAsync(second.AddDays(-15).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), "--accept-gap");

        // Screened out while the rest lasts, and back with the extract of a later day.
        world.Extract("b.csv", Due with { Transaction = "T2", Event = second.AddDays(-15).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) });
        await world.CycleAsync(second.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

        Assert.Equal(state == "invited" ? "eligible" : "screened_out recently_contacted", await world.ScreenedAsync("T2"));
        if (state == "invited")
        {
            Assert.Equal(state, await world.StateAsync("T2"));
        }
    }

    [Fact]
    public async Task ACorrectionBeforeTheInvitationCountsForIt()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale);
        await world.CycleAsync("2026-03-02");
        world.Extract("b.csv", Row.Sale with { Email = "right@mail.example", Event = "2026-03-01" });
        var counts = await world.CycleAsync("2026-03-03");
        Assert.Equal(1, counts.GetProperty("transactionsUpdated").GetInt64());

        await world.CycleAsync("2026-03-16"); // day 15 of the corrected date

        Assert.Equal("invitation right@mail.example", Assert.Single(world.Mails()).ToString());
    }

    [Fact]
    public async Task ACorrectionAfterTheInvitationCountsForTheNextContactOnly()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        world.Extract("b.csv", Due with { Email = "right@mail.example", Phone1 = "0412 345 678", Event = "2026-01-01", Customer = "rental" });
        await world.CycleAsync("2026-03-03");
        Assert.Equal("invited", await world.StateAsync());

        await world.CycleAsync("2026-03-05");
        await world.CycleAsync("2026-03-09");

        Assert.Equal(["invitation alice@mail.example", "reminder right@mail.example"], world.Mails().Select(m => m.ToString()));
        Assert.Equal("+61412345678", Assert.Single(world.PhoneRows())["phone_1"]);
        Assert.Equal("2026-02-10", (await world.CaseAsync())["event_date"]);
    }

    [Theory]
    [InlineData("2026-02-12", "", 0)]
    [InlineData("2026-03-02", "", 0)]
    [InlineData("2026-03-02", "no email", 1)]
    public async Task ACancellationClosesTheCaseAndWithdrawsItFromTheVendor(string firstCycle, string how, int withdrawn)
    {
        var row = how.Length > 0 ? Due with { Email = "" } : Due;
        using var world = new World();
        world.Extract("a.csv", row);
        await world.CycleAsync(firstCycle);
        world.Extract("b.csv", row with { Status = "cancelled" });

        await world.CycleAsync("2026-03-03");

        Assert.Equal("closed transaction_cancelled", await world.StateAsync());
        Assert.Equal(withdrawn, world.WithdrawalRows().Count);
        Assert.All(world.WithdrawalRows(), r => Assert.Equal("transaction_cancelled", r["reason"]));
    }

    [Fact]
    public async Task WhatFailedScreeningIsScreenedAgainWhenItComesAgain()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Status = "cancelled" });
        await world.CycleAsync("2026-03-02");
        Assert.Equal("screened_out transaction_cancelled", await world.ScreenedAsync());
        world.Extract("a.csv", Row.Sale);
        await world.CycleAsync("2026-03-03");
        Assert.Equal("waiting", await world.StateAsync());
        world.Extract("a.csv", Row.Sale with { Customer = "government" });
        await world.CycleAsync("2026-03-04");
        Assert.Equal("closed customer_type_excluded", await world.StateAsync());
        Assert.Equal("screened_out customer_type_excluded", await world.ScreenedAsync());
        world.Extract("a.csv", Row.Sale);

        await world.CycleAsync("2026-03-05");

        Assert.Equal("waiting", await world.StateAsync());
        Assert.Equal("eligible", await world.ScreenedAsync());
        await world.HoldsAsync();
    }

    [Fact]
    public async Task TheSameFilesTwiceDoNoHarm()
    {
        using var world = new World();
        async Task Again(string day)
        {
            world.Extract("a.csv", Due, Due with { Transaction = "T2", Email = "", Vin = "bad" });
            world.Drop("dealers", "d.csv", "dealer_code,dealer_name,market,region\nAU01,Harbour Motors,AU,East\n");
            world.OptOut("o.csv", "email", "nobody@mail.example");
            await world.CycleAsync(day);
        }

        await Again("2026-03-02");
        var before = (await world.ExportAsync("cases"), world.Mails().Count);
        await Again("2026-03-02");
        await Again("2026-03-03");

        Assert.Equal(before.Item1.Select(c => string.Join('|', c.Values)), (await world.ExportAsync("cases")).Select(c => string.Join('|', c.Values)));
        Assert.Equal(before.Count, world.Mails().Count);
        await world.HoldsAsync();
    }
}
