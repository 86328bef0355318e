using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Mail;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>What a cycle is asked to do.</summary>
/// <param name="AsOf">The point in time.</param>
/// <param name="DryRun">Work on a copy; send and write nothing.</param>
/// <param name="AcceptGap">Go on although the last cycle is long ago, or lies ahead.</param>
/// <param name="OnlyWithdrawals">No cycle, but what the vendor must know before the next one: who said no, or has answered.</param>
public sealed record CycleRequest(AsOf AsOf, bool DryRun = false, bool AcceptGap = false, bool OnlyWithdrawals = false);

/// <summary>How a cycle ended.</summary>
/// <param name="Counts">What it did.</param>
/// <param name="Problems">What the operator must know; empty: all is well.</param>
public sealed record CycleResult(CycleCounts Counts, IReadOnlyList<string> Problems)
{
    /// <summary>What was left waiting; null when the cycle could not end by itself.</summary>
    public Queues? Queues { get; init; }
}

/// <summary>One full pass: files in, decisions, mail, lists out (contracts.md, <c>cycle</c>).</summary>
public sealed class Cycle(PipelineConfig config, DataDirectory directory, TimeProvider time, IProgressView progress)
{
    /// <summary>How often a cycle looks whether what tells the vendor of withdrawals is done, before it gives up.</summary>
    private const int MostLooks = 120;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly Store store = new(directory, config.Settings.Store);

    /// <summary>Runs a cycle.</summary>
    /// <exception cref="OperatorException">The cycle could not be run, or had to stop; what was stored is kept.</exception>
    public Task<CycleResult> RunAsync(CycleRequest request, CancellationToken stopping) =>
        CycleTrace.OfAsync(request, time, () => RunOnceAsync(request, stopping));

    private async Task<CycleResult> RunOnceAsync(CycleRequest request, CancellationToken stopping)
    {
        CheckNotLost(directory, store);
        try
        {
            return request.DryRun ? await DryRunAsync(request, stopping) : await LiveRunAsync(request, stopping);
        }
        catch (DbException e)
        {
            throw new OperatorException($"The cycle stopped at the store {store.Name}: {Database.Explain(e)}", e);
        }
    }

    private async Task<CycleResult> LiveRunAsync(CycleRequest request, CancellationToken stopping)
    {
        if (request.OnlyWithdrawals && !store.Exists)
        {
            return new CycleResult(new CycleCounts { AsOf = request.AsOf.ToString() }, []); // the vendor has nobody yet
        }

        directory.Create();
        using var cycleLock = request.OnlyWithdrawals ? CycleLock.Take(directory, CycleLock.BetweenCycles) : await TakeLockAsync(stopping);
        using var vault = OpenVault(directory, config.Settings, store.Exists, write: true); // first: keys without a store do no harm
        using var database = store.Open();
        CheckKeys(database, vault);
        CheckGap(request, database, cycleLock.Noted);
        using var lease = TakeLease(database, directory, time);
        lease.Unsure += cycleLock.Dispose; // else who takes the store over could not have the folder
        var change = request.OnlyWithdrawals ? null : PolicyGuard.Change(database, config, request.AsOf, () => OpenVault(directory, config.Settings, storeExists: true, write: false));
        if (PolicyGuard.Problem(change, config.Settings.Policy) is { } problem)
        {
            database.InTransaction(lease.Release);
            throw new OperatorException(Phrase.Verbatim(problem));
        }

        var inbox = new Inbox(directory, time, TimeSpan.FromSeconds(config.Settings.Data.SettleSeconds), move: true);
        await using var transport = Transport(config.Settings.Mail, directory, time);
        return await RunAsync(request, directory, database, vault, inbox, transport, change, stopping, lease, cycleLock);
    }

    /// <summary>What tells the vendor between two cycles has done so in a moment, and a cycle that it kept from its hour would be missed: it is waited for.</summary>
    private async Task<CycleLock> TakeLockAsync(CancellationToken stopping)
    {
        for (var looks = 0; ; looks++)
        {
            try
            {
                return CycleLock.Take(directory);
            }
            catch (StoreBusyException) when (looks == 0 || (looks < MostLooks && CycleLock.IsHeldBetweenCycles(directory)))
            {
                await Task.Delay(Look, time, stopping); // once in any case: who has just taken it has perhaps not written yet who he is
            }
        }
    }

    private void CheckGap(CycleRequest request, Database database, NotedCycle? noted)
    {
        // Between cycles nobody is contacted, so no gap is too wide; but a store that was set back must not come to look as if it were not.
        var problem = request.OnlyWithdrawals ? GapGuard.SetBack(database, noted) : request.AcceptGap ? null : GapGuard.Problem(database, config, request.AsOf, noted);
        if (problem is not null)
        {
            throw new OperatorException(problem);
        }
    }

    /// <summary>A store that is gone, or empty, where cycles have run before: a new one would take every customer for one who was never asked.</summary>
    private static void CheckNotLost(DataDirectory directory, Store store)
    {
        if ((directory.HasArchive || CycleLock.NotedIn(directory) is not null) && !store.Exists)
        {
            throw new OperatorException(
                $"The store {store.Name} is missing or empty, but {(directory.HasArchive ? directory.ArchiveRoot : directory.LockPath)} shows that cycles have run here: "
                + $"a new store would contact the same customers again. Nothing was done. Restore the store (docs/operations.md). If this is to be a new beginning, use another data directory (--data DIR).");
        }
    }

    /// <summary>Takes on a copy of the store what lies in the inboxes, as the cycle of a day would, and looks at it before that cycle decides anything.</summary>
    /// <param name="asOf">The day.</param>
    /// <param name="look">Looks at the copy; told what files could not be taken.</param>
    /// <param name="stopping">Ends it.</param>
    internal Task<T> AfterIntakeAsync<T>(AsOf asOf, Func<Database, Vault, IReadOnlyList<string>, T> look, CancellationToken stopping) => OnCopyAsync((aside, database, vault) =>
    {
        // Whatever lies there now will have settled when that day's cycle comes.
        var inbox = new Inbox(directory, time, TimeSpan.Zero, move: false);
        CheckKeys(database, vault);
        var context = ContextOf(new CycleRequest(asOf, DryRun: true), aside, database, vault, inbox, stopping);
        using var steps = new CycleSteps(context);
        Begin(context, PolicyGuard.Change(database, config, asOf, () => OpenVault(directory, config.Settings, storeExists: true, write: false)));
        TakeAnswers(context, steps, new WriteLists(context), new Retention(context), new Quarantine(context));
        TakeRest(context, steps);
        return Task.FromResult(look(database, vault, context.Problems.ConvertAll(PlainText.Shown)));
    });

    /// <summary>The same cycle on a copy of the store in a folder of its own, which is deleted at the end.</summary>
    private Task<CycleResult> DryRunAsync(CycleRequest request, CancellationToken stopping) => OnCopyAsync(async (aside, database, vault) =>
    {
        var inbox = new Inbox(directory, time, TimeSpan.FromSeconds(config.Settings.Data.SettleSeconds), move: false);
        CheckKeys(database, vault);
        CheckGap(request, database, CycleLock.NotedIn(directory));
        var change = request.OnlyWithdrawals ? null : PolicyGuard.Change(database, config, request.AsOf, () => OpenVault(directory, config.Settings, storeExists: true, write: false));
        if (PolicyGuard.Problem(change, config.Settings.Policy) is { } problem)
        {
            throw new OperatorException(Phrase.Verbatim(problem));
        }

        await using var transport = new AcceptingTransport();
        return await RunAsync(request, aside, database, vault, inbox, transport, change, stopping);
    });

    private async Task<T> OnCopyAsync<T>(Func<DataDirectory, Database, Vault, Task<T>> work)
    {
        var aside = new DataDirectory(Directory.CreateTempSubdirectory("survey-dry-run-").FullName);
        try
        {
            aside.Create();
            var exists = store.Exists;
            if (exists)
            {
                store.CopyTo(aside.StorePath);
            }

            using var database = new Store(aside, new StoreOptions()).Open();
            database.InTransaction(() => database["lease.leave_all"].Run()); // whoever is at work is so on the original
            using var vault = exists ? OpenVault(directory, config.Settings, storeExists: true, write: false) : new Vault(KeyRing.Zeros());
            return await work(aside, database, vault);
        }
        finally
        {
            Directory.Delete(aside.Root, recursive: true);
        }
    }

    private async Task<CycleResult> RunAsync(
        CycleRequest request, DataDirectory folders, Database database, Vault vault, Inbox inbox, IMailTransport transport,
        PolicyChange? change, CancellationToken stopping, Lease? lease = null, CycleLock? cycleLock = null)
    {
        var context = ContextOf(request, folders, database, vault, inbox, stopping, lease);
        if (request.OnlyWithdrawals)
        {
            BeginBetween(context);
            cycleLock?.Note(new NotedCycle(context.Ledger.CycleId, cycleLock.Noted?.Day ?? database["cycles.last"].First(r => r.Day(2))));
        }
        else
        {
            Begin(context, change);
            if (change is { BeforeId: not null })
            {
                context.Counts.Notes.Add(PolicyText.Begun(change, request.DryRun ? null : context.Ledger.PolicyId));
            }

            cycleLock?.Note(new NotedCycle(context.Ledger.CycleId, request.AsOf.Day));
        }

        var outcome = "failed";
        try
        {
            if (request.OnlyWithdrawals)
            {
                Between(context);
            }
            else
            {
                await StepsAsync(context, transport);
            }

            outcome = context.Problems.Count == 0 ? "done" : "failed";
        }
        finally
        {
            End(context, outcome);
        }

        return new CycleResult(context.Counts, context.Problems.ConvertAll(PlainText.Shown)) { Queues = context.Queues }; // names of files are others' text
    }

    private CycleContext ContextOf(
        CycleRequest request, DataDirectory folders, Database database, Vault vault, Inbox inbox, CancellationToken stopping, Lease? lease = null)
    {
        var context = new CycleContext
        {
            Config = config,
            AsOf = request.AsOf,
            Directory = folders,
            Inbox = inbox,
            Database = database,
            Vault = vault,
            Cases = new CaseStore(database, vault),
            Ledger = new Ledger(database),
            Time = time,
            Progress = progress,
            DryRun = request.DryRun,
            Lease = lease,
            Stopping = stopping,
        };
        context.Counts.AsOf = request.AsOf.ToString();
        return context;
    }

    /// <summary>The order is contract: what customers said comes before what we would say to them.</summary>
    private static async Task StepsAsync(CycleContext context, IMailTransport transport)
    {
        var lists = new WriteLists(context);
        var plan = new PlanContacts(context);
        using var mail = new SendMail(context, transport);
        var retention = new Retention(context);
        var quarantine = new Quarantine(context);
        using var steps = new CycleSteps(context);
        TakeAnswers(context, steps, lists, retention, quarantine);
#if MAILKIT
        steps.Begin("bounces");
        await FetchBouncesAsync(context);
#endif
        TakeRest(context, steps);
        steps.Begin("decisions");
        plan.Run();
        steps.Begin("mail");
        await mail.RunAsync();
        steps.Begin("decisions");
        plan.Run();
        steps.Begin("lists");
        lists.Run();
        steps.Begin("retention");
        retention.Run();
        quarantine.Show();
        if (!context.DryRun)
        {
            steps.Begin("erasures");
            Erase.Finish(context);
            steps.Begin("keys");
            new Reseal(context.Database, context.Vault, context.Progress).Run();
        }
    }

    private static void TakeAnswers(CycleContext context, CycleSteps steps, WriteLists lists, Retention retention, Quarantine quarantine)
    {
        steps.Begin("recover");
        retention.LookAgainIfRulesChanged();
        lists.Recover();
        TakeFiles.Recover(context);
        steps.Begin("optouts");
        TakeFiles.Run(context, "optouts", new TakeOptOuts(context));
        steps.Begin("responses");
        new TakeResponses(context).Run();
        steps.Begin("acknowledgements");
        TakeFiles.Run(context, "acknowledgements", new TakeAcknowledgements(context));
        quarantine.Release();
        steps.Begin("dispositions");
        TakeFiles.Run(context, "dispositions", new TakeDispositions(context));
    }

    private static void TakeRest(CycleContext context, CycleSteps steps)
    {
        steps.Begin("bounces");
        new TakeBounces(context).Run();
        steps.Begin("dealers");
        TakeFiles.Run(context, "dealers", new TakeDealers(context));
        steps.Begin("extracts");
        new TakeExtracts(context).Run();
    }

    /// <summary>What a customer said since the last cycle, told to the vendor before he calls; nobody is contacted, nothing else is decided.</summary>
    private static void Between(CycleContext context)
    {
        var lists = new WriteLists(context);
        using var steps = new CycleSteps(context);
        steps.Begin("recover");
        lists.Recover();
        TakeFiles.Recover(context);
        steps.Begin("optouts");
        TakeFiles.Run(context, "optouts", new TakeOptOuts(context));
        steps.Begin("responses");
        new TakeResponses(context).Run();
        steps.Begin("decisions");
        new PlanContacts(context).EndOptedOut();
        steps.Begin("lists");
        lists.RunWithdrawals();
    }

#if MAILKIT
    /// <summary>A mailbox that can't be read now is a problem of its own: what has been fetched is taken all the same.</summary>
    private static async Task FetchBouncesAsync(CycleContext context)
    {
        var settings = context.Config.Settings.Mail;
        if (settings.BounceMailbox.Host.Length == 0 || context.DryRun)
        {
            return;
        }

        var folder = Path.Combine(context.Directory.Inbox("bounces"), "new");
        try
        {
            DurableFile.CreateFolder(folder);
            await BounceMailbox.FetchAsync(settings, folder, context.Stopping);
        }
        catch (OperatorException e)
        {
            context.Report($"Not all reports could be fetched: {e.Message} What is still unseen in the mailbox is tried again in the next cycle.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Report($"Reports could not be fetched, since {folder} can't be written: {Reason.Of(e)} What lies in the mailbox is fetched in the next cycle.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Reports are no reason to keep customers waiting.
            context.Report($"Reports could not be fetched, by a fault of this program ({Unexpected.Describe(e)}). The next cycle tries again; please report this line.");
        }
    }
#endif

    private void Begin(CycleContext context, PolicyChange? change) => context.Database.InTransaction(() =>
    {
        var version = config.Programme.Version;
        var policy = context.Database["cycles.policy"].Scalar<long>(version);
        if (policy == 0)
        {
            policy = context.Database["cycles.last_policy"].Scalar<long>() + 1;
            context.Database["cycles.add_policy"].Run(policy, version, context.AsOf.Day, config.ProgrammeText);
        }

        var id = context.Database["cycles.last_id"].Scalar<long>() + 1;
        if (change is not null)
        {
            context.Cases.LookAtAllNow(context.AsOf.Day);
            change.Record(context.Database, id, policy, context.AsOf.Day);
            SampleTransactions.Begin(context.Database, change.Before, config.Programme);
        }

        context.Database["cycles.begin"].Run(id, context.AsOf.ToString(), context.AsOf.Day, time.GetUtcNow(), policy);
        context.Ledger.CycleId = id;
        context.Ledger.PolicyId = policy;
    });

    /// <summary>On record beside the cycles, since it writes to the ledger; its day dates nothing, and a changed programme waits for the next cycle.</summary>
    private void BeginBetween(CycleContext context) => context.Database.InTransaction(() =>
    {
        var id = context.Database["cycles.last_id"].Scalar<long>() + 1;
        var policy = context.Database["cycles.policy_of_last_cycle"].Scalar<long>();
        context.Database["cycles.begin_between"].Run(id, context.AsOf.ToString(), context.AsOf.Day, time.GetUtcNow(), policy);
        context.Ledger.CycleId = id;
        context.Ledger.PolicyId = policy;
    });

    private void End(CycleContext context, string outcome) => context.Database.InTransaction(() =>
    {
        if (context.Database.IsShared && context.Lease!.Bury().Count > 0)
        {
            // Helpers still store what they had under way: it has not ended. Who takes over waits for them.
            context.Database["cycles.close_sending"].Run();
            context.Lease.Release();
            return;
        }

        context.Queues = Queues.Read(context.Database);
        var (suppressions, flags) = context.Database["cases.suppression_sums"].First(r => (r.GetInt64(0), r.GetInt64(1)));
        var (lines, head) = context.Ledger.End();
        var seal = new CycleSeal(lines, head, suppressions, flags);
        context.Database["cycles.end"].Run(time.GetUtcNow(), outcome, context.Counts.ToJson(seal, context.Problems), context.Ledger.CycleId);
        context.Lease?.Release();
    });

    /// <summary>The transport that the settings name.</summary>
    internal static IMailTransport Transport(MailOptions mail, DataDirectory directory, TimeProvider time) => mail.Transport switch
    {
        "Pickup" => new PickupTransport(directory.Mail),
        "Smtp" => SmtpSession.Transport(mail, time),
#if MAILKIT
        "MailKit" => MailKitSession.Transport(mail, time),
#endif
        var other => throw new InvalidOperationException($"The settings let a transport '{other}' pass, which this build has not."),
    };

    /// <summary>What a step outside a cycle works with: what it records belongs to the last cycle.</summary>
    internal static CycleContext ContextAfterwards(
        PipelineConfig config, DataDirectory directory, Database database, Vault vault, TimeProvider time, IProgressView progress, AsOf asOf, CancellationToken stopping)
    {
        var last = database["cycles.last_id"].Scalar<long>();
        return new CycleContext
        {
            Config = config,
            AsOf = asOf,
            Directory = directory,
            Inbox = new Inbox(directory, time, TimeSpan.FromSeconds(config.Settings.Data.SettleSeconds), move: true),
            Database = database,
            Vault = vault,
            Cases = new CaseStore(database, vault),
            Ledger = new Ledger(database) { CycleId = last, PolicyId = database["cycles.policy_of_last_cycle"].Scalar<long>() },
            Time = time,
            Progress = progress,
            DryRun = false,
            Stopping = stopping,
        };
    }

    /// <summary>The keys of a data directory, from where the settings say.</summary>
    /// <exception cref="OperatorException">They are missing or damaged.</exception>
    internal static Vault OpenVault(DataDirectory directory, Settings settings, bool storeExists, bool write)
    {
        if (settings.Keys.Ring.Length > 0)
        {
            return new Vault(KeyRing.Parse(settings.Keys.Ring)!);
        }

        var path = KeyFile(directory, settings);
        if (write && !storeExists)
        {
            DurableFile.CreateFolder(Path.GetDirectoryName(path)!);
        }

        return Vault.Open(path, storeExists, write);
    }

    /// <summary>Looks whether the keys are this store's. With others nobody's opt-out would be known, and new customers would be sealed with what nobody keeps.</summary>
    /// <exception cref="OperatorException">They are another's.</exception>
    internal static void CheckKeys(Database database, Vault vault)
    {
        var (mine, theirs) = (vault.Mac("ring"), database["keys.ring"].Scalar<string>());
        if (theirs is { Length: 0 })
        {
            database.InTransaction(() => database["keys.set_ring"].Run(mine));
        }
        else if (theirs != mine)
        {
            throw new OperatorException(
                $"The key ring is not the one of this store: it hashes and seals otherwise. Nothing was done. Restore the store's own ring (keys.json, Keys:File or Keys:Ring) from your backup, or name the right data directory with --data DIR.");
        }
    }

    /// <summary>The same for a service that begins, and for one that looks after itself: the store must not be lost, and where there is one, it must have its keys.</summary>
    /// <exception cref="OperatorException">It can't be used.</exception>
    internal static void CheckStore(PipelineConfig config, DataDirectory directory)
    {
        var store = new Store(directory, config.Settings.Store);
        CheckNotLost(directory, store);
        if (store.Exists)
        {
            using var vault = OpenVault(directory, config.Settings, storeExists: true, write: false);
            using var database = store.OpenExisting(older: true);
            CheckKeys(database, vault);
        }
    }

    /// <summary>Where the key file is.</summary>
    internal static string KeyFile(DataDirectory directory, Settings settings) =>
        settings.Keys.File.Length > 0 ? Path.GetFullPath(settings.Keys.File) : Path.Combine(directory.Root, Vault.FileName);

    /// <summary>Takes the right to write for a data directory whose lock is held.</summary>
    internal static Lease TakeLease(Database database, DataDirectory directory, TimeProvider time) =>
        Lease.Take(database, NameOf(directory), time);

    /// <summary>How others name a worker on a data directory.</summary>
    internal static string NameOf(DataDirectory directory) => $"{Environment.MachineName}:{directory.Root}";

    /// <summary>Sends nothing and says that it did: for dry runs.</summary>
    private sealed class AcceptingTransport : IMailTransport
    {
        public Task<Survey.Domain.Delivery> SendAsync(Envelope envelope, ReadOnlyMemory<byte> message, CancellationToken ct) =>
            Task.FromResult<Survey.Domain.Delivery>(new Survey.Domain.Delivery.Accepted("dry run"));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>One cycle at a time on a data directory: held by the operating system, released by it when the process dies.</summary>
/// <remarks>
/// The file holds number and day of the last cycle that has begun here. A store that knows less has been set back (<see cref="GapGuard"/>).
/// Who holds it stands in a file beside it: while one is held nobody else can read it.
/// </remarks>
internal sealed partial class CycleLock : IDisposable
{
    /// <summary>What stands behind who holds it, when he only tells the vendor of withdrawals.</summary>
    public const string BetweenCycles = " (withdrawals between two cycles)";

    private const int NoteLength = 32;
    private readonly FileStream file;

    private CycleLock(FileStream file) => this.file = file;

    /// <summary>The last cycle that has begun; null where none was noted yet.</summary>
    public NotedCycle? Noted => Read(file);

    /// <summary>Takes the lock, or says who has it.</summary>
    /// <param name="directory">Whose.</param>
    /// <param name="what">What stands behind the name of who has it.</param>
    public static CycleLock Take(DataDirectory directory, string what = "")
    {
        try
        {
            var taken = new CycleLock(DurableFile.Open(directory.LockPath, FileMode.OpenOrCreate, FileShare.None));
            try
            {
                using var holder = DurableFile.Create(directory.HolderPath);
                holder.Write(Encoding.UTF8.GetBytes($"process {Environment.ProcessId} on {Environment.MachineName}{what}"));
                return taken;
            }
            catch
            {
                taken.Dispose();
                throw;
            }
        }
        catch (IOException e) when (IsHeld(e))
        {
            throw new StoreBusyException(
                $"{(HolderOf(directory) is { } holder ? (Phrase)$"Another cycle is running on {directory.Root}, {holder}." : $"Another cycle is running on {directory.Root}.")} Wait until it has ended; nothing was done. "
                + $"If that process stands still (status tells how far its cycle has come), end it there with 'kill -9': the next cycle goes on where it stopped.");
        }
    }

    /// <summary>The same for those that only look; null also while a cycle is running.</summary>
    public static NotedCycle? NotedIn(DataDirectory directory)
    {
        try
        {
            using var file = new FileStream(directory.LockPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return Read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A cycle is on record in the store, and will contact people from now on.</summary>
    public void Note(NotedCycle begun)
    {
        var note = GapGuard.Note(Noted, begun);
        file.Position = 0;
        file.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{note.Number} {note.Day:yyyy-MM-dd}").PadRight(NoteLength))); // over the one before: a crash leaves the one or the other
        file.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    /// <summary>Whether who holds it only tells the vendor of withdrawals, which is soon done.</summary>
    public static bool IsHeldBetweenCycles(DataDirectory directory) => HolderNoted(directory).EndsWith(BetweenCycles, StringComparison.Ordinal);

    /// <summary>Who holds it, in words; null where that can't be seen.</summary>
    private static Phrase? HolderOf(DataDirectory directory)
    {
        var noted = HolderNoted(directory);
        return Holder().Match(noted) is not { Success: true } holder ? noted.Length > 0 ? (Phrase)$"{noted}" : null
            : holder.Groups[3].Success ? $"process {holder.Groups[1].Value} on {holder.Groups[2].Value} (withdrawals between two cycles)"
            : (Phrase)$"process {holder.Groups[1].Value} on {holder.Groups[2].Value}";
    }

    private static string HolderNoted(DataDirectory directory)
    {
        try
        {
            return PlainText.Shown(File.ReadAllText(directory.HolderPath));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [GeneratedRegex(@"\Aprocess (\d+) on (.+?)( \(withdrawals between two cycles\))?\z")]
    private static partial Regex Holder();

    private static NotedCycle? Read(FileStream file)
    {
        Span<byte> bytes = stackalloc byte[NoteLength];
        file.Position = 0;
        var parts = Encoding.ASCII.GetString(bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)]).TrimEnd().Split(' ');
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && DateOnly.TryParseExact(parts[1], "yyyy-MM-dd", out var day) ? new NotedCycle(number, day) : null;
    }

    /// <summary>EWOULDBLOCK on Linux (11) and macOS (35), a sharing violation on Windows.</summary>
    private static bool IsHeld(IOException e) => (e.HResult & 0xFFFF) is 11 or 35 or 32;
}
