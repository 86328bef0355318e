using System.Globalization;
using System.Text.Json;
using Survey.Domain;

namespace SurveyDispatcher.Configuration;

/// <summary>A fault of the configuration.</summary>
/// <param name="File">The file.</param>
/// <param name="Path">Where in the file, as <c>markets.AU.sales.window</c>.</param>
/// <param name="Problem">What is wrong, and what would be right.</param>
public sealed record ConfigFault(string File, string Path, string Problem)
{
    /// <inheritdoc/>
    public override string ToString() => PlainText.Shown(Path.Length == 0 ? $"{File}: {Problem}" : $"{File}: {Path}: {Problem}");
}

/// <summary>A key that a reader asks for.</summary>
/// <param name="Path">Where, as <c>markets.*.sales.window.fromDay</c>: <c>*</c> is any name, <c>[]</c> an element of a list.</param>
/// <param name="Type">What is expected.</param>
/// <param name="Required">Whether it has to be there, if what it stands in is.</param>
/// <param name="Min">The least number.</param>
/// <param name="Max">The greatest number.</param>
internal sealed record ConfigQuestion(string Path, string Type, bool Required, int? Min, int? Max);

/// <summary>A JSON object that is read key by key; whatever was not read is an unknown key, and a fault.</summary>
/// <remarks>System.Text.Json stops at the first fault; head office wants to see all of them at once.</remarks>
internal sealed class ConfigNode
{
    private readonly JsonElement element;
    private readonly string file;
    private readonly string path;
    private readonly List<ConfigFault> faults;
    private readonly HashSet<string> read = new(StringComparer.Ordinal);
    private readonly List<ConfigQuestion>? asked;

    private ConfigNode(JsonElement element, string file, string path, List<ConfigFault> faults, List<ConfigQuestion>? asked = null)
    {
        this.asked = asked;
        this.element = element;
        this.file = file;
        this.path = path;
        this.faults = faults;
    }

    /// <summary>Parses a file; null, with the fault added, when it is missing or no JSON object.</summary>
    public static ConfigNode? Parse(ConfigFolder folder, string file, List<ConfigFault> faults)
    {
        if (folder.Text(file) is { } text)
        {
            return Parse(text, file, faults);
        }

        faults.Add(new ConfigFault(file, "", Say($"The file is missing from {folder.Name}.")));
        return null;
    }

    /// <summary>
    /// An object that is not there, and notes what a reader asks it for: the keys that it knows, their types and ranges. Objects below it are
    /// such objects, too; one whose keys are names has one, <c>*</c>.
    /// </summary>
    public static ConfigNode Asking(List<ConfigQuestion> asked)
    {
        using var nothing = JsonDocument.Parse("{}");
        return new ConfigNode(nothing.RootElement.Clone(), "", "", [], asked);
    }

    /// <summary>Parses a text; null, with the fault added, when it is no JSON object.</summary>
    public static ConfigNode? Parse(string text, string file, List<ConfigFault> faults)
    {
        try
        {
            using var document = StrictJson.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return new ConfigNode(document.RootElement.Clone(), file, "", faults);
            }

            faults.Add(new ConfigFault(file, "", Say($"A JSON object is expected.")));
        }
        catch (JsonException e)
        {
            faults.Add(new ConfigFault(file, "", Say($"No valid JSON: {e.Message}")));
        }

        return null;
    }

    /// <summary>The object as the file has it.</summary>
    public string Raw => element.GetRawText();

    public void Fault(string key, Phrase problem) => faults.Add(new ConfigFault(file, Join(key), Say(problem)));

    public bool Has(string key) => element.TryGetProperty(key, out _);

    public string Text(string key, string? fallback = null)
    {
        Ask(key, "text", fallback is null);
        if (Value(key, JsonValueKind.String, $"a text", fallback is null) is { } value)
        {
            return value.GetString()!;
        }

        return fallback ?? "";
    }

    /// <summary>A text that must say something.</summary>
    public string RequiredText(string key)
    {
        var before = faults.Count;
        var text = Text(key);
        if (faults.Count == before && string.IsNullOrWhiteSpace(text))
        {
            Fault(key, $"A text is expected, not an empty one.");
        }

        return text;
    }

    /// <summary>true or false.</summary>
    public bool Flag(string key, bool fallback)
    {
        Ask(key, "true or false", required: false);
        if (element.TryGetProperty(key, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            read.Add(key);
            return value.ValueKind == JsonValueKind.True;
        }

        Value(key, JsonValueKind.True, $"true or false", required: false);
        return fallback;
    }

    /// <summary>One of a few words.</summary>
    public string Word(string key, string fallback, params ReadOnlySpan<string> known)
    {
        var word = Text(key, fallback);
        if (known.Contains(word))
        {
            return word;
        }

        Fault(key, $"'{word}' is unknown. Known: {Listed(known.ToArray())}.");
        return fallback;
    }

    public int? Integer(string key, int min, int max, bool required = false)
    {
        Ask(key, "whole number", required, min, max);
        if (Value(key, JsonValueKind.Number, $"a number", required) is not { } value)
        {
            return null;
        }

        if (value.TryGetInt32(out var number) && number >= min && number <= max)
        {
            return number;
        }

        Fault(key, $"A whole number from {min} to {max} is expected, not {value.GetRawText()}.");
        return null;
    }

    /// <summary>A share, above 0 and up to 1, in millionths; null where the key is missing, or at fault.</summary>
    public int? Share(string key)
    {
        const int whole = 1_000_000;
        Ask(key, "share", required: false);
        if (Value(key, JsonValueKind.Number, $"a number", required: false) is not { } value)
        {
            return null;
        }

        if (value.TryGetDecimal(out var share) && share is > 0 and <= 1 && decimal.IsInteger(share * whole))
        {
            return (int)(share * whole);
        }

        Fault(key, $"A share above 0 and up to 1, to six decimals, such as 0.25 is expected, not {value.GetRawText()}.");
        return null;
    }

    public DateOnly Date(string key)
    {
        Ask(key, "date", required: true);
        var text = Text(key);
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            return date;
        }

        if (Has(key))
        {
            Fault(key, $"A date such as 2026-03-01 is expected, not '{text}'.");
        }

        return default;
    }

    public TimeOnly Time(string key)
    {
        Ask(key, "time", required: true);
        var text = Text(key);
        if (TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return time;
        }

        if (text == "24:00")
        {
            return TimeOnly.MaxValue;
        }

        if (Has(key))
        {
            Fault(key, $"A time such as 09:00 is expected, not '{text}'.");
        }

        return default;
    }

    public IReadOnlyList<string> Texts(string key, bool required = true)
    {
        Ask(key, "list of texts", required);
        if (Value(key, JsonValueKind.Array, $"a list of texts", required) is not { } value)
        {
            return [];
        }

        var texts = new List<string>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.String)
            {
                texts.Add(item.GetString()!);
            }
            else
            {
                Fault(key, $"A list of texts is expected; {item.GetRawText()} is none.");
            }
        }

        return texts;
    }

    /// <summary>A list of whole numbers; empty where the key is missing.</summary>
    public List<int> Integers(string key, int min, int max)
    {
        Ask(key, "list of whole numbers", required: false, min, max);
        var numbers = new List<int>();
        if (Value(key, JsonValueKind.Array, $"a list of numbers", required: false) is { } value)
        {
            foreach (var item in value.EnumerateArray())
            {
                if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) && number >= min && number <= max)
                {
                    numbers.Add(number);
                }
                else
                {
                    Fault(key, $"Whole numbers from {min} to {max} are expected; {item.GetRawText()} is none.");
                }
            }
        }

        return numbers;
    }

    public IReadOnlyDictionary<string, string> Map(string key, bool required = false)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Object(key, required) is { } node)
        {
            foreach (var property in node.Keys)
            {
                map[property] = node.Text(property);
            }
        }

        return map;
    }

    public IReadOnlyList<string> Keys => asked is not null ? ["*"] : [.. element.EnumerateObject().Select(p => p.Name)];

    public ConfigNode? Object(string key, bool required = false)
    {
        Ask(key, "object", required);
        return asked is not null ? new ConfigNode(element, file, Join(key), faults, asked)
            : Value(key, JsonValueKind.Object, $"an object", required) is { } value ? new ConfigNode(value, file, Join(key), faults) : null;
    }

    public IEnumerable<ConfigNode> Objects(string key, bool required = true)
    {
        Ask(key, "list of objects", required);
        if (asked is not null)
        {
            yield return new ConfigNode(element, file, $"{Join(key)}.[]", faults, asked);
        }

        if (Value(key, JsonValueKind.Array, $"a list of objects", required) is not { } value)
        {
            yield break;
        }

        var i = 0;
        foreach (var item in value.EnumerateArray())
        {
            var itemPath = $"{Join(key)}[{i++}]";
            if (item.ValueKind == JsonValueKind.Object)
            {
                yield return new ConfigNode(item, file, itemPath, faults);
            }
            else
            {
                faults.Add(new ConfigFault(file, itemPath, Say($"An object is expected.")));
            }
        }
    }

    /// <summary>Every key that nobody asked for is a fault: a mistyped key must not be ignored.</summary>
    public void NoMore()
    {
        foreach (var key in Keys.Where(k => !read.Contains(k) && (k != "$schema" || path.Length > 0))) // editors look for the schema there
        {
            Fault(key, $"Unknown key. Known here: {Listed(read.Order(StringComparer.Ordinal))}.");
        }
    }

    private JsonElement? Value(string key, JsonValueKind kind, Phrase expected, bool required)
    {
        read.Add(key);
        if (!element.TryGetProperty(key, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            if (required)
            {
                Fault(key, $"Missing: {expected} is expected.");
            }

            return null;
        }

        if (value.ValueKind == kind)
        {
            return value;
        }

        var found = value.GetRawText();
        var words = Say(expected);
        var first = $"{char.ToUpperInvariant(words[0])}{words[1..]}"; // an English sentence begins with it
        Fault(key, $"{first} is expected, not {(found.Length > 40 ? found[..40] + "..." : found)}.");
        return null;
    }

    private void Ask(string key, string type, bool required, int? min = null, int? max = null)
    {
        if (asked is not null && !asked.Exists(q => q.Path == Join(key)))
        {
            asked.Add(new ConfigQuestion(Join(key), type, required, min, max));
        }
    }

    private string Join(string key) => path.Length == 0 ? key : $"{path}.{key}";
}
