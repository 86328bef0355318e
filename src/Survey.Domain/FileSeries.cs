using System.Text;

namespace Survey.Domain;

/// <summary>A file of a series, as it was counted when it came.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Day">The day of the cycle that took or refused it.</param>
/// <param name="Refused">It was refused as a whole.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Rejected">Rows that were not understood.</param>
/// <param name="Empty">By column, how many rows leave it empty, in a large file about; none where nobody counted.</param>
public sealed record SeriesFile(string Name, DateOnly Day, bool Refused, long Rows, long Rejected, IReadOnlyDictionary<string, long> Empty);

/// <summary>A share that lies far above what its series is used to.</summary>
/// <param name="Column">The column; empty: of rejected rows.</param>
/// <param name="Share">The share in the latest file, 0 to 1.</param>
/// <param name="Usual">The median of those before it.</param>
public sealed record ShareJump(string Column, double Share, double Usual);

/// <summary>What the files of a dealer system that are named alike tell by having come before: their rhythm, their size, how full they are.</summary>
/// <remarks>All is learnt from the series itself; with too little history nothing is said.</remarks>
public static class FileSeries
{
    /// <summary>Fewer files than this have no rhythm, and no median.</summary>
    public const int LeastFiles = 3;

    /// <summary>A shorter history may not have seen a weekend.</summary>
    private const int LeastDays = 7;

    /// <summary>The name of a series: a file's name, in which each run of digits is one <c>#</c>.</summary>
    public static string NameOf(string fileName)
    {
        var name = new StringBuilder(fileName.Length);
        foreach (var c in fileName)
        {
            if (!char.IsAsciiDigit(c))
            {
                name.Append(c);
            }
            else if (name.Length == 0 || name[^1] != '#')
            {
                name.Append('#');
            }
        }

        return name.ToString();
    }

    /// <summary>The day by whose end the next file should have come.</summary>
    /// <remarks>
    /// The longest gap that was ever seen counts, so that no pause that is usual raises an alarm. Gaps that begin on the weekday of
    /// the last file count alone where there are three: what comes from Monday to Friday is missed after one day, and on Fridays after three.
    /// </remarks>
    /// <param name="days">The days on which files came, in any order; a day may be there twice.</param>
    /// <param name="everyDays">Fixed by somebody who knows; null: learnt.</param>
    /// <returns>Null where nothing can be said.</returns>
    public static DateOnly? DueOn(IEnumerable<DateOnly> days, int? everyDays)
    {
        var came = days.Distinct().Order().ToList();
        if (came.Count == 0)
        {
            return null;
        }

        var last = came[^1];
        if (everyDays is { } every)
        {
            return last.AddDays(every);
        }

        if (came.Count < LeastFiles || last.DayNumber - came[0].DayNumber < LeastDays)
        {
            return null;
        }

        var gaps = came.Zip(came.Skip(1), (from, to) => (From: from.DayOfWeek, Days: to.DayNumber - from.DayNumber)).ToList();
        var alike = gaps.FindAll(g => g.From == last.DayOfWeek);
        return last.AddDays((alike.Count >= LeastFiles ? alike : gaps).Max(g => g.Days));
    }

    /// <summary>The median of the rows before the latest file, when that has many more or far fewer.</summary>
    /// <param name="files">The files that were taken, oldest first.</param>
    /// <param name="factor">More than so many times the median, or less than that part of it.</param>
    /// <param name="atLeast">The larger of the two must have as many rows.</param>
    /// <returns>Null where the latest file is like the others, or nothing can be said.</returns>
    public static double? RowJump(IReadOnlyList<SeriesFile> files, int factor, int atLeast)
    {
        if (files.Count <= LeastFiles)
        {
            return null;
        }

        var (rows, usual) = (files[^1].Rows, Median(files.SkipLast(1).Select(f => (double)f.Rows)));
        return Math.Max(rows, usual) >= atLeast && (rows > usual * factor || rows * (double)factor < usual) ? usual : null;
    }

    /// <summary>Columns that the latest file leaves empty far more often than those before it did.</summary>
    /// <param name="files">The files that were taken, oldest first.</param>
    /// <param name="points">So many percentage points above the median.</param>
    /// <param name="atLeast">Files with fewer rows have no share.</param>
    public static IReadOnlyList<ShareJump> EmptyJumps(IReadOnlyList<SeriesFile> files, int points, int atLeast)
    {
        var large = files.Where(f => f.Rows >= atLeast).ToList();
        if (large.Count == 0 || large[^1] != files[^1])
        {
            return [];
        }

        return
        [
            .. from column in files[^1].Empty.Keys
               let known = large.FindAll(f => f.Empty.ContainsKey(column))
               let jump = Jump(column, known.ConvertAll(f => Math.Min(1, f.Empty[column] / (double)f.Rows)), points)
               where jump is not null
               select jump,
        ];
    }

    /// <summary>The share of rejected rows of the latest file, when it is far larger than those before it had.</summary>
    /// <param name="files">The files that were taken, oldest first.</param>
    /// <param name="points">So many percentage points above the median.</param>
    /// <param name="atLeast">Files with fewer rows have no share.</param>
    public static ShareJump? RejectedJump(IReadOnlyList<SeriesFile> files, int points, int atLeast)
    {
        var large = files.Where(f => f.Rows >= atLeast).ToList();
        return large.Count > 0 && large[^1] == files[^1] ? Jump("", large.ConvertAll(f => f.Rejected / (double)f.Rows), points) : null;
    }

    private static ShareJump? Jump(string column, List<double> shares, int points)
    {
        if (shares.Count <= LeastFiles)
        {
            return null;
        }

        var usual = Median(shares.SkipLast(1));
        return Math.Round((shares[^1] - usual) * 100, 9) > points ? new(column, shares[^1], usual) : null; // what is exactly so many points above is not above
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
