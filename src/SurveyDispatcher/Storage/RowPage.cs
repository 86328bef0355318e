namespace SurveyDispatcher.Storage;

/// <summary>Rows as bytes, on their way from the thread that reads the store to one that writes them elsewhere: no object a cell.</summary>
/// <remarks>Both databases' rows look the same here: numbers as they are, texts in UTF-8, days and instants as SQLite keeps them.</remarks>
public sealed class RowPage
{
    /// <summary>Rows of a full page.</summary>
    public const int Rows = 500;

    private const int NoValue = -1, IsNumber = -2, DayLength = 10;

    private (long Value, int Length)[] cells = [];
    private byte[] bytes = new byte[1 << 17];
    private int count, used, columns;

    /// <summary>How many rows there are.</summary>
    public int Count { get; private set; }

    /// <summary>Whether it has room for no other row.</summary>
    public bool IsFull => Count == Rows;

    /// <summary>Whether a cell has no value.</summary>
    public bool IsNull(int row, int column) => Cell(row, column).Length == NoValue;

    /// <summary>A number.</summary>
    public long Number(int row, int column) => Cell(row, column) is { Length: IsNumber, Value: var number }
        ? number
        : throw new InvalidDataException($"Column {column} is no number.");

    /// <summary>A number, or none.</summary>
    public long? NumberOrNull(int row, int column) => IsNull(row, column) ? null : Number(row, column);

    /// <summary>A text in UTF-8, a day as yyyy-MM-dd, or bytes; none when there is no value.</summary>
    public ReadOnlySpan<byte> Text(int row, int column)
    {
        var (start, length) = Cell(row, column);
        return length == IsNumber ? throw new InvalidDataException($"Column {column} is a number.")
            : length <= 0 ? default
            : bytes.AsSpan((int)start, length);
    }

    /// <summary>A day, or none.</summary>
    public DateOnly? DayOrNull(int row, int column) => Text(row, column) is { IsEmpty: false } text
        ? DateOnly.FromDayNumber(DayNumber(text))
        : null;

    /// <summary>A point in time, as ticks of UTC.</summary>
    public long Instant(int row, int column)
    {
        var text = Text(row, column);
        var ticks = (DayNumber(text) * TimeSpan.TicksPerDay) + (((((Digits(text, 11, 2) * 60L) + Digits(text, 14, 2)) * 60) + Digits(text, 17, 2)) * TimeSpan.TicksPerSecond);
        var at = 19;
        if (text[at] == '.')
        {
            for (var unit = TimeSpan.TicksPerSecond / 10; char.IsAsciiDigit((char)text[++at]); unit /= 10)
            {
                ticks += (text[at] - '0') * unit;
            }
        }

        return text[at..].SequenceEqual("+00:00"u8) ? ticks : throw new InvalidDataException("An instant is not in UTC.");
    }

    /// <summary>Empties the page for rows of so many cells.</summary>
    internal void Clear(int cellsOfRow)
    {
        (Count, count, used, columns) = (0, 0, 0, cellsOfRow);
        if (cells.Length < cellsOfRow * Rows)
        {
            cells = new (long, int)[cellsOfRow * Rows];
        }
    }

    /// <summary>Adds a cell without a value.</summary>
    internal void AddNull() => cells[count++] = (0, NoValue);

    /// <summary>Adds a number.</summary>
    internal void Add(long number) => cells[count++] = (number, IsNumber);

    /// <summary>Adds a text or bytes.</summary>
    internal void Add(ReadOnlySpan<byte> value)
    {
        if (used + value.Length > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(2 * bytes.Length, used + value.Length));
        }

        value.CopyTo(bytes.AsSpan(used));
        cells[count++] = (used, value.Length);
        used += value.Length;
    }

    /// <summary>The row has all its cells.</summary>
    internal void EndRow() => Count++;

    private (long Value, int Length) Cell(int row, int column) => cells[(row * columns) + column];

    private static int DayNumber(ReadOnlySpan<byte> text) => text.Length >= DayLength
        ? new DateOnly(Digits(text, 0, 4), Digits(text, 5, 2), Digits(text, 8, 2)).DayNumber
        : throw new InvalidDataException("A day is not written yyyy-MM-dd.");

    private static int Digits(ReadOnlySpan<byte> text, int at, int length)
    {
        var number = 0;
        foreach (var digit in text.Slice(at, length))
        {
            number = (number * 10) + digit - '0';
        }

        return number;
    }
}
