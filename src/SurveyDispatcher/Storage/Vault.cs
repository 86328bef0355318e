using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Survey.Domain;

namespace SurveyDispatcher.Storage;

/// <summary>The store's keys: contact data is encrypted with them, and recognised by keyed hashes without being decrypted.</summary>
/// <remarks>
/// The keys live in <c>keys.json</c> beside the store, made on first use, readable by the owner only. Without the file
/// nobody can read who the customers are: back it up, apart from the store.
/// </remarks>
public sealed class Vault : IDisposable
{
    /// <summary>The file's name in the data directory.</summary>
    public const string FileName = "keys.json";

    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const char Separator = '\u001f';
    private static readonly ThreadLocal<NonceBlock> Nonces = new(() => new NonceBlock());

    // Ciphers hold state while they work: each thread has its own. Mails are composed on several.
    private readonly ThreadLocal<AesGcm> seal;
    private readonly ThreadLocal<IncrementalHash> match;
    private readonly ThreadLocal<Aes> tokens;

    private Vault(KeyFile keys)
    {
        match = new(() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, keys.Match), trackAllValues: true);
        seal = new(() => new AesGcm(keys.Seal, TagSize), trackAllValues: true);
        tokens = new(
            () =>
            {
                var aes = Aes.Create();
                aes.Key = keys.Token;
                return aes;
            },
            trackAllValues: true);
    }

    /// <summary>Opens the keys of a data directory, or makes them for a store that does not exist yet.</summary>
    /// <exception cref="OperatorException">The keys are missing or damaged, but the store is there.</exception>
    public static Vault Open(string directory, bool storeExists)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            if (storeExists)
            {
                throw new OperatorException(
                    $"The key file {path} is missing, but the store is there: without its keys no customer can be contacted. Restore {FileName} from your backup.");
            }

            var made = new KeyFile(RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(16));
            DurableFile.Write(path, stream => JsonSerializer.Serialize(stream, made));
            return new Vault(made);
        }

        try
        {
            return JsonSerializer.Deserialize<KeyFile>(File.ReadAllText(path)) is { Seal.Length: 32, Match.Length: 32, Token.Length: 16 } keys
                ? new Vault(keys)
                : throw new JsonException("The keys are incomplete.");
        }
        catch (Exception e) when (e is JsonException or ArgumentException or CryptographicException)
        {
            throw new OperatorException($"The key file {path} is damaged. Restore {FileName} from your backup.", e);
        }
    }

    /// <summary>Keys of zeros, for a dry run before the first cycle: nothing that they seal outlives it. Never for a store that stays.</summary>
    public static Vault InMemory() => new(new KeyFile(new byte[32], new byte[32], new byte[16]));

    /// <summary>Encrypts (AES-256-GCM): nonce, tag, cipher text.</summary>
    public byte[] Seal(ReadOnlySpan<char> text)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        var result = new byte[NonceSize + TagSize + size];
        Nonces.Value!.Next(result.AsSpan(0, NonceSize));
        Span<byte> plain = size <= 1024 ? stackalloc byte[size] : new byte[size];
        Encoding.UTF8.GetBytes(text, plain);
        seal.Value!.Encrypt(result.AsSpan(0, NonceSize), plain, result.AsSpan(NonceSize + TagSize), result.AsSpan(NonceSize, TagSize));
        return result;
    }

    /// <summary>Decrypts what <see cref="Seal"/> made.</summary>
    public string Unseal(byte[] sealedText)
    {
        var plain = new byte[sealedText.Length - NonceSize - TagSize];
        seal.Value!.Decrypt(sealedText.AsSpan(0, NonceSize), sealedText.AsSpan(NonceSize + TagSize), sealedText.AsSpan(NonceSize, TagSize), plain);
        return Encoding.UTF8.GetString(plain);
    }

    /// <summary>Encrypts contact data.</summary>
    public byte[] Seal(ContactData contact) =>
        Seal(string.Join(Separator, Part(contact.Name), Part(contact.Email), Part(contact.Phone1), Part(contact.Phone2), Part(contact.StaffName)));

    /// <summary>Decrypts contact data.</summary>
    public ContactData UnsealContact(byte[] sealedContact)
    {
        var parts = Unseal(sealedContact).Split(Separator);
        return new ContactData(parts[0], parts[1], parts[2], parts[3], parts[4]);
    }

    /// <summary>What an address is recognised by.</summary>
    public long Hash(EmailAddress email) => Hash($"e:{email.Key}");

    /// <summary>What a number is recognised by.</summary>
    public long Hash(PhoneNumber phone) => Hash($"p:{phone.E164}");

    /// <summary>A keyed hash of anything, for names that nobody must be able to guess.</summary>
    public string Mac(string text) => Convert.ToHexStringLower(Mac(text, stackalloc byte[32])[..8]);

    /// <summary>The case's secret in a link: 128 keyed bits, and only the keys lead back to the case.</summary>
    public string Token(long caseId)
    {
        Span<byte> block = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(block, caseId);
        Span<byte> result = stackalloc byte[16];
        tokens.Value!.EncryptEcb(block, result, PaddingMode.None);
        return System.Buffers.Text.Base64Url.EncodeToString(result);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var cipher in seal.Values)
        {
            cipher.Dispose();
        }

        foreach (var cipher in tokens.Values)
        {
            cipher.Dispose();
        }

        foreach (var hash in match.Values)
        {
            hash.Dispose();
        }

        seal.Dispose();
        match.Dispose();
        tokens.Dispose();
    }

    private static string Part(string text) => text.Replace(Separator, ' ');

    private long Hash(string text) => BinaryPrimitives.ReadInt64BigEndian(Mac(text, stackalloc byte[32]));

    private Span<byte> Mac(string text, Span<byte> mac)
    {
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(Math.Min(text.Length, 400))];
        var length = Encoding.UTF8.GetBytes(text.AsSpan(0, Math.Min(text.Length, 400)), bytes);
        match.Value!.AppendData(bytes[..length]);
        match.Value.GetHashAndReset(mac);
        return mac;
    }

    /// <summary>Random nonces, drawn a hundred at a time: the system call costs more than the cipher.</summary>
    private sealed class NonceBlock
    {
        private readonly byte[] block = new byte[NonceSize * 100];
        private int next = NonceSize * 100;

        public void Next(Span<byte> nonce)
        {
            if (next == block.Length)
            {
                RandomNumberGenerator.Fill(block);
                next = 0;
            }

            block.AsSpan(next, NonceSize).CopyTo(nonce);
            next += NonceSize;
        }
    }

    private sealed record KeyFile(byte[] Seal, byte[] Match, byte[] Token);
}
