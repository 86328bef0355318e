using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Decides what happens next to every case that is due, page by page.</summary>
internal sealed class PlanContacts(CycleContext context)
{
    private const int PageCases = 2_000;

    /// <summary>Decides for all that is due now.</summary>
    public void Run()
    {
        // The first market to reach a date is a day ahead of the last; which cases are due there is asked case by case.
        context.Database["cases.create_due"].Run();
        long due = 0;
        context.Database.InTransaction(() =>
        {
            context.Database["cases.clear_due"].Run();
            context.Database["cases.fill_due"].Run(context.LatestToday);
            due = context.Database["cases.count_due"].Scalar<long>();
        });
        for (long done = 0; done < due; done += PageCases)
        {
            context.Stopping.ThrowIfCancellationRequested();
            context.Database.InTransaction(() => DecidePage(done));
            context.Progress.Report($"deciding", Math.Min(done + PageCases, due), due);
        }
    }

    private void DecidePage(long after)
    {
        var page = context.Database["cases.due_page"].List(DueCase.Read, after, after + PageCases)
            .FindAll(d => d.Row.NextLookOn <= context.TodayIn(d.Row.Market));
        foreach (var due in page)
        {
            if (context.Config.Programme.MarketOf(due.Row.Market) is { } market)
            {
                due.Points = ContactPoints.From(context.Vault.UnsealContact(due.Contact), market, context.Config.Programme);
                due.Hashes = context.Cases.Hashes(due.Points);
            }
        }

        var suppressed = context.Cases.SuppressionsOf(page.Select(d => d.Hashes));
        var rests = new Rests(context, page);
        foreach (var due in page)
        {
            Decide(due, suppressed, rests);
        }
    }

    private void Decide(DueCase due, Dictionary<long, Suppression> suppressed, Rests rests)
    {
        var row = due.Row;
        var today = context.TodayIn(row.Market);
        var policy = context.PolicyOf(row);
        if (policy is null && row.Case.State != CaseState.WithVendor)
        {
            context.Record(row, new CaseEvent.Ended(today, context.Config.Programme.MarketOf(row.Market) is null
                ? "market_not_in_programme" : "survey_not_offered"));
            return;
        }

        var reach = CaseStore.ReachOf(due.Points, due.Flags, due.Hashes, suppressed);
        var action = ContactPlan.Decide(
            new PlannedCase(row.Case, row.EventDate, policy?.Window ?? new DayWindow(0, null), reach, due.Cancelled, rests.Latest(due)),
            context.Config.Programme.Contact, today);
        var wanted = action is ContactAction.Send send ? (int)send.Contact : 0;
        if (row.Case.State is CaseState.Waiting or CaseState.Invited)
        {
            context.Database["mails.drop_other"].Run(context.Ledger.CycleId, row.Id, wanted);
        }

        switch (action)
        {
            case ContactAction.Send s when context.AsOf.SendingOpen(context.Config.Programme.MarketOf(row.Market)!):
                context.Database["mails.plan"].Run(row.Id, (int)s.Contact, row.Market, today);
                rests.Contacted(due, today);
                break;
            case ContactAction.Send:
                break; // outside sending hours: the case stays due, and its rules are checked again at the next opening
            case ContactAction.QueueForPhone q:
                context.Record(row, new CaseEvent.QueuedForPhone(today, q.Reason));
                rests.Contacted(due, today);
                break;
            case ContactAction.Close c:
                context.Record(row, new CaseEvent.Ended(today, c.Reason));
                break;
            case ContactAction.Wait w when w.Until != row.NextLookOn:
                context.Cases.Save(row with { NextLookOn = w.Until });
                break;
            case ContactAction.HandOver or ContactAction.Wait or ContactAction.Rest:
                break; // the list step hands over what is queued
            default:
                throw new ArgumentOutOfRangeException(nameof(due), action, "Unknown action.");
        }
    }

    /// <summary>A due case with what the plan looks at.</summary>
    private sealed class DueCase
    {
        public required CaseRow Row { get; init; }

        public required byte[] Contact { get; init; }

        public required OptOutFlags Flags { get; init; }

        public required bool Cancelled { get; init; }

        public ContactPoints Points { get; set; } = new(null, Usability.None, null, null);

        public (long Email, long Phone1, long Phone2) Hashes { get; set; }

        public static DueCase Read(System.Data.Common.DbDataReader r) => new()
        {
            Row = CaseRow.Read(r),
            Contact = r.Bytes(CaseRow.Columns),
            Flags = (OptOutFlags)r.GetInt32(CaseRow.Columns + 1),
            Cancelled = r.GetInt32(CaseRow.Columns + 2) != 0,
        };
    }

    /// <summary>Which customers rest from a contact for another case; contacts decided on this page count.</summary>
    private sealed class Rests
    {
        private readonly int restDays;
        private readonly Dictionary<long, List<(long CaseId, DateOnly On)>> contacts;

        public Rests(CycleContext context, List<DueCase> page)
        {
            restDays = context.Config.Programme.Contact.RestDays;
            contacts = context.Cases.FirstContacts(page.Select(d => d.Hashes), restDays, context.AsOf.Day);
        }

        public DateOnly? Latest(DueCase due) => CaseStore.LatestOther(contacts, due.Hashes, due.Row.Id);

        public void Contacted(DueCase due, DateOnly today)
        {
            // Only a first contact makes others rest; a reminder, or the call after it, does not.
            if (restDays == 0 || due.Row.Case.State != CaseState.Waiting)
            {
                return;
            }

            foreach (var hash in CaseStore.Set(due.Hashes))
            {
                if (!contacts.TryGetValue(hash, out var list))
                {
                    contacts.Add(hash, list = []);
                }

                list.Add((due.Row.Id, today));
            }
        }
    }
}
