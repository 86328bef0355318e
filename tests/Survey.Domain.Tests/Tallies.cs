using System.Globalization;

namespace Survey.Domain.Tests;

/// <summary>Tallies as a test would write them.</summary>
internal static class Tallies
{
    /// <summary>Answers with how often each was given, <c>5*21 4*10 none*2</c>; the shorter list is filled up with answers left out.</summary>
    public static ScoreTally Of(string overall, string recommend = "")
    {
        var (first, second) = (Answers(overall), Answers(recommend));
        return Of(Enumerable.Range(0, Math.Max(first.Length, second.Length)).Select(i => (
            i < first.Length ? first[i] ?? 0 : 0,
            i < second.Length ? second[i] ?? -1 : -1)));
    }

    public static ScoreTally Of(IEnumerable<(int Overall, int Recommend)> responses)
    {
        var tally = new ScoreTally();
        foreach (var (overall, recommend) in responses)
        {
            tally.Add(overall, recommend);
        }

        return tally;
    }

    private static int?[] Answers(string text) =>
    [
        .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(a => a.Split('*')).SelectMany(a => Enumerable.Repeat(
            a[0] == "none" ? (int?)null : int.Parse(a[0], CultureInfo.InvariantCulture),
            int.Parse(a[1], CultureInfo.InvariantCulture))),
    ];
}
