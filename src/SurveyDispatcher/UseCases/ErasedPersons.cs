using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Recognises everybody whose data was erased, by the hashes that are left: in rows that come again, in files, in mails.</summary>
internal sealed partial class ErasedPersons
{
    private const string Separators = ",;\t|\"\r\n";
    private static readonly SearchValues<char> AnySeparator = SearchValues.Create(Separators);
    private static readonly char[] SplitAt = Separators.ToCharArray();
    private static readonly string[] DayForms = ["yyyy-M-d", "yyyy/M/d", "yyyy.M.d", "d/M/yyyy", "M/d/yyyy", "d.M.yyyy", "d-M-yyyy"];
    private readonly Vault vault;
    private readonly Programme programme;
    private readonly ContactNames names;
    private readonly HashSet<long> hashes;
    private readonly HashSet<long> cases;

    public ErasedPersons(Database database, Vault vault, Programme programme)
    {
        this.vault = vault;
        this.programme = programme;
        names = new ContactNames(vault);
        Any = database["erase.any"].Any();
        hashes = Any ? [.. database["erase.hashes"].List(r => r.GetInt64(0))] : [];
        cases = Any ? [.. database["erase.cases"].List(r => r.GetInt64(0))] : [];
    }

    /// <summary>Whether there was any erasure.</summary>
    public bool Any { get; }

    /// <summary>Whether a cell is looked at in parts where this sign stands.</summary>
    public static bool Divides(char sign) => Separators.Contains(sign, StringComparison.Ordinal);

    /// <summary>Whether a transaction is of such a person: by its own name, its vehicle, or a contact point.</summary>
    public bool Has(IEnumerable<long> identities) => identities.Any(hashes.Contains);

    /// <summary>Whether a transaction was erased.</summary>
    public bool Has(TransactionKey key) => hashes.Contains(vault.Hash(key));

    /// <summary>Whether a cell names such a person: an address, a number, a vehicle, a case; or has a row or an address in it that does.</summary>
    public bool Names(string cell)
    {
        var text = cell.Trim().TrimStart('\'');
        return IsTheirs(text) || (text.AsSpan().ContainsAny(AnySeparator) && text.Split(SplitAt).Any(part => IsTheirs(part.Trim().TrimStart('\''))))
            || (text.Contains('@', StringComparison.Ordinal) && NamesAddress(text));
    }

    /// <summary>Whether a mail is to or about such a person: it names the address, the case, or a contact of ours.</summary>
    public bool NamesInMail(string text) =>
        NamesAddress(text)
        || CaseIds().Matches(text).Any(m => IsTheirs(m.Value))
        || (names.Find(text) is { } contact && IsTheirs(contact.CaseId));

    /// <summary>Whether an address of theirs stands anywhere in a text.</summary>
    private bool NamesAddress(string text) => Addresses().Matches(text).Any(m => IsTheirs(m.Value) || IsTheirs(m.Value.TrimStart('\'').TrimEnd('.')));

    private bool IsTheirs(string text)
    {
        if (text.Length is < 6 or > 254)
        {
            return false;
        }

        if (text.Contains('@', StringComparison.Ordinal))
        {
            return EmailAddress.Parse(text) is { } address && hashes.Contains(vault.Hash(address));
        }

        if (CaseId.TryParse(text, out _, out var number) && cases.Contains(number))
        {
            return true;
        }

        if (text.Length == 17 && Intake.IsVin(text.ToUpperInvariant()) && hashes.Contains(vault.HashOfVehicle(text.ToUpperInvariant())))
        {
            return true;
        }

        return text.Length <= 40 && MayBeNumber(text) && !IsDay(text) && Numbers(text).Any(n => hashes.Contains(vault.Hash(n)));
    }

    /// <summary>A number in whatever market it is one: a file does not say.</summary>
    private IEnumerable<PhoneNumber> Numbers(string text) =>
        programme.DiallingRules.Select(home => PhoneNumber.Parse(text, home, programme.DiallingRules)).OfType<PhoneNumber>().Distinct();

    /// <summary>Every row has days in it, and without its hyphens 2026-03-10 is a number in New Zealand.</summary>
    private static bool IsDay(string text) => text.Length is >= 8 and <= 10
        && DateOnly.TryParseExact(text, DayForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 1950 and < 2100;

    private static bool MayBeNumber(string text)
    {
        var digits = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            digits += Rune.IsDigit(rune) ? 1 : 0;
            if (Rune.IsLetter(rune))
            {
                return false;
            }
        }

        return digits >= 6;
    }

    [GeneratedRegex(@"[^\s<>""(),;:=\[\]]+@[^\s<>""(),;:=\[\]]+")]
    private static partial Regex Addresses();

    [GeneratedRegex(@"\b[A-Za-z]{2,3}-\d{8,19}\b")]
    private static partial Regex CaseIds();
}
