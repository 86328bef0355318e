using System.Globalization;
using System.Text;

namespace SurveyDispatcher.Mail;

/// <summary>Header fields and a body (RFC 5322, 2045): a mail, one of its parts, or a group of fields.</summary>
/// <remarks>There is no text that it can't read, and nothing costs more than the text's length: mail comes from anybody.</remarks>
internal sealed class MimeEntity
{
    private const int FieldLimit = 1000;
    private readonly List<(string Name, string Value)> _fields;

    private MimeEntity(List<(string Name, string Value)> fields, string body)
    {
        (_fields, Body) = (fields, body);
        Type = FirstWord(this["Content-Type"]);
    }

    /// <summary>What follows the first empty line, still in its transfer encoding.</summary>
    public string Body { get; }

    /// <summary>type/subtype in lower case; empty where it isn't said.</summary>
    public string Type { get; }

    /// <summary>The first field of this name, unfolded; empty when there is none.</summary>
    public string this[string name] => _fields.Find(f => Is(f.Name, name)).Value ?? "";

    /// <summary>Whether there is a field of this name, be it empty.</summary>
    public bool Has(string name) => _fields.Exists(f => Is(f.Name, name));

    /// <summary>All fields of these names, in order.</summary>
    public IEnumerable<string> All(params string[] names) =>
        _fields.Where(f => names.Contains(f.Name, StringComparer.OrdinalIgnoreCase)).Select(f => f.Value);

    /// <summary>The first word of a field in lower case, without what follows as comment or parameter.</summary>
    public static string FirstWord(string value) => value.Split([' ', '\t', ';', '('], 2, StringSplitOptions.TrimEntries)[0].ToLowerInvariant();

    /// <summary>Fields up to the first empty line, then the body.</summary>
    public static MimeEntity Parse(string text)
    {
        var at = 0;
        var fields = ReadFields(text, ref at);
        return new(fields, text[at..]);
    }

    /// <summary>One group of fields; <paramref name="at"/> goes on behind the empty lines that end it.</summary>
    public static MimeEntity ParseGroup(string text, ref int at)
    {
        var fields = ReadFields(text, ref at);
        while (at < text.Length && text[at] is ('\r' or '\n'))
        {
            at++;
        }
        return new(fields, "");
    }

    /// <summary>A parameter of Content-Type, quoted or not, also in the sections and with the character set of RFC 2231; empty when it isn't there.</summary>
    public string Parameter(string name)
    {
        var sections = new Dictionary<int, (string Value, bool Encoded)>();
        var rest = this["Content-Type"].AsSpan();
        while (rest.Length > 0)
        {
            var value = Next(ref rest, ';');
            var key = Next(ref value, '=').Trim();
            if (!key.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }
            key = key[name.Length..];
            if (key.IsEmpty)
            {
                return Unquoted(value); // the plain form is what a sender of both wants older readers to see
            }
            var encoded = key.Length > 1 && key[^1] == '*';
            if (key is "*")
            {
                sections.TryAdd(0, (Unquoted(value), true));
            }
            else if (key[0] == '*' && int.TryParse(encoded ? key[1..^1] : key[1..], NumberStyles.None, CultureInfo.InvariantCulture, out var section))
            {
                sections.TryAdd(section, (Unquoted(value), encoded));
            }
        }
        return Joined(sections);
    }

    /// <summary>The parts between the boundary's lines, also when the last of them is missing.</summary>
    public IEnumerable<MimeEntity> Children()
    {
        var boundary = Parameter("boundary").TrimEnd();
        if (boundary.Length is 0 or > 200)
        {
            yield break;
        }
        var delimiter = "--" + boundary;
        var (at, start) = (0, -1);
        while (at < Body.Length)
        {
            var lineAt = at;
            var line = Line(Body, ref at).TrimEnd();
            if (!line.StartsWith(delimiter, StringComparison.Ordinal) || line[delimiter.Length..] is not ("" or "--"))
            {
                continue;
            }
            var last = line.Length > delimiter.Length;
            if (start >= 0)
            {
                yield return Parse(Body[start..lineAt]);
            }
            start = at;
            if (last)
            {
                yield break;
            }
        }
        if (start >= 0)
        {
            yield return Parse(Body[start..]);
        }
    }

    /// <summary>The body without its transfer encoding, as far as it can be decoded.</summary>
    public string Content() => FirstWord(this["Content-Transfer-Encoding"]) switch
    {
        "base64" => FromBase64(Body),
        "quoted-printable" => FromQuotedPrintable(Body),
        _ => Body,
    };

    /// <summary>The next line without its end, CRLF or LF; <paramref name="at"/> goes on behind it.</summary>
    public static ReadOnlySpan<char> Line(string text, ref int at)
    {
        var rest = text.AsSpan(at);
        var end = rest.IndexOf('\n');
        at += end < 0 ? rest.Length : end + 1;
        var line = end < 0 ? rest : rest[..end];
        return line.EndsWith("\r") ? line[..^1] : line;
    }

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);

    /// <summary>Fields up to and with the first empty line. A line that is no field is passed over, and so are fields in masses.</summary>
    private static List<(string Name, string Value)> ReadFields(string text, ref int at)
    {
        var fields = new List<(string Name, StringBuilder Value)>();
        while (at < text.Length)
        {
            var line = Line(text, ref at);
            if (line.IsWhiteSpace()) // also one that a careless hand has indented
            {
                break;
            }
            var colon = line.IndexOf(':');
            if (line[0] is ' ' or '\t')
            {
                if (fields.Count > 0)
                {
                    fields[^1].Value.Append(line);
                }
            }
            else if (colon > 0 && fields.Count < FieldLimit)
            {
                fields.Add((line[..colon].TrimEnd().ToString(), new StringBuilder().Append(line[(colon + 1)..])));
            }
        }
        return [.. fields.Select(f => (f.Name, f.Value.ToString().Trim()))];
    }

    /// <summary>RFC 2231: sections 0, 1, 2, ...; the first encoded one begins with <c>charset'language'</c>. UTF-8 and ASCII are decoded.</summary>
    private static string Joined(Dictionary<int, (string Value, bool Encoded)> sections)
    {
        using var bytes = new MemoryStream();
        for (var i = 0; sections.TryGetValue(i, out var section); i++)
        {
            var text = section.Value;
            if (i == 0 && section.Encoded && text.Split('\'', 3) is [_, _, var behind])
            {
                text = behind;
            }
            bytes.Write(section.Encoded ? Escaped(text, '%') : Encoding.UTF8.GetBytes(text));
        }
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static string FromBase64(string body)
    {
        var clean = new StringBuilder(body.Length);
        foreach (var c in body)
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '+' or '/')
            {
                clean.Append(c);
            }
        }
        clean.Length -= clean.Length % 4 == 1 ? 1 : 0; // a truncated file
        clean.Append('=', (4 - (clean.Length % 4)) % 4);
        var bytes = new byte[clean.Length];
        return Convert.TryFromBase64String(clean.ToString(), bytes, out var written) ? Encoding.UTF8.GetString(bytes, 0, written) : "";
    }

    private static string FromQuotedPrintable(string body) => Encoding.UTF8.GetString(Escaped(body, '='));

    /// <summary>Bytes with two hex digits behind a sign: quoted-printable, where the sign at the end of a line joins it to the next, and RFC 2231.</summary>
    private static ReadOnlySpan<byte> Escaped(string text, char sign)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var to = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == sign && i + 2 < bytes.Length && char.IsAsciiHexDigit((char)bytes[i + 1]) && char.IsAsciiHexDigit((char)bytes[i + 2]))
            {
                bytes[to++] = Convert.FromHexString([(char)bytes[i + 1], (char)bytes[i + 2]])[0];
                i += 2;
            }
            else if (bytes[i] == sign && LineEnd(bytes, i + 1) is { } end)
            {
                i = end;
            }
            else
            {
                bytes[to++] = bytes[i]; // a sign that means nothing is left as it is
            }
        }
        return bytes.AsSpan(0, to);
    }

    /// <summary>Where the line ends, if nothing but blanks stands before it.</summary>
    private static int? LineEnd(byte[] bytes, int at)
    {
        while (at < bytes.Length && bytes[at] is (byte)' ' or (byte)'\t' or (byte)'\r')
        {
            at++;
        }
        return at < bytes.Length && bytes[at] == '\n' ? at : null;
    }

    /// <summary>What stands before the next <paramref name="separator"/> outside quotes; the rest goes on behind it.</summary>
    private static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> rest, char separator)
    {
        var quoted = false;
        for (var i = 0; i < rest.Length; i++)
        {
            if (quoted && rest[i] == '\\')
            {
                i++;
            }
            else if (rest[i] == '"')
            {
                quoted = !quoted;
            }
            else if (rest[i] == separator && !quoted)
            {
                var part = rest[..i];
                rest = rest[(i + 1)..];
                return part;
            }
        }
        var all = rest;
        rest = [];
        return all;
    }

    /// <summary>A parameter's value: between quotes, or up to a comment.</summary>
    private static string Unquoted(ReadOnlySpan<char> value)
    {
        value = value.Trim();
        if (!value.StartsWith("\""))
        {
            var comment = value.IndexOf(" (", StringComparison.Ordinal);
            return (comment < 0 ? value : value[..comment]).TrimEnd().ToString();
        }
        var text = new StringBuilder();
        for (var i = 1; i < value.Length && value[i] != '"'; i++)
        {
            i += value[i] == '\\' && i + 1 < value.Length ? 1 : 0;
            text.Append(value[i]);
        }
        return text.ToString();
    }
}
