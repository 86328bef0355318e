using System.Globalization;
using System.Text.RegularExpressions;

namespace SurveyDispatcher.Reports;

/// <summary>Whole months of events; both ends belong to it.</summary>
/// <param name="From">The first day of the first month.</param>
/// <param name="To">The last day of the last month.</param>
public sealed partial record Period(DateOnly From, DateOnly To)
{
    /// <summary>The month of a day and the two before it: the programme's rolling period.</summary>
    public static Period Rolling(DateOnly day) => Months(new DateOnly(day.Year, day.Month, 1).AddMonths(-2), 3);

    /// <summary><c>2026-02</c>, <c>2026-Q1</c>, <c>2026</c> or <c>2026-02..2026-04</c>; null for anything else.</summary>
    public static Period? Parse(string text)
    {
        if (Written().Match(text) is not { Success: true } m || Month(m.Groups["from"].Value) is not { } from)
        {
            return Quarter().Match(text) is { Success: true } q ? Months(new DateOnly(Number(q.Groups[1].Value), (3 * Number(q.Groups[2].Value)) - 2, 1), 3)
                : Year().IsMatch(text) ? Months(new DateOnly(Number(text), 1, 1), 12)
                : null;
        }

        var to = m.Groups["to"].Success ? Month(m.Groups["to"].Value) : from;
        return to is { } last && last >= from ? new Period(from, last.AddMonths(1).AddDays(-1)) : null;
    }

    /// <summary>Whether a day belongs to it.</summary>
    public bool Has(DateOnly day) => day >= From && day <= To;

    /// <summary>As <see cref="Parse"/> reads it: <c>2026-02</c>, or <c>2026-02..2026-04</c>.</summary>
    public override string ToString() => From.Year == To.Year && From.Month == To.Month ? Text(From) : $"{Text(From)}..{Text(To)}";

    private static Period Months(DateOnly first, int count) => new(first, first.AddMonths(count).AddDays(-1));

    private static DateOnly? Month(string text) =>
        DateOnly.TryParseExact(text + "-01", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is >= 2000 and < 2100 ? day : null;

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string Text(DateOnly day) => day.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<from>[0-9]{4}-[0-9]{2})(\.\.(?<to>[0-9]{4}-[0-9]{2}))?\z")]
    private static partial Regex Written();

    [GeneratedRegex(@"^(20[0-9]{2})-?Q([1-4])\z")]
    private static partial Regex Quarter();

    [GeneratedRegex(@"^20[0-9]{2}\z")]
    private static partial Regex Year();
}
