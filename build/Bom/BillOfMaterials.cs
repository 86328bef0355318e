using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace Bom;

/// <summary>A software bill of materials (CycloneDX 1.6) of what a restore has resolved.</summary>
/// <remarks>
/// It is made of <c>obj/project.assets.json</c>, which has all that the lock file has, the hashes among it, for the build flavour
/// that keeps no lock, too. Nobody is asked, and there is no clock and no chance in it: the same packages give the same bytes.
/// </remarks>
internal static class BillOfMaterials
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document.</summary>
    /// <param name="assets">The text of a <c>project.assets.json</c>.</param>
    /// <param name="packs">What is published along with the program and no package of it: the runtime, as NAME/VERSION.</param>
    /// <param name="licences">A folder for the texts of all licences; null: none is wanted.</param>
    public static string Of(string assets, IReadOnlyList<string> packs, string? licences)
    {
        var root = JsonNode.Parse(assets)!;
        var resolved = root["targets"]!.AsObject().First().Value!.AsObject().OrderBy(l => l.Key, StringComparer.Ordinal).ToList();
        var libraries = root["libraries"]!;
        var folders = root["packageFolders"]!.AsObject().Select(f => f.Key).ToList();
        var refs = resolved.ToDictionary(l => l.Key.Split('/')[0], l => RefOf(l.Key, l.Value!), StringComparer.OrdinalIgnoreCase);
        foreach (var pack in packs)
        {
            refs[pack.Split('/')[0]] = $"pkg:nuget/{pack.Replace('/', '@')}";
        }

        var direct = root["project"]!["frameworks"]!.AsObject().First().Value!["dependencies"]!.AsObject();
        var name = root["project"]!["restore"]!["projectName"]!.GetValue<string>();
        var version = root["project"]!["version"]!.GetValue<string>();
        var program = $"{name}@{version}";

        List<JsonObject> listed = [.. resolved.Select(l => Component(l.Key, l.Value!, libraries[l.Key]!, folders, direct)), .. packs.Select(p => Pack(p, folders))];
        if (licences is not null)
        {
            Licences.Write(licences, listed, folders);
        }

        var components = new JsonArray([.. listed]);
        var projects = resolved.Where(l => IsProject(l.Value!)).Select(l => l.Key.Split('/')[0]);
        var dependencies = new JsonArray([Dependency(program, direct.Select(d => d.Key).Concat(projects).Concat(packs.Select(p => p.Split('/')[0])), refs),
            .. packs.Select(p => Dependency($"pkg:nuget/{p.Replace('/', '@')}", [], refs)),
            .. resolved.Select(l => Dependency(refs[l.Key.Split('/')[0]], l.Value!["dependencies"]?.AsObject().Select(d => d.Key) ?? [], refs))]);
        var content = components.ToJsonString() + dependencies.ToJsonString() + program;
        return new JsonObject
        {
            ["$schema"] = "http://cyclonedx.org/schema/bom-1.6.schema.json",
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.6",
            ["serialNumber"] = $"urn:uuid:{Derived(content)}",
            ["version"] = 1,
            ["metadata"] = new JsonObject
            {
                ["component"] = new JsonObject { ["type"] = "application", ["bom-ref"] = program, ["name"] = name, ["version"] = version },
            },
            ["components"] = components,
            ["dependencies"] = dependencies,
        }.ToJsonString(Indented) + "\n";
    }

    private static bool IsProject(JsonNode resolved) => resolved["type"]!.GetValue<string>() == "project";

    private static string RefOf(string key, JsonNode resolved) => IsProject(resolved) ? key.Replace('/', '@') : $"pkg:nuget/{key.Replace('/', '@')}";

    private static JsonObject Component(string key, JsonNode resolved, JsonNode library, List<string> folders, JsonObject direct)
    {
        var (name, version) = (key.Split('/')[0], key.Split('/')[1]);
        var component = new JsonObject { ["type"] = "library", ["bom-ref"] = RefOf(key, resolved), ["name"] = name, ["version"] = version };
        if (IsProject(resolved))
        {
            return component;
        }

        // What only checks the sources (PrivateAssets="all") is no part of the program.
        component["scope"] = direct[name]?["suppressParent"]?.GetValue<string>() == "All" ? "excluded" : "required";
        component["hashes"] = new JsonArray(new JsonObject
        {
            ["alg"] = "SHA-512",
            ["content"] = Convert.ToHexStringLower(Convert.FromBase64String(library["sha512"]!.GetValue<string>())),
        });
        var path = library["path"]!.GetValue<string>();
        var specification = folders.Select(f => Path.Combine(f, path, $"{name.ToLowerInvariant()}.nuspec")).FirstOrDefault(File.Exists);
        if (specification is not null && Licence(XDocument.Load(specification)) is { } licence)
        {
            component["licenses"] = new JsonArray(licence);
        }

        component["purl"] = RefOf(key, resolved);
        return component;
    }

    /// <summary>The runtime that a published program brings along: no package of the restore, but fetched as one.</summary>
    private static JsonObject Pack(string pack, List<string> folders)
    {
        var (name, version) = (pack.Split('/')[0], pack.Split('/')[1]);
        var folder = Licences.FolderOf(name, version, folders) ?? throw new IOException($"the package {pack} is not in {string.Join(" or ", folders)}.");
        var hash = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, ".nupkg.metadata")))!["contentHash"]!.GetValue<string>();
        var component = new JsonObject
        {
            ["type"] = "framework", ["bom-ref"] = $"pkg:nuget/{name}@{version}", ["name"] = name, ["version"] = version, ["scope"] = "required",
            ["hashes"] = new JsonArray(new JsonObject { ["alg"] = "SHA-512", ["content"] = Convert.ToHexStringLower(Convert.FromBase64String(hash)) }),
        };
        if (Licence(XDocument.Load(Path.Combine(folder, $"{name.ToLowerInvariant()}.nuspec"))) is { } licence)
        {
            component["licenses"] = new JsonArray(licence);
        }

        component["purl"] = $"pkg:nuget/{name}@{version}";
        return component;
    }

    /// <summary>An SPDX expression, the name of a file in the package, or an address; null when the package names none.</summary>
    private static JsonObject? Licence(XDocument specification)
    {
        var metadata = specification.Root!.Elements().First(e => e.Name.LocalName == "metadata");
        string? Text(string name) => metadata.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value.Trim();
        var type = metadata.Elements().FirstOrDefault(e => e.Name.LocalName == "license")?.Attribute("type")?.Value;
        return (type, Text("license"), Text("licenseUrl")) switch
        {
            ("expression", { } id, _) when !id.Contains(' ', StringComparison.Ordinal) => new JsonObject { ["license"] = new JsonObject { ["id"] = id } },
            ("expression", { } expression, _) => new JsonObject { ["expression"] = expression },
            ("file", { } file, _) => new JsonObject { ["license"] = new JsonObject { ["name"] = $"{file} in the package" } },
            (_, _, { Length: > 0 } url) => new JsonObject { ["license"] = new JsonObject { ["name"] = "see the address", ["url"] = url } },
            _ => null,
        };
    }

    private static JsonObject Dependency(string from, IEnumerable<string> on, Dictionary<string, string> refs) => new()
    {
        ["ref"] = from,
        ["dependsOn"] = new JsonArray([.. on.Where(refs.ContainsKey).Select(n => refs[n]).Distinct().Order(StringComparer.Ordinal).Select(r => (JsonNode)r)]),
    };

    /// <summary>A UUID that says what it is of (RFC 9562, version 8), so that two documents of one content are one.</summary>
    private static Guid Derived(string content)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(content)).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
