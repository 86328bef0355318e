using System.Diagnostics;
using System.Globalization;
using System.Text;
using Fuzz;

Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const string Usage = """
    Feeds mutated real files to everything that reads what others send. The same seed and index are always the same input.

      dotnet run -c Release --project tests/Fuzz -- [--inputs N] [--seed S]      N inputs [default: 20000] of seed S [default: 1]
                          [--from I] [--target NAME]                             from index I on [default: 0], one target's only
      dotnet run -c Release --project tests/Fuzz -- --seed S --index I [--out F]  one input again, written to the file F
    """;
long inputs = 20_000, only = -1, from = 0;
ulong seed = 1;
string? target = null, file = null;
for (var i = 0; i < args.Length; i++)
{
    var value = i + 1 < args.Length ? args[i + 1] : "";
    if (!(args[i] switch
    {
        "--inputs" => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out inputs),
        "--from" => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out from),
        "--index" => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out only),
        "--seed" => ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out seed),
        "--target" => (target = value).Length > 0,
        "--out" => (file = value).Length > 0,
        _ => false,
    }))
    {
        Console.Error.WriteLine(Usage);
        return 2;
    }

    i++;
}

using var workshop = new Workshop();
await workshop.FillAsync();
var bounces = new BounceTarget();
var extracts = new ExtractTarget(workshop);
using var rows = new RowsTarget(workshop);
var run = new Run(seed, [extracts, rows, bounces, new ConfigTarget(workshop), new CycleTarget(workshop, extracts, rows, bounces)]);
return only >= 0 ? run.One(only, file) : run.All(from, inputs, target);
