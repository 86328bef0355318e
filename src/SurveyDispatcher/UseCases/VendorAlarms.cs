using System.Text.Json.Serialization;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Something that the vendor owes, or that we owe him.</summary>
/// <param name="Kind">One of the last four.</param>
/// <param name="List">The list; for the quarantine, the vendor's code.</param>
/// <param name="Cases">How many cases are concerned.</param>
/// <param name="Since">Since when.</param>
/// <param name="Problem">What is the matter.</param>
/// <param name="WhatToDo">What to do about it.</param>
public sealed record VendorAlarm([property: JsonConverter(typeof(AlarmKindConverter))] AlarmKind Kind, string List, long Cases, DateOnly Since, string Problem, string WhatToDo);

/// <summary>What the store knows of the hand-over, for the rule that finds alarms in it.</summary>
/// <param name="Today">The day of the last cycle: what came since nobody has looked at.</param>
/// <param name="Unacknowledged">Lists without an acknowledgement.</param>
/// <param name="Wrong">Acknowledgements that do not agree.</param>
/// <param name="Unanswered">Lists with cases that the vendor has, and of which nothing came back.</param>
/// <param name="Quarantined">Codes that nobody knows.</param>
public sealed record HandOverFacts(
    DateOnly Today, IReadOnlyList<HandOverFacts.List> Unacknowledged, IReadOnlyList<HandOverFacts.Acknowledgement> Wrong,
    IReadOnlyList<HandOverFacts.Silence> Unanswered, IReadOnlyList<HandOverFacts.Code> Quarantined)
{
    /// <summary>A list.</summary>
    /// <param name="Now">The moment of the last cycle in its market.</param>
    public sealed record List(string File, DateTimeOffset CreatedAt, DateTimeOffset Now, long Rows);

    /// <summary>The last word on a list, or on a name that is none.</summary>
    public sealed record Acknowledgement(string File, string Problem, DateOnly TakenOn, long Rows, string From, long Line, bool IsOurs);

    /// <summary>Cases of a list of which nothing came back.</summary>
    /// <param name="Today">The market's day.</param>
    public sealed record Silence(string File, DateOnly HandedOverOn, DateOnly Today, long Cases);

    /// <summary>Rows in quarantine.</summary>
    public sealed record Code(string Name, long Rows, DateOnly Since);
}

/// <summary>The alarms of the hand-over (docs/vendor.md): a rule over facts, and the query that brings them.</summary>
public static class VendorAlarms
{
    private const int HoursUnlessSaid = 24;

    /// <summary>So many names or codes of a kind are told one by one; what lies behind them is one fault, told once, and takes no other alarm's place on the screen.</summary>
    private const int MostOfAKind = 3;

    /// <summary>Our longest file names are shorter.</summary>
    private const int MostShown = 80;

    /// <summary>The alarms that follow from the facts.</summary>
    public static IReadOnlyList<VendorAlarm> Judge(HandOverFacts facts, Vendor vendor)
    {
        var hours = vendor.AcknowledgeWithinHours ?? HoursUnlessSaid;
        var strange = facts.Wrong.Where(a => !a.IsOurs && a.TakenOn.AddDays(vendor.AnswerWithinDays) >= facts.Today).ToList();
        return
        [
            .. from list in facts.Unacknowledged
               where list.CreatedAt.AddHours(hours) < list.Now
               select new VendorAlarm(AlarmKind.NotAcknowledged, list.File, list.Rows, DateOnly.FromDateTime(list.CreatedAt.UtcDateTime),
                   Say($"The vendor has not acknowledged {list.File} ({list.Rows} rows) within {hours} hours."),
                   Say($"Ask him whether he has it. If not, send him the file and its manifest from outbox/phone/ once more, as they are.")),
            .. from a in facts.Wrong.Where(a => a.IsOurs).Concat(strange.Take(MostOfAKind))
               let file = Others(a.File)
               select new VendorAlarm(AlarmKind.AcknowledgementWrong, file, a.Rows, a.TakenOn,
                   Say($"The vendor's acknowledgement of {file} does not agree: {a.Problem} ({a.From}, line {a.Line})."),
                   Say(a.Problem == "unknown_list"
                       ? (Phrase)$"It is no list of this store: ask him where he has it from, and that he calls nobody on it."
                       : $"Ask him to load the list again, whole, and to acknowledge that; the row stands in rejects/.")),
            .. from rest in new[] { strange.Skip(MostOfAKind).ToList() }
               where rest.Count > 0
               select new VendorAlarm(AlarmKind.AcknowledgementWrong, "", 0, rest.Min(a => a.TakenOn),
                   Say($"The vendor has acknowledged {rest.Count} more list(s) that are none of this store."),
                   Say($"Ask him where he has them from, and that he calls nobody on them; the rows stand in rejects/.")),
            .. from s in facts.Unanswered
               where s.HandedOverOn.AddDays(vendor.AnswerWithinDays) < s.Today
               select new VendorAlarm(AlarmKind.Silent, s.File, s.Cases, s.HandedOverOn,
                   Say($"{s.Cases} case(s) of {s.File}, handed over on {s.HandedOverOn:yyyy-MM-dd}, came back with nothing in {vendor.AnswerWithinDays} days."),
                   Say($"Ask the vendor what became of them; 'vendor reconcile' shows every list.")),
            .. from q in facts.Quarantined.OrderByDescending(q => q.Rows).Take(MostOfAKind).OrderBy(q => q.Name, StringComparer.Ordinal)
               let code = Others(q.Name)
               select new VendorAlarm(AlarmKind.Quarantine, code, q.Rows, q.Since,
                   Say($"{q.Rows} call result(s) have the code '{code}', which config/vendor.json does not know, since {q.Since:yyyy-MM-dd}."),
                   Say($"Ask the vendor what it means and add it to dispositions.codes; the next cycle takes them. The rows stand in quarantine/dispositions.csv.")),
            .. from rest in new[] { facts.Quarantined.OrderByDescending(q => q.Rows).Skip(MostOfAKind).ToList() }
               where rest.Count > 0
               select new VendorAlarm(AlarmKind.Quarantine, "", rest.Sum(q => q.Rows), rest.Min(q => q.Since),
                   Say($"{rest.Sum(q => q.Rows)} call result(s) have {rest.Count} more codes that config/vendor.json does not know."),
                   Say($"So many codes are a column that has slipped, or another form than that of config/vendor.json: look at quarantine/dispositions.csv.")),
        ];
    }

    /// <summary>What the vendor wrote where a code or a name belongs: where his cells have slipped it is a customer's.</summary>
    private static string Others(string text) => Sources.SourceCheckText.Masked(text.Length > MostShown ? text[..MostShown] + "..." : text, personal: false);

    /// <summary>The alarms of a store, as of its last cycle.</summary>
    internal static IReadOnlyList<VendorAlarm> Read(Database database, Vendor vendor, Programme programme)
    {
        if (database["cycles.last"].First(r => r.GetString(1)) is not { } text)
        {
            return [];
        }

        var asOf = AsOf.Parse(text);
        DateOnly Today(string market) => programme.MarketOf(market) is { } m ? asOf.LocalDate(m) : asOf.Day;
        DateTimeOffset Now(string market) => programme.MarketOf(market) is { } m ? asOf.In(m) : asOf.Instant;
        var latest = programme.Markets.Values.Select(asOf.LocalDate).Append(asOf.Day).Max();
        return Judge(
            new HandOverFacts(
                asOf.Day,
                database["acknowledgements.unacknowledged"].List(r => new HandOverFacts.List(r.GetString(1), r.Instant(2), Now(r.GetString(4)), r.GetInt64(3)), vendor.AcknowledgeWithinHours is null ? 0 : 1),
                database["acknowledgements.wrong"].List(r => new HandOverFacts.Acknowledgement(
                    r.GetString(0), r.GetString(1), r.Day(3), r.GetInt64(4), r.GetString(5), r.GetInt64(6), r.GetInt64(7) == 1)),
                database["acknowledgements.silent"].List(r => new HandOverFacts.Silence(r.GetString(1), r.Day(3), Today(r.GetString(2)), r.GetInt64(4)), latest.AddDays(-vendor.AnswerWithinDays)),
                database["quarantine.codes"].List(r => new HandOverFacts.Code(r.GetString(0), r.GetInt64(1), r.Day(2)))),
            vendor);
    }
}
