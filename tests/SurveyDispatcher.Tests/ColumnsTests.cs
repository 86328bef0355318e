namespace SurveyDispatcher.Tests;

/// <summary>Columns stand below each other on a terminal, whatever the letters.</summary>
public sealed class ColumnsTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("mail", 4)]
    [InlineData("Zoë", 3)]
    [InlineData("Zoe\u0308", 3)] // the two dots stand on the e
    [InlineData("邮件", 4)]
    [InlineData("答卷 12", 7)]
    [InlineData("（无）", 6)] // full-width brackets
    [InlineData("ｱｲｳ", 3)] // half-width kana
    [InlineData("がぎ", 4)]
    [InlineData("한국", 4)]
    [InlineData("𠮷野家", 6)] // beyond the first plane
    [InlineData("नमस्ते", 4)] // vowel signs that stand behind a letter have a place, those on it have none
    [InlineData("🚗 GT", 5)]
    [InlineData("a\u200Bb", 2)] // zero width space
    [InlineData("…–é", 3)]
    public void AWideCharacterTakesTwoCellsAndAMarkNone(string text, int cells) => Assert.Equal(cells, Columns.Width(text));

    [Theory]
    [InlineData("mail", "mail    |    mail")]
    [InlineData("邮件", "邮件    |    邮件")]
    [InlineData("too long for it", "too long for it|too long for it")]
    public void ACellIsFilledToItsWidth(string text, string expected) => Assert.Equal(expected, $"{Columns.Left(text, 8)}|{Columns.Right(text, 8)}");

    [Theory]
    [InlineData("one two three", 8, "one two|  three")]
    [InlineData("incomprehensible at all", 8, "incomprehensible|  at all")] // too long a word stays whole
    [InlineData("请运行命令", 6, "请运行|  命令")]
    [InlineData("请运行。好", 6, "请运|  行。|  好")] // no line begins with a full stop
    [InlineData("请在“发送”", 6, "请在|  “发|  送”")] // or ends with an opening quote
    [InlineData("请运行 'mail check' 再试", 14, "请运行 'mail|  check' 再试")]
    [InlineData("がぎ", 3, "が|  ぎ")]
    public void ATextIsBrokenWhereThoseWhoWriteItBreakIt(string text, int width, string lines) => Assert.Equal(lines, string.Join('|', Columns.Wrapped(text, width, "  ")));

    [Theory]
    [InlineData("四五六七", 5, "四五")]
    [InlineData("abcdef", 5, "abcde")]
    [InlineData("ab", 5, "ab")]
    public void OfATextAsMuchIsShownAsFits(string text, int width, string shown) => Assert.Equal(shown, Columns.Cut(text, width));

    [Fact]
    public void TheEndsOfEveryRangeAreWideAndTheirNeighboursAreNot()
    {
        // From EastAsianWidth.txt: one range of each kind.
        Assert.Equal([1, 2, 2, 1], new[] { "\u10FF", "\u1100", "\u115F", "\u1160" }.Select(Columns.Width));
        Assert.Equal([1, 2, 2, 1], new[] { "\uFF00", "\uFF01", "\uFF60", "\uFF61" }.Select(Columns.Width));
        Assert.Equal([1, 2, 2, 1], new[] { "\U0001FFFF", "\U00020000", "\U0003FFFD", "\U0003FFFE" }.Select(Columns.Width));
    }
}
