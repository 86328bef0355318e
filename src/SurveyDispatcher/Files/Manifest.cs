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

    /// <summary>The manifest's path for a list.</summary>
    public static string PathOf(string list) => list + ".manifest.json";

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
