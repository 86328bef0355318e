using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>What is to be exported, and where to.</summary>
internal sealed record ExportRequest(string What, bool IsSqlite, bool IsJson, string? Path, bool WithContact, string? Language)
{
    /// <summary>A folder of tables.</summary>
    public bool IsPackage => What == Export.All && !IsSqlite;

    /// <summary>Whether the parts fit together.</summary>
    /// <exception cref="UsageException">They don't.</exception>
    public void Check()
    {
        if (IsJson && (IsSqlite || What == Export.All))
        {
            throw new UsageException($"--json prints one table; 'all' and --format sqlite have forms of their own.");
        }

        if (Path is null && (IsSqlite || What == Export.All))
        {
            throw new UsageException(IsSqlite ? (Phrase)$"A database needs a file: --out FILE.db." : $"All tables need a folder: --out DIR.");
        }

        if (Language is not null && !IsPackage)
        {
            throw new UsageException($"--language chooses the language of the labels for SPSS and Stata, which only 'export all --out DIR' writes.");
        }

        if (IsPackage && (File.Exists(Path) || (Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).Any())))
        {
            throw new UsageException($"--out {PlainText.Shown(Path!)} is there already. Name a new folder, so that no earlier export is lost.");
        }

        if (IsSqlite && Directory.Exists(Path))
        {
            throw new UsageException($"--out {PlainText.Shown(Path!)} is a folder; a database is one file.");
        }
    }
}

/// <summary>Tables for analysts (contracts.md, <i>Exports</i>; docs/exports.md); each is streamed from the store as it is at one moment.</summary>
/// <param name="config">What was asked, and the markets' clocks.</param>
/// <param name="database">The store.</param>
/// <param name="vault">Its keys, for tables that need them: see <see cref="NeedsKeys"/>.</param>
/// <param name="withContact">Names, addresses, numbers and callers' notes are among the columns.</param>
internal sealed class Export(PipelineConfig config, Database database, Vault vault, bool withContact)
{
    /// <summary>What the command line calls all tables together.</summary>
    public const string All = "all";

    /// <summary>The tables, in the order in which a package has them.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["cases", "screening", "responses", "interviews", "answers", "texts", "attempts", "dispositions", "outcomes", "codebook"];

    /// <summary>Whether something has to be decrypted, or hashed with the store's keys.</summary>
    public static bool NeedsKeys(string what, bool withContact) =>
        what is All or "responses" or "interviews" or "texts" || (withContact && what is "cases" or "attempts");

    /// <summary>Writes a table as CSV, or as JSON.</summary>
    public void Write(string name, bool isJson, Stream stream) => database.AtOneMoment(() =>
    {
        var table = Table(name);
        if (isJson)
        {
            using var json = new JsonOutput(stream, table.Columns);
            table.Write(json);
        }
        else
        {
            WriteCsv(table, stream);
        }

        return true;
    });

    /// <summary>Writes a table, or all, into a new SQLite database at a path where an empty file lies.</summary>
    public void WriteSqlite(string what, string path) => database.AtOneMoment(() =>
    {
        using var tables = new SqliteTables(path);
        foreach (var table in Tables().Where(t => what == All || t.Name == what))
        {
            tables.Begin(table.Name, [.. table.Columns.Select(c => new SqliteColumn(c.Name, TypeOf(c), c.Description))]);
            table.Write(tables);
        }

        tables.Finish();
        return true;
    });

    /// <summary>Writes all tables into a folder: as CSV, with what describes them to programs.</summary>
    /// <param name="folder">An empty folder.</param>
    /// <param name="language">Of the labels.</param>
    /// <param name="at">When.</param>
    public void WritePackage(string folder, string language, DateTimeOffset at) => database.AtOneMoment(() =>
    {
        var tables = Tables();
        foreach (var table in tables)
        {
            using var stream = DurableFile.Create(Path.Combine(folder, DataPackage.FileOf(table)));
            if (table.Name == "responses")
            {
                WriteForSpss(table, stream, folder, language);
            }
            else
            {
                WriteCsv(table, stream);
            }

            DurableFile.Flush(stream);
        }

        Flushed(folder, StataDoFile.FileName, stream => StataDoFile.Write(stream, tables.Single(t => t.Name == "responses"), language));
        Flushed(folder, "datapackage.json", stream => DataPackage.Write(stream, folder, tables, language, at));
        Flushed(folder, "README.txt", stream => DataPackage.WriteReadMe(stream, tables, withContact, at));
        return true;
    });

    /// <summary>Checks that labels can be had in a language.</summary>
    public static void CheckLanguage(Questionnaires questionnaires, string language)
    {
        var known = questionnaires.All.SelectMany(q => q.Title.Keys).Distinct(StringComparer.Ordinal).ToList();
        if (!known.Contains(language))
        {
            throw new UsageException($"--language '{PlainText.Shown(language)}' is none of the questionnaires': {Listed(known)}.");
        }
    }

    /// <summary>All tables, in order.</summary>
    internal IReadOnlyList<ExportTable> Tables()
    {
        var cases = new CaseTables(config, database, vault, withContact);
        var responses = new ResponseTables(config, database, vault, withContact);
        return
        [
            cases.Cases, cases.Screening, responses.Responses, responses.Interviews, responses.Answers, responses.Texts, cases.Attempts,
            cases.FinalDispositions, cases.Outcomes, Codebook.Of(config.Questionnaires),
        ];
    }

    private static void WriteCsv(ExportTable table, Stream stream)
    {
        using var csv = new CsvOutput(stream);
        WriteHeader(table, csv);
        table.Write(csv);
    }

    /// <summary>The table of responses twice, in one pass: as CSV, and as SPSS reads it.</summary>
    private static void WriteForSpss(ExportTable table, Stream stream, string folder, string language)
    {
        using var csv = new CsvOutput(stream);
        using var data = DurableFile.Create(Path.Combine(folder, SpssSyntax.DataName));
        using var tabs = new TabOutput(data, table.Columns.Count);
        WriteHeader(table, csv);
        WriteHeader(table, tabs);
        tabs.ForgetWidths();
        table.Write(new BothOutputs(csv, tabs));
        tabs.Flush();
        DurableFile.Flush(data);
        Flushed(folder, SpssSyntax.FileName, syntax => SpssSyntax.Write(syntax, table, tabs.Widths, language));
    }

    private static void WriteHeader(ExportTable table, ITableOutput output)
    {
        foreach (var column in table.Columns)
        {
            output.Text(column.Name);
        }

        output.EndRow();
    }

    private static void Flushed(string folder, string name, Action<Stream> write)
    {
        using var stream = DurableFile.Create(Path.Combine(folder, name));
        write(stream);
        DurableFile.Flush(stream);
    }

    private ExportTable Table(string name) => Tables().Single(t => t.Name == name);

    /// <summary>R and DuckDB take a declared DATE for a date; a time with its offset stays a text.</summary>
    private static string TypeOf(ExportColumn column) => column.Type switch
    {
        ColumnType.Integer => "INTEGER",
        ColumnType.Number => "REAL",
        ColumnType.Date => "DATE",
        _ => "TEXT",
    };
}
