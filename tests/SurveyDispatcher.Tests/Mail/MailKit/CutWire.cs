using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>The way to an IMAP server in the clear, which is cut, once, at a command of the client. Afterwards it is whole.</summary>
internal sealed class CutWire : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _target;
    private readonly string _command;
    private readonly int? _answer;
    private int _left;

    /// <summary>Begins to listen.</summary>
    /// <param name="target">The server's port.</param>
    /// <param name="command">What the command has in it.</param>
    /// <param name="count">Which of these commands.</param>
    /// <param name="answer">How many bytes of the answer get through; null: not even the command does.</param>
    public CutWire(int target, string command, int count, int? answer)
    {
        (_target, _command, _left, _answer) = (target, command, count, answer);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Whether it came to that.</summary>
    public bool WasCut => Volatile.Read(ref _left) <= 0;

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return; // nobody needs it any more
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using var _ = client;
        client.NoDelay = server.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            var cut = new Knife();
            await Task.WhenAny(CommandsAsync(client.GetStream(), server.GetStream(), cut), AnswersAsync(server.GetStream(), client.GetStream(), cut)).Unwrap();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            return; // one side has hung up
        }
    }

    private async Task CommandsAsync(NetworkStream from, NetworkStream to, Knife cut)
    {
        var buffer = new byte[65_536];
        for (var got = await from.ReadAsync(buffer, _stop.Token); got > 0; got = await from.ReadAsync(buffer, _stop.Token))
        {
            if (Encoding.ASCII.GetString(buffer, 0, got).Contains(_command, StringComparison.Ordinal) && Interlocked.Decrement(ref _left) == 0)
            {
                if (_answer is null)
                {
                    return;
                }

                cut.Left = _answer;
            }

            await to.WriteAsync(buffer.AsMemory(0, got), _stop.Token);
        }
    }

    private async Task AnswersAsync(NetworkStream from, NetworkStream to, Knife cut)
    {
        var buffer = new byte[65_536];
        for (var got = await from.ReadAsync(buffer, _stop.Token); got > 0; got = await from.ReadAsync(buffer, _stop.Token))
        {
            if (cut.Left is { } left)
            {
                await to.WriteAsync(buffer.AsMemory(0, Math.Min(left, got)), _stop.Token);
                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, got), _stop.Token);
        }
    }

    /// <summary>What both directions of a connection know.</summary>
    private sealed class Knife
    {
        /// <summary>How many bytes of the next answer get through; null: all.</summary>
        public int? Left { get; set; }
    }
}
