using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>How the answers to one version of a questionnaire are kept: by the place of their question, whatever the configuration says later.</summary>
internal sealed class StoredAnswers
{
    private static readonly SipHash Fingerprints = new(new byte[SipHash.KeySize]); // no secret: the chain is what nobody can forge

    private readonly Dictionary<string, string>[] written;
    private readonly int[] byName;

    private StoredAnswers(long id, Questionnaire questionnaire)
    {
        (Id, Questionnaire) = (id, questionnaire);
        written = [.. questionnaire.Questions.Select(q => q.Scale.Codes.ToDictionary(c => c.Code, c => Written(q.Scale, c.Code), StringComparer.Ordinal))];
        Meaning = MeaningOf(questionnaire.Questions.Select(q => (q.Id, KindOf(q))));
        byName = [.. Enumerable.Range(0, questionnaire.Questions.Count).OrderBy(place => questionnaire.Questions[place].Id, StringComparer.Ordinal)];
    }

    /// <summary>What the store knows it by.</summary>
    public long Id { get; }

    public Questionnaire Questionnaire { get; }

    /// <summary>Which question stands at which place: what makes answers of an array.</summary>
    public string Meaning { get; }

    /// <summary>The places of the questions in the order of their ids: the same in every version.</summary>
    public ReadOnlySpan<int> ByName => byName;

    /// <summary>Looks all versions up in the store, and notes those that it has not seen; in a transaction.</summary>
    public static List<StoredAnswers> NoteAll(Questionnaires questionnaires, Database database)
    {
        var known = new Dictionary<string, long>(StringComparer.Ordinal);
        database["responses.questionnaires"].Each(r => known.Add(r.GetString(3), r.GetInt64(0)));
        return [.. questionnaires.All.Select(q => new StoredAnswers(known.TryGetValue(HashOf(q), out var id) ? id : Note(q, database, known), q))];
    }

    /// <summary>The questions of every version that the store has noted, by its number and in their places.</summary>
    public static Dictionary<long, List<(string Id, bool IsText)>> QuestionsIn(Database database)
    {
        var questions = new Dictionary<long, List<(string, bool)>>();
        database["responses.questions"].Each(r =>
        {
            if (!questions.TryGetValue(r.GetInt64(0), out var of))
            {
                questions.Add(r.GetInt64(0), of = []);
            }

            of.Add((r.GetString(2), r.GetString(3) == "text"));
        });
        return questions;
    }

    /// <summary>A JSON array: at the place of each question a number, a code, or null.</summary>
    public string Write(ReadOnlySpan<string?> answers)
    {
        var text = new StringBuilder(8 * answers.Length).Append('[');
        for (var place = 0; place < answers.Length; place++)
        {
            text.Append(place == 0 ? "" : ",");
            text.Append(answers[place] is not { } code ? "null"
                : written[place].GetValueOrDefault(code) ?? JsonSerializer.Serialize(code));
        }

        return text.Append(']').ToString();
    }

    /// <summary>The meaning of every version that the store has noted, by its number.</summary>
    public static Dictionary<long, string> MeaningsIn(Database database) => database["responses.questions"]
        .List(r => (Form: r.GetInt64(0), Id: r.GetString(2), Kind: r.GetString(3)))
        .GroupBy(q => q.Form).ToDictionary(g => g.Key, g => MeaningOf(g.Select(q => (q.Id, q.Kind))));

    /// <summary>By what the ledger knows the answers. Whoever changes them, or what they are answers to, would have to change the ledger, and so its chain.</summary>
    public static string HashOf(string meaning, string answers) => Fingerprints.LongOf(Encoding.UTF8.GetBytes($"{meaning} {answers}")).ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    private static string MeaningOf(IEnumerable<(string Id, string Kind)> questions) => string.Join(',', questions.Select(q => $"{q.Id}:{q.Kind}"));

    private static string KindOf(Question question) => question.Scale.Kind.ToString().ToLowerInvariant();

    private static string Written(Scale scale, string code) =>
        scale.Kind == ScaleKind.Scale && int.TryParse(code, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
            && code == number.ToString(System.Globalization.CultureInfo.InvariantCulture)
            ? code
            : JsonSerializer.Serialize(code);

    private static long Note(Questionnaire questionnaire, Database database, Dictionary<string, long> known)
    {
        var id = known.Values.DefaultIfEmpty().Max() + 1;
        known.Add(HashOf(questionnaire), id);
        database["responses.add_questionnaire"].Run(id, questionnaire.Id, questionnaire.Version, HashOf(questionnaire));
        for (var place = 0; place < questionnaire.Questions.Count; place++)
        {
            database["responses.add_question"].Run(id, place, questionnaire.Questions[place].Id, KindOf(questionnaire.Questions[place]));
        }

        return id;
    }

    /// <summary>Of what decides how answers are read: two files that differ in their wording only are the same questionnaire.</summary>
    private static string HashOf(Questionnaire questionnaire)
    {
        var text = new StringBuilder($"{questionnaire.Id} {questionnaire.Version}");
        foreach (var question in questionnaire.Questions)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n{question.Id} {question.Scale.Kind} {string.Join('|', question.Scale.Codes.Select(c => c.Code))} {question.AskedIf?.Question} {string.Join('|', question.AskedIf?.In ?? [])}");
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
