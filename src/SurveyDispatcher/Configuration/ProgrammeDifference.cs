using System.Text.Json;
using System.Text.Json.Serialization;

namespace SurveyDispatcher.Configuration;

/// <summary>One place in which two programmes differ.</summary>
/// <param name="Path">Where, as <c>markets.AU.sales.window.toDay</c>.</param>
/// <param name="Before">The value as JSON; null: it was not there.</param>
/// <param name="After">The value as JSON; null: it is no longer there.</param>
public sealed record ProgrammeDifference(string Path, string? Before, string? After)
{
    /// <summary>One of those of which no comparison of cases can tell what they do: they depend on customers' contact data, which is sealed.</summary>
    [JsonIgnore]
    public bool IsNotCounted => Path == "contact.restDays" || Path.StartsWith("placeholderEmails", StringComparison.Ordinal) || Path.Contains(".dialling.", StringComparison.Ordinal);

    /// <summary>Where two texts of programme.json differ, in the order of the paths; lists are compared as a whole. White space and the order of keys are no difference.</summary>
    public static IReadOnlyList<ProgrammeDifference> Between(string before, string after)
    {
        using var old = StrictJson.Parse(before);
        using var now = StrictJson.Parse(after);
        var differences = new List<ProgrammeDifference>();
        Compare("", old.RootElement, now.RootElement, differences);
        return differences;
    }

    private static void Compare(string path, JsonElement before, JsonElement after, List<ProgrammeDifference> differences)
    {
        if (before.ValueKind == JsonValueKind.Object && after.ValueKind == JsonValueKind.Object)
        {
            var (old, now) = (Properties(before), Properties(after));
            foreach (var key in old.Keys.Union(now.Keys).Order(StringComparer.Ordinal))
            {
                var at = path.Length == 0 ? key : $"{path}.{key}";
                switch (old.TryGetValue(key, out var was), now.TryGetValue(key, out var value))
                {
                    case (true, true):
                        Compare(at, was, value, differences);
                        break;
                    case (true, false):
                        differences.Add(new ProgrammeDifference(at, Compact(was), null));
                        break;
                    default:
                        differences.Add(new ProgrammeDifference(at, null, Compact(value)));
                        break;
                }
            }
        }
        else if (!JsonElement.DeepEquals(before, after))
        {
            differences.Add(new ProgrammeDifference(path, Compact(before), Compact(after)));
        }
    }

    private static Dictionary<string, JsonElement> Properties(JsonElement element) =>
        element.EnumerateObject().ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal);

    private static string Compact(JsonElement value) => JsonSerializer.Serialize(value, Plain);

    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
