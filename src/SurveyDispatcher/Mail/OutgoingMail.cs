namespace SurveyDispatcher.Mail;

/// <summary>One message to one customer, with all that <see cref="MessageComposer"/> writes and nothing more.</summary>
/// <remarks>Two equal values compose to the same bytes: no clock and no chance are involved.</remarks>
public sealed record OutgoingMail
{
    /// <summary>The same on every retry of one contact; without angle brackets.</summary>
    public required string MessageId { get; init; }

    /// <summary>The market's sender as people read it; may be empty.</summary>
    public required string FromName { get; init; }

    /// <summary>The market's sender address.</summary>
    public required string FromAddress { get; init; }

    /// <summary>Where answers go; empty: no such header.</summary>
    public string ReplyTo { get; init; } = "";

    /// <summary>The customer's address: validated, its domain in ASCII; the local part may be UTF-8 (RFC 6532).</summary>
    public required string To { get; init; }

    /// <summary>The subject, rendered.</summary>
    public required string Subject { get; init; }

    /// <summary>The plain text part, with any line ends.</summary>
    public required string Text { get; init; }

    /// <summary>The HTML part, with any line ends.</summary>
    public required string Html { get; init; }

    /// <summary>Goes to <c>X-Survey-Case-Id</c>; empty: no such header, since the message is of no case.</summary>
    public required string CaseId { get; init; }

    /// <summary><c>invitation</c> or <c>reminder</c>, or <c>test</c> of <c>mail check</c>; goes to <c>X-Survey-Contact</c>.</summary>
    public required string Contact { get; init; }

    /// <summary>The https address of the one-click way out (RFC 8058).</summary>
    public required string UnsubscribeUri { get; init; }

    /// <summary>The language of the text (BCP 47).</summary>
    public required string Language { get; init; }

    /// <summary>When the contact was decided; the header keeps its offset.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>The envelope sender that goes with the message (a VERP address); not part of its bytes.</summary>
    public required string EnvelopeFrom { get; init; }
}
