using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.UseCases;

/// <summary>Whether mail goes out, and whether it would be trusted: the relay, the DNS records of the senders, a test message (<c>mail check</c>).</summary>
internal sealed class CheckMail(PipelineConfig config, DataDirectory directory, TimeProvider time)
{
    private const int SmallLimit = 100_000; // bytes; a message of ours has about 10,000
    private static readonly TimeSpan SoonExpired = TimeSpan.FromDays(30);
    private readonly MailOptions options = config.Settings.Mail;

    // Markets that open later count, too: before their first mail is when this is asked.
    private readonly List<Market> markets =
        [.. config.Programme.Markets.Values.Where(m => m.Sales is not null || m.Service is not null).OrderBy(m => m.Code, StringComparer.Ordinal)];

    private string Server => $"{options.Host}:{options.Port}";

    /// <summary>Looks at everything. Nothing is stored; only the test message, where one is asked for, goes out.</summary>
    /// <param name="to">Who gets the test message; null: nobody.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="UsageException">Nobody could send the test message.</exception>
    public async Task<MailHealth> RunAsync(EmailAddress? to, CancellationToken ct)
    {
        if (to is not null && markets.Count == 0)
        {
            throw new UsageException($"There is no market with a survey in programme.json, so there is no sender that the test message could come from.");
        }

        var lookup = TxtLookup.For(options, time);
        var records = Task.WhenAll(SenderDomain.Of(markets, options).Select(s => SenderRecords.OfAsync(lookup, s, options.DkimSelectors, ct)));
        var findings = options.Transport == "Pickup" ? await PickupAsync(to, ct) : await RelayAsync(to, ct);
        findings.AddRange((await records).SelectMany(r => r).Distinct());
        return new MailHealth(options.Transport, findings);
    }

    // ---- Pickup --------------------------------------------------------------------------------------------------------------

    private async Task<List<Finding>> PickupAsync(EmailAddress? to, CancellationToken ct)
    {
        var findings = new List<Finding>
        {
            new("transport", "Pickup", Health.Good, "", Say($"Nothing is sent: mails become files in {directory.Mail}. Mail:Transport Smtp sends.")),
            Folder(),
        };
        if (to is not null && findings[^1].Health == Health.Good)
        {
            await using var transport = new PickupTransport(directory.Mail);
            findings.Add(await TestAsync(to, transport.SendAsync, ct));
        }

        return findings;
    }

    /// <summary>Tries to write where mails go, or where their folder will be made, and leaves nothing behind.</summary>
    private Finding Folder()
    {
        var folder = directory.Mail;
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { Length: > 0 } above)
        {
            folder = above;
        }

        try
        {
            using var probe = new FileStream(Path.Combine(folder, ".mail-check.part"), FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return new("folder", directory.Mail, Health.Good, folder == directory.Mail ? Say($"can be written") : Say($"is not there yet; it can be made"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new("folder", directory.Mail, Health.Fault, "", Say($"It can't be written: {Reason.Of(e)} Give this user the right to write there."));
        }
    }

    // ---- The relay -----------------------------------------------------------------------------------------------------------

    private async Task<List<Finding>> RelayAsync(EmailAddress? to, CancellationToken ct)
    {
        using var session = new SmtpSession(options, options.TrustedCertificates(), time);
        try
        {
            await session.OpenAsync(ct);
        }
        catch (SmtpFaultException e)
        {
            return [.. Found(session.Facts, open: false), new("relay", Server, Health.Fault, "", Say(e.Retry ? (Phrase)$"{Advice(e.Outcome)} Look at Mail:Host, Mail:Port and the relay." : $"{Advice(e.Outcome)}"))];
        }

        var findings = Found(session.Facts, open: true).ToList();
        if (to is not null)
        {
            findings.Add(await TestAsync(to, session.SendAsync, ct));
        }

        return findings;
    }

    /// <summary>What the opening came to know, in the order in which it did.</summary>
    private IEnumerable<Finding> Found(SmtpFacts facts, bool open)
    {
        if (facts.Address is not { } address)
        {
            yield break;
        }

        var to = new IPEndPoint(address.Address.IsIPv4MappedToIPv6 ? address.Address.MapToIPv4() : address.Address, address.Port);
        yield return new("connection", Server, Health.Good, Say(facts.Greeting is { } greeting ? (Phrase)$"{to}, greets as {Printable(greeting.Lines[0].Split(' ')[0])}" : $"{to}"));
        if (facts.Certificate is { } certificate)
        {
            var left = certificate.NotAfter - time.GetUtcNow();
            yield return new(
                "certificate", Server, left < TimeSpan.Zero ? Health.Fault : left < SoonExpired ? Health.Warning : Health.Good,
                Say($"{Printable(certificate.Subject)}, issued by {Printable(certificate.Issuer)}, valid until {certificate.NotAfter:yyyy-MM-dd}"),
                left < TimeSpan.Zero ? Say($"It has expired: the relay needs a new one.")
                : left < SoonExpired ? Say($"It expires in {(int)left.TotalDays} day(s): have the relay get a new one in time.") : "");
        }

        if (facts.Tls is { } tls)
        {
            yield return new("TLS", Server, Health.Good, $"{tls.Protocol}, {tls.Cipher}");
        }
        else if (open)
        {
            yield return IPAddress.IsLoopback(to.Address)
                ? new("TLS", Server, Health.Good, Say($"none; the relay is on this machine"))
                : new("TLS", Server, Health.Warning, Say($"none"), Say($"Customers' addresses and links can be read on the way: set Mail:Security to StartTls or Tls."));
        }

        if (facts.Extensions.Keywords.Count > 0)
        {
            yield return new("extensions", Server, Health.Good, Printable(string.Join(' ', facts.Extensions.Keywords)));
        }

        if (open)
        {
            yield return facts.Extensions.SizeLimit is > 0 and < SmallLimit and var small
                ? new("size", Server, Health.Warning, Say($"{small} bytes at most"), Say($"A long message may be refused: have the relay take more."))
                : new("size", Server, Health.Good, Say(facts.Extensions.SizeLimit > 0 ? (Phrase)$"{facts.Extensions.SizeLimit} bytes at most" : $"no limit was said"));
        }

        if (facts.Login is { } mechanism)
        {
            yield return new("login", Server, facts.LoggedIn ? Health.Good : Health.Fault, Say(
                facts.LoggedIn ? (Phrase)$"{mechanism.ToString().ToUpperInvariant()}, accepted" : $"{mechanism.ToString().ToUpperInvariant()}, not accepted"));
        }
        else if (open)
        {
            yield return new("login", Server, Health.Good, Say($"none was needed so far; Mail:User is empty"));
        }
    }

    // ---- The test message ----------------------------------------------------------------------------------------------------

    private async Task<Finding> TestAsync(EmailAddress to, Func<Envelope, ReadOnlyMemory<byte>, CancellationToken, Task<Delivery>> send, CancellationToken ct)
    {
        var message = TestMessage(to);
        Delivery delivery;
        try
        {
            delivery = await send(new Envelope(message.EnvelopeFrom, message.To, "mail-check.eml", "mail-check"), MessageComposer.Compose(message), ct);
        }
        catch (SmtpFaultException e)
        {
            delivery = e.Outcome;
        }

        return delivery switch
        {
            Delivery.Accepted when options.Transport == "Pickup" => new(
                "test message", to.Value, Health.Good, Say($"written"), Say($"It is in {Path.Combine(directory.Mail, "mail-check.eml")}.")),
            Delivery.Accepted accepted => new("test message", to.Value, Health.Good, accepted.Reply, Say(
                $"The relay took it. In the mailbox, look for spf=pass, dkim=pass and dmarc=pass in the header Authentication-Results, and into the spam folder.")),
            Delivery.NotDelivered refused => new("test message", to.Value, Health.Fault, refused.Status.ToString(), refused.Class == AddressClass.Dead
                ? Say($"The relay does not know this recipient: try another address.")
                : Say($"The relay refuses the message for this recipient: its log says why.")),
            Delivery.TryLater later => new("test message", to.Value, Health.Unknown, later.Status.ToString(), Say($"The relay puts it off: run the check again in a few minutes.")),
            Delivery.InDoubt doubt => new("test message", to.Value, Health.Unknown, "", Say($"{doubt.What} It may have been sent: look into the mailbox.")),
            _ => new("test message", to.Value, Health.Fault, "", Advice(delivery)),
        };
    }

    /// <summary>Says what it is, from the first market's sender, with the headers of real mail, but of no case.</summary>
    private OutgoingMail TestMessage(EmailAddress to)
    {
        var (sender, now) = (markets[0].Sender, time.GetUtcNow());
        var subject = Say($"Test message, not a survey");
        var what = Say($"This is a test message. Somebody ran 'mail check' to see whether mail from this sender arrives. It is not a survey, and nobody waits for an answer.");
        var look = Say($"In its header, Authentication-Results should say spf=pass, dkim=pass and dmarc=pass.");
        return new OutgoingMail
        {
            MessageId = $"mail-check.{now:yyyyMMddHHmmssfffffff}@{sender.Domain}",
            FromName = sender.Name,
            FromAddress = sender.Address,
            ReplyTo = sender.AnswersTo,
            To = to.Value,
            Subject = subject,
            Text = $"{what}\n\n{look}\n",
            Html = $"<!DOCTYPE html><html lang=\"{Spoken}\"><head><meta charset=\"utf-8\"><title>{subject}</title></head><body><p>{what}</p><p>{look}</p></body></html>\n",
            CaseId = "",
            Contact = "test",
            UnsubscribeUri = config.Settings.Survey.UnsubscribeTemplate.Replace("{token}", "test", StringComparison.Ordinal), // nobody's token
            Language = Spoken,
            Date = now,
            EnvelopeFrom = options.BounceAddress.Length > 0 ? options.BounceAddress : sender.Address,
        };
    }

    private static string Advice(Delivery delivery) => delivery switch
    {
        Delivery.ServerUnusable unusable => unusable.What,
        Delivery.MessageRefused refused => refused.Advice,
        Delivery.TryLater later => Say($"The relay can't take mail now ({later.Status}): run the check again in a few minutes."),
        _ => throw new ArgumentOutOfRangeException(nameof(delivery), delivery, "No reason to stop."),
    };

    /// <summary>A server's words, fit for a terminal.</summary>
    private static string Printable(string words) => string.Concat(words.Take(400).Select(c => char.IsControl(c) ? '?' : c));
}

/// <summary>The sheet that <c>mail check</c> fills in.</summary>
/// <param name="Transport">As in the settings.</param>
/// <param name="Checks">One line for each thing looked at.</param>
public sealed record MailHealth(string Transport, IReadOnlyList<Finding> Checks)
{
    private const int LineOfFound = 120;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true, Encoder = Texts.InJson, Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The worst of all.</summary>
    public Health Health => Checks.Max(c => c.Health);

    /// <summary>Whether anything is a fault, or unknown.</summary>
    [JsonIgnore]
    public bool Failed => Health > Health.Warning;

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>One line for each check, and below it what to do.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var check in Checks)
        {
            var found = check.Found.Length > LineOfFound ? check.Found[..LineOfFound] + "..." : check.Found;
            text.Append(Columns.Left(Say(Words(check.Health)), 8)).Append(' ')
                .AppendLine(found.Length > 0 ? Say($"{Subject(check)} {check.Of}: {PlainText.Shown(found)}") : Say($"{Subject(check)} {check.Of}"));
            if (check.Advice.Length > 0)
            {
                text.Append(' ', 9).AppendLine(PlainText.Shown(check.Advice));
            }
        }

        var counts = Checks.Where(c => c.Health != Health.Good).GroupBy(c => c.Health).OrderByDescending(g => g.Key).Select(g => Say(g.Key switch
        {
            Health.Unknown => $"{g.Count()} unknown",
            Health.Fault => $"{g.Count()} fault(s)",
            _ => $"{g.Count()} warning(s)",
        }));
        return text.AppendLine().Append(Say(Health == Health.Good ? (Phrase)$"All is well." : $"{Listed(counts)}.")).ToString();
    }

    private static Phrase Words(Health health) => health switch
    {
        Health.Good => $"good",
        Health.Warning => $"warning",
        Health.Fault => $"fault",
        _ => $"unknown",
    };

    private static Phrase Subject(Finding finding) => finding.Check switch
    {
        "transport" => $"transport",
        "folder" => $"folder",
        "relay" => $"relay",
        "connection" => $"connection",
        "certificate" => $"certificate",
        "extensions" => $"extensions",
        "size" => $"size",
        "login" => $"login",
        "test message" => $"test message",
        "alignment" => $"alignment",
        var protocol => $"{protocol}",
    };
}
