using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.UseCases;

/// <summary>From when on something needs a person: every rule on both sides of its mark, by the marks that are shipped.</summary>
public sealed class AlarmsTests
{
    private const long Gibibyte = 1L << 30;
    private static readonly DateTimeOffset Now = new(2026, 3, 16, 6, 0, 0, TimeSpan.Zero);
    private static readonly DateOnly Today = new(2026, 3, 16);

    /// <summary>A store in which all is well.</summary>
    internal static Status Well { get; } = new()
    {
        At = Now,
        LastCycle = new LastCycle("2026-03-16T05:00:00+00:00", Now.AddHours(-1), Now.AddMinutes(-59), "done", new CycleCounts()),
        Disk = new DiskSpace("/srv/survey", 50 * Gibibyte, 100 * Gibibyte),
    };

    [Fact]
    public void WhereAllIsWellNobodyIsNeeded() => Assert.Empty(Of(Well));

    [Fact]
    public void ASumThatDoesNotCloseIsTheMostUrgent()
    {
        Assert.Empty(Of(Well with { RowsRead = 10, RowsNew = 7, RowsUpdated = 1, RowsUnchanged = 1, RowsRejected = 1, Funnels = [Funnel(7)] }));
        var rows = Well with { RowsRead = 11, RowsNew = 7, RowsUpdated = 1, RowsUnchanged = 1, RowsRejected = 1, Funnels = [Funnel(7)], NextCycleStops = "The clock." };
        var transactions = Well with { RowsRead = 7, RowsNew = 7, Funnels = [Funnel(3), Funnel(3)] };

        Assert.Equal([AlarmKind.SumBroken, AlarmKind.CyclesStop], Of(rows));
        Assert.Equal(new ClosingSum("transactions", 7, 6), Assert.IsType<Alarm.SumBroken>(Assert.Single(All(transactions))).Sum);
    }

    [Fact]
    public void ACaseThatNobodyLookedAtAndACycleThatWouldStopAreTold()
    {
        Assert.Equal([AlarmKind.CasePastLook], Of(Well with { PastLook = new PastLook("AU-00000019", "AU", new DateOnly(2026, 3, 10)) }));
        Assert.Equal([AlarmKind.CyclesStop], Of(Well with { NextCycleStops = "The last cycle was dated long ago." }));
    }

    [Theory]
    [InlineData(1_024L << 20, 2_000L << 20, false)]
    [InlineData((1_024L << 20) - 1, 2_000L << 20, true)] // too few MiB
    [InlineData(5 * Gibibyte, 100 * Gibibyte, false)]
    [InlineData((5 * Gibibyte) - 1, 100 * Gibibyte, true)] // too small a share
    public void ADiskIsNearlyFullByItsRoomOrItsShare(long free, long total, bool alarm) =>
        Assert.Equal(alarm ? [AlarmKind.DiskNearlyFull] : [], Of(Well with { Disk = new DiskSpace("/srv/survey", free, total) }));

    [Theory]
    [InlineData("done", 26, null)]
    [InlineData("done", 26.01, AlarmKind.NoCycle)]
    [InlineData("failed", 1, AlarmKind.CycleFailed)]
    [InlineData("failed", 27, AlarmKind.NoCycle)]
    [InlineData("running", 1, AlarmKind.CycleStandsStill)] // and nobody is at work
    public void TheLastCycleIsLongAgoOrFailedOrWasKilled(string outcome, double hoursAgo, AlarmKind? alarm) =>
        Assert.Equal(Some(alarm), Of(Well with { LastCycle = Well.LastCycle! with { Outcome = outcome, StartedAt = Now.AddHours(-hoursAgo) } }));

    [Theory]
    [InlineData(26, false)]
    [InlineData(26.01, true)]
    public void ACycleThatRunsForTooLongIsToldThoughItLives(double hours, bool alarm)
    {
        var running = Well with { LastCycle = Well.LastCycle! with { Outcome = "running", EndedAt = null, StartedAt = Now.AddHours(-hours) }, Workers = [new WorkerNow("m:/srv", 1, true)] };

        Assert.Equal(alarm ? [AlarmKind.CycleStandsStill] : [], Of(running));
        Assert.Equal(alarm, All(running).OfType<Alarm.CycleStandsStill>().Any(a => a.IsAlive));
    }

    [Fact]
    public void ARelayThatCouldNotBeUsedIsToldWhileMailWaitsForIt()
    {
        var down = Well with { Mail = Mail(stopped: true), MailQueue = new CaseQueue(3, Today, "AU-00000019"), Relay = "relay.example:25" };

        Assert.Equal([AlarmKind.RelayStopped], Of(down));
        Assert.Empty(Of(down with { MailQueue = new CaseQueue(0, null, null) }));
        Assert.Empty(Of(down with { Mail = Mail(stopped: false) }));
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void AMailIsQueuedForDays(int days, bool alarm) =>
        Assert.Equal(alarm ? [AlarmKind.MailQueued] : [], Of(Well with { MailQueue = new CaseQueue(1, Today.AddDays(-days), "AU-00000019") }));

    [Theory]
    [InlineData(7, false, true)]
    [InlineData(8, false, false)]
    [InlineData(1, true, false)]
    public void ARefusedFileIsToldForAWeekUnlessAGoodOneCame(int days, bool replaced, bool alarm) =>
        Assert.Equal(alarm ? [AlarmKind.FileRefused] : [], Of(Well with { FilesRefused = [new RefusedFile("dms", "a.csv", "The file is empty.", Today.AddDays(-days), replaced)] }));

    [Theory]
    [InlineData(0, false, false)] // it may yet come today
    [InlineData(1, false, true)]
    [InlineData(1, true, false)] // it lies in the inbox
    public void AnExtractIsMissingOnTheDayAfterItsDay(int days, bool waits, bool alarm) =>
        Assert.Equal(alarm ? [AlarmKind.ExtractMissing] : [], Of(Well with { Extracts = [new ExtractSeries("tw_dms", "tw_dms_#.csv", Today.AddDays(-7), Today.AddDays(-days), waits)] }));

    [Fact]
    public void AnExtractWhoseRhythmIsUnknownIsNeverMissing() =>
        Assert.Empty(Of(Well with { Extracts = [new ExtractSeries("tw_dms", "tw_dms_#.csv", Today.AddDays(-50), null, false)] }));

    [Theory]
    [InlineData(400, 0, 0)]
    [InlineData(401, 0, 0, AlarmKind.RowsJumped)]
    [InlineData(100, 20, 0)]
    [InlineData(100, 21, 0, AlarmKind.EmptyJumped)]
    [InlineData(100, 0, 5)]
    [InlineData(100, 0, 6, AlarmKind.RejectedJumped)]
    [InlineData(500, 500, 500, AlarmKind.RowsJumped, AlarmKind.EmptyJumped, AlarmKind.RejectedJumped)]
    public void AnExtractIsUnlikeThoseBeforeIt(int rows, int empty, int rejected, params AlarmKind[] alarms)
    {
        var files = Enumerable.Range(1, 4).Select(n => File(100, 0, 0)).Append(File(rows, empty, rejected)).ToList();
        var status = Well with { Extracts = [new ExtractSeries("tw_dms", "tw_dms_#.csv", Today, null, false) { Files = files }] };

        Assert.Equal(alarms, Of(status));
        Assert.Empty(Of(status, new AlarmOptions { HistoryDays = 0 }));
    }

    [Fact]
    public void ARefusedExtractIsNotComparedWithOthers()
    {
        var files = Enumerable.Range(1, 4).Select(n => File(100, 0, 0)).Append(File(0, 0, 0) with { Refused = true }).ToList();

        Assert.Empty(Of(Well with { Extracts = [new ExtractSeries("tw_dms", "tw_dms_#.csv", Today, null, false) { Files = files }] }));
    }

    [Theory]
    [InlineData(100, 5, false)]
    [InlineData(100, 6, true)]
    [InlineData(99, 50, false)] // too few to say
    public void MailsDoNotArrive(long mails, long undelivered, bool alarm) =>
        Assert.Equal(alarm ? [AlarmKind.BounceRate] : [], Of(Well with { Rates = [new MarketRates("AU", mails, undelivered, 0, 0)] }));

    [Theory]
    [InlineData(100, 2, false)]
    [InlineData(100, 3, true)]
    [InlineData(99, 50, false)]
    public void CustomersWantNoMore(long contacts, long optedOut, bool alarm) =>
        Assert.Equal(alarm ? [AlarmKind.OptOutRate] : [], Of(Well with { Rates = [new MarketRates("AU", 0, 0, contacts, optedOut)] }));

    [Theory]
    [InlineData(5, false)]
    [InlineData(6, true)]
    public void AVendorSendsNothingBack(int days, bool alarm) =>
        Assert.Equal(alarm ? [AlarmKind.VendorSilent] : [], Of(Well with { SilentVendors = [new SilentVendor("AU", 12, Today.AddDays(-days))] }));

    [Fact]
    public void AMarkOfZeroTurnsARuleOff()
    {
        var off = new AlarmOptions
        {
            CycleHours = 0, DiskFreeMiB = 0, DiskFreePercent = 0, MailQueuedDays = 0, RefusedDays = 0, HistoryDays = 0, BouncePercent = 0, OptOutPercent = 0, VendorSilentDays = 0,
        };
        var bad = Well with
        {
            LastCycle = Well.LastCycle! with { StartedAt = Now.AddDays(-100) },
            Disk = new DiskSpace("/", 0, 1),
            MailQueue = new CaseQueue(1, Today.AddDays(-100), "AU-00000019"),
            FilesRefused = [new RefusedFile("dms", "a.csv", "", Today, false)],
            Rates = [new MarketRates("AU", 1000, 1000, 1000, 1000)],
            SilentVendors = [new SilentVendor("AU", 1, Today.AddDays(-100))],
            Extracts = [new ExtractSeries("tw_dms", "tw_dms_#.csv", Today, null, false) { Files = [File(1, 0, 0), File(1, 0, 0), File(1, 0, 0), File(1000, 0, 0)] }],
        };

        Assert.Equal(8, Of(bad).Distinct().Count());
        Assert.Empty(Of(bad, off));
    }

    [Fact]
    public void TheMostUrgentComesFirst()
    {
        var kinds = Of(Bad);

        Assert.Equal(kinds.Order(), kinds);
        Assert.Equal(Enum.GetValues<AlarmKind>().Except([AlarmKind.NoCycle, AlarmKind.CycleFailed]), kinds.Distinct()); // a cycle has one fault at a time
    }

    /// <summary>Everything that can be wrong at once.</summary>
    internal static Status Bad { get; } = AlarmsShown(Well with
    {
        RowsRead = 1,
        PastLook = new PastLook("AU-00000019", "AU", Today.AddDays(-9)),
        NextCycleStops = "The last cycle was dated 2026-03-02, this one is dated 2026-03-20: 18 days later.",
        Disk = new DiskSpace("/srv/survey", 1, 100 * Gibibyte),
        LastCycle = Well.LastCycle! with { Outcome = "running", EndedAt = null },
        Mail = Mail(stopped: true),
        Relay = "relay.example:25",
        MailQueue = new CaseQueue(3, Today.AddDays(-9), "AU-00000019"),
        FilesRefused = [new RefusedFile("dms", "a.csv", "The file is empty.", Today, false)],
        Extracts =
        [
            new ExtractSeries("tw_dms", "tw_dms_#.csv", Today.AddDays(-5), Today.AddDays(-4), false) { Files = [File(100, 0, 0), File(100, 0, 0), File(100, 0, 0), File(1000, 900, 900)] },
            new ExtractSeries("cn_dms", "cn_dms_*.csv", null, Today.AddDays(-4), false),
        ],
        Rates = [new MarketRates("AU", 1000, 100, 1000, 100)],
        SilentVendors = [new SilentVendor("AU", 12, Today.AddDays(-9))],
        VendorAlarms =
        [
            new VendorAlarm(AlarmKind.NotAcknowledged, "phone_AU_sales_20260302_01.csv", 2, Today, "The vendor has not acknowledged it.", "Ask him whether he has it."),
            new VendorAlarm(AlarmKind.AcknowledgementWrong, "phone_AU_sales_20260303_01.csv", 2, Today, "The vendor's acknowledgement does not agree.", "Ask him to load the list again."),
            new VendorAlarm(AlarmKind.Silent, "phone_AU_sales_20260304_01.csv", 2, Today, "2 case(s) came back with nothing.", "Ask the vendor what became of them."),
            new VendorAlarm(AlarmKind.Quarantine, "BUSY", 2, Today, "2 call result(s) have the code 'BUSY', which config/vendor.json does not know.", "Add it to dispositions.codes."),
        ],
    });

    private static Status AlarmsShown(Status s) => s with { Alarms = Alarms.Of(s, new AlarmOptions()) };

    private static IReadOnlyList<Alarm> All(Status s) => Alarms.Of(s, new AlarmOptions());

    private static List<AlarmKind> Of(Status s, AlarmOptions? marks = null) => [.. Alarms.Of(s, marks ?? new AlarmOptions()).Select(a => a.Kind)];

    private static List<AlarmKind> Some(AlarmKind? kind) => kind is { } k ? [k] : [];

    private static Funnel Funnel(long transactions) => new("AU", "sales", transactions, 0, 0, 0, 0, 0, 0, 0, 0);

    private static SeriesFile File(long rows, long empty, long rejected) => new("tw_dms_1.csv", Today, false, rows, rejected, new Dictionary<string, long> { ["email"] = empty });

    private static MailProgress Mail(bool stopped) =>
        new(12, Now.AddHours(-1), 30, false, 100, 2, 3, Now.AddDays(-1), Now.AddHours(-1), "unusable", "relay.example:25 can't be reached.", stopped);
}
