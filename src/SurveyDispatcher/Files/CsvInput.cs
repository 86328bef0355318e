using System.Security.Cryptography;
using System.Text;
using CsvHelper;
using Survey.Domain;

namespace SurveyDispatcher.Files;

/// <summary>A file that is refused as a whole, with nothing taken from it.</summary>
public sealed class FileRefusedException(Phrase message) : Exception(Say(message));

/// <summary>A CSV file that has passed the checks of the whole file; its rows are read as a stream.</summary>
/// <remarks>
/// The file is read twice: once to see that every byte is what the encoding allows, so that a fault near the end
/// leaves nothing behind, and once to take the rows. Memory is constant.
/// </remarks>
public sealed class CsvInput
{
    private const int MaxRecordBytes = 1 << 20;
    private readonly string path;
    private readonly Encoding encoding;
    private readonly char delimiter;
    private (long Length, DateTime ChangedAt) stamp;

    private CsvInput(string path, Encoding encoding, char delimiter, string sha256)
    {
        this.path = path;
        this.encoding = encoding;
        this.delimiter = delimiter;
        Sha256 = sha256;
    }

    /// <summary>The hash of the file's bytes.</summary>
    public string Sha256 { get; }

    /// <summary>The header's names, trimmed, in order.</summary>
    public IReadOnlyList<string> Headers { get; private set; } = [];

    /// <summary>Checks a file: encoding, binary junk, lines too long, header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="encoding">A strict encoding: it throws on bytes that it can't be.</param>
    /// <param name="delimiter">Between cells.</param>
    /// <param name="required">The headers without which the file makes no sense.</param>
    /// <exception cref="IOException">The file can't be read, or is still being written.</exception>
    /// <exception cref="FileRefusedException">The file is refused; the message says why and what to do.</exception>
    public static CsvInput Open(string path, Encoding encoding, char delimiter, IEnumerable<string> required)
    {
        var stamp = StampOf(path);
        try
        {
            if (stamp.Length == 0) // pipes and devices have no length, either, and whoever opens one may wait for ever
            {
                throw new FileRefusedException($"The file is empty. Ask the sender for the complete file.");
            }

            var input = new CsvInput(path, encoding, delimiter, CheckBytes(path, encoding)) { stamp = stamp };
            input.ReadHeader([.. required]);
            return input;
        }
        catch (FileRefusedException)
        {
            CheckUnchanged(path, stamp); // a file that is not all there yet may look like a bad one
            throw;
        }
    }

    /// <summary>The position of a column, or -1.</summary>
    public int IndexOf(string header)
    {
        for (var i = 0; i < Headers.Count; i++)
        {
            if (string.Equals(Headers[i], header, StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Refuses a file with one of these columns twice. Others, which nobody reads, may be there as often as they like.</summary>
    /// <exception cref="FileRefusedException">One is.</exception>
    public void RefuseTwice(IEnumerable<string> columns)
    {
        if (columns.FirstOrDefault(c => Headers.Count(h => string.Equals(h, c, StringComparison.OrdinalIgnoreCase)) > 1) is { } twice)
        {
            throw new FileRefusedException($"The header names {twice} twice; nobody can say which one is meant. Ask the sender for a file with each column once.");
        }
    }

    /// <summary>The data rows. A row is valid until the next one is asked for.</summary>
    /// <remarks>
    /// A quote that is opened by mistake swallows rows until another one closes it, or the rest of the file. Where the lines
    /// of a broken record make rows of their own, they are read line by line: the damage stays in its line.
    /// </remarks>
    public IEnumerable<CsvRow> Rows()
    {
        long tooLongFrom = 0;
        foreach (var row in Read(FileReader(lineBreaksInQuotes: true), 0))
        {
            if (row.IsTooLong)
            {
                tooLongFrom = row.Line;
                break;
            }

            if (!row.IsMalformed || !row.SpansLines || Read(RecordReader(row.RawBytes.ToArray()), 0).All(line => line.IsMalformed))
            {
                yield return row;
                continue;
            }

            foreach (var line in Read(RecordReader(row.RawBytes.ToArray()), row.Line - 1))
            {
                yield return line;
            }
        }

        if (tooLongFrom > 0)
        {
            foreach (var row in Read(FileReader(lineBreaksInQuotes: false), 0).SkipWhile(r => r.Line < tooLongFrom))
            {
                yield return row;
            }
        }

        CheckUnchanged(path, stamp);
    }

    /// <summary>Rows of this file once more, from their text.</summary>
    /// <param name="records">The records, each followed by a line feed.</param>
    /// <param name="lines">Where each of them stands in the file.</param>
    /// <remarks>All by one reader: it brings buffers of its own, too large to be made for each row.</remarks>
    public IEnumerable<CsvRow> Again(ReadOnlyMemory<byte> records, IEnumerable<long> lines)
    {
        using var rows = Read(onMalformed => CsvReader.Create(records, Options(lineBreaksInQuotes: true, onMalformed, hasHeader: false)), 0).GetEnumerator();
        foreach (var line in lines)
        {
            rows.MoveNext();
            rows.Current.StandsOn(line);
            yield return rows.Current;
        }
    }

    private static (long Length, DateTime ChangedAt) StampOf(string path)
    {
        var info = new FileInfo(path);
        return (info.Length, info.LastWriteTimeUtc);
    }

    /// <summary>A rename does not take a file from a sender who has it open: he goes on writing where it lies now.</summary>
    private static void CheckUnchanged(string path, (long Length, DateTime ChangedAt) before)
    {
        if (StampOf(path) != before)
        {
            throw new IOException(Say($"it is still being written."));
        }
    }

    private IEnumerable<CsvRow> Read(Func<Action<CsvMalformedRecord>, CsvReader> open, long linesBefore)
    {
        CsvMalformedReason? fault = null;
        using var reader = open(record => fault = fault is null or CsvMalformedReason.StrayQuote ? record.Reason : fault);
        fault = null; // the header's is not the first row's
        var row = new CsvRow(reader, Headers.Count, linesBefore);
        while (Advance(reader, row))
        {
            row.Next(fault);
            fault = null;
            yield return row;
        }

        if (row.IsTooLong)
        {
            yield return row;
        }
    }

    /// <summary>False at the end, and where a record does not fit the buffer: a quote that is never closed, early in a large file.</summary>
    private static bool Advance(CsvReader reader, CsvRow row)
    {
        try
        {
            return reader.Read();
        }
        catch (CsvFormatException e)
        {
            row.TooLong(e.LineNumber > 0 ? e.LineNumber : row.Line + 1);
            return false;
        }
    }

    private Func<Action<CsvMalformedRecord>, CsvReader> FileReader(bool lineBreaksInQuotes) => onMalformed =>
    {
        var reader = Reader(lineBreaksInQuotes, onMalformed);
        try
        {
            reader.ReadHeader();
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    };

    private Func<Action<CsvMalformedRecord>, CsvReader> RecordReader(byte[] record) => onMalformed =>
        CsvReader.Create(record, Options(lineBreaksInQuotes: false, onMalformed, hasHeader: false));

    private CsvReader Reader(bool lineBreaksInQuotes, Action<CsvMalformedRecord>? onMalformed)
    {
        Stream stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        if (encoding is not UTF8Encoding)
        {
            stream = Encoding.CreateTranscodingStream(stream, encoding, new UTF8Encoding(false), leaveOpen: false);
        }

        return CsvReader.Create(stream, Options(lineBreaksInQuotes, onMalformed, hasHeader: true), leaveOpen: false);
    }

    private CsvReaderOptions Options(bool lineBreaksInQuotes, Action<CsvMalformedRecord>? onMalformed, bool hasHeader) => new()
    {
        Separator = delimiter,
        HasHeader = hasHeader,
        DetectSeparatorHint = false,
        AllowLineBreaksInQuotes = lineBreaksInQuotes,
        TrackLineNumbers = true,
        MaxRecordSize = MaxRecordBytes,
        IncludeValuesInExceptions = false,
        OnMalformedRecord = onMalformed,
        BufferSize = 1 << 17,
        PoolStrings = true,
    };

    private void ReadHeader(IReadOnlyList<string> required)
    {
        using var reader = Reader(lineBreaksInQuotes: true, null);
        try
        {
            reader.ReadHeader();
        }
        catch (CsvFormatException e)
        {
            throw new FileRefusedException($"The header can't be read: {e.Message}");
        }

        Headers = [.. reader.Headers.Select(h => h.Trim().TrimStart('\uFEFF'))];
        if (Headers.All(h => h.Length == 0))
        {
            throw new FileRefusedException($"The file is empty: not even a header is there. Ask the sender for the complete file.");
        }

        var missing = required.Where(r => IndexOf(r) < 0).ToList();
        if (missing.Count > 0)
        {
            var other = Headers.Count == 1 ? Array.Find([';', '\t', '|', ','], c => c != delimiter && Headers[0].Contains(c)) : '\0';
            throw new FileRefusedException(other == '\0'
                ? (Phrase)($"The header lacks {Listed(missing)}. {Found(required)} "
                    + $"Ask the sender for the column, or describe this system's headers in config/sources/ (filePattern, encoding, delimiter, columns).")
                : $"The header lacks {Listed(missing)}. {Found(required)} "
                    + $"It looks as if its cells were divided by {Word(other)}, not by {Word(delimiter)}. "
                    + $"Ask the sender for the column, or describe this system's headers in config/sources/ (filePattern, encoding, delimiter, columns).");
        }

        RefuseTwice(required);
    }

    private static Phrase Word(char delimiter) => delimiter == '\t' ? (Phrase)$"tabs" : $"'{delimiter}'";

    /// <summary>What a message tells of the header: only names that we know. In a file without a header the first line is a customer.</summary>
    private Phrase Found(IReadOnlyList<string> required)
    {
        var known = Headers.Where(h => required.Concat(Intake.Columns).Contains(h, StringComparer.OrdinalIgnoreCase)).ToList();
        return known.Count == 0
            ? (Phrase)$"It has {Headers.Count} other column(s), none of a name that is known: is there a header at all?"
            : $"It has: {Listed(known.Distinct(StringComparer.OrdinalIgnoreCase))}, and {Headers.Count - known.Count} other column(s).";
    }

    /// <summary>Checks every byte, while another thread hashes them; their hash.</summary>
    private static string CheckBytes(string path, Encoding encoding)
    {
        var hashing = Task.Run(() =>
        {
            using var stream = OpenWhole(path);
            return SHA256.HashData(stream);
        });
        try
        {
            CheckEncoding(path, encoding);
        }
        finally
        {
            ((IAsyncResult)hashing).AsyncWaitHandle.WaitOne();
        }

        return Convert.ToHexStringLower(hashing.GetAwaiter().GetResult());
    }

    private static FileStream OpenWhole(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);

    private static void CheckEncoding(string path, Encoding encoding)
    {
        using var stream = OpenWhole(path);
        var decoder = encoding.GetDecoder();
        var zeroIsBinary = encoding.GetByteCount("a") == 1; // in UTF-16 every other byte of a plain text is zero
        var bytes = new byte[1 << 16];
        var chars = new char[encoding.GetMaxCharCount(bytes.Length)];
        long offset = 0, line = 1, lineChars = 0;
        int read;
        do
        {
            read = stream.Read(bytes);
            if (zeroIsBinary && bytes.AsSpan(0, read).IndexOf((byte)0) is var zero and >= 0)
            {
                throw Binary(line + bytes.AsSpan(0, zero).Count((byte)'\n'));
            }

            int count;
            try
            {
                count = decoder.GetChars(bytes.AsSpan(0, read), chars, flush: read == 0);
            }
            catch (DecoderFallbackException e)
            {
                throw new FileRefusedException(
                    $"The file is not {encoding.WebName}: at about byte {offset + Math.Max(e.Index, 0)}, line {line + bytes.AsSpan(0, Math.Clamp(e.Index, 0, read)).Count((byte)'\n')}, there are bytes that can't be. "
                    + $"Ask the sender for the right encoding, or name the one it has in config/sources/.");
            }

            CheckText(chars.AsSpan(0, count), ref line, ref lineChars);
            offset += read;
        }
        while (read > 0);
    }

    private static FileRefusedException Binary(long line) => new(
        $"The file holds binary data (a zero byte near line {line}): it is no CSV, whatever its name says. Ask the sender for a CSV export.");

    private static void CheckText(ReadOnlySpan<char> text, ref long line, ref long lineChars)
    {
        if (text.IndexOf('\0') is >= 0 and var zero)
        {
            throw Binary(line + text[..zero].Count('\n'));
        }

        int end;
        while ((end = text.IndexOfAny('\n', '\r')) >= 0)
        {
            CheckLength(lineChars + end, line);
            line += text[end] == '\n' ? 1 : 0;
            lineChars = 0;
            text = text[(end + 1)..];
        }

        lineChars += text.Length;
        CheckLength(lineChars, line);
    }

    private static void CheckLength(long length, long line)
    {
        if (length > MaxRecordBytes / 4)
        {
            throw new FileRefusedException(
                $"Line {line} is longer than {MaxRecordBytes / 4:N0} characters: no row of an extract is. Ask the sender for a file with line ends.");
        }
    }
}

/// <summary>The current row of a <see cref="CsvInput"/>.</summary>
public sealed class CsvRow
{
    private readonly CsvReader reader;
    private readonly int columns;
    private readonly long linesBefore;

    internal CsvRow(CsvReader reader, int columns, long linesBefore)
    {
        this.reader = reader;
        this.columns = columns;
        this.linesBefore = linesBefore;
    }

    /// <summary>The physical line on which the record starts; the header's is 1.</summary>
    public long Line { get; private set; }

    /// <summary>Its quoting is broken beyond doubt, or it has more or fewer cells than the header.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>The record as the file has it.</summary>
    public string Raw => Encoding.UTF8.GetString(reader.RawRecord);

    /// <summary>The record as the file has it, in UTF-8; valid until the next one is asked for.</summary>
    public ReadOnlySpan<byte> RawBytes => reader.RawRecord;

    internal bool SpansLines => reader.RawRecord.IndexOfAny((byte)'\r', (byte)'\n') >= 0;

    internal bool IsTooLong { get; private set; }

    /// <summary>A cell, white space around it removed; empty for a column that is not there (index -1).</summary>
    public string Cell(int index) => index < 0 ? "" : reader.GetString(index).Trim();

    /// <summary>A cell in UTF-8, white space and all; valid until the next row is asked for.</summary>
    public ReadOnlySpan<byte> CellBytes(int index) => reader.GetSpan(index);

    internal void Next(CsvMalformedReason? fault)
    {
        Line = linesBefore + reader.LineNumber;

        // A stray quote inside an unquoted cell is text: what the cell says is not in doubt. Where the record spans lines, it is:
        // a quote behind the stray one may have swallowed the next rows.
        IsMalformed = fault is not (null or CsvMalformedReason.StrayQuote) || (fault is not null && SpansLines) || reader.FieldCount != columns;
    }

    internal void StandsOn(long line) => Line = line;

    internal void TooLong(long line)
    {
        Line = line;
        IsTooLong = true;
    }
}
