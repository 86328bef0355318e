using System.Runtime.InteropServices;

namespace SurveyDispatcher.Scheduling;

/// <summary>Hears by which signal the service is asked to stop. Whether it stops, others decide, who hear it, too.</summary>
/// <remarks>
/// Who listens last hears first. The command line's own handler does not return before the program has ended, and keeps a signal from those who
/// listened before it: it must listen already. Where it does not yet, the signal stops the service all the same, and has no name.
/// </remarks>
internal sealed class StopSignal : IDisposable
{
    private readonly PosixSignalRegistration[] registrations;
    private volatile string? heard;

    /// <summary>Listens from here on.</summary>
    public StopSignal() =>
        registrations = Array.ConvertAll([PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT], signal => PosixSignalRegistration.Create(signal, c => heard = c.Signal.ToString()));

    /// <summary>The last signal; null: there was none.</summary>
    public string? Heard => heard;

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(registrations, r => r.Dispose());
}
