using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>A bounce without the fields of RFC 3464.</summary>
/// <param name="Form">Whose form it has.</param>
/// <param name="Recipients">At least one.</param>
internal sealed record OldBounce(string Form, IReadOnlyList<ReportedRecipient> Recipients);

/// <summary>Bounces of mailers that send no delivery-status part: texts whose frame never changes.</summary>
/// <remarks>
/// Only a mail from a mailer is looked at. The form must begin where the text begins, so a letter that quotes a bounce has none.
/// A recipient is one that the form lists, and his status is the code on his own lines. Without a code there is no status: an
/// address is never called dead for the sake of words, which every server chooses for itself.
/// </remarks>
internal static partial class OldBounces
{
    private const int TextLimit = 1 << 17;
    private const int DepthLimit = 12;
    private const int RecipientLimit = 1000;
    private const string Address = """[^\s<>"@]+@[^\s<>"@:,;()]+""";
    private const string Exim = "This message was created automatically by mail delivery software.";
    private const string Google = "This is an automatically generated Delivery Status Notification";
    private const string Sendmail = "The original message was received at";

    /// <summary>Which lines below a recipient are about him.</summary>
    private enum Reason
    {
        /// <summary>Those up to the next empty line.</summary>
        Paragraph,

        /// <summary>The same, being one line that was folded.</summary>
        Folded,

        /// <summary>All up to the next recipient.</summary>
        Rest,

        /// <summary>Those up to the next empty line, which ends the list; and the replies in the transcript behind it that name him.</summary>
        Transcript,
    }

    // The first form that fits counts. A warning has the same frame as a failure, and a sentence of its own.
    private static readonly Form[] Forms =
    [
        new("Exim", Exim, "address(es) failed:", IndentedByTwo()) { Field = "X-Failed-Recipients" },
        new("Exim", Exim, "has not yet been delivered to one or more of its recipients", IndentedByTwo()) { Action = "delayed" },
        new("GMX and 1&1", Exim, "This is a permanent error. The following address", QuotedBeforeColon()),
        new("Google", Google, "failed permanently:", IndentedByFive()) { Field = "X-Failed-Recipients", Reason = Reason.Rest },
        new("Google", "Delivery to the following recipient", "failed permanently:", IndentedByFive()) { Field = "X-Failed-Recipients", Reason = Reason.Rest },
        new("Google", Google, "has been delayed:", IndentedByFive()) { Reason = Reason.Rest, Action = "delayed" },
        new("qmail", "Hi. This is the ", " program at ", BracketedBeforeColon()),
        new("Yahoo", "Sorry, we were unable to deliver your message to the following address", ".", BracketedBeforeColon()),
        new("Postfix", "This is the ", "I'm sorry to have to inform you that", BracketedBeforeReason()) { Reason = Reason.Folded },
        new("Postfix", "This is the ", "# THIS IS A WARNING ONLY.", BracketedBeforeReason()) { Reason = Reason.Folded, Action = "delayed" },
        new("OpenSMTPD", "Hi! This is the MAILER-DAEMON, please DO NOT REPLY", "An error has occurred while attempting to deliver a message", BareBeforeReason()),
        new("DragonFly", "This is the DragonFly Mail Agent", " at ", InDragonFlysSentence()) { Reason = Reason.Rest },
        new("Exchange 5.5", "Your message", "did not reach the following recipient(s):", BareBeforeDate()) { Field = "X-MS-Embedded-Report", Reason = Reason.Rest },
        new("sendmail", Sendmail, "----- The following addresses had permanent fatal errors -----", Alone()) { Reason = Reason.Transcript },
        new("sendmail", Sendmail, "----- The following addresses had transient non-fatal errors -----", Alone()) { Reason = Reason.Transcript, Action = "delayed" },
        new("sendmail", "THIS IS A WARNING MESSAGE ONLY", "----- The following addresses had transient non-fatal errors -----", Alone()) { Reason = Reason.Transcript, Action = "delayed" },
    ];

    /// <summary>The bounce that a mail is; null when it has no form that is known.</summary>
    /// <param name="mail">A notification from a mailer.</param>
    /// <param name="returnedId">The Message-ID of the message that is returned in a part of its own; null when none is.</param>
    public static OldBounce? Read(MimeEntity mail, string? returnedId)
    {
        var (lines, id) = Split(Text(mail));
        var (flat, starts) = Flatten(lines);
        foreach (var form in Forms)
        {
            if (form.FirstLine(mail, flat, starts) is { } first && Recipients(form, mail, lines[first..], id ?? returnedId) is { Count: > 0 } recipients)
            {
                return new OldBounce(form.Mailer, recipients);
            }
        }
        return null;
    }

    /// <summary>The first text that a reader of the mail sees; empty when it isn't plain.</summary>
    private static string Text(MimeEntity mail)
    {
        for (var depth = 0; depth < DepthLimit && mail.Type.StartsWith("multipart/", StringComparison.Ordinal); depth++)
        {
            if (mail.Children().FirstOrDefault() is not { } first)
            {
                return "";
            }
            mail = first;
        }
        if (mail.Type is not ("" or "text/plain"))
        {
            return "";
        }
        var text = mail.Content();
        return text[..Math.Min(text.Length, TextLimit)];
    }

    /// <summary>The lines of the bounce itself, and the Message-ID of the message that is returned below them.</summary>
    private static (List<string> Lines, string? Id) Split(string text)
    {
        var lines = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var line = MimeEntity.Line(text, ref at).TrimEnd();
            if (ReturnedMessage().IsMatch(line))
            {
                return (lines, DeliveryReport.IdOf(MimeEntity.Parse(text[Behind(text, at)..])));
            }
            lines.Add(line.ToString());
        }
        return (lines, null);
    }

    /// <summary>Where the returned message begins: behind empty lines, and lines that say how much of it follows.</summary>
    private static int Behind(string text, int at)
    {
        var next = at;
        while (next < text.Length && MimeEntity.Line(text, ref next) is var line && (line.IsWhiteSpace() || line.StartsWith("--")))
        {
            at = next;
        }
        return at;
    }

    /// <summary>All words with one blank between them, so that a sentence is found however its lines are broken; and where each line starts.</summary>
    private static (string Flat, List<int> Starts) Flatten(List<string> lines)
    {
        var (flat, starts) = (new StringBuilder(), new List<int>());
        foreach (var line in lines)
        {
            starts.Add(flat.Length);
            foreach (var word in line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            {
                flat.Append(word).Append(' ');
            }
        }
        return (flat.ToString(), starts);
    }

    private static List<ReportedRecipient> Recipients(Form form, MimeEntity mail, List<string> lines, string? id)
    {
        var found = new List<(string Address, StringBuilder Reason)>();
        StringBuilder? open = null;
        var behind = lines.Count;
        for (var i = 0; i < lines.Count && found.Count < RecipientLimit; i++)
        {
            if (form.Entry.Match(lines[i]) is { Success: true } entry)
            {
                open = new StringBuilder(entry.Groups["why"].Value);
                found.Add((entry.Groups["to"].Value, open));
            }
            else if (lines[i].Length > 0 || form.Reason == Reason.Rest)
            {
                open?.Append(form.Reason == Reason.Folded ? ' ' : '\n').Append(form.Reason == Reason.Folded ? lines[i].Trim() : lines[i]);
            }
            else if (form.Reason == Reason.Transcript && found.Count > 0)
            {
                behind = i;
                break;
            }
            else
            {
                open = null;
            }
        }
        if (form.Reason == Reason.Transcript)
        {
            AddReplies(found, lines[behind..]);
        }
        if (found.Count == 0 && form.Field == "X-Failed-Recipients") // "save to /var/mail/anna", or an address in words
        {
            found.AddRange(mail[form.Field].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Take(RecipientLimit).Select(address => (address, new StringBuilder())));
        }
        return found.ConvertAll(f =>
        {
            var reason = f.Reason.ToString();
            var status = StatusOf(reason);
            var address = MadeFrom().Match(reason) is { Success: true } from ? from.Groups["to"].Value : f.Address;
            return new ReportedRecipient(address, form.Action, status, status?.Classify() ?? AddressClass.Other, id);
        });
    }

    /// <summary>A transcript names the recipient whom a reply is about: <c>550 5.1.1 &lt;anna@mail.example&gt;... User unknown</c>.</summary>
    private static void AddReplies(List<(string Address, StringBuilder Reason)> found, List<string> transcript)
    {
        var reasons = found.DistinctBy(f => f.Address, StringComparer.OrdinalIgnoreCase).ToDictionary(f => f.Address, f => f.Reason, StringComparer.OrdinalIgnoreCase);
        foreach (var line in transcript)
        {
            if (NamedReply().Match(line) is { Success: true } reply && reasons.TryGetValue(reply.Groups["to"].Value, out var reason))
            {
                reason.Append('\n').Append(reply.Groups["reply"].Value);
            }
        }
    }

    /// <summary>An enhanced status behind a reply code, else one by itself, else what the bare code is taken for.</summary>
    private static EnhancedStatus? StatusOf(string reason)
    {
        EnhancedStatus? status = null, bare = null;
        foreach (var reply in Reply().Matches(reason).AsEnumerable())
        {
            var (code, text) = (int.Parse(reply.Groups["code"].ValueSpan, CultureInfo.InvariantCulture), reply.Groups["text"].Value);
            if (EnhancedStatus.TryParse(text.AsSpan().TrimStart(" #[("), out _))
            {
                status = EnhancedStatus.FromReply(code, text);
                break;
            }
            bare ??= EnhancedStatus.FromReply(code, text);
        }
        status ??= OwnStatus().Match(reason) is { Success: true } own ? EnhancedStatus.Parse(own.Groups["status"].ValueSpan) : null;
        status ??= bare;

        // Refused before the recipient was named: that was about us, whatever the code.
        return status?.Classify() == AddressClass.Dead && EarlyStep().IsMatch(reason) ? new EnhancedStatus(5, 5, 0) : status;
    }

    // What stands between the bounce and the message that comes back with it.
    [GeneratedRegex("""
        ^[ ]{0,4}-{2,}[ ]?(?:This[ ]is[ ]a[ ]copy|Below[ ]this[ ]line|Enclosed[ ]is|The[ ](?:header|body)[ ]of[ ]the|Original[ ]message|Unsent[ ]message|Message[ ]header)
        |^[ ]{0,4}Below[ ]is[ ]a[ ]copy[ ]of[ ]the[ ]original[ ]message:$
        |^(?:Message[ ]headers[ ]follow|Original[ ]message[ ]follows)\.$
        """, RegexOptions.NonBacktracking | RegexOptions.IgnorePatternWhitespace | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ReturnedMessage();

    [GeneratedRegex($"^  (?<to>{Address}):?$", RegexOptions.NonBacktracking)]
    private static partial Regex IndentedByTwo();

    [GeneratedRegex($"^     (?<to>{Address})$", RegexOptions.NonBacktracking)]
    private static partial Regex IndentedByFive();

    [GeneratedRegex($"^\"?(?<to>{Address})\"?:$", RegexOptions.NonBacktracking)]
    private static partial Regex QuotedBeforeColon();

    [GeneratedRegex($"^<(?<to>{Address})>:$", RegexOptions.NonBacktracking)]
    private static partial Regex BracketedBeforeColon();

    [GeneratedRegex($"^<(?<to>{Address})>:? (?<why>.*)$", RegexOptions.NonBacktracking)]
    private static partial Regex BracketedBeforeReason();

    [GeneratedRegex($"^(?<to>{Address}): (?<why>.*)$", RegexOptions.NonBacktracking)]
    private static partial Regex BareBeforeReason();

    [GeneratedRegex($"^ *(?<to>{Address}) on .*[0-9].*$", RegexOptions.NonBacktracking)]
    private static partial Regex BareBeforeDate();

    [GeneratedRegex($"^There was an error delivering your mail to <(?<to>{Address})>\\.$", RegexOptions.NonBacktracking)]
    private static partial Regex InDragonFlysSentence();

    [GeneratedRegex($"^<?(?<to>{Address})>?$", RegexOptions.NonBacktracking)]
    private static partial Regex Alone();

    // The address that was sent to, where another one failed in its place.
    [GeneratedRegex($"\\((?:expanded|generated|ultimately generated) from:? <?(?<to>{Address})>?\\)", RegexOptions.NonBacktracking)]
    private static partial Regex MadeFrom();

    [GeneratedRegex($"^(?:<<< )?(?<reply>[45][0-9][0-9][ -].*?<?(?<to>{Address})>?\\.\\.\\..*)$", RegexOptions.NonBacktracking)]
    private static partial Regex NamedReply();

    // A reply stands at the start of a line or behind what introduces it; some mailers write its code twice.
    [GeneratedRegex("""(?:^[ \t]*(?:<<< )?|: |\]:|;)(?<code>[45][0-5][0-9])(?: [45][0-5][0-9])?(?:[ -](?<text>.*))?$""", RegexOptions.NonBacktracking | RegexOptions.Multiline)]
    private static partial Regex Reply();

    // qmail's "(#5.1.1)", or at the start of a line; four numbers would be a host.
    [GeneratedRegex("""(?:#|^[ \t]*)(?<status>[45]\.[0-9]{1,3}\.[0-9]{1,3})(?:[^.0-9]|$)""", RegexOptions.NonBacktracking | RegexOptions.Multiline)]
    private static partial Regex OwnStatus();

    [GeneratedRegex("""
        after[ ](?:initial[ ]connection|EHLO|HELO|STARTTLS|AUTH|(?:pipelined[ ])?MAIL)|in[ ]reply[ ]to[ ](?:initial|EHLO|HELO|STARTTLS|AUTH|MAIL)
        |for[ ]MAIL[ ]FROM|our[ ](?:EHLO|HELO|MAIL[ ]FROM)|\[MAIL_FROM\]|sender[ ]was[ ]rejected|my[ ]name[ ]was[ ]rejected|greeting
        """, RegexOptions.NonBacktracking | RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex EarlyStep();

    /// <summary>The frame of a mailer's text.</summary>
    /// <param name="Mailer">Whose it is.</param>
    /// <param name="Start">How the text starts.</param>
    /// <param name="Sentence">What follows further down; behind it stands the list of recipients.</param>
    /// <param name="Entry">A line that names a recipient (group <c>to</c>), maybe with the beginning of the reason (<c>why</c>).</param>
    private sealed record Form(string Mailer, string Start, string Sentence, Regex Entry)
    {
        /// <summary>A header field that only this mailer writes. The text may then start with words of the operator's own.</summary>
        public string? Field { get; init; }

        public string Action { get; init; } = "failed";

        public Reason Reason { get; init; }

        /// <summary>The number of the first line behind the frame; null when the text has another.</summary>
        public int? FirstLine(MimeEntity mail, string flat, List<int> starts)
        {
            if (Field is not null && !mail.Has(Field))
            {
                return null;
            }
            var margin = flat.Length - flat.AsSpan().TrimStart("* ").Length; // sendmail's box around a warning
            var at = Field is not null ? flat.IndexOf(Start, StringComparison.Ordinal)
                : string.CompareOrdinal(flat, margin, Start, 0, Start.Length) == 0 ? margin
                : -1;
            var sentence = at < 0 ? -1 : flat.IndexOf(Sentence, at + Start.Length, StringComparison.Ordinal);
            var line = starts.FindIndex(s => s >= sentence + Sentence.Length);
            return sentence < 0 || line < 0 ? null : line;
        }
    }
}
