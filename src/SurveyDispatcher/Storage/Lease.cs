namespace SurveyDispatcher.Storage;

/// <summary>A cycle's right to write to a store, for a while, renewed as it goes on: two cycles never write to one store, whatever became of the first.</summary>
/// <remarks>
/// The lock of a data directory shows that its last holder is dead, but only there. A store may be shared by two data directories or
/// two machines, and a process may stand still for longer than others wait for it. So each holder has a token (a fencing token), and
/// every transaction begins with a look whether it is still the current one.
/// </remarks>
public sealed class Lease
{
    /// <summary>For how long others wait for a holder that is not heard of.</summary>
    public static readonly TimeSpan Term = TimeSpan.FromMinutes(5);

    // Others count from what they read by their clocks; ours may be a little slow.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private readonly Database database;
    private readonly TimeProvider time;
    private readonly long token;
    private long renewed;

    private Lease(Database database, TimeProvider time, long token) => (this.database, this.time, this.token, renewed) = (database, time, token, time.GetTimestamp());

    /// <summary>Whether nobody can have taken over yet; safe to ask from any thread.</summary>
    public bool IsSure => time.GetElapsedTime(Interlocked.Read(ref renewed)) < Term - Margin;

    /// <summary>Takes the store, and guards all its transactions from now on.</summary>
    /// <param name="database">The store.</param>
    /// <param name="holder">Machine and data directory. Who calls has the lock of the directory: a former holder of the same name is dead.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="OperatorException">Somebody else has it.</exception>
    public static Lease Take(Database database, string holder, TimeProvider time)
    {
        Lease? lease = null;
        database.InTransaction(() =>
        {
            var (last, other, until) = database["lease.held"].First(r => (r.GetInt64(0), r.GetString(1), r.IsDBNull(2) ? (DateTimeOffset?)null : r.Instant(2)));
            if (until > time.GetUtcNow() && other != holder && database.IsHeld)
            {
                throw new OperatorException(
                    $"Another cycle is running on this store, from {other}. Wait until it has ended; nothing was done. If that machine is dead, the store is free at {until:yyyy-MM-dd HH:mm:ss} UTC.");
            }

            database.Hold();
            lease = new Lease(database, time, last + 1);
            database["lease.take"].Run(lease.token, holder, time.GetUtcNow() + Term);
        });
        database.Guard = lease!.Check;
        return lease;
    }

    /// <summary>Gives the store back; inside the last transaction. Who ends without that keeps other data directories waiting for a term.</summary>
    public void Release() => database["lease.renew"].Run((object?)null);

    /// <summary>Makes sure that nobody has taken over, before something is done outside the store.</summary>
    /// <exception cref="OperatorException">Somebody has.</exception>
    public void Confirm()
    {
        if (!IsSure)
        {
            database.InTransaction(Check);
        }
    }

    /// <summary>The first thing in each transaction.</summary>
    private void Check()
    {
        if (!database["lease.current"].Any(token))
        {
            throw new OperatorException(
                $"Another cycle has taken over the store, since this one was not heard of for {time.GetElapsedTime(renewed).TotalSeconds:F0} s. "
                + "It has written nothing since then, and what it had stored is kept: nothing needs to be done. Look at why it stood still.");
        }

        if (time.GetElapsedTime(renewed) > Term / 4)
        {
            Interlocked.Exchange(ref renewed, time.GetTimestamp());
            database["lease.renew"].Run(time.GetUtcNow() + Term);
        }
    }
}
