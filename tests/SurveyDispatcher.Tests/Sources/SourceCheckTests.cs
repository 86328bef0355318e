using System.Text.Json.Nodes;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.Sources;

/// <summary><c>source check</c>: how a sample would be read, and what is proposed where nothing reads it.</summary>
public sealed class SourceCheckTests(ITestOutputHelper output)
{
    private const string Day = "2026-03-02";

    public static TheoryData<string> Samples => [.. SampleExtract.All.Select(s => s.Name)];

    [Fact]
    public async Task TheProposedMappingIsRightForNearlyAllHeadersOfTheSamples()
    {
        using var world = new World();
        var (right, wrong, missed) = (0, new List<string>(), new List<string>());
        foreach (var sample in SampleExtract.All)
        {
            var check = await CheckAsync(world, sample);
            var proposed = check.GetProperty("mapping").EnumerateArray().ToDictionary(m => m.GetProperty("header").GetString()!, m => m.GetProperty("column").GetString()!);
            foreach (var (header, column) in sample.Truth.Where(t => !Intake.Columns.Contains(t.Header, StringComparer.OrdinalIgnoreCase))) // canonical ones need no proposal
            {
                var got = proposed.GetValueOrDefault(header);
                right += got == column && column is not null ? 1 : 0;
                if (got is not null && got != column)
                {
                    wrong.Add($"{sample.Name}: '{header}' was taken for {got}, is {column ?? "nothing"}");
                }

                if (column is not null && got != column)
                {
                    missed.Add($"{sample.Name}: '{header}' is {column}");
                }
            }
        }

        var (precision, recall) = ((double)right / (right + wrong.Count), (double)right / (right + missed.Count));
        output.WriteLine($"{SampleExtract.All.Count} samples, {right + missed.Count} headers of ours: precision {precision:0.000}, recall {recall:0.000}");
        wrong.Concat(missed).ToList().ForEach(output.WriteLine);
        Assert.True(precision >= 0.98 && recall >= 0.97, $"precision {precision:0.000}, recall {recall:0.000}\n{string.Join('\n', wrong.Concat(missed))}");
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task EncodingDelimiterDatesAndCodesAreRecognised(string name)
    {
        using var world = new World(whole: true);
        var sample = SampleExtract.All.Single(s => s.Name == name);

        var check = await CheckAsync(world, sample);

        var looks = check.GetProperty("looks_like");
        Assert.Equal(sample.Encoding, looks.GetProperty("encoding").GetString());
        Assert.Equal(sample.Delimiter.ToString(), looks.GetProperty("delimiter").GetString());
        using var draft = JsonDocument.Parse(check.GetProperty("draft").GetString()!);
        foreach (var row in Enumerable.Range(0, SampleExtract.Rows).Where(r => r != 11))
        {
            var values = check.GetProperty("rows")[row].GetProperty("values");
            Assert.Equal(new DateOnly(2026, 3, 1).AddDays(-1 - (row % 28)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), values.GetProperty("event_date").GetString());
            foreach (var column in sample.Tables.Keys)
            {
                var (code, meaning) = sample.CodeOf(column, row);
                Assert.Equal(meaning == "?" ? code : meaning, values.GetProperty(column).GetString());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task TheDraftIsAValidSourceThatReadsTheFileAsShown(string name)
    {
        using var world = new World(whole: true);
        var sample = SampleExtract.All.Single(s => s.Name == name);
        var path = Write(world, sample);
        var shown = (await world.RunAsync(["source", "check", path, "--as-of", Day, "--rows", "1000", "--json", .. sample.Arguments])).Json;

        var written = await world.RunAsync(["source", "check", path, "--as-of", Day, "--write", "a_draft", .. sample.Arguments]);
        Assert.True(written.Code == 0, written.Error);
        var valid = await world.RunAsync("config", "check");
        Assert.True(valid.Code == 0, valid.Output);
        world.Edit("sources/a_draft.json", s => { s.AsObject().Remove("toConfirm"); s.AsObject().Remove("consentToConfirm"); }); // somebody has confirmed it
        var again = await world.RunAsync("source", "check", path, "--as-of", Day, "--rows", "1000", "--json");

        Assert.Equal(0, again.Code);
        Assert.Equal("a_draft", again.Json.GetProperty("read_with").GetString());
        Assert.Equal(JsonValueKind.Null, again.Json.GetProperty("refusal").ValueKind);
        Assert.Equal(shown.GetProperty("rows").ToString(), again.Json.GetProperty("rows").ToString());

        // ... and the intake itself decides so, row by row
        File.Copy(path, Path.Combine(Directory.CreateDirectory(world.In("inbox", "dms")).FullName, sample.Name));
        var cycle = await world.CycleAsync(Day);
        var rows = shown.GetProperty("rows").EnumerateArray().ToList();
        var rejected = rows.Where(r => r.GetProperty("outcome").GetString() == "rejected").ToList();
        Assert.Equal(SampleExtract.Rows, cycle.GetProperty("rowsRead").GetInt32());
        Assert.Equal(rejected.Count, cycle.GetProperty("rowsRejected").GetInt32());
        Assert.NotEqual(SampleExtract.Rows, rejected.Count);
        Assert.Equal(rows.Count(r => r.GetProperty("eligible").ValueKind == JsonValueKind.True), cycle.GetProperty("casesOpened").GetInt32());
        var lines = File.ReadAllLines(world.In("rejects", sample.Name + ".rejects.csv")).Skip(1).Select(l => string.Join(',', l.TrimStart('\uFEFF').Split(',').Take(3)));
        Assert.Equal(rejected.Select(r => $"{r.GetProperty("line")},{r.GetProperty("reason").GetString()},{r.GetProperty("column").GetString()}"), lines);
    }

    [Fact]
    public async Task AFileOfAConfiguredSourceIsReadByItAndNothingIsProposed()
    {
        using var world = new World();

        var check = await world.RunAsync("source", "check", Path.Combine(World.ShippedConfig, "demo", "inbox", "dms", "cn_dms_20260304.csv"), "--as-of", "2026-03-04");

        Assert.Equal(0, check.Code);
        Assert.Contains("cn_dms (its pattern cn_dms_*.csv fits)", check.Output, StringComparison.Ordinal);
        Assert.Contains("the file would be taken", check.Output, StringComparison.Ordinal);
        Assert.Contains("event_date=2026-02-25", check.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Proposed", check.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("zhang", check.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(world.Data));
    }

    [Fact]
    public async Task CustomersAreHiddenUnlessTheyAreAskedFor()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "sample.csv");
        File.WriteAllText(path, Row.File(Row.Sale, Row.Sale with { Transaction = "T2", Customer = "alice@mail.example", Status = "02 9374 4000" }));

        var hidden = await world.RunAsync("source", "check", path, "--as-of", "2026-03-20");
        var json = await world.RunAsync("source", "check", path, "--as-of", "2026-03-20", "--json");
        var open = await world.RunAsync("source", "check", path, "--as-of", "2026-03-20", "--with-contact");

        foreach (var secret in new[] { "Alice", "alice@", "9374" })
        {
            Assert.DoesNotContain(secret, hidden.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, json.Output, StringComparison.Ordinal);
            Assert.Contains(secret, open.Output, StringComparison.Ordinal);
        }

        Assert.Contains("customer_name=***** ******  email=*****@****.*******  phone_1=** **** ****", hidden.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFirstLineThatIsACustomerIsSaidAndHidden()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "sample.csv");
        File.WriteAllText(path, string.Join('\n', Row.File(Row.Sale, Row.Sale with { Transaction = "T2" }).Split('\n').Skip(1)));

        var check = await world.RunAsync("source", "check", path, "--as-of", "2026-03-20");

        Assert.Equal(1, check.Code);
        Assert.Contains("looks like a customer's, not like a header", check.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Alice", check.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("9374", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFileOfVeryManyColumnsIsAnsweredInTime()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "wide_20260302.csv");
        File.WriteAllText(path, $"VIN,{string.Join(',', Enumerable.Range(0, 20_000).Select(n => $"x{n}"))}\nJTDBR32E720012345{new string(',', 20_000)}\n");

        var check = await Task.Run(() => world.RunAsync("source", "check", path, "--as-of", Day, "--rows", "0"), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Contains("VIN", check.Output, StringComparison.Ordinal);
    }

    /// <summary>A second column of names is like 'account type' by its header, and each name would be asked about as a code.</summary>
    [Theory]
    [InlineData("Ann Example", "Bob Sample", "Cy Muster", "Di Prova")]
    [InlineData("王小明", "李大同", "陳美麗", "林志玲", "張三", "趙六", "孫七", "周八", "吳九")]
    public async Task NamesAreNotAskedAboutAsCodes(params string[] names)
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "acme_20260302.csv");
        File.WriteAllText(path, "Type,Dealer Code,RO No,Delivery Date,VIN,Customer Name,Account Name\n"
            + string.Concat(names.Select((n, i) => $"sale,AU01,T{i},2026-02-0{i + 1},JTDBR32E72001234{i},Somebody Else,{n}\n")));

        foreach (var options in new[] { Array.Empty<string>(), ["--json"] })
        {
            var check = await world.RunAsync(["source", "check", path, "--as-of", Day, "--constant", "country=AU", .. options]);

            Assert.DoesNotContain(names, n => check.Output.Contains(n, StringComparison.Ordinal));
        }
    }

    /// <summary>What a program reads ends up in logs.</summary>
    [Fact]
    public async Task AFirstLineThatIsACustomerIsHiddenInJsonToo()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "sample.csv");
        File.WriteAllText(path, string.Join('\n', Enumerable.Range(0, 4).Select(n => $"Ann Example{n};02/0{n + 1}/2026;ann{n}@mail.example;JTDBR32E72001234{n};0412 345 67{n}")));

        var check = await world.RunAsync("source", "check", path, "--as-of", Day, "--json");

        Assert.NotEmpty(check.Json.GetProperty("mapping").EnumerateArray());
        foreach (var secret in new[] { "Ann", "ann0", "345 67" })
        {
            Assert.DoesNotContain(secret, check.Output, StringComparison.Ordinal);
        }
    }

    /// <summary>Every other byte zero, as in UTF-16, and no text in it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BytesThatAreNoTextAreSaidToBeNone(bool marked)
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "sample.bin");
        byte[] half = [.. Enumerable.Range(0, 200).SelectMany(n => new byte[] { (byte)(n % 7 == 0 ? 1 : 65), (byte)(n % 5 == 0 ? 0xDC : 0) })]; // half a surrogate now and then
        File.WriteAllBytes(path, marked ? [0xFF, 0xFE, .. half] : half);

        var check = await world.RunAsync("source", "check", path);

        Assert.Equal(1, check.Code);
        Assert.Contains("no text in any encoding", check.Output, StringComparison.Ordinal);
    }

    /// <summary>A pattern that fits every file would take those of other systems, and canonical ones, too.</summary>
    [Fact]
    public async Task AFileThatIsCalledByItsDayAloneGetsNoPatternThatFitsAllFiles()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "20260302.csv");
        File.WriteAllText(path, "Type,Dealer Code,RO No,Delivery Date,VIN,Customer Type\nsale,AU01,T1,2026-02-02,JTDBR32E720012345,individual\nsale,AU01,T2,2026-02-13,JTDBR32E720012346,individual\n");

        var check = await world.RunAsync("source", "check", path, "--as-of", Day, "--constant", "country=AU", "--json");

        using var draft = JsonDocument.Parse(check.Json.GetProperty("draft").GetString()!);
        Assert.Equal("20260302.csv", draft.RootElement.GetProperty("filePattern").GetString());
        Assert.Contains(check.Json.GetProperty("to_confirm").EnumerateArray(), c => c.GetString()!.StartsWith("filePattern: ", StringComparison.Ordinal));
    }

    /// <summary>Whoever asks for consent in words that nobody has listed is not read as the opposite: 'Mail OK' is like 'no mail'.</summary>
    [Theory]
    [InlineData("Mail OK", "Y", "N")]
    [InlineData("Allow e-mail", "Y", "N")]
    [InlineData("DM希望", "有", "無")]
    [InlineData("DM可否", "可", "否")]
    [InlineData("メール配信可否", "可", "否")]
    [InlineData("同意发送邮件", "是", "否")]
    public async Task AColumnThatAsksWhoAgreesIsTurnedRoundOrAskedAbout(string header, string yes, string no)
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "acme_20260302.csv");
        File.WriteAllText(path, $"Type,Dealer Code,RO No,Delivery Date,VIN,Customer Type,E-mail,{header}\n"
            + $"sale,AU01,T1,2026-02-02,JTDBR32E720012345,individual,a@mail.example,{yes}\nsale,AU01,T2,2026-02-13,JTDBR32E720012346,individual,b@mail.example,{no}\n");
        string[] ask = ["source", "check", path, "--as-of", Day, "--constant", "country=AU"];

        Assert.Equal(0, (await world.RunAsync([.. ask, "--write", "acme"])).Code);

        var source = JsonNode.Parse(File.ReadAllText(Path.Combine(world.Config, "sources", "acme.json")))!;
        Assert.Contains(source["consentToConfirm"]!.AsArray(), c => c!.GetValue<string>().StartsWith("columns.email_opt_out: ", StringComparison.Ordinal));
        if (source["columns"]!["email_opt_out"] is not null)
        {
            Assert.Equal(("N", "Y"), (source["values"]!["email_opt_out"]![yes]!.GetValue<string>(), source["values"]!["email_opt_out"]![no]!.GetValue<string>()));
        }

        // and until somebody has said that it is so, nobody is asked
        File.Copy(path, Path.Combine(Directory.CreateDirectory(world.In("inbox", "dms")).FullName, "acme_20260302.csv"));
        var cycle = await world.RunAsync("cycle", "--as-of", Day);
        Assert.Equal(1, cycle.Code);
        Assert.Contains("guesses who of the customers may be asked, and nobody has confirmed it", cycle.Error, StringComparison.Ordinal);
        Assert.Empty(world.Mails());
    }

    /// <summary>What is about consent stands in a key of its own, however it is worded; in files of before it was known by how it begins.</summary>
    [Theory]
    [InlineData("consentToConfirm", "Ask Mr Mori what column G is.", true)]
    [InlineData("toConfirm", "columns.email_opt_out: is it 'Mail'?", true)]
    [InlineData("toConfirm", "values.phone_opt_out: 'x' is Y.", true)]
    [InlineData("toConfirm", "Ask Mr Mori what column G is.", false)]
    public async Task WhileAQuestionOfConsentIsOpenNoFileOfTheSourceIsTaken(string key, string question, bool stops)
    {
        using var world = new World();
        File.WriteAllText(Path.Combine(world.Config, "sources", "acme.json"), $$"""{ "filePattern": "acme_*.csv", "{{key}}": ["{{question}}"] }""");
        world.Extract("acme_1.csv", Row.Sale);

        var valid = await world.RunAsync("config", "check");
        var cycle = await world.RunAsync("cycle", "--as-of", Day);

        Assert.Contains($"to be confirmed in sources/acme.json, then taken out of {key}: {question}", valid.Output, StringComparison.Ordinal);
        Assert.Equal(stops ? 1 : 0, cycle.Code);
        Assert.Equal(stops, cycle.Error.Contains($"take the line out of {key}, and put the file back", StringComparison.Ordinal));
        Assert.Equal(stops ? "0" : "1", world.Query("SELECT count(*) FROM transactions"));
    }

    /// <summary>24,500 is a number where the source says so. A row that was rejected before is read anew.</summary>
    [Theory]
    [InlineData(",", "24,500")]
    [InlineData(".", "24.500")]
    [InlineData(" ", "24\u00a0500")]
    [InlineData("'", "24'500")]
    public async Task AMileageInGroupsIsReadWhereTheSourceSaysHow(string mark, string mileage)
    {
        using var world = new World();
        var path = Path.Combine(world.Config, "sources", "acme.json");
        File.WriteAllText(path, """{ "filePattern": "acme_*.csv" }""");
        Row[] rows = [Row.Sale with { Mileage = mileage }, Row.Sale with { Transaction = "T2", Mileage = $"2{mark}4500" }];
        world.Extract("acme_1.csv", rows);
        await world.CycleAsync(Day);
        var before = world.Query("SELECT count(*) FROM transactions");

        File.WriteAllText(path, $$"""{ "filePattern": "acme_*.csv", "digitGrouping": "{{mark}}" }""");
        world.Extract("acme_2.csv", rows);
        world.Extract("other.csv", rows[0] with { Transaction = "T3" });
        await world.CycleAsync(Day);

        Assert.Equal("0", before);
        Assert.Equal("T1 24500", world.Query("SELECT transaction_id || ' ' || mileage_km FROM transactions"));
        Assert.Contains($"3,bad_number,mileage_km,", File.ReadAllText(world.In("rejects", "acme_2.csv.rejects.csv")), StringComparison.Ordinal);
        Assert.Contains($"2,bad_number,mileage_km,", File.ReadAllText(world.In("rejects", "other.csv.rejects.csv")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("24,500", "11,020", ",")]
    [InlineData("24\u202f500", "11\u00a0020", " ")]
    [InlineData("２４，５００", "950", ",")]
    [InlineData("24500", "950", null)]
    [InlineData("24,5", "11,02", null)]
    public async Task HowAColumnOfMileageIsGroupedIsProposed(string first, string second, string? mark)
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "acme_20260302.csv");
        File.WriteAllText(path, "Type;Dealer Code;RO No;Delivery Date;VIN;Customer Type;Odometer\n"
            + $"sale;AU01;T1;2026-02-02;JTDBR32E720012345;individual;{first}\nsale;AU01;T2;2026-02-13;JTDBR32E720012346;individual;{second}\n");
        string[] ask = ["source", "check", path, "--as-of", Day, "--constant", "country=AU"];

        var check = (await world.RunAsync([.. ask, "--json"])).Json;
        Assert.Equal(0, (await world.RunAsync([.. ask, "--write", "acme"])).Code);
        var source = JsonNode.Parse(File.ReadAllText(Path.Combine(world.Config, "sources", "acme.json")))!;
        world.Edit("sources/acme.json", s => s.AsObject().Remove("digitGrouping"));
        var without = await world.RunAsync(ask);

        Assert.Equal(mark, source["digitGrouping"]?.GetValue<string>());
        Assert.Equal(mark is not null, source["toConfirm"]!.AsArray().Any(q => q!.GetValue<string>().StartsWith("digitGrouping: is ", StringComparison.Ordinal)));
        Assert.Equal(mark is not null, without.Output.Contains($"\"digitGrouping\": \"{mark}\"", StringComparison.Ordinal));
        if (mark is not null)
        {
            Assert.Equal("24500", check.GetProperty("rows")[0].GetProperty("values").GetProperty("mileage_km").GetString());
        }
    }

    [Fact]
    public async Task AnUnknownGroupingIsAFaultOfTheSource()
    {
        using var world = new World();
        File.WriteAllText(Path.Combine(world.Config, "sources", "acme.json"), """{ "filePattern": "acme_*.csv", "digitGrouping": "_" }""");

        var check = await world.RunAsync("config", "check");

        Assert.Equal(2, check.Code);
        Assert.Contains("sources/acme.json: digitGrouping: One of , and . and ' and a space is expected", check.Output + check.Error, StringComparison.Ordinal);
    }

    /// <summary>Who was asked for consent and said nothing has not given it.</summary>
    [Fact]
    public async Task EmptyCellsOfAColumnThatAsksForConsentAreAskedAbout()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "acme_20260302.csv");
        File.WriteAllText(path, "Type,Dealer Code,RO No,Delivery Date,VIN,Customer Type,E-mail,Email Consent\n"
            + "sale,AU01,T1,2026-02-02,JTDBR32E720012345,individual,a@mail.example,Y\nsale,AU01,T2,2026-02-13,JTDBR32E720012346,individual,b@mail.example,\nsale,AU01,T3,2026-02-13,JTDBR32E720012347,individual,c@mail.example,N\n");

        var check = await world.RunAsync("source", "check", path, "--as-of", Day, "--constant", "country=AU");

        Assert.Contains("1 value(s) of 'Email Consent' are empty, and are read as 'did not object'", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DatesThatCanBeReadInTwoWaysAreAskedForAndNeverGuessedInSilence()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "open_20260302.csv");
        File.WriteAllText(path, "Type,Dealer Code,RO No,Delivery Date,VIN,Customer Type\nsale,AU01,T1,02/01/2026,JTDBR32E720012345,individual\nsale,AU01,T2,01/02/2026,JTDBR32E720012346,individual\n");
        string[] ask = ["source", "check", path, "--as-of", Day, "--constant", "country=AU"];

        var check = await world.RunAsync(ask);
        var refused = await world.RunAsync([.. ask, "--write", "open"]);
        var told = await world.RunAsync([.. ask, "--write", "open", "--date-format", "dd/MM/yyyy"]);

        Assert.Contains("02/01/2026 is 2 January 2026 (d/M/yyyy) or 1 February 2026 (M/d/yyyy)", check.Output, StringComparison.Ordinal);
        Assert.Equal(2, refused.Code);
        Assert.Contains("can be read in more than one way", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, told.Code);
        Assert.Contains("\"dd/MM/yyyy\"", File.ReadAllText(Path.Combine(world.Config, "sources", "open.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADayInTheFutureSettlesWhichWayDatesAreWritten()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "open_20260302.csv");
        File.WriteAllText(path, "Type,Dealer Code,RO No,Delivery Date,VIN,Customer Type\nsale,AU01,T1,02/12/2025,JTDBR32E720012345,individual\nsale,AU01,T2,11/02/2026,JTDBR32E720012346,individual\n");

        var check = (await world.RunAsync("source", "check", path, "--as-of", Day, "--constant", "country=AU", "--json")).Json;

        Assert.Equal(JsonValueKind.Null, check.GetProperty("undecided").ValueKind);
        Assert.Contains(check.GetProperty("to_confirm").EnumerateArray(), c => c.GetString()!.Contains("read as M/d/yyyy it has days after 2026-03-02", StringComparison.Ordinal));
        Assert.Equal("2026-02-11", check.GetProperty("rows")[1].GetProperty("values").GetProperty("event_date").GetString());
    }

    [Theory]
    [InlineData("115/03/02", "years of the Republic")]
    [InlineData("R8.3.2", "Japanese era")]
    [InlineData("46083", "a spreadsheet's days")]
    public async Task DatesThatNoFormatReadsAreNamedForWhatTheyAre(string date, string said)
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "sample.csv");
        File.WriteAllText(path, $"業務別,據點代號,單號,交車日期,車身號碼,客戶類型\n銷售,TW01,T1,{date},JTDBR32E720012345,個人\n銷售,TW01,T2,{date},JTDBR32E720012346,個人\n");

        var check = await world.RunAsync("source", "check", path, "--as-of", Day);

        Assert.Contains(said, check.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PK\u0003\u0004 anything", "an Excel workbook")]
    [InlineData("<html><table><tr><td>VIN</td></tr></table></html>", "a web page")]
    [InlineData("%PDF-1.7", "a PDF")]
    public async Task WhatIsNoTextIsNamedForWhatItIs(string content, string said)
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "sample.csv");
        File.WriteAllText(path, content);

        var check = await world.RunAsync("source", "check", path);

        Assert.Equal(1, check.Code);
        Assert.Contains(said, check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATitleAboveTheHeaderIsSaid()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "sample.csv");
        File.WriteAllText(path, "Monthly report\n\n" + Row.File(Row.Sale, Row.Sale with { Transaction = "T2" }));

        var check = await world.RunAsync("source", "check", path, "--write", "title");

        Assert.Equal(2, check.Code);
        Assert.Contains("Line 1 does not look like a header, line 3 does", check.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(world.Config, "sources", "title.json")));
    }

    [Fact]
    public async Task ARenamedHeaderOfAKnownSourceIsProposedAndTheRestIsKept()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "in_dms_20260302.csv");
        var text = File.ReadAllText(Path.Combine(World.ShippedConfig, "demo", "inbox", "dms", "in_dms_20260302.csv"));
        File.WriteAllText(path, text.Replace("Chassis No", "Frame Number", StringComparison.Ordinal).Replace(";Mobile;", ";Handphone;", StringComparison.Ordinal));

        var ended = await world.RunAsync("source", "check", path, "--as-of", Day, "--json");

        Assert.Equal(1, ended.Code);
        Assert.Equal(["vin", "phone_1"], ended.Json.GetProperty("missing").EnumerateArray().Select(m => m.GetProperty("column").GetString()!));
        Assert.Equal(["Frame Number vin", "Handphone phone_1"], ended.Json.GetProperty("mapping").EnumerateArray().Select(m => $"{m.GetProperty("header").GetString()} {m.GetProperty("column").GetString()}"));
        using var draft = JsonDocument.Parse(ended.Json.GetProperty("draft").GetString()!);
        Assert.Equal("Job Card No", draft.RootElement.GetProperty("columns").GetProperty("transaction_id").GetString());
        Assert.Equal("cancelled", draft.RootElement.GetProperty("values").GetProperty("status").GetProperty("CXL").GetString());
        Assert.Equal("in_dms_*.csv", draft.RootElement.GetProperty("filePattern").GetString());
        Assert.Equal("dd/MM/yyyy", draft.RootElement.GetProperty("dateFormats")[0].GetString());
    }

    [Fact]
    public async Task RejectsUnknownCodesAndEmptyColumnsAreCountedOverAllRows()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "sample.csv");
        File.WriteAllText(path, Row.File(
            Row.Sale, Row.Sale with { Transaction = "T2", Vin = "SHORT" }, Row.Sale with { Transaction = "T3", Customer = "martian" }, Row.Sale with { Transaction = "T4", Customer = "martian", Event = "2026-02-30" },
            Row.Sale with { Transaction = "T5", Customer = "rental" }));

        var ended = await world.RunAsync("source", "check", path, "--as-of", "2026-03-20", "--rows", "1");

        Assert.Contains("line 2: accepted, may be asked", ended.Output, StringComparison.Ordinal);
        Assert.Contains("... and 4 more row(s)", ended.Output, StringComparison.Ordinal);
        Assert.Contains("5 row(s): 2 accepted, 3 rejected", ended.Output, StringComparison.Ordinal);
        Assert.Matches(@"rejected +1  bad_vin in vin", ended.Output);
        Assert.Matches(@"rejected +1  bad_date in event_date", ended.Output);
        Assert.Matches(@"screened out +1  customer_type_excluded", ended.Output);
        Assert.Contains("unknown codes in customer_type: 'martian' 2", ended.Output, StringComparison.Ordinal);
        Assert.Matches(@"empty in all rows: .*mileage_km", ended.Output);
    }

    [Fact]
    public async Task ADraftNeverOverwritesASourceAndIsReportedUntilItIsConfirmed()
    {
        using var world = new World();
        var path = Write(world, SampleExtract.All[0]);
        string[] ask = ["source", "check", path, "--as-of", Day, "--write", "harbour", .. SampleExtract.All[0].Arguments];

        var first = await world.RunAsync(ask);
        var check = await world.RunAsync("config", "check");
        var second = await world.RunAsync([.. ask, "--source", "canonical"]);

        Assert.Equal(0, first.Code);
        Assert.Contains("guess(es) to be confirmed", first.Error, StringComparison.Ordinal);
        Assert.Equal(0, check.Code);
        Assert.Contains("to be confirmed in sources/harbour.json", check.Output, StringComparison.Ordinal);
        Assert.Equal(2, second.Code);
        Assert.Contains("is there already, and is not overwritten", second.Error, StringComparison.Ordinal);
    }

    /// <summary>Root writes it, and the service reads it by its group's right, as the rest of the configuration.</summary>
    [Fact]
    public async Task WhoMayReadTheConfigurationMayReadANewSource()
    {
        using var world = new World();
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        File.SetUnixFileMode(Path.Combine(world.Config, "programme.json"), mode);

        Assert.Equal(0, (await world.RunAsync(["source", "check", Write(world, SampleExtract.All[0]), "--as-of", Day, "--write", "harbour", .. SampleExtract.All[0].Arguments])).Code);

        Assert.Equal(mode, File.GetUnixFileMode(Path.Combine(world.Config, "sources", "harbour.json")));
    }

    [Fact]
    public async Task ASourceThatComesFirstAndFitsTooIsNamed()
    {
        using var world = new World();
        var path = Write(world, SampleExtract.All[0] with { Name = "cn_dms_20260302.csv" });

        var written = await world.RunAsync("source", "check", path, "--as-of", Day, "--write", "zz", "--source", "canonical", "--constant", "country=AU");

        Assert.Equal(0, written.Code);
        Assert.Contains("still read with cn_dms, which comes first by name", written.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatTheFileDoesNotSayIsAskedForByName()
    {
        using var world = new World();
        var path = Path.Combine(world.Root, "sample.csv");
        File.WriteAllText(path, "Dealer Code,RO No,Delivery Date,VIN\nAU01,T1,2026-02-02,JTDBR32E720012345\nAU01,T2,2026-02-03,JTDBR32E720012346\n");

        var lacking = await world.RunAsync("source", "check", path, "--as-of", Day, "--write", "x");
        var wrong = await world.RunAsync("source", "check", path, "--constant", "colour=red");

        Assert.Equal(2, lacking.Code);
        Assert.Contains("Required, and not found: record_type, country, customer_type.", lacking.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was written", lacking.Error, StringComparison.Ordinal);
        Assert.Equal(2, wrong.Code);
        Assert.Contains("COLUMN=VALUE is expected", wrong.Error, StringComparison.Ordinal);
    }

    private static string Write(World world, SampleExtract sample)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(world.Root, "samples")).FullName, sample.Name);
        File.WriteAllBytes(path, sample.Bytes());
        return path;
    }

    private static async Task<JsonElement> CheckAsync(World world, SampleExtract sample)
    {
        var ended = await world.RunAsync(["source", "check", Write(world, sample), "--as-of", Day, "--rows", "1000", "--json", .. sample.Arguments]);
        Assert.True(ended.Code is 0 or 1, ended.Error);
        return ended.Json;
    }
}
