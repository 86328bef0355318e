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
        input => Assert.Equal([2L, 9, 1, 5], All(input, 2 * 40, 0).Select(r => r.Case)));

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

    /// <summary>A part is measured by the memory that it takes: millions of short rows take more than their letters.</summary>
    [Fact]
    public void ShortRowsDoNotFillTheMemory() => Files.With("case_id\n" + string.Concat(Enumerable.Repeat("x\n", 4_000_000)), input =>
    {
        var before = GC.GetAllocatedBytesForCurrentThread(); // of the whole process it would be those of other tests, too
        Assert.NotEmpty(new RowsByCase(input, 0).Pages(0, TestContext.Current.CancellationToken).Take(1));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200L << 20);
    });

    /// <summary>What the sorted reading gives is what the plain reading gives, whatever is odd about quotes.</summary>
    [Theory]
    [InlineData("\"x\" y")]
    [InlineData("\"x\"y\"")]
    [InlineData("\"a \"b\" c\"")]
    [InlineData("a\"b")]
    [InlineData("\"")]
    [InlineData("\"\"\"")]
    [InlineData(" \"x")]
    [InlineData("\"x\"\"")]
    [InlineData("a\"\"\"b")]
    [InlineData("x\r")]
    [InlineData("\"a\rb\"")]
    [InlineData("\uFEFF\"x\"")]
    public void OddQuotesAreReadAsTheFileHasThem(string odd)
    {
        foreach (var opened in new[] { "a", "\"never closed" })
        {
            Files.With($"case_id,comments\n{CaseId.Format("AU", 9)},a\n{CaseId.Format("AU", 8)},{opened}\n{CaseId.Format("AU", 7)},{odd}\n{CaseId.Format("AU", 6)},b\n{CaseId.Format("AU", 5)},d\"\n{CaseId.Format("AU", 4)},{odd}\n", input => Assert.Equal(
                input.Rows().Select(r => (r.Line, r.IsMalformed ? "malformed" : r.Cell(0), r.IsMalformed ? r.Raw : r.Cell(1))).OrderBy(r => r.Line),
                All(input, 1 << 20, 0).Select(r => (r.Line, r.Id, r.Comments)).OrderBy(r => r.Line)));
        }
    }

    private static List<(long Line, long Case, string Id, string Comments)> All(CsvInput input, int part, long skip)
    {
        var found = new List<(long, long, string, string)>();
        foreach (var page in new RowsByCase(input, 0, part).Pages(skip, TestContext.Current.CancellationToken))
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
