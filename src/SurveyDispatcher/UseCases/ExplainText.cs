using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.UseCases;

/// <summary>Stories in words, for a terminal: all texts of <c>explain</c> stand here, one whole sentence for each thing.</summary>
public static class ExplainText
{
    private const int RuleWidth = 24, KindWidth = 16;

    /// <summary>Stories, one after the other.</summary>
    public static string Of(IReadOnlyList<Story> stories)
    {
        var text = new StringBuilder();
        foreach (var story in stories)
        {
            Tell(text, story);
            text.AppendLine();
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>Several transactions that a key means, each with what to type for it.</summary>
    public static string Table(IReadOnlyList<StoryMatch> matches)
    {
        var shown = matches.Take(Explain.Most).ToList();
        var keys = shown.ConvertAll(m => PlainText.Shown(m.Key));
        var width = Math.Max("explain".Length, keys.Max(k => k.Length));
        var text = new StringBuilder();
        Line(text, 0, $"{matches.Count:N0} transaction(s) fit. Type one of these keys after 'explain', or add --market, --dealer or --survey; --all tells every story.");
        Line(text, 2, $"{"key".PadRight(width)}  {"event",-10}  {"case",-13}  now");
        foreach (var (match, key) in shown.Zip(keys))
        {
            Line(text, 2, $"{key.PadRight(width)}  {Day(match.EventDate)}  {match.CaseId ?? "-",-13}  {match.State}");
        }

        if (matches.Count > shown.Count)
        {
            Line(text, 2, $"and {matches.Count - shown.Count:N0} more");
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>What comes, without its day.</summary>
    public static string Step(StoryStep step) => step.What switch
    {
        "invitation" => "the invitation by e-mail",
        "reminder" => "the reminder by e-mail",
        "phone_queue" => $"to the phone queue ({step.Reason})",
        "phone_list" when step.Until is { } until => $"on a phone list, to be called until {Day(until)}",
        "phone_list" => "on a phone list",
        "close" => $"closed as {step.Reason}",
        "forget_contact" => "name, addresses and numbers are removed (retention)",
        _ => step.What,
    };

    private static void Tell(StringBuilder text, Story s)
    {
        Line(text, 0, s.CaseId is null
            ? $"Transaction {PlainText.Shown(s.Transaction)}, VIN {Vin(s)}, event {Day(s.EventDate)}"
            : $"Transaction {PlainText.Shown(s.Transaction)}, VIN {Vin(s)}, event {Day(s.EventDate)}, case {s.CaseId}");
        Line(text, 2, $"key: {PlainText.Shown(s.Key)}");
        Line(text, 2, s.State is null ? $"now: no case was opened ({s.Outcome})" : $"now: {s.State}");
        Line(text, 2, $"next: {s.Next}");
        if (s.Erased)
        {
            Line(text, 2, "The person's data was erased; what is left names nobody.");
        }
        else if (s.ContactDataRemoved)
        {
            Line(text, 2, "Name, addresses and numbers were removed (retention): rules that look at them see none today.");
        }

        Section(text, s.TimeZone.Length == 0 ? "What happened" : $"What happened (days and times of {s.TimeZone})", s.Timeline.Select(Sentence));
        Section(text, "Proof of each contact", s.Proofs.Select(Sentence));
        if (s.AtVerdict is { } then)
        {
            Section(text, then.Policy.FirstUsedOn is { } first
                ? $"The rules at the verdict on record of {Day(then.Day)}: {then.Outcome} (policy {then.Policy.Number}, version {then.Policy.Version}, in use from {Day(first)})"
                : $"The rules at the verdict on record of {Day(then.Day)}: {then.Outcome} (policy {then.Policy.Number} is not in the store any more)",
                then.Rules.Count > 0 ? then.Rules.Select(Sentence) : ["This version of the program can't read the programme of then; the table policies of the store has its text."]);
        }

        var (changesThen, changesNow) = (s.ChangesThen.Select(Sentence).ToList(), s.ChangesNow.Select(Sentence).ToList());
        Section(text, "What would have led to another verdict on that day", changesThen);
        if (s.AsOf is { } now)
        {
            Section(text, now.Policy.Number is { } number
                ? $"The rules on {Day(now.Day)}: {now.Outcome} (policy {number}, version {now.Policy.Version})"
                : $"The rules on {Day(now.Day)}: {now.Outcome} (version {now.Policy.Version}; no cycle has run with it yet)",
                s.AtVerdict is { } v && v.Rules.SequenceEqual(now.Rules) ? ["Every rule says what it said at the verdict, of the same facts."] : now.Rules.Select(Sentence));
        }

        Section(text, "What would let the customer be asked now", changesThen.Count > 0 && changesThen.SequenceEqual(changesNow) ? ["The same as on that day."] : changesNow);
        Section(text, "It would take all of these", s.Together.Select(Change));
        Section(text, "If nothing happens", s.Plan.Select(p => $"{Day(p.Day)}  {Step(p)}"));
        Section(text, "What would lead elsewhere, or would have", s.Turns.Select(Sentence));
    }

    private static string Vin(Story s) => s.Vin.Length == 0 ? "(removed)" : PlainText.Shown(s.Vin);

    // ---- The time line -------------------------------------------------------------------------------------------------------

    private static string Sentence(StoryEvent e)
    {
        var words = PlainText.Shown(string.Join("; ", Clauses(e).Where(c => c.Length > 0)));
        var origin = (e.Rule, e.Cycle, e.PolicyVersion) switch
        {
            ({ Length: > 0 }, { } cycle, { } version) => $" ({e.Rule}; cycle {cycle}, policy {e.Policy}, version {version})",
            (_, { } cycle, { } version) => $" (cycle {cycle}, policy {e.Policy}, version {version})",
            (_, { } cycle, null) => $" (cycle {cycle})",
            _ => "",
        };
        return $"{Day(e.Day)}  {e.What.PadRight(KindWidth)} {words}{origin}";
    }

    /// <summary>What is to be said of an event, piece by piece; each stands for itself.</summary>
    private static string[] Clauses(StoryEvent e) => e.What switch
    {
        "Received" => [$"{e["file"]}, line {e["line"]}", .. Row(e)],
        "ReceivedFirst" => [e["files"].Length == 0 ? "for the first time; which file it was is not kept" : $"for the first time, in {e["files"]}; its line is not kept"],
        "ReceivedAgain" => [$"with changes: {e["file"]}, line {e["line"]} is the latest row that said something else", .. Row(e)],
        "ScreenedOut" => [$"not asked: {e["reason"]}"],
        "Opened" => ["every rule of screening passed, a case was opened"],
        "MailPlanned" => [$"the {e["contact"]} was planned", e["state"] is "queued" or "claimed" ? "it has not been sent yet" : "", e["doubt"]],
        "MailDropped" => [$"the {e["contact"]} was planned, and dropped before it was sent"],
        "MailAccepted" =>
        [
            e["file"].Length > 0 ? $"the {e["contact"]} was written to {e["file"]}" : $"the mail server took the {e["contact"]}",
            At(e, "at {0}"), Fact(e, "status", "status {0}"), Fact(e, "queueId", "queue id {0}"), e["doubt"],
        ],
        "MailUndelivered" =>
        [
            e["bounced"] == "yes" ? $"the {e["contact"]} came back" : $"the mail server refused the {e["contact"]}",
            Fact(e, "status", "status {0}"), $"class {e["class"]}: {ClassWords(e["class"])}", Fact(e, "file", "report {0}"), At(e, "read at {0}"),
        ],
        "DeliveryReport" =>
        [
            $"a report on the {e["contact"]} said {e["action"]}", Fact(e, "status", "status {0}"), $"class {e["class"]}: {ClassWords(e["class"])}", $"report {e["file"]}", At(e, "read at {0}"),
        ],
        "QueuedForPhone" => [$"queued for the phone: {e["reason"]}"],
        "HandedOver" => [$"given to the vendor, to be called until {e["callUntil"]}", Fact(e, "file", "list {0}"), At(e, "written at {0}")],
        "CallReported" =>
        [
            e["final"] == "yes" ? $"a call ended with {e["code"]} ({e["meaning"]}), final" : $"a call ended with {e["code"]} ({e["meaning"]}), not final",
            Fact(e, "attempt", "attempt {0}"), At(e, "at {0}"), e["otherNumber"] == "yes" ? "another number is left" : "", FileAndLine(e),
        ],
        "Responded" =>
        [
            $"an answer by {e["mode"]}: {e["status"]}", At(e, "given at {0}"), e.At is null ? $"given on {e["completedOn"]}" : "", FileAndLine(e),
            e["late"].Length > 0 ? "late: the case had ended" : "", e["duplicate"].Length > 0 ? "a duplicate: the first one counts" : "", Fact(e, "flags", "odd about it: {0}"),
        ],
        "OptedOut" => [$"no contact of any kind is on record for {PointWords(e["points"])}"],
        "OptedOutOf" => [$"an opt-out is on record for {PointWords(e["points"])}"],
        "FoundDead" => [$"found dead: {PointWords(e["points"])}"],
        "WithdrawalDue" => [$"the vendor must be told to leave the case: {e["reason"]}", At(e, "since {0}")],
        "WithdrawalTold" => [$"the vendor was told to leave the case: {e["reason"]}", $"list {e["file"]}", At(e, "written at {0}")],
        "Ended" => [$"the case ended: {e["reason"]}"],
        "Erased" => ["the data was erased"],
        "ContactForgotten" =>
        [
            e["days"].Length == 0
                ? $"name, addresses and numbers have been removed since (all was over on {e["endedOn"]})"
                : $"name, addresses and numbers were removed by the first cycle from here on ({e["days"]} days after {e["endedOn"]})",
        ],
        _ => [.. e.Facts.Select(f => $"{f.Key} {f.Value}")],
    };

    private static string[] Row(StoryEvent e) => [Fact(e, "optOuts", "it says no to {0}"), e["cancelled"].Length > 0 ? "it says cancelled" : ""];

    private static string FileAndLine(StoryEvent e) => e["file"].Length == 0 ? "" : $"{e["file"]}, line {e["line"]}";

    private static string Fact(StoryEvent e, string fact, string words) => e[fact].Length == 0 ? "" : string.Format(CultureInfo.InvariantCulture, words, e[fact]);

    private static string At(StoryEvent e, string words) => e.At is { } at ? string.Format(CultureInfo.InvariantCulture, words, Instants.Text(at)) : "";

    private static string ClassWords(string @class) => @class switch
    {
        "dead" => "nobody is there",
        "full" => "the mailbox is full",
        "policy" => "refused by a policy, or our own fault",
        "transient" => "given up after trying for long",
        _ => "nothing is known of the address",
    };

    private static string PointWords(string points) => string.Join(", ", points.Split(',').Select(p => p switch
    {
        "email" => "the e-mail address",
        "phone_1" => "the first number",
        "phone_2" => "the second number",
        _ => "an earlier address or number",
    }));

    // ---- Rules, proofs, changes ----------------------------------------------------------------------------------------------

    private static string Sentence(RuleVerdict rule) => rule.Verdict == "not asked" ? $"{rule.Verdict,-9} {rule.Rule}"
        : rule.FactsMayDiffer ? $"{rule.Verdict,-9} {rule.Rule.PadRight(RuleWidth)} as it is known now: {PlainText.Shown(rule.Facts)}"
        : $"{rule.Verdict,-9} {rule.Rule.PadRight(RuleWidth)} {PlainText.Shown(rule.Facts)}";

    private static string Sentence(StoryProof p)
    {
        var when = p.At is { } at ? Instants.Text(at) : Day(p.Day);
        var what = (p.Contact, p.File, p.QueueId, p.Status) switch
        {
            ("phone", null, _, _) => "handed over; the list is not known",
            ("phone", { } file, _, _) => p.Sha256 is null ? $"list {file}" : $"list {file}, sha256 {p.Sha256}",
            (_, { } file, _, _) => $"Message-ID {p.MessageId}, file {file}",
            (_, _, { } id, { } status) => $"Message-ID {p.MessageId}, the relay's status {status}, queue id {id}",
            (_, _, { } id, _) => $"Message-ID {p.MessageId}, the relay's queue id {id}",
            (_, _, _, { } status) => $"Message-ID {p.MessageId}, the relay's status {status}, no queue id in its answer",
            _ => p.At is null ? $"Message-ID {p.MessageId}; of the relay's answer nothing is kept" : $"Message-ID {p.MessageId}, no queue id in the relay's answer",
        };
        return $"{p.Contact,-10}  {when}  {PlainText.Shown(what)}";
    }

    private static string Sentence(StoryChange c) => (c.Rule, c.Suffices, c.Instead) switch
    {
        (not null, true, _) => $"{Change(c)}; that alone would be enough",
        (not null, false, _) => $"{Change(c)}; that alone would not be enough",
        (not null, null, _) => $"{Change(c)}; whether that alone would be enough can't be told",
        (_, _, [var first, ..]) => $"{Change(c)}: {Step(first)} on {Day(first.Day)}",
        _ => Change(c),
    };

    private static string Change(StoryChange c) => c.Kind switch
    {
        "market_configured" => $"a market for the country {PlainText.Shown(c.OneOf[0])} in programme.json, with rules that let it pass",
        "market_active_from" => $"activeFrom of the market on {Day(c.Day)} or before",
        "survey_offered" => $"the survey {c.OneOf[0]} offered by the market, with rules that let it pass",
        "not_cancelled" => c.Rule is null ? "if the dealer had not cancelled" : "the transaction not cancelled",
        "customer_type" => $"a customer type of {string.Join(", ", c.OneOf)}",
        "payer" => $"paid by one of {string.Join(", ", c.OneOf)}",
        "vehicle" => (c.Day, c.Number) switch
        {
            ({ } day, { } km) => $"a vehicle bought on {Day(day)} or later, and with less than {km:N0} km",
            ({ } day, null) => $"a vehicle bought on {Day(day)} or later",
            (null, var km) => $"a vehicle with less than {km:N0} km",
        },
        "event_from" => $"an event date of {Day(c.Day)} or later",
        "window_to" => c.Rule is null ? $"if the policy's window reached to day {c.Number}" : $"a window of the policy to day {c.Number} or later",
        "one_flag" => "a row that says no to e-mail or to calls, and not to both",
        "no_opt_out" => c.Rule is null ? "if the customer had not asked for no contact" : "no opt-out of everything (no file takes one back)",
        "usable_email" => c.Rule is null ? "with a usable e-mail address" : "a usable e-mail address",
        "usable_number" => c.Rule is null ? "with a usable phone number" : "a usable phone number",
        "rest_over" => $"a later day: the rest from the other contact is over on {Day(c.Day)}",
        "rest_of" => c.Rule is null ? $"with a rest (restDays) of {c.Number} days at most" : $"a rest (restDays) of {c.Number} days at most",
        "answered_before" when c.Spared is { } spared => $"an answer before {Day(c.Day)} spares: {Step(spared)}",
        "answered_before" => $"an answer before {Day(c.Day)}",
        "without" when c.OneOf is ["Responded", var status] => $"without the answer of {Day(c.Day)} ({status})",
        "without" when c.OneOf is ["CallReported", var code] => $"without the call result {code} of {Day(c.Day)} ({Dispositions.Find(code)?.Meaning ?? code})",
        "without" => $"without the {c.OneOf[0]} of {Day(c.Day)}",
        _ => c.Kind,
    };

    // ---- Lines ---------------------------------------------------------------------------------------------------------------

    private static void Section(StringBuilder text, string title, IEnumerable<string> lines)
    {
        var all = lines.ToList();
        if (all.Count > 0)
        {
            Line(text, 2, $"{title}:");
            all.ForEach(line => text.Append("    ").AppendLine(line));
        }
    }

    private static void Line(StringBuilder text, int indent, FormattableString line) => text.Append(' ', indent).AppendLine(line.ToString(CultureInfo.InvariantCulture));

    private static void Line(StringBuilder text, int indent, string line) => text.Append(' ', indent).AppendLine(line);

    private static string Day(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";
}
