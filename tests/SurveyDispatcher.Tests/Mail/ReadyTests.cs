using Survey.Domain;
using SurveyDispatcher.Mail;
using static SurveyDispatcher.Tests.Mail.Smtp;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>A message may be on its way while the fate of the last one is being stored; it is handed over only after that.</summary>
public sealed class ReadyTests
{
    [Fact]
    public async Task TheDotWaitsUntilTheCallerIsReady()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ScriptedServer((_, c) =>
        {
            if (c == "DATA")
            {
                asked.SetResult();
            }

            return null;
        });
        await using var transport = Transport(server.Port, o => o.TimeoutSeconds = 1);
        var ready = new TaskCompletionSource();

        var sending = transport.SendAsync(ToAnna with { Ready = () => ready.Task }, Message, Ct);
        await asked.Task;
        await Assert.ThrowsAsync<TimeoutException>(() => sending.WaitAsync(TimeSpan.FromSeconds(2), Ct)); // the server is not late: we are
        Assert.DoesNotContain(".", server.Commands);
        ready.SetResult();

        Assert.IsType<Delivery.Accepted>(await sending);
        Assert.Equal(System.Text.Encoding.ASCII.GetString(Message), Assert.Single(server.Messages));
    }

    [Fact]
    public async Task WhatNeverBecomesReadyIsNotSentAndItsSessionIsGivenUp()
    {
        await using var server = new ScriptedServer();
        await using var transport = Transport(server.Port);
        var ready = new TaskCompletionSource();

        var sending = transport.SendAsync(ToAnna with { Ready = () => ready.Task }, Message, Ct);
        ready.SetCanceled(Ct);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.IsType<Delivery.Accepted>(await transport.SendAsync(ToAnna, Message, Ct));
        Assert.Single(server.Messages);
        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public async Task AFileIsWrittenOnlyWhenTheCallerIsReady()
    {
        var folder = Directory.CreateTempSubdirectory("pickup-");
        await using var pickup = new PickupTransport(folder.FullName);
        var ready = new TaskCompletionSource();

        var sending = pickup.SendAsync(ToAnna with { Ready = () => ready.Task }, Message, Ct);
        Assert.Empty(folder.GetFiles());
        ready.SetResult();

        Assert.IsType<Delivery.Accepted>(await sending);
        Assert.Single(folder.GetFiles());
        folder.Delete(recursive: true);
    }
}
