namespace Survey.Domain.Tests;

public class QuestionnaireTests
{
    private static readonly Questionnaire Small = new(
        "sales", 1, Some.Day("2010-08-01"), 10, new CareRules(180, 4), Words("Sales"), [new Section("overall", Words("Overall"))],
        [
            Ask("overall", ScaleKind.Scale, "1", "2", "3", "4", "5"),
            Ask("visited_dealer", ScaleKind.Scale, "yes", "no"),
            Ask("recommend", ScaleKind.Scale, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"),
            Ask("first_vehicle", ScaleKind.Choice, "first", "additional", "replacement"),
            Ask("work_done", ScaleKind.Choices, "maintenance", "repair", "recall"),
            Ask("comments", ScaleKind.Text),
        ]);

    [Theory]
    [InlineData("overall", "0", false)]
    [InlineData("overall", "1", true)]
    [InlineData("overall", "5", true)]
    [InlineData("overall", "6", false)]
    [InlineData("overall", "05", false)]
    [InlineData("overall", "5.0", false)]
    [InlineData("overall", "5 ", false)]
    [InlineData("overall", "-1", false)]
    [InlineData("visited_dealer", "yes", true)]
    [InlineData("visited_dealer", "no", true)]
    [InlineData("visited_dealer", "Yes", false)]
    [InlineData("visited_dealer", "y", false)]
    [InlineData("recommend", "0", true)]
    [InlineData("recommend", "10", true)]
    [InlineData("recommend", "11", false)]
    [InlineData("first_vehicle", "first", true)]
    [InlineData("first_vehicle", "second", false)]
    [InlineData("first_vehicle", "first|additional", false)] // one choice, not several
    [InlineData("work_done", "repair", true)]
    [InlineData("work_done", "maintenance|repair", true)]
    [InlineData("work_done", "repair|maintenance", true)]
    [InlineData("work_done", "repair|repair", true)] // chosen, and named twice
    [InlineData("work_done", "repair | maintenance", true)]
    [InlineData("work_done", "repair|", false)]
    [InlineData("work_done", "|", false)]
    [InlineData("work_done", "repair|bodywork", false)]
    [InlineData("work_done", "repair,maintenance", false)]
    [InlineData("comments", "anything | at all", true)]
    [InlineData("no_such_question", "1", false)]
    [InlineData("OVERALL", "1", false)] // ids are contract, to the letter
    public void AnAnswerLiesWithinItsScaleOrNot(string question, string answer, bool expected) =>
        Assert.Equal(expected, Small.Find(question)?.Scale.Admits(answer) == true);

    [Fact]
    public void AQuestionIsFoundByItsId()
    {
        Assert.Equal("overall", Small.Find("overall")?.Id);
        Assert.Null(Small.Find("missing"));
    }

    private static Question Ask(string id, ScaleKind kind, params string[] codes) => new(
        id, "overall", new Scale(id, kind, [.. codes.Select(c => new ScaleCode(c, Words(c)))]), Words(id), AskedIf: null, [], [], []);

    private static Dictionary<string, string> Words(string english) => new(StringComparer.Ordinal) { ["en"] = english };
}
