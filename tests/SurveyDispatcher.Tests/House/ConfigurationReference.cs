using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Survey.Domain;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.Tests.House;

/// <summary>
/// The reference of the configuration, made of what the program itself accepts: settings of their classes (names, defaults, ranges, and the words above them),
/// the other files of what their readers ask for. What a key of those means is written in its schema, the only place for it.
/// </summary>
internal static partial class ConfigurationReference
{
    private const string Dialect = "https://json-schema.org/draft/2020-12/schema";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] WrittenByHand = ["description", "default", "enum", "examples", "minItems", "propertyNames"];

    /// <summary>The schemas by file name; those of JSON files keep from <paramref name="committed"/> what people have written.</summary>
    public static Dictionary<string, string> Schemas(Func<string, string?> committed) => new()
    {
        ["appsettings.schema.json"] = Settings().ToJsonString(Indented) + "\n",
        ["programme.schema.json"] = Of("programme.schema.json", root => ProgrammeFile.Read(root, "", []), committed),
        ["vendor.schema.json"] = Of("vendor.schema.json", root => VendorFile.Read(root, null), committed),
        ["source.schema.json"] = Of("source.schema.json", root => SourceFile.Read(root, "", []), committed),
    };

    /// <summary>docs/configuration.md.</summary>
    public static string Document(IReadOnlyDictionary<string, string> schemas)
    {
        var text = new StringBuilder(
            """
            # Configuration, key by key

            Written by `tests/SurveyDispatcher.Tests/House/ConfigurationReferenceTests.cs` from what the program accepts; don't edit it, run
            `UPDATE_DOCS=1 dotnet test tests/SurveyDispatcher.Tests --filter FullyQualifiedName~ConfigurationReference`.

            | file | holds |
            | --- | --- |
            | [`appsettings.json`](#appsettingsjson) | the host: folders, store, mail, schedule |
            | [`programme.json`](#programmejson) | the markets and who is asked when: [adding-a-market.md](adding-a-market.md) |
            | [`sources/NAME.json`](#sourcesnamejson) | a dealer system: [adding-a-dms.md](adding-a-dms.md) |
            | [`vendor.json`](#vendorjson) | the call centre's layouts, codes and times, where they are not the contract's: [vendor.md](vendor.md#for-our-operators) |
            | `templates/LANGUAGE/messages.json` | the mails: [templates.md](templates.md), [adding-a-language.md](adding-a-language.md) |
            | `questionnaires/NAME.json` | the questions: [questionnaires.md](questionnaires.md) |

            A key that is not here is an error, and so is a value out of its range; `config check` tells all of them, with file and place. Where a key has no
            default and is not required, the last column says what its absence means. Editors complete and check the files by the schemas in
            `config/schema/`, when the first key of a file is `"$schema": "schema/programme.schema.json"` (in `sources/`: `../schema/source.schema.json`).


            """.ReplaceLineEndings("\n"));
        Section(text, "appsettings.json", JsonNode.Parse(schemas["appsettings.schema.json"])!.AsObject(), ":",
            "Each can come from the environment, too: `SURVEY_` and the key, with `__` for the colon, as in `SURVEY_Mail__Port=2525`. The environment counts more than the file.");
        Section(text, "programme.json", JsonNode.Parse(schemas["programme.schema.json"])!.AsObject(), ".", "`*` is a market's country code, such as `AU`. A change counts from the next cycle on.");
        Section(text, "sources/NAME.json", JsonNode.Parse(schemas["source.schema.json"])!.AsObject(), ".", "`*` is a column of [extract.md](extract.md). Of the sources whose `filePattern` fits a file's name, the first by name counts.");
        Section(text, "vendor.json", JsonNode.Parse(schemas["vendor.schema.json"])!.AsObject(), ".", "The file may be missing. `*` is a market's code below `markets`, else what stands on the left of the colon: one of our columns, one of his codes or values.");
        return text.ToString();
    }

    /// <summary>Keys whose meaning nobody has written.</summary>
    public static IEnumerable<string> Undescribed(JsonObject schema, string path = "")
    {
        foreach (var (key, node) in Children(schema))
        {
            var at = path.Length == 0 ? key : $"{path}.{key}";
            if (node["description"]?.GetValue<string>() is not { Length: > 0 })
            {
                yield return at;
            }

            foreach (var below in Undescribed(node, at))
            {
                yield return below;
            }
        }
    }

    /// <summary>The keys below a schema: properties, any name, elements of a list.</summary>
    public static IEnumerable<(string Key, JsonObject Schema)> Children(JsonObject schema)
    {
        foreach (var (key, node) in schema["properties"]?.AsObject() ?? [])
        {
            if (key != "$schema")
            {
                yield return (key, node!.AsObject());
            }
        }

        if (schema["additionalProperties"] is JsonObject any)
        {
            yield return ("*", any);
        }
    }

    private static string Of(string file, Action<ConfigNode> read, Func<string, string?> committed)
    {
        var asked = new List<ConfigQuestion>();
        read(ConfigNode.Asking(asked));
        var old = committed(file) is { } text ? JsonNode.Parse(text)!.AsObject() : [];
        var schema = new JsonObject
        {
            ["$schema"] = Dialect, ["description"] = old["description"]?.DeepClone(), ["type"] = "object",
        };
        Fill(schema, "", asked, old);
        schema["properties"]!.AsObject().Insert(0, "$schema", new JsonObject { ["type"] = "string" });
        return schema.ToJsonString(Indented) + "\n";
    }

    private static void Fill(JsonObject schema, string path, List<ConfigQuestion> asked, JsonObject old)
    {
        var below = asked.Where(q => Parent(q.Path) == path).ToList();
        var properties = new JsonObject();
        foreach (var question in below)
        {
            var key = question.Path[(path.Length == 0 ? 0 : path.Length + 1)..];
            var before = (key == "*" ? old["additionalProperties"] : old["properties"]?[key]) as JsonObject ?? [];
            var node = new JsonObject { ["description"] = "" };
            foreach (var word in WrittenByHand.Where(before.ContainsKey))
            {
                node[word] = before[word]?.DeepClone();
            }

            Describe(node, question);
            if (question.Type == "object")
            {
                Fill(node, question.Path, asked, before);
            }

            if (key == "*")
            {
                schema["additionalProperties"] = node;
            }
            else
            {
                properties[key] = node;
            }
        }

        if (properties.Count > 0 || path.Length == 0)
        {
            schema["properties"] = properties;
        }

        if (below.Where(q => q.Required && !q.Path.EndsWith('*')).Select(q => (JsonNode?)JsonValue.Create(q.Path[(path.Length == 0 ? 0 : path.Length + 1)..])).ToArray() is { Length: > 0 } required)
        {
            schema["required"] = new JsonArray(required);
        }

        schema["additionalProperties"] ??= false;
    }

    private static string Parent(string path) => path.LastIndexOf('.') is >= 0 and var dot ? path[..dot] : "";

    private static void Describe(JsonObject node, ConfigQuestion question)
    {
        JsonObject Number(JsonObject target)
        {
            target["type"] = "integer";
            target["minimum"] = question.Min;
            target["maximum"] = question.Max;
            return target;
        }

        switch (question.Type)
        {
            case "text":
                node["type"] = "string";
                break;
            case "date":
                (node["type"], node["format"]) = ("string", "date");
                break;
            case "time":
                (node["type"], node["pattern"]) = ("string", "^([01][0-9]|2[0-4]):[0-5][0-9]$");
                break;
            case "whole number":
                Number(node);
                break;
            case "share":
                (node["type"], node["exclusiveMinimum"], node["maximum"]) = ("number", 0, 1);
                break;
            case "true or false":
                node["type"] = "boolean";
                break;
            case "list of texts":
                (node["type"], node["items"]) = ("array", new JsonObject { ["type"] = "string" });
                break;
            case "list of whole numbers":
                (node["type"], node["items"]) = ("array", Number([]));
                break;
            case "object":
                node["type"] = "object";
                break;
            case "list of objects":
                node["type"] = "array";
                break;
            default:
                throw new InvalidOperationException($"{question.Path} has the type '{question.Type}', for which the reference has no words.");
        }
    }

    private static JsonObject Settings()
    {
        var documents = XDocument.Load(Path.Combine(AppContext.BaseDirectory, "SurveyDispatcher.xml")).Descendants("member").ToDictionary(m => m.Attribute("name")!.Value, StringComparer.Ordinal);
        var schema = new JsonObject { ["$schema"] = Dialect, ["description"] = "The host settings of SurveyPipeline.", ["type"] = "object" };
        Fill(schema, typeof(Settings), new Settings(), documents);
        schema["properties"]!.AsObject().Insert(0, "$schema", new JsonObject { ["type"] = "string" });
        return schema;
    }

    private static void Fill(JsonObject schema, Type type, object instance, Dictionary<string, XElement> documents)
    {
        var properties = new JsonObject();
        foreach (var property in type.GetProperties().Where(p => p.CanWrite))
        {
            var node = new JsonObject { ["description"] = Words(documents.GetValueOrDefault($"P:{type.FullName}.{property.Name}")) };
            var value = property.GetValue(instance);
            if (property.PropertyType.IsClass && property.PropertyType != typeof(string) && property.PropertyType != typeof(string[]))
            {
                node["type"] = "object";
                Fill(node, property.PropertyType, value ?? Activator.CreateInstance(property.PropertyType)!, documents);
            }
            else
            {
                Value(node, property, value);
            }

            properties[property.Name] = node;
        }

        schema["properties"] = properties;
        schema["additionalProperties"] = false;
    }

    private static void Value(JsonObject node, PropertyInfo property, object? value)
    {
        var type = property.PropertyType;
        (node["type"], node["default"]) = type switch
        {
            _ when type == typeof(bool) => ("boolean", JsonValue.Create((bool)value!)),
            _ when type == typeof(int) => ("integer", JsonValue.Create((int)value!)),
            _ when type == typeof(double) => ("number", JsonValue.Create((double)value!)),
            _ when type == typeof(decimal) => ("number", JsonValue.Create((decimal)value!)),
            _ when type == typeof(string[]) => ("array", new JsonArray([.. ((string[])value!).Select(v => (JsonNode?)v)])),
            _ when type.IsEnum => ("string", JsonValue.Create(value!.ToString())),
            _ when type == typeof(string) => ("string", (JsonNode?)JsonValue.Create((string?)value)),
            _ => throw new InvalidOperationException($"{property.DeclaringType!.Name}.{property.Name} is a {type.Name}, for which the reference has no words: add them to ConfigurationReference.Value."),
        };
        if (type == typeof(string[]))
        {
            node["items"] = new JsonObject { ["type"] = "string" };
        }

        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            node["minimum"] = JsonSerializer.SerializeToNode(range.Minimum);
            node["maximum"] = JsonSerializer.SerializeToNode(range.Maximum);
        }

        if (type.IsEnum)
        {
            node["enum"] = new JsonArray([.. Enum.GetNames(type).Select(n => (JsonNode?)n)]);
        }
        else if (property.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed)
        {
            node["enum"] = new JsonArray([.. allowed.Values.Select(v => (JsonNode?)v!.ToString())]);
        }
    }

    /// <summary>The summary and remarks above a member as plain text, code in back-ticks.</summary>
    private static string Words(XElement? member)
    {
        var text = new StringBuilder();
        foreach (var node in member?.Elements().Where(e => e.Name.LocalName is "summary" or "remarks").SelectMany(e => e.Nodes().Append(new XText(" "))) ?? [])
        {
            text.Append(node switch
            {
                XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
                XElement { Name.LocalName: "see" } see => $"`{Regex.Replace(see.Attribute("cref")?.Value.Split('.')[^1] ?? "", "^.:", "")}`",
                XElement other => other.Value,
                XText plain => plain.Value,
                _ => "",
            });
        }

        return Spaces().Replace(text.ToString(), " ").Trim();
    }

    private static void Section(StringBuilder text, string file, JsonObject schema, string separator, string words)
    {
        text.Append(CultureInfo.InvariantCulture, $"## {file}\n\n{words}\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
        Rows(text, schema, "", separator);
        text.Append('\n');
    }

    private static void Rows(StringBuilder text, JsonObject schema, string path, string separator)
    {
        var required = schema["required"]?.AsArray().Select(r => r!.GetValue<string>()).ToHashSet() ?? [];
        foreach (var (key, node) in Children(schema))
        {
            var at = path.Length == 0 ? key : $"{path}{separator}{key}";
            text.Append(CultureInfo.InvariantCulture, $"| `{at}` | {Kind(node)} | {Default(node, required.Contains(key))} | {Cell(node["description"]?.GetValue<string>() ?? "")} |\n");
            Rows(text, node, at, separator);
        }
    }

    private static string Default(JsonObject node, bool required) => required ? "required"
        : node["default"] is not { } value ? ""
        : value is JsonValue text && text.TryGetValue(out string? said) ? (said.Length == 0 ? "empty" : $"`{Cell(said)}`")
        : value is JsonArray { Count: 0 } ? "none"
        : $"`{Cell(value.ToJsonString(Indented))}`";

    private static string Kind(JsonObject node)
    {
        var number = node["items"] is JsonObject items && items["minimum"] is not null ? items : node;
        var range = number["minimum"] is { } min ? $" {Number(min)} to {Number(number["maximum"]!)}" : "";
        var allowed = node["enum"] is JsonArray values ? string.Join(", ", values.Select(v => $"`{v}`")) : "";
        return node["type"]!.GetValue<string>() switch
        {
            "integer" => $"whole number{range}",
            "number" => $"number{range}",
            "boolean" => "`true` or `false`",
            "string" when allowed.Length > 0 => allowed,
            "string" when node["format"] is not null => "date, `yyyy-MM-dd`",
            "string" when node["pattern"]?.GetValue<string>().Contains("2[0-4]", StringComparison.Ordinal) == true => "time, `HH:mm`",
            "string" => "text",
            "array" when node["items"]?["type"]?.GetValue<string>() == "integer" => $"list of whole numbers{range}",
            "array" when node["items"] is null => "list of objects",
            "array" => "list of texts",
            _ => "object",
        };
    }

    private static string Number(JsonNode number) => number.GetValue<JsonElement>().GetDecimal().ToString("#,0.####", CultureInfo.InvariantCulture);

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
