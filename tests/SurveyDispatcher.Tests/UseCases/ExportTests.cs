using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Data.Sqlite;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;
using SurveyDispatcher.Tests.Journeys;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.UseCases;

/// <summary>The parts that tables are exported with; whole exports: <see cref="ExportJourneyTests"/>.</summary>
public sealed class ExportTests
{
    [Fact]
    public void ACaseIdInBytesIsTheOneInText() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<PositiveInt>(),
        number =>
        {
            Span<byte> utf8 = stackalloc byte[30];
            var id = number.Get * 7_919L;
            return Encoding.UTF8.GetString(utf8[..CaseId.Format("AU"u8, id, utf8)]) == CaseId.Format("AU", id);
        }));

    /// <summary>Whatever codes a questionnaire has: most are read by hand, what JSON escapes by its library.</summary>
    [Fact]
    public void StoredAnswersAreReadAsTheyWereWritten() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<(bool IsNumber, byte Number, string? Code)[]>(),
        answers =>
        {
            var json = "[" + string.Join(',', answers.Select(a => a.IsNumber ? $"{a.Number}" : JsonSerializer.Serialize(a.Code))) + "]";
            var cells = new AnswerCells();
            cells.Read(Encoding.UTF8.GetBytes(json));
            return cells.Count == answers.Length && answers.Select((a, i) =>
                cells.IsNumber(i) == a.IsNumber
                && Encoding.UTF8.GetString(cells[i]) == (a.IsNumber ? $"{a.Number}" : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(a.Code ?? "")))).All(same => same);
        }));

    [Fact]
    public void ACellInBytesIsNeutralisedAsOneInText() => Check.QuickThrowOnFailure(Prop.ForAll(
        Gen.Elements("=1+1", "+61 2", "-5", "@a", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠a", "￥5", "a,b", "\"", "", " a", "好", "'=1", "1-2").ToArbitrary(),
        text => Written(csv => csv.Cell(text)) == Written(csv => csv.Cell(Encoding.UTF8.GetBytes(text)))));

    [Theory]
    [InlineData("+61293744000", "+61293744000")]
    [InlineData("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0")]
    [InlineData("+", "'+")]
    [InlineData("02 9374 4000", "02 9374 4000")]
    public void APlusIsPartOfANumberAndOfNothingElse(string phone, string written) =>
        Assert.Equal(written + "\r\n", Written(csv => ((ITableOutput)csv).Phone(Encoding.UTF8.GetBytes(phone))));

    [Fact]
    public void ALocalTimeIsTheMarketsOnEveryDayAlsoWhenClocksChange()
    {
        var markets = new MarketCells(PipelineConfig.Load(ConfigFolder.OnDisk(World.ShippedConfig), forMail: false));
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Australia/Sydney");
        for (var at = new DateTimeOffset(2026, 4, 3, 0, 7, 9, TimeSpan.Zero); at < new DateTimeOffset(2026, 4, 7, 0, 0, 0, TimeSpan.Zero); at = at.AddMinutes(30)) // they go back on 5 April
        {
            var output = new Cells();
            markets.Local(output, "AU"u8, at.Ticks);
            Assert.Equal(Instants.Text(TimeZoneInfo.ConvertTime(at, zone)), Assert.Single(output.Texts));
        }
    }

    [Fact]
    public void TabsAndLineBreaksInsideACellAreBlanksForSpss()
    {
        using var stream = new MemoryStream();
        using (var tabs = new TabOutput(stream, 3))
        {
            tabs.Text("a\tb\r\nc"u8);
            tabs.Integer(12);
            tabs.Text("好\"=x"u8);
            tabs.EndRow();
            Assert.Equal([6, 2, 6], tabs.Widths);
        }

        Assert.Equal("a b  c\t12\t好\"=x\n", Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public void ACellThatIsLongerThanEveryBufferIsWrittenWhole()
    {
        using var stream = new MemoryStream();
        using (var tabs = new TabOutput(stream, 2))
        {
            tabs.Text("before"u8);
            tabs.Text(Encoding.UTF8.GetBytes(new string('x', 300_000)));
            tabs.EndRow();
        }

        Assert.Equal("before\t" + new string('x', 300_000) + "\n", Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Theory]
    [InlineData("short", 10, "short")]
    [InlineData("in two\r\nlines", 20, "in two lines")]
    [InlineData("abcdefghij", 9, "abcdef…")]
    [InlineData("完全满意", 8, "完…")]
    public void ALabelIsCutBetweenCharacters(string label, int bytes, string cut) => Assert.Equal(cut, Coded.Cut(label, bytes));

    [Fact]
    public void ADiskThatIsFullEndsTheExportAndSaysSo()
    {
        using var endless = new Endless();

        var error = Assert.Throws<IOException>(() => RowPipe.Run(endless, (_, row) =>
        {
            if (row == 10)
            {
                throw new IOException("no space left");
            }
        }));

        Assert.Equal("no space left", error.Message);
    }

    [Fact]
    public void AStoreThatIsLostEndsTheExportAndSaysSo()
    {
        using var endless = new Endless { FailsAfter = 20 };

        Assert.Equal("connection lost", Assert.Throws<InvalidOperationException>(() => RowPipe.Run(endless, (_, _) => { })).Message);
    }

    [Fact]
    public async Task NobodysAnswerIsLeftOutThoughItsQuestionIsGone()
    {
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Event = "2026-02-10" });
        await world.CycleAsync("2026-03-02");
        world.Responses("r.csv", "case_id,mode,status,completed_at,overall,gender,most_familiar", $"{await world.CaseIdAsync()},web,complete,2026-03-02T23:30:00+00:00,5,female,yes");
        await world.CycleAsync("2026-03-03");
        foreach (var survey in new[] { "sales", "service" })
        {
            world.Edit($"questionnaires/{survey}.json", json =>
            {
                var questions = json["questions"]!.AsArray();
                questions.Remove(questions.Single(q => (string?)q!["id"] == "gender"));
                json["scales"]!.AsObject().Remove("gender");
            });
        }

        var row = Assert.Single(await world.ExportAsync("responses"));

        Assert.Equal(("gender", "female"), (row.Keys.Last(), row["gender"]));
        Assert.Equal(("5", "yes"), (row["overall"], row["most_familiar"]));
    }

    private static string Written(Action<CsvOutput> write)
    {
        using var stream = new MemoryStream();
        using (var csv = new CsvOutput(stream, withMark: false))
        {
            write(csv);
            csv.EndRow();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Remembers texts.</summary>
    private sealed class Cells : ITableOutput
    {
        public List<string> Texts { get; } = [];

        public void Text(ReadOnlySpan<byte> utf8) => Texts.Add(Encoding.UTF8.GetString(utf8));

        public void Phone(ReadOnlySpan<byte> utf8) => Text(utf8);

        public void Integer(long number) => throw new NotSupportedException();

        public void Integer(ReadOnlySpan<byte> digits) => throw new NotSupportedException();

        public void Decimal(double number, int decimals) => throw new NotSupportedException();

        public void EndRow() => throw new NotSupportedException();
    }

    /// <summary>A statement whose rows never end.</summary>
    private sealed class Endless() : Statement("endless", new SqliteCommand(), 0)
    {
        public int FailsAfter { get; init; } = int.MaxValue;

        public override void EachPage(Func<RowPage> room, Action<RowPage> full, params ReadOnlySpan<object?> values)
        {
            for (var pages = 0; ; pages++)
            {
                var page = room();
                page.Clear(1);
                while (!page.IsFull)
                {
                    page.Add(1);
                    page.EndRow();
                }

                full(page);
                if (pages == FailsAfter)
                {
                    throw new InvalidOperationException("connection lost");
                }
            }
        }

        public override int Run(params ReadOnlySpan<object?> values) => throw new NotSupportedException();

        public override bool Any(params ReadOnlySpan<object?> values) => throw new NotSupportedException();

        protected override void Bind(ReadOnlySpan<object?> values) => throw new NotSupportedException();
    }
}
