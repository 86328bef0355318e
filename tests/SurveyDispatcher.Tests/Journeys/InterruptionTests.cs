using System.Globalization;
using SurveyDispatcher.Tests.Mail;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The process is killed (SIGKILL) in the middle; the next cycle goes on, and in the end nobody could tell.</summary>
public sealed class InterruptionTests(InterruptionTests.Undisturbed undisturbed) : IClassFixture<InterruptionTests.Undisturbed>
{
    [Theory]
    [InlineData("rename", "taking/dms/big.csv", 1)]
    [InlineData("open", "rejects/", 1)]
    [InlineData("statement", "files.progress", 1)]
    [InlineData("rename", "mail/", 1)]
    [InlineData("rename", "mail/", 100)]
    [InlineData("rename", "mail/", 300)]
    [InlineData("open", "outbox/phone/", 1)]
    [InlineData("rename", "outbox/phone/", 1)]
    [InlineData("rename", "outbox/phone/", 2)]
    [InlineData("statement", "lists.publish", 1)]
    public async Task AKilledCycleIsFinishedByTheNextAsIfNothingHadHappened(string what, string to, int count)
    {
        using var world = new World();
        Fill(world);

        var pattern = what == "statement" ? $"{what} {to}" : $"{what} {world.In(to)}";
        Assert.True(await Child.KillAsync(world, pattern, count, "cycle", "--as-of", "2026-03-02"), "The cycle ended before the moment came.");
        await world.CycleAsync("2026-03-02");

        Assert.Equal(undisturbed.Story, await world.StoryAsync("big.csv"));
    }

    [Fact]
    public async Task AnExtractGoesOnBehindTheLastPageThatWasStored()
    {
        using var world = new World();
        const int rows = TakeExtracts.TransactionRows + 300, faulty = rows / 100;
        var extract = Enumerable.Range(0, rows).Select(i => $"{i:D6}").Select(n => Row.Sale with
        {
            Transaction = n, Customer = "rental", Event = n.EndsWith("99", StringComparison.Ordinal) ? "someday" : "2026-02-10",
        });
        world.Extract("big.csv", [.. extract]);

        Assert.True(await Child.KillAsync(world, "statement files.progress", 2, "cycle", "--as-of", "2026-03-02"));
        var counts = await world.CycleAsync("2026-03-02");

        Assert.Equal(300, counts.GetProperty("rowsRead").GetInt32()); // what the first process had not stored
        Assert.Equal(rows - faulty, (await world.ExportAsync("screening")).Count);
        Assert.Equal(Enumerable.Range(0, faulty).Select(i => $"{(100 * i) + 101}"), world.Rejects("big.csv").Select(r => r["line"]));
        await world.HoldsAsync();
    }

    /// <summary>A dead address has its customers' cases looked at, some of which should have been looked at days ago.</summary>
    [Fact]
    public async Task BetweenADeadAddressAndTheNextPlanningTheStoreAgreesWithItself()
    {
        await using var server = new ScriptedServer((_, command) => command.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 no such user" : null);
        using var world = new World(settings: s => (s["Mail"]!["Transport"], s["Mail"]!["Host"], s["Mail"]!["Port"]) = ("Smtp", "127.0.0.1", server.Port));
        world.Extract("a.csv", [.. Enumerable.Range(0, 2).Select(i => Row.Sale with
        {
            Event = "2026-02-10", Transaction = $"t{i}", Vin = $"JTDBR32E72000000{i}", Email = "nobody@customers.example", Phone1 = $"0412 345 60{i}",
        })]);

        Assert.True(await Child.KillAsync(world, "cases.create_due", 2, "cycle", "--as-of", "2026-03-02"), "The cycle ended before the moment came.");

        await world.HoldsAsync();
    }

    private static void Fill(World world)
    {
        var rows = new List<Row>();
        for (var i = 0; i < 12_000; i++)
        {
            var n = i.ToString("D5", CultureInfo.InvariantCulture);
            rows.Add(Row.Sale with
            {
                Transaction = n,
                Vin = i % 50 == 7 ? "bad" : $"JTDBR32E7200{n}",
                Email = i % 80 == 1 ? "" : $"c{n}@mail.example",
                Phone1 = $"02 93{n}0",
                Customer = i % 40 <= 1 ? "individual" : "rental",
                Event = "2026-02-10",
            });
        }

        world.Extract("big.csv", [.. rows]);
    }

    /// <summary>The same day without a disturbance.</summary>
    public sealed class Undisturbed : IAsyncLifetime
    {
        public string Story { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            using var world = new World();
            Fill(world);
            await world.CycleAsync("2026-03-02");
            Story = await world.StoryAsync("big.csv");
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
