using System.Text;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;

namespace SurveyDispatcher.Tests.Files;

public sealed class RowRemovalTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public RowRemovalTests() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("utf-8")]
    [InlineData("shift_jis")]
    [InlineData("gb18030")]
    [InlineData("big5")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("windows-1252")]
    public void OnlyTheRowGoesAndEveryOtherByteStays(string encoding)
    {
        var name = encoding == "windows-1252" ? "José" : "王表示"; // the second byte of 表 is a backslash in two of them
        string[] lines = ["id,name\r\n", $"1,{name}\r\n", "2,VICTIM\r\n", $"3,\"{name}, a \"\"b\"\"\r\nsecond line\"\n", $"4,{name}"];

        Check(encoding, lines, "VICTIM", [0, 1, 3, 4]);
    }

    [Fact]
    public void BytesThatAnEncodingHasTwiceComeBackAsTheyWere()
    {
        byte[] ibm = [0xFB, 0xFC]; // 髙 as IBM has it; the encoder would write it otherwise
        byte[] file = [.. "id,name\n1,"u8, .. ibm, .. "\n2,VICTIM\n3,"u8, .. ibm, .. "\n"u8];
        File.WriteAllBytes(_path, file);

        RowRemoval.Remove(_path, StrictEncoding.Get("shift_jis"), ',', (_, cells) => cells.Contains("VICTIM"));

        Assert.Equal([.. "id,name\n1,"u8, .. ibm, .. "\n3,"u8, .. ibm, .. "\n"u8], File.ReadAllBytes(_path));
    }

    [Fact]
    public void ARecordOfSeveralLinesGoesWhole() =>
        Check("utf-8", ["id,note\n", "1,\"first\nVICTIM\nthird\"\n", "2,x\n"], "first\nVICTIM\nthird", [0, 2]);

    [Fact]
    public void AQuoteThatNothingClosesTakesNoOtherRowAlong() =>
        Check("utf-8", ["id,note\n", "1,\"open\n", "2,VICTIM\n", "3,x\n"], "VICTIM", [0, 1, 3]);

    [Fact]
    public void AQuoteThatALaterRowClosesTakesNoOtherRowAlong() =>
        Check("utf-8", ["id,note\n", "1,\"open\n", "2,VICTIM\n", "3,\"x\"\n", "4,y\n"], "VICTIM", [0, 1, 3, 4]);

    [Theory]
    [InlineData("\r")]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void AnyLineEndIsOne(string end) => Check("utf-8", [$"id,n{end}", $"1,a{end}", $"2,VICTIM{end}", "3,b"], "VICTIM", [0, 1, 3]);

    [Fact]
    public void AMarkInFrontStays()
    {
        File.WriteAllText(_path, "id,n\r\n1,VICTIM\r\n2,a\r\n", new UTF8Encoding(true));

        var (removed, left) = RowRemoval.Remove(_path, new UTF8Encoding(false, true), ',', (h, cells) => h[0] == "id" && cells.Contains("VICTIM"));

        Assert.Equal((1, 1), (removed, left));
        Assert.Equal([.. Encoding.UTF8.Preamble, .. "id,n\r\n2,a\r\n"u8], File.ReadAllBytes(_path));
    }

    [Fact]
    public void AFileWithoutTheRowIsNotTouched()
    {
        File.WriteAllText(_path, "id,n\n1,a\n");
        var before = File.GetLastWriteTimeUtc(_path);
        File.SetLastWriteTimeUtc(_path, before.AddDays(-1));

        Assert.Equal((0, 1), RowRemoval.Remove(_path, Encoding.UTF8, ',', (_, cells) => cells.Contains("VICTIM")));
        Assert.Equal(before.AddDays(-1), File.GetLastWriteTimeUtc(_path));
    }

    [Fact]
    public void WhatHasNoRowsIsToldAsSuch()
    {
        File.WriteAllBytes(_path, [.. "id\n"u8, 0xFF, 0xFE, 0x00]);
        Assert.Throws<NoRowsException>(() => RowRemoval.Remove(_path, new UTF8Encoding(false, true), ',', (_, _) => false));
        File.WriteAllText(_path, new string('x', 3_000_000));
        Assert.Throws<NoRowsException>(() => RowRemoval.Remove(_path, new UTF8Encoding(false, true), ',', (_, _) => false));
    }

    private void Check(string encoding, string[] lines, string cell, int[] left)
    {
        var enc = StrictEncoding.Get(encoding);
        File.WriteAllBytes(_path, enc.GetBytes(string.Concat(lines)));

        var (removed, _) = RowRemoval.Remove(_path, enc, ',', (_, cells) => cells.Contains(cell));

        Assert.Equal(1, removed);
        Assert.Equal(enc.GetBytes(string.Concat(left.Select(i => lines[i]))), File.ReadAllBytes(_path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_path));
    }
}
