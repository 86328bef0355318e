using System.Globalization;
using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
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
public sealed record LastCycle(string AsOf, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string Outcome, CycleCounts? Counts);

/// <summary>A file that was refused as a whole.</summary>
public sealed record RefusedFile(string Kind, string Name, string Problem);

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

/// <summary>One screen: where everything stands (<c>status</c>).</summary>
public sealed record Status(
    LastCycle? LastCycle, IReadOnlyList<Funnel> Funnels, IReadOnlyDictionary<string, long> ScreenedOut,
    IReadOnlyDictionary<string, long> Closed, long RowsRead, long RowsNew, long RowsUpdated, long RowsUnchanged, long RowsRejected,
    long MailQueued, long PhoneQueued, long WithdrawalsPending, IReadOnlyList<RefusedFile> FilesRefused,
    IReadOnlyList<HandedAbroad> HandedAbroad, IReadOnlyList<WorkerNow> Workers)
{
    /// <summary>What the vendor owes: lists without an acknowledgement, cases without a word, codes that nobody knows.</summary>
    public IReadOnlyList<VendorAlarm> VendorAlarms { get; init; } = [];

    /// <summary>Why a cycle at this moment would do nothing; null when it would.</summary>
    public string? NextCycleStops { get; init; }

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>Whether rows read = new + updated + unchanged + rejected over all extracts.</summary>
    public bool SumHolds => RowsRead == RowsNew + RowsUpdated + RowsUnchanged + RowsRejected;

    /// <summary>Reads the store.</summary>
    internal static Status Read(Database database, Programme programme, TimeProvider time)
    {
        var funnels = database["status.funnel"].List(r => new Funnel(
            r.GetString(0), r.GetString(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6), r.GetInt64(7),
            r.GetInt64(8), r.GetInt64(9), r.GetInt64(10)));
        var rows = database["status.rows"].First(r => (r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4)));
        var last = database["cycles.last"].First(r => new LastCycle(
            r.GetString(1), r.Instant(3), r.IsDBNull(4) ? null : r.Instant(4), r.GetString(5),
            r.GetString(6) is { Length: > 0 } counts ? CycleCounts.FromJson(counts) : null));
        return new Status(
            last, funnels, Reasons(database, "status.screened_out"), Reasons(database, "status.closed"),
            rows.Item1, rows.Item2, rows.Item3, rows.Item4, rows.Item5,
            database["mails.count_queued"].Scalar<long>(), funnels.Sum(f => f.PhoneQueued),
            database["status.withdrawals_pending"].Scalar<long>(),
            database["status.refused"].List(r => new RefusedFile(r.GetString(0), r.GetString(1), r.TextOrNull(2) ?? "")),
            database["status.handed_abroad"].List(r =>
            {
                var marks = programme.MarketOf(r.GetString(1))?.AbroadMarks ?? [];
                return new HandedAbroad(r.GetInt32(0), r.GetString(1), r.GetString(2), r.GetInt64(3), marks, marks.Count(m => r.GetInt64(3) >= m));
            }),
            database["lease.workers"].List(r => new WorkerNow(r.GetString(0), r.GetInt64(1), r.GetInt64(2) != 0), database.Now(time)));
    }

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>As one screen.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(LastCycle is { } c
            ? $"Last cycle: as of {c.AsOf}, {(c.Outcome != "running" ? c.Outcome : Workers.Any(w => w.Plans) ? "running, or killed a moment ago" : "killed, or standing still (the next one goes on where it stopped)")}, started {Instants.Text(c.StartedAt)}"
            : "No cycle has run yet.");
        if (Workers.Count > 0)
        {
            text.Append("At work now: ").AppendJoin(", ", Workers.Select(w => $"{PlainText.Shown(w.Name)}, process {w.Process} ({(w.Plans ? "plans" : "helps to send")})")).AppendLine();
        }

        if (NextCycleStops is { } why)
        {
            text.Append("CYCLES STOP NOW: ").AppendLine(why);
        }

        text.Append(CultureInfo.InvariantCulture, $"Rows of extracts: {RowsRead:N0} read = {RowsNew:N0} new + {RowsUpdated:N0} updated + {RowsUnchanged:N0} unchanged + {RowsRejected:N0} rejected")
            .AppendLine(SumHolds ? " (the sum holds)" : "  THE SUM DOES NOT HOLD: run verify").AppendLine();
        text.AppendLine("market  survey   transactions  screened out  waiting  invited  reminded  phone queue  with vendor  completed  closed");
        foreach (var f in Funnels)
        {
            text.Append(CultureInfo.InvariantCulture, $"{PlainText.Shown(f.Market),-6}  {f.Survey,-7}  {f.Transactions,12:N0}  {f.ScreenedOut,12:N0}  {f.Waiting,7:N0}  {f.Invited,7:N0}  {f.Reminded,8:N0}  {f.PhoneQueued,11:N0}  {f.WithVendor,11:N0}  {f.Completed,9:N0}  {f.Closed,6:N0}").AppendLine();
        }

        text.AppendLine();
        Reasons(text, "Screened out", ScreenedOut);
        Reasons(text, "Closed", Closed);
        text.Append(CultureInfo.InvariantCulture, $"Queues: {MailQueued:N0} mails, {PhoneQueued:N0} for the phone, {WithdrawalsPending:N0} withdrawals to tell").AppendLine();
        text.Append(UseCases.VendorAlarms.ToText(VendorAlarms));
        text.AppendLine(HandedAbroad.Count == 0
            ? "Persons whose data went to a vendor in another country: none"
            : "Persons whose data went to a vendor in another country:");
        foreach (var abroad in HandedAbroad)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {abroad.Year} {abroad.Market}: {abroad.Persons:N0}, vendor in {(abroad.Vendor.Length > 0 ? abroad.Vendor : "a country that vendorCountry does not name")}");
            text.AppendLine(abroad.Marks.Count == 0 ? "" : string.Create(
                CultureInfo.InvariantCulture, $" (marks: {string.Join(", ", abroad.Marks.Select(m => m.ToString("N0", CultureInfo.InvariantCulture)))}; {abroad.MarksReached} reached)"));
        }

        foreach (var note in LastCycle?.Counts?.Notes ?? [])
        {
            text.Append("Note of the last cycle: ").AppendLine(note);
        }

        text.AppendLine(FilesRefused.Count == 0 ? "Files refused: none" : "Files refused (the latest first):");
        foreach (var file in FilesRefused)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {file.Kind}/{PlainText.Shown(file.Name)}: {PlainText.Shown(file.Problem)}");
        }

        return text.ToString().TrimEnd();
    }

    private static Dictionary<string, long> Reasons(Database database, string statement) =>
        database[statement].List(r => (Reason: r.GetString(0), Count: r.GetInt64(1))).ToDictionary(r => r.Reason, r => r.Count);

    private static void Reasons(StringBuilder text, string title, IReadOnlyDictionary<string, long> reasons)
    {
        text.Append(title).Append(": ").AppendLine(reasons.Count == 0 ? "none" : string.Join(", ", reasons.Select(
            r => string.Create(CultureInfo.InvariantCulture, $"{r.Value:N0} {r.Key}"))));
    }
}
