using SurveyDispatcher.Tests.Journeys;
using SurveyDispatcher.Tests.Mail;

namespace SurveyDispatcher.Tests.UseCases;

public sealed class PreviewTemplatesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task APreviewNeedsNoStoreAndMakesNone()
    {
        using var world = new World();

        var ended = await world.RunAsync("templates", "preview");

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Equal($"12 messages in en, made of sample data. Open {world.In("preview", "index.html")}", ended.Output.Trim());
        Assert.Equal(["preview"], Directory.GetFileSystemEntries(world.Data).Select(Path.GetFileName));
        Assert.Equal((12 * 3) + 1, world.Files("preview").Count);
    }

    [Fact]
    public async Task ItsOwnFilesAreWrittenAgainAndOthersAreLeftAlone()
    {
        using var world = new World();
        var folder = Path.Combine(world.Root, "some", "where");
        await world.RunAsync("templates", "preview", "--out", folder);
        var before = await File.ReadAllTextAsync(Path.Combine(folder, "en-sales-reminder.txt"), Ct);
        await File.WriteAllTextAsync(Path.Combine(folder, "notes.txt"), "mine", Ct);
        world.Edit("templates/en/messages.json", json => json["footer"]!["closing"] = "Many thanks.");

        var ended = await world.RunAsync("templates", "preview", "--out", folder);

        Assert.Equal(0, ended.Code);
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(folder, "notes.txt"), Ct));
        Assert.Equal(before.Replace("Thank you for your time.", "Many thanks.", StringComparison.Ordinal), await File.ReadAllTextAsync(Path.Combine(folder, "en-sales-reminder.txt"), Ct));
        Assert.Equal((12 * 3) + 2, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public async Task AnIndexOfSomebodyElseIsNeverOverwritten()
    {
        using var world = new World();
        await File.WriteAllTextAsync(Path.Combine(world.Root, "index.html"), "<h1>Our home page</h1>", Ct);

        var ended = await world.RunAsync("templates", "preview", "--out", world.Root);

        Assert.Equal(1, ended.Code);
        Assert.Contains("Choose another folder with --out", ended.Error, StringComparison.Ordinal);
        Assert.Equal("<h1>Our home page</h1>", await File.ReadAllTextAsync(Path.Combine(world.Root, "index.html"), Ct));
        Assert.Empty(Directory.GetFiles(world.Root, "en-*"));
    }

    [Fact]
    public async Task AFileInTheFoldersPlaceEndsWithOne()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "taken");
        await File.WriteAllTextAsync(path, "a file", Ct);

        var ended = await world.RunAsync("templates", "preview", "--out", path);

        Assert.Equal(1, ended.Code);
        Assert.Contains(path, ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMarketShowsItsLanguagesAndSurveysAndItsOwnSender()
    {
        using var world = new World(json =>
        {
            json["markets"]!["NZ"]!.AsObject().Remove("service");
            json["markets"]!["NZ"]!["sender"]!["name"] = "Kia Ora Surveys";
        });

        var ended = await world.RunAsync("templates", "preview", "--market", "nz", "--json");

        var messages = ended.Json.GetProperty("messages").EnumerateArray().ToList();
        Assert.Equal(2 * 3, messages.Count);
        Assert.All(messages, m => Assert.Equal(("NZ", "sales"), (m.GetProperty("market").GetString(), m.GetProperty("survey").GetString())));
        Assert.Contains("Kia Ora Surveys", await File.ReadAllTextAsync(world.In("preview", "en-sales-invitation.txt"), Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALanguageThatNoMarketUsesYetCanBeLookedAt()
    {
        using var world = new World();
        var folder = Directory.CreateDirectory(Path.Combine(world.Config, "templates", "fr")).FullName;
        File.Copy(Path.Combine(world.Config, "templates", "en", "messages.json"), Path.Combine(folder, "messages.json"));
        world.Edit("templates/fr/messages.json", json => json["language"] = "fr");

        Assert.Contains("24 messages in en, fr,", (await world.RunAsync("templates", "preview")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATextThatWillNotDoEndsWithTwoBeforeAnythingIsWritten()
    {
        using var world = new World();
        world.Edit("templates/en/messages.json", json => json["footer"]!["closing"] = "{{colour}}");

        var ended = await world.RunAsync("templates", "preview");

        Assert.Equal(2, ended.Code);
        Assert.Contains("footer.closing", ended.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(world.Data));
    }

    [Fact]
    public async Task TheWorstDataInASubjectStaysInTheSubject()
    {
        using var world = new World();
        world.Edit("templates/en/messages.json", json => json["invitation"]!["sales"]!["subject"] = "{{dealer}} | {{model}} | {{name}}");
        await world.RunAsync("templates", "preview");

        var (ordinary, awkward) = (world.In("preview", "en-sales-invitation.eml"), world.In("preview", "en-sales-invitation-awkward.eml"));
        var read = await Python.ReadAsync([await File.ReadAllBytesAsync(ordinary, Ct), await File.ReadAllBytesAsync(awkward, Ct)]);

        Assert.Equal(read[0].GetProperty("names").GetRawText(), read[1].GetProperty("names").GetRawText());
        Assert.Equal("[]", read[1].GetProperty("defects").GetRawText());
        var subject = read[1].GetProperty("subject").GetString()!;
        Assert.Equal(
            "{{{dealer}}} <img src=\"https://track.example/x.gif\" onerror=\"alert(2)\">  Bcc: all@mail.example | </p></div><h1>GT</h1><style>*{display:none}</style> '&lt;% {{#if name}} | "
            + $"Alice Walker {{{{name}}}} <script>alert(1)</script> O'Hara \"Jr.\" & Co. \U0001f697 王小明 {new string('W', 120)}",
            subject);
    }
}
