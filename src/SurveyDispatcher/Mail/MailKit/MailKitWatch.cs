using System.Net.Sockets;
using MailKit;

namespace SurveyDispatcher.Mail;

/// <summary>Sees what MailKit says and hears: whether the final dot is out, and that the server keeps to the protocol where the library does not ask.</summary>
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

    private readonly byte[] _start = new byte[4]; // of the line that the server is sending
    private int _lines, _column;
    private int _asked = 1, _answered; // the greeting is an answer, too
    private bool _hello, _startTls, _text, _handedOver;
    private ulong _tail;

    /// <inheritdoc/>
    public IAuthenticationSecretDetector? AuthenticationSecretDetector { get; set; }

    /// <summary>What the session does next, for messages.</summary>
    public DialogueStep Step { get; set; } = DialogueStep.Opening;

    /// <summary>Whether the server surely has the whole message and its end.</summary>
    public bool DotIsOut { get; private set; }

    /// <summary>Whether the server has spoken before it was asked: the library would take that for its next answer.</summary>
    public bool IsOutOfStep => _answered > _asked || _column > 0;

    /// <summary>The next message begins.</summary>
    public void Begin() => (DotIsOut, _handedOver, _text, Step) = (false, false, false, DialogueStep.Envelope);

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
        var bytes = buffer.AsSpan(offset, count);
        var early = IsOutOfStep;
        foreach (var b in bytes)
        {
            _tail = (_tail << 8) | b;
        }
        if (!_text)
        {
            _asked += bytes.Count((byte)'\n'); // one answer for each line
            _hello = bytes.StartsWith("EHLO "u8);
            _startTls = bytes.StartsWith("STARTTLS"u8);
        }
        else if ((_tail & 0xFF_FFFF_FFFF) == Dot)
        {
            (DotIsOut, _text, _asked) = (true, false, _asked + 1);
        }
        _lines = 0;
        dialogue.Arm(DotIsOut ? DialogueStep.FinalDot : _text ? DialogueStep.Message : Step);
        if (early)
        {
            throw dialogue.Nonsense();
        }
    }

    /// <inheritdoc/>
    public void LogServer(byte[] buffer, int offset, int count)
    {
        foreach (var b in buffer.AsSpan(offset, count))
        {
            if (_startTls && _answered == _asked)
            {
                throw dialogue.Smuggled(); // the library would throw it away
            }
            if (b == '\n')
            {
                Line();
                (_lines, _column) = (_lines + 1, 0);
            }
            else
            {
                if (_column < _start.Length)
                {
                    _start[_column] = b;
                }
                _column++;
            }
            if (_lines > ReplyLines || _column > LongestLine)
            {
                throw dialogue.Nonsense();
            }
        }
    }

    /// <inheritdoc/>
    public void Report(long bytesTransferred, long totalSize)
    {
        if (IsOutOfStep)
        {
            throw dialogue.Nonsense();
        }
        if (bytesTransferred < totalSize)
        {
            dialogue.Arm(DialogueStep.Message);
        }
        else
        {
            _handedOver = true;
            dialogue.ArmForDot();
        }
    }

    /// <inheritdoc/>
    public void Report(long bytesTransferred) => throw new NotSupportedException("The size of a message is always known.");

    /// <inheritdoc/>
    public void Dispose()
    {
        // The client disposes of its logger; this one holds nothing.
    }

    /// <summary>One line of a reply; only the last of a reply counts.</summary>
    private void Line()
    {
        if (_column < 3 || _start[0] is < (byte)'2' or > (byte)'5' || !char.IsAsciiDigit((char)_start[1]) || !char.IsAsciiDigit((char)_start[2]))
        {
            throw dialogue.Nonsense();
        }
        if (_column > 3 && _start[3] == '-')
        {
            return;
        }
        _answered++;
        _text = _start.AsSpan(0, 3).SequenceEqual("354"u8);
        if (_hello && _start[0] is not ((byte)'2' or (byte)'5'))
        {
            // The library would go on with HELO, and so without TLS and login.
            throw SmtpFaultException.Connection($"{dialogue.Server} is not ready ({_start[0] - '0'}{_start[1] - '0'}{_start[2] - '0'} to EHLO).");
        }
    }
}
