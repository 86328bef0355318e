namespace Survey.Domain.Tests;

public class IntakeTests
{
    private static readonly DateOnly LocalDate = Some.Day("2026-03-20");

    [Fact]
    public void AFullRowBecomesATransaction()
    {
        var fault = Read(Visit(), out var transaction);

        Assert.Null(fault);
        Assert.Equal(
            new Transaction
            {
                Key = new TransactionKey("AU", "D001", SurveyKind.Service, "T1"),
                DealerName = "Harbour Motors",
                Cancelled = false,
                EventDate = Some.Day("2026-03-01"),
                PurchaseDate = Some.Day("2024-06-30"),
                Vin = "JTDKB20U093123456",
                Model = "Wagon",
                MileageKm = 20000,
                CustomerType = "individual",
                PaymentType = "warranty",
                CustomerId = "C9",
                Contact = new ContactData("Kim Lee", "kim.lee@mail.test", "0412 345 678", "02 9876 5432", "Alex"),
                Language = "en",
                EmailOptOut = false,
                PhoneOptOut = true,
            },
            transaction);
    }

    [Fact]
    public void OnlyTheRequiredCellsAreNeeded()
    {
        var cells = Enumerable.Repeat("", Intake.Columns.Count).ToArray();
        Set(cells, ("record_type", "sale"), ("country", "au"), ("dealer_code", "D001"), ("transaction_id", "T1"),
            ("event_date", "2026-03-01"), ("vin", "jtdkb20u093123456"), ("customer_type", "individual"));

        Assert.Null(Read(cells, out var transaction));
        Assert.Equal("AU", transaction!.Key.Country);
        Assert.Equal("JTDKB20U093123456", transaction.Vin);
        Assert.False(transaction.Cancelled);
        Assert.Null(transaction.PurchaseDate);
        Assert.Null(transaction.MileageKm);
        Assert.False(transaction.EmailOptOut);
        Assert.Equal(ContactData.None, transaction.Contact);
    }

    [Theory]
    [InlineData("record_type")]
    [InlineData("country")]
    [InlineData("dealer_code")]
    [InlineData("transaction_id")]
    [InlineData("event_date")]
    [InlineData("vin")]
    [InlineData("customer_type")]
    [InlineData("payment_type")] // in service rows
    public void ARequiredCellMustNotBeEmpty(string column) => Assert.Equal(new RowFault("missing_value", column, ""), Read(Visit((column, ""))));

    [Theory]
    [InlineData("")]
    [InlineData("warranty")]
    [InlineData("cash")] // "service only": whatever a sale says there is not read
    public void ASaleHasNoPayer(string paymentType)
    {
        Assert.Null(Read(Visit(("record_type", "sale"), ("payment_type", paymentType)), out var transaction));
        Assert.Equal("", transaction!.PaymentType);
    }

    [Theory]
    [InlineData("event_date", "2026-02-29")]
    [InlineData("event_date", "2026-13-01")]
    [InlineData("event_date", "01/03/2026")]
    [InlineData("event_date", "2026-3-1")]
    [InlineData("event_date", "2026-03-01T00:00:00")]
    [InlineData("event_date", "soon")]
    [InlineData("purchase_date", "2025-02-29")]
    [InlineData("purchase_date", "unknown")]
    public void ADateIsOneThatExistsInTheSourcesFormat(string column, string value) =>
        Assert.Equal(new RowFault("bad_date", column, value), Read(Visit((column, value))));

    [Theory]
    [InlineData("2026-03-01")]
    [InlineData("01.03.2026")]
    [InlineData("1/3/2026")]
    public void ASourceMayHaveSeveralDateFormats(string value)
    {
        var fault = Intake.Read(Visit(("event_date", value)), ["yyyy-MM-dd", "dd.MM.yyyy", "d/M/yyyy"], _ => LocalDate, out var transaction);

        Assert.Null(fault);
        Assert.Equal(Some.Day("2026-03-01"), transaction!.EventDate);
    }

    [Theory]
    [InlineData("2026-03-19", null)]
    [InlineData("2026-03-20", null)] // today is not the future
    [InlineData("2026-03-21", "future_event_date")]
    [InlineData("9999-12-31", "future_event_date")]
    public void AnEventAfterTheLocalDateIsRejected(string eventDate, string? reason) =>
        Assert.Equal(reason, Read(Visit(("event_date", eventDate)))?.Reason);

    [Theory]
    [InlineData("2026-03-01 23:59:59", "yyyy-MM-dd HH:mm:ss", "2026-03-01")]
    [InlineData("3/1/2026 9:05 PM", "M/d/yyyy h:mm tt", "2026-03-01")]
    [InlineData("2026-03-01", "yyyy-MM-dd HH:mm:ss", null)]
    [InlineData("2026-02-30 10:00:00", "yyyy-MM-dd HH:mm:ss", null)]
    public void TheTimeOfADateIsLeftOut(string text, string format, string? day) =>
        Assert.Equal(day is null ? null : Some.Day(day), Intake.ParseDate(text, [format]));

    [Fact]
    public void TheLocalDateIsThatOfTheCountryInUpperCase()
    {
        string? asked = null;
        Intake.Read(Visit(("country", "nz")), Some.IsoDates, country => { asked = country; return LocalDate; }, out _);

        Assert.Equal("NZ", asked);
    }

    [Theory]
    [InlineData("JTDKB20U093123456", true)]
    [InlineData("jtdkb20u093123456", true)]  // upper-cased first
    [InlineData("12345678901234567", true)]  // no check digit in the contract
    [InlineData("JTDKB20U09312345", false)]  // 16
    [InlineData("JTDKB20U0931234567", false)]
    [InlineData("ITDKB20U093123456", false)]
    [InlineData("JTDKB20U09312345O", false)]
    [InlineData("JTDKB2QU093123456", false)]
    [InlineData("jtdkb2qu093123456", false)]
    [InlineData("JTDKB20U09312-456", false)]
    [InlineData("JTDKB20U09312 456", false)]
    [InlineData("ＪTDKB20U093123456", false)] // full-width
    [InlineData("JTDKB20U09312345٣", false)]
    public void AVinHasSeventeenCharactersWithoutIOAndQ(string vin, bool valid) =>
        Assert.Equal(valid ? null : new RowFault("bad_vin", "vin", vin), Read(Visit(("vin", vin))));

    [Theory]
    [InlineData("record_type", "sales")]
    [InlineData("record_type", "Sale")]
    [InlineData("status", "deleted")]
    [InlineData("status", "Cancelled")]
    [InlineData("customer_type", "private")]
    [InlineData("payment_type", "cash")]
    [InlineData("email_opt_out", "y")]
    [InlineData("email_opt_out", "1")]
    [InlineData("phone_opt_out", "yes")]
    public void AnUnknownCodeIsRejected(string column, string value) =>
        Assert.Equal(new RowFault("bad_code", column, value), Read(Visit((column, value))));

    [Theory]
    [InlineData("country")]
    [InlineData("dealer_code")]
    public void ACodeThatNoStoreCouldFindAgainIsRejected(string column)
    {
        Assert.Null(Read(Visit((column, new string('X', Intake.MostOfCode)))));
        Assert.Equal(new RowFault("bad_code", column, new string('X', Intake.MostOfCode + 1)), Read(Visit((column, new string('X', Intake.MostOfCode + 1)))));
    }

    [Fact]
    public void EveryCodeOfTheContractIsKnown()
    {
        foreach (var type in (string[])["individual", "small_business", "small_fleet", "large_fleet", "government", "rental", "dealer", "employee"])
        {
            Assert.Null(Read(Visit(("customer_type", type))));
        }

        foreach (var payer in (string[])["warranty", "customer", "internal", "insurance"])
        {
            Assert.Null(Read(Visit(("payment_type", payer))));
        }
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("active", false)]
    [InlineData("cancelled", true)]
    public void AnEmptyStatusIsActive(string status, bool cancelled)
    {
        Assert.Null(Read(Visit(("status", status)), out var transaction));
        Assert.Equal(cancelled, transaction!.Cancelled);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("N", false)]
    [InlineData("Y", true)]
    public void AnEmptyOptOutIsNone(string flag, bool optedOut)
    {
        Assert.Null(Read(Visit(("email_opt_out", flag), ("phone_opt_out", flag)), out var transaction));
        Assert.Equal((optedOut, optedOut), (transaction!.EmailOptOut, transaction.PhoneOptOut));
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("012", 12)]
    [InlineData("2147483647", 2147483647)]
    [InlineData("2147483648", null)]
    [InlineData("-1", null)]
    [InlineData("+1", null)]
    [InlineData("12.5", null)]
    [InlineData("12,000", null)]
    [InlineData("12 000", null)]
    [InlineData("1e3", null)]
    [InlineData("km", null)]
    public void AMileageIsAPlainNumber(string value, int? expected)
    {
        var fault = Read(Visit(("mileage_km", value)), out var transaction);

        Assert.Equal(expected is null ? new RowFault("bad_number", "mileage_km", value) : null, fault);
        Assert.Equal(expected, transaction?.MileageKm);
    }

    /// <summary>Repairs the faults of a row one by one: each time the next reason in the contract's order shows.</summary>
    [Fact]
    public void TheFirstReasonInOrderIsRecorded()
    {
        var cells = Visit(
            ("dealer_code", ""), ("event_date", "never"), ("vin", "short"), ("customer_type", "private"), ("mileage_km", "many"));
        (string Reason, string Column, string Repaired)[] order =
        [
            ("missing_value", "dealer_code", "D001"), ("bad_date", "event_date", "2026-03-21"),
            ("future_event_date", "event_date", "2026-03-01"), ("bad_vin", "vin", "JTDKB20U093123456"),
            ("bad_code", "customer_type", "individual"), ("bad_number", "mileage_km", "1"),
        ];

        foreach (var (reason, column, repaired) in order)
        {
            var fault = Read(cells, out var none);
            Assert.Equal((reason, column), (fault?.Reason, fault?.Column));
            Assert.Null(none);
            Set(cells, (column, repaired));
        }

        Assert.Null(Read(cells));
    }

    [Fact]
    public void TheColumnsAreThoseOfTheContractInItsOrder()
    {
        Assert.Equal(Enum.GetValues<DmsColumn>().Length, Intake.Columns.Count);
        foreach (var column in Enum.GetValues<DmsColumn>())
        {
            var header = Intake.Columns[(int)column];
            Assert.Equal(column.ToString(), header.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
            Assert.Equal(header.ToLowerInvariant(), header);
        }
    }

    private static string[] Visit(params (string Column, string Value)[] changes)
    {
        string[] cells =
        [
            "service", "AU", "D001", "Harbour Motors", "T1", "active", "2026-03-01", "2024-06-30", "JTDKB20U093123456", "Wagon", "20000",
            "individual", "warranty", "C9", "Kim Lee", "kim.lee@mail.test", "0412 345 678", "02 9876 5432", "en", "N", "Y", "Alex",
        ];
        Set(cells, changes);
        return cells;
    }

    private static void Set(string[] cells, params (string Column, string Value)[] changes)
    {
        foreach (var (column, value) in changes)
        {
            cells[Intake.Columns.ToList().IndexOf(column)] = value;
        }
    }

    private static RowFault? Read(string[] cells) => Read(cells, out _);

    private static RowFault? Read(string[] cells, out Transaction? transaction) =>
        Intake.Read(cells, Some.IsoDates, _ => LocalDate, out transaction);
}
