using System.Security.Cryptography;
using Survey.Domain;
using SurveyDispatcher.Files;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.UseCases;

/// <summary>Takes delivery reports: which contact was not delivered, and what that says of the address.</summary>
internal sealed class TakeBounces(CycleContext context)
{
    private const int LargestReport = 1 << 20;
    private readonly ContactNames names = new(context.Vault);
    private readonly HashSet<string> ofErased = new(StringComparer.Ordinal);

    /// <summary>Takes every report that has arrived; a file is moved only after its effect is stored.</summary>
    public void Run()
    {
        foreach (var page in context.Inbox.Take("bounces", context.Report, context.Note).Chunk(200))
        {
            context.Stopping.ThrowIfCancellationRequested();
            var taken = new List<IncomingFile>();
            context.Database.InTransaction(() =>
            {
                foreach (var file in page)
                {
                    if (Take(file))
                    {
                        taken.Add(file);
                    }
                }
            });
            taken.ForEach(Archive);
        }
    }

    /// <summary>What can't be moved is known when it is read again, and has no second effect.</summary>
    private void Archive(IncomingFile file)
    {
        try
        {
            if (ofErased.Contains(file.Path) && !context.DryRun)
            {
                File.Delete(file.Path); // it names an address that was erased
                return;
            }

            context.Inbox.Archive(file, context.AsOf.Day);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Report($"bounces/{file.Name} was taken, but could not be put into the archive: {Reason.Of(e)} It lies at {file.Path}; the next cycle tries again.");
        }
    }

    private bool Take(IncomingFile file)
    {
        byte[] bytes;
        DeliveryReport report;
        try
        {
            bytes = ReadStart(file.Path);
            report = DeliveryReport.Read(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Report($"bounces/{file.Name} could not be read: {Reason.Of(e)} It will be tried again in the next cycle.");
            return false;
        }
        catch (Exception e)
        {
            // Anybody can send anything to the address for reports; one of them must not keep the others from their effect.
            context.Report($"bounces/{file.Name} could not be understood, by a fault of this program ({Unexpected.Describe(e)}). It lies at {file.Path} and will be tried again in the next cycle; please report this line.");
            return false;
        }

        if (context.Erased.Any && context.Erased.NamesInMail(System.Text.Encoding.UTF8.GetString(bytes)))
        {
            ofErased.Add(file.Path);
        }

        if (report.Kind != ReportKind.Report)
        {
            return true;
        }

        context.Counts.Bounces++;
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (context.Database["bounces.known"].Scalar<long>(sha256) == 0)
        {
            var verp = report.ReportedTo.Select(names.Find).FirstOrDefault(c => c is not null);
            foreach (var message in report.Recipients.GroupBy(r => verp ?? names.Find(r.MessageId ?? "")))
            {
                Take(file, sha256, message.Key, [.. message]);
            }
        }

        return true;
    }

    /// <summary>What a report says about one message. Where it names the address that we wrote to, the others on it are not ours.</summary>
    private void Take(IncomingFile file, string sha256, (string CaseId, MailContact Contact)? contact, IReadOnlyList<ReportedRecipient> recipients)
    {
        var row = contact is { } c ? context.Cases.Find(c.CaseId) : null;
        long? mailed = row is null ? null : context.Database["mails.recipient"].Scalar<long?>(row.Id, (int)contact!.Value.Contact);
        var named = recipients.Any(r => IsTo(r, mailed));
        foreach (var recipient in recipients)
        {
            context.Database["bounces.insert"].Run(
                file.Name, sha256, row?.Id, row is null ? null : (int)contact!.Value.Contact, recipient.Action,
                recipient.Status?.ToString() ?? "", recipient.Class.Code(), context.AsOf.Instant);
            if (row is null || recipient.Action != "failed" || (named && !IsTo(recipient, mailed)))
            {
                continue;
            }

            row = context.Learn(row, new CaseEvent.MailUndelivered(
                context.TodayIn(row.Market), contact!.Value.Contact, Bounced: true, recipient.Class.Code()));
            if (recipient.Class == AddressClass.Dead && mailed is { } address)
            {
                context.Cases.Suppress(address, Suppression.Dead, context.AsOf.Day);
            }
        }
    }

    private bool IsTo(ReportedRecipient recipient, long? mailed) =>
        mailed is { } hash && EmailAddress.Parse(recipient.Address) is { } address && context.Vault.Hash(address) == hash;

    /// <summary>The fields of a report stand at its start; a returned message behind them may be as long as it likes.</summary>
    private static byte[] ReadStart(string path)
    {
        if (new FileInfo(path).Length == 0)
        {
            return []; // a pipe has no length either, and opening one waits for whoever writes to it
        }

        using var stream = File.OpenRead(path);
        var bytes = new byte[Math.Min(stream.Length, LargestReport)];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
