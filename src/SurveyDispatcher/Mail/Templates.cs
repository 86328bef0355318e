using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using HandlebarsDotNet;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>What is wrong with a template file.</summary>
/// <param name="Path">The file below <c>config/templates</c>, e.g. <c>en/messages.json</c>.</param>
/// <param name="Problem">What is wrong and where in it.</param>
public sealed record TemplateFault(string Path, string Problem);

/// <summary>A message in words, before it becomes bytes.</summary>
/// <param name="Subject">The subject.</param>
/// <param name="Preheader">What a mailbox shows beside the subject; it is also in <paramref name="Html"/>, unseen.</param>
/// <param name="Text">The plain text part.</param>
/// <param name="Html">The HTML part.</param>
public sealed record RenderedMail(string Subject, string Preheader, string Text, string Html);

/// <summary>A customer who does not exist, for previews in one language: a name, a dealer and a model as they are written there.</summary>
public sealed record SampleCustomer(string Name, string Dealer, string Model);

/// <summary>What a message tells about one contact. All of it is data: none is ever read as template code.</summary>
public sealed record MailValues
{
    /// <summary>The customer's name as the dealer wrote it; may be empty.</summary>
    public required string Name { get; init; }

    /// <summary>The dealer's name; may be empty.</summary>
    public required string Dealer { get; init; }

    /// <summary>The vehicle's model; may be empty.</summary>
    public required string Model { get; init; }

    /// <summary>The day of hand-over or of the visit.</summary>
    public required DateOnly EventDate { get; init; }

    /// <summary>The last day to answer on; none where the market sets no limit.</summary>
    public DateOnly? LastDay { get; init; }

    /// <summary>Whether a call may follow when this mail is not answered; only then may a text announce one.</summary>
    public bool MayCall { get; init; }

    /// <summary>The market's sender as people read it.</summary>
    public required string Sender { get; init; }

    /// <summary>The market's name.</summary>
    public required string Market { get; init; }

    /// <summary>Where questions go; may be empty.</summary>
    public required string ReplyTo { get; init; }

    /// <summary>The customer's link to the survey.</summary>
    public required string Link { get; init; }

    /// <summary>The customer's way out.</summary>
    public required string UnsubscribeLink { get; init; }
}

/// <summary>The message texts of all languages in their two layouts.</summary>
/// <remarks>
/// A message is made in two steps: the language's strings are filled with the customer's data, and the results are data to the
/// layout. Only the HTML layout escapes, so that data is escaped exactly once. Unknown names in braces are a fault, not an
/// empty string. Everything is tried out while loading, so rendering can't fail; it is safe from many threads.
/// </remarks>
public sealed class Templates
{
    private const string HtmlLayout = "layout.html", TextLayout = "layout.txt";
    private static readonly string[] Contacts = ["invitation", "reminder"];
    private static readonly string[] Surveys = ["sales", "service"];
    private static readonly string[] Lines = ["subject", "preheader", "heading", "greeting", "button", "linkHint", "deadline"];
    private static readonly string[] Footer = ["why", "optOut", "contact", "closing", "signature"];

    private readonly Source _html;
    private readonly Source _text;
    private readonly Dictionary<string, Language> _languages;
    private readonly ConcurrentDictionary<string, Mosaics> _mosaics = new(StringComparer.Ordinal);

    private Templates(Source html, Source text, Dictionary<string, Language> languages) =>
        (_html, _text, _languages) = (html, text, languages);

    /// <summary>The language tags that have texts, in order.</summary>
    public IEnumerable<string> Languages => _languages.Values.Select(l => l.Tag).Order(StringComparer.OrdinalIgnoreCase);

    /// <summary>The sample customer of a language.</summary>
    /// <param name="language">One of <see cref="Languages"/>.</param>
    public SampleCustomer SampleOf(string language) => _languages[language].Sample;

    /// <summary>Reads all files of <c>config/templates</c>.</summary>
    /// <param name="files">Content by path below that folder: <c>layout.html</c>, <c>layout.txt</c>, <c>LANGUAGE/messages.json</c>.</param>
    /// <param name="faults">Gets every fault that was found.</param>
    /// <param name="tryOut">Compiles and tries out everything now, so that rendering can't fail; else a text is compiled when it is first
    /// rendered, which spares a verb that sends no mail half a second.</param>
    /// <returns>null when there are faults.</returns>
    public static Templates? Load(IReadOnlyDictionary<string, string> files, ICollection<TemplateFault> faults, bool tryOut = true)
    {
        var before = faults.Count;
        var compiler = new Compiler(tryOut);
        var html = Layout(HtmlLayout, escape: true);
        var text = Layout(TextLayout, escape: false);
        var languages = new Dictionary<string, Language>(StringComparer.OrdinalIgnoreCase);
        foreach (var (path, content) in files.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            if (path is HtmlLayout or TextLayout)
            {
                continue;
            }
            var parts = path.Split('/');
            if (parts is not [var tag, "messages.json"])
            {
                faults.Add(new(path, Say($"is neither a layout nor LANGUAGE/messages.json")));
            }
            else if (Language.Read(path, tag, content, compiler, faults) is { } language)
            {
                languages[tag] = language;
            }
        }
        if (languages.Count == 0 && faults.Count == before)
        {
            faults.Add(new("messages.json", Say($"no language has texts")));
        }
        return faults.Count == before ? new(html!, text!, languages) : null;

        Source? Layout(string path, bool escape)
        {
            if (!files.TryGetValue(path, out var source))
            {
                faults.Add(new(path, Say($"is missing")));
                return null;
            }
            if (Mosaic.IsMarked(source))
            {
                faults.Add(new(path, Say(Mosaic.Why)));
                return null;
            }
            if (escape && (source.Contains("{{{", StringComparison.Ordinal) || source.Contains("{{&", StringComparison.Ordinal)))
            {
                faults.Add(new(path, Say($"has {{{{{{ or {{{{&, which would let a customer's data into the HTML unescaped")));
                return null;
            }
            return compiler.Compile(path, "", source, escape, Sample.Layout, faults);
        }
    }

    /// <summary>The language to write in: the row's, if there are texts for its tag or its primary subtag, else the market's first.</summary>
    /// <returns>A tag that <see cref="Render"/> takes, or null when the market's first has no texts either.</returns>
    public string? LanguageFor(string rowLanguage, IReadOnlyList<string> marketLanguages) =>
        Known(rowLanguage) ?? (marketLanguages.Count > 0 ? Known(marketLanguages[0]) : null);

    /// <summary>One message in words.</summary>
    /// <param name="language">A tag that <see cref="LanguageFor"/> gave.</param>
    /// <param name="survey"><c>sales</c> or <c>service</c>.</param>
    /// <param name="contact"><c>invitation</c> or <c>reminder</c>.</param>
    /// <param name="values">The contact's data.</param>
    public RenderedMail Render(string language, string survey, string contact, MailValues values)
    {
        var data = DataOf(language, values);

        // What a template can tell of a value is whether it is empty. So all messages with the same empty values are one mosaic,
        // whose stones are the other values: the library lays it once, and each message only fills it.
        var stones = new string[data.Count];
        var shape = new StringBuilder(language).Append('|').Append(survey).Append('|').Append(contact).Append('|');
        var n = 0;
        foreach (var value in data.Values)
        {
            stones[n++] = value as string ?? "";
            shape.Append(value is "" or false ? '-' : '+');
        }
        var mosaics = _mosaics.GetOrAdd(shape.ToString(), static (_, job) => job.Templates.Lay(job.Language, job.Survey, job.Contact, job.Data), (Templates: this, Language: language, Survey: survey, Contact: contact, Data: data));
        return new(mosaics.Subject.Fill(stones), mosaics.Preheader.Fill(stones), mosaics.Text.Fill(stones), mosaics.Html.Fill(Array.ConvertAll(stones, Compiler.Escaped)));
    }

    /// <summary>The values by the names that templates use.</summary>
    internal Dictionary<string, object> DataOf(string language, MailValues values)
    {
        var data = _languages[language].Data(values);
        data["link"] = values.Link;
        data["unsubscribeLink"] = values.UnsubscribeLink;
        return data;
    }

    /// <summary>One message by the library itself.</summary>
    internal RenderedMail RenderByLibrary(string language, string survey, string contact, IReadOnlyDictionary<string, object> data)
    {
        var texts = _languages[language];
        var message = texts.Messages[(contact, survey)];
        var page = new Dictionary<string, object>(18, StringComparer.Ordinal)
        {
            ["language"] = texts.Tag,
            ["paragraphs"] = message.Paragraphs.Select(p => p.Fill(data)).Where(p => p.Length > 0).ToArray(), // an if may leave nothing
            ["link"] = data["link"],
            ["unsubscribeLink"] = data["unsubscribeLink"],
            ["sender"] = data["sender"],
            ["replyTo"] = data["replyTo"],
        };
        foreach (var (name, line) in message.Lines)
        {
            page[name] = line.Fill(data);
        }
        return new((string)page["subject"], (string)page["preheader"], _text.Fill(page), _html.Fill(page));
    }

    private Mosaics Lay(string language, string survey, string contact, Dictionary<string, object> data)
    {
        var marked = data.Select((d, i) => KeyValuePair.Create(d.Key, d.Value is string { Length: > 0 } ? Mosaic.Mark(i) : d.Value)).ToDictionary(StringComparer.Ordinal);
        var mail = RenderByLibrary(language, survey, contact, marked);
        return new(Mosaic.Of(mail.Subject), Mosaic.Of(mail.Preheader), Mosaic.Of(mail.Text), Mosaic.Of(mail.Html));
    }

    private string? Known(string tag)
    {
        tag = tag.Trim();
        return _languages.TryGetValue(tag, out var exact) ? exact.Tag
            : _languages.TryGetValue(tag.Split('-', '_')[0], out var primary) ? primary.Tag
            : null;
    }

    /// <summary>One string of a language; those without braces are kept as they are.</summary>
    private sealed record Line(string Fixed, Source? Template)
    {
        public string Fill(IReadOnlyDictionary<string, object> data) => Template is null ? Fixed : Template.Fill(data);
    }

    /// <summary>A template, compiled when it is first needed.</summary>
    private sealed class Source(IHandlebars handlebars, string text)
    {
        private readonly Lazy<HandlebarsTemplate<object, object>> _template = new(() => handlebars.Compile(text));

        public string Fill(IReadOnlyDictionary<string, object> data) => (string)_template.Value(data);
    }

    /// <summary>A message in which only the values are missing.</summary>
    private sealed record Mosaics(Mosaic Subject, Mosaic Preheader, Mosaic Text, Mosaic Html);

    /// <summary>A rendered text cut at its values.</summary>
    private sealed class Mosaic
    {
        // Two characters that Unicode assigns to nobody stand around the number of a value.
        private const char Open = '\uFDD0', Close = '\uFDD1';

        private readonly string[] _texts;
        private readonly int[] _stones; // one after each text but the last

        private Mosaic(string[] texts, int[] stones) => (_texts, _stones) = (texts, stones);

        public static Phrase Why => $"has U+FDD0 or U+FDD1, two characters that no text is made of and that this program keeps for itself";

        public static bool IsMarked(string text) => text.AsSpan().ContainsAny(Open, Close);

        public static string Mark(int value) => $"{Open}{value}{Close}";

        public static Mosaic Of(string rendered)
        {
            var parts = rendered.Split(Open, Close);
            return new([.. parts.Where((_, i) => i % 2 == 0)], [.. parts.Where((_, i) => i % 2 == 1).Select(n => int.Parse(n, CultureInfo.InvariantCulture))]);
        }

        public string Fill(string[] values)
        {
            var pieces = new string[_texts.Length + _stones.Length];
            for (var i = 0; i < pieces.Length; i++)
            {
                pieces[i] = i % 2 == 0 ? _texts[i / 2] : values[_stones[i / 2]];
            }
            return string.Concat(pieces);
        }
    }

    /// <summary>The strings of one contact for one survey, the footer's among them.</summary>
    private sealed record Message(KeyValuePair<string, Line>[] Lines, Line[] Paragraphs);

    private sealed record Language(
        string Tag, CultureInfo Culture, string DateFormat, SampleCustomer Sample, Dictionary<(string Contact, string Survey), Message> Messages)
    {
        public static Language? Read(string path, string tag, string content, Compiler compiler, ICollection<TemplateFault> faults)
        {
            JsonDocument document;
            try
            {
                document = StrictJson.Parse(content);
            }
            catch (JsonException e)
            {
                faults.Add(new(path, Say($"is not JSON: {e.Message}")));
                return null;
            }
            using (document)
            {
                var before = faults.Count;
                var reader = new Reader(path, compiler, faults);
                var root = document.RootElement;
                reader.Members(root, "", ["language", "culture", "dateFormat", "sample", .. Contacts, "footer"]);
                if (!string.Equals(reader.String(root, "language", "language"), tag, StringComparison.OrdinalIgnoreCase))
                {
                    faults.Add(new(path, Say($"language must be that of the folder, {tag}")));
                }
                var culture = reader.Culture(reader.String(root, "culture", "culture"));
                var dateFormat = reader.DateFormat(reader.String(root, "dateFormat", "dateFormat"), culture);

                var someone = reader.Object(root, "sample", "sample", ["name", "dealer", "model"]);
                var sample = new SampleCustomer(
                    reader.String(someone, "name", "sample.name"), reader.String(someone, "dealer", "sample.dealer"), reader.String(someone, "model", "sample.model"));
                var footer = reader.Object(root, "footer", "footer", Footer);
                var ending = Footer.Select(name => KeyValuePair.Create(name, reader.Line(footer, name, $"footer.{name}"))).ToArray();
                var messages = new Dictionary<(string, string), Message>();
                foreach (var contact in Contacts)
                {
                    var kinds = reader.Object(root, contact, contact, Surveys);
                    foreach (var survey in Surveys)
                    {
                        var at = $"{contact}.{survey}";
                        var element = reader.Object(kinds, survey, at, [.. Lines, "paragraphs"]);
                        var lines = Lines.Select(name => KeyValuePair.Create(name, reader.Line(element, name, $"{at}.{name}")));
                        messages[(contact, survey)] = new([.. lines, .. ending], reader.Paragraphs(element, $"{at}.paragraphs"));
                    }
                }
                return faults.Count == before ? new(tag, culture, dateFormat, sample, messages) : null;
            }
        }

        /// <summary>The customer's data by the names that the strings use.</summary>
        public Dictionary<string, object> Data(MailValues v) => new(9, StringComparer.Ordinal)
        {
            ["name"] = PlainText.OneLine(v.Name),
            ["dealer"] = PlainText.OneLine(v.Dealer),
            ["model"] = PlainText.OneLine(v.Model),
            ["eventDate"] = v.EventDate.ToString(DateFormat, Culture),
            ["lastDay"] = v.LastDay?.ToString(DateFormat, Culture) ?? "",
            ["mayCall"] = v.MayCall,
            ["sender"] = PlainText.OneLine(v.Sender),
            ["market"] = PlainText.OneLine(v.Market),
            ["replyTo"] = PlainText.OneLine(v.ReplyTo),
        };
    }

    /// <summary>Walks one <c>messages.json</c> and notes each fault with its place; what is missing reads as empty meanwhile.</summary>
    private sealed class Reader(string path, Compiler compiler, ICollection<TemplateFault> faults)
    {
        public void Members(JsonElement element, string at, string[] names)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                return;
            }
            foreach (var member in element.EnumerateObject().Where(m => !names.Contains(m.Name)))
            {
                Fault($"{at}{(at.Length > 0 ? "." : "")}{member.Name} is not a known key");
            }
        }

        public JsonElement Object(JsonElement parent, string name, string at, string[] names)
        {
            var element = Member(parent, name);
            if (element.ValueKind != JsonValueKind.Object)
            {
                Fault($"{at} must be an object");
            }
            Members(element, at, names);
            return element;
        }

        public string String(JsonElement parent, string name, string at)
        {
            var element = Member(parent, name);
            if (element.ValueKind == JsonValueKind.String)
            {
                var text = element.GetString()!;
                if (Mosaic.IsMarked(text))
                {
                    Fault($"{at} {Mosaic.Why}");
                }
                return text;
            }
            Fault($"{at} must be a string");
            return "";
        }

        public Line Line(JsonElement parent, string name, string at) => Compiled(String(parent, name, at), at);

        public Line[] Paragraphs(JsonElement parent, string at)
        {
            var element = Member(parent, "paragraphs");
            if (element.ValueKind == JsonValueKind.Array && element.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String))
            {
                if (element.EnumerateArray().Any(e => Mosaic.IsMarked(e.GetString()!)))
                {
                    Fault($"{at} {Mosaic.Why}");
                }
                return [.. element.EnumerateArray().Select((e, i) => Compiled(e.GetString()!, $"{at}[{i}]"))];
            }
            Fault($"{at} must be a list of strings");
            return [];
        }

        public CultureInfo Culture(string name)
        {
            try
            {
                return CultureInfo.GetCultureInfo(name, predefinedOnly: true);
            }
            catch (CultureNotFoundException)
            {
                Fault($"culture {name} is not known");
                return CultureInfo.InvariantCulture;
            }
        }

        public string DateFormat(string format, CultureInfo culture)
        {
            try
            {
                _ = new DateOnly(2026, 3, 1).ToString(format, culture);
            }
            catch (FormatException)
            {
                Fault($"dateFormat {format} is not a date format");
            }
            return format;
        }

        private Line Compiled(string source, string at) =>
            new(source, source.Contains("{{", StringComparison.Ordinal) ? compiler.Compile(path, at, source, false, Sample.Message, faults) : null);

        private static JsonElement Member(JsonElement parent, string name) =>
            parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var element) ? element : default;

        private void Fault(Phrase problem) => faults.Add(new(path, Say(problem)));
    }

    /// <summary>Compiles a source once, however many places share it, and tries it out. Safe from many threads.</summary>
    private sealed class Compiler(bool tryOut)
    {
        private static readonly HtmlEncoder Encoder = new();
        private static readonly SearchValues<char> Special = SearchValues.Create("&<>\"'`=");

        private static readonly IHandlebars Escaping = Handlebars.Create(new HandlebarsConfiguration { ThrowOnUnresolvedBindingExpression = true, TextEncoder = Encoder });
        private static readonly IHandlebars Plain = Handlebars.Create(new HandlebarsConfiguration { ThrowOnUnresolvedBindingExpression = true, NoEscape = true });

        /// <summary>What was tried out in this process: whoever reads a second configuration compiles only what is new in it.</summary>
        private static readonly ConcurrentDictionary<(string Source, bool Escape), Source> Tried = [];

        /// <summary>A value as the HTML layout writes it.</summary>
        public static string Escaped(string value)
        {
            if (!value.AsSpan().ContainsAny(Special))
            {
                return value;
            }
            using var writer = new StringWriter(CultureInfo.InvariantCulture);
            Encoder.Encode(value, writer);
            return writer.ToString();
        }

        public Source? Compile(
            string path, string at, string source, bool escape, Dictionary<string, object>[] samples, ICollection<TemplateFault> faults)
        {
            if (Tried.TryGetValue((source, escape), out var known))
            {
                return known;
            }
            try
            {
                var template = new Source(escape ? Escaping : Plain, source);
                if (tryOut)
                {
                    foreach (var sample in samples)
                    {
                        _ = template.Fill(sample);
                    }
                    Tried[(source, escape)] = template;
                }
                return template;
            }
            catch (Exception e) // the library's own have no common base, and whatever it says is about this source
            {
                faults.Add(new(path, at.Length > 0 ? $"{at}: {e.Message}" : e.Message));
                return null;
            }
        }
    }

    /// <summary>Data to try templates out with: once with everything, once with nothing, so that both ways of an <c>if</c> are walked.</summary>
    private static class Sample
    {
        public static readonly Dictionary<string, object>[] Message = Both("name", "dealer", "model", "eventDate", "lastDay", "mayCall", "sender", "market", "replyTo");

        public static readonly Dictionary<string, object>[] Layout = [.. Both([.. Lines, .. Footer, "language", "link", "unsubscribeLink", "sender", "replyTo"])
            .Select((page, i) => new Dictionary<string, object>(page, StringComparer.Ordinal) { ["paragraphs"] = i == 0 ? new[] { "x" } : [] })];

        private static Dictionary<string, object>[] Both(params string[] names) =>
            [names.ToDictionary(n => n, _ => (object)"x"), names.ToDictionary(n => n, _ => (object)"")];
    }
}
