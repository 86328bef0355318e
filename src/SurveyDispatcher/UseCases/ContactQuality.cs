using System.Globalization;
using System.Runtime.InteropServices;
using Survey.Domain;
using SurveyDispatcher.Reports;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>What the addresses and numbers of a market's customers have in common: one that stands for several people, a domain that only one dealer has.</summary>
/// <remarks>Customers whose contact data retention has removed are not among them. In memory there are keyed hashes, domains, and numbers of one market at a time.</remarks>
internal sealed class ContactQuality(Database database, Vault vault, Programme programme)
{
    /// <summary>Fewer names share an address in a family.</summary>
    private const int ManyNames = 3;

    /// <summary>A domain of which a dealer has nearly all of the market's customers is his own, or his group's.</summary>
    private const double NearlyAll = 0.8;

    private readonly Dictionary<(int Dealer, long Hash), Point> emails = [], phones = []; // for the next market, too: they are large

    /// <summary>By dealer: customers who share their address or number with others of another name, and those at a domain of the dealer's own.</summary>
    public List<QualityCount> Of(Market market, Period period)
    {
        emails.Clear();
        phones.Clear();
        var domains = new Dictionary<(string Dealer, string Domain), long>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var sums = new List<(string Dealer, long Emails, long Phones)>();
        database["report.contacts"].Each(
            r =>
            {
                var dealer = r.GetString(0);
                if (!numbers.TryGetValue(dealer, out var number))
                {
                    numbers.Add(dealer, number = sums.Count);
                    sums.Add((dealer, 0, 0));
                }

                var contact = vault.UnsealContact(r.Bytes(1));
                var points = ContactPoints.From(contact, market, programme);
                var name = vault.HashOfPerson(contact.Name, null);
                ref var sum = ref CollectionsMarshal.AsSpan(sums)[number];
                if (points.Email is { } email)
                {
                    sum.Emails++;
                    Point.Add(emails, number, vault.Hash(email), name, 0);
                    CollectionsMarshal.GetValueRefOrAddDefault(domains, (dealer, email.Domain), out _)++;
                }

                if ((points.Phone1 ?? points.Phone2) is { } phone)
                {
                    sum.Phones++;
                    Point.Add(phones, number, vault.Hash(phone), name, long.Parse(phone.E164.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture));
                }
            },
            market.Code, period.From, period.To);

        var ofDomains = domains.GroupBy(d => d.Key.Domain, d => d.Value, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(), StringComparer.Ordinal);
        var own = domains.Where(d => d.Value >= QualitySigns.Least && d.Value >= NearlyAll * ofDomains[d.Key.Domain])
            .GroupBy(d => d.Key.Dealer, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.MaxBy(d => d.Value), StringComparer.Ordinal);
        var (sharedEmails, sharedPhones) = (Shared(emails), Shared(phones));
        var counts = new List<QualityCount>();
        foreach (var (dealer, withEmail, withPhone) in sums)
        {
            var (email, phone) = (sharedEmails.GetValueOrDefault(numbers[dealer]), sharedPhones.GetValueOrDefault(numbers[dealer]));
            var domain = own.GetValueOrDefault(dealer);
            counts.Add(new QualityCount(dealer, QualitySigns.RepeatedEmail, email.Count, withEmail));
            counts.Add(new QualityCount(dealer, QualitySigns.RepeatedPhone, phone.Count, withPhone, phone.Example));
            counts.Add(new QualityCount(dealer, QualitySigns.OwnDomain, domain.Value, withEmail, domain.Key.Domain ?? ""));
        }

        return counts;
    }

    private static Dictionary<int, (long Count, string Example)> Shared(Dictionary<(int Dealer, long Hash), Point> points) => points
        .Where(p => p.Value.Names >= ManyNames).GroupBy(p => p.Key.Dealer, p => p.Value)
        .ToDictionary(g => g.Key, g => (g.Sum(p => (long)p.Count), Masked($"+{g.MaxBy(p => p.Count).Number}")));

    /// <summary>Enough to be recognised by who has the number before him, and no use to anybody else.</summary>
    private static string Masked(string number) => number.Length < 8 ? "" : $"{number[..3]}{new string('*', number.Length - 6)}{number[^3..]}";

    /// <summary>An address or number: how many customers have it, under how many names (as far as it matters), and the digits of a number.</summary>
    private record struct Point(long First, long Second, long Number, int Count, byte Names)
    {
        public static void Add(Dictionary<(int, long), Point> points, int dealer, long hash, long name, long number)
        {
            ref var point = ref CollectionsMarshal.GetValueRefOrAddDefault(points, (dealer, hash), out var exists);
            if (!exists)
            {
                point = new Point(name, 0, number, 1, 1);
                return;
            }

            point.Count++;
            if (point.Names < ManyNames && name != point.First && (point.Names == 1 || name != point.Second))
            {
                point.Names++;
                point.Second = name;
            }
        }
    }
}
