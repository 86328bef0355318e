using System.Text.Json;
using System.Text.Json.Serialization;
using Survey.Domain;

namespace SurveyDispatcher.UseCases.Simulations;

/// <summary>One day of a simulation in one market and survey (contracts.md, <c>simulate</c>; docs/simulate.md says what the expected figures are).</summary>
public sealed record SimulatedDay(
    DateOnly Date, string Market, string Survey, long Invitations, long Reminders, long Phone,
    double ExpectedReminders, double ExpectedPhone, double ExpectedCompletes, double VendorHours);

/// <summary>What a draft changes in one market and survey: cases by their first contact on these days.</summary>
public sealed record SimulatedDifference(string Market, string Survey, long NewlyContacted, long NoLongerContacted, long Earlier, long Later);

/// <summary>What the expected figures rest on.</summary>
/// <param name="Contacts">Contacts whose answers, or silence, were observed.</param>
/// <param name="Completes">Complete responses among them.</param>
/// <param name="HandOvers">Hand-overs among them.</param>
/// <param name="Attempts">Attempts that the vendor reported.</param>
/// <param name="AttemptsPerHandOver">Attempts for each case, as they are expected.</param>
/// <param name="MinutesPerAttempt">As it was given.</param>
/// <param name="Replayed">Cases contacted under the policy of today that were replayed.</param>
/// <param name="Explained">Of these, those that the rules alone lead to the days on record; the others keep these days unless a draft changes them.</param>
public sealed record SimulationBasis(
    long Contacts, long Completes, long HandOvers, long Attempts, double AttemptsPerHandOver, double MinutesPerAttempt, long Replayed, long Explained);

/// <summary>A case that a draft contacts on another day, or not, or only then.</summary>
public sealed record ChangedContact(long Id, string Market, SurveyKind Survey, ContactChange Change, DateOnly? Current, DateOnly? Draft);

/// <summary>What some days would do.</summary>
/// <param name="From">The first day.</param>
/// <param name="To">The last.</param>
/// <param name="LastCycle">Until this day history was replayed, and from the next on the coming days were lived; null: no cycle has run.</param>
/// <param name="Days">Under the draft where there is one, else under the configuration in force.</param>
/// <param name="CurrentDays">With a draft: the same days under the configuration in force.</param>
/// <param name="Difference">With a draft: what it changes.</param>
/// <param name="Basis">What the expected figures rest on.</param>
/// <param name="Notes">What the reader must know.</param>
public sealed record Simulated(
    DateOnly From, DateOnly To, DateOnly? LastCycle, IReadOnlyList<SimulatedDay> Days, IReadOnlyList<SimulatedDay>? CurrentDays,
    IReadOnlyList<SimulatedDifference>? Difference, SimulationBasis Basis, IReadOnlyList<string> Notes)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Encoder = Texts.InJson,
    };

    /// <summary>With a draft: the cases that it changes, in order.</summary>
    [JsonIgnore]
    public IReadOnlyList<ChangedContact> Changes { get; init; } = [];

    /// <summary>The names of cases that came from the inboxes and are not in the store.</summary>
    [JsonIgnore]
    internal IReadOnlyDictionary<long, TransactionName> NewNames { get; init; } = new Dictionary<long, TransactionName>();

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);
}
