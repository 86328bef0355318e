using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Storage;
using static SurveyDispatcher.UseCases.Exported;

namespace SurveyDispatcher.UseCases;

/// <summary>Tables of cases and what became of them: nothing in them is a person's name, address, number or words, unless <paramref name="withContact"/>.</summary>
internal sealed class CaseTables(PipelineConfig config, Database database, Vault vault, bool withContact)
{
    private static readonly (string, string)[] Surveys = [("sales", "purchase or lease of a new vehicle"), ("service", "workshop visit")];

    private static readonly (string, string)[] Modes = [("web", "web"), ("phone", "phone")];

    private static readonly (string, string)[] Buckets =
    [
        ("i", "I: complete"), ("p", "P: partial"), ("r", "R: refusal and break-off"), ("nc", "NC: non-contact"), ("o", "O: other, eligible"),
        ("uh", "UH: unknown if eligible, nothing known"), ("uo", "UO: unknown, other"), ("not_eligible", "not eligible: outside every rate"),
    ];

    private readonly MarketCells markets = new(config);

    public static ExportColumn CaseIdColumn { get; } = Text("case_id", "The case: market, running number, check digit");

    public static ExportColumn MarketColumn { get; } = Text("market", "The market (ISO 3166 code of the country)");

    public static ExportColumn SurveyColumn { get; } = Text("survey", "The survey", Surveys);

    public static ExportColumn DealerColumn { get; } = Text("dealer_code", "The dealer, as the market knows him");

    public static ExportColumn EventColumn { get; } = Date("event_date", "The day of hand-over (sales), or on which the vehicle was handed back (service)");

    public static ExportColumn ModeColumn { get; } = Text("mode", "How the response came", Modes);

    public static ExportColumn InvitedColumn { get; } = Date("invited_on", "The day on which the mail server accepted the invitation");

    public static ExportColumn RemindedColumn { get; } = Date("reminded_on", "The day on which the mail server accepted the reminder");

    public static ExportColumn PhoneColumn { get; } = Date("phone_on", "The day on which the case last went to the phone: queued, and, with the list, handed over");

    /// <summary>One row a case.</summary>
    public ExportTable Cases => new(
        "cases",
        "One row for every transaction that was ever eligible: where its case stands",
        [
            CaseIdColumn, MarketColumn, SurveyColumn, DealerColumn,
            Text("transaction_id", "The dealer's number of the sale or visit"),
            Text("vin", "The vehicle identification number"),
            EventColumn,
            Text(
                "state",
                "Where the case stands",
                ("waiting", "eligible, not contacted yet"), ("invited", "invited"), ("reminded", "reminded"), ("phone_queued", "to be called, not on a list yet"),
                ("with_vendor", "on a list that the phone vendor has"), ("completed", "a complete response is in"), ("closed", "ended without a complete response")),
            Text("close_reason", "Why the case is closed; empty in every other state"),
            InvitedColumn, RemindedColumn, PhoneColumn,
            Text(
                "phone_reason",
                "Why the case went to the phone, the latest time",
                (PhoneReasons.NoEmail, "no e-mail address"), (PhoneReasons.EmailUndeliverable, "mail came back"), (PhoneReasons.EmailOptOut, "wants no mail"),
                (PhoneReasons.NoResponse, "no response to mail"), (PhoneReasons.OtherNumber, "another number, after one that reaches nobody")),
            Date("completed_on", "The day of the complete response, in the market"),
            Text("response_mode", "How the complete response came", Modes),
            Number("weight", "The design weight: 1 divided by the rate at which the case was sampled; 1 where all were taken"),
            .. withContact
                ? new[]
                {
                    Text("customer_name", "The customer's name"), Text("email", "The customer's e-mail address"), Text("phone_1", "The customer's first number"),
                    Text("phone_2", "The customer's second number"), Text("staff_name", "Who served the customer"),
                }
                : [],
        ],
        output => RowPipe.Run(database["export.cases"], (page, row) =>
        {
            const int contact = 15;
            MarketCells.CaseId(output, page.Text(row, 1), page.Number(row, 0));
            for (var column = 1; column < contact; column++)
            {
                output.Text(page.Text(row, column));
            }

            output.Decimal(page.NumberOrNull(row, contact + 1) is { } rate ? Sampling.Whole / (double)rate : 1, 6);
            if (withContact)
            {
                var data = vault.UnsealContact(page.Text(row, contact).ToArray());
                output.Text(data.Name);
                output.Text(data.Email);
                output.Phone(data.Phone1);
                output.Phone(data.Phone2);
                output.Text(data.StaffName);
            }

            output.EndRow();
        }));

    /// <summary>One row a transaction.</summary>
    public ExportTable Screening => new(
        "screening",
        "One row for every transaction that was read: whether its customer may be surveyed",
        [
            MarketColumn, SurveyColumn, DealerColumn,
            Text("transaction_id", "The dealer's number of the sale or visit"),
            EventColumn,
            Text("outcome", "The verdict", ("eligible", "may be surveyed"), ("screened_out", "may not")),
            Text("reason", "The first rule that failed; empty when eligible"),
            Date("screened_on", "The day of the latest verdict"),
        ],
        output => RowPipe.Run(database["export.screening"], (page, row) =>
        {
            for (var column = 0; column < 5; column++)
            {
                output.Text(page.Text(row, column));
            }

            output.Text(page.IsNull(row, 5) ? "eligible"u8 : "screened_out"u8);
            output.Text(page.Text(row, 5));
            output.Text(page.Text(row, 6));
            output.EndRow();
        }));

    /// <summary>One row a call.</summary>
    public ExportTable Attempts => new(
        "attempts",
        "One row for every call that the phone vendor has reported",
        [
            CaseIdColumn, MarketColumn, SurveyColumn, DealerColumn,
            Integer("attempt", "The vendor's number of the call: 1, 2, ..."),
            Instant("attempted_at", "When it was made, by the market's clocks"),
            new ExportColumn("code", ColumnType.Text, "Its result: a code of the AAPOR Standard Definitions, or 9.1, which is ours")
            {
                Values = [.. Dispositions.Table.Select(d => new ScaleCode(d.Code, new Dictionary<string, string> { ["en"] = d.InExports }))],
            },
            Text("meaning", "The code in words"),
            YesNo("final", "Whether the vendor will not call again"),
            .. withContact ? new[] { Text("phone", "The number that was dialled; empty: the first one of the case"), Text("note", "What the caller noted") } : [],
        ],
        output => RowPipe.Run(database["export.attempts"], (page, row) =>
        {
            MarketCells.CaseId(output, page.Text(row, 1), page.Number(row, 0));
            output.Text(page.Text(row, 1));
            output.Text(page.Text(row, 2));
            output.Text(page.Text(row, 3));
            output.Integer(page.Number(row, 4));
            markets.Local(output, page.Text(row, 1), page.Instant(row, 5));
            output.Text(page.Text(row, 6));
            output.Text(Dispositions.Find(Encoding.UTF8.GetString(page.Text(row, 6)))?.InExports);
            output.YesNo(page.Number(row, 7) != 0);
            if (withContact)
            {
                var (number, note) = TakeDispositions.Split(vault.Unseal(page.Text(row, 8).ToArray()));
                output.Phone(number);
                output.Text(note);
            }

            output.EndRow();
        }));

    /// <summary>One row an ended case.</summary>
    public ExportTable FinalDispositions => new(
        "dispositions",
        "One row for every case that has ended: its one final disposition in both modes together",
        [
            CaseIdColumn, MarketColumn, SurveyColumn, DealerColumn,
            Text("month", "The month of the event, yyyy-MM"),
            Text("code", "The final disposition, a code of the AAPOR Standard Definitions"),
            Text("bucket", "What the case counts as in the rates", Buckets),
            Text("edition", "The edition that the code is taken from"),
        ],
        output => RowPipe.Run(database["export.dispositions"], (page, row) =>
        {
            if (CaseCells.FinalDispositionOf(page, row, 5) is { } final)
            {
                MarketCells.CaseId(output, page.Text(row, 1), page.Number(row, 0));
                output.Text(page.Text(row, 1));
                output.Text(page.Text(row, 2));
                output.Text(page.Text(row, 3));
                output.Text(page.Text(row, 4)[.."yyyy-MM".Length]);
                output.Text(final.Code);
                output.Text(Buckets[(int)final.Bucket].Item1);
                output.Text(final.Edition);
                output.EndRow();
            }
        }));

    /// <summary>Counts and rates; sub-totals have empty cells from the right: per dealer, survey, market, and over all.</summary>
    public ExportTable Outcomes => new(
        "outcomes",
        "Final dispositions counted, and the rates over them: one row for each market, survey, dealer and month, and sub-totals",
        [
            Text("market", "The market; empty: all markets"),
            Text("survey", "The survey; empty: both surveys", Surveys),
            Text("dealer_code", "The dealer; empty: all dealers"),
            Text("month", "The month of the event, yyyy-MM; empty: all months"),
            .. Buckets.Select(b => Integer(b.Item1, $"Cases counted as {b.Item2}")),
            Number("e", "e, the estimated eligible share of UH and UO"),
            .. Rates.Select(r => Number(r.Name, r.Description)),
            Text("e_basis", "How e was found"),
        ],
        WriteOutcomes);

    private static IReadOnlyList<(string Name, string Description, Func<OutcomeRates, double?> Of)> Rates { get; } =
    [
        .. Enumerable.Range(1, 6).Select(n => Rate($"rr{n}", $"Response rate {n} (AAPOR)", r => r.ResponseRate(n))),
        .. Enumerable.Range(1, 4).Select(n => Rate($"coop{n}", $"Cooperation rate {n} (AAPOR)", r => r.CooperationRate(n))),
        .. Enumerable.Range(1, 3).Select(n => Rate($"ref{n}", $"Refusal rate {n} (AAPOR)", r => r.RefusalRate(n))),
        .. Enumerable.Range(1, 3).Select(n => Rate($"con{n}", $"Contact rate {n} (AAPOR)", r => r.ContactRate(n))),
        Rate("trade_rate", "The trade's own rate, no AAPOR rate: done / (dispatched - bounced - screened out)", r => r.TradeRate),
    ];

    private static (string, string, Func<OutcomeRates, double?>) Rate(string name, string description, Func<OutcomeRates, double?> of) => (name, description, of);

    private void WriteOutcomes(ITableOutput output)
    {
        var groups = new SortedDictionary<string[], OutcomeRates>(new FromTheLeft());
        var countedIn = new Dictionary<(string, string, string, string), OutcomeRates[]>();
        RowPipe.Run(database["export.dispositions"], (page, row) =>
        {
            if (CaseCells.FinalDispositionOf(page, row, 5) is { } final)
            {
                string[] key = [.. Enumerable.Range(1, 3).Select(column => Encoding.UTF8.GetString(page.Text(row, column))), Encoding.UTF8.GetString(page.Text(row, 4)[.."yyyy-MM".Length])];
                if (!countedIn.TryGetValue((key[0], key[1], key[2], key[3]), out var sums))
                {
                    countedIn.Add((key[0], key[1], key[2], key[3]), sums = SumsOf(key, groups));
                }

                var ended = CaseCells.Read(page, row, 5);
                foreach (var sum in sums)
                {
                    sum.Add(final, ended);
                }
            }
        });
        foreach (var (key, rates) in groups)
        {
            foreach (var cell in key)
            {
                output.Text(cell);
            }

            foreach (var bucket in Enum.GetValues<OutcomeBucket>())
            {
                output.Integer(rates[bucket]);
            }

            output.DecimalOrEmpty(rates.EligibleShare, 6);
            foreach (var rate in Rates)
            {
                output.DecimalOrEmpty(rate.Of(rates), 6);
            }

            output.Text(rates.EligibleShareBasis);
            output.EndRow();
        }
    }

    /// <summary>The row of a group, and those of the groups that it belongs to.</summary>
    private static OutcomeRates[] SumsOf(string[] key, SortedDictionary<string[], OutcomeRates> groups)
    {
        var sums = new OutcomeRates[key.Length + 1];
        for (var filled = 0; filled <= key.Length; filled++)
        {
            var group = Array.ConvertAll(key, k => k);
            Array.Fill(group, "", filled, key.Length - filled);
            if (!groups.TryGetValue(group, out var rates))
            {
                groups.Add(group, rates = new OutcomeRates());
            }

            sums[filled] = rates;
        }

        return sums;
    }

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

/// <summary>What decides about the final disposition of a case, read from a page.</summary>
internal static class CaseCells
{
    /// <summary>The number of columns: state, close_reason, invited_on, call_until, mail_failed, the calls' codes, the responses' statuses.</summary>
    public const int Columns = 7;

    /// <summary>As much of the case as counts.</summary>
    public static SurveyCase Read(RowPage page, int row, int at) => new()
    {
        State = CaseCodes.State(Encoding.UTF8.GetString(page.Text(row, at))),
        CloseReason = page.IsNull(row, at + 1) ? null : Encoding.UTF8.GetString(page.Text(row, at + 1)),
        InvitedOn = page.DayOrNull(row, at + 2),
        CallUntil = page.DayOrNull(row, at + 3),
        MailFailed = page.Number(row, at + 4) != 0,
    };

    /// <summary>The codes of the calls, in order.</summary>
    public static IReadOnlyList<string> Calls(RowPage page, int row, int at) => Codes(page, row, at + 5);

    /// <summary>Null while the case is open.</summary>
    public static FinalDisposition? FinalDispositionOf(RowPage page, int row, int at) =>
        FinalDisposition.Of(Read(page, row, at), Codes(page, row, at + 6), Calls(page, row, at));

    private static string[] Codes(RowPage page, int row, int column) => page.IsNull(row, column) ? [] : Encoding.UTF8.GetString(page.Text(row, column)).Split('|');
}
