using System.Text;
using SurveyDispatcher.Files;

namespace SurveyDispatcher.UseCases;

/// <summary>Some rows of a file: their cells, and their text as the file has it, until their cases have been looked up.</summary>
internal sealed class ResponseCells(int columns)
{
    private readonly List<(long Line, long Case, bool IsMalformed, int Start, int FirstEnd, int Raw, int RawLength)> rows = [];
    private readonly List<int> ends = [];
    private byte[] bytes = new byte[1 << 18];
    private int length;

    /// <summary>How many rows there are.</summary>
    public int Count => rows.Count;

    /// <summary>Adds a row.</summary>
    /// <param name="row">The row; one that is malformed has no cells.</param>
    /// <param name="caseNumber">Which case it names; 0: none.</param>
    public void Add(CsvRow row, long caseNumber)
    {
        var (start, firstEnd) = (length, ends.Count);
        for (var i = 0; i < columns; i++)
        {
            Put(row.CellBytes(i));
            ends.Add(length);
        }

        var raw = length;
        Put(row.RawBytes);
        rows.Add((row.Line, caseNumber, false, start, firstEnd, raw, length - raw));
    }

    /// <summary>Adds the text of a row that has no cells.</summary>
    public void AddMalformed(long line, ReadOnlySpan<byte> record)
    {
        var raw = length;
        Put(record);
        rows.Add((line, 0, true, raw, ends.Count, raw, length - raw));
    }

    /// <summary>The line of a row, the number of the case that it names (0: none), and whether it has cells that can be read.</summary>
    public (long Line, long Case, bool IsMalformed) this[int row] => (rows[row].Line, rows[row].Case, rows[row].IsMalformed);

    /// <summary>A cell in UTF-8, ASCII white space around it removed; empty for a column that is not there (index -1).</summary>
    public ReadOnlySpan<byte> Cell(int row, int column)
    {
        if (column < 0)
        {
            return [];
        }

        var (_, _, _, start, firstEnd, _, _) = rows[row];
        return bytes.AsSpan((column == 0 ? start : ends[firstEnd + column - 1])..ends[firstEnd + column]).Trim(" \t\r\n"u8);
    }

    /// <summary>A cell as text, white space around it removed.</summary>
    public string Text(int row, int column) => Encoding.UTF8.GetString(Cell(row, column)).Trim();

    /// <summary>Whether a cell has nothing but white space in it.</summary>
    public bool IsBlank(int row, int column) => Cell(row, column) is var cell && (cell.IsEmpty || (cell[0] >= 0x80 && Text(row, column).Length == 0));

    /// <summary>The record as the file has it.</summary>
    public string Raw(int row) => Encoding.UTF8.GetString(bytes, rows[row].Raw, rows[row].RawLength);

    /// <summary>Makes room for other rows.</summary>
    public void Clear()
    {
        rows.Clear();
        ends.Clear();
        length = 0;
    }

    private void Put(ReadOnlySpan<byte> text)
    {
        if (length + text.Length > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(2 * bytes.Length, length + text.Length));
        }

        text.CopyTo(bytes.AsSpan(length));
        length += text.Length;
    }
}
