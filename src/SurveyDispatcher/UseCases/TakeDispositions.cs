using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>A call result, understood but for its code.</summary>
/// <param name="Attempt">Its number.</param>
/// <param name="At">When.</param>
/// <param name="Dialled">The number dialled as the file has it; empty: the first on the list.</param>
/// <param name="Note">The caller's note.</param>
internal sealed record CallResult(int Attempt, DateTimeOffset At, string Dialled, string Note)
{
    /// <summary>Retention has removed which number it was.</summary>
    public bool NumberIsForgotten { get; init; }
}

/// <summary>Takes the vendor's call results (contracts.md, <c>inbox/dispositions/</c>; in his own form and codes: docs/vendor.md).</summary>
internal sealed class TakeDispositions(CycleContext context) : IRowTaker
{
    private const char Separator = '\u001f';
    private readonly Dictionary<string, int> places = new(StringComparer.Ordinal);
    private CsvInput input = null!;
    private CallResultForm? form;

    public IReadOnlyList<string> Required => CallResultForm.Required;

    /// <summary>The number dialled and the note of an attempt, as they were sealed; both empty when they were removed.</summary>
    public static (string Dialled, string Note) Split(string unsealed)
    {
        var parts = unsealed.Split(Separator, 2);
        return (parts[0], parts.Length > 1 ? parts[1] : "");
    }

    public FileForm FormOf(string fileName)
    {
        form = context.Config.Vendor.FormOf(fileName);
        return form is null
            ? new FileForm(Source.Canonical.Encoding, Source.Canonical.Delimiter, Required)
            : new FileForm(form.Encoding, form.Delimiter, [.. Required.Select(r => form.Headers[r])]);
    }

    public void Begin(CsvInput input)
    {
        this.input = input;
        foreach (var column in CallResultForm.Columns)
        {
            places[column] = form is null ? input.IndexOf(column) : form.Headers.TryGetValue(column, out var header) ? input.IndexOf(header) : -1;
        }
    }

    public RowResult Take(CsvRow row, long fileId)
    {
        string Cell(string column) => row.Cell(places[column]);
        foreach (var column in Required)
        {
            if (Cell(column).Length == 0)
            {
                return RowResult.Rejected("missing_value", column, "");
            }
        }

        var found = context.Cases.Find(Cell("case_id"));
        if (found is { Case.CloseReason: CloseReasons.Erased })
        {
            return RowResult.OfErased("case_id", Cell("case_id"));
        }

        if (found is not { } known)
        {
            return RowResult.Rejected("unknown_case", "case_id", Cell("case_id"));
        }

        if (!int.TryParse(Cell("attempt"), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) || attempt < 1)
        {
            return RowResult.Rejected("bad_number", "attempt", Cell("attempt"));
        }

        if (TimeOf(Cell("attempted_at"), known.Market) is not { } at)
        {
            return RowResult.Rejected("bad_date", "attempted_at", Cell("attempted_at"));
        }

        var code = form?.Codes is { } codes ? codes.GetValueOrDefault(Cell("code")) : Cell("code");
        var disposition = code is null ? null : Dispositions.Find(code);
        if (disposition is null && form?.Codes is null)
        {
            return RowResult.Rejected("bad_code", "code", Cell("code"));
        }

        var saysFinal = form?.FinalValues is { } values && Cell("final").Length > 0 ? values.GetValueOrDefault(Cell("final")) : Cell("final");
        if (saysFinal is not ("" or "Y" or "N"))
        {
            return RowResult.Rejected("bad_code", "final", Cell("final"));
        }

        if (Cell("phone") is { Length: > 0 } dialled && context.Config.Programme.MarketOf(known.Market) is not null && NumberOf(known, dialled) is null)
        {
            return RowResult.Rejected("bad_number", "phone", dialled);
        }

        var result = new CallResult(attempt, at, Cell("phone"), Cell("note"));
        return disposition is null
            ? new Quarantine(context).Keep(known, result, Cell("code"), saysFinal, row.Raw, fileId, row.Line)
            : Take(context, known, result, disposition, IsFinal(form, Cell("code"), saysFinal), fileId, row.Line) ? RowResult.New : RowResult.Unchanged;
    }

    /// <summary>Whether the vendor does not go on: he says so, or his code does.</summary>
    public static bool IsFinal(CallResultForm? form, string hisCode, string says) => says == "Y" || (says.Length == 0 && form?.FinalCodes.Contains(hisCode) == true);

    /// <summary>Takes a call result; false when the attempt is known already.</summary>
    public static bool Take(CycleContext context, CaseRow known, CallResult call, Disposition disposition, bool final, long fileId, long line)
    {
        var dialled = call.Dialled;
        var number = NumberOf(context, known, dialled);
        if (disposition.Effect == CallEffect.BadNumber)
        {
            number ??= dialled.Length == 0 && !call.NumberIsForgotten ? FirstListed(context, known) : null;
            dialled = number?.E164 ?? dialled;
        }

        if (context.Database["attempts.add"].Run(
            known.Id, call.Attempt, call.At.ToUniversalTime(), disposition.Code, final ? 1 : 0, context.Vault.Seal($"{dialled}{Separator}{call.Note}"), fileId, line) == 0)
        {
            return false;
        }

        var otherNumber = disposition.Effect == CallEffect.BadNumber && SuppressNumber(context, known, number);
        context.Learn(context.Cases.Find(known.Id)!, new CaseEvent.CallReported(context.TodayIn(known.Market), disposition.Code, final, otherNumber));
        context.Counts.Dispositions++;
        new Quarantine(context).Settled(known.Id, call.Attempt);
        return true;
    }

    private PhoneNumber? NumberOf(CaseRow known, string dialled) => NumberOf(context, known, dialled);

    private static PhoneNumber? NumberOf(CycleContext context, CaseRow known, string dialled) => context.Config.Programme.MarketOf(known.Market) is { } market
        ? PhoneNumber.Parse(dialled, market.Dialling, context.Config.Programme.DiallingRules)
        : null;

    /// <summary>An instant with its offset, or as the vendor's clock has it, or that of the market.</summary>
    private DateTimeOffset? TimeOf(string text, string market)
    {
        if (form is null || form.DateFormats.Count == 0)
        {
            return Instants.Parse(text);
        }

        if (!DateTime.TryParseExact(text, [.. form.DateFormats], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local))
        {
            return null;
        }

        var zone = form.TimeZone ?? (context.Config.Programme.MarketOf(market) is { } m ? Instants.Zone(m) : TimeZoneInfo.Utc);
        return new DateTimeOffset(local, zone.GetUtcOffset(local));
    }

    /// <summary>The number that stood on the list as <c>phone_1</c>: the customer's first that he allows and that this case's calls have not called bad.</summary>
    /// <remarks>
    /// Not the first that is usable at this moment: when the number of two cases is reported through one of them, the report of
    /// the other still means that number, and not the next one.
    /// </remarks>
    private static PhoneNumber? FirstListed(CycleContext context, CaseRow row)
    {
        var bad = context.Database["attempts.bad_numbers_of"].List(r => Split(context.Vault.Unseal(r.Bytes(0))).Dialled, row.Id);
        var points = context.PointsOf(row).Points;
        var hashes = context.Cases.Hashes(points);
        var suppressed = context.Cases.SuppressionsOf([hashes]);
        bool OptedOut(long hash) => (suppressed.GetValueOrDefault(hash) & (Suppression.OptOut | Suppression.All)) != 0;
        return new[] { (Number: points.Phone1, Hash: hashes.Phone1), (Number: points.Phone2, Hash: hashes.Phone2) }
            .FirstOrDefault(p => p.Number is not null && !bad.Contains(p.Number.E164) && !OptedOut(p.Hash)).Number;
    }

    /// <summary>Suppresses the number that was dialled; true when another usable one is left.</summary>
    private static bool SuppressNumber(CycleContext context, CaseRow row, PhoneNumber? number)
    {
        if (number is not null)
        {
            context.Cases.Suppress(context.Vault.Hash(number), Suppression.Dead, context.AsOf.Day);
        }

        return context.ReachOf(row).ByPhone;
    }
}
