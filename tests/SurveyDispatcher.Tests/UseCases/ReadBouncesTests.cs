using System.Runtime.CompilerServices;
using System.Text.Json;
using SurveyDispatcher.Cli;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.UseCases;

/// <summary>The verb <c>bounces read</c>, in a folder without configuration, data directory or store.</summary>
public sealed class ReadBouncesTests : IDisposable
{
    private const string Name = "au-00000068.i.5f0c1a2b3c4d5e6f";

    private readonly string folder = Directory.CreateTempSubdirectory("bounces-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task JsonIsOneArrayWithAnObjectAFile()
    {
        var (report, reply) = (Sample("old-postfix"), Sample("never-vacation"));

        var ended = await RunAsync("bounces", "read", "--json", report, reply);

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        var files = ended.Json.EnumerateArray().ToList();
        Assert.Equal([(report, "report", 5), (reply, "auto_reply", 0)], files.Select(f => (f.GetProperty("file").GetString()!, f.GetProperty("kind").GetString()!, f.GetProperty("recipients").GetArrayLength())));
        Assert.All(files, f => Assert.Equal(["file", "kind", "recipients"], f.EnumerateObject().Select(p => p.Name)));
        Assert.Equal(
            $$"""{"address":"gone@mail.example","action":"failed","status":"5.1.1","class":"dead","message_id":"{{Name}}@cvp.example"}""",
            JsonSerializer.Serialize(files[0].GetProperty("recipients")[0]));
        Assert.Equal(
            $$"""{"address":"nowhere@nowhere.example","action":"failed","status":null,"class":"other","message_id":"{{Name}}@cvp.example"}""",
            JsonSerializer.Serialize(files[0].GetProperty("recipients")[4]));
    }

    [Fact]
    public async Task WhatAReportDoesNotSayIsNull()
    {
        var file = Put("odd.eml", "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; anna@mail.example\nStatus: 5.2.2\n\nAction: failed\n");

        var recipients = (await RunAsync("bounces", "read", file, "--json")).Json[0].GetProperty("recipients");

        Assert.Equal(
            """[{"address":"anna@mail.example","action":null,"status":"5.2.2","class":"full","message_id":null},{"address":null,"action":"failed","status":null,"class":"other","message_id":null}]""",
            JsonSerializer.Serialize(recipients));
    }

    [Theory]
    [InlineData("report-postfix-full", "report", "RFC 3464", "full@mail.example: failed, 5.2.2, full: not delivered, the mailbox is full, not held against the address")]
    [InlineData("old-qmail", "report", "in the form of qmail", "gone@local.example: failed, 5.1.1, dead: not delivered, nobody is there, the address is suppressed")]
    [InlineData("old-qmail", "report", $"about Message-ID {Name}@cvp.example; was sent to bounces+{Name}@cvp.example", "late@mail.example: failed, 4.2.2, full")]
    [InlineData("old-google-warning", "report", "Google", "later@mail.example: delayed, no status, other: no effect")]
    [InlineData("old-exim-warning", "report", "Exim", "a message whose Message-ID isn't returned")]
    [InlineData("never-vacation", "auto_reply", "Auto-Submitted", "no effect")]
    [InlineData("never-receipt", "auto_reply", "RFC 8098", "no effect")]
    [InlineData("never-complaint", "other", "RFC 5965", "complaint")]
    [InlineData("never-unknown-form", "other", "from a mailer, in no form that is known", "no effect")]
    [InlineData("never-pasted", "other", "neither a delivery report nor an automatic notification", "no effect")]
    public async Task TheTextSaysWhatAMailIsAndWhatItDoes(string sample, string kind, params string[] words)
    {
        var ended = await RunAsync("bounces", "read", Sample(sample));

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.StartsWith($"{Sample(sample)}: {kind}\n", ended.Output, StringComparison.Ordinal);
        Assert.All(words, w => Assert.Contains(w, ended.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AFolderIsReadAsTheInboxWouldTakeIt()
    {
        Put("Maildir/b.eml", "x");
        Put("Maildir/a.eml", "x");
        Put("Maildir/new/1.host", "x");
        Put("Maildir/cur/2.host:2,S", "x");
        Put("Maildir/tmp/3.host", "x");
        Put("Maildir/upload.part", "x");

        var read = (await RunAsync("bounces", "read", Path.Combine(folder, "Maildir"), "--json")).Json;

        Assert.Equal(["a.eml", "b.eml", "new/1.host", "cur/2.host:2,S"], read.EnumerateArray().Select(f => Path.GetRelativePath(Path.Combine(folder, "Maildir"), f.GetProperty("file").GetString()!)));
    }

    [Fact]
    public async Task WhatIsNotThereIsToldAndTheOthersAreShown()
    {
        var text = await RunAsync("bounces", "read", Path.Combine(folder, "gone.eml"), Sample("old-qmail"), Path.Combine(folder, "no", "folder"));
        var json = await RunAsync("bounces", "read", Path.Combine(folder, "gone.eml"), Sample("old-qmail"), "--json");
        var nothing = await RunAsync("bounces", "read", Path.Combine(folder, "gone.eml"), "--json");

        Assert.Equal((1, 1, 1), (text.Code, json.Code, nothing.Code));
        Assert.Contains("gone.eml does not exist. Name a mail, a folder of mails, or a Maildir.", text.Error, StringComparison.Ordinal);
        Assert.Contains("folder does not exist.", text.Error, StringComparison.Ordinal);
        Assert.Contains("gone@local.example", text.Output, StringComparison.Ordinal);
        Assert.Equal((1, 0), (json.Json.GetArrayLength(), nothing.Json.GetArrayLength()));
    }

    [Fact]
    public async Task AnEmptyFolderIsNoFault()
    {
        Assert.Equal((0, 0), (await RunAsync("bounces", "read", folder, "--json")) is var json ? (json.Code, json.Json.GetArrayLength()) : default);
        Assert.Contains("0 mail(s) read", (await RunAsync("bounces", "read", folder)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoPathIsWrongUsage()
    {
        var none = await RunAsync("bounces", "read");

        Assert.Equal((2, 2, 2), (none.Code, (await RunAsync("bounces")).Code, (await RunAsync("bounces", "read", "")).Code));
        Assert.Contains("'SurveyDispatcher bounces read --help'", none.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMailCannotDriveTheTerminal()
    {
        var file = Put("evil.eml", "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; \u001b[2Janna@mail.example\nAction: failed\n");

        Assert.Contains("?[2Janna@mail.example: failed", (await RunAsync("bounces", "read", file)).Output, StringComparison.Ordinal);
    }

    private static async Task<Ended> RunAsync(params string[] args)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, output, error, TimeProvider.System);
        return new Ended(code, output.ToString(), error.ToString());
    }

    private static string Sample(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(here))!, "Mail", "Bounces", name + ".eml");

    private string Put(string name, string text)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
