namespace Survey.Domain;

/// <summary>What became of a case that the vendor was given, as one of its lists counts it.</summary>
public enum HandOverOutcome
{
    /// <summary>Nothing was reported yet, and he still has time.</summary>
    Pending,

    /// <summary>He tried, and nothing that he reported ended the case.</summary>
    Attempted,

    /// <summary>Interviewed.</summary>
    Completed,

    /// <summary>The customer said no.</summary>
    Refused,

    /// <summary>Ended by another report of his.</summary>
    OtherFinal,

    /// <summary>The last day of calling and the grace are over, and he never said a word.</summary>
    Silent,

    /// <summary>We took it back.</summary>
    Withdrawn,
}

/// <summary>A case on one list, with all that its outcome goes by.</summary>
/// <param name="State">Where the case stands now.</param>
/// <param name="CloseReason">Why it is closed; empty in every other state.</param>
/// <param name="CallUntil">The last day of calling that the list gave.</param>
/// <param name="StandsOnLaterList">It was handed over again since, which a report of his led to.</param>
/// <param name="IsWithdrawn">He was told to leave it, not because the time was over.</param>
/// <param name="IsReported">He reported something since the list.</param>
public readonly record struct HandedOverCase(CaseState State, string CloseReason, DateOnly CallUntil, bool StandsOnLaterList, bool IsWithdrawn, bool IsReported)
{
    /// <summary>Its one outcome.</summary>
    /// <param name="graceDays">For how long after the last day of calling a report is waited for.</param>
    /// <param name="today">The market's day.</param>
    public HandOverOutcome Outcome(int graceDays, DateOnly today) =>
        StandsOnLaterList ? HandOverOutcome.Attempted
        : IsWithdrawn ? HandOverOutcome.Withdrawn
        : State == CaseState.Completed ? HandOverOutcome.Completed
        : CloseReason == CloseReasons.Refused ? HandOverOutcome.Refused
        : State == CaseState.Closed && CloseReason != CloseReasons.WindowClosed ? HandOverOutcome.OtherFinal
        : IsReported ? HandOverOutcome.Attempted
        : State == CaseState.Closed || today > CallUntil.AddDays(graceDays) ? HandOverOutcome.Silent
        : HandOverOutcome.Pending;
}
