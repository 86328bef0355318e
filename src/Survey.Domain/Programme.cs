namespace Survey.Domain;

/// <summary>The rules of the whole programme: what head office can change without a programmer.</summary>
/// <param name="Contact">The contact plan's spacing.</param>
/// <param name="Placeholders">E-mail addresses that stand for none.</param>
/// <param name="Markets">The markets by country code.</param>
/// <param name="Version">A hash of the configuration: the policy version that every verdict is recorded with.</param>
public sealed record Programme(
    ContactRules Contact, PlaceholderPatterns Placeholders, IReadOnlyDictionary<string, Market> Markets, string Version)
{
    /// <summary>The dialling rules of all markets, for numbers in international form.</summary>
    public IReadOnlyList<DiallingRule> DiallingRules { get; } = [.. Markets.Values.Select(m => m.Dialling)];

    /// <summary>How long data is kept where a market does not say; also for countries in no market.</summary>
    public RetentionRules Retention { get; init; } = RetentionRules.ForEver;

    /// <summary>Groups with fewer responses are shown in reports, marked, and not ranked. Shipped: 10.</summary>
    public int MinimumResponses { get; init; } = 10;

    /// <summary>How long data of a country is kept.</summary>
    public RetentionRules RetentionOf(string country) => MarketOf(country)?.Retention ?? Retention;

    /// <summary>How long a file is kept that may hold customers of any market: as long as the market that keeps longest.</summary>
    public int? LongestFilesDays => Markets.Values.Select(m => m.Retention.FilesDays).Append(Retention.FilesDays) is var days && days.Contains(null) ? null : days.Max();

    /// <summary>The market of a country, or null when the country is in none.</summary>
    public Market? MarketOf(string country) => Markets.GetValueOrDefault(country);
}

/// <summary>The spacing of contacts, in days (contracts.md, <c>contact</c>).</summary>
/// <param name="DaysFromInvitationToReminder">Shipped: 3.</param>
/// <param name="DaysFromReminderToPhone">Shipped: 4.</param>
/// <param name="RestDays">How long a customer rests after a first contact; 0 switches the rule off. Shipped: 0.</param>
/// <param name="VendorGraceDays">How long after the last day of calling the vendor may report. Shipped: 14.</param>
/// <param name="PhoneDays">How long the vendor may call where the window has no end. Shipped: 30.</param>
public sealed record ContactRules(
    int DaysFromInvitationToReminder, int DaysFromReminderToPhone, int RestDays, int VendorGraceDays, int PhoneDays);

/// <summary>One market.</summary>
/// <param name="Code">The country code, upper case.</param>
/// <param name="Name">The name as people read it.</param>
/// <param name="TimeZone">The IANA time zone whose calendar dates the market's days.</param>
/// <param name="Languages">The languages of the market (BCP 47); the first is the fall-back.</param>
/// <param name="ActiveFrom">The first local date on which customers are surveyed.</param>
/// <param name="Sender">Who the mail comes from.</param>
/// <param name="SendingHours">When mail may be sent, local time.</param>
/// <param name="CallingHours">When the vendor may call, local time.</param>
/// <param name="Dialling">How phone numbers are written.</param>
/// <param name="Sales">The sales survey's rules; null where it is not offered.</param>
/// <param name="Service">The service survey's rules; null where it is not offered.</param>
public sealed record Market(
    string Code, string Name, string TimeZone, IReadOnlyList<string> Languages, DateOnly ActiveFrom, Sender Sender,
    Hours SendingHours, Hours CallingHours, DiallingRule Dialling, SurveyPolicy? Sales, SurveyPolicy? Service)
{
    /// <summary>How long the market's data is kept.</summary>
    public RetentionRules Retention { get; init; } = RetentionRules.ForEver;

    /// <summary>The country in which the vendor works that calls this market; null: nobody has said.</summary>
    public string? VendorCountry { get; init; }

    /// <summary>Numbers of persons a year whose data left the country at which the law asks for more; in order.</summary>
    public IReadOnlyList<int> AbroadMarks { get; init; } = [];

    /// <summary>The rules of one survey, or null where the market does not offer it.</summary>
    public SurveyPolicy? Policy(SurveyKind survey) => survey == SurveyKind.Sales ? Sales : Service;
}

/// <summary>How many days data is kept after a case has ended, or a customer was kept out; null: for ever.</summary>
/// <param name="ContactDays">Name, address, numbers, staff name.</param>
/// <param name="VehicleDays">VIN and the dealer's number of the customer.</param>
/// <param name="FreeTextDays">Answers in free words.</param>
/// <param name="CallNotesDays">The number dialled and the vendor's note.</param>
/// <param name="FilesDays">Files in archive, failed, rejects, mail and outbox, from the day on which they were put there.</param>
public sealed record RetentionRules(int? ContactDays, int? VehicleDays, int? FreeTextDays, int? CallNotesDays, int? FilesDays)
{
    /// <summary>Nothing is ever removed: nobody has said that it should be.</summary>
    public static RetentionRules ForEver { get; } = new(null, null, null, null, null);

    /// <summary>The first day on which anything in the store may be due, for what ended on a day; null: never.</summary>
    public DateOnly? FirstDue(DateOnly endedOn) =>
        new[] { ContactDays, VehicleDays, FreeTextDays, CallNotesDays }.Min() is { } days ? endedOn.AddDays(days) : null;
}

/// <summary>The sender of a market's mail.</summary>
public sealed record Sender(string Name, string Address, string ReplyTo)
{
    /// <summary>Where an answer goes: <see cref="ReplyTo"/>, else the address itself.</summary>
    public string AnswersTo => ReplyTo.Length > 0 ? ReplyTo : Address;

    /// <summary>What stands behind the @ of the address, as it is configured.</summary>
    public string Domain => Address[(Address.LastIndexOf('@') + 1)..];
}

/// <summary>Hours of a day, the first included, the last not.</summary>
public readonly record struct Hours(TimeOnly From, TimeOnly To)
{
    /// <summary>Whether a local time lies within the hours.</summary>
    public bool Contains(TimeOnly time) => time >= From && time < To;

    /// <inheritdoc/>
    public override string ToString() => $"{From:HH\\:mm}-{To:HH\\:mm}";
}

/// <summary>Who may be asked in one market about one kind of transaction.</summary>
/// <param name="Window">The days on which the customer may be contacted.</param>
/// <param name="CustomerTypes">The customer types that are surveyed.</param>
/// <param name="PaymentTypes">Service: the payers that are surveyed; null where the payer does not matter (sales).</param>
/// <param name="VehicleLimit">Service: the vehicle limit; null without one.</param>
public sealed record SurveyPolicy(
    DayWindow Window, IReadOnlySet<string> CustomerTypes, IReadOnlySet<string>? PaymentTypes, VehicleLimit? VehicleLimit)
{
    /// <summary>How many are asked; null: all.</summary>
    public SamplingRules? Sampling { get; init; }
}

/// <summary>Which vehicles are in the service survey.</summary>
/// <param name="MaxAgeYears">Calendar years from purchase to visit, inclusive; null: age is no criterion.</param>
/// <param name="MaxMileageKm">Kilometres; the mileage must be strictly below; null: mileage is no criterion.</param>
/// <param name="MatchAny">True: one criterion is enough; false: all must hold.</param>
public sealed record VehicleLimit(int? MaxAgeYears, int? MaxMileageKm, bool MatchAny)
{
    /// <summary>Whether a vehicle is within the limit. A criterion whose data is missing does not hold.</summary>
    public bool Admits(DateOnly? purchased, int? mileageKm, DateOnly eventDate)
    {
        // A purchase after the event comes first: dealers' systems write 9999-12-31 for "no date", and no year follows that one.
        bool? age = MaxAgeYears is { } years ? purchased is { } p && (p > eventDate || eventDate <= p.AddYears(years)) : null;
        bool? mileage = MaxMileageKm is { } km ? mileageKm is { } driven && driven < km : null;
        return (age, mileage) switch
        {
            (null, null) => true,
            ({ } a, null) => a,
            (null, { } m) => m,
            ({ } a, { } m) => MatchAny ? a || m : a && m,
        };
    }
}
