using System.Globalization;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>A folder of mail on another machine.</summary>
internal interface IRemoteMailbox : IAsyncDisposable
{
    /// <summary>Stands in file names for the folder and its numbering of messages: where one of them is another, so is the name.</summary>
    string Name { get; }

    /// <summary>The messages that nobody has seen or fetched yet.</summary>
    Task<IReadOnlyList<RemoteMail>> UnseenAsync();

    /// <summary>The first bytes of a message, at most <paramref name="limit"/>; null when it is no longer there. It stays unseen.</summary>
    Task<byte[]?> StartAsync(RemoteMail mail, int limit);

    /// <summary>These are fetched: from now on they are no longer unseen there.</summary>
    Task SettleAsync(IReadOnlyList<RemoteMail> mails);
}

/// <summary>A message in a mailbox.</summary>
/// <param name="Id">Its number there, never given twice.</param>
/// <param name="Arrived">When it arrived, if that is known.</param>
internal sealed record RemoteMail(uint Id, DateTimeOffset? Arrived);

/// <summary>Fetches the reports that wait in a mailbox into the folder where the cycle takes them.</summary>
/// <remarks>
/// A report is on this machine's disk, whole and flushed, before the mailbox is told. A process that is killed in between fetches
/// it once more, under the same name and with the same bytes, and taking the same bytes twice has no second effect.
/// Anybody can send to this mailbox: a message that the server can't give out (some hang up then) is tried again in a session of its own, and then
/// passed over, lest it keep all others from being fetched for ever.
/// </remarks>
internal static class BounceMailbox
{
    private const int LargestReport = 1 << 20; // what the cycle reads of one
    private const int Page = 50;
    private const int MostSessions = 24; // two for each message that can't be read, one for the others

    /// <summary>Fetches what is unseen in the mailbox of the settings.</summary>
    /// <param name="options">The section <c>Mail</c>.</param>
    /// <param name="folder">Where the files go; it is there.</param>
    /// <param name="stopping">Gives up; what was fetched stays.</param>
    /// <exception cref="OperatorException">The mailbox can't be read, or some of its messages, and why.</exception>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public static async Task FetchAsync(MailOptions options, string folder, CancellationToken stopping)
    {
        var unread = await FetchAsync(async () => await ImapMailbox.OpenAsync(options, stopping), folder, stopping);
        if (unread.Count > 0)
        {
            var at = options.BounceMailbox;
            var ids = Phrase.Listed(unread.Select(id => id.ToString(CultureInfo.InvariantCulture)));
            throw new OperatorException(
                $"{at.Host}:{at.Port} does not give out {unread.Count} message(s) of {at.Folder} (UID {ids}), all others were fetched; look at what is still unseen there, and move or delete it.");
        }
    }

    /// <summary>Fetches what is unseen in a mailbox.</summary>
    /// <param name="open">Begins a session: one more after each that ended at a message.</param>
    /// <param name="folder">Where the files go.</param>
    /// <param name="stopping">Gives up.</param>
    /// <returns>The messages that could not be read in two sessions, and were passed over.</returns>
    internal static async Task<IReadOnlyList<uint>> FetchAsync(Func<Task<IRemoteMailbox>> open, string folder, CancellationToken stopping)
    {
        var passedOver = new List<uint>();
        uint? last = null;
        for (var session = 1; ; session++)
        {
            await using var mailbox = await open();
            if (await FetchAsync(mailbox, passedOver, folder, stopping) is not { } stuck)
            {
                return passedOver;
            }

            if (session == MostSessions)
            {
                throw stuck.Problem; // it is not the messages
            }

            if (stuck.Id == last)
            {
                passedOver.Add(stuck.Id);
            }

            last = stuck.Id;
        }
    }

    /// <summary>Fetches in one session, a page at a time, until a message can't be read; that one, or null when there was none.</summary>
    private static async Task<Stuck?> FetchAsync(IRemoteMailbox mailbox, List<uint> passedOver, string folder, CancellationToken stopping)
    {
        foreach (var page in (await mailbox.UnseenAsync()).Where(m => !passedOver.Contains(m.Id)).Chunk(Page))
        {
            var fetched = new List<RemoteMail>();
            foreach (var mail in page)
            {
                stopping.ThrowIfCancellationRequested();
                byte[]? start;
                try
                {
                    start = await mailbox.StartAsync(mail, LargestReport);
                }
                catch (OperatorException e)
                {
                    return new(mail.Id, e);
                }

                if (start is { } bytes)
                {
                    Keep(Path.Combine(folder, $"{mailbox.Name}-{mail.Id}.eml"), bytes, mail.Arrived);
                    fetched.Add(mail);
                }
            }

            if (fetched.Count > 0)
            {
                Moment.Of("settle", mailbox.Name);
                await mailbox.SettleAsync(fetched);
            }
        }

        return null;
    }

    /// <summary>The file is as old as the mail, since the cycle leaves young files alone: they may still be written to.</summary>
    private static void Keep(string path, byte[] bytes, DateTimeOffset? arrived)
    {
        DurableFile.Write(path, file => file.Write(bytes));
        if (arrived > DateTimeOffset.UnixEpoch)
        {
            File.SetLastWriteTimeUtc(path, arrived.Value.UtcDateTime);
        }
    }

    /// <summary>A message at which a session ended, and what was said of that.</summary>
    private sealed record Stuck(uint Id, OperatorException Problem);
}
