using System.Buffers.Binary;
using System.Numerics;

namespace SurveyDispatcher.Storage;

/// <summary>SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash for short texts. Who has not the key can neither make nor test one.</summary>
/// <remarks>
/// An import makes seven of them a row, and a cryptographic hash of the platform takes fifteen times as long: nearly all of it is
/// spent on calling it.
/// </remarks>
internal sealed class SipHash
{
    /// <summary>The length of a key.</summary>
    public const int KeySize = 16;

    private readonly ulong k0, k1;

    public SipHash(ReadOnlySpan<byte> key) =>
        (k0, k1) = (BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key[8..]));

    /// <summary>64 bits.</summary>
    public ulong Of(ReadOnlySpan<byte> text)
    {
        var state = new State(k0, k1, 0);
        state.Add(text);
        return state.End(0xff);
    }

    /// <summary>128 bits: of many millions no two are alike.</summary>
    public UInt128 LongOf(ReadOnlySpan<byte> text)
    {
        var state = new State(k0, k1, 0xee);
        state.Add(text);
        var first = state.End(0xee);
        return new UInt128(first, state.EndOfLong());
    }

    private struct State
    {
        private ulong v0, v1, v2, v3;

        public State(ulong k0, ulong k1, ulong variant) => (v0, v1, v2, v3) =
            (k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ variant, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573);

        public void Add(ReadOnlySpan<byte> text)
        {
            var last = (ulong)(byte)(text.Length & 0xff) << 56;
            for (; text.Length >= 8; text = text[8..])
            {
                Mix(BinaryPrimitives.ReadUInt64LittleEndian(text));
            }

            for (var i = 0; i < text.Length; i++)
            {
                last |= (ulong)text[i] << (8 * i);
            }

            Mix(last);
        }

        public ulong End(ulong mark)
        {
            v2 ^= mark;
            return Finish();
        }

        public ulong EndOfLong()
        {
            v1 ^= 0xdd;
            return Finish();
        }

        private ulong Finish()
        {
            Round();
            Round();
            Round();
            Round();
            return v0 ^ v1 ^ v2 ^ v3;
        }

        private void Mix(ulong word)
        {
            v3 ^= word;
            Round();
            Round();
            v0 ^= word;
        }

        private void Round()
        {
            unchecked
            {
                v0 += v1;
                v2 += v3;
                v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
                v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
                v0 = BitOperations.RotateLeft(v0, 32);
                v2 += v1;
                v0 += v3;
                v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
                v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
                v2 = BitOperations.RotateLeft(v2, 32);
            }
        }
    }
}
