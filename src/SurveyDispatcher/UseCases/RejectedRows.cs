using Survey.Domain;
using System.Text;
using SurveyDispatcher.Files;

namespace SurveyDispatcher.UseCases;

/// <summary>Looks in <c>rejects/</c> for rows that a key stands in. What else such a row says is not shown.</summary>
internal static class RejectedRows
{
    private const long MostBytes = 16 << 20;
    private const int Most = 5;
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);
    private static readonly char[] Between = [',', ';', '\t', '|', '"', '\r', '\n'];

    /// <summary>Where it was found, or where to look.</summary>
    public static Phrase Told(string folder, string key)
    {
        var (found, all) = Find(folder, key);
        return found.Count > 0 ? (Phrase)$"It stands in rejected rows: {string.Join(Say($"; "), found)}. What each reason means: docs/extract.md."
            : all ? (Phrase)$"It stands in no rejected row, either (rejects/ in the data directory)."
            : $"A row that was rejected is in rejects/ in the data directory; the newest {MostBytes >> 20} MiB of it were looked through.";
    }

    private static (List<string> Found, bool All) Find(string folder, string key)
    {
        var (found, left, all) = (new List<string>(), MostBytes, true);
        if (!Directory.Exists(folder) || key.Length == 0)
        {
            return (found, true);
        }

        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*.rejects.csv").OrderByDescending(f => f.LastWriteTimeUtc).ThenBy(f => f.Name, StringComparer.Ordinal))
        {
            left -= file.Length;
            if (left < 0 || found.Count >= Most)
            {
                return (found, false);
            }

            try
            {
                var input = CsvInput.Open(file.FullName, Utf8, ',', ["line", "reason", "column", "raw"]);
                var (line, reason, column, raw) = (input.IndexOf("line"), input.IndexOf("reason"), input.IndexOf("column"), input.IndexOf("raw"));
                foreach (var row in input.Rows())
                {
                    if (found.Count < Most && !row.IsMalformed
                        && row.Cell(raw).Split(Between, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Contains(key, StringComparer.OrdinalIgnoreCase))
                    {
                        found.Add(PlainText.Shown(Say(row.Cell(column).Length == 0
                            ? (Phrase)$"{file.Name}, line {row.Cell(line)} of the extract ({row.Cell(reason)})"
                            : $"{file.Name}, line {row.Cell(line)} of the extract ({row.Cell(reason)} {row.Cell(column)})")));
                    }
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FileRefusedException)
            {
                all = false;
            }
        }

        return (found, all);
    }
}
