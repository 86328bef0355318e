using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;
using SurveyDispatcher.UseCases;

namespace Fuzz;

/// <summary>A data directory with cases in every stage, made by real cycles on the demo's files; inputs are tried on it, or on a copy.</summary>
internal sealed class Workshop : IDisposable
{
    private readonly string root;

    public Workshop()
    {
        var shared = Directory.Exists("/dev/shm"); // memory: this is no test of the disk
        root = shared ? Directory.CreateDirectory($"/dev/shm/survey-fuzz-{Environment.ProcessId}").FullName : Directory.CreateTempSubdirectory("survey-fuzz-").FullName;
        Config = PipelineConfig.Load(ConfigFolder.OnDisk(Samples.Config), forMail: false);
        Config.Settings.Data.SettleSeconds = 0;
        Config.Settings.Data.MaxGapDays = 3650;
        Config.Settings.Mail.BounceAddress = "bounces@cvp.example";
        Input = Path.Combine(root, "input");
        Folder = new DataDirectory(Path.Combine(root, "var"));
    }

    /// <summary>The day on which inputs arrive.</summary>
    public static AsOf Today { get; } = AsOf.On(new DateOnly(2026, 3, 20));

    public PipelineConfig Config { get; }

    /// <summary>A file of its own for an input.</summary>
    public string Input { get; }

    /// <summary>The data directory.</summary>
    public DataDirectory Folder { get; }

    /// <summary>A folder of its own for a purpose.</summary>
    public string Aside(string name) => Path.Combine(root, name);

    /// <summary>The names of cases in the store, first those with the most behind them.</summary>
    public IReadOnlyList<string> CaseIds { get; private set; } = [];

    /// <summary>Runs the cycles that fill the store.</summary>
    public async Task FillAsync()
    {
        Folder.Create();
        foreach (var kind in new[] { "dms", "dealers" })
        {
            foreach (var file in Samples.Of(kind))
            {
                File.Copy(file, Path.Combine(Folder.Inbox(kind), Path.GetFileName(file)));
            }
        }

        foreach (var day in new[] { new DateOnly(2026, 3, 6), new DateOnly(2026, 3, 12), new DateOnly(2026, 3, 19) })
        {
            var ended = await new Cycle(Config, Folder, TimeProvider.System, new NoProgress()).RunAsync(new CycleRequest(AsOf.On(day)), CancellationToken.None);
            if (ended.Problems.Count > 0)
            {
                throw new InvalidOperationException($"The samples themselves make problems: {string.Join(' ', ended.Problems)}");
            }
        }

        using var database = new Store(Folder, Config.Settings.Store).OpenExisting();
        var cases = new List<string>();
        database["cases.all"].Each(r => cases.Add(CaseRow.Read(r) is var row && row.Case.IsOpen ? row.CaseId : $"~{row.CaseId}"));
        CaseIds = [.. cases.Where(c => c[0] != '~').Take(40), .. cases.Where(c => c[0] == '~').Take(10).Select(c => c[1..])];
    }

    /// <summary>The folders in which a cycle keeps what came in, empty; the store and the keys as they were after <see cref="FillAsync"/>.</summary>
    public DataDirectory Copy(string name)
    {
        var copy = new DataDirectory(Aside(name));
        if (Directory.Exists(copy.Root))
        {
            Directory.Delete(copy.Root, recursive: true);
        }

        copy.Create();
        File.Copy(Folder.StorePath, copy.StorePath);
        File.Copy(Path.Combine(Folder.Root, Vault.FileName), Path.Combine(copy.Root, Vault.FileName));
        return copy;
    }

    /// <summary>All that the steps of a cycle share, on a folder.</summary>
    public CycleContext Context(DataDirectory directory, Database database, Vault vault) => new()
    {
        Config = Config,
        AsOf = Today,
        Directory = directory,
        Inbox = new Inbox(directory, TimeProvider.System, TimeSpan.Zero, move: true),
        Database = database,
        Vault = vault,
        Cases = new CaseStore(database, vault),
        Ledger = new Ledger(database) { CycleId = 3, PolicyId = 1 },
        Time = TimeProvider.System,
        Progress = new NoProgress(),
        DryRun = false,
    };

    public void Dispose() => Directory.Delete(root, recursive: true);
}
