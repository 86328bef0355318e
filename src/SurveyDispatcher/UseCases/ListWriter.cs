using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;

namespace SurveyDispatcher.UseCases;

/// <summary>A row can't be written as the vendor's layout wants it; nothing of it was.</summary>
/// <param name="Column">The column.</param>
/// <param name="Problem">What is wrong, without a word of what the cell says.</param>
internal sealed record CellFault(string Column, Phrase Problem);

/// <summary>Writes a list for the vendor in his layout (<c>config/vendor.json</c>), or in the contract's.</summary>
/// <remarks>
/// No character ever becomes a question mark: what the encoding can't hold is written in Latin letters where the layout says so, and else
/// the row is a fault. A cell that is cut or too long for its column is dealt with the same way.
/// </remarks>
internal sealed class ListWriter : IDisposable
{
    private readonly Stream stream;
    private readonly ListLayout layout;
    private readonly bool isJapanese;
    private readonly IReadOnlyList<string> names;
    private readonly int[] places;
    private readonly int caseId;
    private readonly int phone;
    private readonly CsvOutput? contract;

    /// <summary>Writes to a stream, which stays open.</summary>
    /// <param name="stream">The list.</param>
    /// <param name="layout">Its layout.</param>
    /// <param name="kind">phone, withdrawals.</param>
    /// <param name="isJapanese">The market's language is Japanese.</param>
    public ListWriter(Stream stream, ListLayout layout, string kind, bool isJapanese)
    {
        (this.stream, this.layout, this.isJapanese, names) = (stream, layout, isJapanese, ListLayout.ColumnsOf(kind));
        places = [.. layout.Columns.Select(c => names.ToList().IndexOf(c.Column))];
        (caseId, phone) = (names.ToList().IndexOf("case_id"), names.ToList().IndexOf("phone_1"));
        if (layout.IsContract)
        {
            contract = new CsvOutput(stream);
            contract.Row([.. names]);
            return;
        }

        stream.Write(layout.Mark);
        if (layout.HasHeader)
        {
            Write(layout.IsFixed
                ? string.Concat(layout.Columns.Select(c => Filled(Fitting(c.Header, c.Width), c)))
                : string.Join(layout.Delimiter, layout.Columns.Select(c => Quoted(c.Header))));
        }
    }

    /// <summary>What the rows come to.</summary>
    public ControlTotals Totals { get; } = new();

    /// <summary>Names that are left empty, since nobody can say how they are read.</summary>
    public long Unread { get; private set; }

    /// <summary>Writes a row; returns why it can't be written, or null.</summary>
    /// <param name="cells">In the order of the contract: texts, days (<see cref="DateOnly"/>) and points in time (<see cref="DateTimeOffset"/>).</param>
    public CellFault? Row(params ReadOnlySpan<object?> cells)
    {
        if (contract is not null)
        {
            WriteAsContract(cells);
        }
        else if (WriteAsDescribed(cells) is { } fault)
        {
            return fault;
        }

        Totals.Add((string)cells[caseId]!, phone < 0 ? null : (string?)cells[phone]);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => contract?.Dispose();

    private void WriteAsContract(ReadOnlySpan<object?> cells)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            if (IsPhone(names[i]))
            {
                contract!.Phone((string?)cells[i]);
            }
            else
            {
                contract!.Cell(TextOf(cells[i]));
            }
        }

        contract!.EndRow();
    }

    private CellFault? WriteAsDescribed(ReadOnlySpan<object?> cells)
    {
        var line = new StringBuilder();
        var unread = 0;
        for (var i = 0; i < places.Length; i++)
        {
            var column = layout.Columns[i];
            var value = places[i] < 0 ? column.Constant : TextOf(cells[places[i]]);
            if (!Holds(value) && !Holds(value = value.Normalize(NormalizationForm.FormC)))
            {
                if (!layout.Transliterate)
                {
                    return new CellFault(column.Column, $"{layout.Encoding.WebName} does not have all of its characters, and the layout has no transliterate");
                }

                var latin = LatinLetters.Of(value, isJapanese);
                unread += latin is null ? 1 : 0;
                value = latin ?? "";
            }

            if (!layout.IsFixed)
            {
                line.Append(i > 0 ? layout.Delimiter : "").Append(Quoted(places[i] < 0 || IsPhone(column.Column) ? value : CsvOutput.Neutral(value)));
                continue;
            }

            var bytes = layout.Encoding.GetByteCount(value);
            if (bytes > column.Width && !column.Cut)
            {
                return new CellFault(column.Column, $"it needs {bytes} bytes, the column has {column.Width} and does not allow it to be cut");
            }

            line.Append(Filled(Fitting(value, column.Width), column));
        }

        Unread += unread;
        Write(line.ToString());
        return null;
    }

    private string TextOf(object? cell) => cell switch
    {
        null => "",
        DateOnly day => day.ToString(layout.DateFormat, CultureInfo.InvariantCulture),
        DateTimeOffset at => at.ToString(layout.TimeFormat, CultureInfo.InvariantCulture),
        _ => (string)cell,
    };

    /// <summary>As much of a text as fits, whole characters only.</summary>
    private string Fitting(string text, int width)
    {
        var kept = new StringBuilder();
        var left = width;
        foreach (var rune in text.EnumerateRunes())
        {
            left -= layout.Encoding.GetByteCount(rune.ToString());
            if (left < 0)
            {
                break;
            }

            kept.Append(rune);
        }

        return kept.ToString();
    }

    private string Filled(string text, ListColumn column)
    {
        var pad = new string(column.Pad, Math.Max(0, column.Width - layout.Encoding.GetByteCount(text)));
        return column.AlignRight ? pad + text : text + pad;
    }

    private string Quoted(string text) => layout.Quoting switch
    {
        Quoting.None => text.Replace(layout.Delimiter, ' '),
        Quoting.Needed when text.AsSpan().IndexOfAny(layout.Delimiter, '"', '\n') < 0 && !text.Contains('\r', StringComparison.Ordinal) => text,
        _ => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
    };

    private bool Holds(string text)
    {
        try
        {
            return layout.Encoding.GetString(layout.Encoding.GetBytes(text)) == text;
        }
        catch (Exception e) when (e is EncoderFallbackException or DecoderFallbackException)
        {
            return false;
        }
    }

    private void Write(string line) => stream.Write(layout.Encoding.GetBytes(line + layout.LineEnding));

    private static bool IsPhone(string column) => column is "phone_1" or "phone_2";
}
