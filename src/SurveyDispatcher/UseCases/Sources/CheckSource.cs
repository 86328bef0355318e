using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases.Sources;

/// <summary>What <c>source check</c> is asked.</summary>
/// <param name="Path">The sample.</param>
/// <param name="SourceName">The source to read it with, whatever the file is called; null: the one that fits its name.</param>
/// <param name="Rows">How many rows are shown.</param>
/// <param name="WithContact">Shows names, addresses and numbers.</param>
/// <param name="DateFormat">The format of the dates, where the file does not tell.</param>
/// <param name="Constants">Values of columns that the file does not have.</param>
/// <param name="WithDraft">The draft of a source is wanted, even where nothing is amiss.</param>
internal sealed record SourceCheckRequest(
    string Path, string? SourceName, int Rows, bool WithContact, string? DateFormat, IReadOnlyDictionary<DmsColumn, string> Constants, bool WithDraft);

/// <summary>One row as the intake would decide about it.</summary>
/// <param name="Line">Where it starts in the file.</param>
/// <param name="Fault">Why it would be rejected; null when it would be taken.</param>
/// <param name="Cells">The canonical values, indexed by <see cref="DmsColumn"/>; empty where the row can't be parted into cells.</param>
/// <param name="ScreenedOut">Why the customer would not be asked, as far as the row itself says; null: he would be, or the row is rejected.</param>
internal sealed record CheckedRow(long Line, RowFault? Fault, IReadOnlyList<string> Cells, string? ScreenedOut);

/// <summary>All rows in numbers.</summary>
internal sealed record CheckedRows
{
    public int Read { get; set; }

    public int Accepted { get; set; }

    public int Eligible { get; set; }

    public SortedDictionary<string, int> ScreenedOut { get; } = new(StringComparer.Ordinal);

    /// <summary>By reason and column.</summary>
    public SortedDictionary<(string Reason, string Column), int> Rejected { get; } = [];

    /// <summary>Codes that the intake does not know, by column.</summary>
    public SortedDictionary<DmsColumn, SortedDictionary<string, int>> UnknownCodes { get; } = [];

    /// <summary>How many rows have a value, indexed by <see cref="DmsColumn"/>.</summary>
    public int[] Filled { get; } = new int[Intake.Columns.Count];
}

/// <summary>How a sample would be read, and what is proposed where that is not well. Nothing is changed, and no store is looked at.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Source">The source that it is read with.</param>
/// <param name="Fitting">All sources whose pattern fits the name, the first of which counts.</param>
/// <param name="Refusal">Why the intake would refuse the whole file; null when it would not.</param>
/// <param name="Guess">What the file looks like.</param>
/// <param name="Headers">Its header, read as it looks.</param>
/// <param name="HeaderIsData">The first line looks like a customer's.</param>
/// <param name="Missing">Headers of the source that the file lacks; their columns stay empty.</param>
/// <param name="Matches">What the headers that nobody reads seem to be.</param>
/// <param name="Unused">Headers that nobody reads, and that seem to be nothing of ours.</param>
/// <param name="Draft">The source that is proposed; null where the file is no table.</param>
/// <param name="DraftIsAsked">The draft makes a difference, or was asked for.</param>
/// <param name="ReadWithDraft">Rows are shown as the draft would read them, since the file as it is would be refused.</param>
/// <param name="Rows">The first rows.</param>
/// <param name="Sum">All rows; null where none can be read.</param>
/// <param name="Notes">What is odd.</param>
internal sealed record SourceCheck(
    string File, Source Source, IReadOnlyList<string> Fitting, string? Refusal, FileGuess Guess, IReadOnlyList<string> Headers, bool HeaderIsData,
    IReadOnlyList<(DmsColumn Column, string Header)> Missing, IReadOnlyList<Match> Matches, IReadOnlyList<string> Unused, SourceDraft? Draft, bool DraftIsAsked,
    bool ReadWithDraft, IReadOnlyList<CheckedRow> Rows, CheckedRows? Sum, IReadOnlyList<string> Notes)
{
    /// <summary>Whether a source such as the draft could be written.</summary>
    public bool DraftIsComplete => Draft is { Lacks.Count: 0 };
}

/// <summary>Shows how a sample of a dealer system would be read, and proposes a source for it.</summary>
internal sealed class CheckSource(PipelineConfig config, AsOf asOf)
{
    /// <summary>Rows whose values are looked at to tell what they are.</summary>
    private const int Sample = 5_000;

    /// <summary>Looks at a file.</summary>
    /// <exception cref="UsageException">There is no such file, or no such source.</exception>
    public SourceCheck Run(SourceCheckRequest request)
    {
        var name = Path.GetFileName(request.Path);
        if (!File.Exists(request.Path))
        {
            throw new UsageException($"{PlainText.Shown(request.Path)} does not exist, or is no file. Name a sample of an extract.");
        }

        if (new FileInfo(request.Path).Length == 0)
        {
            throw new UsageException($"{PlainText.Shown(request.Path)} is empty. Name a sample with a header and some rows.");
        }

        var fitting = config.Sources.Where(s => s.Fits(name)).Select(s => s.Name).ToList();
        var source = request.SourceName is { } wanted
            ? config.Sources.FirstOrDefault(s => s.Name == wanted) ?? (wanted == Source.Canonical.Name ? Source.Canonical : throw new UsageException(
                $"--source '{PlainText.Shown(wanted)}' is unknown. Known: {Listed(config.Sources.Select(s => s.Name).Append(Source.Canonical.Name))}."))
            : config.SourceOf(name);
        var (input, refusal) = Open(request.Path, source);
        refusal ??= source.Refusal is { } why ? Say(why) : null;
        var guess = FileGuess.Of(request.Path);
        var notes = Notes(source, guess, input);
        if (guess.NoTable is not null || OpenAsItLooks(request.Path, guess) is not { } table)
        {
            var read = input is null ? default : Read(input, source, request.Rows);
            return new SourceCheck(name, source, fitting, refusal, guess, input?.Headers ?? [], false, [], [], [], null, false, false, read.Rows ?? [], read.Sum, notes);
        }

        var looks = Look(table);
        var known = Enumerable.Range(0, Intake.Columns.Count).Select(c => source.Headers[c] is { } h ? SourceDraft.IndexOf(table.Headers, h) : -1).ToArray();
        var headers = Enumerable.Range(0, table.Headers.Count).Where(h => !known.Contains(h) && table.Headers[h].Length > 0).ToList();
        var columns = Enumerable.Range(0, known.Length).Where(c => known[c] < 0 && source.Constants[c] is null && !request.Constants.ContainsKey((DmsColumn)c)).Select(c => (DmsColumn)c).ToList();
        var matches = Mapping.Propose(table.Headers, looks, headers, columns);
        var draft = SourceDraft.Of(name, source, guess, table.Headers, looks, matches, request.Constants, request.DateFormat, config.Programme, asOf.Day);
        var (rows, sum) = ((IReadOnlyList<CheckedRow>)[], (CheckedRows?)null);
        var withDraft = input is null && draft.Lacks.Count == 0;
        if (input is not null)
        {
            (rows, sum) = Read(input, source, request.Rows);
        }
        else if (withDraft)
        {
            var proposed = Parse(draft.Json, notes);
            withDraft = proposed is not null && Open(request.Path, proposed).Input is { } asProposed;
            if (withDraft)
            {
                (rows, sum) = Read(Open(request.Path, proposed!).Input!, proposed!, request.Rows);
            }
        }

        if (guess.HeaderLine > 1)
        {
            notes.Add(Say($"Line 1 does not look like a header, line {guess.HeaderLine} does: the header must come first. Ask for a file without a title, or take those lines out before it is put in the inbox."));
        }

        foreach (var column in new[] { DmsColumn.EventDate, DmsColumn.PurchaseDate })
        {
            var at = known[(int)column] >= 0 ? known[(int)column] : matches.FirstOrDefault(m => m.Column == column)?.Index ?? -1;
            if (at >= 0 && DatePatterns.Unreadable([.. looks[at].Values]) is { } unreadable)
            {
                notes.Add(Say($"'{Shown(table.Headers[at])}' has {unreadable}."));
            }
        }

        if (known[(int)DmsColumn.MileageKm] is >= 0 and var mileage && source.Grouping is null && looks[mileage].Grouping is var (mark, example, _))
        {
            notes.Add(Say($"'{Shown(table.Headers[mileage])}' has numbers such as {Shown(example)}, whose rows are rejected: ask for digits only, or let a source in config/sources say \"digitGrouping\": \"{mark}\"."));
        }

        for (var h = 0; h < table.Headers.Count; h++)
        {
            if (headers.Contains(h) && !matches.Any(m => m.Index == h) && DatePatterns.Unreadable([.. looks[h].Values]) is { } unreadable)
            {
                notes.Add(Say($"'{Shown(table.Headers[h])}' has {unreadable}."));
            }
        }

        return new SourceCheck(
            name, source, fitting, refusal, guess, table.Headers, LooksLikeData(table.Headers),
            [.. Enumerable.Range(0, known.Length).Where(c => source != Source.Canonical && known[c] < 0 && source.Headers[c] is not null && source.Constants[c] is null).Select(c => ((DmsColumn)c, source.Headers[c]!))],
            matches, [.. headers.Where(h => !matches.Any(m => m.Index == h)).Select(h => table.Headers[h])],
            draft, input is null || matches.Count > 0 || request.WithDraft, withDraft, rows, sum, notes);
    }

    private static string Shown(string header) => SourceCheckText.Masked(header, personal: false);

    /// <summary>The draft as the program itself reads it: what is wrong with it would be wrong with the file.</summary>
    private static Source? Parse(string json, List<string> notes)
    {
        var faults = new List<ConfigFault>();
        var source = SourceFile.Parse("draft", json, faults);
        notes.AddRange(faults.Select(f => Say($"The draft is no source yet: {f}")));
        return source;
    }

    private static (CsvInput? Input, string? Refusal) Open(string path, Source source)
    {
        var required = Intake.RequiredColumns.Where(c => source.Constants[(int)c] is null).Select(c => source.Headers[(int)c]!);
        try
        {
            return (CsvInput.Open(path, source.Encoding, source.Delimiter, required), null);
        }
        catch (FileRefusedException e)
        {
            return (null, e.Message);
        }
    }

    private static CsvInput? OpenAsItLooks(string path, FileGuess guess)
    {
        try
        {
            return CsvInput.Open(path, StrictEncoding.Get(guess.Encoding!), guess.Delimiter, []);
        }
        catch (FileRefusedException)
        {
            return null;
        }
    }

    private static List<string> Notes(Source source, FileGuess guess, CsvInput? input)
    {
        var notes = new List<string>();
        if (input is not null && guess is { Encoding: { } name, IsAscii: false } && StrictEncoding.Get(name).CodePage != source.Encoding.CodePage)
        {
            notes.Add(Say($"Its bytes can be {source.Encoding.WebName}, but they look like {name}: names and codes may be read wrongly. {SourceCheckText.Sentences(guess.Why)}"));
        }

        return notes;
    }

    private static ColumnLooks[] Look(CsvInput table)
    {
        var looks = Enumerable.Range(0, table.Headers.Count).Select(_ => new ColumnLooks()).ToArray();
        foreach (var row in table.Rows().Where(r => !r.IsMalformed).Take(Sample))
        {
            for (var c = 0; c < looks.Length; c++)
            {
                looks[c].Add(row.Cell(c));
            }
        }

        return looks;
    }

    private static bool LooksLikeData(IReadOnlyList<string> headers) =>
        headers.Any(h => Intake.IsVin(h.ToUpperInvariant()) || ColumnLooks.LooksLikeEmail(h)) || headers.Count(h => DatePatterns.IsDate(h) || ColumnLooks.LooksLikePhone(h)) >= 2;

    /// <summary>Every row, as the intake reads it.</summary>
    private (IReadOnlyList<CheckedRow> Rows, CheckedRows Sum) Read(CsvInput input, Source source, int show)
    {
        using var vault = new Vault(KeyRing.Zeros()); // rows are not kept, so that nobody has to know them again
        var reader = new SourceReader(source, input, vault);
        var (rows, sum) = (new List<CheckedRow>(), new CheckedRows());
        foreach (var row in input.Rows())
        {
            var understood = reader.Read(row, Today);
            var cells = row.IsMalformed ? [] : reader.CanonicalCells(row);
            var reason = understood.Transaction is { } transaction ? Screen(transaction) : null;
            Count(sum, understood, cells, reason);
            if (rows.Count < show)
            {
                rows.Add(new CheckedRow(row.Line, understood.Transaction is null ? understood.Fault : null, Canonical(cells, source), reason));
            }
        }

        return (rows, sum);
    }

    /// <summary>As the intake understands them: days in ISO form, capitals where case does not count.</summary>
    private static string[] Canonical(string[] cells, Source source) =>
        [.. cells.Select((cell, c) => (DmsColumn)c switch
        {
            DmsColumn.EventDate or DmsColumn.PurchaseDate => Intake.ParseDate(cell, source.DateFormats)?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? cell,
            DmsColumn.Vin or DmsColumn.Country => cell.TrimStart('\uFFFF').ToUpperInvariant(),
            _ => cell.TrimStart('\uFFFF'),
        })];

    private static void Count(CheckedRows sum, Understood understood, string[] cells, string? screenedOut)
    {
        sum.Read++;
        if (understood.Transaction is null)
        {
            var key = (understood.Fault.Reason, understood.Fault.Column);
            sum.Rejected[key] = sum.Rejected.GetValueOrDefault(key) + 1;
        }
        else
        {
            sum.Accepted++;
            sum.Eligible += screenedOut is null ? 1 : 0;
            if (screenedOut is not null)
            {
                sum.ScreenedOut[screenedOut] = sum.ScreenedOut.GetValueOrDefault(screenedOut) + 1;
            }
        }

        for (var c = 0; c < cells.Length; c++)
        {
            sum.Filled[c] += cells[c].Length > 0 ? 1 : 0;
            if (cells[c].Length > 0 && (Intake.IsUnknown(cells[c]) || !Takes((DmsColumn)c, cells[c])))
            {
                var codes = sum.UnknownCodes.TryGetValue((DmsColumn)c, out var there) ? there : sum.UnknownCodes[(DmsColumn)c] = new(StringComparer.Ordinal);
                var code = cells[c].TrimStart('\uFFFF');
                codes[code] = codes.GetValueOrDefault(code) + 1;
            }
        }
    }

    private static bool Takes(DmsColumn column, string code) => column is DmsColumn.Country or DmsColumn.Language || SourceDraft.IsCanonical(column, code);

    private DateOnly Today(string country) => config.Programme.MarketOf(country) is { } market ? asOf.LocalDate(market) : asOf.Day;

    /// <summary>The verdict as far as it needs no store: nobody is suppressed, and nobody rests.</summary>
    private string? Screen(Transaction transaction)
    {
        var market = config.Programme.MarketOf(transaction.Key.Country);
        var points = market is null ? new ContactPoints(null, Usability.None, null, null) : ContactPoints.From(transaction.Contact, market, config.Programme);
        var reach = Reach.Of(points, transaction.EmailOptOut, transaction.PhoneOptOut, 0, 0, 0);
        return Screening.Screen(new ScreeningInput(transaction, market, Today(transaction.Key.Country), reach, 0, null)).Reason;
    }
}
