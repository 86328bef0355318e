using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.UseCases.Sources;

/// <summary>What <c>source check</c> shows.</summary>
internal static class SourceCheckText
{
    private const int MostCodes = 20;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly HashSet<DmsColumn> Personal =
        [DmsColumn.CustomerId, DmsColumn.CustomerName, DmsColumn.Email, DmsColumn.Phone1, DmsColumn.Phone2, DmsColumn.StaffName];

    /// <summary>A value with its letters and digits hidden where it is, or looks like, somebody's name, address or number.</summary>
    public static string Masked(string value, bool personal)
    {
        var shown = PlainText.Shown(value);
        return personal || value.Contains('@', StringComparison.Ordinal) || (ColumnLooks.LooksLikePhone(value) && !DatePatterns.IsDate(value))
            ? string.Concat(shown.Select(c => char.IsLetterOrDigit(c) ? '*' : c))
            : shown;
    }

    /// <summary>For people.</summary>
    public static string ToText(SourceCheck check, bool withContact)
    {
        var text = new StringBuilder();
        void Line(string line = "") => text.AppendLine(line);
        string Header(string header) => Masked(header, personal: check.HeaderIsData);

        Line(PlainText.Shown(check.File));
        Line($"  source     {SourceLine(check)}");
        if (check.Fitting.Skip(1).Any())
        {
            Line($"             {string.Join(", ", check.Fitting.Skip(1))} would fit its name, too; the first by name counts");
        }

        Line($"  read as    {Way(check.Source.Encoding.WebName, check.Source.Delimiter, check.Source.DateFormats)}");
        Line($"  as it is   {(check.Refusal is null ? "the file would be taken" : "the whole file would be refused: " + PlainText.Shown(check.Refusal))}");
        Line($"  looks like {check.Guess.NoTable ?? $"{check.Guess.Encoding}, {FileGuess.Word(check.Guess.Delimiter)} between cells. {string.Join(" ", check.Guess.Why.Select(PlainText.Shown))}"}");
        if (check.Headers.Count > 0)
        {
            Line($"  header     {string.Join(" | ", check.Headers.Select(Header))}");
        }

        if (check.HeaderIsData)
        {
            Line("             The first line looks like a customer's, not like a header (hidden here). Ask for a file with one.");
        }

        foreach (var (column, header) in check.Missing)
        {
            Line($"  missing    {Intake.Columns[(int)column]}: the source reads it from '{PlainText.Shown(header)}', which the file does not have");
        }

        foreach (var note in check.Notes)
        {
            Line($"  note       {PlainText.Shown(note)}");
        }

        Proposal(check, Line, Header);
        Rows(check, withContact, Line);
        return text.ToString().TrimEnd();
    }

    /// <summary>For programs; the same.</summary>
    public static string ToJson(SourceCheck check, bool withContact) => JsonSerializer.Serialize(
        new
        {
            check.File,
            Source = check.Source.Name,
            check.Fitting,
            ReadAs = new { Encoding = check.Source.Encoding.WebName, Delimiter = check.Source.Delimiter.ToString(), check.Source.DateFormats },
            check.Refusal,
            LooksLike = new { check.Guess.Encoding, Delimiter = check.Guess.Delimiter.ToString(), check.Guess.HeaderLine, Evidence = check.Guess.Why, check.Guess.NoTable },
            Header = check.Headers.Select(h => Masked(h, check.HeaderIsData)),
            Missing = check.Missing.Select(m => new { Column = Intake.Columns[(int)m.Column], m.Header }),
            Mapping = check.Matches.Select(m => new { Header = Masked(m.Header, check.HeaderIsData), Column = Intake.Columns[(int)m.Column], Confidence = Math.Round(m.Confidence, 2), m.Evidence, m.Reversed }),
            Unused = check.Unused.Select(h => Masked(h, check.HeaderIsData)),
            Lacks = check.Draft?.Lacks.Select(c => Intake.Columns[(int)c]),
            ToConfirm = check.HeaderIsData ? null : check.Draft?.ToConfirm, // what is asked names the headers
            Undecided = check.HeaderIsData ? null : check.Draft?.Undecided,
            Draft = check.DraftIsAsked && !check.HeaderIsData ? check.Draft?.Json : null,
            check.Notes,
            ReadWith = check.Sum is null ? null : check.ReadWithDraft ? "draft" : check.Source.Name,
            Rows = check.Rows.Select(r => new
            {
                r.Line,
                Outcome = r.Fault is null ? "accepted" : "rejected",
                r.Fault?.Reason,
                r.Fault?.Column,
                Value = r.Fault is { } fault ? FaultValue(fault, withContact) : null,
                Eligible = r.Fault is null ? r.ScreenedOut is null : (bool?)null,
                r.ScreenedOut,
                Values = r.Cells.Select((cell, c) => (Column: (DmsColumn)c, Cell: cell)).Where(c => c.Cell.Length > 0).ToDictionary(c => Intake.Columns[(int)c.Column], c => Value(c.Column, c.Cell, withContact)),
            }),
            Sum = check.Sum is not { } sum ? null : new
            {
                Rows = sum.Read,
                sum.Accepted,
                sum.Eligible,
                sum.ScreenedOut,
                Rejected = sum.Rejected.Select(r => new { r.Key.Reason, r.Key.Column, Rows = r.Value }),
                Empty = EmptyColumns(check),
                UnknownCodes = sum.UnknownCodes.ToDictionary(c => Intake.Columns[(int)c.Key], c => c.Value.Take(MostCodes).Select(v => new { Code = Value(c.Key, v.Key, withContact), Rows = v.Value })),
            },
        },
        Json);

    private static string SourceLine(SourceCheck check) => check.Fitting.Contains(check.Source.Name)
        ? $"{check.Source.Name} (its pattern {PlainText.Shown(check.Source.FilePattern)} fits)"
        : check.Source == Source.Canonical ? "none in config/sources fits its name, so it is read as docs/extract.md says"
        : $"{check.Source.Name}, as asked for; by its name it would {(check.Fitting.Count == 0 ? "fit none" : $"be read with {check.Fitting[0]}")}";

    private static string Way(string encoding, char delimiter, IEnumerable<string> dateFormats) =>
        $"{encoding}, {FileGuess.Word(delimiter)} between cells, dates {string.Join(" or ", dateFormats)}";

    private static void Proposal(SourceCheck check, Action<string> line, Func<string, string> header)
    {
        if (check.Matches.Count > 0)
        {
            line("");
            line("Proposed mapping of headers that nothing reads");
            var width = check.Matches.Max(m => Width(header(m.Header)));
            foreach (var match in check.Matches)
            {
                var pad = new string(' ', width - Width(header(match.Header)));
                line($"  {header(match.Header)}{pad}  {Intake.Columns[(int)match.Column],-15} {match.Confidence * 100,3:0}%  {PlainText.Shown(string.Join("; ", match.Evidence))}");
            }
        }

        if (check.Unused.Count > 0)
        {
            line("");
            line($"Not used: {string.Join(", ", check.Unused.Select(header))}");
        }

        if (check.Draft is not { } draft || !check.DraftIsAsked || check.HeaderIsData)
        {
            return;
        }

        line("");
        if (draft.Lacks.Count > 0)
        {
            line($"Required, and not found: {string.Join(", ", draft.Lacks.Select(c => Intake.Columns[(int)c]))}. Where it is the same in all rows, say it with --constant, as in --constant {Intake.Columns[(int)draft.Lacks[0]]}={Example(draft.Lacks[0])}; else ask the sender for the column.");
        }

        if (draft.ToConfirm.Count > 0)
        {
            line("To be confirmed by somebody who knows the dealer system:");
            foreach (var question in draft.ToConfirm)
            {
                line($"  - {PlainText.Shown(question)}");
            }
        }

        line("");
        line(draft.Lacks.Count == 0 ? "Draft of config/sources/NAME.json (--write NAME puts it there):" : "Draft of config/sources/NAME.json, not complete yet:");
        foreach (var row in draft.Json.TrimEnd().Split('\n'))
        {
            line("  " + PlainText.Shown(row));
        }
    }

    private static void Rows(SourceCheck check, bool withContact, Action<string> line)
    {
        if (check.Sum is not { } sum)
        {
            return;
        }

        line("");
        line(check.ReadWithDraft ? "Rows, as the draft would read them" : $"Rows, as {check.Source.Name} reads them");
        foreach (var row in check.Rows)
        {
            line($"  line {row.Line}: {Verdict(row, withContact)}");
            var cells = row.Cells.Select((cell, c) => (Column: (DmsColumn)c, Cell: cell)).Where(c => c.Cell.Length > 0).Select(c => $"{Intake.Columns[(int)c.Column]}={Value(c.Column, c.Cell, withContact)}").ToList();
            if (cells.Count > 0)
            {
                line($"    {string.Join("  ", cells)}");
            }
        }

        if (sum.Read > check.Rows.Count)
        {
            line($"  ... and {sum.Read - check.Rows.Count:N0} more row(s), counted below; --rows N shows N");
        }

        line("");
        line($"{sum.Read:N0} row(s): {sum.Accepted:N0} accepted, {sum.Read - sum.Accepted:N0} rejected");
        foreach (var ((reason, column), count) in sum.Rejected)
        {
            line($"  rejected      {count,7:N0}  {reason}{(column.Length > 0 ? $" in {column}" : "")}");
        }

        line($"  eligible      {sum.Eligible,7:N0}  as far as the row says; opt-outs, rests and what is stored are not looked at");
        foreach (var (reason, count) in sum.ScreenedOut)
        {
            line($"  screened out  {count,7:N0}  {reason}");
        }

        foreach (var (column, codes) in sum.UnknownCodes)
        {
            var shown = codes.OrderByDescending(c => c.Value).Take(MostCodes).Select(c => $"'{Value(column, c.Key, withContact)}' {c.Value:N0}");
            line($"  unknown codes in {Intake.Columns[(int)column]}: {string.Join(", ", shown)}{(codes.Count > MostCodes ? $", and {codes.Count - MostCodes:N0} more" : "")}. The table 'values' of the source has to say what they mean.");
        }

        if (EmptyColumns(check) is { Count: > 0 } empty)
        {
            line($"  empty in all rows: {string.Join(", ", empty)}");
        }
    }

    private static string Verdict(CheckedRow row, bool withContact) => row.Fault is { } fault
        ? $"rejected, {fault.Reason}{(fault.Column.Length > 0 ? $": {fault.Column} is '{FaultValue(fault, withContact)}'" : "")}"
        : row.ScreenedOut is null ? "accepted, may be asked" : $"accepted, screened out: {row.ScreenedOut}";

    private static string FaultValue(RowFault fault, bool withContact) =>
        fault.Column.Length == 0 ? "" : Value((DmsColumn)Intake.Columns.ToList().IndexOf(fault.Column), fault.Value, withContact);

    private static string Value(DmsColumn column, string value, bool withContact) =>
        withContact ? PlainText.Shown(value)
        : Intake.IsVin(value.ToUpperInvariant()) || column is DmsColumn.TransactionId or DmsColumn.DealerCode or DmsColumn.MileageKm ? (value.Contains('@', StringComparison.Ordinal) ? Masked(value, true) : PlainText.Shown(value))
        : Masked(value, Personal.Contains(column));

    /// <summary>Columns that the file has, and that no row fills.</summary>
    private static List<string> EmptyColumns(SourceCheck check)
    {
        if (check.Sum is not { Read: > 0 } sum)
        {
            return [];
        }

        var missing = check.Missing.Select(m => m.Column).ToHashSet();
        var read = Enumerable.Range(0, Intake.Columns.Count).Select(c => (DmsColumn)c)
            .Where(c => check.ReadWithDraft ? check.Matches.Any(m => m.Column == c) : check.Source.Headers[(int)c] is not null && check.Source.Constants[(int)c] is null && !missing.Contains(c));
        return [.. read.Where(c => sum.Filled[(int)c] == 0).Select(c => Intake.Columns[(int)c])];
    }

    private static string Example(DmsColumn column) => column switch
    {
        DmsColumn.RecordType => "service",
        DmsColumn.Country => "AU",
        DmsColumn.CustomerType => "individual",
        DmsColumn.DealerCode => "AU01",
        _ => "VALUE",
    };

    /// <summary>Places on a terminal: signs of East Asian scripts take two.</summary>
    private static int Width(string text) => text.Sum(c => c >= 0x1100 && (c <= 0x115f || c is (>= '\u2e80' and <= '\ua4cf') or (>= '\uac00' and <= '\ud7a3') or (>= '\uf900' and <= '\ufaff') or (>= '\ufe30' and <= '\ufe6f') or (>= '\uff00' and <= '\uff60')) ? 2 : 1);
}
