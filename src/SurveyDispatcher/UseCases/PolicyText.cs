using System.Globalization;
using System.Text;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.UseCases;

/// <summary>What people read about policies.</summary>
internal static class PolicyText
{
    private const int MostOfValue = 120;

    /// <summary>Why a cycle does nothing, and what to do.</summary>
    public static string Stopped(PolicyChange change, PolicyOptions options)
    {
        var text = new StringBuilder();
        text.AppendLine(change.Effect is { } effect
            ? Line($"programme.json was changed (version {change.BeforeVersion} -> {change.Version}): {effect.NewlyContacted + effect.Dropped:N0} customer(s) would be affected, {effect.NewlyContacted:N0} newly contacted and {effect.Dropped:N0} dropped, against {effect.OpenCases:N0} open case(s). A change that affects more than Policy:ConfirmAboveShare = {options.ConfirmAboveShare:0.####} of the open cases, and more than Policy:ConfirmAboveCases = {options.ConfirmAboveCases:N0}, has to be confirmed.")
            : Line($"programme.json was changed (version {change.BeforeVersion} -> {change.Version}), and this version of the program can't read the one before: how many customers the change affects can't be counted, so it has to be confirmed."));
        text.AppendLine("Nothing was done, and no cycle of this store, by hand, by cron or by 'run', does anything until that is confirmed or taken back.");
        Effect(text, change.Effect);
        Differences(text, change.Differences);
        text.Append(CultureInfo.InvariantCulture, $"If that is meant, run 'policy accept {change.Version}': the next cycle goes on, also that of a running service. If not, put the old programme.json back ('policy show {change.BeforeId}' prints it), and start a running service anew. More in docs/policy.md.");
        return text.ToString();
    }

    /// <summary>The policies, in the order in which they came into force, and what is configured.</summary>
    public static string Of(PolicyHistory history)
    {
        var text = new StringBuilder("number  version           since       newly contacted     dropped  open cases  confirmed").AppendLine();
        foreach (var step in history.Steps)
        {
            text.AppendLine(Line($"{step.Number,6}  {step.Version,-16}  {Day(step.Since)}  {Count(step.NewlyContacted),15}  {Count(step.Dropped),10}  {Count(step.OpenCases),10}  {(step.ConfirmedOn is { } on ? Day(on) : "")}").TrimEnd());
            if (step.Before is { } before)
            {
                text.AppendLine(Line($"        after policy {before}; what changed:"));
                Differences(text, step.Differences, "          ");
            }
        }

        if (history.Pending is { } pending)
        {
            text.Append(Pending(pending, history.MustBeConfirmed));
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>How two programmes differ.</summary>
    public static string Of(PolicyComparison comparison)
    {
        if (comparison.Pending is { } pending)
        {
            return Pending(pending, comparison.MustBeConfirmed).ToString().TrimEnd();
        }

        if (comparison.IsInForce)
        {
            return Line($"programme.json is the one in force ({comparison.From}): it has not changed since the last cycle.");
        }

        var text = new StringBuilder().AppendLine(Line($"From {comparison.From} to {comparison.To}:"));
        Differences(text, comparison.Differences);
        return text.ToString().TrimEnd();
    }

    /// <summary>What <c>policy accept</c> did.</summary>
    public static string Of(PolicyAcceptance accepted) => accepted.WasInForce
        ? Line($"Version {accepted.Version} is in force already: there is nothing to confirm.")
        : Line($"Version {accepted.Version} is confirmed as of {Day(accepted.On)}, as the one after policy {accepted.Before}. The next cycle goes on with it.");

    private static StringBuilder Pending(PolicyChange pending, bool mustBeConfirmed)
    {
        var text = new StringBuilder();
        text.AppendLine(pending.BeforeId is { } before
            ? Line($"programme.json is version {pending.Version}, which no cycle has used after policy {before} (version {pending.BeforeVersion}).")
            : Line($"programme.json is version {pending.Version}. No cycle has run yet."));
        if (pending.BeforeId is null)
        {
            return text;
        }

        text.AppendLine(pending.Effect is { } effect
            ? Line($"A cycle now would newly contact {effect.NewlyContacted:N0} customer(s) and drop {effect.Dropped:N0}, against {effect.OpenCases:N0} open case(s).")
            : "This version of the program can't read the programme before: how many customers the change affects can't be counted.");
        text.AppendLine(pending.ConfirmedOn is { } on ? Line($"It was confirmed on {Day(on)}: the next cycle goes on with it.")
            : mustBeConfirmed ? Line($"Cycles stop until it is confirmed ('policy accept {pending.Version}') or the old programme.json is put back.")
            : "It needs no confirmation: the next cycle goes on with it.");
        Effect(text, pending.Effect);
        Differences(text, pending.Differences);
        return text;
    }

    private static void Effect(StringBuilder text, PolicyEffect? effect)
    {
        if (effect is not { Rows: { Count: > 0 } rows })
        {
            return;
        }

        text.AppendLine("  market  survey    open cases  newly contacted     dropped");
        foreach (var row in rows)
        {
            text.AppendLine(Line($"  {PlainText.Shown(row.Market),-6}  {row.Survey,-7}  {row.OpenCases,11:N0}  {row.NewlyContacted,15:N0}  {row.Dropped,10:N0}"));
        }
    }

    private static void Differences(StringBuilder text, IReadOnlyList<ProgrammeDifference> differences)
    {
        text.AppendLine("What changed:");
        Differences(text, differences, "  ");
    }

    private static void Differences(StringBuilder text, IReadOnlyList<ProgrammeDifference>? differences, string indent)
    {
        if (differences is null)
        {
            text.Append(indent).AppendLine("not on record: an earlier version of the program began with it (policy diff shows it)");
            return;
        }

        if (differences.Count == 0)
        {
            text.Append(indent).AppendLine("nothing but white space or the order of keys");
        }

        foreach (var difference in differences)
        {
            text.Append(indent).AppendLine(InWords(difference));
        }

        if (differences.Any(d => d.IsNotCounted))
        {
            text.Append(indent).AppendLine("(restDays, placeholderEmails and dialling: what they change depends on contact data, which is sealed, and is not counted; cycle --dry-run shows it)");
        }
    }

    private static string InWords(ProgrammeDifference d) => PlainText.Shown((d.Before, d.After) switch
    {
        (null, { } after) => $"{d.Path}: added, {Short(after)}",
        ({ } before, null) => $"{d.Path}: removed, was {Short(before)}",
        var (before, after) => $"{d.Path}: {Short(before!)} -> {Short(after!)}",
    });

    private static string Short(string json) => json.Length <= MostOfValue ? json : $"{json[..MostOfValue]}...";

    private static string Count(long? number) => number is { } n ? n.ToString("N0", CultureInfo.InvariantCulture) : "-";

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Line(FormattableString line) => line.ToString(CultureInfo.InvariantCulture);
}
