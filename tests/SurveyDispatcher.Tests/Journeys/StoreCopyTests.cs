using SurveyDispatcher.Tests.Storage;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>A store moves from one database to the other, and the next cycle goes on there.</summary>
[Trait("Store", "Sqlite")] // it begins in a file
public sealed class StoreCopyTests
{
    [Fact]
    public async Task AStoreMovesToPostgresAndBackWithAllThatItHolds()
    {
        using var world = await LivedAsync();
        var before = await PictureAsync(world);
        var database = Postgres.NewDatabase();
        try
        {
            var there = await world.RunAsync("store", "copy", "--to", database);
            Assert.Equal((0, ""), (there.Code, there.Error));
            Assert.Contains("The same in both stores", there.Output, StringComparison.Ordinal);
            Assert.Equal(before, await PictureAsync(world)); // the old one is as it was

            world.Edit("appsettings.json", settings =>
            {
                settings["Store"]!["Provider"] = "PostgreSql";
                settings["Store"]!["ConnectionString"] = database;
            });
            Assert.Equal(before, await PictureAsync(world));
            world.Extract("b.csv", Row.Sale with { Event = "2026-02-10", Transaction = "T9", Vin = "VCTM0000000000009", Email = "nine@mail.example" });
            await world.CycleAsync("2026-03-06");
            var after = await PictureAsync(world);
            Assert.NotEqual(before, after);

            var back = world.In("back.db");
            Assert.Equal(0, (await world.RunAsync("store", "copy", "--provider", "Sqlite", "--to", $"Data Source={back};Pooling=False")).Code);
            world.Edit("appsettings.json", settings =>
            {
                settings["Store"]!["Provider"] = "Sqlite";
                settings["Store"]!["ConnectionString"] = $"Data Source={back};Pooling=False";
            });
            Assert.Equal(after, await PictureAsync(world));
            await world.CycleAsync("2026-03-07");
            await world.HoldsAsync();
        }
        finally
        {
            Postgres.Drop(database);
        }
    }

    [Fact]
    public async Task AStoreThatIsThereAlreadyIsNotOverwritten()
    {
        using var world = await LivedAsync();
        var database = Postgres.NewDatabase();
        try
        {
            Assert.Equal(0, (await world.RunAsync("store", "copy", "--to", database)).Code);

            var again = await world.RunAsync("store", "copy", "--to", database);

            Assert.Equal(1, again.Code);
            Assert.Contains("There is a store already", again.Error, StringComparison.Ordinal);
            await world.CycleAsync("2026-03-06"); // the lease was given back
        }
        finally
        {
            Postgres.Drop(database);
        }
    }

    [Theory]
    [InlineData("nonsense", 2, "no connection string")]
    [InlineData("Host=127.0.0.1;Port=1;Database=x;Username=x", 1, "can't be reached")]
    public async Task AServerThatIsNotThereIsToldAsSuch(string to, int code, string told)
    {
        using var world = await LivedAsync();

        var ended = await world.RunAsync("store", "copy", "--to", to);

        Assert.Equal(code, ended.Code);
        Assert.Contains(told, ended.Error, StringComparison.Ordinal);
    }

    private static async Task<World> LivedAsync()
    {
        var world = new World(postgres: false);
        world.Extract(
            "a.csv", Row.Sale with { Event = "2026-02-10" }, Row.Sale with { Event = "2026-02-10", Transaction = "T2", Vin = "VCTM0000000000002", Email = "", Phone1 = "02 9374 4001" },
            Row.Service with { Event = "2026-02-20", Email = "bob@mail.example" }, Row.Sale with { Transaction = "T3", Vin = "VCTM0000000000003", Customer = "rental" });
        await world.CycleAsync("2026-03-02");
        world.OptOut("o.csv", "all", "bob@mail.example");
        await world.CycleAsync("2026-03-05");
        return world;
    }

    private static async Task<string> PictureAsync(World world)
    {
        var text = (await world.RunAsync("verify")).Output;
        foreach (var table in new[] { "cases", "screening", "responses", "interviews", "answers", "texts", "attempts", "dispositions", "outcomes" })
        {
            text += (await world.RunAsync("export", table)).Output;
        }

        return text + (await world.RunAsync("status", "--json")).Json.GetProperty("funnels");
    }
}
