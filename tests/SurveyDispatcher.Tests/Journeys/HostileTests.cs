#pragma warning disable
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using SurveyDispatcher.Tests.Mail;
using SurveyDispatcher.Storage;
using SurveyDispatcher.Tests.Storage;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Three services on one store in PostgreSQL, as on three machines with one folder: one plans, all send, and whatever becomes of one of them nobody is asked twice.</summary>
[Trait("Store", "Sqlite")] // has a store of its own kind, so once is enough
public sealed partial class HostileTests : IAsyncLifetime
{
    private const int Connections = 4;
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly ScriptedServer relay = new((_, command) => command.StartsWith("RCPT TO:<nobody", StringComparison.Ordinal) ? "550 5.1.1 no such user" : null);
    private readonly Cable toRelay;
    private readonly World world;
    private readonly List<Service> services = [];

    public HostileTests()
    {
        toRelay = new Cable(relay.Port, Latency);
        world = new World(
            programme: p =>
            {
                var market = p["markets"]!["AU"]!;
                (market["sales"]!["window"]!["toDay"], market["activeFrom"]) = (90, "2020-01-01");
                (market["sendingHours"]!["from"], market["sendingHours"]!["to"]) = ("00:00", "23:59");
            },
            settings: s =>
            {
                s["Schedule"]!["Cycle"] = "* * * * * ?";
                (s["Mail"]!["Transport"], s["Mail"]!["Host"], s["Mail"]!["Port"], s["Mail"]!["Connections"]) = ("Smtp", "127.0.0.1", toRelay.Port, Connections);
            },
            time: TimeProvider.System, postgres: true);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private int Sent => relay.Messages.Count;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var service in services)
        {
            await service.DisposeAsync();
        }

        toRelay.Dispose();
        await relay.DisposeAsync();
        world.Dispose();
    }


    private static void Signal(Process p, string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{p.Id}"]);
        kill.WaitForExit();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_SigtermOfThePlanner(int nr)
    {
        _ = nr;
        await StartAsync();
        Invite(600);
        await UntilAsync(() => Sent >= 150);
        var planner = services.Single(s => s.Name == Planner());
        Signal(planner.Process, "-TERM");
        await UntilAsync(() => Recipients().Distinct().Count() == 600 && Planner() is null);
        Assert.Equal(600, Sent);
        await CountsAreRightAsync(600);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task B_SigtermOfAHelper(int nr)
    {
        _ = nr;
        await StartAsync();
        Invite(600);
        await UntilAsync(() => Sent >= 150);
        var planner = Planner();
        var helper = services.First(s => s.Name != planner);
        Signal(helper.Process, "-TERM");
        await UntilAsync(() => Recipients().Distinct().Count() == 600 && Planner() is null);
        Assert.Equal(600, Sent);
        await CountsAreRightAsync(600);
        Assert.Equal("1", Convert.ToString(Postgres.Scalar(world.ConnectionString, "SELECT count(DISTINCT cycle_id) || ' cycles: ' || string_agg(DISTINCT cycle_id::text, ',') FROM ledger WHERE kind = 'MailAccepted'"), CultureInfo.InvariantCulture)![..1]);
    }

    /// <summary>As on NFS, where the lock of a dead client lasts for its lease.</summary>
    [Fact]
    public async Task C_TheLockOfADeadMachineIsFreeAfterAWhile()
    {
        await world.RunAsync("cycle");
        var at = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(25);
        var once = $"{at.Second} {at.Minute} {at.Hour} * * ?";
        await StartOneAsync(0, once);
        await StartOneAsync(1, once);
        Invite(600);
        await UntilAsync(() => Sent >= 150);
        var planner = services.Single(s => s.Name == Planner());
        await planner.KillAsync();
        var died = TimeProvider.System.GetTimestamp();
        await using (var held = new FileStream(Path.Combine(world.Data, "cycle.lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            await Task.Delay(TimeSpan.FromSeconds(45), TimeProvider.System, Ct);
        }

        while (TimeProvider.System.GetElapsedTime(died) < TimeSpan.FromSeconds(80) && Recipients().Distinct().Count() < 600)
        {
            await Task.Delay(500, Ct);
        }

        Assert.True(Recipients().Distinct().Count() == 600, $"{Recipients().Distinct().Count()} of 600 after {TimeProvider.System.GetElapsedTime(died)}\n{services[0].Output}\n---\n{services[1].Output}");
    }

    [Fact]
    public async Task D_AFullDiskEndsTheCycle()
    {
        await world.RunAsync("cycle");
        Postgres.Execute(world.ConnectionString, """
            CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.kind = 'MailAccepted' THEN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION full_disk();
            """);
        Invite(5);
        using var process = Child.Start(world, [], ["cycle"]);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(Ct);
            var error = process.StandardError.ReadToEndAsync(Ct);
            var ended = process.WaitForExit(70_000);
            var afterTerm = ended;
            if (!ended)
            {
                Signal(process, "-TERM");
                afterTerm = process.WaitForExit(20_000);
            }

            Assert.True(ended, $"still running after 70 s; ended after SIGTERM and 20 s: {afterTerm}; {Sent} sent");
            Assert.Contains("disk is full", await error, StringComparison.Ordinal);
            _ = output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    [Fact]
    public void E_APlannerDoesNotBuryItself()
    {
        var store = Postgres.NewDatabase();
        using (var database = PostgresDatabase.Open(store, write: true))
        using (var lease = Lease.Take(database, "a:/x", TimeProvider.System))
        {
            Postgres.Execute(store, "UPDATE workers SET until = clock_timestamp() - interval '1 second'"); // stood still, or no connection for the heartbeat
            database.InTransaction(() => lease.Bury());
            database.InTransaction(() => { });
        }
    }

    [Fact]
    public async Task F_TakeAndJoinAtOnceDoNotDeadlock()
    {
        await world.RunAsync("cycle");
        Postgres.Execute(world.ConnectionString, "UPDATE cycles SET sending = 1");
        using var joining = new NpgsqlConnection(world.ConnectionString);
        joining.Open();
        using var t = joining.BeginTransaction();
        new NpgsqlCommand("SELECT 1 FROM cycles WHERE id = 1 AND sending = 1 FOR SHARE", joining).ExecuteNonQuery(); // cycles.still_sending
        using var database = PostgresDatabase.Open(world.ConnectionString, write: true);
        var take = Task.Run(() => Lease.Take(database, "b:/x", TimeProvider.System).Dispose(), Ct);
        await Task.Delay(700, Ct);
        Exception? joined = Record.Exception(() =>
        {
            new NpgsqlCommand("UPDATE lease SET last_worker = last_worker + 1 RETURNING last_worker", joining).ExecuteNonQuery(); // lease.issue
            t.Commit();
        });
        var taken = await Record.ExceptionAsync(() => take);
        Assert.True(joined is null && taken is null, $"join: {joined?.Message}; take: {taken?.Message}");
    }

    [Theory]
    [InlineData("mails.content", 1)]
    [InlineData("mails.content", 4)]
    [InlineData("copy ledger", 2)]
    [InlineData("ledger.lock", 2)]
    [InlineData("mails.settle", 5)]
    [InlineData("commit", 30)]
    public async Task H_AConnectionThatBreaksInTheMailStageLosesNoAnswer(string where, int count)
    {
        await world.RunAsync("cycle");
        Invite(300);
        var (seen, before) = (0, Sent);
        Moment.Before = (what, to) =>
        {
            if (to == where && Sent > 20 && Interlocked.Increment(ref seen) == count)
            {
                Postgres.Execute(world.ConnectionString, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
                Thread.Sleep(300);
            }
        };
        Ended ended;
        try
        {
            ended = await world.RunAsync("cycle");
        }
        finally
        {
            Moment.Before = null;
        }

        Assert.True(seen >= count, "never came");
        var first = $"exit {ended.Code}: {ended.Error} {ended.Output[..Math.Min(500, ended.Output.Length)]}";
        if (ended.Code != 0)
        {
            var again = await world.RunAsync("cycle");
            first += $"\nagain: {again.Code} {again.Error}; sent in all {Sent}, distinct {Recipients().Distinct().Count()}";
        }

        Assert.True(ended.Code == 0 && Sent == 300, first);
        await CountsAreRightAsync(300);
    }


    /// <summary>As when a large file goes on behind its millionth row, or a file server stalls: the first page comes after 17 s.</summary>
    [Fact]
    public async Task I_AFileThatIsReadSlowlyIsTaken()
    {
        await world.RunAsync("cycle");
        Invite(5);
        Moment.Before = (what, to) =>
        {
            if (to == "sightings.any")
            {
                Thread.Sleep(17_000); // on the reading thread
            }
        };
        try
        {
            var ended = await world.RunAsync("cycle");
            Assert.True(ended.Code == 0, ended.Error);
        }
        finally
        {
            Moment.Before = null;
        }
    }

    [Fact]
    public async Task L_WhoCanNotSayThatHeLivesSaysSo()
    {
        world.Edit("appsettings.json", j => j["Mail"]!["Connections"] = 1);
        await world.RunAsync("cycle");
        Invite(1500);
        using var process = Child.Start(world, [], ["cycle"]);
        var output = process.StandardOutput.ReadToEndAsync(Ct);
        var error = process.StandardError.ReadToEndAsync(Ct);
        var name = new NpgsqlConnectionStringBuilder(world.ConnectionString).Database;
        var admin = new NpgsqlConnectionStringBuilder(world.ConnectionString) { Database = "postgres" }.ConnectionString;
        try
        {
            await UntilAsync(() => Sent >= 150);
            await Task.Delay(6000, Ct);
            Postgres.Execute(admin, $"ALTER DATABASE {name} ALLOW_CONNECTIONS false"); // no connection left for the heartbeat
            Postgres.Execute(admin, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid = (SELECT pid FROM pg_stat_activity WHERE datname = '{name}' ORDER BY backend_start DESC LIMIT 1)");
            var sentThen = Sent;
            process.WaitForExit(90_000);
            Postgres.Execute(admin, $"ALTER DATABASE {name} ALLOW_CONNECTIONS true");
            Assert.Fail($"exited {process.HasExited} {(process.HasExited ? process.ExitCode : -1)}; sent {sentThen} then, {Sent} in the end\n{await output}\n{await error}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    [Fact]
    public void K_RateOfSkipping()
    {
        var path = Path.Combine(world.Root, "big.csv");
        File.WriteAllText(path, Row.File([.. Enumerable.Range(0, 300_000).Select(i => Row.Sale with { Transaction = $"t{i}", Email = $"c{i}@customers.example" })]));
        var input = SurveyDispatcher.Files.CsvInput.Open(path, System.Text.Encoding.UTF8, ',', ["vin"]);
        var since = TimeProvider.System.GetTimestamp();
        var n = 0;
        foreach (var row in input.Rows())
        {
            n++;
        }

        Assert.Fail($"{n} rows in {TimeProvider.System.GetElapsedTime(since)}; {new FileInfo(path).Length} bytes");
    }


    [Theory]
    [InlineData("the planner")]
    [InlineData("a helper")]
    public async Task M_AServiceThatStandsStillFor45Seconds(string victim)
    {
        await StartAsync();
        Invite(600);
        await UntilAsync(() => Sent >= 150);
        var planner = services.Single(s => s.Name == Planner());
        var victimService = victim == "the planner" ? planner : services.First(s => s != planner);
        Signal(victimService.Process, "-STOP");
        await Task.Delay(TimeSpan.FromSeconds(45), TimeProvider.System, Ct);
        var meanwhile = Recipients().Distinct().Count();
        Signal(victimService.Process, "-CONT");
        await UntilAsync(() => Recipients().Distinct().Count() == 600 && Planner() is null);
        var output = string.Join("\n", services.Select(s => $"{s.Name == victimService.Name} {s.Output}"));
        Assert.InRange(Sent, 600, 600 + Connections);
        await CountsAreRightAsync(600);
        Assert.Fail($"all well; meanwhile {meanwhile}; sent {Sent}\n{output}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task N_ConnectionsThatBreakAllTheTime(int nr)
    {
        _ = nr;
        await StartAsync();
        Invite(600, nobody: 60);
        await UntilAsync(() => Sent >= 100);
        for (var i = 0; i < 12 && Sent < 560; i++)
        {
            Postgres.Execute(world.ConnectionString, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
            await Task.Delay(Random.Shared.Next(50, 350), Ct);
        }

        await UntilAsync(() => Recipients().Distinct().Count() == 600 && Planner() is null);
        await Task.Delay(12_000, Ct);
        var output = string.Join("\n", services.Select(s => s.Output));
        Assert.True(Sent == 600 && !output.Contains("fault of this program"), $"sent {Sent}\n{output}");
        await CountsAreRightAsync(600);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task P_VerifyHoldsBehindACycleThatDiedAfterADeadAddress(bool postgres)
    {
        using var w = new World(
            programme: p =>
            {
                var market = p["markets"]!["AU"]!;
                (market["sales"]!["window"]!["toDay"], market["activeFrom"]) = (90, "2020-01-01");
                (market["sendingHours"]!["from"], market["sendingHours"]!["to"]) = ("00:00", "23:59");
            },
            settings: s => (s["Mail"]!["Transport"], s["Mail"]!["Host"], s["Mail"]!["Port"]) = ("Smtp", "127.0.0.1", relay.Port),
            time: TimeProvider.System, postgres: postgres);
        var bought = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-20);
        w.Extract("a.csv", [.. Enumerable.Range(0, 2).Select(i => Row.Sale with
        {
            Event = $"{bought:yyyy-MM-dd}", Transaction = $"t{i}", Vin = $"VCTM{i:D13}", Email = "nobody@customers.example", Phone1 = $"0412 100 {i % 1000:D3}",
        })]);
        Assert.True(await Child.KillAsync(w, "cases.create_due", 2, "cycle"));
        await w.HoldsAsync();
    }


    /// <summary>With a schedule as in production: the next regular cycle is far away.</summary>
    [Fact]
    public async Task O_ACutOffPlannersCycleIsTakenOverByAnotherServiceWithinAMinute()
    {
        await world.RunAsync("cycle");
        var at = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(25);
        var once = $"{at.Second} {at.Minute} {at.Hour} * * ?";
        await StartOneAsync(0, once);
        await StartOneAsync(1, once);
        Invite(600);
        await UntilAsync(() => Sent >= 150);
        var planner = services.Single(s => s.Name == Planner());
        planner.ToStore.Cut();
        var died = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(died) < TimeSpan.FromSeconds(90) && Recipients().Distinct().Count() < 600)
        {
            await Task.Delay(500, Ct);
        }

        Assert.True(Recipients().Distinct().Count() == 600, $"{Recipients().Distinct().Count()} of 600 after {TimeProvider.System.GetElapsedTime(died)}; planner {planner.Name}\n{services[0].Output}\n---\n{services[1].Output}");
    }


    /// <summary>As in a service that ran a cycle of its own, and so did not look, when the server was started anew.</summary>
    [Fact]
    public async Task Q_AHelperWhoseIdleConnectionWasLostHelpsAgain()
    {
        await world.RunAsync("cycle");
        using var help = new SurveyDispatcher.UseCases.HelpToSend(SurveyDispatcher.Configuration.PipelineConfig.Load(SurveyDispatcher.Configuration.ConfigFolder.OnDisk(world.Config), forMail: true), new SurveyDispatcher.Files.DataDirectory(world.Data), TimeProvider.System);
        Assert.Null(await help.LookAsync(Ct));
        Postgres.Execute(world.ConnectionString, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        await Task.Delay(TimeSpan.FromSeconds(13), TimeProvider.System, Ct);
        var said = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            var e = await Record.ExceptionAsync(() => help.LookAsync(Ct));
            said.Add(e is null ? "well" : $"{e.GetType().Name}: {e.Message}");
        }

        Assert.True(said[^1] == "well", string.Join('\n', said));
    }

    /// <summary>Starts three services, and waits until they know each other.</summary>
    private async Task StartAsync()
    {
        await world.RunAsync("cycle"); // makes the store and its keys
        foreach (var number in Enumerable.Range(0, 3))
        {
            await StartOneAsync(number, "* * * * * ?");
        }

        await UntilAsync(() => Convert.ToInt64(Postgres.Scalar(world.ConnectionString, "SELECT count(*) FROM qrtz_scheduler_state"), CultureInfo.InvariantCulture) == 3);
    }

    private async Task<Service> StartOneAsync(int number, string schedule)
    {
        var service = new Service(world, number, schedule);
        services.Add(service);
        await UntilAsync(() => service.Said("Running on"));
        return service;
    }

    /// <param name="customers">How many have an address.</param>
    /// <param name="nobody">How many more have one of three addresses that are dead: their cases are changed by each worker that finds that out.</param>
    private void Invite(int customers, int nobody = 0)
    {
        var bought = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-20);
        world.Extract("a.csv", [.. Enumerable.Range(0, customers + nobody).Select(i => Row.Sale with
        {
            Event = $"{bought:yyyy-MM-dd}", Transaction = $"t{i}", Vin = $"VCTM{i:D13}", Email = i % 11 == 10 && nobody > 0 ? $"nobody{i % 3}@customers.example" : $"c{i}@customers.example", Phone1 = $"0412 {100 + (i / 1000)} {i % 1000:D3}",
        })]);
    }

    /// <summary>The service that plans at this moment.</summary>
    private string? Planner() =>
        (string?)Postgres.Scalar(world.ConnectionString, "SELECT w.name FROM lease l JOIN workers w ON w.id = l.worker JOIN cycles c ON c.id = (SELECT max(id) FROM cycles) AND c.sending = 1");

    private List<string> Recipients() => [.. relay.Messages.Select(m => To().Match(m).Groups[1].Value)];

    private async Task CountsAreRightAsync(int customers)
    {
        Assert.Equal(customers, (await world.ExportAsync("cases")).Count(c => c["state"] == "invited"));
        Assert.Equal((long)customers, Postgres.Scalar(world.ConnectionString, "SELECT count(*) FROM ledger WHERE kind = 'MailAccepted'"));
        Assert.Equal(0L, Postgres.Scalar(world.ConnectionString, "SELECT count(*) FROM mails WHERE settled_in IS NULL"));
        await world.HoldsAsync();
    }

    private async Task UntilAsync(Func<bool> holds)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(since) < 3 * Minute, $"{Sent} mails; {Planner()} plans.\n" + string.Join('\n', services.Select(s => $"{s.Name}:\n{s.Output}")));
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Ct);
        }
    }

    [GeneratedRegex(@"^To: .*?([\w.]+@customers\.example)", RegexOptions.Multiline)]
    private static partial Regex To();

    /// <summary>A service, with a name of its own for the one folder, and a way of its own to the store.</summary>
    private sealed class Service : IAsyncDisposable
    {
        private readonly ConcurrentQueue<string> lines = new();

        public Service(World world, int number, string schedule)
        {
            var settings = new NpgsqlConnectionStringBuilder(world.ConnectionString);
            ToStore = new Cable(settings.Port);
            settings.Port = ToStore.Port;
            var data = Path.Combine(world.Root, $"folder-{number}");
            File.CreateSymbolicLink(data, world.Data);
            Name = $"{Environment.MachineName}:{data}";
            Process = Child.Start(
                world, new() { ["SURVEY_Store__ConnectionString"] = settings.ConnectionString, ["SURVEY_Schedule__Cycle"] = schedule }, ["run"], data: data);
            Process.OutputDataReceived += (_, line) => lines.Enqueue(line.Data ?? "");
            Process.ErrorDataReceived += (_, line) => lines.Enqueue(line.Data ?? "");
            Process.BeginOutputReadLine();
            Process.BeginErrorReadLine();
        }

        public string Name { get; }

        public Cable ToStore { get; }

        public Process Process { get; }

        public string Output => string.Join('\n', lines.Where(l => !l.Contains("\"rowsRead\":0", StringComparison.Ordinal)));

        public bool Said(string words) => lines.Any(l => l.Contains(words, StringComparison.Ordinal));

        public async Task KillAsync()
        {
            Process.Kill();
            await Process.WaitForExitAsync(Ct);
        }

        public async ValueTask DisposeAsync()
        {
            if (!Process.HasExited)
            {
                Process.Kill();
                await Process.WaitForExitAsync(CancellationToken.None);
            }

            Process.Dispose();
            ToStore.Dispose();
        }
    }
}
