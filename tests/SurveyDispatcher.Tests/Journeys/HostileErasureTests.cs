using System.Diagnostics;
using System.Text;
using Microsoft.Data.Sqlite;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>An erasure on a bad day: files that others have planted, files that a kill has left behind, readers of the store, rows in forms that nobody had in mind.</summary>
public sealed class HostileErasureTests
{
    private static readonly TimeSpan LongEnough = TimeSpan.FromMinutes(2);

    private static readonly Row Hers = Row.Sale with
    {
        Event = "2026-02-10", Transaction = "ZQ-SALE", Vin = "VCTM0000000000001", Name = "Zelda Quist", Email = "zelda.q@mail.example", Phone1 = "",
    };

    private static readonly Row His = Row.Sale with { Event = "2026-02-10", Transaction = "O1", Name = "Olga Other", Email = "olga@mail.example", Phone1 = "" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<World> LivedAsync(params Row[] more)
    {
        var world = new World();
        world.Extract("a.csv", [Hers, His, .. more]);
        await world.CycleAsync("2026-03-02");
        return world;
    }

    private static Task<Ended> EraseAsync(World world, string email = "zelda.q@mail.example") => world.RunAsync("erase", "--email", email, "--as-of", "2026-03-02");

    [Theory]
    [InlineData("inbox/dms/x")]
    [InlineData("inbox/dms")]
    [InlineData("inbox/bounces/cur")]
    public async Task NothingIsRewrittenOrDeletedThroughALinkInAnInbox(string link)
    {
        using var world = await LivedAsync();
        var elsewhere = Directory.CreateDirectory(Path.Combine(world.Root, "elsewhere")).FullName;
        var (table, mail) = (Row.File(Hers, His), "To: zelda.q@mail.example\n\nDear Zelda\n");
        await File.WriteAllTextAsync(Path.Combine(elsewhere, "theirs.csv"), table, Ct);
        await File.WriteAllTextAsync(Path.Combine(elsewhere, "letter.eml"), mail, Ct);
        if (Directory.Exists(world.In(link)))
        {
            Directory.Delete(world.In(link));
        }

        Directory.CreateSymbolicLink(world.In(link), elsewhere);

        Assert.Equal(0, (await EraseAsync(world)).Code);

        Assert.Equal(table, await File.ReadAllTextAsync(Path.Combine(elsewhere, "theirs.csv"), Ct));
        Assert.Equal(mail, await File.ReadAllTextAsync(Path.Combine(elsewhere, "letter.eml"), Ct));
    }

    /// <summary>An automatic answer that quotes ours is archived; mail programs encode what they like.</summary>
    [Theory]
    [InlineData("Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n{base64}\n")]
    [InlineData("Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\nI, zelda.q=40mail.=\nexample, am away.\n")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nAway.\n--b\nContent-Type: message/rfc822\n\nSubject: x\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n{base64}\n--b--\n")]
    public async Task AMailThatNamesHerBehindATransferEncodingIsDeletedFromTheArchive(string mail)
    {
        using var world = await LivedAsync();
        var text = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("I, zelda.q@mail.example, am away until Monday."));
        world.Drop("bounces", "away.eml", $"From: someone@mail.example\nSubject: Away\n{mail.Replace("{base64}", text, StringComparison.Ordinal)}");
        world.Drop("bounces", "other.eml", "From: someone@mail.example\nSubject: Away\nContent-Transfer-Encoding: base64\n\nSSBhbSBhd2F5Lg==\n");
        await world.CycleAsync("2026-03-03");
        Assert.Single(Directory.GetFiles(world.In("archive"), "away.eml", SearchOption.AllDirectories));

        Assert.Equal(0, (await EraseAsync(world)).Code);

        Assert.Empty(Directory.GetFiles(world.In("archive"), "away.eml", SearchOption.AllDirectories));
        Assert.Single(Directory.GetFiles(world.In("archive"), "other.eml", SearchOption.AllDirectories));
    }

    /// <summary>A new store would know nobody, and the next cycle would contact everybody again.</summary>
    [Theory]
    [Trait("Store", "Sqlite")] // empties the file
    [InlineData("erase", "--email", "somebody@mail.example")]
    [InlineData("keys", "rotate")]
    [InlineData("keys", "drop-old")]
    [InlineData("verify")]
    [InlineData("status")]
    public async Task AStoreThatWasEmptiedIsNotMadeNewByAnyVerb(params string[] verb)
    {
        using var world = await LivedAsync();
        File.Delete(world.Store + "-wal");
        File.Delete(world.Store + "-shm");
        await File.WriteAllBytesAsync(world.Store, [], Ct);
        var keys = await File.ReadAllTextAsync(world.In("keys.json"), Ct);

        var ended = await world.RunAsync(verb);

        Assert.Equal(1, ended.Code);
        Assert.Contains("is empty", ended.Error, StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(world.Store).Length);
        Assert.Equal(keys, await File.ReadAllTextAsync(world.In("keys.json"), Ct));
    }

    [Fact]
    public async Task LinksThatLeadRoundInCirclesKeepNoErasureWaiting()
    {
        using var world = await LivedAsync();
        foreach (var name in new[] { "a", "b", "c" })
        {
            Directory.CreateSymbolicLink(world.In("inbox", "dms", name), ".");
        }

        var ended = await Task.Run(() => EraseAsync(world), Ct).WaitAsync(LongEnough, Ct);

        Assert.Equal((0, ""), (ended.Code, ended.Error));
    }

    [Theory]
    [InlineData("mkfifo '{0}'")]
    [InlineData("mknod '{0}' c 1 5")]
    public async Task APipeOrADeviceInAnInboxKeepsNoErasureWaiting(string command)
    {
        using var world = await LivedAsync();
        if (!Shell(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, world.In("inbox", "dms", "x.csv"))))
        {
            Assert.Skip("This user may make no device nodes.");
        }

        var ended = await Task.Run(() => EraseAsync(world), Ct).WaitAsync(LongEnough, Ct);

        Assert.Equal((0, ""), (ended.Code, ended.Error));
    }

    /// <summary>The mail was never sent, since the case ended before the next cycle: nobody else will ever touch what the kill has left.</summary>
    [Theory]
    [InlineData("rename mail", "mail")]
    [InlineData("flush mail", "mail")]
    public async Task WhatAKilledWriterLeftUnderATemporaryNameIsErasedToo(string moment, string folder)
    {
        using var world = new World();
        world.Extract("a.csv", Hers);
        var words = moment.Split(' ');
        Assert.True(await Child.KillAsync(world, $"{words[0]} {world.In(words[1])}", 1, "cycle", "--as-of", "2026-03-02"));
        Assert.Contains(world.Files(folder), f => Readable(f).Contains("zelda.q", StringComparison.OrdinalIgnoreCase));

        Assert.Equal(0, (await EraseAsync(world)).Code);

        AssertGone(world);
        await world.CycleAsync("2026-03-03");
        Assert.Empty(world.Mails());
        await world.HoldsAsync();
    }

    /// <summary>The second file system: a file from the inbox is copied, and the kill comes in the middle.</summary>
    [Theory]
    [InlineData("taking/dms/b.csv.part")]
    [InlineData("archive/2026/03/02/b.csv.part")]
    [InlineData("archive/2026/03/02/a.csv.tmp")]
    [InlineData("failed/c.csv.tmp")]
    public async Task HalfACopyIsErasedToo(string path)
    {
        using var world = await LivedAsync();
        Directory.CreateDirectory(Path.GetDirectoryName(world.In(path))!);
        await File.WriteAllTextAsync(world.In(path), Row.File(Hers, His), Ct);

        Assert.Equal(0, (await EraseAsync(world)).Code);

        AssertGone(world);
    }

    [Fact]
    public async Task AFileThatTurnsOutToBeUnreadableBehindHerRowLeavesNoCopyOfOthers()
    {
        using var world = await LivedAsync();
        world.Drop("dms", "b.csv", [.. Encoding.UTF8.GetBytes(Row.File(His, Hers, His)), 0, 1, 2, (byte)'\n']);
        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-02")).Code);

        Assert.Equal(0, (await EraseAsync(world)).Code);

        AssertGone(world);
        Assert.DoesNotContain(world.Files("failed"), f => Readable(f).Contains("olga", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>While somebody reads, SQLite can't write over what he sees: then it is not done, and the operator is told.</summary>
    [Fact]
    [Trait("Store", "Sqlite")] // about the pages of the file
    public async Task AReaderThatKeepsOldPagesIsToldAndTheNextCycleFinishes()
    {
        using var world = await LivedAsync();
        Ended ended;
        await using (var reader = new SqliteConnection($"Data Source={world.Store};Pooling=False;Mode=ReadOnly"))
        {
            await reader.OpenAsync(Ct);
            await using var command = reader.CreateCommand();
            command.CommandText = "BEGIN; SELECT count(*) FROM transactions";
            await command.ExecuteScalarAsync(Ct);
            ended = await EraseAsync(world);
        }

        Assert.Equal(1, ended.Code);
        Assert.Contains("could not be written anew", ended.Error, StringComparison.Ordinal);
        Assert.Equal("", world.Query("SELECT finished_at FROM erasures"));
        await world.CycleAsync("2026-03-02");
        Assert.NotEqual("", world.Query("SELECT finished_at FROM erasures"));
        AssertGone(world);
    }

    [Theory]
    [InlineData(70)]
    [InlineData(5_000)]
    public async Task ARowOfManyLinesGoesWithAllOfThem(int lines)
    {
        using var world = await LivedAsync();
        var (hers, his) = (await world.CaseIdAsync("ZQ-SALE"), await world.CaseIdAsync("O1"));
        string Letter(string who) => "\"" + string.Concat(Enumerable.Range(1, lines).Select(n => $"{who}, line {n} with a \"\"word\"\"\r\n")) + "\"";
        world.Responses(
            "r.csv", "case_id,mode,status,completed_at,overall,comments", $"{hers},web,complete,2026-03-03T10:00:00+11:00,5,{Letter("the aunt of the Quists")}",
            $"{his},web,complete,2026-03-03T10:00:00+11:00,4,{Letter("a quiet man")}");
        Assert.Equal(2, (await world.CycleAsync("2026-03-03")).GetProperty("responses").GetInt32());

        Assert.Equal(0, (await EraseAsync(world)).Code);

        AssertGone(world, "aunt of the Quists");
        Assert.Equal(lines, (await File.ReadAllTextAsync(world.Files("archive", "r.csv").Single(), Ct)).Split("a quiet man").Length - 1);
    }

    /// <summary>A quote that nothing closes must not cost a look at all the rest of the file, time and again.</summary>
    [Fact]
    public async Task QuotesThatNothingClosesCostNoErasureItsDay()
    {
        using var world = await LivedAsync();
        var row = Hers.Line.Replace("Zelda Quist", "Zelda \"\"Quist", StringComparison.Ordinal);
        world.Drop("dms", "quotes.csv", Row.Header + "\n" + string.Concat(Enumerable.Repeat("\"" + new string('x', 20) + ",\"\"\n", 100_000)) + row + "\n");
        var began = Stopwatch.GetTimestamp();

        Assert.Equal(0, (await EraseAsync(world)).Code);

        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, LongEnough);
    }

    [Theory]
    [InlineData("Zelda Quist <zelda.q@mail.example>")]
    [InlineData("please write to zelda.q@mail.example instead")]
    [InlineData("other@mail.example zelda.q@mail.example")]
    public async Task AnAddressInTheMiddleOfACellIsFound(string cell)
    {
        using var world = await LivedAsync();
        world.Extract("b.csv", His with { Transaction = "X1", Email = cell, Phone1 = "02 9374 7777" });
        await world.CycleAsync("2026-03-02");

        Assert.Equal(0, (await EraseAsync(world)).Code);

        AssertGone(world);
    }

    /// <summary>Extracts roll: a faulty row of hers comes every day, and each day's file would be kept with it.</summary>
    [Fact]
    public async Task AFaultyRowThatComesLaterIsKeptNeitherInRejectsNorInTheArchive()
    {
        using var world = await LivedAsync();
        Assert.Equal(0, (await EraseAsync(world)).Code);

        world.Extract("b.csv", Hers with { Event = "30.2.2026" }, His with { Vin = "bad" });
        world.OptOut("o.csv", "letter", "zelda.q@mail.example");
        world.Responses("r.csv", "case_id,mode,status,completed_at,comments", "AU-00000000,web,complete,2026-03-03T10:00:00+11:00,\"zelda.q@mail.example, it was a secret\"");
        var counts = await world.CycleAsync("2026-03-03");

        Assert.Equal(2, counts.GetProperty("rowsRejected").GetInt32());
        Assert.Equal(["bad_date", "bad_vin"], world.Rejects("b.csv").Select(r => r["reason"]).Order());
        Assert.Contains("olga", world.Rejects("b.csv")[1]["raw"], StringComparison.Ordinal);
        AssertGone(world, "it was a secret");
        await world.HoldsAsync();
    }

    /// <summary>Two names of hers that differ only far behind: each gets a name of its own.</summary>
    [Fact]
    public async Task TransactionsOfVeryLongNamesCanBeErased()
    {
        var stem = new string('7', 500);
        using var world = await LivedAsync(Hers with { Transaction = stem + "1" }, Hers with { Transaction = stem + "2" });

        var ended = await EraseAsync(world);

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        AssertGone(world, stem);
        await world.HoldsAsync();
    }

    /// <summary>A number that is a day without its hyphens: in New Zealand there are such.</summary>
    [Fact]
    public async Task ADayIsNobodysNumber()
    {
        using var world = await LivedAsync(His with { Transaction = "C1", Email = "", Phone1 = "02 9374 2222" });
        world.Extract("b.csv", Hers with { Transaction = "ZQ-NZ", Country = "NZ", Dealer = "NZ01", Phone1 = "020 260 302" }, His with { Transaction = "O2", Event = "2026-03-02" });
        await world.CycleAsync("2026-03-02");
        Assert.Equal("2026-03-02", Assert.Single(world.PhoneRows())["call_from"]);

        Assert.Equal(0, (await EraseAsync(world)).Code);

        Assert.Single(world.PhoneRows());
        Assert.Contains("O2", await File.ReadAllTextAsync(world.Files("archive", "b.csv").Single(), Ct), StringComparison.Ordinal);
        AssertGone(world, "ZQ-NZ");
        await world.HoldsAsync();
    }

    /// <summary>The cycle dies while it hands her over: before the list is settled (1, its manifest), and after (2, the list itself).</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AListThatIsUnderWayAppearsWithoutHer(int rename)
    {
        using var world = new World();
        world.Extract("a.csv", Hers with { Email = "", Phone1 = "02 9374 1111" }, His with { Email = "", Phone1 = "02 9374 2222" });
        Assert.True(await Child.KillAsync(world, $"rename {world.In("outbox")}", rename, "cycle", "--as-of", "2026-03-02"));

        Assert.Equal(0, (await world.RunAsync("erase", "--phone", "+61293741111", "--as-of", "2026-03-02")).Code);
        await world.CycleAsync("2026-03-03");
        await world.CycleAsync("2026-03-04");

        Assert.Equal("+61293742222", Assert.Single(world.PhoneRows())["phone_1"]);
        AssertGone(world, "93741111");
        foreach (var list in world.Files(Path.Combine("outbox", "phone"), "*.csv"))
        {
            using var manifest = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(list + ".manifest.json", Ct));
            Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(list, Ct))), manifest.RootElement.GetProperty("sha256").GetString());
        }

        await world.HoldsAsync();
    }

    /// <summary>Legal operations in any order: the store agrees with itself after each, who was erased is nowhere and is not written to, and nobody else is touched.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(12)]
    public async Task WhateverTheOrderOfThingsTheStoreHoldsAndTheErasedStayAway(int seed)
    {
        var random = new Random(seed);
        using var world = new World(
            programme: j => j["retention"] = System.Text.Json.Nodes.JsonNode.Parse("""{"contactDays": 4, "vehicleDays": 6, "freeTextDays": 3, "callNotesDays": 3, "filesDays": 9}"""),
            settings: j => j["Mail"]!["BounceAddress"] = "bounces@cvp.example");
        var persons = Enumerable.Range(0, 9).Select(n => Row.Sale with
        {
            Event = "2026-02-10", Transaction = $"TRANSACTION{n}X", Vin = $"VCTM000000000{n:D4}", Name = $"Person{n}x Quist", Email = n % 3 == 0 ? "" : $"p{n}x@mail.example",
            Phone1 = n % 3 == 1 ? "" : $"02 9374 5{n:D3}", Phone2 = n == 8 ? "02 9374 5006" : "", Customer = n == 7 ? "rental" : "individual",
        }).ToArray();
        var erased = new HashSet<int>();
        var log = new StringBuilder();
        var day = World.Day("2026-03-02");
        world.Extract("first.csv", persons);
        await world.CycleAsync($"{day:yyyy-MM-dd}");
        for (var step = 0; step < 14; step++)
        {
            var (n, what) = (random.Next(persons.Length), random.Next(8));
            var caseId = (await world.ExportAsync("cases")).Find(c => c["transaction_id"] == persons[n].Transaction)?["case_id"];
            log.Append(System.Globalization.CultureInfo.InvariantCulture, $"{step}: {what} of {n}; ");
            switch (what)
            {
                case 0:
                    var done = caseId is null ? await world.RunAsync("erase", "--vin", persons[n].Vin, "--as-of", $"{day:yyyy-MM-dd}", "--json") : await world.RunAsync("erase", "--case", caseId, "--as-of", $"{day:yyyy-MM-dd}", "--json");
                    Assert.True(done.Code == 0, $"{log}: {done.Error}");
                    if (done.Json.GetProperty("transactions").GetInt32() > 0) // a vehicle that retention has removed leads to nobody
                    {
                        erased.UnionWith(n is 6 or 8 ? [6, 8] : [n]); // these two share a number
                    }

                    AssertNothingOf(world, persons, erased, log);
                    break;
                case 1:
                    Assert.True((await world.RunAsync("keys", "rotate")) is { Code: 0 }, log.ToString());
                    break;
                case 2 when caseId is not null:
                    world.Responses($"r{step}.csv", "case_id,mode,status,completed_at,overall,comments", $"{caseId},web,{(random.Next(2) == 0 ? "complete" : "opt_out")},{day:yyyy-MM-dd}T09:00:00+11:00,5,Person{n}x says so");
                    break;
                case 3 when caseId is not null:
                    world.Calls($"d{step}.csv", $"{caseId},{step + 1},{day:yyyy-MM-dd}T09:00:00+11:00,,{new[] { "3.12", "4.31", "2.111", "1.1" }[random.Next(4)]},{(random.Next(2) == 0 ? "Y" : "N")},ask Person{n}x");
                    break;
                case 4 when world.Mails().Find(m => m.CaseId == caseId) is { } mail:
                    world.Drop("bounces", $"b{step}.eml", $"From: m@mx.example\nTo: bounces@cvp.example\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {persons[n].Email}\nAction: failed\nStatus: 5.1.1\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: {mail.MessageId}\n\n--b--\n");
                    break;
                case 5:
                    world.Extract($"changed{step}.csv", persons[n] with { Status = random.Next(3) == 0 ? "cancelled" : "", Model = $"Heron {step}", Vin = random.Next(4) == 0 ? "bad" : persons[n].Vin });
                    break;
                case 6:
                    world.OptOut($"o{step}.csv", "all", caseId ?? persons[n].Email);
                    break;
                default:
                    day = day.AddDays(random.Next(1, 4));
                    break;
            }

            if (random.Next(3) > 0)
            {
                world.Extract($"rolling{step}.csv", persons);
                var ended = await world.RunAsync("cycle", "--as-of", $"{day:yyyy-MM-dd}");
                Assert.True(ended.Code == 0, $"{log}: {ended.Error}");
                AssertNothingOf(world, persons, erased, log);
            }

            var verified = await world.RunAsync("verify");
            Assert.True(verified.Code == 0, $"{log}: {verified.Output}{verified.Error}");
        }
    }

    private static void AssertNothingOf(World world, Row[] persons, HashSet<int> erased, StringBuilder log)
    {
        // What lies in the inbox was put there since, by others; a cycle takes it.
        var files = world.Files("").Where(f => !f.StartsWith(world.In("inbox"), StringComparison.Ordinal)).ToList();
        foreach (var n in erased)
        {
            foreach (var mark in new[] { $"Person{n}x", $"p{n}x@", persons[n].Vin, persons[n].Transaction })
            {
                Assert.True(files.Find(f => Readable(f).Contains(mark, StringComparison.OrdinalIgnoreCase)) is null, $"{log}: {mark} in {files.Find(f => Readable(f).Contains(mark, StringComparison.OrdinalIgnoreCase))}");
            }
        }
    }

    private static void AssertGone(World world, params string[] more)
    {
        foreach (var mark in (string[])["Zelda", "zelda.q@mail.example", "VCTM0000000000001", "ZQ-SALE", .. more])
        {
            Assert.DoesNotContain(world.Files(""), f => Readable(f).Contains(mark, StringComparison.OrdinalIgnoreCase));
        }
    }

    private static string Readable(string path) => Encoding.Latin1.GetString(File.ReadAllBytes(path)).Replace("\0", "", StringComparison.Ordinal);

    private static bool Shell(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardError = true })!;
        shell.WaitForExit();
        return shell.ExitCode == 0;
    }
}
