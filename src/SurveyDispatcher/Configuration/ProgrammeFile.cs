using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Configuration;

/// <summary>Reads <c>programme.json</c> (contracts.md, <i>Configuration</i>).</summary>
internal static class ProgrammeFile
{
    public const string Name = "programme.json";

    public static Programme? Read(ConfigFolder folder, List<ConfigFault> faults) =>
        ConfigNode.Parse(folder, Name, faults) is { } root ? Read(root, Version(folder.Text(Name)!), faults) : null;

    /// <summary>Reads a programme that was kept as text.</summary>
    public static Programme? Parse(string text, List<ConfigFault> faults) =>
        ConfigNode.Parse(text, Name, faults) is { } root ? Read(root, Version(text), faults) : null;

    /// <summary>Reads the keys of the programme.</summary>
    internal static Programme? Read(ConfigNode root, string version, List<ConfigFault> faults)
    {
        var before = faults.Count;
        var contact = root.Object("contact", required: true) is { } c ? Contact(c) : new ContactRules(3, 4, 0, 14, 30);
        var placeholders = root.Texts("placeholderEmails", required: false);
        var retention = ReadRetention(root, RetentionRules.ForEver);
        var vendorCountry = ReadVendorCountry(root, null);
        var minimum = 10;
        if (root.Object("report") is { } report)
        {
            minimum = report.Integer("minimumResponses", 1, 10_000) ?? minimum;
            report.NoMore();
        }

        var markets = new SortedDictionary<string, Market>(StringComparer.Ordinal);
        if (root.Object("markets", required: true) is { } all)
        {
            foreach (var code in all.Keys)
            {
                if (all.Object(code) is { } node)
                {
                    if (!code.All(char.IsAsciiLetterUpper) || code.Length == 0)
                    {
                        all.Fault(code, $"A market is named by its country code in capital letters, such as AU.");
                    }

                    markets.Add(code, ReadMarket(code, node, retention, vendorCountry));
                }
            }
        }

        root.NoMore();
        return faults.Count > before ? null : new Programme(
            contact, new PlaceholderPatterns(placeholders), markets.ToFrozenDictionary(StringComparer.Ordinal), version) { Retention = retention, MinimumResponses = minimum };
    }

    private static ContactRules Contact(ConfigNode node)
    {
        var rules = new ContactRules(
            node.Integer("daysFromInvitationToReminder", 1, 365) ?? 3,
            node.Integer("daysFromReminderToPhone", 1, 365) ?? 4,
            node.Integer("restDays", 0, 3650) ?? 0,
            node.Integer("vendorGraceDays", 0, 365) ?? 14,
            node.Integer("phoneDays", 1, 365) ?? 30);
        node.NoMore();
        return rules;
    }

    private static Market ReadMarket(string code, ConfigNode node, RetentionRules retention, string? vendorCountry)
    {
        var timeZone = node.RequiredText("timeZone");
        if (timeZone.Length > 0 && !TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out _))
        {
            node.Fault("timeZone", $"'{timeZone}' is no time zone of this system; an IANA name such as Australia/Sydney is expected.");
        }

        var languages = node.Texts("languages");
        if (languages.Count == 0 && node.Has("languages"))
        {
            node.Fault("languages", $"At least one language is needed: the first is the fall-back.");
        }

        if (languages.Any(string.IsNullOrWhiteSpace))
        {
            node.Fault("languages", $"A language such as en is expected, not an empty text.");
        }

        var market = new Market(
            code, node.RequiredText("name"), timeZone, languages, node.Date("activeFrom"),
            node.Object("sender", required: true) is { } sender ? ReadSender(sender) : new Sender("", "", ""),
            ReadHours(node, "sendingHours"), ReadHours(node, "callingHours"),
            node.Object("dialling", required: true) is { } dialling ? ReadDialling(dialling) : new DiallingRule("", "", 0, 0),
            node.Object("sales") is { } sales ? ReadPolicy(sales, isService: false) : null,
            node.Object("service") is { } service ? ReadPolicy(service, isService: true) : null)
        {
            Retention = ReadRetention(node, retention),
            VendorCountry = ReadVendorCountry(node, vendorCountry),
            AbroadMarks = ReadMarks(node),
        };
        node.NoMore();
        return market;
    }

    /// <summary>A key that a market does not set is that of the whole programme; one that neither sets is for ever.</summary>
    private static RetentionRules ReadRetention(ConfigNode parent, RetentionRules general)
    {
        if (parent.Object("retention") is not { } node)
        {
            return general;
        }

        int? Days(string key, int? otherwise) => node.Integer(key, 1, 36_500) ?? otherwise;
        var rules = new RetentionRules(
            Days("contactDays", general.ContactDays), Days("vehicleDays", general.VehicleDays), Days("freeTextDays", general.FreeTextDays),
            Days("callNotesDays", general.CallNotesDays), Days("filesDays", general.FilesDays));
        node.NoMore();
        return rules;
    }

    private static string? ReadVendorCountry(ConfigNode node, string? otherwise)
    {
        var code = node.Text("vendorCountry", "");
        if (code.Length > 0 && (code.Length != 2 || !code.All(char.IsAsciiLetterUpper)))
        {
            node.Fault("vendorCountry", $"A country code of two capital letters such as AU is expected, not '{code}'.");
        }

        return code.Length == 0 ? otherwise : code;
    }

    private static List<int> ReadMarks(ConfigNode node)
    {
        var marks = node.Integers("abroadMarks", 1, int.MaxValue);
        if (!marks.SequenceEqual(marks.Order().Distinct()))
        {
            node.Fault("abroadMarks", $"Numbers of persons in rising order are expected, such as [100000, 1000000].");
        }

        return marks;
    }

    private static Sender ReadSender(ConfigNode node)
    {
        var sender = new Sender(node.RequiredText("name"), node.RequiredText("address"), node.Text("replyTo", ""));
        node.NoMore();
        if (sender.Address.Length > 0 && EmailAddress.Parse(sender.Address) is null)
        {
            node.Fault("address", $"'{sender.Address}' is no e-mail address.");
        }

        if (sender.ReplyTo.Length > 0 && EmailAddress.Parse(sender.ReplyTo) is null)
        {
            node.Fault("replyTo", $"'{sender.ReplyTo}' is no e-mail address.");
        }

        return sender;
    }

    private static Hours ReadHours(ConfigNode parent, string key)
    {
        if (parent.Object(key, required: true) is not { } node)
        {
            return default;
        }

        var hours = new Hours(node.Time("from"), node.Time("to"));
        node.NoMore();
        if (hours.From >= hours.To)
        {
            node.Fault("to", $"The hours end ({hours.To:HH:mm}) before they begin ({hours.From:HH:mm}).");
        }

        return hours;
    }

    private static DiallingRule ReadDialling(ConfigNode node)
    {
        var rule = new DiallingRule(
            node.Text("countryCode"), node.Text("trunkPrefix", ""),
            node.Integer("minLength", 4, 14, required: true) ?? 0, node.Integer("maxLength", 4, 14, required: true) ?? 0);
        node.NoMore();
        if (rule.CountryCode.Length is 0 or > 3 || !rule.CountryCode.All(char.IsAsciiDigit))
        {
            node.Fault("countryCode", $"'{rule.CountryCode}' is no calling code: one to three digits without a plus sign are expected.");
        }

        if (!rule.TrunkPrefix.All(char.IsAsciiDigit))
        {
            node.Fault("trunkPrefix", $"Digits are expected, or nothing.");
        }

        if (rule.MinLength > rule.MaxLength)
        {
            node.Fault("maxLength", $"maxLength ({rule.MaxLength}) is below minLength ({rule.MinLength}).");
        }

        return rule;
    }

    private static SurveyPolicy ReadPolicy(ConfigNode node, bool isService)
    {
        var window = node.Object("window", required: true) is { } w ? ReadWindow(w) : default;
        var customers = ReadCodes(node, "customerTypes", Intake.CustomerTypes);
        IReadOnlySet<string>? payers = null;
        VehicleLimit? limit = null;
        if (isService)
        {
            payers = ReadCodes(node, "paymentTypes", Intake.PaymentTypes);
            limit = node.Object("vehicleLimit") is { } l ? ReadLimit(l) : null;
        }

        var sampling = node.Object("sampling") is { } s ? ReadSampling(s) : null;
        node.NoMore();
        return new SurveyPolicy(window, customers, payers, limit) { Sampling = sampling };
    }

    /// <summary>Neither a share nor a number is no sampling.</summary>
    private static SamplingRules? ReadSampling(ConfigNode node)
    {
        var rules = new SamplingRules(node.Share("share"), node.Integer("perDealerAndMonth", 1, 1_000_000));
        node.NoMore();
        return rules == new SamplingRules(null, null) ? null : rules;
    }

    private static DayWindow ReadWindow(ConfigNode node)
    {
        var window = new DayWindow(node.Integer("fromDay", 0, 3650) ?? 0, node.Integer("toDay", 0, 3650));
        node.NoMore();
        if (window.ToDay < window.FromDay)
        {
            node.Fault("toDay", $"The window ends (day {window.ToDay}) before it opens (day {window.FromDay}).");
        }

        return window;
    }

    private static FrozenSet<string> ReadCodes(ConfigNode node, string key, FrozenSet<string> known)
    {
        var codes = node.Texts(key);
        foreach (var code in codes.Where(c => !known.Contains(c)))
        {
            node.Fault(key, $"'{code}' is unknown. Known: {Listed(known.Order(StringComparer.Ordinal))}.");
        }

        return codes.ToFrozenSet(StringComparer.Ordinal);
    }

    private static VehicleLimit ReadLimit(ConfigNode node)
    {
        var match = node.Text("match", "all");
        if (match is not ("any" or "all"))
        {
            node.Fault("match", $"'any' or 'all' is expected, not '{match}'.");
        }

        var limit = new VehicleLimit(node.Integer("maxAgeYears", 0, 100), node.Integer("maxMileageKm", 0, 10_000_000), match == "any");
        node.NoMore();
        return limit;
    }

    /// <summary>White space and key order count: what head office edited is what is on record.</summary>
    private static string Version(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}
