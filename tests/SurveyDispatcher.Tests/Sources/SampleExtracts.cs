using System.Globalization;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Tests.Sources;

/// <summary>Samples of dealer systems' extracts, invented after the headers, codes and habits of such systems.</summary>
/// <remarks>
/// Every layout names what each of its headers is, so that a proposal can be judged; "-" is a column that is nothing of ours.
/// Some headers are on purpose not in the program's dictionary, or say something else than what stands below them.
/// </remarks>
internal sealed record SampleExtract(string Name, string Encoding, char Delimiter, string DateFormat, string Country, string Columns, string Codes)
{
    /// <summary>What the command line needs besides the file, since the file does not say it.</summary>
    public string[] Arguments { get; init; } = [];

    /// <summary>Lines end as on Windows.</summary>
    public bool Crlf { get; init; } = true;

    /// <summary>Every cell stands in quotes.</summary>
    public bool Quoted { get; init; }

    /// <summary>A mark at the beginning.</summary>
    public bool Bom { get; init; }

    public const int Rows = 24;

    public static IReadOnlyList<SampleExtract> All { get; } =
    [
        new("harbour_sales_20260302.csv", "windows-1252", ';', "dd/MM/yyyy", "AU",
            "Deal No=transaction_id|Dealer Code=dealer_code|Dealership=dealer_name|Delivery Date=event_date|Deal Status=status|VIN=vin|Stock No=-|Model Desc=model|Colour=-|Customer Name=customer_name|Customer Type=customer_type|Customer Email=email|Mobile Phone=phone_1|Home Phone=phone_2|Salesperson=staff_name|Email Opt Out=email_opt_out|Comments=-",
            "status:Delivered>active,Cancelled>cancelled|customer_type:Private>individual,Small Business>small_business,Government>government|email_opt_out:Y>Y,N>N|record_type:sale>sale") { Arguments = ["--constant", "country=AU"] },
        new("yarra_ro_20260302.csv", "utf-8", ',', "d/M/yyyy", "AU",
            "RO Number=transaction_id|Branch=dealer_code|RO Open Date=-|RO Close Date=event_date|Chassis Number=vin|Vehicle Description=model|Odometer=mileage_km|Reg. Date=purchase_date|Cust No=customer_id|Customer=customer_name|Cust Category=customer_type|Charge Type=payment_type|E-mail Address=email|Mobile=phone_1|Telephone 2=phone_2|Service Advisor=staff_name|Labour Amount=-|Parts Amount=-",
            "customer_type:P>individual,F>?,GOVT>government|payment_type:C>customer,W>warranty,I>internal|record_type:service>service") { Arguments = ["--constant", "country=AU"], Bom = true },
        new("IN_jobcards_2026-03-02.csv", "utf-8", '\t', "dd-MMM-yyyy", "IN",
            "JOB_CARD_NO=transaction_id|JOB_TYPE=-|OUTLET_CODE=dealer_code|OUTLET_NAME=dealer_name|GATE_OUT_DATE=event_date|SALE_DATE=purchase_date|CHASSIS_NO=vin|ENGINE_NO=-|MODEL=model|KM_READING=mileage_km|CUST_CATEGORY=customer_type|BILL_TO=payment_type|CUST_ID=customer_id|CUSTOMER_NAME=customer_name|EMAIL_ID=email|CONTACT_NO=phone_1|ALT_PHONE=phone_2|PREF_LANGUAGE=language|DND_EMAIL=-|SA_NAME=staff_name",
            "customer_type:IND>individual,SME>small_business,GOV>government|payment_type:CUST>customer,WTY>warranty,INS>insurance|language:English>en,Hindi>hi|record_type:service>service"),
        new("veldt_20260302.txt", "windows-1252", '|', "yyyy/MM/dd HH:mm:ss", "ZA",
            "Type=record_type|Dealer No=dealer_code|Dealer Name=dealer_name|Document No=transaction_id|Doc Status=status|Date=event_date|Date Of First Registration=purchase_date|Vehicle Identification Number=vin|Range=-|Model=model|Odo=mileage_km|Client Type=customer_type|Pay Type=payment_type|Client=customer_name|Email=email|Cell No=phone_1|Work Tel=phone_2|Country=country",
            "record_type:SALE>sale,SVC>service|status:OK>active,VOID>cancelled|customer_type:INDIVIDUAL>individual,FLEET>?|payment_type:CASH>customer,WARRANTY>warranty|country:South Africa>ZA"),
        new("isla_export.csv", "utf-8", ',', "MM/dd/yyyy", "PH",
            "dealerCode=dealer_code|dealerName=dealer_name|repairOrderNo=transaction_id|completedDate=event_date|soldDate=purchase_date|vinNo=vin|vehicleModel=model|mileageKm=mileage_km|ownerName=customer_name|ownershipType=customer_type|payer=payment_type|emailAddress=email|mobileNo=phone_1|landLine=phone_2|advisor=staff_name|callConsent=phone_opt_out|createdBy=-",
            "customer_type:Individual>individual,Rental>rental|payment_type:Customer>customer,Warranty>warranty|phone_opt_out:Y>N,N>Y|record_type:service>service") { Arguments = ["--constant", "country=PH"], Crlf = false },
        new("华东_交车_20260302.csv", "gb18030", ',', "yyyy/M/d", "CN",
            "经销商编码=dealer_code|经销商简称=dealer_name|销售单号=transaction_id|单据状态=status|交车时间=event_date|VIN码=vin|车系=-|车型名称=model|车身颜色=-|车主姓名=customer_name|车主性质=customer_type|手机号=phone_1|家庭电话=phone_2|邮箱=email|销售顾问=staff_name|备注=-",
            "status:已交车>active,已作废>cancelled|customer_type:个人>individual,公司>?,政府机关>government|record_type:sale>sale"),
        new("售后工单_20260302.csv", "utf-8", ',', "yyyy-MM-dd HH:mm:ss", "CN",
            "服务站代码=dealer_code|服务站名称=dealer_name|工单编号=transaction_id|工单状态=status|开单时间=-|结算时间=event_date|底盘号=vin|车牌号=-|车型=model|进厂里程=mileage_km|购车时间=purchase_date|客户编码=customer_id|客户名称=customer_name|客户性质=customer_type|收费类型=payment_type|客户手机=phone_1|联系人电话=-|电子邮件=email|接车员=staff_name|工时费=-",
            "status:已结算>active,作废>cancelled|customer_type:私人>individual,小微企业>small_business,租赁公司>rental|payment_type:自费>customer,索赔>warranty,内部>internal|record_type:service>service") { Bom = true, Quoted = true },
        new("dms_4s_20260302.csv", "gb18030", '\t', "yyyyMMdd", "CN",
            "业务种类=record_type|4S店代码=dealer_code|单据编号=transaction_id|业务日期=event_date|车辆识别代号(VIN)=vin|里程表读数(公里)=mileage_km|用户类型=customer_type|结算方式=payment_type|用户姓名=customer_name|联系电话=phone_1|固话=phone_2|邮件地址=email|拒收邮件=email_opt_out|免打扰=phone_opt_out",
            "record_type:新车销售>sale,维修保养>service|customer_type:个人客户>individual,小企业>small_business|payment_type:现金>customer,三包>warranty|email_opt_out:是>Y,否>N|phone_opt_out:是>Y,否>N"),
        new("tw_回廠_20260302.csv", "big5", ',', "yyyy/MM/dd", "TW",
            "據點代號=dealer_code|據點名稱=dealer_name|委修單號=transaction_id|工單狀態=status|出廠日期=event_date|領牌日=purchase_date|車身號碼=vin|車牌號碼=-|車款=model|進廠里程=mileage_km|車主類別=customer_type|付費類別=payment_type|會員編號=customer_id|車主姓名=customer_name|電子信箱=email|手機號碼=phone_1|住家電話=phone_2|不寄電子郵件=email_opt_out|接待人員=staff_name|工資=-",
            "status:結案>active,作廢>cancelled|customer_type:個人>individual,公司>?,公務機關>government|payment_type:自費>customer,原廠保固>warranty,出險>insurance|email_opt_out:是>Y,否>N|record_type:service>service"),
        new("交車名單_2026-03-02.csv", "utf-8", ';', "yyyy/MM/dd", "TW",
            "營業所代號=dealer_code|營業所名稱=dealer_name|訂單編號=transaction_id|交車日=event_date|車身號=vin|車型=model|年式=-|車主=customer_name|客戶屬性=customer_type|行動電話=phone_1|市話=phone_2|E-mail信箱=email|慣用語言=language|業代=staff_name",
            "customer_type:個人>individual,小企業>small_business,租車公司>rental|language:繁體中文>zh-TW,英文>en|record_type:sale>sale") { Bom = true },
        new("納車実績_20260302.csv", "shift_jis", ',', "yyyy/MM/dd", "JP",
            "販売店コード=dealer_code|販売店名=dealer_name|注文書番号=transaction_id|伝票ステータス=status|納車年月日=event_date|フレームNo=vin|登録番号=-|車名=model|顧客No=customer_id|お客様氏名=customer_name|個人法人区分=customer_type|携帯電話番号=phone_1|自宅TEL=phone_2|メールアドレス=email|メール配信不可=email_opt_out|営業担当者=staff_name|下取有無=-",
            "status:計上済>active,取消>cancelled|customer_type:個人>individual,法人>?,社員>employee|email_opt_out:不可>Y,可>N|record_type:sale>sale"),
        new("整備売上_20260302.csv", "shift_jis", '\t', "yyyy年M月d日", "JP",
            "拠点コード=dealer_code|拠点名=dealer_name|整備伝票番号=transaction_id|入庫日=-|作業完了日=event_date|初度登録年月日=purchase_date|車台No.=vin|車種=model|走行ｷﾛ=mileage_km|お客様区分=customer_type|請求区分=payment_type|使用者名=customer_name|携帯TEL=phone_1|電話=phone_2|Ｅメール=email|フロント担当=staff_name|技術料=-",
            "customer_type:一般個人>individual,官公庁>government,小口法人>small_fleet|payment_type:有償>customer,メーカー保証>warranty,社内>internal|record_type:service>service"),
        new("dealer_db_jp.csv", "euc-jp", ',', "yyyy-MM-dd", "JP",
            "伝票区分=record_type|店番=dealer_code|店名=dealer_name|受注番号=transaction_id|納車日=event_date|購入年月日=purchase_date|車体番号=vin|モデル=model|オドメーター=mileage_km|顧客種別=customer_type|支払い方法=payment_type|氏名=customer_name|電話番号1=phone_1|電話番号2=phone_2|電子メール=email|電話可=phone_opt_out",
            "record_type:新車販売>sale,点検>service|customer_type:個人>individual,小規模法人>small_business|payment_type:現金>customer,保証>warranty|phone_opt_out:可>N,不可>Y"),
        new("global_feed_20260302.csv", "utf-16", '\t', "yyyy-MM-dd", "NZ",
            "Record Type 业务类型=record_type|Country=country|Dealer Code 经销商代码=dealer_code|Transaction No.=transaction_id|Delivery Date 交车日期=event_date|Chassis No. 车架号=vin|Customer Class=customer_type|Payment Method=payment_type|Customer Name 客户姓名=customer_name|E-Mail=email|Phone No.=phone_1|Batch=-",
            "record_type:S>sale,R>?|customer_type:Retail>individual,Employee>employee|payment_type:Cash>customer,Warranty>warranty|country:NZ>NZ,AU>AU") { Bom = true },
        new("mystery_20260302.csv", "utf-8", ',', "dd.MM.yyyy", "VN",
            "A=-|Kode=record_type|Cabang Code=dealer_code|Ref No=transaction_id|Visit Date=event_date|Unit=vin|Cust. Segment=customer_type|Payment Type=payment_type|Cust. Full Name=customer_name|Contact e-mail=email|Cust. Mobile No.=phone_1|Veh. Model Name=model|Odometer (km)=mileage_km|Sales Consultant Name=staff_name",
            "record_type:SALE>sale,SERVICE>service|customer_type:PERSONAL>individual,GOV>government|payment_type:CASH>customer,WAR>warranty") { Arguments = ["--constant", "country=VN", "--constant", "dealer_code=VN01"] },
    ];

    /// <summary>The headers, and what each is; null: nothing of ours.</summary>
    public IReadOnlyList<(string Header, string? Column)> Truth { get; } =
        [.. Columns.Split('|').Select(c => c.Split('=')).Select(c => (c[0], c[1] == "-" ? null : c[1]))];

    /// <summary>What each code means, by column; "?" is one that nobody can know.</summary>
    public IReadOnlyDictionary<string, (string Code, string Meaning)[]> Tables { get; } = Codes.Split('|').Select(c => c.Split(':'))
        .ToDictionary(c => c[0], c => c[1].Split(',').Select(v => v.Split('>')).Select(v => (v[0], v[1])).ToArray(), StringComparer.Ordinal);

    /// <summary>The file.</summary>
    public byte[] Bytes()
    {
        var text = new StringBuilder();
        string Cell(string value) => Quoted ? $"\"{value}\"" : value;
        text.AppendJoin(Delimiter, Truth.Select(t => Cell(t.Header))).Append(Crlf ? "\r\n" : "\n");
        for (var i = 0; i < Rows; i++)
        {
            var row = i;
            text.AppendJoin(Delimiter, Truth.Select((t, c) => Cell(Value(t.Column, t.Header, row, c)))).Append(Crlf ? "\r\n" : "\n");
        }

        System.Text.Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var encoding = System.Text.Encoding.GetEncoding(Encoding, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
        return [.. Bom ? encoding.GetPreamble() : [], .. encoding.GetBytes(text.ToString())];
    }

    /// <summary>Which code a row has in a column; every seventh is the last one.</summary>
    public (string Code, string Meaning) CodeOf(string column, int row) =>
        Tables[column] is var codes && row % 7 == 6 ? codes[^1] : codes[row % Math.Max(1, codes.Length - (codes.Length > 2 ? 1 : 0))];

    private string Value(string? column, string header, int row, int place)
    {
        if (column is not null && Tables.ContainsKey(column))
        {
            return CodeOf(column, row).Code;
        }

        DateOnly Day(int back) => new DateOnly(2026, 3, 1).AddDays(-back);
        string Date(DateOnly day) => day.ToDateTime(new TimeOnly(9 + (row % 8), row)).ToString(DateFormat, CultureInfo.InvariantCulture);
        var (first, last) = People(row);
        return column switch
        {
            "dealer_code" => $"{Country}{1 + (row % 3):00}",
            "dealer_name" => Country switch { "CN" => "东方汽车", "TW" => "淡水汽車", "JP" => "富士モータース", _ => "Harbour Motors" } + (row % 3),
            "transaction_id" => $"{(char)('A' + (Name.Length % 26))}{26030000 + (row * 7)}",
            "event_date" => Date(Day(1 + (row % 28))),
            "purchase_date" => row % 3 == 0 ? "" : Date(Day(200 + (row * 17))),
            "vin" => row == 11 ? "UNKNOWN" : Vin(row),
            "model" => Country switch { "CN" => "云雀 1.5", "TW" => "雲雀", "JP" => "ひばり", _ => "Lark 1.5" },
            "mileage_km" => row % 5 == 4 ? "" : (1200 + (row * 977)).ToString(CultureInfo.InvariantCulture),
            "customer_id" => $"C{700100 + row}",
            "customer_name" => first + (Country is "CN" or "TW" ? "" : " ") + last,
            "email" => row % 6 == 5 ? "" : $"person{row}@mail.example",
            "phone_1" => row % 9 == 8 ? "" : Country switch { "CN" => $"138{row:0000}{row * 13:0000}", "JP" => $"090-{row:0000}-{row * 17:0000}", "TW" => $"09{row:00}-{row:000}-{row * 3:000}", _ => $"0491 570 {row:000}" },
            "phone_2" => row % 2 == 0 ? "" : Country switch { "CN" => $"021-6{row:0000000}", "JP" => $"03-{row:0000}-{row * 11:0000}", _ => $"(02) {row:0000} {row * 5:0000}" },
            "staff_name" => People(row % 4) is var (f, l) ? f + (Country is "CN" or "TW" ? "" : " ") + l : "",
            null when header.Contains("Date", StringComparison.Ordinal) || header.Contains("时间", StringComparison.Ordinal) || header.Contains('日', StringComparison.Ordinal) => Date(Day(2 + (row % 28))),
            null when header is "联系人电话" => $"139{row:0000}{row * 11:0000}",
            null when header.Contains("Type", StringComparison.OrdinalIgnoreCase) => row % 2 == 0 ? "PMS" : "GR",
            null when header.StartsWith("DND", StringComparison.Ordinal) => row % 2 == 0 ? "A" : "B",
            null => row % 4 == 0 ? "" : $"{place}{row % 5}0.50",
            _ => throw new InvalidOperationException($"No value is made for {column}."),
        };
    }

    private (string First, string Last) People(int row) => Country switch
    {
        "CN" => (new[] { "王", "李", "张", "刘", "陈" }[row % 5], new[] { "伟", "秀英", "建国", "丽娜" }[row % 4]),
        "TW" => (new[] { "林", "陳", "黃", "張", "吳" }[row % 5], new[] { "志明", "雅婷", "淑芬", "俊傑" }[row % 4]),
        "JP" => (new[] { "佐藤", "鈴木", "高橋", "渡辺" }[row % 4], new[] { "太郎", "花子", "ひろし", "恵子", "健" }[row % 5]),
        "AU" => (new[] { "Zoë", "Jack", "René", "Siobhán" }[row % 4], new[] { "Smith", "Müller", "O'Neil", "Walker", "Nguyen" }[row % 5]),
        "ZA" => (new[] { "Thabo", "Anél", "Pieter", "Nomsa" }[row % 4], new[] { "Nkosi", "Müller", "Botha", "Dlamini", "Naidoo" }[row % 5]),
        _ => (new[] { "Maria", "Amit", "Anh", "Grace" }[row % 4], new[] { "Santos", "Iyer", "Tran", "Cruz", "Kaur" }[row % 5]),
    };

    /// <summary>Seventeen characters that a vehicle could have, different for each file and row.</summary>
    private string Vin(int row)
    {
        const string letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789";
        var seed = (uint)((row + 1) * 7919) + (uint)Name.Sum(c => c);
        var vin = new StringBuilder();
        for (var i = 0; i < 17; i++)
        {
            seed = unchecked((seed * 1664525) + 1013904223);
            vin.Append(letters[(int)((seed >> 16) % (uint)letters.Length)]);
        }

        Assert.True(Intake.IsVin(vin.ToString()));
        return vin.ToString();
    }
}
