using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Reports;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>The data-quality sheet of a market: what each dealer's systems sent in the months of a period, and what stands out.</summary>
internal sealed class DealerQuality(Database database, Market market, Period period)
{
    private readonly Dictionary<(string Dealer, string Source), Dictionary<string, long>> sent = [];

    /// <summary>A line for each dealer and system, by dealer; what is known of the dealer only (mails, signs) stands in the line of the system that sent most.</summary>
    /// <param name="shared">What his customers' addresses and numbers have in common.</param>
    /// <param name="nameOf">How a dealer is called.</param>
    public IReadOnlyList<QualityLine> Lines(IReadOnlyList<QualityCount> shared, Func<string, DealerName> nameOf)
    {
        database["report.tallies"].Each(
            r =>
            {
                var key = (r.GetString(0), r.GetString(1));
                if (!sent.TryGetValue(key, out var of))
                {
                    sent.Add(key, of = new(StringComparer.Ordinal));
                }

                of[r.GetString(2)] = r.GetInt64(3);
            },
            market.Code, Month(period.From), Month(period.To));
        var mailed = new Dictionary<string, (long Mailed, long Bounced)>(StringComparer.Ordinal);
        database["report.mailed"].Each(r => mailed.Add(r.GetString(0), (r.GetInt64(1), r.GetInt64(2))), market.Code, period.From, period.To);

        var signs = QualitySigns.Find([.. Counts(mailed), .. shared]);
        var lines = new List<QualityLine>();
        foreach (var dealer in sent.Keys.Select(k => k.Dealer).Concat(mailed.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var first = true;
            var systems = sent.Where(s => s.Key.Dealer == dealer).OrderByDescending(s => s.Value.GetValueOrDefault(DealerTallies.New)).ThenBy(s => s.Key.Source, StringComparer.Ordinal)
                .Select(s => (s.Key.Source, s.Value)).DefaultIfEmpty(("", new Dictionary<string, long>(StringComparer.Ordinal)));
            foreach (var (source, of) in systems)
            {
                var (went, came) = first ? mailed.GetValueOrDefault(dealer) : default;
                lines.Add(new QualityLine(
                    nameOf(dealer), source, of.GetValueOrDefault(DealerTallies.New), By(of, DealerTallies.RejectedFor), By(of, DealerTallies.ScreenedOutFor),
                    of.GetValueOrDefault(DealerTallies.EmailGiven), of.GetValueOrDefault(DealerTallies.EmailUsable), of.GetValueOrDefault(DealerTallies.EmailPlaceholder),
                    of.GetValueOrDefault(DealerTallies.PhoneGiven), of.GetValueOrDefault(DealerTallies.PhoneUsable), went, came,
                    first ? signs.GetValueOrDefault(dealer) ?? [] : []));
                first = false;
            }
        }

        return lines;
    }

    private IEnumerable<QualityCount> Counts(Dictionary<string, (long Mailed, long Bounced)> mailed)
    {
        foreach (var dealer in sent.GroupBy(s => s.Key.Dealer, s => s.Value, StringComparer.Ordinal))
        {
            long Sum(string what) => dealer.Sum(of => of.GetValueOrDefault(what));
            var (isNew, rejected) = (Sum(DealerTallies.New), dealer.Sum(of => By(of, DealerTallies.RejectedFor).Values.Sum()));
            var aged = Sum(DealerTallies.AgeYoung) + Sum(DealerTallies.AgeOpen) + Sum(DealerTallies.AgeLastDays) + Sum(DealerTallies.AgeJustPassed) + Sum(DealerTallies.AgePassed);
            yield return new(dealer.Key, QualitySigns.Rejected, rejected, isNew + rejected);
            yield return new(dealer.Key, QualitySigns.NoEmail, isNew - Sum(DealerTallies.EmailUsable), isNew);
            yield return new(dealer.Key, QualitySigns.Placeholder, Sum(DealerTallies.EmailPlaceholder), isNew);
            yield return new(dealer.Key, QualitySigns.NoPhone, isNew - Sum(DealerTallies.PhoneUsable), isNew);
            yield return new(dealer.Key, QualitySigns.JustPassed, Sum(DealerTallies.AgeJustPassed), aged);
            yield return new(dealer.Key, QualitySigns.Passed, Sum(DealerTallies.AgePassed), aged);
            yield return new(dealer.Key, QualitySigns.LastDays, Sum(DealerTallies.AgeLastDays), aged);
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
