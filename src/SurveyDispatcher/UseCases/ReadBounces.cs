using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Files;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.UseCases;

/// <summary>A mail and how it is understood.</summary>
internal sealed record BounceRead(string File, DeliveryReport Report);

/// <summary>How mails from the bounce mailbox would be understood. Nothing is changed, and no store is looked at.</summary>
/// <param name="Mails">In the order of the paths; those of a folder in order of name.</param>
/// <param name="Problems">What could not be read.</param>
internal sealed record ReadBounces(IReadOnlyList<BounceRead> Mails, IReadOnlyList<string> Problems)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>Reads files, the files of folders, and Maildirs. What can't be read is a problem; the others are read all the same.</summary>
    public static ReadBounces Read(IEnumerable<string> paths)
    {
        var (mails, problems) = (new List<BounceRead>(), new List<string>());
        foreach (var path in paths)
        {
            var isFolder = Directory.Exists(path);
            foreach (var file in isFolder ? Inbox.MailsIn(new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path, problem => problems.Add(Say(problem))) : [path])
            {
                try
                {
                    using var stream = isFolder && new FileInfo(file).Length == 0 ? Stream.Null : File.OpenRead(file); // a pipe among mails is none
                    mails.Add(new BounceRead(file, DeliveryReport.Read(stream)));
                }
                catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
                {
                    problems.Add(Say($"{PlainText.Shown(file)} does not exist. Name a mail, a folder of mails, or a Maildir."));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    problems.Add(Say($"{PlainText.Shown(file)} can't be read: {PlainText.Shown(Reason.Of(e))} Give this user the right to read it."));
                }
            }
        }

        return new ReadBounces(mails, problems);
    }

    /// <summary>One array, an object a file; null is what the mail does not say.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        Mails.Select(m => new
        {
            m.File,
            Kind = m.Report.Kind.Code(),
            Recipients = m.Report.Recipients.Select(r => new
            {
                Address = Said(r.Address),
                Action = Said(r.Action),
                Status = r.Status?.ToString(),
                Class = r.Class.Code(),
                r.MessageId,
            }),
        }),
        Json);

    /// <summary>A few lines a file: what it is, by what, and what the next cycle would do.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var (file, report) in Mails)
        {
            text.AppendLine(Say($"{PlainText.Shown(file)}: {report.Kind.Code()}"));
            text.Append("  ").AppendLine(Say(report.Kind == ReportKind.Report ? (Phrase)$"{report.Why}" : $"{report.Why}; no effect"));
            foreach (var message in report.Recipients.GroupBy(r => r.MessageId))
            {
                Phrase about = message.Key is { } id ? (Phrase)$"about Message-ID {PlainText.Shown(id)}" : $"about a message whose Message-ID isn't returned";
                text.Append("  ").AppendLine(Say(
                    report.ReportedTo.Count > 0 ? (Phrase)$"{about}; was sent to {PlainText.Shown(Listed(report.ReportedTo))}" : about));
                foreach (var r in message)
                {
                    var said = Listed([r.Action.Length > 0 ? r.Action : Say($"no action"), r.Status?.ToString() ?? Say($"no status"), r.Class.Code()]);
                    text.Append("    ").AppendLine(Say($"{PlainText.Shown(Said(r.Address) ?? Say($"no address"))}: {PlainText.Shown(said)}: {Effect(r)}"));
                }
            }

            text.AppendLine();
        }

        return text.Append(Say($"{Mails.Count} mail(s) read, {Mails.Count(m => m.Report.Kind == ReportKind.Report)} of them report(s)")).ToString();
    }

    private static Phrase Effect(ReportedRecipient recipient) => recipient.Action != "failed" ? (Phrase)$"no effect" : recipient.Class switch
    {
        AddressClass.Dead => $"not delivered, nobody is there, the address is suppressed",
        AddressClass.Full => $"not delivered, the mailbox is full, not held against the address",
        AddressClass.Policy => $"not delivered, refused for what we are or send, not held against the address",
        AddressClass.Transient => $"not delivered, given up after a while, not held against the address",
        AddressClass.Other => $"not delivered, nothing is said of the address, not held against it",
        _ => throw new ArgumentOutOfRangeException(nameof(recipient), recipient.Class, "Unknown address class."),
    };

    private static string? Said(string text) => text.Length > 0 ? text : null;
}
