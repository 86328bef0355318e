using System.Diagnostics;
using System.Globalization;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Mail;

namespace Benchmarks;

/// <summary>The transport alone, in a process of its own: <c>send PORT CONNECTIONS COUNT BYTES</c>.</summary>
internal static class SendDriver
{
    /// <summary>Sends the same message COUNT times; prints the seconds that it took, without the start of the process.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var (port, connections, count, bytes) = (Number(arguments[0]), Number(arguments[1]), Number(arguments[2]), Number(arguments[3]));
        var message = Message(bytes);
        await using var transport = SmtpSession.Transport(
            new MailOptions { Host = "127.0.0.1", Port = port, Security = MailSecurity.None, Connections = connections, RetrySeconds = 0 }, TimeProvider.System);
        var began = Stopwatch.GetTimestamp();
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            // As the mail stage does: each sender knows its next message when it hands one over.
            for (var (n, following) = (Interlocked.Increment(ref next), Interlocked.Increment(ref next)); n <= count; (n, following) = (following, Interlocked.Increment(ref next)))
            {
                var upcoming = following <= count ? new Upcoming(Envelope(following), message) : null;
                if (await transport.SendAsync(Envelope(n) with { Next = () => upcoming }, message, CancellationToken.None) is var delivery and not Delivery.Accepted)
                {
                    throw new BenchmarkException($"Message {n} was not accepted: {delivery}.");
                }
            }
        })));
        Console.WriteLine(Stopwatch.GetElapsedTime(began).TotalSeconds.ToString("F4", CultureInfo.InvariantCulture));
        return 0;
    }

    private static Envelope Envelope(int n) => new("bounces+1@cvp.example", "anna@mail.example", $"{n}.eml", $"{n}");

    /// <summary>As many bytes as a real invitation, in lines like its own.</summary>
    private static byte[] Message(int bytes)
    {
        var text = new StringBuilder("From: Survey <survey@cvp.example>\r\nTo: anna@mail.example\r\nSubject: How was your visit?\r\nMessage-ID: <1@cvp.example>\r\nMIME-Version: 1.0\r\n\r\n");
        while (text.Length < bytes)
        {
            text.Append('x', Math.Min(74, Math.Max(1, bytes - text.Length - 2))).Append("\r\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
