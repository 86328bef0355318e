using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>What a file from the bounce mailbox is.</summary>
public enum ReportKind
{
    /// <summary>A delivery report with fields to act on (RFC 3464).</summary>
    Report,

    /// <summary>A machine's answer without such fields: vacation, receipt, ticket (RFC 3834).</summary>
    AutoReply,

    /// <summary>Everything else, such as a letter from a person, with or without a report in its attachments.</summary>
    Other,
}

/// <summary>What a report says about one recipient.</summary>
/// <param name="Address">The address that we sent to where the report knows it, else the final one; empty when neither stands there.</param>
/// <param name="Action">failed, delayed, delivered, relayed, expanded; in lower case, empty when it is missing. Only failed has an effect.</param>
/// <param name="Status">The status field, or none where it is missing or no status.</param>
/// <param name="Class">What the status says about the address.</param>
public sealed record ReportedRecipient(string Address, string Action, EnhancedStatus? Status, AddressClass Class);

/// <summary>A mail from the bounce mailbox, understood as far as RFC 3464 goes and no further: fields count, words don't.</summary>
/// <remarks>
/// A delivery-status part counts only inside a multipart/report that the mail itself is made of. One inside an attached message
/// is somebody else's report, which was forwarded or returned with ours.
/// </remarks>
public sealed partial record DeliveryReport
{
    private const int SizeLimit = 1 << 20;
    private const int DepthLimit = 12;
    private const int PartLimit = 200;
    private const int RecipientLimit = 1000;

    private DeliveryReport()
    {
    }

    /// <summary>What the file is.</summary>
    public ReportKind Kind { get; private init; }

    /// <summary>Its recipients, in order; empty unless it is a report.</summary>
    public IReadOnlyList<ReportedRecipient> Recipients { get; private init; } = [];

    /// <summary>The Message-ID of the mail that the report is about, without angle brackets; null when it isn't returned.</summary>
    public string? OriginalMessageId { get; private init; }

    /// <summary>The addresses that the report itself was sent to (To, Delivered-To, X-Original-To, Envelope-To): one may be our VERP address.</summary>
    public IReadOnlyList<string> ReportedTo { get; private init; } = [];

    /// <summary>Reads the first MiB of a file.</summary>
    public static DeliveryReport Read(Stream file)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(SizeLimit);
        try
        {
            return Read(bytes.AsSpan(0, file.ReadAtLeast(bytes.AsSpan(0, SizeLimit), SizeLimit, throwOnEndOfStream: false)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Reads a mail. There are no bytes that it can't read; what it can't understand is <see cref="ReportKind.Other"/>.</summary>
    public static DeliveryReport Read(ReadOnlySpan<byte> bytes)
    {
        var mail = Entity.Parse(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, SizeLimit)]).TrimStart('\uFEFF', '\r', '\n'));
        var walk = new Walk();
        walk.Visit(mail, insideReport: false, depth: 0);

        var kind = walk.Recipients.Exists(r => r.Action.Length > 0 || r.Status is not null) ? ReportKind.Report
            : IsAutomatic(mail) ? ReportKind.AutoReply
            : ReportKind.Other;
        return new()
        {
            Kind = kind,
            Recipients = kind == ReportKind.Report ? walk.Recipients : [],
            OriginalMessageId = walk.OriginalMessageId,
            ReportedTo = [.. mail.All("To", "Delivered-To", "X-Original-To", "Envelope-To")
                .SelectMany(v => AddressPattern().Matches(v).Select(m => m.Value)).Distinct(StringComparer.OrdinalIgnoreCase).Take(100)],
        };
    }

    /// <summary>RFC 3834 5, what mailers used before it, and receipts (RFC 8098).</summary>
    private static bool IsAutomatic(Entity mail)
    {
        var submitted = Word(mail["Auto-Submitted"]);
        return (submitted.Length > 0 && submitted != "no")
            || mail["X-Autoreply"].Length > 0 || mail["X-Autorespond"].Length > 0 || mail["X-Auto-Response-Suppress"].Length > 0
            || Word(mail["Precedence"]) == "auto_reply"
            || (mail.Type == "multipart/report" && Word(mail.Parameter("report-type")) == "disposition-notification");
    }

    /// <summary>The first word of a field in lower case, without what follows as comment or parameter.</summary>
    private static string Word(string value) => value.Split([' ', '\t', ';', '('], 2, StringSplitOptions.TrimEntries)[0].ToLowerInvariant();

    private static string? Id(Entity headers)
    {
        var id = headers["Message-ID"];
        var (open, close) = (id.IndexOf('<', StringComparison.Ordinal), id.IndexOf('>', StringComparison.Ordinal));
        id = (open >= 0 && close > open ? id[(open + 1)..close] : id.TrimStart('<')).Trim();
        return id.Length is > 0 and <= 998 ? id : null;
    }

    [GeneratedRegex("""[^\s<>,;:"()@]+@[^\s<>,;:"()@]+""", RegexOptions.NonBacktracking)]
    private static partial Regex AddressPattern();

    [GeneratedRegex("""\\x\{([0-9A-Fa-f]{2,6})\}""", RegexOptions.NonBacktracking)]
    private static partial Regex EmbeddedCharacter();

    /// <summary>One way through the parts of a mail, with limits on depth and number, so that a hostile one costs no more than its size.</summary>
    private sealed class Walk
    {
        private int _parts;

        public List<ReportedRecipient> Recipients { get; } = [];

        public string? OriginalMessageId { get; private set; }

        public void Visit(Entity part, bool insideReport, int depth)
        {
            if (++_parts > PartLimit || depth > DepthLimit)
            {
                return;
            }
            switch (part.Type)
            {
                case var type when type.StartsWith("multipart/", StringComparison.Ordinal):
                    foreach (var child in part.Children().TakeWhile(_ => _parts <= PartLimit))
                    {
                        Visit(child, insideReport || type == "multipart/report", depth + 1);
                    }
                    break;
                case "message/delivery-status" or "message/global-delivery-status" when insideReport:
                    ReadRecipients(part.Content());
                    break;
                case "text/rfc822-headers" or "text/rfc822-header" or "message/rfc822" or "message/global" or "message/global-headers" when insideReport:
                    OriginalMessageId ??= Id(Entity.Parse(part.Content().TrimStart('\r', '\n')));
                    break;
                default:
                    break;
            }
        }

        /// <summary>Groups of fields with empty lines between them (RFC 3464 2.1): one about the report, then one a recipient.</summary>
        private void ReadRecipients(string content)
        {
            var groups = 0;
            for (var at = 0; at < content.Length && groups++ < RecipientLimit && Recipients.Count < RecipientLimit;)
            {
                var group = Entity.ParseGroup(content, ref at);
                var (original, final) = (Address(group["Original-Recipient"]), Address(group["Final-Recipient"]));
                var (action, status) = (Word(group["Action"]), EnhancedStatus.Parse(group["Status"]));
                if (original.Length + final.Length + action.Length > 0)
                {
                    Recipients.Add(new(original.Length > 0 ? original : final, action, status, status?.Classify() ?? AddressClass.Other));
                }
            }
        }

        /// <summary><c>type; value</c>, where the type is rfc822 or utf-8 (RFC 6533); some servers leave it out.</summary>
        private static string Address(string value)
        {
            var semicolon = value.IndexOf(';', StringComparison.Ordinal);
            var address = value[(semicolon + 1)..].Trim().Trim('<', '>').Trim();
            return Word(value) != "utf-8" ? address : EmbeddedCharacter().Replace(
                address,
                m => Rune.TryCreate(int.Parse(m.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture), out var rune) ? rune.ToString() : m.Value);
        }
    }

    /// <summary>Header fields and a body: a mail, a part, or a group of fields.</summary>
    private sealed class Entity
    {
        private readonly List<(string Name, string Value)> _fields;

        private Entity(List<(string Name, string Value)> fields, string body)
        {
            (_fields, Body) = (fields, body);
            Type = Word(this["Content-Type"]);
        }

        public string Body { get; }

        /// <summary>type/subtype in lower case; empty where it isn't said.</summary>
        public string Type { get; }

        /// <summary>The first field of this name, unfolded; empty when there is none.</summary>
        public string this[string name] => _fields.Find(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? "";

        public IEnumerable<string> All(params string[] names) =>
            _fields.Where(f => names.Contains(f.Name, StringComparer.OrdinalIgnoreCase)).Select(f => f.Value);

        /// <summary>Fields up to the first empty line, then the body.</summary>
        public static Entity Parse(string text)
        {
            var at = 0;
            var fields = ReadFields(text, ref at);
            return new(fields, text[at..]);
        }

        /// <summary>One group of fields; <paramref name="at"/> goes on behind the empty lines that end it.</summary>
        public static Entity ParseGroup(string text, ref int at)
        {
            var fields = ReadFields(text, ref at);
            while (at < text.Length && text[at] is ('\r' or '\n'))
            {
                at++;
            }
            return new(fields, "");
        }

        /// <summary>Fields up to and with the first empty line. A line that is no field is passed over.</summary>
        private static List<(string Name, string Value)> ReadFields(string text, ref int at)
        {
            var fields = new List<(string Name, StringBuilder Value)>();
            while (at < text.Length)
            {
                var line = Line(text, ref at);
                if (line.IsWhiteSpace()) // also one that a careless hand has indented
                {
                    break;
                }
                var colon = line.IndexOf(':');
                if (line[0] is ' ' or '\t')
                {
                    if (fields.Count > 0)
                    {
                        fields[^1].Value.Append(line);
                    }
                }
                else if (colon > 0)
                {
                    fields.Add((line[..colon].TrimEnd().ToString(), new StringBuilder().Append(line[(colon + 1)..])));
                }
            }
            return [.. fields.Select(f => (f.Name, f.Value.ToString().Trim()))];
        }

        /// <summary>A parameter of Content-Type, quoted or not; empty when it isn't there.</summary>
        public string Parameter(string name)
        {
            var rest = this["Content-Type"].AsSpan();
            while (rest.Length > 0)
            {
                var value = Next(ref rest, ';');
                if (Next(ref value, '=').Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    value = value.Trim();
                    return value.StartsWith("\"") ? Unquoted(value) : value.ToString();
                }
            }
            return "";
        }

        /// <summary>The parts between the boundary's lines, also when the last of them is missing.</summary>
        public IEnumerable<Entity> Children()
        {
            var boundary = Parameter("boundary").TrimEnd();
            if (boundary.Length is 0 or > 200)
            {
                yield break;
            }
            var delimiter = "--" + boundary;
            var (at, start) = (0, -1);
            while (at < Body.Length)
            {
                var lineAt = at;
                var line = Line(Body, ref at).TrimEnd();
                if (!line.StartsWith(delimiter, StringComparison.Ordinal) || line[delimiter.Length..] is not ("" or "--"))
                {
                    continue;
                }
                var last = line.Length > delimiter.Length;
                if (start >= 0)
                {
                    yield return Parse(Body[start..lineAt]);
                }
                start = at;
                if (last)
                {
                    yield break;
                }
            }
            if (start >= 0)
            {
                yield return Parse(Body[start..]);
            }
        }

        /// <summary>The body without its transfer encoding, as far as it can be decoded.</summary>
        public string Content() => Word(this["Content-Transfer-Encoding"]) switch
        {
            "base64" => FromBase64(Body),
            "quoted-printable" => FromQuotedPrintable(Body),
            _ => Body,
        };

        private static string FromBase64(string body)
        {
            var clean = new StringBuilder(body.Length);
            foreach (var c in body)
            {
                if (char.IsAsciiLetterOrDigit(c) || c is '+' or '/')
                {
                    clean.Append(c);
                }
            }
            clean.Length -= clean.Length % 4 == 1 ? 1 : 0; // a truncated file
            clean.Append('=', (4 - (clean.Length % 4)) % 4);
            var bytes = new byte[clean.Length];
            return Convert.TryFromBase64String(clean.ToString(), bytes, out var written) ? Encoding.UTF8.GetString(bytes, 0, written) : "";
        }

        private static string FromQuotedPrintable(string body)
        {
            var bytes = Encoding.UTF8.GetBytes(body);
            var to = 0;
            for (var i = 0; i < bytes.Length; i++)
            {
                if (bytes[i] != '=')
                {
                    bytes[to++] = bytes[i];
                }
                else if (i + 2 < bytes.Length && char.IsAsciiHexDigit((char)bytes[i + 1]) && char.IsAsciiHexDigit((char)bytes[i + 2]))
                {
                    bytes[to++] = Convert.FromHexString([(char)bytes[i + 1], (char)bytes[i + 2]])[0];
                    i += 2;
                }
                else if (i + 1 < bytes.Length && bytes[i + 1] == '\n')
                {
                    i++;
                }
                else if (i + 2 < bytes.Length && bytes[i + 1] == '\r' && bytes[i + 2] == '\n')
                {
                    i += 2;
                }
            }
            return Encoding.UTF8.GetString(bytes, 0, to);
        }

        /// <summary>The next line without its end, CRLF or LF.</summary>
        private static ReadOnlySpan<char> Line(string text, ref int at)
        {
            var rest = text.AsSpan(at);
            var end = rest.IndexOf('\n');
            at += end < 0 ? rest.Length : end + 1;
            var line = end < 0 ? rest : rest[..end];
            return line.EndsWith("\r") ? line[..^1] : line;
        }

        /// <summary>What stands before the next <paramref name="separator"/> outside quotes; the rest goes on behind it.</summary>
        private static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> rest, char separator)
        {
            var quoted = false;
            for (var i = 0; i < rest.Length; i++)
            {
                if (quoted && rest[i] == '\\')
                {
                    i++;
                }
                else if (rest[i] == '"')
                {
                    quoted = !quoted;
                }
                else if (rest[i] == separator && !quoted)
                {
                    var part = rest[..i];
                    rest = rest[(i + 1)..];
                    return part;
                }
            }
            var all = rest;
            rest = [];
            return all;
        }

        private static string Unquoted(ReadOnlySpan<char> quoted)
        {
            var text = new StringBuilder();
            for (var i = 1; i < quoted.Length && quoted[i] != '"'; i++)
            {
                i += quoted[i] == '\\' && i + 1 < quoted.Length ? 1 : 0;
                text.Append(quoted[i]);
            }
            return text.ToString();
        }
    }
}
