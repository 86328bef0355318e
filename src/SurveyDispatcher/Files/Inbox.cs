using Survey.Domain;

namespace SurveyDispatcher.Files;

/// <summary>A file on its way through: arrived, being taken, archived or refused.</summary>
/// <param name="Kind">The folder below <c>inbox/</c>.</param>
/// <param name="Name">The whole file name; everywhere the same.</param>
/// <param name="Path">Where it lies now.</param>
public sealed record IncomingFile(string Kind, string Name, string Path);

/// <summary>The inbox: a file is taken by a rename, so that nobody can change it while it is read.</summary>
/// <param name="directory">The data directory.</param>
/// <param name="time">Tells how old a file is.</param>
/// <param name="settle">A file whose last change is younger may still be written to: left for the next look.</param>
/// <param name="move">False in a dry run: files are read where they lie, and stay there.</param>
public sealed class Inbox(DataDirectory directory, TimeProvider time, TimeSpan settle, bool move)
{
    /// <summary>So many young files are named.</summary>
    private const int MostNamed = 3;

    /// <summary>Takes the files of a kind in order of name; those that an interrupted cycle had taken come first.</summary>
    /// <param name="kind">The folder below <c>inbox/</c>.</param>
    /// <param name="problem">Told of a file that can't be taken; it is left, and the others are taken.</param>
    /// <param name="note">Told at the end of files that have not settled: no fault, but whoever has just put one there looks for it in vain.</param>
    public IEnumerable<IncomingFile> Take(string kind, Action<Phrase> problem, Action<Phrase> note)
    {
        var taking = System.IO.Path.Combine(directory.Taking, kind);
        foreach (var path in FilesIn(taking, problem))
        {
            yield return new IncomingFile(kind, System.IO.Path.GetFileName(path), path);
        }

        var arrived = kind == "bounces" ? MailsIn(directory.Inbox(kind), problem) : FilesIn(directory.Inbox(kind), problem);
        var young = new List<string>();
        foreach (var path in arrived)
        {
            var name = System.IO.Path.GetFileName(path);
            if (!HasSettled(path))
            {
                young.Add(name);
                continue;
            }

            if (!move)
            {
                yield return new IncomingFile(kind, name, path);
                continue;
            }

            var taken = System.IO.Path.Combine(taking, name);
            if (TryMove(path, taken, problem))
            {
                yield return new IncomingFile(kind, name, taken);
            }
        }

        if (young.Count > 0)
        {
            var named = Texts.Listed(young.Take(MostNamed)) + (young.Count > MostNamed ? " ..." : "");
            note($"{young.Count} file(s) in inbox/{kind} are younger than {settle.TotalSeconds:0} s and may still be written to ({named}): they are left for the next cycle.");
        }
    }

    /// <summary>The mails in a folder: files of its own, then those of a Maildir, where new/ has what the server has delivered and cur/ what somebody has seen.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="problem">Told of a folder that can't be read.</param>
    public static List<string> MailsIn(string folder, Action<Phrase> problem) =>
    [
        .. FilesIn(folder, problem),
        .. FilesIn(System.IO.Path.Combine(folder, "new"), problem),
        .. FilesIn(System.IO.Path.Combine(folder, "cur"), problem),
    ];

    /// <summary>What waits for a cycle: the files of a kind that have arrived, and those that one has begun with, with the time of their last change.</summary>
    /// <remarks>Only looks. A folder that can't be read has nothing that waits: the next cycle says so.</remarks>
    public static IReadOnlyList<(string Name, DateTimeOffset ChangedAt)> Waiting(DataDirectory directory, string kind)
    {
        static void Unread(Phrase problem)
        {
            // The cycle that can't take it tells the operator.
        }

        var arrived = kind == "bounces" ? MailsIn(directory.Inbox(kind), Unread) : FilesIn(directory.Inbox(kind), Unread);
        return
        [
            .. arrived.Concat(FilesIn(System.IO.Path.Combine(directory.Taking, kind), Unread))
                .Select(path => (System.IO.Path.GetFileName(path), new DateTimeOffset(File.GetLastWriteTimeUtc(path), TimeSpan.Zero))),
        ];
    }

    /// <summary>Puts a file that was taken in whole into the day's archive.</summary>
    public void Archive(IncomingFile file, DateOnly day)
    {
        if (move)
        {
            MoveTo(file, directory.Archive(day));
        }
    }

    /// <summary>Puts a refused file aside, with a text beside it that says why.</summary>
    public void Refuse(IncomingFile file, string problem)
    {
        if (move)
        {
            var target = MoveTo(file, directory.Failed);
            DurableFile.Write(
                System.IO.Path.Combine(directory.Failed, DataDirectory.Named(System.IO.Path.GetFileName(target), ".error.txt")), s => s.Write(System.Text.Encoding.UTF8.GetBytes(problem + Environment.NewLine)));
        }
    }

    /// <summary>False when one of that name is still being taken, or when the file has gone: left for the next look.</summary>
    private static bool TryMove(string path, string taken, Action<Phrase> problem)
    {
        if (File.Exists(taken))
        {
            return false;
        }

        try
        {
            DurableFile.CreateFolder(System.IO.Path.GetDirectoryName(taken)!);
            Moment.Of("rename", taken);
            if (new FileInfo(path).Length > 0)
            {
                DurableFile.Move(path, taken);
            }
            else
            {
                // Pipes, devices and sockets have no length either, and whoever opens one may wait for ever: none is opened, not even to be copied.
                DurableFile.Create(taken).Dispose();
                File.Delete(path);
            }

            if (new FileInfo(taken).LinkTarget is null)
            {
                DurableFile.CloseToOthers(taken);
                return true;
            }

            File.Delete(taken); // it took the file's place since we looked
            problem(IsALink(path));
            return false;
        }
        catch (FileNotFoundException)
        {
            if (path.Contains('\uFFFD', StringComparison.Ordinal))
            {
                problem($"{path} can't be taken from the inbox: its name is not UTF-8. Rename it; the next cycle takes it.");
            }

            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem($"{path} can't be taken from the inbox: {Reason.Of(e).TrimEnd('.', '。')}. Make room, or give this user the right to move files there; the next cycle tries again.");
            return false;
        }
    }

    /// <summary>A folder that can't be read is a problem of its own: the other kinds are taken all the same.</summary>
    private static List<string> FilesIn(string folder, Action<Phrase> problem)
    {
        try
        {
            if (new DirectoryInfo(folder).LinkTarget is not null)
            {
                problem(IsALink(folder));
                return [];
            }

            if (File.Exists(folder))
            {
                problem($"{folder} is no folder: nothing is taken from it. Remove it; the next cycle makes the folder.");
                return [];
            }

            return Directory.Exists(folder) ? Listed(folder, problem) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem($"{folder} can't be read: {Reason.Of(e)} Give this user the right to read it; the next cycle tries again.");
            return [];
        }
    }

    private static List<string> Listed(string folder, Action<Phrase> problem)
    {
        var files = new List<string>();
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles()
            .Where(f => !f.Name.EndsWith(".tmp", StringComparison.Ordinal) && !f.Name.EndsWith(".part", StringComparison.Ordinal) && !f.Name.StartsWith('.')))
        {
            if (file.LinkTarget is null)
            {
                files.Add(file.FullName);
            }
            else
            {
                problem(IsALink(file.FullName));
            }
        }

        files.Sort(StringComparer.Ordinal);
        return files;
    }

    /// <summary>Whoever may write to an inbox could have any file of ours read, moved or refused by a link to it.</summary>
    private static Phrase IsALink(string path) =>
        $"{path} is a link and could lead anywhere: it is left. Put the files themselves there, or mount a folder; the next cycle looks again.";

    /// <summary>A change in the future is the sender's clock: waiting for it could take years.</summary>
    private bool HasSettled(string path)
    {
        var age = time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(path);
        return age >= settle || age < TimeSpan.Zero || settle == TimeSpan.Zero;
    }

    /// <summary>A name that is there already gets a number, unless it is the very same file.</summary>
    private static string MoveTo(IncomingFile file, string folder)
    {
        DurableFile.CreateFolder(folder);
        var target = System.IO.Path.Combine(folder, file.Name);
        for (var n = 2; File.Exists(target) && !SameContent(target, file.Path); n++)
        {
            target = System.IO.Path.Combine(folder, DataDirectory.Named(file.Name, $".{n}"));
        }

        Moment.Of("rename", target);
        DurableFile.Move(file.Path, target); // not waited for: a file that comes back from a power cut is known, and moved again
        return target;
    }

    private static bool SameContent(string a, string b)
    {
        if (new FileInfo(a).Length != new FileInfo(b).Length)
        {
            return false;
        }

        using var first = File.OpenRead(a);
        using var second = File.OpenRead(b);
        return System.Security.Cryptography.SHA256.HashData(first).AsSpan()
            .SequenceEqual(System.Security.Cryptography.SHA256.HashData(second));
    }
}
