using System.Globalization;
using Benchmarks;

if (args is ["send", ..])
{
    return await SendDriver.RunAsync(args[1..]);
}

if (args is ["seal", ..])
{
    return SealDriver.Run(args[1..]);
}

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (Options.Parse(args) is not { } options)
{
    Console.Error.WriteLine(Options.Usage);
    return 2;
}

if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("The benchmarks read a process's peak memory from /proc: run them on Linux.");
    return 1;
}

using var stopping = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true; // temporary folders are cleared on the way out
    stopping.Cancel();
};

void Note(string text) => Console.Error.WriteLine(text);

try
{
    if (options.What is "import" or "responses" or "simulate" or "all")
    {
        ChildProcess.Run("sqlite3", ["--version"], stopping.Token);
    }

    if (options.What is "import" or "mail" or "all")
    {
        ChildProcess.Run(Pipeline.WithoutFlushing, ["true"], stopping.Token);
    }

    var pipeline = Pipeline.Build(options.Program, options.Quick, stopping.Token);
    var measures = new List<Measure>();
    if (options.What is "import" or "all")
    {
        measures.AddRange(new ImportBenchmark(pipeline, options, Note, stopping.Token).Run());
    }

    if (options.What is "cycle" or "all")
    {
        measures.AddRange(new CycleBenchmark(pipeline, options, Note, stopping.Token).Run());
    }

    if (options.What is "mail" or "all")
    {
        measures.AddRange(new MailBenchmark(pipeline, options, Note, stopping.Token).Run());
    }

    if (options.What is "workers" or "all")
    {
        measures.AddRange(new WorkersBenchmark(pipeline, options, Note, stopping.Token).Run());
    }

    if (options.What is "responses" or "all")
    {
        measures.AddRange(new ResponsesBenchmark(pipeline, options, Note, stopping.Token).Run());
    }

    if (options.What is "explain" or "all")
    {
        measures.AddRange(new ExplainBenchmark(pipeline, options, Note, stopping.Token).Run());
    }

    if (options.What is "status" or "all")
    {
        measures.AddRange(new StatusBenchmark(pipeline, options, Note, stopping.Token).Run());
    }

    if (options.What is "simulate" or "all")
    {
        measures.AddRange(new SimulateBenchmark(pipeline, options, Note, stopping.Token).Run());
    }

    Console.Write(Report.Table(measures));
    if (options.JsonPath is { } path)
    {
        File.WriteAllText(path, Report.Json(measures, options, TimeProvider.System.GetUtcNow()));
    }

    return measures.TrueForAll(m => m.Passed) ? 0 : 1;
}
catch (BenchmarkException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Stopped; nothing is left behind.");
    return 130;
}
