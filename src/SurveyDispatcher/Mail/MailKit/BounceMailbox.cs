namespace SurveyDispatcher.Mail;

/// <summary>A folder of mail on another machine.</summary>
internal interface IRemoteMailbox
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
/// </remarks>
internal static class BounceMailbox
{
    private const int LargestReport = 1 << 20; // what the cycle reads of one
    private const int Page = 50;

    /// <summary>Fetches what is unseen in the mailbox of the settings.</summary>
    /// <param name="options">The section <c>Mail</c>.</param>
    /// <param name="folder">Where the files go; it is there.</param>
    /// <param name="stopping">Gives up; what was fetched stays.</param>
    /// <exception cref="OperatorException">The mailbox can't be read, and why.</exception>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public static async Task FetchAsync(MailOptions options, string folder, CancellationToken stopping)
    {
        await using var mailbox = new ImapMailbox(options, stopping);
        await mailbox.OpenAsync();
        await FetchAsync(mailbox, folder, stopping);
    }

    /// <summary>Fetches what is unseen in a mailbox, a page at a time.</summary>
    internal static async Task FetchAsync(IRemoteMailbox mailbox, string folder, CancellationToken stopping)
    {
        foreach (var page in (await mailbox.UnseenAsync()).Chunk(Page))
        {
            var fetched = new List<RemoteMail>();
            foreach (var mail in page)
            {
                stopping.ThrowIfCancellationRequested();
                if (await mailbox.StartAsync(mail, LargestReport) is { } bytes)
                {
                    Keep(Path.Combine(folder, $"{mailbox.Name}-{mail.Id}.eml"), bytes, mail.Arrived);
                    fetched.Add(mail);
                }
            }

            if (fetched.Count > 0)
            {
                await mailbox.SettleAsync(fetched);
            }
        }
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
}
