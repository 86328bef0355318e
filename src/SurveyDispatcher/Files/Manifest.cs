using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SurveyDispatcher.Files;

/// <summary>What stands beside every list, so that the vendor can see that he has all of it, and every list (contracts.md, <i>Files out</i>; docs/vendor.md).</summary>
/// <param name="File">The list's name.</param>
/// <param name="Rows">Data rows.</param>
/// <param name="Sha256">Of the list's bytes.</param>
/// <param name="Market">The market.</param>
/// <param name="CreatedAt">When: ISO 8601 with the market's offset.</param>
/// <param name="Sequence">The list's number in the one series of everything that this store hands to the vendor.</param>
/// <param name="Previous">The name of the list before it in the series; null for the first.</param>
/// <param name="Kind">phone, withdrawals.</param>
/// <param name="Survey">sales, service; empty for withdrawals.</param>
/// <param name="Cases">How many different cases there are.</param>
/// <param name="CaseNumberTotal">The sum of the digits behind the hyphen of each case id, read as a number.</param>
/// <param name="Phone1DigitTotal">The sum of all digits of all phone_1; null where a list has no such column.</param>
public sealed record Manifest(
    string File, long Rows, string Sha256, string Market, string CreatedAt, long Sequence, string? Previous, string Kind, string Survey,
    long Cases, long CaseNumberTotal, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Phone1DigitTotal)
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private const string Suffix = ".manifest.json";

    /// <summary>The manifest's path for a list.</summary>
    public static string PathOf(string list) => list + Suffix;

    /// <summary>The manifests of a folder whose list lies beside them, of a day and later by their names.</summary>
    public static IEnumerable<string> OfListsSince(DateOnly since, string folder) => !Directory.Exists(folder) ? [] : Directory.EnumerateFiles(folder, "*" + Suffix)
        .Where(path => ListOf(Path.GetFileName(path)) is var (_, day) && day >= since && System.IO.File.Exists(path[..^Suffix.Length]));

    /// <summary>Market and day in the name of a list or its manifest; null for a file that is none.</summary>
    public static (string Market, DateOnly Day)? ListOf(string name)
    {
        var parts = name.Split('.')[0].Split('_');
        return parts.Length >= 4 && parts[0] is "phone" or "withdrawals"
            && DateOnly.TryParseExact(parts[^2], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
                ? (parts[1], day)
                : null;
    }

    /// <summary>Name, number and hash of a list, as its manifest has them; 0: it was written before lists were numbered.</summary>
    /// <exception cref="JsonException">It is no manifest.</exception>
    public static (string File, long Sequence, string Sha256) NumberIn(string path)
    {
        using var json = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
        string? Text(string key) => json.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty(key, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
        if (Text("file") is not { } file || Text("sha256") is not { } sha256)
        {
            throw new JsonException(Say($"A manifest names its list and the hash of it, and this one does not."));
        }

        return (file, json.RootElement.TryGetProperty("sequence", out var sequence) && sequence.ValueKind == JsonValueKind.Number && sequence.TryGetInt32(out var number) ? number : 0, sha256);
    }

    /// <summary>Writes the manifest of a list that is complete but may still lie under another name.</summary>
    /// <param name="list">The list's final path.</param>
    public void Write(string list) => DurableFile.Write(PathOf(list), s => JsonSerializer.Serialize(s, this, Indented));

    /// <summary>The hash of a file's bytes.</summary>
    public static string HashOf(string path)
    {
        using var stream = System.IO.File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
