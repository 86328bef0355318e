using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Mail;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Takes everybody whose data was erased out of the files of the data directory.</summary>
/// <remarks>
/// It asks the store who is meant, by hashes, and not what it did before: a sweep that was killed is simply run again. A list for
/// the vendor gets its new manifest first; the rows go with the rename after it, so a list that still has them is found again.
/// </remarks>
internal sealed class SweepFiles(CycleContext context)
{
    private const int Chunk = 1 << 20;
    private const int Overlap = 512;
    private const int MostNesting = 8;
    private const string Aside = ".erased";

    /// <summary>Rows that were taken out.</summary>
    public long RowsRemoved { get; private set; }

    /// <summary>Files that were written anew without them, lists not among them.</summary>
    public long FilesRewritten { get; private set; }

    /// <summary>The vendor's lists that were.</summary>
    public long ListsRewritten { get; private set; }

    /// <summary>Files that were deleted whole: mails, and what can't be read row by row.</summary>
    public long FilesDeleted { get; private set; }

    /// <summary>Sweeps all folders; a file that can't be is a problem of its own.</summary>
    public void Run()
    {
        var data = context.Directory;
        var folders = DataDirectory.Kinds.Select(data.Inbox).Concat([data.Taking, data.ArchiveRoot, data.Failed, data.Rejects, data.Quarantine, data.Mail, data.PhoneLists]);
        long done = 0;
        foreach (var folder in folders.Where(Directory.Exists))
        {
            var isInbox = DataDirectory.Kinds.Any(k => data.Inbox(k) == folder);
            if (isInbox && new DirectoryInfo(folder).LinkTarget is not null)
            {
                continue; // nothing is taken through a link, either
            }

            foreach (var path in FilesBelow(folder))
            {
                context.Stopping.ThrowIfCancellationRequested();
                context.Progress.Report($"looking through files", ++done, 0);
                Guard(path, () =>
                {
                    if (folder == data.PhoneLists)
                    {
                        SweepList(path);
                    }
                    else if (!IsHalf(path))
                    {
                        if (!path.EndsWith(".error.txt", StringComparison.Ordinal)) // what we wrote about a file
                        {
                            Sweep(path, NameOf(path));
                        }
                    }
                    else if (!isInbox)
                    {
                        File.Delete(path); // a writer was killed over it, and nobody will ever look at it again
                    }
                });
            }
        }
    }

    /// <summary>
    /// The files in a folder and below it. In an inbox, others decide what lies there: a link may lead anywhere, or round in circles; a pipe,
    /// a device or a socket has no length, as an empty file has none, and whoever opens one may wait for ever.
    /// </summary>
    private List<string> FilesBelow(string folder)
    {
        var found = new List<string>();
        Guard(folder, () =>
        {
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos().Where(e => e.LinkTarget is null).OrderBy(e => e.Name, StringComparer.Ordinal))
            {
                if (entry is FileInfo file)
                {
                    if (file.Exists && file.Length > 0)
                    {
                        found.Add(file.FullName);
                    }
                }
                else
                {
                    found.AddRange(FilesBelow(entry.FullName));
                }
            }
        });
        return found;
    }

    /// <summary>Sweeps one file that arrived under a name.</summary>
    public void Sweep(string path, string name)
    {
        if (LooksLikeMail(path))
        {
            var mail = Start(path);
            if (context.Erased.NamesInMail(mail) || Decoded(MimeEntity.Parse(mail), MostNesting).Any(context.Erased.NamesInMail) || (mail.Length >= Chunk / 4 && BytesNameThem(path)))
            {
                Delete(path);
            }

            return;
        }

        var isRejects = name.EndsWith(".rejects.csv", StringComparison.Ordinal) || name.EndsWith(".rejects.csv.part", StringComparison.Ordinal);
        var source = isRejects ? Source.Canonical : context.Config.SourceOf(name);
        try
        {
            Remove(path, source.Encoding, source.Delimiter, (header, cells) => IsTheirs(source, header, cells));
            foreach (var form in context.Config.Vendor.Forms.Where(f => f.Fits(name) && !ErasedPersons.Divides(f.Delimiter))) // what divides the vendor's cells may be no separator of ours, and his line one cell
            {
                TryRemove(path, form);
            }
        }
        catch (NoRowsException)
        {
            if (!context.Config.Vendor.Forms.Any(f => TryRemove(path, f)) && BytesNameThem(path)) // else it is the vendor's, in his encoding
            {
                Delete(path);
            }
        }
    }

    private bool TryRemove(string path, CallResultForm form)
    {
        try
        {
            Remove(path, form.Encoding, form.Delimiter, (_, cells) => cells.Any(context.Erased.Names));
            return true;
        }
        catch (NoRowsException)
        {
            return false;
        }
    }

    private void Remove(string path, Encoding encoding, char delimiter, Func<IReadOnlyList<string>, IReadOnlyList<string>, bool> goes)
    {
        var (removed, _) = RowRemoval.Remove(path, encoding, delimiter, goes);
        RowsRemoved += removed;
        FilesRewritten += removed > 0 ? 1 : 0;
    }

    private void SweepList(string path)
    {
        var name = Path.GetFileName(path);
        if (name.Contains(Aside, StringComparison.Ordinal))
        {
            File.Delete(path); // a sweep was killed over it
            return;
        }

        if (!name.StartsWith("phone_", StringComparison.Ordinal) || name.Contains(".manifest.json", StringComparison.Ordinal))
        {
            return;
        }

        var final = name.EndsWith(".tmp", StringComparison.Ordinal) ? path[..^4] : path;
        var aside = path + Aside;
        var list = context.Database["erase.list"].First(r => (Id: r.GetInt64(0), Kind: r.GetString(1), Layout: r.GetString(2)), Path.GetFileName(final));
        var layout = VendorFile.ReadLayout(list.Layout ?? "", "phone");
        var cut = layout.IsFixed ? layout.Cut : (Func<string, IReadOnlyList<string>>?)null;
        var (removed, left) = RowRemoval.Remove(path, layout.Encoding, layout.Delimiter, (_, cells) => cells.Any(context.Erased.Names), aside, cut);
        var rows = left + (layout.HasHeader ? 0 : 1);
        if (removed > 0)
        {
            var totals = new ControlTotals();
            var (caseId, phone) = (layout.IndexOf("case_id"), layout.IndexOf("phone_1"));
            foreach (var cells in RowRemoval.Cells(aside, layout.Encoding, layout.Delimiter, cut).Skip(layout.HasHeader ? 1 : 0).Where(c => c.Count > Math.Max(caseId, phone)))
            {
                totals.Add(cells[caseId], cells[phone]);
            }

            rows = totals.Rows;
            if (list.Id > 0)
            {
                WriteLists.ManifestOf(context, list.Id, Manifest.HashOf(aside), totals).Write(final);
            }

            DurableFile.Rename(aside, path);
            RowsRemoved += removed;
            ListsRewritten++;
        }

        // Also when a sweep was killed between the rename and this: the store says what the list is.
        if (File.Exists(Manifest.PathOf(final)))
        {
            var hash = Manifest.HashOf(path);
            context.Database.InTransaction(() =>
            {
                if (context.Database["erase.set_list"].Run(rows, hash, Path.GetFileName(final)) > 0)
                {
                    context.Database["lists.add_version"].Run(list.Id, hash, rows);
                }
            });
        }
    }

    /// <summary>Any cell may name a person: files come in more layouts than are described. A transaction's own name is looked for by its columns.</summary>
    private bool IsTheirs(Source source, IReadOnlyList<string> header, IReadOnlyList<string> cells) =>
        cells.Any(context.Erased.Names) || (KeyOf(source, header, cells) is { } key && context.Erased.Has(key));

    private static TransactionKey? KeyOf(Source source, IReadOnlyList<string> header, IReadOnlyList<string> cells)
    {
        string Cell(DmsColumn column)
        {
            if (source.Constants[(int)column] is { } constant)
            {
                return constant;
            }

            var name = source.Headers[(int)column];
            for (var i = 0; name is not null && i < header.Count && i < cells.Count; i++)
            {
                if (string.Equals(header[i], name, StringComparison.OrdinalIgnoreCase))
                {
                    return source.Values[(int)column] is { } table ? table.GetValueOrDefault(cells[i], "") : cells[i];
                }
            }

            return "";
        }

        return SurveyKinds.FromRecordType(Cell(DmsColumn.RecordType)) is { } survey && Cell(DmsColumn.TransactionId) is { Length: > 0 } id
            ? new TransactionKey(Cell(DmsColumn.Country).ToUpperInvariant(), Cell(DmsColumn.DealerCode), survey, id)
            : null;
    }

    /// <summary>Half a file: in an inbox one that is being uploaded, and recognised when it is taken. A file that is being taken goes on with its rejects.</summary>
    private static bool IsHalf(string path) => path.EndsWith(".tmp", StringComparison.Ordinal)
        || (path.EndsWith(".part", StringComparison.Ordinal) && !path.EndsWith(".rejects.csv.part", StringComparison.Ordinal));

    /// <summary>The name under which it came: a second file of a name has a number behind it.</summary>
    private static string NameOf(string path)
    {
        var name = Path.GetFileName(path);
        var dot = name.LastIndexOf('.');
        return dot > 0 && name[(dot + 1)..].All(char.IsAsciiDigit) ? name[..dot] : name;
    }

    /// <summary>It begins with a header field, or as a mailbox does.</summary>
    private static bool LooksLikeMail(string path)
    {
        using var stream = File.OpenRead(path);
        var bytes = new byte[200];
        var line = Encoding.Latin1.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)).TrimStart().Split('\n')[0];
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return line.StartsWith("From ", StringComparison.Ordinal)
            || (colon > 0 && !line[..colon].Any(c => c is <= ' ' or > '~' or ',' or ';' or '"') && (colon + 1 == line.TrimEnd().Length || line[colon + 1] is ' ' or '\t'));
    }

    /// <summary>What a mail says behind its transfer encodings.</summary>
    private static IEnumerable<string> Decoded(MimeEntity part, int nesting)
    {
        var content = part.Content();
        if (!ReferenceEquals(content, part.Body))
        {
            yield return content;
        }

        var inner = part.Children();
        if (part.Type.StartsWith("message/", StringComparison.Ordinal))
        {
            inner = inner.Append(MimeEntity.Parse(content));
        }

        foreach (var text in nesting == 0 ? [] : inner.SelectMany(child => Decoded(child, nesting - 1)))
        {
            yield return text;
        }
    }

    private static string Start(string path)
    {
        using var stream = File.OpenRead(path);
        var bytes = new byte[Math.Min(stream.Length, Chunk)];
        stream.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Whether the person is named in a file that nobody can read: in the bytes that all encodings share, and as UTF-16.</summary>
    private bool BytesNameThem(string path)
    {
        using var stream = File.OpenRead(path);
        var bytes = new byte[Chunk + Overlap];
        var kept = 0;
        int read;
        while ((read = stream.ReadAtLeast(bytes.AsSpan(kept, Chunk), Chunk, throwOnEndOfStream: false)) > 0)
        {
            var text = Encoding.Latin1.GetString(bytes, 0, kept + read).Replace("\0", "", StringComparison.Ordinal);
            if (context.Erased.NamesInMail(text) || context.Erased.Names(text))
            {
                return true;
            }

            var all = kept + read;
            kept = Math.Min(Overlap, all);
            bytes.AsSpan(all - kept, kept).CopyTo(bytes);
        }

        return false;
    }

    private void Delete(string path)
    {
        File.Delete(path);
        File.Delete(path + ".error.txt");
        FilesDeleted++;
    }

    private void Guard(string path, Action sweep)
    {
        try
        {
            sweep();
        }
        catch (FileNotFoundException)
        {
            // Taken by somebody in the meantime: whoever picks mails up has it.
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Report($"{path} could not be looked through: {Reason.Of(e)} Give this user the right to read and write it, then run the erasure again.");
        }
    }
}
