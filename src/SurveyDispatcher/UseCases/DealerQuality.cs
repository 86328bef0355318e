using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Reports;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>The data-quality sheet of a market: what each dealer's systems sent in the months of a period, and what stands out.</summary>
internal sealed class DealerQuality(Database database, Market market, Period period)
{
    /// <summary>Under this code stand rows that are no dealer's: nobody to compare.</summary>
    private const string Nobody = "";

    private readonly Dictionary<(string Dealer, string Source), Dictionary<string, long>> sent = [];

    /// <summary>
    /// A line for each dealer and system, by dealer. What is known of the dealer only (mails, addresses that customers share) stands in the line of his only system, or in one of
    /// its own, without a system. Rows that don't say whose they are, or can't be read, stand under no code.
    /// </summary>
    /// <param name="shared">What his customers' addresses and numbers have in common.</param>
    /// <param name="nameOf">How a dealer is called.</param>
    public IReadOnlyList<QualityLine> Lines(IReadOnlyList<QualityCount> shared, Func<string, DealerName> nameOf)
    {
        database["report.tallies"].Each(r => Add(r.GetString(0), r.GetString(1), r.GetString(2), r.GetInt64(3)), market.Code, Month(period.From), Month(period.To));
        database["report.unread"].Each(r => Add(Nobody, r.GetString(0), r.GetString(1), r.GetInt64(2)), Month(period.From), Month(period.To), market.Code);
        var mailed = new Dictionary<string, (long Mailed, long Bounced)>(StringComparer.Ordinal);
        database["report.mailed"].Each(r => mailed.Add(r.GetString(0), (r.GetInt64(1), r.GetInt64(2))), market.Code, period.From, period.To);

        var signs = QualitySigns.Find([.. Counts(mailed), .. shared]);
        var lines = new List<QualityLine>();
        foreach (var dealer in sent.Keys.Select(k => k.Dealer).Concat(mailed.Keys).Concat(shared.Select(c => c.Dealer)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var systems = sent.Where(s => s.Key.Dealer == dealer).OrderByDescending(s => s.Value.GetValueOrDefault(DealerTallies.New)).ThenBy(s => s.Key.Source, StringComparer.Ordinal)
                .Select(s => (s.Key.Source, Of: s.Value)).ToList();
            var (went, came) = mailed.GetValueOrDefault(dealer);
            var all = signs.GetValueOrDefault(dealer) ?? [];
            if (systems.Count != 1 && (systems.Count == 0 || went > 0 || all.Any(s => s.Source.Length == 0)))
            {
                systems.Add(("", []));
            }

            foreach (var (source, of) in systems)
            {
                var ofDealer = systems.Count == 1 || source.Length == 0;
                lines.Add(new QualityLine(
                    nameOf(dealer), source, of.GetValueOrDefault(DealerTallies.New), By(of, DealerTallies.RejectedFor), By(of, DealerTallies.ScreenedOutFor),
                    of.GetValueOrDefault(DealerTallies.EmailGiven), of.GetValueOrDefault(DealerTallies.EmailUsable), of.GetValueOrDefault(DealerTallies.EmailPlaceholder),
                    of.GetValueOrDefault(DealerTallies.PhoneGiven), of.GetValueOrDefault(DealerTallies.PhoneUsable), ofDealer ? went : 0, ofDealer ? came : 0,
                    [.. all.Where(s => s.Source == source || (ofDealer && s.Source.Length == 0))]));
            }
        }

        return lines;
    }

    private void Add(string dealer, string source, string what, long count)
    {
        if (!sent.TryGetValue((dealer, source), out var of))
        {
            sent.Add((dealer, source), of = new(StringComparer.Ordinal));
        }

        of[what] = of.GetValueOrDefault(what) + count;
    }

    private IEnumerable<QualityCount> Counts(Dictionary<string, (long Mailed, long Bounced)> mailed)
    {
        foreach (var ((dealer, source), of) in sent.Where(s => s.Key.Dealer != Nobody))
        {
            long Sum(params ReadOnlySpan<string> what)
            {
                var sum = 0L;
                foreach (var w in what)
                {
                    sum += of.GetValueOrDefault(w);
                }

                return sum;
            }

            var (isNew, rejected) = (Sum(DealerTallies.New), By(of, DealerTallies.RejectedFor).Values.Sum());
            var aged = Sum(DealerTallies.AgeYoung, DealerTallies.AgeOpen, DealerTallies.AgeLastDays, DealerTallies.AgeJustPassed, DealerTallies.AgePassed);
            yield return new(dealer, QualitySigns.Rejected, rejected, isNew + rejected, source);
            yield return new(dealer, QualitySigns.NoEmail, isNew - Sum(DealerTallies.EmailUsable, DealerTallies.EmailPlaceholder), isNew, source);
            yield return new(dealer, QualitySigns.Placeholder, Sum(DealerTallies.EmailPlaceholder), isNew, source);
            yield return new(dealer, QualitySigns.NoPhone, isNew - Sum(DealerTallies.PhoneUsable), isNew, source);
            yield return new(dealer, QualitySigns.JustPassed, Sum(DealerTallies.AgeJustPassed), aged, source);
            yield return new(dealer, QualitySigns.Passed, Sum(DealerTallies.AgePassed), aged, source);
            yield return new(dealer, QualitySigns.LastDays, Sum(DealerTallies.AgeLastDays), aged, source);
        }

        foreach (var (dealer, (went, came)) in mailed)
        {
            yield return new(dealer, QualitySigns.Bounced, came, went);
        }
    }

    private static Dictionary<string, long> By(Dictionary<string, long> of, string beginning) => of
        .Where(w => w.Key.StartsWith(beginning, StringComparison.Ordinal)).ToDictionary(w => w.Key[beginning.Length..], w => w.Value, StringComparer.Ordinal);

    private static string Month(DateOnly day) => day.ToString("yyyy-MM", CultureInfo.InvariantCulture);
}
