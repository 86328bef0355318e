using System.Diagnostics;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The worker service as a process of its own, on the clock of this machine.</summary>
[Trait("Store", "Sqlite")] // a schedule in a shared store catches up with what it missed: see WorkersJourneyTests
public sealed class ServiceTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>The last cycle lies so many days behind (or ahead of) this machine's clock, as after a jump of it.</summary>
    [Theory]
    [InlineData(-20, "20 days later, more than Data:MaxGapDays = 10", "invitation|reminder")]
    [InlineData(5, "it lies before it", "invitation")]
    public async Task AServiceWhoseCyclesAreRefusedKeepsSayingHowToGoOnAndGoesOnOnceTheGapIsAccepted(int days, string why, string mails)
    {
        using var world = new World(
            programme: p =>
            {
                var market = p["markets"]!["AU"]!;
                (market["sales"]!["window"]!["toDay"], market["activeFrom"]) = (90, "2020-01-01");
                (market["sendingHours"]!["from"], market["sendingHours"]!["to"]) = ("00:00", "23:59");
            },
            settings: s => (s["Data"]!["MaxGapDays"], s["Schedule"]!["Cycle"]) = (10, "* * * * * ?"),
            time: TimeProvider.System);
        var last = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(days);
        world.Extract("a.csv", Row.Sale with { Event = $"{last.AddDays(-20):yyyy-MM-dd}" });
        await world.CycleAsync($"{last:yyyy-MM-dd}");

        var began = TimeProvider.System.GetTimestamp();
        using var service = Child.Start(world, [], ["run"]);
        try
        {
            _ = service.StandardError.ReadToEndAsync(CancellationToken.None);
            var refused = new[] { await SaidAsync(service, "--accept-gap"), await SaidAsync(service, "--accept-gap"), await SaidAsync(service, "--accept-gap") };

            Assert.All(refused, line => Assert.Contains(why, line, StringComparison.Ordinal));
            Assert.True(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(2), "it says so more often than once a second, as the schedule has it");
            Assert.Single(world.Mails());
            Assert.Contains("CYCLES STOP NOW", (await world.RunAsync("status")).Output, StringComparison.Ordinal);

            await AcceptAsync(world);

            await SaidAsync(service, "Cycle done");
            Assert.Equal(mails, string.Join('|', world.Mails().Select(m => m.Contact)));
            Assert.DoesNotContain("STOP", (await world.RunAsync("status")).Output, StringComparison.Ordinal);
            using var term = Process.Start("kill", ["-TERM", $"{service.Id}"]);
            await service.WaitForExitAsync(Ct);
            Assert.Equal(0, service.ExitCode);
        }
        finally
        {
            if (!service.HasExited)
            {
                service.Kill();
            }
        }
    }

    /// <summary>The vendor is told of a no between two cycles, which are years apart here.</summary>
    [Fact]
    public async Task AServiceTellsTheVendorOfWithdrawalsBetweenTwoCycles()
    {
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        using var world = new World(
            programme: p => (p["markets"]!["AU"]!["sales"]!["window"]!["toDay"], p["markets"]!["AU"]!["activeFrom"]) = (90, "2020-01-01"),
            settings: s => (s["Schedule"]!["Cycle"], s["Schedule"]!["Withdrawals"]) = ("0 0 0 1 1 ? 2099", "* * * * * ?"),
            time: TimeProvider.System);
        world.Extract("a.csv", VendorWorld.ForThePhone(2, but: r => r with { Event = $"{today.AddDays(-20):yyyy-MM-dd}" }));
        await world.CycleAsync($"{today:yyyy-MM-dd}");

        using var service = Child.Start(world, [], ["run"]);
        try
        {
            _ = service.StandardError.ReadToEndAsync(CancellationToken.None);
            await SaidAsync(service, "withdrawals: at '* * * * * ?'");
            world.OptOut("o.csv", "phone", "0412 001 001");

            Assert.Contains("\"withdrawn\":1", await SaidAsync(service, "Withdrawals told"), StringComparison.Ordinal);

            using var term = Process.Start("kill", ["-TERM", $"{service.Id}"]);
            await service.WaitForExitAsync(Ct);
            Assert.Equal(await world.CaseIdAsync("c1"), Assert.Single(world.WithdrawalRows())["case_id"]);
            Assert.Equal("1", world.Query("SELECT count(*) FROM cycles WHERE kind = 'full'"));
            await world.HoldsAsync();
        }
        finally
        {
            if (!service.HasExited)
            {
                service.Kill();
            }
        }
    }

    /// <summary>On a shared store it would win cycles that it can't run, and keep them from the others.</summary>
    [Theory]
    [InlineData(false, "keys.json is missing, but the store is there")]
    [InlineData(true, "The key ring is not the one of this store")]
    public async Task AServiceWithoutTheKeysOfItsStoreDoesNotBegin(bool others, string why)
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale);
        await world.CycleAsync("2026-03-02");
        File.Delete(world.In("keys.json"));
        if (others)
        {
            using var other = new World();
            await other.CycleAsync("2026-03-02");
            File.Copy(other.In("keys.json"), world.In("keys.json"));
        }

        using var service = Child.Start(world, [], ["run"]);
        try
        {
            var said = service.StandardOutput.ReadLineAsync(Ct); // null: it ended without a word
            var told = service.StandardError.ReadToEndAsync(Ct);
            Assert.Null(await said);
            Assert.Contains(why, await told, StringComparison.Ordinal);
            await service.WaitForExitAsync(Ct);
            Assert.Equal(1, service.ExitCode);
        }
        finally
        {
            if (!service.HasExited)
            {
                service.Kill();
            }
        }
    }

    /// <summary>By hand, beside the service; the two may meet.</summary>
    private static async Task AcceptAsync(World world)
    {
        Ended ended;
        do
        {
            ended = await world.RunAsync("cycle", "--accept-gap");
        }
        while (ended.Error.Contains("Another cycle is running", StringComparison.Ordinal));

        Assert.True(ended.Code == 0, ended.Error);
    }

    internal static async Task<string> SaidAsync(Process service, string word)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (await service.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.Contains(word, StringComparison.Ordinal))
            {
                return line;
            }
        }

        Assert.Fail($"The service ended without saying '{word}'.");
        return "";
    }
}
