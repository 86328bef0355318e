using SurveyDispatcher.Storage;
using SurveyDispatcher.Tests.Mail;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Two cycles on one store, from two data directories as from two machines: one plans and sends, whatever becomes of the other.</summary>
public sealed class LeaseJourneyTests
{
    private const int Customers = 60, Connections = 2;

    [Fact]
    [Trait("Store", "Sqlite")] // two directories, one file
    public async Task AStalledCycleIsTakenOverAndWritesNothingWhenItWakesUp()
    {
        await using var server = new ScriptedServer();
        using var first = Sending(server);
        first.Extract("a.csv", [.. Enumerable.Range(0, Customers).Select(i => Row.Sale with
        {
            Event = "2026-02-10", Transaction = $"t{i}", Email = $"c{i}@customers.example", Phone1 = $"0412 345 6{i:D2}",
        })]);
        using var second = Sending(server);
        var store = $"Data Source={first.Store};Pooling=False";
        second.Edit("appsettings.json", s => s["Store"]!["ConnectionString"] = store);
        Directory.CreateDirectory(second.Data);

        await using var stalled = await Child.StopAsync(first, "statement begin", 30, "cycle", "--as-of", "2026-03-02");
        Assert.InRange(server.Messages.Count, 1, Customers - 1);
        File.Copy(first.In("keys.json"), second.In("keys.json"));
        var turnedAway = await second.RunAsync("cycle", "--as-of", "2026-03-02");
        var takenOver = await second.RunAsync(new Ahead(TimeSpan.FromHours(1)), "cycle", "--as-of", "2026-03-02", "--json");
        var woken = await stalled.GoOnAsync();

        Assert.Equal((1, true), (turnedAway.Code, turnedAway.Error.Contains("Another cycle is running on this store", StringComparison.Ordinal)));
        Assert.True(takenOver.Code == 0, takenOver.Error);
        Assert.Equal((1, true), (woken.Code, woken.Error.Contains("Another worker has taken over", StringComparison.Ordinal)));
        Assert.Equal(Customers, server.Messages.Distinct().Count());
        // It did not stand still for so long that it knew: what was under way, and one more on each connection.
        Assert.InRange(server.Messages.Count, Customers, Customers + (2 * Connections));
        Assert.Equal(Customers, (await second.ExportAsync("cases")).Count(c => c["state"] == "invited"));
        Assert.Equal(0, (await second.RunAsync("verify")).Code);
        Assert.Equal($"{Customers}", first.Query("SELECT count(*) FROM ledger WHERE kind = 'MailAccepted'"));
    }

    /// <summary>Nobody can take its directory from it, so a person has to: he is told which process it is, and the rest is as after any kill.</summary>
    [Fact]
    public async Task WhoeverStandsStillWithTheDirectoryIsNamedAndCanBeEnded()
    {
        await using var server = new ScriptedServer();
        using var world = Sending(server);
        world.Extract("a.csv", [.. Enumerable.Range(0, Customers).Select(i => Row.Sale with { Event = "2026-02-10", Transaction = $"t{i}", Email = $"c{i}@customers.example" })]);
        var stalled = await Child.StopAsync(world, "statement begin", 30, "cycle", "--as-of", "2026-03-02");

        var turnedAway = await world.RunAsync("cycle", "--as-of", "2026-03-02");
        var status = await world.RunAsync("status");
        await stalled.DisposeAsync();
        var after = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.True(status.Code == 0, status.Error);
        Assert.Contains($"process {stalled.Id} on {Environment.MachineName}. Wait until it has ended", turnedAway.Error, StringComparison.Ordinal);
        Assert.Contains($"process {stalled.Id} (plans)", status.Output, StringComparison.Ordinal);
        Assert.Equal((1, 0), (turnedAway.Code, after.Code));
        Assert.Equal(Customers, server.Messages.Distinct().Count());
    }

    [Fact]
    [Trait("Store", "Sqlite")] // on a shared store the worker that wakes up says first that it lives
    public async Task NoMailIsHandedOverAfterATimeInWhichAnotherMayHaveTakenOver()
    {
        var clock = new ManualClock();
        var asked = 0;
        await using var server = new ScriptedServer((_, c) =>
        {
            if (c == "DATA" && Interlocked.Increment(ref asked) == 1)
            {
                clock.Advance(Lease.Term); // the machine slept
            }

            return null;
        });
        using var world = Sending(server, clock, connections: 1);
        world.Extract("a.csv", [.. Enumerable.Range(0, 5).Select(i => Row.Sale with
        {
            Event = "2026-02-10", Transaction = $"t{i}", Email = $"c{i}@customers.example", Phone1 = $"0412 345 60{i}",
        })]);

        var slept = await world.CycleAsync("2026-03-02");
        var after = await world.CycleAsync("2026-03-02");

        Assert.Equal((4, 1), (slept.GetProperty("invitationsSent").GetInt32(), slept.GetProperty("mailDeferred").GetInt32()));
        Assert.Equal(1, after.GetProperty("invitationsSent").GetInt32());
        Assert.Equal(5, server.Messages.Count);
        Assert.Equal(5, server.Messages.Distinct().Count());
    }

    private static World Sending(ScriptedServer server, TimeProvider? clock = null, int connections = Connections) => new(time: clock, settings: s =>
    {
        s["Mail"]!["Transport"] = "Smtp";
        s["Mail"]!["Host"] = "127.0.0.1";
        s["Mail"]!["Port"] = server.Port;
        s["Mail"]!["Connections"] = connections;
        s["Mail"]!["TimeoutSeconds"] = 600;
    });
}
