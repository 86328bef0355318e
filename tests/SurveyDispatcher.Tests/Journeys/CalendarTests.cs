using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>One sale and one service customer in each market, who never answer: what reaches them, day by day.</summary>
/// <remarks>
/// The calendars are approved texts in golden/, so that a change of the policy can be read in review. UPDATE_GOLDEN=1 writes them
/// anew; check them by hand against programme.md before they are committed.
/// </remarks>
public sealed class CalendarTests(CalendarTests.Year year) : IClassFixture<CalendarTests.Year>
{
    [Theory]
    [InlineData("AU")]
    [InlineData("IN")]
    [InlineData("CN")]
    [InlineData("PH")]
    [InlineData("ZA")]
    [InlineData("NZ")]
    [InlineData("TW")]
    [InlineData("ID")]
    [InlineData("VN")]
    [InlineData("JP")]
    public void ACustomerWhoNeverAnswersIsContactedOnTheApprovedDays(string market)
    {
        var golden = Path.Combine(World.Project, "Journeys", "golden", market + ".txt");
        var actual = year.CalendarOf(market);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(golden, actual);
        }

        Assert.Equal(File.ReadAllText(golden), actual);
    }

    [Fact]
    public void NothingHappensThatNoCalendarTells() => Assert.Equal(10 * 2 * 4, year.Events);

    /// <summary>A spring in all markets, run once for all of them.</summary>
    public sealed class Year : IAsyncLifetime
    {
        private static readonly string[] Markets = ["AU", "IN", "CN", "PH", "ZA", "NZ", "TW", "ID", "VN", "JP"];
        private readonly Dictionary<string, List<string>> lines = [];

        public int Events => lines.Values.Sum(l => l.Count) - (10 * 2);

        public string CalendarOf(string market) => string.Join('\n', lines[market].Order(StringComparer.Ordinal)) + "\n";

        public async ValueTask InitializeAsync()
        {
            using var world = new World(whole: true);
            var rows = new List<Row>();
            foreach (var market in Markets)
            {
                lines[market] = [];
                foreach (var row in new[] { Row.Sale, Row.Service })
                {
                    rows.Add(row with
                    {
                        Country = market,
                        Dealer = market + "01",
                        Transaction = $"{market}-{row.Type}",
                        Email = $"{market}-{row.Type}@mail.example",
                        Phone1 = PhoneOf(market),
                    });
                    lines[market].Add($"{row.Type,-8}{Text(World.Day(row.Event), row.Event)}event");
                }
            }

            world.Extract("all.csv", [.. rows]);
            var before = new Dictionary<string, Dictionary<string, string>>();
            var config = PipelineConfig.Load(ConfigFolder.OnDisk(world.Config), forMail: true);
            for (var day = World.Day("2026-03-02"); day <= World.Day("2026-06-01"); day = day.AddDays(1))
            {
                var cycle = new Cycle(config, new DataDirectory(world.Data), TimeProvider.System, new NoProgress());
                var ended = await cycle.RunAsync(new CycleRequest(AsOf.On(day)), CancellationToken.None);
                Assert.Empty(ended.Problems);
                var counts = ended.Counts;
                if (counts.InvitationsSent + counts.RemindersSent + counts.PhoneReleased.Count + counts.Closed.Count + counts.Withdrawn == 0)
                {
                    continue;
                }

                foreach (var now in await world.ExportAsync("cases"))
                {
                    var last = before.GetValueOrDefault(now["case_id"]);
                    Note(world, now, last, day);
                    before[now["case_id"]] = now;
                }
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private void Note(World world, Dictionary<string, string> now, Dictionary<string, string>? last, DateOnly day)
        {
            var type = now["survey"] == "sales" ? "sale" : "service";
            void Add(string what) => lines[now["market"]].Add($"{type,-8}{Text(day, now["event_date"])}{what}");
            bool New(string column) => now[column].Length > 0 && now[column] != last?[column];
            if (New("invited_on"))
            {
                Assert.Equal(day, World.Day(now["invited_on"]));
                Add(world.Mails().Single(m => m.CaseId == now["case_id"] && m.Contact == "invitation") is { } m ? $"invitation in {m.Headers["Content-Language"]}" : "");
            }

            if (New("reminded_on"))
            {
                Assert.Equal(day, World.Day(now["reminded_on"]));
                Add(world.Mails().Single(m => m.CaseId == now["case_id"] && m.Contact == "reminder") is { } m ? $"reminder in {m.Headers["Content-Language"]}" : "");
            }

            if (New("phone_on"))
            {
                var row = Assert.Single(world.PhoneRows(), r => r["case_id"] == now["case_id"]);
                Add($"{row["file"]}: {row["reason"]}, {row["phone_1"]}, {row["language"]}, from {row["call_from"]} until {row["call_until"]}, {row["calling_hours"]} {row["time_zone"]}");
            }

            if (New("close_reason"))
            {
                var withdrawn = world.WithdrawalRows().Where(r => r["case_id"] == now["case_id"]).Select(r => $", {r["file"]}: {r["reason"]} at {r["withdrawn_at"]}");
                Add($"{now["state"]} {now["close_reason"]}{string.Concat(withdrawn)}");
            }
        }

        private static string Text(DateOnly day, string eventDate) =>
            $"{day:yyyy-MM-dd}  day {day.DayNumber - World.Day(eventDate).DayNumber,2}  ";

        private static string PhoneOf(string market) => market switch
        {
            "AU" => "0412 345 678",
            "IN" => "098765 43210",
            "CN" => "138 0013 8000",
            "PH" => "0917 123 4567",
            "ZA" => "082 123 4567",
            "NZ" => "021 123 4567",
            "TW" => "0912-345-678",
            "ID" => "0812-3456-7890",
            "VN" => "0912 345 678",
            _ => "090-1234-5678",
        };
    }
}
