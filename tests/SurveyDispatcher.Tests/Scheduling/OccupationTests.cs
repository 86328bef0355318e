using SurveyDispatcher.Scheduling;

namespace SurveyDispatcher.Tests.Scheduling;

/// <summary>One job of a service at a time has the data directory.</summary>
public sealed class OccupationTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatComesBetweenTwoCyclesDoesNotWaitForACycle()
    {
        using var occupation = new Occupation();

        Assert.True(await occupation.TakeTurnAsync(Timeout.InfiniteTimeSpan, Ct));
        Assert.False(await occupation.TakeTurnAsync(TimeSpan.Zero, Ct));
        occupation.GiveTurn();
        Assert.True(await occupation.TakeTurnAsync(TimeSpan.Zero, Ct));
    }

    /// <summary>It was an error of Quartz in the log, with a stack trace, when a stop came just as a cycle was about to begin.</summary>
    [Fact]
    public async Task AJobThatIsStoppedBeforeItsTurnDoesNothingAndIsNoError()
    {
        using var occupation = new Occupation();
        using var stopping = new CancellationTokenSource();
        Assert.True(await occupation.TakeTurnAsync(Timeout.InfiniteTimeSpan, stopping.Token));

        var waiting = occupation.TakeTurnAsync(Timeout.InfiniteTimeSpan, stopping.Token);
        await stopping.CancelAsync();

        Assert.False(await waiting);
        Assert.False(await occupation.TakeTurnAsync(TimeSpan.Zero, stopping.Token));
    }
}
