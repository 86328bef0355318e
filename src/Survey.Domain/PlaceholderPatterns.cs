namespace Survey.Domain;

/// <summary>Addresses that dealers type where a customer has none: <c>noemail@*</c>, <c>*@example.com</c>.</summary>
/// <remarks>A placeholder identifies nobody: no opt-out, rest or bounce of one ever reaches another customer.</remarks>
public sealed class PlaceholderPatterns(IReadOnlyList<string> patterns)
{
    /// <summary>The patterns as configured; <c>*</c> stands for any run of characters, letter case is ignored.</summary>
    public IReadOnlyList<string> Patterns { get; } = patterns;

    /// <summary>Whether the address is a placeholder.</summary>
    public bool Matches(EmailAddress address)
    {
        foreach (var pattern in Patterns)
        {
            if (IsMatch(pattern, address.Key))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Glob match in linear space: on a mismatch go back to the last star and let it take one more.</summary>
    private static bool IsMatch(string pattern, string text)
    {
        int p = 0, t = 0, star = -1, resume = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = t;
            }
            else if (p < pattern.Length && char.ToLowerInvariant(pattern[p]) == text[t])
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++resume;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }
}
