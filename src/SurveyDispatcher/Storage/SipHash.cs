using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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
        var (v0, v1, v2, v3) = After(text, 0);
        v2 ^= 0xff;
        return Finish(ref v0, ref v1, ref v2, ref v3);
    }

    /// <summary>128 bits: of many millions no two are alike.</summary>
    public UInt128 LongOf(ReadOnlySpan<byte> text)
    {
        var (v0, v1, v2, v3) = After(text, 0xee);
        v2 ^= 0xee;
        var first = Finish(ref v0, ref v1, ref v2, ref v3);
        v1 ^= 0xdd;
        return new UInt128(first, Finish(ref v0, ref v1, ref v2, ref v3));
    }

    /// <summary>The four words of its state behind a text; in locals, so that they stay in the processor's registers.</summary>
    private (ulong V0, ulong V1, ulong V2, ulong V3) After(ReadOnlySpan<byte> text, ulong variant)
    {
        var (v0, v1, v2, v3) = (k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ variant, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573);
        var last = (ulong)(byte)(text.Length & 0xff) << 56;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(text))
        {
            Mix(BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word), ref v0, ref v1, ref v2, ref v3);
        }

        var rest = text[(text.Length & ~7)..];
        for (var i = 0; i < rest.Length; i++)
        {
            last |= (ulong)rest[i] << (8 * i);
        }

        Mix(last, ref v0, ref v1, ref v2, ref v3);
        return (v0, v1, v2, v3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Finish(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ulong word, ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v3 ^= word;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= word;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
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
