using System.Data.Common;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>What a worker has done for another's cycle.</summary>
/// <param name="Cycle">The cycle.</param>
/// <param name="Mails">How many mails it has settled.</param>
/// <param name="Problems">What the operator must know.</param>
internal sealed record Help(long Cycle, long Mails, IReadOnlyList<string> Problems);

/// <summary>A worker of a store that several share looks whether another's cycle is sending, and sends a share of it, once for each cycle.</summary>
internal sealed class HelpToSend(PipelineConfig config, DataDirectory directory, TimeProvider time, IProgressView? progress = null) : IDisposable
{
    private readonly Store store = new(directory, config.Settings.Store);
    private Database? database;
    private long lastCycle;

    /// <inheritdoc/>
    public void Dispose() => database?.Dispose();

    /// <summary>Helps when there is anything to help with; null when not.</summary>
    /// <exception cref="OperatorException">The store can't be used, or its keys or its programme are not those of this worker.</exception>
    public async Task<Help?> LookAsync(CancellationToken stopping)
    {
        try
        {
            if (database is null && !store.Exists)
            {
                return null;
            }

            database ??= store.OpenToHelp();
            return await HelpAsync(database, stopping);
        }
        catch (DbException e)
        {
            Forget();
            throw new OperatorException($"This worker can't help: the store {store.Name}: {Database.Explain(e)}", e);
        }
        catch
        {
            Forget();
            throw;
        }
    }

    private async Task<Help?> HelpAsync(Database database, CancellationToken stopping)
    {
        Sending? sending = null;
        database.InTransaction(() => sending = database["cycles.sending"].First(r => new Sending(r.GetInt64(0), r.GetString(1), r.Instant(2), r.GetInt64(3), r.GetString(4)))); // connects anew when that was lost
        if (sending is null || sending.Cycle == lastCycle)
        {
            return null;
        }

        if (sending.Programme != config.Programme.Version)
        {
            lastCycle = sending.Cycle;
            throw new OperatorException(
                $"This worker does not help with cycle {sending.Cycle}: its programme.json is not the one that the cycle goes by. Give all workers the same configuration, and start them anew.");
        }

        using var vault = Cycle.OpenVault(directory, config.Settings, storeExists: true, write: false);
        Cycle.CheckKeys(database, vault);
        using var lease = Lease.Join(database, sending.Cycle, Cycle.NameOf(directory), time);
        if (lease is null)
        {
            return null;
        }

        lastCycle = sending.Cycle;

        try
        {
            await using var transport = Cycle.Transport(config.Settings.Mail, directory, time);
            var context = new CycleContext
            {
                Config = config,
                AsOf = AsOf.Parse(sending.AsOf),
                Directory = directory,
                Inbox = new Inbox(directory, time, TimeSpan.FromSeconds(config.Settings.Data.SettleSeconds), move: true),
                Database = database,
                Vault = vault,
                Cases = new CaseStore(database, vault),
                Ledger = new Ledger(database) { CycleId = sending.Cycle, PolicyId = sending.Policy },
                Time = time,
                Progress = progress ?? new NoProgress(),
                DryRun = false,
                Lease = lease,
                Elapsed = database.Now(time) - sending.StartedAt is { Ticks: > 0 } elapsed ? elapsed : TimeSpan.Zero,
                Stopping = stopping,
            };
            context.Progress.Step("mail");
            using var mail = new SendMail(context, transport);
            var mails = await mail.HelpAsync();
            database.InTransaction(lease.Release);
            return new Help(sending.Cycle, mails, context.Problems);
        }
        finally
        {
            Forget(); // what listens to the database's transactions, and its guard, were this help's
        }
    }

    private void Forget()
    {
        database?.Dispose();
        database = null;
    }

    /// <summary>A cycle that is sending.</summary>
    private sealed record Sending(long Cycle, string AsOf, DateTimeOffset StartedAt, long Policy, string Programme);
}
