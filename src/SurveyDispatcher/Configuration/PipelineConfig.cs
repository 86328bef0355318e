using System.Text;
using Survey.Domain;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Configuration;

/// <summary>All configuration, read and found valid.</summary>
public sealed record PipelineConfig(
    Settings Settings, Programme Programme, string ProgrammeText, IReadOnlyList<Source> Sources, Templates Templates,
    Questionnaires Questionnaires)
{
    /// <summary>What is agreed with the call centre.</summary>
    public Vendor Vendor { get; init; } = Vendor.Contract;

    /// <summary>The first source, by name, that fits a file; a file that none fits is canonical.</summary>
    public Source SourceOf(string fileName) => Sources.FirstOrDefault(s => s.Fits(fileName)) ?? Source.Canonical;

    /// <summary>Reads everything.</summary>
    /// <param name="folder">The configuration.</param>
    /// <param name="forMail">Mail will be sent: its texts are tried out, too.</param>
    /// <exception cref="UsageException">Something is wrong; the message lists every fault.</exception>
    public static PipelineConfig Load(ConfigFolder folder, bool forMail) => Found(folder, Check(folder, forMail));

    /// <summary>Reads the settings, and goes on with all the rest while the caller opens a store that they name.</summary>
    /// <param name="folder">The configuration.</param>
    /// <returns>The settings, null when they have faults; and everything, for verbs that send no mail: it fails as <see cref="Load"/> does.</returns>
    public static (Settings? Settings, Task<PipelineConfig> Whole) Begin(ConfigFolder folder)
    {
        var (settings, goOn) = Start(folder, tryTexts: false);
        return (settings, Task.Run(() => Found(folder, goOn())));
    }

    /// <summary>A draft of another programme: the files of a folder, the current ones where it has none; where data and store are it does not say.</summary>
    /// <param name="path">The draft's folder.</param>
    /// <param name="folder">The configuration beneath it.</param>
    /// <param name="current">The same, as it was read.</param>
    /// <exception cref="UsageException">There is no such folder, no programme in it, or a fault.</exception>
    public static PipelineConfig LoadDraft(string path, ConfigFolder folder, PipelineConfig current)
    {
        var draft = ConfigFolder.OnDisk(path);
        return draft.Text(ProgrammeFile.Name) is null
            ? throw new UsageException($"--with {PlainText.Shown(path)} holds no {ProgrammeFile.Name}. Copy the current one there, and change it.")
            : Load(draft.Over(folder), forMail: false) with { Settings = current.Settings };
    }

    /// <summary>Reads everything and lists the faults; the configuration is null when there are any.</summary>
    public static (PipelineConfig? Config, IReadOnlyList<ConfigFault> Faults) Check(ConfigFolder folder, bool tryTexts = true) => Start(folder, tryTexts).GoOn();

    private static PipelineConfig Found(ConfigFolder folder, (PipelineConfig? Config, IReadOnlyList<ConfigFault> Faults) read) =>
        read.Config ?? throw new UsageException(
            $"The configuration in {folder.Name} has {read.Faults.Count} fault(s):{Environment.NewLine}  "
            + $"{string.Join(Environment.NewLine + "  ", read.Faults)}");

    private static (Settings? Settings, Func<(PipelineConfig? Config, IReadOnlyList<ConfigFault> Faults)> GoOn) Start(ConfigFolder folder, bool tryTexts)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var faults = new List<ConfigFault>();
        var trying = Task.Run(() => ReadTemplates(folder, tryTexts)); // which takes longer than all the rest
        var settings = Settings.Read(folder, faults);
        return (settings, () => ReadOthers(folder, settings, trying, faults));
    }

    private static (PipelineConfig? Config, IReadOnlyList<ConfigFault> Faults) ReadOthers(
        ConfigFolder folder, Settings? settings, Task<(Templates? Templates, IEnumerable<ConfigFault> Faults)> trying, List<ConfigFault> faults)
    {
        var programme = ProgrammeFile.Read(folder, faults);
        var sources = SourceFile.ReadAll(folder, faults);
        var questionnaires = QuestionnaireFile.ReadAll(folder, faults);
        var vendor = VendorFile.Read(folder, programme, faults);
        var (templates, templateFaults) = trying.GetAwaiter().GetResult();
        faults.AddRange(templateFaults);
        if (programme is not null && questionnaires is not null)
        {
            CheckWording(programme, questionnaires, faults);
        }

        if (programme is not null && templates is not null)
        {
            foreach (var market in programme.Markets.Values)
            {
                foreach (var language in market.Languages.Where(l => !string.IsNullOrWhiteSpace(l) && templates.LanguageFor(l, []) is null))
                {
                    faults.Add(new ConfigFault(
                        ProgrammeFile.Name, $"markets.{market.Code}.languages", Say($"There is no templates/{language}/messages.json.")));
                }
            }
        }

        return faults.Count > 0
            ? (null, faults)
            : (new PipelineConfig(settings!, programme!, folder.Text(ProgrammeFile.Name)!, sources, templates!, questionnaires!) { Vendor = vendor }, faults);
    }

    /// <summary>Whoever is invited in a language is asked in it, or in its plain form.</summary>
    private static void CheckWording(Programme programme, Questionnaires questionnaires, List<ConfigFault> faults)
    {
        foreach (var survey in Enum.GetValues<SurveyKind>())
        {
            var words = questionnaires.Newest(survey).Title.Keys;
            foreach (var market in programme.Markets.Values.Where(m => m.Policy(survey) is not null))
            {
                foreach (var language in market.Languages.Where(l => !string.IsNullOrWhiteSpace(l) && !words.Any(w => w == l || w == l.Split('-')[0])))
                {
                    faults.Add(new ConfigFault(
                        $"questionnaires/{survey.Code()}.json", "title", Say($"The wording in {language} is missing, in which {market.Code} invites (docs/questionnaires.md, Add a language).")));
                }
            }
        }
    }

    private static (Templates? Templates, IEnumerable<ConfigFault> Faults) ReadTemplates(ConfigFolder folder, bool tryOut)
    {
        var files = folder.Below("templates").ToDictionary(f => f["templates/".Length..], f => folder.Text(f)!, StringComparer.Ordinal);
        var faults = new List<TemplateFault>();
        var templates = Templates.Load(files, faults, tryOut);
        return (templates, faults.Select(f => new ConfigFault($"templates/{f.Path}", "", f.Problem)));
    }
}
