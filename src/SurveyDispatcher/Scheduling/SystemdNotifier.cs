using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.Scheduling;

/// <summary>Tells systemd how the service is (sd_notify(3)): when it is ready, what it does, that it lives, and that it stops.</summary>
/// <remarks>
/// The sign of life is a judgement: it is not given while a cycle stands still or the scheduler is dead, and not by a process that stands still as a whole.
/// A datagram a message; Microsoft's package would send READY before the schedule stands, and neither STATUS nor WATCHDOG.
/// </remarks>
internal sealed class SystemdNotifier(PipelineConfig config, ServiceState state, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<SystemdNotifier> log) : BackgroundService
{
    /// <summary>How often it looks for something new to tell.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly string? address = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
    private readonly TimeSpan? watchdog = WatchdogOf(
        Environment.GetEnvironmentVariable("WATCHDOG_USEC"), Environment.GetEnvironmentVariable("WATCHDOG_PID"), Environment.ProcessId);

    private bool failed;

    /// <summary>How long systemd waits for a sign of life; null when it does not, or waits for another process.</summary>
    internal static TimeSpan? WatchdogOf(string? microseconds, string? process, int self) =>
        long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0
        && (string.IsNullOrEmpty(process) || process == self.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(limit)
            : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (string.IsNullOrEmpty(address))
        {
            return;
        }

        await Task.Yield();
        // Said now: the thread that stops it may be nobody's, and speak another language.
        var stopping = $"STOPPING=1\nSTATUS={Say(ServiceHealth.Stopping)}";
        await using var stop = lifetime.ApplicationStopping.UnsafeRegister(_ => Tell(stopping), null);
        using var timer = new PeriodicTimer(watchdog is { } limit && limit / 3 < Look ? limit / 3 : Look, time);
        var (ready, silent, status, alive) = (false, false, "", (long?)null);
        try
        {
            // Goes on while the host stops: a cycle that finishes its page may take two minutes.
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var now = state.Look();
                var dead = ServiceHealth.NotLive(now, config.Settings);
                if (now.Phase == Phase.Running && !ready)
                {
                    ready = true;
                    Tell("READY=1");
                }

                if (ServiceHealth.Line(now, dead) is var line && line != status)
                {
                    status = line;
                    Tell($"STATUS={PlainText.Shown(line)}");
                }

                if (dead.Count == 0 && watchdog is { } most && (alive is null || time.GetElapsedTime(alive.Value) >= most / 3))
                {
                    alive = time.GetTimestamp();
                    Tell("WATCHDOG=1");
                }

                if (dead.Count > 0 && !silent)
                {
                    var problem = string.Join(' ', dead.Select(r => r.Text));
                    log.Tell(LogLevel.Critical, $"The service gives systemd no more sign of life: {problem} With WatchdogSec systemd starts it anew.", ("Problem", problem));
                }

                silent = dead.Count > 0;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return; // the host stops
        }
    }

    private void Tell(string message)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTimeout = 1000;
            var name = address!.StartsWith('@') ? $"\0{address[1..]}" : address; // in Linux's abstract namespace
            socket.SendTo(Encoding.UTF8.GetBytes(message), new UnixDomainSocketEndPoint(name));
            failed = false;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            if (!failed)
            {
                var problem = Reason.Of(e);
                log.Tell(LogLevel.Error, $"systemd could not be told ({address}): {problem} Look at NOTIFY_SOCKET, and at NotifyAccess of the unit.", ("Socket", address), ("Problem", problem));
            }

            failed = true;
        }
    }
}
