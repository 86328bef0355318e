using System.Security.Cryptography;
using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.Tests.Storage;

public sealed class VaultTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("vault").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("Alice Walker")]
    [InlineData("王小明 髙橋 𠮷")]
    public void WhatIsSealedComesBack(string text)
    {
        using var vault = Vault.Open(_folder, storeExists: false);

        Assert.Equal(text, vault.Unseal(vault.Seal(text)));
    }

    [Fact]
    public void ContactDataComesBackPartByPart()
    {
        using var vault = Vault.Open(_folder, storeExists: false);
        var contact = new ContactData("Alice \"Ally\" Walker", "alice@mail.example", "02 9374 4000", "", new string('x', 5000));

        Assert.Equal(contact, vault.UnsealContact(vault.Seal(contact)));
    }

    [Fact]
    public void TheSameTextIsSealedDifferentlyEachTime()
    {
        using var vault = Vault.Open(_folder, storeExists: false);

        Assert.NotEqual(vault.Seal("Alice"), vault.Seal("Alice"));
    }

    [Fact]
    public void AChangedByteIsNoticed()
    {
        using var vault = Vault.Open(_folder, storeExists: false);
        var box = vault.Seal("Alice");
        box[^1] ^= 1;

        Assert.ThrowsAny<CryptographicException>(() => vault.Unseal(box));
    }

    [Fact]
    public void TheKeysAreForTheirOwnerOnlyAndAreMadeOnce()
    {
        byte[] box;
        using (var vault = Vault.Open(_folder, storeExists: false))
        {
            box = vault.Seal("Alice");
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, Vault.FileName)));
        using var again = Vault.Open(_folder, storeExists: true);
        Assert.Equal("Alice", again.Unseal(box));
    }

    [Fact]
    public void AStoreWithoutItsKeysIsNotGivenNewOnes()
    {
        var e = Assert.Throws<OperatorException>(() => Vault.Open(_folder, storeExists: true));

        Assert.Contains("keys.json is missing", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"Seal\":\"AAAA\",\"Match\":\"AAAA\",\"Token\":\"AAAA\"}")]
    [InlineData("not json")]
    public void DamagedKeysAreToldAsSuch(string content)
    {
        File.WriteAllText(Path.Combine(_folder, Vault.FileName), content);

        var e = Assert.Throws<OperatorException>(() =>
        {
            using var vault = Vault.Open(_folder, storeExists: true);
            vault.Seal("Alice");
        });
        Assert.Contains("damaged", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TokensDifferByCaseAndByStore()
    {
        using var one = Vault.Open(_folder, storeExists: false);
        using var other = Vault.InMemory();

        Assert.Equal(one.Token(1), one.Token(1));
        Assert.NotEqual(one.Token(1), one.Token(2));
        Assert.NotEqual(one.Token(1), other.Token(1));
        Assert.Equal(22, one.Token(1).Length);
    }
}
