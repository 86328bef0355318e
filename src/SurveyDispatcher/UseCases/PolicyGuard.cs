using System.Text;
using System.Text.Json;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>What a change of the programme does in one market and survey.</summary>
/// <param name="Market">The market, or a country that is in none.</param>
/// <param name="Survey">The survey's code.</param>
/// <param name="OpenCases">Cases that are open.</param>
/// <param name="NewlyContacted">Customers whom only the programme after the change contacts.</param>
/// <param name="Dropped">Customers with an open case whom only the programme before the change contacts.</param>
/// <param name="ContactedEarlier">Customers with an open case whom both contact, the programme after the change on an earlier day.</param>
public sealed record PolicyEffectRow(string Market, string Survey, long OpenCases, long NewlyContacted, long Dropped, long ContactedEarlier)
{
    /// <summary>All whom the change affects.</summary>
    internal long Affected => NewlyContacted + Dropped + ContactedEarlier;
}

/// <summary>What a change of the programme does.</summary>
public sealed record PolicyEffect(IReadOnlyList<PolicyEffectRow> Rows)
{
    /// <summary>Cases that are open.</summary>
    public long OpenCases => Rows.Sum(r => r.OpenCases);

    /// <summary>Customers who are newly contacted.</summary>
    public long NewlyContacted => Rows.Sum(r => r.NewlyContacted);

    /// <summary>Customers who are dropped.</summary>
    public long Dropped => Rows.Sum(r => r.Dropped);

    /// <summary>Customers who are contacted earlier.</summary>
    public long ContactedEarlier => Rows.Sum(r => r.ContactedEarlier);

    /// <summary>All whom the change affects.</summary>
    public long Affected => Rows.Sum(r => r.Affected);
}

/// <summary>A programme that is not the last cycle's.</summary>
/// <param name="BeforeId">The number of the policy in force; null: no cycle has run yet.</param>
/// <param name="BeforeVersion">Its version; empty without one.</param>
/// <param name="Version">The version of the programme that is configured.</param>
/// <param name="Before">The programme in force; null: there is none, or this version of the program can't read it.</param>
/// <param name="Differences">Where the two differ.</param>
/// <param name="Effect">What the change does to customers; null: it can't be counted, or there is nobody yet.</param>
/// <param name="ConfirmedOn">The day on which somebody confirmed it; null: nobody did, or too long ago.</param>
internal sealed record PolicyChange(
    long? BeforeId, string BeforeVersion, string Version, Programme? Before, IReadOnlyList<ProgrammeDifference> Differences, PolicyEffect? Effect, DateOnly? ConfirmedOn)
{
    /// <summary>The day of a confirmation that is too long ago to be good.</summary>
    public DateOnly? ExpiredConfirmation { get; init; }

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Puts it on record with the cycle that begins under it; inside the transaction that begins the cycle.</summary>
    public void Record(Database database, long cycle, long policy, DateOnly day)
    {
        database["policies.add_change"].Run(
            cycle, policy, BeforeId, day, JsonSerializer.Serialize(Differences, Json), Effect?.OpenCases, Effect?.NewlyContacted, Effect?.Dropped, Effect?.ContactedEarlier, ConfirmedOn);
        if (BeforeId is { } before)
        {
            database["policies.use_confirmation"].Run(Version, before); // a later change of the same kind is another one
        }
    }

    /// <summary>Differences as they are on record.</summary>
    public static IReadOnlyList<ProgrammeDifference> Read(string difference) => JsonSerializer.Deserialize<List<ProgrammeDifference>>(difference, Json)!;
}

/// <summary>Keeps a slip in programme.json from contacting or dropping thousands: a change that affects more than a share of the open cases is confirmed first (docs/policy.md).</summary>
internal static class PolicyGuard
{
    /// <summary>Why a cycle must not begin with the programme that is configured; null when it may.</summary>
    /// <param name="database">The store.</param>
    /// <param name="config">The settings and the programme.</param>
    /// <param name="asOf">What dates the cycle.</param>
    /// <param name="openVault">The keys of the store: asked for only when sampling is compared.</param>
    /// <remarks>A change that is confirmed stops nothing, whomever it affects: then nobody is counted.</remarks>
    public static string? Problem(Database database, PipelineConfig config, AsOf asOf, Func<Vault> openVault) => Look(database, config, asOf) is { ConfirmedOn: null } change
        ? Problem(Counted(change, database, config, asOf, openVault), config.Settings.Policy)
        : null;

    /// <summary>The same for a change that was looked at.</summary>
    public static string? Problem(PolicyChange? change, PolicyOptions options) => change is { ConfirmedOn: null } && MustBeConfirmed(change, options) ? PolicyText.Stopped(change, options) : null;

    /// <summary>How the configured programme differs from the last cycle's, and what that does; null when it is the same one.</summary>
    public static PolicyChange? Change(Database database, PipelineConfig config, AsOf asOf, Func<Vault> openVault) =>
        Look(database, config, asOf) is { } change ? Counted(change, database, config, asOf, openVault) : null;

    /// <summary>The same without what it does to customers.</summary>
    private static PolicyChange? Look(Database database, PipelineConfig config, AsOf asOf)
    {
        var version = config.Programme.Version;
        if (database["policies.in_force"].First(r => (Id: r.GetInt64(0), Version: r.GetString(1), Text: r.GetString(2))) is not { Id: > 0 } inForce)
        {
            return new PolicyChange(null, "", version, null, [], null, null);
        }

        if (inForce.Version == version)
        {
            return null;
        }

        var confirmed = database["policies.confirmed_on"].First(r => (DateOnly?)r.Day(0), version, inForce.Id);
        var isGood = asOf.Day <= confirmed?.AddDays(config.Settings.Policy.ConfirmationDays); // whom a change affects is another matter weeks later
        return new PolicyChange(
            inForce.Id, inForce.Version, version, ProgrammeFile.Parse(inForce.Text, []), ProgrammeDifference.Between(inForce.Text, config.ProgrammeText), null, isGood ? confirmed : null)
        {
            ExpiredConfirmation = isGood ? null : confirmed,
        };
    }

    private static PolicyChange Counted(PolicyChange change, Database database, PipelineConfig config, AsOf asOf, Func<Vault> openVault) =>
        change.Before is { } before ? change with { Effect = Compare(database, before, config.Programme, asOf, openVault) } : change;

    /// <summary>What can't be counted is taken for all there is.</summary>
    private static bool MustBeConfirmed(PolicyChange change, PolicyOptions options) => change.BeforeId is not null
        && (change.Effect is not { } effect || IsMuch(effect.Rows, options) || effect.Rows.GroupBy(r => r.Market).Any(market => IsMuch(market, options)));

    private static bool IsMuch(IEnumerable<PolicyEffectRow> rows, PolicyOptions options)
    {
        var (affected, open) = (rows.Sum(r => r.Affected), rows.Sum(r => r.OpenCases));
        return affected > options.ConfirmAboveShare * open && affected > options.ConfirmAboveCases;
    }

    /// <summary>Compares two programmes over every customer about whom they may differ, a page at a time.</summary>
    private static PolicyEffect Compare(Database database, Programme before, Programme after, AsOf asOf, Func<Vault> openVault)
    {
        var open = database["policies.open_cases"].List(r => (Market: r.GetString(0), Survey: r.GetString(1), Cases: r.GetInt64(2)));
        var pairs = new RulePairs(before, after, asOf);
        if (pairs.Since is { } since)
        {
            using var vault = pairs.Sample ? openVault() : null;
            RowPipe.Run(database["policies.known"], (page, row) => pairs.Count(page, row, vault), since);
        }

        return new PolicyEffect(
        [
            .. from key in open.Select(o => (o.Market, o.Survey)).Union(pairs.Counted).Order()
               let counts = pairs.Of(key)
               select new PolicyEffectRow(key.Market, key.Survey, open.Find(o => (o.Market, o.Survey) == key).Cases, counts[ChangeEffect.NewlyContacted], counts[ChangeEffect.Dropped], counts[ChangeEffect.ContactedEarlier]),
        ]);
    }

    /// <summary>What both programmes say of each market and survey, and how many customers feel the difference.</summary>
    private sealed class RulePairs
    {
        private readonly Programme before, after;
        private readonly AsOf asOf;
        private readonly Dictionary<(string Market, string Survey), Pair> pairs = [];

        public RulePairs(Programme before, Programme after, AsOf asOf)
        {
            (this.before, this.after, this.asOf) = (before, after, asOf);
            foreach (var country in before.Markets.Keys.Union(after.Markets.Keys))
            {
                foreach (var survey in Enum.GetValues<SurveyKind>())
                {
                    PairOf(country, survey.Code());
                }
            }
        }

        /// <summary>Transactions without a case that are older can't be eligible by the programme after; null: the two say the same of everybody.</summary>
        public DateOnly? Since => pairs.Values.Any(p => p.Differ)
            ? pairs.Values.Where(p => p.Differ).Select(p => FirstEvent(p.After)).DefaultIfEmpty(DateOnly.MaxValue).Min()
            : null;

        /// <summary>Whether anybody's number has to be drawn.</summary>
        public bool Sample => pairs.Values.Any(p => p.Differ && (p.Before.Policy?.Sampling ?? p.After.Policy?.Sampling) is not null);

        /// <summary>Markets and surveys in which anybody is affected.</summary>
        public IEnumerable<(string Market, string Survey)> Counted => pairs.Where(p => Enum.GetValues<ChangeEffect>().Any(effect => effect != ChangeEffect.None && p.Value[effect] > 0)).Select(p => p.Key);

        public Pair Of((string Market, string Survey) key) => PairOf(key.Market, key.Survey);

        public void Count(RowPage page, int row, Vault? vault)
        {
            var (country, survey) = (Text(page, row, 0), Text(page, row, 1));
            var pair = PairOf(country, survey);
            if (pair.Differ)
            {
                pair.Count(ProgrammeChange.Of(Known(page, row, country, survey, vault), pair.Before, pair.After));
            }
        }

        private static KnownTransaction Known(RowPage page, int row, string country, string survey, Vault? vault)
        {
            const int state = 12;
            var key = new TransactionKey(country, vault is null ? "" : Text(page, row, 2), SurveyKinds.FromCode(survey), vault is null ? "" : Text(page, row, 3));
            var flags = (OptOutFlags)page.Number(row, 10);
            var transaction = new Transaction
            {
                Key = key,
                EventDate = page.DayOrNull(row, 4)!.Value,
                PurchaseDate = page.DayOrNull(row, 5),
                MileageKm = (int?)page.NumberOrNull(row, 6),
                CustomerType = Text(page, row, 7),
                PaymentType = Text(page, row, 8),
                Cancelled = page.Number(row, 9) != 0,
                EmailOptOut = flags.HasFlag(OptOutFlags.Email),
                PhoneOptOut = flags.HasFlag(OptOutFlags.Phone),
                Vin = "",
            };
            var known = page.IsNull(row, state) ? null : new SurveyCase
            {
                State = CaseCodes.State(Text(page, row, state)),
                CloseReason = page.IsNull(row, state + 1) ? null : Text(page, row, state + 1),
                InvitedOn = page.DayOrNull(row, state + 2),
                RemindedOn = page.DayOrNull(row, state + 3),
                CallUntil = page.DayOrNull(row, state + 4),
                MailFailed = page.Number(row, state + 5) != 0,
            };
            return new KnownTransaction(transaction, new ScreeningVerdict((int)page.Number(row, 11)), known, vault is null ? 0 : Sampling.DrawOf(vault.Hash(key)));
        }

        private Pair PairOf(string country, string survey)
        {
            if (!pairs.TryGetValue((country, survey), out var pair))
            {
                pairs.Add((country, survey), pair = new Pair(Rules(before, country, survey), Rules(after, country, survey)));
            }

            return pair;
        }

        private RulesOnDay Rules(Programme programme, string country, string survey)
        {
            var market = programme.MarketOf(country);
            return new RulesOnDay(market, SurveyKinds.FromCode(survey), programme.Contact, market is null ? asOf.Day : asOf.LocalDate(market));
        }

        private static DateOnly FirstEvent(RulesOnDay rules) => rules.Policy is not { } policy ? DateOnly.MaxValue
            : policy.Window.ToDay is { } to ? rules.Today.AddDays(-to)
            : DateOnly.MinValue;

        private static string Text(RowPage page, int row, int column) => Encoding.UTF8.GetString(page.Text(row, column));
    }

    private sealed class Pair(RulesOnDay before, RulesOnDay after)
    {
        private readonly long[] customers = new long[Enum.GetValues<ChangeEffect>().Length];

        public RulesOnDay Before => before;

        public RulesOnDay After => after;

        public bool Differ { get; } = !before.SayTheSameAs(after);

        /// <summary>How many customers feel it so.</summary>
        public long this[ChangeEffect effect] => customers[(int)effect];

        public void Count(ChangeEffect effect) => customers[(int)effect]++;
    }
}
