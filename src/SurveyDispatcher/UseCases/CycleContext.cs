using System.Collections.Frozen;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>All that the steps of one cycle share.</summary>
internal sealed class CycleContext
{
    private readonly Lazy<FrozenDictionary<string, DateOnly>> localDates;
    private readonly Lazy<DateOnly> latestToday;
    private ErasedPersons? erased;
    private Movements? movements;

    public CycleContext()
    {
        localDates = new(() => Config!.Programme.Markets.Values.ToFrozenDictionary(m => m.Code, AsOf!.LocalDate));
        latestToday = new(() => localDates.Value.Values.Append(AsOf!.Day).Max());
    }

    public required PipelineConfig Config { get; init; }

    public required AsOf AsOf { get; init; }

    public required DataDirectory Directory { get; init; }

    public required Inbox Inbox { get; init; }

    public required Database Database { get; init; }

    public required Vault Vault { get; init; }

    public required CaseStore Cases { get; init; }

    public required Ledger Ledger { get; init; }

    public required TimeProvider Time { get; init; }

    public required IProgressView Progress { get; init; }

    /// <summary>A dry run: nothing outside the copy of the store is touched.</summary>
    public required bool DryRun { get; init; }

    /// <summary>For how long the cycle had gone on when this worker joined it.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>The right to write; a dry run has a store of its own.</summary>
    public Lease? Lease { get; init; }

    public CancellationToken Stopping { get; init; }

    /// <summary>What the transaction under way has moved: whoever changes a case or a verdict counts it here.</summary>
    public MovementSums Moved => (movements ??= new(Database)).Pending;

    /// <summary>Whose data was erased.</summary>
    public ErasedPersons Erased => erased ??= new(Database, Vault, Config.Programme);

    public CycleCounts Counts { get; } = new();

    /// <summary>What the operator must know; the cycle ends with 1 when there is anything.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>What was left waiting when the cycle ended.</summary>
    public Queues? Queues { get; set; }

    /// <summary>Notes what the operator must know.</summary>
    public void Report(Phrase problem) => Problems.Add(Say(problem));

    /// <summary>Notes what is no fault, but the operator may want to know.</summary>
    public void Note(Phrase note) => Counts.Notes.Add(PlainText.Shown(Say(note)));

    /// <summary>The local date of a market.</summary>
    public DateOnly Today(Market market) => TodayIn(market.Code);

    /// <summary>The local date of a country; the cycle's own day where the country is in no market.</summary>
    /// <remarks>Asked for by two threads, as are the other dates.</remarks>
    public DateOnly TodayIn(string country) => localDates.Value.TryGetValue(country, out var today) ? today : AsOf.Day;

    /// <summary>The latest date that any market has.</summary>
    public DateOnly LatestToday => latestToday.Value;

    /// <summary>
    /// The keyed hashes of contact points as a row has them. A country in no market has no dialling rule: there a number counts in every
    /// market in which it is one.
    /// </summary>
    public IEnumerable<long> PointHashes(string country, ContactData contact)
    {
        var programme = Config.Programme;
        if (programme.MarketOf(country) is { } market)
        {
            return CaseStore.Set(Cases.Hashes(ContactPoints.From(contact, market, programme)));
        }

        var numbers = new[] { contact.Phone1, contact.Phone2 }
            .SelectMany(p => programme.DiallingRules.Select(home => PhoneNumber.Parse(p, home, programme.DiallingRules))).OfType<PhoneNumber>().Distinct();
        return EmailAddress.Parse(contact.Email) is { } address && !programme.Placeholders.Matches(address)
            ? numbers.Select(Vault.Hash).Prepend(Vault.Hash(address))
            : numbers.Select(Vault.Hash);
    }

    /// <summary>The rules of a case; null when its market or survey is no longer configured.</summary>
    public SurveyPolicy? PolicyOf(CaseRow row) => Config.Programme.MarketOf(row.Market)?.Policy(row.Survey);

    /// <summary>Records a fact that came from outside. A look that is due already stays due: something else has happened today, too.</summary>
    public CaseRow Learn(CaseRow row, CaseEvent fact) => Save(row, Note(row, fact), fact);

    /// <summary>
    /// Records a fact: in the ledger, in the case's state, and, when the vendor has a case that just ended, as a withdrawal.
    /// The only way in which a case ever changes.
    /// </summary>
    public CaseRow Record(CaseRow row, CaseEvent fact) => Save(row, Happen(row, fact), fact);

    /// <summary>The same as <see cref="Learn"/>, but whoever notes facts about a case has it saved after the last of them.</summary>
    public CaseRow Note(CaseRow row, CaseEvent fact)
    {
        var moved = Happen(row, fact);
        return moved.Case.IsOpen && row.NextLookOn is { } due && due <= TodayIn(row.Market) ? moved with { NextLookOn = due } : moved;
    }

    /// <summary>Saves a case about which facts were noted, with others: before the end of the transaction nobody reads it from the store.</summary>
    public void SaveInBulk(CaseRow moved)
    {
        if (!moved.Case.IsOpen)
        {
            var today = TodayIn(moved.Market);
            Database.Bulk("retention.ended").Add(moved.Id, today, Config.Programme.RetentionOf(moved.Market).FirstDue(today));
        }

        Cases.SaveInBulk(moved);
    }

    private CaseRow Happen(CaseRow row, CaseEvent fact)
    {
        Ledger.Append(row.Id, fact);
        var (after, withdraw) = CaseTransitions.After(row.Case, fact);
        Moved.Add(row.Market, row.Survey, row.Case, fact, after);
        if (withdraw)
        {
            Database["cases.add_withdrawal"].Run(row.Id, row.Market, after.CloseReason ?? "completed", InstantIn(row.Market));
        }

        if (after.State == CaseState.Closed && row.Case.IsOpen)
        {
            CycleCounts.Add(Counts.Closed, after.CloseReason!);
        }

        return row with { Case = after, NextLookOn = NextLook(row, after) };
    }

    private CaseRow Save(CaseRow before, CaseRow moved, CaseEvent fact)
    {
        if (!moved.Case.IsOpen)
        {
            Database["retention.ended"].Run(moved.Id, fact.Day, Config.Programme.RetentionOf(moved.Market).FirstDue(fact.Day));
        }
        else if (!before.Case.IsOpen)
        {
            Database["retention.open"].Run(moved.Id);
        }

        Cases.Save(moved);
        return moved;
    }

    /// <summary>The contact points of a stored case; none when its market is no longer configured.</summary>
    public (ContactPoints Points, OptOutFlags Flags) PointsOf(CaseRow row)
    {
        var (contact, flags) = Database["cases.contact_of"].First(r => (r.Bytes(0), (OptOutFlags)r.GetInt32(1)), row.Id);
        return Config.Programme.MarketOf(row.Market) is { } market
            ? (ContactPoints.From(Vault.UnsealContact(contact!), market, Config.Programme), flags)
            : (new ContactPoints(null, Usability.None, null, null), flags);
    }

    /// <summary>Every contact point that leads to a case, also when its contact data has been removed.</summary>
    public IEnumerable<long> AllHashesOf(CaseRow row) =>
        CaseStore.Set(HashesOf(row)).ToList() is { Count: > 0 } hashes ? hashes : Cases.OldPointsOf(row.Id);

    /// <summary>The keyed hashes of a stored case's contact points.</summary>
    public (long Email, long Phone1, long Phone2) HashesOf(CaseRow row) => Cases.Hashes(PointsOf(row).Points);

    /// <summary>How the customer of a stored case can be reached at this moment.</summary>
    public Reach ReachOf(CaseRow row)
    {
        var (points, flags) = PointsOf(row);
        var hashes = Cases.Hashes(points);
        return CaseStore.ReachOf(points, flags, hashes, Cases.SuppressionsOf([hashes]));
    }

    /// <summary>The day on which a case must be looked at again.</summary>
    public DateOnly? NextLook(CaseRow row, SurveyCase after) =>
        ContactPlan.NextLook(after, row.EventDate, PolicyOf(row), Config.Programme.Contact, TodayIn(row.Market));

    /// <summary>An instant by the clock of a market.</summary>
    public DateTimeOffset Local(string market, DateTimeOffset instant) =>
        Config.Programme.MarketOf(market) is { } m ? TimeZoneInfo.ConvertTime(instant, Instants.Zone(m)) : instant;

    /// <summary>The cycle's instant in a market.</summary>
    public DateTimeOffset InstantIn(string market) =>
        (Config.Programme.MarketOf(market) is { } m ? AsOf.In(m) : AsOf.Instant).ToUniversalTime();
}

/// <summary>Shows how far a long step has come.</summary>
public interface IProgressView
{
    /// <summary>A step has come to <paramref name="done"/> of <paramref name="total"/>.</summary>
    void Report(Phrase step, long done, long total);

    /// <summary>All steps are done: what was shown goes away.</summary>
    void Clear();

    /// <summary>A step of a cycle begins.</summary>
    void Step(string name)
    {
        // For who shows more than how far a long step has come.
    }

    /// <summary>Something was stored: the cycle does not stand still.</summary>
    void Alive()
    {
        // For who watches over a cycle.
    }
}

/// <summary>Shows nothing: no terminal is there.</summary>
public sealed class NoProgress : IProgressView
{
    /// <inheritdoc/>
    public void Report(Phrase step, long done, long total)
    {
        // Nobody is watching.
    }

    /// <inheritdoc/>
    public void Clear()
    {
        // Nothing is shown.
    }
}
