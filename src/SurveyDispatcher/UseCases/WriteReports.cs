using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Reports;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>What is to be reported.</summary>
/// <param name="Market">One market; null: every one of which something came.</param>
/// <param name="Dealer">One dealer of the market; null: the market.</param>
/// <param name="EachDealer">Each dealer's own report beside the market's.</param>
/// <param name="Period">The months of the events; null: that of the last cycle and the two before it.</param>
/// <param name="Language">Of the page: en or zh-CN.</param>
public sealed record ReportRequest(string? Market, string? Dealer, bool EachDealer, Period? Period, string Language);

/// <summary>What was written.</summary>
public sealed record WrittenReports(string Folder, IReadOnlyList<string> Files)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>The pages, and that there are tables beside them.</summary>
    public string ToText()
    {
        var pages = Files.Where(f => f.EndsWith(".html", StringComparison.Ordinal)).ToList();
        return string.Join(Environment.NewLine, pages.Select(p => Path.Combine(Folder, p)).Append(Say($"{pages.Count} report(s), and the figures of each as CSV beside it.")));
    }
}

/// <summary>Writes a market's or a dealer's figures as one page to read, and as tables (<c>report</c>; docs/reports.md).</summary>
internal sealed class WriteReports(PipelineConfig config, Database database, Vault vault)
{
    /// <summary>Writes them into a folder.</summary>
    /// <exception cref="UsageException">There is no such market or dealer.</exception>
    /// <exception cref="OperatorException">There is nothing to report.</exception>
    public WrittenReports Write(ReportRequest request, string folder)
    {
        var asOf = database["cycles.last"].First(r => r.GetString(1)) is { } text ? AsOf.Parse(text)
            : throw new OperatorException($"There is nothing to report: no cycle has run yet on this store.");
        var period = request.Period ?? Period.Rolling(asOf.Day);
        var files = new List<string>();
        Directory.CreateDirectory(folder);
        foreach (var figures in new FiguresReader(config, period, asOf, database, vault).Read(Markets(request.Market)))
        {
            if (request.Dealer is { } code)
            {
                if (!figures.Dealers.Any(d => d.Code == code))
                {
                    throw new UsageException($"The dealer '{PlainText.Shown(code)}' has nothing in {figures.Market.Code} in {period}. Known there: {Some(figures.Dealers)}.");
                }

                Write(figures.OfDealer(code), request.Language, folder, files);
                continue;
            }

            Write(figures.OfMarket(), request.Language, folder, files);
            foreach (var dealer in request.EachDealer ? figures.Dealers : [])
            {
                Write(figures.OfDealer(dealer.Code), request.Language, folder, files);
            }
        }

        return new WrittenReports(folder, files);
    }

    private List<Market> Markets(string? wanted)
    {
        if (wanted is not null)
        {
            return [config.Programme.MarketOf(wanted)
                ?? throw new UsageException($"There is no market '{PlainText.Shown(wanted)}'. Known: {Listed(config.Programme.Markets.Keys.Order(StringComparer.Ordinal))}.")];
        }

        var found = database["report.markets"].List(r => r.GetString(0)).ConvertAll(config.Programme.MarketOf).OfType<Market>().ToList();
        return found.Count > 0 ? found : throw new OperatorException($"There is nothing to report: no market has a case or a row yet.");
    }

    private static void Write(Report report, string language, string folder, List<string> files)
    {
        var stem = $"report_{report.Market}{(report.Dealer is { } dealer ? $"_{InFileName(dealer.Code)}" : "")}_{report.Period.ToString().Replace("..", "_", StringComparison.Ordinal)}";
        WriteFile($"{stem}{(language == "en" ? "" : $"_{language}")}.html", stream => HtmlReport.Write(report, language, stream));
        foreach (var table in CsvReport.Tables(report))
        {
            WriteFile($"{stem}_{table.Name}.csv", stream =>
            {
                using var csv = new CsvOutput(stream);
                csv.Row([.. table.Columns.Select(c => c.Name)]);
                foreach (var row in table.Rows)
                {
                    for (var i = 0; i < row.Length; i++)
                    {
                        if (table.Columns[i].IsNumber)
                        {
                            csv.Number(row[i]);
                        }
                        else
                        {
                            csv.Cell(row[i]);
                        }
                    }

                    csv.EndRow();
                }
            });
        }

        void WriteFile(string name, Action<Stream> write)
        {
            DurableFile.Write(Path.Combine(folder, name), write);
            files.Add(name);
        }
    }

    /// <summary>A dealer's code is his text: letters, digits and hyphens stay, all else is written as its hexadecimal numbers.</summary>
    private static string InFileName(string code)
    {
        var name = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(code))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b == '-')
            {
                name.Append((char)b);
            }
            else
            {
                name.Append('=').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        return name.Length <= 100 ? name.ToString() : $"{name.ToString(0, 80)}={Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(code)))[..16]}";
    }

    private static Phrase Some(IEnumerable<DealerName> dealers)
    {
        var codes = dealers.Select(d => PlainText.Shown(d.Code)).ToList();
        return codes.Count == 0 ? $"none" : codes.Count > 10 ? (Phrase)$"{Listed(codes.Take(10))} and {codes.Count - 10} more" : $"{Listed(codes)}";
    }
}
