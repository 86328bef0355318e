using System.Text.RegularExpressions;

namespace SurveyDispatcher.Tests.House;

/// <summary>The stairs of the house lead down only (docs/house.md).</summary>
public sealed partial class FloorsTests
{
    private static readonly string Source = Path.Combine(Root(), "src", "SurveyDispatcher");

    public static TheoryData<string, string> Stairs => new()
    {
        { "Storage", "" },
        { "Files", "" },
        { "Mail", "" },
        { "Configuration", "Mail" },
        { "Reports", "" },
        { "UseCases", "Configuration Files Mail Reports Storage" },
        { "Scheduling", "Configuration Files UseCases" },
        { "Cli", "Configuration Files Reports Scheduling Storage UseCases" },
    };

    [Theory]
    [MemberData(nameof(Stairs))]
    public void AFloorKnowsOnlyTheFloorsBelowIt(string floor, string below)
    {
        var allowed = below.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append(floor).ToHashSet();
        var wrong = Directory.EnumerateFiles(Path.Combine(Source, floor), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Reference().Matches(File.ReadAllText(file)).Select(m => (File: Path.GetFileName(file), To: m.Groups[1].Value)))
            .Where(r => !allowed.Contains(r.To))
            .Select(r => $"{floor}/{r.File} uses {r.To}")
            .Distinct();

        Assert.Empty(wrong);
    }

    [Fact]
    public void EveryFolderIsAFloor()
    {
        var folders = Directory.EnumerateDirectories(Source).Select(d => Path.GetFileName(d)!).Except(["bin", "obj"]).Order();

        Assert.Equal(Stairs.Select(s => s.Data.Item1).Order(), folders);
    }

    [Fact]
    public void TheDomainReferencesNothingButTheFramework()
    {
        var references = typeof(Survey.Domain.ContactPlan).Assembly.GetReferencedAssemblies().Select(a => a.Name!);

        Assert.All(references, name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "SurveyPipeline.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"\b(?:using SurveyDispatcher\.|SurveyDispatcher\.)(Storage|Files|Mail|Configuration|UseCases|Scheduling|Cli)\b")]
    private static partial Regex Reference();
}
