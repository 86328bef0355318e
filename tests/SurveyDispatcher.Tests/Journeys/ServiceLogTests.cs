using System.Text.Json;
using System.Text.Json.Nodes;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>What the service writes into its log.</summary>
[Trait("Store", "Sqlite")] // a schedule in a shared store catches up with what it missed
public sealed class ServiceLogTests
{
    [Fact]
    public async Task ACycleIsOneLineThatTellsAllWithANameForEachField()
    {
        using var world = SystemdTests.Every("* * * * * ?", s => s["Logging"] = new JsonObject { ["Format"] = "Json" });
        SystemdTests.Due(world);
        await using var service = new RunningProgram(world);
        await service.SaidAsync("\"outcome\"", times: 3);
        await service.StopAsync();

        var lines = service.Lines.Select(l => JsonDocument.Parse(l).RootElement).ToList(); // each line is an object
        var cycles = lines.Where(l => l.GetProperty("State").TryGetProperty("outcome", out _)).Select(l => l.GetProperty("State")).ToList();
        var first = cycles[0];
        Assert.Equal(lines.Count - 2, cycles.Count); // all is well: but for the first, which says where it runs, and the last there is no other line
        Assert.Equal($"Stopped after {cycles.Count} cycle(s), by SIGTERM.", lines[^1].GetProperty("Message").GetString());
        Assert.Equal(
            (cycles.Count, "SIGTERM", "Information"),
            (lines[^1].GetProperty("State").GetProperty("Cycles").GetInt32(), lines[^1].GetProperty("State").GetProperty("Signal").GetString(), lines[^1].GetProperty("LogLevel").GetString()));
        Assert.Equal(
            ("done", 0, 1, 1, 1, 0, 0),
            (first.GetProperty("outcome").GetString(), first.GetProperty("problems").GetInt32(), first.GetProperty("rowsRead").GetInt32(), first.GetProperty("casesOpened").GetInt32(),
                first.GetProperty("invitationsSent").GetInt32(), first.GetProperty("queuedMails").GetInt32(), first.GetProperty("queuedForPhone").GetInt32()));
        Assert.True(first.GetProperty("seconds").GetDouble() > 0);
        Assert.Matches("^20..-", first.GetProperty("asOf").GetString());
        Assert.Equal(world.Query("SELECT as_of FROM cycles ORDER BY id LIMIT 1"), first.GetProperty("asOf").GetString());
    }

    [Fact]
    public async Task ACycleThatFailsSaysWhyInALineOfItsOwnAndNoLineHasACustomersData()
    {
        using var world = SystemdTests.Every("* * * * * ?");
        SystemdTests.Due(world);
        world.Drop("dms", "b.csv", "");
        await using var service = new RunningProgram(world);
        await service.SaidAsync("Cycle done: ", times: 2);
        await service.StopAsync();

        var failed = Assert.Single(service.Lines, l => l.Contains("Cycle failed: ", StringComparison.Ordinal));
        Assert.Contains(" problems=1 ", failed, StringComparison.Ordinal);
        Assert.Contains(" filesRefused=1 ", failed, StringComparison.Ordinal);
        Assert.Contains(" invitationsSent=1 ", failed, StringComparison.Ordinal);
        Assert.Single(service.Lines, l => l.Contains("dms/b.csv was refused", StringComparison.Ordinal));
        Assert.All(new[] { Row.Sale.Name, Row.Sale.Email, Row.Sale.Phone1, Row.Sale.Vin }, data => Assert.DoesNotContain(data, service.Output, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task TheJournalOfSystemdGetsTheLevelAsANumber()
    {
        using var world = SystemdTests.Every("* * * * * ?", s => s["Logging"] = new JsonObject { ["Format"] = "Systemd" });
        world.Drop("dms", "b.csv", "");
        await using var service = new RunningProgram(world);
        await service.SaidAsync("Cycle done: ");

        Assert.StartsWith("<3>", Assert.Single(service.Lines, l => l.Contains("dms/b.csv was refused", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.StartsWith("<6>", service.Lines[^1], StringComparison.Ordinal);
    }
}
