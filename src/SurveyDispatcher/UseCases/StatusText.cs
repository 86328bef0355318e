using System.Globalization;
using System.Text;

namespace SurveyDispatcher.UseCases;

/// <summary>Shows a <see cref="Status"/> as one screen of 100 columns, and says each alarm in a sentence. All its words stand here.</summary>
public static class StatusText
{
    /// <summary>The width of the screen.</summary>
    public const int Columns = 100;

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
        lines.Add(Fit("Screened out: ", [.. s.ScreenedOut.Select(Reason)], ", "));
        lines.Add(Fit("Closed: ", [.. s.Closed.Select(Reason)], ", "));
        Queues(lines, s);
        Add(lines, Fit("Data abroad: ", [.. s.HandedAbroad.OrderByDescending(a => a.MarksReached).Select(Abroad)], "; "));
        foreach (var note in (s.LastCycle?.Counts?.Notes ?? []).Take(MostNotes))
        {
            Add(lines, $"Note of the last cycle: {note}");
        }

        var refused = s.FilesRefused.Count(f => !f.Replaced);
        Add(lines, refused == 0 ? "Files refused and not replaced: none" : $"Files refused and not replaced: {N(refused)}, the latest {PlainText.Shown($"{s.FilesRefused.First(f => !f.Replaced).Kind}/{s.FilesRefused.First(f => !f.Replaced).Name}")}");
        return string.Join(Environment.NewLine, lines);
    }

    /// <summary>An alarm in one sentence: what, where, since when, and what to do next.</summary>
    public static string Sentence(Alarm alarm) => alarm switch
    {
        Alarm.SumBroken { Sum: { Name: "rows" } sum } =>
            $"THE SUM DOES NOT HOLD: {N(sum.Left)} rows of extracts were read, but {N(sum.Right)} are new, updated, unchanged or rejected; run 'verify'.",
        Alarm.SumBroken { Sum: var sum } =>
            $"THE SUM DOES NOT HOLD: {N(sum.Left)} new rows were read from extracts, but {N(sum.Right)} transactions are counted; run 'verify'.",
        Alarm.CasePastLook { Case: var c } =>
            $"Case {c.CaseId} should have been looked at by {Day(c.DueOn)} and was not; run 'verify', and if all holds, see that cycles run within the sending hours of {PlainText.Shown(c.Market)}.",
        Alarm.CyclesStop stop => $"CYCLES STOP NOW: {stop.Why}",
        Alarm.DiskNearlyFull { Disk: var d } =>
            $"The disk of {PlainText.Shown(d.Directory)} is nearly full: {N(d.FreeBytes >> 20)} MiB of {N(d.TotalBytes >> 20)} are free; make room before the next cycle (archive/ and backups first).",
        Alarm.CycleStandsStill { IsAlive: true } c =>
            $"The cycle as of {c.Cycle.AsOf} has been running for {Hours(c.Hours)} h, since {Time(c.Cycle.StartedAt)}; look what it waits for, and end its process if it stands still: the next one goes on where it stopped.",
        Alarm.CycleStandsStill c =>
            $"The cycle as of {c.Cycle.AsOf}, begun {Time(c.Cycle.StartedAt)}, was killed or stands still; run 'cycle': it goes on where that one stopped, or names the process that holds it.",
        Alarm.CycleFailed { Cycle: { Problems: [var first, ..] problems } c } =>
            $"The last cycle, ended {Time(c.EndedAt ?? c.StartedAt)}, failed with {N(problems.Count)} problem(s): {first}",
        Alarm.CycleFailed { Cycle: var c } =>
            $"The last cycle, ended {Time(c.EndedAt ?? c.StartedAt)}, failed before its end; read what it said (its standard error, the service's log), then run 'cycle'.",
        Alarm.NoCycle c =>
            $"No cycle has begun for {Hours(c.Hours)} h, since {Time(c.Cycle.StartedAt)}; start the service ('run') or look at the schedule that calls 'cycle'.",
        Alarm.RelayStopped { Mail: var m } r =>
            $"The relay {r.Relay} could not be used in cycle {m.Cycle}, and last answered {(m.RelayAnsweredAt is { } at ? Time(at) : "never")}: {Fault(m)}; {N(r.Queued)} mail(s) wait: mend it, see 'mail check', then run 'cycle'.",
        Alarm.MailQueued { Queue: var q } m =>
            $"The mail of case {q.OldestCase} has been queued for {N(m.Days)} days, since {Day(q.OldestOn!.Value)}, of {N(q.Count)} in all; see the line Mail for the last fault, and 'mail check'.",
        Alarm.FileRefused { File: var f } =>
            $"The file {PlainText.Shown($"{f.Kind}/{f.Name}")} was refused on {Day(f.On)}: {PlainText.Shown(f.Problem)}",
        Alarm.ExtractMissing { Extract: { LastOn: null } e } =>
            $"No extract of {PlainText.Shown(e.Source)} ({PlainText.Shown(e.Series)}) ever came; one was due by {Day(e.DueOn!.Value)} (expectedEveryDays): ask who sends it.",
        Alarm.ExtractMissing { Extract: var e } =>
            $"The extract {PlainText.Shown(e.Series)} of {PlainText.Shown(e.Source)}, due by {Day(e.DueOn!.Value)}, did not come; the last one came {Day(e.LastOn!.Value)}: ask who sends it.",
        Alarm.RowsJumped a =>
            $"The extract {PlainText.Shown(a.File.Name)} of {Day(a.File.Day)} has {N(a.File.Rows)} rows, where {PlainText.Shown(a.Extract.Series)} usually has {N((long)a.Usual)}; ask the sender whether it is complete and sent once.",
        Alarm.EmptyJumped a =>
            $"The extract {PlainText.Shown(a.File.Name)} of {Day(a.File.Day)} leaves cells empty that {PlainText.Shown(a.Extract.Series)} usually fills ({string.Join(", ", a.Columns.Select(c => $"{c.Column}: {Percent(c.Share)} empty, usually {Percent(c.Usual)}"))}); ask the sender what changed.",
        Alarm.RejectedJumped a =>
            $"Of the extract {PlainText.Shown(a.File.Name)} of {Day(a.File.Day)} {Percent(a.Jump.Share)} of the rows were rejected, usually {Percent(a.Jump.Usual)}; read rejects/{PlainText.Shown(a.File.Name)}.rejects.csv and send it to the sender.",
        Alarm.BounceRate { Rates: var r } a =>
            $"In {PlainText.Shown(r.Market)} {Percent(r.BounceRate!.Value)} of the mails since {Day(a.From)} did not arrive ({N(r.Undelivered)} of {N(r.Mails)}); look at the addresses in 'report' (data quality) and at the sender's records with 'mail check'.",
        Alarm.OptOutRate { Rates: var r } a =>
            $"In {PlainText.Shown(r.Market)} {Percent(r.OptOutRate!.Value)} of the contacts since {Day(a.From)} ended in an opt-out ({N(r.OptedOut)} of {N(r.Contacts)}); look at the texts, the timing and who is asked there.",
        Alarm.VendorSilent { Vendor: var v } a =>
            $"The vendor of {PlainText.Shown(v.Market)} has sent nothing back for {N(a.Days)} days, since he was given cases on {Day(v.Since)}, and has {N(v.Cases)}; ask whether he fetches outbox/phone/ and where his results go.",
        Alarm.HandOver { Vendor: var v } => $"{PlainText.Shown(v.Problem)} {v.WhatToDo}",
        _ => throw new ArgumentOutOfRangeException(nameof(alarm), alarm, "Unknown alarm."),
    };

    private static void NeedsAPerson(List<string> lines, Status s)
    {
        if (s.Alarms.Count == 0)
        {
            Add(lines, "Needs a person: nothing");
            return;
        }

        Add(lines, $"NEEDS A PERSON ({N(s.Alarms.Count)}, the most urgent first):");
        foreach (var alarm in s.Alarms.Take(MostAlarms))
        {
            Add(lines, $"- {Sentence(alarm)}");
        }

        if (s.Alarms.Count > MostAlarms)
        {
            Add(lines, $"- and {N(s.Alarms.Count - MostAlarms)} more: 'status --json' has all.");
        }
    }

    private static void Cycles(List<string> lines, Status s)
    {
        Add(lines, s.LastCycle is not { } c ? "No cycle has run yet."
            : c.Outcome == "running" ? s.IsRunning
                ? $"Last cycle: as of {c.AsOf}, running, or killed a moment ago, started {Time(c.StartedAt)}"
                : $"Last cycle: as of {c.AsOf}, killed, or standing still (the next one goes on where it stopped), started {Time(c.StartedAt)}"
            : c.Seconds is { } seconds ? $"Last cycle: as of {c.AsOf}, {Outcome(c.Outcome)}, started {Time(c.StartedAt)}, took {Seconds(seconds)}"
            : $"Last cycle: as of {c.AsOf}, {Outcome(c.Outcome)}, started {Time(c.StartedAt)}");
        if (s.NextCycle is { } next)
        {
            Add(lines, next.At is { } at
                ? $"Next cycle: {Time(at)}{(s.Services.Count == 0 ? ", if a service runs" : "")} (Schedule:Cycle '{next.Schedule}'){(s.NextCycleStops is null ? "" : "; it would stop, see above")}"
                : $"Next cycle: none, the schedule (Schedule:Cycle '{next.Schedule}') has come to its end");
        }
    }

    /// <summary>Who works here, and who waits for his time.</summary>
    private static void Services(List<string> lines, Status s)
    {
        foreach (var service in s.Services)
        {
            Add(lines, $"Service: {service.ToText()}");
        }

        if (s.Workers.Count > 0)
        {
            Add(lines, $"At work now: {string.Join(", ", s.Workers.Select(w => w.Plans
                ? $"{PlainText.Shown(w.Name)}, process {w.Process} (plans)"
                : $"{PlainText.Shown(w.Name)}, process {w.Process} (helps to send)"))}");
        }
    }

    private static string Rows(Status s) =>
        $"Rows of extracts: {N(s.RowsRead)} read = {N(s.RowsNew)} new + {N(s.RowsUpdated)} updated + {N(s.RowsUnchanged)} unchanged + {N(s.RowsRejected)} rejected {(s.SumHolds ? "(the sum holds)" : "(THE SUM DOES NOT HOLD)")}";

    private static void Mail(List<string> lines, Status s)
    {
        if (s.Mail is not { } m)
        {
            Add(lines, s.Relay.Length == 0 ? "Mail: none was sent yet; mails become files (Mail:Transport)" : $"Mail: none was sent yet; the relay is {s.Relay}");
            return;
        }

        var rate = m.MailsPerSecond is { } perSecond ? perSecond.ToString("N1", Culture) : "-";
        Add(lines, m.IsRunning
            ? $"Mail now (cycle {m.Cycle}): {N(m.Accepted)} accepted, {N(m.Rejected)} rejected, {N(m.Deferred)} put off, {rate} mails/s, for {Seconds(m.Seconds)}"
            : $"Mail of cycle {m.Cycle}: {N(m.Accepted)} accepted, {N(m.Rejected)} rejected, {N(m.Deferred)} left queued, {rate} mails/s, in {Seconds(m.Seconds)}");
        var where = s.Relay.Length == 0 ? "Mails become files (Mail:Transport)" : $"Relay {s.Relay}";
        var answered = m.RelayAnsweredAt is { } at ? $"last answered {Time(at)}" : "never answered";
        Add(lines, m.FaultAt is { } fault
            ? $"{where}: {answered}, last fault {Time(fault)}: {Fault(m)}"
            : $"{where}: {answered}, no fault in that cycle");
    }

    /// <summary>What was wrong with the relay for the moment, in words.</summary>
    private static string Fault(MailProgress m) => m.Fault switch
    {
        MailStage.Later => $"a mail was put off with {m.FaultDetail} ({Subject(m.FaultDetail)})",
        MailStage.InDoubt => "an answer to a mail got lost",
        MailStage.Refused => $"it refused us with {m.FaultDetail}",
        MailStage.Unusable => $"it could not be used ({m.FaultDetail?.TrimEnd('.')})",
        _ => "nothing more is known",
    };

    /// <summary>What the second number of an enhanced status is about (RFC 3463).</summary>
    private static string Subject(string? status) => status?.Split('.') is [_, var subject, ..] ? subject switch
    {
        "1" => "the address",
        "2" => "the mailbox",
        "3" => "the mail system",
        "4" => "the network",
        "5" => "the protocol",
        "6" => "the content",
        "7" => "policy or security",
        _ => "no reason given",
    } : "no reason given";

    private static void Funnel(List<string> lines, Status s)
    {
        string[] names = ["market", "survey", "transactions", "screened", "waiting", "invited", "reminded", "to call", "vendor", "completed", "closed"];
        var rows = s.Funnels.Select(f => (string[])
        [
            PlainText.Shown(f.Market), f.Survey, N(f.Transactions), N(f.ScreenedOut), N(f.Waiting), N(f.Invited), N(f.Reminded), N(f.PhoneQueued), N(f.WithVendor), N(f.Completed), N(f.Closed),
        ]).Prepend(names).ToList();
        var widths = names.Select((_, i) => rows.Max(r => r[i].Length)).ToList();
        var gap = widths.Sum() + (2 * (widths.Count - 1)) <= Columns ? "  " : " ";
        lines.AddRange(rows.Select(r => string.Join(gap, r.Select((cell, i) => i < 2 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i])))));
    }

    private static void Queues(List<string> lines, Status s)
    {
        Add(lines, $"Queues: {N(s.MailQueued)} mails{Since(s.MailQueue)}, {N(s.PhoneQueued)} for the phone{Since(s.PhoneQueue)}, {N(s.WithdrawalsPending)} withdrawals to tell{(s.WithdrawalQueue.OldestAt is { } at ? $" (oldest {Time(at)})" : "")}");
        lines.Add(Fit("Files in the inboxes: ", [.. s.Inboxes.Select(i => $"{N(i.Files)} in {i.Kind} (oldest {Time(i.OldestAt)})")], ", "));
        Add(lines, s.ListsWaiting is not [var oldest, ..]
            ? "Lists without the vendor's answer: none"
            : $"Lists without the vendor's answer: {N(s.ListsWaiting.Count)}, {N(s.ListsWaiting.Sum(l => l.CasesWithoutResult))} case(s); oldest {oldest.File} ({N(oldest.CasesWithoutResult)} of {N(oldest.Rows)})");
    }

    private static string Since(CaseQueue queue) => queue.OldestOn is { } day ? $" (oldest {Day(day)}, {queue.OldestCase})" : "";

    private static string Abroad(HandedAbroad a)
    {
        var vendor = a.Vendor.Length > 0 ? a.Vendor : "a country that vendorCountry does not name";
        return a.Marks.Count == 0
            ? $"{a.Year} {a.Market}: {N(a.Persons)}, vendor in {vendor}"
            : $"{a.Year} {a.Market}: {N(a.Persons)}, vendor in {vendor} (marks: {string.Join(", ", a.Marks.Select(m => N(m)))}; {a.MarksReached} reached)";
    }

    private static string Reason(KeyValuePair<string, long> reason) => $"{N(reason.Value)} {reason.Key}";

    private static string Outcome(string outcome) => outcome == "done" ? "done" : "FAILED";

    private static string N(long number) => number.ToString("N0", Culture);

    private static string Percent(double share) => $"{(share * 100).ToString("0.#", Culture)} %";

    private static string Hours(double hours) => hours.ToString("N0", Culture);

    private static string Seconds(double seconds) => seconds < 120 ? $"{seconds.ToString("0.#", Culture)} s" : $"{(seconds / 60).ToString("N0", Culture)} min";

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", Culture);

    private static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:sszzz", Culture);

    /// <summary>As many as fit into one line; how many more there are is said.</summary>
    private static string Fit(string title, IReadOnlyList<string> parts, string between)
    {
        if (parts.Count == 0)
        {
            return title + "none";
        }

        var more = 0;
        var line = title + string.Join(between, parts);
        while (line.Length > Columns && more < parts.Count - 1)
        {
            more++;
            line = $"{title}{string.Join(between, parts.SkipLast(more))}{between}{N(more)} more (--json)";
        }

        return line;
    }

    /// <summary>Adds a text, broken between words where it is longer than a line.</summary>
    private static void Add(List<string> lines, string text)
    {
        var line = new StringBuilder();
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > Columns)
            {
                lines.Add(line.ToString());
                line.Clear().Append(Indent);
            }
            else if (line.Length > 0)
            {
                line.Append(' ');
            }

            line.Append(word);
        }

        lines.Add(line.ToString());
    }
}
