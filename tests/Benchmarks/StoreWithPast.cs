using System.Diagnostics;

namespace Benchmarks;

/// <summary>A store with a past, made by the program's own cycles, and with days to come that are all alike.</summary>
/// <remarks>
/// Nine of ten cases came in three extracts a month, and have ended: one in twenty was invited (some of these reminded, some handed to
/// the vendor after that), one in twenty was handed to the vendor at once, and nobody answered; the time of the others passed before they
/// were contacted. The last tenth is open. The days to come are those of a programme that goes on: of ten who are due, four see their
/// first contact, three of these by mail; three who were invited three days ago are reminded; three who have been silent for four more
/// go to the phone. So seven days pass before one is complete, and these are not measured. No retention is due on any.
/// </remarks>
internal sealed class StoreWithPast(Pipeline pipeline, string data, Dictionary<string, string> settings, StoreSizes sizes, int cases, int measuredDays)
{
    /// <summary>Days until the reminder, and from there until the phone: what <c>config/programme.json</c> says.</summary>
    private const int ToReminder = 3, ToPhone = 4;

    /// <summary>Days that come before the measured ones.</summary>
    public const int LeadIn = ToReminder + ToPhone;

    /// <summary>When a month's time has passed for all who came in it, the vendor's included.</summary>
    private const int Month = 31;

    private static readonly DateOnly Past = new(2026, 1, 5);

    /// <summary>After the last month; whoever was screened out in the first of three is forgotten on the day before.</summary>
    private readonly DateOnly coming = Past.AddDays((sizes.Months * Month) + 5);

    private int played;

    /// <summary>How many days there are to come.</summary>
    public int Days => LeadIn + measuredDays;

    /// <summary>Lives through the past.</summary>
    public void Build(Action<string> note)
    {
        var (began, rows, ended, mails, calls) = (Stopwatch.GetTimestamp(), 0, 0, 0, 0);
        settings["Data__MaxGapDays"] = "60";
        for (var month = Past; month < Past.AddDays(sizes.Months * Month); month = month.AddDays(Month))
        {
            foreach (var day in new[] { month, month.AddDays(ToReminder), month.AddDays(LeadIn) })
            {
                var opened = cases / 10 * 9 / (3 * sizes.Months);
                var inFile = Extract.WritePast(Inbox($"past-{day:yyyyMMdd}.csv"), opened, rows, day, month.AddDays(-5));
                var run = Play(day);
                Expect(run.Count("casesOpened") == opened && run.Sum("screenedOut") == opened / 20 && run.Count("invitationsSent") == opened / 20, run, day);
                rows += inFile;
            }
        }

        var eve = coming.AddDays(-1);
        Extract.WriteComing(Inbox("coming.csv"), cases / 10, rows, coming, Days, 4 * sizes.Due / 10);
        var last = Play(eve);
        Expect(last.Count("casesOpened") == cases / 10 && ended == cases / 10 * 9, last, eve);
        Directory.Delete(Path.Combine(data, "archive"), recursive: true); // gigabytes that no cycle looks at
        note($"  {cases:N0} cases in {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s; {mails:N0} mails, {calls:N0} handed over, {ended:N0} ended");

        CycleRun Play(DateOnly day)
        {
            var run = pipeline.Cycle(data, day, settings);
            note($"    {run.Count("rowsRead"):N0} rows, {run.Sum("closed"):N0} ended, {run.Sum("forgotten"):N0} forgotten in {run.Process.Time.TotalSeconds:F1} s, peak {run.Mebibytes:F0} MiB");
            ended += run.Sum("closed");
            mails += run.Count("invitationsSent") + run.Count("remindersSent");
            calls += run.Sum("phoneReleased");
            return run;
        }
    }

    /// <summary>Lives through the next day.</summary>
    public CycleRun NextDay()
    {
        var run = pipeline.Cycle(data, coming.AddDays(played), settings);
        var byMail = 3 * sizes.Due / 10;
        Expect(
            run.Count("invitationsSent") == byMail && run.Count("remindersSent") == (played < ToReminder ? 0 : byMail)
            && run.Sum("phoneReleased") == (sizes.Due / 10) + (played < LeadIn ? 0 : byMail)
            && run.Count("rowsRead") + run.Sum("closed") + run.Count("mailDeferred") + run.Count("mailRejected") + run.Sum("forgotten") == 0,
            run, coming.AddDays(played));
        played++;
        return run;
    }

    private string Inbox(string name) => Path.Combine(Directory.CreateDirectory(Path.Combine(data, "inbox", "dms")).FullName, name);

    private static void Expect(bool holds, CycleRun run, DateOnly day)
    {
        if (!holds)
        {
            throw new BenchmarkException($"This is not what the benchmark measures: the cycle of {day:yyyy-MM-dd} counted {run.Counts}.");
        }
    }
}
