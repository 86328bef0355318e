using System.Runtime.CompilerServices;
using System.Text;

namespace Survey.Domain.Tests;

/// <summary>docs/states.md is the table of <see cref="CaseTransitions"/>, written by itself: it can't be wrong, only old.</summary>
public class StatesDocumentTests
{
    private const string Update = "UPDATE_DOCS";

    private static readonly SurveyCase QueuedAgain = Some.CaseIn(CaseState.WithVendor) with
    {
        State = CaseState.PhoneQueued, PhoneReason = PhoneReasons.OtherNumber,
    };

    private static readonly (string Heading, SurveyCase Case)[] Columns =
    [
        .. Enum.GetValues<CaseState>().Where(s => s != CaseState.Closed).Select(s => ($"`{s.Code()}`", Some.CaseIn(s))),
        ("`phone_queued` again", QueuedAgain),
        ("`closed` uncontacted", Some.ClosedUncontacted),
        ("`closed` contacted", Some.Closed),
        ("`closed` for good", Some.ClosedFor(CloseReasons.Refused)),
    ];

    [Fact]
    public void TheDocumentedTableIsTheTable()
    {
        var path = Path.Combine(Root(), "docs", "states.md");
        var expected = Render();
        if (Environment.GetEnvironmentVariable(Update) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, expected);
        }

        var committed = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        Assert.True(
            expected == committed,
            $"docs/states.md is not the table of CaseTransitions. If the change of the table is meant, renew the file and read its diff:\n"
            + $"    {Update}=1 dotnet test tests/Survey.Domain.Tests\n{FirstDifference(expected, committed)}");
    }

    private static string Render()
    {
        var text = new StringBuilder();
        text.Append(
            $"""
            # What each fact does in each state

            Written by `tests/Survey.Domain.Tests/StatesDocumentTests.cs` from `CaseTransitions` itself; don't edit it,
            run `{Update}=1 dotnet test tests/Survey.Domain.Tests`.

            A row is a fact, a column the state of the case before it. **Bold** is the state after it, with the close reason or
            the phone reason; *withdraw* tells the vendor to leave the case. What stands after a plus sign is noted in the case,
            whose state stays. A dot: nothing changes, which is the answer to facts that come late or twice.

            A case begins with `Opened`; before it every other fact is an error. `closed` has three columns: ended before any
            contact was tried (here: `{Some.ClosedUncontacted.CloseReason}`), after one (`{Some.Closed.CloseReason}`), and for good: `refused`, `opted_out`,
            `transaction_cancelled`, `erased`, which not even a complete response undoes. Uncontacted or not, a case that a
            person's answer or an erasure ended never opens again. `phone_queued` again: the vendor had the case, and reported a bad number.


            """.ReplaceLineEndings("\n"));
        Row(text, "fact", Columns.Select(c => c.Heading));
        Row(text, "---", Columns.Select(_ => "---"));
        foreach (var (words, fact) in Facts.All)
        {
            Row(text, words, Columns.Select(c => Cell(c.Case, fact)));
        }

        return text.ToString();
    }

    private static void Row(StringBuilder text, string first, IEnumerable<string> cells) =>
        text.Append("| ").Append(first).Append(" | ").AppendJoin(" | ", cells).Append(" |\n");

    private static string Cell(SurveyCase before, CaseEvent fact)
    {
        var (after, withdraw) = CaseTransitions.After(before, fact);
        if (after == before)
        {
            return "·";
        }

        var moved = after.State != before.State || after.CloseReason != before.CloseReason;
        var words = moved ? $"**{after.State.Code()}**" : "";
        words += moved && after.CloseReason is { } closed ? $" {closed}" : "";
        words += moved && after.PhoneReason != before.PhoneReason ? $" {after.PhoneReason}" : "";
        words += moved ? "" : Noted(before, after);
        return words + (withdraw ? ", *withdraw*" : "");
    }

    private static string Noted(SurveyCase before, SurveyCase after)
    {
        string?[] notes =
        [
            before.InvitedOn != after.InvitedOn ? "invited on" : null,
            before.RemindedOn != after.RemindedOn ? "reminded on" : null,
            before.MailFailed != after.MailFailed ? "mail failed" : null,
            before.PhoneOn != after.PhoneOn && before.PhoneReason == after.PhoneReason ? "phone on" : null,
            before.PhoneReason != after.PhoneReason ? $"reason {after.PhoneReason}" : null,
        ];
        Assert.NotEmpty(notes.OfType<string>()); // a change that the table can't show
        return "+ " + string.Join(" + ", notes.OfType<string>());
    }

    private static string FirstDifference(string expected, string committed)
    {
        var (now, then) = (expected.Split('\n'), committed.Split('\n'));
        var n = Enumerable.Range(0, now.Length).FirstOrDefault(i => i >= then.Length || now[i] != then[i]);
        return $"line {n + 1}\n  now:       {now[n]}\n  committed: {(n < then.Length ? then[n] : "")}";
    }

    private static string Root([CallerFilePath] string? thisFile = null)
    {
        foreach (var start in (string?[])[AppContext.BaseDirectory, Path.GetDirectoryName(thisFile)])
        {
            for (var directory = start; directory is not null; directory = Path.GetDirectoryName(directory))
            {
                if (File.Exists(Path.Combine(directory, "SurveyPipeline.sln")))
                {
                    return directory;
                }
            }
        }

        throw new InvalidOperationException("No folder above the tests holds SurveyPipeline.sln.");
    }
}
