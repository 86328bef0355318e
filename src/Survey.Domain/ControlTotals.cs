namespace Survey.Domain;

/// <summary>Sums over the rows of a list that a loader can form without our code, and hold against the manifest (docs/vendor.md).</summary>
public sealed class ControlTotals
{
    private readonly HashSet<long> cases = [];

    /// <summary>Data rows.</summary>
    public long Rows { get; private set; }

    /// <summary>Different cases.</summary>
    public long Cases => cases.Count;

    /// <summary>The sum of the digits behind the hyphen of each row's case id, read as a number.</summary>
    public long CaseNumbers { get; private set; }

    /// <summary>The sum of all digits of the first number of each row.</summary>
    public long PhoneDigits { get; private set; }

    /// <summary>Counts a row.</summary>
    /// <param name="caseId">Such as <c>AU-00000123</c>.</param>
    /// <param name="phone">The first number; empty or null where there is none.</param>
    public void Add(string caseId, string? phone)
    {
        long number = 0;
        foreach (var digit in caseId.Where(char.IsAsciiDigit))
        {
            number = (number * 10) + digit - '0';
        }

        Rows++;
        cases.Add(number); // a list is of one market
        CaseNumbers += number;
        foreach (var digit in (phone ?? "").Where(char.IsAsciiDigit))
        {
            PhoneDigits += digit - '0';
        }
    }
}
