using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Storage;

/// <summary>The store's keys at work: contact data is encrypted with them, and recognised by keyed hashes without being decrypted.</summary>
/// <remarks>
/// The ring lives in <c>keys.json</c> beside the store, made on first use, readable by the owner only, or where the settings say.
/// Without it nobody can read who the customers are: back it up, apart from the store. A sealed value is the id of its key, nonce,
/// tag and cipher text; one of no bytes is a value that retention or an erasure has removed.
/// </remarks>
public sealed class Vault : IDisposable
{
    /// <summary>The file's name in the data directory.</summary>
    public const string FileName = "keys.json";

    private const int IdSize = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int HeadSize = IdSize + NonceSize + TagSize;
    private const int MostOnStack = 1024;
    private const char Separator = '\u001f';
    private static readonly ThreadLocal<NonceBlock> Nonces = new(() => new NonceBlock());

    // Ciphers hold state while they work: each thread has its own. Mails are composed on several.
    private readonly ThreadLocal<Dictionary<byte, AesGcm>> seal;
    private readonly ThreadLocal<Aes> tokens;
    private readonly SipHash identities;

    /// <summary>Puts a ring to work.</summary>
    public Vault(KeyRing ring)
    {
        Ring = ring;
        identities = HashesFor("identities"u8);
        seal = new(() => ring.Seal.ToDictionary(k => k.Key, k => new AesGcm(k.Value, TagSize)), trackAllValues: true);
        tokens = new(
            () =>
            {
                var aes = Aes.Create();
                aes.Key = ring.Token;
                return aes;
            },
            trackAllValues: true);
    }

    /// <summary>The keys.</summary>
    public KeyRing Ring { get; }

    /// <summary>Opens a key file, or makes it for a store that does not exist yet.</summary>
    /// <param name="path">The key file.</param>
    /// <param name="storeExists">The store is there: keys made now would not fit it.</param>
    /// <param name="write">A missing file is made.</param>
    /// <exception cref="OperatorException">The keys are missing or damaged, but the store is there.</exception>
    public static Vault Open(string path, bool storeExists, bool write = true)
    {
        if (!File.Exists(path))
        {
            if (storeExists || !write)
            {
                throw new OperatorException(
                    $"The key file {path} is missing, but the store is there: without its keys no customer can be contacted. Restore {Path.GetFileName(path)} from your backup.");
            }

            var made = KeyRing.New();
            made.Save(path);
            return new Vault(made);
        }

        if (KeyRing.Parse(File.ReadAllText(path)) is not { } ring)
        {
            throw new OperatorException($"The key file {path} is damaged. Restore {Path.GetFileName(path)} from your backup.");
        }

        return new Vault(ring);
    }

    /// <summary>Encrypts (AES-256-GCM) with the current key.</summary>
    public byte[] Seal(ReadOnlySpan<char> text)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        Span<byte> plain = size <= 1024 ? stackalloc byte[size] : new byte[size];
        Encoding.UTF8.GetBytes(text, plain);
        return Seal(plain);
    }

    /// <summary>Encrypts a text in UTF-8.</summary>
    public byte[] Seal(ReadOnlySpan<byte> plain)
    {
        var result = new byte[HeadSize + plain.Length];
        result[0] = Ring.Current;
        Nonces.Value!.Next(result.AsSpan(IdSize, NonceSize));
        seal.Value![Ring.Current].Encrypt(
            result.AsSpan(IdSize, NonceSize), plain, result.AsSpan(HeadSize), result.AsSpan(IdSize + NonceSize, TagSize));
        return result;
    }

    /// <summary>Decrypts what <see cref="Seal(ReadOnlySpan{char})"/> made, with whatever key did it; a value that was removed is empty.</summary>
    /// <exception cref="OperatorException">The ring lacks the key.</exception>
    public string Unseal(byte[] sealedText)
    {
        var plain = new byte[Math.Max(0, sealedText.Length - HeadSize)];
        return Encoding.UTF8.GetString(plain, 0, Unseal(sealedText, plain));
    }

    /// <summary>Decrypts a value into bytes that have room for it; returns how many there are, 0 for a value that was removed.</summary>
    /// <exception cref="OperatorException">The ring lacks the key.</exception>
    public int Unseal(ReadOnlySpan<byte> sealedText, Span<byte> plain)
    {
        if (sealedText.IsEmpty)
        {
            return 0;
        }

        if (!seal.Value!.TryGetValue(sealedText[0], out var cipher))
        {
            throw new OperatorException(
                $"The store holds data that is sealed with key {sealedText[0]}, which the key ring lacks. Restore the key ring of that time from your backup; the keys of both can stand in one.");
        }

        var length = sealedText.Length - HeadSize;
        cipher.Decrypt(sealedText.Slice(IdSize, NonceSize), sealedText[HeadSize..], sealedText.Slice(IdSize + NonceSize, TagSize), plain[..length]);
        return length;
    }

    /// <summary>Decrypts a value and encrypts it with the current key.</summary>
    public byte[] Reseal(byte[] sealedText) => Seal(Unseal(sealedText));

    /// <summary>Encrypts contact data.</summary>
    public byte[] Seal(ContactData contact) =>
        Seal(string.Join(Separator, Part(contact.Name), Part(contact.Email), Part(contact.Phone1), Part(contact.Phone2), Part(contact.StaffName)));

    /// <summary>Decrypts contact data; none where it was removed.</summary>
    public ContactData UnsealContact(byte[] sealedContact)
    {
        if (sealedContact.Length == 0)
        {
            return ContactData.None;
        }

        var parts = Unseal(sealedContact).Split(Separator);
        return new ContactData(parts[0], parts[1], parts[2], parts[3], parts[4]);
    }

    /// <summary>What an address is recognised by.</summary>
    public long Hash(EmailAddress email) => Hash("e:", email.Key);

    /// <summary>What a number is recognised by.</summary>
    public long Hash(PhoneNumber phone) => Hash("p:", phone.E164);

    /// <summary>What a transaction is recognised by after an erasure has removed its name.</summary>
    public long Hash(TransactionKey key) => Hash("t:", key.Country, key.DealerCode, key.Survey.Code(), key.TransactionId);

    /// <summary>What a vehicle is recognised by after an erasure.</summary>
    public long HashOfVehicle(string vin) => Hash("v:", vin);

    /// <summary>Hashes for a purpose: equal for equal texts, and of no use for any other purpose, or without the keys.</summary>
    internal SipHash HashesFor(ReadOnlySpan<byte> purpose)
    {
        Span<byte> key = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([.. Ring.Match, .. purpose], key);
        return new SipHash(key[..SipHash.KeySize]);
    }

    /// <summary>What a person is counted by whose data the vendor got: name and number, since several share a number.</summary>
    public long HashOfPerson(string name, PhoneNumber? phone) => Hash("h:", name.Trim().ToUpperInvariant(), phone?.E164 ?? "");

    /// <summary>The name of a transaction whose own was erased: the same for the same transaction, and of no use without the keys.</summary>
    public string Pseudonym(TransactionKey key) => $"erased-{Mac(Natural(key))}";

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
        foreach (var cipher in seal.Values.SelectMany(c => c.Values))
        {
            cipher.Dispose();
        }

        foreach (var cipher in tokens.Values)
        {
            cipher.Dispose();
        }

        seal.Dispose();
        tokens.Dispose();
    }

    private static string Natural(TransactionKey key) =>
        string.Join(Separator, key.Country, key.DealerCode, key.Survey.Code(), key.TransactionId);

    private static string Part(string text) => text.Replace(Separator, ' ');

    private long Hash(string kind, params ReadOnlySpan<string> parts)
    {
        var most = kind.Length;
        foreach (var part in parts)
        {
            most += Encoding.UTF8.GetMaxByteCount(part.Length);
        }

        var buffer = most <= MostOnStack ? stackalloc byte[most] : new byte[most]; // what dealers send has no bounds
        var length = Encoding.UTF8.GetBytes(kind, buffer);
        foreach (var part in parts)
        {
            length += Encoding.UTF8.GetBytes(part, buffer[length..]);
            buffer[length++] = (byte)Separator;
        }

        return unchecked((long)identities.Of(buffer[..length]));
    }

    /// <summary>SHA-256 of the key and the text, cut by whoever calls: what is cut off is what one would need to go on hashing behind the text.</summary>
    private Span<byte> Mac(string text, Span<byte> mac)
    {
        var size = Ring.Match.Length + Encoding.UTF8.GetByteCount(text);
        var buffer = size <= MostOnStack ? stackalloc byte[size] : new byte[size];
        Ring.Match.CopyTo(buffer);
        Encoding.UTF8.GetBytes(text, buffer[Ring.Match.Length..]);
        SHA256.HashData(buffer, mac);
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
}
