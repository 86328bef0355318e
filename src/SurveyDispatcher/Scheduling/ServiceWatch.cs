using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Scheduling;

/// <summary>Looks after the service itself: does the scheduler still start cycles, can the store be used? And tells other processes in the data directory.</summary>
/// <remarks>Three loops, so that a store that does not answer, or a disk that hangs, keeps only one of them: the others go on telling the truth.</remarks>
internal sealed class ServiceWatch(
    PipelineConfig config, DataDirectory directory, ServiceState state, TimeProvider time, ISchedulerFactory schedulers, IHostApplicationLifetime lifetime, ILogger<ServiceWatch> log)
    : BackgroundService
{
    /// <summary>How often it looks whether the schedule stands, as long as it does not.</summary>
    private static readonly TimeSpan AtStart = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAtStore = TimeSpan.FromSeconds(15);

    /// <summary>What is said of the store.</summary>
    private const string Checks = "store";

    private readonly Dictionary<string, string> said = new(StringComparer.Ordinal);
    private readonly Lock saying = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        await using var stop = lifetime.ApplicationStopping.UnsafeRegister(static s => ((ServiceState)s!).Stops(), state);
        await Task.WhenAll(
            Task.Run(() => ScheduleAsync(stoppingToken), CancellationToken.None),
            Task.Run(() => StoreAsync(stoppingToken), CancellationToken.None),
            Task.Run(() => TellAsync(stoppingToken), CancellationToken.None));
    }

    /// <summary>When a time for a cycle has passed, and the scheduler has neither started it nor gone on to the next time, it does not look at its triggers any more.</summary>
    private async Task ScheduleAsync(CancellationToken ct)
    {
        long? late = null;
        await EachAsync(AtStart, async () =>
        {
            var scheduler = await schedulers.GetScheduler(ct);
            var now = state.Look();
            var runs = scheduler.Status == SchedulerStatus.Running;
            if (!runs && now.Phase == Phase.Starting)
            {
                return AtStart;
            }

            var trigger = runs ? await scheduler.GetTrigger(Worker.Trigger, ct) : null;
            var next = trigger?.NextFireTimeUtc;
            // Blocked: a cycle runs, here or in another service, and its next time waits for its end.
            var isLate = !runs || (next < time.GetUtcNow() && now.Work is not { Helping: false } && await scheduler.GetTriggerState(Worker.Trigger, ct) != TriggerState.Blocked);
            late = isLate ? late ?? time.GetTimestamp() : null;
            state.Schedule(next, late is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero);
            state.Started();
            return Look;
        },
        ct);
    }

    /// <summary>While a cycle of its own runs, that one shows what the store is like.</summary>
    private Task StoreAsync(CancellationToken ct) => EachAsync(TimeSpan.Zero, () =>
    {
        if (state.Look().Work is null)
        {
            state.Store(Fault());
        }

        return Task.FromResult(LookAtStore);
    },
    ct);

    private StoreFault? Fault()
    {
        try
        {
            Cycle.CheckStore(config, directory);
            Forget(Checks);
            return null;
        }
        catch (Exception e) when (e is OperatorException or IOException or UnauthorizedAccessException or DbException)
        {
            Warn(Checks, $"The store can't be used at the moment: {(e is DbException lost ? Store.Explain(lost) : Reason.Of(e))}");
            return new StoreFault("store_unusable", Say($"The store or its keys can't be used; the log says why."));
        }
    }

    private async Task TellAsync(CancellationToken ct)
    {
        RunningService? written = null;
        await EachAsync(TimeSpan.Zero, () =>
        {
            var now = Now();
            if (written is null || (now.LastSeen - written.LastSeen).Duration() >= RunningServices.Beat || (now.Doing, now.Live, now.Faults.Count, now.NextCycle) != (written.Doing, written.Live, written.Faults.Count, written.NextCycle))
            {
                written = now;
                RunningServices.Write(directory, now);
            }

            return Task.FromResult(Second);
        },
        ct);
        if (written is null)
        {
            return;
        }

        try
        {
            RunningServices.Remove(directory, written);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Warn("services", $"The service's file in {directory.Services} could not be removed: {Reason.Of(e)} After a minute nobody takes it for a running one.");
        }
    }

    private RunningService Now()
    {
        var now = state.Look();
        var reasons = ServiceHealth.NotReady(now, config.Settings);
        return new RunningService(
            Environment.MachineName, directory.Root, Environment.ProcessId, Telemetry.Version, now.Since, time.GetUtcNow(), now.Next,
            ServiceHealth.Doing(now), now.Work?.Step, [.. reasons.Select(r => r.Code)], ServiceHealth.NotLive(now, config.Settings).Count == 0);
    }

    /// <summary>Again and again, whatever happens: what keeps it from looking is said once, as long as it lasts.</summary>
    private async Task EachAsync(TimeSpan wait, Func<Task<TimeSpan>> look, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            await Task.Delay(wait, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ct.IsCancellationRequested)
            {
                return;
            }

            try
            {
                wait = await look();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Warn(look.Method.Name, $"The service can't tell others of itself in {directory.Services}: {Reason.Of(e)} Give it the right, or make room.");
                wait = LookAtStore;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Warn(look.Method.Name, $"The service can't look after itself at the moment ({Unexpected.Describe(e)}).");
                wait = Look;
            }
        }
    }

    /// <summary>All is well again: the next time it is said anew.</summary>
    private void Forget(string about)
    {
        lock (saying)
        {
            said.Remove(about);
        }
    }

    private void Warn(string about, Phrase what)
    {
        var problem = Say(what);
        lock (saying)
        {
            if (said.GetValueOrDefault(about) == problem)
            {
                return;
            }

            said[about] = problem;
        }

        log.LogWarning("{Problem}", problem);
    }
}
