using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.UseCases.Sources;

/// <summary>Puts a proposed source into the configuration.</summary>
internal static class WriteSource
{
    /// <summary>Reads <c>COLUMN=VALUE</c>.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static IReadOnlyDictionary<DmsColumn, string> Constants(IEnumerable<string> given)
    {
        var constants = new Dictionary<DmsColumn, string>();
        foreach (var text in given)
        {
            var parts = text.Split('=', 2);
            var column = Intake.Columns.ToList().IndexOf(parts[0].Trim());
            if (parts.Length != 2 || column < 0 || parts[1].Trim().Length == 0)
            {
                throw new UsageException($"--constant '{PlainText.Shown(text)}': COLUMN=VALUE is expected, such as country=AU, with one of {Listed(Intake.Columns)}.");
            }

            constants[(DmsColumn)column] = parts[1].Trim();
        }

        return constants;
    }

    /// <summary>Writes <c>sources/NAME.json</c> where there is none yet.</summary>
    /// <returns>What was done, in a sentence.</returns>
    /// <exception cref="UsageException">It can't be written, and why.</exception>
    public static string Write(SourceCheck check, PipelineConfig config, string folder, string name)
    {
        if (name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-')))
        {
            throw new UsageException($"--write '{PlainText.Shown(name)}': a name of ASCII letters, digits, _ and - is expected, without .json. Nothing was written.");
        }

        var path = Path.Combine(folder, "sources", name + ".json");
        if (File.Exists(path))
        {
            throw new UsageException($"{PlainText.Shown(path)} is there already, and is not overwritten. Choose another name, or mend that file by hand. Nothing was written.");
        }

        if (check.Draft is not { } draft || check.HeaderIsData || check.Guess.HeaderLine > 1)
        {
            throw new UsageException($"No source can be made of this file; what stands above says why. Nothing was written.");
        }

        if (draft.Lacks.Count > 0)
        {
            throw new UsageException($"The draft lacks {Listed(draft.Lacks.Select(c => Intake.Columns[(int)c]))}: say it with --constant COLUMN=VALUE, or ask the sender for the column. Nothing was written.");
        }

        if (draft.Undecided is { } undecided)
        {
            throw new UsageException($"{PlainText.Shown(undecided)} Nothing was written.");
        }

        var faults = new List<ConfigFault>();
        if (SourceFile.Parse(name, draft.Json, faults) is not { } source)
        {
            throw new UsageException($"The draft is no source: {SourceCheckText.Sentences(faults.Select(f => f.ToString()))} Nothing was written.");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        DurableFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(draft.Json)));
        if (!OperatingSystem.IsWindows())
        {
            // Nobody's data is in it: whoever may read the rest of the configuration, a service under another user among them, has to read this, too.
            File.SetUnixFileMode(path, File.GetUnixFileMode(Path.Combine(folder, ProgrammeFile.Name)));
        }

        var first = config.Sources.Append(source).OrderBy(s => s.Name + ".json", StringComparer.Ordinal).First(s => s.Fits(check.File));
        return Say(first == source
            ? (Phrase)$"{PlainText.Shown(path)} was written, with {draft.ToConfirm.Count} guess(es) to be confirmed."
            : $"{PlainText.Shown(path)} was written, with {draft.ToConfirm.Count} guess(es) to be confirmed."
                + $" Files of this name are still read with {first.Name}, which comes first by name and fits, too: make one of the two patterns (filePattern) narrower.");
    }
}
