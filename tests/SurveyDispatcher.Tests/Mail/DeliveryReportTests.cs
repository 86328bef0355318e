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
        Assert.Equal([new($"customer{n}@mail.example", action, EnhancedStatus.Parse(status), @class, $"PLACEHOLDER-{n}@cvp.example")], report.Recipients);
        Assert.Equal([$"bounces+PLACEHOLDER-{n}@cvp.example"], report.ReportedTo);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void EitherLineEndWillDo(string end) =>
        Assert.Equal("failed 5.1.1 dead anna@mail.example m1@cvp.example", Words(Read(Report().Replace("\n", end, StringComparison.Ordinal))));

    [Theory]
    [InlineData("", true)]
    [InlineData("From: MAILER-DAEMON@mx.example\n", true)]
    [InlineData("Return-Path: <>\nFrom: gateway@mx.example\n", true)]
    [InlineData("From: Anna <anna@mail.example>\n", false)]
    public void AReportMayBeWrappedInOtherMultipartsButNotByAPerson(string header, bool counts)
    {
        var report = Report();
        var wrapped = Multipart("multipart/mixed", "out er", "Content-Type: text/plain\n\nA list's header\n", Multipart("multipart/mixed", "middle", report, "Content-Type: text/plain\n\nA footer\n"));

        Assert.Equal(counts ? ["failed 5.1.1 dead anna@mail.example m1@cvp.example"] : [], Read(header + wrapped).Recipients.Select(Words));
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
                new("Anna+x@mail.example", "failed", new(5, 2, 2), AddressClass.Full, "m1@cvp.example"),
                new("ben@mail.example", "relayed", new(2, 1, 9), AddressClass.Other, "m1@cvp.example"),
                new("carl@mail.example", "", null, AddressClass.Other, "m1@cvp.example"),
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
            : Status.Replace("@", "=40", StringComparison.Ordinal).Replace("failed", "fai= \nled", StringComparison.Ordinal).Replace("Reporting-MTA:", "X-Odd: =\r\n a=b\nReporting-MTA:", StringComparison.Ordinal);

        Assert.Equal("failed 5.1.1 dead anna@mail.example m1@cvp.example", Words(Read(Report(encoded, $"message/delivery-status\nContent-Transfer-Encoding: {encoding}"))));
    }

    [Theory]
    [InlineData("boundary=b1; charset=x", "b1")]
    [InlineData("BOUNDARY = \"b;1=\\\"x\"", "b;1=\"x")]
    [InlineData("\n\treport-type=delivery-status;\n boundary=\"=_x y\"", "=_x y")]
    [InlineData("boundary=b1 (as ever; they say)", "b1")]
    [InlineData("boundary*0=\"b;1\"; boundary*1=-2;\n boundary*2=\"-3\"", "b;1-2-3")]
    [InlineData("boundary*1=two; boundary*0=one; boundary*3=never", "onetwo")]
    [InlineData("boundary*=us-ascii'en'%3D_x%20y", "=_x y")]
    [InlineData("boundary*0*=utf-8''%3D_%41; boundary*1=%42; boundary*2*=%43%zz", "=_A%42C%zz")]
    [InlineData("boundary*=b2; boundary=b1", "b1")]
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

    [Theory]
    [InlineData("; report-type=disposition-notification", "message/disposition-notification", ReportKind.AutoReply)]
    [InlineData("; report-type=\"Disposition-Notification\"", "text/plain", ReportKind.AutoReply)]
    [InlineData("", "message/disposition-notification", ReportKind.AutoReply)]
    [InlineData("; report-type=feedback-report", "message/feedback-report", ReportKind.Other)]
    [InlineData("; report-type*=us-ascii''feedback%2Dreport", "text/plain", ReportKind.Other)]
    [InlineData("", "message/feedback-report", ReportKind.Other)]
    public void ReceiptsAndComplaintsAreNoDeliveryReportsWhateverElseIsInThem(string type, string part, ReportKind expected)
    {
        var mail = Multipart("multipart/report", "b", $"Content-Type: {part}\n\nFinal-Recipient: rfc822;anna@mail.example\n", $"Content-Type: message/delivery-status\n\n{Status}");

        var read = Read("From: MAILER-DAEMON@mx.example\nAuto-Submitted: auto-generated\n" + mail.Replace("multipart/report", "multipart/report" + type, StringComparison.Ordinal));

        Assert.Equal(expected, read.Kind);
        Assert.Empty(read.Recipients);
    }

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
    public void EachReportOfADigestIsAboutItsOwnMessage()
    {
        var second = Multipart("multipart/report", "two", $"Content-Type: message/delivery-status\n\n{Status.Replace("anna", "ben", StringComparison.Ordinal)}", "Content-Type: message/rfc822\n\nMessage-ID: <m2@cvp.example>\n");
        var third = Multipart("multipart/report", "three", $"Content-Type: message/delivery-status\n\n{Status.Replace("anna", "carl", StringComparison.Ordinal)}");

        var digest = Read("From: MAILER-DAEMON@mx.example\n" + Multipart("multipart/mixed", "digest", Report(), second, third));

        Assert.Equal(["anna@mail.example m1@cvp.example", "ben@mail.example m2@cvp.example", "carl@mail.example "], digest.Recipients.Select(r => $"{r.Address} {r.MessageId}"));
    }

    [Theory]
    [InlineData("5.1.1", "failed 5.1.1 dead")]
    [InlineData("2.0.0", "failed 2.0.0 other")]
    [InlineData("unheard of", "failed  other")]
    public void FailedMeansNotDeliveredWhateverTheStatusSays(string status, string expected) => Assert.Equal(
        $"{expected} anna@mail.example m1@cvp.example", Words(Read(Report(Status.Replace("5.1.1", status, StringComparison.Ordinal)))));

    [Theory]
    [InlineData("From: <MAILER-DAEMON@mx.example>", ReportKind.Report)]
    [InlineData("Return-Path: <>\nFrom: anna@mail.example", ReportKind.Other)]
    [InlineData("Return-Path: <anna@mail.example>\nFrom: Anna <anna@mail.example>", ReportKind.Other)]
    [InlineData("From: \"MAILER-DAEMON@mx.example\" <anna@mail.example>", ReportKind.Other)]
    [InlineData("From: postmaster@mx.example", ReportKind.Report)]
    [InlineData("Return-Path: <anna@mx.example>\nFrom: postmaster@mx.example", ReportKind.Other)]
    [InlineData("From: MAILER-DAEMON@mx.example\nAuto-Submitted: no", ReportKind.Other)]
    public void StatusPartsOutsideOfAReportCountOnlyWhenAMailerSentThem(string header, ReportKind expected)
    {
        var mail = Read($"{header}\n{Multipart("multipart/mixed", "m", "Content-Type: text/plain\n\nIt failed\n", $"Content-Type: message/delivery-status\n\n{Status}", $"Content-Type: text/rfc822-headers\n\n{Returned}")}");

        Assert.Equal(expected, mail.Kind);
        if (expected == ReportKind.Report)
        {
            Assert.Equal("failed 5.1.1 dead anna@mail.example m1@cvp.example", Words(mail));
        }
    }

    [Fact]
    public void AnAttachedReportIsSomebodyElsesThoughAMailerForwardsIt() => Assert.Equal(
        ReportKind.Other,
        Read("From: MAILER-DAEMON@mx.example\n" + Multipart("multipart/mixed", "fwd", "Content-Type: text/plain\n\nStopped by the filter\n", $"Content-Type: message/rfc822\n\n{Report()}")).Kind);

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
        "Content-Type: multipart/report; " + string.Concat(Enumerable.Range(0, 60_000).Select(i => $"boundary*{i}=x;")) + "\n\n--x\n",
        "Content-Type: multipart/report; boundary*=utf-8''" + string.Concat(Enumerable.Repeat("%41", 300_000)),
        "From: MAILER-DAEMON\n" + string.Concat(Enumerable.Range(0, 12).Select(i => $"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n")) + new string('x', 1_000_000),
        "From: MAILER-DAEMON\n\nHi. This is the x program at x.\n" + string.Concat(Enumerable.Repeat("<a@b>:\n", 140_000)),
        "From: MAILER-DAEMON\n\nHi. This is the x program at x.\n\n<a@b>:\n" + string.Concat(Enumerable.Repeat("550 ", 250_000)),
        "From: MAILER-DAEMON\n\nThis is the mail system at host x.\nI'm sorry to have to inform you that\n" + string.Concat(Enumerable.Repeat("<a@b>: x (expanded from <\n", 40_000)),
        "From: MAILER-DAEMON\nX-Failed-Recipients: " + string.Concat(Enumerable.Repeat("a@b,", 200_000)) + "\n\nThis message was created automatically by mail delivery software.\naddress(es) failed:\n\n",
        "From: MAILER-DAEMON\n\nThe original message was received at\n----- The following addresses had permanent fatal errors -----\n"
            + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"a{i}@b\n")) + "\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"550 a{i}@b... x\n")),
        "From: MAILER-DAEMON\nContent-Transfer-Encoding: base64\n\n" + new string('A', 1_000_000),
        "From: " + new string('<', 1_000_000),
        new string('\0', 3_000_000));

    [Theory]
    [MemberData(nameof(Hostile), DisableDiscoveryEnumeration = true)]
    public void AHostileFileCostsNoMoreThanItsSize(string mail)
    {
        var watch = Stopwatch.StartNew();

        Assert.InRange(Read(mail).Recipients.Count, 0, 1000);

        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 4); // well under one when the machine is idle; what is quadratic takes minutes
    }

    private static DeliveryReport Read(string mail) => DeliveryReport.Read(Encoding.UTF8.GetBytes(mail));

    private static string Words(DeliveryReport report) => Words(Assert.Single(report.Recipients));

    private static string Words(ReportedRecipient r) => $"{r.Action} {r.Status} {r.Class.Code()} {r.Address} {r.MessageId}";

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
