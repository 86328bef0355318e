using System.Collections.Concurrent;

namespace Survey.Domain;

/// <summary>A case in 24 bytes: a simulation keeps a million of them, and unpacks the one that it looks at.</summary>
internal readonly record struct PackedCase
{
    /// <summary>Reasons and modes by number, given out as they come: two simulations may pack at once.</summary>
    private static readonly ConcurrentDictionary<string, byte> Numbers = new(StringComparer.Ordinal);
    private static readonly string[] Words = new string[byte.MaxValue + 1];

    private readonly int callUntil;
    private readonly byte closeReason, phoneReason, mode, state;

    private PackedCase(SurveyCase c)
    {
        (Invited, Reminded, Phone, callUntil, Completed) = (Day(c.InvitedOn), Day(c.RemindedOn), Day(c.PhoneOn), Day(c.CallUntil), Day(c.CompletedOn));
        (closeReason, phoneReason, mode) = (NumberOf(c.CloseReason), NumberOf(c.PhoneReason), NumberOf(c.ResponseMode));
        state = (byte)((int)c.State | (c.MailFailed ? 0x80 : 0));
    }

    /// <summary>The number of the day of the invitation; 0: none. So are the other days.</summary>
    public int Invited { get; }

    public int Reminded { get; }

    public int Phone { get; }

    public int Completed { get; }

    public CaseState State => (CaseState)(state & 0x7f);

    public bool MailFailed => (state & 0x80) != 0;

    public bool IsOpen => State is not (CaseState.Completed or CaseState.Closed);

    public bool WasHandedOver => callUntil > 0;

    public static PackedCase Of(SurveyCase c) => new(c);

    public SurveyCase Unpack() => new()
    {
        State = State,
        CloseReason = WordOf(closeReason),
        InvitedOn = Day(Invited),
        RemindedOn = Day(Reminded),
        PhoneOn = Day(Phone),
        PhoneReason = WordOf(phoneReason),
        CallUntil = Day(callUntil),
        CompletedOn = Day(Completed),
        ResponseMode = WordOf(mode),
        MailFailed = MailFailed,
    };

    private static byte NumberOf(string? word) => word is null ? (byte)0 : Numbers.TryGetValue(word, out var known) ? known : NewNumber(word);

    private static byte NewNumber(string word)
    {
        lock (Words)
        {
            if (!Numbers.TryGetValue(word, out var number))
            {
                number = checked((byte)(Numbers.Count + 1));
                Words[number] = word; // before anybody can meet the number
                Numbers[word] = number;
            }

            return number;
        }
    }

    private static string? WordOf(byte number) => number == 0 ? null : Words[number];

    private static int Day(DateOnly? day) => day?.DayNumber ?? 0;

    private static DateOnly? Day(int number) => number == 0 ? null : DateOnly.FromDayNumber(number);
}
