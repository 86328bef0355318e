using Microsoft.Data.Sqlite;
using SurveyDispatcher.Storage;
using SurveyDispatcher.Tests.Mail;

namespace SurveyDispatcher.Tests.Storage;

/// <summary>One writer at a time on a store, and none that was taken over without knowing.</summary>
public sealed class LeaseTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("lease-");
    private readonly ManualClock clock = new();

    private string Store => $"Data Source={Path.Combine(folder.FullName, "survey.db")};Pooling=False";

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
    }

    [Fact]
    public void ASecondHolderIsTurnedAwayAndToldWhoHasTheStoreAndUntilWhen()
    {
        using var first = SqliteDatabase.Open(Store, write: true);
        using var second = SqliteDatabase.Open(Store, write: true);
        var lease = Lease.Take(first, "alpha:/srv/a", clock);

        var refused = Assert.Throws<StoreBusyException>(() => Lease.Take(second, "beta:/srv/b", clock));
        first.InTransaction(lease.Release);
        Lease.Take(second, "beta:/srv/b", clock);

        Assert.Contains("from alpha:/srv/a", refused.Message, StringComparison.Ordinal);
        Assert.Contains("free at 2026-03-02 00:05:00 UTC", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFormerHolderOfTheSameDirectoryIsDeadSinceItsLockIsFree()
    {
        using var first = SqliteDatabase.Open(Store, write: true);
        Lease.Take(first, "alpha:/srv/a", clock);

        using var second = SqliteDatabase.Open(Store, write: true);
        Assert.True(Lease.Take(second, "alpha:/srv/a", clock).IsSure);
    }

    [Fact]
    public void WhoIsNotHeardOfIsTakenOverAndWritesNothingAnyMore()
    {
        using var first = SqliteDatabase.Open(Store, write: true);
        using var second = SqliteDatabase.Open(Store, write: true);
        var stalled = Lease.Take(first, "alpha:/srv/a", clock);

        clock.Advance(Lease.Term);
        Lease.Take(second, "beta:/srv/b", clock);
        var lost = Assert.Throws<OperatorException>(() => first.InTransaction(() => first["cases.suppress"].Run(1L, 1, new DateOnly(2026, 3, 2))));

        Assert.False(stalled.IsSure);
        Assert.Throws<OperatorException>(stalled.Confirm);
        Assert.Contains("not heard of for 300 s", lost.Message, StringComparison.Ordinal);
        Assert.False(second["cases.any_suppression"].Any());
    }

    [Fact]
    public void WhoGoesOnWritingKeepsTheStore()
    {
        using var first = SqliteDatabase.Open(Store, write: true);
        using var second = SqliteDatabase.Open(Store, write: true);
        var lease = Lease.Take(first, "alpha:/srv/a", clock);

        for (var i = 0; i < 10; i++)
        {
            clock.Advance(Lease.Term / 3);
            first.InTransaction(() => { });
            Assert.True(lease.IsSure);
        }

        Assert.Throws<StoreBusyException>(() => Lease.Take(second, "beta:/srv/b", clock));
    }

    [Fact]
    public void OnASharedStoreWhoWasNotHeardOfAndNotTakenOverDoesNotBuryItself()
    {
        var store = Postgres.NewDatabase();
        try
        {
            using var database = PostgresDatabase.Open(store, write: true);
            using var lease = Lease.Take(database, "alpha:/srv/a", TimeProvider.System);
            Postgres.Execute(store, "UPDATE workers SET until = clock_timestamp() - interval '1 second'");

            database.InTransaction(() => Assert.Empty(lease.Bury()));
            database.InTransaction(lease.Confirm);
        }
        finally
        {
            Postgres.Drop(store);
        }
    }

    [Fact]
    public void WhoStoodStillAndWasNotTakenOverGoesOn()
    {
        using var first = SqliteDatabase.Open(Store, write: true);
        var lease = Lease.Take(first, "alpha:/srv/a", clock);

        clock.Advance(3 * Lease.Term);
        Assert.False(lease.IsSure);
        lease.Confirm();

        Assert.True(lease.IsSure);
    }
}
