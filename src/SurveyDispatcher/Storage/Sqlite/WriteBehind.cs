using Microsoft.Win32.SafeHandles;

namespace SurveyDispatcher.Storage;

/// <summary>Flushes a store's write-ahead log to the disk behind its commits, on a thread of its own.</summary>
internal sealed class WriteBehind : IDisposable
{
    /// <summary>How long a flush waits for more. One takes much less, but each costs the processor as much as sending a mail.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(5);

    private readonly SafeFileHandle log;
    private readonly Thread thread;
    private readonly AutoResetEvent something = new(false);
    private readonly ManualResetEvent end = new(false);
    private volatile Exception? failure;

    /// <param name="path">The log; it stays the same file while the store is open.</param>
    public WriteBehind(string path)
    {
        log = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        thread = new Thread(Run) { IsBackground = true, Name = "store flush" };
        thread.Start();
    }

    /// <summary>A commit has been written; it will be on the disk in a few milliseconds.</summary>
    /// <exception cref="IOException">An earlier flush failed.</exception>
    public void Written()
    {
        ThrowIfFailed();
        something.Set();
    }

    /// <summary>Ends when all is on the disk.</summary>
    /// <exception cref="IOException">It could not be flushed.</exception>
    public void Dispose()
    {
        end.Set();
        something.Set();
        thread.Join();
        log.Dispose();
        something.Dispose();
        end.Dispose();
        ThrowIfFailed();
    }

    private void Run()
    {
        try
        {
            for (var last = false; !last;)
            {
                something.WaitOne();
                last = end.WaitOne(Rest);
                RandomAccess.FlushToDisk(log);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failure = e;
        }
    }

    private void ThrowIfFailed()
    {
        if (failure is { } reason)
        {
            throw new IOException(Say($"The store's log could not be flushed to the disk: {Reason.Of(reason)}"), reason);
        }
    }
}
