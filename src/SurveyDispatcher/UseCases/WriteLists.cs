using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Hands queued cases to the vendor on phone lists, and tells him which cases to leave.</summary>
/// <remarks>
/// A list is planned in the store, written aside and described by its manifest; then the hand-over is stored, and last
/// the list appears under its name by one rename. Whatever moment the process dies at, <see cref="Recover"/> knows: a list
/// that is only planned the vendor has not seen, one that is settled he has, or gets now, under the same name.
/// </remarks>
internal sealed class WriteLists(CycleContext context)
{
    private const int PageRows = 500;
    private const int CasesNamed = 10;

    private sealed record PlannedList(long Id, string FileName, string Kind, string Market, string Survey, DateOnly Day, DateTimeOffset CreatedAt);

    /// <summary>A row that the vendor's layout can't take.</summary>
    /// <param name="Id">Of the case on a phone list, of the withdrawal on the other.</param>
    private sealed record LeftOut(long Id, string CaseId, CellFault Fault);

    /// <summary>Publishes the lists that an interrupted cycle had handed over, and takes back those that it had not.</summary>
    public void Recover()
    {
        foreach (var (list, state) in context.Database["lists.unfinished"].List(r => (new PlannedList(
            r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.Day(5), r.Instant(6)), r.GetString(7))))
        {
            Guard(list, () =>
            {
                if (state == "settled")
                {
                    Publish(list);
                }
                else
                {
                    TakeBack(list);
                }
            });
        }
    }

    /// <summary>Writes the lists of this cycle.</summary>
    public void Run()
    {
        RunWithdrawals();
        foreach (var (market, survey) in context.Database["lists.queues"].List(r => (r.GetString(0), r.GetString(1))))
        {
            Write("phone", market, survey, id => PlanEntries(id, market, survey));
        }
    }

    /// <summary>Tells the vendor whom he must not call any more.</summary>
    public void RunWithdrawals()
    {
        foreach (var market in context.Database["lists.withdrawal_markets"].List(r => r.GetString(0)))
        {
            Write("withdrawals", market, "", id => context.Database["lists.claim_withdrawals"].Run(id, market));
        }
    }

    private void PlanEntries(long listId, string market, string survey)
    {
        var today = context.TodayIn(market);
        var window = context.Config.Programme.MarketOf(market)!.Policy(SurveyKinds.FromCode(survey))!.Window;
        foreach (var (id, eventDate, reason) in context.Database["lists.queued"].List(r => (r.GetInt64(0), r.Day(1), r.GetString(2)), market, survey))
        {
            var until = ContactPlan.CallUntil(window, eventDate, context.Config.Programme.Contact, today);
            context.Database["lists.add_entry"].Run(listId, id, reason, until);
        }
    }

    private void Write(string kind, string market, string survey, Action<long> plan)
    {
        PlannedList? list = null;
        var layout = context.Config.Vendor.LayoutOf(kind, market);
        context.Database.InTransaction(() =>
        {
            list = new PlannedList(
                context.Database["lists.last_id"].Scalar<long>() + 1, FreeName(kind, market, survey, layout.FileExtension), kind, market, survey,
                context.TodayIn(market), context.InstantIn(market));
            context.Database["lists.plan"].Run(list.Id, list.FileName, kind, market, survey, list.Day, list.CreatedAt, context.Ledger.CycleId, layout.Text);
            plan(list.Id);
        });
        var any = true;
        var written = Guard(list!, () => any = context.DryRun ? TryOut(list!, layout) : WriteFile(list!, layout));
        if (!written || !any)
        {
            Guard(list!, () => TakeBack(list!));
            return;
        }

        Settle(list!);
        Guard(list!, () => Publish(list!));
    }

    /// <summary>A disk fault stops this list and nothing else; the next cycle takes up where it stands.</summary>
    private bool Guard(PlannedList list, Action step)
    {
        try
        {
            step();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Report(
                $"The list {list.FileName} could not be written to {context.Directory.PhoneLists}: {Reason.Of(e)} Mend that; the next cycle writes it, nothing is lost.");
            return false;
        }
    }

    /// <summary>The one moment in which the vendor gets to see the list. It is there already when the last cycle died right after.</summary>
    private void Publish(PlannedList list)
    {
        var path = PathOf(list.FileName);
        if (File.Exists(path + ".tmp"))
        {
            context.Lease?.Confirm();
            DurableFile.Rename(path + ".tmp", path);
        }

        context.Database.InTransaction(() => context.Database["lists.publish"].Run(list.Id));
    }

    /// <summary>Writes a list aside, and its manifest; false when there is no row on it.</summary>
    private bool WriteFile(PlannedList list, ListLayout layout)
    {
        DurableFile.CreateFolder(context.Directory.PhoneLists);
        var path = PathOf(list.FileName);
        var temporary = path + ".tmp";
        ControlTotals totals;
        using (var stream = DurableFile.Create(temporary))
        {
            totals = WriteRows(stream, list, layout);
            DurableFile.Flush(stream);
        }

        context.Lease?.Confirm();
        ManifestOf(context, list.Id, Manifest.HashOf(temporary), totals).Write(path);
        return totals.Rows > 0;
    }

    /// <summary>In a dry run: whether a row would be on it.</summary>
    private bool TryOut(PlannedList list, ListLayout layout) => layout.IsContract || WriteRows(Stream.Null, list, layout).Rows > 0;

    private ControlTotals WriteRows(Stream stream, PlannedList list, ListLayout layout)
    {
        var japanese = context.Config.Programme.MarketOf(list.Market)?.Languages[0] is { } language && language.Split('-')[0] == "ja";
        using var file = new ListWriter(stream, layout, list.Kind, japanese);
        var leftOut = list.Kind == "phone" ? WritePhone(file, list) : WriteWithdrawals(file, list);
        if (file.Unread > 0)
        {
            context.Note(
                $"{list.FileName}: {file.Unread} name(s) in Chinese characters of Japan are left empty: their spelling does not say how they are read, and {layout.Encoding.WebName} can't hold them.");
        }

        if (leftOut.Count > 0)
        {
            LeaveOut(list, leftOut);
        }

        return file.Totals;
    }

    /// <summary>What can't be written waits for another layout: the case in its queue, the withdrawal to be told.</summary>
    private void LeaveOut(PlannedList list, List<LeftOut> leftOut)
    {
        context.Database.InTransaction(() => leftOut.ForEach(l =>
        {
            if (list.Kind == "phone")
            {
                context.Database["lists.drop_entry"].Run(list.Id, l.Id);
            }
            else
            {
                context.Database["lists.drop_withdrawal"].Run(l.Id);
            }
        }));
        foreach (var column in leftOut.GroupBy(l => l.Fault.Column))
        {
            var named = Listed(column.Take(CasesNamed).Select(l => l.CaseId)) + (column.Count() > CasesNamed ? " ..." : "");
            context.Report(
                $"{column.Count()} case(s) could not be written to the vendor's list {list.FileName} and wait for the next cycle ({named}): {column.Key}: {column.First().Fault.Problem}. "
                + $"Change the layout in config/vendor.json (width, cut, encoding, transliterate; docs/vendor.md), or correct the data.");
        }
    }

    /// <summary>The manifest of a list that is on record.</summary>
    public static Manifest ManifestOf(CycleContext context, long listId, string sha256, ControlTotals totals) => context.Database["lists.manifest"].First(
        r => new Manifest(
            r.GetString(0), totals.Rows, sha256, r.GetString(1), Instants.Text(context.Local(r.GetString(1), r.Instant(2))), listId, r.TextOrNull(3), r.GetString(4), r.GetString(5),
            totals.Cases, totals.CaseNumbers, r.GetString(4) == "phone" ? totals.PhoneDigits : null),
        listId)!;

    /// <summary>The list is complete and will be seen: its cases are handed over, or the withdrawals told.</summary>
    private void Settle(PlannedList list) => context.Database.InTransaction(() =>
    {
        long rows = 0;
        if (list.Kind == "phone")
        {
            foreach (var (id, reason, until) in context.Database["lists.entries"].List(r => (r.GetInt64(0), r.GetString(1), r.Day(2)), list.Id))
            {
                var row = context.Record(context.Cases.Find(id)!, new CaseEvent.HandedOver(list.Day, until));
                CountPerson(row, list);
                CycleCounts.Add(context.Counts.PhoneReleased, reason);
                rows++;
            }
        }
        else
        {
            rows = context.Database["lists.withdrawals"].List(r => r.GetInt64(0), list.Id).Count;
            context.Counts.Withdrawn += rows;
        }

        var aside = PathOf(list.FileName) + ".tmp";
        var hash = File.Exists(aside) ? Manifest.HashOf(aside) : null;
        context.Database["lists.settle"].Run(rows, hash, list.Id);
        if (hash is not null)
        {
            context.Database["lists.add_version"].Run(list.Id, hash, rows);
        }
    });

    /// <summary>Once a year for each person, by name and number; the law asks how many persons' data left a country.</summary>
    private void CountPerson(CaseRow row, PlannedList list)
    {
        var contact = context.Database["cases.contact_of"].First(r => r.Bytes(0), row.Id)!;
        var points = context.PointsOf(row).Points; // not what may be dialled: after a dead number it is the same person
        var person = context.Vault.HashOfPerson(context.Vault.UnsealContact(contact).Name, points.Phone1 ?? points.Phone2);
        context.Database["lists.count_person"].Run(
            list.Day.Year, list.Market, context.Config.Programme.MarketOf(list.Market)?.VendorCountry ?? "", person, row.Id);
    }

    /// <summary>The vendor has not seen the list: its cases are queued as before, its name is free again.</summary>
    private void TakeBack(PlannedList list)
    {
        context.Database.InTransaction(() =>
        {
            context.Database["lists.discard_entries"].Run(list.Id);
            context.Database["lists.release_withdrawals"].Run(list.Id);
            context.Database["lists.discard"].Run(list.Id);
        });
        foreach (var leftover in new[] { PathOf(list.FileName) + ".tmp", Manifest.PathOf(PathOf(list.FileName)) }.Where(File.Exists))
        {
            Moment.Of("delete", leftover);
            File.Delete(leftover);
        }
    }

    private List<LeftOut> WritePhone(ListWriter file, PlannedList list)
    {
        var market = context.Config.Programme.MarketOf(list.Market)!;
        var leftOut = new List<LeftOut>();
        long after = 0;
        while (true)
        {
            var page = context.Database["lists.phone_page"].List(Entry.Read, list.Id, after, PageRows);
            if (page.Count == 0)
            {
                return leftOut;
            }

            var contacts = page.ConvertAll(e => context.Vault.UnsealContact(e.Contact));
            var points = contacts.ConvertAll(c => ContactPoints.From(c, market, context.Config.Programme));
            var hashes = points.ConvertAll(context.Cases.Hashes);
            var suppressed = context.Cases.SuppressionsOf(hashes);
            for (var i = 0; i < page.Count; i++)
            {
                var entry = page[i];
                var reach = CaseStore.ReachOf(points[i], entry.Flags, hashes[i], suppressed);
                if (file.Row(
                    entry.Row.CaseId, entry.Row.Survey.Code(), entry.Row.Market, context.Config.Templates.LanguageFor(entry.Language, market.Languages), entry.Reason,
                    PlainText.OneLine(contacts[i].Name), // an order to write from right to left would turn the numbers round
                    reach.Phone1?.E164, reach.Phone2?.E164, list.Day, entry.CallUntil, market.TimeZone, market.CallingHours.ToString(),
                    PlainText.OneLine(entry.DealerCode), PlainText.OneLine(entry.DealerName), PlainText.OneLine(entry.Model), entry.Row.EventDate, entry.Row.Survey.Code()) is { } fault)
                {
                    leftOut.Add(new LeftOut(entry.Row.Id, entry.Row.CaseId, fault));
                }
            }

            after = page[^1].Row.Id;
        }
    }

    private List<LeftOut> WriteWithdrawals(ListWriter file, PlannedList list)
    {
        var leftOut = new List<LeftOut>();
        var market = context.Config.Programme.MarketOf(list.Market);
        foreach (var (id, caseId, reason, at) in context.Database["lists.withdrawals"].List(r => (r.GetInt64(3), CaseId.Format(list.Market, r.GetInt64(0)), r.GetString(1), r.Instant(2)), list.Id))
        {
            if (file.Row(caseId, reason, market is null ? at : TimeZoneInfo.ConvertTime(at, Instants.Zone(market))) is { } fault)
            {
                leftOut.Add(new LeftOut(id, caseId, fault));
            }
        }

        return leftOut;
    }

    private string FreeName(string kind, string market, string survey, string extension)
    {
        var stem = kind == "phone" ? $"phone_{market}_{survey}" : $"withdrawals_{market}";
        for (var n = 1; ; n++)
        {
            var name = $"{stem}_{context.TodayIn(market):yyyyMMdd}_{n:00}.{extension}";
            if (context.Database["lists.exists"].Scalar<long>(name) == 0 && !File.Exists(PathOf(name)))
            {
                return name;
            }
        }
    }

    private string PathOf(string fileName) => Path.Combine(context.Directory.PhoneLists, fileName);

    private sealed record Entry(
        CaseRow Row, string Reason, DateOnly CallUntil, byte[] Contact, OptOutFlags Flags, string Language, string DealerCode,
        string DealerName, string Model)
    {
        public static Entry Read(System.Data.Common.DbDataReader r) => new(
            CaseRow.Read(r), r.GetString(15), r.Day(16), r.Bytes(17), (OptOutFlags)r.GetInt32(18), r.GetString(19), r.GetString(20),
            r.GetString(21) is { Length: > 0 } name ? name : r.GetString(23), r.GetString(22));
    }
}
