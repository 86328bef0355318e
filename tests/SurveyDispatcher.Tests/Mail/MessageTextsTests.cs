using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>Every message of the shipped texts, as a mail program and a careful reader take it.</summary>
public sealed partial class MessageTextsTests(PreviewedMails previews) : IClassFixture<PreviewedMails>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnotherProgramReadsWhatWasMeant()
    {
        var bytes = previews.Messages.Select(m => File.ReadAllBytes(m.Eml)).ToList();

        var read = await Python.ReadAsync(bytes);

        Assert.Equal(previews.Messages.Count, read.Count);
        foreach (var (message, got, raw) in previews.Messages.Zip(read, bytes))
        {
            string Of(string name) => got.GetProperty(name).GetString()!;
            string Header(string name) => got.GetProperty("headers").GetProperty(name).GetString()!;
            Assert.Equal("[]", got.GetProperty("defects").GetRawText());
            Assert.Equal(message.Subject, Of("subject"));
            Assert.Equal("customer@mail.example", Of("to"));
            var sender = message.Market.ToLowerInvariant();
            Assert.Equal($"survey-{sender}@cvp.example", Of("fromAddress"));
            Assert.Contains(Of("from"), new[] { "Customer Viewpoint", "客户之声", "客戶之聲", "お客様の声" });
            Assert.Equal(message.Customer == "bare" ? $"survey-{sender}@cvp.example" : $"help-{sender}@cvp.example", Header("Reply-To"));
            Assert.Matches($@"^<{sender}-[0-9]+\.{message.Contact[0]}\.preview@cvp\.example>$", Of("id"));
            Assert.Equal(message.Contact, Header("X-Survey-Contact"));
            Assert.StartsWith(message.Market + "-", Header("X-Survey-Case-Id"), StringComparison.Ordinal);
            Assert.Equal($"<{Previewed.Unsubscribe}>", Header("List-Unsubscribe"));
            Assert.Equal("List-Unsubscribe=One-Click", Header("List-Unsubscribe-Post"));
            Assert.Equal("auto-generated", Header("Auto-Submitted"));
            Assert.Equal(message.Language, Header("Content-Language"));
            Assert.Equal("multipart/alternative", Of("type"));
            Assert.Equal("""["text/plain","text/html"]""", got.GetProperty("types").GetRawText().Replace(" ", "", StringComparison.Ordinal));
            Assert.Equal("""["utf-8","utf-8"]""", got.GetProperty("charsets").GetRawText().Replace(" ", "", StringComparison.Ordinal));
            Assert.Equal(await File.ReadAllTextAsync(message.Text, Ct), Of("text").ReplaceLineEndings("\n"));
            Assert.Equal(await File.ReadAllTextAsync(message.Html, Ct), Of("html").ReplaceLineEndings("\n"));

            var lines = Encoding.ASCII.GetString(raw).Split("\r\n");
            Assert.True(Ascii.IsValid(raw));
            Assert.All(lines, line => Assert.InRange(line.Length, 0, 78));
            Assert.Equal(raw.Count(b => b == '\n'), lines.Length - 1);
        }
    }

    [Fact]
    public async Task ThePlainTextIsTidy()
    {
        foreach (var message in previews.Messages)
        {
            var text = await File.ReadAllTextAsync(message.Text, Ct);
            var lines = text.Split('\n');

            Assert.All(lines, line => Assert.Equal(line.Trim(), line));
            Assert.DoesNotContain("\n\n\n\n", text, StringComparison.Ordinal);
            Assert.Equal("", lines[^1]);
            Assert.Equal(Previewed.Unsubscribe, lines[^2]);
            Assert.Equal([Previewed.Link, Previewed.Unsubscribe], lines.Where(l => l.Contains("cvp.example/", StringComparison.Ordinal)));
            Assert.Equal(message.Customer == "bare" ? [] : [$"help-{message.Market.ToLowerInvariant()}@cvp.example"], lines.Where(l => l.Contains("@cvp", StringComparison.Ordinal)));
            if (message.Customer != "awkward")
            {
                Assert.DoesNotMatch(Untidy(), text);
                Assert.DoesNotMatch(Untidy(), message.Subject);
                Assert.DoesNotMatch(Untidy(), message.Preheader);
            }
        }
    }

    [Fact]
    public void ASubjectIsShortSaysWhatItIsAndDoesNotShout()
    {
        Assert.All(previews.Messages, m =>
        {
            Assert.InRange(m.Subject.Length, 10, 60);
            Assert.DoesNotMatch(@"[!！$€¥%]|\p{Lu}{4}|RE:|FW:", m.Subject);
            Assert.InRange(m.Customer == "awkward" ? 40 : m.Preheader.Length, 15, 140);
        });

        // A reminder never looks like the first mail.
        Assert.Equal(4 * PreviewedMails.Languages.Count, previews.Messages.Select(m => (m.Language, m.Subject)).Distinct().Count());
        Assert.Equal(4 * PreviewedMails.Languages.Count, previews.Messages.Where(m => m.Customer == "full").Select(m => (m.Language, m.Preheader)).Distinct().Count());
    }

    [Theory]
    [InlineData("en", "2 March 2026", "6 April 2026")]
    [InlineData("hi", "2 मार्च 2026", "13 अप्रैल 2026", "6 अप्रैल 2026")]
    [InlineData("id", "2 Maret 2026", "20 April 2026", "6 April 2026")]
    [InlineData("ja", "2026年3月2日", "2026年4月6日")]
    [InlineData("vi", "02/03/2026", "20/04/2026", "06/04/2026")]
    [InlineData("zh-CN", "2026年3月2日", "2026年4月6日")]
    [InlineData("zh-TW", "2026年3月2日", "2026年4月6日")]
    public async Task DatesAreWrittenAsTheyAreThere(string language, string eventDate, string salesUntil, string? serviceUntil = null)
    {
        foreach (var message in previews.Messages.Where(m => m.Language == language))
        {
            var text = await File.ReadAllTextAsync(message.Text, Ct);
            var until = message.Survey == "sales" ? salesUntil : serviceUntil ?? salesUntil;

            Assert.Contains(eventDate, text, StringComparison.Ordinal);
            Assert.Equal(message.Customer != "bare", text.Contains(until, StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(PreviewedMails.Languages), MemberType = typeof(PreviewedMails))]
    public void EveryLanguageTellsWhatEnglishTells(string language)
    {
        var (english, other) = (Texts("en"), Texts(language));

        Assert.Equal(english.Keys.Order(StringComparer.Ordinal), other.Keys.Order(StringComparer.Ordinal)); // as many paragraphs, too
        foreach (var (at, text) in english)
        {
            Assert.Equal(Facts(at, text), Facts(at, other[at]));
        }
    }

    /// <summary>What a line tells: the names of data in it. Where the dealer is named once and where twice is a matter of the language.</summary>
    private static string Facts(string at, string text) => $"{at}: {string.Join(' ', Names().Matches(text).Select(m => m.Value).Distinct().Order(StringComparer.Ordinal))}";

    private static Dictionary<string, string> Texts(string language)
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(World.ShippedConfig, "templates", language, "messages.json")));
        var texts = new Dictionary<string, string>();
        Walk(file.RootElement, "");
        return texts;

        void Walk(JsonElement element, string at)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    element.EnumerateObject().ToList().ForEach(p => Walk(p.Value, $"{at}/{p.Name}"));
                    break;
                case JsonValueKind.Array:
                    element.EnumerateArray().Index().ToList().ForEach(p => Walk(p.Item, $"{at}/{p.Index}"));
                    break;
                default:
                    texts[at] = element.GetString()!;
                    break;
            }
        }
    }

    [GeneratedRegex(@"(?<=\{\{(#if )?)(name|dealer|model|eventDate|lastDay|mayCall|sender|replyTo)(?=\}\})")]
    private static partial Regex Names();

    /// <summary>Left-over braces, doubled or misplaced spaces, empty brackets, and ASCII punctuation between characters that have their own.</summary>
    [GeneratedRegex(@"[{}]|  | [,.;:?!，。；：？！）)]|[（(] |\(\)|（）|[\u3040-\u30ff\u4e00-\u9fff][,;:?!()]|[,;:?!()][\u3040-\u30ff\u4e00-\u9fff]|,,|\.\.")]
    private static partial Regex Untidy();
}
