using System.Diagnostics.CodeAnalysis;

namespace Fuzz;

/// <summary>The program did with an input what it must never do.</summary>
internal sealed class Finding(string what) : Exception(what)
{
    public static void Unless([DoesNotReturnIf(false)] bool condition, string what)
    {
        if (!condition)
        {
            throw new Finding(what);
        }
    }
}
