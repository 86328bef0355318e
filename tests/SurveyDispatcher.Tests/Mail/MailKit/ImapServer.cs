using System.Globalization;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.Mail;

/// <summary>A real Dovecot that serves one user's mailbox by IMAP on loopback; what becomes of a mail is seen in the Maildir below it.</summary>
/// <remarks>The package is not optional: without it the tests fail.</remarks>
internal sealed class ImapServer : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("imap-").FullName;
    private readonly string _mail;
    private readonly int[] _ports = Postfix.FreePorts(2);
    private readonly Dovecot _dovecot;
    private int _folders;
    private int _mails;

    /// <summary>Starts it.</summary>
    /// <param name="maildir">A Maildir that others deliver to; null: one of its own.</param>
    public ImapServer(string? maildir = null)
    {
        Assert.True(File.Exists("/usr/lib/dovecot/imap"), "Dovecot's IMAP server is missing: apt-get install -y --no-install-recommends dovecot-imapd (tests/run does it).");
        File.SetUnixFileMode(_root, Open);
        _mail = maildir ?? Path.Combine(_root, "mail");
        if (maildir is null)
        {
            MakeFolder("INBOX");
        }

        using (var authority = new TestAuthority())
        {
            File.WriteAllText(Authority, authority.Pem);
            authority.Issue(Path.Combine(_root, "localhost.pem"), "localhost");
        }

        Directory.CreateDirectory(Path.Combine(_root, "dovecot"));
        _dovecot = new Dovecot(Path.Combine(_root, "dovecot"), $$"""
            protocols = imap
            listen = 127.0.0.1
            auth_mechanisms = plain login scram-sha-256
            ssl = yes
            ssl_cert = <{{_root}}/localhost.pem
            ssl_key = <{{_root}}/localhost.pem
            first_valid_uid = 1
            mail_location = maildir:{{_mail}}
            userdb {
              driver = static
              args = uid=65534 gid=65534 home={{_root}}/home
            }
            service imap-login {
              inet_listener imap {
                port = {{Port}}
              }
              inet_listener imaps {
                port = {{TlsPort}}
                ssl = yes
              }
            }
            """);
        try
        {
            _dovecot.Await();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>In the clear; offers STARTTLS.</summary>
    public int Port => _ports[0];

    /// <summary>TLS from the first byte.</summary>
    public int TlsPort => _ports[1];

    /// <summary>The PEM file of the authority whose certificate for <c>localhost</c> it shows.</summary>
    public string Authority => Path.Combine(_root, "ca.pem");

    private static UnixFileMode Open => (UnixFileMode)0x1FF; // Dovecot's processes are nobody's

    /// <summary>Makes a folder that nobody used before, and returns its name.</summary>
    public string NewFolder()
    {
        var name = $"Reports{Interlocked.Increment(ref _folders)}";
        MakeFolder(name);
        return name;
    }

    /// <summary>Makes a folder.</summary>
    public void MakeFolder(string name)
    {
        foreach (var path in new[] { "", "new", "cur", "tmp" }.Select(f => Path.Combine(PathOf(name), f)))
        {
            Directory.CreateDirectory(path);
            File.SetUnixFileMode(path, Open);
        }
    }

    /// <summary>Puts a mail into a folder, as a delivery does; returns the file.</summary>
    public string Deliver(string folder, string mail, bool seen = false)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{1_772_000_000 + Interlocked.Increment(ref _mails)}.test");
        var path = Path.Combine(PathOf(folder), seen ? "cur" : "new", seen ? name + ":2,S" : name);
        File.WriteAllText(path, mail.ReplaceLineEndings("\n"));
        File.SetUnixFileMode(path, Open & ~(UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute));
        File.SetLastWriteTimeUtc(path, new DateTime(2026, 3, 1, 9, 30, 0, DateTimeKind.Utc));
        return path;
    }

    /// <summary>How many mails of a folder nobody has seen, and how many somebody has.</summary>
    public (int Unseen, int Seen) Look(string folder)
    {
        var mails = new[] { "new", "cur" }.SelectMany(f => Directory.GetFiles(Path.Combine(PathOf(folder), f))).ToList();
        var seen = mails.Count(m => m.LastIndexOf(":2,", StringComparison.Ordinal) is >= 0 and var flags && m.IndexOf('S', flags) >= 0);
        return (mails.Count - seen, seen);
    }

    public void Dispose()
    {
        _dovecot.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private string PathOf(string folder) => folder == "INBOX" ? _mail : Path.Combine(_mail, "." + folder);
}
