using System.Text;

namespace Fuzz;

/// <summary>RFC 4180 by hand, to judge the reader by. It knows only what leaves no doubt.</summary>
internal static class PlainCsv
{
    /// <summary>The records of a text; null where somebody could read it otherwise: stray quotes, an open one, blanks alone on a line.</summary>
    public static List<List<string>>? Records(string text, char delimiter)
    {
        var records = new List<List<string>>();
        var record = new List<string>();
        var cell = new StringBuilder();
        var (i, quoted) = (0, false);
        while (i < text.Length)
        {
            if (text[i] == '"')
            {
                quoted = true;
                for (i++; ; i++)
                {
                    if (i == text.Length)
                    {
                        return null;
                    }

                    if (text[i] != '"')
                    {
                        cell.Append(text[i]);
                    }
                    else if (i + 1 < text.Length && text[i + 1] == '"')
                    {
                        cell.Append('"');
                        i++;
                    }
                    else
                    {
                        break;
                    }
                }

                i++;
                if (i < text.Length && text[i] != delimiter && text[i] is not ('\r' or '\n'))
                {
                    return null;
                }
            }
            else
            {
                while (i < text.Length && text[i] != delimiter && text[i] is not ('\r' or '\n'))
                {
                    if (text[i] == '"')
                    {
                        return null;
                    }

                    cell.Append(text[i++]);
                }
            }

            record.Add(cell.ToString());
            cell.Clear();
            if (i < text.Length && text[i] == delimiter)
            {
                i++;
                if (i == text.Length)
                {
                    record.Add("");
                }

                continue;
            }

            if (i < text.Length)
            {
                i += text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? 2 : 1;
            }

            if (!quoted && record is [{ Length: > 0 } alone] && string.IsNullOrWhiteSpace(alone))
            {
                return null;
            }

            if (quoted || record is not [""])
            {
                records.Add(record);
            }

            (record, quoted) = ([], false);
        }

        if (record.Count > 0)
        {
            records.Add(record);
        }

        return records;
    }

    /// <summary>The physical lines of a text, whichever way they end.</summary>
    public static List<string> Lines(string text)
    {
        var lines = new List<string>();
        var at = 0;
        while (at < text.Length)
        {
            var end = text.AsSpan(at).IndexOfAny('\r', '\n');
            if (end < 0)
            {
                lines.Add(text[at..]);
                break;
            }

            lines.Add(text.Substring(at, end));
            at += end + (text.AsSpan(at + end).StartsWith("\r\n") ? 2 : 1);
        }

        return lines;
    }
}
