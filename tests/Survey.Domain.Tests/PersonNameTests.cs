namespace Survey.Domain.Tests;

public sealed class PersonNameTests
{
    [Theory]
    [InlineData("Ann Lee", "LEE, Ann", "Mrs Ann Lee", "Mrs. Ann M. Lee", " ann  lee ")]
    [InlineData("José O'Brien", "JOSE OBRIEN", "Jose\u0301 O\u2019Brien", "Dr O'Brien, José")]
    [InlineData("王伟", "王 伟", "王伟先生", "王伟 先生")]
    [InlineData("山田太郎", "山田 太郎", "山田太郎様")]
    [InlineData("राम कुमार", "श्री राम कुमार", "कुमार राम")]
    [InlineData("Nguyễn Văn Hùng", "NGUYEN VAN HUNG", "Ông Nguyễn Văn Hùng")]
    [InlineData("ＡＮＮ　ＬＥＥ", "Ann Lee")]
    public void OnePersonHasOneKeyHoweverTheNameIsTyped(params string[] names) => Assert.Single(names.Select(PersonName.Key).Distinct());

    [Theory]
    [InlineData("Ann Lee", "Bob Lee", "Cid Lee", "Anna Lee", "Customer 1", "Customer 2")]
    [InlineData("王伟", "王芳", "李伟")]
    [InlineData("राम", "रामी", "रमेश")]
    [InlineData("かき", "がき")]
    public void OthersHaveOthers(params string[] names) => Assert.Equal(names.Length, names.Select(PersonName.Key).Distinct().Count());

    [Theory]
    [InlineData("", "")]
    [InlineData(" -- ", "")]
    [InlineData("Mr", "MR")] // all that there is
    [InlineData("A B", "AB")]
    [InlineData("x\ud800 y", "XY")] // half a character
    public void AnyTextHasAKey(string name, string key) => Assert.Equal(key, PersonName.Key(name));
}
