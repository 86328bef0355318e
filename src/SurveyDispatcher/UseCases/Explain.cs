using System.Globalization;
using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>A rule's verdict, with what it looked at.</summary>
public sealed record RuleVerdict(string Rule, string Verdict, string Facts);

/// <summary>One line of a customer's story.</summary>
/// <param name="Day">The market's local date.</param>
/// <param name="What">What happened.</param>
/// <param name="Detail">What belongs to it.</param>
/// <param name="Rule">The rule that decided it; empty for what came from outside.</param>
/// <param name="Cycle">The cycle that recorded it.</param>
/// <param name="Policy">The number of the policy in force.</param>
/// <param name="PolicyVersion">The version of <c>programme.json</c> that this policy is.</param>
public sealed record StoryLine(DateOnly Day, string What, string Detail, string Rule, long Cycle, long Policy, string PolicyVersion);

/// <summary>One mail of a case.</summary>
/// <param name="Contact">invitation or reminder.</param>
/// <param name="State">queued, claimed, accepted, undelivered, dropped.</param>
/// <param name="Status">The last enhanced status that was said of it; null where none was.</param>
/// <param name="Doubt">What nobody can know about it; empty when all is known.</param>
public sealed record StoryMail(string Contact, string State, string? Status, string Doubt);

/// <summary>One transaction's story.</summary>
public sealed record Story(
    string Transaction, string Vin, string? CaseId, string Source, DateOnly EventDate, string Outcome, DateOnly ScreenedOn,
    IReadOnlyList<RuleVerdict> Rules, IReadOnlyList<StoryLine> Ledger, IReadOnlyList<StoryMail> Mails, string? State, string Next,
    bool ContactDataRemoved);

/// <summary>Tells one transaction's story: every rule with its verdict, every contact, what comes next and when. No personal data.</summary>
internal sealed class Explain(PipelineConfig config, Database database, Vault vault, AsOf asOf)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>The stories of all transactions that a key means.</summary>
    /// <exception cref="OperatorException">There is none.</exception>
    public IReadOnlyList<Story> Find(string key)
    {
        var ids = new CaseStore(database, vault).Find(key) is { } known
            ? [known.Id]
            : database["explain.find"].List(r => r.GetInt64(0), SqlValues.Set(Hashes(key)), key, key.ToUpperInvariant());
        var stories = ids.Select(Tell).OfType<Story>().ToList();
        return stories.Count > 0 ? stories : throw new OperatorException(
            $"Nothing is known of '{PlainText.Shown(key)}'. A case id (as exports and lists have it), a VIN or a transaction id is expected; "
            + $"a row that was rejected is in rejects/ in the data directory.");
    }

    /// <summary>The key as a vehicle, and as a transaction of every dealer and survey that there is.</summary>
    private IEnumerable<long> Hashes(string key) => database["transactions.dealer_surveys"]
        .List(r => new TransactionKey(r.GetString(0), r.GetString(1), SurveyKinds.FromCode(r.GetString(2)), key))
        .Select(vault.Hash).Append(vault.HashOfVehicle(key.ToUpperInvariant()));

    /// <summary>Stories as JSON.</summary>
    public static string ToJson(IReadOnlyList<Story> stories) => JsonSerializer.Serialize(stories, Json);

    /// <summary>Stories as text.</summary>
    public static string ToText(IReadOnlyList<Story> stories)
    {
        var text = new StringBuilder();
        foreach (var story in stories)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"Transaction {PlainText.Shown(story.Transaction)}, VIN {story.Vin}, event {Day(story.EventDate)}{(story.CaseId is { } id ? $", case {id}" : "")}");
            text.AppendLine(CultureInfo.InvariantCulture, $"  from {PlainText.Shown(story.Source)}");
            text.AppendLine(CultureInfo.InvariantCulture, $"  screening on {Day(story.ScreenedOn)}: {story.Outcome}");
            if (story.ContactDataRemoved)
            {
                text.AppendLine("  contact data was removed (retention, or an erasure): the rules see none");
            }

            text.AppendLine("  rules today:");
            foreach (var rule in story.Rules)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"    {rule.Verdict,-8} {rule.Rule,-24} {PlainText.Shown(rule.Facts)}");
            }

            text.AppendLine("  what happened:");
            foreach (var line in story.Ledger)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"    {Day(line.Day)}  {line.What,-16} {PlainText.Shown(line.Detail)}{(line.Detail.Length == 0 ? "" : " ")}({(line.Rule.Length == 0 ? "" : $"{line.Rule}; ")}cycle {line.Cycle}, policy {line.Policy}, version {line.PolicyVersion})");
            }

            foreach (var mail in story.Mails.Where(m => m.Doubt.Length > 0))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"    the {mail.Contact} ({mail.State}): {mail.Doubt}");
            }

            text.AppendLine(story.State is { } state ? $"  now: {state}" : "  no case was opened");
            text.AppendLine(CultureInfo.InvariantCulture, $"  next: {story.Next}").AppendLine();
        }

        return text.ToString().TrimEnd();
    }

    private Story? Tell(long id)
    {
        if (database["explain.transaction"].First(Read, id) is not { } t)
        {
            return null;
        }

        var market = config.Programme.MarketOf(t.Transaction.Key.Country);
        var today = market is null ? asOf.Day : asOf.LocalDate(market);
        var cases = new CaseStore(database, vault);
        var row = cases.Find(id);
        var points = market is null ? new ContactPoints(null, Usability.None, null, null) : ContactPoints.From(t.Transaction.Contact, market, config.Programme);
        var hashes = cases.Hashes(points);
        var flags = (t.Transaction.EmailOptOut ? OptOutFlags.Email : 0) | (t.Transaction.PhoneOptOut ? OptOutFlags.Phone : 0);
        var reach = CaseStore.ReachOf(points, flags, hashes, cases.SuppressionsOf([hashes]));
        var rest = config.Programme.Contact.RestDays;
        var other = CaseStore.LatestOther(cases.FirstContacts([hashes], rest, today), hashes, id);
        var input = new ScreeningInput(t.Transaction, market, today, reach, rest, other);
        var key = t.Transaction.Key;
        return new Story(
            $"{key.TransactionId} ({key.Country} {key.DealerCode} {key.Survey.RecordType()})", t.Transaction.Vin, row?.CaseId,
            $"{t.File}, line {t.Line}", t.Transaction.EventDate, t.Reason ?? "eligible", t.ScreenedOn,
            [.. Screening.Rules.Select(r => new RuleVerdict(r.Reason, r.Holds(input) switch { true => "passed", false => "FAILED", null => "-" }, r.Facts(input)))],
            database["ledger.of_case"].List(r => new StoryLine(
                r.Day(2), r.GetString(3), Words(r.GetString(4)), Rule(r.Day(2), r.GetString(3), r.GetString(4)), r.GetInt64(5), r.GetInt64(6), r.GetString(8)), id),
            database["mails.of_case"].List(r => new StoryMail(((MailContact)r.GetInt32(0)).Code(), r.GetString(1), r.TextOrNull(2), Doubt(r.GetInt32(3))), id),
            row is null ? null : row.Case.State.Code() + (row.Case.CloseReason is { } reason ? $" ({reason})" : ""),
            Next(row, t.Transaction, reach, other, today), t.ContactDataRemoved);
    }

    /// <summary>What the contact plan decides today, in words.</summary>
    private string Next(CaseRow? row, Transaction t, Reach reach, DateOnly? other, DateOnly today)
    {
        if (row is null)
        {
            return "nothing, unless the transaction comes again and then passes every rule";
        }

        if (config.Programme.MarketOf(row.Market)?.Policy(row.Survey) is not { } policy)
        {
            return "closed by the next cycle: its market or survey is no longer configured";
        }

        var action = ContactPlan.Decide(
            new PlannedCase(row.Case, row.EventDate, policy.Window, reach, t.Cancelled, other), config.Programme.Contact, today);
        return action switch
        {
            ContactAction.Rest => "nothing: the case has ended",
            ContactAction.Wait w => $"nothing before {Day(w.Until)}",
            ContactAction.Send s => $"the {s.Contact.Code()} by e-mail, in the next cycle within sending hours",
            ContactAction.QueueForPhone q => $"to the phone queue ({q.Reason}), in the next cycle",
            ContactAction.HandOver h => $"on a phone list, to be called until {Day(h.CallUntil)}, in the next cycle",
            ContactAction.Close c => $"closed as {c.Reason}, in the next cycle",
            _ => throw new ArgumentOutOfRangeException(nameof(row), action, "Unknown action."),
        };
    }

    private Known Read(System.Data.Common.DbDataReader r) => new(
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
        },
        r.GetString(13), r.GetInt64(14), r.TextOrNull(15), r.Day(16), r.Bytes(12).Length == 0);

    private static string Doubt(int inDoubt) => inDoubt switch
    {
        0 => "",
        1 => "a cycle was killed that had it in hand, so it may have gone out before: once more under the same Message-ID",
        _ => "the server's answer to it got lost, so it may have arrived: once more under the same Message-ID; if that answer is lost too, it counts as sent",
    };

    private static string Rule(DateOnly day, string kind, string detail) => LedgerText.Fact(day, kind, detail) is { } fact
        ? ContactPlan.RuleOf(fact) ?? ""
        : $"screening: {LedgerText.Reason(detail)}";

    private static string Words(string detail)
    {
        using var json = JsonDocument.Parse(detail);
        return string.Join(", ", json.RootElement.EnumerateObject().Select(p => $"{p.Name} {p.Value.GetString()}"));
    }

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private sealed record Known(Transaction Transaction, string File, long Line, string? Reason, DateOnly ScreenedOn, bool ContactDataRemoved);
}
