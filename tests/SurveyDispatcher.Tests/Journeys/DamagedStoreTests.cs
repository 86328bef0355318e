using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The store can't be used (docs/operations.md, <i>What a fault does</i>): the cycle ends with 1, says what to do, sends nothing, and leaves the file for whoever mends it.</summary>
[Trait("Store", "Sqlite")] // about the file
public sealed class DamagedStoreTests
{
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Damages => new()
    {
        { "header destroyed", "the file is damaged or no database. Restore the last backup" },
        { "all zeros", "the file is damaged or no database. Restore the last backup" },
        { "text", "the file is damaged or no database. Restore the last backup" },
        { "cut in the middle of its first page", "the file is damaged or no database. Restore the last backup" },
        { "cut to half", "the file is damaged or no database. Restore the last backup" },
        { "empty", "is missing or empty, but" },
        { "gone", "is missing or empty, but" },
        { "somebody else's", "is a database, but no store of this program" },
        { "somebody else's with a version", "is a database, but no store of this program" },
    };

    /// <summary>A world in which an invitation, a reminder and a list are due on 5 March.</summary>
    private static async Task<World> LivedAsync()
    {
        var world = new World();
        world.Extract("a.csv", Due, Row.Sale with { Transaction = "OUT", Customer = "rental" });
        await world.CycleAsync("2026-03-02");
        world.Extract("b.csv", Due with { Transaction = "T2", Email = "bob@mail.example" }, Due with { Transaction = "T3", Email = "", Phone1 = "0412 345 678" });
        return world;
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task ADamagedStoreSendsNothingAndIsLeftForTheRestore(string damage, string told)
    {
        using var world = await LivedAsync();
        var good = await File.ReadAllBytesAsync(world.Store, Ct);
        Damage(world.Store, good, damage);
        var before = world.Fingerprint();

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-05");

        Assert.Equal((1, 1), (ended.Code, (await world.RunAsync("cycle", "--as-of", "2026-03-05", "--dry-run")).Code));
        Assert.Contains(told, ended.Error, StringComparison.Ordinal);
        Assert.Contains(world.Store, ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
        Assert.Equal(before, world.Fingerprint());
        Assert.Equal(1, (await world.RunAsync("status")).Code);

        foreach (var leftover in new[] { "", "-wal", "-shm" })
        {
            File.Delete(world.Store + leftover);
        }

        await File.WriteAllBytesAsync(world.Store, good, Ct);
        var after = await world.CycleAsync("2026-03-05");
        Assert.Equal((1, 1, 1), (after.GetProperty("invitationsSent").GetInt32(), after.GetProperty("remindersSent").GetInt32(), world.PhoneRows().Count));
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }

    /// <summary>Page after page: a cycle stops where it comes to it, and has sent nothing that is not on record by then. <c>verify</c> finds every one (TamperingTests).</summary>
    [Fact]
    public async Task ADamagedPageStopsTheCycleAndNothingIsSentThatIsNotOnRecord()
    {
        using var world = await LivedAsync();
        var good = await File.ReadAllBytesAsync(world.Store, Ct);
        var stopped = 0;
        for (var page = 1; page < good.Length / 4096; page++)
        {
            Damage(world.Store, good, "");
            File.Delete(world.In("cycle.lock")); // which knows that the store was put back
            var damaged = (byte[])good.Clone();
            damaged.AsSpan(page * 4096, 4096).Clear();
            await File.WriteAllBytesAsync(world.Store, damaged, Ct);
            var extract = world.Drop("dms", "b.csv", Row.File(Due with { Transaction = "T2", Email = "bob@mail.example" }));

            var ended = await world.RunAsync("cycle", "--as-of", "2026-03-05");

            Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("fault of this program", ended.Error, StringComparison.Ordinal);
            if (ended.Code != 0)
            {
                Assert.Contains("damaged", ended.Error, StringComparison.Ordinal);
                Assert.True(world.Mails().Count == 1 || $"{world.Mails().Count}" == world.Query("SELECT count(*) FROM mails WHERE state = 'accepted'"), $"page {page + 1}");
                stopped++;
            }

            foreach (var file in world.Files("mail").Where(f => Letter.Read(f).Contact == "reminder" || !Letter.Read(f).To.StartsWith("alice", StringComparison.Ordinal)).Concat(world.Files("taking")).Append(extract))
            {
                File.Delete(file);
            }
        }

        Assert.InRange(stopped, 5, good.Length / 4096);
    }

    /// <summary>A log that a crash left is part of the store. What is no log of it SQLite ignores: the store is as it was without it.</summary>
    [Fact]
    public async Task GarbageInPlaceOfTheLogDoesNoHarm()
    {
        using var world = await LivedAsync();
        await File.WriteAllBytesAsync(world.Store + "-wal", [.. Enumerable.Range(0, 50_000).Select(i => (byte)(i * 31 % 251))], Ct);

        var after = await world.CycleAsync("2026-03-05");

        Assert.Equal((1, 1, 1), (after.GetProperty("invitationsSent").GetInt32(), after.GetProperty("remindersSent").GetInt32(), world.PhoneRows().Count));
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }

    /// <summary>Everything since the last clean end lay in it: the store is whole, and knows less than has happened.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)] // the first cycle of all: the store itself lay in it
    public async Task ALogThatIsDeletedAfterACrashContactsNobodyAgainUntilSomebodyHasLooked(bool first)
    {
        using var world = first ? new World() : await LivedAsync();
        world.Extract("b.csv", [.. Enumerable.Range(0, 20).Select(n => Due with { Transaction = $"N{n}", Email = $"n{n}@mail.example" })]);
        Assert.True(await Child.KillAsync(world, $"rename {world.In("mail")}", 6, "cycle", "--as-of", "2026-03-05"));
        var sent = world.Mails().Count;
        Assert.InRange(sent, 1, 20); // the senders work side by side
        Assert.True(new FileInfo(world.Store + "-wal").Length > 0);
        File.Delete(world.Store + "-wal");
        File.Delete(world.Store + "-shm");
        world.Extract("c.csv", [.. Enumerable.Range(0, 20).Select(n => Due with { Transaction = $"N{n}", Email = $"n{n}@mail.example" })]); // tomorrow's

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-06");
        var dry = await world.RunAsync("cycle", "--as-of", "2026-03-06", "--dry-run");
        var status = await world.RunAsync("status");

        Assert.Equal((1, 1), (ended.Code, dry.Code));
        Assert.Contains("its log (survey.db-wal) was deleted after a crash", ended.Error, StringComparison.Ordinal);
        Assert.Contains("its log (survey.db-wal) was deleted after a crash", dry.Error, StringComparison.Ordinal);
        Assert.Contains("CYCLES STOP NOW", status.Output, StringComparison.Ordinal);
        Assert.Equal(sent, world.Mails().Count);
        await world.HoldsAsync();
        await world.CycleAsync("2026-03-06", "--accept-gap");
        await world.CycleAsync("2026-03-06"); // once is enough
        await world.HoldsAsync();
    }

    [Fact]
    public async Task AStoreThatIsYoungerThanTheGapIsFoundToBeRestored()
    {
        using var world = await LivedAsync();
        var backup = await File.ReadAllBytesAsync(world.Store, Ct);
        await world.CycleAsync("2026-03-05");
        await File.WriteAllBytesAsync(world.Store, backup, Ct);
        var mails = world.Mails().Count;

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-05");

        Assert.Equal(1, ended.Code);
        Assert.Contains("Cycles up to 2026-03-05 have begun in this data directory (number 2), but the store ends with cycle 1: it was restored from a backup", ended.Error, StringComparison.Ordinal);
        Assert.Equal(mails, world.Mails().Count);
    }

    /// <summary>A day without files has a part in the replay, too: mails and calls were due on it.</summary>
    [Fact]
    public async Task AReplayIsNotDoneBeforeItHasReachedTheDayThatWasReached()
    {
        using var world = await LivedAsync();
        var backup = await File.ReadAllBytesAsync(world.Store, Ct);
        await world.DailyAsync("2026-03-05", "2026-03-08");
        await File.WriteAllBytesAsync(world.Store, backup, Ct);

        await world.CycleAsync("2026-03-05", "--accept-gap");
        var early = await world.RunAsync("cycle", "--as-of", "2026-03-09");
        await world.CycleAsync("2026-03-06", "--accept-gap");
        await world.CycleAsync("2026-03-06", "--accept-gap"); // more cycles than there were are no proof that a day was reached
        await world.CycleAsync("2026-03-07", "--accept-gap");
        var late = await world.RunAsync("cycle", "--as-of", "2026-03-09");
        await world.CycleAsync("2026-03-08", "--accept-gap");
        await world.CycleAsync("2026-03-09");

        Assert.Equal((1, 1), (early.Code, late.Code));
        Assert.Contains("Cycles up to 2026-03-08 have begun", early.Error, StringComparison.Ordinal);
        Assert.Contains("Cycles up to 2026-03-08 have begun", late.Error, StringComparison.Ordinal);
        await world.HoldsAsync();
    }

    /// <summary>Who gives the whole thing up goes on from today.</summary>
    [Fact]
    public async Task ALaterDayThatIsAcceptedEndsTheReplay()
    {
        using var world = await LivedAsync();
        var backup = await File.ReadAllBytesAsync(world.Store, Ct);
        await world.DailyAsync("2026-03-05", "2026-03-08");
        await File.WriteAllBytesAsync(world.Store, backup, Ct);

        await world.CycleAsync("2026-03-09", "--accept-gap");

        await world.CycleAsync("2026-03-10");
    }

    [Fact]
    public async Task AStoreThatIsGoneIsMissedAlsoWhereTheArchiveWasMovedAway()
    {
        using var world = await LivedAsync();
        File.Delete(world.Store);
        Directory.Delete(world.In("archive"), recursive: true);

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-05");

        Assert.Equal(1, ended.Code);
        Assert.Contains("is missing or empty, but", ended.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(world.Store));
        Assert.Single(world.Mails());
    }

    [Theory]
    [InlineData("", "cycle.lock")] // the whole data directory
    [InlineData("survey.db", "survey.db: it is read-only for this user")]
    [InlineData("inbox/dms", "dms/b.csv can't be taken from the inbox")]
    [InlineData("taking", "dms/b.csv can't be taken from the inbox")]
    [InlineData("archive", "dms/b.csv could not be taken")]
    [InlineData("outbox", "The list phone_AU_sales_20260305_01.csv could not be written")]
    [InlineData("mail", "The mail folder can't be written")]
    public async Task WhatIsReadOnlyIsToldAndTheNextCycleDoesTheRest(string path, string told)
    {
        using var world = await LivedAsync();
        Directory.CreateDirectory(world.In("outbox"));
        var before = await File.ReadAllBytesAsync(world.Store, Ct);
        Ended ended;
        using (Mounted.ReadOnly(world.In(path)))
        {
            ended = await Child.RunAsync(world, [], "cycle", "--as-of", "2026-03-05");
            if (path is "" or "survey.db")
            {
                Assert.Equal(before, await File.ReadAllBytesAsync(world.Store, Ct));
                Assert.Single(world.Mails());
                Assert.True(File.Exists(world.In("inbox", "dms", "b.csv")));
            }
        }

        Assert.Equal(1, ended.Code);
        Assert.Contains(told, ended.Error, StringComparison.Ordinal);
        Assert.Contains("ead-only", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("fault of this program", ended.Error, StringComparison.Ordinal);

        var after = await world.RunAsync("cycle", "--as-of", "2026-03-05");
        Assert.True(after.Code == 0, after.Error);
        Assert.Equal(["invitation alice@mail.example", "invitation bob@mail.example", "reminder alice@mail.example"], world.Mails().Select(m => m.ToString()).Order());
        Assert.Single(world.PhoneRows());
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }

    [Theory]
    [InlineData("gone", "keys.json is missing, but the store is there")]
    [InlineData("half", "keys.json is damaged")]
    [InlineData("empty", "keys.json is damaged")]
    [InlineData("another user's", "keys.json")]
    [InlineData("another store's", "is not the one of this store")]
    public async Task WithoutItsKeysAStoreSendsNothing(string fault, string told)
    {
        using var world = await LivedAsync();
        var path = world.In("keys.json");
        var keys = await File.ReadAllBytesAsync(path, Ct);
        switch (fault)
        {
            case "gone":
                File.Delete(path);
                break;
            case "another store's":
                using (var other = new World())
                {
                    await other.CycleAsync("2026-03-02");
                    File.Copy(other.In("keys.json"), path, overwrite: true);
                }

                break;
            case "another user's":
                // Root may read anything: a file of /proc that nobody may read stands in its place.
                File.Delete(path);
                File.CreateSymbolicLink(path, "/proc/self/mem");
                break;
            default:
                await File.WriteAllBytesAsync(path, keys[..(fault == "half" ? keys.Length / 2 : 0)], Ct);
                break;
        }

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-05");

        Assert.Equal(1, ended.Code);
        Assert.Contains(told, ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
        Assert.Single(world.Mails());
        File.Delete(path);
        await File.WriteAllBytesAsync(path, keys, Ct);
        await world.CycleAsync("2026-03-05");
        Assert.Equal(3, world.Mails().Count);
    }

    [Fact]
    public async Task ABackupThatHoldsTheStoreForAMomentIsWaitedFor()
    {
        using var world = await LivedAsync();
        await using var other = new SqliteConnection($"Data Source={world.Store};Pooling=False");
        await other.OpenAsync(Ct);
        await using var command = other.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        await command.ExecuteNonQueryAsync(Ct);

        var cycle = Task.Run(() => world.RunAsync("cycle", "--as-of", "2026-03-05"), Ct);
        while (!File.Exists(world.In("cycle.lock")) || cycle.IsCompleted)
        {
            await Task.Yield();
        }

        command.CommandText = "ROLLBACK";
        await command.ExecuteNonQueryAsync(Ct);
        var ended = await cycle;

        Assert.True(ended.Code == 0, ended.Error);
        Assert.Equal(3, world.Mails().Count);
    }

    /// <summary>The backup of docs/operations.md, again and again beside cycles: the copies verify, and no cycle notices.</summary>
    [Fact]
    public async Task BackupsMadeWhileACycleRunsAreWholeAndDoNoHarm()
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        world.Extract("a.csv", [.. Enumerable.Range(0, 300).Select(i => Due with { Transaction = $"T{i}", Email = i % 3 == 0 ? "" : $"c{i}@mail.example", Phone1 = $"0412 3{i:D5}" })]);

        var cycle = Child.RunAsync(world, [], "cycle", "--as-of", "2026-03-02", "--json");
        var copies = 0;
        do
        {
            var copy = Path.Combine(world.Root, $"copy{++copies}");
            Directory.CreateDirectory(copy);
            using var backup = Process.Start(new ProcessStartInfo("sqlite3", [world.Store, $".timeout 10000", $".backup {copy}/survey.db"]) { RedirectStandardError = true })!;
            var error = await backup.StandardError.ReadToEndAsync(Ct);
            await backup.WaitForExitAsync(Ct);
            Assert.True(backup.ExitCode == 0, error);
        }
        while (!cycle.IsCompleted);

        var ended = await cycle;
        Assert.True(ended.Code == 0, ended.Error);
        Assert.Equal((200, 100), (ended.Json.GetProperty("invitationsSent").GetInt32(), world.PhoneRows().Count));
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
        foreach (var copy in new[] { 1, (copies + 1) / 2, copies }.Distinct())
        {
            var verified = await Child.RunAsync(world, new() { ["SURVEY_Store__ConnectionString"] = $"Data Source={Path.Combine(world.Root, $"copy{copy}", "survey.db")};Pooling=False" }, "verify");
            Assert.True(verified.Code == 0, $"copy {copy}: {verified.Output}{verified.Error}");
        }
    }

    private static void Damage(string path, byte[] good, string damage)
    {
        foreach (var leftover in new[] { "", "-wal", "-shm" })
        {
            File.Delete(path + leftover);
        }

        var bytes = (byte[])good.Clone();
        switch (damage)
        {
            case "gone":
                return;
            case "header destroyed":
                bytes.AsSpan(0, 100).Fill(0xA5);
                break;
            case "all zeros":
                bytes.AsSpan().Clear();
                break;
            case "text":
                bytes = System.Text.Encoding.UTF8.GetBytes(new string('x', 10_000));
                break;
            case "cut in the middle of its first page":
                bytes = bytes[..2_000];
                break;
            case "cut to half":
                bytes = bytes[..(bytes.Length / 8192 * 4096)];
                break;
            case "empty":
                bytes = [];
                break;
            case "somebody else's" or "somebody else's with a version":
                using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
                {
                    connection.Open();
                    using var command = connection.CreateCommand();
                    command.CommandText = $"CREATE TABLE invoices (id INTEGER); PRAGMA user_version = {(damage.EndsWith("version", StringComparison.Ordinal) ? 3 : 0)}";
                    command.ExecuteNonQuery();
                }

                return;
            default:
                break;
        }

        File.WriteAllBytes(path, bytes);
    }
}
