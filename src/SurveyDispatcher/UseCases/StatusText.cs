using System.Globalization;
using Survey.Domain;

namespace SurveyDispatcher.UseCases;

/// <summary>Shows a <see cref="Status"/> as one screen of 100 columns, and says each alarm in a sentence. All its words stand here.</summary>
public static class StatusText
{
    /// <summary>The width of the screen.</summary>
    private const int Width = 100;

    /// <summary>What is not well can be long: the rest is in <c>--json</c>.</summary>
    private const int MostAlarms = 20, MostNotes = 3;

    private const string Indent = "  ";
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>The screen.</summary>
    public static string Of(Status s)
    {
        var lines = new List<string>();
        Add(lines, $"Status at {Time(s.At)}");
        NeedsAPerson(lines, s);
        lines.Add("");
        Cycles(lines, s);
        Services(lines, s);
        Add(lines, Rows(s));
        Mail(lines, s);
        lines.Add("");
        Funnel(lines, s);
        lines.Add(Fit(reasons => $"Screened out: {reasons}", [.. s.ScreenedOut.Select(Count)], $", "));
        lines.Add(Fit(reasons => $"Closed: {reasons}", [.. s.Closed.Select(Count)], $", "));
        Queues(lines, s);
        Add(lines, $"{Fit(years => $"Data abroad: {years}", [.. s.HandedAbroad.OrderByDescending(a => a.MarksReached).Select(a => Say(Abroad(a)))], $"; ")}");
        foreach (var note in (s.LastCycle?.Counts?.Notes ?? []).Take(MostNotes))
        {
            Add(lines, $"Note of the last cycle: {note}");
        }

        Add(lines, s.FilesRefused.Count(f => !f.Replaced) is var refused and > 0
            ? (Phrase)$"Files refused and not replaced: {refused:N0}, the latest {NameOf(s.FilesRefused.First(f => !f.Replaced))}"
            : $"Files refused and not replaced: none");
        return string.Join(Environment.NewLine, lines);
    }

    /// <summary>An alarm in one sentence: what, where, since when, and what to do next.</summary>
    public static string Sentence(Alarm alarm) => Say(Words(alarm));

    private static Phrase Words(Alarm alarm) => alarm switch
    {
        Alarm.SumBroken { Sum: { Name: "rows" } sum } =>
            $"THE SUM DOES NOT HOLD: {sum.Left:N0} rows of extracts were read, but {sum.Right:N0} are new, updated, unchanged or rejected; run 'verify'.",
        Alarm.SumBroken { Sum: var sum } =>
            $"THE SUM DOES NOT HOLD: {sum.Left:N0} new rows were read from extracts, but {sum.Right:N0} transactions are counted; run 'verify'.",
        Alarm.CasePastLook { Case: var c } =>
            $"Case {c.CaseId} should have been looked at by {Day(c.DueOn)} and was not; run 'verify', and if all holds, see that cycles run within the sending hours of {PlainText.Shown(c.Market)}.",
        Alarm.CyclesStop stop => $"CYCLES STOP NOW: {stop.Why}",
        Alarm.DiskNearlyFull { Disk: var d } =>
            $"The disk of {PlainText.Shown(d.Directory)} is nearly full: {d.FreeBytes >> 20:N0} MiB of {d.TotalBytes >> 20:N0} are free; make room before the next cycle (archive/ and backups first).",
        Alarm.CycleStandsStill { IsAlive: true } c =>
            $"The cycle as of {c.Cycle.AsOf} has been running for {c.Hours:N0} h, since {Time(c.Cycle.StartedAt)}; look what it waits for, and end its process if it stands still: the next one goes on where it stopped.",
        Alarm.CycleStandsStill c =>
            $"The cycle as of {c.Cycle.AsOf}, begun {Time(c.Cycle.StartedAt)}, was killed or stands still; run 'cycle': it goes on where that one stopped, or names the process that holds it.",
        Alarm.CycleFailed { Cycle: { Problems: [var first, ..] problems } c } =>
            $"The last cycle, ended {Time(c.EndedAt ?? c.StartedAt)}, failed with {problems.Count:N0} problem(s): {first}",
        Alarm.CycleFailed { Cycle: var c } =>
            $"The last cycle, ended {Time(c.EndedAt ?? c.StartedAt)}, failed before its end; read what it said (its standard error, the service's log), then run 'cycle'.",
        Alarm.NoCycle c =>
            $"No cycle has begun for {c.Hours:N0} h, since {Time(c.Cycle.StartedAt)}; start the service ('run') or look at the schedule that calls 'cycle'.",
        Alarm.RelayStopped { Mail: { RelayAnsweredAt: { } at } m } r =>
            $"The relay {r.Relay} could not be used in cycle {m.Cycle}, and last answered {Time(at)}: {Fault(m)}; {r.Queued:N0} mail(s) wait: mend it, see 'mail check', then run 'cycle'.",
        Alarm.RelayStopped { Mail: var m } r =>
            $"The relay {r.Relay} could not be used in cycle {m.Cycle}, and last answered never: {Fault(m)}; {r.Queued:N0} mail(s) wait: mend it, see 'mail check', then run 'cycle'.",
        Alarm.MailQueued { Queue: var q } m =>
            $"The mail of case {q.OldestCase} has been queued for {m.Days:N0} days, since {Day(q.OldestOn!.Value)}, of {q.Count:N0} in all; see the line Mail for the last fault, and 'mail check'.",
        Alarm.FileRefused { File: var f } =>
            $"The file {NameOf(f)} was refused on {Day(f.On)}: {PlainText.Shown(f.Problem)}",
        Alarm.ExtractMissing { Extract: { LastOn: null } e } =>
            $"No extract of {PlainText.Shown(e.Source)} ({PlainText.Shown(e.Series)}) ever came; one was due by {Day(e.DueOn!.Value)} (expectedEveryDays): ask who sends it.",
        Alarm.ExtractMissing { Extract: var e } =>
            $"The extract {PlainText.Shown(e.Series)} of {PlainText.Shown(e.Source)}, due by {Day(e.DueOn!.Value)}, did not come; the last one came {Day(e.LastOn!.Value)}: ask who sends it.",
        Alarm.RowsJumped a =>
            $"The extract {PlainText.Shown(a.File.Name)} of {Day(a.File.Day)} has {a.File.Rows:N0} rows, where {PlainText.Shown(a.Extract.Series)} usually has {(long)a.Usual:N0}; ask the sender whether it is complete and sent once.",
        Alarm.EmptyJumped a =>
            $"The extract {PlainText.Shown(a.File.Name)} of {Day(a.File.Day)} leaves cells empty that {PlainText.Shown(a.Extract.Series)} usually fills ({Listed(a.Columns.Select(c => Say($"{c.Column}: {Percent(c.Share)} empty, usually {Percent(c.Usual)}")))}); ask the sender what changed.",
        Alarm.RejectedJumped a =>
            $"Of the extract {PlainText.Shown(a.File.Name)} of {Day(a.File.Day)} {Percent(a.Jump.Share)} of the rows were rejected, usually {Percent(a.Jump.Usual)}; read rejects/{PlainText.Shown(a.File.Name)}.rejects.csv and send it to the sender.",
        Alarm.BounceRate { Rates: var r } a =>
            $"In {PlainText.Shown(r.Market)} {Percent(r.BounceRate!.Value)} of the mails since {Day(a.From)} did not arrive ({r.Undelivered:N0} of {r.Mails:N0}); look at the addresses in 'report' (data quality) and at the sender's records with 'mail check'.",
        Alarm.OptOutRate { Rates: var r } a =>
            $"In {PlainText.Shown(r.Market)} {Percent(r.OptOutRate!.Value)} of the contacts since {Day(a.From)} led to an opt-out, of mails or of everything ({r.OptedOut:N0} of {r.Contacts:N0}); look at the texts, the timing and who is asked there.",
        Alarm.VendorSilent { Vendor: { Quarantined: > 0 } v } a =>
            $"Nothing that the vendor of {PlainText.Shown(v.Market)} sent could be taken for {a.Days:N0} days, since he was given cases on {Day(v.Since)}, of which he has {v.Cases:N0}: all his {v.Quarantined:N0} call result(s) have codes that config/vendor.json does not know; ask him what they mean and add them to dispositions.codes (the rows stand in quarantine/dispositions.csv).",
        Alarm.VendorSilent { Vendor: var v } a =>
            $"The vendor of {PlainText.Shown(v.Market)} has sent nothing back for {a.Days:N0} days, since he was given cases on {Day(v.Since)}, and has {v.Cases:N0}; ask whether he fetches outbox/phone/ and where his results go.",
        Alarm.HandOver { Vendor: var v } => $"{PlainText.Shown(v.Problem)} {v.WhatToDo}",
        _ => throw new ArgumentOutOfRangeException(nameof(alarm), alarm, "Unknown alarm."),
    };

    private static void NeedsAPerson(List<string> lines, Status s)
    {
        if (s.Alarms.Count == 0)
        {
            Add(lines, $"Needs a person: nothing");
            return;
        }

        Add(lines, $"NEEDS A PERSON ({s.Alarms.Count:N0}, the most urgent first):");
        foreach (var alarm in s.Alarms.Take(MostAlarms))
        {
            Add(lines, $"- {Words(alarm)}");
        }

        if (s.Alarms.Count > MostAlarms)
        {
            Add(lines, $"- and {s.Alarms.Count - MostAlarms:N0} more: 'status --json' has all.");
        }
    }

    private static void Cycles(List<string> lines, Status s)
    {
        Add(lines, s.LastCycle switch
        {
            null => $"No cycle has run yet.",
            { Outcome: "running" } c when s.IsRunning => $"Last cycle: as of {c.AsOf}, running, or killed a moment ago, started {Time(c.StartedAt)}",
            { Outcome: "running" } c => $"Last cycle: as of {c.AsOf}, killed, or standing still (the next one goes on where it stopped), started {Time(c.StartedAt)}",
            { Seconds: { } seconds } c => $"Last cycle: as of {c.AsOf}, {Outcome(c.Outcome)}, started {Time(c.StartedAt)}, took {Seconds(seconds)}",
            { } c => $"Last cycle: as of {c.AsOf}, {Outcome(c.Outcome)}, started {Time(c.StartedAt)}",
        });
        if (s.NextCycle is { } next)
        {
            var stops = s.NextCycleStops is null ? (Phrase)$"" : $"; it would stop, see above";
            Add(lines, next switch
            {
                { IsOfService: true, At: null, BySchedule: { } other } =>
                    $"Next cycle: none, says the service, its schedule has come to its end; by the settings of this shell (Schedule:Cycle '{next.Schedule}') it would be {Time(other)}",
                { At: null } => $"Next cycle: none, the schedule (Schedule:Cycle '{next.Schedule}') has come to its end",
                { IsOfService: true, At: { } at, BySchedule: null } => $"Next cycle: {Time(at)}, says the service; by the settings of this shell (Schedule:Cycle '{next.Schedule}') there would be none{stops}",
                { IsOfService: true, At: { } at, BySchedule: { } other } when other != at =>
                    $"Next cycle: {Time(at)}, says the service; by the settings of this shell (Schedule:Cycle '{next.Schedule}') it would be {Time(other)}{stops}",
                { At: { } at } => (Phrase)$"Next cycle: {Time(at)}{(s.Services.Count == 0 ? (Phrase)$", if a service runs" : $"")} (Schedule:Cycle '{next.Schedule}'){stops}",
            });
        }
    }

    /// <summary>Who works here, and who waits for his time.</summary>
    private static void Services(List<string> lines, Status s)
    {
        foreach (var service in s.Services)
        {
            Add(lines, $"Service: {service.InWords()}");
        }

        if (s.Workers.Count > 0)
        {
            Add(lines, $"At work now: {Listed(s.Workers.Select(w => Say(w.Plans
                ? (Phrase)$"{PlainText.Shown(w.Name)}, process {w.Process} (plans)"
                : $"{PlainText.Shown(w.Name)}, process {w.Process} (helps to send)")))}");
        }
    }

    private static Phrase Rows(Status s) =>
        $"Rows of extracts: {s.RowsRead:N0} read = {s.RowsNew:N0} new + {s.RowsUpdated:N0} updated + {s.RowsUnchanged:N0} unchanged + {s.RowsRejected:N0} rejected {(s.SumHolds ? (Phrase)$"(the sum holds)" : $"(THE SUM DOES NOT HOLD)")}";

    private static void Mail(List<string> lines, Status s)
    {
        if (s.Mail is not { } m)
        {
            Add(lines, s.Relay.Length == 0 ? (Phrase)$"Mail: none was sent yet; mails become files (Mail:Transport)" : $"Mail: none was sent yet; the relay is {s.Relay}");
            return;
        }

        var rate = m.MailsPerSecond is { } perSecond ? perSecond.ToString("N1", Culture) : "-";
        Add(lines, m.IsRunning
            ? (Phrase)$"Mail now (cycle {m.Cycle}): {m.Accepted:N0} accepted, {m.Rejected:N0} rejected, {m.Deferred:N0} put off, {rate} mails/s, for {Seconds(m.Seconds)}"
            : $"Mail of cycle {m.Cycle}: {m.Accepted:N0} accepted, {m.Rejected:N0} rejected, {m.Deferred:N0} left queued, {rate} mails/s, in {Seconds(m.Seconds)}");
        var where = s.Relay.Length == 0 ? (Phrase)$"Mails become files (Mail:Transport)" : $"Relay {s.Relay}";
        var answered = m.RelayAnsweredAt is { } at ? (Phrase)$"last answered {Time(at)}" : $"never answered";
        Add(lines, m.FaultAt is { } fault
            ? (Phrase)$"{where}: {answered}, last fault {Time(fault)}: {Fault(m)}"
            : $"{where}: {answered}, no fault in that cycle");
    }

    /// <summary>What was wrong with the relay for the moment, in words.</summary>
    private static Phrase Fault(MailProgress m) => m.Fault switch
    {
        MailStage.Later => $"a mail was put off with {m.FaultDetail} ({Subject(m.FaultDetail)})",
        MailStage.InDoubt => $"an answer to a mail got lost",
        MailStage.Refused => $"it refused us with {m.FaultDetail}",
        MailStage.Unusable => $"it could not be used ({m.FaultDetail?.TrimEnd('.', '。')})",
        _ => $"nothing more is known",
    };

    /// <summary>What the second number of an enhanced status is about (RFC 3463).</summary>
    private static Phrase Subject(string? status) => (status?.Split('.') is [_, var subject, ..] ? subject : "") switch
    {
        "1" => $"the address",
        "2" => $"the mailbox",
        "3" => $"the mail system",
        "4" => $"the network",
        "5" => $"the protocol",
        "6" => $"the content",
        "7" => $"policy or security",
        _ => $"no reason given",
    };

    private static void Funnel(List<string> lines, Status s)
    {
        Phrase[] names = [$"market", $"survey", $"transactions", $"screened", $"waiting", $"invited", $"reminded", $"to call", $"vendor", $"completed", $"closed"];
        var rows = s.Funnels.Select(f => (string[])
        [
            PlainText.Shown(f.Market), f.Survey, N(f.Transactions), N(f.ScreenedOut), N(f.Waiting), N(f.Invited), N(f.Reminded), N(f.PhoneQueued), N(f.WithVendor), N(f.Completed), N(f.Closed),
        ]).Prepend([.. names.Select(Say)]).ToList();
        var widths = names.Select((_, i) => rows.Max(r => Columns.Width(r[i]))).ToList();
        var gap = widths.Sum() + (2 * (widths.Count - 1)) <= Width ? "  " : " ";
        lines.AddRange(rows.Select(r => string.Join(gap, r.Select((cell, i) => i < 2 ? Columns.Left(cell, widths[i]) : Columns.Right(cell, widths[i])))));
    }

    private static void Queues(List<string> lines, Status s)
    {
        Add(lines, $"Queues: {s.MailQueued:N0} mails{Since(s.MailQueue)}, {s.PhoneQueued:N0} for the phone{Since(s.PhoneQueue)}, {s.WithdrawalsPending:N0} withdrawals to tell{(s.WithdrawalQueue.OldestAt is { } at ? (Phrase)$" (oldest {Time(at)})" : $"")}");
        lines.Add(Fit(files => $"Files in the inboxes: {files}", [.. s.Inboxes.Select(i => Say($"{i.Files:N0} in {i.Kind} (oldest {Time(i.OldestAt)})"))], $", "));
        Add(lines, s.ListsWaiting is not [var oldest, ..]
            ? (Phrase)$"Lists without the vendor's answer: none"
            : $"Lists without the vendor's answer: {s.ListsWaiting.Count:N0}, {s.ListsWaiting.Sum(l => l.CasesWithoutResult):N0} case(s); oldest {oldest.File} ({oldest.CasesWithoutResult:N0} of {oldest.Rows:N0})");
    }

    private static Phrase Since(CaseQueue queue) => queue.OldestOn is { } day ? (Phrase)$" (oldest {Day(day)}, {queue.OldestCase})" : $"";

    private static Phrase Abroad(HandedAbroad a)
    {
        var vendor = a.Vendor.Length > 0 ? (Phrase)$"{a.Vendor}" : $"a country that vendorCountry does not name";
        return a.Marks.Count == 0
            ? (Phrase)$"{a.Year} {a.Market}: {a.Persons:N0}, vendor in {vendor}"
            : $"{a.Year} {a.Market}: {a.Persons:N0}, vendor in {vendor} (marks: {Listed(a.Marks.Select(m => N(m)))}; {a.MarksReached} reached)";
    }

    private static string NameOf(RefusedFile file) => PlainText.Shown($"{file.Kind}/{file.Name}");

    private static string Count(KeyValuePair<string, long> reason) => $"{N(reason.Value)} {reason.Key}";

    private static Phrase Outcome(string outcome) => outcome == "done" ? (Phrase)$"done" : $"FAILED";

    private static string N(long number) => number.ToString("N0", Culture);

    private static string Percent(double share) => $"{(share * 100).ToString("0.#", Culture)} %";

    private static Phrase Seconds(double seconds) => seconds < 120 ? (Phrase)$"{seconds:0.#} s" : $"{seconds / 60:N0} min";

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", Culture);

    private static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:sszzz", Culture);

    /// <summary>As many as fit into one line; how many more there are is said.</summary>
    private static string Fit(Func<Phrase, Phrase> line, IReadOnlyList<string> parts, Phrase between)
    {
        if (parts.Count == 0)
        {
            return Say(line($"none"));
        }

        var more = 0;
        var text = Say(line($"{string.Join(Say(between), parts)}"));
        while (Columns.Width(text) > Width && more < parts.Count - 1)
        {
            more++;
            text = Say(line($"{string.Join(Say(between), parts.SkipLast(more))}{between}{more:N0} more (--json)"));
        }

        return text;
    }

    /// <summary>Adds a text, broken where it is longer than a line.</summary>
    private static void Add(List<string> lines, Phrase text) => lines.AddRange(Columns.Wrapped(Say(text), Width, Indent));
}
