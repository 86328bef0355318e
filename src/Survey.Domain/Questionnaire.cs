using System.Collections.Frozen;
using System.Text;

namespace Survey.Domain;

/// <summary>How the answers to a question are written.</summary>
public enum ScaleKind
{
    /// <summary>One of an ordered set of codes, such as 1-5.</summary>
    Scale,

    /// <summary>One code.</summary>
    Choice,

    /// <summary>Several codes, joined by <c>|</c>.</summary>
    Choices,

    /// <summary>Free text.</summary>
    Text,
}

/// <summary>A scale: its codes in order, each with its label per language.</summary>
public sealed record Scale(string Id, ScaleKind Kind, IReadOnlyList<ScaleCode> Codes)
{
    private readonly (string Code, byte[] Utf8)[] codes = [.. Codes.Select(c => (c.Code, Encoding.UTF8.GetBytes(c.Code)))];

    /// <summary>Whether a non-empty answer lies within the scale.</summary>
    public bool Admits(string answer) => Kind == ScaleKind.Text || Read(Encoding.UTF8.GetBytes(answer)) is not null;

    /// <summary>The code that a non-empty answer in UTF-8 is (of several, joined as they stand, each once); null: it lies outside the scale. Of a text there are no codes.</summary>
    public string? Read(ReadOnlySpan<byte> answer) => Kind switch
    {
        ScaleKind.Scale or ScaleKind.Choice => CodeOf(answer),
        ScaleKind.Choices => Chosen(answer),
        ScaleKind.Text => null,
        _ => throw new ArgumentOutOfRangeException(nameof(answer), Kind, "Unknown scale kind."),
    };

    private string? CodeOf(ReadOnlySpan<byte> answer)
    {
        foreach (var (code, utf8) in codes)
        {
            if (answer.SequenceEqual(utf8))
            {
                return code;
            }
        }

        return null;
    }

    private string? Chosen(ReadOnlySpan<byte> answer)
    {
        var chosen = new List<string>(codes.Length);
        foreach (var part in answer.Split((byte)'|'))
        {
            if (CodeOf(answer[part].Trim((byte)' ')) is not { } code)
            {
                return null;
            }

            if (!chosen.Contains(code))
            {
                chosen.Add(code);
            }
        }

        return string.Join('|', chosen);
    }
}

/// <summary>A code of a scale with its label per language.</summary>
public sealed record ScaleCode(string Code, IReadOnlyDictionary<string, string> Label);

/// <summary>A part of a questionnaire.</summary>
public sealed record Section(string Id, IReadOnlyDictionary<string, string> Title);

/// <summary>Routing: the question is asked if another one was answered with one of the codes.</summary>
public sealed record AskedIf(string Question, IReadOnlyList<string> In)
{
    /// <summary>Whether the other question was answered so; of several choices one is enough.</summary>
    public bool Admits(string answer) => In.Contains(answer) || (answer.Contains('|', StringComparison.Ordinal) && answer.Split('|').Any(In.Contains));
}

/// <summary>A question.</summary>
/// <param name="Id">Contract: the column of response files and exports.</param>
/// <param name="Section">The id of its section.</param>
/// <param name="Scale">How it is answered.</param>
/// <param name="Text">The wording per language.</param>
/// <param name="AskedIf">Routing; null: always asked.</param>
/// <param name="ScreensOut">Answers that end the interview: the respondent is not eligible.</param>
/// <param name="ProblemAt">Answers that count as a problem in the weekly statistics.</param>
/// <param name="OpensFollowUpAt">Answers that open a follow-up case with the dealer.</param>
public sealed record Question(
    string Id, string Section, Scale Scale, IReadOnlyDictionary<string, string> Text, AskedIf? AskedIf,
    IReadOnlyList<string> ScreensOut, IReadOnlyList<string> ProblemAt, IReadOnlyList<string> OpensFollowUpAt);

/// <summary>From when on answers look careless. They are flagged, never dropped.</summary>
/// <param name="SpeederSeconds">A complete interview that took less is flagged; null: none is.</param>
/// <param name="StraightLinerFrom">Of one scale, so many answers at least, all of them the same; null: none is flagged.</param>
public sealed record CareRules(int? SpeederSeconds, int? StraightLinerFrom);

/// <summary>One version of a questionnaire; its question ids are contract.</summary>
public sealed record Questionnaire(
    string Id, int Version, DateOnly ValidFrom, int Minutes, CareRules Care, IReadOnlyDictionary<string, string> Title,
    IReadOnlyList<Section> Sections, IReadOnlyList<Question> Questions)
{
    private readonly FrozenDictionary<string, int> byId = Questions.Select((q, i) => (q.Id, i)).ToFrozenDictionary(q => q.Id, q => q.i, StringComparer.Ordinal);

    /// <summary>The ordered scales on which several questions are asked.</summary>
    public IReadOnlyList<Scale> LongScales { get; } =
        [.. Questions.Select(q => q.Scale).Where(s => s.Kind == ScaleKind.Scale).GroupBy(s => s, ReferenceEqualityComparer.Instance).Where(g => g.Count() > 1).Select(g => g.First())];

    /// <summary>The question of an id, or null.</summary>
    public Question? Find(string id) => PlaceOf(id) is >= 0 and var place ? Questions[place] : null;

    /// <summary>Where a question stands among the questions, from 0; -1: nowhere.</summary>
    public int PlaceOf(string id) => byId.GetValueOrDefault(id, -1);
}

/// <summary>Both surveys' questionnaires in all their versions.</summary>
public sealed class Questionnaires
{
    private readonly Questionnaire[][] versions;

    /// <param name="all">At least one of each survey; of a survey no version twice, and a later version valid from a later day.</param>
    public Questionnaires(IReadOnlyList<Questionnaire> all)
    {
        versions = [.. Enum.GetValues<SurveyKind>().Select(s => all.Where(q => q.Id == s.Code()).OrderBy(q => q.Version).ToArray())];
        All = [.. versions.SelectMany(v => v)];
        QuestionIds = [.. All.OrderBy(q => q.Version).SelectMany(q => q.Questions).Select(q => q.Id).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Every version: sales, then service, the oldest first.</summary>
    public IReadOnlyList<Questionnaire> All { get; }

    /// <summary>Every question of any version: the columns of the table of responses. A question of a new version comes behind all others.</summary>
    public IReadOnlyList<string> QuestionIds { get; }

    /// <summary>The version with which a survey asked on a day of its market; before the first version, the first.</summary>
    public Questionnaire InForce(SurveyKind survey, DateOnly on)
    {
        var of = versions[(int)survey];
        return Array.FindLast(of, q => q.ValidFrom <= on) ?? of[0];
    }

    /// <summary>A version of a survey, or null.</summary>
    public Questionnaire? Find(SurveyKind survey, int version) => Array.Find(versions[(int)survey], q => q.Version == version);

    /// <summary>The newest version of a survey, also when it is not in force yet.</summary>
    public Questionnaire Newest(SurveyKind survey) => versions[(int)survey][^1];
}
