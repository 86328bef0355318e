using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using SurveyDispatcher.Storage;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.Storage;

/// <summary>Whatever somebody changes in a store past the program, <c>verify</c> finds it and names it; and it finds nothing where nothing was changed.</summary>
[Trait("Store", "Sqlite")] // in SQLite's words, on a copy of the file
public sealed class TamperingTests(TamperingTests.LivedStore store) : IClassFixture<TamperingTests.LivedStore>
{
    private const string Undone = "DROP TRIGGER ledger_no_update; DROP TRIGGER ledger_no_delete; ";
    private const string CaseOf = "(SELECT id FROM transactions WHERE transaction_id = ";

    [Fact]
    public async Task AStoreThatNobodyTouchedHolds()
    {
        var ended = await store.VerifyAsync("");

        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.StartsWith("All holds: 9 transactions, 8 cases, ", ended.Output, StringComparison.Ordinal);
    }

    [Theory]
    // the ledger
    [InlineData("UPDATE ledger SET day = '2026-03-04' WHERE seq = 5", "chain is broken at line 5")]
    [InlineData("UPDATE ledger SET detail = '{\"contact\":\"reminder\"}' WHERE seq = 12", "chain is broken at line 12")]
    [InlineData("UPDATE ledger SET policy_id = 2 WHERE seq = 3", "chain is broken at line 3")]
    [InlineData("UPDATE ledger SET case_id = 2 WHERE seq = 3", "chain is broken at line 3")]
    [InlineData("DELETE FROM ledger WHERE seq = 4", "line 4 is missing; 5 comes next")]
    [InlineData("DELETE FROM ledger WHERE seq > (SELECT max(seq) - 2 FROM ledger)", "The ledger's last lines are missing: cycle 5 (as of 2026-04-20) ended with line ")]
    [InlineData("DELETE FROM ledger", "The ledger's last lines are missing: cycle 1 (as of 2026-03-02) ended with line ")]
    [InlineData("DELETE FROM ledger WHERE cycle_id = 5; DELETE FROM cycles WHERE id = 5", "3 new responses were read from files, but the ledger has 2")]
    // the record of the cycles, which the gap guard relies on
    [InlineData("UPDATE cycles SET day = '2026-03-20' WHERE id = 2", "The record of cycle 2 (as of 2026-03-05) was changed: it is dated 2026-03-20")]
    [InlineData("UPDATE cycles SET policy_id = 7 WHERE id = 2", "The record of cycle 2 (as of 2026-03-05) was changed: its policy is 7")]
    [InlineData("DELETE FROM cycles WHERE id = 3", "Cycle 3 is missing")]
    [InlineData("DELETE FROM cycles WHERE id = 5", "of which there is no record")]
    [InlineData("UPDATE cycles SET counts = '{}' WHERE id = 3", "no longer says with which line the ledger ended")]
    [InlineData("UPDATE cycles SET counts = 'nothing' WHERE id = 3", "no longer says with which line the ledger ended")]
    [InlineData("UPDATE cycles SET counts = json_set(counts, '$.seal.ledgerHead', '00') WHERE id = 3", "is not the one with which cycle 3 (as of 2026-03-09) ended")]
    // the rules
    [InlineData("UPDATE policies SET programme = replace(programme, '\"restDays\":0', '\"restDays\":9')", "Policy 1 was changed")]
    [InlineData("UPDATE policy_changes SET day = '2026-03-01'", "with cycle 1 (as of 2026-03-02) policy 1 came into force, and it does not say so")]
    [InlineData("DELETE FROM policy_changes", "with cycle 1 (as of 2026-03-02) policy 1 came into force, and it does not say so")]
    [InlineData("INSERT INTO policy_changes (cycle_id, policy_id, before_id, day) VALUES (3, 2, 1, '2026-03-09')", "policy 2 came into force with cycle 3, and it did not")]
    // who was drawn for
    [InlineData("INSERT INTO samples VALUES (" + CaseOf + "'RENTAL'), 500000, 1, 1)", "What sampling said of transaction ")]
    [InlineData("INSERT INTO samples VALUES (99, 500000, 0, 1)", "What sampling said of transaction 99 was changed")]
    [InlineData("INSERT INTO samples VALUES (" + CaseOf + "'RENTAL'), 500000, 0, 9)", "What sampling said of transaction ")]
    // who may be asked
    [InlineData("UPDATE transactions SET reason = NULL, failed_rules = 0 WHERE transaction_id = 'RENTAL'", "on record as eligible, but the ledger's line")]
    [InlineData("UPDATE transactions SET reason = 'opted_out', failed_rules = 256 WHERE transaction_id = 'RENTAL'", "on record as screened out (opted_out), but the ledger's line")]
    [InlineData("UPDATE transactions SET failed_rules = 1 WHERE transaction_id = 'RENTAL'", "the rules that failed do not begin with that")]
    [InlineData("UPDATE transactions SET screened_on = '2026-03-01' WHERE transaction_id = 'RENTAL'", "on record as screened on 2026-03-01")]
    [InlineData("UPDATE transactions SET policy_id = 2 WHERE transaction_id = 'RENTAL'", "under policy 2, but the ledger's line")]
    [InlineData("UPDATE transactions SET event_date = '2026-02-11' WHERE transaction_id = 'MAILED'", "event 2026-02-10) differs from its transaction (AU sales, event 2026-02-11)")]
    [InlineData("DELETE FROM transactions WHERE transaction_id = 'RENTAL'", "9 new rows were read from extracts, but there are 8 transactions")]
    [InlineData("DELETE FROM suppressions WHERE flags = 2", "Suppressions are missing")]
    [InlineData("UPDATE suppressions SET flags = 0 WHERE flags = 2", "but with fewer marks")]
    [InlineData("DELETE FROM suppressions WHERE hash = (SELECT to_hash FROM mails WHERE case_id = " + CaseOf + "'DEAD') AND contact = 1); INSERT INTO suppressions VALUES (1, 2, '2026-03-02')", "found its address dead, but the address is not on the suppression list")]
    // where a case stands
    [InlineData("UPDATE cases SET state = 'waiting', invited_on = NULL, reminded_on = NULL WHERE id = " + CaseOf + "'MAILED')", "differs from its ledger: stored waiting")]
    [InlineData("UPDATE cases SET call_until = '2026-05-01' WHERE id = " + CaseOf + "'CALLED')", "differs from its ledger")]
    [InlineData("UPDATE cases SET next_look_on = '2026-09-01' WHERE id = " + CaseOf + "'LATER')", "is to be looked at again on 2026-09-01; its plan says 2026-04-30 at the latest")]
    [InlineData("UPDATE questions SET question = CASE question WHEN 'overall' THEN 'salesperson' ELSE 'overall' END WHERE question IN ('overall', 'salesperson')", "answers")]
    [InlineData("DELETE FROM endings WHERE id = " + CaseOf + "'ANSWERED')", "is over, but no ending is on record")]
    [InlineData("INSERT INTO endings (id, ended_on) VALUES (" + CaseOf + "'LATER'), '2026-03-01')", "is not over, but retention was told that it is")]
    [InlineData("UPDATE cases SET next_look_on = NULL WHERE id = " + CaseOf + "'LATER')", "no day is set to look at it again")]
    [InlineData("UPDATE cases SET next_look_on = '2026-03-02' WHERE state = 'completed'", "has ended, but is to be looked at again")]
    [InlineData("UPDATE cases SET market = 'NZ' WHERE id = " + CaseOf + "'MAILED')", "differs from its transaction")]
    [InlineData("DELETE FROM cases WHERE id = " + CaseOf + "'LATER')", "is eligible but has no case")]
    // what went out
    [InlineData("UPDATE mails SET state = 'queued', settled_in = NULL WHERE contact = 1 AND case_id = " + CaseOf + "'MAILED')", "the invitation is on record as queued, but the ledger has 1 acceptance(s)")]
    [InlineData("UPDATE mails SET settled_in = NULL WHERE contact = 1 AND case_id = " + CaseOf + "'MAILED')", "as accepted, and as still open")]
    [InlineData("UPDATE mails SET settled_in = 4 WHERE contact = 2 AND case_id = " + CaseOf + "'MAILED')", "the reminder is on record as settled by cycle 4")]
    [InlineData("DELETE FROM mails WHERE contact = 2 AND case_id = " + CaseOf + "'MAILED')", "tells of the reminder, but there is no such mail")]
    [InlineData("INSERT INTO mails (case_id, contact, market, state, planned_on, settled_in) VALUES (" + CaseOf + "'LATER'), 1, 'AU', 'accepted', '2026-03-02', 1)", "the invitation is on record as accepted, but the ledger has 0 acceptance(s)")]
    [InlineData("INSERT INTO mails (case_id, contact, market, state, planned_on) VALUES (99, 1, 'AU', 'queued', '2026-03-02')", "Mails, lists or replies tell of case 99, but there is no such case")]
    [InlineData("DELETE FROM list_entries WHERE case_id = " + CaseOf + "'CALLED')", "The list phone_AU_sales_20260302_01.csv had 2 rows, but 1 are on record")]
    [InlineData("DELETE FROM list_entries WHERE case_id = " + CaseOf + "'CALLED'); UPDATE lists SET rows = 1 WHERE id = 1", "it stands on 0 phone list(s), but the ledger has 1 hand-over(s)")]
    [InlineData("UPDATE list_entries SET call_until = '2026-03-03' WHERE list_id = 1", "until 2026-03-03 for no_email, but the ledger says")]
    [InlineData("UPDATE list_entries SET reason = 'no_response' WHERE list_id = 1", "for no_response, but the ledger says")]
    [InlineData("UPDATE lists SET state = 'planned' WHERE id = 1", "it stands on 0 phone list(s), but the ledger has 1 hand-over(s)")]
    [InlineData("DELETE FROM withdrawals", "had 1 rows, but 0 are on record")]
    [InlineData("UPDATE withdrawals SET reason = 'refused' WHERE reason = 'completed'", "told to leave it in AU for refused, but the ledger says completed")]
    [InlineData("UPDATE withdrawals SET list_id = 1", "which is no list of withdrawals of its market")]
    // what came back
    [InlineData("DELETE FROM responses", "0 response(s) are kept, but the ledger has 1")]
    [InlineData("UPDATE responses SET status = 'partial', duplicate_of = NULL", "kept as web partial")]
    [InlineData("UPDATE responses SET answers = replace(answers, '5', '4')", "are not those that came in")]
    [InlineData("UPDATE responses SET duplicate_of = id", "its first complete response is kept as a duplicate")]
    [InlineData("UPDATE responses SET late = 1", "late, completed 2026-03-04, but the ledger says web complete, 2026-03-05")]
    [InlineData("DELETE FROM attempts", "call results are kept as nothing, but the ledger says 2.20")]
    [InlineData("UPDATE attempts SET code = '2.11'", "call results are kept as 2.11, but the ledger says 2.20")]
    [InlineData("UPDATE attempts SET final = 1", "call results are kept as 2.20 final, but the ledger says 2.20")]
    [InlineData("UPDATE bounces SET case_id = NULL", "came back 1 time(s), but 0 report(s) are kept")]
    // the sums
    [InlineData("UPDATE files SET rows_quarantined = 1, rows_unchanged = rows_unchanged - 1 WHERE name = 'a.csv'", "1 row(s) of dms/a.csv are said to be in quarantine, but 0 are there")]
    [InlineData("UPDATE files SET rows_rejected = rows_rejected + 1 WHERE name = 'a.csv'", "The sum of dms/a.csv does not close: 10 rows were read, but 8 are new, 0 updated, 0 unchanged and 3 rejected (0 wait in the quarantine)")]
    [InlineData("UPDATE tallies SET count = count + 1 WHERE what = 'new'", "new transactions were counted by dealer")]
    [InlineData("UPDATE files SET rows_new = 0, rows_unchanged = 1 WHERE kind = 'responses' AND rows_new = 1", "new responses were read from files, but the ledger has")]
    [InlineData("DELETE FROM files WHERE kind = 'dispositions'", "0 new call results were read from files, but the ledger has 1")]
    // what status shows without counting anew
    [InlineData("UPDATE movements SET transactions = transactions + 1 WHERE day = '2026-03-02' AND survey = 'sales'", "are counted as Transactions of AU sales, and the store holds")]
    [InlineData("UPDATE movements SET with_vendor = with_vendor - 1 WHERE day = '2026-03-02' AND survey = 'sales'", "are counted as with_vendor of AU sales, and the store holds")]
    [InlineData("UPDATE movements SET mails_bounced = 7 WHERE day = (SELECT min(day) FROM movements)", "What status shows was changed: 7 are counted as MailsBounced of AU sales on 2026-03-02, and the store holds")]
    [InlineData("UPDATE movements SET vendor_reports = 0", "What status shows was changed: 0 are counted as VendorReports of AU sales on ")]
    [InlineData("DELETE FROM movements", "What status shows was changed: 0 are counted as Transactions of AU sales, and the store holds")]
    [InlineData("UPDATE reasons SET count = count + 1 WHERE kind = 'closed'", "are counted as closed for ")]
    [InlineData("DELETE FROM reasons WHERE kind = 'screened_out'", "What status shows was changed: 0 are counted as screened_out for ")]
    // values that nothing of ours writes
    [InlineData("UPDATE cases SET state = 'asleep' WHERE id = 1", "asleep")]
    [InlineData("UPDATE list_entries SET call_until = 'soon' WHERE list_id = 1", "The lists hold what no cycle could have written there")]
    [InlineData("UPDATE responses SET completed_at = 'once'", "The responses hold what no cycle could have written there")]
    // nothing but the lock
    [InlineData("", "the triggers ledger_no_update and ledger_no_delete were dropped")]
    public async Task WhateverIsChangedIsFoundAndNamed(string sql, string named)
    {
        var ended = await store.VerifyAsync(Undone + sql);

        Assert.Equal(1, ended.Code);
        Assert.Contains(named, ended.Output, StringComparison.Ordinal);
        Assert.Contains("restore the last backup that verifies", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("alice", ended.Output, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whoever can write the store can compute hashes as well: a chain that is whole again is not the one with which the cycles ended.</summary>
    [Theory]
    [InlineData("UPDATE ledger SET detail = replace(detail, 'complete', 'refused') WHERE kind = 'Responded'", "The ledger was written anew: its line")]
    [InlineData("DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger WHERE kind = 'MailAccepted'); CREATE TABLE t AS SELECT row_number() OVER (ORDER BY seq), case_id, day, kind, detail, cycle_id, policy_id, hash FROM ledger; DELETE FROM ledger; INSERT INTO ledger SELECT * FROM t; DROP TABLE t", "The ledger was written anew: its line")]
    [InlineData("UPDATE ledger SET seq = -seq; UPDATE ledger SET seq = 1 - seq; INSERT INTO ledger SELECT 1, case_id, day, kind, detail, cycle_id, policy_id, hash FROM ledger WHERE seq = 2", "is not the one with which cycle 1 (as of 2026-03-02) ended")]
    public async Task AChainThatWasMadeAnewIsFound(string sql, string named)
    {
        var ended = await store.VerifyAsync(Undone + sql, Rechain);

        Assert.Equal(1, ended.Code);
        Assert.Contains(named, ended.Output, StringComparison.Ordinal);
    }

    /// <summary>And who computes the seals as well still has to change every table that a fact has left a trace in.</summary>
    [Theory]
    [InlineData("UPDATE ledger SET detail = replace(detail, '\"complete\"', '\"refused\"') WHERE kind = 'Responded'", "differs from its ledger: stored completed")]
    [InlineData("UPDATE ledger SET kind = 'CallReported', detail = '{\"code\":\"3.11\",\"final\":\"no\",\"otherNumber\":\"no\"}' WHERE kind = 'CallReported'", "call results are kept as 2.20, but the ledger says 3.11")]
    [InlineData("UPDATE ledger SET detail = '{\"code\":\"7\",\"final\":\"no\",\"otherNumber\":\"no\"}' WHERE kind = 'CallReported'", "The ledger of transaction")]
    [InlineData("UPDATE ledger SET detail = '{}' WHERE kind = 'CallReported'", "The ledger holds what no cycle could have written there")]
    [InlineData("UPDATE ledger SET detail = '{\"reason\":\"opted_out\"}' WHERE kind = 'ScreenedOut'", "screened out (customer_type_excluded), but the ledger's line")]
    [InlineData("UPDATE ledger SET kind = 'MailAccepted', detail = '{\"contact\":\"invitation\"}' WHERE seq = 1", "Transaction 1 (AU MAILED) was found eligible, but the ledger does not say so")]
    [InlineData("UPDATE ledger SET case_id = 99 WHERE kind = 'Responded'", "differs from its ledger: stored completed")]
    [InlineData("UPDATE ledger SET day = '2026-03-03' WHERE kind = 'Responded'; UPDATE ledger SET cycle_id = 9 WHERE kind = 'Responded'", "was written by cycle 9, of which there is no record")]
    [InlineData("UPDATE ledger SET cycle_id = 1 WHERE kind = 'Responded'", "says that cycle 1 (as of 2026-03-02) wrote it, but that had ended")]
    public async Task AForgerOfTheSealsIsFoundByWhatTheTablesSay(string sql, string named)
    {
        var ended = await store.VerifyAsync(Undone + sql, c =>
        {
            Rechain(c);
            Run(c, "UPDATE cycles SET counts = json_set(counts, '$.seal.ledgerHead', (SELECT lower(hex(hash)) FROM ledger WHERE seq = json_extract(counts, '$.seal.ledgerLines')))");
        });

        Assert.Equal(1, ended.Code);
        Assert.Contains(named, ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Output + ended.Error, StringComparison.Ordinal);
    }

    /// <summary>A page that no query of a cycle happens to touch is found all the same.</summary>
    [Fact]
    public async Task ADamagedPageIsFoundWhereverItLies()
    {
        var bytes = store.Pristine;
        for (var page = 1; page < bytes.Length / 4096; page += 7)
        {
            var damaged = (byte[])bytes.Clone();
            damaged.AsSpan(page * 4096, 4096).Clear();

            var ended = await store.VerifyAsync("", bytes: damaged);

            Assert.True(ended.Code == 1, $"page {page + 1}");
            Assert.Contains("damaged", ended.Error, StringComparison.Ordinal);
        }
    }

    private static void Rechain(SqliteConnection connection)
    {
        using var read = connection.CreateCommand();
        read.CommandText = "SELECT seq, case_id, day, kind, detail, cycle_id, policy_id FROM ledger ORDER BY seq";
        var hashes = new List<(long Seq, byte[] Hash)>();
        using (var r = read.ExecuteReader())
        {
            byte[] previous = [];
            while (r.Read())
            {
                previous = Ledger.HashOf(previous, r.GetInt64(0), r.GetInt64(1), World.Day(r.GetString(2)), r.GetString(3), r.GetString(4), r.GetInt64(5), r.GetInt64(6));
                hashes.Add((r.GetInt64(0), previous));
            }
        }

        hashes.ForEach(h => Run(connection, string.Create(CultureInfo.InvariantCulture, $"UPDATE ledger SET hash = x'{Convert.ToHexString(h.Hash)}' WHERE seq = {h.Seq}")));
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Five cycles in which something of everything has happened.</summary>
    public sealed class LivedStore : IAsyncLifetime
    {
        private readonly World world = new();

        public byte[] Pristine { get; private set; } = [];

        public async ValueTask InitializeAsync()
        {
            static Row Of(string name, int n) => Row.Sale with { Transaction = name, Event = "2026-02-10", Email = $"alice{n}@mail.example", Phone1 = $"0412 345 67{n}" };
            world.Extract("a.csv",
                Of("MAILED", 1), Of("DEAD", 2), Of("ANSWERED", 3), Of("CALLED", 4) with { Email = "" }, Of("WITHDRAWN", 5) with { Email = "" },
                Of("RENTAL", 6) with { Customer = "rental" }, Of("CALLER", 8),
                Row.Service with { Transaction = "VISIT", Email = "alice9@mail.example", Phone1 = "0412 345 679" },
                Of("BAD", 0) with { Vin = "short" }, Of("WORSE", 0) with { Event = "yesterday" });
            await world.CycleAsync("2026-03-02");

            world.Drop("bounces", "dead.eml", Bounce(world.Mails().Single(m => m.To == "alice2@mail.example")));
            const string header = "case_id,mode,status,completed_at,overall,recommend,most_familiar\n";
            world.Drop("responses", "r.csv", $"{header}{await world.CaseIdAsync("ANSWERED")},web,complete,2026-03-04T18:30:00+00:00,5,10,yes\n");
            world.Calls("c.csv", $"{await world.CaseIdAsync("CALLED")},1,2026-03-03T10:00:00+11:00,,2.20,,");
            world.OptOut("o.csv", "email", "alice8@mail.example");
            await world.CycleAsync("2026-03-05");
            world.Drop("responses", "r2.csv", $"{header}{await world.CaseIdAsync("WITHDRAWN")},web,complete,2026-03-08T18:30:00+00:00,5,10,yes\n");
            await world.CycleAsync("2026-03-09");
            await world.CycleAsync("2026-03-17");
            world.Responses("r3.csv", header + $"{await world.CaseIdAsync("VISIT")},web,refused,2026-04-19T00:00:00+00:00,,,");
            world.Extract("b.csv", Of("LATER", 7) with { Event = "2026-04-15" });
            await world.CycleAsync("2026-04-20");
            Pristine = await File.ReadAllBytesAsync(world.Store);
            Assert.False(File.Exists(world.Store + "-wal"));
        }

        public ValueTask DisposeAsync()
        {
            world.Dispose();
            return ValueTask.CompletedTask;
        }

        internal async Task<Ended> VerifyAsync(string sql, Action<SqliteConnection>? then = null, byte[]? bytes = null)
        {
            File.Delete(world.Store + "-wal");
            File.Delete(world.Store + "-shm");
            await File.WriteAllBytesAsync(world.Store, bytes ?? Pristine);
            if (sql.Length > 0)
            {
                await using var connection = new SqliteConnection($"Data Source={world.Store};Pooling=False");
                connection.Open();
                Run(connection, sql);
                then?.Invoke(connection);
            }

            return await world.RunAsync("verify");
        }

        private static byte[] Bounce(Letter to) => Encoding.UTF8.GetBytes(string.Join("\r\n",
            "From: MAILER-DAEMON@mail.example", "To: bounces@cvp.example", "Subject: Undelivered", "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "", "--b", "Content-Type: text/plain", "", "Sorry.",
            "--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mail.example", "", $"Final-Recipient: rfc822; {to.To}",
            "Action: failed", "Status: 5.1.1", "", "--b", "Content-Type: text/rfc822-headers", "", $"Message-ID: {to.MessageId}", "", "--b--", ""));
    }
}
