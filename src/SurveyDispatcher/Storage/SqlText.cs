using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace SurveyDispatcher.Storage;

/// <summary>The SQL of the program: named statements from <c>Sql/*.sql</c>, and the steps of the schema from <c>Schema/*.sql</c>.</summary>
/// <remarks>
/// It is written once, in words that both databases know; what they say differently stands in <c>Dialect/NAME/*.sql</c>, under the same
/// names.
/// </remarks>
internal static partial class SqlText
{
    /// <summary>The steps of the schema, in order, with the version that each makes: what both databases know, and what only this one does.</summary>
    public static IReadOnlyList<(int Version, string Text)> Schema(string dialect) =>
    [
        .. Names("Schema/").Where(n => n.Count(c => c == '.') == 1).Order(StringComparer.Ordinal).Select(n => (
            int.Parse(Path.GetFileNameWithoutExtension(n["Schema/".Length..]), NumberStyles.None, CultureInfo.InvariantCulture),
            Read(n) + (Names(n.Replace(".sql", $".{dialect}.sql", StringComparison.Ordinal)).Select(Read).FirstOrDefault() ?? ""))),
    ];

    /// <summary>The steps that a store of some version still needs.</summary>
    /// <param name="schema">All steps.</param>
    /// <param name="version">The store's version; 0: it is empty.</param>
    /// <param name="store">The store's name.</param>
    /// <exception cref="OperatorException">The store is newer than the program, or older than the oldest step.</exception>
    public static IEnumerable<(int Version, string Text)> StepsAfter(IReadOnlyList<(int Version, string Text)> schema, int version, string store) =>
        version > schema[^1].Version ? throw new OperatorException(
            $"The store {store} was made by a newer version of the program (schema {version}, this one knows {schema[^1].Version}). Install the newer version.")
        : version > 0 && version < schema[0].Version ? throw new OperatorException(
            $"The store {store} was made before the first release (schema {version}); no version can bring it up to date. Begin anew with another data directory.")
        : schema.Where(step => step.Version > version);

    /// <summary>The statements by their names, <c>theme.name</c>.</summary>
    /// <param name="dialect">The database whose own words belong to it, too.</param>
    public static FrozenDictionary<string, string> Statements(string dialect)
    {
        var statements = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (theme, name, text) in Parts("Sql/").Concat(Parts($"Dialect/{dialect}/")))
        {
            statements.Add($"{theme}.{name}", text);
        }

        return statements.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static IEnumerable<(string Theme, string Name, string Text)> Parts(string prefix) =>
        from resource in Names(prefix)
        from part in StatementName().Split(Read(resource)).Skip(1).Chunk(2)
        select (Path.GetFileNameWithoutExtension(resource[prefix.Length..]), part[0], part[1].Trim());

    private static IEnumerable<string> Names(string prefix) =>
        Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(n => n.StartsWith(prefix, StringComparison.Ordinal));

    private static string Read(string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"^-- name: (\w+)[^\n]*\n", RegexOptions.Multiline)]
    private static partial Regex StatementName();
}
