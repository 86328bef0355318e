using System.Globalization;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>One transaction's time line, proofs, plan and turns, from all tables that know something of it.</summary>
internal sealed class StoryOf
{
    private readonly PipelineConfig config;
    private readonly Database database;
    private readonly Vault vault;
    private readonly AsOf asOf;
    private readonly Explain.Known t;
    private readonly CaseRow? row;
    private readonly List<Explain.Line> ledger;
    private readonly IReadOnlyList<StoryMail> mails;
    private readonly Dictionary<MailContact, Explain.MailOnRecord> receipts;
    private readonly Func<long, Explain.Recorded?> policyOf;
    private readonly Circumstances now;
    private readonly bool erased;
    private readonly Market? market;
    private readonly TimeZoneInfo zone;
    private readonly List<ListedOn> lists;
    private readonly Dictionary<long, (DateOnly Day, DateOnly Local)> cycles;

    public StoryOf(
        PipelineConfig config, Database database, Vault vault, AsOf asOf, Explain.Known transaction, CaseRow? row, List<Explain.Line> ledger, IReadOnlyList<StoryMail> mails,
        Dictionary<MailContact, Explain.MailOnRecord> receipts, Func<long, Explain.Recorded?> policyOf, Circumstances now, bool erased)
    {
        (this.config, this.database, this.vault, this.asOf, t, this.row) = (config, database, vault, asOf, transaction, row);
        (this.ledger, this.mails, this.receipts, this.policyOf, this.now, this.erased) = (ledger, mails, receipts, policyOf, now, erased);
        market = now.Input.Market;
        zone = market is null ? TimeZoneInfo.Utc : Instants.Zone(market);
        cycles = database["explain.cycles"].List(
            r => (Id: r.GetInt64(0), Day: r.Day(1), AsOf: r.GetString(2)), SqlValues.Set(ledger.Select(l => l.Cycle).Append(t.FileCycle ?? 0).Distinct()))
            .ToDictionary(c => c.Id, c => (c.Day, Local: market is null ? c.Day : AsOf.Parse(c.AsOf).LocalDate(market)));
        lists = database["explain.lists"].List(
            r => new ListedOn(r.GetString(0), r.Day(1), r.Instant(2), r.GetString(3), r.TextOrNull(4), r.GetString(5), r.DayOrNull(6), r.LongOrNull(7)), t.Id);
        Plan = row is null || Planned is not { } p ? [] : [.. Forecast.Of(p, Rules, Today, MailFrom).Select(WithLanguage), .. Forgetting(p)];
        Next = Say(Told());
    }

    /// <summary>What comes if nothing happens.</summary>
    public IReadOnlyList<StoryStep> Plan { get; }

    /// <summary>What the contact plan decides today, in words, and when.</summary>
    public string Next { get; }

    private DateOnly Today => now.Input.Today;

    private ContactRules Rules => config.Programme.Contact;

    /// <summary>Tomorrow when today's hours are over.</summary>
    private DateOnly MailFrom => market is null || asOf.FixedDay is not null || TimeOnly.FromDateTime(asOf.In(market).DateTime) < market.SendingHours.To ? Today : Today.AddDays(1);

    /// <summary>The case as the plan sees it; null where there is none, or its market or survey is no longer configured.</summary>
    private PlannedCase? Planned => row is not null && market?.Policy(row.Survey) is { } policy
        ? new PlannedCase(row.Case, row.EventDate, policy.Window, now.Input.Reach, t.Transaction.Cancelled, now.Input.OtherContactOn)
        : null;

    /// <summary>Everything, in order of time.</summary>
    public IReadOnlyList<StoryEvent> Timeline()
    {
        // Of one day: what came in, then the ledger's lines in their order, each plan before its contact.
        var told = new List<(StoryEvent Event, double Rank)>();
        void Add(StoryEvent e, double rank) => told.Add((e, rank));
        Arrivals(Add);
        OptOuts(Add);
        var (bounces, attempts, responses) = (Bounces(), Attempts(), Responses());
        for (var i = 0; i < ledger.Count; i++)
        {
            Add(Of(ledger[i], bounces, attempts, responses), 100 + i);
        }

        foreach (var report in bounces)
        {
            Add(report.Event, 50); // those that went into no line: delays, and others on the same report
        }

        foreach (var (contact, mail) in receipts)
        {
            var sent = ledger.FindIndex(l => l.Fact is CaseEvent.MailAccepted a && a.Contact == contact || l.Fact is CaseEvent.MailUndelivered { Bounced: false } u && u.Contact == contact);
            Add(
                new StoryEvent(mail.PlannedOn, null, mail.State == "dropped" ? "MailDropped" : "MailPlanned", Facts(
                    ("contact", contact.Code()), ("state", mail.State), ("doubt", sent >= 0 ? "" : mails.FirstOrDefault(m => m.Contact == contact.Code())?.Doubt ?? ""))),
                sent >= 0 && ledger[sent].Day == mail.PlannedOn ? 99.5 + sent : 500_000);
        }

        Withdrawals(Add);
        Removal(Add);
        return [.. told.OrderBy(x => x.Event.Day).ThenBy(x => x.Rank).Select(x => x.Event)];
    }

    /// <summary>What proves each contact that was made.</summary>
    public IReadOnlyList<StoryProof> Proofs()
    {
        var proofs = new List<StoryProof>();
        var names = new ContactNames(vault);
        var listed = 0;
        foreach (var line in ledger)
        {
            switch (line.Fact)
            {
                case CaseEvent.MailAccepted e:
                    var receipt = receipts.GetValueOrDefault(e.Contact)?.Receipt;
                    var sender = (policyOf(line.Policy)?.Programme?.MarketOf(row!.Market) ?? market)?.Sender;
                    proofs.Add(new StoryProof(
                        e.Contact.Code(), e.Day, receipt is null ? null : Local(receipt.At), sender is null ? null : $"<{names.NameOf(row!.CaseId, e.Contact)}@{sender.Domain}>",
                        receipt?.Status?.ToString(), receipt?.QueueId, receipt?.File, null));
                    break;
                case CaseEvent.HandedOver e:
                    var list = listed < lists.Count ? lists[listed++] : null;
                    proofs.Add(new StoryProof("phone", e.Day, list is null ? null : Local(list.CreatedAt), null, null, null, list?.File, list?.Sha256) { Sequence = list?.Sequence });
                    break;
            }
        }

        return proofs;
    }

    /// <summary>What would lead the case elsewhere, or would have.</summary>
    public IReadOnlyList<StoryChange> Turns()
    {
        if (row is null || Planned is not { } planned)
        {
            return [];
        }

        var turns = row.Case.IsOpen
            ? Forecast.Turns(planned, Rules, Today, MailFrom)
            : Forecast.TurnsOfEnd([.. ledger.Select(l => l.Fact).OfType<CaseEvent>()], planned, Rules);
        return [.. turns.Select(ToStory)];
    }

    /// <summary>A change for screening.</summary>
    public static StoryChange ToStory(Remedy remedy) => ToStory(remedy.Change) with { Rule = remedy.Rule, Suffices = remedy.Suffices };

    private static StoryChange ToStory(Turn turn) => ToStory(turn.Change) with
    {
        Spared = turn is { Spared: { } spared, Change: Change.AnsweredBefore answered } ? ToStory(new PlannedStep(answered.Day, spared)) : null,
        Instead = [.. turn.Instead.Select(ToStory)],
    };

    private static StoryChange ToStory(Change change)
    {
        static StoryChange New(string kind, DateOnly? day = null, int? number = null, IReadOnlyList<string>? oneOf = null) => new(kind, null, day, number, oneOf ?? [], null, null, []);
        return change switch
        {
            Change.MarketConfigured c => New("market_configured", oneOf: [c.Country]),
            Change.MarketActiveFrom c => New("market_active_from", c.Day),
            Change.SurveyOffered c => New("survey_offered", oneOf: [c.Survey.Code()]),
            Change.NotCancelled => New("not_cancelled"),
            Change.CustomerTypeOneOf c => New("customer_type", oneOf: c.Types),
            Change.PayerOneOf c => New("payer", oneOf: c.Payers),
            Change.Vehicle c => New("vehicle", c.BoughtFrom, c.BelowKm),
            Change.EventFrom c => New("event_from", c.Day),
            Change.WindowTo c => New("window_to", number: c.Day),
            Change.OneFlag => New("one_flag"),
            Change.NoOptOut => New("no_opt_out"),
            Change.UsableEmail => New("usable_email"),
            Change.UsableNumber => New("usable_number"),
            Change.RestOver c => New("rest_over", c.Day),
            Change.RestOf c => New("rest_of", number: c.Days),
            Change.Sampled c => New("sample", number: c.PerDealerAndMonth, oneOf: c.DrawBelow is { } below ? [Sampling.Text(below)] : []),
            Change.ShareAbove c => New("share_above", oneOf: [Sampling.Text(c.Draw)]),
            Change.AnsweredBefore c => New("answered_before", c.Day),
            Change.Without c => New("without", c.Fact.Day, oneOf: [LedgerText.Of(c.Fact).Kind, .. c.Fact switch
            {
                CaseEvent.Responded r => new[] { r.Status },
                CaseEvent.CallReported r => [r.Code],
                _ => [],
            }]),
            _ => throw new ArgumentOutOfRangeException(nameof(change), change, "Unknown change."),
        };
    }

    private static StoryStep ToStory(PlannedStep step) => step.Action switch
    {
        ContactAction.Send send => new StoryStep(step.Day, send.Contact.Code(), null, null),
        ContactAction.QueueForPhone queue => new StoryStep(step.Day, "phone_queue", queue.Reason, null),
        ContactAction.HandOver handOver => new StoryStep(step.Day, "phone_list", null, handOver.CallUntil),
        ContactAction.Close close => new StoryStep(step.Day, "close", close.Reason, null),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step.Action, "Nothing of a plan."),
    };

    private StoryStep WithLanguage(PlannedStep step) => ToStory(step) with
    {
        Language = step.Action is ContactAction.Send ? config.Templates.LanguageFor(t.Transaction.Language, market!.Languages) : null,
    };

    /// <summary>The day on which retention removes the contact data, where that is known.</summary>
    private IEnumerable<StoryStep> Forgetting(PlannedCase p)
    {
        var ends = row!.Case.IsOpen ? Forecast.Of(p, Rules, Today, MailFrom).LastOrDefault(s => s.Action is ContactAction.Close)?.Day : t.EndedOn;
        if (!t.ContactDataRemoved && ends is { } on && config.Programme.RetentionOf(row.Market).ContactDays is { } days)
        {
            yield return new StoryStep(on.AddDays(days), "forget_contact", null, null);
        }
    }

    private Phrase Told()
    {
        if (erased)
        {
            return $"nothing: the data was erased";
        }

        if (row is null)
        {
            return $"nothing, unless the transaction comes again and then passes every rule";
        }

        if (Planned is not { } planned)
        {
            return row.Case.IsOpen ? (Phrase)$"closed by the next cycle: its market or survey is no longer configured" : $"nothing: the case has ended";
        }

        var action = ContactPlan.Decide(planned, Rules, Today);
        return action switch
        {
            ContactAction.Rest => $"nothing: the case has ended",
            ContactAction.Wait w => Plan is [var first, ..] ? (Phrase)$"nothing before {Iso(w.Until)}, then {ExplainText.Step(first)}" : $"nothing before {Iso(w.Until)}",
            ContactAction.Send s => $"the {ExplainText.Contact(s.Contact.Code())} by e-mail, in the next cycle within sending hours, on {Iso(MailFrom)} at the earliest",
            ContactAction.QueueForPhone q => $"to the phone queue ({q.Reason}), in the next cycle",
            ContactAction.HandOver h => $"on a phone list, to be called until {Iso(h.CallUntil)}, in the next cycle",
            ContactAction.Close c => $"closed as {c.Reason}, in the next cycle",
            _ => throw new ArgumentOutOfRangeException(nameof(action), action, "Unknown action."),
        };
    }

    // ---- The time line -------------------------------------------------------------------------------------------------------

    private void Arrivals(Action<StoryEvent, double> add)
    {
        var first = ledger.Count > 0 ? ledger[0] : null;
        var flags = (t.Transaction.EmailOptOut, t.Transaction.PhoneOptOut) switch { (true, true) => "email,phone", (true, false) => "email", (false, true) => "phone", _ => "" };
        var of = Facts(("file", t.File), ("line", Number(t.Line)), ("optOuts", flags), ("cancelled", t.Transaction.Cancelled ? "yes" : ""));
        if (first is null || t.FileCycle is not { } cycle || cycle <= first.Cycle)
        {
            add(new StoryEvent(first?.Day ?? t.ScreenedOn, null, "Received", of, Cycle: t.FileCycle ?? first?.Cycle), 0);
            return;
        }

        // The row of the file that came first is not kept, only the latest that said something else.
        var files = database["explain.extracts"].List(r => r.GetString(0), first.Cycle);
        add(new StoryEvent(first.Day, null, "ReceivedFirst", Facts(("files", files.Count > 5 ? "" : Listed(files))), Cycle: first.Cycle), 0);
        var (day, rank) = Behind(cycles.TryGetValue(cycle, out var c) ? c.Local : t.FileDay ?? first.Day, 60, l => l.Cycle < cycle);
        add(new StoryEvent(day, null, "ReceivedAgain", of, Cycle: cycle), rank);
    }

    /// <summary>The place of something of which only a day is kept: never in front of a line of the ledger that was there before it.</summary>
    private (DateOnly Day, double Rank) Behind(DateOnly day, double rank, Predicate<Explain.Line> before)
    {
        var last = ledger.FindLastIndex(before);
        return last >= 0 && ledger[last].Day >= day ? (ledger[last].Day, Math.Max(rank, 100.25 + last)) : (day, rank);
    }

    /// <summary>
    /// Of what is on the suppression list the day of the cycle is kept, which is UTC's. Behind the opt-out no mail of ours went to the address, and no call to the number: a contact that a
    /// cycle of the same day has made was there first.
    /// </summary>
    private (DateOnly Day, double Rank) BehindContacts(DateOnly since, double rank, bool byMail, bool byPhone) => Behind(
        since, rank, l => cycles.TryGetValue(l.Cycle, out var c)
            && (c.Day < since || (c.Day == since && ((byMail && l.Fact is CaseEvent.MailAccepted) || (byPhone && l.Fact is CaseEvent.HandedOver)))));

    /// <summary>What stands on the suppression list about the customer's addresses, of any case. Why and when the flags behind the first one came is not kept.</summary>
    private void OptOuts(Action<StoryEvent, double> add)
    {
        var cases = new CaseStore(database, vault);
        var (email, phone1, phone2) = cases.Hashes(now.Points);
        var points = new Dictionary<long, string>();
        foreach (var (hash, point) in new[] { (email, "email"), (phone1, "phone_1"), (phone2, "phone_2") }.Concat(cases.OldPointsOf(t.Id).Select(h => (h, "earlier"))))
        {
            if (hash != 0)
            {
                points.TryAdd(hash, point);
            }
        }

        var listed = points.Count == 0 ? [] : database["explain.suppressions"].List(
            r => (Point: points[r.GetInt64(0)], Flags: (Suppression)r.GetInt32(1), Since: r.Day(2)), SqlValues.Set(points.Keys));
        // An address that was found dead before has the day of that: where he said no for all his points, another one has the day of his no.
        var saidNo = listed.Where(s => s.Flags.HasFlag(Suppression.All) && !s.Flags.HasFlag(Suppression.Dead)).Select(s => (DateOnly?)s.Since).Max();
        foreach (var all in listed.Where(s => s.Flags.HasFlag(Suppression.All)).GroupBy(s => s.Flags.HasFlag(Suppression.Dead) && saidNo > s.Since ? saidNo.Value : s.Since))
        {
            var (day, rank) = BehindContacts(all.Key, 40, byMail: true, byPhone: true);
            add(new StoryEvent(day, null, "OptedOut", Facts(("points", string.Join(",", all.Select(s => s.Point).Order(StringComparer.Ordinal))))), rank);
        }

        foreach (var (point, flags, since) in listed)
        {
            if (flags.HasFlag(Suppression.OptOut))
            {
                var (day, rank) = BehindContacts(since, 41, byMail: point == "email", byPhone: point is "phone_1" or "phone_2");
                add(new StoryEvent(day, null, "OptedOutOf", Facts(("points", point))), rank);
            }

            if (flags.HasFlag(Suppression.Dead))
            {
                var (day, rank) = Behind(
                    since, 600_000, l => l.Fact is CaseEvent.MailUndelivered or CaseEvent.CallReported && cycles.TryGetValue(l.Cycle, out var c) && c.Day <= since);
                add(new StoryEvent(day, null, "FoundDead", Facts(("points", point))), rank);
            }
        }
    }

    private StoryEvent Of(Explain.Line line, List<Report> bounces, List<Attempt> attempts, List<Response> responses)
    {
        var (at, facts) = line.Fact switch
        {
            null => (null, line.Kind == Ledger.ScreenedOut ? Facts(("reason", LedgerText.Reason(line.Detail))) : Facts()),
            CaseEvent.MailAccepted e => Accepted(e),
            CaseEvent.MailUndelivered e => Undelivered(e, bounces),
            CaseEvent.QueuedForPhone e => ((DateTimeOffset?)null, Facts(("reason", e.Reason))),
            CaseEvent.HandedOver e => HandedOver(e, ledger.Take(ledger.IndexOf(line)).Count(l => l.Fact is CaseEvent.HandedOver)),
            CaseEvent.Ended e => (null, Facts(("reason", e.Reason))),
            CaseEvent.CallReported e => Called(e, attempts),
            CaseEvent.Responded e => Responded(e, responses),
            _ => (null, Facts()),
        };
        return new StoryEvent(line.Day, at, line.Kind, facts, line.Rule, line.Cycle, line.Policy, line.PolicyVersion);
    }

    private (DateTimeOffset? At, Dictionary<string, string> Facts) Accepted(CaseEvent.MailAccepted e)
    {
        var receipt = receipts.GetValueOrDefault(e.Contact)?.Receipt;
        return (receipt is null ? null : Local(receipt.At), Facts(
            ("contact", e.Contact.Code()), ("status", receipt?.Status?.ToString() ?? ""), ("queueId", receipt?.QueueId ?? ""), ("file", receipt?.File ?? ""), ("language", receipt?.Language ?? ""),
            ("doubt", mails.FirstOrDefault(m => m.Contact == e.Contact.Code())?.Doubt ?? "")));
    }

    private (DateTimeOffset? At, Dictionary<string, string> Facts) Undelivered(CaseEvent.MailUndelivered e, List<Report> bounces)
    {
        if (!e.Bounced)
        {
            return (null, Facts(("contact", e.Contact.Code()), ("bounced", "no"), ("class", e.Class), ("status", receipts.GetValueOrDefault(e.Contact)?.Status ?? "")));
        }

        var at = bounces.FindIndex(b => b.Contact == e.Contact && b.Action == "failed" && b.Class == e.Class);
        var report = at < 0 ? null : bounces[at];
        if (report is not null)
        {
            bounces.RemoveAt(at);
        }

        return (report?.Event.At, Facts(("contact", e.Contact.Code()), ("bounced", "yes"), ("class", e.Class), ("status", report?.Event["status"] ?? ""), ("file", report?.Event["file"] ?? "")));
    }

    private (DateTimeOffset? At, Dictionary<string, string> Facts) HandedOver(CaseEvent.HandedOver e, int nth) => nth < lists.Count
        ? (Local(lists[nth].CreatedAt), Facts(("callUntil", Iso(e.CallUntil)), ("file", lists[nth].File), ("sequence", Sequence(lists[nth].Sequence)), ("state", lists[nth].State), ("sha256", lists[nth].Sha256 ?? "")))
        : (null, Facts(("callUntil", Iso(e.CallUntil))));

    private static (DateTimeOffset? At, Dictionary<string, string> Facts) Called(CaseEvent.CallReported e, List<Attempt> attempts)
    {
        var at = attempts.FindIndex(a => a.Code == e.Code && a.Final == e.Final);
        var attempt = at < 0 ? null : attempts[at];
        if (attempt is not null)
        {
            attempts.RemoveAt(at);
        }

        return (attempt?.At, Facts(
            ("attempt", attempt is null ? "" : Number(attempt.Number)), ("code", e.Code), ("meaning", Dispositions.Find(e.Code) is { } known ? Say(known.Meaning) : ""), ("final", e.Final ? "yes" : "no"),
            ("otherNumber", e.OtherNumber ? "yes" : "no"), ("file", attempt?.File ?? ""), ("line", attempt is null ? "" : Number(attempt.Line))));
    }

    private static (DateTimeOffset? At, Dictionary<string, string> Facts) Responded(CaseEvent.Responded e, List<Response> responses)
    {
        var at = responses.FindIndex(r => r.Mode == e.Mode && r.Status == e.Status);
        var response = at < 0 ? null : responses[at];
        if (response is not null)
        {
            responses.RemoveAt(at);
        }

        return (response?.At, Facts(
            ("mode", e.Mode), ("status", e.Status), ("completedOn", Iso(e.CompletedOn)), ("late", response is { Late: true } ? "yes" : ""), ("duplicate", response is { Duplicate: true } ? "yes" : ""),
            ("flags", response?.Flags ?? ""), ("language", response?.Language ?? ""), ("file", response?.File ?? ""), ("line", response is null ? "" : Number(response.Line))));
    }

    private void Withdrawals(Action<StoryEvent, double> add)
    {
        foreach (var w in database["explain.withdrawals"].List(
            r => (Reason: r.GetString(0), At: r.Instant(1), File: r.TextOrNull(2), Day: r.DayOrNull(3), CreatedAt: r.IsDBNull(4) ? (DateTimeOffset?)null : r.Instant(4), State: r.TextOrNull(5), Sha256: r.TextOrNull(6), Sequence: r.LongOrNull(7)), t.Id))
        {
            add(new StoryEvent(DateOnly.FromDateTime(Local(w.At).DateTime), Local(w.At), "WithdrawalDue", Facts(("reason", w.Reason))), 700_000);
            if (w is { File: { } file, Day: { } day, CreatedAt: { } created })
            {
                add(new StoryEvent(day, Local(created), "WithdrawalTold", Facts(("reason", w.Reason), ("file", file), ("sequence", Sequence(w.Sequence)), ("state", w.State!), ("sha256", w.Sha256 ?? ""))), 700_001);
            }
        }
    }

    private void Removal(Action<StoryEvent, double> add)
    {
        if (t.ContactDataRemoved && !erased && t.EndedOn is { } ended)
        {
            // The day is not kept; it was this one or, where the rules were other ones then, another.
            var days = config.Programme.RetentionOf(t.Transaction.Key.Country).ContactDays;
            add(new StoryEvent(days is { } n && ended.AddDays(n) <= Today ? ended.AddDays(n) : ended, null, "ContactForgotten", Facts(("endedOn", Iso(ended)), ("days", days is null ? "" : Number(days.Value)))), 800_000);
        }
    }

    private List<Report> Bounces() => database["explain.bounces"].List(
        r =>
        {
            var contact = r.IsDBNull(0) ? MailContact.Invitation : (MailContact)r.GetInt32(0);
            var at = Local(r.Instant(5));
            return new Report(contact, r.GetString(1), r.GetString(3), new StoryEvent(
                DateOnly.FromDateTime(at.DateTime), at, "DeliveryReport",
                Facts(("contact", contact.Code()), ("action", r.GetString(1)), ("status", r.GetString(2)), ("class", r.GetString(3)), ("file", r.GetString(4)))));
        },
        t.Id);

    private List<Attempt> Attempts() => database["explain.attempts"].List(
        r => new Attempt(r.GetInt32(0), Local(r.Instant(1)), r.GetString(2), r.GetInt32(3) != 0, r.GetString(4), r.GetInt64(5)), t.Id);

    private List<Response> Responses() => database["explain.responses"].List(
        r => new Response(r.GetString(0), r.GetString(1), Local(r.Instant(2)), r.GetString(3), r.GetInt32(4) != 0, !r.IsDBNull(5), ((ResponseFlags)r.GetInt32(6)).Codes(), r.GetString(7), r.GetInt64(8)), t.Id);

    private DateTimeOffset Local(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, zone);

    private static Dictionary<string, string> Facts(params ReadOnlySpan<(string Name, string Value)> facts)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in facts)
        {
            if (value.Length > 0)
            {
                all.Add(name, value);
            }
        }

        return all;
    }

    private static string Sequence(long? number) => number is { } n ? Number(n) : "";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Iso(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private sealed record ListedOn(string File, DateOnly Day, DateTimeOffset CreatedAt, string State, string? Sha256, string Reason, DateOnly? CallUntil, long? Sequence);

    private sealed record Report(MailContact Contact, string Action, string Class, StoryEvent Event);

    private sealed record Attempt(int Number, DateTimeOffset At, string Code, bool Final, string File, long Line);

    private sealed record Response(string Mode, string Status, DateTimeOffset At, string Language, bool Late, bool Duplicate, string Flags, string File, long Line);
}
