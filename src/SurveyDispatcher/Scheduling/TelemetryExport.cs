using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Globalization;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.Scheduling;

/// <summary>Sends spans and measures to a collector (OTLP), while it lives. What is measured stands in <see cref="Telemetry"/>.</summary>
/// <remarks>A collector that is slow or gone costs the cycle nothing: what does not fit is dropped, and the operator is told once.</remarks>
public sealed class TelemetryExport : IDisposable
{
    /// <summary>For how long the end of the program waits for the collector.</summary>
    private const int LastMilliseconds = 3000;

    private readonly ExportWatch watch;
    private readonly TracerProvider traces;
    private readonly MeterProvider measures;

    private TelemetryExport(TelemetryOptions options, Action<string> problem)
    {
        watch = new ExportWatch(options, problem);
        var resource = ResourceBuilder.CreateEmpty()
            .AddService("survey-pipeline", serviceVersion: Telemetry.Version, serviceInstanceId: string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Environment.ProcessId}"))
            .AddAttributes([new("host.name", Environment.MachineName), new("process.pid", (long)Environment.ProcessId)])
            .AddTelemetrySdk().AddEnvironmentVariableDetector();
        traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(Telemetry.Name)
            .AddOtlpExporter(o => Configure(o, options, "v1/traces")).Build();
        measures = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Telemetry.Name, "System.Runtime")
            .AddOtlpExporter((o, reader) =>
            {
                Configure(o, options, "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = 1000 * options.IntervalSeconds;
            }).Build();
    }

    /// <summary>Begins, when the settings name a collector; null when they don't.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="problem">Told, once, that the collector can't be reached.</param>
    public static TelemetryExport? Start(TelemetryOptions options, Action<string> problem) => options.OtlpEndpoint.Length == 0 ? null : new(options, problem);

    /// <summary>What the service is like at the moment of a delivery; only <c>run</c> has that.</summary>
    internal static void Observe(ServiceState state, Settings settings)
    {
        Telemetry.Meter.CreateObservableGauge("survey.cycle.age", () => state.Look().SinceLast.TotalSeconds, "s", "Time since the service's last cycle ended, or since its start.");
        Telemetry.Meter.CreateObservableGauge("survey.cycle.failures", () => (long)state.Look().Failures, "{cycle}", "Cycles that failed, one after the other, up to now.");
        Telemetry.Meter.CreateObservableGauge("survey.service.live", () => ServiceHealth.NotLive(state.Look(), settings).Count == 0 ? 1L : 0, "1", "1 while the service lives, as /healthz says.");
        Telemetry.Meter.CreateObservableGauge("survey.service.ready", () => ServiceHealth.NotReady(state.Look(), settings).Count == 0 ? 1L : 0, "1", "1 while the service is ready, as /readyz says.");
        Telemetry.Meter.CreateObservableGauge("survey.queue.items", () => Queues(state), "{item}", "What waited when the last cycle ended.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Parallel.Invoke(() => traces.Shutdown(LastMilliseconds), () => measures.Shutdown(LastMilliseconds)); // one wait for both
        traces.Dispose();
        measures.Dispose();
        watch.Dispose();
    }

    private static IEnumerable<Measurement<long>> Queues(ServiceState state)
    {
        if (state.Look().Queues is { } queues)
        {
            yield return new(queues.Mail, new KeyValuePair<string, object?>("survey.queue", "mail"));
            yield return new(queues.Phone, new KeyValuePair<string, object?>("survey.queue", "phone"));
            yield return new(queues.Withdrawals, new KeyValuePair<string, object?>("survey.queue", "withdrawals"));
        }
    }

    private static void Configure(OtlpExporterOptions exporter, TelemetryOptions options, string path)
    {
        var overHttp = options.Protocol == TelemetryProtocol.HttpProtobuf;
        exporter.Protocol = overHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        exporter.Endpoint = overHttp ? new Uri($"{options.OtlpEndpoint.TrimEnd('/')}/{path}") : new Uri(options.OtlpEndpoint);
        exporter.TimeoutMilliseconds = LastMilliseconds; // else the end waits for the one that is under way
    }

    /// <summary>The exporter keeps its troubles to itself, where only a debugger listens.</summary>
    private sealed class ExportWatch(TelemetryOptions options, Action<string> problem) : EventListener
    {
        private int said;

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "OpenTelemetry-Exporter-OpenTelemetryProtocol")
            {
                EnableEvents(eventSource, EventLevel.Warning);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.Level <= EventLevel.Error && Interlocked.Exchange(ref said, 1) == 0)
            {
                problem(Say($"The collector {options.OtlpEndpoint} could not be told ({eventData.EventName}). What does not get through is dropped; cycles go on. Look at Telemetry:OtlpEndpoint and Telemetry:Protocol. This is said once."));
            }
        }
    }
}
