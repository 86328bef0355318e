using System.Globalization;
using System.Runtime.InteropServices;
using Survey.Domain;
using SurveyDispatcher.Reports;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>What the addresses and numbers of a market's customers have in common: one that stands for several people, a domain that only one dealer has.</summary>
/// <remarks>
/// Private customers only: a firm has one office, one switchboard and one domain. Customers whose contact data retention has removed are not among them. What is counted
/// is people and addresses, not visits: who comes five times gives his number five times. In memory there are keyed hashes, domains, and numbers of one market at a time.
/// </remarks>
internal sealed class ContactQuality(Database database, Vault vault, Programme programme)
{
    /// <summary>So many names at one address or number are a household.</summary>
    private const int Household = 3;

    private readonly Dictionary<(int Dealer, long Hash), Point> emails = [], phones = []; // for the next market, too: they are large

    /// <summary>By dealer: people whose address or number stands under more names than a household has, and addresses at a domain of the dealer's own.</summary>
    public List<QualityCount> Of(Market market, Period period)
    {
        emails.Clear();
        phones.Clear();
        var domains = new Dictionary<(int Dealer, string Domain), long>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var dealers = new List<string>();
        database["report.contacts"].Each(
            r =>
            {
                var dealer = r.GetString(0);
                if (!numbers.TryGetValue(dealer, out var number))
                {
                    numbers.Add(dealer, number = dealers.Count);
                    dealers.Add(dealer);
                }

                var contact = vault.UnsealContact(r.Bytes(1));
                var points = ContactPoints.From(contact, market, programme);
                var name = vault.HashOfPerson(PersonName.Key(contact.Name), null);
                if (points.Email is { } email && Point.Add(emails, number, vault.Hash(email), name, 0))
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(domains, (number, email.Domain), out _)++;
                }

                if ((points.Phone1 ?? points.Phone2) is { } phone)
                {
                    Point.Add(phones, number, vault.Hash(phone), name, long.Parse(phone.E164.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture));
                }
            },
            market.Code, period.From, period.To);

        return
        [
            .. Repeated(QualitySigns.RepeatedEmail, emails, dealers),
            .. Repeated(QualitySigns.RepeatedPhone, phones, dealers),
            .. QualitySigns.OwnDomains([.. domains.Select(d => (dealers[d.Key.Dealer], d.Key.Domain, d.Value))]),
        ];
    }

    /// <summary>People beyond a household at each address or number, out of all; and the number that most of them have.</summary>
    private static IEnumerable<QualityCount> Repeated(string code, Dictionary<(int Dealer, long Hash), Point> points, List<string> dealers) =>
        points.GroupBy(p => p.Key.Dealer, p => p.Value).Select(g =>
        {
            var most = g.OrderByDescending(p => p.Names).ThenBy(p => p.Number).First();
            return new QualityCount(
                dealers[g.Key], code, g.Sum(p => Math.Max(0L, p.Names - Household)), g.Sum(p => (long)p.Names), Detail: most.Names > Household ? Masked($"+{most.Number}") : "");
        });

    /// <summary>Enough to be recognised by who has the number before him, and no use to anybody else.</summary>
    private static string Masked(string number) => number.Length < 8 ? "" : $"{number[..3]}{new string('*', number.Length - 6)}{number[^3..]}";

    /// <summary>An address or number: under which names it stands, and the digits of a number.</summary>
    private record struct Point(long First, HashSet<long>? Others, long Number)
    {
        public readonly int Names => 1 + (Others?.Count ?? 0);

        /// <summary>Whether the address or number is new at the dealer.</summary>
        public static bool Add(Dictionary<(int, long), Point> points, int dealer, long hash, long name, long number)
        {
            ref var point = ref CollectionsMarshal.GetValueRefOrAddDefault(points, (dealer, hash), out var exists);
            if (!exists)
            {
                point = new Point(name, null, number);
            }
            else if (name != point.First)
            {
                (point.Others ??= []).Add(name); // few have any
            }

            return !exists;
        }
    }
}
