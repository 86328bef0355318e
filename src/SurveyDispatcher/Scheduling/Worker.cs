using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Scheduling;

/// <summary>The worker service: Quartz starts a cycle on the schedule; a stop lets the current page or mail finish.</summary>
public static class Worker
{
    /// <summary>Runs until stopped (SIGTERM, SIGINT or <paramref name="ct"/>).</summary>
    public static async Task RunAsync(PipelineConfig config, DataDirectory directory, TimeProvider time, TextWriter output, CancellationToken ct)
    {
        directory.Create();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.TimestampFormat = "yyyy-MM-ddTHH:mm:sszzz ";
        });
        builder.Logging.AddFilter("Quartz", LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton(config).AddSingleton(directory).AddSingleton(time);
        builder.Services.AddQuartz(quartz =>
        {
            quartz.AddJob<CycleJob>(job => job.WithIdentity(CycleJob.Key));
            quartz.AddTrigger(trigger => trigger.ForJob(CycleJob.Key).WithIdentity("schedule")
                .WithCronSchedule(config.Settings.Schedule.Cycle, cron => cron.WithMisfireInstruction(CronTriggerMisfireInstruction.DoNothing)));
        });
        builder.Services.AddQuartzHostedService(o => o.WaitForJobsToComplete = true);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMinutes(2));
        using var host = builder.Build();
        await output.WriteLineAsync($"Running on {directory.Root}, cycle at '{config.Settings.Schedule.Cycle}'. Ctrl+C stops.");
        await host.RunAsync(ct);
    }
}

/// <summary>One cycle, started by Quartz; never two at a time.</summary>
[DisallowConcurrentExecution]
internal sealed class CycleJob(
    PipelineConfig config, DataDirectory directory, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<CycleJob> log) : IJob
{
    public static JobKey Key { get; } = new("cycle");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        try
        {
            var cycle = new Cycle(config, directory, time, new NoProgress());
            var ended = await cycle.RunAsync(new CycleRequest(AsOf.At(time.GetUtcNow())), stopping.Token);
            log.LogInformation("Cycle done: {Counts}", ended.Counts.ToJson());
            foreach (var problem in ended.Problems)
            {
                log.LogError("{Problem}", problem);
            }
        }
        catch (Exception e) when (e is OperatorException or IOException or UnauthorizedAccessException)
        {
            log.LogError("{Problem}", e.Message);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            log.LogInformation("Stopped in the middle of a cycle; the next one goes on from there.");
        }
        catch (Exception e)
        {
            // The service outlives any one cycle: the next one tries again.
            log.LogError("A fault of this program stopped the cycle ({Fault}); what was stored is kept, and the next cycle tries again. Please report this line.", Unexpected.Describe(e));
        }
    }
}
