using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.UseCases;

/// <summary>One message as it was written for looking at; the three files lie in the folder of the preview.</summary>
/// <param name="Language">The language of the text.</param>
/// <param name="Market">The market whose sender and last day it shows.</param>
/// <param name="Survey"><c>sales</c> or <c>service</c>.</param>
/// <param name="Contact"><c>invitation</c> or <c>reminder</c>.</param>
/// <param name="Customer"><c>full</c>: everything is known. <c>bare</c>: what may be empty is. <c>awkward</c>: data that does its worst.</param>
/// <param name="Subject">The subject.</param>
/// <param name="Preheader">What a mailbox shows beside the subject.</param>
/// <param name="Html">The HTML part.</param>
/// <param name="Text">The plain text part.</param>
/// <param name="Eml">The whole message, byte for byte as a transport would get it.</param>
public sealed record PreviewedMail(
    string Language, string Market, string Survey, string Contact, string Customer, string Subject, string Preheader, string Html, string Text, string Eml);

/// <summary>What <c>templates preview</c> has written.</summary>
/// <param name="Folder">Where.</param>
/// <param name="Index">The page that leads to all messages.</param>
/// <param name="Messages">The messages.</param>
public sealed record TemplatesPreview(string Folder, string Index, IReadOnlyList<PreviewedMail> Messages)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // nobody reads Hindi in \u
    };

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>In words.</summary>
    public string ToText() =>
        Say($"{Messages.Count} messages in {Listed(Messages.Select(m => m.Language).Distinct(StringComparer.Ordinal))}, made of sample data. Open {Index}");
}

/// <summary>Writes every message that the texts can give to files: as HTML, as plain text, and as a mail.</summary>
/// <remarks>
/// The messages are made as <see cref="SendMail"/> makes them. Dates and customers are fixed, so the same texts give the same
/// files, and two previews can be compared. Files of an older preview are overwritten, nothing is deleted.
/// </remarks>
internal sealed class PreviewTemplates(PipelineConfig config)
{
    private const string IndexName = "index.html";
    private const string Mark = "<meta name=\"generator\" content=\"SurveyDispatcher templates preview\">";
    private static readonly DateOnly EventDate = new(2026, 3, 2);
    private static readonly SurveyKind[] Surveys = [SurveyKind.Sales, SurveyKind.Service];
    private static readonly MailContact[] Contacts = [MailContact.Invitation, MailContact.Reminder];
    private static readonly string[] Customers = ["full", "bare", "awkward"];

    /// <summary>Writes the files.</summary>
    /// <param name="folder">Where to; it is made if it is not there.</param>
    /// <param name="market">Only this market's languages and surveys, as it would send them; null: every language, in a market where it is spoken.</param>
    /// <exception cref="UsageException">There is no such market.</exception>
    /// <exception cref="OperatorException">The folder has an index.html of somebody else.</exception>
    public TemplatesPreview Write(string folder, string? market)
    {
        var mails = Mails(market).ToList();
        folder = Path.GetFullPath(folder);
        var index = Path.Combine(folder, IndexName);
        DurableFile.CreateFolder(folder);
        if (File.Exists(index) && !File.ReadAllText(index).Contains(Mark, StringComparison.Ordinal))
        {
            throw new OperatorException($"{index} is no preview and would be overwritten. Choose another folder with --out DIR.");
        }

        var written = mails.ConvertAll(m => WriteMail(folder, m.Customer, m.Mail));
        WriteText(index, Index(written));
        return new TemplatesPreview(folder, index, written);
    }

    private IEnumerable<(string Customer, ContactMail Mail)> Mails(string? market)
    {
        var places = market is null
            ? config.Templates.Languages.Select(l => (Language: l, Market: MarketOf(l)))
            : Find(market) is var m ? m.Languages.Select(l => (Language: config.Templates.LanguageFor(l, [])!, Market: m)) : [];
        return
            from place in places.Distinct()
            from survey in Surveys
            where market is null || place.Market.Policy(survey) is not null
            from contact in Contacts
            from customer in Customers
            select (customer, Mail(place.Language, place.Market, survey, contact, customer));
    }

    private Market Find(string code) => config.Programme.MarketOf(code.ToUpperInvariant()) ?? throw new UsageException(
        $"There is no market '{code}'. Known: {Listed(config.Programme.Markets.Keys.Order(StringComparer.Ordinal))}.");

    /// <summary>A market for a language: one that writes in it first, else one that knows it, else any, so that a new language can be looked at.</summary>
    private Market MarketOf(string language)
    {
        var markets = config.Programme.Markets.Values.OrderBy(m => m.Code, StringComparer.Ordinal).ToList();
        return markets.Find(m => config.Templates.LanguageFor("", m.Languages) == language)
            ?? markets.Find(m => m.Languages.Any(l => config.Templates.LanguageFor(l, []) == language))
            ?? markets[0];
    }

    private ContactMail Mail(string language, Market market, SurveyKind survey, MailContact contact, string customer)
    {
        var caseId = CaseId.Format(market.Code, 1);
        var window = market.Policy(survey)?.Window ?? new DayWindow(0, null);
        var invited = window.Opens(EventDate);
        var day = contact == MailContact.Invitation ? invited : invited.AddDays(config.Programme.Contact.DaysFromInvitationToReminder);
        var sample = config.Templates.SampleOf(language);
        var full = new ContactMail
        {
            Market = market,
            Survey = survey,
            Kind = contact,
            CaseId = caseId,
            Name = $"{caseId.ToLowerInvariant()}.{contact.Code()[0]}.preview",
            Token = "c2FtcGxlLXByZXZpZXctMQ", // as long as a real one
            To = "customer@mail.example",
            Customer = sample.Name,
            Dealer = sample.Dealer,
            Model = sample.Model,
            EventDate = EventDate,
            LastDay = window.LastDay(EventDate),
            MayCall = true,
            Language = language,
            Date = AsOf.On(day).In(market),
        };
        return customer switch
        {
            "bare" => full with
            {
                Customer = "", Dealer = "", Model = "", LastDay = null, MayCall = false, Market = market with { Sender = market.Sender with { ReplyTo = "" } },
            },
            "awkward" => full with
            {
                Customer = $"{sample.Name} {{{{name}}}} <script>alert(1)</script> \u202eO'Hara\u2066 \"Jr.\" & Co. \U0001f697 王小明 {new string('W', 120)}",
                Dealer = "{{{dealer}}} <img src=\"https://track.example/x.gif\" onerror=\"alert(2)\">\r\nBcc: all@mail.example",
                Model = "</p></div><h1>GT</h1><style>*{display:none}</style> \u202d'&lt;%\u2028{{#if name}}",
            },
            _ => full,
        };
    }

    private PreviewedMail WriteMail(string folder, string customer, ContactMail mail)
    {
        var words = mail.Render(config);
        var name = $"{mail.Language}-{mail.Survey.Code()}-{mail.Kind.Code()}{(customer == Customers[0] ? "" : "-" + customer)}";
        WriteText(Path.Combine(folder, name + ".html"), words.Html);
        WriteText(Path.Combine(folder, name + ".txt"), "\uFEFF" + words.Text); // the mark tells a browser which encoding it is
        var message = MessageComposer.Compose(mail.Compose(words, config.Settings));
        DurableFile.Write(Path.Combine(folder, name + ".eml"), s => s.Write(message));
        return new PreviewedMail(
            mail.Language, mail.Market.Code, mail.Survey.Code(), mail.Kind.Code(), customer, words.Subject, words.Preheader, name + ".html", name + ".txt", name + ".eml");
    }

    private static void WriteText(string path, string text) => DurableFile.Write(path, s => s.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>A page that shows what each mailbox would show, and leads to each message.</summary>
    private static string Index(IReadOnlyList<PreviewedMail> mails)
    {
        var tables = new List<string>();
        foreach (var language in mails.GroupBy(m => (m.Language, m.Market)))
        {
            tables.Add($"<h2>{Encode(language.Key.Language)} <small>{Say($"as {Encode(language.Key.Market)} sends it")}</small></h2>");
            tables.Add("<table>\n" + $"<tr><th>{Say($"message")}<th>{Say($"subject and preheader")}<th>{Say($"all is known")}<th>{Say($"little is known")}<th>{Say($"awkward data")}</tr>");
            foreach (var message in language.GroupBy(m => (m.Survey, m.Contact)))
            {
                var full = message.First();
                tables.Add($"<tr><td>{message.Key.Survey} {message.Key.Contact}"
                    + $"<td lang=\"{Encode(full.Language)}\"><b>{Encode(full.Subject)}</b><br>{Encode(full.Preheader)}");
                tables.AddRange(message.Select(m =>
                    $"<td><a href=\"{Link(m.Html)}\">HTML</a> <a href=\"{Link(m.Text)}\">{Say($"text")}</a> <a href=\"{Link(m.Eml)}\">{Say($"mail")}</a>"));
                tables.Add("</tr>");
            }

            tables.Add("</table>");
        }

        return $$"""
            <!DOCTYPE html>
            <html lang="{{Spoken}}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            {{Mark}}
            <title>{{Say($"Invitations and reminders")}}</title>
            <style>
            :root { color-scheme: light dark; }
            body { max-width: 1100px; margin: 0 auto; padding: 16px; font: 16px/1.5 system-ui, sans-serif; }
            table { width: 100%; border-collapse: collapse; }
            th, td { padding: 8px 12px 8px 0; border-bottom: 1px solid #8888; text-align: left; vertical-align: top; }
            th, td:not(:nth-child(2)) { white-space: nowrap; }
            td:nth-child(2) { width: 100%; }
            td a { padding-right: 8px; }
            small { font-weight: normal; }
            @media (max-width: 700px) { tr, th, td { display: block; } th { display: none; } }
            </style>
            </head>
            <body>
            <h1>{{Say($"Invitations and reminders")}}</h1>
            <p>{{Say($"Made of sample data, as they would be sent. Make the window narrow to see what a phone shows, and switch your system to dark colours to see what is shown there. \"mail\" opens in a mail program.")}}</p>
            {{string.Join('\n', tables)}}
            </body>
            </html>

            """;
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static string Link(string file) => Uri.EscapeDataString(file);
}
