using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>What a file from the bounce mailbox is.</summary>
public enum ReportKind
{
    /// <summary>A mailer's report on a delivery: with fields to act on (RFC 3464), or in the form of a mailer that knows no fields.</summary>
    Report,

    /// <summary>A machine's answer: vacation, ticket (RFC 3834), receipt (RFC 8098).</summary>
    AutoReply,

    /// <summary>Everything else, such as a letter from a person, with or without a report in its attachments.</summary>
    Other,
}

/// <summary>From kind to the word in files.</summary>
public static class ReportKinds
{
    /// <summary>The word in <c>--json</c>: report, auto_reply, other.</summary>
    public static string Code(this ReportKind kind) => kind switch
    {
        ReportKind.Report => "report",
        ReportKind.AutoReply => "auto_reply",
        ReportKind.Other => "other",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of mail."),
    };
}

/// <summary>What a report says about one recipient.</summary>
/// <param name="Address">The address that we sent to where the report knows it, else the final one; empty when neither stands there.</param>
/// <param name="Action">failed, delayed, delivered, relayed, expanded; in lower case, empty when it is missing. Only failed has an effect.</param>
/// <param name="Status">The status, or none where it is missing or no status.</param>
/// <param name="Class">What the status says about the address.</param>
/// <param name="MessageId">The Message-ID of the mail that it is about, without angle brackets; null when it isn't returned.</param>
public sealed record ReportedRecipient(string Address, string Action, EnhancedStatus? Status, AddressClass Class, string? MessageId);

/// <summary>
/// A mail from the bounce mailbox, understood as far as RFC 3464 goes: fields count, words don't. Only where a mailer sends no
/// fields at all, the forms that <see cref="OldBounces"/> knows count.
/// </summary>
/// <remarks>
/// A delivery-status part counts in a multipart/report that the mail is made of, or that a list or filter has wrapped; and among
/// the parts of a mail that comes from a mailer. Inside an attached message it is somebody else's, forwarded or returned with ours.
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

    /// <summary>By what it is that, for the person who wonders. Nothing of the mail is quoted.</summary>
    public string Why { get; private init; } = "";

    /// <summary>Its recipients, in order; empty unless it is a report.</summary>
    public IReadOnlyList<ReportedRecipient> Recipients { get; private init; } = [];

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
        var mail = MimeEntity.Parse(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, SizeLimit)]).TrimStart('\uFEFF', '\r', '\n'));
        var fromMailer = IsFromMailer(mail);
        var fromPerson = !fromMailer && mail.Has("From") && Envelope(mail) is not "";
        var walk = new Walk(mayBeWrapped: !fromPerson);
        walk.Visit(mail, fromMailer ? new Walk.Message() : null, depth: 0);

        var report = new DeliveryReport
        {
            ReportedTo = [.. mail.All("To", "Delivered-To", "X-Original-To", "Envelope-To")
                .SelectMany(v => AddressPattern().Matches(v[..Math.Min(v.Length, 10_000)]).Select(m => m.Value)).Take(1000).Distinct(StringComparer.OrdinalIgnoreCase).Take(100)],
        };
        if (walk.IsComplaint)
        {
            return report with { Kind = ReportKind.Other, Why = Say($"a feedback report (RFC 5965): a complaint about a mail that did arrive") };
        }
        if (walk.IsReceipt)
        {
            return report with { Kind = ReportKind.AutoReply, Why = Say($"a receipt (RFC 8098)") };
        }
        var recipients = walk.Recipients;
        if (recipients.Exists(r => r.Action.Length > 0 || r.Status is not null))
        {
            return report with { Kind = ReportKind.Report, Why = Say($"a delivery report (RFC 3464)"), Recipients = recipients };
        }
        if (fromMailer && OldBounces.Read(mail, walk.FirstId) is { } old)
        {
            return report with { Kind = ReportKind.Report, Why = Say($"a bounce in the form of {old.Form}, without the fields of RFC 3464"), Recipients = old.Recipients };
        }
        if (AutomaticBy(mail) is { } field)
        {
            return report with { Kind = ReportKind.AutoReply, Why = Say($"an automatic reply, as its field {field} says") };
        }
        return report with
        {
            Kind = ReportKind.Other,
            Why = fromMailer ? Say($"a notification from a mailer, in no form that is known here") : Say($"neither a delivery report nor an automatic notification"),
        };
    }

    /// <summary>The Message-ID among header fields, without angle brackets; null when there is none.</summary>
    internal static string? IdOf(MimeEntity headers)
    {
        var id = headers["Message-ID"];
        var (open, close) = (id.IndexOf('<', StringComparison.Ordinal), id.IndexOf('>', StringComparison.Ordinal));
        id = (open >= 0 && close > open ? id[(open + 1)..close] : id.TrimStart('<')).Trim();
        return id.Length is > 0 and <= 998 ? id : null;
    }

    /// <summary>A notification in a mailer's own name, or in nobody's. Coming from nobody (RFC 5321 4.5.5) is not enough: a person's vacation does, too.</summary>
    private static bool IsFromMailer(MimeEntity mail)
    {
        if (!mail.Has("From") || MimeEntity.FirstWord(mail["Auto-Submitted"]) == "no")
        {
            return false;
        }
        var envelope = Envelope(mail);
        return Mailbox(mail["From"]) switch
        {
            "mailer-daemon" => true,
            "" => mail["From"].Length > 0, // <>
            "postmaster" => envelope is null or "" or "postmaster" or "mailer-daemon", // people write in this name, too
            _ => envelope is "" or "mailer-daemon" && mail["From"].StartsWith("Mail Delivery S", StringComparison.OrdinalIgnoreCase), // System, Subsystem
        };
    }

    /// <summary>The envelope's sender, as the last delivery noted it; empty for nobody, null when it did not.</summary>
    private static string? Envelope(MimeEntity mail) => mail.Has("Return-Path") ? Mailbox(mail["Return-Path"]) : null;

    /// <summary>Who is named in a field, in lower case and without the domain; empty for nobody, <c>&lt;&gt;</c>.</summary>
    private static string Mailbox(string field)
    {
        var open = field.LastIndexOf('<');
        var close = open < 0 ? -1 : field.IndexOf('>', open);
        var address = close < 0 ? field : field[(open + 1)..close];
        if (address.Length == 0 && open > 0) // "MAILER-DAEMON <>"
        {
            address = field[..open];
        }
        return MimeEntity.FirstWord(address.Trim().Split('@', 2)[0]);
    }

    /// <summary>The field that makes it an automatic reply (RFC 3834 5, and what mailers used before it); null when none does.</summary>
    private static string? AutomaticBy(MimeEntity mail)
    {
        var submitted = MimeEntity.FirstWord(mail["Auto-Submitted"]);
        return submitted.Length > 0 && submitted != "no" ? "Auto-Submitted"
            : MimeEntity.FirstWord(mail["Precedence"]) == "auto_reply" ? "Precedence"
            : Array.Find(["X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress"], name => mail[name].Length > 0);
    }

    [GeneratedRegex("""[^\s<>,;:"()@]+@[^\s<>,;:"()@]+""", RegexOptions.NonBacktracking)]
    private static partial Regex AddressPattern();

    [GeneratedRegex("""\\x\{([0-9A-Fa-f]{2,6})\}""", RegexOptions.NonBacktracking)]
    private static partial Regex EmbeddedCharacter();

    /// <summary>One way through the parts of a mail, with limits on depth and number, so that a hostile one costs no more than its size.</summary>
    /// <param name="mayBeWrapped">Whether the report may lie inside another multipart, as lists and filters wrap it. In a person's letter that is no report to us.</param>
    private sealed class Walk(bool mayBeWrapped)
    {
        private readonly List<(ReportedRecipient Recipient, Message About)> _found = [];
        private int _parts;

        /// <summary>What was found; each report is about its own message, and several may lie in one mail.</summary>
        public List<ReportedRecipient> Recipients => _found.ConvertAll(f => f.Recipient with { MessageId = f.About.Id });

        /// <summary>The Message-ID of the first returned message; null when none is returned.</summary>
        public string? FirstId { get; private set; }

        /// <summary>A feedback report (RFC 5965), by its type or by its part.</summary>
        public bool IsComplaint { get; private set; }

        /// <summary>A receipt (RFC 8098), by its type or by its part.</summary>
        public bool IsReceipt { get; private set; }

        /// <param name="part">The mail, or a part of it.</param>
        /// <param name="about">The message that the report around it is about; null outside of any report.</param>
        /// <param name="depth">How many multiparts are around it.</param>
        public void Visit(MimeEntity part, Message? about, int depth)
        {
            if (++_parts > PartLimit || depth > DepthLimit)
            {
                return;
            }
            switch (part.Type)
            {
                case var type when type.StartsWith("multipart/", StringComparison.Ordinal):
                    if (type == "multipart/report" && (depth == 0 || mayBeWrapped))
                    {
                        var kind = part.Parameter("report-type");
                        IsComplaint |= kind.Equals("feedback-report", StringComparison.OrdinalIgnoreCase);
                        IsReceipt |= kind.Equals("disposition-notification", StringComparison.OrdinalIgnoreCase);
                        about = new Message();
                    }
                    foreach (var child in part.Children().TakeWhile(_ => _parts <= PartLimit))
                    {
                        Visit(child, about, depth + 1);
                    }
                    break;
                case "message/feedback-report":
                    IsComplaint = true;
                    break;
                case "message/disposition-notification" or "message/global-disposition-notification":
                    IsReceipt = true;
                    break;
                case "message/delivery-status" or "message/global-delivery-status" when about is not null:
                    ReadRecipients(part.Content(), about);
                    break;
                case "text/rfc822-headers" or "text/rfc822-header" or "message/rfc822" or "message/global" or "message/global-headers" when about is not null:
                    about.Id ??= IdOf(MimeEntity.Parse(part.Content().TrimStart('\r', '\n')));
                    FirstId ??= about.Id;
                    break;
                default:
                    break;
            }
        }

        /// <summary>Groups of fields with empty lines between them (RFC 3464 2.1): one about the report, then one a recipient.</summary>
        private void ReadRecipients(string content, Message about)
        {
            var groups = 0;
            for (var at = 0; at < content.Length && groups++ < RecipientLimit && _found.Count < RecipientLimit;)
            {
                var group = MimeEntity.ParseGroup(content, ref at);
                var (original, final) = (Address(group["Original-Recipient"]), Address(group["Final-Recipient"]));
                var (action, status) = (MimeEntity.FirstWord(group["Action"]), EnhancedStatus.Parse(group["Status"]));
                if (original.Length + final.Length + action.Length > 0)
                {
                    var address = original.Length > 0 ? original : final;
                    _found.Add((new(address, action, status, status?.Classify() ?? AddressClass.Other, MessageId: null), about));
                }
            }
        }

        /// <summary><c>type; value</c>, where the type is rfc822 or utf-8 (RFC 6533); some servers leave it out.</summary>
        private static string Address(string value)
        {
            var semicolon = value.IndexOf(';', StringComparison.Ordinal);
            var address = value[(semicolon + 1)..].Trim().Trim('<', '>').Trim();
            return MimeEntity.FirstWord(value) != "utf-8" ? address : EmbeddedCharacter().Replace(
                address,
                m => Rune.TryCreate(int.Parse(m.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture), out var rune) ? rune.ToString() : m.Value);
        }

        /// <summary>A message that a report is about.</summary>
        public sealed class Message
        {
            public string? Id { get; set; }
        }
    }
}
