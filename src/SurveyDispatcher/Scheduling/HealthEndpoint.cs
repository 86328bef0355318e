using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.Scheduling;

/// <summary>Answers <c>GET /healthz</c> (is it alive?) and <c>GET /readyz</c> (would its next cycle do its work?) with 200 or 503 and a JSON body.</summary>
/// <remarks>
/// A responder of its own, of two pages (docs/decisions/0020): whoever asks costs at most a socket for five seconds, whatever he sends or does not send,
/// and no question is passed on to the store. No TLS, no login: the body holds codes and times, and it listens on this machine only unless told otherwise.
/// </remarks>
internal sealed class HealthEndpoint : BackgroundService
{
    /// <summary>Others who ask at the same time are hung up on.</summary>
    internal const int MostAtOnce = 16;

    private const int MostHead = 4096;

    /// <summary>For the whole of a question and its answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for people and programs, not for HTML
    };
    private readonly TcpListener listener;
    private readonly Settings settings;
    private readonly ServiceState state;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private int open;

    /// <summary>Listens at once, so that a port that is taken ends the service before it says that it is ready.</summary>
    /// <exception cref="OperatorException">It can't.</exception>
    public HealthEndpoint(PipelineConfig config, ServiceState state, TimeProvider time, ILogger<HealthEndpoint> log)
    {
        (settings, this.state, this.time, this.log) = (config.Settings, state, time, log);
        var health = settings.Health;
        var address = IPAddress.Parse(health.Address);
        listener = new TcpListener(address, health.Port);
        if (address.Equals(IPAddress.IPv6Any))
        {
            listener.Server.DualMode = true;
        }

        try
        {
            listener.Start(MostAtOnce);
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new OperatorException(
                $"The health endpoint can't listen on {health.Address} port {health.Port}: {Reason.Of(e)}. Choose another Health:Port or Health:Address, or 0 for none. Nothing was done.", e);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        listener.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptTcpClientAsync(stoppingToken);
                if (Interlocked.Increment(ref open) > MostAtOnce)
                {
                    Interlocked.Decrement(ref open);
                    client.Dispose();
                    continue;
                }

                _ = AnswerAsync(client, stoppingToken);
            }
            catch (SocketException e)
            {
                var problem = Reason.Of(e);
                log.Tell(LogLevel.Warning, $"The health endpoint could not take a question: {problem} It goes on in a second.", ("Problem", problem));
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return; // the host stops
            }
        }
    }

    private async Task AnswerAsync(TcpClient client, CancellationToken stopping)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            limit.CancelAfter(Patience);
            using (client)
            {
                client.NoDelay = true;
                var stream = client.GetStream();
                if (await ReadHeadAsync(stream, limit.Token) is { } head)
                {
                    await stream.WriteAsync(Answer(head), limit.Token);
                    client.Client.Shutdown(SocketShutdown.Send);
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            return; // who hangs up, or lets us wait, gets no answer
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }

    /// <summary>The head of a question; cut where it is too long, null when nothing came.</summary>
    private static async Task<string?> ReadHeadAsync(NetworkStream stream, CancellationToken ct)
    {
        var buffer = new byte[MostHead];
        var length = 0;
        while (length < MostHead)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), ct);
            length += read;
            if (read == 0)
            {
                return null; // nobody waits for an answer
            }

            if (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) is >= 0 and var end)
            {
                return Encoding.Latin1.GetString(buffer, 0, end);
            }
        }

        return "";
    }

    private byte[] Answer(string head)
    {
        var words = head.Split("\r\n", 2)[0].Split(' ');
        if (head.Length == 0)
        {
            return Reply(431, "Request Header Fields Too Large", "", head: false);
        }

        if (words is not [var method, ['/', ..] target, ['H', 'T', 'T', 'P', '/', '1', '.', _]])
        {
            return Reply(400, "Bad Request", "", head: false);
        }

        var now = state.Look();
        var reasons = target.Split('?')[0] switch
        {
            "/healthz" => ServiceHealth.NotLive(now, settings),
            "/readyz" => ServiceHealth.NotReady(now, settings),
            _ => null,
        };
        if (reasons is null)
        {
            return Reply(404, "Not Found", "", head: method == "HEAD");
        }

        if (method is not ("GET" or "HEAD"))
        {
            return Reply(405, "Method Not Allowed", "", head: false, "Allow: GET, HEAD\r\n");
        }

        return reasons.Count == 0 ? Reply(200, "OK", Body(now, reasons), method == "HEAD") : Reply(503, "Service Unavailable", Body(now, reasons), method == "HEAD");
    }

    private static string Body(ServiceNow now, IReadOnlyList<HealthReason> reasons) => JsonSerializer.Serialize(
        new
        {
            Status = reasons.Count == 0 ? "ok" : "unavailable",
            Reasons = reasons,
            Version = Telemetry.Version,
            now.Since,
            Doing = ServiceHealth.Doing(now),
            now.Work?.Step,
            WorkingSince = now.Work?.Since,
            LastCycle = now.Last,
            FailedInARow = now.Failures,
            FailedWithdrawalsInARow = now.FailedWithdrawals,
            NextCycle = now.Next,
            now.Queues,
        },
        Json);

    private static byte[] Reply(int code, string phrase, string body, bool head, string more = "")
    {
        var content = Encoding.UTF8.GetBytes(body);
        var lines = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {code} {phrase}\r\nContent-Type: application/json\r\nContent-Length: {content.Length}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n{more}Connection: close\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(lines), .. head ? [] : content];
    }
}
