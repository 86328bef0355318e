using System.Collections.ObjectModel;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SurveyDispatcher;

/// <summary>The keys of a store: several that seal, one of them current; one that matches, one that makes tokens.</summary>
/// <remarks>
/// What is sealed can be unsealed and sealed anew: those keys rotate. A suppression is nothing but a hash, and a link that was
/// mailed is nothing but a token: without the keys that made them they are lost, so these two stay for the life of the store.
/// </remarks>
public sealed class KeyRing
{
    private const int SealSize = 32;
    private const int MatchSize = 32;
    private const int TokenSize = 16;

    private KeyRing(byte current, SortedDictionary<byte, byte[]> seal, byte[] match, byte[] token)
    {
        Current = current;
        Seal = new(seal);
        Match = match;
        Token = token;
    }

    /// <summary>The id of the key that seals.</summary>
    public byte Current { get; }

    /// <summary>The keys that unseal, by id.</summary>
    public ReadOnlyDictionary<byte, byte[]> Seal { get; }

    /// <summary>The key of the hashes that customers are recognised by.</summary>
    public byte[] Match { get; }

    /// <summary>The key of the secrets in links.</summary>
    public byte[] Token { get; }

    /// <summary>A ring with new keys.</summary>
    public static KeyRing New() => new(
        1, new() { [1] = RandomNumberGenerator.GetBytes(SealSize) }, RandomNumberGenerator.GetBytes(MatchSize), RandomNumberGenerator.GetBytes(TokenSize));

    /// <summary>A ring of zeros, for a dry run before the first cycle: nothing that it seals outlives it. Never for a store that stays.</summary>
    public static KeyRing Zeros() => new(1, new() { [1] = new byte[SealSize] }, new byte[MatchSize], new byte[TokenSize]);

    /// <summary>Reads a ring; null when the text is none.</summary>
    public static KeyRing? Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return Checked(
                root.GetProperty("current").GetByte(),
                new(root.GetProperty("seal").EnumerateObject().ToDictionary(
                    k => byte.Parse(k.Name, NumberStyles.None, CultureInfo.InvariantCulture), k => k.Value.GetBytesFromBase64())),
                root.GetProperty("match"), root.GetProperty("token"));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or OverflowException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The ring as it is kept.</summary>
    public string ToJson()
    {
        var seal = Seal.ToDictionary(k => k.Key.ToString(CultureInfo.InvariantCulture), k => k.Value);
        return JsonSerializer.Serialize(new { current = Current, seal, match = Match, token = Token }, Indented);
    }

    /// <summary>The ring with one more key, which seals from now on. An id comes again only after 255 rotations.</summary>
    public KeyRing Rotated()
    {
        var id = Enumerable.Range(0, 254).Select(n => (byte)(((Current + n) % 255) + 1)).First(n => !Seal.ContainsKey(n));
        return new(id, new SortedDictionary<byte, byte[]>(Seal) { [id] = RandomNumberGenerator.GetBytes(SealSize) }, Match, Token);
    }

    /// <summary>The ring with no other key than the current one.</summary>
    public KeyRing CurrentOnly() => new(Current, new() { [Current] = Seal[Current] }, Match, Token);

    /// <summary>Writes the ring: readable by its owner only, and there whole or not at all.</summary>
    public void Save(string path) => DurableFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(ToJson())));

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static KeyRing? Checked(byte current, SortedDictionary<byte, byte[]> seal, JsonElement match, JsonElement token)
    {
        var ring = new KeyRing(current, seal, match.GetBytesFromBase64(), token.GetBytesFromBase64());
        return ring.Seal.ContainsKey(current) && !ring.Seal.ContainsKey(0) && ring.Seal.Values.All(k => k.Length == SealSize)
            && ring.Match.Length == MatchSize && ring.Token.Length == TokenSize ? ring : null;
    }
}
