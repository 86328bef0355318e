using System.Globalization;

namespace Survey.Domain.Tests;

/// <summary>Ordinary values; a test changes what it is about: <c>Some.Invited with { MailFailed = true }</c>.</summary>
internal static class Some
{
    /// <summary>The day of every ordinary transaction: the window 15-35 is 2026-03-16 to 2026-04-05.</summary>
    public static readonly DateOnly EventDate = Day("2026-03-01");

    /// <summary>A day in the middle of the window.</summary>
    public static readonly DateOnly Today = Day("2026-03-20");

    public static readonly DayWindow Window = new(15, 35);

    public static readonly ContactRules Rules = new(3, 4, RestDays: 0, VendorGraceDays: 14, PhoneDays: 30);

    public static readonly string[] IsoDates = ["yyyy-MM-dd"];

    public static readonly IReadOnlySet<string> Retail =
        new HashSet<string>(StringComparer.Ordinal) { "individual", "small_business", "small_fleet" };

    public static readonly SurveyPolicy SalesPolicy = new(Window, Retail, PaymentTypes: null, VehicleLimit: null);

    public static readonly SurveyPolicy ServicePolicy = new(new DayWindow(8, 35), Retail, Payers("warranty"), VehicleLimit: null);

    /// <summary>The ten markets with the dialling rules of contracts.md; windows and payers are ordinary, not the shipped ones.</summary>
    public static readonly Programme Programme = new(
        Rules,
        new PlaceholderPatterns(["noemail@*", "*@example.com"]),
        new[]
        {
            Market("AU", "61", 9, 9), Market("IN", "91", 10, 10), Market("CN", "86", 10, 11), Market("PH", "63", 8, 10),
            Market("ZA", "27", 9, 9), Market("NZ", "64", 8, 10), Market("TW", "886", 8, 9), Market("ID", "62", 8, 12),
            Market("VN", "84", 9, 10), Market("JP", "81", 9, 10),
        }.ToDictionary(m => m.Code, StringComparer.Ordinal),
        Version: "test");

    public static readonly Market Australia = Programme.Markets["AU"];

    public static readonly Transaction Sale = new()
    {
        Key = new TransactionKey("AU", "D001", SurveyKind.Sales, "T1"),
        EventDate = EventDate,
        Vin = "JTDKB20U093123456",
        CustomerType = "individual",
        Contact = new ContactData("Kim Lee", "kim.lee@mail.test", "0412 345 678", "02 9876 5432", "Alex"),
    };

    public static readonly Transaction Visit = Sale with
    {
        Key = Sale.Key with { Survey = SurveyKind.Service },
        PaymentType = "warranty",
        PurchaseDate = Day("2024-06-30"),
        MileageKm = 20_000,
    };

    public static readonly EmailAddress Email = EmailAddress.Parse("kim.lee@mail.test")!;

    public static readonly PhoneNumber Mobile = Number("0412345678");

    public static readonly PhoneNumber Landline = Number("0298765432");

    /// <summary>A customer who can be reached by e-mail and on one number.</summary>
    public static readonly Reach Reach = new(Email, Usability.Usable, Mobile, null, Usability.Usable, OptedOut: false);

    public static readonly Reach NoEmail = Reach with { Email = null, EmailState = Usability.None };

    public static readonly Reach NoPhone = Reach with { Phone1 = null, PhoneState = Usability.None };

    public static readonly Reach Nowhere = NoEmail with { Phone1 = null, PhoneState = Usability.None };

    public static readonly SurveyCase Waiting = new() { State = CaseState.Waiting };

    public static readonly SurveyCase Invited = Waiting with { State = CaseState.Invited, InvitedOn = Day("2026-03-16") };

    public static readonly SurveyCase Reminded = Invited with { State = CaseState.Reminded, RemindedOn = Day("2026-03-19") };

    public static readonly SurveyCase PhoneQueued = Reminded with { State = CaseState.PhoneQueued, PhoneReason = PhoneReasons.NoResponse };

    public static readonly SurveyCase WithVendor = PhoneQueued with
    {
        State = CaseState.WithVendor, PhoneOn = Day("2026-03-23"), CallUntil = Day("2026-04-05"),
    };

    public static readonly SurveyCase Completed = Invited with
    {
        State = CaseState.Completed, CompletedOn = Day("2026-03-17"), ResponseMode = "web",
    };

    /// <summary>Ended by the plan after every contact was made.</summary>
    public static readonly SurveyCase Closed = WithVendor with { State = CaseState.Closed, CloseReason = CloseReasons.WindowClosed };

    /// <summary>Ended before any contact was tried.</summary>
    public static readonly SurveyCase ClosedUncontacted = Waiting with { State = CaseState.Closed, CloseReason = CloseReasons.NoContactChannel };

    public static readonly PlannedCase Planned = new(Waiting, EventDate, Window, Reach, Cancelled: false, OtherContactOn: null);

    public static readonly ScreeningInput ScreeningInput = new(Sale, Australia, Today, Reach, RestDays: 0, OtherContactOn: null);

    public static DateOnly Day(string iso) => DateOnly.ParseExact(iso, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static DateOnly? DayOrNone(string? iso) => iso is null ? null : Day(iso);

    public static PhoneNumber Number(string raw) => PhoneNumber.Parse(raw, Australia.Dialling, Programme.DiallingRules)!;

    public static IReadOnlySet<string> Payers(params string[] payers) => new HashSet<string>(payers, StringComparer.Ordinal);

    public static SurveyCase ClosedFor(string reason) => Closed with { CloseReason = reason };

    /// <summary>One ordinary case in each state.</summary>
    public static SurveyCase CaseIn(CaseState state) => state switch
    {
        CaseState.Waiting => Waiting,
        CaseState.Invited => Invited,
        CaseState.Reminded => Reminded,
        CaseState.PhoneQueued => PhoneQueued,
        CaseState.WithVendor => WithVendor,
        CaseState.Completed => Completed,
        CaseState.Closed => Closed,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Unknown case state."),
    };

    private static Market Market(string code, string countryCode, int min, int max) => new(
        code, code, "Etc/UTC", ["en"], Day("2010-08-01"), new Sender("Programme", "survey@cvp.test", "help@cvp.test"),
        new Hours(new TimeOnly(9, 0), new TimeOnly(20, 0)), new Hours(new TimeOnly(9, 0), new TimeOnly(20, 0)),
        new DiallingRule(countryCode, "0", min, max), SalesPolicy, ServicePolicy);
}
