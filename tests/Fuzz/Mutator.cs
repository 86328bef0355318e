using System.Text;

namespace Fuzz;

/// <summary>From a real file to one that nobody would send, and somebody will.</summary>
internal static class Mutator
{
    /// <summary>No input is longer, but for the few that are made to be.</summary>
    private const int Long = 600_000;

    /// <summary>Changes bytes, in a handful of places.</summary>
    public static byte[] Bytes(Dice dice, byte[] bytes, byte[] other)
    {
        for (var n = dice.Few(6); n > 0; n--)
        {
            bytes = Once(dice, bytes, other);
        }

        return bytes.Length > Long ? bytes[..Long] : bytes;
    }

    private static byte[] Once(Dice dice, byte[] bytes, byte[] other)
    {
        var at = dice.Below(bytes.Length + 1);
        var length = Math.Min(dice.OneIn(4) ? dice.Below(bytes.Length + 1) : dice.Below(9), bytes.Length - at);
        switch (dice.Below(14))
        {
            case 0 when bytes.Length > 0:
                var flipped = (byte[])bytes.Clone();
                flipped[dice.Below(bytes.Length)] ^= (byte)(1 << dice.Below(8));
                return flipped;
            case 1:
                return Spliced(bytes, at, 0, [(byte)dice.Below(256)]);
            case 2:
                return Spliced(bytes, at, length, []);
            case 3:
                return Spliced(bytes, at, 0, bytes.AsSpan(at, length));
            case 4:
                return Spliced(bytes, at, length, bytes.AsSpan(dice.Below(bytes.Length - length + 1), length));
            case 5:
                return bytes[..at];
            case 6:
                return bytes[at..];
            case 7 when other.Length > 0:
                return [.. bytes.AsSpan(0, at), .. other.AsSpan(dice.Below(other.Length))];
            case 8:
                return Spliced(bytes, at, length, dice.Of(Tokens.Bytes));
            case 9 when bytes.Length > 0:
                var noise = (byte[])bytes.Clone();
                for (var n = dice.Below(20); n >= 0; n--)
                {
                    noise[dice.Below(noise.Length)] = (byte)dice.Below(256);
                }

                return noise;
            case 10 when dice.OneIn(20):
                return Spliced(bytes, at, 0, Repeated(dice, bytes.AsSpan(at, length)));
            default:
                return Spliced(bytes, at, dice.OneIn(2) ? length : 0, Encoding.UTF8.GetBytes(dice.Of(Tokens.Texts)));
        }
    }

    /// <summary>A text in many copies: masses of columns, quotes, lines, brackets, parts.</summary>
    public static byte[] Repeated(Dice dice, ReadOnlySpan<byte> what)
    {
        byte[] one = what.Length > 0 && dice.OneIn(2) ? what.ToArray() : Encoding.UTF8.GetBytes(dice.Of(Tokens.Texts));
        var times = Math.Min(dice.OneIn(5) ? 300_000 : 3_000, Long / Math.Max(1, one.Length));
        var many = new byte[one.Length * times];
        for (var i = 0; i < times; i++)
        {
            one.CopyTo(many, i * one.Length);
        }

        return many;
    }

    /// <summary>Changes cells of a table and leaves it a table, so that what is hostile gets past the reader.</summary>
    public static byte[] Table(Dice dice, Table table, Encoding encoding)
    {
        List<List<string>> rows = [table.Header.ToList()];
        for (var n = dice.Below(7); n > 0 && table.Rows.Count > 0; n--)
        {
            rows.Add(dice.Of(table.Rows).ToList());
        }

        for (var n = dice.Few(8); n > 0; n--)
        {
            var row = dice.OneIn(12) ? rows[0] : dice.Of(rows);
            if (row == rows[0] && !dice.OneIn(4))
            {
                continue; // most changes of a header only lose a column
            }

            var cell = dice.Below(row.Count);
            switch (dice.Below(9))
            {
                case 0:
                    row[cell] = dice.Of(Tokens.Texts) + row[cell];
                    break;
                case 1:
                    row[cell] += dice.Of(Tokens.Texts);
                    break;
                case 2:
                    row[cell] = dice.Of(Tokens.Texts) + dice.Of(Tokens.Texts);
                    break;
                case 3:
                    row[cell] = dice.Of(row);
                    break;
                case 4 when dice.OneIn(10):
                    row[cell] = string.Concat(Enumerable.Repeat(dice.Of(Tokens.Texts), dice.Below(400)));
                    break;
                case 5 when dice.OneIn(10):
                    row.RemoveAt(cell);
                    break;
                case 6 when dice.OneIn(10):
                    row.Insert(cell, dice.Of(Tokens.Texts));
                    break;
                case 7 when dice.OneIn(200):
                    rows.ForEach(r => r.AddRange(Enumerable.Repeat(dice.Of(Tokens.Texts), 5000)));
                    break;
                default:
                    row[cell] = dice.Of(Tokens.Texts);
                    break;
            }

            if (row.Count == 0)
            {
                row.Add("");
            }
        }

        var (quoteAll, end) = (dice.OneIn(3), dice.Of(["\n", "\r\n", "\r\n", "\r"]));
        var text = new StringBuilder();
        if (dice.OneIn(8) && encoding is UTF8Encoding or UnicodeEncoding)
        {
            text.Append('\uFEFF');
        }

        foreach (var row in rows)
        {
            text.AppendJoin(table.Delimiter, row.Select(c => quoteAll || c.AsSpan().IndexOfAny("\"\r\n") >= 0 || c.Contains(table.Delimiter, StringComparison.Ordinal)
                ? $"\"{c.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
                : c));
            text.Append(end);
        }

        if (dice.OneIn(6))
        {
            text.Length -= end.Length;
        }

        return encoding.GetBytes(text.ToString());
    }

    private static byte[] Spliced(byte[] bytes, int at, int without, ReadOnlySpan<byte> with) =>
        [.. bytes.AsSpan(0, at), .. with, .. bytes.AsSpan(at + without)];
}

/// <summary>A sample as a table.</summary>
internal sealed record Table(char Delimiter, IReadOnlyList<string> Header, IReadOnlyList<IReadOnlyList<string>> Rows);
