using System.Text.RegularExpressions;

namespace SurveyDispatcher.Tests.House;

/// <summary>Everything that the program says to people it can say in each language.</summary>
public sealed partial class TextsTests
{
    public static TheoryData<string> Translations => [.. Texts.Languages.Except([Texts.English])];

    [Theory]
    [MemberData(nameof(Translations))]
    public void EverySentenceIsTranslated(string language)
    {
        var missing = SpokenTexts.Patterns().Where(p => HasWords(p.Key) && !Texts.Of(language).ContainsKey(p.Key)).Select(p => $"{p.First()}: {p.Key}");

        None(missing);
    }

    [Theory]
    [MemberData(nameof(Translations))]
    public void NoTranslationIsLeftOfWhatNobodySays(string language)
    {
        var said = SpokenTexts.Patterns();

        None(Texts.Of(language).Keys.Where(pattern => !said.Contains(pattern)));
    }

    [Theory]
    [MemberData(nameof(Translations))]
    public void ATranslationHasTheGapsOfTheSentence(string language)
    {
        var wrong = Texts.Of(language).Where(t => !Gaps(t.Key).SequenceEqual(Gaps(t.Value))).Select(t => $"{t.Key} -> {t.Value}");

        None(wrong);
    }

    [Fact]
    public void NothingIsSaidThatCannotBeTranslated() => None(SpokenTexts.Untranslated().Select(t => $"{t.Place}: {t.Text}"));

    [Fact]
    public void NoFileIsExcusedThatHasNothingToTranslate() => None(SpokenTexts.NeedlesslyExcused());

    private static void None(IEnumerable<string> faults)
    {
        var found = faults.ToList();
        Assert.True(found.Count == 0, $"{found.Count}:\n{string.Join('\n', found)}");
    }

    private static bool HasWords(string pattern) => Gap().Replace(pattern, "").Any(char.IsLetter);

    private static IEnumerable<string> Gaps(string pattern) => Gap().Matches(pattern.Replace("{{", "", StringComparison.Ordinal)).Select(m => m.Value).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"\{\d+(:[^}]*)?\}")]
    private static partial Regex Gap();
}
