using System.Text.Json;
using System.Text.Json.Nodes;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.UseCases;
using SurveyDispatcher.Tests.Journeys;

namespace SurveyDispatcher.Tests.Configuration;

public sealed class ConfigCheckTests
{
    [Fact]
    public void TheShippedConfigurationIsValid() => Assert.Empty(PipelineConfig.Check(ConfigFolder.OnDisk(World.ShippedConfig)).Faults);

    [Fact]
    public void TheEmbeddedConfigurationIsTheShippedOne()
    {
        var (embedded, faults) = PipelineConfig.Check(ConfigFolder.Embedded());

        Assert.Empty(faults);
        Assert.Equal(File.ReadAllText(Path.Combine(World.ShippedConfig, "programme.json")), embedded!.ProgrammeText);
    }

    [Fact]
    public void TheShippedSettingsAreThoseOfTheContract()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(World.ShippedConfig, "appsettings.json")));
        string Of(string section, string key) => json.RootElement.GetProperty(section).GetProperty(key).ToString();

        Assert.Equal("en", json.RootElement.GetProperty("Language").GetString());
        Assert.Equal(
            ["var", "10", "2", "Sqlite", "", "Pickup", "localhost", "25", "Auto", "", "", "4", "0", "30", "", "https://cvp.example/s/{token}", "https://cvp.example/u/{token}", "0.10", "100", "7", "0 0 * * * ?"],
            [
                Of("Data", "Directory"), Of("Data", "MaxGapDays"), Of("Data", "SettleSeconds"), Of("Store", "Provider"), Of("Store", "ConnectionString"),
                Of("Mail", "Transport"), Of("Mail", "Host"), Of("Mail", "Port"), Of("Mail", "Security"), Of("Mail", "User"), Of("Mail", "Password"),
                Of("Mail", "Connections"), Of("Mail", "MaxPerMinute"), Of("Mail", "RetrySeconds"), Of("Mail", "BounceAddress"),
                Of("Survey", "LinkTemplate"), Of("Survey", "UnsubscribeTemplate"), Of("Policy", "ConfirmAboveShare"), Of("Policy", "ConfirmAboveCases"), Of("Policy", "ConfirmationDays"), Of("Schedule", "Cycle"),
            ]);
    }

    [Theory]
    [InlineData("extra", "1", "extra", "Unknown key")]
    [InlineData("contact.daysToReminder", "3", "contact.daysToReminder", "Unknown key")]
    [InlineData("markets.AU.colour", "1", "markets.AU.colour", "Unknown key")]
    [InlineData("markets.AU.sender.phone", "1", "markets.AU.sender.phone", "Unknown key")]
    [InlineData("markets.AU.sendingHours.until", "\"20:00\"", "markets.AU.sendingHours.until", "Unknown key")]
    [InlineData("markets.AU.dialling.area", "1", "markets.AU.dialling.area", "Unknown key")]
    [InlineData("markets.AU.sales.paymentTypes", "[]", "markets.AU.sales.paymentTypes", "Unknown key")]
    [InlineData("markets.AU.sales.window.maxDay", "1", "markets.AU.sales.window.maxDay", "Unknown key")]
    [InlineData("markets.AU.service.vehicleLimit", "{\"maxYears\":3}", "markets.AU.service.vehicleLimit.maxYears", "Unknown key")]
    [InlineData("contact", "5", "contact", "An object is expected")]
    [InlineData("contact.restDays", "\"none\"", "contact.restDays", "A number is expected")]
    [InlineData("contact.restDays", "-1", "contact.restDays", "from 0 to")]
    [InlineData("contact.restDays", "1.5", "contact.restDays", "whole number")]
    [InlineData("contact.phoneDays", "99999999999", "contact.phoneDays", "whole number")]
    [InlineData("contact.daysFromInvitationToReminder", "0", "contact.daysFromInvitationToReminder", "from 1 to")]
    [InlineData("placeholderEmails", "\"x\"", "placeholderEmails", "list of texts")]
    [InlineData("placeholderEmails", "[5]", "placeholderEmails", "list of texts")]
    [InlineData("markets", "[]", "markets", "object")]
    [InlineData("markets.au", "{}", "markets.au", "capital letters")]
    [InlineData("markets.AU", "5", "markets.AU", "object")]
    [InlineData("markets.AU.name", "5", "markets.AU.name", "text")]
    [InlineData("markets.AU.timeZone", "\"Australia/Sidney\"", "markets.AU.timeZone", "no time zone")]
    [InlineData("markets.AU.timeZone", "null", "markets.AU.timeZone", "Missing")]
    [InlineData("markets.AU.timeZone", "\"\"", "markets.AU.timeZone", "not an empty one")]
    [InlineData("markets.AU.name", "\" \"", "markets.AU.name", "not an empty one")]
    [InlineData("markets.AU.sender.address", "\"\"", "markets.AU.sender.address", "not an empty one")]
    [InlineData("markets.AU.languages", "[\"\"]", "markets.AU.languages", "not an empty text")]
    [InlineData("markets.AU.languages", "[]", "markets.AU.languages", "At least one language")]
    [InlineData("markets.AU.languages", "[\"fr\"]", "markets.AU.languages", "no templates/fr/messages.json")]
    [InlineData("markets.AU.activeFrom", "\"1 August\"", "markets.AU.activeFrom", "A date such as")]
    [InlineData("markets.AU.activeFrom", "\"2010-02-30\"", "markets.AU.activeFrom", "A date such as")]
    [InlineData("markets.AU.sender.address", "\"nobody\"", "markets.AU.sender.address", "no e-mail address")]
    [InlineData("markets.AU.sender.replyTo", "\"a b@c\"", "markets.AU.sender.replyTo", "no e-mail address")]
    [InlineData("markets.AU.sendingHours.from", "\"9 am\"", "markets.AU.sendingHours.from", "A time such as")]
    [InlineData("markets.AU.sendingHours.from", "\"21:00\"", "markets.AU.sendingHours.to", "before they begin")]
    [InlineData("markets.AU.callingHours", "null", "markets.AU.callingHours", "Missing")]
    [InlineData("markets.AU.dialling.countryCode", "\"+61\"", "markets.AU.dialling.countryCode", "no calling code")]
    [InlineData("markets.AU.dialling.trunkPrefix", "\"x\"", "markets.AU.dialling.trunkPrefix", "Digits")]
    [InlineData("markets.AU.dialling.minLength", "10", "markets.AU.dialling.maxLength", "below minLength")]
    [InlineData("markets.AU.sales.window.toDay", "14", "markets.AU.sales.window.toDay", "ends (day 14) before it opens (day 15)")]
    [InlineData("markets.AU.sales.window", "null", "markets.AU.sales.window", "Missing")]
    [InlineData("markets.AU.sales.customerTypes", "[\"individuals\"]", "markets.AU.sales.customerTypes", "'individuals' is unknown")]
    [InlineData("markets.AU.service.paymentTypes", "[\"cash\"]", "markets.AU.service.paymentTypes", "'cash' is unknown")]
    [InlineData("markets.AU.service.vehicleLimit", "{\"match\":\"some\"}", "markets.AU.service.vehicleLimit.match", "'any' or 'all'")]
    [InlineData("retention.contactDay", "5", "retention.contactDay", "Unknown key")]
    [InlineData("retention.contactDays", "0", "retention.contactDays", "from 1 to")]
    [InlineData("retention", "90", "retention", "An object is expected")]
    [InlineData("markets.AU.retention", "{\"daysForFiles\":1}", "markets.AU.retention.daysForFiles", "Unknown key")]
    [InlineData("markets.AU.retention", "{\"filesDays\":-1}", "markets.AU.retention.filesDays", "from 1 to")]
    [InlineData("vendorCountry", "\"Philippines\"", "vendorCountry", "country code")]
    [InlineData("markets.AU.vendorCountry", "\"ph\"", "markets.AU.vendorCountry", "country code")]
    [InlineData("markets.AU.abroadMarks", "[5,5]", "markets.AU.abroadMarks", "rising order")]
    [InlineData("markets.AU.abroadMarks", "[0]", "markets.AU.abroadMarks", "Whole numbers from 1")]
    [InlineData("markets.AU.abroadMarks", "5", "markets.AU.abroadMarks", "list of numbers")]
    [InlineData("markets.AU.sales.sampling", "0.5", "markets.AU.sales.sampling", "An object is expected")]
    [InlineData("markets.AU.sales.sampling", "{\"rate\":0.5}", "markets.AU.sales.sampling.rate", "Unknown key")]
    [InlineData("markets.AU.sales.sampling", "{\"share\":0}", "markets.AU.sales.sampling.share", "above 0 and up to 1")]
    [InlineData("markets.AU.sales.sampling", "{\"share\":1.01}", "markets.AU.sales.sampling.share", "above 0 and up to 1")]
    [InlineData("markets.AU.sales.sampling", "{\"share\":0.3333333}", "markets.AU.sales.sampling.share", "to six decimals")]
    [InlineData("markets.AU.sales.sampling", "{\"share\":1e-9}", "markets.AU.sales.sampling.share", "to six decimals")]
    [InlineData("markets.AU.sales.sampling", "{\"share\":\"half\"}", "markets.AU.sales.sampling.share", "A number is expected")]
    [InlineData("markets.AU.service.sampling", "{\"perDealerAndMonth\":0}", "markets.AU.service.sampling.perDealerAndMonth", "from 1 to")]
    public void AFaultOfTheProgrammeIsToldWithItsPathAndReason(string path, string json, string faultPath, string reason) =>
        AssertFault("programme.json", path, json, faultPath, reason);

    [Theory]
    [InlineData("filePatern", "\"x\"", "filePatern", "Unknown key")]
    [InlineData("filePattern", "null", "filePattern", "Missing")]
    [InlineData("encoding", "\"gbk2000\"", "encoding", "no .NET encoding name")]
    [InlineData("delimiter", "\";;\"", "delimiter", "One ASCII character")]
    [InlineData("delimiter", "\"\\\"\"", "delimiter", "One ASCII character")]
    [InlineData("filePattern", "\"\"", "filePattern", "not an empty one")]
    [InlineData("encoding", "\"utf-7\"", "encoding", "no .NET encoding name")]
    [InlineData("dateFormats", "[\"yyyy-mm-dd\"]", "dateFormats", "no date format")]
    [InlineData("dateFormats", "[\"\"]", "dateFormats", "no date format")]
    [InlineData("dateFormats", "\"yyyy\"", "dateFormats", "list of texts")]
    [InlineData("columns.vim", "\"x\"", "columns.vim", "Unknown column")]
    [InlineData("columns.vin", "null", "columns", "vin has neither a header nor a constant")]
    [InlineData("columns.vin", "5", "columns.vin", "text")]
    [InlineData("constants.contry", "\"x\"", "constants.contry", "Unknown column")]
    [InlineData("values.status", "{\"a\":1}", "values.status.a", "text")]
    public void AFaultOfASourceIsToldWithItsPathAndReason(string path, string json, string faultPath, string reason) =>
        AssertFault("sources/cn_dms.json", path, json, faultPath, reason);

    [Theory]
    [InlineData("Mail.Security", "\"Maximal\"", "Security")]
    [InlineData("Mail.Port", "0", "Mail:Port")]
    [InlineData("Mail.Port", "70000", "Mail:Port")]
    [InlineData("Mail.Port", "\"many\"", "Port")]
    [InlineData("Mail.Transport", "\"Pigeon\"", "Mail:Transport")]
    [InlineData("Mail.Prot", "25", "Prot")]
    [InlineData("Policy.ConfirmAboveShare", "1.5", "Policy:ConfirmAboveShare")]
    [InlineData("Policy.ConfirmAboveShare", "\"ten percent\"", "Policy:ConfirmAboveShare")]
    [InlineData("Policy.ConfirmAboveCases", "-1", "Policy:ConfirmAboveCases")]
    [InlineData("Policy.ConfirmationDays", "-1", "Policy:ConfirmationDays")]
    [InlineData("Mail.Connections", "0", "Mail:Connections")]
    [InlineData("Mail.RetrySeconds", "-1", "Mail:RetrySeconds")]
    [InlineData("Mails", "{\"Port\":25}", "Mails")]
    [InlineData("Data.SettleSeconds", "-1", "Data:SettleSeconds")]
    [InlineData("Data.MaxGapDays", "0", "Data:MaxGapDays")]
    [InlineData("Data.Directory", "\"\"", "Data:Directory")]
    [InlineData("Store.Provider", "\"Oracle\"", "Store:Provider")]
    [InlineData("Store.ConnectionString", "\"nonsense\"", "Store:ConnectionString")]
    [InlineData("Store.ConnectionString", "\"Data Source=x;Colour=red\"", "Store:ConnectionString")]
    [InlineData("Keys.Ring", "\"secret\"", "Keys:Ring")]
    [InlineData("Keys.Fil", "\"x\"", "Keys:Fil")]
    [InlineData("Mail.BounceAddress", "\"bounces\"", "Mail:BounceAddress")]
    [InlineData("Mail.DkimSelectors", "\"s1,,a b\"", "Mail:DkimSelectors")]
    [InlineData("Mail.DkimSelectors", "[\"s1\",\"\"]", "Mail:DkimSelectors")]
    [InlineData("Mail.DkimSelectors", "{\"s1\":\"x\"}", "Mail:DkimSelectors")]
    [InlineData("Mail.DkimSelectors", "[[\"s1\"]]", "Mail:DkimSelectors")]
    [InlineData("Mail.DkimSelectors", "[null]", "Mail:DkimSelectors")]
    [InlineData("Mail.DnsServer", "\"ns.example\"", "Mail:DnsServer")]
    [InlineData("Mail.RequireSenderRecords", "\"sometimes\"", "Mail:RequireSenderRecords")]
    [InlineData("Mail.TrustedCertificate", "\"/nowhere.pem\"", "Mail:TrustedCertificate")]
    [InlineData("Mail.BounceMailbox", "\"imap.example\"", "Mail:BounceMailbox")]
    [InlineData("Mail.BounceMailbox", "{\"User\":\"us\"}", "Mail:BounceMailbox:Host")]
    [InlineData("Mail.BounceMailbox", "{\"Port\":0}", "Mail:BounceMailbox:Port")]
    [InlineData("Mail.BounceMailbox", "{\"Foldr\":\"INBOX\"}", "Mail:BounceMailbox:Foldr")]
    [InlineData("Mail.BounceMailbox", "{\"ProcessedFolder\":\"INBOX\"}", "Mail:BounceMailbox:ProcessedFolder")]
    [InlineData("Data", "\"abc\"", "Data")]
    [InlineData("Survey.LinkTemplate", "\"https://cvp.example/s/\"", "Survey:LinkTemplate")]
    [InlineData("Survey.UnsubscribeTemplate", "\"http://cvp.example/u/{token}\"", "Survey:UnsubscribeTemplate")]
    [InlineData("Schedule.Cycle", "\"every hour\"", "Schedule:Cycle")]
    [InlineData("Health.Port", "70000", "Health:Port")]
    [InlineData("Health.Address", "\"localhost\"", "Health:Address")]
    [InlineData("Health.StuckSeconds", "0", "Health:StuckSeconds")]
    [InlineData("Health.FailedCycles", "0", "Health:FailedCycles")]
    [InlineData("Health.Url", "\"x\"", "Health:Url")]
    [InlineData("Telemetry.OtlpEndpoint", "\"collector:4317\"", "Telemetry:OtlpEndpoint")]
    [InlineData("Telemetry.Protocol", "\"Udp\"", "Telemetry:Protocol")]
    [InlineData("Telemetry.IntervalSeconds", "0", "Telemetry:IntervalSeconds")]
    [InlineData("Logging.Format", "\"Xml\"", "Logging:Format")]
    public void AFaultOfTheSettingsIsToldWithItsKey(string path, string json, string key)
    {
        using var world = new World();
        Set(world, "appsettings.json", path, json);

        var fault = Assert.Single(PipelineConfig.Check(ConfigFolder.OnDisk(world.Config)).Faults);

        Assert.Equal("appsettings.json", fault.File);
        Assert.Contains(key, fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void KeysComeFromOnePlaceAndAreNeverRepeatedInAMessage()
    {
        using var world = new World();
        world.Edit("appsettings.json", j => j["Keys"] = new JsonObject { ["File"] = "ring.json", ["Ring"] = KeyRing.New().ToJson() });

        var fault = Assert.Single(PipelineConfig.Check(ConfigFolder.OnDisk(world.Config)).Faults);

        Assert.Contains("one place", fault.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("seal", fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Mail.Transport", "\"MailKit\"", "Mail:Transport")]
    [InlineData("Mail.BounceMailbox", "{\"Host\":\"imap.example\",\"User\":\"us\"}", "Mail:BounceMailbox")]
    public async Task WhatNeedsMailKitIsAFaultInABuildWithoutItThatTellsHowToBuildOne(string path, string json, string key)
    {
        using var world = new World();
        Set(world, "appsettings.json", path, json);

        var check = await world.RunAsync("config", "check");

#if MAILKIT
        Assert.Equal(0, check.Code);
        Assert.DoesNotContain(key, check.Output, StringComparison.Ordinal);
#else
        Assert.Equal(2, check.Code);
        Assert.Contains(key, check.Output, StringComparison.Ordinal);
        Assert.Contains("-p:MailKit=true", check.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await world.RunAsync("cycle", "--as-of", "2026-03-02")).Code);
#endif
    }

    [Theory]
    [InlineData("\"s1, mail.s2\"")]
    [InlineData("[\"s1\",\"mail.s2\"]")]
    public void SelectorsAreAListOrATextWithCommas(string json)
    {
        using var world = new World();
        Set(world, "appsettings.json", "Mail.DkimSelectors", json);

        Assert.Equal(["s1", "mail.s2"], PipelineConfig.Load(ConfigFolder.OnDisk(world.Config), forMail: false).Settings.Mail.DkimSelectors);
    }

    [Theory]
    [InlineData("questionnaires/sales.json", "version", "null", "version", "Missing")]
    [InlineData("questionnaires/sales.json", "id", "\"service\"", "id", "'sales' is expected")]
    [InlineData("questionnaires/sales.json", "colour", "1", "colour", "Unknown key")]
    [InlineData("questionnaires/service.json", "questions", "[5]", "questions[0]", "An object is expected")]
    public void AFaultOfAQuestionnaireIsToldWithItsPathAndReason(string file, string path, string json, string faultPath, string reason) =>
        AssertFault(file, path, json, faultPath, reason);

    [Fact]
    public void AVersionHasANumberAndADayOfItsOwnAndItsColumnsMeanTheSame()
    {
        using var world = new World();
        var sales = Path.Combine(world.Config, "questionnaires", "sales.json");
        File.Copy(sales, Path.Combine(world.Config, "questionnaires", "sales-2.json"));
        Assert.Contains(Faults(world), f => f.Contains("is version 1, too. Raise it with every change.", StringComparison.Ordinal));

        world.Edit("questionnaires/sales-2.json", q => q["version"] = 2);
        Assert.Contains(Faults(world), f => f.Contains("Version 2 must come into force after version 1", StringComparison.Ordinal));

        world.Edit("questionnaires/sales-2.json", q => q["validFrom"] = "2026-06-01");
        Assert.Empty(Faults(world));

        world.Edit("questionnaires/sales-2.json", q => q["questions"]!.AsArray().Single(x => (string?)x!["id"] == "comments")!["scale"] = "yes_no");
        Assert.Contains(Faults(world), f => f.Contains("give it an id of its own", StringComparison.Ordinal));
    }

    /// <summary>A column belongs to one kind of answer, whichever survey asks.</summary>
    [Fact]
    public void TheTwoSurveysShareTheirColumns()
    {
        using var world = new World();
        world.Edit("questionnaires/service.json", q => q["questions"]!.AsArray().Single(x => (string?)x!["id"] == "comments")!["scale"] = "yes_no");

        Assert.Contains(Faults(world), f => f.Contains("service.json: questions.comments: It is answered in another way than in questionnaires/sales.json", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("language", "the name of another column")]
    [InlineData("late", "the name of another column")]
    [InlineData("Overall", "can't be a column")]
    [InlineData("q 1", "can't be a column")]
    [InlineData("q\n", "can't be a column")]
    [InlineData("x.\nHOST COMMAND=['touch pwned'].\n*", "can't be a column")]
    [InlineData("a_question_of_more_than_26_letters", "can't be a column")]
    public void AnIdIsAColumnOfItsOwn(string id, string reason)
    {
        using var world = new World();
        world.Edit("questionnaires/sales.json", q => q["questions"]!.AsArray().Single(x => (string?)x!["id"] == "test_drive_offered")!["id"] = id);

        Assert.Contains(Faults(world), f => f.Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public void NoColumnOfResponseFilesCanBeAQuestion() =>
        Assert.Empty(ResponseReader.Required.Concat(ResponseReader.Optional).Concat(["market", "survey", "dealer_code", "event_date", "late"]).Except(QuestionnaireFile.Taken));

    [Fact]
    public void AFileBesideTheQuestionnairesThatNobodyReadsIsAFault()
    {
        using var world = new World();
        File.WriteAllText(Path.Combine(world.Config, "questionnaires", "sale-2.json"), "{}");

        Assert.Contains("Nobody reads this file", Assert.Single(Faults(world)), StringComparison.Ordinal);
    }

    [Fact]
    public void WhoeverIsInvitedInALanguageMustBeAskedInIt()
    {
        using var world = new World(whole: true);
        world.Edit("questionnaires/service.json", q =>
        {
            foreach (var texts in Localised(q).Where(t => t.ContainsKey("vi")).ToList())
            {
                texts.Remove("vi");
            }
        });

        Assert.Equal(
            "questionnaires/service.json: title: The wording in vi is missing, in which VN invites (docs/questionnaires.md, Add a language).", Assert.Single(Faults(world)));

        static IEnumerable<System.Text.Json.Nodes.JsonObject> Localised(System.Text.Json.Nodes.JsonNode? node) => node switch
        {
            System.Text.Json.Nodes.JsonObject o => o.Select(p => p.Value).SelectMany(Localised).Prepend(o),
            System.Text.Json.Nodes.JsonArray a => a.SelectMany(Localised),
            _ => [],
        };
    }

    [Fact]
    public void AWordingThatTheTitleLacksACodeThatStandsTwiceAndAnUnusedScaleAreFaults()
    {
        using var world = new World();
        world.Edit("questionnaires/sales.json", q =>
        {
            q["questions"]![0]!["text"]!["ko"] = "?";
            var codes = q["scales"]!["yes_no"]!["codes"]!.AsArray();
            codes.Add(codes[0]!.DeepClone());
            q["scales"]!["colour"] = q["scales"]!["gender"]!.DeepClone();
        });

        Assert.Equal(
            [
                "questionnaires/sales.json: questions[0].text: There is a wording in ko, in which the title has none.",
                "questionnaires/sales.json: scales.colour: No question is answered on this scale.",
                "questionnaires/sales.json: scales.yes_no.codes[2].code: Two codes of the scale are called 'yes'.",
            ],
            Faults(world).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Faults(World world) => PipelineConfig.Check(ConfigFolder.OnDisk(world.Config)).Faults.Select(f => f.ToString());

    [Theory]
    [InlineData("programme.json")]
    [InlineData("appsettings.json")]
    [InlineData("questionnaires/sales.json")]
    [InlineData("questionnaires/service.json")]
    [InlineData("templates/layout.html")]
    [InlineData("templates/en/messages.json")]
    public void AMissingFileIsAFault(string file)
    {
        using var world = new World();
        File.Delete(Path.Combine(world.Config, file));

        Assert.NotEmpty(PipelineConfig.Check(ConfigFolder.OnDisk(world.Config)).Faults);
    }

    [Theory]
    [InlineData("programme.json", "{")]
    [InlineData("programme.json", "[]")]
    [InlineData("programme.json", "")]
    [InlineData("programme.json", "{\"contact\":{},\"contact\":{}}")]
    [InlineData("appsettings.json", "{")]
    [InlineData("appsettings.json", "")]
    [InlineData("appsettings.json", "[]")]
    [InlineData("appsettings.json", "{\"Mail\":{\"Port\":1,\"Port\":2}}")]
    [InlineData("sources/cn_dms.json", "{,}")]
    [InlineData("questionnaires/sales.json", "nonsense")]
    [InlineData("templates/en/messages.json", "{")]
    [InlineData("templates/en/messages.json", "{\"language\":\"en\",\"language\":\"en\"}")]
    [InlineData("programme.json", "{\"markets\":{\"AU\":{\"name\":\"\\ud83d\"}}}")] // half a character: the library parses it, and throws where it is read
    [InlineData("programme.json", "{\"\\udc00\":1}")]
    [InlineData("sources/cn_dms.json", "{\"filePattern\":\"\\ud83d.csv\"}")]
    [InlineData("questionnaires/sales.json", "{\"title\":{\"en\":\"\\ud83d\\ud83d\"}}")]
    [InlineData("templates/en/messages.json", "{\"invitation\":{\"sales\":{\"paragraphs\":[\"\\udc00\"]}}}")]
    [InlineData("appsettings.json", "{\"Mail\":{\"Host\":\"\\ud83d\"}}")]
    [InlineData("programme.json", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public async Task AFileThatIsNoJsonIsAFaultWithItsName(string file, string content)
    {
        using var world = new World();
        File.WriteAllText(Path.Combine(world.Config, file), content);

        var ended = await world.RunAsync("config", "check");

        Assert.Equal(2, ended.Code);
        Assert.Contains(file + ":", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Output + ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Data:Directory")]
    [InlineData("Data:MaxGapDays")]
    [InlineData("Store:Provider")]
    [InlineData("Store:ConnectionString")]
    [InlineData("Mail:Transport")]
    [InlineData("Mail:Host")]
    [InlineData("Mail:Security")]
    [InlineData("Mail:Password")]
    [InlineData("Mail:BounceAddress")]
    [InlineData("Mail:DkimSelectors")]
    [InlineData("Survey:LinkTemplate")]
    [InlineData("Survey:UnsubscribeTemplate")]
    [InlineData("Schedule:Cycle")]
    [InlineData("Health:Address")]
    [InlineData("Telemetry:OtlpEndpoint")]
    [InlineData("Logging:Format")]
    public void ASettingOfNullIsAFaultOrTheDefault(string key)
    {
        using var world = new World();
        world.Edit("appsettings.json", json => json[key.Split(':')[0]]![key.Split(':')[1]] = null);

        var (config, faults) = PipelineConfig.Check(ConfigFolder.OnDisk(world.Config));

        Assert.True(config is not null || faults.Any(f => f.Path.Contains(key.Split(':')[1], StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    public void ASectionOfNothingHasTheDefaults(string nothing)
    {
        using var world = new World();
        world.Edit("appsettings.json", json => json.AsObject().Where(s => s.Value is JsonObject).Select(s => s.Key).ToList().ForEach(s => json[s] = JsonNode.Parse(nothing)));

        var (config, faults) = PipelineConfig.Check(ConfigFolder.OnDisk(world.Config));

        Assert.Empty(faults);
        Assert.Equal(("var", "Pickup", 25), (config!.Settings.Data.Directory, config.Settings.Mail.Transport, config.Settings.Mail.Port));
    }

    [Fact]
    public async Task AFaultShowsWhatWouldDriveATerminal()
    {
        using var world = new World(programme: p => p["markets"]!["AU"]!["timeZone"] = "\u001b[2J\u202e");

        var ended = await world.RunAsync("config", "check");

        Assert.Contains("'?[2J?' is no time zone", ended.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("templates/layout.html", "<html", "\ufdd0<html")]
    [InlineData("templates/en/messages.json", "\"paragraphs\": [", "\"paragraphs\": [\"\\ufdd1\",")]
    [InlineData("templates/en/messages.json", "\"heading\": \"", "\"heading\": \"\\ufdd0x")]
    public void TheTwoCharactersThatRenderingKeepsForItselfAreAFault(string file, string from, string to)
    {
        using var world = new World();
        var path = Path.Combine(world.Config, file);
        File.WriteAllText(path, File.ReadAllText(path).Replace(from, to, StringComparison.Ordinal));

        var faults = PipelineConfig.Check(ConfigFolder.OnDisk(world.Config)).Faults;

        Assert.NotEmpty(faults);
        Assert.All(faults, f => Assert.Contains("U+FDD0", f.Problem, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EveryFaultIsToldAtOnceAndNothingIsDone()
    {
        using var world = new World(programme: p =>
        {
            p["markets"]!["AU"]!["timeZone"] = "Mars/Olympus";
            p["markets"]!["NZ"]!["sales"]!["window"]!["toDay"] = 3;
            p["extra"] = 1;
        });
        world.Extract("a.csv", Row.Sale);

        var check = await world.RunAsync("config", "check", "--json");
        var cycle = await world.RunAsync("cycle", "--as-of", "2026-03-02");

        Assert.Equal((2, 2), (check.Code, cycle.Code));
        Assert.False(check.Json.GetProperty("valid").GetBoolean());
        Assert.Equal(3, check.Json.GetProperty("faults").GetArrayLength());
        foreach (var fault in check.Json.GetProperty("faults").EnumerateArray())
        {
            Assert.Equal("programme.json", fault.GetProperty("file").GetString());
            Assert.NotEmpty(fault.GetProperty("path").GetString()!);
            Assert.NotEmpty(fault.GetProperty("problem").GetString()!);
        }

        Assert.Equal(3, cycle.Error.Split("programme.json").Length - 1);
        Assert.Equal(["inbox/dms/a.csv"], world.Names(""));
    }

    private static void AssertFault(string file, string path, string json, string faultPath, string reason)
    {
        using var world = new World();
        Set(world, file, path, json);

        var faults = PipelineConfig.Check(ConfigFolder.OnDisk(world.Config)).Faults;

        var fault = Assert.Single(faults, f => f.File == file && f.Path == faultPath);
        Assert.Contains(reason, fault.Problem, StringComparison.Ordinal);
    }

    private static void Set(World world, string file, string path, string json) => world.Edit(file, root =>
    {
        var keys = path.Split('.');
        var node = root;
        foreach (var key in keys[..^1])
        {
            node = node[key]!;
        }

        if (json == "null")
        {
            node.AsObject().Remove(keys[^1]);
        }
        else
        {
            node[keys[^1]] = JsonNode.Parse(json);
        }
    });
}
