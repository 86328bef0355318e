using System.Globalization;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The disk is full (docs/operations.md, <i>What a fault does</i>): the cycle ends with 1 and says so; once there is room the next one finishes everything, and nobody could tell.</summary>
[Trait("Store", "Sqlite")] // the store lies on the disk that is full
public sealed class FullDiskTests(FullDiskTests.Undisturbed undisturbed) : IClassFixture<FullDiskTests.Undisturbed>
{
    private const int Plenty = 200_000;

    /// <summary>The whole data directory: from no room for the keys to no room for the last list.</summary>
    [Theory]
    [InlineData(800)]
    [InlineData(2_000)]
    [InlineData(4_000)]
    [InlineData(6_000)]
    [InlineData(9_500)]
    [InlineData(11_000)]
    public async Task OnceThereIsRoomAgainTheNextCycleFinishesWhatAFullDiskStopped(int size)
    {
        using var world = new World();
        using var disk = Mounted.Small(world.Data, size);
        Fill(world);

        var full = await Child.RunAsync(world, [], "cycle", "--as-of", "2026-03-02", "--json");
        disk.Grow(Plenty);
        var after = await Child.RunAsync(world, [], "cycle", "--as-of", "2026-03-02", "--json");

        AssertTold(full);
        Assert.True(after.Code == 0, after.Error);
        Assert.Equal(undisturbed.Story, await world.StoryAsync("a.csv"));
    }

    [Fact]
    public async Task WithoutRoomForAnythingNothingIsBegun()
    {
        using var world = new World();
        using var disk = Mounted.Small(world.Data, 52); // the folders and a page or two

        var full = await Child.RunAsync(world, [], "cycle", "--as-of", "2026-03-02");
        disk.Grow(Plenty);
        Fill(world);
        var after = await Child.RunAsync(world, [], "cycle", "--as-of", "2026-03-02");

        AssertTold(full);
        Assert.True(after.Code == 0, after.Error);
        Assert.Equal(undisturbed.Story, await world.StoryAsync("a.csv"));
    }

    /// <summary>One folder lies on a disk of its own, which is full.</summary>
    [Theory]
    [InlineData("mail", 40, "mail")]
    [InlineData("outbox/phone", 8, "The list phone_AU_sales_20260302_01.csv could not be written")]
    [InlineData("rejects", 4, "dms/a.csv could not be taken")]
    [InlineData("archive", 8, "dms/a.csv could not be taken")]
    [InlineData("taking", 8, "dms/a.csv can't be taken from the inbox")]
    public async Task AFullFolderStopsOnlyWhatIsWrittenThere(string folder, int size, string told)
    {
        using var world = new World();
        Fill(world);
        using var disk = Mounted.Small(world.In(folder), size);

        var full = await Child.RunAsync(world, [], "cycle", "--as-of", "2026-03-02", "--json");
        disk.Grow(Plenty);
        var after = await Child.RunAsync(world, [], "cycle", "--as-of", "2026-03-02", "--json");

        AssertTold(full);
        Assert.Contains(told, full.Error, StringComparison.Ordinal);
        Assert.True(after.Code == 0, after.Error);
        Assert.Equal(undisturbed.Story, await world.StoryAsync("a.csv"));
    }

    private static void AssertTold(Ended full)
    {
        Assert.Equal(1, full.Code);
        Assert.Matches("disk is full|No space left", full.Error);
        Assert.DoesNotContain("   at ", full.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("fault of this program", full.Error, StringComparison.Ordinal);
    }

    private static void Fill(World world)
    {
        var rows = new List<Row>();
        for (var i = 0; i < 3_000; i++)
        {
            var n = i.ToString("D5", CultureInfo.InvariantCulture);
            rows.Add(Row.Sale with
            {
                Transaction = n,
                Vin = i % 20 == 7 ? "bad" : $"JTDBR32E7200{n}",
                Email = i % 4 == 1 ? "" : $"c{n}@mail.example",
                Phone1 = $"02 93{n}0",
                Customer = i % 20 <= 3 ? "individual" : "rental",
                Event = "2026-02-10",
            });
        }

        world.Extract("a.csv", [.. rows]);
        world.Drop("dealers", "d.csv", "dealer_code,dealer_name,market,region\nAU02,Southern Cross,AU,South\n");
    }

    /// <summary>The same day with all the room in the world.</summary>
    public sealed class Undisturbed : IAsyncLifetime
    {
        public string Story { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            using var world = new World();
            Fill(world);
            await world.CycleAsync("2026-03-02");
            Story = await world.StoryAsync("a.csv");
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
