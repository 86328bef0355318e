using System.ComponentModel.DataAnnotations;

namespace SurveyDispatcher.Configuration;

/// <summary>The section <c>Alarms</c>: from when on <c>status</c> says that something needs a person (docs/status.md). 0 turns a rule off where 0 is allowed.</summary>
public sealed class AlarmOptions
{
    /// <summary>Hours. No cycle began for longer, or one is running for longer. The default is 26: a cycle a day, and some delay.</summary>
    [Range(0, 8_784)]
    public int CycleHours { get; set; } = 26;

    /// <summary>MiB. Less than this is free on the disk of the data directory. The default is 1,024.</summary>
    [Range(0, int.MaxValue)]
    public int DiskFreeMiB { get; set; } = 1_024;

    /// <summary>Percent. Less than this share of that disk is free. The default is 5.</summary>
    [Range(0, 100)]
    public int DiskFreePercent { get; set; } = 5;

    /// <summary>Days. The oldest mail was planned longer ago, and is still queued. The default is 2.</summary>
    [Range(0, 366)]
    public int MailQueuedDays { get; set; } = 2;

    /// <summary>Days. A file that was refused is shown for so long, unless a good one of its series came. The default is 7.</summary>
    [Range(0, 366)]
    public int RefusedDays { get; set; } = 7;

    /// <summary>Days. So far back goes the history by which extracts are judged: when they come, how many rows, how many empty cells. The default is 56; 0: they are not judged.</summary>
    [Range(0, 366)]
    public int HistoryDays { get; set; } = 56;

    /// <summary>Times. An extract has more rows than so many times the median of its series, or fewer than that part of it. The default is 4.</summary>
    [Range(0, 1_000)]
    public int RowFactor { get; set; } = 4;

    /// <summary>Rows. An extract is judged by its rows only when it or the median of its series has as many; by shares, when it has itself. The default is 50.</summary>
    [Range(1, int.MaxValue)]
    public int RowsAtLeast { get; set; } = 50;

    /// <summary>Percentage points. The share of empty cells in a column of an extract lies so far above the median of its series. The default is 20.</summary>
    [Range(0, 100)]
    public int EmptyPoints { get; set; } = 20;

    /// <summary>Percentage points. The share of rejected rows of an extract lies so far above the median of its series. The default is 5.</summary>
    [Range(0, 100)]
    public int RejectedPoints { get; set; } = 5;

    /// <summary>Days over which bounces and opt-outs are counted, today among them. The default is 7.</summary>
    [Range(1, 366)]
    public int RateDays { get; set; } = 7;

    /// <summary>Mails, or contacts. With fewer in these days a market has no rate. The default is 100.</summary>
    [Range(1, int.MaxValue)]
    public int ContactsAtLeast { get; set; } = 100;

    /// <summary>Percent. More of a market's mails were rejected or came back. The default is 5.</summary>
    [Range(0, 100)]
    public int BouncePercent { get; set; } = 5;

    /// <summary>Percent. More of a market's contacts ended with the customer wanting no more. The default is 2.</summary>
    [Range(0, 100)]
    public int OptOutPercent { get; set; } = 2;

    /// <summary>Days. A market's vendor has cases for longer, and has sent nothing back. The default is 5.</summary>
    [Range(0, 366)]
    public int VendorSilentDays { get; set; } = 5;
}
