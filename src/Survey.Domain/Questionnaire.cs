using System.Collections.Frozen;

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
    private readonly FrozenSet<string> codes = Codes.Select(c => c.Code).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether a non-empty answer lies within the scale.</summary>
    public bool Admits(string answer) => Kind switch
    {
        ScaleKind.Text => true,
        ScaleKind.Choices => AdmitsAll(answer.Split('|')),
        ScaleKind.Scale or ScaleKind.Choice => codes.Contains(answer),
        _ => throw new ArgumentOutOfRangeException(nameof(answer), Kind, "Unknown scale kind."),
    };

    private bool AdmitsAll(string[] chosen) =>
        Array.TrueForAll(chosen, codes.Contains) && chosen.Distinct(StringComparer.Ordinal).Count() == chosen.Length;
}

/// <summary>A code of a scale with its label per language.</summary>
public sealed record ScaleCode(string Code, IReadOnlyDictionary<string, string> Label);

/// <summary>A part of a questionnaire.</summary>
public sealed record Section(string Id, IReadOnlyDictionary<string, string> Title);

/// <summary>Routing: the question is asked if another one was answered with one of the codes.</summary>
public sealed record AskedIf(string Question, IReadOnlyList<string> In);

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

/// <summary>A questionnaire; its question ids are contract.</summary>
public sealed record Questionnaire(
    string Id, int Version, DateOnly ValidFrom, int Minutes, IReadOnlyDictionary<string, string> Title,
    IReadOnlyList<Section> Sections, IReadOnlyList<Question> Questions)
{
    private readonly FrozenDictionary<string, Question> byId = Questions.ToFrozenDictionary(q => q.Id, StringComparer.Ordinal);

    /// <summary>The question of an id, or null.</summary>
    public Question? Find(string id) => byId.GetValueOrDefault(id);

    /// <summary>Whether a non-empty answer to a question lies within its scale; an unknown question has none.</summary>
    public bool Admits(string id, string answer) => Find(id)?.Scale.Admits(answer) == true;
}
