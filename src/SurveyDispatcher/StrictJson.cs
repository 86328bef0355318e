using System.Text.Json;

namespace SurveyDispatcher;

/// <summary>JSON in which every key comes once and every text is one.</summary>
internal static class StrictJson
{
    /// <summary>Parses a document.</summary>
    /// <exception cref="JsonException">It is no JSON, has a key twice, or half a character, such as <c>\ud83d</c> without its other half.</exception>
    public static JsonDocument Parse(string text)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            ReadTexts(document.RootElement);
            return document;
        }
        catch (InvalidOperationException e) // the library parses half a character, and throws where it is read
        {
            document?.Dispose();
            throw new JsonException(e.Message, e);
        }
    }

    private static void ReadTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    ReadTexts(property.Value);
                }

                break;
            default:
                break;
        }
    }
}
