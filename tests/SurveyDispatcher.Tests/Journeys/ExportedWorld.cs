using System.Diagnostics;
using System.Text;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Eight customers and what became of them, exported once in every form for a whole class of tests.</summary>
/// <remarks>
/// Dealer 0007 (sales): T1 answered on the web, T2 refused on the phone; both are customer C1. Dealer 0010 (sales): T3 answered
/// twice, T6 was never there, T7 wants no mail and has no number, T8 was cancelled. Dealer 0042 (service): S4 answered. T5 is a rental.
/// </remarks>
public sealed class ExportedWorld : IAsyncLifetime
{
    /// <summary>What T1 wrote: Chinese, quotes, a comma, a line break.</summary>
    public const string Comment = "他说 \"很好\", 谢谢。\n第二行";

    /// <summary>What T3 said: a spreadsheet would run it.</summary>
    public const string Formula = "=1+1";

    private readonly World world = new();

    /// <summary>Everything that must not be found anywhere without the switch.</summary>
    public static IReadOnlyList<string> ContactData { get; } =
    [
        "Alice Walker", "alice@mail.example", "9374 4000", "93744000", "Bob Seller", "Bea Ngata", "bea@mail.example", "0412 345 678", "412345678",
        "Asked for the manager", "alice.new@mail.example",
    ];

    /// <summary>The package.</summary>
    internal string Package => Path.Combine(world.Root, "package");

    /// <summary>The package with contact data.</summary>
    internal string WithContact => Path.Combine(world.Root, "with-contact");

    /// <summary>All tables in one database.</summary>
    internal string Database => Path.Combine(world.Root, "all.db");

    internal World World => world;

    public async ValueTask InitializeAsync()
    {
        var sale = Row.Sale with { Event = "2026-02-10", Dealer = "0007" };
        var other = sale with { Dealer = "0010", Name = "Bea Ngata", Email = "bea@mail.example", Phone1 = "0412 345 678" };
        var cancelled = other with { Transaction = "T8", Event = "2026-02-27", Vin = "JTDBR32E720000008", Email = "t8@mail.example" };
        world.Extract(
            "a.csv",
            sale,
            sale with { Transaction = "T2", Vin = "JTDBR32E720000002", Email = "" },
            other with { Transaction = "T3", Vin = "JTDBR32E720000003" },
            Row.Service with { Transaction = "S4", Event = "2026-02-20", Dealer = "0042", Vin = "JTDBR32E720000004", Email = "s4@mail.example" },
            sale with { Transaction = "T5", Vin = "JTDBR32E720000005", Customer = "rental" },
            other with { Transaction = "T6", Vin = "JTDBR32E720000006", Email = "" },
            cancelled with { Transaction = "T7", Event = "2026-02-18", Vin = "JTDBR32E720000007", Email = "t7@mail.example", Phone1 = "" },
            cancelled);
        await world.CycleAsync("2026-03-02");
        string Id(string transaction) => world.CaseIdAsync(transaction).GetAwaiter().GetResult();
        var comment = Csv.Quoted(Comment);
        world.Responses(
            "r.csv",
            "case_id,mode,status,completed_at,started_at,language,overall,recommend,most_familiar,gender,age_band,comments,contact_update,still_owns,work_done",
            $"{Id("T1")},web,complete,2026-03-02T23:30:00+00:00,2026-03-02T23:20:00+00:00,zh-CN,5,10,yes,female,25_34,{comment},alice.new@mail.example,,",
            $"{Id("T3")},phone,partial,2026-03-03T01:00:00+00:00,,,2,,yes,,,,,,",
            $"{Id("T3")},phone,complete,2026-03-03T02:00:00+00:00,2026-03-03T01:58:25+00:00,,,,yes,no_answer,,{Formula},,,",
            $"{Id("T3")},web,complete,2026-03-04T02:00:00+00:00,,,4,0,yes,,,,,,",
            $"{Id("S4")},web,complete,2026-03-03T13:30:00+00:00,,,1,0,yes,male,65_plus,,,yes,maintenance|repair");
        world.Calls(
            "c.csv",
            $"{Id("T2")},1,2026-03-03T02:00:00+00:00,,2.20,N,",
            $"{Id("T2")},2,2026-03-04T02:00:00+00:00,,2.112,Y,Asked for the manager",
            $"{Id("T6")},1,2026-03-04T03:00:00+00:00,0412 345 678,2.20,Y,");
        world.OptOut("o.csv", "email", "t7@mail.example");
        world.Extract("b.csv", cancelled with { Status = "cancelled" });
        await world.CycleAsync("2026-03-05");
        await RunAsync("export", "all", "--out", Package);
        await RunAsync("export", "all", "--out", WithContact, "--with-contact", "--language", "zh-CN");
        await RunAsync("export", "all", "--format", "sqlite", "--out", Database);
    }

    public ValueTask DisposeAsync()
    {
        world.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A table of the package, read by hand.</summary>
    internal List<Dictionary<string, string>> Table(string name, string? folder = null) => Csv.Table(File.ReadAllText(Path.Combine(folder ?? Package, name + ".csv")));

    /// <summary>The columns of a table of the package.</summary>
    internal string Header(string name, string? folder = null) => string.Join(',', Csv.Rows(File.ReadAllText(Path.Combine(folder ?? Package, name + ".csv")).TrimStart('\uFEFF'))[0]);

    internal async Task<string> CaseIdAsync(string transaction) => await world.CaseIdAsync(transaction);

    private async Task RunAsync(params string[] args)
    {
        var ended = await world.RunAsync(args);
        Assert.True(ended.Code == 0, ended.Error);
    }
}

/// <summary>Another program, as a second reader of our files: what reads them must not be what wrote them.</summary>
internal static class OtherProgram
{
    /// <summary>Runs it; it must end well. Returns what it printed.</summary>
    public static async Task<string> RunAsync(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8 };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {output}{await error}");
        return output;
    }
}
