namespace Survey.Domain.Tests;

public class SurveyCaseTests
{
    [Theory]
    [InlineData(CaseState.Waiting, "waiting", true)]
    [InlineData(CaseState.Invited, "invited", true)]
    [InlineData(CaseState.Reminded, "reminded", true)]
    [InlineData(CaseState.PhoneQueued, "phone_queued", true)]
    [InlineData(CaseState.WithVendor, "with_vendor", true)]
    [InlineData(CaseState.Completed, "completed", false)]
    [InlineData(CaseState.Closed, "closed", false)]
    public void EveryStateHasTheContractsCode(CaseState state, string code, bool open)
    {
        Assert.Equal(code, state.Code());
        Assert.Equal(state, CaseCodes.State(code));
        Assert.Equal(open, Some.CaseIn(state).IsOpen);
    }

    [Fact]
    public void AMailHasTheCodeOfItsHeader()
    {
        Assert.Equal("invitation", MailContact.Invitation.Code());
        Assert.Equal("reminder", MailContact.Reminder.Code());
    }

    [Fact]
    public void ARejectedMailWasAContactTried()
    {
        var rejected = Some.Waiting with { MailFailed = true };

        Assert.True(rejected.HasBeenContacted);
        Assert.False(Some.ClosedUncontacted.HasBeenContacted);
    }
}
