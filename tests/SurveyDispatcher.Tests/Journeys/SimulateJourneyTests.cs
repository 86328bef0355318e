using System.Globalization;
using System.Text.Json;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>What a simulation says of days is what these days bring.</summary>
public sealed class SimulateJourneyTests
{
    private static readonly (string Key, string Column)[] Contacts = [("invitations", "invited_on"), ("reminders", "reminded_on"), ("phone", "phone_on")];

    [Fact]
    public async Task HistoryUnderTheConfigurationThatWasUsedIsWhatHappened()
    {
        using var world = new World(whole: true);
        await world.PlaySamplesAsync(lastDay: "2026-03-06");
        await world.DailyAsync("2026-03-07", "2026-04-20");

        var simulated = await SimulateAsync(world, "2026-03-01", "2026-04-20");

        Assert.Equal(await RealAsync(world, "2026-03-01", "2026-04-20"), Told(simulated, "days"));
        var basis = simulated.GetProperty("basis");
        Assert.True(basis.GetProperty("replayed").GetInt64() > 200, simulated.ToString());
        Assert.Equal(basis.GetProperty("replayed").GetInt64(), basis.GetProperty("explained").GetInt64()); // and the rules alone lead there
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    public async Task TheComingWeeksAreWhatComesWhenNobodyAnswers(int restDays)
    {
        using var world = new World(p => p["contact"]!["restDays"] = restDays, whole: true);
        await world.PlaySamplesAsync(lastDay: "2026-03-05");
        world.DropSamples("2026-03-06"); // extracts, answers, calls, opt-outs and bounces lie in the inboxes

        var simulated = await SimulateAsync(world, "2026-03-06", "2026-04-30");
        var again = await SimulateAsync(world, "2026-03-20", "2026-04-02");
        await world.DailyAsync("2026-03-06", "2026-04-30");

        Assert.Equal(await RealAsync(world, "2026-03-06", "2026-04-30"), Told(simulated, "days"));
        Assert.Equal(await RealAsync(world, "2026-03-20", "2026-04-02"), Told(again, "days"));
        Assert.Contains("2026-03-06 to 2026-03-19 were lived", again.GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsOnItsWayAlreadyGoesOn()
    {
        using var world = new World(
            p =>
            {
                p["contact"]!["restDays"] = 10;
                p["markets"]!["NZ"]!["activeFrom"] = "2026-03-12";
            });
        var visit = Row.Sale with { Event = "2026-02-10", Name = "Bea Long" };
        world.Extract(
            "a.csv",
            visit,
            visit with { Transaction = "T2", Email = "two@mail.example", Phone1 = "02 9374 4002" },
            visit with { Transaction = "T3", Email = "", Phone1 = "02 9374 4003" },
            visit with { Transaction = "T4", Email = "four@mail.example", Phone1 = "" },
            visit with { Transaction = "T5", Event = "2026-02-20" }, // the customer of T1: rests
            visit with { Transaction = "T6", Event = "2026-01-29", Email = "six@mail.example", Phone1 = "02 9374 4006" }, // the window closes on 5 March
            visit with { Transaction = "T7", Event = "2026-02-22", Email = "seven@mail.example", Phone1 = "02 9374 4007" },
            visit with { Transaction = "N1", Country = "NZ", Dealer = "NZ01", Email = "nz@mail.example", Phone1 = "" }, // not active yet
            visit with { Transaction = "P1", Country = "PH", Dealer = "PH01", Email = "ph@mail.example", Phone1 = "" },
            visit with { Transaction = "P2", Country = "PH", Dealer = "PH01", Event = "2026-03-01", Email = "ph@mail.example", Phone1 = "" });
        await world.DailyAsync("2026-03-02", "2026-03-04");
        world.OptOut("o.csv", "email", "seven@mail.example");
        await world.CycleAsync("2026-03-05");
        world.OptOut("p.csv", "all", "two@mail.example");
        world.Extract("b.csv", visit with { Transaction = "N2", Country = "NZ", Dealer = "NZ01", Email = "nz2@mail.example", Phone1 = "" });

        var simulated = await SimulateAsync(world, "2026-03-06", "2026-05-31");
        await world.DailyAsync("2026-03-06", "2026-05-31");

        var told = Told(simulated, "days");
        Assert.Equal(await RealAsync(world, "2026-03-06", "2026-05-31"), told);
        Assert.Equal( // T1, reminded on the 5th, and T7, whose window opens; P2, whose customer has rested from P1
            ["2026-03-09 AU sales phone 2", "2026-03-16 PH sales invitations 1", "2026-03-19 PH sales reminders 1"], told);
    }

    [Fact]
    public async Task NothingIsChangedByASimulation()
    {
        using var world = new World(whole: true);
        await world.PlaySamplesAsync(lastDay: "2026-03-05");
        world.DropSamples("2026-03-06");
        var (before, rows) = (world.IsOnPostgres ? "" : world.Fingerprint(), StoredRows(world));

        await SimulateAsync(world, "2026-03-01", "2026-04-30", "--with", world.Config, "--list", Path.Combine(world.Root, "list.csv"));

        Assert.Equal(before, world.IsOnPostgres ? "" : world.Fingerprint());
        Assert.Equal(rows, StoredRows(world));
    }

    [Fact]
    public async Task TheConfigurationAgainstItselfMakesNoDifference()
    {
        using var world = new World(whole: true);
        await world.PlaySamplesAsync(lastDay: "2026-03-06");

        var simulated = await SimulateAsync(world, "2026-03-01", "2026-05-10", "--with", world.Config);

        Assert.Empty(simulated.GetProperty("difference").EnumerateArray());
        Assert.Equal(Told(simulated, "currentDays"), Told(simulated, "days"));
    }

    [Fact]
    public async Task ADraftIsComparedWithTheConfigurationInForce()
    {
        using var world = new World();
        world.Extract(
            "a.csv",
            Row.Sale with { Event = "2026-02-20" }, // day 15 is 7 March
            Row.Sale with { Transaction = "T2", Event = "2026-02-20", Customer = "rental", Email = "b@mail.example", Phone1 = "02 9374 4002" },
            Row.Sale with { Transaction = "T3", Event = "2026-01-27", Email = "c@mail.example", Phone1 = "02 9374 4003" }); // day 34 is 2 March
        await world.DailyAsync("2026-03-02", "2026-03-20");
        var draft = Directory.CreateDirectory(Path.Combine(world.Root, "draft")).FullName;
        var programme = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(world.Config, "programme.json"), TestContext.Current.CancellationToken))!;
        var sales = programme["markets"]!["AU"]!["sales"]!;
        sales["window"]!["fromDay"] = 12;
        sales["window"]!["toDay"] = 33;
        sales["customerTypes"]!.AsArray().Add("rental");
        await File.WriteAllTextAsync(Path.Combine(draft, "programme.json"), programme.ToJsonString(), TestContext.Current.CancellationToken);
        var list = Path.Combine(world.Root, "list.csv");

        var simulated = await SimulateAsync(world, "2026-03-01", "2026-03-31", "--with", draft, "--list", list);

        var difference = Assert.Single(simulated.GetProperty("difference").EnumerateArray());
        Assert.Equal(
            (1, 1, 1, 0),
            (difference.GetProperty("newlyContacted").GetInt32(), difference.GetProperty("noLongerContacted").GetInt32(), difference.GetProperty("earlier").GetInt32(), difference.GetProperty("later").GetInt32()));
        Assert.Contains("2026-03-04 AU sales invitations 2", Told(simulated, "days"));
        Assert.Contains("2026-03-07 AU sales invitations 1", Told(simulated, "currentDays"));
        var ids = (await world.ExportAsync("cases")).ToDictionary(c => c["transaction_id"], c => c["case_id"]);
        Assert.Equal(
            [$"earlier T1 {ids["T1"]} 2026-03-07 2026-03-04", "newly_contacted T2   2026-03-04", $"no_longer_contacted T3 {ids["T3"]} 2026-03-02 "],
            Csv.Table(await File.ReadAllTextAsync(list, TestContext.Current.CancellationToken)).Select(r => $"{r["change"]} {r["transaction_id"]} {r["case_id"]} {r["current_first_contact"]} {r["draft_first_contact"]}").Order());
    }

    /// <summary>Nobody is contacted between two cycles, so such a day is none on which somebody would have been.</summary>
    [Fact]
    public async Task ADayOnWhichOnlyWithdrawalsWereToldIsNoDayOfContacts()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-20" }); // day 15 is Saturday, 7 March
        await world.DailyAsync("2026-03-02", "2026-03-06");
        world.OptOut("o.csv", "email", "somebody.else@mail.example");
        Assert.Equal(0, (await world.RunAsync("cycle", "--only", "withdrawals", "--as-of", "2026-03-07")).Code);
        await world.DailyAsync("2026-03-09", "2026-03-12");
        var draft = Draft(world, p => p["markets"]!["AU"]!["sales"]!["window"]!["fromDay"] = 16); // Sunday

        var simulated = await SimulateAsync(world, "2026-03-01", "2026-03-12", "--with", draft);

        Assert.Equal((1, 1), (simulated.GetProperty("basis").GetProperty("replayed").GetInt32(), simulated.GetProperty("basis").GetProperty("explained").GetInt32()));
        Assert.Empty(simulated.GetProperty("difference").EnumerateArray()); // on Monday both
    }

    [Fact]
    public async Task WhoWasNotSampledIsNotAskedByADraftThatOnlyMovesTheWindow()
    {
        using var world = new World(p => p["markets"]!["AU"]!["sales"]!["sampling"] = new System.Text.Json.Nodes.JsonObject { ["share"] = 0.5 });
        world.Extract("a.csv", [.. Enumerable.Range(0, 60).Select(n => Row.Sale with
        {
            Transaction = $"T{n}", Event = "2026-02-20", Email = $"c{n}@mail.example", Phone1 = $"02 9374 4{n:000}",
        })]);
        await world.DailyAsync("2026-03-02", "2026-03-20");
        var asked = (await world.ExportAsync("cases")).Count;
        var draft = Draft(world, p => p["markets"]!["AU"]!["sales"]!["window"]!["fromDay"] = 12);

        var simulated = await SimulateAsync(world, "2026-03-01", "2026-03-20", "--with", draft);

        Assert.InRange(asked, 10, 50);
        var difference = Assert.Single(simulated.GetProperty("difference").EnumerateArray());
        Assert.Equal((0, asked), (difference.GetProperty("newlyContacted").GetInt32(), difference.GetProperty("earlier").GetInt32()));
        Assert.Equal(
            [$"2026-03-04 AU sales invitations {asked}", $"2026-03-07 AU sales reminders {asked}", $"2026-03-11 AU sales phone {asked}"], Told(simulated, "days"));
        Assert.Equal(asked, simulated.GetProperty("basis").GetProperty("explained").GetInt32());
    }

    [Fact]
    public async Task ADraftThatDoesNotSampleAsksThoseWhoWereLeftOutAndOneThatSamplesMoreAsksSomeOfThem()
    {
        using var world = new World(p => p["markets"]!["AU"]!["sales"]!["sampling"] = new System.Text.Json.Nodes.JsonObject { ["share"] = 0.5 });
        world.Extract("a.csv", [.. Enumerable.Range(0, 60).Select(n => Row.Sale with
        {
            Transaction = $"T{n}", Event = "2026-02-20", Email = $"c{n}@mail.example", Phone1 = $"02 9374 4{n:000}",
        })]);
        await world.DailyAsync("2026-03-02", "2026-03-08");
        var asked = (await world.ExportAsync("cases")).Count;

        var all = await SimulateAsync(world, "2026-03-01", "2026-03-08", "--with", Draft(world, p => p["markets"]!["AU"]!["sales"]!.AsObject().Remove("sampling")));
        var other = await SimulateAsync(world, "2026-03-01", "2026-03-08", "--with", Draft(world, p => p["markets"]!["AU"]!["sales"]!["sampling"]!["share"] = 0.9));

        Assert.Equal(60 - asked, Assert.Single(all.GetProperty("difference").EnumerateArray()).GetProperty("newlyContacted").GetInt32());
        Assert.InRange(Assert.Single(other.GetProperty("difference").EnumerateArray()).GetProperty("newlyContacted").GetInt32(), 1, 60 - asked);
    }

    [Fact]
    public async Task AnswersKeepTheirDistanceFromAContactThatADraftMoves()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-20" });
        await world.DailyAsync("2026-03-02", "2026-03-08");
        world.Responses("r.csv", "case_id,mode,status,completed_at,most_familiar,overall", $"{await world.CaseIdAsync()},web,complete,2026-03-08T20:00:00+11:00,yes,5");
        await world.DailyAsync("2026-03-09", "2026-03-20");
        world.Edit("programme.json", p => p["markets"]!["AU"]!["sales"]!["window"]!["fromDay"] = 12);

        var simulated = await SimulateAsync(world, "2026-03-01", "2026-03-20");

        Assert.Equal(["2026-03-04 AU sales invitations 1"], Told(simulated, "days"));
        var completed = Assert.Single(simulated.GetProperty("days").EnumerateArray(), d => d.GetProperty("expectedCompletes").GetDouble() > 0);
        Assert.Equal("2026-03-06", completed.GetProperty("date").GetString()); // learnt two days after the invitation, as it was
    }

    [Fact]
    public async Task TheExpectedFiguresFollowWhatCustomersDidSoFar()
    {
        using var world = new World();
        var rows = Enumerable.Range(0, 40).Select(n => Row.Sale with
        {
            Transaction = $"T{n}", Event = n < 20 ? "2026-02-15" : "2026-03-02", Email = $"c{n}@mail.example", Phone1 = $"02 9374 4{n:000}",
        }).ToArray();
        world.Extract("a.csv", rows);
        await world.DailyAsync("2026-03-02", "2026-03-03");
        var ids = (await world.ExportAsync("cases")).ToDictionary(c => c["transaction_id"], c => c["case_id"]);
        world.Responses("r.csv", ["case_id,mode,status,completed_at,most_familiar,overall", .. Enumerable.Range(0, 10).Select(n => $"{ids[$"T{n}"]},web,complete,2026-03-03T10:00:00+11:00,yes,5")]);
        await world.DailyAsync("2026-03-04", "2026-03-16");

        var simulated = await SimulateAsync(world, "2026-03-17", "2026-04-10");

        // Of twenty who were invited ten answered on the next day, and nobody after the reminder.
        var days = simulated.GetProperty("days").EnumerateArray().ToList();
        double Sum(string key) => days.Sum(d => d.GetProperty(key).GetDouble());
        Assert.Equal((20, 20, 20), (Sum("invitations"), Sum("reminders"), Sum("phone")));
        Assert.Equal(10, Sum("expectedReminders"), 0.01);
        Assert.Equal(10, Sum("expectedPhone"), 0.01);
        Assert.Equal(10, Sum("expectedCompletes"), 0.01);
        Assert.Equal(10, days.Single(d => d.GetProperty("date").GetString() == "2026-03-18").GetProperty("expectedCompletes").GetDouble(), 0.01);
        Assert.Equal(10 * 3 * 4 / 60.0, Sum("vendorHours"), 0.01); // no attempt was ever reported: three each, of four minutes
    }

    [Theory]
    [InlineData("--from 2026-03-05 --to 2026-03-04", "lies before")]
    [InlineData("--from 2026-03-05 --to 4.3.2026", "a date such as")]
    [InlineData("--from 2026-03-05 --to 2026-03-06 --list x.csv", "--list needs --with")]
    [InlineData("--from 2026-03-05 --to 2026-03-06 --with nowhere", "does not exist")]
    [InlineData("--from 2026-03-05 --to 2050-03-06", "longer than")]
    public async Task AMistakeIsToldAndNothingIsDone(string arguments, string told)
    {
        using var world = new World();

        var ended = await world.RunAsync(["simulate", .. arguments.Split(' ')]);

        Assert.Equal(2, ended.Code);
        Assert.Contains(told, ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACycleGoesOnWhileTheStoreIsRead()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-20" });
        await world.CycleAsync("2026-03-06");

        var simulations = Task.Run(async () =>
        {
            for (var n = 0; n < 5; n++)
            {
                await SimulateAsync(world, "2026-03-01", "2026-04-30");
            }
        }, TestContext.Current.CancellationToken);
        await world.DailyAsync("2026-03-07", "2026-03-12");
        await simulations;

        await world.HoldsAsync();
    }

    [Fact]
    public async Task TheTableTheChartAndTheCsvSayTheSame()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-20" });
        await world.CycleAsync("2026-03-06");

        var text = (await world.RunAsync("simulate", "--from", "2026-03-07", "--to", "2026-03-20")).Output;
        var csv = Csv.Table((await world.RunAsync("simulate", "--from", "2026-03-07", "--to", "2026-03-20", "--format", "csv")).Output);

        Assert.Contains("2026-03-02 AU", text, StringComparison.Ordinal); // the week's Monday
        Assert.Contains("Mails a day", text, StringComparison.Ordinal);
        Assert.Contains("█  █", text, StringComparison.Ordinal); // the invitation, and the reminder three days later
        Assert.Equal(14, csv.Count);
        Assert.Equal(("1", "0", "current"), (csv[0]["invitations"], csv[0]["phone"], csv[0]["configuration"]));
        Assert.Equal("1", csv[7]["phone"]);
    }

    /// <summary>The programme in force, changed.</summary>
    private static string Draft(World world, Action<System.Text.Json.Nodes.JsonNode> change)
    {
        var draft = Directory.CreateDirectory(Path.Combine(world.Root, $"draft-{Directory.GetDirectories(world.Root).Length}")).FullName;
        var programme = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(Path.Combine(world.Config, "programme.json")))!;
        change(programme);
        File.WriteAllText(Path.Combine(draft, "programme.json"), programme.ToJsonString());
        return draft;
    }

    private static async Task<JsonElement> SimulateAsync(World world, string from, string to, params string[] more)
    {
        var ended = await world.RunAsync(["simulate", "--from", from, "--to", to, "--json", .. more]);
        Assert.True(ended.Code == 0, ended.Error);
        return ended.Json;
    }

    /// <summary>What the simulation says, nothing left out that is not zero.</summary>
    private static List<string> Told(JsonElement simulated, string key) =>
    [
        .. (from day in simulated.GetProperty(key).EnumerateArray()
            from contact in Contacts
            let count = day.GetProperty(contact.Key).GetInt64()
            where count > 0
            select $"{day.GetProperty("date").GetString()} {day.GetProperty("market").GetString()} {day.GetProperty("survey").GetString()} {contact.Key} {count}").Order(StringComparer.Ordinal),
    ];

    /// <summary>What the cases say.</summary>
    private static async Task<List<string>> RealAsync(World world, string first, string last) =>
    [
        .. (from c in await world.ExportAsync("cases")
            from contact in Contacts
            let date = c[contact.Column]
            where date.Length > 0 && string.CompareOrdinal(date, first) >= 0 && string.CompareOrdinal(date, last) <= 0
            group c by $"{date} {c["market"]} {c["survey"]} {contact.Key}" into same
            select string.Create(CultureInfo.InvariantCulture, $"{same.Key} {same.Count()}")).Order(StringComparer.Ordinal),
    ];

    private static string StoredRows(World world) => world.Query("SELECT count(*) FROM ledger") + world.Query("SELECT count(*) FROM cycles") + world.Query("SELECT max(as_of) FROM cycles");
}

/// <summary>The sample data, day by day.</summary>
internal static class Samples
{
    private static string Inbox => Path.Combine(World.ShippedConfig, "demo", "inbox");

    /// <summary>A cycle on each day from 2 March 2026 on, with that day's files.</summary>
    public static async Task PlaySamplesAsync(this World world, string lastDay)
    {
        for (var day = World.Day("2026-03-02"); day <= World.Day(lastDay); day = day.AddDays(1))
        {
            world.DropSamples($"{day:yyyy-MM-dd}");
            await world.CycleAsync($"{day:yyyy-MM-dd}");
        }
    }

    /// <summary>Puts a day's files into the inboxes; what has no day comes on the last.</summary>
    public static void DropSamples(this World world, string day)
    {
        var compact = day.Replace("-", "", StringComparison.Ordinal);
        foreach (var path in Directory.EnumerateFiles(Inbox, "*", SearchOption.AllDirectories))
        {
            var (kind, name) = (Path.GetFileName(Path.GetDirectoryName(path)!), Path.GetFileName(path));
            if (name.Contains(compact, StringComparison.Ordinal) || (compact == "20260306" && !name.Contains("202603", StringComparison.Ordinal)))
            {
                world.Drop(kind, name, File.ReadAllBytes(path));
            }
        }
    }
}
