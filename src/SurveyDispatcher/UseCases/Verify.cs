using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>What <c>verify</c> found.</summary>
/// <param name="Transactions">Transactions looked at.</param>
/// <param name="Cases">Cases looked at.</param>
/// <param name="LedgerLines">Lines of the ledger looked at.</param>
/// <param name="Difference">The first difference; null when all holds.</param>
public sealed record Verification(long Transactions, long Cases, long LedgerLines, string? Difference)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for people and logs, not for HTML
    };

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>In words.</summary>
    public string ToText() => Difference is null
        ? Say($"All holds: {Transactions:N0} transactions, {Cases:N0} cases, {LedgerLines:N0} ledger lines in an unbroken chain.")
        : Say($"{Difference}{Environment.NewLine}This is the first difference; there may be more. Somebody has changed the store past the program, or the program has a fault. "
            + $"Keep a copy of the store, restore the last backup that verifies (docs/operations.md), and ask the developers.");
}

/// <summary>Checks that nobody has touched the ledger, that the sums close, and that every case and all that is kept of it is what its facts give.</summary>
/// <remarks>
/// Everything is streamed: the memory does not grow with the store. The order is that of trust: the chain first, then what it can
/// be held against. What a cycle writes meanwhile is not looked at.
/// </remarks>
internal sealed class Verify(Database database, Programme programme, IProgressView progress)
{
    private readonly Dictionary<string, long> kinds = new(StringComparer.Ordinal);
    private List<LivedCycle> cycles = [];
    private long lines;

    /// <summary>Looks at everything, stops at the first difference.</summary>
    /// <exception cref="OperatorException">The file itself is damaged.</exception>
    public Verification Run() => database.AtOneMoment(() =>
    {
        if (database["verify.quick_check"].Scalar<string>() is not "ok" and var damage)
        {
            throw new OperatorException(
                $"The store is damaged: {damage?.ReplaceLineEndings(" ")}. Restore the last backup (docs/operations.md), then run verify again.");
        }

        var transactions = database["verify.transactions"].Scalar<long>();
        var cases = database["verify.cases"].Scalar<long>();
        Phrase? difference;
        try
        {
            difference = Policies() ?? Cycles() ?? Chain() ?? PolicyChanges() ?? Sums(transactions)
                ?? new VerifyCases(database, programme, cycles, progress).FirstDifference() ?? Triggers();
        }
        catch (StrangeContentException e)
        {
            difference = e.Words;
        }

        return new Verification(transactions, cases, lines, difference is null ? null : Say(difference));
    });

    /// <summary>The text of each policy gives its version: nobody can say later that other rules were in force.</summary>
    private Phrase? Policies()
    {
        foreach (var (id, version, text) in database["verify.policies"].Rows(r => (r.GetInt64(0), r.GetString(1), r.GetString(2))))
        {
            if (!Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))).StartsWith(version, StringComparison.Ordinal) || version.Length < 16)
            {
                return $"Policy {id} was changed: its programme is no longer the one of version {version}.";
            }
        }

        return null;
    }

    private Phrase? Cycles()
    {
        cycles = database["verify.cycles"].List(r => Readable(why => $"The record of cycle {r.GetInt64(0)} can't be read: {why}", () => new LivedCycle(
            r.GetInt64(0), r.GetString(1), r.Day(2), r.GetInt64(3), r.GetInt32(4) != 0, r.LongOrNull(5), r.TextOrNull(6), r.LongOrNull(7), r.LongOrNull(8))));
        var sealing = false;
        for (var i = 0; i < cycles.Count; i++)
        {
            if (cycles[i].Id != i + 1)
            {
                return $"Cycle {i + 1} is missing in the record of the cycles; {cycles[i].Id} comes next.";
            }

            sealing |= cycles[i].LedgerLines is not null;
            if (sealing && cycles[i].Ended && (cycles[i].LedgerLines is null || cycles[i].LedgerHead is null || cycles[i].Suppressions is null))
            {
                return $"The record of {cycles[i].Words} was changed: it no longer says with which line the ledger ended.";
            }
        }

        var (count, flags) = database["verify.suppressions"].First(r => (r.GetInt64(0), r.GetInt64(1)));
        return cycles.FindLast(c => c.Suppressions is not null) is { } last && (count < last.Suppressions || flags < last.SuppressionFlags)
            ? count < last.Suppressions
                ? (Phrase)$"Suppressions are missing: {last.Suppressions:N0} addresses and numbers must not be used, as {last.Words} left it, and now there are {count:N0}."
                : $"Suppressions are missing: {last.Suppressions:N0} addresses and numbers must not be used, as {last.Words} left it, and now there are {count:N0}, but with fewer marks."
            : database["cases.suppression_sums"].First(r => (r.GetInt64(0), r.GetInt64(1))) is var sums && sums != (count, flags)
            ? (Phrase)$"The list of addresses and numbers that must not be used was changed: {sums.Item1:N0} were put on it, and now there are {count:N0}, or their marks differ."
            : null;
    }

    /// <summary>Which policy was in force from which cycle on is what the cycles say.</summary>
    private Phrase? PolicyChanges()
    {
        var changes = new Queue<(long Cycle, long Policy, long? Before, DateOnly Day)>(
            database["verify.policy_changes"].List(r => Readable(why => $"The record of changes of the policy can't be read: {why}", () => (r.GetInt64(0), r.GetInt64(1), r.LongOrNull(2), r.Day(3)))));
        long? before = null;
        foreach (var cycle in cycles)
        {
            if (cycle.PolicyId != before && (!changes.TryDequeue(out var change) || change != (cycle.Id, cycle.PolicyId, before, cycle.Day)))
            {
                return $"The record of changes of the policy was changed: with {cycle.Words} policy {cycle.PolicyId} came into force, and it does not say so.";
            }

            before = cycle.PolicyId;
        }

        return changes.TryPeek(out var stranger)
            ? (Phrase)$"The record of changes of the policy was changed: it says that policy {stranger.Policy} came into force with cycle {stranger.Cycle}, and it did not."
            : null;
    }

    private Phrase? Chain()
    {
        byte[] previous = [];
        long expected = 1, cycle = 0;
        Phrase step = $"verifying the ledger";
        var seals = cycles.Where(c => c.LedgerLines is not null).ToLookup(c => c.LedgerLines!.Value);
        foreach (var line in Lines())
        {
            var hash = Ledger.HashOf(previous, line.Seq, line.CaseId, line.Day, line.Kind, line.Detail, line.CycleId, line.PolicyId);
            if (line.Seq != expected)
            {
                return $"The ledger's chain is broken: line {expected} is missing; {line.Seq} comes next.";
            }

            if (!hash.AsSpan().SequenceEqual(line.Hash))
            {
                return $"The ledger's chain is broken at line {line.Seq} (case {line.CaseId}, {line.Kind}, {line.Day:yyyy-MM-dd}): its content or a line before it was changed.";
            }

            if (seals[line.Seq].FirstOrDefault(c => c.LedgerHead != Convert.ToHexStringLower(line.Hash)) is { } other)
            {
                return $"The ledger was written anew: its line {line.Seq} is not the one with which {other.Words} ended.";
            }

            if (OfItsCycle(line, cycle) is { } stranger)
            {
                return stranger;
            }

            cycle = Math.Max(cycle, line.CycleId);
            kinds[line.Kind] = kinds.GetValueOrDefault(line.Kind) + 1;
            lines++;
            previous = line.Hash;
            expected = line.Seq + 1;
            progress.Report(step, line.Seq, 0);
        }

        return cycles.Find(c => c.LedgerLines >= expected) is { } cut
            ? (Phrase)$"The ledger's last lines are missing: {cut.Words} ended with line {cut.LedgerLines}, and now line {expected - 1} is the last."
            : null;
    }

    private IEnumerable<LedgerLine> Lines()
    {
        long next = 1;
        return database["ledger.all"].Rows(r =>
        {
            var line = Readable(why => $"The ledger's chain is broken at line {next} or behind it: it can't be read: {why}", () => new LedgerLine(
                r.GetInt64(0), r.GetInt64(1), r.Day(2), r.GetString(3), r.GetString(4), r.GetInt64(5), r.GetInt64(6), r.Bytes(7)));
            next = line.Seq + 1;
            return line;
        });
    }

    /// <summary>A cycle writes its lines one after the other, on its own day wherever the market lies, under its policy. Erasures are written between cycles.</summary>
    private Phrase? OfItsCycle(LedgerLine line, long before)
    {
        if (line.Kind == Ledger.Erased
            || (line.Kind == nameof(CaseEvent.Ended) && line.Detail.Contains($"\"{CloseReasons.Erased}\"", StringComparison.Ordinal)))
        {
            return null;
        }

        if (line.CycleId < 1 || line.CycleId > cycles.Count)
        {
            return $"The ledger's line {line.Seq} was written by cycle {line.CycleId}, of which there is no record.";
        }

        var writer = cycles[(int)line.CycleId - 1];
        return line.CycleId < before || line.Seq > writer.LedgerLines
            ? $"The ledger's line {line.Seq} says that {writer.Words} wrote it, but that had ended."
            : line.PolicyId != writer.PolicyId
            ? $"The record of {writer.Words} was changed: its policy is {writer.PolicyId}, but the ledger's line {line.Seq} was written under policy {line.PolicyId}."
            : Math.Abs(line.Day.DayNumber - writer.Day.DayNumber) > 1
            ? (Phrase)$"The record of {writer.Words} was changed: it is dated {Day(writer.Day)}, but the ledger's line {line.Seq}, which it wrote, {Day(line.Day)}."
            : null;
    }

    private Phrase? Sums(long transactions)
    {
        if (database["verify.file_with_wrong_sum"].First(r => (Phrase?)(
            $"The sum of {r.GetString(0)}/{r.GetString(1)} does not close: {r.GetInt64(2):N0} rows were read, but {r.GetInt64(3):N0} are new, {r.GetInt64(4):N0} updated, {r.GetInt64(5):N0} unchanged and {r.GetInt64(6):N0} rejected ({r.GetInt64(7):N0} wait in the quarantine).")) is { } file)
        {
            return file;
        }

        if (database["verify.file_with_wrong_quarantine"].First(r => (Phrase?)(
            $"{r.GetInt64(2):N0} row(s) of {r.GetString(0)}/{r.GetString(1)} are said to be in quarantine, but {r.GetInt64(3):N0} are there.")) is { } quarantined)
        {
            return quarantined;
        }

        if (database["verify.series_of_lists"].First(r => (r.GetInt64(0), r.GetInt64(1))) is var (lists, last) && lists != last)
        {
            return $"The vendor's lists are numbered up to {last:N0}, but {lists:N0} are on record.";
        }

        var fromFiles = database["verify.new_rows"].Scalar<long>("dms");
        if (fromFiles != transactions)
        {
            return $"{fromFiles:N0} new rows were read from extracts, but there are {transactions:N0} transactions.";
        }

        var tallied = database["verify.tallied"].Scalar<long>(DealerTallies.New);
        if (tallied != transactions)
        {
            return $"{tallied:N0} new transactions were counted by dealer, but there are {transactions:N0}.";
        }

        fromFiles = database["verify.new_rows"].Scalar<long>("responses");
        if (kinds.GetValueOrDefault(nameof(CaseEvent.Responded)) is var responses && responses != fromFiles)
        {
            return $"{fromFiles:N0} new responses were read from files, but the ledger has {responses:N0}.";
        }

        fromFiles = database["verify.new_rows"].Scalar<long>("dispositions");
        if (kinds.GetValueOrDefault(nameof(CaseEvent.CallReported)) is var calls && calls != fromFiles)
        {
            return $"{fromFiles:N0} new call results were read from files, but the ledger has {calls:N0}.";
        }

        if (database["verify.sample_that_does_not_fit"].First(
            r => (Phrase?)$"What sampling said of transaction {r.GetInt64(0)} was changed: it is not what became of it.", Sampling.NotSampled) is { } sample)
        {
            return sample;
        }

        return database["verify.lost_withdrawal"].First(r => (Phrase?)$"The withdrawal of case {r.GetInt64(0)} is said to stand on list {r.GetInt64(1)}, which is no list of withdrawals of its market.")
            ?? database["verify.list_with_wrong_sum"].First(r => (Phrase?)(
                $"The list {r.GetString(0)} had {r.GetInt64(1):N0} rows, but {r.GetInt64(2):N0} are on record."));
    }

    private Phrase? Triggers() => database["verify.triggers"].Scalar<long>() == 2
        ? null
        : (Phrase)$"The ledger is as it was, but what protects it is gone: the triggers ledger_no_update and ledger_no_delete were dropped.";

    /// <summary>Reads what was stored; what no program of ours could have stored is a difference, too.</summary>
    internal static T Readable<T>(Func<string, Phrase> said, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or InvalidOperationException or OverflowException or JsonException or KeyNotFoundException)
        {
            throw new StrangeContentException(said(e.Message.ReplaceLineEndings(" ")));
        }
    }

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private sealed class StrangeContentException(Phrase words) : Exception(words.ToString())
    {
        public Phrase Words => words;
    }
}

/// <summary>A cycle as it is on record, with what the ledger and the suppression list were at its end.</summary>
internal sealed record LivedCycle(
    long Id, string AsOf, DateOnly Day, long PolicyId, bool Ended, long? LedgerLines, string? LedgerHead, long? Suppressions, long? SuppressionFlags)
{
    /// <summary>How messages name it.</summary>
    public Phrase Words => $"cycle {Id} (as of {AsOf})";
}
