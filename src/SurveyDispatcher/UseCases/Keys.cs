using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>One key of the ring, without the key.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Current">It seals.</param>
/// <param name="InRing">False: values in the store need it, and it is missing.</param>
/// <param name="Values">How many values of the store it has sealed.</param>
public sealed record KeyInUse(int Id, bool Current, bool InRing, long Values);

/// <summary>The ring against the store.</summary>
/// <param name="Source">Where the ring comes from.</param>
/// <param name="Keys">The keys that seal, in order of id.</param>
/// <param name="Resealed">Values that were sealed anew just now.</param>
/// <param name="Dropped">Keys that were dropped just now.</param>
public sealed record KeysState(string Source, IReadOnlyList<KeyInUse> Keys, long Resealed, int Dropped)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = Texts.InJson };

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>In words.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(Say($"Key ring {Source}"));
        foreach (var key in Keys)
        {
            var (id, values) = (Columns.Right(Say($"{key.Id}"), 3), Columns.Right(Say($"{key.Values:N0}"), 12));
            text.Append("  ").Append(Say($"key {id}  {values} value(s) sealed"));
            if (key.Current)
            {
                text.Append("  ").Append(Say($"current"));
            }

            if (!key.InRing)
            {
                text.Append("  ").Append(Say($"MISSING from the ring"));
            }

            text.AppendLine();
        }

        if (Resealed > 0)
        {
            text.AppendLine(Say($"{Resealed:N0} value(s) were sealed anew. Back the key ring up now, apart from the store."));
        }

        if (Dropped > 0)
        {
            text.AppendLine(Say($"{Dropped} key(s) dropped. Backups of the store from before need the backup of the ring from before."));
        }

        return text.ToString().TrimEnd();
    }
}

/// <summary>Makes new keys and drops old ones (<c>keys</c>).</summary>
/// <remarks>
/// The ring is saved first, then values are sealed anew in pages, and only then may a key go. Killed at any moment, every value has
/// its key, and the next rotation or cycle goes on.
/// </remarks>
internal sealed class Keys(PipelineConfig config, DataDirectory directory, TimeProvider time, IProgressView progress)
{
    /// <summary>The ring as it is.</summary>
    public KeysState List()
    {
        using var database = new Store(directory, config.Settings.Store).OpenExisting();
        using var vault = Cycle.OpenVault(directory, config.Settings, storeExists: true, write: false);
        return State(database, vault.Ring, 0, 0);
    }

    /// <summary>Makes a key, unless the last one still has work to do, and seals everything with it.</summary>
    public KeysState Rotate() => Change((database, ring) =>
    {
        if (database["keys.sealing"].Scalar<long>() == ring.Current)
        {
            ring = ring.Rotated();
            ring.Save(Cycle.KeyFile(directory, config.Settings));
        }

        using var vault = new Vault(ring);
        return State(database, ring, new Reseal(database, vault, progress).Run(), 0);
    });

    /// <summary>Drops every key but the current one, when the store needs no other.</summary>
    public KeysState DropOld() => Change((database, ring) =>
    {
        if (State(database, ring, 0, 0).Keys.Any(k => !k.Current && k.Values > 0))
        {
            throw new OperatorException($"Old keys are still needed: not everything has been sealed anew. Run a cycle, or 'keys rotate', then drop them. Nothing was done.");
        }

        var left = ring.CurrentOnly();
        left.Save(Cycle.KeyFile(directory, config.Settings));
        return State(database, left, 0, ring.Seal.Count - 1);
    });

    private KeysState Change(Func<Database, KeyRing, KeysState> change)
    {
        if (config.Settings.Keys.Ring.Length > 0)
        {
            throw new UsageException(
                $"The key ring comes from the setting Keys:Ring, which this program can't change. Put it into a file, run this command with Keys:File naming that file and Keys:Ring empty, and set Keys:Ring to the file's new content.");
        }

        var store = new Store(directory, config.Settings.Store);
        store.CheckExists();

        using var cycleLock = CycleLock.Take(directory);
        using var vault = Cycle.OpenVault(directory, config.Settings, storeExists: true, write: true);
        using var database = store.Open();
        Cycle.CheckKeys(database, vault);
        using var lease = Cycle.TakeLease(database, directory, time);
        var state = change(database, vault.Ring);
        database.InTransaction(lease.Release);
        return state;
    }

    private KeysState State(Database database, KeyRing ring, long resealed, int dropped)
    {
        var uses = database["keys.uses"].List(r => (Id: Convert.ToInt32(r.GetString(0), 16), Values: r.GetInt64(1))).ToDictionary(u => u.Id, u => u.Values);
        var keys = ring.Seal.Keys.Select(k => (int)k).Union(uses.Keys).Order()
            .Select(id => new KeyInUse(id, id == ring.Current, ring.Seal.ContainsKey((byte)id), uses.GetValueOrDefault(id)));
        var source = config.Settings.Keys.Ring.Length > 0 ? Say($"from the setting Keys:Ring") : Cycle.KeyFile(directory, config.Settings);
        return new KeysState(source, [.. keys], resealed, dropped);
    }
}

/// <summary>Seals with the current key what an older one has sealed, in pages; one that was interrupted goes on with what is left.</summary>
internal sealed class Reseal(Database database, Vault vault, IProgressView progress)
{
    private const int PageRows = 2_000;

    /// <summary>Seals what is due; returns how many values that were.</summary>
    public long Run()
    {
        if (database["keys.sealing"].Scalar<long>() == vault.Ring.Current)
        {
            return 0;
        }

        var done = Pages("keys.contacts", "keys.set_contact") + Pages("keys.texts", "keys.set_text") + Pages("keys.numbers", "keys.set_number");
        database.InTransaction(() => database["keys.sealed"].Run((int)vault.Ring.Current));
        return done;
    }

    private long Pages(string select, string update)
    {
        long done = 0, after = 0;
        int rows;
        do
        {
            rows = 0;
            database.InTransaction(() =>
            {
                var page = database[select].List(r => (Id: r.GetInt64(0), Sealed: r.Bytes(1)), after, new[] { vault.Ring.Current }, PageRows);
                foreach (var (id, value) in page)
                {
                    database[update].Run(vault.Reseal(value), id);
                    after = id;
                }

                rows = page.Count;
            });
            done += rows;
            progress.Report($"sealing anew", done, 0);
        }
        while (rows == PageRows);
        return done;
    }
}
