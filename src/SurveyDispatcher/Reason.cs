using System.Text.RegularExpressions;
using Survey.Domain;

namespace SurveyDispatcher;

/// <summary>Why something failed: what the framework and the operating system say of it, in the reader's language where it is one of the faults that come up.</summary>
/// <remarks>They speak English only. What is not known here is shown as it is.</remarks>
internal static partial class Reason
{
    /// <summary>The message of a fault that the framework throws.</summary>
    public static string Of(Exception e) => InWords(e.Message);

    /// <summary>A message of the framework, or of its checks of settings.</summary>
    public static string InWords(string message)
    {
        foreach (var (form, say) in Forms)
        {
            if (form.Match(message) is { Success: true } match)
            {
                return Say(say(match.Groups));
            }
        }

        return System().Match(message) is { Success: true } error && OfSystem(error.Groups["error"].Value) is { } words
            ? Say($"{words}{error.Groups["rest"].Value}")
            : message;
    }

    private static readonly (Regex Form, Func<GroupCollection, Phrase> Say)[] Forms =
    [
        (AccessDenied(), g => $"Access to the path '{g[1].Value}' is denied."),
        (NoFile(), g => $"Could not find file '{g[1].Value}'."),
        (NoPath(), g => $"Could not find a part of the path '{g[1].Value}'."),
        (FileExists(), g => $"The file '{g[1].Value}' already exists."),
        (InUse(), g => $"The process cannot access the file '{g[1].Value}' because it is being used by another process."),
        (OutOfRange(), g => $"The field {g[1].Value} must be between {g[2].Value} and {g[3].Value}."),
        (Missing(), g => $"The {g[1].Value} field is required."),
    ];

    private static Phrase? OfSystem(string error) => error switch
    {
        "No space left on device" => $"No space left on device",
        "Disk quota exceeded" => $"Disk quota exceeded",
        "Read-only file system" => $"Read-only file system",
        "Permission denied" => $"Permission denied",
        "Operation not permitted" => $"Operation not permitted",
        "Input/output error" => $"Input/output error",
        "Is a directory" => $"Is a directory",
        "Not a directory" => $"Not a directory",
        "Directory not empty" => $"Directory not empty",
        "File name too long" => $"File name too long",
        "Too many open files" => $"Too many open files",
        "Device or resource busy" => $"Device or resource busy",
        "Stale file handle" => $"Stale file handle",
        "Connection refused" => $"Connection refused",
        "Address already in use" => $"Address already in use",
        "Cannot assign requested address" => $"Cannot assign requested address",
        "No such file or directory" => $"No such file or directory",
        _ => null,
    };

    [GeneratedRegex(@"\AAccess to the path '(.*)' is denied\.\z", RegexOptions.Singleline)]
    private static partial Regex AccessDenied();

    [GeneratedRegex(@"\ACould not find file '(.*)'\.\z", RegexOptions.Singleline)]
    private static partial Regex NoFile();

    [GeneratedRegex(@"\ACould not find a part of the path '(.*)'\.\z", RegexOptions.Singleline)]
    private static partial Regex NoPath();

    [GeneratedRegex(@"\AThe file '(.*)' already exists\.\z", RegexOptions.Singleline)]
    private static partial Regex FileExists();

    [GeneratedRegex(@"\AThe process cannot access the file '(.*)' because it is being used by another process\.\z", RegexOptions.Singleline)]
    private static partial Regex InUse();

    [GeneratedRegex(@"\AThe field (\w+) must be between (\S+) and (\S+)\.\z")]
    private static partial Regex OutOfRange();

    [GeneratedRegex(@"\AThe (\w+) field is required\.\z")]
    private static partial Regex Missing();

    /// <summary>The system's words, and behind them the path as .NET adds it.</summary>
    [GeneratedRegex(@"\A(?<error>[A-Z][A-Za-z /-]*?)(?<rest>| : '.*)\z", RegexOptions.Singleline)]
    private static partial Regex System();
}
