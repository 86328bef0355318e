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
    private const int LabelWidth = 11;

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

    /// <summary>Sentences behind each other.</summary>
    public static string Sentences(IEnumerable<string> sentences) => string.Join(Say($" "), sentences);

    /// <summary>For people.</summary>
    public static string ToText(SourceCheck check, bool withContact)
    {
        var text = new StringBuilder();
        void Line(string line) => text.AppendLine(line);
        void Field(Phrase label, string value) => Line($"  {Columns.Left(Say(label), LabelWidth)}{value}");
        string Header(string header) => Masked(header, personal: check.HeaderIsData);

        Line(PlainText.Shown(check.File));
        Field($"source", Say(SourceLine(check)));
        if (check.Fitting.Skip(1).Any())
        {
            Field($"", Say($"{Listed(check.Fitting.Skip(1))} would fit its name, too; the first by name counts"));
        }

        Field($"read as", Say(Way(check.Source.Encoding.WebName, check.Source.Delimiter, check.Source.DateFormats)));
        Field($"as it is", Say(check.Refusal is null ? (Phrase)$"the file would be taken" : $"the whole file would be refused: {PlainText.Shown(check.Refusal)}"));
        Field($"looks like", check.Guess.NoTable ?? Say($"{check.Guess.Encoding}, {FileGuess.Word(check.Guess.Delimiter)} between cells. {Sentences(check.Guess.Why.Select(PlainText.Shown))}"));
        if (check.Headers.Count > 0)
        {
            Field($"header", string.Join(" | ", check.Headers.Select(Header)));
        }

        if (check.HeaderIsData)
        {
            Field($"", Say($"The first line looks like a customer's, not like a header (hidden here). Ask for a file with one."));
        }

        foreach (var (column, header) in check.Missing)
        {
            Field($"missing", Say($"{Intake.Columns[(int)column]}: the source reads it from '{PlainText.Shown(header)}', which the file does not have"));
        }

        foreach (var note in check.Notes)
        {
            Field($"note", PlainText.Shown(note));
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

    private static Phrase SourceLine(SourceCheck check) => check.Fitting.Contains(check.Source.Name)
        ? (Phrase)$"{check.Source.Name} (its pattern {PlainText.Shown(check.Source.FilePattern)} fits)"
        : check.Source == Source.Canonical ? (Phrase)$"none in config/sources fits its name, so it is read as docs/extract.md says"
        : check.Fitting.Count == 0 ? (Phrase)$"{check.Source.Name}, as asked for; by its name it would fit none"
        : $"{check.Source.Name}, as asked for; by its name it would be read with {check.Fitting[0]}";

    private static Phrase Way(string encoding, char delimiter, IEnumerable<string> dateFormats) =>
        $"{encoding}, {FileGuess.Word(delimiter)} between cells, dates {string.Join(Say($" or "), dateFormats)}";

    private static void Proposal(SourceCheck check, Action<string> line, Func<string, string> header)
    {
        if (check.Matches.Count > 0)
        {
            line("");
            line(Say($"Proposed mapping of headers that nothing reads"));
            var width = check.Matches.Max(m => Columns.Width(header(m.Header)));
            foreach (var match in check.Matches)
            {
                line($"  {Columns.Left(header(match.Header), width)}  {Intake.Columns[(int)match.Column],-15} {match.Confidence * 100,3:0}%  {PlainText.Shown(string.Join(Say($"; "), match.Evidence))}");
            }
        }

        if (check.Unused.Count > 0)
        {
            line("");
            line(Say($"Not used: {Listed(check.Unused.Select(header))}"));
        }

        if (check.Draft is not { } draft || !check.DraftIsAsked || check.HeaderIsData)
        {
            return;
        }

        line("");
        if (draft.Lacks.Count > 0)
        {
            line(Say($"Required, and not found: {Listed(draft.Lacks.Select(c => Intake.Columns[(int)c]))}. Where it is the same in all rows, say it with --constant, as in --constant {Intake.Columns[(int)draft.Lacks[0]]}={Example(draft.Lacks[0])}; else ask the sender for the column."));
        }

        if (draft.ToConfirm.Count > 0)
        {
            line(Say($"To be confirmed by somebody who knows the dealer system:"));
            foreach (var question in draft.ToConfirm)
            {
                line($"  - {PlainText.Shown(question)}");
            }
        }

        line("");
        line(Say(draft.Lacks.Count == 0 ? (Phrase)$"Draft of config/sources/NAME.json (--write NAME puts it there):" : $"Draft of config/sources/NAME.json, not complete yet:"));
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
        line(Say(check.ReadWithDraft ? (Phrase)$"Rows, as the draft would read them" : $"Rows, as {check.Source.Name} reads them"));
        foreach (var row in check.Rows)
        {
            line(Say($"  line {row.Line}: {Verdict(row, withContact)}"));
            var cells = row.Cells.Select((cell, c) => (Column: (DmsColumn)c, Cell: cell)).Where(c => c.Cell.Length > 0).Select(c => $"{Intake.Columns[(int)c.Column]}={Value(c.Column, c.Cell, withContact)}").ToList();
            if (cells.Count > 0)
            {
                line($"    {string.Join("  ", cells)}");
            }
        }

        if (sum.Read > check.Rows.Count)
        {
            line(Say($"  ... and {sum.Read - check.Rows.Count:N0} more row(s), counted below; --rows N shows N"));
        }

        line("");
        line(Say($"{sum.Read:N0} row(s): {sum.Accepted:N0} accepted, {sum.Read - sum.Accepted:N0} rejected"));
        void Count(Phrase label, int rows, string what) => line($"  {Columns.Left(Say(label), LabelWidth + 3)}{rows,7:N0}  {what}");
        foreach (var ((reason, column), count) in sum.Rejected)
        {
            Count($"rejected", count, column.Length > 0 ? Say($"{reason} in {column}") : reason);
        }

        Count($"eligible", sum.Eligible, Say($"as far as the row says; opt-outs, rests and what is stored are not looked at"));
        foreach (var (reason, count) in sum.ScreenedOut)
        {
            Count($"screened out", count, reason);
        }

        foreach (var (column, codes) in sum.UnknownCodes)
        {
            var shown = codes.OrderByDescending(c => c.Value).Take(MostCodes).Select(c => $"'{Value(column, c.Key, withContact)}' {c.Value:N0}");
            line(Say(codes.Count > MostCodes
                ? (Phrase)$"  unknown codes in {Intake.Columns[(int)column]}: {Listed(shown)}, and {codes.Count - MostCodes:N0} more. The table 'values' of the source has to say what they mean."
                : $"  unknown codes in {Intake.Columns[(int)column]}: {Listed(shown)}. The table 'values' of the source has to say what they mean."));
        }

        if (EmptyColumns(check) is { Count: > 0 } empty)
        {
            line(Say($"  empty in all rows: {Listed(empty)}"));
        }
    }

    private static Phrase Verdict(CheckedRow row, bool withContact) =>
        row.Fault is { Column.Length: > 0 } fault ? (Phrase)$"rejected, {fault.Reason}: {fault.Column} is '{FaultValue(fault, withContact)}'"
        : row.Fault is { } whole ? (Phrase)$"rejected, {whole.Reason}"
        : row.ScreenedOut is null ? (Phrase)$"accepted, may be asked"
        : $"accepted, screened out: {row.ScreenedOut}";

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
}
