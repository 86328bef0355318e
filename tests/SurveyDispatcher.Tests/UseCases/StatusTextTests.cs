using System.Text.Json;
using System.Text.RegularExpressions;
using SurveyDispatcher.Cli;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.UseCases;

/// <summary>The screen of <c>status</c>: what fits on it, what an alarm says, and how it is drawn again and again.</summary>
public sealed partial class StatusTextTests
{
    /// <summary>Ten markets with two surveys each, a million cases among them, and everything at work that need not worry anybody.</summary>
    private static readonly Status Busy = AlarmsTests.Well with
    {
        NextCycle = new NextCycle(AlarmsTests.Well.At.AddHours(1), "0 0 * * * ?"),
        Workers = [new WorkerNow("survey-1:/srv/survey", 4711, true)],
        Funnels = [.. new[] { "AU", "CN", "ID", "IN", "JP", "NZ", "PH", "TW", "VN", "ZA" }.SelectMany(m => new[] { "sales", "service" }
            .Select(s => new Funnel(m, s, 999_999, 99_999, 99_999, 99_999, 99_999, 9_999, 99_999, 999_999, 999_999)))],
        RowsRead = 20 * 999_999L,
        RowsNew = 20 * 999_999L,
        ScreenedOut = Enumerable.Range(1, 11).ToDictionary(n => $"reason_number_{n}", n => 99_999L),
        Closed = Enumerable.Range(1, 10).ToDictionary(n => $"reason_number_{n}", n => 99_999L),
        MailQueue = new CaseQueue(99_999, new DateOnly(2026, 3, 15), "AU-00000019"),
        Mail = new MailProgress(12, AlarmsTests.Well.At.AddHours(-1), 300, true, 99_999, 999, 99, AlarmsTests.Well.At, AlarmsTests.Well.At, "later", "4.7.1", false),
        Relay = "relay.example:587",
        Inboxes = [.. new[] { "optouts", "responses", "dispositions", "bounces", "dealers", "dms" }.Select(k => new InboxQueue(k, 99, AlarmsTests.Well.At))],
        ListsWaiting = [new ListWaiting("phone_AU_sales_20260310_01.csv", "AU", "sales", new DateOnly(2026, 3, 10), 999, 99)],
        HandedAbroad = [.. Enumerable.Range(1, 10).Select(n => new HandedAbroad(2026, $"M{n}", "", 9_999, [], 0))],
    };

    [Fact]
    public void TenMarketsFitOnAScreenWhenAllIsWell()
    {
        var lines = Busy.ToText().Split(Environment.NewLine);

        Assert.InRange(lines.Length, 30, 40);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 100));
        Assert.Contains("Needs a person: nothing", lines);
    }

    [Fact]
    public void WhateverIsWrongStandsAtTheTopEachInOneSentence()
    {
        var text = AlarmsTests.Bad.ToText();
        var lines = text.Split(Environment.NewLine);

        Assert.Equal($"NEEDS A PERSON ({AlarmsTests.Bad.Alarms.Count}, the most urgent first):", lines[1]);
        Assert.Equal(AlarmsTests.Bad.Alarms.Count, lines.Count(l => l.StartsWith("- ", StringComparison.Ordinal)));
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 100));
        Assert.All(AlarmsTests.Bad.Alarms, a => Assert.Contains(StatusText.Sentence(a), Spaces().Replace(text, " "), StringComparison.Ordinal));
    }

    /// <summary>What, where, since when, what to do next.</summary>
    [Theory]
    [InlineData("SumBroken", "1 rows of extracts were read, but 0 are new", "run 'verify'")]
    [InlineData("CasePastLook", "Case AU-00000019", "by 2026-03-07", "run 'verify'")]
    [InlineData("CyclesStop", "CYCLES STOP NOW: The last cycle was dated 2026-03-02")]
    [InlineData("DiskNearlyFull", "/srv/survey", "0 MiB of 102,400 are free", "make room")]
    [InlineData("CycleStandsStill", "begun 2026-03-16 05:00:00+00:00", "run 'cycle'")]
    [InlineData("RelayStopped", "relay.example:25 could not be used in cycle 12", "last answered 2026-03-15 06:00:00+00:00", "3 mail(s) wait", "'mail check'")]
    [InlineData("MailQueued", "case AU-00000019", "9 days, since 2026-03-07", "of 3 in all")]
    [InlineData("FileRefused", "dms/a.csv was refused on 2026-03-16: The file is empty.")]
    [InlineData("ExtractMissing", "tw_dms_#.csv of tw_dms, due by 2026-03-12, did not come; the last one came 2026-03-11", "ask who sends it")]
    [InlineData("RowsJumped", "tw_dms_1.csv of 2026-03-16 has 1,000 rows, where tw_dms_#.csv usually has 100")]
    [InlineData("EmptyJumped", "(email: 90 % empty, usually 0 %)", "ask the sender")]
    [InlineData("RejectedJumped", "90 % of the rows were rejected, usually 0 %", "rejects/tw_dms_1.csv.rejects.csv")]
    [InlineData("BounceRate", "In AU 10 % of the mails since 2026-03-10 did not arrive (100 of 1,000)", "'mail check'")]
    [InlineData("OptOutRate", "In AU 10 % of the contacts since 2026-03-10 led to an opt-out, of mails or of everything (100 of 1,000)")]
    [InlineData("VendorSilent", "vendor of AU has sent nothing back for 9 days, since he was given cases on 2026-03-07, and has 12")]
    public void AnAlarmSaysWhatWhereSinceWhenAndWhatToDoNext(string kind, params string[] says)
    {
        var sentence = StatusText.Sentence(AlarmsTests.Bad.Alarms.First(a => a.Kind.ToString() == kind));

        Assert.All(says, s => Assert.Contains(s, sentence, StringComparison.Ordinal));
    }

    /// <summary>He has sent what he found: asking where it went would lead nowhere.</summary>
    [Fact]
    public void AVendorWhoseResultsAllLieInQuarantineIsNotCalledSilent()
    {
        var vendor = new SilentVendor("AU", 12, new DateOnly(2026, 3, 7), Quarantined: 3);

        Assert.StartsWith(
            "Nothing that the vendor of AU sent could be taken for 9 days, since he was given cases on 2026-03-07, of which he has 12: all his 3 call result(s) have codes that config/vendor.json does not know;",
            StatusText.Sentence(new Alarm.VendorSilent(vendor, 9)), StringComparison.Ordinal);
    }

    [Fact]
    public void JsonSaysTheSame()
    {
        var json = JsonDocument.Parse(AlarmsTests.Bad.ToJson()).RootElement;

        var alarms = json.GetProperty("alarms").EnumerateArray().ToList();
        Assert.Equal(AlarmsTests.Bad.Alarms.Select(StatusText.Sentence), alarms.Select(a => a.GetProperty("text").GetString()));
        Assert.Equal(("sumBroken", "rows"), (alarms[0].GetProperty("kind").GetString(), alarms[0].GetProperty("where").GetString()));
        Assert.Equal("2026-03-07", alarms.First(a => a.GetProperty("kind").GetString() == "vendorSilent").GetProperty("since").GetString());
        foreach (var key in new[]
        {
            "lastCycle", "funnels", "screenedOut", "closed", "rowsRead", "rowsNew", "rowsUpdated", "rowsUnchanged", "rowsRejected", "mailQueued", "phoneQueued", "withdrawalsPending",
            "filesRefused", "handedAbroad", "workers", "nextCycleStops", "sumHolds", // those that were there before
            "at", "nextCycle", "sums", "mailQueue", "phoneQueue", "withdrawalQueue", "inboxes", "listsWaiting", "silentVendors", "mail", "relay", "rates", "extracts", "disk", "pastLook",
        })
        {
            Assert.True(json.TryGetProperty(key, out _), key);
        }
    }

    [Fact]
    public void ATerminalGetsNoLineThatIsTooLongAndNoLineTooMany()
    {
        var drawn = StatusWatch.OnTerminal($"abcdef{Environment.NewLine}四五六七{Environment.NewLine}three{Environment.NewLine}four", (5, 3));

        Assert.Equal("\u001b[Habcde\u001b[K\r\n四五\u001b[K\r\n... 2\u001b[K\u001b[J", drawn);
        Assert.Equal("\u001b[Hone\u001b[K\r\ntwo\u001b[K\u001b[J", StatusWatch.OnTerminal("one\ntwo", (80, 2)));
    }

    [Fact]
    public async Task TheScreenIsDrawnAgainAtItsTimeUntilItIsStoppedAndAFaultOfOneLookIsShownInItsPlace()
    {
        var clock = new Metronome();
        using var stop = new CancellationTokenSource();
        await using var output = new StringWriter();
        var looks = 0;
        var watching = StatusWatch.RunAsync(
            () => ++looks == 2 ? throw new OperatorException($"The store is gone.") : $"look {looks}", TimeSpan.FromSeconds(2), null, output, clock, stop.Token);
        foreach (var text in new[] { "look 1", "The store is gone.", "look 3" })
        {
            Assert.True(SpinWait.SpinUntil(() => output.ToString().EndsWith(text + Environment.NewLine, StringComparison.Ordinal), TimeSpan.FromSeconds(30)), output.ToString());
            if (text != "look 3")
            {
                clock.Tick();
            }
        }

        Assert.Equal(TimeSpan.FromSeconds(2), clock.Period);

        await stop.CancelAsync();
        await watching;

        Assert.Equal(["look 1", "----", "The store is gone.", "----", "look 3", ""], output.ToString().Split(Environment.NewLine));
    }

    /// <summary>Who called must get on while somebody looks, also the first time: only then does he listen for Ctrl+C.</summary>
    [Fact]
    public async Task WhoeverWatchesCanBeStoppedWhileALookTakesLong()
    {
        using var stop = new CancellationTokenSource();
        using var answered = new ManualResetEventSlim();
        await using var output = new StringWriter();

        var watching = StatusWatch.RunAsync(
            () =>
            {
                Assert.True(answered.Wait(TimeSpan.FromSeconds(30), CancellationToken.None), "The look was waited for.");
                return "seen";
            },
            TimeSpan.FromSeconds(2), null, output, new Metronome(), stop.Token);
        await stop.CancelAsync();
        answered.Set();
        await watching;

        Assert.DoesNotContain("----", output.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A clock whose timers go off when they are told to; a tick that nobody waits for yet is not lost.</summary>
    private sealed class Metronome : TimeProvider
    {
        private Action tick = () => { };

        public TimeSpan Period { get; private set; }

        public void Tick() => tick();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (Period, tick) = (period, () => callback(state));
            return new Beat();
        }

        private sealed class Beat : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
                // There is nothing to stop.
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
