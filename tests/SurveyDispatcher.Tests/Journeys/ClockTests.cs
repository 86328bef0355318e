using System.Globalization;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Clocks that jump, and days of 23 and 25 hours: each contact exactly once, on the right local date, within the hours for it.</summary>
public sealed class ClockTests
{
    /// <summary>The night in which the clocks of a market change, and what its hours from two to three do in it.</summary>
    /// <remarks>In spring they do not exist: who is due then gets his mail the next night. In autumn they come twice.</remarks>
    [Theory]
    [InlineData("AU", "2026-04-05", "09:00", "20:00", 0)]
    [InlineData("NZ", "2026-09-27", "09:00", "20:00", 0)]
    [InlineData("AU", "2026-10-04", "02:00", "03:00", 1)]
    [InlineData("NZ", "2026-04-05", "02:00", "03:00", 0)]
    [InlineData("AU", "2026-04-05", "00:00", "01:00", 0)]
    [InlineData("AU", "2026-10-04", "23:00", "23:59", 0)]
    public async Task CyclesEveryHourOverTheChangeMailEveryoneOnceOnHisDay(string market, string change, string from, string to, int daysLate)
    {
        using var world = new World(programme: p => (p["markets"]![market]!["sendingHours"]!["from"], p["markets"]![market]!["sendingHours"]!["to"]) = (from, to));
        var night = World.Day(change);
        var rows = Enumerable.Range(-1, 4).Select(n => Row.Sale with
        {
            Country = market, Dealer = market + "01", Transaction = $"T{n + 1}", Email = $"c{n + 1}@mail.example",
            Phone1 = market == "AU" ? $"0412 345 67{n + 1}" : $"021 123 456{n + 1}",
            Event = $"{night.AddDays(n - 15):yyyy-MM-dd}", // day 15, on which the window opens, is the day before the change, the day of it, and the two after
        }).ToArray();
        world.Extract("a.csv", rows);
        world.Extract("b.csv", Row.Sale with { Country = market, Dealer = market + "01", Transaction = "P", Email = "", Phone1 = market == "AU" ? "0412 345 679" : "021 123 4569", Event = $"{night.AddDays(-15):yyyy-MM-dd}" });
        var config = PipelineConfig.Load(ConfigFolder.OnDisk(world.Config), forMail: true);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(config.Programme.MarketOf(market)!.TimeZone);
        var begin = new DateTimeOffset(night.AddDays(-2), new TimeOnly(12, 30), TimeSpan.Zero);
        TimeOnly Local(DateTimeOffset at) => TimeOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime);

        // Every hour on the three days around the change; on the others before and after each end of the hours for mails.
        var edges = new[] { from, to }.Select(edge => TimeOnly.Parse(edge, CultureInfo.InvariantCulture).Hour).SelectMany(hour => new[] { (hour + 23) % 24, hour }).ToHashSet();
        foreach (var at in Enumerable.Range(0, 8 * 24).Select(hour => begin.AddHours(hour))
            .Where(at => Math.Abs(DateOnly.FromDateTime(at.DateTime).DayNumber - night.DayNumber) <= 1 || edges.Contains(Local(at).Hour)))
        {
            var before = world.Names("mail").Count;
            var ended = await new Cycle(config, new DataDirectory(world.Data), TimeProvider.System, new NoProgress()).RunAsync(new CycleRequest(AsOf.At(at)), CancellationToken.None);
            Assert.Empty(ended.Problems);
            var local = Local(at);
            Assert.True(world.Names("mail").Count == before || (local >= TimeOnly.Parse(from, CultureInfo.InvariantCulture) && local < TimeOnly.Parse(to, CultureInfo.InvariantCulture)), $"mail at {local}");
        }

        for (var n = -1; n < 3; n++)
        {
            var due = night.AddDays(n);
            var invited = n == 0 ? due.AddDays(daysLate) : due;
            var c = await world.CaseAsync($"T{n + 1}");
            Assert.Equal((Text(invited), Text(invited.AddDays(3))), (c["invited_on"], c["reminded_on"]));
            Assert.Equal(["invitation", "reminder"], world.Mails().Where(m => m.CaseId == c["case_id"]).Select(m => m.Contact).Order());
        }

        var called = Assert.Single(world.PhoneRows(), r => r["reason"] == "no_email");
        Assert.Equal((Text(night), Text(night)), (called["call_from"], (await world.CaseAsync("P"))["phone_on"]));
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }

    /// <summary>An hour back, again and again, over the sending hours and over midnight in the east.</summary>
    [Fact]
    public async Task AClockThatIsSetBackByAnHourRepeatsNothing()
    {
        using var world = new World(settings: s => s["Data"]!["MaxGapDays"] = 10);
        world.Extract("a.csv", Row.Sale, Row.Sale with { Transaction = "P", Email = "", Phone1 = "0412 345 678" }, Row.Service);
        var config = PipelineConfig.Load(ConfigFolder.OnDisk(world.Config), forMail: true);
        var at = new DateTimeOffset(2026, 3, 9, 0, 30, 0, TimeSpan.Zero); // the service's window opens the next day, the sale's last contact is on the 24th
        for (var n = 0; at < new DateTimeOffset(2026, 3, 27, 0, 0, 0, TimeSpan.Zero); n++)
        {
            var ended = await new Cycle(config, new DataDirectory(world.Data), TimeProvider.System, new NoProgress()).RunAsync(new CycleRequest(AsOf.At(at)), CancellationToken.None);
            Assert.Empty(ended.Problems);

            // Every other time it is set back, but for where it would be yesterday in UTC: there cycles stop (GapTests).
            at = at.AddHours(n % 2 == 1 && at.Hour > 0 ? -1 : 6);
        }

        Assert.Equal(4, world.Mails().Count);
        Assert.Equal(4, world.Mails().DistinctBy(m => m.MessageId).Count());
        Assert.Equal(3, world.PhoneRows().Count);
        Assert.Equal(3, world.PhoneRows().DistinctBy(r => r["case_id"]).Count());
        Assert.Equal(("2026-03-17", "2026-03-20", "2026-03-24"), ((await world.CaseAsync())["invited_on"], (await world.CaseAsync())["reminded_on"], (await world.CaseAsync())["phone_on"]));
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }

    /// <summary>A last cycle that ended, by the clock, in the future is no reason to wait, and no credit either.</summary>
    [Fact]
    public async Task ALimitOfMailsAMinuteDoesNotMindAClockThatWentBack()
    {
        await using var server = new Mail.ScriptedServer();
        using var world = new World(settings: s =>
        {
            var mail = s["Mail"]!;
            (mail["Transport"], mail["Host"], mail["Port"], mail["MaxPerMinute"], mail["MaxMinutes"]) = ("Smtp", "127.0.0.1", server.Port, 10, 1);
        });
        await world.CycleAsync("2026-03-02");
        world.Tamper("UPDATE cycles SET ended_at = '2027-01-01 00:00:00+00:00'");
        world.Extract("a.csv", [.. Enumerable.Range(0, 5).Select(i => Row.Sale with { Transaction = $"T{i}", Event = "2026-02-10", Email = $"c{i}@mail.example", Phone1 = $"0412 345 67{i}" })]);
        var began = TimeProvider.System.GetTimestamp();

        var counts = await world.CycleAsync("2026-03-02");

        Assert.Equal((5, 5), (counts.GetProperty("invitationsSent").GetInt32(), server.Messages.Count));
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(50));
    }

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
