using System.Net.Sockets;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>What a dialogue waits for.</summary>
internal enum DialogueStep
{
    /// <summary>The connection.</summary>
    Connection,

    /// <summary>The TLS handshake.</summary>
    Handshake,

    /// <summary>The server's first words.</summary>
    Greeting,

    /// <summary>Replies to EHLO, STARTTLS and the login.</summary>
    Opening,

    /// <summary>Replies to MAIL, RCPT and DATA.</summary>
    Envelope,

    /// <summary>The message is on its way.</summary>
    Message,

    /// <summary>The reply to the final dot.</summary>
    FinalDot,
}

/// <summary>A dialogue with a relay, whoever speaks it: a limit on every wait, cancellation, and one vocabulary for how it was cut.</summary>
internal sealed class Dialogue : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly MailOptions _options;
    private readonly TimeSpan _timeout;
    private readonly CancellationTokenSource _limit;
    private readonly Lock _lock = new();
    private bool _givenUp;
    private volatile bool _dotOnItsWay;
    private bool _broken;
    private bool _abandoned;
    private DialogueStep _step;

    public Dialogue(MailOptions options, TimeProvider clock)
    {
        _options = options;
        _timeout = TimeSpan.FromSeconds(options.TimeoutSeconds);
        _limit = new(_timeout, clock);
    }

    /// <summary>The server as the settings name it, for messages.</summary>
    public string Server => $"{_options.Host}:{_options.Port}";

    /// <summary>Ends every wait whose time is up.</summary>
    public CancellationToken Limit => _limit.Token;

    /// <summary>Whether something went wrong, so that no more dialogue is possible.</summary>
    public bool IsBroken => _broken || _limit.IsCancellationRequested;

    private Phrase Step => _step switch
    {
        DialogueStep.Connection => $"while connecting",
        DialogueStep.Handshake => $"in the TLS handshake",
        DialogueStep.Greeting => $"at the greeting",
        DialogueStep.Opening => $"in the opening",
        DialogueStep.Envelope => $"in the envelope",
        DialogueStep.Message => $"while sending the message",
        DialogueStep.FinalDot => $"after the final dot",
        _ => throw new ArgumentOutOfRangeException(nameof(_step), _step, "Unknown step."),
    };

    /// <summary>A port for TLS from the first byte waits for us as we wait for its greeting.</summary>
    private Phrase NoAnswer => _step == DialogueStep.Greeting && _options.Security != MailSecurity.Tls
        ? (Phrase)$"{Server} did not answer within {_options.TimeoutSeconds} s {Step}. If it is a port for TLS from the first byte, set Mail:Security to Tls."
        : $"{Server} did not answer within {_options.TimeoutSeconds} s {Step}.";

    /// <summary>Whether an exception means that the dialogue ended before its time.</summary>
    public static bool IsCut(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or TimeoutException or SmtpFaultException;

    public void Dispose() => _limit.Dispose();

    /// <summary>The session is at an end, whatever the server still says.</summary>
    public void Break() => _broken = true;

    /// <summary>The server does not keep to the protocol: no session with it.</summary>
    public SmtpFaultException Nonsense()
    {
        _broken = true;
        return SmtpFaultException.Connection($"{Server} does not speak SMTP {Step}.");
    }

    /// <summary>What came in the clear behind the reply to STARTTLS was put there by someone on the way (CVE-2011-0411).</summary>
    public SmtpFaultException Smuggled()
    {
        _broken = true;
        return SmtpFaultException.Configuration($"{Server} sent more than a reply before the TLS handshake.");
    }

    /// <summary>Starts the wait for a step; the same limit holds for a whole group of commands and replies.</summary>
    /// <param name="step">What is waited for.</param>
    /// <param name="times">How many steps the server may take before it answers.</param>
    public void Arm(DialogueStep step, int times = 1)
    {
        _step = step;
        lock (_lock)
        {
            if (!_givenUp)
            {
                _limit.CancelAfter(times * _timeout);
            }
        }
    }

    /// <summary>Waits for what the caller has to do first; the server is not waited for meanwhile.</summary>
    /// <exception cref="OperationCanceledException">The caller failed, or gave up: the session is at an end.</exception>
    public async Task AwaitAsync(Task ready)
    {
        _limit.CancelAfter(Timeout.InfiniteTimeSpan);
        await ready.WaitAsync(_limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!ready.IsCompletedSuccessfully)
        {
            _abandoned = true;
            throw new OperationCanceledException();
        }
    }

    /// <summary>The final dot goes out now: from here on a cancellation waits a moment for the answer, which may be on its way.</summary>
    /// <exception cref="OperationCanceledException">It came before, and the dot surely does not go out.</exception>
    public void ArmForDot()
    {
        Arm(DialogueStep.Message);
        lock (_lock)
        {
            if (!_givenUp)
            {
                _dotOnItsWay = true;
                return;
            }
        }
        throw new OperationCanceledException();
    }

    /// <summary>Runs a piece of dialogue, and says in one vocabulary how it was cut, if it was.</summary>
    /// <exception cref="SmtpFaultException">The connection was lost, or a wait took too long.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up, and the dot was surely not out.</exception>
    public async Task RunAsync(Func<Task> dialogue, CancellationToken ct)
    {
        (_dotOnItsWay, _givenUp) = (false, false);
        using var cancel = ct.UnsafeRegister(static d => ((Dialogue)d!).Cancel(), this);
        try
        {
            await dialogue();
            _limit.CancelAfter(Timeout.InfiniteTimeSpan);
        }
        catch (Exception e) when (Broken() && IsCut(e))
        {
            throw e switch
            {
                OperationCanceledException when ct.IsCancellationRequested || _abandoned => new OperationCanceledException(ct),
                OperationCanceledException or TimeoutException => SmtpFaultException.Connection(NoAnswer, e),
                SmtpFaultException => e,
                _ => SmtpFaultException.Connection($"{Server} can't be reached or closed the connection {Step}.", e),
            };
        }
    }

    private bool Broken() => _broken = true; // whatever went wrong: bytes that were written and not sent must not go out with the next message

    /// <summary>The caller gives up: at once, or, when the dot may be out, after a moment in which its answer can still come.</summary>
    private void Cancel()
    {
        lock (_lock)
        {
            _givenUp = true;
            if (_dotOnItsWay)
            {
                _limit.CancelAfter(Grace);
                return;
            }
        }
        _limit.Cancel();
    }
}
