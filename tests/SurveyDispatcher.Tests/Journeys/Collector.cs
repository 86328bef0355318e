using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>A collector on loopback that takes OTLP in protobuf over HTTP, and reads as much of it as tests ask for.</summary>
internal sealed class Collector : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly ConcurrentQueue<Message> traces = new(), measures = new();

    public Collector()
    {
        Address = $"http://127.0.0.1:{RunningProgram.FreePort()}";
        listener.Prefixes.Add($"{Address}/");
        listener.Start();
        _ = ServeAsync();
    }

    public string Address { get; }

    /// <summary>Every span that came.</summary>
    public List<SpanSeen> Spans => [.. traces.SelectMany(t => t.All(1)).SelectMany(r => r.All(2)).SelectMany(s => s.All(2)).Select(SpanSeen.Of)];

    /// <summary>Every point of a measure that came, the latest delivery last.</summary>
    public List<PointSeen> Points => [.. measures.SelectMany(t => t.All(1)).SelectMany(r => r.All(2)).SelectMany(s => s.All(2)).SelectMany(PointSeen.Of)];

    /// <summary>What the sender says of itself.</summary>
    public Dictionary<string, string> Resource => traces.SelectMany(t => t.All(1)).Select(r => r.One(1).Attributes(1)).FirstOrDefault() ?? [];

    /// <summary>All bytes that came, as text.</summary>
    public string Everything => string.Concat(traces.Concat(measures).Select(m => Encoding.UTF8.GetString(m.Bytes)));

    public void Dispose() => listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                var path = context.Request.Url!.AbsolutePath;
                (path == "/v1/traces" ? traces : measures).Enqueue(new Message(body.ToArray()));
                context.Response.StatusCode = path is "/v1/traces" or "/v1/metrics" ? 200 : 404;
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            return; // the test is over
        }
    }

    /// <summary>A message of protobuf: fields by number.</summary>
    internal sealed class Message
    {
        private readonly List<(int Field, ulong Number, byte[] Bytes)> fields = [];

        public Message(byte[] bytes)
        {
            Bytes = bytes;
            for (var at = 0; at < bytes.Length;)
            {
                var key = Varint(bytes, ref at);
                var (field, wire) = ((int)(key >> 3), key & 7);
                switch (wire)
                {
                    case 0:
                        fields.Add((field, Varint(bytes, ref at), []));
                        break;
                    case 1:
                        fields.Add((field, BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at)), []));
                        at += 8;
                        break;
                    case 2:
                        var length = (int)Varint(bytes, ref at);
                        fields.Add((field, 0, bytes[at..(at + length)]));
                        at += length;
                        break;
                    default:
                        fields.Add((field, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at)), []));
                        at += 4;
                        break;
                }
            }
        }

        public byte[] Bytes { get; }

        public IEnumerable<Message> All(int field) => fields.Where(f => f.Field == field).Select(f => new Message(f.Bytes));

        public Message One(int field) => All(field).FirstOrDefault() ?? new Message([]);

        public bool Has(int field) => fields.Any(f => f.Field == field);

        public string Text(int field) => Encoding.UTF8.GetString(Raw(field));

        public byte[] Raw(int field) => fields.FirstOrDefault(f => f.Field == field).Bytes ?? [];

        public ulong Number(int field) => fields.FirstOrDefault(f => f.Field == field).Number;

        public double Double(int field) => BitConverter.UInt64BitsToDouble(Number(field));

        /// <summary>KeyValue: key = 1, value = 2; AnyValue: text 1, yes or no 2, whole 3, real 4.</summary>
        public Dictionary<string, string> Attributes(int field) => All(field).ToDictionary(a => a.Text(1), a => a.One(2) switch
        {
            var v when v.Has(1) => v.Text(1),
            var v when v.Has(2) => v.Number(2) == 1 ? "true" : "false",
            var v when v.Has(3) => ((long)v.Number(3)).ToString(System.Globalization.CultureInfo.InvariantCulture),
            var v => v.Double(4).ToString(System.Globalization.CultureInfo.InvariantCulture),
        });

        private static ulong Varint(byte[] bytes, ref int at)
        {
            ulong value = 0;
            for (var shift = 0; ; shift += 7)
            {
                var part = bytes[at++];
                value |= (ulong)(part & 0x7f) << shift;
                if (part < 0x80)
                {
                    return value;
                }
            }
        }
    }
}

/// <summary>A span as a collector has it.</summary>
internal sealed record SpanSeen(string Id, string Parent, string Name, Dictionary<string, string> Attributes, ulong Status)
{
    public static SpanSeen Of(Collector.Message m) =>
        new(Convert.ToHexString(m.Raw(2)), Convert.ToHexString(m.Raw(4)), m.Text(5), m.Attributes(9), m.One(15).Number(3));
}

/// <summary>A point of a measure.</summary>
internal sealed record PointSeen(string Name, string Unit, Dictionary<string, string> Attributes, double Value, ulong Count)
{
    /// <summary>Gauges and sums have numbers, histograms a count and a sum.</summary>
    public static IEnumerable<PointSeen> Of(Collector.Message m)
    {
        foreach (var point in m.One(5).All(1).Concat(m.One(7).All(1)))
        {
            yield return new(m.Text(1), m.Text(3), point.Attributes(7), point.Has(6) ? (long)point.Number(6) : point.Double(4), 1);
        }

        foreach (var point in m.One(9).All(1))
        {
            yield return new(m.Text(1), m.Text(3), point.Attributes(9), point.Double(5), point.Number(4));
        }
    }

    public string Of(string attribute) => Attributes.GetValueOrDefault(attribute, "");
}
