using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>An open session with the relay, for many messages, one after the other.</summary>
internal interface IMailSession : IDisposable
{
    /// <summary>Whether something went wrong, so that it can't be used any more.</summary>
    bool IsBroken { get; }

    /// <summary>Whether the next message can use it: it is not broken, and the server has neither closed nor said anything since.</summary>
    bool IsUsable { get; }

    /// <summary>The contact (<see cref="Envelope.Id"/>) that it has announced to the server, and the only one that it can send now; null when any will do.</summary>
    string? Announced { get; }

    /// <summary>One mail transaction (RFC 5321 3.3).</summary>
    /// <exception cref="SmtpFaultException">The session broke before the final dot, so the message was surely not sent; use another.</exception>
    /// <exception cref="OperationCanceledException">The message was surely not sent; a cancellation that comes too late to know gives
    /// <see cref="Delivery.InDoubt"/>.</exception>
    Task<Delivery> SendAsync(Envelope envelope, ReadOnlyMemory<byte> message, CancellationToken ct);
}
