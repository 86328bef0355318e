namespace Survey.Domain;

/// <summary>What another configuration changes for a customer.</summary>
public enum ContactChange
{
    /// <summary>The first contact falls on the same day, or there is none in either.</summary>
    None,

    /// <summary>Contacted only under the draft.</summary>
    NewlyContacted,

    /// <summary>Contacted only under the configuration in force.</summary>
    NoLongerContacted,

    /// <summary>Contacted under both, earlier under the draft.</summary>
    Earlier,

    /// <summary>Contacted under both, later under the draft.</summary>
    Later,
}

/// <summary>The codes of changes, in JSON and lists.</summary>
public static class ContactChanges
{
    /// <summary>The change's code.</summary>
    public static string Code(this ContactChange change) => change switch
    {
        ContactChange.NewlyContacted => "newly_contacted",
        ContactChange.NoLongerContacted => "no_longer_contacted",
        ContactChange.Earlier => "earlier",
        ContactChange.Later => "later",
        _ => "none",
    };

    /// <summary>Compares the first contacts of a customer, as far as they fall on some days or before them.</summary>
    /// <param name="current">Under the configuration in force.</param>
    /// <param name="draft">Under the draft.</param>
    /// <param name="from">The first day that is asked about.</param>
    /// <param name="to">The last day; what comes later has not come.</param>
    public static ContactChange Of(DateOnly? current, DateOnly? draft, DateOnly from, DateOnly to)
    {
        var (now, then) = (current <= to ? current : null, draft <= to ? draft : null);
        return now == then || (now ?? from) < from && (then ?? from) < from ? ContactChange.None : (now, then) switch
        {
            (null, { } on) => on >= from ? ContactChange.NewlyContacted : ContactChange.None,
            ({ } on, null) => on >= from ? ContactChange.NoLongerContacted : ContactChange.None,
            _ => then < now ? ContactChange.Earlier : ContactChange.Later,
        };
    }
}
