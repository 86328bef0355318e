using Survey.Domain;

namespace SurveyDispatcher.Storage;

/// <summary>What is counted of transactions, cases and facts, by day, market and survey; in the order of the table's columns.</summary>
public enum Counted
{
    /// <summary>Transactions.</summary>
    Transactions,

    /// <summary>Transactions that a screening rule keeps out.</summary>
    ScreenedOut,

    /// <summary>The first of the states of cases; the others follow in their own order.</summary>
    Waiting,

    /// <summary>The first of the facts: mails that the relay accepted.</summary>
    MailsAccepted = Waiting + (int)CaseState.Closed + 1,

    /// <summary>Mails that it refused for good.</summary>
    MailsRejected,

    /// <summary>Reports that a mail came back.</summary>
    MailsBounced,

    /// <summary>Cases that were contacted and ended since the customer wants no more.</summary>
    OptedOut,

    /// <summary>Cases that the vendor was given.</summary>
    HandedOver,

    /// <summary>Call results, and responses by phone.</summary>
    VendorReports,
}

/// <summary>Sums by day, market and survey, and by reason.</summary>
public sealed class MovementSums
{
    /// <summary>How many numbers there are for a day, market and survey.</summary>
    public const int Columns = (int)Counted.VendorReports + 1;

    /// <summary>Reasons of transactions, and of cases.</summary>
    public const string ScreenedOutKind = "screened_out", ClosedKind = "closed";

    private ((DateOnly Day, string Market, SurveyKind Survey) Key, long[]? Counts) last;

    /// <summary>By day, market and survey.</summary>
    public Dictionary<(DateOnly Day, string Market, SurveyKind Survey), long[]> Days { get; } = [];

    /// <summary>By kind and reason.</summary>
    public Dictionary<(string Kind, string Reason), long> Reasons { get; } = [];

    /// <summary>How messages name a column.</summary>
    public static string NameOf(int column) => column is >= (int)Counted.Waiting and < (int)Counted.MailsAccepted ? ((CaseState)(column - (int)Counted.Waiting)).Code() : ((Counted)column).ToString();

    /// <summary>Counts what a fact has done to a case.</summary>
    /// <param name="market">The case's market.</param>
    /// <param name="survey">Its survey.</param>
    /// <param name="before">The case before; null: it was not there.</param>
    /// <param name="fact">What happened.</param>
    /// <param name="after">The case after it.</param>
    public void Add(string market, SurveyKind survey, SurveyCase? before, CaseEvent fact, SurveyCase after)
    {
        var counts = Of(fact.Day, market, survey);
        if (before?.State != after.State)
        {
            counts[(int)Counted.Waiting + (int)after.State]++;
            if (before is not null)
            {
                counts[(int)Counted.Waiting + (int)before.State]--;
            }
        }

        AddReason(ClosedKind, before?.CloseReason, after.CloseReason);
        AddFact(counts, before, fact, after);
    }

    /// <summary>Counts a transaction that is new, or whose verdict has become another.</summary>
    /// <param name="day">When.</param>
    /// <param name="country">Its country, in a market or not.</param>
    /// <param name="survey">Its survey.</param>
    /// <param name="isNew">Whether it is new.</param>
    /// <param name="before">The reason that kept it out before.</param>
    /// <param name="after">The reason that keeps it out now.</param>
    public void AddVerdict(DateOnly day, string country, SurveyKind survey, bool isNew, string? before, string? after)
    {
        var counts = Of(day, country, survey);
        counts[(int)Counted.Transactions] += isNew ? 1 : 0;
        counts[(int)Counted.ScreenedOut] += (after is null ? 0 : 1) - (before is null ? 0 : 1);
        AddReason(ScreenedOutKind, before, after);
    }

    /// <summary>Counts a fact by itself, whatever it did to the state of its case.</summary>
    public static void AddFact(long[] counts, SurveyCase? before, CaseEvent fact, SurveyCase after)
    {
        switch (fact)
        {
            case CaseEvent.MailAccepted:
                counts[(int)Counted.MailsAccepted]++;
                break;
            case CaseEvent.MailUndelivered e:
                counts[(int)(e.Bounced ? Counted.MailsBounced : Counted.MailsRejected)]++;
                break;
            case CaseEvent.HandedOver:
                counts[(int)Counted.HandedOver]++;
                break;
            case CaseEvent.CallReported or CaseEvent.Responded { Mode: "phone" }:
                counts[(int)Counted.VendorReports]++;
                break;
            default:
                break; // the others only move the case
        }

        if (after.CloseReason == CloseReasons.OptedOut && before?.CloseReason != CloseReasons.OptedOut && after.HasBeenContacted)
        {
            counts[(int)Counted.OptedOut]++;
        }
    }

    /// <summary>The numbers of a day, market and survey, to be added to.</summary>
    public long[] Of(DateOnly day, string market, SurveyKind survey)
    {
        var key = (day, market, survey);
        if (last.Counts is { } counts && last.Key == key) // one row after the other is of one day and market
        {
            return counts;
        }

        if (!Days.TryGetValue(key, out counts))
        {
            Days.Add(key, counts = new long[Columns]);
        }

        last = (key, counts);
        return counts;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Days.Clear();
        Reasons.Clear();
        last = default;
    }

    private void AddReason(string kind, string? before, string? after)
    {
        if (before == after)
        {
            return;
        }

        if (before is not null)
        {
            Reasons[(kind, before)] = Reasons.GetValueOrDefault((kind, before)) - 1;
        }

        if (after is not null)
        {
            Reasons[(kind, after)] = Reasons.GetValueOrDefault((kind, after)) + 1;
        }
    }
}

/// <summary>Keeps the sums in the store: what a transaction has moved is added at its end, so that nobody ever has to count cases.</summary>
/// <remarks>
/// A few rows for each transaction, whatever its size. On a shared store they are written behind the ledger's lines, whose lock every
/// worker takes last and in turn: nobody waits twice, and no two can wait for each other.
/// </remarks>
public sealed class Movements
{
    private readonly Database database;

    /// <summary>Begins to count what is stored over a connection. Its ledger must have been opened before.</summary>
    public Movements(Database database)
    {
        this.database = database;
        database.Committing += Save;
        database.RolledBack += Pending.Clear;
    }

    /// <summary>What the transaction under way has moved.</summary>
    public MovementSums Pending { get; } = new();

    private void Save()
    {
        foreach (var ((day, market, survey), n) in Pending.Days.OrderBy(d => d.Key))
        {
            if (Array.Exists(n, c => c != 0))
            {
                database["movements.add"].Run(
                    day, market, survey.Code(), n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13], n[14]);
            }
        }

        foreach (var ((kind, reason), count) in Pending.Reasons.OrderBy(r => r.Key))
        {
            if (count != 0)
            {
                database["movements.add_reason"].Run(kind, reason, count);
            }
        }

        Pending.Clear();
    }
}
