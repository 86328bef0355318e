using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Takes what the vendor says of our lists: that he has loaded one, whole, or not (docs/vendor.md).</summary>
/// <remarks>Whatever does not agree is a reject, so that it can be seen row by row, and on record with the list, so that it stays an alarm until he has loaded it.</remarks>
internal sealed class TakeAcknowledgements(CycleContext context) : IRowTaker
{
    private CsvInput input = null!;

    public IReadOnlyList<string> Required { get; } = ["file", "sequence", "rows", "sha256", "status", "acknowledged_at"];

    public void Begin(CsvInput input) => this.input = input;

    public RowResult Take(CsvRow row, long fileId)
    {
        string Cell(string column) => row.Cell(input.IndexOf(column));
        foreach (var column in (string[])["file", "sequence", "status", "acknowledged_at"])
        {
            if (Cell(column).Length == 0)
            {
                return RowResult.Rejected("missing_value", column, "");
            }
        }

        var (file, status) = (Cell("file"), Cell("status"));
        if (status is not ("loaded" or "refused"))
        {
            return RowResult.Rejected("bad_code", "status", status);
        }

        if (Number(Cell("sequence")) is not { } sequence)
        {
            return RowResult.Rejected("bad_number", "sequence", Cell("sequence"));
        }

        if (Instants.Parse(Cell("acknowledged_at")) is not { } at)
        {
            return RowResult.Rejected("bad_date", "acknowledged_at", Cell("acknowledged_at"));
        }

        var rows = Number(Cell("rows"));
        if (status == "loaded" && rows is null)
        {
            return RowResult.Rejected(Cell("rows").Length == 0 ? "missing_value" : "bad_number", "rows", Cell("rows"));
        }

        var list = context.Database["acknowledgements.list"].First(r => r.GetInt64(0), file);
        var result = list == 0 ? RowResult.Rejected("unknown_list", "file", file)
            : sequence != list ? RowResult.Rejected("wrong_sequence", "sequence", Cell("sequence"))
            : status == "refused" ? RowResult.Rejected("refused", "status", status)
            : Content(list, rows!.Value, Cell("sha256"));
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(
            '\u001f', file, Cell("sequence"), Cell("rows"), Cell("sha256"), status, Instants.Text(at.ToUniversalTime())))))[..32];
        var added = context.Database["acknowledgements.add"].Run(
            context.Database["acknowledgements.last_id"].Scalar<long>() + 1, fingerprint, list == 0 ? null : list, file, status, result.Reason, at.ToUniversalTime(),
            context.AsOf.Day, fileId, row.Line);
        return result.Outcome != RowOutcome.Rejected && added == 0 ? RowResult.Unchanged : result;
    }

    /// <summary>What he has loaded is what we wrote: as it was, or as an erasure has left it. A loader that can't hash leaves the cell empty.</summary>
    private RowResult Content(long list, long rows, string sha256)
    {
        var hash = sha256.ToLowerInvariant();
        return hash.Length > 0 && !context.Database["acknowledgements.version_of_hash"].Any(list, hash)
            ? RowResult.Rejected("wrong_hash", "sha256", sha256)
            : context.Database["acknowledgements.version"].Any(list, rows, hash, hash.Length == 0 ? 1 : 0)
                ? RowResult.New
                : RowResult.Rejected("wrong_rows", "rows", rows.ToString(CultureInfo.InvariantCulture));
    }

    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
