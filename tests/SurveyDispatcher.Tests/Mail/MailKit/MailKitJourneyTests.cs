using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>Whole cycles of a build that has MailKit.</summary>
public sealed class MailKitJourneyTests
{
    [Fact]
    public async Task ACycleSendsThroughMailKitWhenTheSettingsSaySo()
    {
        await using var server = new ScriptedServer();
        using var world = new World(settings: s => (s["Mail"]!["Transport"], s["Mail"]!["Host"], s["Mail"]!["Port"]) = ("MailKit", "127.0.0.1", server.Port));
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-10" });

        var counts = await world.CycleAsync("2026-03-02");

        Assert.Equal(1, counts.GetProperty("invitationsSent").GetInt64());
        Assert.Contains("X-Survey-Contact: invitation", Assert.Single(server.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMailboxThatCantBeReachedIsToldAtTheEndAndTheRestIsDone()
    {
        using var world = new World(settings: s => s["Mail"]!["BounceMailbox"] = new System.Text.Json.Nodes.JsonObject
        {
            ["Host"] = "127.0.0.1", ["Port"] = Smtp.ClosedPort(), ["User"] = "bounces",
        });
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-10" });

        var dry = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--dry-run");
        var cycle = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");

        Assert.Equal((0, 1), (dry.Code, cycle.Code));
        Assert.Contains("Not all reports could be fetched", cycle.Error, StringComparison.Ordinal);
        Assert.Contains("Mail:BounceMailbox:Host", cycle.Error, StringComparison.Ordinal);
        Assert.Equal(1, cycle.Json.GetProperty("invitationsSent").GetInt64());
    }
}
