using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Reads the answers of the store, of one version of a questionnaire, for those who count.</summary>
internal sealed class AnsweredForm
{
    private readonly int overall, recommend;
    private readonly ProblemItem?[] problems;

    private AnsweredForm(IReadOnlyList<string> questions, Questionnaire? known, Questionnaires all)
    {
        (overall, recommend) = (PlaceOf("overall"), PlaceOf("recommend"));
        problems = [.. questions.Select(id => known?.Find(id) ?? all.All.Select(q => q.Find(id)).LastOrDefault(q => q is not null)).Select(q => q?.ProblemAt.Count > 0 ? new ProblemItem(q) : null)];

        int PlaceOf(string id) => questions.Select((q, i) => (q, i)).Where(q => q.q == id).Select(q => (int?)q.i).FirstOrDefault() ?? -1;
    }

    /// <summary>By the number of the stored questionnaire.</summary>
    public static Dictionary<long, AnsweredForm> ReadAll(Database database, Questionnaires all)
    {
        var questions = StoredAnswers.QuestionsIn(database);
        return database["responses.questionnaires"].List(r => (Id: r.GetInt64(0), Survey: r.GetString(1), Version: r.GetInt32(2))).ToDictionary(
            q => q.Id, q => new AnsweredForm([.. (questions.GetValueOrDefault(q.Id) ?? []).Select(of => of.Id)], all.Find(SurveyKinds.FromCode(q.Survey), q.Version), all));
    }

    /// <summary>What was answered to the two questions that scores are made of; 0 and -1 where it was not.</summary>
    public (int Overall, int Recommend) Scores(AnswerCells answers) => (
        Number(answers, overall) is { } satisfied and >= 1 and <= 5 ? satisfied : 0,
        Number(answers, recommend) is { } likely and >= 0 and <= 10 ? likely : -1);

    /// <summary>Counts a response's problems.</summary>
    public void AddProblems(ProblemTally tally, IsoWeek week, AnswerCells answers)
    {
        tally.AddResponses(week);
        for (var place = 0; place < answers.Count && place < problems.Length; place++)
        {
            if (problems[place] is { } item && answers[place] is { IsEmpty: false } answer)
            {
                tally.AddAnswers(week, item.Question, item.IsProblem(answer) ? new ItemCount(1, 1) : new ItemCount(0, 1));
            }
        }
    }

    private static int? Number(AnswerCells answers, int place) =>
        place >= 0 && place < answers.Count && int.TryParse(answers[place], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A question that tells of problems; its codes as they are stored.</summary>
    private sealed class ProblemItem(Question question)
    {
        private readonly byte[][] codes = [.. question.ProblemAt.Select(Encoding.UTF8.GetBytes)];

        public string Question => question.Id;

        /// <summary>Whether an answer is a problem; of several codes one suffices.</summary>
        public bool IsProblem(ReadOnlySpan<byte> answer)
        {
            if (question.Scale.Kind == ScaleKind.Choices)
            {
                foreach (var one in answer.Split((byte)'|'))
                {
                    if (IsCode(answer[one]))
                    {
                        return true;
                    }
                }

                return false;
            }

            return IsCode(answer);
        }

        private bool IsCode(ReadOnlySpan<byte> answer)
        {
            foreach (var code in codes)
            {
                if (answer.SequenceEqual(code))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
