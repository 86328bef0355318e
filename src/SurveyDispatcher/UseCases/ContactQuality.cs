using System.Runtime.InteropServices;
using Survey.Domain;
using SurveyDispatcher.Reports;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>What the addresses and numbers of a market's customers have in common: one that stands for several people, a domain that only one dealer has.</summary>
/// <remarks>Customers whose contact data retention has removed are not among them. In memory there are keyed hashes only, and domains.</remarks>
internal static class ContactQuality
{
    /// <summary>Fewer names share an address in a family.</summary>
    private const int ManyNames = 3;

    /// <summary>A domain of which a dealer has nearly all of the market's customers is his own, or his group's.</summary>
    private const double NearlyAll = 0.8;

    /// <summary>By dealer: customers who share their address or number with others of another name, and those at a domain of the dealer's own.</summary>
    public static List<QualityCount> Of(Database database, Vault vault, Programme programme, Market market, Period period)
    {
        var (emails, phones) = (new Dictionary<(string, long), Point>(), new Dictionary<(string, long), Point>());
        var domains = new Dictionary<(string Dealer, string Domain), long>();
        var sums = new Dictionary<string, (long Emails, long Phones)>(StringComparer.Ordinal);
        database["report.contacts"].Each(
            r =>
            {
                var dealer = r.GetString(0);
                var contact = vault.UnsealContact(r.Bytes(1));
                var points = ContactPoints.From(contact, market, programme);
                var name = vault.HashOfPerson(contact.Name, null);
                ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, dealer, out _);
                if (points.Email is { } email)
                {
                    sum.Emails++;
                    Point.Add(emails, dealer, vault.Hash(email), name, "");
                    CollectionsMarshal.GetValueRefOrAddDefault(domains, (dealer, email.Domain), out _)++;
                }

                if ((points.Phone1 ?? points.Phone2) is { } phone)
                {
                    sum.Phones++;
                    Point.Add(phones, dealer, vault.Hash(phone), name, phone.E164);
                }
            },
            market.Code, period.From, period.To);

        var ofDomains = domains.GroupBy(d => d.Key.Domain, d => d.Value, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(), StringComparer.Ordinal);
        var own = domains.Where(d => d.Value >= QualitySigns.Least && d.Value >= NearlyAll * ofDomains[d.Key.Domain])
            .GroupBy(d => d.Key.Dealer, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.MaxBy(d => d.Value), StringComparer.Ordinal);
        var (sharedEmails, sharedPhones) = (Shared(emails), Shared(phones));
        var counts = new List<QualityCount>();
        foreach (var (dealer, (withEmail, withPhone)) in sums)
        {
            var (email, phone) = (sharedEmails.GetValueOrDefault(dealer), sharedPhones.GetValueOrDefault(dealer));
            var domain = own.GetValueOrDefault(dealer);
            counts.Add(new QualityCount(dealer, QualitySigns.RepeatedEmail, email.Count, withEmail));
            counts.Add(new QualityCount(dealer, QualitySigns.RepeatedPhone, phone.Count, withPhone, phone.Example));
            counts.Add(new QualityCount(dealer, QualitySigns.OwnDomain, domain.Value, withEmail, domain.Key.Domain ?? ""));
        }

        return counts;
    }

    private static Dictionary<string, (long Count, string Example)> Shared(Dictionary<(string Dealer, long), Point> points) => points
        .Where(p => p.Value.Names >= ManyNames).GroupBy(p => p.Key.Dealer, p => p.Value, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => (g.Sum(p => (long)p.Count), Masked(g.MaxBy(p => p.Count).Number)), StringComparer.Ordinal);

    /// <summary>Enough to be recognised by who has the number before him, and no use to anybody else.</summary>
    private static string Masked(string number) => number.Length < 8 ? "" : $"{number[..3]}{new string('*', number.Length - 6)}{number[^3..]}";

    /// <summary>An address or number: how many customers have it, under how many names (as far as it matters), and what can be shown of it.</summary>
    private record struct Point(long First, long Second, byte Names, int Count, string Number)
    {
        public static void Add(Dictionary<(string, long), Point> points, string dealer, long hash, long name, string number)
        {
            ref var point = ref CollectionsMarshal.GetValueRefOrAddDefault(points, (dealer, hash), out var exists);
            if (!exists)
            {
                point = new Point(name, 0, 1, 1, number);
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
