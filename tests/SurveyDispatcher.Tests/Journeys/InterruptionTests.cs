using System.Globalization;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The process is killed (SIGKILL) in the middle; the next cycle goes on, and in the end nobody could tell.</summary>
public sealed class InterruptionTests(InterruptionTests.Undisturbed undisturbed) : IClassFixture<InterruptionTests.Undisturbed>
{
    [Theory]
    [InlineData("taking/dms/big.csv", 1)]
    [InlineData("rejects/", 1)] // the first page is being stored
    [InlineData("mail/", 1)]
    [InlineData("mail/", 100)]
    [InlineData("mail/", 299)]
    [InlineData("outbox/phone/", 1)]
    [InlineData("outbox/phone/", 2)]
    [InlineData("outbox/phone/", 3)]
    [InlineData("outbox/phone/", 4)]
    public async Task AKilledCycleIsFinishedByTheNextAsIfNothingHadHappened(string folder, int count)
    {
        using var world = new World();
        Fill(world);
        Directory.CreateDirectory(world.In("taking", "dms")); // a folder that the cycle makes itself is watched only after its first file has come
        var seen = 0;

        var killed = await Child.KillAsync(
            world, path => path.StartsWith(folder, StringComparison.Ordinal) && Interlocked.Increment(ref seen) == count, "cycle", "--as-of", "2026-03-02");
        Assert.True(killed, "The cycle ended before the moment came.");
        await world.CycleAsync("2026-03-02");

        Assert.Equal(undisturbed.Story, await StoryAsync(world));
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

    /// <summary>Everything that others see of a cycle: tables, mails, lists, rejects, archive.</summary>
    private static async Task<string> StoryAsync(World world)
    {
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
        var text = new System.Text.StringBuilder();
        foreach (var table in new[] { "cases", "screening" })
        {
            text.Append((await world.RunAsync("export", table)).Output);
        }

        world.Mails().ForEach(m => text.AppendLine(m.ToString()));
        world.PhoneRows().ForEach(r => text.AppendJoin('|', r.Values).AppendLine());
        foreach (var folder in new[] { "inbox", "taking", "archive", "failed", "rejects", "outbox" })
        {
            text.AppendJoin('\n', world.Names(folder).Prepend(folder)).AppendLine();
        }

        return text.Append(await File.ReadAllTextAsync(world.In("rejects", "big.csv.rejects.csv"))).ToString();
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
            Story = await StoryAsync(world);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
