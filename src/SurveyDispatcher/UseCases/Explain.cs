using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>What is asked for.</summary>
/// <param name="Key">A case id, a VIN, a transaction id, or COUNTRY/DEALER/TRANSACTION-ID, with /sale or /service where both are there.</param>
/// <param name="Market">Only of this market; null: of any.</param>
/// <param name="Dealer">Only of this dealer.</param>
/// <param name="Survey">Only of this survey.</param>
public sealed record ExplainRequest(string Key, string? Market = null, string? Dealer = null, SurveyKind? Survey = null);

/// <summary>Tells one transaction's story: every rule with its verdict, every contact, what comes next and when. No personal data.</summary>
internal sealed class Explain(PipelineConfig config, Database database, Vault vault, DataDirectory directory, AsOf asOf)
{
    /// <summary>More stories are not told at once.</summary>
    public const int Most = 50;

    private readonly Dictionary<long, Recorded?> policies = [];

    /// <summary>The transactions that a request means.</summary>
    /// <exception cref="OperatorException">There is none.</exception>
    public IReadOnlyList<StoryMatch> Look(ExplainRequest request)
    {
        var key = request.Key.Trim();
        var found = new CaseStore(database, vault).Find(key) is { } known
            ? database["explain.find"].List(Found.Read, SqlValues.Set([known.Id]))
            : Having(request, key);
        found.RemoveAll(f => !Fits(f.Key, request));
        if (found.Count > 0)
        {
            return found.ConvertAll(f => f.ToMatch());
        }

        var (shown, rejected) = (PlainText.Shown(key), RejectedRows.Told(directory.Rejects, key));
        throw new OperatorException(request is { Market: null, Dealer: null, Survey: null }
            ? (Phrase)$"Nothing is known of '{shown}'. A case id (as exports and lists have it), a VIN, a transaction id or COUNTRY/DEALER/TRANSACTION-ID is expected. {rejected}"
            : $"Nothing is known of '{shown}' with --market, --dealer or --survey as they are. A case id (as exports and lists have it), a VIN, a transaction id or COUNTRY/DEALER/TRANSACTION-ID is expected. {rejected}");
    }

    /// <summary>The stories of transactions, of the first ones where there are too many.</summary>
    public IReadOnlyList<Story> Tell(IReadOnlyList<StoryMatch> matches) => [.. matches.Take(Most).Select(m => Tell(m.Id)).OfType<Story>()];

    private static bool Fits(TransactionKey key, ExplainRequest r) => (r.Market is null || r.Market.Equals(key.Country, StringComparison.OrdinalIgnoreCase))
        && (r.Dealer is null || r.Dealer.Equals(key.DealerCode, StringComparison.OrdinalIgnoreCase)) && (r.Survey is null || r.Survey == key.Survey);

    /// <summary>The key as a vehicle, and as a transaction of every dealer and survey that it may be of.</summary>
    private List<Found> Having(ExplainRequest request, string key)
    {
        var named = database["transactions.dealer_surveys"].List(r => new TransactionKey(r.GetString(0), r.GetString(1), SurveyKinds.FromCode(r.GetString(2)), ""))
            .Where(k => Fits(k, request)).SelectMany(k => Readings(k, key)).ToHashSet();
        var vin = key.ToUpperInvariant();
        var ids = database["explain.ids"].List(r => r.GetInt64(0), SqlValues.Set(named.Select(vault.Hash).Append(vault.HashOfVehicle(vin))));
        var found = database["explain.find"].List(Found.Read, SqlValues.Set(ids));
        return found.FindAll(f => named.Contains(f.Key) || f.Vin == vin);
    }

    /// <summary>What a key may mean at one dealer: an id, or all that tells it from the same id elsewhere. An id may have a slash in it, too.</summary>
    private static IEnumerable<TransactionKey> Readings(TransactionKey at, string key)
    {
        yield return at with { TransactionId = key };
        var prefix = $"{at.Country}/{at.DealerCode}/";
        if (!key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        {
            yield break;
        }

        var id = key[prefix.Length..];
        yield return at with { TransactionId = id };
        var suffix = $"/{at.Survey.RecordType()}";
        if (id.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
        {
            yield return at with { TransactionId = id[..^suffix.Length] };
        }
    }

    private Story? Tell(long id)
    {
        if (database["explain.transaction"].First(Read, id) is not { } t)
        {
            return null;
        }

        var key = t.Transaction.Key;
        var cases = new CaseStore(database, vault);
        var row = cases.Find(id);
        var market = config.Programme.MarketOf(key.Country);
        var today = market is null ? asOf.Day : asOf.LocalDate(market);
        var now = See(config.Programme, t, today, asItWas: false);
        var then = PolicyOf(t.PolicyId) is { Programme: { } programme } ? See(programme, t, t.ScreenedOn, asItWas: true) : (Circumstances?)null;
        var ledger = database["ledger.of_case"].List(Line.Read, id);
        var isErased = ledger.Exists(l => l.Kind == Ledger.Erased || l.Fact is CaseEvent.Ended { Reason: CloseReasons.Erased });
        var (mails, receipts) = MailsOf(id);
        var story = new StoryOf(config, database, vault, asOf, t, row, ledger, mails, receipts, PolicyOf, now, isErased);
        return new Story(
            $"{key.TransactionId} ({key.Country} {key.DealerCode} {key.Survey.RecordType()})", t.Transaction.Vin, row?.CaseId,
            Say($"{t.File}, line {t.Line}"), t.Transaction.EventDate, t.Reason ?? "eligible", t.ScreenedOn,
            Verdicts(now, null), ledger.ConvertAll(l => l.ToStory()), mails, row is null ? null : StateOf(row.Case), story.Next, t.ContactDataRemoved)
        {
            Key = KeyOf(key),
            TimeZone = market?.TimeZone ?? "",
            Erased = isErased,
            Timeline = story.Timeline(),
            AtVerdict = new StoryVerdict(
                t.ScreenedOn, t.Reason ?? "eligible", new StoryPolicy(t.PolicyId, PolicyOf(t.PolicyId)?.Version ?? "", PolicyOf(t.PolicyId)?.FirstUsedOn),
                then is { } c ? Verdicts(c, t.FailedRules) : []),
            AsOf = new StoryVerdict(today, Screening.Screen(now.Input).Reason ?? "eligible", PolicyNow(), Verdicts(now, null)),
            Proofs = story.Proofs(),
            Plan = story.Plan,
            ChangesThen = t.Reason is null || then is null || isErased ? [] : ChangesThen(then.Value, t.FailedRules),
            ChangesNow = t.Reason is null || isErased ? [] : [.. ScreeningChanges.Remedies(now).Select(StoryOf.ToStory)],
            Together = t.Reason is null || isErased || ScreeningChanges.Together(now) is not { Count: > 1 } all ? [] : [.. all.Select(StoryOf.ToStory)],
            Turns = isErased ? [] : story.Turns(),
        };
    }

    /// <summary>What would have led to another verdict: as far as today's data shows why the rule on record failed.</summary>
    private static List<StoryChange> ChangesThen(Circumstances then, int failed)
    {
        var same = Screening.Screen(then.Input).Failed == failed;
        return [.. ScreeningChanges.Remedies(then)
            .Where(r => Failed(failed, r.Rule))
            .Select(r => StoryOf.ToStory(same ? r : r with { Suffices = null }))];
    }

    private static bool Failed(int failed, string rule) => Screening.Rules.Select((r, n) => (r.Reason, Bit: 1 << n)).Any(r => r.Reason == rule && (failed & r.Bit) != 0);

    /// <summary>Every rule with its verdict; where one is on record it is what counts.</summary>
    private static List<RuleVerdict> Verdicts(Circumstances c, int? onRecord)
    {
        var rules = new List<RuleVerdict>();
        for (var i = 0; i < Screening.Rules.Count; i++)
        {
            var (rule, found) = (Screening.Rules[i], Screening.Rules[i].Holds(c.Input));
            var failed = onRecord is { } bits ? (bits & (1 << i)) != 0 : found == false;
            rules.Add(new RuleVerdict(rule.Reason, failed ? RuleVerdict.Failed : found is null ? RuleVerdict.NotAsked : RuleVerdict.Passed, Say(rule.Facts(c.Input)))
            {
                FactsMayDiffer = failed != (found == false),
            });
        }

        return rules;
    }

    /// <summary>What the rules see on a day. As it was: what is known to have come later is left out.</summary>
    private Circumstances See(Programme programme, Known t, DateOnly day, bool asItWas)
    {
        var cases = new CaseStore(database, vault);
        var market = programme.MarketOf(t.Transaction.Key.Country);
        var points = market is null ? new ContactPoints(null, Usability.None, null, null) : ContactPoints.From(t.Transaction.Contact, market, programme);
        var hashes = cases.Hashes(points);
        var list = database["explain.suppressions"].List(r => (Hash: r.GetInt64(0), Flags: (Suppression)r.GetInt32(1), Since: r.Day(2)), SqlValues.Set(CaseStore.Set(hashes)))
            .Where(s => !asItWas || s.Since <= day).ToDictionary(s => s.Hash, s => s.Flags);
        var rest = programme.Contact.RestDays;
        var contacts = cases.FirstContacts([hashes], rest, day);
        if (asItWas)
        {
            contacts.Values.ToList().ForEach(on => on.RemoveAll(c => c.On > day));
        }

        return new Circumstances(
            new ScreeningInput(t.Transaction, market, day, Reach.Of(points, false, false, 0, 0, 0), rest, CaseStore.LatestOther(contacts, hashes, t.Id))
            {
                Sample = SampleTransactions.OnRecord(database, vault, t.Id, t.Transaction, market?.Policy(t.Transaction.Key.Survey)?.Sampling),
            },
            points, list.GetValueOrDefault(hashes.Email), list.GetValueOrDefault(hashes.Phone1), list.GetValueOrDefault(hashes.Phone2)).Renewed();
    }

    private StoryPolicy PolicyNow()
    {
        var (number, on) = database["explain.policy_of_version"].First(r => ((long?)r.GetInt64(0), (DateOnly?)r.Day(1)), config.Programme.Version);
        return new StoryPolicy(number, config.Programme.Version, on);
    }

    /// <summary>A policy of the store; null where there is none of the number.</summary>
    private Recorded? PolicyOf(long id)
    {
        if (!policies.TryGetValue(id, out var policy))
        {
            policy = database["explain.policy"].First(r => new Recorded(r.GetString(0), r.Day(1), r.GetString(0) == config.Programme.Version
                ? config.Programme
                : ProgrammeFile.Read(ConfigFolder.OfText($"policy {id}", ProgrammeFile.Name, r.GetString(2)), [])), id);
            policies.Add(id, policy);
        }

        return policy;
    }

    private (List<StoryMail> Mails, Dictionary<MailContact, MailOnRecord> Receipts) MailsOf(long id)
    {
        var receipts = new Dictionary<MailContact, MailOnRecord>();
        var mails = database["mails.of_case"].List(
            r =>
            {
                var contact = (MailContact)r.GetInt32(0);
                receipts[contact] = new MailOnRecord(r.GetString(1), r.TextOrNull(2), r.Day(4), r.LongOrNull(5), Mail.Receipt.Parse(r.TextOrNull(6)));
                return new StoryMail(contact.Code(), r.GetString(1), r.TextOrNull(2), Doubt(r.GetInt32(3))) { PlannedOn = r.Day(4) };
            },
            id);
        return (mails, receipts);
    }

    private Known Read(DbDataReader r) => new(
        r.GetInt64(22),
        new Transaction
        {
            Key = new TransactionKey(r.GetString(3), r.GetString(1), SurveyKinds.FromCode(r.GetString(2)), r.GetString(0)),
            Cancelled = r.GetInt32(4) != 0,
            EventDate = r.Day(5),
            PurchaseDate = r.DayOrNull(6),
            Vin = r.GetString(7),
            MileageKm = r.IntOrNull(8),
            CustomerType = r.GetString(9),
            PaymentType = r.GetString(10),
            EmailOptOut = (r.GetInt32(11) & 1) != 0,
            PhoneOptOut = (r.GetInt32(11) & 2) != 0,
            Contact = vault.UnsealContact(r.Bytes(12)),
            Language = r.GetString(23),
        },
        r.GetString(13), r.GetInt64(14), r.TextOrNull(15), r.Day(16), r.GetInt32(17), r.GetInt64(18), r.LongOrNull(19), r.DayOrNull(20), r.DayOrNull(21), r.Bytes(12).Length == 0);

    private static string Doubt(int inDoubt) => inDoubt switch
    {
        0 => "",
        1 => Say($"a cycle was killed that had it in hand, so it may have gone out before: once more under the same Message-ID"),
        _ => Say($"the server's answer to it got lost, so it may have arrived: once more under the same Message-ID; if that answer is lost too, it counts as sent"),
    };

    private static string StateOf(SurveyCase c) => c.State.Code() + (c.CloseReason is { } reason ? $" ({reason})" : "");

    private static string KeyOf(TransactionKey key) => $"{key.Country}/{key.DealerCode}/{key.TransactionId}/{key.Survey.RecordType()}";

    /// <summary>A policy of the store.</summary>
    /// <param name="Version">Its version.</param>
    /// <param name="FirstUsedOn">The day of its first cycle.</param>
    /// <param name="Programme">Its rules; null when this version of the program can't read them.</param>
    internal sealed record Recorded(string Version, DateOnly FirstUsedOn, Programme? Programme);

    /// <summary>A mail as the store has it.</summary>
    internal sealed record MailOnRecord(string State, string? Status, DateOnly PlannedOn, long? SettledIn, Mail.Receipt? Receipt);

    /// <summary>A transaction as the store has it.</summary>
    internal sealed record Known(
        long Id, Transaction Transaction, string File, long Line, string? Reason, DateOnly ScreenedOn, int FailedRules, long PolicyId, long? FileCycle, DateOnly? FileDay,
        DateOnly? EndedOn, bool ContactDataRemoved);

    /// <summary>A line of the ledger.</summary>
    internal sealed record Line(DateOnly Day, string Kind, string Detail, long Cycle, long Policy, string PolicyVersion, CaseEvent? Fact)
    {
        public static Line Read(DbDataReader r) => new(
            r.Day(2), r.GetString(3), r.GetString(4), r.GetInt64(5), r.GetInt64(6), r.GetString(8), LedgerText.Fact(r.Day(2), r.GetString(3), r.GetString(4)));

        /// <summary>The rule that it goes back to; empty for what came from outside.</summary>
        public string Rule => Fact is not null ? (ContactPlan.RuleOf(Fact) is { } rule ? Say(rule) : "") : Kind == Ledger.ScreenedOut ? Say($"screening: {LedgerText.Reason(Detail)}") : "";

        public StoryLine ToStory()
        {
            using var json = JsonDocument.Parse(Detail);
            var words = string.Join(", ", json.RootElement.EnumerateObject().Select(p => $"{p.Name} {p.Value.GetString()}"));
            return new StoryLine(Day, Kind, words, Rule, Cycle, Policy, PolicyVersion);
        }
    }

    private sealed record Found(long Id, TransactionKey Key, DateOnly EventDate, string Vin, string? Reason, string? Market, string? State, string? CloseReason)
    {
        public static Found Read(DbDataReader r) => new(
            r.GetInt64(0), new TransactionKey(r.GetString(1), r.GetString(2), SurveyKinds.FromCode(r.GetString(3)), r.GetString(4)), r.Day(5), r.GetString(6), r.TextOrNull(7),
            r.TextOrNull(8), r.TextOrNull(9), r.TextOrNull(10));

        public StoryMatch ToMatch() => new(
            Id, KeyOf(Key), Key.Country, Key.DealerCode, Key.Survey, EventDate, Market is null ? null : CaseId.Format(Market, Id),
            State is null ? Reason ?? "eligible" : CloseReason is null ? State : $"{State} ({CloseReason})");
    }
}
