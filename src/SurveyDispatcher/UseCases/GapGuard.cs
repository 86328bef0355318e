using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>The furthest that cycles have come in a data directory.</summary>
/// <param name="Number">The cycle's number.</param>
/// <param name="Day">The day that dated it.</param>
internal sealed record NotedCycle(long Number, DateOnly Day);

/// <summary>Keeps a restored store, or a host whose clock has jumped, from doing weeks of overdue work at once (contracts.md, <c>Data:MaxGapDays</c>).</summary>
internal static class GapGuard
{
    /// <summary>Why a cycle must not run without being told to; null when it may.</summary>
    /// <param name="database">The store.</param>
    /// <param name="config">The settings and the programme.</param>
    /// <param name="asOf">What dates the cycle.</param>
    /// <param name="noted">The last cycle that began in the data directory, as <see cref="CycleLock"/> has it; null when it is not known.</param>
    public static Phrase? Problem(Database database, PipelineConfig config, AsOf asOf, NotedCycle? noted) => Gap(database, config, asOf) ?? SetBack(database, noted);

    /// <summary>What the data directory must remember when a cycle has begun: while a store that was set back is being replayed, how far it had been.</summary>
    /// <param name="noted">What it remembered.</param>
    /// <param name="begun">The cycle that has begun.</param>
    public static NotedCycle Note(NotedCycle? noted, NotedCycle begun) =>
        noted is { } far && begun.Number <= far.Number && begun.Day < far.Day ? far with { Number = Math.Max(far.Number, begun.Number + 1) } : begun;

    /// <summary>The store knows less than has happened: too young a backup for the gap to tell, or a log that was deleted after a crash.</summary>
    public static Phrase? SetBack(Database database, NotedCycle? noted) =>
        database["cycles.last_id"].Scalar<long>() is var last && noted?.Number > last
            ? last == 0
                ? (Phrase)$"Cycles up to {noted.Day:yyyy-MM-dd} have begun in this data directory (number {noted.Number}), but the store knows of none: {WhySetBack}"
                : $"Cycles up to {noted.Day:yyyy-MM-dd} have begun in this data directory (number {noted.Number}), but the store ends with cycle {last}: {WhySetBack}"
            : null;

    private static Phrase WhySetBack =>
        $"it was restored from a backup, its log (survey.db-wal) was deleted after a crash, or it is the old one of a store that has moved (Store:Provider, Store:ConnectionString: name the new one). "
        + $"It does not know whom the lost cycles have contacted, and would contact them again. Nothing was done, and no cycle of this store, by hand, by cron or by 'run', does anything until that is mended or accepted. "
        + $"Read 'Restore' in docs/operations.md first: each day that was lost, without files or with them, is run again with --accept-gap. If nothing went out, run 'cycle --accept-gap' once.";

    private static Phrase? Gap(Database database, PipelineConfig config, AsOf asOf)
    {
        if (database["cycles.last"].First(r => (AsOf: r.GetString(1), Day: (DateOnly?)r.Day(2))) is not { Day: { } last } before)
        {
            return null;
        }

        var most = config.Settings.Data.MaxGapDays;
        var gap = asOf.Day.DayNumber - last.DayNumber;
        if (gap <= most && (gap >= 0 || HasBegunSomewhere(last, before.AsOf, asOf, config.Programme)))
        {
            return null;
        }

        return gap < 0
            ? (Phrase)$"The last cycle was dated {last:yyyy-MM-dd}, this one is dated {asOf.Day:yyyy-MM-dd}: it lies before it. {WhatToDo}"
            : $"The last cycle was dated {last:yyyy-MM-dd}, this one is dated {asOf.Day:yyyy-MM-dd}: {gap} days later, more than Data:MaxGapDays = {most}. {WhatToDo}";
    }

    private static Phrase WhatToDo =>
        $"Was the store restored from a backup, or the clock changed? "
        + $"Nothing was done, and no cycle of this store, by hand, by cron or by 'run', does anything until that is mended or accepted. "
        + $"If the date is right, look with 'cycle --dry-run --accept-gap', then run 'cycle --accept-gap' once: what is due then is done once, in today's terms, "
        + $"and a service goes on by itself. After a restore read docs/operations.md first. To try things out, use another data directory (--data DIR).";

    /// <summary>A cycle that was dated by a day is followed by one at this moment: early in the morning in the east that day has come, though not in UTC.</summary>
    private static bool HasBegunSomewhere(DateOnly day, string before, AsOf asOf, Programme programme) =>
        asOf.FixedDay is null && before.Length == "yyyy-MM-dd".Length && programme.Markets.Values.Any(m => asOf.LocalDate(m) >= day);
}
