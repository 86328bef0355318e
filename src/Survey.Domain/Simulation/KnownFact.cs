namespace Survey.Domain;

/// <summary>A fact from the store in few bytes: a year has millions of them.</summary>
/// <remarks>
/// What somebody did after a contact of ours keeps its distance from that contact, wherever the contact falls now: an answer to an
/// invitation, a bounce, a call report. Everything else keeps its day.
/// </remarks>
internal readonly record struct KnownFact(int Day, KnownKind Kind, byte Anchor, short Delay, byte A, byte B)
{
    /// <summary>The fact follows no contact: it keeps its day.</summary>
    public const byte NoAnchor = 0;

    /// <summary>The fact follows the invitation.</summary>
    public const byte Invitation = 1;

    /// <summary>The fact follows the reminder.</summary>
    public const byte Reminder = 2;

    /// <summary>The fact follows the first hand-over; those after it have the next numbers.</summary>
    public const byte FirstHandOver = 3;
}

/// <summary>What a known fact says.</summary>
internal enum KnownKind : byte
{
    /// <summary>A row of the transaction was screened. A: the bit number of the rule on record plus one, 0: eligible. B: 1 when by the policy of today.</summary>
    Screened,

    /// <summary>From this day on the e-mail address is as A says (<see cref="Usability"/>).</summary>
    Email,

    /// <summary>From this day on the phone is as A says.</summary>
    Phone,

    /// <summary>From this day on the customer wants no contact (A: 1), or allows it (0).</summary>
    OptedOut,

    /// <summary>From this day on the transaction is cancelled (A: 1), or not (0).</summary>
    Cancelled,

    /// <summary>A mail came back. A: the contact.</summary>
    Bounced,

    /// <summary>A response. A: its status. B: 1 by phone.</summary>
    Responded,

    /// <summary>An attempt of the vendor. A: the code's place in the table. B: bit 0 final, bit 1 another number is left.</summary>
    Called,

    /// <summary>The case was erased.</summary>
    Erased,
}
