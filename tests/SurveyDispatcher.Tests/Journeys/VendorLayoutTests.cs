using System.Text;
using FsCheck;
using FsCheck.Fluent;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The vendor's systems have layouts of their own (<c>config/vendor.json</c>).</summary>
public sealed class VendorLayoutTests
{
    private const string FixedAscii = """
        {"phoneList": {"format": "fixed", "encoding": "us-ascii", "lineEnding": "lf", "dateFormat": "yyyyMMdd", "transliterate": true, "columns": [
            {"column": "case_id", "width": 12}, {"column": "respondent_name", "width": 20, "cut": true}, {"column": "phone_1", "width": 14, "align": "right", "pad": "0"},
            {"column": "call_until", "width": 8}, {"constant": "CVP", "width": 4}]}}
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AFileOfFixedWidthHasWhatItsColumnsSay()
    {
        using var world = new World();
        world.Agree(FixedAscii);
        world.Extract("a.csv", VendorWorld.ForThePhone(2, but: r => r with { Name = r.Transaction == "c0" ? "Nguyễn Thị Ánh Đào" : "A name that is far longer than twenty bytes" }));
        await world.CycleAsync("2026-03-02");

        var (id0, id1) = (await world.CaseIdAsync("c0"), await world.CaseIdAsync("c1"));
        Assert.Equal(
            $"{id0} Nguyen Thi Anh Dao  00+6141200100020260322CVP \n{id1} A name that is far l00+6141200100120260322CVP \n",
            await File.ReadAllTextAsync(world.In("outbox", "phone", "phone_AU_sales_20260302_01.txt"), Ct));
        Assert.Equal((2, "phone_AU_sales_20260302_01.txt"), (world.Manifests()[0].GetProperty("cases").GetInt32(), world.Manifests()[0].GetProperty("file").GetString()));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task ShiftJisCountsBytesAndKeepsWhatItCanHold()
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        using var world = new World(whole: true);
        world.Agree("""
            {"markets": {"JP": {"phoneList": {"format": "fixed", "encoding": "shift_jis", "transliterate": true, "columns": [
                {"column": "case_id", "width": 12}, {"column": "respondent_name", "width": 9, "cut": true}, {"column": "phone_1", "width": 14}]}}}}
            """);
        var due = Row.Sale with { Event = "2026-02-15", Email = "", Country = "JP", Dealer = "JP01", Language = "ja" };
        world.Extract(
            "a.csv", due with { Name = "髙橋 さくら", Phone1 = "03-1234-5678" }, due with { Transaction = "T2", Vin = "JTDBR32E720012346", Name = "Đào", Phone1 = "03-1234-5679" },
            due with { Transaction = "T3", Vin = "JTDBR32E720012347", Name = "張𠮷", Phone1 = "03-1234-5670" },
            due with { Country = "AU", Dealer = "AU01", Transaction = "T4", Vin = "JTDBR32E720012348" });
        var counts = await world.CycleAsync("2026-03-02");

        var lines = Encoding.GetEncoding("shift_jis").GetString(await File.ReadAllBytesAsync(world.In("outbox", "phone", "phone_JP_sales_20260302_01.txt"), Ct)).Split("\r\n");
        Assert.Equal("髙橋 さく", lines[0][12..18].TrimEnd('+')); // nine bytes: two characters of two, a space, two more
        Assert.Equal("Dao      +81312345679 ", lines[1][12..34]);
        Assert.Equal(new string(' ', 9), lines[2][12..21]); // its reading is not known, and a wrong one is another name
        Assert.Contains("1 name(s) in Chinese characters of Japan are left empty", counts.GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
        Assert.Contains("phone_AU_sales_20260302_01.csv", world.Names("outbox/phone")); // other markets as the contract says
        Assert.All(lines, l => Assert.DoesNotContain('?', l));
        world.AssertUnbroken();
    }

    /// <summary>Neither a question mark nor a guess: the case waits, and the operator is told why.</summary>
    [Theory]
    [InlineData("""{"encoding": "iso-8859-1"}""", "Nguyễn", "respondent_name: iso-8859-1 does not have all of its characters, and the layout has no transliterate")]
    [InlineData("""{"format": "fixed", "columns": [{"column": "case_id", "width": 12}, {"column": "phone_1", "width": 14}, {"column": "respondent_name", "width": 5}]}""", "Longname", "respondent_name: it needs 8 bytes, the column has 5 and does not allow it to be cut")]
    public async Task ARowThatCannotBeWrittenStaysInTheQueue(string layout, string name, string problem)
    {
        using var world = new World();
        world.Agree($$"""{"phoneList": {{layout}}}""");
        world.Extract("a.csv", VendorWorld.ForThePhone(3, but: r => r with { Name = r.Transaction == "c1" ? name : "José" }));

        var ended = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.Equal(1, ended.Code);
        Assert.Contains($"1 case(s) could not be written to the vendor's list phone_AU_sales_20260302_01.{(layout.Contains("fixed", StringComparison.Ordinal) ? "txt" : "csv")} and wait for the next cycle ({await world.CaseIdAsync("c1")}): {problem}.", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(name, ended.Error, StringComparison.Ordinal);
        Assert.Equal(["with_vendor", "phone_queued", "with_vendor"], new[] { "c0", "c1", "c2" }.Select(t => world.StateAsync(t).GetAwaiter().GetResult()));
        Assert.Equal(2, world.Manifests()[0].GetProperty("rows").GetInt32());
        await world.HoldsAsync();

        File.Delete(Path.Combine(world.Config, "vendor.json"));
        await world.CycleAsync("2026-03-03");
        Assert.Equal("with_vendor", await world.StateAsync("c1"));
        world.AssertUnbroken();
        await world.HoldsAsync();
    }

    /// <summary>Not even an empty list takes a number.</summary>
    [Fact]
    public async Task AListOfWhichNoRowCanBeWrittenIsNone()
    {
        using var world = new World();
        world.Agree("""{"phoneList": {"encoding": "us-ascii"}}""");
        world.Extract("a.csv", VendorWorld.ForThePhone(1, but: r => r with { Name = "José" }));
        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-02", "--dry-run")).Code);
        Assert.Equal(1, (await world.RunAsync("cycle", "--as-of", "2026-03-02")).Code);

        Assert.Empty(world.Names("outbox/phone"));
        world.Agree("""{"phoneList": {"encoding": "us-ascii", "transliterate": true}}""");
        await world.CycleAsync("2026-03-03");
        Assert.Equal("Jose", Assert.Single(world.PhoneRows())["respondent_name"]);
        world.AssertUnbroken();
    }

    [Fact]
    public async Task ACsvHasTheColumnsHeadersAndQuotesOfTheAgreement()
    {
        using var world = new World();
        world.Agree("""
            {"phoneList": {"encoding": "windows-1252", "delimiter": ";", "quote": "all", "dateFormat": "dd/MM/yyyy", "fileExtension": "dat", "columns": [
                {"column": "case_id", "header": "Ref"}, {"column": "phone_1", "header": "Tel"}, {"column": "respondent_name", "header": "Naam"}, {"constant": "7", "header": "Project"}, {"column": "call_until", "header": "Tot"}]},
             "withdrawals": {"delimiter": "|", "lineEnding": "lf", "timeFormat": "dd/MM/yyyy HH:mm", "columns": [{"column": "case_id", "header": "Ref"}, {"column": "withdrawn_at", "header": "When"}]}}
            """);
        world.Extract("a.csv", VendorWorld.ForThePhone(1, but: r => r with { Name = "=SUM(José \"J\")" }));
        await world.CycleAsync("2026-03-02");
        world.OptOut("o.csv", "phone", "0412 001 000");
        await world.CycleAsync("2026-03-03");

        var id = await world.CaseIdAsync("c0");
        Assert.Equal(
            $"\"Ref\";\"Tel\";\"Naam\";\"Project\";\"Tot\"\r\n\"{id}\";\"+61412001000\";\"'=SUM(José \"\"J\"\")\";\"7\";\"22/03/2026\"\r\n",
            Encoding.Latin1.GetString(await File.ReadAllBytesAsync(world.In("outbox", "phone", "phone_AU_sales_20260302_01.dat"), Ct)));
        Assert.Equal($"\uFEFFRef|When\n{id}|03/03/2026 12:00\n", Encoding.UTF8.GetString(await File.ReadAllBytesAsync(world.In("outbox", "phone", "withdrawals_AU_20260303_01.csv"), Ct)));
        await world.HoldsAsync();
    }

    [Fact]
    public async Task ACrashBetweenLeavingARowOutAndHandingOverTheOthersChangesNothing()
    {
        using var world = new World();
        world.Agree("""{"phoneList": {"encoding": "iso-8859-1"}}""");
        world.Extract("a.csv", VendorWorld.ForThePhone(3, but: r => r with { Name = r.Transaction == "c1" ? "Nguyễn" : "José" }));
        foreach (var moment in new[] { "statement lists.drop_entry", "statement lists.settle", "statement lists.publish" })
        {
            using var killed = world.Copy();
            Assert.True(await Child.KillAsync(killed, moment, 1, "cycle", "--as-of", "2026-03-02"));
            Assert.Equal(moment.EndsWith("publish", StringComparison.Ordinal) ? 1 : 1, (await killed.RunAsync("cycle", "--as-of", "2026-03-02")).Code);

            Assert.Equal(["with_vendor", "phone_queued", "with_vendor"], new[] { "c0", "c1", "c2" }.Select(t => killed.StateAsync(t).GetAwaiter().GetResult()));
            killed.AssertUnbroken();
            Assert.Single(killed.Manifests());
            await killed.HoldsAsync();
        }
    }

    [Theory]
    [InlineData(FixedAscii)]
    [InlineData("""{"phoneList": {"encoding": "shift_jis", "delimiter": ";", "transliterate": true, "fileExtension": "dat", "columns": [{"column": "phone_1"}, {"column": "case_id"}, {"column": "respondent_name"}]}}""")]
    [InlineData("""{"phoneList": {"encoding": "utf-16", "delimiter": "|"}}""")]
    public async Task WhoIsErasedIsTakenOutOfAListInAnyLayoutAndItsManifestSaysSo(string agreement)
    {
        using var world = new World();
        world.Agree(agreement);
        world.Extract("a.csv", VendorWorld.ForThePhone(4, but: r => r with { Name = $"José {r.Transaction}" }));
        await world.CycleAsync("2026-03-02");
        var before = world.Manifests()[0];
        var gone = await world.CaseIdAsync("c2");
        File.Delete(Path.Combine(world.Config, "vendor.json")); // the list knows how it was written

        Assert.Equal(0, (await world.RunAsync("erase", "--case", gone, "--as-of", "2026-03-02")).Code);

        var manifest = world.Manifests()[0];
        var path = world.In("outbox", "phone", manifest.GetProperty("file").GetString()!);
        var bytes = await File.ReadAllBytesAsync(path, Ct);
        foreach (var text in new[] { Encoding.Latin1.GetString(bytes), Encoding.Unicode.GetString(bytes) })
        {
            Assert.DoesNotContain(gone, text, StringComparison.Ordinal);
        }

        Assert.Equal((4, 3, 3), (before.GetProperty("rows").GetInt32(), manifest.GetProperty("rows").GetInt32(), manifest.GetProperty("cases").GetInt32()));
        Assert.Equal(long.Parse(gone.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture), before.GetProperty("caseNumberTotal").GetInt64() - manifest.GetProperty("caseNumberTotal").GetInt64());
        Assert.Equal("+61412001002".Where(char.IsAsciiDigit).Sum(c => c - '0'), before.GetProperty("phone1DigitTotal").GetInt64() - manifest.GetProperty("phone1DigitTotal").GetInt64());
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), manifest.GetProperty("sha256").GetString());
        await world.HoldsAsync();
    }

    /// <summary>The contract's layout, described column by column, gives the contract's file, byte for byte.</summary>
    [Fact]
    public void WhatIsDescribedAsInTheContractIsWrittenAsInTheContract()
    {
        var described = VendorFile.ReadLayout(
            $$"""{"columns": [{{string.Join(", ", ListLayout.PhoneColumns.Select(c => $$"""{"column": "{{c}}"}"""))}}]}""", "phone");
        var texts = Gen.Elements("", "Alice", "a,b", "\"q\"", "=x", "+1", "-", "＝x", " lead", "trail ", "王小明", "a;b", "it's", "'x", "@", "\"", "é\u0301", "a\"b,c").Two().Select(t => t.Item1 + t.Item2);
        Check.One(
            FsCheck.Config.QuickThrowOnFailure.WithMaxTest(500).WithQuietOnSuccess(true),
            Prop.ForAll(Arb.From(texts.ListOf(4)), cells =>
            {
                byte[] Written(ListLayout layout)
                {
                    using var stream = new MemoryStream();
                    using (var writer = new ListWriter(stream, layout, "phone", isJapanese: false))
                    {
                        Assert.Null(writer.Row(
                            "AU-00000014", "sales", "AU", "en", "no_email", cells[0], "+61293744000", null, new DateOnly(2026, 3, 2), new DateOnly(2026, 3, 17), "Australia/Sydney", "09:00-20:00",
                            cells[1], cells[2], cells[3], new DateOnly(2026, 2, 15), "sales"));
                    }

                    return stream.ToArray();
                }

                Assert.Equal(Encoding.UTF8.GetString(Written(ListLayout.OfContract("phone"))), Encoding.UTF8.GetString(Written(described)));
            }));
    }

    [Theory]
    [InlineData("王小明", false, "Wang Xiao Ming")]
    [InlineData("歐陽娜娜", false, "Ou Yang Na Na")]
    [InlineData("田中 太郎", true, null)]
    [InlineData("東京トヨタ自動車", false, null)]
    [InlineData("ヤマダ タロウ", true, "Yamada Tarou")]
    [InlineData("きょうこ", true, "Kyouko")]
    [InlineData("しゃちょう", true, "Shachou")]
    [InlineData("ハットリ ロック", true, "Hattori Rokku")]
    [InlineData("マッチ", true, "Matchi")]
    [InlineData("ﾀﾅｶ ﾌｧﾝ", true, "Tanaka Fan")]
    [InlineData("スズキ・ジロー", true, "Suzuki-Jiro")]
    [InlineData("Nguyễn Thị Ánh Đào", false, "Nguyen Thi Anh Dao")]
    [InlineData("Trần Văn Đức", false, "Tran Van Duc")]
    [InlineData("प्रिया शर्मा", false, "Priya Sharma")]
    [InlineData("राजेश कुमार", false, "Rajesh Kumar")]
    [InlineData("कमल मिश्र", false, "Kamal Mishra")]
    [InlineData("हरप्रीत सिंह", false, "Haraprit Singh")]
    [InlineData("फ़राह", false, "Farah")]
    [InlineData("Müller & Søn", false, "Muller & Son")]
    [InlineData("Jose\u0301", false, "Jose")]
    [InlineData("😀 Lee", false, "Lee")]
    [InlineData("O’Brien", false, "O'Brien")]
    [InlineData("plain", true, "plain")]
    public void NamesAreReadAsTheirCallersWouldWriteThem(string name, bool isJapanese, string? latin) => Assert.Equal(latin, LatinLetters.Of(name, isJapanese));

    [Fact]
    public void WhateverANameIsMadeOfItsLatinLettersAreAscii() => Check.One(
        FsCheck.Config.QuickThrowOnFailure.WithMaxTest(2_000).WithQuietOnSuccess(true),
        Prop.ForAll(
            Arb.From(Gen.Frequency((2, Gen.Choose(0x20, 0x24f)), (2, Gen.Choose(0x3040, 0x30ff)), (2, Gen.Choose(0x900, 0x963)), (2, Gen.Choose(0x4e00, 0x9fff)), (1, Gen.Choose(0xe000, 0x10ffff)), (1, Gen.Choose(0x250, 0xd7ff)))
                .NonEmptyListOf().Select(runes => string.Concat(runes.Select(r => new Rune(r).ToString())))),
            name => Assert.True(Ascii.IsValid(LatinLetters.Of(name, isJapanese: false) ?? ""))));

    [Theory]
    [InlineData("""{"phoneLst": {}}""", "phoneLst", "Unknown key")]
    [InlineData("""{"phoneList": {"format": "xml"}}""", "phoneList.format", "Known: csv, fixed")]
    [InlineData("""{"phoneList": {"encoding": "klingon"}}""", "phoneList.encoding", "no .NET encoding name")]
    [InlineData("""{"phoneList": {"format": "fixed"}}""", "phoneList.columns", "needs its columns")]
    [InlineData("""{"phoneList": {"format": "fixed", "encoding": "utf-16", "columns": [{"column": "case_id", "width": 12}, {"column": "phone_1", "width": 12}]}}""", "phoneList.encoding", "a space is more than one")]
    [InlineData("""{"phoneList": {"format": "fixed", "columns": [{"column": "case_id", "width": 10}, {"column": "phone_1", "width": 12}]}}""", "phoneList.columns[0].width", "never cut")]
    [InlineData("""{"phoneList": {"format": "fixed", "columns": [{"column": "case_id", "width": 12}, {"column": "phone_1", "width": 10, "cut": true}]}}""", "phoneList.columns[1].cut", "somebody else's")]
    [InlineData("""{"phoneList": {"format": "fixed", "columns": [{"column": "case_id", "width": 12}, {"column": "phone_1", "width": 16}, {"column": "phone_2", "width": 16, "pad": "0"}]}}""", "phoneList.columns[2].pad", "another number")]
    [InlineData("""{"phoneList": {"format": "fixed", "encoding": "iso-2022-jp", "columns": [{"column": "case_id", "width": 12}, {"column": "phone_1", "width": 16}]}}""", "phoneList.encoding", "depends on its neighbours")]
    [InlineData("""{"phoneList": {"columns": [{"column": "case_id"}]}}""", "phoneList.columns", "phone_1 must be there")]
    [InlineData("""{"withdrawals": {"columns": [{"column": "reason"}]}}""", "withdrawals.columns", "case_id must be there")]
    [InlineData("""{"phoneList": {"columns": [{"column": "vin"}]}}""", "phoneList.columns[0].column", "Unknown column")]
    [InlineData("""{"phoneList": {"columns": [{"column": "case_id", "width": 9}, {"column": "phone_1"}]}}""", "phoneList.columns[0].width", "Only a file of fixed width")]
    [InlineData("""{"phoneList": {"encoding": "us-ascii", "columns": [{"column": "case_id", "header": "Fälle"}, {"column": "phone_1"}]}}""", "phoneList.columns[0].header", "can't be written in us-ascii")]
    [InlineData("""{"phoneList": {"byteOrderMark": true, "encoding": "shift_jis"}}""", "phoneList.byteOrderMark", "no byte order mark")]
    [InlineData("""{"phoneList": {"byteOrderMark": "yes"}}""", "phoneList.byteOrderMark", "True or false is expected")]
    [InlineData("""{"phoneList": {"dateFormat": "MM/yy"}}""", "phoneList.dateFormat", "no date format")]
    [InlineData("""{"withdrawals": {"timeFormat": "HH:mm"}}""", "withdrawals.timeFormat", "no format of a point in time")]
    [InlineData("""{"phoneList": {"fileExtension": "tmp"}}""", "phoneList.fileExtension", "not tmp")]
    [InlineData("""{"markets": {"XX": {}}}""", "markets.XX", "no market XX")]
    [InlineData("""{"markets": {"AU": {"dispositions": {}}}}""", "markets.AU.dispositions.filePattern", "Missing")]
    [InlineData("""{"dispositions": {"codes": {"K1": "9.9"}}}""", "dispositions.codes.K1", "no code of contracts.md")]
    [InlineData("""{"dispositions": {"codes": {"K1": "1.1"}, "finalCodes": ["K2"]}}""", "dispositions.finalCodes", "none of his codes")]
    [InlineData("""{"dispositions": {"columns": {"case_id": "Ref"}}}""", "dispositions.columns", "attempt has no header")]
    [InlineData("""{"dispositions": {"columns": {"colour": "Ref"}}}""", "dispositions.columns.colour", "Unknown column")]
    [InlineData("""{"dispositions": {"finalValues": {"1": "yes"}}}""", "dispositions.finalValues.1", "Known: Y, N")]
    [InlineData("""{"dispositions": {"timeZone": "Mars/Olympus"}}""", "dispositions.timeZone", "no time zone")]
    [InlineData("""{"dispositions": {"dateFormats": ["mm/yyyy"]}}""", "dispositions.dateFormats", "no format of a point in time")]
    [InlineData("""{"answerWithinDays": 0}""", "answerWithinDays", "from 1 to")]
    [InlineData("""{"acknowledgeWithinHours": "soon"}""", "acknowledgeWithinHours", "A number is expected")]
    public async Task AFaultOfTheAgreementIsToldWithItsPlace(string json, string path, string problem)
    {
        using var world = new World();
        world.Agree(json);

        var ended = await world.RunAsync("config", "check", "--json");

        Assert.Equal(2, ended.Code);
        Assert.Contains(ended.Json.GetProperty("faults").EnumerateArray(), f =>
            f.GetProperty("file").GetString() == "vendor.json" && f.GetProperty("path").GetString() == path && f.GetProperty("problem").GetString()!.Contains(problem, StringComparison.Ordinal));
    }
}
