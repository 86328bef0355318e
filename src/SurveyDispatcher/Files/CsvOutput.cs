using CsvHelper;

namespace SurveyDispatcher.Files;

/// <summary>Writes CSV as people and spreadsheets open it: UTF-8 with BOM, CRLF, no cell that a spreadsheet would run.</summary>
public sealed class CsvOutput : ITableOutput, IDisposable
{
    /// <summary>What a spreadsheet takes for the start of a formula (OWASP's list, and the full-width forms of East Asian ones).</summary>
    private const string FormulaStarts = "=+-@\t\r\n＝＋－＠";

    private static readonly CsvWriterOptions Marked = new() { WriteByteOrderMark = true };
    private static readonly CsvWriterOptions Unmarked = new() { WriteByteOrderMark = false };

    private readonly CsvWriter writer;

    /// <summary>Writes to a stream, which stays open; without the mark when the stream has one already.</summary>
    public CsvOutput(Stream stream, bool withMark = true) => writer = CsvWriter.Create(stream, withMark ? Marked : Unmarked, leaveOpen: true);

    /// <summary>Writes a record; null is an empty cell.</summary>
    public void Row(params ReadOnlySpan<string?> cells)
    {
        foreach (var cell in cells)
        {
            Cell(cell);
        }

        writer.EndRecord();
    }

    /// <summary>Writes one cell; an apostrophe in front keeps a spreadsheet from running it.</summary>
    public void Cell(string? text) => writer.WriteField(Neutral(text ?? ""));

    /// <summary>A text that no spreadsheet runs.</summary>
    public static string Neutral(string text) => text.Length > 0 && FormulaStarts.Contains(text[0], StringComparison.Ordinal) ? "'" + text : text;

    /// <summary>Writes a phone number as it is: its plus sign is part of it, and no formula.</summary>
    public void Phone(string? e164) => writer.WriteField(e164 ?? "");

    /// <summary>Writes a number of ours as it is: its minus is no formula.</summary>
    public void Number(string? number) => writer.WriteField(number ?? "");

    /// <summary>Writes one cell of UTF-8, the same way.</summary>
    public void Cell(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty || !StartsFormula(utf8))
        {
            writer.WriteField(utf8);
            return;
        }

        var guarded = new byte[utf8.Length + 1];
        guarded[0] = (byte)'\'';
        utf8.CopyTo(guarded.AsSpan(1));
        writer.WriteField(guarded);
    }

    /// <summary>Ends the record that <see cref="Cell"/> and <see cref="Phone"/> have begun.</summary>
    public void EndRow() => writer.EndRecord();

    /// <inheritdoc/>
    public void Dispose()
    {
        writer.Flush();
        writer.Dispose();
    }

    /// <inheritdoc/>
    void ITableOutput.Text(ReadOnlySpan<byte> utf8) => Cell(utf8);

    /// <inheritdoc/>
    void ITableOutput.Phone(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > 1 && utf8[0] == '+' && utf8[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
        {
            writer.WriteField(utf8);
        }
        else
        {
            Cell(utf8); // what a file says of a number can be anything
        }
    }

    /// <inheritdoc/>
    void ITableOutput.Integer(long number) => writer.WriteField(number);

    /// <inheritdoc/>
    void ITableOutput.Integer(ReadOnlySpan<byte> digits) => writer.WriteField(digits);

    /// <inheritdoc/>
    void ITableOutput.Decimal(double number, int decimals) => writer.WriteField(number, decimals == 6 ? "F6" : $"F{decimals}");

    /// <summary><see cref="FormulaStarts"/> in UTF-8.</summary>
    private static bool StartsFormula(ReadOnlySpan<byte> utf8) => utf8[0] switch
    {
        (byte)'=' or (byte)'+' or (byte)'-' or (byte)'@' or (byte)'\t' or (byte)'\r' or (byte)'\n' => true,
        0xEF => utf8.StartsWith("＝"u8) || utf8.StartsWith("＋"u8) || utf8.StartsWith("－"u8) || utf8.StartsWith("＠"u8),
        _ => false,
    };
}
