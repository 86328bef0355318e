using System.Globalization;
using SurveyDispatcher.Files;
using SurveyDispatcher.UseCases;

namespace Fuzz;

/// <summary>A whole cycle with mutated files in its inboxes: all are taken or refused, and the sums hold.</summary>
internal sealed class CycleTarget(Workshop workshop, ExtractTarget extracts, RowsTarget rows, BounceTarget bounces) : ITarget
{
    private static readonly string[] Oddities = ["", "", "", " ", "\n", "\u001b[2J", "\u202e", "'", "\u00e9", "-", "\""];

    public string Name => "cycle";

    /// <summary>The input is a number: what it stands for is thrown when it is tried.</summary>
    public byte[] Make(Dice dice) => [];

    public void Try(byte[] bytes, Dice dice)
    {
        var folder = workshop.Copy("cycle");
        var dropped = new List<(string Kind, string Name)>();
        for (var n = 2 + dice.Below(5); n > 0; n--)
        {
            var kind = dice.Of(DataDirectory.Kinds);
            var (pattern, content) = kind switch
            {
                "dms" => extracts.MakeNamed(dice),
                "bounces" => ("*.eml", bounces.Make(dice)),
                _ => ("*.csv", rows.Make(dice, kind)),
            };
            var name = pattern.Replace("*", dice.Of(Oddities) + n.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
            var path = Path.Combine(folder.Inbox(kind), name);
            if (!File.Exists(path))
            {
                File.WriteAllBytes(path, content);
                dropped.Add((kind, name));
            }
        }

        var ended = new Cycle(workshop.Config, folder, TimeProvider.System, new NoProgress())
            .RunAsync(new CycleRequest(Workshop.Today), CancellationToken.None).GetAwaiter().GetResult();
        var faults = ended.Problems.Where(p => p.Contains("fault of this program", StringComparison.Ordinal)).ToList();
        Finding.Unless(faults.Count == 0, string.Join(' ', faults));
        Finding.Unless(!ended.Problems.Any(p => p.Any(Outputs.IsCommand)), "a message would drive a terminal");
        var c = ended.Counts;
        Finding.Unless(c.SumHolds, $"{c.RowsRead} rows read, {c.TransactionsNew} new, {c.TransactionsUpdated} updated, {c.RowsUnchanged} unchanged, {c.RowsRejected} rejected");
        foreach (var place in DataDirectory.Kinds.Select(folder.Inbox).Append(folder.Taking))
        {
            Finding.Unless(Directory.GetFiles(place, "*", SearchOption.AllDirectories).Length == 0, $"a file is left in {Path.GetFileName(place)}: {string.Join(' ', ended.Problems)}");
        }

        var refused = Directory.GetFiles(folder.Failed).Count(f => !f.EndsWith(".error.txt", StringComparison.Ordinal));
        var archived = Directory.Exists(folder.Archive(Workshop.Today.Day)) ? Directory.GetFiles(folder.Archive(Workshop.Today.Day)).Length : 0;
        Finding.Unless(refused == c.FilesRefused && refused + archived == dropped.Count, $"{dropped.Count} files came in, {archived} were archived, {refused} refused");
        using var database = new Store(folder, workshop.Config.Settings.Store).OpenExisting();
        Finding.Unless(new Verify(database, workshop.Config.Programme, new NoProgress()).Run().Difference is null, "verify finds a difference");
        var status = Status.Read(database, workshop.Config, folder, TimeProvider.System);
        Finding.Unless(status.SumHolds, "the sum in status does not hold");
        Finding.Unless(!status.ToText().Any(Outputs.IsCommand), $"status would drive a terminal: {new string([.. status.ToText().Where(Outputs.IsCommand)])}");
        Finding.Unless(!Directory.GetFiles(folder.Rejects).Any(f => f.EndsWith(".part", StringComparison.Ordinal)), "a half rejects file is left");
    }
}
