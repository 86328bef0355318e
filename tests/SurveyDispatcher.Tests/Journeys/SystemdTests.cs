using System.Text.Json;
using System.Text.Json.Nodes;
using SurveyDispatcher.Tests.Mail;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The service under systemd, and what its endpoint says of the same troubles; the test is systemd.</summary>
[Trait("Store", "Sqlite")] // breaks files of the store
public sealed class SystemdTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SystemdHearsThatItIsReadyThenWhatItDoesAndThatItLivesAndThatItStops()
    {
        using var world = Every("* * * * * ?");
        using var systemd = new Systemd(world);
        await using var service = new RunningProgram(world, Under(systemd, seconds: 3));

        await service.UntilAsync(() => systemd.Heard.Count(m => m == "WATCHDOG=1") >= 3 && systemd.Heard.Any(m => m.StartsWith("STATUS=Waiting; last cycle done at 20", StringComparison.Ordinal)));
        var began = systemd.Heard;
        var code = await service.StopAsync();

        Assert.Equal(0, code);
        Assert.Single(systemd.Heard, "READY=1");
        Assert.Contains(began, m => m.Contains(", next cycle 20", StringComparison.Ordinal));
        Assert.Contains(systemd.Heard, m => m.StartsWith("STOPPING=1\nSTATUS=Stopping", StringComparison.Ordinal));
        Assert.DoesNotContain(began, m => m.StartsWith("STOPPING", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("damaged", "the file is damaged or no database")]
    [InlineData("lost", "is missing or empty, but")]
    [InlineData("newer", "was made by a newer version of the program")]
    [InlineData("configuration", "fault(s)")]
    public async Task ItIsNeverReadyWhereItCouldNotDoItsWork(string what, string why)
    {
        using var world = Every("* * * * * ?");
        world.Extract("a.csv", Row.Sale);
        await world.CycleAsync("2026-03-02");
        switch (what)
        {
            case "damaged":
                await File.WriteAllTextAsync(world.Store, new string('x', 8192), Ct);
                break;
            case "lost":
                File.Delete(world.Store);
                break;
            case "newer":
                world.Tamper("PRAGMA user_version = 9999");
                break;
            default:
                world.Edit("programme.json", p => p["markets"] = 5);
                break;
        }

        using var systemd = new Systemd(world);
        await using var service = new RunningProgram(world, Under(systemd, seconds: 3));
        var code = await service.EndAsync();
        await service.SaidAsync(why);

        Assert.Equal(what == "configuration" ? 2 : 1, code);
        Assert.Empty(systemd.Heard);
    }

    /// <summary>A thread of the cycle stands still, as before a disk that hangs; all others go on, those that tell systemd among them.</summary>
    [Fact]
    public async Task ACycleThatStandsStillIsNoSignOfLife()
    {
        var port = RunningProgram.FreePort();
        using var world = Every("* * * * * ?", s =>
        {
            s["Health"] = new JsonObject { ["Port"] = port, ["StuckSeconds"] = 1 };
            s["Mail"]!["TimeoutSeconds"] = 1; // ten of these are the least that is waited for
        });
        Assert.Equal(0, (await world.RunAsync("cycle")).Code);
        using var systemd = new Systemd(world);
        await using var service = new RunningProgram(world, Under(systemd, seconds: 2), hangsAt: "cycle.lock");

        await service.UntilAsync(() => systemd.Heard.Any(m => m.StartsWith("STATUS=In a cycle since", StringComparison.Ordinal)));
        await service.UntilAsync(() => systemd.Heard.Contains("WATCHDOG=1")); // as long as it is within its rights
        await service.SaidAsync("gives systemd no more sign of life: The cycle that began at");
        var silent = TimeProvider.System.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System, Ct);

        Assert.DoesNotContain("WATCHDOG=1", systemd.HeardSince(silent));
        Assert.Contains(systemd.Heard, m => m.Contains("has stood still for", StringComparison.Ordinal));
        Assert.Equal((503, "cycle_stuck"), await AskAsync(port, "healthz"));
        Assert.Equal(1, (await world.RunAsync(TimeProvider.System, "health")).Code);
        Assert.Contains("NOT WELL: cycle_stuck", await ServicesAsync(world), StringComparison.Ordinal);
    }

    /// <summary>It takes the greeting's time-out in every cycle: slow, but within its rights.</summary>
    [Fact]
    public async Task ARelayThatNeverAnswersMakesCyclesFailButIsNoReasonToStartTheServiceAnew()
    {
        await using var relay = new ScriptedServer((_, _) => ScriptedServer.Silence);
        var port = RunningProgram.FreePort();
        using var world = Every("* * * * * ?", s =>
        {
            s["Health"] = new JsonObject { ["Port"] = port, ["StuckSeconds"] = 1, ["FailedCycles"] = 2 };
            (s["Mail"]!["Transport"], s["Mail"]!["Host"], s["Mail"]!["Port"], s["Mail"]!["TimeoutSeconds"]) = ("Smtp", "127.0.0.1", relay.Port, 1);
        });
        Due(world);
        using var systemd = new Systemd(world);
        await using var service = new RunningProgram(world, Under(systemd, seconds: 2));

        await service.SaidAsync("Cycle failed: ", times: 2);
        var failed = TimeProvider.System.GetTimestamp();
        await service.UntilAsync(() => systemd.HeardSince(failed).Contains("WATCHDOG=1"));

        Assert.Equal((200, ""), await AskAsync(port, "healthz"));
        Assert.Equal((503, "cycles_failed"), await AskAsync(port, "readyz"));
        Assert.Equal((0, 1), ((await world.RunAsync(TimeProvider.System, "health")).Code, (await world.RunAsync(TimeProvider.System, "health", "--ready")).Code));
        Assert.DoesNotContain("sign of life", service.Output, StringComparison.Ordinal);
    }

    /// <summary>Between two cycles the service looks by itself whether the store is there.</summary>
    [Fact]
    public async Task AStoreThatIsGoneBetweenTwoCyclesIsToldBeforeTheNextOneFails()
    {
        var port = RunningProgram.FreePort();
        using var world = Every("0 0 0 1 1 ? 2099", s => s["Health"] = new JsonObject { ["Port"] = port });
        world.Extract("a.csv", Row.Sale);
        await world.CycleAsync("2026-03-02");
        await using var service = new RunningProgram(world);
        await service.SaidAsync("Running on");
        await service.UntilAsync(() => AskAsync(port, "readyz").GetAwaiter().GetResult() == (200, ""));

        File.Move(world.Store, world.Store + ".away");
        await service.UntilAsync(() => AskAsync(port, "readyz").GetAwaiter().GetResult() == (503, "store_unusable"));
        await service.SaidAsync("The store can't be used at the moment: The store ");
        Assert.Equal((200, ""), await AskAsync(port, "healthz"));

        File.Move(world.Store + ".away", world.Store);
        await service.UntilAsync(() => AskAsync(port, "readyz").GetAwaiter().GetResult() == (200, ""));
    }

    /// <summary>What keeps the vendor from being told lies there until somebody is told of it.</summary>
    [Fact]
    public async Task PassesBetweenCyclesThatFailAgainAndAgainAreToldUntilOneIsGood()
    {
        var port = RunningProgram.FreePort();
        using var world = Every("0 0 0 1 1 ? 2099", s =>
        {
            s["Schedule"]!["Withdrawals"] = "* * * * * ?";
            s["Health"] = new JsonObject { ["Port"] = port, ["FailedCycles"] = 2 };
        });
        Assert.Equal(0, (await world.RunAsync("cycle")).Code);
        var link = world.In("inbox", "optouts", "o.csv");
        File.CreateSymbolicLink(link, "/nowhere");
        await using var service = new RunningProgram(world);

        await service.UntilAsync(() => AskAsync(port, "readyz").GetAwaiter().GetResult() == (503, "withdrawals_failed"));
        Assert.Equal((200, ""), await AskAsync(port, "healthz"));
        Assert.Equal((0, 1), ((await world.RunAsync(TimeProvider.System, "health")).Code, (await world.RunAsync(TimeProvider.System, "health", "--ready")).Code));
        await service.UntilAsync(() => ServicesAsync(world).GetAwaiter().GetResult().Contains("NOT WELL: withdrawals_failed", StringComparison.Ordinal));

        File.Delete(link);
        await service.UntilAsync(() => AskAsync(port, "readyz").GetAwaiter().GetResult() == (200, ""));
    }

    [Fact]
    public async Task APortThatIsTakenEndsTheServiceWithWords()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        using var world = Every("* * * * * ?", s => s["Health"] = new JsonObject { ["Port"] = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port });
        using var systemd = new Systemd(world);
        await using var service = new RunningProgram(world, Under(systemd, seconds: 3));

        Assert.Equal(1, await service.EndAsync());
        await service.SaidAsync("The health endpoint can't listen on 127.0.0.1 port");
        Assert.DoesNotContain("READY=1", systemd.Heard);
    }

    [Fact]
    public async Task StatusShowsServicesAsLongAsTheyLive()
    {
        using var world = Every("0 0 0 1 1 ? 2099");
        await world.CycleAsync("2026-03-02");
        Assert.Empty(await ServicesAsync(world));
        await using var service = new RunningProgram(world);
        await using var other = new RunningProgram(world);
        await service.UntilAsync(() => ServicesAsync(world).GetAwaiter().GetResult().Split("waiting, next cycle 2099-01-01").Length == 3);

        var stopped = await other.StopAsync();
        var one = await ServicesAsync(world);
        service.Process.Kill();
        await service.EndAsync();
        var killed = await ServicesAsync(world);

        Assert.Equal(0, stopped);
        Assert.Contains($"process {service.Process.Id}, version ", one, StringComparison.Ordinal);
        Assert.DoesNotContain($"process {other.Process.Id},", one, StringComparison.Ordinal);
        Assert.Contains($"process {service.Process.Id}, version ", killed, StringComparison.Ordinal); // nobody can know yet
        Assert.Empty(await ServicesAsync(world, TimeSpan.FromMinutes(2)));
        var json = (await world.RunAsync(new Later(TimeSpan.Zero), "status", "--json")).Json;
        Assert.Equal(service.Process.Id, json.GetProperty("services")[0].GetProperty("process").GetInt32());
    }

    /// <summary>A world in which a customer's mail is due at once.</summary>
    internal static World Every(string schedule, Action<JsonNode>? settings = null) => new(
        programme: p =>
        {
            var market = p["markets"]!["AU"]!;
            (market["sales"]!["window"]!["toDay"], market["activeFrom"]) = (90, "2020-01-01");
            (market["sendingHours"]!["from"], market["sendingHours"]!["to"]) = ("00:00", "23:59");
        },
        settings: s =>
        {
            s["Schedule"]!["Cycle"] = schedule;
            settings?.Invoke(s);
        },
        time: TimeProvider.System);

    internal static void Due(World world)
    {
        var bought = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-20);
        world.Extract("a.csv", Row.Sale with { Event = $"{bought:yyyy-MM-dd}" });
    }

    private static Dictionary<string, string> Under(Systemd systemd, int seconds) => new()
    {
        ["NOTIFY_SOCKET"] = systemd.Address, ["WATCHDOG_USEC"] = $"{seconds}000000",
    };

    /// <summary>The lines of <c>status</c> about services.</summary>
    private static async Task<string> ServicesAsync(World world, TimeSpan later = default)
    {
        var lines = World.Unwrapped((await world.RunAsync(new Later(later), "status")).Output).Split('\n');
        return string.Join('\n', lines.Where(l => l.StartsWith("Service", StringComparison.Ordinal))).TrimEnd();
    }

    /// <summary>The code of an answer, and the reasons in its body.</summary>
    private static async Task<(int Code, string Reasons)> AskAsync(int port, string page)
    {
        using var client = new HttpClient();
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/{page}"), Ct);
            using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Ct));
            return ((int)answer.StatusCode, string.Join(',', body.RootElement.GetProperty("reasons").EnumerateArray().Select(r => r.GetProperty("code").GetString())));
        }
        catch (HttpRequestException)
        {
            return (0, "nobody listens"); // a service that begins says so before its endpoint is there
        }
    }

    private sealed class Later(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}
