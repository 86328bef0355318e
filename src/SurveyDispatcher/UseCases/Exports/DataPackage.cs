using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SurveyDispatcher.Files;

namespace SurveyDispatcher.UseCases;

/// <summary>Describes a folder of tables to programs (Frictionless Data Package, version 1, profile <c>tabular-data-package</c>), and to people.</summary>
internal static class DataPackage
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file of a table.</summary>
    public static string FileOf(ExportTable table) => $"{table.Name}.csv";

    /// <summary>Writes <c>datapackage.json</c> beside the tables.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="folder">Where the tables are.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="language">Of the labels: <c>categories</c> are of version 2; programs that know version 1 only pass them over.</param>
    /// <param name="at">When.</param>
    public static void Write(Stream stream, string folder, IReadOnlyList<ExportTable> tables, string language, DateTimeOffset at)
    {
        using var json = new Utf8JsonWriter(stream, Readable);
        json.WriteStartObject();
        json.WriteString("profile", "tabular-data-package");
        json.WriteString("name", "survey-export");
        json.WriteString("title", "Customer surveys: cases, contacts, responses, outcomes");
        json.WriteString("created", at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        json.WriteStartArray("resources");
        foreach (var table in tables)
        {
            WriteResource(json, folder, table, language);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        stream.Write("\n"u8);
    }

    /// <summary>Writes <c>README.txt</c>.</summary>
    public static void WriteReadMe(Stream stream, IReadOnlyList<ExportTable> tables, bool withContact, DateTimeOffset at)
    {
        var text = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"Customer surveys, exported {at.ToUniversalTime():yyyy-MM-dd HH:mm} UTC. All tables tell of that moment.\n\n");
        foreach (var table in tables)
        {
            text.Append(CultureInfo.InvariantCulture, $"{FileOf(table),-18}{table.Title}.\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"""

            datapackage.json  What each column is: types, values, missing values, the hash of each file (Frictionless Data Package, version 1).
            {SpssSyntax.FileName,-18}SPSS: reads {SpssSyntax.DataName} (the same rows as responses.csv, in a form that SPSS can read) and labels it.
            {StataDoFile.FileName,-18}Stata: reads responses.csv and labels it. Both are to be run with this folder as the working directory.

            The CSV files are UTF-8 with a mark, commas, quotes where needed. An empty cell has no value. Ids may begin with zeros: read them as text.
            case_id joins all tables; response_id joins interviews, answers and texts.

            """);
        text.Append(withContact
            ? "NOT PSEUDONYMOUS: it has names, addresses, numbers and notes of customers (--with-contact). Delete it when it has served its purpose.\n"
            : "Pseudonymous: no names, addresses or numbers of customers from the pipeline's own data. What customers wrote themselves (comments) may still name people;\nVINs and transaction ids lead back to a person through the dealer. Treat it as personal data.\n");
        stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static void WriteResource(Utf8JsonWriter json, string folder, ExportTable table, string language)
    {
        var path = Path.Combine(folder, FileOf(table));
        json.WriteStartObject();
        json.WriteString("profile", "tabular-data-resource");
        json.WriteString("name", table.Name);
        json.WriteString("title", table.Title);
        json.WriteString("path", FileOf(table));
        json.WriteString("format", "csv");
        json.WriteString("mediatype", "text/csv");
        json.WriteString("encoding", "utf-8");
        json.WriteNumber("bytes", new FileInfo(path).Length);
        json.WriteString("hash", $"sha256:{Manifest.HashOf(path)}");
        json.WriteStartObject("dialect");
        json.WriteString("delimiter", ",");
        json.WriteString("quoteChar", "\"");
        json.WriteBoolean("doubleQuote", true);
        json.WriteString("lineTerminator", "\r\n");
        json.WriteBoolean("header", true);
        json.WriteEndObject();
        json.WriteStartObject("schema");
        json.WriteStartArray("fields");
        foreach (var column in table.Columns)
        {
            WriteField(json, column, language);
        }

        json.WriteEndArray();
        json.WriteStartArray("missingValues");
        json.WriteStringValue("");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter json, ExportColumn column, string language)
    {
        var (type, format) = column.Type switch
        {
            ColumnType.Integer => ("integer", "default"),
            ColumnType.Number => ("number", "default"),
            ColumnType.Date => ("date", "default"),
            ColumnType.Instant => ("datetime", "%Y-%m-%dT%H:%M:%S%z"),
            ColumnType.YesNo => ("boolean", "default"),
            _ => ("string", "default"),
        };
        json.WriteStartObject();
        json.WriteString("name", column.Name);
        json.WriteString("type", type);
        json.WriteString("format", format);
        json.WriteString("description", column.Description);
        if (column.Type == ColumnType.YesNo)
        {
            Texts(json, "trueValues", ["Y"]);
            Texts(json, "falseValues", ["N"]);
        }
        else if (column is { Values.Count: > 0, IsSeveral: false })
        {
            WriteValues(json, column, language);
        }

        json.WriteEndObject();
    }

    private static void WriteValues(Utf8JsonWriter json, ExportColumn column, string language)
    {
        void Code(string code)
        {
            if (column.Type == ColumnType.Integer)
            {
                json.WriteRawValue(code);
            }
            else
            {
                json.WriteStringValue(code);
            }
        }

        json.WriteStartObject("constraints");
        json.WriteStartArray("enum");
        foreach (var value in column.Values)
        {
            Code(value.Code);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray("categories");
        foreach (var value in column.Values)
        {
            json.WriteStartObject();
            json.WritePropertyName("value");
            Code(value.Code);
            json.WriteString("label", ExportColumn.LabelOf(value, language));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
