using SurveyDispatcher.Storage;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Keys change while customers are on their way.</summary>
public sealed class KeysJourneyTests
{
    private static readonly string[] SealedColumns = ["SELECT contact FROM transactions", "SELECT texts FROM responses", "SELECT number FROM attempts"];

    /// <summary>A customer of each way: called, answered in words, invited.</summary>
    private static async Task<World> Lived()
    {
        var world = new World();
        world.Extract(
            "a.csv",
            Row.Sale with { Event = "2026-02-10", Email = "", Phone1 = "02 9374 4000" },
            Row.Sale with { Event = "2026-02-10", Transaction = "T2", Email = "carol@mail.example", Phone1 = "" },
            Row.Sale with { Event = "2026-02-25", Transaction = "T3", Email = "dora@mail.example", Phone1 = "" });
        await world.CycleAsync("2026-03-02");
        world.Responses("r.csv", "case_id,mode,status,completed_at,overall,comments", $"{await world.CaseIdAsync("T2")},web,complete,2026-03-03T10:00:00+11:00,5,Thank you Harry");
        world.Calls("d.csv", $"{await world.CaseIdAsync()},1,2026-03-03T10:00:00+11:00,+61293744000,2.20,N,ask for Alice");
        await world.CycleAsync("2026-03-03");
        return world;
    }

    [Fact]
    [Trait("Store", "Sqlite")] // asks in SQLite's words
    public async Task ARotationSealsEverythingAnewAndNobodyNoticesOtherwise()
    {
        using var world = await Lived();
        var before = (await world.RunAsync("export", "responses")).Output;
        var old = await File.ReadAllTextAsync(world.In(Vault.FileName), TestContext.Current.CancellationToken);

        var ended = await world.RunAsync("keys", "rotate", "--json");

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Equal(5, ended.Json.GetProperty("resealed").GetInt64());
        Assert.All(SealedColumns, c => Assert.Equal("2", FirstByte(world, c)));
        Assert.Equal(before, (await world.RunAsync("export", "responses")).Output);
        Assert.Contains("Thank you Harry", before, StringComparison.Ordinal);
        var ring = KeyRing.Parse(await File.ReadAllTextAsync(world.In(Vault.FileName), TestContext.Current.CancellationToken))!;
        Assert.Equal(KeyRing.Parse(old)!.Match, ring.Match);
        Assert.Equal(KeyRing.Parse(old)!.Token, ring.Token);
        Assert.DoesNotContain(Convert.ToBase64String(ring.Seal[2]), ended.Output, StringComparison.Ordinal);
        await world.DailyAsync("2026-03-04", "2026-03-14");
        Assert.Equal(["invitation carol@mail.example", "invitation dora@mail.example"], world.Mails().Select(m => m.ToString()).Order());
        await world.HoldsAsync();
    }

    [Fact]
    public async Task OldKeysAreDroppedWhenNothingNeedsThem()
    {
        using var world = await Lived();
        await world.RunAsync("keys", "rotate");

        var dropped = await world.RunAsync("keys", "drop-old", "--json");

        Assert.Equal((0, 1), (dropped.Code, dropped.Json.GetProperty("dropped").GetInt32()));
        var list = await world.RunAsync("keys", "list");
        Assert.Contains("key   2             5 value(s) sealed  current", list.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("key   1", list.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await world.RunAsync("export", "responses")).Code);
    }

    [Fact]
    public async Task AKeyThatIsStillNeededIsNotDropped()
    {
        using var world = await Lived();
        Interrupt(world);

        var ended = await world.RunAsync("keys", "drop-old");

        Assert.Equal(1, ended.Code);
        Assert.Contains("Nothing was done", ended.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await world.RunAsync("export", "responses")).Code);
    }

    [Theory]
    [Trait("Store", "Sqlite")] // asks in SQLite's words
    [InlineData("cycle --as-of 2026-03-04")]
    [InlineData("keys rotate")]
    public async Task ARotationThatWasKilledIsFinishedByTheNextCycleOrRotation(string line)
    {
        using var world = await Lived();
        Interrupt(world);
        Assert.Equal(0, (await world.RunAsync("export", "responses")).Code);

        Assert.Equal(0, (await world.RunAsync(line.Split(' '))).Code);

        Assert.All(SealedColumns, c => Assert.Equal("2", FirstByte(world, c)));
        Assert.Equal(2, KeyRing.Parse(await File.ReadAllTextAsync(world.In(Vault.FileName), TestContext.Current.CancellationToken))!.Seal.Count);
    }

    [Fact]
    [Trait("Store", "Sqlite")] // asks in SQLite's words
    public async Task ManyPagesAreSealedAnew()
    {
        using var world = new World();
        world.Extract("many.csv", [.. Enumerable.Range(0, 4100).Select(n => Row.Sale with { Transaction = $"M{n}", Email = $"c{n}@mail.example" })]);
        await world.CycleAsync("2026-03-02");

        Assert.Equal(4100, (await world.RunAsync("keys", "rotate", "--json")).Json.GetProperty("resealed").GetInt64());

        Assert.Equal("1", world.Query("SELECT count(DISTINCT hex(substr(contact, 1, 1))) FROM transactions"));
    }

    [Fact]
    public async Task TheRingMayLieElsewhere()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "safe", "ring.json");
        world.Edit("appsettings.json", j => j["Keys"]!["File"] = path);
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-10" });

        await world.CycleAsync("2026-03-02");
        await world.CycleAsync("2026-03-05");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.False(File.Exists(world.In(Vault.FileName)));
        Assert.Equal(2, world.Mails().Count);
    }

    [Fact]
    [Trait("Store", "Sqlite")] // asks in SQLite's words
    public async Task TheRingMayComeFromASettingAndThenChangesThere()
    {
        using var world = await Lived();
        var path = world.In(Vault.FileName);
        var ring = KeyRing.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!;
        File.Delete(path);
        var environment = new Dictionary<string, string> { ["SURVEY_Keys__Ring"] = ring.ToJson() };

        Assert.Contains("Thank you Harry", (await Child.RunAsync(world, environment, "export", "responses")).Output, StringComparison.Ordinal);
        var rotate = await Child.RunAsync(world, environment, "keys", "rotate");
        Assert.Equal(2, rotate.Code);
        Assert.Contains("Keys:Ring", rotate.Error, StringComparison.Ordinal);

        environment["SURVEY_Keys__Ring"] = ring.Rotated().ToJson();
        Assert.Equal(0, (await Child.RunAsync(world, environment, "cycle", "--as-of", "2026-03-04")).Code);
        Assert.All(SealedColumns, c => Assert.Equal("2", FirstByte(world, c)));
        Assert.False(File.Exists(path));
    }

    /// <summary>As a kill right after the ring was saved leaves it.</summary>
    private static void Interrupt(World world)
    {
        var path = world.In(Vault.FileName);
        KeyRing.Parse(File.ReadAllText(path))!.Rotated().Save(path);
    }

    private static string FirstByte(World world, string column) =>
        int.Parse(world.Query($"SELECT group_concat(DISTINCT hex(substr(value, 1, 1))) FROM ({column.Replace(" FROM", " AS value FROM", StringComparison.Ordinal)})"), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture)
            .ToString(System.Globalization.CultureInfo.InvariantCulture);
}
