using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>What a datagram or a TCP message is to our question.</summary>
internal enum DnsReplyKind
{
    /// <summary>Not an answer to our question: late, misdirected or forged. Go on waiting.</summary>
    Foreign,

    /// <summary>The name's TXT records, surely all of them; there may be none.</summary>
    Texts,

    /// <summary>Cut to fit the datagram: ask again over TCP.</summary>
    Truncated,

    /// <summary>The server could not or would not say, or what it said can't be read.</summary>
    Failed,
}

/// <summary>A reply, understood.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Texts">The records, each with its strings joined.</param>
/// <param name="Problem">Why it says nothing, to be read behind the server's name.</param>
internal readonly record struct DnsReply(DnsReplyKind Kind, IReadOnlyList<string> Texts, string Problem)
{
    public static readonly DnsReply Foreign = new(DnsReplyKind.Foreign, [], ""), Truncated = new(DnsReplyKind.Truncated, [], "");

    public static DnsReply Of(IReadOnlyList<string> texts) => new(DnsReplyKind.Texts, texts, "");

    public static DnsReply Failed(Phrase problem) => new(DnsReplyKind.Failed, [], Say(problem));
}

/// <summary>One question for the TXT records of a name, as bytes (RFC 1035 4.1), and the reading of what comes back.</summary>
/// <remarks>A reply is a stranger's bytes: each count and pointer in it is a claim, and what does not add up is <see cref="DnsReplyKind.Failed"/>.</remarks>
internal sealed class DnsQuestion
{
    /// <summary>The largest datagram that we ask for: fits an IPv6 path of 1,280 bytes, so that it is never fragmented.</summary>
    public const int DatagramSize = 1232;

    private const int HeaderSize = 12, NameLimit = 255;
    private const int Cname = 5, Txt = 16, Opt = 41, Internet = 1;
    private const int NoError = 0, NoSuchName = 3;
    private static readonly IdnMapping Idn = new(); // not strict: "_dmarc" is no host name

    private readonly ushort _id;
    private readonly string _name;

    private DnsQuestion(string name, bool extended)
    {
        _name = name;
        _id = BinaryPrimitives.ReadUInt16BigEndian(RandomNumberGenerator.GetBytes(2)); // what an off-path forger has to guess, with our port
        var bytes = new List<byte>(HeaderSize + name.Length + 16);
        bytes.AddRange([(byte)(_id >> 8), (byte)(_id & 0xff), 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, (byte)(extended ? 1 : 0)]); // RD: resolve it for us
        bytes.AddRange(Encoding.Latin1.GetBytes(name));
        bytes.AddRange([0, Txt, 0, Internet]);
        if (extended)
        {
            bytes.AddRange([0, 0, Opt, DatagramSize >> 8, DatagramSize & 0xff, 0, 0, 0, 0, 0, 0]); // RFC 6891 6.1.2
        }
        Bytes = bytes.ToArray();
    }

    /// <summary>The message to send; over TCP its length goes in front.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The question for a name, or null when it is none that DNS can hold.</summary>
    /// <param name="name">A domain name in Unicode or ASCII, such as <c>_dmarc.cvp.example</c>.</param>
    /// <param name="extended">With EDNS0 for large datagrams; some old servers and firewalls have no answer to that.</param>
    public static DnsQuestion? For(string name, bool extended) => Wire(name) is { } wire ? new DnsQuestion(wire, extended) : null;

    /// <summary>Understands a message that came from the server.</summary>
    public DnsReply Read(ReadOnlySpan<byte> message)
    {
        var reader = new Reader(message);
        var (id, flags) = (reader.U16(), reader.U16());
        var (questions, answers) = (reader.U16(), reader.U16());
        reader.Take(4); // authority and additional records say nothing that we ask for
        var rcode = flags & 0xf;
        if (reader.Bad || id != _id || (flags & 0xf800) != 0x8000) // a reply (QR) to a standard query
        {
            return DnsReply.Foreign;
        }
        if (questions == 0 && rcode is not (NoError or NoSuchName))
        {
            return DnsReply.Failed(Refusal(rcode)); // a server that did not read as far as the question
        }
        if (questions != 1 || reader.Name() != _name || reader.U16() != Txt || reader.U16() != Internet)
        {
            return DnsReply.Foreign;
        }
        if ((flags & 0x0200) != 0)
        {
            return DnsReply.Truncated;
        }
        if (rcode is not (NoError or NoSuchName))
        {
            return DnsReply.Failed(Refusal(rcode));
        }
        if (answers == 0 && rcode == NoError && (flags & 0x0480) == 0)
        {
            // Neither an authority (AA) nor a resolver (RA): it points elsewhere, which is not "there is none".
            return DnsReply.Failed($"does not resolve names for others");
        }
        return Answers(ref reader, answers);
    }

    private DnsReply Answers(ref Reader reader, int count)
    {
        var aliases = new Dictionary<string, string>(StringComparer.Ordinal);
        var texts = new List<(string Owner, string Text)>();
        for (var i = 0; i < count && !reader.Bad; i++)
        {
            var owner = reader.Name();
            var (type, @class) = (reader.U16(), reader.U16());
            reader.Take(4);
            var length = reader.U16();
            var start = reader.At;
            var data = reader.Take(length);
            if (@class != Internet || reader.Bad)
            {
                continue;
            }
            if (type == Cname)
            {
                reader.At = start; // a name may point back into the message
                aliases[owner] = reader.Name();
                reader.Bad |= reader.At != start + length;
            }
            else if (type == Txt)
            {
                var inner = new Reader(data);
                texts.Add((owner, inner.Strings()));
                reader.Bad |= inner.Bad;
            }
        }
        if (reader.Bad)
        {
            return DnsReply.Failed($"gave an answer that can't be read");
        }

        // The resolver gives the whole chain of aliases (RFC 1034 4.3.2); each is followed once, so that a ring ends.
        var name = _name;
        while (aliases.Remove(name, out var target))
        {
            name = target;
        }
        return DnsReply.Of([.. texts.Where(t => t.Owner == name).Select(t => t.Text)]);
    }

    private static Phrase Refusal(int rcode) => rcode switch
    {
        1 => $"did not understand the question (FORMERR)",
        2 => $"could not find out (SERVFAIL)",
        4 => $"does not know such questions (NOTIMP)",
        5 => $"refused to answer (REFUSED)",
        _ => $"answered with error {rcode}",
    };

    /// <summary>The name as on the wire, each label behind its length, in lower case, one character a byte.</summary>
    private static string? Wire(string name)
    {
        var ascii = name;
        if (!Ascii.IsValid(name))
        {
            try
            {
                ascii = Idn.GetAscii(name);
            }
            catch (ArgumentException)
            {
                return null; // IdnMapping has no other way to say that a name is not a domain
            }
        }
        var wire = new StringBuilder();
        foreach (var label in ascii.Split('.'))
        {
            if (label.Length is 0 or > 63)
            {
                return null;
            }
            wire.Append((char)label.Length).Append(label.ToLowerInvariant());
        }
        return wire.Length < NameLimit ? wire.Append('\0').ToString() : null;
    }

    /// <summary>Walks over bytes; past the end it reads zeros and is <see cref="Bad"/> from then on.</summary>
    private ref struct Reader(ReadOnlySpan<byte> message)
    {
        private readonly ReadOnlySpan<byte> _message = message;

        public int At { get; set; }

        public bool Bad { get; set; }

        public int U8() => Take(1) is [var b] ? b : 0;

        public int U16() => (U8() << 8) | U8();

        public ReadOnlySpan<byte> Take(int count)
        {
            if (count > _message.Length - At)
            {
                Bad = true;
                return [];
            }
            At += count;
            return _message.Slice(At - count, count);
        }

        /// <summary>A name as <see cref="Wire"/> writes it. A pointer must lead back (RFC 1035 4.1.4), so that no ring of them is endless.</summary>
        public string Name()
        {
            var name = new StringBuilder();
            var (end, piece) = (-1, At);
            while (!Bad)
            {
                var length = U8();
                switch (length >> 6)
                {
                    case 0 when length == 0 && !Bad:
                        At = end < 0 ? At : end;
                        return name.Append('\0').ToString();
                    case 0:
                        name.Append((char)length).Append(Encoding.Latin1.GetString(Take(length)).ToLowerInvariant());
                        Bad |= name.Length >= NameLimit;
                        break;
                    case 3:
                        var target = ((length & 0x3f) << 8) | U8();
                        Bad |= target >= piece;
                        end = end < 0 ? At : end;
                        At = piece = Bad ? At : target;
                        break;
                    default:
                        Bad = true; // 01 and 10 were never given a meaning
                        break;
                }
            }
            return "";
        }

        /// <summary>The strings of a TXT record, joined without anything between (RFC 7208 3.3, RFC 6376 3.6.2.2).</summary>
        /// <remarks>They are shown on terminals: white space becomes spaces, what else is not printable ASCII a question mark.</remarks>
        public string Strings()
        {
            var text = new StringBuilder();
            while (At < _message.Length && !Bad)
            {
                foreach (var b in Take(U8()))
                {
                    text.Append(b is >= 0x20 and < 0x7f ? (char)b : b is (byte)'\t' or (byte)'\r' or (byte)'\n' ? ' ' : '?');
                }
            }
            return text.ToString();
        }
    }
}
