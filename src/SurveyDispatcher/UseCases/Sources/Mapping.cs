using System.Globalization;
using Survey.Domain;

namespace SurveyDispatcher.UseCases.Sources;

/// <summary>A header that is thought to be a column.</summary>
/// <param name="Index">Where the header stands in the file, from 0.</param>
/// <param name="Header">The header.</param>
/// <param name="Column">The column.</param>
/// <param name="Confidence">From 0 to 1.</param>
/// <param name="Evidence">Why, in words.</param>
/// <param name="Reversed">It says who agreed; the column says who objected.</param>
internal sealed record Match(int Index, string Header, DmsColumn Column, double Confidence, IReadOnlyList<string> Evidence, bool Reversed);

/// <summary>Which header is which column, by its name and by what stands below it.</summary>
internal static class Mapping
{
    /// <summary>What is less likely is not proposed.</summary>
    public const double Least = 0.45;

    /// <summary>Headers that are looked at: more are no extract of a dealer system.</summary>
    private const int MostHeaders = 1_000;

    private const double ExactName = 0.95, WeakName = 0.55, LikeName = 0.8;

    /// <summary>The best matches on the whole: one header for a column, one column for a header.</summary>
    /// <param name="headers">The headers.</param>
    /// <param name="looks">What stands below each.</param>
    /// <param name="freeHeaders">Those that may be matched.</param>
    /// <param name="freeColumns">The columns that want a header.</param>
    public static IReadOnlyList<Match> Propose(IReadOnlyList<string> headers, IReadOnlyList<ColumnLooks> looks, IReadOnlyList<int> freeHeaders, IReadOnlyList<DmsColumn> freeColumns)
    {
        var onlyDate = freeHeaders.Count(h => looks[h].Dates > 0.8) == 1;
        var candidates = freeHeaders.Take(MostHeaders).Select(h => freeColumns.Select(c => Rate(h, headers[h], looks[h], c, onlyDate)).ToArray())
            .Where(row => row.Any(m => m is not null)).ToArray(); // who may be nothing takes nobody's place, and the method is slow with many
        var chosen = Assignment.Best(candidates.Length, freeColumns.Count, (h, c) => candidates[h][c] is { Confidence: >= Least } match ? match.Confidence : 0);
        return [.. chosen.Select((column, h) => column >= 0 ? candidates[h][column] : null).OfType<Match>().Where(m => m.Confidence >= Least).OrderBy(m => m.Column)];
    }

    private static Match? Rate(int index, string header, ColumnLooks looks, DmsColumn column, bool onlyDate)
    {
        var evidence = new List<string>();
        var (name, reversed) = NameScore(header, column, evidence);
        var (look, against) = looks.Filled == 0 ? (0, false) : Look(looks, column, onlyDate, evidence);
        var confidence = against ? name * 0.25 : 1 - ((1 - name) * (1 - look));
        return confidence < Least ? null : new Match(index, header, column, Math.Min(0.99, confidence), evidence, reversed);
    }

    /// <summary>By the header's own words: the whole, or a part in brackets, behind a slash, or in another script.</summary>
    private static (double Score, bool Reversed) NameScore(string header, DmsColumn column, List<string> evidence)
    {
        var (best, score, part) = ((Term?)null, 0.0, "");
        foreach (var (text, worth) in Parts(header))
        {
            foreach (var term in Terms.Known.Exact(Terms.Normalised(text)).Where(t => t.Column == column))
            {
                if ((term.Weak ? WeakName : ExactName) * worth is var s && s > score)
                {
                    (best, score, part) = (term, s, text);
                }
            }
        }

        if (best is not null)
        {
            evidence.Add(Say(best.Weak ? (Phrase)$"'{part}' may mean it" : best.Reversed ? (Phrase)$"'{part}' says who agreed, so its codes are turned round" : $"'{part}' is a word for it"));
            return (score, best.Reversed);
        }

        var key = Terms.Normalised(header);
        var words = Terms.WordsOf(header);
        foreach (var term in Terms.Known.All.Where(t => t.Column == column))
        {
            var like = LikeName * Likeness(key, words, term) * (term.Weak ? 0.5 : 1);
            if (like > score)
            {
                (best, score) = (term, like);
            }
        }

        if (score >= 0.3)
        {
            // No word is like enough to tell a yes from a no: 'Mail OK' is like 'no mail'.
            var agreed = best!.Reversed || (IsConsent(column) && Terms.Known.SpeaksOfConsent(header));
            evidence.Add(Say(agreed ? (Phrase)$"its name is like '{best.Text}', and says who agreed, so its codes are turned round" : $"its name is like '{best.Text}'"));
            return (score, agreed);
        }

        return (0, false);
    }

    /// <summary>Whether a column says who may not be asked.</summary>
    public static bool IsConsent(DmsColumn column) => column is DmsColumn.EmailOptOut or DmsColumn.PhoneOptOut;

    private static IEnumerable<(string Text, double Worth)> Parts(string header)
    {
        yield return (header, 1);
        var parts = header.Split('(', ')', '（', '）', '[', ']', '【', '】', '/', '／', '・', '|', '\n', ':', '：');
        foreach (var part in parts.Where(p => p.Trim().Length > 0))
        {
            yield return (part, 0.95);
        }

        var latin = string.Concat(header.Where(c => c < 0x250));
        var other = string.Concat(header.Where(c => c >= 0x250));
        if (latin.Any(char.IsLetter) && other.Length > 0)
        {
            yield return (latin, 0.93);
            yield return (other, 0.93);
        }
    }

    private static double Likeness(string key, IReadOnlySet<string> words, Term term)
    {
        if (term.Key.Length < 2 || key.Length < 2)
        {
            return 0;
        }

        if (term.Words.Count > 0 && words.Count > 0)
        {
            return 2 * term.Words.Where(words.Contains).Sum(Weight) / (term.Words.Sum(Weight) + words.Sum(Weight));
        }

        var (mine, its) = (Pairs(key), Pairs(term.Key));
        return 2.0 * its.Count(mine.Contains) / (mine.Count + its.Count);
    }

    /// <summary>Words that many headers have say little of one.</summary>
    private static double Weight(string word) => word is "no" or "number" or "code" or "id" or "name" or "type" or "date" or "of" or "the" ? 0.3 : 1;

    /// <summary>Each two neighbouring signs: what words of a script without spaces are compared by.</summary>
    private static HashSet<string> Pairs(string text) => [.. Enumerable.Range(0, text.Length - 1).Select(i => text.Substring(i, 2))];

    /// <summary>What the values say for a column, from 0 to 1, or that they can't be its values.</summary>
    private static (double For, bool Against) Look(ColumnLooks looks, DmsColumn column, bool onlyDate, List<string> evidence)
    {
        (double, bool) By(double share, double worth, Phrase what, double atLeast = 0.7, double against = 0.3)
        {
            if (share >= atLeast)
            {
                evidence.Add(Say($"{share.ToString("P0", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal)} of its {looks.Filled} value(s) {what}"));
                return (worth * share, false);
            }

            return (0, share < against && looks.Filled >= 2);
        }

        switch (column)
        {
            case DmsColumn.Vin:
                return By(looks.Vins, 0.95, $"are vehicle identification numbers", atLeast: 0.6);
            case DmsColumn.Email:
                return By(looks.Emails, 0.93, $"look like e-mail addresses", atLeast: 0.5, against: 0.1);
            case DmsColumn.Phone1 or DmsColumn.Phone2:
                return By(looks.Phones, column == DmsColumn.Phone1 ? 0.42 : 0.4, $"look like telephone numbers", atLeast: 0.6);
            case DmsColumn.EventDate or DmsColumn.PurchaseDate:
                return By(looks.Dates, column == DmsColumn.EventDate && onlyDate ? 0.5 : 0.3, $"are dates", atLeast: 0.7);
            case DmsColumn.MileageKm:
                return By(looks.Numbers, 0.15, $"are numbers", atLeast: 0.7, against: 0.2);
            case DmsColumn.TransactionId when looks.Filled >= 5:
                return By(looks.Variety, 0.1, $"are different", atLeast: 0.8, against: 0.3) is var (worth, against) && looks.Vins < 0.5 && looks.Dates < 0.5 ? (worth, against) : (0, true);
            case DmsColumn.DealerCode:
                return By(looks.Codes, 0.1, $"are codes", atLeast: 0.9);
            case DmsColumn.DealerName:
                return looks.Codes > 0.9 && looks.Names < 0.5 ? (0, true) : By(1 - looks.Variety, 0.05, $"come again", atLeast: 0.5, against: 0);
            case DmsColumn.CustomerName or DmsColumn.StaffName:
                return By(looks.Names, 0.1, $"are words without digits", atLeast: 0.7, against: 0.4);
            case DmsColumn.RecordType or DmsColumn.CustomerType or DmsColumn.PaymentType or DmsColumn.Status or DmsColumn.Country:
                return Codes(0.75);
            case DmsColumn.Language:
                return Codes(0.6);
            case DmsColumn.EmailOptOut or DmsColumn.PhoneOptOut:
                return Codes(0.1);
            default:
                return (0, false);
        }

        (double, bool) Codes(double worth)
        {
            var known = looks.KnownCodes(column);
            if (known < 0.01)
            {
                // Nothing can be made of its codes: a required column is proposed all the same, since somebody has to say what they mean.
                return (0, looks.Distinct.Count > 30 || looks.MayBePeople || !Intake.RequiredColumns.Contains(column));
            }

            if (known >= 0.4)
            {
                evidence.Add(Say($"{looks.Distinct.Count} code(s), known for it: {Listed(looks.Distinct.OrderByDescending(d => d.Value).Where(d => Terms.Known.Meaning(column, d.Key) is not null).Take(4).Select(d => d.Key))}"));
            }

            return (known < 0.4 || looks.Distinct.Count == 1 ? worth * known * 0.3 : worth * known, looks.Distinct.Count > 60);
        }
    }
}

/// <summary>Who gets what, so that the sum is largest: the Hungarian method.</summary>
internal static class Assignment
{
    /// <summary>For each row the column it gets, or -1.</summary>
    public static int[] Best(int rows, int columns, Func<int, int, double> worth)
    {
        var n = Math.Max(rows, columns);
        double Cost(int r, int c) => r < rows && c < columns ? -worth(r, c) : 0;
        var (u, v, rowOf) = (new double[n + 1], new double[n + 1], new int[n + 1]);
        for (var row = 1; row <= n; row++)
        {
            var (way, least, used) = (new int[n + 1], new double[n + 1], new bool[n + 1]);
            Array.Fill(least, double.MaxValue);
            rowOf[0] = row;
            var at = 0;
            do
            {
                used[at] = true;
                var (here, next, delta) = (rowOf[at], 0, double.MaxValue);
                for (var c = 1; c <= n; c++)
                {
                    if (used[c])
                    {
                        continue;
                    }

                    var reduced = Cost(here - 1, c - 1) - u[here] - v[c];
                    if (reduced < least[c])
                    {
                        (least[c], way[c]) = (reduced, at);
                    }

                    if (least[c] < delta)
                    {
                        (delta, next) = (least[c], c);
                    }
                }

                for (var c = 0; c <= n; c++)
                {
                    if (used[c])
                    {
                        u[rowOf[c]] += delta;
                        v[c] -= delta;
                    }
                    else
                    {
                        least[c] -= delta;
                    }
                }

                at = next;
            }
            while (rowOf[at] != 0);

            while (at != 0)
            {
                rowOf[at] = rowOf[way[at]];
                at = way[at];
            }
        }

        var result = new int[rows];
        Array.Fill(result, -1);
        for (var c = 1; c <= columns; c++)
        {
            if (rowOf[c] >= 1 && rowOf[c] <= rows && worth(rowOf[c] - 1, c - 1) > 0)
            {
                result[rowOf[c] - 1] = c - 1;
            }
        }

        return result;
    }
}
