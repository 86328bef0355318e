using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>Writes each message as a file, for a relay that picks them up, for trials and for looking at.</summary>
/// <remarks>
/// A file appears whole or not at all, and is on the disk before it appears. Only its owner can read it, since it holds personal
/// data. The same contact has the same name, so a repeat replaces it. A <c>Return-Path</c> line in front shows the envelope sender.
/// </remarks>
public sealed class PickupTransport(string directory) : IMailTransport
{
    /// <inheritdoc/>
    public async Task<Delivery> SendAsync(Envelope envelope, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        await envelope.Ready().WaitAsync(ct);
        ct.ThrowIfCancellationRequested();
        if (Path.GetFileName(envelope.FileName) != envelope.FileName || envelope.FileName is "" or "." or "..")
        {
            throw new ArgumentException("The file name of an envelope must be a name without a path.", nameof(envelope));
        }
        var path = Path.Combine(directory, envelope.FileName);
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(directory);
            }
            else
            {
                Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            DurableFile.Write(path, file =>
            {
                file.Write(Encoding.UTF8.GetBytes($"Return-Path: <{envelope.From}>\r\n"));
                file.Write(message.Span);
            });
            return new Delivery.Accepted("written");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Delivery.ServerUnusable(Say($"The mail folder can't be written: {Reason.Of(e)}"));
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
