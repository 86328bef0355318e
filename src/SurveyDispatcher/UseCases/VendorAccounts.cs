using System.Globalization;
using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>One list, and what became of it.</summary>
/// <param name="Sequence">Its number for the vendor.</param>
/// <param name="File">Its name.</param>
/// <param name="Kind">phone, withdrawals.</param>
/// <param name="Receipt">loaded; the problem of his last acknowledgement; or none.</param>
/// <param name="HandedOver">Cases handed over; of withdrawals, the rows told.</param>
/// <param name="Pending">Not reported yet.</param>
/// <param name="Attempted">Tried, without an end.</param>
/// <param name="Completed">Interviewed.</param>
/// <param name="Refused">Said no.</param>
/// <param name="OtherFinal">Ended by another report.</param>
/// <param name="Silent">Never reported, and the time is over.</param>
/// <param name="Withdrawn">Taken back by us.</param>
public sealed record VendorAccount(
    long Sequence, string File, string Kind, string Receipt, long HandedOver, long Pending, long Attempted, long Completed, long Refused, long OtherFinal, long Silent, long Withdrawn)
{
    /// <summary>handed over = pending + attempted + completed + refused + other final + silent + withdrawn.</summary>
    public bool SumHolds => Kind != "phone" || HandedOver == Pending + Attempted + Completed + Refused + OtherFinal + Silent + Withdrawn;
}

/// <summary>Every list that the vendor was given (<c>vendor reconcile</c>).</summary>
public sealed record VendorAccounts(IReadOnlyList<VendorAccount> Lists)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>Whether every list's sum closes.</summary>
    public bool SumsHold => Lists.All(l => l.SumHolds);

    /// <summary>All phone lists together.</summary>
    public VendorAccount Total => Lists.Where(l => l.Kind == "phone").Aggregate(
        new VendorAccount(0, "all phone lists", "phone", "", 0, 0, 0, 0, 0, 0, 0, 0),
        (sum, l) => sum with
        {
            HandedOver = sum.HandedOver + l.HandedOver, Pending = sum.Pending + l.Pending, Attempted = sum.Attempted + l.Attempted, Completed = sum.Completed + l.Completed,
            Refused = sum.Refused + l.Refused, OtherFinal = sum.OtherFinal + l.OtherFinal, Silent = sum.Silent + l.Silent, Withdrawn = sum.Withdrawn + l.Withdrawn,
        });

    /// <summary>Reads the store, as of its last cycle.</summary>
    internal static VendorAccounts Read(Database database, Programme programme) => database.AtOneMoment(() =>
    {
        var asOf = database["cycles.last"].First(r => r.GetString(1)) is { } text ? AsOf.Parse(text) : null;
        var counts = new Dictionary<(long List, HandOverOutcome Outcome), long>();
        database["acknowledgements.accounts"].Each(r =>
        {
            var market = r.GetString(2);
            var today = programme.MarketOf(market) is { } m ? asOf!.LocalDate(m) : asOf!.Day;
            var outcome = new HandedOverCase(CaseCodes.State(r.GetString(5)), r.GetString(6), r.Day(4), r.GetInt64(7) == 1, r.GetInt64(8) == 1, r.GetInt64(9) == 1)
                .Outcome(programme.Contact.VendorGraceDays, today);
            counts[(r.GetInt64(0), outcome)] = counts.GetValueOrDefault((r.GetInt64(0), outcome)) + r.GetInt64(10);
        });
        return new VendorAccounts(database["acknowledgements.receipts"].List(r =>
        {
            var id = r.GetInt64(0);
            long Of(HandOverOutcome outcome) => counts.GetValueOrDefault((id, outcome));
            var receipt = r.TextOrNull(6) is not { } status ? "" : r.GetString(7) is { Length: > 0 } problem ? problem : status;
            return new VendorAccount(
                id, r.GetString(1), r.GetString(2), receipt, r.GetString(2) == "phone" ? r.GetInt64(5) : r.GetInt64(3),
                Of(HandOverOutcome.Pending), Of(HandOverOutcome.Attempted), Of(HandOverOutcome.Completed), Of(HandOverOutcome.Refused), Of(HandOverOutcome.OtherFinal),
                Of(HandOverOutcome.Silent), Of(HandOverOutcome.Withdrawn));
        }));
    });

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>As a table.</summary>
    public string ToText()
    {
        if (Lists.Count == 0)
        {
            return "The vendor was not given any list yet.";
        }

        var text = new StringBuilder();
        text.AppendLine("     no  list                                      receipt          handed over  pending  attempted  completed  refused  other final  silent  withdrawn");
        foreach (var list in Lists.Append(Total))
        {
            Line(text, list);
        }

        text.Append(SumsHold
            ? "handed over = pending + attempted + completed + refused + other final + silent + withdrawn (the sums hold). Of withdrawals: the rows told."
            : "A SUM DOES NOT HOLD: run verify.");
        return text.ToString();
    }

    private static void Line(StringBuilder text, VendorAccount l)
    {
        text.Append(CultureInfo.InvariantCulture, $"{(l.Sequence > 0 ? l.Sequence.ToString(CultureInfo.InvariantCulture) : ""),7}  {l.File,-40}  {(l.Receipt.Length > 0 ? l.Receipt : l.Sequence > 0 ? "none" : ""),-15}  {l.HandedOver,11:N0}");
        text.AppendLine(l.Kind != "phone" ? "" : string.Create(
            CultureInfo.InvariantCulture,
            $"  {l.Pending,7:N0}  {l.Attempted,9:N0}  {l.Completed,9:N0}  {l.Refused,7:N0}  {l.OtherFinal,11:N0}  {l.Silent,6:N0}  {l.Withdrawn,9:N0}{(l.SumHolds ? "" : "  THE SUM DOES NOT HOLD")}"));
    }
}
