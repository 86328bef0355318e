using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases.Simulations;

/// <summary>How a transaction is called, by people and by its dealer.</summary>
internal sealed record TransactionName(string Dealer, string Transaction, bool HasCase)
{
    public const int PageRows = 2_000;

    /// <summary>The names of transactions, by their numbers.</summary>
    public static Dictionary<long, TransactionName> Of(Database database, IEnumerable<long> ids)
    {
        var names = new Dictionary<long, TransactionName>();
        foreach (var page in ids.Chunk(PageRows))
        {
            database["simulate.keys"].Each(
                r => names[r.GetInt64(0)] = new TransactionName(r.GetString(1), r.GetString(2), r.GetInt64(3) != 0), SqlValues.Set(page));
        }

        return names;
    }
}

/// <summary>The cases that a draft changes, as CSV: case ids and dealers' numbers, and nothing that says who anybody is.</summary>
internal static class ChangeList
{
    public static void Write(Stream stream, Simulated simulated, Database? database)
    {
        using var csv = new CsvOutput(stream);
        csv.Row("change", "market", "survey", "case_id", "dealer_code", "transaction_id", "current_first_contact", "draft_first_contact");
        foreach (var page in simulated.Changes.Chunk(TransactionName.PageRows))
        {
            var names = database is null ? [] : TransactionName.Of(database, page.Select(c => c.Id));
            foreach (var change in page)
            {
                var name = names.GetValueOrDefault(change.Id) ?? simulated.NewNames.GetValueOrDefault(change.Id);
                csv.Row(
                    change.Change.Code(), change.Market, change.Survey.Code(), name is { HasCase: true } ? CaseId.Format(change.Market, change.Id) : "",
                    PlainText.OneLine(name?.Dealer ?? ""), PlainText.OneLine(name?.Transaction ?? ""), Day(change.Current), Day(change.Draft));
            }
        }
    }

    private static string Day(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";
}
