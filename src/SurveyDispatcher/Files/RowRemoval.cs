using System.Runtime.InteropServices;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Files;

/// <summary>A file that can't be read row by row: bytes that its encoding can't be, or no line ends.</summary>
public sealed class NoRowsException(Phrase message, Exception? inner = null) : Exception(Say(message), inner);

/// <summary>Takes rows out of a CSV file; every other byte stays as it is, in whatever encoding.</summary>
/// <remarks>
/// Bytes are cut, never decoded and encoded again: East Asian encodings have several bytes for one character, and a file that
/// comes back in another form is no longer what the dealer sent. Where quoting is broken, each line is a row of its own, as in
/// <see cref="CsvInput"/>: a person's line goes, and not all the lines behind a stray quote.
/// </remarks>
public static class RowRemoval
{
    private const int MaxLineBytes = 1 << 20;

    /// <summary>As in <see cref="CsvInput"/>: what is longer was never taken as one row.</summary>
    private const int MaxRecordChars = 1 << 20;

    /// <summary>Removes the rows of which <paramref name="goes"/> is true; a file without any stays untouched.</summary>
    /// <param name="path">The file. It is replaced whole or not at all.</param>
    /// <param name="encoding">A strict encoding.</param>
    /// <param name="delimiter">Between cells.</param>
    /// <param name="goes">Is given the header's cells and the row's; the header itself is asked about, too, since a broken file may have none.</param>
    /// <param name="target">Where the rest is written; null: in the file's place.</param>
    /// <returns>How many rows were removed, and how many are left, header not counted.</returns>
    /// <exception cref="NoRowsException">There are no rows in it.</exception>
    public static (long Removed, long Left) Remove(
        string path, Encoding encoding, char delimiter, Func<IReadOnlyList<string>, IReadOnlyList<string>, bool> goes, string? target = null)
    {
        List<string>? header = null;
        bool Goes(List<string> cells) => goes(header ??= cells, cells);
        long all = 0;
        if (!Records(path, encoding, delimiter).Any(r =>
        {
            all++;
            return Goes(r.Cells);
        }))
        {
            return (0, Math.Max(all - 1, 0));
        }

        long removed = 0, left = 0;
        var changedAt = File.GetLastWriteTimeUtc(path);
        DurableFile.Write(target ?? path, stream =>
        {
            header = null;
            foreach (var record in Records(path, encoding, delimiter))
            {
                if (Goes(record.Cells))
                {
                    removed++;
                    continue;
                }

                record.Lines.ForEach(l => stream.Write(l));
                left += record.Cells is [""] ? 0 : 1;
            }
        });
        File.SetLastWriteTimeUtc(target ?? path, changedAt); // how long a file is kept counts from when it came
        return (removed, Math.Max(left - 1, 0));
    }

    private static IEnumerable<(List<byte[]> Lines, List<string> Cells)> Records(string path, Encoding encoding, char delimiter)
    {
        using var lines = Lines(path, encoding).GetEnumerator();
        var ahead = new LinkedList<byte[]>();
        byte[]? Next()
        {
            if (ahead.First is { } first)
            {
                ahead.RemoveFirst();
                return first.Value;
            }

            return lines.MoveNext() ? lines.Current : null;
        }

        var columns = 0;
        while (Next() is { } line)
        {
            List<byte[]> taken = [line];
            var text = Text(line, encoding);
            var record = new Record(delimiter);
            record.Add(text);
            for (var length = text.Length; record.IsOpen && length < MaxRecordChars && Next() is { } more;)
            {
                taken.Add(more);
                var next = Text(more, encoding);
                length += next.Length;
                record.Add(next);
            }

            var (complete, cells) = (!record.IsOpen, record.Cells);
            if (taken.Count > 1 && (!complete || cells.Count == 0 || (columns > 0 && cells.Count != columns)))
            {
                for (var i = taken.Count - 1; i > 0; i--)
                {
                    ahead.AddFirst(taken[i]);
                }

                taken = [line];
                complete = false;
            }

            cells = complete && cells.Count > 0 ? cells : [.. text.Split(delimiter).Select(c => c.Trim().Trim('"'))];
            columns = columns == 0 ? cells.Count : columns;
            yield return (taken, cells);
        }
    }

    private static string Text(byte[] line, Encoding encoding)
    {
        try
        {
            var text = encoding.GetString(line);
            return text.Contains('\0', StringComparison.Ordinal) ? throw new NoRowsException($"It is binary, or in another encoding.") : text;
        }
        catch (DecoderFallbackException e)
        {
            throw new NoRowsException($"It has bytes that its encoding can't be.", e);
        }
    }

    /// <summary>The cells of a record, line after line: each is looked at once, however many a quote spans.</summary>
    private sealed class Record(char delimiter)
    {
        private readonly StringBuilder cell = new();
        private bool begun;

        /// <summary>A quote is still open.</summary>
        public bool IsOpen { get; private set; }

        /// <summary>None where the quoting is broken.</summary>
        public List<string> Cells { get; } = [];

        public void Add(string line)
        {
            var end = line.AsSpan().TrimEnd("\r\n").Length;
            for (var i = 0; i < (IsOpen ? line.Length : end); i++)
            {
                var c = line[i];
                if (IsOpen)
                {
                    if (c != '"')
                    {
                        cell.Append(c);
                    }
                    else if (i + 1 < line.Length && line[i + 1] == '"')
                    {
                        cell.Append('"');
                        i++;
                    }
                    else if (i + 1 < end && line[i + 1] != delimiter && !char.IsWhiteSpace(line[i + 1]))
                    {
                        Cells.Clear(); // text behind a closing quote: it was not opened where it seems to be
                        IsOpen = false;
                        return;
                    }
                    else
                    {
                        IsOpen = false;
                    }
                }
                else if (c == delimiter)
                {
                    EndCell();
                }
                else if (c == '"' && !begun)
                {
                    (IsOpen, begun) = (true, true);
                }
                else
                {
                    begun |= !char.IsWhiteSpace(c) && c != '\uFEFF';
                    cell.Append(c);
                }
            }

            if (!IsOpen)
            {
                EndCell();
            }
        }

        private void EndCell()
        {
            var text = cell.ToString().Trim();
            Cells.Add(Cells.Count == 0 ? text.TrimStart('\uFEFF') : text);
            cell.Clear();
            begun = false;
        }
    }

    /// <summary>The file's lines with their ends: line feed, both, or a carriage return alone.</summary>
    private static IEnumerable<byte[]> Lines(string path, Encoding encoding)
    {
        var (feed, back) = (encoding.GetBytes("\n"), encoding.GetBytes("\r"));
        var unit = feed.Length;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.SequentialScan);
        var line = new List<byte>(512);
        var buffer = new byte[1 << 16];
        var afterReturn = false;
        int read;
        while ((read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0)
        {
            for (var at = 0; at < read;)
            {
                if (afterReturn && !buffer.AsSpan(at, read - at).StartsWith(feed))
                {
                    yield return [.. line];
                    line.Clear();
                }

                var length = UpToEnd(buffer.AsSpan(at, read - at), feed, back);
                line.AddRange(buffer.AsSpan(at, length));
                at += length;
                var last = line.Count - Math.Min(line.Count, unit);
                afterReturn = CollectionsMarshal.AsSpan(line)[last..].SequenceEqual(back);
                if (CollectionsMarshal.AsSpan(line)[last..].SequenceEqual(feed))
                {
                    yield return [.. line];
                    line.Clear();
                }
                else if (line.Count > MaxLineBytes)
                {
                    throw new NoRowsException($"A line of it is longer than any row is.");
                }
            }
        }

        if (line.Count > 0)
        {
            yield return [.. line];
        }
    }

    /// <summary>The bytes up to the next line end and with it, or all of them.</summary>
    private static int UpToEnd(ReadOnlySpan<byte> bytes, byte[] feed, byte[] back)
    {
        if (feed.Length == 1)
        {
            return bytes.IndexOfAny(feed[0], back[0]) is var end and >= 0 ? end + 1 : bytes.Length;
        }

        for (var at = 0; at + feed.Length <= bytes.Length; at += feed.Length)
        {
            if (bytes.Slice(at, feed.Length).SequenceEqual(feed) || bytes.Slice(at, feed.Length).SequenceEqual(back))
            {
                return at + feed.Length;
            }
        }

        return bytes.Length;
    }
}
