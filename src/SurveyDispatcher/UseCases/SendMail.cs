using System.Threading.Channels;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Mail;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Sends what is planned: each mail is claimed in the store before it goes out and settled before its connection sends the next.</summary>
/// <remarks>
/// Senders work side by side; one thread owns the store, and settles together what has come back in the meantime. So a
/// process that is killed leaves at most one mail in doubt per connection.
/// </remarks>
internal sealed class SendMail(CycleContext context, IMailTransport transport)
{
    private const int ClaimSize = 200;
    private readonly ContactNames names = new(context.Vault);
    private readonly MailOptions options = context.Config.Settings.Mail;
    private readonly long started = context.Time.GetTimestamp();
    private string? stopped;
    private bool unreachable;

    /// <summary>Sends everything that may be sent now; what does not get through stays queued.</summary>
    public async Task RunAsync()
    {
        context.Database.InTransaction(() =>
        {
            context.Database["mails.doubt_claimed"].Run();
            context.Database["mails.drop_overtaken"].Run();
        });
        var total = context.Database["mails.count_sendable"].Scalar<long>(OpenMarkets());
        var began = context.Time.GetTimestamp();
        for (var pause = TimeSpan.FromSeconds(1); ; pause *= 2)
        {
            var deferred = await SendOnceAsync(total);
            context.Stopping.ThrowIfCancellationRequested();
            var left = TimeSpan.FromSeconds(options.RetrySeconds) - context.Time.GetElapsedTime(began);
            if (deferred == 0 || stopped is not null || left <= TimeSpan.Zero)
            {
                break;
            }

            await Task.Delay(pause < left ? pause : left, context.Time, context.Stopping);
        }

        context.Counts.MailDeferred = context.Database["mails.count_queued"].Scalar<long>();
        if (stopped is not null)
        {
            context.Problems.Add($"{stopped} {context.Counts.MailDeferred} mail(s) stay queued for the next cycle"
                + (unreachable && options.Transport == "Smtp" ? "; check Mail:Host, Mail:Port and the relay." : "."));
        }
    }

    /// <summary>One pass over all that is queued; returns how many were put off.</summary>
    /// <remarks>Every mail that is claimed comes back with a result, also when the cycle is stopped: what is under way is finished and stored.</remarks>
    private async Task<long> SendOnceAsync(long total)
    {
        var work = Channel.CreateUnbounded<Outgoing>(new() { SingleWriter = true });
        var results = Channel.CreateUnbounded<Result>(new() { SingleReader = true });
        using var abandoned = new CancellationTokenSource();
        var senders = Enumerable.Range(0, options.Connections).Select(_ => Task.Run(() => SendAsync(work.Reader, results.Writer, abandoned.Token))).ToList();
        long after = 0, outstanding = 0, deferred = 0, done = 0;
        try
        {
            while (true)
            {
                if (stopped is null && !context.Stopping.IsCancellationRequested && outstanding < ClaimSize / 2)
                {
                    var claimed = Claim(OpenMarkets(), ref after);
                    outstanding += claimed.Count;
                    claimed.ForEach(c => work.Writer.TryWrite(c));
                }

                if (outstanding == 0)
                {
                    break;
                }

                var settled = new List<Result> { await results.Reader.ReadAsync(CancellationToken.None) };
                while (results.Reader.TryRead(out var more))
                {
                    settled.Add(more);
                }

                long putOff = 0;
                context.Database.InTransaction(() => putOff = settled.Sum(Settle));
                deferred += putOff;
                settled.ForEach(r => r.Stored.SetResult());
                outstanding -= settled.Count;
                done += settled.Count;
                context.Progress.Report("sending mail", done, Math.Max(done, total));
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

        return deferred;
    }

    /// <summary>The markets in which mail may be sent at this moment; a cycle may go on past the end of the hours, or of the day.</summary>
    private string OpenMarkets()
    {
        var now = context.AsOf.FixedDay is null ? AsOf.At(context.AsOf.Instant + context.Time.GetElapsedTime(started)) : context.AsOf;
        var open = context.Config.Programme.Markets.Values
            .Where(m => now.SendingOpen(m) && now.LocalDate(m) == context.Today(m)).Select(m => $"\"{m.Code}\"");
        return $"[{string.Join(',', open)}]";
    }

    private List<Outgoing> Claim(string markets, ref long after)
    {
        var ids = new List<long>();
        var from = after;
        context.Database.InTransaction(() => ids = context.Database["mails.claim"].List(r => r.GetInt64(0), from, markets, ClaimSize));
        if (ids.Count == 0)
        {
            return [];
        }

        after = ids.Max();
        return context.Database["mails.content"].List(Outgoing.Read, SqlValues.Set(ids));
    }

    private async Task SendAsync(ChannelReader<Outgoing> work, ChannelWriter<Result> results, CancellationToken ct)
    {
        await foreach (var mail in work.ReadAllAsync(ct))
        {
            var result = await TrySendAsync(mail);
            results.TryWrite(result);
            await result.Stored.Task.WaitAsync(ct);
        }
    }

    /// <summary>One mail that can't be composed must not keep the others from being sent.</summary>
    private async Task<Result> TrySendAsync(Outgoing mail)
    {
        if (stopped is not null || context.Stopping.IsCancellationRequested)
        {
            return new Result(mail, 0, null);
        }

        try
        {
            return await SendAsync(mail, context.Stopping);
        }
        catch (OperationCanceledException)
        {
            return new Result(mail, 0, null); // surely not sent, says the transport
        }
        catch (Exception e)
        {
            return new Result(mail, 0, null)
            {
                Fault = $"The {mail.Kind.Code()} of case {mail.Row.CaseId} could not be composed ({e.GetType().Name}); it stays queued. Look at its texts with 'config check'.",
            };
        }
    }

    private async Task<Result> SendAsync(Outgoing mail, CancellationToken ct)
    {

        var market = context.Config.Programme.MarketOf(mail.Row.Market)!;
        var contact = context.Vault.UnsealContact(mail.Contact);
        if (ContactPoints.From(contact, market, context.Config.Programme).Email is not { } address)
        {
            throw new InvalidOperationException($"Case {mail.Row.CaseId} was planned for mail without an address.");
        }

        var outgoing = Compose(mail, market, contact, address);
        var bytes = MessageComposer.Compose(outgoing);
        var envelope = new Envelope(outgoing.EnvelopeFrom, outgoing.To, $"{mail.Row.CaseId}-{outgoing.Contact}.eml");
        return new Result(mail, context.Vault.Hash(address), await transport.SendAsync(envelope, bytes, ct));
    }

    private OutgoingMail Compose(Outgoing mail, Market market, ContactData contact, EmailAddress address)
    {
        var row = mail.Row;
        var sender = market.Sender;
        var language = context.Config.Templates.LanguageFor(mail.Language, market.Languages)!;
        var token = context.Vault.Token(row.Id);
        var survey = context.Config.Settings.Survey;
        var unsubscribe = survey.UnsubscribeTemplate.Replace("{token}", token, StringComparison.Ordinal);
        var rendered = context.Config.Templates.Render(language, row.Survey.Code(), mail.Kind.Code(), new MailValues
        {
            Name = contact.Name,
            Dealer = mail.DealerName,
            Model = mail.Model,
            EventDate = row.EventDate,
            LastDay = market.Policy(row.Survey)!.Window.LastDay(row.EventDate),
            Sender = sender.Name,
            Market = market.Name,
            ReplyTo = sender.ReplyTo,
            Link = survey.LinkTemplate.Replace("{token}", token, StringComparison.Ordinal),
            UnsubscribeLink = unsubscribe,
        });
        var name = names.NameOf(row.CaseId, mail.Kind);
        return new OutgoingMail
        {
            MessageId = $"{name}@{sender.Address[(sender.Address.LastIndexOf('@') + 1)..]}",
            FromName = sender.Name,
            FromAddress = sender.Address,
            ReplyTo = sender.ReplyTo.Length > 0 ? sender.ReplyTo : sender.Address,
            To = address.Value,
            Subject = rendered.Subject,
            Text = rendered.Text,
            Html = rendered.Html,
            CaseId = row.CaseId,
            Contact = mail.Kind.Code(),
            UnsubscribeUri = unsubscribe,
            Language = language,
            Date = context.AsOf.In(market),
            EnvelopeFrom = ContactNames.EnvelopeSender(options.BounceAddress, name, sender.Address),
        };
    }

    /// <summary>Stores what became of a mail; 1 when it was put off.</summary>
    private long Settle(Result result)
    {
        var (mail, address, delivery) = (result.Mail, result.Address, result.Delivery);
        var today = context.TodayIn(mail.Row.Market);
        if (result.Fault is { } fault)
        {
            context.Problems.Add(fault);
        }

        void Store(string state, string? status, bool inDoubt = false) => context.Database["mails.settle"].Run(
            state, inDoubt ? 1 : 0, address == 0 ? null : address, status, context.InstantIn(mail.Row.Market), mail.Id);
        switch (delivery)
        {
            case null:
                Store("queued", null);
                return 1;
            case Delivery.InDoubt when mail.InDoubt: // it went out twice under one name, and once without an answer is enough
            case Delivery.Accepted:
                Store("accepted", null);
                Record(mail.Row, new CaseEvent.MailAccepted(today, mail.Kind));
                if (mail.Kind == MailContact.Invitation)
                {
                    context.Counts.InvitationsSent++;
                }
                else
                {
                    context.Counts.RemindersSent++;
                }

                return 0;
            case Delivery.NotDelivered refused:
                Store("undelivered", refused.Status.ToString());
                Record(mail.Row, new CaseEvent.MailUndelivered(today, mail.Kind, Bounced: false, refused.Class.Code()));
                if (refused.Class == AddressClass.Dead)
                {
                    context.Cases.Suppress(address, Suppression.Dead, context.AsOf.Day);
                }

                context.Counts.MailRejected++;
                return 0;
            case Delivery.TryLater later:
                Store("queued", later.Status.ToString());
                return 1;
            case Delivery.InDoubt:
                Store("queued", null, inDoubt: true);
                return 1;
            case Delivery.MessageRefused refused:
                Store("queued", refused.Status.ToString());
                stopped ??= $"The mail server refuses us ({refused.Code}): {refused.Advice}";
                return 1;
            case Delivery.ServerUnusable unusable:
                Store("queued", null);
                if (stopped is null)
                {
                    stopped = $"The mail server can't be used: {unusable.What.TrimEnd('.')}.";
                    unreachable = true;
                }

                return 1;
            default:
                throw new ArgumentOutOfRangeException(nameof(result), delivery, "Unknown delivery.");
        }
    }

    /// <summary>Records a fact, unless the case was marked to be looked at since the mail was claimed: that look must stay due.</summary>
    private void Record(CaseRow claimed, CaseEvent fact)
    {
        var row = context.Cases.Find(claimed.Id)!;
        _ = row.NextLookOn == claimed.NextLookOn ? context.Record(row, fact) : context.Learn(row, fact);
    }

    /// <summary>A claimed mail with all that its text needs.</summary>
    private sealed record Outgoing(
        long Id, MailContact Kind, bool InDoubt, byte[] Contact, string DealerName, string Model, string Language, CaseRow Row)
    {
        public static Outgoing Read(System.Data.Common.DbDataReader r) => new(
            r.GetInt64(0), (MailContact)r.GetInt32(1), r.GetInt32(6) != 0, r.Bytes(2), r.GetString(3) is { Length: > 0 } name ? name : r.GetString(7),
            r.GetString(4), r.GetString(5), CaseRow.Read(r, 8));
    }

    /// <summary>What became of a mail; its sender goes on once that is stored.</summary>
    private sealed record Result(Outgoing Mail, long Address, Delivery? Delivery)
    {
        /// <summary>Why it could not even be tried.</summary>
        public string? Fault { get; init; }

        public TaskCompletionSource Stored { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
