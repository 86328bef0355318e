namespace Benchmarks;

/// <summary>A folder that is gone at the end, whatever happens (<c>TMPDIR</c> says where).</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("survey-benchmark-").FullName;

    /// <summary>A fresh data directory with a file in its inbox.</summary>
    public string DataDirectory(string name, string extract)
    {
        var data = System.IO.Path.Combine(Path, name);
        Receive(data, extract, "extract_1.csv");
        return data;
    }

    /// <summary>Another file for a data directory's inbox.</summary>
    public static void Receive(string data, string extract, string name, string kind = "dms")
    {
        var inbox = Directory.CreateDirectory(System.IO.Path.Combine(data, "inbox", kind));
        CopyToDisk(extract, System.IO.Path.Combine(inbox.FullName, name));
    }

    /// <summary>Copies the store and its keys; the copy is on the disk before anyone is timed working on it.</summary>
    public static string CopyOfStore(string data)
    {
        var copy = Directory.CreateDirectory(data + "-copy").FullName;
        foreach (var file in Directory.EnumerateFiles(data))
        {
            CopyToDisk(file, System.IO.Path.Combine(copy, System.IO.Path.GetFileName(file)));
        }

        return copy;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static void CopyToDisk(string from, string to)
    {
        File.Copy(from, to);
        using var file = new FileStream(to, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
    }
}
