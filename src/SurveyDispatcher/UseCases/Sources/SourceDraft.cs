using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Survey.Domain;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.UseCases.Sources;

/// <summary>A source that is proposed for a file, as the text of <c>config/sources/NAME.json</c>.</summary>
/// <param name="Json">The text.</param>
/// <param name="Lacks">Required columns for which nothing was found: without them it is no source yet.</param>
/// <param name="ToConfirm">What was guessed, in sentences; what is about consent first.</param>
/// <param name="Undecided">What only a person can decide before it is written; null: nothing.</param>
internal sealed partial record SourceDraft(string Json, IReadOnlyList<DmsColumn> Lacks, IReadOnlyList<string> ToConfirm, string? Undecided)
{
    /// <summary>Codes of a column that are too many to be codes.</summary>
    private const int MostCodes = 40;

    private static readonly (string Yes, string No)[] YesAndNo =
        [("Y", "N"), ("y", "n"), ("Yes", "No"), ("YES", "NO"), ("yes", "no"), ("1", "0"), ("T", "F"), ("TRUE", "FALSE"), ("True", "False"), ("true", "false"), ("是", "否"), ("不可", "可"), ("有", "無"), ("○", "×"), ("はい", "いいえ")];

    /// <summary>Codes that say what is allowed, whatever the header asks.</summary>
    private static readonly HashSet<string> SpeakForThemselves = ["可", "不可", "拒否", "停止", "拒绝", "拒收", "拒接", "拒絕", "同意", "希望"];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Makes the draft.</summary>
    public static SourceDraft Of(
        string fileName, Source known, FileGuess guess, IReadOnlyList<string> headers, IReadOnlyList<ColumnLooks> looks, IReadOnlyList<Match> matches,
        IReadOnlyDictionary<DmsColumn, string> constants, string? dateFormat, Programme programme, DateOnly today)
    {
        var (toConfirm, consent) = (new List<string>(), new List<string>());
        var columns = new Dictionary<DmsColumn, int>();
        for (var c = 0; c < Intake.Columns.Count; c++)
        {
            if (known.Headers[c] is { } header && IndexOf(headers, header) is >= 0 and var at && !constants.ContainsKey((DmsColumn)c))
            {
                columns[(DmsColumn)c] = at;
            }
        }

        foreach (var match in matches)
        {
            columns[match.Column] = match.Index;
            if (match.Confidence < 0.9 || match.Reversed)
            {
                QuestionsOf(match.Column).Add(Say($"columns.{Intake.Columns[(int)match.Column]}: is it '{match.Header}'? ({string.Join(Say($"; "), match.Evidence)})"));
            }
        }

        if (known == Source.Canonical && PatternOf(fileName) == fileName)
        {
            toConfirm.Add(Say($"filePattern: by what else than this name can its files be told from others'? '{fileName}' is a number only, so the pattern fits this one file."));
        }

        foreach (var (column, at) in columns.Where(c => matches.Any(m => m.Column == c.Key && m.Reversed) && looks[c.Value].Empty > 0))
        {
            QuestionsOf(column).Add(Say($"columns.{Intake.Columns[(int)column]}: {looks[at].Empty} value(s) of '{headers[at]}' are empty, and are read as 'did not object'. Did who left it empty agree? If not, ask the sender for a code in every row."));
        }

        foreach (var unread in Enumerable.Range(0, headers.Count).Where(h => !columns.ContainsValue(h) && looks[h].Distinct.Count <= MostCodes && Terms.Known.SpeaksOfConsent(headers[h])))
        {
            consent.Add(Say($"columns.email_opt_out: '{SourceCheckText.Masked(headers[unread], personal: false)}' is not read. Does it say who may be written to, or called?"));
        }

        var fixedValues = new SortedDictionary<DmsColumn, string>(constants.ToDictionary());
        for (var c = 0; c < Intake.Columns.Count; c++)
        {
            if (known.Constants[c] is { } constant)
            {
                fixedValues.TryAdd((DmsColumn)c, constant);
            }
        }

        if (!columns.ContainsKey(DmsColumn.EventDate) && columns.Remove(DmsColumn.PurchaseDate, out var soldOn))
        {
            columns[DmsColumn.EventDate] = soldOn;
            toConfirm.Add(Say($"columns.event_date: '{headers[soldOn]}' is the only date that was found. Is it the day of hand-over (not of the contract, or of the registration)?"));
        }

        GuessConstants(fileName, guess, headers, looks, columns, fixedValues, programme, toConfirm);
        var dates = columns.Where(c => c.Key is DmsColumn.EventDate or DmsColumn.PurchaseDate).Select(c => (c.Key, Header: headers[c.Value], Looks: looks[c.Value])).ToList();
        var (formats, undecided) = DateFormats(known, dates, dateFormat, today, toConfirm);
        var values = Values(known, looks, columns, matches, QuestionsOf);
        var grouping = known.Grouping;
        if (grouping is null && columns.TryGetValue(DmsColumn.MileageKm, out var mileage) && looks[mileage].Grouping is var (mark, example, number))
        {
            grouping = mark;
            toConfirm.Add(Say($"digitGrouping: is {SourceCheckText.Masked(example, personal: false)} in '{headers[mileage]}' {number:N0} whole kilometres?"));
        }

        var lacks = Intake.RequiredColumns.Where(c => !columns.ContainsKey(c) && !fixedValues.ContainsKey(c)).ToList();
        var json = new JsonObject
        {
            ["$schema"] = "../schema/source.schema.json",
            ["filePattern"] = known == Source.Canonical ? PatternOf(fileName) : known.FilePattern,
            ["encoding"] = guess.Encoding,
            ["delimiter"] = guess.Delimiter.ToString(),
            ["dateFormats"] = new JsonArray([.. formats.Select(f => JsonValue.Create(f))]),
            ["columns"] = new JsonObject(columns.OrderBy(c => c.Key).Select(c => KeyValuePair.Create(Intake.Columns[(int)c.Key], (JsonNode?)headers[c.Value]))),
            ["constants"] = new JsonObject(fixedValues.Select(c => KeyValuePair.Create(Intake.Columns[(int)c.Key], (JsonNode?)c.Value))),
            ["values"] = values,
            ["toConfirm"] = new JsonArray([.. toConfirm.Select(t => JsonValue.Create(t))]),
        };
        if (consent.Count > 0)
        {
            json.Insert(json.IndexOf("toConfirm"), "consentToConfirm", new JsonArray([.. consent.Select(t => JsonValue.Create(t))]));
        }

        if (grouping is { } between)
        {
            json.Insert(json.IndexOf("columns"), "digitGrouping", between.ToString());
        }

        return new SourceDraft(json.ToJsonString(Indented) + "\n", lacks, [.. consent, .. toConfirm], undecided);
        List<string> QuestionsOf(DmsColumn column) => Mapping.IsConsent(column) ? consent : toConfirm;
    }

    /// <summary>The position of a header, or -1; letter case does not count, as in the intake.</summary>
    public static int IndexOf(IReadOnlyList<string> headers, string header)
    {
        for (var i = 0; i < headers.Count; i++)
        {
            if (string.Equals(headers[i], header, StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>A glob for files that are called like this one: where it has a date or a number, others have another.</summary>
    public static string PatternOf(string fileName)
    {
        var pattern = Number().Replace(Path.GetFileNameWithoutExtension(fileName), "*");
        if (!pattern.Any(char.IsLetter))
        {
            return fileName; // else it would take every other system's files as well
        }

        return (pattern.Contains('*', StringComparison.Ordinal) ? pattern : pattern + "*") + Path.GetExtension(fileName);
    }

    private static void GuessConstants(
        string fileName, FileGuess guess, IReadOnlyList<string> headers, IReadOnlyList<ColumnLooks> looks, Dictionary<DmsColumn, int> columns,
        SortedDictionary<DmsColumn, string> constants, Programme programme, List<string> toConfirm)
    {
        if (!columns.ContainsKey(DmsColumn.Country) && !constants.ContainsKey(DmsColumn.Country) && CountryOf(fileName, guess, headers, looks, columns, programme) is var (country, why))
        {
            constants[DmsColumn.Country] = country;
            toConfirm.Add(Say($"constants.country: {country}, since {why}."));
        }

        if (columns.ContainsKey(DmsColumn.RecordType) || constants.ContainsKey(DmsColumn.RecordType))
        {
            return;
        }

        List<string> texts = [Path.GetFileNameWithoutExtension(fileName), .. headers];
        var (sale, service) = (Terms.Known.Mentions("sale", texts), Terms.Known.Mentions("service", texts) + (columns.ContainsKey(DmsColumn.PaymentType) ? 1 : 0));
        if (sale != service)
        {
            constants[DmsColumn.RecordType] = sale > service ? "sale" : "service";
            toConfirm.Add(Say($"constants.record_type: {constants[DmsColumn.RecordType]}, since no column tells, and {Math.Max(sale, service)} name(s) speak of it, {Math.Min(sale, service)} of the other."));
        }
    }

    private static (string Country, Phrase Why)? CountryOf(
        string fileName, FileGuess guess, IReadOnlyList<string> headers, IReadOnlyList<ColumnLooks> looks, Dictionary<DmsColumn, int> columns, Programme programme)
    {
        if (NamePart().Matches(fileName).Select(m => m.Value.ToUpperInvariant()).FirstOrDefault(p => programme.MarketOf(p) is not null) is { } named)
        {
            return (named, $"the file's name has it");
        }

        var numbers = columns.Where(c => c.Key is DmsColumn.Phone1 or DmsColumn.Phone2).SelectMany(c => looks[c.Value].Values).Where(v => v.StartsWith('+')).ToList();
        var called = programme.Markets.Values.OrderByDescending(m => numbers.Count(n => n.StartsWith("+" + m.Dialling.CountryCode, StringComparison.Ordinal))).First();
        if (numbers.Count >= 3 && numbers.Count(n => n.StartsWith("+" + called.Dialling.CountryCode, StringComparison.Ordinal)) * 2 > numbers.Count)
        {
            return (called.Code, $"most numbers with a country code have +{called.Dialling.CountryCode}");
        }

        var text = string.Concat(headers);
        var script = text.Any(c => c is >= '\u3041' and <= '\u30ff') || guess.Encoding is "shift_jis" or "euc-jp" ? "JP"
            : guess.Encoding == "big5" ? "TW"
            : guess.Encoding == "gb18030" ? "CN"
            : text.Any(c => "车单号购务联话邮".Contains(c, StringComparison.Ordinal)) ? "CN"
            : text.Any(c => "車單號購務聯話郵戶".Contains(c, StringComparison.Ordinal)) ? "TW"
            : null;
        return script is not null && programme.MarketOf(script) is not null ? (script, $"the headers are written so") : null;
    }

    /// <summary>The formats of all dates of the file; what only a person can decide stands beside them.</summary>
    private static (IReadOnlyList<string> Formats, string? Undecided) DateFormats(
        Source known, List<(DmsColumn Column, string Header, ColumnLooks Looks)> dates, string? given, DateOnly today, List<string> toConfirm)
    {
        if (given is not null)
        {
            return ([given], null);
        }

        if (known != Source.Canonical)
        {
            return (known.DateFormats, null);
        }

        var open = new List<(string Header, ColumnLooks Looks, IReadOnlyList<string> Formats)>();
        var decided = new List<string>();
        foreach (var (_, header, looks) in dates)
        {
            var formats = DatePatterns.Of([.. looks.Values]);
            if (formats.Count == 1)
            {
                decided.Add(formats[0]);
            }
            else if (formats.Count > 1)
            {
                open.Add((header, looks, formats));
            }
        }

        string? undecided = null;
        foreach (var (header, looks, formats) in open.Where(o => !o.Formats.Any(decided.Contains)).ToList())
        {
            // A day in the future can't have happened: where only one way of reading has none, it is that one.
            var past = formats.Where(f => looks.Values.All(v => Intake.ParseDate(v, [f]) is not { } day || day <= today)).ToList();
            var future = formats.Except(past).Select(f => Say($"read as {f} it has days after {today:yyyy-MM-dd}")).ToList();
            if (past.Count == 1 && dates.Exists(d => d.Header == header && d.Column == DmsColumn.EventDate))
            {
                decided.Add(past[0]);
                toConfirm.Add(Say($"dateFormats: {past[0]} for '{header}', since {string.Join(Say($", and "), future)}."));
                continue;
            }

            var sample = looks.Values.First(v => formats.Select(f => Intake.ParseDate(v, [f])).Distinct().Count() > 1);
            var readings = formats.Select(f => $"{Intake.ParseDate(sample, [f])?.ToString(Say($"d MMMM yyyy"), CultureInfo.InvariantCulture)} ({f})");
            undecided = Say($"'{header}' can be read in more than one way: {sample} is {string.Join(Say($" or "), readings)}. Ask the sender, and say it with --date-format.");
            decided.Add(formats[0]);
            toConfirm.Add(Say($"dateFormats: {undecided}"));
        }

        return (decided.Count == 0 ? Source.Canonical.DateFormats : [.. decided.Distinct()], undecided);
    }

    private static JsonObject Values(Source known, IReadOnlyList<ColumnLooks> looks, Dictionary<DmsColumn, int> columns, IReadOnlyList<Match> matches, Func<DmsColumn, List<string>> questionsOf)
    {
        var all = new JsonObject();
        foreach (var (column, at) in columns.OrderBy(c => c.Key))
        {
            var name = Intake.Columns[(int)column];
            var table = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var (code, meaning) in known.Values[(int)column]?.ToDictionary() ?? [])
            {
                table[code] = meaning;
            }

            var had = table.Count;
            var reversed = matches.FirstOrDefault(m => m.Column == column)?.Reversed == true;
            var codes = looks[at].Distinct;
            if (Terms.Known.CodeColumns.Contains(column) && codes.Count is > 0 and <= MostCodes && (had > 0 || reversed || codes.Keys.Any(c => !IsCanonical(column, c))))
            {
                var guessed = new List<string>();
                foreach (var (code, count) in codes.Concat(Counterparts(column, codes.Keys)).OrderBy(c => c.Key, StringComparer.Ordinal).Where(c => !table.ContainsKey(c.Key)))
                {
                    var meaning = IsCanonical(column, code) ? code : Terms.Known.Meaning(column, code);
                    meaning = reversed && meaning is not null && !SpeakForThemselves.Contains(code) ? (meaning == "Y" ? "N" : "Y") : meaning;
                    var seen = SourceCheckText.Masked(code, personal: false);
                    if (meaning is null)
                    {
                        questionsOf(column).Add(Say($"values.{name}: what does '{seen}' mean ({count} value(s))? It is not in the table, so its rows are rejected."));
                        continue;
                    }

                    table[code] = meaning;
                    if (meaning != code)
                    {
                        guessed.Add(Say(count == 0 ? (Phrase)$"'{seen}' is {meaning} (not seen yet)" : $"'{seen}' is {meaning}"));
                    }
                }

                if (guessed.Count > 0)
                {
                    questionsOf(column).Add(Say($"values.{name}: {Listed(guessed)}."));
                }
            }

            if (table.Count > 0)
            {
                all[name] = new JsonObject(table.Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value)));
            }
        }

        return all;
    }

    /// <summary>The other answer to a question of yes and no: a sample may have only one of them.</summary>
    private static IEnumerable<KeyValuePair<string, int>> Counterparts(DmsColumn column, IEnumerable<string> codes)
    {
        var seen = codes.ToHashSet(StringComparer.Ordinal);
        return Mapping.IsConsent(column)
            ? YesAndNo.Where(pair => seen.Contains(pair.Yes) != seen.Contains(pair.No)).Select(pair => KeyValuePair.Create(seen.Contains(pair.Yes) ? pair.No : pair.Yes, 0))
            : [];
    }

    /// <summary>Whether the intake takes a code without a table.</summary>
    public static bool IsCanonical(DmsColumn column, string code) => column switch
    {
        DmsColumn.RecordType => SurveyKinds.FromRecordType(code) is not null,
        DmsColumn.Status => code is "active" or "cancelled",
        DmsColumn.CustomerType => Intake.CustomerTypes.Contains(code),
        DmsColumn.PaymentType => Intake.PaymentTypes.Contains(code),
        DmsColumn.EmailOptOut or DmsColumn.PhoneOptOut => code is "Y" or "N",
        DmsColumn.Country => code.Length == 2 && code.All(char.IsAsciiLetter),
        DmsColumn.Language => LanguageTag().IsMatch(code),
        _ => true,
    };

    [GeneratedRegex(@"\d{4,}([-_.]?\d+)*", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex("[A-Za-z]+", RegexOptions.CultureInvariant)]
    private static partial Regex NamePart();

    [GeneratedRegex("^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$", RegexOptions.CultureInvariant)]
    private static partial Regex LanguageTag();
}
