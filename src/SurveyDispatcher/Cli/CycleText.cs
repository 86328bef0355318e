using System.Text;
using Survey.Domain;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Cli;

/// <summary>What a cycle did, in words.</summary>
internal static class CycleText
{
    public static string Of(CycleCounts c, bool dryRun)
    {
        var text = new StringBuilder();
        text.AppendLine(Say(dryRun ? (Phrase)$"Cycle as of {c.AsOf} (dry run: nothing was sent or written)" : $"Cycle as of {c.AsOf}"));
        Line(text, $"files", $"{c.FilesImported} taken, {c.FilesRefused} refused");
        Phrase sum = $"{c.RowsRead:N0} read = {c.TransactionsNew:N0} new + {c.TransactionsUpdated:N0} updated + "
            + $"{c.RowsUnchanged:N0} unchanged + {c.RowsRejected:N0} rejected";
        Line(text, $"rows", c.SumHolds ? sum : $"{sum}  THE SUM DOES NOT HOLD: run verify");
        if (!dryRun && c.RowsRejected + c.OtherRowsRejected > 0)
        {
            Line(text, $"", $"rejected rows: see rejects/ in the data directory, one line each with its reason");
        }

        Line(text, $"screened out", Reasons(c.ScreenedOut));
        Line(text, $"cases", $"{c.CasesOpened:N0} opened, closed: {Reasons(c.Closed)}");
        Line(text, $"mail", $"{c.InvitationsSent:N0} invitations, {c.RemindersSent:N0} reminders, {c.MailRejected:N0} rejected, {c.MailDeferred:N0} left queued");
        Line(text, $"phone", $"released: {Reasons(c.PhoneReleased)}; withdrawn: {c.Withdrawn:N0}");
        Phrase came = $"{c.Responses:N0} responses, {c.Dispositions:N0} call results, {c.Bounces:N0} bounces, {c.OptOuts:N0} opt-outs";
        Line(text, $"came in", c.OtherRowsRejected > 0 ? $"{came}; {c.OtherRowsRejected:N0} rows of these rejected" : came);
        if (c.Forgotten.Count > 0)
        {
            Line(text, $"removed", Reasons(c.Forgotten));
        }

        c.Notes.ForEach(note => Line(text, $"note", $"{note}"));
        return text.ToString().TrimEnd();
    }

    private static void Line(StringBuilder text, Phrase name, Phrase value) => text.Append("  ").Append(Columns.Left(Say(name), 14)).AppendLine(Say(value));

    private static Phrase Reasons(SortedDictionary<string, long> counts) => counts.Count == 0
        ? (Phrase)$"none"
        : $"{Listed(counts.Select(r => Say($"{r.Value:N0} {r.Key}")))}";
}
