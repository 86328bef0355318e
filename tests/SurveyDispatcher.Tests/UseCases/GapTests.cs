using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.UseCases;

/// <summary>A restored store, or a clock that has jumped, does not do weeks of overdue work at once.</summary>
public sealed class GapTests
{
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };

    private static World Guarded() => new(settings: s => s["Data"]!["MaxGapDays"] = 10);

    [Theory]
    [InlineData("2026-03-02", "2026-03-12", true)]
    [InlineData("2026-03-02", "2026-03-13", false)]
    [InlineData("2026-03-02", "2026-03-01", false)]
    [InlineData("2026-03-02", "2026-03-02", true)]
    // an instant is dated by its day in UTC
    [InlineData("2026-03-02T10:00:00+00:00", "2026-03-12T23:59:59+00:00", true)]
    [InlineData("2026-03-02T10:00:00+00:00", "2026-03-13T00:00:00+00:00", false)]
    [InlineData("2026-03-02T23:59:00+00:00", "2026-03-13T00:30:00+14:00", true)]
    [InlineData("2026-03-02T10:00:00+00:00", "2026-03-02T09:00:00+00:00", true)] // a clock set back by an hour does no harm
    [InlineData("2026-03-02T00:10:00+00:00", "2026-03-01T23:10:00+00:00", false)] // but for the hour until midnight has come again
    // a day, and then the morning of that day
    [InlineData("2026-03-02", "2026-03-02T06:00:00+11:00", true)]
    [InlineData("2026-03-02", "2026-03-01T21:00:00+11:00", false)]
    [InlineData("2026-03-02T20:00:00+00:00", "2026-03-02", true)]
    public async Task ACycleFollowsTheLastWithinTenDaysAndNotBeforeIt(string last, string next, bool runs)
    {
        using var world = Guarded();
        await world.CycleAsync(last);
        world.Extract("a.csv", Due);
        var before = world.Fingerprint();

        var ended = await world.RunAsync("cycle", "--as-of", next);
        var dry = await world.RunAsync("cycle", "--as-of", next, "--dry-run");

        Assert.Equal((runs ? 0 : 1, runs ? 0 : 1), (ended.Code, dry.Code));
        if (!runs)
        {
            Assert.Equal(before, world.Fingerprint());
            Assert.Contains("Nothing was done", dry.Error, StringComparison.Ordinal);
            Assert.Equal(0, (await world.RunAsync("cycle", "--as-of", next, "--dry-run", "--accept-gap")).Code);
            Assert.Equal(before, world.Fingerprint());
            await world.CycleAsync(next, "--accept-gap");
            await world.CycleAsync(next); // once is enough
        }
    }

    [Theory]
    [InlineData(3, 3, true)]
    [InlineData(3, 4, false)]
    [InlineData(1, 1, true)]
    [InlineData(1, 2, false)]
    public async Task HowManyDaysIsASetting(int most, int days, bool runs)
    {
        using var world = new World(settings: s => s["Data"]!["MaxGapDays"] = most);
        await world.CycleAsync("2026-03-02");

        Assert.Equal(runs ? 0 : 1, (await world.RunAsync("cycle", "--as-of", $"{World.Day("2026-03-02").AddDays(days):yyyy-MM-dd}")).Code);
    }

    [Fact]
    public async Task AFirstCycleHasNoGapAndAFailedOneCounts()
    {
        using var world = Guarded();
        world.Drop("dms", "empty.csv", "");

        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-02")).Code);

        Assert.Contains("dated 2026-03-02", (await world.RunAsync("cycle", "--as-of", "2026-03-20")).Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Store", "Sqlite")] // puts the file back
    public async Task AStoreRestoredFromAnOldBackupSendsNothingUntilSomebodyHasLookedAndThenEachContactOnce()
    {
        using var world = Guarded();
        world.Extract("a.csv", Due with { Transaction = "REMIND", Event = "2026-02-15", Email = "remind@mail.example" }, Due with { Transaction = "OLD" }, Row.Sale with { Transaction = "NEW", Email = "new@mail.example" });
        await world.CycleAsync("2026-03-02");
        File.Copy(world.Store, world.Store + ".backup");
        await world.DailyAsync("2026-03-03", "2026-03-18");
        Directory.Delete(world.In("mail"), recursive: true);
        Directory.Delete(world.In("outbox"), recursive: true);
        File.Move(world.Store + ".backup", world.Store, overwrite: true); // twenty days old, once the machine is back
        var restored = world.Fingerprint();

        var refused = await world.RunAsync("cycle", "--as-of", "2026-03-22");

        Assert.Equal(1, refused.Code);
        foreach (var word in new[]
        {
            "The last cycle was dated 2026-03-02, this one is dated 2026-03-22: 20 days later, more than Data:MaxGapDays = 10",
            "restored from a backup", "'cycle --dry-run --accept-gap'", "'cycle --accept-gap' once", "docs/operations.md",
        })
        {
            Assert.Contains(word, refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal(restored, world.Fingerprint());
        await world.CycleAsync("2026-03-22", "--accept-gap");

        // What is due on the day: 20 days of reminders and lists for cases whose window has passed are not.
        Assert.Equal(["invitation new@mail.example", "reminder remind@mail.example"], world.Mails().Select(m => m.ToString()).Order());
        Assert.Equal("closed window_closed", await world.StateAsync("OLD"));
        Assert.Empty(world.PhoneRows());
        await world.HoldsAsync();
    }

    [Fact]
    public async Task StatusSaysThatCyclesStopAndHowToGoOn()
    {
        using var world = Guarded(); // its clock stands at 2 March
        await world.CycleAsync("2026-02-10");

        var stopped = await world.RunAsync("status");
        var json = await world.RunAsync("status", "--json");
        await world.CycleAsync("2026-03-02", "--accept-gap");
        var goesOn = await world.RunAsync("status");

        Assert.Contains("CYCLES STOP NOW: The last cycle was dated 2026-02-10, this one is dated 2026-03-02: 20 days later", stopped.Output, StringComparison.Ordinal);
        Assert.Contains("--accept-gap", json.Json.GetProperty("nextCycleStops").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("STOP", goesOn.Output, StringComparison.Ordinal);
    }
}
