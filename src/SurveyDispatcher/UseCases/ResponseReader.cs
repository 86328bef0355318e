using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Understands rows of a file of responses: what was answered, to which questions, about which case; or the first fault.</summary>
/// <remarks>One thread uses it.</remarks>
internal sealed class ResponseReader
{
    private static readonly JsonWriterOptions AsWritten = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>RFC 5646 4.4.1: whoever keeps tags has room for 35.</summary>
    private const int LongestTag = 35;

    private static readonly SearchValues<byte> InTags = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"u8);

    private readonly CycleContext context;
    private readonly int[] required;
    private readonly int caseId, mode, status, completedAt, startedAt, minutes, language, version;
    private readonly (string Id, int Column)[] questions;
    private readonly Dictionary<Questionnaire, StoredAnswers> forms;
    private readonly Dictionary<Questionnaire, int[]> places = [];
    private readonly Dictionary<string, TimeZoneInfo> zones = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> texts = new(), canonical = new();
    private readonly SipHash contents;
    private string?[] codes = [], words = [];

    public ResponseReader(CycleContext context, CsvInput input, IEnumerable<StoredAnswers> forms)
    {
        this.context = context;
        contents = context.Vault.HashesFor("responses"u8);
        required = [.. Required.Select(input.IndexOf)];
        (caseId, mode, status, completedAt) = (required[0], required[1], required[2], required[3]);
        (startedAt, minutes, language, version) =
            (input.IndexOf("started_at"), input.IndexOf("minutes"), input.IndexOf("language"), input.IndexOf("questionnaire_version"));
        questions = [.. context.Config.Questionnaires.QuestionIds.Select(id => (id, input.IndexOf(id))).Where(q => q.Item2 >= 0)];
        this.forms = forms.ToDictionary(f => f.Questionnaire);
        foreach (var questionnaire in this.forms.Keys)
        {
            places.Add(questionnaire, [.. questions.Select(q => questionnaire.PlaceOf(q.Id))]);
        }
    }

    /// <summary>The columns without which a file is refused.</summary>
    public static IReadOnlyList<string> Required { get; } = ["case_id", "mode", "status", "completed_at"];

    /// <summary>Columns that may stand beside them.</summary>
    public static IReadOnlyList<string> Optional { get; } = ["started_at", "minutes", "language", "questionnaire_version"];

    /// <summary>Columns that nobody reads: a mistyped question looks like that, too.</summary>
    public static List<string> IgnoredColumns(CsvInput input, Questionnaires questionnaires) =>
        [.. input.Headers.Where(h => h.Length > 0).Except(Required.Concat(Optional).Concat(questionnaires.QuestionIds), StringComparer.OrdinalIgnoreCase)];

    /// <summary>Understands a page, with what a connection of this thread says of its cases.</summary>
    public ResponsePage Understand(ResponseCells cells, Database store)
    {
        var wanted = Enumerable.Range(0, cells.Count).Select(row => cells[row].Case).Where(n => n > 0).Distinct().ToArray();
        var cases = new Dictionary<long, CaseRow>(wanted.Length);
        store["cases.find_many"].Each(
            r =>
            {
                var found = CaseRow.Read(r);
                cases.Add(found.Id, found);
            },
            SqlValues.Set(wanted));
        var known = KnownResponses.Of(store, wanted);
        var page = new ResponsePage();
        for (var row = 0; row < cells.Count; row++)
        {
            var result = cells[row].IsMalformed ? RowResult.Rejected("malformed_row", "", "")
                : Understand(cells, row, cases.GetValueOrDefault(cells[row].Case), known.GetValueOrDefault(cells[row].Case), page.Answered);
            if (result.Outcome == RowOutcome.Rejected)
            {
                page.Faults.Add((cells[row].Line, result, cells.Raw(row)));
            }
        }

        return page;
    }

    private RowResult Understand(ResponseCells cells, int row, CaseRow? found, KnownResponses? known, List<Answered> understood)
    {
        for (var i = 0; i < required.Length; i++)
        {
            if (cells.IsBlank(row, required[i]))
            {
                return RowResult.Rejected("missing_value", Required[i], "");
            }
        }

        var name = cells.Text(row, caseId);
        if (found is null || !CaseId.TryParse(name, out var market, out _) || found.Market != market)
        {
            return RowResult.Rejected("unknown_case", "case_id", name);
        }

        if (found.Case.CloseReason == CloseReasons.Erased)
        {
            return RowResult.OfErased("case_id", name);
        }

        if (ModeOf(cells.Cell(row, mode)) is not { } how)
        {
            return RowResult.Rejected("bad_code", "mode", cells.Text(row, mode));
        }

        if (ResponseStatuses.All.FirstOrDefault(s => Is(cells.Cell(row, status), s)) is not { } outcome)
        {
            return RowResult.Rejected("bad_code", "status", cells.Text(row, status));
        }

        if (Instants.Parse(cells.Text(row, completedAt)) is not { } at)
        {
            return RowResult.Rejected("bad_date", "completed_at", cells.Text(row, completedAt));
        }

        var completedOn = LocalDate(at, market);
        if (Asked(cells, row, found.Survey, completedOn) is not { } questionnaire)
        {
            return RowResult.Rejected("bad_code", "questionnaire_version", cells.Text(row, version));
        }

        if (ReadAnswers(cells, row, questionnaire) is { } fault)
        {
            return fault;
        }

        var (seconds, oddDuration) = Duration(cells, row, at);
        var answered = codes.AsSpan(0, questionnaire.Questions.Count);

        // Whoever says that another person knows more, or that the car is sold, has answered, but is not to be counted.
        var counted = outcome == ResponseStatuses.Complete && ResponseReview.ScreensOut(questionnaire, answered) ? ResponseStatuses.ScreenedOut : outcome;
        var flags = ResponseReview.OfAnswers(questionnaire, answered, counted, seconds) | (oddDuration ? ResponseFlags.BadDuration : 0);
        var form = forms[questionnaire];
        understood.Add(new Answered(
            cells[row].Line, found, known, form, how, counted, at, completedOn, Language(cells, row), seconds, flags,
            form.Write(answered), SealTexts(form), HashOf(form, how, counted, at)));
        return RowResult.New;
    }

    private static string? ModeOf(ReadOnlySpan<byte> text) => Is(text, "web") ? "web" : Is(text, "phone") ? "phone" : null;

    private static bool Is(ReadOnlySpan<byte> text, string code) => Ascii.Equals(text, code);

    /// <summary>A language tag; whatever else stands there says nothing.</summary>
    private string Language(ResponseCells cells, int row) =>
        cells.Cell(row, language) is { Length: > 0 and <= LongestTag } tag && !tag.ContainsAnyExcept(InTags) ? Encoding.ASCII.GetString(tag) : "";

    private Questionnaire? Asked(ResponseCells cells, int row, SurveyKind survey, DateOnly completedOn)
    {
        var named = cells.Text(row, version);
        return named.Length == 0 ? context.Config.Questionnaires.InForce(survey, completedOn)
            : int.TryParse(named, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? context.Config.Questionnaires.Find(survey, number)
            : null;
    }

    /// <summary>Reads codes and words by the place of their question; the fault of the first answer that can't be.</summary>
    private RowResult? ReadAnswers(ResponseCells cells, int row, Questionnaire questionnaire)
    {
        var count = questionnaire.Questions.Count;
        if (codes.Length < count)
        {
            (codes, words) = (new string?[count], new string?[count]);
        }

        Array.Clear(codes, 0, count);
        Array.Clear(words, 0, count);
        var placeOf = places[questionnaire];
        for (var i = 0; i < questions.Length; i++)
        {
            var answer = cells.Cell(row, questions[i].Column);
            if (answer.IsEmpty)
            {
                continue;
            }

            var place = placeOf[i];
            var scale = place < 0 ? null : questionnaire.Questions[place].Scale;
            if (scale?.Read(answer) is { } code)
            {
                codes[place] = code;
                continue;
            }

            // Rarely: words, white space that is not ASCII's, or what can't be.
            var text = cells.Text(row, questions[i].Column);
            if (text.Length == 0)
            {
                continue;
            }

            if (scale is null || !scale.Admits(text))
            {
                return RowResult.Rejected("bad_answer", questions[i].Id, text);
            }

            (scale.Kind == ScaleKind.Text ? words : codes)[place] = text;
        }

        return null;
    }

    /// <summary>From its start, or as the file says it; none when that can't be.</summary>
    private (int? Seconds, bool IsOdd) Duration(ResponseCells cells, int row, DateTimeOffset at)
    {
        double? seconds;
        if (cells.Text(row, startedAt) is { Length: > 0 } start)
        {
            seconds = Instants.Parse(start) is { } began ? (at - began).TotalSeconds : null;
        }
        else if (cells.Text(row, minutes) is { Length: > 0 } told)
        {
            seconds = double.TryParse(told, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? 60 * number : null;
        }
        else
        {
            return (null, false);
        }

        return seconds is >= 0 and <= ResponseReview.MostSeconds ? ((int)seconds, false) : (null, true);
    }

    private byte[] SealTexts(StoredAnswers form)
    {
        var any = false;
        for (var place = 0; place < form.Questionnaire.Questions.Count; place++)
        {
            any |= words[place] is not null;
        }

        if (!any)
        {
            return [];
        }

        texts.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(texts, AsWritten))
        {
            json.WriteStartObject();
            for (var place = 0; place < form.Questionnaire.Questions.Count; place++)
            {
                if (words[place] is { } text)
                {
                    json.WriteString(form.Questionnaire.Questions[place].Id, text);
                }
            }

            json.WriteEndObject();
        }

        return context.Vault.Seal(texts.WrittenSpan);
    }

    /// <summary>Equal for responses that say the same, in whatever order their columns stand.</summary>
    private long HashOf(StoredAnswers form, string how, string outcome, DateTimeOffset at)
    {
        canonical.ResetWrittenCount();
        Put(how);
        Put(outcome);
        BinaryPrimitives.WriteInt64BigEndian(canonical.GetSpan(8), at.ToUnixTimeSeconds());
        canonical.Advance(8);
        foreach (var place in form.ByName)
        {
            if ((codes[place] ?? words[place]) is { } answer)
            {
                Put(form.Questionnaire.Questions[place].Id);
                Put(answer);
            }
        }

        return unchecked((long)contents.Of(canonical.WrittenSpan));
    }

    private void Put(string text)
    {
        var length = Encoding.UTF8.GetBytes(text, canonical.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length) + 1));
        canonical.GetSpan(length + 1)[length] = 0x1f;
        canonical.Advance(length + 1);
    }

    private DateOnly LocalDate(DateTimeOffset at, string market)
    {
        if (!zones.TryGetValue(market, out var zone))
        {
            zones.Add(market, zone = context.Config.Programme.MarketOf(market) is { } m ? Instants.Zone(m) : TimeZoneInfo.Utc);
        }

        return DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime);
    }
}
