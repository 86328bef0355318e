using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Files;
using SurveyDispatcher.UseCases.Simulations;

namespace SurveyDispatcher.Cli;

/// <summary>A simulation as a person reads it: a table by week or day, charts, what a draft changes; and as CSV.</summary>
/// <param name="simulated">What would happen.</param>
/// <param name="byDay">A line for each day, else for each week.</param>
/// <param name="width">Of the terminal.</param>
internal sealed class SimulateText(Simulated simulated, bool byDay, int width)
{
    private const string Blocks = " ▁▂▃▄▅▆▇█";

    /// <summary>As text.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        Line(text, simulated.CurrentDays is null
            ? (Phrase)$"From {simulated.From:yyyy-MM-dd} to {simulated.To:yyyy-MM-dd}, under the configuration in force. {Basis()}"
            : $"From {simulated.From:yyyy-MM-dd} to {simulated.To:yyyy-MM-dd}, under the draft. {Basis()}");
        text.AppendLine();
        Table(text, simulated.Days);
        if (simulated.CurrentDays is { } current)
        {
            text.AppendLine();
            Line(text, $"The same days under the configuration in force:");
            text.AppendLine();
            Table(text, current);
        }

        Chart(text, $"Mails a day", d => d.Invitations + d.Reminders);
        Chart(text, $"Cases for the phone a day", d => d.Phone);
        Difference(text);
        text.AppendLine();
        Line(text, $"Expected: when customers answer as so far ({simulated.Basis.Completes:N0} complete responses to {simulated.Basis.Contacts:N0} contacts); hours: {simulated.Basis.AttemptsPerHandOver} attempts a case, {simulated.Basis.MinutesPerAttempt} minutes each.");
        if (simulated.Basis.Replayed > 0)
        {
            Line(text, $"History: of {simulated.Basis.Replayed:N0} cases contacted under this policy the rules alone lead {simulated.Basis.Explained:N0} to the days on record; the others keep theirs.");
        }

        foreach (var note in simulated.Notes)
        {
            Line(text, $"Note: {note}");
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>Writes one line a day, market and survey.</summary>
    public void WriteCsv(Stream stream)
    {
        using var csv = new CsvOutput(stream);
        csv.Row(
            "date", "market", "survey", "invitations", "reminders", "phone", "expected_reminders", "expected_phone", "expected_completes", "vendor_hours", "configuration");
        Rows(simulated.CurrentDays ?? simulated.Days, "current");
        if (simulated.CurrentDays is not null)
        {
            Rows(simulated.Days, "draft");
        }

        void Rows(IReadOnlyList<SimulatedDay> days, string configuration)
        {
            foreach (var d in days)
            {
                csv.Row(
                    Day(d.Date), d.Market, d.Survey, Number(d.Invitations), Number(d.Reminders), Number(d.Phone), Number(d.ExpectedReminders),
                    Number(d.ExpectedPhone), Number(d.ExpectedCompletes), Number(d.VendorHours), configuration);
            }
        }
    }

    private Phrase Basis() => simulated.LastCycle is not { } last ? $"No cycle has run yet: every day is lived."
        : simulated.To <= last ? (Phrase)$"These days are history: answers are as they were, what we do is decided anew."
        : simulated.From > last ? (Phrase)$"These days are to come, after the last cycle of {Day(last)}."
        : $"Until the last cycle of {Day(last)} they are history, decided anew; then they are to come, beginning with the store as it stands.";

    private void Table(StringBuilder text, IReadOnlyList<SimulatedDay> days)
    {
        text.AppendLine(
            CultureInfo.InvariantCulture, $"{Columns.Right(Say($"invitations"), 23)} {Columns.Right(Say($"reminders"), 10)} {Columns.Right(Say($"phone"), 8)}  |  "
            + $"{Columns.Left(Say($"expected:"), 10)}{Columns.Right(Say($"reminders"), 9)} {Columns.Right(Say($"phone"), 8)} {Columns.Right(Say($"completes"), 10)} "
            + $"{Columns.Right(Say($"vendor hours"), 13)}");
        var empty = true;
        foreach (var group in days.GroupBy(d => (Start: StartOf(d.Date), d.Market)).Select(g => (g.Key, Sum: Sum(g))).Where(g => !IsZero(g.Sum)))
        {
            empty = false;
            Figures(text, $"{Day(group.Key.Start)} {group.Key.Market}", group.Sum);
        }

        if (empty)
        {
            Line(text, $"nothing");
            return;
        }

        Figures(text, Say($"total"), Sum(days));
    }

    private static void Line(StringBuilder text, Phrase line) => text.AppendLine(Say(line));

    private static void Figures(StringBuilder text, string name, SimulatedDay s) => text.AppendLine(CultureInfo.InvariantCulture,
        $"{Columns.Left(name, 13)}{s.Invitations,10:N0} {s.Reminders,10:N0} {s.Phone,8:N0}  |            {s.ExpectedReminders,9:N0} {s.ExpectedPhone,8:N0} {s.ExpectedCompletes,10:N0} {s.VendorHours,13:N1}");

    private void Chart(StringBuilder text, Phrase title, Func<SimulatedDay, long> figure)
    {
        var days = simulated.To.DayNumber - simulated.From.DayNumber + 1;
        var room = Math.Max(10, width - 9);
        var perColumn = (days + room - 1) / room;
        double[] Sums(IReadOnlyList<SimulatedDay> all)
        {
            var columns = new double[(days + perColumn - 1) / perColumn];
            foreach (var d in all)
            {
                columns[(d.Date.DayNumber - simulated.From.DayNumber) / perColumn] += figure(d);
            }

            return columns;
        }

        var draft = Sums(simulated.Days);
        var current = simulated.CurrentDays is { } c ? Sums(c) : null;
        var most = Math.Max(draft.Max(), current?.Max() ?? 0);
        if (most == 0)
        {
            return;
        }

        text.AppendLine();
        Line(text, $"{title} (one column: {perColumn} day(s) from {simulated.From:yyyy-MM-dd} on; the highest: {most:N0})");
        if (current is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{Columns.Left(Say($"current"), 7)} {Bars(current, most)}");
        }

        text.AppendLine(current is null ? Bars(draft, most) : $"{Columns.Left(Say($"draft"), 7)} {Bars(draft, most)}");
    }

    private static string Bars(double[] columns, double most) =>
        string.Concat(columns.Select(v => Blocks[(int)Math.Ceiling(v / most * (Blocks.Length - 1))]));

    private void Difference(StringBuilder text)
    {
        if (simulated.Difference is not { } difference)
        {
            return;
        }

        text.AppendLine();
        Line(text, $"What the draft changes (cases, by their first contact on these days):");
        if (difference.Count == 0)
        {
            Line(text, $"nothing");
            return;
        }

        text.AppendLine(
            CultureInfo.InvariantCulture, $"{Columns.Left(Say($"market"), 6)}  {Columns.Left(Say($"survey"), 7)}  {Columns.Right(Say($"newly contacted"), 15)}  "
            + $"{Columns.Right(Say($"no longer contacted"), 19)}  {Columns.Right(Say($"earlier"), 7)}  {Columns.Right(Say($"later"), 7)}");
        foreach (var d in difference)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{PlainText.Shown(d.Market),-6}  {d.Survey,-7}  {d.NewlyContacted,15:N0}  {d.NoLongerContacted,19:N0}  {d.Earlier,7:N0}  {d.Later,7:N0}");
        }
    }

    private DateOnly StartOf(DateOnly day)
    {
        var monday = day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
        return byDay ? day : monday;
    }

    private static SimulatedDay Sum(IEnumerable<SimulatedDay> days) => days.Aggregate(
        new SimulatedDay(default, "", "", 0, 0, 0, 0, 0, 0, 0),
        (a, b) => new SimulatedDay(
            default, "", "", a.Invitations + b.Invitations, a.Reminders + b.Reminders, a.Phone + b.Phone, a.ExpectedReminders + b.ExpectedReminders,
            a.ExpectedPhone + b.ExpectedPhone, a.ExpectedCompletes + b.ExpectedCompletes, a.VendorHours + b.VendorHours));

    private static bool IsZero(SimulatedDay s) =>
        s.Invitations + s.Reminders + s.Phone == 0 && s.ExpectedReminders + s.ExpectedPhone + s.ExpectedCompletes + s.VendorHours == 0;

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Number(double number) => number.ToString(CultureInfo.InvariantCulture);
}
