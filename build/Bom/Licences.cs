using System.Text;
using System.Text.Json.Nodes;

namespace Bom;

/// <summary>The licences of what is published, for whoever passes it on: a list, and the texts that the packages bring along.</summary>
internal static class Licences
{
    /// <summary>Writes them into a folder.</summary>
    public static void Write(string folder, IEnumerable<JsonObject> components, List<string> packageFolders)
    {
        Directory.CreateDirectory(folder);
        var list = new StringBuilder("Packages in this program, with their licences. A folder of the same name has the texts that a package brings along.\n\n");
        foreach (var component in components.Where(c => c["purl"] is not null && c["scope"]!.GetValue<string>() == "required"))
        {
            var (name, version) = (component["name"]!.GetValue<string>(), component["version"]!.GetValue<string>());
            var licence = component["licenses"]?[0] is not { } first ? "none named"
                : first["expression"]?.GetValue<string>() ?? first["license"]!["id"]?.GetValue<string>() ?? first["license"]!["url"]?.GetValue<string>() ?? first["license"]!["name"]!.GetValue<string>();
            list.Append(name).Append(' ').Append(version).Append(": ").Append(licence).Append('\n');
            IEnumerable<string> texts = FolderOf(name, version, packageFolders) is { } package ? Directory.EnumerateFiles(package, "*", SearchOption.AllDirectories).Where(IsText).Order(StringComparer.Ordinal) : [];
            foreach (var text in texts)
            {
                var target = Path.Combine(folder, $"{name}-{version}", Path.GetFileName(text));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(text, target, overwrite: true);
            }
        }

        File.WriteAllText(Path.Combine(folder, "LICENCES.txt"), list.ToString());
    }

    /// <summary>Where a package lies; null when it is in none of the folders.</summary>
    public static string? FolderOf(string name, string version, List<string> folders) =>
        folders.Select(f => Path.Combine(f, name.ToLowerInvariant(), version)).FirstOrDefault(Directory.Exists);

    private static bool IsText(string path)
    {
        var name = Path.GetFileName(path).ToUpperInvariant();
        return Path.GetExtension(name) is "" or ".TXT" or ".MD"
            && (name.StartsWith("LICENSE", StringComparison.Ordinal) || name.StartsWith("LICENCE", StringComparison.Ordinal) || name.StartsWith("NOTICE", StringComparison.Ordinal) || name.StartsWith("THIRD-PARTY", StringComparison.Ordinal));
    }
}
