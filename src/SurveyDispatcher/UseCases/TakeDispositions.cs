using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Takes the vendor's call results (contracts.md, <c>inbox/dispositions/</c>).</summary>
internal sealed class TakeDispositions(CycleContext context) : IRowTaker
{
    private CsvInput input = null!;

    public IReadOnlyList<string> Required { get; } = ["case_id", "attempt", "attempted_at", "code"];

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

        if (context.Cases.Find(Cell("case_id")) is not { } known)
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

        var final = Cell("final") == "Y";
        if (context.Database["attempts.add"].Run(
            known.Id, attempt, at.ToUniversalTime(), disposition.Code, final ? 1 : 0,
            context.Vault.Seal($"{Cell("phone")}\u001f{Cell("note")}"), fileId, row.Line) == 0)
        {
            return RowResult.Unchanged;
        }

        var otherNumber = disposition.Effect == CallEffect.BadNumber && SuppressNumber(known, Cell("phone"));
        context.Learn(context.Cases.Find(known.Id)!, new CaseEvent.CallReported(context.TodayIn(known.Market), disposition.Code, final, otherNumber));
        context.Counts.Dispositions++;
        return RowResult.New;
    }

    /// <summary>Suppresses the number that was dialled; true when another usable one is left.</summary>
    private bool SuppressNumber(CaseRow row, string dialled)
    {
        if (context.Config.Programme.MarketOf(row.Market) is not { } market)
        {
            return false;
        }

        var number = dialled.Length == 0
            ? context.ReachOf(row).Phone1
            : PhoneNumber.Parse(dialled, market.Dialling, context.Config.Programme.DiallingRules);
        if (number is not null)
        {
            context.Cases.Suppress(context.Vault.Hash(number), Suppression.Dead, context.AsOf.Day);
        }

        return context.ReachOf(row).ByPhone;
    }
}
