using SurveyDispatcher.Files;

namespace SurveyDispatcher.Tests.Files;

public sealed class InboxTests : IDisposable
{
    private static readonly DateOnly Today = new(2026, 3, 2);
    private readonly DataDirectory _directory = new(Directory.CreateTempSubdirectory("inbox").FullName);
    private readonly Clock _clock = new();

    public InboxTests() => _directory.Create();

    public void Dispose() => Directory.Delete(_directory.Root, recursive: true);

    [Fact]
    public void FilesAreTakenInOrderOfName()
    {
        Put("dms/b.csv", "dms/a.csv", "dms/B.csv", "dms/10.csv", "dms/9.csv");

        Assert.Equal(["10.csv", "9.csv", "B.csv", "a.csv", "b.csv"], Taken("dms"));
    }

    [Fact]
    public void WhatIsStillBeingWrittenIsLeft()
    {
        Put("dms/a.csv.tmp", "dms/b.csv.part", "dms/.hidden", "dms/ok.csv");

        Assert.Equal(["ok.csv"], Taken("dms"));
        Assert.True(File.Exists(Path.Combine(_directory.Inbox("dms"), "a.csv.tmp")));
    }

    [Theory]
    [InlineData(1.9, false)]
    [InlineData(2.0, true)]
    public void AFileIsTakenOnceItHasSettled(double seconds, bool taken)
    {
        Put("dms/a.csv");
        _clock.Now = new DateTimeOffset(File.GetLastWriteTimeUtc(Path.Combine(_directory.Inbox("dms"), "a.csv"))).AddSeconds(seconds);

        var notes = new List<string>();
        var files = Inbox(TimeSpan.FromSeconds(2)).Take("dms", Unexpected, n => notes.Add(n.ToString())).ToList();

        Assert.Equal(taken ? (1, 0) : (0, 1), (files.Count, notes.Count));
    }

    [Fact]
    public void FilesThatHaveNotSettledAreToldOnceTheFirstOfThemByName()
    {
        Put("dms/a.csv", "dms/b.csv", "dms/c.csv", "dms/d.csv", "dms/old.csv", "dms/e.csv.part");
        _clock.Now = TimeProvider.System.GetUtcNow();
        foreach (var name in new[] { "a.csv", "b.csv", "c.csv", "d.csv", "old.csv", "e.csv.part" })
        {
            File.SetLastWriteTimeUtc(Path.Combine(_directory.Inbox("dms"), name), _clock.Now.UtcDateTime.AddSeconds(name == "old.csv" ? -3 : -1));
        }

        var notes = new List<string>();
        var taken = Inbox(TimeSpan.FromSeconds(2)).Take("dms", Unexpected, n => notes.Add(n.ToString())).Select(f => f.Name).ToList();

        Assert.Equal(["old.csv"], taken);
        Assert.Equal(["4 file(s) in inbox/dms are younger than 2 s and may still be written to (a.csv, b.csv, c.csv ...): they are left for the next cycle."], notes);
    }

    [Fact]
    public void LinksAreLeftAndToldWhereverTheyLead()
    {
        Put("dealers/real.csv");
        File.CreateSymbolicLink(Path.Combine(_directory.Inbox("dms"), "link.csv"), Path.Combine(_directory.Inbox("dealers"), "real.csv"));
        File.CreateSymbolicLink(Path.Combine(_directory.Inbox("dms"), "nowhere.csv"), "/nowhere");
        var told = new List<string>();

        Assert.Empty(Inbox(TimeSpan.Zero).Take("dms", p => told.Add(p.ToString()), Unexpected));
        Assert.Equal(2, told.Count(t => t.Contains("is a link", StringComparison.Ordinal)));
    }

    [Fact]
    public void AFolderInTheInboxIsNoFile()
    {
        Directory.CreateDirectory(Path.Combine(_directory.Inbox("dms"), "folder.csv"));

        Assert.Empty(Taken("dms"));
    }

    [Fact]
    public void BouncesComeFromPlainFilesAndBothFoldersOfAMaildir()
    {
        Put("bounces/plain.eml", "bounces/new/1.host", "bounces/cur/2.host:2,S", "bounces/tmp/3.host");

        Assert.Equal(["plain.eml", "1.host", "2.host:2,S"], Taken("bounces"));
    }

    [Fact]
    public void TwoBouncesOfOneNameAreBothTaken()
    {
        Put("bounces/1.host", "bounces/new/1.host", "bounces/cur/1.host");

        var inbox = Inbox(TimeSpan.Zero);
        foreach (var page in inbox.Take("bounces", Unexpected, Unexpected).Chunk(200))
        {
            Assert.Equal(page.Length, page.Select(f => f.Path).Distinct().Count());
            page.ToList().ForEach(f => inbox.Archive(f, Today));
        }

        Assert.Equal(3, Directory.GetFiles(_directory.Root, "*", SearchOption.AllDirectories).Length);
        foreach (var rest in inbox.Take("bounces", Unexpected, Unexpected).ToList())
        {
            inbox.Archive(rest, Today);
        }

        foreach (var rest in inbox.Take("bounces", Unexpected, Unexpected).ToList())
        {
            inbox.Archive(rest, Today);
        }

        Assert.Equal(3, Directory.GetFiles(_directory.Archive(Today)).Length);
    }

    [Fact]
    public void AnArchivedNameThatComesAgainKeepsBothFiles()
    {
        var inbox = Inbox(TimeSpan.Zero);
        foreach (var content in new[] { "one", "two", "three" })
        {
            Put(("dms/a.csv", content));
            inbox.Archive(inbox.Take("dms", Unexpected, Unexpected).Single(), Today);
        }

        Assert.Equal(["one", "two", "three"], new[] { "a.csv", "a.csv.2", "a.csv.3" }.Select(n => File.ReadAllText(Path.Combine(_directory.Archive(Today), n))));
        Assert.EndsWith(Path.Combine("archive", "2026", "03", "02"), _directory.Archive(Today), StringComparison.Ordinal);
    }

    [Fact]
    public void TheSameFileAgainIsKeptOnce()
    {
        var inbox = Inbox(TimeSpan.Zero);
        for (var i = 0; i < 2; i++)
        {
            Put(("dms/a.csv", "same"));
            inbox.Archive(inbox.Take("dms", Unexpected, Unexpected).Single(), Today);
        }

        Assert.Equal(["a.csv"], Directory.GetFiles(_directory.Archive(Today)).Select(Path.GetFileName));
    }

    [Fact]
    public void ARefusedFileLiesInFailedWithTheReasonBesideIt()
    {
        var inbox = Inbox(TimeSpan.Zero);
        foreach (var content in new[] { "one", "two" })
        {
            Put(("dms/a.csv", content));
            inbox.Refuse(inbox.Take("dms", Unexpected, Unexpected).Single(), $"Not {content}.");
        }

        Assert.Equal(
            ["a.csv", "a.csv.2", "a.csv.2.error.txt", "a.csv.error.txt"],
            Directory.GetFiles(_directory.Failed).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("Not one.\n", File.ReadAllText(Path.Combine(_directory.Failed, "a.csv.error.txt")));
    }

    [Fact]
    public void WhatAnInterruptedCycleHadTakenComesFirst()
    {
        Put("dms/a.csv", "dms/c.csv");
        Assert.Equal(2, Inbox(TimeSpan.Zero).Take("dms", Unexpected, Unexpected).Count());
        Put("dms/b.csv");

        Assert.Equal(["a.csv", "c.csv", "b.csv"], Taken("dms"));
    }

    [Fact]
    public void AFileThatWaitsBehindOneOfItsNameInTakingIsLeftForLater()
    {
        Put(("dms/a.csv", "first"));
        Assert.Single(Inbox(TimeSpan.Zero).Take("dms", Unexpected, Unexpected));
        Put(("dms/a.csv", "second"));

        // The first can't be finished for some reason: it stays where it is, and so does the second.
        Assert.Equal("first", File.ReadAllText(Assert.Single(Inbox(TimeSpan.Zero).Take("dms", Unexpected, Unexpected).ToList()).Path));
        Assert.Equal("second", File.ReadAllText(Path.Combine(_directory.Inbox("dms"), "a.csv")));
    }

    [Fact]
    public void ADryLookMovesNothing()
    {
        Put("dms/a.csv");
        var inbox = new Inbox(_directory, _clock, TimeSpan.Zero, move: false);

        var file = Assert.Single(inbox.Take("dms", Unexpected, Unexpected));
        inbox.Archive(file, Today);
        inbox.Refuse(file, "no");

        Assert.Equal([Path.Combine(_directory.Inbox("dms"), "a.csv")], Directory.GetFiles(_directory.Root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void AllFoldersAreForTheirOwnerOnly()
    {
        foreach (var folder in Directory.GetDirectories(_directory.Root, "*", SearchOption.AllDirectories))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        }
    }

    private void Put(params string[] paths) => paths.ToList().ForEach(p => Put((p, p)));

    private void Put((string Path, string Content) file)
    {
        var path = Path.Combine(_directory.Root, "inbox", file.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, file.Content);
    }

    private static void Unexpected(Survey.Domain.Phrase told) => Assert.Fail(told.ToString());

    private Inbox Inbox(TimeSpan settle) => new(_directory, _clock, settle, move: true);

    private List<string> Taken(string kind, TimeSpan settle = default) => [.. Inbox(settle).Take(kind, Unexpected, Unexpected).Select(f => f.Name)];

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 3, 2, 3, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }

    [Fact]
    public void AFileFromTheFutureHasSettled()
    {
        Put("dms/a.csv");
        _clock.Now = new DateTimeOffset(File.GetLastWriteTimeUtc(Path.Combine(_directory.Inbox("dms"), "a.csv"))).AddDays(-400);

        Assert.Single(Taken("dms", TimeSpan.FromSeconds(2)));
    }
}
