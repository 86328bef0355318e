using Bom;

var packs = new List<string>();
string? licences = null;
if (args is not [var assets, var output, .. var more] || !Read(more))
{
    Console.Error.WriteLine("Usage: Bom PROJECT.ASSETS.JSON BOM.JSON [--licences FOLDER] [--pack NAME/VERSION]...; the publish step of SurveyDispatcher calls it");
    return 2;
}

try
{
    File.WriteAllText(output, BillOfMaterials.Of(File.ReadAllText(assets), packs, licences));
    return 0;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"{output} could not be written: {e.Message} Mend that, then publish again.");
    return 1;
}

bool Read(ReadOnlySpan<string> options)
{
    for (; options is [var name, var value, .. var rest]; options = rest)
    {
        switch (name)
        {
            case "--pack" when value.Split('/') is [{ Length: > 0 }, { Length: > 0 }]:
                packs.Add(value);
                break;
            case "--licences":
                licences = value;
                break;
            default:
                return false;
        }
    }

    return options.IsEmpty;
}
