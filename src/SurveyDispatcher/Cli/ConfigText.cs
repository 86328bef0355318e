using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.Cli;

/// <summary>The outcome of <c>config check</c>.</summary>
internal static class ConfigText
{
    private const int MostFiles = 10;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = Texts.InJson };

    public static string Of(ConfigFolder folder, PipelineConfig? config, IReadOnlyList<ConfigFault> faults, bool json)
    {
        if (json)
        {
            return JsonSerializer.Serialize(
                new { Folder = folder.Name, Draft = folder.OfDraft, Valid = faults.Count == 0, Faults = faults, ToConfirm = config?.Sources.Where(s => s.Questions.Any()).ToDictionary(s => $"sources/{s.Name}.json", s => s.Questions.Select(q => q.Question).ToList()) ?? [] }, Json);
        }

        return config is null
            ? Say($"{faults.Count} fault(s) in {folder.Name}:{Environment.NewLine}  {string.Join(Environment.NewLine + "  ", faults)}")
            : Say($"{folder.Name} is valid: {config.Programme.Markets.Count} markets, {config.Sources.Count} dealer systems, "
                + $"texts in {Listed(config.Templates.Languages)}, {string.Join(" + ", Enum.GetValues<SurveyKind>().Select(s => config.Questionnaires.Newest(s).Questions.Count))} questions.")
                + (folder.OfDraft.Count == 0 ? "" : Environment.NewLine + PlainText.Shown(Say($"  {folder.OfDraft.Count} file(s) of the draft: {Listed(folder.OfDraft.Take(MostFiles))}{(folder.OfDraft.Count > MostFiles ? ", ..." : "")}; all else is as in --config")))
                + string.Concat(config.Sources.SelectMany(s => s.Questions.Select(q => Environment.NewLine + PlainText.Shown(Say($"  to be confirmed in sources/{s.Name}.json, then taken out of {q.Key}: {q.Question}")))));
    }
}
