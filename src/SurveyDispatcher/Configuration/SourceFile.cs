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
/// <param name="Grouping">What stands between groups of three digits in its numbers; null: digits only.</param>
public sealed record Source(
    string Name, string FilePattern, Encoding Encoding, char Delimiter, string[] DateFormats,
    string?[] Headers, string?[] Constants, FrozenDictionary<string, string>?[] Values, char? Grouping = null)
{
    /// <summary>A canonical file: UTF-8, comma, ISO dates, the contract's headers.</summary>
    public static Source Canonical { get; } = new(
        "canonical", "*", new UTF8Encoding(false, throwOnInvalidBytes: true), ',', ["yyyy-MM-dd"],
        [.. Intake.Columns], new string?[Intake.Columns.Count], new FrozenDictionary<string, string>?[Intake.Columns.Count]);

    /// <summary>Days from one file to the next, at most; null: learnt from what came.</summary>
    public int? ExpectedEveryDays { get; init; }

    /// <summary>A hash of how cells become values: rows that are alike mean the same only if they are read alike.</summary>
    public byte[] ReadingHash { get; } = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', DateFormats.Append(Delimiter.ToString()).Append(Intake.Revision.ToString(CultureInfo.InvariantCulture))
        .Concat(Constants.Select((c, i) => $"{i}={c}"))
        .Concat(Values.SelectMany((table, i) => (table ?? FrozenDictionary<string, string>.Empty).OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{i}:{v.Key}={v.Value}")))
        .Concat(Grouping is { } mark ? [$"grouping={mark}"] : []))));

    /// <summary>What <c>source check</c> guessed and nobody has confirmed yet, in sentences; <c>config check</c> reminds of them.</summary>
    public IReadOnlyList<string> ToConfirm { get; init; } = [];

    /// <summary>The same of who may be asked: while there is one, no file of the source is taken.</summary>
    public IReadOnlyList<string> ConsentToConfirm { get; init; } = [];

    /// <summary>All that is to be confirmed, each with the key that it stands in.</summary>
    public IEnumerable<(string Key, string Question)> Questions => [.. ConsentToConfirm.Select(q => ("consentToConfirm", q)), .. ToConfirm.Select(q => ("toConfirm", q))];

    /// <summary>Why none of its files is taken, lest somebody is asked who said no: what it says of that nobody has confirmed. null: somebody has.</summary>
    public Phrase? Refusal => Questions.FirstOrDefault(q => q.Key == "consentToConfirm" || Consent.Any(path => q.Question.StartsWith(path, StringComparison.Ordinal))) is (var key, { } question)
        ? (Phrase)$"sources/{Name}.json guesses who of the customers may be asked, and nobody has confirmed it ({PlainText.Shown(question)}). Settle that with somebody who knows the system, take the line out of {key}, and put the file back into the inbox."
        : null;

    /// <summary>How questions of consent began when they stood among the others.</summary>
    private static readonly string[] Consent = ["columns.email_opt_out", "columns.phone_opt_out", "values.email_opt_out", "values.phone_opt_out"];

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
                faults.Add(new ConfigFault(file, "", Say($"Only .json files are expected in sources/.")));
            }
            else if (Read(folder, file, faults) is { } source)
            {
                sources.Add(source);
            }
        }

        return sources;
    }

    /// <summary>A source that is no file yet.</summary>
    public static Source? Parse(string name, string text, List<ConfigFault> faults) =>
        ConfigNode.Parse(text, $"sources/{name}.json", faults) is { } root ? Read(root, name, faults) : null;

    private static Source? Read(ConfigFolder folder, string file, List<ConfigFault> faults) =>
        ConfigNode.Parse(folder, file, faults) is { } root ? Read(root, Path.GetFileNameWithoutExtension(file), faults) : null;

    /// <summary>Reads the keys of a source.</summary>
    internal static Source? Read(ConfigNode root, string name, List<ConfigFault> faults)
    {
        var before = faults.Count;
        var pattern = root.RequiredText("filePattern");
        var encoding = ReadEncoding(root);
        var delimiter = ReadDelimiter(root);
        var formats = root.Texts("dateFormats", required: false);
        foreach (var format in formats.Where(f => !IsDateFormat(f)))
        {
            root.Fault("dateFormats", $"'{format}' is no date format: year, month and day are needed, as in yyyy-MM-dd or d/M/yy (M is the month, m the minute).");
        }

        var grouping = ReadGrouping(root);
        var headers = new string?[Intake.Columns.Count];
        var constants = new string?[Intake.Columns.Count];
        var values = new FrozenDictionary<string, string>?[Intake.Columns.Count];
        if (root.Object("columns") is { } columns)
        {
            foreach (var column in columns.Keys)
            {
                Set(columns, column, headers, columns.Text(column));
            }
        }
        else
        {
            Intake.Columns.ToArray().CopyTo(headers, 0);
        }

        if (root.Object("constants") is { } constantNode)
        {
            foreach (var column in constantNode.Keys)
            {
                Set(constantNode, column, constants, constantNode.Text(column));
            }
        }

        if (root.Object("values") is { } valueNode)
        {
            foreach (var column in valueNode.Keys)
            {
                Set(valueNode, column, values, valueNode.Map(column).ToFrozenDictionary(StringComparer.Ordinal));
            }
        }

        var every = root.Integer("expectedEveryDays", 1, 366);
        var toConfirm = root.Texts("toConfirm", required: false);
        var consent = root.Texts("consentToConfirm", required: false);
        root.NoMore();
        foreach (var required in Intake.RequiredColumns.Where(c => headers[(int)c] is null && constants[(int)c] is null))
        {
            root.Fault("columns", $"The required column {Intake.Columns[(int)required]} has neither a header nor a constant.");
        }

        return faults.Count > before
            ? null
            : new Source(
                name, pattern, encoding!, delimiter,
                formats.Count > 0 ? [.. formats] : Source.Canonical.DateFormats, headers, constants, values, grouping)
            {
                ExpectedEveryDays = every, ToConfirm = toConfirm, ConsentToConfirm = consent,
            };
    }

    private static void Set<T>(ConfigNode node, string name, T?[] target, T value)
    {
        var index = Intake.Columns.ToList().IndexOf(name);
        if (index < 0)
        {
            node.Fault(name, $"Unknown column. Known: {Listed(Intake.Columns)}.");
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

        root.Fault("delimiter", $"One ASCII character is expected, such as , or ; or a tab.");
        return ',';
    }

    private static char? ReadGrouping(ConfigNode root)
    {
        var grouping = root.Text("digitGrouping", "");
        if (grouping.Length == 1 && DigitGrouping.Marks.Contains(grouping[0]))
        {
            return grouping[0];
        }

        if (grouping.Length > 0)
        {
            root.Fault("digitGrouping", $"One of , and . and ' and a space is expected: what stands between groups of three digits.");
        }

        return null;
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
            var moment = new DateTime(2026, 3, 14, 15, 9, 26);
            return Intake.ParseDate(moment.ToString(format, CultureInfo.InvariantCulture), [format]) == DateOnly.FromDateTime(moment);
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
