using System.Text.RegularExpressions;
using Survey.Domain;

namespace SurveyDispatcher.Configuration;

/// <summary>Reads <c>questionnaires/</c>: <c>sales.json</c> and <c>service.json</c>, and other versions beside them, such as <c>sales-2.json</c>.</summary>
internal static partial class QuestionnaireFile
{
    private const string Folder = "questionnaires";

    /// <summary>Names of other columns of response files, and of the export that has a column for each question.</summary>
    internal static IReadOnlySet<string> Taken { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "case_id", "mode", "status", "completed_at", "started_at", "minutes", "language", "questionnaire_version", "market", "survey", "dealer_code", "event_date", "late",
    };

    /// <summary>All versions of both surveys; null when one has a fault, or they don't fit together.</summary>
    public static Questionnaires? ReadAll(ConfigFolder folder, List<ConfigFault> faults)
    {
        var before = faults.Count;
        var all = new List<(string File, Questionnaire Read)>();
        foreach (var survey in Enum.GetValues<SurveyKind>())
        {
            var others = folder.Below(Folder).Where(f => f.StartsWith($"{Folder}/{survey.Code()}-", StringComparison.Ordinal) && f.EndsWith(".json", StringComparison.Ordinal));
            List<(string File, Questionnaire Read)> versions = [];
            foreach (var file in others.Prepend($"{Folder}/{survey.Code()}.json"))
            {
                if (Read(folder, file, survey, faults) is { } questionnaire)
                {
                    versions.Add((file, questionnaire));
                }
            }

            versions.Sort((a, b) => a.Read.Version.CompareTo(b.Read.Version));
            CheckOrder(versions, faults);
            all.AddRange(versions);
        }

        CheckColumns(all, faults);

        foreach (var file in folder.Below(Folder).Where(IsNobodys))
        {
            faults.Add(new ConfigFault(file, "", Say($"Nobody reads this file: questionnaires are sales.json, service.json, and other versions of them such as sales-2.json.")));
        }

        return faults.Count > before ? null : new Questionnaires([.. all.Select(v => v.Read)]);
    }

    /// <summary>One version.</summary>
    public static Questionnaire? Read(ConfigFolder folder, string file, SurveyKind survey, List<ConfigFault> faults)
    {
        if (ConfigNode.Parse(folder, file, faults) is not { } root)
        {
            return null;
        }

        var before = faults.Count;
        var id = root.Text("id");
        if (id.Length > 0 && id != survey.Code())
        {
            root.Fault("id", $"'{survey.Code()}' is expected, as in the file's name.");
        }

        var version = root.Integer("version", 1, 9999, required: true) ?? 1;
        var validFrom = root.Date("validFrom");
        var minutes = root.Integer("minutes", 1, 240, required: true) ?? 1;
        var care = ReadCare(root);
        var title = root.Map("title", required: true);
        var languages = title.Keys.ToHashSet(StringComparer.Ordinal);
        var scales = ReadScales(root, languages);
        var sections = ReadSections(root, languages);
        var questions = new List<Question>();
        foreach (var node in root.Objects("questions"))
        {
            if (ReadQuestion(node, scales, sections, questions, languages) is { } question)
            {
                questions.Add(question);
            }
        }

        foreach (var unused in scales.Keys.Where(name => !questions.Exists(q => q.Scale.Id == name)))
        {
            root.Fault($"scales.{unused}", $"No question is answered on this scale.");
        }

        root.NoMore();
        return faults.Count > before ? null : new Questionnaire(id, version, validFrom, minutes, care, title, sections, questions);
    }

    private static bool IsNobodys(string file) => file != $"{Folder}/questionnaire.schema.json" && !Enum.GetValues<SurveyKind>()
        .Any(s => file == $"{Folder}/{s.Code()}.json" || (file.StartsWith($"{Folder}/{s.Code()}-", StringComparison.Ordinal) && file.EndsWith(".json", StringComparison.Ordinal)));

    private static void CheckOrder(List<(string File, Questionnaire Read)> versions, List<ConfigFault> faults)
    {
        foreach (var ((file, one), (otherFile, next)) in versions.Zip(versions.Skip(1)))
        {
            if (one.Version == next.Version)
            {
                faults.Add(new ConfigFault(otherFile, "version", Say($"{file} is version {one.Version}, too. Raise it with every change.")));
            }
            else if (one.ValidFrom >= next.ValidFrom)
            {
                faults.Add(new ConfigFault(otherFile, "validFrom", Say($"Version {next.Version} must come into force after version {one.Version} ({file}, from {one.ValidFrom:yyyy-MM-dd}).")));
            }

        }
    }

    /// <summary>A question has one column, whichever survey and version asked it.</summary>
    private static void CheckColumns(IEnumerable<(string File, Questionnaire Read)> all, List<ConfigFault> faults)
    {
        var first = new Dictionary<string, (string File, ScaleKind Kind)>(StringComparer.Ordinal);
        foreach (var (file, questionnaire) in all)
        {
            foreach (var question in questionnaire.Questions)
            {
                if (!first.TryAdd(question.Id, (file, question.Scale.Kind)) && first[question.Id] is var other && other.Kind != question.Scale.Kind)
                {
                    faults.Add(new ConfigFault(file, $"questions.{question.Id}", Say($"It is answered in another way than in {other.File}, and would share its column: give it an id of its own.")));
                }
            }
        }
    }

    private static CareRules ReadCare(ConfigNode root)
    {
        if (root.Object("care") is not { } node)
        {
            return new CareRules(null, null);
        }

        var care = new CareRules(node.Integer("speederSeconds", 1, 7200), node.Integer("straightLinerFrom", 2, 100));
        node.NoMore();
        return care;
    }

    private static Dictionary<string, Scale> ReadScales(ConfigNode root, HashSet<string> languages)
    {
        var scales = new Dictionary<string, Scale>(StringComparer.Ordinal);
        if (root.Object("scales", required: true) is not { } all)
        {
            return scales;
        }

        foreach (var name in all.Keys)
        {
            if (all.Object(name) is not { } node)
            {
                continue;
            }

            ScaleKind? kind = node.Text("kind") switch
            {
                "scale" => ScaleKind.Scale,
                "choice" => ScaleKind.Choice,
                "choices" => ScaleKind.Choices,
                "text" => ScaleKind.Text,
                _ => null,
            };
            if (kind is null)
            {
                node.Fault("kind", $"Unknown kind of scale. Known: scale, choice, choices, text.");
                continue;
            }

            var codes = new List<ScaleCode>();
            if (kind != ScaleKind.Text)
            {
                foreach (var code in node.Objects("codes"))
                {
                    codes.Add(new ScaleCode(code.Text("code"), Translated(code, "label", languages)));
                    if (!codes[^1].Code.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
                    {
                        code.Fault("code", $"A code is of ASCII letters, digits, _ and -, not '{codes[^1].Code}'.");
                    }

                    if (codes[..^1].Exists(c => c.Code == codes[^1].Code))
                    {
                        code.Fault("code", $"Two codes of the scale are called '{codes[^1].Code}'.");
                    }

                    code.NoMore();
                }
            }

            node.NoMore();
            scales.Add(name, new Scale(name, kind.Value, codes));
        }

        return scales;
    }

    private static List<Section> ReadSections(ConfigNode root, HashSet<string> languages)
    {
        var sections = new List<Section>();
        foreach (var node in root.Objects("sections"))
        {
            sections.Add(new Section(node.Text("id"), Translated(node, "title", languages)));
            node.NoMore();
        }

        return sections;
    }

    private static Question? ReadQuestion(
        ConfigNode node, Dictionary<string, Scale> scales, List<Section> sections, List<Question> earlier, HashSet<string> languages)
    {
        var id = node.Text("id");
        var section = node.Text("section");
        var scaleName = node.Text("scale");
        var text = Translated(node, "text", languages);
        var screensOut = node.Texts("screensOut", required: false);
        var problemAt = node.Texts("problemAt", required: false);
        var followUpAt = node.Texts("opensFollowUpAt", required: false);
        AskedIf? askedIf = null;
        if (node.Object("askedIf") is { } routing)
        {
            askedIf = new AskedIf(routing.Text("question"), routing.Texts("in"));
            routing.NoMore();
            var asked = earlier.Find(q => q.Id == askedIf.Question);
            if (asked is null)
            {
                routing.Fault("question", $"No earlier question is called '{askedIf.Question}'.");
            }
            else
            {
                CheckCodes(routing, "in", askedIf.In, asked.Scale);
            }
        }

        node.NoMore();
        if (id.Length > 0 && !ColumnName().IsMatch(id))
        {
            node.Fault("id", $"'{PlainText.Shown(id)}' can't be a column of files and exports: a small letter, then up to 25 small letters, digits and _.");
        }
        else if (Taken.Contains(id))
        {
            node.Fault("id", $"'{id}' is the name of another column of response files or exports: choose another one.");
        }

        if (earlier.Exists(q => q.Id == id))
        {
            node.Fault("id", $"Two questions are called '{id}'.");
        }

        if (!sections.Exists(s => s.Id == section))
        {
            node.Fault("section", $"There is no section '{section}'.");
        }

        if (!scales.TryGetValue(scaleName, out var scale))
        {
            node.Fault("scale", $"There is no scale '{scaleName}'.");
            return null;
        }

        CheckCodes(node, "screensOut", screensOut, scale);
        CheckCodes(node, "problemAt", problemAt, scale);
        CheckCodes(node, "opensFollowUpAt", followUpAt, scale);
        return new Question(id, section, scale, text, askedIf, screensOut, problemAt, followUpAt);
    }

    private static void CheckCodes(ConfigNode node, string key, IReadOnlyList<string> codes, Scale scale)
    {
        foreach (var code in codes.Where(c => !scale.Admits(c)))
        {
            node.Fault(key, $"'{code}' is no code of the scale '{scale.Id}'.");
        }
    }

    private static IReadOnlyDictionary<string, string> Translated(ConfigNode node, string key, HashSet<string> languages)
    {
        var texts = node.Map(key, required: true);
        foreach (var language in languages.Where(l => !texts.TryGetValue(l, out var t) || t.Length == 0))
        {
            node.Fault(key, $"The wording in {language} is missing.");
        }

        foreach (var language in texts.Keys.Where(l => !languages.Contains(l)))
        {
            node.Fault(key, $"There is a wording in {language}, in which the title has none.");
        }

        return texts;
    }

    /// <summary>SPSS, Stata and R take it as it is; Stata's names have 32 letters, and a question of several choices gets numbers behind its own.</summary>
    [GeneratedRegex(@"^[a-z][a-z0-9_]{0,25}\z")]
    private static partial Regex ColumnName();
}
