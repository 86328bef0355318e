using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Scheduling;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.Scheduling;

/// <summary>The endpoint and those who ask it, well or badly.</summary>
public sealed class HealthEndpointTests : IAsyncLifetime
{
    private readonly int port = RunningProgram.FreePort();
    private readonly ServiceState state = new(TimeProvider.System);
    private readonly HealthEndpoint endpoint;

    public HealthEndpointTests()
    {
        var config = PipelineConfig.Load(ConfigFolder.OnDisk(World.ShippedConfig), forMail: false);
        config.Settings.Health.Port = port;
        endpoint = new HealthEndpoint(config, state, TimeProvider.System, NullLogger<HealthEndpoint>.Instance);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        state.Schedule(TimeProvider.System.GetUtcNow().AddHours(1), TimeSpan.Zero);
        state.Started();
        await endpoint.StartAsync(Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await endpoint.StopAsync(CancellationToken.None);
        endpoint.Dispose();
    }

    [Theory]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK")]
    [InlineData("GET /readyz?verbose HTTP/1.0\r\n\r\n", "200 OK")]
    [InlineData("HEAD /readyz HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found")]
    [InlineData("GET /healthz/../../etc/passwd HTTP/1.1\r\n\r\n", "404 Not Found")]
    [InlineData("POST /healthz HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "405 Method Not Allowed")]
    [InlineData("GET healthz HTTP/1.1\r\n\r\n", "400 Bad Request")]
    [InlineData("GET /healthz\r\n\r\n", "400 Bad Request")]
    [InlineData("\u0016\u0003\u0001 a client that begins TLS\r\n\r\n", "400 Bad Request")]
    public async Task EachQuestionHasItsAnswer(string question, string status)
    {
        var answer = await AskAsync(question);

        Assert.StartsWith($"HTTP/1.1 {status}\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Equal(question.StartsWith("GET", StringComparison.Ordinal) && status == "200 OK", answer.EndsWith('}'));
    }

    [Fact]
    public async Task AHeadThatNeverEndsIsCutOff()
    {
        var answer = await AskAsync("GET /healthz HTTP/1.1\r\nX: " + new string('x', 100_000));

        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 431 ", StringComparison.Ordinal), answer); // or the connection is reset under what it still sends
    }

    [Fact]
    public async Task AProgramReadsWhyAndSinceWhen()
    {
        state.Begin();
        state.Step("mail");
        state.Store(new StoreFault("store_unusable", "The store or its keys can't be used; the log says why."));
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/readyz"), Ct);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Ct));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(("unavailable", "cycle", "mail"), (body.RootElement.GetProperty("status").GetString(), body.RootElement.GetProperty("doing").GetString(), body.RootElement.GetProperty("step").GetString()));
        Assert.Equal("store_unusable", Assert.Single(body.RootElement.GetProperty("reasons").EnumerateArray()).GetProperty("code").GetString());
    }

    /// <summary>Those who ask and say nothing, or one sign a second, cost a socket each for five seconds, and never more than sixteen at a time.</summary>
    [Fact]
    public async Task WhoKeepsTheEndpointWaitingIsHungUpOnAndOthersAreAnsweredSoon()
    {
        var silent = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 200; i++)
            {
                var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port, Ct);
                silent.Add(client);
                await client.GetStream().WriteAsync("G"u8.ToArray(), Ct).AsTask().ContinueWith(_ => 0, TaskScheduler.Default); // some are hung up on already
            }

            var began = TimeProvider.System.GetTimestamp();
            var answer = "";
            while (!answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal) && TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30))
            {
                answer = await AskAsync("GET /healthz HTTP/1.1\r\n\r\n");
            }

            Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
            foreach (var client in silent)
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
                limit.CancelAfter(TimeSpan.FromSeconds(20));
                Assert.Equal(0, await ReadAsync(client, limit.Token));
            }
        }
        finally
        {
            silent.ForEach(c => c.Dispose());
        }
    }

    private async Task<string> AskAsync(string question)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, Ct);
            await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(question), Ct);
            using var reader = new StreamReader(client.GetStream());
            return await reader.ReadToEndAsync(Ct);
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>0 when it was hung up on.</summary>
    private static async Task<int> ReadAsync(TcpClient client, CancellationToken ct)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[1], ct);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
