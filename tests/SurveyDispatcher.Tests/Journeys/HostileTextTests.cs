using System.Text;

namespace SurveyDispatcher.Tests.Journeys;

/// <summary>What a customer, a dealer or the vendor could write into a cell: it is text wherever it goes, and does nothing.</summary>
public sealed class HostileTextTests
{
    private const string Escape = "\u001b[2J\u001b]0;owned\u0007\u009b31m";

    /// <summary>Two sales that are due: one goes by mail, one to the phone.</summary>
    private static World Filled(Func<Row, Row> change)
    {
        var world = new World();
        var due = change(Row.Sale with { Event = "2026-02-10" });
        world.Extract("a.csv", due, due with { Transaction = due.Transaction + "2", Email = "" });
        return world;
    }

    [Theory]
    [InlineData("=cmd|' /C calc'!A0")]
    [InlineData("+1+1")]
    [InlineData("-1+1")]
    [InlineData("@SUM(A1:A9)")]
    [InlineData("＝1+1")]
    public async Task AFormulaIsTextInListsRejectsAndExports(string formula)
    {
        using var world = Filled(r => r with { Name = formula, Dealer = formula, DealerName = formula, Model = formula, Transaction = formula });
        world.Extract("bad.csv", Row.Sale with { Type = formula, Vin = "bad" });
        await world.CycleAsync("2026-03-02");
        var id = (await world.ExportAsync("cases"))[0]["case_id"];
        world.Responses("r.csv", "case_id,mode,status,completed_at,comments", $"{id},web,complete,2026-03-02T09:00:00+11:00,{formula}", $"{formula},web,complete,2026-03-02T09:00:00+11:00,x");
        await world.CycleAsync("2026-03-03");

        var cells = new List<string>();
        foreach (var export in new[] { "cases", "screening", "responses", "outcomes" })
        {
            cells.AddRange((await world.ExportAsync(export)).SelectMany(r => r.Values));
        }

        cells.AddRange(world.PhoneRows().SelectMany(r => r.Where(c => !c.Key.StartsWith("phone_", StringComparison.Ordinal)).Select(c => c.Value)));
        cells.AddRange(world.Rejects("bad.csv").Concat(world.Rejects("r.csv")).SelectMany(r => r.Values));
        Assert.DoesNotContain(cells, c => c.Length > 0 && "=+-@＝＋－＠\t\r".Contains(c[0], StringComparison.Ordinal));
        Assert.True(cells.Count(c => c == "'" + formula) > 8);
    }

    [Theory]
    [InlineData("Alice\r\nBcc: all@mail.example\r\n\r\nHello")]
    [InlineData("Alice\nBcc: all@mail.example")]
    [InlineData("Alice\rBcc: all@mail.example")]
    [InlineData("Alice\u2028Bcc: all@mail.example\u0085X: y")]
    [InlineData("Alice\r\n.\r\nMAIL FROM:<x@y.example>")]
    [InlineData("=?utf-8?Q?=0D=0ABcc:_all@mail.example?=")]
    public async Task AHeaderInANameIsNoHeader(string name)
    {
        using var world = Filled(r => r with { Name = name, DealerName = name, Model = name });
        await world.CycleAsync("2026-03-02");

        var mail = Assert.Single(world.Mails());
        Assert.Equal(
            ["Return-Path", "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "X-Survey-Case-Id", "X-Survey-Contact", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type"],
            mail.Headers.Keys);
        Assert.Equal("alice@mail.example", mail.To);
        Assert.DoesNotContain(await File.ReadAllLinesAsync(mail.Path, TestContext.Current.CancellationToken), l => l.StartsWith("Bcc", StringComparison.Ordinal) || l == ".");
    }

    [Theory]
    [InlineData("alice@mail.example\r\nBcc: all@mail.example")]
    [InlineData("alice@mail.example, all@mail.example")]
    [InlineData("<alice@mail.example> ORCPT=rfc822;all@mail.example")]
    [InlineData("\"\r\nBcc: all\"@mail.example")]
    public async Task AnAddressWithAHeaderInItIsNoAddress(string address)
    {
        using var world = Filled(r => r with { Email = address });
        await world.CycleAsync("2026-03-02");

        Assert.Empty(world.Mails());
        Assert.Equal(2, world.PhoneRows().Count);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("\" onmouseover=\"alert(1)")]
    [InlineData("</td></table><h1>x")]
    [InlineData("<!--")]
    [InlineData("{{{unsubscribeLink}}}")]
    [InlineData("{{#each this}}x{{/each}}")]
    [InlineData("{token}")]
    public async Task HtmlAndTemplateCodeInANameAreShownAsTheyAreWritten(string name)
    {
        using var world = Filled(r => r with { Name = name, DealerName = name, Model = name });
        await world.CycleAsync("2026-03-02");
        var plain = Filled(r => r with { Name = "x", DealerName = "x", Model = "x" });
        await plain.CycleAsync("2026-03-02");

        var (text, html) = Parts(Assert.Single(world.Mails()));
        var (_, plainHtml) = Parts(Assert.Single(plain.Mails()));
        plain.Dispose();
        Assert.Contains(name, text, StringComparison.Ordinal);
        Assert.Contains(System.Net.WebUtility.HtmlEncode(name).Replace("&#39;", "'", StringComparison.Ordinal).Split('=')[0], html, StringComparison.Ordinal);
        Assert.Equal(plainHtml.Count(c => c == '<'), html.Count(c => c == '<'));
        Assert.Equal(plainHtml.Count(c => c == '"'), html.Count(c => c == '"'));
    }

    [Fact]
    public async Task ANameThatOrdersADirectionOfWritingTurnsNothingRound()
    {
        const string name = "Alice \u202egnirts\u2066 Walker";
        using var world = Filled(r => r with { Name = name, DealerName = name, Model = name });
        await world.CycleAsync("2026-03-02");

        var mail = Assert.Single(world.Mails());
        var (text, html) = Parts(mail);
        var subject = mail.Headers["Subject"];
        Assert.DoesNotContain(text + html + string.Concat(subject.Split(' ').Select(w => w.StartsWith("=?utf-8?B?", StringComparison.Ordinal) ? Encoding.UTF8.GetString(Convert.FromBase64String(w[10..^2])) : w)), c => c is '\u202e' or '\u2066');
        Assert.Contains("Alice gnirts Walker", text, StringComparison.Ordinal);
        var row = Assert.Single(world.PhoneRows());
        Assert.Equal(("Alice gnirts Walker", "Alice gnirts Walker", "Alice gnirts Walker"), (row["respondent_name"], row["dealer_name"], row["model"]));
    }

    [Fact]
    public async Task ALineEndInANameMakesNoSecondLineOnAList()
    {
        using var world = Filled(r => r with { Name = "Alice\r\nAU-00000019,sales", DealerName = "A\nB" });
        await world.CycleAsync("2026-03-02");

        Assert.Equal(2, (await File.ReadAllLinesAsync(Assert.Single(world.Files("outbox", "phone_*.csv")), TestContext.Current.CancellationToken)).Length);
        Assert.Equal("Alice  AU-00000019,sales", Assert.Single(world.PhoneRows())["respondent_name"]);
    }

    [Fact]
    public async Task WhatDrivesATerminalIsShownAndNotDone()
    {
        using var world = Filled(r => r with { Transaction = "T" + Escape + "\nnext: \u202elies", Dealer = "AU01" + Escape, DealerName = Escape, Name = Escape, Model = Escape });
        world.Extract($"x{Escape}\n.csv", Row.Sale with { Transaction = "T3", Country = "Z" + Escape }, Row.Sale with { Transaction = "T4", Vin = Escape });
        world.Drop("optouts", $"y{Escape}.csv", $"{Escape},value\n");
        world.Drop("bounces", "b.eml", $"From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a{Escape}@mail.example\nAction: fa{Escape}iled\nStatus: 5.1.1\n\n--b--\n");
        var read = await world.RunAsync("bounces", "read", world.In("inbox", "bounces"));
        var cycle = await world.RunAsync("cycle", "--as-of", "2026-03-02");
        var cases = await world.ExportAsync("cases");
        var told = new List<string> { read.Output, read.Error, cycle.Output, cycle.Error };
        foreach (var line in new[] { "status", "verify", $"explain {cases[0]["case_id"]}", "explain T3", "explain JTDBR32E720012345", "status --json", "explain T3 --json" })
        {
            var ended = await world.RunAsync(line.Split(' '));
            Assert.Equal(0, ended.Code);
            told.AddRange([ended.Output, ended.Error]);
        }

        Assert.Equal(1, cycle.Code);
        Assert.DoesNotContain(string.Concat(told).ReplaceLineEndings(""), c => char.IsControl(c) || c == '\u202e');
        Assert.DoesNotContain(string.Concat(told).Split(Environment.NewLine), l => l.StartsWith("next: ", StringComparison.Ordinal)); // no line is made up
        Assert.Contains("T?[2J?]0;owned??31m?next: ?lies", string.Concat(told), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../../../etc/passwd")]
    [InlineData("..\\..\\keys.json")]
    [InlineData("/etc/passwd")]
    [InlineData("%2e%2e%2fkeys.json")]
    [InlineData("....//....//keys.json")]
    [InlineData("C:\\keys.json")]
    public async Task APathInACellIsNoPath(string path)
    {
        using var world = Filled(r => r with { Dealer = path, DealerName = path, Transaction = path, Language = path, Model = path, Name = path });
        world.Extract("elsewhere.csv", Row.Sale with { Country = path, Transaction = "T9" });
        world.Drop("dealers", "d.csv", $"dealer_code,dealer_name,market,region\n\"{path}\",x,\"{path}\",x\n");
        world.Calls("c.csv", $"\"{path}\",1,2026-03-02T09:00:00+11:00,,2.11,N,\"{path}\"");
        world.Responses("r.csv", "case_id,mode,status,completed_at", $"\"{path}\",web,complete,2026-03-02T09:00:00+11:00");
        world.OptOut("o.csv", "all", $"\"{path}\"");
        world.Drop("bounces", "b.eml", $"From: MAILER-DAEMON@mx.example\nTo: bounces+{path}@cvp.example\nMessage-ID: <{path}>\n\n");

        await world.CycleAsync("2026-03-02");

        Assert.Equal(["config", "var"], Directory.GetFileSystemEntries(world.Root).Select(e => Path.GetFileName(e)!).Order(StringComparer.Ordinal));
        Assert.Equal(["archive", "inbox", "mail", "outbox", "rejects"], world.Names("").Where(n => n.Contains('/', StringComparison.Ordinal)).Select(n => n.Split('/')[0]).Distinct().Except(["inbox"]).Append("inbox").Order(StringComparer.Ordinal));
        Assert.All(world.Names("mail").Concat(world.Names("outbox")), n => Assert.Matches("^(phone/)?[A-Za-z0-9_.-]+$", n));
        Assert.Equal("en", Assert.Single(world.Mails()).Headers["Content-Language"]); // the market's own, since there is no such language
        Assert.Equal(1, (await world.RunAsync("explain", path + "x")).Code);
    }

    /// <summary>PostgreSQL can't index more than 2,704 bytes; one such row stopped every later cycle there.</summary>
    [Fact]
    public async Task ACodeOfThousandsOfCharactersIsRejectedAndTheRestIsTaken()
    {
        var random = new Random(1);
        var code = string.Concat(Enumerable.Range(0, 3_000).Select(_ => (char)random.Next('A', 'Z' + 1)));
        using var world = new World();
        world.Extract("a.csv", Row.Sale with { Dealer = code, Transaction = "T1" }, Row.Sale with { Country = code, Transaction = "T2" }, Row.Sale with { Transaction = "T3" });
        world.Drop("dealers", "d.csv", $"dealer_code,dealer_name,market,region\n{code},x,AU,x\nAU01,x,{code},x\nAU01,Harbour,AU,South\n");

        var counts = await world.CycleAsync("2026-03-02");

        Assert.Equal((3, 2, 1), (counts.GetProperty("rowsRead").GetInt32(), counts.GetProperty("rowsRejected").GetInt32(), counts.GetProperty("casesOpened").GetInt32()));
        Assert.Equal(["bad_code,country", "bad_code,dealer_code"], Rejects("a.csv"));
        Assert.Equal(["bad_code,dealer_code", "bad_code,market"], Rejects("d.csv"));

        string[] Rejects(string file) =>
            [.. File.ReadLines(world.In($"rejects/{file}.rejects.csv")).Skip(1).Select(l => string.Join(',', l.Split(',')[1..3])).Order(StringComparer.Ordinal)];
    }

    [Theory]
    [InlineData("programme.json", "timeZone\": \"Australia/Sydney", "timeZone\": \"../../../../etc/passwd", "is no time zone")]
    [InlineData("programme.json", "\"NZ\":", "\"../NZ\":", "capital letters")]
    [InlineData("programme.json", "\"en\"", "\"../../sources\"", "There is no templates/")]
    [InlineData("questionnaires/sales.json", "\"id\":\"sales\"", "\"id\":\"../sales\"", "is expected, as in the file's name")]
    [InlineData("templates/en/messages.json", "\"language\": \"en\"", "\"language\": \"../en\"", "that of the folder")]
    public async Task APathInTheConfigurationIsAFault(string file, string from, string to, string problem)
    {
        using var world = new World();
        var path = Path.Combine(world.Config, file);
        var text = (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).Replace("\": \"", "\":\"", StringComparison.Ordinal).Replace("\": {", "\":{", StringComparison.Ordinal);
        var changed = text.Replace(from.Replace("\": \"", "\":\"", StringComparison.Ordinal), to.Replace("\": \"", "\":\"", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.NotEqual(text, changed);
        await File.WriteAllTextAsync(path, changed, TestContext.Current.CancellationToken);

        var ended = await world.RunAsync("config", "check");

        Assert.Equal(2, ended.Code);
        Assert.Contains(problem, ended.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../*.csv")]
    [InlineData("/etc/*")]
    [InlineData("**/*")]
    public async Task AFilePatternIsOnlyEverHeldAgainstNames(string pattern)
    {
        using var world = new World();
        world.Edit("sources/cn_dms.json", json => json["filePattern"] = pattern);
        await File.WriteAllTextAsync(Path.Combine(world.Root, "outside.csv"), Row.File(Row.Sale), TestContext.Current.CancellationToken);

        var counts = await world.CycleAsync("2026-03-02");

        Assert.Equal(0, counts.GetProperty("filesImported").GetInt32());
        Assert.True(File.Exists(Path.Combine(world.Root, "outside.csv")));
    }

    /// <summary>A tab in a dealer's code once moved the cells of this table: its counts stood under other headers.</summary>
    [Fact]
    public async Task ADealersCodeWithATabStaysOneCellOfTheOutcomes()
    {
        using var world = Filled(r => r with { Dealer = "AU\t01" });
        await world.CycleAsync("2026-03-02");
        world.OptOut("o.csv", "all", "alice@mail.example");
        await world.CycleAsync("2026-03-03");

        var outcomes = await world.ExportAsync("outcomes");

        Assert.Contains(outcomes, r => r["dealer_code"] == "AU\t01" && r["month"] == "2026-02" && r["i"] == "0");
        Assert.Equal(["2026-02", ""], outcomes.Where(r => r["dealer_code"].Length > 0).Select(r => r["month"]));
    }

    /// <summary>The two readable parts of a mail.</summary>
    private static (string Text, string Html) Parts(Letter letter)
    {
        var raw = File.ReadAllText(letter.Path);
        var parts = raw.Split("--=_");
        string Decoded(string part)
        {
            var (head, body) = (part[..part.IndexOf("\r\n\r\n", StringComparison.Ordinal)], part[(part.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
            if (head.Contains("base64", StringComparison.Ordinal))
            {
                return Encoding.UTF8.GetString(Convert.FromBase64String(body.ReplaceLineEndings("")));
            }

            var bytes = new List<byte>();
            body = body.Replace("=\r\n", "", StringComparison.Ordinal);
            for (var i = 0; i < body.Length; i++)
            {
                if (body[i] == '=')
                {
                    bytes.Add(Convert.FromHexString(body.AsSpan(i + 1, 2))[0]);
                    i += 2;
                }
                else
                {
                    bytes.Add((byte)body[i]);
                }
            }

            return Encoding.UTF8.GetString([.. bytes]);
        }

        return (Decoded(parts.First(p => p.Contains("text/plain", StringComparison.Ordinal))), Decoded(parts.First(p => p.Contains("text/html", StringComparison.Ordinal))));
    }
}
