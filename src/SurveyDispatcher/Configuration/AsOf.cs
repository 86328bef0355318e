using System.Globalization;
using Survey.Domain;

namespace SurveyDispatcher.Configuration;

/// <summary>The point in time that a cycle works on: an instant, or one calendar day in every market at once.</summary>
/// <remarks>
/// A date means "the local date of every market, sending hours open" (contracts.md): such a cycle takes place at noon
/// of that day in each market.
/// </remarks>
public sealed record AsOf
{
    private static readonly TimeOnly Noon = new(12, 0);

    private AsOf(DateOnly? day, DateTimeOffset instant)
    {
        FixedDay = day;
        Instant = instant;
    }

    /// <summary>The day, when a date was given.</summary>
    public DateOnly? FixedDay { get; }

    /// <summary>The instant; noon UTC when a date was given.</summary>
    public DateTimeOffset Instant { get; }

    /// <summary>The day that dates the cycle as a whole: the given date, else the UTC date.</summary>
    public DateOnly Day => FixedDay ?? DateOnly.FromDateTime(Instant.UtcDateTime);

    /// <summary>This day in every market.</summary>
    public static AsOf On(DateOnly day) => new(day, new DateTimeOffset(day, Noon, TimeSpan.Zero));

    /// <summary>This instant.</summary>
    public static AsOf At(DateTimeOffset instant) => new(null, instant.ToUniversalTime());

    /// <summary>Reads <c>--as-of</c>.</summary>
    /// <exception cref="UsageException">Neither a date nor an instant with an offset.</exception>
    public static AsOf Parse(string text)
    {
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && IsThinkable(day))
        {
            return On(day);
        }

        return Instants.Parse(text) is { } instant && IsThinkable(DateOnly.FromDateTime(instant.DateTime))
            ? At(instant)
            : throw new UsageException(
                $"--as-of '{text}': a date such as 2026-03-01, or an instant with offset such as 2026-03-01T06:00:00+11:00, is expected.");
    }

    /// <summary>Days are counted from it in both directions: the ends of the calendar are out of reach.</summary>
    private static bool IsThinkable(DateOnly day) => day.Year is >= 1900 and < 9000;

    /// <summary>The local date in a market.</summary>
    public DateOnly LocalDate(Market market) => FixedDay ?? Instants.LocalDate(Instant, market);

    /// <summary>The instant in a market, with its offset.</summary>
    public DateTimeOffset In(Market market)
    {
        var zone = Instants.Zone(market);
        if (FixedDay is not { } day)
        {
            return TimeZoneInfo.ConvertTime(Instant, zone);
        }

        var noon = day.ToDateTime(Noon);
        return new DateTimeOffset(noon, zone.GetUtcOffset(noon));
    }

    /// <summary>Whether mail may be sent in a market now.</summary>
    public bool SendingOpen(Market market) => FixedDay is not null || market.SendingHours.Contains(TimeOnly.FromDateTime(In(market).DateTime));

    /// <inheritdoc/>
    public override string ToString() => FixedDay is { } day
        ? day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
        : Instants.Text(Instant);
}

/// <summary>Instants as files write them, and the calendar dates they fall on.</summary>
public static class Instants
{
    private static readonly string[] Formats =
        ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd'T'HH:mmzzz", "yyyy-MM-dd HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd HH:mmzzz", "yyyyMMdd'T'HHmmss.FFFFFFFzzz", "yyyyMMdd'T'HHmmzzz"];

    /// <summary>ISO 8601 with an offset (or Z), or null.</summary>
    public static DateTimeOffset? Parse(string text)
    {
        var withOffset = text.EndsWith('Z') ? text[..^1] + "+00:00" : text;
        return DateTimeOffset.TryParseExact(withOffset, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant)
            ? instant
            : null;
    }

    /// <summary>ISO 8601 to the second, with its offset.</summary>
    public static string Text(DateTimeOffset instant) => instant.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    /// <summary>The local date of an instant in a market.</summary>
    public static DateOnly LocalDate(DateTimeOffset instant, Market market) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, Zone(market)).DateTime);

    /// <summary>The time zone of a market; its name was checked when the configuration was read.</summary>
    public static TimeZoneInfo Zone(Market market) => TimeZoneInfo.FindSystemTimeZoneById(market.TimeZone);
}
