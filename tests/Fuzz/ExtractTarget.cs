using SurveyDispatcher;
using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;
using SurveyDispatcher.UseCases;

namespace Fuzz;

/// <summary>Extracts in every encoding: reading, understanding, screening, and what is written from what was accepted.</summary>
internal sealed class ExtractTarget(Workshop workshop) : ITarget
{
    private static readonly string[] MoreEncodings = ["utf-16", "utf-16BE", "windows-1252", "windows-874", "euc-jp", "iso-2022-jp", "euc-kr", "gb2312", "utf-32", "us-ascii"];
    private readonly List<(Source Source, Table Table, byte[] Bytes)> samples = Load(workshop.Config);
    private readonly Outputs outputs = new(workshop.Config);
    private static readonly Vault vault = new(KeyRing.Zeros());

    public string Name => "extract";

    public byte[] Make(Dice dice) => Make(dice, Sample(dice));

    /// <summary>An input, and a glob for the names of files that are read so.</summary>
    public (string Pattern, byte[] Bytes) MakeNamed(Dice dice)
    {
        var sample = Sample(dice);
        return (sample.Source.FilePattern == "*" ? "*.csv" : sample.Source.FilePattern, Make(dice, sample));
    }

    private byte[] Make(Dice dice, (Source Source, Table Table, byte[] Bytes) sample)
    {
        var (source, table, bytes) = sample;
        if (dice.OneIn(5))
        {
            return Mutator.Bytes(dice, bytes.Length > 6000 ? bytes[..6000] : bytes, dice.Of(samples).Bytes);
        }

        var made = Mutator.Table(dice, table, Encoding.GetEncoding(source.Encoding.CodePage));
        return dice.OneIn(2) ? made : Mutator.Bytes(dice, made, dice.Of(samples).Bytes);
    }

    public void Try(byte[] bytes, Dice dice)
    {
        var (source, _, _) = Sample(dice);
        File.WriteAllBytes(workshop.Input, bytes);
        var required = Intake.RequiredColumns.Where(c => source.Constants[(int)c] is null).Select(c => source.Headers[(int)c]!);
        CsvInput input;
        try
        {
            input = CsvInput.Open(workshop.Input, source.Encoding, source.Delimiter, required);
        }
        catch (FileRefusedException e)
        {
            Finding.Unless(e.Message.Length < 6000, "the refusal is no message but a file");
            Finding.Unless(!e.Message.Any(c => char.IsControl(c) || c is >= '\u202a' and <= '\u202e'), "the refusal would drive a terminal");
            return;
        }

        using var vault = new Vault(KeyRing.Zeros());
        var reader = new SourceReader(source, input, vault);
        var (accepted, rejected, shown) = (0, 0, 0);
        var rows = CsvJudge.Read(input, bytes, source.Encoding, source.Delimiter, row =>
        {
            var understood = reader.Read(row, LocalDate);
            if (understood.Transaction is not { } transaction)
            {
                rejected++;
                Finding.Unless(understood.Raw is not null && Reasons.Contains(understood.Fault.Reason), $"the unknown reason '{understood.Fault.Reason}'");
                if (rejected <= 10)
                {
                    Outputs.Reject(understood);
                }

                return;
            }

            accepted++;
            Check(transaction);
            if (shown++ == 0)
            {
                outputs.Check(transaction);
            }
        });
        Finding.Unless(rows == accepted + rejected, $"{rows} rows were read, {accepted} accepted, {rejected} rejected");
    }

    private static readonly string[] Reasons = ["missing_value", "bad_date", "future_event_date", "bad_vin", "bad_code", "bad_number", "malformed_row"];

    /// <summary>The same sample for making an input and for trying it: the first throws of the dice choose it.</summary>
    private (Source Source, Table Table, byte[] Bytes) Sample(Dice dice) => dice.Of(samples);

    private static DateOnly LocalDate(string country) => Workshop.Today.Day;

    /// <summary>Every value has passed intake, and every rule has an answer to it.</summary>
    private void Check(Transaction t)
    {
        Finding.Unless(Intake.IsVin(t.Vin) && t.EventDate <= Workshop.Today.Day && Intake.CustomerTypes.Contains(t.CustomerType), "a transaction was accepted that intake should have rejected");
        var points = workshop.Config.Programme.MarketOf(t.Key.Country) is { } m ? ContactPoints.From(t.Contact, m, workshop.Config.Programme) : null;
        var reach = Reach.Of(points ?? new ContactPoints(null, Usability.None, null, null), t.EmailOptOut, t.PhoneOptOut, 0, 0, 0);
        var input = new ScreeningInput(t, workshop.Config.Programme.MarketOf(t.Key.Country), Workshop.Today.Day, reach, 30, Workshop.Today.Day.AddDays(-3));
        var verdict = Screening.Screen(input);
        foreach (var rule in Screening.Rules)
        {
            _ = rule.Facts(input).ToString();
        }

        if (verdict.Eligible && input.Policy is { } policy)
        {
            var opened = CaseTransitions.After(null, new CaseEvent.Opened(Workshop.Today.Day)).Case;
            _ = ContactPlan.NextLook(opened, t.EventDate, policy.Window, workshop.Config.Programme.Contact, Workshop.Today.Day);
            _ = ContactPlan.Decide(new PlannedCase(opened, t.EventDate, policy.Window, reach, t.Cancelled, null), workshop.Config.Programme.Contact, Workshop.Today.Day);
        }

        if (points?.Email is { } email)
        {
            _ = vault.Hash(email);
            Finding.Unless(EmailAddress.Parse(email.Value) == email, "an address is not the same when it is read again");
            Finding.Unless(!email.Value.Any(c => char.IsControl(c) || char.IsSurrogate(c) && !email.Value.EnumerateRunes().Any(r => r.Value > 0xFFFF)), "an address has a control character");
        }

        foreach (var phone in new[] { points?.Phone1, points?.Phone2 }.OfType<PhoneNumber>())
        {
            Finding.Unless(phone.E164.Length is >= 6 and <= 20 && phone.E164[0] == '+' && phone.E164.Skip(1).All(char.IsAsciiDigit), $"the number {phone.E164} is none");
        }

        var unsealed = vault.UnsealContact(vault.Seal(t.Contact));
        Finding.Unless(unsealed.Name == t.Contact.Name.Replace('\u001f', ' ') && unsealed.Email.Length == t.Contact.Email.Length, "what was encrypted is not what comes back");
    }

    private static List<(Source, Table, byte[])> Load(PipelineConfig config)
    {
        var all = new List<(Source, Table, byte[])>();
        foreach (var path in Samples.Of("dms"))
        {
            var source = config.SourceOf(Path.GetFileName(path));
            all.Add((source, Samples.Read(path, source), File.ReadAllBytes(path)));
        }

        var (canonical, table, _) = all[0];
        foreach (var name in MoreEncodings)
        {
            var source = canonical with { Name = name, Encoding = StrictEncoding.Get(name), Delimiter = name[^1] % 2 == 0 ? ';' : '\t' };
            table = table with { Delimiter = source.Delimiter };
            all.Add((source, table, Mutator.Table(new Dice(0, 0), table, Encoding.GetEncoding(source.Encoding.CodePage))));
        }

        return all;
    }
}
