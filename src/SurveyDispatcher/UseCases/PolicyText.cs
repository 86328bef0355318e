using System.Globalization;
using System.Text;
using Survey.Domain;
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
        text.AppendLine(Say(change.Effect is { } effect
            ? (Phrase)$"programme.json was changed (version {change.BeforeVersion} -> {change.Version}): {effect.Affected:N0} customer(s) would be affected, {effect.NewlyContacted:N0} newly contacted, {effect.Dropped:N0} dropped and {effect.ContactedEarlier:N0} contacted earlier, against {effect.OpenCases:N0} open case(s). A change that affects more than Policy:ConfirmAboveShare = {options.ConfirmAboveShare:0.####} of the open cases, of all or of a market's, and more than Policy:ConfirmAboveCases = {options.ConfirmAboveCases:N0}, has to be confirmed."
            : $"programme.json was changed (version {change.BeforeVersion} -> {change.Version}), and this version of the program can't read the one before: how many customers the change affects can't be counted, so it has to be confirmed."));
        text.AppendLine(Say($"Nothing was done, and no cycle with this programme.json does anything until that is confirmed or taken back; a service that was started with the one before goes on with that."));
        Expired(text, change);
        Effect(text, change.Effect);
        Differences(text, change.Differences);
        text.Append(Say($"If that is meant, run 'policy accept {change.Version}': the next cycle goes on, also that of a running service. If not, put the old programme.json back ('policy show {change.BeforeId}' prints it), and start a running service anew. More in docs/policy.md."));
        return text.ToString();
    }

    /// <summary>What a cycle tells that goes on under another programme than the last one.</summary>
    /// <param name="change">The change.</param>
    /// <param name="policy">The number of the policy that began; null: it has none, since this is a dry run.</param>
    public static string Begun(PolicyChange change, long? policy)
    {
        var numbers = policy is { } number ? $" {change.BeforeId} {number}" : "";
        return Say(change.Effect is { } effect
            ? (Phrase)$"programme.json was changed (version {change.BeforeVersion} -> {change.Version}): {effect.NewlyContacted:N0} customer(s) newly contacted, {effect.Dropped:N0} dropped, {effect.ContactedEarlier:N0} contacted earlier, against {effect.OpenCases:N0} open case(s); 'policy diff{numbers}' tells what changed."
            : $"programme.json was changed (version {change.BeforeVersion} -> {change.Version}); whom that affects could not be counted. 'policy diff{numbers}' tells what changed.");
    }

    /// <summary>The policies, in the order in which they came into force, and what is configured.</summary>
    public static string Of(PolicyHistory history)
    {
        var text = new StringBuilder();
        text.AppendLine(Step(Say($"number"), Say($"version"), Say($"since"), Say($"newly contacted"), Say($"dropped"), Say($"earlier"), Say($"open cases"), Say($"confirmed")));
        foreach (var step in history.Steps)
        {
            text.AppendLine(Step(
                step.Number.ToString(CultureInfo.InvariantCulture), step.Version, Day(step.Since), Count(step.NewlyContacted), Count(step.Dropped), Count(step.ContactedEarlier), Count(step.OpenCases),
                step.ConfirmedOn is { } on ? Day(on) : ""));
            if (step.Before is { } before)
            {
                text.Append("        ").AppendLine(Say($"after policy {before}; what changed:"));
                Differences(text, step.Differences, "          ");
            }
        }

        if (history.Pending is { } pending)
        {
            text.Append(Pending(pending, history.MustBeConfirmed, ProgrammeFile.Name));
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>How two programmes differ.</summary>
    public static string Of(PolicyComparison comparison)
    {
        if (comparison.Pending is { } pending)
        {
            return Pending(pending, comparison.MustBeConfirmed, comparison.File).ToString().TrimEnd();
        }

        if (comparison.IsInForce)
        {
            return PlainText.Shown(Say($"{comparison.File} is the one in force ({comparison.From}): the last cycle went by it."));
        }

        var text = new StringBuilder().AppendLine(PlainText.Shown(Say($"From {comparison.From} to {comparison.To}:")));
        Differences(text, comparison.Differences);
        return text.ToString().TrimEnd();
    }

    /// <summary>What <c>policy accept</c> did.</summary>
    public static string Of(PolicyAcceptance accepted) => Say(accepted.WasInForce
        ? (Phrase)$"Version {accepted.Version} is in force already: there is nothing to confirm."
        : $"Version {accepted.Version} is confirmed as of {Day(accepted.On)}, as the one after policy {accepted.Before}. The next cycle goes on with it, if it is of {Day(accepted.GoodUntil!.Value)} at the latest.");

    private static StringBuilder Pending(PolicyChange pending, bool mustBeConfirmed, string file)
    {
        var text = new StringBuilder();
        text.AppendLine(PlainText.Shown(Say(pending.BeforeId is { } before
            ? (Phrase)$"{file} is version {pending.Version}, which no cycle has used after policy {before} (version {pending.BeforeVersion})."
            : $"{file} is version {pending.Version}. No cycle has run yet.")));
        if (pending.BeforeId is null)
        {
            return text;
        }

        text.AppendLine(Say(pending.Effect is { } effect
            ? (Phrase)$"With it a cycle now would newly contact {effect.NewlyContacted:N0} customer(s), drop {effect.Dropped:N0} and contact {effect.ContactedEarlier:N0} earlier, against {effect.OpenCases:N0} open case(s)."
            : $"This version of the program can't read the programme before: how many customers the change affects can't be counted."));
        text.AppendLine(Say(file != ProgrammeFile.Name
            ? mustBeConfirmed ? (Phrase)$"In the place of programme.json it stops cycles until it is confirmed ('policy accept {pending.Version}')." : $"In the place of programme.json it stops no cycle."
            : pending.ConfirmedOn is { } on ? (Phrase)$"It was confirmed on {Day(on)}: the next cycle goes on with it."
            : mustBeConfirmed ? (Phrase)$"Cycles stop until it is confirmed ('policy accept {pending.Version}') or the old programme.json is put back."
            : $"It needs no confirmation: the next cycle goes on with it."));
        Expired(text, pending);
        Effect(text, pending.Effect);
        Differences(text, pending.Differences);
        return text;
    }

    private static void Expired(StringBuilder text, PolicyChange change)
    {
        if (change.ExpiredConfirmation is { } day)
        {
            text.AppendLine(Say($"The confirmation of {Day(day)} has expired (Policy:ConfirmationDays)."));
        }
    }

    private static void Effect(StringBuilder text, PolicyEffect? effect)
    {
        if (effect is not { Rows: { Count: > 0 } rows })
        {
            return;
        }

        text.AppendLine(Row(Say($"market"), Say($"survey"), Say($"open cases"), Say($"newly contacted"), Say($"dropped"), Say($"earlier")));
        foreach (var row in rows)
        {
            text.AppendLine(Row(PlainText.Shown(row.Market), row.Survey, Count(row.OpenCases), Count(row.NewlyContacted), Count(row.Dropped), Count(row.ContactedEarlier)));
        }
    }

    private static void Differences(StringBuilder text, IReadOnlyList<ProgrammeDifference> differences)
    {
        text.AppendLine(Say($"What changed:"));
        Differences(text, differences, "  ");
    }

    private static void Differences(StringBuilder text, IReadOnlyList<ProgrammeDifference>? differences, string indent)
    {
        if (differences is null)
        {
            text.Append(indent).AppendLine(Say($"not on record: an earlier version of the program began with it (policy diff shows it)"));
            return;
        }

        if (differences.Count == 0)
        {
            text.Append(indent).AppendLine(Say($"nothing but white space or the order of keys"));
        }

        foreach (var difference in differences)
        {
            text.Append(indent).AppendLine(InWords(difference));
        }

        if (differences.Any(d => d.IsNotCounted))
        {
            text.Append(indent).AppendLine(Say($"(restDays, placeholderEmails and dialling: what they change depends on contact data, which is sealed, and is not counted; cycle --dry-run shows it)"));
        }
    }

    private static string Step(string number, string version, string since, string newlyContacted, string dropped, string earlier, string openCases, string confirmed) =>
        $"{Columns.Right(number, 6)}  {Columns.Left(version, 16)}  {Columns.Left(since, 10)}  {Columns.Right(newlyContacted, 15)}  {Columns.Right(dropped, 10)}  {Columns.Right(earlier, 10)}  {Columns.Right(openCases, 10)}  {confirmed}".TrimEnd();

    private static string Row(string market, string survey, string openCases, string newlyContacted, string dropped, string earlier) =>
        $"  {Columns.Left(market, 6)}  {Columns.Left(survey, 7)}  {Columns.Right(openCases, 11)}  {Columns.Right(newlyContacted, 15)}  {Columns.Right(dropped, 10)}  {Columns.Right(earlier, 10)}";

    private static string InWords(ProgrammeDifference d) => PlainText.Shown(Say((d.Before, d.After) switch
    {
        (null, { } after) => $"{d.Path}: added, {Short(after)}",
        ({ } before, null) => $"{d.Path}: removed, was {Short(before)}",
        var (before, after) => $"{d.Path}: {Short(before!)} -> {Short(after!)}",
    }));

    private static string Short(string json) => json.Length <= MostOfValue ? json : $"{json[..MostOfValue]}...";

    private static string Count(long? number) => number is { } n ? n.ToString("N0", CultureInfo.InvariantCulture) : "-";

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
