namespace Survey.Domain;

/// <summary>The two surveys of the programme; each belongs to one kind of transaction.</summary>
public enum SurveyKind
{
    /// <summary>A purchase or lease of a new vehicle, dated by the day of hand-over (record type <c>sale</c>).</summary>
    Sales,

    /// <summary>A workshop visit, dated by the day the vehicle was handed back (record type <c>service</c>).</summary>
    Service,
}

/// <summary>The wire names of <see cref="SurveyKind"/>: extracts say <c>sale</c>, everything else says <c>sales</c>.</summary>
public static class SurveyKinds
{
    /// <summary>The name in lists, exports and file names.</summary>
    public static string Code(this SurveyKind survey) => survey switch
    {
        SurveyKind.Sales => "sales",
        SurveyKind.Service => "service",
        _ => throw new ArgumentOutOfRangeException(nameof(survey), survey, "Unknown survey."),
    };

    /// <summary>The record type in an extract.</summary>
    public static string RecordType(this SurveyKind survey) => survey == SurveyKind.Sales ? "sale" : "service";

    /// <summary>The survey of a record type, or null for a code that is neither.</summary>
    public static SurveyKind? FromRecordType(string code) => code switch
    {
        "sale" => SurveyKind.Sales,
        "service" => SurveyKind.Service,
        _ => null,
    };

    /// <summary>The survey of a code as <see cref="Code"/> writes it.</summary>
    public static SurveyKind FromCode(string code) => code switch
    {
        "sales" => SurveyKind.Sales,
        "service" => SurveyKind.Service,
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "Unknown survey."),
    };
}
