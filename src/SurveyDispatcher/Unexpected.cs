using System.Text.RegularExpressions;

namespace SurveyDispatcher;

/// <summary>What can be said of a fault that nobody foresaw.</summary>
internal static partial class Unexpected
{
    /// <summary>Type and message, without what might be a customer's: quoted values, addresses and long numbers are left out.</summary>
    public static string Describe(Exception e)
    {
        var line = e.Message.Split('\n', 2)[0].Trim();
        return $"{e.GetType().Name}: {Private().Replace(line, "...")}";
    }

    [GeneratedRegex("""'.*'|".*"|\S+@\S+|\+?[0-9][0-9 ()./-]{3,}[0-9]""", RegexOptions.CultureInvariant)]
    private static partial Regex Private();
}
