using System.Text;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Tests.Mail;

public class MessageComposerTests
{
    public static readonly OutgoingMail Ordinary = new()
    {
        MessageId = "c1.invitation@cvp.example",
        FromName = "Drive Survey",
        FromAddress = "survey@cvp.example",
        ReplyTo = "help@cvp.example",
        To = "anna@mail.example",
        Subject = "How was your visit?",
        Text = "Dear Anna,\n\n.a dot\nequals = and a trailing space \nend",
        Html = "<p>Dear Anna</p>\n",
        CaseId = "AU-1",
        Contact = "invitation",
        UnsubscribeUri = "https://cvp.example/u/abc",
        Language = "en",
        Date = new(2026, 3, 1, 9, 0, 0, TimeSpan.FromHours(-9.5)),
        EnvelopeFrom = "bounces+1@cvp.example",
    };

    [Fact]
    public void AnOrdinaryMessageLooksLikeThis() => Assert.Equal(
        """
        From: Drive Survey <survey@cvp.example>
        To: anna@mail.example
        Reply-To: help@cvp.example
        Subject: How was your visit?
        Date: Sun, 01 Mar 2026 09:00:00 -0930
        Message-ID: <c1.invitation@cvp.example>
        X-Survey-Case-Id: AU-1
        X-Survey-Contact: invitation
        List-Unsubscribe: <https://cvp.example/u/abc>
        List-Unsubscribe-Post: List-Unsubscribe=One-Click
        Auto-Submitted: auto-generated
        Content-Language: en
        MIME-Version: 1.0
        Content-Type: multipart/alternative;
         boundary="=_BOUNDARY"

        --=_BOUNDARY
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        Dear Anna,

        =2Ea dot
        equals =3D and a trailing space=20
        end

        --=_BOUNDARY
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        <p>Dear Anna</p>

        --=_BOUNDARY--

        """.Replace("\n", "\r\n", StringComparison.Ordinal),
        System.Text.RegularExpressions.Regex.Replace(Encoding.UTF8.GetString(MessageComposer.Compose(Ordinary)), "=_[0-9a-f]{24}", "=_BOUNDARY"));

    [Fact]
    public void TheSameMailGivesTheSameBytes() => Assert.Equal(MessageComposer.Compose(Ordinary), MessageComposer.Compose(Ordinary with { }));

    [Fact]
    public void NoValueAddsAHeader()
    {
        const string evil = "x\r\nBcc: all@mail.example\n\n\u0085\u2028\u0000body";
        var mail = Ordinary with { Subject = evil, FromName = evil, CaseId = evil, Contact = evil, MessageId = evil, UnsubscribeUri = evil, Language = evil, ReplyTo = evil, To = evil };

        var names = Header(mail).Split("\r\n").Where(l => !l.StartsWith(' ')).Select(l => l.Split(':')[0]);

        Assert.Equal(Header(Ordinary).Split("\r\n").Where(l => !l.StartsWith(' ')).Select(l => l.Split(':')[0]), names);
    }

    [Fact]
    public void LinesAreShortWhateverTheValues()
    {
        var random = new Random(11);
        string[] alphabets = ["abc ", "a   ", "\"\\(),:;<>@[]. ", "äöü ß", "漢字かな", "😀🎉 ", "=?utf-8?Q?x?= ", "\t\r\n \0a", ".\r\n. ", "x"];
        for (var i = 0; i < 400; i++)
        {
            string Any(int most) => string.Concat(Enumerable.Range(0, random.Next(most)).Select(_ => alphabets[random.Next(alphabets.Length)] is var a ? a[random.Next(a.Length)] : ' '));
            var message = MessageComposer.Compose(Ordinary with { Subject = Any(600), FromName = Any(200), CaseId = Any(100), Text = Any(3000), Html = Any(3000) });

            Assert.True(System.Text.Ascii.IsValid(message));
            var lines = Encoding.ASCII.GetString(message).Split("\r\n");
            Assert.All(lines, l => Assert.False(l.Contains('\r', StringComparison.Ordinal) || l.Contains('\n', StringComparison.Ordinal)));
            Assert.InRange(lines.Max(l => l.Length), 1, 160);
            Assert.All(lines.SkipWhile(l => l.Length > 0), l => Assert.InRange(l.Length, 0, 76));
        }
    }

    [Fact]
    public void AnAddressBeyondAsciiStandsAsItIs() => Assert.Contains("\r\nTo: 用户@xn--fsqu00a.example\r\n", Encoding.UTF8.GetString(MessageComposer.Compose(Ordinary with { To = "用户@xn--fsqu00a.example" })), StringComparison.Ordinal);

    [Fact]
    public void AValueThatCannotBeFoldedIsAnError() => Assert.Throws<ArgumentException>(() => MessageComposer.Compose(Ordinary with { UnsubscribeUri = "https://x.example/" + new string('x', 1000) }));

    [Fact]
    public async Task PythonReadsWhatWeWrote()
    {
        // Names stay within one encoded word: Python puts a space between two of them in a phrase, against RFC 2047 6.2.
        OutgoingMail[] mails =
        [
            Ordinary,
            Ordinary with { Subject = "Wie war Ihr Besuch? Größe, Straße und noch viel mehr Wörter, die gefaltet werden müssen", FromName = "Müller, \"Q\" & Söhne" },
            Ordinary with { Subject = "您的用車體驗如何？您的用車體驗如何？您的用車體驗如何？😀😀😀😀😀😀😀😀😀😀", FromName = "調查中心調查中心", Text = string.Concat(Enumerable.Repeat("調查中心\n", 200)), Html = "<p>" + string.Concat(Enumerable.Repeat("調查", 900)) + "</p>\n" },
            Ordinary with { FromName = "Smith, John (Sales) \\ \"x\"", Subject = "=?utf-8?Q?not_an_encoded_word?= and " + string.Join(' ', Enumerable.Repeat("words that go on", 20)) },
            Ordinary with { Text = new string('x', 5000) + " \n\t\n=\n.\n" + string.Join(' ', Enumerable.Repeat("ärger", 100)), Subject = new string('y', 300) },
        ];
        var read = await Python.ReadAsync(mails.Select(MessageComposer.Compose));

        for (var i = 0; i < mails.Length; i++)
        {
            var (mail, got) = (mails[i], read[i]);
            Assert.Equal(mail.Subject, got.GetProperty("subject").GetString());
            Assert.Equal(mail.FromName, got.GetProperty("from").GetString());
            Assert.Equal(mail.FromAddress, got.GetProperty("fromAddress").GetString());
            Assert.Equal(mail.To, got.GetProperty("to").GetString());
            Assert.Equal("<c1.invitation@cvp.example>", got.GetProperty("id").GetString());
            Assert.Equal("2026-03-01T09:00:00-09:30", got.GetProperty("date").GetString());
            Assert.Equal(["text/plain", "text/html"], got.GetProperty("types").EnumerateArray().Select(t => t.GetString()));
            Assert.Equal(mail.Text.TrimEnd('\n') + "\n", got.GetProperty("text").GetString()!.ReplaceLineEndings("\n"));
            Assert.Equal(mail.Html.TrimEnd('\n') + "\n", got.GetProperty("html").GetString()!.ReplaceLineEndings("\n"));
            Assert.Equal("[]", got.GetProperty("defects").GetRawText());
        }
    }

    private static string Header(OutgoingMail mail)
    {
        var message = Encoding.UTF8.GetString(MessageComposer.Compose(mail));
        return message[..message.IndexOf("\r\n\r\n", StringComparison.Ordinal)];
    }
}
