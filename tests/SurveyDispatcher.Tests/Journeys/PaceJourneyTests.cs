using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using SurveyDispatcher.Tests.Mail;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Limits and turns of a whole cycle, on a clock that moves when the pipeline waits for it.</summary>
[Trait("Store", "Sqlite")] // on a shared store a worker says every few seconds that it lives, and this clock would run ahead of the pipeline
public sealed class PaceJourneyTests : IAsyncLifetime
{
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };
    private readonly ManualClock clock = new();
    private readonly ConcurrentQueue<(long At, string To)> taken = new();
    private readonly ScriptedServer server;

    public PaceJourneyTests()
    {
        var recipient = "";
        server = new ScriptedServer((_, c) =>
        {
            if (c.StartsWith("RCPT", StringComparison.Ordinal))
            {
                recipient = c[(c.IndexOf('<', StringComparison.Ordinal) + 1)..c.IndexOf('>', StringComparison.Ordinal)];
            }
            else if (c == ".")
            {
                taken.Enqueue((clock.GetTimestamp(), recipient));
            }

            return null;
        });
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task EachDomainHasItsShareOfAMinuteAndTheOthersDoNotWaitForIt()
    {
        using var world = Sending(mail => mail["MaxPerMinutePerDomain"] = 5);
        world.Extract("a.csv", [.. Mails("big.example", 17), .. Mails("small.example", 3)]);

        var ended = await RunAsync(world, "2026-03-02");

        Assert.Equal(0, ended.Code);
        Assert.Equal((20, 0), (ended.Json.GetProperty("invitationsSent").GetInt32(), ended.Json.GetProperty("mailDeferred").GetInt32()));
        var big = taken.Where(t => t.To.EndsWith("@big.example", StringComparison.Ordinal)).Select(t => t.At).ToList();
        Assert.All(Enumerable.Range(0, 12), i => Assert.True(big[i + 5] - big[i] > TimeSpan.TicksPerMinute));
        Assert.InRange(big[^1] - big[0], 3 * TimeSpan.TicksPerMinute, 4 * TimeSpan.TicksPerMinute);
        Assert.All(taken.Where(t => t.To.EndsWith("@small.example", StringComparison.Ordinal)), t => Assert.True(t.At - big[0] < TimeSpan.TicksPerMinute));
        Assert.Equal(20, taken.Select(t => t.To).Distinct().Count());
    }

    [Fact]
    public async Task ACycleEndsInTimeAndTheNextSendsTheRest()
    {
        using var world = Sending(mail => (mail["MaxPerMinute"], mail["MaxMinutes"]) = (5, 3));
        world.Extract("a.csv", Mails("mail.example", 40));

        var first = await RunAsync(world, "2026-03-02");

        Assert.Equal(0, first.Code);
        var sent = first.Json.GetProperty("invitationsSent").GetInt32();
        Assert.InRange(sent, 10, 15);
        Assert.Equal(40 - sent, first.Json.GetProperty("mailDeferred").GetInt32());
        world.Edit("appsettings.json", json => (json["Mail"]!["MaxPerMinute"], json["Mail"]!["MaxMinutes"]) = (0, 0));
        Assert.Equal(40 - sent, (await RunAsync(world, "2026-03-02")).Json.GetProperty("invitationsSent").GetInt32());
        Assert.Equal(40, taken.Select(t => t.To).Distinct().Count());
    }

    [Fact]
    public async Task AMinuteThatSpansTwoCyclesSeesNoMoreThanAllowed()
    {
        using var world = Sending(mail => mail["MaxPerMinute"] = 5);
        world.Extract("a.csv", Mails("one.example", 5));
        await RunAsync(world, "2026-03-02");
        world.Extract("b.csv", Mails("two.example", 5));

        var second = await RunAsync(world, "2026-03-02");

        Assert.Equal(5, second.Json.GetProperty("invitationsSent").GetInt32());
        var times = taken.Select(t => t.At).ToList();
        Assert.True(times[5] - times[4] > TimeSpan.TicksPerMinute);
    }

    [Fact]
    public async Task ADryRunWaitsForNobody()
    {
        using var world = Sending(mail => mail["MaxPerMinute"] = 1);
        world.Extract("a.csv", Mails("one.example", 30));
        var before = clock.GetTimestamp();

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json", "--dry-run");

        Assert.Equal((0, 30), (ended.Code, ended.Json.GetProperty("invitationsSent").GetInt32()));
        Assert.Equal(before, clock.GetTimestamp());
        Assert.Empty(taken);
    }

    [Fact]
    public async Task MarketsTakeTurns()
    {
        using var world = Sending(mail => (mail["MaxPerMinute"], mail["MaxMinutes"]) = (10, 3));
        world.Extract("a.csv", Mails("au.example", 300));
        world.Extract("b.csv", [.. Mails("nz.example", 5).ToArray().Select(r => r with { Country = "NZ", Dealer = "NZ01", Phone1 = "021 123 4567" })]);

        await RunAsync(world, "2026-03-02");

        Assert.Equal(5, taken.Take(10).Count(t => t.To.EndsWith("@nz.example", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task WhatWaitsForItsTurnPastTheSendingHoursStaysQueued()
    {
        using var world = Sending(mail => mail["MaxPerMinute"] = 5);
        world.Extract("a.csv", Mails("mail.example", 40));

        var evening = await RunAsync(world, "2026-03-02T19:57:30+11:00"); // Sydney sends until 20:00

        var sent = evening.Json.GetProperty("invitationsSent").GetInt32();
        Assert.InRange(sent, 11, 15);
        Assert.Equal(40 - sent, evening.Json.GetProperty("mailDeferred").GetInt32());
        Assert.All(taken, t => Assert.True(t.At - taken.First().At < TimeSpan.FromMinutes(2.5).Ticks));
    }

    private World Sending(Action<JsonNode> mail) => new(time: clock, settings: s =>
    {
        (s["Mail"]!["Transport"], s["Mail"]!["Host"], s["Mail"]!["Port"]) = ("Smtp", "127.0.0.1", server.Port);
        (s["Mail"]!["Connections"], s["Mail"]!["TimeoutSeconds"], s["Mail"]!["MaxMinutes"]) = (1, 600, 0);
        mail(s["Mail"]!);
    });

    private static ReadOnlySpan<Row> Mails(string domain, int count) => Enumerable.Range(0, count)
        .Select(i => Due with { Transaction = $"{domain}-{i}", Email = $"c{i}@{domain}" }).ToArray();

    /// <summary>Runs a cycle; whenever it waits for room the clock goes there at once.</summary>
    private async Task<Ended> RunAsync(World world, string asOf)
    {
        var cycle = Task.Run(() => world.RunAsync("cycle", "--as-of", asOf, "--json"));
        while (!cycle.IsCompleted)
        {
            if (clock.NextWithin(TimeSpan.FromSeconds(61)) is { } next)
            {
                clock.Advance(next);
            }

            await Task.Yield();
        }

        return await cycle;
    }
}
