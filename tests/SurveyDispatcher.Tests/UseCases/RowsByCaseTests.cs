using System.Text;
using Survey.Domain;
using SurveyDispatcher.Files;
using SurveyDispatcher.UseCases;

namespace SurveyDispatcher.Tests.UseCases;

/// <summary>Rows of a file of responses in the order of their cases: all of them, once, the same whenever the file is read.</summary>
public sealed class RowsByCaseTests
{
    [Fact]
    public void RowsComeByCaseThoseOfOneCaseInTheOrderOfTheFileAndThoseWithoutACaseFirst() => Files.With(
        $"case_id,comments\n{CaseId.Format("AU", 7)},a\nnobody,b\n{CaseId.Format("AU", 3)},c\n{CaseId.Format("AU", 7)},\"d\n\"\"e\"\"\"\nxx\"y\n{CaseId.Format("NZ", 3)},f\n",
        input => Assert.Equal(
            [(3, 0, "nobody", "b"), (7, 0, "malformed", "xx\"y"), (4, 3, CaseId.Format("AU", 3), "c"), (8, 3, CaseId.Format("NZ", 3), "f"), (2, 7, CaseId.Format("AU", 7), "a"), (5, 7, CaseId.Format("AU", 7), "d\n\"e\"")],
            All(input, 1 << 20, 0)));

    [Fact]
    public void APartOfTheFileIsSortedByItself() => Files.With(
        $"case_id,comments\n{CaseId.Format("AU", 9)},\n{CaseId.Format("AU", 2)},\n{CaseId.Format("AU", 5)},\n{CaseId.Format("AU", 1)},\n",
        input => Assert.Equal([2L, 9, 1, 5], All(input, 2 * $"{CaseId.Format("AU", 9)},\n".Length, 0).Select(r => r.Case)));

    /// <summary>A cycle that was killed goes on with the same file: what it took is left out, wherever it stopped.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void WhatWasTakenIsLeftOutAndNothingElse(int seed)
    {
        var dice = new Random(seed);
        var text = new StringBuilder("case_id,comments\n");
        for (var i = 0; i < 2_500; i++)
        {
            text.Append(dice.Next(20) switch
            {
                0 => "bro\"ken",
                1 => "AU-1,no case",
                2 => $"{CaseId.Format("AU", dice.Next(1, 400))},\"two\nlines\"",
                _ => $"{CaseId.Format("AU", dice.Next(1, 400))},{new string('x', dice.Next(200))}",
            }).Append('\n');
        }

        Files.With(text.ToString(), input =>
        {
            var part = dice.Next(1, 200_000);
            var all = All(input, part, 0);
            Assert.Equal(2_500, all.Count);
            Assert.Equal(2_500, all.Select(r => r.Line).Distinct().Count());
            foreach (var taken in new[] { 1, 999, 1_000, dice.Next(2_500), 2_499, 2_500 })
            {
                Assert.Equal(all.Skip(taken), All(input, part, taken));
            }
        });
    }

    private static List<(long Line, long Case, string Id, string Comments)> All(CsvInput input, int part, long skip)
    {
        var found = new List<(long, long, string, string)>();
        foreach (var page in new RowsByCase(input, 0, part).Pages(skip))
        {
            for (var row = 0; row < page.Count; row++)
            {
                found.Add((page[row].Line, page[row].Case, page[row].IsMalformed ? "malformed" : page.Text(row, 0), page[row].IsMalformed ? page.Raw(row) : page.Text(row, 1)));
            }
        }

        return found;
    }

    private static class Files
    {
        public static void With(string text, Action<CsvInput> test)
        {
            var path = Path.Combine(Directory.CreateTempSubdirectory("rows-").FullName, "responses.csv");
            try
            {
                File.WriteAllText(path, text, new UTF8Encoding(false));
                test(CsvInput.Open(path, new UTF8Encoding(false, true), ',', ["case_id"]));
            }
            finally
            {
                Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
            }
        }
    }
}
