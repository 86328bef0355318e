using System.Net;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Scheduling;

/// <summary>What a service of this machine said of itself, or that none did.</summary>
/// <param name="IsGood">It lives, or is ready, whatever was asked.</param>
/// <param name="Reasons">Why not, as codes.</param>
/// <param name="Asked">Who was asked.</param>
public sealed record HealthAnswer(bool IsGood, IReadOnlyList<string> Reasons, string Asked)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for people and programs, not for HTML
    };

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>As a line.</summary>
    public string ToText() => Say(IsGood ? (Phrase)$"Good, says {Asked}." : $"Not good, says {Asked}: {Listed(Reasons)}.");
}

/// <summary>Asks a service how it is (<c>health</c>): over its endpoint where it has one, else by its file in the data directory.</summary>
internal static class AskHealth
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task<HealthAnswer> RunAsync(HealthOptions options, DataDirectory directory, TimeProvider time, bool ready, CancellationToken ct) =>
        options.Port == 0 ? OfFile(directory, time, ready) : await OfEndpointAsync(options, ready, ct);

    private static async Task<HealthAnswer> OfEndpointAsync(HealthOptions options, bool ready, CancellationToken ct)
    {
        var listens = IPAddress.Parse(options.Address);
        var address = listens.Equals(IPAddress.Any) ? IPAddress.Loopback : listens.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : listens;
        var uri = new UriBuilder("http", address.ToString(), options.Port, ready ? "/readyz" : "/healthz").Uri;
        try
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
            using var answer = await client.GetAsync(uri, ct);
            using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(ct));
            return new(answer.StatusCode == HttpStatusCode.OK, [.. body.RootElement.GetProperty("reasons").EnumerateArray().Select(r => r.GetProperty("code").GetString()!)], uri.ToString());
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return new(false, ["no_answer"], uri.ToString());
        }
    }

    private static HealthAnswer OfFile(DataDirectory directory, TimeProvider time, bool ready)
    {
        var services = RunningServices.Read(directory, time.GetUtcNow()).Where(s => s.Host == Environment.MachineName).ToList();
        return services.Count == 0
            ? new(false, ["no_service"], directory.Services)
            : new(services.All(s => s.Live && (!ready || s.Faults.Count == 0)), [.. services.SelectMany(s => s.Faults).Distinct()], directory.Services);
    }
}
