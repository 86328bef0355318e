using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>
/// Counts what each dealer sends, while his rows are taken: for the data-quality sheet, which could not tell it afterwards. Nobody's row is in them, so they stay
/// when customers are forgotten.
/// </summary>
/// <remarks>
/// By month of the cycle, source, country and dealer. Each transaction is counted once, when it is new; a rejected row once, however often it comes. What changes later
/// (an address that is corrected, a verdict that becomes another one) is not.
/// </remarks>
internal sealed class DealerTallies(CycleContext context, string source)
{
    /// <summary>What is counted of every new transaction.</summary>
    public const string New = "new", EmailGiven = "email_given", EmailUsable = "email_usable", EmailPlaceholder = "email_placeholder", PhoneGiven = "phone_given", PhoneUsable = "phone_usable";

    /// <summary>How old the event was when it first came: too young to be asked yet, within the window, in its last three days, up to a week too old, older.</summary>
    public const string AgeYoung = "age_young", AgeOpen = "age_open", AgeLastDays = "age_last_days", AgeJustPassed = "age_just_passed", AgePassed = "age_passed";

    /// <summary>The beginnings of what is counted by reason.</summary>
    public const string RejectedFor = "rejected:", ScreenedOutFor = "screened_out:";

    private const int LastDays = 3, JustPassedDays = 7;
    private static readonly string[] Names =
        [New, EmailGiven, EmailUsable, EmailPlaceholder, PhoneGiven, PhoneUsable, AgeYoung, AgeOpen, AgeLastDays, AgeJustPassed, AgePassed, .. Screening.Rules.Select(r => ScreenedOutFor + r.Reason)];
    private static readonly int FirstRule = Names.Length - Screening.Rules.Count;

    private readonly string month = context.AsOf.Day.ToString("yyyy-MM", CultureInfo.InvariantCulture);
    private readonly Dictionary<(string Country, string Dealer), long[]> counts = [];
    private readonly Dictionary<(string Country, string Dealer, string Reason), long> rejected = [];

    /// <summary>Forgets what was counted and not saved: its transaction was rolled back.</summary>
    public void Clear()
    {
        counts.Clear();
        rejected.Clear();
    }

    /// <summary>Counts a new transaction.</summary>
    public void Count(Transaction transaction, ContactPoints? points, ScreeningVerdict verdict, DateOnly today)
    {
        var key = (transaction.Key.Country, transaction.Key.DealerCode);
        if (!counts.TryGetValue(key, out var of))
        {
            counts.Add(key, of = new long[Names.Length]);
        }

        of[0]++;
        of[1] += transaction.Contact.Email.Length > 0 ? 1 : 0;
        of[2] += points?.Email is null ? 0 : 1;
        of[3] += points?.EmailState == Usability.Placeholder ? 1 : 0;
        of[4] += transaction.Contact.Phone1.Length + transaction.Contact.Phone2.Length > 0 ? 1 : 0;
        of[5] += (points?.Phone1 ?? points?.Phone2) is null ? 0 : 1;
        if (context.Config.Programme.MarketOf(transaction.Key.Country)?.Policy(transaction.Key.Survey) is { } policy)
        {
            of[6 + AgeOf(policy.Window, transaction.EventDate, today)]++;
        }

        if (!verdict.Eligible)
        {
            of[FirstRule + System.Numerics.BitOperations.TrailingZeroCount(verdict.Failed)]++;
        }
    }

    /// <summary>Counts a row that was rejected, and that never came before.</summary>
    public void CountRejected(string country, string dealer, string reason)
    {
        var key = (country, dealer, reason);
        rejected[key] = rejected.GetValueOrDefault(key) + 1;
    }

    /// <summary>Adds what was counted to what the store has; in the transaction that stores the rows.</summary>
    public void Save()
    {
        var bulk = context.Database.Bulk("dealers.add_tally");
        foreach (var ((country, dealer), of) in counts)
        {
            for (var i = 0; i < of.Length; i++)
            {
                if (of[i] > 0)
                {
                    bulk.Add(month, source, country, dealer, Names[i], of[i]);
                }
            }
        }

        foreach (var ((country, dealer, reason), count) in rejected)
        {
            bulk.Add(month, source, country, dealer, RejectedFor + reason, count);
        }

        Clear();
    }

    private static int AgeOf(DayWindow window, DateOnly eventDate, DateOnly today) =>
        window.IsAhead(eventDate, today) ? 0
        : window.LastDay(eventDate) is not { } last || today <= last.AddDays(-LastDays) ? 1
        : today <= last ? 2
        : today <= last.AddDays(JustPassedDays) ? 3
        : 4;
}
