namespace Survey.Domain.Tests;

/// <summary>What is odd about a response is said, and nothing is dropped for it.</summary>
public class ResponseReviewTests
{
    private static readonly Scale Satisfaction = new("satisfaction", ScaleKind.Scale, Codes("1", "2", "3", "4", "5"));
    private static readonly Scale YesNo = new("yes_no", ScaleKind.Choice, Codes("yes", "no"));
    private static readonly Scale Work = new("work", ScaleKind.Choices, Codes("repair", "recall", "other"));

    private static readonly Questionnaire Asked = new(
        "service", 1, Some.Day("2026-01-01"), 10, new CareRules(180, 4), Words("Service"), [new Section("all", Words("All"))],
        [
            Ask("most_familiar", YesNo) with { ScreensOut = ["no"] },
            Ask("overall", Satisfaction), Ask("a", Satisfaction), Ask("b", Satisfaction), Ask("c", Satisfaction),
            Ask("paid", YesNo), Ask("value", Satisfaction) with { AskedIf = new AskedIf("paid", ["yes"]) },
            Ask("work", Work), Ask("recall_explained", YesNo) with { AskedIf = new AskedIf("work", ["recall"]) },
        ]);

    [Theory]
    [InlineData("complete", "overall=4", 600, "")]
    [InlineData("complete", "a=4", 600, "no_overall")]
    [InlineData("partial", "a=4", 600, "")] // who broke off before it left nothing out
    [InlineData("complete", "overall=4", 179, "speeder")]
    [InlineData("complete", "overall=4", 180, "")]
    [InlineData("complete", "overall=4", null, "")] // nobody said how long it took
    [InlineData("partial", "overall=4", 20, "")]
    [InlineData("complete", "overall=4,paid=yes,value=2", 600, "")]
    [InlineData("complete", "overall=4,paid=no,value=2", 600, "not_asked")]
    [InlineData("complete", "overall=4,value=2", 600, "not_asked")] // the question that routes to it was not answered
    [InlineData("complete", "overall=4,work=repair|recall,recall_explained=no", 600, "")]
    [InlineData("complete", "overall=4,work=repair|other,recall_explained=no", 600, "not_asked")]
    [InlineData("complete", "overall=3,a=3,b=3", 600, "")] // three are no line yet
    [InlineData("complete", "overall=3,a=3,b=3,c=3", 600, "straight_liner")]
    [InlineData("partial", "overall=3,a=3,b=3,c=3", 600, "straight_liner")]
    [InlineData("complete", "overall=3,a=3,b=3,c=4", 600, "")]
    [InlineData("complete", "a=3,b=3,c=3,value=3,paid=no", 20, "no_overall|not_asked|speeder|straight_liner")]
    public void AnAnswerShowsWhatIsOddAboutIt(string status, string answers, int? seconds, string flags) =>
        Assert.Equal(flags, ResponseReview.OfAnswers(Asked, Given(answers), status, seconds).Codes());

    [Theory]
    [InlineData("2026-03-05", "2026-03-05", "2026-03-05", "2026-03-05", "")] // all on one day: nothing is before anything
    [InlineData("2026-03-04", "2026-03-05", "2026-02-10", "2026-03-05", "before_invitation")]
    [InlineData("2026-03-05", "2026-03-05", "2026-02-10", null, "before_invitation")]
    [InlineData("2026-02-09", "2026-03-05", "2026-02-10", "2026-03-01", "before_invitation|before_event")]
    [InlineData("2026-03-06", "2026-03-05", "2026-02-10", "2026-03-01", "in_future")]
    public void ADayShowsWhatIsOddAboutIt(string completed, string today, string happened, string? contacted, string flags) => Assert.Equal(
        flags, ResponseReview.OfDay(Some.Day(completed), Some.Day(today), Some.Day(happened), contacted is null ? null : Some.Day(contacted)).Codes());

    [Theory]
    [InlineData("most_familiar=no,overall=5", true)]
    [InlineData("most_familiar=yes,overall=5", false)]
    [InlineData("overall=5", false)]
    public void SomebodyElseKnowsMore(string answers, bool screenedOut) => Assert.Equal(screenedOut, ResponseReview.ScreensOut(Asked, Given(answers)));

    [Fact]
    public void NobodyIsASpeederOrAStraightLinerWhereNoRuleSaysSo()
    {
        var lenient = Asked with { Care = new CareRules(null, null) };

        Assert.Equal(ResponseFlags.None, ResponseReview.OfAnswers(lenient, Given("overall=3,a=3,b=3,c=3"), "complete", 1));
    }

    [Fact]
    public void TheVersionInForceIsTheNewestThatHadBegun()
    {
        Questionnaire Version(int n, string from) => Asked with { Id = "service", Version = n, ValidFrom = Some.Day(from) };
        var versions = new Questionnaires([Version(2, "2026-03-01"), Version(1, "2026-01-01"), Asked with { Id = "sales" }]);

        Assert.Equal(1, versions.InForce(SurveyKind.Service, Some.Day("2025-01-01")).Version); // older than the first: the first
        Assert.Equal(1, versions.InForce(SurveyKind.Service, Some.Day("2026-02-28")).Version);
        Assert.Equal(2, versions.InForce(SurveyKind.Service, Some.Day("2026-03-01")).Version);
        Assert.Equal(2, versions.Newest(SurveyKind.Service).Version);
        Assert.Null(versions.Find(SurveyKind.Service, 3));
    }

    [Fact]
    public void AQuestionOfANewVersionBecomesTheLastColumn()
    {
        var sales = Asked with { Id = "sales", Questions = [Ask("overall", Satisfaction), Ask("test_drive", YesNo)] };
        var second = sales with { Version = 2, ValidFrom = Some.Day("2026-06-01"), Questions = [Ask("charging", YesNo), Ask("overall", Satisfaction)] };

        Assert.Equal(
            ["overall", "test_drive", "most_familiar", "a", "b", "c", "paid", "value", "work", "recall_explained", "charging"],
            new Questionnaires([sales, Asked, second]).QuestionIds);
    }

    private static string?[] Given(string answers)
    {
        var given = new string?[Asked.Questions.Count];
        foreach (var answer in answers.Split(','))
        {
            given[Asked.PlaceOf(answer.Split('=')[0])] = answer.Split('=')[1];
        }

        return given;
    }

    private static Question Ask(string id, Scale scale) => new(id, "all", scale, Words(id), AskedIf: null, [], [], []);

    private static ScaleCode[] Codes(params string[] codes) => [.. codes.Select(c => new ScaleCode(c, Words(c)))];

    private static Dictionary<string, string> Words(string english) => new(StringComparer.Ordinal) { ["en"] = english };
}
