using System.Text;
using System.Text.Json;

namespace SurveyDispatcher.UseCases;

/// <summary>Reads what <see cref="StoredAnswers"/> wrote: an answer at the place of each question. One thread uses it, for one response after the other.</summary>
internal sealed class AnswerCells
{
    private readonly List<(int Start, int Length, bool IsNumber)> answers = [];
    private byte[] bytes = new byte[1 << 12];

    /// <summary>How many places there are.</summary>
    public int Count => answers.Count;

    /// <summary>The answer at a place: digits, or a code; empty: none.</summary>
    public ReadOnlySpan<byte> this[int place] => bytes.AsSpan(answers[place].Start, answers[place].Length);

    /// <summary>Whether the answer at a place is a number of a scale.</summary>
    public bool IsNumber(int place) => answers[place].IsNumber;

    /// <summary>Reads a JSON array of numbers, texts and nulls, as it was written: without white space.</summary>
    public void Read(ReadOnlySpan<byte> json)
    {
        answers.Clear();
        if (bytes.Length < json.Length)
        {
            bytes = new byte[2 * json.Length];
        }

        json.CopyTo(bytes);
        for (var at = 1; at < json.Length && json[at] != ']';)
        {
            at = json[at] == ',' ? at + 1 : at;
            var start = at;
            if (json[at] == '"')
            {
                var length = json[(start + 1)..].IndexOfAny((byte)'"', (byte)'\\');
                if (json[start + 1 + length] == '\\')
                {
                    ReadAny(json); // a code that JSON escapes: rare enough for the long way
                    return;
                }

                answers.Add((start + 1, length, false));
                at = start + length + 2;
            }
            else if (json[at] == 'n')
            {
                answers.Add((0, 0, false));
                at += "null"u8.Length;
            }
            else
            {
                while (json[at] is not ((byte)',' or (byte)']'))
                {
                    at++;
                }

                answers.Add((start, at - start, true));
            }
        }
    }

    /// <summary>The same from a text.</summary>
    public void Read(string json) => Read(Encoding.UTF8.GetBytes(json));

    private void ReadAny(ReadOnlySpan<byte> json)
    {
        answers.Clear();
        var reader = new Utf8JsonReader(json);
        reader.Read();
        var used = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var text = reader.TokenType switch
            {
                JsonTokenType.Null => "",
                JsonTokenType.String => reader.GetString()!,
                _ => Encoding.UTF8.GetString(reader.ValueSpan),
            };
            var length = Encoding.UTF8.GetBytes(text, bytes.AsSpan(used)); // never longer than its escaped form
            answers.Add((used, length, reader.TokenType == JsonTokenType.Number));
            used += length;
        }
    }
}
