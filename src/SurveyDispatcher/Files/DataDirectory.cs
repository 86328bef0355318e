namespace SurveyDispatcher.Files;

/// <summary>The folders below the data directory; all of them are for their owner only.</summary>
public sealed class DataDirectory
{
    /// <summary>The kinds of files that are taken in, as the folders below <c>inbox/</c> are called.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["optouts", "responses", "dispositions", "bounces", "dealers", "dms"];

    /// <summary>A data directory; nothing is created yet.</summary>
    public DataDirectory(string root) => Root = Path.GetFullPath(root);

    /// <summary>The directory itself.</summary>
    public string Root { get; }

    /// <summary>The store.</summary>
    public string StorePath => Path.Combine(Root, "survey.db");

    /// <summary>Held while a cycle runs.</summary>
    public string LockPath => Path.Combine(Root, "cycle.lock");

    /// <summary>Who holds it, or held it last.</summary>
    public string HolderPath => Path.Combine(Root, "cycle.process");

    /// <summary>Where the mails go that are not sent.</summary>
    public string Mail => Path.Combine(Root, "mail");

    /// <summary>Row rejects.</summary>
    public string Rejects => Path.Combine(Root, "rejects");

    /// <summary>Files refused as a whole.</summary>
    public string Failed => Path.Combine(Root, "failed");

    /// <summary>Files that are being taken in.</summary>
    public string Taking => Path.Combine(Root, "taking");

    /// <summary>The vendor's lists.</summary>
    public string PhoneLists => Path.Combine(Root, "outbox", "phone");

    /// <summary>Where files of a kind arrive.</summary>
    public string Inbox(string kind) => Path.Combine(Root, "inbox", kind);

    /// <summary>Where the files that were taken are kept, by day.</summary>
    public string ArchiveRoot => Path.Combine(Root, "archive");

    /// <summary>Whether any file was ever taken here.</summary>
    public bool HasArchive => Directory.Exists(ArchiveRoot) && Directory.EnumerateFiles(ArchiveRoot, "*", SearchOption.AllDirectories).Any();

    /// <summary>Where the files that were taken on a day are kept.</summary>
    public string Archive(DateOnly day) =>
        Path.Combine(ArchiveRoot, $"{day:yyyy}", $"{day:MM}", $"{day:dd}");

    /// <summary>Whether a path is one that the program itself writes or reads here: nothing else may be put there.</summary>
    public bool IsOwn(string path)
    {
        var full = Path.GetFullPath(path);
        if (!full.StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            return full == Root;
        }

        var first = full[(Root.Length + 1)..].Split(Path.DirectorySeparatorChar)[0];
        return first is "inbox" or "taking" or "archive" or "failed" or "rejects" or "outbox" or "mail"
            || first.StartsWith("survey.db", StringComparison.Ordinal) || first.StartsWith("keys.json", StringComparison.Ordinal) || first.StartsWith("cycle.", StringComparison.Ordinal);
    }

    /// <summary>Creates the folders without which nothing can be done. Those of lists and mails are made by their steps: one in the way stops only that step.</summary>
    /// <exception cref="OperatorException">The directory can't be written.</exception>
    public void Create()
    {
        try
        {
            DurableFile.CreateFolder(Root);
            foreach (var folder in (string[])[Rejects, Failed, Taking, .. Kinds.Select(Inbox).Where(i => !IsTaken(i))])
            {
                DurableFile.CreateFolder(folder);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException(
                $"The data directory {Root} can't be written: {Reason.Of(e)} Choose another with --data DIR, or give this user the right to write there.", e);
        }
    }

    /// <summary>A file's name with something behind it. One that would become too long for a file system is cut, and marked so that it stays one of its own.</summary>
    public static string Named(string name, string suffix)
    {
        const int most = 255 - 4; // bytes; ".tmp" comes behind it while it is written
        var text = System.Text.Encoding.UTF8;
        var room = most - text.GetByteCount(suffix);
        if (suffix.Length == 0 || text.GetByteCount(name) <= room)
        {
            return name + suffix;
        }

        var mark = "~" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(text.GetBytes(name)))[..8];
        var kept = new System.Text.StringBuilder();
        room -= mark.Length;
        foreach (var rune in name.EnumerateRunes().TakeWhile(r => (room -= r.Utf8SequenceLength) >= 0))
        {
            kept.Append(rune);
        }

        return kept + mark + suffix;
    }

    /// <summary>Whether there is something else in a folder's place. It stops what would be done there, and nothing more.</summary>
    private static bool IsTaken(string path) => File.Exists(path) || new DirectoryInfo(path).LinkTarget is not null;
}
