using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;

namespace SurveyDispatcher.UseCases;

/// <summary>The main job on the sample world: real cycles over real files, day by day, with customers who behave like customers.</summary>
/// <remarks>
/// The customers answer, bounce, opt out and pick up the phone by a hash of their case id: everybody sees the same demo.
/// They only use what the outside world has: the mails in <c>mail/</c>, the lists in <c>outbox/</c>, the inboxes.
/// </remarks>
internal sealed class Demo(ConfigFolder folder, string? data, TextWriter output, IProgressView progress)
{
    private const int Days = 50;
    private static readonly int[] Widths = [9, 12, 11, 9, 13, 7, 7, 8, 6];
    private static readonly DateOnly FirstDay = new(2026, 3, 2);
    private DataDirectory directory = null!;
    private DemoCustomers customers = null!;

    /// <summary>Runs the demo; 0 when every cycle was well and the store verifies.</summary>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var loaded = PipelineConfig.Load(folder, forMail: true);
        loaded.Settings.Data.SettleSeconds = 0;
        loaded.Settings.Mail.Transport = "Pickup";
        loaded.Settings.Mail.BounceAddress = "bounces@cvp.example";
        loaded.Settings.Store.ConnectionString = "";
        directory = new DataDirectory(data ?? Directory.CreateTempSubdirectory("survey-demo-").FullName);
        if (File.Exists(directory.StorePath))
        {
            throw new UsageException($"{directory.Root} has a store already; the demo needs a fresh folder. Name another with --data DIR.");
        }

        directory.Create();
        customers = new DemoCustomers(loaded, directory);
        await output.WriteLineAsync(Say($"{Days} days of March and April 2026, one cycle a day, on the sample extracts of ten markets."));
        await output.WriteLineAsync();
        await output.WriteLineAsync(Line(
            Say($"date"), Say($"rows read"), Say($"cases opened"), Say($"invitations"), Say($"reminders"), Say($"to the vendor"), Say($"answers"), Say($"bounces"),
            Say($"opt-outs"), Say($"closed")));
        var problems = new List<string>();
        for (var day = FirstDay; day < FirstDay.AddDays(Days); day = day.AddDays(1))
        {
            ct.ThrowIfCancellationRequested();
            DropExtracts(day);
            customers.Act(day);
            var ended = await new Cycle(loaded, directory, TimeProvider.System, progress).RunAsync(new CycleRequest(AsOf.On(day)), ct);
            problems.AddRange(ended.Problems);
            customers.Look(day);
            progress.Clear();
            if (day.DayOfWeek == DayOfWeek.Monday || day < FirstDay.AddDays(8))
            {
                await output.WriteLineAsync(Line(day, ended.Counts));
            }
        }

        var holds = await SummaryAsync(loaded);
        foreach (var problem in problems)
        {
            await output.WriteLineAsync(problem);
        }

        return holds && problems.Count == 0 ? 0 : 1;
    }

    private static string Line(DateOnly day, CycleCounts c) => Line(Say($"{day:yyyy-MM-dd}"), [.. new[]
    {
        c.RowsRead, c.CasesOpened, c.InvitationsSent, c.RemindersSent, c.PhoneReleased.Values.Sum(), c.Responses, c.Bounces, c.OptOuts, c.Closed.Values.Sum(),
    }.Select(n => Say($"{n}"))]);

    private static string Line(string day, params string[] cells) =>
        Columns.Left(day, 10) + string.Concat(cells.Zip(Widths, (cell, width) => "  " + Columns.Right(cell, width)));

    private async Task<bool> SummaryAsync(PipelineConfig config)
    {
        using var database = new Store(directory, new StoreOptions()).OpenExisting();
        await output.WriteLineAsync();
        await output.WriteLineAsync(Status.Read(database, config, directory, new Evening(FirstDay.AddDays(Days - 1))).ToText());
        await output.WriteLineAsync();
        var verified = new Verify(database, config.Programme, progress).Run();
        await output.WriteLineAsync(Say($"Ledger: {verified.ToText()}"));
        await output.WriteLineAsync();
        await output.WriteLineAsync(Say($"Everything lies in {directory.Root}"));
        await FolderAsync("mail/", $"{Directory.EnumerateFiles(directory.Mail).Count()} mails, as they would have been sent");
        await FolderAsync("outbox/phone/", $"{Directory.EnumerateFiles(directory.PhoneLists, "*.csv").Count()} lists for the vendor, each with its manifest");
        await FolderAsync("rejects/", $"rows that could not be understood, each with its line and reason");
        await FolderAsync("archive/", $"every file that was taken, by day");
        await output.WriteLineAsync(Say($"Look closer: put one of these in the place of 'demo' in what you have typed, and --data {directory.Root} behind it."));
        await CommandAsync("status", $"this screen");
        await CommandAsync($"explain {customers.Example} --as-of {FirstDay.AddDays(Days - 1):yyyy-MM-dd}", $"one customer's story");
        await CommandAsync("export cases", $"every case, for a spreadsheet");
        return verified.Difference is null;
    }

    /// <summary>What it shows stands behind a command, or below a long one.</summary>
    private async Task CommandAsync(string command, Phrase what) => await output.WriteLineAsync(
        $"  {Columns.Left(command, 29)}{(command.Length > 29 ? Environment.NewLine + new string(' ', 33) : "  ")}{Say(what)}");

    private async Task FolderAsync(string name, Phrase what) => await output.WriteLineAsync($"  {Columns.Left(name, 13)}  {Say(what)}");

    /// <summary>The day's extracts and, on the first day, the dealers, as the dealers' systems deliver them.</summary>
    private void DropExtracts(DateOnly day)
    {
        foreach (var file in folder.Below("demo/inbox/dms").Where(f => f.Contains($"{day:yyyyMMdd}", StringComparison.Ordinal)))
        {
            Drop("dms", Path.GetFileName(file), folder.Open(file)!);
        }

        if (day == FirstDay && folder.Open("demo/inbox/dealers/dealers.csv") is { } dealers)
        {
            Drop("dealers", "dealers.csv", dealers);
        }
    }

    private void Drop(string kind, string name, Stream content)
    {
        using (content)
        {
            DurableFile.Write(Path.Combine(directory.Inbox(kind), name), content.CopyTo);
        }
    }

    /// <summary>The clock at the end of the last day: whoever looked by today's would find that nothing has come for long.</summary>
    private sealed class Evening(DateOnly day) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(day, new TimeOnly(18, 0), TimeSpan.Zero);
    }
}
