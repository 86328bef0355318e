using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Tables for analysts (contracts.md, <i>Exports</i>); each is streamed from the store.</summary>
internal sealed class Export(PipelineConfig config, Database database, Vault vault)
{
    /// <summary>The tables.</summary>
    public static IReadOnlyList<string> Names { get; } = ["cases", "screening", "responses", "outcomes", "codebook"];

    /// <summary>Writes a table as CSV.</summary>
    public void Write(string name, Stream stream)
    {
        using var csv = new CsvOutput(stream);
        switch (name)
        {
            case "cases":
                Cases(csv);
                break;
            case "screening":
                Screening(csv);
                break;
            case "responses":
                Responses(csv);
                break;
            case "outcomes":
                Outcomes(csv);
                break;
            case "codebook":
                Codebook(csv);
                break;
            default:
                throw new UsageException($"There is no table '{name}'. Known: {string.Join(", ", Names)}.");
        }
    }

    private void Cases(CsvOutput csv)
    {
        csv.Row(
            "case_id", "market", "survey", "dealer_code", "transaction_id", "vin", "event_date", "state", "close_reason",
            "invited_on", "reminded_on", "phone_on", "phone_reason", "completed_on", "response_mode");
        database["export.cases"].Each(r =>
        {
            var row = CaseRow.Read(r);
            var c = row.Case;
            csv.Row(
                row.CaseId, row.Market, row.Survey.Code(), r.GetString(15), r.GetString(16), r.GetString(17), Day(row.EventDate),
                c.State.Code(), c.CloseReason, Day(c.InvitedOn), Day(c.RemindedOn), Day(c.PhoneOn), c.PhoneReason,
                Day(c.CompletedOn), c.ResponseMode);
        });
    }

    private void Screening(CsvOutput csv)
    {
        csv.Row("market", "survey", "dealer_code", "transaction_id", "event_date", "outcome", "reason", "screened_on");
        database["export.screening"].Each(r => csv.Row(
            r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), Day(r.Day(4)),
            r.IsDBNull(5) ? "eligible" : "screened_out", r.TextOrNull(5), Day(r.Day(6))));
    }

    private void Responses(CsvOutput csv)
    {
        var questions = config.Questionnaires.QuestionIds;
        csv.Row([
            "case_id", "market", "survey", "dealer_code", "event_date", "mode", "completed_at", "language", "late", .. questions]);
        var columns = new Dictionary<long, int[]>();
        database["responses.questions"].Each(r =>
        {
            if (!columns.TryGetValue(r.GetInt64(0), out var of))
            {
                columns.Add(r.GetInt64(0), of = []);
            }

            columns[r.GetInt64(0)] = [.. of, questions.ToList().IndexOf(r.GetString(2))];
        });
        var cells = new string?[questions.Count];
        database["export.responses"].Each(r =>
        {
            var market = r.GetString(1);
            Array.Clear(cells);
            var at = 0;
            var columnOf = columns[r.GetInt64(10)];
            var reader = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(r.GetString(11)));
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                cells[columnOf[at++]] = reader.TokenType == JsonTokenType.Null ? null : reader.TokenType == JsonTokenType.String ? reader.GetString() : reader.GetInt32().ToString(CultureInfo.InvariantCulture);
            }

            if (r.Bytes(12) is { Length: > 0 } words)
            {
                using var texts = JsonDocument.Parse(vault.Unseal(words));
                foreach (var text in texts.RootElement.EnumerateObject())
                {
                    cells[questions.ToList().IndexOf(text.Name)] = text.Value.GetString();
                }
            }

            csv.Cell(CaseId.Format(market, r.GetInt64(0)));
            csv.Cell(market);
            csv.Cell(r.GetString(2));
            csv.Cell(r.GetString(3));
            csv.Cell(Day(r.Day(4)));
            csv.Cell(r.GetString(5));
            csv.Cell(Local(market, r.Instant(6)));
            csv.Cell(config.Programme.MarketOf(market) is { } m ? config.Templates.LanguageFor(r.GetString(8), m.Languages) : r.GetString(8));
            csv.Cell(r.GetInt32(9) != 0 ? "Y" : "N");
            foreach (var cell in cells)
            {
                csv.Cell(cell);
            }

            csv.EndRow();
        });
    }

    /// <summary>Counts and rates; sub-totals have empty cells from the right: per dealer, survey, market, and over all.</summary>
    private void Outcomes(CsvOutput csv)
    {
        csv.Row(
            "market", "survey", "dealer_code", "month", "i", "p", "r", "nc", "o", "uh", "uo", "not_eligible", "e",
            "rr1", "rr2", "rr3", "rr4", "rr5", "rr6", "coop1", "coop2", "coop3", "coop4", "ref1", "ref2", "ref3",
            "con1", "con2", "con3", "trade_rate");
        var groups = new SortedDictionary<string[], OutcomeRates>(new FromTheLeft());
        database["export.outcomes"].Each(r =>
        {
            var row = CaseRow.Read(r);
            var calls = (IReadOnlyList<string>)(r.TextOrNull(16)?.Split('|') ?? []);
            if (FinalDisposition.Of(row.Case, r.GetInt64(17) > 0, calls) is not { } disposition)
            {
                return;
            }

            string[] key = [row.Market, row.Survey.Code(), r.GetString(15), row.EventDate.ToString("yyyy-MM", CultureInfo.InvariantCulture)];
            for (var filled = key.Length; filled >= 0; filled--)
            {
                var group = Array.ConvertAll(key, k => k);
                Array.Fill(group, "", filled, key.Length - filled);
                if (!groups.TryGetValue(group, out var rates))
                {
                    groups.Add(group, rates = new OutcomeRates());
                }

                rates.Add(disposition, row.Case);
            }
        });
        foreach (var (key, rates) in groups)
        {
            WriteRates(csv, key, rates);
        }
    }

    private static void WriteRates(CsvOutput csv, string[] key, OutcomeRates rates)
    {
        foreach (var cell in key)
        {
            csv.Cell(cell);
        }

        foreach (var bucket in Enum.GetValues<OutcomeBucket>())
        {
            csv.Cell(rates[bucket].ToString(CultureInfo.InvariantCulture));
        }

        csv.Cell(Rate(rates.EligibleShare));
        Enumerable.Range(1, 6).ToList().ForEach(n => csv.Cell(Rate(rates.ResponseRate(n))));
        Enumerable.Range(1, 4).ToList().ForEach(n => csv.Cell(Rate(rates.CooperationRate(n))));
        Enumerable.Range(1, 3).ToList().ForEach(n => csv.Cell(Rate(rates.RefusalRate(n))));
        Enumerable.Range(1, 3).ToList().ForEach(n => csv.Cell(Rate(rates.ContactRate(n))));
        csv.Cell(Rate(rates.TradeRate));
        csv.EndRow();
    }

    private void Codebook(CsvOutput csv)
    {
        var languages = config.Questionnaires.Newest(SurveyKind.Sales).Title.Keys.Order(StringComparer.Ordinal).ToList();
        csv.Row(["question", "survey", .. languages.Select(l => $"wording_{l}"), "scale", "codes", "section"]);
        foreach (var questionnaire in config.Questionnaires.All)
        {
            foreach (var question in questionnaire.Questions)
            {
                csv.Cell(question.Id);
                csv.Cell(questionnaire.Id);
                languages.ForEach(l => csv.Cell(question.Text.GetValueOrDefault(l)));
                csv.Cell(question.Scale.Id is "satisfaction" or "yes_no" or "likelihood" or "text"
                    ? question.Scale.Id
                    : question.Scale.Kind == ScaleKind.Choices ? "choices" : "choice");
                csv.Cell(string.Join('|', question.Scale.Codes.Select(c => $"{c.Code}={c.Label.GetValueOrDefault("en")}")));
                csv.Cell(question.Section);
                csv.EndRow();
            }
        }
    }

    private string Local(string market, DateTimeOffset instant) => Instants.Text(
        config.Programme.MarketOf(market) is { } m ? TimeZoneInfo.ConvertTime(instant, Instants.Zone(m)) : instant);

    private static string? Day(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string? Rate(double? rate) => rate?.ToString("0.000000", CultureInfo.InvariantCulture);

    /// <summary>Cell by cell. An empty one comes behind every filled one: a sub-total stands below what it sums up.</summary>
    private sealed class FromTheLeft : IComparer<string[]>
    {
        public int Compare(string[]? x, string[]? y)
        {
            var order = 0;
            for (var i = 0; order == 0 && i < x!.Length; i++)
            {
                order = Compare(x[i], y![i]);
            }

            return order;
        }

        private static int Compare(string x, string y) => (x.Length == 0, y.Length == 0) switch
        {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => -1,
            _ => string.CompareOrdinal(x, y),
        };
    }
}
