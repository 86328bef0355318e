using Microsoft.Data.Sqlite;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.Storage;

[Trait("Store", "Sqlite")] // about the file
public sealed class StoreTests
{
    private static async Task<World> Lived()
    {
        var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-10" }, Row.Service, Row.Sale with { Transaction = "OUT", Customer = "rental" });
        await world.CycleAsync("2026-03-02");
        await world.CycleAsync("2026-03-05");
        return world;
    }

    [Fact]
    public async Task WhatIsUntouchedVerifies()
    {
        using var world = await Lived();

        var ended = await world.RunAsync("verify");

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Contains("All holds: 3 transactions, 2 cases", ended.Output, StringComparison.Ordinal);
    }

    /// <summary>Else a server that was started anew would be a failure of the next cycle, hours later. Who wants a pool says so.</summary>
    [Fact]
    public async Task ACommandLeavesNoConnectionOpen()
    {
        using var world = new World(postgres: true);
        world.Extract("a.csv", Row.Service);
        await world.CycleAsync("2026-03-02");
        await world.HoldsAsync();

        Postgres.Drop(world.ConnectionString, force: false);
    }

    [Theory]
    [InlineData("UPDATE ledger SET day = '2026-01-01' WHERE seq = 2")]
    [InlineData("DELETE FROM ledger WHERE seq = 2")]
    public async Task TheLedgerRefusesToBeChanged(string sql)
    {
        using var world = await Lived();

        var e = Assert.Throws<SqliteException>(() => world.Tamper(sql));
        Assert.Contains("append-only", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE ledger SET day = '2026-01-01' WHERE seq = 2", "line 2")]
    [InlineData("UPDATE ledger SET detail = '{\"reason\":\"x\"}' WHERE seq = 3", "line 3")]
    [InlineData("UPDATE ledger SET hash = zeroblob(16) WHERE seq = 1", "line 1")]
    [InlineData("UPDATE ledger SET case_id = 2 WHERE seq = 1", "line 1")]
    [InlineData("UPDATE ledger SET policy_id = 9 WHERE seq = 1", "line 1")]
    [InlineData("DELETE FROM ledger WHERE seq = 1", "line 1 is missing")]
    [InlineData("DELETE FROM ledger WHERE seq = 3", "line 3 is missing")]
    [InlineData("INSERT INTO ledger SELECT seq + 100, case_id, day, kind, detail, cycle_id, policy_id, hash FROM ledger WHERE seq = 1", "is missing; 101")]
    [InlineData("UPDATE ledger SET detail = hex(zeroblob(3000)) WHERE seq = 2", "line 2")]
    [InlineData("UPDATE ledger SET day = 'yesterday' WHERE seq = 2", "line 2")]
    [InlineData("UPDATE ledger SET hash = 'text' WHERE seq = 2", "line 2")]
    [InlineData("UPDATE ledger SET kind = 'Forgiven' WHERE seq = 2", "line 2")]
    public async Task AnyTouchOfTheLedgerIsFound(string sql, string where)
    {
        using var world = await Lived();
        Assert.NotEqual(0, world.TamperLedger(sql));

        await AssertDifference(world, where);
    }

    [Fact]
    public async Task AMissingLastLineIsFoundWhateverItSaid()
    {
        using var world = await Lived();
        for (var left = int.Parse(world.Query("SELECT max(seq) FROM ledger"), System.Globalization.CultureInfo.InvariantCulture); left > 0; left--)
        {
            world.TamperLedger($"DELETE FROM ledger WHERE seq = {left}");

            await AssertDifference(world, "");
        }
    }

    [Fact]
    public async Task AMissingLastVerdictIsFound()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Customer = "rental" });
        await world.CycleAsync("2026-03-02");
        await world.HoldsAsync();
        world.TamperLedger("DELETE FROM ledger");

        await AssertDifference(world, "missing");
    }

    [Theory]
    [InlineData("UPDATE cases SET state = 'completed' WHERE id = 1", "AU-0000001")]
    [InlineData("UPDATE cases SET invited_on = '2026-03-01' WHERE id = 1", "AU-0000001")]
    [InlineData("UPDATE cases SET close_reason = 'refused' WHERE id = 1", "AU-0000001")]
    [InlineData("UPDATE cases SET state = 'sleeping' WHERE id = 1", "sleeping")]
    [InlineData("UPDATE cases SET invited_on = 'yesterday' WHERE id = 1", "yesterday")]
    [InlineData("DELETE FROM cases WHERE id = 1", "1")]
    [InlineData("INSERT INTO cases SELECT 77, market, survey, event_date, state, close_reason, invited_on, reminded_on, phone_on, phone_reason, call_until, completed_on, response_mode, mail_failed, next_look_on FROM cases WHERE id = 1", "AU-0000077")]
    [InlineData("DELETE FROM transactions WHERE id = 3", "transactions")]
    [InlineData("UPDATE files SET rows_read = rows_read + 1", "sum")]
    public async Task ACaseOrASumThatWasTouchedIsFound(string sql, string where)
    {
        using var world = await Lived();
        Assert.NotEqual(0, world.Tamper(sql));

        await AssertDifference(world, where);
    }

    [Fact]
    public async Task AStoreOfANewerProgramIsLeftAlone()
    {
        using var world = await Lived();
        world.Tamper("PRAGMA user_version = 99");

        await AssertFails(world, "newer version", "cycle", "--as-of", "2026-03-06");
        await AssertFails(world, "newer version", "status");
    }

    [Fact]
    public async Task AStoreOfBeforeTheFirstReleaseIsLeftAlone()
    {
        using var world = await Lived();
        world.Tamper("PRAGMA user_version = 1");

        await AssertFails(world, "before the first release", "cycle", "--as-of", "2026-03-06");
        await AssertFails(world, "before the first release", "status");
    }

    [Fact]
    public async Task AnEmptyDatabaseFileIsMigrated()
    {
        using var world = new World();
        Directory.CreateDirectory(world.Data);
        await File.WriteAllBytesAsync(world.Store, [], TestContext.Current.CancellationToken);
        KeyRing.New().Save(world.In("keys.json"));

        await world.CycleAsync("2026-03-02");

        Assert.NotEqual("0", world.Query("PRAGMA user_version"));
    }

    [Fact]
    public async Task AFileThatIsNoDatabaseIsToldAsSuch()
    {
        using var world = await Lived();
        await File.WriteAllTextAsync(world.Store, new string('x', 10_000), TestContext.Current.CancellationToken);

        await AssertFails(world, "damaged", "cycle", "--as-of", "2026-03-06");
        await AssertFails(world, "damaged", "status");
        await AssertFails(world, "damaged", "verify");
        await AssertFails(world, "damaged", "export", "cases");
    }

    [Fact]
    public async Task ADamagedDatabaseIsToldAsSuch()
    {
        using var world = await Lived();
        await using (var file = File.Open(world.Store, FileMode.Open, FileAccess.Write))
        {
            file.Seek(4096, SeekOrigin.Begin);
            await file.WriteAsync(new byte[file.Length - 4096], TestContext.Current.CancellationToken);
        }

        await AssertFails(world, "damaged", "verify");
        await AssertFails(world, "damaged", "cycle", "--as-of", "2026-03-06");
    }

    [Fact]
    public async Task AReadOnlyStoreIsToldAsSuch()
    {
        using var world = await Lived();
        world.Edit("appsettings.json", j => j["Store"]!["ConnectionString"] = $"Data Source={world.Store};Mode=ReadOnly;Pooling=False");

        await AssertFails(world, "read-only", "cycle", "--as-of", "2026-03-06");
    }

    [Fact]
    public async Task AFolderInTheStoresPlaceIsToldAsSuch()
    {
        using var world = new World();
        Directory.CreateDirectory(world.Store);

        await AssertFails(world, "survey.db", "cycle", "--as-of", "2026-03-06");
    }

    [Fact]
    public async Task ALockedStoreIsToldAsSuch()
    {
        using var world = await Lived();
        world.Edit("appsettings.json", j => j["Store"]!["ConnectionString"] = $"Data Source={world.Store};Default Timeout=1;Pooling=False");
        await using var other = new SqliteConnection($"Data Source={world.Store};Pooling=False");
        await other.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = other.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        await AssertFails(world, "locked", "cycle", "--as-of", "2026-03-06");
    }

    [Fact]
    public async Task AStoreWithoutItsKeysIsToldAsSuch()
    {
        using var world = await Lived();
        File.Delete(world.In("keys.json"));

        await AssertFails(world, "keys.json is missing", "cycle", "--as-of", "2026-03-06");
    }

    [Fact]
    public async Task NoPersonalDataLiesOpenInTheStore()
    {
        using var world = await Lived();
        var bytes = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(world.Store, TestContext.Current.CancellationToken));

        foreach (var secret in new[] { "Alice", "alice@mail", "9374", "Bob Seller" })
        {
            Assert.DoesNotContain(secret, bytes, StringComparison.OrdinalIgnoreCase);
        }
    }

    private static async Task AssertDifference(World world, string where)
    {
        var ended = await world.RunAsync("verify");
        Assert.Equal(1, ended.Code);
        Assert.Contains(where, ended.Output + ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Output + ended.Error, StringComparison.Ordinal);
        var json = await world.RunAsync("verify", "--json");
        Assert.Equal(1, json.Code);
        Assert.NotEmpty(json.Json.GetProperty("difference").GetString()!);
    }

    private static async Task AssertFails(World world, string reason, params string[] args)
    {
        var ended = await world.RunAsync(args);
        Assert.Equal(1, ended.Code);
        Assert.Contains(reason, ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
    }
}
