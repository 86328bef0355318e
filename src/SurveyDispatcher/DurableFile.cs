using System.ComponentModel;
using System.Runtime.InteropServices;

namespace SurveyDispatcher;

/// <summary>Writing files so that nobody ever sees half of one, also after the power was lost.</summary>
public static partial class DurableFile
{
    /// <summary>EXDEV, on Linux and macOS.</summary>
    private const int OtherFileSystem = 18;

    /// <summary>Writes a file under a temporary name, flushes it to the disk, and renames it. What can't be written whole leaves nothing behind.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = path + ".tmp";
        try
        {
            using (var stream = Create(temporary))
            {
                write(stream);
                Flush(stream);
            }

            Rename(temporary, path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>The same for somebody who writes to a path: a database. The file is there, empty, and only its owner can read it.</summary>
    public static void WriteAt(string path, Action<string> write)
    {
        var temporary = path + ".tmp";
        try
        {
            Create(temporary).Dispose();
            write(temporary);
            using (var stream = Open(temporary, FileMode.OpenOrCreate, FileShare.Read))
            {
                Flush(stream);
            }

            Rename(temporary, path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes a folder under a temporary name and renames it when everything in it is on the disk: its files are flushed by whoever writes them.</summary>
    /// <param name="path">A name that is free, or that of an empty folder.</param>
    /// <param name="write">Gets the path of a new folder that only its owner can enter.</param>
    public static void WriteFolder(string path, Action<string> write)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var temporary = $"{path}.{Path.GetRandomFileName()}.tmp"; // a name of its own: whatever else is there is somebody's
        try
        {
            CreateFolder(temporary);
            write(temporary);
            FlushFolderUnlessWindows(temporary);
            Moment.Of("rename", path);
            if (Directory.Exists(path))
            {
                Directory.Delete(path); // only an empty one
            }

            Directory.Move(temporary, path);
            FlushFolderUnlessWindows(Path.GetDirectoryName(path)!);
        }
        catch
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }

            throw;
        }
    }

    /// <summary>Makes a folder, and those above it, that only their owner can enter. One that is there stays as it is.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else if (!Directory.Exists(path))
        {
            CreateFolder(Path.GetDirectoryName(path)!);
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Waits until all that was written is on the disk.</summary>
    public static void Flush(FileStream stream)
    {
        Moment.Of("flush", stream.Name);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Gives a flushed file its name, in place of an older one, and waits until the folder is on the disk, too.</summary>
    public static void Rename(string path, string name)
    {
        Moment.Of("rename", name);
        File.Move(path, name, overwrite: true);
        FlushFolderUnlessWindows(Path.GetDirectoryName(Path.GetFullPath(name))!);
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
        else if (RenameNow(path, target) != 0)
        {
            if (Marshal.GetLastPInvokeError() is not OtherFileSystem and var error)
            {
                throw File.Exists(path) ? new IOException(Reason.InWords($"{new Win32Exception(error).Message} : '{path}' to '{target}'")) : new FileNotFoundException(Say($"'{path}' is gone."));
            }

            MoveAcross(path, target);
        }
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

        Moment.Of("open", path);
        return new FileStream(path, options);
    }

    /// <summary>On Windows the file system's journal keeps the order by itself.</summary>
    private static void FlushFolderUnlessWindows(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            FlushFolder(path);
        }
    }

    /// <summary>A new name is only on the disk when its folder is; .NET opens no folders.</summary>
    private static void FlushFolder(string path)
    {
        const int readOnly = 0;
        var folder = OpenFolder(path, readOnly);
        if (folder < 0)
        {
            throw new IOException(Say($"The folder {path} can't be opened: {Reason.InWords(Marshal.GetLastPInvokeErrorMessage())}."));
        }

        var failed = FlushFolder(folder) != 0;
        var error = Marshal.GetLastPInvokeError();
        _ = CloseFolder(folder);
        const int invalid = 22; // file systems that can't flush a folder, some of them on networks
        if (failed && error != invalid)
        {
            throw new IOException(Say($"The folder {path} can't be flushed to the disk: {Reason.InWords(Marshal.GetPInvokeErrorMessage(error))}."));
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushFolder(int folder);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseFolder(int folder);

    private static void MoveAcross(string path, string target)
    {
        var part = target + ".part";
        try
        {
            var (length, changed) = Look(path);
            File.Copy(path, part, overwrite: true);
            using (var copy = new FileStream(part, FileMode.Open, FileAccess.ReadWrite))
            {
                Flush(copy);
            }

            if (Look(path) != (length, changed))
            {
                throw new IOException(Say($"'{path}' was changed while it was copied."));
            }

            Rename(part, target); // and its folder: the other copy goes next
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
    private static partial int RenameNow(string path, string target);

    /// <summary>Takes the rights of others to a file that came from elsewhere; one that another user owns stays as it is, in a folder that is closed.</summary>
    public static void CloseToOthers(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (UnauthorizedAccessException)
        {
            return; // only its owner may
        }
    }
}
