using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Mail;
using SurveyDispatcher.UseCases;

namespace Fuzz;

/// <summary>What is written from values that were accepted: mails, cells of tables, and lines on a terminal.</summary>
internal sealed class Outputs(PipelineConfig config)
{
    private const string Formula = "=+-@\t\r\n＝＋－＠";

    private static readonly string[] Headers =
    [
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "X-Survey-Case-Id", "X-Survey-Contact", "List-Unsubscribe", "List-Unsubscribe-Post",
        "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type",
    ];

    /// <summary>Writes all that a transaction can end in.</summary>
    public void Check(Transaction t)
    {
        Cells(t.Key.DealerCode, t.DealerName, t.Key.TransactionId, t.Model, t.Contact.Name, t.CustomerId, t.Language);
        Terminal(t);
        if (config.Programme.MarketOf(t.Key.Country) is { } market)
        {
            Mail(t, market);
        }
    }

    /// <summary>A line of a rejects file.</summary>
    public static void Reject(Understood row) => Cells(row.Fault.Reason, row.Fault.Column, row.Fault.Value, row.Raw!);

    /// <summary>No cell runs in a spreadsheet, and none loses anything.</summary>
    private static void Cells(params string[] cells)
    {
        using var stream = new MemoryStream();
        using (var csv = new CsvOutput(stream))
        {
            csv.Row(cells);
        }

        var text = Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
        Finding.Unless(PlainCsv.Records(text[1..], ',') is [var record] || cells.All(string.IsNullOrWhiteSpace), "what was written is not one record");
        if (PlainCsv.Records(text[1..], ',') is not [var read])
        {
            return;
        }

        Finding.Unless(read.Count == cells.Length, "a cell became two");
        for (var i = 0; i < cells.Length; i++)
        {
            Finding.Unless(read[i].Length == 0 || !Formula.Contains(read[i][0], StringComparison.Ordinal), "a cell would run in a spreadsheet");
            Finding.Unless(read[i] == cells[i] || read[i] == "'" + cells[i], "a cell is not what was to be written");
        }
    }

    private static void Terminal(Transaction t)
    {
        var key = t.Key;
        var story = new Story(
            $"{key.TransactionId} ({key.Country} {key.DealerCode} {key.Survey.RecordType()})", t.Vin, null, "file.csv, line 2", t.EventDate, "eligible", t.EventDate,
            [new RuleVerdict("market_not_in_programme", "failed", $"country {key.Country}")], [], [], null, "nothing", false)
        {
            Key = $"{key.Country}/{key.DealerCode}/{key.TransactionId}/{key.Survey.RecordType()}",
            AsOf = new StoryVerdict(t.EventDate, "eligible", new StoryPolicy(1, "v", t.EventDate), [new RuleVerdict("market_not_in_programme", "failed", $"country {key.Country}")]),
            Timeline = [new StoryEvent(t.EventDate, null, "Received", new Dictionary<string, string> { ["file"] = t.DealerName, ["line"] = "2" })],
        };
        var text = ExplainText.Of([story]);
        Finding.Unless(!text.Any(IsCommand), "explain would drive a terminal");
        Finding.Unless(PlainCsv.Lines(text).Count == PlainCsv.Lines(ExplainText.Of([story with { Transaction = "x", Key = "x", Vin = "x", AsOf = story.AsOf! with { Rules = [new RuleVerdict("x", "x", "x")] }, Timeline = [story.Timeline[0] with { Facts = new Dictionary<string, string> { ["file"] = "x" } }] }])).Count, "data makes a line of its own in explain");
    }

    /// <summary>What a terminal would do, not show; a line end of ours aside.</summary>
    public static bool IsCommand(char c) => (char.IsControl(c) && c is not ('\n' or '\r')) || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');

    private void Mail(Transaction t, Market market)
    {
        var points = ContactPoints.From(t.Contact, market, config.Programme);
        var mail = new ContactMail
        {
            Market = market,
            Survey = t.Key.Survey,
            Kind = MailContact.Invitation,
            CaseId = CaseId.Format(market.Code, 1),
            Name = "au-00000019.i.0123456789abcdef",
            Token = "c2FtcGxlLXByZXZpZXctMQ",
            To = points.Email?.Value ?? "alice@mail.example",
            Customer = t.Contact.Name,
            Dealer = t.DealerName,
            Model = t.Model,
            EventDate = t.EventDate,
            LastDay = t.EventDate.AddDays(30),
            MayCall = true,
            Language = config.Templates.LanguageFor(t.Language, market.Languages) ?? "en",
            Date = Workshop.Today.In(market),
        };
        var words = mail.Render(config);
        var plain = (mail with { Customer = Plain(t.Contact.Name), Dealer = Plain(t.DealerName), Model = Plain(t.Model) }).Render(config);
        foreach (var sign in "<>\"\n")
        {
            Finding.Unless(words.Html.Count(c => c == sign) == plain.Html.Count(c => c == sign), $"data put a '{(int)sign:x}' into the HTML");
        }

        Finding.Unless(words.Text.Count(c => c == '\n') == plain.Text.Count(c => c == '\n'), "data made a line of its own in the text");
        Finding.Unless(!(words.Subject + words.Text + words.Html + words.Preheader).Any(IsCommand), "a mail has characters that order a terminal or a direction of writing");
        Message(MessageComposer.Compose(mail.Compose(words, config.Settings)));
    }

    /// <summary>A value that does no harm, and is empty where this one counts as empty.</summary>
    private static string Plain(string value) =>
        string.Concat(value.Where(c => !IsCommand(c) && c is not ('\n' or '\r' or '\u2028' or '\u2029'))).Trim().Length == 0 ? "" : "x";

    private static void Message(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var names = text[..end].Split("\r\n").Where(l => l[0] is not (' ' or '\t')).Select(l => l.Split(':')[0]);
        Finding.Unless(names.SequenceEqual(Headers), "a mail has other headers than ours");
        Finding.Unless(text.Replace("\r\n", "", StringComparison.Ordinal).IndexOfAny(['\r', '\n', '\0']) < 0, "a mail has a bare line end");
        Finding.Unless(text.Split("\r\n").All(l => Encoding.UTF8.GetByteCount(l) <= 998), "a line of a mail is too long");
        var boundary = text.Split("boundary=\"", 2)[1].Split('"')[0];
        Finding.Unless(text.Split($"--{boundary}").Length == 4, "a mail has more parts than ours");
    }
}
