using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Survey.Domain;

namespace SurveyDispatcher.Tests.House;

/// <summary>What the source of the program says to people, found by the compiler.</summary>
internal static class SpokenTexts
{
    /// <summary>Files and folders whose sentences are not the program's own words to the people who run it.</summary>
    private static readonly string[] NotForOperators =
    [
        "src/Survey.Domain/OutcomeRates.cs", // formulas of rates, as reports and exports show them
        "src/SurveyDispatcher/Reports/", // reports for dealers speak the languages of Reports/Words/, by an option of their own
        "src/SurveyDispatcher/UseCases/Exports/", // what columns mean, for analysts: part of the data, which is the same for everybody
        "src/SurveyDispatcher/UseCases/DemoCustomers.cs", // what the demo's customers, mail servers and callers say
        "src/SurveyDispatcher/Mail/OldBounces.cs", // the words of other mailers, by which their mails are known
        "src/SurveyDispatcher/Mail/SmtpSession.cs", // what SMTP says on the wire
        "src/SurveyDispatcher/Reason.cs", // the words of the framework and the system, by which their messages are known
        "src/SurveyDispatcher/LatinLetters.cs", // tables of letters
        "src/SurveyDispatcher/Cli/Completion.cs", // scripts; what they say of verbs and options comes from the command line, which is translated
    ];

    private static readonly HashSet<string> SqlVerbs =
        ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "SET", "BEGIN", "DECLARE", "FETCH", "CLOSE", "PRAGMA", "VACUUM", "COPY", "bigint", "INTEGER", "INSERT,"];

    /// <summary>Names and forms of several words.</summary>
    private static readonly HashSet<string> Names =
    [
        "test message", // a check of mail check, as its JSON names it
        "dry run", // instead of a relay's reply
        "not asked", // a verdict, as the JSON of explain has it
        "ours, interim", // no edition of AAPOR defines the code
        "The server closed the connection.", // told by Dialogue in other words
        "process # on ##", " (withdrawals between two cycles)", // in cycle.process, which CycleLock reads again
        "written to ", // the reply of PickupTransport, which Receipt reads again
        "Request Header Fields Too Large", "Bad Request", "Not Found", "Method Not Allowed", "Service Unavailable", "Allow: GET, HEAD\r\n", // HTTP's own words
        "first fault", "store flush", "survey schedule", "Command Timeout", "timestamp with time zone", "ddd, dd MMM yyyy HH:mm:ss ", // keys, threads, applications, types, a date in a mail
        "d MMM yyyy", "MMM d, yyyy", " h:mm tt", " h:mm:ss tt", // formats of dates in extracts
        "true or false", "whole number", "list of texts", "list of whole numbers", "list of objects", // types, as the reference of the configuration names them
    ];

    /// <summary>Thrown where only a mistake of ours, or data that no program of ours wrote, can lead: told with its type, and with the request to report it.</summary>
    private static readonly HashSet<string> FaultsOfTheProgram =
    [
        "InvalidOperationException", "ArgumentOutOfRangeException", "ArgumentException", "InvalidDataException", "FormatException", "NotSupportedException",
        "ObjectDisposedException", "DecoderFallbackException",
    ];

    /// <summary>Methods that take what programs read: commands, names of moments for tests, words that are looked for in others' text, what a collector is told of a measure.</summary>
    private static readonly HashSet<string> ProtocolMethods =
        ["StartsWith", "EndsWith", "Contains", "IndexOf", "Of", "Replace", "CommandAsync", "CreateCounter", "CreateHistogram", "CreateObservableGauge"];

    private static readonly string Root = FindRoot();

    private static readonly Lazy<IReadOnlyList<SemanticModel>> Models = new(Compile);

    /// <summary>The pattern of every phrase, with the place where it stands.</summary>
    public static ILookup<string, string> Patterns() => Models.Value
        .SelectMany(model => model.SyntaxTree.GetRoot().DescendantNodes().OfType<ExpressionSyntax>().Where(e => IsPhrase(model, e)).Select(e => (Pattern: PatternOf(e), Place: PlaceOf(e))))
        .ToLookup(p => p.Pattern, p => p.Place);

    /// <summary>Plain strings that look like sentences: what nobody can translate.</summary>
    public static IEnumerable<(string Text, string Place)> Untranslated() => Models.Value
        .Where(model => !NotForOperators.Any(file => PathOf(model.SyntaxTree).StartsWith(file, StringComparison.Ordinal)))
        .SelectMany(Plain);

    /// <summary>Files that are excused, and have nothing to excuse any more.</summary>
    public static IEnumerable<string> NeedlesslyExcused() => NotForOperators
        .Where(file => !Models.Value.Any(model => PathOf(model.SyntaxTree).StartsWith(file, StringComparison.Ordinal) && Plain(model).Any()));

    private static IEnumerable<(string Text, string Place)> Plain(SemanticModel model) => model.SyntaxTree.GetRoot().DescendantNodes()
        .Where(n => n is InterpolatedStringExpressionSyntax or LiteralExpressionSyntax { RawKind: (int)SyntaxKind.StringLiteralExpression })
        .Cast<ExpressionSyntax>()
        .Where(e => LooksLikeWords(PlainTextOf(e)) && !IsSql(PlainTextOf(e)) && !IsPage(PlainTextOf(e)) && !Names.Contains(PlainTextOf(e)) && !IsForPrograms(model, e) && !IsInPhrase(model, e))
        .Select(e => (PlainTextOf(e), PlaceOf(e)));

    /// <summary>Two words side by side. Shorter texts are codes or labels: who writes a label gives it to a method that takes a phrase.</summary>
    private static bool LooksLikeWords(string text) => text.Split(' ').Count(w => w.Length > 1 && w.All(c => char.IsAsciiLetter(c) || c is ',' or '.' or ':' or '\'')) >= 2;

    private static bool IsSql(string text) => SqlVerbs.Contains(text.TrimStart().Split(' ', ';')[0]);

    /// <summary>The frame of a page; its sentences stand in gaps.</summary>
    private static bool IsPage(string text) => text.StartsWith("<!DOCTYPE html>", StringComparison.Ordinal);

    private static string PlainTextOf(ExpressionSyntax e) => e switch
    {
        InterpolatedStringExpressionSyntax i => string.Concat(i.Contents.Select(c => c is InterpolatedStringTextSyntax t ? t.TextToken.ValueText : "#")),
        LiteralExpressionSyntax l => l.Token.ValueText,
        _ => "",
    };

    /// <summary>What programs read, and programmers.</summary>
    private static bool IsForPrograms(SemanticModel model, ExpressionSyntax e)
    {
        foreach (var around in e.Ancestors())
        {
            switch (around)
            {
                case AttributeArgumentSyntax { NameEquals.Name.Identifier.ValueText: "ErrorMessage" }:
                    return false; // of a setting: config check shows it
                case AttributeSyntax: // patterns, names of functions
                case ObjectCreationExpressionSyntax made when FaultsOfTheProgram.Contains(model.GetTypeInfo(made).Type?.Name ?? ""):
                case InvocationExpressionSyntax called when ProtocolMethods.Contains(NameOf(called)):
                    return true;
                case StatementSyntax or MemberDeclarationSyntax:
                    return false;
                default:
                    break;
            }
        }

        return false;
    }

    private static string NameOf(InvocationExpressionSyntax called) => called.Expression switch
    {
        MemberAccessExpressionSyntax member => member.Name.Identifier.ValueText,
        SimpleNameSyntax name => name.Identifier.ValueText,
        _ => "",
    };

    private static bool IsInPhrase(SemanticModel model, ExpressionSyntax e) => IsPhrase(model, e) || (e.Parent is BinaryExpressionSyntax sum && IsInPhrase(model, sum));

    private static bool IsPhrase(SemanticModel model, ExpressionSyntax e) =>
        (e is InterpolatedStringExpressionSyntax || e is BinaryExpressionSyntax { RawKind: (int)SyntaxKind.AddExpression })
        && BecomesPhrase(model, e) && !(e.Parent is BinaryExpressionSyntax sum && BecomesPhrase(model, sum));

    /// <summary>By what is expected there, or by a cast.</summary>
    private static bool BecomesPhrase(SemanticModel model, ExpressionSyntax e)
    {
        var around = e.Parent;
        while (around is ParenthesizedExpressionSyntax)
        {
            around = around.Parent;
        }

        return (around is CastExpressionSyntax cast ? model.GetTypeInfo(cast).Type : model.GetTypeInfo(e).ConvertedType)?.Name == nameof(Phrase);
    }

    private static string PatternOf(ExpressionSyntax e)
    {
        var phrase = new Phrase(0, 0);
        Add(phrase, e);
        return phrase.Pattern;
    }

    private static void Add(Phrase phrase, ExpressionSyntax e)
    {
        if (e is BinaryExpressionSyntax sum)
        {
            Add(phrase, sum.Left);
            Add(phrase, sum.Right);
            return;
        }

        foreach (var part in ((InterpolatedStringExpressionSyntax)e).Contents)
        {
            if (part is InterpolationSyntax gap)
            {
                phrase.AppendFormatted("", gap.FormatClause?.FormatStringToken.ValueText);
            }
            else
            {
                phrase.AppendLiteral(((InterpolatedStringTextSyntax)part).TextToken.ValueText.Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal));
            }
        }
    }

    private static string PathOf(SyntaxTree tree) => Path.GetRelativePath(Root, tree.FilePath).Replace('\\', '/');

    private static string PlaceOf(ExpressionSyntax e) =>
        $"{PathOf(e.SyntaxTree)}:{e.GetLocation().GetLineSpan().StartLinePosition.Line + 1}";

    private static List<SemanticModel> Compile()
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is not ("Survey.Domain.dll" or "SurveyDispatcher.dll"))
            .Select(path => MetadataReference.CreateFromFile(path));
        var options = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest).WithPreprocessorSymbols("MAILKIT"); // that flavour speaks, too
        var trees = new[] { "Survey.Domain", "SurveyDispatcher" }
            .SelectMany(project => Directory.EnumerateFiles(Path.Combine(Root, "src", project), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), options, file))
            .ToList();
        var usings = CSharpSyntaxTree.ParseText(
            "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Threading; "
            + "global using System.Threading.Tasks; global using static SurveyDispatcher.Texts;", options);
        var compilation = CSharpCompilation.Create("Spoken", [usings, .. trees], references, new CSharpCompilationOptions(OutputKind.ConsoleApplication, allowUnsafe: true));
        return trees.ConvertAll(tree => compilation.GetSemanticModel(tree));
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "SurveyPipeline.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
