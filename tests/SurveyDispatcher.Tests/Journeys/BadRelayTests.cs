using SurveyDispatcher.Tests.Mail;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>A relay that is slow, or that hangs up whenever it likes. Down, refusing, and accepting and then bouncing: <see cref="RelayJourneyTests"/>, with a real one.</summary>
public sealed class BadRelayTests
{
    private static World Sending(int port, int timeout = 10) => new(settings: s =>
    {
        var mail = s["Mail"]!;
        (mail["Transport"], mail["Host"], mail["Port"], mail["TimeoutSeconds"]) = ("Smtp", "127.0.0.1", port, timeout);
    });

    private static Row[] Customers(int count) =>
        [.. Enumerable.Range(10, count).Select(n => Row.Sale with { Transaction = $"T{n}", Event = "2026-02-10", Email = $"c{n}@mail.example", Phone1 = $"0412 345 6{n}" })];

    [Fact]
    public async Task ARelayThatIsSlowWithinTheTimeOutGetsEverything()
    {
        await using var server = new ScriptedServer((_, c) => c is "." ? ScriptedServer.Slowly + "250 2.0.0 ok" : null);
        using var world = Sending(server.Port);
        world.Extract("a.csv", Customers(8));

        var counts = await world.CycleAsync("2026-03-02");

        Assert.Equal((8, 0, 8), (counts.GetProperty("invitationsSent").GetInt32(), counts.GetProperty("mailDeferred").GetInt32(), server.Commands.Count(c => c == ".")));
    }

    [Fact]
    public async Task ARelayThatNeverAnswersKeepsTheMailsQueuedAndIsNamed()
    {
        await using var server = new ScriptedServer((_, c) => c.StartsWith("RCPT", StringComparison.Ordinal) ? ScriptedServer.Silence : null);
        using var world = Sending(server.Port, timeout: 1);
        world.Extract("a.csv", [.. Customers(3), Row.Sale with { Event = "2026-02-10", Email = "" }]);

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");

        Assert.Equal(1, ended.Code);
        Assert.Contains($"127.0.0.1:{server.Port} did not answer within 1 s", ended.Error, StringComparison.Ordinal);
        Assert.Contains("3 mail(s) stay queued for the next cycle", ended.Error, StringComparison.Ordinal);
        Assert.Equal((0, 3), (ended.Json.GetProperty("invitationsSent").GetInt32(), ended.Json.GetProperty("mailDeferred").GetInt32()));
        Assert.Equal("with_vendor", await world.StateAsync()); // the rest of the cycle is done
    }

    /// <summary>The answer to the final dot comes too late: the relay has the message, and nobody here knows.</summary>
    [Fact]
    public async Task AnAnswerBeyondTheTimeOutLeavesTheMailInDoubtAndItGoesOnceMoreUnderItsName()
    {
        var late = true;
        await using var server = new ScriptedServer((_, c) => c == "." && late ? ScriptedServer.Silence : null);
        using var world = Sending(server.Port, timeout: 1);
        world.Extract("a.csv", Customers(1));

        var first = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");
        Assert.Equal(1, first.Json.GetProperty("mailDeferred").GetInt32());
        Assert.Contains("the server's answer to it got lost", (await world.RunAsync("explain", "T10")).Output, StringComparison.Ordinal);
        late = false;
        await world.CycleAsync("2026-03-02");

        Assert.Single(server.Messages);
        Assert.Equal("invited", await world.StateAsync("T10"));
        await world.CycleAsync("2026-03-02");
        Assert.Single(server.Messages);
    }

    /// <summary>A relay that hangs up with one command in six, at whatever step: in the end everybody has his mail, nobody two of them that the relay had acknowledged, and nobody a second name.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task ARelayThatHangsUpAtRandomGetsEveryMailInTheEnd(int seed)
    {
        var dice = new Random(seed);
        await using var server = new ScriptedServer((_, _) =>
        {
            lock (dice)
            {
                return dice.Next(6) == 0 ? ScriptedServer.Close : null;
            }
        });
        using var world = Sending(server.Port);
        world.Extract("a.csv", Customers(40));

        var cycles = 0;
        for (var left = 40; left > 0; cycles++)
        {
            Assert.True(cycles < 60, $"{left} mails are left after {cycles} cycles.");
            var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");
            Assert.DoesNotContain("fault of this program", ended.Error, StringComparison.Ordinal);
            left = ended.Json.GetProperty("mailDeferred").GetInt32();
        }

        var ids = server.Messages.Select(m => m.Split("\r\n").Single(l => l.StartsWith("Message-ID:", StringComparison.Ordinal))).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.InRange(ids.Count, 30, 40); // a mail whose answer got lost twice counts as sent
        Assert.All(await world.ExportAsync("cases"), c => Assert.Equal("invited", c["state"]));
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }
}
