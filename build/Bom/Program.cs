using Bom;

if (args is not [var assets, var output])
{
    Console.Error.WriteLine("Usage: Bom PROJECT.ASSETS.JSON BOM.JSON; the publish step of SurveyDispatcher calls it");
    return 2;
}

try
{
    File.WriteAllText(output, BillOfMaterials.Of(File.ReadAllText(assets)));
    return 0;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"{output} could not be written: {e.Message} Mend that, then publish again.");
    return 1;
}
