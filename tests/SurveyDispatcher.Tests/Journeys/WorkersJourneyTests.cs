using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Tests.Mail;
using SurveyDispatcher.Tests.Storage;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>Three services on one store in PostgreSQL, as on three machines with one folder. The tests wait more than they work, so there are several classes, which tests/run lets run beside all others.</summary>
[Trait("Store", "Sqlite")] // has a store of its own kind, so once is enough
[Trait("Waits", "long")]
public abstract partial class SharedStore : IAsyncLifetime
{
    private protected const int Connections = 4;
    private protected static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(50);
    private protected static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private protected readonly ScriptedServer relay = new((_, command) => command.StartsWith("RCPT TO:<nobody", StringComparison.Ordinal) ? "550 5.1.1 no such user" : null);
    private protected readonly Cable toRelay;
    private protected readonly World world;
    private protected readonly List<Service> services = [];

    private protected SharedStore()
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

    /// <summary>What a server that is started anew does to all who are connected.</summary>
    private protected const string EndOthers = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

    private protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    private protected int Sent => relay.Messages.Count;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var service in services)
        {
            await service.DisposeAsync();
        }

        toRelay.Dispose();
        await relay.DisposeAsync();
        world.Dispose();
    }

    /// <summary>Starts three services, and waits until they know each other.</summary>
    private protected async Task StartAsync()
    {
        await world.RunAsync("cycle"); // makes the store and its keys
        foreach (var number in Enumerable.Range(0, 3))
        {
            await StartOneAsync(number, "* * * * * ?");
        }

        await UntilAsync(() => Convert.ToInt64(Postgres.Scalar(world.ConnectionString, "SELECT count(*) FROM qrtz_scheduler_state"), CultureInfo.InvariantCulture) == 3);
    }

    /// <summary>A quarter of 600 invitations has gone out; returns the service that plans, or one that helps.</summary>
    private protected async Task<Service> InTheMiddleAsync(string which)
    {
        await StartAsync();
        Invite(600);
        await UntilAsync(() => Sent >= 150);
        var planner = services.Single(s => s.Name == Planner());
        return which == "the planner" ? planner : services.First(s => s != planner);
    }

    private protected async Task<Service> StartOneAsync(int number, string schedule)
    {
        var service = new Service(world, number, schedule);
        services.Add(service);
        await UntilAsync(() => service.Said("Running on"));
        return service;
    }

    /// <param name="customers">How many have an address.</param>
    /// <param name="nobody">How many more have one of three addresses that are dead: their cases are changed by each worker that finds that out.</param>
    private protected void Invite(int customers, int nobody = 0)
    {
        var bought = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-20);
        world.Extract("a.csv", [.. Enumerable.Range(0, customers + nobody).Select(i => Row.Sale with
        {
            Event = $"{bought:yyyy-MM-dd}", Transaction = $"t{i}", Vin = $"VCTM{i:D13}", Email = i % 11 == 10 && nobody > 0 ? $"nobody{i % 3}@customers.example" : $"c{i}@customers.example", Phone1 = $"0412 {100 + (i / 1000)} {i % 1000:D3}",
        })]);
    }

    /// <summary>The service that plans at this moment.</summary>
    private protected string? Planner() =>
        (string?)Postgres.Scalar(world.ConnectionString, "SELECT w.name FROM lease l JOIN workers w ON w.id = l.worker JOIN cycles c ON c.id = (SELECT max(id) FROM cycles) AND c.sending = 1");

    private protected List<string> Recipients() => [.. relay.Messages.Select(m => To().Match(m).Groups[1].Value)];

    private protected async Task CountsAreRightAsync(int customers)
    {
        Assert.Equal(customers, (await world.ExportAsync("cases")).Count(c => c["state"] == "invited"));
        Assert.Equal((long)customers, Postgres.Scalar(world.ConnectionString, "SELECT count(*) FROM ledger WHERE kind = 'MailAccepted'"));
        Assert.Equal(0L, Postgres.Scalar(world.ConnectionString, "SELECT count(*) FROM mails WHERE settled_in IS NULL"));
        await world.HoldsAsync();
    }

    private protected async Task UntilAsync(Func<bool> holds)
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
    private protected sealed class Service : IAsyncDisposable
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

        /// <summary>As an operator stops it.</summary>
        public async Task StopAsync()
        {
            using var signal = System.Diagnostics.Process.Start("kill", ["-TERM", $"{Process.Id}"]);
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

/// <summary>One plans, all send.</summary>
public sealed class WorkersJourneyTests : SharedStore
{
    [Fact]
    public async Task AllSendWhatOneHasPlannedAndEachMailOnce()
    {
        await StartAsync();

        Invite(600, nobody: 60);
        await UntilAsync(() => Sent >= 600 && Planner() is null);

        Assert.Equal(600, Recipients().Distinct().Count());
        Assert.Equal(600, Sent);
        Assert.Equal(60L, Postgres.Scalar(world.ConnectionString, "SELECT count(*) FROM ledger WHERE kind = 'MailUndelivered'"));
        Assert.True(services.Count(s => s.Said("Helped cycle")) >= 2, string.Join('\n', services.Select(s => s.Output)));
        await CountsAreRightAsync(600);
    }

    [Theory]
    [InlineData("the planner")]
    [InlineData("a helper")]
    public async Task WhatAServiceThatIsStoppedHadNotSentTheOthersSend(string victim)
    {
        var stopped = await InTheMiddleAsync(victim);
        await stopped.StopAsync();
        await UntilAsync(() => Recipients().Distinct().Count() == 600 && Planner() is null);

        Assert.Equal(0, stopped.Process.ExitCode);
        Assert.Equal(600, Sent);
        Assert.Equal(victim == "the planner", Convert.ToInt64(Postgres.Scalar(world.ConnectionString, "SELECT count(DISTINCT cycle_id) FROM ledger WHERE kind = 'MailAccepted'"), CultureInfo.InvariantCulture) > 1);
        await CountsAreRightAsync(600); // a cycle that is stopped ends behind its helpers, so its seal holds
    }

    [Fact]
    public async Task AServiceWithAnotherProgrammeDoesNotHelpAndSaysSo()
    {
        await StartAsync();
        var programme = await File.ReadAllTextAsync(Path.Combine(world.Config, "programme.json"), Ct);
        await services[2].KillAsync();
        world.Edit("programme.json", p => p["contact"]!["restDays"] = 1);
        var other = await StartOneAsync(3, "0 0 0 1 1 ? 2099");
        await File.WriteAllTextAsync(Path.Combine(world.Config, "programme.json"), programme, Ct);

        Invite(300);
        Ended ended; // the schedule that all share is the last one's now: it starts none
        do
        {
            ended = await world.RunAsync("cycle");
        }
        while (ended.Error.Contains("Another cycle is running", StringComparison.Ordinal)); // the last of the others' own, or the killed one's, until its time is over
        await UntilAsync(() => other.Said("does not help with cycle"));
        await UntilAsync(() => Sent >= 300 && Planner() is null);

        Assert.Equal(300, Sent);
    }

    [Fact]
    public async Task AServiceWhoseConnectionWasLostWhileItHadNothingToDoHelpsAgain()
    {
        await world.RunAsync("cycle");
        using var help = new HelpToSend(PipelineConfig.Load(ConfigFolder.OnDisk(world.Config), forMail: true), new DataDirectory(world.Data), TimeProvider.System);
        Assert.Null(await help.LookAsync(Ct));

        Postgres.Execute(world.ConnectionString, EndOthers);

        var first = await Record.ExceptionAsync(() => help.LookAsync(Ct));
        Assert.True(first is null or OperatorException, first?.ToString()); // it may say that the server was gone, and no more
        Assert.Null(await help.LookAsync(Ct));
    }
}

/// <summary>One of them dies.</summary>
public sealed class KilledWorkersJourneyTests : SharedStore
{
    [Theory]
    [InlineData("the planner")]
    [InlineData("a helper")]
    public async Task WhatAKilledServiceHadClaimedGoesToTheOthersWithinAMinute(string victim)
    {
        var killed = await InTheMiddleAsync(victim);
        await killed.KillAsync();
        var at = TimeProvider.System.GetTimestamp();
        await UntilAsync(() => Recipients().Distinct().Count() == 600 && Planner() is null);
        var took = TimeProvider.System.GetElapsedTime(at);

        Assert.InRange(took, TimeSpan.Zero, Minute);
        Assert.InRange(Sent, 600, 600 + Connections); // at most what was under way goes once more
        await CountsAreRightAsync(600);
    }

    /// <summary>With a schedule as in production: the next regular cycle is far away.</summary>
    [Fact]
    public async Task TheCycleOfAPlannerThatIsCutOffIsBegunAnewByAnotherAlsoWhileTheOldOneStillHoldsTheFolder()
    {
        await world.RunAsync("cycle");
        var at = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(25);
        var once = $"{at.Second} {at.Minute} {at.Hour} * * ?";
        await StartOneAsync(0, once);
        await StartOneAsync(1, once);
        Invite(600);
        await UntilAsync(() => Sent >= 150);

        services.Single(s => s.Name == Planner()).ToStore.Cut();
        var at150 = TimeProvider.System.GetTimestamp();
        await UntilAsync(() => Recipients().Distinct().Count() == 600);

        Assert.InRange(TimeProvider.System.GetElapsedTime(at150), TimeSpan.Zero, Minute);
        Assert.InRange(Sent, 600, 600 + Connections);
    }
}

/// <summary>One of them can't reach the store for a while.</summary>
public sealed class CutOffWorkersJourneyTests : SharedStore
{
    [Theory]
    [InlineData("the planner", 10)]
    [InlineData("a helper", 10)]
    [InlineData("the planner", 70)]
    [InlineData("a helper", 70)]
    public async Task AServiceThatIsCutOffFromTheStoreForAWhileDoesNoHarm(string victim, int seconds)
    {
        var cut = await InTheMiddleAsync(victim);
        cut.ToStore.Cut();
        await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, Ct);
        var meanwhile = Recipients().Distinct().Count();
        cut.ToStore.Mend();
        await UntilAsync(() => Recipients().Distinct().Count() == 600 && Planner() is null);

        // For a moment nobody else takes over; then all but what was under way is sent without it.
        Assert.Equal(seconds > 60, meanwhile == 600);
        Assert.InRange(Sent, 600, seconds > 60 ? 600 + Connections : 600);
        Assert.False(cut.Process.HasExited);
        await CountsAreRightAsync(600);
    }
}

/// <summary>The connection breaks, or the server can't go on.</summary>
public sealed class LostConnectionJourneyTests : SharedStore
{
    [Theory]
    [InlineData("mails.claim", 4)]
    [InlineData("mails.content", 4)]
    [InlineData("ledger.lock", 2)]
    [InlineData("mails.settle", 5)]
    [InlineData("commit", 30)]
    public async Task NoAnswerOfTheRelayIsLostWithAConnectionToTheStore(string where, int count)
    {
        await world.RunAsync("cycle");
        Invite(300);
        var seen = 0;
        Moment.Before = (_, to) =>
        {
            if (to == where && Sent > 20 && Interlocked.Increment(ref seen) == count)
            {
                Postgres.Execute(world.ConnectionString, EndOthers);
            }
        };
        try
        {
            var ended = await world.RunAsync("cycle", "--json");

            Assert.True(ended.Code == 0, ended.Error);
            Assert.Equal(300, ended.Json.GetProperty("invitationsSent").GetInt32());
        }
        finally
        {
            Moment.Before = null;
        }

        Assert.True(seen >= count, "The moment never came.");
        Assert.Equal(300, Sent);
        await CountsAreRightAsync(300);
    }

    [Fact]
    public async Task AFullDiskOfTheServerEndsTheCycleAndIsTold()
    {
        await world.RunAsync("cycle");
        Invite(100);
        Postgres.Execute(world.ConnectionString, """
            CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON ledger FOR EACH ROW WHEN (NEW.kind = 'MailAccepted') EXECUTE FUNCTION full_disk();
            """);

        var ended = await world.RunAsync("cycle");

        Assert.Equal(1, ended.Code);
        Assert.Contains("its disk is full", ended.Error, StringComparison.Ordinal);
        Assert.InRange(Sent, 1, Connections);
    }
}
