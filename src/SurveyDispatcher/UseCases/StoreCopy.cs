using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Copies a store as it is at this moment, table by table, into an empty one of either database.</summary>
internal sealed class StoreCopy(Database source, Database target, IProgressView progress)
{
    private const int TransactionRows = 50_000;

    /// <summary>Moves the store of a data directory to another database (<c>store copy</c>): both are verified, the old one stays as it is.</summary>
    /// <returns>What verify found, which is the same on both sides.</returns>
    /// <exception cref="OperatorException">One of the two does not hold, the target is not empty, or a cycle is running.</exception>
    public static Verification Move(PipelineConfig config, DataDirectory directory, StoreOptions to, TimeProvider time, IProgressView progress)
    {
        var (from, into) = (new Store(directory, config.Settings.Store), new Store(directory, to));
        from.CheckExists();
        using var cycleLock = CycleLock.Take(directory);
        using var source = from.Open();
        using var lease = Cycle.TakeLease(source, directory, time);
        try
        {
            using var target = into.Open();
            var before = Holding(source, from.Name);
            new StoreCopy(source, target, progress).Run();
            target.InTransaction(() => target["lease.leave_all"].Run());
            var after = Holding(target, into.Name);
            return before == after ? after : throw new OperatorException(
                $"The copy in {into.Name} is not like {from.Name}: {before.ToText()} {after.ToText()} Drop it, and report this line.");
        }
        finally
        {
            source.InTransaction(lease.Release);
        }

        Verification Holding(Database store, string name) => new Verify(store, config.Programme, progress).Run() is { Difference: null } holding
            ? holding
            : throw new OperatorException($"The store {name} does not hold: run 'verify' for the first difference. Nothing was switched over.");
    }

    /// <summary>Copies everything; returns the number of rows.</summary>
    /// <exception cref="OperatorException">The target is not empty.</exception>
    public long Run() => source.AtOneMoment(() =>
    {
        if (target["cycles.last"].Any())
        {
            throw new OperatorException($"There is a store already where this one should go. Nothing was done. Name an empty database, or drop what is there.");
        }

        var rows = StoreTable.All.Sum(Copy);
        target.InTransaction(target.AfterCopy);
        return rows;
    });

    private long Copy(StoreTable table)
    {
        long done = 0;
        using var rows = source.RowsOf(table).GetEnumerator();
        var more = true;
        target.InTransaction(() => target.Clear(table));
        while (more)
        {
            target.InTransaction(() =>
            {
                var bulk = target.BulkInto(table);
                for (var n = 0; n < TransactionRows && (more = rows.MoveNext()); n++)
                {
                    bulk.Add(rows.Current);
                    done++;
                }
            });
            progress.Report($"copying {table.Name}", done, 0);
        }

        return done;
    }
}
