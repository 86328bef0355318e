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
/// <param name="Acknowledged">loaded; the problem of his last acknowledgement; empty: there is none.</param>
/// <param name="HandedOver">Cases handed over; of withdrawals, the rows told.</param>
/// <param name="Pending">Not reported yet.</param>
/// <param name="Attempted">Tried, without an end.</param>
/// <param name="Completed">Interviewed.</param>
/// <param name="Refused">Said no.</param>
/// <param name="OtherFinal">Ended by another report.</param>
/// <param name="Silent">Never reported, and the time is over.</param>
/// <param name="Withdrawn">Taken back by us.</param>
public sealed record VendorAccount(
    long Sequence, string File, string Kind, string Acknowledged, long HandedOver, long Pending, long Attempted, long Completed, long Refused, long OtherFinal, long Silent, long Withdrawn)
{
    /// <summary>handed over = pending + attempted + completed + refused + other final + silent + withdrawn.</summary>
    public bool SumHolds => Kind != "phone" || HandedOver == Pending + Attempted + Completed + Refused + OtherFinal + Silent + Withdrawn;
}

/// <summary>Every list that the vendor was given (<c>vendor reconcile</c>).</summary>
public sealed record VendorAccounts(IReadOnlyList<VendorAccount> Lists)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true, Encoder = Texts.InJson };

    private static readonly int[] OutcomeWidths = [7, 9, 9, 7, 11, 6, 9];

    /// <summary>Whether every list's sum closes.</summary>
    public bool SumsHold => Lists.All(l => l.SumHolds);

    /// <summary>All phone lists together.</summary>
    public VendorAccount Total => Lists.Where(l => l.Kind == "phone").Aggregate(
        new VendorAccount(0, Say($"all phone lists"), "phone", "", 0, 0, 0, 0, 0, 0, 0, 0),
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
        return new VendorAccounts(database["acknowledgements.last_words"].List(r =>
        {
            var id = r.GetInt64(0);
            long Of(HandOverOutcome outcome) => counts.GetValueOrDefault((id, outcome));
            var acknowledged = r.TextOrNull(6) is not { } status ? "" : r.GetString(7) is { Length: > 0 } problem ? problem : status;
            return new VendorAccount(
                id, r.GetString(1), r.GetString(2), acknowledged, r.GetString(2) == "phone" ? r.GetInt64(5) : r.GetInt64(3),
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
            return Say($"The vendor was not given any list yet.");
        }

        var text = new StringBuilder();
        text.AppendLine(
            Line(Say($"no"), Say($"list"), Say($"acknowledged"), Say($"handed over"))
            + Outcomes([Say($"pending"), Say($"attempted"), Say($"completed"), Say($"refused"), Say($"other final"), Say($"silent"), Say($"withdrawn")]));
        foreach (var l in Lists.Append(Total))
        {
            text.Append(Line(
                l.Sequence > 0 ? N(l.Sequence, "D") : "", l.File, l.Acknowledged.Length > 0 ? l.Acknowledged : l.Sequence > 0 ? Say($"none") : "", N(l.HandedOver)));
            text.AppendLine(l.Kind != "phone" ? "" : Outcomes([N(l.Pending), N(l.Attempted), N(l.Completed), N(l.Refused), N(l.OtherFinal), N(l.Silent), N(l.Withdrawn)])
                + (l.SumHolds ? "" : $"  {Say($"THE SUM DOES NOT HOLD")}"));
        }

        text.Append(Say(SumsHold
            ? (Phrase)$"handed over = pending + attempted + completed + refused + other final + silent + withdrawn (the sums hold). Of withdrawals: the rows told."
            : $"A SUM DOES NOT HOLD: run verify."));
        return text.ToString();
    }

    private static string Line(string number, string list, string acknowledged, string handedOver) =>
        $"{Columns.Right(number, 7)}  {Columns.Left(list, 40)}  {Columns.Left(acknowledged, 15)}  {Columns.Right(handedOver, 11)}";

    private static string Outcomes(string[] cells) => string.Concat(cells.Zip(OutcomeWidths, (cell, width) => $"  {Columns.Right(cell, width)}"));

    private static string N(long number, string format = "N0") => number.ToString(format, CultureInfo.InvariantCulture);
}
