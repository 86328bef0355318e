using System.ComponentModel;
using System.Runtime.InteropServices;

namespace SurveyDispatcher;

/// <summary>Writing files so that nobody ever sees half of one.</summary>
public static partial class DurableFile
{
    /// <summary>EXDEV, on Linux and macOS.</summary>
    private const int OtherFileSystem = 18;

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

    /// <summary>
    /// Gives a file another place; one that is there already is replaced. On another file system (a mounted inbox, say) it is copied under
    /// a name that nobody looks at, and appears when it is complete: a full disk or a crash leaves it where it was.
    /// </summary>
    public static void Move(string path, string target)
    {
        if (OperatingSystem.IsWindows())
        {
            File.Move(path, target, overwrite: true);
        }
        else if (Rename(path, target) != 0)
        {
            if (Marshal.GetLastPInvokeError() is not OtherFileSystem and var error)
            {
                throw File.Exists(path) ? new IOException($"{new Win32Exception(error).Message} : '{path}' to '{target}'") : new FileNotFoundException($"'{path}' is gone.");
            }

            MoveAcross(path, target);
        }
    }

    /// <summary>Opens a new file that only its owner can read, an old one of that name is replaced.</summary>
    public static FileStream Create(string path) => Open(path, FileMode.Create, FileShare.Read);

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

    private static void MoveAcross(string path, string target)
    {
        var part = target + ".part";
        try
        {
            var (length, changed) = Look(path);
            File.Copy(path, part, overwrite: true);
            using (var copy = new FileStream(part, FileMode.Open, FileAccess.ReadWrite))
            {
                copy.Flush(flushToDisk: true);
            }

            if (Look(path) != (length, changed))
            {
                throw new IOException($"'{path}' was changed while it was copied.");
            }

            File.Move(part, target, overwrite: true);
        }
        catch
        {
            File.Delete(part);
            throw;
        }

        File.Delete(path);
    }

    private static (long Length, DateTime Changed) Look(string path) => (new FileInfo(path).Length, File.GetLastWriteTimeUtc(path));

    /// <summary>File.Move would copy by itself where a rename is impossible, and leave half of a file behind when that fails.</summary>
    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string path, string target);
}
