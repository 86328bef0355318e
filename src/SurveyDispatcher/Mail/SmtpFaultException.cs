using Survey.Domain;

namespace SurveyDispatcher.Mail;

/// <summary>A dialogue that ended before the final dot: the message was surely not sent.</summary>
/// <param name="outcome">What it means when it is not tried again.</param>
/// <param name="retry">Whether another connection may do better.</param>
internal sealed class SmtpFaultException(Delivery outcome, bool retry, Exception? inner = null) : Exception(outcome.ToString(), inner)
{
    public Delivery Outcome => outcome;

    public bool Retry => retry;

    public static SmtpFaultException Connection(Phrase what, Exception? inner = null) => new(new Delivery.ServerUnusable(Say(what)), retry: true, inner);

    public static SmtpFaultException Configuration(Phrase what, Exception? inner = null) => new(new Delivery.ServerUnusable(Say(what)), retry: false, inner);

    public static SmtpFaultException Refusal(int code, EnhancedStatus status, Phrase advice) => new(new Delivery.MessageRefused(code, status, Say(advice)), retry: false);
}
