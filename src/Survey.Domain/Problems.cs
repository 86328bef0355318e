using System.Globalization;
using System.Runtime.InteropServices;

namespace Survey.Domain;

/// <summary>A calendar week by ISO 8601: Monday to Sunday; the week of the year's first Thursday is week 1.</summary>
/// <param name="Year">The year that the week belongs to; around New Year not always that of the day.</param>
/// <param name="Number">1 to 53.</param>
public readonly record struct IsoWeek(int Year, int Number) : IComparable<IsoWeek>
{
    /// <summary>The week of a day.</summary>
    public static IsoWeek Of(DateOnly day) => new(ISOWeek.GetYear(day), ISOWeek.GetWeekOfYear(day));

    /// <summary>Its first day.</summary>
    public DateOnly Monday => ISOWeek.ToDateOnly(Year, Number, DayOfWeek.Monday);

    /// <summary>Its last day.</summary>
    public DateOnly Sunday => Monday.AddDays(6);

    /// <summary>The week so many weeks later; before, if negative.</summary>
    public IsoWeek Plus(int weeks) => Of(Monday.AddDays(7 * weeks));

    /// <inheritdoc/>
    public int CompareTo(IsoWeek other) => (Year, Number).CompareTo((other.Year, other.Number));

    /// <summary>As ISO 8601 writes it: <c>2026-W09</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Year:0000}-W{Number:00}");

    /// <summary>Whether one week lies before the other.</summary>
    public static bool operator <(IsoWeek a, IsoWeek b) => a.CompareTo(b) < 0;

    /// <summary>Whether one week lies behind the other.</summary>
    public static bool operator >(IsoWeek a, IsoWeek b) => a.CompareTo(b) > 0;

    /// <summary>Whether one week lies before the other or is the same.</summary>
    public static bool operator <=(IsoWeek a, IsoWeek b) => a.CompareTo(b) <= 0;

    /// <summary>Whether one week lies behind the other or is the same.</summary>
    public static bool operator >=(IsoWeek a, IsoWeek b) => a.CompareTo(b) >= 0;
}

/// <summary>What was counted of one item.</summary>
/// <param name="Problems">Answers that are a problem.</param>
/// <param name="Answered">Answers. Fewer than responses where routing skips the item or customers left it out.</param>
public readonly record struct ItemCount(long Problems, long Answered)
{
    /// <summary>Both counts added.</summary>
    public static ItemCount operator +(ItemCount a, ItemCount b) => new(a.Problems + b.Problems, a.Answered + b.Answered);

    /// <inheritdoc cref="op_Addition"/>
    public static ItemCount Add(ItemCount a, ItemCount b) => a + b;
}

/// <summary>Counts by week and item, of one survey and one group: a dealer, a region, a nation.</summary>
/// <remarks>
/// Complete responses that count, by the market-local day of completion. What is a problem says the question as it stood in the
/// version that was answered (<see cref="Question.ProblemAt"/>), so that responses of several versions can be counted together.
/// </remarks>
public sealed class ProblemTally
{
    private readonly Dictionary<IsoWeek, WeekCount> weeks = [];

    /// <summary>The weeks that have responses, in order.</summary>
    public IReadOnlyList<IsoWeek> Weeks => [.. weeks.Keys.Order()];

    /// <summary>The customers reached in a week: its complete responses that count.</summary>
    public long Responses(IsoWeek week) => weeks.GetValueOrDefault(week)?.Responses ?? 0;

    /// <summary>What was counted of an item in a week.</summary>
    public ItemCount this[IsoWeek week, string question] => weeks.GetValueOrDefault(week)?.Items.GetValueOrDefault(question) ?? default;

    /// <summary>Adds responses to a week, each once; their answers come by <see cref="AddAnswers"/>.</summary>
    public void AddResponses(IsoWeek week, long count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        In(week).Responses += count;
    }

    /// <summary>Adds an answer to a week, as often as it was given.</summary>
    /// <param name="week">The week of completion.</param>
    /// <param name="question">As it stood in the version that was answered.</param>
    /// <param name="answer">The code; several joined by <c>|</c> where the scale allows it. Empty: not answered, not counted.</param>
    /// <param name="count">How often.</param>
    public void AddAnswers(IsoWeek week, Question question, string answer, long count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (answer.Length > 0 && question.ProblemAt.Count > 0)
        {
            AddAnswers(week, question.Id, new ItemCount(IsProblem(question, answer) ? count : 0, count));
        }
    }

    /// <summary>Adds answers to a week of which is known already whether they are problems.</summary>
    public void AddAnswers(IsoWeek week, string question, ItemCount count) =>
        CollectionsMarshal.GetValueRefOrAddDefault(In(week).Items, question, out _) += count;

    /// <summary>Adds all counts of another group; that one stays as it is.</summary>
    public void Add(ProblemTally other)
    {
        foreach (var (week, theirs) in other.weeks)
        {
            var ours = In(week);
            ours.Responses += theirs.Responses;
            foreach (var (question, count) in theirs.Items)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(ours.Items, question, out _) += count;
            }
        }
    }

    /// <summary>Whether an answer is a problem; of several codes one suffices.</summary>
    private static bool IsProblem(Question question, string answer) => question.Scale.Kind == ScaleKind.Choices
        ? answer.Split('|').Any(question.ProblemAt.Contains)
        : question.ProblemAt.Contains(answer);

    private WeekCount In(IsoWeek week) => CollectionsMarshal.GetValueRefOrAddDefault(weeks, week, out _) ??= new();

    private sealed class WeekCount
    {
        public long Responses { get; set; }

        public Dictionary<string, ItemCount> Items { get; } = new(StringComparer.Ordinal);
    }
}

/// <summary>A week of one item in its course.</summary>
/// <param name="Week">The week.</param>
/// <param name="Responses">Customers reached.</param>
/// <param name="Count">Problems, and answers to the item.</param>
/// <param name="OfReached">Problems, as a share of the customers reached, with Wilson's interval. Null where nobody was reached.</param>
public sealed record CourseWeek(IsoWeek Week, long Responses, ItemCount Count, Estimate? OfReached);

/// <summary>How an item moved against the three weeks before.</summary>
/// <param name="IsWorse">A larger share of problems than before.</param>
/// <param name="Chance">Fisher's two-sided p: how often customers of whom nothing has changed answer so differently or more.</param>
/// <param name="Adjusted">The same, adjusted for the number of items on the sheet that can be compared (Benjamini-Hochberg).</param>
public sealed record Movement(bool IsWorse, double Chance, double Adjusted)
{
    /// <summary>Of all movements that are called so, no more than 1 in 20 is expected to be chance.</summary>
    public bool IsMoreThanChance => Adjusted < 0.05;
}

/// <summary>A line of the sheet.</summary>
/// <param name="Question">The item's id.</param>
/// <param name="Count">Problems, and answers to the item.</param>
/// <param name="OfProblems">Its share of all problems of the week, 0 to 1. Null in a week without a problem.</param>
/// <param name="Cumulative">The same of this line and all above it: the curve of a Pareto chart.</param>
/// <param name="OfReached">Problems, as a share of the customers reached, 0 to 1: also of those who were not asked. Null where nobody was reached.</param>
/// <param name="Now">Problems among those who answered the item this week, 0 to 1. Null where nobody did.</param>
/// <param name="Before">The same, of the three weeks before taken together.</param>
/// <param name="Movement">Null where nobody answered the item, this week or in the three before.</param>
public sealed record ProblemLine(
    string Question, ItemCount Count, double? OfProblems, double? Cumulative, double? OfReached, double? Now, double? Before, Movement? Movement);

/// <summary>The weekly problem statistics: every problem item of the questionnaire, the most frequent first.</summary>
/// <remarks>
/// The share of the customers reached says how many of all customers had the trouble, so it stands over everybody, those that routing did not ask included
/// (who did not pay has no trouble with the price). Whether an item moved is asked of those who answered it: else a week with more paid visits would look like a
/// week with worse prices. The test takes customers to answer independently of each other.
/// </remarks>
/// <param name="Week">The week.</param>
/// <param name="Responses">Customers reached: complete responses that count.</param>
/// <param name="Problems">All problems of the week; a customer may have several.</param>
/// <param name="Lines">By number of problems, equals in the order of the questionnaire.</param>
public sealed record ProblemSheet(IsoWeek Week, long Responses, long Problems, IReadOnlyList<ProblemLine> Lines)
{
    /// <summary>The weeks that a week is compared with.</summary>
    private const int WeeksBefore = 3;

    /// <summary>The sheet of a week.</summary>
    /// <param name="tally">The counts.</param>
    /// <param name="questionnaire">The version whose items are listed, in its order. Those of other versions only are not.</param>
    /// <param name="week">The week.</param>
    public static ProblemSheet Of(ProblemTally tally, Questionnaire questionnaire, IsoWeek week)
    {
        var items = questionnaire.Questions.Where(q => q.ProblemAt.Count > 0).Select(q => q.Id).ToArray();
        var counts = items.Select(q => (Now: Counted(tally, week, q), Before: CountedBefore(tally, week, q))).ToArray();
        var movements = Movements(counts);
        var responses = tally.Responses(week);
        var problems = counts.Sum(c => c.Now.Problems);
        var lines = new List<ProblemLine>(items.Length);
        long above = 0;
        foreach (var i in Enumerable.Range(0, items.Length).OrderByDescending(i => counts[i].Now.Problems)) // stable: equals stay in the questionnaire's order
        {
            var (count, before) = counts[i];
            above += count.Problems;
            lines.Add(new(
                items[i], count, Share(count.Problems, problems), Share(above, problems), Share(count.Problems, responses),
                Share(count.Problems, count.Answered), Share(before.Problems, before.Answered), movements[i]));
        }

        return new(week, responses, problems, lines);
    }

    /// <summary>One item over four weeks, the last of which is <paramref name="last"/>; weeks without responses have their place.</summary>
    public static IReadOnlyList<CourseWeek> Course(ProblemTally tally, string question, IsoWeek last) =>
        [.. Enumerable.Range(-WeeksBefore, WeeksBefore + 1).Select(n => last.Plus(n)).Select(week =>
        {
            var (count, responses) = (Counted(tally, week, question), tally.Responses(week));
            Estimate? reached = Share(count.Problems, responses) is { } share ? new(share, Statistics.Wilson(count.Problems, responses)) : null;
            return new CourseWeek(week, responses, count, reached);
        })];

    /// <summary>How each item moved; null where one of the two has no answers.</summary>
    private static Movement?[] Movements((ItemCount Now, ItemCount Before)[] counts)
    {
        var tested = Enumerable.Range(0, counts.Length).Where(i => counts[i] is { Now.Answered: > 0, Before.Answered: > 0 }).ToArray();
        var chances = tested.Select(i => counts[i])
            .Select(c => Statistics.FisherExact(c.Now.Problems, c.Now.Answered - c.Now.Problems, c.Before.Problems, c.Before.Answered - c.Before.Problems))
            .ToArray();
        var adjusted = Statistics.BenjaminiHochberg(chances);
        var movements = new Movement?[counts.Length];
        foreach (var (place, i) in tested.Index())
        {
            var (now, before) = counts[i];
            movements[i] = new(now.Problems / (double)now.Answered > before.Problems / (double)before.Answered, chances[place], adjusted[place]);
        }

        return movements;
    }

    private static ItemCount CountedBefore(ProblemTally tally, IsoWeek week, string question) =>
        Enumerable.Range(1, WeeksBefore).Select(n => Counted(tally, week.Plus(-n), question)).Aggregate(ItemCount.Add);

    /// <summary>The counts of an item; more answers than responses can't be, and would make a share above 1.</summary>
    private static ItemCount Counted(ProblemTally tally, IsoWeek week, string question) =>
        tally[week, question] is var count && count.Answered <= tally.Responses(week)
            ? count
            : throw new ArgumentException(
                $"{week} has {count.Answered} answers to {question}, and {tally.Responses(week)} responses: add each response once.", nameof(tally));

    private static double? Share(long count, long total) => total > 0 ? count / (double)total : null;
}
