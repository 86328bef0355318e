using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>A real Postfix of our own on loopback, with its own configuration, queue and data: a mailbox provider in small.</summary>
/// <remarks>
/// The package is not optional: without it the tests fail. <c>known@customers.example</c> has a mailbox; <c>later@</c> is put off at
/// RCPT while <see cref="PutOff"/> says so; <c>gone@</c> is accepted and then bounces; everybody else is unknown at RCPT.
/// </remarks>
internal sealed class Postfix : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("postfix-").FullName;

    private Postfix() => Port = FreePort();

    public int Port { get; }

    private string Config => Path.Combine(root, "conf");

    private string Mailboxes => Path.Combine(root, "mail");

    public static Postfix Start()
    {
        Assert.True(File.Exists("/usr/sbin/postfix"), "Postfix is missing: apt-get install -y postfix (tests/run does it).");
        var postfix = new Postfix();
        try
        {
            postfix.Configure();
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
        File.WriteAllText(Path.Combine(Config, "recipients"), putOff ? "later@customers.example 450 4.2.1 Please try later\n" : "nobody@customers.example OK\n");

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
        if (File.Exists(Path.Combine(root, "queue", "pid", "master.pid")))
        {
            Run("stop");
        }

        Directory.Delete(root, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string Log() => File.Exists(Path.Combine(root, "log")) ? File.ReadAllText(Path.Combine(root, "log")) : "Postfix wrote no log.";

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
        File.WriteAllText(Path.Combine(Config, "mailboxes"), "known@customers.example known/\nlater@customers.example later/\ngone@customers.example gone/\nbounces@cvp.example bounces/\n");
        File.WriteAllText(Path.Combine(Config, "transport"), "gone@customers.example nouser:\n");
        File.WriteAllText(Path.Combine(Config, "main.cf"), $"""
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

            """.Replace("            ", "", StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(Config, "master.cf"), $$"""
            127.0.0.1:{{Port}} inet n - n - - smtpd -o max_use=1
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
            postlog unix-dgram n - n - 1 postlogd
            nouser unix - n n - - pipe user=nobody argv=/bin/sh -c {exit 67}

            """.Replace("            ", "", StringComparison.Ordinal));
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
