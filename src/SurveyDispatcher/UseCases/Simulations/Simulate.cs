using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases.Simulations;

/// <summary>What is asked.</summary>
/// <param name="From">The first day that is told.</param>
/// <param name="To">The last.</param>
/// <param name="MinutesPerAttempt">How long an attempt of the vendor takes.</param>
/// <param name="NamesOfNew">Whether cases that lie in the inboxes will be named.</param>
public sealed record SimulateRequest(DateOnly From, DateOnly To, double MinutesPerAttempt, bool NamesOfNew)
{
    /// <summary>More days than these nobody means.</summary>
    public const int MostDays = 3_660;

    /// <summary>Looks whether it can be meant.</summary>
    /// <exception cref="UsageException">It can't.</exception>
    public void Check()
    {
        if (To < From)
        {
            throw new UsageException($"--to {To:yyyy-MM-dd} lies before --from {From:yyyy-MM-dd}.");
        }

        if (To.DayNumber - From.DayNumber >= MostDays)
        {
            throw new UsageException($"From {From:yyyy-MM-dd} to {To:yyyy-MM-dd} is longer than {MostDays} days. Name fewer.");
        }

        if (MinutesPerAttempt is not (>= 0 and <= 600))
        {
            throw new UsageException($"--minutes-per-attempt is a number of minutes from 0 to 600.");
        }
    }
}

/// <summary>The policy time machine: replays history, or lives the coming days, under the configuration in force and a draft. Writes nothing.</summary>
/// <remarks>
/// Until the day of the last cycle history is replayed: what came from outside is known, what we did is decided anew. From the next day
/// on, always with the store as it stands, one cycle a day is lived; what lies in the inboxes is taken on the first of them, on a copy.
/// </remarks>
internal sealed class Simulate(PipelineConfig config, PipelineConfig? draft, DataDirectory directory, TimeProvider time, IProgressView progress)
{
    private readonly IReadOnlyList<PipelineConfig> configs = draft is null ? [config] : [config, draft];
    private readonly Store store = new(directory, config.Settings.Store);
    private readonly List<string> notes = [];
    private readonly Dictionary<long, TransactionName> newNames = [];
    private (long Contacted, long Explained) replayed;

    /// <summary>Does it.</summary>
    public async Task<Simulated> RunAsync(SimulateRequest request, CancellationToken stopping)
    {
        request.Check();
        var hasFiles = HasFiles();
        var read = store.Exists || !hasFiles ? Read(request, hasFiles) : new ReadStore(null, 0, new ResponseCurves(), null, null);
        var runs = configs.Select(_ => new Run(new Expectations(read.Curves, request.From, request.To))).ToList();
        if (read.Past is { } past)
        {
            ReplayAll(runs, past, read.LastCycle!.Value);
        }

        if (read.LastCycle is null || request.To > read.LastCycle)
        {
            var first = read.LastCycle?.AddDays(1) ?? request.From;
            if (read.LastCycle is not null && request.From > first)
            {
                notes.Add(Say($"The days from {first:yyyy-MM-dd} to {request.From.AddDays(-1):yyyy-MM-dd} were lived, too: a cycle on each of them."));
            }

            var present = read.Present ?? await TakeInAsync(first, request, read.LastTransaction, stopping);
            Parallel.For(0, configs.Count, c => Live(runs[c], present[c], c, first, request.To));
        }

        progress.Clear();
        return Tell(request, read, runs);
    }

    private bool HasFiles() => DataDirectory.Kinds.SelectMany(kind => new[] { directory.Inbox(kind), Path.Combine(directory.Taking, kind) })
        .Any(folder => Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Any(f => !f.EndsWith(".tmp", StringComparison.Ordinal) && !f.EndsWith(".part", StringComparison.Ordinal)));

    /// <summary>Reads all that the store tells, as it is at one moment; a cycle that runs meanwhile goes on.</summary>
    private ReadStore Read(SimulateRequest request, bool hasFiles)
    {
        using var database = store.OpenExisting();
        using var vault = Cycle.OpenVault(directory, config.Settings, storeExists: true, write: false);
        return database.AtOneMoment(() =>
        {
            var last = database["cycles.last"].First(r => (Day: (DateOnly?)r.Day(2), Running: r.GetString(5) == "running"));
            if (last.Day is null)
            {
                return new ReadStore(null, 0, new ResponseCurves(), null, hasFiles ? null : [.. configs.Select(c => new PresentReader(database, vault, c).Read(request.From, request.To, progress))]);
            }

            if (last.Running)
            {
                notes.Add(Say($"A cycle is running at this moment, or was killed: the figures begin with what it has done so far."));
            }

            var (today, first) = (last.Day.Value, last.Day.Value.AddDays(1));
            var curves = CurvesReader.Read(database, today);
            var past = request.From <= today ? new PastReader(database, vault, configs).Read(progress) : null;
            var present = request.To > today && !hasFiles ? configs.Select(c => new PresentReader(database, vault, c).Read(first, request.To, progress)).ToList() : null;
            return new ReadStore(today, database["simulate.last_transaction"].Scalar<long>(), curves, past, present);
        });
    }

    /// <summary>Takes what lies in the inboxes on a copy of the store, under each configuration on one of its own.</summary>
    private async Task<List<Cast>> TakeInAsync(DateOnly first, SimulateRequest request, long lastTransaction, CancellationToken stopping)
    {
        var present = new List<Cast>();
        foreach (var each in configs)
        {
            var cycle = new Cycle(each, directory, time, progress);
            present.Add(await cycle.AfterIntakeAsync(
                AsOf.On(first),
                (database, vault, problems) =>
                {
                    notes.AddRange(problems.Except(notes));
                    var cast = new PresentReader(database, vault, each).Read(first, request.To, progress);
                    if (request.NamesOfNew)
                    {
                        var ids = Enumerable.Range(0, cast.Customers.Count).Select(cast.Customers.IdOf).Where(id => id > lastTransaction);
                        foreach (var (id, name) in TransactionName.Of(database, ids))
                        {
                            newNames[id] = name;
                        }
                    }

                    return cast;
                },
                stopping));
        }

        return present;
    }

    private void ReplayAll(List<Run> runs, Cast past, DateOnly lastCycle)
    {
        if (past.Days.Count == 0)
        {
            return;
        }

        var simulations = new Simulation[configs.Count];
        Parallel.For(0, configs.Count, c =>
        {
            simulations[c] = new Simulation(past.Customers, configs[c].Programme, past.Views[c], past.Views[0], past.Days[0], past.Days[^1]);
            foreach (var day in past.Days)
            {
                simulations[c].Live(day);
            }
        });
        replayed = ReplayedHistory.Compare(past.Customers, simulations[0]);
        Parallel.For(0, configs.Count, c =>
        {
            var replay = new ReplayedHistory(past.Customers, simulations[0], simulations[c]);
            runs[c].Expectations.Add(past.Customers, replay.OutcomeOf, past.Days[0], lastCycle);
            runs[c].Note(past.Customers, replay.OutcomeOf, on => on <= lastCycle, keep: draft is not null);
        });
    }

    private void Live(Run run, Cast present, int c, DateOnly first, DateOnly last)
    {
        var simulation = new Simulation(present.Customers, configs[c].Programme, present.Views[0], present.Views[0], first, last);
        foreach (var day in present.Days)
        {
            simulation.Live(day);
        }

        run.Expectations.Add(present.Customers, simulation.OutcomeOf, first, last);
        run.Note(present.Customers, simulation.OutcomeOf, on => on >= first, keep: draft is not null);
    }

    private Simulated Tell(SimulateRequest request, ReadStore read, List<Run> runs)
    {
        if (read.Curves.Completes == 0)
        {
            notes.Add(Say($"The store knows of no complete response yet: the expected figures take it that nobody answers."));
        }

        if (read.Curves.Attempts == 0)
        {
            notes.Add(Say($"The vendor has reported no attempt yet: {ResponseCurves.AttemptsWithoutHistory} for each case are assumed."));
        }

        var changes = draft is null ? [] : Changes(runs[0], runs[1], request).ToList();
        return new Simulated(
            request.From, request.To, read.LastCycle, Days(runs[^1], request), draft is null ? null : Days(runs[0], request), draft is null ? null : Differences(changes),
            new SimulationBasis(
                read.Curves.Contacts, read.Curves.Completes, read.Curves.HandOvers, read.Curves.Attempts, Math.Round(read.Curves.AttemptsPerHandOver, 2), request.MinutesPerAttempt, replayed.Contacted, replayed.Explained),
            notes)
        {
            Changes = changes,
            NewNames = newNames,
        };
    }

    private static List<SimulatedDay> Days(Run run, SimulateRequest request) =>
    [
        .. run.Expectations.Days().Select(d => new SimulatedDay(
            d.Date, d.Market, d.Survey.Code(), d.Invitations, d.Reminders, d.Phone, Math.Round(d.ExpectedReminders, 3), Math.Round(d.ExpectedPhone, 3),
            Math.Round(d.ExpectedCompletes, 3), Math.Round(d.ExpectedAttempts * request.MinutesPerAttempt / 60, 3))),
    ];

    private static IEnumerable<ChangedContact> Changes(Run current, Run draft, SimulateRequest request)
    {
        foreach (var id in current.FirstContacts.Keys.Union(draft.FirstContacts.Keys).Order())
        {
            var (now, then) = (current.FirstContacts.GetValueOrDefault(id), draft.FirstContacts.GetValueOrDefault(id));
            var change = ContactChanges.Of(now.On, then.On, request.From, request.To);
            if (change != ContactChange.None)
            {
                var (market, survey) = now.On is null ? then.Of : now.Of;
                yield return new ChangedContact(id, market, survey, change, now.On, then.On);
            }
        }
    }

    private static List<SimulatedDifference> Differences(List<ChangedContact> changes) =>
    [
        .. changes.GroupBy(c => (c.Market, c.Survey)).OrderBy(g => g.Key.Market, StringComparer.Ordinal).ThenBy(g => g.Key.Survey).Select(g => new SimulatedDifference(
            g.Key.Market, g.Key.Survey.Code(), g.LongCount(c => c.Change == ContactChange.NewlyContacted), g.LongCount(c => c.Change == ContactChange.NoLongerContacted),
            g.LongCount(c => c.Change == ContactChange.Earlier), g.LongCount(c => c.Change == ContactChange.Later))),
    ];

    private sealed record ReadStore(DateOnly? LastCycle, long LastTransaction, ResponseCurves Curves, Cast? Past, List<Cast>? Present);

    /// <summary>One configuration's days.</summary>
    private sealed class Run(Expectations forecast)
    {
        public Expectations Expectations { get; } = forecast;

        /// <summary>By case, the first contact that was made on the days that were replayed or lived.</summary>
        public Dictionary<long, ((string Market, SurveyKind Survey) Of, DateOnly? On)> FirstContacts { get; } = [];

        public void Note(SimulatedCustomers customers, Func<int, SimulatedOutcome> outcomeOf, Predicate<DateOnly> counts, bool keep)
        {
            for (var i = 0; keep && i < customers.Count; i++)
            {
                if (outcomeOf(i).FirstContact is { } on && counts(on))
                {
                    FirstContacts.TryAdd(customers.IdOf(i), (customers.Pairs[customers.PairOf(i)], on));
                }
            }
        }
    }
}
