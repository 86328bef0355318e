namespace Survey.Domain;

/// <summary>A closed range of days counted from an event; both ends belong to it.</summary>
/// <remarks>
/// The markets state their windows as "15-35 days after hand-over" and mean both the 15th and the 35th day
/// (programme.md, <i>Markets</i>). A window without a last day never passes.
/// </remarks>
/// <param name="FromDay">The first day, 0 being the day of the event.</param>
/// <param name="ToDay">The last day, or null where the market sets no limit.</param>
public readonly record struct DayWindow(int FromDay, int? ToDay)
{
    /// <summary>The first day on which a customer may be contacted.</summary>
    public DateOnly Opens(DateOnly eventDate) => eventDate.AddDays(FromDay);

    /// <summary>The last day on which a customer may be contacted, the last call included; null without a limit.</summary>
    public DateOnly? LastDay(DateOnly eventDate) => ToDay is { } to ? eventDate.AddDays(to) : null;

    /// <summary>Whether <paramref name="today"/> lies before the window.</summary>
    public bool IsAhead(DateOnly eventDate, DateOnly today) => today < Opens(eventDate);

    /// <summary>Whether <paramref name="today"/> lies behind the window.</summary>
    public bool HasPassed(DateOnly eventDate, DateOnly today) => LastDay(eventDate) is { } last && today > last;

    /// <inheritdoc/>
    public override string ToString() => ToDay is { } to ? $"{FromDay}-{to}" : $"{FromDay}-";
}
