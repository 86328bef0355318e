using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>A programme that came into force.</summary>
/// <param name="Number">The policy's number; the same again when a programme came back.</param>
/// <param name="Version">Its version.</param>
/// <param name="Since">The day of the first cycle under it.</param>
/// <param name="Before">The number of the policy before; null: it was the first.</param>
/// <param name="Differences">What changed; null: not on record.</param>
/// <param name="OpenCases">Cases that were open; null, as the next three: not counted.</param>
/// <param name="NewlyContacted">Customers whom only this programme contacts.</param>
/// <param name="Dropped">Customers whom only the programme before would have contacted.</param>
/// <param name="ContactedEarlier">Customers whom both contact, this programme earlier.</param>
/// <param name="ConfirmedOn">The day on which somebody confirmed the change; null: nobody had to.</param>
internal sealed record PolicyInForce(
    long Number, string Version, DateOnly Since, long? Before, IReadOnlyList<ProgrammeDifference>? Differences, long? OpenCases, long? NewlyContacted, long? Dropped, long? ContactedEarlier, DateOnly? ConfirmedOn);

/// <summary>All policies, and the programme that is configured when no cycle has used it yet.</summary>
internal sealed record PolicyHistory(IReadOnlyList<PolicyInForce> Steps, PolicyChange? Pending, bool MustBeConfirmed)
{
    /// <summary>As JSON.</summary>
    public string ToJson() => PolicyJson.Of(new { Policies = Steps, Pending = PolicyJson.Of(Pending, MustBeConfirmed) });

    /// <summary>As text.</summary>
    public string ToText() => PolicyText.Of(this);
}

/// <summary>A programme as it is on record.</summary>
internal sealed record PolicyOnRecord(long Number, string Version, string Programme)
{
    /// <summary>As JSON.</summary>
    public string ToJson() => PolicyJson.Of(this);
}

/// <summary>How two programmes differ.</summary>
internal sealed record PolicyComparison(string From, string To, IReadOnlyList<ProgrammeDifference> Differences, PolicyChange? Pending, bool MustBeConfirmed)
{
    /// <summary>The one that was looked at is what was used last.</summary>
    public bool IsInForce { get; init; }

    /// <summary>The file that is looked at; another than the configured one is a draft.</summary>
    public string File { get; init; } = ProgrammeFile.Name;

    /// <summary>As JSON.</summary>
    public string ToJson() => PolicyJson.Of(new { From, To, Differences, Pending = PolicyJson.Of(Pending, MustBeConfirmed) });

    /// <summary>As text.</summary>
    public string ToText() => PolicyText.Of(this);
}

/// <summary>What became of a confirmation.</summary>
internal sealed record PolicyAcceptance(string Version, long Before, DateOnly On, bool WasInForce, DateOnly? GoodUntil)
{
    /// <summary>As JSON.</summary>
    public string ToJson() => PolicyJson.Of(this);

    /// <summary>As text.</summary>
    public string ToText() => PolicyText.Of(this);
}

/// <summary>How policies look as JSON.</summary>
internal static class PolicyJson
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for people and logs, not for HTML
    };

    public static string Of<T>(T value) => JsonSerializer.Serialize(value, Json);

    /// <summary>A change that waits for its first cycle; the programmes themselves are too long.</summary>
    public static object? Of(PolicyChange? pending, bool mustBeConfirmed) => pending is null ? null : new
    {
        pending.Version, Before = pending.BeforeId, pending.BeforeVersion, pending.Differences, pending.Effect?.OpenCases, pending.Effect?.NewlyContacted, pending.Effect?.Dropped, pending.Effect?.ContactedEarlier,
        Effect = pending.Effect?.Rows, pending.ConfirmedOn, pending.ExpiredConfirmation, MustBeConfirmed = mustBeConfirmed,
    };
}

/// <summary>The programmes that were in force, how they differ, and the confirmation of a change (<c>policy</c>).</summary>
/// <param name="config">The configuration, or a draft.</param>
/// <param name="file">The file of its programme, as people are told.</param>
/// <param name="directory">The data directory.</param>
/// <param name="time">The clock.</param>
/// <param name="asOf">The day for which a change is counted that no cycle has used yet.</param>
internal sealed class Policies(PipelineConfig config, string file, DataDirectory directory, TimeProvider time, AsOf asOf)
{
    private readonly Store store = new(directory, config.Settings.Store);

    /// <summary>Every policy, in the order in which they came into force.</summary>
    public PolicyHistory List()
    {
        using var database = store.OpenExisting();
        var pending = Pending(database);
        return new PolicyHistory(
            database["policies.changes"].List(r => new PolicyInForce(
                r.GetInt64(0), r.GetString(1), r.Day(2), r.LongOrNull(3), r.TextOrNull(4) is { } difference ? PolicyChange.Read(difference) : null,
                r.LongOrNull(5), r.LongOrNull(6), r.LongOrNull(7), r.LongOrNull(8), r.DayOrNull(9))),
            pending, MustBeConfirmed(pending));
    }

    /// <summary>The text of a policy.</summary>
    /// <exception cref="OperatorException">There is no such policy.</exception>
    public PolicyOnRecord Show(long number)
    {
        using var database = store.OpenExisting();
        return Find(database, number);
    }

    /// <summary>How two policies differ, or one and the programme that is configured; without any: the one in force and the configured one.</summary>
    /// <exception cref="OperatorException">There is no such policy.</exception>
    public PolicyComparison Diff(long? from, long? to)
    {
        using var database = store.OpenExisting();
        if (from is null)
        {
            var pending = Pending(database);
            var inForce = database["policies.in_force"].First(r => (long?)r.GetInt64(0));
            return new PolicyComparison(Words(inForce), Configured, pending?.Differences ?? [], pending, MustBeConfirmed(pending)) { IsInForce = pending is null, File = file };
        }

        var (old, now) = (Find(database, from.Value), to is { } other ? Find(database, other) : null);
        return new PolicyComparison(
            Words(old.Number), now is null ? Configured : Words(now.Number), ProgrammeDifference.Between(old.Programme, now?.Programme ?? config.ProgrammeText), null, false);
    }

    /// <summary>Confirms the change to the programme that is configured.</summary>
    /// <exception cref="UsageException">It has another version.</exception>
    /// <exception cref="OperatorException">There is nothing to confirm yet, or another cycle is running.</exception>
    public PolicyAcceptance Accept(string version)
    {
        if (version != config.Programme.Version)
        {
            throw new UsageException(
                $"'{PlainText.Shown(version)}' is not the version of the programme.json that is configured: that is {config.Programme.Version}. Look at it with 'policy diff'. Nothing was confirmed.");
        }

        store.CheckExists();
        using var cycleLock = CycleLock.Take(directory);
        using var database = store.Open();
        using var lease = Cycle.TakeLease(database, directory, time);
        try
        {
            var (today, last) = (AsOf.At(time.GetUtcNow()).Day, database["cycles.last"].First(r => (DateOnly?)r.Day(2)));
            var on = last > today ? last.Value : today; // it is good for days of the cycles, and theirs may be ahead
            var inForce = database["policies.in_force"].First(r => (Id: r.GetInt64(0), Version: r.GetString(1)));
            if (inForce.Id == 0)
            {
                throw new OperatorException($"No cycle has run yet: the first programme needs no confirmation. Nothing was done.");
            }

            if (inForce.Version == version)
            {
                return new PolicyAcceptance(version, inForce.Id, on, WasInForce: true, GoodUntil: null);
            }

            database.InTransaction(() => database["policies.confirm"].Run(version, inForce.Id, on));
            return new PolicyAcceptance(version, inForce.Id, on, WasInForce: false, on.AddDays(config.Settings.Policy.ConfirmationDays));
        }
        finally
        {
            database.InTransaction(lease.Release);
        }
    }

    private string Configured => file == ProgrammeFile.Name ? Say($"programme.json as it is configured") : file;

    private static string Words(long? number) => Say(number is { } n ? (Phrase)$"policy {n}" : $"no policy");

    private static PolicyOnRecord Find(Database database, long number) => database["policies.text"].First(r => new PolicyOnRecord(number, r.GetString(0), r.GetString(1)), number)
        ?? throw new OperatorException($"There is no policy {number}. 'policy' lists them.");

    private PolicyChange? Pending(Database database) => PolicyGuard.Change(
        database, config, asOf, () => Cycle.OpenVault(directory, config.Settings, storeExists: true, write: false));

    private bool MustBeConfirmed(PolicyChange? pending) => PolicyGuard.Problem(pending, config.Settings.Policy) is not null;
}
