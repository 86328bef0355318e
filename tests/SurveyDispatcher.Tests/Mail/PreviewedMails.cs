using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>Every message of the shipped texts, written once for a whole class of tests.</summary>
public sealed class PreviewedMails : IAsyncLifetime
{
    private readonly World world = new(whole: true);

    /// <summary>The languages that are shipped.</summary>
    public static TheoryData<string> Languages =>
        [.. Directory.GetDirectories(Path.Combine(World.ShippedConfig, "templates")).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)];

    /// <summary>What the verb says of them.</summary>
    internal IReadOnlyList<Previewed> Messages { get; private set; } = [];

    /// <summary>Writes them.</summary>
    public async ValueTask InitializeAsync()
    {
        var ended = await world.RunAsync("templates", "preview", "--json");
        Assert.True(ended.Code == 0, ended.Error);
        var folder = ended.Json.GetProperty("folder").GetString()!;
        Messages = [.. ended.Json.GetProperty("messages").EnumerateArray().Select(m =>
        {
            string Of(string name) => m.GetProperty(name).GetString()!;
            return new Previewed(
                Of("language"), Of("market"), Of("survey"), Of("contact"), Of("customer"), Of("subject"), Of("preheader"),
                Path.Combine(folder, Of("html")), Path.Combine(folder, Of("text")), Path.Combine(folder, Of("eml")));
        })];
    }

    /// <summary>Takes them away again.</summary>
    public ValueTask DisposeAsync()
    {
        world.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>One message of the preview, with the paths of its files.</summary>
internal sealed record Previewed(
    string Language, string Market, string Survey, string Contact, string Customer, string Subject, string Preheader, string Html, string Text, string Eml)
{
    public const string Link = "https://cvp.example/s/c2FtcGxlLXByZXZpZXctMQ";

    public const string Unsubscribe = "https://cvp.example/u/c2FtcGxlLXByZXZpZXctMQ";

    public string Name => Path.GetFileNameWithoutExtension(Html);
}
