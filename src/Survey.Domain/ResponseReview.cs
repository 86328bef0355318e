namespace Survey.Domain;

/// <summary>What is odd about a response that was taken all the same. Analysts decide what it is worth; nobody's answer is dropped for it.</summary>
[Flags]
public enum ResponseFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Complete, but the overall satisfaction was not answered.</summary>
    NoOverall = 1,

    /// <summary>A question was answered that routing skips.</summary>
    NotAsked = 2,

    /// <summary>Given before the first contact, or without any on record.</summary>
    BeforeInvitation = 4,

    /// <summary>Given before the event it is about.</summary>
    BeforeEvent = 8,

    /// <summary>Given after the day on which it came in.</summary>
    InFuture = 16,

    /// <summary>A complete interview in less time than it takes to read it.</summary>
    Speeder = 32,

    /// <summary>The same answer to every question of a scale, over many questions.</summary>
    StraightLiner = 64,

    /// <summary>What the file says of its start or duration can't be: no duration is kept.</summary>
    BadDuration = 128,
}

/// <summary>Finds what is odd about a response (docs/responses.md).</summary>
public static class ResponseReview
{
    /// <summary>Longer than this nobody answers: it was left open, or the clock was wrong.</summary>
    public const int MostSeconds = 30 * 24 * 60 * 60;

    private static readonly (ResponseFlags Flag, string Code)[] Names =
    [
        (ResponseFlags.NoOverall, "no_overall"),
        (ResponseFlags.NotAsked, "not_asked"),
        (ResponseFlags.BeforeInvitation, "before_invitation"),
        (ResponseFlags.BeforeEvent, "before_event"),
        (ResponseFlags.InFuture, "in_future"),
        (ResponseFlags.Speeder, "speeder"),
        (ResponseFlags.StraightLiner, "straight_liner"),
        (ResponseFlags.BadDuration, "bad_duration"),
    ];

    /// <summary>The codes of the flags as exports write them, in this order, joined by <c>|</c>.</summary>
    public static string Codes(this ResponseFlags flags) =>
        flags == ResponseFlags.None ? "" : string.Join('|', Names.Where(n => flags.HasFlag(n.Flag)).Select(n => n.Code));

    /// <summary>Whether an answer says that the respondent is not the one to ask.</summary>
    /// <param name="questionnaire">What was asked.</param>
    /// <param name="answers">The codes, by the place of their question; null: no answer.</param>
    public static bool ScreensOut(Questionnaire questionnaire, ReadOnlySpan<string?> answers)
    {
        for (var i = 0; i < answers.Length; i++)
        {
            if (answers[i] is { } answer && questionnaire.Questions[i].ScreensOut.Contains(answer))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What the answers show by themselves.</summary>
    /// <param name="questionnaire">What was asked.</param>
    /// <param name="answers">The codes, by the place of their question; null: no answer.</param>
    /// <param name="status">One of <see cref="ResponseStatuses"/>.</param>
    /// <param name="seconds">How long it took; null: nobody said.</param>
    public static ResponseFlags OfAnswers(Questionnaire questionnaire, ReadOnlySpan<string?> answers, string status, int? seconds)
    {
        var flags = ResponseFlags.None;
        for (var i = 0; i < answers.Length; i++)
        {
            if (answers[i] is not null && questionnaire.Questions[i].AskedIf is { } routing
                && !(answers[questionnaire.PlaceOf(routing.Question)] is { } given && routing.Admits(given)))
            {
                flags |= ResponseFlags.NotAsked;
            }
        }

        if (status == ResponseStatuses.Complete)
        {
            flags |= questionnaire.PlaceOf("overall") is >= 0 and var overall && answers[overall] is null ? ResponseFlags.NoOverall : 0;
            flags |= seconds < questionnaire.Care.SpeederSeconds ? ResponseFlags.Speeder : 0;
        }

        return flags | (IsStraightLine(questionnaire, answers) ? ResponseFlags.StraightLiner : 0);
    }

    /// <summary>What its time shows, in days of the market.</summary>
    /// <param name="completedOn">The day on which it was given.</param>
    /// <param name="today">The day on which it came in.</param>
    /// <param name="eventDate">The day of the event.</param>
    /// <param name="firstContactOn">The day of the first contact; null: none is on record.</param>
    public static ResponseFlags OfDay(DateOnly completedOn, DateOnly today, DateOnly eventDate, DateOnly? firstContactOn) =>
        (firstContactOn is null || completedOn < firstContactOn ? ResponseFlags.BeforeInvitation : 0)
        | (completedOn < eventDate ? ResponseFlags.BeforeEvent : 0)
        | (completedOn > today ? ResponseFlags.InFuture : 0);

    /// <summary>The longest run over the questions of one scale, whatever stands between them.</summary>
    private static bool IsStraightLine(Questionnaire questionnaire, ReadOnlySpan<string?> answers)
    {
        if (questionnaire.Care.StraightLinerFrom is not { } least)
        {
            return false;
        }

        foreach (var scale in questionnaire.LongScales)
        {
            string? first = null;
            var (count, same) = (0, true);
            for (var i = 0; i < answers.Length && same; i++)
            {
                if (answers[i] is { } answer && ReferenceEquals(questionnaire.Questions[i].Scale, scale))
                {
                    first ??= answer;
                    same = answer == first;
                    count++;
                }
            }

            if (same && count >= least)
            {
                return true;
            }
        }

        return false;
    }
}
