using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>
/// Mails as the mailers write them, in the folder Bounces. Those of Exim 4.96, Postfix 3.7 and sendmail 8.17 (report-*,
/// old-sendmail, old-sendmail-expired) were written by these programs; the others follow the forms of versions that nobody installs any more.
/// </summary>
public class OldBouncesTests
{
    private const string Name = "au-00000068.i.5f0c1a2b3c4d5e6f";

    private static readonly string Folder = Path.Combine(Here(), "Bounces");

    public static TheoryData<string, string, string> Bounces => new()
    {
        { "report-exim", "RFC 3464", "gone@mail.example failed 5.0.0 dead, bare@mail.example failed 5.0.0 dead, full@mail.example failed 5.0.0 dead" },
        { "report-exim-warning", "RFC 3464", "later@mail.example delayed 4.0.0 transient" },
        { "report-postfix-full", "RFC 3464", "full@mail.example failed 5.2.2 full" },
        { "report-postfix-utf8", "RFC 3464", "用户@mail.example failed 5.1.1 dead" },
        { "report-postfix-delayed", "RFC 3464", "later@mail.example delayed 4.2.0 transient" },
        { "report-postfix-expired", "RFC 3464", "later@mail.example failed 4.2.0 transient" },
        {
            "old-exim", "Exim", "gone@mail.example failed 5.1.1 dead, bare@mail.example failed 5.1.1 dead, quota@mail.example failed 5.2.2 full, "
            + "sender@mail.example failed 5.5.0 other, nowhere@nowhere.example failed - other, late@mail.example failed 4.2.0 transient, list@mail.example failed 5.7.1 policy"
        },
        { "old-exim-warning", "Exim", "later@mail.example delayed 5.1.1 dead" },
        {
            "old-qmail", "qmail", "gone@local.example failed 5.1.1 dead, unknown@mail.example failed 5.1.1 dead, bare@mail.example failed 5.1.1 dead, "
            + "mixed@mail.example failed 5.5.0 other, sender@mail.example failed 5.5.0 other, late@mail.example failed 4.2.2 full, locked@local.example failed - other"
        },
        { "old-qmail-parts", "qmail", "policy@mail.example failed 5.7.26 policy" },
        { "old-sendmail", "sendmail", "gone@mail.example failed 5.1.1 dead, bare@mail.example failed 5.1.1 dead, full@mail.example failed 5.2.2 full" },
        { "old-sendmail-expired", "sendmail", "later@mail.example failed 4.2.0 transient" },
        { "old-sendmail-warning", "sendmail", "later@mail.example delayed 4.4.1 transient" },
        {
            "old-postfix", "Postfix", "gone@mail.example failed 5.1.1 dead, quota@mail.example failed 5.2.2 full, list@postfix.example failed 5.2.1 dead, "
            + "helo@mail.example failed 5.5.0 other, nowhere@nowhere.example failed - other"
        },
        { "old-google", "Google", "gone@mail.example failed 5.1.1 dead" },
        { "old-google-warning", "Google", "later@mail.example delayed - other" },
        { "old-yahoo", "Yahoo", "gone@mail.example failed 5.1.1 dead, sender@mail.example failed 5.5.0 other" },
        { "old-gmx", "GMX and 1&1", "full@mail.example failed 5.2.2 full, gone@mail.example failed 5.1.1 dead" },
        { "old-opensmtpd", "OpenSMTPD", "gone@mail.example failed 5.1.1 dead, later@mail.example failed - other" },
        { "old-dragonfly", "DragonFly", "policy@mail.example failed 5.7.26 policy" },
        { "old-exchange", "Exchange 5.5", "gone@exchange.example failed - other" },
    };

    public static TheoryData<string> Others => [.. Directory.EnumerateFiles(Folder, "never-*").Select(Path.GetFileNameWithoutExtension).OfType<string>().Order()];

    [Theory]
    [MemberData(nameof(Bounces))]
    public void ABounceIsReadWhateverItsForm(string file, string form, string recipients)
    {
        foreach (var text in new[] { Text(file), Text(file).Replace("\n", "\r\n", StringComparison.Ordinal), "\n" + Text(file) })
        {
            var report = Read(text);

            Assert.Equal((ReportKind.Report, recipients), (report.Kind, Words(report)));
            Assert.Contains(form, report.Why, StringComparison.Ordinal);
            Assert.Contains($"bounces+{Name}@cvp.example", report.ReportedTo);
            Assert.All(report.Recipients, r => Assert.Equal(file == "old-exim-warning" ? null : $"{Name}@cvp.example", r.MessageId)); // that one returns nothing
        }
    }

    [Fact]
    public void EverySampleIsInTheTable() => Assert.Equal(
        Directory.EnumerateFiles(Folder).Select(Path.GetFileNameWithoutExtension).Order(),
        Bounces.Select(b => b.Data.Item1).Concat(Others.Select(o => o.Data)).Order());

    [Theory]
    [MemberData(nameof(Others))]
    public void OtherMailIsNeverABounceThoughItMayQuoteOne(string file)
    {
        var mail = Read(Text(file));

        Assert.NotEqual(ReportKind.Report, mail.Kind);
        Assert.Empty(mail.Recipients);
    }

    [Theory]
    [InlineData("Return-Path: <>\nFrom: somebody@mx.example", false)]
    [InlineData("Return-Path: <>\nFrom: Mail Delivery System <noreply@mx.example>", true)]
    [InlineData("Return-Path: <MAILER-DAEMON>\nFrom: Mail Delivery Subsystem <noreply@mx.example>", true)]
    [InlineData("From: Mail Delivery System <noreply@mx.example>", false)]
    [InlineData("Return-Path: <>\nFrom: postmaster@mail.example", true)]
    [InlineData("Return-Path: <>", false)]
    [InlineData("From: Mail Delivery System <Mailer-Daemon@mx.example>", true)]
    [InlineData("From: mailer-daemon@mx.example (Mail Delivery System)", true)]
    [InlineData("From: MAILER-DAEMON <>", true)]
    [InlineData("From: <>", true)]
    [InlineData("From: Postmaster <postmaster@mx.example>", true)]
    [InlineData("From: mailer-daemons@mx.example", false)]
    [InlineData("From: <MAILER-DAEMON@mx.example> Anna <anna@mail.example>", false)]
    [InlineData("From: anna@mail.example", false)]
    [InlineData("From:", false)]
    [InlineData("Return-Path: <anna@mail.example>\nFrom: postmaster@mail.example", false)]
    [InlineData("Return-Path: <>\nFrom: MAILER-DAEMON\nAuto-Submitted: no", false)]
    [InlineData("Subject: failure notice", false)]
    public void AFormCountsOnlyInTheMailOfAMailer(string header, bool counts) => Assert.Equal(
        counts ? ReportKind.Report : ReportKind.Other,
        Read($"{header}\n\nHi. This is the qmail-send program at mx.example.\nI gave up.\n\n<anna@mail.example>:\nNo such user. (#5.1.1)\n").Kind);

    [Theory]
    [InlineData("Hello,\n\nHi. This is the qmail-send program at mx.example.\n\n<anna@mail.example>:\nNo. (#5.1.1)\n")]
    [InlineData("> Hi. This is the qmail-send program at mx.example.\n>\n> <anna@mail.example>:\n> No. (#5.1.1)\n")]
    [InlineData("Hi. This is the qmail-send program at mx.example.\n\nanna@mail.example: No. (#5.1.1)\n")]
    [InlineData("Hi. This is the qmail-send program at mx.example.\n\n--- Below this line is a copy of the message.\n\n<anna@mail.example>:\nNo. (#5.1.1)\n")]
    [InlineData("This message was created automatically by mail delivery software.\n\nThe following address(es) failed:\n\n  anna@mail.example\n    550 5.1.1 no\n")]
    [InlineData("The original message was received at noon\n\n  ----- The following addresses had successful delivery notifications -----\nanna@mail.example\n")]
    [InlineData("The user anna@mail.example is unknown: 550 5.1.1\n")]
    public void AFormIsWholeOrItIsNone(string text) => Assert.Equal(ReportKind.Other, Read($"From: MAILER-DAEMON@mx.example\n\n{text}").Kind);

    [Theory]
    [InlineData("No such user. (#5.1.1)", "5.1.1 dead")]
    [InlineData("Remote host said: 550 5.1.1 unknown", "5.1.1 dead")]
    [InlineData("Remote host said: 550-5.7.1 go\n550 5.7.1 away", "5.7.1 policy")]
    [InlineData("Remote host said: 550 #5.1.0 IronPort writes so", "5.1.0 dead")]
    [InlineData("Remote host said: 451 5.1.1 the code decides the class", "4.1.1 transient")]
    [InlineData("Remote host said: 551 moved", "5.1.1 dead")]
    [InlineData("Remote host said: 552 full", "5.2.2 full")]
    [InlineData("Remote host said: 554 no", "5.7.1 policy")]
    [InlineData("Remote host said: 550", "5.1.1 dead")]
    [InlineData("Remote host said: 571 no", "- other")]
    [InlineData("Remote host said: 502 no", "5.5.0 other")]
    [InlineData("Connected to 4.5.6.7 but greeting failed.\nRemote host said: 554 no", "5.7.1 policy")]
    [InlineData("Connected to 192.0.2.1 but my name was rejected.\nRemote host said: 550 5.1.8 who?", "5.5.0 other")]
    [InlineData("4.5.6.7 does not like recipient", "- other")]
    [InlineData("User unknown", "- other")]
    [InlineData("This user has 550 unread mails and no quota left", "- other")]
    [InlineData("It is in room 5.1.1 of the house", "- other")]
    public void TheStatusIsTheCodeOnTheRecipientsOwnLines(string reason, string expected)
    {
        var report = Read($"From: MAILER-DAEMON@mx.example\n\nHi. This is the qmail-send program at mx.example.\n\n<anna@mail.example>:\n{reason}\n\n<ben@mail.example>:\n(#4.4.1)\n");

        Assert.Equal($"anna@mail.example failed {expected}, ben@mail.example failed 4.4.1 transient", Words(report));
    }

    [Fact]
    public void AnEximThatNamesNobodyInItsTextHasNamedHimInItsHeader() => Assert.Equal(
        "anna@mail.example failed - other, ben@mail.example failed - other",
        Words(Read("From: Mailer-Daemon@mx.example\nX-Failed-Recipients: anna@mail.example,\n ben@mail.example\n\nDie Post grüßt!\n\n"
            + "This message was created automatically by mail delivery software.\nThe following address(es) failed:\n\n  save to /var/mail/anna\n    quota exceeded (550 5.1.1)\n")));

    [Fact]
    public void AReportThatLostItsFieldsIsReadByItsText()
    {
        var exim = Text("report-exim");

        var cut = Read(exim[..exim.IndexOf("Content-type: message/delivery-status", StringComparison.Ordinal)]);

        Assert.Equal("full@mail.example failed 5.2.2 full, bare@mail.example failed 5.1.1 dead, gone@mail.example failed 5.1.1 dead", Words(cut));
    }

    [Fact]
    public void MutilatedMailIsReadQuicklyAndNothingElseBecomesABounce()
    {
        var random = new Random(42);
        var samples = Directory.EnumerateFiles(Folder).Order(StringComparer.Ordinal).Select(f => (Path.GetFileName(f), File.ReadAllBytes(f))).ToList();
        for (var i = 0; i < 6000; i++)
        {
            var (name, bytes) = samples[i % samples.Count];
            var mutilated = Mutilated(bytes, random, name.StartsWith("never-", StringComparison.Ordinal) ? [] : samples[random.Next(samples.Count)].Item2);
            var watch = Stopwatch.StartNew();
            var report = DeliveryReport.Read(mutilated);
            if (watch.Elapsed.TotalSeconds > 0.5) // the mail, or a busy machine?
            {
                watch.Restart();
                _ = DeliveryReport.Read(mutilated);
                Assert.True(watch.Elapsed.TotalSeconds < 1, $"{name}, {i}: {watch.Elapsed}");
            }

            Assert.InRange(report.Recipients.Count, 0, 1000);
            Assert.Equal(report.Kind == ReportKind.Report, report.Recipients.Count > 0);
            Assert.False(report.Kind == ReportKind.Report && name.StartsWith("never-", StringComparison.Ordinal), $"{name}, {i}: {Encoding.UTF8.GetString(mutilated)}");
        }
    }

    /// <summary>A few faults of all kinds: other bytes, something lost, doubled or cut off, pieces of another mail, and what parsers trip over.</summary>
    private static byte[] Mutilated(byte[] bytes, Random random, byte[] other)
    {
        var odd = new[] { "\0", "\r", "\n\n", "--", "\"", "=", "%", "\u00e9", "Content-Type: multipart/report; boundary=", "Content-Transfer-Encoding: base64\n", "\n550 5.1.1 " };
        var mail = bytes.ToList();
        for (var faults = random.Next(1, 8); faults > 0; faults--)
        {
            var at = random.Next(mail.Count + 1);
            var length = Math.Min(random.Next(1, 200), mail.Count - at);
            switch (random.Next(6))
            {
                case 0 when at < mail.Count:
                    mail[at] = (byte)random.Next(256);
                    break;
                case 1:
                    mail.RemoveRange(at, length);
                    break;
                case 2:
                    mail.InsertRange(random.Next(mail.Count + 1), mail.GetRange(at, length));
                    break;
                case 3:
                    mail.InsertRange(at, Encoding.UTF8.GetBytes(odd[random.Next(odd.Length)]));
                    break;
                case 4 when random.Next(10) == 0:
                    mail.RemoveRange(at, mail.Count - at);
                    break;
                case 5 when other.Length > 0:
                    var from = random.Next(other.Length);
                    mail.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(400))]);
                    break;
                default:
                    break;
            }
        }
        return [.. mail];
    }

    private static string Words(DeliveryReport report) =>
        string.Join(", ", report.Recipients.Select(r => $"{r.Address} {r.Action} {r.Status?.ToString() ?? "-"} {r.Class.Code()}"));

    private static string Text(string file) => File.ReadAllText(Path.Combine(Folder, file + ".eml"));

    private static DeliveryReport Read(string mail) => DeliveryReport.Read(Encoding.UTF8.GetBytes(mail));

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
