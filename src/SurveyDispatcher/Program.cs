using System.Globalization;
using SurveyDispatcher.Cli;

// The machine's language must not show in files, messages or numbers: what is for customers names its own culture.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

return await CommandLine.RunAsync(args, Console.Out, Console.Error, TimeProvider.System);
