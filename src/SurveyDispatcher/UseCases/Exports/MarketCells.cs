using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Cells that depend on the market: case ids, local times, languages. One thread uses it.</summary>
internal sealed class MarketCells(PipelineConfig config)
{
    private const int MostRemembered = 100;

    private readonly List<OfMarket> markets = [];
    private OfMarket last = new([], null, TimeZoneInfo.Utc);

    /// <summary>The name of a case.</summary>
    public static void CaseId(ITableOutput output, ReadOnlySpan<byte> market, long number)
    {
        const int mostDigits = 22;
        Span<byte> id = stackalloc byte[market.Length + mostDigits];
        output.Text(id[..Survey.Domain.CaseId.Format(market, number, id)]);
    }

    /// <summary>A point in time, to the second, as the market's clocks show it; in UTC where the configuration no longer has the market.</summary>
    public void Local(ITableOutput output, ReadOnlySpan<byte> market, long ticks)
    {
        var (offset, text) = Find(market).OffsetAt(ticks);
        Span<byte> cell = stackalloc byte[25];
        new DateTime(Math.Clamp(ticks + offset, 0, DateTime.MaxValue.Ticks)).TryFormat(cell, out var length, "s", CultureInfo.InvariantCulture);
        text.CopyTo(cell[length..]);
        output.Text(cell);
    }

    /// <summary>The language of an interview: as its file says, else the one in which the customer was written to.</summary>
    public void Language(ITableOutput output, ReadOnlySpan<byte> market, ReadOnlySpan<byte> told, ReadOnlySpan<byte> customers)
    {
        if (told.IsEmpty && Find(market) is { Market: { } of } cells)
        {
            output.Text(cells.LanguageOf(customers, asked => config.Templates.LanguageFor(asked, of.Languages)));
        }
        else
        {
            output.Text(told.IsEmpty ? customers : told);
        }
    }

    private OfMarket Find(ReadOnlySpan<byte> code)
    {
        if (last.Code.AsSpan().SequenceEqual(code))
        {
            return last;
        }

        foreach (var market in markets)
        {
            if (market.Code.AsSpan().SequenceEqual(code))
            {
                return last = market;
            }
        }

        var found = config.Programme.MarketOf(Encoding.UTF8.GetString(code));
        markets.Add(last = new OfMarket(code.ToArray(), found, found is null ? TimeZoneInfo.Utc : Instants.Zone(found)));
        return last;
    }

    private sealed class OfMarket(byte[] code, Market? market, TimeZoneInfo zone)
    {
        private readonly Dictionary<int, (long Ticks, byte[] Text)?> days = [];
        private readonly List<(byte[] Asked, byte[] Language)> languages = [];

        public byte[] Code => code;

        public Market? Market => market;

        /// <summary>The offset from UTC, which most days keep from their start to their end.</summary>
        public (long Ticks, byte[] Text) OffsetAt(long ticks)
        {
            var day = (int)(ticks / TimeSpan.TicksPerDay);
            if (!days.TryGetValue(day, out var offset))
            {
                var (first, end) = (Offset(day * TimeSpan.TicksPerDay), Offset((day + 1) * TimeSpan.TicksPerDay));
                days.Add(day, offset = first == end ? (first.Ticks, Written(first)) : null);
            }

            return offset ?? (Offset(ticks) is var exact ? (exact.Ticks, Written(exact)) : default);
        }

        public ReadOnlySpan<byte> LanguageOf(ReadOnlySpan<byte> asked, Func<string, string?> find)
        {
            foreach (var known in languages)
            {
                if (asked.SequenceEqual(known.Asked))
                {
                    return known.Language;
                }
            }

            var language = Encoding.UTF8.GetBytes(find(Encoding.UTF8.GetString(asked)) ?? "");
            if (languages.Count < MostRemembered) // what dealers send has no bounds
            {
                languages.Add((asked.ToArray(), language));
            }

            return language;
        }

        private TimeSpan Offset(long ticks) => zone.GetUtcOffset(new DateTime(Math.Min(ticks, DateTime.MaxValue.Ticks), DateTimeKind.Utc));

        private static byte[] Written(TimeSpan offset) =>
            Encoding.ASCII.GetBytes($"{(offset < TimeSpan.Zero ? '-' : '+')}{offset:hh\\:mm}");
    }
}
