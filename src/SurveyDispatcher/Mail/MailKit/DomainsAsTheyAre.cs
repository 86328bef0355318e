using MimeKit.Encodings;

namespace SurveyDispatcher.Mail;

/// <summary>Leaves domains as they are: ours are in ASCII, and so they go to the server.</summary>
/// <remarks>
/// MimeKit would turn <c>xn--</c> labels into Unicode, and MailKit then ask every server on the way for SMTPUTF8 (RFC 6531), which
/// bounces the mail where one lacks it; the way back is not always the same domain, either (IDNA 2003 and 2008 differ on "ß").
/// </remarks>
internal sealed class DomainsAsTheyAre : IPunycode
{
    public string Encode(string domain) => domain;

    public string Encode(string domain, int index) => domain[index..];

    public string Encode(string domain, int index, int count) => domain.Substring(index, count);

    public string Decode(string domain) => domain;

    public string Decode(string domain, int index) => domain[index..];

    public string Decode(string domain, int index, int count) => domain.Substring(index, count);
}
