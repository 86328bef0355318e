using System.Collections;
using Microsoft.Extensions.Logging;
using Survey.Domain;

namespace SurveyDispatcher.Scheduling;

/// <summary>A line of the log in the language of the service. What it is about stands beside it as fields, which are the same in every language.</summary>
internal sealed class SpokenLine : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly string text;
    private readonly KeyValuePair<string, object?>[] fields;

    /// <param name="line">The sentence.</param>
    /// <param name="fields">What programs look for in JSON.</param>
    public SpokenLine(Phrase line, (string Name, object? Value)[] fields)
    {
        text = Texts.Say(line);
        this.fields = Array.ConvertAll(fields, f => KeyValuePair.Create(f.Name, f.Value));
    }

    /// <inheritdoc/>
    public int Count => fields.Length;

    /// <inheritdoc/>
    public KeyValuePair<string, object?> this[int index] => fields[index];

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => fields.AsEnumerable().GetEnumerator();

    /// <summary>The sentence.</summary>
    public override string ToString() => text;

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>How the service writes into its log.</summary>
internal static class SpokenLog
{
    /// <summary>Writes a line.</summary>
    public static void Tell(this ILogger log, LogLevel level, Phrase line, params (string Name, object? Value)[] fields) =>
        log.Log(level, default, new SpokenLine(line, fields), null, static (said, _) => said.ToString());
}
