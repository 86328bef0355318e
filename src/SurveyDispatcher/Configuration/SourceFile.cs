using System.Collections.Frozen;
using System.Globalization;
using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Configuration;

/// <summary>How the files of one dealer system are read (contracts.md, <c>config/sources/NAME.json</c>).</summary>
/// <param name="Name">The file's name without its extension.</param>
/// <param name="FilePattern">A glob over file names; letter case counts.</param>
/// <param name="Encoding">Strict: bytes that the encoding can't be are an error.</param>
/// <param name="Delimiter">Between cells.</param>
/// <param name="DateFormats">.NET date patterns.</param>
/// <param name="Headers">The header in the file, indexed by <see cref="DmsColumn"/>; null: not in the file.</param>
/// <param name="Constants">The constant value, indexed by <see cref="DmsColumn"/>; null: none.</param>
/// <param name="Values">The value table, indexed by <see cref="DmsColumn"/>; null: taken as it is.</param>
public sealed record Source(
    string Name, string FilePattern, Encoding Encoding, char Delimiter, string[] DateFormats,
    string?[] Headers, string?[] Constants, FrozenDictionary<string, string>?[] Values)
{
    /// <summary>A canonical file: UTF-8, comma, ISO dates, the contract's headers.</summary>
    public static Source Canonical { get; } = new(
        "canonical", "*", new UTF8Encoding(false, throwOnInvalidBytes: true), ',', ["yyyy-MM-dd"],
        [.. Intake.Columns], new string?[Intake.Columns.Count], new FrozenDictionary<string, string>?[Intake.Columns.Count]);

    /// <summary>A hash of how cells become values: rows that are alike mean the same only if they are read alike.</summary>
    public byte[] ReadingHash { get; } = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', DateFormats.Append(Delimiter.ToString()).Append(Intake.Revision.ToString(CultureInfo.InvariantCulture))
        .Concat(Constants.Select((c, i) => $"{i}={c}"))
        .Concat(Values.SelectMany((table, i) => (table ?? FrozenDictionary<string, string>.Empty).OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{i}:{v.Key}={v.Value}"))))));

    /// <summary>Whether a file of this name is the source's.</summary>
    public bool Fits(string fileName) => FileSystemName.MatchesSimpleExpression(FilePattern, fileName, ignoreCase: false);
}

/// <summary>Reads <c>sources/*.json</c>.</summary>
internal static class SourceFile
{
    public static IReadOnlyList<Source> ReadAll(ConfigFolder folder, List<ConfigFault> faults)
    {
        var sources = new List<Source>();
        foreach (var file in folder.Below("sources"))
        {
            if (!file.EndsWith(".json", StringComparison.Ordinal))
            {
                faults.Add(new ConfigFault(file, "", "Only .json files are expected in sources/."));
            }
            else if (Read(folder, file, faults) is { } source)
            {
                sources.Add(source);
            }
        }

        return sources;
    }

    private static Source? Read(ConfigFolder folder, string file, List<ConfigFault> faults)
    {
        if (ConfigNode.Parse(folder, file, faults) is not { } root)
        {
            return null;
        }

        var before = faults.Count;
        var pattern = root.RequiredText("filePattern");
        var encoding = ReadEncoding(root);
        var delimiter = ReadDelimiter(root);
        var formats = root.Texts("dateFormats", required: false);
        foreach (var format in formats.Where(f => !IsDateFormat(f)))
        {
            root.Fault("dateFormats", $"'{format}' is no date format: year, month and day are needed, as in yyyy-MM-dd or d/M/yy (M is the month, m the minute).");
        }

        var headers = new string?[Intake.Columns.Count];
        var constants = new string?[Intake.Columns.Count];
        var values = new FrozenDictionary<string, string>?[Intake.Columns.Count];
        if (root.Object("columns") is { } columns)
        {
            foreach (var name in columns.Keys)
            {
                Set(columns, name, headers, columns.Text(name));
            }
        }
        else
        {
            Intake.Columns.ToArray().CopyTo(headers, 0);
        }

        if (root.Object("constants") is { } constantNode)
        {
            foreach (var name in constantNode.Keys)
            {
                Set(constantNode, name, constants, constantNode.Text(name));
            }
        }

        if (root.Object("values") is { } valueNode)
        {
            foreach (var name in valueNode.Keys)
            {
                Set(valueNode, name, values, valueNode.Map(name).ToFrozenDictionary(StringComparer.Ordinal));
            }
        }

        root.NoMore();
        foreach (var required in Intake.RequiredColumns.Where(c => headers[(int)c] is null && constants[(int)c] is null))
        {
            root.Fault("columns", $"The required column {Intake.Columns[(int)required]} has neither a header nor a constant.");
        }

        return faults.Count > before
            ? null
            : new Source(
                Path.GetFileNameWithoutExtension(file), pattern, encoding!, delimiter,
                formats.Count > 0 ? [.. formats] : Source.Canonical.DateFormats, headers, constants, values);
    }

    private static void Set<T>(ConfigNode node, string name, T?[] target, T value)
    {
        var index = Intake.Columns.ToList().IndexOf(name);
        if (index < 0)
        {
            node.Fault(name, $"Unknown column. Known: {string.Join(", ", Intake.Columns)}.");
        }
        else
        {
            target[index] = value;
        }
    }

    /// <summary>What divides the cells of a file.</summary>
    public static char ReadDelimiter(ConfigNode root)
    {
        var delimiter = root.Text("delimiter", ",");
        if (delimiter.Length == 1 && delimiter[0] <= 127 && delimiter[0] is not ('"' or '\r' or '\n'))
        {
            return delimiter[0];
        }

        root.Fault("delimiter", "One ASCII character is expected, such as , or ; or a tab.");
        return ',';
    }

    /// <summary>Quoted text aside, all three parts must be there: else every row would be read as of another day.</summary>
    internal static bool IsDateFormat(string format)
    {
        var bare = System.Text.RegularExpressions.Regex.Replace(format, """'[^']*'|"[^"]*"|\\.""", "");
        if (!bare.Contains('y', StringComparison.Ordinal) || !bare.Contains('M', StringComparison.Ordinal) || !bare.Contains('d', StringComparison.Ordinal))
        {
            return false;
        }

        try
        {
            var day = new DateOnly(2026, 3, 14);
            return DateOnly.TryParseExact(
                day.ToString(format, System.Globalization.CultureInfo.InvariantCulture), format, System.Globalization.CultureInfo.InvariantCulture,
                System.Globalization.DateTimeStyles.None, out var read) && read == day;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    internal static Encoding? ReadEncoding(ConfigNode root)
    {
        var name = root.Text("encoding", "utf-8");
        try
        {
            return StrictEncoding.Get(name);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException) // UTF-7 is not supported any more
        {
            root.Fault("encoding", $"'{name}' is no .NET encoding name; utf-8, gb18030, big5 and shift_jis are some.");
            return null;
        }
    }
}
