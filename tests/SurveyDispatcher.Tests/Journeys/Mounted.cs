using System.Diagnostics;
using System.Globalization;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>A file system of a test's own: small, or read-only. Only root can mount one; the tests' container runs as root.</summary>
internal sealed class Mounted : IDisposable
{
    private readonly string path;

    private Mounted(string path) => this.path = path;

    /// <summary>A file system in memory of so many KiB at a folder, which is made.</summary>
    public static Mounted Small(string path, int size)
    {
        Directory.CreateDirectory(path);
        Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={size}k,mode=0700"), "tmpfs", path);
        return new Mounted(path);
    }

    /// <summary>What lies in a folder, but nobody can write there.</summary>
    public static Mounted ReadOnly(string path)
    {
        Run("mount", "--bind", path, path);
        var mounted = new Mounted(path);
        Run("mount", "-o", "remount,bind,ro", path);
        return mounted;
    }

    /// <summary>Makes room.</summary>
    public void Grow(int size) => Run("mount", "-o", string.Create(CultureInfo.InvariantCulture, $"remount,size={size}k"), path);

    public void Dispose() => Run("umount", "-l", path);

    private static void Run(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', args)}: {error} This test must run as root, with the right to mount.");
    }
}
