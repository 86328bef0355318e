namespace Survey.Domain.Tests;

public class SurveyKindTests
{
    [Theory]
    [InlineData(SurveyKind.Sales, "sales", "sale")]
    [InlineData(SurveyKind.Service, "service", "service")]
    public void ASurveyHasOneNameInExtractsAndOneElsewhere(SurveyKind survey, string code, string recordType)
    {
        Assert.Equal(code, survey.Code());
        Assert.Equal(survey, SurveyKinds.FromCode(code));
        Assert.Equal(recordType, survey.RecordType());
        Assert.Equal(survey, SurveyKinds.FromRecordType(recordType));
    }

    [Theory]
    [InlineData("sales")] // the survey's name is not the record type
    [InlineData("Sale")]
    [InlineData("")]
    public void AnUnknownRecordTypeIsNone(string code) => Assert.Null(SurveyKinds.FromRecordType(code));
}
