using System.Diagnostics;
using System.Text.Json;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>Python's <c>email</c> as a second reader of our messages: what reads them must not be what wrote them.</summary>
internal static class Python
{
    private const string Script = """
        import sys, json, email, email.policy
        out = []
        for raw in sys.stdin.read().split():
            m = email.message_from_bytes(bytes.fromhex(raw), policy=email.policy.default)
            parts = list(m.iter_parts())
            sender, to = m['From'].addresses[0], m['To'].addresses[0]
            out.append({'names': m.keys(), 'headers': {k: str(v) for k, v in m.items()}, 'subject': m['Subject'], 'from': sender.display_name,
                'fromAddress': sender.addr_spec, 'to': to.addr_spec, 'id': m['Message-ID'], 'date': m['Date'].datetime.isoformat(), 'type': m.get_content_type(),
                'types': [p.get_content_type() for p in parts], 'charsets': [p.get_content_charset() for p in parts],
                'text': parts[0].get_content(), 'html': parts[1].get_content(),
                'defects': [str(d) for p in [m] + parts for d in p.defects + [d for h in p.values() for d in h.defects]]})
        sys.stdout.buffer.write(json.dumps(out).encode())
        """;

    /// <summary>Reads messages, all in one process. The test fails where there is no python3.</summary>
    public static async Task<IReadOnlyList<JsonElement>> ReadAsync(IEnumerable<byte[]> messages)
    {
        var start = new ProcessStartInfo("python3") { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Script);
        using var python = Process.Start(start)!;
        await python.StandardInput.WriteAsync(string.Join('\n', messages.Select(Convert.ToHexString)));
        python.StandardInput.Close();
        var output = await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await python.WaitForExitAsync(TestContext.Current.CancellationToken);
        return [.. JsonDocument.Parse(output).RootElement.EnumerateArray()];
    }
}
