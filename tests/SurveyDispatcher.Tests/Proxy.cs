using System.Net;
using System.Net.Sockets;

namespace SurveyDispatcher.Tests;

/// <summary>Stands between a client and a server on loopback; what it does to their bytes is its heirs' matter.</summary>
internal abstract class Proxy : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly int target;

    /// <summary>Begins to listen.</summary>
    /// <param name="target">The server's port.</param>
    protected Proxy(int target)
    {
        this.target = target;
        listener.Start();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Dispose()
    {
        stop.Cancel();
        listener.Stop();
        stop.Dispose();
    }

    /// <summary>Takes connections; an heir calls it when it is ready for them.</summary>
    protected async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptTcpClientAsync(stop.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return; // nobody needs it any more
        }
    }

    /// <summary>Before the server is connected.</summary>
    protected virtual Task BeforeAsync(CancellationToken ct) => Task.CompletedTask;

    /// <summary>One connection, until it ends.</summary>
    protected abstract Task PassAsync(NetworkStream client, NetworkStream server, CancellationToken ct);

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using var _ = client;
        client.NoDelay = server.NoDelay = true;
        try
        {
            await BeforeAsync(stop.Token);
            await server.ConnectAsync(IPAddress.Loopback, target, stop.Token);
            await PassAsync(client.GetStream(), server.GetStream(), stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            return; // one side has hung up
        }
    }
}
