namespace Fuzz;

/// <summary>Chance that can be repeated: the same seed and index always throw the same numbers (SplitMix64).</summary>
internal sealed class Dice(ulong seed, long index)
{
    private ulong state = Mixed(seed ^ 0x9E3779B97F4A7C15UL) ^ Mixed((ulong)index + 0x632BE59BD9B4E019UL);

    /// <summary>From 0 up to, and without, <paramref name="sides"/>.</summary>
    public int Below(int sides) => (int)(Next() % (ulong)sides);

    /// <summary>True once in <paramref name="times"/> throws.</summary>
    public bool OneIn(int times) => Below(times) == 0;

    /// <summary>One of several.</summary>
    public T Of<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>Small most of the time, never more than <paramref name="most"/>.</summary>
    public int Few(int most)
    {
        var n = 1;
        while (n < most && OneIn(2))
        {
            n++;
        }

        return n;
    }

    private ulong Next() => Mixed(unchecked(state += 0x9E3779B97F4A7C15UL));

    private static ulong Mixed(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }
}
