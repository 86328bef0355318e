using System.Text.Json;
using System.Text.Json.Nodes;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>What tests of the hand-over to the vendor have in common.</summary>
internal static class VendorWorld
{
    /// <summary>Customers for the phone, due on the first day.</summary>
    public static Row[] ForThePhone(int count, string name = "c", int block = 1, Func<Row, Row>? but = null) =>
    [
        .. Enumerable.Range(0, count).Select(i => Row.Sale with
        {
            Transaction = $"{name}{i}", Event = "2026-02-15", Email = "", Vin = $"JTDBR32E7200{block:D2}{i:D3}", Phone1 = $"0412 {block:D3} {i:D3}", Phone2 = "",
        }).Select(but ?? (r => r)),
    ];

    /// <summary>Writes vendor.json.</summary>
    public static void Agree(this World world, string json) => File.WriteAllText(Path.Combine(world.Config, "vendor.json"), JsonNode.Parse(json)!.ToJsonString());

    /// <summary>The manifests, in the order of their numbers.</summary>
    public static List<JsonElement> Manifests(this World world) =>
        [.. world.Files("outbox/phone", "*.manifest.json").Select(f => JsonDocument.Parse(File.ReadAllText(f)).RootElement).OrderBy(m => m.GetProperty("sequence").GetInt64())];

    /// <summary>The vendor's check of the series: every number once, each naming the file before it, and every file there.</summary>
    public static void AssertUnbroken(this World world)
    {
        string? previous = null;
        long number = 0;
        foreach (var manifest in world.Manifests())
        {
            Assert.Equal((++number, previous), (manifest.GetProperty("sequence").GetInt64(), manifest.GetProperty("previous").GetString()));
            previous = manifest.GetProperty("file").GetString();
            Assert.True(File.Exists(world.In("outbox", "phone", previous!)), $"{previous} is missing.");
        }
    }

    /// <summary>The alarms of <c>status</c>, as <c>kind list cases</c>.</summary>
    public static async Task<List<string>> AlarmsAsync(this World world)
    {
        var status = await world.RunAsync("status", "--json");
        Assert.True(status.Code == 0, status.Error);
        return [.. status.Json.GetProperty("vendorAlarms").EnumerateArray().Select(a => $"{a.GetProperty("kind").GetString()} {a.GetProperty("list").GetString()} {a.GetProperty("cases").GetInt64()}")];
    }

    /// <summary>The accounts of <c>vendor reconcile</c>, as <c>file handedOver pending attempted completed refused otherFinal silent withdrawn</c>.</summary>
    public static async Task<List<string>> AccountsAsync(this World world)
    {
        var ended = await world.RunAsync("vendor", "reconcile", "--json");
        Assert.True(ended.Code == 0, ended.Error);
        return
        [
            .. ended.Json.GetProperty("lists").EnumerateArray().Where(l => l.GetProperty("kind").GetString() == "phone").Select(l =>
                $"{l.GetProperty("file").GetString()} " + string.Join(' ', new[] { "handedOver", "pending", "attempted", "completed", "refused", "otherFinal", "silent", "withdrawn" }.Select(k => l.GetProperty(k).GetInt64()))),
        ];
    }

    /// <summary>The vendor has loaded a list, or says otherwise.</summary>
    public static string Receipt(JsonElement manifest, string status = "loaded", string? file = null, long? sequence = null, long? rows = null, string? sha256 = null, string at = "2026-03-02T14:00:00+08:00") =>
        $"{file ?? manifest.GetProperty("file").GetString()},{sequence ?? manifest.GetProperty("sequence").GetInt64()},{rows ?? manifest.GetProperty("rows").GetInt64()},"
        + $"{sha256 ?? manifest.GetProperty("sha256").GetString()},{status},,{at}";

    public static void Acknowledge(this World world, string name, params string[] lines) =>
        world.Drop("acknowledgements", name, "file,sequence,rows,sha256,status,reason,acknowledged_at\n" + string.Join('\n', lines) + "\n");
}
