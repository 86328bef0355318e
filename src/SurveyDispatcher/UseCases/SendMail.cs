using System.Data.Common;
using System.Security.Cryptography;
using System.Threading.Channels;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Mail;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Sends what is planned: each mail is claimed in the store before it goes out and settled before its connection sends the next.</summary>
/// <remarks>
/// Senders work side by side; one thread owns the store, and settles together what has come back in the meantime. So a
/// process that is killed leaves at most one mail in doubt per connection; the disk follows a few milliseconds behind, which a
/// machine that loses power adds to the doubt. Markets take turns, so that none waits for another's thousands. A mail to a
/// domain that has had its share of this minute goes back to the queue, and only its number is kept here.
/// On a shared store other workers help (<see cref="HelpAsync"/>): each claims for itself, and what a dead one had claimed is free again when his lease
/// is over. The limits of <see cref="SendPace"/> are kept by one process, so where there are any nobody helps.
/// </remarks>
internal sealed class SendMail(CycleContext context, IMailTransport transport) : IDisposable
{
    private const int ParkedLimit = 100_000;

    /// <summary>How often the planner looks what the others still have under way.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Fewer where others want mail, too, so that all come to the end together.</summary>
    private readonly int claimSize = context.Database.IsShared ? Math.Max(50, 4 * context.Config.Settings.Mail.Connections) : 200;

    /// <summary>In the store: the mail was handed over, and the answer got lost.</summary>
    private const int HandedOver = 2;

    private readonly ContactNames names = new(context.Vault);
    private readonly MailOptions options = context.Config.Settings.Mail;
    private readonly SendPace pace = context.DryRun
        ? new(0, 0, context.Time)
        : new(context.Config.Settings.Mail.MaxPerMinute, context.Config.Settings.Mail.MaxPerMinutePerDomain, context.Time);
    private readonly long started = context.Time.GetTimestamp();
    private readonly TimeSpan elapsed = context.Elapsed;
    private readonly CancellationTokenSource halt = new();
    private readonly HashSet<string> untrusted = new(StringComparer.Ordinal);
    private readonly long worker = context.Lease?.Worker ?? 0;
    private readonly MailStage stage = new(context);
    private string? stopped;
    private bool unreachable, helping;
    private long sent;

    private bool MayBeHelped => context.Database.IsShared && !pace.Limits && !context.DryRun;

    private bool Ended => stopped is not null || halt.IsCancellationRequested;

    /// <inheritdoc/>
    public void Dispose() => halt.Dispose();

    /// <summary>Sends everything that may be sent now; what does not get through stays queued.</summary>
    public async Task RunAsync()
    {
        context.Database.InTransaction(() =>
        {
            context.Database["mails.doubt_claimed"].Run();
            context.Database["mails.drop_overtaken"].Run(context.Ledger.CycleId);
            stage.Begin();
        });
        var before = context.Ledger.End().Lines;
        try
        {
            await SendAllAsync();
        }
        finally
        {
            await PersistAsync(() =>
            {
                Count(before);
                stage.End();
            });
        }

        if (stopped is not null)
        {
            context.Report(unreachable && options.Transport != "Pickup"
                ? (Phrase)$"{stopped} {context.Counts.MailDeferred} mail(s) stay queued for the next cycle; check Mail:Host, Mail:Port and the relay."
                : $"{stopped} {context.Counts.MailDeferred} mail(s) stay queued for the next cycle.");
        }
    }

    /// <summary>Sends a share of what another worker's cycle has planned, as long as there is more of it; what does not get through is the other's to try again.</summary>
    /// <returns>How many mails were settled.</returns>
    public async Task<long> HelpAsync()
    {
        helping = true;
        if (pace.Limits)
        {
            return 0;
        }

        await TrustSendersAsync();
        using var stopping = context.Stopping.UnsafeRegister(static h => ((CancellationTokenSource)h!).Cancel(), halt);
        var before = sent;
        await SendOnceAsync(0);
        if (stopped is not null)
        {
            context.Report($"This worker helps no more in this cycle: {stopped}");
        }

        return sent - before;
    }

    private async Task SendAllAsync()
    {
        await TrustSendersAsync();
        using var stopping = context.Stopping.UnsafeRegister(static h => ((CancellationTokenSource)h!).Cancel(), halt);
        await using var limit = options.MaxMinutes == 0 ? null : context.Time.CreateTimer(
            static h => ((CancellationTokenSource)h!).Cancel(), halt, TimeSpan.FromMinutes(options.MaxMinutes), Timeout.InfiniteTimeSpan);
        var total = context.Database["mails.count_sendable"].Scalar<long>(SqlValues.Set(OpenMarkets()));
        if (total > 0 && pace.Limits && SinceLastCycle() is { } ago && ago >= TimeSpan.Zero && ago < SendPace.Minute)
        {
            // Another process may have used up that minute.
            await Task.Delay(SendPace.Minute - ago, context.Time, halt.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!MayBeHelped)
        {
            await PassesAsync(total);
            return;
        }

        context.Database.InTransaction(() => context.Database["cycles.open_sending"].Run(context.Ledger.CycleId));
        try
        {
            await PassesAsync(total);
        }
        finally
        {
            await CloseAsync(); // also when the cycle is stopped: it must not end before its helpers
        }
    }

    /// <summary>Goes through the queue, again after a pause as long as mails were put off, and at once when others have left what they did not try.</summary>
    private async Task PassesAsync(long total)
    {
        var began = context.Time.GetTimestamp();
        for (var pause = TimeSpan.FromSeconds(1); ; pause *= 2)
        {
            long deferred = 0;
            await context.Database.WriteBehindAsync(async () => deferred = await SendOnceAsync(total));
            var untried = MayBeHelped && !Ended ? await OthersAsync() - deferred : 0;
            context.Stopping.ThrowIfCancellationRequested();
            var left = TimeSpan.FromSeconds(options.RetrySeconds) - context.Time.GetElapsedTime(began);
            if (Ended || (untried <= 0 && (deferred == 0 || left <= TimeSpan.Zero)))
            {
                return;
            }

            if (untried <= 0)
            {
                await Task.Delay(pause < left ? pause : left, context.Time, context.Stopping);
            }
        }
    }

    /// <summary>Waits until the others have nothing under way. What dead ones had claimed is free from now on.</summary>
    /// <returns>How many mails are left that may be sent.</returns>
    private async Task<long> OthersAsync()
    {
        while (true)
        {
            long underWay = 0, sendable = 0;
            await PersistAsync(() =>
            {
                context.Lease!.Bury();
                context.Database["mails.doubt_claimed"].Run();
                sendable = context.Database["mails.count_sendable"].Scalar<long>(SqlValues.Set(OpenMarkets()));
                underWay = context.Database["mails.claimed"].Scalar<long>(worker);
            });
            if (underWay == 0 || Ended)
            {
                return sendable;
            }

            await Task.Delay(Look, context.Time, halt.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Nobody helps any more from here on: waits until the others have stored what they have under way, and have gone.</summary>
    private async Task CloseAsync()
    {
        for (var others = true; others;)
        {
            await PersistAsync(() =>
            {
                context.Lease!.Bury(); // in the order in which helpers lock: worker, cycle
                context.Database["cycles.close_sending"].Run();
                others = context.Lease.Bury().Count > 0; // one may have joined before that
                context.Database["mails.doubt_claimed"].Run();
            });
            await Task.Delay(others ? Look : TimeSpan.Zero, context.Time, CancellationToken.None);
        }
    }

    /// <summary>Counts what was sent, by whomever: the ledger has it.</summary>
    private void Count(long before)
    {
        var counts = context.Counts;
        (counts.InvitationsSent, counts.RemindersSent, counts.MailRejected) = (0, 0, 0);
        context.Database["ledger.mail_facts"].Each(
            r =>
            {
                var count = r.GetInt64(2);
                switch (LedgerText.Fact(context.AsOf.Day, r.GetString(0), r.GetString(1)))
                {
                    case CaseEvent.MailAccepted { Contact: MailContact.Invitation }:
                        counts.InvitationsSent += count;
                        break;
                    case CaseEvent.MailAccepted:
                        counts.RemindersSent += count;
                        break;
                    default:
                        counts.MailRejected += count;
                        break;
                }
            },
            before, context.Ledger.CycleId);
        counts.MailDeferred = context.Database["mails.count_queued"].Scalar<long>();
    }

    /// <summary>
    /// A transaction that may be done twice. While the store can't be reached it is tried again for as long as nobody else can have taken over:
    /// what a relay has accepted must not be lost with a connection.
    /// </summary>
    private async Task PersistAsync(Action work)
    {
        for (var failed = 0L; ; await Task.Delay(Look, context.Time, CancellationToken.None))
        {
            try
            {
                context.Database.InTransaction(work);
                return;
            }
            catch (DbException e) when (context.Lease is { IsSure: true } && Database.MayPass(e)
                && (failed == 0 || context.Time.GetElapsedTime(failed) < Lease.SharedTerm * 2 / 3))
            {
                failed = failed == 0 ? context.Time.GetTimestamp() : failed;
            }
        }
    }

    /// <summary>Keeps back the markets whose senders lack good DNS records: what goes out under them lands in spam, and harms the name.</summary>
    private async Task TrustSendersAsync()
    {
        if (!options.RequireSenderRecords || options.Transport == "Pickup" || context.DryRun)
        {
            return;
        }

        var queued = context.Database["mails.markets_queued"].List(r => context.Config.Programme.MarketOf(r.GetString(0))).OfType<Market>();
        var lookup = TxtLookup.For(options, context.Time);
        var domains = SenderDomain.Of(queued, options);
        var records = await Task.WhenAll(domains.Select(d => SenderRecords.OfAsync(lookup, d, options.DkimSelectors, context.Stopping)));
        foreach (var (domain, findings) in domains.Zip(records))
        {
            if (findings.MaxBy(f => f.Health == Health.Fault ? 2 : f.Health == Health.Unknown ? 1 : 0) is not { Health: > Health.Warning } worst)
            {
                continue;
            }

            untrusted.UnionWith(domain.Markets);
            var markets = Listed(domain.Markets);
            context.Report(worst.Health == Health.Unknown
                ? (Phrase)$"No mail of {markets} is sent: Mail:RequireSenderRecords asks for good DNS records, and the {worst.Check} record of {worst.Of} could not be looked up. {worst.Advice} Mails stay queued; the next cycle asks again."
                : $"No mail of {markets} is sent: Mail:RequireSenderRecords asks for good DNS records, and the {worst.Check} record of {worst.Of} is not. {worst.Advice} Mails stay queued; 'mail check' shows all records.");
        }
    }

    /// <summary>How long ago the last cycle was done with sending, by the clock; zero when it was killed and nobody knows.</summary>
    private TimeSpan? SinceLastCycle() => context.Database["cycles.before"].First(r => (Known: true, Ended: r.IsDBNull(0) ? (DateTimeOffset?)null : r.Instant(0)), context.Ledger.CycleId)
        is { Known: true } before ? (before.Ended is { } ended ? context.Time.GetUtcNow() - ended : TimeSpan.Zero) : null;

    /// <summary>One pass over all that is queued; returns how many were put off.</summary>
    /// <remarks>Every mail that is claimed comes back with a result, also when the cycle is stopped: what is under way is finished and stored.</remarks>
    private async Task<long> SendOnceAsync(long total)
    {
        var work = Channel.CreateUnbounded<Outgoing>(new() { SingleWriter = true });
        var results = Channel.CreateUnbounded<Result>(new() { SingleReader = true });
        using var abandoned = new CancellationTokenSource();
        var senders = Enumerable.Range(0, options.Connections).Select(_ => Task.Run(() => SendAsync(work.Reader, results.Writer, abandoned.Token))).ToList();
        var turns = new Dictionary<string, long>(StringComparer.Ordinal);
        var parked = new Parked();
        Phrase step = $"sending mail";
        long outstanding = 0, deferred = 0, done = 0;
        try
        {
            while (true)
            {
                if (!Ended && outstanding < claimSize / 2)
                {
                    var claimed = await ClaimAsync(turns, parked);
                    outstanding += claimed.Count;
                    claimed.ForEach(c => work.Writer.TryWrite(c));
                }

                if (outstanding == 0)
                {
                    if (Ended || parked.Count == 0)
                    {
                        break;
                    }

                    await Task.Delay(parked.Wait(pace), context.Time, halt.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    continue;
                }

                var settled = new List<Result> { await results.Reader.ReadAsync(CancellationToken.None) };
                await Task.Yield(); // others that have their answer already come first, and are stored with it
                while (results.Reader.TryRead(out var more))
                {
                    settled.Add(more);
                }

                long putOff = 0;
                settled.Sort((a, b) => a.Mail.Row.Id.CompareTo(b.Mail.Row.Id)); // all workers lock cases in one order
                await PersistAsync(() =>
                {
                    HaltIfClosed();
                    putOff = settled.Sum(Settle);
                    stage.Save();
                });
                stage.Add(settled.Select(r => r.Delivery), putOff);
                context.Problems.AddRange(settled.Select(r => r.Fault).OfType<string>());
                settled.Where(r => r.ParkedFor is not null).ToList().ForEach(r => parked.Add(r.ParkedFor!, r.Mail.Id));
                deferred += putOff;
                settled.ForEach(r => r.Stored.SetResult());
                outstanding -= settled.Count;
                done += settled.Count(r => r.ParkedFor is null);
                sent += settled.Count(r => r.Delivery is Delivery.Accepted or Delivery.NotDelivered);
                settled.ForEach(Measure);
                context.Progress.Report(step, done, Math.Max(done, total));
            }
        }
        catch
        {
            await abandoned.CancelAsync();
            throw;
        }
        finally
        {
            work.Writer.Complete();
            await Task.WhenAll(senders).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // a failure to store is on its way up already
        }

        if (context.Database.IsShared)
        {
            await PersistAsync(() => context.Database["mails.give_back"].Run(worker));
        }

        return deferred;
    }

    /// <summary>The planner has ended the sending: what was not handed over goes back to the queue.</summary>
    /// <returns>Whether this worker may go on.</returns>
    private bool HaltIfClosed()
    {
        if (helping && !halt.IsCancellationRequested && !context.Database["cycles.still_sending"].Any(context.Ledger.CycleId))
        {
            halt.Cancel();
        }

        return !halt.IsCancellationRequested;
    }

    /// <summary>The markets in which mail may be sent at this moment; a cycle may go on past the end of the hours, or of the day.</summary>
    private List<string> OpenMarkets() => [.. context.Config.Programme.Markets.Values.Where(m => IsOpen(m) && !untrusted.Contains(m.Code)).Select(m => m.Code)];

    /// <summary>This moment: a cycle that is dated to an instant goes on from there.</summary>
    private AsOf Now() => context.AsOf.FixedDay is null ? AsOf.At(context.AsOf.Instant + elapsed + context.Time.GetElapsedTime(started)) : context.AsOf;

    private bool IsOpen(Market market)
    {
        var now = Now();
        return now.SendingOpen(market) && now.LocalDate(market) == context.Today(market);
    }

    /// <summary>Claims the next mails: those that waited for room at their domain, then an equal share of every open market.</summary>
    /// <param name="turns">By market, the last mail that this pass claimed; a market that has no more stands at the end of all numbers.</param>
    /// <param name="parked">What waits.</param>
    private async Task<List<Outgoing>> ClaimAsync(Dictionary<string, long> turns, Parked parked)
    {
        var markets = OpenMarkets();
        var waited = parked.TakeWithRoom(pace, claimSize);
        var next = parked.Count >= ParkedLimit ? [] : markets.Where(m => turns.GetValueOrDefault(m) < long.MaxValue).ToList();
        if (waited.Count == 0 && next.Count == 0)
        {
            return [];
        }

        List<Outgoing> claimed = [];
        List<(string Market, long Id)> reached = [];
        await PersistAsync(() => (claimed, reached) = HaltIfClosed() ? Claim(waited, markets, next, turns) : ([], []));
        reached.ForEach(r => turns[r.Market] = r.Id); // only now: what was not committed is claimed again

        return claimed;
    }

    /// <summary>Claims in the store, and reads what is claimed; returns, too, how far each market has come.</summary>
    private (List<Outgoing> Claimed, List<(string Market, long Id)> Reached) Claim(List<long> waited, List<string> markets, List<string> next, Dictionary<string, long> turns)
    {
        var claimed = waited.Count > 0
            ? context.Database["mails.claim_again"].List(r => r.GetInt64(0), worker, SqlValues.Set(waited), SqlValues.Set(markets))
            : [];
        var reached = new List<(string Market, long Id)>();
        var share = Math.Max(1, (claimSize - claimed.Count) / Math.Max(1, next.Count));
        var shares = next.ConvertAll(market =>
        {
            var ids = context.Database["mails.claim"].List(r => r.GetInt64(0), worker, market, turns.GetValueOrDefault(market), share);
            ids.Sort();
            reached.Add((market, ids.Count < share ? long.MaxValue : ids[^1]));
            return ids;
        });
        // One by one where they wait for each other long; else a market's share at once, since its rows lie together.
        var turn = pace.Limits ? 1 : share;
        for (var i = 0; shares.Exists(s => s.Count > i); i += turn)
        {
            claimed.AddRange(shares.SelectMany(s => s.Skip(i).Take(turn)));
        }

        if (claimed.Count == 0)
        {
            return ([], reached);
        }

        var mails = context.Database["mails.content"].List(Outgoing.Read, SqlValues.Set(claimed));
        AnnounceCalls(mails.FindAll(m => m.Kind == MailContact.Reminder));
        var contents = mails.ToDictionary(m => m.Id);
        return (claimed.ConvertAll(id => contents[id] with { Marks = context.Cases.Marks }), reached);
    }

    /// <summary>Finds out which reminders a call will follow; the others must not announce one.</summary>
    private void AnnounceCalls(List<Outgoing> reminders)
    {
        var points = reminders.ConvertAll(PointsOf);
        var hashes = points.ConvertAll(context.Cases.Hashes);
        var suppressed = context.Cases.SuppressionsOf(hashes);
        foreach (var (mail, at) in reminders.Select((m, i) => (m, i)))
        {
            var reach = CaseStore.ReachOf(points[at], mail.Flags, hashes[at], suppressed);
            mail.MayCall = context.PolicyOf(mail.Row) is { } policy && ContactPlan.CallFollowsReminder(
                policy.Window, mail.Row.EventDate, reach, context.Config.Programme.Contact, context.TodayIn(mail.Row.Market));
        }
    }

    /// <summary>None where they can't be read: who prepares the mail will say so.</summary>
    private ContactPoints PointsOf(Outgoing mail)
    {
        try
        {
            return ContactPoints.From(context.Vault.UnsealContact(mail.Contact), context.Config.Programme.MarketOf(mail.Row.Market)!, context.Config.Programme);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or OverflowException or FormatException)
        {
            return new ContactPoints(null, Usability.None, null, null);
        }
    }

    /// <summary>
    /// One of the senders. While a mail is under way the next is composed, and announced along with its final dot; while the fate of
    /// one is stored the server answers for the next, which waits for that.
    /// </summary>
    private async Task SendAsync(ChannelReader<Outgoing> work, ChannelWriter<Result> results, CancellationToken ct)
    {
        var stored = Task.CompletedTask;
        var coming = NextAsync(work, ct);
        while (await coming is { } next)
        {
            coming = Task.Run(() => NextAsync(work, ct), ct);
            var (last, following) = (stored, coming);
            var result = next.Prepared.Result ?? await TrySendAsync(next.Mail, next.Prepared with
            {
                Envelope = next.Prepared.Envelope with { Ready = () => MayGoAsync(last, ct), Next = () => next.Mail.InDoubt ? null : Announced(following) },
            });
            await stored.WaitAsync(ct);
            results.TryWrite(result);
            stored = result.Stored.Task;
        }
    }

    /// <summary>Ends when the fate of the last mail is stored. A cycle that stood still for so long that another may have taken over sends no more.</summary>
    private async Task MayGoAsync(Task stored, CancellationToken ct)
    {
        await stored.WaitAsync(ct);
        if (context.Lease is { IsSure: false })
        {
            if (context.Database.IsShared)
            {
                Stop($"This worker could not tell the store for too long that it lives, so others may have taken over.");
            }

            throw new OperationCanceledException();
        }
    }

    /// <summary>What surely comes next, as far as one can see: it is composed, and nothing makes it wait.</summary>
    private Upcoming? Announced(Task<(Outgoing Mail, Prepared Prepared)?> coming) =>
        !pace.Limits && !Ended && coming is { IsCompletedSuccessfully: true, Result: { Prepared: { Result: null } next } }
            ? new(next.Envelope, next.Message)
            : null;

    /// <summary>The next mail of this sender, composed; null when there is no more.</summary>
    private async Task<(Outgoing Mail, Prepared Prepared)?> NextAsync(ChannelReader<Outgoing> work, CancellationToken ct)
    {
        while (await work.WaitToReadAsync(ct))
        {
            if (work.TryRead(out var mail))
            {
                return (mail, Prepare(mail));
            }
        }

        return null;
    }

    /// <summary>The message in bytes. One mail that can't be composed must not keep the others from being sent.</summary>
    private Prepared Prepare(Outgoing mail)
    {
        if (Ended)
        {
            return new(new Result(mail, 0, null));
        }

        try
        {
            var market = context.Config.Programme.MarketOf(mail.Row.Market)!;
            var contact = context.Vault.UnsealContact(mail.Contact);
            if (ContactPoints.From(contact, market, context.Config.Programme).Email is not { } address)
            {
                throw new InvalidOperationException($"Case {mail.Row.CaseId} was planned for mail without an address.");
            }

            if (pace.Places(address.Domain) == 0)
            {
                return new(new Result(mail, 0, null) { ParkedFor = address.Domain });
            }

            var name = names.NameOf(mail.Row.CaseId, mail.Kind);
            var outgoing = Compose(mail, market, name, contact.Name, address);
            return new(null)
            {
                Market = market,
                Domain = address.Domain,
                Address = context.Vault.Hash(address),
                Envelope = new Envelope(outgoing.EnvelopeFrom, outgoing.To, $"{mail.Row.CaseId}-{outgoing.Contact}.eml", name),
                Message = MessageComposer.Compose(outgoing),
                Language = outgoing.Language,
            };
        }
        catch (Exception e)
        {
            return new(new Result(mail, 0, null)
            {
                Fault = Say($"The {mail.Kind.Code()} of case {mail.Row.CaseId} could not be composed ({e.GetType().Name}); it stays queued. Look at its texts with 'config check'."),
            });
        }
    }

    private async Task<Result> TrySendAsync(Outgoing mail, Prepared prepared)
    {
        try
        {
            if (!await pace.EnterAsync(prepared.Domain, halt.Token))
            {
                return new Result(mail, 0, null) { ParkedFor = prepared.Domain };
            }

            Delivery? delivery = null;
            try
            {
                if (!Ended && IsOpen(prepared.Market)) // it may have waited for its turn past the end of the hours
                {
                    var began = Telemetry.MailDuration.Enabled && !context.DryRun ? context.Time.GetTimestamp() : 0;
                    delivery = await transport.SendAsync(prepared.Envelope, prepared.Message, context.Stopping);
                    if (began != 0)
                    {
                        Telemetry.MailDuration.Record(
                            context.Time.GetElapsedTime(began).TotalSeconds, new("survey.market", mail.Row.Market), new("survey.mail.outcome", NameOf(delivery)));
                    }
                }
            }
            finally
            {
                pace.Leave(prepared.Domain, handedOver: delivery is not (null or Delivery.ServerUnusable));
            }

            return new Result(mail, delivery is null ? 0 : prepared.Address, delivery)
            {
                Receipt = delivery is Delivery.Accepted accepted ? (Receipt.Of(Now().In(prepared.Market), accepted) with { Language = prepared.Language }).ToString() : null,
            };
        }
        catch (OperationCanceledException)
        {
            return new Result(mail, 0, null); // surely not sent, says the transport
        }
        catch (Exception e)
        {
            return new Result(mail, 0, null)
            {
                Fault = Say($"The {mail.Kind.Code()} of case {mail.Row.CaseId} could not be sent, by a fault of this program ({Unexpected.Describe(e)}); it stays queued."),
            };
        }
    }

    private OutgoingMail Compose(Outgoing mail, Market market, string name, string customer, EmailAddress address)
    {
        var row = mail.Row;
        var message = new ContactMail
        {
            Market = market,
            Survey = row.Survey,
            Kind = mail.Kind,
            CaseId = row.CaseId,
            Name = name,
            Token = context.Vault.Token(row.Id),
            To = address.Value,
            Customer = customer,
            Dealer = mail.DealerName,
            Model = mail.Model,
            EventDate = row.EventDate,
            LastDay = market.Policy(row.Survey)!.Window.LastDay(row.EventDate),
            MayCall = mail.MayCall,
            Language = context.Config.Templates.LanguageFor(mail.Language, market.Languages)!,
            Date = Now().In(market),
        };
        return message.Compose(message.Render(context.Config), context.Config.Settings);
    }

    /// <summary>Stores what became of a mail; 1 when it was put off.</summary>
    private long Settle(Result result)
    {
        var (mail, address, delivery) = (result.Mail, result.Address, result.Delivery);
        var today = context.TodayIn(mail.Row.Market);
        // False when that was stored already, and only the answer of the store was lost.
        bool Store(string state, EnhancedStatus? status = null) =>
            context.Database["mails.settle"].Run(state, address, status?.ToString(), result.Receipt, context.Ledger.CycleId, mail.Id, worker) > 0;
        long PutOff(EnhancedStatus? status = null, bool inDoubt = false)
        {
            context.Database["mails.put_off"].Run(inDoubt ? HandedOver : 0, address == 0 ? null : address, status?.ToString(), mail.Id, worker);
            return 1;
        }

        switch (delivery)
        {
            case null:
                return PutOff() - (result.ParkedFor is null ? 0 : 1);
            case Delivery.InDoubt when mail.InDoubt: // it went out twice under one name, and once without an answer is enough
            case Delivery.Accepted:
                if (Store("accepted"))
                {
                    Record(mail, new CaseEvent.MailAccepted(today, mail.Kind));
                }

                return 0;
            case Delivery.NotDelivered refused:
                if (Store("undelivered", refused.Status))
                {
                    Record(mail, new CaseEvent.MailUndelivered(today, mail.Kind, Bounced: false, refused.Class.Code()));
                    if (refused.Class == AddressClass.Dead)
                    {
                        context.Cases.Suppress(address, Suppression.Dead, context.AsOf.Day);
                    }
                }

                return 0;
            case Delivery.TryLater later:
                return PutOff(later.Status);
            case Delivery.InDoubt:
                return PutOff(inDoubt: true);
            case Delivery.MessageRefused refused:
                Stop($"The mail server refuses us ({refused.Code}): {refused.Advice}");
                return PutOff(refused.Status);
            case Delivery.ServerUnusable unusable:
                unreachable |= stopped is null;
                Stop($"The mail server can't be used: {unusable.What.TrimEnd('.', '。')}.");
                return PutOff();
            default:
                throw new ArgumentOutOfRangeException(nameof(result), delivery, "Unknown delivery.");
        }
    }

    /// <summary>Counts a mail that is settled for good.</summary>
    private void Measure(Result result)
    {
        if (Telemetry.Mails.Enabled && !context.DryRun && result.Delivery is (Delivery.Accepted or Delivery.NotDelivered) and var delivery)
        {
            Telemetry.Mails.Add(
                1, new("survey.market", result.Mail.Row.Market), new("survey.contact", result.Mail.Kind.Code()), new("survey.mail.outcome", NameOf(delivery)));
        }
    }

    /// <summary>A delivery as an attribute of a measure.</summary>
    private static string NameOf(Delivery delivery) => delivery switch
    {
        Delivery.Accepted => "accepted",
        Delivery.NotDelivered => "undelivered",
        Delivery.TryLater => "try_later",
        Delivery.InDoubt => "in_doubt",
        Delivery.MessageRefused => "message_refused",
        Delivery.ServerUnusable => "server_unusable",
        _ => throw new ArgumentOutOfRangeException(nameof(delivery), delivery, "Unknown delivery."),
    };

    /// <summary>No more mail in this cycle; who waits for his turn is called back.</summary>
    private void Stop(Phrase why)
    {
        stopped ??= Say(why);
        halt.Cancel();
    }

    /// <summary>Records a fact, unless the case was marked to be looked at since the mail was claimed: that look must stay due.</summary>
    private void Record(Outgoing mail, CaseEvent fact)
    {
        var claimed = mail.Row;
        var row = context.Database.IsShared ? context.Cases.FindToChange(claimed.Id)!
            : context.Cases.Marks == mail.Marks ? claimed : context.Cases.Find(claimed.Id)!;
        _ = row.NextLookOn == claimed.NextLookOn ? context.Record(row, fact) : context.Learn(row, fact);
    }

    /// <summary>A claimed mail with all that its text needs.</summary>
    private sealed record Outgoing(
        long Id, MailContact Kind, bool InDoubt, byte[] Contact, string DealerName, string Model, string Language, OptOutFlags Flags, CaseRow Row)
    {
        /// <summary>The marks in the store when it was claimed.</summary>
        public long Marks { get; init; }

        /// <summary>A call follows this reminder if nothing else happens.</summary>
        public bool MayCall { get; set; }

        public static Outgoing Read(System.Data.Common.DbDataReader r) => new(
            r.GetInt64(0), (MailContact)r.GetInt32(1), r.GetInt32(6) == HandedOver, r.Bytes(2), r.GetString(3) is { Length: > 0 } name ? name : r.GetString(7),
            r.GetString(4), r.GetString(5), (OptOutFlags)r.GetInt32(8), CaseRow.Read(r, 9));
    }

    /// <summary>A mail on the threshold, or already what became of it.</summary>
    private sealed record Prepared(Result? Result)
    {
        public Market Market { get; init; } = null!;

        public string Domain { get; init; } = "";

        public long Address { get; init; }

        public Envelope Envelope { get; init; } = null!;

        public ReadOnlyMemory<byte> Message { get; init; }

        public string Language { get; init; } = "";
    }

    /// <summary>What became of a mail; its sender goes on once that is stored.</summary>
    private sealed record Result(Outgoing Mail, long Address, Delivery? Delivery)
    {
        /// <summary>Why it could not even be tried.</summary>
        public string? Fault { get; init; }

        /// <summary>The proof that it was taken, as the store keeps it.</summary>
        public string? Receipt { get; init; }

        /// <summary>The domain that has no room for it in this minute.</summary>
        public string? ParkedFor { get; init; }

        public TaskCompletionSource Stored { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The numbers of the mails that went back to the queue until their domain has room.</summary>
    private sealed class Parked
    {
        private readonly Dictionary<string, Queue<long>> domains = new(StringComparer.OrdinalIgnoreCase);

        public int Count { get; private set; }

        public void Add(string domain, long id)
        {
            if (!domains.TryGetValue(domain, out var waiting))
            {
                domains[domain] = waiting = new();
            }

            waiting.Enqueue(id);
            Count++;
        }

        /// <summary>The first of every domain that has room. When more come than fit, the rest waits again.</summary>
        public List<long> TakeWithRoom(SendPace pace, int limit)
        {
            var taken = new List<long>();
            foreach (var (domain, waiting) in domains)
            {
                for (var room = pace.Places(domain); room > 0 && taken.Count < limit && waiting.TryDequeue(out var id); room--)
                {
                    taken.Add(id);
                }

                if (waiting.Count == 0)
                {
                    domains.Remove(domain);
                }
            }

            Count -= taken.Count;
            return taken;
        }

        /// <summary>How long until the first domain has room.</summary>
        public TimeSpan Wait(SendPace pace) => domains.Keys.Min(pace.RoomIn);
    }
}
