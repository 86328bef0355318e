using System.Security.Cryptography;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Tests.Mail;

public sealed class SenderRecordsTests
{
    private static readonly TxtAnswer Silence = new TxtAnswer.NotKnown("The name server 192.0.2.53:53 did not answer within 3 s");

    private static TxtAnswer.Texts Texts(params string[] texts) => new TxtAnswer.Texts(texts);

    [Theory]
    [InlineData("v=spf1 include:relay.example -all", Health.Good, "")]
    [InlineData("V=SPF1 IP4:192.0.2.0/24 ip6:2001:db8::/32 A MX:mail.example/24 ~ALL", Health.Good, "")]
    [InlineData("v=spf1 +a:%{i}.x.example exp=why.example -all", Health.Good, "")]
    [InlineData("v=spf1 redirect=_spf.relay.example", Health.Good, "goes on in the record of _spf.relay.example")]
    [InlineData("v=spf1 include:relay.example", Health.Warning, "-all or ~all")]
    [InlineData("v=spf1 include:relay.example ?all", Health.Warning, "?all")]
    [InlineData("v=spf1 mx ~all include:relay.example", Health.Warning, "behind '~all'")]
    [InlineData("v=spf1 include:relay.example +all", Health.Fault, "everyone")]
    [InlineData("v=spf1 include:relay.example all", Health.Fault, "everyone")]
    [InlineData("v=spf1 -all", Health.Fault, "no server")]
    [InlineData("v=spf1 -all include:relay.example", Health.Fault, "no server")]
    [InlineData("v=spf1", Health.Warning, "-all or ~all")]
    [InlineData("v=spf1 includes:relay.example -all", Health.Fault, "'includes:relay.example' is nothing")]
    [InlineData("v=spf1 include: -all", Health.Fault, "names no domain")]
    [InlineData("v=spf1 redirect=", Health.Fault, "names no domain")]
    [InlineData("v=spf1 ip4:192.0.2.0/33 -all", Health.Fault, "no IPv4")]
    [InlineData("v=spf1 ip4:2001:db8::1 -all", Health.Fault, "no IPv4")]
    [InlineData("v=spf1 ip4:relay.example -all", Health.Fault, "no IPv4")]
    [InlineData("v=spf1 ip6:192.0.2.1 -all", Health.Fault, "no IPv6")]
    [InlineData("v=spf1 a mx -all:x", Health.Fault, "takes nothing")]
    [InlineData("v=spf1 - -all", Health.Fault, "'-' is nothing")]
    [InlineData("v=spf1 a mx ptr exists:x.example a:b.example include:1.example include:2.example include:3.example include:4.example include:5.example -all", Health.Good, "")]
    [InlineData("v=spf1 a mx ptr exists:x.example a:b.example include:1.example include:2.example include:3.example include:4.example include:5.example include:6.example -all", Health.Fault, "11 DNS look-ups")]
    public void AnSpfRecordIsJudged(string record, Health health, string advice)
    {
        var finding = SenderRecords.Spf("cvp.example", Texts("google-site-verification=x", record, "v=spf10 -all"));

        Assert.Equal(("SPF", "cvp.example", health, record), (finding.Check, finding.Of, finding.Health, finding.Found));
        Assert.Contains(advice, finding.Advice, StringComparison.Ordinal);
        Assert.Equal(advice.Length == 0, finding.Advice.Length == 0);
    }

    [Fact]
    public void NoSpfRecordTwoOfThemAndNoAnswerAreThreeThings()
    {
        Assert.Contains("There is no SPF record", Assert.Single([SenderRecords.Spf("a.example", Texts("x")), ], f => f.Health == Health.Fault).Advice, StringComparison.Ordinal);
        Assert.Contains("several", SenderRecords.Spf("a.example", Texts("v=spf1 mx -all", "v=spf1 a -all")).Advice, StringComparison.Ordinal);
        Assert.Equal((Health.Unknown, ""), (SenderRecords.Spf("a.example", Silence).Health, SenderRecords.Spf("a.example", Silence).Found));
    }

    [Theory]
    [InlineData(2048, Health.Good, "")]
    [InlineData(1024, Health.Warning, "1024 bits")]
    [InlineData(512, Health.Fault, "512 bits")]
    public void AnRsaKeyIsJudgedByItsBits(int bits, Health health, string advice)
    {
        using var rsa = RSA.Create(bits);
        foreach (var key in new[] { rsa.ExportSubjectPublicKeyInfo(), rsa.ExportRSAPublicKey() })
        {
            var finding = SenderRecords.Dkim("s._domainkey.cvp.example", Texts($"v=DKIM1; k=rsa; p={Convert.ToBase64String(key).Insert(40, " ")}"));

            Assert.Equal(("DKIM", "s._domainkey.cvp.example", health), (finding.Check, finding.Of, finding.Health));
            Assert.Contains(advice, finding.Advice, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", Health.Good, "")] // RFC 8463 A.2
    [InlineData("k=ed25519;p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=;", Health.Good, "")]
    [InlineData("v=DKIM1; k=ed25519; t=s:y; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", Health.Warning, "t=y")]
    [InlineData("v=DKIM1; k=ed25519; h=sha1; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", Health.Fault, "sha1")]
    [InlineData("v=DKIM1; k=ed25519; p=AAAA", Health.Fault, "no ed25519 key")]
    [InlineData("v=DKIM1; k=dsa; p=AAAA", Health.Fault, "'dsa'")]
    [InlineData("v=DKIM1; p=", Health.Fault, "revoked")]
    [InlineData("v=DKIM1; p=!!!", Health.Fault, "no rsa key")]
    [InlineData("v=DKIM1; p=AAAA", Health.Fault, "no rsa key")]
    [InlineData("v=DKIM1; k=rsa", Health.Fault, "no DKIM key")]
    [InlineData("v=DKIM2; p=AAAA", Health.Fault, "no DKIM key")]
    [InlineData("p=AAAA; v=DKIM1", Health.Fault, "no DKIM key")]
    [InlineData("v=DKIM1; p=AAAA; p=BBBB", Health.Fault, "no DKIM key")]
    [InlineData("v=spf1 -all", Health.Fault, "no DKIM key")] // a wildcard's answer
    [InlineData("", Health.Fault, "no DKIM key")]
    public void ADkimKeyIsJudged(string record, Health health, string advice)
    {
        var finding = SenderRecords.Dkim("s._domainkey.cvp.example", Texts(record));

        Assert.Equal((health, record), (finding.Health, finding.Found));
        Assert.Contains(advice, finding.Advice, StringComparison.Ordinal);
        Assert.Equal(advice.Length == 0, finding.Advice.Length == 0);
    }

    [Fact]
    public void NoKeyTwoKeysAndNoAnswerAreThreeThings()
    {
        Assert.Equal(Health.Fault, SenderRecords.Dkim("n", Texts()).Health);
        Assert.Contains("There is no key", SenderRecords.Dkim("n", Texts()).Advice, StringComparison.Ordinal);
        Assert.Contains("several", SenderRecords.Dkim("n", Texts("v=DKIM1; p=A", "v=DKIM1; p=B")).Advice, StringComparison.Ordinal);
        Assert.Equal(Health.Unknown, SenderRecords.Dkim("n", Silence).Health);
    }

    [Theory]
    [InlineData("v=DMARC1; p=reject", Health.Good, "")]
    [InlineData("v = DMARC1 ;p=Quarantine; rua=mailto:a@cvp.example", Health.Good, "")]
    [InlineData("v=DMARC1; p=none", Health.Warning, "p=none")]
    [InlineData("v=DMARC1", Health.Fault, "p= must be")]
    [InlineData("v=DMARC1; p=all", Health.Fault, "p= must be")]
    [InlineData("v=DMARC1; reject", Health.Fault, "semicolons")]
    [InlineData("v=DMARC1; p=none; p=reject", Health.Fault, "semicolons")]
    public void ADmarcRecordIsJudged(string record, Health health, string advice)
    {
        var finding = SenderRecords.Dmarc("cvp.example", "cvp.example", [("_dmarc.cvp.example", Texts("v=spf1 -all", record, "v=DMARC10; p=none"))]).First();

        Assert.Equal(("DMARC", "_dmarc.cvp.example", health, record), (finding.Check, finding.Of, finding.Health, finding.Found));
        Assert.Contains(advice, finding.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void ADmarcRecordIsLookedForUpToTwoLabels()
    {
        Assert.Equal(["_dmarc.mail.cvp.example", "_dmarc.cvp.example"], SenderRecords.DmarcNames("mail.cvp.example"));
        Assert.Equal(["_dmarc.cvp.example"], SenderRecords.DmarcNames("cvp.example"));
    }

    [Fact]
    public void TheOrganisationsRecordHoldsForASubdomainUnlessThatHasItsOwn()
    {
        Finding Of(TxtAnswer own, TxtAnswer above) => SenderRecords.Dmarc(
            "mail.cvp.example", "mail.cvp.example", [("_dmarc.mail.cvp.example", own), ("_dmarc.cvp.example", above)]).First();

        Assert.Equal(("_dmarc.cvp.example", Health.Good), Named(Of(Texts(), Texts("v=DMARC1; p=reject"))));
        Assert.Equal(("_dmarc.cvp.example", Health.Warning), Named(Of(Texts(), Texts("v=DMARC1; p=reject; sp=none"))));
        Assert.Equal(("_dmarc.mail.cvp.example", Health.Good), Named(Of(Texts("v=DMARC1; p=reject; sp=none"), Texts("v=DMARC1; p=none"))));
        Assert.Equal(("_dmarc.mail.cvp.example", Health.Good), Named(Of(Texts("v=DMARC1; p=reject"), Silence)));
        Assert.Equal(("_dmarc.mail.cvp.example", Health.Fault), Named(Of(Texts("v=DMARC1; p=reject", "v=DMARC1; p=none"), Texts("v=DMARC1; p=reject"))));
        Assert.Equal(("_dmarc.mail.cvp.example", Health.Fault), Named(Of(Texts(), Texts())));
        Assert.Contains("publish a TXT record at _dmarc.cvp.example", Of(Texts(), Texts()).Advice, StringComparison.Ordinal);
        Assert.Equal(("_dmarc.mail.cvp.example", Health.Unknown), Named(Of(Silence, Texts("v=DMARC1; p=reject"))));
        Assert.Equal(("_dmarc.cvp.example", Health.Unknown), Named(Of(Texts(), Silence)));

        static (string, Health) Named(Finding finding) => (finding.Of, finding.Health);
    }

    [Theory]
    [InlineData("cvp.example", "cvp.example", "", Health.Good)]
    [InlineData("cvp.example", "bounces.cvp.example", "", Health.Good)]
    [InlineData("cvp.example", "bounces.cvp.example", "; aspf=r", Health.Good)]
    [InlineData("cvp.example", "bounces.cvp.example", "; aspf=s", Health.Warning)]
    [InlineData("cvp.example", "cvp.example", "; aspf=s", Health.Good)]
    [InlineData("cvp.example", "relay.example", "", Health.Warning)]
    [InlineData("cvp.example", "evilcvp.example", "", Health.Warning)]
    [InlineData("mail.cvp.example", "cvp.example", "", Health.Good)]
    [InlineData("mail.cvp.example", "bounces.cvp.example", "", Health.Good)] // the organisation's record shows that both are its own
    public void SpfCountsWhereTheEnvelopeIsOfTheSameOrganisation(string sender, string envelope, string tags, Health health)
    {
        var answers = SenderRecords.DmarcNames(sender).Select(n => (n, (TxtAnswer)Texts($"v=DMARC1; p=reject{tags}"))).ToList();

        var alignment = SenderRecords.Dmarc(sender, envelope, answers).Last();

        Assert.Equal(("alignment", sender, health), (alignment.Check, alignment.Of, alignment.Health));
        Assert.Equal(health == Health.Warning, alignment.Advice.Contains("Mail:BounceAddress", StringComparison.Ordinal));
    }

    [Fact]
    public void SiblingsBelowAPublicSuffixAreStrangers()
    {
        var alignment = SenderRecords.Dmarc(
            "one.gov.example", "two.gov.example",
            [("_dmarc.one.gov.example", Texts("v=DMARC1; p=reject")), ("_dmarc.gov.example", Texts("v=DMARC1; p=reject; psd=y"))]).Last();

        Assert.Equal(Health.Warning, alignment.Health);
    }

    [Fact]
    public async Task ADomainsRecordsAreLookedUpAndJudgedTogether()
    {
        using var server = await Dnsmasq.StartAsync(
        [
            ("bounces.cvp.example", "v=spf1 include:relay.example -all"),
            ("s1._domainkey.mail.cvp.example", "v=DKIM1; p="),
            ("_dmarc.cvp.example", "v=DMARC1; p=none"),
        ]);

        var findings = await SenderRecords.OfAsync(
            new TxtLookup([server.EndPoint], TimeProvider.System), new SenderDomain("mail.cvp.example", "bounces.cvp.example", ["AU"]), ["s1", "s2"], TestContext.Current.CancellationToken);

        Assert.Equal(
            ["SPF bounces.cvp.example Good", "DKIM s1._domainkey.mail.cvp.example Fault", "DKIM s2._domainkey.mail.cvp.example Fault", "DMARC _dmarc.cvp.example Warning", "alignment mail.cvp.example Good"],
            findings.Select(f => $"{f.Check} {f.Of} {f.Health}"));
    }
}
