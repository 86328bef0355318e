using System.Runtime.InteropServices;
using Survey.Domain;

namespace SurveyDispatcher.Storage;

/// <summary>Cases, whose they are, and the addresses that must not be used.</summary>
public sealed class CaseStore(Database database, Vault vault)
{
    /// <summary>How often cases were marked to be looked at. While it stays the same, a case that was read is still as it was read.</summary>
    public long Marks { get; private set; }

    /// <summary>The case of a number, or null.</summary>
    public CaseRow? Find(long id) => database["cases.find"].First(r => CaseRow.Read(r), id);

    /// <summary>The case of a number, which no other worker changes until the end of the transaction; or null.</summary>
    public CaseRow? FindToChange(long id) => database["cases.find_to_change"].First(r => CaseRow.Read(r), id);

    /// <summary>The case that people name so, or null: unknown, mistyped, or of another market.</summary>
    public CaseRow? Find(string caseId) =>
        CaseId.TryParse(caseId, out var market, out var number) && Find(number) is { } row && row.Market == market ? row : null;

    /// <summary>Stores a case that was just opened.</summary>
    public void Open(CaseRow row) => database.Bulk("cases.open").Add(
        row.Id, row.Market, row.Survey.Code(), row.EventDate, row.Case.State.Code(), 0, row.NextLookOn);

    /// <summary>Stores a case that has changed.</summary>
    public void Save(CaseRow row) => database["cases.save"].Run(
        row.EventDate, row.Case.State.Code(), row.Case.CloseReason, row.Case.InvitedOn, row.Case.RemindedOn, row.Case.PhoneOn,
        row.Case.PhoneReason, row.Case.CallUntil, row.Case.CompletedOn, row.Case.ResponseMode, row.Case.MailFailed ? 1 : 0,
        row.NextLookOn, row.Id);

    /// <summary>Stores a case that has changed, with others: until the end of the transaction the store does not show it.</summary>
    public void SaveInBulk(CaseRow row) => database.Bulk("cases.save_many").Add(
        row.Id, row.Market, row.Survey.Code(), row.EventDate, row.Case.State.Code(), row.Case.CloseReason, row.Case.InvitedOn, row.Case.RemindedOn, row.Case.PhoneOn,
        row.Case.PhoneReason, row.Case.CallUntil, row.Case.CompletedOn, row.Case.ResponseMode, row.Case.MailFailed ? 1 : 0, row.NextLookOn);

    /// <summary>The keyed hashes of a customer's contact points: address, first and second number; 0 where there is none.</summary>
    public (long Email, long Phone1, long Phone2) Hashes(ContactPoints points) => (
        points.Email is { } e ? vault.Hash(e) : 0, points.Phone1 is { } p ? vault.Hash(p) : 0, points.Phone2 is { } q ? vault.Hash(q) : 0);

    /// <summary>Makes a transaction findable by its key, its vehicle, or a contact point of its customer.</summary>
    public void Identify(long id, IEnumerable<long> hashes)
    {
        foreach (var hash in hashes)
        {
            database["identities.add"].Run(hash, id);
        }
    }

    /// <summary>Undoes <see cref="Identify"/> for what is no longer true.</summary>
    public void Forget(long id, IEnumerable<long> hashes)
    {
        foreach (var hash in hashes)
        {
            database["identities.remove"].Run(hash, id);
        }
    }

    /// <summary>Contact points that were a customer's: those that a newer row has corrected after a contact, and those that retention has removed.</summary>
    public List<long> OldPointsOf(long id) => database["identities.old_points"].First(r => r.BytesOrNull(0), id) is { } packed
        ? [.. MemoryMarshal.Cast<byte, long>(packed)]
        : [];

    /// <summary>Keeps in mind contact points that the row does not show any more, but that still lead to the customer.</summary>
    public void Remember(long id, IEnumerable<long> hashes)
    {
        var known = OldPointsOf(id);
        if (known.Union(hashes).ToArray() is var all && all.Length > known.Count)
        {
            database["identities.set_old_points"].Run(MemoryMarshal.AsBytes<long>(all).ToArray(), id);
        }
    }

    /// <summary>What stands on the suppression list about each of many contact points.</summary>
    public Dictionary<long, Suppression> SuppressionsOf(IEnumerable<(long Email, long Phone1, long Phone2)> customers) => SuppressionsOf(customers, database);

    /// <summary>The same, asked by another connection: the list as it was committed.</summary>
    public static Dictionary<long, Suppression> SuppressionsOf(IEnumerable<(long Email, long Phone1, long Phone2)> customers, Database store)
    {
        var found = new Dictionary<long, Suppression>();
        if (store["cases.any_suppression"].Any())
        {
            store["cases.suppressions_of"].Each(r => found.Add(r.GetInt64(0), (Suppression)r.GetInt32(1)), SqlValues.Set(customers.SelectMany(Set)));
        }

        return found;
    }

    /// <summary>The first contacts from which the same customers may still rest, by contact point; none where there is no rest.</summary>
    public Dictionary<long, List<(long CaseId, DateOnly On)>> FirstContacts(
        IEnumerable<(long Email, long Phone1, long Phone2)> customers, int restDays, DateOnly today)
    {
        var found = new Dictionary<long, List<(long, DateOnly)>>();
        if (restDays == 0)
        {
            return found;
        }

        database["cases.other_contacts"].Each(
            r =>
            {
                if (!found.TryGetValue(r.GetInt64(0), out var contacts))
                {
                    found.Add(r.GetInt64(0), contacts = []);
                }

                contacts.Add((r.GetInt64(1), r.Day(2)));
            },
            today, SqlValues.Set(customers.SelectMany(Set)), today.AddDays(-restDays - 1));
        return found;
    }

    /// <summary>The latest of these contacts that was for another case than <paramref name="self"/>.</summary>
    public static DateOnly? LatestOther(
        Dictionary<long, List<(long CaseId, DateOnly On)>> contacts, (long Email, long Phone1, long Phone2) hashes, long self)
    {
        DateOnly? latest = null;
        if (contacts.Count == 0)
        {
            return latest;
        }

        foreach (var hash in Set(hashes))
        {
            foreach (var (caseId, on) in contacts.GetValueOrDefault(hash) ?? [])
            {
                latest = caseId != self && (latest is null || on > latest) ? on : latest;
            }
        }

        return latest;
    }

    /// <summary>Puts a contact point on the suppression list, and has its open cases looked at.</summary>
    /// <param name="hash">The contact point.</param>
    /// <param name="suppression">Why.</param>
    /// <param name="day">The day of the cycle.</param>
    /// <returns>Whether that is new.</returns>
    public bool Suppress(long hash, Suppression suppression, DateOnly day)
    {
        database["cases.lock_suppressions"].Any();
        var before = database["cases.suppression_of"].First(r => (int?)r.GetInt32(0), hash);
        var after = (before ?? 0) | (int)suppression;
        database["cases.suppress"].Run(hash, (int)suppression, day);
        if (before != after)
        {
            database["cases.count_suppression"].Run(before is null ? 1 : 0, after - (before ?? 0));
        }

        Marks++;
        database["cases.look_now_by_identity"].Run(Soon(day), hash);
        database["sightings.remove_by_identity"].Run(hash);
        return before != after;
    }

    /// <summary>The cases that the vendor has of those who have an address or number.</summary>
    public IEnumerable<CaseRow> WithVendor(long hash) =>
        database["identities.of"].List(r => r.GetInt64(0), hash).Select(FindToChange).OfType<CaseRow>().Where(row => row.Case.State == CaseState.WithVendor);

    /// <summary>Has an open case looked at by the next planning.</summary>
    public void LookNow(long caseId, DateOnly day)
    {
        Marks++;
        database["cases.look_now"].Run(Soon(day), caseId);
    }

    /// <summary>Has every open case looked at: the programme has changed.</summary>
    public void LookAtAllNow(DateOnly day) => database["cases.look_at_all_now"].Run(Soon(day));

    /// <summary>How a customer can be reached, by what was found on the list.</summary>
    public static Reach ReachOf(
        ContactPoints points, OptOutFlags flags, (long Email, long Phone1, long Phone2) hashes, Dictionary<long, Suppression> list) => Reach.Of(
            points, flags.HasFlag(OptOutFlags.Email), flags.HasFlag(OptOutFlags.Phone),
            list.GetValueOrDefault(hashes.Email), list.GetValueOrDefault(hashes.Phone1), list.GetValueOrDefault(hashes.Phone2));

    /// <summary>The contact points that there are.</summary>
    public static long[] Set((long Email, long Phone1, long Phone2) hashes)
    {
        Span<long> set = [hashes.Email, hashes.Phone1, hashes.Phone2];
        var count = 0;
        foreach (var hash in set)
        {
            if (hash != 0)
            {
                set[count++] = hash;
            }
        }

        return set[..count].ToArray();
    }

    /// <summary>Two days back is before the local date of every market, wherever the sun stands.</summary>
    private static DateOnly Soon(DateOnly day) => day.AddDays(-2);
}

/// <summary>The flags of a row.</summary>
[Flags]
public enum OptOutFlags
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>No e-mail.</summary>
    Email = 1,

    /// <summary>No calls.</summary>
    Phone = 2,
}
