using System.Runtime.InteropServices;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Reports;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Reads what reports tell. What is large in the store is read once, for all markets; contact data, which fills memory meanwhile, market by market.</summary>
internal sealed class FiguresReader(PipelineConfig config, Period period, AsOf asOf, Database database, Vault vault)
{
    /// <summary>The figures of markets, in their order.</summary>
    public IReadOnlyList<MarketFigures> Read(IReadOnlyList<Market> markets)
    {
        var all = markets.Select(m => new MarketFigures(config, m, new ReportedDays(period, asOf.LocalDate(m)))).ToList();
        var contacts = Task.Run(() => ReadContacts(markets));
        var quality = database.AtOneMoment(() =>
        {
            ReadNames(all);
            ReadOpen(all);
            ReadResponses(ReadOutcomes(all));
            var shared = contacts.GetAwaiter().GetResult();
            return all.Select((figures, i) => new DealerQuality(database, figures.Market, period).Lines(shared[i], figures.NameOf)).ToList();
        });
        Parallel.For(0, all.Count, i => all[i].Finish(quality[i]));
        return all;
    }

    /// <summary>What the newest transaction of a dealer calls him; the register of dealers knows better.</summary>
    private void ReadNames(IReadOnlyList<MarketFigures> all)
    {
        var newest = new Dictionary<(string Market, string Dealer), (long Id, string Name)>();
        RowPipe.Run(database["report.names"], (page, row) =>
        {
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(newest, (Text(page, row, 1), Text(page, row, 2)), out _);
            if (page.Number(row, 0) > known.Id)
            {
                known = (page.Number(row, 0), Text(page, row, 3));
            }
        });
        foreach (var figures in all)
        {
            foreach (var (dealer, (_, name)) in newest.Where(d => d.Key.Market == figures.Market.Code).Select(d => (d.Key.Dealer, d.Value)))
            {
                figures.Name(new DealerName(dealer, name, ""));
            }
        }

        database["report.dealers"].Each(r => all.FirstOrDefault(f => f.Market.Code == r.GetString(0))?.Name(new DealerName(r.GetString(1), r.GetString(2), r.GetString(3))));
    }

    /// <summary>Who has open cases has something in the period, and nothing that could be counted.</summary>
    private void ReadOpen(IReadOnlyList<MarketFigures> all) => database["report.open"].Each(
        r =>
        {
            var survey = SurveyKinds.FromCode(r.GetString(1));
            if (all.FirstOrDefault(f => f.Market.Code == r.GetString(0)) is { } figures && figures.Market.Policy(survey) is not null)
            {
                figures.SumsOf(new DealerSurvey(survey, r.GetString(2))).HasCase = true;
            }
        },
        period.From, period.To);

    /// <summary>Counts what became of the cases that have ended; where responses to them are to be counted.</summary>
    private Places ReadOutcomes(IReadOnlyList<MarketFigures> all)
    {
        var places = new Places();
        var byMarket = all.ToDictionary(f => f.Market.Code, StringComparer.Ordinal);
        RowPipe.Run(database["export.dispositions"], (page, row) =>
        {
            if (byMarket.GetValueOrDefault(Text(page, row, 1)) is { } figures && SurveyKinds.FromCode(Text(page, row, 2)) is var survey && figures.Market.Policy(survey) is not null)
            {
                var eventDate = page.DayOrNull(row, 4)!.Value;
                var place = places.Add(page.Number(row, 0), figures, survey, Text(page, row, 3), eventDate);
                if (period.Has(eventDate))
                {
                    var sums = figures.SumsOf(place);
                    sums.HasCase = true;
                    if (CaseCells.FinalDispositionOf(page, row, 5) is { } final)
                    {
                        sums.Rates.Add(final, CaseCells.Read(page, row, 5));
                    }
                }
            }
        });
        return places;
    }

    private void ReadResponses(Places places)
    {
        var forms = AnsweredForm.ReadAll(database, config.Questionnaires);
        var answers = new AnswerCells();
        RowPipe.Run(database["report.responses"], (page, row) =>
        {
            if (places.Find(page.Number(row, 0)) is var (figures, place, eventDate))
            {
                answers.Read(page.Text(row, 3));
                figures.Add(place, eventDate, page.Instant(row, 1), forms[page.Number(row, 2)], answers);
            }
        });
    }

    /// <summary>On two threads: to decrypt the contact data of a year is most of a report's work.</summary>
    private List<QualityCount>[] ReadContacts(IReadOnlyList<Market> markets)
    {
        var found = new List<QualityCount>[markets.Count];
        var next = -1;
        Parallel.For(0, Math.Min(2, markets.Count), _ =>
        {
            using var other = database.OpenAnother();
            var quality = new ContactQuality(other, vault, config.Programme);
            for (var i = Interlocked.Increment(ref next); i < markets.Count; i = Interlocked.Increment(ref next))
            {
                found[i] = other.AtOneMoment(() => quality.Of(markets[i], period));
            }
        });
        return found;
    }

    private static string Text(RowPage page, int row, int column) => Encoding.UTF8.GetString(page.Text(row, column));

    /// <summary>Where responses to cases are counted, by the numbers of the cases: eight bytes a case, since to join three tables costs more than all else.</summary>
    private sealed class Places
    {
        private const int BlockBits = 16;

        private readonly List<(MarketFigures Figures, DealerSurvey Of)> places = [];
        private readonly Dictionary<(MarketFigures, DealerSurvey), int> numbers = [];
        private readonly Dictionary<long, (int Place, int Day)[]> blocks = [];

        public DealerSurvey Add(long caseNumber, MarketFigures figures, SurveyKind survey, string dealer, DateOnly eventDate)
        {
            var of = new DealerSurvey(survey, dealer);
            if (!numbers.TryGetValue((figures, of), out var place))
            {
                places.Add((figures, of));
                numbers.Add((figures, of), place = places.Count);
            }

            ref var block = ref CollectionsMarshal.GetValueRefOrAddDefault(blocks, caseNumber >> BlockBits, out _);
            block ??= new (int, int)[1 << BlockBits];
            block[caseNumber & ((1 << BlockBits) - 1)] = (place, eventDate.DayNumber);
            return of;
        }

        public (MarketFigures Figures, DealerSurvey Of, DateOnly EventDate)? Find(long caseNumber) =>
            blocks.GetValueOrDefault(caseNumber >> BlockBits)?[caseNumber & ((1 << BlockBits) - 1)] is { Place: > 0 } found
                ? (places[found.Place - 1].Figures, places[found.Place - 1].Of, DateOnly.FromDayNumber(found.Day))
                : null;
    }
}
