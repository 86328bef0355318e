using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;
using SurveyDispatcher.UseCases;

namespace Fuzz;

/// <summary>Responses, dispositions, acknowledgements, opt-outs and dealers, taken into a store with cases and rolled back.</summary>
internal sealed class RowsTarget : ITarget, IDisposable
{
    private static readonly string[] Kinds = ["responses", "responses", "dispositions", "dispositions", "acknowledgements", "optouts", "optouts", "dealers"];
    private static readonly string[] Reasons = ["missing_value", "bad_date", "bad_code", "bad_number", "bad_value", "bad_answer", "unknown_case", "unknown_list", "wrong_sequence", "wrong_rows", "wrong_hash", "refused"];
    private readonly Workshop workshop;
    private readonly Database database;
    private readonly Vault vault;
    private readonly CycleContext context;
    private readonly Dictionary<string, (Table Table, byte[] Bytes, IRowTaker? Taker)> kinds;

    public RowsTarget(Workshop workshop)
    {
        this.workshop = workshop;
        var folder = workshop.Copy("rows");
        database = new Store(folder, workshop.Config.Settings.Store).Open();
        vault = Cycle.OpenVault(folder, workshop.Config.Settings, storeExists: true, write: false);
        context = workshop.Context(folder, database, vault);
        kinds = new()
        {
            ["responses"] = Sample("responses", null),
            ["dispositions"] = Sample("dispositions", new TakeDispositions(context)),
            ["acknowledgements"] = Sample("acknowledgements", new TakeAcknowledgements(context)),
            ["optouts"] = Sample("optouts", new TakeOptOuts(context)),
            ["dealers"] = Sample("dealers", new TakeDealers(context)),
        };
    }

    public string Name => "rows";

    public byte[] Make(Dice dice) => Make(dice, dice.Of(Kinds));

    /// <summary>An input of a kind.</summary>
    public byte[] Make(Dice dice, string kind)
    {
        var (table, bytes, _) = kinds[kind];
        if (dice.OneIn(5))
        {
            return Mutator.Bytes(dice, bytes, kinds[dice.Of(Kinds)].Bytes);
        }

        // The samples name cases by place holders; real ones get further.
        var named = table with { Rows = [.. table.Rows.Select(r => (IReadOnlyList<string>)[.. r.Select(c => c.StartsWith("CASE-ID", StringComparison.Ordinal) ? dice.Of(workshop.CaseIds) : c)])] };
        var made = Mutator.Table(dice, named, Encoding.UTF8);
        return dice.OneIn(3) ? Mutator.Bytes(dice, made, bytes) : made;
    }

    public void Try(byte[] bytes, Dice dice)
    {
        var taker = kinds[dice.Of(Kinds)].Taker;
        File.WriteAllBytes(workshop.Input, bytes);
        CsvInput input;
        try
        {
            input = CsvInput.Open(workshop.Input, Source.Canonical.Encoding, ',', taker?.Required ?? ResponseReader.Required);
        }
        catch (FileRefusedException)
        {
            return;
        }

        try
        {
            database.InTransaction(() =>
            {
                if (taker is null)
                {
                    TakeResponses(input, bytes);
                }
                else
                {
                    taker.Begin(input);
                    Read(input, bytes, row => Judge(taker.Take(row, 1)));
                }

                throw new TakenBack();
            });
        }
        catch (TakenBack)
        {
            context.Problems.Clear();
        }
    }

    private void TakeResponses(CsvInput input, byte[] bytes)
    {
        var taker = new TakeResponses(context);
        var reader = new ResponseReader(context, input, taker.Begin());
        var cells = new ResponseCells(input.Headers.Count);
        Read(input, bytes, row => cells.Add(row, CaseId.TryParse(row.Cell(input.IndexOf("case_id")), out _, out var number) ? number : 0));
        var page = reader.Understand(cells, database);
        page.Faults.ForEach(fault => Judge(fault.Result));
        taker.Store(page.Answered, 1, (_, result) => Judge(result));
    }

    private static void Read(CsvInput input, byte[] bytes, Action<CsvRow> take) => CsvJudge.Read(input, bytes, Source.Canonical.Encoding, ',', row =>
    {
        if (!row.IsMalformed)
        {
            take(row);
        }
    });

    private static void Judge(RowResult result) => Finding.Unless(
        result.Outcome is RowOutcome.New or RowOutcome.Unchanged || (result.Outcome == RowOutcome.Rejected && Reasons.Contains(result.Reason)),
        $"the outcome {result.Outcome} {result.Reason}");

    public void Dispose()
    {
        database.Dispose();
        vault.Dispose();
    }

    private static (Table, byte[], IRowTaker?) Sample(string kind, IRowTaker? taker)
    {
        var path = Samples.Of(kind)[0];
        return (Samples.Read(path, Source.Canonical), File.ReadAllBytes(path), taker);
    }

    /// <summary>Ends a transaction of which nothing shall stay.</summary>
    private sealed class TakenBack : Exception;
}
