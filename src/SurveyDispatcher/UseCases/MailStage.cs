using Survey.Domain;

namespace SurveyDispatcher.UseCases;

/// <summary>How the mail of a cycle goes, for whoever looks (<c>status</c>): noted every few seconds, in a transaction that is there anyway.</summary>
/// <remarks>
/// A worker that helps adds to the same row. What was added in memory and not noted when a helper leaves is in the planner's last note, which has
/// its numbers from the ledger.
/// </remarks>
internal sealed class MailStage(CycleContext context)
{
    // what fault holds
    public const string Later = "later", InDoubt = "in_doubt", Refused = "refused", Unusable = "unusable";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private long noted = context.Time.GetTimestamp();
    private Tally told, seen;
    private DateTimeOffset? answeredAt, faultAt;
    private string fault = "", detail = "";
    private bool stopped;

    /// <summary>Something is to be sent; in a transaction. A cycle without mail has no stage.</summary>
    public void Begin()
    {
        if (context.Database["mails.any_open"].Any())
        {
            context.Database["mails.begin_stage"].Run(context.Ledger.CycleId, context.Time.GetUtcNow());
        }
    }

    /// <summary>Counts what became of mails that are stored.</summary>
    public void Add(IEnumerable<Delivery?> deliveries, long putOff)
    {
        seen = seen with { Deferred = seen.Deferred + putOff };
        foreach (var delivery in deliveries)
        {
            switch (delivery)
            {
                case Delivery.Accepted:
                    seen = seen with { Accepted = seen.Accepted + 1 };
                    break;
                case Delivery.NotDelivered:
                    seen = seen with { Rejected = seen.Rejected + 1 };
                    break;
                case Delivery.TryLater later:
                    Fault(Later, later.Status.ToString());
                    break;
                case Delivery.InDoubt:
                    Fault(InDoubt, "");
                    break;
                case Delivery.MessageRefused refused:
                    Fault(Refused, refused.Code.ToString(System.Globalization.CultureInfo.InvariantCulture));
                    stopped = true;
                    break;
                case Delivery.ServerUnusable unusable:
                    Fault(Unusable, unusable.What);
                    stopped = true;
                    break;
                default:
                    break; // it was not tried
            }

            if (delivery is Delivery.Accepted or Delivery.NotDelivered or Delivery.TryLater or Delivery.MessageRefused)
            {
                answeredAt = context.Time.GetUtcNow();
            }
        }
    }

    /// <summary>Notes how it goes, when that was not done for a while; in a transaction.</summary>
    public void Save()
    {
        if (context.Time.GetElapsedTime(noted) >= Interval)
        {
            Note();
        }
    }

    /// <summary>The last note: the counts of the cycle are those of all workers; in a transaction, which may be done twice.</summary>
    public void End()
    {
        var counts = context.Counts;
        Note();
        context.Database["mails.end_stage"].Run(
            context.Time.GetUtcNow(), counts.InvitationsSent + counts.RemindersSent, counts.MailRejected, counts.MailDeferred, context.Ledger.CycleId);
    }

    private void Note()
    {
        context.Database["mails.note_stage"].Run(
            context.Time.GetUtcNow(), seen.Accepted - told.Accepted, seen.Rejected - told.Rejected, seen.Deferred - told.Deferred,
            answeredAt, faultAt, fault, detail, stopped ? 1 : 0, context.Ledger.CycleId);
        (told, noted) = (seen, context.Time.GetTimestamp()); // done twice, it adds nothing; what a rollback loses the last note makes good
    }

    private void Fault(string what, string more) => (fault, detail, faultAt) = (what, more, context.Time.GetUtcNow());

    private readonly record struct Tally(long Accepted, long Rejected, long Deferred);
}
