using System.Data.Common;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Copies a store as it is at this moment, table by table, into an empty one of either database.</summary>
internal sealed class StoreCopy(Database source, Database target, IProgressView progress)
{
    private const int TransactionRows = 50_000;

    /// <summary>Copies everything; returns the number of rows.</summary>
    /// <exception cref="OperatorException">The target is not empty.</exception>
    public long Run() => source.AtOneMoment(() =>
    {
        if (target["cycles.last"].Any())
        {
            throw new OperatorException("There is a store already where this one should go. Nothing was done. Name an empty database, or drop what is there.");
        }

        long rows = 0;
        foreach (var table in StoreTable.All)
        {
            rows += Copy(table);
        }

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
