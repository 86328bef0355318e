using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Folds the facts of each case again, and compares what they give with everything that the store keeps of it.</summary>
/// <remarks>Ten tables are read side by side in the order of case; of each only the rows of one case are in memory.</remarks>
internal sealed class VerifyCases(Database database, Programme programme, IReadOnlyList<LivedCycle> cycles, IProgressView progress)
{
    /// <summary>The day after the last cycle's, wherever the market lies: what is due today was due by then.</summary>
    private readonly DateOnly latest = cycles.Count == 0 ? DateOnly.MinValue : cycles.Max(c => c.Day).AddDays(1);

    /// <summary>Days to look again are what the programme says; after a change of it the next cycle finds them anew.</summary>
    private readonly bool sameProgramme = cycles.Count > 0 && database["cycles.policy"].Scalar<long>(programme.Version) == cycles[^1].PolicyId;

    /// <summary>The first case that is not what its ledger gives; null when all are.</summary>
    public Phrase? FirstDifference()
    {
        using var facts = new Side<Fact>(Read("verify.facts", (id, why) => $"The ledger holds what no cycle could have written there (number {id}): it can't be read: {why}", Fact.Read), f => f.CaseId);
        using var verdicts = new Side<VerdictRow>(Read("verify.verdicts", (id, why) => $"The transactions hold what no cycle could have written there (number {id}): it can't be read: {why}", VerdictRow.Read), t => t.Id);
        using var cases = new Side<CaseRow>(Read("cases.all", (id, why) => $"The cases hold what no cycle could have written there (number {id}): it can't be read: {why}", r => CaseRow.Read(r)), c => c.Id);
        using var mails = new Side<MailRow>(Read("verify.mails", (id, why) => $"The mails hold what no cycle could have written there (number {id}): it can't be read: {why}", MailRow.Read), m => m.CaseId);
        using var entries = new Side<EntryRow>(Read("verify.entries", (id, why) => $"The lists hold what no cycle could have written there (number {id}): it can't be read: {why}", EntryRow.Read), e => e.CaseId);
        var meanings = StoredAnswers.MeaningsIn(database);
        using var responses = new Side<ResponseRow>(Read("verify.responses", (id, why) => $"The responses hold what no cycle could have written there (number {id}): it can't be read: {why}", r => ResponseRow.Read(r, meanings)), r => r.CaseId);
        using var attempts = new Side<AttemptRow>(Read("verify.attempts", (id, why) => $"The attempts hold what no cycle could have written there (number {id}): it can't be read: {why}", AttemptRow.Read), a => a.CaseId);
        using var withdrawals = new Side<WithdrawalRow>(Read("verify.withdrawals", (id, why) => $"The withdrawals hold what no cycle could have written there (number {id}): it can't be read: {why}", WithdrawalRow.Read), w => w.CaseId);
        using var returns = new Side<ReturnRow>(Read("verify.returns", (id, why) => $"The bounces hold what no cycle could have written there (number {id}): it can't be read: {why}", ReturnRow.Read), r => r.CaseId);
        ISide[] sides = [facts, verdicts, cases, mails, entries, responses, attempts, withdrawals, returns];
        Phrase step = $"verifying cases";
        for (long done = 0; sides.Min(s => s.Next) is { } id; done++)
        {
            var story = new Story(
                id, facts.Take(id), verdicts.Take(id).FirstOrDefault(), cases.Take(id).FirstOrDefault(), mails.Take(id), entries.Take(id),
                responses.Take(id), attempts.Take(id), withdrawals.Take(id), returns.Take(id));
            if (Difference(story) is { } difference)
            {
                return difference;
            }

            progress.Report(step, done, 0);
        }

        return null;
    }

    private IEnumerable<T> Read<T>(string statement, Func<long, string, Phrase> said, Func<System.Data.Common.DbDataReader, T> read) =>
        database[statement].Rows(r => Verify.Readable(why => said(r.GetInt64(0), why), () => read(r)));

    private Phrase? Difference(Story s)
    {
        if (s.Verdict is null)
        {
            return s.Case is { } orphan ? $"Case {orphan.CaseId} has no transaction."
                : s.Facts.Count > 0 ? (Phrase)$"The ledger tells of case {s.Id}, but there is no such transaction."
                : $"Mails, lists or replies tell of case {s.Id}, but there is no such case.";
        }

        return Screened(s, s.Verdict) ?? Verify.Readable(why => $"The ledger of transaction {s.Verdict} can't be read: {why}", () => Folded(s, s.Verdict)) ?? Over(s, s.Verdict)
            ?? s.Said(Mailed(s) ?? (IsErased(s) ? null : HandedOver(s) ?? Withdrawn(s) ?? Answered(s) ?? Called(s) ?? Returned(s)));
    }

    /// <summary>The last verdict on record is the ledger's.</summary>
    private static Phrase? Screened(Story s, VerdictRow t)
    {
        var last = s.Facts.FindLast(f => f.Kind is Ledger.ScreenedOut or nameof(CaseEvent.Opened));
        if (last is null)
        {
            return t.Reason is null
                ? (Phrase)$"Transaction {t} was found eligible, but the ledger does not say so: a line of it is missing."
                : $"Transaction {t} was screened out, but the ledger does not say so: a line of it is missing.";
        }

        var said = last.Kind == Ledger.ScreenedOut ? LedgerText.Reason(last.Detail) : null;
        if (said != t.Reason)
        {
            return $"Transaction {t} is on record as {Verdict(t.Reason)}, but the ledger's line {last.Seq} says {Verdict(said)}.";
        }

        if (said is not null && (t.ScreenedOn != last.Day || t.PolicyId != last.PolicyId))
        {
            return $"Transaction {t} is on record as screened on {Day(t.ScreenedOn)} under policy {t.PolicyId}, but the ledger's line {last.Seq} says {Day(last.Day)}, policy {last.PolicyId}.";
        }

        return t.FailedRules >> Screening.Rules.Count == 0 && new ScreeningVerdict(t.FailedRules).Reason == t.Reason
            ? null
            : (Phrase)$"Transaction {t} is on record as {Verdict(t.Reason)}, but the rules that failed do not begin with that.";
    }

    /// <summary>Retention finds what is over by its ending; what has none would be kept for ever.</summary>
    private static Phrase? Over(Story s, VerdictRow t) => (s.Case is { } row ? !row.Case.IsOpen : t.Reason is not null) == t.HasEnding ? null
        : t.HasEnding ? (Phrase)$"Transaction {t} is not over, but retention was told that it is."
        : $"Transaction {t} is over, but no ending is on record: retention would never look at it.";

    private Phrase? Folded(Story s, VerdictRow t)
    {
        SurveyCase? folded = null;
        foreach (var fact in s.Facts)
        {
            if (fact.Event is { } e)
            {
                if (folded is null && e is not CaseEvent.Opened)
                {
                    return $"The ledger's line {fact.Seq} ({fact.Kind}) tells of transaction {t}, for which no case was ever opened.";
                }

                var before = folded;
                (folded, var withdraw) = CaseTransitions.After(before, e);
                s.Apply(before, e, folded, withdraw);
            }
        }

        if (s.Case is not { } row)
        {
            return folded is null ? null
                : t.Reason is null ? (Phrase)$"Transaction {t} is eligible but has no case."
                : $"The ledger tells of a case of transaction {t}, but the store has no such case.";
        }

        return folded is null ? $"Case {row.CaseId} has no ledger."
            : row.Case != folded ? $"Case {row.CaseId} differs from its ledger: stored {Words(row.Case)}; ledger {Words(folded)}."
            : row.Market != t.Country || row.Survey.Code() != t.Survey || row.EventDate != t.EventDate
                ? $"Case {row.CaseId} ({row.Market} {row.Survey.Code()}, event {Day(row.EventDate)}) differs from its transaction ({t.Country} {t.Survey}, event {Day(t.EventDate)})."
            : NextLook(row);
    }

    /// <summary>Nobody may be forgotten: an open case is looked at again by the day that its plan says. Earlier does no harm.</summary>
    private Phrase? NextLook(CaseRow row)
    {
        if (row.Case.IsOpen != row.NextLookOn is not null)
        {
            return row.Case.IsOpen
                ? (Phrase)$"Case {row.CaseId} is open, but no day is set to look at it again."
                : $"Case {row.CaseId} has ended, but is to be looked at again.";
        }

        if (row.NextLookOn is not { } next || !sameProgramme || programme.MarketOf(row.Market)?.Policy(row.Survey) is not { } policy)
        {
            return null;
        }

        var planned = ContactPlan.NextLook(row.Case, row.EventDate, policy.Window, programme.Contact, latest);
        return next > planned ? (Phrase)$"Case {row.CaseId} is to be looked at again on {Day(next)}; its plan says {Day(planned)} at the latest." : null;
    }

    private static Phrase? Mailed(Story s)
    {
        foreach (var mail in s.Mails)
        {
            var accepted = s.Facts.Where(f => f.Event is CaseEvent.MailAccepted e && e.Contact == mail.Contact).ToList();
            var rejected = s.Facts.Where(f => f.Event is CaseEvent.MailUndelivered { Bounced: false } e && e.Contact == mail.Contact).ToList();
            var (sent, refused) = (mail.State == "accepted" ? 1 : 0, mail.State == "undelivered" ? 1 : 0);
            if (accepted.Count != sent || rejected.Count != refused)
            {
                return $"the {mail.Contact.Code()} is on record as {mail.State}, but the ledger has {accepted.Count} acceptance(s) and {rejected.Count} rejection(s) of it";
            }

            if (mail.SettledIn is null != mail.State is "queued" or "claimed")
            {
                return mail.SettledIn is null
                    ? (Phrase)$"the {mail.Contact.Code()} is on record as {mail.State}, and as still open"
                    : $"the {mail.Contact.Code()} is on record as {mail.State}, and as settled";
            }

            var fact = accepted.Concat(rejected).FirstOrDefault();
            if (fact is not null && mail.SettledIn is not 0 && mail.SettledIn != fact.CycleId) // 0: before cycles were recorded here
            {
                return $"the {mail.Contact.Code()} is on record as settled by cycle {mail.SettledIn}, but the ledger's line {fact.Seq} was written by cycle {fact.CycleId}";
            }

            if (mail.IsAddressed && !mail.IsDead && s.Facts.Exists(f => f.Event is CaseEvent.MailUndelivered { Class: "dead" } e && e.Contact == mail.Contact))
            {
                return $"the {mail.Contact.Code()} found its address dead, but the address is not on the suppression list";
            }
        }

        return s.Facts.Find(f => f.Event is CaseEvent.MailAccepted or CaseEvent.MailUndelivered && !s.Mails.Exists(m => m.Contact == ContactOf(f.Event))) is { } lost
            ? (Phrase)$"the ledger's line {lost.Seq} tells of the {ContactOf(lost.Event!).Code()}, but there is no such mail"
            : null;
    }

    private static MailContact ContactOf(CaseEvent fact) => fact is CaseEvent.MailAccepted a ? a.Contact : ((CaseEvent.MailUndelivered)fact).Contact;

    /// <summary>Each line of a list that was handed over is a fact of its case, and the other way round.</summary>
    private static Phrase? HandedOver(Story s)
    {
        if (s.Entries.Find(e => e.State.Length == 0) is { } lost)
        {
            return $"it stands on a phone list that there is not (to be called until {Day(lost.CallUntil)})";
        }

        var given = s.Entries.Where(e => e.State != "planned").ToList();
        if (given.Count != s.HandOvers.Count)
        {
            return $"it stands on {given.Count} phone list(s), but the ledger has {s.HandOvers.Count} hand-over(s)";
        }

        foreach (var (entry, (fact, reason)) in given.Zip(s.HandOvers))
        {
            if (entry.Day != fact.Day || entry.CallUntil != fact.CallUntil || entry.Reason != reason
                || entry.Market != s.Case!.Market || entry.Survey != s.Case.Survey.Code())
            {
                return $"on {entry.FileName} it is to be called from {Day(entry.Day)} until {Day(entry.CallUntil)} for {entry.Reason}, but the ledger says {Day(fact.Day)} until {Day(fact.CallUntil)} for {reason}";
            }
        }

        return null;
    }

    private static Phrase? Withdrawn(Story s) => s.Withdrawals.Select(w => w.Reason).SequenceEqual(s.Withdrawn) && s.Withdrawals.TrueForAll(w => w.Market == s.Case?.Market)
        ? null
        : (Phrase)$"the vendor is told to leave it {Times(s.Withdrawals.Select(w => Say($"in {w.Market} for {w.Reason}")))}, but the ledger says {Times(s.Withdrawn)}";

    private static Phrase? Answered(Story s)
    {
        if (s.Responses.Count != s.Answers.Count)
        {
            return $"{s.Responses.Count} response(s) are kept, but the ledger has {s.Answers.Count}";
        }

        var complete = false;
        foreach (var (row, (fact, late)) in s.Responses.Zip(s.Answers))
        {
            if (row.Mode != fact.Mode || row.Status != fact.Status || row.Late != late
                || Math.Abs(DateOnly.FromDateTime(row.CompletedAt.UtcDateTime).DayNumber - fact.CompletedOn.DayNumber) > 1)
            {
                return $"a response is kept as {row.Mode} {row.Status}{Late(row.Late)}, completed {Day(DateOnly.FromDateTime(row.CompletedAt.UtcDateTime))}, "
                    + $"but the ledger says {fact.Mode} {fact.Status}{Late(late)}, {Day(fact.CompletedOn)}";
            }

            if (row.AnswersHash != fact.Answers)
            {
                return $"the answers of its {row.Mode} {row.Status} are not those that came in on {Day(fact.Day)}";
            }

            if (row.Duplicate != (complete && row.Status == ResponseStatuses.Complete))
            {
                return row.Duplicate ? (Phrase)$"its first complete response is kept as a duplicate" : $"two complete responses count";
            }

            complete |= row.Status == ResponseStatuses.Complete;
        }

        return null;
    }

    private static Phrase? Called(Story s)
    {
        var kept = InOrder(s.Attempts.Select(a => (a.Code, a.Final)));
        var told = InOrder(s.Facts.Select(f => f.Event).OfType<CaseEvent.CallReported>().Select(e => (e.Code, e.Final)));
        return kept.SequenceEqual(told) ? null : (Phrase)$"call results are kept as {Times(kept.Select(Call))}, but the ledger says {Times(told.Select(Call))}";

        static List<(string Code, bool Final)> InOrder(IEnumerable<(string Code, bool Final)> calls) =>
            [.. calls.OrderBy(c => c.Code, StringComparer.Ordinal).ThenBy(c => c.Final)];
    }

    /// <summary>A mail came back only if a report said so. A report may say it of several recipients.</summary>
    private static Phrase? Returned(Story s)
    {
        foreach (var told in s.Facts.Select(f => f.Event).OfType<CaseEvent.MailUndelivered>().Where(e => e.Bounced).GroupBy(e => e.Contact))
        {
            if (told.Count() > s.Returns.Count(r => r.Contact == told.Key))
            {
                return $"the ledger says that the {told.Key.Code()} came back {told.Count()} time(s), but {s.Returns.Count(r => r.Contact == told.Key)} report(s) are kept";
            }
        }

        return null;
    }

    /// <summary>Of an erased customer only the facts are left; what he said, and the lists he stood on, are not as they were.</summary>
    private static bool IsErased(Story s) => s.Case?.Case.CloseReason == CloseReasons.Erased;

    private static Phrase Verdict(string? reason) => reason is null ? (Phrase)$"eligible" : $"screened out ({reason})";

    private static Phrase Late(bool late) => late ? (Phrase)$", late" : $"";

    private static string Call((string Code, bool Final) call) => call.Final ? Say($"{call.Code} final") : call.Code;

    private static Phrase Times(IEnumerable<string> what) => Listed(what) is { Length: > 0 } some ? (Phrase)$"{some}" : $"nothing";

    private static Phrase Day(DateOnly? day) => day is null ? (Phrase)$"no day" : $"{day:yyyy-MM-dd}";

    private static Phrase Words(SurveyCase c) =>
        $"{c.State.Code()} {c.CloseReason} (invited {c.InvitedOn:yyyy-MM-dd}, reminded {c.RemindedOn:yyyy-MM-dd}, phone {c.PhoneOn:yyyy-MM-dd} {c.PhoneReason}, "
        + $"call until {c.CallUntil:yyyy-MM-dd}, completed {c.CompletedOn:yyyy-MM-dd} {c.ResponseMode}{(c.MailFailed ? (Phrase)$", mail failed" : $"")})";

    /// <summary>All that is on record about one transaction, and what its facts say of each table.</summary>
    private sealed record Story(
        long Id, List<Fact> Facts, VerdictRow? Verdict, CaseRow? Case, List<MailRow> Mails, List<EntryRow> Entries, List<ResponseRow> Responses,
        List<AttemptRow> Attempts, List<WithdrawalRow> Withdrawals, List<ReturnRow> Returns)
    {
        public List<(CaseEvent.HandedOver Fact, string? Reason)> HandOvers { get; } = [];

        public List<(CaseEvent.Responded Fact, bool Late)> Answers { get; } = [];

        public List<string> Withdrawn { get; } = [];

        public void Apply(SurveyCase? before, CaseEvent fact, SurveyCase after, bool withdraw)
        {
            switch (fact)
            {
                case CaseEvent.HandedOver e:
                    HandOvers.Add((e, before!.PhoneReason));
                    break;
                case CaseEvent.Responded e:
                    Answers.Add((e, before!.State == CaseState.Closed));
                    break;
                default:
                    break; // the others are compared as they are
            }

            if (withdraw)
            {
                Withdrawn.Add(after.CloseReason ?? "completed");
            }
        }

        public Phrase? Said(Phrase? difference) => difference is null ? null
            : Case is { CaseId: var id } ? (Phrase)$"Case {id}: {difference}." : $"Case of transaction {Verdict}: {difference}.";
    }

    private sealed record Fact(long CaseId, long Seq, DateOnly Day, string Kind, string Detail, long CycleId, long PolicyId, CaseEvent? Event)
    {
        public static Fact Read(System.Data.Common.DbDataReader r)
        {
            var (day, kind, detail) = (r.Day(2), r.GetString(3), r.GetString(4));
            return new(r.GetInt64(0), r.GetInt64(1), day, kind, detail, r.GetInt64(5), r.GetInt64(6), LedgerText.Fact(day, kind, detail));
        }
    }

    private sealed record VerdictRow(
        long Id, string Transaction, string Country, string Survey, DateOnly EventDate, string? Reason, int FailedRules, DateOnly ScreenedOn, long PolicyId, bool HasEnding)
    {
        public static VerdictRow Read(System.Data.Common.DbDataReader r) => new(
            r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), r.Day(4), r.TextOrNull(5), r.GetInt32(6), r.Day(7), r.GetInt64(8), !r.IsDBNull(9));

        public override string ToString() => $"{Id} ({Country} {Transaction})";
    }

    private sealed record MailRow(long CaseId, MailContact Contact, string State, long? SettledIn, bool IsAddressed, bool IsDead)
    {
        public static MailRow Read(System.Data.Common.DbDataReader r) => new(
            r.GetInt64(0), (MailContact)r.GetInt32(1), r.GetString(2), r.LongOrNull(3), !r.IsDBNull(4), ((Suppression)r.GetInt32(5)).HasFlag(Suppression.Dead));
    }

    private sealed record EntryRow(
        long CaseId, string FileName, string State, DateOnly? Day, DateOnly? CallUntil, string Reason, string Market, string Survey)
    {
        public static EntryRow Read(System.Data.Common.DbDataReader r) => new(
            r.GetInt64(0), r.GetString(1), r.GetString(2), r.DayOrNull(3), r.DayOrNull(4), r.GetString(5), r.GetString(6), r.GetString(7));
    }

    private sealed record ResponseRow(long CaseId, string Mode, string Status, DateTimeOffset CompletedAt, bool Late, bool Duplicate, string AnswersHash)
    {
        public static ResponseRow Read(System.Data.Common.DbDataReader r, IReadOnlyDictionary<long, string> meanings) => new(
            r.GetInt64(0), r.GetString(1), r.GetString(2), r.Instant(3), r.GetInt32(4) != 0, r.GetInt32(5) != 0,
            StoredAnswers.HashOf(meanings.GetValueOrDefault(r.GetInt64(6), ""), r.GetString(7)));
    }

    private sealed record AttemptRow(long CaseId, string Code, bool Final)
    {
        public static AttemptRow Read(System.Data.Common.DbDataReader r) => new(r.GetInt64(0), r.GetString(2), r.GetInt32(3) != 0);
    }

    private sealed record WithdrawalRow(long CaseId, string Market, string Reason)
    {
        public static WithdrawalRow Read(System.Data.Common.DbDataReader r) => new(r.GetInt64(0), r.GetString(1), r.GetString(2));
    }

    private sealed record ReturnRow(long CaseId, MailContact Contact)
    {
        public static ReturnRow Read(System.Data.Common.DbDataReader r) => new(r.GetInt64(0), (MailContact)r.GetInt32(1));
    }

    private interface ISide
    {
        /// <summary>The case of the next row; null at the end.</summary>
        long? Next { get; }
    }

    /// <summary>One of the tables, in the order of case.</summary>
    private sealed class Side<T> : ISide, IDisposable
    {
        private readonly IEnumerator<T> rows;
        private readonly Func<T, long> caseOf;

        public Side(IEnumerable<T> rows, Func<T, long> caseOf)
        {
            this.rows = rows.GetEnumerator();
            this.caseOf = caseOf;
            Move();
        }

        public long? Next { get; private set; }

        /// <summary>The rows of a case, which is the first that is left.</summary>
        public List<T> Take(long id)
        {
            var taken = new List<T>();
            while (Next == id)
            {
                taken.Add(rows.Current);
                Move();
            }

            return taken;
        }

        public void Dispose() => rows.Dispose();

        private void Move() => Next = rows.MoveNext() ? caseOf(rows.Current) : null;
    }
}
