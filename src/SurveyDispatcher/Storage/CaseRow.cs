using System.Data.Common;
using Survey.Domain;

namespace SurveyDispatcher.Storage;

/// <summary>A case as it is stored.</summary>
public sealed record CaseRow(long Id, string Market, SurveyKind Survey, DateOnly EventDate, SurveyCase Case, DateOnly? NextLookOn)
{
    /// <summary>The number of columns that <see cref="Read"/> takes.</summary>
    public const int Columns = 15;

    /// <summary>The name that people use.</summary>
    public string CaseId => global::Survey.Domain.CaseId.Format(Market, Id);

    /// <summary>Reads the columns of a case, beginning at <paramref name="at"/>, in the order of the table.</summary>
    public static CaseRow Read(DbDataReader row, int at = 0) => new(
        row.GetInt64(at),
        row.GetString(at + 1),
        SurveyKinds.FromCode(row.GetString(at + 2)),
        row.Day(at + 3),
        new SurveyCase
        {
            State = CaseCodes.State(row.GetString(at + 4)),
            CloseReason = row.TextOrNull(at + 5),
            InvitedOn = row.DayOrNull(at + 6),
            RemindedOn = row.DayOrNull(at + 7),
            PhoneOn = row.DayOrNull(at + 8),
            PhoneReason = row.TextOrNull(at + 9),
            CallUntil = row.DayOrNull(at + 10),
            CompletedOn = row.DayOrNull(at + 11),
            ResponseMode = row.TextOrNull(at + 12),
            MailFailed = row.GetInt32(at + 13) != 0,
        },
        row.DayOrNull(at + 14));
}
