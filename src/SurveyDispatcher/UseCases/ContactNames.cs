using System.Text.RegularExpressions;
using Survey.Domain;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>The names that a mail carries and a bounce brings back: Message-ID and VERP address, derived, never drawn.</summary>
/// <remarks>A keyed check is part of the name, so that nobody can make up a bounce for a customer of ours.</remarks>
internal sealed partial class ContactNames(Vault vault)
{
    /// <summary>The name of a contact: case, contact and check, such as <c>au-00000123.i.5f0c…</c>.</summary>
    public string NameOf(string caseId, MailContact contact)
    {
        var name = $"{caseId.ToLowerInvariant()}.{(contact == MailContact.Invitation ? 'i' : 'r')}";
        return $"{name}.{vault.Mac(name)}";
    }

    /// <summary>The envelope sender: the bounce address with the contact's name in it, or the sender where there is none.</summary>
    public static string EnvelopeSender(string bounceAddress, string name, string sender)
    {
        var at = bounceAddress.LastIndexOf('@');
        return at <= 0 ? sender : $"{bounceAddress[..at]}+{name}{bounceAddress[at..]}";
    }

    /// <summary>The contact whose name stands in an address or a Message-ID; null when none of ours does.</summary>
    public (string CaseId, MailContact Contact)? Find(string text)
    {
        foreach (var match in Pattern().Matches(text.ToLowerInvariant()).AsEnumerable())
        {
            if (vault.Mac(match.Groups["name"].Value) == match.Groups["check"].Value)
            {
                return (match.Groups["case"].Value.ToUpperInvariant(),
                    match.Groups["contact"].Value == "i" ? MailContact.Invitation : MailContact.Reminder);
            }
        }

        return null;
    }

    [GeneratedRegex(@"(?<name>(?<case>[a-z]+-\d{8,19})\.(?<contact>[ir]))\.(?<check>[0-9a-f]{16})")]
    private static partial Regex Pattern();
}
