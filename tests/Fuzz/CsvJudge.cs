using System.Text;
using SurveyDispatcher.Files;

namespace Fuzz;

/// <summary>Reads a file as the program does, and holds what comes out against the text.</summary>
internal static class CsvJudge
{
    /// <summary>Longer records may be taken apart.</summary>
    private const int Surveyable = 200_000;

    /// <remarks>A record with too many or too few cells that spans lines is read line by line: its lines are judged, not its cells.</remarks>
    /// <summary>Opens a file and hands on its rows; every line must be in exactly one of them.</summary>
    /// <returns>The number of rows.</returns>
    public static int Read(CsvInput input, byte[] bytes, Encoding encoding, char delimiter, Action<CsvRow> take)
    {
        var rows = new List<(long Line, string Raw, bool Malformed, string[] Cells)>();
        foreach (var row in input.Rows())
        {
            var cells = row.IsMalformed ? [] : Enumerable.Range(0, input.Headers.Count).Select(row.Cell).ToArray();
            rows.Add((row.Line, row.Raw, row.IsMalformed, cells));
            take(row);
        }

        var text = encoding.GetString(bytes);
        text = text.StartsWith('\uFEFF') ? text[1..] : text;
        NothingIsSwallowed(text, rows);
        if (PlainCsv.Records(text, delimiter) is { Count: > 0 } records && records.All(r => r.Sum(c => c.Length) < Surveyable)
            && !text.StartsWith('\uFEFF') && records[0].Count == input.Headers.Count && !records.Any(r => r.Count != records[0].Count && r.Any(c => c.AsSpan().ContainsAny('\r', '\n'))))
        {
            Finding.Unless(rows.Count == records.Count - 1, $"{rows.Count} rows were read, but the file has {records.Count - 1}");
            for (var i = 0; i < rows.Count; i++)
            {
                var (record, row) = (records[i + 1], rows[i]);
                Finding.Unless(row.Malformed == (record.Count != input.Headers.Count), $"the row on line {row.Line} is {(row.Malformed ? "" : "not ")}malformed, with {record.Count} cells of {input.Headers.Count}");
                Finding.Unless(row.Malformed || record.Select(c => c.Trim()).SequenceEqual(row.Cells), $"the cells of the row on line {row.Line} are not the file's");
            }
        }

        return rows.Count;
    }

    /// <summary>Each row stands where it says, none overlaps another, and between them there is nothing.</summary>
    private static void NothingIsSwallowed(string text, List<(long Line, string Raw, bool Malformed, string[] Cells)> rows)
    {
        var lines = PlainCsv.Lines(text);
        long next = -1;
        foreach (var (line, raw, _, _) in rows)
        {
            var own = PlainCsv.Lines(raw.TrimEnd('\r', '\n'));
            Finding.Unless(line >= 2 && line + Math.Max(own.Count, 1) - 1 <= lines.Count, $"a row of {own.Count} lines is said to be on line {line} of {lines.Count}");
            Finding.Unless(next < 0 || line >= next, $"the row on line {line} overlaps the one before it");
            Blank(next < 0 ? line : next, line);
            for (var i = 0; i < own.Count; i++)
            {
                Finding.Unless(own[i] == lines[(int)line - 1 + i], $"the row on line {line} is not what stands there");
            }

            next = line + Math.Max(own.Count, 1);
        }

        if (next > 0)
        {
            Blank(next, lines.Count + 1);
        }

        void Blank(long from, long to)
        {
            for (var i = from; i < to; i++)
            {
                Finding.Unless(string.IsNullOrWhiteSpace(lines[(int)i - 1]), $"line {i} is in no row");
            }
        }
    }
}
