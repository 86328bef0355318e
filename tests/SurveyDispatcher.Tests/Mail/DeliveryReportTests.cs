using System.Diagnostics;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Tests.Mail;

public class DeliveryReportTests
{
    private const string Status = "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; anna@mail.example\nAction: failed\nStatus: 5.1.1\n";
    private const string Returned = "From: survey@cvp.example\nMessage-ID: <m1@cvp.example>\n";

    [Theory]
    [InlineData("unknown-user.eml", "failed", "5.1.1", AddressClass.Dead, 1)]
    [InlineData("mailbox-full.eml", "failed", "5.2.2", AddressClass.Full, 2)]
    [InlineData("delayed.eml", "delayed", "4.4.1", AddressClass.Transient, 3)]
    public void TheSampleReportsAreUnderstood(string name, string action, string status, AddressClass @class, int n)
    {
        using var file = File.OpenRead(Path.Combine(Repository(), "config/demo/inbox/bounces", name));

        var report = DeliveryReport.Read(file);

        Assert.Equal(ReportKind.Report, report.Kind);
        Assert.Equal([new($"customer{n}@mail.example", action, EnhancedStatus.Parse(status), @class)], report.Recipients);
        Assert.Equal($"PLACEHOLDER-{n}@cvp.example", report.OriginalMessageId);
        Assert.Equal([$"bounces+PLACEHOLDER-{n}@cvp.example"], report.ReportedTo);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void EitherLineEndWillDo(string end) =>
        Assert.Equal("failed 5.1.1 dead anna@mail.example m1@cvp.example", Words(Read(Report().Replace("\n", end, StringComparison.Ordinal))));

    [Fact]
    public void AReportMayBeWrappedInOtherMultiparts()
    {
        var report = Report();
        var wrapped = Multipart("multipart/mixed", "out er", "Content-Type: text/plain\n\nA list's header\n", Multipart("multipart/mixed", "middle", report, "Content-Type: text/plain\n\nA footer\n"));

        Assert.Equal("failed 5.1.1 dead anna@mail.example m1@cvp.example", Words(Read(wrapped)));
    }

    [Fact]
    public void EveryRecipientIsListed()
    {
        var report = Read(Report("""
            Reporting-MTA: dns; mx.example

            Original-Recipient: rfc822;Anna+x@mail.example
            Final-Recipient: rfc822; forwarded@other.example
            Action: FAILED (permanently)
            Status: 5.2.2 (mailbox full)
            Diagnostic-Code: smtp; 552
              5.1.1 folded words that mean nothing


            Final-Recipient: LOCAL; <ben@mail.example>
            Action: relayed
            Status: 2.1.9
              
            Final-Recipient: rfc822; carl@mail.example
            Status: none

            """));

        Assert.Equal(
            [
                new("Anna+x@mail.example", "failed", new(5, 2, 2), AddressClass.Full),
                new("ben@mail.example", "relayed", new(2, 1, 9), AddressClass.Other),
                new("carl@mail.example", "", null, AddressClass.Other),
            ],
            report.Recipients);
    }

    [Theory]
    [InlineData("utf-8; 用户@mail.example")]
    [InlineData(@"utf-8; \x{7528}\x{6237}@mail.example")]
    [InlineData("rfc822; 用户@mail.example")]
    public void AddressesBeyondAsciiAreReadInEachForm(string field)
    {
        var report = Read(Report($"Final-Recipient: {field}\nAction: failed\nStatus: 5.1.1\n", "message/global-delivery-status", "message/global-headers"));

        Assert.Equal("failed 5.1.1 dead 用户@mail.example m1@cvp.example", Words(report));
    }

    [Theory]
    [InlineData("base64")]
    [InlineData("quoted-printable")]
    public void TheStatusMayBeEncoded(string encoding)
    {
        var encoded = encoding == "base64"
            ? Convert.ToBase64String(Encoding.UTF8.GetBytes(Status), Base64FormattingOptions.InsertLineBreaks)
            : Status.Replace("@", "=40", StringComparison.Ordinal).Replace("failed", "fai=\nled", StringComparison.Ordinal);

        Assert.Equal("failed 5.1.1 dead anna@mail.example m1@cvp.example", Words(Read(Report(encoded, $"message/delivery-status\nContent-Transfer-Encoding: {encoding}"))));
    }

    [Theory]
    [InlineData("boundary=b1; charset=x", "b1")]
    [InlineData("BOUNDARY = \"b;1=\\\"x\"", "b;1=\"x")]
    [InlineData("\n\treport-type=delivery-status;\n boundary=\"=_x y\"", "=_x y")]
    public void BoundariesMayBeQuotedInAnyWay(string parameter, string boundary)
    {
        var report = Multipart("multipart/report", boundary, $"Content-Type: message/delivery-status\n\n{Status}").Replace($"boundary=\"{boundary}\"", parameter, StringComparison.Ordinal);

        Assert.Equal("failed 5.1.1 dead anna@mail.example ", Words(Read(report)));
    }

    [Fact]
    public void AReportThatIsCutOffSaysWhatItStillCan()
    {
        var whole = Report();
        for (var length = 0; length < whole.Length; length++)
        {
            var report = Read(whole[..length]);
            Assert.All(report.Recipients, r => Assert.StartsWith(r.Address, "anna@mail.example", StringComparison.Ordinal));
        }
        Assert.Equal("failed 5.1.1 dead anna@mail.example ", Words(Read(whole[..whole.IndexOf("Content-Type: text/rfc822-headers", StringComparison.Ordinal)])));
    }

    [Theory]
    [InlineData("Auto-Submitted: auto-replied", ReportKind.AutoReply)]
    [InlineData("Auto-Submitted: auto-generated (vacation)", ReportKind.AutoReply)]
    [InlineData("Precedence: auto_reply", ReportKind.AutoReply)]
    [InlineData("Auto-Submitted: no", ReportKind.Other)]
    [InlineData("X-Mailer: a person's", ReportKind.Other)]
    public void MailWithoutStatusFieldsIsNeverAReport(string header, ReportKind expected)
    {
        var mail = Read($"{header}\nSubject: Undelivered Mail Returned to Sender\nTo: bounces+7@cvp.example\n\nFinal-Recipient: rfc822; anna@mail.example\nAction: failed\nStatus: 5.1.1\n550 5.1.1 user unknown\n");

        Assert.Equal(expected, mail.Kind);
        Assert.Empty(mail.Recipients);
        Assert.Equal(["bounces+7@cvp.example"], mail.ReportedTo);
    }

    [Fact]
    public void AReceiptIsAnAutomaticReply() => Assert.Equal(
        ReportKind.AutoReply,
        Read(Multipart("multipart/report", "b", "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;anna@mail.example\nDisposition: manual-action; displayed\n")
            .Replace("multipart/report;", "multipart/report; report-type=disposition-notification;", StringComparison.Ordinal)).Kind);

    [Theory]
    [InlineData("message/rfc822")]
    [InlineData("text/plain")]
    public void AForwardedReportIsSomebodyElses(string type) => Assert.Equal(
        ReportKind.Other,
        Read(Multipart("multipart/mixed", "fwd", "Content-Type: text/plain\n\nWhat is this?\n", $"Content-Type: {type}\n\n{Report()}")).Kind);

    [Fact]
    public void AReportThatComesBackWithOursIsNotOurs()
    {
        var report = Multipart("multipart/report", "outer", $"Content-Type: message/delivery-status\n\n{Status}", $"Content-Type: message/rfc822\n\nMessage-ID: <outer@cvp.example>\n{Report(Status.Replace("anna", "eve", StringComparison.Ordinal))}");

        Assert.Equal("failed 5.1.1 dead anna@mail.example outer@cvp.example", Words(Read(report)));
    }

    [Fact]
    public void NoBytesAreTooStrange()
    {
        var random = new Random(7);
        var seed = Encoding.UTF8.GetBytes(Report());
        for (var i = 0; i < 3000; i++)
        {
            var bytes = (byte[])seed.Clone();
            for (var k = random.Next(1, 40); k > 0; k--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }
            _ = DeliveryReport.Read(bytes);
        }
    }

    public static TheoryData<string> Hostile => new(
        string.Concat(Enumerable.Repeat("Content-Type: multipart/report; boundary=b\n\n--b\n", 20_000)),
        "Content-Type: multipart/report; boundary=b\n\n" + string.Concat(Enumerable.Repeat("--b\n\n", 200_000)),
        "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n" + string.Concat(Enumerable.Repeat("A:b\n\n", 200_000)),
        "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n" + string.Concat(Enumerable.Repeat("Action: failed\n\n", 60_000)),
        "Content-Type: multipart/report" + new string(';', 1_000_000),
        "Content-Type: multipart/report; boundary=\"" + new string('\\', 1_000_000),
        "To: " + new string('@', 1_000_000),
        "To: " + string.Concat(Enumerable.Repeat("a@b,", 250_000)),
        string.Concat(Enumerable.Repeat("A:\n", 300_000)),
        "A: x\n" + string.Concat(Enumerable.Repeat(" x\n", 300_000)),
        new string('\0', 3_000_000));

    [Theory]
    [MemberData(nameof(Hostile), DisableDiscoveryEnumeration = true)]
    public void AHostileFileCostsNoMoreThanItsSize(string mail)
    {
        var watch = Stopwatch.StartNew();

        Assert.InRange(Read(mail).Recipients.Count, 0, 1000);

        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 8); // what is quadratic takes minutes
    }

    private static DeliveryReport Read(string mail) => DeliveryReport.Read(Encoding.UTF8.GetBytes(mail));

    private static string Words(DeliveryReport report)
    {
        var r = Assert.Single(report.Recipients);
        return $"{r.Action} {r.Status} {r.Class.Code()} {r.Address} {report.OriginalMessageId}";
    }

    private static string Report(string status = Status, string type = "message/delivery-status", string returned = "text/rfc822-headers") => Multipart(
        "multipart/report",
        "inner",
        "\nThis part has no header: 550 5.7.1\n",
        $"Content-Type: {type}\n\n{status}",
        $"Content-Type: {returned}\n\n{Returned}");

    private static string Multipart(string type, string boundary, params string[] parts) =>
        $"To: bounces+1@cvp.example\nContent-Type: {type}; boundary=\"{boundary}\"\n\n"
        + string.Concat(parts.Select(p => $"--{boundary}\n{p}\n")) + $"--{boundary}--\n";

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "SurveyPipeline.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }
        return folder;
    }
}
