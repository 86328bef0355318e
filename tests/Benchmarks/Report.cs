using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Benchmarks;

/// <summary>One verdict: a figure against its peer of the same run, and what their ratio may be.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Unit"><c>s</c>, <c>MiB</c> or <c>/s</c>.</param>
/// <param name="Samples">One figure a run.</param>
/// <param name="PeerName">What it is compared with.</param>
/// <param name="PeerSamples">One figure a run; a single one when the peer is a fixed budget.</param>
/// <param name="Target">The largest ratio that passes; of a rate, the smallest.</param>
internal sealed record Measure(
    string Name, string Unit, IReadOnlyList<double> Samples, string PeerName, IReadOnlyList<double> PeerSamples, double Target)
{
    public double Value => Median(Samples);

    public double PeerValue => Median(PeerSamples);

    public double Ratio => Value / PeerValue;

    public bool Passed => IsRate ? Ratio >= Target : Ratio <= Target;

    public bool IsRate => Unit == "/s";

    private static double Median(IReadOnlyList<double> samples)
    {
        var sorted = samples.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}

/// <summary>The table for people and the JSON for programs.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>A Markdown table, so that it can be pasted into docs/benchmarks.md as it stands.</summary>
    public static string Table(IReadOnlyList<Measure> measures)
    {
        string[][] rows =
        [
            ["measure", "median", "peer of the same run", "median", "ratio", "target", "verdict"],
            .. measures.Select(m => new[]
            {
                m.Name, Figure(m.Value, m.Unit), m.PeerName, Figure(m.PeerValue, m.Unit), Number(m.Ratio), $"{(m.IsRate ? ">=" : "<=")} {Number(m.Target)}", m.Passed ? "pass" : "FAIL",
            }),
        ];
        var widths = Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length)).ToList();
        var text = new StringBuilder();
        for (var r = 0; r < rows.Length; r++)
        {
            text.Append("| ").AppendJoin(" | ", rows[r].Select((cell, c) => cell.PadRight(widths[c]))).AppendLine(" |");
            if (r == 0)
            {
                text.Append("| ").AppendJoin(" | ", widths.Select(w => new string('-', w))).AppendLine(" |");
            }
        }

        return text.ToString();
    }

    /// <summary>Everything, single runs included.</summary>
    public static string Json(IReadOnlyList<Measure> measures, Options options, DateTimeOffset at) => JsonSerializer.Serialize(
        new
        {
            at,
            machine = new { system = RuntimeInformation.OSDescription, cores = Environment.ProcessorCount, runtime = RuntimeInformation.FrameworkDescription },
            options.Quick,
            options.Rows,
            options.Stored,
            options.Runs,
            passed = measures.All(m => m.Passed),
            measures,
        },
        Indented);

    private static string Figure(double value, string unit) => $"{value.ToString(unit == "s" ? "F2" : "F0", CultureInfo.InvariantCulture)} {unit}";

    private static string Number(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}
