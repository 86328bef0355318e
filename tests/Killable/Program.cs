using System.Diagnostics;
using System.Globalization;
using SurveyDispatcher;
using SurveyDispatcher.Cli;

// The program as it is, but that its moments (src/SurveyDispatcher/Moment.cs) are counted, and that it can be killed at one of them:
//
//   Killable PATTERN COUNT ARGUMENTS...    kills itself (SIGKILL) before the COUNT-th moment whose words contain PATTERN
//   Killable PATTERN stop:COUNT ARG...     stops itself there (SIGSTOP), as a machine that stalls; SIGCONT lets it go on
//   Killable PATTERN hang:COUNT ARG...     lets the thread that has come there stand still for ever, as a disk that hangs; the others go on
//   Killable PATH list ARGUMENTS...        writes its moments to PATH, one a line
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var (pattern, what, count) = (args[0], args[1], 0);
using var list = what == "list" ? TextWriter.Synchronized(new StreamWriter(pattern)) : TextWriter.Null;
var stops = what.StartsWith("stop:", StringComparison.Ordinal);
var hangs = what.StartsWith("hang:", StringComparison.Ordinal);
using var never = new ManualResetEventSlim();
var wanted = what == "list" ? 0 : int.Parse(stops || hangs ? what[5..] : what, CultureInfo.InvariantCulture);
Moment.Before = (kind, to) =>
{
    var words = $"{kind} {to}";
    list.WriteLine(words);
    if (wanted > 0 && words.Contains(pattern, StringComparison.Ordinal) && Interlocked.Increment(ref count) == wanted)
    {
        if (hangs)
        {
            never.Wait();
        }

        using var signal = Process.Start("kill", [stops ? "-STOP" : "-KILL", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)]);
        signal.WaitForExit(); // which we don't live to see, or only when we may go on
    }
};
return await CommandLine.RunAsync(args[2..], Console.Out, Console.Error, TimeProvider.System);
