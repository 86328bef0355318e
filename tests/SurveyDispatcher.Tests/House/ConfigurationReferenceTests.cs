using System.Text.Json;
using System.Text.Json.Nodes;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.House;

/// <summary>docs/configuration.md and config/schema/ say what the program accepts: they can't be wrong, only old.</summary>
public sealed class ConfigurationReferenceTests
{
    private const string Update = "UPDATE_DOCS";
    private const string Command = $"{Update}=1 dotnet test tests/SurveyDispatcher.Tests --filter FullyQualifiedName~ConfigurationReference";

    private static readonly string Root = Path.GetFullPath(Path.Combine(World.ShippedConfig, ".."));

    private static readonly Dictionary<string, string> Schemas = ConfigurationReference.Schemas(Committed);

    [Fact]
    public void TheCommittedReferenceIsWhatTheProgramAccepts()
    {
        var files = Schemas.ToDictionary(s => Path.Combine("config", "schema", s.Key), s => s.Value);
        files.Add(Path.Combine("docs", "configuration.md"), ConfigurationReference.Document(Schemas));
        foreach (var (file, expected) in files)
        {
            var path = Path.Combine(Root, file);
            if (Environment.GetEnvironmentVariable(Update) == "1")
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllText(path, expected);
            }

            var committed = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
            Assert.True(expected == committed, $"{file} is not what the program accepts. Renew it, and read its diff:\n    {Command}\n{FirstDifference(expected, committed)}");
        }
    }

    [Theory]
    [InlineData("appsettings.schema.json")]
    [InlineData("programme.schema.json")]
    [InlineData("source.schema.json")]
    [InlineData("vendor.schema.json")]
    public void EveryKeyIsDescribed(string file)
    {
        var missing = ConfigurationReference.Undescribed(JsonNode.Parse(Schemas[file])!.AsObject()).ToList();

        Assert.True(missing.Count == 0, file.StartsWith("appsettings", StringComparison.Ordinal)
            ? $"Write a summary above: {string.Join(", ", missing)}. Then: {Command}"
            : $"Run {Command}, write the \"description\" of {string.Join(", ", missing)} in config/schema/{file} (and its \"default\", where leaving it out means a value), and run it again.");
    }

    /// <summary>Whoever leaves a key out gets what the reference says he gets.</summary>
    [Fact]
    public void LeavingOutAKeyOfTheProgrammeMeansItsDefault()
    {
        var schema = JsonNode.Parse(Schemas["programme.schema.json"])!.AsObject();
        var shipped = File.ReadAllText(Path.Combine(World.ShippedConfig, "programme.json"));
        var tried = 0;
        Try(schema, []);
        Assert.True(tried >= 6, $"{tried} defaults were tried.");

        void Try(JsonObject node, string[] path)
        {
            foreach (var (key, child) in ConfigurationReference.Children(node))
            {
                string[] at = [.. path, key == "*" ? "CN" : key];
                if (child["default"] is { } value)
                {
                    tried++;
                    Assert.True(Programme(shipped, at, null) == Programme(shipped, at, value), $"config/schema/programme.schema.json says that {string.Join('.', at)} is {value.ToJsonString()} where it is left out, and it is not.");
                }

                Try(child, at);
            }
        }
    }

    [Fact]
    public void AFileMayNameItsSchema()
    {
        using var world = new World();
        world.Edit("programme.json", json => json["$schema"] = "schema/programme.schema.json");
        world.Edit("appsettings.json", json => json["$schema"] = "schema/appsettings.schema.json");
        world.Edit("sources/in_dms.json", json => json["$schema"] = "../schema/source.schema.json");

        Assert.Empty(PipelineConfig.Check(ConfigFolder.OnDisk(world.Config)).Faults);
    }

    [Theory]
    [InlineData("appsettings.schema.json", "appsettings.json")]
    [InlineData("programme.schema.json", "programme.json")]
    [InlineData("source.schema.json", "sources/cn_dms.json", "sources/in_dms.json", "sources/jp_dms.json", "sources/tw_dms.json")]
    public void TheShippedFilesHaveOnlyKeysThatTheirSchemaKnows(string schema, params string[] files)
    {
        foreach (var file in files)
        {
            using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(World.ShippedConfig, file)));
            Known(json.RootElement, JsonNode.Parse(Schemas[schema])!.AsObject(), file);
        }

        static void Known(JsonElement element, JsonObject schema, string path)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                return;
            }

            foreach (var property in element.EnumerateObject())
            {
                var child = schema["properties"]?[property.Name] ?? schema["additionalProperties"] as JsonObject;
                Assert.True(child is JsonObject, $"{path}.{property.Name} is in no schema.");
                Known(property.Value, child!.AsObject(), $"{path}.{property.Name}");
            }
        }
    }

    /// <summary>The programme as a text, with a key set or taken out.</summary>
    private static string Programme(string text, string[] path, JsonNode? value)
    {
        var json = JsonNode.Parse(text)!.AsObject();
        var node = json;
        foreach (var key in path[..^1])
        {
            node = (node[key] ??= new JsonObject()).AsObject();
        }

        node.Remove(path[^1]);
        if (value is not null)
        {
            node[path[^1]] = value.DeepClone();
        }

        var faults = new List<ConfigFault>();
        var programme = ProgrammeFile.Read(ConfigNode.Parse(json.ToJsonString(), "programme.json", faults)!, "", faults);
        Assert.True(programme is not null, string.Join('\n', faults));
        return JsonSerializer.Serialize(programme);
    }

    private static string? Committed(string file) => Path.Combine(Root, "config", "schema", file) is var path && File.Exists(path) ? File.ReadAllText(path) : null;

    private static string FirstDifference(string expected, string committed)
    {
        var (now, then) = (expected.Split('\n'), committed.Split('\n'));
        var n = Enumerable.Range(0, now.Length).FirstOrDefault(i => i >= then.Length || now[i] != then[i]);
        return $"line {n + 1}\n  now:       {now[n]}\n  committed: {(n < then.Length ? then[n] : "")}";
    }
}
