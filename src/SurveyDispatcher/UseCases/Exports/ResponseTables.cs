using System.Globalization;
using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Storage;
using static SurveyDispatcher.UseCases.Exported;

namespace SurveyDispatcher.UseCases;

/// <summary>Tables of what customers answered.</summary>
internal sealed class ResponseTables
{
    /// <summary>Where customers correct their address or number: contact data, whatever question it answers.</summary>
    internal const string ContactQuestion = "contact_update";

    private readonly PipelineConfig config;
    private readonly Database database;
    private readonly Vault vault;
    private readonly bool withContact;
    private readonly MarketCells markets;
    private readonly SipHash respondents;
    private readonly AnswerCells answers = new();
    private readonly FreeTexts texts;
    private readonly List<string> questions;
    private readonly Dictionary<long, StoredForm> forms = [];

    public ResponseTables(PipelineConfig config, Database database, Vault vault, bool withContact)
    {
        (this.config, this.database, this.vault, this.withContact) = (config, database, vault, withContact);
        markets = new MarketCells(config);
        respondents = vault.HashesFor("respondents"u8);
        questions = [.. config.Questionnaires.QuestionIds];
        var stored = StoredAnswers.QuestionsIn(database);
        questions.AddRange(stored.Values.SelectMany(of => of).Select(q => q.Id).Except(questions, StringComparer.Ordinal)); // answered once, and no longer configured: nobody's answer is left out
        foreach (var (id, of) in stored)
        {
            forms.Add(id, new StoredForm([.. of.Select(q => Encoding.UTF8.GetBytes(q.Id))], PlacesOf(of)));
        }

        texts = new FreeTexts(vault, [.. stored.Values.SelectMany(f => f).Where(q => q.IsText).Select(q => q.Id).Distinct(StringComparer.Ordinal)], questions, withContact);
    }

    /// <summary>The contract's table: one row a counted response, one column a question.</summary>
    public ExportTable Responses => new(
        "responses",
        "One row for every response that counts, the first complete one of its case; one column for every question",
        [
            CaseTables.CaseIdColumn, CaseTables.MarketColumn, CaseTables.SurveyColumn, CaseTables.DealerColumn, CaseTables.EventColumn, CaseTables.ModeColumn,
            CompletedColumn, LanguageColumn, LateColumn, .. questions.Select(QuestionColumn),
        ],
        output => RowPipe.Run(database["export.responses"], (page, row) =>
        {
            var market = page.Text(row, 1);
            MarketCells.CaseId(output, market, page.Number(row, 0));
            output.Text(market);
            output.Text(page.Text(row, 2));
            output.Text(page.Text(row, 3));
            output.Text(page.Text(row, 4));
            output.Text(page.Text(row, 5));
            markets.Local(output, market, page.Instant(row, 6));
            markets.Language(output, market, page.Text(row, 7), page.Text(row, 8));
            output.YesNo(page.Number(row, 9) != 0);
            answers.Read(page.Text(row, 11));
            texts.Read(page.Text(row, 12));
            var placeOf = forms[page.Number(row, 10)].PlaceOfColumn;
            for (var column = 0; column < placeOf.Length; column++)
            {
                var place = placeOf[column];
                if (place >= 0 && place < answers.Count && answers.IsNumber(place))
                {
                    output.Integer(answers[place]);
                }
                else
                {
                    output.Text(place >= 0 && place < answers.Count && answers[place] is { IsEmpty: false } code ? code : texts.Of(column));
                }
            }

            output.EndRow();
        }));

    /// <summary>Every response that is kept, with all that is known of how it came about.</summary>
    public ExportTable Interviews => new(
        "interviews",
        "One row for every response that is kept, counted or not: who, how, when, how long, what is odd about it",
        [
            Integer("response_id", "The response: a running number"),
            CaseTables.CaseIdColumn,
            Text("respondent", "A pseudonym: the same for all cases that a dealer has under one customer number, else one of its own for the case"),
            CaseTables.MarketColumn, CaseTables.SurveyColumn, CaseTables.DealerColumn, CaseTables.EventColumn, CaseTables.ModeColumn,
            Text(
                "status",
                "How the interview ended",
                (ResponseStatuses.Complete, "complete"), (ResponseStatuses.Partial, "partial"), (ResponseStatuses.Refused, "refused"),
                (ResponseStatuses.ScreenedOut, "the respondent is not the one to ask"), (ResponseStatuses.OptOut, "wants no survey any more")),
            CompletedColumn, LanguageColumn,
            VersionColumn, CountedColumn,
            LateColumn,
            Integer("duplicate_of", "Of a later complete response: the response_id of the first one of its case, which counts"),
            Text("flags", $"What is odd about it, joined by |; nothing was dropped for it. {string.Join("; ", Flags)}"),
            Number("minutes", "How long the interview took; empty: nobody said, or it can't be"),
            CaseTables.InvitedColumn, CaseTables.RemindedColumn, CaseTables.PhoneColumn,
            Integer("attempts", "How many calls of its case the phone vendor has reported"),
            Text("final_disposition", "The final disposition of its case; empty while the case is open"),
        ],
        output => RowPipe.Run(database["export.interviews"], (page, row) =>
        {
            const int disposition = 20;
            var market = page.Text(row, 2);
            output.Integer(page.Number(row, 0));
            MarketCells.CaseId(output, market, page.Number(row, 1));
            Respondent(output, page, row);
            output.Text(market);
            output.Text(page.Text(row, 3));
            output.Text(page.Text(row, 4));
            output.Text(page.Text(row, 6));
            output.Text(page.Text(row, 7));
            output.Text(page.Text(row, 8));
            markets.Local(output, market, page.Instant(row, 9));
            markets.Language(output, market, page.Text(row, 10), page.Text(row, 11));
            output.Integer(page.Number(row, 12));
            output.YesNo(Counts(page, row, 8, 14));
            output.YesNo(page.Number(row, 13) != 0);
            Optional(output, page.NumberOrNull(row, 14));
            output.Text(((ResponseFlags)page.Number(row, 15)).Codes());
            output.DecimalOrEmpty(page.NumberOrNull(row, 16) / 60.0, 2);
            output.Text(page.Text(row, 17));
            output.Text(page.Text(row, 18));
            output.Text(page.Text(row, 19));
            output.Integer(CaseCells.Calls(page, row, disposition).Count);
            output.Text(CaseCells.FinalDispositionOf(page, row, disposition)?.Code);
            output.EndRow();
        }));

    /// <summary>The long table.</summary>
    public ExportTable Answers => new(
        "answers",
        "One row for every answer that is a number or a code, of every response that is kept",
        [
            Integer("response_id", "The response, as in interviews"), CaseTables.CaseIdColumn, CaseTables.SurveyColumn,
            Text("question", "The question, as in codebook"),
            Text("code", "The answer; several choices joined by |"),
            Integer("value", "The answer as a number, where the question has a scale of numbers"),
            VersionColumn, CountedColumn,
        ],
        output => RowPipe.Run(database["export.answers"], (page, row) =>
        {
            var ids = forms[page.Number(row, 4)].Ids;
            answers.Read(page.Text(row, 5));
            for (var place = 0; place < answers.Count && place < ids.Length; place++)
            {
                var answer = answers[place];
                if (!answer.IsEmpty)
                {
                    output.Integer(page.Number(row, 0));
                    MarketCells.CaseId(output, page.Text(row, 2), page.Number(row, 1));
                    output.Text(page.Text(row, 3));
                    output.Text(ids[place]);
                    output.Text(answer);
                    if (answers.IsNumber(place))
                    {
                        output.Integer(answer);
                    }
                    else
                    {
                        output.Empty();
                    }

                    output.Integer(page.Number(row, 6));
                    output.YesNo(Counts(page, row, 7, 8));
                    output.EndRow();
                }
            }
        }));

    /// <summary>Free text apart.</summary>
    public ExportTable Texts => new(
        "texts",
        "One row for every answer in the customer's own words, of every response that is kept",
        [
            Integer("response_id", "The response, as in interviews"), CaseTables.CaseIdColumn, CaseTables.SurveyColumn,
            Text("question", "The question, as in codebook"),
            Text("text", "What the customer wrote or said; it may name people") with { IsFreeText = true },
            VersionColumn, CountedColumn,
        ],
        output => RowPipe.Run(database["export.texts"], (page, row) =>
        {
            texts.Read(page.Text(row, 4));
            foreach (var (question, column) in texts.Questions)
            {
                if (texts.Of(column) is { IsEmpty: false } text)
                {
                    output.Integer(page.Number(row, 0));
                    MarketCells.CaseId(output, page.Text(row, 2), page.Number(row, 1));
                    output.Text(page.Text(row, 3));
                    output.Text(question);
                    output.Text(text);
                    output.Integer(page.Number(row, 5));
                    output.YesNo(Counts(page, row, 6, 7));
                    output.EndRow();
                }
            }
        }));

    private static IEnumerable<string> Flags => Enum.GetValues<ResponseFlags>().Where(f => f != ResponseFlags.None).Select(flag => $"{flag.Codes()}: " + flag switch
    {
        ResponseFlags.NoOverall => "complete, but the overall satisfaction was not answered",
        ResponseFlags.NotAsked => "a question was answered that routing skips",
        ResponseFlags.BeforeInvitation => "given before the first contact, or without any on record",
        ResponseFlags.BeforeEvent => "given before the event it is about",
        ResponseFlags.InFuture => "given after the day on which it came in",
        ResponseFlags.Speeder => "complete in less time than it takes to read",
        ResponseFlags.StraightLiner => "the same answer to every question of a scale, over many questions",
        ResponseFlags.BadDuration => "its start or duration can't be: no minutes are kept",
        _ => throw new InvalidOperationException($"{flag} has no meaning in exports."),
    });

    private static ExportColumn VersionColumn { get; } = Integer("questionnaire_version", "The version of the survey's questionnaire that was answered");

    private static ExportColumn CountedColumn { get; } = YesNo("counted", "Whether the response counts: complete, and the first complete one of its case");

    private static ExportColumn CompletedColumn { get; } = Instant("completed_at", "When it was completed, by the market's clocks");

    private static ExportColumn LanguageColumn { get; } =
        Text("language", "The language (BCP 47): as the response file says, else the one in which the customer was written to");

    private static ExportColumn LateColumn { get; } = YesNo("late", "Whether it came after the case had closed");

    private static bool Counts(RowPage page, int row, int status, int duplicateOf) =>
        page.Text(row, status).SequenceEqual("complete"u8) && page.IsNull(row, duplicateOf);

    private static void Optional(ITableOutput output, long? number)
    {
        if (number is { } value)
        {
            output.Integer(value);
        }
        else
        {
            output.Empty();
        }
    }

    private int[] PlacesOf(List<(string Id, bool IsText)> of)
    {
        var places = new int[questions.Count];
        Array.Fill(places, -1);
        for (var place = 0; place < of.Count; place++)
        {
            places[questions.IndexOf(of[place].Id)] = place;
        }

        return places;
    }

    /// <summary>What any version in any survey says of a question: the newest wording of each survey that has it, every code.</summary>
    private ExportColumn QuestionColumn(string id)
    {
        var versions = config.Questionnaires.All.Select(q => q.Find(id)).OfType<Question>().ToList();
        if (versions.Count == 0)
        {
            return Text(id, "A question that the configuration no longer has") with { IsFreeText = true };
        }

        var newest = config.Questionnaires.All.Where(q => q.Find(id) is not null).GroupBy(q => q.Id, StringComparer.Ordinal).Select(g => g.Last().Find(id)!).ToList();
        var wording = newest.SelectMany(q => q.Text.Keys).Distinct(StringComparer.Ordinal).ToDictionary(
            language => language, language => string.Join(" / ", newest.Select(q => q.Text.GetValueOrDefault(language)).OfType<string>().Distinct(StringComparer.Ordinal)), StringComparer.Ordinal);
        var codes = versions.SelectMany(q => q.Scale.Codes).GroupBy(c => c.Code, StringComparer.Ordinal).Select(g => g.Last()).ToList();
        var isNumber = versions.TrueForAll(q => q.Scale.Kind == ScaleKind.Scale) && codes.TrueForAll(c => int.TryParse(c.Code, out var n) && c.Code == $"{n}");
        return new ExportColumn(id, isNumber ? ColumnType.Integer : ColumnType.Text, wording.GetValueOrDefault("en") ?? id)
        {
            Values = codes,
            Wording = wording,
            IsOrdered = newest.TrueForAll(q => q.Scale.Kind == ScaleKind.Scale),
            IsSeveral = versions.Exists(q => q.Scale.Kind == ScaleKind.Choices),
            IsFreeText = versions.Exists(q => q.Scale.Kind == ScaleKind.Text),
        };
    }

    private void Respondent(ITableOutput output, RowPage page, int row)
    {
        var customer = page.Text(row, 5);
        Span<byte> pseudonym = stackalloc byte[16];
        var hash = customer.IsEmpty
            ? respondents.Of(Encoding.UTF8.GetBytes($"case\u001f{page.Number(row, 1)}"))
            : respondents.Of([.. "customer\u001f"u8, .. page.Text(row, 2), 0x1f, .. page.Text(row, 4), 0x1f, .. customer]);
        hash.TryFormat(pseudonym, out _, "x16", CultureInfo.InvariantCulture);
        output.Text(pseudonym);
    }

    /// <summary>A version of a questionnaire as answers were stored by it.</summary>
    /// <param name="Ids">Its questions, by their place.</param>
    /// <param name="PlaceOfColumn">The place of each question of the table of responses; -1: it has no such question.</param>
    private sealed record StoredForm(byte[][] Ids, int[] PlaceOfColumn);

    /// <summary>The words of one response after the other.</summary>
    private sealed class FreeTexts
    {
        private readonly Vault vault;
        private readonly (byte[] Id, int Column)[] shown;
        private readonly (int Start, int Length)[] of;
        private byte[] plain = new byte[1 << 12], words = new byte[1 << 12];

        public FreeTexts(Vault vault, IReadOnlyList<string> ids, List<string> questions, bool withContact)
        {
            this.vault = vault;
            shown = [.. ids.Where(id => withContact || id != ContactQuestion).Select(id => (Encoding.UTF8.GetBytes(id), questions.IndexOf(id)))];
            of = new (int, int)[questions.Count];
        }

        public IReadOnlyList<(byte[] Id, int Column)> Questions => shown;

        /// <summary>The words that stand in a column of the table of responses; none in most.</summary>
        public ReadOnlySpan<byte> Of(int column) => of[column] is { Length: > 0 } text ? words.AsSpan(text.Start, text.Length) : default;

        /// <summary>Reads what is sealed: a JSON object of texts by the ids of their questions.</summary>
        public void Read(ReadOnlySpan<byte> sealedTexts)
        {
            foreach (var (_, column) in shown)
            {
                of[column] = default;
            }

            if (sealedTexts.IsEmpty)
            {
                return;
            }

            if (plain.Length < sealedTexts.Length)
            {
                (plain, words) = (new byte[2 * sealedTexts.Length], new byte[2 * sealedTexts.Length]);
            }

            var reader = new Utf8JsonReader(plain.AsSpan(0, vault.Unseal(sealedTexts, plain)));
            reader.Read();
            var used = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var column = ColumnOf(ref reader);
                reader.Read();
                if (column >= 0)
                {
                    var length = reader.CopyString(words.AsSpan(used));
                    of[column] = (used, length);
                    used += length;
                }
            }
        }

        private int ColumnOf(ref Utf8JsonReader reader)
        {
            foreach (var (id, column) in shown)
            {
                if (reader.ValueTextEquals(id))
                {
                    return column;
                }
            }

            return -1;
        }
    }
}
