using Microsoft.Win32.SafeHandles;

namespace SurveyDispatcher.Storage;

/// <summary>Flushes a store's write-ahead log to the disk behind its commits, on a thread of its own, over and over while there is something new.</summary>
internal sealed class WriteBehind : IDisposable
{
    private readonly SafeFileHandle log;
    private readonly Thread thread;
    private readonly SemaphoreSlim something = new(0, 1);
    private volatile bool ended;
    private volatile Exception? failure;

    /// <param name="path">The log; it stays the same file while the store is open.</param>
    public WriteBehind(string path)
    {
        log = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        thread = new Thread(Run) { IsBackground = true, Name = "store flush" };
        thread.Start();
    }

    /// <summary>A commit has been written. It is on the disk when the flush under way and the next one have ended.</summary>
    /// <exception cref="IOException">An earlier flush failed.</exception>
    public void Written()
    {
        if (failure is { } reason)
        {
            throw new IOException($"The store's log could not be flushed to the disk: {reason.Message}", reason);
        }

        if (something.CurrentCount == 0)
        {
            something.Release();
        }
    }

    /// <summary>Ends when all is on the disk.</summary>
    /// <exception cref="IOException">It could not be flushed.</exception>
    public void Dispose()
    {
        ended = true;
        if (something.CurrentCount == 0)
        {
            something.Release();
        }

        thread.Join();
        log.Dispose();
        something.Dispose();
        if (failure is { } reason)
        {
            throw new IOException($"The store's log could not be flushed to the disk: {reason.Message}", reason);
        }
    }

    private void Run()
    {
        try
        {
            for (var last = false; !last;)
            {
                something.Wait();
                last = ended;
                RandomAccess.FlushToDisk(log);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failure = e;
        }
    }
}
