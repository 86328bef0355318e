using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>What somebody who may write to an inbox could put there: nothing is read, moved or written that he could not reach himself, and no cycle stops.</summary>
public sealed class HostileFilesTests
{
    private static readonly TimeSpan LongEnough = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("inbox/dms", "dms")]
    [InlineData("inbox/optouts", "optouts")]
    [InlineData("inbox/bounces", "bounces")]
    [InlineData("inbox/bounces/new", "bounces")]
    [InlineData("inbox/bounces/cur", "bounces")]
    [InlineData("taking/dms", "dms")]
    public async Task AFolderThatIsALinkIsNotTakenFrom(string folder, string kind)
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        var elsewhere = Directory.CreateDirectory(Path.Combine(world.Root, "elsewhere")).FullName;
        await File.WriteAllTextAsync(Path.Combine(elsewhere, "theirs.csv"), Row.File(Row.Sale), TestContext.Current.CancellationToken);
        Replace(world, folder, elsewhere);
        world.Drop(kind == "dms" ? "dealers" : "dms", "mine.csv", kind == "dms" ? "dealer_code,dealer_name,market,region\nAU01,Harbour,AU,South\n" : Row.File(Row.Sale));

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.Equal(1, ended.Code);
        Assert.Contains("is a link and could lead anywhere", ended.Error, StringComparison.Ordinal);
        Assert.Equal(["theirs.csv"], Directory.GetFiles(elsewhere).Select(Path.GetFileName));
        Assert.Contains("mine.csv", string.Join(' ', world.Names("archive")), StringComparison.Ordinal); // the other kinds have their day
    }

    [Fact]
    [Trait("Store", "Sqlite")] // lists the file among the others
    public async Task AnInboxThatLeadsToTheDataDirectoryItselfMovesNeitherStoreNorKeys()
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        Replace(world, "inbox/dms", world.Data);

        await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.True(File.Exists(world.Store) && File.Exists(world.In("keys.json")));
        await world.HoldsAsync();
    }

    [Theory]
    [InlineData("/nowhere/at/all")]
    [InlineData(".")] // a loop
    public async Task ALinkThatLeadsNowhereStopsItsKindOnly(string target)
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        Replace(world, "inbox/optouts", target);
        world.Extract("mine.csv", Row.Sale);

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");

        Assert.Equal(1, ended.Json.GetProperty("transactionsNew").GetInt32());
        Assert.Contains("optouts is a link", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFileInAnInboxesPlaceStopsItsKindOnly()
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        Directory.Delete(world.In("inbox", "optouts"));
        await File.WriteAllTextAsync(world.In("inbox", "optouts"), "", TestContext.Current.CancellationToken);
        world.Extract("mine.csv", Row.Sale);

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");

        Assert.Equal(1, ended.Json.GetProperty("transactionsNew").GetInt32());
        Assert.Contains("optouts is no folder", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dms")]
    [InlineData("responses")]
    [InlineData("bounces")]
    public async Task ALinkToTheKeysIsLeftAndNothingOfThemIsTold(string kind)
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        var keys = await File.ReadAllTextAsync(world.In("keys.json"), TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(world.In("inbox", kind, "a.csv"), world.In("keys.json"));

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.Equal(1, ended.Code);
        Assert.Contains("a.csv is a link", ended.Error, StringComparison.Ordinal);
        Assert.Equal(keys, await File.ReadAllTextAsync(world.In("keys.json"), TestContext.Current.CancellationToken));
        Assert.Empty(world.Names("failed"));
    }

    [Theory]
    [InlineData("dms")]
    [InlineData("dealers")]
    public async Task AHardLinkToTheKeysIsRefusedAndTheKeysStayAsTheyAre(string kind)
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        var keys = await File.ReadAllTextAsync(world.In("keys.json"), TestContext.Current.CancellationToken);
        Shell($"ln '{world.In("keys.json")}' '{world.In("inbox", kind, "a.csv")}'");

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.Equal(1, ended.Code);
        Assert.Equal(keys, await File.ReadAllTextAsync(world.In("keys.json"), TestContext.Current.CancellationToken));
        foreach (var secret in keys.Split('"').Where(t => t.Length > 20))
        {
            Assert.DoesNotContain(secret, ended.Error + await File.ReadAllTextAsync(world.In("failed", "a.csv.error.txt"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        world.Extract("good.csv", Row.Sale with { Event = "2026-02-10" });
        Assert.Equal(1, (await world.CycleAsync("2026-03-02")).GetProperty("invitationsSent").GetInt32());
    }

    [Theory]
    [InlineData("dms", "mkfifo")]
    [InlineData("optouts", "mkfifo")]
    [InlineData("bounces", "mkfifo")]
    [InlineData("bounces/new", "mkfifo")]
    [InlineData("dms", "socket")]
    [InlineData("bounces", "socket")]
    [InlineData("dms", "mknod")]
    [InlineData("optouts", "mknod")]
    [InlineData("bounces/new", "mknod")]
    public async Task APipeASocketOrADeviceInAnInboxKeepsNoCycleWaiting(string folder, string what)
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        Directory.CreateDirectory(world.In("inbox", folder));
        var path = world.In("inbox", folder, "a.csv");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        if (what == "socket")
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
        }
        else if (what == "mknod")
        {
            Shell($"mknod '{path}' c 1 5 2>/dev/null || true"); // zeros without end
            Assert.SkipUnless(File.Exists(path), "This user may make no device nodes.");
        }
        else
        {
            Shell($"mkfifo '{path}'");
        }

        await Task.Run(() => world.RunAsync("cycle", "--as-of", "2026-03-02", "--dry-run")).WaitAsync(LongEnough, TestContext.Current.CancellationToken);
        await Task.Run(() => world.RunAsync("bounces", "read", world.In("inbox", folder))).WaitAsync(LongEnough, TestContext.Current.CancellationToken);
        var ended = await Task.Run(() => world.RunAsync("cycle", "--as-of", "2026-03-02")).WaitAsync(LongEnough, TestContext.Current.CancellationToken);

        Assert.Equal(folder.StartsWith("bounces", StringComparison.Ordinal) ? 0 : 1, ended.Code);
        Assert.Empty(world.Names("inbox"));
        Assert.Empty(world.Names("taking"));
        Assert.Equal(0, (await world.RunAsync("cycle", "--as-of", "2026-03-02")).Code); // it is gone
    }

    [Theory]
    [InlineData("outbox/phone/phone_AU_sales_20260302_01.csv.tmp")]
    [InlineData("outbox/phone/phone_AU_sales_20260302_01.csv.manifest.json.tmp")]
    [InlineData("rejects/bad.csv.dms.rejects.csv.part")]
    public async Task ALinkUnderATemporaryNameDoesNotLeadAWriterElsewhere(string name)
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        var keys = await File.ReadAllTextAsync(world.In("keys.json"), TestContext.Current.CancellationToken);
        Directory.CreateDirectory(world.In("outbox", "phone"));
        File.CreateSymbolicLink(world.In(name), world.In("keys.json"));
        world.Extract("bad.csv", Row.Sale with { Vin = "bad" }, Row.Sale with { Event = "2026-02-10", Email = "" });

        await world.CycleAsync("2026-03-02");

        Assert.Equal(keys, await File.ReadAllTextAsync(world.In("keys.json"), TestContext.Current.CancellationToken));
        Assert.Single(world.PhoneRows());
        Assert.Single(world.Rejects("bad.csv"));
    }

    [Theory]
    [Trait("Store", "Sqlite")] // lists the file among the others
    [InlineData("a\nCycle as of 2030-01-01.csv")]
    [InlineData("a\u001b[2J\u001b[Hb.csv")]
    [InlineData("a\rb\tc.csv")]
    [InlineData("\u202egnp.csv")]
    [InlineData("..csv")]
    [InlineData("...csv")]
    [InlineData("a;rm -rf $HOME `id` & 'x' \"y\".csv")]
    [InlineData("..\\..\\keys.json")]
    [InlineData("%2e%2e%2fkeys.json")]
    [InlineData("CON.csv")]
    [InlineData("-rf.csv")]
    [InlineData("*")]
    public async Task AFileOfAnyNameIsTakenOrRefusedUnderItAndTheMessagesShowIt(string name)
    {
        using var world = new World();
        world.Drop("dms", name, Row.File(Row.Sale with { Vin = "bad" }, Row.Sale));
        world.Drop("dealers", name, "no,such\nheader,1\n");

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        var hidden = name.StartsWith('.'); // as everywhere on Unix: left
        Assert.Equal(hidden ? 0 : 1, ended.Code);
        Assert.Equal(hidden ? [] : [name], world.Names("archive").ConvertAll(n => Path.GetFileName(n)));
        Assert.Equal(hidden ? [] : [name, name + ".error.txt"], world.Names("failed"));
        Assert.Equal(hidden ? [] : [name + ".rejects.csv"], world.Names("rejects"));
        var told = ended.Output + ended.Error + (await world.RunAsync("status")).Output + (await world.RunAsync("explain", hidden ? "-" : "T1")).Output;
        Assert.DoesNotContain(told.Split(Environment.NewLine), l => l.Any(char.IsControl) || l.Contains('\u202e', StringComparison.Ordinal));
        Assert.DoesNotContain(told.Split(Environment.NewLine), l => l.StartsWith("Cycle as of 2030", StringComparison.Ordinal));
        Assert.Equal(["archive", "cycle.lock", "cycle.process", "failed", "inbox", "keys.json", "rejects", "survey.db", "taking"],
            Directory.GetFileSystemEntries(world.Data).Select(e => Path.GetFileName(e)!).Where(e => !e.StartsWith("survey.db-", StringComparison.Ordinal)).Except(hidden ? ["archive"] : []).Append("archive").Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("dms")]
    [InlineData("dealers")]
    [InlineData("bounces")]
    public async Task TheLongestNameThatThereCanBeIsTakenAndRefusedLikeAnyOther(string kind)
    {
        using var world = new World();
        var names = new[] { "a", "b" }.Select(n => new string('x', 250) + n + ".csv").ToList(); // 255 bytes; in Chinese a third of that
        names.Add(new string('王', 83) + "1.csv");
        names.ForEach(n => world.Drop(kind, n, kind == "dms" ? Row.File(Row.Sale with { Vin = "bad" }) : "no,such\nheader,1\n"));

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");
        names.ForEach(n => world.Drop(kind, n, kind == "dms" ? Row.File(Row.Sale with { Vin = "worse" }) : "no,such\nheader,2\n"));
        await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.Equal(kind == "dealers" ? 1 : 0, ended.Code);
        Assert.DoesNotContain("could not", ended.Error, StringComparison.Ordinal);
        Assert.Empty(world.Names("taking"));
        Assert.Equal(kind == "dealers" ? 0 : 6, world.Names("archive").Count);
        Assert.Equal(kind == "dealers" ? 12 : 0, world.Names("failed").Count);
        Assert.Equal(kind == "dms" ? 6 : 0, world.Names("rejects", "*.rejects.csv").Count);
    }

    [Fact]
    public async Task ANameThatIsNotUtf8IsToldAndLeft()
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        Shell($"printf 'x' > \"$(printf '{world.In("inbox", "dms")}/m\\374ller.csv')\"");

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Shell($"rm '{world.In("inbox", "dms")}'/m*ller.csv"); // nor does the framework find it to delete it
        Assert.Equal(1, ended.Code);
        Assert.Contains("its name is not UTF-8", ended.Error, StringComparison.Ordinal);
    }

    /// <summary>2 GiB each; the heap of the process is held below 100 MB, and what it takes from the system is measured, too.</summary>
    [Theory]
    [InlineData("dms", "x", "Line 1 is longer than")]
    [InlineData("dms", Row.Header + "\nx", "Line 2 is longer than")]
    [InlineData("dms", Row.Header + "\n\"\"", "Line 2 is longer than")]
    [InlineData("dms", "\0", "zero byte near line 1")]
    [InlineData("responses", "case_id,mode,status,completed_at\n=", "Line 2 is longer than")]
    [InlineData("bounces", "From: MAILER-DAEMON@mx.example\nX-Long: ", "")]
    public async Task ALineOfTwoGigabytesIsRefusedAtOnceAndInLittleMemory(string kind, string start, string problem)
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        await using (var file = File.Create(world.In("inbox", kind, "huge.csv")))
        {
            // The start is repeated as far as anybody could read; the rest is a hole, which takes no room on the disk.
            var line = Encoding.UTF8.GetBytes(start);
            file.Write(line);
            for (var written = 0; written < 2 << 20; written += 1 << 10)
            {
                file.Write(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(start[^1], 1 << 10))));
            }

            file.SetLength(2L << 30);
        }

        var began = Stopwatch.GetTimestamp();
        var (ended, peak) = await Child.MeasureAsync(world, new() { ["DOTNET_GCHeapHardLimit"] = "0x6000000" }, "cycle", "--as-of", "2026-03-02");

        Assert.Equal(problem.Length > 0 ? 1 : 0, ended.Code);
        Assert.Contains(problem, ended.Error, StringComparison.Ordinal);
        Assert.Single(world.Names(problem.Length > 0 ? "failed" : "archive", "huge.csv"));
        Assert.InRange(peak, 1, 400L << 20);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, LongEnough);
    }

    [Theory]
    [InlineData(',', 200_000)] // columns
    [InlineData('"', 260_000)]
    [InlineData('\n', 2_000_000)]
    [InlineData('{', 260_000)]
    public async Task MassesOfOneSignAreTakenOrRefusedInLittleMemory(char sign, int count)
    {
        using var world = new World();
        await world.CycleAsync("2026-03-02");
        var many = new string(sign, count);
        world.Drop("dms", "header.csv", many + "\n" + many + "\n");
        world.Drop("dms", "rows.csv", Row.Header + many + "\n" + string.Concat(Enumerable.Repeat(Row.Sale.Line + many + "\n", 20)));
        world.Drop("bounces", "mail.eml", "Content-Type: multipart/report; boundary=" + many + "\n\n" + many);

        var (ended, peak) = await Child.MeasureAsync(world, new() { ["DOTNET_GCHeapHardLimit"] = "0xC000000" }, "cycle", "--as-of", "2026-03-02");

        Assert.InRange(ended.Code, 0, 1);
        Assert.DoesNotContain("fault of this program", ended.Error, StringComparison.Ordinal);
        Assert.Empty(world.Names("taking"));
        Assert.InRange(peak, 1, 500L << 20);
        await world.HoldsAsync();
    }

    private static void Replace(World world, string folder, string target)
    {
        var path = world.In(folder);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Directory.CreateSymbolicLink(path, target);
    }

    private static void Shell(string command)
    {
        using var shell = Process.Start("bash", ["-c", command]);
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }
}
