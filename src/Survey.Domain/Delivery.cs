using System.Globalization;

namespace Survey.Domain;

/// <summary>An enhanced mail status code, <c>class.subject.detail</c> (RFC 3463).</summary>
/// <param name="Class">2 success, 4 persistent transient failure, 5 permanent failure.</param>
/// <param name="Subject">What it is about: 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy; 0 undefined.</param>
/// <param name="Detail">Which fault of that subject; 0 undefined.</param>
public readonly record struct EnhancedStatus(int Class, int Subject, int Detail)
{
    /// <summary>The status at the start of <paramref name="text"/>; what follows it (a comment, a text) is not looked at.</summary>
    /// <returns>false when the text does not begin with a status of class 2, 4 or 5 with at most three digits a part.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out EnhancedStatus status)
    {
        status = default;
        text = text.Trim();
        if (!Number(ref text, out var @class) || @class is not (2 or 4 or 5)
            || !Dot(ref text) || !Number(ref text, out var subject)
            || !Dot(ref text) || !Number(ref text, out var detail)
            || (text.Length > 0 && (char.IsAsciiLetterOrDigit(text[0]) || text[0] is '.' or '-')))
        {
            return false;
        }
        status = new(@class, subject, detail);
        return true;
    }

    /// <summary>The status at the start of <paramref name="text"/>, or none.</summary>
    public static EnhancedStatus? Parse(ReadOnlySpan<char> text) => TryParse(text, out var status) ? status : null;

    /// <summary>What an SMTP reply says: its enhanced status (RFC 2034), or what its bare code is taken for.</summary>
    /// <remarks>
    /// The reply code decides the class: RFC 2034 demands that both agree, and where a server contradicts itself the code is
    /// what other mailers act on. A bare code that names no address fault becomes 5.5.0 (undefined protocol status, class
    /// <see cref="AddressClass.Other"/>) and never 5.0.0, which would suppress the address.
    /// </remarks>
    public static EnhancedStatus FromReply(int code, string text)
    {
        var @class = code / 100 is var c and (2 or 4 or 5) ? c : 5;
        if (TryParse(text.AsSpan().TrimStart(" #[("), out var said)) // IronPort writes "#5.1.0"
        {
            return said with { Class = @class };
        }
        return code switch
        {
            550 or 551 or 553 => new(5, 1, 1),
            552 => new(5, 2, 2),
            554 => new(5, 7, 1),
            421 => new(4, 3, 2),
            _ when @class == 5 => new(5, 5, 0),
            _ => new(@class, 0, 0),
        };
    }

    /// <summary>As on the wire: <c>5.1.1</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Class}.{Subject}.{Detail}");

    private static bool Number(ref ReadOnlySpan<char> text, out int value)
    {
        value = 0;
        var digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
        {
            if (digits == 3)
            {
                return false;
            }
            value = (value * 10) + text[digits++] - '0';
        }
        text = text[digits..];
        return digits > 0;
    }

    private static bool Dot(ref ReadOnlySpan<char> text)
    {
        if (text.Length == 0 || text[0] != '.')
        {
            return false;
        }
        text = text[1..];
        return true;
    }
}

/// <summary>What a failed delivery says about the address (RFC 3463, sorted as <c>outcome-rates.md</c> sorts it).</summary>
public enum AddressClass
{
    /// <summary>Nobody is there: 5.1.x, 5.2.1, 5.4.4, 5.0.0. The only class that suppresses the address.</summary>
    Dead,

    /// <summary>The mailbox is full: x.2.2.</summary>
    Full,

    /// <summary>System, content or policy, so our fault and not the customer's: 5.3.x, 5.6.x, 5.7.x.</summary>
    Policy,

    /// <summary>Expired in a queue: every other 4.x.x.</summary>
    Transient,

    /// <summary>Everything else; no status at all included.</summary>
    Other,
}

/// <summary>From status to class, and from class to the word in files.</summary>
public static class AddressClasses
{
    /// <summary>What the status says about the address.</summary>
    public static AddressClass Classify(this EnhancedStatus status) => status switch
    {
        { Subject: 2, Detail: 2 } => AddressClass.Full,
        { Class: 4 } => AddressClass.Transient,
        { Class: 5, Subject: 1 } or { Class: 5, Subject: 2, Detail: 1 }
            or { Class: 5, Subject: 4, Detail: 4 } or { Class: 5, Subject: 0, Detail: 0 } => AddressClass.Dead,
        { Class: 5, Subject: 3 or 6 or 7 } => AddressClass.Policy,
        _ => AddressClass.Other,
    };

    /// <summary>The word in files and in <c>--json</c>: dead, full, policy, transient, other.</summary>
    public static string Code(this AddressClass @class) => @class switch
    {
        AddressClass.Dead => "dead",
        AddressClass.Full => "full",
        AddressClass.Policy => "policy",
        AddressClass.Transient => "transient",
        AddressClass.Other => "other",
        _ => throw new ArgumentOutOfRangeException(nameof(@class), @class, "Unknown address class."),
    };
}

/// <summary>What became of one message handed to a transport, sorted by what the caller must do next.</summary>
/// <remarks>Texts name hosts, codes and steps of the dialogue; they never quote an address or a server's words.</remarks>
public abstract record Delivery
{
    private Delivery()
    {
    }

    /// <summary>The server took the responsibility for the message (2xx after the final dot, RFC 5321 4.5.3.2.6): the contact is made.</summary>
    /// <param name="Reply">The reply's code and text (usually a queue id), with anything like an address blanked out.</param>
    public sealed record Accepted(string Reply) : Delivery;

    /// <summary>Refused for good for this recipient (5xx to RCPT, DATA or the final dot): the contact was not delivered.</summary>
    /// <param name="Status">The enhanced status of the reply.</param>
    /// <param name="Class">What it says about the address; only <see cref="AddressClass.Dead"/> suppresses it.</param>
    public sealed record NotDelivered(EnhancedStatus Status, AddressClass Class) : Delivery
    {
        /// <summary>Refused with this status, classified.</summary>
        public static NotDelivered With(EnhancedStatus status) => new(status, status.Classify());
    }

    /// <summary>The relay refuses us or our sender, not the recipient: nothing else will get through. Stop; the operator must act.</summary>
    /// <param name="Code">The reply code, e.g. 535 (RFC 4954).</param>
    /// <param name="Status">Its enhanced status.</param>
    /// <param name="Advice">One sentence that tells the operator what to look at.</param>
    public sealed record MessageRefused(int Code, EnhancedStatus Status, string Advice) : Delivery;

    /// <summary>Refused for now (4xx, RFC 5321 4.2.1): queue the message again.</summary>
    /// <param name="Status">The enhanced status of the reply.</param>
    public sealed record TryLater(EnhancedStatus Status) : Delivery;

    /// <summary>No server to talk to, also after retries; the message was surely not sent. Leave the rest queued.</summary>
    /// <param name="What">What could not be done, for the operator.</param>
    public sealed record ServerUnusable(string What) : Delivery;

    /// <summary>The connection was cut after the final dot and before the reply: nobody knows (RFC 5321 4.5.3.2.6, RFC 1047).</summary>
    /// <remarks>Record it and send again with the same Message-ID: one possible duplicate rather than a lost mail.</remarks>
    /// <param name="What">How the answer was lost, for the operator.</param>
    public sealed record InDoubt(string What) : Delivery;
}
