using System.Globalization;

namespace Benchmarks;

/// <summary>What is measured, and how large.</summary>
internal sealed record Options
{
    public const string Usage = """
        Usage: Benchmarks import|cycle|mail|workers|responses|explain|status|simulate|all [--rows N] [--cases N] [--responses N] [--runs N] [--json PATH] [--quick] [--program SurveyDispatcher.dll]

          --rows N      rows of the extract of import [default: 300000]
          --cases N     stored cases of the larger store of cycle, beside one of a tenth; on PostgreSQL a tenth of both [default: 10000000]
          --responses N responses taken and exported [default: 1000000]
          --runs N      runs of each peer, in turn [default: 3]
          --json PATH   all figures, single runs included
          --quick       small numbers, one run, wider targets for time: shows a break, proves no target
          --program P   measure this build instead of src/SurveyDispatcher, which is published first (with --quick: built)

        0: every target is met. 1: one is missed, or something could not be measured. 2: wrong usage.
        """;

    public string What { get; private init; } = "";

    public int Rows { get; private init; } = 300_000;

    public int Responses { get; private init; } = 1_000_000;

    public int Runs { get; private init; } = 3;

    /// <summary>Transactions of a year that is replayed.</summary>
    public int Simulated => Quick ? 20_000 : 1_000_000;

    /// <summary>A year replayed, in seconds; and what the process may have resident then, in MiB.</summary>
    public const double SimulatedYearTarget = 60, SimulatedMemory = 1_024;

    public bool Quick { get; private init; }

    public string? JsonPath { get; private init; }

    public string? Program { get; private init; }

    /// <summary>The extract on which memory must not have grown.</summary>
    public int LargeRows => Quick ? 2 * Rows : (int)(Rows * 10L / 3);

    /// <summary>What a process may have resident, in MiB.</summary>
    public const double MemoryBudget = 300;

    /// <summary>Cases in the larger of two stores.</summary>
    public int Stored { get; private init; } = 10_000_000;

    public StoreSizes Cycle => StoreSizes.Of(Stored, months: Quick ? 1 : 3);

    /// <summary>Smaller: its past takes several times as long to live through. Null: not in a short run.</summary>
    public StoreSizes? PostgresCycle => Quick ? null : StoreSizes.Of(Stored / 10, months: 3);

    /// <summary>A cycle is short: a median of more days costs little. More than five there can't be: what came the day before them falls due two weeks later.</summary>
    public int CycleRuns => Math.Min((2 * Runs) - 1, 5);

    /// <summary>A short run has one short day.</summary>
    public double CycleTarget => Quick ? 2 : 1.3;

    /// <summary>Over few rows it is the start of .NET that is measured, and one run has no median.</summary>
    public double ImportTarget => Quick ? 25 : 2;

    public double PostgresTarget => Quick ? 40 : 3;

    /// <summary>An unchanged extract must be three times as fast as its first import.</summary>
    public double AgainTarget => Quick ? 1.5 : 1 / 3.0;

    /// <summary>As for an extract: over few rows it is the start of .NET that is measured.</summary>
    public double ResponsesTarget => Quick ? 25 : 3;

    /// <summary>A full table, in MiB a second of its text.</summary>
    public double ExportTarget => Quick ? 1 : 50;

    /// <summary>All figures of a year, in seconds.</summary>
    public const double YearTarget = 10;

    /// <summary>Cases over which one story is told.</summary>
    public int Explained => Quick ? 20_000 : 1_000_000;

    /// <summary>A story, in seconds; a short run has a build that is compiled while it runs, on a busy machine.</summary>
    public double ExplainTarget => Quick ? 3 : 1;

    /// <summary>Over few rows the collector has not yet found its level.</summary>
    public double MemoryGrowthTarget => Quick ? 2 : 1.25;

    /// <summary>Messages that each peer sends at full speed.</summary>
    public int Mails => Quick ? 2_000 : 40_000;

    /// <summary>Customers with a mail due; 85 in 100 have an address.</summary>
    public int MailsDue => Quick ? 5_000 : 100_000;

    /// <summary>Customers over which memory must not have grown.</summary>
    public int ManyMailsDue => 3 * MailsDue;

    /// <summary>Messages of one session whose server thinks for 50 ms.</summary>
    public int SlowMails => Quick ? 20 : 100;

    /// <summary>Customers whose mail several workers share.</summary>
    public int SharedMailsDue => Quick ? 1_200 : 7_000;

    /// <summary>In a short run the helpers have hardly begun when all is sent, and the start of the programs is most of it: it shows that it works.</summary>
    public double ThreeWorkersTarget => Quick ? 0.1 : 2.7;

    public double TwoWorkersTarget => Quick ? 0.1 : 1.8;

    /// <summary>In a short run it is the start of .NET and the compiling of methods that is measured.</summary>
    public double TransportTarget => Quick ? 0.1 : 1;

    public double StageTarget => Quick ? 0.02 : 0.5;

    /// <summary>Flushing waits for the disk; what it may add to a time, and what it must leave of a rate.</summary>
    public double DurableImportTarget => Quick ? 3 : 1.5;

    public double DurableStageTarget => Quick ? 0.1 : 0.7;

    /// <summary>All that the keys do, as a share of the time of the whole.</summary>
    public double SealingTarget => Quick ? 1 : 0.2;

    public double SessionsTarget => Quick ? 6 : 12;

    /// <summary>Cases over which <c>status</c> is measured.</summary>
    public int StatusCases => Quick ? 20_000 : 1_000_000;

    /// <summary>A look is short.</summary>
    public int StatusRuns => Quick ? 1 : 5;

    /// <summary>One look at everything, in seconds; a short run has a build that is compiled while it runs, on a busy machine.</summary>
    public double StatusTarget => Quick ? 3 : 1;

    /// <summary>Null: wrong usage.</summary>
    public static Options? Parse(IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0 || arguments[0] is not ("import" or "cycle" or "mail" or "workers" or "responses" or "explain" or "status" or "simulate" or "all"))
        {
            return null;
        }

        var quick = arguments.Contains("--quick");
        var options = new Options { What = arguments[0], Quick = quick, Rows = quick ? 20_000 : 300_000, Stored = quick ? 20_000 : 10_000_000, Responses = quick ? 20_000 : 1_000_000, Runs = quick ? 1 : 3 };
        for (var i = 1; i < arguments.Count; i++)
        {
            if (arguments[i] == "--quick")
            {
                continue;
            }

            if (++i == arguments.Count)
            {
                return null;
            }

            switch (arguments[i - 1])
            {
                case "--rows" when Positive(arguments[i]) is { } rows:
                    options = options with { Rows = rows };
                    break;
                case "--cases" when Positive(arguments[i]) is { } cases && cases >= (quick ? 1 : 10) * StoreSizes.Smallest:
                    options = options with { Stored = cases };
                    break;
                case "--responses" when Positive(arguments[i]) is { } responses:
                    options = options with { Responses = responses };
                    break;
                case "--runs" when Positive(arguments[i]) is { } runs:
                    options = options with { Runs = runs };
                    break;
                case "--json":
                    options = options with { JsonPath = arguments[i] };
                    break;
                case "--program":
                    options = options with { Program = arguments[i] };
                    break;
                default:
                    return null;
            }
        }

        return options;
    }

    private static int? Positive(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
}

/// <summary>Two stores that are compared.</summary>
/// <param name="Due">How many cases are due on a day.</param>
/// <param name="Few">How many are stored in the one.</param>
/// <param name="Many">How many are stored in the other.</param>
/// <param name="Months">In how many months they came.</param>
internal sealed record StoreSizes(int Due, int Few, int Many, int Months)
{
    /// <summary>What the larger store must have, so that ten cases are due on a day.</summary>
    public const int Smallest = 10_000;

    /// <summary>A store beside one of a tenth, of which again a tenth is open: enough for a first contact of all who are due on the days.</summary>
    public static StoreSizes Of(int stored, int months)
    {
        var many = stored / Smallest * Smallest;
        return new(Math.Min(10_000, many / 5_000 * 10), many / 10, many, months);
    }
}
