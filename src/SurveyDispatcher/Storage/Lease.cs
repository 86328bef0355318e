using System.Data.Common;
using Survey.Domain;

namespace SurveyDispatcher.Storage;

/// <summary>The right to write to a store, for a while, renewed as long as its worker lives: one worker plans, others may help it to send, and whoever was taken for dead writes nothing more.</summary>
/// <remarks>
/// The lock of a data directory shows that its last holder is dead, but only there. A store may be shared by two data directories or
/// two machines, and a process may stand still for longer than others wait for it. So each worker has a row, under a number that is
/// never given out twice (a fencing token), and every transaction begins with a look whether it is still there. In a file the
/// transactions themselves renew it; a worker on a shared store has a connection of its own for that, so that others need not wait long for one that died.
/// </remarks>
public sealed class Lease : IDisposable
{
    /// <summary>For how long others wait for the holder of a file that is not heard of.</summary>
    public static readonly TimeSpan Term = TimeSpan.FromMinutes(5);

    /// <summary>The same on a store that is shared: what a dead worker had claimed goes to the others within a minute.</summary>
    public static readonly TimeSpan SharedTerm = TimeSpan.FromSeconds(30);

    /// <summary>How often a worker on a shared store says that it lives.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);

    private readonly Database database;
    private readonly TimeProvider time;
    private readonly Heartbeat? heartbeat;
    private long renewed;

    private Lease(Database database, long worker, string name, TimeProvider time, long asked)
    {
        (this.database, Worker, Name, this.time, renewed) = (database, worker, name, time, asked);
        heartbeat = database.IsShared ? new Heartbeat(this) : null;
        database.Guard = Check;
    }

    /// <summary>Raised, from another thread, when a worker on a shared store could not say for too long that it lives: it must make room for others.</summary>
    public event Action? Unsure;

    /// <summary>The number of this worker.</summary>
    public long Worker { get; }

    /// <summary>How others name it.</summary>
    public string Name { get; }

    /// <summary>Whether nobody can have taken over yet; safe to ask from any thread. A third of the time that others wait is kept in reserve.</summary>
    public bool IsSure => time.GetElapsedTime(Interlocked.Read(ref renewed)) < TermOf(database) * 2 / 3;

    /// <summary>Takes the store to plan in it, and guards all its transactions from now on.</summary>
    /// <param name="database">The store.</param>
    /// <param name="name">Machine and data directory. Who calls has the lock of the directory: a former planner of the same name is dead.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="StoreBusyException">Somebody else writes there.</exception>
    public static Lease Take(Database database, string name, TimeProvider time)
    {
        var asked = time.GetTimestamp();
        Phrase? busy = null;
        long worker = 0;
        database.InTransaction(() =>
        {
            var (planner, other, until) = database["lease.held"].First(r => (r.GetInt64(0), r.TextOrNull(1), r.IsDBNull(2) ? (DateTimeOffset?)null : r.Instant(2)));
            var now = database.Now(time);
            if (other is not null && other != name && until > now)
            {
                busy = $"Another cycle is running on this store, from {other}. Wait until it has ended; nothing was done. If that machine is dead, the store is free at {until:yyyy-MM-dd HH:mm:ss} UTC.";
                return;
            }

            database["lease.bury"].Run(now, 0, planner); // in the order in which helpers lock: worker, cycle
            database["cycles.close_sending"].Run();
            if (database.IsShared && database["lease.others"].List(r => r.GetString(0), 0) is { Count: > 0 } helpers)
            {
                busy = $"Workers still send what an interrupted cycle had planned ({Listed(helpers)}). They have been told to stop, and what they have under way is stored first; nothing was done. Run this again in a moment.";
                return;
            }

            worker = database["lease.issue"].Scalar<long>();
            database["lease.join"].Run(worker, name, Environment.ProcessId, now + TermOf(database));
            database["lease.plan"].Run(worker);
        });
        return busy is null ? new Lease(database, worker, name, time, asked) : throw new StoreBusyException(busy);
    }

    /// <summary>Joins those who write to a shared store, to help the planner of a cycle that is sending; null when it has ended meanwhile.</summary>
    public static Lease? Join(Database database, long cycle, string name, TimeProvider time)
    {
        var asked = time.GetTimestamp();
        long worker = 0;
        database.InTransaction(() =>
        {
            worker = database["lease.issue"].Scalar<long>(); // first: whoever takes the store locks in this order, too
            if (database["cycles.still_sending"].Any(cycle))
            {
                database["lease.join"].Run(worker, name, Environment.ProcessId, database.Now(time) + TermOf(database));
            }
            else
            {
                worker = 0;
            }
        });
        return worker == 0 ? null : new Lease(database, worker, name, time, asked);
    }

    /// <summary>Gives the store back; inside the last transaction. Who ends without that keeps others waiting for a term.</summary>
    public void Release() => database["lease.leave"].Run(Worker);

    /// <summary>Removes those who were not heard of for a term; inside a transaction.</summary>
    /// <returns>The names of the other workers who are left.</returns>
    public List<string> Bury()
    {
        database["lease.bury"].Run(database.Now(time), Worker, 0);
        return database["lease.others"].List(r => r.GetString(0), Worker);
    }

    /// <summary>Makes sure that nobody has taken over, before something is done outside the store.</summary>
    /// <exception cref="OperatorException">Somebody has.</exception>
    public void Confirm()
    {
        if (!IsSure)
        {
            database.InTransaction(Check);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => heartbeat?.Dispose();

    private static TimeSpan TermOf(Database database) => database.IsShared ? SharedTerm : Term;

    /// <summary>The first thing in each transaction.</summary>
    private void Check()
    {
        if (!database["lease.current"].Any(Worker))
        {
            throw new OperatorException(
                $"Another worker has taken over, since this one was not heard of for {time.GetElapsedTime(Interlocked.Read(ref renewed)).TotalSeconds:F0} s. "
                + $"It has written nothing since then, and what it had stored is kept: nothing needs to be done. Look at why it stood still, or could not reach the store.");
        }

        // The heart may have no connection to beat over.
        if (time.GetElapsedTime(Interlocked.Read(ref renewed)) > (heartbeat is null ? Term / 4 : SharedTerm / 3))
        {
            Renew(database);
        }
    }

    /// <summary>Says that this worker lives; false when it was taken for dead.</summary>
    private bool Renew(Database connection)
    {
        var asked = time.GetTimestamp();
        if (connection["lease.renew"].Run(connection.Now(time) + TermOf(database), Worker) == 0)
        {
            return false;
        }

        Interlocked.Exchange(ref renewed, asked);
        return true;
    }

    /// <summary>Renews a lease over a connection of its own, whatever its worker waits for.</summary>
    private sealed class Heartbeat : IDisposable
    {
        private readonly Lease lease;
        private readonly Lock turn = new();
        private readonly ITimer timer;
        private Database? connection;
        private bool over;

        public Heartbeat(Lease lease)
        {
            this.lease = lease;
            timer = lease.time.CreateTimer(_ => Beat(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            timer.Change(Lease.Beat, Timeout.InfiniteTimeSpan);
        }

        public void Dispose()
        {
            timer.Dispose();
            lock (turn)
            {
                over = true;
                connection?.Dispose();
            }
        }

        private void Beat()
        {
            lock (turn)
            {
                if (over)
                {
                    return;
                }

                try
                {
                    connection ??= lease.database.OpenAnother(Lease.Beat);
                    over = !lease.Renew(connection); // then the next transaction says so
                }
                catch (DbException)
                {
                    connection?.Dispose(); // the store can't be reached: who can't say that he lives stops being sure of it
                    connection = null;
                    if (!lease.IsSure)
                    {
                        lease.Unsure?.Invoke();
                    }
                }

                if (!over)
                {
                    timer.Change(Lease.Beat, Timeout.InfiniteTimeSpan);
                }
            }
        }
    }
}
