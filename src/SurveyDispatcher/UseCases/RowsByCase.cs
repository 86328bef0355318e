using System.Runtime.CompilerServices;
using Survey.Domain;
using SurveyDispatcher.Files;

namespace SurveyDispatcher.UseCases;

/// <summary>The rows of a file of responses, sorted by the cases that they name: the store's trees are then gone through from one end to the other.</summary>
/// <remarks>
/// Responses come in no order. Over a million cases each commit would touch most pages of every tree. So a large part of the
/// file is read, kept as it is written, and sorted; a file is the same parts in the same order whenever it is read.
/// </remarks>
/// <param name="input">The file.</param>
/// <param name="caseColumn">Where it names the case.</param>
/// <param name="partBytes">How much is kept in memory to be sorted together: with 25 answers a row, some 250,000 rows.</param>
internal sealed class RowsByCase(CsvInput input, int caseColumn, int partBytes = RowsByCase.PartBytes)
{
    private const int PageRows = 1_000;

    private const int PartBytes = 50 << 20;

    private const int ChunkBytes = 1 << 21;

    private readonly List<Row> rows = [];
    private readonly List<byte[]> chunks = [];
    private int chunk, used, kept;
    private readonly ResponseCells page = new(input.Headers.Count);
    private byte[] records = new byte[1 << 18];

    /// <summary>The rows, page by page; a page is valid until the next one is asked for.</summary>
    /// <param name="skip">So many were taken before; they are left out.</param>
    /// <param name="ct">Nobody wants the rest.</param>
    public IEnumerable<ResponseCells> Pages(long skip, CancellationToken ct)
    {
        foreach (var row in input.Rows())
        {
            ct.ThrowIfCancellationRequested();
            Keep(row);
            if (kept >= partBytes)
            {
                foreach (var sorted in Sorted(ref skip))
                {
                    yield return sorted;
                }
            }
        }

        foreach (var sorted in Sorted(ref skip))
        {
            yield return sorted;
        }
    }

    private void Keep(CsvRow row)
    {
        var record = row.RawBytes;
        var needed = record.Length + 1;
        if (chunks.Count == 0 || used + needed > chunks[chunk].Length)
        {
            chunk = chunks.Count == 0 ? 0 : chunk + 1;
            used = 0;
            if (chunk == chunks.Count)
            {
                chunks.Add(new byte[Math.Max(ChunkBytes, needed)]);
            }
            else if (chunks[chunk].Length < needed)
            {
                chunks[chunk] = new byte[needed];
            }
        }

        record.CopyTo(chunks[chunk].AsSpan(used));
        chunks[chunk][used + record.Length] = (byte)'\n';
        var number = !row.IsMalformed && CaseId.TryParse(row.Cell(caseColumn), out _, out var of) ? of : 0;
        rows.Add(new Row(number, row.Line, chunk, used, record.Length, row.IsMalformed));
        used += needed;
        kept += needed + Unsafe.SizeOf<Row>();
    }

    /// <summary>What was kept, in pages; then there is room for the next part.</summary>
    private IEnumerable<ResponseCells> Sorted(ref long skip)
    {
        rows.Sort(); // rows that name no case come first
        var from = (int)Math.Min(skip, rows.Count);
        skip -= from;
        return Pages(from);
    }

    private IEnumerable<ResponseCells> Pages(int from)
    {
        for (; from < rows.Count; from += PageRows)
        {
            Fill(from, Math.Min(from + PageRows, rows.Count));
            yield return page;
        }

        rows.Clear();
        (chunk, used, kept) = (0, 0, 0);
    }

    private void Fill(int from, int until)
    {
        page.Clear();
        var length = 0;
        for (var i = from; i < until; i++)
        {
            if (!rows[i].IsMalformed)
            {
                length += rows[i].Length + 1;
            }
        }

        records = records.Length < length ? new byte[2 * length] : records;
        length = 0;
        for (var i = from; i < until; i++)
        {
            if (!rows[i].IsMalformed)
            {
                chunks[rows[i].Chunk].AsSpan(rows[i].Start, rows[i].Length + 1).CopyTo(records.AsSpan(length));
                length += rows[i].Length + 1;
            }
        }

        using var again = input.Again(records.AsMemory(0, length), rows.Skip(from).Take(until - from).Where(r => !r.IsMalformed).Select(r => r.Line)).GetEnumerator();
        for (var i = from; i < until; i++)
        {
            if (rows[i].IsMalformed)
            {
                page.AddMalformed(rows[i].Line, chunks[rows[i].Chunk].AsSpan(rows[i].Start, rows[i].Length));
            }
            else
            {
                again.MoveNext();
                page.Add(again.Current, rows[i].Case);
            }
        }
    }

    private readonly record struct Row(long Case, long Line, int Chunk, int Start, int Length, bool IsMalformed) : IComparable<Row>
    {
        public int CompareTo(Row other) => Case != other.Case ? Case.CompareTo(other.Case) : Line.CompareTo(other.Line);
    }
}
