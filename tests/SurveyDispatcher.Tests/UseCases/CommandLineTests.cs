using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.UseCases;

public sealed class CommandLineTests
{
    private static readonly Row Due = Row.Sale with { Event = "2026-02-10" };

    [Theory]
    [InlineData("")]
    [InlineData("dance")]
    [InlineData("cycle extra")]
    [InlineData("cycle --as-off 2026-03-02")]
    [InlineData("cycle --as-of")]
    [InlineData("cycle --as-of tomorrow")]
    [InlineData("cycle --as-of 2026-02-30")]
    [InlineData("cycle --as-of 2026-03-02T10:00:00")]
    [InlineData("cycle --as-of 02.03.2026")]
    [InlineData("export")]
    [InlineData("export everything")]
    [InlineData("export cases --format xls")]
    [InlineData("explain")]
    [InlineData("explain T1 --survey cars")]
    [InlineData("explain T1 --as-of soon")]
    [InlineData("config")]
    [InlineData("config chekc")]
    [InlineData("mail")]
    [InlineData("mail check --to")]
    [InlineData("mail check --to nobody")]
    [InlineData("mail check --to a@b.example,c@d.example")]
    [InlineData("templates")]
    [InlineData("templates preview --market XX")]
    [InlineData("templates preview --out")]
    [InlineData("bounces")]
    [InlineData("bounces read")]
    [InlineData("keys")]
    [InlineData("keys rotate 2")]
    [InlineData("erase")]
    [InlineData("erase --email")]
    [InlineData("erase --vin X")]
    [InlineData("erase --case AU-00000013 --vin X")]
    public async Task WrongUsageEndsWithTwoAndDoesNothing(string line)
    {
        using var world = new World();

        var ended = await world.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(2, ended.Code);
        Assert.NotEmpty(ended.Error);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(world.Data));
    }

    [Fact]
    public async Task AMissingConfigurationFolderEndsWithTwo()
    {
        using var world = new World();
        Directory.Delete(world.Config, recursive: true);

        var ended = await world.RunAsync("cycle");

        Assert.Equal(2, ended.Code);
        Assert.Contains("does not exist", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("verify")]
    [InlineData("export cases")]
    [InlineData("explain T1")]
    [InlineData("keys list")]
    [InlineData("keys rotate")]
    [InlineData("erase --email a@b.example")]
    public async Task AReadingVerbWithoutAStoreSaysSo(string line)
    {
        using var world = new World();

        var ended = await world.RunAsync(line.Split(' '));

        Assert.Equal(1, ended.Code);
        Assert.Contains("Run 'cycle' first", ended.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(world.Data));
    }

    [Theory]
    [InlineData("", "cycle")]
    [InlineData("cycle", "--dry-run")]
    [InlineData("run", "worker")]
    [InlineData("status", "--json")]
    [InlineData("explain", "KEY")]
    [InlineData("export", "codebook")]
    [InlineData("verify", "ledger")]
    [InlineData("bounces", "read")]
    [InlineData("bounces read", "Maildir")]
    [InlineData("config", "check")]
    [InlineData("config check", "fault")]
    [InlineData("mail check", "--to")]
    [InlineData("templates", "preview")]
    [InlineData("templates preview", "sample")]
    [InlineData("demo", "sample")]
    [InlineData("erase", "--many")]
    [InlineData("keys", "rotate")]
    [InlineData("keys rotate", "anew")]
    public async Task EveryVerbHasHelpThatNamesConfigAndData(string verb, string word)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();

        var code = await SurveyDispatcher.Cli.CommandLine.RunAsync([.. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"], output, error, TimeProvider.System);

        Assert.Equal((0, ""), (code, error.ToString()));
        Assert.Contains(word, output.ToString(), StringComparison.Ordinal);
        Assert.Contains("--config", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("--data", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryReadingVerbSpeaksJson()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");

        Assert.Equal("2026-03-02", (await world.RunAsync("status", "--json")).Json.GetProperty("lastCycle").GetProperty("asOf").GetString());
        Assert.Equal(1, (await world.RunAsync("verify", "--json")).Json.GetProperty("cases").GetInt32());
        Assert.True((await world.RunAsync("config", "check", "--json")).Json.GetProperty("valid").GetBoolean());
        Assert.Equal(1, (await world.RunAsync("explain", "T1", "--json")).Json.GetArrayLength());
    }

    [Theory]
    [InlineData("T1")]
    [InlineData("JTDBR32E720012345")]
    [InlineData("jtdbr32e720012345")]
    public async Task ATransactionIsExplainedByAnyOfItsNamesWithoutPersonalData(string key)
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");

        var byKey = await world.RunAsync("explain", key, "--as-of", "2026-03-03");
        var byCase = await world.RunAsync("explain", await world.CaseIdAsync(), "--as-of", "2026-03-03");

        Assert.Equal((0, byCase.Output), (byKey.Code, byKey.Output));
        foreach (var word in new[] { "window_passed", "day 21 of", "MailAccepted", "next: nothing before 2026-03-05", "a.csv, line 2" })
        {
            Assert.Contains(word, byKey.Output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("alice", byKey.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, (await world.RunAsync("explain", "NOBODY")).Code);
    }

    [Fact]
    public async Task EveryDecisionIsExplainedByItsRuleAndThePolicyOfItsDay()
    {
        using var world = new World();
        world.Extract("a.csv", Due, Row.Sale with { Transaction = "RENTAL", Customer = "rental" });
        await world.CycleAsync("2026-03-02");
        var first = world.Query("SELECT version FROM policies WHERE id = 1");
        world.Edit("programme.json", p => p["contact"]!["daysFromInvitationToReminder"] = 4);
        await world.CycleAsync("2026-03-05");
        await world.CycleAsync("2026-03-06");
        var second = world.Query("SELECT version FROM policies WHERE id = 2");

        var mailed = await world.RunAsync("explain", "T1", "--as-of", "2026-03-06");
        var rental = await world.RunAsync("explain", "RENTAL", "--as-of", "2026-03-06");

        Assert.NotEqual(first, second);
        Assert.Contains($"(contact plan: the invitation in the window; cycle 1, policy 1, version {first})", mailed.Output, StringComparison.Ordinal);
        Assert.Contains($"(contact plan: the reminder after the invitation; cycle 3, policy 2, version {second})", mailed.Output, StringComparison.Ordinal);
        Assert.Contains($"(screening: customer_type_excluded; cycle 1, policy 1, version {first})", rental.Output, StringComparison.Ordinal);
        await world.HoldsAsync();
    }

    [Theory]
    [InlineData("cases", "case_id,market,survey,dealer_code,transaction_id,vin,event_date,state,close_reason,invited_on,reminded_on,phone_on,phone_reason,completed_on,response_mode,weight")]
    [InlineData("screening", "market,survey,dealer_code,transaction_id,event_date,outcome,reason,screened_on")]
    [InlineData("responses", "case_id,market,survey,dealer_code,event_date,mode,completed_at,language,late,most_familiar,visited_dealer,overall")]
    [InlineData("outcomes", "market,survey,dealer_code,month,i,p,r,nc,o,uh,uo,not_eligible,e,rr1,rr2,rr3,rr4,rr5,rr6,coop1,coop2,coop3,coop4,ref1,ref2,ref3,con1,con2,con3,trade_rate")]
    [InlineData("codebook", "question,survey,wording_")]
    public async Task AnExportHasTheColumnsOfTheContract(string what, string header)
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");
        var path = Path.Combine(world.Root, "out.csv");

        Assert.Equal(0, (await world.RunAsync("export", what, "--out", path)).Code);

        var text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        Assert.StartsWith(header, text, StringComparison.Ordinal);
        Assert.Equal((await world.RunAsync("export", what)).Output.TrimStart('\uFEFF'), text);
    }

    [Fact]
    public async Task AnExportToAFolderThatIsNotThereEndsWithOne()
    {
        using var world = new World();
        world.Extract("a.csv", Due);
        await world.CycleAsync("2026-03-02");

        var ended = await world.RunAsync("export", "cases", "--out", Path.Combine(world.Root, "nowhere", "out.csv"));

        Assert.Equal(1, ended.Code);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEnvironmentVariableOverridesTheFile()
    {
        using var world = new World();
        world.Extract("a.csv", Due);

        var wrong = await Child.RunAsync(world, new() { ["SURVEY_Mail__Port"] = "no number" }, "cycle", "--as-of", "2026-03-02");
        var unknown = await Child.RunAsync(world, new() { ["SURVEY_Mail__Prot"] = "25" }, "cycle", "--as-of", "2026-03-02");
        var directory = await Child.RunAsync(world, new() { ["SURVEY_Mail__Transport"] = "Smtp", ["SURVEY_Mail__Host"] = "127.0.0.1", ["SURVEY_Mail__Port"] = "1" }, "cycle", "--as-of", "2026-03-02");

        Assert.Equal((2, 2, 1), (wrong.Code, unknown.Code, directory.Code));
        Assert.Contains("SURVEY_", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("The mail server can't be used", directory.Error, StringComparison.Ordinal);
        Assert.Empty(world.Mails());
    }
}
