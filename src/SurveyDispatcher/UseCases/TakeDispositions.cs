using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Takes the vendor's call results (contracts.md, <c>inbox/dispositions/</c>).</summary>
internal sealed class TakeDispositions(CycleContext context) : IRowTaker
{
    private const char Separator = '\u001f';
    private CsvInput input = null!;

    public IReadOnlyList<string> Required { get; } = ["case_id", "attempt", "attempted_at", "code"];

    /// <summary>The number dialled and the note of an attempt, as they were sealed; both empty when they were removed.</summary>
    public static (string Dialled, string Note) Split(string unsealed)
    {
        var parts = unsealed.Split(Separator, 2);
        return (parts[0], parts.Length > 1 ? parts[1] : "");
    }

    public void Begin(CsvInput input) => this.input = input;

    public RowResult Take(CsvRow row, long fileId)
    {
        string Cell(string column) => row.Cell(input.IndexOf(column));
        foreach (var column in Required)
        {
            if (Cell(column).Length == 0)
            {
                return RowResult.Rejected("missing_value", column, "");
            }
        }

        var found = context.Cases.Find(Cell("case_id"));
        if (found is { Case.CloseReason: CloseReasons.Erased })
        {
            return RowResult.OfErased("case_id", Cell("case_id"));
        }

        if (found is not { } known)
        {
            return RowResult.Rejected("unknown_case", "case_id", Cell("case_id"));
        }

        if (!int.TryParse(Cell("attempt"), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) || attempt < 1)
        {
            return RowResult.Rejected("bad_number", "attempt", Cell("attempt"));
        }

        if (Instants.Parse(Cell("attempted_at")) is not { } at)
        {
            return RowResult.Rejected("bad_date", "attempted_at", Cell("attempted_at"));
        }

        if (Dispositions.Find(Cell("code")) is not { } disposition)
        {
            return RowResult.Rejected("bad_code", "code", Cell("code"));
        }

        if (Cell("final") is not ("" or "Y" or "N"))
        {
            return RowResult.Rejected("bad_code", "final", Cell("final"));
        }

        var dialled = Cell("phone");
        var market = context.Config.Programme.MarketOf(known.Market);
        var number = market is null ? null : PhoneNumber.Parse(dialled, market.Dialling, context.Config.Programme.DiallingRules);
        if (dialled.Length > 0 && market is not null && number is null)
        {
            return RowResult.Rejected("bad_number", "phone", dialled);
        }

        if (disposition.Effect == CallEffect.BadNumber)
        {
            number ??= dialled.Length == 0 ? FirstListed(known) : null;
            dialled = number?.E164 ?? dialled;
        }

        var final = Cell("final") == "Y";
        if (context.Database["attempts.add"].Run(
            known.Id, attempt, at.ToUniversalTime(), disposition.Code, final ? 1 : 0,
            context.Vault.Seal($"{dialled}{Separator}{Cell("note")}"), fileId, row.Line) == 0)
        {
            return RowResult.Unchanged;
        }

        var otherNumber = disposition.Effect == CallEffect.BadNumber && SuppressNumber(known, number);
        context.Learn(context.Cases.Find(known.Id)!, new CaseEvent.CallReported(context.TodayIn(known.Market), disposition.Code, final, otherNumber));
        context.Counts.Dispositions++;
        return RowResult.New;
    }

    /// <summary>The number that stood on the list as <c>phone_1</c>: the customer's first that he allows and that this case's calls have not called bad.</summary>
    /// <remarks>
    /// Not the first that is usable at this moment: when the number of two cases is reported through one of them, the report of
    /// the other still means that number, and not the next one.
    /// </remarks>
    private PhoneNumber? FirstListed(CaseRow row)
    {
        var bad = context.Database["attempts.bad_numbers_of"].List(r => Split(context.Vault.Unseal(r.Bytes(0))).Dialled, row.Id);
        var points = context.PointsOf(row).Points;
        var hashes = context.Cases.Hashes(points);
        var suppressed = context.Cases.SuppressionsOf([hashes]);
        bool OptedOut(long hash) => (suppressed.GetValueOrDefault(hash) & (Suppression.OptOut | Suppression.All)) != 0;
        return new[] { (Number: points.Phone1, Hash: hashes.Phone1), (Number: points.Phone2, Hash: hashes.Phone2) }
            .FirstOrDefault(p => p.Number is not null && !bad.Contains(p.Number.E164) && !OptedOut(p.Hash)).Number;
    }

    /// <summary>Suppresses the number that was dialled; true when another usable one is left.</summary>
    private bool SuppressNumber(CaseRow row, PhoneNumber? number)
    {
        if (number is not null)
        {
            context.Cases.Suppress(context.Vault.Hash(number), Suppression.Dead, context.AsOf.Day);
        }

        return context.ReachOf(row).ByPhone;
    }
}
