using System.Text;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;

namespace SurveyDispatcher.Tests.Files;

public sealed class CsvInputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("csv-input").FullName;

    public CsvInputTests() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void ARowKnowsThePhysicalLineOnWhichItStarts(string end)
    {
        var text = string.Join(end, "a,b", "1,\"two", "lines\"", "2,x", "", "3,y", "");

        Assert.Equal([$"2: 1|two{end}lines", "4: 2|x", "6: 3|y"], Read(text));
    }

    [Fact]
    public void TheLastLineNeedsNoEnd() => Assert.Equal(["2: 1|x", "3: 2|y"], Read("a,b\n1,x\n2,y"));

    [Fact]
    public void AByteOrderMarkIsNoPartOfTheFirstHeader() => Assert.Equal(["2: 1|x"], Read("\uFEFFa,b\n1,x\n"));

    [Fact]
    public void AByteOrderMarkBeforeAQuotedHeaderIsNoPartOfIt() => Assert.Equal(["2: 1|x"], Read("\uFEFF\"a\",\"b\"\n1,x\n"));

    [Fact]
    public void HeadersMayBePaddedAndInAnyLetterCase() => Assert.Equal(["2: 1|x"], Read(" A , B \n1,x\n"));

    [Fact]
    public void AQuotedCellKeepsItsDelimitersAndDoubledQuotes() => Assert.Equal(["2: a,b|say \"no\""], Read("a,b\n\"a,b\",\"say \"\"no\"\"\"\n"));

    [Fact]
    public void ARowWithTooManyOrTooFewCellsIsMalformedAndTheNextIsNot() =>
        Assert.Equal(["2: malformed", "3: malformed", "4: 3|z"], Read("a,b\n1\n1,2,3\n3,z\n"));

    [Fact]
    public void AQuoteThatIsNeverClosedDamagesItsOwnLineOnly() =>
        Assert.Equal(["2: 1|x", "3: malformed", "4: 3|y", "5: 4|z"], Read("a,b\n1,x\n2,\"oops\n3,y\n4,z\n"));

    [Fact]
    public void AQuoteThatALaterQuotedCellClosesDamagesItsOwnLineOnly() =>
        Assert.Equal(["2: 1|x", "3: malformed", "4: 3|y", "5: 4|Walker, Alice", "6: 5|z"],
            Read("a,b\n1,x\n2,\"oops\n3,y\n4,\"Walker, Alice\"\n5,z\n"));

    [Fact]
    public void TwoUnclosedQuotesDamageTwoLines() =>
        Assert.Equal(["2: malformed", "3: 2|x", "4: malformed", "5: 4|y"], Read("a,b\n1,\"oops\n2,x\n3,\"again\n4,y\n"));

    [Fact]
    public void AnUnclosedQuoteEarlyInALargeFileStillLeavesEveryOtherRow()
    {
        var text = new StringBuilder("a,b\n1,\"oops\n");
        for (var i = 2; i <= 200_000; i++)
        {
            text.Append(i).Append(",some ordinary text\n");
        }

        var rows = Read(text.ToString());

        Assert.Equal(200_000, rows.Count);
        Assert.Equal("2: malformed", rows[0]);
        Assert.Equal("200001: 200000|some ordinary text", rows[^1]);
        Assert.Equal(1, rows.Count(r => r.EndsWith("malformed", StringComparison.Ordinal)));
    }

    [Fact]
    public void MassesOfBrokenRecordsCostNoMoreThanTheirSize()
    {
        var text = "a,b\n" + string.Concat(Enumerable.Repeat("\"x\ny\"z\n", 100_000));
        Read(text);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(100_000, Read(text).Count(r => r.EndsWith("malformed", StringComparison.Ordinal)));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300L * text.Length);
    }

    [Fact]
    public void AStrayQuoteInsideACellIsText() => Assert.Equal(["2: 1|5\" wheel"], Read("a,b\n1,5\" wheel\n"));

    [Fact]
    public void TextBehindAClosingQuoteIsMalformed() => Assert.Equal(["2: malformed", "3: 2|y"], Read("a,b\n1,\"x\"y\n2,y\n"));

    [Fact]
    public void SepLinesAreNotTakenForAHeader() => Assert.Contains("lacks a, b", Refusal("sep=,\na,b\n1,x\n"), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "empty")]
    [InlineData("\uFEFF", "empty")]
    [InlineData("\n\n\n", "empty")]
    [InlineData("a\n1\n", "lacks b")]
    [InlineData("a,b,B\n1,2,3\n", "names b twice")]
    [InlineData("a;b\n1;2\n", "lacks a, b")]
    [InlineData("a,b\n1,x\0y\n", "zero byte near line 2")]
    [InlineData("PK\u0003\u0004\0\0junk", "zero byte")]
    public void AFileThatMakesNoSenseIsRefusedAsAWhole(string text, string reason) =>
        Assert.Contains(reason, Refusal(text), StringComparison.Ordinal);

    [Fact]
    public void TheRefusalNamesADelimiterThatCantBeSeen()
    {
        var path = Path.Combine(_folder, "tabs.csv");
        File.WriteAllText(path, "a;b\n1;2\n");

        var e = Assert.Throws<FileRefusedException>(() => CsvInput.Open(path, new UTF8Encoding(false, true), '\t', ["a", "b"]));

        Assert.Contains("divided by ';', not by tabs.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AHeaderAloneIsAFileWithoutRows() => Assert.Empty(Read("a,b\n"));

    [Fact]
    public void ALineOf300ThousandCharactersIsRefusedWithItsNumber() =>
        Assert.Contains("Line 3 is longer than", Refusal("a,b\n1,x\n2," + new string('x', 300_000) + "\n"), StringComparison.Ordinal);

    [Fact]
    public void AFileWithOldMacintoshLineEndsIsNotOneLongLine()
    {
        var text = "a,b\r" + string.Concat(Enumerable.Range(1, 30_000).Select(i => $"{i},some text\r"));

        Assert.Equal(30_000, Read(text).Count);
    }

    [Theory]
    [InlineData("utf-8", "髙橋 山﨑 Nguyễn 𠮷")]
    [InlineData("gb18030", "髙橋 山﨑 王小明 𠮷 €")]
    [InlineData("big5", "王小明 陳")]
    [InlineData("shift_jis", "髙橋 山﨑 ①㈱ ｱｲｳ・")]
    public void NamesAreReadInTheEncodingOfTheFile(string encoding, string name)
    {
        var bytes = Encoding.GetEncoding(encoding).GetBytes($"a,b\n1,{name}\n2,{name}\n");

        Assert.Equal([$"2: 1|{name}", $"3: 2|{name}"], Read(bytes, encoding));
    }

    [Theory]
    [InlineData("shift_jis", new byte[] { 0xEE, 0xE0 }, "髙")] // NEC selected IBM extension: 髙 by its other code
    [InlineData("shift_jis", new byte[] { 0xFB, 0xFC }, "髙")]
    [InlineData("shift_jis", new byte[] { 0xED, 0x95 }, "﨑")]
    [InlineData("shift_jis", new byte[] { 0x81, 0x45 }, "・")]
    public void ACharacterWithTwoCodesIsReadByEither(string encoding, byte[] code, string character) =>
        Assert.Equal([$"2: 1|{character}"], Read([.. "a,b\n1,"u8, .. code, .. "\n"u8], encoding));

    [Theory]
    [InlineData("utf-8", new byte[] { 0xC3, 0x28 })]
    [InlineData("utf-8", new byte[] { 0xED, 0xA0, 0x80 })] // half a surrogate pair
    [InlineData("utf-8", new byte[] { 0xC0, 0xAF })] // an overlong slash
    [InlineData("gb18030", new byte[] { 0x81, 0x20 })]
    [InlineData("gb18030", new byte[] { 0xFF, 0xFF })]
    [InlineData("big5", new byte[] { 0xA4, 0x20 })]
    [InlineData("big5", new byte[] { 0xFE, 0x20 })]
    [InlineData("shift_jis", new byte[] { 0x81, 0x20 })]
    [InlineData("shift_jis", new byte[] { 0x85, 0x9F })] // a row that no character is in
    public void BytesThatTheEncodingCantBeRefuseTheFile(string encoding, byte[] code)
    {
        var good = string.Concat(Enumerable.Range(1, 20_000).Select(i => $"{i},x\n"));

        var message = Refusal([.. Encoding.ASCII.GetBytes("a,b\n" + good), .. code, .. "\n"u8], encoding);

        Assert.Contains(Encoding.GetEncoding(encoding).WebName, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("utf-8", new byte[] { 0xE9, 0xAB })]
    [InlineData("shift_jis", new byte[] { 0x8D })]
    [InlineData("gb18030", new byte[] { 0x81 })]
    public void ACharacterCutInTwoAtTheEndRefusesTheFile(string encoding, byte[] half) =>
        Assert.Contains("bytes that can't be", Refusal([.. "a,b\n1,"u8, .. half], encoding), StringComparison.Ordinal);

    [Fact]
    public void AUtf16ExportIsRefusedWithAdvice() =>
        Assert.NotEmpty(Refusal([.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("a,b\n1,x\n")], "utf-8"));

    [Fact]
    public void TheRefusalOfALongHeaderStaysShort() =>
        Assert.InRange(Refusal(string.Join(',', Enumerable.Range(0, 5000).Select(i => new string('x', 40) + i)) + "\n").Length, 1, 4000);

    [Fact]
    public void TheRefusalOfAHeaderThatRepeatsItselfNamesEachColumnOnce() =>
        Assert.Contains("It has: email, and 0 other column(s).", Refusal(string.Concat(Enumerable.Repeat("email,EMAIL,", 3000)) + "email\n"), StringComparison.Ordinal);

    private static string Words(CsvRow row) => row.IsMalformed ? $"{row.Line}: malformed" : $"{row.Line}: {row.Cell(0)}|{row.Cell(1)}";

    private List<string> Read(string text) => Read(Encoding.UTF8.GetBytes(text), "utf-8");

    private List<string> Read(byte[] bytes, string encoding) => [.. Open(bytes, encoding).Rows().Select(Words)];

    private string Refusal(string text) => Refusal(Encoding.UTF8.GetBytes(text), "utf-8");

    private string Refusal(byte[] bytes, string encoding) => Assert.Throws<FileRefusedException>(() => Open(bytes, encoding).Rows().Count()).Message;

    private CsvInput Open(byte[] bytes, string encoding)
    {
        var path = Path.Combine(_folder, "file.csv");
        File.WriteAllBytes(path, bytes);
        return CsvInput.Open(path, StrictEncoding.Get(encoding), ',', ["a", "b"]);
    }

    [Fact]
    public void AStrayQuoteDoesNotLetAQuoteBehindItSwallowTheNextRows() =>
        Assert.Equal(["2: 1\"x|oops", "3: 2|y", "4: 3|z"], Read("a,b\n1\"x,\"oops\n2,y\n3,z\n"));

    [Fact]
    public void AFaultOfTheHeaderIsNotTheFirstRows() => Assert.DoesNotContain("malformed", Read("a,b,\"c\"d\n1,x,z\n")[0], StringComparison.Ordinal);

    [Fact]
    public void WhatIsToldOfAHeaderIsNoCustomersData()
    {
        var path = Path.Combine(_folder, "no-header.csv");
        File.WriteAllText(path, "sale,Alice Walker,alice@mail.example,vin\n");

        var e = Assert.Throws<FileRefusedException>(() => CsvInput.Open(path, new UTF8Encoding(false, true), ',', ["country"]));

        Assert.DoesNotContain("lice", e.Message, StringComparison.Ordinal);
        Assert.Contains("It has: vin, and 3 other column(s).", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatGrowsWhileItIsReadIsStillBeingWritten()
    {
        var path = Path.Combine(_folder, "grows.csv");
        File.WriteAllText(path, "a,b\n1,x\n");
        var input = CsvInput.Open(path, new UTF8Encoding(false, true), ',', ["a"]);
        File.AppendAllText(path, "2,y\n");

        Assert.Contains("still being written", Assert.Throws<IOException>(() => input.Rows().Count()).Message, StringComparison.Ordinal);
    }
}
