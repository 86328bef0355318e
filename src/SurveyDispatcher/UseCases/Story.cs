using System.Text.Json;
using Survey.Domain;

namespace SurveyDispatcher.UseCases;

/// <summary>A rule's verdict, with what it looked at.</summary>
/// <param name="Rule">Its reason.</param>
/// <param name="Verdict">passed, failed, or not asked.</param>
/// <param name="Facts">What it saw, in the language spoken.</param>
public sealed record RuleVerdict(string Rule, string Verdict, string Facts)
{
    /// <summary>The verdicts, in the same words in every language: JSON has them.</summary>
    public const string Passed = "passed", Failed = "failed", NotAsked = "not asked";

    /// <summary>Where a verdict is on record: what the rule saw may have been something else, since the data has changed.</summary>
    public bool FactsMayDiffer { get; init; }
}

/// <summary>One line of the ledger about a customer.</summary>
/// <param name="Day">The market's local date.</param>
/// <param name="What">What happened.</param>
/// <param name="Detail">What belongs to it.</param>
/// <param name="Rule">The rule that decided it; empty for what came from outside.</param>
/// <param name="Cycle">The cycle that recorded it.</param>
/// <param name="Policy">The number of the policy in force.</param>
/// <param name="PolicyVersion">The version of <c>programme.json</c> that this policy is.</param>
public sealed record StoryLine(DateOnly Day, string What, string Detail, string Rule, long Cycle, long Policy, string PolicyVersion);

/// <summary>One mail of a case.</summary>
/// <param name="Contact">invitation or reminder.</param>
/// <param name="State">queued, claimed, accepted, undelivered, dropped.</param>
/// <param name="Status">The last enhanced status that was said of it; null where none was.</param>
/// <param name="Doubt">What nobody can know about it; empty when all is known.</param>
public sealed record StoryMail(string Contact, string State, string? Status, string Doubt)
{
    /// <summary>The day of the decision.</summary>
    public DateOnly PlannedOn { get; init; }
}

/// <summary>Something on the time line, of whatever table it comes from.</summary>
/// <param name="Day">The market's local date.</param>
/// <param name="At">The instant by the market's clock, where one is stored.</param>
/// <param name="What">The kind; <see cref="ExplainText"/> has a sentence for each.</param>
/// <param name="Facts">What belongs to it, by name.</param>
/// <param name="Rule">The rule that decided it; empty for what came from outside.</param>
/// <param name="Cycle">The cycle that recorded it; null where that is not kept.</param>
/// <param name="Policy">The number of the policy in force.</param>
/// <param name="PolicyVersion">Its version.</param>
public sealed record StoryEvent(
    DateOnly Day, DateTimeOffset? At, string What, IReadOnlyDictionary<string, string> Facts, string Rule = "", long? Cycle = null, long? Policy = null, string? PolicyVersion = null)
{
    /// <summary>One of its facts; empty where it has none of the name.</summary>
    public string this[string fact] => Facts.GetValueOrDefault(fact, "");
}

/// <summary>A policy that reached a verdict.</summary>
/// <param name="Number">Its number in the store; null: no cycle has run with it yet.</param>
/// <param name="Version">The version of <c>programme.json</c>.</param>
/// <param name="FirstUsedOn">The day of its first cycle.</param>
public sealed record StoryPolicy(long? Number, string Version, DateOnly? FirstUsedOn);

/// <summary>The rules on a day.</summary>
/// <param name="Day">The market's local date.</param>
/// <param name="Outcome">eligible, or the reason.</param>
/// <param name="Policy">The policy that was asked.</param>
/// <param name="Rules">Each rule; empty when the policy can't be read any more.</param>
public sealed record StoryVerdict(DateOnly Day, string Outcome, StoryPolicy Policy, IReadOnlyList<RuleVerdict> Rules);

/// <summary>What proves a contact.</summary>
/// <param name="Contact">invitation, reminder, or phone.</param>
/// <param name="Day">The market's local date.</param>
/// <param name="At">The instant: of the relay's answer, or of the list.</param>
/// <param name="MessageId">Of a mail, with its angle brackets.</param>
/// <param name="Status">The enhanced status of the relay's answer.</param>
/// <param name="QueueId">The name that the relay gave the mail.</param>
/// <param name="File">The list, or the mail where mails become files.</param>
/// <param name="Sha256">The list's hash, as its manifest has it.</param>
public sealed record StoryProof(
    string Contact, DateOnly Day, DateTimeOffset? At, string? MessageId, string? Status, string? QueueId, string? File, string? Sha256)
{
    /// <summary>The list's number, as its manifest has it; null where lists were not numbered yet.</summary>
    public long? Sequence { get; init; }
}

/// <summary>Something that comes, or would come.</summary>
/// <param name="Day">The market's local date.</param>
/// <param name="What">invitation, reminder, phone_queue, phone_list, close, forget_contact.</param>
/// <param name="Reason">Of the queue or the end.</param>
/// <param name="Until">The last day of calling.</param>
public sealed record StoryStep(DateOnly Day, string What, string? Reason, DateOnly? Until)
{
    /// <summary>Of a mail that is planned by the row and the configuration of now: the language that it would be in.</summary>
    public string? Language { get; init; }
}

/// <summary>Something that would have to be different.</summary>
/// <param name="Kind">What; <see cref="ExplainText"/> has a sentence for each.</param>
/// <param name="Rule">The rule of screening that it would make pass; null: it is about the contact plan.</param>
/// <param name="Day">A day that belongs to it.</param>
/// <param name="Number">A number that belongs to it.</param>
/// <param name="OneOf">Codes or words that belong to it.</param>
/// <param name="Suffices">Of a rule: whether that alone would be enough; null: it can't be told.</param>
/// <param name="Spared">Of an answer: the contact that it spares.</param>
/// <param name="Instead">What the plan would do, or would have done, to the end.</param>
public sealed record StoryChange(
    string Kind, string? Rule, DateOnly? Day, int? Number, IReadOnlyList<string> OneOf, bool? Suffices, StoryStep? Spared, IReadOnlyList<StoryStep> Instead);

/// <summary>One transaction's story.</summary>
public sealed record Story(
    string Transaction, string Vin, string? CaseId, string Source, DateOnly EventDate, string Outcome, DateOnly ScreenedOn,
    IReadOnlyList<RuleVerdict> Rules, IReadOnlyList<StoryLine> Ledger, IReadOnlyList<StoryMail> Mails, string? State, string Next,
    bool ContactDataRemoved)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true, Encoder = Texts.InJson };

    /// <summary>What to type to mean this transaction and no other.</summary>
    public string Key { get; init; } = "";

    /// <summary>The time zone of its market; empty: its country is in none.</summary>
    public string TimeZone { get; init; } = "";

    /// <summary>The person's data was erased.</summary>
    public bool Erased { get; init; }

    /// <summary>Everything, in order of time.</summary>
    public IReadOnlyList<StoryEvent> Timeline { get; init; } = [];

    /// <summary>The verdict on record, with the rules as they were.</summary>
    public StoryVerdict? AtVerdict { get; init; }

    /// <summary>The rules on the day that was asked for, by the programme of now.</summary>
    public StoryVerdict? AsOf { get; init; }

    /// <summary>What proves each contact.</summary>
    public IReadOnlyList<StoryProof> Proofs { get; init; } = [];

    /// <summary>What comes if nothing happens.</summary>
    public IReadOnlyList<StoryStep> Plan { get; init; } = [];

    /// <summary>Of a customer who was kept out: what would have led to another verdict on the day of the verdict.</summary>
    public IReadOnlyList<StoryChange> ChangesThen { get; init; } = [];

    /// <summary>The same for the day that was asked for.</summary>
    public IReadOnlyList<StoryChange> ChangesNow { get; init; } = [];

    /// <summary>Changes after all of which the customer could be asked on the day that was asked for; empty: one is enough, or it can't be told.</summary>
    public IReadOnlyList<StoryChange> Together { get; init; } = [];

    /// <summary>Of a case: what would lead it elsewhere, or would have.</summary>
    public IReadOnlyList<StoryChange> Turns { get; init; } = [];

    /// <summary>Stories as JSON.</summary>
    public static string ToJson(IReadOnlyList<Story> stories) => JsonSerializer.Serialize(stories, Json);
}

/// <summary>A transaction that a key may mean.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Key">What to type to mean this one and no other.</param>
/// <param name="Country">Its country.</param>
/// <param name="Dealer">Its dealer's code.</param>
/// <param name="Survey">Its survey.</param>
/// <param name="EventDate">The day of the event.</param>
/// <param name="CaseId">Its case, if it has one.</param>
/// <param name="State">The case's state and reason, or the reason for which nobody is asked.</param>
public sealed record StoryMatch(long Id, string Key, string Country, string Dealer, SurveyKind Survey, DateOnly EventDate, string? CaseId, string State);
