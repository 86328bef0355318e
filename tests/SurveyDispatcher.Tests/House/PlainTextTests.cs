namespace SurveyDispatcher.Tests.House;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("Alice Walker", "Alice Walker", "Alice Walker")]
    [InlineData(" Alice\r\n", "Alice", " Alice??")]
    [InlineData("\u001b[31mAlice\u009b0m\u007f", "[31mAlice 0m", "?[31mAlice?0m?")]
    [InlineData("a\u2028b\u2029c\u0085d", "a b c d", "a?b?c?d")]
    [InlineData("\u202eecilA\u202c \u2066x\u2069", "ecilA x", "?ecilA? ?x?")]
    [InlineData("Anna\u200e (\u05d0\u05e0\u05d4)\u200f \u061c", "Anna\u200e (\u05d0\u05e0\u05d4)\u200f \u061c", "Anna\u200e (\u05d0\u05e0\u05d4)\u200f \u061c")]
    [InlineData("王小明 \U0001f697", "王小明 \U0001f697", "王小明 \U0001f697")]
    public void TextOfOthersSaysWhatItSaysAndDoesNothing(string text, string oneLine, string shown)
    {
        Assert.Equal(oneLine, PlainText.OneLine(text));
        Assert.Equal(shown, PlainText.Shown(text));
    }
}
