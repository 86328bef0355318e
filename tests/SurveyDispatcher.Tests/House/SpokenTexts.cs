using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Survey.Domain;

namespace SurveyDispatcher.Tests.House;

/// <summary>What the source of the program says to people, found by the compiler.</summary>
internal static class SpokenTexts
{
    private static readonly string Root = FindRoot();

    private static readonly Lazy<IReadOnlyList<SemanticModel>> Models = new(Compile);

    /// <summary>The pattern of every phrase, with the place where it stands.</summary>
    public static ILookup<string, string> Patterns() => Models.Value
        .SelectMany(model => model.SyntaxTree.GetRoot().DescendantNodes().OfType<ExpressionSyntax>().Where(e => IsPhrase(model, e)).Select(e => (Pattern: PatternOf(e), Place: PlaceOf(e))))
        .ToLookup(p => p.Pattern, p => p.Place);

    /// <summary>Plain strings that look like sentences: what nobody can translate.</summary>
    public static IEnumerable<(string Text, string Place)> Untranslated() => Models.Value.SelectMany(model => model.SyntaxTree.GetRoot().DescendantNodes()
        .Where(n => n is InterpolatedStringExpressionSyntax or LiteralExpressionSyntax { RawKind: (int)SyntaxKind.StringLiteralExpression })
        .Cast<ExpressionSyntax>()
        .Where(e => LooksLikeWords(PlainTextOf(e)) && !IsForPrograms(model, e) && !IsInPhrase(model, e))
        .Select(e => (PlainTextOf(e), PlaceOf(e))));

    private static bool LooksLikeWords(string text) => text.Split(' ').Count(w => w.Length > 1 && w.All(c => char.IsAsciiLetter(c) || c is ',' or '.' or ':' or '\'')) >= 2;

    private static string PlainTextOf(ExpressionSyntax e) => e switch
    {
        InterpolatedStringExpressionSyntax i => string.Concat(i.Contents.Select(c => c is InterpolatedStringTextSyntax t ? t.TextToken.ValueText : "#")),
        LiteralExpressionSyntax l => l.Token.ValueText,
        _ => "",
    };

    /// <summary>Faults of the program itself, attributes, logs, and what other programs read.</summary>
    private static bool IsForPrograms(SemanticModel model, ExpressionSyntax e)
    {
        foreach (var around in e.Ancestors())
        {
            switch (around)
            {
                case AttributeSyntax:
                case ObjectCreationExpressionSyntax made when model.GetTypeInfo(made).Type?.Name is
                    "InvalidOperationException" or "ArgumentOutOfRangeException" or "ArgumentException" or "InvalidDataException" or "FormatException" or "NotSupportedException" or "ObjectDisposedException":
                case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: var name } } when name.StartsWith("Log", StringComparison.Ordinal):
                    return true;
                case StatementSyntax or MemberDeclarationSyntax:
                    return false;
                default:
                    break;
            }
        }

        return false;
    }

    private static bool IsInPhrase(SemanticModel model, ExpressionSyntax e) => IsPhrase(model, e) || (e.Parent is BinaryExpressionSyntax sum && IsInPhrase(model, sum));

    private static bool IsPhrase(SemanticModel model, ExpressionSyntax e) =>
        (e is InterpolatedStringExpressionSyntax || e is BinaryExpressionSyntax { RawKind: (int)SyntaxKind.AddExpression })
        && model.GetTypeInfo(e).ConvertedType?.Name == nameof(Phrase)
        && !(e.Parent is BinaryExpressionSyntax sum && model.GetTypeInfo(sum).ConvertedType?.Name == nameof(Phrase));

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

    private static string PlaceOf(ExpressionSyntax e) =>
        $"{Path.GetRelativePath(Root, e.SyntaxTree.FilePath)}:{e.GetLocation().GetLineSpan().StartLinePosition.Line + 1}";

    private static List<SemanticModel> Compile()
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is not ("Survey.Domain.dll" or "SurveyDispatcher.dll"))
            .Select(path => MetadataReference.CreateFromFile(path));
        var options = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest);
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
