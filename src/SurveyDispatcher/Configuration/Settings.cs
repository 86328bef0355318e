using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Survey.Domain;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Configuration;

/// <summary>The host settings: <c>appsettings.json</c>, overridden by environment variables such as <c>SURVEY_Mail__Port</c>.</summary>
public sealed class Settings
{
    /// <summary>The file's name.</summary>
    public const string FileName = "appsettings.json";

    private const string DkimSelectors = $"{MailOptions.Section}:{nameof(MailOptions.DkimSelectors)}";

    /// <summary>The language of everything that the program says to people: <c>en</c> or <c>zh-CN</c>, also under a tag that means one of them (<c>en-GB</c>, <c>zh</c>, <c>zh-Hans</c>). The default is <c>en</c>.</summary>
    public string Language { get; set; } = Texts.English;

    /// <summary>Where the pipeline keeps its files.</summary>
    public DataOptions Data { get; set; } = new();

    /// <summary>Where the pipeline keeps its records.</summary>
    public StoreOptions Store { get; set; } = new();

    /// <summary>Where the keys are that encrypt personal data.</summary>
    public KeyOptions Keys { get; set; } = new();

    /// <summary>How mail is sent.</summary>
    public MailOptions Mail { get; set; } = new();

    /// <summary>The links in the mail.</summary>
    public SurveyOptions Survey { get; set; } = new();

    /// <summary>When a change of the programme must be confirmed.</summary>
    public PolicyOptions Policy { get; set; } = new();

    /// <summary>When <c>run</c> starts a cycle.</summary>
    public ScheduleOptions Schedule { get; set; } = new();

    /// <summary>When <c>run</c> counts as alive and ready, and where it can be asked.</summary>
    public HealthOptions Health { get; set; } = new();

    /// <summary>Spans and measures for a collector.</summary>
    public TelemetryOptions Telemetry { get; set; } = new();

    /// <summary>How <c>run</c> writes its log.</summary>
    public LoggingOptions Logging { get; set; } = new();

    /// <summary>From when on <c>status</c> says that something needs a person.</summary>
    public AlarmOptions Alarms { get; set; } = new();

    internal static Settings? Read(ConfigFolder folder, List<ConfigFault> faults)
    {
        var builder = new ConfigurationBuilder();
        using var file = folder.Open(FileName);
        if (file is null)
        {
            faults.Add(new ConfigFault(FileName, "", Say($"The file is missing from {folder.Name}.")));
            return null;
        }

        var before = faults.Count;
        IConfigurationRoot values;
        try
        {
            values = builder.AddJsonStream(file).AddEnvironmentVariables("SURVEY_").Build();
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or FormatException or InvalidDataException or InvalidOperationException)
        {
            faults.Add(new ConfigFault(FileName, "", Say($"No valid JSON: {(e.InnerException ?? e).Message}")));
            return null;
        }

        CheckKeys(values, typeof(Settings), faults);
        if (faults.Count > before)
        {
            return null;
        }

        var settings = new Settings();
        values.Bind(settings);
        settings.Data ??= new(); // the binder takes "Data": {} and null alike for no section
        settings.Store ??= new();
        settings.Mail ??= new();
        settings.Mail.BounceMailbox ??= new();
        settings.Mail.DkimSelectors ??= [];
        settings.Survey ??= new();
        settings.Policy ??= new();
        settings.Schedule ??= new();
        settings.Health ??= new();
        settings.Telemetry ??= new();
        settings.Logging ??= new();
        settings.Alarms ??= new();
        if (values[DkimSelectors] is { Length: > 0 } selectors)
        {
            // The binder knows lists as NAME:0, NAME:1; one variable of the environment can't be that.
            settings.Mail.DkimSelectors = selectors.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        }

        if (Texts.Find(settings.Language) is null)
        {
            faults.Add(new ConfigFault(FileName, nameof(Language), Say(IsTraditional(settings.Language)
                ? (Phrase)$"'{settings.Language}' is Chinese in traditional characters, which this program does not speak. Known: {Listed(Languages)}. (It may also come from the environment variable SURVEY_Language.)"
                : $"'{settings.Language}' is no language that this program speaks. Known: {Listed(Languages)}. (It may also come from the environment variable SURVEY_Language.)")));
        }

        Check("Data", settings.Data, faults);
        Check("Store", settings.Store, faults);
        Check("Keys", settings.Keys, faults);
        Check("Mail", settings.Mail, faults);
        Check("Survey", settings.Survey, faults);
        Check("Policy", settings.Policy, faults);
        Check("Schedule", settings.Schedule, faults);
        Check("Health", settings.Health, faults);
        Check("Telemetry", settings.Telemetry, faults);
        Check("Logging", settings.Logging, faults);
        Check("Alarms", settings.Alarms, faults);
        return faults.Count > before ? null : settings;
    }

    /// <summary>The binder would ignore what it does not know, and name no choices where it can't convert.</summary>
    private static void CheckKeys(IConfiguration section, Type type, List<ConfigFault> faults)
    {
        foreach (var child in section.GetChildren().Where(c => c.Path != "$schema")) // editors look for it there
        {
            var property = Array.Find(type.GetProperties(), p => string.Equals(p.Name, child.Key, StringComparison.OrdinalIgnoreCase));
            void Fault(Phrase problem) => faults.Add(new ConfigFault(
                FileName, child.Path, Say($"{problem} (It may also come from the environment variable SURVEY_{child.Path.Replace(":", "__", StringComparison.Ordinal)}.)")));
            if (property is null)
            {
                Fault($"Unknown key. Known here: {Listed(type.GetProperties().Select(p => p.Name))}.");
            }
            else if (property.PropertyType == typeof(string) && child.Value is null)
            {
                Fault($"A text is expected; without the key the default holds.");
            }
            else if (property.PropertyType == typeof(string[]))
            {
                if (child.GetChildren().Any(c => !int.TryParse(c.Key, out _) || c.Value is null))
                {
                    Fault($"A list of texts is expected, or one text parted by commas.");
                }
            }
            else if (property.PropertyType.IsClass && property.PropertyType != typeof(string) && !string.IsNullOrEmpty(child.Value))
            {
                Fault($"A section with {Listed(property.PropertyType.GetProperties().Select(p => p.Name))} is expected, not a value.");
            }
            else if (property.PropertyType.IsClass && property.PropertyType != typeof(string))
            {
                CheckKeys(child, property.PropertyType, faults);
            }
            else if (property.PropertyType.IsEnum && !Enum.GetNames(property.PropertyType).Contains(child.Value, StringComparer.OrdinalIgnoreCase))
            {
                Fault($"'{child.Value}' is unknown. Known: {Listed(Enum.GetNames(property.PropertyType))}.");
            }
            else if (property.PropertyType == typeof(int) && !int.TryParse(child.Value, System.Globalization.CultureInfo.InvariantCulture, out _))
            {
                Fault($"A whole number is expected, not '{child.Value}'.");
            }
            else if (property.PropertyType == typeof(double) && !double.TryParse(child.Value, System.Globalization.CultureInfo.InvariantCulture, out _))
            {
                Fault($"A number such as 0.10 is expected, not '{child.Value}'.");
            }
            else if (property.PropertyType == typeof(bool) && !bool.TryParse(child.Value, out _))
            {
                Fault($"true or false is expected, not '{child.Value}'.");
            }
        }
    }

    private static void Check(string section, object options, List<ConfigFault> faults)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        foreach (var result in results)
        {
            faults.Add(new ConfigFault(FileName, $"{section}:{string.Join(", ", result.MemberNames)}", Reason.InWords(result.ErrorMessage!)));
        }
    }
}

/// <summary>The section <c>Data</c>.</summary>
public sealed class DataOptions
{
    /// <summary>The data directory; relative to the working directory. The default is <c>var</c>.</summary>
    [Required]
    public string Directory { get; set; } = "var";

    /// <summary>Days. A cycle dated more than this after the last one, or before it, stops unless --accept-gap is given. The default is 10.</summary>
    [Range(1, 3650)]
    public int MaxGapDays { get; set; } = 10;

    /// <summary>Seconds. A file whose last change is younger is left for the next look. The default is 2; 0: taken at once.</summary>
    [Range(0, 86_400)]
    public int SettleSeconds { get; set; } = 2;
}

/// <summary>The section <c>Store</c>.</summary>
public sealed class StoreOptions : IValidatableObject
{
    /// <summary><c>Sqlite</c> (the default): one file. <c>PostgreSql</c>: a database, which several machines may share.</summary>
    [AllowedValues("Sqlite", "PostgreSql", ErrorMessageResourceType = typeof(StoreOptions), ErrorMessageResourceName = nameof(KnownProviders))]
    public string Provider { get; set; } = "Sqlite";

    /// <summary>
    /// Empty (the default): <c>survey.db</c> in the data directory. Else a Microsoft.Data.Sqlite connection string, or one of Npgsql
    /// (<c>Host=db;Database=survey;Username=survey</c>; the password is best left to <c>PGPASSFILE</c>). Connections end with what they
    /// are opened for, so that none is there that the server has given up since; <c>Pooling=true</c> keeps them.
    /// </summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>What is said of any other provider.</summary>
    internal static string KnownProviders => Say($"'Sqlite' or 'PostgreSql' is expected.");

    /// <summary>Whether the store is PostgreSQL's.</summary>
    internal bool IsPostgres => Provider == "PostgreSql";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Problem() is { } problem)
        {
            yield return new(
                Say(IsPostgres
                    ? (Phrase)$"This is no connection string for PostgreSQL ({problem}); 'Host=db.example;Database=survey;Username=survey' is one."
                    : ConnectionString.Contains("Host=", StringComparison.OrdinalIgnoreCase)
                        ? (Phrase)$"This is a connection string for PostgreSQL, but Store:Provider is Sqlite. Set it to PostgreSql (SURVEY_Store__Provider)."
                        : $"This is no connection string ({problem}); 'Data Source=/srv/survey/survey.db' is one, empty means survey.db in the data directory."),
                [nameof(ConnectionString)]);
        }
    }

    /// <summary>What is wrong with the connection string; null when nothing is.</summary>
    internal Phrase? Problem()
    {
        if (ConnectionString.Length == 0)
        {
            return IsPostgres ? (Phrase)$"it is empty" : null;
        }

        try
        {
            if (IsPostgres)
            {
                return string.IsNullOrEmpty(new Npgsql.NpgsqlConnectionStringBuilder(ConnectionString).Host) ? (Phrase)$"it names no Host" : null;
            }

            return new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder(ConnectionString).DataSource.Length == 0 ? (Phrase)$"it names no Data Source" : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            return Phrase.Verbatim(e.Message);
        }
    }
}

/// <summary>The section <c>Keys</c>: by default the ring lies in the data directory; who copies that has the store and its keys.</summary>
public sealed class KeyOptions : IValidatableObject
{
    /// <summary>The key file. Empty (the default): <c>keys.json</c> in the data directory.</summary>
    public string File { get; set; } = "";

    /// <summary>The ring itself, as a key file has it. For the environment (<c>SURVEY_Keys__Ring</c>), never for a file that is committed.</summary>
    public string Ring { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Ring.Length > 0 && File.Length > 0)
        {
            yield return new(Say($"Keys come from one place: leave Keys:File or Keys:Ring empty."), [nameof(File), nameof(Ring)]);
        }

        if (Ring.Length > 0 && KeyRing.Parse(Ring) is null)
        {
            yield return new(Say($"This is no key ring: the content of a key file is expected, as a first cycle or 'keys rotate' writes it."), [nameof(Ring)]);
        }
    }
}

/// <summary>The section <c>Survey</c>.</summary>
public sealed class SurveyOptions : IValidatableObject
{
    /// <summary>The link in the mail; <c>{token}</c> stands for the case's secret.</summary>
    public string LinkTemplate { get; set; } = "https://cvp.example/s/{token}";

    /// <summary>The https address of the one-click way out (RFC 8058); <c>{token}</c> as above.</summary>
    public string UnsubscribeTemplate { get; set; } = "https://cvp.example/u/{token}";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsLink(LinkTemplate))
        {
            yield return new(Say($"A link such as https://cvp.example/s/{{token}} is expected."), [nameof(LinkTemplate)]);
        }

        if (!IsLink(UnsubscribeTemplate) || !UnsubscribeTemplate.StartsWith("https://", StringComparison.Ordinal))
        {
            yield return new(Say($"An https link such as https://cvp.example/u/{{token}} is expected (RFC 8058)."), [nameof(UnsubscribeTemplate)]);
        }
    }

    private static bool IsLink(string template) => template.Contains("{token}", StringComparison.Ordinal)
        && Uri.TryCreate(template.Replace("{token}", "t", StringComparison.Ordinal), UriKind.Absolute, out var uri)
        && uri.Scheme is "https" or "http";
}

/// <summary>The section <c>Policy</c>: a change of programme.json that does more than both of these say stops cycles until it is confirmed.</summary>
public sealed class PolicyOptions
{
    /// <summary>A share of the open cases, of all and of each market's: so many may be newly contacted, dropped or contacted earlier. The default is 0.10.</summary>
    [Range(0.0, 1.0)]
    public double ConfirmAboveShare { get; set; } = 0.10;

    /// <summary>A number of cases: so many may be, whatever their share. The default is 100, so that a small pilot is never stopped.</summary>
    [Range(0, int.MaxValue)]
    public int ConfirmAboveCases { get; set; } = 100;

    /// <summary>For how many days behind its own a confirmation is good, by the days of the cycles; then it is asked for again. 0: on its day only. The default is 7.</summary>
    [Range(0, 3_660)]
    public int ConfirmationDays { get; set; } = 7;
}

/// <summary>The section <c>Schedule</c>.</summary>
public sealed class ScheduleOptions : IValidatableObject
{
    /// <summary>When <c>run</c> starts a cycle: a Quartz cron expression, local time of the host. The default is every full hour.</summary>
    public string Cycle { get; set; } = "0 0 * * * ?";

    /// <summary>When <c>run</c> tells the vendor, between two cycles, whom not to call any more; the same kind of expression. Empty (the default): never.</summary>
    public string Withdrawals { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Problem(Cycle) is { } problem)
        {
            yield return new(Say($"'{Cycle}' is no Quartz cron expression ({problem}); '0 0 * * * ?' is every full hour."), [nameof(Cycle)]);
        }

        if (Withdrawals.Length > 0 && Problem(Withdrawals) is { } fault)
        {
            yield return new(Say($"'{Withdrawals}' is no Quartz cron expression ({fault}); '0 0/10 * * * ?' is every ten minutes, empty means never."), [nameof(Withdrawals)]);
        }
    }

    private static string? Problem(string schedule)
    {
        try
        {
            _ = new Quartz.CronExpression(schedule);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }
}
