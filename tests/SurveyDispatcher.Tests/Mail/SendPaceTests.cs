using SurveyDispatcher.Mail;
using static SurveyDispatcher.Tests.Mail.Smtp;

namespace SurveyDispatcher.Tests.Mail;

public class SendPaceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task NoMinuteSeesMoreThanAllowedHoweverLongADialogueLasts(int seed)
    {
        const int all = 20, each = 8;
        var clock = new ManualClock();
        var pace = new SendPace(all, each, clock);
        var random = new Random(seed);
        var taken = new List<(long At, string Domain)>();
        var sending = new List<(long Ends, long Taken, string Domain)>();
        var began = clock.GetTimestamp();
        while (taken.Count + sending.Count < 200)
        {
            var domain = $"d{random.Next(4)}.example";
            var entering = pace.EnterAsync(domain, Ct);
            while (!entering.IsCompleted)
            {
                Step();
            }
            if (await entering)
            {
                // The server takes it somewhere between the permission and the end of its dialogue.
                var lasts = random.Next(90) * TimeSpan.TicksPerSecond;
                sending.Add((clock.GetTimestamp() + lasts, clock.GetTimestamp() + (long)(lasts * random.NextDouble()), domain));
            }
            else
            {
                Assert.True(pace.RoomIn(domain) > TimeSpan.Zero);
            }
            Step();
        }

        taken.AddRange(sending.Select(s => (s.Taken, s.Domain)));
        NeverMoreThan(all, taken.ConvertAll(t => t.At));
        foreach (var domain in taken.GroupBy(t => t.Domain))
        {
            NeverMoreThan(each, [.. domain.Select(t => t.At)]);
        }

        void Step()
        {
            clock.Advance(TimeSpan.FromMilliseconds(500));
            foreach (var ended in sending.Where(s => s.Ends <= clock.GetTimestamp()).ToList())
            {
                sending.Remove(ended);
                taken.Add((ended.Taken, ended.Domain));
                pace.Leave(ended.Domain, handedOver: true);
            }
        }

        static void NeverMoreThan(int limit, List<long> times)
        {
            times.Sort();
            Assert.All(Enumerable.Range(0, Math.Max(0, times.Count - limit)), i => Assert.True(times[i + limit] - times[i] > TimeSpan.TicksPerMinute));
        }
    }

    [Fact]
    public async Task WhatTheServerNeverSawTakesNoPlace()
    {
        var pace = new SendPace(0, 1, new ManualClock());

        Assert.True(await pace.EnterAsync("a.example", Ct));
        Assert.False(await pace.EnterAsync("A.example", Ct)); // domains know no case
        pace.Leave("a.example", handedOver: false);
        Assert.True(await pace.EnterAsync("a.example", Ct));
        pace.Leave("a.example", handedOver: true);
        Assert.False(await pace.EnterAsync("a.example", Ct));
        Assert.Equal(0, pace.Places("a.example"));
        Assert.Equal(1, pace.Places("b.example"));
    }

    [Fact]
    public async Task ThousandsOfDomainsAreForgottenAgain()
    {
        var clock = new ManualClock();
        var pace = new SendPace(0, 2, clock);
        for (var i = 0; i < 30_000; i++)
        {
            Assert.True(await pace.EnterAsync($"d{i}.example", Ct));
            pace.Leave($"d{i}.example", handedOver: true);
            clock.Advance(TimeSpan.FromMilliseconds(10));
        }
        Assert.InRange(pace.Domains, 1, 10_000);
    }
}
