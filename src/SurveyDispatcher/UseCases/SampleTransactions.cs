using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Asks sampling about transactions that passed every other rule, and keeps what it said (docs/sampling.md).</summary>
/// <remarks>
/// What was drawn for is kept with its rate, so that the answer stays the same until the policy changes. Strata and answers are stored in
/// the transaction that stores the rows: a process that is killed has counted none of them, or all.
/// </remarks>
internal sealed class SampleTransactions(CycleContext context)
{
    private static readonly ScreeningVerdict NotSampled = new ScreeningVerdict(0).With(default);

    private readonly bool any = context.Config.Programme.Markets.Values.Any(m => (m.Sales?.Sampling ?? m.Service?.Sampling) is not null);
    private readonly Dictionary<(string Country, string Survey, string Dealer, string Month), Stratum> strata = [];
    private readonly HashSet<(string Country, string Survey, string Dealer, string Month)> changed = [];
    private readonly Dictionary<long, Answer> answers = [];

    /// <summary>The verdict once sampling was asked.</summary>
    /// <param name="id">The transaction's number.</param>
    /// <param name="t">The transaction.</param>
    /// <param name="keyHash">The keyed hash of its natural key.</param>
    /// <param name="verdict">What the other rules say.</param>
    /// <param name="reasonOnRecord">The reason on record of one that came before; null: it is new, or it was eligible.</param>
    /// <param name="isNew">The store has nothing of it.</param>
    public ScreeningVerdict Ask(long id, Transaction t, long keyHash, ScreeningVerdict verdict, string? reasonOnRecord, bool isNew)
    {
        if (reasonOnRecord == Sampling.NotSampled && verdict.Reason == Screening.WindowPassed)
        {
            return NotSampled; // that its window passed meanwhile is a consequence, and not the reason
        }

        if (!any || !verdict.Eligible || context.Config.Programme.MarketOf(t.Key.Country)?.Policy(t.Key.Survey)?.Sampling is not { } rules)
        {
            return verdict;
        }

        var before = isNew ? null : AnswerOf(id);
        if (before is { } same && same.Policy == context.Ledger.PolicyId)
        {
            return same.Taken ? verdict : NotSampled;
        }

        var months = Sampling.MonthsOf(t.EventDate);
        var key = KeyOf(t.Key, months.Month);
        var (sample, after) = Sampling.Draw(
            rules, Sampling.DrawOf(keyHash), rules.PerDealerAndMonth is null ? default : Find(key), () => Find(KeyOf(t.Key, months.Before)).Eligible, counted: before is not null);
        if (rules.PerDealerAndMonth is not null)
        {
            strata[key] = after;
            changed.Add(key);
        }

        answers[id] = new Answer(sample.Rate, sample.IsTaken, context.Ledger.PolicyId);
        return verdict.With(sample);
    }

    /// <summary>Stores what was said; in the transaction that stores the rows.</summary>
    public void Save()
    {
        if (changed.Count > 0)
        {
            var bulk = context.Database.Bulk("sampling.save_stratum");
            foreach (var key in changed)
            {
                var stratum = strata[key];
                bulk.Add(key.Country, key.Survey, key.Dealer, key.Month, stratum.Eligible, stratum.Taken, stratum.Rate);
            }

            changed.Clear();
        }

        if (answers.Count > 0)
        {
            var bulk = context.Database.Bulk("sampling.save_sample");
            foreach (var (id, answer) in answers)
            {
                bulk.Add(id, answer.Rate, answer.Taken ? 1 : 0, answer.Policy);
            }

            answers.Clear();
        }
    }

    /// <summary>Forgets what was not saved: a file could not be taken to its end.</summary>
    public void Clear()
    {
        strata.Clear();
        changed.Clear();
        answers.Clear();
    }

    /// <summary>Where a market begins to aim at a number, what came before counts; inside the transaction that begins the cycle.</summary>
    public static void Begin(Database database, Programme? before, Programme after)
    {
        foreach (var market in after.Markets.Values)
        {
            foreach (var survey in Enum.GetValues<SurveyKind>())
            {
                if (market.Policy(survey)?.Sampling?.PerDealerAndMonth is not null && before?.MarketOf(market.Code)?.Policy(survey)?.Sampling?.PerDealerAndMonth is null)
                {
                    database["sampling.count_strata"].Run(market.Code, survey.Code(), Sampling.NotSampled);
                }
            }
        }
    }

    /// <summary>What sampling said of a stored transaction; null: it was not asked.</summary>
    public static Sample? OnRecord(Database database, Vault vault, long id, Transaction t, SamplingRules? rules)
    {
        if (rules is null || database["sampling.sample"].First(r => (Rate: r.GetInt32(0), Taken: r.GetInt32(1) != 0), id) is not { Rate: > 0 } said)
        {
            return null;
        }

        var key = KeyOf(t.Key, Sampling.MonthsOf(t.EventDate).Month);
        var taken = rules.PerDealerAndMonth is null ? 0 : Read(database, key).Taken;
        return new Sample(Sampling.DrawOf(vault.Hash(t.Key)), said.Rate, taken, rules.PerDealerAndMonth, said.Taken);
    }

    private Answer? AnswerOf(long id) => answers.TryGetValue(id, out var answer) ? answer
        : context.Database["sampling.sample"].First(r => new Answer(r.GetInt32(0), r.GetInt32(1) != 0, r.GetInt64(2)), id);

    private Stratum Find((string Country, string Survey, string Dealer, string Month) key)
    {
        if (!strata.TryGetValue(key, out var stratum))
        {
            strata.Add(key, stratum = Read(context.Database, key));
        }

        return stratum;
    }

    private static Stratum Read(Database database, (string Country, string Survey, string Dealer, string Month) key) => database["sampling.stratum"].First(
        r => new Stratum(r.GetInt64(0), r.GetInt64(1), r.IntOrNull(2)), key.Country, key.Survey, key.Dealer, key.Month);

    private static (string Country, string Survey, string Dealer, string Month) KeyOf(TransactionKey key, DateOnly month) =>
        (key.Country, key.Survey.Code(), key.DealerCode, month.ToString("yyyy-MM", CultureInfo.InvariantCulture));

    private sealed record Answer(int Rate, bool Taken, long Policy);
}
