using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using SurveyDispatcher.Cli;
using SurveyDispatcher.Tests.Storage;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Head office's machine in a temporary folder: a data directory, a copy of the shipped configuration, and the command line.</summary>
/// <remarks>Files settle at once and gaps are wide open, unless a test is about these: settings live in files, never in the environment, but that <see cref="Child"/> takes the pool from a store in PostgreSQL.</remarks>
internal sealed class World : IDisposable
{
    /// <summary>The environment variable that puts all worlds on PostgreSQL (<c>PostgreSql</c>); else each has a file.</summary>
    public const string StoreVariable = "TEST_STORE";

    private readonly TimeProvider time;
    private readonly string? database;

    /// <summary>A world on the shipped programme, changed as a test needs it.</summary>
    /// <param name="programme">Changes programme.json.</param>
    /// <param name="settings">Changes appsettings.json.</param>
    /// <param name="whole">All ten markets. Else the four that speak English only: compiling the texts of seven languages takes most of a cycle.</param>
    /// <param name="time">Whose pauses and time-outs count; else the clock stands still and pauses are real ones.</param>
    /// <param name="postgres">The store is a database of PostgreSQL, and connections to it end as they do by default; else the environment says.</param>
    public World(Action<JsonNode>? programme = null, Action<JsonNode>? settings = null, bool whole = false, TimeProvider? time = null, bool? postgres = null)
    {
        database = postgres ?? (Environment.GetEnvironmentVariable(StoreVariable) == "PostgreSql") ? Postgres.NewDatabase(pooled: postgres is null) : null;
        this.time = time ?? new Still();
        Root = Directory.CreateTempSubdirectory("survey-world-").FullName;
        Data = Path.Combine(Root, "var");
        Config = Path.Combine(Root, "config");
        foreach (var file in Directory.EnumerateFiles(ShippedConfig, "*", SearchOption.AllDirectories))
        {
            if (!whole && Path.GetRelativePath(ShippedConfig, file) is var name && name.EndsWith("messages.json", StringComparison.Ordinal)
                && !name.Contains("en/", StringComparison.Ordinal))
            {
                continue;
            }

            var target = Path.Combine(Config, Path.GetRelativePath(ShippedConfig, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        Edit("appsettings.json", json =>
        {
            json["Data"]!["SettleSeconds"] = 0;
            json["Data"]!["MaxGapDays"] = 3650;
            json["Mail"]!["RetrySeconds"] = 0;
            NameStore(json);
            settings?.Invoke(json);
        });
        Edit("programme.json", json =>
        {
            foreach (var code in whole ? [] : new[] { "IN", "CN", "TW", "ID", "VN", "JP" })
            {
                json["markets"]!.AsObject().Remove(code);
            }

            programme?.Invoke(json);
        });
    }

    private World(World other)
    {
        database = other.database is null ? null : Postgres.NewDatabase(like: other.database);
        time = other.time;
        Root = Directory.CreateTempSubdirectory("survey-world-").FullName;
        Data = Path.Combine(Root, "var");
        Config = Path.Combine(Root, "config");
        foreach (var file in Directory.EnumerateFiles(other.Root, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(Root, Path.GetRelativePath(other.Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        Edit("appsettings.json", NameStore);
    }

    public static string Project { get; } = FindProject();

    public static string ShippedConfig { get; } = Path.GetFullPath(Path.Combine(Project, "..", "..", "config"));

    /// <summary>The program as it was built, for what only a process of its own can show.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "SurveyDispatcher.dll");

    public string Root { get; }

    public string Data { get; }

    public string Config { get; }

    public string Store => Path.Combine(Data, "survey.db");

    /// <summary>The database of PostgreSQL.</summary>
    public string ConnectionString => database!;

    /// <summary>Whether the store is a database of PostgreSQL.</summary>
    public bool IsOnPostgres => database is not null;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        if (database is not null)
        {
            Postgres.Drop(database);
        }

        Directory.Delete(Root, recursive: true);
    }

    /// <summary>Changes a JSON file of the configuration.</summary>
    public void Edit(string file, Action<JsonNode> change)
    {
        var path = Path.Combine(Config, file);
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        change(json);
        File.WriteAllText(path, json.ToJsonString());
    }

    /// <summary>Another world that has come as far as this one: the same configuration, the same store, the same files.</summary>
    public World Copy() => new(this);

    public string In(params string[] parts) => Path.Combine([Data, .. parts]);

    public string Drop(string kind, string name, string content) => Drop(kind, name, Encoding.UTF8.GetBytes(content));

    public string Drop(string kind, string name, byte[] content)
    {
        var path = In("inbox", kind, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>Drops an extract.</summary>
    public void Extract(string name, params ReadOnlySpan<Row> rows) => Drop("dms", name, Row.File(rows));

    public void Responses(string name, params string[] lines) => Drop("responses", name, string.Join('\n', lines) + "\n");

    public void Calls(string name, params string[] lines) =>
        Drop("dispositions", name, "case_id,attempt,attempted_at,phone,code,final,note\n" + string.Join('\n', lines) + "\n");

    public void OptOut(string name, string kind, string value) => Drop("optouts", name, $"kind,value\n{kind},{value}\n");

    /// <summary>Runs the command line on this world.</summary>
    public Task<Ended> RunAsync(params string[] args) => RunAsync(time, args);

    /// <summary>The same by another clock.</summary>
    public async Task<Ended> RunAsync(TimeProvider time, params string[] args)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var code = await CommandLine.RunAsync([.. args, "--config", Config, "--data", Data], output, error, time);
        return new Ended(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs a cycle that must go well, and returns its counts.</summary>
    public async Task<JsonElement> CycleAsync(string asOf, params string[] more)
    {
        var ended = await RunAsync(["cycle", "--as-of", asOf, "--json", .. more]);
        Assert.True(ended.Code == 0, $"Cycle {asOf} ended with {ended.Code}: {ended.Error}");
        return ended.Json;
    }

    /// <summary>The store must agree with itself.</summary>
    public async Task HoldsAsync()
    {
        var verified = await RunAsync("verify");
        Assert.True(verified.Code == 0, verified.Output + verified.Error);
    }

    /// <summary>Everything that others see of a cycle: tables, mails, lists, the rejects of an extract, archive. The store must agree with itself.</summary>
    public async Task<string> StoryAsync(string extract)
    {
        await HoldsAsync();
        var text = new StringBuilder();
        foreach (var table in new[] { "cases", "screening" })
        {
            text.Append((await RunAsync("export", table)).Output);
        }

        Mails().ForEach(m => text.AppendLine(m.ToString()));
        PhoneRows().ForEach(r => text.AppendJoin('|', r.Values).AppendLine());
        foreach (var folder in new[] { "inbox", "taking", "archive", "failed", "rejects", "outbox", "mail" })
        {
            text.AppendJoin('\n', Names(folder).Prepend(folder)).AppendLine();
        }

        return text.Append(await File.ReadAllTextAsync(In("rejects", extract + ".rejects.csv"))).ToString();
    }

    /// <summary>Runs one cycle on each day, first and last included.</summary>
    public async Task DailyAsync(string from, string to)
    {
        for (var day = Day(from); day <= Day(to); day = day.AddDays(1))
        {
            await CycleAsync($"{day:yyyy-MM-dd}");
        }
    }

    /// <summary>An export, one dictionary a row.</summary>
    public async Task<List<Dictionary<string, string>>> ExportAsync(string what)
    {
        var ended = await RunAsync("export", what);
        Assert.True(ended.Code == 0, ended.Error);
        return Csv.Table(ended.Output);
    }

    /// <summary>The case of a transaction as <c>export cases</c> has it.</summary>
    public async Task<Dictionary<string, string>> CaseAsync(string transaction = "T1") =>
        Assert.Single(await ExportAsync("cases"), c => c["transaction_id"] == transaction);

    /// <summary>State and reason of a transaction's case, such as <c>closed refused</c>.</summary>
    public async Task<string> StateAsync(string transaction = "T1")
    {
        var c = await CaseAsync(transaction);
        return $"{c["state"]} {c["close_reason"]}".TrimEnd();
    }

    public async Task<string> CaseIdAsync(string transaction = "T1") => (await CaseAsync(transaction))["case_id"];

    /// <summary>The verdict on a transaction, such as <c>eligible</c> or <c>screened_out window_passed</c>.</summary>
    public async Task<string> ScreenedAsync(string transaction = "T1")
    {
        var row = Assert.Single(await ExportAsync("screening"), r => r["transaction_id"] == transaction);
        return $"{row["outcome"]} {row["reason"]}".TrimEnd();
    }

    public List<Letter> Mails() => Files("mail", "*.eml").ConvertAll(Letter.Read);

    public List<string> Files(string folder, string pattern = "*") => Directory.Exists(In(folder))
        ? [.. Directory.GetFiles(In(folder), pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
        : [];

    public List<string> Names(string folder, string pattern = "*") => Files(folder, pattern).ConvertAll(f => Path.GetRelativePath(In(folder), f));

    /// <summary>All rows of all phone lists, in order of file, with the file's name as <c>file</c>.</summary>
    public List<Dictionary<string, string>> PhoneRows() => ListRows("phone_*.csv");

    public List<Dictionary<string, string>> WithdrawalRows() => ListRows("withdrawals_*.csv");

    public List<Dictionary<string, string>> Rejects(string name) => Csv.Table(File.ReadAllText(In("rejects", name + ".rejects.csv")));

    /// <summary>A hash of every name and every byte below the data directory.</summary>
    public string Fingerprint()
    {
        var text = new StringBuilder();
        foreach (var path in Directory.EnumerateFileSystemEntries(Data, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            text.Append(Path.GetRelativePath(Data, path)).Append(' ')
                .AppendLine(Directory.Exists(path) ? "folder" : Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
        }

        return text.ToString();
    }

    /// <summary>Does to the store what the program would never do.</summary>
    public int Tamper(string sql)
    {
        if (database is not null)
        {
            return Postgres.Execute(database, sql.Replace("x''", "''::bytea", StringComparison.Ordinal));
        }

        using var connection = new SqliteConnection($"Data Source={Store};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    /// <summary>The store as a program that did not know the steps of the schema behind 8 would have left it.</summary>
    public void BackToSchema8()
    {
        foreach (var table in new[]
        {
            "policy_changes", "policy_confirmations", "strata", "samples", "movements", "reasons", "counting", "file_shapes", "mail_stages", "list_versions", "acknowledgements", "quarantine",
        })
        {
            Tamper($"DROP TABLE {table}");
        }

        foreach (var (table, column) in new[] { ("cycles", "kind"), ("lists", "cycle_id"), ("lists", "layout"), ("files", "rows_quarantined"), ("mails", "receipt") })
        {
            Tamper($"ALTER TABLE {table} DROP COLUMN {column}");
        }

        Tamper("DROP INDEX cases_with_vendor");
        Tamper("DROP INDEX mails_open");
        Tamper("CREATE INDEX mails_open ON mails (market, id) WHERE settled_in IS NULL");
        Tamper(IsOnPostgres ? "UPDATE schema_version SET version = 8" : "PRAGMA user_version = 8");
    }

    /// <summary>A screen of status with its sentences in one line each.</summary>
    public static string Unwrapped(string screen) => System.Text.RegularExpressions.Regex.Replace(screen, @"\r?\n  (?=\S)", " ");

    /// <summary>The same with the triggers out of the way.</summary>
    public int TamperLedger(string sql) => Tamper(
        database is null
            ? "DROP TRIGGER IF EXISTS ledger_no_update; DROP TRIGGER IF EXISTS ledger_no_delete;" + sql
            : "DROP TRIGGER IF EXISTS ledger_no_update ON ledger; DROP TRIGGER IF EXISTS ledger_no_delete ON ledger;" + sql);

    public string Query(string sql)
    {
        if (database is not null)
        {
            return Postgres.Scalar(database, sql) switch
            {
                DateTime day when day.TimeOfDay == TimeSpan.Zero => $"{day:yyyy-MM-dd}",
                bool yes => yes ? "1" : "0",
                null or DBNull => "",
                var value => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!,
            };
        }

        using var connection = new SqliteConnection($"Data Source={Store};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture) ?? "";
    }

    /// <summary>All rows of a query, their values divided by a bar.</summary>
    public List<string> Rows(string sql)
    {
        using System.Data.Common.DbConnection connection = database is not null ? new Npgsql.NpgsqlConnection(database) : new SqliteConnection($"Data Source={Store};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i) switch
            {
                DateTime at => at.TimeOfDay == TimeSpan.Zero ? $"{at:yyyy-MM-dd}" : $"{at:yyyy-MM-dd HH:mm:ss}+00:00",
                DateOnly day => $"{day:yyyy-MM-dd}",
                DBNull => "",
                var value => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture),
            })));
        }

        return rows;
    }

    public static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    private void NameStore(JsonNode settings)
    {
        if (database is not null)
        {
            settings["Store"]!["Provider"] = "PostgreSql";
            settings["Store"]!["ConnectionString"] = database;
        }
    }

    private List<Dictionary<string, string>> ListRows(string pattern)
    {
        var rows = new List<Dictionary<string, string>>();
        foreach (var file in Files(Path.Combine("outbox", "phone"), pattern))
        {
            foreach (var row in Csv.Table(File.ReadAllText(file)))
            {
                row["file"] = Path.GetFileName(file);
                rows.Add(row);
            }
        }

        return rows;
    }

    private static string FindProject([CallerFilePath] string here = "") => Path.GetDirectoryName(Path.GetDirectoryName(here))!;

    /// <summary>Time stands still: whatever needs a moment is told it with --as-of.</summary>
    private sealed class Still : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 3, 2, 3, 0, 0, TimeSpan.Zero);
    }
}

/// <summary>A machine whose clock is ahead of ours.</summary>
internal sealed class Ahead(TimeSpan by) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
}

/// <summary>How a command line ended.</summary>
internal sealed record Ended(int Code, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;
}

/// <summary>A row of a canonical extract; a test changes what it is about.</summary>
internal sealed record Row
{
    public const string Header = "record_type,country,dealer_code,dealer_name,transaction_id,status,event_date,purchase_date,vin,model,mileage_km,"
        + "customer_type,payment_type,customer_id,customer_name,email,phone_1,phone_2,language,email_opt_out,phone_opt_out,staff_name";

    /// <summary>A sale in Sydney on 2 March 2026: its window opens on 17 March and ends on 6 April.</summary>
    public static Row Sale { get; } = new();

    /// <summary>A warranty visit handed back on 2 March 2026: day 8 is 10 March.</summary>
    public static Row Service { get; } = new() { Type = "service", Payment = "warranty", Transaction = "S1", Purchase = "2025-03-02" };

    public string Type { get; init; } = "sale";
    public string Country { get; init; } = "AU";
    public string Dealer { get; init; } = "AU01";
    public string DealerName { get; init; } = "Harbour Motors";
    public string Transaction { get; init; } = "T1";
    public string Status { get; init; } = "";
    public string Event { get; init; } = "2026-03-02";
    public string Purchase { get; init; } = "";
    public string Vin { get; init; } = "JTDBR32E720012345";
    public string Model { get; init; } = "Heron GT";
    public string Mileage { get; init; } = "";
    public string Customer { get; init; } = "individual";
    public string Payment { get; init; } = "";
    public string Name { get; init; } = "Alice Walker";
    public string Email { get; init; } = "alice@mail.example";
    public string Phone1 { get; init; } = "02 9374 4000";
    public string Phone2 { get; init; } = "";
    public string Language { get; init; } = "";
    public string NoEmail { get; init; } = "";
    public string NoPhone { get; init; } = "";

    public static string File(params ReadOnlySpan<Row> rows)
    {
        var text = new StringBuilder(Header).Append('\n');
        foreach (var row in rows)
        {
            text.Append(row.Line).Append('\n');
        }

        return text.ToString();
    }

    public string Line => string.Join(',', new[]
    {
        Type, Country, Dealer, DealerName, Transaction, Status, Event, Purchase, Vin, Model, Mileage, Customer, Payment, "C1", Name, Email,
        Phone1, Phone2, Language, NoEmail, NoPhone, "Bob Seller",
    }.Select(Csv.Quoted));
}

/// <summary>A mail as it lies in <c>mail/</c>.</summary>
internal sealed record Letter(string Path, Dictionary<string, string> Headers)
{
    public string To => Headers["To"].Trim('<', '>');

    public string Contact => Headers["X-Survey-Contact"];

    public string CaseId => Headers["X-Survey-Case-Id"];

    public string MessageId => Headers["Message-ID"];

    public override string ToString() => $"{Contact} {To}";

    public static Letter Read(string path)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var last = "";
        foreach (var line in System.IO.File.ReadLines(path).TakeWhile(l => l.Length > 0))
        {
            if (line[0] is ' ' or '\t')
            {
                headers[last] += line;
            }
            else
            {
                last = line[..line.IndexOf(':', StringComparison.Ordinal)];
                headers[last] = line[(last.Length + 1)..].Trim();
            }
        }

        return new Letter(path, headers);
    }
}

/// <summary>RFC 4180 read by hand: what reads our files must not be what wrote them.</summary>
internal static class Csv
{
    public static string Quoted(string cell) =>
        cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static List<Dictionary<string, string>> Table(string text)
    {
        var rows = Rows(text.TrimStart('\uFEFF'));
        return [.. rows.Skip(1).Select(r =>
        {
            Assert.Equal(rows[0].Count, r.Count);
            return rows[0].Zip(r).ToDictionary(p => p.First, p => p.Second);
        })];
    }

    public static List<List<string>> Rows(string text)
    {
        var rows = new List<List<string>>();
        var row = new List<string>();
        var cell = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quoted)
            {
                if (c != '"')
                {
                    cell.Append(c);
                }
                else if (i + 1 < text.Length && text[i + 1] == '"')
                {
                    cell.Append('"');
                    i++;
                }
                else
                {
                    quoted = false;
                }
            }
            else if (c == '"')
            {
                quoted = true;
            }
            else if (c is ',' or '\n')
            {
                row.Add(cell.ToString());
                cell.Clear();
                if (c == '\n')
                {
                    rows.Add(row);
                    row = [];
                }
            }
            else if (c != '\r')
            {
                cell.Append(c);
            }
        }

        Assert.False(quoted, "A quote is never closed.");
        Assert.True(row.Count == 0 && cell.Length == 0, "The last line does not end.");
        return rows;
    }
}
