using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>What a collector gets to know.</summary>
[Trait("Store", "Sqlite")] // the same whatever the store is
public sealed partial class TelemetryTests : IDisposable
{
    private readonly Collector collector = new();

    public void Dispose() => collector.Dispose();

    [Fact]
    public async Task ACycleIsASpanWithAStepForEachThingThatItDoesAndItsCountsAreMeasures()
    {
        using var world = SystemdTests.Every("0 0 0 1 1 ? 2099", Told);
        SystemdTests.Due(world);
        world.Drop("dms", "b.csv", "");

        var ended = await Child.RunAsync(world, [], "cycle");

        Assert.Equal(1, ended.Code); // the empty file
        var cycle = Assert.Single(collector.Spans, s => s.Name == "cycle");
        Assert.Equal(("", "failed", "1", "1", 2UL), (cycle.Parent, cycle.Attributes["survey.cycle.outcome"], cycle.Attributes["survey.count.cases_opened"], cycle.Attributes["survey.cycle.problems"], cycle.Status));
        var steps = collector.Spans.Where(s => s.Parent == cycle.Id).ToList();
        Assert.Equal(
            "recover optouts responses acknowledgements dispositions bounces dealers extracts decisions mail decisions lists retention erasures keys",
            string.Join(' ', steps.Select(s => s.Name)));
        var extracts = steps.Single(s => s.Name == "extracts");
        Assert.Equal(("1", "1", "1", 2UL), (extracts.Attributes["survey.count.rows_read"], extracts.Attributes["survey.count.files_refused"], extracts.Attributes["survey.cycle.problems"], extracts.Status));
        Assert.Equal("1", steps.Single(s => s.Name == "mail").Attributes["survey.count.invitations_sent"]);
        Assert.Equal("survey-pipeline", collector.Resource["service.name"]);

        Assert.Equal(1, Point("survey.extract.rows", "survey.row.outcome", "new").Value);
        Assert.Equal(1, Point("survey.files", "survey.file.outcome", "refused").Value);
        Assert.Equal(("AU", "invitation"), (Point("survey.mails", "survey.mail.outcome", "accepted").Of("survey.market"), Point("survey.mails", "survey.mail.outcome", "accepted").Of("survey.contact")));
        Assert.Equal((1UL, "s"), (Point("survey.mail.duration", "survey.market", "AU").Count, Point("survey.mail.duration", "survey.market", "AU").Unit));
        Assert.Equal(1UL, Point("survey.cycle.duration", "survey.cycle.outcome", "failed").Count);
        Assert.All(new[] { Row.Sale.Name, Row.Sale.Email, Row.Sale.Vin, "b.csv" }, data => Assert.DoesNotContain(data, collector.Everything, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>It comes every few minutes, and would make the hour's cycles look short.</summary>
    [Fact]
    public async Task WhatTellsTheVendorBetweenTwoCyclesIsNoCycle()
    {
        using var world = SystemdTests.Every("0 0 0 1 1 ? 2099", Told);
        Assert.Equal(0, (await Child.RunAsync(world, new() { ["SURVEY_Telemetry__OtlpEndpoint"] = "" }, "cycle")).Code);

        Assert.Equal(0, (await Child.RunAsync(world, [], "cycle", "--only", "withdrawals")).Code);

        var pass = Assert.Single(collector.Spans, s => s.Parent.Length == 0);
        Assert.Equal("withdrawals", pass.Name);
        Assert.Equal("recover optouts responses decisions lists", string.Join(' ', collector.Spans.Where(s => s.Parent == pass.Id).Select(s => s.Name)));
        Assert.DoesNotContain(collector.Points, p => p.Name == "survey.cycle.duration");
    }

    [Fact]
    public async Task AServiceTellsHowLongAgoItsLastCycleWasAndWhatWaits()
    {
        using var world = SystemdTests.Every("* * * * * ?", Told);
        await using var service = new RunningProgram(world);
        await service.UntilAsync(() => collector.Points.Any(p => p.Name == "survey.queue.items"));
        await service.StopAsync();

        Assert.Equal("mail phone withdrawals", string.Join(' ', collector.Points.Where(p => p.Name == "survey.queue.items").Select(p => p.Of("survey.queue")).Distinct()));
        Assert.InRange(collector.Points.Last(p => p.Name == "survey.cycle.age").Value, 0, 100);
        Assert.Equal((1, 0), (collector.Points.First(p => p.Name == "survey.service.live").Value, collector.Points.First(p => p.Name == "survey.cycle.failures").Value));
        Assert.Contains(collector.Points, p => p.Name == "dotnet.gc.collections"); // the runtime's own
        Assert.Contains(collector.Spans, s => s.Name == "cycle");
    }

    [Fact]
    public async Task ACollectorThatIsNotThereIsToldOnceAndCostsNoCycle()
    {
        using var world = SystemdTests.Every("* * * * * ?", s => s["Telemetry"] = new JsonObject { ["OtlpEndpoint"] = $"http://127.0.0.1:{RunningProgram.FreePort()}", ["IntervalSeconds"] = 1 });
        await using var service = new RunningProgram(world);
        await service.SaidAsync("The collector http://127.0.0.1:");
        await service.SaidAsync("Cycle done: ", times: 3);

        Assert.Equal(0, await service.StopAsync());
        Assert.Single(service.Lines, l => l.Contains("The collector", StringComparison.Ordinal));
    }

    /// <summary>Spans and measures wait for him at the same time: what the document promises is the whole wait.</summary>
    [Fact]
    public void ACollectorThatTakesTheQuestionAndNeverAnswersCostsThreeSecondsAtTheEndAndNoMore()
    {
        using var mute = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        mute.Start();
        var telemetry = SurveyDispatcher.Scheduling.TelemetryExport.Start(new() { OtlpEndpoint = $"http://127.0.0.1:{((System.Net.IPEndPoint)mute.LocalEndpoint).Port}" }, _ => { })!;
        Telemetry.Source.StartActivity("cycle")!.Dispose();
        Telemetry.Problems.Add(1);

        var began = TimeProvider.System.GetTimestamp();
        telemetry.Dispose();

        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 2, 5);
    }

    /// <summary>Every measure that the program has stands in the document, with its unit.</summary>
    [Fact]
    public void TheTableOfMeasuresIsThatOfTheProgram()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(World.ShippedConfig, "..", "src"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();
        var inCode = sources.SelectMany(s => Named().Matches(s)).Select(m => m.Value.Trim('"')).Distinct().Order().ToList();
        var document = File.ReadAllText(Path.Combine(World.ShippedConfig, "..", "docs", "service.md"));

        Assert.NotEmpty(inCode);
        Assert.DoesNotContain(inCode, n => !document.Contains($"`{n}`", StringComparison.Ordinal));
    }

    private PointSeen Point(string name, string attribute, string value) => collector.Points.Last(p => p.Name == name && p.Of(attribute) == value);

    private void Told(JsonNode settings) => settings["Telemetry"] = new JsonObject { ["OtlpEndpoint"] = collector.Address, ["IntervalSeconds"] = 1 };

    [GeneratedRegex(@"""survey\.(?!db"")[a-z_.]+[a-z]""")]
    private static partial Regex Named();
}
