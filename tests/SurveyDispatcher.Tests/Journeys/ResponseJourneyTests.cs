using System.Text.Json.Nodes;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Responses are read by the version that was asked, flagged where they are odd, linked where they come twice, and kept as they came in (docs/responses.md).</summary>
public sealed class ResponseJourneyTests
{
    private const string Header = "case_id,mode,status,completed_at,overall,recommend,most_familiar";
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };

    private static async Task<World> InvitedAsync(params string[] transactions)
    {
        var world = new World();
        world.Extract("a.csv", [.. transactions.Select((t, i) => Due with { Transaction = t, Vin = $"JTDBR32E7200{i:00000}", Email = $"c{i}@mail.example", Phone1 = "" })]);
        await world.CycleAsync("2026-03-02");
        return world;
    }

    /// <summary>A second version of the sales questionnaire asks about charging, and no more about the test drive.</summary>
    private static void AddVersion2(World world)
    {
        var file = JsonNode.Parse(File.ReadAllText(Path.Combine(world.Config, "questionnaires", "sales.json")))!;
        (file["version"], file["validFrom"]) = (2, "2026-03-04");
        var questions = file["questions"]!.AsArray();
        var drive = questions.First(q => (string?)q!["id"] == "test_drive_offered")!;
        drive["id"] = "charging_explained";
        File.WriteAllText(Path.Combine(world.Config, "questionnaires", "sales-2.json"), file.ToJsonString());
    }

    [Fact]
    public async Task AResponseIsReadByTheVersionInForceOnItsMarketsDay()
    {
        using var world = await InvitedAsync("T1", "T2", "T3");
        AddVersion2(world);
        var (one, two, three) = (await world.CaseIdAsync("T1"), await world.CaseIdAsync("T2"), await world.CaseIdAsync("T3"));
        world.Responses(
            "r.csv", "case_id,mode,status,completed_at,overall,test_drive_offered,charging_explained,questionnaire_version",
            $"{one},web,complete,2026-03-03T12:59:00+00:00,5,yes,,", // 23:59 in Sydney
            $"{two},web,complete,2026-03-03T13:01:00+00:00,4,,no,", // one minute after midnight there
            $"{two},web,complete,2026-03-03T13:02:00+00:00,4,yes,,", // that question is not asked any more
            $"{three},web,complete,2026-03-04T09:00:00+11:00,3,yes,,1", // had begun the day before
            $"{three},web,complete,2026-03-04T09:00:00+11:00,3,yes,,9");

        var counts = await world.CycleAsync("2026-03-04");

        Assert.Equal(3, counts.GetProperty("responses").GetInt32());
        Assert.Equal([("bad_answer", "test_drive_offered", "yes"), ("bad_code", "questionnaire_version", "9")], world.Rejects("r.csv").Select(r => (r["reason"], r["column"], r["value"])));
        var rows = (await world.ExportAsync("responses")).ToDictionary(r => r["case_id"]);
        Assert.Equal(("yes", ""), (rows[one]["test_drive_offered"], rows[one]["charging_explained"]));
        Assert.Equal(("", "no"), (rows[two]["test_drive_offered"], rows[two]["charging_explained"]));
        Assert.Equal(("yes", ""), (rows[three]["test_drive_offered"], rows[three]["charging_explained"]));
        Assert.Equal("charging_explained", rows[one].Keys.Last()); // the new question is the last column
        await world.HoldsAsync();
    }

    /// <summary>Nobody knows what a column means that stands twice; one that nobody reads may.</summary>
    [Fact]
    public async Task AQuestionThatStandsTwiceRefusesTheFile()
    {
        using var world = await InvitedAsync("T1");
        var id = await world.CaseIdAsync("T1");
        world.Responses("r.csv", "case_id,mode,status,completed_at,overall,recommend,Overall", $"{id},web,complete,2026-03-03T10:00:00+11:00,,5,1");
        world.Responses("s.csv", "case_id,mode,status,completed_at,overall,note,note", $"{id},web,complete,2026-03-03T10:00:00+11:00,4,a,b");

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-03", "--json");

        Assert.Equal(1, ended.Code);
        Assert.Contains("names overall twice", ended.Error, StringComparison.Ordinal);
        Assert.Equal("4", Assert.Single(await world.ExportAsync("responses"))["overall"]);
    }

    [Theory]
    [InlineData("9999-12-31T23:59:59Z")]
    [InlineData("9999-12-31T10:00:00-12:00")]
    [InlineData("0001-01-01T12:00:00+11:00")]
    public async Task AnImpossibleTimeStopsNoExport(string at)
    {
        using var world = await InvitedAsync("T1", "T2");
        world.Responses("r.csv", Header, $"{await world.CaseIdAsync("T1")},web,complete,{at},5,9,yes", $"{await world.CaseIdAsync("T2")},web,complete,2026-03-03T10:00:00+11:00,5,9,yes");
        await world.CycleAsync("2026-03-03");

        foreach (var table in new[] { "responses", "interviews" })
        {
            Assert.Equal((0, ""), (await world.RunAsync("export", table)) is var ended ? (ended.Code, ended.Error) : default);
        }

        Assert.Equal(0, (await world.RunAsync("report", "--out", world.In("reports"))).Code);
        await world.HoldsAsync();
    }

    /// <summary>A choice that is named twice is chosen; so is one with a blank beside it.</summary>
    [Fact]
    public async Task SeveralChoicesAreKeptOnceEach()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Service with { Transaction = "S1", Event = "2026-02-20", Phone1 = "" });
        await world.CycleAsync("2026-03-02");
        world.Responses("r.csv", "case_id,mode,status,completed_at,overall,work_done", $"{await world.CaseIdAsync("S1")},web,complete,20260303T100000+1100,4,repair | recall|repair");
        await world.CycleAsync("2026-03-03");

        Assert.Equal("repair|recall", Assert.Single(await world.ExportAsync("responses"))["work_done"]);
        await world.HoldsAsync();
    }

    /// <summary>outcome-rates.md: a refusal comes before a partial, and both before the unknown, in whatever mode and whenever they were said.</summary>
    [Fact]
    public async Task ANoThatCameAfterTheEndIsTheFinalDisposition()
    {
        using var world = await InvitedAsync("T1", "T2", "T3", "T4");
        for (var day = World.Day("2026-03-03"); day <= World.Day("2026-04-15"); day = day.AddDays(1))
        {
            await world.CycleAsync($"{day:yyyy-MM-dd}");
        }

        var ids = (await world.ExportAsync("cases")).ToDictionary(c => c["transaction_id"], c => c["case_id"]);
        world.Responses(
            "r.csv", Header, $"{ids["T1"]},web,partial,2026-04-16T01:00:00+11:00,,,", $"{ids["T1"]},web,refused,2026-04-16T02:00:00+11:00,,,",
            $"{ids["T2"]},web,opt_out,2026-04-16T01:00:00+11:00,,,", $"{ids["T3"]},web,screened_out,2026-04-16T01:00:00+11:00,,,");
        await world.CycleAsync("2026-04-16");

        var final = (await world.ExportAsync("dispositions")).ToDictionary(d => d["case_id"], d => d["code"]);
        Assert.Equal(("2.11", "2.11", "4.70", "3.19"), (final[ids["T1"]], final[ids["T2"]], final[ids["T3"]], final[ids["T4"]]));
        await world.HoldsAsync();
    }

    /// <summary>What the reading thread saw is old by one transaction or two: cases that were changed meanwhile are read again.</summary>
    [Fact]
    public async Task ResponsesOfOneCaseMayLieInSeveralTransactions()
    {
        const int Cases = 700;
        using var world = await InvitedAsync([.. Enumerable.Range(0, Cases).Select(i => $"T{i:000}")]);
        var ids = (await world.ExportAsync("cases")).Select(c => c["case_id"]).ToList();
        var dice = new Random(11);
        string[] statuses = ["partial", "partial", "partial", "complete", "refused"];
        var lines = Enumerable.Range(0, (2 * TakeResponses.TransactionRows) + 20_000)
            .Select(n => $"{ids[dice.Next(Cases)]},web,{statuses[dice.Next(statuses.Length)]},2026-03-03T{n / 3600 % 24:00}:{n / 60 % 60:00}:{n % 60:00}+11:00,{1 + (n % 5)},,yes");

        world.Responses("r.csv", [Header, .. lines]);
        await world.CycleAsync("2026-03-03");

        await world.HoldsAsync(); // each case is what its ledger gives
        Assert.Equal($"{Cases}", world.Query("SELECT count(*) FROM responses WHERE status = 'complete' AND duplicate_of IS NULL"));
    }

    [Fact]
    public async Task WhatWasStoredKeepsItsMeaningWhenAVersionIsChangedInItsFile()
    {
        using var world = await InvitedAsync("T1", "T2");
        var (one, two) = (await world.CaseIdAsync("T1"), await world.CaseIdAsync("T2"));
        world.Responses("r1.csv", Header, $"{one},web,complete,2026-03-03T10:00:00+11:00,5,9,yes");
        await world.CycleAsync("2026-03-03");
        world.Edit("questionnaires/sales.json", q =>
        {
            var questions = q["questions"]!.AsArray();
            var first = questions[0]!.DeepClone();
            questions.RemoveAt(0);
            questions.Add(first);
        });
        world.Responses("r2.csv", Header, $"{two},web,complete,2026-03-03T10:00:00+11:00,4,8,yes", $"{one},web,complete,2026-03-03T10:00:00+11:00,5,9,yes");

        var counts = await world.CycleAsync("2026-03-04");

        Assert.Equal(1, counts.GetProperty("responses").GetInt32()); // the same response is the same
        var rows = (await world.ExportAsync("responses")).ToDictionary(r => r["case_id"]);
        Assert.Equal(("5", "9", "yes"), (rows[one]["overall"], rows[one]["recommend"], rows[one]["most_familiar"]));
        Assert.Equal(("4", "8", "yes"), (rows[two]["overall"], rows[two]["recommend"], rows[two]["most_familiar"]));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task TheViewHasOneRowForEachAnswerAndNoWords()
    {
        using var world = await InvitedAsync("T1");
        var id = await world.CaseIdAsync("T1");
        world.Responses("r.csv", Header + ",first_vehicle,comments", $"{id},web,complete,2026-03-03T10:00:00+11:00,5,10,yes,additional,call Ann on 0412");

        await world.CycleAsync("2026-03-03");

        Assert.Equal(
            ["first_vehicle|additional|", "most_familiar|yes|", "overall|5|5", "recommend|10|10"],
            world.Rows("SELECT question, code, value FROM answers ORDER BY question"));
        Assert.DoesNotContain("Ann", Assert.Single(world.Rows("SELECT answers FROM responses")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsOddIsFlaggedAndCounts()
    {
        using var world = await InvitedAsync("T1", "T2", "T3", "T4");
        var ids = new[] { await world.CaseIdAsync("T1"), await world.CaseIdAsync("T2"), await world.CaseIdAsync("T3"), await world.CaseIdAsync("T4") };
        world.Responses(
            "r.csv", "case_id,mode,status,completed_at,overall,recommend,started_at,minutes,language",
            $"{ids[0]},web,complete,2026-03-03T10:00:00+11:00,,9,2026-03-03T09:50:00+11:00,,zh-TW",
            $"{ids[1]},web,complete,2026-03-01T10:00:00+11:00,5,9,,2.9,",
            $"{ids[2]},phone,complete,2026-03-09T10:00:00+11:00,5,9,2026-03-09T10:00:01+11:00,,",
            $"{ids[3]},web,complete,2026-03-03T10:00:00+11:00,5,9,,12.5,");

        var counts = await world.CycleAsync("2026-03-03");

        Assert.Equal(4, counts.GetProperty("responses").GetInt32());
        Assert.All(new[] { "T1", "T2", "T3", "T4" }, t => Assert.Equal("completed", world.StateAsync(t).GetAwaiter().GetResult()));
        Assert.Equal(
            ["zh-TW|600|1", "|174|36", "||144", "|750|0"], // no_overall; before_invitation and speeder; in_future and bad_duration
            world.Rows("SELECT language, seconds, flags FROM responses ORDER BY case_id"));
    }

    [Fact]
    public async Task ADuplicateNamesTheResponseThatCounts()
    {
        using var world = await InvitedAsync("T1", "T2");
        var (one, two) = (await world.CaseIdAsync("T1"), await world.CaseIdAsync("T2"));
        world.Responses(
            "r1.csv", Header, $"{two},web,partial,2026-03-03T09:00:00+11:00,5,,yes", $"{one},phone,complete,2026-03-03T11:00:00+11:00,4,8,yes",
            $"{two},web,complete,2026-03-03T10:00:00+11:00,5,10,yes", $"{one},web,complete,2026-03-03T10:00:00+11:00,1,0,yes");
        world.Responses("r2.csv", Header, $"{one},web,complete,2026-03-03T12:00:00+11:00,2,1,yes");

        await world.CycleAsync("2026-03-03");

        // The first to come in counts, not the first to be completed; a partial one is a duplicate of nothing.
        Assert.Equal(
            ["[null,null,4|0", "[null,null,1|4", "[null,null,2|4", "[null,null,5|0", "[null,null,5|0"],
            world.Rows("""
                SELECT substr(replace(r.answers, '"yes"', 'null'), 1, 12),
                    coalesce((SELECT CAST(substr(replace(f.answers, '"yes"', 'null'), 12, 1) AS INTEGER) FROM responses f WHERE f.id = r.duplicate_of), 0)
                FROM responses r ORDER BY r.case_id, r.id
                """));
        Assert.Equal(["4", "5"], (await world.ExportAsync("responses")).OrderBy(r => r["case_id"]).Select(r => r["overall"]));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task ColumnsThatNobodyReadsAreNamed()
    {
        using var world = await InvitedAsync("T1");
        world.Responses("r.csv", Header + ",overal,minutes", $"{await world.CaseIdAsync("T1")},web,complete,2026-03-03T10:00:00+11:00,5,9,yes,3,9");

        var counts = await world.CycleAsync("2026-03-03");

        var note = Assert.Single(counts.GetProperty("notes").EnumerateArray()).GetString()!;
        Assert.Contains("responses/r.csv", note, StringComparison.Ordinal);
        Assert.EndsWith("not read: overal.", note, StringComparison.Ordinal);
        Assert.Contains(note, World.Unwrapped((await world.RunAsync("status")).Output), StringComparison.Ordinal);
    }

    /// <summary>Responses are stored in the order of their cases, by the page; what they do must be what they would do one by one.</summary>
    [Fact]
    public async Task ALargeFileDoesWhatItsRowsWouldDoOneByOne()
    {
        const int Customers = 60;
        var transactions = Enumerable.Range(0, Customers).Select(i => $"T{i:00}").ToArray();
        using var one = new World();
        Row[] rows =
        [
            // Every third customer has a second case: an opt-out reaches it.
            .. transactions.Select((t, i) => Due with { Transaction = t, Vin = $"JTDBR32E7200{i:00000}", Email = $"c{i - (i % 3 == 1 ? 1 : 0)}@mail.example", Phone1 = "" }),
        ];
        one.Extract("a.csv", rows);
        await one.CycleAsync("2026-03-02");
        var cases = await one.ExportAsync("cases");
        using var many = one.Copy();
        var dice = new Random(7);
        string[] statuses = ["complete", "complete", "partial", "refused", "screened_out", "opt_out"];
        var lines = Enumerable.Range(0, 240).Select(n =>
            $"{cases[dice.Next(cases.Count)]["case_id"]},web,{statuses[dice.Next(statuses.Length)]},2026-03-03T10:{n / 60:00}:{n % 60:00}+11:00,{1 + dice.Next(5)},{dice.Next(11)},yes").ToList();

        one.Responses("r.csv", [Header, .. lines]);
        for (var i = 0; i < lines.Count; i++)
        {
            many.Responses($"r{i:000}.csv", Header, lines[i]);
        }

        var (whole, parts) = (await one.CycleAsync("2026-03-03"), await many.CycleAsync("2026-03-03"));

        Assert.Equal(parts.GetProperty("responses").GetInt32(), whole.GetProperty("responses").GetInt32());
        Assert.Equal(parts.GetProperty("closed").ToString(), whole.GetProperty("closed").ToString());
        Assert.Equal(await many.ExportAsync("cases"), await one.ExportAsync("cases"));
        const string Kept = "SELECT case_id, status, completed_at, late, CASE WHEN duplicate_of IS NULL THEN 0 ELSE 1 END, answers FROM responses ORDER BY case_id, completed_at";
        Assert.Equal(many.Rows(Kept), one.Rows(Kept));
        Assert.Equal(many.Rows("SELECT * FROM endings ORDER BY id"), one.Rows("SELECT * FROM endings ORDER BY id"));
        Assert.True(lines.Count < TakeResponses.TransactionRows); // all in one transaction, that is
        await one.HoldsAsync();
        await many.HoldsAsync();
    }
}
