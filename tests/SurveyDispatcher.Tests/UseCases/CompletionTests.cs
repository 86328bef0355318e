using System.CommandLine;
using System.Diagnostics;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.UseCases;

/// <summary>The scripts are loaded into real shells, which are asked what they would propose.</summary>
public sealed class CompletionTests
{
    /// <summary>Words before the cursor, the last of which may be empty, and some of what is proposed.</summary>
    public static TheoryData<string[], string[], string[]> Places => new()
    {
        { ["c"], ["cycle", "config", "completion"], ["demo", "status"] },
        { [""], ["cycle", "source", "export", "--config", "--data"], ["check", "--dry-run"] },
        { ["source", ""], ["check"], ["cycle"] },
        { ["source", "check", "--"], ["--rows", "--json", "--write", "--config"], ["--format", "--to"] },
        { ["cycle", "--d"], ["--dry-run", "--data"], ["--json"] },
        { ["export", "res"], ["responses"], ["cases"] },
        { ["export", "all", "--format", ""], ["csv", "sqlite"], ["responses", "--out"] },
        { ["--data", "cycle", "export", "--format", "s"], ["sqlite"], ["csv"] },
        { ["store", "copy", "--provider", "P"], ["PostgreSql"], ["Sqlite"] },
        { ["report", "--language", ""], ["en", "zh-CN"], ["--market"] },
        { ["completion", ""], ["bash", "zsh", "fish", "pwsh"], ["cycle"] },
        { ["cycle", "--config", "DIR/co"], ["DIR/configuration"], ["DIR/confused.txt"] },
        { ["source", "check", "DIR/conf"], ["DIR/configuration", "DIR/confused.txt"], ["--json"] },
        { ["cycle", "--config", "DIR/od"], ["DIR/od[d]", "DIR/odd"], ["DIR/od"] },
        { ["cycle", "--as-of", ""], [], ["--dry-run", "cycle"] },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public Task BashProposesWhatMayFollow(string[] words, string[] proposed, string[] not) => ProposesAsync("bash", words, proposed, not, (script, line) =>
        $"""
        source '{script}'
        COMP_WORDS=({line}); COMP_CWORD=$((${"{#COMP_WORDS[@]}"} - 1))
        compopt() {"{ :; }"}
        _SurveyDispatcher
        printf '%s\n' "${"{COMPREPLY[@]}"}"
        """);

    [Theory]
    [MemberData(nameof(Places))]
    public Task FishProposesWhatMayFollow(string[] words, string[] proposed, string[] not) => ProposesAsync("fish", words, words[^1].Length == 0 ? [.. proposed.Where(p => !p.StartsWith('-'))] : proposed /* options only behind a dash */, not, (script, line) =>
        $"""
        source '{script}'
        complete -C "{line.Replace("''", "", StringComparison.Ordinal)}" | string split -f1 \t
        """);

    [Theory]
    [MemberData(nameof(Places))]
    public Task ZshProposesWhatMayFollow(string[] words, string[] proposed, string[] not) => ProposesAsync("zsh", words, proposed, not, (script, line) =>
        $$"""
        autoload -Uz compinit; compinit -u -D 2>/dev/null
        words=({{line}}); CURRENT=${#words}; PREFIX=${words[-1]}
        offer() { local w; for w; do [[ $w == ${PREFIX}* ]] && print -r -- "$w"; done; true }
        compadd() { shift; offer "$@" }
        _describe() { local -a found; found=("${(@P)3}"); offer "${(@)found%%:*}" }
        _files() { [[ $1 == -/ ]] && offer ${PREFIX}*(N/) || offer ${PREFIX}*(N) }
        compdef() { : }
        source '{{script}}'
        _SurveyDispatcher
        """);

    [Fact]
    public async Task PowerShellsScriptKnowsEveryVerbAndValue()
    {
        using var world = new World();

        var script = await PrintAsync("pwsh");

        Assert.Contains("'/source/check' = @(", script, StringComparison.Ordinal);
        Assert.Contains("'/export:--format' = @('csv', 'sqlite')", script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherShellIsRefusedWithThoseThatThereAre()
    {
        using var error = new StringWriter();

        Assert.Equal(2, await Cli.CommandLine.RunAsync(["completion", "tcsh"], TextWriter.Null, error, TimeProvider.System));
        Assert.Contains("bash", error.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> PrintAsync(string shell)
    {
        using var output = new StringWriter();
        Assert.Equal(0, await Cli.CommandLine.RunAsync(["completion", shell], output, TextWriter.Null, TimeProvider.System));
        return output.ToString();
    }

    private static async Task ProposesAsync(string shell, string[] words, string[] proposed, string[] not, Func<string, string, string> program)
    {
        if (!Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(p => File.Exists(Path.Combine(p, shell))))
        {
            Assert.Skip($"{shell} is not installed.");
        }

        using var world = new World();
        Directory.CreateDirectory(Path.Combine(world.Root, "configuration"));
        File.WriteAllText(Path.Combine(world.Root, "confused.txt"), "");
        Directory.CreateDirectory(Path.Combine(world.Root, "od[d]")); // a pattern that fits the other one
        Directory.CreateDirectory(Path.Combine(world.Root, "odd"));
        string Here(string word) => word.Replace("DIR", world.Root, StringComparison.Ordinal);
        var script = Path.Combine(world.Root, "completion");
        File.WriteAllText(script, await PrintAsync(shell));
        var line = string.Join(' ', words.Prepend("SurveyDispatcher").Select(w => w.Length == 0 ? "''" : Here(w)));
        File.WriteAllText(Path.Combine(world.Root, "ask"), program(script, line));

        var start = new ProcessStartInfo(shell) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(world.Root, "ask"));
        start.Environment["HOME"] = world.Root;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var found = (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n').Select(l => l.Trim().TrimEnd('/')).ToList();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(proposed.All(p => found.Contains(Here(p))), $"{line}: {string.Join(' ', found)}\n{await error}");
        Assert.DoesNotContain(found, f => not.Select(Here).Contains(f));
    }
}
