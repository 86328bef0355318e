using System.Security.Cryptography;
using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.Tests.Storage;

public sealed class VaultTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("vault").FullName;

    private string Ring => Path.Combine(_folder, Vault.FileName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("Alice Walker")]
    [InlineData("王小明 髙橋 𠮷")]
    public void WhatIsSealedComesBack(string text)
    {
        using var vault = Vault.Open(Ring, storeExists: false);

        Assert.Equal(text, vault.Unseal(vault.Seal(text)));
    }

    [Fact]
    public void ContactDataComesBackPartByPart()
    {
        using var vault = Vault.Open(Ring, storeExists: false);
        var contact = new ContactData("Alice \"Ally\" Walker", "alice@mail.example", "02 9374 4000", "", new string('x', 5000));

        Assert.Equal(contact, vault.UnsealContact(vault.Seal(contact)));
    }

    [Fact]
    public void TheSameTextIsSealedDifferentlyEachTime()
    {
        using var vault = Vault.Open(Ring, storeExists: false);

        Assert.NotEqual(vault.Seal("Alice"), vault.Seal("Alice"));
    }

    [Fact]
    public void AChangedByteIsNoticed()
    {
        using var vault = Vault.Open(Ring, storeExists: false);
        var box = vault.Seal("Alice");
        box[^1] ^= 1;

        Assert.ThrowsAny<CryptographicException>(() => vault.Unseal(box));
    }

    [Fact]
    public void TheKeysAreForTheirOwnerOnlyAndAreMadeOnce()
    {
        byte[] box;
        using (var vault = Vault.Open(Ring, storeExists: false))
        {
            box = vault.Seal("Alice");
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Ring));
        using var again = Vault.Open(Ring, storeExists: true);
        Assert.Equal("Alice", again.Unseal(box));
    }

    [Fact]
    public void AStoreWithoutItsKeysIsNotGivenNewOnes()
    {
        var e = Assert.Throws<OperatorException>(() => Vault.Open(Ring, storeExists: true));

        Assert.Contains("keys.json is missing", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"Seal\":\"AAAA\",\"Match\":\"AAAA\",\"Token\":\"AAAA\"}")]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{\"current\":2,\"seal\":{\"1\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"},\"match\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"token\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}")]
    [InlineData("{\"current\":1,\"seal\":{\"one\":\"AAAA\"},\"match\":\"AAAA\",\"token\":\"AAAA\"}")]
    public void DamagedKeysAreToldAsSuch(string content)
    {
        File.WriteAllText(Ring, content);

        var e = Assert.Throws<OperatorException>(() =>
        {
            using var vault = Vault.Open(Ring, storeExists: true);
            vault.Seal("Alice");
        });
        Assert.Contains("damaged", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TokensDifferByCaseAndByStore()
    {
        using var one = Vault.Open(Ring, storeExists: false);
        using var other = new Vault(KeyRing.Zeros());

        Assert.Equal(one.Token(1), one.Token(1));
        Assert.NotEqual(one.Token(1), one.Token(2));
        Assert.NotEqual(one.Token(1), other.Token(1));
        Assert.Equal(22, one.Token(1).Length);
    }

    [Fact]
    public void WhatAnOlderKeySealedIsStillReadAndANewKeySealsFromNowOn()
    {
        using var before = new Vault(KeyRing.New());
        using var after = new Vault(KeyRing.Parse(before.Ring.Rotated().ToJson())!);
        var box = before.Seal("Alice");

        Assert.Equal("Alice", after.Unseal(box));
        Assert.Equal((1, 2), (box[0], after.Seal("Alice")[0]));
        Assert.Equal("Alice", after.Unseal(after.Reseal(box)));
        Assert.Equal(before.Token(1), after.Token(1));
    }

    [Fact]
    public void AKeyThatTheRingLacksIsNamedAndTheRestIsStillRead()
    {
        using var before = new Vault(KeyRing.New());
        using var after = new Vault(before.Ring.Rotated().CurrentOnly());

        var e = Assert.Throws<OperatorException>(() => after.Unseal(before.Seal("Alice")));
        Assert.Contains("key 1", e.Message, StringComparison.Ordinal);
        Assert.Equal("Alice", after.Unseal(after.Seal("Alice")));
    }

    [Fact]
    public void AnIdComesAgainOnlyWhenAllWereUsed()
    {
        var ring = KeyRing.New();
        var ids = new List<byte>();
        for (var i = 0; i < 255; i++)
        {
            ring = ring.Rotated().CurrentOnly();
            ids.Add(ring.Current);
        }

        Assert.Equal(255, ids.Distinct().Count());
        Assert.DoesNotContain((byte)0, ids);
    }

    [Fact]
    public void WhatWasRemovedIsNobody()
    {
        using var vault = new Vault(KeyRing.New());

        Assert.Equal(ContactData.None, vault.UnsealContact([]));
    }
}
