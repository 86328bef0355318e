using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Reports;
using SurveyDispatcher.UseCases;
using SurveyDispatcher.UseCases.Simulations;
using SurveyDispatcher.UseCases.Sources;

namespace SurveyDispatcher.Cli;

/// <summary>The command line: which verbs there are, what they take, and how their ends become exit codes.</summary>
/// <remarks>
/// 0: done. 1: something failed, or a whole file was refused; the rest was done, and standard error says what.
/// 2: wrong usage or configuration; nothing was done.
/// </remarks>
public static class CommandLine
{
    private const int Done = 0;
    private const int Failed = 1;
    private const int WrongUsage = 2;
    private const int DefaultWatch = 2;

    /// <summary>Runs a command line.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, TimeProvider time)
    {
        Speak(LanguageSetting.Of(args));
        var root = Root(new Surroundings(output, error, time));
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0 && !args.Any(a => a is "--help" or "-h" or "-?"))
        {
            foreach (var fault in parsed.Errors)
            {
                await error.WriteLineAsync(HelpPage.Fault(fault.Message));
            }

            await error.WriteLineAsync(Say($"'{CommandPath(parsed)} --help' shows what is possible."));
            return WrongUsage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                Output = output,
                Error = error,
                ProcessTerminationTimeout = TimeSpan.FromMinutes(2), // a page or a mail under way is finished first
            });
        }
        catch (UsageException e)
        {
            await error.WriteLineAsync(e.Message);
            return WrongUsage;
        }
        catch (OperatorException e)
        {
            await error.WriteLineAsync(e.Message);
            return Failed;
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync(Say($"Stopped. What was stored is kept; the next cycle goes on from there."));
            return Failed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync(Say($"A file could not be read or written: {PlainText.Shown(Reason.Of(e))} Mend that, then run the same command again."));
            return Failed;
        }
        catch (System.Data.Common.DbException e)
        {
            await error.WriteLineAsync(Say($"The store can't be used: {Storage.Database.Explain(e)}"));
            return Failed;
        }
        catch (Exception e)
        {
            await error.WriteLineAsync(Say(
                $"A fault of this program stopped it ({Unexpected.Describe(e)}); what was stored is kept. Please report this line, and the command that led to it."));
            return Failed;
        }
    }

    private static RootCommand Root(Surroundings here)
    {
        var root = new RootCommand(Say($"SurveyPipeline: from dealers' extracts to invitations, reminders, phone lists and responses."))
        {
            Demo(here), CycleVerb(here), RunVerb(here), HealthVerb(here), StatusVerb(here), VendorVerb(here), ExplainVerb(here), SimulateVerb(here), ExportVerb(here), ReportVerb(here), VerifyVerb(here), ConfigVerb(here), SourceVerb(here), MailVerb(here),
            TemplatesVerb(here), BouncesVerb(here), EraseVerb(here), KeysVerb(here), StoreVerb(here), PolicyVerb(here), CompletionVerb(here),
        };
        root.Options.Add(here.Config);
        root.Options.Add(here.Data);
        HelpPage.Speak(root);
        return root;
    }

    private static Command Demo(Surroundings here)
    {
        var verb = new Command("demo", Say($"The whole pipeline on the sample extracts, over simulated weeks, with simulated customers"));
        verb.SetAction((result, ct) =>
        {
            var folder = result.GetValue(here.Config) is { } path ? ConfigFolder.OnDisk(path) : ConfigFolder.Embedded();
            return new Demo(folder, result.GetValue(here.Data), here.Output, here.Progress).RunAsync(ct);
        });
        return verb;
    }

    private static Command CycleVerb(Surroundings here)
    {
        var asOf = new Option<string?>("--as-of") { Description = Say($"A date (that day in every market) or an instant with offset [default: now]"), HelpName = "T" };
        var dryRun = new Option<bool>("--dry-run") { Description = Say($"Work on a copy: send and write nothing") };
        var acceptGap = new Option<bool>("--accept-gap") { Description = Say($"Go on although the last cycle is long ago, or dated later") };
        var only = new Option<string?>("--only")
        {
            Description = Say($"withdrawals: between two cycles, only take opt-outs and responses, and tell the vendor whom not to call any more"), HelpName = "WHAT",
        };
        only.AcceptOnlyFromAmong("withdrawals");
        var verb = new Command("cycle", Say($"One full pass: files in, decisions, mail, lists out")) { asOf, dryRun, acceptGap, only, here.Json };
        verb.SetAction(async (result, ct) =>
        {
            var when = result.GetValue(asOf) is { } text ? AsOf.Parse(text) : AsOf.At(here.Time.GetUtcNow());
            var onlyWithdrawals = result.GetValue(only) is not null;
            if (onlyWithdrawals && result.GetValue(acceptGap))
            {
                throw new UsageException($"--accept-gap is for a whole cycle: --only withdrawals contacts nobody, so no gap stops it.");
            }

            var config = here.Load(result, forMail: !onlyWithdrawals);
            using var telemetry = Scheduling.TelemetryExport.Start(config.Settings.Telemetry, here.Error.WriteLine);
            var cycle = new Cycle(config, here.DirectoryOf(result, config), here.Time, here.Progress);
            var ended = await cycle.RunAsync(new CycleRequest(when, result.GetValue(dryRun), result.GetValue(acceptGap), onlyWithdrawals), ct);
            here.Progress.Clear();
            await here.Output.WriteLineAsync(result.GetValue(here.Json) ? ended.Counts.ToJson() : CycleText.Of(ended.Counts, result.GetValue(dryRun)));
            foreach (var problem in ended.Problems)
            {
                await here.Error.WriteLineAsync(problem);
            }

            return ended.Problems.Count == 0 ? Done : Failed;
        });
        return verb;
    }

    private static Command RunVerb(Surroundings here)
    {
        var verb = new Command("run", Say($"The worker service: a cycle on the schedule Schedule:Cycle, until stopped"));
        verb.SetAction(async (result, ct) =>
        {
            var config = here.Load(result, forMail: true);
            await Scheduling.Worker.RunAsync(config, here.DirectoryOf(result, config), here.Time, ct);
            return Done;
        });
        return verb;
    }

    private static Command HealthVerb(Surroundings here)
    {
        var ready = new Option<bool>("--ready") { Description = Say($"Ask whether its next cycle would do its work, not only whether it lives") };
        var verb = new Command("health", Say($"Whether the service of this machine lives, for health checks of containers: asks its endpoint, or looks into the data directory")) { ready, here.Json };
        verb.SetAction(async (result, ct) =>
        {
            var config = here.Load(result);
            var health = await Scheduling.AskHealth.RunAsync(config.Settings.Health, here.DirectoryOf(result, config), here.Time, result.GetValue(ready), ct);
            await here.Output.WriteLineAsync(result.GetValue(here.Json) ? health.ToJson() : health.ToText());
            return health.IsGood ? Done : Failed;
        });
        return verb;
    }

    private static Command StatusVerb(Surroundings here)
    {
        var watch = new Option<int?>("--watch")
        {
            Description = Say($"Show it again every so many seconds, until Ctrl+C [default: {DefaultWatch}]"), HelpName = "SECONDS", Arity = ArgumentArity.ZeroOrOne,
        };
        watch.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, System.Globalization.CultureInfo.InvariantCulture, out var seconds) || seconds is < 1 or > 3_600))
            {
                result.AddError(Say($"--watch {result.Tokens[0].Value}: seconds from 1 to 3600 are expected."));
            }
        });
        var verb = new Command("status", Say($"Where everything stands, and what needs a person: cycles, funnel per market and survey, queues, mail, files")) { watch, here.Json };
        verb.SetAction(async (result, ct) =>
        {
            var (settings, loading) = here.Begin(result);
            settings ??= (await loading).Settings;
            var directory = here.DirectoryOf(result, settings);
            var store = new Store(directory, settings.Store);
            string Screen()
            {
                var counting = Task.Run(() => StatusCounts.Read(store)); // takes as long as all the rest, which goes on meanwhile
                var config = loading.GetAwaiter().GetResult();
                using var database = store.OpenExisting();
                var status = Status.Read(database, config, directory, here.Time, counting);
                return result.GetValue(here.Json) ? status.ToJson() : status.ToText();
            }

            if (result.GetResult(watch) is null)
            {
                await here.Output.WriteLineAsync(Screen());
                return Done;
            }

            var every = TimeSpan.FromSeconds(result.GetValue(watch) ?? DefaultWatch);
            await StatusWatch.RunAsync(Screen, every, result.GetValue(here.Json) ? null : here.TerminalSize, here.Output, here.Time, ct);
            return Done;
        });
        return verb;
    }

    private static Command VendorVerb(Surroundings here)
    {
        var reconcile = new Command("reconcile", Say($"Every list that the vendor was given: what became of its cases, and which never came back")) { here.Json };
        reconcile.SetAction(result =>
        {
            var config = here.Load(result);
            using var database = new Store(here.DirectoryOf(result, config), config.Settings.Store).OpenExisting();
            var accounts = VendorAccounts.Read(database, config.Programme);
            here.Output.WriteLine(result.GetValue(here.Json) ? accounts.ToJson() : accounts.ToText());
            return accounts.SumsHold ? Done : Failed;
        });
        return new Command("vendor", Say($"The call centre")) { reconcile };
    }

    private static Command ExplainVerb(Surroundings here)
    {
        var key = new Argument<string>("KEY") { Description = Say($"A case id, a VIN, a transaction id, or COUNTRY/DEALER/TRANSACTION-ID with /sale or /service") };
        var market = new Option<string?>("--market") { Description = Say($"Only transactions of this market"), HelpName = "CODE" };
        var dealer = new Option<string?>("--dealer") { Description = Say($"Only transactions of the dealer with this code"), HelpName = "CODE" };
        var survey = new Option<string?>("--survey") { Description = Say($"Only this survey: sales or service"), HelpName = "SURVEY" };
        survey.AcceptOnlyFromAmong("sales", "service");
        var all = new Option<bool>("--all") { Description = Say($"Every story, where more than one transaction fits [default: a table of them]") };
        var asOf = new Option<string?>("--as-of") { Description = Say($"The day that rules are shown for [default: today]"), HelpName = "T" };
        var verb = new Command("explain", Say($"One transaction: its time line, every rule with its verdict, every contact with its proof, what comes next, and what would change it"))
        {
            key, market, dealer, survey, all, asOf, here.Json,
        };
        verb.SetAction(result =>
        {
            var when = result.GetValue(asOf) is { } text ? AsOf.Parse(text) : AsOf.At(here.Time.GetUtcNow());
            var config = here.Load(result);
            var directory = here.DirectoryOf(result, config);
            using var database = new Store(directory, config.Settings.Store).OpenExisting();
            using var vault = Cycle.OpenVault(directory, config.Settings, storeExists: true, write: false);
            here.Output.WriteLine(database.AtOneMoment(() => // a cycle may be writing: half of what it does is no story
            {
                var explain = new Explain(config, database, vault, directory, when);
                var matches = explain.Look(new ExplainRequest(
                    result.GetValue(key)!, result.GetValue(market), result.GetValue(dealer), result.GetValue(survey) is { } code ? SurveyKinds.FromCode(code) : null));
                return result.GetValue(here.Json) ? Story.ToJson(explain.Tell(matches))
                    : matches.Count > 1 && !result.GetValue(all) ? ExplainText.Table(matches)
                    : ExplainText.Of(explain.Tell(matches));
            }));
            return Done;
        });
        return verb;
    }

    private static Command SimulateVerb(Surroundings here)
    {
        var from = new Option<DateOnly>("--from") { Description = Say($"The first day"), HelpName = "D", Required = true, CustomParser = r => Day(r, "--from") };
        var to = new Option<DateOnly>("--to") { Description = Say($"The last day"), HelpName = "D", Required = true, CustomParser = r => Day(r, "--to") };
        var by = new Option<string>("--by") { Description = Say($"A line of the table: week or day"), HelpName = "PERIOD", DefaultValueFactory = _ => "week" };
        by.AcceptOnlyFromAmong("week", "day");
        var format = new Option<string>("--format") { Description = Say($"text or csv"), HelpName = "FORMAT", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "csv");
        var path = new Option<string?>("--out") { Description = Say($"The file to write [default: standard output]"), HelpName = "FILE" };
        var list = new Option<string?>("--list") { Description = Say($"Write the cases that the draft changes to this file, as CSV"), HelpName = "FILE" };
        var minutes = new Option<double>("--minutes-per-attempt") { Description = Say($"How long the vendor takes for an attempt"), HelpName = "N", DefaultValueFactory = _ => 4 };
        NotEmpty(path);
        NotEmpty(list);
        var verb = new Command("simulate", Say($"What days would do, past or coming, under the current or a draft configuration; sends and changes nothing"))
        {
            from, to, here.With, by, format, path, list, minutes, here.Json,
        };
        verb.SetAction(async (result, ct) =>
        {
            var config = here.Load(result);
            var directory = here.DirectoryOf(result, config);
            var store = new Store(directory, config.Settings.Store);
            var draft = here.DraftOver(result, config);
            if (result.GetValue(list) is not null && draft is null)
            {
                throw new UsageException($"--list needs --with: it lists what a draft changes.");
            }

            CheckTarget(result.GetValue(path), directory, config);
            CheckTarget(result.GetValue(list), directory, config);
            var request = new SimulateRequest(result.GetValue(from), result.GetValue(to), result.GetValue(minutes), NamesOfNew: result.GetValue(list) is not null);
            var simulated = await new Simulate(config, draft, directory, here.Time, here.Progress).RunAsync(request, ct);
            if (result.GetValue(list) is { } listed)
            {
                using var database = store.Exists ? store.OpenExisting() : null;
                DurableFile.Write(listed, stream => ChangeList.Write(stream, simulated, database));
            }

            var words = new SimulateText(simulated, result.GetValue(by) == "day", Console.IsOutputRedirected ? 100 : Console.WindowWidth);
            Action<Stream> write = result.GetValue(here.Json) || result.GetValue(format) == "text"
                ? stream => stream.Write(System.Text.Encoding.UTF8.GetBytes((result.GetValue(here.Json) ? simulated.ToJson() : words.Text()) + Environment.NewLine))
                : words.WriteCsv;
            if (result.GetValue(path) is { } file)
            {
                DurableFile.Write(file, write);
            }
            else
            {
                here.WriteBytes(write);
            }

            return Done;
        });
        return verb;
    }

    private static DateOnly Day(ArgumentResult result, string option)
    {
        if (DateOnly.TryParseExact(result.Tokens[0].Value, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.None, out var day) && day.Year is >= 1900 and < 9000)
        {
            return day;
        }

        result.AddError(Say($"{option} '{result.Tokens[0].Value}': a date such as 2026-03-01 is expected."));
        return default;
    }

    private static Command ExportVerb(Surroundings here)
    {
        var what = new Argument<string>("WHAT") { Description = Say($"{Listed(Export.Names)}; or {Export.All}") };
        what.AcceptOnlyFromAmong([.. Export.Names, Export.All]);
        var format = new Option<string>("--format") { Description = Say($"csv or sqlite"), HelpName = "FORMAT", DefaultValueFactory = _ => "csv" };
        format.AcceptOnlyFromAmong("csv", "sqlite");
        var path = new Option<string?>("--out") { Description = Say($"The file to write, or for 'all' as CSV the new folder [default: one table as CSV goes to standard output]"), HelpName = "PATH" };
        NotEmpty(path);
        var withContact = new Option<bool>("--with-contact") { Description = Say($"With names, addresses, numbers and callers' notes; else pseudonymous") };
        var language = new Option<string?>("--language") { Description = Say($"The language of the labels for SPSS and Stata ('all' as CSV) [default: en]"), HelpName = "TAG" };
        var verb = new Command("export", Say($"Tables for analysts, as CSV or as one SQLite database; 'all' as a package with labels for SPSS and Stata"))
        {
            what, format, path, withContact, language, here.Json,
        };
        verb.SetAction(result =>
        {
            var request = new ExportRequest(
                result.GetValue(what)!, result.GetValue(format) == "sqlite", result.GetValue(here.Json), result.GetValue(path), result.GetValue(withContact), result.GetValue(language));
            request.Check();
            var config = here.Load(result);
            if (request.Language is { } tag)
            {
                Export.CheckLanguage(config.Questionnaires, tag);
            }

            var directory = here.DirectoryOf(result, config);
            CheckTarget(request.Path, directory, config);
            using var database = new Store(directory, config.Settings.Store).OpenExisting();
            using var vault = Export.NeedsKeys(request.What, request.WithContact)
                ? Cycle.OpenVault(directory, config.Settings, storeExists: true, write: false)
                : new Storage.Vault(KeyRing.Zeros());
            var export = new Export(config, database, vault, request.WithContact);
            if (request.IsPackage)
            {
                DurableFile.WriteFolder(request.Path!, folder => export.WritePackage(folder, request.Language ?? "en", here.Time.GetUtcNow()));
            }
            else if (request.IsSqlite)
            {
                DurableFile.WriteAt(request.Path!, file => export.WriteSqlite(request.What, file));
            }
            else if (request.Path is { } file)
            {
                DurableFile.Write(file, stream => export.Write(request.What, request.IsJson, stream));
            }
            else
            {
                here.WriteBytes(stream => export.Write(request.What, request.IsJson, stream));
            }

            return Done;
        });
        return verb;
    }

    private static Command ReportVerb(Surroundings here)
    {
        var market = new Option<string?>("--market") { Description = Say($"One market [default: every one of which something came]"), HelpName = "CODE" };
        var dealer = new Option<string?>("--dealer") { Description = Say($"The report of one dealer of the market"), HelpName = "CODE" };
        var each = new Option<bool>("--each-dealer") { Description = Say($"Each dealer's own report, too") };
        var period = new Option<string?>("--period") { Description = Say($"Months of the events: 2026-02, 2026-Q1, 2026 or 2026-02..2026-04 [default: the last cycle's and the two before it]"), HelpName = "P" };
        var language = new Option<string>("--language") { Description = Say($"en or zh-CN"), HelpName = "L", DefaultValueFactory = _ => "en" };
        language.AcceptOnlyFromAmong("en", "zh-CN");
        var folder = new Option<string?>("--out") { Description = Say($"The folder to write to [default: reports in the data directory]"), HelpName = "DIR" };
        NotEmpty(folder);
        var verb = new Command("report", Say($"Scores, ranks, outcome rates, problems and data quality of a market or a dealer, as a page and as CSV"))
        {
            market, dealer, each, period, language, folder, here.Json,
        };
        verb.SetAction(result =>
        {
            var months = result.GetValue(period) is not { } text ? null
                : Period.Parse(text) ?? throw new UsageException($"--period '{text}' is no period: 2026-02, 2026-Q1, 2026 or 2026-02..2026-04 is expected.");
            if (result.GetValue(dealer) is not null && result.GetValue(market) is null)
            {
                throw new UsageException($"--dealer needs --market: a dealer's code is one of its market.");
            }

            var config = here.Load(result);
            var directory = here.DirectoryOf(result, config);
            using var database = new Store(directory, config.Settings.Store).OpenExisting();
            using var vault = Cycle.OpenVault(directory, config.Settings, storeExists: true, write: false);
            CheckTarget(result.GetValue(folder), directory, config);
            var request = new ReportRequest(result.GetValue(market)?.ToUpperInvariant(), result.GetValue(dealer), result.GetValue(each), months, result.GetValue(language)!);
            var written = new WriteReports(config, database, vault).Write(request, result.GetValue(folder) ?? Path.Combine(directory.Root, "reports"));
            here.Output.WriteLine(result.GetValue(here.Json) ? written.ToJson() : written.ToText());
            return Done;
        });
        return verb;
    }

    /// <summary>What is written for others must not fall on what the program lives on.</summary>
    private static void CheckTarget(string? path, DataDirectory directory, PipelineConfig config)
    {
        if (path is not null && (directory.IsOwn(path) || new Store(directory, config.Settings.Store).IsAt(path) || (config.Settings.Keys.File is { Length: > 0 } keys && Path.GetFullPath(keys) == Path.GetFullPath(path))))
        {
            throw new UsageException($"--out {PlainText.Shown(path)} is where the program keeps its own files. Name another place.");
        }
    }

    private static Command VerifyVerb(Surroundings here)
    {
        var verb = new Command("verify", Say($"Checks sums, every case against the ledger, and the ledger's chain")) { here.Json };
        verb.SetAction(result =>
        {
            var config = here.Load(result);
            using var database = new Store(here.DirectoryOf(result, config), config.Settings.Store).OpenExisting();
            var verified = new Verify(database, config.Programme, here.Progress).Run();
            here.Progress.Clear();
            here.Output.WriteLine(result.GetValue(here.Json) ? verified.ToJson() : verified.ToText());
            return verified.Difference is null ? Done : Failed;
        });
        return verb;
    }

    private static Command BouncesVerb(Surroundings here)
    {
        var paths = new Argument<string[]>("PATH") { Description = Say($"A mail as a file, a folder of mails, or a Maildir"), Arity = ArgumentArity.OneOrMore };
        paths.Validators.Add(result =>
        {
            if (result.Tokens.Any(t => string.IsNullOrWhiteSpace(t.Value)))
            {
                result.AddError(Say($"PATH is empty: a file or a folder is expected."));
            }
        });
        var read = new Command("read", Say($"How mails from the bounce mailbox would be understood; changes nothing, needs no store")) { paths, here.Json };
        read.SetAction(result =>
        {
            var mails = ReadBounces.Read(result.GetValue(paths)!);
            here.Output.WriteLine(result.GetValue(here.Json) ? mails.ToJson() : mails.ToText());
            foreach (var problem in mails.Problems)
            {
                here.Error.WriteLine(problem);
            }

            return mails.Problems.Count == 0 ? Done : Failed;
        });
        return new Command("bounces", Say($"Mails that came back")) { read };
    }

    private static Command ConfigVerb(Surroundings here)
    {
        var check = new Command("check", Say($"Validates all configuration: file, path and reason of every fault")) { here.With, here.Json };
        check.SetAction(result =>
        {
            var current = here.FolderOf(result);
            var folder = result.GetValue(here.With) is { } draft ? ConfigFolder.OnDisk(draft).Over(current) : current;
            var (config, faults) = PipelineConfig.Check(folder);
            here.Output.WriteLine(ConfigText.Of(folder, config, faults, result.GetValue(here.Json)));
            return faults.Count == 0 ? Done : WrongUsage;
        });
        return new Command("config", Say($"The configuration")) { check };
    }

    private static Command SourceVerb(Surroundings here)
    {
        var file = new Argument<string>("FILE") { Description = Say($"A sample of an extract") };
        var source = new Option<string?>("--source") { Description = Say($"Read it with this source [default: the first whose pattern fits its name]"), HelpName = "NAME" };
        var rows = new Option<int>("--rows") { Description = Say($"Rows to show; all are counted"), HelpName = "N", DefaultValueFactory = _ => 20 };
        var constants = new Option<string[]>("--constant") { Description = Say($"A value that all rows have and the file does not say, such as country=AU"), HelpName = "COLUMN=VALUE", DefaultValueFactory = _ => [] };
        var dateFormat = new Option<string?>("--date-format") { Description = Say($"How its dates are written, such as dd/MM/yyyy"), HelpName = "FORMAT" };
        var withContact = new Option<bool>("--with-contact") { Description = Say($"Show names, addresses and numbers; else they are hidden") };
        var asOf = new Option<string?>("--as-of") { Description = Say($"The day on which it would be read [default: today]"), HelpName = "T" };
        var write = new Option<string?>("--write") { Description = Say($"Write the proposed source as sources/NAME.json of the configuration"), HelpName = "NAME" };
        NotEmpty(write);
        var check = new Command("check", Say($"How a sample would be read, row by row, and a proposal for what nothing reads; needs no store")) { file, source, rows, constants, dateFormat, withContact, asOf, write, here.Json };
        check.SetAction(result =>
        {
            var when = result.GetValue(asOf) is { } text ? AsOf.Parse(text) : AsOf.At(here.Time.GetUtcNow());
            var folder = result.GetValue(here.Config) ?? "config";
            var config = here.Load(result);
            var request = new SourceCheckRequest(
                result.GetValue(file)!, result.GetValue(source), Math.Max(0, result.GetValue(rows)), result.GetValue(withContact), result.GetValue(dateFormat),
                WriteSource.Constants(result.GetValue(constants)!), result.GetValue(write) is not null);
            var found = new CheckSource(config, when).Run(request);
            here.Output.WriteLine(result.GetValue(here.Json) ? SourceCheckText.ToJson(found, request.WithContact) : SourceCheckText.ToText(found, request.WithContact));
            if (result.GetValue(write) is { } name)
            {
                here.Error.WriteLine(WriteSource.Write(found, config, folder, name));
                return Done;
            }

            return found.Refusal is null ? Done : Failed;
        });
        return new Command("source", Say($"How the files of a dealer system are read")) { check };
    }

    private static Command MailVerb(Surroundings here)
    {
        var to = new Option<string?>("--to") { Description = Say($"Send one test message to this address"), HelpName = "ADDRESS" };
        var check = new Command("check", Say($"The relay, and the SPF, DKIM and DMARC records of the senders: what is good and what to do")) { to, here.Json };
        check.SetAction(async (result, ct) =>
        {
            var config = here.Load(result);
            var address = result.GetValue(to) is not { } text ? null
                : EmailAddress.Parse(text) ?? throw new UsageException($"--to '{text}' is no e-mail address.");
            var found = await new CheckMail(config, here.DirectoryOf(result, config), here.Time).RunAsync(address, ct);
            await here.Output.WriteLineAsync(result.GetValue(here.Json) ? found.ToJson() : found.ToText());
            return found.Failed ? Failed : Done;
        });
        return new Command("mail", Say($"Mail, before it goes out")) { check };
    }

    private static Command TemplatesVerb(Surroundings here)
    {
        var folder = new Option<string?>("--out") { Description = Say($"The folder to write to [default: preview in the data directory]"), HelpName = "DIR" };
        NotEmpty(folder);
        var market = new Option<string?>("--market") { Description = Say($"Only what this market sends [default: every language]"), HelpName = "CODE" };
        var preview = new Command("preview", Say($"Writes every invitation and reminder with sample data, to look at in a browser")) { folder, market, here.Json };
        preview.SetAction(result =>
        {
            var config = here.Load(result, forMail: true);
            var path = result.GetValue(folder) ?? Path.Combine(here.DirectoryOf(result, config).Root, "preview");
            var written = new PreviewTemplates(config).Write(path, result.GetValue(market));
            here.Output.WriteLine(result.GetValue(here.Json) ? written.ToJson() : written.ToText());
            return Done;
        });
        return new Command("templates", Say($"The texts of the mails")) { preview };
    }

    private static Command EraseVerb(Surroundings here)
    {
        var email = new Option<string?>("--email") { Description = Say($"The person's e-mail address"), HelpName = "E" };
        var phone = new Option<string?>("--phone") { Description = Say($"The person's number"), HelpName = "P" };
        var vin = new Option<string?>("--vin") { Description = Say($"The person's vehicle"), HelpName = "V" };
        var caseId = new Option<string?>("--case") { Description = Say($"A case of the person"), HelpName = "C" };
        var asOf = new Option<string?>("--as-of") { Description = Say($"The day that the erasure is dated [default: now]"), HelpName = "T" };
        var dryRun = new Option<bool>("--dry-run") { Description = Say($"Count, and change nothing") };
        var many = new Option<bool>("--many") { Description = Say($"Go on although more than {Erase.SharedByMany} transactions have the address or number") };
        var verb = new Command("erase", Say($"A privacy request: a person's data is removed everywhere, for good; a suppression hash and an anonymous trace stay"))
        {
            email, phone, vin, caseId, asOf, dryRun, many, here.Json,
        };
        verb.SetAction((result, ct) =>
        {
            var when = result.GetValue(asOf) is { } text ? AsOf.Parse(text) : AsOf.At(here.Time.GetUtcNow());
            var config = here.Load(result);
            var request = new ErasureRequest(
                result.GetValue(email), result.GetValue(phone), result.GetValue(vin), result.GetValue(caseId), result.GetValue(dryRun), result.GetValue(many));
            var erased = new Erase(config, here.DirectoryOf(result, config), here.Time, here.Progress).Run(request, when, ct);
            here.Progress.Clear();
            here.Output.WriteLine(result.GetValue(here.Json) ? erased.ToJson() : erased.ToText());
            foreach (var problem in erased.Problems)
            {
                here.Error.WriteLine(problem);
            }

            return Task.FromResult(erased.Problems.Count == 0 ? Done : Failed);
        });
        return verb;
    }

    private static Command KeysVerb(Surroundings here)
    {
        Command Step(string name, Phrase description, Func<Keys, KeysState> step)
        {
            var verb = new Command(name, Say(description)) { here.Json };
            verb.SetAction(result =>
            {
                var config = here.Load(result);
                var state = step(new Keys(config, here.DirectoryOf(result, config), here.Time, here.Progress));
                here.Progress.Clear();
                here.Output.WriteLine(result.GetValue(here.Json) ? state.ToJson() : state.ToText());
                return Done;
            });
            return verb;
        }

        return new Command("keys", Say($"The keys that encrypt personal data in the store"))
        {
            Step("list", $"Which keys there are, which one seals, and how many values each has sealed; never a key itself", k => k.List()),
            Step("rotate", $"Makes a new key and seals everything anew with it; run again after an interruption, it goes on", k => k.Rotate()),
            Step("drop-old", $"Drops the keys that nothing in the store needs any more; older backups of the store do", k => k.DropOld()),
        };
    }

    private static Command StoreVerb(Surroundings here)
    {
        var provider = new Option<string>("--provider") { Description = Say($"The kind of the new database: PostgreSql or Sqlite"), DefaultValueFactory = _ => "PostgreSql" };
        provider.AcceptOnlyFromAmong("PostgreSql", "Sqlite");
        var to = new Option<string>("--to") { Description = Say($"Its connection string, as Store:ConnectionString takes it"), Required = true, HelpName = "CONNECTION" };
        var copy = new Command("copy", Say($"Copies the store to another, empty database and verifies both; then point Store:Provider and Store:ConnectionString there")) { provider, to, here.Json };
        copy.SetAction(result =>
        {
            var config = here.Load(result);
            var target = new StoreOptions { Provider = result.GetValue(provider)!, ConnectionString = result.GetValue(to)! };
            if (target.Problem() is { } problem)
            {
                throw new UsageException($"--to is no connection string ({problem}). Nothing was done.");
            }

            var moved = StoreCopy.Move(config, here.DirectoryOf(result, config), target, here.Time, here.Progress);
            here.Progress.Clear();
            here.Output.WriteLine(result.GetValue(here.Json) ? moved.ToJson()
                : Say($"{moved.ToText()} The same in both stores. Point Store:Provider and Store:ConnectionString to the new one, and keep the old one as a backup."));
            return Done;
        });
        return new Command("store", Say($"The database that holds everything")) { copy };
    }

    private static Command CompletionVerb(Surroundings here)
    {
        var shell = new Argument<string>("SHELL") { Description = Listed(Completion.Shells) };
        shell.AcceptOnlyFromAmong(Completion.Shells);
        var verb = new Command("completion", Say($"Prints a script by which a shell completes verbs, options and their values")) { shell };
        verb.SetAction(result =>
        {
            here.Output.WriteLine(Completion.Script(result.RootCommandResult.Command, result.GetValue(shell)!).ReplaceLineEndings("\n"));
            return Done;
        });
        return verb;
    }

    private static Command PolicyVerb(Surroundings here)
    {
        var asOf = new Option<string?>("--as-of") { Description = Say($"The day for which a change is counted that no cycle has used yet [default: today]"), HelpName = "T" };
        Policies Of(ParseResult result)
        {
            var when = result.GetValue(asOf) is { } text ? AsOf.Parse(text) : AsOf.At(here.Time.GetUtcNow());
            var config = here.Load(result);
            var file = result.GetValue(here.With) is { } draft ? Path.Combine(draft, ProgrammeFile.Name) : ProgrammeFile.Name;
            return new Policies(here.DraftOver(result, config) ?? config, file, here.DirectoryOf(result, config), here.Time, when);
        }

        var number = new Argument<long>("N") { Description = Say($"The number of a policy, as 'policy' lists it") };
        var show = new Command("show", Say($"The programme.json of a policy, as it was")) { number, here.Json };
        show.SetAction(result =>
        {
            var policy = Of(result).Show(result.GetValue(number));
            if (result.GetValue(here.Json))
            {
                here.Output.WriteLine(policy.ToJson());
            }
            else
            {
                here.WriteBytes(stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(policy.Programme))); // to the byte: it can be put back
            }

            return Done;
        });

        var from = new Argument<long?>("N") { Description = Say($"A policy [default: the one in force, against programme.json as it is configured, with what that would do]"), Arity = ArgumentArity.ZeroOrOne };
        var to = new Argument<long?>("M") { Description = Say($"Another one [default: programme.json as it is configured]"), Arity = ArgumentArity.ZeroOrOne };
        var diff = new Command("diff", Say($"How two policies differ, or the one in force and programme.json")) { from, to, here.With, asOf, here.Json };
        diff.SetAction(result =>
        {
            if (result.GetValue(here.With) is not null && result.GetValue(to) is not null)
            {
                throw new UsageException($"--with stands in the place of M: name one policy at most.");
            }

            var differ = Of(result).Diff(result.GetValue(from), result.GetValue(to));
            here.Output.WriteLine(result.GetValue(here.Json) ? differ.ToJson() : differ.ToText());
            return Done;
        });

        var version = new Argument<string>("VERSION") { Description = Say($"The version of programme.json, as the message and 'policy diff' name it") };
        var accept = new Command("accept", Say($"Confirms a change of programme.json that stops cycles: the next one goes on")) { version, here.Json };
        accept.SetAction(result =>
        {
            var accepted = Of(result).Accept(result.GetValue(version)!);
            here.Output.WriteLine(result.GetValue(here.Json) ? accepted.ToJson() : accepted.ToText());
            return Done;
        });

        var verb = new Command("policy", Say($"The programmes that were in force: since when, what changed, whom it newly contacted, dropped and contacted earlier")) { show, diff, accept, asOf, here.Json };
        verb.SetAction(result =>
        {
            var history = Of(result).List();
            here.Output.WriteLine(result.GetValue(here.Json) ? history.ToJson() : history.ToText());
            return Done;
        });
        return verb;
    }

    /// <summary>An empty path is a shell variable that was not set, and never what was meant.</summary>
    private static void NotEmpty(Option<string?> option) => option.Validators.Add(result =>
    {
        if (result.Tokens.Any(t => string.IsNullOrWhiteSpace(t.Value)))
        {
            result.AddError(Say($"{option.Name} is empty: a path is expected."));
        }
    });

    private static string CommandPath(ParseResult result)
    {
        var path = "";
        for (var verb = result.CommandResult; verb.Command is not RootCommand; verb = (CommandResult)verb.Parent!)
        {
            path = $" {verb.Command.Name}{path}";
        }

        return $"SurveyDispatcher{path}";
    }

    /// <summary>What the program stands in, and the options that many verbs have.</summary>
    private sealed class Surroundings(TextWriter output, TextWriter error, TimeProvider time)
    {
        public Option<string?> Config { get; } = Folder("--config", $"The configuration folder [default: config]");

        public Option<string?> Data { get; } = Folder("--data", $"The data directory [default: the setting Data:Directory]");

        public Option<string?> With { get; } = Folder("--with", $"A draft configuration: a folder with the files that differ, such as programme.json; what it lacks is as in --config", recursive: false);

        public Option<bool> Json { get; } = new("--json") { Description = Say($"Print JSON") };

        public TextWriter Output { get; } = output;

        public TextWriter Error { get; } = error;

        public TimeProvider Time { get; } = time;

        public IProgressView Progress { get; } = Console.IsErrorRedirected || error != Console.Error ? new NoProgress() : new TerminalProgress(error);

        /// <summary>Columns and lines of the terminal that is written to; null where it is none.</summary>
        public Func<(int Columns, int Lines)>? TerminalSize { get; } = output != Console.Out || Console.IsOutputRedirected ? null : () => (Console.WindowWidth, Console.WindowHeight);

        public PipelineConfig Load(ParseResult result, bool forMail = false) => PipelineConfig.Load(FolderOf(result), forMail);

        public ConfigFolder FolderOf(ParseResult result) => ConfigFolder.OnDisk(result.GetValue(Config) ?? "config");

        /// <summary>The draft that a verb was given; null without one.</summary>
        public PipelineConfig? DraftOver(ParseResult result, PipelineConfig current) => result.GetValue(With) is { } path ? PipelineConfig.LoadDraft(path, FolderOf(result), current) : null;

        public (Settings? Settings, Task<PipelineConfig> Whole) Begin(ParseResult result) => PipelineConfig.Begin(FolderOf(result));

        public DataDirectory DirectoryOf(ParseResult result, PipelineConfig config) => DirectoryOf(result, config.Settings);

        public DataDirectory DirectoryOf(ParseResult result, Settings settings) => new(result.GetValue(Data) ?? settings.Data.Directory);

        /// <summary>Writes bytes to standard output as they are: an export has a mark and line ends of its own.</summary>
        public void WriteBytes(Action<Stream> write)
        {
            if (Output == Console.Out)
            {
                using var stdout = Console.OpenStandardOutput();
                write(stdout);
                return;
            }

            using var buffer = new MemoryStream();
            write(buffer);
            Output.Write(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
        }

        private static Option<string?> Folder(string name, Phrase description, bool recursive = true)
        {
            var option = new Option<string?>(name) { Description = Say(description), HelpName = "DIR", Recursive = recursive };
            NotEmpty(option);
            return option;
        }
    }

    /// <summary>One line on the terminal that grows and goes away.</summary>
    private sealed class TerminalProgress(TextWriter terminal) : IProgressView
    {
        private long shownAt;

        public void Report(Phrase step, long done, long total)
        {
            if (shownAt != 0 && Stopwatch.GetElapsedTime(shownAt) < TimeSpan.FromMilliseconds(100) && done < total)
            {
                return;
            }

            shownAt = Stopwatch.GetTimestamp();
            var bar = total > 0 ? Say($"[{new string('#', (int)(20 * done / total)).PadRight(20)}] {done:N0} of {total:N0}") : $"{done:N0}";
            terminal.Write($"\r{PlainText.Shown(Say(step))} {bar}\u001b[K");
        }

        public void Clear()
        {
            if (shownAt != 0)
            {
                terminal.Write("\r\u001b[K");
            }
        }
    }
}
