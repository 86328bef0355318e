using System.Text.Json;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Rows that come again and again are read at a glance; what they mean must not change by that.</summary>
public sealed class RollingExtractTests
{
    private static readonly Row Sale = Row.Sale with { Event = "2026-02-28" };

    [Fact]
    public async Task ARowThatComesAgainIsUnchanged()
    {
        using var world = new World();
        await CycleAsync(world, "2026-03-02", Sale, Sale with { Transaction = "T2", Vin = "VCTM0000000000002" });

        var counts = await CycleAsync(world, "2026-03-03", Sale, Sale with { Transaction = "T2", Vin = "VCTM0000000000002" }, Sale with { Transaction = "T3", Vin = "VCTM0000000000003" });

        Assert.Equal((1, 0, 2), Counts(counts));
        await world.HoldsAsync();
    }

    /// <summary>The thread that reads has seen the third row before, and knows nothing of the second.</summary>
    [Fact]
    public async Task ARowThatIsCorrectedAndCorrectedBackInOneFileEndsAsItBegan()
    {
        using var world = new World();
        await CycleAsync(world, "2026-03-02", Sale);

        var counts = await CycleAsync(world, "2026-03-03", Sale, Sale with { Model = "Other" }, Sale, Sale, Sale with { Model = "Other" }, Sale);

        Assert.Equal((0, 4, 2), Counts(counts));
        Assert.Equal(Sale.Model, world.Query("SELECT model FROM transactions"));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task TheSameHoldsOverManyPages()
    {
        using var world = new World();
        var many = Enumerable.Range(0, 2_500).Select(n => Sale with { Transaction = $"N{n}", Vin = $"VCTM{n:D13}", Email = $"n{n}@mail.example" }).ToArray();
        await CycleAsync(world, "2026-03-02", [Sale, .. many]);

        var counts = await CycleAsync(world, "2026-03-03", [Sale with { Model = "Other" }, .. many, Sale]);

        Assert.Equal((0, 2, 2_500), Counts(counts));
        Assert.Equal(Sale.Model, world.Query("SELECT model FROM transactions WHERE transaction_id = 'T1'"));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task AWaitingCustomerWhoOptsOutIsScreenedOutThoughHisRowIsTheSame()
    {
        using var world = new World();
        await CycleAsync(world, "2026-03-02", Sale with { Phone1 = "" });
        world.OptOut("o.csv", "all", Sale.Email);

        await CycleAsync(world, "2026-03-03", Sale with { Phone1 = "" });

        Assert.Equal("closed opted_out", await world.StateAsync());
    }

    /// <summary>Of the rules that fail, the first is the reason: an opt-out comes before a missing channel.</summary>
    [Fact]
    public async Task ACustomerWhoWasKeptOutGetsTheNewReasonThoughHisRowIsTheSame()
    {
        using var world = new World();
        var row = Sale with { Phone1 = "", NoEmail = "Y" };
        await CycleAsync(world, "2026-03-02", row);
        Assert.Equal("no_contact_channel", world.Query("SELECT reason FROM transactions"));
        world.OptOut("o.csv", "all", row.Email);

        var counts = await CycleAsync(world, "2026-03-03", row);

        Assert.Equal((0, 0, 1), Counts(counts));
        Assert.Equal("opted_out", world.Query("SELECT reason FROM transactions"));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task ARowIsScreenedAgainOnceWhenTheProgrammeChangesAndOnTheDayOnWhichItsWindowHasPassed()
    {
        using var world = new World();
        var row = Sale with { Customer = "rental" };
        await CycleAsync(world, "2026-03-02", row);
        Assert.Equal("customer_type_excluded", world.Query("SELECT reason FROM transactions"));

        world.Edit("programme.json", programme => programme["markets"]!["AU"]!["sales"]!["customerTypes"]!.AsArray().Add("rental"));
        await CycleAsync(world, "2026-03-03", row);
        Assert.Equal("waiting", await world.StateAsync());

        world.Edit("programme.json", programme => programme["markets"]!["AU"]!["sales"]!["customerTypes"]!.AsArray().RemoveAt(3));
        foreach (var day in new[] { "2026-03-04", "2026-03-10", "2026-03-20", "2026-03-30", "2026-04-04" })
        {
            await CycleAsync(world, day, row);
            Assert.Equal("customer_type_excluded", world.Query("SELECT reason FROM transactions"));
        }

        // Day 35 is 4 April. The first rule that fails stays the reason, and the other one does not need a new verdict.
        await CycleAsync(world, "2026-04-05", row);
        Assert.Equal("customer_type_excluded", world.Query("SELECT reason FROM transactions"));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task AWaitingRowWhoseWindowHasPassedUnseenIsKeptOut()
    {
        using var world = new World();
        var row = Sale with { Email = "", Phone1 = "" };
        await CycleAsync(world, "2026-03-30", row);
        Assert.Equal("no_contact_channel", world.Query("SELECT reason FROM transactions"));

        await CycleAsync(world, "2026-04-04", row);
        Assert.Equal("no_contact_channel", world.Query("SELECT reason FROM transactions"));
        await CycleAsync(world, "2026-04-05", row);

        Assert.Equal("window_passed", world.Query("SELECT reason FROM transactions"));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task TheSameBytesReadInAnotherWaySayOtherThings()
    {
        using var world = new World();
        await CycleAsync(world, "2026-03-02", Sale);
        File.WriteAllText(
            Path.Combine(world.Config, "sources", "again.json"),
            """{ "filePattern": "extract_*.csv", "encoding": "utf-8", "delimiter": ",", "dateFormats": ["yyyy-dd-MM"] }""");

        var counts = await CycleAsync(world, "2026-03-03", Sale with { Event = "2026-02-28" });

        Assert.Equal(1, counts.GetProperty("rowsRejected").GetInt32());
    }

    private static Task<JsonElement> CycleAsync(World world, string day, params Row[] rows)
    {
        world.Extract($"extract_{day}.csv", rows);
        return world.CycleAsync(day);
    }

    private static (int New, int Updated, int Unchanged) Counts(JsonElement counts) => (
        counts.GetProperty("transactionsNew").GetInt32(), counts.GetProperty("transactionsUpdated").GetInt32(), counts.GetProperty("rowsUnchanged").GetInt32());
}
