using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Search;
using MailKit.Security;
using Survey.Domain;
using HandshakeException = System.Security.Authentication.AuthenticationException;

namespace SurveyDispatcher.Mail;

/// <summary>The mailbox of <see cref="MailOptions.BounceMailbox"/>, by IMAP through MailKit.</summary>
internal sealed class ImapMailbox : IRemoteMailbox
{
    private readonly MailOptions _options;
    private readonly BounceMailboxOptions _mailbox;
    private readonly TimeSpan _timeout;
    private readonly CancellationToken _stopping;
    private readonly CancellationTokenSource _limit;
    private readonly CertificateCheck _certificate;
    private readonly Client _client;
    private IMailFolder? _folder;
    private IMailFolder? _processed;

    private ImapMailbox(MailOptions options, CancellationToken stopping)
    {
        _options = options;
        _mailbox = options.BounceMailbox;
        _timeout = TimeSpan.FromSeconds(options.TimeoutSeconds);
        _stopping = stopping;
        _limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _certificate = new($"{MailOptions.Section}:{nameof(MailOptions.BounceMailbox)}", $"the IMAP server", _mailbox.Host, options.TrustedCertificates());
        _client = new(_certificate)
        {
            Timeout = options.TimeoutSeconds * 1000,
            CheckCertificateRevocation = false,
            ServerCertificateValidationCallback = _certificate.Passes,
        };
    }

    /// <inheritdoc/>
    public string Name
    {
        get
        {
            var place = SHA256.HashData(Encoding.UTF8.GetBytes($"{_mailbox.Host}\n{_mailbox.User}\n{_mailbox.Folder}"));
            return string.Create(CultureInfo.InvariantCulture, $"imap-{Convert.ToHexStringLower(place.AsSpan(0, 4))}-{Folder.UidValidity}");
        }
    }

    private string Server => $"{_mailbox.Host}:{_mailbox.Port}";

    private IMailFolder Folder => _folder ?? throw new InvalidOperationException("The mailbox is not open.");

    /// <summary>Connects, logs in and opens the folder.</summary>
    /// <exception cref="OperatorException">The mailbox can't be read, and why.</exception>
    public static async Task<ImapMailbox> OpenAsync(MailOptions options, CancellationToken stopping)
    {
        var mailbox = new ImapMailbox(options, stopping);
        try
        {
            await mailbox.OpenAsync();
            return mailbox;
        }
        catch
        {
            await mailbox.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<RemoteMail>> UnseenAsync() => RunAsync<IReadOnlyList<RemoteMail>>(async limit =>
    {
        var unseen = await Folder.SearchAsync(SearchQuery.NotSeen, limit);
        var summaries = await Folder.FetchAsync(unseen, new FetchRequest(MessageSummaryItems.UniqueId | MessageSummaryItems.InternalDate), limit);
        var arrivals = summaries.ToLookup(s => s.UniqueId.Id, s => s.InternalDate); // the server may tell of other messages, too
        return [.. unseen.Select(u => new RemoteMail(u.Id, arrivals[u.Id].FirstOrDefault())).OrderBy(m => m.Id)];
    });

    /// <inheritdoc/>
    public Task<byte[]?> StartAsync(RemoteMail mail, int limit) => RunAsync<byte[]?>(async token =>
    {
        try
        {
            await using var stream = await Folder.GetStreamAsync(new UniqueId(mail.Id), 0, limit, token);
            var bytes = new byte[Math.Min(stream.Length, limit)];
            await stream.ReadExactlyAsync(bytes, token);
            return bytes;
        }
        catch (MessageNotFoundException)
        {
            return null;
        }
    });

    /// <inheritdoc/>
    public Task SettleAsync(IReadOnlyList<RemoteMail> mails) => RunAsync(async limit =>
    {
        List<UniqueId> ids = [.. mails.Select(m => new UniqueId(m.Id))];
        if (_processed is null)
        {
            await Folder.AddFlagsAsync(ids, MessageFlags.Seen, silent: true, limit);
        }
        else
        {
            await Folder.MoveToAsync(ids, _processed, limit);
        }
        return true;
    });

    /// <summary>Says goodbye and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        _limit.CancelAfter(TimeSpan.FromSeconds(1));
        await _client.DisconnectAsync(quit: true, _limit.Token);
        _client.Dispose();
        _limit.Dispose();
    }

    private Task<bool> OpenAsync() => RunAsync(async limit =>
    {
        await _client.ConnectAsync(_mailbox.Host, _mailbox.Port, MailKitSession.Option(_mailbox.Security), limit);
        if (!_client.IsSecure && !_options.AllowAuthWithoutTls)
        {
            throw new OperatorException($"The login to {Server} was not tried, since the connection has no TLS: set Mail:BounceMailbox:Security, or Mail:AllowAuthWithoutTls.");
        }
        await _client.AuthenticateAsync(_mailbox.User, _mailbox.Password, limit);
        _processed = _mailbox.ProcessedFolder.Length == 0 ? null : await _client.GetFolderAsync(_mailbox.ProcessedFolder, limit);
        _folder = _mailbox.Folder.Equals("INBOX", StringComparison.OrdinalIgnoreCase) ? _client.Inbox : await _client.GetFolderAsync(_mailbox.Folder, limit);
        await _folder.OpenAsync(FolderAccess.ReadWrite, limit);
        return true;
    });

    /// <summary>Runs one step with a limit on its time, and says what went wrong in words for the operator.</summary>
    private async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> step)
    {
        _limit.CancelAfter(_timeout);
        try
        {
            return await step(_limit.Token);
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested && Problem(e) is { } problem)
        {
            throw new OperatorException(problem, e);
        }
    }

    private Phrase? Problem(Exception e)
    {
        switch (e)
        {
            case SslHandshakeException { InnerException: HandshakeException }:
                return _certificate.Problem(Server);
            case SslHandshakeException { InnerException: { } inner }:
                return Problem(inner) ?? _certificate.Problem(Server);
            case AuthenticationException:
                return $"{Server} refused the login; look at Mail:BounceMailbox:User and Mail:BounceMailbox:Password.";
            case FolderNotFoundException missing:
                return $"{Server} has no folder {missing.FolderName}; make it there, or look at Mail:BounceMailbox:Folder and Mail:BounceMailbox:ProcessedFolder.";
            case NotSupportedException:
                return $"{Server} does not offer STARTTLS, which Mail:BounceMailbox:Security asks for.";
            case OperationCanceledException or TimeoutException:
                return $"{Server} did not answer within {_options.TimeoutSeconds} s; look at Mail:BounceMailbox:Host and Mail:BounceMailbox:Port.";
            case CommandException:
                return $"{Server} refused a command; look at the folder's rights.";
            case IOException or SocketException or ProtocolException or ServiceNotConnectedException or ObjectDisposedException:
                return $"{Server} can't be reached or closed the connection; look at Mail:BounceMailbox:Host and Mail:BounceMailbox:Port.";
            default:
                return null;
        }
    }

    /// <summary>The library's client, with our check of certificates.</summary>
    private sealed class Client(CertificateCheck certificate) : ImapClient
    {
        protected override SslClientAuthenticationOptions GetSslClientAuthenticationOptions(string host, RemoteCertificateValidationCallback remoteCertificateValidationCallback)
        {
            var tls = base.GetSslClientAuthenticationOptions(host, remoteCertificateValidationCallback);
            tls.CertificateChainPolicy = certificate.ChainPolicy;
            tls.AllowTlsResume = false; // each connection looks at the certificate that the server has now
            return tls;
        }
    }
}
