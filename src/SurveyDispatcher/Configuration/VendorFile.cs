using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Configuration;

/// <summary>Reads <c>vendor.json</c>, which may be missing (docs/vendor.md).</summary>
internal static class VendorFile
{
    public const string Name = "vendor.json";

    /// <summary>The shortest case id: <c>AU-00000014</c>.</summary>
    private const int CaseIdBytes = 11;

    private static readonly string[] OnlyFixed = ["width", "align", "pad", "cut"];

    public static Vendor Read(ConfigFolder folder, Programme? programme, List<ConfigFault> faults) =>
        folder.Text(Name) is { } text && ConfigNode.Parse(text, Name, faults) is { } root ? Read(root, programme) : Vendor.Contract;

    /// <summary>The same from the file's content.</summary>
    public static Vendor Read(ConfigNode root, Programme? programme)
    {
        var general = ReadRules(root, Vendor.Contract.General, patternRequired: false);
        var markets = new Dictionary<string, VendorRules>(StringComparer.Ordinal);
        if (root.Object("markets") is { } all)
        {
            foreach (var code in all.Keys)
            {
                if (programme is not null && programme.MarketOf(code) is null)
                {
                    all.Fault(code, $"There is no market {code} in {ProgrammeFile.Name}.");
                }

                if (all.Object(code) is { } node)
                {
                    markets[code] = ReadRules(node, general with { CallResults = null }, patternRequired: true);
                    node.NoMore();
                }
            }
        }

        var vendor = new Vendor(
            root.Integer("acknowledgeWithinHours", 1, 24 * 365), root.Integer("answerWithinDays", 1, 365) ?? Vendor.Contract.AnswerWithinDays, general,
            markets.ToFrozenDictionary(StringComparer.Ordinal));
        root.NoMore();
        return vendor;
    }

    /// <summary>The layout of a list from the text that was kept of it.</summary>
    public static ListLayout ReadLayout(string text, string kind)
    {
        var faults = new List<ConfigFault>();
        return text.Length == 0 ? ListLayout.OfContract(kind)
            : ConfigNode.Parse(text, Name, faults) is { } node && ReadLayout(node, kind) is { } layout && faults.Count == 0 ? layout
            : throw new InvalidOperationException($"The layout that the store has of a list can't be read: {string.Join("; ", faults)}");
    }

    private static VendorRules ReadRules(ConfigNode root, VendorRules otherwise, bool patternRequired) => new(
        root.Object("phoneList") is { } phone ? ReadLayout(phone, "phone") : otherwise.PhoneList,
        root.Object("withdrawals") is { } withdrawals ? ReadLayout(withdrawals, "withdrawals") : otherwise.Withdrawals,
        root.Object("dispositions") is { } results ? ReadForm(results, patternRequired) : otherwise.CallResults);

    private static ListLayout ReadLayout(ConfigNode node, string kind)
    {
        var isFixed = node.Word("format", "csv", "csv", "fixed") == "fixed";
        var encoding = SourceFile.ReadEncoding(node) ?? Encoding.ASCII;
        var isUtf8 = encoding is UTF8Encoding;
        var mark = node.Flag("byteOrderMark", isUtf8 && !isFixed) ? Encoding.GetEncoding(encoding.CodePage).GetPreamble() : [];
        if (mark.Length == 0 && node.Has("byteOrderMark") && node.Flag("byteOrderMark", false))
        {
            node.Fault("byteOrderMark", $"{encoding.WebName} has no byte order mark.");
        }

        if (isFixed && IsStateful(encoding))
        {
            node.Fault("encoding", $"{encoding.WebName} says with bytes of its own where another alphabet begins and ends: what a cell takes depends on its neighbours, so it has no fixed width. shift_jis and gb18030 have.");
        }

        if (isFixed && encoding.GetByteCount(" ") != 1)
        {
            node.Fault("encoding", $"Widths are counted in bytes, and a space is more than one in {encoding.WebName}.");
        }

        var delimiter = SourceFile.ReadDelimiter(node);
        var quoting = node.Word("quote", "needed", "needed", "all", "none") switch { "all" => Quoting.All, "none" => Quoting.None, _ => Quoting.Needed };
        var ending = node.Word("lineEnding", "crlf", "crlf", "lf") == "lf" ? "\n" : "\r\n";
        var extension = node.Text("fileExtension", isFixed ? "txt" : "csv");
        if (extension.Length is 0 or > 8 || !extension.All(char.IsAsciiLetterOrDigit) || extension is "tmp" or "part" or "json" or "erased")
        {
            node.Fault("fileExtension", $"One to eight letters and digits are expected, such as csv or txt, not '{extension}' (and not tmp, part or json, which mean something).");
        }

        var hasHeader = node.Flag("headerRow", !isFixed);
        var dateFormat = node.Text("dateFormat", "yyyy-MM-dd");
        if (!SourceFile.IsDateFormat(dateFormat))
        {
            node.Fault("dateFormat", $"'{dateFormat}' is no date format: year, month and day are needed, as in yyyyMMdd or dd/MM/yyyy (M is the month, m the minute).");
        }

        var timeFormat = node.Text("timeFormat", "yyyy-MM-dd'T'HH:mm:sszzz");
        if (!IsTimeFormat(timeFormat))
        {
            node.Fault("timeFormat", $"'{timeFormat}' is no format of a point in time: dd/MM/yyyy HH:mm is one (market time), yyyy-MM-dd'T'HH:mm:sszzz another.");
        }

        var transliterate = node.Flag("transliterate", false);
        List<ListColumn> own = [.. node.Objects("columns", required: false).Select(c => ReadColumn(c, kind, isFixed, encoding))];
        List<ListColumn> columns = node.Has("columns") ? own : [.. ListLayout.OfContract(kind).Columns];
        if (isFixed && !node.Has("columns"))
        {
            node.Fault("columns", $"A file of fixed width needs its columns, each with its width.");
        }

        foreach (var needed in kind == "phone" ? new[] { "case_id", "phone_1" } : ["case_id"])
        {
            if (columns.Count > 0 && columns.Count(c => c.Column == needed) != 1)
            {
                node.Fault("columns", $"{needed} must be there, once: without it nobody can say which row is whose.");
            }
        }

        node.NoMore();
        return new ListLayout(node.Raw, isFixed, encoding, mark, delimiter, quoting, ending, extension, hasHeader, dateFormat, timeFormat, transliterate, columns);
    }

    private static ListColumn ReadColumn(ConfigNode node, string kind, bool isFixed, Encoding encoding)
    {
        var (column, constant) = (node.Text("column", ""), node.Text("constant", ""));
        if ((column.Length > 0) == node.Has("constant"))
        {
            node.Fault("column", $"Either a column or a constant is expected.");
        }
        else if (column.Length > 0 && !ListLayout.ColumnsOf(kind).Contains(column))
        {
            node.Fault("column", $"Unknown column '{column}'. Known: {Listed(ListLayout.ColumnsOf(kind))}.");
        }

        var header = node.Text("header", column);
        foreach (var (key, text) in new[] { ("header", header), ("constant", constant) })
        {
            if (!Holds(encoding, text) || text.AsSpan().ContainsAny('\r', '\n'))
            {
                node.Fault(key, $"'{text}' can't be written in {encoding.WebName}, or has a line end in it.");
            }
        }

        var width = node.Integer("width", 1, 1000, required: isFixed) ?? 0;
        var pad = node.Text("pad", " ");
        if (pad.Length != 1 || pad[0] is < ' ' or > '~')
        {
            node.Fault("pad", $"One ASCII character is expected, such as a space or 0.");
        }

        var right = node.Word("align", "left", "left", "right") == "right";
        var cut = node.Flag("cut", false);
        if (isFixed && column == "case_id" && (width is > 0 and < CaseIdBytes || pad != " " || cut))
        {
            node.Fault("width", $"A case id has {CaseIdBytes} characters or more; it is filled up with spaces and never cut.");
        }

        if (isFixed && column.StartsWith("phone_", StringComparison.Ordinal) && cut)
        {
            node.Fault("cut", $"A number that is cut is somebody else's: it is never cut. +, country code and number have 16 characters at most.");
        }

        if (isFixed && column.StartsWith("phone_", StringComparison.Ordinal) && !right && char.IsAsciiDigit(pad.Length == 1 ? pad[0] : ' '))
        {
            node.Fault("pad", $"Filled up with '{pad}' behind it a number would be another number. Align it right, or fill it up with spaces.");
        }

        if (isFixed && width > 0 && column.Length == 0 && Holds(encoding, constant) && encoding.GetByteCount(constant) > width)
        {
            node.Fault("width", $"The constant '{constant}' is longer than {width} bytes.");
        }

        if (!isFixed)
        {
            foreach (var key in OnlyFixed.Where(node.Has))
            {
                node.Fault(key, $"Only a file of fixed width has it (format: fixed).");
            }
        }

        node.NoMore();
        return new ListColumn(column, constant, header, width, right, pad.Length == 1 ? pad[0] : ' ', cut);
    }

    private static CallResultForm ReadForm(ConfigNode node, bool patternRequired)
    {
        var pattern = patternRequired ? node.RequiredText("filePattern") : node.Text("filePattern", "*");
        var encoding = SourceFile.ReadEncoding(node) ?? Encoding.ASCII;
        var delimiter = SourceFile.ReadDelimiter(node);
        var formats = node.Texts("dateFormats", required: false);
        foreach (var format in formats.Where(f => !IsTimeFormat(f)))
        {
            node.Fault("dateFormats", $"'{format}' is no format of a point in time: dd/MM/yyyy HH:mm is one (M is the month, m the minute).");
        }

        TimeZoneInfo? zone = null;
        if (node.Text("timeZone", "") is { Length: > 0 } id && !TimeZoneInfo.TryFindSystemTimeZoneById(id, out zone))
        {
            node.Fault("timeZone", $"'{id}' is no time zone of this system; an IANA name such as Asia/Manila is expected.");
        }

        var headers = CallResultForm.Columns.ToDictionary(c => c, c => c, StringComparer.Ordinal);
        if (node.Object("columns") is { } columns)
        {
            headers.Clear();
            foreach (var name in columns.Keys)
            {
                if (!CallResultForm.Columns.Contains(name))
                {
                    columns.Fault(name, $"Unknown column. Known: {Listed(CallResultForm.Columns)}.");
                }

                headers[name] = columns.RequiredText(name);
            }

            foreach (var required in CallResultForm.Required.Where(r => !headers.ContainsKey(r)))
            {
                node.Fault("columns", $"The column {required} has no header: without it a call result means nothing.");
            }
        }

        FrozenDictionary<string, string>? codes = null;
        if (node.Object("codes") is { } crosswalk)
        {
            codes = crosswalk.Keys.ToFrozenDictionary(k => k, k => crosswalk.Text(k), StringComparer.Ordinal);
            foreach (var (his, ours) in codes.Where(c => Dispositions.Find(c.Value) is null))
            {
                crosswalk.Fault(his, $"'{ours}' is no code of contracts.md. Known: {Listed(Dispositions.Table.Select(d => d.Code))}.");
            }
        }

        var finals = node.Texts("finalCodes", required: false);
        foreach (var unknown in finals.Where(f => !(codes?.ContainsKey(f) ?? Dispositions.Find(f) is not null)))
        {
            node.Fault("finalCodes", $"'{unknown}' is none of his codes.");
        }

        FrozenDictionary<string, string>? values = null;
        if (node.Object("finalValues") is { } table)
        {
            values = table.Keys.ToFrozenDictionary(k => k, k => table.Word(k, "N", "Y", "N"), StringComparer.Ordinal);
        }

        node.NoMore();
        return new CallResultForm(
            pattern, encoding, delimiter, formats, zone, headers.ToFrozenDictionary(StringComparer.Ordinal), codes,
            finals.ToFrozenSet(StringComparer.Ordinal), values);
    }

    /// <summary>ISO-2022, HZ and ISCII shift between alphabets: two texts side by side have other bytes than each by itself.</summary>
    private static bool IsStateful(Encoding encoding) => encoding.CodePage is (>= 50220 and <= 50229) or 52936 or (>= 57002 and <= 57011);

    private static bool Holds(Encoding encoding, string text)
    {
        try
        {
            encoding.GetByteCount(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    private static bool IsTimeFormat(string format)
    {
        try
        {
            var at = new DateTimeOffset(2026, 3, 14, 15, 16, 0, TimeSpan.FromHours(8));
            return DateTimeOffset.TryParseExact(at.ToString(format, CultureInfo.InvariantCulture), format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var read)
                && read.Day == 14 && read.Month == 3 && read.Year == 2026;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
