using System.Text;

namespace SurveyDispatcher.Configuration;

/// <summary>Encodings that throw on bytes that they can't be, and only on those.</summary>
/// <remarks>
/// .NET's own exception fallback goes too far: in code page 932 it also refuses the characters that NEC and IBM encoded
/// twice, and with them common names such as 髙橋 and 山﨑. The lenient decoder knows them, so it is asked first.
/// </remarks>
public static class StrictEncoding
{
    /// <summary>The strict encoding of a name.</summary>
    /// <exception cref="ArgumentException">There is no such encoding.</exception>
    public static Encoding Get(string name)
    {
        var lenient = Encoding.GetEncoding(name);
        return lenient is UTF8Encoding
            ? new UTF8Encoding(false, throwOnInvalidBytes: true)
            : Encoding.GetEncoding(lenient.CodePage, EncoderFallback.ExceptionFallback, new KnownOrThrow(lenient));
    }

    private sealed class KnownOrThrow(Encoding lenient) : DecoderFallback
    {
        public override int MaxCharCount => 2;

        public override DecoderFallbackBuffer CreateFallbackBuffer() => new Buffer(lenient);

        private sealed class Buffer(Encoding lenient) : DecoderFallbackBuffer
        {
            private string known = "";
            private int next;

            public override int Remaining => known.Length - next;

            public override bool Fallback(byte[] bytesUnknown, int index)
            {
                var decoded = lenient.GetString(bytesUnknown);

                // What the lenient decoder puts in place of what it does not know: a question mark, U+FFFD, or in code page 932 a middle dot.
                if (decoded.Length is 0 or > 2 || decoded is "?" or "・" || decoded.Contains('\uFFFD'))
                {
                    throw new DecoderFallbackException("Bytes that the encoding can't be.", bytesUnknown, index);
                }

                (known, next) = (decoded, 0);
                return true;
            }

            public override char GetNextChar() => next < known.Length ? known[next++] : '\0';

            public override bool MovePrevious()
            {
                if (next == 0)
                {
                    return false;
                }

                next--;
                return true;
            }

            public override void Reset() => (known, next) = ("", 0);
        }
    }
}
