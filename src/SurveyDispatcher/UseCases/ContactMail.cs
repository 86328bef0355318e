using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Mail;

namespace SurveyDispatcher.UseCases;

/// <summary>One contact by mail: all that its message is made of. What is sent and what is previewed are made here, and nowhere else.</summary>
internal sealed record ContactMail
{
    public required Market Market { get; init; }

    public required SurveyKind Survey { get; init; }

    public required MailContact Kind { get; init; }

    public required string CaseId { get; init; }

    /// <summary>The contact's name in Message-ID and envelope (<see cref="ContactNames"/>).</summary>
    public required string Name { get; init; }

    /// <summary>The case's secret in the links.</summary>
    public required string Token { get; init; }

    public required string To { get; init; }

    /// <summary>The customer's name; may be empty, as may dealer and model.</summary>
    public required string Customer { get; init; }

    public required string Dealer { get; init; }

    public required string Model { get; init; }

    public required DateOnly EventDate { get; init; }

    public required DateOnly? LastDay { get; init; }

    /// <summary>A call may follow when this mail is not answered.</summary>
    public required bool MayCall { get; init; }

    /// <summary>A language that there are texts for.</summary>
    public required string Language { get; init; }

    public required DateTimeOffset Date { get; init; }

    /// <summary>The message in words.</summary>
    public RenderedMail Render(PipelineConfig config) => config.Templates.Render(Language, Survey.Code(), Kind.Code(), new MailValues
    {
        Name = Customer,
        Dealer = Dealer,
        Model = Model,
        EventDate = EventDate,
        LastDay = LastDay,
        MayCall = MayCall,
        Sender = Market.Sender.Name,
        Market = Market.Name,
        ReplyTo = Market.Sender.ReplyTo,
        Link = Link(config.Settings.Survey.LinkTemplate),
        UnsubscribeLink = Link(config.Settings.Survey.UnsubscribeTemplate),
    });

    /// <summary>The message with its headers, ready to be written.</summary>
    public OutgoingMail Compose(RenderedMail words, Settings settings)
    {
        var sender = Market.Sender;
        return new OutgoingMail
        {
            MessageId = $"{Name}@{sender.Domain}",
            FromName = sender.Name,
            FromAddress = sender.Address,
            ReplyTo = sender.AnswersTo,
            To = To,
            Subject = words.Subject,
            Text = words.Text,
            Html = words.Html,
            CaseId = CaseId,
            Contact = Kind.Code(),
            UnsubscribeUri = Link(settings.Survey.UnsubscribeTemplate),
            Language = Language,
            Date = Date,
            EnvelopeFrom = ContactNames.EnvelopeSender(settings.Mail.BounceAddress, Name, sender.Address),
        };
    }

    private string Link(string template) => template.Replace("{token}", Token, StringComparison.Ordinal);
}
