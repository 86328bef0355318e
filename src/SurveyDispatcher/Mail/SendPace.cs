namespace SurveyDispatcher.Mail;

/// <summary>Lets at most so many messages pass in any 60 seconds: a sliding window, so that no two halves of a minute add up to more.</summary>
/// <param name="perMinute">0: no limit.</param>
/// <param name="clock">Whose minutes they are.</param>
internal sealed class SendPace(int perMinute, TimeProvider clock) : IDisposable
{
    // A little more than a minute, for what lies between our permission and the server's clock.
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(60_100);

    private readonly Queue<long> _passed = new();
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Waits until one more message fits.</summary>
    public async ValueTask WaitAsync(CancellationToken ct)
    {
        if (perMinute == 0)
        {
            return;
        }
        await _turn.WaitAsync(ct);
        try
        {
            if (_passed.Count == perMinute)
            {
                for (var left = Left(); left > TimeSpan.Zero; left = Left())
                {
                    await Task.Delay(left, clock, ct);
                }
                _passed.Dequeue();
            }
            _passed.Enqueue(clock.GetTimestamp());
        }
        finally
        {
            _turn.Release();
        }

        TimeSpan Left() => Window - clock.GetElapsedTime(_passed.Peek());
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();
}
