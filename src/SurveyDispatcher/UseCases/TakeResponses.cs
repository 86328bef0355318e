using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Takes web and phone responses (contracts.md, <c>inbox/responses/</c>).</summary>
internal sealed class TakeResponses(CycleContext context) : IRowTaker
{
    private CsvInput input = null!;
    private int caseId;
    private int mode;
    private int status;
    private int completedAt;
    private (string Id, int Index)[] questions = [];

    public IReadOnlyList<string> Required { get; } = ["case_id", "mode", "status", "completed_at"];

    public void Begin(CsvInput input)
    {
        this.input = input;
        (caseId, mode, status, completedAt) =
            (input.IndexOf("case_id"), input.IndexOf("mode"), input.IndexOf("status"), input.IndexOf("completed_at"));
        questions = [.. context.Config.Sales.Questions.Concat(context.Config.Service.Questions)
            .Select(q => q.Id).Distinct(StringComparer.Ordinal)
            .Select(id => (id, input.IndexOf(id))).Where(q => q.Item2 >= 0)];
    }

    public RowResult Take(CsvRow row, long fileId)
    {
        foreach (var column in Required)
        {
            if (row.Cell(input.IndexOf(column)).Length == 0)
            {
                return RowResult.Rejected("missing_value", column, "");
            }
        }

        var found = context.Cases.Find(row.Cell(caseId));
        if (found is { Case.CloseReason: CloseReasons.Erased })
        {
            return RowResult.OfErased("case_id", row.Cell(caseId));
        }

        if (found is not { } known)
        {
            return RowResult.Rejected("unknown_case", "case_id", row.Cell(caseId));
        }

        var how = row.Cell(mode);
        if (how is not ("web" or "phone"))
        {
            return RowResult.Rejected("bad_code", "mode", how);
        }

        var outcome = row.Cell(status);
        if (!ResponseStatuses.All.Contains(outcome))
        {
            return RowResult.Rejected("bad_code", "status", outcome);
        }

        if (Instants.Parse(row.Cell(completedAt)) is not { } at)
        {
            return RowResult.Rejected("bad_date", "completed_at", row.Cell(completedAt));
        }

        var questionnaire = context.Config.Questionnaire(known.Survey);
        var answers = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (id, index) in questions)
        {
            if (row.Cell(index) is { Length: > 0 } answer)
            {
                if (!questionnaire.Admits(id, answer))
                {
                    return RowResult.Rejected("bad_answer", id, answer);
                }

                answers.Add(id, answer);
            }
        }

        return Store(known, how, outcome, at, answers, fileId, row.Line);
    }

    private RowResult Store(
        CaseRow row, string how, string status, DateTimeOffset at, SortedDictionary<string, string> answers, long fileId, long line)
    {
        var json = JsonSerializer.Serialize(answers);
        var hash = BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{how}|{status}|{Instants.Text(at.ToUniversalTime())}|{json}")));
        if (context.Database["responses.exists"].Scalar<long>(row.Id, hash) > 0)
        {
            return RowResult.Unchanged;
        }

        string Json(bool isText) => JsonSerializer.Serialize(answers.Where(
            a => (context.Config.Questionnaire(row.Survey).Find(a.Key)!.Scale.Kind == ScaleKind.Text) == isText).ToDictionary());

        // Whoever says that another person knows more, or that the car is sold, has answered, but is not to be counted.
        var counted = status == ResponseStatuses.Complete && ScreensOut(row.Survey, answers) ? ResponseStatuses.ScreenedOut : status;
        var duplicate = counted == ResponseStatuses.Complete && context.Database["responses.completes"].Scalar<long>(row.Id) > 0;
        context.Database["responses.insert"].Run(
            row.Id, how, counted, at.ToUniversalTime(), row.Case.State == CaseState.Closed ? 1 : 0, duplicate ? 1 : 0,
            Json(isText: false), context.Vault.Seal(Json(isText: true)), hash, fileId, line);
        var market = context.Config.Programme.MarketOf(row.Market);
        var completedOn = market is null ? DateOnly.FromDateTime(at.UtcDateTime) : Instants.LocalDate(at, market);
        context.Learn(row, new CaseEvent.Responded(context.TodayIn(row.Market), how, counted, completedOn));
        if (counted == ResponseStatuses.OptOut)
        {
            foreach (var hashOfPoint in context.AllHashesOf(row))
            {
                context.Cases.Suppress(hashOfPoint, Suppression.All, context.AsOf.Day);
            }
        }

        context.Counts.Responses++;
        return RowResult.New;
    }

    private bool ScreensOut(SurveyKind survey, SortedDictionary<string, string> answers) =>
        context.Config.Questionnaire(survey).Questions.Any(q => answers.TryGetValue(q.Id, out var answer) && q.ScreensOut.Contains(answer));
}
