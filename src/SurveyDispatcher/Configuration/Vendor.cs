using System.Collections.Frozen;
using System.IO.Enumeration;
using System.Text;

namespace SurveyDispatcher.Configuration;

/// <summary>What is agreed with the call centre (<c>config/vendor.json</c>; docs/vendor.md). Without the file everything is as contracts.md says.</summary>
/// <param name="AcknowledgeWithinHours">An alarm when a list was not acknowledged by then; null: only of a vendor who has ever acknowledged one, within a day.</param>
/// <param name="AnswerWithinDays">An alarm when nothing was reported of a case by then.</param>
/// <param name="General">What holds where a market says nothing else.</param>
/// <param name="Markets">The markets that do.</param>
public sealed record Vendor(int? AcknowledgeWithinHours, int AnswerWithinDays, VendorRules General, FrozenDictionary<string, VendorRules> Markets)
{
    /// <summary>As contracts.md says.</summary>
    public static Vendor Contract { get; } = new(
        null, 14, new VendorRules(ListLayout.OfContract("phone"), ListLayout.OfContract("withdrawals"), null), FrozenDictionary<string, VendorRules>.Empty);

    /// <summary>How a list of a market is laid out.</summary>
    public ListLayout LayoutOf(string kind, string market)
    {
        var rules = Markets.GetValueOrDefault(market, General);
        return kind == "phone" ? rules.PhoneList : rules.Withdrawals;
    }

    /// <summary>How a file of call results is read: the markets' descriptions come first; null: as contracts.md says.</summary>
    public CallResultForm? FormOf(string fileName) => Forms.FirstOrDefault(f => f.Fits(fileName));

    /// <summary>Every description of files with call results.</summary>
    public IEnumerable<CallResultForm> Forms => Markets.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => m.Value.CallResults).Append(General.CallResults).OfType<CallResultForm>();
}

/// <summary>The files that go to and come from one call centre.</summary>
/// <param name="PhoneList">The lists of who is to be called.</param>
/// <param name="Withdrawals">The lists of who must not be called any more.</param>
/// <param name="CallResults">What he sends; null: as contracts.md says.</param>
public sealed record VendorRules(ListLayout PhoneList, ListLayout Withdrawals, CallResultForm? CallResults);

/// <summary>When a cell of a list is quoted.</summary>
public enum Quoting
{
    /// <summary>When it has to be.</summary>
    Needed,

    /// <summary>Always.</summary>
    All,

    /// <summary>Never: a delimiter inside a cell becomes a space.</summary>
    None,
}

/// <summary>One column of a list.</summary>
/// <param name="Column">Its name in contracts.md; empty for a constant.</param>
/// <param name="Constant">The same text in every row.</param>
/// <param name="Header">Its header in the vendor's file.</param>
/// <param name="Width">In a file of fixed width: bytes.</param>
/// <param name="AlignRight">Filled up at the left.</param>
/// <param name="Pad">What fills it up.</param>
/// <param name="Cut">A value that is too long is cut.</param>
public sealed record ListColumn(string Column, string Constant, string Header, int Width, bool AlignRight, char Pad, bool Cut);

/// <summary>How a list for the vendor is laid out.</summary>
/// <param name="Text">The description, from which it can be read again; empty: the contract's.</param>
/// <param name="IsFixed">Columns of fixed width, not divided by anything.</param>
/// <param name="Encoding">Strict: it throws on what it can't hold.</param>
/// <param name="Mark">The byte order mark; empty for none.</param>
/// <param name="Delimiter">Between cells.</param>
/// <param name="Quoting">When cells are quoted.</param>
/// <param name="LineEnding">After every row.</param>
/// <param name="FileExtension">Without the dot.</param>
/// <param name="HasHeader">Whether the first row names the columns.</param>
/// <param name="DateFormat">Of days.</param>
/// <param name="TimeFormat">Of points in time.</param>
/// <param name="Transliterate">What the encoding can't hold is written in Latin letters.</param>
/// <param name="Columns">In the order of the file.</param>
public sealed record ListLayout(
    string Text, bool IsFixed, Encoding Encoding, byte[] Mark, char Delimiter, Quoting Quoting, string LineEnding, string FileExtension, bool HasHeader,
    string DateFormat, string TimeFormat, bool Transliterate, IReadOnlyList<ListColumn> Columns)
{
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The columns of a phone list (contracts.md).</summary>
    public static IReadOnlyList<string> PhoneColumns { get; } =
    [
        "case_id", "survey", "market", "language", "reason", "respondent_name", "phone_1", "phone_2", "call_from", "call_until",
        "time_zone", "calling_hours", "dealer_code", "dealer_name", "model", "event_date", "questionnaire",
    ];

    /// <summary>The columns of a list of withdrawals (contracts.md).</summary>
    public static IReadOnlyList<string> WithdrawalColumns { get; } = ["case_id", "reason", "withdrawn_at"];

    /// <summary>Whether it is the contract's.</summary>
    public bool IsContract => Text.Length == 0;

    /// <summary>The columns that a kind of list has to offer.</summary>
    public static IReadOnlyList<string> ColumnsOf(string kind) => kind == "phone" ? PhoneColumns : WithdrawalColumns;

    /// <summary>As contracts.md says.</summary>
    public static ListLayout OfContract(string kind) => new(
        "", false, Utf8, [0xEF, 0xBB, 0xBF], ',', Quoting.Needed, "\r\n", "csv", true, "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:sszzz", false,
        [.. ColumnsOf(kind).Select(c => new ListColumn(c, "", c, 0, false, ' ', false))]);

    /// <summary>The cells of a row of fixed width, as they were before they were filled up.</summary>
    public IReadOnlyList<string> Cut(string line)
    {
        var bytes = Encoding.GetBytes(line.TrimEnd('\r', '\n'));
        var cells = new List<string>(Columns.Count);
        var at = 0;
        foreach (var column in Columns)
        {
            var width = Math.Clamp(bytes.Length - at, 0, column.Width);
            var cell = Encoding.GetString(bytes, at, width);
            cells.Add(column.AlignRight ? cell.TrimStart(column.Pad) : cell.TrimEnd(column.Pad));
            at += width;
        }

        return cells;
    }

    /// <summary>Where a column stands; -1 when it is not in the file.</summary>
    public int IndexOf(string column) => Columns.ToList().FindIndex(c => c.Column == column);
}

/// <summary>How the vendor's call results are read.</summary>
/// <param name="FilePattern">A glob over file names; letter case counts.</param>
/// <param name="Encoding">Strict.</param>
/// <param name="Delimiter">Between cells.</param>
/// <param name="DateFormats">Of <c>attempted_at</c>, by the clock of <paramref name="TimeZone"/>; none: ISO 8601 with an offset.</param>
/// <param name="TimeZone">Null: that of the case's market.</param>
/// <param name="Headers">The header in his file by the column's name in contracts.md.</param>
/// <param name="Codes">His codes; null: he uses those of contracts.md.</param>
/// <param name="FinalCodes">Those of his codes after which he does not go on.</param>
/// <param name="FinalValues">What stands in his column <c>final</c>.</param>
public sealed record CallResultForm(
    string FilePattern, Encoding Encoding, char Delimiter, IReadOnlyList<string> DateFormats, TimeZoneInfo? TimeZone,
    FrozenDictionary<string, string> Headers, FrozenDictionary<string, string>? Codes, FrozenSet<string> FinalCodes, FrozenDictionary<string, string>? FinalValues)
{
    /// <summary>The columns of a file of call results (contracts.md).</summary>
    public static IReadOnlyList<string> Columns { get; } = ["case_id", "attempt", "attempted_at", "phone", "code", "final", "note"];

    /// <summary>Those without which a file is refused.</summary>
    public static IReadOnlyList<string> Required { get; } = ["case_id", "attempt", "attempted_at", "code"];

    /// <summary>Whether a file of this name is described here.</summary>
    public bool Fits(string fileName) => FileSystemName.MatchesSimpleExpression(FilePattern, fileName, ignoreCase: false);
}
