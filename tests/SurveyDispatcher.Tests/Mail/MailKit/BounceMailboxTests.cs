using System.Text;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>Fetching reports from a mailbox: on disk first, then settled there, and never lost in between.</summary>
public sealed class BounceMailboxTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bounce-mailbox-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task EachUnseenMessageLiesOnDiskUnderItsNumberBeforeTheMailboxIsTold()
    {
        var mailbox = new Mailbox(120);
        mailbox.Settling = mails => Assert.All(mails, m => Assert.True(File.Exists(FileOf(m.Id))));

        await FetchAsync(mailbox);

        Assert.Equal(120, Directory.GetFiles(_folder).Length);
        Assert.Equal("report 7", File.ReadAllText(FileOf(7)));
        Assert.Equal(mailbox.Arrived, File.GetLastWriteTimeUtc(FileOf(7)));
        Assert.Empty(await mailbox.UnseenAsync());
    }

    [Fact]
    public async Task AKillBetweenDiskAndMailboxFetchesTheSameFileOnceMore()
    {
        var mailbox = new Mailbox(3) { Settling = _ => throw new OperatorException($"killed") };
        await Assert.ThrowsAsync<OperatorException>(() => FetchAsync(mailbox));
        Assert.Equal(3, Directory.GetFiles(_folder).Length);
        File.Delete(FileOf(2)); // the cycle has taken one meanwhile

        mailbox.Settling = _ => { };
        await FetchAsync(mailbox);

        Assert.Equal([FileOf(1), FileOf(2), FileOf(3)], Directory.GetFiles(_folder).Order());
        Assert.Empty(await mailbox.UnseenAsync());
    }

    [Fact]
    public async Task AMessageThatIsGoneMeanwhileAndTheRestOfAHugeOneAreNotFetched()
    {
        var mailbox = new Mailbox(3);
        mailbox.Mails[1] = null;
        mailbox.Mails[2] = new string('x', 2_000_000);

        await FetchAsync(mailbox);

        Assert.Equal([FileOf(2), FileOf(3)], Directory.GetFiles(_folder).Order());
        Assert.Equal(1 << 20, new FileInfo(FileOf(2)).Length);
        Assert.Equal([1u], (await mailbox.UnseenAsync()).Select(m => m.Id));
    }

    [Fact]
    public async Task MessagesThatEndEverySessionArePassedOverAndOneThatEndsOneIsNot()
    {
        var mailbox = new Mailbox(120);
        var (sessions, once) = (0, true);
        mailbox.Starting = id =>
        {
            if (id is 10 or 60 or 61 or 62 || (id == 90 && once))
            {
                once &= id != 90;
                throw new OperatorException($"closed the connection");
            }
        };

        var passedOver = await BounceMailbox.FetchAsync(() => Task.FromResult<IRemoteMailbox>(++sessions > 0 ? mailbox : null!), _folder, Ct);

        Assert.Equal([10u, 60u, 61u, 62u], passedOver);
        Assert.Equal(10, sessions);
        Assert.Equal(116, Directory.GetFiles(_folder).Length);
        Assert.Equal([10u, 60u, 61u, 62u], (await mailbox.UnseenAsync()).Select(m => m.Id));
    }

    [Fact]
    public async Task AServerThatHangsUpAtEveryMessageIsGivenUpWithItsProblem()
    {
        var mailbox = new Mailbox(120) { Starting = _ => throw new OperatorException($"closed the connection") };

        var problem = await Assert.ThrowsAsync<OperatorException>(() => FetchAsync(mailbox));

        Assert.Equal("closed the connection", problem.Message);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    private async Task FetchAsync(Mailbox mailbox) => Assert.Empty(await BounceMailbox.FetchAsync(() => Task.FromResult<IRemoteMailbox>(mailbox), _folder, Ct));

    private string FileOf(uint id) => Path.Combine(_folder, $"imap-12345678-77-{id}.eml");

    /// <summary>A mailbox in memory.</summary>
    private sealed class Mailbox(int mails) : IRemoteMailbox
    {
        private readonly HashSet<uint> _seen = [];

        public string Name => "imap-12345678-77";

        public DateTime Arrived { get; } = new(2026, 3, 1, 9, 30, 0, DateTimeKind.Utc);

        public Action<IReadOnlyList<RemoteMail>> Settling { get; set; } = _ => { };

        public Action<uint> Starting { get; set; } = _ => { };

        public SortedDictionary<uint, string?> Mails { get; } = new(Enumerable.Range(1, mails).ToDictionary(n => (uint)n, n => (string?)$"report {n}"));

        public Task<IReadOnlyList<RemoteMail>> UnseenAsync() =>
            Task.FromResult<IReadOnlyList<RemoteMail>>([.. Mails.Keys.Except(_seen).Select(id => new RemoteMail(id, Arrived))]);

        public Task<byte[]?> StartAsync(RemoteMail mail, int limit)
        {
            Starting(mail.Id);
            return Task.FromResult(Mails[mail.Id] is { } text ? Encoding.ASCII.GetBytes(text)[..Math.Min(limit, text.Length)] : null);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public Task SettleAsync(IReadOnlyList<RemoteMail> mails)
        {
            Settling(mails);
            _seen.UnionWith(mails.Select(m => m.Id));
            return Task.CompletedTask;
        }
    }
}
