using System.Text;
using Survey.Domain;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Tests.Mail;

public sealed class PickupTransportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pickup").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task TheFileHasTheEnvelopeSenderAndTheMessageAndIsForItsOwnerOnly()
    {
        await using var pickup = new PickupTransport(Path.Combine(_folder, "mail"));

        Assert.IsType<Delivery.Accepted>(await pickup.SendAsync(new("b+1@cvp.example", "anna@mail.example", "1.eml", "one"), "first"u8.ToArray(), Ct));
        Assert.IsType<Delivery.Accepted>(await pickup.SendAsync(new("b+1@cvp.example", "anna@mail.example", "1.eml", "one"), "Subject: x\r\n\r\nhello\r\n"u8.ToArray(), Ct));

        var file = Assert.Single(Directory.GetFiles(_folder, "*", SearchOption.AllDirectories));
        Assert.Equal("Return-Path: <b+1@cvp.example>\r\nSubject: x\r\n\r\nhello\r\n", Encoding.UTF8.GetString(await File.ReadAllBytesAsync(file, Ct)));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public async Task AFolderThatCannotBeWrittenIsAnUnusableServer()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "mail"), "a file in the way", Ct);
        await using var pickup = new PickupTransport(Path.Combine(_folder, "mail"));

        Assert.IsType<Delivery.ServerUnusable>(await pickup.SendAsync(new("b@cvp.example", "a@b.example", "1.eml", "one"), default, Ct));
    }

    [Fact]
    public async Task AFileNameIsNoPath()
    {
        await using var pickup = new PickupTransport(_folder);

        await Assert.ThrowsAsync<ArgumentException>(() => pickup.SendAsync(new("b@cvp.example", "a@b.example", "../1.eml", "one"), default, Ct));
    }
}
