using System.Globalization;
using System.Text;
using System.Text.Json;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>The sample files of docs/vendor/ are what the program writes and takes.</summary>
/// <remarks><c>UPDATE_DOCS=1</c> writes them anew; read the difference.</remarks>
[Trait("Store", "Sqlite")] // the same bytes from either
public sealed class VendorGuideTests
{
    private static readonly string Samples = Path.GetFullPath(Path.Combine(World.Project, "..", "..", "docs", "vendor"));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static readonly string Guide = Path.GetFullPath(Path.Combine(World.Project, "..", "..", "docs", "vendor.md"));

    private static Row[] Customers =>
    [
        .. VendorWorld.ForThePhone(3, but: r => r with { Name = r.Transaction switch { "c0" => "Alice Walker", "c1" => "José Ångström", _ => "Nguyễn Thị Ánh Đào" }, Model = "Heron GT" }),
        Row.Sale with { Country = "JP", Dealer = "JP01", DealerName = "東京トヨタ自動車", Transaction = "j0", Vin = "JTDBR32E720090001", Name = "髙橋 さくら", Email = "", Phone1 = "03-1234-5678", Event = "2026-02-15", Language = "ja" },
        Row.Sale with { Country = "JP", Dealer = "JP01", DealerName = "東京トヨタ自動車", Transaction = "j1", Vin = "JTDBR32E720090002", Name = "ヤマダ タロウ", Email = "", Phone1 = "03-1234-5679", Event = "2026-02-15", Language = "ja" },
    ];

    [Fact]
    public async Task TheSamplesAreWhatTheProgramWritesAndTakes()
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        using var world = new World(whole: true);
        world.Agree("{}");
        world.Extract("a.csv", [.. Customers[..3]]);
        await world.CycleAsync("2026-03-02");
        var ids = (await world.ExportAsync("cases")).ToDictionary(c => c["transaction_id"], c => c["case_id"]);
        world.OptOut("o.csv", "all", ids["c2"]);
        await world.RunAsync("cycle", "--only", "withdrawals", "--as-of", "2026-03-03T10:15:00+11:00");
        world.Agree(await File.ReadAllTextAsync(Path.Combine(Samples, "vendor.json"), Ct));
        world.Extract("b.csv", [.. Customers[3..]]);
        await world.CycleAsync("2026-03-03");

        await HeldAsync("phone_AU_sales_20260302_01.csv", world);
        await HeldAsync("phone_AU_sales_20260302_01.csv.manifest.json", world);
        await HeldAsync("withdrawals_AU_20260303_01.csv", world);
        await HeldAsync("withdrawals_AU_20260303_01.csv.manifest.json", world);
        await HeldAsync("phone_JP_sales_20260303_01.txt", world);
        await HeldAsync("phone_JP_sales_20260303_01.txt.manifest.json", world);

        Held(
            Path.Combine("acknowledgements", "acknowledgements_20260303.csv"),
            Encoding.UTF8.GetBytes("file,sequence,rows,sha256,status,reason,acknowledged_at\n" + string.Concat(world.Manifests().Select(m => VendorWorld.Receipt(m, at: "2026-03-03T17:00:00+08:00") + "\n"))));
        foreach (var kind in new[] { "acknowledgements", "dispositions" })
        {
            foreach (var file in Directory.GetFiles(Path.Combine(Samples, kind)))
            {
                world.Drop(kind, Path.GetFileName(file), await File.ReadAllBytesAsync(file, Ct));
            }
        }

        await world.CycleAsync("2026-03-04");
        Assert.Empty(world.Names("rejects"));
        Assert.Empty(await world.AlarmsAsync());
        Assert.Equal(["acknowledgements|acknowledgements_20260303.csv|3", "dispositions|dispositions_20260303.csv|2", "dispositions|jp_results_20260303.csv|2"], world.Rows("SELECT kind, name, rows_new FROM files WHERE kind IN ('acknowledgements', 'dispositions') ORDER BY kind, name"));
        world.AssertUnbroken();
        await world.HoldsAsync();
    }

    /// <summary>The layout for a system without Unicode, on the same customers.</summary>
    [Fact]
    public async Task TheSampleForASystemWithoutUnicodeIsWhatTheProgramWrites()
    {
        using var world = new World();
        world.Agree(await File.ReadAllTextAsync(Path.Combine(Samples, "vendor_ascii.json"), Ct));
        world.Extract("a.csv", [.. Customers[..3]]);
        await world.CycleAsync("2026-03-02");

        await HeldAsync("phone_AU_sales_20260302_01.txt", world);
    }

    /// <summary>The sums that the guide adds up by hand are those of the sample's manifest.</summary>
    [Fact]
    public async Task TheGuidesSumsAreThoseOfTheSample()
    {
        var guide = await File.ReadAllTextAsync(Guide, Ct);
        using var manifest = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Samples, "phone_AU_sales_20260302_01.csv.manifest.json"), Ct));
        foreach (var key in new[] { "rows", "cases", "caseNumberTotal", "phone1DigitTotal" })
        {
            var value = manifest.RootElement.GetProperty(key).GetInt64().ToString(CultureInfo.InvariantCulture);
            Assert.Contains(guide.Split('\n'), line => line.Contains($"`{key}`", StringComparison.Ordinal) && line.Contains($"**{value}**", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task TheGuideNamesEveryCodeWithItsMeaning()
    {
        var guide = await File.ReadAllTextAsync(Guide, Ct);
        Assert.All(Survey.Domain.Dispositions.Table, d => Assert.Contains($"| {d.Code} | {d.Meaning} |", guide, StringComparison.Ordinal));
    }

    private static async Task HeldAsync(string name, World world) => Held(name, await File.ReadAllBytesAsync(world.In("outbox", "phone", name), Ct));

    private static void Held(string name, byte[] written)
    {
        var path = Path.Combine(Samples, name);
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllBytes(path, written);
        }

        Assert.Equal(Convert.ToHexString(File.ReadAllBytes(path)), Convert.ToHexString(written));
    }
}
