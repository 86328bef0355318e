using System.Collections.Concurrent;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Reads what a statement gives on this thread, which owns the store, while another one writes or counts it.</summary>
internal static class RowPipe
{
    private const int PagesUnderWay = 4;

    /// <summary>Hands every row to <paramref name="write"/>, in order.</summary>
    public static void Run(Statement statement, Action<RowPage, int> write, params ReadOnlySpan<object?> values)
    {
        using var full = new BlockingCollection<RowPage>(PagesUnderWay);
        using var abandoned = new CancellationTokenSource();
        var free = new ConcurrentQueue<RowPage>();
        var writing = Task.Factory.StartNew(() => Write(full, free, write, abandoned), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            statement.EachPage(() => free.TryDequeue(out var page) ? page : new RowPage(), page => full.Add(page, abandoned.Token), values);
        }
        catch (OperationCanceledException) when (abandoned.IsCancellationRequested)
        {
            writing.GetAwaiter().GetResult(); // says why
            throw;
        }
        finally
        {
            full.CompleteAdding();
            ((IAsyncResult)writing).AsyncWaitHandle.WaitOne();
        }

        writing.GetAwaiter().GetResult();
    }

    private static void Write(BlockingCollection<RowPage> full, ConcurrentQueue<RowPage> free, Action<RowPage, int> write, CancellationTokenSource abandoned)
    {
        try
        {
            foreach (var page in full.GetConsumingEnumerable())
            {
                for (var row = 0; row < page.Count; row++)
                {
                    write(page, row);
                }

                free.Enqueue(page);
            }
        }
        catch
        {
            abandoned.Cancel();
            throw;
        }
    }
}
