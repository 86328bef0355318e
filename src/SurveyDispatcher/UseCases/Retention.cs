using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Removes what has been kept long enough, field by field, and files: the last step of a cycle.</summary>
/// <remarks>
/// As with contacts, a day says when to look again: the work is what is due, and not what there is. A field that was removed is of
/// no bytes, which the next look sees; so a step that was killed goes on where it stood.
/// </remarks>
internal sealed class Retention(CycleContext context)
{
    private const int PageRows = 2_000;

    private sealed record Due(long Id, string Country, DateOnly EndedOn, DateOnly ForgetOn, bool Contact, bool Vehicle, bool FreeText, bool CallNotes);

    /// <summary>Removes what is due.</summary>
    public void Run()
    {
        var (on, after) = (DateOnly.MinValue, 0L);
        int rows;
        do
        {
            context.Stopping.ThrowIfCancellationRequested();
            rows = 0;
            context.Database.InTransaction(() =>
            {
                var page = context.Database["retention.due"].List(
                    r => new Due(r.GetInt64(0), r.GetString(1), r.Day(2), r.Day(3), r.GetBoolean(4), r.GetBoolean(5), r.GetBoolean(6), r.GetBoolean(7)),
                    context.LatestToday, on, after, PageRows);
                page.ForEach(Forget);
                rows = page.Count;
                (on, after) = rows == 0 ? (on, after) : (page[^1].ForgetOn, page[^1].Id);
            });
        }
        while (rows == PageRows);
        new Quarantine(context).Forget(context.Config.Programme.LongestFilesDays);
        if (!context.DryRun)
        {
            ForgetFiles();
        }
    }

    /// <summary>Finds anew when everything is due, if the rules are others than last time; before anything else is dated by them.</summary>
    public void LookAgainIfRulesChanged()
    {
        var programme = context.Config.Programme;
        var rules = string.Join('\n', programme.Markets.Values.OrderBy(m => m.Code, StringComparer.Ordinal)
            .Select(m => $"{m.Code} {m.Retention}").Prepend($"{programme.Retention}"));
        if (context.Database["retention.rules"].Scalar<string>() != rules)
        {
            context.Database.InTransaction(() =>
            {
                context.Database["retention.look_again"].Run();
                context.Database["retention.set_rules"].Run(rules);
            });
        }
    }

    private void Forget(Due due)
    {
        var rules = context.Config.Programme.RetentionOf(due.Country);
        var today = context.TodayIn(due.Country);
        DateOnly? next = null;
        void Field(bool there, int? days, string name, Action<Due> forget)
        {
            if (!there || days is not { } n)
            {
                return;
            }

            var on = due.EndedOn.AddDays(n);
            if (on > today)
            {
                next = next is null || on < next ? on : next;
                return;
            }

            forget(due);
            CycleCounts.Add(context.Counts.Forgotten, name);
        }

        Field(due.Contact, rules.ContactDays, "contact", ForgetContact);
        Field(due.Vehicle, rules.VehicleDays, "vehicle", ForgetVehicle);
        Field(due.FreeText, rules.FreeTextDays, "freeText", d => context.Database["retention.free_text"].Run(d.Id));
        Field(due.CallNotes, rules.CallNotesDays, "callNotes", d =>
        {
            context.Database["retention.call_notes"].Run(d.Id);
            context.Database["quarantine.forget_content"].Run(d.Id);
        });
        context.Database["retention.look_on"].Run(next, due.Id);
    }

    /// <summary>What a case's contact points were is kept as hashes: an opt-out, an erasure or a rest may ask for them. Of others nothing is kept.</summary>
    private void ForgetContact(Due due)
    {
        var (contact, hasCase) = context.Database["retention.contact_of"].First(r => (r.Bytes(0), r.GetBoolean(1)), due.Id);
        var points = context.PointHashes(due.Country, context.Vault.UnsealContact(contact)).ToList();
        if (hasCase)
        {
            context.Cases.Remember(due.Id, points);
        }
        else
        {
            context.Cases.Forget(due.Id, points);
        }

        context.Database["sightings.remove_of"].Run(due.Id);
        context.Database["retention.contact"].Run(due.Id);
    }

    private void ForgetVehicle(Due due)
    {
        context.Cases.Forget(due.Id, [context.Vault.HashOfVehicle(context.Database["retention.vin_of"].Scalar<string>(due.Id)!)]);
        context.Database["retention.vehicle"].Run(due.Id);
    }

    /// <summary>Lists and mails name their market; whoever's rows lie in the other files, the market that keeps longest decides.</summary>
    private void ForgetFiles()
    {
        var data = context.Directory;
        var longest = context.Config.Programme.LongestFilesDays;
        ForgetArchive(longest);
        foreach (var folder in new[] { data.Failed, data.Rejects })
        {
            ForgetIn(folder, "*", path => longest is { } days && ChangedOn(path).AddDays(days) <= context.AsOf.Day);
        }

        ForgetIn(data.Mail, "*.eml*", path => DaysOf(MarketOfMail(path)) is { } days && ChangedOn(path).AddDays(days) <= context.AsOf.Day);
        ForgetIn(data.PhoneLists, "*", path => ListOf(Path.GetFileName(path)) is var (market, day) && DaysOf(market) is { } days && day.AddDays(days) <= context.AsOf.Day);
    }

    private int? DaysOf(string? market) => market is null ? context.Config.Programme.LongestFilesDays : context.Config.Programme.RetentionOf(market).FilesDays;

    /// <summary>Day by day: <c>archive/YYYY/MM/DD/</c>.</summary>
    private void ForgetArchive(int? days)
    {
        var root = context.Directory.ArchiveRoot;
        if (days is not { } n || !Directory.Exists(root))
        {
            return;
        }

        foreach (var folder in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList())
        {
            var name = Path.GetRelativePath(root, folder).Replace(Path.DirectorySeparatorChar, '-');
            if (DateOnly.TryParseExact(name, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.AddDays(n) <= context.AsOf.Day)
            {
                ForgetIn(folder, "*", _ => true);
                Guard(folder, () => RemoveEmpty(folder, root));
            }
        }
    }

    /// <summary>The day's folder, and those of its month and year when they have become empty.</summary>
    private static void RemoveEmpty(string folder, string root)
    {
        for (var f = folder; f != root && !Directory.EnumerateFileSystemEntries(f).Any(); f = Path.GetDirectoryName(f)!)
        {
            Directory.Delete(f);
        }
    }

    private void ForgetIn(string folder, string pattern, Func<string, bool> isDue)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var path in Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal).ToList())
        {
            Guard(path, () =>
            {
                if (isDue(path))
                {
                    File.Delete(path);
                    CycleCounts.Add(context.Counts.Forgotten, "files");
                }
            });
        }
    }

    private void Guard(string path, Action remove)
    {
        try
        {
            remove();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Report($"{path} has been kept long enough, but can't be deleted: {Reason.Of(e)} Give this user the right to; the next cycle tries again.");
        }
    }

    private static DateOnly ChangedOn(string path) => DateOnly.FromDateTime(File.GetLastWriteTimeUtc(path));

    /// <summary>The market in <c>X-Survey-Case-Id</c>, or null.</summary>
    private static string? MarketOfMail(string path)
    {
        const string Header = "X-Survey-Case-Id:";
        var line = File.ReadLines(path).TakeWhile(l => l.Length > 0).FirstOrDefault(l => l.StartsWith(Header, StringComparison.OrdinalIgnoreCase));
        return line is not null && CaseId.TryParse(line[Header.Length..].Trim(), out var market, out _) ? market : null;
    }

    /// <summary>Market and day in the name of a list or its manifest; null for a file that is none.</summary>
    private static (string Market, DateOnly Day)? ListOf(string name)
    {
        var parts = name.Split('.')[0].Split('_');
        return parts.Length >= 4 && parts[0] is "phone" or "withdrawals"
            && DateOnly.TryParseExact(parts[^2], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
                ? (parts[1], day)
                : null;
    }
}
