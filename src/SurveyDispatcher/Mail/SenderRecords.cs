using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>How something stands, as a doctor would say it.</summary>
public enum Health
{
    /// <summary>Nothing to do.</summary>
    Good,

    /// <summary>Mail goes out; something should be better.</summary>
    Warning,

    /// <summary>Mail does not go out, or is not trusted.</summary>
    Fault,

    /// <summary>Nobody could say: no answer came.</summary>
    Unknown,
}

/// <summary>One line of the sheet.</summary>
/// <param name="Check">What was looked at, such as <c>SPF</c>.</param>
/// <param name="Of">Whose it is: a domain, a DNS name, a server.</param>
/// <param name="Health">How it stands.</param>
/// <param name="Found">What was found there, as it is; empty: nothing.</param>
/// <param name="Advice">What is wrong and what to do, in one sentence or two; empty when there is nothing to say.</param>
public sealed record Finding(string Check, string Of, Health Health, string Found, string Advice = "");

/// <summary>One pair of domains that mail goes out under.</summary>
/// <param name="From">The domain in From, in ASCII.</param>
/// <param name="Envelope">The domain of the envelope sender: of <see cref="MailOptions.BounceAddress"/>, else the same.</param>
/// <param name="Markets">The codes of the markets that use it, in order.</param>
internal sealed record SenderDomain(string From, string Envelope, IReadOnlyList<string> Markets)
{
    /// <summary>The domains of some markets, each once, in order.</summary>
    public static IReadOnlyList<SenderDomain> Of(IEnumerable<Market> markets, MailOptions options) =>
    [
        .. markets.GroupBy(m => DomainOf(m.Sender.Address), m => m.Code).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new SenderDomain(g.Key, options.BounceAddress.Length > 0 ? DomainOf(options.BounceAddress) : g.Key, [.. g.Order(StringComparer.Ordinal)])),
    ];

    private static string DomainOf(string address) => EmailAddress.Parse(address)!.Domain; // the configuration was found valid
}

/// <summary>The DNS records that make providers trust a sender: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489).</summary>
/// <remarks>
/// The methods that judge are pure. No list of public suffixes is at hand: the organisational domain is taken for the
/// highest one, of two labels at least, that has a DMARC record.
/// </remarks>
internal static class SenderRecords
{
    private const int MostLookups = 10; // RFC 7208 4.6.4

    /// <summary>Looks up and judges what speaks for the mail of one sender.</summary>
    /// <param name="lookup">Who is asked.</param>
    /// <param name="domain">The sender's domains.</param>
    /// <param name="selectors">The DKIM selectors that the relay signs with; none: DKIM is not looked at.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<IReadOnlyList<Finding>> OfAsync(TxtLookup lookup, SenderDomain domain, IReadOnlyList<string> selectors, CancellationToken ct)
    {
        var (sender, envelope) = (domain.From, domain.Envelope);
        var spf = lookup.FindAsync(envelope, ct);
        var keys = selectors.Select(s => lookup.FindAsync(DkimName(s, sender), ct)).ToList();
        var names = DmarcNames(sender);
        var policies = await Task.WhenAll(names.Select(n => lookup.FindAsync(n, ct)));
        var findings = new List<Finding> { Spf(envelope, await spf) };
        foreach (var (selector, key) in selectors.Zip(await Task.WhenAll(keys)))
        {
            findings.Add(Dkim(DkimName(selector, sender), key));
        }
        if (selectors.Count == 0)
        {
            findings.Add(new("DKIM", sender, Health.Warning, "", Say($"It was not checked: set Mail:DkimSelectors to what stands behind s= in the DKIM-Signature of your mail.")));
        }
        findings.AddRange(Dmarc(sender, envelope, [.. names.Zip(policies)]));
        return findings;
    }

    // ---- SPF -----------------------------------------------------------------------------------------------------------------

    /// <summary>Judges the SPF record of an envelope sender's domain. Records that it includes are not followed.</summary>
    public static Finding Spf(string domain, TxtAnswer answer)
    {
        if (answer is not TxtAnswer.Texts { Records: var texts })
        {
            return NotKnown("SPF", domain, answer);
        }
        var records = texts.Where(t => t.Equals("v=spf1", StringComparison.OrdinalIgnoreCase) || t.StartsWith("v=spf1 ", StringComparison.OrdinalIgnoreCase)).ToList();
        var found = string.Join(" | ", records);
        Finding Says(Health health, Phrase? advice = null) => new("SPF", domain, health, found, advice is null ? "" : Say(advice));
        if (records.Count != 1)
        {
            return Says(Health.Fault, records.Count == 0
                ? (Phrase)$"There is no SPF record: publish a TXT record at {domain} such as 'v=spf1 include:YOUR-RELAY -all'."
                : $"There are several SPF records, so receivers take none of them: join them into one.");
        }

        var terms = records[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..].Select(SpfTerm.Read).ToList();
        if (terms.Find(t => t.Problem is not null) is { } wrong)
        {
            return Says(Health.Fault, $"'{wrong.Text}' {wrong.Problem}, so receivers can't use the record: mend it.");
        }
        var lookups = terms.Count(t => t.Name is "include" or "a" or "mx" or "ptr" or "exists" or "redirect");
        if (lookups > MostLookups)
        {
            return Says(Health.Fault, $"It needs {lookups} DNS look-ups, counted in this record alone; receivers stop at {MostLookups}: take some out.");
        }

        var end = terms.FindIndex(t => t.Name == "all");
        if (end < 0)
        {
            return terms.Find(t => t.Name == "redirect") is { } redirect
                ? Says(Health.Good, $"It goes on in the record of {redirect.Value}, which was not looked at.")
                : Says(Health.Warning, $"It does not say what is not allowed: end it with -all or ~all.");
        }
        return terms[end].Qualifier switch
        {
            '+' => Says(Health.Fault, $"+all lets everyone send in your name: end it with -all or ~all."),
            '?' => Says(Health.Warning, $"?all says nothing of other senders: end it with -all or ~all."),
            _ when !terms[..end].Exists(t => t.Qualifier == '+' && !t.IsModifier) => Says(Health.Fault, $"It allows no server at all: name your relay's before 'all'."),
            _ when terms[(end + 1)..].Exists(t => !t.IsModifier) => Says(Health.Warning, $"What stands behind '{terms[end].Text}' is never looked at: move it in front."),
            _ => Says(Health.Good),
        };
    }

    // ---- DKIM ----------------------------------------------------------------------------------------------------------------

    /// <summary>Where the key of a selector is (RFC 6376 3.6.2.1).</summary>
    public static string DkimName(string selector, string domain) => $"{selector}._domainkey.{domain}";

    /// <summary>Judges the key that stands at a name.</summary>
    public static Finding Dkim(string name, TxtAnswer answer)
    {
        if (answer is not TxtAnswer.Texts { Records: var texts })
        {
            return NotKnown("DKIM", name, answer);
        }
        var found = string.Join(" | ", texts);
        Finding Says(Health health, Phrase? advice = null) => new("DKIM", name, health, found, advice is null ? "" : Say(advice));
        if (texts.Count != 1)
        {
            return Says(Health.Fault, texts.Count == 0
                ? (Phrase)$"There is no key: publish the one that your relay signs with, or mend Mail:DkimSelectors."
                : $"There are several records, and which one counts is not defined: leave one.");
        }
        if (Tags(texts[0]) is not { } tags || !tags.Exists(t => t.Name == "p") || tags.FindIndex(t => t.Name == "v") is > 0
            || (tags[0].Name == "v" && tags[0].Value != "DKIM1"))
        {
            return Says(Health.Fault, $"This is no DKIM key (v=DKIM1; k=rsa; p=...): publish the one that your relay signs with.");
        }
        string Of(string tag, string otherwise) => tags.Find(t => t.Name == tag) is { Name: not null } said ? said.Value : otherwise;
        var (kind, key) = (Of("k", "rsa"), string.Concat(Of("p", "").Where(c => !char.IsWhiteSpace(c))));
        if (key.Length == 0)
        {
            return Says(Health.Fault, $"The key is revoked (p= is empty), so what is signed with it fails: publish a new one, or take the selector out of Mail:DkimSelectors.");
        }
        if (kind is not ("rsa" or "ed25519"))
        {
            return Says(Health.Fault, $"Receivers know no keys of the kind '{kind}': publish an RSA key of 2048 bits.");
        }
        if (!Of("h", "sha256").Split(':').Any(h => h.Trim() is "sha256"))
        {
            return Says(Health.Fault, $"It allows sha1 only, which receivers refuse (RFC 8301): take h= out.");
        }
        var bits = Bits(kind, key);
        return bits switch
        {
            0 => Says(Health.Fault, $"What stands in p= is no {kind} key: publish the one that your relay signs with."),
            < 1024 when kind == "rsa" => Says(Health.Fault, $"The key has {bits} bits; receivers refuse fewer than 1024: make one of 2048."),
            < 2048 when kind == "rsa" => Says(Health.Warning, $"The key has {bits} bits: make one of 2048."),
            _ when Of("t", "").Split(':').Any(f => f.Trim() is "y") => Says(Health.Warning, $"It is marked as a test (t=y), so receivers may ignore it: take t=y out when signatures pass."),
            _ => Says(Health.Good),
        };
    }

    // ---- DMARC ---------------------------------------------------------------------------------------------------------------

    /// <summary>Where a DMARC record for a domain may stand, the nearest first: at the domain itself, and at each above it of two labels or more.</summary>
    public static IReadOnlyList<string> DmarcNames(string domain)
    {
        var labels = domain.Split('.');
        return [.. Enumerable.Range(0, Math.Max(1, labels.Length - 1)).Select(i => "_dmarc." + string.Join('.', labels[i..]))];
    }

    /// <summary>Judges the DMARC policy that holds for a sender, and whether SPF can count for it (alignment, RFC 7489 3.1).</summary>
    /// <param name="sender">The domain in From.</param>
    /// <param name="envelope">The domain of the envelope sender.</param>
    /// <param name="answers">What DNS says of each of <see cref="DmarcNames"/>, in their order.</param>
    /// <returns>The record; and the alignment where there is a policy.</returns>
    public static IEnumerable<Finding> Dmarc(string sender, string envelope, IReadOnlyList<(string Name, TxtAnswer Answer)> answers)
    {
        var policies = new List<(string Domain, List<string> Records)>();
        foreach (var (name, answer) in answers)
        {
            if (answer is not TxtAnswer.Texts { Records: var texts })
            {
                if (policies.Count == 0)
                {
                    return [NotKnown("DMARC", name, answer)];
                }
                continue; // the policy is known; only the organisational domain may be a higher one
            }
            var records = texts.Where(IsDmarc).ToList();
            if (records.Count > 0)
            {
                policies.Add((name["_dmarc.".Length..], records));
            }
        }
        if (policies.Count == 0)
        {
            return [new("DMARC", answers[0].Name, Health.Fault, "",
                Say($"There is no DMARC record: publish a TXT record at {answers[^1].Name} such as 'v=DMARC1; p=none; rua=mailto:YOU'."))];
        }

        var (domain, found) = policies[0];
        Finding Says(Health health, Phrase? advice = null) => new("DMARC", $"_dmarc.{domain}", health, string.Join(" | ", found), advice is null ? "" : Say(advice));
        if (found.Count > 1)
        {
            return [Says(Health.Fault, $"There are several DMARC records, so receivers take none of them: leave one.")];
        }
        if (Tags(found[0]) is not { } tags)
        {
            return [Says(Health.Fault, $"The record is not a list of TAG=VALUE, parted by semicolons: mend it.")];
        }
        string Of(string tag) => tags.Find(t => t.Name == tag) is { Name: not null } said ? said.Value.ToLowerInvariant() : "";
        var (policy, tagOf) = domain != sender && Of("sp").Length > 0 ? (Of("sp"), "sp") : (Of("p"), "p");
        if (policy is not ("none" or "quarantine" or "reject"))
        {
            // RFC 7489 6.6.3: with an address for reports it counts as none, else not at all.
            return Of("rua").Length > 0
                ? [Says(Health.Warning, $"It has no valid policy, so it counts as none: {tagOf}= must be none, quarantine or reject."), Alignment(sender, envelope, domain, strict: Of("aspf") == "s")]
                : [Says(Health.Fault, $"It has no valid policy: {tagOf}= must be none, quarantine or reject.")];
        }
        var record = policy == "none"
            ? Says(Health.Warning, $"{tagOf}=none only asks for reports: go on to quarantine when these show that all your mail passes.")
            : Says(Health.Good);
        var organisation = policies.FindLast(p => !p.Records.Exists(r => Tags(r)?.Exists(t => t is { Name: "psd", Value: "y" }) == true)).Domain ?? domain;
        return [record, Alignment(sender, envelope, organisation, strict: Of("aspf") == "s")];
    }

    private static Finding Alignment(string sender, string envelope, string organisation, bool strict)
    {
        var aligned = envelope == sender
            || (!strict && (IsWithin(envelope, organisation) || IsWithin(envelope, sender) || IsWithin(sender, envelope)));
        return new("alignment", sender, aligned ? Health.Good : Health.Warning, Say($"the envelope sender is of {envelope}"), aligned ? ""
            : Say($"SPF can't count for {sender}{(strict ? " (aspf=s)" : "")}, only a DKIM signature with d={sender} will: let the relay sign so, or set Mail:BounceAddress to an address of {(strict ? sender : organisation)}."));
    }

    private static bool IsWithin(string domain, string above) => domain == above || domain.EndsWith("." + above, StringComparison.Ordinal);

    private static bool IsDmarc(string text) => text.Split(';')[0].Split('=', 2) is [var name, var value] && name.Trim() == "v" && value.Trim() == "DMARC1";

    // ---- What they share -----------------------------------------------------------------------------------------------------

    private static Finding NotKnown(string check, string name, TxtAnswer answer) =>
        new(check, name, Health.Unknown, "", Say($"{((TxtAnswer.NotKnown)answer).Why}: run 'mail check' again, or set Mail:DnsServer."));

    /// <summary>The list TAG=VALUE; ... of DKIM and DMARC (RFC 6376 3.2); null when it is none, or names a tag twice.</summary>
    private static List<(string Name, string Value)>? Tags(string record)
    {
        var tags = new List<(string Name, string Value)>();
        foreach (var part in record.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } name, var value] || tags.Exists(t => t.Name == name))
            {
                return null;
            }
            tags.Add((name, value));
        }
        return tags.Count > 0 ? tags : null;
    }

    /// <summary>The bits of a key; 0 when it is none.</summary>
    private static int Bits(string kind, string base64)
    {
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var length))
        {
            return 0;
        }
        if (kind == "ed25519")
        {
            return length == 32 ? 256 : 0; // RFC 8463 3
        }
        // Nearly all publish a SubjectPublicKeyInfo; the RFC's own words mean the key inside it.
        foreach (var spki in new[] { true, false })
        {
            using var rsa = RSA.Create();
            try
            {
                var read = 0;
                if (spki)
                {
                    rsa.ImportSubjectPublicKeyInfo(bytes.AsSpan(0, length), out read);
                }
                else
                {
                    rsa.ImportRSAPublicKey(bytes.AsSpan(0, length), out read);
                }
                return read == length ? rsa.KeySize : 0;
            }
            catch (CryptographicException)
            {
                continue; // the framework has no other way to say that bytes are no key
            }
        }
        return 0;
    }

    /// <summary>One term of an SPF record (RFC 7208 4.6.1, 5 and 6); macros are taken as they are.</summary>
    /// <param name="Text">As it stands there.</param>
    /// <param name="Qualifier">Of a mechanism: <c>+</c>, <c>-</c>, <c>~</c> or <c>?</c>.</param>
    /// <param name="Name">The mechanism or modifier, in lower case.</param>
    /// <param name="Value">What stands behind the name.</param>
    /// <param name="IsModifier">NAME=VALUE, which may stand anywhere.</param>
    /// <param name="Problem">What is wrong with it, to be read behind the text; null: nothing.</param>
    private sealed record SpfTerm(string Text, char Qualifier, string Name, string Value, bool IsModifier, Phrase? Problem)
    {
        public static SpfTerm Read(string text)
        {
            var sign = text.AsSpan().IndexOfAny("=:/");
            if (sign > 0 && text[sign] == '=')
            {
                var (modifier, of) = (text[..sign].ToLowerInvariant(), text[(sign + 1)..]);
                return new(text, '+', modifier, of, IsModifier: true, modifier == "redirect" && of.Length == 0 ? (Phrase)$"names no domain" : null);
            }
            var qualifier = text[0] is '-' or '~' or '?' ? text[0] : '+';
            var directive = text[0] is '+' or '-' or '~' or '?' ? text[1..] : text;
            var end = directive.AsSpan().IndexOfAny(":/");
            var (name, value) = end < 0 ? (directive.ToLowerInvariant(), "") : (directive[..end].ToLowerInvariant(), directive[end..]);
            return new(text, qualifier, name, value, IsModifier: false, name switch
            {
                "all" => value.Length == 0 ? null : (Phrase)$"takes nothing behind it",
                "include" or "exists" => value.Length > 1 && value[0] == ':' ? null : (Phrase)$"names no domain",
                "a" or "mx" or "ptr" => value == ":" ? (Phrase)$"names no domain" : null,
                "ip4" => IsNetwork(value, AddressFamily.InterNetwork, 32) ? null : (Phrase)$"is no IPv4 address",
                "ip6" => IsNetwork(value, AddressFamily.InterNetworkV6, 128) ? null : (Phrase)$"is no IPv6 address",
                _ => $"is nothing that SPF knows",
            });
        }

        private static bool IsNetwork(string value, AddressFamily family, int bits)
        {
            var parts = value.TrimStart(':').Split('/');
            return parts.Length <= 2 && parts[0].AsSpan().ContainsAny('.', ':') && IPAddress.TryParse(parts[0], out var address)
                && address.AddressFamily == family
                && (parts.Length == 1 || (int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var prefix) && prefix <= bits));
        }
    }
}
