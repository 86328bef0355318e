using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>A real Dovecot of our own that checks logins for a <see cref="Postfix"/>, and serves mailboxes if it is told to.</summary>
/// <remarks>
/// PLAIN and LOGIN know one user; XOAUTH2 takes what <see cref="Token"/> signs. It is a child of ours and stays in the
/// foreground, so that it ends when it is told to, and nobody else has to bury it.
/// </remarks>
internal sealed class Dovecot : IDisposable
{
    public const string User = "survey@cvp.example", Password = "pä ss+w=%";

    private static readonly byte[] Secret = "what the test and Dovecot know and nobody else"u8.ToArray();

    private readonly string root;
    private readonly Process process;

    /// <summary>Starts it in a folder of its own.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="more">Settings beside those for logins, which they overrule.</param>
    public Dovecot(string root, string more = "")
    {
        Assert.True(File.Exists("/usr/sbin/dovecot"), "Dovecot is missing: apt-get install -y --no-install-recommends dovecot-core (tests/run does it).");
        this.root = root;
        Configure(more);
        // What it logs goes to a file, and what it says before it can log, too.
        process = Process.Start(new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", "exec /usr/sbin/dovecot -F -c \"$0\" < /dev/null > \"$1\" 2>&1", In("dovecot.conf"), In("output") },
        })!;
    }

    /// <summary>Where Postfix asks, once it is there.</summary>
    public string Socket => In("auth");

    /// <summary>How many logins were tried, by whatever mechanism.</summary>
    public int Tried => Log().Split('\n').Count(l => l.Contains("client in: AUTH", StringComparison.Ordinal));

    /// <summary>An OAuth 2.0 access token (RFC 7519, HS256) as a provider would give it out.</summary>
    /// <param name="good">Until when from now on; negative: it has expired.</param>
    /// <param name="claims">How many bytes of other claims it holds.</param>
    public static string Token(TimeSpan good, int claims = 0)
    {
        var now = TimeProvider.System.GetUtcNow();
        var text = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
            $$"""{"sub":"{{User}}","iat":{{now.AddDays(-1).ToUnixTimeSeconds()}},"groups":"{{new string('g', claims)}}","exp":{{(now + good).ToUnixTimeSeconds()}}}"""));
        return text + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Secret, Encoding.ASCII.GetBytes(text)));
    }

    /// <summary>Waits until it listens.</summary>
    public void Await()
    {
        for (var left = 200; !File.Exists(In("run", "master.pid")); left--) // written when all doors are open
        {
            Assert.True(left > 0 && !process.WaitForExit(TimeSpan.FromMilliseconds(50)), $"Dovecot does not start. {Log()}");
        }
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            using var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {process.Id}"]);
            process.WaitForExit();
        }

        process.Dispose();
    }

    private string In(params string[] names) => Path.Combine([root, .. names]);

    private string Log() => string.Concat(new[] { In("output"), In("log") }.Where(File.Exists).Select(File.ReadAllText));

    private void Configure(string more)
    {
        Directory.CreateDirectory(In("keys", "default", "HS256"));
        File.WriteAllText(In("keys", "default", "HS256", "default"), Convert.ToBase64String(Secret));
        File.WriteAllText(In("users"), $"{User}:{{PLAIN}}{Password}::::::\n");
        File.WriteAllText(In("oauth2"), $"""
            introspection_mode = local
            local_validation_key_dict = fs:posix:prefix={root}/keys/
            username_attribute = sub

            """);
        // Without its socket nobody counts wrong passwords, which would make the next login wait.
        File.WriteAllText(In("dovecot.conf"), $$"""
            base_dir = {{root}}/run
            state_dir = {{root}}/state
            log_path = {{root}}/log
            protocols =
            ssl = no
            auth_mechanisms = plain login xoauth2
            disable_plaintext_auth = no
            auth_failure_delay = 0
            auth_debug = yes
            default_login_user = nobody
            default_internal_user = nobody
            default_internal_group = nogroup
            passdb {
              driver = passwd-file
              mechanisms = plain login scram-sha-256
              args = {{root}}/users
            }
            passdb {
              driver = oauth2
              mechanisms = xoauth2
              args = {{root}}/oauth2
            }
            service auth {
              unix_listener client {
                path = {{Socket}}
                mode = 0666
              }
            }
            service anvil {
              unix_listener anvil-auth-penalty {
                path = nobody-counts
              }
            }
            {{more}}

            """);
    }
}
