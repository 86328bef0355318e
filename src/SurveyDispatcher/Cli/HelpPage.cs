using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Text;
using System.Text.RegularExpressions;
using Survey.Domain;

namespace SurveyDispatcher.Cli;

/// <summary>What System.CommandLine says by itself, in the language that is spoken: the frame of <c>--help</c>, and what is wrong with a command.</summary>
/// <remarks>
/// Its own translations lack half of the words, and it counts letters where a Chinese character takes two cells. So it speaks English
/// (<c>SatelliteResourceLanguages</c>), and is known by that.
/// </remarks>
internal static partial class HelpPage
{
    /// <summary>Takes the place of one half of a wide character while the library counts. It is white space, where a line may end; no text has it.</summary>
    private const char Half = '\u2005';

    private const string Required = "(REQUIRED)";

    private static readonly (Regex Form, Func<GroupCollection, Phrase> Say)[] Forms =
    [
        (NoCommand(), _ => $"Required command was not provided."),
        (UnknownWord(), g => $"Unrecognized command or argument '{g[1].Value}'."),
        (NotAmong(), g => $"Argument '{g[1].Value}' not recognized. Must be one of:{g[2].Value}"),
        (NoArgument(), g => $"Required argument missing for command: '{g[1].Value}'."),
        (NoValue(), g => $"Required argument missing for option: '{g[1].Value}'."),
        (NoOption(), g => $"Option '{g[1].Value}' is required."),
        (TooMany(), g => $"Option '{g[1].Value}' expects a single argument but {g[2].Value} were provided."),
        (NotAlone(), g => $"{g[1].Value} option cannot be combined with other arguments."),
        (BadValue(), g => $"Cannot parse argument '{g[1].Value}' for option '{g[2].Value}' as expected type '{g[3].Value}'."),
        (BadArgument(), g => $"Cannot parse argument '{g[1].Value}' for command '{g[2].Value}' as expected type '{g[3].Value}'."),
        (NoResponseFile(), g => $"Response file not found '{g[1].Value}'."),
    ];

    /// <summary>Has the page of a command and of those below it shown in the language that is spoken.</summary>
    public static void Speak(RootCommand root)
    {
        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction english } help)
            {
                help.Description = Say($"Show help and usage information");
                help.Action = new Spoken(english);
            }
            else if (option is VersionOption version)
            {
                version.Description = Say($"Show version information");
            }
        }
    }

    /// <summary>What is wrong with a command; what is not known here is shown as it is.</summary>
    public static string Fault(string message)
    {
        foreach (var (form, say) in Forms)
        {
            if (form.Match(message) is { Success: true } match)
            {
                return Say(say(match.Groups));
            }
        }

        return message;
    }

    /// <summary>The page of a command, as it was parsed.</summary>
    /// <param name="english">Writes it in English.</param>
    /// <param name="parsed">The command.</param>
    /// <param name="width">Cells of a line; null: as the terminal has, or as long as they are where there is none.</param>
    public static string Of(HelpAction english, ParseResult parsed, int? width = null)
    {
        using var page = new StringWriter();
        var output = parsed.InvocationConfiguration.Output;
        parsed.InvocationConfiguration.Output = page;
        if (width is { } cells)
        {
            english.MaxWidth = cells;
        }

        Spread(parsed.CommandResult.Command);
        english.Invoke(parsed);
        parsed.InvocationConfiguration.Output = output;
        return string.Join(Environment.NewLine, page.ToString().Replace($"{Half}", "", StringComparison.Ordinal).Split(Environment.NewLine).Select(InWords));
    }

    private static string InWords(string line) => line switch
    {
        "Description:" => Say($"Description:"),
        "Usage:" => Say($"Usage:"),
        "Arguments:" => Say($"Arguments:"),
        "Options:" => Say($"Options:"),
        "Commands:" => Say($"Commands:"),
        _ => Default().Replace(line, found => found.Value.EndsWith(' ') ? Say($"[default: ") : Say($"[default: ").TrimEnd())
            .Replace(" [command]", Say($" [command]"), StringComparison.Ordinal)
            .Replace(" [options]", Say($" [options]"), StringComparison.Ordinal)
            .Replace(Required, Columns.Left(Say($"(REQUIRED)"), Required.Length), StringComparison.Ordinal),
    };

    /// <summary>Makes every description on the page as long as it is wide.</summary>
    private static void Spread(Command command)
    {
        List<Symbol> shown = [command, .. command.Arguments, .. command.Subcommands, .. command.Options, .. Above(command).SelectMany(c => c.Options)];
        foreach (var symbol in shown)
        {
            symbol.Description = symbol.Description is { } text ? Spread(text.Replace($"{Half}", "", StringComparison.Ordinal)) : null;
        }
    }

    private static IEnumerable<Command> Above(Command command) => command.Parents.OfType<Command>().SelectMany(c => Above(c).Prepend(c));

    /// <summary>No line begins with a mark that closes, or ends with one that opens.</summary>
    private static string Spread(string text)
    {
        var (spread, halves) = (new StringBuilder(), 0);
        var runes = text.EnumerateRunes().Select(r => r.ToString()).ToList();
        for (var i = 0; i < runes.Count; i++)
        {
            spread.Append(runes[i]);
            halves += Columns.Width(runes[i]) - runes[i].Length;
            if (halves > 0 && !"（“《".Contains(runes[i], StringComparison.Ordinal) && !(i + 1 < runes.Count && "，。；：、）”》！？,.;:)]'".Contains(runes[i + 1], StringComparison.Ordinal)))
            {
                spread.Append(Half, halves);
                halves = 0;
            }
        }

        return spread.ToString();
    }

    /// <summary>Shows the page.</summary>
    private sealed class Spoken(HelpAction english) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true; // who asks for help has not finished his command

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.Write(Of(english, parseResult));
            return 0;
        }
    }

    [GeneratedRegex(@"\[default:( |$)")]
    private static partial Regex Default();

    [GeneratedRegex(@"\ARequired command was not provided\.\z")]
    private static partial Regex NoCommand();

    [GeneratedRegex(@"\AUnrecognized command or argument '(.*)'\.\z", RegexOptions.Singleline)]
    private static partial Regex UnknownWord();

    [GeneratedRegex(@"\AArgument '(.*)' not recognized\. Must be one of:(.*)\z", RegexOptions.Singleline)]
    private static partial Regex NotAmong();

    [GeneratedRegex(@"\ARequired argument missing for command: '(.*)'\.\z")]
    private static partial Regex NoArgument();

    [GeneratedRegex(@"\ARequired argument missing for option: '(.*)'\.\z")]
    private static partial Regex NoValue();

    [GeneratedRegex(@"\AOption '(.*)' is required\.\z")]
    private static partial Regex NoOption();

    [GeneratedRegex(@"\AOption '(.*)' expects a single argument but (\d+) were provided\.\z")]
    private static partial Regex TooMany();

    [GeneratedRegex(@"\A(\S+) option cannot be combined with other arguments\.\z")]
    private static partial Regex NotAlone();

    [GeneratedRegex(@"\ACannot parse argument '(.*)' for option '(.*)' as expected type '(.*)'\.\z", RegexOptions.Singleline)]
    private static partial Regex BadValue();

    [GeneratedRegex(@"\ACannot parse argument '(.*)' for command '(.*)' as expected type '(.*)'\.\z", RegexOptions.Singleline)]
    private static partial Regex BadArgument();

    [GeneratedRegex(@"\AResponse file not found '(.*)'\.\z", RegexOptions.Singleline)]
    private static partial Regex NoResponseFile();
}
