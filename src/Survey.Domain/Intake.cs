using System.Collections.Frozen;
using System.Globalization;

namespace Survey.Domain;

/// <summary>A column of the canonical extract, in the order of contracts.md.</summary>
public enum DmsColumn
{
    // the names are the documentation: they are the headers of the contract
    RecordType, Country, DealerCode, DealerName, TransactionId, Status, EventDate, PurchaseDate, Vin, Model, MileageKm,
    CustomerType, PaymentType, CustomerId, CustomerName, Email, Phone1, Phone2, Language, EmailOptOut, PhoneOptOut, StaffName,
}

/// <summary>Why a row can't be understood. A faulty row is rejected; it is never screened.</summary>
/// <param name="Reason">The contract's reason, such as <c>bad_date</c>.</param>
/// <param name="Column">The canonical column at fault; empty when the whole row is.</param>
/// <param name="Value">The value at fault, as the file has it.</param>
public readonly record struct RowFault(string Reason, string Column, string Value);

/// <summary>From the cells of a row to a <see cref="Transaction"/>, or to what is wrong with it.</summary>
public static class Intake
{
    /// <summary>Grows whenever this code reads a row differently than before: rows that were seen are then read anew.</summary>
    public const int Revision = 2;

    /// <summary>The most characters of a country's or a dealer's code: any real one has fewer, and not every store can index more.</summary>
    public const int MostOfCode = 200;

    private const char UnknownMark = '\uFFFF';

    /// <summary>The headers, indexed by <see cref="DmsColumn"/>.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "record_type", "country", "dealer_code", "dealer_name", "transaction_id", "status", "event_date", "purchase_date",
        "vin", "model", "mileage_km", "customer_type", "payment_type", "customer_id", "customer_name", "email", "phone_1",
        "phone_2", "language", "email_opt_out", "phone_opt_out", "staff_name",
    ];

    /// <summary>The columns without which a file can't be read at all; payment_type is required in service rows only.</summary>
    public static IReadOnlyList<DmsColumn> RequiredColumns { get; } =
    [
        DmsColumn.RecordType, DmsColumn.Country, DmsColumn.DealerCode, DmsColumn.TransactionId, DmsColumn.EventDate,
        DmsColumn.Vin, DmsColumn.CustomerType,
    ];

    /// <summary>The customer types of the contract.</summary>
    public static FrozenSet<string> CustomerTypes { get; } = FrozenSet.Create(
        "individual", "small_business", "small_fleet", "large_fleet", "government", "rental", "dealer", "employee");

    /// <summary>The payment types of the contract.</summary>
    public static FrozenSet<string> PaymentTypes { get; } = FrozenSet.Create("warranty", "customer", "internal", "insurance");

    /// <summary>Marks a code that the source's table does not know: a bad code, even where it reads like a canonical one.</summary>
    public static string Unknown(string code) => UnknownMark + code;

    /// <summary>Whether a code was marked so.</summary>
    public static bool IsUnknown(string code) => code.StartsWith(UnknownMark);

    /// <summary>The transaction in a row, or its first fault in the contract's order of reasons.</summary>
    /// <param name="cells">The cells, trimmed, mapped to canonical values, indexed by <see cref="DmsColumn"/>.</param>
    /// <param name="dateFormats">The source's date formats (.NET patterns).</param>
    /// <param name="localDate">The local date of the country's market: an event after it lies in the future.</param>
    /// <param name="transaction">The transaction, when there is no fault.</param>
    /// <returns>The fault, or null.</returns>
    public static RowFault? Read(
        ReadOnlySpan<string> cells, string[] dateFormats, Func<string, DateOnly> localDate, out Transaction? transaction)
    {
        transaction = null;
        foreach (var column in RequiredColumns)
        {
            if (cells[(int)column].Length == 0)
            {
                return Fault("missing_value", column, cells);
            }
        }

        var survey = SurveyKinds.FromRecordType(cells[(int)DmsColumn.RecordType]);
        if (survey == SurveyKind.Service && cells[(int)DmsColumn.PaymentType].Length == 0)
        {
            return Fault("missing_value", DmsColumn.PaymentType, cells);
        }

        if (ParseDate(cells[(int)DmsColumn.EventDate], dateFormats) is not { } eventDate)
        {
            return Fault("bad_date", DmsColumn.EventDate, cells);
        }

        DateOnly? purchaseDate = null;
        if (cells[(int)DmsColumn.PurchaseDate].Length > 0)
        {
            purchaseDate = ParseDate(cells[(int)DmsColumn.PurchaseDate], dateFormats);
            if (purchaseDate is null)
            {
                return Fault("bad_date", DmsColumn.PurchaseDate, cells);
            }
        }

        var country = cells[(int)DmsColumn.Country].ToUpperInvariant();
        if (eventDate > localDate(country))
        {
            return Fault("future_event_date", DmsColumn.EventDate, cells);
        }

        var vin = cells[(int)DmsColumn.Vin].ToUpperInvariant();
        if (!IsVin(vin))
        {
            return Fault("bad_vin", DmsColumn.Vin, cells);
        }

        if (BadCode(cells, survey) is { } badColumn)
        {
            return Fault("bad_code", badColumn, cells);
        }

        int? mileage = null;
        if (cells[(int)DmsColumn.MileageKm].Length > 0)
        {
            if (!int.TryParse(cells[(int)DmsColumn.MileageKm], NumberStyles.None, CultureInfo.InvariantCulture, out var km))
            {
                return Fault("bad_number", DmsColumn.MileageKm, cells);
            }

            mileage = km;
        }

        transaction = new Transaction
        {
            Key = new TransactionKey(country, cells[(int)DmsColumn.DealerCode], survey!.Value, cells[(int)DmsColumn.TransactionId]),
            DealerName = cells[(int)DmsColumn.DealerName],
            Cancelled = cells[(int)DmsColumn.Status] == "cancelled",
            EventDate = eventDate,
            PurchaseDate = purchaseDate,
            Vin = vin,
            Model = cells[(int)DmsColumn.Model],
            MileageKm = mileage,
            CustomerType = cells[(int)DmsColumn.CustomerType],
            PaymentType = survey == SurveyKind.Service ? cells[(int)DmsColumn.PaymentType] : "",
            CustomerId = cells[(int)DmsColumn.CustomerId],
            Contact = new ContactData(
                cells[(int)DmsColumn.CustomerName], cells[(int)DmsColumn.Email], cells[(int)DmsColumn.Phone1],
                cells[(int)DmsColumn.Phone2], cells[(int)DmsColumn.StaffName]),
            Language = cells[(int)DmsColumn.Language],
            EmailOptOut = cells[(int)DmsColumn.EmailOptOut] == "Y",
            PhoneOptOut = cells[(int)DmsColumn.PhoneOptOut] == "Y",
        };
        return null;
    }

    /// <summary>17 of A-Z and 0-9 without I, O and Q (ISO 3779).</summary>
    public static bool IsVin(string text)
    {
        if (text.Length != 17)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!(char.IsAsciiDigit(c) || (char.IsAsciiLetterUpper(c) && c is not ('I' or 'O' or 'Q'))))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A date in one of the formats, or null. Only dates that exist count; the time of a format that has one is left out.</summary>
    public static DateOnly? ParseDate(string text, string[] formats) =>
        DateOnly.TryParseExact(text, formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date : null;

    private static DmsColumn? BadCode(ReadOnlySpan<string> cells, SurveyKind? survey)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            if (IsUnknown(cells[i]))
            {
                return (DmsColumn)i;
            }
        }

        foreach (var column in (ReadOnlySpan<DmsColumn>)[DmsColumn.Country, DmsColumn.DealerCode])
        {
            if (cells[(int)column].Length > MostOfCode)
            {
                return column;
            }
        }

        if (survey is null)
        {
            return DmsColumn.RecordType;
        }

        if (cells[(int)DmsColumn.Status] is not ("" or "active" or "cancelled"))
        {
            return DmsColumn.Status;
        }

        if (!CustomerTypes.Contains(cells[(int)DmsColumn.CustomerType]))
        {
            return DmsColumn.CustomerType;
        }

        if (survey == SurveyKind.Service && !PaymentTypes.Contains(cells[(int)DmsColumn.PaymentType]))
        {
            return DmsColumn.PaymentType;
        }

        if (cells[(int)DmsColumn.EmailOptOut] is not ("" or "Y" or "N"))
        {
            return DmsColumn.EmailOptOut;
        }

        return cells[(int)DmsColumn.PhoneOptOut] is not ("" or "Y" or "N") ? DmsColumn.PhoneOptOut : null;
    }

    private static RowFault Fault(string reason, DmsColumn column, ReadOnlySpan<string> cells) =>
        new(reason, Columns[(int)column], cells[(int)column].TrimStart(UnknownMark));
}
