using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Survey.Domain;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.UseCases;

/// <summary>What may need a person, the most urgent first: the order is that of the screen.</summary>
public enum AlarmKind
{
    /// <summary>A sum does not close.</summary>
    SumBroken,

    /// <summary>A case that nobody looks at.</summary>
    CasePastLook,

    /// <summary>A cycle would do nothing.</summary>
    CyclesStop,

    /// <summary>The disk is nearly full.</summary>
    DiskNearlyFull,

    /// <summary>A cycle was killed, stands still, or takes too long.</summary>
    CycleStandsStill,

    /// <summary>The last cycle failed.</summary>
    CycleFailed,

    /// <summary>No cycle for long.</summary>
    NoCycle,

    /// <summary>The relay can't be used.</summary>
    RelayStopped,

    /// <summary>A mail is queued for long.</summary>
    MailQueued,

    /// <summary>A file was refused.</summary>
    FileRefused,

    /// <summary>An extract did not come.</summary>
    ExtractMissing,

    /// <summary>An extract has many more rows than usual, or far fewer.</summary>
    RowsJumped,

    /// <summary>An extract leaves columns empty that it usually fills.</summary>
    EmptyJumped,

    /// <summary>Far more rows of an extract than usual were rejected.</summary>
    RejectedJumped,

    /// <summary>Too many mails don't arrive.</summary>
    BounceRate,

    /// <summary>Too many customers want no more.</summary>
    OptOutRate,

    /// <summary>A vendor who sends nothing back.</summary>
    VendorSilent,

    /// <summary>A list that the vendor has not acknowledged.</summary>
    NotAcknowledged,

    /// <summary>An acknowledgement that does not agree with its list.</summary>
    AcknowledgementWrong,

    /// <summary>Cases of a list of which nothing came back.</summary>
    Silent,

    /// <summary>Call results with a code that nobody knows.</summary>
    Quarantine,
}

/// <summary>The kinds in JSON: <c>extractMissing</c>.</summary>
internal sealed class AlarmKindConverter() : JsonStringEnumConverter<AlarmKind>(JsonNamingPolicy.CamelCase);

/// <summary>Something that needs a person. <see cref="StatusText.Sentence"/> says it.</summary>
/// <param name="Kind">Which rule.</param>
/// <param name="Where">What it is about: a case, a file, a series, a market, a directory.</param>
/// <param name="Since">Since when, as a day or a point in time; null: nobody knows.</param>
public abstract record Alarm(AlarmKind Kind, string Where, string? Since)
{
    /// <summary>A sum does not close.</summary>
    public sealed record SumBroken(ClosingSum Sum) : Alarm(AlarmKind.SumBroken, Sum.Name, null);

    /// <summary>A case that nobody looks at.</summary>
    public sealed record CasePastLook(PastLook Case) : Alarm(AlarmKind.CasePastLook, Case.CaseId, Alarms.Text(Case.DueOn));

    /// <summary>A cycle would do nothing.</summary>
    public sealed record CyclesStop(string Why) : Alarm(AlarmKind.CyclesStop, "store", null);

    /// <summary>The disk is nearly full.</summary>
    public sealed record DiskNearlyFull(DiskSpace Disk) : Alarm(AlarmKind.DiskNearlyFull, Disk.Directory, null);

    /// <summary>A cycle was killed or stands still, or (<paramref name="IsAlive"/>) takes too long.</summary>
    public sealed record CycleStandsStill(LastCycle Cycle, bool IsAlive, double Hours) : Alarm(AlarmKind.CycleStandsStill, Cycle.AsOf, Instants.Text(Cycle.StartedAt));

    /// <summary>The last cycle failed.</summary>
    public sealed record CycleFailed(LastCycle Cycle) : Alarm(AlarmKind.CycleFailed, Cycle.AsOf, Instants.Text(Cycle.EndedAt ?? Cycle.StartedAt));

    /// <summary>No cycle for long.</summary>
    public sealed record NoCycle(LastCycle Cycle, double Hours) : Alarm(AlarmKind.NoCycle, Cycle.AsOf, Instants.Text(Cycle.StartedAt));

    /// <summary>The relay can't be used.</summary>
    public sealed record RelayStopped(MailProgress Mail, string Relay, long Queued)
        : Alarm(AlarmKind.RelayStopped, Relay, (Mail.RelayAnsweredAt ?? Mail.FaultAt) is { } at ? Instants.Text(at) : null);

    /// <summary>A mail is queued for long.</summary>
    public sealed record MailQueued(CaseQueue Queue, int Days) : Alarm(AlarmKind.MailQueued, Queue.OldestCase ?? "", Alarms.Text(Queue.OldestOn!.Value));

    /// <summary>A file was refused.</summary>
    public sealed record FileRefused(RefusedFile File) : Alarm(AlarmKind.FileRefused, $"{File.Kind}/{File.Name}", Alarms.Text(File.On));

    /// <summary>An extract did not come.</summary>
    public sealed record ExtractMissing(ExtractSeries Extract) : Alarm(AlarmKind.ExtractMissing, $"{Extract.Source} {Extract.Series}", Alarms.Text(Extract.DueOn!.Value));

    /// <summary>An extract has many more rows than usual, or far fewer.</summary>
    public sealed record RowsJumped(ExtractSeries Extract, SeriesFile File, double Usual) : Alarm(AlarmKind.RowsJumped, $"dms/{File.Name}", Alarms.Text(File.Day));

    /// <summary>An extract leaves columns empty that it usually fills.</summary>
    public sealed record EmptyJumped(ExtractSeries Extract, SeriesFile File, IReadOnlyList<ShareJump> Columns) : Alarm(AlarmKind.EmptyJumped, $"dms/{File.Name}", Alarms.Text(File.Day));

    /// <summary>Far more rows of an extract than usual were rejected.</summary>
    public sealed record RejectedJumped(ExtractSeries Extract, SeriesFile File, ShareJump Jump) : Alarm(AlarmKind.RejectedJumped, $"dms/{File.Name}", Alarms.Text(File.Day));

    /// <summary>Too many mails don't arrive.</summary>
    public sealed record BounceRate(MarketRates Rates, DateOnly From) : Alarm(AlarmKind.BounceRate, Rates.Market, Alarms.Text(From));

    /// <summary>Too many customers want no more.</summary>
    public sealed record OptOutRate(MarketRates Rates, DateOnly From) : Alarm(AlarmKind.OptOutRate, Rates.Market, Alarms.Text(From));

    /// <summary>A vendor who sends nothing back.</summary>
    public sealed record VendorSilent(SilentVendor Vendor, int Days) : Alarm(AlarmKind.VendorSilent, Vendor.Market, Alarms.Text(Vendor.Since));

    /// <summary>A list that was not acknowledged, cases that never came back, a code that nobody knows.</summary>
    public sealed record HandOver(VendorAlarm Vendor) : Alarm(Vendor.Kind, Vendor.List, Alarms.Text(Vendor.Since));
}

/// <summary>Which of the things that status shows need a person: pure rules over it, with the marks of the section <c>Alarms</c> (docs/status.md).</summary>
public static class Alarms
{
    /// <summary>All of them, the most urgent first.</summary>
    public static IReadOnlyList<Alarm> Of(Status s, AlarmOptions marks) =>
    [
        .. s.Sums.Where(sum => !sum.Holds).Select(sum => new Alarm.SumBroken(sum)),
        .. Some(s.PastLook is { } look ? new Alarm.CasePastLook(look) : null),
        .. Some(s.NextCycleStops is { } why ? new Alarm.CyclesStop(why) : null),
        .. Some(s.Disk is { } disk && IsNearlyFull(disk, marks) ? new Alarm.DiskNearlyFull(disk) : null),
        .. Some(OfCycle(s, marks)),
        .. Some(s.Mail is { RelayStopped: true, IsRunning: false } mail && s.MailQueued > 0 ? new Alarm.RelayStopped(mail, s.Relay, s.MailQueued) : null),
        .. Some(s.MailQueue.OldestOn is { } planned && DaysSince(s, planned) is var days && IsOver(days, marks.MailQueuedDays) ? new Alarm.MailQueued(s.MailQueue, days) : null),
        .. s.FilesRefused.Where(f => !f.Replaced && marks.RefusedDays > 0 && DaysSince(s, f.On) <= marks.RefusedDays).Select(f => new Alarm.FileRefused(f)),
        .. s.Extracts.Where(e => e.DueOn < s.Today && !e.Waits).Select(e => new Alarm.ExtractMissing(e)),
        .. marks.HistoryDays > 0 ? s.Extracts.SelectMany(e => OfFile(e, marks)).OrderBy(a => a.Kind) : Enumerable.Empty<Alarm>(),
        .. s.Rates.Where(r => marks.BouncePercent > 0 && r.Mails >= marks.ContactsAtLeast && IsAbove(r.Undelivered, r.Mails, marks.BouncePercent))
            .Select(r => new Alarm.BounceRate(r, s.Today.AddDays(1 - marks.RateDays))),
        .. s.Rates.Where(r => marks.OptOutPercent > 0 && r.Contacts >= marks.ContactsAtLeast && IsAbove(r.OptedOut, r.Contacts, marks.OptOutPercent))
            .Select(r => new Alarm.OptOutRate(r, s.Today.AddDays(1 - marks.RateDays))),
        .. s.SilentVendors.Where(v => IsOver(DaysSince(s, v.Since), marks.VendorSilentDays)).Select(v => new Alarm.VendorSilent(v, DaysSince(s, v.Since))),
        .. s.VendorAlarms.Select(v => new Alarm.HandOver(v)),
    ];

    /// <summary>A day as alarms have it.</summary>
    internal static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static Alarm? OfCycle(Status s, AlarmOptions marks)
    {
        if (s.LastCycle is not { } cycle)
        {
            return null;
        }

        var hours = (s.At - cycle.StartedAt).TotalHours;
        var isLong = marks.CycleHours > 0 && hours > marks.CycleHours;
        return cycle.Outcome switch
        {
            "running" => s.IsRunning && !isLong ? null : new Alarm.CycleStandsStill(cycle, s.IsRunning, hours),
            _ when isLong => new Alarm.NoCycle(cycle, hours),
            "failed" => new Alarm.CycleFailed(cycle),
            _ => null,
        };
    }

    private static IEnumerable<Alarm> OfFile(ExtractSeries extract, AlarmOptions marks)
    {
        var taken = extract.Files.Where(f => !f.Refused).ToList();
        if (marks.RowFactor > 0 && FileSeries.RowJump(taken, marks.RowFactor, marks.RowsAtLeast) is { } usual)
        {
            yield return new Alarm.RowsJumped(extract, taken[^1], usual);
        }

        if (marks.EmptyPoints > 0 && FileSeries.EmptyJumps(taken, marks.EmptyPoints, marks.RowsAtLeast) is { Count: > 0 } empty)
        {
            yield return new Alarm.EmptyJumped(extract, taken[^1], empty);
        }

        if (marks.RejectedPoints > 0 && FileSeries.RejectedJump(taken, marks.RejectedPoints, marks.RowsAtLeast) is { } rejected)
        {
            yield return new Alarm.RejectedJumped(extract, taken[^1], rejected);
        }
    }

    private static bool IsNearlyFull(DiskSpace disk, AlarmOptions marks) =>
        disk.FreeBytes < (long)marks.DiskFreeMiB << 20 || disk.FreeBytes * 100.0 < disk.TotalBytes * (double)marks.DiskFreePercent;

    private static bool IsOver(int days, int most) => most > 0 && days > most;

    private static bool IsAbove(long count, long of, int percent) => count * 100 > of * percent;

    private static int DaysSince(Status s, DateOnly day) => s.Today.DayNumber - day.DayNumber;

    private static IEnumerable<Alarm> Some(Alarm? alarm) => alarm is null ? [] : [alarm];
}
