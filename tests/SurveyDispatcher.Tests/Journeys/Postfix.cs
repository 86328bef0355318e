using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>A real Postfix of our own on loopback, with its own configuration, queue and data: a mailbox provider in small.</summary>
/// <remarks>
/// The package is not optional: without it the tests fail. <c>known@customers.example</c> has a mailbox; <c>later@</c> is put off at
/// RCPT while <see cref="PutOff"/> says so; <c>gone@</c> is accepted and then bounces; <c>box1@</c> to <c>box99@</c> are for
/// tests that share a server, see <see cref="NewBox"/>; everybody else is unknown at RCPT.
/// A secure one has more doors, with certificates for <c>localhost</c> made for the test and with logins.
/// </remarks>
internal sealed class Postfix : IDisposable
{
    /// <summary>The largest message in bytes.</summary>
    public const int SizeLimit = 200_000;

    private readonly string root = Directory.CreateTempSubdirectory("postfix-").FullName;
    private readonly bool secure;
    private readonly int[] ports;
    private Dovecot? dovecot;
    private int boxes;

    private Postfix(bool secure)
    {
        this.secure = secure;
        ports = FreePorts(secure ? 8 : 1);
    }

    /// <summary>In the clear, for everybody on this machine.</summary>
    public int Port => ports[0];

    /// <summary>In the clear, and without any extension but enhanced status codes.</summary>
    public int BarePort => ports[1];

    /// <summary>Offers STARTTLS; for everybody.</summary>
    public int StartTlsPort => ports[2];

    /// <summary>Offers STARTTLS, and then a login, without which nobody may send.</summary>
    public int SubmissionPort => ports[3];

    /// <summary>TLS from the first byte, and a login, without which nobody may send.</summary>
    public int TlsPort => ports[4];

    /// <summary>A login in the clear, without which nobody may send.</summary>
    public int ClearLoginPort => ports[5];

    /// <summary>Offers STARTTLS with a certificate that has expired.</summary>
    public int ExpiredPort => ports[6];

    /// <summary>Offers STARTTLS with a certificate for another host.</summary>
    public int OtherNamePort => ports[7];

    /// <summary>The PEM file of the authority whose certificates it shows.</summary>
    public string Authority => Path.Combine(root, "ca.pem");

    private string Config => Path.Combine(root, "conf");

    /// <summary>A Maildir for each mailbox.</summary>
    public string Mailboxes => Path.Combine(root, "mail");

    public static Postfix Start(bool secure = false)
    {
        Assert.True(File.Exists("/usr/sbin/postfix"), "Postfix is missing: apt-get install -y postfix (tests/run does it).");
        var postfix = new Postfix(secure);
        try
        {
            postfix.Configure();
            postfix.dovecot?.Await();
            postfix.Run("start");
            return postfix;
        }
        catch
        {
            postfix.Dispose();
            throw;
        }
    }

    /// <summary>Whether later@customers.example is answered with 450. Each session has a process of its own, which reads the table.</summary>
    public void PutOff(bool putOff) =>
        Write("recipients", putOff ? "later@customers.example 450 4.2.1 Please try later\n" : "nobody@customers.example OK\n");

    /// <summary>The name of a mailbox that nobody used before.</summary>
    public string NewBox() => $"box{Interlocked.Increment(ref boxes)}";

    /// <summary>Stops it as an operator does in the middle of the day: whoever is connected is cut off.</summary>
    /// <remarks>Without the look at its queue at the next start, which would stumble over what its last processes still write.</remarks>
    public void Stop() => Run("quick-stop");

    /// <summary>Starts it again, with the queue it had.</summary>
    public void StartAgain() => Run("start");

    /// <summary>Reads the configuration again; sessions end when their clients are done.</summary>
    public void Reload() => Run("reload");

    /// <summary>How many logins were tried, by whatever mechanism.</summary>
    public int Logins => dovecot!.Tried;

    public List<string> Mailbox(string name)
    {
        var folder = Path.Combine(Mailboxes, name, "new");
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)] : [];
    }

    /// <summary>Waits until a mailbox holds a number of messages: delivery is the server's own affair.</summary>
    public async Task<List<string>> MailboxAsync(string name, int count)
    {
        Directory.CreateDirectory(Mailboxes);
        using var watcher = new FileSystemWatcher(Mailboxes) { IncludeSubdirectories = true, EnableRaisingEvents = true };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (Mailbox(name).Count < count)
        {
            var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            void Look(object sender, FileSystemEventArgs e) => changed.TrySetResult();
            watcher.Created += Look;
            watcher.Renamed += Look;
            if (Mailbox(name).Count < count)
            {
                try
                {
                    await changed.Task.WaitAsync(TimeSpan.FromSeconds(1), limit.Token);
                }
                catch (TimeoutException)
                {
                    // A new folder may have slipped past the watcher: look again.
                    Assert.False(limit.IsCancellationRequested, Log());
                }
                catch (OperationCanceledException)
                {
                    Assert.Fail($"{name} has {Mailbox(name).Count} message(s), not {count}. {Log()}");
                }
            }

            watcher.Created -= Look;
            watcher.Renamed -= Look;
        }

        return Mailbox(name);
    }

    public void Dispose()
    {
        try
        {
            Shell("postfix", "-c", Config, "stop"); // by force if need be
            Assert.False(Shell("postfix", "-c", Config, "status").Code == 0, $"Postfix does not stop: look at the processes of {root}.");
        }
        finally
        {
            dovecot?.Dispose();
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>Ports that nobody listens on, below those that outgoing connections get: else another test might take one before Postfix does.</summary>
    public static int[] FreePorts(int count)
    {
        var held = new List<TcpListener>();
        while (held.Count < count)
        {
            var listener = new TcpListener(IPAddress.Loopback, RandomNumberGenerator.GetInt32(10_000, 32_768));
            try
            {
                listener.Start();
                held.Add(listener);
            }
            catch (SocketException)
            {
                listener.Stop(); // taken; the next may be free
            }
        }

        int[] free = [.. held.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        held.ForEach(l => l.Stop());
        return free;
    }

    public string Log() => File.Exists(Path.Combine(root, "log")) ? File.ReadAllText(Path.Combine(root, "log")) : "Postfix wrote no log.";

    /// <summary>A configuration file that looks old: every process would wait for two seconds lest a younger one is still being written.</summary>
    private void Write(string name, string content)
    {
        var path = Path.Combine(Config, name);
        File.WriteAllText(path, content);
        File.SetLastWriteTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1));
    }

    private void Configure()
    {
        foreach (var folder in new[] { "conf", "queue", "data", "mail" })
        {
            Directory.CreateDirectory(Path.Combine(root, folder));
        }

        const UnixFileMode all = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead
            | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(root, all);
        Shell("chown", "postfix", Path.Combine(root, "data"));
        Shell("chown", "65534:65534", Mailboxes);
        PutOff(true);
        Write("mailboxes", "known@customers.example known/\nlater@customers.example later/\ngone@customers.example gone/\nbounces@cvp.example bounces/\n用户@customers.example utf8/\n"
            + string.Concat(Enumerable.Range(1, 99).Select(n => $"box{n}@customers.example box{n}/\n")));
        Write("transport", "gone@customers.example nouser:\n");
        Write("main.cf", $"""
            compatibility_level = 3.6
            queue_directory = {root}/queue
            data_directory = {root}/data
            maillog_file = {root}/log
            maillog_file_prefixes = {root}
            myhostname = relay.customers.example
            mydestination =
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            mynetworks = 127.0.0.0/8
            alias_maps =
            alias_database =
            local_recipient_maps =
            recipient_delimiter = +
            virtual_mailbox_domains = customers.example, cvp.example
            virtual_mailbox_base = {root}/mail
            virtual_mailbox_maps = texthash:{Config}/mailboxes
            virtual_uid_maps = static:65534
            virtual_gid_maps = static:65534
            virtual_minimum_uid = 100
            transport_maps = texthash:{Config}/transport
            smtpd_relay_restrictions = permit_mynetworks, reject
            smtpd_recipient_restrictions = check_recipient_access texthash:{Config}/recipients, reject_unlisted_recipient, permit_mynetworks, reject
            unknown_virtual_mailbox_reject_code = 550
            smtputf8_enable = yes
            message_size_limit = {SizeLimit}
            queue_run_delay = 1s
            minimal_backoff_time = 1s
            transport_retry_time = 1s
            smtpd_sasl_type = dovecot
            smtpd_sasl_path = {root}/login/auth
            smtpd_sasl_security_options = noanonymous

            """.Replace("            ", "", StringComparison.Ordinal));
        // postlogd would end after every hundred lines; while it is started again nobody can log, and the master, which starts it, waits as well.
        Write("master.cf", $$"""
            127.0.0.1:{{Port}} inet n - n - - smtpd -o max_use=1
            {{(secure ? Doors() : "#")}}
            pickup unix n - n 60 1 pickup
            cleanup unix n - n - 0 cleanup
            qmgr unix n - n 300 1 qmgr
            tlsmgr unix - - n 1000? 1 tlsmgr
            rewrite unix - - n - - trivial-rewrite
            bounce unix - - n - 0 bounce
            defer unix - - n - 0 bounce
            trace unix - - n - 0 bounce
            verify unix - - n - 1 verify
            flush unix n - n 1000? 0 flush
            proxymap unix - - n - - proxymap
            smtp unix - - n - - smtp
            relay unix - - n - - smtp
            error unix - - n - - error
            retry unix - - n - - error
            discard unix - - n - - discard
            virtual unix - n n - - virtual
            anvil unix - - n - 1 anvil
            postlog unix-dgram n - n - 1 postlogd -o max_use=1000000000
            nouser unix - n n - - pipe user=nobody argv=/bin/sh -c {exit 67}

            """.Replace("            ", "", StringComparison.Ordinal));
    }

    /// <summary>The doors of a secure server, as lines of master.cf.</summary>
    private string Doors()
    {
        using var authority = new TestAuthority();
        File.WriteAllText(Authority, authority.Pem);
        authority.Issue(Path.Combine(root, "good.pem"), "localhost");
        authority.Issue(Path.Combine(root, "expired.pem"), "localhost", days: -10);
        authority.Issue(Path.Combine(root, "other.pem"), "other.example");
        Directory.CreateDirectory(Path.Combine(root, "login"));
        dovecot = new Dovecot(Path.Combine(root, "login"));

        // Who has not logged in is told so at RCPT, as most relays do.
        const string login = "-o smtpd_sasl_auth_enable=yes -o { smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination, reject } -o { smtpd_client_restrictions = permit_sasl_authenticated, reject }";
        string Tls(string file) => $"-o smtpd_tls_security_level=may -o smtpd_tls_chain_files={root}/{file}.pem";
        return string.Join('\n', new[]
        {
            (BarePort, "-o smtpd_discard_ehlo_keywords=pipelining,size,etrn,8bitmime,dsn,smtputf8,chunking"),
            (StartTlsPort, Tls("good")),
            (SubmissionPort, $"{Tls("good")} -o smtpd_tls_auth_only=yes {login}"),
            (TlsPort, $"{Tls("good")} -o smtpd_tls_wrappermode=yes {login}"),
            (ClearLoginPort, login),
            (ExpiredPort, Tls("expired")),
            (OtherNamePort, Tls("other")),
        }.Select(d => $"127.0.0.1:{d.Item1} inet n - n - - smtpd -o max_use=1 {d.Item2}"));
    }

    private void Run(string verb)
    {
        var (code, text) = Shell("postfix", "-c", Config, verb);
        Assert.True(code == 0, $"postfix {verb} ended with {code}: {text} {Log()}");
    }

    private static (int Code, string Text) Shell(string program, params string[] args)
    {
        // Its daemons inherit what it writes to, so that nobody must wait for the end of a pipe: a file takes it.
        var output = Path.GetTempFileName();
        var start = new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", "\"$@\" > \"$0\" 2>&1 < /dev/null", output, program } };
        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        using var process = Process.Start(start)!;
        process.WaitForExit();
        var text = File.ReadAllText(output);
        File.Delete(output);
        return (process.ExitCode, text);
    }
}
