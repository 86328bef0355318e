using System.Collections.Frozen;

namespace Survey.Domain;

/// <summary>What a reported attempt does to the case.</summary>
public enum CallEffect
{
    /// <summary>The vendor goes on trying, unless the attempt is final.</summary>
    Attempt,

    /// <summary>Interview done: the answers come in a response file, which completes the case.</summary>
    Interview,

    /// <summary>The respondent said no.</summary>
    Refused,

    /// <summary>Dead, unable, or no common language.</summary>
    Unable,

    /// <summary>Nobody there may answer the survey.</summary>
    NotEligible,

    /// <summary>The number reaches nobody: suppressed; another number, if there is one, gets its turn.</summary>
    BadNumber,
}

/// <summary>A telephone disposition of the AAPOR Standard Definitions.</summary>
/// <param name="Code">Such as <c>2.111</c>.</param>
/// <param name="Meaning">In words.</param>
/// <param name="Effect">What it does to the case.</param>
/// <param name="Edition">The edition that defines the code; our own interim codes say so.</param>
public sealed record Disposition(string Code, Phrase Meaning, CallEffect Effect, string Edition)
{
    /// <summary>The meaning as exports have it, whatever language is spoken.</summary>
    public string InExports { get; } = Meaning.ToString();
}

/// <summary>The vendor's codes (contracts.md, <c>inbox/dispositions/</c>).</summary>
public static class Dispositions
{
    internal const string Ninth = "AAPOR 9 (2016)";

    /// <summary>The table.</summary>
    public static IReadOnlyList<Disposition> Table { get; } =
    [
        new("1.1", $"complete", CallEffect.Interview, Ninth),
        new("1.2", $"partial", CallEffect.Attempt, Ninth),
        new("2.11", $"refusal", CallEffect.Refused, Ninth),
        new("2.111", $"refusal by the household", CallEffect.Refused, Ninth),
        new("2.112", $"refusal by the known respondent", CallEffect.Refused, Ninth),
        new("2.12", $"break-off", CallEffect.Attempt, Ninth),
        new("2.20", $"non-contact", CallEffect.Attempt, Ninth),
        new("2.21", $"respondent never available", CallEffect.Attempt, Ninth),
        new("2.22", $"answering device", CallEffect.Attempt, Ninth),
        new("2.31", $"dead", CallEffect.Unable, Ninth),
        new("2.32", $"physically or mentally unable", CallEffect.Unable, Ninth),
        new("2.33", $"language", CallEffect.Unable, Ninth),
        new("2.36", $"miscellaneous", CallEffect.Attempt, Ninth),
        new("3.11", $"not dialled", CallEffect.Attempt, Ninth),
        new("3.12", $"busy", CallEffect.Attempt, Ninth),
        new("3.13", $"no answer", CallEffect.Attempt, Ninth),
        new("3.14", $"answering machine, household unknown", CallEffect.Attempt, Ninth),
        new("3.16", $"technical phone problem", CallEffect.Attempt, Ninth),
        new("4.20", $"fax or data line", CallEffect.BadNumber, Ninth),
        new("4.31", $"non-working number", CallEffect.BadNumber, Ninth),
        new("4.32", $"disconnected number", CallEffect.BadNumber, Ninth),
        new("4.33", $"temporarily out of service", CallEffect.BadNumber, Ninth),
        new("4.41", $"number changed", CallEffect.BadNumber, Ninth),
        new("4.70", $"no eligible respondent", CallEffect.NotEligible, Ninth),
        new("9.1", $"call-back arranged", CallEffect.Attempt, "ours, interim"),
    ];

    private static readonly FrozenDictionary<string, Disposition> ByCode = Table.ToFrozenDictionary(d => d.Code, StringComparer.Ordinal);

    /// <summary>The disposition of a code, or null for an unknown one.</summary>
    public static Disposition? Find(string code) => ByCode.GetValueOrDefault(code);
}
