using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Files that change while they are read, and a vendor whose files come as they like.</summary>
public sealed class MovingFilesTests
{
    private const int Rows = TakeExtracts.TransactionRows + 10_000; // one page of rows is stored, a few thousand are read ahead, and more are to come
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10", Phone2 = "0412 345 678" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>After the first page: in taking/ only a sender who still has the file open, or a hand, can reach it; in the inbox a new one of the name may lie.</summary>
    /// <remarks>What the store has to do is the same whatever became of the file: once is enough.</remarks>
    [Theory]
    [InlineData("appended to", true)]
    [InlineData("appended to with junk", true, Traits = ["Store", "Sqlite"])]
    [InlineData("cut off", true, Traits = ["Store", "Sqlite"])]
    [InlineData("renamed over", true, Traits = ["Store", "Sqlite"])]
    [InlineData("deleted", true, Traits = ["Store", "Sqlite"])]
    [InlineData("sent again in the inbox", false)]
    public async Task AnExtractThatChangesWhileItIsReadIsToldAndReadAgain(string how, bool told)
    {
        using var world = new World();
        var whole = Extract(Rows);
        world.Drop("dms", "a.csv", whole);
        var taken = world.In("taking", "dms", "a.csv");
        await File.WriteAllTextAsync(Path.Combine(world.Root, "more.csv"), Extract(Rows + 1), Ct);
        var more = (Row.Sale with { Transaction = "MORE", Event = "2026-02-10" }).Line;

        // By the hands of others: .NET would respect that we have it open, and senders do not.
        var hand = new Hand(() => Shell(how switch
        {
            "appended to" => $"echo '{more}' >> {taken}",
            "appended to with junk" => $"printf '\\377\\376\\n' >> {taken}",
            "cut off" => $"truncate -s -20000 {taken}",
            "renamed over" => $"mv {world.Root}/more.csv {taken}",
            "deleted" => $"rm {taken}",
            _ => $"cp {world.Root}/more.csv {world.In("inbox", "dms", "a.csv")}",
        }));
        var config = PipelineConfig.Load(ConfigFolder.OnDisk(world.Config), forMail: true);

        var ended = await new Cycle(config, new DataDirectory(world.Data), TimeProvider.System, hand).RunAsync(new CycleRequest(AsOf.Parse("2026-03-02")), Ct);

        Assert.True(hand.Done);
        Assert.Equal(told, ended.Problems.Count == 1);
        Assert.All(ended.Problems, p => Assert.StartsWith($"dms/a.csv could not be taken: {(how == "deleted" ? "Could not find" : "it is still being written")}", p, StringComparison.Ordinal));
        Assert.DoesNotContain("fault of this program", string.Concat(ended.Problems), StringComparison.Ordinal);
        Assert.True(ended.Counts.SumHolds);
        Assert.Equal(0, (await world.RunAsync("verify")).Code);

        // The next day's extract is whole, as it always is; nothing is missing then, and nothing is there twice.
        if (how == "appended to with junk")
        {
            Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-02")).Code);
            Assert.Equal(["a.csv", "a.csv.error.txt"], world.Names("failed"));
        }

        world.Drop("dms", "b.csv", Extract(Rows + 1));
        await world.CycleAsync("2026-03-02");
        Assert.Equal($"{Rows + 1}", world.Query("SELECT count(*) FROM transactions WHERE transaction_id <> 'MORE'"));
        Assert.Equal(how == "appended to" ? "1" : "0", world.Query("SELECT count(*) FROM transactions WHERE transaction_id = 'MORE'"));
        Assert.Empty(world.Names("taking"));
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }

    [Fact]
    public async Task AVendorFileSentTwiceAndAgainUnderAnotherNameCountsOnce()
    {
        var (world, id) = await WithVendorAsync();
        using var _ = world;
        var line = $"{id},1,2026-03-03T10:00:00+11:00,,2.20,,";
        world.Calls("c.csv", line);
        Assert.Equal(1, (await world.CycleAsync("2026-03-03")).GetProperty("dispositions").GetInt32());
        world.Calls("c.csv", line);
        world.Calls("c2.csv", line, line);

        Assert.Equal(0, (await world.CycleAsync("2026-03-04")).GetProperty("dispositions").GetInt32());
        Assert.Equal(("with_vendor", "1"), (await world.StateAsync(), world.Query("SELECT count(*) FROM attempts")));
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }

    /// <summary>In whatever order they come, the case ends as in the order in which they were made.</summary>
    [Theory]
    [InlineData("3|2|1", "closed refused")] // the refusal, and then what led to it
    [InlineData("1|3|2", "closed refused")]
    [InlineData("2|1|3", "closed refused")]
    public async Task AttemptsOutOfOrderEndTheCaseAllTheSame(string order, string state)
    {
        var (world, id) = await WithVendorAsync();
        using var _ = world;
        foreach (var attempt in order.Split('|'))
        {
            world.Calls($"c{attempt}.csv", $"{id},{attempt},2026-03-0{attempt}T10:00:00+11:00,,{(attempt == "3" ? "2.11" : "3.13")},,");
            await world.CycleAsync("2026-03-04");
        }

        Assert.Equal((state, "3"), (await world.StateAsync(), world.Query("SELECT count(*) FROM attempts")));
        Assert.Empty(world.WithdrawalRows()); // he told us so himself
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }

    [Fact]
    public async Task AFinalAttemptBeforeTheOthersClosesAndWhatComesAfterwardsIsKept()
    {
        var (world, id) = await WithVendorAsync();
        using var _ = world;
        world.Calls("c3.csv", $"{id},3,2026-03-05T10:00:00+11:00,,3.13,Y,");
        await world.CycleAsync("2026-03-05");
        world.Calls("c1.csv", $"{id},1,2026-03-03T10:00:00+11:00,,3.13,,", $"{id},2,2026-03-04T10:00:00+11:00,,2.20,,");

        await world.CycleAsync("2026-03-06");

        Assert.Equal(("closed unreachable", "3"), (await world.StateAsync(), world.Query("SELECT count(*) FROM attempts")));
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }

    /// <summary>The vendor can't have called whom he was not given: what decides counts, what is an attempt is kept.</summary>
    [Theory]
    [InlineData("2.20", "", "reminded")]
    [InlineData("3.13", "Y", "reminded")]
    [InlineData("4.31", "", "reminded")]
    [InlineData("2.11", "", "closed refused")]
    public async Task ACallResultBeforeTheHandOverIsKeptAndOnlyANoCounts(string code, string final, string state)
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        world.Calls("c.csv", $"{await world.CaseIdAsync()},1,2026-03-03T10:00:00+11:00,,{code},{final},");

        await world.CycleAsync("2026-03-05");

        Assert.Equal((state, "1"), (await world.StateAsync(), world.Query("SELECT count(*) FROM attempts")));
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }

    [Theory]
    [InlineData("withdrawn", "completed")]
    [InlineData("closed", "closed window_closed")]
    public async Task CallResultsOfACaseThatHasEndedAreKeptAndChangeNothing(string how, string state)
    {
        var (world, id) = await WithVendorAsync();
        using var _ = world;
        if (how == "withdrawn")
        {
            world.Responses("r.csv", "case_id,mode,status,completed_at", $"{id},web,complete,2026-03-03T10:00:00+11:00");
            await world.CycleAsync("2026-03-03");
            Assert.Equal("completed", Assert.Single(world.WithdrawalRows())["reason"]);
        }

        await world.CycleAsync("2026-05-01");
        world.Calls("c.csv", $"{id},1,2026-03-03T10:00:00+11:00,,2.11,,", $"{id},2,2026-03-04T10:00:00+11:00,,4.31,Y,", $"{id},3,2026-03-04T10:00:00+11:00,,3.13,Y,");

        Assert.Equal(3, (await world.CycleAsync("2026-05-02")).GetProperty("dispositions").GetInt32());

        Assert.Equal(state, await world.StateAsync());
        Assert.Equal(how == "withdrawn" ? "completed" : "window_closed", Assert.Single(world.WithdrawalRows())["reason"]);
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }

    [Fact]
    public async Task AFileForAnotherSystemsCasesIsRejectedRowByRowAndTheCycleIsFine()
    {
        var (world, id) = await WithVendorAsync();
        using var _ = world;
        world.Calls("c.csv", "NZ-00000017,1,2026-03-03T10:00:00+11:00,,2.11,,", "CASE/4711,1,2026-03-03T10:00:00+11:00,,2.11,,", $"{id[..^1]}{(id[^1] - '0' + 1) % 10},1,2026-03-03T10:00:00+11:00,,2.11,,", $"{id},1,2026-03-03T10:00:00+11:00,,2.20,,");
        world.Responses("r.csv", "case_id,mode,status,completed_at", "NZ-00000017,web,complete,2026-03-03T10:00:00+11:00");

        var counts = await world.CycleAsync("2026-03-03");

        Assert.Equal((1, 0, 2), (counts.GetProperty("dispositions").GetInt32(), counts.GetProperty("responses").GetInt32(), counts.GetProperty("filesImported").GetInt32()));
        Assert.Equal(["unknown_case", "unknown_case", "unknown_case"], world.Rejects("c.csv").Select(r => r["reason"]));
        Assert.Equal("unknown_case", Assert.Single(world.Rejects("r.csv"))["reason"]);
        Assert.Equal("with_vendor", await world.StateAsync());
        Assert.Equal(0, (await world.RunAsync("verify")).Code);
    }

    private static async Task<(World World, string CaseId)> WithVendorAsync()
    {
        var world = new World();
        world.Extract("a.csv", Due with { Email = "" });
        await world.CycleAsync("2026-03-02");
        return (world, await world.CaseIdAsync());
    }

    private static void Shell(string command)
    {
        using var shell = System.Diagnostics.Process.Start("sh", ["-c", command]);
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }

    private static string Extract(int rows)
    {
        var text = new StringBuilder(Row.Header).Append('\n');
        for (var i = 0; i < rows; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"sale,AU,AU01,Harbour Motors,{i:D6},,2026-02-10,,JTDBR32E72{i:D7},Heron GT,,rental,,,,,,,,,,\n");
        }

        return text.ToString();
    }

    /// <summary>Does something once, when the first page is stored.</summary>
    private sealed class Hand(Action act) : IProgressView
    {
        public bool Done { get; private set; }

        public void Report(Phrase step, long done, long total)
        {
            if (step.Pattern.StartsWith("reading", StringComparison.Ordinal) && !Done)
            {
                Done = true;
                act();
            }
        }

        public void Clear()
        {
            // Nothing is shown.
        }
    }
}
