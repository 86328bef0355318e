using System.Data.Common;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.Cli;

/// <summary>Shows a screen again and again (<c>status --watch</c>) until it is stopped.</summary>
/// <remarks>
/// On a terminal each screen is written over the one before: from its corner, line by line, what is left behind a line and below the last one
/// cleared; nothing is cleared beforehand, so that nothing flickers. Elsewhere the screens stand one below the other.
/// </remarks>
internal static class StatusWatch
{
    private const string Home = "\u001b[H", ClearLine = "\u001b[K", ClearBelow = "\u001b[J", HideCursor = "\u001b[?25l", ShowCursor = "\u001b[?25h";
    private const string Separator = "----";

    /// <summary>Runs until <paramref name="ct"/>. What goes wrong with one look is shown in its place: the next one may do better.</summary>
    /// <param name="screen">Looks, and gives the screen.</param>
    /// <param name="every">The pause between two looks.</param>
    /// <param name="size">The terminal's columns and lines; null: there is none.</param>
    /// <param name="output">Where it is shown.</param>
    /// <param name="time">Whose pauses.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task RunAsync(Func<string> screen, TimeSpan every, Func<(int Columns, int Lines)>? size, TextWriter output, TimeProvider time, CancellationToken ct)
    {
        await Task.Yield(); // Ctrl+C is listened for only when whoever called us goes on: looks that take longer than the pause would never let him
        using var timer = new PeriodicTimer(every, time);
        await output.WriteAsync(size is null ? "" : HideCursor);
        try
        {
            for (var first = true; !ct.IsCancellationRequested; first = false)
            {
                var text = Look(screen);
                await output.WriteAsync(size is null
                    ? $"{(first ? "" : Separator + Environment.NewLine)}{text}{Environment.NewLine}"
                    : OnTerminal(text, size()));
                await output.FlushAsync(CancellationToken.None);
                await timer.WaitForNextTickAsync(ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await output.FlushAsync(CancellationToken.None); // it was told to stop: that is its end
        }
        finally
        {
            await output.WriteAsync(size is null ? "" : ShowCursor + Environment.NewLine);
        }
    }

    /// <summary>The screen as a terminal is given it: no line longer than its width, and no more lines than it has.</summary>
    internal static string OnTerminal(string text, (int Columns, int Lines) size)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var shown = lines.Length <= size.Lines ? lines : [.. lines.Take(Math.Max(0, size.Lines - 1)), Say($"... {lines.Length - size.Lines + 1} more line(s): make the window higher")];
        return Home + string.Join("\r\n", shown.Select(line => Columns.Cut(line, size.Columns) + ClearLine)) + ClearBelow;
    }

    private static string Look(Func<string> screen)
    {
        try
        {
            return screen();
        }
        catch (OperatorException e)
        {
            return e.Message;
        }
        catch (DbException e)
        {
            return Say($"The store can't be used: {Database.Explain(e)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Say($"A file could not be read: {PlainText.Shown(Reason.Of(e))}");
        }
    }
}
