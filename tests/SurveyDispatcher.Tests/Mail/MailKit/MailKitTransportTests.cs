using SurveyDispatcher.Mail;

namespace SurveyDispatcher.Tests.Mail;

public sealed class MailKitTransportTests() : RelayTransportTests(MailKitSession.Transport);

public sealed class MailKitFaultTests() : RelayFaultTests(MailKitSession.Transport);

public sealed class MailKitHostileServerTests(HostileServerTests.Shown shown) : HostileServerTests(MailKitSession.Transport, shown);

public sealed class MailKitPostfixTests(PostfixTransportTests.Relay shared) : PostfixTransportTests(MailKitSession.Transport, shared);
