using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>What the transport needs beside the bytes.</summary>
/// <param name="From">The envelope sender; empty for the null sender.</param>
/// <param name="To">The one recipient.</param>
/// <param name="FileName">The name that a transport which keeps files gives this contact, the same on every retry.</param>
/// <param name="Id">The contact's name, the same on every retry, which reports bring back (ENVID, RFC 3461 4.4): 1 to 100 printable ASCII signs.</param>
public sealed record Envelope(string From, string To, string FileName, string Id)
{
    /// <summary>Asked in the last moment before the message is handed over, which waits until the answer has ended. If that fails, the message is not sent.</summary>
    /// <remarks>So a session can talk while the fate of its last message is being stored, and yet never has two whose fate is not.</remarks>
    public Func<Task> Ready { get; init; } = () => Task.CompletedTask;

    /// <summary>Asked when the message is handed over: what this caller will send next, or null when he does not know yet.</summary>
    /// <remarks>
    /// A session may announce it along with the final dot, which saves it a round trip. That is no promise: the caller may send
    /// something else, or nothing.
    /// </remarks>
    public Func<Upcoming?> Next { get; init; } = () => null;
}

/// <summary>The message that comes next.</summary>
public sealed record Upcoming(Envelope Envelope, ReadOnlyMemory<byte> Message);

/// <summary>Hands messages on; every transport gets the very same bytes.</summary>
public interface IMailTransport : IAsyncDisposable
{
    /// <summary>Hands one message on and says what became of it. Safe to call from many tasks at once.</summary>
    /// <remarks>
    /// Faults of mail are values, never exceptions. <see cref="OperationCanceledException"/> means that the message was
    /// surely not sent; a cancellation that comes too late to know gives <see cref="Delivery.InDoubt"/>.
    /// </remarks>
    Task<Delivery> SendAsync(Envelope envelope, ReadOnlyMemory<byte> message, CancellationToken ct);
}
