using System.Globalization;
using System.Text;
using System.Text.Json;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>What analysts get: every table of a small world, cell by cell.</summary>
public sealed class ExportJourneyTests(ExportedWorld exported) : IClassFixture<ExportedWorld>
{
    private const string Tables = "cases screening responses interviews answers texts attempts dispositions outcomes codebook";

    [Theory]
    [InlineData("cases", "case_id,market,survey,dealer_code,transaction_id,vin,event_date,state,close_reason,invited_on,reminded_on,phone_on,phone_reason,completed_on,response_mode,weight")]
    [InlineData("screening", "market,survey,dealer_code,transaction_id,event_date,outcome,reason,screened_on")]
    [InlineData(
        "responses",
        "case_id,market,survey,dealer_code,event_date,mode,completed_at,language,late,most_familiar,visited_dealer,overall,first_impression,salesperson,product_knowledge,"
        + "vehicle_fit,no_pressure,test_drive_offered,payment,delivery_date_informed,ready_on_time,cleanliness,equipment_works,contacted_after,problem_resolution,recommend,"
        + "dealer_trust,vehicle_quality,brand_trust,first_vehicle,age_band,gender,contact_update,comments,wants_contact,still_owns,work_done,convenient_time,understood_needs,"
        + "answered_questions,work_quality,fixed_first_time,ready_as_promised,paid,value_for_money,collection")]
    [InlineData(
        "interviews",
        "response_id,case_id,respondent,market,survey,dealer_code,event_date,mode,status,completed_at,language,questionnaire_version,counted,late,duplicate_of,flags,minutes,"
        + "invited_on,reminded_on,phone_on,attempts,final_disposition")]
    [InlineData("answers", "response_id,case_id,survey,question,code,value,questionnaire_version,counted")]
    [InlineData("texts", "response_id,case_id,survey,question,text,questionnaire_version,counted")]
    [InlineData("attempts", "case_id,market,survey,dealer_code,attempt,attempted_at,code,meaning,final")]
    [InlineData("dispositions", "case_id,market,survey,dealer_code,month,code,bucket,edition")]
    [InlineData(
        "outcomes",
        "market,survey,dealer_code,month,i,p,r,nc,o,uh,uo,not_eligible,e,rr1,rr2,rr3,rr4,rr5,rr6,coop1,coop2,coop3,coop4,ref1,ref2,ref3,con1,con2,con3,trade_rate,e_basis")]
    [InlineData("codebook", "question,survey,wording_en,wording_hi,wording_id,wording_ja,wording_vi,wording_zh-CN,wording_zh-TW,scale,codes,section,version,valid_from,asked_if")]
    public async Task TheColumnsOfATableAndTheirOrderAreContract(string table, string columns)
    {
        Assert.Equal(columns, exported.Header(table));
        Assert.Equal(
            columns,
            (await OtherProgram.RunAsync("/", "sqlite3", "-readonly", exported.Database, $"SELECT group_concat(name) FROM pragma_table_info('{table}')")).Trim());
    }

    [Fact]
    public async Task ContactDataComesInColumnsBehindTheOthersAndOnlyOnRequest()
    {
        Assert.Equal(exported.Header("cases") + ",customer_name,email,phone_1,phone_2,staff_name", exported.Header("cases", exported.WithContact));
        Assert.Equal(exported.Header("attempts") + ",phone,note", exported.Header("attempts", exported.WithContact));
        var alice = Of(exported.Table("cases", exported.WithContact), await exported.CaseIdAsync("T1"));
        Assert.Equal(("Alice Walker", "alice@mail.example", "02 9374 4000", "", "Bob Seller"), (alice["customer_name"], alice["email"], alice["phone_1"], alice["phone_2"], alice["staff_name"]));
        Assert.Equal("Asked for the manager", exported.Table("attempts", exported.WithContact).Single(a => a["code"] == "2.112")["note"]);
        Assert.Equal("0412 345 678", Of(exported.Table("attempts", exported.WithContact), await exported.CaseIdAsync("T6"))["phone"]);
        Assert.Equal("alice.new@mail.example", Of(exported.Table("responses", exported.WithContact), await exported.CaseIdAsync("T1"))["contact_update"]);
        Assert.Contains(exported.Table("texts", exported.WithContact), t => t["question"] == "contact_update");
    }

    [Fact]
    public void WithoutTheSwitchNoByteOfAnyFileTellsWhoACustomerIs()
    {
        var all = Directory.GetFiles(exported.Package).Append(exported.Database).ToDictionary(f => f, File.ReadAllBytes);
        var open = Directory.GetFiles(exported.WithContact).Select(File.ReadAllBytes).ToList();
        Assert.All(ExportedWorld.ContactData, secret =>
        {
            var bytes = Encoding.UTF8.GetBytes(secret);
            Assert.All(all, file => Assert.True(file.Value.AsSpan().IndexOf(bytes) < 0, $"{file.Key} has '{secret}'"));
        });
        Assert.All(
            ExportedWorld.ContactData.Where(s => !s.Contains("93744", StringComparison.Ordinal) && !s.Contains("41234", StringComparison.Ordinal)), // other ways to write a number that is there
            secret => Assert.Contains(open, file => file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) >= 0));
    }

    [Fact]
    public async Task ACaseIsOneRow() => Assert.Equal(
        $"{await exported.CaseIdAsync("T1")}|AU|sales|0007|T1|JTDBR32E720012345|2026-02-10|completed||2026-03-02||||2026-03-03|web|1.000000",
        Line(Of(exported.Table("cases"), await exported.CaseIdAsync("T1"))));

    [Fact]
    public void ATransactionThatWasScreenedOutSaysWhy() => Assert.Equal(
        "AU|sales|0007|T5|2026-02-10|screened_out|customer_type_excluded|2026-03-02",
        Line(exported.Table("screening").Single(r => r["transaction_id"] == "T5")));

    [Fact]
    public async Task AResponseKeepsItsTextAndItsTimeIsTheMarkets()
    {
        var row = Of(exported.Table("responses"), await exported.CaseIdAsync("T1"));

        Assert.Equal(
            ("AU", "sales", "0007", "2026-02-10", "web", "2026-03-03T10:30:00+11:00", "zh-CN", "N"),
            (row["market"], row["survey"], row["dealer_code"], row["event_date"], row["mode"], row["completed_at"], row["language"], row["late"]));
        Assert.Equal(("5", "10", "yes", "female", "25_34", "", ""), (row["overall"], row["recommend"], row["most_familiar"], row["gender"], row["age_band"], row["contact_update"], row["still_owns"]));
        Assert.Equal(ExportedWorld.Comment, row["comments"]);
        Assert.Equal(["T1", "T3", "S4"], exported.Table("responses").Select(r => exported.Table("cases").Single(c => c["case_id"] == r["case_id"])["transaction_id"]));
    }

    [Fact]
    public async Task AFormulaIsTextInASpreadsheetAndAsItCameInADatabase()
    {
        Assert.Equal("'" + ExportedWorld.Formula, Of(exported.Table("responses"), await exported.CaseIdAsync("T3"))["comments"]);
        Assert.Equal("'" + ExportedWorld.Formula, exported.Table("texts").Single(t => t["text"].Contains("1+1", StringComparison.Ordinal))["text"]);
        Assert.Equal(
            ExportedWorld.Formula,
            (await OtherProgram.RunAsync("/", "sqlite3", "-readonly", exported.Database, "SELECT comments FROM responses WHERE comments LIKE '%1+1'")).Trim());
    }

    [Fact]
    public async Task EveryResponseThatIsKeptHasARowThatSaysWhatIsOddAboutIt()
    {
        var id = await exported.CaseIdAsync("T3");
        var rows = exported.Table("interviews").Where(r => r["case_id"] == id).ToList();

        var respondent = rows[0]["respondent"];
        Assert.Matches("^[0-9a-f]{16}$", respondent);
        string At(string response, string tail) => $"{response}|{id}|{respondent}|AU|sales|0010|2026-02-10|{tail}";
        Assert.Equal(
            [
                At("2", "phone|partial|2026-03-03T12:00:00+11:00|en|1|N|N||||2026-03-02|||0|1.1"),
                At("3", "phone|complete|2026-03-03T13:00:00+11:00|en|1|Y|N||no_overall\\speeder|1.58|2026-03-02|||0|1.1"),
                At("4", "web|complete|2026-03-04T13:00:00+11:00|en|1|N|N|3|||2026-03-02|||0|1.1"),
            ],
            rows.Select(r => string.Join('|', r.Values.Select(v => v.Replace('|', '\\')))));
    }

    [Fact]
    public async Task ARespondentIsTheSameForTheSameCustomerOfADealerOnly()
    {
        var of = exported.Table("interviews").GroupBy(r => r["case_id"]).ToDictionary(g => g.Key, g => Assert.Single(g.Select(r => r["respondent"]).Distinct()));
        Assert.Equal(3, of.Values.Distinct().Count()); // C1 of three dealers is three people
        var again = (await exported.World.ExportAsync("interviews")).Select(r => r["respondent"]);
        Assert.Equal(exported.Table("interviews").Select(r => r["respondent"]), again);
    }

    [Fact]
    public async Task TheLongTableHasARowForEachAnswerThatIsNoText()
    {
        var service = await exported.CaseIdAsync("S4");

        Assert.Equal(
            [
                $"5|{service}|service|still_owns|yes||1|Y", $"5|{service}|service|most_familiar|yes||1|Y", $"5|{service}|service|work_done|maintenance\\repair||1|Y",
                $"5|{service}|service|overall|1|1|1|Y", $"5|{service}|service|recommend|0|0|1|Y", $"5|{service}|service|age_band|65_plus||1|Y", $"5|{service}|service|gender|male||1|Y",
            ],
            exported.Table("answers").Where(r => r["case_id"] == service).Select(r => string.Join('|', r.Values.Select(v => v.Replace('|', '\\')))));
    }

    [Fact]
    public async Task TheLongTableSaysWhatTheStoresViewSays()
    {
        var rows = exported.Table("answers");

        Assert.Equal(exported.World.Query("SELECT count(*) FROM answers"), $"{rows.Count}");
        Assert.Equal(exported.World.Query("SELECT sum(value) FROM answers"), $"{rows.Sum(r => r["value"].Length == 0 ? 0 : int.Parse(r["value"], CultureInfo.InvariantCulture))}");
        await exported.World.HoldsAsync();
    }

    /// <summary>What counts must be told apart in every table: nobody may have to join for that.</summary>
    [Fact]
    public void TheLongTablesAndTheStoresViewSayWhichResponsesCount()
    {
        var interviews = exported.Table("interviews").ToDictionary(i => i["response_id"]);

        Assert.Contains("N", interviews.Values.Select(i => i["counted"]));
        Assert.All(exported.Table("answers").Concat(exported.Table("texts")), a => Assert.Equal(
            (interviews[a["response_id"]]["survey"], interviews[a["response_id"]]["questionnaire_version"], interviews[a["response_id"]]["counted"]),
            (a["survey"], a["questionnaire_version"], a["counted"])));
        Assert.Equal(
            string.Join(' ', exported.Table("responses").GroupBy(r => r["dealer_code"]).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key}:{g.Count()}")),
            string.Join(' ', exported.World.Rows("SELECT dealer_code, sum(counted) FROM interviews GROUP BY dealer_code HAVING sum(counted) > 0 ORDER BY dealer_code").Select(r => r.Replace('|', ':'))));
    }

    [Fact]
    public async Task FreeTextStandsApart() => Assert.Equal(
        [("1", await exported.CaseIdAsync("T1"), "comments", ExportedWorld.Comment), ("3", await exported.CaseIdAsync("T3"), "comments", "'" + ExportedWorld.Formula)],
        exported.Table("texts").Select(t => (t["response_id"], t["case_id"], t["question"], t["text"])));

    [Fact]
    public async Task ACallIsOneRow()
    {
        var id = await exported.CaseIdAsync("T2");

        Assert.Equal(
            [$"{id}|AU|sales|0007|1|2026-03-03T13:00:00+11:00|2.20|non-contact|N", $"{id}|AU|sales|0007|2|2026-03-04T13:00:00+11:00|2.112|refusal by the known respondent|Y"],
            exported.Table("attempts").Where(a => a["case_id"] == id).Select(Line));
    }

    [Fact]
    public async Task EveryEndedCaseHasOneFinalDisposition()
    {
        var of = exported.Table("dispositions").ToDictionary(d => d["case_id"], d => $"{d["code"]} {d["bucket"]}");

        foreach (var (transaction, disposition) in new[] { ("T1", "1.1 i"), ("T2", "2.112 r"), ("T3", "1.1 i"), ("S4", "1.1 i"), ("T6", "2.20 nc"), ("T7", "3.11 uh"), ("T8", "4.10 not_eligible") })
        {
            Assert.Equal(disposition, of[await exported.CaseIdAsync(transaction)]);
        }

        Assert.Equal(7, of.Count);
        Assert.Equal($"{await exported.CaseIdAsync("T2")}|AU|sales|0007|2026-02|2.112|r|AAPOR 9 (2016)", Line(Of(exported.Table("dispositions"), await exported.CaseIdAsync("T2"))));
    }

    /// <summary>Counted and divided by hand from the eight customers.</summary>
    [Theory]
    [InlineData("AU|sales|0010|2026-02", "1|0|0|1|0|1|0|1|0.666667|0.333333|0.333333|0.375000|0.375000|0.500000|0.500000|1.000000|1.000000|1.000000|1.000000|0.000000|0.000000|0.000000|0.333333|0.375000|0.500000|0.500000|E / (E + not eligible) = 2 / 3, of the cases of this row")]
    [InlineData("AU|sales||", "2|0|1|1|0|1|0|1|0.800000|0.400000|0.400000|0.416667|0.416667|0.500000|0.500000|0.666667|0.666667|0.666667|0.666667|0.200000|0.208333|0.250000|0.600000|0.625000|0.750000|0.500000|E / (E + not eligible) = 4 / 5, of the cases of this row")]
    [InlineData("|||", "3|0|1|1|0|1|0|1|0.833333|0.500000|0.500000|0.514286|0.514286|0.600000|0.600000|0.750000|0.750000|0.750000|0.750000|0.166667|0.171429|0.200000|0.666667|0.685714|0.800000|0.600000|E / (E + not eligible) = 5 / 6, of the cases of this row")]
    public void RatesAreThoseThatAreCountedByHand(string group, string rates) =>
        Assert.Equal(rates, exported.Table("outcomes").Where(r => string.Join('|', r.Values.Take(4)) == group).Select(r => string.Join('|', r.Values.Skip(4))).Single());

    [Fact]
    public void TheCodebookHasEveryQuestionWithItsVersionAndRouting()
    {
        var rows = exported.Table("codebook");

        Assert.Equal(
            "Completely dissatisfied",
            rows.Single(r => r["question"] == "overall" && r["survey"] == "sales")["codes"].Split('|')[0]["1=".Length..]);
        var routed = rows.Single(r => r["question"] == "value_for_money");
        Assert.Equal(("1", "2010-08-01", "paid=yes"), (routed["version"], routed["valid_from"], routed["asked_if"]));
    }

    [Theory]
    [InlineData("responses")]
    [InlineData("cases")]
    [InlineData("outcomes")]
    public async Task ATableAloneIsTheSameAsInThePackage(string table) =>
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(exported.Package, table + ".csv"), TestContext.Current.CancellationToken), (await exported.World.RunAsync("export", table)).Output.TrimStart('\uFEFF'));

    [Fact]
    public void APackageIsCompleteAndOnlyItsOwnerCanReadIt()
    {
        Assert.Equal(
            [.. Tables.Split(' ').Select(t => t + ".csv"), "README.txt", "datapackage.json", "responses.do", "responses.sps", "responses.tab"],
            Directory.GetFiles(exported.Package).Select(f => Path.GetFileName(f)!).OrderBy(f => !f.EndsWith(".csv", StringComparison.Ordinal)).ThenBy(f => Tables.IndexOf(f.Split('.')[0], StringComparison.Ordinal)).ThenBy(f => f, StringComparer.Ordinal));
        if (!OperatingSystem.IsWindows())
        {
            Assert.All(Directory.GetFiles(exported.Package).Append(exported.Database), f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
        }

        Assert.DoesNotContain(Directory.GetFileSystemEntries(exported.World.Root), f => f.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--out is missing", "all")]
    [InlineData("--out is missing", "all", "--format", "sqlite")]
    [InlineData("--out is missing", "cases", "--format", "sqlite")]
    [InlineData("no such language", "all", "--out", "x", "--language", "xx")]
    [InlineData("labels of nothing", "cases", "--language", "ja")]
    [InlineData("two forms at once", "cases", "--json", "--format", "sqlite", "--out", "x")]
    [InlineData("a folder is no JSON", "all", "--json", "--out", "x")]
    public async Task WhatCantBeExportedIsRefusedBeforeAnythingIsWritten(string why, params string[] arguments)
    {
        var ended = await exported.World.RunAsync(["export", .. arguments]);

        Assert.True(ended.Code == 2, why);
        Assert.NotEmpty(ended.Error);
    }

    [Fact]
    public async Task AnEarlierPackageIsNeverWrittenOver()
    {
        var before = await File.ReadAllBytesAsync(Path.Combine(exported.Package, "datapackage.json"), TestContext.Current.CancellationToken);

        var ended = await exported.World.RunAsync("export", "all", "--out", exported.Package);

        Assert.Equal(2, ended.Code);
        Assert.Contains("is there already", ended.Error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(exported.Package, "datapackage.json"), TestContext.Current.CancellationToken));
    }

    /// <summary>The same cells as CSV has: numbers as numbers, no value as null, no apostrophe before what a spreadsheet would run.</summary>
    [Theory]
    [InlineData("cases")]
    [InlineData("responses")]
    [InlineData("outcomes")]
    [InlineData("texts")]
    public async Task ATableIsPrintedAsJson(string table)
    {
        var json = (await exported.World.RunAsync("export", table, "--json")).Json.EnumerateArray().ToList();
        var csv = exported.Table(table);

        Assert.NotEmpty(csv);
        Assert.Equal(csv.Count, json.Count);
        foreach (var (asJson, asCsv) in json.Zip(csv))
        {
            Assert.Equal(asCsv.Keys, asJson.EnumerateObject().Select(p => p.Name));
            Assert.All(asJson.EnumerateObject(), p => Assert.True(
                p.Value.ValueKind switch
                {
                    JsonValueKind.Null => asCsv[p.Name].Length == 0,
                    JsonValueKind.Number => double.Parse(asCsv[p.Name], CultureInfo.InvariantCulture) == p.Value.GetDouble(),
                    _ => asCsv[p.Name].TrimStart('\'') == p.Value.GetString(),
                },
                $"{p.Name}: {asCsv[p.Name]} as CSV, {p.Value} as JSON"));
        }
    }

    [Theory]
    [InlineData("survey.db", "all", "--format", "sqlite")]
    [InlineData("keys.json", "cases")]
    [InlineData("inbox/dms/cases.csv", "cases")]
    [InlineData("outbox/spring", "all")]
    public async Task AnExportDoesNotFallOnWhatTheProgramLivesOn(string target, params string[] arguments)
    {
        var ended = await exported.World.RunAsync(["export", .. arguments, "--out", Path.Combine(exported.World.Data, target)]);

        Assert.Equal(2, ended.Code);
        Assert.Contains("where the program keeps its own files", ended.Error, StringComparison.Ordinal);
        await exported.World.HoldsAsync();
    }

    [Fact]
    public async Task AFolderThatLooksTemporaryIsSomebodys()
    {
        var (mine, target) = (exported.World.In("mine.tmp"), exported.World.In("mine"));
        Directory.CreateDirectory(mine);
        await File.WriteAllTextAsync(Path.Combine(mine, "thesis.txt"), "mine", TestContext.Current.CancellationToken);

        Assert.Equal(0, (await exported.World.RunAsync("export", "all", "--out", target)).Code);

        Assert.True(File.Exists(Path.Combine(mine, "thesis.txt")));
        Assert.Empty(Directory.GetDirectories(exported.World.Root, "mine.*.tmp"));
    }

    /// <summary>The document's tables of columns are what the code says; where they differ, paste what this test expects.</summary>
    [Theory]
    [InlineData("cases")]
    [InlineData("screening")]
    [InlineData("responses")]
    [InlineData("interviews")]
    [InlineData("answers")]
    [InlineData("texts")]
    [InlineData("attempts")]
    [InlineData("dispositions")]
    [InlineData("outcomes")]
    [InlineData("codebook")]
    public async Task TheDocumentHasEveryColumn(string table)
    {
        using var package = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(exported.WithContact, "datapackage.json"), TestContext.Current.CancellationToken));
        var resource = package.RootElement.GetProperty("resources").EnumerateArray().Single(r => r.GetProperty("name").GetString() == table);
        var fields = resource.GetProperty("schema").GetProperty("fields").EnumerateArray().ToList();
        var pseudonymous = exported.Header(table).Split(',').ToHashSet();
        var text = new StringBuilder($"### `{table}`\n\n{resource.GetProperty("title").GetString()}.\n\n| column | is | what |\n| --- | --- | --- |\n");
        foreach (var field in table == "responses" ? fields.Take(9) : fields)
        {
            string Of(string name) => field.GetProperty(name).GetString()!;
            var codes = field.TryGetProperty("categories", out var values)
                ? ": " + string.Join("; ", values.EnumerateArray().Select(v => $"`{v.GetProperty("value")}` {v.GetProperty("label")}"))
                : "";
            var kind = Of("type") switch { "string" => "text", "boolean" => "Y, N", "datetime" => "time", var other => other };
            text.Append(CultureInfo.InvariantCulture, $"| `{Of("name")}` | {kind} | {(pseudonymous.Contains(Of("name")) ? "" : "(only with `--with-contact`) ")}{Of("description").Replace("|", "\\|", StringComparison.Ordinal)}{codes} |\n");
        }

        Assert.Contains(text.ToString(), await File.ReadAllTextAsync(Path.Combine(World.ShippedConfig, "..", "docs", "exports.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Of(IEnumerable<Dictionary<string, string>> rows, string caseId) => rows.Single(r => r["case_id"] == caseId);

    private static string Line(Dictionary<string, string> row) => string.Join('|', row.Values);
}
