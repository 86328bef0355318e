using System.Globalization;
using System.Text;
using SurveyDispatcher.Cli;

// The machine's language must not show in files, messages or numbers: what is for customers names its own culture.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

// Whatever the terminal's locale says: a "C" or Latin-1 of long ago would turn every Chinese character into a question mark.
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

return await CommandLine.RunAsync(args, Console.Out, Console.Error, TimeProvider.System);
