using System.Diagnostics;
using System.Text.Json.Nodes;
using SurveyDispatcher.Mail;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>Whole cycles that fetch reports from a real IMAP server.</summary>
public sealed class BounceMailboxJourneyTests(BounceMailboxJourneyTests.Shared shared) : IClassFixture<BounceMailboxJourneyTests.Shared>
{
    private const string Taken = "Taken";
    private const int Mails = 3;

    private readonly ImapServer server = shared.Server;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>The relay's own report on a mail that was really sent, from the mailbox that the relay put it into.</summary>
    [Fact]
    public async Task WhatARelayReturnsIsFetchedFromItsMailboxAndMovesTheCaseOn()
    {
        using var postfix = Postfix.Start();
        using var world = new World(settings: s =>
        {
            var mail = s["Mail"]!;
            (mail["Transport"], mail["Host"], mail["Port"], mail["BounceAddress"]) = ("MailKit", "127.0.0.1", postfix.Port, "bounces@cvp.example");
        });
        world.Extract("a.csv", To("gone", 1));
        await world.CycleAsync("2026-03-02");
        await postfix.MailboxAsync("bounces", 1);
        using var own = new ImapServer(Path.Combine(postfix.Mailboxes, "bounces"));
        world.Edit("appsettings.json", s => Fetching(s, own, "INBOX"));

        var counts = await world.CycleAsync("2026-03-03");

        Assert.Equal(1, counts.GetProperty("bounces").GetInt32());
        Assert.Equal(("with_vendor", "email_undeliverable"), (await world.StateAsync("gone"), (await world.CaseAsync("gone"))["phone_reason"]));
        Assert.Equal((0, 1), own.Look("INBOX"));
        Assert.Equal(0, (await world.CycleAsync("2026-03-04")).GetProperty("bounces").GetInt32());
        await world.HoldsAsync();
    }

    [Theory]
    [InlineData("Tls", false)]
    [InlineData("StartTls", true)]
    [InlineData("Auto", false)]
    [InlineData("None", true)]
    public async Task WhatIsUnseenIsFetchedOnceWhateverItIsAndThenSeenOrMoved(string security, bool moved)
    {
        using var world = await SentAsync();
        var folder = server.NewFolder();
        world.Edit("appsettings.json", s =>
        {
            Fetching(s, server, folder, moved);
            (s["Mail"]!["BounceMailbox"]!["Security"], s["Mail"]!["BounceMailbox"]!["Port"]) = (security, security == "Tls" ? server.TlsPort : server.Port);
            s["Mail"]!["AllowAuthWithoutTls"] = security == "None";
        });
        server.Deliver(folder, Report(world.Mails()[0]));
        server.Deliver(folder, Sample("never-vacation"));
        server.Deliver(folder, "Subject: An offer\n\nBuy this.\n");
        server.Deliver(folder, Report(world.Mails()[1]), seen: true);
        var takenBefore = moved ? server.Look(Taken).Unseen : 0;

        await world.CycleAsync("2026-03-03", "--dry-run");
        Assert.Equal((3, 1), server.Look(folder));
        var first = await world.CycleAsync("2026-03-03");
        var archived = world.Names("archive", "imap-*");
        var second = await world.CycleAsync("2026-03-04");

        Assert.Equal((1, 0), (first.GetProperty("bounces").GetInt32(), second.GetProperty("bounces").GetInt32()));
        Assert.Equal((moved ? (0, 1) : (0, 4)), server.Look(folder));
        Assert.Equal(moved ? 3 : 0, moved ? server.Look(Taken).Unseen - takenBefore : 0);
        Assert.Equal(3, archived.Count);
        Assert.Equal(archived, world.Names("archive", "imap-*"));
        Assert.Single(world.PhoneRows());
        await world.HoldsAsync();
    }

    /// <summary>Cut in the middle of a message, before the server is told, and when it was told and its answer gets lost: nothing is lost, and nothing counts twice.</summary>
    [Theory]
    [InlineData("BODY.PEEK[]", 2, 300, false)]
    [InlineData("BODY.PEEK[]", 2, null, false)]
    [InlineData("STORE", 1, null, false)]
    [InlineData("STORE", 1, 0, false)]
    [InlineData("MOVE", 1, null, true)]
    [InlineData("MOVE", 1, 0, true)]
    public async Task AWireThatIsCutLosesNothingAndHasNoSecondEffect(string command, int count, int? answer, bool moved)
    {
        using var world = await SentAsync();
        var folder = server.NewFolder();
        using var wire = new CutWire(server.Port, command, count, answer);
        world.Edit("appsettings.json", s =>
        {
            Fetching(s, server, folder, moved);
            (s["Mail"]!["BounceMailbox"]!["Security"], s["Mail"]!["BounceMailbox"]!["Port"], s["Mail"]!["AllowAuthWithoutTls"]) = ("None", wire.Port, true);
        });
        world.Mails().ForEach(m => server.Deliver(folder, Report(m)));

        var cut = await world.RunAsync("cycle", "--as-of", "2026-03-03", "--json");
        Assert.True(wire.WasCut);
        if (command == "BODY.PEEK[]")
        {
            Assert.True(cut.Code == 0, cut.Error); // another session goes on from there
        }
        else
        {
            Assert.Equal(1, cut.Code);
            Assert.Contains($"Not all reports could be fetched: localhost:{wire.Port} can't be reached or closed the connection", cut.Error, StringComparison.Ordinal);
            await world.CycleAsync("2026-03-03");
        }

        await AllAreTakenOnceAsync(world);
        Assert.Equal(moved ? (0, 0) : (0, Mails), server.Look(folder));
        Assert.Equal(0, (await world.CycleAsync("2026-03-04")).GetProperty("bounces").GetInt32());
    }

    /// <summary>Killed when one message is on the disk, when all are and the server is not told, and when it is told and nothing is taken yet.</summary>
    [Theory]
    [InlineData("new/imap-", 5, false)] // opened, flushed, renamed; opened and not yet flushed
    [InlineData("settle imap-", 1, false)]
    [InlineData("settle imap-", 1, true)]
    [InlineData("taking/bounces/imap-", 1, true)]
    public async Task AKillLosesNothingAndHasNoSecondEffect(string moment, int count, bool moved)
    {
        using var world = await SentAsync();
        var folder = server.NewFolder();
        world.Edit("appsettings.json", s => Fetching(s, server, folder, moved));
        world.Mails().ForEach(m => server.Deliver(folder, Report(m)));

        Assert.True(await Child.KillAsync(world, moment, count, "cycle", "--as-of", "2026-03-03"));
        Assert.Equal(moment.StartsWith("taking", StringComparison.Ordinal) ? 0 : Mails, server.Look(folder).Unseen);
        await world.CycleAsync("2026-03-03");

        await AllAreTakenOnceAsync(world);
        Assert.Equal(moved ? (0, 0) : (0, Mails), server.Look(folder));
        Assert.Equal(0, (await world.CycleAsync("2026-03-04")).GetProperty("bounces").GetInt32());
    }

    [Theory]
    [InlineData("Password", "not-the-password", "refused the login; look at Mail:BounceMailbox:User and Mail:BounceMailbox:Password.")]
    [InlineData("Folder", "Nowhere", "has no folder Nowhere; make it there, or look at Mail:BounceMailbox:Folder and Mail:BounceMailbox:ProcessedFolder.")]
    [InlineData("ProcessedFolder", "Nowhere", "has no folder Nowhere; make it there, or look at Mail:BounceMailbox:Folder and Mail:BounceMailbox:ProcessedFolder.")]
    [InlineData("TrustedCertificate", "", "is not good: it was made by nobody whom this machine trusts (look at Mail:TrustedCertificate).")]
    [InlineData("Host", "127.0.0.1", "is not good: it is not for 127.0.0.1 (look at Mail:BounceMailbox:Host).")]
    [InlineData("Port", "clear", "failed; look at Mail:BounceMailbox:Security and Mail:BounceMailbox:Port.")]
    [InlineData("Port", "closed", "can't be reached or closed the connection; look at Mail:BounceMailbox:Host and Mail:BounceMailbox:Port.")]
    [InlineData("Port", "silent", "did not answer within 2 s; look at Mail:BounceMailbox:Host and Mail:BounceMailbox:Port.")]
    [InlineData("Security", "None", "was not tried, since the connection has no TLS: set Mail:BounceMailbox:Security, or Mail:AllowAuthWithoutTls.")]
    public async Task AMailboxThatCantBeReadIsToldInWordsAndTheRestOfTheCycleIsDone(string key, string value, string told)
    {
        using var world = await SentAsync();
        var folder = server.NewFolder();
        using var silent = new Cable(server.Port);
        silent.Cut();
        world.Edit("appsettings.json", s =>
        {
            Fetching(s, server, folder);
            var mailbox = s["Mail"]!["BounceMailbox"]!;
            var port = (key, value) switch
            {
                ("Port", "clear") or ("Security", _) => server.Port,
                ("Port", "closed") => Smtp.ClosedPort(),
                ("Port", "silent") => silent.Port,
                _ => server.TlsPort,
            };
            (key == "TrustedCertificate" ? s["Mail"]! : mailbox)[key] = value;
            (mailbox["Port"], s["Mail"]!["TimeoutSeconds"]) = (port, value == "silent" ? 2 : 30);
        });
        server.Deliver(folder, Report(world.Mails()[0]));
        world.Extract("b.csv", To("another", 9));

        var cycle = await world.RunAsync("cycle", "--as-of", "2026-03-03", "--json");

        Assert.Equal(1, cycle.Code);
        var line = Assert.Single(cycle.Error.Split('\n'), l => l.Contains("Not all reports could be fetched", StringComparison.Ordinal));
        Assert.Contains(told, line, StringComparison.Ordinal);
        Assert.EndsWith("What is still unseen in the mailbox is tried again in the next cycle.", line.TrimEnd(), StringComparison.Ordinal);
        Assert.Contains(key == "Host" ? "127.0.0.1:" : "localhost:", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", cycle.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", cycle.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Dovecot.Password, cycle.Error + cycle.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-password", cycle.Error + cycle.Output, StringComparison.Ordinal);
        Assert.Equal((1, 0), (cycle.Json.GetProperty("invitationsSent").GetInt32(), cycle.Json.GetProperty("bounces").GetInt32()));
        Assert.Equal((1, 0), server.Look(folder));

        world.Edit("appsettings.json", s => Fetching(s, server, folder));
        Assert.Equal(1, (await world.CycleAsync("2026-03-04")).GetProperty("bounces").GetInt32());
    }

    /// <summary>Dovecot hangs up when it can't read a message; whoever sends such a one must not keep all others from being fetched, for ever.</summary>
    [Fact]
    public async Task AMessageThatTheServerCantReadKeepsNoOtherFromBeingFetched()
    {
        using var world = await SentAsync();
        var folder = server.NewFolder();
        world.Edit("appsettings.json", s => Fetching(s, server, folder));
        server.Deliver(folder, Report(world.Mails()[0]));
        var broken = server.Deliver(folder, Report(world.Mails()[1]));
        server.Deliver(folder, Report(world.Mails()[2]));
        File.SetUnixFileMode(broken, UnixFileMode.None);

        var cycle = await world.RunAsync("cycle", "--as-of", "2026-03-03", "--json");

        Assert.Equal((1, 2), (cycle.Code, cycle.Json.GetProperty("bounces").GetInt32()));
        Assert.Contains($"localhost:{server.TlsPort} does not give out 1 message(s) of {folder} (UID 2)", cycle.Error, StringComparison.Ordinal);
        Assert.Equal((1, 2), server.Look(folder));
    }

    [Fact]
    public async Task AMailboxOf2000MailsIsFetchedInSeconds()
    {
        using var world = await SentAsync();
        var folder = server.NewFolder();
        world.Edit("appsettings.json", s => Fetching(s, server, folder, moved: true));
        var before = server.Look(Taken).Unseen;
        for (var n = 0; n < 2000 - Mails; n++)
        {
            server.Deliver(folder, $"Subject: Offer {n}\n\nBuy this.\n");
        }

        world.Mails().ForEach(m => server.Deliver(folder, Report(m)));

        var watch = Stopwatch.StartNew();
        var counts = await world.CycleAsync("2026-03-03");
        var taken = watch.Elapsed;

        Assert.Equal(Mails, counts.GetProperty("bounces").GetInt32());
        Assert.Equal(2000, world.Names("archive", "imap-*").Count);
        Assert.Equal(((0, 0), 2000), (server.Look(folder), server.Look(Taken).Unseen - before));
        await AllAreTakenOnceAsync(world);
        Assert.InRange(taken, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        TestContext.Current.TestOutputHelper!.WriteLine($"{taken.TotalSeconds:0.0} s");
    }

    [Fact]
    public async Task TheStartOfAHugeMessageIsReadAndOneThatSomebodyHasMovedIsNone()
    {
        var folder = server.NewFolder();
        server.Deliver(folder, "Subject: huge\n\n" + new string('x', 2_000_000) + "\n");
        server.Deliver(folder, "Subject: moved\n\nGone meanwhile.\n");
        var options = new MailOptions
        {
            TrustedCertificate = server.Authority,
            BounceMailbox = new() { Host = "localhost", Port = server.TlsPort, User = Dovecot.User, Password = Dovecot.Password, Folder = folder, ProcessedFolder = Taken },
        };
        await using var mailbox = await ImapMailbox.OpenAsync(options, Ct);
        await using var somebody = await ImapMailbox.OpenAsync(options, Ct);

        var unseen = await mailbox.UnseenAsync();
        await somebody.SettleAsync([unseen[1]]);

        Assert.Equal([1u, 2u], unseen.Select(m => m.Id));
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 9, 30, 0, TimeSpan.Zero), unseen[0].Arrived);
        Assert.Equal(1 << 20, (await mailbox.StartAsync(unseen[0], 1 << 20))!.Length);
        Assert.Null(await mailbox.StartAsync(unseen[1], 1 << 20));
        Assert.Equal([1u], (await mailbox.UnseenAsync()).Select(m => m.Id));
    }

    private static Row To(string name, int n) => Row.Sale with
    {
        Transaction = name, Event = "2026-02-10", Email = $"{name}@customers.example", Phone1 = $"0412 345 67{n}", Vin = $"JTDBR32E72000000{n}",
    };

    /// <summary>A world that has sent some mails.</summary>
    private static async Task<World> SentAsync()
    {
        var world = new World(settings: s => s["Mail"]!["BounceAddress"] = "bounces@cvp.example");
        world.Extract("a.csv", [.. Enumerable.Range(0, Mails).Select(n => To($"c{n}", n))]);
        await world.CycleAsync("2026-03-02");
        Assert.Equal(Mails, world.Mails().Count);
        return world;
    }

    private static void Fetching(JsonNode settings, ImapServer server, string folder, bool moved = false)
    {
        settings["Mail"]!["TrustedCertificate"] = server.Authority;
        settings["Mail"]!["BounceMailbox"] = new JsonObject
        {
            ["Host"] = "localhost", ["Port"] = server.TlsPort, ["User"] = Dovecot.User, ["Password"] = Dovecot.Password, ["Folder"] = folder, ["ProcessedFolder"] = moved ? Taken : "",
        };
    }

    /// <summary>Each report had its effect, once, and lies in the archive, once.</summary>
    private static async Task AllAreTakenOnceAsync(World world)
    {
        Assert.Equal(Mails, (await world.ExportAsync("cases")).Count(c => (c["state"], c["phone_reason"]) == ("with_vendor", "email_undeliverable")));
        Assert.Equal($"{Mails}", world.Query("SELECT COUNT(*) FROM bounces"));
        Assert.Equal(Mails, world.PhoneRows().Count);
        Assert.Equal(world.Names("archive", "imap-*").Count, world.Names("archive", "imap-*").ConvertAll(Path.GetFileName).Distinct().Count());
        Assert.Empty(world.Names("inbox/bounces"));
        await world.HoldsAsync();
    }

    private static string Sample(string name) => File.ReadAllText(Path.Combine(World.Project, "Mail", "Bounces", name + ".eml"));

    /// <summary>What a Postfix wrote of a mailbox that is full, as if it were of this letter.</summary>
    private static string Report(Letter letter) => Sample("report-postfix-full")
        .Replace("au-00000068.i.5f0c1a2b3c4d5e6f", letter.MessageId[1..letter.MessageId.IndexOf('@', StringComparison.Ordinal)], StringComparison.Ordinal)
        .Replace("full@mail.example", letter.To, StringComparison.Ordinal);

    /// <summary>One server for all tests; each has a folder of its own.</summary>
    public sealed class Shared : IDisposable
    {
        public Shared() => Server.MakeFolder(Taken);

        internal ImapServer Server { get; } = new();

        public void Dispose() => Server.Dispose();
    }
}
