using System.Globalization;
using Survey.Domain;
using static SurveyDispatcher.UseCases.Exported;

namespace SurveyDispatcher.UseCases;

/// <summary>What was asked: every question of every version, in every language.</summary>
internal static class Codebook
{
    public static ExportTable Of(Questionnaires questionnaires)
    {
        var languages = questionnaires.All.SelectMany(q => q.Title.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return new ExportTable(
            "codebook",
            "One row for every question of every version of both questionnaires",
            [
                Text("question", "The question: a column of responses, a value in answers and texts"),
                CaseTables.SurveyColumn,
                .. languages.Select(l => Text($"wording_{l}", $"What the respondent is asked, in {l}")),
                Text("scale", "How it is answered", ("satisfaction", "1 to 5"), ("likelihood", "0 to 10"), ("yes_no", "yes or no"), ("choice", "one code"), ("choices", "several codes, joined by |"), ("text", "in own words")),
                Text("codes", "The codes with their meaning in English, joined by |"),
                Text("section", "The section of the questionnaire"),
                Integer("version", "The version of the questionnaire"),
                Date("valid_from", "The first day on which the version is used"),
                Text("asked_if", "Asked only if another question was answered so: question=code|code; empty: always asked"),
            ],
            output => Write(questionnaires, languages, output));
    }

    private static void Write(Questionnaires questionnaires, List<string> languages, ITableOutput output)
    {
        foreach (var questionnaire in questionnaires.All)
        {
            foreach (var question in questionnaire.Questions)
            {
                output.Text(question.Id);
                output.Text(questionnaire.Id);
                languages.ForEach(l => output.Text(question.Text.GetValueOrDefault(l)));
                output.Text(question.Scale.Id is "satisfaction" or "yes_no" or "likelihood" or "text" ? question.Scale.Id
                    : question.Scale.Kind == ScaleKind.Choices ? "choices"
                    : "choice");
                output.Text(string.Join('|', question.Scale.Codes.Select(c => $"{c.Code}={c.Label.GetValueOrDefault("en")}")));
                output.Text(question.Section);
                output.Integer(questionnaire.Version);
                output.Text(questionnaire.ValidFrom.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
                output.Text(question.AskedIf is { } routing ? $"{routing.Question}={string.Join('|', routing.In)}" : null);
                output.EndRow();
            }
        }
    }
}
