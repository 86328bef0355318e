namespace Survey.Domain;

/// <summary>The groups of final dispositions that the rates are made of.</summary>
public enum OutcomeBucket
{
    /// <summary>I: complete.</summary>
    Complete,

    /// <summary>P: partial.</summary>
    Partial,

    /// <summary>R: refusal and break-off.</summary>
    Refusal,

    /// <summary>NC: non-contact.</summary>
    NonContact,

    /// <summary>O: other, eligible.</summary>
    Other,

    /// <summary>UH: unknown if eligible, nothing known.</summary>
    UnknownHousehold,

    /// <summary>UO: unknown, other.</summary>
    UnknownOther,

    /// <summary>4.x: not eligible; stands outside every rate.</summary>
    NotEligible,
}

/// <summary>The one final disposition of an ended case.</summary>
/// <param name="Code">The AAPOR code.</param>
/// <param name="Bucket">The group it counts in.</param>
public readonly record struct FinalDisposition(string Code, OutcomeBucket Bucket)
{
    /// <summary>The edition of the Standard Definitions that the code is taken from.</summary>
    public string Edition => Dispositions.Find(Code)?.Edition ?? Dispositions.Ninth;

    /// <summary>The final disposition of a case that has ended, in mixed mode (outcome-rates.md, <i>Final disposition</i>).</summary>
    /// <param name="c">The case.</param>
    /// <param name="responses">The statuses of its responses, in time or late.</param>
    /// <param name="calls">The vendor's codes, in the order of the attempts.</param>
    /// <returns>Null while the case is open: open cases don't count.</returns>
    public static FinalDisposition? Of(SurveyCase c, IReadOnlyList<string> responses, IReadOnlyList<string> calls)
    {
        if (c.IsOpen)
        {
            return null;
        }

        if (c.State == CaseState.Completed)
        {
            return new("1.1", OutcomeBucket.Complete);
        }

        return c.CloseReason switch
        {
            CloseReasons.Refused => new(calls.LastOrDefault(IsRefusal) ?? "2.11", OutcomeBucket.Refusal),
            CloseReasons.OptedOut when c.HasBeenContacted => new("2.11", OutcomeBucket.Refusal),
            CloseReasons.OptedOut => new("4.10", OutcomeBucket.NotEligible),

            // Reports and responses may come after the case has closed: they change nothing of it, but a no that was said remains one.
            var silent when IsSilent(silent) && calls.LastOrDefault(IsRefusal) is { } refusal => new(refusal, OutcomeBucket.Refusal),
            var silent when IsSilent(silent) && (responses.Contains(ResponseStatuses.Refused) || responses.Contains(ResponseStatuses.OptOut)) => new("2.11", OutcomeBucket.Refusal),
            _ when responses.Contains(ResponseStatuses.Partial) || calls.Contains("1.2") => new("1.2", OutcomeBucket.Partial),
            CloseReasons.Unable => new(calls.LastOrDefault(IsInability) ?? "2.32", OutcomeBucket.Other),
            CloseReasons.RespondentNotEligible => new("4.70", OutcomeBucket.NotEligible),
            var silent when IsSilent(silent) && responses.Contains(ResponseStatuses.ScreenedOut) && !calls.Any(IsInability) => new("4.70", OutcomeBucket.NotEligible),
            CloseReasons.NoContactChannel => Uncalled(c),
            CloseReasons.WindowClosed or CloseReasons.Unreachable or CloseReasons.NoResponse or "window_passed" =>
                calls.Count > 0 ? Called(calls) : Uncalled(c),
            _ => new("4.10", OutcomeBucket.NotEligible),
        };
    }

    /// <summary>The case ended without a word of the customer: what he says afterwards decides.</summary>
    private static bool IsSilent(string? closeReason) =>
        closeReason is CloseReasons.WindowClosed or CloseReasons.Unreachable or CloseReasons.NoResponse or CloseReasons.NoContactChannel;

    private static FinalDisposition Uncalled(SurveyCase c) =>
        c.MailFailed ? new("3.30", OutcomeBucket.UnknownOther)
        : c.InvitedOn is not null && c.CloseReason != CloseReasons.NoContactChannel ? new("3.19", OutcomeBucket.UnknownHousehold)
        : new("3.11", OutcomeBucket.UnknownHousehold);

    /// <summary>By the calls: a person reached, then break-off, then evidence of the person, then the last unknown.</summary>
    private static FinalDisposition Called(IReadOnlyList<string> calls)
    {
        if (calls.LastOrDefault(c => IsInability(c) || IsIneligibility(c)) is { } reached)
        {
            return new(reached, IsInability(reached) ? OutcomeBucket.Other : OutcomeBucket.NotEligible);
        }

        if (calls.Contains("2.36") || calls.Contains("1.1"))
        {
            return new("2.36", OutcomeBucket.Other); // an interview whose answers never came is a person reached, and no data
        }

        if (calls.Contains("2.12"))
        {
            return new("2.12", OutcomeBucket.Refusal);
        }

        if (calls.LastOrDefault(c => c.StartsWith("2.2", StringComparison.Ordinal)) is { } nonContact)
        {
            return new(nonContact, OutcomeBucket.NonContact);
        }

        if (calls.Contains("9.1"))
        {
            return new("2.20", OutcomeBucket.NonContact); // somebody there arranged to be called again
        }

        return calls.LastOrDefault(c => c.StartsWith("3.1", StringComparison.Ordinal)) is { } unknown
            ? new(unknown, OutcomeBucket.UnknownHousehold)
            : new("3.30", OutcomeBucket.UnknownOther); // only dead numbers: a known customer stays eligible for all we know
    }

    private static bool IsRefusal(string code) => Dispositions.Find(code)?.Effect == CallEffect.Refused;

    private static bool IsInability(string code) => Dispositions.Find(code)?.Effect == CallEffect.Unable;

    private static bool IsIneligibility(string code) => Dispositions.Find(code)?.Effect == CallEffect.NotEligible;
}

/// <summary>Counts of final dispositions, and the AAPOR rates over them. A rate whose denominator is 0 is null.</summary>
public sealed class OutcomeRates
{
    private readonly long[] counts = new long[Enum.GetValues<OutcomeBucket>().Length];

    /// <summary>Cases that a contact was made or tried for, whatever became of them: the trade's "dispatched".</summary>
    public long Dispatched { get; private set; }

    /// <summary>Dispatched by mail only, and the last mail came back.</summary>
    public long Bounced { get; private set; }

    /// <summary>Dispatched, and the respondent was not eligible.</summary>
    public long ScreenedOut { get; private set; }

    /// <summary>How e was found: its formula and counts; null where nothing can be said.</summary>
    public string? EligibleShareBasis => EligibleShare is null ? null
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"E / (E + not eligible) = {Eligible} / {Eligible + this[OutcomeBucket.NotEligible]}, of the cases of this row");

    /// <summary>The cases in a bucket.</summary>
    public long this[OutcomeBucket bucket] => counts[(int)bucket];

    /// <summary>E: known to be eligible.</summary>
    public long Eligible => this[OutcomeBucket.Complete] + this[OutcomeBucket.Partial] + this[OutcomeBucket.Refusal]
        + this[OutcomeBucket.NonContact] + this[OutcomeBucket.Other];

    /// <summary>U: unknown eligibility.</summary>
    public long Unknown => this[OutcomeBucket.UnknownHousehold] + this[OutcomeBucket.UnknownOther];

    /// <summary>e: the eligible share of U, estimated as E / (E + not eligible), AAPOR's proportional allocation.</summary>
    public double? EligibleShare => Ratio(Eligible, Eligible + this[OutcomeBucket.NotEligible]);

    /// <summary>The trade's own rate: done / (dispatched - bounced - screened out). No AAPOR rate.</summary>
    public double? TradeRate => Ratio(this[OutcomeBucket.Complete], Dispatched - Bounced - ScreenedOut);

    /// <summary>Counts one ended case.</summary>
    public void Add(FinalDisposition disposition, SurveyCase c)
    {
        counts[(int)disposition.Bucket]++;
        if (c.HasBeenContacted)
        {
            Dispatched++;
            var screenedOut = c.CloseReason == CloseReasons.RespondentNotEligible;
            ScreenedOut += screenedOut ? 1 : 0;
            Bounced += c.MailFailed && c.CallUntil is null && c.State != CaseState.Completed && !screenedOut ? 1 : 0; // subtracted once
        }
    }

    /// <summary>Counts all cases of another group.</summary>
    public void Add(OutcomeRates other)
    {
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] += other.counts[i];
        }

        Dispatched += other.Dispatched;
        Bounced += other.Bounced;
        ScreenedOut += other.ScreenedOut;
    }

    /// <summary>RR1 to RR6.</summary>
    public double? ResponseRate(int n) => n switch
    {
        1 or 2 => Ratio(Done(n), Eligible + Unknown),
        3 or 4 => Ratio(Done(n), Estimated),
        5 or 6 => Ratio(Done(n), Eligible),
        _ => throw new ArgumentOutOfRangeException(nameof(n), n, "There are response rates 1 to 6."),
    };

    /// <summary>COOP1 to COOP4.</summary>
    public double? CooperationRate(int n) => n switch
    {
        1 or 2 => Ratio(Done(n), Reached),
        3 or 4 => Ratio(Done(n), Reached - this[OutcomeBucket.Other]),
        _ => throw new ArgumentOutOfRangeException(nameof(n), n, "There are cooperation rates 1 to 4."),
    };

    /// <summary>REF1 to REF3.</summary>
    public double? RefusalRate(int n) => Ratio(this[OutcomeBucket.Refusal], Base(n));

    /// <summary>CON1 to CON3.</summary>
    public double? ContactRate(int n) => Ratio(Reached, Base(n));

    private long Reached => this[OutcomeBucket.Complete] + this[OutcomeBucket.Partial] + this[OutcomeBucket.Refusal]
        + this[OutcomeBucket.Other];

    private double? Estimated => EligibleShare is { } e ? Eligible + (e * Unknown) : null;

    private long Done(int n) => this[OutcomeBucket.Complete] + (n % 2 == 0 ? this[OutcomeBucket.Partial] : 0);

    private double? Base(int n) => n switch
    {
        1 => Eligible + Unknown,
        2 => Estimated,
        3 => Eligible,
        _ => throw new ArgumentOutOfRangeException(nameof(n), n, "There are rates 1 to 3."),
    };

    private static double? Ratio(double numerator, double? denominator) => denominator is { } d && d > 0 ? numerator / d : null;
}
