using System.Data.Common;
using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Whom a privacy request is about: exactly one of the four is given.</summary>
/// <param name="Email">An address.</param>
/// <param name="Phone">A number, national or international.</param>
/// <param name="Vin">A vehicle.</param>
/// <param name="CaseId">A case.</param>
/// <param name="DryRun">Count, and change nothing.</param>
/// <param name="Many">Go on although more transactions have the address or number than one person has.</param>
public sealed record ErasureRequest(string? Email, string? Phone, string? Vin, string? CaseId, bool DryRun, bool Many);

/// <summary>What an erasure did, in numbers.</summary>
/// <param name="DryRun">It would have.</param>
/// <param name="Transactions">Transactions whose data was removed.</param>
/// <param name="CasesClosed">Open cases that were closed.</param>
/// <param name="CasesErased">Cases, these included, that are now erased.</param>
/// <param name="Withdrawals">Cases that the vendor will be told to leave.</param>
/// <param name="Suppressed">Hashes that stay, so that the person is known again.</param>
/// <param name="SharedPoints">Addresses and numbers that too many share to be a person's: not followed, not suppressed.</param>
/// <param name="RowsRemoved">Rows taken out of files.</param>
/// <param name="FilesRewritten">Files written anew without them.</param>
/// <param name="ListsRewritten">The vendor's lists among these.</param>
/// <param name="FilesDeleted">Mails and unreadable files deleted.</param>
/// <param name="Cases">The cases by name.</param>
/// <param name="Problems">What could not be done.</param>
public sealed record Erasure(
    bool DryRun, long Transactions, long CasesClosed, long CasesErased, long Withdrawals, long Suppressed, long SharedPoints,
    long RowsRemoved, long FilesRewritten, long ListsRewritten, long FilesDeleted, IReadOnlyList<string> Cases, IReadOnlyList<string> Problems)
{
    private const int CasesShown = 20;
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = Texts.InJson };

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>In words.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(Say(Transactions == 0
            ? (Phrase)$"Nobody new was found by that. If somebody should have been, look for a slip, or name the person by another key: what retention has removed can't be looked for."
            : DryRun ? (Phrase)$"Would be erased (nothing was done):" : $"Erased:"));
        Line(text, $"store", $"{Transactions:N0} transaction(s), {CasesErased:N0} case(s), {CasesClosed:N0} of them open until now");
        if (Cases.Count > 0)
        {
            Line(text, $"cases", $"{Listed(Cases.Take(CasesShown))}{(Cases.Count > CasesShown ? ", ..." : "")}");
        }

        Line(text, $"vendor", Withdrawals > 0 && !DryRun
            ? (Phrase)$"{Withdrawals:N0} withdrawal(s); the next cycle writes the list"
            : $"{Withdrawals:N0} withdrawal(s)");
        if (!DryRun)
        {
            Line(text, $"files", $"{RowsRemoved:N0} row(s) removed from {FilesRewritten:N0} file(s) and {ListsRewritten:N0} list(s), {FilesDeleted:N0} mail(s) and unreadable file(s) deleted");
        }

        Line(text, $"kept", $"{Suppressed:N0} keyed hash(es), so that the person is known again and left alone");
        if (SharedPoints > 0)
        {
            Line(text, $"not followed", $"{SharedPoints:N0} address(es) or number(s) that more than {Erase.SharedByMany} transactions have");
        }

        if (!DryRun)
        {
            text.AppendLine(Say($"Make a backup of the store now: older ones still hold the person, and can't be completed from the archive."));
        }

        return text.ToString().TrimEnd();
    }

    private static void Line(StringBuilder text, Phrase name, Phrase value) =>
        text.Append("  ").Append(Columns.Left(Say(name), 13)).AppendLine(Say(value));
}

/// <summary>A privacy request: a person's data is removed everywhere, a suppression hash and an anonymous trace stay (<c>erase</c>).</summary>
/// <remarks>
/// The store comes first, in one transaction that also leaves the hashes. Files are then swept of everybody whom these hashes
/// mean; whatever a kill leaves over, the next erasure or the next cycle does. A person is who shares an address or a number, as
/// for the rest period; what more than twenty transactions share is a dealer's or a family office's, and nobody's.
/// </remarks>
internal sealed class Erase(PipelineConfig config, DataDirectory directory, TimeProvider time, IProgressView progress)
{
    /// <summary>An address or number of more transactions than this is no person's.</summary>
    public const int SharedByMany = 20;

    /// <summary>Carries out a request.</summary>
    /// <exception cref="UsageException">The request names nobody in a form that we know.</exception>
    /// <exception cref="OperatorException">It can't be done now; nothing was done, unless the message says so.</exception>
    public Erasure Run(ErasureRequest request, AsOf asOf, CancellationToken stopping)
    {
        var given = Given(request);
        var store = new Store(directory, config.Settings.Store);
        store.CheckExists();

        using var cycleLock = CycleLock.Take(directory);
        using var vault = Cycle.OpenVault(directory, config.Settings, storeExists: true, write: true);
        using var database = store.Open();
        Cycle.CheckKeys(database, vault);
        using var lease = Cycle.TakeLease(database, directory, time);
        var context = Cycle.ContextAfterwards(config, directory, database, vault, time, progress, asOf, stopping);
        var found = Find(context, request, given);
        if (request.DryRun)
        {
            database.InTransaction(lease.Release);
            var open = found.Cases.Count(c => c.Case.IsOpen);
            return new Erasure(true, found.Ids.Count, open, found.Cases.Count, found.Cases.Count(c => c.Case.CallUntil is not null), found.Hashes.Count, found.Shared.Count, 0, 0, 0, 0, Names(found), []);
        }

        var (closed, withdrawals) = EraseFromStore(context, found);
        var sweep = Finish(context, always: true)!;
        database.InTransaction(lease.Release);
        return new Erasure(
            false, found.Ids.Count, closed, found.Cases.Count, withdrawals, found.Hashes.Count, found.Shared.Count,
            sweep.RowsRemoved, sweep.FilesRewritten, sweep.ListsRewritten, sweep.FilesDeleted, Names(found), context.Problems);
    }

    private static List<string> Names(Found found) => found.Cases.ConvertAll(c => c.CaseId);

    /// <summary>Does what an erasure still has to do beyond the store's rows: files, and the free pages of the store.</summary>
    public static SweepFiles? Finish(CycleContext context, bool always = false)
    {
        if (!always && !context.Database["erase.unfinished"].Any())
        {
            return null;
        }

        void NotAnew(Phrase why) => context.Report($"The store could not be written anew, so traces may be left in its free pages: {why} The next cycle tries again.");
        var sweep = new SweepFiles(context);
        var problems = context.Problems.Count;
        sweep.Run();
        try
        {
            context.Progress.Report($"writing the store anew", 1, 1);
            if (!context.Database.Compact())
            {
                NotAnew($"another program is reading it (a backup, a database browser, verify?).");
            }
        }
        catch (DbException e)
        {
            NotAnew($"{Database.Explain(e)}");
        }

        if (context.Problems.Count == problems)
        {
            context.Database.InTransaction(() => context.Database["erase.finish"].Run(context.Time.GetUtcNow()));
        }

        return sweep;
    }

    /// <summary>What the request says, as valid values. Messages do not repeat it: it is personal data.</summary>
    private Key Given(ErasureRequest request)
    {
        if (new[] { request.Email, request.Phone, request.Vin, request.CaseId }.Count(k => !string.IsNullOrWhiteSpace(k)) != 1)
        {
            throw new UsageException($"Say whom, once: --email, --phone, --vin or --case. Nothing was done.");
        }

        if (request.Email is { } email)
        {
            var address = EmailAddress.Parse(email.Trim()) ?? throw new UsageException($"What --email names is no e-mail address. Nothing was done.");
            return config.Programme.Placeholders.Matches(address)
                ? throw new UsageException($"What --email names is a placeholder (placeholderEmails in programme.json): it stands for nobody. Nothing was done.")
                : new Key([address], [], null);
        }

        if (request.Phone is { } phone)
        {
            var rules = config.Programme.DiallingRules;
            var numbers = rules.Select(home => PhoneNumber.Parse(phone, home, rules)).OfType<PhoneNumber>().Distinct().ToList();
            return numbers.Count > 0 ? new Key([], numbers, null)
                : throw new UsageException($"What --phone names is a number in no market. Write it in the international form (+61...). Nothing was done.");
        }

        if (request.Vin is { } vin)
        {
            return Intake.IsVin(vin.Trim().ToUpperInvariant()) ? new Key([], [], vin.Trim().ToUpperInvariant())
                : throw new UsageException($"What --vin names is no VIN: 17 letters and digits without I, O and Q. Nothing was done.");
        }

        return new Key([], [], null);
    }

    /// <summary>The person's transactions: those with the key, and those that share an address or a number with one that was found.</summary>
    private static Found Find(CycleContext context, ErasureRequest request, Key given)
    {
        var keys = given.Emails.Select(context.Vault.Hash).Concat(given.Numbers.Select(context.Vault.Hash)).ToHashSet();
        var (ids, hashes, shared) = (new SortedSet<long>(), new HashSet<long>(), new HashSet<long>());
        if (given.Numbers.Count > 1)
        {
            keys = OneNumber(context, keys, request.Many);
        }

        var sought = new HashSet<long>(keys);
        void Take(long id)
        {
            if (ids.Add(id))
            {
                sought.UnionWith(PointsOf(context, id));
            }
        }

        if (request.CaseId is { } caseId)
        {
            Take((context.Cases.Find(caseId.Trim()) ?? throw new OperatorException($"There is no such case: unknown, or mistyped. Nothing was done.")).Id);
        }

        if (given.Vin is { } vin)
        {
            Having(context, context.Vault.HashOfVehicle(vin)).ForEach(Take);
        }

        while (sought.Count > 0)
        {
            var round = sought;
            sought = [];
            foreach (var hash in round)
            {
                var having = Having(context, hash);
                if (having.Count > SharedByMany && keys.Contains(hash) && !request.Many)
                {
                    throw new OperatorException(
                        $"{having.Count:N0} transactions have this address or number, more than one person has: a dealer's, or a stopgap? Nothing was done. "
                        + $"If all of them are meant, add --many; else name the person by --case, --vin or another address.");
                }

                if (having.Count > SharedByMany && !keys.Contains(hash))
                {
                    shared.Add(hash);
                    continue;
                }

                hashes.Add(hash);
                having.ForEach(Take);
            }

            sought.ExceptWith(hashes);
            sought.ExceptWith(shared);
        }

        if (given.Vin is not null)
        {
            hashes.Add(context.Vault.HashOfVehicle(given.Vin));
        }

        var cases = ids.Select(context.Cases.Find).OfType<CaseRow>().ToList();
        ids.ExceptWith(cases.Where(c => c.Case.CloseReason == CloseReasons.Erased).Select(c => c.Id)); // done before
        cases.RemoveAll(c => !ids.Contains(c.Id));
        foreach (var id in ids)
        {
            hashes.Add(context.Vault.Hash(KeyOf(context.Database, id)));
        }

        return new Found(ids, cases, hashes, shared);
    }

    /// <summary>A national number is one in each market; meant is the one that somebody has.</summary>
    private static HashSet<long> OneNumber(CycleContext context, HashSet<long> numbers, bool many)
    {
        var known = numbers.Where(n => Having(context, n).Count > 0).ToHashSet();
        return known.Count > 1 && !many
            ? throw new OperatorException(
                $"Customers in {known.Count} countries have this number, each in his own country. Nothing was done. Write it in the international form (+61...); if all of them are meant, add --many.")
            : known.Count > 0 ? known : numbers;
    }

    /// <summary>Which transactions have a contact point, in their data now or in a case's past, or are of a vehicle.</summary>
    private static List<long> Having(CycleContext context, long hash) => context.Database["identities.of"].List(r => r.GetInt64(0), hash);

    private static IEnumerable<long> PointsOf(CycleContext context, long id)
    {
        var (country, contact) = context.Database["erase.contact"].First(r => (r.GetString(0), r.Bytes(1)), id);
        return context.Cases.OldPointsOf(id).Concat(context.PointHashes(country!, context.Vault.UnsealContact(contact!)));
    }

    /// <summary>All of it or nothing: rows, cases, withdrawals, and the hashes by which files are swept.</summary>
    private static (long Closed, long Withdrawals) EraseFromStore(CycleContext context, Found found)
    {
        var database = context.Database;
        long closed = 0, withdrawals = 0;
        database.InTransaction(() =>
        {
            (closed, withdrawals) = (0, 0);
            foreach (var row in found.Cases)
            {
                closed += row.Case.IsOpen ? 1 : 0;
                withdrawals += EraseCase(context, row);
            }

            foreach (var id in found.Ids)
            {
                var key = KeyOf(database, id);
                if (!found.Cases.Exists(c => c.Id == id))
                {
                    context.Ledger.AppendErased(id, context.TodayIn(key.Country));
                }

                var anonymous = key with { TransactionId = context.Vault.Pseudonym(key) };
                var vehicle = context.Vault.HashOfVehicle(database["retention.vin_of"].Scalar<string>(id)!);
                context.Cases.Forget(id, found.Hashes.Concat(found.Shared).Append(vehicle));
                context.Cases.Identify(id, [context.Vault.Hash(anonymous)]);
                database["sightings.remove_of"].Run(id);
                database["erase.forget_transaction"].Run(anonymous.TransactionId, id);
                database["erase.never_look"].Run(id);
            }

            foreach (var hash in found.Hashes)
            {
                context.Cases.Suppress(hash, Suppression.All | Suppression.Erased, context.AsOf.Day);
            }

            database["erase.add"].Run(context.Time.GetUtcNow(), found.Ids.Count, found.Cases.Count);
        });
        return (closed, withdrawals);
    }

    /// <summary>Ends a case, whatever its state; 1 when the vendor has to be told. What he was ever given he is told to erase.</summary>
    private static int EraseCase(CycleContext context, CaseRow row)
    {
        var fact = new CaseEvent.Ended(context.TodayIn(row.Market), CloseReasons.Erased);
        if (row.Case.CallUntil is not null && !CaseTransitions.After(row.Case, fact).Withdraw)
        {
            context.Database["cases.add_withdrawal"].Run(row.Id, row.Market, CloseReasons.Erased, context.InstantIn(row.Market));
        }

        context.Record(row, fact);
        context.Database["mails.drop_other"].Run(context.Ledger.CycleId, row.Id, 0);
        foreach (var statement in new[] { "erase.forget_responses", "erase.forget_attempts", "erase.forget_mails", "erase.forget_person" })
        {
            context.Database[statement].Run(row.Id);
        }

        return row.Case.CallUntil is null ? 0 : 1;
    }

    private static TransactionKey KeyOf(Database database, long id) => database["erase.transaction"].First(
        r => new TransactionKey(r.GetString(3), r.GetString(1), SurveyKinds.FromCode(r.GetString(2)), r.GetString(0)), id);

    private sealed record Key(List<EmailAddress> Emails, List<PhoneNumber> Numbers, string? Vin);

    private sealed record Found(SortedSet<long> Ids, List<CaseRow> Cases, HashSet<long> Hashes, HashSet<long> Shared);
}
