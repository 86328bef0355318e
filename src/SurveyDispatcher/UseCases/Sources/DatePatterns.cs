using System.Globalization;
using System.Text.RegularExpressions;
using Survey.Domain;

namespace SurveyDispatcher.UseCases.Sources;

/// <summary>In which formats the dates of a file are written, by its values alone.</summary>
internal static partial class DatePatterns
{
    private static readonly string[] Days =
    [
        "yyyy-MM-dd", "yyyy/M/d", "yyyy-M-d", "yyyy.M.d", "yyyyMMdd", "yyyy年M月d日", "d/M/yyyy", "M/d/yyyy", "d-M-yyyy", "M-d-yyyy", "d.M.yyyy", "ddMMyyyy", "d-MMM-yyyy", "d MMM yyyy", "d/MMM/yyyy", "MMM d, yyyy",
        "d-MMM-yy", "d/M/yy", "M/d/yy", "yy/M/d", "d.M.yy", "d-M-yy",
    ];

    private static readonly string[] Times = ["", " H:mm", " H:mm:ss", " H:mm:ss.FFF", "'T'HH:mm", "'T'HH:mm:ss", "'T'HH:mm:ss.FFF", " h:mm tt", " h:mm:ss tt"];

    /// <summary>All that are tried, in the order in which one is preferred to another that reads the same values the same way.</summary>
    public static IReadOnlyList<string> Known { get; } = [.. Times.SelectMany(time => Days.Select(day => day + time))];

    /// <summary>Whether a value is a date in some form.</summary>
    public static bool IsDate(string value) => value.Length is >= 6 and <= 30 && value.Any(char.IsAsciiDigit) && Intake.ParseDate(value, [.. Known]) is { } day && IsThinkable(day);

    /// <summary>The formats that read nearly all of the values; several where the values leave open which one is meant.</summary>
    /// <remarks>Formats that read every value as the same day are one. A few values may be broken: those that no format reads don't count.</remarks>
    public static IReadOnlyList<string> Of(IReadOnlyCollection<string> values)
    {
        var dates = values.Where(IsDate).ToList();
        if (dates.Count == 0)
        {
            return [];
        }

        var found = new List<(string Format, int Read, string Days)>();
        foreach (var format in Known)
        {
            var days = dates.ConvertAll(v => Intake.ParseDate(v, [format]) is { } day && IsThinkable(day) ? day : (DateOnly?)null);
            var read = days.Count(d => d is not null);
            if (read * 20 >= dates.Count * 19)
            {
                found.Add((format, read, string.Join(' ', days.Select(d => d?.DayNumber))));
            }
        }

        return [.. found.Where(f => f.Read == found.Max(o => o.Read)).DistinctBy(f => f.Days).Select(f => f.Format)];
    }

    /// <summary>What can be said of values that are dates for people and in no format; null where nothing can.</summary>
    public static Phrase? Unreadable(IReadOnlyCollection<string> values)
    {
        var filled = values.Where(v => v.Length > 0).ToList();
        bool Most(Func<string, bool> are) => filled.Count > 0 && filled.Count(are) * 5 >= filled.Count * 4;
        return Most(v => Era().IsMatch(v)) ? (Phrase)$"dates by a Japanese era, which no format reads: ask for years of the common era (2026, not R8)"
            : Most(v => Minguo().IsMatch(v)) ? (Phrase)$"dates that look like years of the Republic (115 is 2026), which no format reads: ask for years of the common era"
            : Most(v => v.Length == 5 && int.TryParse(v, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is > 36_000 and < 55_000) ? (Phrase)$"numbers that look like a spreadsheet's days (46083 is 2026-03-02): ask for dates as text"
            : null;
    }

    private static bool IsThinkable(DateOnly day) => day.Year is >= 1980 and <= 2099;

    [GeneratedRegex(@"^(令和|平成|昭和|[RHS])\s?\d{1,2}[./年-]\d{1,2}[./月-]\d{1,2}日?$", RegexOptions.CultureInvariant)]
    private static partial Regex Era();

    [GeneratedRegex(@"^(民國)?\s?(0?[89]\d|1[0-3]\d)[./年-]\d{1,2}[./月-]\d{1,2}日?$", RegexOptions.CultureInvariant)]
    private static partial Regex Minguo();
}
