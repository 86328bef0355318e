using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases.Simulations;

/// <summary>Reads where every open case stands: with whom the coming weeks begin.</summary>
/// <param name="database">The store, or a copy that has taken what lay in the inboxes.</param>
/// <param name="vault">Reads contact data, which is dropped at once.</param>
/// <param name="config">The configuration.</param>
internal sealed class PresentReader(Database database, Vault vault, PipelineConfig config)
{
    private const int PageCases = 2_000;

    private readonly SimulatedCustomers customers = new();
    private readonly List<CustomerView> views = [];
    private readonly Dictionary<long, int> numbers = [];
    private readonly Utf8Words words = new();

    /// <summary>Reads it.</summary>
    /// <param name="first">The first day to live.</param>
    /// <param name="last">The last.</param>
    /// <param name="progress">Shows how far it has come.</param>
    public Cast Read(DateOnly first, DateOnly last, IProgressView progress)
    {
        // A cycle under another programme looks at every open case; what it has begun already is on record.
        var all = database["cycles.policy_of_last_cycle"].Scalar<long>() != database["cycles.policy"].Scalar<long>(config.Programme.Version);
        var suppressed = new Dictionary<long, Suppression>();
        database["simulate.suppressions"].Each(r => suppressed[r.GetInt64(0)] = (Suppression)r.GetInt32(1));
        var points = new SharedPoints();
        var rests = config.Programme.Contact.RestDays > 0;
        var store = new CaseStore(database, vault);
        RowPipe.Run(database["simulate.open"], (page, row) =>
        {
            var market = config.Programme.MarketOf(words.Of(page.Text(row, 1)));
            var flags = (OptOutFlags)page.Number(row, 16);
            var contact = market is null ? PastReader.Nowhere : ContactPoints.From(vault.UnsealContact(page.Text(row, 15).ToArray()), market, config.Programme);
            var hashes = suppressed.Count > 0 || rests ? store.Hashes(contact) : default;
            var reach = CaseStore.ReachOf(contact, flags, hashes, suppressed);
            var number = Add(ReadCase(page, row), all ? first : page.DayOrNull(row, 14), page.Number(row, 17) != 0, reach, page.Number(row, 18) != 0);
            if (rests)
            {
                points.Add(number, CaseStore.Set(hashes));
            }

            if (customers.Count % 10_000 == 0)
            {
                progress.Report($"reading open cases", customers.Count, 0);
            }
        });
        if (rests)
        {
            ReadNeighbours(points, first);
        }

        customers.Complete();
        return new Cast(customers, [[.. views]], [.. Enumerable.Range(first.DayNumber, last.DayNumber - first.DayNumber + 1).Select(DateOnly.FromDayNumber)]);
    }

    /// <summary>Customers rest from contacts for cases that have ended, too.</summary>
    private void ReadNeighbours(SharedPoints points, DateOnly first)
    {
        var since = first.AddDays(-config.Programme.Contact.RestDays - 1);
        var nowhere = Reach.Anonymous(Usability.None, Usability.None, optedOut: false);
        var missing = new HashSet<long>();
        points.ShareAmong(customers, database, id =>
        {
            if (!numbers.ContainsKey(id))
            {
                missing.Add(id);
            }

            return -1;
        });
        foreach (var ids in missing.Chunk(PageCases))
        {
            foreach (var ended in database["cases.find_many"].List(r => CaseRow.Read(r), SqlValues.Set(ids)).Where(c => (c.Case.InvitedOn ?? c.Case.PhoneOn) >= since))
            {
                Add(ended, null, cancelled: false, nowhere, invitationQueued: false);
            }
        }

        points.ShareAmong(customers, database, id => numbers.GetValueOrDefault(id, -1));
    }

    private int Add(CaseRow row, DateOnly? nextLook, bool cancelled, Reach reach, bool invitationQueued)
    {
        var number = customers.Add(row.Id, row.Market, row.Survey, row.EventDate, row.Case, nextLook, cancelled, reach.OptedOut, invitationQueued);
        views.Add(new CustomerView(reach.EmailState, reach.PhoneState, 0));
        numbers.Add(row.Id, number);
        return number;
    }

    /// <summary>A case from a page of rows, its columns in the order of the table.</summary>
    private CaseRow ReadCase(RowPage page, int row)
    {
        string? Word(int column) => page.IsNull(row, column) ? null : words.Of(page.Text(row, column));
        return new CaseRow(page.Number(row, 0), Word(1)!, SurveyKinds.FromCode(Word(2)!), page.DayOrNull(row, 3)!.Value, new SurveyCase
        {
            State = CaseCodes.State(Word(4)!),
            CloseReason = Word(5),
            InvitedOn = page.DayOrNull(row, 6),
            RemindedOn = page.DayOrNull(row, 7),
            PhoneOn = page.DayOrNull(row, 8),
            PhoneReason = Word(9),
            CallUntil = page.DayOrNull(row, 10),
            CompletedOn = page.DayOrNull(row, 11),
            ResponseMode = Word(12),
            MailFailed = page.Number(row, 13) != 0,
        }, page.DayOrNull(row, 14));
    }
}
