using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using System.Text;

namespace SurveyDispatcher.Mail;

/// <summary>The one writer of message bytes (RFC 5322, MIME), so that every transport sends the very same message.</summary>
/// <remarks>
/// The bytes are 7-bit but for one case: an address with a UTF-8 local part stands in its header as it is (RFC 6532), and the
/// message then needs a server with SMTPUTF8. Control characters in values become spaces, so no value can add a header.
/// Lines end in CRLF and have 76 to 78 bytes, and never more than 998.
/// </remarks>
public static class MessageComposer
{
    private const int HeaderLine = 78;
    private const int EncodedLine = 76;
    private const int LineLimit = 998;

    /// <summary>The bytes that quoted-printable leaves as they are, but at a line's ends.</summary>
    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. "\t "u8, .. Enumerable.Range('!', '~' - '!' + 1).Where(c => c != '=').Select(c => (byte)c)]);

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    private static ReadOnlySpan<byte> Hex => "0123456789ABCDEF"u8;

    /// <summary>The message as it goes over the wire, dot-stuffing apart.</summary>
    /// <exception cref="ArgumentException">A value that can't be folded (Message-ID, address, URI) is longer than a line may be.</exception>
    public static byte[] Compose(OutgoingMail mail)
    {
        var buffer = _scratch ??= new(16 * 1024);
        buffer.ResetWrittenCount();
        var w = new Writer(buffer);

        w.Address("From", mail.FromName, mail.FromAddress);
        w.Address("To", "", mail.To);
        if (mail.ReplyTo.Length > 0)
        {
            w.Address("Reply-To", "", mail.ReplyTo);
        }
        w.Unstructured("Subject", mail.Subject);
        w.Token("Date", mail.Date.ToString("ddd, dd MMM yyyy HH:mm:ss ", CultureInfo.InvariantCulture) + Offset(mail.Date.Offset));
        w.Token("Message-ID", $"<{NoSpaces(mail.MessageId)}>");
        if (mail.CaseId.Length > 0)
        {
            w.Unstructured("X-Survey-Case-Id", mail.CaseId);
        }
        w.Unstructured("X-Survey-Contact", mail.Contact);
        w.Token("List-Unsubscribe", $"<{UriOf(mail.UnsubscribeUri)}>");
        w.Token("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        w.Token("Auto-Submitted", "auto-generated");
        w.Token("Content-Language", NoSpaces(mail.Language));
        w.Token("MIME-Version", "1.0");

        // "=_" occurs in neither encoding of a body, so no text can contain the boundary.
        var boundary = "=_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(mail.MessageId)).AsSpan(0, 12));
        w.Raw($"Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n\r\n");
        w.Part(boundary, "text/plain", mail.Text);
        w.Part(boundary, "text/html", mail.Html);
        w.Raw($"--{boundary}--\r\n");
        return buffer.WrittenSpan.ToArray();
    }

    private static string Offset(TimeSpan offset) =>
        (offset < TimeSpan.Zero ? "-" : "+") + offset.ToString("hhmm", CultureInfo.InvariantCulture);

    /// <summary>One line: control characters and line separators become spaces, lone surrogates U+FFFD.</summary>
    private static string OneLine(string value)
    {
        var clean = value.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 && !value.AsSpan().ContainsAny("\x7f\x85\u2028\u2029")
            ? value
            : string.Create(value.Length, value, static (to, from) =>
            {
                for (var i = 0; i < from.Length; i++)
                {
                    to[i] = char.IsControl(from[i]) || from[i] is '\u2028' or '\u2029' ? ' ' : from[i];
                }
            });
        return clean.Trim(' ');
    }

    private static string NoSpaces(string value) => OneLine(value).Replace(" ", "", StringComparison.Ordinal);

    /// <summary>The URI in ASCII and without what would end it early.</summary>
    private static string UriOf(string uri)
    {
        var clean = NoSpaces(uri);
        if (Ascii.IsValid(clean) && !clean.AsSpan().ContainsAny('<', '>', ','))
        {
            return clean;
        }
        var escaped = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(clean))
        {
            _ = b is >= 0x80 or (byte)'<' or (byte)'>' or (byte)','
                ? escaped.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture))
                : escaped.Append((char)b);
        }
        return escaped.ToString();
    }

    private readonly struct Writer(ArrayBufferWriter<byte> to)
    {
        public void Raw(string ascii) => Encoding.UTF8.GetBytes(ascii, to);

        /// <summary>A header whose value can't be folded.</summary>
        public void Token(string name, string value) => Line($"{name}: {OneLine(value)}");

        /// <summary>A header of words (RFC 5322 2.2.1): folded at spaces, or as encoded words (RFC 2047) where that is needed.</summary>
        public void Unstructured(string name, string value)
        {
            Raw($"{name}: ");
            Words(OneLine(value), name.Length + 2);
            Raw("\r\n");
        }

        /// <summary>A header with one mailbox; the name is an atom phrase, a quoted string or encoded words, whichever will do.</summary>
        public void Address(string header, string name, string address)
        {
            var spec = OneLine(address);
            name = OneLine(name);
            if (name.Length == 0)
            {
                Line($"{header}: {spec}");
                return;
            }
            Raw($"{header}: ");
            var column = header.Length + 2;
            column = NeedsEncoding(name) ? EncodedWords(name, column)
                : IsPhrase(name) ? Folded(name, column)
                : Folded("\"" + name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"", column);
            Line((column + spec.Length + 3 > HeaderLine ? "\r\n <" : " <") + spec + ">");
        }

        /// <summary>One body part, quoted-printable or base64, whichever is shorter.</summary>
        public void Part(string boundary, string type, string content)
        {
            var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(content.Length) + content.Length);
            var text = bytes.AsSpan(0, WithCrLf(content, bytes));
            var base64 = Escapes(text) > text.Length / 6; // of three bytes for one, against four for three
            Raw($"--{boundary}\r\nContent-Type: {type}; charset=utf-8\r\nContent-Transfer-Encoding: {(base64 ? "base64" : "quoted-printable")}\r\n\r\n");
            if (base64)
            {
                Base64Lines(text);
            }
            else
            {
                QuotedPrintable(text);
                Raw("\r\n"); // the line end before a boundary belongs to the boundary, and ours to the text
            }
            ArrayPool<byte>.Shared.Return(bytes);
        }

        private void Line(string line)
        {
            if (Encoding.UTF8.GetByteCount(line) > LineLimit)
            {
                throw new ArgumentException($"A header that can't be folded would have more than {LineLimit} bytes.", nameof(line));
            }
            Raw(line);
            Raw("\r\n");
        }

        private void Words(string value, int column) => _ = NeedsEncoding(value) ? EncodedWords(value, column) : Folded(value, column);

        /// <summary>Not ASCII, looks like an encoded word already, or has a word or a gap too long to fold.</summary>
        private static bool NeedsEncoding(string value)
        {
            if (!Ascii.IsValid(value) || value.Contains("=?", StringComparison.Ordinal) || value.Contains(new string(' ', 20), StringComparison.Ordinal))
            {
                return true;
            }
            foreach (var word in value.AsSpan().Split(' '))
            {
                if (word.End.Value - word.Start.Value > HeaderLine - 20)
                {
                    return true;
                }
            }
            return false;
        }

        private static bool IsPhrase(string name)
        {
            foreach (var c in name)
            {
                if (!char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-/=?^_`{|}~ ".Contains(c, StringComparison.Ordinal))
                {
                    return false;
                }
            }
            return !name.Contains("  ", StringComparison.Ordinal);
        }

        /// <summary>Words of ASCII; a line break goes in front of the first space between two words.</summary>
        private int Folded(string value, int column)
        {
            var start = 0;
            while (start < value.Length)
            {
                var next = start + 1;
                while (next < value.Length && !(value[next] == ' ' && value[next - 1] != ' '))
                {
                    next++;
                }
                if (column + next - start > HeaderLine && value[start] == ' ')
                {
                    Raw("\r\n");
                    column = 0;
                }
                Raw(value[start..next]);
                column += next - start;
                start = next;
            }
            return column;
        }

        /// <summary>Base64 encoded words of whole characters, each line at most 76 long with what stands before it.</summary>
        private int EncodedWords(string value, int column)
        {
            const string open = "=?utf-8?B?", close = "?=";
            Span<byte> chunk = stackalloc byte[48];
            var length = 0;
            var first = true;
            foreach (var rune in value.EnumerateRunes())
            {
                if (length + rune.Utf8SequenceLength > Room(column))
                {
                    Flush(chunk[..length], ref first, ref column);
                    length = 0;
                }
                length += rune.EncodeToUtf8(chunk[length..]);
            }
            Flush(chunk[..length], ref first, ref column);
            return column;

            int Room(int at) => Math.Max(4, (EncodedLine - open.Length - close.Length - (first ? at : 1)) / 4 * 3);
        }

        private void Flush(ReadOnlySpan<byte> chunk, ref bool first, ref int column)
        {
            var word = (first ? "" : "\r\n ") + "=?utf-8?B?" + Convert.ToBase64String(chunk) + "?=";
            Raw(word);
            column = first ? column + word.Length : word.Length - 2;
            first = false;
        }

        /// <summary>UTF-8 with every kind of line end as CRLF, and one at the end.</summary>
        private static int WithCrLf(string content, Span<byte> bytes)
        {
            var rest = content.AsSpan();
            var length = 0;
            while (rest.Length > 0)
            {
                var end = rest.IndexOfAny('\r', '\n');
                var line = end < 0 ? rest : rest[..end];
                length += Encoding.UTF8.GetBytes(line, bytes[length..]);
                bytes[length++] = (byte)'\r';
                bytes[length++] = (byte)'\n';
                rest = end < 0 ? [] : rest[end..].StartsWith("\r\n") ? rest[(end + 2)..] : rest[(end + 1)..];
            }
            return length;
        }

        /// <summary>How many bytes quoted-printable must escape, but for those at a line's ends.</summary>
        private static int Escapes(ReadOnlySpan<byte> text)
        {
            var count = text.Count((byte)'=') + text.Count((byte)0x7f);
            var vectors = MemoryMarshal.Cast<byte, Vector128<byte>>(text);
            foreach (var vector in vectors)
            {
                count += BitOperations.PopCount(vector.ExtractMostSignificantBits()); // bytes beyond ASCII
            }
            foreach (var b in text[(vectors.Length * Vector128<byte>.Count)..])
            {
                count += b >> 7;
            }
            return count;
        }

        private void Base64Lines(ReadOnlySpan<byte> text)
        {
            const int perLine = EncodedLine / 4 * 3;
            while (text.Length > 0)
            {
                var line = text[..Math.Min(perLine, text.Length)];
                var span = to.GetSpan(EncodedLine + 2);
                Base64.EncodeToUtf8(line, span, out _, out var written);
                span[written] = (byte)'\r';
                span[written + 1] = (byte)'\n';
                to.Advance(written + 2);
                text = text[line.Length..];
            }
        }

        /// <summary>RFC 2045 6.7, with leading dots encoded too, so that a careless relay can't lose one.</summary>
        private void QuotedPrintable(ReadOnlySpan<byte> text)
        {
            var span = to.GetSpan((text.Length * 3) + (text.Length * 3 / 70 * 3) + 16);
            int at = 0, column = 0;
            for (var i = 0; i < text.Length;)
            {
                var b = text[i];
                if (b == '\r') // WithCrLf left none alone
                {
                    "\r\n"u8.CopyTo(span[at..]);
                    at += 2;
                    i += 2;
                    column = 0;
                    continue;
                }
                if (column + 1 > EncodedLine - 1)
                {
                    SoftBreak(span, ref at, ref column);
                }

                // What needs no escape is copied as far as the line goes. A blank at a line's end, or a dot at its start, does need one.
                var room = Math.Min(EncodedLine - 1 - column, text.Length - i);
                var run = column == 0 && b == '.' ? 0 : text.Slice(i, room).IndexOfAnyExcept(Plain);
                run = run < 0 ? room : run;
                if (run > 0 && text[i + run - 1] is (byte)' ' or (byte)'\t' && text[i + run] == '\r')
                {
                    run--;
                }
                if (run > 0)
                {
                    text.Slice(i, run).CopyTo(span[at..]);
                    at += run;
                    i += run;
                    column += run;
                    continue;
                }
                if (column + 3 > EncodedLine - 1)
                {
                    SoftBreak(span, ref at, ref column);
                }
                span[at] = (byte)'=';
                span[at + 1] = Hex[b >> 4];
                span[at + 2] = Hex[b & 15];
                at += 3;
                i++;
                column += 3;
            }
            to.Advance(at);

            static void SoftBreak(Span<byte> span, ref int at, ref int column)
            {
                "=\r\n"u8.CopyTo(span[at..]);
                at += 3;
                column = 0;
            }
        }
    }
}
