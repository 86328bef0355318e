namespace SurveyDispatcher.Tests.Journeys;

/// <summary>What other programs make of an export: what analysts open it with must find in it what was put there.</summary>
/// <remarks>There is no Stata on a build machine: its do-file is checked by its text only.</remarks>
[Trait("Store", "Sqlite")] // what other programs read is the same from either: StoreCopyTests
public sealed class ExportReadBackTests(ExportedWorld exported, ExportReadBackTests.Office office) : IClassFixture<ExportedWorld>, IClassFixture<ExportReadBackTests.Office>
{
    private static readonly string Scripts = Path.Combine(World.Project, "Journeys", "readback");
    private static readonly string[] Names = ["responses", "interviews", "cases", "attempts", "outcomes", "codebook"];

    public static TheoryData<string> Tables => new(Names);

    [Fact]
    public async Task PythonFindsEveryCellToBeWhatTheDataPackageSaysAndTheSameInSqlite()
    {
        var output = await OtherProgram.RunAsync("/", "python3", Path.Combine(Scripts, "check_package.py"), exported.Package, exported.Database);

        Assert.Equal(
            ["cases 7", "screening 8", "responses 3", "interviews 5", "answers 19", "texts 2", "attempts 3", "dispositions 7"],
            output.Split('\n').Take(8));
        Assert.Contains("texts 3", await OtherProgram.RunAsync("/", "python3", Path.Combine(Scripts, "check_package.py"), exported.WithContact), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheSqliteShellFindsTypesAndDescriptions()
    {
        async Task<string> AskAsync(string sql) => (await OtherProgram.RunAsync("/", "sqlite3", "-readonly", exported.Database, sql)).TrimEnd('\n');

        Assert.Equal("ok", await AskAsync("PRAGMA integrity_check"));
        Assert.Equal("text|text|integer|null", await AskAsync("SELECT typeof(dealer_code), typeof(event_date), typeof(overall), typeof(still_owns) FROM responses WHERE mode = 'web' AND survey = 'sales'"));
        Assert.Equal("0007|" + ExportedWorld.Comment, await AskAsync("SELECT dealer_code, comments FROM responses WHERE language = 'zh-CN'"));
        Assert.Equal("real|0.514286", await AskAsync("SELECT typeof(rr3), rr3 FROM outcomes WHERE market IS NULL"));
        Assert.Contains("-- The dealer, as the market knows him", await AskAsync(".schema cases"), StringComparison.Ordinal);
        Assert.Equal("2|5", await AskAsync("SELECT count(DISTINCT c.case_id), count(*) FROM answers a JOIN cases c USING (case_id) WHERE question IN ('overall', 'recommend') AND c.dealer_code <> '0042'"));
    }

    [Fact]
    public async Task RReadsTypesChineseLeadingZerosAndDates()
    {
        var output = await OtherProgram.RunAsync(exported.Package, "Rscript", "--vanilla", Path.Combine(Scripts, "check_responses.R"));

        Assert.Equal(["1 5 ", "1 1 "], output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim() + " "));
    }

    [Fact]
    public async Task PsppRunsTheSyntaxAndShowsLabelsFrequenciesAndMissingValues()
    {
        var output = await PsppAsync(exported.Package);

        Assert.Contains("dealer_code,4,\"The dealer, as the market knows him\",Nominal,Input,4,Left,A4,A4", output);
        Assert.Contains(output, l => l.StartsWith("overall,12,\"Overall, how satisfied or dissatisfied are you with your experience of buying or leasing", StringComparison.Ordinal) && l.Contains(",Ordinal,", StringComparison.Ordinal));
        Assert.Contains(output, l => l.StartsWith("comments,", StringComparison.Ordinal) && l.EndsWith(",A36,A36", StringComparison.Ordinal)); // as wide as the longest
        Assert.Equal(
            ["Valid,Completely dissatisfied,1,33.3%,50.0%,50.0%", ",Completely satisfied,1,33.3%,50.0%,100.0%", "Missing,.,1,33.3%,,"],
            output.SkipWhile(l => !l.StartsWith("\"Table: Overall", StringComparison.Ordinal)).Skip(2).Take(3));
        Assert.Equal(
            ["Valid,Female,1,33.3%,33.3%,33.3%", ",Male,1,33.3%,33.3%,66.7%", ",Prefer not to say,1,33.3%,33.3%,100.0%"],
            output.SkipWhile(l => l != "Table: What is your gender?").Skip(2).Take(3));
        Assert.Equal(["Valid,yes,1,33.3%,100.0%,100.0%", "Missing,.,2,66.7%,,"], output.SkipWhile(l => !l.StartsWith("Table: Repair: ", StringComparison.Ordinal)).Skip(2).Take(2));
        Assert.Equal("AU-00000013,0007,2026/02/10,03-MAR-2026 10:30:00,\"他说 \"\"很好\"\", 谢谢。 第二行\"", output[output.IndexOf("Table: Data List") + 2].Replace("  ", "", StringComparison.Ordinal).TrimEnd());
    }

    [Fact]
    public async Task PsppReadsLabelsInAnotherLanguageToo() => Assert.Contains(",完全满意,1,33.3%,50.0%,100.0%", await PsppAsync(exported.WithContact));

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task LibreOfficeKeepsEveryCellWhereColumnsAreReadAsText(string table)
    {
        var read = Csv.Rows((await File.ReadAllTextAsync(Path.Combine(await office.ReadAsync(exported), table + ".csv"), TestContext.Current.CancellationToken)).TrimStart('\uFEFF'));

        var written = Csv.Rows((await File.ReadAllTextAsync(Path.Combine(exported.Package, table + ".csv"), TestContext.Current.CancellationToken)).TrimStart('\uFEFF'));
        Assert.Equal(written.Select(Told), read.Select(Told));
        static string Told(List<string> row) => string.Join('¦', row);
    }

    [Fact]
    public async Task TheDoFileNamesEveryColumnByItsPlaceAndLabelsWhatItMeans()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(exported.Package, "responses.do"), TestContext.Current.CancellationToken);

        var names = text[text.IndexOf("import delimited", StringComparison.Ordinal)..text.IndexOf("    using", StringComparison.Ordinal)]
            .Split('\n').Skip(1).Select(l => l.Replace("///", "", StringComparison.Ordinal).Trim()).Where(l => l.Length > 0);
        Assert.Equal(exported.Header("responses"), string.Join(',', names));
        Assert.Contains("bindquotes(strict) maxquotedrows(unlimited) encoding(\"UTF-8\")", text, StringComparison.Ordinal);
        Assert.Contains("stringcols(1 2 3 4 5 6 7 8 9 10 11 18", text, StringComparison.Ordinal);
        Assert.Contains("numericcols(12 13", text, StringComparison.Ordinal);
        Assert.Contains("generate long event_date_ = daily(event_date, \"YMD\")\nformat event_date_ %td", text, StringComparison.Ordinal);
        Assert.Contains("generate double completed_at_ = clock(", text, StringComparison.Ordinal);
        Assert.Contains("label define overall ///\n    1 `\"Completely dissatisfied\"' ///\n", text, StringComparison.Ordinal);
        Assert.Contains("generate byte gender_ = .\nreplace gender_ = 1 if gender == `\"female\"'\n", text, StringComparison.Ordinal);
        Assert.Contains("generate byte work_done_2 = strpos(\"|\" + work_done + \"|\", `\"|repair|\"') > 0 if work_done != \"\"", text, StringComparison.Ordinal);
        Assert.All(
            text.Split('\n').Where(l => l.StartsWith("label variable", StringComparison.Ordinal)),
            l => Assert.InRange(l[(l.IndexOf("`\"", StringComparison.Ordinal) + 2)..^2].EnumerateRunes().Count(), 1, 80));
    }

    private static async Task<List<string>> PsppAsync(string package)
    {
        var output = await OtherProgram.RunAsync(package, "pspp", "--no-statrc", "-O", "format=csv", Path.Combine(Scripts, "check_responses.sps"));
        Assert.DoesNotContain("error:", output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("warning:", output, StringComparison.OrdinalIgnoreCase);
        return [.. output.Split('\n')];
    }

    /// <summary>The tables as LibreOffice has them after it has read them as an analyst would, and written them again: all at once, for its start takes the longest.</summary>
    public sealed class Office : IDisposable
    {
        private readonly string folder = Directory.CreateTempSubdirectory("survey-office-").FullName;
        private Task<string>? all;

        public void Dispose() => Directory.Delete(folder, recursive: true);

        /// <summary>The folder in which they are.</summary>
        public Task<string> ReadAsync(ExportedWorld exported) => all ??= ConvertAsync(exported);

        private async Task<string> ConvertAsync(ExportedWorld exported)
        {
            var asText = string.Join('/', Enumerable.Range(1, Names.Max(t => exported.Header(t).Split(',').Length)).Select(c => $"{c}/2"));
            await ToAsync("xlsx", [$"--infilter=CSV:44,34,76,1,{asText}", .. Names.Select(t => Path.Combine(exported.Package, t + ".csv"))]);
            await ToAsync("csv:Text - txt - csv (StarCalc):44,34,76,1", [.. Names.Select(t => Path.Combine(folder, t + ".xlsx"))]);
            return folder;
        }

        private async Task ToAsync(string format, string[] more) =>
            await OtherProgram.RunAsync(folder, "soffice", [$"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", format, "--outdir", folder, .. more]);
    }
}
