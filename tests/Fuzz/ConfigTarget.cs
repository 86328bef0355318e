using System.Text;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Mail;

namespace Fuzz;

/// <summary>Configuration: whatever is in a file, there is a list of faults or a configuration that works.</summary>
internal sealed class ConfigTarget(Workshop workshop) : ITarget
{
    private static readonly string[] Files =
        [.. Directory.GetFiles(Samples.Config, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Samples.Config, f))
            .Where(f => !f.StartsWith("demo", StringComparison.Ordinal) && !f.EndsWith("schema.json", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static readonly Dictionary<string, byte[]> Contents = Files.ToDictionary(f => f, f => File.ReadAllBytes(Path.Combine(Samples.Config, f)));

    public string Name => "config";

    public byte[] Make(Dice dice)
    {
        var bytes = Contents[dice.Of(Files)];
        return dice.OneIn(400) ? [.. Mutator.Repeated(dice, "[{\"a\":"u8), .. bytes]
            : dice.OneIn(3) ? Mutator.Bytes(dice, bytes, Contents[dice.Of(Files)])
            : Values(dice, Encoding.UTF8.GetString(bytes));
    }

    public void Try(byte[] bytes, Dice dice)
    {
        var file = dice.Of(Files);
        var root = workshop.Aside("config");
        if (Directory.Exists(root))
        {
            Directory.Delete(root, recursive: true);
        }

        var path = Path.Combine(root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        var folder = ConfigFolder.OnDisk(root);
        var faults = new List<ConfigFault>();
        var read = Read(folder, file, faults, dice);
        Finding.Unless(read == (faults.Count == 0), $"{file}: {faults.Count} faults, and {(read ? "a" : "no")} configuration");
        Finding.Unless(faults.Sum(f => f.ToString().Length) < 100_000 + (20 * bytes.Length), $"{file}: the faults are longer than the file");
        Finding.Unless(faults.TrueForAll(f => f.File.Length > 0 && f.Problem.Length > 0), $"{file}: a fault says nothing");
    }

    /// <summary>Changes words and numbers between the signs of JSON, so that it stays JSON most of the time.</summary>
    private static byte[] Values(Dice dice, string text)
    {
        for (var n = dice.Few(4); n > 0; n--)
        {
            var start = text.IndexOfAny([':', '[', ',', '"'], dice.Below(text.Length));
            var end = start < 0 ? -1 : text.IndexOfAny([',', '}', ']', '\n', '"'], start + 1);
            if (end > start)
            {
                var token = dice.Of(Tokens.Texts);
                var quoted = text[start] == '"' || dice.OneIn(2);
                text = text[..(start + 1)] + (quoted ? System.Text.Json.JsonSerializer.Serialize(token)[1..^1] : token) + text[(dice.OneIn(3) ? start + 1 : end)..];
            }
        }

        return Encoding.UTF8.GetBytes(text);
    }

    private bool Read(ConfigFolder folder, string file, List<ConfigFault> faults, Dice dice)
    {
        if (file == Settings.FileName)
        {
            return Settings.Read(folder, faults) is not null;
        }

        if (file == ProgrammeFile.Name)
        {
            return ProgrammeFile.Read(folder, faults) is { } programme && Works(programme);
        }

        if (file.StartsWith("sources", StringComparison.Ordinal))
        {
            return SourceFile.ReadAll(folder, faults) is [{ } source] && Works(source);
        }

        if (file.StartsWith("questionnaires", StringComparison.Ordinal))
        {
            return QuestionnaireFile.Read(folder, file, file.Contains("sales", StringComparison.Ordinal) ? SurveyKind.Sales : SurveyKind.Service, faults) is { } questionnaire
                && Works(questionnaire, dice);
        }

        return Templates(folder, file, faults, dice);
    }

    private static bool Works(Programme programme)
    {
        foreach (var market in programme.Markets.Values)
        {
            _ = Workshop.Today.In(market);
            _ = Workshop.Today.LocalDate(market);
            _ = PhoneNumber.Parse("+61 491 570 110", market.Dialling, programme.DiallingRules);
            _ = PhoneNumber.Parse("0491 570 110", market.Dialling, programme.DiallingRules);
            _ = programme.Placeholders.Matches(EmailAddress.Parse("noemail@mail.example")!);
            _ = market.Sender.Domain;
            foreach (var policy in new[] { market.Sales, market.Service }.OfType<SurveyPolicy>())
            {
                var opened = CaseTransitions.After(null, new CaseEvent.Opened(Workshop.Today.Day)).Case;
                _ = ContactPlan.NextLook(opened, Workshop.Today.Day, policy.Window, programme.Contact, Workshop.Today.Day);
                _ = policy.VehicleLimit?.Admits(Workshop.Today.Day.AddYears(-3), 100, Workshop.Today.Day);
            }
        }

        return true;
    }

    /// <summary>A source that is valid reads a file, or refuses it in words.</summary>
    private bool Works(Source source)
    {
        _ = source.Fits("cn_dms_20260302.csv");
        File.WriteAllText(workshop.Input, string.Join(source.Delimiter, source.Headers.OfType<string>()) + "\n1\n");
        try
        {
            var input = CsvInput.Open(workshop.Input, source.Encoding, source.Delimiter, source.Headers.OfType<string>());
            _ = input.Rows().Count();
        }
        catch (FileRefusedException)
        {
            return true;
        }

        return true;
    }

    private static bool Works(Questionnaire questionnaire, Dice dice)
    {
        foreach (var question in questionnaire.Questions)
        {
            _ = question.Scale.Admits(dice.Of(Tokens.Texts));
        }

        return true;
    }

    private bool Templates(ConfigFolder folder, string file, List<ConfigFault> faults, Dice dice)
    {
        var texts = Contents.Where(f => f.Key is "templates/layout.html" or "templates/layout.txt" || (!file.EndsWith(".json", StringComparison.Ordinal) && f.Key == "templates/en/messages.json"))
            .ToDictionary(f => f.Key["templates/".Length..], f => Encoding.UTF8.GetString(f.Value), StringComparer.Ordinal);
        texts[file["templates/".Length..]] = folder.Text(file)!;
        var found = new List<TemplateFault>();
        var whole = dice.OneIn(60); // to compile takes a tenth of a second
        var templates = SurveyDispatcher.Mail.Templates.Load(texts, found, tryOut: whole);
        faults.AddRange(found.Select(f => new ConfigFault(f.Path, "", f.Problem)));
        if (templates is not null && whole)
        {
            // Everything was tried out while loading, so rendering can't fail.
            var market = workshop.Config.Programme.Markets.Values.First();
            foreach (var language in templates.Languages)
            {
                foreach (var contact in new[] { "invitation", "reminder" })
                {
                    _ = templates.Render(language, "sales", contact, new MailValues
                    {
                        Name = "Alice", Dealer = "", Model = "\ufdd0", EventDate = Workshop.Today.Day, Sender = market.Sender.Name, Market = market.Name, ReplyTo = "", Link = "https://x.example", UnsubscribeLink = "https://y.example",
                    });
                }
            }
        }

        return templates is not null;
    }
}
