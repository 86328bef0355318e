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
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>In words.</summary>
    public string ToText() => Difference
        ?? $"All holds: {Transactions:N0} transactions, {Cases:N0} cases, {LedgerLines:N0} ledger lines in an unbroken chain.";
}

/// <summary>Checks that the sums close, that each case is what its facts give, and that nobody has touched the ledger.</summary>
internal sealed class Verify(Database database, IProgressView progress)
{
    private const int PageRows = 5_000;
    private long lines;

    /// <summary>Looks at everything, stops at the first difference.</summary>
    public Verification Run()
    {
        var transactions = database["verify.transactions"].Scalar<long>();
        var cases = database["verify.cases"].Scalar<long>();
        var difference = Chain() ?? Sums(transactions) ?? Cases();
        return new Verification(transactions, cases, lines, difference);
    }

    private string? Chain()
    {
        string? difference = null;
        byte[] previous = [];
        long expected = 1;
        database["ledger.all"].Each(r =>
        {
            lines++;
            if (difference is not null)
            {
                return;
            }

            LedgerLine line;
            try
            {
                line = new LedgerLine(
                    r.GetInt64(0), r.GetInt64(1), r.Day(2), r.GetString(3), r.GetString(4), r.GetInt64(5), r.GetInt64(6), r.Bytes(7));
            }
            catch (Exception e) when (e is FormatException or InvalidCastException)
            {
                difference = $"The ledger's chain is broken at line {expected} or behind it: it can't be read.";
                return;
            }

            var hash = Ledger.HashOf(previous, line.Seq, line.CaseId, line.Day, line.Kind, line.Detail, line.CycleId, line.PolicyId);
            if (line.Seq != expected)
            {
                difference = $"The ledger's chain is broken: line {expected} is missing; {line.Seq} comes next.";
            }
            else if (!hash.AsSpan().SequenceEqual(line.Hash))
            {
                difference = $"The ledger's chain is broken at line {line.Seq} (case {line.CaseId}, {line.Kind}, {line.Day:yyyy-MM-dd}): its content or a line before it was changed.";
            }

            previous = line.Hash;
            expected = line.Seq + 1;
            progress.Report("verifying the ledger", line.Seq, 0);
        });
        return difference;
    }

    private string? Sums(long transactions)
    {
        var file = database["verify.file_with_wrong_sum"].First(r => $"{r.GetString(0)}/{r.GetString(1)}");
        if (file is not null)
        {
            return $"The sum of {file} does not close: rows read are not new + updated + unchanged + rejected.";
        }

        var fromFiles = database["verify.new_rows"].Scalar<long>();
        if (fromFiles != transactions)
        {
            return $"{fromFiles:N0} new rows were read from extracts, but there are {transactions:N0} transactions.";
        }

        var unrecorded = database["verify.unrecorded"].First(r => (long?)r.GetInt64(0));
        if (unrecorded is not null)
        {
            return $"Transaction {unrecorded} was screened out, but the ledger does not say so: a line at its end is missing.";
        }

        var unexplained = database["verify.unexplained"].First(r => (long?)r.GetInt64(0));
        return unexplained is null ? null : $"Transaction {unexplained} is eligible but has no case.";
    }

    private string? Cases()
    {
        try
        {
            return FoldedCases();
        }
        catch (UnreadableCaseException e)
        {
            return e.Message;
        }
    }

    /// <summary>All cases in order, a page at a time: a store may hold millions.</summary>
    private IEnumerable<CaseRow> Pages()
    {
        var after = long.MinValue;
        List<CaseRow> page;
        do
        {
            try
            {
                page = database["cases.page"].List(r => CaseRow.Read(r), after, PageRows);
            }
            catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException)
            {
                throw new UnreadableCaseException($"The cases hold what no fact could have written there: {e.Message}");
            }

            foreach (var row in page)
            {
                after = row.Id;
                yield return row;
            }
        }
        while (page.Count == PageRows);
    }

    /// <summary>Folds each case's facts and compares; both come in order of case.</summary>
    private string? FoldedCases()
    {
        string? difference = null;
        using var stored = Pages().GetEnumerator();
        var more = stored.MoveNext();
        SurveyCase? folded = null;
        long current = 0;
        void Compare()
        {
            if (difference is not null || folded is null)
            {
                return;
            }

            if (!more || stored.Current.Id != current)
            {
                difference = $"The ledger tells of case {current}, but the store has no such case.";
                return;
            }

            if (stored.Current.Case != folded)
            {
                difference = $"Case {stored.Current.CaseId} differs from its ledger: stored {Words(stored.Current.Case)}; ledger {Words(folded)}.";
                return;
            }

            more = stored.MoveNext();
        }

        database["ledger.facts_by_case"].Each(r =>
        {
            var caseId = r.GetInt64(0);
            if (caseId != current)
            {
                Compare();
                (current, folded) = (caseId, null);
            }

            if (difference is null && LedgerText.Fact(r.Day(1), r.GetString(2), r.GetString(3)) is { } fact)
            {
                folded = CaseTransitions.After(folded, fact).Case;
            }
        });
        Compare();
        return difference ?? (more ? $"Case {stored.Current.CaseId} has no ledger." : null);
    }

    private static string Words(SurveyCase c) =>
        $"{c.State.Code()} {c.CloseReason} (invited {c.InvitedOn:yyyy-MM-dd}, reminded {c.RemindedOn:yyyy-MM-dd}, phone {c.PhoneOn:yyyy-MM-dd} {c.PhoneReason}, completed {c.CompletedOn:yyyy-MM-dd})";

    private sealed class UnreadableCaseException(string message) : Exception(message);
}
