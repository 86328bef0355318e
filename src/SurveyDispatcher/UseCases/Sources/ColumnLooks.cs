using System.Globalization;
using System.Text.RegularExpressions;
using Survey.Domain;

namespace SurveyDispatcher.UseCases.Sources;

/// <summary>What the values below one header look like, whatever the header says.</summary>
internal sealed partial class ColumnLooks
{
    /// <summary>Values that are kept to be looked at again.</summary>
    private const int MostKept = 2_000;

    private readonly List<string> kept = [];
    private readonly Dictionary<string, int> distinct = new(StringComparer.Ordinal);
    private int vins, emails, phones, dates, numbers, names, codes;

    /// <summary>Cells that are not empty.</summary>
    public int Filled { get; private set; }

    /// <summary>Cells that are.</summary>
    public int Empty { get; private set; }

    /// <summary>The values, as often as they come; the first few thousand of different ones.</summary>
    public IReadOnlyDictionary<string, int> Distinct => distinct;

    /// <summary>Some values, in the order of the file.</summary>
    public IReadOnlyList<string> Values => kept;

    public void Add(string value)
    {
        if (value.Length == 0)
        {
            Empty++;
            return;
        }

        Filled++;
        if (distinct.Count < MostKept || distinct.ContainsKey(value))
        {
            distinct[value] = distinct.GetValueOrDefault(value) + 1;
        }

        if (kept.Count >= MostKept)
        {
            return;
        }

        kept.Add(value);
        var isDate = DatePatterns.IsDate(value);
        vins += Intake.IsVin(value.ToUpperInvariant()) ? 1 : 0;
        emails += LooksLikeEmail(value) ? 1 : 0;
        dates += isDate ? 1 : 0;
        phones += !isDate && LooksLikePhone(value) ? 1 : 0;
        numbers += Number().IsMatch(value) ? 1 : 0;
        names += value.Any(char.IsLetter) && !value.Any(char.IsDigit) && !value.Contains('@', StringComparison.Ordinal) ? 1 : 0;
        codes += value.Length <= 20 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '/' or '.') ? 1 : 0;
    }

    public double Vins => Share(vins);

    public double Emails => Share(emails);

    public double Phones => Share(phones);

    public double Dates => Share(dates);

    public double Numbers => Share(numbers);

    public double Names => Share(names);

    public double Codes => Share(codes);

    /// <summary>1: no value comes twice.</summary>
    public double Variety => Filled == 0 ? 0 : (double)distinct.Count / Math.Min(Filled, MostKept);

    /// <summary>Words that hardly come again are no codes but names, and are not asked about one by one.</summary>
    public bool MayBePeople => Names > 0.5 && Variety > 0.5 && (Filled >= 8 || kept.Count(v => v.Trim().Any(char.IsWhiteSpace)) * 2 > kept.Count);

    /// <summary>The share of cells whose code is known in a column.</summary>
    public double KnownCodes(DmsColumn column) => Filled == 0 ? 0 : distinct.Where(d => Terms.Known.Meaning(column, d.Key) is not null).Sum(d => (double)d.Value) / distinct.Values.Sum();

    /// <summary>
    /// The mark between groups of three digits, where more than half of the values that have something else than digits are grouped by it; null: digits only, or nothing that is read. The shortest such value shows it.
    /// </summary>
    public (char Mark, string Example, int Number)? Grouping
    {
        get
        {
            var others = kept.Where(v => !v.All(char.IsAsciiDigit)).ToList();
            foreach (var mark in DigitGrouping.Marks)
            {
                var grouped = others.FindAll(v => DigitGrouping.Read(v, mark) is not null);
                if (grouped.Count * 2 > others.Count && grouped.Exists(v => !v.All(char.IsDigit)))
                {
                    var example = grouped.Where(v => !v.All(char.IsDigit)).MinBy(v => v.Length)!;
                    return (mark, example, DigitGrouping.Read(example, mark)!.Value);
                }
            }

            return null;
        }
    }

    /// <summary>Something@something, whatever else.</summary>
    public static bool LooksLikeEmail(string value) => Address().IsMatch(value);

    /// <summary>Digits enough for a number that can be dialled, and only what people write between them.</summary>
    public static bool LooksLikePhone(string value)
    {
        var plain = value.Normalize(System.Text.NormalizationForm.FormKC);
        var digits = plain.Count(char.IsAsciiDigit);
        return digits is >= 7 and <= 15 && plain.All(c => char.IsAsciiDigit(c) || c is '+' or '-' or '(' or ')' or '[' or ']' or '.' or '/' or ' ' or '\u2010' or '\u2212' or 'ー');
    }

    private double Share(int count) => kept.Count == 0 ? 0 : (double)count / kept.Count;

    [GeneratedRegex(@"^[^@\s]+@[^@\s]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Address();

    [GeneratedRegex(@"^\d{1,3}([,. '\u2019\u00a0\u202f\u2009\u3000\uff0c\uff0e]?\d{3}){0,2}\s?(km|KM|公里)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
