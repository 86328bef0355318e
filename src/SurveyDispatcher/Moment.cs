namespace SurveyDispatcher;

/// <summary>A seam for tests: tells of each moment at which a process that dies, or a disk that fails, would leave something half done.</summary>
/// <remarks>Nothing but a test ever listens, and no setting can make anything listen.</remarks>
internal static class Moment
{
    /// <summary>Told what is about to happen, on the thread that is about to do it. It may kill the process, or throw as a disk would.</summary>
    public static Action<string, string>? Before { get; set; }

    /// <summary>Something that outlives the process is about to happen.</summary>
    /// <param name="what">A word for it: <c>statement</c>, <c>commit</c>, <c>flush</c>, <c>rename</c>, <c>send</c> ...</param>
    /// <param name="to">The statement's name, the file's path, the contact's name.</param>
    public static void Of(string what, string to) => Before?.Invoke(what, to);
}
