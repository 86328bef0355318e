using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>Sends to a relay, over at most <see cref="MailOptions.Connections"/> sessions, which stay open from message to message.</summary>
/// <remarks>
/// Only what surely did not send is tried again, and only for its connection: exponential back-off with jitter for
/// <see cref="MailOptions.RetrySeconds"/> from the first failure on, shared by all messages, until one gets through again. After
/// that the relay counts as down: a circuit breaker lets every message fail at once, and now and then one looks again.
/// What the server says about a message is the caller's to repeat.
/// </remarks>
public sealed class RelayTransport : IMailTransport
{
    // A wrong password is not tried again with every message: accounts get locked for that.
    private static readonly TimeSpan RefusalHolds = TimeSpan.FromMinutes(1);

    private static readonly ResiliencePropertyKey<long> FirstFault = new("first fault");

    private readonly MailOptions _options;
    private readonly Func<CancellationToken, Task<IMailSession>> _open;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _slots;
    private readonly List<IMailSession> _idle = [];
    private readonly ResiliencePipeline _retrying;
    private readonly ResiliencePipeline _breaking;
    private readonly Lock _lock = new();
    private readonly TimeSpan _budget;
    private int _sessions;
    private long? _failingSince;
    private long _gotThrough = long.MinValue;
    private volatile Refusal? _refusal;

    /// <summary>Connects with the first message, not here.</summary>
    /// <param name="options">The relay and how it is used.</param>
    /// <param name="open">Opens one session; throws <see cref="SmtpFaultException"/> when it can't be had.</param>
    /// <param name="clock">Times the pauses between tries.</param>
    internal RelayTransport(MailOptions options, Func<CancellationToken, Task<IMailSession>> open, TimeProvider clock)
    {
        _options = options;
        _open = open;
        _clock = clock;
        _slots = new(options.Connections);

        _budget = TimeSpan.FromSeconds(options.RetrySeconds);
        _retrying = new ResiliencePipelineBuilder { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions
            {
                // The second limit is for one message that breaks every session while others get through.
                ShouldHandle = args => new(IsConnectionFault(args.Outcome.Exception) && FailingFor() < _budget && FailingFor(args.Context) < _budget),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(100),
                MaxDelay = TimeSpan.FromSeconds(3),
                MaxRetryAttempts = int.MaxValue,
            })
            .Build();
        _breaking = new ResiliencePipelineBuilder { TimeProvider = clock }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<SmtpFaultException>(),
                MinimumThroughput = 2,
                FailureRatio = 0.5,
                SamplingDuration = TimeSpan.FromSeconds(30),
                // Well inside the budget, so that a relay which comes back in time is noticed in time.
                BreakDuration = TimeSpan.FromMilliseconds(500),
            })
            .Build();
    }

    /// <inheritdoc/>
    public async Task<Delivery> SendAsync(Envelope envelope, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        await _slots.WaitAsync(ct);
        var began = _clock.GetTimestamp();
        try
        {
            var delivery = await TryKeptAsync(envelope, message, ct) ?? await _retrying.ExecuteAsync(
                static (job, token) => job.Transport.TryAsync(job.Envelope, job.Message, token),
                (Transport: this, Envelope: envelope, Message: message),
                ct);
            if (delivery is not Delivery.InDoubt)
            {
                GotThrough();
            }
            return delivery;
        }
        catch (BrokenCircuitException e)
        {
            return Settled((SmtpFaultException?)e.InnerException, began);
        }
        catch (SmtpFaultException e)
        {
            return Settled(e, began);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Says goodbye on all sessions. Messages must not be under way any more.</summary>
    public ValueTask DisposeAsync()
    {
        _idle.ForEach(s => s.Dispose());
        _slots.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>On a session that is open already. One that is lost is no failure of the relay yet: a server may get tired of it.</summary>
    /// <returns>null when another session must be tried.</returns>
    private async Task<Delivery?> TryKeptAsync(Envelope envelope, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        if (Kept(envelope.Id, opening: false) is not { } session)
        {
            return null;
        }
        try
        {
            return await session.SendAsync(envelope, message, ct);
        }
        catch (SmtpFaultException)
        {
            return null;
        }
        finally
        {
            Keep(session);
        }
    }

    private async ValueTask<Delivery> TryAsync(Envelope envelope, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        var session = Kept(envelope.Id, opening: true) ?? await OpenAsync(ct);
        try
        {
            return await session.SendAsync(envelope, message, ct);
        }
        finally
        {
            Keep(session);
        }
    }

    /// <summary>The idle session that waits for this message, else one that waits for none; null when there is none.</summary>
    /// <param name="id">The message.</param>
    /// <param name="opening">One will be opened where there is none: keeps a place for it.</param>
    private IMailSession? Kept(string id, bool opening)
    {
        while (Taken(id, opening) is { } session)
        {
            if (session.IsUsable && (session.Announced is null || session.Announced == id))
            {
                return session;
            }
            session.Dispose();
            FreePlace();
        }
        return null;
    }

    /// <summary>Takes an idle session away; one that waits for another message only where its place is needed.</summary>
    private IMailSession? Taken(string id, bool opening)
    {
        lock (_lock)
        {
            var at = _idle.FindLastIndex(s => s.Announced == id);
            at = at >= 0 ? at : _idle.FindLastIndex(s => s.Announced is null);
            if (at < 0 && opening)
            {
                at = _sessions < _options.Connections ? at : _idle.Count - 1;
                _sessions += at < 0 ? 1 : 0;
            }
            if (at < 0)
            {
                return null;
            }
            var session = _idle[at];
            _idle.RemoveAt(at);
            return session;
        }
    }

    private void Keep(IMailSession session)
    {
        if (session.IsBroken)
        {
            session.Dispose();
            FreePlace();
            return;
        }
        lock (_lock)
        {
            _idle.Add(session);
        }
    }

    private void FreePlace()
    {
        lock (_lock)
        {
            _sessions--;
        }
    }

    /// <summary>Opens a session in the place that was kept for it.</summary>
    private async Task<IMailSession> OpenAsync(CancellationToken ct)
    {
        IMailSession? session = null;
        try
        {
            return session = await TryOpenAsync(ct);
        }
        finally
        {
            if (session is null)
            {
                FreePlace();
            }
        }
    }

    private async Task<IMailSession> TryOpenAsync(CancellationToken ct)
    {
        if (_refusal is { } refusal && _clock.GetElapsedTime(refusal.At) < RefusalHolds)
        {
            throw new SmtpFaultException(refusal.Outcome, retry: false);
        }
        try
        {
            return await _breaking.ExecuteAsync(static async (t, token) => await t._open(token), this, ct);
        }
        catch (SmtpFaultException e) when (e.Outcome is Delivery.MessageRefused)
        {
            _refusal = new(e.Outcome, _clock.GetTimestamp());
            throw;
        }
    }

    private static bool IsConnectionFault(Exception? e) => e is SmtpFaultException { Retry: true } or BrokenCircuitException { InnerException: SmtpFaultException { Retry: true } };

    private TimeSpan FailingFor()
    {
        lock (_lock)
        {
            return _clock.GetElapsedTime(_failingSince ??= _clock.GetTimestamp());
        }
    }

    private TimeSpan FailingFor(ResilienceContext message)
    {
        if (!message.Properties.TryGetValue(FirstFault, out var since))
        {
            message.Properties.Set(FirstFault, since = _clock.GetTimestamp());
        }
        return _clock.GetElapsedTime(since);
    }

    private void GotThrough()
    {
        lock (_lock)
        {
            (_failingSince, _gotThrough) = (null, _clock.GetTimestamp());
        }
    }

    /// <summary>What a fault means when the tries are used up: if others got through meanwhile, and lately, the server is not the reason.</summary>
    private Delivery Settled(SmtpFaultException? fault, long began)
    {
        if (fault is { Retry: true, Outcome: Delivery.ServerUnusable } && FailingFor() < _budget)
        {
            lock (_lock)
            {
                return _gotThrough > began ? new Delivery.TryLater(new(4, 4, 2)) : fault.Outcome;
            }
        }
        return fault?.Outcome ?? new Delivery.ServerUnusable(Say($"{_options.Host}:{_options.Port} is not tried for the moment."));
    }

    private sealed record Refusal(Delivery Outcome, long At);
}
