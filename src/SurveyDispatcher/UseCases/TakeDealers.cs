using Survey.Domain;
using SurveyDispatcher.Files;

namespace SurveyDispatcher.UseCases;

/// <summary>Takes the dealer register: <c>dealer_code,dealer_name,market,region</c>; the newest row of a dealer counts.</summary>
internal sealed class TakeDealers(CycleContext context) : IRowTaker
{
    private int code;
    private int name;
    private int market;
    private int region;

    public IReadOnlyList<string> Required { get; } = ["dealer_code", "dealer_name", "market", "region"];

    public void Begin(CsvInput input) => (code, name, market, region) =
        (input.IndexOf("dealer_code"), input.IndexOf("dealer_name"), input.IndexOf("market"), input.IndexOf("region"));

    public RowResult Take(CsvRow row, long fileId)
    {
        if (row.Cell(code).Length == 0 || row.Cell(market).Length == 0)
        {
            return RowResult.Rejected("missing_value", row.Cell(code).Length == 0 ? "dealer_code" : "market", "");
        }

        foreach (var (column, index) in new[] { ("dealer_code", code), ("market", market) })
        {
            if (row.Cell(index).Length > Intake.MostOfCode)
            {
                return RowResult.Rejected("bad_code", column, row.Cell(index));
            }
        }

        context.Database["dealers.set"].Run(row.Cell(market).ToUpperInvariant(), row.Cell(code), row.Cell(name), row.Cell(region));
        return RowResult.New;
    }
}
