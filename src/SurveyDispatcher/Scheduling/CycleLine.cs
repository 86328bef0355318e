using System.Collections;
using System.Globalization;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Scheduling;

/// <summary>The one line of a log that tells all of a cycle: each field has a name, in text and in JSON alike.</summary>
internal sealed class CycleLine : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly List<KeyValuePair<string, object?>> fields;

    /// <param name="asOf">The instant that dated the cycle.</param>
    /// <param name="outcome">done, failed or stopped.</param>
    /// <param name="took">How long it took.</param>
    /// <param name="problems">How many problems there were; each has a line of its own.</param>
    /// <param name="result">What it did; null when it could not end by itself.</param>
    public CycleLine(string asOf, string outcome, TimeSpan took, int problems, CycleResult? result)
    {
        fields = [new("asOf", asOf), new("outcome", outcome), new("seconds", Math.Round(took.TotalSeconds, 3)), new("problems", (long)problems)];
        if (result?.Queues is { } queues)
        {
            fields.AddRange([new("queuedMails", queues.Mail), new("queuedForPhone", queues.Phone), new("queuedWithdrawals", queues.Withdrawals)]);
        }

        foreach (var (name, count) in result?.Counts.Numbers() ?? [])
        {
            fields.Add(new(name, count));
        }
    }

    /// <inheritdoc/>
    public int Count => fields.Count;

    /// <inheritdoc/>
    public KeyValuePair<string, object?> this[int index] => fields[index];

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => fields.GetEnumerator();

    /// <summary>As text: <c>Cycle done: asOf=... outcome=done ...</c></summary>
    public override string ToString()
    {
        var all = string.Join(' ', fields.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Key}={f.Value}")));
        return Say(fields[1].Value switch
        {
            "done" => $"Cycle done: {all}",
            "failed" => $"Cycle failed: {all}",
            _ => $"Cycle stopped: {all}",
        });
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
