using Microsoft.Data.Sqlite;
using Npgsql;
using SurveyDispatcher.Storage;
using SurveyDispatcher.Tests.Storage;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>A cycle's cost follows what is due and not what is stored: no statement of a day on which everything happens reads a whole table that grows.</summary>
[Trait("Campaign", "crash")] // whose day it is
[Trait("Store", "Sqlite")] // asks both databases by itself
public sealed class QueryPlanTests(CrashCampaignTests.Undisturbed undisturbed) : IClassFixture<CrashCampaignTests.Undisturbed>
{
    private static readonly string[] Growing =
    [
        "transactions", "identities", "sightings", "cases", "suppressions", "mails", "responses", "attempts", "bounces", "lists", "list_entries", "withdrawals", "ledger", "handed_over", "files",
    ];

    [Fact]
    public void InSqlite()
    {
        using var connection = new SqliteConnection($"Data Source={undisturbed.Eve.Store};Pooling=False");
        connection.Open();
        Execute(connection, SqlText.Statements("Sqlite")["cases.create_due"]);
        var scans = new List<string>();
        foreach (var (name, text) in Statements("Sqlite"))
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"EXPLAIN QUERY PLAN {text}";
            foreach (var parameter in Statement.ParametersOf(text))
            {
                command.Parameters.AddWithValue(parameter, DBNull.Value);
            }

            using var plan = command.ExecuteReader();
            while (plan.Read())
            {
                var step = plan.GetString(3);
                if (step.StartsWith("SCAN ", StringComparison.Ordinal) && !step.Contains(" USING ", StringComparison.Ordinal) && Growing.Contains(Table(text, step.Split(' ')[1])))
                {
                    scans.Add($"{name}: {step}");
                }
            }
        }

        Assert.Empty(scans);
    }

    [Fact]
    public async Task InPostgres()
    {
        using var world = new World(postgres: true);
        await world.CycleAsync("2026-03-02");
        await using var connection = new NpgsqlConnection(world.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        Execute(connection, "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan;" + PostgresDatabase.InWordsOfPostgres(SqlText.Statements("Postgres")["cases.create_due"]));
        var scans = new List<string>();
        foreach (var (name, text) in Statements("Postgres"))
        {
            var parameters = Statement.ParametersOf(text).Count;
            Execute(connection, $"PREPARE p AS {PostgresDatabase.InWordsOfPostgres(text)}");
            await using (var command = new NpgsqlCommand($"EXPLAIN EXECUTE p{(parameters == 0 ? "" : $"({string.Join(',', Enumerable.Repeat("NULL", parameters))})")}", connection))
            {
                await using var plan = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
                while (await plan.ReadAsync(TestContext.Current.CancellationToken))
                {
                    var step = plan.GetString(0).Trim().Replace("->", "", StringComparison.Ordinal).Trim();
                    if (step.StartsWith("Seq Scan on ", StringComparison.Ordinal) && Growing.Contains(step.Split(' ')[3]))
                    {
                        scans.Add($"{name}: {step[..step.IndexOf("  ", StringComparison.Ordinal)]}");
                    }
                }
            }

            Execute(connection, "DEALLOCATE p");
        }

        Assert.Empty(scans);
    }

    /// <summary>All statements of the day but those that look at the first row, or the last, of a table.</summary>
    private IEnumerable<(string Name, string Text)> Statements(string dialect)
    {
        var statements = SqlText.Statements(dialect);
        return undisturbed.Moments.Where(m => m.StartsWith("statement ", StringComparison.Ordinal)).Select(m => m["statement ".Length..]).Distinct()
            .Where(statements.ContainsKey).Where(n => n != "cases.create_due").Select(n => (Name: n, Text: statements[n]))
            .Where(s => !s.Text.EndsWith("LIMIT 1", StringComparison.Ordinal) || s.Text.Contains("WHERE", StringComparison.Ordinal));
    }

    /// <summary>The table behind an alias.</summary>
    private static string Table(string text, string alias) =>
        System.Text.RegularExpressions.Regex.Match(text, $@"\b(?:FROM|JOIN)\s+(\w+)(?:\s+AS)?\s+{alias}\b") is { Success: true } named ? named.Groups[1].Value : alias;

    private static void Execute(System.Data.Common.DbConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
