using Survey.Domain;

namespace SurveyDispatcher.Reports;

/// <summary>What of a report its reader may see. A dealer sees himself, and others only where no single one can be found out.</summary>
internal static class Shown
{
    /// <summary>The nation and the regions: in a dealer's report his own region alone, and no group in which only one other dealer was rated.</summary>
    public static IEnumerable<Group> GroupsOf(Report report, SurveyFigures figures) => report.Dealer is not { } dealer
        ? figures.Regions.Prepend(figures.Nation)
        : figures.Regions.Where(r => r.Name == dealer.Region && r.Name.Length > 0).Prepend(figures.Nation).Where(g => !TellsOfOne(report, figures, g));

    /// <summary>Whether the nation may be shown beside the dealer.</summary>
    public static bool Nation(Report report, SurveyFigures figures) => report.Dealer is null || !TellsOfOne(report, figures, figures.Nation);

    /// <summary>The others' scores, from the best; none where there are so few that everybody knows whose they are.</summary>
    public static IReadOnlyList<Score> OthersOf(Report report, SurveyFigures figures) =>
        report.Dealer is not null && figures.Others.Count > 1 && Nation(report, figures) ? figures.Others : [];

    /// <summary>With his own figures subtracted, those of the one other would be left.</summary>
    private static bool TellsOfOne(Report report, SurveyFigures figures, Group group)
    {
        var own = figures.Dealers.FirstOrDefault(d => d.Dealer.Code == report.Dealer?.Code) is { Score.Responses: > 0 } ? 1 : 0;
        return group.Dealers - own == 1;
    }
}
