using System.Globalization;

namespace SurveyDispatcher.UseCases;

/// <summary>Writes rows with tabs between their cells, no quotes, no line breaks inside a cell: SPSS and PSPP end a record at every line break, quoted or not.</summary>
internal sealed class TabOutput(Stream stream, int columns) : ITableOutput, IDisposable
{
    private readonly int[] widths = new int[columns];
    private byte[] buffer = new byte[1 << 16];
    private int used, column;

    /// <summary>The bytes of the longest cell of each column.</summary>
    public IReadOnlyList<int> Widths => widths;

    /// <summary>Begins to measure anew: the header's cells are no values.</summary>
    public void ForgetWidths() => Array.Clear(widths);

    public void Text(ReadOnlySpan<byte> utf8)
    {
        Room(utf8.Length + 1);
        if (column > 0)
        {
            buffer[used++] = (byte)'\t';
        }

        var cell = buffer.AsSpan(used, utf8.Length);
        utf8.CopyTo(cell);
        used += utf8.Length;
        widths[column] = Math.Max(widths[column], utf8.Length);
        column++;
        for (int at; (at = cell.IndexOfAny("\t\r\n"u8)) >= 0; cell = cell[(at + 1)..])
        {
            cell[at] = (byte)' ';
        }
    }

    public void Phone(ReadOnlySpan<byte> utf8) => Text(utf8);

    public void Integer(long number)
    {
        Span<byte> digits = stackalloc byte[20];
        number.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        Text(digits[..length]);
    }

    public void Integer(ReadOnlySpan<byte> digits) => Text(digits);

    public void Decimal(double number, int decimals)
    {
        Span<byte> digits = stackalloc byte[64];
        number.TryFormat(digits, out var length, $"F{decimals}", CultureInfo.InvariantCulture);
        Text(digits[..length]);
    }

    public void EndRow()
    {
        Room(1);
        buffer[used++] = (byte)'\n';
        column = 0;
    }

    public void Flush()
    {
        stream.Write(buffer, 0, used);
        used = 0;
    }

    public void Dispose() => Flush();

    private void Room(int bytes)
    {
        if (used + bytes > buffer.Length)
        {
            Flush();
            if (bytes > buffer.Length)
            {
                buffer = new byte[2 * bytes];
            }
        }
    }
}

/// <summary>Writes the same rows into two outputs.</summary>
internal sealed class BothOutputs(ITableOutput one, ITableOutput other) : ITableOutput
{
    public void Text(ReadOnlySpan<byte> utf8)
    {
        one.Text(utf8);
        other.Text(utf8);
    }

    public void Phone(ReadOnlySpan<byte> utf8)
    {
        one.Phone(utf8);
        other.Phone(utf8);
    }

    public void Integer(long number)
    {
        one.Integer(number);
        other.Integer(number);
    }

    public void Integer(ReadOnlySpan<byte> digits)
    {
        one.Integer(digits);
        other.Integer(digits);
    }

    public void Decimal(double number, int decimals)
    {
        one.Decimal(number, decimals);
        other.Decimal(number, decimals);
    }

    public void EndRow()
    {
        one.EndRow();
        other.EndRow();
    }
}
