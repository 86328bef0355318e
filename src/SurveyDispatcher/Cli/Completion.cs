using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Text;

namespace SurveyDispatcher.Cli;

/// <summary>Scripts by which shells complete verbs, options and their values, made of the command line itself.</summary>
internal static class Completion
{
    /// <summary>The shells for which there is a script.</summary>
    public static readonly string[] Shells = ["bash", "zsh", "fish", "pwsh"];

    private const string Program = "SurveyDispatcher";

    /// <summary>What may stand at a place.</summary>
    private enum Kind
    {
        /// <summary>No value at all: a switch.</summary>
        None,

        /// <summary>Anything: nothing is proposed.</summary>
        Text,

        /// <summary>One of a few words.</summary>
        Words,

        /// <summary>A file, or a folder on the way to it.</summary>
        File,

        /// <summary>A folder.</summary>
        Folder,
    }

    /// <summary>The script of a shell.</summary>
    public static string Script(Command root, string shell)
    {
        var verbs = Verbs(root, "", []).ToList();
        return shell switch
        {
            "bash" => Bash(verbs),
            "zsh" => Zsh(verbs),
            "fish" => Fish(verbs),
            "pwsh" => PowerShell(verbs),
            _ => throw new ArgumentOutOfRangeException(nameof(shell), shell, "Unknown shell."),
        };
    }

    private static IEnumerable<Verb> Verbs(Command command, string path, IReadOnlyList<Choice> inherited)
    {
        var own = command.Options.Where(o => !o.Hidden).ToList();
        var options = own.Select(ChoiceOf).Concat(inherited).DistinctBy(o => o.Name).ToList();
        var argument = command.Arguments.Where(a => !a.Hidden).Select(a => new Choice("", a.Description ?? "", KindOf(a.HelpName ?? a.Name, a.GetCompletions(CompletionContext.Empty)), Words(a.GetCompletions(CompletionContext.Empty)))).FirstOrDefault();
        var below = command.Subcommands.Where(c => !c.Hidden).ToList();
        yield return new Verb(path, [.. below.Select(c => (c.Name, c.Description ?? ""))], options, argument);
        foreach (var verb in below.SelectMany(c => Verbs(c, $"{path}/{c.Name}", [.. inherited, .. own.Where(o => o.Recursive).Select(ChoiceOf)])))
        {
            yield return verb;
        }
    }

    private static Choice ChoiceOf(Option option)
    {
        var isSwitch = option.ValueType == typeof(bool) || option.ValueType == typeof(void) || option.Arity.MaximumNumberOfValues == 0;
        var words = isSwitch ? [] : option.GetCompletions(CompletionContext.Empty).ToList();
        return new Choice(option.Name, option.Description ?? "", isSwitch ? Kind.None : KindOf(option.HelpName ?? "", words), Words(words));
    }

    private static string[] Words(IEnumerable<CompletionItem> items) => [.. items.Select(i => i.InsertText ?? i.Label).Where(w => !w.StartsWith('-'))];

    private static Kind KindOf(string name, IEnumerable<CompletionItem> items) => Words(items).Length > 0 ? Kind.Words : name switch
    {
        "DIR" => Kind.Folder,
        "FILE" or "PATH" => Kind.File,
        _ => Kind.Text,
    };

    private static string Bash(List<Verb> verbs)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $$"""
            # Completion of {{Program}} for bash, printed by '{{Program}} completion bash'.
            _{{Program}}() {
                local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at="" word words="" i
                local IFS=$'\n'
                COMPREPLY=()
                for ((i = 1; i < COMP_CWORD; i++)); do
                    word=${COMP_WORDS[i]}
                    case "$at:$word" in
                        {{Joined(WithValue(verbs), "|")}}) ((i++)); continue ;;
                    esac
                    case "$at/$word" in
                        {{Joined(verbs.Where(v => v.Path.Length > 0).Select(v => v.Path), "|")}}) at="$at/$word" ;;
                    esac
                done
                case "$at:$prev" in

            """);
        foreach (var (keys, kind, words) in Values(verbs))
        {
            text.Append(CultureInfo.InvariantCulture, $"        {Joined(keys, "|")}) {BashValues(kind, words)}; return ;;\n");
        }

        text.Append("    esac\n    case \"$at\" in\n");
        foreach (var verb in verbs)
        {
            text.Append(CultureInfo.InvariantCulture, $"        \"{verb.Path}\")\n            words='{string.Join("'$'\\n''", verb.Names)}'\n");
            if (verb.Argument is { Kind: not Kind.Text } argument)
            {
                text.Append(CultureInfo.InvariantCulture, $"            [[ $cur == -* ]] || {{ {BashValues(argument.Kind, argument.Words)}; return; }}\n");
            }

            text.Append("            ;;\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}}\ncomplete -F _{Program} {Program}").ToString();
    }

    private static string BashValues(Kind kind, IReadOnlyList<string> words) => kind switch
    {
        Kind.Words => $"COMPREPLY=($(compgen -W '{string.Join("'$'\\n''", words)}' -- \"$cur\"))",
        Kind.Folder => "compopt -o filenames; while read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen -d -- \"$cur\")",
        Kind.File => "compopt -o filenames; while read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen -f -- \"$cur\")",
        _ => ":",
    };

    private static string Zsh(List<Verb> verbs)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $$"""
            #compdef {{Program}}
            # Completion of {{Program}} for zsh, printed by '{{Program}} completion zsh'.
            _{{Program}}() {
                local at="" word i
                local -a items
                for ((i = 2; i < CURRENT; i++)); do
                    word=${words[i]}
                    case "$at:$word" in
                        {{Joined(WithValue(verbs), "|")}}) ((i++)); continue ;;
                    esac
                    case "$at/$word" in
                        {{Joined(verbs.Where(v => v.Path.Length > 0).Select(v => v.Path), "|")}}) at="$at/$word" ;;
                    esac
                done
                case "$at:${words[CURRENT-1]}" in

            """);
        foreach (var (keys, kind, words) in Values(verbs))
        {
            text.Append(CultureInfo.InvariantCulture, $"        {Joined(keys, "|")}) {ZshValues(kind, words)}; return ;;\n");
        }

        text.Append("    esac\n    case \"$at\" in\n");
        foreach (var verb in verbs)
        {
            text.Append(CultureInfo.InvariantCulture, $"        \"{verb.Path}\")\n");
            if (verb.Argument is { Kind: not Kind.Text } argument)
            {
                text.Append(CultureInfo.InvariantCulture, $"            [[ $PREFIX == -* ]] || {{ {ZshValues(argument.Kind, argument.Words)}; return }}\n");
            }

            text.Append("            items=(\n");
            foreach (var (name, description) in verb.Below.Concat(verb.Options.Select(o => (o.Name, o.Description))))
            {
                text.Append(CultureInfo.InvariantCulture, $"                {Quoted($"{name}:{description}")}\n");
            }

            text.Append("            )\n            ;;\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"    esac\n    _describe -o '{Program}' items\n}}\n");
        return text.Append(CultureInfo.InvariantCulture, $"if [[ ${{funcstack[1]}} == _{Program} ]]; then _{Program} \"$@\"; else compdef _{Program} {Program}; fi").ToString();
    }

    private static string ZshValues(Kind kind, IReadOnlyList<string> words) => kind switch
    {
        Kind.Words => $"compadd -- {Joined(words, " ")}",
        Kind.Folder => "_files -/",
        Kind.File => "_files",
        _ => ":",
    };

    private static string Fish(List<Verb> verbs)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"""
            # Completion of {Program} for fish, printed by '{Program} completion fish'.
            function __{Program}_at
                set -l at ""
                set -l skip 0
                for word in (commandline -opc)[2..-1]
                    if test $skip = 1
                        set skip 0
                        continue
                    end
                    switch "$at:$word"
                        case {Joined(WithValue(verbs), " ")}
                            set skip 1
                            continue
                    end
                    switch "$at/$word"
                        case {Joined(verbs.Where(v => v.Path.Length > 0).Select(v => v.Path), " ")}
                            set at "$at/$word"
                    end
                end
                echo "at$at"
            end
            complete -c {Program} -f

            """);
        foreach (var verb in verbs)
        {
            var here = $"complete -c {Program} -n 'test (__{Program}_at) = \"at{verb.Path}\"'";
            foreach (var (name, description) in verb.Below)
            {
                text.Append(CultureInfo.InvariantCulture, $"{here} -a {name} -d {FishQuoted(description)}\n");
            }

            if (verb.Argument is { Kind: not Kind.Text } argument)
            {
                text.Append(CultureInfo.InvariantCulture, $"{here} {FishValues(argument.Kind, argument.Words)}\n");
            }

            foreach (var option in verb.Options.Where(o => o.Name.StartsWith("--", StringComparison.Ordinal)))
            {
                text.Append(CultureInfo.InvariantCulture, $"{here} -l {option.Name[2..]}{(option.Kind switch { Kind.None => "", Kind.File => " -r -F", _ => " -x " + FishValues(option.Kind, option.Words) })} -d {FishQuoted(option.Description)}\n");
            }
        }

        return text.ToString().TrimEnd();
    }

    private static string FishValues(Kind kind, IReadOnlyList<string> words) => kind switch
    {
        Kind.Words => $"-a {FishQuoted(string.Join(' ', words))}",
        Kind.Folder => "-a '(__fish_complete_directories)'",
        Kind.File => "-F",
        _ => "",
    };

    private static string PowerShell(List<Verb> verbs)
    {
        var text = new StringBuilder($"# Completion of {Program} for PowerShell, printed by '{Program} completion pwsh'.\nRegister-ArgumentCompleter -Native -CommandName {Program} -ScriptBlock {{\n    param($wordToComplete, $commandAst, $cursorPosition)\n");
        text.Append("    $values = @{\n");
        foreach (var verb in verbs)
        {
            foreach (var option in verb.Options.Where(o => o.Kind != Kind.None))
            {
                text.Append(CultureInfo.InvariantCulture, $"        {PowerShellQuoted($"{verb.Path}:{option.Name}")} = @({string.Join(", ", option.Words.Select(PowerShellQuoted))})\n");
            }
        }

        text.Append("    }\n    $names = @{\n");
        foreach (var verb in verbs)
        {
            text.Append(CultureInfo.InvariantCulture, $"        {PowerShellQuoted(verb.Path)} = @({string.Join(", ", verb.Names.Concat(verb.Argument?.Words ?? []).Select(PowerShellQuoted))})\n");
        }

        return text.Append(
            """
                }
                $at = ''
                $skip = $false
                $last = ''
                foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
                    if ($element.Extent.EndOffset -ge $cursorPosition -and $wordToComplete -ne '') { break }
                    $word = $element.ToString()
                    $last = $word
                    if ($skip) { $skip = $false; $last = ''; continue }
                    if ($values.ContainsKey("${at}:$word")) { $skip = $true; continue }
                    if ($names.ContainsKey("$at/$word")) { $at = "$at/$word" }
                }
                $words = if ($skip) { $values["${at}:$last"] } else { $names[$at] }
                $words | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
            }
            """.ReplaceLineEndings("\n")).ToString();
    }

    /// <summary>Options that take a value, as <c>PATH:NAME</c>.</summary>
    private static IEnumerable<string> WithValue(IEnumerable<Verb> verbs) => verbs.SelectMany(v => v.Options.Where(o => o.Kind != Kind.None).Select(o => $"{v.Path}:{o.Name}"));

    /// <summary>The same, those that take the same values together.</summary>
    private static IEnumerable<(IEnumerable<string> Keys, Kind Kind, IReadOnlyList<string> Words)> Values(IEnumerable<Verb> verbs) =>
        verbs.SelectMany(v => v.Options.Where(o => o.Kind != Kind.None).Select(o => (Key: $"{v.Path}:{o.Name}", Option: o)))
            .GroupBy(o => (o.Option.Kind, Words: string.Join('\n', o.Option.Words)))
            .Select(g => (g.Select(o => o.Key), g.Key.Kind, g.First().Option.Words));

    private static string Joined(IEnumerable<string> words, string separator) => string.Join(separator, words.Select(w => $"\"{w}\""));

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string FishQuoted(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    private static string PowerShellQuoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>An option, or the argument of a verb.</summary>
    private sealed record Choice(string Name, string Description, Kind Kind, IReadOnlyList<string> Words);

    /// <summary>A verb with all that may follow it; its path is <c>/source/check</c>.</summary>
    private sealed record Verb(string Path, IReadOnlyList<(string Name, string Description)> Below, IReadOnlyList<Choice> Options, Choice? Argument)
    {
        public IEnumerable<string> Names => Below.Select(b => b.Name).Concat(Options.Select(o => o.Name));
    }
}
