using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.UseCases;

/// <summary>Stories in words, for a terminal: all texts of <c>explain</c> stand here, one whole sentence for each thing.</summary>
public static class ExplainText
{
    private const int RuleWidth = 24, KindWidth = 16, VerdictWidth = 9;

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
        var width = Math.Max("explain".Length, keys.Max(Columns.Width));
        var text = new StringBuilder();
        Line(text, 0, $"{matches.Count:N0} transaction(s) fit. Type one of these keys after 'explain', or add --market, --dealer or --survey; --all tells every story.");
        Line(text, 2, $"{Columns.Left(Say($"key"), width)}  {Columns.Left(Say($"event"), 10)}  {Columns.Left(Say($"case"), 13)}  {Say($"now")}");
        foreach (var (match, key) in shown.Zip(keys))
        {
            Line(text, 2, $"{Columns.Left(key, width)}  {Day(match.EventDate)}  {Columns.Left(match.CaseId ?? "-", 13)}  {match.State}");
        }

        if (matches.Count > shown.Count)
        {
            Line(text, 2, $"and {matches.Count - shown.Count:N0} more");
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>What comes, without its day.</summary>
    public static Phrase Step(StoryStep step) => step.What switch
    {
        "invitation" when step.Language is { } language => $"the invitation by e-mail (language {language})",
        "invitation" => $"the invitation by e-mail",
        "reminder" when step.Language is { } language => $"the reminder by e-mail (language {language})",
        "reminder" => $"the reminder by e-mail",
        "phone_queue" => $"to the phone queue ({step.Reason})",
        "phone_list" when step.Until is { } until => $"on a phone list, to be called until {Day(until)}",
        "phone_list" => $"on a phone list",
        "close" => $"closed as {step.Reason}",
        "forget_contact" => $"name, addresses and numbers are removed (retention)",
        _ => Phrase.Verbatim(step.What),
    };

    /// <summary>A contact in words.</summary>
    public static Phrase Contact(string code) => code switch
    {
        "invitation" => $"invitation",
        "reminder" => $"reminder",
        "phone" => $"phone",
        _ => Phrase.Verbatim(code),
    };

    private static void Tell(StringBuilder text, Story s)
    {
        Line(text, 0, s.CaseId is null
            ? (Phrase)$"Transaction {PlainText.Shown(s.Transaction)}, VIN {Vin(s)}, event {Day(s.EventDate)}"
            : $"Transaction {PlainText.Shown(s.Transaction)}, VIN {Vin(s)}, event {Day(s.EventDate)}, case {s.CaseId}");
        Line(text, 2, $"key: {PlainText.Shown(s.Key)}");
        Line(text, 2, s.State is null ? (Phrase)$"now: no case was opened ({s.Outcome})" : $"now: {s.State}");
        Line(text, 2, $"next: {s.Next}");
        if (s.Erased)
        {
            Line(text, 2, $"The person's data was erased; what is left names nobody.");
        }
        else if (s.ContactDataRemoved)
        {
            Line(text, 2, $"Name, addresses and numbers were removed (retention): rules that look at them see none today.");
        }

        Section(text, s.TimeZone.Length == 0 ? (Phrase)$"What happened" : $"What happened (days and times of {s.TimeZone})", s.Timeline.Select(Sentence));
        Section(text, $"Proof of each contact", s.Proofs.Select(Sentence));
        if (s.AtVerdict is { } then)
        {
            Section(text, then.Policy.FirstUsedOn is { } first
                ? (Phrase)$"The rules at the verdict on record of {Day(then.Day)}: {then.Outcome} (policy {then.Policy.Number}, version {then.Policy.Version}, in use from {Day(first)})"
                : $"The rules at the verdict on record of {Day(then.Day)}: {then.Outcome} (policy {then.Policy.Number} is not in the store any more)",
                then.Rules.Count > 0 ? then.Rules.Select(Sentence) : [Say($"This version of the program can't read the programme of then; the table policies of the store has its text.")]);
        }

        var (changesThen, changesNow) = (s.ChangesThen.Select(Sentence).ToList(), s.ChangesNow.Select(Sentence).ToList());
        Section(text, $"What would have led to another verdict on that day", changesThen);
        if (s.AsOf is { } now)
        {
            Section(text, now.Policy.Number is { } number
                ? (Phrase)$"The rules on {Day(now.Day)}: {now.Outcome} (policy {number}, version {now.Policy.Version})"
                : $"The rules on {Day(now.Day)}: {now.Outcome} (version {now.Policy.Version}; no cycle has run with it yet)",
                s.AtVerdict is { } v && v.Rules.SequenceEqual(now.Rules) ? [Say($"Every rule says what it said at the verdict, of the same facts.")] : now.Rules.Select(Sentence));
        }

        Section(text, $"What would let the customer be asked now", changesThen.Count > 0 && changesThen.SequenceEqual(changesNow) ? [Say($"The same as on that day.")] : changesNow);
        Section(text, $"It would take all of these", s.Together.Select(c => Say(Change(c))));
        Section(text, $"If nothing happens", s.Plan.Select(p => $"{Day(p.Day)}  {Say(Step(p))}"));
        Section(text, $"What would lead elsewhere, or would have", s.Turns.Select(Sentence));
    }

    private static Phrase Vin(Story s) => s.Vin.Length == 0 ? (Phrase)$"(removed)" : Phrase.Verbatim(PlainText.Shown(s.Vin));

    // ---- The time line -------------------------------------------------------------------------------------------------------

    private static string Sentence(StoryEvent e)
    {
        var words = PlainText.Shown(string.Join(Say($"; "), Clauses(e).OfType<Phrase>().Select(Say)));
        var told = (e.Rule, e.Cycle, e.PolicyVersion) switch
        {
            ({ Length: > 0 }, { } cycle, { } version) => Say($"{words} ({e.Rule}; cycle {cycle}, policy {e.Policy}, version {version})"),
            (_, { } cycle, { } version) => Say($"{words} (cycle {cycle}, policy {e.Policy}, version {version})"),
            (_, { } cycle, null) => Say($"{words} (cycle {cycle})"),
            _ => words,
        };
        return $"{Day(e.Day)}  {e.What.PadRight(KindWidth)} {told}";
    }

    /// <summary>What is to be said of an event, piece by piece; each stands for itself.</summary>
    private static Phrase?[] Clauses(StoryEvent e) => e.What switch
    {
        "Received" => [$"{e["file"]}, line {e["line"]}", .. Row(e)],
        "ReceivedFirst" => [e["files"].Length == 0 ? (Phrase)$"for the first time; which file it was is not kept" : $"for the first time, in {e["files"]}; its line is not kept"],
        "ReceivedAgain" => [$"with changes: {e["file"]}, line {e["line"]} is the latest row that said something else", .. Row(e)],
        "ScreenedOut" => [$"not asked: {e["reason"]}"],
        "Opened" => [$"every rule of screening passed, a case was opened"],
        "MailPlanned" => [$"the {Contact(e["contact"])} was planned", e["state"] is "queued" or "claimed" ? (Phrase)$"it has not been sent yet" : null, Fact(e, "doubt", Phrase.Verbatim)],
        "MailDropped" => [$"the {Contact(e["contact"])} was planned, and dropped before it was sent"],
        "MailAccepted" =>
        [
            e["file"].Length > 0 ? (Phrase)$"the {Contact(e["contact"])} was written to {e["file"]}" : $"the mail server took the {Contact(e["contact"])}",
            Fact(e, "language", language => $"language {language}"), At(e, at => $"at {at}"), Fact(e, "status", status => $"status {status}"), Fact(e, "queueId", id => $"queue id {id}"), Fact(e, "doubt", Phrase.Verbatim),
        ],
        "MailUndelivered" =>
        [
            e["bounced"] == "yes" ? (Phrase)$"the {Contact(e["contact"])} came back" : $"the mail server refused the {Contact(e["contact"])}",
            Fact(e, "status", status => $"status {status}"), $"class {e["class"]}: {ClassWords(e["class"])}", Fact(e, "file", file => $"report {file}"), At(e, at => $"read at {at}"),
        ],
        "DeliveryReport" =>
        [
            $"a report on the {Contact(e["contact"])} said {e["action"]}", Fact(e, "status", status => $"status {status}"), $"class {e["class"]}: {ClassWords(e["class"])}",
            $"report {e["file"]}", At(e, at => $"read at {at}"),
        ],
        "QueuedForPhone" => [$"queued for the phone: {e["reason"]}"],
        "HandedOver" => [$"given to the vendor, to be called until {e["callUntil"]}", Fact(e, "file", file => ListWords(file, e["sequence"])), At(e, at => $"written at {at}")],
        "CallReported" =>
        [
            e["final"] == "yes" ? (Phrase)$"a call ended with {e["code"]} ({e["meaning"]}), final" : $"a call ended with {e["code"]} ({e["meaning"]}), not final",
            Fact(e, "attempt", number => $"attempt {number}"), At(e, at => $"at {at}"), e["otherNumber"] == "yes" ? (Phrase)$"another number is left" : null, FileAndLine(e),
        ],
        "Responded" =>
        [
            $"an answer by {e["mode"]}: {e["status"]}", At(e, at => $"given at {at}"), e.At is null ? (Phrase)$"given on {e["completedOn"]}" : null, FileAndLine(e),
            e["late"].Length > 0 ? (Phrase)$"late: the case had ended" : null, e["duplicate"].Length > 0 ? (Phrase)$"a duplicate: the first one counts" : null,
            Fact(e, "flags", flags => $"odd about it: {flags}"),
        ],
        "OptedOut" => [$"no contact of any kind is on record for {PointWords(e["points"])}"],
        "OptedOutOf" => [$"an opt-out is on record for {PointWords(e["points"])}"],
        "FoundDead" => [$"found dead: {PointWords(e["points"])}"],
        "WithdrawalDue" => [$"the vendor must be told to leave the case: {e["reason"]}", At(e, at => $"since {at}")],
        "WithdrawalTold" => [$"the vendor was told to leave the case: {e["reason"]}", ListWords(e["file"], e["sequence"]), At(e, at => $"written at {at}")],
        "Ended" => [$"the case ended: {e["reason"]}"],
        "Erased" => [$"the data was erased"],
        "ContactForgotten" =>
        [
            e["days"].Length == 0
                ? (Phrase)$"name, addresses and numbers have been removed since (all was over on {e["endedOn"]})"
                : $"name, addresses and numbers were removed by the first cycle from here on ({e["days"]} days after {e["endedOn"]})",
        ],
        _ => [.. e.Facts.Select(f => Phrase.Verbatim($"{f.Key} {f.Value}"))],
    };

    private static Phrase?[] Row(StoryEvent e) => [Fact(e, "optOuts", modes => $"it says no to {modes}"), e["cancelled"].Length > 0 ? (Phrase)$"it says cancelled" : null];

    private static Phrase? FileAndLine(StoryEvent e) => e["file"].Length == 0 ? null : (Phrase)$"{e["file"]}, line {e["line"]}";

    private static Phrase? Fact(StoryEvent e, string fact, Func<string, Phrase> words) => e[fact].Length == 0 ? null : words(e[fact]);

    private static Phrase? At(StoryEvent e, Func<string, Phrase> words) => e.At is { } at ? words(Instants.Text(at)) : null;

    private static Phrase ClassWords(string @class) => @class switch
    {
        "dead" => $"nobody is there",
        "full" => $"the mailbox is full",
        "policy" => $"refused by a policy, or our own fault",
        "transient" => $"given up after trying for long",
        _ => $"nothing is known of the address",
    };

    private static string PointWords(string points) => Listed(points.Split(',').Select(p => Say(PointWord(p))));

    private static Phrase PointWord(string point) => point switch
    {
        "email" => $"the e-mail address",
        "phone_1" => $"the first number",
        "phone_2" => $"the second number",
        _ => $"an earlier address or number",
    };

    // ---- Rules, proofs, changes ----------------------------------------------------------------------------------------------

    private static string Sentence(RuleVerdict rule)
    {
        var verdict = Columns.Left(Say(VerdictWord(rule.Verdict)), VerdictWidth);
        var facts = PlainText.Shown(rule.Facts);
        return rule.Verdict == RuleVerdict.NotAsked ? $"{verdict} {rule.Rule}"
            : $"{verdict} {rule.Rule.PadRight(RuleWidth)} {(rule.FactsMayDiffer ? Say($"as it is known now: {facts}") : facts)}";
    }

    private static Phrase VerdictWord(string verdict) => verdict switch
    {
        RuleVerdict.Passed => $"passed",
        RuleVerdict.Failed => $"failed",
        _ => $"not asked",
    };

    private static string Sentence(StoryProof p)
    {
        var when = p.At is { } at ? Instants.Text(at) : Day(p.Day);
        Phrase what = (p.Contact, p.File, p.QueueId, p.Status) switch
        {
            ("phone", null, _, _) => $"handed over; the list is not known",
            ("phone", { } file, _, _) => p.Sha256 is null ? Numbered(file, p) : $"{Numbered(file, p)}, sha256 {p.Sha256}",
            (_, { } file, _, _) => $"Message-ID {p.MessageId}, file {file}",
            (_, _, { } id, { } status) => $"Message-ID {p.MessageId}, the relay's status {status}, queue id {id}",
            (_, _, { } id, _) => $"Message-ID {p.MessageId}, the relay's queue id {id}",
            (_, _, _, { } status) => $"Message-ID {p.MessageId}, the relay's status {status}, no queue id in its answer",
            _ => p.At is null ? (Phrase)$"Message-ID {p.MessageId}; of the relay's answer nothing is kept" : $"Message-ID {p.MessageId}, no queue id in the relay's answer",
        };
        return $"{Columns.Left(Say(Contact(p.Contact)), 10)}  {when}  {PlainText.Shown(Say(what))}";
    }

    private static Phrase Numbered(string file, StoryProof p) => ListWords(file, p.Sequence?.ToString(CultureInfo.InvariantCulture) ?? "");

    private static Phrase ListWords(string file, string sequence) => sequence.Length == 0 ? (Phrase)$"list {file}" : $"list {file}, number {sequence}";

    private static string Sentence(StoryChange c) => Say((c.Rule, c.Suffices, c.Instead) switch
    {
        (not null, true, _) => $"{Change(c)}; that alone would be enough",
        (not null, false, _) => $"{Change(c)}; that alone would not be enough",
        (not null, null, _) => $"{Change(c)}; whether that alone would be enough can't be told",
        (_, _, [var first, ..]) => $"{Change(c)}: {Step(first)} on {Day(first.Day)}",
        _ => Change(c),
    });

    private static Phrase Change(StoryChange c) => c.Kind switch
    {
        "market_configured" => $"a market for the country {PlainText.Shown(c.OneOf[0])} in programme.json, with rules that let it pass",
        "market_active_from" => $"activeFrom of the market on {Day(c.Day)} or before",
        "survey_offered" => $"the survey {c.OneOf[0]} offered by the market, with rules that let it pass",
        "not_cancelled" => c.Rule is null ? (Phrase)$"if the dealer had not cancelled" : $"the transaction not cancelled",
        "customer_type" => $"a customer type of {Listed(c.OneOf)}",
        "payer" => $"paid by one of {Listed(c.OneOf)}",
        "vehicle" => (c.Day, c.Number) switch
        {
            ({ } day, { } km) => $"a vehicle bought on {Day(day)} or later, and with less than {km:N0} km",
            ({ } day, null) => $"a vehicle bought on {Day(day)} or later",
            (null, var km) => $"a vehicle with less than {km:N0} km",
        },
        "event_from" => $"an event date of {Day(c.Day)} or later",
        "window_to" => c.Rule is null ? (Phrase)$"if the policy's window reached to day {c.Number}" : $"a window of the policy to day {c.Number} or later",
        "one_flag" => $"a row that says no to e-mail or to calls, and not to both",
        "no_opt_out" => c.Rule is null ? (Phrase)$"if the customer had not asked for no contact" : $"no opt-out of everything (no file takes one back)",
        "usable_email" => c.Rule is null ? (Phrase)$"with a usable e-mail address" : $"a usable e-mail address",
        "usable_number" => c.Rule is null ? (Phrase)$"with a usable phone number" : $"a usable phone number",
        "rest_over" => $"a later day: the rest from the other contact is over on {Day(c.Day)}",
        "rest_of" => c.Rule is null ? (Phrase)$"with a rest (restDays) of {c.Number} days at most" : $"a rest (restDays) of {c.Number} days at most",
        "sample" => (c.OneOf, c.Number) switch
        {
            ([var below], { } limit) => $"another draw, below {below} (that of a transaction never changes), and a perDealerAndMonth of {limit:N0} or more",
            ([var below], null) => $"another draw, below {below} (that of a transaction never changes)",
            (_, var limit) => $"a perDealerAndMonth of {limit:N0} or more",
        },
        "share_above" => $"a share above {c.OneOf[0]}",
        "answered_before" when c.Spared is { } spared => $"an answer before {Day(c.Day)} spares: {Step(spared)}",
        "answered_before" => $"an answer before {Day(c.Day)}",
        "without" when c.OneOf is ["Responded", var status] => $"without the answer of {Day(c.Day)} ({status})",
        "without" when c.OneOf is ["CallReported", var code] => $"without the call result {code} of {Day(c.Day)} ({Dispositions.Find(code)?.Meaning ?? Phrase.Verbatim(code)})",
        "without" => $"without the {c.OneOf[0]} of {Day(c.Day)}",
        _ => Phrase.Verbatim(c.Kind),
    };

    // ---- Lines ---------------------------------------------------------------------------------------------------------------

    private static void Section(StringBuilder text, Phrase title, IEnumerable<string> lines)
    {
        var all = lines.ToList();
        if (all.Count > 0)
        {
            Line(text, 2, $"{title}:");
            all.ForEach(line => text.Append("    ").AppendLine(line));
        }
    }

    private static void Line(StringBuilder text, int indent, Phrase line) => text.Append(' ', indent).AppendLine(Say(line));

    private static string Day(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";
}
