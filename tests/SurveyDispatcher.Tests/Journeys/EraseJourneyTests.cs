using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>A privacy request: the person goes, everybody else stays, and nobody writes to the person again.</summary>
public sealed class EraseJourneyTests
{
    /// <summary>Whatever says who she is; each must be gone from everywhere.</summary>
    private static readonly string[] Marks =
    [
        "Zelda", "Quist", "zelda.q@mail.example", "second.q@mail.example", "93741111", "9374 1111", "0491570999", "491570999",
        "VCTM0000000000001", "VCTM0000000000002", "ZQ-SALE", "ZQ-VISIT", "ZQ-OUT", "quite a secret", "aunt of the Quists",
    ];

    private static readonly Row Called = Row.Sale with
    {
        Event = "2026-02-10", Transaction = "ZQ-SALE", Vin = "VCTM0000000000001", Name = "Zelda Quist", Email = "", Phone1 = "02 9374 1111", Phone2 = "0491 570 999",
    };

    private static readonly Row Mailed = Row.Service with
    {
        Event = "2026-02-20", Transaction = "ZQ-VISIT", Vin = "VCTM0000000000002", Name = "Zelda Quist", Email = "Zelda.Q@mail.example", Phone1 = "+61 2 9374 1111",
    };

    /// <summary>Screened out: no case, no identity.</summary>
    private static readonly Row KeptOut = Row.Sale with
    {
        Event = "2026-02-11", Transaction = "ZQ-OUT", Vin = "VCTM0000000000002", Customer = "rental", Name = "Z. Quist", Email = "zelda.q@mail.example", Phone1 = "",
    };

    private static readonly Row[] Others =
    [
        Row.Sale with { Event = "2026-02-10", Transaction = "O1", Name = "Olga Other", Email = "", Phone1 = "02 9374 2222" },
        Row.Service with { Event = "2026-02-20", Transaction = "O2", Name = "Otto Other", Email = "otto@mail.example", Phone1 = "" },
    ];

    [Theory]
    [InlineData("--email", "ZELDA.q@mail.example")]
    [InlineData("--phone", "(02) 9374 1111")]
    [InlineData("--vin", "vctm0000000000002")]
    [InlineData("--case", "")]
    public async Task NothingOfThePersonIsLeftAnywhereAndTheRestIs(string option, string value)
    {
        using var world = await Seeded();
        var caseId = await world.CaseIdAsync("ZQ-SALE");
        var others = await OthersAsync(world);

        var ended = await world.RunAsync("erase", option, value.Length > 0 ? value : caseId, "--as-of", "2026-03-06", "--json");

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Equal(3, ended.Json.GetProperty("transactions").GetInt32());
        Assert.Equal(2, ended.Json.GetProperty("casesErased").GetInt32());
        Assert.Equal(1, ended.Json.GetProperty("withdrawals").GetInt32());
        AssertGone(world, ended.Output);
        Assert.Equal(others, await OthersAsync(world));
        AssertListsAgreeWithTheirManifests(world);
        Assert.Equal("", (await world.RunAsync("verify")).Error);
        await world.HoldsAsync();
        Assert.Equal("closed erased", await StateOfAsync(world, caseId));

        await world.CycleAsync("2026-03-06");
        var told = Assert.Single(world.WithdrawalRows());
        Assert.Equal((caseId, "erased"), (told["case_id"], told["reason"]));
        await world.DailyAsync("2026-03-07", "2026-03-20");
        AssertGone(world, "");
        Assert.DoesNotContain(world.Mails(), m => m.To.Contains("zelda", StringComparison.OrdinalIgnoreCase));
        await world.HoldsAsync();
    }

    /// <summary>Without its country a number is one in many; nobody may be erased for having the same digits.</summary>
    [Fact]
    public async Task ANationalNumberThatPeopleInTwoCountriesHaveMustBeWrittenWithItsCountry()
    {
        using var world = new World();
        world.Extract(
            "a.csv", Row.Sale with { Event = "2026-02-10", Phone1 = "0491 570 006" },
            Row.Sale with { Event = "2026-02-10", Country = "ZA", Transaction = "T2", Vin = "VCTM0000000000009", Email = "thandi@mail.example", Phone1 = "0491 570 006" },
            Row.Sale with { Event = "2026-02-10", Transaction = "T3", Vin = "VCTM0000000000008", Email = "olga@mail.example", Phone1 = "02 9374 1111" });
        await world.CycleAsync("2026-03-02");

        var unclear = await world.RunAsync("erase", "--phone", "0491 570 006", "--as-of", "2026-03-02");
        var one = await world.RunAsync("erase", "--phone", "+61 491 570 006", "--as-of", "2026-03-02", "--json");
        var clear = await world.RunAsync("erase", "--phone", "02 9374 1111", "--as-of", "2026-03-02", "--dry-run", "--json");
        var all = await world.RunAsync("erase", "--phone", "0491 570 006", "--many", "--as-of", "2026-03-02", "--json");

        Assert.Equal(1, unclear.Code);
        Assert.Contains("Customers in 2 countries have this number", unclear.Error, StringComparison.Ordinal);
        Assert.Equal(1, one.Json.GetProperty("transactions").GetInt32());
        Assert.Equal(3, clear.Json.GetProperty("suppressed").GetInt32()); // his number, his address, his transaction's name
        Assert.Equal(1, all.Json.GetProperty("transactions").GetInt32());
        await world.HoldsAsync();
    }

    [Fact]
    public async Task ADryRunNamesTheCasesSoThatOneCanLookBeforeItIsTooLate()
    {
        using var world = await Seeded();
        var caseId = await world.CaseIdAsync("ZQ-SALE");

        var text = await world.RunAsync("erase", "--email", "zelda.q@mail.example", "--dry-run", "--as-of", "2026-03-06");
        var json = await world.RunAsync("erase", "--email", "zelda.q@mail.example", "--dry-run", "--as-of", "2026-03-06", "--json");
        var nobody = await world.RunAsync("erase", "--email", "zelda.qu@mail.example", "--dry-run", "--as-of", "2026-03-06");

        Assert.Contains(caseId, text.Output, StringComparison.Ordinal);
        Assert.Contains(caseId, json.Json.GetProperty("cases").EnumerateArray().Select(c => c.GetString()));
        Assert.StartsWith("Nobody new was found", nobody.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatComesAgainOfThePersonIsNeitherKeptNorUsed()
    {
        using var world = await Seeded();
        var caseId = await world.CaseIdAsync("ZQ-SALE");
        var visit = await world.CaseIdAsync("ZQ-VISIT");
        Assert.Equal(0, (await world.RunAsync("erase", "--case", caseId, "--as-of", "2026-03-06")).Code);
        await world.CycleAsync("2026-03-06");
        var transactions = world.Query("SELECT count(*) FROM transactions");

        world.Extract(
            "again.csv", Called, Mailed, KeptOut, Others[0],
            Called with { Email = "second.q@mail.example" }, // the same transaction with new data
            Row.Sale with { Event = "2026-02-20", Transaction = "ZQ-NEW", Vin = "JTDBR32E720099999", Name = "Zelda Quist", Email = "zelda.q@mail.example" });
        world.Responses("late.csv", "case_id,mode,status,completed_at,overall,comments", $"{visit},web,complete,2026-03-06T10:00:00+11:00,5,it was quite a secret");
        world.Calls("late-calls.csv", $"{caseId},2,2026-03-06T10:00:00+11:00,+61293741111,2.20,N,aunt of the Quists");
        world.OptOut("o.csv", "all", caseId);
        world.OptOut("p.csv", "phone", "02 9374 1111");
        world.Drop("bounces", "late.eml", Bounce(world, visit));
        var counts = await world.CycleAsync("2026-03-07");

        Assert.Equal(1, counts.GetProperty("transactionsNew").GetInt32());
        Assert.Equal(6, counts.GetProperty("rowsRead").GetInt32());
        Assert.Equal(0, counts.GetProperty("casesOpened").GetInt32());
        Assert.Equal(1, counts.GetProperty("screenedOut").GetProperty("opted_out").GetInt32());
        Assert.Equal(int.Parse(transactions, System.Globalization.CultureInfo.InvariantCulture) + 1, int.Parse(world.Query("SELECT count(*) FROM transactions"), System.Globalization.CultureInfo.InvariantCulture));
        AssertGone(world, "", "ZQ-NEW", "JTDBR32E720099999");
        Assert.Contains(world.Names("archive"), n => n.EndsWith("again.csv", StringComparison.Ordinal));
        Assert.Contains("O1", await File.ReadAllTextAsync(world.Files("archive").Single(f => f.EndsWith("again.csv", StringComparison.Ordinal)), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("unknown_case", Assert.Single(world.Rejects("late.csv"))["reason"]);
        Assert.Equal("", Assert.Single(world.Rejects("late.csv"))["raw"]);
        await world.HoldsAsync();

        world.Extract("again2.csv", Called, Row.Sale with { Event = "2026-02-20", Transaction = "ZQ-NEW", Vin = "JTDBR32E720099999", Name = "Zelda Quist", Email = "zelda.q@mail.example" });
        counts = await world.CycleAsync("2026-03-08");
        Assert.Equal((0, 2), (counts.GetProperty("transactionsNew").GetInt32(), counts.GetProperty("rowsUnchanged").GetInt32()));
    }

    [Fact]
    public async Task ASecondErasureDoesNothingMoreAndAKilledOneIsFinished()
    {
        using var world = await Seeded();
        Assert.Equal(0, (await world.RunAsync("erase", "--email", "zelda.q@mail.example", "--as-of", "2026-03-06")).Code);
        var before = world.Fingerprint();

        var again = await world.RunAsync("erase", "--email", "zelda.q@mail.example", "--as-of", "2026-03-06", "--json");

        Assert.Equal(0, again.Code);
        Assert.Equal((0, 0, 0), (again.Json.GetProperty("transactions").GetInt32(), again.Json.GetProperty("rowsRemoved").GetInt32(), again.Json.GetProperty("withdrawals").GetInt32()));
        Assert.Equal(Folders(before), Folders(world.Fingerprint()));

        // As a kill right after the store's part leaves it: the files still have her.
        world.Drop("dms", "waiting.csv", Row.File(Called, Others[0]));
        world.Tamper("UPDATE erasures SET finished_at = NULL");
        await world.CycleAsync("2026-03-06");
        AssertGone(world, "");
        Assert.NotEqual("", world.Query("SELECT min(finished_at) FROM erasures"));
    }

    /// <summary>The process is killed while files are rewritten; the same command again ends as if nothing had happened.</summary>
    [Theory]
    [InlineData("statement commit", "", 1)]
    [InlineData("statement commit", "", 2)]
    [InlineData("rename", "archive", 1)]
    [InlineData("rename", "archive", 2)]
    [InlineData("rename", "rejects", 1)]
    [InlineData("rename", "outbox", 1)]
    [InlineData("rename", "outbox", 2)]
    [InlineData("flush", "outbox", 1)]
    public async Task AKilledErasureIsFinishedByTheSameCommand(string what, string where, int count)
    {
        using var world = await Seeded();
        var others = await OthersAsync(world);

        var killed = await Child.KillAsync(
            world, where.Length == 0 ? what : $"{what} {world.In(where)}", count, "erase", "--email", "zelda.q@mail.example", "--as-of", "2026-03-06");
        var ended = await world.RunAsync("erase", "--email", "zelda.q@mail.example", "--as-of", "2026-03-06");

        Assert.True(killed, "The command ended before the moment came.");
        Assert.Equal((0, ""), (ended.Code, ended.Error));
        AssertGone(world, ended.Output);
        Assert.Equal(others, await OthersAsync(world));
        AssertListsAgreeWithTheirManifests(world);
        Assert.Equal("3", world.Query("SELECT count(*) FROM transactions WHERE transaction_id LIKE 'erased-%'"));
        Assert.Equal("1", world.Query("SELECT count(*) FROM withdrawals"));
        await world.HoldsAsync();
    }

    [Theory]
    [InlineData("2.111", "closed refused")]
    [InlineData("3.12", "closed unreachable")]
    public async Task TheVendorIsToldOfACaseThatHeHasLongEnded(string code, string state)
    {
        using var world = await Seeded();
        var caseId = await world.CaseIdAsync("ZQ-SALE");
        world.Calls("end.csv", $"{caseId},7,2026-03-04T10:00:00+11:00,,{code},Y,");
        await world.CycleAsync("2026-03-05");
        Assert.Equal(state, await StateOfAsync(world, caseId));
        Assert.Empty(world.WithdrawalRows());

        Assert.Equal(1, (await world.RunAsync("erase", "--email", "zelda.q@mail.example", "--as-of", "2026-03-06", "--json")).Json.GetProperty("withdrawals").GetInt32());
        await world.CycleAsync("2026-03-06");

        Assert.Equal((caseId, "erased"), Assert.Single(world.WithdrawalRows()) is var row ? (row["case_id"], row["reason"]) : default);
    }

    [Fact]
    public async Task ADryRunCountsAndChangesNothing()
    {
        using var world = await Seeded();
        var before = world.Fingerprint();

        var ended = await world.RunAsync("erase", "--email", "zelda.q@mail.example", "--dry-run", "--json");

        Assert.Equal(0, ended.Code);
        Assert.Equal((3, 2, 1), (ended.Json.GetProperty("transactions").GetInt32(), ended.Json.GetProperty("casesErased").GetInt32(), ended.Json.GetProperty("withdrawals").GetInt32()));
        Assert.Equal(Folders(before), Folders(world.Fingerprint()));
        Assert.Equal("0", world.Query("SELECT count(*) FROM erasures"));
    }

    [Fact]
    public async Task SomebodyWhomNobodyKnowsIsNotContactedLaterEither()
    {
        using var world = await Seeded();

        Assert.Equal(0, (await world.RunAsync("erase", "--email", "future@mail.example", "--as-of", "2026-03-06")).Code);
        world.Extract("f.csv", Row.Sale with { Event = "2026-02-20", Transaction = "F1", Email = "Future@mail.example", Name = "Fanny Future" });
        var counts = await world.CycleAsync("2026-03-07");

        Assert.Equal((1, 0), (counts.GetProperty("transactionsNew").GetInt32(), counts.GetProperty("casesOpened").GetInt32()));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task ADealersNumberThatManyShareIsNobodys()
    {
        using var world = new World();
        var crowd = Enumerable.Range(0, 25).Select(n => Row.Sale with { Event = "2026-02-10", Transaction = $"D{n}", Email = $"d{n}@mail.example", Phone1 = "02 9000 0000" });
        world.Extract("a.csv", [.. crowd]);
        await world.CycleAsync("2026-03-02");

        var byPhone = await world.RunAsync("erase", "--phone", "+61290000000");
        Assert.Equal(1, byPhone.Code);
        Assert.Contains("--many", byPhone.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("9000", byPhone.Error, StringComparison.Ordinal);
        Assert.Equal("0", world.Query("SELECT count(*) FROM erasures"));

        var one = await world.RunAsync("erase", "--email", "d3@mail.example", "--json");
        Assert.Equal((1, 1), (one.Json.GetProperty("transactions").GetInt32(), one.Json.GetProperty("sharedPoints").GetInt32()));
        Assert.Equal(24, (await world.RunAsync("erase", "--phone", "+61290000000", "--many", "--json")).Json.GetProperty("transactions").GetInt32());
    }

    [Theory]
    [InlineData("erase", 2)]
    [InlineData("erase --email a@b.example --phone 0293741111", 2)]
    [InlineData("erase --email nobody", 2)]
    [InlineData("erase --email noemail@dealer.example", 2)]
    [InlineData("erase --phone 12", 2)]
    [InlineData("erase --vin SHORT", 2)]
    [InlineData("erase --case AU-00000019", 1)]
    public async Task ARequestThatNamesNobodyDoesNothing(string line, int code)
    {
        using var world = await Seeded();

        var ended = await world.RunAsync(line.Split(' '));

        Assert.Equal(code, ended.Code);
        Assert.Contains("Nothing was done", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("dealer.example", ended.Error, StringComparison.Ordinal);
        Assert.Equal("0", world.Query("SELECT count(*) FROM erasures"));
    }

    [Fact]
    public async Task AnswersInCodesStayAsNobodysAndTheRatesLeaveTheCaseOut()
    {
        using var world = await Seeded();
        var visit = await world.CaseIdAsync("ZQ-VISIT");

        await world.RunAsync("erase", "--email", "zelda.q@mail.example", "--as-of", "2026-03-06");

        var answer = Assert.Single(await world.ExportAsync("responses"), r => r["case_id"] == visit);
        Assert.Equal(("5", ""), (answer["overall"], answer["comments"]));
        var total = (await world.ExportAsync("outcomes")).Last();
        Assert.Equal(("0", "2"), (total["i"], total["not_eligible"]));
    }

    /// <summary>She has bought (called), been to the workshop (mailed, answered, bounced) and been kept out; her data lies wherever data can lie.</summary>
    private static async Task<World> Seeded()
    {
        var world = new World(settings: j => j["Mail"]!["BounceAddress"] = "bounces@cvp.example");
        world.Extract("a.csv", [Called, Mailed, KeptOut, .. Others, Row.Sale with { Transaction = "O3", Vin = "bad", Name = "Zelda Quist", Email = "zelda.q@mail.example" }]);
        await world.CycleAsync("2026-03-02");
        var (called, mailed) = (await world.CaseIdAsync("ZQ-SALE"), await world.CaseIdAsync("ZQ-VISIT"));
        world.Extract("b.csv", [Called, Mailed with { Phone2 = "" }, KeptOut, .. Others]);
        world.Responses(
            "r.csv", "case_id,mode,status,completed_at,overall,comments", $"{mailed},web,complete,2026-03-03T10:00:00+11:00,5,it was quite a secret", "AU-00000000,web,complete,2026-03-03T10:00:00+11:00,5,\"zelda.q@mail.example, quite a secret\"");
        world.Calls("d.csv", $"{called},1,2026-03-03T10:00:00+11:00,02 9374 1111,2.20,N,aunt of the Quists", $"{await world.CaseIdAsync("O1")},1,2026-03-03T10:00:00+11:00,,2.20,N,");
        world.Drop("bounces", "b.eml", Bounce(world, mailed));
        world.OptOut("opt.csv", "email", "zelda.q@mail.example");
        world.Drop("dms", "refused.csv", Encoding.Latin1.GetBytes("record_type,email\nsale,zelda.q@mail.example,Zelda Quist\n"));
        world.Drop("dms", "binary.csv", [.. Encoding.UTF8.GetBytes(Row.File(Called)), 0, 1, 2]);
        world.Drop("dms", "wide.csv", Encoding.Unicode.GetBytes(Row.File(Mailed)));
        await world.RunAsync("cycle", "--as-of", "2026-03-03");
        world.Drop("dms", "c.csv", Row.File(Called, Others[0]));
        Directory.CreateDirectory(world.In("taking", "dms"));
        await File.WriteAllTextAsync(world.In("taking", "dms", "t.csv"), Row.File(Mailed, Others[1]), TestContext.Current.CancellationToken);
        foreach (var mark in new[] { "Zelda", "zelda.q@mail.example", "VCTM0000000000001", "quite a secret" })
        {
            Assert.Contains(world.Files(""), f => Readable(f).Contains(mark, StringComparison.OrdinalIgnoreCase));
        }

        return world;
    }

    /// <summary>A report as a mailer writes it: it names the address.</summary>
    private static string Bounce(World world, string caseId)
    {
        var mail = world.Files("mail", "*.eml").Select(Letter.Read).FirstOrDefault(m => m.CaseId == caseId);
        var id = mail?.MessageId ?? "<unknown@cvp.example>";
        return $"""
            From: mailer-daemon@mx.example
            To: bounces@cvp.example
            Subject: Undelivered
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=delivery-status; boundary="b"

            --b
            Content-Type: text/plain

            <zelda.q@mail.example> is full
            --b
            Content-Type: message/delivery-status

            Reporting-MTA: dns; mx.example

            Final-Recipient: rfc822; zelda.q@mail.example
            Action: failed
            Status: 5.2.2

            --b
            Content-Type: message/rfc822

            Message-ID: {id}
            To: <zelda.q@mail.example>

            --b--
            """;
    }

    private static void AssertGone(World world, string output, params string[] more)
    {
        foreach (var mark in Marks.Concat(more))
        {
            Assert.DoesNotContain(mark, output, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(world.Files(""), f => Readable(f).Contains(mark, StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <summary>The bytes of a file as text, however wide its characters are.</summary>
    private static string Readable(string path) => Encoding.Latin1.GetString(File.ReadAllBytes(path)).Replace("\0", "", StringComparison.Ordinal);

    private static void AssertListsAgreeWithTheirManifests(World world)
    {
        Assert.NotEmpty(world.Files(Path.Combine("outbox", "phone"), "phone_*.csv"));
        foreach (var list in world.Files(Path.Combine("outbox", "phone"), "*.csv"))
        {
            using var manifest = JsonDocument.Parse(File.ReadAllText(list + ".manifest.json"));
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(list))), manifest.RootElement.GetProperty("sha256").GetString());
            Assert.Equal(Csv.Table(File.ReadAllText(list)).Count, manifest.RootElement.GetProperty("rows").GetInt32());
            Assert.Equal(manifest.RootElement.GetProperty("sha256").GetString(), world.Query($"SELECT sha256 FROM lists WHERE file_name = '{Path.GetFileName(list)}'"));
            Assert.Equal(manifest.RootElement.GetProperty("rows").GetInt32().ToString(System.Globalization.CultureInfo.InvariantCulture), world.Query($"SELECT rows FROM lists WHERE file_name = '{Path.GetFileName(list)}'"));
        }
    }

    /// <summary>What others have in lists, exports, mails and files that were taken.</summary>
    private static async Task<string> OthersAsync(World world)
    {
        var text = new StringBuilder();
        foreach (var c in (await world.ExportAsync("cases")).Where(c => c["transaction_id"].StartsWith('O')))
        {
            text.AppendJoin('|', c.Values).AppendLine();
        }

        world.PhoneRows().Where(r => r["respondent_name"].Contains("Other", StringComparison.Ordinal)).ToList().ForEach(r => text.AppendJoin('|', r.Values).AppendLine());
        world.Mails().Where(m => m.To.StartsWith("otto", StringComparison.Ordinal)).ToList().ForEach(m => text.AppendLine(m.ToString()));
        foreach (var file in world.Files("archive").Concat(world.Files("inbox")).Concat(world.Files("taking")).Where(f => f.EndsWith(".csv", StringComparison.Ordinal)))
        {
            text.AppendJoin('\n', (await File.ReadAllLinesAsync(file)).Where(l => l.Contains("Other", StringComparison.Ordinal)).Prepend(Path.GetRelativePath(world.Data, file))).AppendLine();
        }

        return text.ToString();
    }

    private static async Task<string> StateOfAsync(World world, string caseId)
    {
        var c = Assert.Single(await world.ExportAsync("cases"), c => c["case_id"] == caseId);
        return $"{c["state"]} {c["close_reason"]}";
    }

    /// <summary>The store may differ: SQLite numbers its writes.</summary>
    private static IEnumerable<string> Folders(string fingerprint) =>
        fingerprint.Split('\n').Where(l => !l.StartsWith("survey.db", StringComparison.Ordinal));
}
