using System.Security.Cryptography;
using System.Text.Json;
using SurveyDispatcher.Files;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.UseCases;

public sealed class CycleTests
{
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task JsonHasTheKeysOfTheContractInOneObject()
    {
        using var world = new World();
        world.Extract("a.csv", Due, Row.Sale with { Transaction = "X", Vin = "short" }, Row.Sale with { Transaction = "R", Customer = "rental" });

        var json = (await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json")).Json;

        foreach (var key in new[]
        {
            "asOf", "filesImported", "filesRefused", "rowsRead", "rowsRejected", "transactionsNew", "transactionsUpdated", "screenedOut", "casesOpened",
            "invitationsSent", "remindersSent", "mailRejected", "mailDeferred", "phoneReleased", "withdrawn", "responses", "dispositions", "bounces", "optOuts", "closed",
        })
        {
            Assert.True(json.TryGetProperty(key, out _), key);
        }

        Assert.Equal(("2026-03-02", 3, 1, 2, 1, 1, 1), (
            json.GetProperty("asOf").GetString(), json.GetProperty("rowsRead").GetInt32(), json.GetProperty("rowsRejected").GetInt32(),
            json.GetProperty("transactionsNew").GetInt32(), json.GetProperty("screenedOut").GetProperty("customer_type_excluded").GetInt32(),
            json.GetProperty("casesOpened").GetInt32(), json.GetProperty("invitationsSent").GetInt32()));
    }

    /// <summary>Whoever copies a file and runs a cycle at once must not wonder where it is.</summary>
    [Fact]
    public async Task AFileThatMayStillBeWrittenToIsLeftWithANoteWhichIsNoProblem()
    {
        const string Note = "1 file(s) in inbox/dms are younger than 2 s and may still be written to (a.csv): they are left for the next cycle.";
        using var world = new World(settings: s => s["Data"]!["SettleSeconds"] = 2);
        var path = world.Drop("dms", "a.csv", Row.File(Due));
        File.SetLastWriteTimeUtc(path, new DateTime(2026, 3, 2, 2, 59, 59, DateTimeKind.Utc)); // the world's clock stands at 3:00

        var json = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");
        var text = await world.RunAsync("cycle", "--as-of", "2026-03-02");
        var status = await world.RunAsync("status");

        Assert.Equal((0, 0, Note), (json.Code, json.Json.GetProperty("filesImported").GetInt32(), Assert.Single(json.Json.GetProperty("notes").EnumerateArray()).GetString()));
        Assert.Equal((0, ""), (text.Code, text.Error));
        Assert.Contains($"  note          {Note}", text.Output, StringComparison.Ordinal);
        Assert.Contains($"Note of the last cycle: {Note}", World.Unwrapped(status.Output), StringComparison.Ordinal);

        File.SetLastWriteTimeUtc(path, new DateTime(2026, 3, 2, 2, 59, 58, DateTimeKind.Utc));
        Assert.Equal((1, 0), await world.CycleAsync("2026-03-02") is var taken ? (taken.GetProperty("filesImported").GetInt32(), taken.GetProperty("notes").GetArrayLength()) : default);
    }

    [Fact]
    public async Task AListHasTheColumnsOfTheContractAndAManifest()
    {
        using var world = new World();
        world.Drop("dealers", "d.csv", "dealer_code,dealer_name,market,region\nAU02,Southern Cross,AU,South\n");
        world.Extract("a.csv",
            Due with { Email = "", Name = "=HYPERLINK(\"x\")", Phone2 = "0412 345 678", Language = "fr" },
            Due with { Transaction = "T2", Email = "", Dealer = "AU02", DealerName = "", Model = "@Home" });
        await world.CycleAsync("2026-03-02");
        world.Extract("b.csv", Due with { Transaction = "T3", Email = "" });
        await world.CycleAsync("2026-03-02");

        Assert.Equal(
            ["phone_AU_sales_20260302_01.csv", "phone_AU_sales_20260302_01.csv.manifest.json", "phone_AU_sales_20260302_02.csv", "phone_AU_sales_20260302_02.csv.manifest.json"],
            world.Names("outbox/phone"));
        var path = world.Files("outbox/phone")[0];
        var bytes = await File.ReadAllBytesAsync(path, Ct);
        Assert.StartsWith(
            "\uFEFFcase_id,survey,market,language,reason,respondent_name,phone_1,phone_2,call_from,call_until,time_zone,calling_hours,dealer_code,dealer_name,model,event_date,questionnaire\r\n",
            System.Text.Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
        var rows = world.PhoneRows();
        Assert.Equal("'=HYPERLINK(\"x\")|+61293744000|+61412345678|en|2026-03-02|2026-03-17|Harbour Motors", string.Join('|',
            rows[0]["respondent_name"], rows[0]["phone_1"], rows[0]["phone_2"], rows[0]["language"], rows[0]["call_from"], rows[0]["call_until"], rows[0]["dealer_name"]));
        Assert.Equal(("Southern Cross", "'@Home"), (rows[1]["dealer_name"], rows[1]["model"]));
        var manifest = JsonDocument.Parse(await File.ReadAllTextAsync(path + ".manifest.json", Ct)).RootElement;
        Assert.Equal(
            (Path.GetFileName(path), 2, Convert.ToHexStringLower(SHA256.HashData(bytes)), "AU", "2026-03-02T12:00:00+11:00"),
            (manifest.GetProperty("file").GetString(), manifest.GetProperty("rows").GetInt32(), manifest.GetProperty("sha256").GetString(),
                manifest.GetProperty("market").GetString(), manifest.GetProperty("createdAt").GetString()));
        Assert.DoesNotContain(Row.Sale.Vin, await File.ReadAllTextAsync(path, Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADryRunChangesNothingAtAllAndSaysWhatWouldHappen()
    {
        using var world = new World();
        world.Extract("a.csv", Due, Due with { Transaction = "T2", Email = "", Phone1 = "0412 345 671" });
        await world.CycleAsync("2026-03-02");
        world.Extract("b.csv", Due with { Transaction = "T3", Email = "bob@mail.example" }, Due with { Transaction = "X", Vin = "bad" });
        world.Drop("dms", "broken.csv", "nonsense\n1\n");
        world.OptOut("o.csv", "all", await world.CaseIdAsync("T2"));
        var before = world.Fingerprint();

        var dry = await world.RunAsync("cycle", "--as-of", "2026-03-05", "--dry-run", "--json");

        Assert.Equal(before, world.Fingerprint());
        Assert.Equal(1, dry.Code); // a file would be refused
        Assert.Equal((1, 1, 1, 1), (dry.Json.GetProperty("invitationsSent").GetInt32(), dry.Json.GetProperty("remindersSent").GetInt32(), dry.Json.GetProperty("filesRefused").GetInt32(), dry.Json.GetProperty("withdrawn").GetInt32()));
        var live = await world.RunAsync("cycle", "--as-of", "2026-03-05", "--json");
        Assert.Equal(dry.Output, live.Output);
    }

    [Fact]
    public async Task ADryRunOnAFreshDirectoryDoesNotEvenCreateIt()
    {
        using var world = new World();

        Assert.Equal(0, (await world.RunAsync("cycle", "--as-of", "2026-03-02", "--dry-run")).Code);

        Assert.False(Directory.Exists(world.Data));
    }

    [Theory]
    [InlineData("2026-03-12", 0)]
    [InlineData("2026-03-13", 1)]
    [InlineData("2026-03-01", 1)]
    [InlineData("2026-03-02", 0)]
    public async Task AGapNeedsToBeAccepted(string asOf, int code)
    {
        using var world = new World(settings: s => s["Data"]!["MaxGapDays"] = 10);
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        world.Extract("b.csv", Due with { Transaction = "T2" });
        var before = world.Query("SELECT count(*) FROM cycles");

        var ended = await world.RunAsync("cycle", "--as-of", asOf);

        Assert.Equal(code, ended.Code);
        if (code == 1)
        {
            Assert.Contains("--accept-gap", ended.Error, StringComparison.Ordinal);
            Assert.Equal((before, "b.csv"), (world.Query("SELECT count(*) FROM cycles"), Assert.Single(world.Names("inbox/dms"))));
            await world.CycleAsync(asOf, "--accept-gap");
        }
    }

    [Fact]
    public async Task ASecondCycleAtTheSameTimeLeavesWithOne()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        Directory.CreateDirectory(world.Data);
        using (new FileStream(new DataDirectory(world.Data).LockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");
            Assert.Equal(1, ended.Code);
            Assert.Contains("Another cycle is running", ended.Error, StringComparison.Ordinal);
            Assert.Equal(["a.csv"], world.Names("inbox/dms"));
        }

        await world.CycleAsync("2026-03-02");
    }

    [Fact]
    public async Task ARefusedFileLiesInFailedAndTheRestGoesOn()
    {
        using var world = new World();
        world.Extract("good.csv", Due);
        world.Drop("dms", "empty.csv", "");
        world.Drop("dms", "binary.csv", [0, 1, 2, 3]);
        world.Drop("dms", "latin.csv", [.. "record_type\n"u8, 0xE9, 0x0A]);
        world.Drop("dms", "columns.csv", Row.File(Due).Replace("vin,", "vni,", StringComparison.Ordinal));
        world.Drop("responses", "r.csv", "a,b\n");
        world.Drop("optouts", "o.csv", "kind,value\nall,\0\n");

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");

        Assert.Equal(1, ended.Code);
        Assert.Equal((6, 1, 1), (ended.Json.GetProperty("filesRefused").GetInt32(), ended.Json.GetProperty("filesImported").GetInt32(), ended.Json.GetProperty("invitationsSent").GetInt32()));
        Assert.Equal(
            ["binary.csv", "binary.csv.error.txt", "columns.csv", "columns.csv.error.txt", "empty.csv", "empty.csv.error.txt", "latin.csv", "latin.csv.error.txt", "o.csv", "o.csv.error.txt", "r.csv", "r.csv.error.txt"],
            world.Names("failed"));
        Assert.Contains("lacks vin", await File.ReadAllTextAsync(world.In("failed", "columns.csv.error.txt"), Ct), StringComparison.Ordinal);
        Assert.Equal(6, ended.Error.Split("was refused").Length - 1);
        Assert.Equal(["2026/03/02/good.csv"], world.Names("archive"));
        Assert.Contains("empty.csv", (await world.RunAsync("status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryRejectedRowHasItsLineReasonColumnAndRawRecord()
    {
        using var world = new World();
        world.Drop("dms", "a.csv", string.Join('\n', Row.Header,
            (Due with { Name = "two\nlines" }).Line,
            (Due with { Transaction = "" }).Line,
            (Due with { Transaction = "B", Event = "10/02/2026" }).Line,
            (Due with { Transaction = "C", Event = "2026-03-03" }).Line,
            (Due with { Transaction = "D", Vin = "JTDBR32E72001234O" }).Line,
            (Due with { Transaction = "E", Type = "lease" }).Line,
            (Due with { Transaction = "F", Customer = "friend" }).Line,
            (Due with { Transaction = "G", Mileage = "12km" }).Line,
            (Due with { Transaction = "H", Purchase = "2026-02-30" }).Line,
            (Row.Service with { Transaction = "I", Payment = "" }).Line,
            (Due with { Transaction = "J", NoEmail = "yes" }).Line,
            "too,few,cells",
            (Due with { Transaction = "K", Vin = "jtdbr32e720012345", Country = "au" }).Line,
            ""));

        var counts = await world.CycleAsync("2026-03-02");

        Assert.Equal(
            [
                "4 missing_value transaction_id", "5 bad_date event_date", "6 future_event_date event_date", "7 bad_vin vin", "8 bad_code record_type",
                "9 bad_code customer_type", "10 bad_number mileage_km", "11 bad_date purchase_date", "12 missing_value payment_type", "13 bad_code email_opt_out", "14 malformed_row ",
            ],
            world.Rejects("a.csv").Select(r => $"{r["line"]} {r["reason"]} {r["column"]}"));
        Assert.Contains("too,few,cells", world.Rejects("a.csv")[^1]["raw"], StringComparison.Ordinal);
        Assert.Equal(13, counts.GetProperty("rowsRead").GetInt32());
        Assert.Equal(["T1", "K"], (await world.ExportAsync("cases")).Select(c => c["transaction_id"]));
    }

    [Theory]
    [InlineData("outbox/phone")]
    [InlineData("mail")]
    public async Task AFileInTheWayOfAFolderStopsOnlyThatStep(string folder)
    {
        using var world = new World();
        world.Extract("a.csv", Due, Due with { Transaction = "T2", Email = "" });
        Directory.CreateDirectory(Path.GetDirectoryName(world.In(folder))!);
        await File.WriteAllTextAsync(world.In(folder), "in the way", Ct);

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02", "--json");

        Assert.Equal(1, ended.Code);
        Assert.Contains("could not be written", ended.Error.Replace("can't", "could not", StringComparison.Ordinal), StringComparison.Ordinal);
        var lists = folder != "mail";
        Assert.Equal((lists ? 1 : 0, lists ? 0 : 1), (ended.Json.GetProperty("invitationsSent").GetInt32(), ended.Json.GetProperty("phoneReleased").EnumerateObject().Count()));
        Assert.Equal(lists ? "phone_queued" : "with_vendor", await world.StateAsync("T2"));

        File.Delete(world.In(folder));
        await world.CycleAsync("2026-03-02");
        Assert.Equal(("invited", "with_vendor"), (await world.StateAsync(), await world.StateAsync("T2")));
        Assert.Equal("phone_AU_sales_20260302_01.csv", Assert.Single(world.PhoneRows())["file"]);
        await world.HoldsAsync();
    }

    [Fact]
    public async Task AFileInTheDataDirectorysPlaceIsToldAsSuch()
    {
        using var world = new World();
        await File.WriteAllTextAsync(world.Data, "in the way", Ct);

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.Equal(1, ended.Code);
        Assert.Contains("can't be written", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnImportThatDiedBetweenItsLastTwoStepsIsFinished()
    {
        using var world = new World();
        world.Extract("a.csv", Due, Due with { Transaction = "X", Vin = "bad" });
        await world.CycleAsync("2026-03-02");
        Directory.CreateDirectory(world.In("taking", "dms"));
        File.Move(world.In("archive", "2026", "03", "02", "a.csv"), world.In("taking", "dms", "a.csv"));
        world.Tamper("UPDATE files SET state = 'taking'");

        await world.CycleAsync("2026-03-02");

        Assert.Equal(["2026/03/02/a.csv"], world.Names("archive"));
        Assert.Equal(["a.csv.rejects.csv"], world.Names("rejects"));
        await world.HoldsAsync();
    }

    [Theory]
    [InlineData("0001-01-01")]
    [InlineData("9999-12-31")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("9999-12-31T23:59:59-12:00")]
    public async Task ADayAtTheEndOfTimeIsNoReasonToCrash(string asOf)
    {
        using var world = new World();
        world.Extract("a.csv", Due, Row.Sale with { Transaction = "OLD", Event = "0001-01-01", Country = "ZA" });
        world.OptOut("o.csv", "all", "alice@mail.example");

        var ended = await world.RunAsync("cycle", "--as-of", asOf);

        Assert.InRange(ended.Code, 0, 2);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
    }
}
