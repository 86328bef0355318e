using System.Net.Sockets;
using System.Text;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>The way to an IMAP server in the clear, which is cut, once, at a command of the client. Afterwards it is whole.</summary>
internal sealed class CutWire : Proxy
{
    private readonly string _command;
    private readonly int? _answer;
    private int _left;

    /// <summary>Begins to listen.</summary>
    /// <param name="target">The server's port.</param>
    /// <param name="command">What the command has in it.</param>
    /// <param name="count">Which of these commands.</param>
    /// <param name="answer">How many bytes of the answer get through; null: not even the command does.</param>
    public CutWire(int target, string command, int count, int? answer)
        : base(target)
    {
        (_command, _left, _answer) = (command, count, answer);
        _ = AcceptAsync();
    }

    /// <summary>Whether it came to that.</summary>
    public bool WasCut => Volatile.Read(ref _left) <= 0;

    protected override async Task PassAsync(NetworkStream client, NetworkStream server, CancellationToken ct)
    {
        var cut = new Knife();
        await Task.WhenAny(CommandsAsync(client, server, cut, ct), AnswersAsync(server, client, cut, ct)).Unwrap();
    }

    private async Task CommandsAsync(NetworkStream from, NetworkStream to, Knife cut, CancellationToken ct)
    {
        var buffer = new byte[65_536];
        for (var got = await from.ReadAsync(buffer, ct); got > 0; got = await from.ReadAsync(buffer, ct))
        {
            if (Encoding.ASCII.GetString(buffer, 0, got).Contains(_command, StringComparison.Ordinal) && Interlocked.Decrement(ref _left) == 0)
            {
                if (_answer is null)
                {
                    return;
                }

                cut.Left = _answer;
            }

            await to.WriteAsync(buffer.AsMemory(0, got), ct);
        }
    }

    private static async Task AnswersAsync(NetworkStream from, NetworkStream to, Knife cut, CancellationToken ct)
    {
        var buffer = new byte[65_536];
        for (var got = await from.ReadAsync(buffer, ct); got > 0; got = await from.ReadAsync(buffer, ct))
        {
            if (cut.Left is { } left)
            {
                await to.WriteAsync(buffer.AsMemory(0, Math.Min(left, got)), ct);
                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, got), ct);
        }
    }

    /// <summary>What both directions of a connection know.</summary>
    private sealed class Knife
    {
        /// <summary>How many bytes of the next answer get through; null: all.</summary>
        public int? Left { get; set; }
    }
}
