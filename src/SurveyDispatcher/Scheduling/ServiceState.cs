using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Scheduling;

/// <summary>How far a service has come.</summary>
internal enum Phase
{
    /// <summary>The schedule does not stand yet.</summary>
    Starting,

    /// <summary>It waits for the next cycle, or runs one.</summary>
    Running,

    /// <summary>It has been told to stop.</summary>
    Stopping,
}

/// <summary>What the service works at.</summary>
/// <param name="Helping">It helps another's cycle; else it is its own.</param>
/// <param name="Since">When that began.</param>
/// <param name="Step">The step that the cycle has come to.</param>
/// <param name="Silent">For how long it has shown no sign of life.</param>
internal sealed record Work(bool Helping, DateTimeOffset Since, string? Step, TimeSpan Silent);

/// <summary>How the last cycle ended.</summary>
/// <param name="AsOf">The instant that dated it.</param>
/// <param name="Outcome">done, failed or stopped.</param>
/// <param name="Ended">When.</param>
internal sealed record PastCycle(string AsOf, string Outcome, DateTimeOffset Ended);

/// <summary>Why the store can't be used.</summary>
/// <param name="Code">A word for programs.</param>
/// <param name="Text">What is wrong; it names no file of others.</param>
internal sealed record StoreFault(string Code, string Text);

/// <summary>A service at one moment.</summary>
internal sealed record ServiceNow
{
    /// <summary>How far it has come.</summary>
    public Phase Phase { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>What it works at; null when it waits.</summary>
    public Work? Work { get; init; }

    /// <summary>The last cycle that it ran itself; null before the first.</summary>
    public PastCycle? Last { get; init; }

    /// <summary>For how long no cycle of its own has ended, since the start before the first.</summary>
    public TimeSpan SinceLast { get; init; }

    /// <summary>Cycles that failed, one after the other, up to now.</summary>
    public int Failures { get; init; }

    /// <summary>Passes between cycles, for withdrawals, that failed one after the other, up to now.</summary>
    public int FailedWithdrawals { get; init; }

    /// <summary>Cycles of its own that have ended, in whatever way.</summary>
    public int Cycles { get; init; }

    /// <summary>When the schedule starts the next cycle; null when it starts none, or could not be asked yet.</summary>
    public DateTimeOffset? Next { get; init; }

    /// <summary>Whether the schedule is known to start no cycle any more.</summary>
    public bool HasNoNext { get; init; }

    /// <summary>For how long the scheduler has let pass a time at which it should have started a cycle.</summary>
    public TimeSpan Overdue { get; init; }

    /// <summary>Why the store can't be used; null when it can.</summary>
    public StoreFault? Store { get; init; }

    /// <summary>What waited when the last cycle ended.</summary>
    public Queues? Queues { get; init; }
}

/// <summary>What a service is doing, for all who ask: systemd, the endpoint, the collector, other processes. Safe from any thread.</summary>
internal sealed class ServiceState(TimeProvider time) : IProgressView
{
    private readonly Lock turn = new();
    private readonly long began = time.GetTimestamp();
    private ServiceNow now = new() { Since = time.GetUtcNow() };
    private long lastEnded;
    private long sign;

    /// <summary>As it is at this moment.</summary>
    public ServiceNow Look()
    {
        lock (turn)
        {
            return now with
            {
                Work = now.Work is { } work ? work with { Silent = time.GetElapsedTime(Interlocked.Read(ref sign)) } : null,
                SinceLast = time.GetElapsedTime(lastEnded == 0 ? began : lastEnded),
            };
        }
    }

    /// <summary>The schedule stands.</summary>
    public void Started() => Change(n => n with { Phase = n.Phase == Phase.Starting ? Phase.Running : n.Phase });

    /// <summary>A stop was asked for.</summary>
    public void Stops() => Change(n => n with { Phase = Phase.Stopping });

    /// <summary>A cycle of its own begins, or another's is helped.</summary>
    public void Begin(bool helping = false)
    {
        Alive();
        Change(n => n with { Work = new Work(helping, time.GetUtcNow(), null, TimeSpan.Zero) });
    }

    /// <summary>It is done with helping.</summary>
    public void EndHelp() => Change(n => n with { Work = n.Work is { Helping: true } ? null : n.Work });

    /// <summary>A cycle of its own has ended.</summary>
    public void End(string asOf, string outcome, Queues? queues) => Change(n =>
    {
        lastEnded = time.GetTimestamp();
        return n with
        {
            Work = null,
            Last = new PastCycle(asOf, outcome, time.GetUtcNow()),
            Failures = outcome switch { "done" => 0, "failed" => n.Failures + 1, _ => n.Failures },
            Cycles = n.Cycles + 1,
            Queues = queues ?? n.Queues,
        };
    });

    /// <summary>A pass between two cycles, for withdrawals, has ended.</summary>
    /// <param name="failed">Whether it failed; null: it could not try, or was stopped.</param>
    public void EndWithdrawals(bool? failed) => Change(n => n with { FailedWithdrawals = failed switch { true => n.FailedWithdrawals + 1, false => 0, null => n.FailedWithdrawals } });

    /// <summary>What the scheduler says.</summary>
    public void Schedule(DateTimeOffset? next, TimeSpan overdue) => Change(n => n with { Next = next, HasNoNext = next is null, Overdue = overdue });

    /// <summary>What the store looks like.</summary>
    public void Store(StoreFault? fault) => Change(n => n with { Store = fault });

    /// <inheritdoc/>
    public void Report(Phrase step, long done, long total) => Alive();

    /// <inheritdoc/>
    public void Clear() => Alive();

    /// <inheritdoc/>
    public void Alive() => Interlocked.Exchange(ref sign, time.GetTimestamp());

    /// <inheritdoc/>
    public void Step(string name)
    {
        Alive();
        Change(n => n with { Work = n.Work is { } work ? work with { Step = name } : null });
    }

    private void Change(Func<ServiceNow, ServiceNow> change)
    {
        lock (turn)
        {
            now = change(now);
        }
    }
}

/// <summary>Why a service is not alive, or not ready.</summary>
/// <param name="Code">A word for programs.</param>
/// <param name="Text">A sentence for people, without anybody's data.</param>
internal sealed record HealthReason(string Code, string Text);

/// <summary>The judgement on a service, in one place for all who ask.</summary>
internal static class ServiceHealth
{
    /// <summary>The scheduler may be so late: a process that was stopped, or a clock that was changed, is first noticed by Quartz after half a minute.</summary>
    public static readonly TimeSpan LateScheduler = TimeSpan.FromMinutes(3);

    /// <summary>The silence after which a cycle counts as stuck: longer than a relay that is gone is waited for, which a new start would not bring back.</summary>
    public static TimeSpan StuckAfter(Settings settings) =>
        TimeSpan.FromSeconds(Math.Max(settings.Health.StuckSeconds, settings.Mail.RetrySeconds + (10 * settings.Mail.TimeoutSeconds)));

    /// <summary>Why it will not go on by itself, so that it had better be started anew; empty: it lives.</summary>
    public static IReadOnlyList<HealthReason> NotLive(ServiceNow now, Settings settings)
    {
        var reasons = new List<HealthReason>();
        if (now.Work is { } work && work.Silent > StuckAfter(settings))
        {
            reasons.Add(new HealthReason("cycle_stuck", Say($"The cycle that began at {Instants.Text(work.Since)} has stood still for {work.Silent.TotalSeconds:F0} s.")));
        }

        if (now.Phase == Phase.Running && now.Overdue > LateScheduler)
        {
            reasons.Add(new HealthReason("scheduler_dead", Say($"The scheduler has let a cycle's time pass {now.Overdue.TotalSeconds:F0} s ago.")));
        }

        return reasons;
    }

    /// <summary>Why its next cycle would not do its work, or there is none; empty: it is ready.</summary>
    public static IReadOnlyList<HealthReason> NotReady(ServiceNow now, Settings settings)
    {
        var reasons = new List<HealthReason>(NotLive(now, settings));
        if (now.Phase != Phase.Running)
        {
            reasons.Add(now.Phase == Phase.Starting ? new HealthReason("starting", Say($"The schedule does not stand yet.")) : new HealthReason("stopping", Say($"The service was told to stop.")));
        }

        if (now.Store is { } store)
        {
            reasons.Add(new HealthReason(store.Code, store.Text));
        }

        if (now.Failures >= settings.Health.FailedCycles)
        {
            reasons.Add(new HealthReason("cycles_failed", Say($"The last {now.Failures} cycle(s) have failed; the log says why.")));
        }

        if (now.FailedWithdrawals >= settings.Health.FailedCycles)
        {
            reasons.Add(new HealthReason("withdrawals_failed", Say($"The last {now.FailedWithdrawals} passes between cycles, which tell the vendor of withdrawals, have failed; the log says why.")));
        }

        if (now.Phase == Phase.Running && now.HasNoNext)
        {
            reasons.Add(new HealthReason(RunningService.NoNextCycle, Say($"The schedule starts no cycle any more: look at Schedule:Cycle.")));
        }

        return reasons;
    }

    /// <summary>What it does, as a word.</summary>
    public static string Doing(ServiceNow now) => now switch
    {
        { Phase: Phase.Stopping } => "stopping",
        { Phase: Phase.Starting } => "starting",
        { Work: null } => "waiting",
        { Work.Helping: true } => "helping",
        _ => "cycle",
    };

    /// <summary>What it does, as one line for people.</summary>
    public static string Line(ServiceNow now, IReadOnlyList<HealthReason> reasons)
    {
        var last = now.Last is { } past ? Ended(past.Outcome, Instants.Text(past.Ended)) : $"no cycle since the start";
        var next = now.Next is { } at ? (Phrase)$"next cycle {Instants.Text(at)}" : $"next cycle unknown";
        return reasons.Count > 0 ? string.Join(' ', reasons.Select(r => r.Text)) : Say(now switch
        {
            { Phase: Phase.Stopping } => Stopping,
            { Phase: Phase.Starting } => $"Starting.",
            { Work: null } => $"Waiting; {last}, {next}.",
            { Work: { Helping: true } work } => $"Helping another service to send since {Instants.Text(work.Since)}; {next}.",
            { Work: var work } => $"In a cycle since {Instants.Text(work.Since)}, step {work.Step ?? "checks"}; {last}.",
        });
    }

    /// <summary>What it says when it was told to stop.</summary>
    public static Phrase Stopping => $"Stopping: the page or mail in hand is finished first.";

    private static Phrase Ended(string outcome, string at) => outcome switch
    {
        "done" => $"last cycle done at {at}",
        "failed" => $"last cycle failed at {at}",
        _ => $"last cycle stopped at {at}",
    };
}
