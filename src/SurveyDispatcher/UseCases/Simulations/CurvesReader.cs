using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases.Simulations;

/// <summary>Reads how customers have answered so far.</summary>
internal static class CurvesReader
{
    /// <summary>Reads every contact that was made, and every attempt of the vendor.</summary>
    /// <param name="database">The store, at one moment.</param>
    /// <param name="lastCycle">Until when contacts were observed.</param>
    public static ResponseCurves Read(Database database, DateOnly lastCycle)
    {
        var curves = new ResponseCurves();
        var words = new Utf8Words();
        var handedOver = new Dictionary<long, (string Market, int Day)>();
        RowPipe.Run(database["simulate.contacts"], (page, row) =>
        {
            var market = words.Of(page.Text(row, 0));
            var reason = page.IsNull(row, 6) ? null : words.Of(page.Text(row, 6));
            var told = new Told(
                page.DayOrNull(row, 1), page.DayOrNull(row, 2), page.IsNull(row, 4) ? null : page.DayOrNull(row, 3), page.DayOrNull(row, 5), reason,
                MailFailed: page.Number(row, 7) != 0, page.DayOrNull(row, 8), lastCycle);
            told.Observe(curves, market);
            if (told.HandedOver is { } day)
            {
                handedOver[page.Number(row, 9)] = (market, day.DayNumber);
            }
        });
        RowPipe.Run(database["simulate.attempts"], (page, row) =>
        {
            if (handedOver.TryGetValue(page.Number(row, 0), out var given))
            {
                curves.ObserveAttempt(given.Market, DateOnly.FromDateTime(new DateTime(page.Instant(row, 1), DateTimeKind.Utc)).DayNumber - given.Day);
            }
        });
        return curves;
    }

    /// <summary>The contacts of one case, and what ended the waiting for each.</summary>
    private readonly record struct Told(
        DateOnly? Invited, DateOnly? Reminded, DateOnly? HandedOver, DateOnly? Completed, string? CloseReason, bool MailFailed, DateOnly? EndedOn, DateOnly LastCycle)
    {
        public void Observe(ResponseCurves curves, string market)
        {
            // An answer belongs to the last contact before it.
            var answered = Completed ?? (CloseReason is CloseReasons.Refused or CloseReasons.OptedOut or CloseReasons.RespondentNotEligible ? EndedOn : null);
            var stages = new[] { (Stage: ContactStage.Invitation, On: Invited), (Stage: ContactStage.Reminder, On: Reminded), (Stage: ContactStage.Phone, On: HandedOver) }
                .Where(s => s.On is not null).Select(s => (s.Stage, On: s.On!.Value)).ToList();
            for (var n = 0; n < stages.Count; n++)
            {
                var (stage, on) = stages[n];
                var next = n + 1 < stages.Count ? stages[n + 1].On : (DateOnly?)null;
                if (answered is { } early && early < on && n > 0)
                {
                    return;
                }

                if (MailFailed && stage != ContactStage.Phone && (n + 1 == stages.Count || stages[n + 1].Stage == ContactStage.Phone))
                {
                    continue; // a mail that did not arrive
                }

                var ours = answered is { } a && (next is null || a < next);
                var until = ours ? answered!.Value : next ?? Earlier(EndedOn, LastCycle);
                curves.Observe(market, stage, Math.Max(0, until.DayNumber - on.DayNumber), ours, ours && Completed is not null);
            }
        }

        private static DateOnly Earlier(DateOnly? day, DateOnly other) => day < other ? day.Value : other;
    }
}
