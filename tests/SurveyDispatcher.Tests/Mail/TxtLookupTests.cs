using System.Net;
using SurveyDispatcher.Mail;
using static SurveyDispatcher.Tests.Mail.DnsBytes;

namespace SurveyDispatcher.Tests.Mail;

public sealed class TxtLookupTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Answers that are none, each given to every query.</summary>
    public static TheoryData<string> HostileAnswers => new(Hostile.Keys);

    private static Dictionary<string, Func<byte[], byte[]>> Hostile { get; } = new()
    {
        ["a name that points at itself"] = q => Reply(q, records: Txt("x", owner: [0xc0, (byte)(Reply(q).Length)])),
        ["two names that point at each other"] = q => Reply(q, records: Record(5, [0xc0, (byte)(Reply(q).Length)], owner: [0xc0, (byte)(Reply(q).Length + 12)])),
        ["a pointer past the end"] = q => Reply(q, records: Txt("x", owner: [0xff, 0xff])),
        ["a name without end"] = q => Reply(q, records: [.. Enumerable.Repeat((byte)63, 3000)]),
        ["a label of an unknown kind"] = q => Reply(q, records: Txt("x", owner: [0x80, 1, 0])),
        ["more answers claimed than there are"] = q => Reply(q, count: 65535, records: Txt("x")),
        ["a record longer than the message"] = q => Reply(q, records: Txt("x")[..^1]),
        ["a string longer than its record"] = q => Reply(q, records: Record(16, [200, 1])),
        ["an alias longer than its record"] = q => Reply(q, records: Record(5, [1, (byte)'a', 0, 0])),
        ["no answer and no authority"] = q => Reply(q, flags: 0x8100),
        ["SERVFAIL"] = q => Reply(q, flags: Resolved + 2),
        ["REFUSED"] = q => Reply(q, flags: Resolved + 5),
        ["REFUSED without the question"] = q => [.. q[..2], 0x81, 0x85, 0, 0, 0, 0, 0, 0, 0, 0],
        ["an unknown error"] = q => Reply(q, flags: Resolved + 11),
    };

    [Fact]
    public async Task ARealNameServerIsUnderstood()
    {
        var key = string.Concat(Enumerable.Range(0, 450).Select(i => (char)('a' + (i % 26))));
        var page = string.Concat(Enumerable.Range(0, 9000).Select(i => (char)('a' + (i % 26))));
        using var server = await Dnsmasq.StartAsync(
            [
                ("one.example", "v=spf1 -all"), ("many.example", "first"), ("many.example", "second"), ("s._domainkey.one.example", key),
                ("page.example", page), ("xn--bcher-kva.example", "books"),
            ],
            "--cname=alias.example,one.example", "--cname=alias2.example,alias.example", "--host-record=bare.example,127.0.0.1");
        var lookup = new TxtLookup([server.EndPoint], TimeProvider.System);

        Assert.Equal(["v=spf1 -all"], await TextsAsync(lookup, "one.example"));
        Assert.Equal(["v=spf1 -all"], await TextsAsync(lookup, "ONE.example"));
        Assert.Equal(["first", "second"], (await TextsAsync(lookup, "many.example")).Order());
        Assert.Equal([key], await TextsAsync(lookup, "s._domainkey.one.example"));    // several strings, more than 512 bytes
        Assert.Equal([page], await TextsAsync(lookup, "page.example"));               // more than a datagram: over TCP
        Assert.Equal(["v=spf1 -all"], await TextsAsync(lookup, "alias2.example"));
        Assert.Equal(["books"], await TextsAsync(lookup, "bücher.example"));
        Assert.Empty(await TextsAsync(lookup, "bare.example"));                       // there, but without TXT
        Assert.Empty(await TextsAsync(lookup, "nobody.example"));                     // not there
        Assert.Equal($"The name server {server.EndPoint} refused to answer (REFUSED)", await WhyAsync(lookup, "one.elsewhere"));
    }

    [Theory]
    [MemberData(nameof(HostileAnswers))]
    public async Task AnAnswerThatIsNoneIsNeverTakenForNoRecord(string answer)
    {
        await using var server = new ScriptedNameServer((q, _, _) => [Hostile[answer](q)]);

        var why = await WhyAsync(new TxtLookup([server.EndPoint], TimeProvider.System), "cvp.example");

        Assert.StartsWith($"The name server {server.EndPoint} ", why, StringComparison.Ordinal);
        Assert.Equal(2, server.Queries.Count);
    }

    [Fact]
    public async Task WhatAnswersAnotherQuestionIsNotListenedTo()
    {
        byte[][] Answers(byte[] query)
        {
            var right = Reply(query, records: Txt("right"));
            byte[] otherId = [(byte)(right[0] ^ 0xff), .. right[1..]], otherName = [.. right], noReply = [.. right];
            otherName[13] ^= 1;
            noReply[2] &= 0x7f;
            return [[], [1, 2, 3], right[..12], Wrong(otherId), Wrong(otherName), Wrong(noReply), right];
        }

        static byte[] Wrong(byte[] message) => [.. message[..^5], .. "wrong"u8];

        await using var server = new ScriptedNameServer((q, _, _) => Answers(q));

        Assert.Equal(["right"], await TextsAsync(new TxtLookup([server.EndPoint], TimeProvider.System), "cvp.example"));
    }

    [Fact]
    public async Task RecordsOfOtherNamesDoNotCountAndARingOfAliasesEnds()
    {
        byte[] other = Name("other.example"), third = Name("third.example");
        await using var server = new ScriptedNameServer((q, _, _) =>
        [
            Reply(q, records: [Txt("stray", owner: third), Record(5, other), Record(5, ToQuestion, owner: other), Record(1, [127, 0, 0, 1])]),
        ]);

        Assert.Empty(await TextsAsync(new TxtLookup([server.EndPoint], TimeProvider.System), "cvp.example"));
    }

    [Fact]
    public async Task WhatATerminalWouldObeyIsNotInATextThatIsShown()
    {
        await using var server = new ScriptedNameServer((q, _, _) => [Reply(q, records: Record(16, [6, 0x1b, (byte)'[', 0xff, 0, (byte)'\t', (byte)'a']))]);

        Assert.Equal(["?[?? a"], await TextsAsync(new TxtLookup([server.EndPoint], TimeProvider.System), "cvp.example"));
    }

    [Fact]
    public async Task AServerThatKnowsNoEdnsIsAskedWithout()
    {
        await using var server = new ScriptedNameServer((q, _, _) => [q[11] == 1 ? Reply(q, flags: Resolved + 1) : Reply(q, records: Txt("found"))]);

        Assert.Equal(["found"], await TextsAsync(new TxtLookup([server.EndPoint], TimeProvider.System), "cvp.example"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnAnswerThatIsCutIsFetchedOverTcpWhereItMustBeWhole(bool whole)
    {
        await using var server = new ScriptedNameServer((q, _, tcp) =>
            [!tcp ? Reply(q, flags: Truncated, records: Txt("half")) : whole ? Reply(q, records: Txt("whole")) : Reply(q, flags: Truncated)]);
        var lookup = new TxtLookup([server.EndPoint], TimeProvider.System);

        Assert.Equal(whole ? "whole" : $"The name server {server.EndPoint} gave an answer that can't be read", await lookup.FindAsync("cvp.example", Ct) switch
        {
            TxtAnswer.Texts found => Assert.Single(found.Records),
            TxtAnswer.NotKnown { Why: var why } => why,
            _ => "",
        });
    }

    [Fact]
    public async Task AServerThatHangsUpOverTcpSaysNothing()
    {
        await using var server = new ScriptedNameServer((q, _, tcp) => tcp ? [] : [Reply(q, flags: Truncated)]);

        Assert.Contains("can't be reached, or hung up", await WhyAsync(new TxtLookup([server.EndPoint], TimeProvider.System), "cvp.example"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASilentServerIsWaitedForTwiceThreeSecondsAndTheNextIsAsked()
    {
        var clock = new ManualClock();
        var began = clock.GetTimestamp();
        await using var silent = new ScriptedNameServer((_, _, _) =>
        {
            clock.Advance(TimeSpan.FromSeconds(3));
            return [];
        });
        await using var speaking = new ScriptedNameServer((q, _, _) => [Reply(q, records: Txt("found"))]);

        Assert.Contains("did not answer within 3 s", await WhyAsync(new TxtLookup([silent.EndPoint], clock), "cvp.example"), StringComparison.Ordinal);
        Assert.Equal((2, 6), (silent.Queries.Count, (clock.GetTimestamp() - began) / TimeSpan.TicksPerSecond));
        Assert.Equal(["found"], await TextsAsync(new TxtLookup([silent.EndPoint, speaking.EndPoint], clock), "cvp.example"));
    }

    [Fact]
    public async Task GivingUpEndsTheWait()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await using var server = new ScriptedNameServer((_, _, _) =>
        {
            cancel.Cancel();
            return [];
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new TxtLookup([server.EndPoint], TimeProvider.System).FindAsync("cvp.example", cancel.Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("\ud800.example")]
    [InlineData("label-of-more-than-sixty-three-letters-is-more-than-dns-can-hold-at-all.example")]
    public async Task WhatIsNoNameIsNotAskedFor(string name)
    {
        await using var server = new ScriptedNameServer((q, _, _) => [Reply(q)]);

        Assert.Contains("is no domain name", await WhyAsync(new TxtLookup([server.EndPoint], TimeProvider.System), name), StringComparison.Ordinal);
        Assert.Empty(server.Queries);
    }

    [Fact]
    public async Task NoServerAtAllIsSaid() =>
        Assert.Contains("set Mail:DnsServer", await WhyAsync(new TxtLookup([], TimeProvider.System), "cvp.example"), StringComparison.Ordinal);

    [Fact]
    public void NoBytesAreTooStrangeToRead()
    {
        var random = new Random(20260301);
        for (var i = 0; i < 20_000; i++)
        {
            var question = DnsQuestion.For("s1._domainkey.cvp.example", extended: true)!;
            var query = question.Bytes.ToArray();
            var message = Reply(query, count: 4, records:
                [Record(5, Name("a.example")), Txt("text", owner: Name("a.example")), Record(5, [1, (byte)'b', 0xc0, 20]), Txt("more", owner: [0xc0, 12])]);
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                message[random.Next(message.Length)] = (byte)random.Next(256);
            }

            Assert.InRange(question.Read(message.AsSpan(0, random.Next(message.Length + 1))).Texts.Count, 0, 4);
        }
    }

    [Theory]
    [InlineData("192.0.2.53", "192.0.2.53:53")]
    [InlineData("192.0.2.53:5353", "192.0.2.53:5353")]
    [InlineData("2001:db8::53", "[2001:db8::53]:53")]
    [InlineData("[2001:db8::53]:5353", "[2001:db8::53]:5353")]
    [InlineData("ns.example", null)]
    [InlineData("53", null)]
    [InlineData("", null)]
    public void AServerIsSetByItsAddress(string setting, string? expected) => Assert.Equal(expected, TxtLookup.ServerOf(setting)?.ToString());

    private static async Task<IReadOnlyList<string>> TextsAsync(TxtLookup lookup, string name) =>
        Assert.IsType<TxtAnswer.Texts>(await lookup.FindAsync(name, Ct)).Records;

    private static async Task<string> WhyAsync(TxtLookup lookup, string name) =>
        Assert.IsType<TxtAnswer.NotKnown>(await lookup.FindAsync(name, Ct)).Why;
}
