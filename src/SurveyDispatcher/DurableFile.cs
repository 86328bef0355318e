namespace SurveyDispatcher;

/// <summary>Writing files so that nobody ever sees half of one.</summary>
public static class DurableFile
{
    /// <summary>Writes a file under a temporary name, flushes it to the disk, and renames it.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = path + ".tmp";
        using (var stream = Create(temporary))
        {
            write(stream);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Opens a new file that only its owner can read, an old one of that name is replaced.</summary>
    /// <remarks>Replaced, not written over: in a folder that others may write to, the name may be a link to a file of ours.</remarks>
    public static FileStream Create(string path)
    {
        File.Delete(path);
        return Open(path, FileMode.CreateNew, FileShare.Read);
    }

    /// <summary>Opens a file that, when it is made here, only its owner can read.</summary>
    public static FileStream Open(string path, FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }
}
