using System.Text.Json;
using System.Text.Json.Serialization;
using Quartz;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>The funnel of one survey in one market.</summary>
public sealed record Funnel(
    string Market, string Survey, long Transactions, long ScreenedOut, long Waiting, long Invited, long Reminded, long PhoneQueued,
    long WithVendor, long Completed, long Closed)
{
    /// <summary>Every transaction is in exactly one place. (A case that was screened out later is closed and screened out at once.)</summary>
    public long Cases => Waiting + Invited + Reminded + PhoneQueued + WithVendor + Completed + Closed;
}

/// <summary>The last cycle.</summary>
public sealed record LastCycle(string AsOf, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string Outcome, CycleCounts? Counts)
{
    /// <summary>What the operator was told.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>How long it took; null while it has not ended.</summary>
    public double? Seconds => EndedAt is { } ended ? (ended - StartedAt).TotalSeconds : null;
}

/// <summary>The next cycle: of the services that run the earliest, else what the settings of whoever looks would have a service do.</summary>
/// <param name="At">When, by the host's clock; null: the schedule has no more.</param>
/// <param name="Schedule">The schedule of whoever looks, <c>Schedule:Cycle</c>. A service does not tell its own.</param>
public sealed record NextCycle(DateTimeOffset? At, string Schedule)
{
    /// <summary>Whether a service said so; else it is what the schedule says.</summary>
    public bool IsOfService { get; init; }

    /// <summary>What the schedule says; null: it has no more.</summary>
    public DateTimeOffset? BySchedule { get; init; } = At;
}

/// <summary>Two sides that must be equal.</summary>
/// <param name="Name">What is summed: <c>rows</c> (read, and what became of them), <c>transactions</c> (new rows, and transactions).</param>
/// <param name="Left">The one side.</param>
/// <param name="Right">The other.</param>
public sealed record ClosingSum(string Name, long Left, long Right)
{
    /// <summary>Whether they are.</summary>
    public bool Holds => Left == Right;
}

/// <summary>A file that was refused as a whole.</summary>
/// <param name="Kind">The folder below <c>inbox/</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Problem">Why.</param>
/// <param name="On">The day of the cycle that refused it.</param>
/// <param name="Replaced">A file that stands for it was taken afterwards: of an extract or a register the next of its series, of other kinds one of the same name.</param>
public sealed record RefusedFile(string Kind, string Name, string Problem, DateOnly On, bool Replaced);

/// <summary>Persons of one market whose data a vendor in another country was given, in one year.</summary>
/// <param name="Year">The year, by the market's days.</param>
/// <param name="Market">The market.</param>
/// <param name="Vendor">The vendor's country or countries; empty where <c>vendorCountry</c> was not set, which counts as another country.</param>
/// <param name="Persons">Each person once.</param>
/// <param name="Marks">The numbers at which the law asks for more (<c>abroadMarks</c>).</param>
/// <param name="MarksReached">How many of them are reached.</param>
public sealed record HandedAbroad(int Year, string Market, string Vendor, long Persons, IReadOnlyList<int> Marks, int MarksReached);

/// <summary>A process that writes to the store at this moment.</summary>
/// <param name="Name">Machine and data directory.</param>
/// <param name="Process">The number that its machine gave the process.</param>
/// <param name="Plans">It runs a cycle (or another verb that changes the store); the others help it to send.</param>
public sealed record WorkerNow(string Name, long Process, bool Plans);

/// <summary>What waits, and the case that waits longest.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="OldestOn">Since which day the oldest waits; null: there is none.</param>
/// <param name="OldestCase">The oldest's case.</param>
public sealed record CaseQueue(long Count, DateOnly? OldestOn, string? OldestCase)
{
    /// <summary>A queue whose oldest case a statement finds.</summary>
    internal static CaseQueue Oldest(Statement statement, long count, params ReadOnlySpan<object?> arguments) =>
        statement.First(r => new CaseQueue(count, r.Day(0), CaseId.Format(r.GetString(2), r.GetInt64(1))), arguments) ?? new CaseQueue(count, null, null);
}

/// <summary>Withdrawals that the vendor has not been told of.</summary>
public sealed record WithdrawalQueue(long Count, DateTimeOffset? OldestAt);

/// <summary>Files of a kind that wait for a cycle.</summary>
public sealed record InboxQueue(string Kind, int Files, DateTimeOffset OldestAt);

/// <summary>A phone list with cases that the vendor still has, and has not said anything of.</summary>
/// <param name="File">The list.</param>
/// <param name="Market">Its market.</param>
/// <param name="Survey">Its survey.</param>
/// <param name="On">The day on which it was handed over.</param>
/// <param name="Rows">The cases on it.</param>
/// <param name="CasesWithoutResult">Those of them that wait.</param>
public sealed record ListWaiting(string File, string Market, string Survey, DateOnly On, long Rows, long CasesWithoutResult);

/// <summary>A market's vendor who has cases, and of whom nothing was taken since he was given some.</summary>
/// <param name="Market">The market.</param>
/// <param name="Cases">The cases that he has, older ones among them.</param>
/// <param name="Since">The first day on which he was given cases and after which nothing came.</param>
/// <param name="Quarantined">Call results that did come since then, all with a code that nobody knows: nothing could be taken of them.</param>
public sealed record SilentVendor(string Market, long Cases, DateOnly Since, long Quarantined = 0);

/// <summary>How the mail of the running cycle goes, or of the last that had any.</summary>
public sealed record MailProgress(
    long Cycle, DateTimeOffset StartedAt, double Seconds, bool IsRunning, long Accepted, long Rejected, long Deferred,
    DateTimeOffset? RelayAnsweredAt, DateTimeOffset? FaultAt, string? Fault, string? FaultDetail, bool RelayStopped)
{
    /// <summary>Mails that came through to an answer, a second; null where it was too short to say.</summary>
    public double? MailsPerSecond => Seconds >= 0.001 ? (Accepted + Rejected) / Seconds : null;
}

/// <summary>What became of a market's mails and contacts over the last days (<c>Alarms:RateDays</c>).</summary>
/// <param name="Market">The market.</param>
/// <param name="Mails">Mails that the relay accepted or refused for good.</param>
/// <param name="Undelivered">Mails that it refused, or that came back.</param>
/// <param name="Contacts">Mails that it accepted, and cases that the vendor was given.</param>
/// <param name="OptedOut">Cases that were contacted, and whose customer then wanted no more: they ended, or went to the phone as he wants no more mail.</param>
public sealed record MarketRates(string Market, long Mails, long Undelivered, long Contacts, long OptedOut)
{
    /// <summary>The bounce rate; null without mails.</summary>
    public double? BounceRate => Mails > 0 ? Undelivered / (double)Mails : null;

    /// <summary>The opt-out rate; null without contacts.</summary>
    public double? OptOutRate => Contacts > 0 ? OptedOut / (double)Contacts : null;
}

/// <summary>A series of extracts: the files of one source that are named alike but for their digits.</summary>
/// <param name="Source">The source, by the name of its description.</param>
/// <param name="Series">The files' name with <c>#</c> for digits; where none ever came, the source's pattern.</param>
/// <param name="LastOn">The day on which the last one came.</param>
/// <param name="DueOn">The day by whose end the next one should come; null: nothing can be said yet.</param>
/// <param name="Waits">One lies in the inbox.</param>
public sealed record ExtractSeries(string Source, string Series, DateOnly? LastOn, DateOnly? DueOn, bool Waits)
{
    /// <summary>What came, oldest first.</summary>
    [JsonIgnore]
    public IReadOnlyList<SeriesFile> Files { get; init; } = [];
}

/// <summary>The disk of the data directory.</summary>
public sealed record DiskSpace(string Directory, long FreeBytes, long TotalBytes);

/// <summary>A case whose day to be looked at has passed unseen.</summary>
public sealed record PastLook(string CaseId, string Market, DateOnly DueOn);

/// <summary>One screen: where everything stands (<c>status</c>). <see cref="StatusText"/> shows it, <see cref="Alarms"/> says what needs a person.</summary>
public sealed record Status
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true, Encoder = Texts.InJson };

    /// <summary>When the store was looked at.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>What needs a person, the most urgent first.</summary>
    [JsonIgnore]
    public IReadOnlyList<Alarm> Alarms { get; init; } = [];

    /// <summary>The same for programs.</summary>
    [JsonPropertyName("alarms")]
    public IEnumerable<ShownAlarm> ShownAlarms => Alarms.Select(a => new ShownAlarm(a.Kind, a.Where, a.Since, StatusText.Sentence(a)));

    /// <summary>The last cycle; null before the first.</summary>
    public LastCycle? LastCycle { get; init; }

    /// <summary>The next one.</summary>
    public NextCycle? NextCycle { get; init; }
    /// <summary>What the vendor owes: lists without an acknowledgement, cases without a word, codes that nobody knows.</summary>
    public IReadOnlyList<VendorAlarm> VendorAlarms { get; init; } = [];

    /// <summary>Why a cycle at this moment would do nothing; null when it would.</summary>
    public string? NextCycleStops { get; init; }

    /// <summary>The services on the data directory.</summary>
    public IReadOnlyList<RunningService> Services { get; init; } = [];

    /// <summary>Who writes to the store now.</summary>
    public IReadOnlyList<WorkerNow> Workers { get; init; } = [];

    /// <summary>Every market and survey.</summary>
    public IReadOnlyList<Funnel> Funnels { get; init; } = [];

    /// <summary>Why transactions are screened out.</summary>
    public IReadOnlyDictionary<string, long> ScreenedOut { get; init; } = new Dictionary<string, long>();

    /// <summary>Why cases are closed.</summary>
    public IReadOnlyDictionary<string, long> Closed { get; init; } = new Dictionary<string, long>();

    /// <summary>Rows of all extracts.</summary>
    public long RowsRead { get; init; }

    /// <summary>New transactions among them.</summary>
    public long RowsNew { get; init; }

    /// <summary>Rows that changed a transaction.</summary>
    public long RowsUpdated { get; init; }

    /// <summary>Rows that changed nothing.</summary>
    public long RowsUnchanged { get; init; }

    /// <summary>Rows that were not understood.</summary>
    public long RowsRejected { get; init; }

    /// <summary>Whether rows read = new + updated + unchanged + rejected over all extracts.</summary>
    public bool SumHolds => Sums.All(s => s.Holds);

    /// <summary>What must be equal.</summary>
    public IReadOnlyList<ClosingSum> Sums =>
    [
        new("rows", RowsRead, RowsNew + RowsUpdated + RowsUnchanged + RowsRejected),
        new("transactions", RowsNew, Funnels.Sum(f => f.Transactions)),
    ];

    /// <summary>Mails that are queued or under way.</summary>
    public long MailQueued => MailQueue.Count;

    /// <summary>Cases to be called that stand on no list yet.</summary>
    public long PhoneQueued => PhoneQueue.Count;

    /// <summary>Cases that the vendor must be told to leave.</summary>
    public long WithdrawalsPending => WithdrawalQueue.Count;

    /// <summary>Mails that are queued or under way, and the oldest by its day of planning.</summary>
    public CaseQueue MailQueue { get; init; } = new(0, null, null);

    /// <summary>Cases to be called that stand on no list yet.</summary>
    public CaseQueue PhoneQueue { get; init; } = new(0, null, null);

    /// <summary>Cases that the vendor must be told to leave.</summary>
    public WithdrawalQueue WithdrawalQueue { get; init; } = new(0, null);

    /// <summary>Files that wait for a cycle, by kind; kinds with none are left out.</summary>
    public IReadOnlyList<InboxQueue> Inboxes { get; init; } = [];

    /// <summary>Lists that wait for the vendor's answer, the oldest first.</summary>
    public IReadOnlyList<ListWaiting> ListsWaiting { get; init; } = [];

    /// <summary>Vendors who have sent nothing back since they were given cases.</summary>
    public IReadOnlyList<SilentVendor> SilentVendors { get; init; } = [];

    /// <summary>How the mail goes; null before the first cycle with any.</summary>
    public MailProgress? Mail { get; init; }

    /// <summary>The relay, as the settings name it; empty: mails become files.</summary>
    public string Relay { get; init; } = "";

    /// <summary>Bounces and opt-outs of the last days.</summary>
    public IReadOnlyList<MarketRates> Rates { get; init; } = [];

    /// <summary>When extracts come.</summary>
    public IReadOnlyList<ExtractSeries> Extracts { get; init; } = [];

    /// <summary>The latest files that were refused, the latest first.</summary>
    public IReadOnlyList<RefusedFile> FilesRefused { get; init; } = [];

    /// <summary>Persons whose data went to another country.</summary>
    public IReadOnlyList<HandedAbroad> HandedAbroad { get; init; } = [];

    /// <summary>Room for the data directory; null where nobody can tell.</summary>
    public DiskSpace? Disk { get; init; }

    /// <summary>A case that nobody looks at; null: there is none.</summary>
    public PastLook? PastLook { get; init; }

    /// <summary>The day of this moment that alarms count from.</summary>
    [JsonIgnore]
    public DateOnly Today => AsOf.At(At).Day;

    /// <summary>Whether the last cycle is running, as far as one can tell.</summary>
    [JsonIgnore]
    public bool IsRunning => LastCycle?.Outcome == "running" && Workers.Any(w => w.Plans);

    /// <summary>Looks at a store and its data directory; changes nothing.</summary>
    /// <param name="database">The store.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="directory">The data directory.</param>
    /// <param name="time">Now.</param>
    /// <param name="counting">What is being counted over another connection; null: it is counted over this one.</param>
    internal static Status Read(Database database, PipelineConfig config, DataDirectory directory, TimeProvider time, Task<StatusCounts>? counting = null)
    {
        var status = database.AtOneMoment(() =>
            new StatusReader(database, config, directory, time).Read(() => counting is null ? StatusCounts.Read(database) : counting.GetAwaiter().GetResult()));
        return status with { Alarms = UseCases.Alarms.Of(status, config.Settings.Alarms) };
    }

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>As one screen.</summary>
    public string ToText() => StatusText.Of(this);
}

/// <summary>An alarm with its sentence.</summary>
/// <param name="Kind">Which rule.</param>
/// <param name="Where">What it is about.</param>
/// <param name="Since">Since when, as a day or a point in time; null: nobody knows.</param>
/// <param name="Text">What, where, since when, and what to do next.</param>
public sealed record ShownAlarm([property: JsonConverter(typeof(AlarmKindConverter))] AlarmKind Kind, string Where, string? Since, string Text);

/// <summary>What is counted row by row while somebody looks, and so takes longest.</summary>
/// <param name="MailQueue">Open mails.</param>
/// <param name="ListsWaiting">Lists of which the vendor has said nothing.</param>
/// <param name="Abroad">Persons that were handed over to another country.</param>
internal sealed record StatusCounts(
    CaseQueue MailQueue, IReadOnlyList<ListWaiting> ListsWaiting, IReadOnlyList<(int Year, string Market, string Country, long Persons)> Abroad)
{
    /// <summary>Counts, over a connection of its own.</summary>
    public static StatusCounts Read(Store store)
    {
        using var database = store.OpenExisting();
        return database.AtOneMoment(() => Read(database));
    }

    /// <summary>Counts.</summary>
    public static StatusCounts Read(Database database) => new(
        ReadMailQueue(database),
        database["status.lists_waiting"].List(r => new ListWaiting(r.GetString(0), r.GetString(1), r.GetString(2), r.Day(3), r.GetInt64(4), r.GetInt64(5))),
        database["status.handed_abroad"].List(r => (r.GetInt32(0), r.GetString(1), r.GetString(2), r.GetInt64(3))));

    private static CaseQueue ReadMailQueue(Database database)
    {
        var (count, first) = database["status.mail_queue"].First(r => (r.GetInt64(0), r.DayOrNull(1)));
        return first is { } day ? CaseQueue.Oldest(database["status.mail_queue_oldest"], count, day) : new CaseQueue(0, null, null);
    }
}

/// <summary>Asks the store and the data directory for what <see cref="Status"/> shows.</summary>
internal sealed class StatusReader(Database database, PipelineConfig config, DataDirectory directory, TimeProvider time)
{
    private readonly DateTimeOffset now = time.GetUtcNow();
    private readonly AlarmOptions alarms = config.Settings.Alarms;

    private DateOnly Today => AsOf.At(now).Day;

    /// <summary>Looks; what takes longest is asked for last.</summary>
    public Status Read(Func<StatusCounts> counted)
    {
        var funnels = database["status.funnel"].List(r => new Funnel(
            r.GetString(0), r.GetString(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6), r.GetInt64(7),
            r.GetInt64(8), r.GetInt64(9), r.GetInt64(10)));
        var rows = database["status.rows"].First(r => (r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4)));
        var reasons = database["movements.reasons"].List(r => (Kind: r.GetString(0), Reason: r.GetString(1), Count: r.GetInt64(2)));
        var last = database["cycles.last"].First(r => new LastCycle(
            r.GetString(1), r.Instant(3), r.IsDBNull(4) ? null : r.Instant(4), r.GetString(5),
            r.GetString(6) is { Length: > 0 } counts ? CycleCounts.FromJson(counts) : null)
        {
            Problems = r.GetString(6) is { Length: > 0 } stored ? CycleCounts.ProblemsIn(stored) : [],
        });
        var services = RunningServices.Read(directory, now);
        var next = Next(services);
        var asOf = AsOf.At(next is { IsOfService: true, At: { } planned } ? planned : now); // without a service nobody knows when
        var workers = database["lease.workers"].List(r => new WorkerNow(r.GetString(0), r.GetInt64(1), r.GetInt64(2) != 0), database.Now(time));
        var waiting = DataDirectory.Kinds.Select(kind => (Kind: kind, Files: Inbox.Waiting(directory, kind))).Where(k => k.Files.Count > 0).ToList();
        var status = new Status
        {
            At = now,
            LastCycle = last,
            NextCycle = next,
            NextCycleStops = (GapGuard.Problem(database, config, asOf, CycleLock.NotedIn(directory)) is { } gap ? Say(gap) : null)
                ?? PolicyGuard.Problem(database, config, asOf, () => Cycle.OpenVault(directory, config.Settings, storeExists: true, write: false)),
            Services = services,
            VendorAlarms = VendorAlarms.Read(database, config.Vendor, config.Programme),
            Workers = workers,
            Funnels = funnels,
            ScreenedOut = reasons.Where(r => r.Kind == MovementSums.ScreenedOutKind).ToDictionary(r => r.Reason, r => r.Count),
            Closed = reasons.Where(r => r.Kind == MovementSums.ClosedKind).ToDictionary(r => r.Reason, r => r.Count),
            RowsRead = rows.Item1,
            RowsNew = rows.Item2,
            RowsUpdated = rows.Item3,
            RowsUnchanged = rows.Item4,
            RowsRejected = rows.Item5,
            PhoneQueue = funnels.Sum(f => f.PhoneQueued) is var called and > 0 ? CaseQueue.Oldest(database["status.phone_queue"], called) : new CaseQueue(0, null, null),
            WithdrawalQueue = database["status.withdrawal_queue"].First(r => new WithdrawalQueue(r.GetInt64(0), r.IsDBNull(1) ? null : r.Instant(1)))!,
            Inboxes = [.. waiting.Select(k => new InboxQueue(k.Kind, k.Files.Count, k.Files.Min(f => f.ChangedAt)))],
            SilentVendors = SilentVendors(funnels),
            Mail = MailOf(last, workers),
            Relay = config.Settings.Mail.Transport == "Pickup" ? "" : $"{config.Settings.Mail.Host}:{config.Settings.Mail.Port}",
            Rates = Rates(Today.AddDays(1 - alarms.RateDays)),
            Extracts = Extracts([.. waiting.Where(k => k.Kind == "dms").SelectMany(k => k.Files.Select(f => f.Name))]),
            FilesRefused = Refused(),
            Disk = Disk(),
            PastLook = PastLook(),
        };
        var counts = counted();
        return status with { MailQueue = counts.MailQueue, ListsWaiting = counts.ListsWaiting, HandedAbroad = Abroad(counts.Abroad) };
    }

    /// <summary>A service goes by the settings that it was started with, which need not be those of this shell. A time that has passed is that of a cycle which it is in, or is about to begin.</summary>
    private NextCycle Next(IReadOnlyList<RunningService> services)
    {
        var schedule = config.Settings.Schedule.Cycle;
        var bySchedule = Here(new CronExpression(schedule).GetNextValidTimeAfter(now));
        var said = services.Where(s => s.NextCycle > now).Min(s => s.NextCycle);
        return said is not null || (services.Count > 0 && services.All(s => s.HasNoNextCycle))
            ? new NextCycle(Here(said), schedule) { IsOfService = true, BySchedule = bySchedule }
            : new NextCycle(bySchedule, schedule);
    }

    private DateTimeOffset? Here(DateTimeOffset? at) => at is { } some ? TimeZoneInfo.ConvertTime(some, time.LocalTimeZone) : null;

    /// <summary>Who wants no more mail is not among the movements: his case goes on, and that is no fact of its own.</summary>
    private List<MarketRates> Rates(DateOnly since)
    {
        var offMail = database["status.off_mail"].List(r => (Market: r.GetString(0), Cases: r.GetInt64(1)), since).ToDictionary(m => m.Market, m => m.Cases);
        return database["status.recent"].List(
            r => new MarketRates(
                r.GetString(0), r.GetInt64(1) + r.GetInt64(2), r.GetInt64(2) + r.GetInt64(3), r.GetInt64(1) + r.GetInt64(5), r.GetInt64(4) + offMail.GetValueOrDefault(r.GetString(0))),
            since);
    }

    private List<SilentVendor> SilentVendors(List<Funnel> funnels)
    {
        var kept = database["quarantine.days"].List(r => (Market: r.GetString(0), Day: r.Day(1), Rows: r.GetInt64(2)));
        var days = database["status.vendors"].List(r => (Market: r.GetString(0), Day: r.Day(1), Given: r.GetInt64(2), Reports: r.GetInt64(3)));
        return
        [
            .. from market in days.GroupBy(d => d.Market)
               let heard = market.Where(d => d.Reports > 0).Select(d => d.Day).DefaultIfEmpty(DateOnly.MinValue).Max()
               // What came on the day of a list was taken before the list was written.
               let since = market.Where(d => d.Given > 0 && d.Day >= heard).Select(d => (DateOnly?)d.Day).Min()
               let cases = funnels.Where(f => f.Market == market.Key).Sum(f => f.WithVendor)
               where since is not null && cases > 0
               select new SilentVendor(market.Key, cases, since.Value, kept.Where(k => k.Market == market.Key && k.Day > since).Sum(k => k.Rows)),
        ];
    }

    private MailProgress? MailOf(LastCycle? last, List<WorkerNow> workers)
    {
        var running = last?.Outcome == "running" && workers.Exists(w => w.Plans) ? database["cycles.last"].First(c => (long?)c.GetInt64(0)) : null;
        return database["status.mail_stage"].First(r =>
        {
            var (cycle, started, noted) = (r.GetInt64(0), r.Instant(1), r.Instant(2));
            return new MailProgress(
                cycle, started, Math.Max(0, (noted - started).TotalSeconds), r.GetInt64(3) == 0 && cycle == running, r.GetInt64(4), r.GetInt64(5), r.GetInt64(6),
                r.IsDBNull(11) ? null : r.Instant(11), r.IsDBNull(7) ? null : r.Instant(7), r.GetString(8) is { Length: > 0 } fault ? fault : null,
                r.GetString(9) is { Length: > 0 } detail ? detail : null, r.GetInt64(10) != 0);
        });
    }

    private List<ExtractSeries> Extracts(List<string> waiting)
    {
        var longest = config.Sources.Max(s => s.ExpectedEveryDays) ?? 0;
        var (learnt, since) = (Today.AddDays(-alarms.HistoryDays), Today.AddDays(-Math.Max(alarms.HistoryDays, 2 * longest)));
        var files = database["status.extracts"].List(
            r => (State: r.GetString(2), File: new SeriesFile(r.GetString(0), r.Day(1), r.GetString(2) == "refused", r.GetInt64(3), r.GetInt64(4), Counts(r.TextOrNull(5)))),
            since).FindAll(f => f.State is "taken" or "stored" or "refused").ConvertAll(f => f.File);
        var series = files.ToLookup(f => (config.SourceOf(f.Name).Name, Series: FileSeries.NameOf(f.Name)));
        var lying = waiting.Select(name => (config.SourceOf(name).Name, FileSeries.NameOf(name))).ToHashSet();
        var found = new List<ExtractSeries>();
        foreach (var of in series.OrderBy(s => s.Key))
        {
            var every = config.SourceOf(of.First().Name).ExpectedEveryDays;
            var known = every is null ? of.Where(f => f.Day >= learnt).ToList() : [.. of];
            if (known.Count > 0)
            {
                found.Add(new ExtractSeries(of.Key.Name, of.Key.Series, known[^1].Day, FileSeries.DueOn(known.Select(f => f.Day), every), lying.Contains(of.Key)) { Files = known });
            }
        }

        foreach (var source in config.Sources.Where(s => s.ExpectedEveryDays is not null && !found.Exists(f => f.Source == s.Name)))
        {
            var from = database["status.first_cycle"].First(r => r.DayOrNull(0));
            found.Add(new ExtractSeries(
                source.Name, source.FilePattern, null, from is { } day ? (day > since ? day : since).AddDays(source.ExpectedEveryDays!.Value) : null,
                lying.Any(l => l.Name == source.Name)));
        }

        return found;
    }

    private static Dictionary<string, long> Counts(string? json) => json is null ? [] : JsonSerializer.Deserialize<Dictionary<string, long>>(json)!;

    private List<RefusedFile> Refused()
    {
        var refused = database["status.refused"].List(
            r => (Id: r.GetInt64(0), Kind: r.GetString(1), Name: r.GetString(2), Problem: r.TextOrNull(3) ?? "", On: r.Day(4)), Today.AddDays(-alarms.RefusedDays));
        var last = new Dictionary<(string Kind, string Name), long>();
        if (refused.Count > 0)
        {
            database["status.taken_after"].Each(r => last[(r.GetString(1), Replaces(r.GetString(1), r.GetString(2)))] = r.GetInt64(0), refused[^1].Id);
        }

        return refused.ConvertAll(f => new RefusedFile(f.Kind, f.Name, f.Problem, f.On, last.GetValueOrDefault((f.Kind, Replaces(f.Kind, f.Name))) > f.Id));
    }

    /// <summary>What a file must be called to stand for another: extracts and registers bring everything again the next time, other files say what they say once.</summary>
    private static string Replaces(string kind, string name) => kind is "dms" or "dealers" ? FileSeries.NameOf(name) : name;

    private List<HandedAbroad> Abroad(IEnumerable<(int Year, string Market, string Country, long Persons)> counted) =>
    [
        .. from row in counted
           group row by (row.Year, row.Market) into place
           let persons = place.Count() == 1 ? place.First().Persons : database["status.handed_to_several"].Scalar<long>(place.Key.Year, place.Key.Market)
           let marks = config.Programme.MarketOf(place.Key.Market)?.AbroadMarks ?? []
           select new HandedAbroad(
               place.Key.Year, place.Key.Market, string.Join(',', place.Select(p => p.Country).Where(c => c.Length > 0)), persons, marks, marks.Count(m => persons >= m)),
    ];

    private DiskSpace? Disk()
    {
        try
        {
            var disk = new DriveInfo(directory.Root);
            return new DiskSpace(directory.Root, disk.AvailableFreeSpace, disk.TotalSize);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null; // a network share: nobody can tell
        }
    }

    /// <summary>A case may rest, or wait for the sending hours of its market; but when whole cycles have come to their end, it was looked at.</summary>
    private PastLook? PastLook() => database["status.last_done"].First(r => r.DayOrNull(0)) is { } done
        ? database["status.past_look"].First(
            r => new PastLook(CaseId.Format(r.GetString(1), r.GetInt64(0)), r.GetString(1), r.Day(2)), done.AddDays(-2 - config.Programme.Contact.RestDays))
        : null;
}
