using System.Globalization;
using System.Text;

namespace Benchmarks;

/// <summary>A made-up canonical extract: the same rows for the same arguments, written as a stream.</summary>
/// <remarks>
/// What costs an importer something is in it: several markets and scripts, quoted cells, numbers written in every way,
/// keys that come in no order across dealers, VINs and addresses that are random in every index.
/// </remarks>
internal static class Extract
{
    private const string Header =
        "record_type,country,dealer_code,dealer_name,transaction_id,status,event_date,purchase_date,vin,model,mileage_km,"
        + "customer_type,payment_type,customer_id,customer_name,email,phone_1,phone_2,language,email_opt_out,phone_opt_out,staff_name";

    private const string VinLetters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789";
    private const int DealersPerMarket = 90;

    private static readonly string[] Models = ["Heron", "Heron GT", "Mountain Hawk", "Swift Tern 1.6", "Kestrel EV", "Albatross, long", "Ibis \"S\""];

    private static readonly Market[] Markets =
    [
        new("AU", "en", "Motors", "0{0:D9}", "+61 {0:D9}", 4, 100_000_000, ["Olivia Brown", "Noah Nguyen", "Zoë O'Brien", "Liam Walker", "Smith, Charlotte"]),
        new("NZ", "en", "Autos", "0{0:D9}", "0064-{0:D9}", 210, 1_000_000, ["Aroha Ngata", "Māia Tūhoe", "Jack Wilson", "Isla McKenzie"]),
        new("JP", "ja", "自動車", "0{0:D10}", "+81-{0:D10}", 90, 100_000_000, ["佐藤 花子", "鈴木 一郎", "高橋 美咲", "田中 健太", "渡辺 結衣"]),
        new("IN", "hi", "Motors Pvt. Ltd.", "0{0:D10}", "+91 {0:D10}", 98, 100_000_000, ["प्रिया शर्मा", "Arjun Patel", "Ananya Iyer", "राहुल वर्मा", "Kaur, Simran"]),
        new("CN", "zh-CN", "汽车销售服务有限公司", "{0:D11}", "+86 {0:D11}", 138, 100_000_000, ["王伟", "李娜", "张敏", "刘洋", "陳志明"]),
        new("TW", "zh-TW", "汽車", "0{0:D9}", "+886-{0:D9}", 9, 100_000_000, ["陳怡君", "林志豪", "黃淑芬", "張家豪"]),
        new("PH", "en", "Motors", "0{0:D10}", "+63 {0:D10}", 917, 10_000_000, ["Maria Santos", "José Reyes", "Jocelyn Ocampo", "Peña, Miguel"]),
        new("ID", "id", "Motor", "0{0:D10}", "+62 {0:D10}", 812, 10_000_000, ["Siti Rahma", "Budi Santoso", "Dewi Lestari", "Agus Wijaya"]),
        new("VN", "vi", "Ô tô", "0{0:D9}", "+84 {0:D9}", 9, 100_000_000, ["Nguyễn Thị Hương", "Trần Văn Đức", "Lê Minh Châu", "Phạm Thuỳ Dương"]),
    ];

    /// <summary>Those in which a sale can be surveyed from its 15th to its 35th day.</summary>
    private static readonly Market[] MarketsAlike = Array.FindAll(Markets, m => m.Code is "AU" or "NZ" or "JP" or "CN" or "TW" or "PH");

    /// <summary>The first day; and one from which a case can go through both mails and to the vendor until the 35th.</summary>
    private const int FirstDayOfSales = 15, DaysOfPast = 26;

    /// <summary>A day's mixture: most rows open a case that waits, some are screened out, some rejected.</summary>
    /// <remarks>No case falls due on the day after, so that a second reading of the same rows measures reading alone.</remarks>
    public static void WriteMixture(string path, int rows, DateOnly day) => Write(path, rows, (random, n) => Mixed(random, n, day));

    /// <summary>Open cases only: <paramref name="due"/> of them are due on <paramref name="day"/>, the others later.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="rows">How many.</param>
    /// <param name="due">How many of them are due.</param>
    /// <param name="day">The day.</param>
    /// <param name="language">Markets of this language only; null: all.</param>
    public static void WriteOpenCases(string path, int rows, int due, DateOnly day, string? language = null)
    {
        var every = rows / due;
        var markets = Array.FindAll(Markets, m => language is null || m.Language == language);
        Write(path, rows, (random, n) =>
        {
            var row = Plain(random, n, markets);
            row.EventDate = day.AddDays(n % every == 0 && n / every < due ? -8 : -2 - random.Below(5));
            return row;
        });
    }

    /// <summary>
    /// Past sales: <paramref name="cases"/> of them open a case on <paramref name="day"/>, and one row in 21 is screened out.
    /// One case in twenty is mailed at once, one has only a number to call; the others, of <paramref name="young"/>, can be reached and wait.
    /// </summary>
    /// <returns>How many rows the file has.</returns>
    public static int WritePast(string path, int cases, int firstNumber, DateOnly day, DateOnly young)
    {
        var rows = cases / 20 * 21;
        Write(path, rows, (random, n) =>
        {
            var row = Sale(random, firstNumber + n);
            (row.EventDate, row.Email, row.CustomerType) = (n % 21) switch
            {
                0 => (young, row.Email, "government"),
                1 => (day.AddDays(-DaysOfPast), Email(random, firstNumber + n), row.CustomerType),
                2 => (day.AddDays(-DaysOfPast), "", row.CustomerType),
                _ => (young, row.Email, row.CustomerType),
            };
            return row;
        }, firstNumber);
        return rows;
    }

    /// <summary>
    /// Sales that open a case each on the day before <paramref name="from"/>. Spread among them are those whose first contact falls due
    /// in the <paramref name="days"/> from then on, <paramref name="aDay"/> on each, three in four by mail; the others are due later.
    /// </summary>
    public static void WriteComing(string path, int cases, int firstNumber, DateOnly from, int days, int aDay)
    {
        var every = cases / (days * aDay);
        Write(path, cases, (random, n) =>
        {
            var row = Sale(random, firstNumber + n);
            var (k, isDue) = (n / every, n % every == 0 && n / every < days * aDay);
            row.EventDate = isDue ? from.AddDays((k % days) - FirstDayOfSales) : from.AddDays(-2);
            row.Email = isDue && k / days % 4 == 0 ? "" : Email(random, firstNumber + n);
            return row;
        }, firstNumber);
    }

    /// <summary>Sales that open a case each on <paramref name="day"/>, and are due on none of the next days.</summary>
    public static void WriteSales(string path, int rows, DateOnly day) => Write(path, rows, (random, n) =>
    {
        var row = Sale(random, n);
        row.EventDate = day.AddDays(-2);
        return row;
    });

    private static Row Sale(SplitMix random, int n)
    {
        var row = Plain(random, n, MarketsAlike);
        (row.IsSale, row.PaymentType, row.MileageKm) = (true, "", "");
        return row;
    }

    private static void Write(string path, int rows, Func<SplitMix, int, Row> make, int firstNumber = 0)
    {
        var random = new SplitMix(20261122 + (ulong)firstNumber);
        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16) { NewLine = "\r\n" };
        writer.WriteLine(Header);
        for (var n = 0; n < rows; n++)
        {
            make(random, n).WriteTo(writer);
        }

        // The file must be on the disk before anyone is timed reading it.
        writer.Flush();
        ((FileStream)writer.BaseStream).Flush(flushToDisk: true);
    }

    private static Row Plain(SplitMix random, int n, Market[] markets)
    {
        var market = random.Of(markets);
        var dealer = random.Below(DealersPerMarket);
        var name = random.Of(market.Names);
        var phone = (market.Prefix * market.Numbers) + random.Below(market.Numbers);
        return new Row
        {
            Market = market,
            Dealer = dealer,

            // Each dealer counts his own repair orders: in order at one dealer, in none across all of them.
            TransactionId = $"RO{((dealer * 7919) % 900) + 100}{n:D7}",
            PurchaseDate = new DateOnly(2024, 1, 1).AddDays(random.Below(600)),
            Vin = Vin(random),
            Model = random.Of(Models),
            MileageKm = random.Below(90_000).ToString(CultureInfo.InvariantCulture),
            CustomerId = $"C{random.Below(5_000_000):D7}",
            Name = name,
            Email = random.Chance(85) ? Email(random, n) : "",
            Phone1 = string.Format(CultureInfo.InvariantCulture, random.Chance(50) ? market.National : market.International, phone),
            Phone2 = random.Chance(15) ? string.Format(CultureInfo.InvariantCulture, market.National, phone + 1) : "",
            Staff = random.Of(market.Names),
        };
    }

    private static Row Mixed(SplitMix random, int n, DateOnly day)
    {
        var row = Plain(random, n, Markets);
        row.EventDate = day.AddDays(-1 - random.Below(5));
        if (random.Chance(12))
        {
            row.IsSale = true;
            row.PaymentType = "";
            row.MileageKm = "";
            row.EventDate = day.AddDays(-1 - random.Below(12));
        }

        // One row in nine is of no interest for a survey ...
        switch (random.Below(100))
        {
            case < 4:
                row.PaymentType = row.IsSale ? "" : random.Of(["customer", "internal", "insurance"]);
                break;
            case < 7:
                row.CustomerType = random.Of(["large_fleet", "government", "rental", "dealer", "employee"]);
                break;
            case 7:
                row.Status = "cancelled";
                break;
            case 8:
                row.EventDate = day.AddDays(-60 - random.Below(30));
                break;
            case 9:
                row.EmailOptOut = row.PhoneOptOut = "Y";
                break;
            case 10:
                row.Email = random.Of(["noemail@dealer.example", "none", ""]);
                row.Phone1 = row.Phone2 = "";
                break;
            case < 15:
                row.Email = random.Of(["noemail@dealer.example", "customer@example.com", "not an address"]);
                break;
            case < 30:
                row.CustomerType = random.Of(["small_business", "small_fleet"]);
                break;
            default:
                break;
        }

        // ... and one in fifty can't be understood.
        switch (random.Below(300))
        {
            case 0:
                row.Vin = row.Vin[..16];
                break;
            case 1:
                row.Vin = "";
                break;
            case 2:
                row.EventText = "31/02/2026";
                break;
            case 3:
                row.MileageKm = "12 km";
                break;
            case 4:
                row.CustomerType = "Privat";
                break;
            case 5:
                row.EventDate = day.AddDays(1 + random.Below(3));
                break;
            default:
                break;
        }

        return row;
    }

    private static string Vin(SplitMix random) =>
        string.Create(17, random, static (vin, source) =>
        {
            for (var i = 0; i < vin.Length; i++)
            {
                vin[i] = VinLetters[source.Below(VinLetters.Length)];
            }
        });

    private static string Email(SplitMix random, int n)
    {
        var host = random.Below(100) switch
        {
            < 40 => "mail.example",
            < 70 => "post.example",
            < 97 => "web.example",
            _ => "bücher.example",
        };
        return $"{random.Of(["anna", "wei", "hana", "raj", "Mia.Rose", "tran", "jose"])}.{random.Below(1000)}.{n}@{host}";
    }

    private sealed record Market(
        string Code, string Language, string DealerName, string National, string International, long Prefix, int Numbers, string[] Names);

    private sealed class Row
    {
        public required Market Market { get; init; }

        public required int Dealer { get; init; }

        public required string TransactionId { get; init; }

        public bool IsSale { get; set; }

        public string Status { get; set; } = "";

        public DateOnly EventDate { get; set; }

        public string? EventText { get; set; }

        public required DateOnly PurchaseDate { get; init; }

        public required string Vin { get; set; }

        public required string Model { get; init; }

        public required string MileageKm { get; set; }

        public string CustomerType { get; set; } = "individual";

        public string PaymentType { get; set; } = "warranty";

        public required string CustomerId { get; init; }

        public required string Name { get; init; }

        public required string Email { get; set; }

        public required string Phone1 { get; set; }

        public required string Phone2 { get; set; }

        public string EmailOptOut { get; set; } = "N";

        public string PhoneOptOut { get; set; } = "";

        public required string Staff { get; init; }

        public void WriteTo(TextWriter writer)
        {
            ReadOnlySpan<string> cells =
            [
                IsSale ? "sale" : "service", Market.Code, $"{Market.Code}{Dealer:D3}", $"{Market.Names[Dealer % Market.Names.Length]} {Market.DealerName}",
                TransactionId, Status, EventText ?? Day(EventDate), Day(PurchaseDate), Vin, Model, MileageKm, CustomerType, PaymentType,
                CustomerId, Name, Email, Phone1, Phone2, Market.Language, EmailOptOut, PhoneOptOut, Staff,
            ];
            for (var i = 0; i < cells.Length; i++)
            {
                if (i > 0)
                {
                    writer.Write(',');
                }

                writer.Write(cells[i].AsSpan().ContainsAny(',', '"') ? $"\"{cells[i].Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cells[i]);
            }

            writer.WriteLine();
        }

        private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }
}
