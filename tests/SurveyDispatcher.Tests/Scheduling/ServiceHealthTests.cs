using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Scheduling;
using SurveyDispatcher.Tests.Journeys;
using SurveyDispatcher.Tests.Mail;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.Scheduling;

public sealed class ServiceHealthTests
{
    private static readonly Settings Settings = new();
    private readonly ManualClock clock = new();
    private readonly ServiceState state;

    public ServiceHealthTests()
    {
        state = new ServiceState(clock);
        state.Schedule(clock.GetUtcNow().AddHours(1), TimeSpan.Zero);
    }

    private string Live => string.Join(',', ServiceHealth.NotLive(state.Look(), Settings).Select(r => r.Code));

    private string Ready => string.Join(',', ServiceHealth.NotReady(state.Look(), Settings).Select(r => r.Code));

    [Fact]
    public void AServiceLivesFromTheStartAndIsReadyWhileItsScheduleStands()
    {
        Assert.Equal(("", "starting"), (Live, Ready));
        state.Started();
        Assert.Equal(("", ""), (Live, Ready));
        state.Stops();
        Assert.Equal(("", "stopping"), (Live, Ready));
    }

    [Theory]
    [InlineData(1800, "")]
    [InlineData(1801, "cycle_stuck")]
    public void ACycleIsStuckWhenItHasShownNoSignOfLifeForLongerThanTheSettingSays(int seconds, string reason)
    {
        state.Started();
        state.Begin();
        clock.Advance(TimeSpan.FromHours(2));
        state.Alive(); // however long it takes
        clock.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal((reason, reason), (Live, Ready));
    }

    /// <summary>It waits for a relay that is gone as long as it was told to, and a new start would not bring that back.</summary>
    [Fact]
    public void WhoWaitsForTheRelayAsLongAsHeWasToldToIsNotStuck()
    {
        var patient = new Settings { Mail = new() { RetrySeconds = 7200 } };
        state.Started();
        state.Begin();
        clock.Advance(TimeSpan.FromSeconds(7200 + 60));

        Assert.Empty(ServiceHealth.NotLive(state.Look(), patient));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal("cycle_stuck", Assert.Single(ServiceHealth.NotLive(state.Look(), patient)).Code);
    }

    /// <summary>What tells the vendor of withdrawals hangs on a file server: no cycle begins any more, and nobody may take that for life.</summary>
    [Fact]
    public async Task ACycleThatNeverGetsItsTurnIsStuckUnlessWhatIsBeforeItShowsSignsOfLife()
    {
        using var stopping = new CancellationTokenSource();
        using var occupation = new Occupation();
        await occupation.TakeTurnAsync(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);
        var config = PipelineConfig.Load(ConfigFolder.OnDisk(World.ShippedConfig), forMail: false);
        var job = new CycleJob(
            config, new DataDirectory("nowhere"), clock, occupation, state,
            new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance),
            NullLogger<CycleJob>.Instance);
        state.Started();
        var waiting = job.Execute(null!, stopping.Token);
        clock.Advance(TimeSpan.FromHours(1));
        state.Alive();
        clock.Advance(TimeSpan.FromSeconds(1800));
        Assert.Equal("", Live);
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("cycle_stuck", Live);
        await stopping.CancelAsync();
        await waiting; // who throws into Quartz has an error in the log
        Assert.Equal(0, state.Look().Cycles);
    }

    [Fact]
    public void WhoWaitsForTheNextCycleOrHasEndedOneIsNotStuck()
    {
        state.Started();
        clock.Advance(TimeSpan.FromDays(3));
        Assert.Equal("", Live);
        state.Begin();
        state.End("2026-03-02", "done", null);
        clock.Advance(TimeSpan.FromDays(3));
        Assert.Equal("", Live);
        Assert.Equal(TimeSpan.FromDays(3), state.Look().SinceLast);
    }

    [Fact]
    public void AHelperThatStandsStillIsStuckAndOneThatIsDoneIsNot()
    {
        state.Started();
        state.Begin(helping: true);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal("cycle_stuck", Live);
        state.EndHelp();
        Assert.Equal("", Live);
        state.Begin();
        state.EndHelp(); // it looked beside a cycle of its own, which goes on
        Assert.NotNull(state.Look().Work);
    }

    [Fact]
    public void ARelayMayUseUpItsTimeOutsBeforeTheCycleCountsAsStuck()
    {
        var patient = new Settings { Health = { StuckSeconds = 60 }, Mail = { TimeoutSeconds = 600, RetrySeconds = 30 } };

        Assert.Equal(TimeSpan.FromSeconds(6000 + 30), ServiceHealth.StuckAfter(patient));
    }

    [Theory]
    [InlineData(179, "")]
    [InlineData(181, "scheduler_dead")]
    public void ASchedulerThatLetsACyclesTimePassIsDeadAfterThreeMinutes(int seconds, string reason)
    {
        state.Started();
        state.Schedule(clock.GetUtcNow().AddSeconds(-seconds), TimeSpan.FromSeconds(seconds));

        Assert.Equal(reason, Live);
    }

    [Fact]
    public void FailedCyclesCountInARowAndAStopIsNone()
    {
        state.Started();
        foreach (var (outcome, ready) in new[] { ("failed", ""), ("failed", ""), ("stopped", ""), ("failed", "cycles_failed"), ("done", ""), ("failed", "") })
        {
            state.Begin();
            state.End("2026-03-02", outcome, null);
            Assert.Equal(("", ready), (Live, Ready));
        }
    }

    /// <summary>Between cycles nobody reads the log, and the vendor goes on calling who has said no.</summary>
    [Fact]
    public void PassesBetweenCyclesThatFailInARowAreToldUntilAGoodOne()
    {
        state.Started();
        foreach (var (failed, ready) in new (bool?, string)[] { (true, ""), (true, ""), (false, ""), (true, ""), (true, ""), (null, ""), (true, "withdrawals_failed"), (null, "withdrawals_failed"), (false, "") })
        {
            state.EndWithdrawals(failed);
            Assert.Equal(("", ready), (Live, Ready));
        }
    }

    [Fact]
    public void AScheduleThatIsOverAndAStoreThatIsGoneAreNotReadyButAliveAsNothingIsMendedByANewStart()
    {
        state.Started();
        state.Schedule(null, TimeSpan.Zero);
        state.Store(new StoreFault("store_unusable", "It is gone."));

        Assert.Equal(("", "store_unusable,no_next_cycle"), (Live, Ready));
    }

    [Fact]
    public void WhatWaitedIsKnownUntilACycleHasCountedAnew()
    {
        state.End("2026-03-02", "done", new Queues(3, 2, 1));
        state.End("2026-03-03", "failed", null);

        Assert.Equal(new Queues(3, 2, 1), state.Look().Queues);
    }

    [Theory]
    [InlineData("30000000", null, 30)]
    [InlineData("30000000", "", 30)]
    [InlineData("30000000", "17", 30)]
    [InlineData("30000000", "18", null)]
    [InlineData("0", null, null)]
    [InlineData("-5", null, null)]
    [InlineData("soon", null, null)]
    [InlineData(null, null, null)]
    public void TheWatchdogIsForTheProcessThatSystemdMeans(string? microseconds, string? process, int? seconds) =>
        Assert.Equal(seconds is { } s ? TimeSpan.FromSeconds(s) : null, SystemdNotifier.WatchdogOf(microseconds, process, self: 17));
}
