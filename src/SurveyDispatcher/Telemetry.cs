using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;

namespace SurveyDispatcher;

/// <summary>What the program can tell a collector: spans and measures under one name (docs/service.md has the table).</summary>
/// <remarks>Nobody listens unless <c>Telemetry:OtlpEndpoint</c> is set; then each line here costs a comparison. Attributes hold codes and counts, never what is a customer's.</remarks>
internal static class Telemetry
{
    /// <summary>The name of the source and of the meter.</summary>
    public const string Name = "SurveyPipeline";

    /// <summary>The program's version, with the commit where the build knew it.</summary>
    public static string Version { get; } = typeof(Telemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>Spans.</summary>
    public static ActivitySource Source { get; } = new(Name, Version);

    /// <summary>Measures.</summary>
    public static Meter Meter { get; } = new(Name, Version);

    /// <summary>How long a cycle took.</summary>
    public static Histogram<double> CycleDuration { get; } = Meter.CreateHistogram(
        "survey.cycle.duration", "s", "Duration of a cycle.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3000, 3600] });

    /// <summary>What the operator must know, counted.</summary>
    public static Counter<long> Problems { get; } = Meter.CreateCounter<long>("survey.cycle.problems", "{problem}", "Problems that cycles ended with.");

    /// <summary>Rows of extracts, by what became of them.</summary>
    public static Counter<long> Rows { get; } = Meter.CreateCounter<long>("survey.extract.rows", "{row}", "Rows of extracts, by what became of them.");

    /// <summary>Files, taken or refused.</summary>
    public static Counter<long> Files { get; } = Meter.CreateCounter<long>("survey.files", "{file}", "Files, taken or refused.");

    /// <summary>Transactions that were screened out, by reason.</summary>
    public static Counter<long> ScreenedOut { get; } = Meter.CreateCounter<long>("survey.transactions.screened_out", "{transaction}", "Transactions that were screened out, by reason.");

    /// <summary>Cases that were opened.</summary>
    public static Counter<long> CasesOpened { get; } = Meter.CreateCounter<long>("survey.cases.opened", "{case}", "Cases that were opened.");

    /// <summary>Cases that were closed, by reason.</summary>
    public static Counter<long> CasesClosed { get; } = Meter.CreateCounter<long>("survey.cases.closed", "{case}", "Cases that were closed, by reason.");

    /// <summary>What came back: responses, call results, bounces, opt-outs.</summary>
    public static Counter<long> Received { get; } = Meter.CreateCounter<long>("survey.received", "{item}", "Responses, call results, bounces and opt-outs that came in.");

    /// <summary>Cases given to the vendor, by reason.</summary>
    public static Counter<long> PhoneReleased { get; } = Meter.CreateCounter<long>("survey.phone.released", "{case}", "Cases given to the vendor, by reason.");

    /// <summary>Cases taken back from the vendor.</summary>
    public static Counter<long> PhoneWithdrawn { get; } = Meter.CreateCounter<long>("survey.phone.withdrawn", "{case}", "Cases taken back from the vendor.");

    /// <summary>Mails that were settled, by market and contact.</summary>
    public static Counter<long> Mails { get; } = Meter.CreateCounter<long>("survey.mails", "{mail}", "Mails that were accepted or not delivered, by market and contact.");

    /// <summary>How long the relay took for a mail.</summary>
    public static Histogram<double> MailDuration { get; } = Meter.CreateHistogram(
        "survey.mail.duration", "s", "Time from handing a mail to the transport until its outcome.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });
}
