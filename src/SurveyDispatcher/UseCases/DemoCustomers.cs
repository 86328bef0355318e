using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>The demo's outside world: customers who read their mail, mail servers that bounce it, a vendor who calls.</summary>
/// <remarks>What somebody does follows from a hash of his case id, so that everybody sees the same demo.</remarks>
internal sealed class DemoCustomers(PipelineConfig config, DataDirectory directory)
{
    private static readonly string[] Questions =
        ["most_familiar", "still_owns", "overall", "recommend", "dealer_trust", "brand_trust", "comments", "wants_contact"];

    private readonly SortedDictionary<string, Customer> customers = new(StringComparer.Ordinal);
    private readonly List<string[]> responses = [];
    private readonly List<string[]> calls = [];
    private readonly List<string[]> optOuts = [];

    /// <summary>Somebody whose story is worth reading: mailed twice and called.</summary>
    public string Example { get; private set; } = "CASE-ID";

    /// <summary>What customers and the vendor do on a day, before the cycle: files in the inboxes.</summary>
    public void Act(DateOnly day)
    {
        foreach (var customer in customers.Values.Where(c => !c.HasSpoken))
        {
            ReadMail(customer, day);
            if (customer.Listed is { } listed && !customer.HasSpoken)
            {
                Call(customer, day.DayNumber - listed.DayNumber, day);
            }
        }

        Drop("responses", $"responses_{day:yyyyMMdd}.csv", ["case_id", "mode", "status", "completed_at", .. Questions], responses);
        Drop("dispositions", $"dispositions_{day:yyyyMMdd}.csv", ["case_id", "attempt", "attempted_at", "phone", "code", "final", "note"], calls);
        Drop("optouts", $"optouts_{day:yyyyMMdd}.csv", ["kind", "value"], optOuts);
    }

    /// <summary>What the outside world sees after a cycle: who got which mail, who is on a list.</summary>
    public void Look(DateOnly day)
    {
        using var database = new Store(directory, new StoreOptions()).OpenExisting();
        foreach (var row in database["cases.all"].List(r => CaseRow.Read(r)))
        {
            if (!customers.TryGetValue(row.CaseId, out var customer))
            {
                customers.Add(row.CaseId, customer = new Customer(row.CaseId, row.Survey));
            }

            customer.Invited = row.Case.InvitedOn;
            customer.Reminded = row.Case.RemindedOn;
            customer.Listed = row.Case.State == CaseState.WithVendor ? row.Case.PhoneOn : null;
            Example = row.Case is { State: CaseState.Completed, RemindedOn: not null, PhoneOn: not null } ? row.CaseId : Example;
        }
    }

    private void ReadMail(Customer customer, DateOnly day)
    {
        switch (customer.Mood)
        {
            case < 6 when customer.Invited?.AddDays(1) == day:
                Bounce(customer, customer.Mood < 4 ? "5.1.1" : "5.2.2", day);
                break;
            case >= 6 and < 26 when customer.Invited?.AddDays(2) == day:
            case >= 26 and < 36 when customer.Reminded?.AddDays(1) == day:
                Answer(customer, "web", "complete", day);
                break;
            case 36 or 37 when customer.Invited?.AddDays(1) == day:
                Answer(customer, "web", "partial", day);
                break;
            case 38 or 39 when customer.Reminded?.AddDays(2) == day:
                optOuts.Add(["all", customer.CaseId]);
                customer.HasSpoken = true;
                break;
        }
    }

    private void Call(Customer customer, int daysOnList, DateOnly day)
    {
        void Report(string code, string final = "", string note = "") => calls.Add(
            [customer.CaseId, (++customer.Attempts).ToString(CultureInfo.InvariantCulture), Yesterday(day, 11), "", code, final, note]);
        switch (customer.Mood * 3 % 100)
        {
            case < 10 when daysOnList == 1:
                Report("4.32", note: "no such number");
                break;
            case >= 85 when daysOnList == 2:
                Answer(customer, "web", "complete", day); // the list is out, and now he finds the time
                break;
            case var patience when daysOnList is 1 or 2:
                Report(patience % 2 == 0 ? "3.13" : "2.22");
                break;
            case < 55 when daysOnList == 3:
                Report("1.1", note: "interview done");
                Answer(customer, "phone", "complete", day);
                break;
            case < 70 when daysOnList == 3:
                Report("2.112", note: "not interested");
                customer.HasSpoken = true;
                break;
            case >= 70 when daysOnList == 3:
                Report("3.13", final: "Y", note: "given up");
                break;
        }
    }

    private void Answer(Customer customer, string mode, string status, DateOnly day)
    {
        customer.HasSpoken = status == "complete";
        var overall = 5 - (customer.Mood * 7 % 10 / 3);
        string[] answers =
        [
            "yes", "yes", overall.ToString(CultureInfo.InvariantCulture), (overall * 2).ToString(CultureInfo.InvariantCulture), "4", "5",
            overall < 3 ? "It could have been better." : "", overall < 3 ? "yes" : "no",
        ];
        var asked = config.Questionnaires.InForce(customer.Survey, day);
        responses.Add([customer.CaseId, mode, status, Yesterday(day, 10), .. answers.Select((a, i) => asked.Find(Questions[i]) is null ? "" : a)]);
    }

    /// <summary>A report as mail servers write them (RFC 3464), to the envelope sender of the mail that lies in <c>mail/</c>.</summary>
    private void Bounce(Customer customer, string status, DateOnly day)
    {
        var mail = File.ReadAllLines(Path.Combine(directory.Mail, $"{customer.CaseId}-invitation.eml")).TakeWhile(l => l.Length > 0).ToList();
        string Header(string name) => mail.First(l => l.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..].Trim();
        var report = $"""
            From: MAILER-DAEMON@mx.mail.example
            To: {Header("Return-Path").Trim('<', '>')}
            Subject: Undelivered Mail Returned to Sender
            Date: {Yesterday(day, 9)}
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=delivery-status; boundary="b"

            --b
            Content-Type: text/plain

            Your message could not be delivered.

            --b
            Content-Type: message/delivery-status

            Reporting-MTA: dns; mx.mail.example

            Final-Recipient: rfc822; {Header("To")}
            Action: failed
            Status: {status}

            --b
            Content-Type: text/rfc822-headers

            Message-ID: {Header("Message-ID")}

            --b--
            """;
        DurableFile.Write(
            Path.Combine(directory.Inbox("bounces"), $"{customer.CaseId}.eml"), s => s.Write(Encoding.UTF8.GetBytes(report.ReplaceLineEndings("\r\n"))));
    }

    private void Drop(string kind, string name, string[] header, List<string[]> rows)
    {
        if (rows.Count > 0)
        {
            DurableFile.Write(Path.Combine(directory.Inbox(kind), name), stream =>
            {
                using var csv = new CsvOutput(stream);
                csv.Row(header);
                rows.ForEach(r => csv.Row(r));
            });
        }

        rows.Clear();
    }

    private static string Yesterday(DateOnly day, int hour) =>
        string.Create(CultureInfo.InvariantCulture, $"{day.AddDays(-1):yyyy-MM-dd}T{hour:00}:00:00+00:00");

    /// <summary>A customer as the outside world knows him.</summary>
    private sealed class Customer(string caseId, SurveyKind survey)
    {
        public string CaseId { get; } = caseId;

        public SurveyKind Survey { get; } = survey;

        public DateOnly? Invited { get; set; }

        public DateOnly? Reminded { get; set; }

        public DateOnly? Listed { get; set; }

        public int Attempts { get; set; }

        /// <summary>Has answered, or said no: does nothing any more.</summary>
        public bool HasSpoken { get; set; }

        /// <summary>0-99.</summary>
        public int Mood { get; } = SHA256.HashData(Encoding.UTF8.GetBytes(caseId))[0] * 100 / 256;
    }
}
