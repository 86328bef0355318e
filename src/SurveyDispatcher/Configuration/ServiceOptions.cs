using System.ComponentModel.DataAnnotations;
using System.Net;

namespace SurveyDispatcher.Configuration;

/// <summary>The section <c>Health</c>: when the service counts as alive and ready, and where it can be asked.</summary>
public sealed class HealthOptions : IValidatableObject
{
    /// <summary>The port of <c>/healthz</c> and <c>/readyz</c>. The default is 0: nobody can ask.</summary>
    [Range(0, 65535)]
    public int Port { get; set; }

    /// <summary>The address that it listens on. The default is <c>127.0.0.1</c>: this machine only; <c>0.0.0.0</c> or <c>::</c> is all.</summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>
    /// Seconds. A cycle that shows no sign of life for so long counts as stuck. The default is 1,800: writing a large store anew after an erasure
    /// is silent for minutes. It is never less than <c>Mail:RetrySeconds</c> and ten times <c>Mail:TimeoutSeconds</c>, which a relay may use up within its rights.
    /// </summary>
    [Range(1, 86_400)]
    public int StuckSeconds { get; set; } = 1800;

    /// <summary>So many failed cycles in a row, and the service is no longer ready. The default is 3.</summary>
    [Range(1, 1000)]
    public int FailedCycles { get; set; } = 3;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IPAddress.TryParse(Address, out _))
        {
            yield return new(Say($"'{Address}' is no address of a network card; '127.0.0.1' is this machine only, '0.0.0.0' all."), [nameof(Address)]);
        }
    }
}

/// <summary>How the collector is spoken to.</summary>
public enum TelemetryProtocol
{
    /// <summary>OTLP in protobuf over HTTP, usually port 4318.</summary>
    HttpProtobuf,

    /// <summary>OTLP over gRPC, usually port 4317.</summary>
    Grpc,
}

/// <summary>The section <c>Telemetry</c>: spans and measures for a collector.</summary>
public sealed class TelemetryOptions : IValidatableObject
{
    /// <summary>The collector, such as <c>http://127.0.0.1:4318</c>. Empty (the default): nothing is measured or sent.</summary>
    public string OtlpEndpoint { get; set; } = "";

    /// <summary>How it is spoken to. The default is <see cref="TelemetryProtocol.HttpProtobuf"/>.</summary>
    [EnumDataType(typeof(TelemetryProtocol))]
    public TelemetryProtocol Protocol { get; set; } = TelemetryProtocol.HttpProtobuf;

    /// <summary>Seconds between two deliveries of measures. The default is 60.</summary>
    [Range(1, 3600)]
    public int IntervalSeconds { get; set; } = 60;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (OtlpEndpoint.Length > 0 && !(Uri.TryCreate(OtlpEndpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            yield return new(Say($"'{OtlpEndpoint}' is no address of a collector; 'http://127.0.0.1:4318' is one."), [nameof(OtlpEndpoint)]);
        }
    }
}

/// <summary>How the service writes its log.</summary>
public enum LogFormat
{
    /// <summary>One line for people, with a time.</summary>
    Text,

    /// <summary>One JSON object a line, for programs.</summary>
    Json,

    /// <summary>As Text, for the journal of systemd: it knows the time, and gets the level as a number.</summary>
    Systemd,
}

/// <summary>The section <c>Logging</c>.</summary>
public sealed class LoggingOptions
{
    /// <summary>How <c>run</c> writes its log to standard output. The default is <see cref="LogFormat.Text"/>.</summary>
    [EnumDataType(typeof(LogFormat))]
    public LogFormat Format { get; set; } = LogFormat.Text;
}
