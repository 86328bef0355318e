using System.Globalization;
using SurveyDispatcher.Cli;
using SurveyDispatcher.Storage;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.UseCases;

/// <summary>What nobody foresaw: one bad thing must not stop the rest, and must not show a customer's data.</summary>
public sealed class FaultTests
{
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };

    [Fact]
    public async Task ANumberThatUnicodeHasNoFormForIsNoNumber()
    {
        using var world = new World();
        world.Extract("a.csv", Due with { Phone1 = "\uFFFE 02 9374 4000", Email = "" }, Due with { Transaction = "T2" });

        await world.CycleAsync("2026-03-02");

        Assert.Equal(("screened_out no_contact_channel", "invited"), (await world.ScreenedAsync(), await world.StateAsync("T2")));
    }

    [Fact]
    [Trait("Store", "Sqlite")] // changes the file
    public async Task AFaultOfTheProgramLeavesTheFileAndTakesTheOthers()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        world.Tamper("UPDATE transactions SET contact = x'0100' WHERE id = 1"); // no vault can open it
        world.OptOut("o.csv", "all", await world.CaseIdAsync());
        world.Drop("dealers", "d.csv", "dealer_code,dealer_name,market,region\nAU02,Southern Cross,AU,South\n");

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.Equal(1, ended.Code);
        Assert.Contains("optouts/o.csv could not be taken, by a fault of this program (", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(world.In("taking", "optouts", "o.csv")));
        Assert.Equal("1", world.Query("SELECT count(*) FROM dealers WHERE code = 'AU02'"));
    }

    [Fact]
    public async Task ARefusedFileThatCannotBePutAsideIsToldAndLeft()
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        Directory.Delete(world.In("failed"));
        await File.WriteAllTextAsync(world.In("failed"), "in the way", TestContext.Current.CancellationToken);
        world.Drop("dms", "a.csv", "");
        world.Extract("b.csv", Due);

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        // The folder itself is made first: the message is of the directory, or of the file; no stack trace either way.
        Assert.Equal(1, ended.Code);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("The input 'alice@mail.example' was not right.", "FormatException: The input ... was not right.")]
    [InlineData("Bad +61 2 9374 4000 there\nActual value was 5.", "FormatException: Bad ... there")]
    public void WhatIsToldOfAFaultHoldsNoValues(string message, string told) => Assert.Equal(told, Unexpected.Describe(new FormatException(message)));

    [Fact]
    public async Task FilesOfTwoKindsMayShareANameAndEachKeepsItsRejects()
    {
        using var world = new World();
        world.Extract("a.csv", Due with { Vin = "short" });
        world.Calls("a.csv", "AU-1,1,2026-03-02T10:00:00+11:00,,2.20,,");

        await world.CycleAsync("2026-03-02");

        Assert.Equal(["a.csv.2.rejects.csv", "a.csv.rejects.csv"], world.Names("rejects"));
    }

    [Fact]
    public async Task AnEmptyDialledNumberMeansTheOneOnTheList()
    {
        using var world = new World();
        var shared = Due with { Email = "", Phone2 = "0412 345 678" };
        world.Extract("a.csv", shared, shared with { Transaction = "T2", Vin = "JTDBR32E720012346", Phone2 = "0412 345 679" });
        await world.CycleAsync("2026-03-02");
        var (one, two) = (await world.CaseIdAsync(), await world.CaseIdAsync("T2"));
        world.Calls("c.csv", $"{one},1,2026-03-02T10:00:00+11:00,,4.31,,", $"{two},1,2026-03-02T10:05:00+11:00,,4.31,,");

        await world.CycleAsync("2026-03-03");

        Assert.Equal(("with_vendor", "with_vendor"), (await world.StateAsync(), await world.StateAsync("T2")));
        Assert.Equal("1", world.Query("SELECT count(*) FROM suppressions"));
        world.Calls("d.csv", $"{two},2,2026-03-03T10:05:00+11:00,,4.31,,");
        await world.CycleAsync("2026-03-04");
        Assert.Equal("closed unreachable", await world.StateAsync("T2"));
    }

    [Fact]
    public async Task ADialledNumberThatIsNoneRejectsTheRow()
    {
        using var world = new World();
        world.Extract("a.csv", Due with { Email = "" });
        await world.CycleAsync("2026-03-02");
        world.Calls("c.csv", $"{await world.CaseIdAsync()},1,2026-03-02T10:00:00+11:00,12,4.31,,");

        await world.CycleAsync("2026-03-03");

        Assert.Equal(("bad_number", "phone"), (world.Rejects("c.csv")[0]["reason"], world.Rejects("c.csv")[0]["column"]));
    }

    [Fact]
    public async Task AFirstCycleThatWasKilledBetweenKeysAndStoreCanStartAgain()
    {
        using var world = new World();
        Directory.CreateDirectory(world.Data);
        await File.WriteAllBytesAsync(world.Store, [], TestContext.Current.CancellationToken);
        world.Extract("a.csv", Due);

        await world.CycleAsync("2026-03-02");

        Assert.Equal("invited", await world.StateAsync());
        Assert.False(File.Exists(world.In(Vault.FileName + ".tmp")));
    }

    [Theory]
    [InlineData("--data")]
    [InlineData("--config")]
    public async Task AnEmptyPathIsWrongUsage(string option)
    {
        await using var output = new StringWriter(CultureInfo.InvariantCulture);
        await using var error = new StringWriter(CultureInfo.InvariantCulture);

        Assert.Equal(2, await CommandLine.RunAsync(["status", option, ""], output, error, TimeProvider.System));
        Assert.Contains($"{option} is empty", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheDealerRegisterNeedsAllItsColumns()
    {
        using var world = new World();
        world.Drop("dealers", "d.csv", "dealer_code,market\nAU02,AU\n");

        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-02")).Code);
        Assert.True(File.Exists(world.In("failed", "d.csv")));
    }
}
