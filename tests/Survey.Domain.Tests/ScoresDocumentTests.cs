using System.Globalization;

namespace Survey.Domain.Tests;

/// <summary>The example in docs/scores.md is what the program computes.</summary>
public class ScoresDocumentTests
{
    [Fact]
    public void TheExampleIsWhatTheProgramComputes()
    {
        var lines = Example();
        var groups = lines.ToDictionary(l => l[0], l => Tallies.Of(string.Join(' ', Enumerable.Range(1, 5).Select(i => $"{6 - i}*{l[i]}"))), StringComparer.Ordinal);

        Assert.Equal(6, lines.Length);
        Assert.Equal(
            lines.Select(l => string.Join(" | ", l)),
            Ranking.Of([.. groups.Select(g => new Contender(g.Key, g.Value))], minimumResponses: 10).Select(s => Line(s, groups[s.Key])));
    }

    private static string Line(Standing standing, ScoreTally tally)
    {
        var score = Score.Of(tally);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{standing.Key} | {string.Join(" | ", Enumerable.Range(1, 5).Select(i => tally.Overall(6 - i)))} | {Words(score.CompletelySatisfied!.Value, 100, " %")}"
            + $" | {Words(score.Index!.Value, 1, "")} | {standing.Rank?.ToString(CultureInfo.InvariantCulture) ?? "too few"}"
            + $" | {(standing.Likely is { } likely ? $"{likely.Best}-{likely.Worst}" : "")} | {standing.Block}");
    }

    private static string Words(Estimate estimate, double times, string unit) => string.Create(
        CultureInfo.InvariantCulture,
        $"{estimate.Value * times:0.0}{unit}{(estimate.Interval is { } i ? string.Create(CultureInfo.InvariantCulture, $" ({i.Low * times:0.0}-{i.High * times:0.0})") : "")}");

    /// <summary>The rows of the table under the heading "An example", each as its cells.</summary>
    private static string[][] Example() =>
    [
        .. File.ReadLines(Path.Combine(Root(), "docs", "scores.md"))
            .SkipWhile(l => l != "## An example").Skip(1)
            .TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal))
            .Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Skip(2)
            .Select(l => l[1..^1].Split('|').Select(c => c.Trim()).ToArray()),
    ];

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Directory.Packages.props")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }

        return folder;
    }
}
