using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Survey.Domain;

namespace SurveyDispatcher.Storage;

/// <summary>A line of the ledger.</summary>
public sealed record LedgerLine(
    long Seq, long CaseId, DateOnly Day, string Kind, string Detail, long CycleId, long PolicyId, byte[] Hash);

/// <summary>The append-only record of everything that happened, each line chained to the one before.</summary>
public sealed class Ledger
{
    /// <summary>The kind of the line that records a verdict that keeps a customer out; the other kinds are facts.</summary>
    public const string ScreenedOut = "ScreenedOut";

    /// <summary>The kind of the line that records that a transaction without a case was erased. A case that is erased has ended, which is a fact.</summary>
    public const string Erased = "Erased";

    /// <summary>Half a SHA-256: 128 bits are beyond forging, and the ledger is the largest table.</summary>
    public const int HashSize = 16;

    private readonly Database database;
    private readonly List<(long CaseId, DateOnly Day, string Kind, string Detail)> pending = [];
    private long seq;
    private byte[] head = [];

    /// <summary>Opens the ledger at its end.</summary>
    public Ledger(Database database)
    {
        this.database = database;
        FindEnd();
        database.RolledBack += FindEnd;
        database.Committing += Chain;
    }

    /// <summary>The cycle that writes.</summary>
    public long CycleId { get; set; }

    /// <summary>The policy version that decides.</summary>
    public long PolicyId { get; set; }

    /// <summary>The number of the last line, which is how many there are, and its hash, which covers all that came before; empty before the first.</summary>
    public (long Lines, string Head) End()
    {
        FindLast();
        return (seq, Convert.ToHexStringLower(head));
    }

    /// <summary>Records a fact about a case.</summary>
    public void Append(long caseId, CaseEvent fact)
    {
        var (kind, detail) = LedgerText.Of(fact);
        Append(caseId, fact.Day, kind, detail);
    }

    /// <summary>Records that screening kept a customer out.</summary>
    public void AppendScreenedOut(long transactionId, DateOnly day, string reason) =>
        Append(transactionId, day, ScreenedOut, LedgerText.Json("reason", reason));

    /// <summary>Records that a transaction without a case was erased.</summary>
    public void AppendErased(long transactionId, DateOnly day) => Append(transactionId, day, Erased, LedgerText.Json());

    /// <summary>The hash of a line, given that of the line before.</summary>
    public static byte[] HashOf(
        ReadOnlySpan<byte> previous, long seq, long caseId, DateOnly day, string kind, string detail, long cycleId, long policyId)
    {
        // Far more than a line of ours takes; one that somebody has tampered with may be of any length.
        var size = previous.Length + 64 + (3 * (kind.Length + detail.Length));
        var buffer = size <= 1024 ? stackalloc byte[size] : new byte[size];
        previous.CopyTo(buffer);
        var at = previous.Length;
        BinaryPrimitives.WriteInt64BigEndian(buffer[at..], seq);
        BinaryPrimitives.WriteInt64BigEndian(buffer[(at + 8)..], caseId);
        BinaryPrimitives.WriteInt64BigEndian(buffer[(at + 16)..], cycleId);
        BinaryPrimitives.WriteInt64BigEndian(buffer[(at + 24)..], policyId);
        BinaryPrimitives.WriteInt32BigEndian(buffer[(at + 32)..], day.DayNumber);
        at += 36;
        at += Encoding.UTF8.GetBytes(kind, buffer[at..]);
        buffer[at++] = 0;
        at += Encoding.UTF8.GetBytes(detail, buffer[at..]);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(buffer[..at], hash);
        return hash[..HashSize].ToArray();
    }

    private void Append(long caseId, DateOnly day, string kind, string detail)
    {
        if (database.IsShared)
        {
            pending.Add((caseId, day, kind, detail));
        }
        else
        {
            Write(caseId, day, kind, detail);
        }
    }

    /// <summary>Where several write, each adds to the chain at the end of its transaction, when nobody else can.</summary>
    private void Chain()
    {
        if (pending.Count > 0)
        {
            database["ledger.lock"].Run();
            FindLast();
            pending.ForEach(line => Write(line.CaseId, line.Day, line.Kind, line.Detail));
            pending.Clear();
        }
    }

    private void Write(long caseId, DateOnly day, string kind, string detail)
    {
        seq++;
        head = HashOf(head, seq, caseId, day, kind, detail, CycleId, PolicyId);
        database.Bulk("ledger.append").Add(seq, caseId, day, kind, detail, CycleId, PolicyId, head);
    }

    private void FindEnd()
    {
        pending.Clear();
        if (!database.IsShared) // else whoever adds lines looks first
        {
            FindLast();
        }
    }

    private void FindLast() => (seq, head) = database["ledger.last"].First(r => (r.GetInt64(0), r.Bytes(1))) is { Item2: not null } last
        ? last
        : (0, []);
}

/// <summary>Facts as the ledger writes them: a kind, and what belongs to it as JSON.</summary>
public static class LedgerText
{
    /// <summary>The kind and detail of a fact.</summary>
    public static (string Kind, string Detail) Of(CaseEvent fact) => fact switch
    {
        CaseEvent.Opened => (nameof(CaseEvent.Opened), "{}"),
        CaseEvent.MailAccepted e => (nameof(CaseEvent.MailAccepted), Json("contact", e.Contact.Code())),
        CaseEvent.MailUndelivered e => (nameof(CaseEvent.MailUndelivered),
            Json("contact", e.Contact.Code(), "bounced", e.Bounced ? "yes" : "no", "class", e.Class)),
        CaseEvent.QueuedForPhone e => (nameof(CaseEvent.QueuedForPhone), Json("reason", e.Reason)),
        CaseEvent.HandedOver e => (nameof(CaseEvent.HandedOver), Json("callUntil", Text(e.CallUntil))),
        CaseEvent.Ended e => (nameof(CaseEvent.Ended), Json("reason", e.Reason)),
        CaseEvent.Responded e => (nameof(CaseEvent.Responded),
            Json("mode", e.Mode, "status", e.Status, "completedOn", Text(e.CompletedOn), "answers", e.Answers)),
        CaseEvent.CallReported e => (nameof(CaseEvent.CallReported),
            Json("code", e.Code, "final", e.Final ? "yes" : "no", "otherNumber", e.OtherNumber ? "yes" : "no")),
        _ => throw new ArgumentOutOfRangeException(nameof(fact), fact, "Unknown fact."),
    };

    /// <summary>The fact of a line; null for a line that is no fact about a case.</summary>
    public static CaseEvent? Fact(DateOnly day, string kind, string detail)
    {
        if (kind is Ledger.ScreenedOut or Ledger.Erased)
        {
            return null;
        }

        using var json = JsonDocument.Parse(detail);
        string Get(string key) => json.RootElement.GetProperty(key).GetString()!;
        bool Yes(string key) => Get(key) == "yes";
        MailContact Contact() => Get("contact") == "invitation" ? MailContact.Invitation : MailContact.Reminder;
        return kind switch
        {
            nameof(CaseEvent.Opened) => new CaseEvent.Opened(day),
            nameof(CaseEvent.MailAccepted) => new CaseEvent.MailAccepted(day, Contact()),
            nameof(CaseEvent.MailUndelivered) => new CaseEvent.MailUndelivered(day, Contact(), Yes("bounced"), Get("class")),
            nameof(CaseEvent.QueuedForPhone) => new CaseEvent.QueuedForPhone(day, Get("reason")),
            nameof(CaseEvent.HandedOver) => new CaseEvent.HandedOver(day, Day(Get("callUntil"))),
            nameof(CaseEvent.Ended) => new CaseEvent.Ended(day, Get("reason")),
            nameof(CaseEvent.Responded) => new CaseEvent.Responded(day, Get("mode"), Get("status"), Day(Get("completedOn"))) { Answers = Get("answers") },
            nameof(CaseEvent.CallReported) => new CaseEvent.CallReported(day, Get("code"), Yes("final"), Yes("otherNumber")),
            _ => throw new OperatorException($"The ledger has a line of the unknown kind '{kind}'. It was written by a newer version; install that."),
        };
    }

    /// <summary>The reason in a line that records a verdict.</summary>
    public static string Reason(string detail)
    {
        using var json = JsonDocument.Parse(detail);
        return json.RootElement.GetProperty("reason").GetString()!;
    }

    /// <summary>A JSON object of texts. Keys and values are codes and dates of ours: nothing in them needs escaping.</summary>
    internal static string Json(params ReadOnlySpan<string> pairs)
    {
        var text = new StringBuilder("{");
        for (var i = 0; i < pairs.Length; i += 2)
        {
            text.Append(i == 0 ? "\"" : ",\"").Append(pairs[i]).Append("\":\"").Append(pairs[i + 1]).Append('"');
        }

        return text.Append('}').ToString();
    }

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
