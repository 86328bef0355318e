using System.Text.Encodings.Web;
using System.Text.Json;

namespace SurveyDispatcher.UseCases;

/// <summary>Writes rows as an array of objects: numbers as numbers, no value as null, all else as the text that CSV has.</summary>
internal sealed class JsonOutput : ITableOutput, IDisposable
{
    private const int MostPending = 1 << 16;

    private readonly Utf8JsonWriter json;
    private readonly JsonEncodedText[] names;
    private int column;

    public JsonOutput(Stream stream, IEnumerable<ExportColumn> columns)
    {
        names = [.. columns.Select(c => JsonEncodedText.Encode(c.Name))];
        json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        json.WriteStartArray();
    }

    public void Text(ReadOnlySpan<byte> utf8)
    {
        Name();
        if (utf8.IsEmpty)
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteStringValue(utf8);
        }
    }

    public void Phone(ReadOnlySpan<byte> utf8) => Text(utf8);

    public void Integer(long number)
    {
        Name();
        json.WriteNumberValue(number);
    }

    public void Integer(ReadOnlySpan<byte> digits)
    {
        Name();
        json.WriteRawValue(digits);
    }

    public void Decimal(double number, int decimals)
    {
        Name();
        json.WriteNumberValue(Math.Round(number, decimals));
    }

    public void EndRow()
    {
        json.WriteEndObject();
        column = 0;
        if (json.BytesPending > MostPending)
        {
            json.Flush();
        }
    }

    /// <summary>Ends the array.</summary>
    public void Dispose()
    {
        json.WriteEndArray();
        json.Dispose();
    }

    private void Name()
    {
        if (column == 0)
        {
            json.WriteStartObject();
        }

        json.WritePropertyName(names[column++]);
    }
}
