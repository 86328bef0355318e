using SurveyDispatcher;
using System.Text;
using System.Text.Json;
using SurveyDispatcher.Mail;
using SurveyDispatcher.Storage;
using SurveyDispatcher.UseCases;

namespace Fuzz;

/// <summary>Mails from the bounce mailbox, where anybody can send anything.</summary>
internal sealed class BounceTarget : ITarget
{
    private readonly ContactNames names = new(new Vault(KeyRing.Zeros()));

    public string Name => "bounce";

    public byte[] Make(Dice dice)
    {
        var bytes = dice.Of(Samples.Bounces);
        if (dice.OneIn(300))
        {
            return Nested(dice, bytes);
        }

        return Mutator.Bytes(dice, bytes, dice.Of(Samples.Bounces));
    }

    public void Try(byte[] bytes, Dice dice)
    {
        var report = DeliveryReport.Read(bytes);
        Finding.Unless(report.Kind == ReportKind.Report == report.Recipients.Count > 0, "a report without recipients, or recipients without a report");
        Finding.Unless(report.Recipients.Count <= 1000 && report.ReportedTo.Count <= 100, "more recipients than the limit");
        foreach (var recipient in report.Recipients)
        {
            _ = names.Find(recipient.MessageId ?? "");
            _ = Survey.Domain.EmailAddress.Parse(recipient.Address);
            _ = Survey.Domain.AddressClasses.Code(recipient.Class);
        }

        _ = report.ReportedTo.Select(names.Find).Count();
        var read = new ReadBounces([new BounceRead("mail.eml", report)], []);
        Finding.Unless(!read.ToText().Any(Outputs.IsCommand), "bounces read would drive a terminal");
        using var json = JsonDocument.Parse(read.ToJson());
        Finding.Unless(json.RootElement.GetArrayLength() == 1, "not one object a file");
    }

    /// <summary>Parts within parts, deeper than anybody's stack.</summary>
    private static byte[] Nested(Dice dice, byte[] bytes)
    {
        var text = new StringBuilder("From: MAILER-DAEMON@mail.example\r\nContent-Type: multipart/report; boundary=b0\r\n\r\n");
        var depth = dice.OneIn(3) ? 5000 : 40;
        for (var i = 0; i < depth; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"--b{i}\r\nContent-Type: {(dice.OneIn(2) ? "multipart/mixed" : "message/rfc822")}; boundary=b{i + 1}\r\n\r\n");
        }

        return [.. Encoding.ASCII.GetBytes(text.ToString()), .. bytes];
    }
}
