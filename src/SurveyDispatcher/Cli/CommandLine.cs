using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using Survey.Domain;
using SurveyDispatcher.Configuration;
using SurveyDispatcher.Files;
using SurveyDispatcher.Reports;
using SurveyDispatcher.UseCases;

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

    private static readonly Option<string?> Config = new("--config")
    {
        Description = "The configuration folder [default: config]", HelpName = "DIR", Recursive = true,
    };

    private static readonly Option<string?> Data = new("--data")
    {
        Description = "The data directory [default: the setting Data:Directory]", HelpName = "DIR", Recursive = true,
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON" };

    static CommandLine()
    {
        NotEmpty(Config);
        NotEmpty(Data);
    }

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
                await error.WriteLineAsync(fault.Message);
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
        var root = new RootCommand("SurveyPipeline: from dealers' extracts to invitations, reminders, phone lists and responses.")
        {
            Demo(here), CycleVerb(here), RunVerb(here), StatusVerb(here), ExplainVerb(here), ExportVerb(here), ReportVerb(here), VerifyVerb(here), ConfigVerb(here), MailVerb(here),
            TemplatesVerb(here), BouncesVerb(here), EraseVerb(here), KeysVerb(here), StoreVerb(here),
        };
        root.Options.Add(Config);
        root.Options.Add(Data);
        return root;
    }

    private static Command Demo(Surroundings here)
    {
        var verb = new Command("demo", "The whole pipeline on the sample extracts, over simulated weeks, with simulated customers");
        verb.SetAction((result, ct) =>
        {
            var folder = result.GetValue(Config) is { } path ? ConfigFolder.OnDisk(path) : ConfigFolder.Embedded();
            return new Demo(folder, result.GetValue(Data), here.Output, here.Progress).RunAsync(ct);
        });
        return verb;
    }

    private static Command CycleVerb(Surroundings here)
    {
        var asOf = new Option<string?>("--as-of") { Description = "A date (that day in every market) or an instant with offset [default: now]", HelpName = "T" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Work on a copy: send and write nothing" };
        var acceptGap = new Option<bool>("--accept-gap") { Description = "Go on although the last cycle is long ago, or dated later" };
        var verb = new Command("cycle", "One full pass: files in, decisions, mail, lists out") { asOf, dryRun, acceptGap, Json };
        verb.SetAction(async (result, ct) =>
        {
            var when = result.GetValue(asOf) is { } text ? AsOf.Parse(text) : AsOf.At(here.Time.GetUtcNow());
            var config = Load(result, forMail: true);
            var cycle = new Cycle(config, DirectoryOf(result, config), here.Time, here.Progress);
            var ended = await cycle.RunAsync(new CycleRequest(when, result.GetValue(dryRun), result.GetValue(acceptGap)), ct);
            here.Progress.Clear();
            await here.Output.WriteLineAsync(result.GetValue(Json) ? ended.Counts.ToJson() : CycleText.Of(ended.Counts, result.GetValue(dryRun)));
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
        var verb = new Command("run", "The worker service: a cycle on the schedule Schedule:Cycle, until stopped");
        verb.SetAction(async (result, ct) =>
        {
            var config = Load(result, forMail: true);
            await Scheduling.Worker.RunAsync(config, DirectoryOf(result, config), here.Time, here.Output, ct);
            return Done;
        });
        return verb;
    }

    private static Command StatusVerb(Surroundings here)
    {
        var verb = new Command("status", "The funnel per market and survey, queues, the last cycle, refused files") { Json };
        verb.SetAction(result =>
        {
            var config = Load(result);
            var directory = DirectoryOf(result, config);
            using var database = new Store(directory, config.Settings.Store).OpenExisting();
            var status = Status.Read(database, config.Programme, here.Time) with { NextCycleStops = GapGuard.Problem(database, config, AsOf.At(here.Time.GetUtcNow()), CycleLock.NotedIn(directory)) };
            here.Output.WriteLine(result.GetValue(Json) ? status.ToJson() : status.ToText());
            return Done;
        });
        return verb;
    }

    private static Command ExplainVerb(Surroundings here)
    {
        var key = new Argument<string>("KEY") { Description = "A case id, a VIN or a transaction id" };
        var asOf = new Option<string?>("--as-of") { Description = "The day that rules are shown for [default: today]", HelpName = "T" };
        var verb = new Command("explain", "One transaction: every rule with its verdict, every contact, what comes next and when") { key, asOf, Json };
        verb.SetAction(result =>
        {
            var when = result.GetValue(asOf) is { } text ? AsOf.Parse(text) : AsOf.At(here.Time.GetUtcNow());
            var config = Load(result);
            var directory = DirectoryOf(result, config);
            using var database = new Store(directory, config.Settings.Store).OpenExisting();
            using var vault = Cycle.OpenVault(directory, config.Settings, storeExists: true, write: false);
            var stories = new Explain(config, database, vault, when).Find(result.GetValue(key)!);
            here.Output.WriteLine(result.GetValue(Json) ? Explain.ToJson(stories) : Explain.ToText(stories));
            return Done;
        });
        return verb;
    }

    private static Command ExportVerb(Surroundings here)
    {
        var what = new Argument<string>("WHAT") { Description = $"{string.Join(", ", Export.Names)}; or {Export.All}" };
        what.AcceptOnlyFromAmong([.. Export.Names, Export.All]);
        var format = new Option<string>("--format") { Description = "csv or sqlite", HelpName = "FORMAT", DefaultValueFactory = _ => "csv" };
        format.AcceptOnlyFromAmong("csv", "sqlite");
        var path = new Option<string?>("--out") { Description = "The file to write, or for 'all' as CSV the new folder [default: one table as CSV goes to standard output]", HelpName = "PATH" };
        NotEmpty(path);
        var withContact = new Option<bool>("--with-contact") { Description = "With names, addresses, numbers and callers' notes; else pseudonymous" };
        var language = new Option<string?>("--language") { Description = "The language of the labels for SPSS and Stata ('all' as CSV) [default: en]", HelpName = "TAG" };
        var verb = new Command("export", "Tables for analysts, as CSV or as one SQLite database; 'all' as a package with labels for SPSS and Stata")
        {
            what, format, path, withContact, language, Json,
        };
        verb.SetAction(result =>
        {
            var request = new ExportRequest(
                result.GetValue(what)!, result.GetValue(format) == "sqlite", result.GetValue(Json), result.GetValue(path), result.GetValue(withContact), result.GetValue(language));
            request.Check();
            var config = Load(result);
            if (request.Language is { } tag)
            {
                Export.CheckLanguage(config.Questionnaires, tag);
            }

            var directory = DirectoryOf(result, config);
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
        var market = new Option<string?>("--market") { Description = "One market [default: every one of which something came]", HelpName = "CODE" };
        var dealer = new Option<string?>("--dealer") { Description = "The report of one dealer of the market", HelpName = "CODE" };
        var each = new Option<bool>("--each-dealer") { Description = "Each dealer's own report, too" };
        var period = new Option<string?>("--period") { Description = "Months of the events: 2026-02, 2026-Q1, 2026 or 2026-02..2026-04 [default: the last cycle's and the two before it]", HelpName = "P" };
        var language = new Option<string>("--language") { Description = "en or zh-CN", HelpName = "L", DefaultValueFactory = _ => "en" };
        language.AcceptOnlyFromAmong("en", "zh-CN");
        var folder = new Option<string?>("--out") { Description = "The folder to write to [default: reports in the data directory]", HelpName = "DIR" };
        NotEmpty(folder);
        var verb = new Command("report", "Scores, ranks, outcome rates, problems and data quality of a market or a dealer, as a page and as CSV")
        {
            market, dealer, each, period, language, folder, Json,
        };
        verb.SetAction(result =>
        {
            var months = result.GetValue(period) is not { } text ? null
                : Period.Parse(text) ?? throw new UsageException($"--period '{text}' is no period: 2026-02, 2026-Q1, 2026 or 2026-02..2026-04 is expected.");
            if (result.GetValue(dealer) is not null && result.GetValue(market) is null)
            {
                throw new UsageException($"--dealer needs --market: a dealer's code is one of its market.");
            }

            var config = Load(result);
            var directory = DirectoryOf(result, config);
            using var database = new Store(directory, config.Settings.Store).OpenExisting();
            using var vault = Cycle.OpenVault(directory, config.Settings, storeExists: true, write: false);
            CheckTarget(result.GetValue(folder), directory, config);
            var request = new ReportRequest(result.GetValue(market)?.ToUpperInvariant(), result.GetValue(dealer), result.GetValue(each), months, result.GetValue(language)!);
            var written = new WriteReports(config, database, vault).Write(request, result.GetValue(folder) ?? Path.Combine(directory.Root, "reports"));
            here.Output.WriteLine(result.GetValue(Json) ? written.ToJson() : written.ToText());
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
        var verb = new Command("verify", "Checks sums, every case against the ledger, and the ledger's chain") { Json };
        verb.SetAction(result =>
        {
            var config = Load(result);
            using var database = new Store(DirectoryOf(result, config), config.Settings.Store).OpenExisting();
            var verified = new Verify(database, config.Programme, here.Progress).Run();
            here.Progress.Clear();
            here.Output.WriteLine(result.GetValue(Json) ? verified.ToJson() : verified.ToText());
            return verified.Difference is null ? Done : Failed;
        });
        return verb;
    }

    private static Command BouncesVerb(Surroundings here)
    {
        var paths = new Argument<string[]>("PATH") { Description = "A mail as a file, a folder of mails, or a Maildir", Arity = ArgumentArity.OneOrMore };
        paths.Validators.Add(result =>
        {
            if (result.Tokens.Any(t => string.IsNullOrWhiteSpace(t.Value)))
            {
                result.AddError("PATH is empty: a file or a folder is expected.");
            }
        });
        var read = new Command("read", "How mails from the bounce mailbox would be understood; changes nothing, needs no store") { paths, Json };
        read.SetAction(result =>
        {
            var mails = ReadBounces.Read(result.GetValue(paths)!);
            here.Output.WriteLine(result.GetValue(Json) ? mails.ToJson() : mails.ToText());
            foreach (var problem in mails.Problems)
            {
                here.Error.WriteLine(problem);
            }

            return mails.Problems.Count == 0 ? Done : Failed;
        });
        return new Command("bounces", "Mails that came back") { read };
    }

    private static Command ConfigVerb(Surroundings here)
    {
        var check = new Command("check", "Validates all configuration: file, path and reason of every fault") { Json };
        check.SetAction(result =>
        {
            var folder = ConfigFolder.OnDisk(result.GetValue(Config) ?? "config");
            var (config, faults) = PipelineConfig.Check(folder);
            here.Output.WriteLine(ConfigText.Of(folder, config, faults, result.GetValue(Json)));
            return faults.Count == 0 ? Done : WrongUsage;
        });
        return new Command("config", "The configuration") { check };
    }

    private static Command MailVerb(Surroundings here)
    {
        var to = new Option<string?>("--to") { Description = "Send one test message to this address", HelpName = "ADDRESS" };
        var check = new Command("check", "The relay, and the SPF, DKIM and DMARC records of the senders: what is good and what to do") { to, Json };
        check.SetAction(async (result, ct) =>
        {
            var config = Load(result);
            var address = result.GetValue(to) is not { } text ? null
                : EmailAddress.Parse(text) ?? throw new UsageException($"--to '{text}' is no e-mail address.");
            var found = await new CheckMail(config, DirectoryOf(result, config), here.Time).RunAsync(address, ct);
            await here.Output.WriteLineAsync(result.GetValue(Json) ? found.ToJson() : found.ToText());
            return found.Failed ? Failed : Done;
        });
        return new Command("mail", "Mail, before it goes out") { check };
    }

    private static Command TemplatesVerb(Surroundings here)
    {
        var folder = new Option<string?>("--out") { Description = "The folder to write to [default: preview in the data directory]", HelpName = "DIR" };
        NotEmpty(folder);
        var market = new Option<string?>("--market") { Description = "Only what this market sends [default: every language]", HelpName = "CODE" };
        var preview = new Command("preview", "Writes every invitation and reminder with sample data, to look at in a browser") { folder, market, Json };
        preview.SetAction(result =>
        {
            var config = Load(result, forMail: true);
            var path = result.GetValue(folder) ?? Path.Combine(DirectoryOf(result, config).Root, "preview");
            var written = new PreviewTemplates(config).Write(path, result.GetValue(market));
            here.Output.WriteLine(result.GetValue(Json) ? written.ToJson() : written.ToText());
            return Done;
        });
        return new Command("templates", "The texts of the mails") { preview };
    }

    private static Command EraseVerb(Surroundings here)
    {
        var email = new Option<string?>("--email") { Description = "The person's e-mail address", HelpName = "E" };
        var phone = new Option<string?>("--phone") { Description = "The person's number", HelpName = "P" };
        var vin = new Option<string?>("--vin") { Description = "The person's vehicle", HelpName = "V" };
        var caseId = new Option<string?>("--case") { Description = "A case of the person", HelpName = "C" };
        var asOf = new Option<string?>("--as-of") { Description = "The day that the erasure is dated [default: now]", HelpName = "T" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Count, and change nothing" };
        var many = new Option<bool>("--many") { Description = $"Go on although more than {Erase.SharedByMany} transactions have the address or number" };
        var verb = new Command("erase", "A privacy request: a person's data is removed everywhere, for good; a suppression hash and an anonymous trace stay")
        {
            email, phone, vin, caseId, asOf, dryRun, many, Json,
        };
        verb.SetAction((result, ct) =>
        {
            var when = result.GetValue(asOf) is { } text ? AsOf.Parse(text) : AsOf.At(here.Time.GetUtcNow());
            var config = Load(result);
            var request = new ErasureRequest(
                result.GetValue(email), result.GetValue(phone), result.GetValue(vin), result.GetValue(caseId), result.GetValue(dryRun), result.GetValue(many));
            var erased = new Erase(config, DirectoryOf(result, config), here.Time, here.Progress).Run(request, when, ct);
            here.Progress.Clear();
            here.Output.WriteLine(result.GetValue(Json) ? erased.ToJson() : erased.ToText());
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
        Command Step(string name, string description, Func<Keys, KeysState> step)
        {
            var verb = new Command(name, description) { Json };
            verb.SetAction(result =>
            {
                var config = Load(result);
                var state = step(new Keys(config, DirectoryOf(result, config), here.Time, here.Progress));
                here.Progress.Clear();
                here.Output.WriteLine(result.GetValue(Json) ? state.ToJson() : state.ToText());
                return Done;
            });
            return verb;
        }

        return new Command("keys", "The keys that encrypt personal data in the store")
        {
            Step("list", "Which keys there are, which one seals, and how many values each has sealed; never a key itself", k => k.List()),
            Step("rotate", "Makes a new key and seals everything anew with it; run again after an interruption, it goes on", k => k.Rotate()),
            Step("drop-old", "Drops the keys that nothing in the store needs any more; older backups of the store do", k => k.DropOld()),
        };
    }

    private static Command StoreVerb(Surroundings here)
    {
        var provider = new Option<string>("--provider") { Description = "The kind of the new database: PostgreSql or Sqlite", DefaultValueFactory = _ => "PostgreSql" };
        provider.AcceptOnlyFromAmong("PostgreSql", "Sqlite");
        var to = new Option<string>("--to") { Description = "Its connection string, as Store:ConnectionString takes it", Required = true, HelpName = "CONNECTION" };
        var copy = new Command("copy", "Copies the store to another, empty database and verifies both; then point Store:Provider and Store:ConnectionString there") { provider, to, Json };
        copy.SetAction(result =>
        {
            var config = Load(result);
            var target = new StoreOptions { Provider = result.GetValue(provider)!, ConnectionString = result.GetValue(to)! };
            if (target.Problem() is { } problem)
            {
                throw new UsageException($"--to is no connection string ({problem}). Nothing was done.");
            }

            var moved = StoreCopy.Move(config, DirectoryOf(result, config), target, here.Time, here.Progress);
            here.Progress.Clear();
            here.Output.WriteLine(result.GetValue(Json) ? moved.ToJson() : $"{moved.ToText()} The same in both stores. Point Store:Provider and Store:ConnectionString to the new one, and keep the old one as a backup.");
            return Done;
        });
        return new Command("store", "The database that holds everything") { copy };
    }

    /// <summary>An empty path is a shell variable that was not set, and never what was meant.</summary>
    private static void NotEmpty(Option<string?> option) => option.Validators.Add(result =>
    {
        if (result.Tokens.Any(t => string.IsNullOrWhiteSpace(t.Value)))
        {
            result.AddError($"{option.Name} is empty: a path is expected.");
        }
    });

    private static PipelineConfig Load(ParseResult result, bool forMail = false) =>
        PipelineConfig.Load(ConfigFolder.OnDisk(result.GetValue(Config) ?? "config"), forMail);

    private static DataDirectory DirectoryOf(ParseResult result, PipelineConfig config) =>
        new(result.GetValue(Data) ?? config.Settings.Data.Directory);

    private static string CommandPath(ParseResult result)
    {
        var path = "";
        for (var verb = result.CommandResult; verb.Command is not RootCommand; verb = (CommandResult)verb.Parent!)
        {
            path = $" {verb.Command.Name}{path}";
        }

        return $"SurveyDispatcher{path}";
    }

    /// <summary>What the program stands in.</summary>
    private sealed class Surroundings(TextWriter output, TextWriter error, TimeProvider time)
    {
        public TextWriter Output { get; } = output;

        public TextWriter Error { get; } = error;

        public TimeProvider Time { get; } = time;

        public IProgressView Progress { get; } = Console.IsErrorRedirected || error != Console.Error ? new NoProgress() : new TerminalProgress(error);

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
            var bar = total > 0 ? $"[{new string('#', (int)(20 * done / total)),-20}] {done:N0} of {total:N0}" : $"{done:N0}";
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
