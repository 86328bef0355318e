using System.Text.Json;

namespace SurveyDispatcher.UseCases;

/// <summary>What a cycle did: the object that <c>cycle --json</c> prints (contracts.md, <i>Command line</i>).</summary>
public sealed class CycleCounts
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for people and logs, not for HTML
    };

    private const int MostProblems = 20;

    // the names are contract, and contracts.md defines them
    public string AsOf { get; set; } = "";
    public int FilesImported { get; set; }
    public int FilesRefused { get; set; }
    public long RowsRead { get; set; }
    public long RowsRejected { get; set; }
    public long RowsUnchanged { get; set; }
    public long TransactionsNew { get; set; }
    public long TransactionsUpdated { get; set; }
    public SortedDictionary<string, long> ScreenedOut { get; set; } = new(StringComparer.Ordinal);
    public long CasesOpened { get; set; }
    public long InvitationsSent { get; set; }
    public long RemindersSent { get; set; }
    public long MailRejected { get; set; }
    public long MailDeferred { get; set; }
    public SortedDictionary<string, long> PhoneReleased { get; set; } = new(StringComparer.Ordinal);
    public long Withdrawn { get; set; }
    public long Responses { get; set; }
    public long Dispositions { get; set; }
    public long Bounces { get; set; }
    public long OptOuts { get; set; }
    public long OtherRowsRejected { get; set; }
    public SortedDictionary<string, long> Closed { get; set; } = new(StringComparer.Ordinal);
    public SortedDictionary<string, long> Forgotten { get; set; } = new(StringComparer.Ordinal);

    /// <summary>What is no fault, but may be a slip of somebody's: a column that nobody reads, a file that may still be written to, a changed programme.</summary>
    public List<string> Notes { get; set; } = [];

    /// <summary>Rows read = new + updated + unchanged + rejected: no row of an extract is ever dropped in silence.</summary>
    public bool SumHolds => RowsRead == TransactionsNew + TransactionsUpdated + RowsUnchanged + RowsRejected;

    /// <summary>Counts one more.</summary>
    public static void Add(SortedDictionary<string, long> counts, string reason, long n = 1) =>
        counts[reason] = counts.GetValueOrDefault(reason) + n;

    /// <summary>Every count by the name that it has in JSON; what is counted by reason as <c>name.reason</c>.</summary>
    public SortedDictionary<string, long> Numbers()
    {
        var numbers = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var property in JsonSerializer.SerializeToElement(this, Json).EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Number)
            {
                numbers[property.Name] = property.Value.GetInt64();
            }
            else if (property.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var reason in property.Value.EnumerateObject())
                {
                    numbers[$"{property.Name}.{reason.Name}"] = reason.Value.GetInt64();
                }
            }
        }

        return numbers;
    }

    /// <summary>The object as one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>The object as the store keeps it, with what <c>verify</c> asks for, and what the operator was told (not all, where that is much).</summary>
    public string ToJson(CycleSeal seal, IEnumerable<string> problems)
    {
        var json = JsonSerializer.SerializeToNode(this, Json)!;
        json["seal"] = JsonSerializer.SerializeToNode(seal, Json);
        json["problems"] = JsonSerializer.SerializeToNode(problems.Take(MostProblems).Select(PlainText.Shown), Json);
        return json.ToJsonString(Json);
    }

    /// <summary>What the operator was told of a cycle, as the store keeps it; nothing where an older version wrote it.</summary>
    public static IReadOnlyList<string> ProblemsIn(string json) =>
        JsonDocument.Parse(json).RootElement.TryGetProperty("problems", out var problems) ? [.. problems.EnumerateArray().Select(p => p.GetString()!)] : [];

    /// <summary>Reads what <see cref="ToJson()"/> wrote.</summary>
    public static CycleCounts FromJson(string json) => JsonSerializer.Deserialize<CycleCounts>(json, Json)!;
}

/// <summary>The end of the ledger and the size of the suppression list when a cycle ended: neither can be cut without a trace.</summary>
public sealed record CycleSeal(long LedgerLines, string LedgerHead, long Suppressions, long SuppressionFlags);
