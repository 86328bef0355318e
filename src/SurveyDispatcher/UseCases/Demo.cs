using SurveyDispatcher.Configuration;

namespace SurveyDispatcher.UseCases;

internal sealed class Demo(ConfigFolder folder, string? data, TextWriter output, IProgressView progress)
{
    public Task<int> RunAsync(CancellationToken ct) => throw new NotSupportedException($"{folder}{data}{output}{progress}{ct}");
}
