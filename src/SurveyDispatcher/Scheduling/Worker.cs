using Survey.Domain;
using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Quartz;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Scheduling;

/// <summary>The worker service: Quartz starts a cycle on the schedule; a stop lets the current page or mail finish.</summary>
/// <remarks>
/// Several services may share a store in PostgreSQL. Quartz keeps its schedule there, too, so that each cycle is started by one of
/// them, and anew by another when that one dies; the others help it to send.
/// </remarks>
public static class Worker
{
    /// <summary>How often services on one store tell each other that they live; one that was not heard of for two of these is taken over.</summary>
    private static readonly TimeSpan CheckIn = TimeSpan.FromSeconds(7);

    /// <summary>The trigger of the schedule.</summary>
    internal static TriggerKey Trigger { get; } = new("schedule");

    /// <summary>Runs until stopped (SIGTERM, SIGINT or <paramref name="ct"/>).</summary>
    public static async Task RunAsync(PipelineConfig config, DataDirectory directory, TimeProvider time, CancellationToken ct)
    {
        await Task.Yield(); // to whoever called: the command line listens to signals from then on, see StopSignal
        directory.Create();
        Cycle.CheckStore(config, directory); // on a shared store it could win cycles that it can't run
        var settings = config.Settings;
        var shared = settings.Store.IsPostgres ? new Store(directory, settings.Store).ForSchedule() : null;
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        AddLog(builder.Logging, settings.Logging.Format);
        // What they report of a store that is gone fills pages; the watch on the schedule says it in a line.
        builder.Logging.AddFilter("Quartz", shared is null ? LogLevel.Warning : LogLevel.None).AddFilter("Microsoft", shared is null ? LogLevel.Warning : LogLevel.None);
        builder.Services.AddWindowsService(o => o.ServiceName = "SurveyPipeline"); // does nothing but under Windows' service manager
        builder.Services.AddSingleton<ServiceState>().AddHostedService<SystemdNotifier>().AddHostedService<ServiceWatch>();
        if (settings.Health.Port != 0)
        {
            builder.Services.AddHostedService<HealthEndpoint>();
        }

        builder.Services.AddSingleton(config).AddSingleton(directory).AddSingleton(time).AddSingleton<Occupation>();
        builder.Services.AddQuartz(quartz =>
        {
            quartz.AddJob<CycleJob>(job => job.WithIdentity(CycleJob.Key).StoreDurably().RequestRecovery());
            quartz.AddTrigger(trigger => trigger.ForJob(CycleJob.Key).WithIdentity(Trigger)
                .WithCronSchedule(config.Settings.Schedule.Cycle, cron => cron.WithMisfireInstruction(CronTriggerMisfireInstruction.DoNothing)));
            if (config.Settings.Schedule.Withdrawals is { Length: > 0 } withdrawals)
            {
                quartz.AddJob<WithdrawalsJob>(job => job.WithIdentity(WithdrawalsJob.Key).StoreDurably());
                quartz.AddTrigger(trigger => trigger.ForJob(WithdrawalsJob.Key).WithIdentity("withdrawals")
                    .WithCronSchedule(withdrawals, cron => cron.WithMisfireInstruction(CronTriggerMisfireInstruction.DoNothing)));
            }

            if (shared is not null)
            {
                quartz.ConfigureScheduler(scheduler => scheduler.GenerateInstanceId = true);
                quartz.AddSchedulerListener<ScheduleWatch>();
                quartz.UsePersistentStore(kept =>
                {
                    kept.UsePostgres(shared);
                    kept.UseSystemTextJsonSerializer();
                    kept.ProvisionSchema();
                    kept.UseClustering(cluster => (cluster.CheckinInterval, cluster.CheckinMisfireThreshold) = (CheckIn, CheckIn));
                });
            }
        });
        builder.Services.AddQuartzHostedService(o => o.WaitForJobsToComplete = true);
        if (shared is not null)
        {
            builder.Services.AddHostedService<Helper>();
        }

        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMinutes(2));
        using var host = builder.Build();
        var log = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Worker).FullName!);
        using var telemetry = TelemetryExport.Start(settings.Telemetry, problem => log.LogWarning("{Problem}", problem));
        if (telemetry is not null)
        {
            TelemetryExport.Observe(host.Services.GetRequiredService<ServiceState>(), settings);
        }

        var endpoint = settings.Health.Port == 0 ? (Phrase)$"none" : $"{settings.Health.Address} port {settings.Health.Port}";
        var told = settings.Schedule.Withdrawals is { Length: > 0 } withdrawals ? (Phrase)$"at '{withdrawals}'" : $"none";
        log.Tell(
            LogLevel.Information,
            $"Running on {directory.Root}, cycle at '{settings.Schedule.Cycle}', withdrawals: {told}, health endpoint: {endpoint}, version {Telemetry.Version}. Ctrl+C stops.",
            ("Directory", directory.Root), ("Schedule", settings.Schedule.Cycle), ("Withdrawals", told.ToString()), ("Endpoint", endpoint.ToString()), ("Version", Telemetry.Version));
        await host.StartAsync(CancellationToken.None); // who stops it meanwhile stops it right afterwards
        using var stop = new StopSignal();
        await host.WaitForShutdownAsync(ct);
        var cycles = host.Services.GetRequiredService<ServiceState>().Look().Cycles;
        log.Tell(
            LogLevel.Information, stop.Heard is { } signal ? (Phrase)$"Stopped after {cycles} cycle(s), by {signal}." : $"Stopped after {cycles} cycle(s).",
            ("Cycles", cycles), ("Signal", stop.Heard));
    }

    private static void AddLog(ILoggingBuilder log, LogFormat format) => _ = format switch
    {
        LogFormat.Json => log.AddJsonConsole(o =>
        {
            (o.TimestampFormat, o.UseUtcTimestamp) = ("yyyy-MM-ddTHH:mm:ss.fffZ", true);
            o.JsonWriterOptions = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        }),
        LogFormat.Systemd => log.AddSystemdConsole(),
        _ => log.AddSimpleConsole(o => (o.SingleLine, o.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:sszzz ")),
    };
}

/// <summary>Whether this service runs a cycle of its own.</summary>
internal sealed class Occupation : IDisposable
{
    private readonly SemaphoreSlim turn = new(1);
    private int cycles;

    public bool HasCycle => Volatile.Read(ref cycles) > 0;

    public void Begin() => Interlocked.Increment(ref cycles);

    public void End() => Interlocked.Decrement(ref cycles);

    /// <summary>Takes the data directory for one of this service's jobs: a cycle waits for it, what comes between two cycles does not.</summary>
    /// <returns>Whether it has it; not when the service is stopped before that.</returns>
    public async Task<bool> TakeTurnAsync(TimeSpan patience, CancellationToken stopping)
    {
        try
        {
            return await turn.WaitAsync(patience, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    public void GiveTurn() => turn.Release();

    public void Dispose() => turn.Dispose();
}

/// <summary>One cycle, started by Quartz; never two at a time.</summary>
[DisallowConcurrentExecution]
internal sealed class CycleJob(
    PipelineConfig config, DataDirectory directory, TimeProvider time, Occupation occupation, ServiceState state, IHostApplicationLifetime lifetime, ILogger<CycleJob> log) : IJob
{
    public static JobKey Key { get; } = new("cycle");

    /// <summary>On a shared store a cycle is begun again when the server was gone for a while, or when the one before it died and is not yet given up.</summary>
    private readonly ResiliencePipeline patience = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
    {
        ShouldHandle = args => ValueTask.FromResult(config.Settings.Store.IsPostgres && MayPass(args.Outcome.Exception)),
        OnRetry = args =>
        {
            if (args.AttemptNumber == 0)
            {
                var problem = args.Outcome.Exception!.Message;
                log.Tell(LogLevel.Warning, $"The cycle could not go on: {problem} It is begun again every 3 s, for two minutes.", ("Problem", problem));
            }

            return ValueTask.CompletedTask;
        },
        Delay = TimeSpan.FromSeconds(3),
        MaxRetryAttempts = 40, // more than two terms of a lease
    }).Build();

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        state.Begin(); // also while it waits for its turn: what stands still before it keeps it from its work no less
        if (!await occupation.TakeTurnAsync(Timeout.InfiniteTimeSpan, stopping.Token))
        {
            return;
        }

        occupation.Begin();
        if (context.Recovering)
        {
            log.Tell(LogLevel.Warning, $"Another service died in the middle of a cycle; this one goes on from there.");
        }

        var asOf = AsOf.At(time.GetUtcNow());
        var began = time.GetTimestamp();
        CycleResult? ended = null;
        var problems = new List<string>();
        var outcome = "failed";
        try
        {
            var cycle = new Cycle(config, directory, time, state);
            ended = await patience.ExecuteAsync(async ct => await cycle.RunAsync(new CycleRequest(asOf), ct), stopping.Token);
            problems.AddRange(ended.Problems);
            outcome = problems.Count == 0 ? "done" : "failed";
        }
        catch (Exception e) when (e is OperatorException or IOException or UnauthorizedAccessException)
        {
            problems.Add(Reason.Of(e));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            outcome = "stopped"; // in the middle of a cycle; the next one goes on from there
        }
        catch (Exception e)
        {
            // The service outlives any one cycle: the next one tries again.
            problems.Add(Say($"A fault of this program stopped the cycle ({Unexpected.Describe(e)}); what was stored is kept, and the next cycle tries again. Please report this line."));
        }
        finally
        {
            occupation.End();
            occupation.GiveTurn();
            state.End(asOf.ToString(), outcome, ended?.Queues);
        }

        foreach (var problem in problems)
        {
            log.LogError("{Problem}", problem);
        }

        log.Log(
            outcome == "failed" ? LogLevel.Error : LogLevel.Information, default,
            new CycleLine(asOf.ToString(), outcome, time.GetElapsedTime(began), problems.Count, ended), null, static (line, _) => line.ToString());
    }

    private static bool MayPass(Exception? problem) =>
        problem is StoreBusyException || (problem?.InnerException is DbException lost && Store.MayPass(lost));
}

/// <summary>Tells the vendor between two cycles whom not to call any more. While a cycle runs there is nothing to do: the next time is soon.</summary>
[DisallowConcurrentExecution]
internal sealed class WithdrawalsJob(
    PipelineConfig config, DataDirectory directory, TimeProvider time, Occupation occupation, ServiceState state, IHostApplicationLifetime lifetime, ILogger<WithdrawalsJob> log) : IJob
{
    public static JobKey Key { get; } = new("withdrawals");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        if (config.Settings.Schedule.Withdrawals.Length == 0)
        {
            await context.Scheduler.UnscheduleJob(context.Trigger.Key, cancellationToken); // a shared schedule still had it
            return;
        }

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        if (!await occupation.TakeTurnAsync(TimeSpan.Zero, stopping.Token))
        {
            return;
        }

        bool? failed = true;
        try
        {
            var ended = await new Cycle(config, directory, time, new Signs(state)).RunAsync(new CycleRequest(AsOf.At(time.GetUtcNow()), OnlyWithdrawals: true), stopping.Token);
            if (ended.Counts is { FilesImported: > 0 } or { Withdrawn: > 0 })
            {
                var counts = ended.Counts.ToJson();
                log.Tell(LogLevel.Information, $"Withdrawals told: {counts}", ("Counts", counts));
            }

            foreach (var problem in ended.Problems)
            {
                log.LogError("{Problem}", problem);
            }

            failed = ended.Problems.Count > 0;
        }
        catch (StoreBusyException)
        {
            failed = null; // another service's cycle is running
        }
        catch (Exception e) when (e is OperatorException or IOException or UnauthorizedAccessException)
        {
            log.LogError("{Problem}", Reason.Of(e));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            failed = null;
            log.Tell(LogLevel.Information, $"Stopped while the vendor was told of withdrawals; the next cycle goes on from there.");
        }
        catch (Exception e)
        {
            var fault = Unexpected.Describe(e);
            log.Tell(LogLevel.Error, $"A fault of this program kept the vendor from being told of withdrawals ({fault}); the next time tries again. Please report this line.", ("Fault", fault));
        }
        finally
        {
            occupation.GiveTurn();
            state.EndWithdrawals(failed);
        }
    }

    /// <summary>A cycle that waits for its turn is not stuck while these come.</summary>
    private sealed class Signs(ServiceState state) : IProgressView
    {
        public void Report(Phrase step, long done, long total) => state.Alive();

        public void Clear() => state.Alive();

        public void Alive() => state.Alive();

        public void Step(string name) => state.Alive();
    }
}

/// <summary>Says when the schedule can't be read from a shared store, and once a minute as long as that lasts.</summary>
internal sealed class ScheduleWatch(TimeProvider time, ILogger<ScheduleWatch> log) : ISchedulerListener
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private long? said;

    public ValueTask SchedulerError(IScheduler scheduler, SchedulerErrorContext error, CancellationToken cancellationToken)
    {
        if (said is null || time.GetElapsedTime(said.Value) >= Interval)
        {
            said = time.GetTimestamp();
            Exception cause = error.Exception;
            while (cause is not DbException && cause.InnerException is { } inner)
            {
                cause = inner;
            }

            var problem = cause is DbException lost ? Store.Explain(lost) : Unexpected.Describe(cause);
            log.Tell(LogLevel.Error, $"No cycle can be started at the moment: {problem} The service goes on by itself when that has passed.", ("Problem", problem));
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>Looks once a second whether another service's cycle is sending, and helps it.</summary>
internal sealed class Helper(PipelineConfig config, DataDirectory directory, TimeProvider time, Occupation occupation, ServiceState state, ILogger<Helper> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var help = new HelpToSend(config, directory, time, new HelpView(state));
        using var timer = new PeriodicTimer(Interval, time);
        string? said = null;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (occupation.HasCycle)
            {
                continue;
            }

            string? problem = null;
            try
            {
                if (await help.LookAsync(stoppingToken) is { } done)
                {
                    log.Tell(LogLevel.Information, $"Helped cycle {done.Cycle} to send: {done.Mails} mails settled.", ("Cycle", done.Cycle), ("Mails", done.Mails));
                    problem = done.Problems.Count > 0 ? string.Join(' ', done.Problems) : null;
                }
            }
            catch (Exception e) when (e is OperatorException or IOException or UnauthorizedAccessException)
            {
                problem = Reason.Of(e);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                problem = Say($"A fault of this program kept it from helping ({Unexpected.Describe(e)}); the next look tries again. Please report this line.");
            }
            finally
            {
                state.EndHelp();
            }

            if (problem is not null && problem != said)
            {
                log.LogError("{Problem}", problem); // once, not every second
            }

            said = problem;
        }
    }

    /// <summary>What a helper shows of its work.</summary>
    private sealed class HelpView(ServiceState state) : IProgressView
    {
        public void Report(Phrase step, long done, long total) => state.Alive();

        public void Clear() => state.Alive();

        public void Step(string name) => state.Begin(helping: true);
    }
}
