using System.Net.Sockets;
using MailKit;

namespace SurveyDispatcher.Mail;

/// <summary>Sees what MailKit says and hears: whether the final dot is out, and that no reply goes on without end.</summary>
/// <remarks>
/// The library tells of a write when it has succeeded, and of the message's bytes when it has put them into its buffer. The end
/// of the message and the dot lie in that buffer together and go out last. So, when sending ends with an exception and without
/// a reply: told of the dot, it is out. Not told, and the message not yet handed over: it is not out. Else the last write was
/// under way. If the socket refused it, its last bytes and so the dot are not out; if it was given up on (a time-out, a
/// cancellation), the system may still send it, and nobody knows. What is logged holds passwords and is never kept.
/// </remarks>
internal sealed class MailKitWatch(Dialogue dialogue) : IProtocolLogger, ITransferProgress
{
    private const int ReplyLines = 100, LongestLine = 4096;
    private const ulong Dot = 0x0D_0A_2E_0D_0A; // a line that is a dot, with the end of the line before it

    private int _lines, _column;
    private ulong _tail;
    private bool _handedOver;

    /// <inheritdoc/>
    public IAuthenticationSecretDetector? AuthenticationSecretDetector { get; set; }

    /// <summary>Whether the server surely has the whole message and its end.</summary>
    public bool DotIsOut { get; private set; }

    /// <summary>The next message begins.</summary>
    public void Begin() => (DotIsOut, _handedOver) = (false, false);

    /// <summary>Whether the server may have the whole message, although sending it ended with this exception.</summary>
    public bool DotMayBeOut(Exception e) => DotIsOut || (_handedOver && e is not IOException { InnerException: SocketException });

    /// <inheritdoc/>
    public void LogConnect(Uri uri)
    {
        // The session has connected the socket itself.
    }

    /// <inheritdoc/>
    public void LogClient(byte[] buffer, int offset, int count)
    {
        (_lines, _column) = (0, 0);
        foreach (var b in buffer.AsSpan(offset, count))
        {
            _tail = (_tail << 8) | b;
        }
        DotIsOut |= (_tail & 0xFF_FFFF_FFFF) == Dot;
        if (DotIsOut)
        {
            dialogue.Arm("after the final dot");
        }
        else
        {
            dialogue.Rearm();
        }
    }

    /// <inheritdoc/>
    public void LogServer(byte[] buffer, int offset, int count)
    {
        foreach (var b in buffer.AsSpan(offset, count))
        {
            (_lines, _column) = b == '\n' ? (_lines + 1, 0) : (_lines, _column + 1);
            if (_lines > ReplyLines || _column > LongestLine)
            {
                throw dialogue.Nonsense();
            }
        }
    }

    /// <inheritdoc/>
    public void Report(long bytesTransferred, long totalSize)
    {
        dialogue.ArmForDot();
        _handedOver = bytesTransferred >= totalSize;
    }

    /// <inheritdoc/>
    public void Report(long bytesTransferred) => throw new NotSupportedException("The size of a message is always known.");

    /// <inheritdoc/>
    public void Dispose()
    {
        // The client disposes of its logger; this one holds nothing.
    }
}
